/* UDP (RFC 768) between simulated hosts. */
#include "sim.h"

rig_status rig_simhost_udp_bind(rig_simhost *host, rig_address *at, rig_datagram_fn *receive, void *ctx)
{
    sim_table *table = &host->net->datagrams;
    if (!receive) {
        sim_port *old = sim_port_find(table, host, at);
        if (!old)
            return RIG_E_NOT_FOUND;
        sim_port_close(table, old);
        return RIG_OK;
    }
    sim_port *port;
    rig_status status = sim_port_open(host, table, at, &port);
    if (status != RIG_OK)
        return status;
    port->receive = receive;
    port->ctx = ctx;
    return RIG_OK;
}

/* Only TCP knows who called whom; for datagrams the host that listens for connections stands for the target.
 */
static bool towards_listener(const rig_simhost *from, const rig_ip *to)
{
    const rig_simhost *receiver = sim_host_of(from->net, to);
    return receiver && receiver->num_listeners > 0 && from->num_listeners == 0;
}

static rig_status send_from(rig_simhost *host, const rig_ip *source, const rig_address *from,
                            const rig_address *to, rig_view data)
{
    sim_packet *packet = sim_packet_new(host->net);
    if (!packet || !rig_packet_room(host->net, &packet->wire, (uint32_t)data.len)) {
        rig_packet_free(host->net, packet ? &packet->wire : NULL);
        return RIG_E_NOMEM;
    }
    if (data.len)
        memcpy(packet->owned, data.ptr, data.len);
    rig_packet *wire = &packet->wire;
    packet->from = host;
    wire->source = *source;
    wire->destination = to->ip;
    wire->protocol = RIG_PROTOCOL_UDP;
    wire->id = host->ip_id++;
    wire->to_listener = towards_listener(host, &to->ip);
    wire->header_len = RIG_UDP_HEADER;
    rig_put_be16(wire->header, from->port);
    rig_put_be16(wire->header + 2, to->port);
    rig_put_be16(wire->header + 4, (uint16_t)(RIG_UDP_HEADER + data.len));
    rig_put_be16(wire->header + 6, 0);
    sim_send(host, packet);
    return RIG_OK;
}

rig_status rig_simhost_udp_send(rig_simhost *host, const rig_address *from, const rig_address *to,
                                rig_view data)
{
    size_t headers = (to->ip.version == 4 ? SIM_V4_HEADER : SIM_V6_HEADER) + RIG_UDP_HEADER;
    if (data.len > host->net->config.mtu - headers)
        return RIG_E_LIMIT;
    const rig_ip *source = from->ip.version ? &from->ip : sim_host_source(host, to->ip.version);
    if (!source || source->version != to->ip.version || !sim_host_has(host, source))
        return RIG_E_UNREACHABLE;
    return send_from(host, source, from, to, data);
}

void sim_udp_input(rig_simhost *host, sim_packet *packet)
{
    const rig_packet *wire = &packet->wire;
    if (wire->header_len != RIG_UDP_HEADER ||
        rig_be16(wire->header + 4) != RIG_UDP_HEADER + wire->payload_len)
        return;
    rig_address from = {wire->source, rig_be16(wire->header)};
    rig_address to = {wire->destination, rig_be16(wire->header + 2)};
    sim_port *port = sim_port_find(&host->net->datagrams, host, &to);
    if (!port || !rig_packet_own(host->net, &packet->wire))
        return;
    port->receive(port->ctx, &from, &to, rig_view_of(packet->owned, wire->payload_len), host->net->now);
}
