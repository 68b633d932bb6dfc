/* SNACK (RFC 7143 section 11.16): what is sent again, what is acknowledged, what is refused. */
#include "target_recovery.h"

enum { DATA = 0, STATUS = 1, DATA_ACK = 2, R_DATA = 3 };
#define NONE RIG_TAG_NONE

static tt_client open_client(tt_world **out_world, const char *keys)
{
    *out_world = tr_new(NULL);
    return tr_login(*out_world, keys);
}

/* Reads 4 blocks, 512 bytes a PDU, all of it received; the PDUs in all. */
static uint32_t read_four(tt_client *client, tt_pdu all[4])
{
    uint32_t exp = client->exp_stat_sn, itt = tr_read(client, 0, 4);
    for (unsigned i = 0; i < 4; i++)
        all[i] = tt_expect(client, RIG_PDU_DATA_IN);
    CU_ASSERT_TRUE(tt_silent(client));
    client->exp_stat_sn = exp; /* the status is not acknowledged */
    return itt;
}

/* 11.16: a replica, but for ExpCmdSN and MaxCmdSN. */
static bool replica(const tt_pdu *first, const tt_pdu *again)
{
    uint8_t a[RIG_BHS_LEN], b[RIG_BHS_LEN];
    memcpy(a, first->bhs, sizeof(a));
    memcpy(b, again->bhs, sizeof(b));
    rig_set(a, RIG_F_EXP_CMD_SN, 0), rig_set(b, RIG_F_EXP_CMD_SN, 0);
    rig_set(a, RIG_F_MAX_CMD_SN, 0), rig_set(b, RIG_F_MAX_CMD_SN, 0);
    return memcmp(a, b, sizeof(a)) == 0 && first->len == again->len &&
           memcmp(first->data, again->data, first->len) == 0;
}

static void expect_again(tt_client *client, const tt_pdu *all, unsigned from, unsigned num)
{
    uint32_t exp = client->exp_stat_sn;
    for (unsigned i = from; i < from + num; i++) {
        tt_pdu again = tt_expect(client, RIG_PDU_DATA_IN);
        CU_ASSERT_TRUE(replica(&all[i], &again));
    }
    CU_ASSERT_TRUE(tt_silent(client));
    client->exp_stat_sn = exp;
}

static void fill_blocks(tt_client *client, uint8_t *data, uint16_t blocks)
{
    tr_fill(data, blocks * 512u, 3);
    uint32_t itt = tr_write(client, 0, blocks);
    for (uint32_t sent = 0; sent < blocks * 512u;) {
        uint8_t bhs[RIG_BHS_LEN];
        tt_pdu r2t = tt_expect(client, RIG_PDU_R2T);
        uint32_t len = rig_get32(r2t.bhs, RIG_F_DESIRED_LEN);
        tt_data_out(bhs, itt, rig_get32(r2t.bhs, RIG_F_TTT), 0, sent, true);
        tt_send(client, bhs, data + sent, len);
        sent += len;
    }
    tt_expect(client, RIG_PDU_SCSI_RESP);
    tr_acknowledge(client);
}

static void test_data(void)
{
    static const struct {
        uint32_t begin, length, from, num;
    } runs[] = {{2, 1, 2, 1}, {1, 2, 1, 2}, {0, 4, 0, 4}, {2, 0, 2, 2}, {0, 0, 0, 4}, {3, 1, 3, 1}};
    tt_world *world;
    tt_client client = open_client(&world, TR_LEVEL1);
    uint8_t data[2048];
    tt_pdu all[4];
    fill_blocks(&client, data, 4);
    uint32_t itt = read_four(&client, all);
    for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
        tr_snack(&client, DATA, itt, NONE, runs[i].begin, runs[i].length);
        expect_again(&client, all, runs[i].from, runs[i].num);
    }
    tt_free(world);
}

