#include "rig/text.h"

static bool prefixed(rig_view value, char letter)
{
    return value.len >= 2 && value.ptr[0] == '0' && (value.ptr[1] | 0x20) == letter;
}

bool rig_number_parse(rig_view value, uint64_t *out_number)
{
    if (!prefixed(value, 'x') && value.len > 1 && value.ptr[0] == '0')
        return false;
    return rig_view_u64(value, out_number);
}

bool rig_bool_parse(rig_view value, bool *out_yes)
{
    bool yes = rig_view_is(value, "Yes");
    if (!yes && !rig_view_is(value, "No"))
        return false;
    *out_yes = yes;
    return true;
}

bool rig_list_has(rig_view list, rig_view item)
{
    for (rig_view rest = list; rest.ptr;)
        if (rig_view_eq(rig_view_split(&rest, ','), item))
            return true;
    return false;
}

static bool hex_bytes(rig_view digits, uint8_t *out, size_t size, size_t *out_len)
{
    size_t len = digits.len / 2 + digits.len % 2;
    if (digits.len == 0 || len > size)
        return false;
    for (size_t i = 0; i < digits.len; i++)
        if (digits.ptr[i] == ':' || digits.ptr[i] <= ' ')
            return false;
    *out_len = len;
    if (digits.len % 2) {
        /* An odd digit stands alone in the first byte (section 6.1: (n + 1) / 2 bytes). */
        uint8_t pair[2] = {'0', digits.ptr[0]};
        if (rig_hex_parse(rig_view_of(pair, 2), out++, 1) != 1)
            return false;
        digits = rig_view_sub(digits, 1, digits.len);
        len--;
    }
    return rig_hex_parse(digits, out, len) == len;
}

static int base64_digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '/')
        return c == '+' ? 62 : 63;
    return -1;
}

static bool base64_bytes(rig_view text, uint8_t *out, size_t size, size_t *out_len)
{
    size_t pads = 0;
    if (text.len == 0 || text.len % 4)
        return false;
    while (pads < 2 && text.ptr[text.len - 1 - pads] == '=')
        pads++;
    size_t len = text.len / 4 * 3 - pads;
    if (len > size)
        return false;
    uint32_t bits = 0;
    size_t done = 0;
    for (size_t i = 0; i < text.len; i++) {
        int digit = i < text.len - pads ? base64_digit(text.ptr[i]) : 0;
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        for (unsigned shift = 24; i % 4 == 3 && shift > 0 && done < len;)
            out[done++] = (uint8_t)(bits >> (shift -= 8));
    }
    *out_len = len;
    return true;
}

bool rig_binary_parse(rig_view value, uint8_t *out, size_t size, size_t *out_len)
{
    rig_view digits = rig_view_sub(value, 2, value.len);
    if (prefixed(value, 'x'))
        return hex_bytes(digits, out, size, out_len);
    return prefixed(value, 'b') && base64_bytes(digits, out, size, out_len);
}

void rig_binary_print(rig_text *out, rig_view bytes)
{
    rig_text_view(out, rig_view_str("0x"));
    rig_text_hex(out, bytes, 0);
}
