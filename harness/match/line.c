/* A line against an item: what it shows, when, and every condition. */
#include "matching.h"

static bool is_event(const rig_scn_word *event, rig_view name)
{
    return rig_view_is(name, event->name) || (event->alias && rig_view_is(name, event->alias));
}

bool match_other(const rig_scn_line *line, const rig_item *item)
{
    if (line->kind == RIG_SCN_EVENT)
        return item->kind != RIG_ITEM_EVENT || !is_event(line->event, item->event);
    if (item->kind != RIG_ITEM_PDU || item->to_target != (line->kind == RIG_SCN_TO_TARGET))
        return true;
    return (unsigned)line->pdu != RIG_SCN_ANY_PDU && line->pdu != rig_pdu_kind_of(item->pdu.bhs);
}

uint64_t match_slack(const match_run *run, uint64_t time)
{
    uint64_t percent = run->config->slack_percent;
    return percent ? time / 100 * percent + MATCH_SLACK_LEAST : 0;
}

bool match_time_fits(const match_run *run, const match_look *look, const rig_item *item)
{
    if (!look->line->timed || !look->has_since)
        return true;
    uint64_t low = look->line->time_low, high = look->line->time_high;
    uint64_t spent = item->time < look->since ? 0 : item->time - look->since;
    uint64_t below = match_slack(run, low), above = match_slack(run, high);
    return spent >= (below < low ? low - below : 0) &&
           spent <= (above > UINT64_MAX - high ? UINT64_MAX : high + above);
}

bool match_strict(const match_look *look)
{
    return look->strict && look->line->has_keys && !look->line->keys_open;
}

static bool conds_fit(match_run *run, const match_look *look, const rig_item *item)
{
    const rig_scn_line *line = look->line;
    match_keys keys;
    match_got got;
    rig_view name, value;
    bool strict = match_strict(look);
    match_keys_begin(&keys, item, !strict);
    for (uint32_t i = 0; i < line->num_conds; i++)
        if (!match_cond(run, line, &line->conds[i], item, &keys, &got))
            return false;
    return !strict || !match_keys_extra(&keys, &name, &value);
}

bool match_line(match_run *run, const match_look *look, const rig_item *item)
{
    uint32_t mark = run->num_trail;
    if (run->budget > 0)
        run->budget--;
    if (match_other(look->line, item) || !match_time_fits(run, look, item))
        return false;
    if (conds_fit(run, look, item))
        return true;
    match_undo(run, mark);
    return false;
}

static void conds_why(match_run *run, const match_look *look, const rig_item *item, match_miss *out)
{
    const rig_scn_line *line = look->line;
    match_keys keys;
    match_got got;
    rig_view value;
    match_keys_begin(&keys, item, !match_strict(look));
    for (uint32_t i = 0; i < line->num_conds; i++) {
        if (match_cond(run, line, &line->conds[i], item, &keys, &got)) {
            out->held++;
        } else if (out->fault == MATCH_FITS) {
            out->fault = MATCH_COND;
            out->cond = i;
        }
    }
    if (out->fault == MATCH_FITS && match_strict(look) && match_keys_extra(&keys, &out->extra, &value))
        out->fault = MATCH_EXTRA_KEY;
}

bool match_line_why(match_run *run, const match_look *look, const rig_item *item, match_miss *out)
{
    uint32_t mark = run->num_trail;
    *out = (match_miss){.fault = MATCH_OTHER};
    if (match_other(look->line, item))
        return false;
    out->fault = MATCH_FITS;
    conds_why(run, look, item, out);
    match_undo(run, mark);
    if (out->fault == MATCH_FITS && !match_time_fits(run, look, item))
        out->fault = MATCH_TIME;
    return out->fault == MATCH_FITS;
}

size_t match_find(match_run *run, const match_look *look, size_t from, size_t to)
{
    for (size_t i = from; i < to && run->budget > 0; i++)
        if (match_line(run, look, &run->items[i]))
            return i;
    return MATCH_NONE;
}

/* A fitting time counts as one more condition, a fitting key list too. */
static uint32_t score(const match_miss *miss)
{
    return 2 * miss->held + (miss->fault == MATCH_TIME || miss->fault == MATCH_EXTRA_KEY);
}

static size_t nearest(match_run *run, const match_look *look, size_t from, size_t to, bool misfit)
{
    size_t best = MATCH_NONE;
    uint32_t best_score = 0, looked = 0;
    for (size_t i = from; i < to && looked < MATCH_NEAR_ITEMS; i++) {
        match_miss miss;
        match_line_why(run, look, &run->items[i], &miss);
        if (miss.fault == MATCH_OTHER || (misfit && miss.fault == MATCH_FITS))
            continue;
        looked++;
        if (best != MATCH_NONE && score(&miss) <= best_score)
            continue;
        best = i;
        best_score = score(&miss);
    }
    return best;
}

size_t match_nearest(match_run *run, const match_look *look, size_t from, size_t to)
{
    return nearest(run, look, from, to, false);
}

size_t match_nearest_misfit(match_run *run, const match_look *look, size_t from, size_t to)
{
    return nearest(run, look, from, to, true);
}

static bool pattern_has_var(const rig_scn_pattern *pattern)
{
    if (pattern->low.var != RIG_SCN_NO_VAR || pattern->high.var != RIG_SCN_NO_VAR)
        return true;
    for (uint32_t i = 0; pattern->match == RIG_SCN_CALL && i < pattern->call->num_args; i++)
        if (pattern->call->args[i].var != RIG_SCN_NO_VAR)
            return true;
    return false;
}

bool match_line_has_var(const rig_scn_line *line)
{
    for (uint32_t i = 0; i < line->num_conds; i++)
        if (pattern_has_var(&line->conds[i].pattern))
            return true;
    return false;
}