static void test_data_refused(void)
{
    tt_world *world;
    tt_client client = open_client(&world, TR_LEVEL1);
    tt_pdu all[4];
    uint32_t itt = read_four(&client, all);
    CU_ASSERT_EQUAL(tr_rejected(&client, DATA, itt, NONE, 4, 1), 0x04);
    CU_ASSERT_EQUAL(tr_rejected(&client, DATA, itt, NONE, 4, 0), 0x04);
    CU_ASSERT_EQUAL(tr_rejected(&client, DATA, itt, NONE, 3, 2), 0x04);
    CU_ASSERT_EQUAL(tr_rejected(&client, DATA, itt, NONE, 1000, 0), 0x04);
    CU_ASSERT_EQUAL(tr_rejected(&client, DATA, itt, NONE, 0xffffffff, 2), 0x04);
    CU_ASSERT_EQUAL(tr_rejected(&client, DATA, itt + 7, NONE, 0, 1), 0x04);
    CU_ASSERT_EQUAL(tr_rejected(&client, DATA, itt, 5, 0, 1), 0x09);
    for (unsigned type = 4; type < 16; type++)
        CU_ASSERT_EQUAL(tr_rejected(&client, type, itt, NONE, 0, 1), 0x04);
    tr_snack(&client, DATA, itt, NONE, 9, 1); /* 11.17.2: the number that would come next */
    tt_pdu reject = tt_expect(&client, RIG_PDU_REJECT);
    CU_ASSERT_EQUAL(tt_field(&reject, RIG_F_DATA_SN), 4);
    tr_acknowledge(&client); /* the status is acknowledged, and with it all data */
    CU_ASSERT_EQUAL(tr_rejected(&client, DATA, itt, NONE, 0, 1), 0x04);
    tt_free(world);
}

/* At level 0, and in a session that agreed to no more, a SNACK is a protocol error. */
static void test_level_zero(void)
{
    tt_world *world = tr_new(NULL);
    tt_client client = tr_login(world, "ErrorRecoveryLevel=0");
    uint32_t itt = tr_read(&client, 0, 1);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_DATA_IN);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_A), 0);
    CU_ASSERT_EQUAL(tr_rejected(&client, DATA, itt, NONE, 0, 1), 0x04);
    tt_free(world);
}

static tt_pdu r2t_of(tt_client *client, uint32_t *out_itt, uint16_t blocks)
{
    *out_itt = tr_write(client, 0, blocks);
    return tt_expect(client, RIG_PDU_R2T);
}

static void test_r2t(void)
{
    tt_world *world;
    tt_client client = open_client(&world, TR_LEVEL1);
    uint8_t bhs[RIG_BHS_LEN], data[1024] = {1};
    uint32_t itt;
    tt_pdu r2t = r2t_of(&client, &itt, 2);
    tr_snack(&client, DATA, itt, NONE, 0, 1);
    tt_pdu again = tt_expect(&client, RIG_PDU_R2T);
    CU_ASSERT_TRUE(replica(&r2t, &again));
    CU_ASSERT_EQUAL(tt_ready(&client), 0); /* another status in between: the R2T shows the next StatSN */
    tr_snack(&client, DATA, itt, NONE, 0, 0);
    again = tt_expect(&client, RIG_PDU_R2T);
    CU_ASSERT_EQUAL(rig_get32(again.bhs, RIG_F_STAT_SN), rig_get32(r2t.bhs, RIG_F_STAT_SN) + 1);
    CU_ASSERT_EQUAL(tr_rejected(&client, DATA, itt, NONE, 1, 1), 0x04);
    CU_ASSERT_EQUAL(tr_rejected(&client, DATA, itt, NONE, 0, 2), 0x04);
    client.exp_stat_sn += 2;
    tt_data_out(bhs, itt, rig_get32(r2t.bhs, RIG_F_TTT), 0, 0, true);
    tt_send(&client, bhs, data, sizeof(data));
    tt_expect(&client, RIG_PDU_SCSI_RESP);
    client.exp_stat_sn--;
    CU_ASSERT_EQUAL(tr_rejected(&client, DATA, itt, NONE, 0, 1), 0x04); /* its data has come */
    tt_free(world);
}

/* ---- status ---- */

