/* Texts of the caller: UTF-8 in the A functions, UTF-16 in the W functions. */
#include "internal.h"

#define SURROGATE_HIGH 0xd800u
#define SURROGATE_LOW 0xdc00u
#define SURROGATE_END 0xe000u
#define BEYOND_UNITS 0x10000u /* first character that takes two units */

static bool is_utf8(rig_view text)
{
    uint32_t code;
    while (rig_utf8_next(&text, &code))
        ;
    return text.len == 0;
}

static bool narrow_read(const char *from, size_t room, char *out, size_t size)
{
    size_t len = strnlen(from, room);
    if (len == room || len >= size || !is_utf8(rig_view_of(from, len)))
        return false;
    memcpy(out, from, len);
    out[len] = 0;
    return true;
}

static uint32_t unit_at(const uint8_t *from, size_t index)
{
    return (uint32_t)dsc_get(from + index * sizeof(WCHAR), sizeof(WCHAR));
}

/* The character at *index. The second unit of a pair is looked at only when there is room for it. */
static bool wide_next(const uint8_t *from, size_t room, size_t *index, uint32_t *out_code)
{
    uint32_t high = unit_at(from, (*index)++);
    *out_code = high;
    if (high < SURROGATE_HIGH || high >= SURROGATE_END)
        return true;
    if (high >= SURROGATE_LOW || *index == room)
        return false;
    uint32_t low = unit_at(from, (*index)++);
    *out_code = BEYOND_UNITS + ((high - SURROGATE_HIGH) << 10) + (low - SURROGATE_LOW);
    return low >= SURROGATE_LOW && low < SURROGATE_END;
}

/* Bytes that a character takes in UTF-8 (RFC 3629 section 3). */
static size_t put_utf8(uint32_t code, char out[4])
{
    static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < BEYOND_UNITS ? 3 : 4;
    for (size_t i = len; i > 1; i--, code >>= 6)
        out[i - 1] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(leads[len] | code);
    return len;
}

static bool wide_read(const uint8_t *from, size_t room, char *out, size_t size)
{
    size_t len = 0;
    for (size_t index = 0; index < room;) {
        char bytes[4];
        uint32_t code;
        if (!wide_next(from, room, &index, &code))
            return false;
        size_t more = put_utf8(code, bytes);
        if (code == 0) {
            out[len] = 0;
            return true;
        }
        if (more >= size - len)
            return false;
        memcpy(out + len, bytes, more);
        len += more;
    }
    return false;
}

bool dsc_text_read(dsc_set set, const void *from, size_t room, char *out, size_t size)
{
    return set == DSC_A ? narrow_read(from, room, out, size) : wide_read(from, room, out, size);
}

size_t dsc_text_units(dsc_set set, const char *text)
{
    rig_view rest = rig_view_str(text);
    size_t units = 1;
    uint32_t code;
    if (set == DSC_A)
        return is_utf8(rest) ? rest.len + 1 : 0;
    while (rig_utf8_next(&rest, &code))
        units += code < BEYOND_UNITS ? 1 : 2;
    return rest.len == 0 ? units : 0;
}

static uint8_t *put_unit(uint8_t *to, uint32_t unit)
{
    dsc_put(to, sizeof(WCHAR), unit);
    return to + sizeof(WCHAR);
}

static void wide_write(const char *text, uint8_t *to)
{
    rig_view rest = rig_view_str(text);
    uint32_t code;
    while (rig_utf8_next(&rest, &code)) {
        if (code >= BEYOND_UNITS) {
            to = put_unit(to, SURROGATE_HIGH + ((code - BEYOND_UNITS) >> 10));
            code = SURROGATE_LOW + (code & 0x3ff);
        }
        to = put_unit(to, code);
    }
    put_unit(to, 0);
}

void dsc_text_write(dsc_set set, const char *text, void *to)
{
    if (set == DSC_A)
        memcpy(to, text, strlen(text) + 1);
    else
        wide_write(text, to);
}
