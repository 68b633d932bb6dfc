/* Which session a login is about, and what becomes of it (RFC 7143 sections 6.3.1, 6.3.4, 6.3.5, 7.4.2). */
#include "tlogin.h"

enum { NO, YES, ANY };

static const struct row {
    uint8_t isid_known, tsih_given, tsih_known, other_group, cid_known;
    tgt_login_action action;
    uint16_t status;
} table[] = {
    {ANY, YES, NO, YES, ANY, TGT_LOGIN_FAIL,
     TGT_LOGIN_NOT_IN_SESSION}, /* 11.13.5: cannot span to this address */
    {NO, YES, ANY, ANY, ANY, TGT_LOGIN_FAIL, TGT_LOGIN_NO_SESSION},
    {NO, NO, ANY, ANY, ANY, TGT_LOGIN_NEW, 0},
    {YES, NO, ANY, ANY, ANY, TGT_LOGIN_REINSTATE_SESSION, 0},
    {YES, YES, YES, ANY, NO, TGT_LOGIN_ADD_CONNECTION, 0},
    {YES, YES, YES, ANY, YES, TGT_LOGIN_REINSTATE_CONNECTION, 0},
    {YES, YES, NO, ANY, ANY, TGT_LOGIN_FAIL, TGT_LOGIN_NO_SESSION},
};

static bool agrees(uint8_t wanted, bool fact)
{
    return wanted == ANY || (wanted == YES) == fact;
}

tgt_login_action tgt_login_table(const tgt_login_facts *facts, uint16_t *out_status)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct row *row = &table[i];
        if (!agrees(row->isid_known, facts->isid_known) || !agrees(row->tsih_given, facts->tsih_given) ||
            !agrees(row->tsih_known, facts->tsih_known) || !agrees(row->other_group, facts->other_group) ||
            !agrees(row->cid_known, facts->cid_known))
            continue;
        *out_status = row->status;
        return row->action;
    }
    *out_status = TGT_LOGIN_TARGET_ERROR;
    return TGT_LOGIN_FAIL;
}

static bool same_port(const tgt_session *session, const tgt_login *login)
{
    return tgt_node_head(session->node) == login->node &&
           memcmp(session->isid, login->isid, sizeof(login->isid)) == 0 &&
           rig_view_eq(rig_view_of(session->initiator, session->initiator_len),
                       rig_view_of(login->initiator, login->initiator_len));
}

/*
 * A connection more than agreed, or one to a session that has only one by its kind (13.21). At
 * ErrorRecoveryLevel 2 connections that have failed do not count: 6.3.4 wants one more to be opened to clean
 * them up.
 */
static bool full(const tgt_session *session)
{
    uint32_t num = session->recovery_level == 2 ? tgt_session_num_live(session) : session->num_conns;
    return session->discovery || num >= session->max_connections ||
           session->num_conns + session->num_ghosts >= 2 * RIG_TARGET_CONNECTIONS_MAX;
}

tgt_login_action tgt_login_decide(const tgt_conn *conn, const tgt_login *login, tgt_session **out_session,
                                  uint16_t *out_status)
{
    rig_view initiator = rig_view_of(login->initiator, login->initiator_len);
    tgt_session *by_name =
        tgt_session_by_name(conn->target, initiator, login->isid, login->node, conn->portal);
    tgt_session *by_tsih = login->tsih ? tgt_session_by_tsih(conn->target, login->tsih) : NULL;
    tgt_login_facts facts = {.isid_known = by_name != NULL, .tsih_given = login->tsih != 0};
    facts.tsih_known = by_tsih && by_tsih == by_name;
    facts.other_group = by_tsih && !facts.tsih_known && same_port(by_tsih, login);
    facts.cid_known = facts.tsih_known && tgt_session_conn(by_tsih, login->cid);
    *out_session = by_name;
    tgt_login_action action = tgt_login_table(&facts, out_status);
    if (action != TGT_LOGIN_ADD_CONNECTION || !full(by_name))
        return action;
    *out_status = TGT_LOGIN_TOO_MANY;
    return TGT_LOGIN_FAIL;
}

/* ---- sessions that are continued ---- */

void tgt_login_continue(tgt_conn *conn, tgt_login_action action, tgt_session *session)
{
    if (action != TGT_LOGIN_ADD_CONNECTION && action != TGT_LOGIN_REINSTATE_CONNECTION)
        return;
    conn->login->joins = tgt_session_step(session, TGT_CONTINUATION);
    tgt_conn *old = tgt_session_conn(session, conn->login->cid);
    if (old && old->state == TGT_S8_CLEANUP_WAIT)
        tgt_fsm_step(&tgt_cleanup_fsm, &old->cleanup, TGT_CLEANUP_STARTED, NULL);
}

void tgt_login_abandon(tgt_conn *conn)
{
    tgt_login *login = conn->login;
    tgt_session *session = login->tsih ? tgt_session_by_tsih(conn->target, login->tsih) : NULL;
    if (login->session) {
        tgt_session_step(login->session, TGT_CONN_LOGIN_FAILED);
        tgt_session_free(login->session);
        login->session = NULL;
    }
    if (!session || !login->identified || login->up || !same_port(session, login))
        return;
    if (login->joins)
        tgt_session_step(session, TGT_CONN_LOGIN_FAILED);
    tgt_conn *old = tgt_session_conn(session, login->cid);
    if (old && old->state == TGT_S8_CLEANUP_WAIT)
        tgt_fsm_step(&tgt_cleanup_fsm, &old->cleanup, TGT_CLEANUP_FAILED, NULL);
}

