/* Another configuration under living sessions, and the logout a target asks for (RFC 7143 section 11.9.1). */
#include "target/tgt.h"
#include "target_fixture.h"

#define OTHER "iqn.2026-01.example.sim:disk1"
#define USER(name)                                                                                           \
    {                                                                                                        \
        .user = {(const uint8_t *)(name), sizeof(name) - 1}, .secret = {                                     \
            (const uint8_t *)"secret-secret",                                                                \
            13                                                                                               \
        }                                                                                                    \
    }

/* A target without portals, for the world's to take over. */
static rig_target *fresh_target(tt_world *world)
{
    rig_target *target = NULL;
    const rig_target_config config = {.alloc = &world->meter.alloc,
                                      .transport = &world->transport,
                                      .read_ahead = {world->read_ahead, sizeof(world->read_ahead)},
                                      .window = 7};
    CU_ASSERT_EQUAL_FATAL(rig_target_new(&config, &target), RIG_OK);
    return target;
}

static rig_target_node *add_node(tt_world *world, rig_target *target, const char *name, uint32_t luns)
{
    rig_target_node *node = NULL;
    CU_ASSERT_EQUAL_FATAL(rig_target_node_add(target, rig_view_str(name), &node, NULL), RIG_OK);
    for (uint32_t lun = 0; lun < 8; lun++)
        if (luns >> lun & 1)
            CU_ASSERT_EQUAL(rig_target_node_lun(node, lun, tt_ram(world, 1 << 20)), RIG_OK);
    return node;
}

/* ctx: LUNs that stay, a bit each. */
static bool keeps(void *ctx, rig_view node, uint32_t lun)
{
    const uint32_t *kept = ctx;
    (void)node;
    return *kept >> lun & 1;
}

static void reload(tt_world *world, rig_target *from, uint32_t kept)
{
    CU_ASSERT_EQUAL(rig_target_reload(world->target, from, keeps, &kept, world->now), RIG_OK);
    tt_run(world);
}

static void write_block(tt_client *client, uint64_t lun, uint8_t byte)
{
    uint8_t bhs[RIG_BHS_LEN], data[512];
    memset(data, byte, sizeof(data));
    tt_scsi(client, bhs, "FW", 512, 0x2a, 0, 1);
    rig_set(bhs, RIG_F_LUN, lun << 48);
    tt_send(client, bhs, data, sizeof(data));
    tt_pdu pdu = tt_expect(client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_SCSI_STATUS), 0);
}

/* The first byte of a LUN's first block, -1 when there is no such LUN. */
static int read_block(tt_client *client, uint64_t lun)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(client, bhs, "FR", 512, 0x28, 0, 1);
    rig_set(bhs, RIG_F_LUN, lun << 48);
    tt_send(client, bhs, NULL, 0);
    tt_pdu pdu = tt_next(client);
    return pdu.here && pdu.kind == RIG_PDU_DATA_IN ? pdu.data[0] : -1;
}

/* A session of its own, with that ISID; the status of its login. */
static unsigned log_in(tt_world *world, tt_client *client, uint8_t isid)
{
    *client = tt_client_at(world, 0);
    client->isid = isid;
    return tt_login_keys(client, "");
}

#define IMMEDIATE "ImmediateData=Yes\nFirstBurstLength=512"

static void test_lun_that_stays(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, IMMEDIATE), late;
    write_block(&client, 0, 0x5a);
    rig_target *from = fresh_target(world);
    add_node(world, from, TT_TARGET, 3);
    reload(world, from, 1);
    CU_ASSERT_EQUAL(read_block(&client, 0), 0x5a);
    CU_ASSERT_EQUAL(read_block(&client, 1), -1); /* not there when it logged in */
    CU_ASSERT_EQUAL(log_in(world, &late, 2), 0);
    CU_ASSERT_EQUAL(read_block(&late, 0), 0x5a);
    CU_ASSERT_EQUAL(read_block(&late, 1), 0);
    write_block(&client, 0, 0x33); /* one device, two views of it */
    CU_ASSERT_EQUAL(read_block(&late, 0), 0x33);
    tt_free(world);
}

