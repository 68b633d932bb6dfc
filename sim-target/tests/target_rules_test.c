/* Faults and rules: one named deviation each, reported, and nothing else changed. */
#include "target/tgt.h"
#include "target_fixture.h"

static bool made(const tt_world *world, const char *what)
{
    for (uint32_t i = 0; i < world->num_events; i++)
        if (world->events[i].kind == RIG_TARGET_MADE_WRONG && strcmp(world->events[i].text, what) == 0)
            return true;
    return false;
}

static rig_rule rule(rig_pdu_kind on, uint32_t nth, rig_rule_action action)
{
    rig_rule made_rule = {.on = on, .nth = nth, .num_actions = 1};
    made_rule.actions[0] = action;
    return made_rule;
}

static void add(tt_world *world, rig_rule one)
{
    CU_ASSERT_EQUAL(rig_target_rule_add(world->target, &one), RIG_OK);
}

static void read_one(tt_client *client, uint32_t edtl)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(client, bhs, "FR", edtl, 0x28, 0, 1);
    tt_send(client, bhs, NULL, 0);
}

/* ---- the rule matcher ---- */

static void test_conditions(void)
{
    rig_rule one = {.on = RIG_PDU_SCSI_CMD, .num_conditions = 1};
    uint8_t bhs[RIG_BHS_LEN];
    rig_bhs_init(bhs, RIG_PDU_SCSI_CMD);
    rig_set(bhs, RIG_F_EDTL, 512);
    one.conditions[0] = (rig_rule_condition){.field = RIG_F_EDTL, .low = 512, .high = 512};
    CU_ASSERT_TRUE(rig_rule_fires(&one, bhs));
    one.conditions[0].differs = true;
    CU_ASSERT_FALSE(rig_rule_fires(&one, bhs));
    one.conditions[0] = (rig_rule_condition){.field = RIG_F_EDTL, .low = 513, .high = 1024};
    CU_ASSERT_FALSE(rig_rule_fires(&one, bhs));
    one.conditions[0] = (rig_rule_condition){.field = RIG_F_EDTL, .low = 0, .high = 512};
    CU_ASSERT_TRUE(rig_rule_fires(&one, bhs));
    one.conditions[0] = (rig_rule_condition){.field = RIG_F_TTT, .low = 0, .high = UINT32_MAX};
    CU_ASSERT_FALSE(rig_rule_fires(&one, bhs)); /* a field the PDU has not */
    rig_set(bhs, RIG_F_CMD_SN, 2);
    one.conditions[0] = (rig_rule_condition){.field = RIG_F_CMD_SN, .low = 0xfffffffe, .high = 5};
    CU_ASSERT_TRUE(rig_rule_fires(&one, bhs)); /* serial numbers wrap */
    rig_set(bhs, RIG_F_CMD_SN, 6);
    CU_ASSERT_FALSE(rig_rule_fires(&one, bhs));
    one.conditions[0] = (rig_rule_condition){.field = RIG_F_CDB, .cdb = {0x28}, .mask = {0xff}};
    CU_ASSERT_FALSE(rig_rule_fires(&one, bhs));
    bhs[32] = 0x28;
    bhs[33] = 0x77;
    CU_ASSERT_TRUE(rig_rule_fires(&one, bhs));
    rig_bhs_init(bhs, RIG_PDU_NOP_OUT);
    CU_ASSERT_FALSE(rig_rule_fires(&one, bhs));
}

static void test_counting(void)
{
    static const struct {
        uint32_t nth, every, after;
        const char *fires;
    } rows[] = {{0, 0, 0, "111111"},
                {2, 0, 0, "010000"},
                {0, 3, 0, "001001"},
                {0, 0, 4, "000011"},
                {0, 2, 3, "000101"}};
    uint8_t bhs[RIG_BHS_LEN];
    rig_bhs_init(bhs, RIG_PDU_NOP_OUT);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rig_rule one = {
            .on = RIG_PDU_NOP_OUT, .nth = rows[i].nth, .every = rows[i].every, .after = rows[i].after};
        for (const char *at = rows[i].fires; *at; at++)
            CU_ASSERT_EQUAL(rig_rule_fires(&one, bhs), *at == '1');
    }
}

