/* Loop, adapters, store and socket put together, and time. */
#include "daemon_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define READ_AHEAD 65536
#define SOCKET_MODE 0666 /* who may connect is decided by user id, with a reason in the log */
#define DEFAULT_ADAPTER "Root\\ISCSIPRT\\0000_0"
#define FIRST_NODE_NAME "iqn.2026-01.io.github.iscsirig:host"

void daemon_log(const rig_daemon *daemon, const char *format, ...)
{
    char text[DAEMON_LOG_MAX];
    va_list args;
    if (!daemon->config.log)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    daemon->config.log(daemon->config.ctx, text);
}

/* Challenges and identifiers nobody can foresee (RFC 7143 section 9.2.1, RFC 1994 section 2.3). */
static uint64_t draw(void *ctx, const char *name, uint64_t index, uint64_t drawn)
{
    uint64_t random = drawn;
    (void)ctx;
    (void)name;
    (void)index;
    return getentropy(&random, sizeof random) == 0 ? random : drawn;
}

/* ---- what is told ---- */

static void on_engine_event(void *ctx, const rig_event *event)
{
    rig_daemon *daemon = ctx;
    if (event->error && event->error->text[0])
        daemon_log(daemon, "%s", event->error->text);
    if (daemon->service)
        rig_service_engine_event(daemon->service, event);
}

static void log_login(const rig_daemon *daemon, const char *what, const rig_service_event *event)
{
    const char *why =
        event->error && event->error->text[0] ? event->error->text : rig_code_meaning(event->code);
    daemon_log(daemon, "kept login to %s: %s: %s", event->login->target, what, why);
}

static void log_device(const rig_daemon *daemon, const char *what, const rig_device *device)
{
    daemon_log(daemon, "%s %s of %s", what, device->interface_name, device->target);
}

/* The steps of one decision are one line, with the portal that it is about. */
static void log_security(rig_daemon *daemon, const rig_service_event *event)
{
    char where[RIG_PORTAL_TEXT];
    rig_text text;
    size_t used = strlen(daemon->steps);
    snprintf(daemon->steps + used, sizeof daemon->steps - used, "%s%s", used ? ", " : "", event->text);
    if (!event->last)
        return;
    rig_text_init(&text, where, sizeof where);
    rig_portal_print(&text, event->portal);
    daemon_log(daemon, "security of %s: %s", where, daemon->steps);
    daemon->steps[0] = 0;
}

static void on_service_event(void *ctx, const rig_service_event *event)
{
    rig_daemon *daemon = ctx;
    switch (event->kind) {
    case RIG_SERVICE_LOGIN_STARTED:
        daemon_log(daemon, "kept login to %s: begins", event->login->target);
        break;
    case RIG_SERVICE_REFUSED:
        log_login(daemon, "refused", event);
        break;
    case RIG_SERVICE_LATE:
        log_login(daemon, "not up yet, goes on being tried", event);
        break;
    case RIG_SERVICE_GIVEN_UP:
        log_login(daemon, "given up", event);
        break;
    case RIG_SERVICE_READY:
        daemon_log(daemon, "started: %s", rig_code_meaning(event->code));
        if (daemon->config.ready)
            daemon->config.ready(daemon->config.ctx);
        break;
    case RIG_SERVICE_ARRIVED:
        log_device(daemon, "new device", event->device);
        break;
    case RIG_SERVICE_REMOVED:
        log_device(daemon, "gone is device", event->device);
        break;
    case RIG_SERVICE_SECURITY:
        log_security(daemon, event);
        break;
    case RIG_SERVICE_TARGETS_CHANGED:
        break;
    }
}

/* ---- set-up ---- */

static rig_status build_adapters(rig_daemon *daemon, rig_error *err)
{
    rig_hba *hba = &daemon->hba;
    *hba = daemon->config.hba;
    if (hba->num_adapters == 0)
        hba->adapters[hba->num_adapters++] = (rig_adapter){.name = DEFAULT_ADAPTER};
    rig_status status = daemon_vici_init(daemon, err);
    const rig_initiator_config config = {.alloc = rig_alloc_libc(),
                                         .draws = {.pin = draw},
                                         .transport = daemon->transport,
                                         .read_ahead = {daemon->read_ahead, READ_AHEAD},
                                         .name = rig_view_str(FIRST_NODE_NAME),
                                         .event = on_engine_event,
                                         .ctx = daemon};
    for (uint32_t i = 0; i < hba->num_adapters && !status; i++)
        status = rig_initiator_new(&config, &hba->adapters[i].initiator, err);
    return status;
}

static rig_status build_service(rig_daemon *daemon, rig_error *err)
{
    rig_service_config config = {.alloc = rig_alloc_libc(),
                                 .draws = {.pin = draw},
                                 .store = daemon->store,
                                 .hba = &daemon->hba,
                                 .transport = daemon->transport,
                                 .radius = &daemon->radius,
                                 .ipsec = daemon->vici ? rig_vici_provider(daemon->vici) : NULL,
                                 .settings = daemon->config.settings,
                                 .event = on_service_event,
                                 .ctx = daemon};
    daemon_radius_init(daemon);
    rig_session_config_init(&config.session);
    return rig_service_new(&config, &daemon->service, err);
}

