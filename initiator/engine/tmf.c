/* Task management (RFC 7143 sections 11.5 and 11.6). */
#include "internal.h"

#define ABORT_TASK 1
#define ABORT_TASK_SET 2
#define CLEAR_TASK_SET 4
#define LOGICAL_UNIT_RESET 5
#define TARGET_WARM_RESET 6
#define TARGET_COLD_RESET 7
#define QUERY_TASK 9 /* from here on RFC 7144, with iSCSIProtocolLevel 2 */
#define I_T_NEXUS_RESET 11
#define LAST_FUNCTION 12

#define COMPLETE 0
#define NO_SUCH_TASK 1

#define FUNCTION(f) (1u << (f))
static const uint32_t with_reference = FUNCTION(ABORT_TASK) | FUNCTION(QUERY_TASK);
static const uint32_t without_lun =
    FUNCTION(TARGET_WARM_RESET) | FUNCTION(TARGET_COLD_RESET) | FUNCTION(I_T_NEXUS_RESET);
/* Those that end several tasks: FastAbort concerns them (4.2.3.4). */
static const uint32_t multi_task = FUNCTION(ABORT_TASK_SET) | FUNCTION(CLEAR_TASK_SET) |
                                   FUNCTION(LOGICAL_UNIT_RESET) | FUNCTION(TARGET_WARM_RESET) |
                                   FUNCTION(TARGET_COLD_RESET);

static bool is_in(uint32_t functions, uint8_t function)
{
    return functions >> function & 1;
}

static bool has_lun(uint8_t function)
{
    return !is_in(without_lun, function);
}

rig_status eng_tmf_check(const rig_session *session, const rig_task *task)
{
    const rig_task *about = task->reference;
    if (task->function == 0 || task->function > LAST_FUNCTION)
        return RIG_E_ARGUMENT;
    if (task->function == ENG_TASK_REASSIGN)
        return RIG_E_UNSUPPORTED;
    if (task->function > ENG_TASK_REASSIGN && session->agreed[RIG_KEY_PROTOCOL_LEVEL].value < 2)
        return RIG_E_UNSUPPORTED;
    if (is_in(with_reference, task->function))
        return about && about->kind == RIG_TASK_SCSI && about != task ? RIG_OK : RIG_E_ARGUMENT;
    return about ? RIG_E_ARGUMENT : RIG_OK;
}

/* Notes what ABORT TASK is about: the request goes on the same connection (section 11.5.1). A task that has
 * not been sent has neither connection nor CmdSN yet. */
void eng_tmf_refer(rig_task *task)
{
    const rig_task *about = task->reference;
    task->engine.ref_itt = about ? about->itt : RIG_TAG_NONE;
    if (!about)
        return;
    task->lun = about->lun;
    task->engine.ref_waits = about->engine.phase == ENG_QUEUED;
    task->engine.ref_cmd_sn = about->cmd_sn;
    task->engine.ref_numbered = !about->immediate;
    if (!task->engine.ref_waits)
        task->engine.conn = about->engine.conn;
}

/* The task was sent, and its connection lost: only another one can say what becomes of it. */
bool eng_tmf_must_wait(const rig_task *task)
{
    const rig_task *about = eng_task_find(task->engine.session, task->engine.ref_itt);
    return about && about->engine.phase == ENG_STRANDED;
}

/* ABORT TASK for a task that had not been sent when it was asked for. True when there is nothing to send: the
 * task has ended, or never went and is withdrawn, or belongs to another connection. */
bool eng_tmf_moot(rig_task *task, const eng_conn *conn, uint64_t now)
{
    rig_session *session = task->engine.session;
    rig_task *about = eng_task_find(session, task->engine.ref_itt);
    uint32_t itt = task->itt;
    if (!about) {
        eng_task_done(task, RIG_E_NOT_FOUND, now);
        return true;
    }
    if (about->engine.phase == ENG_QUEUED) {
        eng_task_done(about, RIG_E_ABORTED, now);
        task = eng_task_find(session, itt);
        if (task)
            eng_task_done(task, RIG_OK, now);
        return true;
    }
    task->engine.ref_waits = false;
    task->engine.ref_cmd_sn = about->cmd_sn;
    if (about->engine.conn == conn)
        return false;
    eng_task_bind(task, about->engine.conn);
    return true;
}

static bool is_hit(const rig_task *tmf, const rig_task *task)
{
    if (task->kind != RIG_TASK_SCSI || !eng_is_out(task))
        return false;
    if (tmf->function == ABORT_TASK)
        return task->itt == tmf->engine.ref_itt;
    if (tmf->function == I_T_NEXUS_RESET)
        return true;
    bool older = task->immediate ? rig_sn_lt(task->engine.turn, tmf->engine.turn)
                                 : rig_sn_lt(task->cmd_sn, tmf->cmd_sn);
    return older && (!has_lun(tmf->function) || task->lun == tmf->lun);
}

