/*
 * Hostile captures, read twice. The input is as that of fuzz_streams without fragments: the first byte's top
 * bit chooses frames of a link type, each behind two bytes of length; else segments of one connection, each
 * behind a byte of control and two bytes of length.
 */
#include <stdlib.h>

#include "rig/sanitize.h"
#include "segment.h"

typedef struct fuzz_state {
    rig_sanitize *sanitize;
    bool again;
    uint32_t seq[2];
    uint64_t now;
    uint8_t packet[FUZZ_PACKET];
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
    require(frame.len >= 14 && frame.len <= len && frame.len <= 14 + FUZZ_HEADERS + 65536 + bytes.len);
}

static void segment(fuzz_state *state, uint8_t control, rig_view payload)
{
    size_t len, captured = fuzz_segment(state->seq, control, payload, state->packet, &len);
    packet(state, RIG_LINK_RAW, rig_view_of(state->packet, captured), (uint32_t)len);
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
        rig_view bytes = fuzz_next(&rest);
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
