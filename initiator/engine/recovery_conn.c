/* Connection recovery (RFC 7143 sections 7.1.4.3, 7.2.2, 7.5 and 8.2). A failed connection stays in its
 * session's list, over and without a stream, until its clean-up is done: by a logout on another connection,
 * or by a login with its CID. Then its commands are reassigned, one TASK REASSIGN each. */
#include "internal.h"

#define NO_SUCH_SESSION 0x020a

#define SAVE_AGAIN (1 * RIG_SECOND)   /* between attempts */
#define CLOSE_LIMIT (20 * RIG_SECOND) /* for a logout that only closes */

bool eng_is_failed(const eng_conn *conn)
{
    return conn->cleanup == ENG_R1_CLEANUP_WAIT || conn->cleanup == ENG_R2_IN_CLEANUP;
}

eng_conn *eng_session_failed(const rig_session *session, uint16_t cid)
{
    eng_conn *conn = session->conns;
    while (conn && (!eng_is_failed(conn) || conn->cid != cid))
        conn = conn->next;
    return conn;
}

eng_conn *eng_session_ready(const rig_session *session, const eng_conn *but)
{
    eng_conn *conn = session->conns;
    while (conn && (conn == but || conn->over || conn->state != ENG_S5_LOGGED_IN))
        conn = conn->next;
    return conn;
}

/* One in a logout still is in full feature phase: the session has not failed (8.3). */
static bool any_full_feature(const rig_session *session)
{
    const eng_conn *conn = session->conns;
    while (conn && (conn->over || conn->state < ENG_S5_LOGGED_IN))
        conn = conn->next;
    return conn != NULL;
}

static bool any_in_login(const rig_session *session)
{
    const eng_conn *conn = session->conns;
    while (conn && (conn->over || conn->state >= ENG_S5_LOGGED_IN))
        conn = conn->next;
    return conn != NULL;
}

bool eng_any_failed(const rig_session *session)
{
    const eng_conn *conn = session->conns;
    while (conn && !eng_is_failed(conn))
        conn = conn->next;
    return conn != NULL;
}

/* Lost before its own logout was answered, and others live (T17). */
static bool is_closing_alone(const eng_conn *conn)
{
    return conn->state == ENG_S6_IN_LOGOUT && !eng_logout_of_all(conn->session) &&
           eng_session_ready(conn->session, conn);
}

/* Without level 2 only another connection can say that this one is to be cleaned up. */
bool eng_can_save(const eng_conn *conn)
{
    const rig_session *session = conn->session;
    bool full_feature = conn->state == ENG_S5_LOGGED_IN || conn->state == ENG_S7_LOGOUT_REQUESTED;
    if (session->doomed || session->gives_up || session->falling || session->config.discovery ||
        !(full_feature || is_closing_alone(conn)))
        return false;
    return eng_level(session) == 2 || eng_session_ready(session, conn);
}

static uint64_t agreed_ns(const rig_session *session, rig_key_id key)
{
    return session->agreed[key].value * RIG_SECOND;
}

static void give_up(rig_session *session, rig_status why, uint64_t now)
{
    session->gives_up = true;
    eng_recover(session, why, now);
    session->gives_up = false;
}

/* The same when the wait for this connection is over: no second one is due before the next login (13.15). */
static void give_up_waited(rig_session *session, rig_status why, uint64_t now)
{
    eng_note_wait(session, 0, 0, now);
    give_up(session, why, now);
}

static void again_later(eng_conn *conn, uint64_t wait, uint64_t now)
{
    conn->timer.kind = ENG_TIMER_SAVE;
    rig_timerq_arm(&conn->session->initiator->timers, &conn->timer, now + wait);
}

/* ---- the connection failed ---- */

/* A command that may be taken elsewhere, unless it was to end; its buffers have come back with the stream. */
static bool strands(const eng_conn *conn, const rig_task *task)
{
    return eng_level(conn->session) == 2 && task->kind == RIG_TASK_SCSI && !task->immediate &&
           eng_is_out(task) && !task->engine.aborting;
}

