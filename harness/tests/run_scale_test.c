/* Both engines against each other on the simulated network, beyond what a scenario says: 10,000 idle sessions
 * in one process, and a session of two connections. */
#include "rig/initiator.h"
#include "rig/simnet.h"
#include "rig/target.h"
#include "suite.h"

#define SESSIONS 10000
#define IDLE_BYTES 8192 /* most bytes of an idle session on each side */
#define READ_AHEAD 65536
#define TARGET_NAME "iqn.2026-01.example.sim:disk0"

typedef struct pair {
    rig_alloc_meter initiator_memory, target_memory, net_memory;
    rig_simnet *net;
    rig_initiator *initiator;
    rig_target *target;
    rig_target_node *node;
    uint8_t *ahead;
    uint32_t ups, downs;
} pair;

static void on_event(void *ctx, const rig_event *event)
{
    pair *p = ctx;
    p->ups += event->kind == RIG_EVENT_SESSION_UP;
    p->downs += event->kind == RIG_EVENT_SESSION_DOWN || event->kind == RIG_EVENT_LOGIN_FAILED;
}

static rig_status pair_net(pair *p, rig_simhost **out_host, rig_simhost **out_target_host,
                           rig_address *out_at)
{
    const rig_simnet_config config = {.alloc = &p->net_memory.alloc};
    rig_ip ip;
    rig_ip_parse(rig_view_str("10.0.0.1"), &ip);
    rig_ip_parse(rig_view_str("192.0.2.1"), &out_at->ip);
    rig_status status = rig_simnet_new(&config, &p->net);
    if (!status)
        status = rig_simhost_new(p->net, "initiator", out_host);
    if (!status)
        status = rig_simhost_new(p->net, "target", out_target_host);
    if (!status)
        status = rig_simhost_address(*out_host, &ip);
    return status ? status : rig_simhost_address(*out_target_host, &out_at->ip);
}

static rig_status pair_open(pair *p)
{
    rig_simhost *host, *target_host;
    rig_address at = {.port = RIG_PORT};
    rig_error error = {0};
    *p = (pair){0};
    rig_alloc_meter_init(&p->initiator_memory, rig_alloc_libc());
    rig_alloc_meter_init(&p->target_memory, rig_alloc_libc());
    rig_alloc_meter_init(&p->net_memory, rig_alloc_libc());
    p->ahead = rig_new(rig_alloc_libc(), READ_AHEAD);
    rig_status status = pair_net(p, &host, &target_host, &at);
    if (status)
        return status;
    const rig_target_config target = {.alloc = &p->target_memory.alloc,
                                      .transport = rig_simhost_transport(target_host),
                                      .read_ahead = {p->ahead, READ_AHEAD}};
    const rig_initiator_config initiator = {.alloc = &p->initiator_memory.alloc,
                                            .transport = rig_simhost_transport(host),
                                            .read_ahead = {p->ahead, READ_AHEAD},
                                            .name = rig_view_str("iqn.2026-01.example.host:a"),
                                            .event = on_event,
                                            .ctx = p};
    status = rig_target_new(&target, &p->target);
    if (!status)
        status = rig_target_portal_add(p->target, &at, 1, &error);
    if (!status)
        status = rig_target_node_add(p->target, rig_view_str(TARGET_NAME), &p->node, &error);
    return status ? status : rig_initiator_new(&initiator, &p->initiator, &error);
}

static void pair_close(pair *p)
{
    rig_initiator_free(p->initiator);
    rig_target_free(p->target);
    rig_simnet_free(p->net);
    rig_delete(rig_alloc_libc(), p->ahead, READ_AHEAD);
}

static void pair_settle(pair *p)
{
    while (rig_simnet_step(p->net))
        continue;
}

static rig_status new_session(pair *p, uint32_t max_connections, rig_session **out_session)
{
    rig_session_config config;
    rig_session_config_init(&config);
    config.target = rig_view_str(TARGET_NAME);
    config.offer[RIG_KEY_MAX_CONNECTIONS].value = max_connections;
    rig_status status = rig_portal_parse(rig_view_str("192.0.2.1"), &config.portal, NULL);
    if (!status)
        status = rig_session_new(p->initiator, &config, out_session, NULL);
    return status ? status : rig_session_login(*out_session, rig_simnet_now(p->net));
}

