/* NOP, Reject, Text, task management and Logout (RFC 7143 sections 11.5, 11.6, 11.10, 11.14, 11.17 to 11.19).
 */
#include "target/tgt.h"
#include "target_fixture.h"

static tt_pdu send(tt_client *client, rig_pdu_kind kind, bool immediate, rig_field_id field, uint64_t value)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_request(client, bhs, kind, immediate);
    rig_set(bhs, field, value);
    tt_send(client, bhs, NULL, 0);
    return tt_next(client);
}

/* ---- NOP ---- */

static void test_ping_data(void)
{
    static uint8_t data[8192];
    static const uint32_t lens[] = {0, 1, 511, 512, 513, 8192};
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "MaxRecvDataSegmentLength=512");
    uint8_t bhs[RIG_BHS_LEN];
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 3);
    for (size_t i = 0; i < 2 * sizeof(lens) / sizeof(lens[0]); i++) {
        uint32_t len = lens[i / 2];
        tt_request(&client, bhs, RIG_PDU_NOP_OUT, i % 2);
        uint32_t itt = rig_get32(bhs, RIG_F_ITT);
        tt_send(&client, bhs, data, len);
        tt_pdu pdu = tt_expect(&client, RIG_PDU_NOP_IN);
        CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_ITT), itt);
        CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_TTT), RIG_TAG_NONE);
        CU_ASSERT_EQUAL(pdu.len, len < 512 ? len : 512);
        CU_ASSERT_EQUAL(memcmp(pdu.data, data, pdu.len), 0);
        CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_EXP_CMD_SN), client.cmd_sn);
    }
    tt_free(world);
}

static void test_pings_of_ours(void)
{
    tt_world *world = tt_new_with(&(rig_target_config){.nop_interval = 10 * RIG_SECOND});
    tt_client client = tt_login(world, ""), dead = tt_login(world, "");
    (void)dead;
    uint8_t bhs[RIG_BHS_LEN];
    client = tt_login(world, "");
    tt_pass(world, 10 * RIG_SECOND);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_NOP_IN);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_ITT), RIG_TAG_NONE);
    CU_ASSERT_NOT_EQUAL(rig_get32(pdu.bhs, RIG_F_TTT), RIG_TAG_NONE);
    CU_ASSERT_EQUAL(pdu.len, 0);
    tt_request(&client, bhs, RIG_PDU_NOP_OUT, true);
    rig_set(bhs, RIG_F_ITT, RIG_TAG_NONE);
    rig_set(bhs, RIG_F_TTT, rig_get32(pdu.bhs, RIG_F_TTT));
    tt_send(&client, bhs, NULL, 0);
    CU_ASSERT_TRUE(tt_silent(&client)); /* no answer to an answer */
    tt_send(&client, bhs, NULL, 0);
    pdu = tt_expect(&client, RIG_PDU_REJECT); /* a tag that nobody waits for */
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), 9);
    tt_pass(world, 10 * RIG_SECOND);
    tt_expect(&client, RIG_PDU_NOP_IN);
    tt_pass(world, 10 * RIG_SECOND);
    CU_ASSERT_FALSE(client.stream->open);
    CU_ASSERT_EQUAL(tt_last_event(world, RIG_TARGET_CLOSED)->why, RIG_E_TIMEOUT);
    tt_free(world);
}

static void test_unanswered_nop(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    send(&client, RIG_PDU_NOP_OUT, true, RIG_F_ITT, RIG_TAG_NONE);
    CU_ASSERT_TRUE(tt_silent(&client));
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

/* ---- Reject ---- */

static void test_bad_opcodes(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    for (unsigned opcode = 0; opcode < 64; opcode++) {
        uint8_t bhs[RIG_BHS_LEN] = {(uint8_t)(opcode | 0x40)};
        if (opcode < 7 || opcode == 0x10)
            continue;
        rig_set(bhs, RIG_F_ITT, 1000 + opcode);
        tt_send(&client, bhs, NULL, 0);
        tt_pdu pdu = tt_expect(&client, RIG_PDU_REJECT);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), 5);
        CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_ITT), RIG_TAG_NONE);
        CU_ASSERT_EQUAL(pdu.len, RIG_BHS_LEN);
        CU_ASSERT_EQUAL(memcmp(pdu.data, bhs, RIG_BHS_LEN), 0);
    }
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

