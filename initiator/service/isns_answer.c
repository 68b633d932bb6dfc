/* The answer of an iSNS server as instances: nodes with the portals that groups give them, and what is said
 * of IPsec there. */
#include "isns.h"
#include "told.h"

/* ---- instances ---- */

typedef struct reading {
    const rig_alloc *alloc;
    const char *mechanism;
    rig_target_instance_list *out;
    svc_places names;
    uint32_t node;        /* the last one, whose portals may follow it; UINT32_MAX: none */
    uint32_t num_portals; /* that it has */
    bool grouped;         /* groups have told its portals */
    svc_security security;
} reading;

/* The instance of a name becomes the one whose portals are told. */
static rig_status turn_to(reading *at, rig_view name)
{
    uint64_t hash = rig_hash64(name.ptr, name.len, 0);
    uint32_t index =
        svc_places_take(&at->names, at->alloc, hash, svc_same_name, at->out->ptr, &name, at->out->num);
    rig_text text;
    if (index == UINT32_MAX)
        return RIG_E_NOMEM;
    if (index == at->out->num) {
        rig_target_instance *fresh = rig_list_add(at->alloc, RIG_SHAPE(target_instance), at->out);
        if (!fresh)
            return at->out->num >= RIG_LIST_MAX ? RIG_E_LIMIT : RIG_E_NOMEM;
        rig_text_init(&text, fresh->mechanism, sizeof fresh->mechanism);
        rig_text_add(&text, "%s", at->mechanism);
        memcpy(fresh->target, name.ptr, name.len); /* at most RIG_NAME_MAX bytes, in memory that is zero */
    }
    if (index != at->node)
        at->num_portals = svc_count_portals(&at->out->ptr[index]);
    at->node = index;
    return RIG_OK;
}

static bool usable(rig_view name)
{
    return name.len > 0 && name.len <= RIG_NAME_MAX && svc_is_printable(name);
}

static rig_status take_node(reading *at, const rig_isns_object *node)
{
    at->grouped = false;
    at->node = UINT32_MAX;
    if (!usable(node->name) || (node->type && !(node->type & RIG_ISNS_TYPE_TARGET)))
        return RIG_OK;
    rig_status status = turn_to(at, node->name);
    if (status)
        return status;
    rig_target_instance *instance = &at->out->ptr[at->node];
    if (node->alias.len < sizeof instance->alias && svc_is_printable(node->alias) && node->alias.len)
        memcpy(instance->alias, node->alias.ptr, node->alias.len);
    return RIG_OK;
}

static void portal_of(const rig_isns_object *object, rig_target_portal *out)
{
    rig_text text;
    *out = (rig_target_portal){.socket = object->at.port};
    rig_text_init(&text, out->address, sizeof out->address);
    rig_ip_print(&text, &object->at.ip);
}

static rig_portal_group *group_of(reading *at, rig_target_instance *instance, uint16_t tag)
{
    for (uint32_t i = 0; i < instance->groups.num; i++)
        if (instance->groups.ptr[i].tag == tag)
            return &instance->groups.ptr[i];
    rig_portal_group *group = rig_list_add(at->alloc, RIG_SHAPE(portal_group), &instance->groups);
    if (group)
        group->tag = tag;
    return group;
}

/* What is beyond the limit is passed over. */
static rig_status add_portal(reading *at, const rig_target_portal *portal, uint16_t tag)
{
    rig_target_instance *instance = &at->out->ptr[at->node];
    if (at->num_portals >= SVC_TARGET_PORTALS_MAX)
        return RIG_OK;
    rig_portal_group *group = group_of(at, instance, tag);
    if (!group)
        return RIG_E_NOMEM;
    for (uint32_t i = 0; i < group->portals.num; i++)
        if (svc_security_same(&group->portals.ptr[i], portal))
            return RIG_OK;
    rig_target_portal *added = rig_list_add(at->alloc, RIG_SHAPE(target_portal), &group->portals);
    if (!added)
        return RIG_E_NOMEM;
    *added = *portal;
    at->num_portals++;
    return RIG_OK;
}

