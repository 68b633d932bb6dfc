#include "rig/text.h"

static bool key_char(uint8_t c)
{
    static const char others[] = ".-+@_#";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           memchr(others, c, sizeof others - 1);
}

bool rig_key_valid(rig_view name)
{
    /* Section 13.24 names a key against the rule of section 6.1 that the first letter is a capital. */
    if (rig_view_is(name, "iSCSIProtocolLevel"))
        return true;
    if (name.len == 0 || name.len > RIG_KEY_MAX || name.ptr[0] < 'A' || name.ptr[0] > 'Z')
        return false;
    for (size_t i = 1; i < name.len; i++)
        if (!key_char(name.ptr[i]))
            return false;
    return true;
}

static rig_status bad_key(rig_view key, size_t offset, rig_error *err)
{
    rig_text text;
    char shown[3 * RIG_KEY_MAX];
    rig_text_init(&text, shown, sizeof shown);
    rig_text_escaped(&text, rig_view_sub(key, 0, RIG_KEY_MAX));
    return rig_fail_at(err, RIG_E_SYNTAX, offset, NULL, "'%s' is no key name of at most %d characters", shown,
                       RIG_KEY_MAX);
}

rig_status rig_pair_next(const uint8_t *base, rig_view *rest, rig_pair *out_pair, rig_error *err)
{
    if (rest->len == 0)
        return RIG_E_NOT_FOUND;
    size_t offset = (size_t)(rest->ptr - base);
    size_t end = rig_view_find(*rest, 0);
    bool ended = end < rest->len;
    rig_view pair = rig_view_sub(*rest, 0, end);
    size_t equals = rig_view_find(pair, '=');
    *rest = rig_view_sub(*rest, end + ended, rest->len);
    out_pair->key = rig_view_sub(pair, 0, equals);
    out_pair->value = rig_view_sub(pair, equals + 1, pair.len);
    out_pair->offset = offset;
    if (!ended)
        return rig_fail_at(err, RIG_E_SYNTAX, offset + end, NULL, "the last pair has no NUL behind it");
    if (equals == pair.len)
        return rig_fail_at(err, RIG_E_SYNTAX, offset + end, NULL, "a pair without '='");
    return rig_key_valid(out_pair->key) ? RIG_OK : bad_key(out_pair->key, offset, err);
}