static rig_status open_store(rig_daemon *daemon, rig_error *err)
{
    if (daemon->config.store)
        return rig_store_sqlite_open(rig_alloc_libc(), daemon->config.store, &daemon->store, err);
    rig_status status = rig_store_memory_new(rig_alloc_libc(), &daemon->store);
    return status ? rig_fail(err, status, "no memory for a store") : RIG_OK;
}

static rig_status open_socket(rig_daemon *daemon, rig_error *err)
{
    const char *path = daemon->config.socket;
    if (!path) {
        rig_status status = rig_listen_inherited(daemon->loop, daemon->config.inherited, daemon_accept,
                                                 daemon, &daemon->listener);
        return status
                   ? rig_fail(err, status, "descriptor %d is no listening socket", daemon->config.inherited)
                   : RIG_OK;
    }
    rig_status status = rig_listen_local(daemon->loop, path, SOCKET_MODE, daemon_accept, daemon, daemon->name,
                                         &daemon->listener);
    if (status == RIG_E_EXISTS)
        return rig_fail(err, status, "%s: a service answers there already", path);
    if (status == RIG_E_ARGUMENT)
        return rig_fail(err, status, "%s: longer than %d bytes, or a file that is no socket", path,
                        RIG_LOCAL_NAME_MAX);
    return status ? rig_fail(err, status, "%s: cannot listen there: %s", path, strerror(errno)) : RIG_OK;
}

rig_status rig_daemon_new(const rig_daemon_config *config, rig_daemon **out_daemon, rig_error *err)
{
    rig_daemon *daemon = rig_new(rig_alloc_libc(), sizeof *daemon);
    if (!daemon)
        return rig_fail(err, RIG_E_NOMEM, "no memory for the service");
    daemon->config = *config;
    daemon->read_ahead = rig_new(rig_alloc_libc(), READ_AHEAD);
    rig_status status = daemon->read_ahead ? rig_loop_new(rig_alloc_libc(), &daemon->loop) : RIG_E_NOMEM;
    if (status)
        rig_fail(err, status, "no event loop: %s", rig_status_meaning(status));
    if (!status)
        status = open_store(daemon, err);
    if (!status)
        status = build_adapters(daemon, err);
    if (!status)
        status = build_service(daemon, err);
    if (!status)
        status = open_socket(daemon, err);
    if (status)
        rig_daemon_free(daemon);
    else
        *out_daemon = daemon;
    return status;
}

void rig_daemon_free(rig_daemon *daemon)
{
    if (!daemon)
        return;
    daemon_clients_free(daemon);
    rig_service_free(daemon->service);
    daemon->service = NULL;
    for (uint32_t i = 0; i < daemon->hba.num_adapters; i++)
        rig_initiator_free(daemon->hba.adapters[i].initiator);
    rig_policy_db_clear(&daemon->hba.policies, rig_alloc_libc());
    rig_store_free(daemon->store);
    if (daemon->listener && daemon->name[0] && daemon->name[0] != '@')
        unlink(daemon->name);
    if (daemon->listener)
        rig_unlisten(daemon->listener);
    daemon_vici_free(daemon);
    rig_loop_free(daemon->loop);
    rig_delete(rig_alloc_libc(), daemon->read_ahead, daemon->read_ahead ? READ_AHEAD : 0);
    rig_delete(rig_alloc_libc(), daemon, sizeof *daemon);
}

const char *rig_daemon_name(const rig_daemon *daemon)
{
    return daemon->name;
}

/* ---- running ---- */

void rig_daemon_stop(rig_daemon *daemon)
{
    daemon->stopping = true;
}

static void on_signal(void *ctx, int signum)
{
    rig_daemon *daemon = ctx;
    daemon_log(daemon, "ends by signal %d", signum);
    rig_daemon_stop(daemon);
}

static uint64_t next_deadline(const rig_daemon *daemon)
{
    uint64_t next = rig_service_next_deadline(daemon->service);
    for (uint32_t i = 0; i < daemon->hba.num_adapters; i++) {
        uint64_t engine = rig_initiator_next_deadline(daemon->hba.adapters[i].initiator);
        next = engine < next ? engine : next;
    }
    uint64_t ipsec = daemon->vici ? rig_vici_next_deadline(daemon->vici) : RIG_NEVER;
    return ipsec < next ? ipsec : next;
}

static void tick(rig_daemon *daemon)
{
    uint64_t now = rig_loop_now(daemon->loop);
    for (uint32_t i = 0; i < daemon->hba.num_adapters; i++)
        rig_initiator_tick(daemon->hba.adapters[i].initiator, now);
    rig_service_tick(daemon->service, now);
    if (daemon->vici)
        rig_vici_tick(daemon->vici, now);
}

static rig_status watch_signals(rig_daemon *daemon)
{
    rig_status status = rig_loop_on_signal(daemon->loop, SIGTERM, on_signal, daemon);
    return status ? status : rig_loop_on_signal(daemon->loop, SIGINT, on_signal, daemon);
}

rig_status rig_daemon_run(rig_daemon *daemon, bool signals, rig_error *err)
{
    rig_status status = signals ? watch_signals(daemon) : RIG_OK;
    if (!status)
        status = rig_service_boot(daemon->service, rig_loop_now(daemon->loop));
    while (!status && !daemon->stopping) {
        status = rig_loop_run_once(daemon->loop, next_deadline(daemon));
        if (!status)
            tick(daemon);
    }
    return status ? rig_fail(err, status, "the service ends: %s", rig_status_meaning(status)) : RIG_OK;
}
