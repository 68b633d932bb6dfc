/*
 * Hostile captures, read twice. The input is as that of fuzz_streams without fragments: the first byte's top
 * bit chooses frames of a link type, each behind two bytes of length; else segments of one connection, each
 * behind a byte of control and two bytes of length.
 */
#include <stdlib.h>

#include "rig/sanitize.h"

#define HEADERS 40 /* IPv4 and TCP without options */

typedef struct fuzz_state {
    rig_sanitize *sanitize;
    bool again;
    uint32_t seq[2];
    uint64_t now;
    uint8_t packet[HEADERS + 65536];
} fuzz_state;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void packet(fuzz_state *state, rig_link_type link, rig_view bytes, uint32_t wire_len)
{
    rig_view frame;
    uint32_t len;
    state->now += UINT64_C(1000000000);
    if (!state->again) {
        require(rig_sanitize_read(state->sanitize, state->now, link, bytes, wire_len) == RIG_OK);
        return;
    }
    require(rig_sanitize_packet(state->sanitize, state->now, link, bytes, wire_len, &frame, &len) == RIG_OK);
    require(frame.len >= 14 && frame.len <= len && frame.len <= 14 + HEADERS + 65536 + bytes.len);
}

static rig_view next_bytes(rig_view *rest)
{
    size_t len = rest->len < 2 ? 0 : (size_t)rig_be_get(rest->ptr, 2);
    rig_view bytes = rig_view_sub(*rest, 2, len);
    *rest = rig_view_sub(*rest, 2 + len, rest->len);
    return bytes;
}

/* Control: bit 0 side, bits 1 and 2 how far from the next byte, bit 3 cut short, bits 4 to 6 SYN, FIN, RST.
 */
static void segment(fuzz_state *state, uint8_t control, rig_view payload)
{
    static const uint32_t skew[] = {0, 4, 48, UINT32_MAX - 7};
    unsigned side = control & 1;
    size_t len = HEADERS + payload.len;
    uint8_t *out = state->packet, *tcp = out + 20;
    memset(out, 0, HEADERS);
    out[0] = 0x45;
    out[9] = 6;
    out[15] = (uint8_t)(1 + side);
    out[19] = (uint8_t)(2 - side);
    rig_be_set(tcp + (side ? 0 : 2), 2, 3260);
    rig_be_set(tcp + (side ? 2 : 0), 2, 1024);
    rig_be_set(tcp + 4, 4, state->seq[side] + skew[control >> 1 & 3]);
    rig_be_set(tcp + 8, 4, state->seq[!side]);
    tcp[12] = 0x50;
    tcp[13] = (uint8_t)(0x10 | (control & 16 ? 2 : 0) | (control & 32 ? 1 : 0) | (control & 64 ? 4 : 0));
    if (payload.len)
        memcpy(out + HEADERS, payload.ptr, payload.len);
    state->seq[side] += (uint32_t)payload.len;
    size_t captured = control & 8 ? len - payload.len / 2 : len;
    packet(state, RIG_LINK_RAW, rig_view_of(out, captured), (uint32_t)len);
}

static void reading(fuzz_state *state, uint8_t first, rig_view rest)
{
    static const rig_link_type links[] = {RIG_LINK_NULL, RIG_LINK_ETHERNET, RIG_LINK_RAW,
                                          RIG_LINK_LOOP, RIG_LINK_SLL,      RIG_LINK_SLL2};
    state->seq[0] = state->seq[1] = 1000;
    state->now = 0;
    while (rest.len) {
        uint8_t control = rest.ptr[0];
        if (!(first & 0x80))
            rest = rig_view_sub(rest, 1, rest.len);
        rig_view bytes = next_bytes(&rest);
        if (first & 0x80)
            packet(state, links[(first & 0x7f) % 6], bytes, (uint32_t)bytes.len);
        else
            segment(state, control, bytes);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz_state state;
    rig_alloc_meter meter;
    if (size == 0)
        return 0;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    require(rig_sanitize_new(&meter.alloc, 0, &state.sanitize) == RIG_OK);
    for (unsigned i = 0; i < 2; i++) {
        state.again = i > 0;
        if (i)
            require(rig_sanitize_turn(state.sanitize) == RIG_OK);
        reading(&state, data[0], rig_view_of(data + 1, size - 1));
    }
    rig_sanitize_free(state.sanitize);
    require(meter.num_live == 0);
    return 0;
}
