/* Asynchronous Messages and Rejects (RFC 7143 sections 11.9 and 11.17). */
#include "internal.h"

#define LOGOUT_REQUEST 1
#define CONNECTION_DROP 2
#define SESSION_DROP 3
#define NEGOTIATION_REQUEST 4
#define TASK_TERMINATION 5
#define DATA_DIGEST_ERROR 2 /* reason of a Reject */

/* What the target says about the time until the next login counts, this once, instead of what was agreed
 * (section 7.5.2). */
static rig_status dropped(eng_conn *conn, const rig_pdu *pdu, eng_conn *which, uint64_t now)
{
    rig_session *session = conn->session;
    if (!which)
        return RIG_OK;
    if (which->state >= ENG_S5_LOGGED_IN)
        eng_note_wait(session, (uint16_t)rig_get(pdu->bhs, RIG_F_PARAMETER2),
                      (uint16_t)rig_get(pdu->bhs, RIG_F_PARAMETER3), now);
    rig_status status = eng_conn_error(which, RIG_E_CLOSED, pdu, RIG_F_ASYNC_EVENT,
                                       "the target drops the connection (11.9.1)");
    if (which == conn)
        return status;
    eng_conn_fail(which, status, now);
    return RIG_OK;
}

/* The one that brought the news goes last: until then the others are not the session's only ones. */
static rig_status session_dropped(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    for (eng_conn *other = conn->session->conns; other && !conn->over; other = other->next)
        if (other != conn && !other->over)
            dropped(conn, pdu, other, now);
    return conn->over ? RIG_E_ABORTED : dropped(conn, pdu, conn, now);
}

static rig_status act(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    uint16_t cid = (uint16_t)rig_get(pdu->bhs, RIG_F_PARAMETER1);
    switch (rig_get(pdu->bhs, RIG_F_ASYNC_EVENT)) {
    case LOGOUT_REQUEST:
        return eng_logout_asked(conn, now);
    case CONNECTION_DROP:
        return dropped(conn, pdu, eng_session_conn(conn->session, cid), now);
    case SESSION_DROP:
        return session_dropped(conn, pdu, now);
    case NEGOTIATION_REQUEST:
        return eng_text_wanted(conn, now);
    case TASK_TERMINATION:
        return eng_task_termination(conn, pdu);
    default:
        return RIG_OK;
    }
}

rig_status eng_async(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    rig_event event = {.cid = conn->cid, .pdu = pdu};
    eng_emit(conn->session, &event, RIG_EVENT_ASYNC, now);
    return conn->over ? RIG_E_ABORTED : act(conn, pdu, now);
}

/* The header of the refused PDU is the data segment: it says which request is over (section 11.17.4). Refused
 * data, and what was never sent, ends none (section 7.3). */
static rig_task *refused_task(const eng_conn *conn, const rig_pdu *pdu)
{
    static const rig_pdu_kind requests[] = {
        [RIG_TASK_SCSI] = RIG_PDU_SCSI_CMD,     [RIG_TASK_TMF] = RIG_PDU_TMF_REQ,
        [RIG_TASK_TEXT] = RIG_PDU_TEXT_REQ,     [RIG_TASK_PING] = RIG_PDU_NOP_OUT,
        [RIG_TASK_LOGOUT] = RIG_PDU_LOGOUT_REQ,
    };
    if (pdu->data.len < RIG_BHS_LEN)
        return NULL;
    rig_task *task = eng_task_find(conn->session, rig_get32(pdu->data.ptr, RIG_F_ITT));
    if (!task || task->engine.conn != conn || !eng_is_out(task))
        return NULL;
    return rig_pdu_kind_of(pdu->data.ptr) == requests[task->kind] ? task : NULL;
}

/* A refused command was not received, whatever its CmdSN (section 7.3): the session can only go on when
 * something else takes that number. Not if the target shows by ExpCmdSN that it took it. */
static rig_status plug_hole(eng_conn *conn, uint32_t cmd_sn, uint64_t now)
{
    rig_session *session = conn->session;
    if (rig_sn_lt(cmd_sn, session->exp_cmd_sn) || session->state != ENG_Q3_LOGGED_IN)
        return RIG_OK;
    return eng_plug(conn, cmd_sn, now);
}

/* Without these requests the engine cannot go on. */
static bool is_vital(const rig_task *task)
{
    bool reassign = task->function == ENG_TASK_REASSIGN; /* it knows by itself what a refusal means */
    bool abort = task->kind == RIG_TASK_TMF && task->engine.internal && !reassign;
    return task->kind == RIG_TASK_LOGOUT || task->engine.plug || abort;
}

static bool is_snack(const rig_pdu *pdu)
{
    return pdu->data.len >= RIG_BHS_LEN && rig_pdu_kind_of(pdu->data.ptr) == RIG_PDU_SNACK;
}

/* A command whose immediate data was spoilt was not received: it goes once more (7.2.1, 7.3). */
static bool sent_again(eng_conn *conn, rig_task *task, const rig_pdu *pdu)
{
    return eng_level(conn->session) && task->kind == RIG_TASK_SCSI && !task->immediate &&
           rig_get(pdu->bhs, RIG_F_REJECT_REASON) == DATA_DIGEST_ERROR &&
           rig_sn_le(conn->session->exp_cmd_sn, task->cmd_sn) && eng_retry(conn, task);
}

/* 11.17.1: it may be sent again; with a number the target has to take it. */
static bool sent_numbered(rig_task *task, const rig_pdu *pdu)
{
    bool tmf = task->kind == RIG_TASK_TMF && task->function != ENG_TASK_REASSIGN; /* 11.5.1 */
    bool own = (tmf || task->kind == RIG_TASK_LOGOUT) && task->engine.internal && task->immediate;
    if (!own || rig_get(pdu->bhs, RIG_F_REJECT_REASON) != ENG_IMMEDIATE_COMMAND)
        return false;
    eng_task_renumber(task);
    return true;
}

rig_status eng_reject(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    rig_session *session = conn->session;
    rig_event event = {.cid = conn->cid, .pdu = pdu};
    eng_emit(session, &event, RIG_EVENT_REJECT, now);
    if (conn->over)
        return RIG_OK;
    if (is_snack(pdu)) {
        eng_snack_refused(conn, pdu->data.ptr, now);
        return conn->over ? RIG_E_ABORTED : RIG_OK;
    }
    rig_task *task = refused_task(conn, pdu);
    if (!task || sent_again(conn, task, pdu) || sent_numbered(task, pdu))
        return RIG_OK;
    bool vital = is_vital(task);
    bool numbered = !task->immediate;
    uint32_t cmd_sn = task->cmd_sn;
    session->leaving |= task->engine.leaves;
    if (task->kind == RIG_TASK_TMF)
        eng_tmf_refused(conn, task);
    task->response = (uint8_t)rig_get(pdu->bhs, RIG_F_REJECT_REASON);
    eng_task_done(task, RIG_E_REFUSED, now);
    if (conn->over)
        return RIG_OK;
    if (vital)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_REJECT_REASON,
                              "refused what the session cannot go on without (7.3)");
    return numbered ? plug_hole(conn, cmd_sn, now) : RIG_OK;
}
