/* The stream below the PDUs, as faults of the target make it. */
#include "target_fixture.h"

static void ask(tt_client *client)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_request(client, bhs, RIG_PDU_SCSI_CMD, false);
    rig_set(bhs, RIG_F_F, 1);
    tt_send(client, bhs, NULL, 0);
}

static void test_single_bytes(void)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    struct iovec iov[RIG_STREAM_IOV];
    rig_target_fault_on(world->target, RIG_FAULT_SINGLE_BYTES);
    world->stuck = true;
    ask(&client);
    tt_stream *stream = client.stream;
    CU_ASSERT_EQUAL(stream->user.ops->output(stream->user.ctx, iov, RIG_STREAM_IOV, world->now), 1);
    CU_ASSERT_EQUAL(iov[0].iov_len, 1);
    world->stuck = false;
    tt_run(world);
    tt_expect(&client, RIG_PDU_SCSI_RESP);
    tt_free(world);
}

/* How many bytes of a response have left, and what becomes of the connection. */
static void cut(rig_fault fault, bool flushing, bool reset)
{
    tt_world *world = tt_new();
    tt_client client = tt_login(world, "");
    tt_stream *stream = client.stream;
    size_t before = stream->out_len;
    rig_target_fault_on(world->target, fault);
    ask(&client);
    CU_ASSERT_EQUAL(stream->out_len - before, RIG_BHS_LEN / 2);
    CU_ASSERT_EQUAL(stream->flushing, flushing);
    CU_ASSERT_EQUAL(stream->reset, reset);
    CU_ASSERT_EQUAL(stream->open, !flushing && !reset);
    CU_ASSERT_STRING_EQUAL(tt_last_event(world, RIG_TARGET_MADE_WRONG)->text, rig_fault_rows[fault].name);
    ask(&client);
    CU_ASSERT_EQUAL(stream->out_len - before, RIG_BHS_LEN / 2);
    tt_free(world);
}

static void test_cuts(void)
{
    cut(RIG_FAULT_FIN_IN_PDU, true, false);
    cut(RIG_FAULT_RST_IN_PDU, false, true);
    cut(RIG_FAULT_STALL_IN_PDU, false, false);
}

static void test_shut(void)
{
    tt_world *world = tt_new();
    rig_target_fault_on(world->target, RIG_FAULT_PORT_SHUT);
    tt_client client = tt_login(world, "");
    CU_ASSERT_TRUE(client.stream->open);
    tt_stream *second = tt_connect(world, 0);
    CU_ASSERT_TRUE(!second || !second->open);
    tt_free(world);
    world = tt_new();
    rig_target_fault_on(world->target, RIG_FAULT_RESET_ON_ACCEPT);
    second = tt_connect(world, 0);
    CU_ASSERT_TRUE(!second || !second->open);
    tt_free(world);
}

RIG_SUITE("target bytes", {"single bytes", test_single_bytes}, {"ends in a PDU", test_cuts},
          {"nobody listens", test_shut})
