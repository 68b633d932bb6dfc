/* The clean captures, their mutations, and what lint says of each beside what the table says. */
#include "mutations.h"
#include "workers.h"

#include <stdlib.h>
#include <string.h>

#define CAPTURES "ci/judge/lint-captures.txt"
#define LABELS "ci/judge/lint-labels.tsv"
#define REASONS "ci/judge/lint-misses.tsv"
#define TABLE_MAX (1u << 20)
#define ENOUGH 95 /* percent of what breaks a MUST */

typedef struct judging {
    mutation_proof *proof;
    mutation_capture *out;
    const rig_items *items;
    rig_mutation_fact *facts;
    rig_lint_changed *scratch;
    FILE *said;
    unsigned lines;
    uint64_t number; /* of the mutation in its capture */
    bool told[256][2];
    unsigned findings;
    char first[400];
} judging;

/* ---- one mutation ---- */

static rig_status on_finding(void *ctx, const rig_lint_finding *finding)
{
    judging *j = ctx;
    if (j->findings++ == 0)
        snprintf(j->first, sizeof j->first, "frame %u %s %s %s: expected %s, seen %s", finding->frame,
                 rig_lint_side_word(finding->side), finding->rule->id, finding->field, finding->expected,
                 finding->seen);
    j->told[finding->rule - rig_lint_rules][finding->side] = true;
    return RIG_OK;
}

static rig_status look(judging *j, const rig_mutation *m)
{
    const rig_lint_config config = {.alloc = rig_alloc_libc(), .finding = on_finding, .ctx = j};
    memset(j->told, 0, sizeof j->told);
    j->findings = 0;
    return rig_mutation_judge(&config, j->items, m, j->scratch);
}

static bool say(judging *j)
{
    return j->proof->options->show && j->lines++ < MUTATION_SAID_MAX;
}

static void describe(judging *j, const rig_mutation *m, const rig_mutation_label *label, const char *verdict)
{
    const rig_item *item = &j->items->ptr[m->item];
    fprintf(j->said, "%s: frame %u %s %s %s, row %u (%.*s): %s", j->out->path, item->frame,
            rig_pdu_rows[m->kind].name, m->what, m->how, label ? label->line : 0,
            label ? (int)label->ids.len : 0, label ? (const char *)label->ids.ptr : "", verdict);
    fprintf(j->said, "%s%s\n", j->findings ? "; " : "", j->findings ? j->first : "");
}

static rig_view plain(rig_view word)
{
    return rig_view_sub(word, 0, rig_view_find(word, '@'));
}

static const rig_lint_rule *rule_of(rig_view id)
{
    for (size_t r = 0; r < rig_lint_num_rules; r++)
        if (rig_view_is(id, rig_lint_rules[r].id))
            return &rig_lint_rules[r];
    return NULL;
}

/* Whose fault it is: the sender's of what was mutated, or the other side's, with an @ behind the id. */
static bool told(const judging *j, rig_view word, const rig_mutation *m)
{
    rig_view id = plain(word);
    const rig_lint_rule *rule = rule_of(id);
    bool to_target = j->items->ptr[m->item].to_target != (id.len < word.len);
    return rule && j->told[rule - rig_lint_rules][to_target ? RIG_LINT_INITIATOR : RIG_LINT_TARGET];
}

/* Of docs/requirements.tsv, or of the rule when it is an own one. */
static bool is_must(const mutation_proof *proof, rig_view id)
{
    rig_view table = rig_view_of(proof->pack->requirements.text, proof->pack->requirements.len);
    const rig_lint_rule *rule = rule_of(id);
    while (table.ptr) {
        rig_view line = rig_view_split(&table, '\n');
        if (!rig_view_eq(rig_view_split(&line, '\t'), id))
            continue;
        for (unsigned column = 0; column < 2 && line.ptr; column++)
            rig_view_split(&line, '\t');
        return line.ptr && rig_view_is(rig_view_split(&line, '\t'), "MUST");
    }
    return rule && rule->level == RIG_LINT_MUST;
}

/* Of several ids with slashes between them the one that is told, which is enough; else the first. */
static rig_view told_one(const judging *j, rig_view alternatives, const rig_mutation *m, bool *out_found)
{
    rig_view first = rig_view_sub(alternatives, 0, rig_view_find(alternatives, '/'));
    *out_found = false;
    while (alternatives.ptr) {
        rig_view word = rig_view_split(&alternatives, '/');
        *out_found = told(j, word, m);
        if (*out_found)
            return plain(word);
    }
    return plain(first);
}

