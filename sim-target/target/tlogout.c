/* Logout (RFC 7143 sections 11.14, 11.15). */
#include "tgt.h"

enum { CLOSE_SESSION, CLOSE_CONNECTION, REMOVE_FOR_RECOVERY, REASONS };
enum { CLOSED, NO_SUCH_CID, NO_RECOVERY };

uint8_t tgt_logout_check(tgt_conn *conn, const rig_pdu *pdu)
{
    uint32_t reason = rig_get32(pdu->bhs, RIG_F_LOGOUT_REASON);
    tgt_blame(conn, RIG_F_LOGOUT_REASON, 0);
    if (reason >= REASONS)
        return TGT_REJECT_FIELD;
    return conn->session->discovery && reason != CLOSE_SESSION ? TGT_REJECT_UNSUPPORTED : 0;
}

static uint32_t reason_of(const tgt_task *task)
{
    return rig_get32(task->bhs, RIG_F_LOGOUT_REASON);
}

static bool closes_own(const tgt_task *task)
{
    return reason_of(task) == CLOSE_SESSION || rig_get32(task->bhs, RIG_F_CID) == task->conn->cid;
}

/* Section 11.14: pending commands end, acknowledged or not, and say no more. */
static void terminate(tgt_conn *conn, const tgt_task *but)
{
    for (tgt_list *at = conn->tasks.next, *next; at != &conn->tasks; at = next) {
        tgt_task *task = TGT_OF(at, tgt_task, in_conn);
        next = at->next;
        if (task == but || task->done)
            continue;
        if (task->kind == TGT_TASK_SCSI && !task->answered)
            tgt_session_cleared(conn->session, tgt_scsi_of(task));
        tgt_task_finish(task);
    }
}

static void terminate_session(tgt_session *session, const tgt_task *but)
{
    for (tgt_list *at = session->conns.next; at != &session->conns; at = at->next)
        terminate(TGT_OF(at, tgt_conn, in_session), but);
}

/* A connection of the session that is logged out on this one (8.2, CSM-E): first it is out of service, then
 * gone. */
static uint8_t close_other(tgt_session *session, uint16_t cid, bool recover)
{
    tgt_conn *other = tgt_session_conn(session, cid);
    if (!other)
        return NO_SUCH_CID;
    other->logged_out = true;
    if (other->state != TGT_S8_CLEANUP_WAIT)
        tgt_conn_end(other, TGT_TRANSPORT_LOST, !recover, RIG_OK, "logged out on another connection");
    other->keeps = other->keeps && recover;
    if (other->session == session) {
        tgt_fsm_step(&tgt_cleanup_fsm, &other->cleanup, TGT_CLEANUP_STARTED, NULL);
        tgt_conn_cleaned(other, TGT_CLEANUP_DONE);
    }
    return CLOSED;
}

void tgt_logout_begin(tgt_task *task, rig_view ahs, rig_view data)
{
    tgt_conn *conn = task->conn;
    rig_error err = {0};
    (void)ahs;
    (void)data;
    bool recover = reason_of(task) == REMOVE_FOR_RECOVERY;
    bool refused =
        recover && (conn->session->recovery_level < 2 || tgt_fault_on_said(task, RIG_FAULT_REMOVAL_REFUSED));
    if (!closes_own(task)) {
        uint16_t cid = (uint16_t)rig_get(task->bhs, RIG_F_CID);
        task->code = refused ? NO_RECOVERY : close_other(conn->session, cid, recover);
        tgt_task_ready(task);
        return;
    }
    if (tgt_fsm_step(&tgt_conn_fsm, &conn->state, TGT_LOGOUT_RECEIVED, &err) != RIG_OK) {
        tgt_conn_fail(conn, RIG_E_PROTOCOL, "a second Logout Request");
        return;
    }
    task->code = refused ? NO_RECOVERY : CLOSED;
    conn->logged_out = true;
    if (recover && tgt_session_recovers(conn->session))
        tgt_suspend(conn, task);
    else if (reason_of(task) == CLOSE_SESSION)
        terminate_session(conn->session, task);
    else
        terminate(conn, task);
    tgt_task_ready(task);
}