static void strand(eng_conn *conn, rig_task *task)
{
    if (task->engine.phase == ENG_AGAIN)
        eng_queue_remove(&conn->bound, task);
    eng_data_in_rewind(conn, task);
    eng_data_out_forget(conn, task);
    task->engine.num_tx = 0;
    task->engine.held = task->engine.ack_wanted = false;
    task->engine.phase = ENG_STRANDED;
}

/* What has been sent and may not have been received leaves a hole in CmdSN when its task ends. */
bool eng_leaves_hole(const rig_session *session, const rig_task *task)
{
    return task->engine.numbered && !task->immediate && rig_sn_le(session->exp_cmd_sn, task->cmd_sn);
}

/* Without a connection it waits for the next one: see plug_holes. */
void eng_hole_left(rig_session *session, uint32_t cmd_sn, uint64_t now)
{
    eng_conn *other = eng_session_ready(session, NULL);
    if (other && eng_plug(other, cmd_sn, now))
        eng_conn_fail(other, RIG_E_NOMEM, now);
}

static void end_or_strand(eng_conn *conn, rig_status why, uint64_t now)
{
    rig_session *session = conn->session;
    for (uint32_t i = 0; i < session->num_slots; i++) {
        rig_task *task = session->slots[i].task;
        if (!task || task->engine.conn != conn || task->engine.phase == ENG_STRANDED)
            continue;
        if (strands(conn, task)) {
            strand(conn, task);
            continue;
        }
        bool hole = eng_leaves_hole(session, task);
        uint32_t cmd_sn = task->cmd_sn;
        eng_task_lost(task, task->engine.aborting ? task->engine.aborting : why, now);
        if (hole)
            eng_hole_left(session, cmd_sn, now);
    }
}

/* It had taken the place of another one with its CID, which was not cleaned up yet: what that one left is now
 * left by this one. */
static void inherit(eng_conn *conn)
{
    rig_session *session = conn->session;
    eng_conn *older = session->conns;
    while (older && (older == conn || !eng_is_failed(older) || older->cid != conn->cid))
        older = older->next;
    if (!older)
        return;
    for (uint32_t i = 0; i < session->num_slots; i++) {
        rig_task *task = session->slots[i].task;
        if (task && task->engine.phase == ENG_STRANDED && task->engine.conn == older)
            task->engine.conn = conn;
    }
    eng_save_end(older);
}

static bool any_stranded(const rig_session *session, const eng_conn *failed)
{
    for (uint32_t i = 0; i < session->num_slots; i++) {
        const rig_task *task = session->slots[i].task;
        if (task && task->engine.phase == ENG_STRANDED && task->engine.conn == failed)
            return true;
    }
    return false;
}

/* Connections that are lost again and again before any command has ended. */
static bool is_fruitless(rig_session *session)
{
    bool again = session->saves > 0 && session->saves_rsp == session->counters.rsp_pdus;
    session->saves = again ? session->saves + 1 : 1;
    session->saves_rsp = session->counters.rsp_pdus;
    return again;
}

void eng_save(eng_conn *conn, rig_status why, uint64_t now)
{
    rig_session *session = conn->session;
    uint64_t wait = agreed_ns(session, RIG_KEY_TIME2WAIT);
    uint64_t retain = agreed_ns(session, RIG_KEY_TIME2RETAIN);
    if (session->has_wait)
        wait = session->wait * RIG_SECOND;
    if (session->has_wait)
        retain = session->retain * RIG_SECOND;
    session->has_wait = false;
    if (is_fruitless(session) && wait < SAVE_AGAIN)
        wait = SAVE_AGAIN;
    if (eng_level(session) < 2 && retain < CLOSE_LIMIT) /* no task waits for the end of it */
        retain = CLOSE_LIMIT;
    conn->failed = why;
    conn->retain_until = now + wait + retain;
    inherit(conn);
    end_or_strand(conn, why, now);
    if (session->doomed || !eng_is_failed(conn))
        return;
    if (session->saves > ENG_SAVES_MAX && any_stranded(session, conn)) {
        give_up(session, why, now);
        return;
    }
    if (!any_full_feature(session) && session->state == ENG_Q3_LOGGED_IN)
        eng_session_fire(session, ENG_SESSION_LOST, now);
    again_later(conn, wait, now);
}

