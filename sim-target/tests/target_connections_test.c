/* Several connections of a session (RFC 7143 sections 4.2.2, 4.2.5.1, 6.3.1, 11.6.1, 13.2). */
#include "target_recovery.h"

enum { MOST = 16 };

/* 13.2: as many as agreed, and one more. */
static void test_most(void)
{
    tt_world *world = tr_new(NULL);
    tt_client all[MOST], more;
    tt_offer(world, "MaxConnections", "16");
    all[0] = tt_client_at(world, 0);
    tt_pdu pdu = tt_login_step(
        &all[0], true, 1, 3, "InitiatorName=" TT_INITIATOR "\nTargetName=" TT_TARGET "\nMaxConnections=100");
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "MaxConnections"), "16"));
    all[0].tsih = (uint16_t)rig_get(pdu.bhs, RIG_F_TSIH);
    for (uint16_t cid = 1; cid < MOST - 1; cid++)
        CU_ASSERT_EQUAL(tr_join(&all[cid], &all[0], cid, ""), 0);
    CU_ASSERT_EQUAL(tr_join(&all[MOST - 1], &all[0], 0xffff, ""), 0);
    tr_lose(&all[MOST - 1]); /* the fixture has 16 streams; the number still counts at level 0 */
    CU_ASSERT_EQUAL(tr_join(&more, &all[0], 50, ""), 0x0206);
    tt_free(world);
}

/* MCS-003, MCS-004, 11.12: leading keys are not for a second connection, nor is another name. */
static void test_joining(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tr_login(world, TR_LEVEL2), b;
    CU_ASSERT_EQUAL(tr_join(&b, &a, 1, "MaxBurstLength=4096"), 0x0200);
    CU_ASSERT_EQUAL(tr_join(&b, &a, 1, "ErrorRecoveryLevel=1"), 0x0200);
    CU_ASSERT_EQUAL(tr_join(&b, &a, 1, "MaxRecvDataSegmentLength=4096"), 0);
    CU_ASSERT_EQUAL(tt_ready(&a), 0);
    tt_client early = tt_client_at(world, 0);
    early.isid = 9;
    early.tsih = (uint16_t)(a.tsih + 1);
    CU_ASSERT_EQUAL(tt_login_keys(&early, ""), 0x020a); /* no session yet */
    tt_free(world);
}

/* Sends TEST UNIT READY with a number of its own. */
static void numbered(tt_client *client, uint32_t cmd_sn, uint32_t itt)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(client, bhs, "F", 0, 0, 0, 0);
    rig_set(bhs, RIG_F_ITT, itt);
    rig_set(bhs, RIG_F_CMD_SN, cmd_sn);
    tt_send(client, bhs, NULL, 0);
}

/* MCS-005, MCS-007, SEQ-049: one order, answers where the commands came. */
static void test_order(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tr_login(world, TR_LEVEL1), b, c;
    CU_ASSERT_EQUAL(tr_join(&b, &a, 1, ""), 0);
    CU_ASSERT_EQUAL(tr_join(&c, &a, 2, ""), 0);
    uint32_t first = a.cmd_sn;
    numbered(&c, first + 2, 0x302);
    numbered(&b, first + 1, 0x301);
    numbered(&b, first + 3, 0x303);
    numbered(&b, first + 3, 0x304); /* a number twice */
    CU_ASSERT_TRUE(tt_silent(&b) && tt_silent(&c));
    numbered(&a, first, 0x300);
    tt_run(world);
    tt_pdu pdu = tt_expect(&a, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_ITT), 0x300);
    pdu = tt_expect(&b, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_ITT), 0x301);
    pdu = tt_expect(&b, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_ITT), 0x303);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_EXP_CMD_SN), first + 4);
    pdu = tt_expect(&c, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_ITT), 0x302);
    CU_ASSERT_TRUE(tt_silent(&a) && tt_silent(&b) && tt_silent(&c));
    tt_free(world);
}

