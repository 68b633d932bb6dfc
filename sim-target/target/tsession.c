/* Sessions: their tables, their connections, their end (RFC 7143 sections 4.4.3, 6.3.5, 8.3). */
#include "tgt.h"

#define ASC_CLEARED 0x47 /* 11.14.5: some commands cleared by iSCSI protocol event */
#define ASCQ_CLEARED 0x7f
#define ASCQ_NEXUS_LOSS 0x07
#define PORT_NAMES (2 * RIG_NAME_MAX + 32)

/* What a session keeps when it idles after work; names and the device's part are short. */
_Static_assert(sizeof(tgt_session) + sizeof(tgt_conn) + sizeof(tgt_retention) +
                       TGT_QUEUE_MAX * sizeof(rig_tx) + PORT_NAMES <=
                   8192,
               "an idle session takes at most 8 kB");

tgt_session *tgt_session_new(rig_target *target)
{
    tgt_session *session = rig_new(target->alloc, sizeof(*session));
    if (!session)
        return NULL;
    session->target = target;
    session->window = target->config.window;
    tgt_list_init(&session->conns);
    tgt_list_init(&session->ghosts);
    tgt_list_init(&session->fenced);
    tgt_list_init(&session->in_target);
    tgt_session_step(session, TGT_LEADING_LOGIN);
    return session;
}

void tgt_session_free(tgt_session *session)
{
    rig_target *target = session->target;
    tgt_list_remove(&session->in_target);
    if (session->initiator)
        rig_delete(target->alloc, session->initiator, session->initiator_len + 1u);
    if (session->ports)
        rig_delete(target->alloc, session->ports,
                   session->initiator_port_len + session->target_port_len + 1u);
    rig_delete(target->alloc, session, sizeof(*session));
}

/* ---- tables ---- */

/* 7.4.2.1: an unnamed discovery session hangs on the portal, any other session on the portal group of its
 * node. */
static uint64_t place_of(const rig_target_node *node, const tgt_portal *portal)
{
    return node ? portal->group : portal->index;
}

static uint64_t name_hash(rig_view initiator, const uint8_t isid[6], const rig_target_node *node,
                          const tgt_portal *portal)
{
    uint64_t hash = rig_hash64(initiator.ptr, initiator.len, rig_be_get(isid, 6));
    if (node)
        hash = rig_hash64(node->name, node->name_len, hash);
    return tgt_mix(hash, place_of(node, portal) << 1 | (node != NULL));
}

static bool same_name(const tgt_session *session, rig_view initiator, const uint8_t isid[6],
                      const rig_target_node *node, const tgt_portal *portal)
{
    return tgt_node_head(session->node) == node && memcmp(session->isid, isid, 6) == 0 &&
           place_of(session->node, session->portal) == place_of(node, portal) &&
           rig_view_eq(rig_view_of(session->initiator, session->initiator_len), initiator);
}

tgt_session *tgt_session_by_name(const rig_target *target, rig_view initiator, const uint8_t isid[6],
                                 const rig_target_node *node, const tgt_portal *portal)
{
    rig_map_link *link = rig_map_first(&target->name_map, name_hash(initiator, isid, node, portal));
    for (; link; link = rig_map_next(link)) {
        tgt_session *session = TGT_OF(link, tgt_session, by_name);
        if (same_name(session, initiator, isid, node, portal))
            return session;
    }
    return NULL;
}

tgt_session *tgt_session_by_tsih(const rig_target *target, uint16_t tsih)
{
    rig_map_link *link = rig_map_first(&target->tsih_map, tgt_mix(tsih, 0));
    return link ? TGT_OF(link, tgt_session, by_tsih) : NULL;
}

tgt_conn *tgt_session_conn(const tgt_session *session, uint16_t cid)
{
    for (tgt_list *at = session->conns.next; at != &session->conns; at = at->next) {
        tgt_conn *conn = TGT_OF(at, tgt_conn, in_session);
        if (conn->cid == cid)
            return conn;
    }
    return NULL;
}

/* A drawn handle, or the next free one behind it. */
static uint16_t free_tsih(rig_target *target)
{
    uint16_t tsih = (uint16_t)rig_draw(&target->config.draws, "target.tsih", target->tsih_draws++);
    while (tsih == 0 || tgt_session_by_tsih(target, tsih))
        tsih++;
    return tsih;
}

/* Failed sessions only wait for their initiators; a new one is worth more (TGT_SESSIONS_MAX is the limit of
 * handles). */
static bool make_room(rig_target *target)
{
    if (target->num_sessions < RIG_TARGET_SESSIONS_MAX)
        return true;
    for (tgt_list *at = target->sessions.next; at != &target->sessions; at = at->next) {
        tgt_session *session = TGT_OF(at, tgt_session, in_target);
        if (session->state != TGT_Q4_FAILED)
            continue;
        tgt_session_end(session, TGT_TIMEOUT, RIG_E_LIMIT);
        return true;
    }
    return false;
}