static void test_idle_sessions(void)
{
    pair p;
    CU_ASSERT_EQUAL_FATAL(pair_open(&p), RIG_OK);
    uint64_t initiator_before = p.initiator_memory.bytes_live;
    uint64_t target_before = p.target_memory.bytes_live;
    for (uint32_t i = 0; i < SESSIONS; i++) {
        rig_session *session = NULL;
        CU_ASSERT_EQUAL_FATAL(new_session(&p, 1, &session), RIG_OK);
        pair_settle(&p);
    }
    rig_target_counts counts;
    rig_target_count(p.target, &counts);
    CU_ASSERT_EQUAL(p.ups, SESSIONS);
    CU_ASSERT_EQUAL(p.downs, 0);
    CU_ASSERT_EQUAL(counts.sessions, SESSIONS);
    CU_ASSERT(p.initiator_memory.bytes_live - initiator_before <= (uint64_t)SESSIONS * IDLE_BYTES);
    CU_ASSERT(p.target_memory.bytes_live - target_before <= (uint64_t)SESSIONS * IDLE_BYTES);
    pair_close(&p);
    CU_ASSERT_EQUAL(p.initiator_memory.num_live, 0);
    CU_ASSERT_EQUAL(p.target_memory.num_live, 0);
    CU_ASSERT_EQUAL(p.net_memory.num_live, 0);
}

static void count_done(rig_task *task, uint64_t now)
{
    uint32_t *count = task->user;
    (void)now;
    *count += task->status == RIG_OK && task->response == 0 && task->scsi_status == 0;
}

/* The target answers MaxConnections=1 by default: the second connection is refused, by both sides' own
 * reading. */
static void test_one_connection(void)
{
    pair p;
    rig_session *session = NULL;
    rig_portal portal;
    CU_ASSERT_EQUAL_FATAL(pair_open(&p), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(rig_portal_parse(rig_view_str("192.0.2.1"), &portal, NULL), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(new_session(&p, 2, &session), RIG_OK);
    pair_settle(&p);
    CU_ASSERT_EQUAL(rig_session_add_connection(session, &portal, 0), RIG_E_LIMIT);
    pair_close(&p);
}

static void add_disk(pair *p)
{
    rig_device_config config = {.alloc = &p->target_memory.alloc, .serial = 1};
    rig_device *device = NULL;
    CU_ASSERT_EQUAL_FATAL(rig_backing_ram_new(config.alloc, 1 << 20, &config.backing), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(rig_device_new(&config, &device), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(rig_target_node_lun(p->node, 0, device), RIG_OK);
}

static void test_two_connections(void)
{
    enum { TASKS = 64, BYTES = 4096 };
    static uint8_t buffers[TASKS][BYTES];
    static const uint8_t cdb[10] = {0x28, [8] = BYTES / 512};
    rig_task tasks[TASKS];
    struct iovec iovs[TASKS];
    uint32_t good = 0;
    pair p;
    rig_session *session = NULL;
    rig_portal portal;
    rig_session_facts facts;
    CU_ASSERT_EQUAL_FATAL(pair_open(&p), RIG_OK);
    add_disk(&p);
    rig_target_offer(p.target, p.node, rig_view_str("MaxConnections"), rig_view_str("2"), NULL);
    CU_ASSERT_EQUAL_FATAL(rig_portal_parse(rig_view_str("192.0.2.1"), &portal, NULL), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(new_session(&p, 2, &session), RIG_OK);
    pair_settle(&p);
    CU_ASSERT_EQUAL_FATAL(rig_session_add_connection(session, &portal, 0), RIG_OK);
    pair_settle(&p);
    rig_session_describe(session, &facts);
    CU_ASSERT_EQUAL(facts.connections, 2);
    for (int i = 0; i < TASKS; i++) {
        iovs[i] = (struct iovec){buffers[i], BYTES};
        tasks[i] = (rig_task){.kind = RIG_TASK_SCSI,
                              .cdb = rig_view_of(cdb, sizeof cdb),
                              .read = true,
                              .edtl = BYTES,
                              .in = &iovs[i],
                              .num_in = 1,
                              .attr = 1,
                              .done = count_done,
                              .user = &good};
        CU_ASSERT_EQUAL(rig_session_submit(session, &tasks[i], 0), RIG_OK);
    }
    pair_settle(&p);
    CU_ASSERT_EQUAL(good, TASKS);
    pair_close(&p);
    CU_ASSERT_EQUAL(p.initiator_memory.num_live, 0);
    CU_ASSERT_EQUAL(p.target_memory.num_live, 0);
}

RIG_SUITE("both engines", {"10,000 idle sessions fit their budget", test_idle_sessions},
          {"a second connection needs MaxConnections", test_one_connection},
          {"a session of two connections serves commands on both", test_two_connections})
