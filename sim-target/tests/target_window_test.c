/* The command window, order, tags and numbers (RFC 7143 sections 4.2.2.1, 4.2.2.2, 7.3). */
#include "target/tgt.h"
#include "target_fixture.h"

static void test_unit_ready(tt_client *client, uint8_t *bhs, uint32_t itt, uint32_t cmd_sn, bool immediate)
{
    tt_scsi(client, bhs, "F", 0, 0x00, 0, 0);
    rig_set(bhs, RIG_F_I, immediate);
    rig_set(bhs, RIG_F_ITT, itt);
    rig_set(bhs, RIG_F_CMD_SN, cmd_sn);
    tt_send(client, bhs, NULL, 0);
}

static void ping(tt_client *client, uint32_t itt)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_request(client, bhs, RIG_PDU_NOP_OUT, true);
    rig_set(bhs, RIG_F_ITT, itt);
    tt_send(client, bhs, NULL, 0);
}

static tt_pdu response(tt_client *client, uint32_t itt)
{
    tt_pdu pdu = tt_expect(client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_ITT), itt);
    return pdu;
}

/* A hole holds back what is behind it and is never acknowledged. */
static void holes(uint32_t start)
{
    tt_world *world = tt_new();
    tt_client client = tt_client_at(world, 0);
    uint8_t bhs[RIG_BHS_LEN];
    client.cmd_sn = start;
    CU_ASSERT_EQUAL(tt_login_keys(&client, ""), 0);
    test_unit_ready(&client, bhs, 102, start + 2, false);
    test_unit_ready(&client, bhs, 101, start + 1, false);
    CU_ASSERT_TRUE(tt_silent(&client));
    client.cmd_sn = start;
    ping(&client, 1);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_NOP_IN);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_EXP_CMD_SN), start);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_MAX_CMD_SN), start + 127);
    test_unit_ready(&client, bhs, 100, start, false);
    for (uint32_t i = 0; i < 3; i++) {
        pdu = response(&client, 100 + i);
        CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_EXP_CMD_SN), start + 3);
        CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_MAX_CMD_SN), start + 128 + i);
    }
    tt_free(world);
}

static void test_holes(void)
{
    holes(1);
    holes(0x7ffffffe);
    holes(0xfffffffe);
}

static void test_outside(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN];
    uint32_t exp = client.cmd_sn;
    test_unit_ready(&client, bhs, 1, exp - 1, false);
    test_unit_ready(&client, bhs, 2, exp + 128, false);
    test_unit_ready(&client, bhs, 3, exp + 127, false); /* the last one inside, behind a hole */
    test_unit_ready(&client, bhs, 4, exp + 127, false); /* its double */
    CU_ASSERT_TRUE(tt_silent(&client));
    test_unit_ready(&client, bhs, 5, exp + 1000, true); /* immediate ones may lie outside */
    response(&client, 5);
    test_unit_ready(&client, bhs, 6, exp, false);
    tt_pdu pdu = response(&client, 6);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_EXP_CMD_SN), exp + 1);
    test_unit_ready(&client, bhs, 7, exp, false); /* one that was executed */
    CU_ASSERT_TRUE(tt_silent(&client));
    tt_free(world);
}

/* A window of one: the second command in flight lies outside. */
static void test_small_window(void)
{
    tt_world *world = tt_new_with(&(rig_target_config){.window = 1});
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN], out[RIG_BHS_LEN], data[512] = {0};
    tt_scsi(&client, bhs, "FW", 512, 0x2a, 0, 1);
    uint32_t itt = rig_get32(bhs, RIG_F_ITT);
    tt_send(&client, bhs, NULL, 0);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_R2T);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_EXP_CMD_SN), client.cmd_sn);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_MAX_CMD_SN), client.cmd_sn - 1); /* closed */
    test_unit_ready(&client, bhs, 50, client.cmd_sn, false);
    client.cmd_sn--;
    CU_ASSERT_TRUE(tt_silent(&client));
    ping(&client, 51);
    tt_expect(&client, RIG_PDU_NOP_IN);
    tt_data_out(out, itt, rig_get32(pdu.bhs, RIG_F_TTT), 0, 0, true);
    tt_send(&client, out, data, sizeof(data));
    pdu = response(&client, itt);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_MAX_CMD_SN), client.cmd_sn); /* open again */
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

static void test_tag_in_use(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(&client, bhs, "FW", 512, 0x2a, 0, 1);
    uint32_t itt = rig_get32(bhs, RIG_F_ITT);
    tt_send(&client, bhs, NULL, 0);
    tt_expect(&client, RIG_PDU_R2T);
    static const rig_pdu_kind kinds[] = {RIG_PDU_SCSI_CMD, RIG_PDU_NOP_OUT, RIG_PDU_TEXT_REQ,
                                         RIG_PDU_TMF_REQ};
    for (size_t i = 0; i < 4; i++) {
        tt_request(&client, bhs, kinds[i], false);
        rig_set(bhs, RIG_F_F, 1);
        rig_set(bhs, RIG_F_ITT, itt);
        tt_send(&client, bhs, NULL, 0);
        tt_pdu pdu = tt_expect(&client, RIG_PDU_REJECT);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), 7);
        client.cmd_sn--;
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_EXP_CMD_SN), client.cmd_sn); /* 7.3: not consumed */
    }
    tt_free(world);
}

