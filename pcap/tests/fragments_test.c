/* IP packets that came in fragments: put together, or said not to be. */
#include "frames.h"

#define SAID "192.0.2.1 to 192.0.2.10"
#define PING 4000 /* bytes of data of the ping that is cut */

typedef struct cut {
    play p;
    uint8_t packet[FRAME_MAX]; /* a whole one, then the fragments are made of it */
    size_t header, len;
    uint32_t id;
} cut;

/* One packet with a ping of so many bytes, the first of its connection behind the SYN. */
static void cut_begin(cut *c, uint8_t version, size_t data_len)
{
    static uint8_t data[60000];
    uint8_t bhs[RIG_BHS_LEN];
    static uint8_t pdu[60000 + RIG_BHS_LEN];
    play_begin(&c->p, RIG_PORT);
    c->p.version = version;
    c->id = 7;
    play_flag(&c->p, INITIATOR, SYN);
    memset(data, 0x5a, sizeof data);
    nop_out(bhs, 1, 1);
    rig_view bytes = rig_view_of(pdu, frames_pdu(pdu, bhs, rig_view_of(data, data_len)));
    c->len = frames_packet(&c->p, INITIATOR, c->p.ends[INITIATOR].seq, 0, ACK, bytes, c->packet);
    c->header = version == 4 ? 20 : 40;
}

/* Plays the fragment with bytes from..to of the packet's payload; returns its length. */
static size_t piece(cut *c, size_t from, size_t to)
{
    uint8_t *out = c->p.frame;
    size_t body = c->len - c->header, head = c->header + (c->p.version == 6 ? 8 : 0);
    bool more = to < body;
    memcpy(out, c->packet, c->header);
    if (c->p.version == 4) {
        rig_be_set(out + 2, 2, head + to - from);
        rig_be_set(out + 4, 2, c->id);
        rig_be_set(out + 6, 2, from / 8 | (more ? 0x2000 : 0));
    } else {
        rig_be_set(out + 4, 2, 8 + to - from);
        out[40] = out[6];
        out[6] = 44;
        out[41] = 0;
        rig_be_set(out + 42, 2, from | more);
        rig_be_set(out + 44, 4, c->id);
    }
    memcpy(out + head, c->packet + c->header + from, to - from);
    CU_ASSERT_EQUAL(play_frame(&c->p, RIG_LINK_RAW, rig_view_of(out, head + to - from)), RIG_OK);
    return head + to - from;
}

static void expect_ping(cut *c, size_t item, uint32_t frame)
{
    CU_ASSERT_FATAL(is_pdu(&c->p, item, RIG_PDU_NOP_OUT, true));
    const rig_item *ping = &c->p.items.ptr[item];
    CU_ASSERT_EQUAL(ping->frame, frame);
    CU_ASSERT_EQUAL(ping->data_len, PING);
    CU_ASSERT_EQUAL(ping->missing, 0);
    CU_ASSERT_EQUAL_FATAL(ping->pdu.data.len, PING);
    for (size_t i = 0; i < PING; i++)
        CU_ASSERT_EQUAL(ping->pdu.data.ptr[i], 0x5a);
}

/* In any order, and with repetitions; the PDU belongs to the frame that completed it. */
static void fragments_are_put_together(void)
{
    static const struct {
        size_t cuts[6][2]; /* ended by 0, 0 */
        uint32_t frame;
    } rows[] = {
        {{{0, 1480}, {1480, 2960}, {2960, 0}}, 4},
        {{{2960, 0}, {1480, 2960}, {0, 1480}}, 4},
        {{{1480, 2960}, {0, 1480}, {0, 1480}, {2960, 0}}, 5},
        {{{0, 8}, {8, 0}}, 3},
    };
    for (uint8_t version = 4; version <= 6; version += 2)
        for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
            static cut c;
            cut_begin(&c, version, PING);
            for (size_t i = 0; rows[r].cuts[i][0] || rows[r].cuts[i][1]; i++)
                piece(&c, rows[r].cuts[i][0],
                      rows[r].cuts[i][1] && rows[r].cuts[i][1] < c.len - c.header ? rows[r].cuts[i][1]
                                                                                  : c.len - c.header);
            expect_ping(&c, 1, rows[r].frame);
            CU_ASSERT_EQUAL(rig_streams_end(c.p.streams), RIG_OK);
            CU_ASSERT_EQUAL(c.p.items.num, 2);
            play_end(&c.p);
        }
}