static void again_is(tt_client *client, const tt_pdu *first)
{
    uint32_t exp = client->exp_stat_sn;
    client->exp_stat_sn = rig_get32(first->bhs, RIG_F_STAT_SN);
    tr_snack(client, STATUS, NONE, NONE, client->exp_stat_sn, 1);
    tt_pdu again = tt_expect(client, first->kind);
    CU_ASSERT_TRUE(replica(first, &again));
    CU_ASSERT_TRUE(tt_silent(client));
    client->exp_stat_sn = exp;
    tr_acknowledge(client);
}

/* SNACK-032: each kind of PDU that takes a StatSN. */
static void test_status_kinds(void)
{
    tt_world *world;
    tt_client client = open_client(&world, TR_LEVEL1);
    uint8_t bhs[RIG_BHS_LEN];
    tt_pdu all[4], pdu;
    tt_request(&client, bhs, RIG_PDU_NOP_OUT, true);
    tt_send(&client, bhs, "ping", 4);
    pdu = tt_expect(&client, RIG_PDU_NOP_IN);
    again_is(&client, &pdu);
    pdu = tt_text(&client, "InitiatorAlias=x\nX-unknown=1", NONE, true);
    CU_ASSERT_EQUAL(pdu.kind, RIG_PDU_TEXT_RESP);
    again_is(&client, &pdu);
    tt_request(&client, bhs, RIG_PDU_TMF_REQ, true);
    rig_set(bhs, RIG_F_FUNCTION, 1);
    rig_set(bhs, RIG_F_REF_TAG, 0x999);
    tt_send(&client, bhs, NULL, 0);
    pdu = tt_expect(&client, RIG_PDU_TMF_RESP);
    again_is(&client, &pdu);
    tt_scsi(&client, bhs, "F", 0, 0xc7, 0, 0); /* an unknown command: sense data */
    tt_send(&client, bhs, NULL, 0);
    pdu = tt_expect(&client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_TRUE(pdu.len > 0);
    again_is(&client, &pdu);
    tt_request(&client, bhs, RIG_PDU_LOGOUT_REQ, true);
    rig_set(bhs, RIG_F_LOGOUT_REASON, 1);
    rig_set(bhs, RIG_F_CID, 77);
    tt_send(&client, bhs, NULL, 0);
    pdu = tt_expect(&client, RIG_PDU_LOGOUT_RESP);
    again_is(&client, &pdu);
    tr_snack(&client, 9, NONE, NONE, 0, 0);
    pdu = tt_expect(&client, RIG_PDU_REJECT);
    again_is(&client, &pdu);
    read_four(&client, all);
    client.exp_stat_sn++;
    again_is(&client, &all[3]);
    tt_free(world);
}

static void test_status_runs(void)
{
    tt_world *world;
    tt_client client = open_client(&world, TR_LEVEL1);
    uint32_t first = client.exp_stat_sn;
    for (unsigned i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(tt_ready(&client), 0);
        client.exp_stat_sn = first;
    }
    tr_snack(&client, STATUS, NONE, NONE, 0, 0); /* all that is not acknowledged */
    for (unsigned i = 0; i < 3; i++) {
        tt_pdu pdu = tt_expect(&client, RIG_PDU_SCSI_RESP);
        CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_STAT_SN), first + i);
    }
    client.exp_stat_sn = first;
    tr_snack(&client, STATUS, NONE, NONE, first + 1, 0); /* all from there on */
    for (unsigned i = 1; i < 3; i++) {
        tt_pdu pdu = tt_expect(&client, RIG_PDU_SCSI_RESP);
        CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_STAT_SN), first + i);
    }
    CU_ASSERT_TRUE(tt_silent(&client));
    client.exp_stat_sn = first + 1;
    CU_ASSERT_EQUAL(tr_rejected(&client, STATUS, NONE, NONE, first, 1), 0x04); /* acknowledged */
    CU_ASSERT_EQUAL(tr_rejected(&client, STATUS, NONE, NONE, first + 9, 1), 0x04);
    CU_ASSERT_EQUAL(tr_rejected(&client, STATUS, NONE, NONE, first + 1, 100), 0x04);
    CU_ASSERT_EQUAL(tr_rejected(&client, STATUS, 5, NONE, first + 1, 1), 0x09);
    tt_free(world);
}

