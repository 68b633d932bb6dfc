/* Connection recovery at ErrorRecoveryLevel 2 (RFC 7143 sections 7.1.4.3, 7.2.2, 11.5.6, 11.14). */
#include "target/tgt.h"
#include "target_recovery.h"

enum { ABORT_TASK = 1, REASSIGN = 8 };
enum { COMPLETE, NO_TASK, NO_LUN, ALLEGIANT, UNSUPPORTED, REJECTED = 255 };
enum { CLOSE_SESSION, CLOSE_CONNECTION, RECOVER };

/* Two connections of a session at level 2. */
static void two(tt_world **out_world, tt_client *a, tt_client *b)
{
    *out_world = tr_new(NULL);
    *a = tr_login(*out_world, TR_LEVEL2);
    CU_ASSERT_EQUAL(tr_join(b, a, 1, "MaxRecvDataSegmentLength=512"), 0);
}

/* Loses a, and logs it out for recovery on b, with the statuses of a acknowledged up to exp. */
static void remove_first(tt_client *a, tt_client *b, uint32_t exp)
{
    tr_lose(a);
    tt_pdu pdu = tt_expect(b, RIG_PDU_ASYNC); /* 7.1.4.3: the rest of the session is told */
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_ASYNC_EVENT), 2);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_PARAMETER1), 0);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_PARAMETER2), 2);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_PARAMETER3), 20);
    b->cmd_sn = a->cmd_sn;
    b->itt = a->itt + 0x100;
    pdu = tr_logout(b, RECOVER, 0, exp);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_LOGOUT_RESPONSE), 0);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_TIME2WAIT), 2);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_TIME2RETAIN), 20);
}

static void expect_data(tt_client *client, uint32_t sn, uint32_t offset, uint32_t len)
{
    tt_pdu pdu = tt_expect(client, RIG_PDU_DATA_IN);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_DATA_SN), sn);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_BUFFER_OFFSET), offset);
    CU_ASSERT_EQUAL(pdu.len, len);
}

/* A read whose status was lost: data from ExpDataSN on, and the status with the new connection's number. */
static void test_read(void)
{
    tt_world *world;
    tt_client a, b;
    two(&world, &a, &b);
    uint32_t exp = a.exp_stat_sn, itt = tr_read(&a, 0, 4);
    remove_first(&a, &b, exp);
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 2), COMPLETE);
    expect_data(&b, 2, 1024, 512);
    uint32_t stat = b.exp_stat_sn;
    tt_pdu last = tt_expect(&b, RIG_PDU_DATA_IN);
    CU_ASSERT_EQUAL(tt_field(&last, RIG_F_S), 1);
    CU_ASSERT_EQUAL(rig_get32(last.bhs, RIG_F_STAT_SN), stat);
    CU_ASSERT_TRUE(tt_silent(&b));
    b.exp_stat_sn = stat;
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 0), ALLEGIANT); /* to b, until its status is acknowledged */
    tr_acknowledge(&b);
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 0), NO_TASK);
    CU_ASSERT_EQUAL(tt_ready(&b), 0); /* no unit attention: nothing was cleared */
    tt_free(world);
}

/* 11.5.6: 0 leaves the reference as it is, and numbers that cannot be are ignored. */
static void test_references(void)
{
    static const struct {
        uint32_t exp, from;
    } cases[] = {{0, 0}, {4, 4}, {5, 0}, {0xffffffff, 0}, {3, 3}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        tt_world *world;
        tt_client a, b;
        two(&world, &a, &b);
        uint32_t exp = a.exp_stat_sn, itt = tr_read(&a, 0, 4);
        remove_first(&a, &b, exp);
        CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, cases[i].exp), COMPLETE);
        for (uint32_t sn = cases[i].from; sn < 4; sn++)
            expect_data(&b, sn, sn * 512, 512);
        if (cases[i].from == 4)
            tt_expect(&b, RIG_PDU_SCSI_RESP);
        CU_ASSERT_TRUE(tt_silent(&b));
        tt_free(world);
    }
}

