/* One connection as the user of a stream: input through the framer, output through the queue, its end. */
#include "internal.h"

#define CLOSE_TIMEOUT (2 * RIG_SECOND) /* for the peer's FIN after ours */

static int conn_space(void *ctx, struct iovec *iov, int max)
{
    eng_conn *conn = ctx;
    if (max < RIG_SPACE_IOV)
        return 0;
    if (!conn->announced)
        return rig_framer_space(&conn->framer, conn->session->initiator->config.read_ahead, iov);
    iov[0] = conn->session->initiator->config.read_ahead;
    return 1;
}

static void conn_received(void *ctx, size_t len, uint64_t now)
{
    eng_conn *conn = ctx;
    if (conn->announced)
        return;
    conn->busy++;
    conn->heard = now;
    conn->session->initiator->now = now;
    rig_status status =
        rig_framer_commit(&conn->framer, conn->session->initiator->config.read_ahead, len, &conn->error);
    if (status)
        eng_conn_fail(conn, status, now);
    else if (!conn->announced && conn->stream)
        rig_wake(conn->stream);
    conn->busy--;
    eng_conn_put(conn);
}

static int conn_output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    eng_conn *conn = ctx;
    if (!conn->announced)
        eng_send(conn, now);
    return rig_txq_iov(&conn->txq, iov, max, now, NULL);
}

static void conn_sent(void *ctx, size_t len, uint64_t now)
{
    eng_conn *conn = ctx;
    conn->busy++;
    conn->session->initiator->now = now;
    rig_txq_sent(&conn->txq, len, eng_task_sent, conn);
    conn->busy--;
    eng_conn_put(conn);
}

static void stream_gone(eng_conn *conn, rig_status why, uint64_t now)
{
    conn->stream = NULL;
    if (!conn->announced) {
        conn->by_target = true;
        eng_conn_fail(conn, why, now);
    }
}

static void conn_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    eng_conn *conn = ctx;
    conn->busy++;
    conn->session->initiator->now = now;
    switch (event) {
    case RIG_STREAM_CONNECTED:
        if (eng_conn_fire(conn, ENG_CONNECTED, now)) {
            rig_status status = eng_login_start(conn, now);
            if (status)
                eng_conn_fail(conn, status, now);
        }
        break;
    case RIG_STREAM_PEER_CLOSED:
        if (!conn->announced) {
            conn->by_target = true;
            eng_conn_fail(conn, RIG_E_CLOSED, now);
        }
        break;
    case RIG_STREAM_CLOSED:
        stream_gone(conn, RIG_E_CLOSED, now);
        break;
    case RIG_STREAM_FAILED:
        stream_gone(conn, why, now);
        break;
    }
    conn->busy--;
    eng_conn_put(conn);
}

static const rig_stream_user_ops stream_ops = {conn_space, conn_received, conn_output, conn_sent, conn_event};

static const rig_framer_ops framer_ops = {eng_header, eng_complete};

static uint16_t free_cid(rig_session *session)
{
    while (eng_session_conn(session, session->next_cid))
        session->next_cid++;
    return session->next_cid++;
}

static void conn_init(eng_conn *conn, rig_session *session, const rig_portal *portal, bool leading)
{
    const rig_framer_config framer = {.alloc = eng_alloc(session), .ops = &framer_ops, .ctx = conn};
    conn->session = session;
    conn->portal = *portal;
    conn->leading = leading;
    conn->cid = leading ? 0 : free_cid(session);
    conn->max_send = RIG_LOGIN_DATA_MAX;
    conn->free_r2t = ENG_R2T_NONE;
    conn->timer.kind = ENG_TIMER_LOGIN;
    conn->nop_timer.kind = ENG_TIMER_NOP;
    rig_framer_init(&conn->framer, &framer);
    rig_txq_init(&conn->txq, framer.alloc);
}

static void conn_unlink(eng_conn *conn)
{
    eng_conn **place = &conn->session->conns;
    while (*place && *place != conn)
        place = &(*place)->next;
    if (*place)
        *place = conn->next;
}

static void conn_delete(eng_conn *conn)
{
    const rig_alloc *alloc = eng_alloc(conn->session);
    conn_unlink(conn);
    rig_timerq_disarm(&conn->session->initiator->timers, &conn->timer);
    rig_timerq_disarm(&conn->session->initiator->timers, &conn->nop_timer);
    eng_login_free(conn);
    eng_text_free(conn);
    rig_txq_cleanup(&conn->txq);
    rig_framer_cleanup(&conn->framer);
    rig_delete(alloc, conn->r2ts, conn->num_r2ts * sizeof *conn->r2ts);
    rig_delete(alloc, conn->pings, conn->pings ? ENG_NOP_ANSWERS_MAX * sizeof *conn->pings : 0);
    rig_delete(alloc, conn, sizeof *conn);
}

/* Frees a connection that is over once no call on the stack uses it. */
void eng_conn_put(eng_conn *conn)
{
    if (conn->announced && !conn->stream && conn->busy == 0)
        conn_delete(conn);
}

