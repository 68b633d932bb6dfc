/* The task table, and the life of a request from submit to done. */
#include "internal.h"
#include "rig/cdb.h"

#define SLOT_BITS 13
#define FIRST_SLOTS 8

_Static_assert(ENG_TASKS_MAX == 1 << SLOT_BITS, "a slot number must fill the low bits of a tag");

static void queue_push(eng_queue *queue, rig_task *task)
{
    task->engine.next = NULL;
    task->engine.prev = queue->last;
    if (queue->last)
        queue->last->engine.next = task;
    else
        queue->first = task;
    queue->last = task;
}

void eng_queue_remove(eng_queue *queue, rig_task *task)
{
    rig_task *next = task->engine.next;
    rig_task *prev = task->engine.prev;
    if (prev)
        prev->engine.next = next;
    else
        queue->first = next;
    if (next)
        next->engine.prev = prev;
    else
        queue->last = prev;
    task->engine.next = task->engine.prev = NULL;
}

static bool grow_slots(rig_session *session)
{
    uint32_t more = session->num_slots ? session->num_slots * 2 : FIRST_SLOTS;
    eng_slot *slots = rig_resize(eng_alloc(session), session->slots, session->num_slots * sizeof *slots,
                                 more * sizeof *slots);
    if (!slots)
        return false;
    for (uint32_t i = session->num_slots; i < more; i++)
        slots[i] = (eng_slot){NULL, i + 1 < more ? i + 1 : UINT32_MAX, RIG_TAG_NONE};
    session->free_slot = session->num_slots;
    session->slots = slots;
    session->num_slots = more;
    return true;
}

/* However many requests are open, they can be aborted, and the session be kept alive and ended. */
static bool is_spare(const rig_task *task)
{
    return task->kind == RIG_TASK_TMF || task->kind == RIG_TASK_LOGOUT || task->engine.internal;
}

static bool is_full(const rig_session *session, const rig_task *task)
{
    uint32_t most = session->config.max_tasks;
    if (most == 0 || most > RIG_SESSION_TASKS_MAX)
        most = RIG_SESSION_TASKS_MAX;
    return session->num_tasks >= ENG_TASKS_MAX ||
           (!is_spare(task) && session->num_tasks - session->num_spare >= most);
}

static rig_status task_add(rig_session *session, rig_task *task)
{
    if (is_full(session, task))
        return RIG_E_LIMIT;
    if (session->free_slot == UINT32_MAX && !grow_slots(session))
        return RIG_E_NOMEM;
    uint32_t slot = session->free_slot;
    session->free_slot = session->slots[slot].next_free;
    session->slots[slot].task = task;
    session->num_tasks++;
    session->num_spare += is_spare(task);
    task->engine.slot = slot;
    task->itt = session->generation++ << SLOT_BITS | slot;
    if (task->itt == RIG_TAG_NONE)
        task->itt = session->generation++ << SLOT_BITS | slot;
    return RIG_OK;
}

rig_task *eng_task_find(const rig_session *session, uint32_t itt)
{
    uint32_t slot = itt & (ENG_TASKS_MAX - 1);
    rig_task *task = slot < session->num_slots ? session->slots[slot].task : NULL;
    return task && task->itt == itt ? task : NULL;
}

rig_task *eng_task_answered(eng_conn *conn, const rig_pdu *pdu, rig_task_kind kind)
{
    rig_task *task = eng_task_find(conn->session, rig_get32(pdu->bhs, RIG_F_ITT));
    if (!task || task->kind != kind || task->engine.conn != conn || !eng_is_out(task))
        return NULL;
    if (task->engine.phase == ENG_AGAIN)
        eng_queue_remove(&conn->bound, task);
    task->engine.phase = ENG_SENT;
    return task;
}

rig_task *eng_command_of(eng_conn *conn, const rig_pdu *pdu)
{
    rig_task *task = eng_task_answered(conn, pdu, RIG_TASK_SCSI);
    if (task)
        return task;
    task = eng_task_find(conn->session, rig_get32(pdu->bhs, RIG_F_ITT));
    bool over = task && task->kind == RIG_TASK_SCSI && task->engine.phase == ENG_ANSWERED;
    return over && task->engine.conn == conn ? task : NULL;
}

void eng_note_aborted(rig_session *session, const rig_task *task)
{
    session->slots[task->engine.slot].aborted = task->itt;
}

