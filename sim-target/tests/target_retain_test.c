/* What is kept above ErrorRecoveryLevel 0, how long, and that level 0 keeps nothing. */
#include "target/tgt.h"
#include "target_recovery.h"

static uint32_t ready_unacknowledged(tt_client *client, uint32_t times)
{
    uint32_t first = client->exp_stat_sn;
    for (uint32_t i = 0; i < times; i++) {
        CU_ASSERT_EQUAL(tt_ready(client), 0);
        client->exp_stat_sn = first;
    }
    return first;
}

/* A status that one more has pushed out cannot be had again: Reject 0x03. */
static void test_limit(void)
{
    tt_world *world = tr_new(NULL);
    tt_client client = tr_login(world, TR_LEVEL1);
    uint32_t first = ready_unacknowledged(&client, TGT_RETAINED_MAX);
    tr_snack(&client, 1, RIG_TAG_NONE, RIG_TAG_NONE, first, 1);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_STAT_SN), first);
    client.exp_stat_sn = first;
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    client.exp_stat_sn = first;
    CU_ASSERT_EQUAL(tr_rejected(&client, 1, RIG_TAG_NONE, RIG_TAG_NONE, first, 1), 0x03);
    client.exp_stat_sn = first + TGT_RETAINED_MAX + 1; /* the Reject took a number as well */
    tr_acknowledge(&client);
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

/* 4.2.2.2: the acknowledgment frees what was kept. */
static void test_release(void)
{
    tt_world *world = tr_new(NULL);
    tt_client client = tr_login(world, TR_LEVEL1);
    uint8_t bhs[RIG_BHS_LEN];
    ready_unacknowledged(&client, 1);
    client.exp_stat_sn++;
    tr_acknowledge(&client);
    uint64_t before = world->meter.num_live;
    uint32_t first = ready_unacknowledged(&client, 20);
    tr_read(&client, 0, 8);
    while (!tt_silent(&client))
        tt_next(&client);
    client.exp_stat_sn = first;
    tt_scsi(&client, bhs, "F", 0, 0xc7, 0, 0);
    tt_send(&client, bhs, NULL, 0);
    while (!tt_silent(&client))
        tt_next(&client);
    CU_ASSERT_TRUE(world->meter.num_live >= before + 22);
    client.exp_stat_sn = first + 22;
    tr_acknowledge(&client);
    /* tasks go back to their pool; nothing else is left */
    CU_ASSERT_TRUE(world->meter.num_live <= before + 22);
    uint64_t settled = world->meter.num_live;
    ready_unacknowledged(&client, 10);
    client.exp_stat_sn += 10;
    tr_acknowledge(&client);
    CU_ASSERT_EQUAL(world->meter.num_live, settled);
    tt_free(world);
}

/* At level 0 a command costs no memory once the pools are there. */
static void test_level_zero(void)
{
    tt_world *world = tr_new(NULL);
    tt_client client = tt_login(world, "ErrorRecoveryLevel=0");
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tr_read(&client, 0, 8);
    tt_next(&client);
    uint64_t before = world->meter.num_calls;
    for (unsigned i = 0; i < 50; i++) {
        CU_ASSERT_EQUAL(tt_ready(&client), 0);
        tr_read(&client, 0, 8);
        tt_expect(&client, RIG_PDU_DATA_IN);
    }
    CU_ASSERT_EQUAL(world->meter.num_calls, before);
    tt_free(world);
}

/* An idle session at level 2 fits into the same 8 kB. */
static void test_idle_size(void)
{
    tt_world *world = tr_new(NULL);
    tt_client one = tr_login(world, TR_LEVEL2);
    CU_ASSERT_EQUAL(tt_ready(&one), 0);
    tr_acknowledge(&one);
    uint64_t before = world->meter.bytes_live;
    tt_client two = tt_client_at(world, 0);
    two.isid = 2;
    CU_ASSERT_EQUAL(tt_login_keys(&two, TR_LEVEL2), 0);
    CU_ASSERT_EQUAL(tt_ready(&two), 0);
    tr_acknowledge(&two);
    CU_ASSERT_TRUE(world->meter.bytes_live - before <= 8192);
    tt_free(world);
}

/* 7.1.4.2: a NOP-In that shows the next StatSN, at most three times. */
static void test_ack_pings(void)
{
    tt_world *world = tr_new(NULL);
    tt_client client = tr_login(world, TR_LEVEL1);
    uint32_t first = ready_unacknowledged(&client, 1);
    tt_pass(world, 20 * RIG_SECOND - 1);
    CU_ASSERT_TRUE(tt_silent(&client));
    for (unsigned i = 0; i < TGT_ACK_PINGS; i++) {
        tt_pass(world, i ? 20 * RIG_SECOND : 1);
        tt_pdu pdu = tt_expect(&client, RIG_PDU_NOP_IN);
        CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_STAT_SN), first + 1);
        CU_ASSERT_NOT_EQUAL(rig_get32(pdu.bhs, RIG_F_TTT), RIG_TAG_NONE);
    }
    tt_pass(world, 100 * RIG_SECOND);
    CU_ASSERT_TRUE(tt_silent(&client));
    client.exp_stat_sn = first + 1;
    tr_acknowledge(&client);
    ready_unacknowledged(&client, 1); /* what comes after is asked about again */
    tt_pass(world, 20 * RIG_SECOND);
    tt_expect(&client, RIG_PDU_NOP_IN);
    client.exp_stat_sn = first + 2;
    tr_acknowledge(&client);
    tt_pass(world, 100 * RIG_SECOND);
    CU_ASSERT_TRUE(tt_silent(&client));
    tt_free(world);
}

