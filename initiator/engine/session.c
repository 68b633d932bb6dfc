/* A session: its configuration, its connections, its facts. */
#include "internal.h"

void rig_session_config_init(rig_session_config *config)
{
    *config = (rig_session_config){0};
    for (unsigned i = 0; i < RIG_KEYS; i++)
        config->offer[i] = (rig_key_value){.value = rig_key_rows[i].offer, .omit = !rig_key_rows[i].offered};
}

void eng_emit(rig_session *session, rig_event *event, rig_event_kind kind, uint64_t now)
{
    const rig_initiator_config *config = &session->initiator->config;
    if (session->doomed)
        return;
    event->kind = kind;
    event->session = session;
    event->now = now;
    if (config->event)
        config->event(config->ctx, event);
}

/* The one place where a session's state changes. */
bool eng_session_fire(rig_session *session, unsigned event, uint64_t now)
{
    const eng_move *move = eng_fsm_find(&eng_session_fsm, session->state, (uint8_t)event);
    if (!move)
        return false;
    char line[128];
    rig_text text;
    rig_text_init(&text, line, sizeof line);
    rig_text_add(&text, "session: %s --%s--> %s (%s)", eng_session_fsm.states[move->from],
                 eng_session_fsm.events[event], eng_session_fsm.states[move->to], move->name);
    session->state = move->to;
    rig_event told = {.text = rig_view_of(text.ptr, text.len)};
    eng_emit(session, &told, RIG_EVENT_TRANSITION, now);
    return true;
}

void eng_enter(rig_session *session)
{
    session->busy++;
}

static void session_delete(rig_session *session)
{
    const rig_alloc *alloc = eng_alloc(session);
    rig_delete(alloc, session->slots, session->num_slots * sizeof *session->slots);
    rig_delete(alloc, session->target, session->target ? strlen(session->target) + 1 : 0);
    rig_delete(alloc, session->name, session->name ? strlen(session->name) + 1 : 0);
    eng_auth_free(session);
    rig_delete(alloc, session->target_alias, session->target_alias ? session->target_alias_len + 1 : 0);
    rig_delete(alloc, session, sizeof *session);
}

void eng_leave(rig_session *session)
{
    if (--session->busy)
        return;
    if (session->sweep) {
        session->sweep = false;
        eng_conn_sweep(session);
    }
    if (session->doomed)
        session_delete(session);
    else if (session->released && !session->conns)
        rig_session_free(session);
}

eng_conn *eng_session_conn(const rig_session *session, uint16_t cid)
{
    eng_conn *conn = session->conns;
    while (conn && (conn->over || conn->cid != cid))
        conn = conn->next;
    return conn;
}

/* Any connection that is not over. */
eng_conn *eng_session_any(const rig_session *session)
{
    eng_conn *conn = session->conns;
    while (conn && conn->over)
        conn = conn->next;
    return conn;
}

void eng_session_wake(rig_session *session)
{
    for (eng_conn *conn = session->conns; conn; conn = conn->next)
        if (conn->state >= ENG_S5_LOGGED_IN)
            eng_conn_wake(conn);
}

/* False when whoever was told of it has taken the session down again. The nexus before is lost before there
 * is a new one. */
bool eng_session_up(eng_conn *conn, uint64_t now)
{
    rig_session *session = conn->session;
    rig_event event = {0};
    eng_nexus_lost(session, now);
    if (conn->over)
        return false;
    session->attempts = session->redirects = 0;
    session->recovering = session->has_wait = session->leaving = false;
    session->was_up = true;
    eng_session_fire(session, ENG_FIRST_LOGIN, now);
    if (session->state != ENG_Q3_LOGGED_IN)
        return false;
    session->nexus = session->told_up = true;
    eng_emit(session, &event, RIG_EVENT_SESSION_UP, now);
    return session->state == ENG_Q3_LOGGED_IN;
}

static rig_status check_target(const rig_session_config *config, rig_error *err)
{
    if (!config->discovery && config->target.len == 0)
        return rig_fail(err, RIG_E_ARGUMENT, "a normal session needs a target name");
    if (config->target.len > RIG_NAME_MAX)
        return rig_fail(err, RIG_E_LIMIT, "a target name has at most %d bytes", RIG_NAME_MAX);
    if (rig_view_find(config->target, 0) < config->target.len)
        return rig_fail(err, RIG_E_ARGUMENT, "a target name has no NUL");
    if (config->isid[0] >> 6 == 3)
        return rig_fail(err, RIG_E_ARGUMENT, "ISIDs of type 3 are reserved (section 11.12.5)");
    if (config->max_data_out && config->max_data_out < RIG_DATA_OUT_MIN)
        return rig_fail(err, RIG_E_ARGUMENT, "a Data-Out limit is at least %d bytes", RIG_DATA_OUT_MIN);
    return RIG_OK;
}

/* A name of ASCII is what discovery or an administrator has it to be, even one that no target should have: it
 * goes out as it is. In all others equal letters have one form only by stringprep (RFC 3722). */
