/* Discovery sessions and SendTargets (RFC 7143 sections 4.3, 7.4, appendix C). */
#include "target/tgt.h"
#include "target_fixture.h"

static tt_pdu send_targets(tt_client *client, const char *value)
{
    char pair[300];
    rig_text text;
    rig_text_init(&text, pair, sizeof(pair));
    rig_text_add(&text, "SendTargets=%s", value);
    return tt_text(client, pair, RIG_TAG_NONE, true);
}

static bool text_is(const tt_pdu *pdu, const char *pairs)
{
    uint8_t text[2048];
    size_t len = tt_pairs(text, pairs);
    return pdu->here && pdu->kind == RIG_PDU_TEXT_RESP &&
           rig_view_eq(rig_view_of(pdu->data, pdu->len), rig_view_of(text, len));
}

static tt_world *two_nodes(void)
{
    tt_world *world = tt_new();
    rig_target_node *node;
    rig_address at = tt_address("2001:db8::10", 3261);
    rig_target_portal_add(world->target, &at, 65535, NULL);
    rig_target_node_add(world->target, rig_view_str("iqn.2026-01.example.sim:disk1"), &node, NULL);
    rig_target_node_portals(node, 2);
    return world;
}

#define DISK0                                                                                                \
    "TargetName=" TT_TARGET "\nTargetAddress=192.0.2.10:3260,1\nTargetAddress=[2001:db8::10]:3261,65535"
#define DISK1 "TargetName=iqn.2026-01.example.sim:disk1\nTargetAddress=[2001:db8::10]:3261,65535"

static void test_all(void)
{
    tt_world *world = two_nodes();
    for (unsigned portal = 0; portal < 2; portal++) {
        tt_client client = tt_client_at(world, portal);
        tt_pdu pdu =
            tt_login_step(&client, true, 1, 3, "InitiatorName=" TT_INITIATOR "\nSessionType=Discovery");
        CU_ASSERT_EQUAL(tt_status(&pdu), 0);
        CU_ASSERT_EQUAL(tt_value(&pdu, "TargetPortalGroupTag").len, 0);
        pdu = send_targets(&client, "All");
        CU_ASSERT_TRUE(text_is(&pdu, DISK0 "\n" DISK1));
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_F), 1);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_TTT), RIG_TAG_NONE);
    }
    tt_free(world);
}

static void test_by_name(void)
{
    tt_world *world = two_nodes();
    tt_client client = tt_discovery(world, "");
    tt_pdu pdu = send_targets(&client, "iqn.2026-01.example.sim:disk1");
    CU_ASSERT_TRUE(text_is(&pdu, DISK1));
    pdu = send_targets(&client, "iqn.2026-01.example.sim:none");
    CU_ASSERT_TRUE(text_is(&pdu, ""));
    pdu = send_targets(&client, "");
    CU_ASSERT_TRUE(text_is(&pdu, ""));
    rig_target_node_refuse(world->node, 0x0202);
    pdu = send_targets(&client, "All");
    CU_ASSERT_TRUE(text_is(&pdu, DISK1));
    tt_free(world);
}

static void test_named_session(void)
{
    tt_world *world = two_nodes();
    tt_client client = tt_client_at(world, 0);
    tt_pdu pdu = tt_login_step(
        &client, true, 1, 3, "InitiatorName=" TT_INITIATOR "\nSessionType=Discovery\nTargetName=" TT_TARGET);
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "TargetPortalGroupTag"), "1"));
    pdu = send_targets(&client, "");
    CU_ASSERT_TRUE(text_is(&pdu, DISK0));
    pdu = send_targets(&client, "All");
    CU_ASSERT_TRUE(text_is(&pdu, DISK0 "\n" DISK1));
    tt_free(world);
}

static void test_normal_session(void)
{
    tt_world *world = two_nodes();
    tt_client client = tt_login(world, "");
    tt_pdu pdu = send_targets(&client, "");
    CU_ASSERT_TRUE(text_is(&pdu, DISK0));
    pdu = send_targets(&client, TT_TARGET);
    CU_ASSERT_TRUE(text_is(&pdu, DISK0));
    pdu = send_targets(&client, "iqn.2026-01.example.sim:disk1");
    CU_ASSERT_TRUE(text_is(&pdu, ""));
    pdu = send_targets(&client, "All");
    CU_ASSERT_EQUAL(pdu.kind, RIG_PDU_REJECT);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), 4);
    client.cmd_sn--; /* 7.3: the number of a rejected command is to be used again */
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    tt_free(world);
}

