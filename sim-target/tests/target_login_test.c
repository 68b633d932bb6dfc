/* The login phase: stages, names, statuses, spanning text (RFC 7143 sections 6.3, 11.12, 11.13). */
#include "target/tlogin.h"
#include "target_fixture.h"

#define NAMES "InitiatorName=" TT_INITIATOR "\nTargetName=" TT_TARGET

/* Status of a first request on a new connection; the target must close behind a refusal and open no session.
 */
static unsigned first(tt_world *world, bool t, unsigned csg, unsigned nsg, const char *keys)
{
    tt_client client = tt_client_at(world, 0);
    tt_pdu pdu = tt_login_step(&client, t, csg, nsg, keys);
    unsigned status = tt_status(&pdu);
    rig_target_counts counts;
    if (status) {
        CU_ASSERT_FALSE(client.stream->open);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_T), 0);
        rig_target_count(world->target, &counts);
        CU_ASSERT_EQUAL(counts.sessions, 0);
    }
    if (client.stream->open)
        client.stream->user.ops->event(client.stream->user.ctx, RIG_STREAM_PEER_CLOSED, RIG_OK, world->now);
    tt_run(world);
    return status;
}

static void test_one_pdu(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_client_at(world, 0);
    client.cmd_sn = 0xffffffff;
    tt_pdu pdu = tt_login_step(&client, true, 1, 3, NAMES);
    CU_ASSERT_EQUAL(tt_status(&pdu), 0);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_T), 1);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_CSG), 1);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_NSG), 3);
    CU_ASSERT_NOT_EQUAL(tt_field(&pdu, RIG_F_TSIH), 0);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_ISID), 0x800000010001u);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_ITT), 7);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_EXP_CMD_SN), 0xffffffff);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_MAX_CMD_SN), (uint32_t)(0xffffffff + 127));
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "TargetPortalGroupTag"), "1"));
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "MaxRecvDataSegmentLength"), "262144"));
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    CU_ASSERT_EQUAL(tt_count_events(world, RIG_TARGET_SESSION_UP), 1);
    tt_free(world);
}

static void test_two_stages(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_client_at(world, 0);
    rig_target_node_alias(world->node, rig_view_str("Disk of the lab"));
    tt_pdu pdu = tt_login_step(&client, true, 0, 1, NAMES "\nSessionType=Normal\nAuthMethod=CHAP,None");
    uint32_t stat_sn = rig_get32(pdu.bhs, RIG_F_STAT_SN);
    CU_ASSERT_EQUAL(tt_status(&pdu), 0);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_NSG), 1);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_TSIH), 0);
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "AuthMethod"), "None"));
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "TargetAlias"), "Disk of the lab"));
    CU_ASSERT_EQUAL(tt_value(&pdu, "MaxRecvDataSegmentLength").len, 0);
    pdu = tt_login_step(&client, false, 1, 3, "InitialR2T=No");
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_T), 0);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_STAT_SN), (uint32_t)(stat_sn + 1));
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "InitialR2T"), "No"));
    pdu = tt_login_step(&client, true, 1, 3, "");
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_T), 1);
    CU_ASSERT_EQUAL(pdu.len, 0);
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

static void test_security_to_full_feature(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_client_at(world, 0);
    tt_pdu pdu = tt_login_step(&client, true, 0, 3, NAMES);
    CU_ASSERT_EQUAL(tt_status(&pdu), 0);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_NSG), 3);
    CU_ASSERT_NOT_EQUAL(tt_field(&pdu, RIG_F_TSIH), 0);
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

/* 6.3: from start to 0 or 1, from 0 to 1 or 3, from 1 to 3, nothing else; 2 is reserved. */
static void test_stages(void)
{
    tt_world *world = tt_new();
    for (unsigned csg = 0; csg < 4; csg++) {
        for (unsigned nsg = 0; nsg < 4; nsg++) {
            bool allowed = (csg == 0 && (nsg == 1 || nsg == 3)) || (csg == 1 && nsg == 3);
            CU_ASSERT_EQUAL(first(world, true, csg, nsg, NAMES), allowed ? 0u : 0x0200u);
            CU_ASSERT_EQUAL(first(world, false, csg, nsg, NAMES), csg < 2 ? 0u : 0x0200u);
            tt_pass(world, 60 * RIG_SECOND);
        }
    }
    tt_client client = tt_client_at(world, 0);
    tt_login_step(&client, true, 0, 1, NAMES);
    tt_pdu pdu = tt_login_step(&client, true, 0, 1, "");
    CU_ASSERT_EQUAL(tt_status(&pdu), 0x0200);
    tt_free(world);
}