/* ---- DataACK ---- */

#define BURSTS TR_LEVEL1 "\nMaxBurstLength=1024"

static void test_data_ack(void)
{
    tt_world *world;
    tt_client client = open_client(&world, BURSTS);
    tt_pdu all[4];
    uint32_t itt = read_four(&client, all), ttt = rig_get32(all[1].bhs, RIG_F_TTT);
    CU_ASSERT_EQUAL(tt_field(&all[0], RIG_F_A), 0);
    CU_ASSERT_EQUAL(tt_field(&all[1], RIG_F_A), 1); /* the end of a sequence */
    CU_ASSERT_EQUAL(tt_field(&all[1], RIG_F_F), 1);
    CU_ASSERT_NOT_EQUAL(ttt, NONE);
    CU_ASSERT_EQUAL(tt_field(&all[3], RIG_F_A), 0); /* status comes with it */
    CU_ASSERT_EQUAL(tr_rejected(&client, DATA_ACK, NONE, ttt, 5, 0), 0x08);
    CU_ASSERT_EQUAL(tr_rejected(&client, DATA_ACK, NONE, ttt + 1, 2, 0), 0x08);
    CU_ASSERT_EQUAL(tr_rejected(&client, DATA_ACK, itt, ttt, 2, 0), 0x09);
    CU_ASSERT_EQUAL(tr_rejected(&client, DATA_ACK, NONE, ttt, 2, 1), 0x09);
    tr_snack(&client, DATA_ACK, NONE, ttt, 2, 0);
    CU_ASSERT_TRUE(tt_silent(&client));
    CU_ASSERT_EQUAL(tr_rejected(&client, DATA, itt, NONE, 1, 1), 0x04);
    CU_ASSERT_EQUAL(tr_rejected(&client, DATA_ACK, NONE, ttt, 1, 0), 0x08); /* back */
    tr_snack(&client, DATA, itt, NONE, 0, 0);
    expect_again(&client, all, 2, 2);
    tr_snack(&client, DATA_ACK, NONE, ttt, 4, 0);
    tr_snack(&client, DATA, itt, NONE, 0, 0); /* nothing is left: nothing to say */
    CU_ASSERT_TRUE(tt_silent(&client));
    tt_free(world);
}

/* ---- R-Data ---- */

static void test_r_data(void)
{
    tt_world *world;
    tt_client client = open_client(&world, TR_LEVEL1);
    uint8_t data[2048];
    tt_pdu all[4], pdu;
    fill_blocks(&client, data, 4);
    uint32_t itt = read_four(&client, all), stat = rig_get32(all[3].bhs, RIG_F_STAT_SN);
    CU_ASSERT_EQUAL(tr_rejected(&client, R_DATA, itt, 0, 0, 0), 0x09);
    CU_ASSERT_EQUAL(tr_rejected(&client, R_DATA, itt, NONE, 0, 0), 0x09);
    CU_ASSERT_EQUAL(tr_rejected(&client, R_DATA, itt, 9, 1, 0), 0x09);
    CU_ASSERT_EQUAL(tr_rejected(&client, R_DATA, itt, 9, 0, 1), 0x09);
    CU_ASSERT_EQUAL(tr_rejected(&client, R_DATA, itt + 1, 9, 0, 0), 0x04);
    tr_snack(&client, R_DATA, itt, 0xabc, 0, 0);
    for (unsigned i = 0; i < 4; i++) {
        pdu = tt_expect(&client, RIG_PDU_DATA_IN);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_DATA_SN), i);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_S), 0);
    }
    pdu = tt_expect(&client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_SNACK_TAG), 0xabc);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_STAT_SN), stat); /* the same number, a new PDU */
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_EXP_DATA_SN), 4);
    client.exp_stat_sn = stat;
    tr_snack(&client, STATUS, NONE, NONE, stat, 1); /* the latest content */
    pdu = tt_expect(&client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_SNACK_TAG), 0xabc);
    client.exp_stat_sn = stat;
    tr_snack(&client, R_DATA, itt, 0xabd, 0, 0);
    for (unsigned i = 0; i < 4; i++)
        tt_expect(&client, RIG_PDU_DATA_IN);
    pdu = tt_expect(&client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_SNACK_TAG), 0xabd);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_STAT_SN), stat);
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

