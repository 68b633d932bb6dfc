/* Sessions: reinstatement, several connections, failure and its timers (RFC 7143
 * sections 6.3.1, 6.3.4, 6.3.5, 8). */
#include "target/tgt.h"
#include "target_fixture.h"

static rig_target_counts counts(const tt_world *world)
{
    rig_target_counts all;
    rig_target_count(world->target, &all);
    return all;
}

static void lose(tt_client *client)
{
    client->stream->open = false;
    client->stream->user.ops->event(client->stream->user.ctx, RIG_STREAM_FAILED, RIG_E_RESET,
                                    client->world->now);
}

static void close_by_fin(tt_client *client)
{
    client->stream->user.ops->event(client->stream->user.ctx, RIG_STREAM_PEER_CLOSED, RIG_OK,
                                    client->world->now);
    tt_run(client->world);
}

static tt_pdu open_write(tt_client *client, uint32_t *out_itt)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(client, bhs, "FW", 512, 0x2a, 0, 1);
    *out_itt = rig_get32(bhs, RIG_F_ITT);
    tt_send(client, bhs, NULL, 0);
    return tt_expect(client, RIG_PDU_R2T);
}

static void finish_write(tt_client *client, uint32_t itt, const tt_pdu *r2t)
{
    uint8_t bhs[RIG_BHS_LEN], data[512] = {0};
    tt_data_out(bhs, itt, rig_get32(r2t->bhs, RIG_F_TTT), 0, 0, true);
    tt_send(client, bhs, data, sizeof(data));
    tt_pdu pdu = tt_expect(client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_SCSI_STATUS), 0);
}

/* The status of a login with a handle and a connection number. */
static unsigned join(tt_client *client, unsigned listener, tt_world *world, uint16_t tsih, uint16_t cid,
                     uint32_t cmd_sn)
{
    *client = tt_client_at(world, listener);
    client->tsih = tsih;
    client->cid = cid;
    client->cmd_sn = cmd_sn;
    return tt_login_keys(client, "");
}

static void test_session_reinstatement(void)
{
    tt_world *world = tt_new();
    tt_client old = tt_login(world, "");
    uint32_t itt;
    open_write(&old, &itt);
    tt_client new = tt_login(world, "");
    CU_ASSERT_FALSE(old.stream->open);
    CU_ASSERT_TRUE(tt_silent(&old)); /* its tasks end without a word */
    CU_ASSERT_NOT_EQUAL(old.tsih, new.tsih);
    CU_ASSERT_EQUAL(counts(world).sessions, 1);
    CU_ASSERT_EQUAL(tt_ready(&new), 0);
    CU_ASSERT_EQUAL(tt_count_events(world, RIG_TARGET_SESSION_DOWN), 1);
    tt_client other = tt_client_at(world, 0); /* another ISID is another session */
    other.isid = 2;
    CU_ASSERT_EQUAL(tt_login_keys(&other, ""), 0);
    CU_ASSERT_TRUE(new.stream->open);
    CU_ASSERT_EQUAL(counts(world).sessions, 2);
    tt_free(world);
}

/* Where it is wanted, the next command learns of the lost nexus, once. */
static void test_nexus_loss(void)
{
    tt_world *world = tt_new_with(&(rig_target_config){.tell_nexus_loss = true});
    tt_client old = tt_login(world, ""), new, third;
    uint8_t bhs[RIG_BHS_LEN];
    CU_ASSERT_EQUAL(tt_ready(&old), 0); /* a first login is no loss */
    new = tt_login(world, "");
    tt_scsi(&new, bhs, "F", 0, 0, 0, 0);
    tt_send(&new, bhs, NULL, 0);
    tt_pdu pdu = tt_expect(&new, RIG_PDU_SCSI_RESP);
    CU_ASSERT_TRUE(pdu.data[2 + 2] == 6 && pdu.data[2 + 12] == 0x29 && pdu.data[2 + 13] == 0x07);
    CU_ASSERT_EQUAL(tt_ready(&new), 0);
    lose(&new); /* a failed session is reinstated as well */
    third = tt_login(world, "");
    CU_ASSERT_EQUAL(tt_ready(&third), 2);
    CU_ASSERT_EQUAL(tt_ready(&third), 0);
    tt_free(world);
}