/* M1: what it left is given up. */
void eng_save_end(eng_conn *conn)
{
    uint64_t now = conn->session->initiator->now;
    if (!eng_is_failed(conn))
        return;
    rig_timerq_disarm(&conn->session->initiator->timers, &conn->timer);
    if (conn->cleanup == ENG_R2_IN_CLEANUP)
        eng_cleanup_fire(conn, ENG_CLEANUP_REFUSED, now);
    eng_cleanup_fire(conn, ENG_CLEANUP_OVER, now);
    conn->session->sweep = true;
}

/* Everything may go wrong while a failed connection is cleaned up: it is begun anew until Time2Retain is
 * over. */
static void begin_anew(eng_conn *failed, uint64_t now)
{
    if (failed->cleanup != ENG_R2_IN_CLEANUP)
        return;
    failed->logged_out = false;
    eng_cleanup_fire(failed, ENG_CLEANUP_REFUSED, now);
    again_later(failed, SAVE_AGAIN, now);
}

/* ---- TASK REASSIGN ---- */

/* A request of the clean-up: its done() finds the session by engine.saves. */
static rig_status save_submit(eng_conn *conn, rig_task *task, uint64_t now)
{
    if (!task)
        return RIG_E_NOMEM;
    task->engine.saves = conn->session;
    return eng_own_submit(conn, task, now);
}

/* Another one is out, behind whose answer there is room again. */
static bool is_reassigning(const eng_conn *failed, const rig_task *but)
{
    const rig_session *session = but->engine.saves;
    for (uint32_t i = 0; failed && i < session->num_slots; i++) {
        const rig_task *task = session->slots[i].task;
        if (task && task->engine.reassigning && task->engine.conn == failed &&
            task->itt != but->engine.ref_itt)
            return true;
    }
    return false;
}

/* An answer was dealt with by eng_reassigned; without one the connection failed, too. */
static void reassign_done(rig_task *tmf, uint64_t now)
{
    rig_session *session = tmf->engine.saves;
    eng_conn *failed = eng_session_failed(session, tmf->engine.failed_cid);
    bool answered = tmf->status == RIG_OK;
    bool refused = tmf->status == RIG_E_REFUSED;
    bool busy = refused && tmf->response == ENG_IMMEDIATE_COMMAND && is_reassigning(failed, tmf);
    rig_task *task = answered ? NULL : eng_task_find(session, tmf->engine.ref_itt);
    eng_own_done(tmf, now);
    if (task && task->engine.reassigning) {
        task->engine.reassigning = false;
        if (task->engine.aborting)
            eng_task_withdraw(task, task->engine.aborting, now);
    }
    if (!failed || answered || busy)
        return;
    if (refused)
        give_up(session, failed->failed, now);
    else
        begin_anew(failed, now);
}

static rig_status reassign(rig_task *task, eng_conn *conn, const eng_conn *failed, uint64_t now)
{
    rig_task *tmf = eng_own_task(conn->session, RIG_TASK_TMF);
    if (tmf) {
        tmf->function = ENG_TASK_REASSIGN;
        tmf->immediate = true;
        tmf->lun = task->lun;
        tmf->engine.ref_itt = task->itt;
        tmf->engine.ref_data_sn = task->read ? task->engine.data_sn : 0;
        tmf->engine.failed_cid = failed->cid;
        tmf->done = reassign_done;
    }
    task->engine.reassigning = tmf != NULL;
    return save_submit(conn, tmf, now);
}

/* A command the target never received is sent once more; there is nothing to reassign (7.2.1). */
static rig_status take_over(rig_task *task, eng_conn *conn, const eng_conn *failed, uint64_t now)
{
    if (rig_sn_lt(task->cmd_sn, conn->session->exp_cmd_sn))
        return reassign(task, conn, failed, now);
    eng_task_requeue(task, conn);
    return RIG_OK;
}

