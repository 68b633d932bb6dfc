/* iscsirig prove: every check shown to be able to fail. */
#include "prove_lint.h"

#include <stdio.h>

typedef struct prove_job {
    const cli_scenario *scenario;
    const char *path;
    uint64_t tried, survived, cases, not_passed;
} prove_job;

static bool print_survivor(void *ctx, const rig_survivor *survivor)
{
    prove_job *job = ctx;
    rig_view path = rig_scn_path(job->scenario->file, survivor->place.file);
    printf("%.*s:%u:%u: \"%s\" %s\n", RIG_VIEW_ARG(path), survivor->place.line, survivor->place.col,
           survivor->text, survivor->why);
    return true;
}

static rig_status prove_case(run_options *options, prove_job *job, uint32_t index)
{
    rig_result result;
    uint32_t tried = 0, survived = 0;
    rig_status status = rig_run_prove(&options->run, job->scenario->file, job->path, index, print_survivor,
                                      job, &tried, &survived, &result);
    bool passed = result.verdict == RIG_VERDICT_PASS;
    if (!passed && result.verdict != RIG_VERDICT_SKIP) {
        printf("%s: case %u ended with %s, so nothing was proved\n", job->path, index,
               rig_verdict_word(result.verdict));
        job->not_passed++;
    }
    job->tried += tried;
    job->survived += survived;
    job->cases += passed;
    rig_result_cleanup(&result);
    return status;
}

static bool wanted(const run_options *options, const cli_scenario *scenario)
{
    rig_scn *scn = NULL;
    bool all = true;
    if (rig_scn_case(scenario->file, 0, &scn, NULL))
        return false;
    for (size_t i = 0; i < options->num_addresses; i++)
        all = all && rig_scn_selected(scn, rig_view_str(options->addresses[i]));
    rig_scn_free(scn);
    return all;
}

static int prove_all(run_options *options, const cli_pack *pack)
{
    prove_job job = {0};
    options->run.keep_items = true;
    options->run.keep = RIG_RUN_KEEP_NEVER;
    for (size_t i = 0; i < pack->num; i++) {
        job.scenario = pack->scenarios[i];
        job.path = job.scenario->source.path;
        if (!wanted(options, job.scenario))
            continue;
        for (uint32_t c = 0; c < rig_scn_cases(job.scenario->file); c++)
            if (prove_case(options, &job, c))
                return cli_complain("%s: the proof could not be carried out", job.path);
    }
    printf("expectations: %llu literals altered in %llu cases, %llu survived\n",
           (unsigned long long)job.tried, (unsigned long long)job.cases, (unsigned long long)job.survived);
    if (job.cases == 0)
        return cli_complain("no case passed, so nothing was proved");
    return job.survived || job.not_passed ? CLI_FAILED : CLI_OK;
}

int cmd_prove(int argc, char **argv)
{
    static run_options options;
    int bad = run_options_parse(&options, argc, argv, "prove");
    if (bad)
        return bad < 0 ? CLI_OK : bad;
    if (options.only_faults)
        return cli_complain("prove: only --expect and --lint are part of this build");
    cli_pack pack = {.defines = options.defines, .num_defines = options.num_defines};
    bad = cli_pack_load(&pack, options.paths, options.num_paths);
    if (!bad)
        bad = options.only_lint ? cli_prove_lint(&options, &pack) : prove_all(&options, &pack);
    cli_pack_free(&pack);
    return bad;
}
