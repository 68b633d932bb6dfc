/*
 * What can be sent again above ErrorRecoveryLevel 0: statuses until ExpStatSN acknowledges them (RFC 7143
 * section 4.2.2.2), and with its status the whole task; Data-In PDUs as runs of equal pieces, whose bytes are
 * read anew from the device (7.1.3 allows it). At level 0 there is no retention, and each call returns at
 * once.
 */
#include "tgt.h"

/* ---- of a connection ---- */

bool tgt_retain_open(tgt_conn *conn)
{
    conn->retention = rig_new(conn->target->alloc, sizeof(*conn->retention));
    if (!conn->retention)
        return false;
    conn->retention->conn = conn;
    conn->retention->timer.kind = TGT_TIMER_RETENTION;
    tgt_list_init(&conn->retention->statuses);
    return true;
}

static void unlink_status(tgt_retention *retention, tgt_status *status)
{
    rig_target *target = retention->conn->target;
    tgt_list_remove(&status->in_conn);
    retention->num--;
    if (retention->num == 0)
        rig_timerq_disarm(&target->timers, &retention->timer);
    rig_delete(target->alloc, status->own, status->data_len);
    rig_delete(target->alloc, status, sizeof(*status));
}

/* The task of an acknowledged status is over for good. */
static void release(tgt_retention *retention, tgt_status *status)
{
    tgt_task *task = status->task;
    unlink_status(retention, status);
    if (!task)
        return;
    if (task->kind == TGT_TASK_SCSI)
        tgt_scsi_of(task)->history->status = NULL;
    if (!task->done)
        tgt_task_finish(task);
    tgt_task_unref(task);
}

static tgt_status *oldest(const tgt_retention *retention)
{
    return TGT_OF(retention->statuses.next, tgt_status, in_conn);
}

void tgt_retain_close(tgt_conn *conn)
{
    tgt_retention *retention = conn->retention;
    if (!retention)
        return;
    while (!tgt_list_empty(&retention->statuses))
        unlink_status(retention, oldest(retention));
    rig_delete(conn->target->alloc, retention, sizeof(*retention));
    conn->retention = NULL;
}

void tgt_retain_acknowledged(tgt_conn *conn)
{
    tgt_retention *retention = conn->retention;
    if (!retention)
        return;
    retention->pings = 0;
    while (!tgt_list_empty(&retention->statuses) && rig_sn_lt(oldest(retention)->stat_sn, conn->exp_stat_sn))
        release(retention, oldest(retention));
}

static bool outlives(const tgt_conn *conn, const tgt_status *status)
{
    return conn->keeps && status->task && status->task->kind == TGT_TASK_SCSI && !status->task->done;
}

void tgt_retain_lost(tgt_conn *conn)
{
    tgt_retention *retention = conn->retention;
    if (!retention)
        return;
    rig_timerq_disarm(&conn->target->timers, &retention->timer);
    for (tgt_list *at = retention->statuses.next, *next; at != &retention->statuses; at = next) {
        tgt_status *status = TGT_OF(at, tgt_status, in_conn);
        next = at->next;
        if (outlives(conn, status))
            continue;
        if (status->task && status->task->kind == TGT_TASK_SCSI)
            tgt_scsi_of(status->task)->history->status = NULL;
        if (status->task)
            status->task->refs--;
        unlink_status(retention, status);
    }
}

/* ---- statuses ---- */

/* The history of the task whose one and only status this is. */
static tgt_history *concluded(tgt_task *task, const tgt_answer *answer)
{
    return task->kind == TGT_TASK_SCSI && answer->last ? tgt_scsi_of(task)->history : NULL;
}

/* Data-In stays where it is; what other statuses carry is small, and copied. */
static bool hold_data(const rig_target *target, tgt_status *status, const tgt_answer *answer)
{
    size_t at = 0, skip = answer->iov_offset;
    status->iov = answer->iov;
    status->num_iov = answer->num_iov;
    status->iov_offset = answer->iov_offset;
    status->data_len = answer->data_len;
    if (answer->kind == RIG_PDU_DATA_IN || answer->data_len == 0)
        return true;
    status->own = rig_new(target->alloc, answer->data_len);
    if (!status->own)
        return false;
    if (answer->owned) {
        memcpy(status->own, answer->owned, answer->data_len);
        return true;
    }
    for (uint32_t i = 0; i < answer->num_iov && at < answer->data_len; i++, skip = 0) {
        size_t len = answer->iov[i].iov_len - skip;
        len = len < answer->data_len - at ? len : answer->data_len - at;
        memcpy(status->own + at, (const uint8_t *)answer->iov[i].iov_base + skip, len);
        at += len;
    }
    return true;
}

/* 11.16.3: another response for the same StatSN takes the place of the first. */
static bool replace(const rig_target *target, tgt_status *status, const tgt_answer *answer)
{
    rig_delete(target->alloc, status->own, status->data_len);
    status->own = NULL;
    status->data_len = 0;
    memcpy(status->bhs, answer->bhs, RIG_BHS_LEN);
    return hold_data(target, status, answer);
}

static void watch(tgt_retention *retention, tgt_status *status)
{
    rig_target *target = retention->conn->target;
    status->since = target->now;
    if (!retention->timer.armed && retention->pings < TGT_ACK_PINGS)
        rig_timerq_arm(&target->timers, &retention->timer, target->now + TGT_ACK_TIMEOUT);
}

