#include "frames.h"

#define STREAM_LEN 144 /* three PDUs */

static void three_pings(uint8_t stream[STREAM_LEN])
{
    for (uint32_t i = 0; i < 3; i++)
        nop_out(stream + i * RIG_BHS_LEN, i + 1, 100 + i);
}

static void expect_pings(const play *p, size_t first)
{
    CU_ASSERT_EQUAL(p->items.num, first + 3);
    for (uint32_t i = 0; i < 3; i++) {
        CU_ASSERT(is_pdu(p, first + i, RIG_PDU_NOP_OUT, true));
        CU_ASSERT_EQUAL(rig_get(p->items.ptr[first + i].pdu.bhs, RIG_F_ITT), i + 1);
        CU_ASSERT_EQUAL(p->items.ptr[first + i].pdu.offset, i * RIG_BHS_LEN);
    }
}

/* Sends the stream in five segments in the order given. */
static void send_five(play *p, const unsigned order[5])
{
    static const uint32_t cuts[6] = {0, 10, 48, 100, 101, STREAM_LEN};
    uint8_t stream[STREAM_LEN];
    uint32_t seq = p->ends[INITIATOR].seq;
    three_pings(stream);
    for (unsigned i = 0; i < 5; i++) {
        uint32_t at = cuts[order[i]];
        play_segment(p, INITIATOR, seq + at, ACK, rig_view_of(stream + at, cuts[order[i] + 1] - at));
    }
    p->ends[INITIATOR].seq += STREAM_LEN;
}

static void play_order(const unsigned order[5], uint32_t first_seq)
{
    play p;
    play_begin(&p, RIG_PORT);
    p.ends[INITIATOR].seq = first_seq;
    play_connect(&p);
    send_five(&p, order);
    CU_ASSERT(is_event(&p, 0, "connect", "192.0.2.10:3260"));
    expect_pings(&p, 1);
    play_end(&p);
}

static void permute(unsigned order[5], unsigned from, unsigned *count, uint32_t first_seq)
{
    if (from == 5) {
        play_order(order, first_seq);
        ++*count;
        return;
    }
    for (unsigned i = from; i < 5; i++) {
        unsigned kept = order[from];
        order[from] = order[i];
        order[i] = kept;
        permute(order, from + 1, count, first_seq);
        order[i] = order[from];
        order[from] = kept;
    }
}

static void every_order(void)
{
    unsigned order[5] = {0, 1, 2, 3, 4};
    unsigned count = 0;
    permute(order, 0, &count, 1000);
    CU_ASSERT_EQUAL(count, 120);
}

static void sequence_numbers_wrap(void)
{
    unsigned order[5] = {0, 1, 2, 3, 4};
    unsigned count = 0;
    for (uint32_t before = 0; before <= STREAM_LEN; before += 16)
        permute(order, 0, &count, UINT32_MAX - before);
    CU_ASSERT_EQUAL(count, 1200);
}

static void retransmissions_and_overlaps_count_once(void)
{
    play p;
    uint8_t stream[STREAM_LEN], other[STREAM_LEN];
    play_begin(&p, RIG_PORT);
    play_connect(&p);
    three_pings(stream);
    memset(other, 0xee, sizeof other);
    uint32_t seq = p.ends[INITIATOR].seq;
    play_segment(&p, INITIATOR, seq, ACK, rig_view_of(stream, 60));
    play_segment(&p, INITIATOR, seq, ACK, rig_view_of(other, 60));
    play_segment(&p, INITIATOR, seq + 90, ACK, rig_view_of(stream + 90, 30));
    play_segment(&p, INITIATOR, seq + 50, ACK, rig_view_of(stream + 50, 60));
    play_segment(&p, INITIATOR, seq + 10, ACK, rig_view_of(other, 20));
    play_segment(&p, INITIATOR, seq + 100, ACK, rig_view_of(stream + 100, 44));
    play_segment(&p, INITIATOR, seq - 1, ACK, rig_view_of(other, 1));
    expect_pings(&p, 1);
    play_end(&p);
}

