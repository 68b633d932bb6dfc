#include "craft.h"

#define CRAFT_NUMBER 0x1001 /* value of the first variable without one */

static uint64_t field_mask(rig_field_id id)
{
    unsigned bits = rig_fields[id].bits;
    return bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
}

static uint64_t number_of(match_run *run, const rig_scn_value *value)
{
    if (value->var == RIG_SCN_NO_VAR)
        return value->number;
    if (!run->binds[value->var].set)
        match_set(run, value->var,
                  (match_bind){.number = CRAFT_NUMBER + value->var, .text = rig_view_str("x")});
    return run->binds[value->var].number + (uint64_t)value->offset;
}

static rig_view text_of(match_run *run, const rig_scn_value *value)
{
    number_of(run, value);
    return value->var == RIG_SCN_NO_VAR ? value->text : run->binds[value->var].text;
}

/* A number that fits the pattern; false when any does. */
static bool fitting_number(match_run *run, const rig_scn_pattern *pattern, uint64_t *out)
{
    const rig_scn_value *low = &pattern->low, *high = &pattern->high;
    switch (pattern->match) {
    case RIG_SCN_IS:
        *out = number_of(run, low);
        return true;
    case RIG_SCN_DIFFERS:
        *out = number_of(run, low) + 1;
        return true;
    case RIG_SCN_RANGE:
        *out = number_of(run, low->is_number || low->var != RIG_SCN_NO_VAR ? low : high);
        return true;
    case RIG_SCN_BIND_DIFFERS:
        *out = number_of(run, high) + 1;
        if (!run->binds[low->var].set)
            match_set(run, low->var, (match_bind){.number = *out});
        *out = number_of(run, low);
        return true;
    default:
        return false;
    }
}

static bool fitting_text(match_run *run, const rig_scn_pattern *pattern, rig_text *out)
{
    const rig_scn_value *low = &pattern->low;
    switch (pattern->match) {
    case RIG_SCN_ANY:
        rig_text_add(out, "x");
        return true;
    case RIG_SCN_IS:
    case RIG_SCN_HAS:
        rig_text_view(out, text_of(run, low));
        return true;
    case RIG_SCN_RANGE:
        rig_text_view(out, text_of(run, low->text.len ? low : &pattern->high));
        return true;
    case RIG_SCN_DIFFERS:
        rig_text_view(out, text_of(run, low));
        rig_text_add(out, "1");
        return true;
    case RIG_SCN_BIND_DIFFERS:
        if (!run->binds[low->var].set)
            match_set(run, low->var, (match_bind){.text = rig_view_str("x")});
        rig_text_view(out, text_of(run, low));
        return true;
    case RIG_SCN_CALL:
        return false;
    }
    return false;
}

static bool craft_cdb(const rig_scn_value *value, craft *out)
{
    const rig_field *field = &rig_fields[RIG_F_CDB];
    const rig_draft draft = {&out->item, out->bhs, out->ahs, &out->out};
    rig_view more = rig_view_sub(value->bytes, field->bytes, value->bytes.len);
    for (size_t i = 0; i < value->bytes.len && i < field->bytes; i++)
        out->bhs[field->byte + i] = value->bytes.ptr[i];
    return more.len == 0 || rig_draft_ahs(&draft, RIG_AHS_CDB, more);
}

static bool craft_field(match_run *run, const rig_scn_cond *cond, craft *out)
{
    uint64_t number;
    rig_field_id id = match_field(cond, rig_pdu_kind_of(out->bhs));
    if (id >= RIG_FIELDS)
        return false;
    if (rig_fields[id].form == RIG_FORM_CDB) {
        if (!craft_cdb(&cond->pattern.low, out))
            return false;
        if (cond->pattern.match == RIG_SCN_DIFFERS)
            out->bhs[rig_fields[id].byte] ^= 0xff;
    } else if (fitting_number(run, &cond->pattern, &number)) {
        rig_set(out->bhs, id, number & field_mask(id));
    }
    return true;
}

static bool craft_virtual(match_run *run, const rig_scn_cond *cond, craft *out)
{
    uint64_t number = 0;
    const rig_draft draft = {&out->item, out->bhs, out->ahs, &out->out};
    fitting_number(run, &cond->pattern, &number);
    return number <= cond->fact->max && cond->fact->make(&draft, number);
}

static bool craft_key(match_run *run, const rig_scn_cond *cond, craft *out)
{
    rig_text_view(&out->out, cond->name);
    rig_text_add(&out->out, "=");
    bool ok = fitting_text(run, &cond->pattern, &out->out);
    rig_text_view(&out->out, rig_view_of("", 1));
    return ok;
}

/* What is said stands in quotes. */
static bool craft_said(match_run *run, const rig_scn_pattern *pattern, rig_text *out)
{
    char room[RIG_SCN_LINE_MAX];
    rig_text text;
    rig_text_init(&text, room, sizeof room);
    bool ok = fitting_text(run, pattern, &text) && !text.cut;
    rig_trace_quoted(out, rig_view_of(room, text.len));
    return ok;
}

