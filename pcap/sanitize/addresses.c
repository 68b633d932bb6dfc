/* Addresses of documentation (RFC 5737, RFC 3849), of tests (RFC 2544) and of nobody, in the order they are
 * first seen. TargetAddress says addresses as text whose length has to stay, so an IPv4 address becomes one
 * with as many characters. */
#include "sanitize.h"

static const struct {
    uint32_t from;
    uint32_t num;
} ranges[] = {
    {UINT32_C(0xc0000200), 256},    /* 192.0.2.0/24 */
    {UINT32_C(0xc6336400), 256},    /* 198.51.100.0/24 */
    {UINT32_C(0xcb007100), 256},    /* 203.0.113.0/24 */
    {UINT32_C(0xc6120000), 131072}, /* 198.18.0.0/15 */
    {UINT32_C(0x0a000000), 65536},  /* 10.0.0.0/16: short ones */
    {UINT32_C(0x00000000), 65536},  /* 0.0.0.0/16: shorter ones */
    {UINT32_C(0xf0646400), 39936},  /* 240.100.100.0 and behind: the longest ones */
};

#define NUM_RANGES (sizeof ranges / sizeof ranges[0])

static bool candidate(uint32_t index, uint32_t *out_address)
{
    for (size_t i = 0; i < NUM_RANGES; i++) {
        if (index < ranges[i].num) {
            *out_address = ranges[i].from + index;
            return true;
        }
        index -= ranges[i].num;
    }
    return false;
}

static size_t text_len(uint32_t address)
{
    size_t len = 3;
    for (unsigned shift = 0; shift < 32; shift += 8) {
        uint32_t byte = address >> shift & 255;
        len += byte > 99 ? 3 : byte > 9 ? 2 : 1;
    }
    return len;
}

static rig_status next_ip4(rig_sanitize *s, size_t len, uint32_t *out_address)
{
    uint32_t *next = &s->ip4_next[len];
    while (candidate(*next, out_address)) {
        ++*next;
        if (text_len(*out_address) == len && *out_address & 255)
            return RIG_OK;
    }
    return RIG_E_LIMIT;
}

static rig_status new_number(rig_sanitize *s, const rig_ip *ip, uint32_t *out_number)
{
    if (ip->version == 4)
        return next_ip4(s, text_len((uint32_t)rig_be_get(ip->bytes, 4)), out_number);
    *out_number = ++s->ip6_num;
    return RIG_OK;
}

rig_status san_ip(rig_sanitize *s, const rig_ip *ip, rig_ip *out_ip)
{
    static const uint8_t documentation[4] = {0x20, 0x01, 0x0d, 0xb8};
    size_t len = ip->version == 4 ? 4 : 16;
    rig_view bytes = rig_view_of(ip->bytes, len);
    const san_word *word = san_word_find(s, SAN_ADDRESS, bytes);
    uint32_t number = word ? word->number : 0;
    rig_status status = word ? RIG_OK : new_number(s, ip, &number);
    if (!status && !word)
        status = san_word_add(s, SAN_ADDRESS, bytes, number);
    *out_ip = (rig_ip){.version = ip->version};
    if (len == 16)
        memcpy(out_ip->bytes, documentation, sizeof documentation);
    rig_be_set(out_ip->bytes + len - 4, 4, number);
    return status;
}

/* An IPv6 address stays one, a name of a host too. */
static rig_status change_digits(rig_sanitize *s, uint8_t *host, size_t len)
{
    uint32_t number;
    bool ip6 = rig_view_find(rig_view_of(host, len), ':') < len;
    rig_status status = san_number(s, SAN_HOST, rig_view_of(host, len), &number);
    if (!status)
        (ip6 ? san_digits : san_shape)(host, len, number);
    return status;
}

/* IPv6 addresses of packets have their numbers; others are but text, since they rarely keep their length. */
static bool other_ip(rig_sanitize *s, rig_view host, rig_ip *out_ip, rig_status *out_status)
{
    rig_ip ip;
    *out_status = RIG_OK;
    if (!rig_ip_parse(host, &ip) ||
        (ip.version == 6 && !san_word_find(s, SAN_ADDRESS, rig_view_of(ip.bytes, sizeof ip.bytes))))
        return false;
    *out_status = san_ip(s, &ip, out_ip);
    return !*out_status;
}

rig_status san_host(rig_sanitize *s, uint8_t *host, size_t len)
{
    char print[64];
    rig_text text;
    rig_ip other;
    rig_status status;
    if (len == 0)
        return RIG_OK;
    rig_text_init(&text, print, sizeof print);
    if (other_ip(s, rig_view_of(host, len), &other, &status))
        rig_ip_print(&text, &other);
    if (status || text.len != len)
        return status ? status : change_digits(s, host, len);
    memcpy(host, print, len);
    return RIG_OK;
}