/* REC-018: today's MaxRecvDataSegmentLength counts. */
static void test_other_length(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tr_login(world, TR_LEVEL2), b;
    CU_ASSERT_EQUAL(tr_join(&b, &a, 1, "MaxRecvDataSegmentLength=1024"), 0);
    uint32_t exp = a.exp_stat_sn, itt = tr_read(&a, 0, 4);
    remove_first(&a, &b, exp);
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 1), COMPLETE);
    expect_data(&b, 1, 512, 1024);
    expect_data(&b, 2, 1536, 512);
    CU_ASSERT_TRUE(tt_silent(&b));
    tt_free(world);
}

/* 7.2.2: the SNACK tag of the old connection is gone. */
static void test_snack_tag(void)
{
    tt_world *world;
    tt_client a, b;
    two(&world, &a, &b);
    uint32_t exp = a.exp_stat_sn, itt = tr_read(&a, 0, 1);
    a.exp_stat_sn = exp;
    tr_snack(&a, 3, itt, 0x77, 0, 0);
    remove_first(&a, &b, exp);
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 1), COMPLETE);
    tt_pdu pdu = tt_expect(&b, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_SNACK_TAG), 0);
    tt_free(world);
}

static void finish_write(tt_client *client, uint32_t itt, const tt_pdu *r2t, const uint8_t *data)
{
    uint8_t bhs[RIG_BHS_LEN];
    uint32_t offset = rig_get32(r2t->bhs, RIG_F_BUFFER_OFFSET);
    tt_data_out(bhs, itt, rig_get32(r2t->bhs, RIG_F_TTT), 0, offset, true);
    tt_send(client, bhs, data + offset, rig_get32(r2t->bhs, RIG_F_DESIRED_LEN));
    tt_pdu pdu = tt_expect(client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_SCSI_STATUS), 0);
}

/* REC-017: only what is missing is asked for. */
static void test_write(void)
{
    tt_world *world;
    tt_client a, b;
    uint8_t bhs[RIG_BHS_LEN], data[2048];
    two(&world, &a, &b);
    tr_fill(data, sizeof(data), 9);
    uint32_t exp = a.exp_stat_sn, itt = tr_write(&a, 0, 4);
    tt_pdu r2t = tt_expect(&a, RIG_PDU_R2T);
    tt_data_out(bhs, itt, rig_get32(r2t.bhs, RIG_F_TTT), 0, 0, false);
    tt_send(&a, bhs, data, 512);
    remove_first(&a, &b, exp);
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 0), COMPLETE);
    tt_pdu again = tt_expect(&b, RIG_PDU_R2T);
    CU_ASSERT_EQUAL(tt_field(&again, RIG_F_R2T_SN), 0); /* the one that was not answered */
    CU_ASSERT_EQUAL(tt_field(&again, RIG_F_BUFFER_OFFSET), 512);
    CU_ASSERT_EQUAL(tt_field(&again, RIG_F_DESIRED_LEN), 1536);
    CU_ASSERT_NOT_EQUAL(rig_get32(again.bhs, RIG_F_TTT), rig_get32(r2t.bhs, RIG_F_TTT));
    tt_data_out(bhs, itt, rig_get32(r2t.bhs, RIG_F_TTT), 1, 512, true); /* E.1: the old tag is void */
    tt_send(&b, bhs, data + 512, 1536);
    tt_pdu reject = tt_expect(&b, RIG_PDU_REJECT);
    CU_ASSERT_EQUAL(tt_field(&reject, RIG_F_REJECT_REASON), 0x09);
    finish_write(&b, itt, &again, data);
    CU_ASSERT_TRUE(tr_holds(&b, 0, data, sizeof(data)));
    tt_free(world);
}

/* The number a write names is the next R2TSN. */
static void test_write_reference(void)
{
    tt_world *world;
    tt_client a, b;
    uint8_t data[512] = {5};
    two(&world, &a, &b);
    uint32_t exp = a.exp_stat_sn, itt = tr_write(&a, 0, 1);
    tt_expect(&a, RIG_PDU_R2T);
    remove_first(&a, &b, exp);
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 1), COMPLETE);
    tt_pdu again = tt_expect(&b, RIG_PDU_R2T);
    CU_ASSERT_EQUAL(tt_field(&again, RIG_F_R2T_SN), 1);
    finish_write(&b, itt, &again, data);
    tt_free(world);
}

