#include "tkeys.h"

const tgt_key_row tgt_key_rows[TGT_KEYS] = {
#define X(id, name, type, rule, use, flags, def, low, high, own, section)                                    \
    {name, section, sizeof(name) - 1, TGT_##type, TGT_##rule, TGT_##use, flags, def, low, high, own},
    TGT_KEY_ROWS(X)
#undef X
};

#define CHOICES 4

static const char *const choices[TGT_KEYS][CHOICES] = {
    [TGT_KEY_AUTH_METHOD] = {"None", "CHAP"},
    [TGT_KEY_CHAP_A] = {"5", "6", "7", "8"},
    [TGT_KEY_SESSION_TYPE] = {"Normal", "Discovery"},
    [TGT_KEY_HEADER_DIGEST] = {"None", "CRC32C"},
    [TGT_KEY_DATA_DIGEST] = {"None", "CRC32C"},
    [TGT_KEY_TASK_REPORTING] = {"RFC3720", "ResponseFence", "FastAbort"},
};

tgt_key tgt_key_find(rig_view name)
{
    for (unsigned key = 0; key < TGT_KEYS; key++) {
        const tgt_key_row *row = &tgt_key_rows[key];
        if (name.len == row->name_len && memcmp(name.ptr, row->name, name.len) == 0)
            return (tgt_key)key;
    }
    return TGT_KEYS;
}

const char *tgt_key_choice(tgt_key key, unsigned i)
{
    return i < CHOICES ? choices[key][i] : NULL;
}

int tgt_key_position(tgt_key key, rig_view value)
{
    for (int i = 0; i < CHOICES && choices[key][i]; i++)
        if (rig_view_is(value, choices[key][i]))
            return i;
    return -1;
}

static rig_status parse_number(const tgt_key_row *row, rig_view value, uint32_t *out, rig_error *err)
{
    uint64_t number;
    if (!rig_number_parse(value, &number))
        return rig_fail(err, RIG_E_SYNTAX, "%s wants a number", row->name);
    if (number < row->low || number > row->high)
        return rig_fail(err, RIG_E_LIMIT, "%s wants %u to %u", row->name, row->low, row->high);
    *out = (uint32_t)number;
    return RIG_OK;
}

static rig_status parse_list(tgt_key key, rig_view value, uint32_t *out, rig_error *err)
{
    uint32_t mask = 0;
    for (rig_view rest = value; rest.ptr;) {
        rig_view part = rig_view_split(&rest, ',');
        int position = tgt_key_position(key, part);
        if (position < 0)
            return rig_fail(err, RIG_E_SYNTAX, "%s has no value %.*s", tgt_key_rows[key].name,
                            RIG_VIEW_ARG(part));
        mask |= UINT32_C(1) << position;
    }
    *out = mask;
    return RIG_OK;
}

rig_status tgt_key_parse_own(tgt_key key, rig_view value, uint32_t *out, rig_error *err)
{
    const tgt_key_row *row = &tgt_key_rows[key];
    bool yes;
    switch (row->type) {
    case TGT_NUMBER:
        return parse_number(row, value, out, err);
    case TGT_BOOL:
        if (!rig_bool_parse(value, &yes))
            return rig_fail(err, RIG_E_SYNTAX, "%s wants Yes or No", row->name);
        *out = yes;
        return RIG_OK;
    case TGT_LIST:
        return parse_list(key, value, out, err);
    default:
        return rig_fail(err, RIG_E_NOT_FOUND, "%s is not offered by a target", row->name);
    }
}