static void test_snack(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN];
    rig_bhs_init(bhs, RIG_PDU_SNACK);
    tt_send(&client, bhs, NULL, 0);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_REJECT);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), 4); /* not at ErrorRecoveryLevel 0 */
    tt_free(world);
}

/* A Reject does not carry the digest of the header it returns. */
static void test_reject_with_digest(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "HeaderDigest=CRC32C");
    client.header_digest = true;
    uint8_t bhs[RIG_BHS_LEN] = {0x4a};
    tt_send(&client, bhs, NULL, 0);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_REJECT);
    CU_ASSERT_TRUE(pdu.header_ok);
    CU_ASSERT_EQUAL(pdu.len, RIG_BHS_LEN);
    tt_free(world);
}

/* ---- Text ---- */

static void test_text_limits(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN];
    tt_pdu pdu = tt_text(&client, "MaxRecvDataSegmentLength=1024", RIG_TAG_NONE, false);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_F), 0); /* more may follow: nothing counts yet */
    CU_ASSERT_EQUAL(pdu.len, 0);
    uint32_t ttt = rig_get32(pdu.bhs, RIG_F_TTT);
    tt_scsi(&client, bhs, "FR", 8192, 0x28, 0, 16);
    tt_send(&client, bhs, NULL, 0);
    pdu = tt_expect(&client, RIG_PDU_DATA_IN);
    CU_ASSERT_EQUAL(pdu.len, 8192);
    client.itt -= 1;
    pdu = tt_text(&client, "", ttt, true);
    CU_ASSERT_EQUAL(pdu.kind, RIG_PDU_TEXT_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_F), 1);
    client.itt += 5;
    tt_scsi(&client, bhs, "FR", 8192, 0x28, 0, 16);
    tt_send(&client, bhs, NULL, 0);
    pdu = tt_expect(&client, RIG_PDU_DATA_IN);
    CU_ASSERT_EQUAL(pdu.len, 1024);
    tt_free(world);
}

/* A failed negotiation leaves everything as it was, and an exchange that starts anew forgets the old one. */
static void test_text_failures(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    static const char *const bad[] = {"MaxRecvDataSegmentLength=1024\nInitialR2T=No",
                                      "MaxRecvDataSegmentLength=1024\nMaxRecvDataSegmentLength=2048",
                                      "MaxRecvDataSegmentLength=511", "SendTargets=\nInitiatorAlias=x",
                                      "NoEquals"};
    uint8_t bhs[RIG_BHS_LEN];
    tt_pdu pdu;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        pdu = tt_text(&client, bad[i], RIG_TAG_NONE, true);
        CU_ASSERT_EQUAL(pdu.kind, RIG_PDU_REJECT);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), 4);
        CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_EXP_CMD_SN), --client.cmd_sn);
    }
    tt_request(&client, bhs, RIG_PDU_TEXT_REQ, false);
    rig_set(bhs, RIG_F_F, 1);
    rig_set(bhs, RIG_F_C, 1);
    tt_send(&client, bhs, NULL, 0);
    pdu = tt_expect(&client, RIG_PDU_REJECT);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), 4);
    client.cmd_sn--;
    tt_text(&client, "MaxRecvDataSegmentLength=1024", RIG_TAG_NONE, false);
    pdu = tt_text(&client, "X-a.b=1\nFoo=2", RIG_TAG_NONE, true);
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "X-a.b"), "NotUnderstood"));
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "Foo"), "NotUnderstood"));
    tt_scsi(&client, bhs, "FR", 8192, 0x28, 0, 16);
    tt_send(&client, bhs, NULL, 0);
    pdu = tt_expect(&client, RIG_PDU_DATA_IN);
    CU_ASSERT_EQUAL(pdu.len, 8192);
    tt_free(world);
}