bool eng_was_aborted(const rig_session *session, uint32_t itt)
{
    uint32_t slot = itt & (ENG_TASKS_MAX - 1);
    return slot < session->num_slots && itt != RIG_TAG_NONE && session->slots[slot].aborted == itt;
}

static eng_queue *queue_of(rig_session *session, rig_task *task)
{
    if (task->engine.conn)
        return &task->engine.conn->bound;
    return task->immediate ? &session->urgent : &session->queue;
}

static void slot_release(rig_session *session, rig_task *task)
{
    eng_slot *slot = &session->slots[task->engine.slot];
    slot->task = NULL;
    slot->next_free = session->free_slot;
    session->free_slot = task->engine.slot;
    session->num_tasks--;
    session->num_spare -= is_spare(task);
}

/* The buffer goes back to its owner: nothing may write to it any more. */
static void cut(rig_task *task)
{
    eng_conn *conn = task->engine.conn;
    if (!conn || conn->placing != task)
        return;
    conn->framer.sink.kind = RIG_SINK_DISCARD;
    conn->placing = NULL;
    conn->cut = true;
}

static void finish(rig_task *task, uint64_t now)
{
    rig_session *session = task->engine.session;
    eng_conn *conn = task->engine.conn;
    eng_text *text = conn ? eng_text_detach(conn, task) : NULL;
    slot_release(session, task);
    session->num_resets -= task->engine.resets;
    cut(task);
    if (conn && eng_is_keep_alive(task))
        conn->pinging = false;
    if (conn && task->kind == RIG_TASK_TEXT && task->engine.internal)
        conn->text_wanted = false;
    task->engine.phase = ENG_IDLE;
    task->engine.session = NULL;
    task->engine.conn = NULL;
    task->status = task->engine.verdict;
    if (text && !task->status)
        task->text = rig_view_of(text->answer.ptr, text->answer.len);
    if (task->done)
        task->done(task, now);
    eng_text_free(session, text);
}

/* Ends a request. While its data still stands in an output queue the end has to wait: that memory is the
 * caller's. */
void eng_task_done(rig_task *task, rig_status status, uint64_t now)
{
    rig_session *session = task->engine.session;
    eng_conn *conn = task->engine.conn;
    if (task->engine.phase == ENG_ANSWERED)
        return;
    rig_timerq_disarm(&session->initiator->timers, &task->engine.timer);
    if (eng_is_queued(task))
        eng_queue_remove(queue_of(session, task), task);
    else if (conn)
        eng_data_out_forget(conn, task);
    if (conn && conn->num_open && !conn->over)
        eng_status_forget(conn, task);
    task->engine.verdict = status;
    task->engine.phase = ENG_ANSWERED;
    if (task->engine.num_tx == 0 || !conn || conn->over)
        finish(task, now);
}

/* A PDU with a caller's payload has left. When the connection is over its tasks have ended, and may be gone.
 */
void eng_task_sent(void *ctx, void *cookie)
{
    eng_conn *conn = ctx;
    rig_task *task = cookie;
    if (conn->over)
        return;
    conn->lent--;
    task->engine.num_tx--;
    if (task->engine.num_tx == 0 && task->engine.phase == ENG_ANSWERED)
        finish(task, conn->session->initiator->now);
}

void eng_task_lost(rig_task *task, rig_status status, uint64_t now)
{
    task->engine.num_tx = 0;
    if (task->engine.phase == ENG_ANSWERED)
        finish(task, now);
    else
        eng_task_done(task, status, now);
}

/* Ends all tasks of a connection, of all with NULL. The connections are over. */
void eng_tasks_abort(rig_session *session, const eng_conn *conn, rig_status why, uint64_t now)
{
    for (uint32_t i = 0; i < session->num_slots; i++) {
        rig_task *task = session->slots[i].task;
        if (task && (!conn || task->engine.conn == conn))
            eng_task_lost(task, task->engine.aborting ? task->engine.aborting : why, now);
    }
}

/* A request of the caller's that has not gone yet just ends. What the engine itself needs an answer to, and
 * what went and found none, shows that the connection is dead; only SCSI commands can be aborted (7.11). */
static uint64_t time_limit(const rig_session_config *config, const rig_task *task)
{
    if (task->timeout)
        return task->timeout;
    if (task->kind == RIG_TASK_SCSI)
        return config->command_timeout;
    return config->tmf_timeout ? config->tmf_timeout : ENG_TMF_TIMEOUT;
}

