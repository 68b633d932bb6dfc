/* One connection as the user of a stream: input through the framer, output through the queue, its end. */
#include "internal.h"

#define CLOSE_TIMEOUT (2 * RIG_SECOND) /* for the peer's FIN after ours */

static int conn_space(void *ctx, struct iovec *iov, int max)
{
    eng_conn *conn = ctx;
    if (max < RIG_SPACE_IOV || (!conn->over && conn->num_pings >= ENG_NOP_ANSWERS_MAX))
        return 0; /* what the target asks for cannot outgrow what it takes */
    if (!conn->over)
        return rig_framer_space(&conn->framer, conn->session->initiator->config.read_ahead, iov);
    iov[0] = conn->session->initiator->config.read_ahead;
    return 1;
}

static void conn_received(void *ctx, size_t len, uint64_t now)
{
    eng_conn *conn = ctx;
    rig_session *session = conn->session;
    if (conn->over)
        return;
    eng_enter(session);
    conn->heard = now;
    session->initiator->now = now;
    rig_status status =
        rig_framer_commit(&conn->framer, session->initiator->config.read_ahead, len, &conn->error);
    if (status)
        eng_conn_fail(conn, status, now);
    else
        eng_conn_wake(conn);
    eng_leave(session);
}

static int conn_output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    eng_conn *conn = ctx;
    rig_session *session = conn->session;
    eng_enter(session);
    session->initiator->now = now;
    if (!conn->over)
        eng_send(conn, now);
    int num = conn->stream ? rig_txq_iov(&conn->txq, iov, max, now, NULL) : 0;
    eng_leave(session);
    return num;
}

static void conn_sent(void *ctx, size_t len, uint64_t now)
{
    eng_conn *conn = ctx;
    rig_session *session = conn->session;
    eng_enter(session);
    session->initiator->now = now;
    rig_txq_sent(&conn->txq, len, eng_task_sent, conn);
    eng_leave(session);
}

static void stream_gone(eng_conn *conn, rig_status why, uint64_t now)
{
    conn->stream = NULL;
    conn->session->sweep = true;
    conn->by_target = conn->by_target || !conn->over;
    if (!eng_logout_closes(conn, now))
        eng_conn_fail(conn, why, now);
}

static void peer_closed(eng_conn *conn, uint64_t now)
{
    conn->by_target = conn->by_target || !conn->over;
    if (!eng_logout_closes(conn, now))
        eng_conn_fail(conn, RIG_E_CLOSED, now);
}

static void connected(eng_conn *conn, uint64_t now)
{
    if (conn->over)
        return;
    rig_ends(conn->stream, &conn->local, &conn->remote);
    if (!eng_conn_fire(conn, ENG_CONNECTED, now))
        return;
    rig_status status = eng_login_start(conn, now);
    if (status)
        eng_conn_fail(conn, status, now);
}

static void conn_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    eng_conn *conn = ctx;
    rig_session *session = conn->session;
    eng_enter(session);
    session->initiator->now = now;
    switch (event) {
    case RIG_STREAM_CONNECTED:
        connected(conn, now);
        break;
    case RIG_STREAM_PEER_CLOSED:
        peer_closed(conn, now);
        break;
    case RIG_STREAM_CLOSED:
        stream_gone(conn, RIG_E_CLOSED, now);
        break;
    case RIG_STREAM_FAILED:
        stream_gone(conn, why, now);
        break;
    }
    eng_leave(session);
}

static const rig_stream_user_ops stream_ops = {conn_space, conn_received, conn_output, conn_sent, conn_event};

static const rig_framer_ops framer_ops = {eng_header, eng_complete};

static uint16_t free_cid(rig_session *session)
{
    while (session->next_cid == 0 || eng_session_conn(session, session->next_cid) ||
           eng_session_failed(session, session->next_cid))
        session->next_cid++;
    return session->next_cid++;
}

static void conn_init(eng_conn *conn, rig_session *session, const rig_address *from, const rig_portal *portal,
                      bool leading, uint16_t cid)
{
    const rig_framer_config framer = {.alloc = eng_alloc(session), .ops = &framer_ops, .ctx = conn};
    conn->session = session;
    conn->from = *from;
    conn->portal = *portal;
    conn->leading = leading;
    conn->cid = cid;
    conn->max_send = RIG_LOGIN_DATA_MAX;
    conn->free_r2t = conn->free_hole = ENG_R2T_NONE;
    conn->timer.kind = ENG_TIMER_LOGIN;
    conn->nop_timer.kind = ENG_TIMER_NOP;
    conn->recovery_timer.kind = ENG_TIMER_RECOVERY;
    rig_framer_init(&conn->framer, &framer);
    conn->framer.max_ahs = 0; /* a target never sends one (11.2.1.5) */
    rig_txq_init(&conn->txq, framer.alloc);
}

