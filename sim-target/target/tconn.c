/* The life of a connection (RFC 7143 sections 4.2.6, 8.1, 8.2): accepted, ended, cleaned up. */
#include "tlogin.h"

static tgt_answer_fn *const answers[TGT_TASK_KINDS] = {
    [TGT_TASK_NOP] = tgt_nop_answer,       [TGT_TASK_SCSI] = tgt_scsi_answer,
    [TGT_TASK_TMF] = tgt_tmf_answer,       [TGT_TASK_TEXT] = tgt_text_answer,
    [TGT_TASK_LOGOUT] = tgt_logout_answer, [TGT_TASK_LOGIN] = tgt_login_answer,
    [TGT_TASK_REJECT] = tgt_reject_answer, [TGT_TASK_NOTICE] = tgt_notice_answer,
    [TGT_TASK_RESEND] = tgt_resend_answer,
};

bool tgt_conn_full_feature(const tgt_conn *conn)
{
    return conn->state == TGT_S5_LOGGED_IN || conn->state == TGT_S6_IN_LOGOUT ||
           conn->state == TGT_S7_LOGOUT_REQUESTED;
}

/* ---- accepting ---- */

static tgt_conn *new_conn(rig_target *target, const tgt_portal *portal)
{
    tgt_conn *conn = rig_new(target->alloc, sizeof(*conn));
    if (!conn)
        return NULL;
    conn->target = target;
    conn->portal = portal;
    conn->max_send = conn->max_recv = RIG_LOGIN_DATA_MAX;
    conn->stat_sn = (uint32_t)rig_draw(&target->config.draws, "target.statsn", target->stat_draws++);
    conn->exp_stat_sn = conn->stat_sn;
    conn->timer.kind = TGT_TIMER_CONN;
    conn->data_timer.kind = TGT_TIMER_DATA;
    conn->logout_timer.kind = TGT_TIMER_LOGOUT;
    tgt_list_init(&conn->in_session);
    tgt_list_init(&conn->in_dirty);
    tgt_list_init(&conn->tasks);
    tgt_list_init(&conn->ready);
    tgt_list_add(&target->conns, &conn->in_target);
    target->num_conns++;
    return conn;
}

/* Deviations: nobody listens, or not any more. */
static bool shuts(const rig_target *target)
{
    return rig_fault_has(&target->faults, RIG_FAULT_RESET_ON_ACCEPT) ||
           (target->tsih_draws > 0 && rig_fault_has(&target->faults, RIG_FAULT_PORT_SHUT));
}

bool tgt_accept(void *ctx, rig_stream *stream, rig_stream_user *out_user, uint64_t now)
{
    const tgt_portal *portal = ctx;
    rig_target *target = portal->target;
    rig_address local;
    rig_target_event event = {.kind = RIG_TARGET_ACCEPTED};
    bool room = target->num_conns < TGT_CONNECTIONS_MAX;
    tgt_conn *conn = room && !shuts(target) ? new_conn(target, portal) : NULL;
    if (!conn)
        return false;
    tgt_enter(target, now);
    conn->stream = stream;
    conn->last_rx = now;
    rig_framer_init(&conn->framer,
                    &(rig_framer_config){.alloc = target->alloc, .ops = &tgt_framer_ops, .ctx = conn});
    rig_txq_init(&conn->txq, target->alloc);
    rig_ends(stream, &local, &conn->peer);
    tgt_fsm_step(&tgt_conn_fsm, &conn->state, TGT_ACCEPTED, NULL);
    rig_timerq_arm(&target->timers, &conn->timer, now + target->config.login_timeout);
    *out_user = (rig_stream_user){.ops = &tgt_stream_ops, .ctx = conn};
    tgt_event(target, &event, conn, NULL);
    tgt_leave(target);
    return true;
}

/* ---- answers ---- */

void tgt_conn_kick(tgt_conn *conn)
{
    if (conn->dirty || conn->closing != TGT_OPEN)
        return;
    conn->dirty = true;
    tgt_list_add(&conn->target->dirty, &conn->in_dirty);
}

