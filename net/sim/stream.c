/* Streams: making, finding and ending them, and the transport's calls. */
#include "sim.h"

typedef struct ends_key {
    const rig_address *local;
    const rig_address *remote;
} ends_key;

static uint32_t ends_hash(const rig_address *local, const rig_address *remote)
{
    uint64_t ports = (uint64_t)local->port << 16 | remote->port;
    return sim_mix(sim_ip_hash(&local->ip) ^ ports << 32, sim_ip_hash(&remote->ip));
}

static bool same_ends(const sim_node *node, const void *key_)
{
    const sim_stream *stream = SIM_OF(const sim_stream, node, node);
    const ends_key *key = key_;
    return stream->local.port == key->local->port && stream->remote.port == key->remote->port &&
           sim_ip_same(&stream->local.ip, &key->local->ip) &&
           sim_ip_same(&stream->remote.ip, &key->remote->ip);
}

sim_stream *sim_stream_find(const rig_simnet *net, const rig_address *local, const rig_address *remote)
{
    sim_node *node =
        sim_table_find(&net->connections, ends_hash(local, remote), same_ends, &(ends_key){local, remote});
    return node ? SIM_OF(sim_stream, node, node) : NULL;
}

static uint16_t own_mss(const rig_simhost *host, const rig_ip *ip)
{
    uint32_t headers = (ip->version == 4 ? SIM_V4_HEADER : SIM_V6_HEADER) + RIG_TCP_HEADER;
    return (uint16_t)(host->net->config.mtu - headers);
}

sim_stream *sim_stream_new(rig_simhost *host, const rig_address *local, const rig_address *remote)
{
    rig_simnet *net = host->net;
    if (net->connections.num >= SIM_STREAMS_MAX)
        return NULL;
    sim_stream *stream = rig_new(net->config.alloc, sizeof(*stream));
    if (!stream ||
        !sim_table_add(&net->connections, net->config.alloc, &stream->node, ends_hash(local, remote))) {
        rig_delete(net->config.alloc, stream, sizeof(*stream));
        return NULL;
    }
    stream->base.ops = &sim_transport_ops;
    stream->host = host;
    stream->local = *local;
    stream->remote = *remote;
    stream->timer.kind = SIM_TIMER_STREAM;
    stream->own_mss = own_mss(host, &local->ip);
    stream->rcv_adv = SIM_WINDOW_FIRST;
    stream->iss = (uint32_t)rig_draw(&net->config.draws, "net.isn", net->num_isn++);
    stream->snd_una = stream->snd_nxt = stream->snd_max = stream->iss;
    stream->recover = stream->iss;
    stream->next = net->streams;
    if (net->streams)
        net->streams->prev = stream;
    net->streams = stream;
    return stream;
}

/* The stream is over: nothing refers to its user or its user's memory any more. Its own memory goes with its
 * next turn in the queue, when no call that knows it is running. */
void sim_stream_end(sim_stream *stream)
{
    rig_simnet *net = stream->host->net;
    stream->state = SIM_DEAD;
    sim_table_remove(&net->connections, &stream->node);
    sim_flight_settle_all(stream);
    sim_tcp_held_free(stream);
    rig_timerq_disarm(&net->timers, &stream->timer);
    sim_post(net, stream);
}

void sim_stream_tell(sim_stream *stream, rig_stream_event event, rig_status why)
{
    if (event == RIG_STREAM_CLOSED)
        sim_tcp_bury(stream);
    if (event == RIG_STREAM_CLOSED || event == RIG_STREAM_FAILED)
        sim_stream_end(stream);
    if (stream->user.ops)
        stream->user.ops->event(stream->user.ctx, event, why, stream->host->net->now);
}

void sim_stream_free(sim_stream *stream)
{
    rig_simnet *net = stream->host->net;
    *(stream->prev ? &stream->prev->next : &net->streams) = stream->next;
    if (stream->next)
        stream->next->prev = stream->prev;
    rig_delete(net->config.alloc, stream, sizeof(*stream));
}

