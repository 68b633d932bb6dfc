/* Management calls over the socket of a running service: what each takes its caller, and the service's
 * processor. Usage: service_calls SOCKET PID rows ROWS PORT: portals where nobody listens, kept logins,
 * lists, PORT of 127.0.0.1 discovered anew among them, and all of it removed. service_calls SOCKET PID keep
 * ROWS PORT TARGET: as many kept logins to TARGET at PORT of one loopback address each. */
#include "clock.h"
#include "rig/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 16000
#define REFRESHES 100
#define CLOSED_PORT 1 /* of loopback addresses, where a connection is refused at once */
#define TARGET "iqn.2026-01.org.example:disk"

typedef struct watch {
    double began, served;
} watch;

static struct {
    rig_caller caller;
    clockid_t service;
    const char *target;
    uint16_t port;
    rig_code code;
    uint32_t listed;
    bool failed;
} b;

static double served_now(void)
{
    struct timespec used = {0};
    clock_gettime(b.service, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static watch watch_start(void)
{
    return (watch){seconds_now(), served_now()};
}

static void watch_print(const watch *w, const char *what, const char *unit, double scale)
{
    double passed = seconds_now() - w->began, served = served_now() - w->served;
    printf("%s-%s %.2f\n%s-cpu-%s %.2f\n", what, unit, passed * scale, what, unit, served * scale);
}

/* The lists that are asked for are the only member of their record. */
static void call(rig_call_id id, const void *request)
{
    const rig_shape *shape = rig_shape_of(rig_call_of(id)->reply);
    void *reply = rig_new(rig_alloc_libc(), shape->size);
    rig_error error = {0};
    b.failed = b.failed || !reply;
    if (!reply)
        return;
    b.code = b.caller.call(b.caller.ctx, id, request, reply, &error);
    if (shape->num_members && shape->members[0].kind == RIG_MEMBER_LIST)
        memcpy(&b.listed, (const uint8_t *)reply + shape->members[0].offset, sizeof b.listed);
    rig_record_clear(rig_alloc_libc(), shape, reply);
    rig_delete(rig_alloc_libc(), reply, shape->size);
}

static void expect(rig_code code)
{
    if (b.code != code && !b.failed)
        fprintf(stderr, "a call came to %s\n", rig_code_name(b.code));
    b.failed = b.failed || b.code != code;
}

/* ---- calls ---- */

static void portal_of(rig_target_portal *portal, uint32_t number, uint16_t port)
{
    rig_text text;
    *portal = (rig_target_portal){.socket = port};
    rig_text_init(&text, portal->address, sizeof portal->address);
    rig_text_add(&text, "127.0.%u.%u", number / 250 + 1, number % 250 + 1);
}

static void add_target(void)
{
    rig_static_target target = {.persist = true};
    rig_text text;
    rig_text_init(&text, target.target, sizeof target.target);
    rig_text_add(&text, "%s", b.target);
    call(RIG_CALL_ADD_STATIC_TARGET, &target);
    expect(RIG_CODE_SUCCESS);
}

static void add_portal(uint32_t number)
{
    rig_send_targets_portal portal = {.port = RIG_PORT_ANY};
    portal_of(&portal.portal, number, CLOSED_PORT);
    call(RIG_CALL_ADD_SEND_TARGETS_PORTAL, &portal);
    expect(RIG_CODE_CONNECTION_FAILED);
}

static void remove_portal(uint32_t number)
{
    rig_portal_ref portal = {.port = RIG_PORT_ANY};
    portal_of(&portal.portal, number, CLOSED_PORT);
    call(RIG_CALL_REMOVE_SEND_TARGETS_PORTAL, &portal);
    expect(RIG_CODE_SUCCESS);
}

static void add_login(uint32_t number)
{
    rig_login login = {.port = RIG_PORT_ANY, .has_portal = true, .persistent = true, .has_options = true};
    rig_text text;
    rig_text_init(&text, login.target, sizeof login.target);
    rig_text_add(&text, "%s", b.target);
    login.options.flags = RIG_LOGIN_FLAG_MULTIPATH;
    portal_of(&login.portal, number, b.port);
    call(RIG_CALL_LOGIN, &login);
    expect(RIG_CODE_SUCCESS);
}

static void remove_login(uint32_t number)
{
    rig_login_ref login = {.port = RIG_PORT_ANY, .has_portal = true};
    rig_text text;
    rig_text_init(&text, login.target, sizeof login.target);
    rig_text_add(&text, "%s", b.target);
    portal_of(&login.portal, number, b.port);
    call(RIG_CALL_REMOVE_LOGIN, &login);
    expect(RIG_CODE_SUCCESS);
}

/* A whole discovery session with a target, among all the others. */
static void refresh(uint32_t number)
{
    const rig_portal_ref ref = {.port = RIG_PORT_ANY, .portal = {.address = "127.0.0.1", .socket = b.port}};
    rig_send_targets_portal portal = {.port = RIG_PORT_ANY, .portal = ref.portal};
    if (number == 0)
        call(RIG_CALL_ADD_SEND_TARGETS_PORTAL, &portal);
    else
        call(RIG_CALL_REFRESH_SEND_TARGETS_PORTAL, &ref);
    expect(RIG_CODE_SUCCESS);
}

/* ---- what is measured ---- */

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
    expect(RIG_CODE_SUCCESS);
    b.failed = b.failed || b.listed != rows;
}

static void measure(uint32_t rows)
{
    static const rig_nothing nothing = {0};
    add_target();
    timed("add-portal", add_portal, rows);
    timed("add-login", add_login, rows);
    report("report-portals", RIG_CALL_REPORT_SEND_TARGETS_PORTALS, &nothing, rows);
    report("report-logins", RIG_CALL_REPORT_LOGINS, &nothing, rows);
    timed("refresh", refresh, REFRESHES);
    timed("remove-login", remove_login, rows);
    timed("remove-portal", remove_portal, rows);
}

static void keep(uint32_t rows)
{
    add_target();
    timed("add-login", add_login, rows);
}

static bool number_of(const char *text, uint64_t most, uint64_t *out)
{
    return rig_view_u64(rig_view_str(text), out) && *out > 0 && *out <= most;
}

int main(int argc, char **argv)
{
    uint64_t pid = 0, rows = 0, port = 0;
    bool keeps = argc == 7 && strcmp(argv[3], "keep") == 0;
    bool good = keeps || (argc == 6 && strcmp(argv[3], "rows") == 0);
    if (!good || !number_of(argv[2], INT32_MAX, &pid) || !number_of(argv[4], ROWS_MAX, &rows) ||
        !number_of(argv[5], UINT16_MAX, &port) || clock_getcpuclockid((pid_t)pid, &b.service)) {
        fprintf(stderr, "usage: %s SOCKET PID rows ROWS PORT | keep ROWS PORT TARGET, at most %d rows\n",
                argv[0], ROWS_MAX);
        return 2;
    }
    b.caller = rig_client_caller(argv[1]);
    b.port = (uint16_t)port;
    b.target = keeps ? argv[6] : TARGET;
    if (keeps)
        keep((uint32_t)rows);
    else
        measure((uint32_t)rows);
    return b.failed;
}
