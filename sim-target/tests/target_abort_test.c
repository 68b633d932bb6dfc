/* Functions on many tasks: FastAbort, response fences, target and nexus resets, queries (RFC
 * 7143 4.2.2.3, 4.2.3; RFC 7144 section 6). */
#include "target_recovery.h"

#define FAST "MaxConnections=4\nTaskReporting=FastAbort\nInitialR2T=Yes\nImmediateData=No"
#define STANDARD "MaxConnections=4\nInitialR2T=Yes\nImmediateData=No"

static void tmf(tt_client *client, unsigned function, uint32_t tag)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_request(client, bhs, RIG_PDU_TMF_REQ, true);
    rig_set(bhs, RIG_F_FUNCTION, function);
    rig_set(bhs, RIG_F_REF_TAG, tag);
    rig_set(bhs, RIG_F_REF_CMD_SN, client->cmd_sn);
    tt_send(client, bhs, NULL, 0);
}

static unsigned response(tt_client *client)
{
    tt_pdu pdu = tt_expect(client, RIG_PDU_TMF_RESP);
    return (unsigned)tt_field(&pdu, RIG_F_TMF_RESPONSE);
}

/* A write of two blocks that has got its R2T. */
static tt_pdu begin_write(tt_client *client)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(client, bhs, "FW", 1024, 0x2a, 0, 2);
    tt_send(client, bhs, NULL, 0);
    return tt_expect(client, RIG_PDU_R2T);
}

static void data_for(tt_client *client, const tt_pdu *r2t)
{
    uint8_t bhs[RIG_BHS_LEN], block[1024];
    memset(block, 0x77, sizeof(block));
    tt_data_out(bhs, rig_get32(r2t->bhs, RIG_F_ITT), rig_get32(r2t->bhs, RIG_F_TTT), 0, 0, true);
    tt_send(client, bhs, block, sizeof(block));
}

/* A NOP-Out that only acknowledges, with the LUN of an event. */
static void acknowledge(tt_client *client)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_request(client, bhs, RIG_PDU_NOP_OUT, true);
    rig_set(bhs, RIG_F_ITT, RIG_TAG_NONE);
    rig_set(bhs, RIG_F_TTT, RIG_TAG_NONE);
    tt_send(client, bhs, NULL, 0);
}

/* SAM-5 section 6.3.3: a reset is told to every nexus, the one that asked for it as well. */
static void hears_of_reset(tt_client *client)
{
    CU_ASSERT_EQUAL(tt_ready(client), 2);
}

static bool block_is_zero(tt_client *client)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(client, bhs, "FR", 512, 0x28, 0, 1);
    tt_send(client, bhs, NULL, 0);
    tt_pdu pdu = tt_expect(client, RIG_PDU_DATA_IN);
    return pdu.len == 512 && pdu.data[0] == 0;
}

/* The window opens when tasks end without a response, and nothing else carries it. */
static void window_opens(tt_client *client)
{
    tt_pdu pdu = tt_expect(client, RIG_PDU_NOP_IN);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_TTT), RIG_TAG_NONE);
}

static tt_client other_session(tt_world *world, const char *keys, uint8_t isid)
{
    tt_client client = tt_client_at(world, 0);
    client.isid = isid;
    CU_ASSERT_EQUAL(tt_login_keys(&client, keys), 0);
    return client;
}

/* TMF-035, TMF-036: the response does not wait for data, and data that is late goes nowhere. */
static void test_fast_abort(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tt_login(world, FAST);
    tt_pdu r2t = begin_write(&a);
    tmf(&a, 2, RIG_TAG_NONE);
    CU_ASSERT_EQUAL(response(&a), 0);
    data_for(&a, &r2t); /* its ExpStatSN is behind the response: the tag was free again */
    tt_expect(&a, RIG_PDU_REJECT);
    CU_ASSERT_TRUE(block_is_zero(&a));
    r2t = begin_write(&a);
    uint32_t before = a.exp_stat_sn;
    tmf(&a, 5, RIG_TAG_NONE);
    CU_ASSERT_EQUAL(response(&a), 0);
    uint32_t behind = a.exp_stat_sn;
    a.exp_stat_sn = before;
    data_for(&a, &r2t); /* not acknowledged yet: swallowed */
    a.exp_stat_sn = behind;
    CU_ASSERT_TRUE(tt_silent(&a));
    hears_of_reset(&a);
    CU_ASSERT_TRUE(block_is_zero(&a));
    tt_pass(world, 120 * RIG_SECOND); /* nobody waits for data of an aborted task */
    CU_ASSERT_TRUE(a.stream->open);
    tt_free(world);
}