static void test_fault_names(void)
{
    for (unsigned fault = 0; fault < RIG_FAULTS; fault++) {
        CU_ASSERT_EQUAL(rig_fault_find(rig_view_str(rig_fault_rows[fault].name)), fault);
        CU_ASSERT_TRUE(strlen(rig_fault_rows[fault].what) > 0 &&
                       strlen(rig_fault_rows[fault].requirement) > 0);
    }
    CU_ASSERT_EQUAL(rig_fault_find(rig_view_str("none")), RIG_FAULTS);
}

/* ---- faults of the whole target, and of one answer ---- */

static void test_digest_faults(void)
{
    for (unsigned data = 0; data < 2; data++) {
        tt_world *world = tt_new();
        rig_fault fault = data ? RIG_FAULT_DATA_DIGEST_FLIP : RIG_FAULT_HEADER_DIGEST_FLIP;
        add(world,
            rule(RIG_PDU_SCSI_CMD, 2, (rig_rule_action){.verb = RIG_DO_FAULT, .fault = fault, .bit = 9}));
        tt_client client = tt_login(world, "HeaderDigest=CRC32C\nDataDigest=CRC32C");
        client.header_digest = client.data_digest = true;
        for (unsigned i = 1; i <= 3; i++) {
            read_one(&client, 512);
            tt_pdu pdu = tt_expect(&client, RIG_PDU_DATA_IN);
            CU_ASSERT_EQUAL(pdu.header_ok, data || i != 2);
            CU_ASSERT_EQUAL(pdu.data_ok, !data || i != 2);
        }
        CU_ASSERT_TRUE(made(world, rig_fault_rows[fault].name));
        CU_ASSERT_EQUAL(tt_count_events(world, RIG_TARGET_MADE_WRONG), 1);
        tt_free(world);
    }
}

static void test_number_faults(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint32_t sn = client.exp_stat_sn;
    rig_target_fault_on(world->target, RIG_FAULT_STAT_SN_SKIP);
    rig_target_fault_on(world->target, RIG_FAULT_RESIDUAL_WRONG);
    for (unsigned i = 0; i < 2; i++) {
        read_one(&client, 1000);
        tt_pdu pdu = tt_expect(&client, RIG_PDU_DATA_IN);
        CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_STAT_SN), (uint32_t)(sn + i + 1));
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_RESIDUAL), 489);
    }
    CU_ASSERT_TRUE(made(world, "wrong-statsn") && made(world, "wrong-residual"));
    tt_free(world);
}

static void test_silence_and_reset(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    add(world,
        rule(RIG_PDU_SCSI_CMD, 1, (rig_rule_action){.verb = RIG_DO_FAULT, .fault = RIG_FAULT_SILENCE}));
    add(world, rule(RIG_PDU_NOP_OUT, 1, (rig_rule_action){.verb = RIG_DO_FAULT, .fault = RIG_FAULT_RESET}));
    read_one(&client, 512);
    CU_ASSERT_TRUE(tt_silent(&client));
    CU_ASSERT_TRUE(made(world, "silence"));
    CU_ASSERT_EQUAL(tt_ready(&client), 0); /* the window goes on */
    uint8_t bhs[RIG_BHS_LEN];
    tt_request(&client, bhs, RIG_PDU_NOP_OUT, true);
    tt_send(&client, bhs, NULL, 0);
    CU_ASSERT_TRUE(client.stream->reset);
    CU_ASSERT_TRUE(made(world, "reset"));
    tt_free(world);
}

/* ---- verbs ---- */

static void test_drop(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN], data[512];
    memset(data, 0xab, sizeof(data));
    add(world, rule(RIG_PDU_SCSI_CMD, 1, (rig_rule_action){.verb = RIG_DO_DROP}));
    tt_scsi(&client, bhs, "FW", 512, 0x2a, 0, 1);
    tt_send(&client, bhs, data, 512);
    CU_ASSERT_TRUE(tt_silent(&client));
    client.cmd_sn--;
    read_one(&client, 512); /* its number is free, and nothing was written */
    tt_pdu pdu = tt_expect(&client, RIG_PDU_DATA_IN);
    CU_ASSERT_EQUAL(pdu.data[0], 0);
    CU_ASSERT_TRUE(made(world, "drop"));
    tt_free(world);
}

