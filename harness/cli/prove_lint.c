#include "prove_lint.h"

#include "rig/lint.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct lint_proofs {
    bool *proved; /* by rule */
    bool *tried;  /* a PDU was changed for it at least once */
    size_t num_proved;
    uint64_t cases;
} lint_proofs;

static rig_status prove_rule(lint_proofs *proofs, size_t rule, const rig_items *items)
{
    rig_lint_proof proof;
    rig_status status = rig_lint_prove(rig_alloc_libc(), &rig_lint_rules[rule], items, &proof, NULL);
    if (status)
        return status;
    proofs->tried[rule] |= proof == RIG_LINT_SURVIVED || proof == RIG_LINT_PROVED;
    proofs->proved[rule] = proof == RIG_LINT_PROVED;
    proofs->num_proved += proofs->proved[rule];
    return RIG_OK;
}

static rig_status prove_case(run_options *options, lint_proofs *proofs, const cli_scenario *scenario,
                             uint32_t index)
{
    rig_result result;
    rig_status status = rig_run_case(&options->run, scenario->file, scenario->source.path, index, &result);
    bool passed = !status && result.verdict == RIG_VERDICT_PASS;
    proofs->cases += passed;
    for (size_t r = 0; r < rig_lint_num_rules && passed && !status; r++)
        if (!proofs->proved[r])
            status = prove_rule(proofs, r, &result.items);
    rig_result_cleanup(&result);
    return status;
}

static int prove_pack(run_options *options, lint_proofs *proofs, const cli_pack *pack)
{
    options->run.keep_items = true;
    options->run.keep = RIG_RUN_KEEP_NEVER;
    for (size_t i = 0; i < pack->num; i++)
        for (uint32_t c = 0;
             c < rig_scn_cases(pack->scenarios[i]->file) && proofs->num_proved < rig_lint_num_rules; c++)
            if (prove_case(options, proofs, pack->scenarios[i], c))
                return cli_complain("%s: the proof could not be carried out",
                                    pack->scenarios[i]->source.path);
    return CLI_OK;
}

static void list_unproved(const lint_proofs *proofs)
{
    for (size_t r = 0; r < rig_lint_num_rules; r++)
        if (!proofs->proved[r])
            printf("%s %s: %s (%s)\n", rig_lint_rules[r].id, rig_lint_rules[r].name,
                   proofs->tried[r] ? "did not fire" : "no case has a PDU to change",
                   rig_lint_rules[r].change);
}

int cli_prove_lint(run_options *options, const cli_pack *pack)
{
    lint_proofs proofs = {.proved = calloc(rig_lint_num_rules, sizeof *proofs.proved),
                          .tried = calloc(rig_lint_num_rules, sizeof *proofs.tried)};
    int end = proofs.proved && proofs.tried ? prove_pack(options, &proofs, pack) : cli_complain("no memory");
    if (end == CLI_OK) {
        list_unproved(&proofs);
        printf("lint: %zu of %zu rules fired with their change and not without, %llu cases played\n",
               proofs.num_proved, rig_lint_num_rules, (unsigned long long)proofs.cases);
        end = proofs.num_proved < rig_lint_num_rules ? CLI_FAILED : CLI_OK;
    }
    free(proofs.proved);
    free(proofs.tried);
    return end;
}