static void test_statuses(void)
{
    tt_world *world = tt_new();
    static const struct {
        const char *keys;
        unsigned status;
    } rows[] = {
        {"", 0x0207},
        {"TargetName=" TT_TARGET, 0x0207},
        {"InitiatorName=" TT_INITIATOR, 0x0207},
        {"InitiatorName=" TT_INITIATOR "\nTargetName=iqn.2026-01.example.sim:other", 0x0203},
        {"InitiatorName=\nTargetName=" TT_TARGET, 0x0207},
        {"InitiatorName=IQN.bad\nTargetName=" TT_TARGET, 0x0200},
        {NAMES "\nSessionType=Foo", 0x0209},
        {NAMES "\nHeaderDigest=None\nHeaderDigest=None", 0x0200},
        {NAMES "\nInitiatorName=" TT_INITIATOR, 0x0200},
        {NAMES "\nAuthMethod=None", 0x0200},
        {NAMES "\nSendTargets=All", 0x0200},
        {NAMES "\nTargetAlias=x", 0x0200},
        {NAMES "\nMaxRecvDataSegmentLength=511", 0x0200},
        {NAMES "\nMaxBurstLength=Reject", 0x0200},
        {NAMES "\nMaxBurstLength", 0x0200},
        {NAMES "\n=1", 0x0200},
        {NAMES "\nlowercase=1", 0x0200},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CU_ASSERT_EQUAL(first(world, true, 1, 3, rows[i].keys), rows[i].status);
    CU_ASSERT_EQUAL(first(world, true, 0, 1, NAMES "\nMaxBurstLength=512"), 0x0200);
    CU_ASSERT_EQUAL(first(world, true, 0, 1, NAMES "\nAuthMethod=CHAP"), 0x0201);
    CU_ASSERT_EQUAL(first(world, true, 0, 1, NAMES "\nCHAP_A=5"), 0x0200);
    rig_target_node_refuse(world->node, 0x0202);
    CU_ASSERT_EQUAL(first(world, true, 1, 3, NAMES), 0x0202);
    rig_target_node_refuse(world->node, 0x0301);
    CU_ASSERT_EQUAL(first(world, true, 1, 3, NAMES), 0x0301);
    rig_target_node_refuse(world->node, 0);
    CU_ASSERT_EQUAL(first(world, true, 1, 3, NAMES), 0);
    tt_free(world);
}

static void test_redirect(void)
{
    tt_world *world = tt_new();
    rig_address other = tt_address("2001:db8::1", 3261);
    rig_target_portal_add(world->target, &other, 2, NULL);
    rig_target_node_refuse(world->node, 0x0101);
    tt_client client = tt_client_at(world, 0);
    tt_pdu pdu = tt_login_step(&client, true, 1, 3, NAMES);
    CU_ASSERT_EQUAL(tt_status(&pdu), 0x0101);
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "TargetAddress"), "[2001:db8::1]:3261"));
    tt_free(world);
}

static void test_version(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_client_at(world, 0);
    uint8_t bhs[RIG_BHS_LEN], text[256];
    tt_login_bhs(&client, bhs, true, 1, 3);
    rig_set(bhs, RIG_F_VERSION_MIN, 1);
    rig_set(bhs, RIG_F_VERSION_MAX, 1);
    tt_send(&client, bhs, text, tt_pairs(text, NAMES));
    tt_pdu pdu = tt_expect(&client, RIG_PDU_LOGIN_RESP);
    CU_ASSERT_EQUAL(tt_status(&pdu), 0x0205);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_VERSION_MAX), 0);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_VERSION_ACTIVE), 0);
    CU_ASSERT_FALSE(client.stream->open);
    tt_free(world);
}

/* What may not change between the requests of one login. */
static void changed(rig_field_id field, uint64_t value)
{
    tt_world *world = tt_new();
    tt_client client = tt_client_at(world, 0);
    uint8_t bhs[RIG_BHS_LEN];
    tt_login_step(&client, false, 1, 0, NAMES);
    tt_login_bhs(&client, bhs, true, 1, 3);
    rig_set(bhs, field, value);
    tt_send(&client, bhs, NULL, 0);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_LOGIN_RESP);
    CU_ASSERT_EQUAL(tt_status(&pdu), 0x0200);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_ITT), 7);
    CU_ASSERT_FALSE(client.stream->open);
    tt_free(world);
}

static void test_constant_fields(void)
{
    changed(RIG_F_ITT, 8);
    changed(RIG_F_TSIH, 5);
    changed(RIG_F_CID, 1);
    changed(RIG_F_ISID, 1);
    changed(RIG_F_CSG, 0);
    changed(RIG_F_C, 1); /* with T */
}

