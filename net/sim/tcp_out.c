/* TCP's sending side (RFC 9293): segments out of what the user offers, ACKs, FIN, RST. */
#include "sim.h"

#define OPTION_MSS 2 /* option kinds and lengths (RFC 9293 3.2, RFC 7323 2.2) */
#define OPTION_MSS_LEN 4
#define OPTION_NOP 1
#define OPTION_SCALE 3
#define OPTION_SCALE_LEN 3
#define SYN_HEADER (RIG_TCP_HEADER + OPTION_MSS_LEN + OPTION_SCALE_LEN + 1)

/* Where in the user's output the next byte to send is. */
typedef struct cursor {
    const struct iovec *iov;
    const struct iovec *end;
    size_t offset;
} cursor;

static uint16_t window_field(const sim_stream *stream, uint8_t flags)
{
    uint32_t window = stream->rcv_adv - stream->rcv_nxt;
    if (!(flags & RIG_TCP_SYN) && stream->peer_scale != UINT8_MAX)
        window >>= SIM_WINDOW_SCALE;
    return (uint16_t)(window < UINT16_MAX ? window : UINT16_MAX);
}

static void write_header(uint8_t *header, uint16_t from, uint16_t to, uint32_t seq, uint32_t ack,
                         uint8_t flags)
{
    memset(header, 0, RIG_TCP_HEADER);
    rig_put_be16(header, from);
    rig_put_be16(header + 2, to);
    rig_put_be32(header + RIG_TCP_SEQ_AT, seq);
    rig_put_be32(header + RIG_TCP_ACK_AT, flags & RIG_TCP_ACK ? ack : 0);
    header[12] = (RIG_TCP_HEADER / 4) << 4;
    header[RIG_TCP_FLAGS_AT] = flags;
}

static sim_packet *make_segment(sim_stream *stream, uint32_t seq, uint8_t flags)
{
    sim_packet *packet = sim_packet_new(stream->host->net);
    if (!packet)
        return NULL;
    rig_packet *wire = &packet->wire;
    packet->from = stream->host;
    wire->source = stream->local.ip;
    wire->destination = stream->remote.ip;
    wire->protocol = RIG_PROTOCOL_TCP;
    wire->to_listener = !stream->passive;
    wire->id = stream->host->ip_id++;
    wire->header_len = RIG_TCP_HEADER;
    write_header(wire->header, stream->local.port, stream->remote.port, seq, stream->rcv_nxt, flags);
    rig_put_be16(wire->header + 14, window_field(stream, flags));
    return packet;
}

static void send_segment(sim_stream *stream, sim_packet *packet)
{
    uint32_t window = rig_be16(packet->wire.header + 14);
    bool scaled = packet->wire.header_len == RIG_TCP_HEADER && stream->peer_scale != UINT8_MAX;
    if (packet->wire.header[RIG_TCP_FLAGS_AT] & RIG_TCP_ACK)
        stream->ack_now = false;
    stream->rcv_told = stream->rcv_nxt + (scaled ? window << SIM_WINDOW_SCALE : window);
    sim_send(stream->host, packet);
}

void sim_tcp_ack(sim_stream *stream)
{
    sim_packet *packet = make_segment(stream, stream->snd_nxt, RIG_TCP_ACK);
    if (packet)
        send_segment(stream, packet);
}

/* One byte before what the peer expects: it answers with its present window. */
void sim_tcp_probe(sim_stream *stream)
{
    sim_packet *packet = make_segment(stream, stream->snd_una - 1, RIG_TCP_ACK);
    if (packet)
        send_segment(stream, packet);
}

void sim_tcp_reset(sim_stream *stream)
{
    if (stream->state == SIM_SYN_SENT)
        return;
    sim_packet *packet = make_segment(stream, stream->snd_max, RIG_TCP_RST | RIG_TCP_ACK);
    if (packet)
        send_segment(stream, packet);
}

/* An answer without a stream, to where the packet came from. */
void sim_tcp_reply(rig_simhost *host, const rig_packet *packet, uint32_t seq, uint32_t ack, uint8_t flags)
{
    sim_packet *reply = sim_packet_new(host->net);
    if (!reply)
        return;
    reply->from = host;
    reply->wire.source = packet->destination;
    reply->wire.destination = packet->source;
    reply->wire.protocol = RIG_PROTOCOL_TCP;
    reply->wire.to_listener = !packet->to_listener;
    reply->wire.id = host->ip_id++;
    reply->wire.header_len = RIG_TCP_HEADER;
    write_header(reply->wire.header, rig_be16(packet->header + 2), rig_be16(packet->header), seq, ack, flags);
    sim_send(host, reply);
}

/* RFC 9293 section 3.10.7.1: what a segment gets that no stream wants. */
void sim_tcp_reply_reset(rig_simhost *host, const rig_packet *packet, const sim_segment *segment)
{
    uint32_t covers = segment->len + !!(segment->flags & RIG_TCP_SYN) + !!(segment->flags & RIG_TCP_FIN);
    if (segment->flags & RIG_TCP_ACK)
        sim_tcp_reply(host, packet, segment->ack, 0, RIG_TCP_RST);
    else
        sim_tcp_reply(host, packet, 0, segment->seq + covers, RIG_TCP_RST | RIG_TCP_ACK);
}