/* 6.3.5: a reinstatement that fails leaves the old session alone. */
static void test_failed_reinstatement(void)
{
    tt_world *world = tt_new();
    tt_client old = tt_login(world, ""), new = tt_client_at(world, 0);
    CU_ASSERT_EQUAL(tt_login_keys(&new, "MaxBurstLength=Reject"), 0x0200);
    CU_ASSERT_TRUE(old.stream->open);
    CU_ASSERT_EQUAL(tt_ready(&old), 0);
    tt_free(world);
}

static void test_unknown_handles(void)
{
    tt_world *world = tt_new();
    tt_client client, old;
    CU_ASSERT_EQUAL(join(&client, 0, world, 77, 0, 1), 0x020a);
    old = tt_login(world, "");
    CU_ASSERT_EQUAL(join(&client, 0, world, (uint16_t)(old.tsih + 1), 0, 1), 0x020a);
    client = tt_client_at(world, 0);
    client.isid = 9;
    client.tsih = old.tsih;
    CU_ASSERT_EQUAL(tt_login_keys(&client, ""), 0x020a);
    CU_ASSERT_EQUAL(join(&client, 0, world, old.tsih, 1, 1), 0x0206); /* MaxConnections=1 */
    CU_ASSERT_EQUAL(tt_ready(&old), 0);
    tt_free(world);
}

static void test_other_group(void)
{
    tt_world *world = tt_new();
    rig_address at = tt_address("192.0.2.11", 3260), same = tt_address("192.0.2.12", 3260);
    tt_client client;
    tt_offer(world, "MaxConnections", "4");
    rig_target_portal_add(world->target, &at, 2, NULL);
    rig_target_portal_add(world->target, &same, 1, NULL);
    tt_client old = tt_login(world, "MaxConnections=4");
    CU_ASSERT_EQUAL(join(&client, 1, world, old.tsih, 1, 1), 0x0208);
    CU_ASSERT_EQUAL(join(&client, 2, world, old.tsih, 1, old.cmd_sn), 0); /* another portal of the group */
    client = tt_client_at(world, 1); /* the same ISID in another group is another session */
    CU_ASSERT_EQUAL(tt_login_keys(&client, ""), 0);
    CU_ASSERT_EQUAL(counts(world).sessions, 2);
    tt_free(world);
}

/* ---- several connections ---- */

static void test_two_connections(void)
{
    tt_world *world = tt_new();
    uint8_t bhs[RIG_BHS_LEN];
    tt_client b, c;
    tt_offer(world, "MaxConnections", "2");
    tt_client a = tt_login(world, "MaxConnections=2");
    CU_ASSERT_EQUAL(join(&b, 0, world, a.tsih, 1, a.cmd_sn), 0);
    CU_ASSERT_EQUAL(b.tsih, a.tsih);
    CU_ASSERT_EQUAL(join(&c, 0, world, a.tsih, 2, a.cmd_sn), 0x0206);
    CU_ASSERT_EQUAL(counts(world).sessions, 1);
    CU_ASSERT_EQUAL(counts(world).connections, 2);
    /* one command window: number n+1 on b waits for n on a */
    tt_scsi(&b, bhs, "F", 0, 0, 0, 0);
    rig_set(bhs, RIG_F_ITT, 0x500);
    rig_set(bhs, RIG_F_CMD_SN, a.cmd_sn + 1);
    tt_send(&b, bhs, NULL, 0);
    CU_ASSERT_TRUE(tt_silent(&b));
    uint32_t a_stat = a.exp_stat_sn, b_stat = b.exp_stat_sn;
    CU_ASSERT_EQUAL(tt_ready(&a), 0);
    tt_run(world);
    tt_pdu pdu = tt_expect(&b, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_EXP_CMD_SN), a.cmd_sn + 1);
    CU_ASSERT_EQUAL(a.exp_stat_sn, (uint32_t)(a_stat + 1)); /* StatSN is the connection's own */
    CU_ASSERT_EQUAL(b.exp_stat_sn, (uint32_t)(b_stat + 1));
    /* allegiance: data and status stay where the command came */
    uint32_t itt;
    a.cmd_sn += 1;
    tt_pdu r2t = open_write(&a, &itt);
    CU_ASSERT_TRUE(tt_silent(&b));
    tt_data_out(bhs, itt, rig_get32(r2t.bhs, RIG_F_TTT), 0, 0, true);
    tt_send(&b, bhs, bhs, 0);
    tt_expect(&b, RIG_PDU_REJECT); /* not on this connection */
    finish_write(&a, itt, &r2t);
    CU_ASSERT_EQUAL(tt_count_events(world, RIG_TARGET_SESSION_UP), 1);
    tt_free(world);
}

