#include "frames.h"
#include "rig/draws.h"
#include "rig/trace.h"

#define ROUNDS 3000

/* Prints each item in both styles, so that the printers meet whatever the follower lets through. */
typedef struct judge {
    rig_trace plain, symbolic;
    rig_text text;
    uint64_t items;
    char line[RIG_TRACE_LINE_MAX];
} judge;

static rig_status judge_item(void *ctx, const rig_flow *flow, const rig_item *item)
{
    judge *j = ctx;
    CU_ASSERT(item->connection == flow->index);
    CU_ASSERT(item->pdu.data.len <= item->data_len);
    rig_text_init(&j->text, j->line, sizeof j->line);
    rig_status status = rig_trace_item(&j->plain, &j->text, item);
    rig_text_init(&j->text, j->line, sizeof j->line);
    j->items++;
    return status == RIG_OK ? rig_trace_item(&j->symbolic, &j->text, item) : status;
}

static void judge_begin(judge *j, rig_alloc_meter *meter, rig_streams **out_streams)
{
    memset(j, 0, sizeof *j);
    rig_alloc_meter_init(meter, rig_alloc_libc());
    rig_trace_init(&j->plain, &meter->alloc, RIG_TRACE_PLAIN);
    rig_trace_init(&j->symbolic, &meter->alloc, RIG_TRACE_SYMBOLIC);
    const rig_streams_config config = {.alloc = &meter->alloc, .item = judge_item, .ctx = j};
    CU_ASSERT_EQUAL_FATAL(rig_streams_new(&config, out_streams), RIG_OK);
}

static void judge_end(judge *j, rig_alloc_meter *meter, rig_streams *streams)
{
    CU_ASSERT_EQUAL(rig_streams_end(streams), RIG_OK);
    rig_streams_free(streams);
    rig_trace_cleanup(&j->plain);
    rig_trace_cleanup(&j->symbolic);
    CU_ASSERT_EQUAL(meter->num_live, 0);
}

static void random_frames(void)
{
    static const rig_link_type links[] = {RIG_LINK_NULL, RIG_LINK_ETHERNET, RIG_LINK_RAW,
                                          RIG_LINK_LOOP, RIG_LINK_SLL,      RIG_LINK_SLL2};
    const rig_draws draws = {.seed = 1};
    static judge j;
    rig_alloc_meter meter;
    rig_streams *streams;
    judge_begin(&j, &meter, &streams);
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint8_t frame[256];
        uint64_t shape = rig_draw(&draws, "shape", i);
        rig_draw_bytes(&draws, "bytes", i * 64, frame, sizeof frame);
        if (shape & 1)
            frame[0] = shape & 2 ? 0x45 : 0x60;
        if (shape & 4)
            frame[6] = frame[9] = 6;
        if (shape & 8)
            rig_be_set(frame + 12, 2, shape & 16 ? 0x0800 : 0x8100);
        rig_view captured = rig_view_of(frame, shape >> 8 & 0xff);
        rig_link_type link = links[(shape >> 16) % 6];
        CU_ASSERT_EQUAL(rig_streams_packet(streams, i, link, captured, (uint32_t)(shape >> 32)), RIG_OK);
    }
    judge_end(&j, &meter, streams);
}

/* Right frames of one connection with random flags, numbers and payload, some of which look like headers. */
static void random_segments(void)
{
    const rig_draws draws = {.seed = 2};
    static judge j;
    static play p;
    rig_alloc_meter meter;
    rig_streams *streams;
    play_begin(&p, RIG_PORT);
    judge_begin(&j, &meter, &streams);
    for (uint64_t i = 0; i < 4 * ROUNDS; i++) {
        uint8_t payload[512];
        uint64_t shape = rig_draw(&draws, "shape", i);
        rig_draw_bytes(&draws, "bytes", i * 64, payload, sizeof payload);
        if (shape & 1) {
            rig_bhs_init(payload, (rig_pdu_kind)((shape >> 40) % RIG_PDU_UNKNOWN));
            rig_set(payload, RIG_F_DATA_LEN, shape >> 50 & 0x1ff);
        }
        unsigned flags = shape >> 8 & 31;
        flags &= shape & 0x20000 ? 31u : (unsigned)~(SYN | FIN | RST);
        uint32_t seq = p.ends[INITIATOR].seq + (uint32_t)(shape >> 20 & 0x3ff);
        size_t len = frames_packet(&p, shape >> 1 & 1, seq, (uint32_t)(seq + (shape >> 30 & 0xfff)), flags,
                                   rig_view_of(payload, shape >> 3 & 0x1ff), p.frame);
        uint32_t cut = shape & 4 ? (uint32_t)len : (uint32_t)(shape >> 33 & 0x3ff);
        CU_ASSERT_EQUAL(rig_streams_packet(streams, i, RIG_LINK_RAW,
                                           rig_view_sub(rig_view_of(p.frame, len), 0, cut), (uint32_t)len),
                        RIG_OK);
        p.ends[INITIATOR].seq += 100;
    }
    CU_ASSERT(j.items > 100);
    CU_ASSERT(meter.bytes_peak < 64u << 20);
    judge_end(&j, &meter, streams);
    play_end(&p);
}