/* What the queued response announces comes true behind it. */
static void carry_out(tgt_conn *conn, uint32_t reason, uint8_t response)
{
    tgt_session *session = conn->session;
    if (response != CLOSED) {
        tgt_conn_end(conn, TGT_LOGOUT_FAILED, true, RIG_E_UNSUPPORTED,
                     "removed for recovery at ErrorRecoveryLevel 0");
        return;
    }
    tgt_conn_end(conn, TGT_LOGOUT_DONE, true, RIG_OK, "logout");
    if (reason == CLOSE_SESSION)
        tgt_session_end(session, TGT_CLOSURE, RIG_OK);
}

bool tgt_logout_answer(tgt_task *task)
{
    tgt_conn *conn = task->conn;
    tgt_answer answer;
    bool own = closes_own(task);
    uint32_t reason = reason_of(task);
    bool one = own && reason != CLOSE_SESSION;
    bool all = one && tgt_fault_on_said(task, RIG_FAULT_LOGOUT_CLOSES_ALL);
    uint8_t response = task->code;
    tgt_answer_init(&answer, task, RIG_PDU_LOGOUT_RESP);
    rig_set(answer.bhs, RIG_F_LOGOUT_RESPONSE, response);
    if (reason == REMOVE_FOR_RECOVERY && response != NO_SUCH_CID) {
        rig_set(answer.bhs, RIG_F_TIME2WAIT, conn->session->time2wait);
        rig_set(answer.bhs, RIG_F_TIME2RETAIN, conn->session->time2retain);
    }
    answer.last = true;
    tgt_pushed pushed = tgt_reply(task, &answer);
    if (pushed == TGT_PUSHED && own)
        carry_out(conn, all ? CLOSE_SESSION : reason, response);
    return pushed != TGT_FULL;
}

/* ---- asked for by the target ---- */

static void ask(tgt_conn *conn, uint16_t seconds)
{
    rig_target *target = conn->target;
    if (!tgt_conn_full_feature(conn) || conn->login || conn->closing != TGT_OPEN)
        return;
    if (conn->session->discovery) { /* 7.4.3: it gets nothing unasked */
        tgt_conn_end(conn, TGT_TRANSPORT_LOST, true, RIG_E_CLOSED, "a discovery session is not asked");
        return;
    }
    if (tgt_fsm_step(&tgt_conn_fsm, &conn->state, TGT_LOGOUT_WANTED, NULL) != RIG_OK)
        return;
    rig_timerq_arm(&target->timers, &conn->logout_timer, target->now + seconds * RIG_SECOND);
    tgt_task *task = tgt_event_new(conn, TGT_EVENT_LOGOUT_REQUEST);
    if (!task)
        return; /* the connection ends when no logout comes */
    rig_set(task->bhs, RIG_F_PARAMETER3, seconds);
    tgt_task_ready(task);
}

void rig_target_ask_logout(rig_target *target, uint16_t seconds, uint64_t now)
{
    tgt_enter(target, now);
    for (tgt_list *at = target->conns.next; at != &target->conns; at = at->next)
        ask(TGT_OF(at, tgt_conn, in_target), seconds);
    tgt_leave(target);
}

void tgt_logout_asked(tgt_conn *conn)
{
    conn->asked = true;
    conn->asked_sn = conn->stat_sn;
}

/* Commands that crossed the request are carried out: 11.9.1 lets us reject them, but nothing was wrong with
 * sending them. */
bool tgt_logout_ignored(const tgt_conn *conn, const rig_pdu *pdu)
{
    return conn->asked && conn->state == TGT_S7_LOGOUT_REQUESTED &&
           rig_sn_le(conn->asked_sn, rig_get32(pdu->bhs, RIG_F_EXP_STAT_SN));
}

/* 11.9.1: the initiator hears of the end, if possible. */
void tgt_logout_overdue(tgt_conn *conn)
{
    if (conn->closing != TGT_OPEN || conn->state != TGT_S7_LOGOUT_REQUESTED)
        return;
    tgt_say_dropped(conn, conn);
    tgt_conn_pump(conn);
    tgt_conn_end(conn, TGT_TRANSPORT_LOST, true, RIG_E_TIMEOUT, "the logout that was asked for did not come");
}
