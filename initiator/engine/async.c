/* Asynchronous Messages and Rejects (RFC 7143 sections 11.9 and 11.17). */
#include "internal.h"

#define LOGOUT_REQUEST 1
#define CONNECTION_DROP 2
#define SESSION_DROP 3
#define CLOSE_SESSION 0

static rig_status log_out(eng_conn *conn, uint64_t now)
{
    rig_session *session = conn->session;
    if (!eng_conn_fire(conn, ENG_LOGOUT_ASKED, now))
        return RIG_E_PROTOCOL;
    if (conn->state != ENG_S7_LOGOUT_REQUESTED)
        return RIG_OK;
    rig_task *task = eng_own_task(session, RIG_TASK_LOGOUT);
    if (!task)
        return RIG_E_NOMEM;
    task->reason = CLOSE_SESSION;
    task->immediate = true;
    rig_status status = rig_session_submit(session, task, now);
    if (status)
        task->done(task, now);
    return status;
}

static rig_status act(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    eng_conn *dropped = NULL;
    switch (rig_get(pdu->bhs, RIG_F_ASYNC_EVENT)) {
    case LOGOUT_REQUEST:
        return log_out(conn, now);
    case CONNECTION_DROP:
        dropped = eng_session_conn(conn->session, (uint16_t)rig_get(pdu->bhs, RIG_F_PARAMETER1));
        if (dropped && dropped != conn)
            eng_conn_fail(dropped, RIG_E_CLOSED, now);
        return dropped == conn ? RIG_E_CLOSED : RIG_OK;
    case SESSION_DROP:
        return RIG_E_CLOSED;
    default:
        return RIG_OK;
    }
}

rig_status eng_async(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    rig_status status = eng_stat_sn(conn, pdu);
    if (status)
        return status;
    rig_event event = {.cid = conn->cid, .pdu = pdu};
    eng_emit(conn->session, &event, RIG_EVENT_ASYNC, now);
    return act(conn, pdu, now);
}

/* The header of the refused PDU is the data segment: it says which request is over (section 11.17.4). */
static rig_task *refused_task(const eng_conn *conn, const rig_pdu *pdu)
{
    if (pdu->data.len < RIG_BHS_LEN)
        return NULL;
    rig_pdu_kind kind = rig_pdu_kind_of(pdu->data.ptr);
    bool request = kind != RIG_PDU_DATA_OUT && kind != RIG_PDU_SNACK && kind != RIG_PDU_UNKNOWN;
    uint32_t itt = rig_get32(pdu->data.ptr, RIG_F_ITT);
    rig_task *task = request && itt != RIG_TAG_NONE ? eng_task_find(conn->session, itt) : NULL;
    return task && task->engine.conn == conn && task->engine.phase == ENG_SENT ? task : NULL;
}

rig_status eng_reject(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    rig_session *session = conn->session;
    rig_status status = eng_stat_sn(conn, pdu);
    if (status)
        return status;
    rig_event event = {.cid = conn->cid, .pdu = pdu};
    eng_emit(session, &event, RIG_EVENT_REJECT, now);
    rig_task *task = refused_task(conn, pdu);
    if (!task)
        return RIG_OK;
    bool hole = !task->immediate && session->exp_cmd_sn == task->cmd_sn && session->cmd_sn != task->cmd_sn;
    task->response = (uint8_t)rig_get(pdu->bhs, RIG_F_REJECT_REASON);
    if (conn->text && conn->text->task == task)
        eng_text_free(conn);
    eng_task_done(task, RIG_E_REFUSED, now);
    /* At level 0 a CmdSN that was not taken leaves a hole nothing can fill but a new session
     * (sections 7.3, 7.1.4.4). */
    if (hole)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_EXP_CMD_SN,
                              "a refused request left a hole in CmdSN (7.3)");
    return RIG_OK;
}
