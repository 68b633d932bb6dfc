/* The start of the service: what is kept is carried out, each login for itself. */
#include "service_kit.h"

#define TARGET(n) "iqn.2026-01.org.example:" n

static kit *with_logins(uint32_t num)
{
    static const char *const targets[] = {TARGET("a"), TARGET("b"), TARGET("c"), TARGET("d"), TARGET("e")};
    kit *k = kit_new();
    kit_start(k);
    for (uint32_t i = 0; i < num; i++) {
        char address[32];
        snprintf(address, sizeof address, "192.0.2.%u", i + 1);
        CU_ASSERT_EQUAL(kit_login(k, targets[i], address), RIG_CODE_SUCCESS);
    }
    return k;
}

static void boot(kit *k)
{
    CU_ASSERT_EQUAL(rig_service_boot(k->service, k->w->now), RIG_OK);
    bench_pump(k->w);
}

/* The n-th connection goes to the n-th login's portal. */
static void goes_to(const kit *k, uint32_t connection, uint32_t login)
{
    char address[32];
    snprintf(address, sizeof address, "192.0.2.%u", login + 1);
    CU_ASSERT_FATAL(connection < k->w->num_links);
    CU_ASSERT_STRING_EQUAL(k->w->links[connection]->to.host, address);
}

static void fail(kit *k, uint32_t connection)
{
    bench_tell(k->w->links[connection], RIG_STREAM_FAILED, RIG_E_REFUSED);
    bench_pump(k->w);
}

static void come_up(kit *k, uint32_t connection)
{
    link *l = k->w->links[connection];
    l->connected = true;
    bench_tell(l, RIG_STREAM_CONNECTED, RIG_OK);
    bench_login_on(l, NULL);
    bench_pump(k->w);
}

static const kit_event *last(const kit *k)
{
    return &k->events[(k->num_events - 1) % KIT_EVENTS];
}

static bool is_ready(const kit *k, rig_code code, uint64_t at)
{
    return kit_count(k, RIG_SERVICE_READY) == 1 && last(k)->kind == RIG_SERVICE_READY &&
           last(k)->code == code && last(k)->at == at;
}

/* ---- beginning and end ---- */

static void nothing_kept(void)
{
    kit *k = kit_new();
    kit_start(k);
    boot(k);
    CU_ASSERT(is_ready(k, RIG_CODE_SUCCESS, k->w->now));
    CU_ASSERT_EQUAL(rig_service_boot(k->service, k->w->now), RIG_E_STATE);
    CU_ASSERT_EQUAL(kit_ask(k, RIG_CALL_GET_SERVICE_INFO, NULL), RIG_CODE_SUCCESS);
    CU_ASSERT(k->reply.info.ready && k->reply.info.boot == 0);
    kit_free(k);
}

static void all_come_up(void)
{
    kit *k = with_logins(2);
    boot(k);
    CU_ASSERT_EQUAL(kit_count(k, RIG_SERVICE_LOGIN_STARTED), 2);
    come_up(k, 1);
    CU_ASSERT_EQUAL(kit_count(k, RIG_SERVICE_READY), 0);
    come_up(k, 0);
    CU_ASSERT_EQUAL(kit_count(k, RIG_SERVICE_READY), 1);
    CU_ASSERT_EQUAL(kit_ask(k, RIG_CALL_GET_SERVICE_INFO, NULL), RIG_CODE_SUCCESS);
    CU_ASSERT(k->reply.info.ready && k->reply.info.boot == 0 && k->reply.info.sessions == 2);
    kit_free(k);
}

/* One that is not carried out any more because the service ends takes nothing with it. */
static void ends_meanwhile(void)
{
    kit *k = with_logins(3);
    k->service->config.settings.boot_parallel = 2;
    boot(k);
    fail(k, 0);
    kit_free(k); /* asks for memory and streams */
}

/* Whichever memory is refused: the start fails as a whole, or goes on for every login by itself. */
static void without_memory(void)
{
    for (uint64_t at = 0;; at++) {
        kit *k = with_logins(2);
        k->w->meter.fail_at = k->w->meter.num_calls + at + 1;
        rig_status status = rig_service_boot(k->service, k->w->now);
        bool refused = k->w->meter.num_calls >= k->w->meter.fail_at;
        k->w->meter.fail_at = 0;
        CU_ASSERT(status == RIG_OK || (refused && status == RIG_E_NOMEM));
        if (status == RIG_E_NOMEM)
            boot(k);
        kit_pass(k, 3 * RIG_SECOND);
        CU_ASSERT_EQUAL(kit_count(k, RIG_SERVICE_LOGIN_STARTED), 2);
        kit_free(k);
        if (!refused)
            break;
        CU_ASSERT_FATAL(at < 1000);
    }
}

