#include "rig/text.h"
#include "rig/trace.h"
#include "trace_forms.h"

#include <jansson.h>

/* Setting takes the value, and fails when it is NULL. */
static bool set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new_nocheck(object, name, value) == 0;
}

/* Printable and UTF-8, whatever the bytes are. */
static json_t *text_value(rig_view view)
{
    static char room[RIG_TRACE_LINE_MAX];
    rig_text text;
    rig_text_init(&text, room, sizeof room);
    rig_text_escaped(&text, view);
    return json_stringn_nocheck(room, text.len);
}

static json_t *lines_value(rig_view text)
{
    json_t *lines = json_array();
    while (lines && text.ptr)
        if (json_array_append_new(lines, text_value(rig_view_split(&text, '\n')))) {
            json_decref(lines);
            lines = NULL;
        }
    return lines;
}

/* What fits a number of any reader is one, the rest is written as in a trace. */
static json_t *field_value(const uint8_t *bhs, rig_field_id id)
{
    char room[128];
    rig_text text;
    rig_form form = rig_fields[id].form;
    if (form == RIG_FORM_FLAG)
        return json_boolean(rig_get(bhs, id));
    if (form == RIG_FORM_DEC || form == RIG_FORM_SN || form == RIG_FORM_TAG || form == RIG_FORM_HEX)
        return json_integer((json_int_t)rig_get(bhs, id));
    rig_text_init(&text, room, sizeof room);
    if (form == RIG_FORM_CDB)
        rig_text_hex(&text, rig_view_of(bhs + rig_fields[id].byte, rig_fields[id].bytes), 0);
    else
        rig_field_print(&text, bhs, id);
    return text_value(rig_view_of(room, text.len));
}

static json_t *fields_value(const uint8_t *bhs)
{
    json_t *fields = json_object();
    rig_pdu_kind kind = rig_pdu_kind_of(bhs);
    bool good = fields != NULL;
    for (unsigned f = 0; f < RIG_FIELDS && good; f++)
        if (rig_fields[f].pdus >> kind & 1)
            good = set(fields, rig_fields[f].name, field_value(bhs, (rig_field_id)f));
    if (good)
        return fields;
    json_decref(fields);
    return NULL;
}

/* Pairs, since a key may stand there twice; what answers a challenge is nobody's to read. */
static json_t *keys_value(const rig_item *item)
{
    json_t *keys = json_array();
    rig_pair pair;
    rig_view text = rig_item_text(item), rest = text;
    while (keys && rig_pair_next(text.ptr, &rest, &pair, NULL) == RIG_OK) {
        rig_view value = rig_view_is(pair.key, "CHAP_R") ? rig_view_str("_") : pair.value;
        json_t *row = json_array();
        if (json_array_append_new(row, text_value(pair.key)) ||
            json_array_append_new(row, text_value(value)) || json_array_append_new(keys, row)) {
            json_decref(keys);
            keys = NULL;
        }
    }
    return keys;
}

static json_t *marks_value(const rig_item *item)
{
    json_t *marks = json_array();
    for (const rig_mark *mark = rig_marks; mark->name && marks; mark++)
        if (mark->is(item) && json_array_append_new(marks, json_string(mark->name))) {
            json_decref(marks);
            marks = NULL;
        }
    return marks;
}

static bool set_pdu(json_t *object, const rig_item *item)
{
    return set(object, "pdu", json_string(rig_pdu_rows[rig_pdu_kind_of(item->pdu.bhs)].name)) &&
           set(object, "to_target", json_boolean(item->to_target)) &&
           set(object, "offset", json_integer((json_int_t)item->pdu.offset)) &&
           set(object, "fields", fields_value(item->pdu.bhs)) &&
           set(object, "data_len", json_integer(item->data_len)) &&
           set(object, "missing", json_integer(item->missing)) && set(object, "marks", marks_value(item)) &&
           (!rig_trace_reads(rig_pdu_kind_of(item->pdu.bhs)) || set(object, "keys", keys_value(item)));
}

static bool set_event(json_t *object, const rig_item *item)
{
    return set(object, "event", text_value(item->event)) && set(object, "args", text_value(item->args));
}

static bool put_line(json_t *object, bool good)
{
    if (good && json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER) == 0)
        putchar('\n');
    json_decref(object);
    return good;
}

bool trace_json(const rig_item *item, uint32_t session, rig_view text, rig_view agreed)
{
    json_t *object = json_object();
    bool good = object && set(object, "frame", json_integer(item->frame)) &&
                set(object, "time_ns", json_integer((json_int_t)item->time)) &&
                set(object, "connection",
                    item->connection == UINT32_MAX ? json_null() : json_integer(item->connection)) &&
                set(object, "session", session ? json_integer(session) : json_null()) &&
                (item->kind == RIG_ITEM_PDU ? set_pdu(object, item) : set_event(object, item)) &&
                (agreed.len == 0 || set(object, "agreed", text_value(rig_view_sub(agreed, 1, agreed.len)))) &&
                set(object, "text", lines_value(text));
    return put_line(object, good);
}

bool trace_json_read(rig_view lines)
{
    json_t *object = json_object();
    bool good = object && set(object, "read", lines_value(lines));
    return put_line(object, good);
}
