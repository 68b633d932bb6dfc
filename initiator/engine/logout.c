/* Logout (RFC 7143 sections 11.14 and 11.15). */
#include "internal.h"

#define CLOSED 0 /* responses */
#define RECOVERY_UNSUPPORTED 2
#define CLEANUP_FAILED 3

bool eng_logout_is_end(const rig_session *session, const rig_task *task)
{
    bool others = false;
    for (const eng_conn *conn = session->conns; conn; conn = conn->next)
        others = others || (!conn->over && conn->cid != task->cid);
    return task->reason == ENG_CLOSE_SESSION || (task->reason == ENG_CLOSE_CONNECTION && !others);
}

void eng_note_leaving(rig_session *session)
{
    for (uint32_t i = 0; i < session->num_slots; i++) {
        const rig_task *task = session->slots[i].task;
        session->leaving |= task && task->engine.leaves && task->engine.phase != ENG_ANSWERED;
    }
}

static bool concerns(const rig_task *task, const eng_conn *conn)
{
    return task->reason == ENG_CLOSE_SESSION || task->cid == conn->cid;
}

rig_status eng_logout_send(eng_conn *conn, rig_task *task)
{
    rig_tx *tx = eng_push(conn, RIG_PDU_LOGOUT_REQ);
    if (!tx)
        return RIG_E_BUSY;
    const eng_conn *closing =
        task->reason == ENG_CLOSE_SESSION ? NULL : eng_session_conn(conn->session, task->cid);
    if (task->engine.saves)
        closing = eng_session_failed(conn->session, task->cid);
    rig_set(tx->bhs, RIG_F_I, task->immediate);
    rig_set(tx->bhs, RIG_F_LOGOUT_REASON, task->reason);
    rig_set(tx->bhs, RIG_F_ITT, task->itt);
    rig_set(tx->bhs, RIG_F_CID, task->reason == ENG_CLOSE_SESSION ? 0 : task->cid);
    rig_set(tx->bhs, RIG_F_CMD_SN, task->cmd_sn);
    if (closing) /* the one that is closed tells how far it got (section 11.14.4) */
        rig_set(tx->bhs, RIG_F_EXP_STAT_SN, eng_ack_sn(closing));
    rig_txq_seal(&conn->txq);
    return RIG_OK;
}

/* The request is on its way: nothing new may follow it on the connections it closes (section 11.14). */
void eng_logout_sent(rig_session *session, const rig_task *task, uint64_t now)
{
    const rig_task logout = *task;
    for (eng_conn *conn = session->conns; conn; conn = conn->next) {
        bool open = conn->state == ENG_S5_LOGGED_IN || conn->state == ENG_S7_LOGOUT_REQUESTED;
        if (!conn->over && open && concerns(&logout, conn))
            eng_conn_fire(conn, ENG_LOGOUT_SENT, now);
    }
}

/* A target may close the other connections of a session before its response says so (section 11.14): no loss
 * while the connection with the logout stands. */
static bool is_expected(const eng_conn *conn)
{
    const rig_session *session = conn->session;
    for (uint32_t i = 0; conn->state == ENG_S6_IN_LOGOUT && i < session->num_slots; i++) {
        const rig_task *task = session->slots[i].task;
        bool closes = task && task->kind == RIG_TASK_LOGOUT && concerns(task, conn);
        if (closes && eng_is_out(task) && task->engine.conn && task->engine.conn != conn)
            return !task->engine.conn->over;
    }
    return false;
}

bool eng_logout_closes(eng_conn *conn, uint64_t now)
{
    if (conn->over || !is_expected(conn))
        return false;
    eng_conn_end(conn, ENG_CLOSED_ELSEWHERE, RIG_OK, now);
    eng_tasks_abort(conn->session, conn, RIG_E_ABORTED, now);
    return true;
}

bool eng_logout_of_all(const rig_session *session)
{
    for (uint32_t i = 0; i < session->num_slots; i++) {
        const rig_task *task = session->slots[i].task;
        if (task && task->kind == RIG_TASK_LOGOUT && task->reason == ENG_CLOSE_SESSION && eng_is_out(task))
            return true;
    }
    return false;
}

eng_conn *eng_logout_carrier(const rig_session *session, const rig_task *task)
{
    eng_conn *conn = eng_session_conn(session, task->cid);
    bool full_feature = conn && (conn->state == ENG_S5_LOGGED_IN || conn->state == ENG_S7_LOGOUT_REQUESTED);
    return full_feature ? conn : NULL;
}

/* The tasks of a closed connection are gone with it (section 11.14.1), but for the logout itself. */
static void close_one(eng_conn *conn, uint32_t logout_itt, bool carries, uint64_t now)
{
    bool in_login = conn->state < ENG_S5_LOGGED_IN;
    eng_conn_end(conn, carries ? ENG_LOGOUT_OK : ENG_CLOSED_ELSEWHERE, in_login ? RIG_E_ABORTED : RIG_OK,
                 now);
    rig_task *logout = eng_task_find(conn->session, logout_itt);
    if (logout && carries)
        logout->engine.conn = NULL;
    eng_tasks_abort(conn->session, conn, RIG_E_ABORTED, now);
}