void tgt_conn_pump(tgt_conn *conn)
{
    while (conn->closing == TGT_OPEN && conn->raw.len == 0 && !tgt_list_empty(&conn->ready)) {
        tgt_task *task = TGT_OF(conn->ready.next, tgt_task, in_ready);
        if (!answers[task->kind](task))
            return;
    }
}

void tgt_conn_window(const tgt_conn *conn, uint32_t *out_exp, uint32_t *out_max)
{
    const tgt_session *session = conn->session;
    if (!session && conn->login && conn->login->tsih)
        session = tgt_session_by_tsih(conn->target, conn->login->tsih);
    if (session) {
        *out_exp = session->exp_cmd_sn;
        *out_max = tgt_session_max_cmd_sn(session);
        return;
    }
    *out_exp = conn->login ? conn->login->cmd_sn : 0;
    *out_max = *out_exp + conn->target->config.window - 1;
}

void tgt_conn_acknowledged(tgt_conn *conn, uint32_t exp_stat_sn)
{
    if (!rig_sn_lt(conn->exp_stat_sn, exp_stat_sn) || !rig_sn_le(exp_stat_sn, conn->stat_sn))
        return;
    conn->exp_stat_sn = exp_stat_sn;
    tgt_retain_acknowledged(conn);
    tgt_lazy_acknowledged(conn, TGT_LAZY_ACK, 0);
    tgt_tmf_progress(conn->session);
}

/* ---- ending ---- */

static void finish_tasks(tgt_conn *conn, bool tell)
{
    for (tgt_list *at = conn->tasks.next, *next; at != &conn->tasks; at = next) {
        tgt_task *task = TGT_OF(at, tgt_task, in_conn);
        next = at->next;
        if (task->done)
            continue;
        if (tell && task->kind == TGT_TASK_SCSI && !task->answered)
            tgt_session_cleared(conn->session, tgt_scsi_of(task));
        tgt_task_finish(task);
    }
    conn->early = NULL;
}

/* Below ErrorRecoveryLevel 2 no task outlives its connection (6.3.4). */
void tgt_conn_leave_session(tgt_conn *conn)
{
    tgt_session *session = conn->session;
    if (!session)
        return;
    conn->keeps = false;
    finish_tasks(conn, true);
    tgt_session_detach(session, conn);
    tgt_session_lost_conn(session);
}

static void say_closed(tgt_conn *conn, rig_status why, const char *reason)
{
    rig_error err = {0};
    rig_target_event event = {.kind = RIG_TARGET_CLOSED, .why = why, .error = &err};
    rig_fail(&err, why, "%s", reason);
    if (conn->login)
        event.initiator = rig_view_of(conn->login->initiator, conn->login->initiator_len);
    tgt_event(conn->target, &event, conn, conn->session);
}

static void close_stream(tgt_conn *conn, rig_close_how how)
{
    rig_target *target = conn->target;
    rig_timerq_disarm(&target->timers, &conn->timer);
    rig_timerq_disarm(&target->timers, &conn->data_timer);
    rig_timerq_disarm(&target->timers, &conn->logout_timer);
    if (conn->dirty)
        tgt_list_remove(&conn->in_dirty);
    conn->dirty = false;
    if (how != RIG_CLOSE_RESET && conn->stream) {
        conn->closing = TGT_FLUSHING;
        rig_close(conn->stream, how);
        return;
    }
    conn->closing = TGT_GONE;
    if (conn->stream)
        rig_close(conn->stream, RIG_CLOSE_RESET);
    tgt_conn_stream_gone(conn);
}

