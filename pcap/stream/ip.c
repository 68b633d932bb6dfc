#include "segment.h"

enum {
    PROTOCOL_HOP_BY_HOP = 0,
    PROTOCOL_TCP = 6,
    PROTOCOL_ROUTING = 43,
    PROTOCOL_FRAGMENT = 44,
    PROTOCOL_AUTHENTICATION = 51,
    PROTOCOL_DESTINATION = 60
};

static uint16_t be16(rig_view v, size_t at)
{
    return (uint16_t)rig_be_get(v.ptr + at, 2);
}

static cap_packet read_tcp(rig_view tcp, uint32_t wire_len, cap_segment *out)
{
    if (tcp.len < 20 || wire_len < 20)
        return CAP_PACKET_OTHER;
    uint32_t header = (uint32_t)(tcp.ptr[12] >> 4) * 4;
    if (header < 20 || header > wire_len)
        return CAP_PACKET_OTHER;
    out->source_port = be16(tcp, 0);
    out->destination_port = be16(tcp, 2);
    out->seq = (uint32_t)rig_be_get(tcp.ptr + 4, 4);
    out->ack = (uint32_t)rig_be_get(tcp.ptr + 8, 4);
    out->flags = tcp.ptr[13];
    out->tcp = tcp;
    out->tcp_len = wire_len;
    out->payload = rig_view_sub(tcp, header, tcp.len);
    out->len = wire_len - header;
    return CAP_PACKET_TCP;
}

/* A total length of 0 stands in packets that were captured before the network card cut them into segments. */
static bool open_ip4(rig_view packet, uint32_t wire_len, cap_segment *out, rig_view *out_body,
                     uint32_t *out_len)
{
    if (packet.len < 20)
        return false;
    uint32_t header = (uint32_t)(packet.ptr[0] & 15) * 4;
    uint32_t total = be16(packet, 2);
    if (total == 0 || total > wire_len)
        total = wire_len;
    if (header < 20 || total < header || packet.len < header)
        return false;
    out->version = 4;
    out->addresses = rig_view_sub(packet, 12, 8);
    *out_body = rig_view_sub(packet, header, total - header);
    *out_len = total - header;
    return true;
}

static uint16_t fragment_of_ip4(rig_view packet)
{
    return be16(packet, 6) & 0x3fff;
}

static cap_packet read_fragment_ip4(rig_view packet, rig_view body, uint32_t len, cap_segment *out)
{
    uint16_t fragment = fragment_of_ip4(packet);
    out->fragment = (cap_fragment){.id = be16(packet, 4),
                                   .offset = (fragment & 0x1fffu) * 8,
                                   .len = len,
                                   .bytes = body,
                                   .protocol = packet.ptr[9],
                                   .more = (fragment & 0x2000) != 0};
    return CAP_PACKET_FRAGMENT;
}

static cap_packet read_ip4(rig_view packet, uint32_t wire_len, cap_segment *out)
{
    rig_view body;
    uint32_t len;
    if (!open_ip4(packet, wire_len, out, &body, &len) || packet.ptr[9] != PROTOCOL_TCP)
        return CAP_PACKET_OTHER;
    return fragment_of_ip4(packet) ? read_fragment_ip4(packet, body, len, out) : read_tcp(body, len, out);
}

static uint32_t extension_len(uint8_t protocol, rig_view header)
{
    switch (protocol) {
    case PROTOCOL_HOP_BY_HOP:
    case PROTOCOL_ROUTING:
    case PROTOCOL_DESTINATION:
        return (header.ptr[1] + 1u) * 8;
    case PROTOCOL_AUTHENTICATION:
        return (header.ptr[1] + 2u) * 4;
    case PROTOCOL_FRAGMENT:
        return 8;
    default:
        return 0;
    }
}

static cap_packet read_fragment(rig_view header, uint32_t wire_len, cap_segment *out)
{
    uint16_t field = be16(header, 2);
    out->fragment = (cap_fragment){.id = (uint32_t)rig_be_get(header.ptr + 4, 4),
                                   .offset = field & 0xfff8u,
                                   .len = wire_len - 8,
                                   .bytes = rig_view_sub(header, 8, header.len),
                                   .protocol = header.ptr[0],
                                   .more = (field & 1) != 0};
    return CAP_PACKET_FRAGMENT;
}