/* Unsolicited data that was still to come is asked for. */
static void test_unsolicited_write(void)
{
    tt_world *world = tr_new(NULL);
    uint8_t bhs[RIG_BHS_LEN], data[2048];
    tt_client a = tr_login(world, "ErrorRecoveryLevel=2\nMaxConnections=4\nInitialR2T=No"), b;
    CU_ASSERT_EQUAL(tr_join(&b, &a, 1, ""), 0);
    tr_fill(data, sizeof(data), 4);
    uint32_t exp = a.exp_stat_sn;
    tt_scsi(&a, bhs, "W", 2048, 0x2a, 0, 4);
    tt_send(&a, bhs, data, 512);
    uint32_t itt = rig_get32(bhs, RIG_F_ITT);
    remove_first(&a, &b, exp);
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 0), COMPLETE);
    tt_pdu r2t = tt_expect(&b, RIG_PDU_R2T);
    CU_ASSERT_EQUAL(tt_field(&r2t, RIG_F_BUFFER_OFFSET), 512);
    finish_write(&b, itt, &r2t, data);
    CU_ASSERT_TRUE(tr_holds(&b, 0, data, sizeof(data)));
    tt_free(world);
}

/* A command without data, whose response was lost. */
static void test_no_data(void)
{
    tt_world *world;
    tt_client a, b;
    two(&world, &a, &b);
    uint32_t exp = a.exp_stat_sn, itt = a.itt;
    CU_ASSERT_EQUAL(tt_ready(&a), 0);
    remove_first(&a, &b, exp);
    uint32_t stat = b.exp_stat_sn + 1; /* behind the response of the function */
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 0), COMPLETE);
    tt_pdu pdu = tt_expect(&b, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_STAT_SN), stat);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_ITT), itt);
    tt_free(world);
}

/* The ExpStatSN of the logout speaks about the connection that is logged out (11.14.4). */
static void test_acknowledged_by_logout(void)
{
    tt_world *world;
    tt_client a, b;
    two(&world, &a, &b);
    uint32_t itt = a.itt;
    CU_ASSERT_EQUAL(tt_ready(&a), 0);
    remove_first(&a, &b, a.exp_stat_sn);
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 0), NO_TASK);
    tt_free(world);
}

static void test_verdicts(void)
{
    tt_world *world;
    tt_client a, b;
    uint8_t bhs[RIG_BHS_LEN];
    two(&world, &a, &b);
    uint32_t exp = a.exp_stat_sn, itt = tr_write(&a, 0, 1);
    b.cmd_sn = a.cmd_sn;
    b.itt = 0x500;
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, 0x999, 0), NO_TASK);
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 0), ALLEGIANT);
    tr_lose(&a);
    tt_expect(&b, RIG_PDU_ASYNC);
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 0), ALLEGIANT); /* not logged out yet */
    tr_logout(&b, RECOVER, 0, exp);
    tt_request(&b, bhs, RIG_PDU_TMF_REQ, false); /* MUST be immediate */
    rig_set(bhs, RIG_F_FUNCTION, REASSIGN);
    rig_set(bhs, RIG_F_REF_TAG, itt);
    tt_send(&b, bhs, NULL, 0);
    tt_pdu pdu = tt_expect(&b, RIG_PDU_TMF_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_TMF_RESPONSE), REJECTED);
    tt_request(&b, bhs, RIG_PDU_TMF_REQ, true); /* a function that waits: ABORT TASK SET behind a hole */
    rig_set(bhs, RIG_F_FUNCTION, 2);
    rig_set(bhs, RIG_F_CMD_SN, b.cmd_sn + 1);
    tt_send(&b, bhs, NULL, 0);
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, rig_get32(bhs, RIG_F_ITT), 0), REJECTED);
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 0), COMPLETE);
    tt_expect(&b, RIG_PDU_R2T);
    tt_free(world);
}

