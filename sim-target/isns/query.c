/* DevAttrQry: nodes with their portals and portal groups, in the order that was asked for (RFC 4171 section
 * 5.6.5.2). */
#include "iss.h"

/* An answer being written; the first thing that goes wrong stays. */
typedef struct writing {
    rig_gather *out;
    const rig_alloc *alloc;
    rig_view wanted;
    rig_status status;
} writing;

typedef enum object { NODE, PORTAL, GROUP, OBJECTS } object;

static object object_of(uint32_t tag)
{
    if (tag >= RIG_ISNS_TAG_GROUP_NODE && tag <= RIG_ISNS_TAG_GROUP_TAG)
        return GROUP;
    if (tag >= RIG_ISNS_TAG_PORTAL_IP && tag <= RIG_ISNS_TAG_SECURITY)
        return PORTAL;
    return tag >= RIG_ISNS_TAG_NODE && tag <= RIG_ISNS_TAG_SCN_BITMAP ? NODE : OBJECTS;
}

static void put_text(writing *w, uint32_t tag, const char *text)
{
    if (!w->status && text[0])
        w->status = rig_isns_add_text(w->out, w->alloc, tag, rig_view_str(text));
}

static void put_number(writing *w, uint32_t tag, uint32_t number)
{
    if (!w->status)
        w->status = rig_isns_add_number(w->out, w->alloc, tag, number);
}

static void put_ip(writing *w, uint32_t tag, const rig_ip *ip)
{
    if (!w->status)
        w->status = rig_isns_add_ip(w->out, w->alloc, tag, ip);
}

/* What has no value is not told. */
static void put(writing *w, uint32_t tag, const iss_node *node, const rig_isns_server_portal *portal)
{
    if (tag == RIG_ISNS_TAG_NODE || tag == RIG_ISNS_TAG_GROUP_NODE)
        put_text(w, tag, node->name);
    else if (tag == RIG_ISNS_TAG_NODE_TYPE)
        put_number(w, tag, RIG_ISNS_TYPE_TARGET);
    else if (tag == RIG_ISNS_TAG_ALIAS)
        put_text(w, tag, node->alias);
    else if (tag == RIG_ISNS_TAG_PORTAL_IP || tag == RIG_ISNS_TAG_GROUP_IP)
        put_ip(w, tag, &portal->at.ip);
    else if (tag == RIG_ISNS_TAG_PORTAL_PORT || tag == RIG_ISNS_TAG_GROUP_PORT)
        put_number(w, tag, portal->at.port);
    else if (tag == RIG_ISNS_TAG_SECURITY && portal->has_flags)
        put_number(w, tag, portal->flags);
    else if (tag == RIG_ISNS_TAG_GROUP_TAG)
        put_number(w, tag, (uint32_t)portal->group);
}

static void put_object(writing *w, object which, const iss_node *node, const rig_isns_server_portal *portal)
{
    rig_view rest = w->wanted;
    rig_isns_attr attr;
    while (rig_isns_attr_next(&rest, &attr, NULL) == RIG_OK)
        if (object_of(attr.tag) == which)
            put(w, attr.tag, node, portal);
}

/* A portal with a null tag is not the node's (section 6.5.4). */
static void put_objects(writing *w, object which, const iss_node *node)
{
    if (which == NODE)
        put_object(w, which, node, NULL);
    for (uint32_t i = 0; which != NODE && i < node->num_portals; i++)
        if (node->portals[i].group >= 0)
            put_object(w, which, node, &node->portals[i]);
}

/* Objects in the order in which the first of their attributes was asked for. */
static void put_node(writing *w, const iss_node *node)
{
    bool done[OBJECTS + 1] = {[OBJECTS] = true};
    rig_view rest = w->wanted;
    rig_isns_attr attr;
    while (rig_isns_attr_next(&rest, &attr, NULL) == RIG_OK) {
        object which = object_of(attr.tag);
        if (!done[which])
            put_objects(w, which, node);
        done[which] = true;
    }
}

/* Which nodes are meant: targets, all, or one. */
static bool read_key(const iss_request *request, rig_view *out_name)
{
    rig_isns_attr attr;
    rig_view rest = request->keys;
    uint32_t type;
    *out_name = (rig_view){0};
    if (rig_isns_attr_next(&rest, &attr, NULL) != RIG_OK || rest.len)
        return false;
    if (attr.tag == RIG_ISNS_TAG_NODE_TYPE)
        return attr.value.len == 0 || (rig_isns_number(attr.value, &type) && type & RIG_ISNS_TYPE_TARGET);
    return attr.tag == RIG_ISNS_TAG_NODE && (attr.value.len == 0 || rig_isns_text(attr.value, out_name));
}

/* Nobody sees what is in no discovery domain of his (section 5.6.5.2). */
uint32_t iss_query(rig_isns_server *server, const iss_request *request, rig_gather *out)
{
    writing w = {.out = out, .alloc = server->config.alloc, .wanted = request->operating};
    rig_view name;
    const iss_client *client = iss_client_find(server, request->source);
    if (!client)
        return RIG_ISNS_ST_SOURCE_UNKNOWN;
    if (!read_key(request, &name))
        return RIG_ISNS_ST_INVALID_QUERY;
    w.status = rig_gather_add(out, w.alloc, request->keys, RIG_ISNS_MESSAGE_MAX);
    if (!w.status)
        w.status = rig_isns_add(out, w.alloc, RIG_ISNS_TAG_DELIMITER, (rig_view){0});
    for (uint32_t i = 0; i < server->num_nodes && !w.status; i++)
        if (iss_sees(&server->nodes[i], client->node) &&
            (!name.len || rig_view_is(name, server->nodes[i].name)))
            put_node(&w, &server->nodes[i]);
    return w.status ? RIG_ISNS_ST_INTERNAL_ERROR : RIG_ISNS_ST_SUCCESSFUL;
}
