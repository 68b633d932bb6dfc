/*
 * Hostile captures. The first byte chooses: with its top bit set, frames of a link type, each behind two
 * bytes of length; else segments of one connection, each behind a byte of control (side, place, flags) and
 * two bytes of length.
 */
#include <stdlib.h>

#include "rig/lint.h"
#include "rig/stream.h"
#include "rig/trace.h"
#include "segment.h"

typedef struct fuzz_state {
    rig_trace plain, symbolic;
    rig_streams *streams;
    rig_fragments *fragments; /* of other protocols */
    rig_lint *lint;
    uint32_t seq[2];
    uint64_t now; /* a second a frame */
    uint16_t id;  /* of the packet in fragments */
    uint8_t piece[FUZZ_PACKET];
    char line[RIG_TRACE_LINE_MAX];
    uint8_t packet[FUZZ_PACKET];
} fuzz_state;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static rig_status print(fuzz_state *state, rig_trace *trace, const rig_item *item)
{
    rig_text text;
    rig_text_init(&text, state->line, sizeof state->line);
    rig_status status = rig_trace_item(trace, &text, item);
    require(text.len < sizeof state->line && text.ptr[text.len] == '\0');
    require(memchr(text.ptr, 0, text.len) == NULL);
    return status;
}

static rig_status on_finding(void *ctx, const rig_lint_finding *finding)
{
    (void)ctx;
    require(finding->side != RIG_LINT_BOTH && finding->field);
    return RIG_OK;
}

static rig_status on_item(void *ctx, const rig_flow *flow, const rig_item *item)
{
    fuzz_state *state = ctx;
    require(item->connection == flow->index);
    require(item->pdu.data.len <= item->data_len);
    rig_status status = print(state, &state->plain, item);
    require(rig_lint_item(state->lint, item) == RIG_OK);
    return status == RIG_OK ? print(state, &state->symbolic, item) : status;
}

static void packet(fuzz_state *state, rig_link_type link, rig_view bytes, uint32_t wire_len)
{
    rig_view whole = bytes;
    rig_link_type whole_link = link;
    uint32_t whole_len = wire_len < bytes.len ? (uint32_t)bytes.len : wire_len;
    require(rig_fragments_packet(state->fragments, state->now, &whole_link, &whole, &whole_len) == RIG_OK);
    require(whole.len <= whole_len);
    state->now += UINT64_C(1000000000);
    require(rig_streams_packet(state->streams, state->now, link, bytes, wire_len) == RIG_OK);
}

static void frames(fuzz_state *state, rig_link_type link, rig_view rest)
{
    while (rest.len) {
        rig_view bytes = fuzz_next(&rest);
        packet(state, link, bytes, (uint32_t)bytes.len);
    }
}

/* Two fragments of the packet, which overlap by 8 bytes when it came out of place, the second one first when
 * it is odd. */
static void fragments(fuzz_state *state, size_t captured, size_t len, bool overlap)
{
    size_t half = (len - 20) / 16 * 8, back = overlap && half ? 8 : 0;
    const size_t from[] = {0, half - back}, to[] = {half, len - 20};
    state->id++;
    for (unsigned i = 0; i < 2; i++) {
        unsigned which = len % 2 ? !i : i;
        uint8_t *out = state->piece;
        size_t part = to[which] - from[which];
        memcpy(out, state->packet, 20);
        rig_be_set(out + 4, 2, state->id);
        rig_be_set(out + 6, 2, from[which] / 8 | (which ? 0 : 0x2000));
        memcpy(out + 20, state->packet + 20 + from[which], part);
        packet(state, RIG_LINK_RAW, rig_view_of(out, captured < 20 + part ? captured : 20 + part),
               (uint32_t)(20 + part));
    }
}

/* Bit 7 of control: in fragments. */
static void segment(fuzz_state *state, uint8_t control, rig_view payload)
{
    size_t len, captured = fuzz_segment(state->seq, control, payload, state->packet, &len);
    uint8_t *out = state->packet;
    if (control & 128)
        fragments(state, captured, len, control >> 1 & 1);
    else
        packet(state, RIG_LINK_RAW, rig_view_of(out, captured), (uint32_t)len);
}

static void segments(fuzz_state *state, rig_view rest)
{
    while (rest.len) {
        uint8_t control = rest.ptr[0];
        rest = rig_view_sub(rest, 1, rest.len);
        segment(state, control, fuzz_next(&rest));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const rig_link_type links[] = {RIG_LINK_NULL, RIG_LINK_ETHERNET, RIG_LINK_RAW,
                                          RIG_LINK_LOOP, RIG_LINK_SLL,      RIG_LINK_SLL2};
    static fuzz_state state;
    if (size == 0)
        return 0;
    rig_alloc_meter meter;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    rig_trace_init(&state.plain, &meter.alloc, RIG_TRACE_PLAIN);
    rig_trace_init(&state.symbolic, &meter.alloc, RIG_TRACE_SYMBOLIC);
    const rig_streams_config config = {.alloc = &meter.alloc, .item = on_item, .ctx = &state};
    const rig_lint_config judge = {.alloc = &meter.alloc, .finding = on_finding};
    require(rig_streams_new(&config, &state.streams) == RIG_OK);
    require(rig_fragments_new(&meter.alloc, &state.fragments) == RIG_OK);
    require(rig_lint_new(&judge, &state.lint) == RIG_OK);
    state.seq[0] = state.seq[1] = 1000;
    state.now = 0;
    if (data[0] & 0x80)
        frames(&state, links[(data[0] & 0x7f) % 6], rig_view_of(data + 1, size - 1));
    else
        segments(&state, rig_view_of(data + 1, size - 1));
    require(rig_streams_end(state.streams) == RIG_OK);
    rig_streams_free(state.streams);
    rig_fragments_free(state.fragments);
    rig_lint_free(state.lint);
    rig_trace_cleanup(&state.plain);
    rig_trace_cleanup(&state.symbolic);
    require(meter.num_live == 0);
    return 0;
}
