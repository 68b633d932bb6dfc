/* R2T and SCSI Data-Out (RFC 7143 sections 11.7 and 11.8): payload straight from the caller's buffer. */
#include "internal.h"

#define FIRST_R2TS 8

static rig_status grow_pool(eng_conn *conn)
{
    uint32_t more = conn->num_r2ts ? conn->num_r2ts * 2 : FIRST_R2TS;
    if (more > ENG_R2T_POOL_MAX)
        return rig_fail(&conn->error, RIG_E_LIMIT, "more than %d R2Ts wait for their data", ENG_R2T_POOL_MAX);
    eng_r2t *pool =
        rig_resize(eng_alloc(conn->session), conn->r2ts, conn->num_r2ts * sizeof *pool, more * sizeof *pool);
    if (!pool)
        return rig_fail(&conn->error, RIG_E_NOMEM, "no memory for an R2T");
    for (uint32_t i = conn->num_r2ts; i < more; i++)
        pool[i].next = i + 1 < more ? i + 1 : ENG_R2T_NONE;
    conn->free_r2t = conn->num_r2ts;
    conn->r2ts = pool;
    conn->num_r2ts = more;
    return RIG_OK;
}

static rig_status r2t_append(eng_conn *conn, rig_task *task, const eng_r2t *r2t)
{
    rig_status status = conn->free_r2t == ENG_R2T_NONE ? grow_pool(conn) : RIG_OK;
    if (status)
        return status;
    uint32_t at = conn->free_r2t;
    conn->free_r2t = conn->r2ts[at].next;
    conn->r2ts[at] = *r2t;
    task->engine.num_again += r2t->again;
    if (task->engine.num_r2t++ == 0)
        task->engine.r2t_first = at;
    else
        conn->r2ts[task->engine.r2t_last].next = at;
    task->engine.r2t_last = at;
    return RIG_OK;
}

static eng_r2t r2t_pop(eng_conn *conn, rig_task *task)
{
    uint32_t at = task->engine.r2t_first;
    eng_r2t r2t = conn->r2ts[at];
    task->engine.r2t_first = r2t.next;
    task->engine.num_r2t--;
    task->engine.num_again -= r2t.again;
    conn->r2ts[at].next = conn->free_r2t;
    conn->free_r2t = at;
    return r2t;
}

static void sender_append(eng_conn *conn, rig_task *task)
{
    task->engine.sending = true;
    task->engine.next_sender = NULL;
    if (conn->last_sender)
        conn->last_sender->engine.next_sender = task;
    else
        conn->senders = task;
    conn->last_sender = task;
}

/* Puts a task that has a sequence to send at the end of the connection's list. */
void eng_data_out_start(eng_conn *conn, rig_task *task)
{
    if (task->engine.sending)
        return;
    task->engine.out_sn = 0;
    sender_append(conn, task);
}

static void sender_remove(eng_conn *conn, const rig_task *task)
{
    rig_task *before = NULL;
    rig_task *at = conn->senders;
    while (at && at != task) {
        before = at;
        at = at->engine.next_sender;
    }
    if (!at)
        return;
    if (before)
        before->engine.next_sender = at->engine.next_sender;
    else
        conn->senders = at->engine.next_sender;
    if (conn->last_sender == at)
        conn->last_sender = before;
    at->engine.sending = false;
}

void eng_data_out_forget(eng_conn *conn, rig_task *task)
{
    if (task->engine.sending)
        sender_remove(conn, task);
    task->engine.paused = false;
    while (task->kind == RIG_TASK_SCSI && task->engine.num_r2t > 0)
        r2t_pop(conn, task);
    if (task->kind == RIG_TASK_SCSI)
        eng_gaps_forget(conn, task);
}

static void next_sequence(eng_conn *conn, rig_task *task)
{
    eng_r2t r2t = r2t_pop(conn, task);
    task->engine.out_offset = r2t.offset;
    task->engine.out_end = r2t.offset + r2t.len;
    task->engine.out_ttt = r2t.ttt;
    task->engine.out_again = r2t.again;
    eng_data_out_start(conn, task);
}