/* 11.16.3: a smaller MaxRecvDataSegmentLength forbids replicas; R-Data cuts anew, from the last DataACK on.
 */
static void test_resegmentation(void)
{
    tt_world *world = tr_new(NULL);
    tt_client client = tr_login(world, "ErrorRecoveryLevel=1\nMaxRecvDataSegmentLength=1024\n"
                                       "MaxBurstLength=2048");
    uint32_t exp = client.exp_stat_sn, itt = tr_read(&client, 0, 8);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_DATA_IN);
    pdu = tt_expect(&client, RIG_PDU_DATA_IN);
    uint32_t ttt = rig_get32(pdu.bhs, RIG_F_TTT);
    tt_expect(&client, RIG_PDU_DATA_IN);
    tt_expect(&client, RIG_PDU_DATA_IN);
    client.exp_stat_sn = exp;
    tr_snack(&client, DATA_ACK, NONE, ttt, 2, 0);
    pdu = tt_text(&client, "MaxRecvDataSegmentLength=512", NONE, true);
    CU_ASSERT_EQUAL(pdu.kind, RIG_PDU_TEXT_RESP);
    client.exp_stat_sn = exp;
    CU_ASSERT_EQUAL(tr_rejected(&client, DATA, itt, NONE, 2, 1), 0x03);
    tr_snack(&client, R_DATA, itt, 0x11, 0, 0);
    for (unsigned i = 0; i < 4; i++) {
        pdu = tt_expect(&client, RIG_PDU_DATA_IN);
        CU_ASSERT_EQUAL(pdu.len, 512);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_DATA_SN), 2 + i);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_BUFFER_OFFSET), 2048 + 512 * i);
    }
    pdu = tt_expect(&client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_EXP_DATA_SN), 6);
    tt_free(world);
}

/* 11.16.3: whatever of the data was sent by then, all of it comes anew, and one response with the tag. */
static void test_r_data_in_flight(void)
{
    tt_world *world;
    tt_client client = open_client(&world, TR_LEVEL1);
    unsigned before = 0, num = 0;
    world->stuck = true;
    uint32_t itt = tr_read(&client, 0, 128); /* more than the queue of a connection holds */
    tr_snack(&client, R_DATA, itt, 0xabc, 0, 0);
    world->stuck = false;
    tt_run(world);
    tt_pdu pdu = tt_next(&client);
    for (; pdu.here && pdu.kind == RIG_PDU_DATA_IN; pdu = tt_next(&client)) {
        if (tt_field(&pdu, RIG_F_DATA_SN) == 0 && num > 0)
            before = num, num = 0;
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_DATA_SN), num++);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_S), 0);
    }
    CU_ASSERT_TRUE(before > 0 && before < 128);
    CU_ASSERT_EQUAL(num, 128);
    CU_ASSERT_EQUAL(pdu.kind, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_SNACK_TAG), 0xabc);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_EXP_DATA_SN), 128);
    CU_ASSERT_TRUE(tt_silent(&client));
    tt_free(world);
}

/* A read that waits for an earlier CmdSN: nothing of it was sent, and its only response has the tag. */
static void test_r_data_waiting(void)
{
    tt_world *world;
    tt_client client = open_client(&world, TR_LEVEL1);
    uint32_t first = client.cmd_sn++;
    uint32_t itt = tr_read(&client, 0, 4);
    tr_snack(&client, R_DATA, itt, 0xabc, 0, 0);
    CU_ASSERT_TRUE(tt_silent(&client));
    client.cmd_sn = first;
    uint32_t other = tr_read(&client, 0, 1);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_DATA_IN);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_ITT), other);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_S), 1);
    for (unsigned i = 0; i < 4; i++) {
        pdu = tt_expect(&client, RIG_PDU_DATA_IN);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_DATA_SN), i);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_S), 0);
    }
    pdu = tt_expect(&client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_ITT), itt);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_SNACK_TAG), 0xabc);
    CU_ASSERT_TRUE(tt_silent(&client));
    tt_free(world);
}