/* What failed before and waits for its cleanup is free: its session is logged out (M1, 8.2.2). */
static void free_failed(rig_session *session, uint64_t now)
{
    for (eng_conn *conn = session->conns; conn; conn = conn->next) {
        if (!eng_is_failed(conn))
            continue;
        eng_save_end(conn);
        eng_tasks_abort(session, conn, RIG_E_ABORTED, now);
    }
}

/* What the target had not delivered of a closed connection is discarded there: its numbers are missing
 * (11.14.1). */
static void plug_behind(rig_session *session, uint64_t now)
{
    eng_conn *conn = eng_session_ready(session, NULL);
    rig_status status = conn ? eng_plug_holes(conn, now) : RIG_OK;
    if (status)
        eng_conn_fail(conn, status, now);
}

static rig_status logged_out(eng_conn *conn, rig_task *task, uint64_t now)
{
    rig_session *session = conn->session;
    const rig_task logout = *task;
    for (eng_conn *c = session->conns; c && rig_session_is_up(session); c = c->next)
        if (!c->over && concerns(&logout, c))
            close_one(c, logout.itt, c == conn && conn->state == ENG_S6_IN_LOGOUT, now);
    task = eng_task_find(session, logout.itt);
    if (task)
        eng_task_done(task, RIG_OK, now);
    if (eng_session_any(session)) {
        plug_behind(session, now);
        return RIG_OK;
    }
    free_failed(session, now);
    eng_session_end(session, logout.engine.internal, now);
    return RIG_OK;
}

/* The next login or logout waits as long as the target says (11.15.3). */
static void note_wait(rig_session *session, const rig_pdu *pdu, uint64_t now)
{
    uint64_t response = rig_get(pdu->bhs, RIG_F_LOGOUT_RESPONSE);
    session->has_wait = false;
    if (response == RECOVERY_UNSUPPORTED || response == CLEANUP_FAILED)
        eng_note_wait(session, (uint16_t)rig_get(pdu->bhs, RIG_F_TIME2WAIT),
                      (uint16_t)rig_get(pdu->bhs, RIG_F_TIME2RETAIN), now);
}

/* A logout that failed leaves its connections to recovery (T17); one for a connection that does not exist
 * harms none. */
static rig_status refused(eng_conn *conn, const rig_pdu *pdu, rig_task *task, uint64_t now)
{
    rig_session *session = conn->session;
    const rig_task logout = *task;
    session->leaving |= logout.engine.leaves;
    eng_conn *closing = logout.reason == ENG_CLOSE_SESSION ? conn : eng_session_conn(session, logout.cid);
    if (logout.engine.saves || (closing && closing->state == ENG_S6_IN_LOGOUT))
        note_wait(session, pdu, now);
    eng_task_done(task, RIG_E_REFUSED, now);
    if (!closing || closing->over || closing->state != ENG_S6_IN_LOGOUT)
        return RIG_OK;
    rig_status status =
        eng_conn_error(closing, RIG_E_REFUSED, pdu, RIG_F_LOGOUT_RESPONSE, "the logout failed (11.15.1)");
    if (closing == conn)
        return status;
    eng_conn_fail(closing, status, now);
    return RIG_OK;
}

rig_status eng_logout_response(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    rig_task *task = eng_task_answered(conn, pdu, RIG_TASK_LOGOUT);
    if (!task)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_ITT,
                              "no such logout on this connection (7.13)");
    task->response = (uint8_t)rig_get(pdu->bhs, RIG_F_LOGOUT_RESPONSE);
    if (task->engine.saves && task->response == CLOSED)
        eng_save_logged_out(task, pdu, now);
    return task->response ? refused(conn, pdu, task, now) : logged_out(conn, task, now);
}

static bool is_last(const eng_conn *conn)
{
    for (const eng_conn *c = conn->session->conns; c; c = c->next)
        if (c != conn && !c->over)
            return false;
    return true;
}

/* The target wants this connection logged out; the request for it goes on the connection itself. */
rig_status eng_logout_asked(eng_conn *conn, uint64_t now)
{
    bool first = conn->state == ENG_S5_LOGGED_IN;
    if (!eng_conn_fire(conn, ENG_LOGOUT_ASKED, now) || !first)
        return RIG_OK;
    rig_task *task = eng_own_task(conn->session, RIG_TASK_LOGOUT);
    if (task) {
        task->reason = is_last(conn) ? ENG_CLOSE_SESSION : ENG_CLOSE_CONNECTION;
        task->cid = conn->cid;
        task->immediate = true;
    }
    return eng_own_submit(conn, task, now);
}
