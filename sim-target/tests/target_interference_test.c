/* What one connection's end, one initiator's haste or another configuration must not do to the rest. */
#include "target/tgt.h"
#include "target_recovery.h"

enum { ABORT_TASK = 1, ABORT_TASK_SET, WARM_RESET = 6, COLD_RESET, REASSIGN, QUERY_TASK, QUERY_SET };
enum { COMPLETE, NO_TASK, ALLEGIANT = 3, SUCCEEDED = 7, REJECTED = 255 };

/* An immediate function with a CmdSN of its own. */
static void manage(tt_client *client, unsigned function, uint32_t tag, uint32_t ref_cmd_sn, uint32_t cmd_sn)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_request(client, bhs, RIG_PDU_TMF_REQ, true);
    rig_set(bhs, RIG_F_FUNCTION, function);
    rig_set(bhs, RIG_F_REF_TAG, tag);
    rig_set(bhs, RIG_F_REF_CMD_SN, ref_cmd_sn);
    rig_set(bhs, RIG_F_CMD_SN, cmd_sn);
    tt_send(client, bhs, NULL, 0);
}

static unsigned response(tt_client *client)
{
    tt_pdu pdu = tt_expect(client, RIG_PDU_TMF_RESP);
    return (unsigned)tt_field(&pdu, RIG_F_TMF_RESPONSE);
}

/* TEST UNIT READY with that number and attribute. */
static void ready_with(tt_client *client, uint32_t cmd_sn, unsigned attr)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(client, bhs, "F", 0, 0x00, 0, 0);
    rig_set(bhs, RIG_F_CMD_SN, cmd_sn);
    rig_set(bhs, RIG_F_ATTR, attr);
    tt_send(client, bhs, NULL, 0);
}

static tt_client session(tt_world *world, const char *keys, uint8_t isid)
{
    tt_client client = tt_client_at(world, 0);
    client.isid = isid;
    CU_ASSERT_EQUAL(tt_login_keys(&client, keys), 0);
    tr_roomy(&client);
    return client;
}

/* ---- numbers that count as received (11.6.1) ---- */

/* However often the same number is declared received, that is remembered once. */
static void test_declared_again(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint32_t first = client.cmd_sn;
    for (unsigned i = 0; i < 1000; i++) {
        manage(&client, ABORT_TASK, 0x777, first + 1, first + 2);
        CU_ASSERT_EQUAL(response(&client), COMPLETE);
    }
    CU_ASSERT_EQUAL(world->target->pending.num, 1);
    ready_with(&client, first, 0);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_SCSI_RESP);
    manage(&client, ABORT_TASK, 0x777, first, first + 2);
    pdu = tt_expect(&client, RIG_PDU_TMF_RESP);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_EXP_CMD_SN), first + 2);
    CU_ASSERT_EQUAL(world->target->pending.num, 0);
    tt_free(world);
}

/* The number of a command that is here, named with another tag: the command keeps it. */
static void test_declared_though_here(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint32_t first = client.cmd_sn;
    ready_with(&client, first + 1, 0);
    manage(&client, ABORT_TASK, 0x777, first + 1, first + 2);
    CU_ASSERT_EQUAL(response(&client), COMPLETE);
    ready_with(&client, first, 0);
    tt_expect(&client, RIG_PDU_SCSI_RESP);
    tt_expect(&client, RIG_PDU_SCSI_RESP);
    tt_free(world);
}

/* It counts for the session, so it outlives the connection it was declared on. */
static void test_declared_elsewhere(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tr_login(world, TR_LEVEL1), b;
    CU_ASSERT_EQUAL(tr_join(&b, &a, 1, ""), 0);
    uint32_t first = a.cmd_sn;
    manage(&b, ABORT_TASK, 0x777, first + 1, first + 2);
    CU_ASSERT_EQUAL(response(&b), COMPLETE);
    tr_lose(&b);
    ready_with(&a, first, 0);
    tt_pdu pdu = tt_expect(&a, RIG_PDU_SCSI_RESP);
    tr_acknowledge(&a);
    manage(&a, ABORT_TASK, 0x777, first, first + 2);
    pdu = tt_expect(&a, RIG_PDU_TMF_RESP);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_EXP_CMD_SN), first + 2);
    tt_free(world);
}

