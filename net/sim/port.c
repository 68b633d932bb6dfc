/* Ports of a host with somebody behind them: listening addresses and UDP users, found by host and port. */
#include "sim.h"

typedef struct port_key {
    const rig_simhost *host;
    const rig_address *at;
    bool exact; /* any-address entries count only for any-address keys, and the other way round */
} port_key;

static uint32_t port_hash(const rig_simhost *host, uint16_t port)
{
    return sim_mix(host->number, port);
}

static bool same_port(const sim_node *node, const void *key_)
{
    const sim_port *port = SIM_OF(const sim_port, node, node);
    const port_key *key = key_;
    if (port->host != key->host || port->at.port != key->at->port)
        return false;
    bool any = port->at.ip.version == 0;
    if (key->exact)
        return any ? key->at->ip.version == 0 : sim_ip_same(&port->at.ip, &key->at->ip);
    return any || key->at->ip.version == 0 || sim_ip_same(&port->at.ip, &key->at->ip);
}

static sim_port *find(const sim_table *table, const port_key *key)
{
    sim_node *node = sim_table_find(table, port_hash(key->host, key->at->port), same_port, key);
    return node ? SIM_OF(sim_port, node, node) : NULL;
}

/* Who gets what comes to this address: its own entry first, then the one for any address. */
sim_port *sim_port_find(const sim_table *table, const rig_simhost *host, const rig_address *at)
{
    sim_port *port = find(table, &(port_key){host, at, true});
    return port ? port : find(table, &(port_key){host, at, false});
}

/* An entry that two users would both claim is in the way. */
static bool taken(const sim_table *table, const rig_simhost *host, const rig_address *at)
{
    return find(table, &(port_key){host, at, false}) != NULL;
}

static rig_status choose_port(const sim_table *table, rig_simhost *host, rig_address *at)
{
    for (int i = 0; i < SIM_PORTS; i++) {
        at->port = sim_host_port(host);
        if (!taken(table, host, at))
            return RIG_OK;
    }
    return RIG_E_LIMIT;
}

static rig_status settle_address(const sim_table *table, rig_simhost *host, rig_address *at)
{
    if (at->ip.version != 0 && !sim_host_has(host, &at->ip))
        return RIG_E_ARGUMENT;
    if (table->num >= SIM_LISTENERS_MAX)
        return RIG_E_LIMIT;
    if (at->port == 0)
        return choose_port(table, host, at);
    return taken(table, host, at) ? RIG_E_EXISTS : RIG_OK;
}

rig_status sim_port_open(rig_simhost *host, sim_table *table, rig_address *at, sim_port **out_port)
{
    rig_simnet *net = host->net;
    rig_status status = settle_address(table, host, at);
    if (status != RIG_OK)
        return status;
    sim_port *port = rig_new(net->config.alloc, sizeof(*port));
    if (!port || !sim_table_add(table, net->config.alloc, &port->node, port_hash(host, at->port))) {
        rig_delete(net->config.alloc, port, sizeof(*port));
        return RIG_E_NOMEM;
    }
    port->base.ops = &sim_transport_ops;
    port->host = host;
    port->at = *at;
    port->next = net->ports;
    if (net->ports)
        net->ports->prev = port;
    net->ports = port;
    *out_port = port;
    return RIG_OK;
}

void sim_port_close(sim_table *table, sim_port *port)
{
    rig_simnet *net = port->host->net;
    sim_table_remove(table, &port->node);
    *(port->prev ? &port->prev->next : &net->ports) = port->next;
    if (port->next)
        port->next->prev = port->prev;
    rig_delete(net->config.alloc, port, sizeof(*port));
}
