#include "rig/iname.h"

#include "rig/text.h"

#define INAME_HEAD 4 /* "iqn.", "eui.", "naa." */

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool hex_digit(uint8_t c)
{
    return digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* RFC 3722: of ASCII, only these are left by the iSCSI profile of stringprep. */
static bool name_char(uint32_t code)
{
    return (code >= 'a' && code <= 'z') || (code >= '0' && code <= '9') || code == '-' || code == '.' ||
           code == ':' || code >= 0xa0;
}

static rig_status bad_name(rig_error *err, size_t offset, const char *why)
{
    return rig_fail_at(err, RIG_E_SYNTAX, offset, NULL, "not an iSCSI name: %s", why);
}

static rig_status check_prepared(rig_view name, rig_error *err)
{
    char prepared[RIG_INAME_TEXT];
    rig_status status = rig_iname_prepare(name, prepared, err);
    if (status != RIG_OK || rig_view_is(name, prepared))
        return status;
    return bad_name(err, 0, "stringprep would change it (RFC 3722)");
}

static rig_status check_chars(rig_view name, rig_error *err)
{
    rig_view rest = name;
    bool ascii = true;
    while (rest.len) {
        uint32_t code;
        size_t offset = name.len - rest.len;
        if (!rig_utf8_next(&rest, &code))
            return bad_name(err, offset, "no valid UTF-8");
        if (!name_char(code))
            return bad_name(err, offset, "a character that stringprep does not leave (RFC 3722)");
        ascii = ascii && code < 0x80;
    }
    return ascii ? RIG_OK : check_prepared(name, err);
}

static rig_status check_date(rig_view name, rig_error *err)
{
    static const char shape[] = "0000-00.";
    for (size_t i = 0; shape[i]; i++) {
        size_t at = INAME_HEAD + i;
        if (at >= name.len || (shape[i] == '0' ? !digit(name.ptr[at]) : name.ptr[at] != shape[i]))
            return bad_name(err, at, "iqn. wants a date yyyy-mm and a dot");
    }
    int month = (name.ptr[9] - '0') * 10 + name.ptr[10] - '0';
    return month >= 1 && month <= 12 ? RIG_OK : bad_name(err, 9, "the month is 01 to 12");
}

static rig_status check_iqn(rig_view name, rig_error *err)
{
    const size_t begin = INAME_HEAD + sizeof "yyyy-mm." - 1;
    rig_status status = check_date(name, err);
    if (status != RIG_OK)
        return status;
    rig_view authority = rig_view_sub(name, begin, name.len);
    authority.len = rig_view_find(authority, ':');
    size_t offset = begin;
    for (rig_view rest = authority; rest.ptr;) {
        rig_view label = rig_view_split(&rest, '.');
        if (label.len == 0)
            return bad_name(err, offset, "an empty label in the naming authority");
        offset += label.len + 1;
    }
    return check_chars(name, err);
}

static rig_status check_digits(rig_view name, size_t num_a, size_t num_b, rig_error *err)
{
    for (size_t i = INAME_HEAD; i < name.len; i++)
        if (!hex_digit(name.ptr[i]))
            return bad_name(err, i, "a character that is no hex digit");
    size_t num = name.len - INAME_HEAD;
    return num == num_a || num == num_b ? RIG_OK
                                        : bad_name(err, name.len, "eui. has 16 digits, naa. 16 or 32");
}

rig_status rig_iname_check(rig_view name, rig_iname_type *out_type, rig_error *err)
{
    rig_iname_type type_unasked;
    if (!out_type)
        out_type = &type_unasked;
    if (name.len > RIG_NAME_MAX)
        return rig_fail_at(err, RIG_E_LIMIT, RIG_NAME_MAX, NULL,
                           "an iSCSI name has at most %d bytes, not %zu", RIG_NAME_MAX, name.len);
    if (rig_view_starts(name, "iqn.")) {
        *out_type = RIG_INAME_IQN;
        return check_iqn(name, err);
    }
    if (rig_view_starts(name, "eui.")) {
        *out_type = RIG_INAME_EUI;
        return check_digits(name, 16, 16, err);
    }
    if (rig_view_starts(name, "naa.")) {
        *out_type = RIG_INAME_NAA;
        return check_digits(name, 16, 32, err);
    }
    return bad_name(err, 0, "it begins with none of iqn. eui. naa.");
}
