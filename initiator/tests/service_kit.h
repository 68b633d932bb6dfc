/* A service over a store in memory and adapters on a bench: what it is asked, what it answers and tells. */
#ifndef TESTS_SERVICE_KIT_H
#define TESTS_SERVICE_KIT_H

#include "bench.h"
#include "service/internal.h"

#define KIT_EVENTS 64
#define KIT_REPLY 4096 /* bytes of the largest record */

typedef struct kit_event {
    rig_service_event_kind kind;
    char target[RIG_INAME_TEXT]; /* of the login, "" without one */
    rig_code code;
    uint64_t at;
} kit_event;

typedef struct kit {
    bench *w;
    rig_store *store;
    rig_hba hba;
    rig_service_settings settings;
    const rig_radius *radius; /* NULL: there is none */
    rig_service *service;
    kit_event events[KIT_EVENTS];
    uint32_t num_events;
    rig_store_ops broken; /* of a store that commits nothing */
    const rig_store_ops *whole;
    rig_code code; /* of the last answer … */
    uint32_t answers;
    rig_call_id call;
    union {
        uint8_t bytes[KIT_REPLY];
        rig_label label;
        rig_labels labels;
        rig_logins logins;
        rig_version version;
        rig_service_info info;
    } reply; /* … and its record */
} kit;

/* The steps of security decisions stand between the others, and have tests of their own. */
static inline void kit_event_of(void *ctx, const rig_service_event *event)
{
    kit *k = ctx;
    if (event->kind == RIG_SERVICE_SECURITY)
        return;
    kit_event *out = &k->events[k->num_events++ % KIT_EVENTS];
    *out = (kit_event){.kind = event->kind, .code = event->code, .at = event->now};
    if (event->login)
        memcpy(out->target, event->login->target, sizeof out->target);
}

static inline void kit_engine_event(bench *w, const rig_event *event)
{
    kit *k = w->user;
    if (k->service)
        rig_service_engine_event(k->service, event);
}

static inline rig_adapter *kit_adapter(kit *k, const char *name)
{
    rig_adapter *adapter = &k->hba.adapters[k->hba.num_adapters++];
    *adapter = (rig_adapter){.name = name, .initiator = k->w->initiator};
    return adapter;
}

static inline void kit_start(kit *k)
{
    rig_error err = {0};
    const rig_service_config config = {.alloc = &k->w->meter.alloc,
                                       .draws = k->w->draws,
                                       .store = k->store,
                                       .hba = &k->hba,
                                       .session = k->w->config,
                                       .settings = k->settings,
                                       .radius = k->radius,
                                       .event = kit_event_of,
                                       .ctx = k};
    CU_ASSERT_EQUAL_FATAL(rig_service_new(&config, &k->service, &err), RIG_OK);
    k->num_events = 0;
}

/* A service with one adapter. */
static inline kit *kit_new(void)
{
    kit *k = calloc(1, sizeof *k);
    CU_ASSERT_PTR_NOT_NULL_FATAL(k);
    k->w = bench_new();
    k->w->on_event = kit_engine_event;
    k->w->user = k;
    rig_service_settings_init(&k->settings);
    CU_ASSERT_EQUAL_FATAL(rig_store_memory_new(&k->w->meter.alloc, &k->store), RIG_OK);
    k->whole = k->store->ops;
    kit_adapter(k, "host");
    return k;
}

static inline void kit_stop(kit *k)
{
    rig_service_free(k->service);
    k->service = NULL;
}

static inline void kit_restart(kit *k)
{
    kit_stop(k);
    kit_start(k);
}

static inline void kit_free(kit *k)
{
    kit_stop(k);
    k->store->ops = k->whole;
    rig_store_free(k->store);
    bench_free(k->w);
    free(k);
}

/* ---- a store that fails ---- */

static inline rig_status kit_no_commit(rig_store *store, rig_error *err)
{
    store->ops->rollback(store);
    return rig_fail(err, RIG_E_IO, "the disk is full");
}

static inline void kit_break_store(kit *k)
{
    k->broken = *k->whole;
    k->broken.commit = kit_no_commit;
    k->store->ops = &k->broken;
}

/* ---- calls ---- */

static inline void kit_answered(void *ctx, rig_code code, const void *reply, const rig_error *why,
                                uint64_t now)
{
    kit *k = ctx;
    const rig_shape *shape = rig_shape_of(rig_call_of(k->call)->reply);
    (void)why;
    (void)now;
    k->code = code;
    k->answers++;
    CU_ASSERT_FATAL(shape->size <= KIT_REPLY);
    if (reply)
        CU_ASSERT_EQUAL_FATAL(rig_record_copy(rig_alloc_libc(), shape, reply, &k->reply), RIG_OK);
}

