/* Frames made by hand: one iSCSI connection over Ethernet, IPv4 and TCP, fed to a follower that records
 * items. */
#ifndef PCAP_FRAMES_H
#define PCAP_FRAMES_H

#include "rig/stream.h"
#include "rig/text.h"
#include "suite.h"

#define FRAME_MAX 70000

/* One end of the connection being played. */
typedef struct end {
    uint8_t address[16];
    uint16_t port;
    uint32_t seq;
} end;

typedef struct play {
    rig_alloc_meter meter;
    rig_items items;
    rig_streams *streams;
    end ends[2]; /* [0] initiator, [1] target */
    uint8_t version;
    uint32_t snap; /* cuts frames, 0 = not */
    uint64_t now;
    rig_flow flow; /* as last seen */
    uint8_t frame[FRAME_MAX];
} play;

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };
enum { INITIATOR = 0, TARGET = 1 };

static inline rig_status play_item(void *ctx, const rig_flow *flow, const rig_item *item)
{
    play *p = ctx;
    p->flow = *flow;
    return rig_items_add(&p->items, item);
}

static inline void play_begin(play *p, uint16_t port)
{
    memset(p, 0, sizeof *p);
    rig_alloc_meter_init(&p->meter, rig_alloc_libc());
    p->items.alloc = &p->meter.alloc;
    p->version = 4;
    p->ends[INITIATOR] = (end){{192, 0, 2, 1}, 40000, 1000};
    p->ends[TARGET] = (end){{192, 0, 2, 10}, port, 5000};
    const rig_streams_config config = {.alloc = &p->meter.alloc, .item = play_item, .ctx = p};
    CU_ASSERT_EQUAL_FATAL(rig_streams_new(&config, &p->streams), RIG_OK);
}

static inline void play_end(play *p)
{
    rig_streams_free(p->streams);
    rig_items_cleanup(&p->items);
    CU_ASSERT_EQUAL(p->meter.num_live, 0);
    CU_ASSERT_EQUAL(p->meter.bytes_live, 0);
}

static inline void frames_sum(const uint8_t *bytes, size_t len, uint32_t *sum)
{
    for (size_t i = 0; i < len; i++)
        *sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
}

static inline uint16_t frames_fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

static inline size_t frames_ip(const play *p, const end *from, const end *to, size_t tcp_len, uint8_t *ip)
{
    size_t address = p->version == 4 ? 4 : 16;
    size_t header = p->version == 4 ? 20 : 40;
    memset(ip, 0, header);
    ip[0] = p->version == 4 ? 0x45 : 0x60;
    if (p->version == 4) {
        rig_be_set(ip + 2, 2, header + tcp_len);
        ip[8] = 64;
        ip[9] = 6;
    } else {
        rig_be_set(ip + 4, 2, tcp_len);
        ip[6] = 6;
        ip[7] = 64;
    }
    memcpy(ip + header - 2 * address, from->address, address);
    memcpy(ip + header - address, to->address, address);
    return header;
}

/* Writes a TCP segment with a right checksum from the IP header on; returns its bytes. */
static inline size_t frames_packet(const play *p, unsigned side, uint32_t seq, uint32_t ack, unsigned flags,
                                   rig_view payload, uint8_t *out)
{
    const end *from = &p->ends[side], *to = &p->ends[!side];
    size_t address = p->version == 4 ? 4 : 16;
    size_t header = frames_ip(p, from, to, 20 + payload.len, out);
    uint8_t *tcp = out + header;
    uint32_t sum = 6 + 20 + (uint32_t)payload.len;
    memset(tcp, 0, 20);
    rig_be_set(tcp, 2, from->port);
    rig_be_set(tcp + 2, 2, to->port);
    rig_be_set(tcp + 4, 4, seq);
    rig_be_set(tcp + 8, 4, ack);
    tcp[12] = 0x50;
    tcp[13] = (uint8_t)flags;
    if (payload.len)
        memcpy(tcp + 20, payload.ptr, payload.len);
    frames_sum(out + header - 2 * address, 2 * address, &sum);
    frames_sum(tcp, 20 + payload.len, &sum);
    rig_be_set(tcp + 16, 2, (uint16_t)~frames_fold(sum));
    return header + 20 + payload.len;
}

