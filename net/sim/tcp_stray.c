/* Segments that belong to no stream: new connections, and everything else that gets a reset. */
#include "sim.h"

#define OPTION_END 0 /* option kinds (RFC 9293 section 3.2, RFC 7323 section 2.2) */
#define OPTION_NOP 1
#define OPTION_MSS 2
#define OPTION_SCALE 3
#define SCALE_MOST 14
#define MSS_LEAST 88 /* a peer that asks for less is given this much */

static void read_option(sim_stream *stream, const uint8_t *option, size_t len)
{
    if (option[0] == OPTION_MSS && len == 4) {
        uint16_t mss = rig_be16(option + 2);
        mss = mss > MSS_LEAST ? mss : MSS_LEAST;
        stream->mss = mss < stream->own_mss ? mss : stream->own_mss;
    } else if (option[0] == OPTION_SCALE && len == 3) {
        stream->peer_scale = option[2] < SCALE_MOST ? option[2] : SCALE_MOST;
    }
}

/* Reads the options of the peer's SYN. */
void sim_tcp_options(sim_stream *stream, const rig_packet *packet)
{
    stream->peer_scale = UINT8_MAX;
    stream->mss =
        stream->own_mss < 536 ? stream->own_mss : 536; /* RFC 9293 section 3.7.1: without the option */
    size_t at = RIG_TCP_HEADER;
    while (at < packet->header_len && packet->header[at] != OPTION_END) {
        if (packet->header[at] == OPTION_NOP) {
            at++;
            continue;
        }
        size_t len = at + 1 < packet->header_len ? packet->header[at + 1] : 0;
        if (len < 2 || len > packet->header_len - at)
            return;
        read_option(stream, packet->header + at, len);
        at += len;
    }
}

static void open_passive(rig_simhost *host, const rig_packet *packet, const sim_segment *segment,
                         const rig_address *local, const rig_address *remote)
{
    sim_stream *stream = sim_stream_new(host, local, remote);
    if (!stream)
        return; /* the peer will try again */
    stream->state = SIM_SYN_RCVD;
    stream->passive = true;
    sim_tcp_options(stream, packet);
    stream->rcv_nxt = segment->seq + 1;
    stream->rcv_adv = stream->rcv_nxt + SIM_WINDOW_FIRST;
    stream->snd_wnd = segment->window;
    stream->snd_wl1 = segment->seq;
    stream->snd_wl2 = stream->iss;
    sim_post(host->net, stream);
}

static bool same_end(const rig_address *a, const rig_address *b)
{
    return a->port == b->port && sim_ip_same(&a->ip, &b->ip);
}

void sim_tcp_bury(const sim_stream *stream)
{
    rig_simnet *net = stream->host->net;
    sim_ghost *ghost = &net->ghosts[net->num_ghosts++ % SIM_GHOSTS];
    *ghost = (sim_ghost){stream->local, stream->remote, stream->snd_nxt, stream->rcv_nxt};
}

static const sim_ghost *find_ghost(const rig_simnet *net, const rig_address *local, const rig_address *remote)
{
    uint32_t num = net->num_ghosts < SIM_GHOSTS ? net->num_ghosts : SIM_GHOSTS;
    for (uint32_t i = 1; i <= num; i++) {
        const sim_ghost *ghost = &net->ghosts[(net->num_ghosts - i) % SIM_GHOSTS];
        if (same_end(&ghost->local, local) && same_end(&ghost->remote, remote))
            return ghost;
    }
    return NULL;
}

/* TIME-WAIT (RFC 9293 section 3.6) without its clock: our last ACK was lost, so the peer sends again what we
 * had. */
static bool answer_ghost(rig_simhost *host, const rig_packet *packet, const sim_segment *segment,
                         const rig_address *local, const rig_address *remote)
{
    const sim_ghost *ghost = find_ghost(host->net, local, remote);
    uint32_t covers = segment->len + !!(segment->flags & RIG_TCP_FIN);
    if (!ghost || segment->flags & RIG_TCP_SYN || rig_sn_lt(ghost->rcv_nxt, segment->seq + covers))
        return false;
    if (covers)
        sim_tcp_reply(host, packet, ghost->snd_nxt, ghost->rcv_nxt, RIG_TCP_ACK);
    return true;
}

void sim_tcp_stray(rig_simhost *host, const sim_packet *packet, const sim_segment *segment)
{
    const rig_packet *wire = &packet->wire;
    rig_address local = {wire->destination, rig_be16(wire->header + 2)};
    rig_address remote = {wire->source, rig_be16(wire->header)};
    if (segment->flags & RIG_TCP_RST)
        return;
    bool opens = (segment->flags & (RIG_TCP_SYN | RIG_TCP_ACK | RIG_TCP_FIN)) == RIG_TCP_SYN;
    if (opens && sim_port_find(&host->net->listeners, host, &local))
        open_passive(host, wire, segment, &local, &remote);
    else if (!answer_ghost(host, wire, segment, &local, &remote))
        sim_tcp_reply_reset(host, wire, segment);
}