/* TCP behind destination options, which stand in the part that was cut. */
static void headers_behind_the_fragment_header(void)
{
    static cut c;
    cut_begin(&c, 6, PING);
    memmove(c.packet + 48, c.packet + 40, c.len - 40);
    memcpy(c.packet + 40, (uint8_t[]){6, 0, 1, 4, 0, 0, 0, 0}, 8);
    c.packet[6] = 60;
    c.len += 8;
    piece(&c, 0, 2000);
    piece(&c, 2000, c.len - 40);
    expect_ping(&c, 1, 3);
    play_end(&c.p);
}

/* Two packets between the same ends at a time are told apart by their number. */
static void packets_are_told_apart(void)
{
    static cut c;
    cut_begin(&c, 4, PING);
    piece(&c, 0, 1480);
    c.id++;
    piece(&c, 1480, c.len - 20);
    CU_ASSERT_EQUAL(c.p.items.num, 1);
    c.id--;
    piece(&c, 1480, c.len - 20);
    expect_ping(&c, 1, 4);
    CU_ASSERT_EQUAL(rig_streams_end(c.p.streams), RIG_OK);
    CU_ASSERT_EQUAL(c.p.items.num, 3);
    CU_ASSERT(is_event(&c.p, 2, "fragment", SAID));
    CU_ASSERT_EQUAL(c.p.items.ptr[2].connection, UINT32_MAX);
    play_end(&c.p);
}

/* What the snapshot length cut off is missing, and what is behind it is still found. */
static void cut_fragments_lack_bytes(void)
{
    static cut c;
    cut_begin(&c, 4, PING);
    c.p.snap = 500;
    piece(&c, 0, 1480);
    piece(&c, 1480, c.len - 20);
    CU_ASSERT_EQUAL_FATAL(c.p.items.num, 2);
    const rig_item *ping = &c.p.items.ptr[1];
    CU_ASSERT_EQUAL(ping->data_len, PING);
    CU_ASSERT_EQUAL(ping->pdu.data.len, 480 - 20 - RIG_BHS_LEN);
    CU_ASSERT_EQUAL(ping->missing, PING - (480 - 20 - RIG_BHS_LEN));
    play_end(&c.p);
}

static uint64_t unjoined(const cut *c)
{
    rig_streams_report report;
    rig_streams_told(c->p.streams, &report);
    return report.unjoined;
}

static void fragments_are_given_up_in_time(void)
{
    for (uint64_t late = 0; late < 2; late++) {
        static cut c;
        cut_begin(&c, 4, PING);
        piece(&c, 0, 1480);
        c.p.now += RIG_STREAM_FRAGMENT_LIFE + late - 1000; /* a frame takes 1000 */
        piece(&c, 1480, c.len - 20);
        if (late)
            CU_ASSERT(is_event(&c.p, 1, "fragment", SAID))
        else
            expect_ping(&c, 1, 3);
        CU_ASSERT_EQUAL(unjoined(&c), late);
        play_end(&c.p);
    }
}

/* Overlaps, a second end, bytes behind the end, odd lengths, nothing: hosts differ in what they make of it.
 */
static void strange_fragments_are_not_put_together(void)
{
    static const size_t rows[][3][2] = {
        {{0, 1480}, {1472, 2960}, {1480, 0}}, /* overlaps what is before it */
        {{1480, 0}, {0, 1488}, {0, 1480}},    /* overlaps what is behind it */
        {{0, 1484}, {1480, 0}, {1480, 0}},    /* no multiple of 8 */
        {{0, 1480}, {1480, 1480}, {1480, 0}}, /* empty */
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        static cut c;
        cut_begin(&c, 4, PING);
        for (size_t i = 0; i < 3; i++)
            piece(&c, rows[r][i][0], rows[r][i][1] ? rows[r][i][1] : c.len - 20);
        CU_ASSERT_EQUAL(c.p.items.num, 1);
        CU_ASSERT_EQUAL(rig_streams_end(c.p.streams), RIG_OK);
        CU_ASSERT(is_event(&c.p, 1, "fragment", SAID));
        CU_ASSERT_EQUAL(unjoined(&c), 1);
        play_end(&c.p);
    }
}