/* Portals that no group has given to the node before them are of group 1 (RFC 4171 section 6.5.4), unless
 * groups follow, which know better. */
static rig_status take_portal(reading *at, const rig_isns_object *object)
{
    rig_portal_security said = {.security_flags = object->flags};
    if (!object->at.ip.version)
        return RIG_OK;
    portal_of(object, &said.portal);
    if (object->has_flags && !svc_security_add(&at->security, at->alloc, &said))
        return RIG_E_NOMEM;
    if (at->node == UINT32_MAX || at->grouped)
        return RIG_OK;
    return add_portal(at, &said.portal, 1);
}

static void forget_groups(reading *at)
{
    rig_target_instance *instance = &at->out->ptr[at->node];
    for (uint32_t i = 0; i < instance->groups.num; i++)
        rig_record_clear(at->alloc, RIG_SHAPE(portal_group), &instance->groups.ptr[i]);
    instance->groups.num = 0;
    at->num_portals = 0;
}

/* The first group of a node takes the place of what was made of the portals behind it. A node of which
 * nothing was told but groups is none of those we asked for. */
static rig_status take_group(reading *at, const rig_isns_object *object)
{
    rig_target_portal portal;
    if (at->node == UINT32_MAX || !object->at.ip.version)
        return RIG_OK;
    if (object->name.len && !rig_view_is(object->name, at->out->ptr[at->node].target))
        return RIG_OK;
    if (!at->grouped)
        forget_groups(at);
    at->grouped = true;
    portal_of(object, &portal);
    return object->has_tag ? add_portal(at, &portal, object->tag) : RIG_OK;
}

static rig_status take_object(reading *at, const rig_isns_object *object)
{
    switch (object->kind) {
    case RIG_ISNS_OBJECT_NODE:
        return take_node(at, object);
    case RIG_ISNS_OBJECT_PORTAL:
        return take_portal(at, object);
    case RIG_ISNS_OBJECT_GROUP:
        return take_group(at, object);
    case RIG_ISNS_OBJECT_OTHER:
        break;
    }
    return RIG_OK;
}

/* ---- what was said of their portals ---- */

static bool take_security(reading *at, rig_target_instance *instance, const rig_target_portal *portal)
{
    const rig_portal_security *said = svc_security_find(&at->security, portal);
    if (!said)
        return true;
    rig_portal_security *added = rig_list_add(at->alloc, RIG_SHAPE(portal_security), &instance->security);
    if (added)
        *added = *said;
    return added != NULL;
}

static rig_status secure_all(reading *at)
{
    for (uint32_t i = 0; i < at->out->num; i++) {
        rig_target_instance *instance = &at->out->ptr[i];
        for (uint32_t g = 0; g < instance->groups.num; g++)
            for (uint32_t p = 0; p < instance->groups.ptr[g].portals.num; p++)
                if (!take_security(at, instance, &instance->groups.ptr[g].portals.ptr[p]))
                    return RIG_E_NOMEM;
    }
    return RIG_OK;
}

rig_status svc_isns_read(const rig_alloc *alloc, rig_view objects, const char *mechanism,
                         rig_target_instance_list *out, rig_error *err)
{
    reading at = {.alloc = alloc, .mechanism = mechanism, .out = out, .node = UINT32_MAX};
    rig_isns_object object;
    rig_status status;
    while ((status = rig_isns_object_next(&objects, &object, err)) == RIG_OK)
        if ((status = take_object(&at, &object)) != RIG_OK)
            break;
    if (status == RIG_E_NOT_FOUND)
        status = secure_all(&at);
    svc_places_free(&at.names, alloc);
    svc_security_clear(&at.security, alloc);
    return status;
}