static void conn_delete(eng_conn *conn)
{
    const rig_alloc *alloc = eng_alloc(conn->session);
    rig_timerq_disarm(&conn->session->initiator->timers, &conn->timer);
    eng_login_free(conn);
    eng_text_free(conn->session, conn->text);
    eng_recovery_free(conn);
    rig_txq_cleanup(&conn->txq);
    rig_framer_cleanup(&conn->framer);
    rig_delete(alloc, conn->r2ts, conn->num_r2ts * sizeof *conn->r2ts);
    rig_delete(alloc, conn->pings, conn->ping_size * sizeof *conn->pings);
    rig_delete(alloc, conn, sizeof *conn);
}

/* Frees the connections that are over; only when no call on the stack uses one. */
void eng_conn_sweep(rig_session *session)
{
    eng_conn **place = &session->conns;
    while (*place) {
        eng_conn *conn = *place;
        if (!conn->over || conn->stream || eng_is_failed(conn)) {
            place = &conn->next;
            continue;
        }
        *place = conn->next;
        conn_delete(conn);
    }
}

static rig_status open_stream(eng_conn *conn, uint64_t now)
{
    rig_session *session = conn->session;
    rig_initiator *initiator = session->initiator;
    const rig_stream_user user = {&stream_ops, conn};
    const rig_address *local = &conn->from;
    if (local->ip.version == 0 && local->port == 0)
        local = NULL;
    rig_status status = rig_connect(initiator->config.transport, local, &conn->portal, &user, &conn->stream);
    uint64_t timeout = session->config.login_timeout ? session->config.login_timeout : ENG_LOGIN_TIMEOUT;
    if (!status)
        rig_timerq_arm(&initiator->timers, &conn->timer, eng_after(now, timeout));
    return status;
}

static rig_status open_conn(rig_session *session, const rig_address *from, const rig_portal *portal,
                            bool leading, uint16_t cid, uint64_t now)
{
    if (session->doomed)
        return RIG_E_STATE;
    eng_conn *conn = rig_new(eng_alloc(session), sizeof *conn);
    if (!conn)
        return RIG_E_NOMEM;
    conn_init(conn, session, from, portal, leading, cid);
    eng_conn **end = &session->conns;
    while (*end)
        end = &(*end)->next;
    *end = conn;
    eng_enter(session);
    rig_status status = RIG_OK;
    if (eng_conn_fire(conn, ENG_CONNECT, now))
        status = open_stream(conn, now);
    if (status) {
        conn->over = session->sweep = true;
        eng_count_login(conn, status, now);
        eng_conn_fire(conn, ENG_CONNECT_FAILED, now);
    }
    eng_leave(session);
    return status;
}

rig_status eng_conn_new(rig_session *session, const rig_portal *portal, bool leading, uint64_t now)
{
    return eng_conn_from(session, &session->config.local, portal, leading, now);
}

rig_status eng_conn_from(rig_session *session, const rig_address *local, const rig_portal *portal,
                         bool leading, uint64_t now)
{
    return open_conn(session, local, portal, leading, leading ? 0 : free_cid(session), now);
}

/* The same connection once more, as the session knows it by its CID (connection reinstatement, 6.3.4). */
rig_status eng_conn_again(rig_session *session, const eng_conn *failed, uint64_t now)
{
    const rig_portal portal = failed->portal;
    return open_conn(session, &failed->from, &portal, false, failed->cid, now);
}

/* The one place where a connection's state changes. False when the table has no such move, or when the
 * connection was ended by whoever was told of it. */
bool eng_conn_fire(eng_conn *conn, unsigned event, uint64_t now)
{
    bool was_over = conn->over;
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
    return was_over || !conn->over;
}

void eng_cleanup_fire(eng_conn *conn, unsigned event, uint64_t now)
{
    const eng_move *move = eng_fsm_find(&eng_cleanup_fsm, conn->cleanup, (uint8_t)event);
    if (!move)
        return;
    char line[128];
    rig_text text;
    rig_text_init(&text, line, sizeof line);
    rig_text_add(&text, "cleanup %u: %s --%s--> %s (%s)", conn->cid, eng_cleanup_fsm.states[move->from],
                 eng_cleanup_fsm.events[event], eng_cleanup_fsm.states[move->to], move->name);
    conn->cleanup = move->to;
    rig_event told = {.cid = conn->cid, .text = rig_view_of(text.ptr, text.len)};
    eng_emit(conn->session, &told, RIG_EVENT_TRANSITION, now);
}

void eng_conn_wake(eng_conn *conn)
{
    if (conn->stream && !conn->over)
        rig_wake(conn->stream);
}

