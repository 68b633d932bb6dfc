#include "proofs.h"

#include "choose.h"

#include "prove_lint.h"
#include "rig/lint.h"
#include "workers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct file_job {
    cli_proofs *proofs;
    cli_file_proofs *out;
    const cli_scenario *scenario;
    FILE *said;
} file_job;

/* ---- clauses ---- */

static bool same_place(rig_scn_place a, rig_scn_place b)
{
    return a.file == b.file && a.line == b.line && a.col == b.col;
}

static cli_clause *clause_of(cli_file_proofs *out, rig_view id, rig_scn_place place)
{
    for (size_t i = 0; i < out->num_clauses; i++)
        if (same_place(out->clauses[i].place, place) && rig_view_is(id, out->clauses[i].id))
            return &out->clauses[i];
    if (out->num_clauses == PROOF_CLAUSES_MAX)
        return NULL;
    cli_clause *more = rig_resize(rig_alloc_libc(), out->clauses, out->num_clauses * sizeof *more,
                                  (out->num_clauses + 1) * sizeof *more);
    if (!more)
        return NULL;
    out->clauses = more;
    cli_clause *clause = &more[out->num_clauses++];
    *clause = (cli_clause){.place = place};
    snprintf(clause->id, sizeof clause->id, "%.*s", RIG_VIEW_ARG(id));
    return clause;
}

/* Clauses that no case looks at are kept, too: they cover nothing. */
static rig_status keep_clauses(cli_file_proofs *out, const rig_result *result)
{
    for (uint32_t m = 0; m < result->scn->num_musts; m++) {
        const rig_scn_must *must = &result->scn->musts[m];
        bool proved = false;
        for (uint32_t c = 0; c < result->num_checks; c++)
            proved = proved || (result->checks[c].must == must && result->checks[c].proved);
        for (uint32_t i = 0; i < must->num_ids; i++) {
            cli_clause *clause = clause_of(out, must->ids[i], must->place);
            if (!clause)
                return RIG_E_NOMEM;
            clause->proved = clause->proved || proved;
            clause->played = clause->played || (proved && result->scn->num_plays > 0);
        }
    }
    return RIG_OK;
}

static bool print_survivor(void *ctx, const rig_survivor *survivor)
{
    file_job *job = ctx;
    rig_view path = rig_scn_path(job->scenario->file, survivor->place.file);
    fprintf(job->said, "%.*s:%u:%u: \"%s\" %s\n", RIG_VIEW_ARG(path), survivor->place.line,
            survivor->place.col, survivor->text, survivor->why);
    return true;
}

static rig_status play(file_job *job, uint32_t index, rig_result *result)
{
    uint32_t tried = 0, survived = 0;
    const cli_proofs *proofs = job->proofs;
    const char *path = job->scenario->source.path;
    if (!(proofs->what & PROVE_EXPECT))
        return rig_run_case(&proofs->options->run, job->scenario->file, path, index, result);
    rig_status status = rig_run_prove(&proofs->options->run, job->scenario->file, path, index, print_survivor,
                                      job, &tried, &survived, result);
    job->out->tried += tried;
    job->out->survived += survived;
    return status ? status : keep_clauses(job->out, result);
}

/* ---- faults ---- */

static bool held(const rig_result *result, uint32_t must)
{
    for (uint32_t c = 0; c < result->num_checks; c++)
        if (result->checks[c].must == &result->scn->musts[must])
            return result->checks[c].held;
    return false;
}

static rig_status keep_flips(cli_file_proofs *out, rig_fault fault, const rig_result *with,
                             const rig_result *without)
{
    for (uint32_t m = 0; m < with->scn->num_musts && m < without->scn->num_musts; m++) {
        const rig_scn_must *must = &with->scn->musts[m];
        for (uint32_t i = 0; i < must->num_ids && held(with, m) != held(without, m); i++) {
            cli_flip *more = rig_resize(rig_alloc_libc(), out->flips, out->num_flips * sizeof *more,
                                        (out->num_flips + 1) * sizeof *more);
            if (!more)
                return RIG_E_NOMEM;
            out->flips = more;
            more[out->num_flips] = (cli_flip){.fault = fault};
            snprintf(more[out->num_flips++].id, PROOF_ID_SIZE, "%.*s", RIG_VIEW_ARG(must->ids[i]));
        }
    }
    return RIG_OK;
}

/* The case once more with the fault the other way round. */
static rig_status play_other(file_job *job, uint32_t index, rig_fault fault, bool on, rig_result *other)
{
    rig_fault_set set = {{0}};
    rig_run_config config = job->proofs->options->run;
    rig_fault_add(&set, fault);
    *(on ? &config.without : &config.with) = &set;
    job->out->pairs++;
    return rig_run_case(&config, job->scenario->file, job->scenario->source.path, index, other);
}

static rig_status take_out(file_job *job, uint32_t index, rig_fault fault, const rig_result *with)
{
    rig_result without;
    rig_status status = play_other(job, index, fault, true, &without);
    if (!status)
        status = cli_fault_judge(&job->out->noticed, fault, with, &without);
    if (!status)
        status = keep_flips(job->out, fault, with, &without);
    rig_result_cleanup(&without);
    return status;
}

static rig_status put_in(file_job *job, uint32_t index, rig_fault fault, const rig_result *without)
{
    rig_result with;
    rig_status status = play_other(job, index, fault, false, &with);
    if (!status)
        status = keep_flips(job->out, fault, &with, without);
    rig_result_cleanup(&with);
    return status;
}