static void test_other_pdus(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_client_at(world, 0);
    uint8_t bhs[RIG_BHS_LEN];
    tt_request(&client, bhs, RIG_PDU_NOP_OUT, true);
    tt_send(&client, bhs, NULL, 0);
    CU_ASSERT_TRUE(tt_silent(&client));
    CU_ASSERT_TRUE(client.stream->reset);
    client = tt_client_at(world, 0);
    tt_login_step(&client, false, 1, 0, NAMES);
    tt_request(&client, bhs, RIG_PDU_NOP_OUT, true);
    tt_send(&client, bhs, NULL, 0);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_LOGIN_RESP);
    CU_ASSERT_EQUAL(tt_status(&pdu), 0x020b);
    CU_ASSERT_FALSE(client.stream->open);
    client = tt_login(world, "");
    tt_login_bhs(&client, bhs, true, 1, 3);
    tt_send(&client, bhs, NULL, 0);
    pdu = tt_expect(&client, RIG_PDU_REJECT);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), 4);
    tt_free(world);
}

/* Cuts the names at every byte into two requests with the C bit. */
static void test_spanning(void)
{
    tt_world *world = tt_new();
    uint8_t text[256], bhs[RIG_BHS_LEN];
    size_t len = tt_pairs(text, NAMES "\nInitialR2T=No");
    for (size_t cut = 0; cut <= len; cut++) {
        tt_client client = tt_client_at(world, 0);
        tt_login_bhs(&client, bhs, false, 1, 0);
        rig_set(bhs, RIG_F_C, 1);
        tt_send(&client, bhs, text, cut);
        tt_pdu pdu = tt_expect(&client, RIG_PDU_LOGIN_RESP);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_T), 0);
        CU_ASSERT_EQUAL(pdu.len, 0);
        tt_login_bhs(&client, bhs, true, 1, 3);
        tt_send(&client, bhs, text + cut, len - cut);
        pdu = tt_expect(&client, RIG_PDU_LOGIN_RESP);
        CU_ASSERT_EQUAL(tt_status(&pdu), 0);
        CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "InitialR2T"), "No"));
        CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "TargetPortalGroupTag"), "1"));
        client.stream->user.ops->event(client.stream->user.ctx, RIG_STREAM_FAILED, RIG_E_RESET, world->now);
        client.stream->open = false;
    }
    tt_free(world);
}

/* A long answer is cut at 8192 bytes with the C bit, each part fetched by an empty request. */
static void test_long_answer(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_client_at(world, 0);
    uint8_t text[8192], bhs[RIG_BHS_LEN];
    size_t len = tt_pairs(text, NAMES), parts = 0, all = 0;
    unsigned keys = 0;
    while (len + 8 <= sizeof(text)) {
        rig_text pair;
        rig_text_init(&pair, (char *)text + len, 8);
        rig_text_add(&pair, "X-%03x=", keys++ & 0xfff);
        len += pair.len + 1;
    }
    tt_login_bhs(&client, bhs, true, 1, 3);
    tt_send(&client, bhs, text, len);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_LOGIN_RESP);
    while (tt_field(&pdu, RIG_F_C)) {
        CU_ASSERT_EQUAL(pdu.len, 8192);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_T), 0);
        all += pdu.len;
        parts++;
        pdu = tt_login_step(&client, true, 1, 3, "");
    }
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_T), 1);
    CU_ASSERT_TRUE(parts >= 1);
    /* "X-000=NotUnderstood" and a NUL a key, beside our own two declarations */
    CU_ASSERT_EQUAL(all + pdu.len,
                    keys * 20 + sizeof("TargetPortalGroupTag=1") + sizeof("MaxRecvDataSegmentLength=262144"));
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

static void test_endless(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_client_at(world, 0);
    tt_pdu pdu = tt_login_step(&client, false, 1, 0, NAMES);
    unsigned rounds = 1;
    for (; tt_status(&pdu) == 0 && rounds < 1000; rounds++)
        pdu = tt_login_step(&client, false, 1, 0, "");
    CU_ASSERT_EQUAL(tt_status(&pdu), 0x0200);
    CU_ASSERT_EQUAL(rounds, TGT_LOGIN_EXCHANGES + 1u);
    CU_ASSERT_FALSE(client.stream->open);
    tt_free(world);
}

/* Parts of one text without end. */
static void test_endless_parts(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_client_at(world, 0);
    uint8_t bhs[RIG_BHS_LEN];
    unsigned parts = 0;
    tt_pdu pdu = {.here = true};
    for (; tt_status(&pdu) == 0 && parts < 10000; parts++) {
        tt_login_bhs(&client, bhs, false, 1, 0);
        rig_set(bhs, RIG_F_C, 1);
        tt_send(&client, bhs, NULL, 0);
        pdu = tt_expect(&client, RIG_PDU_LOGIN_RESP);
    }
    CU_ASSERT_EQUAL(parts, TGT_LOGIN_PDUS + 1u);
    CU_ASSERT_EQUAL(tt_status(&pdu), 0x0200);
    tt_free(world);
}

