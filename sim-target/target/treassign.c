/*
 * Tasks that outlive their connection at ErrorRecoveryLevel 2 (RFC 7143 sections 7.1.4.3, 7.2.2, 11.5.6).
 * They stay in the list of the connection they came on. Once that is logged out for recovery it is a ghost of
 * its session: nothing but the place where its tasks wait for a new allegiance, until Time2Retain is over.
 */
#include "tgt.h"

enum { COMPLETE = 0, NO_TASK = 1, ALLEGIANT = 3, NO_REASSIGN = 4, REJECTED = 255 };

/* 11.15.4: with Time2Retain=0 nothing is left to be recovered. */
bool tgt_session_recovers(const tgt_session *session)
{
    return session->recovery_level == 2 && session->time2retain > 0 && session->state != TGT_Q1_FREE;
}

/* ---- out of service ---- */

/* 7.14: immediate commands do not outlive a connection, nor does anything but a SCSI command (11.5.1), nor
 * one that there was no memory to begin with. */
static bool survives(tgt_task *task)
{
    return task->kind == TGT_TASK_SCSI && !task->immediate && !task->draining && task->tagged &&
           tgt_scsi_of(task)->history;
}

void tgt_suspend(tgt_conn *conn, const tgt_task *but)
{
    conn->keeps = true;
    if (conn->early)
        tgt_task_finish(&conn->early->task);
    conn->early = NULL;
    for (tgt_list *at = conn->tasks.next, *next; at != &conn->tasks; at = next) {
        tgt_task *task = TGT_OF(at, tgt_task, in_conn);
        next = at->next;
        if (task == but || task->done)
            continue;
        if (survives(task)) {
            tgt_task_unready(task);
            continue;
        }
        if (task->kind == TGT_TASK_SCSI && task->immediate)
            tgt_session_cleared(conn->session, tgt_scsi_of(task));
        tgt_task_finish(task);
    }
    if (conn->placing)
        tgt_task_unref(&conn->placing->task);
    conn->placing = NULL;
}

/* ---- a new allegiance ---- */

/* Its connection was logged out for recovery, and has nothing of it left to send. */
bool tgt_allegiance_free(tgt_task *task)
{
    if (task->kind != TGT_TASK_SCSI || !task->conn->ghost)
        return false;
    const tgt_history *history = tgt_scsi_of(task)->history;
    return history && task->refs == (history->status ? 1u : 0u);
}

uint8_t tgt_reassign_verdict(const tgt_task *tmf)
{
    const tgt_session *session = tmf->conn->session;
    tgt_task *task = tgt_task_find(session, rig_get32(tmf->bhs, RIG_F_REF_TAG));
    if (session->recovery_level < 2 || tgt_fault_on(tmf, RIG_FAULT_REASSIGN_REFUSED))
        return NO_REASSIGN;
    if (!rig_get(tmf->bhs, RIG_F_I))
        return REJECTED;
    if (!task)
        return NO_TASK;
    if (task->kind != TGT_TASK_SCSI)
        return REJECTED;
    bool its_own = !tgt_allegiance_free(task) || tgt_fault_on_said(tmf, RIG_FAULT_REASSIGN_ALLEGIANT);
    return its_own ? ALLEGIANT : COMPLETE;
}

/* R2Ts that were answered are acknowledged; numbers go on with the first that is not. */
static void forget_r2ts(tgt_scsi *scsi)
{
    for (uint8_t i = 0; i < scsi->num_bursts; i++)
        if (scsi->bursts[i].r2t_sn < scsi->r2t_sn)
            scsi->r2t_sn = scsi->bursts[i].r2t_sn;
    for (uint8_t i = 0; i < scsi->history->num_old; i++)
        if (scsi->history->old[i].r2t_sn < scsi->r2t_sn)
            scsi->r2t_sn = scsi->history->old[i].r2t_sn;
}

/*
 * 11.5.6: ExpDataSN is 0 or a number that has been sent, and anything else is ignored. The field is defined
 * for reads; 7.2.2 speaks of R2TSN too, so a write that gives a number goes on with it.
 */
static void take_reference(tgt_scsi *scsi, uint32_t exp)
{
    if (tgt_scsi_writes(scsi)) {
        uint32_t next = scsi->r2t_sn;
        forget_r2ts(scsi);
        if (exp > 0 && exp <= next)
            scsi->r2t_sn = exp;
        return;
    }
    if (exp > scsi->history->acked_sn)
        tgt_retain_data_acknowledged(scsi, exp);
}

/* 7.2.2: the SNACK tag of the old connection means nothing on the new one, nor do its transfer tags. */
void tgt_allegiance(tgt_scsi *scsi, tgt_conn *to)
{
    tgt_conn *from = scsi->task.conn;
    tgt_retain_reopen(scsi);
    tgt_recover_abandon(scsi, false);
    tgt_task_move(&scsi->task, to);
    scsi->history->snack_tag = 0;
    scsi->history->asks = false;
    scsi->history->attempts = 0;
    tgt_conn_exorcise(from);
}

static void go_on(tgt_scsi *scsi)
{
    scsi->waits_since = scsi->task.conn->target->now;
    if (scsi->responding) {
        tgt_data_in_rewind(scsi);
        tgt_task_ready(&scsi->task);
    } else if (scsi->started) {
        tgt_data_out_next(scsi);
    }
}

void tgt_reassign(const tgt_task *tmf)
{
    tgt_task *task = tgt_task_find(tmf->conn->session, rig_get32(tmf->bhs, RIG_F_REF_TAG));
    tgt_scsi *scsi = tgt_scsi_of(task);
    uint32_t exp = rig_get32(tmf->bhs, RIG_F_EXP_DATA_SN);
    if (tgt_fault_on(tmf, RIG_FAULT_REASSIGN_FROM_START)) {
        scsi->history->acked_sn = scsi->history->acked_offset = 0;
        exp = 0;
    }
    take_reference(scsi, exp);
    tgt_allegiance(scsi, tmf->conn);
    go_on(scsi);
}

void tgt_take_over(const tgt_task *query)
{
    tgt_task *task = tgt_task_find(query->conn->session, rig_get32(query->bhs, RIG_F_REF_TAG));
    if (!task || !tgt_allegiance_free(task))
        return;
    take_reference(tgt_scsi_of(task), 0);
    tgt_allegiance(tgt_scsi_of(task), query->conn);
    go_on(tgt_scsi_of(task));
}