/* A fragment header with neither offset nor more fragments is an atomic fragment: the packet is whole (RFC
 * 6946). */
static cap_packet walk_ip6(rig_view rest, uint32_t wire_len, uint8_t protocol, cap_segment *out)
{
    for (int i = 0; i < CAP_IP6_HEADERS_MAX && protocol != PROTOCOL_TCP; i++) {
        if (rest.len < 8)
            return CAP_PACKET_OTHER;
        uint32_t len = extension_len(protocol, rest);
        if (len == 0 || len > wire_len || len > rest.len)
            return CAP_PACKET_OTHER;
        if (protocol == PROTOCOL_FRAGMENT && be16(rest, 2) & 0xfff9)
            return read_fragment(rest, wire_len, out);
        protocol = rest.ptr[0];
        rest = rig_view_sub(rest, len, rest.len);
        wire_len -= len;
    }
    return protocol == PROTOCOL_TCP ? read_tcp(rest, wire_len, out) : CAP_PACKET_OTHER;
}

/* TCP may also stand behind further headers in the part that was cut. */
static bool leads_to_tcp(uint8_t protocol)
{
    static const uint8_t header[2];
    return protocol == PROTOCOL_TCP || extension_len(protocol, rig_view_of(header, sizeof header)) > 0;
}

static cap_packet read_ip6(rig_view packet, uint32_t wire_len, cap_segment *out)
{
    if (packet.len < 40)
        return CAP_PACKET_OTHER;
    uint32_t len = be16(packet, 4);
    if (len == 0 || len > wire_len - 40)
        len = wire_len - 40;
    out->version = 6;
    out->addresses = rig_view_sub(packet, 8, 32);
    return walk_ip6(rig_view_sub(packet, 40, len), len, packet.ptr[6], out);
}

bool cap_ip_fragment(rig_view packet, uint32_t wire_len, cap_segment *out_segment)
{
    rig_view body;
    uint32_t len;
    if (packet.len == 0 || wire_len > CAP_SEGMENT_MAX || wire_len < packet.len)
        return false;
    if (packet.ptr[0] >> 4 == 6)
        return read_ip6(packet, wire_len, out_segment) == CAP_PACKET_FRAGMENT;
    return packet.ptr[0] >> 4 == 4 && open_ip4(packet, wire_len, out_segment, &body, &len) &&
           fragment_of_ip4(packet) &&
           read_fragment_ip4(packet, body, len, out_segment) == CAP_PACKET_FRAGMENT;
}

cap_packet cap_ip_rest(uint8_t protocol, rig_view bytes, uint32_t wire_len, cap_segment *segment)
{
    cap_packet packet = segment->version == 4 ? read_tcp(bytes, wire_len, segment)
                                              : walk_ip6(bytes, wire_len, protocol, segment);
    return packet == CAP_PACKET_FRAGMENT ? CAP_PACKET_OTHER : packet;
}

cap_packet cap_ip_read(rig_view packet, uint32_t wire_len, cap_segment *out_segment)
{
    if (packet.len == 0 || wire_len > CAP_SEGMENT_MAX || wire_len < packet.len)
        return CAP_PACKET_OTHER;
    if (packet.ptr[0] >> 4 == 4)
        return read_ip4(packet, wire_len, out_segment);
    if (packet.ptr[0] >> 4 != 6)
        return CAP_PACKET_OTHER;
    cap_packet kind = read_ip6(packet, wire_len, out_segment);
    bool other = kind == CAP_PACKET_FRAGMENT && !leads_to_tcp(out_segment->fragment.protocol);
    return other ? CAP_PACKET_OTHER : kind;
}

rig_ip cap_segment_ip(const cap_segment *segment, unsigned side)
{
    rig_ip ip = {.version = segment->version};
    size_t len = segment->addresses.len / 2;
    memcpy(ip.bytes, segment->addresses.ptr + side * len, len);
    return ip;
}