/* Text cut by the C bit, in both directions. */
static void test_text_spanning(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "MaxRecvDataSegmentLength=512");
    uint8_t bhs[RIG_BHS_LEN], text[2048];
    size_t len = 0, cut = 100, got = 0;
    for (unsigned i = 0; i < 60; i++) {
        rig_text pair;
        rig_text_init(&pair, (char *)text + len, 16);
        rig_text_add(&pair, "X-%02u=1", i);
        len += pair.len + 1;
    }
    tt_request(&client, bhs, RIG_PDU_TEXT_REQ, true);
    rig_set(bhs, RIG_F_F, 0);
    rig_set(bhs, RIG_F_C, 1);
    tt_send(&client, bhs, text, cut);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_TEXT_RESP);
    CU_ASSERT_TRUE(pdu.len == 0 && !tt_field(&pdu, RIG_F_F) && !tt_field(&pdu, RIG_F_C));
    rig_set(bhs, RIG_F_TTT, rig_get32(pdu.bhs, RIG_F_TTT));
    rig_set(bhs, RIG_F_C, 0);
    rig_set(bhs, RIG_F_F, 1);
    tt_send(&client, bhs, text + cut, len - cut);
    pdu = tt_expect(&client, RIG_PDU_TEXT_RESP);
    while (pdu.here && tt_field(&pdu, RIG_F_C)) {
        CU_ASSERT_EQUAL(pdu.len, 512);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_F), 0);
        got += pdu.len;
        tt_send(&client, bhs, NULL, 0);
        pdu = tt_expect(&client, RIG_PDU_TEXT_RESP);
    }
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_F), 1);
    CU_ASSERT_EQUAL(got + pdu.len, 60 * sizeof("X-00=NotUnderstood"));
    tt_free(world);
}

/* A text without end, in bytes and in PDUs. */
static void test_text_without_end(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    static uint8_t text[65536];
    uint8_t bhs[RIG_BHS_LEN];
    memset(text, 'A', sizeof(text));
    tt_request(&client, bhs, RIG_PDU_TEXT_REQ, true);
    rig_set(bhs, RIG_F_F, 0);
    rig_set(bhs, RIG_F_C, 1);
    tt_send(&client, bhs, text, RIG_TEXT_MAX);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_TEXT_RESP);
    rig_set(bhs, RIG_F_TTT, rig_get32(pdu.bhs, RIG_F_TTT));
    tt_send(&client, bhs, text, 1);
    pdu = tt_expect(&client, RIG_PDU_REJECT);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), 10);
    unsigned pdus = 0;
    rig_set(bhs, RIG_F_TTT, RIG_TAG_NONE);
    for (; pdus < 10000; pdus++) {
        tt_send(&client, bhs, NULL, 0);
        pdu = tt_next(&client);
        if (pdu.kind != RIG_PDU_TEXT_RESP)
            break;
        rig_set(bhs, RIG_F_TTT, rig_get32(pdu.bhs, RIG_F_TTT));
    }
    CU_ASSERT_EQUAL(pdus, TGT_TEXT_PDUS);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), 10);
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

/* ---- task management ---- */

static tt_pdu open_write(tt_client *client, uint32_t *out_itt)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(client, bhs, "FW", 1024, 0x2a, 0, 2);
    *out_itt = rig_get32(bhs, RIG_F_ITT);
    tt_send(client, bhs, NULL, 0);
    return tt_expect(client, RIG_PDU_R2T);
}

static void tmf(tt_client *client, unsigned function, uint32_t ref, uint32_t ref_cmd_sn, bool immediate)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_request(client, bhs, RIG_PDU_TMF_REQ, immediate);
    rig_set(bhs, RIG_F_FUNCTION, function);
    rig_set(bhs, RIG_F_REF_TAG, ref);
    rig_set(bhs, RIG_F_REF_CMD_SN, ref_cmd_sn);
    tt_send(client, bhs, NULL, 0);
}

static unsigned tmf_result(tt_client *client)
{
    tt_pdu pdu = tt_next(client);
    CU_ASSERT_EQUAL(pdu.len, 0);
    return pdu.here && pdu.kind == RIG_PDU_TMF_RESP ? (unsigned)tt_field(&pdu, RIG_F_TMF_RESPONSE) : 0xffff;
}