/* ---- order and number ---- */

static void in_order(void)
{
    kit *k = with_logins(5);
    k->service->config.settings.boot_parallel = 2;
    boot(k);
    CU_ASSERT_EQUAL_FATAL(k->w->num_links, 2);
    goes_to(k, 0, 0);
    goes_to(k, 1, 1);
    come_up(k, 1);
    CU_ASSERT_EQUAL_FATAL(k->w->num_links, 3);
    goes_to(k, 2, 2);
    fail(k, 0); /* it pauses, and the next one has its place */
    CU_ASSERT_EQUAL_FATAL(k->w->num_links, 4);
    goes_to(k, 3, 3);
    kit_pass(k, 2 * RIG_SECOND); /* the first wants to be tried again, and has to wait for its turn */
    CU_ASSERT_EQUAL_FATAL(k->w->num_links, 4);
    come_up(k, 2);
    come_up(k, 3);
    CU_ASSERT_EQUAL_FATAL(k->w->num_links, 6);
    goes_to(k, 4, 4);
    goes_to(k, 5, 0);
    come_up(k, 4);
    come_up(k, 5);
    CU_ASSERT(is_ready(k, RIG_CODE_SUCCESS, k->w->now));
    kit_free(k);
}

/* None at a time would be no start at all. */
static void one_at_least(void)
{
    kit *k = with_logins(2);
    k->service->config.settings.boot_parallel = 0;
    boot(k);
    CU_ASSERT_EQUAL(k->w->num_links, 1);
    come_up(k, 0);
    CU_ASSERT_EQUAL(k->w->num_links, 2);
    kit_free(k);
}

/* ---- failures ---- */

/* Five attempts two seconds apart, then ever longer pauses, and no end. */
static void late(void)
{
    static const unsigned at[] = {0, 2, 4, 6, 8, 10, 14, 22, 38, 70, 102, 134};
    kit *k = with_logins(1);
    uint64_t begin = k->w->now;
    k->w->refuse = RIG_E_UNREACHABLE;
    k->service->config.settings.login_attempts = 5;
    boot(k);
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        kit_pass(k, begin + at[i] * RIG_SECOND - k->w->now);
        uint64_t next = rig_service_next_deadline(k->service);
        if (i + 1 < sizeof at / sizeof at[0])
            CU_ASSERT_EQUAL(next, begin + at[i + 1] * RIG_SECOND);
        CU_ASSERT_EQUAL(kit_count(k, RIG_SERVICE_LATE), i >= 4);
        CU_ASSERT_EQUAL(kit_count(k, RIG_SERVICE_READY), i >= 4);
    }
    CU_ASSERT(is_ready(k, RIG_CODE_PERSISTENT_LOGIN_TIMEOUT, begin + 8 * RIG_SECOND));
    CU_ASSERT_EQUAL(kit_ask(k, RIG_CALL_GET_SERVICE_INFO, NULL), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(k->reply.info.boot, (uint32_t)RIG_CODE_PERSISTENT_LOGIN_TIMEOUT);
    k->w->refuse = RIG_OK;
    kit_pass(k, 32 * RIG_SECOND);
    CU_ASSERT_EQUAL_FATAL(k->w->num_links, 1);
    come_up(k, 0);
    CU_ASSERT_EQUAL(rig_service_next_deadline(k->service), RIG_NEVER);
    kit_free(k);
}

/* A record that cannot be carried out holds up nobody. */
static void given_up(void)
{
    kit *k = with_logins(2);
    rig_login *login = k->service->tables[SVC_LOGINS].rows[0]->record;
    login->options.version = 7;
    boot(k);
    CU_ASSERT_EQUAL(k->events[0].kind, RIG_SERVICE_GIVEN_UP);
    CU_ASSERT_STRING_EQUAL(k->events[0].target, TARGET("a"));
    CU_ASSERT_EQUAL(k->events[0].code, RIG_CODE_INVALID_PARAMETER);
    come_up(k, 0);
    CU_ASSERT(is_ready(k, RIG_CODE_OPERATION_NOT_ALL_SUCCESS, k->w->now));
    CU_ASSERT_EQUAL(rig_service_next_deadline(k->service), RIG_NEVER);
    kit_free(k);
}

