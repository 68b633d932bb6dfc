/* A service with many discovery portals, static targets and kept logins: what it takes to add them, each in a
 * transaction, to list them, to come back with them, to ask one of them anew and to remove them. No portal
 * can be reached, so that adding one costs what keeping it costs. Each figure is time, and time of the
 * processor. Usage: service_rows ROWS [FILE]; without FILE the store is in memory, and nothing comes back. */
#include "clock.h"
#include "rig/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_AHEAD 65536
#define ROWS_MAX 16000
#define TARGET "iqn.2026-01.org.example:disk"

static struct {
    rig_store *store;
    rig_initiator *initiator;
    rig_hba hba;
    rig_service *service;
    uint8_t ahead[READ_AHEAD];
    uint64_t now;
    uint32_t answers, listed;
    size_t bytes; /* of the last list as JSON */
    const rig_shape *shape;
    rig_code code;
    bool failed;
} b;

static rig_status unreachable(void *ctx, const rig_address *local, const rig_portal *remote,
                              const rig_stream_user *user, rig_stream **out_stream)
{
    (void)ctx;
    (void)local;
    (void)remote;
    (void)user;
    (void)out_stream;
    return RIG_E_UNREACHABLE;
}

static void engine_event(void *ctx, const rig_event *event)
{
    (void)ctx;
    if (b.service)
        rig_service_engine_event(b.service, event);
}

static void answered(void *ctx, rig_code code, const void *reply, const rig_error *why, uint64_t now)
{
    char *text = NULL;
    (void)ctx;
    (void)why;
    (void)now;
    b.answers++;
    b.code = code;
    b.listed = 0;
    if (!reply || b.shape == RIG_SHAPE(nothing))
        return;
    /* The lists that are asked for are the only member of their record. */
    memcpy(&b.listed, (const uint8_t *)reply + b.shape->members[0].offset, sizeof b.listed);
    b.failed =
        b.failed || rig_record_to_json(rig_alloc_libc(), b.shape, reply, RIG_JSON_HIDE, &text, &b.bytes);
    rig_delete(rig_alloc_libc(), text, text ? b.bytes + 1 : 0);
}

static bool turn(void)
{
    uint64_t next = rig_initiator_next_deadline(b.initiator), other = rig_service_next_deadline(b.service);
    next = next < other ? next : other;
    if (next == RIG_NEVER)
        return false;
    b.now = next > b.now ? next : b.now;
    rig_initiator_tick(b.initiator, b.now);
    rig_service_tick(b.service, b.now);
    return true;
}

static void call(rig_call_id id, const void *request)
{
    const uint32_t before = b.answers;
    b.shape = rig_shape_of(rig_call_of(id)->reply);
    rig_service_call(b.service, id, request, b.now, answered, NULL);
    while (b.answers == before && !b.failed)
        b.failed = !turn();
}

/* ---- what is measured ---- */

typedef struct watch {
    double began, cpu;
} watch;

static watch watch_start(void)
{
    return (watch){seconds_now(), cpu_now()};
}

static void watch_print(const watch *w, const char *what, const char *unit, double scale)
{
    double passed = seconds_now() - w->began, used = cpu_now() - w->cpu;
    printf("%s-%s %.2f\n%s-cpu-%s %.2f\n", what, unit, passed * scale, what, unit, used * scale);
}

/* ---- rows ---- */

static void portal_of(rig_target_portal *portal, uint32_t number)
{
    rig_text text;
    *portal = (rig_target_portal){.socket = 3260};
    rig_text_init(&text, portal->address, sizeof portal->address);
    rig_text_add(&text, "10.%u.%u.1", number >> 8, number & 0xff);
}

static void done_well(void)
{
    b.failed = b.failed || b.code != RIG_CODE_SUCCESS;
}

/* The first one is that of the logins. */
static void target_of(char *name, size_t size, uint32_t number)
{
    rig_text text;
    rig_text_init(&text, name, size);
    rig_text_add(&text, number ? TARGET "%u" : TARGET, number);
}

static void add_target(uint32_t number)
{
    rig_static_target target = {.persist = true};
    target_of(target.target, sizeof target.target, number);
    call(RIG_CALL_ADD_STATIC_TARGET, &target);
    done_well();
}

static void add_portal(uint32_t number)
{
    rig_send_targets_portal portal = {.port = RIG_PORT_ANY};
    portal_of(&portal.portal, number);
    call(RIG_CALL_ADD_SEND_TARGETS_PORTAL, &portal);
}

static void add_login(uint32_t number)
{
    rig_login login = {.target = TARGET, .port = RIG_PORT_ANY, .has_portal = true, .persistent = true};
    portal_of(&login.portal, number);
    call(RIG_CALL_LOGIN, &login);
    done_well();
}

/* Nobody answers there: what is left is finding it, and telling so. */
static void refresh_portal(uint32_t number)
{
    rig_portal_ref portal = {.port = RIG_PORT_ANY};
    portal_of(&portal.portal, number);
    call(RIG_CALL_REFRESH_SEND_TARGETS_PORTAL, &portal);
    b.failed = b.failed || b.code != RIG_CODE_CONNECTION_FAILED;
}

