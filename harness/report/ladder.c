/* The ladder of a case: PDUs and events in the order they were seen. */
#include "record.h"

#include "rig/trace.h"

#define LADDER_MAX 2000      /* items that are told; the capture has all */
#define LADDER_LINE_MAX 8192 /* bytes of an item's line */
#define LADDER_DATA_MAX 1024 /* bytes of a payload */
#define HIDDEN "_"           /* a digit of a byte that is not shown */

/* What proves a secret is not shown, as in traces (CHAP_R, RFC 7143 section 12.1.3). A part of a longer text
 * is not looked into, and so not shown at all. */
static bool shows_data(const rig_item *item)
{
    if (!rig_trace_reads(rig_pdu_kind_of(item->pdu.bhs)))
        return true;
    return rig_item_text(item).len == item->data_len;
}

static bool begins_secret(rig_view data, size_t at)
{
    return (at == 0 || data.ptr[at - 1] == 0) && rig_view_starts(rig_view_sub(data, at, data.len), "CHAP_R=");
}

static void put_hex(rig_text *out, rig_view bytes, bool text)
{
    size_t hidden_from = SIZE_MAX;
    for (size_t i = 0; i < bytes.len; i++) {
        if (text && begins_secret(bytes, i))
            hidden_from = i + strlen("CHAP_R=");
        if (bytes.ptr[i] == 0)
            hidden_from = SIZE_MAX;
        if (i >= hidden_from)
            rig_text_add(out, HIDDEN HIDDEN);
        else
            rig_text_add(out, "%02x", bytes.ptr[i]);
    }
}

static bool set_hex(json_t *o, const rig_alloc *alloc, const char *name, rig_view bytes, bool text)
{
    char room[2 * LADDER_DATA_MAX + 1];
    rig_text out;
    if (bytes.len == 0)
        return true;
    rig_text_init(&out, room, sizeof room);
    put_hex(&out, rig_view_sub(bytes, 0, LADDER_DATA_MAX), text);
    return rep_set_view(o, alloc, name, rig_view_of(room, out.len));
}

static bool set_pdu(json_t *o, const rig_alloc *alloc, const rig_item *item)
{
    bool text = rig_trace_reads(rig_pdu_kind_of(item->pdu.bhs));
    return rep_set_text(o, alloc, "way", item->to_target ? ">" : "<") &&
           set_hex(o, alloc, "bhs", rig_view_of(item->pdu.bhs, RIG_BHS_LEN), false) &&
           set_hex(o, alloc, "ahs", item->pdu.ahs, false) &&
           (!shows_data(item) || set_hex(o, alloc, "data", item->pdu.data, text)) &&
           (item->data_len == 0 || rep_set_number(o, "data_len", item->data_len));
}

static bool set_flags(json_t *o, const rig_item *item)
{
    return (item->connection == UINT32_MAX || rep_set_number(o, "conn", item->connection)) &&
           (item->frame == 0 || rep_set_number(o, "frame", item->frame)) &&
           (item->step == 0 || rep_set_number(o, "step", item->step)) &&
           (!item->made_wrong || rep_set(o, "made_wrong", json_true())) &&
           (!item->leaked || rep_set(o, "leaked", json_true()));
}

static json_t *item_value(rig_trace *trace, const rig_alloc *alloc, const rig_item *item, char *line)
{
    rig_text out;
    rig_text_init(&out, line, LADDER_LINE_MAX);
    json_t *o = rig_trace_item(trace, &out, item) == RIG_OK ? json_object() : NULL;
    bool event = item->kind == RIG_ITEM_EVENT;
    bool ok = o && rep_set_number(o, "t", item->time) && set_flags(o, item) &&
              rep_set_view(o, alloc, "line", rig_view_of(line, out.len)) &&
              (event ? rep_set_text(o, alloc, "way", "!") : set_pdu(o, alloc, item));
    if (ok)
        return o;
    json_decref(o);
    return NULL;
}

json_t *rep_ladder(const rig_alloc *alloc, const rig_items *items)
{
    rig_trace trace;
    json_t *list = json_array();
    char *line = rig_new(alloc, LADDER_LINE_MAX);
    bool ok = list && line;
    rig_trace_init(&trace, alloc, RIG_TRACE_SYMBOLIC);
    for (size_t i = 0; ok && i < items->num && i < LADDER_MAX; i++)
        ok = json_array_append_new(list, item_value(&trace, alloc, &items->ptr[i], line)) == 0;
    rig_trace_cleanup(&trace);
    rig_delete(alloc, line, LADDER_LINE_MAX);
    if (ok)
        return list;
    json_decref(list);
    return NULL;
}