static void ends_of_a_packet_agree(void)
{
    static cut c;
    size_t len;
    cut_begin(&c, 4, PING);
    len = c.len;
    piece(&c, 1480, c.len - 20);
    c.len = 3000;
    piece(&c, 2000, c.len - 20);
    c.len = len;
    piece(&c, 0, 1480);
    CU_ASSERT_EQUAL(c.p.items.num, 1);
    CU_ASSERT_EQUAL(rig_streams_end(c.p.streams), RIG_OK);
    CU_ASSERT(is_event(&c.p, 1, "fragment", SAID));
    play_end(&c.p);
}

/* 65535 bytes are what a payload can have, and a fragment may reach beyond. */
static void giants_are_refused(void)
{
    static cut c;
    cut_begin(&c, 4, 60000);
    memset(c.packet + c.len, 0, 65535 + 20 - c.len);
    c.len = 65535 + 20;
    piece(&c, 65528, 65535);
    piece(&c, 0, 32768);
    piece(&c, 32768, 65528);
    CU_ASSERT(is_pdu(&c.p, 1, RIG_PDU_NOP_OUT, true));
    c.id++;
    c.len++;
    piece(&c, 65528, 65536);
    piece(&c, 0, 32768);
    piece(&c, 32768, 65528);
    CU_ASSERT_EQUAL(unjoined(&c), 0);
    CU_ASSERT_EQUAL(rig_streams_end(c.p.streams), RIG_OK);
    CU_ASSERT_EQUAL(unjoined(&c), 1);
    play_end(&c.p);
}

/* 128 pieces are kept of a packet, and 64 packets at a time. */
static void fragments_are_limited(void)
{
    for (size_t num = 128; num <= 129; num++) {
        static cut c;
        cut_begin(&c, 4, PING);
        for (size_t i = 0; i < num; i++)
            piece(&c, 8 * i, i + 1 < num ? 8 * (i + 1) : c.len - 20);
        CU_ASSERT_EQUAL(is_pdu(&c.p, 1, RIG_PDU_NOP_OUT, true), num == 128);
        play_end(&c.p);
    }
    static cut c;
    rig_streams_report report;
    cut_begin(&c, 4, PING);
    for (c.id = 0; c.id < RIG_STREAM_FRAGMENTED_MAX; c.id++)
        piece(&c, 0, 1480);
    CU_ASSERT_EQUAL(unjoined(&c), 0);
    piece(&c, 0, 1480);
    rig_streams_told(c.p.streams, &report);
    CU_ASSERT_EQUAL(report.unjoined, 1);
    CU_ASSERT_EQUAL(report.fragments_crowded, 1);
    c.id = 1; /* number 0 made room */
    piece(&c, 1480, c.len - 20);
    CU_ASSERT(is_pdu(&c.p, 2, RIG_PDU_NOP_OUT, true));
    play_end(&c.p);
}

static void other_protocols_are_left_alone(void)
{
    for (uint8_t version = 4; version <= 6; version += 2) {
        static cut c;
        cut_begin(&c, version, PING);
        c.packet[version == 4 ? 9 : 6] = 17;
        piece(&c, 0, 1480);
        piece(&c, 1480, c.len - c.header);
        CU_ASSERT_EQUAL(rig_streams_end(c.p.streams), RIG_OK);
        CU_ASSERT_EQUAL(c.p.items.num, 1);
        play_end(&c.p);
    }
}

/* ---- other protocols ---- */