/* 4.2.2.1: a reset that declares half of all numbers received, at the last one that may be, and one past it.
 */
static void test_far_ahead(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint32_t first = client.cmd_sn;
    manage(&client, WARM_RESET, RIG_TAG_NONE, 0, first + 0x70000000);
    CU_ASSERT_EQUAL(response(&client), REJECTED);
    manage(&client, WARM_RESET, RIG_TAG_NONE, 0, first + TGT_WINDOW + 1);
    CU_ASSERT_EQUAL(response(&client), REJECTED);
    manage(&client, ABORT_TASK_SET, RIG_TAG_NONE, 0, first + TGT_WINDOW + 1);
    CU_ASSERT_EQUAL(response(&client), REJECTED);
    manage(&client, WARM_RESET, RIG_TAG_NONE, 0, first + TGT_WINDOW);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_TMF_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_TMF_RESPONSE), COMPLETE);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_EXP_CMD_SN), first + TGT_WINDOW);
    tt_free(world);
}

/* ---- sessions ---- */

/* N7, N10: the session fails while a login to it is under way, which then continues it. */
static void test_fails_during_login(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tr_login(world, TR_LEVEL2), b = tt_client_at(world, 0);
    b.tsih = a.tsih;
    b.cid = 1;
    b.cmd_sn = a.cmd_sn;
    tt_login_step(&b, false, 1, 0, "InitiatorName=" TT_INITIATOR "\nTargetName=" TT_TARGET);
    tr_lose(&a);
    tt_pdu pdu = tt_login_step(&b, true, 1, 3, "");
    CU_ASSERT_EQUAL(tt_status(&pdu), 0);
    rig_target_counts counts;
    rig_target_count(world->target, &counts);
    CU_ASSERT_EQUAL(counts.sessions, 1);
    uint32_t first = b.cmd_sn; /* numbers are put in order only in LOGGED_IN */
    ready_with(&b, first + 1, 0);
    ready_with(&b, first, 0);
    tt_expect(&b, RIG_PDU_SCSI_RESP);
    tt_expect(&b, RIG_PDU_SCSI_RESP);
    tt_free(world);
}

/* 11.14.5: an aborted task is active no longer, so its connection's end clears no command. */
static void test_aborted_before_the_end(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tr_login(world, "MaxConnections=4\nInitialR2T=Yes\nImmediateData=No"), b;
    CU_ASSERT_EQUAL(tr_join(&b, &a, 1, ""), 0);
    uint32_t itt = tr_write(&a, 0, 1);
    tt_expect(&a, RIG_PDU_R2T);
    CU_ASSERT_EQUAL(tr_manage(&a, ABORT_TASK, itt, 0), COMPLETE);
    b.cmd_sn = a.cmd_sn;
    b.itt = a.itt + 0x100;
    tt_pdu pdu = tr_logout(&b, 1, 0, a.exp_stat_sn);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_LOGOUT_RESPONSE), 0);
    CU_ASSERT_EQUAL(tt_ready(&b), 0);
    tt_free(world);
}

/* ---- waiting for others ---- */

/* An ORDERED command of another session goes on when the write before it is lost with its connection, though
 * half a PDU of its data was being received. */
static void test_lost_before_ordered(void)
{
    tt_world *world = tt_new();
    tt_client a = session(world, "InitialR2T=Yes\nImmediateData=No", 1), b = session(world, "", 2);
    uint8_t bhs[RIG_BHS_LEN], wire[2048], data[1024] = {0};
    uint32_t itt = tr_write(&a, 0, 2);
    tt_pdu r2t = tt_expect(&a, RIG_PDU_R2T);
    ready_with(&b, b.cmd_sn - 0, 2);
    CU_ASSERT_TRUE(tt_silent(&b));
    tt_data_out(bhs, itt, rig_get32(r2t.bhs, RIG_F_TTT), 0, 0, true);
    tt_build(&a, wire, bhs, data, sizeof(data));
    tt_bytes(a.stream, wire, 500, SIZE_MAX);
    tr_lose(&a);
    tt_expect(&b, RIG_PDU_SCSI_RESP);
    tt_free(world);
}

