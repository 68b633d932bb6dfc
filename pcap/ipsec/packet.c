/* IP headers as far as IPsec needs them: who, to whom, which protocol. */
#include "read.h"

enum { HOP_BY_HOP = 0, ROUTING = 43, FRAGMENT = 44, DESTINATION = 60 };

static uint16_t be16(rig_view v, size_t at)
{
    return (uint16_t)rig_be_get(v.ptr + at, 2);
}

static rig_ip address(rig_view packet, size_t at, uint8_t version)
{
    rig_ip ip = {.version = version};
    memcpy(ip.bytes, packet.ptr + at, version == 4 ? 4 : 16);
    return ip;
}

static bool read_ip4(rig_view packet, uint32_t wire_len, ipr_packet *out)
{
    if (packet.len < 20)
        return false;
    uint32_t header = (uint32_t)(packet.ptr[0] & 15) * 4;
    uint32_t total = be16(packet, 2);
    uint16_t fragment = be16(packet, 6) & 0x3fff;
    if (total == 0 || total > wire_len)
        total = wire_len;
    if (header < 20 || total < header || packet.len < header || fragment & 0x1fff)
        return false;
    *out = (ipr_packet){.from = address(packet, 12, 4),
                        .to = address(packet, 16, 4),
                        .protocol = packet.ptr[9],
                        .fragment = fragment != 0,
                        .body = rig_view_sub(packet, header, total - header),
                        .body_len = total - header};
    return true;
}

static uint32_t extension_len(uint8_t protocol, rig_view header)
{
    if (protocol == HOP_BY_HOP || protocol == ROUTING || protocol == DESTINATION)
        return (header.ptr[1] + 1u) * 8;
    return protocol == FRAGMENT ? 8 : 0;
}

static bool is_extension(uint8_t protocol)
{
    return protocol == HOP_BY_HOP || protocol == ROUTING || protocol == DESTINATION || protocol == FRAGMENT;
}

static bool walk_ip6(ipr_packet *out)
{
    for (int i = 0; i < IPR_IP_HEADERS && is_extension(out->protocol); i++) {
        if (out->body.len < 8)
            return false;
        uint32_t len = extension_len(out->protocol, out->body);
        uint16_t fragment = out->protocol == FRAGMENT ? be16(out->body, 2) : 0;
        if (len > out->body.len || fragment & 0xfff8)
            return false;
        out->fragment |= fragment & 1;
        out->protocol = out->body.ptr[0];
        out->body = rig_view_sub(out->body, len, out->body.len);
        out->body_len -= len;
    }
    return !is_extension(out->protocol);
}

static bool read_ip6(rig_view packet, uint32_t wire_len, ipr_packet *out)
{
    if (packet.len < 40)
        return false;
    uint32_t len = be16(packet, 4);
    if (len == 0 || len > wire_len - 40)
        len = wire_len - 40;
    *out = (ipr_packet){.from = address(packet, 8, 6),
                        .to = address(packet, 24, 6),
                        .protocol = packet.ptr[6],
                        .body = rig_view_sub(packet, 40, len),
                        .body_len = len};
    return walk_ip6(out);
}

bool ipr_ip_read(rig_view packet, uint32_t wire_len, ipr_packet *out)
{
    if (packet.len == 0 || wire_len < packet.len)
        return false;
    if (packet.ptr[0] >> 4 == 4)
        return read_ip4(packet, wire_len, out);
    return packet.ptr[0] >> 4 == 6 && read_ip6(packet, wire_len, out);
}
