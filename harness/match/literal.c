/* Where a literal stands in a case, and what a finding about it has to name. */
#include "literal.h"

static bool value_is(const rig_scn_value *value, uint32_t literal)
{
    return value->literal == literal;
}

static bool cond_has(const rig_scn_cond *cond, uint32_t literal)
{
    const rig_scn_pattern *pattern = &cond->pattern;
    if (cond->kind == RIG_SCN_C_DATA)
        return cond->data.literal == literal;
    if (value_is(&pattern->low, literal) || value_is(&pattern->high, literal))
        return true;
    for (uint32_t i = 0; pattern->match == RIG_SCN_CALL && i < pattern->call->num_args; i++)
        if (value_is(&pattern->call->args[i], literal))
            return true;
    return false;
}

static bool conds_have(const rig_scn_cond *conds, uint32_t num, uint32_t literal, rig_view *out_name)
{
    for (uint32_t i = 0; i < num; i++)
        if (cond_has(&conds[i], literal)) {
            *out_name = conds[i].name;
            return true;
        }
    return false;
}

static bool line_has(const rig_scn_line *line, uint32_t literal, rig_view *out_name)
{
    return line && conds_have(line->conds, line->num_conds, literal, out_name);
}

/* Altering a quantity may turn it into another one. */
static void in_must(const rig_scn_must *must, const rig_scn_must *altered, uint32_t literal,
                    match_literal *out)
{
    static const char *const quantities[] = {"", "exactly", "at least", "at most"};
    if (line_has(must->line, literal, &out->name)) {
        out->role = MATCH_IN_LINE;
    } else if (line_has(must->after, literal, &out->name)) {
        out->role = MATCH_IN_AFTER;
    } else if (line_has(must->before, literal, &out->name)) {
        out->role = MATCH_IN_BEFORE;
    } else if (conds_have(must->has, must->num_has, literal, &out->name)) {
        out->role = MATCH_IN_HAS;
    } else if (value_is(&must->number, literal)) {
        out->role = MATCH_IN_NUMBER;
        out->name = rig_view_str(quantities[altered->quantity]);
    } else if (value_is(&must->value, literal)) {
        out->role = MATCH_IN_VALUE;
        out->name = must->kind == RIG_SCN_M_COUNT ? rig_view_str("count")
                    : must->member.len            ? must->member
                                                  : rig_view_str("status");
    }
}

static bool same_time(const rig_scn_line *a, const rig_scn_line *b)
{
    return a->time_low == b->time_low && a->time_high == b->time_high;
}

/* A time is no value: the altered case tells which line has another one. */
static bool in_trace(const rig_scn_trace *trace, const rig_scn_trace *altered, uint32_t literal,
                     match_literal *out)
{
    for (uint32_t i = 0; i < trace->num_lines && i < altered->num_lines; i++) {
        out->line = i;
        if (line_has(&trace->lines[i], literal, &out->name))
            return true;
        if (!same_time(&trace->lines[i], &altered->lines[i])) {
            out->name = rig_view_str("time");
            return true;
        }
    }
    return false;
}

void match_literal_find(const rig_scn *scn, const rig_scn *altered, uint32_t literal, match_literal *out)
{
    const rig_scn_must *must = scn->literals[literal - 1].must;
    *out = (match_literal){.role = MATCH_NOWHERE, .name = {NULL, 0}};
    if (must) {
        out->index = (uint32_t)(must - scn->musts);
        in_must(must, &altered->musts[out->index], literal, out);
        return;
    }
    for (uint32_t i = 0; i < scn->num_traces && i < altered->num_traces; i++)
        if (in_trace(&scn->traces[i], &altered->traces[i], literal, out)) {
            out->role = MATCH_IN_TRACE;
            out->index = i;
            return;
        }
}
