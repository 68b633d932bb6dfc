/* The service itself: its calls from request to answer, its events, its time. */
#include "internal.h"

static svc_handler *const handlers[RIG_CALLS] = {
    [RIG_CALL_ADD_SEND_TARGETS_PORTAL] = svc_add_portal,
    [RIG_CALL_REMOVE_SEND_TARGETS_PORTAL] = svc_remove_portal,
    [RIG_CALL_REFRESH_SEND_TARGETS_PORTAL] = svc_refresh_portal,
    [RIG_CALL_REPORT_SEND_TARGETS_PORTALS] = svc_report_portals,
    [RIG_CALL_ADD_STATIC_TARGET] = svc_add_static,
    [RIG_CALL_REMOVE_STATIC_TARGET] = svc_remove_static,
    [RIG_CALL_REPORT_TARGETS] = svc_report_targets,
    [RIG_CALL_REPORT_TARGET_PORTALS] = svc_report_target_portals,
    [RIG_CALL_REPORT_TARGET_INSTANCES] = svc_report_instances,
    [RIG_CALL_ADD_ISNS_SERVER] = svc_add_isns,
    [RIG_CALL_REMOVE_ISNS_SERVER] = svc_remove_isns,
    [RIG_CALL_REFRESH_ISNS_SERVER] = svc_refresh_isns,
    [RIG_CALL_REPORT_ISNS_SERVERS] = svc_report_isns,
    [RIG_CALL_LOGIN] = svc_login,
    [RIG_CALL_LOGOUT] = svc_logout,
    [RIG_CALL_ADD_CONNECTION] = svc_add_connection,
    [RIG_CALL_REMOVE_CONNECTION] = svc_remove_connection,
    [RIG_CALL_REPORT_SESSIONS] = svc_report_sessions,
    [RIG_CALL_REPORT_DEVICES] = svc_report_devices,
    [RIG_CALL_REPORT_MAPPINGS] = svc_report_mappings,
    [RIG_CALL_SEND_INQUIRY] = svc_send_inquiry,
    [RIG_CALL_SEND_READ_CAPACITY] = svc_send_capacity,
    [RIG_CALL_SEND_REPORT_LUNS] = svc_send_luns,
    [RIG_CALL_PING] = svc_ping,
    [RIG_CALL_REPORT_LOGINS] = svc_report_logins,
    [RIG_CALL_REMOVE_LOGIN] = svc_remove_login,
    [RIG_CALL_BIND_DEVICES] = svc_bind_devices,
    [RIG_CALL_ADD_DEVICE] = svc_add_device,
    [RIG_CALL_REMOVE_DEVICE] = svc_remove_device,
    [RIG_CALL_CLEAR_DEVICES] = svc_clear_devices,
    [RIG_CALL_REPORT_BOUND_DEVICES] = svc_report_bound,
    [RIG_CALL_REPORT_INITIATORS] = svc_report_initiators,
    [RIG_CALL_GET_NODE_NAME] = svc_get_node_name,
    [RIG_CALL_SET_NODE_NAME] = svc_set_node_name,
    [RIG_CALL_SET_CHAP_SECRET] = svc_set_chap_secret,
    [RIG_CALL_SET_RADIUS_SECRET] = svc_set_radius_secret,
    [RIG_CALL_ADD_RADIUS_SERVER] = svc_add_radius,
    [RIG_CALL_REMOVE_RADIUS_SERVER] = svc_remove_radius,
    [RIG_CALL_REPORT_RADIUS_SERVERS] = svc_report_radius,
    [RIG_CALL_SET_GROUP_KEY] = svc_set_group_key,
    [RIG_CALL_SET_IKE_INFO] = svc_set_ike,
    [RIG_CALL_GET_IKE_INFO] = svc_get_ike,
    [RIG_CALL_SET_TUNNEL_ADDRESS] = svc_set_tunnel,
    [RIG_CALL_GET_VERSION] = svc_get_version,
    [RIG_CALL_GET_SERVICE_INFO] = svc_get_info,
};