/* Forgets the record of the last answer. */
static inline void kit_forget(kit *k)
{
    rig_record_clear(rig_alloc_libc(), rig_shape_of(rig_call_of(k->call)->reply), &k->reply);
}

/* A call that is answered at once; the record of its answer is in k->reply until kit_forget. */
static inline rig_code kit_ask(kit *k, rig_call_id call, const void *request)
{
    const rig_nothing nothing = {0};
    k->call = call;
    k->answers = 0;
    memset(&k->reply, 0, sizeof k->reply);
    rig_service_call(k->service, call, request ? request : &nothing, k->w->now, kit_answered, k);
    CU_ASSERT_EQUAL(k->answers, 1);
    return k->code;
}

/* A call whose record does not matter. */
static inline rig_code kit_do(kit *k, rig_call_id call, const void *request)
{
    rig_code code = kit_ask(k, call, request);
    kit_forget(k);
    return code;
}

static inline rig_label kit_label(const char *text)
{
    rig_label label = {0};
    snprintf(label.text, sizeof label.text, "%s", text);
    return label;
}

static inline rig_secret kit_secret(size_t len)
{
    rig_secret secret = {.secret.len = (uint16_t)len};
    memset(secret.secret.bytes, 's', len);
    return secret;
}

static inline const rig_label *kit_labels(kit *k, rig_call_id call, uint32_t want)
{
    CU_ASSERT_EQUAL(kit_ask(k, call, NULL), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(k->reply.labels.labels.num, want);
    return k->reply.labels.labels.ptr;
}

static inline rig_code kit_login(kit *k, const char *target, const char *address)
{
    rig_login login = {.port = RIG_PORT_ANY,
                       .persistent = true,
                       .informational = true,
                       .has_portal = true,
                       .portal.socket = 3260};
    snprintf(login.target, sizeof login.target, "%s", target);
    snprintf(login.portal.address, sizeof login.portal.address, "%s", address);
    login.has_options = true;
    login.options.specified = RIG_LOGIN_HAS_PASSWORD;
    rig_octets_set(&login.options.password, rig_view_str("a good secret"));
    rig_octets_set(&login.key, rig_view_str("a key"));
    return svc_put(k->service, SVC_LOGINS, &login, true);
}

static inline uint32_t kit_count(const kit *k, rig_service_event_kind kind)
{
    uint32_t num = 0;
    for (uint32_t i = 0; i < k->num_events && i < KIT_EVENTS; i++)
        num += k->events[i].kind == kind;
    return num;
}

/* ---- time ---- */

static inline uint64_t kit_next(const kit *k)
{
    uint64_t engine = rig_initiator_next_deadline(k->w->initiator);
    uint64_t service = rig_service_next_deadline(k->service);
    return engine < service ? engine : service;
}

/* Goes on to that time, through every deadline of engine and service. */
static inline void kit_pass(kit *k, uint64_t time)
{
    uint64_t end = k->w->now + time;
    while (kit_next(k) <= end) {
        k->w->now = kit_next(k);
        rig_initiator_tick(k->w->initiator, k->w->now);
        rig_service_tick(k->service, k->w->now);
        bench_pump(k->w);
    }
    k->w->now = end;
}

/* ---- sessions as if they were there ---- */

static inline void kit_session(kit *k, svc_session *session, const char *target)
{
    session->service = k->service;
    session->route.adapter = &k->hba.adapters[0];
    snprintf(session->login.target, sizeof session->login.target, "%s", target);
    svc_session_link(session);
}

static inline void kit_device(svc_session *session, const char *path, const char *name)
{
    rig_device device = {0};
    snprintf(device.interface_name, sizeof device.interface_name, "%s", path);
    snprintf(device.legacy_name, sizeof device.legacy_name, "%s", name);
    CU_ASSERT(svc_device_enter(session, &device));
}

static inline void kit_sessions_end(kit *k)
{
    while (k->service->sessions) {
        svc_session *session = k->service->sessions;
        while (session->devices.num)
            svc_device_leave(session, 0);
        rig_record_clear(k->service->config.alloc, RIG_SHAPE(devices), &(rig_devices){session->devices});
        svc_session_unlink(session);
    }
}

#endif
