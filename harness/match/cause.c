/* The PDU behind a failure, shown in a finding as what came. */
#include "matching.h"

/* "LoginResp: CSG: what is wrong": the PDU stands in the line above. */
static rig_view without_name(rig_view text, const rig_item *item)
{
    const char *name = rig_pdu_rows[rig_pdu_kind_of(item->pdu.bhs)].name;
    rig_view rest = rig_view_sub(text, strlen(name), text.len);
    bool there = rig_view_starts(text, name) && rig_view_starts(rest, ": ");
    return there ? rig_view_sub(rest, 2, rest.len) : text;
}

/* A field of any PDU: all that is known of one that did not come whole. */
static rig_field_id find_field(const rig_cause *cause, const rig_item *item)
{
    rig_view name = rig_view_str(cause->field);
    if (item)
        return rig_field_find(rig_pdu_kind_of(item->pdu.bhs), name);
    rig_field_id id = RIG_FIELDS;
    for (unsigned kind = 0; kind < RIG_PDU_KINDS && cause->frame && id == RIG_FIELDS; kind++)
        id = rig_field_find((rig_pdu_kind)kind, name);
    return id;
}

/* "field CSG: not the stage of the request (6.3), got 1 (byte 1, capture frame 23)" */
static void say_cause(const rig_cause *cause, const rig_item *item, rig_text *out)
{
    rig_view text = rig_view_str(cause->text);
    rig_field_id id = find_field(cause, item);
    const rig_item beginning = {.frame = cause->frame};
    if (item)
        text = without_name(text, item);
    if (id < RIG_FIELDS)
        rig_text_add(out, rig_view_starts(text, cause->field) ? "field " : "field %s: ", cause->field);
    rig_text_view(out, text);
    if (item && id < RIG_FIELDS) {
        rig_text_add(out, ", got ");
        rig_field_print(out, item->pdu.bhs, id);
    }
    match_say_place(out, id, item ? item : &beginning);
}

/* Where the printed PDU gives the field or key; its name when it does not. */
static void mark_field(rig_finding *finding, const rig_cause *cause)
{
    size_t len = strlen(cause->field);
    rig_view line = rig_view_str(finding->actual);
    size_t name_len = rig_view_find(rig_view_sub(line, 2, line.len), ' ');
    finding->mark_at = 2;
    finding->mark_len = (uint32_t)name_len;
    for (size_t at = 0; len && at + 1 + len < line.len; at++) {
        rig_view rest = rig_view_sub(line, at + 1, line.len);
        if (line.ptr[at] != ' ' || !rig_view_starts(rest, cause->field) || rest.ptr[len] != '=')
            continue;
        finding->mark_at = (uint32_t)at + 1;
        finding->mark_len = (uint32_t)rig_view_find(rest, ' ');
        return;
    }
}

static rig_status show_cause(rig_result *result, rig_finding *finding, const rig_cause *cause)
{
    const rig_item *item = &result->items.ptr[cause->item];
    match_run run = {.out = result, .items = result->items.ptr, .num_items = result->items.num};
    rig_text actual;
    char *room = rig_new(result->alloc, MATCH_SHOWN_MAX);
    if (!room)
        return RIG_E_NOMEM;
    rig_text_init(&actual, room, MATCH_SHOWN_MAX);
    match_show_item(&run, item, &actual);
    rig_status status =
        run.status ? run.status : rig_result_text(result, &finding->actual, rig_view_of(room, actual.len));
    rig_delete(result->alloc, room, MATCH_SHOWN_MAX);
    if (status)
        return status;
    mark_field(finding, cause);
    finding->item = (uint32_t)cause->item;
    finding->frame = item->frame;
    return RIG_OK;
}

/* What began to come, in place of a PDU. */
static rig_status show_beginning(rig_result *result, rig_finding *finding, uint32_t frame)
{
    static const char text[] = "< (a PDU that did not come whole)";
    finding->mark_at = 2;
    finding->mark_len = sizeof text - 1 - 2;
    finding->frame = frame;
    return rig_result_text(result, &finding->actual, rig_view_str(text));
}

rig_status rig_match_blame(rig_result *result, rig_finding *finding, const rig_cause *cause)
{
    char text[MATCH_SAID_MAX];
    rig_text out, field;
    const rig_item *item = cause->item < result->items.num ? &result->items.ptr[cause->item] : NULL;
    rig_text_init(&out, text, sizeof text);
    rig_text_add(&out, "%s: ", finding->text);
    say_cause(cause, item, &out);
    if (!finding->field[0]) {
        rig_text_init(&field, finding->field, sizeof finding->field);
        rig_text_add(&field, "%s", cause->field);
    }
    rig_status status = rig_result_text(result, &finding->text, rig_view_of(text, out.len));
    if (status)
        return status;
    if (!item)
        return cause->frame ? show_beginning(result, finding, cause->frame) : RIG_OK;
    return show_cause(result, finding, cause);
}
