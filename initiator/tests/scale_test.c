/* Many of everything: what a call or a start takes does not grow with what is kept already. Counted in memory
 * that is asked for, in connections and in events, never in time. */
#include "service_kit.h"

#define FEW 100
#define MANY 1000
#define TARGET "iqn.2026-01.org.example:disk"
#define PARALLEL 32 /* the default of boot_parallel */
#define ISID_IDS 65536

/* What was asked for since the service began. */
typedef struct asked {
    rig_alloc alloc; /* first */
    uint64_t calls, bytes;
} asked;

static void *counted_resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    asked *a = ctx;
    a->calls += new_size != 0;
    a->bytes += new_size;
    return rig_alloc_libc()->resize(rig_alloc_libc()->ctx, ptr, old_size, new_size);
}

static kit *counted_kit(asked *a)
{
    kit *k = kit_new();
    *a = (asked){.alloc = {counted_resize, a}};
    k->w->meter.below = &a->alloc;
    kit_start(k);
    return k;
}

/* ---- rows ---- */

static void portal_of(rig_target_portal *portal, uint32_t number)
{
    *portal = (rig_target_portal){.socket = 3260};
    snprintf(portal->address, sizeof portal->address, "10.0.%u.%u", number >> 8, number & 0xff);
}

static rig_code know(kit *k, uint32_t number)
{
    rig_static_target target = {.persist = true};
    snprintf(target.target, sizeof target.target, number ? TARGET "%u" : TARGET, number);
    return kit_do(k, RIG_CALL_ADD_STATIC_TARGET, &target);
}

static rig_code keep(kit *k, uint32_t number)
{
    rig_login login = {.target = TARGET,
                       .port = RIG_PORT_ANY,
                       .has_portal = true,
                       .informational = true,
                       .persistent = true,
                       .has_options = true};
    login.options.flags = RIG_LOGIN_FLAG_MULTIPATH;
    portal_of(&login.portal, number);
    return kit_do(k, RIG_CALL_LOGIN, &login);
}

static rig_code forget(kit *k, uint32_t number)
{
    rig_login_ref login = {.target = TARGET, .port = RIG_PORT_ANY, .has_portal = true};
    portal_of(&login.portal, number);
    return kit_do(k, RIG_CALL_REMOVE_LOGIN, &login);
}

static rig_code ask(kit *k, uint32_t number)
{
    rig_send_targets_portal portal = {.port = RIG_PORT_ANY};
    portal_of(&portal.portal, number);
    return kit_do(k, RIG_CALL_ADD_SEND_TARGETS_PORTAL, &portal);
}

static rig_code ask_again(kit *k, uint32_t number)
{
    rig_portal_ref portal = {.port = RIG_PORT_ANY};
    portal_of(&portal.portal, number);
    return kit_do(k, RIG_CALL_REFRESH_SEND_TARGETS_PORTAL, &portal);
}

static rig_code ask_no_more(kit *k, uint32_t number)
{
    rig_portal_ref portal = {.port = RIG_PORT_ANY};
    portal_of(&portal.portal, number);
    return kit_do(k, RIG_CALL_REMOVE_SEND_TARGETS_PORTAL, &portal);
}

/* ---- calls ---- */

typedef rig_code one_call(kit *k, uint32_t number);

/* Makes calls from first on, and tells what they asked for. */
static asked run(kit *k, const asked *a, one_call *call, uint32_t first, uint32_t num, rig_code code)
{
    const asked before = *a;
    uint32_t wrong = 0;
    for (uint32_t i = first; i < first + num; i++)
        wrong += call(k, i) != code;
    CU_ASSERT_EQUAL(wrong, 0);
    return (asked){.calls = a->calls - before.calls, .bytes = a->bytes - before.bytes};
}

/* The calls behind many take what the first ones took; a table that grows by doubling asks for less than four
 * pointers a row in each of its two arrays. */
static void like_the_first(kit *k, const asked *a, one_call *call, rig_code code)
{
    const asked first = run(k, a, call, 0, FEW, code);
    run(k, a, call, FEW, MANY - 2 * FEW, code);
    const asked last = run(k, a, call, MANY - FEW, FEW, code);
    CU_ASSERT(last.calls <= first.calls);
    CU_ASSERT(last.bytes <= first.bytes + 2 * 4 * MANY * sizeof(void *));
    CU_ASSERT(first.calls > 0);
}