static void test_reserved_tag(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN];
    test_unit_ready(&client, bhs, RIG_TAG_NONE, client.cmd_sn, false);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_REJECT);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), 9);
    tt_free(world);
}

/* Every kind of answer: which takes a StatSN and which only shows the next. */
static void test_stat_sn(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN];
    uint32_t sn = client.exp_stat_sn;
    ping(&client, 900);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_NOP_IN);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_STAT_SN), sn++);
    rig_target_ping(world->target, world->now);
    tt_run(world);
    pdu = tt_expect(&client, RIG_PDU_NOP_IN);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_STAT_SN), sn);
    tt_scsi(&client, bhs, "FW", 512, 0x2a, 0, 1);
    tt_send(&client, bhs, NULL, 0);
    pdu = tt_expect(&client, RIG_PDU_R2T);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_STAT_SN), sn);
    tt_scsi(&client, bhs, "FR", 512, 0x28, 0, 1);
    tt_send(&client, bhs, NULL, 0);
    pdu = tt_expect(&client, RIG_PDU_DATA_IN);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_STAT_SN), sn++);
    tt_request(&client, bhs, RIG_PDU_SNACK, true);
    bhs[0] &= 0x3f;
    tt_send(&client, bhs, NULL, 0);
    pdu = tt_expect(&client, RIG_PDU_REJECT);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_STAT_SN), sn++);
    pdu = tt_text(&client, "SendTargets=", RIG_TAG_NONE, true);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_STAT_SN), sn++);
    tt_request(&client, bhs, RIG_PDU_LOGOUT_REQ, false);
    tt_send(&client, bhs, NULL, 0);
    pdu = tt_expect(&client, RIG_PDU_LOGOUT_RESP);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_STAT_SN), sn);
    tt_free(world);
}

/* Immediate pings beyond the limit are rejected, each of them answered. */
static void test_immediate_flood(void)
{
    enum { NUM = 1000 };
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN], *wire = malloc(NUM * RIG_BHS_LEN);
    unsigned echoes = 0, rejects = 0;
    for (uint32_t i = 0; i < NUM; i++) {
        tt_request(&client, bhs, RIG_PDU_NOP_OUT, true);
        rig_set(bhs, RIG_F_ITT, 5000 + i);
        rig_set(bhs, RIG_F_EXP_STAT_SN, client.exp_stat_sn);
        memcpy(wire + i * RIG_BHS_LEN, bhs, RIG_BHS_LEN);
    }
    tt_bytes(client.stream, wire, NUM * RIG_BHS_LEN, SIZE_MAX);
    for (tt_pdu pdu = tt_next(&client); pdu.here; pdu = tt_next(&client)) {
        echoes += pdu.kind == RIG_PDU_NOP_IN;
        rejects += pdu.kind == RIG_PDU_REJECT && tt_field(&pdu, RIG_F_REJECT_REASON) == 6;
    }
    CU_ASSERT_TRUE(echoes >= TGT_IMMEDIATE_MAX && rejects > 0);
    CU_ASSERT_EQUAL(echoes + rejects, NUM);
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    free(wire);
    tt_free(world);
}

/* A peer that takes nothing: input stops, memory stays bounded, and all is answered once it reads again. */
static void test_back_pressure(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN];
    unsigned sent = 0, answered = 0;
    world->stuck = true;
    while (sent < 100000) {
        tt_request(&client, bhs, RIG_PDU_NOP_OUT, true);
        if (!tt_send(&client, bhs, NULL, 0))
            break;
        sent++;
    }
    CU_ASSERT_TRUE(sent < 1000);
    CU_ASSERT_TRUE(world->meter.bytes_live < 4u << 20);
    world->stuck = false;
    tt_run(world);
    for (tt_pdu pdu = tt_next(&client); pdu.here; pdu = tt_next(&client))
        answered++;
    CU_ASSERT_EQUAL(answered, sent);
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

RIG_SUITE("target window", {"holes wait and are not acknowledged", test_holes},
          {"numbers outside are ignored", test_outside},
          {"a window of one closes and opens", test_small_window}, {"a tag in use", test_tag_in_use},
          {"the reserved tag", test_reserved_tag}, {"which PDUs take a StatSN", test_stat_sn},
          {"a flood of immediate requests", test_immediate_flood},
          {"a peer that does not read", test_back_pressure})