/* A packet of UDP in two fragments, second first; the whole comes with the frame that completes it. */
static void packets_of_others_are_made_whole(void)
{
    for (uint8_t version = 4; version <= 6; version += 2) {
        static cut c;
        static uint8_t plain[FRAME_MAX];
        rig_alloc_meter meter;
        rig_fragments *fragments;
        rig_link_type link = RIG_LINK_RAW;
        cut_begin(&c, version, PING);
        rig_alloc_meter_init(&meter, rig_alloc_libc());
        CU_ASSERT_EQUAL_FATAL(rig_fragments_new(&meter.alloc, &fragments), RIG_OK);
        c.packet[version == 4 ? 9 : 6] = 17;
        c.packet[version == 4 ? 8 : 7] = 0; /* lifetime and hop limit are not kept */
        memcpy(plain, c.packet, c.len);
        rig_view frame = rig_view_of(c.p.frame, piece(&c, 2000, c.len - c.header));
        uint32_t wire_len = (uint32_t)frame.len;
        CU_ASSERT_EQUAL(rig_fragments_packet(fragments, 1, &link, &frame, &wire_len), RIG_OK);
        CU_ASSERT_EQUAL(frame.len, 0);
        CU_ASSERT_EQUAL(rig_fragments_lost(fragments), 1);
        frame = rig_view_of(c.p.frame, piece(&c, 0, 2000));
        wire_len = (uint32_t)frame.len;
        CU_ASSERT_EQUAL(rig_fragments_packet(fragments, 1, &link, &frame, &wire_len), RIG_OK);
        CU_ASSERT_EQUAL(wire_len, c.len);
        CU_ASSERT(rig_view_eq(frame, rig_view_of(plain, c.len)));
        CU_ASSERT_EQUAL(rig_fragments_lost(fragments), 0);
        rig_fragments_free(fragments);
        CU_ASSERT_EQUAL(meter.num_live, 0);
        play_end(&c.p);
    }
}

/* TCP is somebody else's, and what is whole already stays as it is. */
static void other_frames_stay_as_they_are(void)
{
    static cut c;
    rig_fragments *fragments;
    cut_begin(&c, 4, PING);
    CU_ASSERT_EQUAL_FATAL(rig_fragments_new(rig_alloc_libc(), &fragments), RIG_OK);
    for (unsigned i = 0; i < 2; i++) {
        size_t len = i ? c.len : piece(&c, 0, 2000);
        const rig_view before = rig_view_of(i ? c.packet : c.p.frame, len);
        rig_view frame = before;
        rig_link_type link = RIG_LINK_RAW;
        uint32_t wire_len = (uint32_t)len;
        CU_ASSERT_EQUAL(rig_fragments_packet(fragments, 1, &link, &frame, &wire_len), RIG_OK);
        CU_ASSERT(frame.ptr == before.ptr && frame.len == before.len && wire_len == len);
    }
    CU_ASSERT_EQUAL(rig_fragments_lost(fragments), 0);
    rig_fragments_free(fragments);
    play_end(&c.p);
}

static void no_memory_for_fragments(void)
{
    static cut c;
    cut_begin(&c, 4, PING);
    piece(&c, 0, 1480);
    c.p.meter.fail_at = c.p.meter.num_calls + 1;
    c.p.meter.fail_on = true;
    rig_be_set(c.p.frame + 6, 2, 1480 / 8);
    CU_ASSERT_EQUAL(play_frame(&c.p, RIG_LINK_RAW, rig_view_of(c.p.frame, 1500)), RIG_E_NOMEM);
    play_end(&c.p);
}

RIG_SUITE("pcap fragments", {"fragments are put together", fragments_are_put_together},
          {"headers behind the fragment header", headers_behind_the_fragment_header},
          {"packets are told apart", packets_are_told_apart},
          {"cut fragments lack bytes", cut_fragments_lack_bytes},
          {"fragments are given up in time", fragments_are_given_up_in_time},
          {"strange fragments are not put together", strange_fragments_are_not_put_together},
          {"ends of a packet agree", ends_of_a_packet_agree}, {"giants are refused", giants_are_refused},
          {"fragments are limited", fragments_are_limited},
          {"other protocols are left alone", other_protocols_are_left_alone},
          {"packets of others are made whole", packets_of_others_are_made_whole},
          {"other frames stay as they are", other_frames_stay_as_they_are},
          {"no memory for fragments", no_memory_for_fragments})