/* A keep-alive asks whether the target lives: as long as it says anything else, it does. */
static bool heard_meanwhile(rig_task *task, uint64_t now)
{
    eng_conn *conn = task->engine.conn;
    if (!conn || !eng_is_keep_alive(task) || now - conn->heard >= task->timeout)
        return false;
    rig_timerq_arm(&conn->session->initiator->timers, &task->engine.timer, conn->heard + task->timeout);
    return true;
}

/* A window that does not open must not hold the end of a session back: an immediate request needs none
 * (4.2.2.1), and its target ends the commands that fill the window (11.14.1). */
static bool logout_goes_ahead(rig_task *task, uint64_t now)
{
    rig_session *session = task->engine.session;
    if (task->kind != RIG_TASK_LOGOUT || task->engine.phase != ENG_QUEUED || task->immediate ||
        task->engine.conn)
        return false;
    eng_queue_remove(queue_of(session, task), task);
    task->immediate = true;
    queue_push(queue_of(session, task), task);
    rig_timerq_arm(&session->initiator->timers, &task->engine.timer,
                   eng_after(now, time_limit(&session->config, task)));
    eng_session_wake(session);
    return true;
}

void eng_task_withdraw(rig_task *task, rig_status status, uint64_t now)
{
    rig_session *session = task->engine.session;
    if (task->engine.reassigning) { /* the target's answer decides */
        task->engine.aborting = status;
        return;
    }
    bool hole = task->engine.phase == ENG_STRANDED && eng_leaves_hole(session, task);
    uint32_t cmd_sn = task->cmd_sn;
    eng_task_done(task, status, now);
    if (hole)
        eng_hole_left(session, cmd_sn, now);
}

void eng_task_timeout(rig_task *task, uint64_t now)
{
    if (heard_meanwhile(task, now) || logout_goes_ahead(task, now))
        return;
    eng_conn *conn = task->engine.conn;
    bool waiting =
        (task->engine.phase == ENG_QUEUED && !task->engine.internal) || task->engine.phase == ENG_STRANDED;
    bool plugged = task->engine.plug && rig_sn_lt(task->cmd_sn, task->engine.session->exp_cmd_sn);
    if (!conn || waiting || plugged) {
        eng_task_withdraw(task, RIG_E_TIMEOUT, now);
        return;
    }
    if (task->kind == RIG_TASK_SCSI) {
        eng_abort_late(task, now);
        return;
    }
    rig_fail(&conn->error, RIG_E_TIMEOUT, "no answer to the request with tag 0x%x", task->itt);
    eng_conn_fail(conn, RIG_E_TIMEOUT, now);
}

/* Nobody else takes its place in the queue meanwhile: it goes as a new request, with its tag. */
void eng_task_renumber(rig_task *task)
{
    eng_conn *conn = task->engine.conn;
    task->immediate = task->engine.numbered = false;
    task->engine.phase = ENG_QUEUED;
    queue_push(&conn->bound, task);
    eng_conn_wake(conn);
}

/* A command that is sent once more on that connection, with the tag and number it has. */
void eng_task_requeue(rig_task *task, eng_conn *conn)
{
    task->received = 0;
    task->engine.data_sn = task->engine.in_offset = 0;
    task->engine.ack_sn = task->engine.ack_offset = task->engine.ack_received = 0;
    task->engine.held = task->engine.ack_wanted = false;
    task->engine.snack_tag = 0;
    task->engine.phase = ENG_AGAIN;
    task->engine.conn = conn;
    queue_push(&conn->bound, task);
    eng_conn_wake(conn);
}

/* Ties a request that waits to one connection. */
void eng_task_bind(rig_task *task, eng_conn *conn)
{
    eng_queue_remove(queue_of(task->engine.session, task), task);
    task->engine.conn = conn;
    queue_push(&conn->bound, task);
    eng_conn_wake(conn);
}

static size_t iov_bytes(const struct iovec *iov, uint32_t num)
{
    size_t sum = 0;
    for (uint32_t i = 0; i < num; i++)
        sum += iov[i].iov_len;
    return sum;
}