/* Arguments that are numbers in a variable are printed; the others are text. */
static bool craft_arg(match_run *run, const rig_scn_cond *cond, craft *out)
{
    uint64_t number;
    rig_text *text = &out->out;
    const rig_scn_value *low = &cond->pattern.low;
    rig_text_add(text, "%s", text->len ? " " : "");
    if (cond->arg->form != RIG_SCN_BARE)
        rig_text_add(text, "%s%c", cond->arg->name, cond->arg->form == RIG_SCN_EQUAL ? '=' : ' ');
    if (cond->arg->type == RIG_SCN_T_TEXT)
        return craft_said(run, &cond->pattern, text);
    bool numeric = cond->arg->type == RIG_SCN_T_NUMBER ||
                   (low->var != RIG_SCN_NO_VAR && !run->scn->vars[low->var].is_text);
    if (!numeric || cond->pattern.match == RIG_SCN_ANY)
        return fitting_text(run, &cond->pattern, text);
    bool ok = fitting_number(run, &cond->pattern, &number);
    rig_text_add(text, "%llu", (unsigned long long)number);
    return ok;
}

static bool craft_data(const rig_scn_data *data, craft *out)
{
    uint64_t len = data->kind == RIG_SCN_DATA_BYTES ? data->bytes.len : data->len ? data->len : 1;
    rig_text *text = &out->out;
    if (len >= text->size - text->len)
        return false;
    uint8_t *room = (uint8_t *)text->ptr + text->len;
    if (data->kind == RIG_SCN_DATA_PATTERN)
        rig_scn_pattern_fill(room, len, data->seed, 0);
    else if (data->kind == RIG_SCN_DATA_BYTES && len)
        memcpy(room, data->bytes.ptr, len);
    else
        memset(room, 0, len);
    text->len += len;
    return true;
}

static bool craft_cond(match_run *run, const rig_scn_cond *cond, craft *out)
{
    uint64_t number;
    switch (cond->kind) {
    case RIG_SCN_C_FIELD:
        return craft_field(run, cond, out);
    case RIG_SCN_C_VIRTUAL:
        return craft_virtual(run, cond, out);
    case RIG_SCN_C_KEY:
        return craft_key(run, cond, out);
    case RIG_SCN_C_ARG:
        return craft_arg(run, cond, out);
    case RIG_SCN_C_DATA:
        return craft_data(&cond->data, out);
    case RIG_SCN_C_CONNECTION:
        if (fitting_number(run, &cond->pattern, &number))
            out->item.connection = (uint32_t)number;
        return true;
    case RIG_SCN_C_MARK:
        cond->mark->make(&out->item);
        return true;
    }
    return false;
}

static void craft_header(const rig_scn_line *line, craft *out)
{
    bool to_target = line->kind == RIG_SCN_TO_TARGET;
    rig_pdu_kind kind = line->pdu;
    if ((unsigned)kind == RIG_SCN_ANY_PDU)
        kind = to_target ? RIG_PDU_NOP_OUT : RIG_PDU_NOP_IN;
    rig_bhs_init(out->bhs, kind);
    if (kind == RIG_PDU_UNKNOWN)
        out->bhs[0] = to_target ? 0x1c : 0x3c; /* vendor-specific opcodes (section 11.2.1.2) */
    out->item.kind = RIG_ITEM_PDU;
    out->item.to_target = to_target;
    out->item.pdu.bhs = out->bhs;
}

static void finish_pdu(craft *out)
{
    out->item.pdu.data = rig_view_of(out->text, out->out.len);
    out->item.data_len = (uint32_t)out->out.len;
    rig_set(out->bhs, RIG_F_DATA_LEN, out->out.len);
}

bool match_craft(match_run *run, const rig_scn_line *line, craft *out)
{
    bool ok = true;
    memset(&out->item, 0, sizeof out->item);
    rig_text_init(&out->out, out->text, sizeof out->text);
    if (line->kind == RIG_SCN_EVENT) {
        out->item.kind = RIG_ITEM_EVENT;
        out->item.event = rig_view_str(line->event->name);
    } else {
        craft_header(line, out);
    }
    for (uint32_t i = 0; i < line->num_conds && ok; i++)
        ok = craft_cond(run, &line->conds[i], out);
    if (line->kind == RIG_SCN_EVENT)
        out->item.args = rig_view_of(out->text, out->out.len);
    else
        finish_pdu(out);
    return ok && !out->out.cut;
}

/* The first byte has every bit wrong, and is there. */
static void break_data(craft *made)
{
    made->text[0] = (char)~made->text[0];
    if (made->out.len == 0)
        made->out.len = 1;
    finish_pdu(made);
}

/* A key that is wanted is not there; a field, or the data, has bits wrong. */
bool match_craft_break(match_run *run, const rig_scn_line *line, craft *made)
{
    const match_look look = {.line = line, .strict = true};
    rig_pdu_kind kind = line->kind == RIG_SCN_EVENT ? RIG_PDU_UNKNOWN : rig_pdu_kind_of(made->bhs);
    match_miss miss;
    for (uint32_t i = 0; i < line->num_conds; i++) {
        if (!match_line_why(run, &look, &made->item, &miss))
            return true;
        const rig_scn_cond *cond = &line->conds[i];
        rig_field_id id = cond->kind == RIG_SCN_C_FIELD ? match_field(cond, kind) : RIG_FIELDS;
        if (cond->kind == RIG_SCN_C_DATA)
            break_data(made);
        else if (id < RIG_FIELDS && rig_fields[id].form == RIG_FORM_CDB)
            made->bhs[rig_fields[id].byte] ^= 0xff;
        else if (id < RIG_FIELDS)
            rig_set(made->bhs, id, ~rig_get(made->bhs, id));
    }
    return !match_line_why(run, &look, &made->item, &miss);
}