/* A reason that is for another id does not count. */
static void missed(judging *j, rig_view id, const rig_mutation *m, const rig_mutation_label *label)
{
    rig_status status;
    const rig_mutation_labels *reasons = &j->proof->reasons;
    const rig_mutation_label *reason = rig_mutation_label_of(reasons, j->items, j->facts, m, &status);
    bool fits = reason && !status && (rig_view_is(reason->ids, "*") || rig_view_eq(reason->ids, id));
    if (fits) {
        atomic_store(&j->proof->used_reasons[reason - reasons->rows], true);
        cli_mutation_missed(&j->out->tally, id, (size_t)(reason - reasons->rows), 1);
    } else
        j->out->tally.unexplained++;
    if (fits ? say(j) : j->lines++ < MUTATION_SAID_MAX)
        describe(j, m, label, fits ? "missed" : "missed, and " REASONS " does not say why");
}

static void count_id(judging *j, rig_view alternatives, const rig_mutation *m,
                     const rig_mutation_label *label)
{
    mutation_tally *tally = &j->out->tally;
    bool found;
    rig_view id = told_one(j, alternatives, m, &found);
    size_t before = tally->num_ids;
    mutation_id *entry = cli_mutation_id(tally, id);
    if (!entry)
        return;
    if (tally->num_ids > before)
        entry->must = is_must(j->proof, id);
    entry->broken++;
    entry->found += found;
    tally->musts += entry->must;
    tally->musts_found += entry->must && found;
    if (found)
        return;
    missed(j, id, m, label);
}

/* A MUST of that side is told of. */
static bool blames(const judging *j, bool initiator)
{
    rig_lint_side side = initiator ? RIG_LINT_INITIATOR : RIG_LINT_TARGET;
    for (size_t r = 0; r < rig_lint_num_rules; r++)
        if (j->told[r][side] && rig_lint_rules[r].level == RIG_LINT_MUST)
            return true;
    return false;
}

static void count_breaking(judging *j, const rig_mutation *m, const rig_mutation_label *label)
{
    rig_view ids = label->ids;
    bool one_side = rig_view_find(ids, '@') == ids.len;
    j->out->tally.breaking++;
    j->out->tally.both_blamed += one_side && blames(j, !j->items->ptr[m->item].to_target);
    while (ids.ptr)
        count_id(j, rig_view_split(&ids, ','), m, label);
}

static void count_legal(judging *j, const rig_mutation *m, const rig_mutation_label *label)
{
    j->out->tally.legal++;
    if (j->findings == 0)
        return;
    j->out->tally.false_alarms++;
    if (j->lines++ < MUTATION_SAID_MAX)
        describe(j, m, label, "legal, but told of");
}

static rig_status mutation(judging *j, const rig_mutation *m)
{
    mutation_tally *tally = &j->out->tally;
    rig_status status;
    const rig_mutation_label *label =
        rig_mutation_label_of(&j->proof->labels, j->items, j->facts, m, &status);
    tally->mutations++;
    tally->by_way[m->way]++;
    if (status) {
        fprintf(j->said, LABELS ":%u: a condition that nobody knows\n", label ? label->line : 0);
        return status;
    }
    if (label)
        atomic_store(&j->proof->used[label - j->proof->labels.rows], true);
    if (!label || label->verdict != RIG_MUTATION_LABEL_UNKNOWN)
        status = look(j, m);
    if (!label) {
        if (tally->unlabelled++ < MUTATION_SAID_MAX)
            describe(j, m, label, "no label");
    } else if (label->verdict == RIG_MUTATION_LABEL_UNKNOWN)
        tally->unknown++;
    else if (label->verdict == RIG_MUTATION_LABEL_LEGAL)
        count_legal(j, m, label);
    else
        count_breaking(j, m, label);
    return status;
}

/* ---- one capture ---- */

static rig_status mutations(judging *j)
{
    rig_mutations all = {.items = j->items};
    rig_mutation m;
    rig_status status = rig_mutation_facts(rig_alloc_libc(), j->items, &j->facts);
    while (!status && rig_mutations_next(&all, &m))
        if (j->number++ % j->proof->options->every == 0)
            status = mutation(j, &m);
    rig_delete(rig_alloc_libc(), j->facts, j->facts ? (j->items->num + 1) * sizeof *j->facts : 0);
    return status;
}