/* M4: the connection is gone, and what it left is where it belongs. */
static void cleaned(eng_conn *failed, uint64_t now)
{
    rig_session *session = failed->session;
    rig_event event = {.cid = failed->cid};
    if (any_stranded(session, failed))
        return;
    eng_cleanup_fire(failed, ENG_CLEANUP_DONE, now);
    session->sweep = true;
    session->counters.recovered++;
    eng_emit(session, &event, RIG_EVENT_RECOVERED, now);
}

/* Requests that ended with the only connection there was left holes. */
static void plug_holes(eng_conn *conn, uint64_t now)
{
    rig_status status = eng_plug_holes(conn, now);
    if (status == RIG_E_LIMIT)
        give_up(conn->session, status, now);
    else if (status)
        eng_conn_fail(conn, status, now);
}

/* What had no room before (4.2.2.1 asks targets for no more than one at once). */
static void reassign_rest(const eng_conn *failed, eng_conn *conn, uint64_t now)
{
    rig_session *session = failed->session;
    rig_status status = RIG_OK;
    for (uint32_t i = 0; i < session->num_slots && !status; i++) {
        rig_task *task = session->slots[i].task;
        bool left = task && task->engine.phase == ENG_STRANDED && task->engine.conn == failed;
        if (left && !task->engine.reassigning)
            status = take_over(task, conn, failed, now);
    }
    if (status)
        give_up(session, status, now);
}

static void take_all_over(eng_conn *failed, eng_conn *conn, uint64_t now)
{
    rig_timerq_disarm(&failed->session->initiator->timers, &failed->timer);
    reassign_rest(failed, conn, now);
    if (eng_is_failed(failed))
        plug_holes(conn, now);
    if (eng_is_failed(failed))
        cleaned(failed, now);
}

/* ---- the logout, by another connection or by a login with the same CID ---- */

/* With Time2Retain 0 the target has forgotten what it had received (11.15.4). */
static void lose_received(eng_conn *failed, uint64_t now)
{
    rig_session *session = failed->session;
    for (uint32_t i = 0; i < session->num_slots; i++) {
        rig_task *task = session->slots[i].task;
        bool left = task && task->engine.phase == ENG_STRANDED && task->engine.conn == failed;
        if (left && rig_sn_lt(task->cmd_sn, session->exp_cmd_sn))
            eng_task_lost(task, failed->failed, now);
    }
}

/* Only at level 2 has the response something to say about time (11.15.3). */
void eng_save_logged_out(const rig_task *logout, const rig_pdu *pdu, uint64_t now)
{
    eng_conn *failed = eng_session_failed(logout->engine.saves, logout->cid);
    if (!failed || eng_level(failed->session) < 2)
        return;
    failed->logged_out = true;
    failed->reassign_at = now + rig_get(pdu->bhs, RIG_F_TIME2WAIT) * RIG_SECOND;
    failed->retain_until = failed->reassign_at + rig_get(pdu->bhs, RIG_F_TIME2RETAIN) * RIG_SECOND;
}

static void go_on_elsewhere(eng_conn *failed, eng_conn *other, uint64_t now)
{
    if (failed->logged_out && failed->retain_until == failed->reassign_at)
        lose_received(failed, now);
    if (!eng_is_failed(failed))
        return;
    if (failed->logged_out && now < failed->reassign_at && any_stranded(failed->session, failed))
        again_later(failed, failed->reassign_at - now, now);
    else
        take_all_over(failed, other, now);
}

/* Response 1 says that the target does not know the connection any more. */
static void logout_done(rig_task *logout, uint64_t now)
{
    rig_session *session = logout->engine.saves;
    eng_conn *failed = eng_session_failed(session, logout->cid);
    eng_conn *other = eng_session_ready(session, NULL);
    bool gone = logout->status == RIG_OK || (logout->status == RIG_E_REFUSED && logout->response == 1);
    bool refused = logout->status == RIG_E_REFUSED && !gone;
    eng_own_done(logout, now);
    if (!failed || failed->cleanup != ENG_R2_IN_CLEANUP)
        return;
    if (gone && other)
        go_on_elsewhere(failed, other, now);
    else if (refused)
        give_up(session, failed->failed, now);
    else
        begin_anew(failed, now);
}

