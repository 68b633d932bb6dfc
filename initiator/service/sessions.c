/* The sessions of the service: their list, what the engine tells of them, their end. */
#include "internal.h"

/* ---- the list ---- */

static uint64_t hash_of(const void *address)
{
    return rig_hash64(&address, sizeof address, 0); /* where it lies: no other use than to find it */
}

static uint64_t id_hash(const rig_unique_id *id)
{
    return rig_hash64(&id->adapter, sizeof id->adapter, id->specific);
}

rig_status svc_sessions_init(rig_service *service)
{
    rig_map *const maps[] = {&service->by_engine, &service->by_id, &service->by_target, &service->by_kept};
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
        if (rig_map_init(maps[i], service->config.alloc))
            return RIG_E_NOMEM;
    return RIG_OK;
}

void svc_sessions_cleanup(rig_service *service)
{
    rig_map_cleanup(&service->by_engine);
    rig_map_cleanup(&service->by_id);
    rig_map_cleanup(&service->by_target);
    rig_map_cleanup(&service->by_kept);
}

void svc_session_link(svc_session *session)
{
    rig_service *service = session->service;
    rig_map_add(&service->by_engine, &session->by_engine, hash_of(session->engine));
    rig_map_add(&service->by_id, &session->by_id, id_hash(&session->id));
    rig_map_add(&service->by_target, &session->by_target, rig_hash_text(session->login.target));
    if (session->kept)
        rig_map_add(&service->by_kept, &session->by_kept, hash_of(session->kept));
    session->prev = service->last_session;
    if (session->prev)
        session->prev->next = session;
    else
        service->sessions = session;
    service->last_session = session;
    service->num_sessions++;
    session->route.adapter->num_sessions++;
}

void svc_session_unlink(svc_session *session)
{
    rig_service *service = session->service;
    rig_map_remove(&service->by_engine, &session->by_engine);
    rig_map_remove(&service->by_id, &session->by_id);
    rig_map_remove(&service->by_target, &session->by_target);
    if (session->kept)
        rig_map_remove(&service->by_kept, &session->by_kept);
    if (session->prev)
        session->prev->next = session->next;
    else
        service->sessions = session->next;
    if (session->next)
        session->next->prev = session->prev;
    else
        service->last_session = session->prev;
    service->num_sessions--;
    session->route.adapter->num_sessions--;
}

svc_session *svc_session_of(const rig_service *service, const rig_session *engine)
{
    rig_map_link *link = rig_map_first(&service->by_engine, hash_of(engine));
    while (link && RIG_MAP_ITEM(link, svc_session, by_engine)->engine != engine)
        link = rig_map_next(link);
    return link ? RIG_MAP_ITEM(link, svc_session, by_engine) : NULL;
}

static bool has_id(const svc_session *session, const rig_unique_id *id)
{
    return session->id.adapter == id->adapter && session->id.specific == id->specific;
}

svc_session *svc_session_find(const rig_service *service, const rig_unique_id *id)
{
    rig_map_link *link = rig_map_first(&service->by_id, id_hash(id));
    while (link && !has_id(RIG_MAP_ITEM(link, svc_session, by_id), id))
        link = rig_map_next(link);
    return link ? RIG_MAP_ITEM(link, svc_session, by_id) : NULL;
}

svc_session *svc_session_with(const rig_service *service, const char *target, const svc_session *after)
{
    rig_map_link *link =
        after ? rig_map_next(&after->by_target) : rig_map_first(&service->by_target, rig_hash_text(target));
    while (link && strcmp(RIG_MAP_ITEM(link, svc_session, by_target)->login.target, target) != 0)
        link = rig_map_next(link);
    return link ? RIG_MAP_ITEM(link, svc_session, by_target) : NULL;
}

void svc_sessions_let_go(rig_service *service, const svc_row *row)
{
    rig_map_link *next = rig_map_first(&service->by_kept, hash_of(row));
    for (rig_map_link *link = next; link; link = next) {
        svc_session *session = RIG_MAP_ITEM(link, svc_session, by_kept);
        next = rig_map_next(link);
        if (session->kept != row)
            continue;
        rig_map_remove(&service->by_kept, link);
        session->kept = NULL;
    }
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
        svc_session_unlink(session);
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
