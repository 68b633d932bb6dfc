/* Asynchronous Messages that the owner of a target has sent, and the logouts it asks for (RFC 7143
 * sections 7.4.3, 11.9). */
#include "target/tgt.h"
#include "target_fixture.h"

static rig_status notify(tt_world *world, const rig_target_notice *notice)
{
    rig_status status = rig_target_notify(world->target, notice, world->now);
    tt_run(world);
    return status;
}

static unsigned event_of(const tt_pdu *pdu)
{
    return (unsigned)tt_field(pdu, RIG_F_ASYNC_EVENT);
}

/* 11.9.1: event 4 has its time, a vendor's event its code and data behind an empty sense (11.9.4); both take
 * a StatSN. */
static void test_events(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint32_t before = client.exp_stat_sn;
    CU_ASSERT_EQUAL(notify(world, &(rig_target_notice){.event = 4, .seconds = 5}), RIG_OK);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_ASYNC);
    CU_ASSERT_EQUAL(event_of(&pdu), 4);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_PARAMETER3), 5);
    CU_ASSERT_EQUAL(pdu.len, 0);
    rig_target_notice vendor = {.event = 248, .vendor_code = 7, .data = rig_view_str("abc")};
    CU_ASSERT_EQUAL(notify(world, &vendor), RIG_OK);
    pdu = tt_expect(&client, RIG_PDU_ASYNC);
    CU_ASSERT_EQUAL(event_of(&pdu), 248);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_ASYNC_VCODE), 7);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_ITT), RIG_TAG_NONE);
    CU_ASSERT_EQUAL_FATAL(pdu.len, 5);
    CU_ASSERT_EQUAL(memcmp(pdu.data, "\0\0abc", 5), 0);
    CU_ASSERT_EQUAL(client.exp_stat_sn, before + 2);
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

/* What the target sends out of its own state, what is reserved, and what nobody knows. */
static void test_wrong_events(void)
{
    static const uint8_t wrong[] = {0, 1, 2, 3, 5, 6, 247};
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    for (size_t i = 0; i < sizeof(wrong); i++)
        CU_ASSERT_EQUAL(notify(world, &(rig_target_notice){.event = wrong[i]}), RIG_E_ARGUMENT);
    CU_ASSERT_EQUAL(notify(world, &(rig_target_notice){.event = 4, .vendor_code = 1}), RIG_E_ARGUMENT);
    CU_ASSERT_EQUAL(notify(world, &(rig_target_notice){.event = 255, .seconds = 1}), RIG_E_ARGUMENT);
    CU_ASSERT_TRUE(tt_silent(&client));
    tt_free(world);
}

static void test_longest_data(void)
{
    static const uint8_t data[RIG_TARGET_NOTICE_MAX + 1];
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "MaxRecvDataSegmentLength=512");
    rig_target_notice notice = {.event = 255, .data = rig_view_of(data, sizeof(data))};
    CU_ASSERT_EQUAL(notify(world, &notice), RIG_E_LIMIT);
    CU_ASSERT_TRUE(tt_silent(&client));
    notice.data.len = RIG_TARGET_NOTICE_MAX;
    CU_ASSERT_EQUAL(notify(world, &notice), RIG_OK);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_ASYNC);
    CU_ASSERT_EQUAL(pdu.len, 512);
    tt_free(world);
}

/* 7.4.3: nothing unasked in a discovery session, and nothing during a login. */
static void test_who_hears(void)
{
    tt_world *world = tt_new();
    tt_client a = tt_login(world, ""), asks = tt_discovery(world, ""), halfway = tt_client_at(world, 0), b;
    b = tt_client_at(world, 0);
    b.isid = 9;
    CU_ASSERT_EQUAL(tt_login_keys(&b, ""), 0);
    CU_ASSERT_EQUAL(notify(world, &(rig_target_notice){.event = 255}), RIG_OK);
    tt_expect(&a, RIG_PDU_ASYNC);
    tt_expect(&b, RIG_PDU_ASYNC);
    CU_ASSERT_TRUE(tt_silent(&asks));
    CU_ASSERT_TRUE(tt_silent(&halfway));
    CU_ASSERT_TRUE(asks.stream->open);
    tt_free(world);
}