/* ---- the end of a login ---- */

static void take_session_values(tgt_session *session, const uint32_t *value)
{
    session->immediate_data = value[TGT_KEY_IMMEDIATE_DATA];
    session->initial_r2t = value[TGT_KEY_INITIAL_R2T];
    session->pdu_in_order = value[TGT_KEY_PDU_IN_ORDER];
    session->seq_in_order = value[TGT_KEY_SEQ_IN_ORDER];
    session->reporting = (uint8_t)value[TGT_KEY_TASK_REPORTING];
    session->protocol_level = (uint8_t)value[TGT_KEY_PROTOCOL_LEVEL];
    session->recovery_level = (uint8_t)value[TGT_KEY_RECOVERY_LEVEL];
    session->max_connections = (uint16_t)value[TGT_KEY_MAX_CONNECTIONS];
    session->max_r2t = (uint16_t)value[TGT_KEY_MAX_R2T];
    session->time2wait = (uint16_t)value[TGT_KEY_TIME2WAIT];
    session->time2retain = (uint16_t)value[TGT_KEY_TIME2RETAIN];
    session->max_burst = value[TGT_KEY_MAX_BURST];
    session->first_burst = value[TGT_KEY_FIRST_BURST];
}

static void take_conn_values(tgt_conn *conn, tgt_login *login)
{
    const uint32_t *value = login->negotiation.value;
    bool header = value[TGT_KEY_HEADER_DIGEST], data = value[TGT_KEY_DATA_DIGEST];
    conn->cid = login->cid;
    conn->max_send = value[TGT_KEY_MAX_RECV];
    conn->max_recv = login->declared ? login->negotiation.own[TGT_KEY_MAX_RECV] : RIG_LOGIN_DATA_MAX;
    conn->framer.max_data = conn->max_recv;
    rig_framer_digests(&conn->framer, header, data);
}

static uint16_t begin_session(tgt_conn *conn, tgt_session *old)
{
    tgt_login *login = conn->login;
    tgt_session *session = login->session;
    take_session_values(session, login->negotiation.value);
    session->account = login->account;
    if (old)
        tgt_session_end(old, TGT_SESSION_REINSTATED, RIG_E_ABORTED);
    if (tgt_session_list(session) != RIG_OK)
        return TGT_LOGIN_RESOURCES;
    if (old && conn->target->config.tell_nexus_loss)
        tgt_session_nexus_lost(session);
    login->session = NULL;
    tgt_session_attach(session, conn);
    return TGT_LOGIN_OK;
}

/* The old connection of that CID is logged out by this login (6.3.4), for recovery at ErrorRecoveryLevel 2
 * (11.14); the first ExpStatSN speaks about it (11.12.9). */
static void replace(tgt_conn *conn, tgt_session *session)
{
    tgt_conn *old = tgt_session_conn(session, conn->login->cid);
    tgt_session_attach(session, conn);
    tgt_conn_acknowledged(old, conn->login->exp_stat_sn);
    old->logged_out = true;
    old->keeps = tgt_session_recovers(session);
    if (old->state == TGT_S8_CLEANUP_WAIT)
        tgt_conn_cleaned(old, TGT_CLEANUP_DONE);
    else
        tgt_conn_end(old, TGT_REINSTATED, rig_txq_empty(&old->txq), RIG_E_ABORTED,
                     "the connection was reinstated");
}

static uint32_t level_of(const tgt_login *login, const tgt_session *session)
{
    return login->tsih ? session->recovery_level : login->negotiation.value[TGT_KEY_RECOVERY_LEVEL];
}

uint16_t tgt_login_establish(tgt_conn *conn)
{
    tgt_login *login = conn->login;
    tgt_session *session;
    uint16_t status;
    tgt_login_action action = tgt_login_decide(conn, login, &session, &status);
    bool leading = action == TGT_LOGIN_NEW || action == TGT_LOGIN_REINSTATE_SESSION;
    if (action == TGT_LOGIN_FAIL || (leading && !login->session))
        return status ? status : TGT_LOGIN_NO_SESSION;
    if (!leading && session->account != login->account)
        return TGT_LOGIN_AUTHENTICATION; /* 9.2: one method and identity for all connections */
    if (level_of(login, session) > 0 && !tgt_retain_open(conn))
        return TGT_LOGIN_RESOURCES;
    if (leading && (status = begin_session(conn, session)))
        return status;
    login->up = true;
    tgt_fsm_step(&tgt_conn_fsm, &conn->state, TGT_LOGIN_DONE, NULL);
    if (action == TGT_LOGIN_ADD_CONNECTION)
        tgt_session_attach(session, conn);
    else if (action == TGT_LOGIN_REINSTATE_CONNECTION)
        replace(conn, session);
    take_conn_values(conn, login);
    /* N7 comes late when the session failed, or another attempt to continue it did, during this login */
    tgt_session_step(conn->session, TGT_CONTINUATION);
    tgt_session_step(conn->session, TGT_CONN_LOGGED_IN);
    tgt_session_continued(conn->session);
    return TGT_LOGIN_OK;
}