static bool clean(judging *j, const rig_result *result, rig_status *status)
{
    bool wrong = result->verdict != RIG_VERDICT_PASS;
    for (size_t i = 0; i < j->items->num; i++)
        j->out->tally.pdus += j->items->ptr[i].kind == RIG_ITEM_PDU;
    wrong |= j->out->tally.pdus == 0;
    *status = look(j, NULL);
    if (wrong || j->findings)
        fprintf(j->said, "%s: no clean capture: %s\n", j->out->path,
                j->findings ? j->first : "it did not pass, or has no PDU");
    return !wrong && j->findings == 0;
}

static rig_status judge_capture(judging *j, const rig_result *result)
{
    rig_status status = RIG_OK;
    j->items = &result->items;
    j->scratch = calloc(1, sizeof *j->scratch);
    if (!j->scratch)
        return RIG_E_NOMEM;
    j->out->unclean = !clean(j, result, &status);
    if (!status && !j->out->unclean)
        status = mutations(j);
    free(j->scratch);
    return status;
}

/* A pack drops what a path may begin with. */
static const char *below(const char *path)
{
    return strncmp(path, "./", 2) == 0 ? path + 2 : path;
}

static uint32_t case_of(const mutation_proof *proof, const cli_scenario *scenario)
{
    for (size_t i = 0; i < proof->options->num_paths; i++)
        if (strcmp(below(proof->options->paths[i]), below(scenario->source.path)) == 0)
            return proof->cases[i];
    return 0;
}

static void prove_capture(void *ctx, size_t index)
{
    mutation_proof *proof = ctx;
    const cli_scenario *scenario = proof->pack->scenarios[index];
    judging j = {.proof = proof, .out = &proof->captures[index]};
    rig_result result;
    j.out->path = scenario->source.path;
    j.said = open_memstream(&j.out->said, &j.out->said_len);
    j.out->status = j.said ? RIG_OK : RIG_E_NOMEM;
    if (!j.said)
        return;
    j.out->status = rig_run_case(&proof->options->run, scenario->file, scenario->source.path,
                                 case_of(proof, scenario), &result);
    if (!j.out->status)
        j.out->status = judge_capture(&j, &result);
    rig_result_cleanup(&result);
    fclose(j.said);
}

/* ---- all of them ---- */

static int read_table(const char *name, char **out_text, size_t *out_len)
{
    char path[CLI_PATH_SIZE];
    rig_error error = {0};
    if (!cli_data_path(name, path, sizeof path))
        return cli_complain("%s was not found", name);
    return cli_read(path, TABLE_MAX, out_text, out_len, &error) ? cli_complain("%s", error.text) : CLI_OK;
}

/* The scenarios of the list, where none is named: paths below the folder of data. */
static int list_captures(run_options *options, uint32_t *cases, rig_view text)
{
    static char paths[OPTIONS_MAX][CLI_PATH_SIZE];
    while (text.ptr && options->num_paths < OPTIONS_MAX) {
        char name[CLI_PATH_SIZE];
        rig_view line = rig_view_split(&text, '\n');
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        rig_view path = rig_view_split(&line, ' ');
        uint64_t number = 0;
        if (line.ptr && !rig_view_u64(line, &number))
            return cli_complain(CAPTURES ": wanted a path, or a path and the number of a case");
        snprintf(name, sizeof name, "%.*s", RIG_VIEW_ARG(path));
        cases[options->num_paths] = (uint32_t)number;
        if (!cli_data_path(name, paths[options->num_paths], sizeof paths[0]))
            return cli_complain(CAPTURES ": %s was not found", name);
        options->paths[options->num_paths] = paths[options->num_paths];
        options->num_paths++;
    }
    return CLI_OK;
}

/* Rows without use, of one of the tables. */
static bool all_used(const mutation_proof *proof, const char *name, const rig_mutation_labels *table,
                     atomic_bool *used)
{
    bool good = true;
    for (size_t r = 0; r < table->num && proof->options->every == 1; r++)
        if (!atomic_load(&used[r])) {
            printf("%s:%u: no mutation is of that sort\n", name, table->rows[r].line);
            good = false;
        }
    return good;
}

static bool add_up(mutation_proof *proof)
{
    bool good = true;
    for (size_t i = 0; i < proof->pack->num; i++) {
        const mutation_capture *capture = &proof->captures[i];
        if (capture->said_len)
            fwrite(capture->said, 1, capture->said_len, stdout);
        good = good && !capture->unclean && !capture->status;
        cli_mutation_add(&proof->total, &capture->tally);
    }
    return good;
}

