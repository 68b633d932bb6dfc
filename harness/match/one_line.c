/* One line against one item, as plays need it: the items are kept, because variables point into them. */
#include "matching.h"

struct rig_lines {
    rig_match_config config;
    rig_items items;
    match_run run;
};

rig_status rig_lines_new(const rig_match_config *config, rig_result *result, rig_lines **out_lines)
{
    *out_lines = NULL;
    if (!result->scn)
        return RIG_E_ARGUMENT;
    rig_lines *lines = rig_new(result->alloc, sizeof *lines);
    if (!lines)
        return RIG_E_NOMEM;
    lines->config = *config;
    lines->items = (rig_items){.alloc = result->alloc, .max = RIG_LINES_MAX};
    rig_status status = match_run_init(&lines->run, &lines->config, NULL, result->scn, &lines->items, result);
    if (status == RIG_OK)
        *out_lines = lines;
    else
        rig_delete(result->alloc, lines, sizeof *lines);
    return status;
}

void rig_lines_free(rig_lines *lines)
{
    if (!lines)
        return;
    const rig_alloc *alloc = lines->items.alloc;
    match_run_cleanup(&lines->run);
    rig_items_cleanup(&lines->items);
    rig_delete(alloc, lines, sizeof *lines);
}

rig_status rig_lines_take(rig_lines *lines, const rig_item *item, size_t *out_index)
{
    rig_status status = rig_items_add(&lines->items, item);
    lines->run.items = lines->items.ptr;
    lines->run.num_items = lines->items.num;
    *out_index = lines->items.num - 1;
    return status;
}

const rig_item *rig_lines_item(const rig_lines *lines, size_t index)
{
    return &lines->items.ptr[index];
}

bool rig_lines_fits(rig_lines *lines, const rig_scn_line *line, size_t index, uint64_t since)
{
    const match_look look = {.line = line, .has_since = true, .since = since};
    return match_line(&lines->run, &look, &lines->items.ptr[index]);
}

bool rig_lines_number(const rig_lines *lines, const rig_scn_value *value, uint64_t *out_number)
{
    if (value->var == RIG_SCN_NO_VAR) {
        *out_number = value->number;
        return value->is_number;
    }
    const match_bind *bind = &lines->run.binds[value->var];
    *out_number = bind->number + (uint64_t)value->offset;
    return bind->set && !lines->run.scn->vars[value->var].is_text;
}

bool rig_lines_text(const rig_lines *lines, const rig_scn_value *value, rig_view *out_text)
{
    return match_value_text(&lines->run, value, out_text);
}

size_t rig_lines_chap(const rig_lines *lines, const rig_scn_call *call, uint32_t connection,
                      uint8_t out[RIG_MATCH_HASH_MAX])
{
    return match_chap_response(&lines->run, call, lines->items.num, connection, out);
}

/* ---- findings ---- */

static bool same_item(const rig_item *a, const rig_item *b)
{
    if (a->kind != b->kind || a->connection != b->connection)
        return false;
    if (a->kind == RIG_ITEM_EVENT)
        return rig_view_eq(a->event, b->event);
    return a->to_target == b->to_target && a->pdu.offset == b->pdu.offset;
}

static size_t in_evidence(const rig_items *evidence, const rig_item *item)
{
    for (size_t i = evidence->num; i-- > 0;)
        if (same_item(&evidence->ptr[i], item))
            return i;
    return MATCH_NONE;
}

static void point_to_evidence(rig_lines *lines, uint32_t finding, size_t at)
{
    rig_result *out = lines->run.out;
    if (finding < out->num_findings)
        out->findings[finding].item = at == MATCH_NONE ? UINT32_MAX : (uint32_t)at;
}

rig_status rig_lines_fail(rig_lines *lines, const rig_lines_failure *failure)
{
    const rig_scn_play *play = failure->play;
    const rig_scn_line *line = failure->line < play->num_lines ? &play->lines[failure->line] : NULL;
    const match_look look = {.line = line, .has_since = true, .since = failure->since};
    bool came = failure->item != RIG_LINES_NOTHING;
    uint32_t finding = lines->run.out->num_findings;
    size_t at = MATCH_NONE;
    match_miss miss = {.fault = MATCH_FITS};
    if (came) {
        at = in_evidence(&lines->run.out->items, &lines->items.ptr[failure->item]);
        if (at != MATCH_NONE)
            lines->items.ptr[failure->item].frame = lines->run.out->items.ptr[at].frame;
    }
    if (came && line && failure->expected)
        match_line_why(&lines->run, &look, &lines->items.ptr[failure->item], &miss);
    const match_report report = {
        .kind = RIG_FINDING_PLAY,
        .place = line ? line->place : play->place,
        .look = line && failure->expected ? &look : NULL,
        .item = came ? failure->item : MATCH_NONE,
        .miss = came && failure->expected ? &miss : NULL,
        .whole = !failure->expected,
        .line_number = failure->line + 1 < play->num_lines ? failure->line + 1 : play->num_lines,
        .num_lines = play->num_lines,
        .text = failure->text,
    };
    match_report_add(&lines->run, &report);
    point_to_evidence(lines, finding, at);
    if (!came && finding < lines->run.out->num_findings)
        lines->run.out->findings[finding].time = failure->now;
    return lines->run.status;
}