/* S8: the session keeps its number for Time2Wait and Time2Retain (7.5.1). */
static void wait_for_cleanup(tgt_conn *conn)
{
    tgt_session *session = conn->session;
    uint64_t time = ((uint64_t)session->time2wait + session->time2retain) * RIG_SECOND;
    if (tgt_fault_now_said(conn, RIG_FAULT_RETENTION_SHORT))
        time = RIG_MILLISECOND;
    conn->cleanup = TGT_R1_CLEANUP_WAIT;
    if (session->time2retain == 0 || session->discovery) {
        tgt_conn_cleaned(conn, TGT_CLEANUP_TIMEOUT);
        return;
    }
    rig_timerq_arm(&conn->target->timers, &conn->timer, conn->target->now + time);
    tgt_session_lost_conn(session);
    tgt_conn *other = conn->logged_out || !conn->keeps ? NULL : tgt_session_live(session);
    if (other)
        tgt_say_dropped(other, conn);
}

/* ---- after a logout for recovery (11.14, 11.15.4) ---- */

/* Requests that were not acknowledged are discarded: the initiator sends them again. */
static void discard_pending(tgt_conn *conn)
{
    for (tgt_list *at = conn->tasks.next, *next; at != &conn->tasks; at = next) {
        tgt_task *task = TGT_OF(at, tgt_task, in_conn);
        next = at->next;
        if (task->pending)
            tgt_task_finish(task);
    }
}

static bool has_tasks(const tgt_conn *conn)
{
    for (tgt_list *at = conn->tasks.next; at != &conn->tasks; at = at->next)
        if (!TGT_OF(at, tgt_task, in_conn)->done)
            return true;
    return false;
}

static void lay_ghost(tgt_conn *conn)
{
    rig_timerq_disarm(&conn->target->timers, &conn->timer);
    tgt_conn_leave_session(conn);
    if (!conn->stream)
        tgt_conn_stream_gone(conn);
}

/* The last connection of a session leaves the session itself to be recovered. */
void tgt_conn_exorcise(tgt_conn *conn)
{
    if (conn->ghost && !has_tasks(conn) && tgt_session_live(conn->session))
        lay_ghost(conn);
}

static void become_ghost(tgt_conn *conn)
{
    tgt_session *session = conn->session;
    uint64_t time = ((uint64_t)session->time2wait + session->time2retain) * RIG_SECOND;
    discard_pending(conn);
    tgt_session_haunt(session, conn);
    rig_timerq_arm(&conn->target->timers, &conn->timer, conn->target->now + time);
    tgt_session_lost_conn(session);
    tgt_conn_exorcise(conn);
}

/* A connection's tasks wait for a new allegiance, or end. */
static void stop_tasks(tgt_conn *conn)
{
    if (conn->state == TGT_S8_CLEANUP_WAIT && tgt_session_recovers(conn->session))
        conn->keeps = true;
    if (conn->keeps)
        tgt_suspend(conn, NULL);
    else
        finish_tasks(conn, conn->session != NULL);
}

void tgt_conn_end(tgt_conn *conn, tgt_conn_event event, bool flush, rig_status why, const char *reason)
{
    if (conn->closing != TGT_OPEN)
        return;
    if (tgt_fsm_step(&tgt_conn_fsm, &conn->state, (uint8_t)event, NULL) != RIG_OK)
        conn->state = TGT_S1_FREE;
    say_closed(conn, why, reason);
    tgt_login_free(conn);
    tgt_text_free(conn);
    /* nothing follows a Logout Request (11.14) */
    rig_close_how gently = event == TGT_LOGOUT_DONE ? RIG_CLOSE_DONE : RIG_CLOSE_FLUSH;
    close_stream(conn, flush ? gently : RIG_CLOSE_RESET);
    tgt_command_keep_plugs(conn);
    stop_tasks(conn);
    tgt_session *session = conn->session;
    if (!session)
        return;
    if (conn->state == TGT_S8_CLEANUP_WAIT)
        wait_for_cleanup(conn);
    else if (conn->keeps)
        become_ghost(conn);
    else
        tgt_conn_leave_session(conn);
    if (session->state != TGT_Q1_FREE)
        tgt_tmf_progress(session); /* nothing is waited for on a connection that is gone */
}

