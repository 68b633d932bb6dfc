/* Text keys of a PDU in the order conditions ask for them. */
#include "matching.h"

#include "rig/text.h"
#include "rig/trace.h"

void match_keys_begin(match_keys *keys, const rig_item *item, bool open)
{
    keys->text = item->kind == RIG_ITEM_PDU ? rig_item_text(item) : (rig_view){NULL, 0};
    keys->behind = 0;
    keys->open = open;
    keys->num_used = 0;
}

static bool is_used(const match_keys *keys, size_t offset)
{
    for (uint32_t i = 0; i < keys->num_used; i++)
        if (keys->used[i] == offset)
            return true;
    return false;
}

/* Malformed pairs count as well: a scenario may expect them. */
static bool next_pair(const match_keys *keys, size_t *at, rig_pair *out)
{
    rig_view rest = rig_view_sub(keys->text, *at, keys->text.len);
    if (rest.len == 0)
        return false;
    rig_pair_next(keys->text.ptr, &rest, out, NULL);
    *at = keys->text.len - rest.len;
    return true;
}

static bool find_from(const match_keys *keys, rig_view name, size_t *at, rig_pair *out)
{
    while (next_pair(keys, at, out))
        if (rig_view_eq(out->key, name) && !is_used(keys, out->offset))
            return true;
    return false;
}

/* Order counts among keys that come several times (SendTargets answers); one that comes once may stand
 * anywhere. */
static bool find_alone(const match_keys *keys, rig_view name, size_t *at, rig_pair *out)
{
    rig_pair other;
    *at = 0;
    if (!find_from(keys, name, at, out) || out->offset >= keys->behind)
        return false;
    for (size_t more = 0; next_pair(keys, &more, &other);)
        if (rig_view_eq(other.key, name) && other.offset != out->offset)
            return false;
    return true;
}

static void take(match_keys *keys, const rig_pair *pair, size_t end)
{
    if (keys->num_used < RIG_SCN_CONDS_MAX)
        keys->used[keys->num_used++] = pair->offset;
    keys->behind = end;
}

bool match_key(match_run *run, const rig_scn_cond *cond, match_keys *keys, match_got *got)
{
    rig_pair pair;
    size_t at = keys->behind;
    bool found = find_from(keys, cond->name, &at, &pair) || find_alone(keys, cond->name, &at, &pair);
    for (bool first = true; found; first = false) {
        match_got other = *got;
        match_got *here = first ? got : &other;
        here->there = true;
        here->text = pair.value;
        if (match_pattern(run, &cond->pattern, here)) {
            *got = *here;
            take(keys, &pair, at);
            return true;
        }
        found = keys->open && find_from(keys, cond->name, &at, &pair);
    }
    return false;
}

bool match_keys_extra(const match_keys *keys, rig_view *out_name, rig_view *out_value)
{
    rig_pair pair;
    for (size_t at = 0; next_pair(keys, &at, &pair);)
        if (!is_used(keys, pair.offset)) {
            *out_name = pair.key;
            *out_value = pair.value;
            return true;
        }
    return false;
}
