/* One condition against one item. */
#include "matching.h"

#include "rig/text.h"
#include "rig/trace.h"

#define DATA_STEP 256 /* bytes of data compared at a time */

/* In a line for any PDU a name means the field of that name, whichever PDU came. */
rig_field_id match_field(const rig_scn_cond *cond, rig_pdu_kind kind)
{
    if (cond->field < RIG_FIELDS && (rig_fields[cond->field].pdus >> kind & 1))
        return cond->field;
    return rig_field_find(kind, cond->name);
}

static bool virtual_cond(match_run *run, const rig_scn_cond *cond, const rig_item *item, match_got *got)
{
    bool may = cond->fact->pdus >> rig_pdu_kind_of(item->pdu.bhs) & 1;
    got->there = got->is_number = may && cond->fact->number(item, &got->number);
    return match_pattern(run, &cond->pattern, got);
}

static bool field_cond(match_run *run, const rig_scn_cond *cond, const rig_item *item, match_got *got)
{
    rig_field_id id = match_field(cond, rig_pdu_kind_of(item->pdu.bhs));
    if (id >= RIG_FIELDS)
        return false;
    const rig_field *field = &rig_fields[id];
    got->there = true;
    got->serial = field->form == RIG_FORM_SN;
    if (field->form == RIG_FORM_CDB) {
        got->bytes = rig_view_of(got->room, rig_item_cdb(item, (uint8_t *)got->room));
    } else {
        got->is_number = true;
        got->bits = field->bits;
        got->number = rig_get(item->pdu.bhs, id);
    }
    return match_pattern(run, &cond->pattern, got);
}

static bool arg_number(const rig_scn_arg_row *row, rig_view text, uint64_t *out)
{
    uint32_t named;
    switch (row->type) {
    case RIG_SCN_T_NUMBER:
        *out = RIG_TAG_NONE;
        return rig_view_is(text, "none") || rig_view_u64(text, out);
    case RIG_SCN_T_NAMED:
        if (!rig_name_parse(row->names, text, &named))
            return false;
        *out = named;
        return true;
    default:
        return false;
    }
}

static bool arg_cond(match_run *run, const rig_scn_line *line, const rig_scn_cond *cond, const rig_item *item,
                     match_got *got)
{
    got->there = rig_scn_event_arg(line->event, cond->arg, item->args, &got->text);
    got->fold = cond->arg->type == RIG_SCN_T_OUTCOME;
    got->said = cond->arg->type == RIG_SCN_T_TEXT;
    got->escaped = rig_view_find(got->text, '\\') < got->text.len;
    got->is_number = got->there && arg_number(cond->arg, got->text, &got->number);
    return match_pattern(run, &cond->pattern, got);
}

static uint64_t data_offset(const rig_item *item)
{
    rig_pdu_kind kind = rig_pdu_kind_of(item->pdu.bhs);
    bool has = rig_fields[RIG_F_BUFFER_OFFSET].pdus >> kind & 1;
    return has ? rig_get(item->pdu.bhs, RIG_F_BUFFER_OFFSET) : 0;
}

static rig_view expected_bytes(const rig_scn_data *want, uint64_t base, size_t at, size_t len, uint8_t *room)
{
    if (want->kind == RIG_SCN_DATA_BYTES)
        return rig_view_sub(want->bytes, at, len);
    if (want->kind == RIG_SCN_DATA_PATTERN)
        rig_scn_pattern_fill(room, len, want->seed, base + at);
    else
        memset(room, 0, len);
    return rig_view_of(room, len);
}

/* A length that was not written is whatever came. Of bulk data the beginning is all that may have been kept.
 */
bool match_data(const rig_scn_data *want, const rig_item *item, uint64_t *out_differs)
{
    uint8_t room[DATA_STEP];
    rig_view have = item->pdu.data;
    uint64_t base = data_offset(item);
    if (!have.ptr)
        have.len = 0;
    for (size_t at = 0; at < have.len; at += DATA_STEP) {
        rig_view came = rig_view_sub(have, at, DATA_STEP);
        rig_view expected = expected_bytes(want, base, at, came.len, room);
        size_t same = 0;
        while (same < expected.len && expected.ptr[same] == came.ptr[same])
            same++;
        *out_differs = at + same;
        if (same < came.len)
            return false;
    }
    bool bytes = want->kind == RIG_SCN_DATA_BYTES;
    uint64_t len = bytes ? want->bytes.len : want->len;
    *out_differs = len < item->data_len ? len : item->data_len;
    return (!bytes && len == 0) || len == item->data_len;
}

bool match_cond(match_run *run, const rig_scn_line *line, const rig_scn_cond *cond, const rig_item *item,
                match_keys *keys, match_got *got)
{
    uint64_t differs;
    got->there = got->is_number = got->serial = got->fold = got->said = got->escaped = false;
    got->bits = 64;
    got->number = 0;
    got->text = got->bytes = (rig_view){NULL, 0};
    got->item = item;
    switch (cond->kind) {
    case RIG_SCN_C_FIELD:
        return field_cond(run, cond, item, got);
    case RIG_SCN_C_VIRTUAL:
        return virtual_cond(run, cond, item, got);
    case RIG_SCN_C_KEY:
        return match_key(run, cond, keys, got);
    case RIG_SCN_C_ARG:
        return arg_cond(run, line, cond, item, got);
    case RIG_SCN_C_DATA:
        return match_data(&cond->data, item, &differs);
    case RIG_SCN_C_CONNECTION:
        got->there = got->is_number = item->connection != UINT32_MAX;
        got->number = item->connection;
        return match_pattern(run, &cond->pattern, got);
    case RIG_SCN_C_MARK:
        return cond->mark->is(item);
    }
    return false;
}