static rig_status prepare_target(rig_session_config *config, char name[RIG_INAME_TEXT], rig_error *err)
{
    bool ascii = true;
    for (size_t i = 0; i < config->target.len; i++)
        ascii = ascii && config->target.ptr[i] < 0x80;
    if (ascii)
        return RIG_OK;
    rig_status status = rig_iname_prepare(config->target, name, err);
    config->target = status ? config->target : rig_view_str(name);
    return status;
}

static rig_session *session_of(rig_initiator *initiator, const rig_session_config *config)
{
    const rig_alloc *alloc = initiator->config.alloc;
    rig_session *session = rig_new(alloc, sizeof *session);
    if (!session)
        return NULL;
    session->initiator = initiator;
    session->config = *config;
    session->config.target = (rig_view){0};
    session->free_slot = UINT32_MAX;
    session->next_cid = 1;
    if (config->target.len)
        session->target = rig_copy_text(alloc, config->target.ptr, config->target.len);
    if (!eng_auth_copy(session) && (session->target || !config->target.len))
        return session;
    session_delete(session);
    return NULL;
}

rig_status rig_session_new(rig_initiator *initiator, const rig_session_config *config,
                           rig_session **out_session, rig_error *err)
{
    rig_session_config checked = *config;
    char name[RIG_INAME_TEXT];
    rig_status status = check_target(config, err);
    if (!status)
        status = prepare_target(&checked, name, err);
    if (!status)
        status = eng_offers_check(&checked, err);
    if (!status)
        status = eng_auth_check(initiator, &checked, err);
    if (status)
        return status;
    rig_session *session = session_of(initiator, &checked);
    if (!session)
        return rig_fail(err, RIG_E_NOMEM, "no memory for a session");
    eng_isid_take(session);
    session->cmd_sn = config->has_cmd_sn
                          ? config->cmd_sn
                          : (uint32_t)rig_draw(&initiator->config.draws, "cmdsn", initiator->num_cmd_sns++);
    for (unsigned i = 0; i < RIG_KEYS; i++)
        session->agreed[i].value = rig_key_rows[i].in_force;
    session->next = initiator->sessions;
    if (session->next)
        session->next->prev = session;
    initiator->sessions = session;
    *out_session = session;
    return RIG_OK;
}

void rig_session_free(rig_session *session)
{
    if (!session || session->doomed)
        return;
    rig_initiator *initiator = session->initiator;
    session->doomed = true;
    rig_timerq_disarm(&initiator->timers, &session->timer);
    if (session->next)
        session->next->prev = session->prev;
    if (session->prev)
        session->prev->next = session->next;
    else
        initiator->sessions = session->next;
    eng_isid_release(session);
    eng_enter(session);
    session->state = ENG_Q1_FREE;
    for (eng_conn *conn = session->conns; conn; conn = conn->next)
        eng_save_end(conn);
    for (eng_conn *conn = session->conns; conn; conn = conn->next)
        eng_conn_lose(conn, RIG_E_ABORTED, initiator->now);
    eng_tasks_abort(session, NULL, RIG_E_ABORTED, initiator->now);
    eng_leave(session);
}

void rig_session_release(rig_session *session)
{
    if (!session || session->doomed)
        return;
    session->released = true;
    eng_enter(session);
    eng_leave(session);
}

/* Who knows that the target is back need not wait for the next attempt. Time2Wait binds logouts and
 * reassignments, not this (13.15); what an Asynchronous Message or a Logout Response asked for binds
 * (11.9.1). */
static rig_status login_again(rig_session *session, uint64_t now)
{
    if (session->has_wait && now < session->not_before)
        return RIG_E_STATE;
    rig_timerq_disarm(&session->initiator->timers, &session->timer);
    eng_enter(session);
    eng_reconnect(session, now);
    eng_leave(session);
    return RIG_OK;
}

rig_status rig_session_login(rig_session *session, uint64_t now)
{
    if (!session->doomed && session->recovering && session->timer.armed)
        return login_again(session, now);
    if (session->doomed || session->state != ENG_Q1_FREE || eng_session_any(session) || session->timer.armed)
        return RIG_E_STATE;
    if (!session->config.take_over && eng_isid_busy(session))
        return RIG_E_EXISTS;
    session->attempts = session->redirects = 0;
    session->was_up = session->recovering = session->tried = session->leaving = false;
    session->tsih = 0;
    eng_enter(session);
    rig_status status = eng_first_login(session, now);
    eng_leave(session);
    return status;
}

rig_status rig_session_aim(rig_session *session, const rig_portal *portal, const rig_address *local)
{
    if (session->doomed || !eng_is_idle(session))
        return RIG_E_STATE;
    session->config.portal = *portal;
    session->config.local = *local;
    return RIG_OK;
}

rig_status rig_session_give_up(rig_session *session, uint64_t now)
{
    if (session->doomed || !session->timer.armed)
        return RIG_E_STATE;
    rig_timerq_disarm(&session->initiator->timers, &session->timer);
    session->recovering = false;
    eng_enter(session);
    if (session->state == ENG_Q4_FAILED)
        eng_session_fire(session, ENG_SESSION_EXPIRED, now);
    eng_nexus_over(session, now);
    eng_leave(session);
    return RIG_OK;
}