rig_status eng_conn_error(eng_conn *conn, rig_status status, const rig_pdu *pdu, rig_field_id field,
                          const char *text)
{
    return rig_fail_at(&conn->error, status, pdu->offset, rig_fields[field].name, "%s: %s: %s",
                       rig_pdu_rows[rig_pdu_kind_of(pdu->bhs)].name, rig_fields[field].name, text);
}

/* FIN is possible while no caller's memory is on its way out: a reset is what gives that back at once. A
 * failure in full feature phase is told by a reset, an end one side asked for by a FIN. */
static bool ends_in_order(const eng_conn *conn, rig_status why)
{
    if (!conn->stream || conn->saves || conn->session->doomed || conn->state == ENG_S2_XPT_WAIT || conn->lent)
        return false;
    if (conn->state == ENG_S4_IN_LOGIN)
        return why != RIG_E_RESET && why != RIG_E_TIMEOUT;
    return why == RIG_OK || why == RIG_E_CLOSED || why == RIG_E_ABORTED;
}

static void cut_stream(eng_conn *conn)
{
    rig_stream *stream = conn->stream;
    conn->stream = NULL;
    conn->session->sweep = true;
    rig_timerq_disarm(&conn->session->initiator->timers, &conn->timer);
    if (stream)
        rig_close(stream, RIG_CLOSE_RESET);
}

static void close_stream(eng_conn *conn, uint64_t now)
{
    conn->timer.kind = ENG_TIMER_CLOSE;
    rig_timerq_arm(&conn->session->initiator->timers, &conn->timer, now + CLOSE_TIMEOUT);
    rig_close(conn->stream, RIG_CLOSE_FLUSH);
}

/* The one way a connection ends. Marked first: whatever a callback asks for now finds it over. */
void eng_conn_end(eng_conn *conn, unsigned event, rig_status why, uint64_t now)
{
    rig_session *session = conn->session;
    if (conn->over) {
        if (session->doomed)
            cut_stream(conn);
        return;
    }
    bool in_order = ends_in_order(conn, why);
    conn->over = session->sweep = true;
    rig_timerq_disarm(&session->initiator->timers, &conn->timer);
    rig_timerq_disarm(&session->initiator->timers, &conn->nop_timer);
    rig_timerq_disarm(&session->initiator->timers, &conn->recovery_timer);
    eng_conn_fire(conn, event, now);
    if (conn->state == ENG_S8_CLEANUP_WAIT)
        eng_cleanup_fire(conn, ENG_CLEANUP_BEGIN, now);
    if (in_order && conn->stream)
        close_stream(conn, now);
    else
        cut_stream(conn);
    rig_event told = {.cid = conn->cid, .status = why, .by_target = conn->by_target, .error = &conn->error};
    eng_emit(session, &told, RIG_EVENT_CLOSED, now);
    if (!conn->saves || session->doomed)
        eng_cleanup_fire(conn, ENG_CLEANUP_OVER, now);
}

/* Ends a connection as what its state makes of a loss. */
void eng_conn_lose(eng_conn *conn, rig_status why, uint64_t now)
{
    unsigned event = conn->state == ENG_S2_XPT_WAIT   ? ENG_CONNECT_FAILED
                     : conn->state == ENG_S4_IN_LOGIN ? ENG_LOGIN_FAILED
                                                      : ENG_CONN_FAILED;
    eng_conn_end(conn, event, why, now);
}

/* Its session is not up yet: the login fails, even where its last response has come. */
static bool is_logging_in(const eng_conn *conn)
{
    const rig_session *session = conn->session;
    bool up = session->state == ENG_Q3_LOGGED_IN || eng_any_failed(session) || session->falling;
    return conn->state < ENG_S5_LOGGED_IN || (conn->leading && !up);
}

void eng_conn_fail(eng_conn *conn, rig_status why, uint64_t now)
{
    if (conn->over)
        return;
    conn->error.status = why;
    if (is_logging_in(conn)) {
        eng_login_failed(conn, why, now);
        return;
    }
    eng_count_connection(conn->session, why);
    conn->saves = why != RIG_E_FORMAT && eng_can_save(conn); /* 7.7: the session goes with it */
    eng_conn_lose(conn, why, now);
    if (conn->saves)
        eng_save(conn, why, now);
    else
        eng_recover(conn->session, why, now);
    if (!conn->saves) /* where there is no session to go down they are left */
        eng_tasks_abort(conn->session, conn, why, now);
}

void eng_conn_timer(eng_conn *conn, uint64_t now)
{
    if (conn->timer.kind == ENG_TIMER_CLOSE) {
        cut_stream(conn);
        return;
    }
    if (conn->timer.kind == ENG_TIMER_SAVE) {
        eng_save_due(conn, now);
        return;
    }
    rig_fail(&conn->error, RIG_E_TIMEOUT, "no login within the time limit");
    eng_conn_fail(conn, RIG_E_TIMEOUT, now);
}
