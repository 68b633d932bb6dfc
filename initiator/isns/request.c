/* What each step of a question says (RFC 4171 section 5.6.5). */
#include "internal.h"

#define NODE_TYPE RIG_ISNS_TYPE_INITIATOR
#define SCN_BITMAP (RIG_ISNS_SCN_TARGETS | RIG_ISNS_SCN_ADDED | RIG_ISNS_SCN_REMOVED | RIG_ISNS_SCN_UPDATED)

/* A message being written; the first thing that goes wrong stays. */
typedef struct writing {
    rig_gather *out;
    const rig_alloc *alloc;
    rig_status status;
} writing;

static void add_text(writing *w, uint32_t tag, const char *text)
{
    if (!w->status)
        w->status = rig_isns_add_text(w->out, w->alloc, tag, rig_view_str(text));
}

static void add_number(writing *w, uint32_t tag, uint32_t number)
{
    if (!w->status)
        w->status = rig_isns_add_number(w->out, w->alloc, tag, number);
}

static void add_empty(writing *w, uint32_t tag)
{
    if (!w->status)
        w->status = rig_isns_add(w->out, w->alloc, tag, (rig_view){0});
}

/* The portal is the one the server can tell us at: initiators have no other. */
static void add_portal(writing *w, const rig_isns_client *client)
{
    uint32_t port = client->listening.port;
    if (!w->status)
        w->status = rig_isns_add_ip(w->out, w->alloc, RIG_ISNS_TAG_PORTAL_IP, &client->local.ip);
    add_number(w, RIG_ISNS_TAG_PORTAL_PORT, port);
    add_number(w, RIG_ISNS_TAG_ESI_PORT, port);
    add_number(w, RIG_ISNS_TAG_SCN_PORT, port);
}

/* The node's name is that of its entity, too: it is as unique as an entity's has to be (section 6.2.1). */
static void register_node(writing *w, const rig_isns_client *client)
{
    add_text(w, RIG_ISNS_TAG_ENTITY, client->node);
    add_empty(w, RIG_ISNS_TAG_DELIMITER);
    add_text(w, RIG_ISNS_TAG_ENTITY, client->node);
    add_number(w, RIG_ISNS_TAG_PROTOCOL, RIG_ISNS_PROTOCOL_ISCSI);
    if (client->listener)
        add_portal(w, client);
    add_text(w, RIG_ISNS_TAG_NODE, client->node);
    add_number(w, RIG_ISNS_TAG_NODE_TYPE, NODE_TYPE);
}

static void notify(writing *w, const rig_isns_client *client)
{
    add_text(w, RIG_ISNS_TAG_NODE, client->node);
    add_empty(w, RIG_ISNS_TAG_DELIMITER);
    add_number(w, RIG_ISNS_TAG_SCN_BITMAP, SCN_BITMAP);
}

/* Every target we may see, with its portals, and which portal belongs to which group of which node. */
static void query(writing *w, const rig_isns_client *client)
{
    static const uint32_t wanted[] = {
        RIG_ISNS_TAG_NODE,        RIG_ISNS_TAG_NODE_TYPE, RIG_ISNS_TAG_ALIAS,      RIG_ISNS_TAG_PORTAL_IP,
        RIG_ISNS_TAG_PORTAL_PORT, RIG_ISNS_TAG_SECURITY,  RIG_ISNS_TAG_GROUP_NODE, RIG_ISNS_TAG_GROUP_IP,
        RIG_ISNS_TAG_GROUP_PORT,  RIG_ISNS_TAG_GROUP_TAG};
    (void)client;
    add_number(w, RIG_ISNS_TAG_NODE_TYPE, RIG_ISNS_TYPE_TARGET);
    add_empty(w, RIG_ISNS_TAG_DELIMITER);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        add_empty(w, wanted[i]);
}

static void leave(writing *w, const rig_isns_client *client)
{
    add_empty(w, RIG_ISNS_TAG_DELIMITER);
    add_text(w, RIG_ISNS_TAG_ENTITY, client->known);
}

/* The source of each is the node, of a deregistration the one that is registered. */
static const struct {
    uint16_t function;
    bool as_known;
    void (*write)(writing *w, const rig_isns_client *client);
} steps[ISC_STEPS] = {
    [ISC_FORGET] = {RIG_ISNS_DEV_DEREG, true, leave},
    [ISC_REGISTER] = {RIG_ISNS_DEV_ATTR_REG, false, register_node},
    [ISC_NOTIFY] = {RIG_ISNS_SCN_REG, false, notify},
    [ISC_QUERY] = {RIG_ISNS_DEV_ATTR_QRY, false, query},
    [ISC_LEAVE] = {RIG_ISNS_DEV_DEREG, true, leave},
};

uint16_t isc_function(isc_step step)
{
    return steps[step].function;
}

rig_status isc_request(const rig_isns_client *client, isc_step step, rig_gather *out)
{
    writing w = {.out = out, .alloc = client->config.alloc};
    add_text(&w, RIG_ISNS_TAG_NODE, steps[step].as_known ? client->known : client->node);
    steps[step].write(&w, client);
    return w.status;
}