void tgt_conn_fail(tgt_conn *conn, rig_status why, const char *reason)
{
    tgt_session *session = conn->session;
    tgt_conn *other;
    tgt_conn_end(conn, TGT_TRANSPORT_LOST, false, why, reason);
    if (!session)
        return;
    do {
        other = NULL;
        for (tgt_list *at = session->conns.next; !other && at != &session->conns; at = at->next)
            if (tgt_conn_full_feature(TGT_OF(at, tgt_conn, in_session)))
                other = TGT_OF(at, tgt_conn, in_session);
        if (other)
            tgt_conn_end(other, TGT_TRANSPORT_LOST, false, why, reason);
    } while (other);
}

void tgt_conn_cleaned(tgt_conn *conn, tgt_cleanup_event event)
{
    rig_target *target = conn->target;
    tgt_fsm_step(&tgt_cleanup_fsm, &conn->cleanup, (uint8_t)event, NULL);
    conn->state = TGT_S1_FREE; /* R3 is S1 */
    rig_timerq_disarm(&target->timers, &conn->timer);
    if (event == TGT_CLEANUP_DONE && conn->keeps) {
        become_ghost(conn);
        return;
    }
    tgt_conn_leave_session(conn);
    if (!conn->stream)
        tgt_conn_stream_gone(conn);
}

void tgt_conn_stream_gone(tgt_conn *conn)
{
    conn->stream = NULL;
    conn->closing = TGT_GONE; /* a ghost or a connection in S8 is looked at twice */
    rig_timerq_disarm(&conn->target->timers, &conn->data_timer);
    tgt_list_remove(&conn->in_dirty);
    tgt_list_add(&conn->target->dead, &conn->in_dirty);
}

void tgt_conn_free(tgt_conn *conn)
{
    rig_target *target = conn->target;
    rig_timerq_disarm(&target->timers, &conn->timer);
    rig_timerq_disarm(&target->timers, &conn->data_timer);
    rig_timerq_disarm(&target->timers, &conn->logout_timer);
    tgt_list_remove(&conn->in_dirty);
    tgt_list_remove(&conn->in_target);
    target->num_conns--;
    tgt_retain_close(conn);
    rig_delete(target->alloc, conn, sizeof(*conn));
}

static void drop_cookie(void *ctx, void *cookie)
{
    (void)ctx;
    tgt_task_unref(cookie);
}

/* Tasks that outlive the transport connection are not held by what it never sent. */
static void empty_queue(tgt_conn *conn)
{
    struct iovec iov[RIG_STREAM_IOV];
    int num;
    while (!rig_txq_empty(&conn->txq) &&
           (num = rig_txq_iov(&conn->txq, iov, RIG_STREAM_IOV, RIG_NEVER, NULL)) > 0) {
        size_t len = 0;
        for (int i = 0; i < num; i++)
            len += iov[i].iov_len;
        rig_txq_sent(&conn->txq, len, drop_cookie, conn);
    }
    if (!conn->late)
        return;
    tgt_task_unref(conn->late->cookie);
    rig_delete(conn->target->alloc, conn->late, sizeof(*conn->late));
    conn->late = NULL;
}

void tgt_conn_bury(tgt_conn *conn)
{
    empty_queue(conn);
    tgt_retain_lost(conn);
    for (tgt_list *at = conn->tasks.next, *next; at != &conn->tasks; at = next) {
        tgt_task *task = TGT_OF(at, tgt_task, in_conn);
        next = at->next;
        if (!conn->keeps || task->done)
            tgt_task_free(task);
    }
    rig_framer_cleanup(&conn->framer);
    rig_txq_cleanup(&conn->txq);
    if (conn->state != TGT_S8_CLEANUP_WAIT && !conn->ghost)
        tgt_conn_free(conn);
}

/* ---- time ---- */

/* Something was heard: the next ping is due an interval later. */
void tgt_conn_alive(tgt_conn *conn)
{
    rig_target *target = conn->target;
    if (target->config.nop_interval && !conn->session->discovery)
        rig_timerq_arm(&target->timers, &conn->timer, target->now + target->config.nop_interval);
    else
        rig_timerq_disarm(&target->timers, &conn->timer);
}

