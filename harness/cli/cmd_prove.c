/* iscsirig prove: every check shown to be able to fail. */
#include "mutations.h"
#include "proofs.h"
#include "prove_lint.h"
#include "rig/lint.h"
#include "selection.h"

#include <stdio.h>

typedef struct prove_total {
    uint64_t tried, survived, cases, not_passed;
} prove_total;

static prove_total add_up(const cli_proofs *proofs)
{
    prove_total total = {0};
    for (size_t i = 0; i < proofs->pack->num; i++) {
        total.tried += proofs->files[i].tried;
        total.survived += proofs->files[i].survived;
        total.cases += proofs->files[i].cases;
        total.not_passed += proofs->files[i].not_passed;
    }
    return total;
}

static bool show_expect(const prove_total *total)
{
    printf("expectations: %llu literals altered in %llu cases, %llu survived\n",
           (unsigned long long)total->tried, (unsigned long long)total->cases,
           (unsigned long long)total->survived);
    return total->survived == 0;
}

static bool show_lint(const cli_proofs *proofs, const prove_total *total)
{
    size_t num = cli_list_rules(proofs->rule_proved, proofs->rule_tried);
    printf("lint: %zu of %zu rules fired with their change and not without, and nothing else has their ids, "
           "%llu "
           "cases played\n",
           num, rig_lint_num_rules, (unsigned long long)total->cases);
    return num == rig_lint_num_rules;
}

static void show_twins(void *ctx, const rig_fault_row *a, const rig_fault_row *b, const char *check)
{
    (void)ctx;
    printf("faults %s (%s) and %s (%s) violate %s, and one check notices both: %s\n", a->name,
           rig_fault_pdu(a), b->name, rig_fault_pdu(b), a->requirement, check);
}

static bool show_faults(const cli_proofs *proofs)
{
    unsigned num = 0;
    for (unsigned f = 0; f < RIG_FAULTS; f++) {
        const rig_fault_row *row = &rig_fault_rows[f];
        bool noticed = rig_noticed_has(&proofs->noticed, (rig_fault)f);
        num += noticed;
        if (!noticed)
            printf("fault %s (%s, %s): its judge noticed nothing\n", row->name, row->requirement, row->judge);
    }
    printf("faults: %u of %u noticed by their judges, %llu pairs of cases played with and without\n", num,
           (unsigned)RIG_FAULTS, (unsigned long long)proofs->pairs);
    unsigned twins = rig_noticed_twins(&proofs->noticed, rig_fault_rows, show_twins, NULL);
    printf("faults: %u pairs violate one requirement on one kind of PDU and are noticed by one check\n",
           twins);
    return num == RIG_FAULTS && twins == 0;
}

static int show(const cli_proofs *proofs)
{
    prove_total total = add_up(proofs);
    bool good = total.not_passed == 0;
    for (size_t i = 0; i < proofs->pack->num; i++)
        if (proofs->files[i].said_len)
            fwrite(proofs->files[i].said, 1, proofs->files[i].said_len, stdout);
    if (proofs->what & PROVE_EXPECT)
        good = show_expect(&total) && good;
    if (proofs->what & PROVE_LINT)
        good = show_lint(proofs, &total) && good;
    if (proofs->what & PROVE_FAULTS)
        good = show_faults(proofs) && good;
    if (total.cases == 0)
        return cli_complain("no case passed, so nothing was proved");
    return good ? CLI_OK : CLI_FAILED;
}

static unsigned asked_for(const run_options *options)
{
    unsigned what = (options->only_expect ? PROVE_EXPECT : 0) | (options->only_lint ? PROVE_LINT : 0) |
                    (options->only_faults ? PROVE_FAULTS : 0);
    return what ? what : PROVE_EXPECT | PROVE_LINT | PROVE_FAULTS;
}

/* Words that nothing answers to are told as for `run`: without a case everything would count as unproved. */
static int check_selection(const run_options *options, const cli_pack *pack)
{
    static const volatile int never;
    cli_selection selection;
    int bad = cli_select(&selection, options, pack, NULL, &never);
    if (!bad && selection.num_picks == 0)
        bad = cli_complain("no scenario was selected");
    cli_selection_free(&selection);
    return bad;
}

int cmd_prove(int argc, char **argv)
{
    static run_options options;
    cli_proofs proofs = {0};
    int bad = run_options_parse(&options, argc, argv, "prove");
    if (bad)
        return bad < 0 ? CLI_OK : bad;
    if (options.mutations)
        return cli_prove_mutations(&options);
    cli_pack pack = {.defines = options.defines, .num_defines = options.num_defines};
    bad = cli_pack_load(&pack, options.paths, options.num_paths);
    if (!bad)
        bad = check_selection(&options, &pack);
    if (!bad)
        bad = cli_prove(&proofs, &options, &pack, asked_for(&options));
    if (!bad)
        bad = show(&proofs);
    cli_proofs_free(&proofs);
    cli_pack_free(&pack);
    return bad;
}
