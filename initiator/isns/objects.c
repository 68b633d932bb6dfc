/* An answer as objects: a key attribute begins one, what follows belongs to it (RFC 4171 section 5.6.4). */
#include "rig/isns_client.h"
#include "rig/pdu.h"

/* What begins an object, and what merely goes on with its key. */
static const struct {
    uint32_t tag;
    rig_isns_object_kind kind;
    uint32_t behind; /* key attribute behind which it goes on with the same object */
} keys[] = {
    {RIG_ISNS_TAG_ENTITY, RIG_ISNS_OBJECT_OTHER, 0},
    {RIG_ISNS_TAG_PORTAL_IP, RIG_ISNS_OBJECT_PORTAL, 0},
    {RIG_ISNS_TAG_NODE, RIG_ISNS_OBJECT_NODE, 0},
    {RIG_ISNS_TAG_GROUP_NODE, RIG_ISNS_OBJECT_GROUP, 0},
    {RIG_ISNS_TAG_GROUP_IP, RIG_ISNS_OBJECT_GROUP, RIG_ISNS_TAG_GROUP_NODE},
};

static bool begins(uint32_t tag, uint32_t before, rig_isns_object_kind *out_kind)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i].tag == tag) {
            *out_kind = keys[i].kind;
            return keys[i].behind == 0 || keys[i].behind != before;
        }
    return false;
}

static void take_port(rig_isns_object *object, rig_view value)
{
    uint32_t number;
    if (!rig_isns_number(value, &number) || number & RIG_ISNS_PORT_UDP || (number & 0xffff) == 0)
        object->at.port = rig_isns_number(value, &number) && number == 0 ? RIG_PORT : 0;
    else
        object->at.port = (uint16_t)number;
}

/* Null is what a tag of no bytes says (section 6.5.4). */
static void take_tag(rig_isns_object *object, rig_view value)
{
    uint32_t number;
    object->has_tag = rig_isns_number(value, &number);
    object->tag = object->has_tag ? (uint16_t)number : 0;
}

static void take_attr(rig_isns_object *object, const rig_isns_attr *attr)
{
    switch (attr->tag) {
    case RIG_ISNS_TAG_NODE:
    case RIG_ISNS_TAG_GROUP_NODE:
        rig_isns_text(attr->value, &object->name);
        break;
    case RIG_ISNS_TAG_NODE_TYPE:
        rig_isns_number(attr->value, &object->type);
        break;
    case RIG_ISNS_TAG_ALIAS:
        rig_isns_text(attr->value, &object->alias);
        break;
    case RIG_ISNS_TAG_PORTAL_IP:
    case RIG_ISNS_TAG_GROUP_IP:
        rig_isns_ip(attr->value, &object->at.ip);
        break;
    case RIG_ISNS_TAG_PORTAL_PORT:
    case RIG_ISNS_TAG_GROUP_PORT:
        take_port(object, attr->value);
        break;
    case RIG_ISNS_TAG_SECURITY:
        object->has_flags = rig_isns_number(attr->value, &object->flags);
        break;
    case RIG_ISNS_TAG_GROUP_TAG:
        take_tag(object, attr->value);
        break;
    default:
        break;
    }
}

rig_status rig_isns_object_next(rig_view *rest, rig_isns_object *out_object, rig_error *err)
{
    rig_isns_attr attr;
    uint32_t before = 0;
    rig_isns_object_kind kind = RIG_ISNS_OBJECT_OTHER;
    rig_view ahead = *rest;
    rig_status status = rig_isns_attr_next(&ahead, &attr, err);
    if (status)
        return status;
    begins(attr.tag, 0, &kind);
    *out_object = (rig_isns_object){.kind = kind};
    do {
        take_attr(out_object, &attr);
        *rest = ahead;
        before = attr.tag;
        status = rig_isns_attr_next(&ahead, &attr, err);
    } while (status == RIG_OK && !begins(attr.tag, before, &kind));
    if (status && status != RIG_E_NOT_FOUND)
        return status;
    if (out_object->at.port == 0)
        out_object->at.ip.version = 0;
    return RIG_OK;
}
