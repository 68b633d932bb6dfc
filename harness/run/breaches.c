/* Rules that a side broke, as lint finds them in the evidence. */
#include "world.h"

#include "rig/lint.h"

static bool asks(const rig_scn_line *line)
{
    return line && line->event && line->event->id == RIG_SCN_EV_BREACH;
}

static bool case_asks(const rig_scn *scn)
{
    for (uint32_t i = 0; i < scn->num_musts; i++)
        if (asks(scn->musts[i].line) || asks(scn->musts[i].after) || asks(scn->musts[i].before))
            return true;
    for (uint32_t t = 0; t < scn->num_traces; t++)
        for (uint32_t i = 0; i < scn->traces[t].num_lines; i++)
            if (asks(&scn->traces[t].lines[i]))
                return true;
    return false;
}

static rig_status tell(void *ctx, const rig_lint_finding *finding)
{
    run_world *world = ctx;
    const char *side = rig_lint_side_word(finding->side);
    run_event(world, "breach", "rule=%s by %s frame=%u", finding->rule->id, side, finding->frame);
    return world->recorder.status;
}

/* What is told stands behind the evidence that it is about. */
rig_status run_breaches(run_world *world)
{
    const rig_items *items = &world->result->items;
    const rig_lint_config config = {.alloc = world->alloc, .finding = tell, .ctx = world};
    const size_t num = items->num;
    rig_lint *lint;
    if (!case_asks(world->scn))
        return RIG_OK;
    rig_status status = rig_lint_new(&config, &lint);
    for (size_t i = 0; i < num && !status; i++) {
        const rig_item item = items->ptr[i];
        status = rig_lint_item(lint, &item);
    }
    rig_lint_free(lint);
    return status;
}