/* A wildcard portal is known by the address the initiator came to. */
static void test_wildcard(void)
{
    tt_world *world = tt_bare(NULL);
    rig_address at = tt_address("0.0.0.0", 3260);
    rig_target_portal_add(world->target, &at, 3, NULL);
    rig_target_node_add(world->target, rig_view_str(TT_TARGET), &world->node, NULL);
    tt_client client = tt_client_at(world, 0);
    client.stream->local = tt_address("198.51.100.7", 3260);
    tt_login_step(&client, true, 1, 3, "InitiatorName=" TT_INITIATOR "\nSessionType=Discovery");
    tt_pdu pdu = send_targets(&client, "All");
    CU_ASSERT_TRUE(text_is(&pdu, "TargetName=" TT_TARGET "\nTargetAddress=198.51.100.7:3260,3"));
    tt_free(world);
}

/* 4.3: everything else is rejected, and the session goes on. */
static void test_nothing_else(void)
{
    tt_world *world = two_nodes();
    tt_client client = tt_discovery(world, "");
    static const rig_pdu_kind kinds[] = {RIG_PDU_SCSI_CMD, RIG_PDU_TMF_REQ, RIG_PDU_NOP_OUT, RIG_PDU_SNACK,
                                         RIG_PDU_DATA_OUT};
    uint8_t bhs[RIG_BHS_LEN];
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        tt_request(&client, bhs, kinds[i], false);
        client.cmd_sn--;
        rig_set(bhs, RIG_F_CMD_SN, client.cmd_sn);
        tt_send(&client, bhs, NULL, 0);
        tt_pdu pdu = tt_expect(&client, RIG_PDU_REJECT);
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), 5);
        CU_ASSERT_EQUAL(pdu.len, RIG_BHS_LEN);
        CU_ASSERT_EQUAL(pdu.data[0] & 0x3f, bhs[0] & 0x3f);
    }
    tt_pdu pdu = tt_text(&client, "MaxRecvDataSegmentLength=512", RIG_TAG_NONE, true);
    CU_ASSERT_EQUAL(pdu.kind, RIG_PDU_REJECT);
    client.cmd_sn--;
    pdu = tt_text(&client, "SendTargets=All\nInitiatorAlias=x", RIG_TAG_NONE, true);
    CU_ASSERT_EQUAL(pdu.kind, RIG_PDU_REJECT);
    client.cmd_sn--;
    tt_request(&client, bhs, RIG_PDU_LOGOUT_REQ, true);
    rig_set(bhs, RIG_F_LOGOUT_REASON, 1);
    tt_send(&client, bhs, NULL, 0);
    tt_expect(&client, RIG_PDU_REJECT);
    pdu = send_targets(&client, "All");
    CU_ASSERT_EQUAL(pdu.kind, RIG_PDU_TEXT_RESP);
    tt_request(&client, bhs, RIG_PDU_LOGOUT_REQ, false);
    tt_send(&client, bhs, NULL, 0);
    pdu = tt_expect(&client, RIG_PDU_LOGOUT_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_LOGOUT_RESPONSE), 0);
    CU_ASSERT_FALSE(client.stream->open);
    tt_free(world);
}

/* Gathers a whole answer; checks every part: within the limit, cut between pairs, tag beside F=0. */
static unsigned gather(tt_client *client, rig_gather *all, uint32_t limit)
{
    unsigned parts = 1;
    tt_pdu pdu = send_targets(client, "All");
    for (;; parts++) {
        bool final = tt_field(&pdu, RIG_F_F);
        if (!pdu.here || pdu.kind != RIG_PDU_TEXT_RESP || pdu.len > limit)
            return 0;
        CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_C), 0);
        CU_ASSERT_EQUAL(pdu.data[pdu.len - 1], 0);
        CU_ASSERT_EQUAL(final, rig_get32(pdu.bhs, RIG_F_TTT) == RIG_TAG_NONE);
        rig_gather_add(all, rig_alloc_libc(), rig_view_of(pdu.data, pdu.len), RIG_TEXT_ANSWER_MAX);
        if (final)
            return parts;
        pdu = tt_text(client, "", rig_get32(pdu.bhs, RIG_F_TTT), true);
    }
}

static void add_nodes(tt_world *world, unsigned num)
{
    char name[64];
    rig_text text;
    rig_target_node *node;
    for (unsigned i = 0; i < num; i++) {
        rig_text_init(&text, name, sizeof(name));
        rig_text_add(&text, "iqn.2026-01.example.many:node%05u", i);
        CU_ASSERT_EQUAL(rig_target_node_add(world->target, rig_view_str(name), &node, NULL), RIG_OK);
    }
}

static unsigned count_key(const rig_gather *all, const char *key)
{
    rig_pair pair;
    unsigned num = 0;
    for (rig_view rest = rig_view_of(all->ptr, all->len);
         rig_pair_next(all->ptr, &rest, &pair, NULL) == RIG_OK;)
        num += rig_view_is(pair.key, key);
    return num;
}