/* 4.2.2.3.3: a function does not wait for acknowledgments on a connection that is being closed in order. */
static void test_function_and_fin(void)
{
    tt_world *world = tr_new(NULL);
    tt_client a = tr_login(world, TR_LEVEL1), b;
    CU_ASSERT_EQUAL(tr_join(&b, &a, 1, ""), 0);
    CU_ASSERT_EQUAL(tt_ready(&b), 0); /* not acknowledged */
    a.cmd_sn = b.cmd_sn;
    manage(&a, ABORT_TASK_SET, RIG_TAG_NONE, 0, a.cmd_sn);
    tt_expect(&b, RIG_PDU_NOP_IN);
    CU_ASSERT_TRUE(tt_silent(&a));
    b.stream->user.ops->event(b.stream->user.ctx, RIG_STREAM_PEER_CLOSED, RIG_OK, world->now);
    CU_ASSERT_TRUE(b.stream->flushing);
    tt_run(world);
    CU_ASSERT_EQUAL(response(&a), COMPLETE);
    tt_free(world);
}

/* A write that waits for its turn has all the time there is for its unsolicited data, from its own beginning
 * on. */
static void test_time_of_a_waiting_write(void)
{
    tt_world *world = tt_new();
    world->now = 1000 * RIG_SECOND;
    tt_client client = tt_login(world, "InitialR2T=No\nImmediateData=No");
    uint8_t bhs[RIG_BHS_LEN], data[512] = {0};
    uint32_t first = client.cmd_sn;
    tt_scsi(&client, bhs, "W", 512, 0x2a, 0, 1); /* starts the connection's clock */
    tt_send(&client, bhs, NULL, 0);
    uint32_t itt = rig_get32(bhs, RIG_F_ITT);
    tt_pass(world, 50 * RIG_SECOND);
    tt_data_out(bhs, itt, RIG_TAG_NONE, 0, 0, true);
    tt_send(&client, bhs, data, sizeof(data));
    tt_expect(&client, RIG_PDU_SCSI_RESP);
    client.cmd_sn = first + 2; /* a hole */
    tt_scsi(&client, bhs, "W", 512, 0x2a, 0, 1);
    tt_send(&client, bhs, NULL, 0);
    tt_pass(world, 11 * RIG_SECOND);
    CU_ASSERT_TRUE(client.stream->open);
    tt_free(world);
}

/* ---- tasks of a connection that was logged out ---- */

static tt_world *strand(tt_client *a, tt_client *b, uint32_t *out_itt)
{
    tt_world *world = tr_new(NULL);
    *a = tr_login(world, TR_LEVEL2 "\niSCSIProtocolLevel=2");
    CU_ASSERT_EQUAL(tr_join(b, a, 1, "MaxRecvDataSegmentLength=512"), 0);
    *out_itt = tr_write(a, 0, 1);
    tr_lose(a);
    tt_expect(b, RIG_PDU_ASYNC);
    b->cmd_sn = a->cmd_sn;
    b->itt = a->itt + 0x100;
    tr_logout(b, 2, 0, a->exp_stat_sn);
    return world;
}

/* RFC 7144 section 6.3: a query about a command on another connection gives it a new allegiance. */
static void test_query_of_a_stranded_task(void)
{
    tt_client a, b;
    uint32_t itt;
    tt_world *world = strand(&a, &b, &itt);
    CU_ASSERT_EQUAL(tr_manage(&b, QUERY_SET, RIG_TAG_NONE, 0), SUCCEEDED);
    CU_ASSERT_EQUAL(tr_manage(&b, QUERY_TASK, itt, 0), SUCCEEDED);
    tt_pdu pdu = tt_expect(&b, RIG_PDU_R2T);
    CU_ASSERT_EQUAL(rig_get32(pdu.bhs, RIG_F_ITT), itt);
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 0), ALLEGIANT);
    CU_ASSERT_EQUAL(tr_manage(&b, QUERY_TASK, itt, 0), SUCCEEDED);
    CU_ASSERT_TRUE(tt_silent(&b));
    tt_free(world);
}