static bool is_fast(const rig_session *session)
{
    return session->agreed[RIG_KEY_TASK_REPORTING].value & RIG_REPORT_FAST_ABORT;
}

/* With FastAbort no more Data-Out goes for the tasks concerned once the request is sent (4.2.3.4); without it
 * every R2T is still answered (4.2.3.3). */
static void stop_data(eng_conn *conn, const rig_task *tmf)
{
    rig_session *session = conn->session;
    for (uint32_t i = 0; is_fast(session) && i < session->num_slots; i++) {
        rig_task *task = session->slots[i].task;
        if (task && task->engine.conn == conn && is_hit(tmf, task))
            eng_data_out_pause(conn, task, tmf->itt);
    }
}

void eng_tmf_refused(eng_conn *conn, const rig_task *task)
{
    rig_session *session = conn->session;
    for (uint32_t i = 0; is_in(multi_task, task->function) && i < session->num_slots; i++) {
        rig_task *hit = session->slots[i].task;
        if (hit && hit->engine.stopped && hit->engine.stopper == task->itt)
            eng_data_out_resume(hit->engine.conn, hit);
    }
}

static bool is_reset(const rig_task *task)
{
    const uint32_t resets = FUNCTION(LOGICAL_UNIT_RESET) | FUNCTION(TARGET_WARM_RESET) |
                            FUNCTION(TARGET_COLD_RESET) | FUNCTION(I_T_NEXUS_RESET);
    return task->kind == RIG_TASK_TMF && is_in(resets, task->function);
}

void eng_resets_find(const rig_session *session, eng_resets *out_resets)
{
    out_resets->num = 0; /* on the way of every request: no more of it is touched */
    out_resets->all = false;
    for (uint32_t i = 0; session->num_resets > 0 && i < session->num_slots; i++) {
        const rig_task *task = session->slots[i].task;
        if (!task || !task->engine.resets)
            continue;
        out_resets->all |= !has_lun(task->function) || out_resets->num == ENG_RESETS_MAX;
        if (!out_resets->all)
            out_resets->luns[out_resets->num++] = task->lun;
    }
}

bool eng_resets_hold(const eng_resets *resets, const rig_task *task)
{
    bool hold = resets->all;
    for (uint32_t i = 0; i < resets->num; i++)
        hold = hold || resets->luns[i] == task->lun;
    return hold && task->kind == RIG_TASK_SCSI && task->engine.phase == ENG_QUEUED;
}

/* Async event 5: somebody ended all tasks of a LUN. The acknowledgment is what lets the target forget their
 * tags (11.9.1); without FastAbort the event means nothing. */
rig_status eng_task_termination(eng_conn *conn, const rig_pdu *pdu)
{
    rig_session *session = conn->session;
    uint64_t lun = rig_get(pdu->bhs, RIG_F_LUN);
    if (!is_fast(session))
        return RIG_OK;
    for (uint32_t i = 0; i < session->num_slots; i++) {
        rig_task *task = session->slots[i].task;
        bool hit = task && task->kind == RIG_TASK_SCSI && eng_is_out(task) && task->lun == lun;
        if (hit && task->engine.conn == conn)
            eng_data_out_pause(conn, task, RIG_TAG_NONE);
    }
    return eng_nop_answer(conn, pdu, RIG_TAG_NONE);
}

rig_status eng_tmf_send(eng_conn *conn, rig_task *task)
{
    rig_tx *tx = eng_push(conn, RIG_PDU_TMF_REQ);
    if (!tx)
        return RIG_E_BUSY;
    rig_set(tx->bhs, RIG_F_I, task->immediate);
    rig_set(tx->bhs, RIG_F_FUNCTION, task->function);
    /* a reassignment is of the task its tag names, on whatever unit: the field is reserved (section 11.5.3)
     */
    rig_set(tx->bhs, RIG_F_LUN,
            has_lun(task->function) && task->function != ENG_TASK_REASSIGN ? task->lun : 0);
    rig_set(tx->bhs, RIG_F_ITT, task->itt);
    rig_set(tx->bhs, RIG_F_REF_TAG, task->engine.ref_itt);
    rig_set(tx->bhs, RIG_F_CMD_SN, task->cmd_sn);
    /* An immediate task never had a CmdSN of its own: the reference is this request's (section 11.5.5). */
    if (task->function == ENG_TASK_REASSIGN)
        rig_set(tx->bhs, RIG_F_EXP_DATA_SN, task->engine.ref_data_sn);
    if (is_in(with_reference, task->function))
        rig_set(tx->bhs, RIG_F_REF_CMD_SN,
                task->engine.ref_numbered ? task->engine.ref_cmd_sn : task->cmd_sn);
    rig_txq_seal(&conn->txq);
    conn->session->num_resets += is_reset(task) && !task->engine.resets;
    task->engine.resets = is_reset(task);
    if (is_in(multi_task, task->function))
        stop_data(conn, task);
    return RIG_OK;
}