static bool sum_up(mutation_proof *proof)
{
    const mutation_tally *total = &proof->total;
    bool good = add_up(proof);
    good = all_used(proof, LABELS, &proof->labels, proof->used) && good;
    good = all_used(proof, REASONS, &proof->reasons, proof->used_reasons) && good;
    unsigned percent = cli_mutation_percent(total->musts_found, total->musts);
    printf("mutations: %llu of %zu captures, %llu PDUs; %llu break something, %llu are legal, %llu cannot be "
           "told, %llu have no label\n",
           (unsigned long long)total->mutations, proof->pack->num, (unsigned long long)total->pdus,
           (unsigned long long)total->breaking, (unsigned long long)total->legal,
           (unsigned long long)total->unknown, (unsigned long long)total->unlabelled);
    printf("mutations: %llu of %llu breaches of a MUST found by id and side (%u %%), %llu missed without a "
           "reason, %llu legal ones told of\n",
           (unsigned long long)total->musts_found, (unsigned long long)total->musts, percent,
           (unsigned long long)total->unexplained, (unsigned long long)total->false_alarms);
    return good && !total->full && total->unlabelled == 0 && total->false_alarms == 0 &&
           total->unexplained == 0 && percent >= ENOUGH;
}

static int write_page(const mutation_proof *proof, const char *path)
{
    FILE *out = fopen(path, "wb");
    if (!out)
        return cli_complain("%s: could not be written", path);
    cli_mutation_page(proof, out);
    bool good = !ferror(out);
    return fclose(out) == 0 && good ? CLI_OK : cli_complain("%s: could not be written", path);
}

static int prove(mutation_proof *proof)
{
    proof->options->run.keep_items = true;
    proof->options->run.keep = RIG_RUN_KEEP_NEVER;
    proof->captures = calloc(proof->pack->num + 1, sizeof *proof->captures);
    proof->used = calloc(proof->labels.num + 1, sizeof *proof->used);
    proof->used_reasons = calloc(proof->reasons.num + 1, sizeof *proof->used_reasons);
    if (!proof->captures || !proof->used || !proof->used_reasons)
        return cli_complain("no memory");
    cli_work(proof->pack->num, proof->options->jobs, prove_capture, proof);
    int bad = sum_up(proof) ? CLI_OK : CLI_FAILED;
    if (proof->options->page && write_page(proof, proof->options->page))
        bad = CLI_USAGE;
    return bad;
}

/* A text, and the rows that point into it. */
static int read_labels(const char *name, cli_text *text, rig_mutation_labels *out)
{
    rig_error error = {0};
    int bad = read_table(name, &text->text, &text->len);
    if (!bad && rig_mutation_labels_read(rig_alloc_libc(), rig_view_of(text->text, text->len), out, &error))
        bad = cli_complain("%s: %s", name, error.text);
    return bad;
}

static void free_text(cli_text *text)
{
    rig_delete(rig_alloc_libc(), text->text, text->text ? text->len + 1 : 0);
}

static void free_proof(mutation_proof *proof)
{
    size_t size = RIG_MUTATION_LABELS_MAX * sizeof *proof->labels.rows;
    for (size_t i = 0; proof->captures && i < proof->pack->num; i++)
        free(proof->captures[i].said);
    free(proof->captures);
    free(proof->used);
    free(proof->used_reasons);
    rig_delete(rig_alloc_libc(), proof->labels.rows, proof->labels.rows ? size : 0);
    rig_delete(rig_alloc_libc(), proof->reasons.rows, proof->reasons.rows ? size : 0);
    free(proof);
}

int cli_prove_mutations(run_options *options)
{
    cli_pack pack = {.defines = options->defines, .num_defines = options->num_defines};
    mutation_proof *proof = calloc(1, sizeof *proof);
    cli_text list = {0}, labels = {0}, reasons = {0};
    if (!proof)
        return cli_complain("no memory");
    proof->options = options;
    proof->pack = &pack;
    int bad = read_table(CAPTURES, &list.text, &list.len);
    if (!bad && options->num_paths == 0)
        bad = list_captures(options, proof->cases, rig_view_of(list.text, list.len));
    if (!bad)
        bad = read_labels(LABELS, &labels, &proof->labels);
    if (!bad)
        bad = read_labels(REASONS, &reasons, &proof->reasons);
    if (!bad)
        bad = cli_pack_load(&pack, options->paths, options->num_paths);
    if (!bad)
        bad = prove(proof);
    free_proof(proof);
    free_text(&list);
    free_text(&labels);
    free_text(&reasons);
    cli_pack_free(&pack);
    return bad;
}