/* ---- the network ---- */

static kit *without_link(uint32_t num)
{
    kit *k = with_logins(num);
    k->hba.adapters[0].num_ports = 1;
    k->hba.adapters[0].ports[0].down = true;
    return k;
}

static void network_never(void)
{
    kit *k = without_link(1);
    uint64_t begin = k->w->now;
    boot(k);
    kit_pass(k, 10 * RIG_SECOND - 1);
    CU_ASSERT_EQUAL(k->num_events, 0);
    kit_pass(k, 8 * RIG_SECOND + 1); /* then five attempts, that fail for want of a port */
    CU_ASSERT_EQUAL(k->w->num_links, 0);
    CU_ASSERT(is_ready(k, RIG_CODE_PERSISTENT_LOGIN_TIMEOUT, begin + 18 * RIG_SECOND));
    kit_pass(k, RIG_SECOND);
    rig_service_link(k->service, "host", 0, true, k->w->now); /* when the link comes, nobody waits any more */
    bench_pump(k->w);
    CU_ASSERT_EQUAL_FATAL(k->w->num_links, 1);
    come_up(k, 0);
    CU_ASSERT_EQUAL(rig_service_next_deadline(k->service), RIG_NEVER);
    kit_free(k);
}

static void network_late(void)
{
    kit *k = without_link(2);
    boot(k);
    kit_pass(k, 3 * RIG_SECOND);
    rig_service_link(k->service, "other", 0, true, k->w->now); /* not ours */
    rig_service_link(k->service, "host", 1, true, k->w->now);
    CU_ASSERT_EQUAL(k->w->num_links, 0);
    rig_service_link(k->service, "host", 0, true, k->w->now);
    bench_pump(k->w);
    CU_ASSERT_EQUAL(k->w->num_links, 2);
    goes_to(k, 0, 0);
    come_up(k, 0);
    come_up(k, 1);
    CU_ASSERT(is_ready(k, RIG_CODE_SUCCESS, k->w->now));
    kit_free(k);
}

/* An adapter without ports of its own has one, whose link may go. */
static void port_of_none(void)
{
    kit *k = with_logins(1);
    rig_service_link(k->service, "host", 0, false, k->w->now);
    boot(k);
    CU_ASSERT_EQUAL(k->w->num_links, 0);
    rig_service_link(k->service, "host", 0, true, k->w->now);
    CU_ASSERT_EQUAL(k->w->num_links, 1);
    kit_free(k);
}

/* ---- logins that are forgotten meanwhile ---- */

static rig_code forget(kit *k, const char *target)
{
    rig_login_ref ref = {.port = RIG_PORT_ANY};
    snprintf(ref.target, sizeof ref.target, "%s", target);
    return kit_do(k, RIG_CALL_REMOVE_LOGIN, &ref);
}

static void forgotten_in_pause(void)
{
    kit *k = with_logins(1);
    boot(k);
    fail(k, 0);
    CU_ASSERT_EQUAL(forget(k, TARGET("a")), RIG_CODE_SUCCESS);
    CU_ASSERT(is_ready(k, RIG_CODE_SUCCESS, k->w->now));
    CU_ASSERT_EQUAL(rig_service_next_deadline(k->service), RIG_NEVER);
    kit_free(k);
}

static void forgotten_under_way(void)
{
    for (int fails = 0; fails < 2; fails++) {
        kit *k = with_logins(1);
        boot(k);
        CU_ASSERT_EQUAL(forget(k, TARGET("a")), RIG_CODE_SUCCESS);
        CU_ASSERT_EQUAL(kit_count(k, RIG_SERVICE_READY), 0);
        if (fails)
            fail(k, 0);
        else
            come_up(k, 0);
        CU_ASSERT(is_ready(k, RIG_CODE_SUCCESS, k->w->now));
        CU_ASSERT_EQUAL(k->service->num_sessions, fails ? 0 : 1);
        CU_ASSERT_EQUAL(rig_service_next_deadline(k->service), RIG_NEVER);
        kit_free(k);
    }
}

