/* Hostile captures as several fuzzers read their input: pieces behind their length, segments of one
 * connection. */
#ifndef PCAP_FUZZ_SEGMENT_H
#define PCAP_FUZZ_SEGMENT_H

#include <string.h>

#include "rig/view.h"

#define FUZZ_HEADERS 40 /* IPv4 and TCP without options */
#define FUZZ_PACKET (FUZZ_HEADERS + 65536)

static inline rig_view fuzz_next(rig_view *rest)
{
    size_t len = rest->len < 2 ? 0 : (size_t)rig_be_get(rest->ptr, 2);
    rig_view bytes = rig_view_sub(*rest, 2, len);
    *rest = rig_view_sub(*rest, 2 + len, rest->len);
    return bytes;
}

/* Control: bit 0 side, bits 1 and 2 how far from the next byte, bit 3 cut short, bits 4 to 6 SYN, FIN, RST.
 * Writes the packet and moves the side's number on; bytes of it that were captured. *out_len: as on the wire.
 */
static inline size_t fuzz_segment(uint32_t seq[2], uint8_t control, rig_view payload,
                                  uint8_t out[FUZZ_PACKET], size_t *out_len)
{
    static const uint32_t skew[] = {0, 4, 48, UINT32_MAX - 7};
    unsigned side = control & 1;
    uint8_t *tcp = out + 20;
    memset(out, 0, FUZZ_HEADERS);
    out[0] = 0x45;
    out[9] = 6;
    out[15] = (uint8_t)(1 + side);
    out[19] = (uint8_t)(2 - side);
    rig_be_set(tcp + (side ? 0 : 2), 2, 3260);
    rig_be_set(tcp + (side ? 2 : 0), 2, 1024);
    rig_be_set(tcp + 4, 4, seq[side] + skew[control >> 1 & 3]);
    rig_be_set(tcp + 8, 4, seq[!side]);
    tcp[12] = 0x50;
    tcp[13] = (uint8_t)(0x10 | (control & 16 ? 2 : 0) | (control & 32 ? 1 : 0) | (control & 64 ? 4 : 0));
    if (payload.len)
        memcpy(out + FUZZ_HEADERS, payload.ptr, payload.len);
    seq[side] += (uint32_t)payload.len;
    *out_len = FUZZ_HEADERS + payload.len;
    return control & 8 ? *out_len - payload.len / 2 : *out_len;
}

#endif