/* Below level 2 a failed connection ends its tasks, and nothing is reassigned. */
static void test_below(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tr_login(world, TR_LEVEL1), b;
    CU_ASSERT_EQUAL(tr_join(&b, &a, 1, ""), 0);
    uint32_t exp = a.exp_stat_sn, itt = tr_write(&a, 0, 1);
    b.cmd_sn = a.cmd_sn;
    b.itt = 0x500;
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 0), UNSUPPORTED);
    tr_lose(&a);
    tt_pdu pdu = tr_logout(&b, RECOVER, 0, exp);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_LOGOUT_RESPONSE), 2);
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 0), UNSUPPORTED);
    CU_ASSERT_EQUAL(tt_ready(&b), 2); /* 47h/7Fh */
    tt_free(world);
}

/* 6.3.4: the login of the same CID is the logout, and its ExpStatSN is that of the old connection. */
static void test_reinstatement(void)
{
    for (unsigned alive = 0; alive < 2; alive++) {
        tt_world *world = tr_new(NULL);
        tt_client a = tr_login(world, TR_LEVEL2), again;
        uint32_t done = a.itt;
        CU_ASSERT_EQUAL(tt_ready(&a), 0);
        uint32_t exp = a.exp_stat_sn, itt = tr_read(&a, 0, 2);
        if (!alive)
            tr_lose(&a);
        again = tt_client_at(world, 0);
        again.tsih = a.tsih;
        again.cmd_sn = a.cmd_sn;
        again.exp_stat_sn = exp;
        CU_ASSERT_EQUAL(tt_login_keys(&again, ""), 0);
        CU_ASSERT_TRUE(a.stream == again.stream || !a.stream->open);
        again.itt = 0x300;
        CU_ASSERT_EQUAL(tr_manage(&again, REASSIGN, done, 0), NO_TASK); /* acknowledged by the login */
        CU_ASSERT_EQUAL(tr_manage(&again, REASSIGN, itt, 0), COMPLETE);
        expect_data(&again, 0, 0, 1024); /* the new connection takes 8192 bytes */
        CU_ASSERT_TRUE(tt_silent(&again));
        CU_ASSERT_EQUAL(tt_ready(&again), 0);
        tt_free(world);
    }
}

/* A logout for recovery of the connection itself; the session fails (N5) and is continued. */
static void test_own_logout(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tr_login(world, TR_LEVEL2), b;
    rig_target_counts counts;
    uint32_t exp = a.exp_stat_sn, itt = tr_write(&a, 0, 1);
    tt_expect(&a, RIG_PDU_R2T);
    tt_pdu pdu = tr_logout(&a, RECOVER, 0, exp);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_LOGOUT_RESPONSE), 0);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_TIME2RETAIN), 20);
    CU_ASSERT_FALSE(a.stream->open);
    rig_target_count(world->target, &counts);
    CU_ASSERT_EQUAL(counts.sessions, 0);
    CU_ASSERT_EQUAL(tr_join(&b, &a, 5, ""), 0);
    rig_target_count(world->target, &counts);
    CU_ASSERT_EQUAL(counts.sessions, 1);
    b.itt = 0x300;
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 0), COMPLETE);
    pdu = tt_expect(&b, RIG_PDU_R2T);
    finish_write(&b, itt, &pdu, (uint8_t[512]){1});
    tt_free(world);
}

/* 7.5: Time2Wait and Time2Retain. */
static void test_times(void)
{
    for (unsigned late = 0; late < 2; late++) {
        tt_world *world;
        tt_client a, b;
        two(&world, &a, &b);
        uint32_t exp = a.exp_stat_sn, itt = tr_write(&a, 0, 1);
        remove_first(&a, &b, exp);
        tt_pass(world, 22 * RIG_SECOND - 1 + late);
        while (!tt_silent(&b))
            tt_next(&b);
        CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 0), late ? NO_TASK : COMPLETE);
        if (late)
            CU_ASSERT_EQUAL(tt_ready(&b), 2); /* 47h/7Fh: cleared */
        tt_free(world);
    }
}