/* The window is the session's: at its end and one past, whatever the connection. */
static void test_window(void)
{
    tt_world *world = tr_new(&(rig_target_config){.window = 4});
    tt_client a = tr_login(world, TR_LEVEL1), b;
    CU_ASSERT_EQUAL(tr_join(&b, &a, 1, ""), 0);
    uint32_t first = a.cmd_sn;
    numbered(&b, first + 3, 0x303);
    numbered(&b, first + 4, 0x304); /* beyond */
    numbered(&b, first + 1, 0x301);
    numbered(&b, first + 2, 0x302);
    numbered(&a, first, 0x300);
    tt_run(world);
    for (uint32_t itt = 0x301; itt <= 0x303; itt++) {
        tt_pdu pdu = tt_expect(&b, RIG_PDU_SCSI_RESP);
        CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_ITT), itt);
    }
    CU_ASSERT_TRUE(tt_silent(&b));
    tt_free(world);
}

/* 7.11, 11.14: what a lost connection had ahead is sent again elsewhere. */
static void test_hole_of_a_lost_connection(void)
{
    for (unsigned level = 1; level <= 2; level++) {
        tt_world *world = tr_new(NULL);
        tt_client a = tr_login(world, level == 1 ? TR_LEVEL1 : TR_LEVEL2), b;
        CU_ASSERT_EQUAL(tr_join(&b, &a, 1, ""), 0);
        uint32_t first = a.cmd_sn;
        numbered(&b, first + 1, 0x301);
        tr_lose(&b);
        if (level == 2)
            tt_expect(&a, RIG_PDU_ASYNC);
        tr_logout(&a, level, 1, b.exp_stat_sn); /* 1: close it, 2: for recovery */
        numbered(&a, first + 1, 0x301);
        numbered(&a, first, 0x300);
        tt_expect(&a, RIG_PDU_SCSI_RESP);
        tt_pdu pdu = tt_expect(&a, RIG_PDU_SCSI_RESP);
        CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_ITT), 0x301);
        CU_ASSERT_TRUE(tt_silent(&a));
        tt_free(world);
    }
}

/* MCS-016: a task set function does not wait for a connection that is gone. */
static void test_function_and_loss(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tr_login(world, TR_LEVEL1), b;
    uint8_t bhs[RIG_BHS_LEN];
    CU_ASSERT_EQUAL(tr_join(&b, &a, 1, ""), 0);
    CU_ASSERT_EQUAL(tt_ready(&b), 0); /* not acknowledged */
    a.cmd_sn = b.cmd_sn;
    tt_request(&a, bhs, RIG_PDU_TMF_REQ, true);
    rig_set(bhs, RIG_F_FUNCTION, 2);
    tt_send(&a, bhs, NULL, 0);
    CU_ASSERT_TRUE(tt_silent(&a));
    tr_lose(&b);
    tt_run(world);
    tt_pdu pdu = tt_expect(&a, RIG_PDU_TMF_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_TMF_RESPONSE), 0);
    tt_free(world);
}

/* MCS-013, MCS-019: one goes, or comes again, and the other does not notice. */
static void test_independence(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tr_login(world, TR_LEVEL2), b, again;
    CU_ASSERT_EQUAL(tr_join(&b, &a, 1, ""), 0);
    b.itt = 0x400;
    uint32_t itt = tr_write(&b, 0, 1);
    tt_pdu r2t = tt_expect(&b, RIG_PDU_R2T);
    a.cmd_sn = b.cmd_sn;
    tr_lose(&a);
    tt_expect(&b, RIG_PDU_ASYNC);
    CU_ASSERT_EQUAL(tr_join(&again, &a, 0, ""), 0);
    uint8_t bhs[RIG_BHS_LEN], data[512] = {3};
    tt_data_out(bhs, itt, rig_get32(r2t.bhs, RIG_F_TTT), 0, 0, true);
    tt_send(&b, bhs, data, sizeof(data));
    tt_expect(&b, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(tt_ready(&again), 0);
    CU_ASSERT_EQUAL(tt_count_events(world, RIG_TARGET_SESSION_UP), 1);
    CU_ASSERT_EQUAL(tt_count_events(world, RIG_TARGET_SESSION_DOWN), 0);
    tt_free(world);
}

/* 7.1.4.3: who is told, and what. Nobody, when the initiator knows. */
static void test_dropped(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tr_login(world, TR_LEVEL2), b, c;
    CU_ASSERT_EQUAL(tr_join(&b, &a, 0x1234, ""), 0);
    CU_ASSERT_EQUAL(tr_join(&c, &a, 2, ""), 0);
    tr_logout(&c, 1, 2, c.exp_stat_sn);
    CU_ASSERT_TRUE(tt_silent(&a) && tt_silent(&b));
    tr_lose(&b);
    tt_run(world);
    tt_pdu pdu = tt_expect(&a, RIG_PDU_ASYNC);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_ASYNC_EVENT), 2);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_PARAMETER1), 0x1234);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_ITT), RIG_TAG_NONE);
    uint32_t stat = rig_get32(pdu.bhs, RIG_F_STAT_SN);
    CU_ASSERT_EQUAL(tt_ready(&a), 0);
    CU_ASSERT_EQUAL(a.exp_stat_sn, stat + 2); /* the message took a number */
    tt_free(world);
}

