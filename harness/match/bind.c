/* $variables: a value on first use, and a trail to take it back. */
#include "matching.h"

void match_budget_begin(match_run *run)
{
    run->budget = MATCH_BUDGET_LEAST + (uint64_t)run->num_items * MATCH_BUDGET_ITEMS;
}

rig_status match_run_init(match_run *run, const rig_match_config *config, const rig_facts *facts,
                          const rig_scn *scn, const rig_items *items, rig_result *out)
{
    *run = (match_run){.config = config, .facts = facts, .scn = scn, .out = out};
    run->items = items->ptr;
    run->num_items = items->num;
    match_budget_begin(run);
    if (scn->num_vars == 0)
        return RIG_OK;
    run->binds = rig_new(out->alloc, scn->num_vars * sizeof *run->binds);
    run->trail = rig_new(out->alloc, scn->num_vars * sizeof *run->trail);
    if (run->binds && run->trail)
        return RIG_OK;
    match_run_cleanup(run);
    return RIG_E_NOMEM;
}

void match_run_cleanup(match_run *run)
{
    rig_delete(run->out->alloc, run->binds, run->scn->num_vars * sizeof *run->binds);
    rig_delete(run->out->alloc, run->trail, run->scn->num_vars * sizeof *run->trail);
    run->binds = NULL;
    run->trail = NULL;
}

void match_set(match_run *run, uint32_t var, match_bind value)
{
    value.set = true;
    run->binds[var] = value;
    run->trail[run->num_trail++] = var;
}

void match_undo(match_run *run, uint32_t mark)
{
    while (run->num_trail > mark)
        run->binds[run->trail[--run->num_trail]].set = false;
}

void match_forget(match_run *run, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++)
        run->binds[run->trail[i]].set = false;
    uint32_t behind = run->num_trail - to;
    if (behind)
        memmove(run->trail + from, run->trail + to, behind * sizeof *run->trail);
    run->num_trail -= to - from;
}