static bool ends_tasks(const rig_task *tmf)
{
    const uint32_t functions = multi_task | FUNCTION(ABORT_TASK) | FUNCTION(I_T_NEXUS_RESET);
    bool agreed = tmf->response == COMPLETE || (tmf->response == NO_SUCH_TASK && tmf->function == ABORT_TASK);
    return agreed && is_in(functions, tmf->function);
}

/* The tasks end before the request does; what they call back may end it, too, so it is looked up again. */
static void end_tasks(rig_session *session, const rig_task *task, uint64_t now)
{
    const rig_task tmf = *task;
    rig_status why = tmf.engine.internal && !tmf.engine.cancels ? RIG_E_TIMEOUT : RIG_E_ABORTED;
    for (uint32_t i = 0; i < session->num_slots; i++) {
        rig_task *hit = session->slots[i].task;
        if (!hit || !is_hit(&tmf, hit))
            continue;
        eng_note_aborted(session, hit);
        eng_task_done(hit, why, now);
    }
}

rig_status eng_tmf_response(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    rig_session *session = conn->session;
    uint32_t itt = rig_get32(pdu->bhs, RIG_F_ITT);
    rig_task *task = eng_task_answered(conn, pdu, RIG_TASK_TMF);
    if (!task)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_ITT,
                              "no such request on this connection (7.13)");
    task->response = (uint8_t)rig_get(pdu->bhs, RIG_F_TMF_RESPONSE);
    task->additional = (uint32_t)rig_get(pdu->bhs, RIG_F_TMF_INFO);
    if (task->engine.saves) {
        const rig_task reassign = *task;
        eng_task_done(task, RIG_OK, now);
        eng_reassigned(conn, &reassign, now);
        return conn->over ? RIG_E_ABORTED : RIG_OK;
    }
    bool late = task->engine.internal && !task->engine.cancels;
    rig_task *about = task->engine.internal ? eng_task_find(session, task->engine.ref_itt) : NULL;
    bool failed = !ends_tasks(task) && late && about;
    if (about)
        about->engine.aborting = RIG_OK;
    if (ends_tasks(task))
        end_tasks(session, task, now);
    else
        eng_tmf_refused(conn, task);
    task = eng_task_find(session, itt);
    if (task)
        eng_task_done(task, RIG_OK, now);
    if (failed)
        return eng_conn_error(conn, RIG_E_TIMEOUT, pdu, RIG_F_TMF_RESPONSE,
                              "a command that took too long could not be aborted (7.11)");
    return RIG_OK;
}

static rig_status submit_abort(rig_task *task, bool cancels, uint64_t now)
{
    eng_conn *conn = task->engine.conn;
    rig_task *tmf = eng_own_task(conn->session, RIG_TASK_TMF);
    if (tmf) {
        tmf->function = ABORT_TASK;
        tmf->immediate = true;
        tmf->reference = task;
        tmf->engine.cancels = cancels;
        eng_tmf_refer(tmf);
    }
    rig_status status = eng_own_submit(conn, tmf, now);
    if (!status)
        task->engine.aborting = cancels ? RIG_E_ABORTED : RIG_E_TIMEOUT;
    return status;
}

/* One that is being aborted already needs nothing more than to know that the caller wants it, too. */
static rig_status cancel_sent(rig_task *task, uint64_t now)
{
    if (task->kind != RIG_TASK_SCSI)
        return RIG_E_UNSUPPORTED;
    if (task->engine.conn->over)
        task->engine.aborting = RIG_E_ABORTED;
    return task->engine.aborting ? RIG_OK : submit_abort(task, true, now);
}

rig_status rig_session_cancel(rig_session *session, rig_task *task, uint64_t now)
{
    if (task->engine.session != session || task->engine.phase == ENG_ANSWERED)
        return RIG_E_NOT_FOUND;
    if (eng_is_out(task))
        return cancel_sent(task, now);
    eng_enter(session);
    eng_task_withdraw(task, RIG_E_ABORTED, now);
    eng_leave(session);
    return RIG_OK;
}

/* What was asked for while the command was on no connection. */
void eng_abort_resumed(rig_task *task, uint64_t now)
{
    if (task->engine.aborting && submit_abort(task, task->engine.aborting == RIG_E_ABORTED, now))
        eng_conn_fail(task->engine.conn, task->engine.aborting, now);
}

/* A command that took too long is aborted; if that cannot even be asked for, the connection is given up
 * (7.11). */
void eng_abort_late(rig_task *task, uint64_t now)
{
    eng_conn *conn = task->engine.conn;
    if (!task->engine.aborting && submit_abort(task, false, now))
        eng_conn_fail(conn, RIG_E_TIMEOUT, now);
}