rig_status eng_conn_new(rig_session *session, const rig_portal *portal, bool leading, uint64_t now,
                        eng_conn **out_conn)
{
    rig_initiator *initiator = session->initiator;
    eng_conn *conn = rig_new(eng_alloc(session), sizeof *conn);
    if (!conn)
        return RIG_E_NOMEM;
    conn_init(conn, session, portal, leading);
    eng_conn **end = &session->conns;
    while (*end)
        end = &(*end)->next;
    *end = conn;
    eng_conn_fire(conn, ENG_CONNECT, now);
    const rig_stream_user user = {&stream_ops, conn};
    const rig_address *local =
        session->config.local.ip.version || session->config.local.port ? &session->config.local : NULL;
    rig_status status = rig_connect(initiator->config.transport, local, portal, &user, &conn->stream);
    if (status) {
        eng_conn_fire(conn, ENG_CONNECT_FAILED, now);
        conn_delete(conn);
        return status;
    }
    uint64_t timeout = session->config.login_timeout ? session->config.login_timeout : ENG_LOGIN_TIMEOUT;
    rig_timerq_arm(&initiator->timers, &conn->timer, now + timeout);
    *out_conn = conn;
    return RIG_OK;
}

/* The one place where a connection's state changes. */
bool eng_conn_fire(eng_conn *conn, unsigned event, uint64_t now)
{
    const eng_move *move = eng_fsm_find(&eng_conn_fsm, conn->state, (uint8_t)event);
    if (!move) {
        rig_fail(&conn->error, RIG_E_PROTOCOL, "%s in state %s", eng_conn_fsm.events[event],
                 eng_conn_fsm.states[conn->state]);
        return false;
    }
    char line[128];
    rig_text text;
    rig_text_init(&text, line, sizeof line);
    rig_text_add(&text, "conn %u: %s --%s--> %s (%s)", conn->cid, eng_conn_fsm.states[move->from],
                 eng_conn_fsm.events[event], eng_conn_fsm.states[move->to], move->name);
    conn->state = move->to;
    rig_event told = {.cid = conn->cid, .text = rig_view_of(text.ptr, text.len)};
    eng_emit(conn->session, &told, RIG_EVENT_TRANSITION, now);
    return true;
}

static void cleanup_fire(eng_conn *conn, eng_cleanup_event event)
{
    const eng_move *move = eng_fsm_find(&eng_cleanup_fsm, conn->cleanup, (uint8_t)event);
    if (move)
        conn->cleanup = move->to;
}

void eng_conn_wake(eng_conn *conn)
{
    if (conn->stream && !conn->announced)
        rig_wake(conn->stream);
}

rig_status eng_conn_error(eng_conn *conn, rig_status status, const rig_pdu *pdu, rig_field_id field,
                          const char *text)
{
    return rig_fail_at(&conn->error, status, pdu->offset, rig_fields[field].name, "%s: %s: %s",
                       rig_pdu_rows[rig_pdu_kind_of(pdu->bhs)].name, rig_fields[field].name, text);
}

static void announce(eng_conn *conn, rig_status why, uint64_t now)
{
    conn->announced = true;
    rig_event event = {.cid = conn->cid, .status = why, .by_target = conn->by_target, .error = &conn->error};
    eng_emit(conn->session, &event, RIG_EVENT_CLOSED, now);
}

/* FIN after what is queued; used when no caller's memory can be in the queue. */
void eng_conn_close(eng_conn *conn, uint64_t now)
{
    rig_initiator *initiator = conn->session->initiator;
    announce(conn, RIG_OK, now);
    rig_timerq_disarm(&initiator->timers, &conn->nop_timer);
    if (!conn->stream)
        return;
    conn->timer.kind = ENG_TIMER_CLOSE;
    rig_timerq_arm(&initiator->timers, &conn->timer, now + CLOSE_TIMEOUT);
    rig_close(conn->stream, RIG_CLOSE_FLUSH);
}

static void cut_stream(eng_conn *conn)
{
    rig_stream *stream = conn->stream;
    conn->stream = NULL;
    rig_timerq_disarm(&conn->session->initiator->timers, &conn->timer);
    rig_timerq_disarm(&conn->session->initiator->timers, &conn->nop_timer);
    if (stream)
        rig_close(stream, RIG_CLOSE_RESET);
}

/* RST and forget: afterwards nothing refers to the callers' memory any more. */
void eng_conn_reset(eng_conn *conn, rig_status why, uint64_t now)
{
    if (conn->announced) {
        cut_stream(conn);
        return;
    }
    bool was_up = conn->state >= ENG_S5_LOGGED_IN;
    eng_conn_fire(conn,
                  was_up                           ? ENG_CONN_FAILED
                  : conn->state == ENG_S2_XPT_WAIT ? ENG_CONNECT_FAILED
                                                   : ENG_LOGIN_FAILED,
                  now);
    if (was_up)
        cleanup_fire(conn, ENG_CLEANUP_BEGIN);
    cut_stream(conn);
    announce(conn, why, now);
    cleanup_fire(conn, ENG_CLEANUP_OVER);
}

void eng_conn_fail(eng_conn *conn, rig_status why, uint64_t now)
{
    if (conn->announced)
        return;
    conn->busy++;
    conn->error.status = why;
    if (conn->state >= ENG_S5_LOGGED_IN) {
        eng_conn_reset(conn, why, now);
        eng_recover(conn->session, why, now);
    } else {
        eng_login_failed(conn, why, now);
    }
    conn->busy--;
    eng_conn_put(conn);
}

void eng_conn_timer(eng_conn *conn, uint64_t now)
{
    if (conn->timer.kind != ENG_TIMER_CLOSE) {
        rig_fail(&conn->error, RIG_E_TIMEOUT, "no login within the time limit");
        eng_conn_fail(conn, RIG_E_TIMEOUT, now);
        return;
    }
    cut_stream(conn);
    eng_conn_put(conn);
}