/* Calls that wait for a target or a server. The others are answered however many wait. */
static const bool waits[RIG_CALLS] = {
    [RIG_CALL_ADD_SEND_TARGETS_PORTAL] = true,
    [RIG_CALL_REFRESH_SEND_TARGETS_PORTAL] = true,
    [RIG_CALL_REPORT_TARGETS] = true,
    [RIG_CALL_ADD_ISNS_SERVER] = true,
    [RIG_CALL_REFRESH_ISNS_SERVER] = true,
    [RIG_CALL_LOGIN] = true,
    [RIG_CALL_ADD_CONNECTION] = true,
    [RIG_CALL_SEND_INQUIRY] = true,
    [RIG_CALL_SEND_READ_CAPACITY] = true,
    [RIG_CALL_SEND_REPORT_LUNS] = true,
    [RIG_CALL_PING] = true,
};

void rig_service_settings_init(rig_service_settings *settings)
{
    *settings = (rig_service_settings){.login_attempts = 5,
                                       .login_pause = 2 * RIG_SECOND,
                                       .network_attempts = 10,
                                       .network_pause = RIG_SECOND,
                                       .device_wait = 60 * RIG_SECOND,
                                       .boot_parallel = 32,
                                       .scsi_timeout = 30 * RIG_SECOND,
                                       .reconnect_pause = 5 * RIG_SECOND,
                                       .device_hold = 60 * RIG_SECOND,
                                       .radius_wait = 4 * RIG_SECOND,
                                       .host_name = "host"};
}

void svc_tell(rig_service *service, const rig_service_event *event)
{
    if (service->config.event)
        service->config.event(service->config.ctx, event);
}

/* ---- calls ---- */

static void call_delete(svc_call *call)
{
    const rig_alloc *alloc = call->service->config.alloc;
    const rig_shape *request = rig_shape_of(call->row->request), *reply = rig_shape_of(call->row->reply);
    if (call->request)
        rig_record_clear(alloc, request, call->request);
    rig_delete(alloc, call->request, call->request ? request->size : 0);
    if (call->reply)
        rig_record_clear(alloc, reply, call->reply);
    rig_delete(alloc, call->reply, call->reply ? reply->size : 0);
    rig_delete(alloc, call, sizeof *call);
}

static void call_link(rig_service *service, svc_call *call)
{
    call->next = service->calls;
    if (call->next)
        call->next->prev = call;
    service->calls = call;
    service->num_calls++;
}

static void call_unlink(svc_call *call)
{
    rig_service *service = call->service;
    if (call->prev)
        call->prev->next = call->next;
    else
        service->calls = call->next;
    if (call->next)
        call->next->prev = call->prev;
    service->num_calls--;
}

static bool has_reply(rig_code code)
{
    return code == RIG_CODE_SUCCESS || code == RIG_CODE_SCSI_REQUEST_FAILED || rig_code_is_warning(code);
}

void svc_answer(svc_call *call, rig_code code, uint64_t now)
{
    call_unlink(call);
    if (call->done)
        call->done(call->ctx, code, has_reply(code) ? call->reply : NULL,
                   call->error.status ? &call->error : NULL, now);
    call_delete(call);
}

static svc_call *call_new(rig_service *service, rig_call_id id, const void *request)
{
    const rig_alloc *alloc = service->config.alloc;
    svc_call *call = rig_new(alloc, sizeof *call);
    if (!call)
        return NULL;
    call->service = service;
    call->row = rig_call_of(id);
    const rig_shape *shape = rig_shape_of(call->row->request);
    call->request = rig_new(alloc, shape->size);
    call->reply = rig_new(alloc, rig_shape_of(call->row->reply)->size);
    if (call->request && call->reply && rig_record_copy(alloc, shape, request, call->request) == RIG_OK)
        return call;
    call_delete(call);
    return NULL;
}

static bool is_of_store(rig_code code)
{
    return code == RIG_CODE_COULD_NOT_SAVE_PERSISTENT_LOGIN_DATA ||
           code == RIG_CODE_COULD_NOT_REMOVE_PERSISTENT_LOGIN_DATA;
}