/* A right session with one byte of each copy changed. */
static void changed_sessions(void)
{
    const rig_draws draws = {.seed = 3};
    static judge j;
    static play p;
    for (uint64_t round = 0; round < 500; round++) {
        rig_alloc_meter meter;
        rig_streams *streams;
        uint8_t bhs[RIG_BHS_LEN], bytes[256];
        uint64_t drawn = rig_draw(&draws, "change", round);
        play_begin(&p, RIG_PORT);
        judge_begin(&j, &meter, &streams);
        for (unsigned i = 0; i < 6; i++) {
            rig_bhs_init(bhs, i % 2 ? RIG_PDU_LOGIN_RESP : RIG_PDU_LOGIN_REQ);
            rig_set(bhs, RIG_F_C, i < 2);
            size_t len = frames_pdu(bytes, bhs, TEXT_VIEW("HeaderDigest=CRC32C\0DataDigest=None\0"));
            len = frames_packet(&p, i % 2, p.ends[i % 2].seq, 0, ACK, rig_view_of(bytes, len), p.frame);
            if (drawn % 6 == i)
                p.frame[(drawn >> 8) % len] ^= (uint8_t)(drawn >> 32);
            CU_ASSERT_EQUAL(
                rig_streams_packet(streams, i, RIG_LINK_RAW, rig_view_of(p.frame, len), (uint32_t)len),
                RIG_OK);
            p.ends[i % 2].seq += (uint32_t)len - 40;
        }
        judge_end(&j, &meter, streams);
        play_end(&p);
    }
}

static void knock(play *p, uint32_t from, unsigned flags)
{
    rig_be_set(p->ends[INITIATOR].address, 4, 0x0a000000 + from);
    size_t len = frames_packet(p, INITIATOR, 1, 0, flags, (rig_view){NULL, 0}, p->frame);
    CU_ASSERT_EQUAL_FATAL(play_frame(p, RIG_LINK_RAW, rig_view_of(p->frame, len)), RIG_OK);
}

static rig_streams_report told(const play *p)
{
    rig_streams_report report;
    rig_streams_told(p->streams, &report);
    return report;
}

/* More connections than are followed: the quiet ones make room, then the iSCSI one that was longest silent,
 * and the memory stays as it is. */
static void connections_are_limited(void)
{
    static play p;
    play_begin(&p, 80);
    for (uint32_t i = 0; i <= RIG_STREAM_CONNECTIONS_MAX; i++)
        knock(&p, i, SYN);
    CU_ASSERT_EQUAL(told(&p).forgotten, 1);
    p.ends[TARGET].port = RIG_PORT;
    for (uint32_t i = 0; i < RIG_STREAM_CONNECTIONS_MAX; i++)
        knock(&p, i, SYN);
    CU_ASSERT_EQUAL(told(&p).displaced, 0);
    rig_items_cleanup(&p.items);
    uint64_t full = p.meter.bytes_live;
    knock(&p, 0, ACK); /* it is heard of, so the next one makes room */
    knock(&p, RIG_STREAM_CONNECTIONS_MAX, SYN);
    CU_ASSERT_EQUAL(told(&p).displaced, 1);
    CU_ASSERT_EQUAL(p.items.num, 1);
    knock(&p, 0, SYN);
    CU_ASSERT_EQUAL(p.items.num, 1);
    knock(&p, 1, SYN); /* anew */
    CU_ASSERT_EQUAL(p.items.num, 2);
    CU_ASSERT_EQUAL(told(&p).displaced, 2);
    rig_items_cleanup(&p.items);
    CU_ASSERT_EQUAL(p.meter.bytes_live, full);
    play_end(&p);
}

RIG_SUITE("pcap hostile input", {"random frames", random_frames}, {"random segments", random_segments},
          {"changed sessions", changed_sessions}, {"connections are limited", connections_are_limited})