static void remove_portal(uint32_t number)
{
    rig_portal_ref portal = {.port = RIG_PORT_ANY};
    portal_of(&portal.portal, number);
    call(RIG_CALL_REMOVE_SEND_TARGETS_PORTAL, &portal);
    done_well();
}

static void remove_login(uint32_t number)
{
    rig_login_ref login = {.target = TARGET, .port = RIG_PORT_ANY, .has_portal = true};
    portal_of(&login.portal, number);
    call(RIG_CALL_REMOVE_LOGIN, &login);
    done_well();
}

static void remove_target(uint32_t number)
{
    rig_label label = {.text = ""};
    target_of(label.text, sizeof label.text, number);
    call(RIG_CALL_REMOVE_STATIC_TARGET, &label);
    done_well();
}

/* ---- from beginning to end ---- */

static bool start(const char *file)
{
    static const rig_transport_ops ops = {.connect = unreachable};
    static const rig_transport transport = {&ops, NULL};
    rig_error err = {0};
    const rig_initiator_config node = {.alloc = rig_alloc_libc(),
                                       .transport = &transport,
                                       .read_ahead = {b.ahead, READ_AHEAD},
                                       .name = rig_view_str("iqn.2026-01.org.example:host"),
                                       .event = engine_event};
    rig_service_config config = {.alloc = rig_alloc_libc(), .hba = &b.hba};
    rig_session_config_init(&config.session);
    rig_service_settings_init(&config.settings);
    if (!b.initiator && rig_initiator_new(&node, &b.initiator, &err))
        return false;
    b.hba.adapters[0] = (rig_adapter){.name = "host", .initiator = b.initiator};
    b.hba.num_adapters = 1;
    watch w = watch_start();
    rig_status status = file ? rig_store_sqlite_open(rig_alloc_libc(), file, &b.store, &err)
                             : rig_store_memory_new(rig_alloc_libc(), &b.store);
    watch_print(&w, "open", "ms", 1e3);
    config.store = b.store;
    w = watch_start();
    if (!status)
        status = rig_service_new(&config, &b.service, &err);
    watch_print(&w, "load", "ms", 1e3);
    if (status)
        fprintf(stderr, "%s: %s\n", rig_status_name(status), err.text);
    return !status;
}

static void stop(void)
{
    rig_service_free(b.service);
    rig_store_free(b.store);
    b.service = NULL;
    b.store = NULL;
}

static void timed(const char *what, void (*one)(uint32_t number), uint32_t rows)
{
    watch w = watch_start();
    for (uint32_t i = 0; i < rows && !b.failed; i++)
        one(i);
    watch_print(&w, what, "us", 1e6 / rows);
}

static void report(const char *what, rig_call_id id, const void *request, uint32_t rows)
{
    watch w = watch_start();
    call(id, request);
    watch_print(&w, what, "ms", 1e3);
    printf("%s-bytes %zu\n", what, b.bytes);
    done_well();
    b.failed = b.failed || b.listed != rows;
}

static void add_all(uint32_t rows)
{
    timed("add-target", add_target, rows);
    timed("add-portal", add_portal, rows);
    timed("add-login", add_login, rows);
}

static void report_all(uint32_t rows)
{
    static const rig_nothing nothing = {0};
    static const rig_refresh no_refresh = {0};
    static const rig_target_query every = {.target = ""};
    report("report-portals", RIG_CALL_REPORT_SEND_TARGETS_PORTALS, &nothing, rows);
    report("report-logins", RIG_CALL_REPORT_LOGINS, &nothing, rows);
    report("report-targets", RIG_CALL_REPORT_TARGETS, &no_refresh, rows);
    report("report-instances", RIG_CALL_REPORT_TARGET_INSTANCES, &every, rows);
}

static void remove_all(uint32_t rows)
{
    timed("refresh-portal", refresh_portal, rows);
    timed("remove-login", remove_login, rows);
    timed("remove-portal", remove_portal, rows);
    timed("remove-target", remove_target, rows);
    printf("empty\n");
    report_all(0);
}

int main(int argc, char **argv)
{
    const char *file = argc == 3 ? argv[2] : NULL;
    uint64_t rows = 0;
    if (argc < 2 || argc > 3 || !rig_view_u64(rig_view_str(argv[1]), &rows) || rows == 0 || rows > ROWS_MAX) {
        fprintf(stderr, "usage: %s ROWS [FILE], at most %d rows\n", argv[0], ROWS_MAX);
        return 2;
    }
    b.failed = !start(file);
    if (!b.failed) {
        add_all((uint32_t)rows);
        report_all((uint32_t)rows);
    }
    if (file && !b.failed) {
        stop();
        printf("again\n");
        b.failed = !start(file);
    }
    if (file && !b.failed)
        report_all((uint32_t)rows);
    if (!b.failed)
        remove_all((uint32_t)rows);
    stop();
    rig_initiator_free(b.initiator);
    return b.failed;
}