static void forgotten_before_its_turn(void)
{
    kit *k = with_logins(2);
    k->service->config.settings.boot_parallel = 1;
    boot(k);
    CU_ASSERT_EQUAL(forget(k, TARGET("b")), RIG_CODE_SUCCESS);
    come_up(k, 0);
    CU_ASSERT_EQUAL(k->w->num_links, 1);
    CU_ASSERT(is_ready(k, RIG_CODE_SUCCESS, k->w->now));
    kit_free(k);
}

/* While the network is waited for, none counts yet. */
static void forgotten_before_the_start(void)
{
    kit *k = without_link(2);
    boot(k);
    CU_ASSERT_EQUAL(forget(k, TARGET("a")), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(k->num_events, 0);
    rig_service_link(k->service, "host", 0, true, k->w->now);
    bench_pump(k->w);
    CU_ASSERT_EQUAL_FATAL(k->w->num_links, 1);
    goes_to(k, 0, 1);
    come_up(k, 0);
    CU_ASSERT(is_ready(k, RIG_CODE_SUCCESS, k->w->now));
    kit_free(k);
}

/* What is kept anew while it is tried counts for the next attempt. */
static void kept_anew(void)
{
    kit *k = with_logins(1);
    boot(k);
    fail(k, 0);
    rig_login login = *(const rig_login *)k->service->tables[SVC_LOGINS].rows[0]->record;
    login.options = (rig_login_options){.version = 7};
    CU_ASSERT_EQUAL(svc_put(k->service, SVC_LOGINS, &login, true), RIG_CODE_SUCCESS);
    kit_pass(k, 2 * RIG_SECOND);
    CU_ASSERT_EQUAL(kit_count(k, RIG_SERVICE_GIVEN_UP), 1);
    kit_free(k);
}

/* ---- bound devices ---- */

static kit *with_device(uint32_t logins)
{
    kit *k = with_logins(logins);
    const rig_label label = kit_label("path-1");
    CU_ASSERT_EQUAL(svc_put(k->service, SVC_DEVICES, &label, true), RIG_CODE_SUCCESS);
    return k;
}

static void device_never(void)
{
    kit *k = with_device(1);
    boot(k);
    kit_pass(k, RIG_SECOND);
    come_up(k, 0);
    uint64_t end = k->w->now + 60 * RIG_SECOND; /* behind the last login */
    kit_pass(k, 60 * RIG_SECOND - 1);
    CU_ASSERT_EQUAL(kit_count(k, RIG_SERVICE_READY), 0);
    kit_pass(k, 1);
    CU_ASSERT(is_ready(k, RIG_CODE_PERSISTENT_LOGIN_TIMEOUT, end));
    kit_free(k);
}

static void device_unbound(void)
{
    kit *k = with_device(0);
    boot(k);
    kit_pass(k, 5 * RIG_SECOND);
    CU_ASSERT_EQUAL(k->num_events, 0);
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_CLEAR_DEVICES, NULL), RIG_CODE_SUCCESS);
    CU_ASSERT(is_ready(k, RIG_CODE_SUCCESS, k->w->now));
    kit_free(k);
}

static void device_comes(void)
{
    kit *k = with_device(0);
    const rig_label label = kit_label("path-2");
    CU_ASSERT_EQUAL(svc_put(k->service, SVC_DEVICES, &label, true), RIG_CODE_SUCCESS);
    boot(k);
    svc_session session = {0};
    kit_session(k, &session, "iqn.2026-01.org.example:one");
    kit_device(&session, "path-1", "");
    svc_boot_device(k->service, k->w->now);
    CU_ASSERT_EQUAL(k->num_events, 0);
    kit_device(&session, "path-2", "");
    svc_boot_device(k->service, k->w->now);
    CU_ASSERT(is_ready(k, RIG_CODE_SUCCESS, k->w->now));
    svc_boot_device(k->service, k->w->now);
    CU_ASSERT_EQUAL(k->num_events, 1);
    kit_sessions_end(k);
    kit_free(k);
}

/* One that has come and is unbound then makes no room for one that has not. */
static void another_is_unbound(void)
{
    kit *k = with_device(0);
    rig_label label = kit_label("path-2");
    CU_ASSERT_EQUAL(svc_put(k->service, SVC_DEVICES, &label, true), RIG_CODE_SUCCESS);
    boot(k);
    svc_session session = {0};
    kit_session(k, &session, "iqn.2026-01.org.example:one");
    kit_device(&session, "path-1", "");
    svc_boot_device(k->service, k->w->now);
    label = kit_label("path-1");
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_REMOVE_DEVICE, &label), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(k->num_events, 0);
    kit_sessions_end(k);
    kit_pass(k, 60 * RIG_SECOND);
    CU_ASSERT(is_ready(k, RIG_CODE_PERSISTENT_LOGIN_TIMEOUT, k->w->now));
    kit_free(k);
}

