/* TCP's one timer: retransmission (RFC 6298), window probes, the wait for the peer's FIN. */
#include "sim.h"

static uint64_t timeout(const sim_stream *stream)
{
    uint64_t rto = SIM_RTO_FIRST;
    if (stream->measured) {
        uint64_t spread = (uint64_t)stream->rttvar * 4 * 1000;
        rto = (uint64_t)stream->srtt * 1000 + (spread > SIM_RTO_LEAST ? spread : SIM_RTO_LEAST);
    }
    for (uint8_t i = 0; i < stream->tries && rto < SIM_RTO_MOST; i++)
        rto *= 2;
    return rto < SIM_RTO_MOST ? rto : SIM_RTO_MOST;
}

static uint64_t next_deadline(const sim_stream *stream)
{
    uint64_t now = stream->host->net->now;
    if (stream->snd_una != stream->snd_max || stream->waiting || stream->state != SIM_OPEN)
        return now + timeout(stream);
    if (stream->fin_acked)
        return now + RIG_STREAM_LINGER;
    return RIG_NEVER;
}

void sim_tcp_rearm(sim_stream *stream)
{
    rig_timerq *timers = &stream->host->net->timers;
    stream->deadline = next_deadline(stream);
    if (stream->deadline == RIG_NEVER)
        rig_timerq_disarm(timers, &stream->timer);
    else if (!stream->timer.armed || stream->timer.at > stream->deadline)
        rig_timerq_arm(timers, &stream->timer, stream->deadline);
}

/* RFC 6298 section 2, in microseconds; segments sent twice are not measured (Karn). */
void sim_tcp_measure(sim_stream *stream)
{
    uint64_t nanoseconds = stream->host->net->now - stream->rtt_at;
    uint32_t rtt = (uint32_t)(nanoseconds / 1000 < UINT32_MAX / 8 ? nanoseconds / 1000 : UINT32_MAX / 8);
    stream->measuring = false;
    if (!stream->measured) {
        stream->measured = true;
        stream->srtt = rtt;
        stream->rttvar = rtt / 2;
        return;
    }
    uint32_t error = rtt > stream->srtt ? rtt - stream->srtt : stream->srtt - rtt;
    stream->rttvar += error / 4 - stream->rttvar / 4;
    stream->srtt += rtt / 8 - stream->srtt / 8;
}

/* Go back N: everything from the oldest unacknowledged byte on is sent again, limit segments at first. */
void sim_tcp_go_back(sim_stream *stream, uint16_t limit)
{
    stream->recover = stream->snd_max;
    stream->snd_nxt = stream->snd_una;
    stream->limit = limit;
    stream->dup_acks = 0;
    stream->again = true;
    stream->measuring = false;
    sim_post(stream->host->net, stream);
}

static void give_up(sim_stream *stream)
{
    sim_tcp_reset(stream);
    sim_stream_tell(stream, RIG_STREAM_FAILED, RIG_E_TIMEOUT);
}

void sim_tcp_timer(sim_stream *stream)
{
    rig_simnet *net = stream->host->net;
    if (stream->deadline > net->now) {
        rig_timerq_arm(&net->timers, &stream->timer, stream->deadline);
        return;
    }
    bool opening = stream->state != SIM_OPEN;
    bool lingers = !opening && stream->fin_acked;
    stream->tries++;
    if (lingers || stream->tries >= (opening ? SIM_SYN_TRIES : SIM_DATA_TRIES)) {
        give_up(stream);
        return;
    }
    if (stream->snd_una != stream->snd_max)
        sim_tcp_go_back(stream, 1);
    if (!opening && stream->snd_wnd == 0)
        sim_tcp_probe(stream);
    sim_post(net, stream);
    sim_tcp_rearm(stream);
}