/* Pieces that do not divide MaxBurstLength: where a PDU lies is computed, not remembered. */
static void test_odd_pieces(void)
{
    tt_world *world = tr_new(NULL);
    tt_client client = tr_login(world, "ErrorRecoveryLevel=1\nMaxRecvDataSegmentLength=700\n"
                                       "MaxBurstLength=1500");
    uint8_t data[4096];
    tt_pdu all[16];
    unsigned num = 0;
    fill_blocks(&client, data, 8);
    uint32_t exp = client.exp_stat_sn, itt = tr_read(&client, 0, 8);
    while (!tt_silent(&client) && num < 16)
        all[num++] = tt_expect(&client, RIG_PDU_DATA_IN);
    CU_ASSERT_EQUAL(num, 8); /* 700 + 700 + 100, twice, and 700 + 396 */
    client.exp_stat_sn = exp;
    for (unsigned i = 0; i < num; i++) {
        tr_snack(&client, DATA, itt, NONE, i, 1);
        expect_again(&client, all, i, 1);
        CU_ASSERT_EQUAL(memcmp(all[i].data, data + rig_get32(all[i].bhs, RIG_F_BUFFER_OFFSET), all[i].len),
                        0);
    }
    tt_free(world);
}

/* 7.8, a.1: data that cannot be had again before its status was sent ends the command (DIG-026, CMD-036). */
static void test_refused_in_flight(void)
{
    tt_world *world;
    tt_client client = open_client(&world, TR_LEVEL1);
    rig_rule rule = {.on = RIG_PDU_SNACK, .num_actions = 1};
    rule.actions[0] = (rig_rule_action){.verb = RIG_DO_FAULT, .fault = RIG_FAULT_SNACK_REFUSED};
    rig_target_rule_add(world->target, &rule);
    world->stuck = true;
    uint32_t itt = tr_read(&client, 0, 128); /* more than the queue of a connection holds */
    tr_snack(&client, DATA, itt, NONE, 0, 1);
    world->stuck = false;
    tt_run(world);
    tt_pdu pdu = tt_next(&client);
    while (pdu.here && pdu.kind == RIG_PDU_DATA_IN)
        pdu = tt_next(&client);
    CU_ASSERT_EQUAL(pdu.kind, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_SCSI_STATUS), 2);
    CU_ASSERT_TRUE(pdu.data[2 + 2] == 0x0b && pdu.data[2 + 12] == 0x11 && pdu.data[2 + 13] == 0x13);
    pdu = tt_expect(&client, RIG_PDU_REJECT);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), 0x03);
    tt_free(world);
}

/* SNACK-031 */
static void test_other_connection(void)
{
    tt_world *world;
    tt_client a = open_client(&world, TR_LEVEL1), b;
    tt_pdu all[4];
    CU_ASSERT_EQUAL(tr_join(&b, &a, 1, ""), 0);
    uint32_t itt = read_four(&a, all);
    CU_ASSERT_EQUAL(tr_rejected(&b, DATA, itt, NONE, 0, 1), 0x04);
    tr_snack(&a, DATA, itt, NONE, 1, 1);
    expect_again(&a, all, 1, 1);
    tt_free(world);
}

RIG_SUITE("target SNACK", {"runs of Data-In", test_data},
          {"Data-In that cannot be asked for", test_data_refused}, {"level 0 has none", test_level_zero},
          {"R2Ts", test_r2t}, {"every kind of status", test_status_kinds},
          {"runs of statuses", test_status_runs}, {"DataACK", test_data_ack},
          {"R-Data and its tag", test_r_data}, {"R-Data while data is sent", test_r_data_in_flight},
          {"R-Data before anything was sent", test_r_data_waiting},
          {"other pieces than before", test_resegmentation}, {"pieces that divide nothing", test_odd_pieces},
          {"refused before the status", test_refused_in_flight},
          {"on another connection", test_other_connection})
