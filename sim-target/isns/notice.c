/* What the server asks of its clients: notifications and inquiries, on a connection of their own each. */
#include "iss.h"

/* ---- sending ---- */

static void ask_client(rig_isns_server *server, const iss_client *client, uint16_t function, uint16_t port,
                       rig_view message, uint64_t now)
{
    const rig_isns_header like = {
        .function = function, .flags = RIG_ISNS_FROM_SERVER, .transaction = ++server->transaction};
    rig_portal at = {.port = port, .group = -1};
    rig_text host;
    iss_link *link = iss_link_new(server);
    if (!link)
        return;
    rig_text_init(&host, at.host, sizeof at.host);
    rig_ip_print(&host, &client->ip);
    const rig_address from = {.ip = server->at.ip};
    const rig_stream_user user = {&iss_link_ops, link};
    if (rig_connect(server->config.transport, &from, &at, &user, &link->stream) != RIG_OK) {
        link->stream = NULL;
        iss_link_free(link);
        return;
    }
    link->ours = true;
    link->function = function;
    link->transaction = like.transaction;
    link->until = now + RIG_ISNS_SERVER_PATIENCE;
    memcpy(link->node, client->node, sizeof link->node);
    iss_link_send(link, &like, message, RIG_ISNS_FAULT_NONE);
}

static rig_status add_time(const rig_isns_server *server, rig_gather *out, uint64_t now)
{
    uint8_t seconds[8];
    rig_be_set(seconds, sizeof seconds, now / RIG_SECOND);
    return rig_isns_add(out, server->config.alloc, RIG_ISNS_TAG_TIMESTAMP,
                        rig_view_of(seconds, sizeof seconds));
}

static rig_status write_notice(const rig_isns_server *server, const iss_client *client, uint32_t bitmap,
                               rig_view source, uint64_t now, rig_gather *out)
{
    const rig_alloc *alloc = server->config.alloc;
    rig_status status = rig_isns_add_text(out, alloc, RIG_ISNS_TAG_NODE, rig_view_str(client->node));
    if (!status)
        status = add_time(server, out, now);
    if (!status)
        status = rig_isns_add_number(out, alloc, RIG_ISNS_TAG_SCN_BITMAP, bitmap);
    return status ? status : rig_isns_add_text(out, alloc, RIG_ISNS_TAG_NODE, source);
}

static void notify(rig_isns_server *server, const iss_client *client, uint32_t bitmap, rig_view source,
                   uint64_t now)
{
    rig_gather out = {0};
    if (!(client->bitmap & bitmap) || !client->scn_port)
        return;
    if (write_notice(server, client, bitmap, source, now, &out) == RIG_OK)
        ask_client(server, client, RIG_ISNS_SCN, client->scn_port, rig_view_of(out.ptr, out.len), now);
    rig_gather_cleanup(&out, server->config.alloc);
}

rig_status rig_isns_server_show(rig_isns_server *server, rig_view name, bool shown, uint64_t now)
{
    iss_node *node = server->nodes;
    while (node < server->nodes + server->num_nodes && !rig_view_is(name, node->name))
        node++;
    if (node == server->nodes + server->num_nodes)
        return RIG_E_NOT_FOUND;
    node->shown = true; /* who sees it while it is there is told that it goes */
    for (uint32_t i = 0; i < server->num_clients; i++)
        if (iss_sees(node, server->clients[i].node))
            notify(server, &server->clients[i], shown ? RIG_ISNS_SCN_ADDED : RIG_ISNS_SCN_REMOVED, name, now);
    node->shown = shown;
    return RIG_OK;
}

void rig_isns_server_tell(rig_isns_server *server, rig_view name, uint64_t now)
{
    for (uint32_t i = 0; i < server->num_clients; i++)
        notify(server, &server->clients[i], RIG_ISNS_SCN_UPDATED, name, now);
}

static void inquire(rig_isns_server *server, const iss_client *client, uint64_t now)
{
    const rig_alloc *alloc = server->config.alloc;
    rig_gather out = {0};
    rig_status status = add_time(server, &out, now);
    if (!status)
        status = rig_isns_add_text(&out, alloc, RIG_ISNS_TAG_ENTITY, rig_view_str(client->entity));
    if (!status)
        status = rig_isns_add_ip(&out, alloc, RIG_ISNS_TAG_PORTAL_IP, &client->ip);
    if (!status)
        status = rig_isns_add_number(&out, alloc, RIG_ISNS_TAG_PORTAL_PORT, client->portal_port);
    if (!status)
        ask_client(server, client, RIG_ISNS_ESI, client->esi_port, rig_view_of(out.ptr, out.len), now);
    rig_gather_cleanup(&out, alloc);
}

void rig_isns_server_inquire(rig_isns_server *server, uint64_t now)
{
    for (uint32_t i = 0; i < server->num_clients; i++)
        if (server->clients[i].esi_port)
            inquire(server, &server->clients[i], now);
}

/* ---- answers ---- */

static void tell(const iss_link *link, uint32_t code, rig_view message, uint64_t now)
{
    const rig_isns_server_event event = {.function = link->function,
                                         .ours = true,
                                         .node = rig_view_str(link->node),
                                         .status = code,
                                         .message = message,
                                         .now = now};
    if (link->server->config.event)
        link->server->config.event(link->server->config.ctx, &event);
}

void iss_take_answer(iss_link *link, rig_view message, uint64_t now)
{
    const rig_isns_header *header = &link->framer.header;
    bool fits = link->ours && link->function && header->function == (link->function | RIG_ISNS_RESPONSE) &&
                header->transaction == link->transaction && message.len >= 4;
    if (!fits) {
        iss_link_close(link);
        return;
    }
    iss_client *client = iss_client_find(link->server, rig_view_str(link->node));
    if (client)
        client->until = now + (uint64_t)link->server->config.period * RIG_SECOND;
    tell(link, rig_be_get32(message.ptr), message, now);
    link->function = 0;
    link->until = RIG_NEVER;
    iss_link_close(link);
}

/* Who does not answer an inquiry is not there any more (section 5.6.5.13); a notification is not repeated. */
void iss_gave_up(iss_link *link, uint64_t now)
{
    rig_isns_server *server = link->server;
    iss_client *client = iss_client_find(server, rig_view_str(link->node));
    if (client && link->function == RIG_ISNS_ESI)
        iss_client_drop(server, client);
    tell(link, RIG_ISNS_ST_SOURCE_ABSENT, (rig_view){0}, now);
    iss_link_free(link);
}
