/* Another legal value for a literal, so that prove can show that an expectation tests something. */
#include "lang.h"

static bool alter_named(const rig_names *names, rig_scn_value *value)
{
    for (uint32_t i = 0; i < names->num_rows; i++)
        if (names->rows[i].value != value->number) {
            value->number = names->rows[i].value;
            value->text = rig_view_str(names->rows[i].name);
            return true;
        }
    return false;
}

void lang_number_set(lang_parser *p, rig_scn_value *value, uint64_t number)
{
    char buffer[24];
    rig_text text;
    rig_text_init(&text, buffer, sizeof(buffer));
    rig_text_add(&text, "%llu", (unsigned long long)number);
    value->number = number;
    value->text = lang_view(p, buffer, text.len);
}

static bool alter_number(lang_parser *p, rig_scn_value *value, uint64_t max)
{
    lang_number_set(p, value, value->number < max ? value->number + 1 : value->number - 1);
    return max > 0;
}

static bool alter_cdb(lang_parser *p, rig_scn_value *value)
{
    uint8_t cdb[RIG_CDB_MAX];
    size_t len = value->bytes.len;
    memcpy(cdb, value->bytes.ptr, len);
    cdb[0] ^= 1;
    value->bytes = lang_view(p, (const char *)cdb, len);
    return value->bytes.ptr != NULL;
}

static bool alter_virtual(lang_parser *p, rig_scn_value *value, const rig_virtual *row)
{
    char buffer[64];
    rig_text text;
    value->number = value->number < row->max ? value->number + 1 : value->number - 1;
    rig_text_init(&text, buffer, sizeof(buffer));
    rig_virtual_put(row, &text, value->number);
    value->text = lang_view(p, buffer, text.len);
    return value->text.ptr != NULL;
}

static bool alter_field(lang_parser *p, rig_scn_value *value, rig_field_id id)
{
    const rig_field *field = &rig_fields[id];
    if (field->form == RIG_FORM_CDB)
        return alter_cdb(p, value);
    if (field->form == RIG_FORM_NAMED && field->names)
        return alter_named(field->names, value);
    return alter_number(p, value, field->bits >= 64 ? UINT64_MAX : (UINT64_C(1) << field->bits) - 1);
}

static const char *const opposites[][2] = {
    {"Yes", "No"}, {"yes", "no"}, {"None", "CRC32C"}, {"true", "false"}};

static bool alter_text(lang_parser *p, rig_scn_value *value)
{
    if (value->is_number)
        return alter_number(p, value, UINT64_MAX);
    for (size_t i = 0; i < sizeof(opposites) / sizeof(opposites[0]); i++)
        for (unsigned side = 0; side < 2; side++)
            if (rig_view_is(value->text, opposites[i][side])) {
                value->text = rig_view_str(opposites[i][!side]);
                return true;
            }
    char *copy = lang_take(p->arena, value->text.len + 2);
    if (!copy)
        return lang_nomem(p->report);
    if (value->text.len)
        memcpy(copy, value->text.ptr, value->text.len);
    copy[value->text.len] = 'x';
    value->text = rig_view_of(copy, value->text.len + 1);
    return true;
}

static bool alter_choice(rig_scn_value *value, const char *choices)
{
    uint64_t i = 0;
    for (rig_view rest = rig_view_str(choices); rest.ptr; i++) {
        rig_view word = rig_view_split(&rest, '|');
        if (rig_view_eq(word, value->text))
            continue;
        value->text = word;
        value->number = i;
        return true;
    }
    return false;
}

static bool alter_outcome(rig_scn_value *value)
{
    value->text = rig_view_str(rig_view_is(value->text, "delivery-failure") ? "GOOD" : "delivery-failure");
    return true;
}

static bool alter_code(rig_scn_value *value)
{
    rig_code code;
    bool ok = rig_code_parse(value->text, &code) == RIG_OK && code == RIG_CODE_SUCCESS;
    value->text = rig_view_str(rig_code_name(ok ? RIG_CODE_NON_SPECIFIC_ERROR : RIG_CODE_SUCCESS));
    return true;
}

static bool alter_arg(lang_parser *p, rig_scn_value *value, const rig_scn_arg_row *row)
{
    switch (row->type) {
    case RIG_SCN_T_NUMBER:
    case RIG_SCN_T_SIZE:
    case RIG_SCN_T_TIME:
        return alter_number(p, value, UINT64_MAX);
    case RIG_SCN_T_NAMED:
        return alter_named(row->names, value);
    case RIG_SCN_T_OUTCOME:
        return alter_outcome(value);
    case RIG_SCN_T_CODE:
        return alter_code(value);
    case RIG_SCN_T_CHOICE:
        return alter_choice(value, row->choices);
    case RIG_SCN_T_YES_NO:
        return alter_choice(value, "no|yes");
    default:
        return alter_text(p, value);
    }
}

bool lang_alter_value(lang_parser *p, rig_scn_value *value, const lang_want *want)
{
    bool ok;
    p->altered = true;
    if (want->kind == RIG_SCN_C_FIELD)
        ok = alter_field(p, value, want->field);
    else if (want->kind == RIG_SCN_C_VIRTUAL)
        ok = alter_virtual(p, value, want->fact);
    else if (want->kind == RIG_SCN_C_ARG)
        ok = alter_arg(p, value, want->arg);
    else
        ok = alter_text(p, value);
    p->unalterable = p->unalterable || !ok;
    return ok;
}