rig_status rig_session_add_connection(rig_session *session, const rig_portal *portal, uint64_t now)
{
    return rig_session_add_connection_from(session, &session->config.local, portal, now);
}

rig_status rig_session_add_connection_from(rig_session *session, const rig_address *local,
                                           const rig_portal *portal, uint64_t now)
{
    uint32_t num = 0;
    if (session->state != ENG_Q3_LOGGED_IN)
        return RIG_E_STATE;
    for (const eng_conn *c = session->conns; c; c = c->next)
        num += !c->over;
    if (num >= session->agreed[RIG_KEY_MAX_CONNECTIONS].value || num >= RIG_SESSION_CONNECTIONS_MAX)
        return RIG_E_LIMIT;
    session->redirects = 0;
    return eng_conn_from(session, local, portal, false, now);
}

void *rig_session_user(const rig_session *session)
{
    return session->config.user;
}

/* While a connection is being recovered requests wait for it. */
bool rig_session_is_up(const rig_session *session)
{
    return session->state == ENG_Q3_LOGGED_IN || (session->state == ENG_Q4_FAILED && eng_any_failed(session));
}

void rig_session_describe(const rig_session *session, rig_session_facts *out_facts)
{
    *out_facts = (rig_session_facts){
        .node = rig_view_str(session->name ? session->name : session->initiator->name),
        .target = rig_view_str(session->target),
        .tsih = session->tsih,
        .portal_group = session->portal_group,
        .has_portal_group = session->has_portal_group,
        .target_alias = rig_view_of(session->target_alias, session->target_alias_len),
        .discovery = session->config.discovery,
        .alias = rig_view_str(session->initiator->alias),
        .method = session->method,
        .established = session->established,
        .cmd_sn = session->cmd_sn,
        .exp_cmd_sn = session->exp_cmd_sn,
        .max_cmd_sn = session->max_cmd_sn,
        .tasks = session->num_tasks,
        .login_result = session->last_status,
        .login_status = session->last_login_status,
        .waits = session->timer.armed,
    };
    memcpy(out_facts->isid, session->config.isid, 6);
    memcpy(out_facts->agreed, session->agreed, sizeof session->agreed);
    for (const eng_conn *conn = session->conns; conn; conn = conn->next)
        out_facts->connections += conn->state == ENG_S5_LOGGED_IN;
    if (session->method != RIG_AUTH_CHAP)
        return;
    out_facts->user = session->config.auth.user;
    out_facts->peer = rig_view_of(session->peer, session->peer_len);
}

static const rig_connection_phase phases[] = {
    [ENG_S1_FREE] = RIG_CONNECTION_OPENING,         [ENG_S2_XPT_WAIT] = RIG_CONNECTION_OPENING,
    [ENG_S4_IN_LOGIN] = RIG_CONNECTION_LOGIN,       [ENG_S5_LOGGED_IN] = RIG_CONNECTION_FULL,
    [ENG_S6_IN_LOGOUT] = RIG_CONNECTION_LOGOUT,     [ENG_S7_LOGOUT_REQUESTED] = RIG_CONNECTION_FULL,
    [ENG_S8_CLEANUP_WAIT] = RIG_CONNECTION_OPENING,
};

rig_status rig_session_connection(const rig_session *session, uint32_t index, rig_connection_facts *out_facts)
{
    const eng_conn *conn = session->conns;
    while (conn && (conn->over || index-- > 0))
        conn = conn->next;
    if (!conn)
        return RIG_E_NOT_FOUND;
    *out_facts = (rig_connection_facts){
        .cid = conn->cid,
        .leading = conn->leading,
        .phase = phases[conn->state],
        .state = eng_conn_fsm.states[conn->state],
        .portal = conn->portal,
        .local = conn->local,
        .remote = conn->remote,
        .max_recv = conn->framer.max_data,
        .max_send = conn->max_send,
        .header_digest = conn->txq.header_digest,
        .data_digest = conn->txq.data_digest,
        .exp_stat_sn = eng_ack_sn(conn),
        .counters = conn->counters,
    };
    return RIG_OK;
}

/* Connections that a callback opens meanwhile stand behind the last one and are spared. */
void rig_session_drop(rig_session *session, bool reset, uint64_t now)
{
    rig_status why = reset ? RIG_E_RESET : RIG_E_ABORTED;
    eng_conn *last = session->conns;
    while (last && last->next)
        last = last->next;
    eng_enter(session);
    session->gives_up = true;
    for (eng_conn *conn = session->conns; conn; conn = conn == last ? NULL : conn->next)
        eng_conn_fail(conn, why, now);
    if (session->state == ENG_Q4_FAILED && eng_any_failed(session))
        eng_recover(session, why, now);
    session->gives_up = false;
    eng_leave(session);
}