/* The initiator's first acknowledgement says where the target's bytes begin. */
static void loss_of_the_syns_answer_hides_no_other(void)
{
    play p;
    uint8_t stream[STREAM_LEN];
    play_begin(&p, RIG_PORT);
    three_pings(stream);
    play_flag(&p, INITIATOR, SYN);
    p.ends[TARGET].seq++; /* its SYN, which the capture lacks */
    play_flag(&p, INITIATOR, ACK);
    uint32_t seq = p.ends[TARGET].seq;
    play_segment(&p, TARGET, seq + 48, ACK, rig_view_of(stream + 48, 48));
    CU_ASSERT_EQUAL(rig_streams_end(p.streams), RIG_OK);
    CU_ASSERT_EQUAL(p.items.num, 2);
    CU_ASSERT(is_event(&p, 1, "gap", "bytes=48 to-target=no"));
    play_end(&p);
}

static void loss_is_said_when_the_capture_ends(void)
{
    play p;
    uint8_t stream[STREAM_LEN];
    play_begin(&p, RIG_PORT);
    play_connect(&p);
    three_pings(stream);
    uint32_t seq = p.ends[INITIATOR].seq;
    play_segment(&p, INITIATOR, seq, ACK, rig_view_of(stream, 48));
    play_segment(&p, INITIATOR, seq + 96, ACK, rig_view_of(stream + 96, 48));
    CU_ASSERT_EQUAL(p.items.num, 2);
    CU_ASSERT_EQUAL(rig_streams_end(p.streams), RIG_OK);
    CU_ASSERT_EQUAL(p.items.num, 5);
    CU_ASSERT(is_event(&p, 2, "gap", "bytes=48 to-target=yes"));
    CU_ASSERT(is_event(&p, 3, "resync", "offset=96 skipped=48 to-target=yes"));
    CU_ASSERT(is_pdu(&p, 4, RIG_PDU_NOP_OUT, true));
    CU_ASSERT_EQUAL(p.items.ptr[4].pdu.offset, 96);
    play_end(&p);
}

static void loss_is_said_when_its_bytes_were_acknowledged(void)
{
    play p;
    uint8_t stream[STREAM_LEN];
    play_begin(&p, RIG_PORT);
    play_connect(&p);
    three_pings(stream);
    uint32_t seq = p.ends[INITIATOR].seq;
    play_segment(&p, INITIATOR, seq, ACK, rig_view_of(stream, 48));
    play_segment(&p, INITIATOR, seq + 96, ACK, rig_view_of(stream + 96, 48));
    p.ends[INITIATOR].seq = seq + STREAM_LEN;
    for (int i = 0; i < 40; i++)
        play_flag(&p, TARGET, ACK);
    CU_ASSERT(is_event(&p, 2, "gap", "bytes=48 to-target=yes"));
    CU_ASSERT(is_pdu(&p, 4, RIG_PDU_NOP_OUT, true));
    play_end(&p);
}

static void send_ping(play *p, unsigned side)
{
    uint8_t bhs[RIG_BHS_LEN];
    if (side == INITIATOR)
        nop_out(bhs, 1, 100);
    else
        rig_bhs_init(bhs, RIG_PDU_NOP_IN);
    play_pdu(p, side, bhs, (rig_view){NULL, 0});
}

static bool out_of_turn(const play *p, size_t i)
{
    CU_ASSERT_FATAL(i < p->items.num && p->items.ptr[i].kind == RIG_ITEM_PDU);
    return p->items.ptr[i].out_of_turn;
}

/* Who acknowledges bytes that are not in the capture speaks out of turn, and what comes behind its
 * acknowledgement does, too. */