/* 11.6.1: a task set function is answered when the responses on all connections are acknowledged. */
static void test_acks_on_both(void)
{
    tt_world *world = tt_new();
    uint8_t bhs[RIG_BHS_LEN];
    tt_client b;
    tt_offer(world, "MaxConnections", "2");
    tt_client a = tt_login(world, "MaxConnections=2");
    CU_ASSERT_EQUAL(join(&b, 0, world, a.tsih, 1, a.cmd_sn), 0);
    CU_ASSERT_EQUAL(tt_ready(&b), 0); /* its status is not acknowledged */
    a.cmd_sn = b.cmd_sn;
    CU_ASSERT_EQUAL(tt_ready(&a), 0);
    tt_request(&a, bhs, RIG_PDU_TMF_REQ, true);
    rig_set(bhs, RIG_F_FUNCTION, 2);
    tt_send(&a, bhs, NULL, 0);
    CU_ASSERT_TRUE(tt_silent(&a));
    tt_run(world);
    tt_pdu pdu = tt_expect(&b, RIG_PDU_NOP_IN);
    tt_request(&b, bhs, RIG_PDU_NOP_OUT, true);
    rig_set(bhs, RIG_F_ITT, RIG_TAG_NONE);
    rig_set(bhs, RIG_F_TTT, rig_get32(pdu.bhs, RIG_F_TTT));
    tt_send(&b, bhs, NULL, 0);
    pdu = tt_expect(&a, RIG_PDU_TMF_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_TMF_RESPONSE), 0);
    tt_free(world);
}

static void logout(tt_client *client, unsigned reason, uint16_t cid, unsigned response)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_request(client, bhs, RIG_PDU_LOGOUT_REQ, true);
    rig_set(bhs, RIG_F_LOGOUT_REASON, reason);
    rig_set(bhs, RIG_F_CID, cid);
    tt_send(client, bhs, NULL, 0);
    tt_pdu pdu = tt_expect(client, RIG_PDU_LOGOUT_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_LOGOUT_RESPONSE), response);
}

static void two(tt_world **world, tt_client *a, tt_client *b)
{
    *world = tt_new();
    tt_offer(*world, "MaxConnections", "2");
    *a = tt_login(*world, "MaxConnections=2");
    CU_ASSERT_EQUAL(join(b, 0, *world, a->tsih, 1, a->cmd_sn), 0);
}

static void test_logouts(void)
{
    tt_world *world;
    tt_client a, b;
    two(&world, &a, &b);
    logout(&a, 1, 0, 0); /* one connection */
    CU_ASSERT_FALSE(a.stream->open);
    CU_ASSERT_EQUAL(tt_ready(&b), 0);
    CU_ASSERT_EQUAL(counts(world).sessions, 1);
    logout(&b, 1, 1, 0); /* the last one closes the session */
    CU_ASSERT_EQUAL(counts(world).sessions, 0);
    CU_ASSERT_EQUAL(tt_count_events(world, RIG_TARGET_SESSION_DOWN), 1);
    CU_ASSERT_EQUAL(join(&a, 0, world, b.tsih, 0, 1), 0x020a);
    tt_free(world);
    two(&world, &a, &b);
    logout(&a, 0, 0, 0); /* the session */
    tt_run(world);
    CU_ASSERT_FALSE(a.stream->open || b.stream->open);
    CU_ASSERT_EQUAL(counts(world).sessions, 0);
    tt_free(world);
    two(&world, &a, &b);
    logout(&a, 1, 1, 0); /* the other connection, from here */
    tt_run(world);
    CU_ASSERT_TRUE(a.stream->open && !b.stream->open);
    logout(&a, 1, 1, 1); /* which is gone then */
    CU_ASSERT_EQUAL(tt_ready(&a), 0);
    tt_free(world);
}