static void test_delay_and_hold(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    add(world, rule(RIG_PDU_SCSI_CMD, 1, (rig_rule_action){.verb = RIG_DO_DELAY, .time = 5 * RIG_SECOND}));
    add(world, rule(RIG_PDU_SCSI_CMD, 2, (rig_rule_action){.verb = RIG_DO_HOLD, .text = rig_view_str("go")}));
    read_one(&client, 512);
    read_one(&client, 512);
    CU_ASSERT_TRUE(tt_silent(&client));
    CU_ASSERT_EQUAL(tt_ready(&client), 0); /* others are not held up */
    CU_ASSERT_EQUAL(rig_target_next_deadline(world->target), world->now + 5 * RIG_SECOND);
    tt_pass(world, 5 * RIG_SECOND);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_DATA_IN);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_ITT), client.itt - 3);
    rig_target_release(world->target, rig_view_str("stop"), world->now);
    tt_run(world);
    CU_ASSERT_TRUE(tt_silent(&client));
    rig_target_release(world->target, rig_view_str("go"), world->now);
    tt_run(world);
    pdu = tt_expect(&client, RIG_PDU_DATA_IN);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_ITT), client.itt - 2);
    tt_free(world);
}

/* A held command can be aborted; a held login ends by its timeout. */
static void test_held_things_end(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN];
    add(world,
        rule(RIG_PDU_SCSI_CMD, 1, (rig_rule_action){.verb = RIG_DO_HOLD, .text = rig_view_str("never")}));
    add(world,
        rule(RIG_PDU_LOGIN_REQ, 1, (rig_rule_action){.verb = RIG_DO_HOLD, .text = rig_view_str("never")}));
    read_one(&client, 512);
    tt_request(&client, bhs, RIG_PDU_TMF_REQ, true);
    rig_set(bhs, RIG_F_FUNCTION, 1);
    rig_set(bhs, RIG_F_REF_TAG, client.itt - 2);
    rig_set(bhs, RIG_F_REF_CMD_SN, client.cmd_sn - 1);
    tt_send(&client, bhs, NULL, 0);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_TMF_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_TMF_RESPONSE), 0);
    tt_client slow = tt_client_at(world, 0);
    uint8_t text[256];
    slow.isid = 5;
    tt_login_bhs(&slow, bhs, false, 1, 0);
    tt_send(&slow, bhs, text, tt_pairs(text, "InitiatorName=" TT_INITIATOR "\nTargetName=" TT_TARGET));
    CU_ASSERT_TRUE(tt_silent(&slow));
    tt_pass(world, 31 * RIG_SECOND);
    CU_ASSERT_FALSE(slow.stream->open);
    tt_free(world);
}

static void test_set(void)
{
    tt_world *world = tt_new();
    rig_rule one =
        rule(RIG_PDU_SCSI_CMD, 0,
             (rig_rule_action){
                 .verb = RIG_DO_SET, .pdu = RIG_PDU_DATA_IN, .field = RIG_F_BUFFER_OFFSET, .value = 4});
    one.num_actions = 2;
    one.actions[1] =
        (rig_rule_action){.verb = RIG_DO_SET, .pdu = RIG_PDU_UNKNOWN, .field = RIG_F_STAT_SN, .value = 99};
    add(world, one);
    tt_client client = tt_login(world, "HeaderDigest=CRC32C");
    client.header_digest = true;
    read_one(&client, 512);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_DATA_IN);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_BUFFER_OFFSET), 4);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_STAT_SN), 99);
    CU_ASSERT_TRUE(pdu.header_ok); /* the digest is of what was sent */
    CU_ASSERT_TRUE(made(world, "BufferOffset") && made(world, "StatSN"));
    tt_free(world);
}