/* Two requests at once: only one may be outstanding (6.3). */
static void test_pipelined(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_client_at(world, 0);
    uint8_t bhs[RIG_BHS_LEN], text[256], wire[1024];
    tt_login_bhs(&client, bhs, false, 1, 0);
    size_t len = tt_build(&client, wire, bhs, text, tt_pairs(text, NAMES));
    tt_login_bhs(&client, bhs, true, 1, 3);
    len += tt_build(&client, wire + len, bhs, NULL, 0);
    tt_bytes(client.stream, wire, len, SIZE_MAX);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_LOGIN_RESP);
    CU_ASSERT_EQUAL(tt_status(&pdu), 0x0200);
    CU_ASSERT_FALSE(client.stream->open);
    tt_free(world);
}

static void test_timeout(void)
{
    tt_world *world = tt_new();
    tt_client silent = tt_client_at(world, 0), halfway = tt_client_at(world, 0);
    tt_login_step(&halfway, false, 1, 0, NAMES);
    CU_ASSERT_EQUAL(rig_target_next_deadline(world->target), 30 * RIG_SECOND);
    tt_pass(world, 30 * RIG_SECOND - 1);
    CU_ASSERT_TRUE(silent.stream->open && halfway.stream->open);
    tt_pass(world, 1);
    CU_ASSERT_FALSE(silent.stream->open || halfway.stream->open);
    CU_ASSERT_EQUAL(tt_last_event(world, RIG_TARGET_CLOSED)->why, RIG_E_TIMEOUT);
    tt_client client = tt_login(world, "");
    tt_pass(world, 3600 * RIG_SECOND);
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

/* A long data segment is a format error before anything of it is looked at. */
static void test_too_long(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_client_at(world, 0);
    uint8_t bhs[RIG_BHS_LEN];
    tt_login_bhs(&client, bhs, true, 1, 3);
    rig_set(bhs, RIG_F_DATA_LEN, 8193);
    tt_bytes(client.stream, bhs, sizeof(bhs), SIZE_MAX);
    CU_ASSERT_FALSE(client.stream->open);
    CU_ASSERT_EQUAL(tt_last_event(world, RIG_TARGET_CLOSED)->why, RIG_E_FORMAT);
    tt_free(world);
}

/* 6.3.1, row by row; what a row does not mention takes both values. */
static void test_decision_table(void)
{
    for (unsigned bits = 0; bits < 32; bits++) {
        tgt_login_facts facts = {bits & 1, bits >> 1 & 1, bits >> 2 & 1, bits >> 3 & 1, bits >> 4 & 1};
        uint16_t status = 0;
        if (facts.tsih_known && (!facts.tsih_given || !facts.isid_known || facts.other_group))
            continue; /* no such world: the session that TSIH names is the one that ISID names */
        if ((facts.cid_known && !facts.tsih_known) || (facts.other_group && !facts.tsih_given))
            continue;
        tgt_login_action action = tgt_login_table(&facts, &status), wanted;
        if (!facts.tsih_given)
            wanted = facts.isid_known ? TGT_LOGIN_REINSTATE_SESSION : TGT_LOGIN_NEW;
        else if (!facts.tsih_known)
            wanted = TGT_LOGIN_FAIL;
        else
            wanted = facts.cid_known ? TGT_LOGIN_REINSTATE_CONNECTION : TGT_LOGIN_ADD_CONNECTION;
        CU_ASSERT_EQUAL(action, wanted);
        if (wanted == TGT_LOGIN_FAIL)
            CU_ASSERT_EQUAL(status, facts.other_group ? 0x0208 : 0x020a);
    }
}

RIG_SUITE("target login", {"one request is enough", test_one_pdu}, {"both stages", test_two_stages},
          {"security straight to full feature", test_security_to_full_feature},
          {"only the allowed moves between stages", test_stages},
          {"every refusal has its status", test_statuses}, {"a moved target tells where", test_redirect},
          {"a version out of range", test_version},
          {"fields that must stay in a login", test_constant_fields},
          {"other PDUs before, in and after a login", test_other_pdus},
          {"text cut at every byte", test_spanning}, {"an answer longer than one PDU", test_long_answer},
          {"an endless login ends", test_endless}, {"endless parts end", test_endless_parts},
          {"two requests at once", test_pipelined}, {"a login that stalls", test_timeout},
          {"a data segment too long", test_too_long}, {"the decision table", test_decision_table})
