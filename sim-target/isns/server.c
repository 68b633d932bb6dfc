/* The server: what it hands out, where it listens, its time. */
#include "iss.h"

/* ---- nodes ---- */

static bool nodes_grow(rig_isns_server *server)
{
    if (server->num_nodes < server->size_nodes)
        return true;
    uint32_t size = server->size_nodes ? server->size_nodes * 2 : 4;
    iss_node *nodes = rig_resize(server->config.alloc, server->nodes, server->size_nodes * sizeof *nodes,
                                 size * sizeof *nodes);
    if (!nodes)
        return false;
    server->nodes = nodes;
    server->size_nodes = size;
    return true;
}

/* The last one is looked at first: a node's portals come one behind the other. */
static bool node_find(const rig_isns_server *server, rig_view name, uint32_t *out_node)
{
    for (uint32_t i = server->num_nodes; i-- > 0;)
        if (rig_view_is(name, server->nodes[i].name)) {
            *out_node = i;
            return true;
        }
    return false;
}

rig_status rig_isns_server_node(rig_isns_server *server, rig_view name, rig_view alias, uint32_t *out_node)
{
    iss_node *node;
    if (name.len >= sizeof node->name || alias.len >= sizeof node->alias)
        return RIG_E_LIMIT;
    if (node_find(server, name, out_node))
        return RIG_OK;
    if (server->num_nodes == RIG_ISNS_SERVER_NODES_MAX)
        return RIG_E_LIMIT;
    if (!nodes_grow(server))
        return RIG_E_NOMEM;
    node = &server->nodes[server->num_nodes];
    *node = (iss_node){0};
    memcpy(node->name, name.ptr, name.len);
    if (alias.len)
        memcpy(node->alias, alias.ptr, alias.len);
    *out_node = server->num_nodes++;
    return RIG_OK;
}

rig_status rig_isns_server_place(rig_isns_server *server, uint32_t node, const rig_isns_server_portal *portal)
{
    iss_node *at = &server->nodes[node];
    size_t size = at->num_portals * sizeof *portal;
    if (at->num_portals == RIG_ISNS_SERVER_PORTALS_MAX)
        return RIG_E_LIMIT;
    rig_isns_server_portal *portals =
        rig_resize(server->config.alloc, at->portals, size, size + sizeof *portal);
    if (!portals)
        return RIG_E_NOMEM;
    at->portals = portals;
    at->portals[at->num_portals++] = *portal;
    return RIG_OK;
}

rig_status rig_isns_server_only(rig_isns_server *server, uint32_t node, rig_view initiator)
{
    iss_node *at = &server->nodes[node];
    if (initiator.len >= sizeof at->only)
        return RIG_E_LIMIT;
    memset(at->only, 0, sizeof at->only);
    memcpy(at->only, initiator.ptr, initiator.len);
    return RIG_OK;
}

/* ---- what is wrong ---- */

void rig_isns_server_refuse(rig_isns_server *server, uint16_t function, uint32_t status)
{
    if (function <= RIG_ISNS_HEARTBEAT)
        server->refusals[function] = status;
}

void rig_isns_server_fault(rig_isns_server *server, rig_isns_fault fault)
{
    server->fault = fault;
}

/* ---- where it listens ---- */

rig_status rig_isns_server_listen(rig_isns_server *server, rig_address *at)
{
    rig_status status = rig_listen(server->config.transport, at, iss_accept, server, &server->listener);
    if (status) {
        server->listener = NULL;
        return status;
    }
    rig_bound(server->listener, at);
    server->at = *at;
    return RIG_OK;
}

void rig_isns_server_shut(rig_isns_server *server)
{
    if (server->listener)
        rig_unlisten(server->listener);
    server->listener = NULL;
    while (server->links)
        iss_link_free(server->links);
}

rig_status rig_isns_server_open(rig_isns_server *server)
{
    rig_address at = server->at;
    return server->listener ? RIG_OK : rig_isns_server_listen(server, &at);
}

/* ---- time ---- */

uint32_t rig_isns_server_clients(const rig_isns_server *server)
{
    return server->num_clients;
}

uint64_t rig_isns_server_next_deadline(const rig_isns_server *server)
{
    uint64_t next = RIG_NEVER;
    for (const iss_link *link = server->links; link; link = link->next)
        next = link->until < next ? link->until : next;
    for (uint32_t i = 0; i < server->num_clients; i++)
        next = server->clients[i].until < next ? server->clients[i].until : next;
    return next;
}

void rig_isns_server_tick(rig_isns_server *server, uint64_t now)
{
    for (iss_link *link = server->links, *next; link; link = next) {
        next = link->next;
        if (link->until <= now)
            iss_gave_up(link, now);
    }
    for (uint32_t i = server->num_clients; i-- > 0;)
        if (server->clients[i].until <= now)
            iss_client_drop(server, &server->clients[i]);
}

/* ---- from beginning to end ---- */

rig_isns_server *rig_isns_server_new(const rig_isns_server_config *config)
{
    rig_isns_server *server = rig_new(config->alloc, sizeof *server);
    if (!server)
        return NULL;
    server->config = *config;
    if (!server->config.period)
        server->config.period = RIG_ISNS_SERVER_PERIOD;
    return server;
}

void rig_isns_server_free(rig_isns_server *server)
{
    if (!server)
        return;
    const rig_alloc *alloc = server->config.alloc;
    rig_isns_server_shut(server);
    for (uint32_t i = 0; i < server->num_nodes; i++)
        rig_delete(alloc, server->nodes[i].portals,
                   server->nodes[i].num_portals * sizeof *server->nodes[i].portals);
    rig_delete(alloc, server->nodes, server->size_nodes * sizeof *server->nodes);
    rig_delete(alloc, server, sizeof *server);
}