static void test_set_length(void)
{
    tt_world *world = tt_new();
    add(world, rule(RIG_PDU_SCSI_CMD, 0,
                    (rig_rule_action){
                        .verb = RIG_DO_SET, .pdu = RIG_PDU_SCSI_RESP, .field = RIG_F_DATA_LEN, .value = 4}));
    tt_client client = tt_login(world, "HeaderDigest=CRC32C");
    client.header_digest = true;
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(&client, bhs, "F", 0, 0, 0, 0);
    tt_send(&client, bhs, NULL, 0);
    const uint8_t *at = client.stream->out + client.stream->out_at;
    CU_ASSERT_EQUAL(client.stream->out_len - client.stream->out_at, 52); /* no data came */
    CU_ASSERT_EQUAL(rig_get(at, RIG_F_DATA_LEN), 4);
    CU_ASSERT_TRUE(tt_good(at + 48, at, 48));
    tt_free(world);
}

static void test_corrupt(void)
{
    tt_world *world = tt_new();
    add(world, rule(RIG_PDU_SCSI_CMD, 1, (rig_rule_action){.verb = RIG_DO_CORRUPT, .bit = 5}));
    tt_client client = tt_login(world, "DataDigest=CRC32C");
    client.data_digest = true;
    for (unsigned i = 1; i <= 2; i++) {
        read_one(&client, 512);
        tt_pdu pdu = tt_expect(&client, RIG_PDU_DATA_IN);
        CU_ASSERT_EQUAL(pdu.data_ok, i != 1);
        CU_ASSERT_EQUAL(pdu.data[5], i == 1 ? 0xff : 0); /* the disk itself is unharmed */
        CU_ASSERT_EQUAL(pdu.data[4], 0);
    }
    tt_free(world);
}

static void give(rig_rule_action *action, rig_field_id field, uint64_t value)
{
    rig_set(action->bhs, field, value);
    action->given[field / 64] |= UINT64_C(1) << field % 64;
}

static void test_reply_and_send(void)
{
    tt_world *world = tt_new();
    rig_rule_action reply = {.verb = RIG_DO_REPLY, .pdu = RIG_PDU_SCSI_RESP};
    rig_rule_action extra = {.verb = RIG_DO_SEND, .pdu = RIG_PDU_ASYNC, .data = rig_view_str("abc")};
    rig_bhs_init(reply.bhs, RIG_PDU_SCSI_RESP);
    give(&reply, RIG_F_SCSI_STATUS, 0x08);
    give(&extra, RIG_F_ASYNC_EVENT, 4);
    add(world, rule(RIG_PDU_SCSI_CMD, 1, reply));
    add(world, rule(RIG_PDU_SCSI_CMD, 2, extra));
    tt_client client = tt_login(world, "");
    uint32_t sn = client.exp_stat_sn;
    read_one(&client, 512);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_SCSI_STATUS), 8);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_ITT), client.itt - 1);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_STAT_SN), sn);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_EXP_CMD_SN), client.cmd_sn);
    CU_ASSERT_TRUE(tt_silent(&client));
    read_one(&client, 512);
    pdu = tt_expect(&client, RIG_PDU_ASYNC);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_ITT), RIG_TAG_NONE);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_STAT_SN), (uint32_t)(sn + 1));
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_ASYNC_EVENT), 4);
    CU_ASSERT_TRUE(rig_view_is(rig_view_of(pdu.data, pdu.len), "abc"));
    pdu = tt_expect(&client, RIG_PDU_DATA_IN);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_STAT_SN), (uint32_t)(sn + 2));
    CU_ASSERT_TRUE(tt_silent(&client));
    tt_free(world);
}

static void test_raw(void)
{
    tt_world *world = tt_new();
    static const uint8_t bytes[] = {1, 2, 3, 4, 5};
    add(world,
        rule(RIG_PDU_NOP_OUT, 1, (rig_rule_action){.verb = RIG_DO_RAW, .data = {bytes, sizeof(bytes)}}));
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN];
    tt_request(&client, bhs, RIG_PDU_NOP_OUT, true);
    tt_send(&client, bhs, NULL, 0);
    CU_ASSERT_EQUAL(client.stream->out_len - client.stream->out_at, sizeof(bytes));
    CU_ASSERT_EQUAL(memcmp(client.stream->out + client.stream->out_at, bytes, sizeof(bytes)), 0);
    client.stream->out_at += sizeof(bytes);
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