static void many(unsigned nodes, const char *limit_key, uint32_t limit)
{
    tt_world *world = two_nodes();
    rig_gather all = {0};
    add_nodes(world, nodes);
    tt_client client = tt_discovery(world, limit_key);
    uint64_t live = world->meter.bytes_live;
    unsigned parts = gather(&client, &all, limit);
    CU_ASSERT_TRUE(parts >= all.len / limit && parts > 0);
    CU_ASSERT_EQUAL(count_key(&all, "TargetName"), nodes + 2);
    CU_ASSERT_EQUAL(count_key(&all, "TargetAddress"), nodes * 2 + 3);
    CU_ASSERT_TRUE(world->meter.bytes_live <= live + 4096); /* nothing of the exchange stays */
    rig_gather_cleanup(&all, rig_alloc_libc());
    tt_free(world);
}

static void test_many(void)
{
    many(500, "MaxRecvDataSegmentLength=512", 512);
    many(10000, "MaxRecvDataSegmentLength=8192", 8192);
    many(10000, "MaxRecvDataSegmentLength=16777215", 65536);
}

/* A record that does not fit in one PDU is cut between its addresses. */
static void test_long_record(void)
{
    tt_world *world = tt_new();
    rig_gather all = {0};
    for (unsigned i = 1; i < TT_LISTENERS; i++) {
        rig_address at = tt_address("2001:db8:1111:2222:3333:4444:5555:6666", (uint16_t)(10000 + i));
        rig_target_portal_add(world->target, &at, (uint16_t)i, NULL);
    }
    tt_client client = tt_discovery(world, "MaxRecvDataSegmentLength=512");
    CU_ASSERT_EQUAL(gather(&client, &all, 512), 2);
    CU_ASSERT_EQUAL(count_key(&all, "TargetAddress"), TT_LISTENERS);
    rig_gather_cleanup(&all, rig_alloc_libc());
    tt_free(world);
}

static void test_continuation(void)
{
    tt_world *world = two_nodes();
    add_nodes(world, 50);
    tt_client client = tt_discovery(world, "MaxRecvDataSegmentLength=512");
    tt_pdu pdu = send_targets(&client, "All");
    uint32_t ttt = rig_get32(pdu.bhs, RIG_F_TTT);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_F), 0);
    pdu = tt_text(&client, "", ttt + 1, true); /* a tag that is not ours */
    CU_ASSERT_EQUAL(pdu.kind, RIG_PDU_REJECT);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_REJECT_REASON), 9);
    client.cmd_sn--;
    pdu = tt_text(&client, "", ttt, true);
    CU_ASSERT_EQUAL(pdu.kind, RIG_PDU_TEXT_RESP);
    pdu = tt_text(&client, "InitiatorAlias=x", ttt, true); /* text in between */
    CU_ASSERT_EQUAL(pdu.kind, RIG_PDU_REJECT);
    client.cmd_sn--;
    pdu = send_targets(&client, TT_TARGET); /* starts anew */
    CU_ASSERT_TRUE(text_is(&pdu, DISK0));
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_F), 1);
    tt_free(world);
}

/* 7.4.2.1: the same initiator port at another portal is another session; at the same portal it reinstates. */
static void test_unnamed_reinstatement(void)
{
    tt_world *world = two_nodes();
    tt_client one = tt_discovery(world, ""), other = tt_client_at(world, 1);
    tt_login_step(&other, true, 1, 3, "InitiatorName=" TT_INITIATOR "\nSessionType=Discovery");
    CU_ASSERT_TRUE(one.stream->open && other.stream->open);
    tt_client again = tt_discovery(world, "");
    CU_ASSERT_FALSE(one.stream->open);
    CU_ASSERT_TRUE(again.stream->open && other.stream->open);
    tt_client normal = tt_login(world, "");
    CU_ASSERT_TRUE(again.stream->open && normal.stream->open);
    tt_free(world);
}

/* 13.21: one connection, whatever was said. */
static void test_one_connection(void)
{
    tt_world *world = tt_new();
    rig_target_offer(world->target, NULL, rig_view_str("MaxConnections"), rig_view_str("4"), NULL);
    tt_client client = tt_client_at(world, 0);
    tt_pdu pdu = tt_login_step(&client, true, 1, 3, "InitiatorName=" TT_INITIATOR "\nSessionType=Discovery");
    tt_client second = tt_client_at(world, 0);
    second.tsih = (uint16_t)tt_field(&pdu, RIG_F_TSIH);
    second.cid = 1;
    pdu = tt_login_step(&second, true, 1, 3, "InitiatorName=" TT_INITIATOR "\nSessionType=Discovery");
    CU_ASSERT_EQUAL(tt_status(&pdu), 0x0206);
    tt_free(world);
}

RIG_SUITE("target discovery", {"all nodes and addresses at every portal", test_all},
          {"one node by name", test_by_name}, {"a named discovery session", test_named_session},
          {"SendTargets in a normal session", test_normal_session}, {"a wildcard portal", test_wildcard},
          {"nothing but SendTargets and logout", test_nothing_else},
          {"10,000 nodes over many PDUs", test_many}, {"a record longer than a PDU", test_long_record},
          {"tags of a long answer", test_continuation},
          {"which login reinstates which", test_unnamed_reinstatement},
          {"no second connection", test_one_connection})
