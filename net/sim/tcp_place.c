/* TCP's receiving side: bytes into the places the user names. What was promised by the window but has no
 * place now waits in packets of our own memory, as in a kernel's socket buffer. */
#include "sim.h"

typedef struct source {
    const rig_packet *packet;
    uint16_t piece;
    size_t at;
} source;

static void seek(source *from, size_t offset)
{
    from->piece = 0;
    while (from->piece < from->packet->num_iov && offset >= from->packet->iov[from->piece].iov_len)
        offset -= from->packet->iov[from->piece++].iov_len;
    from->at = offset;
}

static void copy(source *from, uint8_t *out, size_t len)
{
    while (len) {
        const struct iovec *piece = &from->packet->iov[from->piece];
        size_t part = piece->iov_len - from->at < len ? piece->iov_len - from->at : len;
        memcpy(out, (const uint8_t *)piece->iov_base + from->at, part);
        out += part;
        len -= part;
        from->at += part;
        if (from->at == piece->iov_len) {
            from->piece++;
            from->at = 0;
        }
    }
}

/* Fills the user's present places from the packet; returns the bytes that found one. */
static uint32_t fill_places(sim_stream *stream, const rig_packet *packet, uint32_t offset)
{
    struct iovec iov[SIM_SPACE_IOV];
    int num = stream->user.ops->space(stream->user.ctx, iov, SIM_SPACE_IOV);
    if (stream->state == SIM_DEAD || num <= 0 || num > SIM_SPACE_IOV)
        return 0;
    source from = {.packet = packet};
    seek(&from, offset);
    uint32_t rest = packet->payload_len > offset ? packet->payload_len - offset : 0;
    uint32_t filled = 0;
    for (int i = 0; i < num && filled < rest; i++) {
        size_t part = iov[i].iov_len < rest - filled ? iov[i].iov_len : rest - filled;
        copy(&from, iov[i].iov_base, part);
        filled += (uint32_t)part;
    }
    return filled;
}

/* Gives packet's bytes from offset on to the user; returns where it stopped. The packet's memory may change
 * owner during the calls, or go (payload_len is 0 then). */
static uint32_t place(sim_stream *stream, const rig_packet *packet, uint32_t offset, uint32_t *counter)
{
    while (stream->state != SIM_DEAD && offset < packet->payload_len) {
        uint32_t filled = fill_places(stream, packet, offset);
        if (!filled)
            break;
        offset += filled;
        *counter += filled;
        stream->user.ops->received(stream->user.ctx, filled, stream->host->net->now);
    }
    return offset;
}

static void hold(sim_stream *stream, sim_packet *packet, uint32_t offset)
{
    uint32_t rest = packet->wire.payload_len - offset;
    if (!rig_packet_own(stream->host->net, &packet->wire))
        return; /* not acknowledged, so it comes again */
    if (!stream->held_first)
        stream->held_offset = offset;
    else if (offset)
        return; /* starts with bytes we have: it comes again, cut differently */
    packet->held = true;
    packet->next = NULL;
    *(stream->held_last ? &stream->held_last->next : &stream->held_first) = packet;
    stream->held_last = packet;
    stream->held_len += rest;
    stream->rcv_nxt += rest;
}

/* Takes the payload of a segment whose bytes from rcv_nxt on are new and inside the window. */
void sim_tcp_take(sim_stream *stream, sim_packet *packet, uint32_t seq)
{
    uint32_t offset = stream->rcv_nxt - seq;
    if (!stream->held_first)
        offset = place(stream, &packet->wire, offset, &stream->rcv_nxt);
    if (stream->state != SIM_DEAD && offset < packet->wire.payload_len)
        hold(stream, packet, offset);
}

static void tell_peer_closed(sim_stream *stream)
{
    stream->peer_told = true;
    sim_post(stream->host->net, stream);
    if (!stream->closing)
        sim_stream_tell(stream, RIG_STREAM_PEER_CLOSED, RIG_OK);
}

/* Gives waiting bytes to the user, and the peer's FIN behind the last of them. */
void sim_tcp_drain(sim_stream *stream)
{
    while (stream->held_first) {
        sim_packet *packet = stream->held_first;
        uint32_t placed = 0;
        uint32_t offset = place(stream, &packet->wire, stream->held_offset, &placed);
        if (stream->state == SIM_DEAD)
            return;
        stream->held_len -= placed;
        stream->held_offset = offset;
        if (offset < packet->wire.payload_len)
            return;
        stream->held_first = packet->next;
        if (!stream->held_first)
            stream->held_last = NULL;
        stream->held_offset = 0;
        sim_packet_free(stream->host->net, packet);
    }
    if (stream->peer_fin && !stream->peer_told)
        tell_peer_closed(stream);
}

void sim_tcp_held_free(sim_stream *stream)
{
    while (stream->held_first) {
        sim_packet *packet = stream->held_first;
        stream->held_first = packet->next;
        sim_packet_free(stream->host->net, packet);
    }
    stream->held_last = NULL;
    stream->held_len = 0;
}