/* The nexus is the pair of ports, so that what devices keep for it outlives the session (4.4.3.1). */
static rig_nexus_id nexus_of(const tgt_session *session)
{
    rig_nexus_id id = session->by_name.hash;
    return id ? id : 1;
}

/* SCSI port names (4.4.2): devices show the one and remember the other. */
static rig_status name_ports(tgt_session *session)
{
    char names[PORT_NAMES];
    rig_text text;
    rig_text_init(&text, names, sizeof(names));
    rig_text_add(&text, "%s,i,0x", session->initiator);
    rig_text_hex(&text, rig_view_of(session->isid, sizeof(session->isid)), 0);
    size_t initiator = text.len;
    rig_text_add(&text, "%s,t,0x%04x", session->node->name, session->portal->group);
    session->ports = rig_copy_text(session->target->alloc, names, text.len);
    if (!session->ports)
        return RIG_E_NOMEM;
    session->initiator_port_len = (uint16_t)initiator;
    session->target_port_len = (uint16_t)(text.len - initiator);
    return RIG_OK;
}

static rig_status tell_devices(tgt_session *session)
{
    const rig_target_node *node = session->node;
    for (uint32_t i = 0; node && !session->discovery && i < node->num_luns; i++) {
        rig_status status = rig_device_nexus_new(node->units[i]->device, session->nexus);
        if (status == RIG_OK) {
            rig_device_nexus_named(
                node->units[i]->device, session->nexus,
                rig_view_of(session->ports, session->initiator_port_len),
                rig_view_of(session->ports + session->initiator_port_len, session->target_port_len));
            continue;
        }
        while (i-- > 0)
            rig_device_nexus_lost(node->units[i]->device, session->nexus);
        return status;
    }
    return RIG_OK;
}

static void nexus_lost(const tgt_session *session)
{
    const rig_target_node *node = session->node;
    for (uint32_t i = 0; node && !session->discovery && i < node->num_luns; i++)
        rig_device_nexus_lost(node->units[i]->device, session->nexus);
}

/* 6.3.5.1: a successful reinstatement is an I_T nexus loss, which the units tell the new nexus. */
void tgt_session_nexus_lost(const tgt_session *session)
{
    const rig_target_node *node = session->node;
    for (uint32_t i = 0; node && !session->discovery && i < node->num_luns; i++)
        rig_device_attention_one(node->units[i]->device, session->nexus, TGT_ASC_RESET, ASCQ_NEXUS_LOSS);
}

rig_status tgt_session_list(tgt_session *session)
{
    rig_target *target = session->target;
    rig_view initiator = rig_view_of(session->initiator, session->initiator_len);
    uint64_t hash = name_hash(initiator, session->isid, session->node, session->portal);
    if (!make_room(target))
        return RIG_E_LIMIT;
    session->by_name.hash = hash;
    session->nexus = nexus_of(session);
    rig_status status = session->discovery ? RIG_OK : name_ports(session);
    if (status == RIG_OK)
        status = tell_devices(session);
    if (status != RIG_OK)
        return status;
    session->tsih = free_tsih(target);
    rig_map_add(&target->tsih_map, &session->by_tsih, tgt_mix(session->tsih, 0));
    rig_map_add(&target->name_map, &session->by_name, hash);
    tgt_list_add(&target->sessions, &session->in_target);
    target->num_sessions++;
    session->listed = true;
    return RIG_OK;
}

static void unlist(tgt_session *session)
{
    rig_target *target = session->target;
    if (!session->listed)
        return;
    session->listed = false;
    rig_map_remove(&target->tsih_map, &session->by_tsih);
    rig_map_remove(&target->name_map, &session->by_name);
    target->num_sessions--;
    nexus_lost(session);
}

/* ---- states ---- */

static void say(tgt_session *session, rig_target_event_kind kind, rig_status why)
{
    rig_target_event event = {.kind = kind, .why = why};
    const tgt_conn *conn =
        tgt_list_empty(&session->conns) ? NULL : TGT_OF(session->conns.next, tgt_conn, in_session);
    tgt_event(session->target, &event, conn, session);
}

bool tgt_session_step(tgt_session *session, tgt_session_event event)
{
    uint8_t before = session->state;
    if (!tgt_fsm_find(&tgt_session_fsm, before, (uint8_t)event))
        return false;
    tgt_fsm_step(&tgt_session_fsm, &session->state, (uint8_t)event, NULL);
    if (session->state == TGT_Q3_LOGGED_IN) {
        session->target->num_up++;
        if (before == TGT_Q2_ACTIVE)
            say(session, RIG_TARGET_SESSION_UP, RIG_OK);
    } else if (before == TGT_Q3_LOGGED_IN) {
        session->target->num_up--;
    }
    return true;
}

