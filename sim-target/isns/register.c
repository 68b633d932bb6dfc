/* DevAttrReg: a client's entity with its portal and its node (RFC 4171 section 5.6.5.1). */
#include "iss.h"

static bool copy_text(rig_view value, char *out, size_t size)
{
    rig_view text;
    if (!rig_isns_text(value, &text) || text.len >= size)
        return false;
    memcpy(out, text.ptr, text.len);
    out[text.len] = 0;
    return true;
}

static bool copy_port(rig_view value, uint16_t *out)
{
    uint32_t number;
    if (!rig_isns_number(value, &number) || number > UINT16_MAX)
        return false; /* UDP is not served */
    *out = (uint16_t)number;
    return true;
}

/* The order is judged as it comes: entity first, a portal's attributes behind its keys, a node's behind its
 * name (section 5.6.4). */
static bool take(iss_client *out, const rig_isns_attr *attr)
{
    uint32_t number;
    switch (attr->tag) {
    case RIG_ISNS_TAG_ENTITY:
        return !out->entity[0] && copy_text(attr->value, out->entity, sizeof out->entity);
    case RIG_ISNS_TAG_PORTAL_IP:
        return out->entity[0] && rig_isns_ip(attr->value, &out->ip);
    case RIG_ISNS_TAG_PORTAL_PORT:
        return out->ip.version && copy_port(attr->value, &out->portal_port);
    case RIG_ISNS_TAG_ESI_PORT:
        return out->ip.version && copy_port(attr->value, &out->esi_port);
    case RIG_ISNS_TAG_SCN_PORT:
        return out->ip.version && copy_port(attr->value, &out->scn_port);
    case RIG_ISNS_TAG_NODE:
        return out->entity[0] && copy_text(attr->value, out->node, sizeof out->node);
    case RIG_ISNS_TAG_PROTOCOL:
        return out->entity[0] && rig_isns_number(attr->value, &number);
    case RIG_ISNS_TAG_NODE_TYPE:
        return out->node[0] && rig_isns_number(attr->value, &number);
    default:
        return true;
    }
}

/* Keys and attributes as they were asked for, and in front of the first portal or node the period that the
 * server has given the entity (section 6.2.6). */
static rig_status answer(const rig_isns_server *server, const iss_request *request, rig_gather *out)
{
    const rig_alloc *alloc = server->config.alloc;
    rig_view rest = request->operating;
    rig_isns_attr attr;
    bool told = false;
    rig_status status = rig_gather_add(out, alloc, request->keys, RIG_ISNS_MESSAGE_MAX);
    if (!status)
        status = rig_isns_add(out, alloc, RIG_ISNS_TAG_DELIMITER, (rig_view){0});
    while (!status && rig_isns_attr_next(&rest, &attr, NULL) == RIG_OK) {
        if (!told && (attr.tag == RIG_ISNS_TAG_PORTAL_IP || attr.tag == RIG_ISNS_TAG_NODE)) {
            status = rig_isns_add_number(out, alloc, RIG_ISNS_TAG_PERIOD, server->config.period);
            told = true;
        }
        if (!status)
            status = rig_isns_add(out, alloc, attr.tag, attr.value);
    }
    return status;
}

static bool key_fits(const iss_request *request, const iss_client *client)
{
    rig_isns_attr attr;
    rig_view rest = request->keys, name;
    return rig_isns_attr_next(&rest, &attr, NULL) == RIG_OK && attr.tag == RIG_ISNS_TAG_ENTITY &&
           rig_isns_text(attr.value, &name) && rig_view_is(name, client->entity);
}

/* Only an entity with one node, that of the source, is served: initiators have no other. */
uint32_t iss_register(rig_isns_server *server, const iss_request *request, rig_gather *out)
{
    iss_client fresh = {0};
    rig_isns_attr attr;
    rig_view rest = request->operating;
    while (rig_isns_attr_next(&rest, &attr, NULL) == RIG_OK)
        if (!take(&fresh, &attr))
            return RIG_ISNS_ST_FORMAT_ERROR;
    if (!key_fits(request, &fresh) || !rig_view_is(request->source, fresh.node))
        return RIG_ISNS_ST_INVALID_REGISTRATION;
    iss_client *client = iss_client_find(server, request->source);
    if (!client && server->num_clients == RIG_ISNS_SERVER_CLIENTS_MAX)
        return RIG_ISNS_ST_BUSY;
    if (answer(server, request, out) != RIG_OK)
        return RIG_ISNS_ST_INTERNAL_ERROR;
    fresh.bitmap = client ? client->bitmap : 0;
    fresh.until = request->now + (uint64_t)server->config.period * RIG_SECOND;
    *(client ? client : &server->clients[server->num_clients++]) = fresh;
    return RIG_ISNS_ST_SUCCESSFUL;
}
