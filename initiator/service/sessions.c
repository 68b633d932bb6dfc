/* The sessions of the service: their list, what the engine tells of them, their end. */
#include "internal.h"

/* ---- the list ---- */

static svc_session **bucket_of(const rig_service *service, const rig_session *engine)
{
    uint64_t hash = rig_hash64(&engine, sizeof engine, 0); /* where it lies: no other use than to find it */
    return (svc_session **)(uintptr_t)&service->by_engine[hash % SVC_SESSION_BUCKETS];
}

void svc_session_link(svc_session *session)
{
    rig_service *service = session->service;
    svc_session **bucket = bucket_of(service, session->engine);
    session->same = *bucket;
    *bucket = session;
    session->prev = service->last_session;
    if (session->prev)
        session->prev->next = session;
    else
        service->sessions = session;
    service->last_session = session;
    service->num_sessions++;
}

static void unlink_session(svc_session *session)
{
    rig_service *service = session->service;
    svc_session **place = bucket_of(service, session->engine);
    while (*place != session)
        place = &(*place)->same;
    *place = session->same;
    if (session->prev)
        session->prev->next = session->next;
    else
        service->sessions = session->next;
    if (session->next)
        session->next->prev = session->prev;
    else
        service->last_session = session->prev;
    service->num_sessions--;
}

svc_session *svc_session_of(const rig_service *service, const rig_session *engine)
{
    svc_session *session = engine ? *bucket_of(service, engine) : NULL;
    while (session && session->engine != engine)
        session = session->same;
    return session;
}

svc_session *svc_session_find(const rig_service *service, const rig_unique_id *id)
{
    svc_session *session = service->sessions;
    while (session && (session->id.adapter != id->adapter || session->id.specific != id->specific))
        session = session->next;
    return session;
}

rig_code svc_session_use(const rig_service *service, const rig_unique_id *id, svc_session **out_session)
{
    svc_session *session = svc_session_find(service, id);
    if (!session || !session->up)
        return RIG_CODE_INVALID_SESSION_ID;
    *out_session = session;
    return session->leaving ? RIG_CODE_SESSION_BUSY : RIG_CODE_SUCCESS;
}

/* ---- the end ---- */

static void session_delete(svc_session *session)
{
    const rig_alloc *alloc = session->service->config.alloc;
    rig_devices devices = {session->devices};
    rig_record_clear(alloc, RIG_SHAPE(devices), &devices);
    rig_record_clear(alloc, RIG_SHAPE(target_mapping), &session->mapping);
    rig_record_clear(alloc, RIG_SHAPE(login), &session->login);
    rig_delete(alloc, session, sizeof *session);
}

/* What runs on it is told by the engine that it is over, while it is not in the list any more. */
void svc_session_end(svc_session *session, uint64_t now)
{
    rig_service *service = session->service;
    session->ending = true;
    rig_timerq_disarm(&service->timers, &session->hold_timer);
    svc_boot_ended(session, now);
    svc_devices_remove(session, now);
    if (session->engine)
        unlink_session(session);
    svc_connections_end(session, now);
    rig_session_free(session->engine);
    if (session->mapped)
        rig_lun_map_give(&session->route.adapter->map, session->mapping.os_bus, session->mapping.os_target);
    session_delete(session);
}

/* ---- what the engine tells ---- */

static void came_up(svc_session *session, const rig_event *event)
{
    svc_call *call = session->call;
    session->call = NULL;
    session->up = true;
    session->hop = 0;
    rig_record_hide(RIG_SHAPE(login), &session->login);
    rig_timerq_disarm(&session->service->timers, &session->hold_timer);
    svc_connections_sync(session);
    svc_devices_scan(session, event->now);
    if (call) {
        rig_login_ids *ids = call->reply;
        *ids = (rig_login_ids){session->id, svc_connection_id(session, 0)};
    }
    if (session->boot)
        svc_boot_event(session, event);
    if (call)
        svc_answer(call, RIG_CODE_SUCCESS, event->now);
}

static void went_down(svc_session *session, const rig_event *event)
{
    if (session->leaving)
        return; /* who logs it out is told by that */
    if (!event->again) {
        svc_session_end(session, event->now);
        return;
    }
    svc_devices_lost(session, event->now);
    svc_connections_event(session, event);
}

static void first_failed(svc_session *session, const rig_event *event)
{
    svc_call *call = session->call;
    if (svc_session_hop(session, event->status, event->login_status, event->now))
        return;
    if (!call) {
        svc_boot_event(session, event);
        return;
    }
    if (event->error)
        call->error = *event->error;
    session->call = NULL;
    svc_session_end(session, event->now);
    svc_answer(call, svc_login_code(event->status, event->login_status), event->now);
}

/* One that was up and does not come back is refused for good. */
static void login_failed(svc_session *session, const rig_event *event)
{
    if (event->again)
        return;
    if (session->up)
        svc_session_end(session, event->now);
    else
        first_failed(session, event);
}

void svc_session_event(svc_session *session, const rig_event *event)
{
    switch (event->kind) {
    case RIG_EVENT_SESSION_UP:
        came_up(session, event);
        break;
    case RIG_EVENT_SESSION_DOWN:
        went_down(session, event);
        break;
    case RIG_EVENT_LOGIN_FAILED:
        if (event->cid != 0)
            svc_connections_event(session, event);
        else
            login_failed(session, event);
        break;
    case RIG_EVENT_TRANSITION:
    case RIG_EVENT_CLOSED:
        svc_connections_event(session, event);
        break;
    case RIG_EVENT_ASYNC:
        svc_devices_event(session, event);
        break;
    case RIG_EVENT_NEXUS_LOSS:
    case RIG_EVENT_RECOVERED:
    case RIG_EVENT_NOP_IN:
    case RIG_EVENT_REJECT:
    case RIG_EVENT_IGNORED:
        break;
    }
}
