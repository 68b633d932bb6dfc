/* 10,000 sessions over the simulated network: all of them work, and an idle one costs little. */
#include "rig/simnet.h"
#include "target_fixture.h"

#define SESSIONS 10000
#define LUMP 500 /* logins at a time */

typedef struct initiator {
    rig_stream *stream;
    uint8_t out[512], in[512];
    size_t out_len, out_at, in_len;
    bool up;
    uint32_t number;
} initiator;

static int on_space(void *ctx, struct iovec *iov, int max)
{
    initiator *one = ctx;
    (void)max;
    iov[0] = (struct iovec){one->in + one->in_len, sizeof(one->in) - one->in_len};
    return iov[0].iov_len > 0;
}

static void on_received(void *ctx, size_t len, uint64_t now)
{
    initiator *one = ctx;
    (void)now;
    one->in_len += len;
    if (one->in_len >= RIG_BHS_LEN && rig_pdu_kind_of(one->in) == RIG_PDU_LOGIN_RESP)
        one->up = rig_get(one->in, RIG_F_LOGIN_STATUS) == 0 && rig_get(one->in, RIG_F_T);
}

static int on_output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    initiator *one = ctx;
    (void)max, (void)now;
    iov[0] = (struct iovec){one->out + one->out_at, one->out_len - one->out_at};
    return iov[0].iov_len > 0;
}

static void on_sent(void *ctx, size_t len, uint64_t now)
{
    initiator *one = ctx;
    (void)now;
    one->out_at += len;
}

static void on_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    (void)ctx, (void)event, (void)why, (void)now;
}

static const rig_stream_user_ops ops = {on_space, on_received, on_output, on_sent, on_event};

static void make_login(initiator *one)
{
    uint8_t bhs[RIG_BHS_LEN], text[256];
    tt_client plain = {.cmd_sn = 1};
    tt_login_bhs(&plain, bhs, true, 1, 3);
    rig_set(bhs, RIG_F_ISID, 0x800000000000u + one->number);
    one->out_len = tt_build(
        &plain, one->out, bhs, text,
        tt_pairs(
            text,
            "InitiatorName=iqn.2026-01.example.host:a-name-of-common-length.0001\nTargetName=" TT_TARGET));
}

typedef struct net {
    rig_simnet *sim;
    rig_target *target;
} net;

static void settle(net *all)
{
    while (rig_simnet_step(all->sim))
        rig_target_tick(all->target, rig_simnet_now(all->sim));
}

static void test_sessions(void)
{
    static uint8_t area[65536];
    rig_alloc_meter meter;
    net all;
    rig_simhost *here, *there;
    rig_target_node *node;
    rig_address at = tt_address("192.0.2.10", 3260), mine = tt_address("192.0.2.1", 0);
    rig_portal portal = {.host = "192.0.2.10", .port = 3260, .group = -1};
    rig_target_counts counts;
    initiator *initiators = calloc(SESSIONS, sizeof(*initiators));
    rig_backing *backing = NULL;
    rig_device *device = NULL;
    CU_ASSERT_EQUAL_FATAL(rig_simnet_new(&(rig_simnet_config){.alloc = rig_alloc_libc()}, &all.sim), RIG_OK);
    rig_simhost_new(all.sim, "target", &there);
    rig_simhost_new(all.sim, "initiator", &here);
    rig_simhost_address(there, &at.ip);
    rig_simhost_address(here, &mine.ip);
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    rig_target_config config = {
        .alloc = &meter.alloc, .transport = rig_simhost_transport(there), .read_ahead = {area, sizeof(area)}};
    CU_ASSERT_EQUAL_FATAL(rig_target_new(&config, &all.target), RIG_OK);
    CU_ASSERT_EQUAL(rig_target_portal_add(all.target, &at, 1, NULL), RIG_OK);
    rig_target_node_add(all.target, rig_view_str(TT_TARGET), &node, NULL);
    rig_backing_ram_new(&meter.alloc, 1 << 20, &backing);
    rig_device_new(&(rig_device_config){.alloc = &meter.alloc, .backing = backing}, &device);
    rig_target_node_lun(node, 0, device);
    uint64_t before = meter.bytes_live;
    for (uint32_t i = 0; i < SESSIONS; i++) {
        initiators[i].number = i;
        make_login(&initiators[i]);
        rig_stream_user user = {&ops, &initiators[i]};
        CU_ASSERT_EQUAL(
            rig_connect(rig_simhost_transport(here), &mine, &portal, &user, &initiators[i].stream), RIG_OK);
        if (i % LUMP == LUMP - 1)
            settle(&all);
    }
    settle(&all);
    unsigned up = 0;
    for (uint32_t i = 0; i < SESSIONS; i++)
        up += initiators[i].up;
    rig_target_count(all.target, &counts);
    CU_ASSERT_EQUAL(up, SESSIONS);
    CU_ASSERT_EQUAL(counts.sessions, SESSIONS);
    CU_ASSERT_TRUE((meter.bytes_live - before) / SESSIONS <= 8192);
    for (uint32_t i = 0; i < LUMP; i++)
        rig_close(initiators[i].stream, i % 2 ? RIG_CLOSE_FLUSH : RIG_CLOSE_RESET);
    settle(&all);
    rig_target_count(all.target, &counts);
    CU_ASSERT_EQUAL(counts.connections, SESSIONS - LUMP);
    CU_ASSERT_EQUAL(counts.sessions, SESSIONS - LUMP);
    uint64_t retained = rig_simnet_now(all.sim) + 22 * RIG_SECOND; /* Time2Wait and Time2Retain */
    CU_ASSERT_TRUE(rig_target_next_deadline(all.target) <= retained);
    rig_target_tick(all.target, retained);
    CU_ASSERT_EQUAL(rig_target_next_deadline(all.target), RIG_NEVER);
    CU_ASSERT_TRUE((meter.bytes_live - before) / (SESSIONS - LUMP) <= 8192);
    rig_target_free(all.target);
    CU_ASSERT_EQUAL(meter.num_live, 0);
    rig_simnet_free(all.sim);
    free(initiators);
}

RIG_SUITE("target at scale", {"10,000 idle sessions of at most 8 kB", test_sessions})