static void calls(void)
{
    asked a;
    kit *k = counted_kit(&a);
    k->w->refuse = RIG_E_UNREACHABLE;
    like_the_first(k, &a, know, RIG_CODE_SUCCESS);
    like_the_first(k, &a, keep, RIG_CODE_SUCCESS);
    like_the_first(k, &a, ask, RIG_CODE_CONNECTION_FAILED);
    like_the_first(k, &a, ask_again, RIG_CODE_CONNECTION_FAILED);
    CU_ASSERT_EQUAL(kit_ask(k, RIG_CALL_REPORT_LOGINS, NULL), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(k->reply.logins.logins.num, MANY);
    CU_ASSERT_EQUAL(k->reply.logins.logins.size, MANY);
    kit_forget(k);
    like_the_first(k, &a, forget, RIG_CODE_SUCCESS);
    like_the_first(k, &a, ask_no_more, RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(k->service->tables[SVC_LOGINS].num, 0);
    CU_ASSERT_EQUAL(k->service->tables[SVC_PORTALS].num, 0);
    CU_ASSERT_EQUAL(forget(k, 0), RIG_CODE_TARGET_NOT_FOUND);
    kit_free(k);
}

/* Logins with one target, instance and portal are found together, whatever their port, and no others. */
static void near_ones(void)
{
    asked a;
    kit *k = counted_kit(&a);
    rig_login_ref ref = {.target = TARGET, .port = RIG_PORT_ANY, .has_portal = true};
    k->hba.adapters[0].num_ports = 2;
    know(k, 0);
    for (uint32_t number = 0; number < FEW; number++)
        CU_ASSERT_EQUAL(keep(k, number), RIG_CODE_SUCCESS);
    rig_login login = {.target = TARGET, .initiator = "host", .has_portal = true, .persistent = true};
    portal_of(&login.portal, 7);
    for (login.port = 0; login.port < 2; login.port++)
        CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_LOGIN, &login), RIG_CODE_SUCCESS);
    portal_of(&ref.portal, 7);
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_REMOVE_LOGIN, &ref), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(k->service->tables[SVC_LOGINS].num, FEW + 1);
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_REMOVE_LOGIN, &ref), RIG_CODE_PORTAL_NOT_FOUND);
    snprintf(ref.initiator, sizeof ref.initiator, "host");
    CU_ASSERT_EQUAL(kit_do(k, RIG_CALL_REMOVE_LOGIN, &ref), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(k->service->tables[SVC_LOGINS].num, FEW - 1);
    kit_free(k);
}

/* ---- numbers of kept logins ---- */

/* Marks the numbers of all kept logins; how many have one that another one has, too, or none. */
static uint32_t twice(const kit *k, uint8_t used[ISID_IDS])
{
    const svc_table *kept = &k->service->tables[SVC_LOGINS];
    uint32_t num = 0;
    memset(used, 0, ISID_IDS);
    used[0] = 1;
    for (uint32_t i = 0; i < kept->num; i++)
        num += used[((const rig_login *)kept->rows[i]->record)->isid_id]++ != 0;
    return num;
}

/* Behind the last number they begin anew, and pass over those that are in use. */
static void numbers(void)
{
    static uint8_t used[ISID_IDS];
    asked a;
    kit *k = counted_kit(&a);
    know(k, 0);
    for (uint32_t i = 0; i < FEW; i++)
        CU_ASSERT_EQUAL(keep(k, i), RIG_CODE_SUCCESS);
    k->service->next_isid_id = ISID_IDS - 2; /* 65534 more were kept and forgotten */
    for (uint32_t i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(keep(k, FEW + i), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(twice(k, used), 0);
    CU_ASSERT(used[1] && used[FEW] && used[ISID_IDS - 2] && used[ISID_IDS - 1]);
    CU_ASSERT(used[FEW + 1] && used[FEW + 2] && !used[FEW + 3]);
    kit_restart(k);
    CU_ASSERT_EQUAL(keep(k, FEW + 4), RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(twice(k, used), 0);
    kit_free(k);
}

/* ---- a start ---- */

/* The next connection is made as soon as one has its session. */
static uint32_t come_up(kit *k, uint32_t number, uint32_t logins)
{
    link *l = k->w->links[number];
    uint32_t most = number + 1 + PARALLEL;
    l->connected = true;
    bench_tell(l, RIG_STREAM_CONNECTED, RIG_OK);
    bench_login_on(l, NULL);
    bench_pump(k->w);
    return k->w->num_links != (most < logins ? most : logins);
}

/* What a start with so many logins asks for. */
static asked start(uint32_t logins)
{
    asked a;
    uint32_t wrong = 0;
    kit *k = counted_kit(&a);
    know(k, 0);
    for (uint32_t i = 0; i < logins; i++)
        wrong += keep(k, i) != RIG_CODE_SUCCESS;
    kit_restart(k);
    a.calls = a.bytes = 0;
    CU_ASSERT_EQUAL(rig_service_boot(k->service, k->w->now), RIG_OK);
    bench_pump(k->w);
    CU_ASSERT_EQUAL_FATAL(k->w->num_links, PARALLEL);
    for (uint32_t i = 0; i < logins; i++)
        wrong += come_up(k, i, logins);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(k->service->ready && k->service->boot_code == RIG_CODE_SUCCESS);
    CU_ASSERT_EQUAL(k->service->num_sessions, logins);
    CU_ASSERT_EQUAL(k->num_events, logins + 1); /* LOGIN_STARTED each, and READY */
    const asked all = a;
    kit_free(k);
    return all;
}

/* Ten times the logins: ten times the memory, in ten times the pieces; a list that doubles may be half
 * empty. */
static void starts(void)
{
    const asked few = start(FEW), many = start(MANY);
    CU_ASSERT(few.calls > FEW);
    CU_ASSERT(many.calls <= few.calls * (MANY / FEW));
    CU_ASSERT(many.bytes <= few.bytes * (MANY / FEW) + few.bytes);
}

RIG_SUITE("service: scale", {"calls among many rows", calls}, {"logins that differ by their port", near_ones},
          {"numbers of kept logins begin anew", numbers}, {"a start with 1000 kept logins", starts})