static void test_no_memory(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    rig_target_notice notice = {.event = 255, .data = rig_view_str("abc")};
    unsigned failed = 0;
    for (uint64_t at = 1; at < 10; at++) {
        world->meter.fail_at = world->meter.num_calls + at;
        rig_status status = notify(world, &notice);
        world->meter.fail_at = 0;
        if (status == RIG_OK)
            break;
        failed++;
        CU_ASSERT_EQUAL(status, RIG_E_NOMEM);
        CU_ASSERT_TRUE(tt_silent(&client));
    }
    CU_ASSERT_TRUE(failed > 0);
    tt_expect(&client, RIG_PDU_ASYNC);
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

/* 11.9.1: a logout that does not come in time: event 2, then the end. */
static void test_overdue(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    rig_target_ask_logout(world->target, 3, world->now);
    tt_run(world);
    tt_expect(&client, RIG_PDU_ASYNC);
    tt_pass(world, 3 * RIG_SECOND - 1);
    CU_ASSERT_TRUE(tt_silent(&client));
    CU_ASSERT_TRUE(client.stream->open);
    tt_pass(world, 1);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_ASYNC);
    CU_ASSERT_EQUAL(event_of(&pdu), 2);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_PARAMETER1), client.cid);
    CU_ASSERT_FALSE(client.stream->open);
    CU_ASSERT_FALSE(client.stream->reset);
    tt_free(world);
}

/* One that came, and one whose connection was lost, are not missed later. */
static void test_in_time(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, ""), lost = tt_client_at(world, 0);
    uint8_t bhs[RIG_BHS_LEN];
    lost.isid = 9;
    CU_ASSERT_EQUAL(tt_login_keys(&lost, ""), 0);
    rig_target_ask_logout(world->target, 3, world->now);
    tt_run(world);
    tt_expect(&client, RIG_PDU_ASYNC);
    tt_request(&client, bhs, RIG_PDU_LOGOUT_REQ, true);
    tt_send(&client, bhs, NULL, 0);
    tt_expect(&client, RIG_PDU_LOGOUT_RESP);
    lost.stream->open = false;
    lost.stream->user.ops->event(lost.stream->user.ctx, RIG_STREAM_FAILED, RIG_E_CLOSED, world->now);
    tt_pass(world, 60 * RIG_SECOND);
    CU_ASSERT_TRUE(tt_silent(&client));
    CU_ASSERT_EQUAL(tt_count_events(world, RIG_TARGET_CLOSED), 2);
    tt_free(world);
}

/* REJ-013: commands that acknowledge the request are rejected, those that crossed it are not; other requests
 * go on. */
static void test_commands_behind_it(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    rig_target_ask_logout(world->target, 30, world->now);
    tt_run(world);
    uint32_t before = client.exp_stat_sn;
    tt_expect(&client, RIG_PDU_ASYNC);
    client.exp_stat_sn = before;
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(&client, bhs, "F", 0, 0x00, 0, 0);
    tt_send(&client, bhs, NULL, 0);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_REJECT);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), 0x0c);
    tt_request(&client, bhs, RIG_PDU_NOP_OUT, true);
    tt_send(&client, bhs, NULL, 0);
    tt_expect(&client, RIG_PDU_NOP_IN);
    tt_free(world);
}

/* 7.4.3: a discovery session ends instead. */
static void test_discovery_ends(void)
{
    tt_world *world = tt_new();
    tt_client asks = tt_discovery(world, "");
    rig_target_ask_logout(world->target, 30, world->now);
    tt_run(world);
    CU_ASSERT_TRUE(tt_silent(&asks));
    CU_ASSERT_FALSE(asks.stream->open);
    tt_free(world);
}

static void test_node_find(void)
{
    tt_world *world = tt_new();
    CU_ASSERT_PTR_EQUAL(rig_target_node_find(world->target, rig_view_str(TT_TARGET)), world->node);
    CU_ASSERT_PTR_NULL(rig_target_node_find(world->target, rig_view_str("iqn.2026-01.example.sim:no")));
    tt_free(world);
}

RIG_SUITE("target: notices and logouts it asks for", {"events", test_events},
          {"wrong events", test_wrong_events}, {"the longest data", test_longest_data},
          {"who hears", test_who_hears}, {"no memory", test_no_memory}, {"an overdue logout", test_overdue},
          {"a logout in time", test_in_time}, {"commands behind the request", test_commands_behind_it},
          {"a discovery session ends", test_discovery_ends}, {"a node by its name", test_node_find})