static inline rig_status play_frame(play *p, rig_link_type link, rig_view frame)
{
    p->now += 1000;
    rig_view captured = p->snap ? rig_view_sub(frame, 0, p->snap) : frame;
    return rig_streams_packet(p->streams, p->now, link, captured, (uint32_t)frame.len);
}

static inline void play_segment(play *p, unsigned side, uint32_t seq, unsigned flags, rig_view payload)
{
    memset(p->frame, 2, 12);
    rig_be_set(p->frame + 12, 2, p->version == 4 ? 0x0800 : 0x86dd);
    size_t len = frames_packet(p, side, seq, p->ends[!side].seq, flags, payload, p->frame + 14);
    CU_ASSERT_EQUAL(play_frame(p, RIG_LINK_ETHERNET, rig_view_of(p->frame, 14 + len)), RIG_OK);
}

/* The next bytes of one side, in order. */
static inline void play_bytes(play *p, unsigned side, rig_view bytes)
{
    play_segment(p, side, p->ends[side].seq, ACK, bytes);
    p->ends[side].seq += (uint32_t)bytes.len;
}

static inline void play_flag(play *p, unsigned side, unsigned flags)
{
    play_segment(p, side, p->ends[side].seq, flags, (rig_view){NULL, 0});
    p->ends[side].seq += flags & (SYN | FIN) ? 1 : 0;
}

static inline void play_connect(play *p)
{
    play_flag(p, INITIATOR, SYN);
    play_flag(p, TARGET, SYN | ACK);
    play_flag(p, INITIATOR, ACK);
}

/* A PDU without digests: header, data, padding. Returns its bytes. */
static inline size_t frames_pdu(uint8_t *out, const uint8_t bhs[RIG_BHS_LEN], rig_view data)
{
    size_t padded = (data.len + 3) & ~(size_t)3;
    memcpy(out, bhs, RIG_BHS_LEN);
    rig_set(out, RIG_F_DATA_LEN, data.len);
    memset(out + RIG_BHS_LEN, 0, padded);
    if (data.len)
        memcpy(out + RIG_BHS_LEN, data.ptr, data.len);
    return RIG_BHS_LEN + padded;
}

static inline void play_pdu(play *p, unsigned side, const uint8_t bhs[RIG_BHS_LEN], rig_view data)
{
    uint8_t bytes[FRAME_MAX / 2];
    play_bytes(p, side, rig_view_of(bytes, frames_pdu(bytes, bhs, data)));
}

static inline void nop_out(uint8_t bhs[RIG_BHS_LEN], uint32_t itt, uint32_t cmd_sn)
{
    rig_bhs_init(bhs, RIG_PDU_NOP_OUT);
    rig_set(bhs, RIG_F_ITT, itt);
    rig_set(bhs, RIG_F_CMD_SN, cmd_sn);
}

/* Tells whether item i is that event with those arguments. */
static inline bool is_event(const play *p, size_t i, const char *event, const char *args)
{
    return i < p->items.num && p->items.ptr[i].kind == RIG_ITEM_EVENT &&
           rig_view_is(p->items.ptr[i].event, event) && rig_view_is(p->items.ptr[i].args, args);
}

static inline bool is_pdu(const play *p, size_t i, rig_pdu_kind kind, bool to_target)
{
    return i < p->items.num && p->items.ptr[i].kind == RIG_ITEM_PDU &&
           p->items.ptr[i].to_target == to_target && rig_pdu_kind_of(p->items.ptr[i].pdu.bhs) == kind;
}

#define TEXT_VIEW(literal) rig_view_of(literal, sizeof(literal) - 1)

#endif