/* Nothing more goes, and nothing of it is forgotten: the function that is to end the task may be refused. */
void eng_data_out_pause(eng_conn *conn, rig_task *task, uint32_t stopper)
{
    if (task->engine.stopped)
        return;
    task->engine.stopper = stopper;
    task->engine.stopped = true;
    task->engine.paused = task->engine.sending;
    if (task->engine.sending)
        sender_remove(conn, task);
}

void eng_data_out_resume(eng_conn *conn, rig_task *task)
{
    task->engine.stopped = false;
    if (task->engine.paused)
        sender_append(conn, task);
    else if (task->engine.num_r2t > 0)
        next_sequence(conn, task);
    task->engine.paused = false;
    eng_conn_wake(conn);
}

/* One Data-Out of the oldest sequence; false when there is none. */
bool eng_data_out_send(eng_conn *conn)
{
    rig_task *task = conn->senders;
    rig_tx *tx = task ? eng_push(conn, RIG_PDU_DATA_OUT) : NULL;
    if (!tx)
        return false;
    uint32_t rest = task->engine.out_end - task->engine.out_offset;
    uint32_t limit = conn->session->config.max_data_out;
    uint32_t most = limit && limit < conn->max_send ? limit : conn->max_send;
    /* Where more follows, payloads are whole words (section 11.7.7). */
    uint32_t len = rest <= most ? rest : most & ~UINT32_C(3);
    bool final = len == rest;
    rig_set(tx->bhs, RIG_F_F, final);
    rig_set(tx->bhs, RIG_F_LUN, task->engine.out_ttt == RIG_TAG_NONE ? 0 : task->lun); /* 11.7.4 */
    rig_set(tx->bhs, RIG_F_ITT, task->itt);
    rig_set(tx->bhs, RIG_F_TTT, task->engine.out_ttt);
    rig_set(tx->bhs, RIG_F_DATA_SN, task->engine.out_sn++);
    rig_set(tx->bhs, RIG_F_BUFFER_OFFSET, task->engine.out_offset);
    eng_lend(conn, tx, task, task->engine.out_offset, len);
    rig_txq_seal(&conn->txq);
    task->engine.out_offset += len;
    if (final) {
        sender_remove(conn, task);
        if (task->engine.num_r2t > 0)
            next_sequence(conn, task);
    }
    return true;
}

/* Sequences come in order, but for those a target asks for again (13.19). */
static bool in_order(const eng_conn *conn, const rig_task *task, eng_place place, uint32_t offset)
{
    if (!conn->session->agreed[RIG_KEY_SEQUENCE_IN_ORDER].value || offset == task->engine.r2t_offset)
        return true;
    return eng_level(conn->session) && (place != ENG_PLACE_NEXT || offset < task->engine.r2t_offset);
}

static rig_status check_extent(eng_conn *conn, const rig_pdu *pdu, const rig_task *task, eng_place place)
{
    uint32_t len = rig_get32(pdu->bhs, RIG_F_DESIRED_LEN);
    uint32_t offset = rig_get32(pdu->bhs, RIG_F_BUFFER_OFFSET);
    if (len == 0)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_DESIRED_LEN, "asks for nothing (11.8.4)");
    if (len > conn->session->agreed[RIG_KEY_MAX_BURST].value)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_DESIRED_LEN,
                              "more than MaxBurstLength (11.8.4)");
    if ((uint64_t)offset + len > task->edtl)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_BUFFER_OFFSET,
                              "beyond the expected length (11.8.4)");
    if (!in_order(conn, task, place, offset))
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_BUFFER_OFFSET,
                              "sequences out of the agreed order (13.19)");
    return RIG_OK;
}

