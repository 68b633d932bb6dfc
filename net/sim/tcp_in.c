/* TCP's receiving side (RFC 9293 section 3.10.7): what each segment means for its stream. */
#include "sim.h"

static bool parse(const rig_packet *packet, sim_segment *out)
{
    const uint8_t *header = packet->header;
    if (packet->header_len < RIG_TCP_HEADER || (header[12] >> 4) * 4 != packet->header_len)
        return false;
    out->seq = rig_be32(header + RIG_TCP_SEQ_AT);
    out->ack = rig_be32(header + RIG_TCP_ACK_AT);
    out->flags = header[RIG_TCP_FLAGS_AT];
    out->window = rig_be16(header + 14);
    out->len = packet->payload_len;
    return true;
}

static void use_window(sim_stream *stream, const sim_segment *segment)
{
    bool newer = rig_sn_lt(stream->snd_wl1, segment->seq) ||
                 (stream->snd_wl1 == segment->seq && rig_sn_le(stream->snd_wl2, segment->ack));
    if (!newer)
        return;
    uint8_t scale = stream->peer_scale == UINT8_MAX ? 0 : stream->peer_scale;
    stream->snd_wnd = segment->window << scale;
    stream->snd_wl1 = segment->seq;
    stream->snd_wl2 = segment->ack;
}

/* What both sides do when the handshake is complete. */
static void open_stream(sim_stream *stream, const sim_segment *segment)
{
    stream->state = SIM_OPEN;
    stream->snd_una = stream->snd_nxt = segment->ack;
    stream->limit = 0;
    stream->tries = 0;
    if (stream->measuring)
        sim_tcp_measure(stream);
    sim_tcp_rearm(stream);
    sim_post(stream->host->net, stream);
}

static void open_active(sim_stream *stream, const rig_packet *packet, const sim_segment *segment)
{
    sim_tcp_options(stream, packet);
    stream->rcv_nxt = segment->seq + 1;
    stream->rcv_adv = stream->rcv_nxt + SIM_WINDOW_FIRST;
    stream->snd_wnd = segment->window;
    stream->snd_wl1 = segment->seq;
    stream->snd_wl2 = segment->ack;
    open_stream(stream, segment);
    sim_tcp_ack(stream);
    sim_stream_tell(stream, RIG_STREAM_CONNECTED, RIG_OK);
}

static void in_syn_sent(sim_stream *stream, const rig_packet *packet, const sim_segment *segment)
{
    bool acks = segment->flags & RIG_TCP_ACK;
    if (acks && segment->ack != stream->iss + 1) {
        if (!(segment->flags & RIG_TCP_RST))
            sim_tcp_reply_reset(stream->host, packet, segment);
        return;
    }
    if (!acks)
        return;
    if (segment->flags & RIG_TCP_RST)
        sim_stream_tell(stream, RIG_STREAM_FAILED, RIG_E_REFUSED);
    else if (segment->flags & RIG_TCP_SYN)
        open_active(stream, packet, segment);
}

/* The handshake is complete: now the listener's user is asked. */
static void open_accepted(sim_stream *stream, const sim_segment *segment)
{
    rig_simnet *net = stream->host->net;
    rig_stream_user user = {0};
    sim_port *port = sim_port_find(&net->listeners, stream->host, &stream->local);
    bool wanted = port && port->accept(port->ctx, &stream->base, &user, net->now);
    if (stream->state == SIM_DEAD)
        return;
    if (!wanted) {
        sim_tcp_reset(stream);
        sim_stream_end(stream);
        return;
    }
    stream->user = user;
    use_window(stream, segment);
    open_stream(stream, segment);
}

static void in_syn_rcvd(sim_stream *stream, const rig_packet *packet, const sim_segment *segment)
{
    if (segment->flags & RIG_TCP_RST) {
        if (segment->seq == stream->rcv_nxt)
            sim_stream_end(stream);
        return;
    }
    if (segment->flags & RIG_TCP_SYN) { /* our SYN-ACK was lost */
        stream->snd_nxt = stream->iss;
        sim_post(stream->host->net, stream);
        return;
    }
    if (!(segment->flags & RIG_TCP_ACK))
        return;
    if (segment->ack != stream->iss + 1)
        sim_tcp_reply_reset(stream->host, packet, segment);
    else
        open_accepted(stream, segment);
}

static void count_duplicate(sim_stream *stream, const sim_segment *segment)
{
    uint8_t scale = stream->peer_scale == UINT8_MAX ? 0 : stream->peer_scale;
    bool duplicate = segment->len == 0 && stream->snd_una != stream->snd_max &&
                     segment->window << scale == stream->snd_wnd && !(segment->flags & RIG_TCP_FIN);
    if (!duplicate || ++stream->dup_acks != SIM_DUP_ACKS)
        return;
    if (rig_sn_lt(stream->snd_una, stream->recover))
        stream->dup_acks = 0; /* echoes of what recovery sends again */
    else
        sim_tcp_go_back(stream, SIM_DUP_ACKS + 1);
}

