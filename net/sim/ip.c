/* A packet's bytes: IPv4 (RFC 791), IPv6 (RFC 8200), and the Internet checksum (RFC 1071) of everything. */
#include "sim.h"

#define TCP_CHECKSUM_AT 16
#define UDP_CHECKSUM_AT 6
#define PSEUDO_MAX 40

/* Sums in the machine's own byte order: ones' complement addition does not mind, as long as the result is
 * stored the same way (RFC 1071 section 2). */
static uint64_t sum(uint64_t start, const uint8_t *bytes, size_t len)
{
    uint64_t total = start;
    for (; len >= 4; bytes += 4, len -= 4) {
        uint32_t word;
        memcpy(&word, bytes, sizeof(word));
        total += word;
    }
    uint8_t rest[4] = {0};
    memcpy(rest, bytes, len);
    uint32_t word;
    memcpy(&word, rest, sizeof(word));
    return total + word;
}

uint16_t sim_checksum(const uint8_t *pseudo, size_t pseudo_len, const uint8_t *bytes, size_t len)
{
    uint64_t total = sum(sum(0, pseudo, pseudo_len), bytes, len);
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    uint16_t native = (uint16_t)~total;
    uint8_t stored[2];
    memcpy(stored, &native, sizeof(stored));
    return rig_be16(stored);
}

static size_t pseudo_header(const rig_packet *packet, uint32_t len, uint8_t *out)
{
    size_t size = packet->source.version == 4 ? 4 : 16;
    memset(out, 0, PSEUDO_MAX);
    memcpy(out, packet->source.bytes, size);
    memcpy(out + size, packet->destination.bytes, size);
    rig_put_be32(out + 2 * size, len); /* IPv4 has 8 zero bits, protocol, 16 bits of length: the same sum */
    rig_put_be32(out + 2 * size + 4, packet->protocol);
    return 2 * size + 8;
}

static size_t ip_header(const rig_packet *packet, uint32_t len, uint8_t *out)
{
    if (packet->source.version == 6) {
        rig_put_be32(out, 0x60000000);
        rig_put_be16(out + 4, (uint16_t)len);
        out[6] = packet->protocol;
        out[7] = SIM_TTL;
        memcpy(out + 8, packet->source.bytes, 16);
        memcpy(out + 24, packet->destination.bytes, 16);
        return SIM_V6_HEADER;
    }
    rig_put_be32(out, 0x45000000 | (SIM_V4_HEADER + len));
    rig_put_be16(out + 4, packet->id);
    rig_put_be16(out + 6, 0x4000); /* don't fragment */
    out[8] = SIM_TTL;
    out[9] = packet->protocol;
    rig_put_be16(out + 10, 0);
    memcpy(out + 12, packet->source.bytes, 4);
    memcpy(out + 16, packet->destination.bytes, 4);
    rig_put_be16(out + 10, sim_checksum(out, 0, out, SIM_V4_HEADER));
    return SIM_V4_HEADER;
}

static void transport_checksum(const rig_packet *packet, uint8_t *segment, uint32_t len)
{
    uint8_t pseudo[PSEUDO_MAX];
    size_t at = packet->protocol == RIG_PROTOCOL_TCP ? TCP_CHECKSUM_AT : UDP_CHECKSUM_AT;
    if (packet->protocol != RIG_PROTOCOL_TCP && packet->protocol != RIG_PROTOCOL_UDP)
        return;
    if (packet->header_len < at + 2)
        return;
    rig_put_be16(segment + at, 0);
    uint16_t checksum = sim_checksum(pseudo, pseudo_header(packet, len, pseudo), segment, len);
    if (packet->corrupt_checksum)
        checksum ^= 0x0101;
    if (checksum == 0 && packet->protocol == RIG_PROTOCOL_UDP)
        checksum = UINT16_MAX; /* 0 means that there is none (RFC 768) */
    rig_put_be16(segment + at, checksum);
}

size_t rig_packet_bytes(const rig_packet *packet, uint8_t *out, size_t size)
{
    size_t header = packet->source.version == 6 ? SIM_V6_HEADER : SIM_V4_HEADER;
    size_t counted = packet->source.version == 6 ? 0 : SIM_V4_HEADER;
    uint64_t len = (uint64_t)packet->header_len + packet->payload_len;
    if (len + counted > UINT16_MAX || header + len > size)
        return 0;
    uint8_t *at = out + ip_header(packet, (uint32_t)len, out);
    memcpy(at, packet->header, packet->header_len);
    at += packet->header_len;
    for (uint16_t i = 0; i < packet->num_iov; i++) {
        memcpy(at, packet->iov[i].iov_base, packet->iov[i].iov_len);
        at += packet->iov[i].iov_len;
    }
    transport_checksum(packet, out + header, (uint32_t)len);
    return header + (size_t)len;
}