static void test_close_and_reset(void)
{
    for (unsigned reset = 0; reset < 2; reset++) {
        tt_world *world = tt_new();
        add(world, rule(RIG_PDU_SCSI_CMD, 2, (rig_rule_action){.verb = reset ? RIG_DO_RESET : RIG_DO_CLOSE}));
        tt_client client = tt_login(world, "");
        CU_ASSERT_EQUAL(tt_ready(&client), 0);
        read_one(&client, 512);
        CU_ASSERT_TRUE(tt_silent(&client));
        CU_ASSERT_FALSE(client.stream->open);
        CU_ASSERT_EQUAL(client.stream->reset, reset);
        tt_free(world);
    }
}

/* A rule on Data-Out shapes what follows from it. */
static void test_on_data_out(void)
{
    tt_world *world = tt_new();
    add(world,
        rule(RIG_PDU_DATA_OUT, 1,
             (rig_rule_action){
                 .verb = RIG_DO_SET, .pdu = RIG_PDU_SCSI_RESP, .field = RIG_F_SCSI_STATUS, .value = 0x28}));
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN], out[RIG_BHS_LEN], data[512] = {0};
    tt_scsi(&client, bhs, "FW", 512, 0x2a, 0, 1);
    tt_send(&client, bhs, NULL, 0);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_R2T);
    tt_data_out(out, rig_get32(bhs, RIG_F_ITT), rig_get32(pdu.bhs, RIG_F_TTT), 0, 0, true);
    tt_send(&client, out, data, sizeof(data));
    pdu = tt_expect(&client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_SCSI_STATUS), 0x28);
    tt_free(world);
}

/* Login and Text answers are shaped like any other. */
static void test_on_login(void)
{
    tt_world *world = tt_new();
    rig_rule_action reply = {.verb = RIG_DO_REPLY, .pdu = RIG_PDU_LOGIN_RESP};
    give(&reply, RIG_F_LOGIN_STATUS, 0x0301);
    add(world, rule(RIG_PDU_LOGIN_REQ, 1, reply));
    add(world, rule(RIG_PDU_LOGIN_REQ, 2,
                    (rig_rule_action){
                        .verb = RIG_DO_SET, .pdu = RIG_PDU_LOGIN_RESP, .field = RIG_F_CSG, .value = 0}));
    tt_client client = tt_client_at(world, 0);
    CU_ASSERT_EQUAL(tt_login_keys(&client, ""), 0x0301);
    client = tt_client_at(world, 0);
    tt_pdu pdu = tt_login_step(&client, true, 1, 3, "InitiatorName=" TT_INITIATOR "\nTargetName=" TT_TARGET);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_CSG), 0);
    tt_free(world);
}

static void test_limit(void)
{
    tt_world *world = tt_new();
    rig_rule one = rule(RIG_PDU_NOP_OUT, 1, (rig_rule_action){.verb = RIG_DO_DROP});
    for (unsigned i = 0; i < RIG_RULES_MAX; i++)
        CU_ASSERT_EQUAL(rig_target_rule_add(world->target, &one), RIG_OK);
    CU_ASSERT_EQUAL(rig_target_rule_add(world->target, &one), RIG_E_LIMIT);
    tt_free(world);
}

RIG_SUITE("target rules", {"conditions", test_conditions}, {"nth, every, after", test_counting},
          {"names of faults", test_fault_names}, {"digest faults", test_digest_faults},
          {"faults of numbers", test_number_faults}, {"silence and reset", test_silence_and_reset},
          {"drop", test_drop}, {"delay and hold", test_delay_and_hold},
          {"what is held can end", test_held_things_end}, {"set", test_set},
          {"set a length", test_set_length}, {"corrupt", test_corrupt},
          {"reply and send", test_reply_and_send}, {"raw", test_raw},
          {"close and reset", test_close_and_reset}, {"a rule on Data-Out", test_on_data_out},
          {"rules on logins", test_on_login}, {"64 rules and one more", test_limit})
