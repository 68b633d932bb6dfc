/* Numbers, texts and addresses of blocks. */
#include "internal.h"
#include "rig/iname.h"

#define SURROGATE_HIGH 0xd800u
#define SURROGATE_LOW 0xdc00u
#define SURROGATE_END 0xe000u
#define BEYOND_UNITS 0x10000u /* first character that takes two units */

enum { TYPE_TEXT, TYPE_IPV4, TYPE_IPV6, TYPE_EMPTY };

uint64_t wmi_get(const uint8_t *from, size_t size)
{
    uint64_t number = 0;
    while (size-- > 0)
        number = number << 8 | from[size];
    return number;
}

void wmi_put(uint8_t *to, size_t size, uint64_t number)
{
    for (size_t i = 0; i < size; i++, number >>= 8)
        to[i] = (uint8_t)number;
}

uint64_t wmi_member_get(const void *from, size_t size)
{
    uint64_t u64;
    uint32_t u32;
    uint16_t u16;
    memcpy(&u64, from, size == sizeof u64 ? size : 0);
    memcpy(&u32, from, size == sizeof u32 ? size : 0);
    memcpy(&u16, from, size == sizeof u16 ? size : 0);
    return size == sizeof u64   ? u64
           : size == sizeof u32 ? u32
           : size == sizeof u16 ? u16
                                : *(const uint8_t *)from;
}

bool wmi_member_put(void *to, size_t size, uint64_t number)
{
    const uint32_t u32 = (uint32_t)number;
    const uint16_t u16 = (uint16_t)number;
    const uint8_t u8 = (uint8_t)number;
    const void *from = size == sizeof number ? (const void *)&number
                       : size == sizeof u32  ? (const void *)&u32
                       : size == sizeof u16  ? (const void *)&u16
                                             : (const void *)&u8;
    memcpy(to, from, size);
    return wmi_member_get(to, size) == number;
}

/* ---- texts ---- */

/* Bytes that a character takes in UTF-8 (RFC 3629 section 3). */
static size_t put_utf8(uint32_t code, char out[4])
{
    static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    const size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < BEYOND_UNITS ? 3 : 4;
    for (size_t i = len; i > 1; i--, code >>= 6)
        out[i - 1] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(leads[len] | code);
    return len;
}

/* One character off the array; false for half a surrogate pair (RFC 2781 section 2.2). */
static bool next(rig_view *rest, uint32_t *out_code)
{
    const uint32_t high = (uint32_t)wmi_get(rest->ptr, WMI_UNIT);
    *rest = rig_view_sub(*rest, WMI_UNIT, rest->len);
    *out_code = high;
    if (high < SURROGATE_HIGH || high >= SURROGATE_END)
        return true;
    if (high >= SURROGATE_LOW || rest->len < WMI_UNIT)
        return false;
    const uint32_t low = (uint32_t)wmi_get(rest->ptr, WMI_UNIT);
    *rest = rig_view_sub(*rest, WMI_UNIT, rest->len);
    *out_code = BEYOND_UNITS + ((high - SURROGATE_HIGH) << 10) + (low - SURROGATE_LOW);
    return low >= SURROGATE_LOW && low < SURROGATE_END;
}

rig_status wmi_text_read(rig_view array, char *out, size_t size)
{
    size_t len = 0;
    bool fits = true;
    while (array.len >= WMI_UNIT) {
        char bytes[4];
        uint32_t code;
        if (!next(&array, &code))
            return RIG_E_FORMAT;
        out[len] = 0;
        if (code == 0)
            return fits ? RIG_OK : RIG_E_LIMIT;
        const size_t more = put_utf8(code, bytes);
        fits = fits && more < size - len;
        memcpy(out + len, bytes, fits ? more : 0);
        len += fits ? more : 0;
    }
    return RIG_E_FORMAT;
}

bool wmi_text_write(const char *text, uint8_t *to, size_t bytes)
{
    rig_view rest = rig_view_str(text);
    size_t at = 0;
    uint32_t code;
    while (rig_utf8_next(&rest, &code)) {
        const size_t units = code < BEYOND_UNITS ? 1 : 2;
        if (bytes - at < (units + 1) * WMI_UNIT)
            return false;
        if (units == 2) {
            wmi_put(to + at, WMI_UNIT, SURROGATE_HIGH + ((code - BEYOND_UNITS) >> 10));
            code = SURROGATE_LOW + (code & 0x3ff);
        }
        wmi_put(to + at + (units - 1) * WMI_UNIT, WMI_UNIT, code);
        at += units * WMI_UNIT;
    }
    return rest.len == 0;
}

/* ---- addresses ---- */

static void print_numeric(rig_text *out, const rig_block_address *address)
{
    rig_ip ip = {.version = address->type == TYPE_IPV4 ? 4 : 6};
    memcpy(ip.bytes, address->v6, sizeof address->v6);
    if (address->type == TYPE_IPV4)
        memcpy(ip.bytes, address->v4, sizeof address->v4);
    rig_ip_print(out, &ip);
    if (address->type == TYPE_IPV6 && address->scope)
        rig_text_add(out, "%%%u", (unsigned)address->scope);
}

/* Whatever a block calls it, a numeric address has one text. */
rig_status wmi_host_of(const rig_block_address *address, char *out, size_t size)
{
    rig_block_address plain = *address;
    rig_text text;
    if (address->type > TYPE_EMPTY || (address->type == TYPE_TEXT && !address->text[0]))
        return RIG_E_FORMAT;
    if (address->type == TYPE_TEXT)
        wmi_address_of(address->text, &plain);
    rig_text_init(&text, out, size);
    if (plain.type == TYPE_TEXT)
        rig_text_add(&text, "%s", plain.text);
    else if (plain.type != TYPE_EMPTY)
        print_numeric(&text, &plain);
    return text.cut ? RIG_E_LIMIT : RIG_OK;
}

/* A zone with a name, which no number of a block says, keeps the address a text. */
static bool numeric(rig_view host, rig_ip *out_ip, uint32_t *out_scope)
{
    rig_view rest = host;
    const rig_view address = rig_view_split(&rest, '%');
    uint64_t scope = 0;
    if (!rig_ip_parse(address, out_ip))
        return false;
    if (rest.ptr && (out_ip->version != 6 || !rig_view_u64(rest, &scope) || scope == 0 || scope > UINT32_MAX))
        return false;
    *out_scope = (uint32_t)scope;
    return true;
}

void wmi_address_of(const char *host, rig_block_address *out)
{
    rig_ip ip = {0};
    *out = (rig_block_address){.type = host[0] ? TYPE_TEXT : TYPE_EMPTY};
    if (!numeric(rig_view_str(host), &ip, &out->scope)) {
        rig_text text;
        rig_text_init(&text, out->text, sizeof out->text);
        rig_text_add(&text, "%s", host);
    } else if (ip.version == 4) {
        out->type = TYPE_IPV4;
        memcpy(out->v4, ip.bytes, sizeof out->v4);
    } else {
        out->type = TYPE_IPV6;
        memcpy(out->v6, ip.bytes, sizeof out->v6);
    }
}