static void send_syn(sim_stream *stream)
{
    bool answers = stream->state == SIM_SYN_RCVD;
    if (stream->snd_nxt != stream->iss)
        return;
    sim_packet *packet = make_segment(stream, stream->iss, answers ? RIG_TCP_SYN | RIG_TCP_ACK : RIG_TCP_SYN);
    if (packet) {
        uint8_t *option = packet->wire.header + RIG_TCP_HEADER;
        option[0] = OPTION_MSS;
        option[1] = OPTION_MSS_LEN;
        rig_put_be16(option + 2, stream->own_mss);
        option[4] = OPTION_NOP;
        option[5] = OPTION_SCALE;
        option[6] = OPTION_SCALE_LEN;
        option[7] = SIM_WINDOW_SCALE;
        packet->wire.header_len = SYN_HEADER;
        packet->wire.header[12] = (SYN_HEADER / 4) << 4;
        send_segment(stream, packet);
        stream->measuring = stream->tries == 0;
        stream->rtt_at = stream->host->net->now;
        stream->rtt_seq = stream->iss + 1;
    }
    stream->snd_nxt = stream->snd_max = stream->iss + 1;
    sim_tcp_rearm(stream);
}

static void skip(cursor *at, size_t len)
{
    while (at->iov < at->end && len >= at->iov->iov_len - at->offset) {
        len -= at->iov->iov_len - at->offset;
        at->iov++;
        at->offset = 0;
    }
    if (at->iov < at->end)
        at->offset += len;
}

/* Puts up to len bytes at the cursor into the packet, fewer when their pieces are many. */
static uint32_t fill(rig_packet *packet, cursor *at, uint32_t len)
{
    uint32_t filled = 0;
    while (filled < len && at->iov < at->end && packet->num_iov < RIG_SIM_PACKET_IOV) {
        size_t piece = at->iov->iov_len - at->offset;
        size_t part = piece < len - filled ? piece : len - filled;
        if (part)
            packet->iov[packet->num_iov++] = (struct iovec){(uint8_t *)at->iov->iov_base + at->offset, part};
        filled += (uint32_t)part;
        skip(at, part);
    }
    packet->payload_len = filled;
    return filled;
}

/* Bytes of the next segment: while recovering only limit segments at once, shorter ones when nothing gets
 * through (losses may depend on how much is sent); whole segments while the window is the limit (RFC 9293
 * section 3.8.6.2.1), and never all of a large window, which would look like a receiver that cannot keep up.
 */
static uint32_t may_send(const sim_stream *stream, uint64_t rest)
{
    uint32_t flight = stream->snd_nxt - stream->snd_una;
    uint32_t window = stream->snd_wnd > flight ? stream->snd_wnd - flight : 0;
    uint32_t len = rest < stream->mss ? (uint32_t)rest : stream->mss;
    if (stream->limit && flight >= (uint32_t)(stream->limit - 1) * stream->mss && flight)
        return 0;
    if (stream->tries >= SIM_HALVES)
        len = len >> (stream->tries - SIM_HALVES + 1) ? len >> (stream->tries - SIM_HALVES + 1) : 1;
    if (window > rest || window > stream->mss)
        return len;
    if (flight == 0)
        return window < len ? window : len;
    return 0;
}

static bool send_data(sim_stream *stream, cursor *at, uint64_t rest, uint32_t *out_len)
{
    uint32_t len = may_send(stream, rest);
    sim_packet *packet = len ? make_segment(stream, stream->snd_nxt, RIG_TCP_ACK) : NULL;
    if (!packet)
        return false;
    len = fill(&packet->wire, at, len);
    if (len == rest)
        packet->wire.header[RIG_TCP_FLAGS_AT] |= RIG_TCP_PSH;
    if (!stream->measuring && stream->snd_nxt == stream->snd_max) {
        stream->measuring = true;
        stream->rtt_seq = stream->snd_nxt + len;
        stream->rtt_at = stream->host->net->now;
    }
    stream->snd_nxt += len;
    if (rig_sn_lt(stream->snd_max, stream->snd_nxt))
        stream->snd_max = stream->snd_nxt;
    sim_flight_add(stream, packet);
    send_segment(stream, packet);
    *out_len = len;
    return true;
}

static void send_fin(sim_stream *stream)
{
    bool must_wait = stream->limit == 1 && stream->snd_nxt != stream->snd_una;
    sim_packet *packet = must_wait ? NULL : make_segment(stream, stream->snd_nxt, RIG_TCP_FIN | RIG_TCP_ACK);
    stream->waiting = !packet;
    if (!packet)
        return;
    stream->fin_seq = stream->snd_nxt++;
    stream->fin_sent = true;
    if (rig_sn_lt(stream->snd_max, stream->snd_nxt))
        stream->snd_max = stream->snd_nxt;
    send_segment(stream, packet);
}