/* ---- adapters that boot alone ---- */

static void table(rig_login *login, const char *target, const char *initiator)
{
    *login = (rig_login){.port = RIG_PORT_ANY, .has_portal = true, .portal.socket = 3260};
    snprintf(login->target, sizeof login->target, "%s", target);
    snprintf(login->initiator, sizeof login->initiator, "%s", initiator);
    snprintf(login->portal.address, sizeof login->portal.address, "192.0.2.9");
}

static void adapters_first(void)
{
    kit *k = with_logins(1);
    rig_login logins[3];
    const rig_login_list list = {.num = 3, .size = 3, .ptr = logins};
    table(&logins[0], TARGET("disk"), "");
    table(&logins[1], TARGET("other"), "host"); /* which does not boot alone */
    table(&logins[2], TARGET("late"), "card");
    kit_adapter(k, "card")->quirks.boots_alone = true;
    k->service->config.settings.boot_table = &list;
    boot(k);
    CU_ASSERT_EQUAL_FATAL(k->w->num_links, 2);
    CU_ASSERT_STRING_EQUAL(k->events[0].target, TARGET("disk"));
    CU_ASSERT_STRING_EQUAL(k->events[1].target, TARGET("late"));
    const svc_session *first = k->service->sessions;
    CU_ASSERT_FATAL(first != NULL);
    CU_ASSERT(first->alone && first->kept == NULL);
    CU_ASSERT_STRING_EQUAL(first->route.adapter->name, "card");
    come_up(k, 0);
    CU_ASSERT_EQUAL(k->w->num_links, 2);
    fail(k, 1);
    kit_pass(k, 2 * RIG_SECOND);
    come_up(k, 2);
    CU_ASSERT_EQUAL_FATAL(k->w->num_links, 4);
    goes_to(k, 3, 0); /* the service's own */
    come_up(k, 3);
    CU_ASSERT(is_ready(k, RIG_CODE_SUCCESS, k->w->now));
    kit_free(k);
}

/* A kept login that is forgotten before its time is not one of theirs. */
static void forgotten_while_adapters_boot(void)
{
    kit *k = with_logins(2);
    rig_login login;
    const rig_login_list list = {.num = 1, .size = 1, .ptr = &login};
    table(&login, TARGET("disk"), "card");
    kit_adapter(k, "card")->quirks.boots_alone = true;
    k->service->config.settings.boot_table = &list;
    boot(k);
    CU_ASSERT_EQUAL(forget(k, TARGET("a")), RIG_CODE_SUCCESS);
    bench_pump(k->w);
    CU_ASSERT_EQUAL_FATAL(k->w->num_links, 1);
    come_up(k, 0);
    CU_ASSERT_EQUAL_FATAL(k->w->num_links, 2);
    goes_to(k, 1, 1);
    come_up(k, 1);
    CU_ASSERT(is_ready(k, RIG_CODE_SUCCESS, k->w->now));
    kit_free(k);
}

RIG_SUITE("service: boot", {"without anything kept it is ready at once", nothing_kept},
          {"when all are up it is ready", all_come_up}, {"it may end meanwhile", ends_meanwhile},
          {"without memory each login is by itself", without_memory},
          {"a limited number at a time, in the order of keeping", in_order},
          {"one at a time at least", one_at_least}, {"late, and tried ever more slowly", late},
          {"given up where the record is wrong", given_up},
          {"it goes on without a network, and with it when it comes", network_never},
          {"it begins when the network comes", network_late}, {"any adapter has a port", port_of_none},
          {"forgotten in its pause", forgotten_in_pause}, {"forgotten under way", forgotten_under_way},
          {"forgotten before its turn", forgotten_before_its_turn},
          {"forgotten before the start", forgotten_before_the_start},
          {"kept anew while it is tried", kept_anew}, {"a bound device that does not come", device_never},
          {"a bound device that is wanted no more", device_unbound},
          {"bound devices that come", device_comes},
          {"one is unbound, another one did not come", another_is_unbound},
          {"adapters that boot alone come first", adapters_first},
          {"a kept login is forgotten meanwhile", forgotten_while_adapters_boot})
