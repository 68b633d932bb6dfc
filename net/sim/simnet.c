/* The network itself: clock, events in the order they were made, the chain of links, delivery. */
#include "sim.h"

rig_status rig_simnet_new(const rig_simnet_config *config, rig_simnet **out_net)
{
    uint32_t mtu = config->mtu ? config->mtu : RIG_SIM_MTU;
    if (!config->alloc || mtu < RIG_SIM_MTU_MIN || mtu > RIG_SIM_MTU_MAX)
        return RIG_E_ARGUMENT;
    rig_simnet *net = rig_new(config->alloc, sizeof(*net));
    if (!net)
        return RIG_E_NOMEM;
    net->config = *config;
    net->config.mtu = mtu;
    *out_net = net;
    return RIG_OK;
}

static void free_links(rig_simnet *net)
{
    while (net->links) {
        rig_link *link = net->links;
        net->links = link->next;
        link->ops->free(link);
    }
}

void rig_simnet_free(rig_simnet *net)
{
    if (!net)
        return;
    const rig_alloc *alloc = net->config.alloc;
    while (net->streams) {
        sim_tcp_held_free(net->streams);
        sim_stream_free(net->streams);
    }
    while (net->ports)
        sim_port_close(net->ports->accept ? &net->listeners : &net->datagrams, net->ports);
    free_links(net);
    sim_packet_cleanup(net);
    sim_hosts_cleanup(net);
    sim_table_cleanup(&net->connections, alloc);
    sim_table_cleanup(&net->listeners, alloc);
    sim_table_cleanup(&net->datagrams, alloc);
    sim_table_cleanup(&net->addresses, alloc);
    sim_table_cleanup(&net->names, alloc);
    rig_delete(alloc, net, sizeof(*net));
}

uint64_t rig_simnet_now(const rig_simnet *net)
{
    return net->now;
}

const rig_alloc *rig_simnet_alloc(const rig_simnet *net)
{
    return net->config.alloc;
}

const rig_draws *rig_simnet_draws(const rig_simnet *net)
{
    return &net->config.draws;
}

static void push(rig_simnet *net, sim_fifo *fifo, sim_event *event, sim_event_kind kind, uint64_t at)
{
    event->kind = (uint8_t)kind;
    event->at = at;
    event->order = net->timers.order++;
    event->next = NULL;
    *(fifo->last ? &fifo->last->next : &fifo->first) = event;
    fifo->last = event;
}

static sim_event *pop(sim_fifo *fifo)
{
    sim_event *event = fifo->first;
    fifo->first = event->next;
    if (!fifo->first)
        fifo->last = NULL;
    return event;
}

/* Puts a stream in the queue of those with something to do at this instant, behind all events made so far. */
void sim_post(rig_simnet *net, sim_stream *stream)
{
    if (stream->ready)
        return;
    stream->ready = true;
    push(net, &net->soon, &stream->event, SIM_EVENT_STREAM, net->now);
}

uint64_t rig_simnet_next(const rig_simnet *net)
{
    if (net->soon.first)
        return net->soon.first->at;
    uint64_t timers = rig_timerq_next(&net->timers);
    if (net->line.first && net->line.first->at < timers)
        return net->line.first->at;
    return timers;
}

void rig_simnet_advance(rig_simnet *net, uint64_t at)
{
    uint64_t next = rig_simnet_next(net);
    if (at > next)
        at = next;
    if (at > net->now)
        net->now = at;
}

static bool earlier(const sim_event *a, const sim_event *b)
{
    return a && (!b || a->at < b->at || (a->at == b->at && a->order < b->order));
}

static void run_event(rig_simnet *net, const sim_event *event)
{
    if (event->kind == SIM_EVENT_PACKET) {
        sim_deliver(net, SIM_OF(sim_packet, event, event));
        return;
    }
    sim_stream *stream = SIM_OF(sim_stream, event, event);
    stream->ready = false;
    sim_tcp_ready(stream);
}

static void run_timer(rig_timer *timer)
{
    if (timer->kind == SIM_TIMER_STREAM) {
        sim_tcp_timer(SIM_OF(sim_stream, timer, timer));
    } else if (timer->kind == SIM_TIMER_PACKET) {
        sim_packet *packet = SIM_OF(sim_packet, timer, timer);
        rig_link_forward(packet->after, &packet->wire);
    } else {
        rig_link *link = SIM_OF(rig_link, timer, timer);
        link->ops->due(link);
    }
}