/* 6.3.4: at level 2 a failed connection leaves room for the one that cleans it up. */
static void test_second_to_clean_up(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tr_login(world, "ErrorRecoveryLevel=2\nMaxConnections=1"), b, c;
    CU_ASSERT_EQUAL(tr_join(&b, &a, 1, ""), 0x0206);
    tr_lose(&a);
    CU_ASSERT_EQUAL(tr_join(&c, &a, 1, ""), 0);
    tt_pdu pdu = tr_logout(&c, 2, 0, a.exp_stat_sn);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_LOGOUT_RESPONSE), 0);
    CU_ASSERT_EQUAL(tt_ready(&c), 0);
    CU_ASSERT_EQUAL(tr_join(&b, &a, 2, ""), 0x0206);
    tt_free(world);
}

/* 4.2.3.2: a reset on one connection ends a write whose data is arriving on another; the rest of them goes
 * nowhere. */
static void test_reset_meanwhile(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tr_login(world, TR_LEVEL1), b;
    uint8_t bhs[RIG_BHS_LEN], data[1024];
    memset(data, 0x5a, sizeof data);
    CU_ASSERT_EQUAL(tr_join(&b, &a, 1, ""), 0);
    b.itt = 0x400;
    uint32_t itt = tr_write(&b, 0, 2);
    tt_pdu pdu = tt_expect(&b, RIG_PDU_R2T);
    tt_data_out(bhs, itt, rig_get32(pdu.bhs, RIG_F_TTT), 0, 0, true);
    rig_set(bhs, RIG_F_DATA_LEN, sizeof data);
    tt_bytes(b.stream, bhs, RIG_BHS_LEN, SIZE_MAX);
    tt_bytes(b.stream, data, 512, SIZE_MAX);
    a.cmd_sn = b.cmd_sn;
    tt_request(&a, bhs, RIG_PDU_TMF_REQ, true);
    rig_set(bhs, RIG_F_FUNCTION, 5);
    tt_send(&a, bhs, NULL, 0);
    tt_bytes(b.stream, data + 512, 512, SIZE_MAX);
    tt_run(world);
    CU_ASSERT_TRUE(b.stream->open);
    while (!tt_silent(&a))
        tt_next(&a);
    CU_ASSERT_EQUAL(tt_ready(&a), 2); /* a unit attention tells of the reset */
    tr_read(&a, 1, 1);
    pdu = tt_expect(&a, RIG_PDU_DATA_IN);
    CU_ASSERT_TRUE(pdu.len == 512 && pdu.data[0] == 0 && pdu.data[511] == 0);
    tt_free(world);
}

RIG_SUITE("target connections", {"as many as agreed", test_most},
          {"reset while data arrives elsewhere", test_reset_meanwhile}, {"joining a session", test_joining},
          {"one order", test_order}, {"one window", test_window},
          {"a hole of a lost connection", test_hole_of_a_lost_connection},
          {"a function and a loss", test_function_and_loss}, {"independence", test_independence},
          {"who is told of a loss", test_dropped}, {"one more to clean up", test_second_to_clean_up})
