/* As few exchanges as show the same breach. */
#include "steps.h"

typedef struct seeker {
    const rig_lint_rule *rule;
    rig_lint_side side;
    bool found;
} seeker;

static rig_status see(void *ctx, const rig_lint_finding *finding)
{
    seeker *s = ctx;
    s->found |= finding->rule == s->rule && finding->side == s->side;
    return RIG_OK;
}

static rig_status has_breach(const rig_steps *steps, const rig_lint_rule *rule, rig_lint_side side,
                             bool *out_found)
{
    seeker s = {.rule = rule, .side = side};
    rig_lint *lint;
    const rig_lint_config config = {.alloc = steps->alloc, .finding = see, .ctx = &s};
    rig_status status = rig_lint_new(&config, &lint);
    if (status)
        return status;
    for (size_t i = 0; i < steps->num && !status && !s.found; i++) {
        rig_item item = rig_step_item(&steps->ptr[i]);
        item.connection = steps->ptr[i].connection;
        status = rig_lint_item(lint, &item);
    }
    rig_lint_free(lint);
    *out_found = s.found;
    return status;
}

/* Whether the breach stays without what keep leaves out. */
static rig_status try_without(const rig_steps *steps, const bool *keep, const seeker *what, bool *out_found)
{
    rig_steps trial;
    rig_status status = rig_steps_copy(steps, &trial);
    if (!status)
        status = rig_steps_keep(&trial, keep);
    if (!status)
        status = has_breach(&trial, what->rule, what->side, out_found);
    rig_steps_cleanup(&trial);
    return status;
}

/* Halves, quarters and so on down to single exchanges are tried; what is not needed goes. */
static rig_status shrink(rig_steps *steps, const seeker *what, bool *keep, bool *trial)
{
    rig_status status = RIG_OK;
    uint32_t num = steps->num_exchanges;
    for (uint32_t part = num; part > 0 && !status; part /= 2)
        for (uint32_t from = 0; from < num && !status; from += part) {
            bool found = false, fewer = false;
            memcpy(trial, keep, num);
            for (uint32_t i = from; i < num && i < from + part; i++) {
                fewer |= trial[i];
                trial[i] = false;
            }
            if (!fewer)
                continue;
            status = rig_steps_needed(steps, trial);
            if (!status)
                status = try_without(steps, trial, what, &found);
            if (found && !status)
                memcpy(keep, trial, num);
        }
    return status;
}

rig_status rig_steps_minimise(rig_steps *steps, const rig_lint_rule *rule, rig_lint_side side)
{
    const seeker what = {.rule = rule, .side = side};
    const size_t size = 2 * (size_t)steps->num_exchanges + 1;
    bool found = false;
    rig_status status = has_breach(steps, rule, side, &found);
    if (status || !found)
        return status ? status : RIG_E_NOT_FOUND;
    bool *keep = rig_new(steps->alloc, size);
    if (!keep)
        return RIG_E_NOMEM;
    memset(keep, true, steps->num_exchanges);
    status = shrink(steps, &what, keep, keep + steps->num_exchanges);
    if (!status)
        status = rig_steps_keep(steps, keep);
    rig_delete(steps->alloc, keep, size);
    return status;
}