/* One connection lost, the session lives; its number is free after Time2Wait and Time2Retain, or by a logout.
 */
static void test_lost_connection(void)
{
    tt_world *world;
    tt_client a, b, c;
    uint32_t itt;
    two(&world, &a, &b);
    b.cmd_sn = a.cmd_sn;
    open_write(&b, &itt);
    a.cmd_sn = b.cmd_sn;
    lose(&b);
    CU_ASSERT_EQUAL(tt_ready(&a), 2); /* 47h/7Fh: commands were cleared */
    CU_ASSERT_EQUAL(tt_ready(&a), 0);
    CU_ASSERT_EQUAL(join(&c, 0, world, a.tsih, 2, a.cmd_sn), 0x0206); /* the number still counts */
    logout(&a, 1, 1, 0);
    CU_ASSERT_EQUAL(join(&c, 0, world, a.tsih, 2, a.cmd_sn), 0);
    lose(&c);
    tt_pass(world, 22 * RIG_SECOND);
    CU_ASSERT_EQUAL(join(&c, 0, world, a.tsih, 3, a.cmd_sn), 0);
    tt_free(world);
}

static void test_connection_reinstatement(void)
{
    tt_world *world;
    tt_client a, b, again;
    uint32_t itt;
    two(&world, &a, &b);
    tt_pdu r2t = open_write(&a, &itt);
    b.cmd_sn = a.cmd_sn;
    CU_ASSERT_EQUAL(join(&again, 0, world, a.tsih, 0, a.cmd_sn), 0); /* while the old one stands */
    CU_ASSERT_FALSE(a.stream->open);
    (void)r2t;
    CU_ASSERT_EQUAL(tt_ready(&b), 2); /* 47h/7Fh */
    CU_ASSERT_EQUAL(tt_ready(&b), 0);
    again.cmd_sn = b.cmd_sn;
    CU_ASSERT_EQUAL(tt_ready(&again), 0);
    CU_ASSERT_EQUAL(counts(world).connections, 2);
    b.cmd_sn = again.cmd_sn;
    lose(&again);
    CU_ASSERT_EQUAL(join(&again, 0, world, b.tsih, 0, b.cmd_sn), 0); /* and after it is lost */
    again.cmd_sn = b.cmd_sn;
    CU_ASSERT_EQUAL(tt_ready(&again), 0);
    tt_free(world);
}

/* ---- failure ---- */

static void test_failed_session(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, ""), again;
    CU_ASSERT_EQUAL(tt_ready(&client), 0);
    lose(&client);
    CU_ASSERT_EQUAL(counts(world).sessions, 0); /* FAILED */
    CU_ASSERT_EQUAL(tt_count_events(world, RIG_TARGET_SESSION_DOWN), 0);
    tt_pass(world, 21 * RIG_SECOND);
    CU_ASSERT_EQUAL(join(&again, 0, world, client.tsih, 0, client.cmd_sn), 0); /* N7, N10: continued */
    CU_ASSERT_EQUAL(again.tsih, client.tsih);
    CU_ASSERT_EQUAL(tt_ready(&again), 0);
    tt_pass(world, 100 * RIG_SECOND);
    CU_ASSERT_EQUAL(counts(world).sessions, 1);
    close_by_fin(&again);
    CU_ASSERT_FALSE(again.stream->open);
    CU_ASSERT_FALSE(again.stream->reset); /* answered by FIN */
    tt_pass(world, 22 * RIG_SECOND);      /* DefaultTime2Wait 2 and DefaultTime2Retain 20 */
    CU_ASSERT_EQUAL(tt_count_events(world, RIG_TARGET_SESSION_DOWN), 1);
    CU_ASSERT_EQUAL(tt_last_event(world, RIG_TARGET_SESSION_DOWN)->why, RIG_E_TIMEOUT);
    CU_ASSERT_EQUAL(join(&again, 0, world, client.tsih, 0, 1), 0x020a);
    tt_free(world);
}