static void test_lun_that_changes(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, IMMEDIATE), late;
    write_block(&client, 0, 0x5a);
    rig_target *from = fresh_target(world);
    add_node(world, from, TT_TARGET, 1);
    reload(world, from, 0);
    CU_ASSERT_EQUAL(log_in(world, &late, 2), 0);
    CU_ASSERT_EQUAL(read_block(&late, 0), 0);
    CU_ASSERT_EQUAL(read_block(&client, 0), 0x5a);
    write_block(&late, 0, 0x77);
    CU_ASSERT_EQUAL(read_block(&client, 0), 0x5a);
    tt_free(world);
}

/* Each session has its own past, whatever the order in which they end; nothing is kept behind the last. */
static void test_many_reloads(void)
{
    tt_world *world = tt_new();
    tt_client clients[4];
    for (uint8_t i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(log_in(world, &clients[i], (uint8_t)(i + 1)), 0);
        write_block(&clients[i], 0, (uint8_t)(0x10 + i));
        rig_target *from = fresh_target(world);
        add_node(world, from, TT_TARGET, 1);
        reload(world, from, 0);
    }
    for (uint8_t i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(read_block(&clients[i], 0), 0x10 + i);
    uint64_t before = world->meter.num_live;
    rig_target_drop(world->target, false, world->now);
    tt_pass(world, 60 * RIG_SECOND); /* behind Time2Wait and Time2Retain */
    for (int i = 0; i < 3; i++) {
        rig_target *from = fresh_target(world);
        add_node(world, from, TT_TARGET, 1);
        reload(world, from, 1);
    }
    CU_ASSERT_PTR_NULL(world->target->formers);
    CU_ASSERT_TRUE(world->meter.num_live < before);
    tt_free(world);
}

static void test_lost_between_reloads(void)
{
    tt_world *world = tt_new();
    tt_client first, second;
    CU_ASSERT_EQUAL(log_in(world, &first, 1), 0);
    rig_target *from = fresh_target(world);
    add_node(world, from, TT_TARGET, 3);
    reload(world, from, 1); /* first: LUN 0 */
    CU_ASSERT_EQUAL(log_in(world, &second, 2), 0);
    from = fresh_target(world);
    add_node(world, from, TT_TARGET, 4);
    reload(world, from, 0); /* second: LUN 0 and 1 */
    uint8_t bhs[RIG_BHS_LEN];
    tt_request(&second, bhs, RIG_PDU_LOGOUT_REQ, true);
    tt_send(&second, bhs, NULL, 0);
    tt_expect(&second, RIG_PDU_LOGOUT_RESP);
    from = fresh_target(world);
    add_node(world, from, TT_TARGET, 4);
    reload(world, from, 0xff);
    tt_scsi(&first, bhs, "FR", 24, 0xa0, 0, 0); /* REPORT LUNS: the list is that of the view it is on */
    rig_be_set(bhs + 32 + 6, 4, 24);
    tt_send(&first, bhs, NULL, 0);
    tt_pdu pdu = tt_expect(&first, RIG_PDU_DATA_IN);
    CU_ASSERT_EQUAL(rig_be_get(pdu.data, 4), 8);
    CU_ASSERT_EQUAL(read_block(&first, 0), 0);
    tt_free(world);
}

static void test_node_that_goes(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, IMMEDIATE), late;
    write_block(&client, 0, 0x5a);
    rig_target *from = fresh_target(world);
    add_node(world, from, OTHER, 1);
    reload(world, from, 1);
    CU_ASSERT_EQUAL(log_in(world, &late, 2), 0x0203);
    CU_ASSERT_EQUAL(read_block(&client, 0), 0x5a);
    tt_client asks = tt_discovery(world, "");
    tt_pdu pdu = tt_text(&asks, "SendTargets=All", RIG_TAG_NONE, true);
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "TargetName"), OTHER));
    from = fresh_target(world); /* and comes back */
    add_node(world, from, TT_TARGET, 1);
    reload(world, from, 1);
    CU_ASSERT_EQUAL(log_in(world, &late, 2), 0);
    CU_ASSERT_EQUAL(read_block(&late, 0), 0x5a);
    CU_ASSERT_EQUAL(log_in(world, &late, 1), 0); /* 6.3.5: the old session is found and reinstated */
    CU_ASSERT_FALSE(client.stream->open);
    tt_free(world);
}