static rig_status check_r2t(eng_conn *conn, const rig_pdu *pdu, const rig_task *task, eng_place *out_place)
{
    const eng_hole *hole;
    if (pdu->data.len)
        return eng_conn_error(conn, RIG_E_FORMAT, pdu, RIG_F_DATA_LEN, "an R2T has no data segment (11.8)");
    if (rig_get32(pdu->bhs, RIG_F_TTT) == RIG_TAG_NONE)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_TTT, "an R2T needs a tag (11.8.5)");
    if (rig_get(pdu->bhs, RIG_F_LUN) != task->lun)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_LUN, "not the LUN of the command (11.2.1.7)");
    *out_place = eng_place_of(conn, task, rig_get32(pdu->bhs, RIG_F_R2T_SN), &hole);
    if (*out_place == ENG_PLACE_AGAIN)
        return RIG_OK;
    if (*out_place == ENG_PLACE_AHEAD && eng_level(conn->session) == 0)
        return eng_sn_error(conn, pdu, RIG_F_R2T_SN, task->engine.data_sn, "7.9");
    return check_extent(conn, pdu, task, *out_place);
}

/* Waiting R2Ts and the one being answered, without the implied first one of InitialR2T=No (section 13.10),
 * and without those that we asked for ourselves: a recovery R2T may have taken their place already (7.1.4.1).
 */
static uint32_t outstanding(const rig_task *task)
{
    bool sends = task->engine.sending || task->engine.paused;
    bool current = sends && task->engine.out_ttt != RIG_TAG_NONE && !task->engine.out_again;
    return task->engine.num_r2t - task->engine.num_again + current;
}

static rig_status count_r2t(eng_conn *conn, rig_task *task, const rig_pdu *pdu, eng_place place, uint64_t now)
{
    uint32_t sn = rig_get32(pdu->bhs, RIG_F_R2T_SN);
    uint32_t end = rig_get32(pdu->bhs, RIG_F_BUFFER_OFFSET) + rig_get32(pdu->bhs, RIG_F_DESIRED_LEN);
    rig_status status =
        place == ENG_PLACE_AHEAD ? eng_gap(conn, task, sn, task->engine.in_offset, now) : RIG_OK;
    if (place == ENG_PLACE_FILLS)
        return eng_gap_filled(conn, task, sn, task->engine.in_offset, 0);
    task->engine.data_sn = sn + 1;
    if (eng_level(conn->session) == 0 || end > task->engine.r2t_offset)
        task->engine.r2t_offset = end;
    return status;
}

rig_status eng_r2t_take(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    eng_place place = ENG_PLACE_NEXT;
    rig_task *task = eng_command_of(conn, pdu);
    if (eng_level(conn->session) && !eng_task_find(conn->session, rig_get32(pdu->bhs, RIG_F_ITT)))
        return RIG_OK; /* sent again for a command that has ended meanwhile (7.9) */
    if (!task && eng_was_aborted(conn->session, rig_get32(pdu->bhs, RIG_F_ITT)))
        return RIG_OK;
    if (!task || !task->write)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_ITT,
                              "an R2T for no write on this connection (7.13)");
    if (task->engine.phase == ENG_ANSWERED)
        return RIG_OK;
    if (task->engine.moved) { /* its numbers begin where the target remembers them (7.2.2) */
        task->engine.data_sn = rig_get32(pdu->bhs, RIG_F_R2T_SN);
        task->engine.moved = false;
    }
    rig_status status = check_r2t(conn, pdu, task, &place);
    if (status || place == ENG_PLACE_AGAIN)
        return status;
    if (place != ENG_PLACE_FILLS && outstanding(task) >= conn->session->agreed[RIG_KEY_MAX_R2T].value)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_R2T_SN,
                              "more R2Ts than MaxOutstandingR2T (13.17)");
    const eng_r2t r2t = {rig_get32(pdu->bhs, RIG_F_TTT), rig_get32(pdu->bhs, RIG_F_BUFFER_OFFSET),
                         rig_get32(pdu->bhs, RIG_F_DESIRED_LEN), ENG_R2T_NONE, place == ENG_PLACE_FILLS};
    status = r2t_append(conn, task, &r2t);
    if (!status)
        status = count_r2t(conn, task, pdu, place, now);
    if (!status && !task->engine.sending && !task->engine.stopped)
        next_sequence(conn, task);
    return status;
}