static void finish_data(tt_client *client, uint32_t itt, const tt_pdu *r2t)
{
    uint8_t bhs[RIG_BHS_LEN], data[1024] = {1};
    tt_data_out(bhs, itt, rig_get32(r2t->bhs, RIG_F_TTT), 0, 0, true);
    tt_send(client, bhs, data, sizeof(data));
}

static void test_abort_task(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint32_t itt;
    tt_pdu r2t = open_write(&client, &itt);
    uint32_t cmd_sn = client.cmd_sn - 1;
    tmf(&client, 1, itt, cmd_sn, true);
    CU_ASSERT_EQUAL(tmf_result(&client), 0);
    finish_data(&client, itt, &r2t); /* late data of an aborted task is swallowed */
    CU_ASSERT_TRUE(tt_silent(&client));
    tmf(&client, 1, itt, cmd_sn, true);
    CU_ASSERT_EQUAL(tmf_result(&client), 1); /* gone */
    uint8_t bhs[RIG_BHS_LEN];
    open_write(&client, &itt); /* its tag may be used again before the data came */
    tmf(&client, 1, itt, client.cmd_sn - 1, false);
    CU_ASSERT_EQUAL(tmf_result(&client), 0);
    tt_scsi(&client, bhs, "F", 0, 0, 0, 0);
    rig_set(bhs, RIG_F_ITT, itt);
    tt_send(&client, bhs, NULL, 0);
    tt_expect(&client, RIG_PDU_SCSI_RESP);
    tt_free(world);
}

/* 11.6.1 b: an abort fills the hole of a command that never came, also for one that waits behind it. */
static void test_abort_missing(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN];
    uint32_t missing = client.cmd_sn++;
    tt_scsi(&client, bhs, "F", 0, 0, 0, 0);
    tt_send(&client, bhs, NULL, 0);
    CU_ASSERT_TRUE(tt_silent(&client));
    tmf(&client, 1, 0x777, missing, true);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_EXP_CMD_SN), missing + 2);
    CU_ASSERT_EQUAL(tmf_result(&client), 0);
    tmf(&client, 1, 0x777, client.cmd_sn + 5, true); /* not before the request itself */
    CU_ASSERT_EQUAL(tmf_result(&client), 1);
    missing = client.cmd_sn++;
    tt_scsi(&client, bhs, "F", 0, 0, 0, 0);
    tt_send(&client, bhs, NULL, 0);
    tmf(&client, 1, rig_get32(bhs, RIG_F_ITT), missing + 1, true); /* one that waits */
    CU_ASSERT_EQUAL(tmf_result(&client), 0);
    tmf(&client, 1, 0x777, missing, true);
    CU_ASSERT_EQUAL(tmf_result(&client), 0);
    CU_ASSERT_TRUE(tt_silent(&client));
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

static void test_functions(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    for (unsigned function = 0; function < 128; function++) {
        static const unsigned known[] = {255, 1, 0, 5, 0, 0, 0, 0, 4, 5, 5, 5, 5};
        if (function == 7)
            continue; /* ends the session */
        tmf(&client, function, RIG_TAG_NONE, 0, true);
        CU_ASSERT_EQUAL(tmf_result(&client), function < 13 ? known[function] : 255);
    }
    static const unsigned with_lun[] = {1, 2, 4, 5};
    for (unsigned i = 0; i < 4; i++) {
        uint8_t bhs[RIG_BHS_LEN];
        tt_request(&client, bhs, RIG_PDU_TMF_REQ, true);
        rig_set(bhs, RIG_F_FUNCTION, with_lun[i]);
        rig_set(bhs, RIG_F_LUN, UINT64_C(200) << 48);
        tt_send(&client, bhs, NULL, 0);
        CU_ASSERT_EQUAL(tmf_result(&client), 2);
    }
    tt_free(world);
}

