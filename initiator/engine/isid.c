/* Which ISID a session has: its SCSI initiator port (RFC 7143 sections 4.4.3 and 10.1.1). */
#include "internal.h"

static rig_session **bucket_of(const rig_session *session)
{
    uint32_t hash = 2166136261; /* FNV-1a: no other use than to find the sessions of one target */
    for (const char *c = session->target ? session->target : ""; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619;
    return &session->initiator->by_target[hash % ENG_TARGET_BUCKETS];
}

static bool same_target(const rig_session *a, const rig_session *b)
{
    if (!a->target || !b->target)
        return a->target == b->target;
    return strcmp(a->target, b->target) == 0;
}

static bool is_taken(const rig_session *session)
{
    const rig_session *other = *bucket_of(session);
    while (other &&
           (!same_target(other, session) || memcmp(other->config.isid, session->config.isid, 6) != 0))
        other = other->target_next;
    return other != NULL;
}

static uint64_t num_of_target(const rig_session *session)
{
    uint64_t num = 0;
    for (const rig_session *other = *bucket_of(session); other; other = other->target_next)
        num += same_target(other, session);
    return num;
}

static void draw(rig_session *session, uint64_t port)
{
    uint8_t *isid = session->config.isid;
    rig_draw_bytes(&session->initiator->config.draws, "isid", port, isid + 1, 5);
    isid[0] = 0x80; /* type 10b: random (section 11.12.5) */
}

/* The ISIDs of a node are a list, of which all targets are shown the same few: only a further session to one
 * target needs a further port (10.1.1). Of one more than there are sessions one is free. */
static void take_port(rig_session *session)
{
    uint64_t num = num_of_target(session);
    for (uint64_t i = 0; i <= num; i++) {
        draw(session, (num + i) % (num + 1));
        if (!is_taken(session))
            return;
    }
}

void eng_isid_take(rig_session *session)
{
    rig_session **bucket = bucket_of(session);
    if (rig_be_get(session->config.isid, 6) == 0)
        take_port(session);
    session->target_next = *bucket;
    *bucket = session;
}

void eng_isid_release(rig_session *session)
{
    rig_session **place = bucket_of(session);
    while (*place && *place != session)
        place = &(*place)->target_next;
    if (*place)
        *place = session->target_next;
}

static int32_t group_of(const rig_session *session)
{
    return session->has_portal_group ? session->portal_group : session->config.portal.group;
}

/* The ISID rule holds for one portal group (4.4.3); where a group is not known it may be any. */
bool eng_isid_busy(const rig_session *session)
{
    int32_t group = group_of(session);
    for (const rig_session *other = *bucket_of(session); other; other = other->target_next) {
        bool same = other != session && same_target(other, session) &&
                    memcmp(other->config.isid, session->config.isid, 6) == 0;
        bool apart = group >= 0 && group_of(other) >= 0 && group != group_of(other);
        if (same && !apart && (other->state != ENG_Q1_FREE || eng_session_any(other) || other->timer.armed))
            return true;
    }
    return false;
}
