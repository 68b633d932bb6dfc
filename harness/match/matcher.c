/* A case against its evidence. Pure: two lists in, findings out. */
#include "matching.h"

static rig_status match_musts(match_run *run)
{
    bool looked;
    rig_status status = RIG_OK;
    for (uint32_t i = 0; i < run->scn->num_musts && status == RIG_OK; i++) {
        bool held = match_must(run, &run->scn->musts[i], &looked);
        run->out->num_expectations++;
        if (looked)
            status = rig_result_check(run->out, &run->scn->musts[i], held);
    }
    return status;
}

rig_status rig_match(const rig_match_config *config, const rig_facts *facts, rig_result *result)
{
    match_run run;
    if (!result->scn)
        return RIG_E_ARGUMENT;
    rig_status status = match_run_init(&run, config, facts, result->scn, &result->items, result);
    if (status != RIG_OK)
        return status;
    status = match_musts(&run);
    for (uint32_t i = 0; i < result->scn->num_traces && !config->norms_only && status == RIG_OK; i++) {
        match_trace(&run, &result->scn->traces[i]);
        result->num_expectations += result->scn->traces[i].num_lines;
    }
    match_run_cleanup(&run);
    return status != RIG_OK ? status : run.status;
}
