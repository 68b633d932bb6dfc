/* The initiator's key table and the values of its keys as text. */
#include "internal.h"

#include "rig/text.h"

#define ITEMS_MAX_NUM 8

static const char *const items[RIG_KEYS][ITEMS_MAX_NUM] = {
#define X(id, ...) [RIG_KEY_##id] = {__VA_ARGS__, NULL},
    RIG_KEY_LISTS(X)
#undef X
};

const rig_key_row rig_key_rows[RIG_KEYS] = {
#define X(id, name, rule, low, high, in_force, offer, offered, leading, irrelevant, section)                 \
    {name,    section, items[RIG_KEY_##id], RIG_BY_##rule, low, high, in_force, offer,                       \
     offered, leading, irrelevant},
    RIG_KEY_ROWS(X)
#undef X
};

rig_key_id rig_key_find(rig_view name)
{
    unsigned i = 0;
    while (i < RIG_KEYS && !rig_view_is(name, rig_key_rows[i].name))
        i++;
    return (rig_key_id)i;
}

static unsigned item_find(const rig_key_row *row, rig_view name)
{
    unsigned i = 0;
    while (row->items[i] && !rig_view_is(name, row->items[i]))
        i++;
    return i;
}

static rig_status list_parse(const rig_key_row *row, rig_view text, bool ignore_unknown,
                             rig_key_value *out_value, rig_error *err)
{
    unsigned place = 0;
    for (rig_view rest = text; rest.ptr && rest.len > 0;) {
        rig_view item = rig_view_split(&rest, ',');
        unsigned bit = item_find(row, item);
        if (!row->items[bit] && ignore_unknown)
            continue;
        if (!row->items[bit] || (out_value->value >> bit & 1) || place > 7)
            return rig_fail(err, RIG_E_SYNTAX, "%s: unknown or repeated list item \"%.*s\"", row->name,
                            RIG_VIEW_ARG(item));
        out_value->value |= UINT32_C(1) << bit;
        out_value->order |= (uint32_t)(bit + 1) << 4 * place++;
    }
    return place ? RIG_OK : rig_fail(err, RIG_E_SYNTAX, "%s: an empty list", row->name);
}

static rig_status bool_parse(const rig_key_row *row, rig_view text, rig_key_value *out_value, rig_error *err)
{
    bool yes = false;
    if (!rig_bool_parse(text, &yes))
        return rig_fail(err, RIG_E_SYNTAX, "%s: wanted Yes or No, came \"%.*s\"", row->name,
                        RIG_VIEW_ARG(text));
    out_value->value = yes;
    return RIG_OK;
}

static rig_status number_parse(const rig_key_row *row, rig_view text, rig_key_value *out_value,
                               rig_error *err)
{
    uint64_t number = 0;
    if (!rig_number_parse(text, &number))
        return rig_fail(err, RIG_E_SYNTAX, "%s: wanted a number, came \"%.*s\"", row->name,
                        RIG_VIEW_ARG(text));
    if (number < row->low || number > row->high)
        return rig_fail(err, RIG_E_LIMIT, "%s: wanted %u to %u, came %llu", row->name, row->low, row->high,
                        (unsigned long long)number);
    out_value->value = (uint32_t)number;
    return RIG_OK;
}

rig_status rig_key_value_parse(rig_key_id key, rig_view text, rig_key_value *out_value, rig_error *err)
{
    const rig_key_row *row = &rig_key_rows[key];
    *out_value = (rig_key_value){0};
    if (row->rule == RIG_BY_LIST)
        return list_parse(row, text, false, out_value, err);
    if (row->rule == RIG_BY_AND || row->rule == RIG_BY_OR)
        return bool_parse(row, text, out_value, err);
    return number_parse(row, text, out_value, err);
}

rig_status eng_list_known(rig_key_id key, rig_view text, rig_key_value *out_value, rig_error *err)
{
    *out_value = (rig_key_value){0};
    return list_parse(&rig_key_rows[key], text, true, out_value, err);
}

static void list_print(rig_text *out, const rig_key_row *row, const rig_key_value *value)
{
    const char *comma = "";
    if (value->order) {
        for (uint32_t order = value->order; order; order >>= 4, comma = ",")
            rig_text_add(out, "%s%s", comma, row->items[(order & 15) - 1]);
        return;
    }
    for (unsigned bit = 0; row->items[bit]; bit++)
        if (value->value >> bit & 1) {
            rig_text_add(out, "%s%s", comma, row->items[bit]);
            comma = ",";
        }
}

void rig_key_value_print(rig_text *out, rig_key_id key, const rig_key_value *value)
{
    const rig_key_row *row = &rig_key_rows[key];
    if (row->rule == RIG_BY_LIST)
        list_print(out, row, value);
    else if (row->rule == RIG_BY_AND || row->rule == RIG_BY_OR)
        rig_text_add(out, "%s", value->value ? "Yes" : "No");
    else
        rig_text_add(out, "%u", value->value);
}