/* 4.2.3.3: data on its way, commands before it, acknowledgments: only then the answer. */
static void test_abort_task_set(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, ""), other = tt_client_at(world, 0);
    uint8_t bhs[RIG_BHS_LEN];
    uint32_t itt, other_itt;
    other.isid = 2;
    CU_ASSERT_EQUAL(tt_login_keys(&other, ""), 0);
    tt_pdu r2t = open_write(&client, &itt), other_r2t = open_write(&other, &other_itt);
    uint32_t hole = client.cmd_sn++;
    tmf(&client, 2, RIG_TAG_NONE, 0, true);
    CU_ASSERT_TRUE(tt_silent(&client)); /* waits for the hole */
    tt_scsi(&client, bhs, "F", 0, 0, 0, 0);
    rig_set(bhs, RIG_F_CMD_SN, hole);
    client.cmd_sn--;
    tt_send(&client, bhs, NULL, 0);
    CU_ASSERT_TRUE(tt_silent(&client)); /* it is older, so it is aborted; now the data is missing */
    uint32_t acknowledged = client.exp_stat_sn;
    CU_ASSERT_EQUAL(tt_ready(&client), 0); /* a younger one is not touched */
    client.exp_stat_sn = acknowledged;
    finish_data(&client, itt, &r2t);
    client.exp_stat_sn = acknowledged + 1;
    tt_pdu pdu = tt_expect(&client, RIG_PDU_NOP_IN); /* waits for an acknowledgment and asks for one */
    CU_ASSERT_TRUE(tt_silent(&client));
    tt_request(&client, bhs, RIG_PDU_NOP_OUT, true);
    rig_set(bhs, RIG_F_ITT, RIG_TAG_NONE);
    rig_set(bhs, RIG_F_TTT, rig_get32(pdu.bhs, RIG_F_TTT));
    tt_send(&client, bhs, NULL, 0);
    CU_ASSERT_EQUAL(tmf_result(&client), 0);
    finish_data(&other, other_itt, &other_r2t); /* the other session is not touched */
    pdu = tt_expect(&other, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_SCSI_STATUS), 0);
    tt_free(world);
}

/* All tasks of all sessions on the unit; everybody gets a unit attention, the others their window back. */
static void test_unit_reset(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, ""), other = tt_client_at(world, 0);
    uint32_t itt, other_itt;
    other.isid = 2;
    CU_ASSERT_EQUAL(tt_login_keys(&other, ""), 0);
    tt_pdu r2t = open_write(&client, &itt);
    open_write(&other, &other_itt);
    tmf(&client, 5, RIG_TAG_NONE, 0, true);
    CU_ASSERT_TRUE(tt_silent(&client));
    finish_data(&client, itt, &r2t);
    CU_ASSERT_EQUAL(tmf_result(&client), 0);
    tt_pdu pdu = tt_expect(&other, RIG_PDU_NOP_IN);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_TTT), RIG_TAG_NONE);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_MAX_CMD_SN), other.cmd_sn + 127);
    CU_ASSERT_EQUAL(tt_ready(&other), 2); /* unit attention */
    CU_ASSERT_EQUAL(tt_ready(&other), 0);
    CU_ASSERT_EQUAL(tt_ready(&client), 2);
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

static void test_clear_task_set(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, ""), other = tt_client_at(world, 0);
    uint32_t itt;
    other.isid = 2;
    CU_ASSERT_EQUAL(tt_login_keys(&other, ""), 0);
    tt_pdu r2t = open_write(&other, &itt);
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tmf(&client, 4, RIG_TAG_NONE, 0, true);
    CU_ASSERT_EQUAL(tmf_result(&client), 0);
    tt_expect(&other, RIG_PDU_NOP_IN);
    finish_data(&other, itt, &r2t);
    CU_ASSERT_TRUE(tt_silent(&other));
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(&other, bhs, "F", 0, 0, 0, 0);
    tt_send(&other, bhs, NULL, 0);
    tt_pdu pdu = tt_expect(&other, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(pdu.data[2 + 2] & 0xf, 6);
    CU_ASSERT_EQUAL(pdu.data[2 + 12], 0x2f);
    tt_free(world);
}

/* An abort may not abort a task management function. */
static void test_abort_tmf(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint32_t itt;
    open_write(&client, &itt);
    tmf(&client, 2, RIG_TAG_NONE, 0, true); /* waits for data */
    tmf(&client, 1, client.itt - 1, client.cmd_sn, true);
    CU_ASSERT_EQUAL(tmf_result(&client), 255);
    tt_free(world);
}