void tgt_session_attach(tgt_session *session, tgt_conn *conn)
{
    conn->session = session;
    session->num_conns++;
    tgt_list_add(&session->conns, &conn->in_session);
}

void tgt_session_detach(tgt_session *session, tgt_conn *conn)
{
    conn->session = NULL;
    if (conn->ghost)
        session->num_ghosts--;
    else
        session->num_conns--;
    conn->ghost = false;
    tgt_list_remove(&conn->in_session);
    tgt_fence_leave(session, conn);
}

void tgt_session_haunt(tgt_session *session, tgt_conn *conn)
{
    conn->ghost = true;
    session->num_conns--;
    session->num_ghosts++;
    tgt_list_remove(&conn->in_session);
    tgt_list_add(&session->ghosts, &conn->in_session);
}

void tgt_session_continued(tgt_session *session)
{
    for (tgt_list *at = session->ghosts.next, *next; at != &session->ghosts; at = next) {
        next = at->next;
        tgt_conn_exorcise(TGT_OF(at, tgt_conn, in_session));
    }
}

static void end_ghosts(tgt_session *session)
{
    while (!tgt_list_empty(&session->ghosts)) {
        tgt_conn *conn = TGT_OF(session->ghosts.next, tgt_conn, in_session);
        tgt_conn_cleaned(conn, TGT_CLEANUP_TIMEOUT);
    }
}

void tgt_session_end(tgt_session *session, tgt_session_event event, rig_status why)
{
    tgt_conn_event conn_event = event == TGT_SESSION_REINSTATED ? TGT_REINSTATED : TGT_SESSION_CLOSED;
    if (session->state == TGT_Q1_FREE)
        return;
    if (!tgt_session_step(session, event)) {
        session->target->num_up -= session->state == TGT_Q3_LOGGED_IN;
        session->state = TGT_Q1_FREE;
    }
    say(session, RIG_TARGET_SESSION_DOWN, why);
    while (!tgt_list_empty(&session->conns)) {
        tgt_conn *conn = TGT_OF(session->conns.next, tgt_conn, in_session);
        if (conn->state == TGT_S8_CLEANUP_WAIT)
            tgt_conn_cleaned(conn, TGT_CLEANUP_TIMEOUT);
        else
            tgt_conn_end(conn, conn_event, rig_txq_empty(&conn->txq), why, "the session ended");
    }
    end_ghosts(session);
    unlist(session);
    tgt_list_remove(&session->in_target);
    tgt_list_add(&session->target->buried, &session->in_target);
}

tgt_conn *tgt_session_live(const tgt_session *session)
{
    for (tgt_list *at = session->conns.next; at != &session->conns; at = at->next)
        if (tgt_conn_full_feature(TGT_OF(at, tgt_conn, in_session)))
            return TGT_OF(at, tgt_conn, in_session);
    return NULL;
}

uint32_t tgt_session_num_live(const tgt_session *session)
{
    uint32_t num = 0;
    for (tgt_list *at = session->conns.next; at != &session->conns; at = at->next)
        num += tgt_conn_full_feature(TGT_OF(at, tgt_conn, in_session));
    return num;
}

/*
 * A connection has left or failed. Without any, and without tasks that wait for one, the session is closed
 * (N3) or timed out (N6); with none in service it has failed (N5). A discovery session has nothing to keep.
 */
void tgt_session_lost_conn(tgt_session *session)
{
    if (session->state == TGT_Q1_FREE || tgt_session_live(session))
        return;
    if (tgt_list_empty(&session->conns) && tgt_list_empty(&session->ghosts))
        tgt_session_end(session, session->state == TGT_Q3_LOGGED_IN ? TGT_CLOSURE : TGT_TIMEOUT,
                        session->state == TGT_Q3_LOGGED_IN ? RIG_OK : RIG_E_TIMEOUT);
    else if (session->discovery)
        tgt_session_end(session, TGT_CLOSURE, RIG_E_CLOSED);
    else
        tgt_session_step(session, TGT_FAILURE);
}

/* ---- the window ---- */

uint32_t tgt_session_max_cmd_sn(const tgt_session *session)
{
    return session->exp_cmd_sn + (session->window - session->num_active) - 1;
}

void tgt_session_tell_window(tgt_session *session)
{
    tgt_conn *conn = tgt_session_live(session);
    if (conn && session->told_max != tgt_session_max_cmd_sn(session))
        tgt_notice(conn);
}

void tgt_session_cleared(tgt_session *session, const tgt_scsi *scsi)
{
    if (scsi->unit && !scsi->task.draining) /* an aborted one has ended already */
        rig_device_attention_one(scsi->unit->device, session->nexus, ASC_CLEARED, ASCQ_CLEARED);
}
