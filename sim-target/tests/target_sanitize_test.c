/* A command the device is at work on for a time: its status waits, the unit says so to everybody, and the
 * work goes on without whoever asked for it (RFC 7143 sections 11.4 and 11.6.1; SBC-3 section 4.11). */
#include "target_fixture.h"

#define OTHER 2 /* ISID of another session */

static tt_world *new_world(const char *unit)
{
    tt_world *world = tt_bare(NULL);
    rig_address at = tt_address("192.0.2.10", 3260);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world->target);
    CU_ASSERT_EQUAL(rig_target_portal_add(world->target, &at, 1, NULL), RIG_OK);
    CU_ASSERT_EQUAL(rig_target_node_add(world->target, rig_view_str(TT_TARGET), &world->node, NULL), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(
        rig_device_open(&world->meter.alloc, rig_view_str(unit), &world->device, &(rig_error){0}), RIG_OK);
    CU_ASSERT_EQUAL(rig_target_node_lun(world->node, 0, world->device), RIG_OK);
    tt_pass(world, 100 * RIG_SECOND); /* times are the target's, not those of the unit */
    return world;
}

static tt_client other_login(tt_world *world)
{
    tt_client client = tt_client_at(world, 0);
    client.isid = OTHER;
    CU_ASSERT_EQUAL(tt_login_keys(&client, ""), 0);
    return client;
}

/* SANITIZE BLOCK ERASE; gives its tag. */
static uint32_t erase(tt_client *client, bool immed)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(client, bhs, "F", 0, 0x48, 0, 0);
    bhs[33] = immed ? 0x82 : 0x02;
    tt_send(client, bhs, NULL, 0);
    return client->itt - 1;
}

static unsigned task_function(tt_client *client, unsigned function, uint32_t tag)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_request(client, bhs, RIG_PDU_TMF_REQ, true);
    rig_set(bhs, RIG_F_FUNCTION, function);
    rig_set(bhs, RIG_F_REF_TAG, tag);
    rig_set(bhs, RIG_F_REF_CMD_SN, client->cmd_sn - 1);
    tt_send(client, bhs, NULL, 0);
    tt_pdu pdu = tt_expect(client, RIG_PDU_TMF_RESP);
    return (unsigned)tt_field(&pdu, RIG_F_TMF_RESPONSE);
}

/* A refusal brings its sense data along, with how far the operation is (CMD-029). */
static void check_refused(tt_client *client, uint16_t progress)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(client, bhs, "F", 0, 0x00, 0, 0);
    tt_send(client, bhs, NULL, 0);
    tt_pdu pdu = tt_expect(client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_SCSI_STATUS), 0x02);
    CU_ASSERT_EQUAL_FATAL(pdu.len, 2 + 18);
    CU_ASSERT_EQUAL(memcmp(pdu.data, "\x00\x12\x70\x00\x02", 5), 0);
    CU_ASSERT_EQUAL(memcmp(pdu.data + 14, "\x04\x1b\x00\x80", 4), 0);
    CU_ASSERT_EQUAL(pdu.data[18] << 8 | pdu.data[19], progress);
}

/* One status for the command, and not before the operation has ended (CMD-051). */
static void test_status_when_it_ends(void)
{
    tt_world *world = new_world("ram:1M,sanitize=8s");
    tt_client client = tt_login(world, "");
    uint32_t tag = erase(&client, false);
    CU_ASSERT_TRUE(tt_silent(&client));
    CU_ASSERT_EQUAL(rig_target_next_deadline(world->target), world->now + 8 * RIG_SECOND);
    tt_pass(world, 4 * RIG_SECOND);
    check_refused(&client, 0x8000);
    CU_ASSERT_TRUE(tt_silent(&client));
    tt_pass(world, 4 * RIG_SECOND);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_ITT), tag);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_SCSI_STATUS), 0x00);
    CU_ASSERT_EQUAL(tt_ready(&client), 0x00);
    CU_ASSERT_TRUE(tt_silent(&client));
    tt_free(world);
}

/* CMD-029 */
static void test_immed_answers_at_once(void)
{
    tt_world *world = new_world("ram:1M,sanitize=8s");
    tt_client client = tt_login(world, ""), other = other_login(world);
    erase(&client, true);
    tt_pdu pdu = tt_expect(&client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(tt_field(&pdu, RIG_F_SCSI_STATUS), 0x00);
    tt_pass(world, RIG_SECOND);
    check_refused(&client, 0x2000);
    check_refused(&other, 0x2000);
    tt_pass(world, 6 * RIG_SECOND);
    check_refused(&other, 0xe000);
    tt_pass(world, RIG_SECOND);
    CU_ASSERT_EQUAL(tt_ready(&other), 0x00);
    tt_free(world);
}

/* ABORT TASK takes the status away, a reset and the end of the session change nothing either. */
static void test_nothing_ends_it(void)
{
    tt_world *world = new_world("ram:1M,sanitize=8s");
    tt_client client = tt_login(world, "");
    uint32_t tag = erase(&client, false);
    CU_ASSERT_EQUAL(task_function(&client, 1, tag), 0);
    check_refused(&client, 0);
    erase(&client, true); /* refused as well */
    tt_expect(&client, RIG_PDU_SCSI_RESP);
    CU_ASSERT_EQUAL(task_function(&client, 5, RIG_TAG_NONE), 0); /* LOGICAL UNIT RESET */
    CU_ASSERT_EQUAL(tt_ready(&client), 0x02);
    tt_pass(world, 2 * RIG_SECOND);
    check_refused(&client, 0x4000);
    tt_client again = tt_login(world, ""); /* takes the place of the session */
    CU_ASSERT_EQUAL(tt_ready(&again), 0x02);
    check_refused(&again, 0x4000);
    tt_pass(world, 6 * RIG_SECOND);
    CU_ASSERT_TRUE(tt_silent(&again));
    CU_ASSERT_EQUAL(tt_ready(&again), 0x00);
    tt_free(world);
}

/* A rule's delay runs beside the device's time. */
static void test_rules_beside_it(void)
{
    tt_world *world = new_world("ram:1M,sanitize=8s");
    tt_client client = tt_login(world, "");
    rig_rule rule = {.on = RIG_PDU_SCSI_CMD, .nth = 1, .num_actions = 1};
    rule.actions[0] = (rig_rule_action){.verb = RIG_DO_DELAY, .time = 3 * RIG_SECOND};
    CU_ASSERT_EQUAL(rig_target_rule_add(world->target, &rule), RIG_OK);
    erase(&client, false);
    tt_pass(world, 3 * RIG_SECOND);
    CU_ASSERT_TRUE(tt_silent(&client));
    tt_pass(world, 5 * RIG_SECOND);
    tt_expect(&client, RIG_PDU_SCSI_RESP);
    tt_free(world);
}

RIG_SUITE("a command that takes time", {"its status comes when it ends", test_status_when_it_ends},
          {"IMMED is answered at once", test_immed_answers_at_once},
          {"nothing ends it", test_nothing_ends_it}, {"rules beside it", test_rules_beside_it})