/* TMF-025: with standard semantics it waits. */
static void test_standard_waits(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tt_login(world, STANDARD);
    tt_pdu r2t = begin_write(&a);
    tmf(&a, 5, RIG_TAG_NONE);
    CU_ASSERT_TRUE(tt_silent(&a));
    data_for(&a, &r2t);
    CU_ASSERT_EQUAL(response(&a), 0);
    hears_of_reset(&a);
    CU_ASSERT_TRUE(block_is_zero(&a));
    tt_free(world);
}

/* TMF-033, TMF-037, TMF-038: event 5 for other FastAbort sessions with affected tasks, and for no others. */
static void test_third_parties(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tt_login(world, FAST), fast = other_session(world, FAST, 2),
              idle = other_session(world, FAST, 3), old = other_session(world, STANDARD, 4);
    tt_pdu r2t = begin_write(&fast), r2t_old = begin_write(&old);
    tmf(&a, 5, RIG_TAG_NONE);
    CU_ASSERT_EQUAL(response(&a), 0);
    tt_run(world);
    tt_pdu pdu = tt_expect(&fast, RIG_PDU_ASYNC);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_ASYNC_EVENT), 5);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_LUN), 0);
    window_opens(&fast);
    CU_ASSERT_TRUE(tt_silent(&idle));
    window_opens(&old);
    CU_ASSERT_TRUE(tt_silent(&old));
    data_for(&fast, &r2t); /* before the acknowledgment the tag is good */
    CU_ASSERT_TRUE(tt_silent(&fast));
    data_for(&old, &r2t_old);
    CU_ASSERT_TRUE(tt_silent(&old));
    CU_ASSERT_EQUAL(tt_ready(&idle), 2); /* unit attention: reset by another initiator */
    hears_of_reset(&a);
    CU_ASSERT_TRUE(block_is_zero(&a));
    tt_free(world);
}

/* 4.2.3.4 g: behind the NOP-Out the tag is free. */
static void test_tag_is_freed(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tt_login(world, FAST), fast = other_session(world, FAST, 2);
    tt_pdu r2t = begin_write(&fast);
    tmf(&a, 4, RIG_TAG_NONE);
    CU_ASSERT_EQUAL(response(&a), 0);
    tt_run(world);
    tt_expect(&fast, RIG_PDU_ASYNC);
    window_opens(&fast);
    CU_ASSERT_EQUAL(tt_ready(&fast), 2); /* acknowledges the event, and does not say that data has stopped */
    acknowledge(&fast);
    CU_ASSERT_TRUE(tt_silent(&fast));
    data_for(&fast, &r2t);
    tt_expect(&fast, RIG_PDU_REJECT);
    tt_free(world);
}

/* 4.2.3.5: a standard session that resets tells FastAbort sessions, too. */
static void test_mixed(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tt_login(world, STANDARD), fast = other_session(world, FAST, 2);
    begin_write(&fast);
    tmf(&a, 5, RIG_TAG_NONE);
    CU_ASSERT_EQUAL(response(&a), 0);
    tt_run(world);
    tt_pdu pdu = tt_expect(&fast, RIG_PDU_ASYNC);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_ASYNC_EVENT), 5);
    tt_free(world);
}

/* TMF-028, TMF-030, TMF-031: with several connections the response waits for acknowledgments, and what comes
 * behind it waits for its own. */
