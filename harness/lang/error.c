/* Errors of a unit: error COMMAND|any [lba N[..N]] [nth N] … WHAT. */
#include "lang.h"

#include "rig/cdb.h"
#include "rig/trace.h"

static bool which_command(lang_parser *p, const lang_args *args, rig_device_error *out)
{
    const rig_scn_value *value = &lang_arg(args, "COMMAND")->value;
    const rig_cdb_row *row = rig_cdb_find(value->text);
    out->any = rig_view_is(value->text, "any");
    if (out->any)
        return true;
    if (!row) {
        lang_known known = {.num = 0};
        for (size_t i = 0; i < rig_cdb_rows_count(); i++)
            lang_known_add(&known, rig_cdb_row_at(i)->name);
        return lang_unknown(p, value->place, "command", value->text, &known);
    }
    out->opcode = row->opcode;
    out->service = row->service;
    return true;
}

static bool which_blocks(lang_parser *p, const lang_args *args, rig_device_error *out)
{
    const rig_scn_arg *arg = lang_arg(args, "lba");
    out->has_lba = arg != NULL;
    if (!arg)
        return true;
    rig_view text = arg->value.text;
    size_t dot = rig_view_find(text, '.');
    bool range = dot + 1 < text.len && text.ptr[dot + 1] == '.';
    bool first = rig_view_u64(rig_view_sub(text, 0, dot), &out->first);
    bool last = range ? rig_view_u64(rig_view_sub(text, dot + 2, text.len), &out->last) : dot == text.len;
    if (!range)
        out->last = out->first;
    if (!first || !last)
        return lang_bad_at(p, arg->value.place, RIG_E_SYNTAX, "lba wants N or N..N");
    return out->first <= out->last || lang_bad_at(p, arg->value.place, RIG_E_SYNTAX, "the range is empty");
}

static bool which_turns(lang_parser *p, const lang_args *args, rig_device_error *out)
{
    static const char *const words[] = {"nth", "every", "after", "count"};
    uint32_t *const members[] = {&out->nth, &out->every, &out->after, &out->count};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const rig_scn_arg *arg = lang_arg(args, words[i]);
        if (arg && (arg->value.number == 0 || arg->value.number > UINT32_MAX))
            return lang_bad_at(p, arg->value.place, RIG_E_LIMIT, "%s counts from 1", words[i]);
        *members[i] = arg ? (uint32_t)arg->value.number : 0;
    }
    return true;
}

static bool read_sense(lang_parser *p, const rig_scn_value *value, rig_device_error *out)
{
    uint64_t number;
    const rig_virtual *row = rig_virtual_find(RIG_PDU_SCSI_RESP, rig_view_str("sense"));
    if (!row || !rig_virtual_parse(row, value->text, &number))
        return lang_bad_at(p, value->place, RIG_E_SYNTAX, "sense wants KEY/ASC/ASCQ, as in 3/11/00");
    out->key = (uint8_t)(number >> 16);
    out->asc = (uint8_t)(number >> 8);
    out->ascq = (uint8_t)number;
    return true;
}

/* Exactly one of them is said; the attention is that of a power on (SAM-5 section 5.14). */
static bool what_comes(lang_parser *p, const lang_args *args, rig_scn_place place, rig_device_error *out)
{
    static const struct {
        const char *word;
        rig_device_error_kind kind;
        uint8_t key, asc;
    } rows[] = {{"medium-error", RIG_DEVICE_MEDIUM_ERROR, 0, 0},
                {"busy", RIG_DEVICE_BUSY, 0, 0},
                {"task-set-full", RIG_DEVICE_TASK_SET_FULL, 0, 0},
                {"reservation-conflict", RIG_DEVICE_RESERVATION_CONFLICT, 0, 0},
                {"unit-attention", RIG_DEVICE_SENSE, 0x06, 0x29},
                {"sense", RIG_DEVICE_SENSE, 0, 0}};
    unsigned said = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!lang_arg(args, rows[i].word))
            continue;
        said++;
        out->kind = rows[i].kind;
        out->key = rows[i].key;
        out->asc = rows[i].asc;
    }
    if (said != 1)
        return lang_bad_at(p, place, RIG_E_SYNTAX,
                           "an error is one of medium-error, busy, task-set-full, reservation-conflict, "
                           "unit-attention and sense KEY/ASC/ASCQ");
    const rig_scn_arg *sense = lang_arg(args, "sense");
    return !sense || read_sense(p, &sense->value, out);
}

bool lang_error_read(lang_parser *p, lang_cursor *c, const lang_args *args, rig_scn_place place)
{
    (void)c;
    lang_node *owner = p->nodes.num ? &((lang_node *)p->nodes.ptr)[p->nodes.num - 1] : NULL;
    if (!owner || owner->luns.num == 0)
        return lang_bad_at(p, place, RIG_E_SYNTAX, "an error wants a lun above it");
    if (owner->errors.num >= RIG_DEVICE_ERRORS_MAX)
        return lang_bad_at(p, place, RIG_E_LIMIT, "more than %d errors of a lun", RIG_DEVICE_ERRORS_MAX);
    rig_device_error *out = LANG_ADD(p, &owner->errors, rig_device_error);
    if (!out)
        return lang_nomem(p->report);
    *out = (rig_device_error){.service = -1};
    rig_scn_lun *unit = &((rig_scn_lun *)owner->luns.ptr)[owner->luns.num - 1];
    unit->errors = owner->errors.ptr;
    unit->num_errors = owner->errors.num;
    p->out->needs |= RIG_SCN_NEEDS_OUR_TARGET;
    return which_command(p, args, out) && which_blocks(p, args, out) && which_turns(p, args, out) &&
           what_comes(p, args, place, out);
}