static uint64_t total(const struct iovec *iov, int num)
{
    uint64_t len = 0;
    for (int i = 0; i < num; i++)
        len += iov[i].iov_len;
    return len;
}

/* Bytes offered that have not been sent, at the cursor. Behind a FIN that was sent nothing new may go out. */
static uint64_t unsent(const sim_stream *stream, cursor *at, uint64_t offered)
{
    uint32_t flight = stream->snd_nxt - stream->snd_una;
    skip(at, flight);
    uint64_t rest = offered > flight ? offered - flight : 0;
    uint64_t before_fin = stream->fin_seq - stream->snd_nxt;
    return stream->fin_sent && rest > before_fin ? before_fin : rest;
}

static void push(sim_stream *stream)
{
    if (stream->fin_sent && stream->snd_nxt == stream->fin_seq + 1)
        return;
    struct iovec iov[RIG_STREAM_IOV];
    int num = stream->user.ops->output(stream->user.ctx, iov, RIG_STREAM_IOV, stream->host->net->now);
    if (stream->state == SIM_DEAD || num < 0 || num > RIG_STREAM_IOV)
        return;
    cursor at = {iov, iov + num, 0};
    uint64_t rest = unsent(stream, &at, total(iov, num));
    uint32_t len;
    while (rest && send_data(stream, &at, rest, &len))
        rest -= len;
    stream->waiting = stream->fin_sent ? stream->snd_nxt != stream->fin_seq : rest || num == RIG_STREAM_IOV;
    if (!stream->waiting && stream->closing)
        send_fin(stream);
}

/* Asks the user whether it still takes bytes, and moves the window's edge on if so. */
static void extend_window(sim_stream *stream)
{
    if (stream->peer_fin)
        return;
    struct iovec iov[SIM_SPACE_IOV];
    int num = stream->user.ops->space(stream->user.ctx, iov, SIM_SPACE_IOV);
    if (stream->state == SIM_DEAD || num <= 0 || num > SIM_SPACE_IOV)
        return;
    uint64_t space = total(iov, num);
    uint64_t most = (uint64_t)UINT16_MAX << SIM_WINDOW_SCALE;
    uint64_t window = space > SIM_WINDOW ? space : SIM_WINDOW;
    window =
        (window < most ? window : most) - (stream->held_len < SIM_WINDOW ? stream->held_len : SIM_WINDOW);
    uint32_t edge = stream->rcv_nxt + (uint32_t)window;
    if (space && rig_sn_lt(stream->rcv_adv, edge))
        stream->rcv_adv = edge;
}

/* A peer that may send less than a segment is told when that has changed (RFC 9293 section 3.8.6.2.2). */
static bool window_opened(const sim_stream *stream)
{
    return !stream->peer_fin && rig_sn_lt(stream->rcv_told, stream->rcv_nxt + stream->own_mss) &&
           !rig_sn_lt(stream->rcv_adv, stream->rcv_nxt + stream->own_mss);
}

static bool ended(const sim_stream *stream)
{
    return stream->fin_acked && stream->peer_told;
}

static void run_open(sim_stream *stream)
{
    uint32_t una = stream->snd_una, max = stream->snd_max;
    bool waited = stream->waiting;
    sim_tcp_drain(stream);
    if (stream->state != SIM_DEAD)
        extend_window(stream);
    if (stream->state != SIM_DEAD)
        push(stream);
    if (stream->state == SIM_DEAD)
        return;
    if (stream->ack_now || window_opened(stream))
        sim_tcp_ack(stream);
    if (ended(stream))
        sim_stream_tell(stream, RIG_STREAM_CLOSED, RIG_OK);
    else if ((una == max) != (stream->snd_una == stream->snd_max) || waited != stream->waiting)
        sim_tcp_rearm(stream);
}

/* The stream's turn in the queue of those with something to do. */
void sim_tcp_ready(sim_stream *stream)
{
    if (stream->state == SIM_DEAD)
        sim_stream_free(stream);
    else if (stream->state == SIM_OPEN)
        run_open(stream);
    else if (stream->refused)
        sim_stream_tell(stream, RIG_STREAM_FAILED, stream->refused);
    else
        send_syn(stream);
}

bool rig_simhost_connected(const rig_simhost *host, const rig_address *local, const rig_address *remote)
{
    const sim_stream *stream = sim_stream_find(host->net, local, remote);
    return stream && stream->host == host;
}

void rig_simhost_refuse(rig_simhost *host, const rig_packet *packet, rig_status why)
{
    const rig_address local = {packet->source, rig_be16(packet->header)};
    const rig_address remote = {packet->destination, rig_be16(packet->header + 2)};
    sim_stream *stream = sim_stream_find(host->net, &local, &remote);
    if (!stream || stream->host != host || stream->state != SIM_SYN_SENT)
        return;
    stream->refused = why;
    sim_post(host->net, stream);
}