/* The timer is not moved with every PDU: it looks when the last one came. */
static void check_idle(tgt_conn *conn)
{
    rig_target *target = conn->target;
    uint64_t due = conn->last_rx + target->config.nop_interval;
    if (target->config.nop_interval == 0)
        return;
    if (target->now < due) {
        rig_timerq_arm(&target->timers, &conn->timer, due);
        return;
    }
    if (conn->num_pings > 0) {
        tgt_conn_end(conn, TGT_TRANSPORT_LOST, false, RIG_E_TIMEOUT, "a ping was not answered");
        return;
    }
    tgt_ping(conn);
    tgt_conn_alive(conn);
}

void tgt_conn_timer(tgt_conn *conn)
{
    if (conn->ghost)
        lay_ghost(conn);
    else if (conn->state == TGT_S3_XPT_UP || conn->state == TGT_S4_IN_LOGIN)
        tgt_conn_end(conn, TGT_LOGIN_FAILED, false, RIG_E_TIMEOUT, "the login took too long");
    else if (conn->state != TGT_S8_CLEANUP_WAIT)
        check_idle(conn);
    else if (conn->cleanup == TGT_R1_CLEANUP_WAIT)
        tgt_conn_cleaned(conn, TGT_CLEANUP_TIMEOUT);
    else /* a login that cleans it up is under way */
        rig_timerq_arm(&conn->target->timers, &conn->timer, conn->target->now + RIG_SECOND);
}

void tgt_conn_cut(tgt_conn *conn)
{
    rig_close(conn->stream, RIG_CLOSE_RESET);
    tgt_conn_stream_gone(conn);
}

static uint64_t data_timeout(const tgt_conn *conn)
{
    return conn->retention ? TGT_RECOVERY_TIMEOUT : TGT_DATA_TIMEOUT;
}

void tgt_conn_watch_data(tgt_conn *conn)
{
    rig_target *target = conn->target;
    if (!conn->data_timer.armed && conn->closing == TGT_OPEN)
        rig_timerq_arm(&target->timers, &conn->data_timer, target->now + data_timeout(conn));
}

static bool waits_for_data(tgt_task *task)
{
    return task->kind == TGT_TASK_SCSI && !task->done && !task->held && !task->lazy &&
           tgt_scsi_expects_data(tgt_scsi_of(task));
}

/* Asks again for what did not come (7.1.4.1); what an aborted task waited for will not come any more. */
static void recover_data(tgt_conn *conn)
{
    for (tgt_list *at = conn->tasks.next, *next; at != &conn->tasks; at = next) {
        tgt_task *task = TGT_OF(at, tgt_task, in_conn);
        next = at->next;
        if (!waits_for_data(task) || !tgt_scsi_of(task)->history ||
            tgt_scsi_of(task)->waits_since + TGT_RECOVERY_TIMEOUT > conn->target->now)
            continue;
        if (task->draining)
            tgt_task_finish(task);
        else
            tgt_recover_timeout(tgt_scsi_of(task));
    }
    tgt_tmf_progress(conn->session);
}

/* At ErrorRecoveryLevel 0, and when asking again does not help, data that does not come ends the connection
 * (7.6, 7.1.4.1). */
void tgt_conn_data_timer(tgt_conn *conn)
{
    rig_target *target = conn->target;
    uint64_t oldest = RIG_NEVER;
    if (conn->retention && conn->closing == TGT_OPEN)
        recover_data(conn);
    for (tgt_list *at = conn->tasks.next; at != &conn->tasks; at = at->next) {
        tgt_task *task = TGT_OF(at, tgt_task, in_conn);
        if (waits_for_data(task) && tgt_scsi_of(task)->waits_since < oldest)
            oldest = tgt_scsi_of(task)->waits_since;
    }
    if (oldest == RIG_NEVER)
        return;
    if (oldest + data_timeout(conn) <= target->now)
        tgt_conn_end(conn, TGT_TRANSPORT_LOST, false, RIG_E_TIMEOUT, "the data of a write did not come");
    else
        rig_timerq_arm(&target->timers, &conn->data_timer, oldest + data_timeout(conn));
}
