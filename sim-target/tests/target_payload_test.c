/* Data segments of the target that are wrong on purpose, and answers that come too late. */
#include "target_fixture.h"

static tt_pdu ping(tt_client *client, rig_fault fault)
{
    uint8_t bhs[RIG_BHS_LEN];
    rig_target_fault_on(client->world->target, fault);
    tt_request(client, bhs, RIG_PDU_NOP_OUT, false);
    rig_set(bhs, RIG_F_F, 1);
    tt_send(client, bhs, "12345678", 8);
    return tt_next(client);
}

/* What comes back of a ping with 8 bytes to an initiator that takes 512. */
static void test_echo(void)
{
    static const struct {
        rig_fault fault;
        uint32_t len;
        const char *begin;
    } rows[] = {{RIG_FAULT_ECHO_DIFFERENT, 8, "02345678"},
                {RIG_FAULT_ECHO_SHORT, 7, "1234567"},
                {RIG_FAULT_ECHO_LONG, 513, "12345678\0"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tt_world *world = tt_new();
        tt_client client = tt_login(world, "MaxRecvDataSegmentLength=512");
        tt_pdu pdu = ping(&client, rows[i].fault);
        CU_ASSERT_EQUAL(pdu.kind, RIG_PDU_NOP_IN);
        CU_ASSERT_EQUAL(pdu.len, rows[i].len);
        CU_ASSERT_EQUAL(memcmp(pdu.data, rows[i].begin, strlen(rows[i].begin)), 0);
        CU_ASSERT_STRING_EQUAL(tt_last_event(world, RIG_TARGET_MADE_WRONG)->text,
                               rig_fault_rows[rows[i].fault].name);
        tt_free(world);
    }
}

/* Where there should be no data, and a ping that nobody asked for. */
static void test_where_none_belongs(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN];
    rig_target_fault_on(world->target, RIG_FAULT_TMF_DATA);
    rig_target_fault_on(world->target, RIG_FAULT_NOP_IN_DATA);
    rig_target_fault_on(world->target, RIG_FAULT_LOGOUT_DATA);
    tt_request(&client, bhs, RIG_PDU_TMF_REQ, true);
    rig_set(bhs, RIG_F_FUNCTION, 5);
    rig_set(bhs, RIG_F_REF_TAG, RIG_TAG_NONE);
    tt_send(&client, bhs, NULL, 0);
    CU_ASSERT_EQUAL(tt_expect(&client, RIG_PDU_TMF_RESP).len, 4);
    rig_target_ping(world->target, world->now);
    tt_run(world);
    CU_ASSERT_EQUAL(tt_expect(&client, RIG_PDU_NOP_IN).len, 4);
    tt_request(&client, bhs, RIG_PDU_LOGOUT_REQ, false);
    tt_send(&client, bhs, NULL, 0);
    CU_ASSERT_EQUAL(tt_expect(&client, RIG_PDU_LOGOUT_RESP).len, 4);
    tt_free(world);
}

/* 11.17.4: the quoted header, too short, too long, and that of somebody else. */
static void test_quotes(void)
{
    static const struct {
        rig_fault fault;
        uint32_t len;
        bool same;
    } rows[] = {{RIG_FAULT_REJECT_SHORT, 44, true},
                {RIG_FAULT_REJECT_LONG, 52, true},
                {RIG_FAULT_REJECT_ALIEN, 48, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tt_world *world = tt_new();
        tt_client client = tt_login(world, "");
        uint8_t bhs[RIG_BHS_LEN];
        rig_target_fault_on(world->target, rows[i].fault);
        tt_request(&client, bhs, RIG_PDU_SNACK, false);
        tt_send(&client, bhs, NULL, 0);
        tt_pdu pdu = tt_expect(&client, RIG_PDU_REJECT);
        CU_ASSERT_EQUAL(pdu.len, rows[i].len);
        CU_ASSERT_EQUAL(memcmp(pdu.data, bhs, 44) == 0, rows[i].same);
        tt_free(world);
    }
}

static void test_late(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    CU_ASSERT_FALSE(ping(&client, RIG_FAULT_PING_LATE).here);
    tt_pass(world, 599 * RIG_SECOND);
    CU_ASSERT_FALSE(tt_next(&client).here);
    tt_pass(world, RIG_SECOND);
    CU_ASSERT_EQUAL(tt_expect(&client, RIG_PDU_NOP_IN).len, 8);
    CU_ASSERT_EQUAL(tt_count_events(world, RIG_TARGET_MADE_WRONG), 1);
    tt_free(world);
}

RIG_SUITE("target payloads", {"echoes", test_echo}, {"where none belongs", test_where_none_belongs},
          {"quotes", test_quotes}, {"too late", test_late})
