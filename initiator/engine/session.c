/* A session: its configuration, its connections, its facts. */
#include "internal.h"

void rig_session_config_init(rig_session_config *config)
{
    *config = (rig_session_config){0};
    for (unsigned i = 0; i < RIG_KEYS; i++)
        config->offer[i].value = rig_key_rows[i].offer;
}

void eng_emit(rig_session *session, rig_event *event, rig_event_kind kind, uint64_t now)
{
    const rig_initiator_config *config = &session->initiator->config;
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

eng_conn *eng_session_conn(const rig_session *session, uint16_t cid)
{
    eng_conn *conn = session->conns;
    while (conn && (conn->announced || conn->cid != cid))
        conn = conn->next;
    return conn;
}

void eng_session_wake(rig_session *session)
{
    for (eng_conn *conn = session->conns; conn; conn = conn->next)
        if (conn->state >= ENG_S5_LOGGED_IN)
            eng_conn_wake(conn);
}

void eng_session_up(rig_session *session, uint64_t now)
{
    rig_event event = {0};
    eng_session_fire(session, ENG_FIRST_LOGIN, now);
    session->attempts = 0;
    if (session->recovering)
        eng_emit(session, &event, RIG_EVENT_NEXUS_LOSS, now);
    session->recovering = false;
    session->was_up = true;
    eng_emit(session, &event, RIG_EVENT_SESSION_UP, now);
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
    uint8_t any = 0;
    for (size_t i = 0; i < len; i++)
        any |= bytes[i];
    return any == 0;
}

static void make_isid(rig_session *session)
{
    rig_initiator *initiator = session->initiator;
    uint8_t *isid = session->config.isid;
    if (!is_zero(isid, 6))
        return;
    rig_draw_bytes(&initiator->config.draws, "isid", initiator->num_isids++, isid + 1, 5);
    isid[0] = 0x80; /* type 10b: random (section 11.12.5) */
}

rig_status rig_session_new(rig_initiator *initiator, const rig_session_config *config,
                           rig_session **out_session, rig_error *err)
{
    if (!config->discovery && config->target.len == 0)
        return rig_fail(err, RIG_E_ARGUMENT, "a normal session needs a target name");
    if (config->target.len > RIG_NAME_MAX)
        return rig_fail(err, RIG_E_LIMIT, "a target name has at most %d bytes", RIG_NAME_MAX);
    rig_session *session = rig_new(initiator->config.alloc, sizeof *session);
    if (!session)
        return rig_fail(err, RIG_E_NOMEM, "no memory for a session");
    session->initiator = initiator;
    session->config = *config;
    session->config.target = (rig_view){0};
    session->free_slot = UINT32_MAX;
    session->next_cid = 1;
    if (config->target.len)
        session->target = rig_copy_text(initiator->config.alloc, config->target.ptr, config->target.len);
    if (config->target.len && !session->target) {
        rig_delete(initiator->config.alloc, session, sizeof *session);
        return rig_fail(err, RIG_E_NOMEM, "no memory for a session");
    }
    make_isid(session);
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

static void reset_all(rig_session *session)
{
    uint64_t now = session->initiator->now;
    for (eng_conn *conn = session->conns, *next; conn; conn = next) {
        next = conn->next;
        eng_conn_reset(conn, RIG_E_ABORTED, now);
        eng_conn_put(conn);
    }
}

void rig_session_free(rig_session *session)
{
    if (!session)
        return;
    rig_initiator *initiator = session->initiator;
    const rig_alloc *alloc = initiator->config.alloc;
    rig_timerq_disarm(&initiator->timers, &session->timer);
    session->state = ENG_Q1_FREE;
    reset_all(session);
    eng_tasks_abort(session, RIG_E_ABORTED, initiator->now);
    if (session->next)
        session->next->prev = session->prev;
    if (session->prev)
        session->prev->next = session->next;
    else
        initiator->sessions = session->next;
    rig_delete(alloc, session->slots, session->num_slots * sizeof *session->slots);
    rig_delete(alloc, session->target, session->target ? strlen(session->target) + 1 : 0);
    rig_delete(alloc, session->target_alias, session->target_alias ? session->target_alias_len + 1 : 0);
    rig_delete(alloc, session, sizeof *session);
}

rig_status rig_session_login(rig_session *session, uint64_t now)
{
    eng_conn *conn = NULL;
    if (session->state != ENG_Q1_FREE || eng_session_conn(session, 0) || session->timer.armed)
        return RIG_E_STATE;
    session->attempts = 0;
    session->tsih = 0;
    return eng_conn_new(session, &session->config.portal, true, now, &conn);
}

rig_status rig_session_add_connection(rig_session *session, const rig_portal *portal, uint64_t now)
{
    eng_conn *conn = NULL;
    uint32_t num = 0;
    if (session->state != ENG_Q3_LOGGED_IN)
        return RIG_E_STATE;
    for (const eng_conn *c = session->conns; c; c = c->next)
        num += !c->announced;
    if (num >= session->agreed[RIG_KEY_MAX_CONNECTIONS].value || num >= RIG_SESSION_CONNECTIONS_MAX)
        return RIG_E_LIMIT;
    return eng_conn_new(session, portal, false, now, &conn);
}

void *rig_session_user(const rig_session *session)
{
    return session->config.user;
}

bool rig_session_is_up(const rig_session *session)
{
    return session->state == ENG_Q3_LOGGED_IN;
}

void rig_session_describe(const rig_session *session, rig_session_facts *out_facts)
{
    *out_facts = (rig_session_facts){
        .target = rig_view_str(session->target),
        .tsih = session->tsih,
        .portal_group = session->portal_group,
        .has_portal_group = session->has_portal_group,
        .target_alias = rig_view_of(session->target_alias, session->target_alias_len),
        .cmd_sn = session->cmd_sn,
        .exp_cmd_sn = session->exp_cmd_sn,
        .max_cmd_sn = session->max_cmd_sn,
        .tasks = session->num_tasks,
    };
    memcpy(out_facts->isid, session->config.isid, 6);
    memcpy(out_facts->agreed, session->agreed, sizeof session->agreed);
    for (const eng_conn *conn = session->conns; conn; conn = conn->next)
        out_facts->connections += conn->state == ENG_S5_LOGGED_IN;
}

void rig_session_drop(rig_session *session, bool reset, uint64_t now)
{
    rig_status why = reset ? RIG_E_RESET : RIG_E_ABORTED;
    for (eng_conn *conn = session->conns; conn; conn = conn->next)
        if (!conn->announced) {
            eng_conn_fail(conn, why, now);
            return;
        }
}
