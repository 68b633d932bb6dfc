/* Patterns against values. */
#include "matching.h"

#include "rig/serial.h"
#include "rig/text.h"

static uint64_t width_mask(const match_got *got)
{
    return got->bits >= 64 ? UINT64_MAX : (UINT64_C(1) << got->bits) - 1;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

bool match_outcome_eq(rig_view a, rig_view b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return false;
    return true;
}

bool match_value_text(const match_run *run, const rig_scn_value *value, rig_view *out_text)
{
    *out_text = value->text;
    if (value->var == RIG_SCN_NO_VAR)
        return true;
    *out_text = run->binds[value->var].text;
    return run->binds[value->var].set;
}

/* Does want say got once the address in it is the one the run had? */
static bool alias_eq(const rig_match_alias *alias, rig_view want, rig_view got)
{
    const uint8_t *at = memmem(want.ptr, want.len, alias->written.ptr, alias->written.len);
    if (!at || want.len - alias->written.len + alias->actual.len != got.len)
        return false;
    size_t before = (size_t)(at - want.ptr);
    size_t behind = want.len - before - alias->written.len;
    return rig_view_eq(rig_view_sub(want, 0, before), rig_view_sub(got, 0, before)) &&
           rig_view_eq(alias->actual, rig_view_sub(got, before, alias->actual.len)) &&
           rig_view_eq(rig_view_sub(want, want.len - behind, behind),
                       rig_view_sub(got, got.len - behind, behind));
}

/* Only words in quotes hold escapes; the quotes were taken off. */
static bool escaped_eq(rig_view want, rig_view got)
{
    char room[MATCH_SAID_MAX];
    rig_text text;
    rig_text_init(&text, room, sizeof room);
    rig_trace_word(&text, want);
    return !text.cut && text.len >= 2 && rig_view_eq(rig_view_of(room + 1, text.len - 2), got);
}

static bool literal_eq(const match_run *run, rig_view want, const match_got *got)
{
    if (got->escaped)
        return escaped_eq(want, got->text);
    if (got->fold ? match_outcome_eq(want, got->text) : rig_view_eq(want, got->text))
        return true;
    for (uint32_t i = 0; want.len && i < run->config->num_aliases; i++)
        if (alias_eq(&run->config->aliases[i], want, got->text))
            return true;
    return false;
}

/* Numbers in a variable wrap at the width of the field they are compared with (serial numbers: section
 * 4.2.2.1). */
static bool var_eq(const match_run *run, const rig_scn_value *value, const match_got *got)
{
    const match_bind *bind = &run->binds[value->var];
    if (!bind->set)
        return false;
    if (run->scn->vars[value->var].is_text)
        return got->fold ? match_outcome_eq(bind->text, got->text) : rig_view_eq(bind->text, got->text);
    uint64_t want = bind->number + (uint64_t)value->offset;
    return got->is_number && ((want ^ got->number) & width_mask(got)) == 0;
}

static bool var_bind(match_run *run, const rig_scn_value *value, const match_got *got)
{
    bool is_text = run->scn->vars[value->var].is_text;
    if (!is_text && !got->is_number)
        return false;
    match_bind bind = {.text = got->text};
    bind.number = (got->number - (uint64_t)value->offset) & width_mask(got);
    match_set(run, value->var, bind);
    return true;
}

static bool bytes_eq(const rig_scn_value *value, rig_view got)
{
    if (value->bytes.len > got.len)
        return false;
    for (size_t i = 0; i < value->bytes.len; i++) {
        uint8_t mask = i < value->mask.len ? value->mask.ptr[i] : 0xff;
        if ((value->bytes.ptr[i] ^ got.ptr[i]) & mask)
            return false;
    }
    return true;
}

static bool value_eq(const match_run *run, const rig_scn_value *value, const match_got *got)
{
    if (value->var != RIG_SCN_NO_VAR)
        return var_eq(run, value, got);
    if (got->bytes.ptr)
        return bytes_eq(value, got->bytes);
    if (value->is_number && got->is_number)
        return value->number == got->number;
    return literal_eq(run, value->text, got);
}

static bool value_is(match_run *run, const rig_scn_value *value, const match_got *got)
{
    bool binds = value->var != RIG_SCN_NO_VAR && !run->binds[value->var].set;
    return binds ? var_bind(run, value, got) : value_eq(run, value, got);
}

/* One end of a range; false when it is open, or its variable has no value. */
static bool range_end(const match_run *run, const rig_scn_value *value, const match_got *got, uint64_t *out)
{
    if (value->var == RIG_SCN_NO_VAR) {
        *out = value->number;
        return value->is_number;
    }
    const match_bind *bind = &run->binds[value->var];
    *out = (bind->number + (uint64_t)value->offset) & width_mask(got);
    return bind->set;
}

static bool in_range(const match_run *run, const rig_scn_pattern *pattern, const match_got *got)
{
    uint64_t low, high, number = got->number;
    bool has_low = range_end(run, &pattern->low, got, &low);
    bool has_high = range_end(run, &pattern->high, got, &high);
    if (!got->is_number && !rig_number_parse(got->text, &number))
        return false;
    if (!got->serial)
        return (!has_low || low <= number) && (!has_high || number <= high);
    uint32_t at = (uint32_t)number;
    return (!has_low || rig_sn_le((uint32_t)low, at)) && (!has_high || rig_sn_le(at, (uint32_t)high));
}

static bool has_item(const match_run *run, const rig_scn_value *value, const match_got *got)
{
    rig_view item;
    if (!match_value_text(run, value, &item))
        return false;
    return got->said ? rig_scn_text_has(got->text, item) : rig_list_has(got->text, item);
}

bool match_pattern(match_run *run, const rig_scn_pattern *pattern, const match_got *got)
{
    if (!got->there)
        return false;
    switch (pattern->match) {
    case RIG_SCN_ANY:
        return true;
    case RIG_SCN_IS:
        return value_is(run, &pattern->low, got);
    case RIG_SCN_DIFFERS:
        return !value_eq(run, &pattern->low, got);
    case RIG_SCN_RANGE:
        return in_range(run, pattern, got);
    case RIG_SCN_HAS:
        return has_item(run, &pattern->low, got);
    case RIG_SCN_BIND_DIFFERS:
        return !value_eq(run, &pattern->high, got) && value_is(run, &pattern->low, got);
    case RIG_SCN_CALL:
        return match_chap(run, pattern->call, got);
    }
    return false;
}
