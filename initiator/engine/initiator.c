/* The initiator node: its name, its sessions, the one queue of deadlines. */
#include "internal.h"

#define OWNER(timer, type, member) ((type *)(void *)((char *)(uintptr_t)(timer)-offsetof(type, member)))

rig_status rig_initiator_new(const rig_initiator_config *config, rig_initiator **out_initiator,
                             rig_error *err)
{
    if (config->read_ahead.iov_len < RIG_READ_AHEAD_MIN)
        return rig_fail(err, RIG_E_ARGUMENT, "the read-ahead area needs at least %d bytes",
                        RIG_READ_AHEAD_MIN);
    char name[RIG_INAME_TEXT];
    rig_status status = rig_iname_prepare(config->name, name, err);
    if (!status)
        status = rig_iname_check(rig_view_str(name), NULL, err);
    if (status)
        return status;
    if (config->alias.len > RIG_VALUE_MAX || rig_view_find(config->alias, 0) < config->alias.len)
        return rig_fail(err, RIG_E_ARGUMENT, "an alias has at most %d bytes and no NUL (section 13.7)",
                        RIG_VALUE_MAX);
    rig_initiator *initiator = rig_new(config->alloc, sizeof *initiator);
    if (!initiator)
        return rig_fail(err, RIG_E_NOMEM, "no memory for an initiator");
    initiator->config = *config;
    initiator->name = rig_copy_text(config->alloc, name, strlen(name));
    if (config->alias.len)
        initiator->alias = rig_copy_text(config->alloc, config->alias.ptr, config->alias.len);
    if (!initiator->name || (config->alias.len && !initiator->alias) ||
        rig_map_init(&initiator->ports, config->alloc) || rig_map_init(&initiator->leaders, config->alloc)) {
        rig_initiator_free(initiator);
        return rig_fail(err, RIG_E_NOMEM, "no memory for an initiator");
    }
    *out_initiator = initiator;
    return RIG_OK;
}

/* An initiator port is its node's name and an ISID (RFC 7143 section 4.4.3): a session that logs in again
 * under another name would be another nexus, and reinstate nothing. */
static rig_status keep_old_name(rig_initiator *initiator)
{
    for (rig_session *session = initiator->sessions; session; session = session->next) {
        if (!session->name)
            session->name = rig_copy_text(initiator->config.alloc, initiator->name, strlen(initiator->name));
        if (!session->name)
            return RIG_E_NOMEM;
    }
    return RIG_OK;
}

rig_status rig_initiator_rename(rig_initiator *initiator, rig_view wanted, rig_error *err)
{
    const rig_alloc *alloc = initiator->config.alloc;
    char name[RIG_INAME_TEXT];
    rig_status status = rig_iname_prepare(wanted, name, err);
    if (!status)
        status = rig_iname_check(rig_view_str(name), NULL, err);
    if (status || strcmp(name, initiator->name) == 0)
        return status;
    char *copy = rig_copy_text(alloc, name, strlen(name));
    if (!copy || keep_old_name(initiator) != RIG_OK) {
        rig_delete(alloc, copy, copy ? strlen(copy) + 1 : 0);
        return rig_fail(err, RIG_E_NOMEM, "no memory for a name");
    }
    rig_delete(alloc, initiator->name, strlen(initiator->name) + 1);
    initiator->name = copy;
    return RIG_OK;
}

void rig_initiator_free(rig_initiator *initiator)
{
    if (!initiator)
        return;
    const rig_alloc *alloc = initiator->config.alloc;
    while (initiator->sessions)
        rig_session_free(initiator->sessions);
    rig_map_cleanup(&initiator->ports);
    rig_map_cleanup(&initiator->leaders);
    rig_delete(alloc, initiator->name, initiator->name ? strlen(initiator->name) + 1 : 0);
    rig_delete(alloc, initiator->alias, initiator->alias ? strlen(initiator->alias) + 1 : 0);
    rig_delete(alloc, initiator, sizeof *initiator);
}

uint64_t rig_initiator_next_deadline(const rig_initiator *initiator)
{
    return rig_timerq_next(&initiator->timers);
}

static rig_session *session_of(const rig_timer *timer)
{
    switch ((eng_timer_kind)timer->kind) {
    case ENG_TIMER_RECONNECT:
        return OWNER(timer, rig_session, timer);
    case ENG_TIMER_TASK:
        return OWNER(timer, rig_task, engine.timer)->engine.session;
    case ENG_TIMER_NOP:
        return OWNER(timer, eng_conn, nop_timer)->session;
    case ENG_TIMER_RECOVERY:
        return OWNER(timer, eng_conn, recovery_timer)->session;
    case ENG_TIMER_LOGIN:
    case ENG_TIMER_CLOSE:
    case ENG_TIMER_SAVE:
        break;
    }
    return OWNER(timer, eng_conn, timer)->session;
}

static void expire(rig_timer *timer, uint64_t now)
{
    switch ((eng_timer_kind)timer->kind) {
    case ENG_TIMER_LOGIN:
    case ENG_TIMER_CLOSE:
    case ENG_TIMER_SAVE:
        eng_conn_timer(OWNER(timer, eng_conn, timer), now);
        break;
    case ENG_TIMER_RECONNECT:
        eng_reconnect(OWNER(timer, rig_session, timer), now);
        break;
    case ENG_TIMER_TASK:
        eng_task_timeout(OWNER(timer, rig_task, engine.timer), now);
        break;
    case ENG_TIMER_NOP:
        eng_nop_due(OWNER(timer, eng_conn, nop_timer), now);
        break;
    case ENG_TIMER_RECOVERY:
        eng_recovery_due(OWNER(timer, eng_conn, recovery_timer), now);
        break;
    }
}

void rig_initiator_tick(rig_initiator *initiator, uint64_t now)
{
    rig_timer *timer;
    initiator->now = now;
    while ((timer = rig_timerq_pop(&initiator->timers, now)) != NULL) {
        rig_session *session = session_of(timer);
        eng_enter(session);
        expire(timer, now);
        eng_leave(session);
    }
}