/* N8: a continuation that fails leaves the session waiting as before. */
static void test_failed_continuation(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, ""), again;
    lose(&client);
    tt_pass(world, RIG_SECOND);
    again = tt_client_at(world, 0);
    again.tsih = client.tsih;
    CU_ASSERT_EQUAL(tt_login_keys(&again, "MaxConnections=2"), 0x0200); /* a leading key */
    CU_ASSERT_EQUAL(counts(world).sessions, 0);
    CU_ASSERT_EQUAL(join(&again, 0, world, client.tsih, 0, client.cmd_sn), 0);
    tt_free(world);
}

/* N11: a session that is being continued is reinstated by another login. */
static void test_reinstated_while_continued(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, ""), slow = tt_client_at(world, 0);
    lose(&client);
    slow.tsih = client.tsih;
    tt_login_step(&slow, false, 1, 0, "InitiatorName=" TT_INITIATOR "\nTargetName=" TT_TARGET);
    tt_client new = tt_login(world, "");
    CU_ASSERT_EQUAL(tt_ready(&new), 0);
    tt_pdu pdu = tt_login_step(&slow, true, 1, 3, "");
    CU_ASSERT_EQUAL(tt_status(&pdu), 0x020a);
    CU_ASSERT_EQUAL(tt_ready(&new), 0);
    CU_ASSERT_EQUAL(counts(world).sessions, 1);
    tt_free(world);
}

/* While a login cleans up the lost connection, its timer does not (R2). */
static void test_slow_continuation(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, ""), slow;
    lose(&client);
    tt_pass(world, 15 * RIG_SECOND);
    slow = tt_client_at(world, 0);
    slow.tsih = client.tsih;
    tt_login_step(&slow, false, 1, 0, "InitiatorName=" TT_INITIATOR "\nTargetName=" TT_TARGET);
    tt_pass(world, 10 * RIG_SECOND);
    tt_pdu pdu = tt_login_step(&slow, true, 1, 3, "");
    CU_ASSERT_EQUAL(tt_status(&pdu), 0);
    tt_free(world);
}

static void test_no_retention(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "DefaultTime2Retain=0"), again;
    lose(&client);
    CU_ASSERT_EQUAL(tt_count_events(world, RIG_TARGET_SESSION_DOWN), 1);
    CU_ASSERT_EQUAL(join(&again, 0, world, client.tsih, 0, 1), 0x020a);
    tt_free(world);
}

/* A PDU that stops in its middle executes nothing. */
static void test_half_pdu(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN], wire[1024], data[512];
    memset(data, 0xee, sizeof(data));
    tt_scsi(&client, bhs, "FW", 512, 0x2a, 0, 1);
    size_t len = tt_build(&client, wire, bhs, data, sizeof(data));
    tt_bytes(client.stream, wire, len - 1, SIZE_MAX);
    close_by_fin(&client);
    CU_ASSERT_EQUAL(counts(world).commands, 0);
    tt_free(world);
}

/* 7.7: a format error ends every connection of the session. */
static void test_format_error(void)
{
    tt_world *world;
    tt_client a, b;
    uint8_t bhs[RIG_BHS_LEN];
    two(&world, &a, &b);
    tt_scsi(&a, bhs, "FW", 1 << 24, 0x2a, 0, 1);
    rig_set(bhs, RIG_F_DATA_LEN, 262145);
    tt_bytes(a.stream, bhs, sizeof(bhs), SIZE_MAX);
    CU_ASSERT_FALSE(a.stream->open || b.stream->open);
    CU_ASSERT_EQUAL(tt_last_event(world, RIG_TARGET_CLOSED)->why, RIG_E_FORMAT);
    tt_free(world);
}

