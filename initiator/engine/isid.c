/* Which ISID a session has: its SCSI initiator port (RFC 7143 sections 4.4.3 and 10.1.1). */
#include "internal.h"

/* ---- the sessions with one target ---- */

static uint64_t target_hash(const rig_session *session)
{
    return rig_hash_text(session->target ? session->target : "");
}

static bool same_target(const rig_session *a, const rig_session *b)
{
    if (!a->target || !b->target)
        return a->target == b->target;
    return strcmp(a->target, b->target) == 0;
}

static rig_session *leader_of(const rig_session *session)
{
    rig_map_link *link = rig_map_first(&session->initiator->leaders, target_hash(session));
    while (link && !same_target(RIG_MAP_ITEM(link, rig_session, by_target), session))
        link = rig_map_next(link);
    return link ? RIG_MAP_ITEM(link, rig_session, by_target) : NULL;
}

static void lead(rig_session *session, uint64_t num)
{
    session->num_peers = num;
    rig_map_add(&session->initiator->leaders, &session->by_target, target_hash(session));
}

static void ring_join(rig_session *session, rig_session *leader)
{
    session->peer_next = session->peer_prev = session;
    if (!leader) {
        lead(session, 1);
        return;
    }
    session->peer_prev = leader->peer_prev;
    session->peer_next = leader;
    session->peer_prev->peer_next = leader->peer_prev = session;
    leader->num_peers++;
}

static void ring_leave(rig_session *session)
{
    rig_session *leader = leader_of(session), *heir = session->peer_next;
    leader->num_peers--;
    heir->peer_prev = session->peer_prev;
    session->peer_prev->peer_next = heir;
    if (leader != session)
        return;
    rig_map_remove(&session->initiator->leaders, &session->by_target);
    if (heir != session)
        lead(heir, leader->num_peers);
}

/* ---- ports ---- */

static uint64_t port_hash(const rig_session *session)
{
    return rig_hash64(session->config.isid, 6, target_hash(session));
}

static bool same_port(const rig_session *a, const rig_session *b)
{
    return memcmp(a->config.isid, b->config.isid, 6) == 0 && same_target(a, b);
}

static bool is_taken(const rig_session *session)
{
    const rig_map_link *link = rig_map_first(&session->initiator->ports, port_hash(session));
    while (link && !same_port(RIG_MAP_ITEM(link, rig_session, by_port), session))
        link = rig_map_next(link);
    return link != NULL;
}

static void draw(rig_session *session, uint64_t port)
{
    uint8_t *isid = session->config.isid;
    rig_draw_bytes(&session->initiator->config.draws, "isid", port, isid + 1, 5);
    isid[0] = 0x80; /* type 10b: random (section 11.12.5) */
}

/* The ISIDs of a node are a list, of which all targets are shown the same few: only a further session to one
 * target needs a further port (10.1.1). Of one more than there are sessions one is free. */
static void take_port(rig_session *session, uint64_t num)
{
    for (uint64_t i = 0; i <= num; i++) {
        draw(session, (num + i) % (num + 1));
        if (!is_taken(session))
            return;
    }
}

void eng_isid_take(rig_session *session)
{
    rig_session *leader = leader_of(session);
    if (rig_be_get(session->config.isid, 6) == 0)
        take_port(session, leader ? leader->num_peers : 0);
    ring_join(session, leader);
    rig_map_add(&session->initiator->ports, &session->by_port, port_hash(session));
}

void eng_isid_release(rig_session *session)
{
    ring_leave(session);
    rig_map_remove(&session->initiator->ports, &session->by_port);
}

static int32_t group_of(const rig_session *session)
{
    return session->has_portal_group ? session->portal_group : session->config.portal.group;
}

/* The ISID rule holds for one portal group (4.4.3); where a group is not known it may be any. */
bool eng_isid_busy(const rig_session *session)
{
    int32_t group = group_of(session);
    const rig_map_link *link = rig_map_first(&session->initiator->ports, port_hash(session));
    for (; link; link = rig_map_next(link)) {
        const rig_session *other = RIG_MAP_ITEM(link, rig_session, by_port);
        bool apart = group >= 0 && group_of(other) >= 0 && group != group_of(other);
        bool same = other != session && same_port(other, session) && !apart;
        if (same && (other->state != ENG_Q1_FREE || eng_session_any(other) || other->timer.armed))
            return true;
    }
    return false;
}