static void test_fence(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tt_login(world, FAST), b;
    CU_ASSERT_EQUAL(tr_join(&b, &a, 1, ""), 0);
    b.cmd_sn = a.cmd_sn;
    CU_ASSERT_EQUAL(tt_ready(&b), 0); /* its status is not acknowledged */
    a.cmd_sn = b.cmd_sn;
    tmf(&a, 5, RIG_TAG_NONE);
    CU_ASSERT_TRUE(tt_silent(&a));
    tt_run(world);
    tt_expect(&b, RIG_PDU_NOP_IN); /* asks for it */
    acknowledge(&b);
    tt_run(world);
    CU_ASSERT_EQUAL(response(&a), 0);
    tt_expect(&a, RIG_PDU_NOP_IN);
    CU_ASSERT_EQUAL(tt_ready(&b), 0xffff); /* held: the function's response is not acknowledged */
    CU_ASSERT_TRUE(tt_silent(&b));
    acknowledge(&a);
    tt_run(world);
    tt_expect(&b, RIG_PDU_SCSI_RESP);
    tt_free(world);
}

/* 4.2.2.3.4 a: the first unit attention behind the abort is fenced in the other session. */
static void test_fenced_attention(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tt_login(world, FAST), c = other_session(world, FAST, 2), d;
    d = tt_client_at(world, 0);
    d.isid = 2;
    d.cid = 1;
    d.tsih = c.tsih;
    d.cmd_sn = c.cmd_sn;
    CU_ASSERT_EQUAL(tt_login_keys(&d, ""), 0);
    CU_ASSERT_EQUAL(tt_ready(&d), 0);
    tmf(&a, 5, RIG_TAG_NONE);
    CU_ASSERT_EQUAL(response(&a), 0);
    c.cmd_sn = d.cmd_sn;
    CU_ASSERT_EQUAL(tt_ready(&c), 0xffff); /* the attention waits until the status on d has arrived */
    tt_run(world);
    tt_expect(&d, RIG_PDU_NOP_IN);
    acknowledge(&d);
    tt_run(world);
    tt_pdu pdu = tt_expect(&c, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_SCSI_STATUS), 2);
    tt_expect(&c, RIG_PDU_NOP_IN);
    d.cmd_sn = c.cmd_sn;
    CU_ASSERT_EQUAL(tt_ready(&d), 0xffff);
    tr_lose(&c); /* nothing is waited for on a connection that is gone */
    tt_run(world);
    tt_expect(&d, RIG_PDU_SCSI_RESP);
    tt_free(world);
}

/* 4.2.3.3 b: a warm reset does not wait for the commands before it, and ends what is there. */
static void test_warm_reset(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tt_login(world, FAST), other = other_session(world, STANDARD, 2);
    begin_write(&other);
    a.cmd_sn += 3; /* three that never come */
    tmf(&a, 6, RIG_TAG_NONE);
    CU_ASSERT_EQUAL(response(&a), 0);
    hears_of_reset(&a);
    CU_ASSERT_EQUAL(tt_ready(&a), 0);
    tt_free(world);
}

/* TMF-018: all connections of all sessions. */
static void test_cold_reset(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tt_login(world, STANDARD), other = other_session(world, STANDARD, 2);
    tmf(&a, 7, RIG_TAG_NONE);
    tt_run(world);
    CU_ASSERT_EQUAL(response(&a), 0);
    CU_ASSERT_FALSE(a.stream->open);
    CU_ASSERT_FALSE(other.stream->open);
    rig_target_counts counts;
    rig_target_count(world->target, &counts);
    CU_ASSERT_EQUAL(counts.sessions, 0);
    tt_free(world);
}

/* P44-013: nexus loss, every connection of the session is gone at once; others live on. */
static void test_nexus_reset(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tt_login(world, FAST "\niSCSIProtocolLevel=2"), b, other = other_session(world, FAST, 2);
    CU_ASSERT_EQUAL(tr_join(&b, &a, 1, ""), 0);
    begin_write(&a);
    tmf(&a, 11, RIG_TAG_NONE);
    acknowledge(&b);
    tt_run(world);
    CU_ASSERT_EQUAL(response(&a), 0);
    CU_ASSERT_FALSE(a.stream->open);
    CU_ASSERT_FALSE(b.stream->open);
    CU_ASSERT_EQUAL(tt_ready(&other), 0);
    tt_client back = tt_client_at(world, 0);
    back.tsih = a.tsih;
    CU_ASSERT_EQUAL(tt_login_keys(&back, ""), 0x020a);
    tt_free(world);
}

