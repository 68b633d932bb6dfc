/* Task management (RFC 7143 sections 11.5 and 11.6). */
#include "internal.h"

#define ABORT_TASK 1
#define ABORT_TASK_SET 2
#define CLEAR_TASK_SET 4
#define LOGICAL_UNIT_RESET 5
#define TARGET_WARM_RESET 6
#define TARGET_COLD_RESET 7

#define COMPLETE 0
#define NO_SUCH_TASK 1

static bool has_lun(uint8_t function)
{
    return function != TARGET_WARM_RESET && function != TARGET_COLD_RESET;
}

bool eng_tmf_send(eng_conn *conn, rig_task *task)
{
    rig_tx *tx = eng_push(conn, RIG_PDU_TMF_REQ);
    if (!tx)
        return false;
    const rig_task *about = eng_task_find(conn->session, task->engine.ref_itt);
    rig_set(tx->bhs, RIG_F_I, task->immediate);
    rig_set(tx->bhs, RIG_F_FUNCTION, task->function);
    rig_set(tx->bhs, RIG_F_LUN, has_lun(task->function) ? task->lun : 0);
    rig_set(tx->bhs, RIG_F_ITT, task->itt);
    rig_set(tx->bhs, RIG_F_REF_TAG, task->function == ABORT_TASK ? task->engine.ref_itt : RIG_TAG_NONE);
    rig_set(tx->bhs, RIG_F_CMD_SN, task->cmd_sn);
    /* An immediate task never had a CmdSN of its own: the reference is this request's (section 11.5.5). */
    bool numbered = about && !about->immediate;
    rig_set(tx->bhs, RIG_F_REF_CMD_SN,
            task->function != ABORT_TASK ? 0
            : numbered                   ? about->cmd_sn
                                         : task->cmd_sn);
    rig_txq_seal(&conn->txq);
    return true;
}

static bool is_hit(const rig_task *tmf, const rig_task *task)
{
    if (task == tmf || task->kind != RIG_TASK_SCSI || task->engine.phase != ENG_SENT)
        return false;
    if (tmf->function == ABORT_TASK)
        return task->itt == tmf->engine.ref_itt;
    bool older = task->immediate || rig_sn_lt(task->cmd_sn, tmf->cmd_sn);
    return older && (!has_lun(tmf->function) || task->lun == tmf->lun);
}

static bool ends_tasks(const rig_task *tmf)
{
    static const uint16_t functions = 1u << ABORT_TASK | 1u << ABORT_TASK_SET | 1u << CLEAR_TASK_SET |
                                      1u << LOGICAL_UNIT_RESET | 1u << TARGET_WARM_RESET |
                                      1u << TARGET_COLD_RESET;
    bool agreed = tmf->response == COMPLETE || (tmf->response == NO_SUCH_TASK && tmf->function == ABORT_TASK);
    return agreed && tmf->function < 16 && (functions >> tmf->function & 1);
}

static void end_tasks(rig_session *session, const rig_task *tmf, uint64_t now)
{
    rig_status why = tmf->engine.internal ? RIG_E_TIMEOUT : RIG_E_ABORTED;
    for (uint32_t i = 0; i < session->num_slots; i++) {
        rig_task *task = session->slots[i].task;
        if (task && is_hit(tmf, task))
            eng_task_done(task, why, now);
    }
}

rig_status eng_tmf_response(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    rig_status status = eng_stat_sn(conn, pdu);
    if (status)
        return status;
    rig_task *task = eng_task_find(conn->session, rig_get32(pdu->bhs, RIG_F_ITT));
    if (!task || task->kind != RIG_TASK_TMF || task->engine.conn != conn || task->engine.phase != ENG_SENT)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_ITT,
                              "no such request on this connection (7.13)");
    task->response = (uint8_t)rig_get(pdu->bhs, RIG_F_TMF_RESPONSE);
    if (ends_tasks(task))
        end_tasks(conn->session, task, now);
    eng_task_done(task, RIG_OK, now);
    return RIG_OK;
}

/* A command that took too long is aborted; if that cannot even be asked for, the connection is given up
 * (7.11). */
void eng_abort_late(rig_task *task, uint64_t now)
{
    eng_conn *conn = task->engine.conn;
    rig_session *session = conn->session;
    rig_task *tmf = eng_own_task(session, RIG_TASK_TMF);
    rig_status status = tmf ? RIG_OK : RIG_E_NOMEM;
    if (tmf) {
        tmf->function = ABORT_TASK;
        tmf->immediate = true;
        tmf->lun = task->lun;
        tmf->reference = task;
        status = rig_session_submit(session, tmf, now);
        if (status)
            tmf->done(tmf, now);
        else
            tmf->engine.internal = true;
    }
    if (status)
        eng_conn_fail(conn, RIG_E_TIMEOUT, now);
}
