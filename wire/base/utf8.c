#include "rig/view.h"

/* Lead byte ranges of RFC 3629 beyond ASCII; min refuses overlong forms. */
static const struct {
    uint8_t mask, lead, len;
    uint32_t min;
} utf8_forms[] = {
    {0xe0, 0xc0, 2, 0x80},
    {0xf0, 0xe0, 3, 0x800},
    {0xf8, 0xf0, 4, 0x10000},
};

static bool code_point(uint32_t code)
{
    return code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000);
}

bool rig_utf8_next(rig_view *rest, uint32_t *out_code)
{
    if (rest->len == 0)
        return false;
    if (rest->ptr[0] < 0x80) {
        *out_code = rest->ptr[0];
        *rest = (rig_view){rest->ptr + 1, rest->len - 1};
        return true;
    }
    for (size_t f = 0; f < sizeof utf8_forms / sizeof utf8_forms[0]; f++) {
        uint8_t len = utf8_forms[f].len;
        if ((rest->ptr[0] & utf8_forms[f].mask) != utf8_forms[f].lead)
            continue;
        if (rest->len < len)
            return false;
        uint32_t code = rest->ptr[0] & (uint8_t)~utf8_forms[f].mask;
        for (uint8_t i = 1; i < len; i++) {
            if ((rest->ptr[i] & 0xc0) != 0x80)
                return false;
            code = code << 6 | (rest->ptr[i] & 0x3f);
        }
        if (code < utf8_forms[f].min || !code_point(code))
            return false;
        *rest = rig_view_sub(*rest, len, rest->len);
        *out_code = code;
        return true;
    }
    return false;
}