/* A session keeps its identity: its initiator can reinstate it and add to it. */
static void test_identity_of_a_session(void)
{
    tt_world *world = tt_new();
    tt_offer(world, "MaxConnections", "2");
    tt_client client = tt_login(world, "MaxConnections=2");
    rig_target *from = fresh_target(world);
    rig_target_node *node = add_node(world, from, TT_TARGET, 2);
    CU_ASSERT_EQUAL(rig_target_offer(from, node, rig_view_str("MaxConnections"), rig_view_str("2"), NULL),
                    RIG_OK);
    reload(world, from, 0);
    tt_client more = tt_client_at(world, 0);
    more.tsih = client.tsih;
    more.cid = 1;
    more.cmd_sn = client.cmd_sn;
    CU_ASSERT_EQUAL(tt_login_keys(&more, ""), 0);
    CU_ASSERT_EQUAL(tt_ready(&more), 0); /* LUN 0 is still there for this session */
    tt_client again = tt_client_at(world, 0);
    CU_ASSERT_EQUAL(tt_login_keys(&again, ""), 0);
    CU_ASSERT_FALSE(client.stream->open);
    CU_ASSERT_FALSE(more.stream->open);
    CU_ASSERT_EQUAL(tt_ready(&again), 2); /* and gone for the next */
    tt_free(world);
}

static void test_offers_and_access(void)
{
    tt_world *world = tt_new();
    tt_offer(world, "MaxBurstLength", "4096");
    tt_client client = tt_login(world, ""), late;
    rig_target *from = fresh_target(world);
    rig_target_node *node = add_node(world, from, TT_TARGET, 1);
    const rig_target_chap chap = USER("host");
    CU_ASSERT_EQUAL(rig_target_chap_add(from, node, &chap, NULL), RIG_OK);
    reload(world, from, 1);
    CU_ASSERT_EQUAL(log_in(world, &late, 2), 0x0201);
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    from = fresh_target(world);
    node = add_node(world, from, TT_TARGET, 1);
    CU_ASSERT_EQUAL(rig_target_offer(from, node, rig_view_str("MaxBurstLength"), rig_view_str("8192"), NULL),
                    RIG_OK);
    reload(world, from, 1);
    late = tt_client_at(world, 0);
    late.isid = 2;
    char keys[256];
    rig_text text;
    rig_text_init(&text, keys, sizeof(keys));
    rig_text_add(&text, "InitiatorName=%s\nTargetName=%s\nMaxBurstLength=65536", TT_INITIATOR, TT_TARGET);
    tt_pdu pdu = tt_login_step(&late, true, 1, 3, keys);
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "MaxBurstLength"), "8192"));
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_MAX_CMD_SN) - rig_get32(pdu.bhs, RIG_F_EXP_CMD_SN), 6);
    from = fresh_target(world);
    node = add_node(world, from, TT_TARGET, 1);
    rig_target_node_refuse(node, 0x0301);
    reload(world, from, 1);
    CU_ASSERT_EQUAL(log_in(world, &late, 3), 0x0301);
    tt_free(world);
}

/* One that was under way would begin by one configuration and end by the other. */
static void test_login_under_way(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_client_at(world, 0);
    tt_login_step(&client, false, 1, 3, "InitiatorName=" TT_INITIATOR "\nTargetName=" TT_TARGET);
    rig_target *from = fresh_target(world);
    add_node(world, from, TT_TARGET, 1);
    reload(world, from, 0);
    CU_ASSERT_FALSE(client.stream->open);
    tt_client late = tt_login(world, "");
    CU_ASSERT_EQUAL(tt_ready(&late), 0);
    tt_free(world);
}

static rig_rule hold_rule(rig_pdu_kind on)
{
    rig_rule rule = {.on = on, .num_actions = 1};
    rule.actions[0] = (rig_rule_action){.verb = RIG_DO_HOLD, .text = rig_view_str("never")};
    return rule;
}