/* 4.2.3.4 d, RFC 7144 section 6.5: the other connections hear of their tasks before they go. */
static void test_nexus_reset_tells(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tt_login(world, FAST "\niSCSIProtocolLevel=2"), b;
    CU_ASSERT_EQUAL(tr_join(&b, &a, 1, ""), 0);
    acknowledge(&b);
    begin_write(&b);
    a.cmd_sn = b.cmd_sn;
    tmf(&a, 11, RIG_TAG_NONE);
    tt_run(world);
    CU_ASSERT_EQUAL(response(&a), 0);
    tt_pdu pdu = tt_expect(&b, RIG_PDU_ASYNC);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_ASYNC_EVENT), 5);
    CU_ASSERT_FALSE(b.stream->open);
    CU_ASSERT_FALSE(b.stream->reset);
    tt_free(world);
}

/* P44-010, P44-011, P44-019: what is in the task set, and nothing ends by asking. */
static void test_queries(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tt_login(world, STANDARD "\niSCSIProtocolLevel=2"),
              other = other_session(world, STANDARD, 2);
    tmf(&a, 10, RIG_TAG_NONE);
    CU_ASSERT_EQUAL(response(&a), 0);
    begin_write(&other); /* another nexus does not count */
    tmf(&a, 10, RIG_TAG_NONE);
    CU_ASSERT_EQUAL(response(&a), 0);
    tt_pdu r2t = begin_write(&a);
    tmf(&a, 10, RIG_TAG_NONE);
    CU_ASSERT_EQUAL(response(&a), 7);
    tmf(&a, 9, rig_get32(r2t.bhs, RIG_F_ITT));
    CU_ASSERT_EQUAL(response(&a), 7);
    tmf(&a, 9, 0x7777);
    CU_ASSERT_EQUAL(response(&a), 0);
    data_for(&a, &r2t);
    tt_expect(&a, RIG_PDU_SCSI_RESP);
    tmf(&a, 9, rig_get32(r2t.bhs, RIG_F_ITT));
    CU_ASSERT_EQUAL(response(&a), 0);
    tmf(&other, 10, RIG_TAG_NONE); /* P44-001: not below level 2 */
    CU_ASSERT_EQUAL(response(&other), 5);
    tt_free(world);
}

/* P44-012: a unit attention that waits, and how many. */
static void test_query_event(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tt_login(world, "iSCSIProtocolLevel=2"), other = other_session(world, "", 2);
    tmf(&a, 12, RIG_TAG_NONE);
    CU_ASSERT_EQUAL(response(&a), 0);
    tmf(&other, 5, RIG_TAG_NONE);
    CU_ASSERT_EQUAL(response(&other), 0);
    tmf(&a, 12, RIG_TAG_NONE);
    tt_pdu pdu = tt_expect(&a, RIG_PDU_TMF_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_TMF_RESPONSE), 7);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_TMF_INFO) >> 8, 0x1629); /* one; UNIT ATTENTION, 29h */
    CU_ASSERT_EQUAL(tt_ready(&a), 2);
    tmf(&a, 12, RIG_TAG_NONE);
    CU_ASSERT_EQUAL(response(&a), 0);
    tt_free(world);
}

RIG_SUITE("target: functions on many tasks", {"FastAbort", test_fast_abort},
          {"standard semantics wait", test_standard_waits}, {"third parties", test_third_parties},
          {"a tag is freed", test_tag_is_freed}, {"mixed sessions", test_mixed}, {"a fence", test_fence},
          {"a fenced attention", test_fenced_attention}, {"a warm reset", test_warm_reset},
          {"a cold reset", test_cold_reset}, {"a nexus reset", test_nexus_reset},
          {"a nexus reset tells", test_nexus_reset_tells}, {"queries", test_queries},
          {"a query for events", test_query_event})