/* M1: nobody logs the connection out; and N6, the last one takes the session along. */
static void test_timeout_without_logout(void)
{
    tt_world *world;
    tt_client a, b;
    two(&world, &a, &b);
    uint32_t itt = tr_write(&a, 0, 1);
    tr_lose(&a);
    tt_expect(&b, RIG_PDU_ASYNC);
    tt_pass(world, 22 * RIG_SECOND);
    while (!tt_silent(&b))
        tt_next(&b);
    b.cmd_sn = a.cmd_sn;
    b.itt = 0x500;
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 0), NO_TASK);
    CU_ASSERT_EQUAL(tt_ready(&b), 2);
    tr_lose(&b);
    CU_ASSERT_EQUAL(tt_count_events(world, RIG_TARGET_SESSION_DOWN), 0);
    tt_pass(world, 22 * RIG_SECOND);
    CU_ASSERT_EQUAL(tt_count_events(world, RIG_TARGET_SESSION_DOWN), 1);
    CU_ASSERT_EQUAL(tr_join(&a, &b, 0, ""), 0x020a);
    tt_free(world);
}

/* The same for a session whose last connection was logged out for recovery. */
static void test_ghost_ends_session(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tr_login(world, TR_LEVEL2), b;
    tr_logout(&a, RECOVER, 0, a.exp_stat_sn);
    CU_ASSERT_EQUAL(tt_count_events(world, RIG_TARGET_SESSION_DOWN), 0);
    tt_pass(world, 22 * RIG_SECOND - 1);
    CU_ASSERT_EQUAL(tt_count_events(world, RIG_TARGET_SESSION_DOWN), 0);
    tt_pass(world, 1);
    CU_ASSERT_EQUAL(tt_count_events(world, RIG_TARGET_SESSION_DOWN), 1);
    CU_ASSERT_EQUAL(tr_join(&b, &a, 0, ""), 0x020a);
    tt_free(world);
}

/* With Time2Retain=0 nothing is kept. */
static void test_nothing_retained(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tr_login(world, TR_LEVEL2 "\nDefaultTime2Retain=0"), b;
    CU_ASSERT_EQUAL(tr_join(&b, &a, 1, ""), 0);
    uint32_t itt = tr_write(&a, 0, 1);
    tr_lose(&a);
    b.cmd_sn = a.cmd_sn;
    b.itt = 0x500;
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 0), NO_TASK);
    tt_free(world);
}

/* 7.14: immediate commands end with their connection; 11.14: so do those not acknowledged, at the logout. */
static void test_what_does_not_last(void)
{
    tt_world *world;
    tt_client a, b;
    uint8_t bhs[RIG_BHS_LEN], data[512] = {0};
    two(&world, &a, &b);
    uint32_t exp = a.exp_stat_sn;
    tt_scsi(&a, bhs, "FW", 512, 0x2a, 0, 1);
    rig_set(bhs, RIG_F_I, 1);
    a.cmd_sn--;
    tt_send(&a, bhs, NULL, 0);
    uint32_t immediate = rig_get32(bhs, RIG_F_ITT), hole = a.cmd_sn++, ahead = tr_read(&a, 0, 1);
    remove_first(&a, &b, exp);
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, immediate, 0), NO_TASK);
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, ahead, 0), NO_TASK);
    b.cmd_sn = hole;
    CU_ASSERT_EQUAL(tt_ready(&b), 2); /* the immediate write was cleared */
    CU_ASSERT_EQUAL(tt_ready(&b), 0); /* the number of the discarded command is free for its retry */
    (void)data;
    tt_free(world);
}

/* Reason 1 ends the tasks of a failed connection, reason 0 everything. */
static void test_closing_instead(void)
{
    for (unsigned reason = CLOSE_SESSION; reason <= CLOSE_CONNECTION; reason++) {
        tt_world *world;
        tt_client a, b;
        two(&world, &a, &b);
        uint32_t itt = tr_write(&a, 0, 1);
        tr_lose(&a);
        tt_expect(&b, RIG_PDU_ASYNC);
        b.cmd_sn = a.cmd_sn;
        b.itt = 0x300;
        tt_pdu pdu = tr_logout(&b, reason, 0, b.exp_stat_sn);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_LOGOUT_RESPONSE), 0);
        CU_ASSERT_EQUAL(b.stream->open, reason == CLOSE_CONNECTION);
        if (reason == CLOSE_CONNECTION)
            CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 0), NO_TASK);
        tt_free(world);
    }
}