/* An abort that names the wrong unit leaves the task where it is. */
static void test_abort_with_other_lun(void)
{
    tt_client a, b;
    uint32_t itt;
    uint8_t bhs[RIG_BHS_LEN];
    tt_world *world = strand(&a, &b, &itt);
    CU_ASSERT_EQUAL(rig_target_node_lun(world->node, 1, tt_ram(world, 1 << 16)), RIG_OK);
    tt_request(&b, bhs, RIG_PDU_TMF_REQ, true);
    rig_set(bhs, RIG_F_FUNCTION, ABORT_TASK);
    rig_set(bhs, RIG_F_REF_TAG, itt);
    rig_set(bhs, RIG_F_LUN, UINT64_C(1) << 48);
    tt_send(&b, bhs, NULL, 0);
    CU_ASSERT_NOT_EQUAL(response(&b), COMPLETE);
    CU_ASSERT_EQUAL(tr_manage(&b, REASSIGN, itt, 0), COMPLETE);
    tt_expect(&b, RIG_PDU_R2T);
    tt_free(world);
}

/* ---- another configuration ---- */

static bool keeps_none(void *ctx, rig_view node, uint32_t lun)
{
    (void)ctx, (void)node, (void)lun;
    return false;
}

static void reload(tt_world *world)
{
    rig_target *from = NULL;
    rig_target_node *node;
    const rig_target_config config = {.alloc = &world->meter.alloc,
                                      .transport = &world->transport,
                                      .read_ahead = {world->read_ahead, sizeof(world->read_ahead)}};
    CU_ASSERT_EQUAL_FATAL(rig_target_new(&config, &from), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(rig_target_node_add(from, rig_view_str(TT_TARGET), &node, NULL), RIG_OK);
    CU_ASSERT_EQUAL(rig_target_node_lun(node, 1, tt_ram(world, 1 << 16)), RIG_OK);
    CU_ASSERT_EQUAL(rig_target_reload(world->target, from, keeps_none, NULL, world->now), RIG_OK);
    tt_run(world);
}

/* A command that waited for its turn while the list of LUNs changed hands. */
static void test_luns_of_a_waiting_command(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    uint8_t bhs[RIG_BHS_LEN];
    uint32_t first = client.cmd_sn++;
    tt_scsi(&client, bhs, "FR", 256, 0xa0, 0, 0);
    bhs[32 + 8] = 1; /* 256 bytes */
    tt_send(&client, bhs, NULL, 0);
    reload(world);
    ready_with(&client, first, 0);
    tt_expect(&client, RIG_PDU_SCSI_RESP);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_DATA_IN);
    CU_ASSERT_EQUAL(pdu.len, 16);
    CU_ASSERT_EQUAL(pdu.data[9], 0); /* what it had when it logged in */
    tt_free(world);
}

/* 11.5.1: all connections, those of sessions with the former LUNs as well. */
static void test_cold_reset_of_views(void)
{
    tt_world *world = tt_new();
    tt_client old = session(world, "", 1), third = session(world, "", 3);
    reload(world);
    tt_client late = session(world, "", 2);
    manage(&late, COLD_RESET, RIG_TAG_NONE, 0, late.cmd_sn);
    tt_run(world);
    CU_ASSERT_EQUAL(response(&late), COMPLETE);
    CU_ASSERT_FALSE(old.stream->open);
    CU_ASSERT_FALSE(third.stream->open);
    tt_free(world);
}

RIG_SUITE("target: what must not interfere", {"a number declared again and again", test_declared_again},
          {"a number declared though it is here", test_declared_though_here},
          {"a number declared on a connection that goes", test_declared_elsewhere},
          {"a function with a number far ahead", test_far_ahead},
          {"a session that fails during a login", test_fails_during_login},
          {"a task aborted before its connection ends", test_aborted_before_the_end},
          {"a write lost before an ORDERED command", test_lost_before_ordered},
          {"a function and a connection closed in order", test_function_and_fin},

          {"time of a write that waits", test_time_of_a_waiting_write},
          {"a query of a stranded task", test_query_of_a_stranded_task},
          {"an abort with another LUN", test_abort_with_other_lun},
          {"LUNs of a command that waited", test_luns_of_a_waiting_command},
          {"a cold reset and former LUNs", test_cold_reset_of_views})
