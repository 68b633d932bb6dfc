/* Logout (RFC 7143 sections 11.14 and 11.15). */
#include "internal.h"

#define CLOSE_SESSION 0

static bool concerns(const rig_task *task, const eng_conn *conn)
{
    return task->reason == CLOSE_SESSION || task->cid == conn->cid;
}

bool eng_logout_send(eng_conn *conn, rig_task *task)
{
    rig_tx *tx = eng_push(conn, RIG_PDU_LOGOUT_REQ);
    if (!tx)
        return false;
    rig_session *session = conn->session;
    rig_set(tx->bhs, RIG_F_I, task->immediate);
    rig_set(tx->bhs, RIG_F_LOGOUT_REASON, task->reason);
    rig_set(tx->bhs, RIG_F_ITT, task->itt);
    rig_set(tx->bhs, RIG_F_CID, task->reason == CLOSE_SESSION ? 0 : task->cid);
    rig_set(tx->bhs, RIG_F_CMD_SN, task->cmd_sn);
    rig_txq_seal(&conn->txq);
    for (eng_conn *c = session->conns; c; c = c->next)
        if (!c->announced && c->state >= ENG_S5_LOGGED_IN && concerns(task, c))
            eng_conn_fire(c, ENG_LOGOUT_SENT, session->initiator->now);
    return true;
}

/* The tasks of a closed connection are gone with it (section 11.14.1). */
static void end_tasks_of(rig_session *session, const eng_conn *conn, const rig_task *logout, uint64_t now)
{
    for (uint32_t i = 0; i < session->num_slots; i++) {
        rig_task *task = session->slots[i].task;
        if (!task || task == logout || task->engine.conn != conn)
            continue;
        task->engine.num_tx = 0;
        eng_task_done(task, RIG_E_ABORTED, now);
    }
}

static bool others_are_up(const rig_session *session)
{
    for (const eng_conn *conn = session->conns; conn; conn = conn->next)
        if (!conn->announced)
            return true;
    return false;
}

static void close_logged_out(rig_session *session, rig_task *logout, uint64_t now)
{
    for (eng_conn *conn = session->conns, *next; conn; conn = next) {
        next = conn->next;
        if (conn->announced || !concerns(logout, conn))
            continue;
        end_tasks_of(session, conn, logout, now);
        eng_conn_fire(conn, logout->engine.conn == conn ? ENG_LOGOUT_OK : ENG_CLOSED_ELSEWHERE, now);
        conn->busy++;
        eng_conn_close(conn, now);
        conn->busy--;
        if (conn != logout->engine.conn)
            eng_conn_put(conn);
    }
}

rig_status eng_logout_response(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    rig_session *session = conn->session;
    rig_status status = eng_stat_sn(conn, pdu);
    if (status)
        return status;
    rig_task *task = eng_task_find(session, rig_get32(pdu->bhs, RIG_F_ITT));
    if (!task || task->kind != RIG_TASK_LOGOUT || task->engine.conn != conn || task->engine.phase != ENG_SENT)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_ITT,
                              "no such logout on this connection (7.13)");
    task->response = (uint8_t)rig_get(pdu->bhs, RIG_F_LOGOUT_RESPONSE);
    if (task->response) {
        eng_task_done(task, RIG_E_REFUSED, now);
        return eng_conn_error(conn, RIG_E_REFUSED, pdu, RIG_F_LOGOUT_RESPONSE, "the logout failed (11.15.1)");
    }
    close_logged_out(session, task, now);
    eng_task_done(task, RIG_OK, now);
    if (!others_are_up(session))
        eng_session_end(session, RIG_OK, now);
    return RIG_OK;
}
