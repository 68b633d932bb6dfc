/* The portals of a target: where it listens, and what addresses it tells of (RFC 7143 sections 3.4.1, 13.8).
 */
#include "tgt.h"

static tgt_portal *next_portal(rig_target *target, const rig_address *at, uint16_t group)
{
    uint32_t num = target->num_portals;
    if (num >= RIG_TARGET_PORTALS_MAX)
        return NULL;
    tgt_portal *portal = &target->portals[num];
    *portal = (tgt_portal){.target = target, .at = *at, .group = group, .index = (uint8_t)num};
    return portal;
}

static rig_status too_many(rig_error *err)
{
    return rig_fail(err, RIG_E_LIMIT, "a target has at most %d portals", RIG_TARGET_PORTALS_MAX);
}

rig_status rig_target_portal_add(rig_target *target, rig_address *at, uint16_t group, rig_error *err)
{
    tgt_portal *portal = next_portal(target, at, group);
    if (!portal)
        return too_many(err);
    rig_status status = rig_listen(target->config.transport, at, tgt_accept, portal, &portal->listener);
    if (status != RIG_OK)
        return rig_fail(err, status, "cannot listen on port %u: %s", at->port, rig_status_meaning(status));
    rig_bound(portal->listener, &portal->at);
    *at = portal->at;
    target->num_portals++;
    return RIG_OK;
}

rig_status rig_target_portal_absent(rig_target *target, const rig_address *at, uint16_t group, rig_error *err)
{
    tgt_portal *portal = next_portal(target, at, group);
    if (!portal)
        return too_many(err);
    portal->absent = true;
    target->num_portals++;
    return RIG_OK;
}

rig_status rig_target_portal_advertise(rig_target *target, uint32_t portal, rig_view address, rig_error *err)
{
    rig_portal parsed;
    if (portal >= target->num_portals)
        return rig_fail(err, RIG_E_NOT_FOUND, "there is no portal %u", portal);
    if (rig_portal_parse(address, &parsed, err) != RIG_OK)
        return RIG_E_SYNTAX;
    rig_portal *copy = rig_new(target->alloc, sizeof(*copy));
    if (!copy)
        return rig_fail(err, RIG_E_NOMEM, "no memory for an address");
    *copy = parsed;
    rig_delete(target->alloc, target->portals[portal].advertised, sizeof(*copy));
    target->portals[portal].advertised = copy;
    return RIG_OK;
}

void rig_target_shut(rig_target *target)
{
    for (uint32_t i = 0; i < target->num_portals; i++) {
        if (target->portals[i].listener)
            rig_unlisten(target->portals[i].listener);
        target->portals[i].listener = NULL;
    }
}

rig_status rig_target_open(rig_target *target)
{
    rig_status status = RIG_OK;
    for (uint32_t i = 0; i < target->num_portals && !status; i++) {
        tgt_portal *portal = &target->portals[i];
        if (!portal->listener && !portal->absent)
            status = rig_listen(target->config.transport, &portal->at, tgt_accept, portal, &portal->listener);
    }
    return status;
}

void tgt_portals_cleanup(rig_target *target)
{
    rig_target_shut(target);
    for (uint32_t i = 0; i < target->num_portals; i++)
        rig_delete(target->alloc, target->portals[i].advertised, sizeof(rig_portal));
}

/* A portal bound to any address is known by the address the initiator uses. */
static const rig_ip *own_ip(const tgt_conn *conn, const tgt_portal *portal, rig_address *local)
{
    static const rig_ip any;
    rig_address peer;
    const rig_ip *ip = &portal->at.ip;
    bool is_any = ip->version == 0 || memcmp(ip->bytes, any.bytes, ip->version == 4 ? 4 : 16) == 0;
    if (!is_any || !conn->stream)
        return ip;
    rig_ends(conn->stream, local, &peer);
    return &local->ip;
}

size_t tgt_portal_text(const tgt_conn *conn, const tgt_portal *portal, bool tag, char out[RIG_PORTAL_TEXT])
{
    rig_address local = {0};
    rig_portal shown = {.port = portal->at.port};
    rig_text host, text;
    if (portal->advertised) {
        shown = *portal->advertised;
    } else {
        rig_text_init(&host, shown.host, sizeof(shown.host));
        rig_ip_print(&host, own_ip(conn, portal, &local));
    }
    shown.group = tag ? portal->group : -1;
    rig_text_init(&text, out, RIG_PORTAL_TEXT);
    rig_portal_print(&text, &shown);
    return text.len;
}