/* Fills in the local end; which ports are free depends on the remote one. */
static rig_status choose_local(rig_simhost *host, const rig_address *remote, rig_address *local)
{
    if (local->ip.version == 0) {
        const rig_ip *source = sim_host_source(host, remote->ip.version);
        if (!source)
            return RIG_E_UNREACHABLE;
        local->ip = *source;
    }
    if (local->ip.version != remote->ip.version || !sim_host_has(host, &local->ip))
        return RIG_E_UNREACHABLE;
    if (local->port)
        return sim_stream_find(host->net, local, remote) ? RIG_E_EXISTS : RIG_OK;
    for (int i = 0; i < SIM_PORTS; i++) {
        local->port = sim_host_port(host);
        if (!sim_stream_find(host->net, local, remote))
            return RIG_OK;
    }
    return RIG_E_LIMIT;
}

static rig_status tcp_connect(void *ctx, const rig_address *at, const rig_portal *portal,
                              const rig_stream_user *user, rig_stream **out_stream)
{
    rig_simhost *host = ctx;
    rig_address local = at ? *at : (rig_address){0};
    rig_address remote = {.port = portal->port};
    if (!sim_resolve(host->net, portal->host, &remote.ip) || !sim_host_of(host->net, &remote.ip))
        return RIG_E_UNREACHABLE;
    rig_status status = choose_local(host, &remote, &local);
    if (status != RIG_OK)
        return status;
    if (host->net->connections.num >= SIM_STREAMS_MAX)
        return RIG_E_LIMIT;
    sim_stream *stream = sim_stream_new(host, &local, &remote);
    if (!stream)
        return RIG_E_NOMEM;
    stream->user = *user;
    stream->state = SIM_SYN_SENT;
    sim_post(host->net, stream);
    *out_stream = &stream->base;
    return RIG_OK;
}

static rig_status tcp_listen(void *ctx, const rig_address *at, rig_accept_fn *accept, void *accept_ctx,
                             rig_listener **out_listener)
{
    rig_simhost *host = ctx;
    rig_address chosen = *at;
    sim_port *port;
    rig_status status = sim_port_open(host, &host->net->listeners, &chosen, &port);
    if (status != RIG_OK)
        return status;
    port->accept = accept;
    port->ctx = accept_ctx;
    host->num_listeners++;
    *out_listener = &port->base;
    return RIG_OK;
}

static void tcp_unlisten(rig_listener *listener)
{
    sim_port *port = SIM_OF(sim_port, base, listener);
    port->host->num_listeners--;
    sim_port_close(&port->host->net->listeners, port);
}

static void tcp_bound(const rig_listener *listener, rig_address *out_address)
{
    *out_address = SIM_OF(const sim_port, base, listener)->at;
}

static void tcp_wake(rig_stream *base)
{
    sim_stream *stream = SIM_OF(sim_stream, base, base);
    if (stream->state == SIM_OPEN)
        sim_post(stream->host->net, stream);
}

static void tcp_close(rig_stream *base, rig_close_how how)
{
    sim_stream *stream = SIM_OF(sim_stream, base, base);
    if (stream->state == SIM_DEAD)
        return;
    if (how != RIG_CLOSE_RESET) {
        stream->closing = true;
        tcp_wake(base);
        return;
    }
    sim_tcp_reset(stream);
    sim_stream_end(stream);
}

static void tcp_ends(const rig_stream *base, rig_address *out_local, rig_address *out_remote)
{
    const sim_stream *stream = SIM_OF(const sim_stream, base, base);
    *out_local = stream->local;
    *out_remote = stream->remote;
}

const rig_transport_ops sim_transport_ops = {tcp_connect, tcp_listen, tcp_unlisten, tcp_bound,
                                             tcp_wake,    tcp_close,  tcp_ends};