/* Only so many aborted writes swallow late data; that of the others is rejected. */
static void test_abort_many(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint32_t itts[TGT_DRAIN_MAX + 1];
    tt_pdu r2ts[TGT_DRAIN_MAX + 1];
    for (unsigned i = 0; i < TGT_DRAIN_MAX + 1; i++) {
        r2ts[i] = open_write(&client, &itts[i]);
        tmf(&client, 1, itts[i], client.cmd_sn - 1, true);
        CU_ASSERT_EQUAL(tmf_result(&client), 0);
    }
    for (unsigned i = 0; i < TGT_DRAIN_MAX; i++)
        finish_data(&client, itts[i], &r2ts[i]);
    CU_ASSERT_TRUE(tt_silent(&client));
    finish_data(&client, itts[TGT_DRAIN_MAX], &r2ts[TGT_DRAIN_MAX]);
    tt_expect(&client, RIG_PDU_REJECT);
    open_write(&client, &itts[0]); /* there is room again */
    tmf(&client, 1, itts[0], client.cmd_sn - 1, true);
    CU_ASSERT_EQUAL(tmf_result(&client), 0);
    finish_data(&client, itts[0], &r2ts[0]); /* an old tag */
    tt_free(world);
}

/* ---- Logout ---- */

static void test_logout_reasons(void)
{
    static const struct {
        unsigned reason, cid, response;
        bool closes;
    } rows[] = {{0, 0, 0, true},  {0, 9, 0, true},  {1, 0, 0, true},
                {1, 9, 1, false}, {2, 9, 2, false}, {2, 0, 2, true}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tt_world *world = tt_new();
        tt_client client = tt_login(world, "");
        uint8_t bhs[RIG_BHS_LEN];
        uint32_t itt;
        open_write(&client, &itt);
        tt_request(&client, bhs, RIG_PDU_LOGOUT_REQ, i % 2);
        rig_set(bhs, RIG_F_LOGOUT_REASON, rows[i].reason);
        rig_set(bhs, RIG_F_CID, rows[i].cid);
        tt_send(&client, bhs, NULL, 0);
        tt_pdu pdu = tt_expect(&client, RIG_PDU_LOGOUT_RESP);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_LOGOUT_RESPONSE), rows[i].response);
        CU_ASSERT_EQUAL(pdu.len, 0);
        CU_ASSERT_TRUE(tt_silent(&client)); /* the last PDU on the connection */
        CU_ASSERT_EQUAL(client.stream->open, !rows[i].closes);
        CU_ASSERT_EQUAL(client.stream->reset, false);
        tt_free(world);
    }
}

static void test_logout_reserved(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    tt_pdu pdu = send(&client, RIG_PDU_LOGOUT_REQ, true, RIG_F_LOGOUT_REASON, 5);
    CU_ASSERT_EQUAL(pdu.kind, RIG_PDU_REJECT);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), 9);
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

RIG_SUITE("target requests", {"ping data", test_ping_data}, {"pings of the target", test_pings_of_ours},
          {"a NOP-Out that wants nothing", test_unanswered_nop},
          {"opcodes of no initiator", test_bad_opcodes}, {"a SNACK", test_snack},
          {"a Reject under digests", test_reject_with_digest}, {"when a new limit counts", test_text_limits},
          {"failed text negotiations", test_text_failures}, {"text cut by the C bit", test_text_spanning},
          {"text without end", test_text_without_end}, {"ABORT TASK", test_abort_task},
          {"ABORT TASK of what is not here", test_abort_missing}, {"ABORT TASK many times", test_abort_many},
          {"every function", test_functions}, {"ABORT TASK SET waits as it must", test_abort_task_set},
          {"LOGICAL UNIT RESET", test_unit_reset}, {"CLEAR TASK SET", test_clear_task_set},
          {"ABORT TASK of a function", test_abort_tmf}, {"every reason of a logout", test_logout_reasons},
          {"a reserved reason", test_logout_reserved})