static rig_status check_scsi(const rig_session *session, const rig_task *task)
{
    bool short_cdb = task->cdb.len < 6 || task->cdb.len > RIG_CDB_MAX;
    bool short_out = task->write && iov_bytes(task->out, task->num_out) < task->edtl;
    bool short_in = task->read && iov_bytes(task->in, task->num_in) < eng_read_len(task);
    bool no_way = task->edtl > 0 && !task->read && !task->write;
    if (task->priority && session->agreed[RIG_KEY_PROTOCOL_LEVEL].value < 2)
        return RIG_E_UNSUPPORTED;
    if (short_cdb || short_out || short_in || no_way || task->attr > 7 || task->priority > 15)
        return RIG_E_ARGUMENT;
    return task->read && task->num_in > RIG_SINK_IOV_MAX ? RIG_E_LIMIT : RIG_OK;
}

static rig_status check_task(const rig_session *session, const rig_task *task)
{
    switch (task->kind) {
    case RIG_TASK_SCSI:
        return check_scsi(session, task);
    case RIG_TASK_TMF:
        return eng_tmf_check(session, task);
    case RIG_TASK_TEXT:
        return iov_bytes(task->out, task->num_out) > RIG_TEXT_MAX ? RIG_E_LIMIT : RIG_OK;
    case RIG_TASK_PING:
        return RIG_OK;
    case RIG_TASK_LOGOUT:
        return task->reason > 2 ? RIG_E_ARGUMENT : RIG_OK;
    }
    return RIG_E_ARGUMENT;
}

static void clear_results(rig_task *task)
{
    task->status = RIG_OK;
    task->response = task->scsi_status = task->sense_len = 0;
    task->residual = task->received = 0;
    task->overflow = task->underflow = task->bidi_overflow = task->bidi_underflow = false;
    task->bidi_residual = task->additional = task->status_qualifier = 0;
    task->text = (rig_view){0};
}

/* task->engine says to whom it is bound and whose it is. */
static rig_status submit(rig_session *session, rig_task *task, uint64_t now)
{
    task->engine.session = session;
    bool gone = task->engine.conn && task->engine.conn->over; /* its tasks are being ended */
    rig_status status = gone ? RIG_E_STATE : task_add(session, task);
    if (status) {
        task->engine.session = NULL;
        return status;
    }
    clear_results(task);
    task->engine.phase = ENG_QUEUED;
    task->engine.timer.kind = ENG_TIMER_TASK;
    uint64_t limit = time_limit(&session->config, task);
    rig_timerq_arm(&session->initiator->timers, &task->engine.timer,
                   limit ? eng_after(now, limit) : RIG_NEVER);
    queue_push(queue_of(session, task), task);
    if (task->engine.conn)
        eng_conn_wake(task->engine.conn);
    else
        eng_session_wake(session);
    return RIG_OK;
}

rig_status rig_session_submit(rig_session *session, rig_task *task, uint64_t now)
{
    if (!rig_session_is_up(session))
        return RIG_E_STATE;
    rig_status status = task->engine.session ? RIG_E_BUSY : check_task(session, task);
    if (status)
        return status;
    if (task->kind == RIG_TASK_TMF && task->reference && task->reference->engine.session != session)
        return RIG_E_NOT_FOUND;
    if (task->kind == RIG_TASK_TMF && task->reference && task->reference->engine.phase == ENG_STRANDED)
        return RIG_E_BUSY;
    memset(&task->engine, 0, sizeof task->engine);
    if (task->kind == RIG_TASK_LOGOUT && task->reason != ENG_CLOSE_SESSION)
        task->engine.conn = eng_logout_carrier(session, task);
    if (task->kind == RIG_TASK_TMF)
        eng_tmf_refer(task);
    task->engine.leaves = task->kind == RIG_TASK_LOGOUT && eng_logout_is_end(session, task);
    return submit(session, task, now);
}

void eng_own_done(rig_task *task, uint64_t now)
{
    (void)now;
    rig_delete(task->user, task, sizeof *task);
}

/* A request of the engine's own, freed when it ends. */
rig_task *eng_own_task(rig_session *session, rig_task_kind kind)
{
    rig_task *task = rig_new(eng_alloc(session), sizeof *task);
    if (!task)
        return NULL;
    task->kind = kind;
    task->done = eng_own_done;
    task->user = (void *)(uintptr_t)eng_alloc(session);
    task->engine.internal = true;
    return task;
}

/* Submits it on one connection; it is gone when that fails. */
rig_status eng_own_submit(eng_conn *conn, rig_task *task, uint64_t now)
{
    if (!task)
        return RIG_E_NOMEM;
    task->engine.conn = conn;
    rig_status status = submit(conn->session, task, now);
    if (status)
        eng_own_done(task, now);
    return status;
}