static bool run_earliest(rig_simnet *net)
{
    sim_fifo *fifo = earlier(net->soon.first, net->line.first) ? &net->soon : &net->line;
    const rig_timer *timer = net->timers.root;
    sim_event at_timer = {.at = timer ? timer->at : 0, .order = timer ? timer->order : 0};
    if (timer && earlier(&at_timer, fifo->first)) {
        net->now = timer->at > net->now ? timer->at : net->now;
        run_timer(rig_timerq_pop(&net->timers, net->now));
        return true;
    }
    if (!fifo->first)
        return false;
    sim_event *event = pop(fifo);
    net->now = event->at > net->now ? event->at : net->now;
    run_event(net, event);
    return true;
}

bool rig_simnet_step(rig_simnet *net)
{
    if (net->stepping)
        return false;
    net->stepping = true;
    bool ran = run_earliest(net);
    net->stepping = false;
    return ran;
}

rig_status rig_simnet_link(rig_simnet *net, rig_link *link)
{
    if (net->num_links >= RIG_LINKS_MAX)
        return RIG_E_LIMIT;
    link->net = net;
    link->next = NULL;
    link->number = net->num_links++;
    *(net->last_link ? &net->last_link->next : &net->links) = link;
    net->last_link = link;
    return RIG_OK;
}

static void enter(rig_simnet *net, rig_link *link, sim_packet *packet)
{
    if (link)
        link->ops->pass(link, &packet->wire);
    else
        push(net, &net->line, &packet->event, SIM_EVENT_PACKET, net->now + net->config.latency);
}

void rig_link_forward(rig_link *link, rig_packet *packet)
{
    enter(link->net, link->next, SIM_OF(sim_packet, wire, packet));
}

void rig_link_forward_at(rig_link *link, rig_packet *wire, uint64_t at)
{
    sim_packet *packet = SIM_OF(sim_packet, wire, wire);
    packet->after = link;
    packet->timer.kind = SIM_TIMER_PACKET;
    rig_timerq_arm(&link->net->timers, &packet->timer, at);
}

void rig_link_arm(rig_link *link, uint64_t at)
{
    link->timer.kind = SIM_TIMER_LINK;
    rig_timerq_arm(&link->net->timers, &link->timer, at);
}

void rig_simhost_leave(rig_simhost *host, rig_packet *packet)
{
    enter(host->net, host->net->links, SIM_OF(sim_packet, wire, packet));
}

void sim_send(rig_simhost *host, sim_packet *packet)
{
    if (host->down)
        sim_packet_free(host->net, packet);
    else if (host->leaving)
        host->leaving(host->filter_ctx, host, &packet->wire);
    else
        enter(host->net, host->net->links, packet);
}

void rig_simnet_tap(rig_simnet *net, rig_tap_fn *tap, void *ctx)
{
    net->tap = tap;
    net->tap_ctx = ctx;
}

void rig_simnet_tap_moved(rig_simnet *net)
{
    net->tap_moved = true;
}

void rig_simnet_show(rig_simnet *net, const rig_packet *packet)
{
    if (net->tap)
        net->tap(net->tap_ctx, net->now, packet);
}

void sim_deliver(rig_simnet *net, sim_packet *packet)
{
    rig_simhost *host = sim_host_of(net, &packet->wire.destination);
    if (!host || host->down || packet->lost) {
        sim_packet_free(net, packet);
        return;
    }
    if (!net->tap_moved)
        rig_simnet_show(net, &packet->wire);
    if (packet->wire.corrupt_checksum)
        sim_packet_free(net, packet);
    else if (host->arriving)
        host->arriving(host->filter_ctx, host, &packet->wire);
    else
        rig_simhost_arrive(host, &packet->wire);
}

void rig_simhost_arrive(rig_simhost *host, rig_packet *wire)
{
    sim_packet *packet = SIM_OF(sim_packet, wire, wire);
    if (wire->protocol == RIG_PROTOCOL_TCP)
        sim_tcp_input(host, packet);
    else if (wire->protocol == RIG_PROTOCOL_UDP)
        sim_udp_input(host, packet);
    if (!packet->held)
        sim_packet_free(host->net, packet);
}