void rig_service_call(rig_service *service, rig_call_id id, const void *request, uint64_t now,
                      rig_reply_fn *done, void *ctx)
{
    bool full = waits[id] && service->num_calls >= RIG_SERVICE_CALLS_MAX;
    svc_call *call = full ? NULL : call_new(service, id, request);
    if (!call) {
        done(ctx, full ? RIG_CODE_OUT_OF_RESOURCES : RIG_CODE_WIN32_NOT_ENOUGH_MEMORY, NULL, NULL, now);
        return;
    }
    call->done = done;
    call->ctx = ctx;
    call->now = now;
    call_link(service, call);
    rig_code code = handlers[id](service, call);
    if (is_of_store(code) && !call->error.status)
        call->error = service->store_error;
    if (code != SVC_PENDING)
        svc_answer(call, code, now);
}

void rig_service_cancel(rig_service *service, const void *ctx)
{
    for (svc_call *call = service->calls; call; call = call->next)
        if (call->ctx == ctx)
            call->done = NULL;
}

/* ---- from beginning to end ---- */

rig_status rig_service_new(const rig_service_config *config, rig_service **out_service, rig_error *err)
{
    rig_service *service = rig_new(config->alloc, sizeof *service);
    if (!service)
        return rig_fail(err, RIG_E_NOMEM, "no memory for a service");
    service->config = *config;
    service->next_session = 1;
    rig_status status = svc_sessions_init(service);
    if (!status)
        status = svc_devices_init(service);
    if (status)
        rig_fail(err, status, "no memory for a service");
    if (!status)
        status = svc_tables_load(service, err);
    if (!status)
        status = svc_targets_load(service, err);
    if (!status)
        status = svc_identity_load(service, err);
    if (status) {
        rig_service_free(service);
        return status;
    }
    *out_service = service;
    return RIG_OK;
}

void rig_service_free(rig_service *service)
{
    if (!service)
        return;
    service->config.event = NULL;
    service->closing = true;
    svc_boot_free(service);
    svc_discovery_free(service);
    svc_isns_free(service);
    svc_told_free(service);
    svc_radius_free(service);
    while (service->sessions)
        svc_session_end(service->sessions, 0);
    while (service->calls)
        svc_answer(service->calls, RIG_CODE_SERVICE_NOT_RUNNING, 0);
    svc_protection_free(service);
    svc_sessions_cleanup(service);
    svc_devices_cleanup(service);
    svc_targets_free(service);
    svc_tables_free(service);
    rig_record_clear(service->config.alloc, RIG_SHAPE(labels), &service->held);
    rig_delete(service->config.alloc, service, sizeof *service);
}

void rig_service_engine_event(rig_service *service, const rig_event *event)
{
    svc_session *session = svc_session_of(service, event->session);
    if (service->asked && (event->kind == RIG_EVENT_SESSION_UP || event->kind == RIG_EVENT_TRANSITION))
        svc_protection_settle(service, event->session);
    if (session)
        svc_session_event(session, event);
    else
        svc_discovery_event(service, event);
}

rig_session *rig_service_session(const rig_service *service, const rig_unique_id *id)
{
    const svc_session *session = svc_session_find(service, id);
    return session ? session->engine : NULL;
}

bool rig_service_owns(const rig_service *service, const rig_session *engine)
{
    const svc_session *session = service ? svc_session_of(service, engine) : NULL;
    return session && session->kept;
}

uint64_t rig_service_next_deadline(const rig_service *service)
{
    return rig_timerq_next(&service->timers);
}

void rig_service_tick(rig_service *service, uint64_t now)
{
    static void (*const due[])(rig_service *, rig_timer *,
                               uint64_t) = {[SVC_TIMER_BOOT] = svc_boot_timer,
                                            [SVC_TIMER_ISNS] = svc_isns_timer,
                                            [SVC_TIMER_PASS] = svc_pass_timer,
                                            [SVC_TIMER_DEVICES] = svc_devices_timer,
                                            [SVC_TIMER_RADIUS] = svc_radius_timer};
    rig_timer *timer;
    while ((timer = rig_timerq_pop(&service->timers, now)) != NULL)
        due[timer->kind](service, timer, now);
}
