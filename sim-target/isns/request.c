/* What clients ask: each request to its answer (RFC 4171 sections 5.6.5 and 5.7). */
#include "iss.h"

bool iss_sees(const iss_node *node, const char *initiator)
{
    return node->shown && (node->only[0] == 0 || strcmp(node->only, initiator) == 0);
}

iss_client *iss_client_find(rig_isns_server *server, rig_view node)
{
    for (uint32_t i = 0; i < server->num_clients; i++)
        if (rig_view_is(node, server->clients[i].node))
            return &server->clients[i];
    return NULL;
}

void iss_client_drop(rig_isns_server *server, iss_client *client)
{
    *client = server->clients[--server->num_clients];
}

/* Source, keys, delimiter, operating attributes; RIG_E_FORMAT when they do not come so (section 5.6). */
static rig_status read_request(rig_view message, iss_request *out)
{
    rig_isns_attr attr;
    rig_view rest = message, at;
    out->message = message;
    if (rig_isns_attr_next(&rest, &attr, NULL) || attr.tag != RIG_ISNS_TAG_NODE ||
        !rig_isns_text(attr.value, &out->source) || out->source.len > RIG_NAME_MAX)
        return RIG_E_FORMAT;
    out->keys = at = rest;
    while (rig_isns_attr_next(&rest, &attr, NULL) == RIG_OK && attr.tag != RIG_ISNS_TAG_DELIMITER)
        at = rest;
    if (rest.ptr == at.ptr)
        return RIG_E_FORMAT;
    out->keys.len = (size_t)(at.ptr - out->keys.ptr);
    out->operating = rest;
    rig_status status = RIG_OK;
    while (!status)
        status = rig_isns_attr_next(&rest, &attr, NULL);
    return status == RIG_E_NOT_FOUND ? RIG_OK : status;
}

static uint32_t deregister(rig_isns_server *server, const iss_request *request, rig_gather *out)
{
    rig_isns_attr attr;
    rig_view rest = request->operating, name;
    (void)out;
    while (rig_isns_attr_next(&rest, &attr, NULL) == RIG_OK) {
        iss_client *client = iss_client_find(server, request->source);
        bool own = client && rig_isns_text(attr.value, &name) &&
                   ((attr.tag == RIG_ISNS_TAG_ENTITY && rig_view_is(name, client->entity)) ||
                    (attr.tag == RIG_ISNS_TAG_NODE && rig_view_is(name, client->node)));
        if (own)
            iss_client_drop(server, client);
        else if (client)
            return RIG_ISNS_ST_SOURCE_UNAUTHORIZED;
    }
    return RIG_ISNS_ST_SUCCESSFUL;
}

/* Without a port for them there is nowhere to send notifications (section 5.6.5.5). */
static uint32_t want_notices(rig_isns_server *server, const iss_request *request, rig_gather *out)
{
    rig_isns_attr attr;
    rig_view rest = request->operating;
    iss_client *client = iss_client_find(server, request->source);
    (void)out;
    if (!client)
        return RIG_ISNS_ST_SOURCE_UNKNOWN;
    if (!client->scn_port)
        return RIG_ISNS_ST_SCN_REJECTED;
    if (rig_isns_attr_next(&rest, &attr, NULL) != RIG_OK || attr.tag != RIG_ISNS_TAG_SCN_BITMAP ||
        !rig_isns_number(attr.value, &client->bitmap))
        return RIG_ISNS_ST_FORMAT_ERROR;
    return RIG_ISNS_ST_SUCCESSFUL;
}

static uint32_t want_no_notices(rig_isns_server *server, const iss_request *request, rig_gather *out)
{
    iss_client *client = iss_client_find(server, request->source);
    (void)out;
    if (!client)
        return RIG_ISNS_ST_SOURCE_UNKNOWN;
    client->bitmap = 0;
    return RIG_ISNS_ST_SUCCESSFUL;
}

typedef uint32_t serve_fn(rig_isns_server *server, const iss_request *request, rig_gather *out);

static uint32_t serve(rig_isns_server *server, uint16_t function, iss_request *request, rig_view message,
                      rig_gather *out)
{
    static serve_fn *const serves[] = {[RIG_ISNS_DEV_ATTR_REG] = iss_register,
                                       [RIG_ISNS_DEV_ATTR_QRY] = iss_query,
                                       [RIG_ISNS_DEV_DEREG] = deregister,
                                       [RIG_ISNS_SCN_REG] = want_notices,
                                       [RIG_ISNS_SCN_DEREG] = want_no_notices};
    bool known = function < sizeof serves / sizeof serves[0] && serves[function];
    if (read_request(message, request) != RIG_OK)
        return RIG_ISNS_ST_FORMAT_ERROR;
    if (function <= RIG_ISNS_HEARTBEAT && server->refusals[function])
        return server->refusals[function];
    iss_client *client = iss_client_find(server, request->source);
    if (client)
        client->until = request->now + (uint64_t)server->config.period * RIG_SECOND;
    return known ? serves[function](server, request, out) : RIG_ISNS_ST_NOT_SUPPORTED;
}

static void tell(const rig_isns_server *server, uint16_t function, const iss_request *request, uint32_t code)
{
    const rig_isns_server_event event = {.function = function,
                                         .node = request->source,
                                         .status = code,
                                         .message = request->message,
                                         .now = request->now};
    if (server->config.event)
        server->config.event(server->config.ctx, &event);
}

void iss_take_request(iss_link *link, rig_view message, uint64_t now)
{
    rig_isns_server *server = link->server;
    const rig_isns_header asked = link->framer.header;
    const rig_isns_header like = {.function = asked.function | RIG_ISNS_RESPONSE,
                                  .flags = RIG_ISNS_FROM_SERVER,
                                  .transaction = asked.transaction};
    rig_isns_fault fault = asked.function == RIG_ISNS_DEV_ATTR_QRY ? server->fault : RIG_ISNS_FAULT_NONE;
    iss_request request = {.now = now};
    rig_gather out = {0};
    uint8_t status[4] = {0};
    rig_status room =
        rig_gather_add(&out, server->config.alloc, rig_view_of(status, 4), RIG_ISNS_MESSAGE_MAX);
    if (room || fault == RIG_ISNS_FAULT_RESET) {
        rig_gather_cleanup(&out, server->config.alloc);
        iss_link_free(link);
        return;
    }
    uint32_t code = serve(server, asked.function, &request, message, &out);
    rig_be_set(out.ptr, 4, code);
    tell(server, asked.function, &request, code);
    iss_link_send(link, &like, rig_view_of(out.ptr, code ? 4 : out.len), fault);
    rig_isns_framer_next(&link->framer);
    rig_gather_cleanup(&out, server->config.alloc);
}
