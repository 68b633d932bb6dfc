/* Output is produced when the driver asks for it, as much as the queue takes: answers to pings, then data of
 * tasks under way in the order they came (section 4.2.5.2), then new requests as the window allows. */
#include "internal.h"

static bool (*const senders[])(eng_conn *, rig_task *) = {
    [RIG_TASK_SCSI] = eng_scsi_send, [RIG_TASK_TMF] = eng_tmf_send,       [RIG_TASK_TEXT] = eng_text_send,
    [RIG_TASK_PING] = eng_ping_send, [RIG_TASK_LOGOUT] = eng_logout_send,
};

/* A new PDU with the connection's ExpStatSN in it. */
rig_tx *eng_push(eng_conn *conn, rig_pdu_kind kind)
{
    rig_tx *tx = rig_txq_push(&conn->txq, kind, NULL);
    if (tx)
        rig_set(tx->bhs, RIG_F_EXP_STAT_SN, conn->exp_stat_sn);
    return tx;
}

static bool may_go(const eng_conn *conn, const rig_task *task)
{
    if (task->kind == RIG_TASK_TEXT && conn->text)
        return false;
    return task->immediate || eng_window_open(conn->session);
}

static eng_queue *next_queue(eng_conn *conn)
{
    rig_session *session = conn->session;
    if (conn->bound.first)
        return &conn->bound;
    return session->urgent.first ? &session->urgent : &session->queue;
}

/* After a Logout nothing new may go (section 11.14); in S7 only the Logout itself. */
static bool may_send_in_state(const eng_conn *conn, const rig_task *task)
{
    return conn->state == ENG_S5_LOGGED_IN ||
           (conn->state == ENG_S7_LOGOUT_REQUESTED && task->kind == RIG_TASK_LOGOUT);
}

static bool send_request(eng_conn *conn)
{
    rig_session *session = conn->session;
    eng_queue *queue = next_queue(conn);
    rig_task *task = queue->first;
    if (!task || !may_send_in_state(conn, task) || !may_go(conn, task))
        return false;
    task->cmd_sn = session->cmd_sn;
    if (!senders[task->kind](conn, task))
        return false;
    eng_queue_remove(queue, task);
    task->engine.conn = conn;
    task->engine.phase = ENG_SENT;
    session->cmd_sn += !task->immediate;
    return true;
}

void eng_send(eng_conn *conn, uint64_t now)
{
    conn->session->initiator->now = now;
    if (conn->state < ENG_S5_LOGGED_IN || conn->state > ENG_S7_LOGOUT_REQUESTED)
        return;
    while (rig_txq_room(&conn->txq) > 0)
        if (!eng_ping_answers(conn) && !eng_data_out_send(conn) && !eng_text_continue(conn) &&
            !send_request(conn))
            break;
}