/* The tag of a task whose status is not acknowledged may be used again; the status can still be had. */
static void test_tag_again(void)
{
    tt_world *world = tr_new(NULL);
    tt_client client = tr_login(world, TR_LEVEL1);
    uint32_t first = ready_unacknowledged(&client, 1);
    client.itt--;
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    client.exp_stat_sn = first;
    tr_snack(&client, 1, RIG_TAG_NONE, RIG_TAG_NONE, 0, 0);
    tt_expect(&client, RIG_PDU_SCSI_RESP);
    tt_expect(&client, RIG_PDU_SCSI_RESP);
    tt_free(world);
}

/* Memory that fails anywhere ends the connection or the login, never the target. */
static void test_no_memory(void)
{
    for (uint64_t at = 1; at < 60; at++) {
        tt_world *world = tr_new(NULL);
        uint8_t bhs[RIG_BHS_LEN], data[1024] = {0};
        tt_client client = tt_client_at(world, 0);
        world->meter.num_calls = 0;
        world->meter.fail_at = at;
        bool up = client.stream->open;
        tt_login_bhs(&client, bhs, true, 1, 3);
        size_t len = tt_pairs(data, "InitiatorName=" TT_INITIATOR "\nTargetName=" TT_TARGET "\n" TR_LEVEL2);
        up = up && tt_send(&client, bhs, data, len) && client.stream->open;
        if (up) {
            tr_read(&client, 0, 4);
            tr_write(&client, 0, 1);
            tr_snack(&client, 1, RIG_TAG_NONE, RIG_TAG_NONE, 0, 0);
            tr_snack(&client, 0, 0x10, RIG_TAG_NONE, 0, 1);
        }
        world->meter.fail_at = 0;
        tt_free(world);
    }
}

/* ---- faults for one PDU ---- */

static void with_fault(tt_world *world, rig_pdu_kind on, rig_fault fault, bool numbered, uint32_t number)
{
    rig_rule rule = {.on = on, .num_actions = 1};
    rule.actions[0] =
        (rig_rule_action){.verb = RIG_DO_FAULT, .fault = fault, .numbered = numbered, .number = number};
    CU_ASSERT_EQUAL(rig_target_rule_add(world->target, &rule), RIG_OK);
}

/* The DataSNs (or 's' for a status of its own) of a read of 4 PDUs with a fault. */
static void numbers(rig_fault fault, uint32_t number, const char *expected)
{
    tt_world *world = tr_new(&(rig_target_config){.no_data_in_status = true});
    char got[32] = "";
    size_t num = 0;
    with_fault(world, RIG_PDU_SCSI_CMD, fault, true, number);
    tt_client client = tr_login(world, TR_LEVEL1);
    tr_read(&client, 0, 4);
    while (!tt_silent(&client) && num < sizeof(got) - 1) {
        tt_pdu pdu = tt_next(&client);
        got[num++] = pdu.kind == RIG_PDU_DATA_IN ? (char)('0' + rig_get32(pdu.bhs, RIG_F_DATA_SN)) : 's';
    }
    CU_ASSERT_STRING_EQUAL(got, expected);
    tt_free(world);
}

static void test_one_pdu(void)
{
    numbers(RIG_FAULT_DATA_IN_LOST, 2, "013s");
    numbers(RIG_FAULT_DATA_IN_LOST, 4, "0123s"); /* no such PDU */
    numbers(RIG_FAULT_DATA_IN_LATE, 1, "0213s");
    numbers(RIG_FAULT_DATA_IN_LATE, 3, "012s3"); /* the status before the data */
    numbers(RIG_FAULT_DATA_IN_TWICE, 1, "01123s");
    numbers(RIG_FAULT_WRONG_DATA_SN, 1, "0223s");
    numbers(RIG_FAULT_STATUS_LOST, 0, "0123s"); /* a status has no such number */
}

/* A late PDU that nothing follows, and a connection that ends. */
static void test_never_sent(void)
{
    tt_world *world = tr_new(NULL);
    with_fault(world, RIG_PDU_SCSI_CMD, RIG_FAULT_DATA_IN_LATE, true, 3);
    tt_client client = tr_login(world, TR_LEVEL2);
    tr_read(&client, 0, 4);
    tr_lose(&client);
    tt_free(world);
}

RIG_SUITE("target retention", {"as many statuses as fit, and one more", test_limit},
          {"acknowledgment frees", test_release}, {"level 0 takes no memory", test_level_zero},
          {"an idle session", test_idle_size}, {"asking for acknowledgment", test_ack_pings},
          {"a tag used again", test_tag_again}, {"no memory", test_no_memory},
          {"faults of one PDU", test_one_pdu}, {"a late PDU that never leaves", test_never_sent})