/* 11.5.1: ABORT TASK takes over what has no connection. */
static void test_abort(void)
{
    tt_world *world;
    tt_client a, b;
    uint8_t bhs[RIG_BHS_LEN];
    two(&world, &a, &b);
    uint32_t exp = a.exp_stat_sn, answered = a.itt;
    CU_ASSERT_EQUAL(tt_ready(&a), 0);
    a.exp_stat_sn = exp;
    uint32_t open = tr_write(&a, 0, 1);
    remove_first(&a, &b, exp);
    CU_ASSERT_EQUAL(tr_manage(&b, ABORT_TASK, open, 0), COMPLETE);
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, open, 0), NO_TASK);
    tt_request(&b, bhs, RIG_PDU_TMF_REQ, true);
    rig_set(bhs, RIG_F_FUNCTION, ABORT_TASK);
    rig_set(bhs, RIG_F_REF_TAG, answered);
    rig_set(bhs, RIG_F_REF_CMD_SN, 1);
    tt_send(&b, bhs, NULL, 0);
    tt_pdu pdu = tt_expect(&b, RIG_PDU_SCSI_RESP); /* its status, then the response */
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_ITT), answered);
    pdu = tt_expect(&b, RIG_PDU_TMF_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_TMF_RESPONSE), NO_TASK);
    tt_free(world);
}

/* What the old connection has not sent yet still needs the task there. */
static void test_still_sending(void)
{
    tt_world *world;
    tt_client a, b;
    two(&world, &a, &b);
    b.itt = 0x500;
    world->stuck = true;
    uint32_t itt = tr_read(&a, 0, 8);
    uint8_t bhs[RIG_BHS_LEN];
    tt_request(&a, bhs, RIG_PDU_LOGOUT_REQ, true);
    rig_set(bhs, RIG_F_LOGOUT_REASON, RECOVER);
    tt_send(&a, bhs, NULL, 0);
    tt_request(&b, bhs, RIG_PDU_TMF_REQ, true);
    rig_set(bhs, RIG_F_FUNCTION, REASSIGN);
    rig_set(bhs, RIG_F_REF_TAG, itt);
    tt_send(&b, bhs, NULL, 0);
    world->stuck = false;
    tt_run(world);
    tt_pdu pdu = tt_expect(&b, RIG_PDU_TMF_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_TMF_RESPONSE), ALLEGIANT);
    CU_ASSERT_FALSE(a.stream->open);
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 0), COMPLETE);
    tt_free(world);
}

/* Reinstating the session, freeing the target, with tasks that wait: nothing is left behind. */
static void test_ends_with_ghosts(void)
{
    tt_world *world;
    tt_client a, b;
    two(&world, &a, &b);
    uint32_t exp = a.exp_stat_sn;
    tr_write(&a, 0, 1);
    tr_read(&a, 0, 4);
    remove_first(&a, &b, exp);
    tt_client again = tr_login(world, TR_LEVEL2);
    CU_ASSERT_FALSE(b.stream->open);
    CU_ASSERT_EQUAL(tt_ready(&again), 0);
    tr_write(&again, 0, 1);
    tr_lose(&again);
    tt_free(world);
}

RIG_SUITE("target reassignment", {"a read goes on from ExpDataSN", test_read},
          {"references that count", test_references}, {"another segment length", test_other_length},
          {"the SNACK tag is gone", test_snack_tag}, {"a write asks for what is missing", test_write},
          {"a write that names a number", test_write_reference},
          {"unsolicited data is asked for", test_unsolicited_write}, {"no data", test_no_data},
          {"acknowledged by the logout", test_acknowledged_by_logout}, {"verdicts", test_verdicts},
          {"below level 2", test_below}, {"connection reinstatement", test_reinstatement},
          {"a logout of its own", test_own_logout}, {"Time2Wait and Time2Retain", test_times},
          {"nobody logs it out", test_timeout_without_logout},
          {"the last ghost ends the session", test_ghost_ends_session},
          {"nothing retained", test_nothing_retained}, {"what does not last", test_what_does_not_last},
          {"closed instead", test_closing_instead}, {"aborted elsewhere", test_abort},
          {"still being sent", test_still_sending}, {"ends with tasks waiting", test_ends_with_ghosts})