static void test_drop(void)
{
    for (unsigned reset = 0; reset < 2; reset++) {
        tt_world *world = tt_new();
        tt_client client = tt_login(world, ""), half = tt_client_at(world, 0);
        rig_target_drop(world->target, reset, world->now);
        tt_run(world);
        CU_ASSERT_FALSE(client.stream->open || half.stream->open);
        CU_ASSERT_EQUAL(client.stream->reset, reset);
        CU_ASSERT_EQUAL(counts(world).connections, 0);
        tt_free(world);
    }
}

/* Handles are distinct, not zero, and drawn, not counted. */
static void test_handles(void)
{
    tt_world *world = tt_new();
    uint16_t seen[12];
    for (unsigned i = 0; i < 12; i++) {
        tt_client client = tt_client_at(world, 0);
        client.isid = (uint8_t)(i + 1);
        CU_ASSERT_EQUAL(tt_login_keys(&client, ""), 0);
        seen[i] = client.tsih;
        CU_ASSERT_NOT_EQUAL(seen[i], 0);
        for (unsigned j = 0; j < i; j++)
            CU_ASSERT_NOT_EQUAL(seen[i], seen[j]);
    }
    tt_free(world);
}

/* 4.4.3: one initiator, one ISID, two targets: two sessions. */
static void test_two_targets(void)
{
    tt_world *world = tt_new();
    rig_target_node *node;
    tt_client a = tt_login(world, ""), b = tt_client_at(world, 0);
    rig_target_node_add(world->target, rig_view_str("iqn.2026-01.example.sim:disk1"), &node, NULL);
    tt_pdu pdu = tt_login_step(&b, true, 1, 3,
                               "InitiatorName=" TT_INITIATOR "\nTargetName=iqn.2026-01.example.sim:disk1");
    CU_ASSERT_EQUAL(tt_status(&pdu), 0);
    CU_ASSERT_EQUAL(tt_ready(&a), 0);
    CU_ASSERT_EQUAL(tt_ready(&b), 2); /* no logical unit there */
    tt_free(world);
}

static void test_nodes(void)
{
    tt_world *world = tt_new();
    rig_target_node *node;
    rig_error err = {0};
    CU_ASSERT_EQUAL(rig_target_node_add(world->target, rig_view_str(TT_TARGET), &node, &err), RIG_E_EXISTS);
    CU_ASSERT_EQUAL(rig_target_node_add(world->target, rig_view_str("disk"), &node, &err), RIG_E_SYNTAX);
    CU_ASSERT_EQUAL(rig_target_new(&(rig_target_config){.alloc = rig_alloc_libc()}, &world->target),
                    RIG_E_ARGUMENT);
    tt_free(world);
}

RIG_SUITE("target sessions", {"session reinstatement", test_session_reinstatement},
          {"a lost nexus", test_nexus_loss}, {"a reinstatement that fails", test_failed_reinstatement},
          {"handles of no session", test_unknown_handles}, {"other portal groups", test_other_group},
          {"two connections, one window", test_two_connections},
          {"acknowledgments of both connections", test_acks_on_both},
          {"logouts of two connections", test_logouts}, {"a lost connection of two", test_lost_connection},
          {"connection reinstatement", test_connection_reinstatement},
          {"a failed session waits and is continued", test_failed_session},
          {"a continuation that fails", test_failed_continuation},
          {"a reinstatement beside a continuation", test_reinstated_while_continued},
          {"a slow continuation", test_slow_continuation},
          {"nothing is retained for no time", test_no_retention}, {"half a PDU", test_half_pdu},
          {"a format error", test_format_error}, {"all connections dropped", test_drop},
          {"handles", test_handles}, {"two targets, one initiator port", test_two_targets},
          {"names of nodes", test_nodes})
