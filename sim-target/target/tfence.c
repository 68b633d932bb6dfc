/*
 * Response fences (RFC 7143 section 4.2.2.3): a response that overtakes none, and that none overtakes.
 * Sessions with TaskReporting=ResponseFence or FastAbort have them, and they matter only with several
 * connections: on one, responses keep their order anyway.
 */
#include "tgt.h"

#define STATUS_CHECK_CONDITION 0x02
#define KEY_UNIT_ATTENTION 0x06
#define PERSISTENT_RESERVE_OUT 0x5f
#define PREEMPT_AND_ABORT 0x05

static bool applies(const tgt_session *session)
{
    return session->reporting != TGT_REPORTS_RFC3720 && tgt_session_num_live(session) > 1;
}

/* ---- acknowledgments of everything that was sent before ---- */

void tgt_fence_ask(const tgt_session *session)
{
    for (tgt_list *c = session->conns.next; c != &session->conns; c = c->next) {
        tgt_conn *conn = TGT_OF(c, tgt_conn, in_session);
        conn->fence_sn = conn->stat_sn;
        if (conn->closing == TGT_OPEN && rig_sn_lt(conn->exp_stat_sn, conn->fence_sn))
            tgt_ping(conn);
    }
}

bool tgt_fence_acknowledged(const tgt_session *session)
{
    for (tgt_list *c = session->conns.next; c != &session->conns; c = c->next) {
        const tgt_conn *conn = TGT_OF(c, tgt_conn, in_session);
        if (conn->closing == TGT_OPEN && rig_sn_lt(conn->exp_stat_sn, conn->fence_sn))
            return false;
    }
    return true;
}

/* ---- which responses ask for one (4.2.2.3.4) ---- */

static uint8_t sense_byte(const rig_scsi *scsi, unsigned fixed, unsigned descriptor)
{
    unsigned at = (scsi->sense[0] & 0x7f) >= 0x72 ? descriptor : fixed;
    return at < scsi->sense_len ? scsi->sense[at] : 0;
}

/* The first unit attention behind an abort of many tasks; the device tells each only once. */
static bool tells_abort(const rig_scsi *scsi)
{
    uint8_t asc = sense_byte(scsi, 12, 2);
    return scsi->status == STATUS_CHECK_CONDITION && (sense_byte(scsi, 2, 1) & 0x0f) == KEY_UNIT_ATTENTION &&
           (asc == TGT_ASC_RESET || asc == TGT_ASC_CLEARED_BY_OTHER);
}

static bool preempts(const rig_scsi *scsi)
{
    return scsi->cdb.len > 1 && scsi->cdb.ptr[0] == PERSISTENT_RESERVE_OUT &&
           (scsi->cdb.ptr[1] & 0x1f) == PREEMPT_AND_ABORT;
}

/* ---- the fence ---- */

static void hold(tgt_session *session, tgt_task *task)
{
    tgt_task_unready(task);
    task->fenced = true;
    tgt_list_add(&session->fenced, &task->in_ready);
}

static void let_go(tgt_task *task)
{
    tgt_list_remove(&task->in_ready);
    task->fenced = false;
    tgt_task_ready(task);
}

static void open_fence(tgt_session *session)
{
    session->fence = TGT_FENCE_OPEN;
    session->fence_task = NULL;
    while (!tgt_list_empty(&session->fenced))
        let_go(TGT_OF(session->fenced.next, tgt_task, in_ready));
}

static bool same_unit(const tgt_session *session, const tgt_task *task)
{
    return session->fence_all || rig_get(task->bhs, RIG_F_LUN) == session->fence_lun;
}

/* It is its turn to become the fenced one: now, when all that was sent before has arrived. */
static bool gather(tgt_session *session, tgt_task *task)
{
    session->fence = TGT_FENCE_GATHERS;
    session->fence_task = task;
    session->fence_all = false;
    session->fence_lun = rig_get(task->bhs, RIG_F_LUN);
    tgt_fence_ask(session);
    if (tgt_fence_acknowledged(session)) {
        session->fence = TGT_FENCE_SENDS;
        return false;
    }
    hold(session, task);
    return true;
}

bool tgt_fence_stops(tgt_task *task)
{
    tgt_session *session = task->conn->session;
    if (session->fence != TGT_FENCE_OPEN) {
        if (task == session->fence_task || !same_unit(session, task))
            return false;
        hold(session, task);
        return true;
    }
    const rig_scsi *scsi = &tgt_scsi_of(task)->scsi;
    return applies(session) && (tells_abort(scsi) || preempts(scsi)) && gather(session, task);
}

static void close_fence(tgt_session *session, tgt_conn *conn)
{
    session->fence = TGT_FENCE_SENT;
    session->fence_task = NULL;
    session->fence_conn = conn;
    session->fence_behind = conn->stat_sn;
    tgt_ping(conn);
}

void tgt_fence_behind(tgt_conn *conn, uint64_t lun, bool all)
{
    tgt_session *session = conn->session;
    if (!applies(session))
        return;
    session->fence_lun = lun;
    session->fence_all = all;
    close_fence(session, conn);
}

static bool fenced_arrived(const tgt_session *session)
{
    const tgt_conn *conn = session->fence_conn;
    return conn->closing != TGT_OPEN || rig_sn_le(session->fence_behind, conn->exp_stat_sn);
}

void tgt_fence_progress(tgt_session *session)
{
    if (session->fence == TGT_FENCE_GATHERS && tgt_fence_acknowledged(session)) {
        session->fence = TGT_FENCE_SENDS;
        let_go(session->fence_task);
    } else if (session->fence == TGT_FENCE_SENT && fenced_arrived(session)) {
        open_fence(session);
    }
}

/* The end of a task whose response is fenced closes the fence behind what was sent. */
void tgt_fence_forget(tgt_task *task)
{
    tgt_session *session = task->conn->session;
    if (task->fenced)
        tgt_list_remove(&task->in_ready);
    task->fenced = false;
    if (!session || session->fence_task != task)
        return;
    if (session->fence == TGT_FENCE_SENDS && task->conn->closing == TGT_OPEN)
        close_fence(session, task->conn);
    else
        open_fence(session);
}

void tgt_fence_leave(tgt_session *session, const tgt_conn *conn)
{
    if (session->fence == TGT_FENCE_SENT && session->fence_conn == conn)
        open_fence(session);
}
