#include "rig/iname.h"

#define IP6_GROUPS 8

static bool ip4_parse(rig_view text, uint8_t out[4])
{
    unsigned num = 0;
    for (rig_view rest = text; rest.ptr; num++) {
        uint64_t value;
        rig_view part = rig_view_split(&rest, '.');
        bool zeroed = part.len > 1 && part.ptr[0] == '0';
        if (num == 4 || part.len > 3 || zeroed || !rig_view_u64(part, &value) || value > 255)
            return false;
        out[num] = (uint8_t)value;
    }
    return num == 4;
}

static bool ip6_group(rig_view part, uint8_t out[2])
{
    uint8_t padded[4] = {'0', '0', '0', '0'};
    if (part.len == 0 || part.len > 4)
        return false;
    memcpy(padded + 4 - part.len, part.ptr, part.len);
    return rig_hex_parse(rig_view_of(padded, 4), out, 2) == 2;
}

/* One side of "::" (or all of an address without it): groups into out, the last of which may be a dotted
 * IPv4. */
static bool ip6_side(rig_view text, uint8_t *out, size_t size, size_t *out_len)
{
    size_t len = 0;
    for (rig_view rest = text.len ? text : (rig_view){NULL, 0}; rest.ptr;) {
        rig_view part = rig_view_split(&rest, ':');
        bool dotted = !rest.ptr && rig_view_find(part, '.') < part.len;
        size_t need = dotted ? 4 : 2;
        if (len + need > size || !(dotted ? ip4_parse(part, out + len) : ip6_group(part, out + len)))
            return false;
        len += need;
    }
    *out_len = len;
    return true;
}

static size_t find_gap(rig_view text)
{
    for (size_t i = 0; i + 1 < text.len; i++)
        if (text.ptr[i] == ':' && text.ptr[i + 1] == ':')
            return i;
    return text.len;
}

static bool ip6_parse(rig_view text, uint8_t out[16])
{
    uint8_t tail[16];
    size_t head_len, tail_len;
    size_t gap = find_gap(text);
    rig_view head = rig_view_sub(text, 0, gap);
    memset(out, 0, 16);
    if (gap == text.len)
        return ip6_side(head, out, 16, &head_len) && head_len == 16;
    if (rig_view_find(head, '.') < head.len || !ip6_side(head, out, 14, &head_len) ||
        !ip6_side(rig_view_sub(text, gap + 2, text.len), tail, 14 - head_len, &tail_len))
        return false;
    memcpy(out + 16 - tail_len, tail, tail_len);
    return true;
}

bool rig_ip_parse(rig_view text, rig_ip *out_ip)
{
    rig_ip ip = {.version = rig_view_find(text, ':') < text.len ? 6 : 4};
    if (!(ip.version == 6 ? ip6_parse(text, ip.bytes) : ip4_parse(text, ip.bytes)))
        return false;
    *out_ip = ip;
    return true;
}

static unsigned group_at(const rig_ip *ip, unsigned i)
{
    return (unsigned)ip->bytes[2 * i] << 8 | ip->bytes[2 * i + 1];
}

/* RFC 5952 section 4.2: the longest run of zero groups, the first of equals, and at least two of them. */
static unsigned longest_zeros(const rig_ip *ip, unsigned *out_len)
{
    unsigned best = IP6_GROUPS, best_len = 1;
    for (unsigned i = 0; i < IP6_GROUPS;) {
        unsigned len = 0;
        while (i + len < IP6_GROUPS && group_at(ip, i + len) == 0)
            len++;
        if (len > best_len) {
            best = i;
            best_len = len;
        }
        i += len + 1;
    }
    *out_len = best_len;
    return best;
}

static void print_ip4(rig_text *out, const uint8_t bytes[4])
{
    rig_text_add(out, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
}

static void print_ip6(rig_text *out, const rig_ip *ip)
{
    unsigned zeros;
    unsigned gap = longest_zeros(ip, &zeros);
    if (gap == 0 && zeros == 5 && group_at(ip, 5) == 0xffff) {
        rig_text_add(out, "::ffff:");
        print_ip4(out, ip->bytes + 12);
        return;
    }
    for (unsigned i = 0; i < IP6_GROUPS; i++) {
        if (i == gap) {
            rig_text_add(out, "::");
            i += zeros - 1;
            continue;
        }
        rig_text_add(out, i && i != gap + zeros ? ":%x" : "%x", group_at(ip, i));
    }
}

void rig_ip_print(rig_text *out, const rig_ip *ip)
{
    if (ip->version == 6)
        print_ip6(out, ip);
    else if (ip->version == 4)
        print_ip4(out, ip->bytes);
}

bool rig_ip_eq(const rig_ip *a, const rig_ip *b)
{
    size_t len = a->version == 4 ? 4 : 16;
    return a->version == b->version && (a->version == 0 || memcmp(a->bytes, b->bytes, len) == 0);
}

/* ---- portals ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_text(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

bool rig_portal_same(const rig_portal *a, const rig_portal *b)
{
    rig_ip one, other;
    return a->port == b->port && (same_text(a->host, b->host) ||
                                  (rig_ip_parse(rig_view_str(a->host), &one) &&
                                   rig_ip_parse(rig_view_str(b->host), &other) && rig_ip_eq(&one, &other)));
}
