/* The frames that are given out. */
#include "sanitize.h"

#define ETHERNET_LEN 14
#define TYPE_IP4 0x0800
#define TYPE_IP6 0x86dd
#define TYPE_EMPTY 0x88b5 /* IEEE 802: for local experiments */
#define IP4_LEN 20
#define IP6_LEN 40
#define TCP_LEN 20
#define HOPS 64

/* Kinds of TCP options that are looked at (RFC 9293, RFC 7323, RFC 2018). */
enum {
    TCP_END = 0,
    TCP_NOP = 1,
    TCP_MSS = 2,
    TCP_SCALE = 3,
    TCP_SACK_PERMITTED = 4,
    TCP_SACK = 5,
    TCP_TIME = 8
};

static rig_status frame_room(rig_sanitize *s, size_t len)
{
    if (len <= s->size_frame)
        return RIG_OK;
    uint8_t *frame = rig_resize(s->alloc, s->frame, s->size_frame, len);
    if (!frame)
        return RIG_E_NOMEM;
    s->frame = frame;
    s->size_frame = len;
    return RIG_OK;
}

/* ---- checksums (RFC 1071) ---- */

static uint32_t add_words(uint32_t sum, const uint8_t *bytes, size_t len)
{
    uint64_t wide = sum;
    for (size_t i = 0; i < len; i++)
        wide += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    while (wide >> 16)
        wide = (wide & 0xffff) + (wide >> 16);
    return (uint32_t)wide;
}

/* Of the pseudo header alone (RFC 9293 section 3.1). */
static uint32_t sum_head(const rig_ip *from, const rig_ip *to, uint32_t tcp_len)
{
    uint8_t pseudo[8] = {0};
    rig_be_set(pseudo, 4, tcp_len);
    pseudo[7] = 6;
    uint32_t sum = add_words(0, from->bytes, sizeof from->bytes);
    return add_words(add_words(sum, to->bytes, sizeof to->bytes), pseudo, sizeof pseudo);
}

/* A card that was to finish the sum would have found the pseudo header's; wrong sums stay wrong. Without all
 * bytes nobody can tell. */
static void put_checksum(const rig_tcp_segment *segment, const rig_ip *from, const rig_ip *to, uint8_t *tcp)
{
    uint32_t before = sum_head(&segment->ip[0], &segment->ip[1], segment->tcp_len);
    uint32_t head = sum_head(from, to, segment->tcp_len);
    bool right = add_words(before, segment->tcp.ptr, segment->tcp.len) == 0xffff;
    bool partial = rig_be_get(segment->tcp.ptr + 16, 2) == before;
    rig_be_set(tcp + 16, 2, 0);
    if (segment->tcp.len != segment->tcp_len)
        return;
    uint32_t sum = ~add_words(head, tcp, segment->tcp_len) & 0xffff;
    if (!partial && !right)
        sum ^= (sum ^ 0x0101) == head ? 0x0202 : 0x0101;
    rig_be_set(tcp + 16, 2, partial ? head : sum);
}

/* ---- headers ---- */

/* As rig_pcapng_ip makes them. */
static void put_station(uint8_t *mac, const rig_ip *ip)
{
    mac[0] = 0x02;
    mac[1] = ip->version;
    memcpy(mac + 2, ip->bytes + (ip->version == 4 ? 0 : 12), 4);
}

static void put_ip4(uint8_t *ip, const rig_ip *from, const rig_ip *to, uint32_t tcp_len)
{
    uint32_t len = IP4_LEN + tcp_len;
    memset(ip, 0, IP4_LEN);
    ip[0] = 0x45;
    rig_be_set(ip + 2, 2, len > UINT16_MAX ? 0 : len);
    rig_be_set(ip + 6, 2, 0x4000); /* not to be fragmented */
    ip[8] = HOPS;
    ip[9] = 6;
    memcpy(ip + 12, from->bytes, 4);
    memcpy(ip + 16, to->bytes, 4);
    rig_be_set(ip + 10, 2, ~add_words(0, ip, IP4_LEN) & 0xffff);
}

static void put_ip6(uint8_t *ip, const rig_ip *from, const rig_ip *to, uint32_t tcp_len)
{
    memset(ip, 0, IP6_LEN);
    ip[0] = 0x60;
    rig_be_set(ip + 4, 2, tcp_len > UINT16_MAX ? 0 : tcp_len);
    ip[6] = 6;
    ip[7] = HOPS;
    memcpy(ip + 8, from->bytes, 16);
    memcpy(ip + 24, to->bytes, 16);
}

static bool option_stays(uint8_t kind)
{
    return kind == TCP_MSS || kind == TCP_SCALE || kind == TCP_SACK_PERMITTED || kind == TCP_SACK ||
           kind == TCP_TIME;
}

static void clean_options(uint8_t *options, size_t len)
{
    size_t at = 0;
    while (at < len && options[at] != TCP_END) {
        size_t have = len - at;
        size_t one = options[at] == TCP_NOP ? 1 : have > 1 ? options[at + 1] : 0;
        if (one == 0 || one > have || (one == 1 && options[at] != TCP_NOP))
            break;
        if (!option_stays(options[at]))
            memset(options + at, TCP_NOP, one);
        at += one;
    }
    memset(options + at, TCP_END, len - at);
}

/* ---- frames ---- */

static rig_status give(rig_sanitize *s, size_t len, uint32_t wire_len, rig_view *out_frame,
                       uint32_t *out_wire_len)
{
    *out_frame = rig_view_of(s->frame, len);
    *out_wire_len = wire_len;
    return RIG_OK;
}

rig_status san_frame_empty(rig_sanitize *s, rig_view *out_frame, uint32_t *out_wire_len)
{
    rig_status status = frame_room(s, ETHERNET_LEN);
    if (status)
        return status;
    memset(s->frame, 0, ETHERNET_LEN);
    rig_be_set(s->frame + 12, 2, TYPE_EMPTY);
    return give(s, ETHERNET_LEN, ETHERNET_LEN, out_frame, out_wire_len);
}

static void put_tcp(const rig_sanitize *s, const rig_tcp_segment *segment, const san_side *side, int64_t at,
                    uint8_t *tcp)
{
    size_t header = segment->tcp.len - segment->payload.len;
    memcpy(tcp, segment->tcp.ptr, header);
    clean_options(tcp + TCP_LEN, header - TCP_LEN);
    san_patch_apply(s, side, at, segment->payload, tcp + header);
}

rig_status san_frame(rig_sanitize *s, const rig_tcp_segment *segment, const san_conn *conn, unsigned side,
                     int64_t at, rig_view *out_frame, uint32_t *out_wire_len)
{
    const rig_ip *from = &conn->shown[side], *to = &conn->shown[!side];
    size_t ip_len = segment->ip[0].version == 4 ? IP4_LEN : IP6_LEN;
    size_t head = ETHERNET_LEN + ip_len;
    rig_status status = frame_room(s, head + segment->tcp.len);
    if (status)
        return status;
    uint8_t *ip = s->frame + ETHERNET_LEN;
    put_station(s->frame, to);
    put_station(s->frame + 6, from);
    rig_be_set(s->frame + 12, 2, segment->ip[0].version == 4 ? TYPE_IP4 : TYPE_IP6);
    (segment->ip[0].version == 4 ? put_ip4 : put_ip6)(ip, from, to, segment->tcp_len);
    put_tcp(s, segment, &conn->side[side], at, ip + ip_len);
    put_checksum(segment, from, to, ip + ip_len);
    return give(s, head + segment->tcp.len, (uint32_t)(head + segment->tcp_len), out_frame, out_wire_len);
}