bool tgt_retain_status(tgt_task *task, const tgt_answer *answer, uint32_t stat_sn)
{
    tgt_retention *retention = task->conn->retention;
    const rig_target *target = task->conn->target;
    if (!retention || task->kind == TGT_TASK_RESEND || answer->kind == RIG_PDU_LOGIN_RESP)
        return true;
    tgt_history *history = concluded(task, answer);
    if (history && history->status)
        return replace(target, history->status, answer);
    if (retention->num >= TGT_RETAINED_MAX) /* a Status SNACK for it gets Reject 0x03 */
        release(retention, oldest(retention));
    tgt_status *status = rig_new(target->alloc, sizeof(*status));
    if (!status)
        return false;
    tgt_list_add(&retention->statuses, &status->in_conn);
    retention->num++;
    status->stat_sn = stat_sn;
    memcpy(status->bhs, answer->bhs, RIG_BHS_LEN);
    watch(retention, status);
    if (history) {
        history->status = status;
        status->task = task;
        task->refs++;
    }
    return hold_data(target, status, answer);
}

tgt_status *tgt_retained(const tgt_conn *conn, uint32_t stat_sn)
{
    const tgt_retention *retention = conn->retention;
    for (tgt_list *at = retention->statuses.next; at != &retention->statuses; at = at->next)
        if (TGT_OF(at, tgt_status, in_conn)->stat_sn == stat_sn)
            return TGT_OF(at, tgt_status, in_conn);
    return NULL;
}

bool tgt_retained_all(const tgt_conn *conn, uint32_t begin, uint32_t count)
{
    const tgt_retention *retention = conn->retention;
    uint32_t found = 0;
    for (tgt_list *at = retention->statuses.next; at != &retention->statuses; at = at->next)
        found += TGT_OF(at, tgt_status, in_conn)->stat_sn - begin < count;
    return found == count;
}

uint32_t tgt_retained_first(const tgt_conn *conn)
{
    return conn->retention->num > 0 ? oldest(conn->retention)->stat_sn : conn->stat_sn;
}

void tgt_retain_reopen(tgt_scsi *scsi)
{
    tgt_status *status = scsi->history->status;
    scsi->task.answered = false;
    if (!status)
        return;
    scsi->history->status = NULL;
    scsi->task.refs--;
    unlink_status(scsi->task.conn->retention, status);
}

/* 7.1.4.2: a status that is not acknowledged for long is asked about; the ping shows the next StatSN. */
void tgt_retain_timer(tgt_retention *retention)
{
    tgt_conn *conn = retention->conn;
    rig_target *target = conn->target;
    if (tgt_list_empty(&retention->statuses) || conn->closing != TGT_OPEN)
        return;
    uint64_t due = oldest(retention)->since + TGT_ACK_TIMEOUT;
    if (due <= target->now) {
        tgt_ping(conn);
        due = target->now + TGT_ACK_TIMEOUT;
        if (++retention->pings >= TGT_ACK_PINGS)
            return;
    }
    rig_timerq_arm(&target->timers, &retention->timer, due);
}

/* ---- Data-In ---- */

bool tgt_retain_begin(tgt_scsi *scsi)
{
    const tgt_conn *conn = scsi->task.conn;
    if (!conn->retention || scsi->history)
        return true;
    scsi->history = rig_new(conn->target->alloc, sizeof(*scsi->history));
    return scsi->history != NULL;
}

static tgt_run *last_run(tgt_history *history)
{
    return history->num_runs ? &history->runs[history->num_runs - 1] : NULL;
}

void tgt_retain_data(tgt_scsi *scsi, uint32_t sn, uint32_t offset, uint32_t piece)
{
    tgt_history *history = scsi->history;
    if (!history)
        return;
    tgt_run *run = last_run(history);
    if (run && run->piece == piece && run->sn + run->num == sn) {
        run->num++;
        return;
    }
    if (history->num_runs == TGT_RUNS) /* a SNACK for the oldest gets Reject 0x03 */
        memmove(history->runs, history->runs + 1, --history->num_runs * sizeof(*history->runs));
    history->runs[history->num_runs++] = (tgt_run){.sn = sn, .num = 1, .offset = offset, .piece = piece};
}

const tgt_run *tgt_retained_run(const tgt_scsi *scsi, uint32_t sn)
{
    const tgt_history *history = scsi->history;
    for (uint8_t i = 0; i < history->num_runs; i++)
        if (sn - history->runs[i].sn < history->runs[i].num)
            return &history->runs[i];
    return NULL;
}

static uint32_t pieces(uint32_t len, uint32_t piece)
{
    return len / piece + (len % piece > 0);
}

/* Every sequence begins at a multiple of MaxBurstLength and is cut from there. */
bool tgt_retained_data(const tgt_scsi *scsi, uint32_t sn, uint32_t *out_offset, uint32_t *out_piece)
{
    const tgt_run *run = tgt_retained_run(scsi, sn);
    if (!run)
        return false;
    uint32_t burst = scsi->task.conn->session->max_burst, step = sn - run->sn, offset = run->offset;
    uint32_t first = pieces(burst - offset % burst, run->piece), each = pieces(burst, run->piece);
    *out_piece = run->piece;
    *out_offset = offset + step * run->piece;
    if (step < first)
        return true;
    offset += burst - offset % burst;
    step -= first;
    *out_offset = offset + step / each * burst + step % each * run->piece;
    return true;
}

bool tgt_retain_data_acknowledged(tgt_scsi *scsi, uint32_t exp_data_sn)
{
    tgt_history *history = scsi->history;
    uint32_t offset = scsi->next, piece;
    if (exp_data_sn < history->acked_sn || exp_data_sn > scsi->data_sn)
        return false;
    if (exp_data_sn != scsi->data_sn && !tgt_retained_data(scsi, exp_data_sn, &offset, &piece))
        return false;
    history->acked_sn = exp_data_sn;
    history->acked_offset = offset;
    return true;
}