static void acknowledge(sim_stream *stream, uint32_t ack)
{
    uint32_t len = ack - stream->snd_una;
    if (stream->fin_sent && ack == stream->fin_seq + 1) {
        stream->fin_acked = true;
        len--;
    }
    if (stream->measuring && rig_sn_le(stream->rtt_seq, ack))
        sim_tcp_measure(stream);
    stream->tries = 0;
    stream->dup_acks = 0;
    stream->limit = stream->limit >= SIM_LIMIT_MOST ? 0 : (uint16_t)(stream->limit * 2);
    stream->snd_una = ack;
    if (rig_sn_lt(stream->snd_nxt, ack))
        stream->snd_nxt = ack;
    if (stream->again)
        sim_flight_settle(stream, ack);
    if (len)
        stream->user.ops->sent(stream->user.ctx, len, stream->host->net->now);
}

static void use_ack(sim_stream *stream, const sim_segment *segment)
{
    if (rig_sn_lt(stream->snd_max, segment->ack)) {
        stream->ack_now = true; /* for something not sent yet */
        return;
    }
    bool moves = rig_sn_lt(stream->snd_una, segment->ack);
    if (moves)
        acknowledge(stream, segment->ack);
    else if (segment->ack == stream->snd_una)
        count_duplicate(stream, segment);
    if (stream->state == SIM_DEAD)
        return;
    bool probed = stream->snd_wnd == 0;
    use_window(stream, segment);
    if (probed)
        stream->tries = 0;
    if (moves || stream->waiting)
        sim_post(stream->host->net, stream);
    if (moves)
        sim_tcp_rearm(stream);
}

static void use_payload(sim_stream *stream, sim_packet *packet, const sim_segment *segment)
{
    uint32_t end = segment->seq + segment->len;
    stream->ack_now = true;
    sim_post(stream->host->net, stream);
    if (rig_sn_lt(stream->rcv_nxt,
                  segment->seq)) { /* a gap: say so for every segment (RFC 5681 section 4.2) */
        sim_tcp_ack(stream);
        return;
    }
    bool fresh = rig_sn_lt(stream->rcv_nxt, end) && rig_sn_le(end, stream->rcv_adv) && !stream->peer_fin;
    if (fresh)
        sim_tcp_take(stream, packet, segment->seq);
    if (stream->state != SIM_DEAD && stream->fin_acked)
        sim_tcp_rearm(stream); /* the wait for the FIN starts anew */
}

static void use_fin(sim_stream *stream, uint32_t seq)
{
    stream->ack_now = true;
    sim_post(stream->host->net, stream);
    if (seq != stream->rcv_nxt || stream->peer_fin)
        return;
    stream->rcv_nxt++;
    stream->peer_fin = true;
    sim_tcp_drain(stream);
}

static void use_reset(sim_stream *stream, const sim_segment *segment)
{
    if (segment->seq - stream->rcv_nxt > stream->rcv_adv - stream->rcv_nxt)
        return;
    bool over = stream->peer_told && stream->fin_sent && rig_sn_le(stream->fin_seq, stream->snd_una);
    sim_stream_tell(stream, over ? RIG_STREAM_CLOSED : RIG_STREAM_FAILED, over ? RIG_OK : RIG_E_RESET);
}

static void in_open(sim_stream *stream, sim_packet *packet, const sim_segment *segment)
{
    if (segment->flags & RIG_TCP_RST) {
        use_reset(stream, segment);
        return;
    }
    if (segment->flags & RIG_TCP_SYN || (segment->len == 0 && segment->seq == stream->rcv_nxt - 1)) {
        stream->ack_now = true; /* our last ACK was lost, or a window probe */
        sim_post(stream->host->net, stream);
    }
    if (segment->flags & RIG_TCP_SYN || !(segment->flags & RIG_TCP_ACK))
        return;
    use_ack(stream, segment);
    if (stream->state != SIM_DEAD && segment->len)
        use_payload(stream, packet, segment);
    if (stream->state != SIM_DEAD && segment->flags & RIG_TCP_FIN)
        use_fin(stream, segment->seq + segment->len);
}

void sim_tcp_input(rig_simhost *host, sim_packet *packet)
{
    const rig_packet *wire = &packet->wire;
    sim_segment segment;
    if (!parse(wire, &segment))
        return;
    rig_address local = {wire->destination, rig_be16(wire->header + 2)};
    rig_address remote = {wire->source, rig_be16(wire->header)};
    sim_stream *stream = sim_stream_find(host->net, &local, &remote);
    if (!stream) {
        sim_tcp_stray(host, packet, &segment);
    } else if (stream->state == SIM_SYN_SENT) {
        in_syn_sent(stream, wire, &segment);
    } else {
        if (stream->state == SIM_SYN_RCVD)
            in_syn_rcvd(stream, wire, &segment);
        if (stream->state == SIM_OPEN)
            in_open(stream, packet, &segment);
    }
}