static bool logout_by(eng_conn *failed, eng_conn *other, uint64_t now)
{
    rig_task *task = eng_own_task(failed->session, RIG_TASK_LOGOUT);
    if (task) {
        task->reason = eng_level(failed->session) == 2 ? ENG_REMOVE_FOR_RECOVERY : ENG_CLOSE_CONNECTION;
        task->cid = failed->cid;
        task->immediate = true;
        task->done = logout_done;
    }
    return save_submit(other, task, now) == RIG_OK;
}

void eng_save_due(eng_conn *conn, uint64_t now)
{
    rig_session *session = conn->session;
    eng_conn *other = eng_session_ready(session, NULL);
    if (!eng_is_failed(conn))
        return;
    if (now >= conn->retain_until) {
        give_up_waited(session, conn->failed, now);
        return;
    }
    if (!other && any_in_login(session)) { /* it may serve */
        again_later(conn, SAVE_AGAIN, now);
        return;
    }
    if (conn->logged_out && other) {
        take_all_over(conn, other, now);
        return;
    }
    if (conn->logged_out) /* and the connection that did it is gone, too */
        eng_cleanup_fire(conn, ENG_CLEANUP_REFUSED, now);
    conn->logged_out = false;
    eng_cleanup_fire(conn, ENG_CLEANUP_TAKEN, now);
    if (!eng_is_failed(conn)) /* whoever was told has ended the session */
        return;
    bool begun = other ? logout_by(conn, other, now) : eng_conn_again(session, conn, now) == RIG_OK;
    if (!begun && eng_is_failed(conn)) {
        eng_cleanup_fire(conn, ENG_CLEANUP_REFUSED, now);
        again_later(conn, SAVE_AGAIN, now);
    }
}

void eng_save_login(eng_conn *conn, uint64_t now)
{
    rig_session *session = conn->session;
    eng_conn *failed = eng_session_failed(session, conn->cid);
    if (session->state == ENG_Q4_FAILED)
        eng_session_fire(session, ENG_CONTINUED, now);
    if (failed && !conn->over)
        take_all_over(failed, conn, now);
}

/* True when the login was one with a failed connection's CID. */
bool eng_save_login_failed(const eng_conn *conn, uint16_t login_status, uint64_t now)
{
    rig_session *session = conn->session;
    eng_conn *failed = conn->leading ? NULL : eng_session_failed(session, conn->cid);
    if (!failed)
        return false;
    if (login_status == NO_SUCH_SESSION)
        give_up_waited(session, failed->failed, now);
    else
        begin_anew(failed, now);
    return true;
}

static void resume(rig_task *task, eng_conn *conn, uint64_t now)
{
    task->engine.conn = conn;
    task->engine.phase = ENG_SENT;
    task->engine.lengths = conn->lengths;
    task->engine.snack_tag = 0; /* 7.2.2 */
    task->engine.moved = true;
    task->engine.ack_sn = task->engine.data_sn;
    task->engine.ack_offset = task->engine.in_offset;
    task->engine.ack_received = task->received;
    eng_abort_resumed(task, now);
}

/* Complete: the command goes on here. No such task: its answer is lost for good. Anything else ends the
 * session. */
void eng_reassigned(eng_conn *conn, const rig_task *tmf, uint64_t now)
{
    rig_session *session = conn->session;
    rig_task *task = eng_task_find(session, tmf->engine.ref_itt);
    eng_conn *failed = eng_session_failed(session, tmf->engine.failed_cid);
    bool waits = task && task->engine.phase == ENG_STRANDED && task->engine.conn == failed;
    if (task)
        task->engine.reassigning = false;
    if (!failed)
        return;
    if (tmf->response > 1) {
        give_up(session, failed->failed, now);
        return;
    }
    if (waits && tmf->response == 0)
        resume(task, conn, now);
    else if (waits)
        eng_task_lost(task, task->engine.aborting ? task->engine.aborting : failed->failed, now);
    if (eng_is_failed(failed))
        reassign_rest(failed, conn, now);
    if (eng_is_failed(failed))
        cleaned(failed, now);
}