static void test_rules_and_faults(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN];
    const rig_rule held = hold_rule(RIG_PDU_SCSI_CMD), other = hold_rule(RIG_PDU_NOP_OUT);
    CU_ASSERT_EQUAL(rig_target_rule_add(world->target, &held), RIG_OK);
    rig_target_fault_on(world->target, RIG_FAULT_STAT_SN_SKIP);
    tt_scsi(&client, bhs, "F", 0, 0x00, 0, 0);
    tt_send(&client, bhs, NULL, 0);
    CU_ASSERT_TRUE(tt_silent(&client));
    rig_target *from = fresh_target(world);
    add_node(world, from, TT_TARGET, 1);
    CU_ASSERT_EQUAL(rig_target_rule_add(from, &other), RIG_OK);
    reload(world, from, 1);
    uint32_t expected = client.exp_stat_sn;
    tt_pdu pdu = tt_expect(&client, RIG_PDU_SCSI_RESP); /* what was held goes, and right */
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_STAT_SN), expected);
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_request(&client, bhs, RIG_PDU_NOP_OUT, true);
    rig_set(bhs, RIG_F_F, 1);
    rig_set(bhs, RIG_F_TTT, RIG_TAG_NONE);
    tt_send(&client, bhs, NULL, 0);
    CU_ASSERT_TRUE(tt_silent(&client)); /* the new rule holds it */
    tt_free(world);
}

/* Whatever allocation fails, what was in force stays in force, and `from` is the caller's. */
static void test_no_memory(void)
{
    for (uint64_t fail = 1; fail < 20; fail++) {
        tt_world *world = tt_new();
        tt_client client = tt_login(world, IMMEDIATE), late;
        uint32_t kept = 0;
        write_block(&client, 0, 0x5a);
        rig_target *from = fresh_target(world);
        add_node(world, from, TT_TARGET, 2);
        world->meter.fail_at = world->meter.num_calls + fail;
        rig_status status = rig_target_reload(world->target, from, keeps, &kept, world->now);
        world->meter.fail_at = 0;
        CU_ASSERT_EQUAL(read_block(&client, 0), 0x5a);
        if (status) {
            CU_ASSERT_EQUAL(status, RIG_E_NOMEM);
            CU_ASSERT_EQUAL(log_in(world, &late, 2), 0);
            CU_ASSERT_EQUAL(read_block(&late, 0), 0x5a);
            rig_target_free(from);
        }
        tt_free(world);
        if (!status) {
            CU_ASSERT_TRUE(fail > 3);
            return;
        }
    }
    CU_FAIL("it never succeeds");
}

static void test_wrong_targets(void)
{
    tt_world *world = tt_new();
    rig_target *from = fresh_target(world);
    rig_address at = tt_address("192.0.2.10", 3261);
    CU_ASSERT_EQUAL(rig_target_portal_add(from, &at, 1, NULL), RIG_OK);
    CU_ASSERT_EQUAL(rig_target_reload(world->target, from, NULL, NULL, world->now), RIG_E_ARGUMENT);
    rig_target_free(from);
    tt_client client = tt_login(world, "");
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

/* 11.9.1: event 1 with the time there is; on each connection, but on none of a discovery session (7.4.3). */
static void test_ask_logout(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, ""), asks = tt_discovery(world, "");
    tt_client halfway = tt_client_at(world, 0);
    rig_target_ask_logout(world->target, 3, world->now);
    tt_run(world);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_ASYNC);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_ASYNC_EVENT), 1);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_PARAMETER3), 3);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_ITT), RIG_TAG_NONE);
    CU_ASSERT_TRUE(tt_silent(&client));
    CU_ASSERT_TRUE(tt_silent(&asks));
    CU_ASSERT_TRUE(tt_silent(&halfway));
    uint8_t bhs[RIG_BHS_LEN];
    tt_request(&client, bhs, RIG_PDU_LOGOUT_REQ, true);
    tt_send(&client, bhs, NULL, 0);
    pdu = tt_expect(&client, RIG_PDU_LOGOUT_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_LOGOUT_RESPONSE), 0);
    tt_free(world);
}

RIG_SUITE("another configuration under living sessions", {"a LUN that stays", test_lun_that_stays},
          {"a LUN that changes", test_lun_that_changes}, {"many reloads", test_many_reloads},
          {"sessions that end between reloads", test_lost_between_reloads},
          {"a node that goes", test_node_that_goes},
          {"the identity of a session", test_identity_of_a_session},
          {"offers and access", test_offers_and_access}, {"a login under way", test_login_under_way},
          {"rules and faults", test_rules_and_faults}, {"no memory", test_no_memory},
          {"targets that cannot be taken", test_wrong_targets}, {"a logout is asked for", test_ask_logout})
