/* Output is produced when the driver asks for it, as much as the queue takes: SNACKs, answers to pings, data
 * of tasks under way in the order they came (section 4.2.5.2), the next parts of a text, then new requests as
 * the window allows, and an acknowledgment when there was nothing else to carry it. */
#include "internal.h"

static rig_status (*const senders[])(eng_conn *, rig_task *) = {
    [RIG_TASK_SCSI] = eng_scsi_send, [RIG_TASK_TMF] = eng_tmf_send,       [RIG_TASK_TEXT] = eng_text_send,
    [RIG_TASK_PING] = eng_ping_send, [RIG_TASK_LOGOUT] = eng_logout_send,
};

/* A new PDU with the connection's ExpStatSN in it. */
rig_tx *eng_push(eng_conn *conn, rig_pdu_kind kind)
{
    rig_tx *tx = rig_txq_push(&conn->txq, kind, NULL);
    if (!tx)
        return NULL;
    rig_set(tx->bhs, RIG_F_EXP_STAT_SN, eng_ack_sn(conn));
    conn->unacked = 0;
    eng_count_sent(conn, kind);
    return tx;
}

/* Takes the PDU of eng_push back. */
void eng_push_cancel(eng_conn *conn)
{
    rig_txq_cancel(&conn->txq);
    eng_count_unsent(conn);
}

/* Part of a caller's buffer as payload; the task cannot end before it has left. */
void eng_lend(eng_conn *conn, rig_tx *tx, rig_task *task, size_t offset, uint32_t len)
{
    if (len == 0)
        return;
    tx->iov = task->out;
    tx->num_iov = task->num_out;
    tx->iov_offset = offset;
    tx->data_len = len;
    tx->cookie = task;
    if (task->kind == RIG_TASK_SCSI)
        eng_count_data_out(conn, len);
    task->engine.num_tx++;
    conn->lent++;
}

/* A target that had no room for an immediate one gets it with a number. */
static bool is_own_logout(const rig_task *task)
{
    return task->kind == RIG_TASK_LOGOUT && task->engine.internal;
}

/* When a Logout was asked for, nothing new goes but that (section 11.9.1); behind it only what the target has
 * not received, and without which it cannot take it (4.2.2.1). */
static bool may_go(const eng_conn *conn, const rig_task *task, const eng_resets *resets)
{
    const rig_session *session = conn->session;
    if (conn->state == ENG_S6_IN_LOGOUT)
        return task->engine.retries > 0 || task->engine.plug || is_own_logout(task);
    if (conn->state == ENG_S7_LOGOUT_REQUESTED && task->kind != RIG_TASK_LOGOUT)
        return false;
    if (task->kind == RIG_TASK_TEXT && conn->text)
        return false;
    if (eng_resets_hold(resets, task))
        return false;
    if (task->engine.ref_waits && eng_tmf_must_wait(task))
        return false;
    if (task->engine.numbered)
        return rig_sn_le(task->cmd_sn, session->max_cmd_sn);
    return task->immediate || eng_window_open(session);
}

static rig_task *first_of(const eng_conn *conn, const eng_queue *queue, const eng_resets *resets)
{
    rig_task *task = queue->first;
    while (task && !may_go(conn, task, resets))
        task = task->engine.next;
    return task;
}

static rig_task *next_task(eng_conn *conn, eng_queue **out_queue)
{
    rig_session *session = conn->session;
    eng_queue *const queues[] = {&conn->bound, &session->urgent, &session->queue};
    eng_resets resets;
    eng_resets_find(session, &resets);
    for (unsigned i = 0; i < 3; i++) {
        bool numbered = i == 2; /* all of them wait for the window: no need to look at each */
        rig_task *task = numbered && !eng_window_open(session) ? NULL : first_of(conn, queues[i], &resets);
        *out_queue = queues[i];
        if (task)
            return task;
    }
    return NULL;
}

static bool send_request(eng_conn *conn, uint64_t now)
{
    rig_session *session = conn->session;
    eng_queue *queue;
    rig_task *task = next_task(conn, &queue);
    if (!task)
        return false;
    if (task->engine.ref_waits && eng_tmf_moot(task, conn, now))
        return true; /* that is done with, and others wait behind it */
    if (!task->engine.numbered)
        task->cmd_sn = session->cmd_sn;
    rig_status status = senders[task->kind](conn, task);
    if (status) {
        if (status != RIG_E_BUSY)
            eng_task_done(task, status, now);
        return status != RIG_E_BUSY;
    }
    eng_count_request(conn, task);
    eng_queue_remove(queue, task);
    task->engine.conn = conn;
    task->engine.phase = ENG_SENT;
    session->cmd_sn += !task->immediate && !task->engine.numbered;
    if (!task->engine.numbered)
        task->engine.turn = ++session->turns;
    task->engine.numbered = true;
    task->engine.lengths = conn->lengths;
    eng_recovery_arm(conn, now);
    if (task->kind == RIG_TASK_LOGOUT)
        eng_logout_sent(session, task, now);
    return true;
}

/* Requests may call back and end the connection. */
static bool is_open(const eng_conn *conn)
{
    return !conn->over && conn->state >= ENG_S5_LOGGED_IN && conn->state <= ENG_S7_LOGOUT_REQUESTED;
}

/* After a Logout nothing new goes (section 11.14). */
static bool send_one(eng_conn *conn, uint64_t now)
{
    bool all = conn->state != ENG_S6_IN_LOGOUT;
    return (all && (eng_snack_send(conn) || eng_ping_answers(conn) || eng_data_out_send(conn))) ||
           eng_text_continue(conn, now) || send_request(conn, now) || (all && eng_ack_send(conn));
}

void eng_send(eng_conn *conn, uint64_t now)
{
    while (is_open(conn) && rig_txq_room(&conn->txq) > 0)
        if (!send_one(conn, now))
            break;
}
