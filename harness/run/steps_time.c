/* Steps that wait: for time, for other steps, for events. */
#include "world.h"

#include <strings.h>

static bool value_fits(const rig_scn_cond *cond, rig_view value)
{
    rig_view want = cond->pattern.low.text;
    if (cond->pattern.match == RIG_SCN_ANY)
        return true;
    if (cond->pattern.match == RIG_SCN_HAS && cond->arg->type == RIG_SCN_T_TEXT)
        return rig_scn_text_has(value, want);
    return want.len == value.len &&
           strncasecmp((const char *)value.ptr, (const char *)want.ptr, value.len) == 0;
}

static const rig_scn_cond *failing_cond(const rig_scn_line *line, const rig_item *item)
{
    for (uint32_t i = 0; i < line->num_conds; i++) {
        rig_view value;
        const rig_scn_cond *cond = &line->conds[i];
        bool there = rig_scn_event_arg(line->event, cond->arg, item->args, &value);
        bool same = there && value_fits(cond, value);
        if (same == (cond->pattern.match == RIG_SCN_DIFFERS))
            return cond;
    }
    return NULL;
}

static bool event_came(void *ctx)
{
    run_op *op = ctx;
    run_world *world = op->world;
    const rig_items *items = &world->result->items;
    for (; world->taken < items->num; world->taken++) {
        const rig_item *item = &items->ptr[world->taken];
        for (uint32_t e = 0; item->kind == RIG_ITEM_EVENT && e < op->step->num_events; e++) {
            const rig_scn_line *line = &op->step->events[e];
            if (rig_scn_event_find(item->event) == line->event && !failing_cond(line, item)) {
                world->taken++;
                return true;
            }
        }
    }
    return false;
}

bool run_op_over(void *ctx)
{
    const run_op *op = ctx;
    return op->done;
}

rig_status run_start_pass(run_op *op, rig_error *err)
{
    (void)err;
    rig_status status = run_pump(op->world, NULL, NULL, run_now(op->world) + run_number(op, "T", 0));
    run_op_done(op, "ok", false);
    return status == RIG_E_TIMEOUT ? RIG_OK : status;
}

rig_status run_start_await(run_op *op, rig_error *err)
{
    run_op *other = op->world->results[run_arg(op, "$task")->value.var];
    if (!other)
        return rig_fail(err, RIG_E_STATE, "the step to wait for was never started");
    rig_status status = run_pump(op->world, run_op_over, other, run_now(op->world) + op->step->within);
    if (!status)
        run_op_done(op, other->outcome, false);
    return status == RIG_E_TIMEOUT ? RIG_OK : status;
}

rig_status run_start_wait(run_op *op, rig_error *err)
{
    (void)err;
    if (op->step->again)
        op->world->taken = op->world->result->items.num;
    rig_status status = run_pump(op->world, event_came, op, run_now(op->world) + op->step->within);
    if (!status)
        run_op_done(op, "ok", false);
    return status == RIG_E_TIMEOUT ? RIG_OK : status;
}
