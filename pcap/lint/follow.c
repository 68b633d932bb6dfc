/* What a PDU changes for those behind it: numbers and phases here, the rest in the other follow_ files. */
#include "lint.h"

static void follow_ahead(lint_session *session, uint32_t cmd_sn)
{
    uint32_t distance = cmd_sn - session->cmd_sn;
    if (rig_sn_lt(cmd_sn, session->cmd_sn))
        return;
    if (distance >= LINT_AHEAD_MAX) { /* a hole that never was filled: begin anew behind it */
        session->cmd_sn = cmd_sn + 1;
        session->ahead = 0;
        return;
    }
    session->ahead |= UINT64_C(1) << distance;
    for (; session->ahead & 1; session->ahead >>= 1)
        session->cmd_sn++;
}

static void follow_cmd_sn(lint_at *at)
{
    lint_session *session = at->session;
    uint32_t cmd_sn = LINT_GET(at, CMD_SN);
    if (!session->sent_known || rig_sn_lt(session->sent_sn, cmd_sn + 1))
        session->sent_sn = cmd_sn + 1;
    session->sent_known |= !lint_several(at); /* else the others may have got further */
    at->conn->cmd_sn = cmd_sn;
    at->conn->cmd_known = true;
    if (lint_several(at)) {
        if (session->cmd_known)
            follow_ahead(session, cmd_sn);
        return;
    }
    if (session->cmd_known && lint_recovers(at) && rig_sn_lt(cmd_sn, session->cmd_sn))
        return;
    session->cmd_sn = cmd_sn + 1;
    session->cmd_known = true;
}

/* A Logout for another connection tells of that one (section 11.14.4). */
static bool acks_own(const lint_at *at)
{
    return at->kind != RIG_PDU_LOGOUT_REQ || LINT_GET(at, LOGOUT_REASON) == 0 ||
           LINT_GET(at, CID) == at->conn->login.cid;
}

static void follow_initiator(lint_at *at)
{
    if (at->session && lint_numbered(at))
        follow_cmd_sn(at);
    if (acks_own(at)) {
        at->conn->ack = LINT_GET(at, EXP_STAT_SN);
        at->conn->ack_known = true;
    }
}

static void follow_window(lint_at *at)
{
    uint32_t max = LINT_GET(at, MAX_CMD_SN), expected = LINT_GET(at, EXP_CMD_SN);
    lint_session *session = at->session;
    if (rig_sn_lt(max, expected - 1)) /* both are ignored (section 4.2.2.1) */
        return;
    at->conn->exp_cmd_sn = expected;
    at->conn->exp_known = true;
    if (session && (!session->exp_at || rig_sn_lt(session->exp_cmd_sn, expected))) {
        session->exp_cmd_sn = expected;
        session->exp_at = at->lint->totals.pdus;
    }
    if (session && (!session->max_known || rig_sn_lt(session->max_cmd_sn, max))) {
        session->max_cmd_sn = max;
        session->max_known = true;
    }
}

static void follow_target(lint_at *at)
{
    lint_conn *conn = at->conn;
    bool tells_next = at->kind == RIG_PDU_R2T || at->kind == RIG_PDU_NOP_IN;
    uint32_t stat_sn = LINT_GET(at, STAT_SN);
    follow_window(at);
    if (!lint_carries_status(at)) {
        if (tells_next && !conn->stat_known) {
            conn->stat_sn = stat_sn;
            conn->stat_known = true;
        }
        return;
    }
    if (conn->stat_known && lint_recovers(at) && rig_sn_lt(stat_sn, conn->stat_sn))
        return;
    conn->stat_sn = stat_sn + 1;
    conn->stat_known = true;
}

/* A session of which nothing is known: it may have other connections, and tasks nobody saw. */
static void join_unknown(lint_at *at)
{
    lint_session *session = lint_session_new(at->lint);
    if (!session)
        return;
    session->blind = true;
    session->joined = 1;
    session->window_lost = true;
    session->group = LINT_NO_GROUP;
    lint_session_join(at->conn, session);
    at->session = session;
}

/* The first PDU behind whatever is missing; from here on numbers are known again. */
static void resume(lint_at *at)
{
    at->conn->phase = LINT_FULL;
    if (!at->session && !at->conn->muted)
        join_unknown(at);
}

/* A request or data that came damaged may count as not sent (section 7.8). What a target sent it has sent: it
 * comes again under its number, if at all. */
static void mistrust(lint_at *at)
{
    if (at->side != RIG_LINT_INITIATOR)
        return;
    if (at->task)
        at->task->sure = false;
    if (at->session && lint_numbered(at))
        at->session->cmd_known = false;
}

void lint_follow(lint_at *at)
{
    bool login = at->kind == RIG_PDU_LOGIN_REQ || at->kind == RIG_PDU_LOGIN_RESP;
    lint_conn *conn = at->conn;
    if (at->item->pdu.bad_header_digest) {
        lint_conn_lose(conn, at->side);
        return;
    }
    if (at->kind == RIG_PDU_UNKNOWN)
        return;
    if (login) {
        lint_follow_login(at);
        return;
    }
    if (conn->phase == LINT_MIDSTREAM)
        resume(at);
    if (conn->phase != LINT_FULL)
        conn->muted = true; /* a connection that went another way than its login */
    if (conn->phase != LINT_FULL || conn->muted || at->lint->status)
        return;
    if (at->side == RIG_LINT_INITIATOR)
        follow_initiator(at);
    else
        follow_target(at);
    if (at->session) {
        lint_follow_text(at);
        lint_follow_request(at);
        lint_follow_data(at);
        lint_follow_answer(at);
    }
    if (at->broken && at->task)
        at->task->sure = false;
    if (at->item->pdu.bad_data_digest)
        mistrust(at);
    else if (at->item->pdu.has_data_digest && at->item->data_len > 0 && !at->item->missing)
        conn->digest_fits = true;
}