static bool carries(const rig_scn *scn, const char *id)
{
    for (uint32_t m = 0; m < scn->num_musts; m++)
        for (uint32_t i = 0; i < scn->musts[m].num_ids; i++)
            if (rig_view_is(scn->musts[m].ids[i], id))
                return true;
    return false;
}

static rig_status prove_faults(file_job *job, uint32_t index, const rig_result *result)
{
    rig_fault_set on = cli_faults_of(result->scn);
    rig_status status = RIG_OK;
    for (unsigned f = 0; f < RIG_FAULTS && !status; f++)
        if (rig_fault_has(&on, (rig_fault)f))
            status = take_out(job, index, (rig_fault)f, result);
        else if (carries(result->scn, rig_fault_rows[f].requirement))
            status = put_in(job, index, (rig_fault)f, result);
    return status;
}

/* ---- files ---- */

static void count(file_job *job, uint32_t index, const rig_result *result)
{
    bool passed = result->verdict == RIG_VERDICT_PASS;
    job->out->cases += passed;
    if (passed || result->verdict == RIG_VERDICT_SKIP)
        return;
    fprintf(job->said, "%s: case %u ended with %s, so nothing was proved\n", job->scenario->source.path,
            index, rig_verdict_word(result->verdict));
    job->out->not_passed++;
}

static rig_status prove_case(file_job *job, uint32_t index)
{
    rig_result result;
    cli_proofs *proofs = job->proofs;
    rig_status status = play(job, index, &result);
    if (!status)
        count(job, index, &result);
    if (!status && proofs->what & PROVE_LINT && result.verdict == RIG_VERDICT_PASS)
        status = cli_prove_rules(proofs->rule_proved, proofs->rule_tried, &result.items);
    if (!status && proofs->what & PROVE_FAULTS && result.verdict == RIG_VERDICT_PASS)
        status = prove_faults(job, index, &result);
    rig_result_cleanup(&result);
    return status;
}

static bool wanted(const run_options *options, const cli_scenario *scenario, uint32_t index)
{
    rig_scn *scn = NULL;
    bool all = true;
    if (options->num_addresses + options->num_excluded == 0)
        return true;
    if (rig_scn_case(scenario->file, index, &scn, NULL))
        return false;
    for (size_t i = 0; i < options->num_addresses; i++)
        all = all && cli_chosen(scn, options->addresses[i]);
    for (size_t i = 0; i < options->num_excluded; i++)
        all = all && !cli_chosen(scn, options->excluded[i]);
    rig_scn_free(scn);
    return all;
}

static void prove_file(void *ctx, size_t index)
{
    cli_proofs *proofs = ctx;
    file_job job = {proofs, &proofs->files[index], proofs->pack->scenarios[index], NULL};
    job.said = open_memstream(&job.out->said, &job.out->said_len);
    job.out->status = job.said ? RIG_OK : RIG_E_NOMEM;
    for (uint32_t c = 0; c < rig_scn_cases(job.scenario->file) && !job.out->status; c++)
        if (wanted(proofs->options, job.scenario, c))
            job.out->status = prove_case(&job, c);
    if (job.said)
        fclose(job.said);
}

/* What no scenario of the pack shows is shown by one made for it. */
static rig_status add_faults(cli_proofs *proofs)
{
    rig_status status = RIG_OK;
    for (size_t i = 0; i < proofs->pack->num; i++) {
        const rig_noticed_list *here = &proofs->files[i].noticed;
        proofs->pairs += proofs->files[i].pairs;
        for (size_t n = 0; n < here->num && !status; n++)
            status = rig_noticed_add(&proofs->noticed, rig_alloc_libc(), here->ptr[n].fault,
                                     here->ptr[n].alone, rig_view_str(here->ptr[n].check));
    }
    for (unsigned f = 0; f < RIG_FAULTS && !status; f++)
        if (!rig_noticed_has(&proofs->noticed, (rig_fault)f))
            status = cli_fault_made(proofs->options, (rig_fault)f, &proofs->noticed, &proofs->pairs);
    return status;
}

int cli_prove(cli_proofs *proofs, run_options *options, const cli_pack *pack, unsigned what)
{
    *proofs = (cli_proofs){.options = options, .pack = pack, .what = what};
    options->run.keep_items = true;
    options->run.keep = RIG_RUN_KEEP_NEVER;
    proofs->files = calloc(pack->num + 1, sizeof *proofs->files);
    proofs->rule_proved = calloc(rig_lint_num_rules, sizeof *proofs->rule_proved);
    proofs->rule_tried = calloc(rig_lint_num_rules, sizeof *proofs->rule_tried);
    if (!proofs->files || !proofs->rule_proved || !proofs->rule_tried)
        return cli_complain("no memory");
    cli_work(pack->num, options->jobs, prove_file, proofs);
    for (size_t i = 0; i < pack->num; i++)
        if (proofs->files[i].status)
            return cli_complain("%s: the proof could not be carried out", pack->scenarios[i]->source.path);
    if (what & PROVE_FAULTS && add_faults(proofs))
        return cli_complain("no memory");
    return CLI_OK;
}

void cli_proofs_free(cli_proofs *proofs)
{
    for (size_t i = 0; proofs->files && i < proofs->pack->num; i++) {
        cli_file_proofs *file = &proofs->files[i];
        rig_delete(rig_alloc_libc(), file->clauses, file->num_clauses * sizeof *file->clauses);
        rig_delete(rig_alloc_libc(), file->flips, file->num_flips * sizeof *file->flips);
        rig_noticed_free(&file->noticed, rig_alloc_libc());
        free(file->said);
    }
    rig_noticed_free(&proofs->noticed, rig_alloc_libc());
    free(proofs->files);
    free(proofs->rule_proved);
    free(proofs->rule_tried);
}
