#include "rig/view.h"

rig_view rig_view_sub(rig_view v, size_t offset, size_t len)
{
    if (offset > v.len)
        offset = v.len;
    if (len > v.len - offset)
        len = v.len - offset;
    return (rig_view){v.ptr ? v.ptr + offset : NULL, len};
}

bool rig_view_starts(rig_view v, const char *prefix)
{
    size_t len = strlen(prefix);
    return v.len >= len && (len == 0 || memcmp(v.ptr, prefix, len) == 0);
}

size_t rig_view_find(rig_view v, uint8_t c)
{
    const uint8_t *hit = v.len ? memchr(v.ptr, c, v.len) : NULL;
    return hit ? (size_t)(hit - v.ptr) : v.len;
}

rig_view rig_view_split(rig_view *rest, uint8_t separator)
{
    size_t at = rig_view_find(*rest, separator);
    rig_view part = {rest->ptr, at};
    if (at == rest->len)
        *rest = (rig_view){NULL, 0};
    else
        *rest = (rig_view){rest->ptr + at + 1, rest->len - at - 1};
    return part;
}

static int digit_of(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 16;
}

bool rig_view_u64(rig_view v, uint64_t *out_value)
{
    bool hex = v.len > 2 && v.ptr[0] == '0' && (v.ptr[1] | 0x20) == 'x';
    uint64_t base = hex ? 16 : 10;
    uint64_t value = 0;
    if (hex)
        v = rig_view_sub(v, 2, v.len);
    if (v.len == 0)
        return false;
    for (size_t i = 0; i < v.len; i++) {
        uint64_t digit = (uint64_t)digit_of(v.ptr[i]);
        if (digit >= base || value > (UINT64_MAX - digit) / base)
            return false;
        value = value * base + digit;
    }
    *out_value = value;
    return true;
}

bool rig_view_time(rig_view v, uint64_t *out_ns)
{
    static const struct {
        const char *name;
        uint64_t factor;
    } units[] = {{"ns", 1},
                 {"us", 1000},
                 {"ms", 1000000},
                 {"s", 1000000000},
                 {"m", UINT64_C(60000000000)},
                 {"h", UINT64_C(3600000000000)}};
    size_t digits = 0;
    uint64_t value;
    while (digits < v.len && v.ptr[digits] >= '0' && v.ptr[digits] <= '9')
        digits++;
    rig_view unit = rig_view_sub(v, digits, v.len);
    if (!rig_view_u64(rig_view_sub(v, 0, digits), &value))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!rig_view_is(unit, units[i].name))
            continue;
        *out_ns = value * units[i].factor;
        return value <= INT64_MAX / units[i].factor;
    }
    *out_ns = 0;
    return unit.len == 0 && rig_view_is(v, "0");
}

static bool hex_gap(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ':';
}

size_t rig_hex_parse(rig_view text, uint8_t *out, size_t out_size)
{
    size_t num = 0;
    for (size_t i = 0; i < text.len;) {
        if (hex_gap(text.ptr[i])) {
            i++;
            continue;
        }
        int high = digit_of(text.ptr[i]);
        int low = i + 1 < text.len ? digit_of(text.ptr[i + 1]) : 16;
        if (high > 15 || low > 15 || num == out_size)
            return SIZE_MAX;
        out[num++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    return num;
}