static void loss_puts_pdus_out_of_turn(void)
{
    play p;
    play_begin(&p, RIG_PORT);
    play_connect(&p);
    send_ping(&p, INITIATOR);
    send_ping(&p, TARGET);
    p.ends[INITIATOR].seq += RIG_BHS_LEN; /* nobody sees this one */
    send_ping(&p, TARGET);
    send_ping(&p, INITIATOR);
    send_ping(&p, TARGET);
    CU_ASSERT_EQUAL(rig_streams_end(p.streams), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(p.items.num, 8);
    CU_ASSERT(!out_of_turn(&p, 1) && !out_of_turn(&p, 2));
    CU_ASSERT(out_of_turn(&p, 3) && out_of_turn(&p, 4));
    CU_ASSERT(is_event(&p, 5, "gap", "bytes=48 to-target=yes"));
    CU_ASSERT(out_of_turn(&p, 7));
    play_end(&p);
}

/* Captures of several queues: the answer is seen first. A FIN is acknowledged like a byte. */
static void a_late_segment_is_out_of_turn(void)
{
    play p;
    uint8_t bhs[RIG_BHS_LEN];
    play_begin(&p, RIG_PORT);
    play_connect(&p);
    p.ends[INITIATOR].seq += RIG_BHS_LEN;
    send_ping(&p, TARGET);
    nop_out(bhs, 1, 100);
    play_segment(&p, INITIATOR, p.ends[INITIATOR].seq - RIG_BHS_LEN, ACK, rig_view_of(bhs, RIG_BHS_LEN));
    send_ping(&p, TARGET);
    send_ping(&p, INITIATOR);
    play_flag(&p, INITIATOR, FIN | ACK);
    send_ping(&p, TARGET);
    CU_ASSERT_EQUAL_FATAL(p.items.num, 7);
    CU_ASSERT(out_of_turn(&p, 1) && out_of_turn(&p, 2));
    CU_ASSERT(!out_of_turn(&p, 3) && !out_of_turn(&p, 4));
    CU_ASSERT(!out_of_turn(&p, 6));
    play_end(&p);
}

static void loss_inside_a_payload_keeps_the_framing(void)
{
    play p;
    uint8_t bhs[RIG_BHS_LEN], stream[2 * RIG_BHS_LEN + 1024];
    uint8_t data[1024];
    play_begin(&p, RIG_PORT);
    play_connect(&p);
    memset(data, 0x5a, sizeof data);
    rig_bhs_init(bhs, RIG_PDU_DATA_OUT);
    size_t len = frames_pdu(stream, bhs, rig_view_of(data, sizeof data));
    nop_out(stream + len, 7, 1);
    uint32_t seq = p.ends[INITIATOR].seq;
    play_segment(&p, INITIATOR, seq, ACK, rig_view_of(stream, 60));
    play_segment(&p, INITIATOR, seq + 1000, ACK, rig_view_of(stream + 1000, len + 48 - 1000));
    CU_ASSERT_EQUAL(rig_streams_end(p.streams), RIG_OK);
    CU_ASSERT(is_event(&p, 1, "gap", "bytes=940 to-target=yes"));
    CU_ASSERT(is_pdu(&p, 2, RIG_PDU_DATA_OUT, true));
    CU_ASSERT_EQUAL(p.items.ptr[2].missing, 940);
    CU_ASSERT_EQUAL(p.items.ptr[2].data_len, 1024);
    CU_ASSERT_EQUAL(p.items.ptr[2].pdu.data.len, 12);
    CU_ASSERT(is_pdu(&p, 3, RIG_PDU_NOP_OUT, true));
    CU_ASSERT_EQUAL(p.items.num, 4);
    play_end(&p);
}

/* One past the limit of held segments the oldest hole is given up. */
static void held_segments_are_limited(void)
{
    play p;
    uint8_t byte = 0;
    play_begin(&p, RIG_PORT);
    play_connect(&p);
    uint32_t seq = p.ends[INITIATOR].seq;
    for (uint32_t i = 1; i <= 4096; i++)
        play_segment(&p, INITIATOR, seq + 2 * i, ACK, rig_view_of(&byte, 1));
    CU_ASSERT_EQUAL(p.items.num, 1);
    play_segment(&p, INITIATOR, seq + 3 * 4096, ACK, rig_view_of(&byte, 1));
    CU_ASSERT(is_event(&p, 1, "gap", "bytes=2 to-target=yes"));
    play_end(&p);
}

static void held_bytes_are_limited(void)
{
    play p;
    static uint8_t zeros[60000];
    play_begin(&p, RIG_PORT);
    play_connect(&p);
    uint32_t seq = p.ends[INITIATOR].seq + 1;
    uint32_t most = RIG_STREAM_BUFFER_MAX / sizeof zeros;
    for (uint32_t i = 0; i < most; i++)
        play_segment(&p, INITIATOR, seq + i * (uint32_t)sizeof zeros, ACK, rig_view_of(zeros, sizeof zeros));
    CU_ASSERT_EQUAL(p.items.num, 1);
    play_segment(&p, INITIATOR, seq + most * (uint32_t)sizeof zeros, ACK, rig_view_of(zeros, sizeof zeros));
    CU_ASSERT(is_event(&p, 1, "gap", "bytes=1 to-target=yes"));
    CU_ASSERT(p.meter.bytes_peak < RIG_STREAM_BUFFER_MAX + 2000000);
    play_end(&p);
}

static uint64_t held_full(const play *p)
{
    rig_streams_report report;
    rig_streams_told(p->streams, &report);
    return report.held_full;
}

/* As many bytes of one connection, all behind a hole of one. */
static void hold_bytes(play *p, uint16_t port, uint32_t num)
{
    static const uint8_t zeros[1u << 15];
    p->ends[INITIATOR].port = port;
    play_flag(p, INITIATOR, SYN);
    for (uint32_t at = 0; at < num; at += sizeof zeros) {
        uint32_t len = num - at < sizeof zeros ? num - at : sizeof zeros;
        play_segment(p, INITIATOR, p->ends[INITIATOR].seq + 1 + at, ACK, rig_view_of(zeros, len));
    }
}

/* Of all connections together, too: one byte more, and its own hole is given up. */
static void held_bytes_of_all_are_limited(void)
{
    static play p;
    uint32_t connections = RIG_STREAM_HELD_MAX / RIG_STREAM_BUFFER_MAX;
    play_begin(&p, RIG_PORT);
    for (uint32_t i = 0; i < connections; i++)
        hold_bytes(&p, (uint16_t)(40000 + i), RIG_STREAM_BUFFER_MAX);
    CU_ASSERT_EQUAL(held_full(&p), 0);
    CU_ASSERT_EQUAL(p.items.num, connections);
    hold_bytes(&p, 50000, 1);
    CU_ASSERT_EQUAL(held_full(&p), 0); /* it holds nothing that could be given up, and may hold one segment */
    play_segment(&p, INITIATOR, p.ends[INITIATOR].seq + 3, ACK, TEXT_VIEW("x"));
    CU_ASSERT_EQUAL(held_full(&p), 1);
    CU_ASSERT(is_event(&p, connections + 1, "gap", "bytes=1 to-target=yes"));
    play_end(&p);
}

static void wrong_checksum_is_left_out(void)
{
    play p;
    uint8_t bhs[RIG_BHS_LEN];
    play_begin(&p, RIG_PORT);
    play_connect(&p);
    nop_out(bhs, 1, 1);
    memset(p.frame, 2, 12);
    rig_be_set(p.frame + 12, 2, 0x0800);
    size_t len =
        frames_packet(&p, INITIATOR, p.ends[INITIATOR].seq, 0, ACK, rig_view_of(bhs, 48), p.frame + 14);
    p.frame[14 + 20 + 20 + 16] ^= 1;
    CU_ASSERT_EQUAL(play_frame(&p, RIG_LINK_ETHERNET, rig_view_of(p.frame, 14 + len)), RIG_OK);
    CU_ASSERT_EQUAL(p.items.num, 1);
    play_bytes(&p, INITIATOR, rig_view_of(bhs, 48));
    CU_ASSERT_EQUAL(p.items.num, 2);
    play_end(&p);
}

/* A card that joins segments on their way in leaves the sum of the first. */
static void joined_segments_are_taken(void)
{
    play p;
    static uint8_t stream[RIG_BHS_LEN + 2000], data[2000];
    uint8_t bhs[RIG_BHS_LEN];
    play_begin(&p, RIG_PORT);
    play_connect(&p);
    rig_bhs_init(bhs, RIG_PDU_DATA_OUT);
    size_t pdu_len = frames_pdu(stream, bhs, rig_view_of(data, sizeof data));
    memset(p.frame, 2, 12);
    rig_be_set(p.frame + 12, 2, 0x0800);
    size_t len = frames_packet(&p, INITIATOR, p.ends[INITIATOR].seq, 0, ACK, rig_view_of(stream, pdu_len),
                               p.frame + 14);
    p.frame[14 + 20 + 16] ^= 1;
    CU_ASSERT_EQUAL(play_frame(&p, RIG_LINK_ETHERNET, rig_view_of(p.frame, 14 + len)), RIG_OK);
    CU_ASSERT(is_pdu(&p, 1, RIG_PDU_DATA_OUT, true));
    play_end(&p);
}

/* Frames taken before the network card finished them carry the sum of the pseudo header only. */
static void offloaded_checksum_is_taken(void)
{
    play p;
    uint8_t bhs[RIG_BHS_LEN];
    uint32_t sum = 6 + 20 + 48;
    play_begin(&p, RIG_PORT);
    play_connect(&p);
    nop_out(bhs, 1, 1);
    memset(p.frame, 2, 12);
    rig_be_set(p.frame + 12, 2, 0x0800);
    size_t len =
        frames_packet(&p, INITIATOR, p.ends[INITIATOR].seq, 0, ACK, rig_view_of(bhs, 48), p.frame + 14);
    frames_sum(p.frame + 14 + 12, 8, &sum);
    rig_be_set(p.frame + 14 + 20 + 16, 2, frames_fold(sum));
    CU_ASSERT_EQUAL(play_frame(&p, RIG_LINK_ETHERNET, rig_view_of(p.frame, 14 + len)), RIG_OK);
    CU_ASSERT(is_pdu(&p, 1, RIG_PDU_NOP_OUT, true));
    play_end(&p);
}

RIG_SUITE("pcap reassembly", {"five segments in every order", every_order},
          {"sequence numbers wrap in every order", sequence_numbers_wrap},
          {"retransmissions and overlaps count once", retransmissions_and_overlaps_count_once},
          {"loss of the SYN's answer hides no other", loss_of_the_syns_answer_hides_no_other},
          {"loss is said when the capture ends", loss_is_said_when_the_capture_ends},
          {"loss is said when its bytes were acknowledged", loss_is_said_when_its_bytes_were_acknowledged},
          {"loss puts PDUs out of turn", loss_puts_pdus_out_of_turn},
          {"a late segment is out of turn", a_late_segment_is_out_of_turn},
          {"loss inside a payload keeps the framing", loss_inside_a_payload_keeps_the_framing},
          {"held segments are limited", held_segments_are_limited},
          {"held bytes are limited", held_bytes_are_limited},
          {"held bytes of all are limited", held_bytes_of_all_are_limited},
          {"a wrong checksum is left out", wrong_checksum_is_left_out},
          {"joined segments are taken", joined_segments_are_taken},
          {"an offloaded checksum is taken", offloaded_checksum_is_taken})
