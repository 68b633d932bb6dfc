/* One logical unit shown by several nodes and portal groups: one queue, one set of reservations. */
#include <stdio.h>

#include "target_fixture.h"

#define OTHER "iqn.2026-01.example.sim:disk1"

static uint8_t answer[4096]; /* of the last command that brought data */

/* Units that were given no serial number have one of their own: node and LUN make it. */
static void test_serial_numbers(void)
{
    rig_target_node *other, *node;
    tt_world *world = tt_new();
    CU_ASSERT_EQUAL_FATAL(rig_target_node_add(world->target, rig_view_str(OTHER), &other, NULL), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(rig_target_node_add(world->target, rig_view_str(OTHER "2"), &node, NULL), RIG_OK);
    uint64_t first = rig_target_unit_serial(other, 0);
    CU_ASSERT_EQUAL(rig_target_unit_serial(other, 0), first);
    CU_ASSERT_NOT_EQUAL(rig_target_unit_serial(other, 1), first);
    CU_ASSERT_NOT_EQUAL(rig_target_unit_serial(node, 0) << 4, first << 4); /* what an NAA designator keeps */
    tt_free(world);
}

/* TT_TARGET's LUN 0 is LUN 5 of another node; its portals are in two groups. */
static tt_world *open_shared(rig_target_node **out_other)
{
    tt_world *world = tt_new();
    CU_ASSERT_EQUAL_FATAL(rig_target_node_add(world->target, rig_view_str(OTHER), out_other, NULL), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(rig_target_node_share(*out_other, 5, rig_view_str(TT_TARGET), 0), RIG_OK);
    return world;
}

/* Logs in to the node of that name as another initiator port. */
static tt_client login_to(tt_world *world, const char *target, uint8_t isid)
{
    char keys[256];
    tt_client client = tt_client_at(world, 0);
    client.isid = isid;
    snprintf(keys, sizeof keys, "InitiatorName=%s\nTargetName=%s", TT_INITIATOR, target);
    tt_pdu pdu = tt_login_step(&client, true, 1, 3, keys);
    CU_ASSERT_EQUAL(tt_status(&pdu), 0);
    client.tsih = (uint16_t)rig_get(pdu.bhs, RIG_F_TSIH);
    return client;
}

/* Sends a command with the CDB given; a LUN below 256. */
static void command(tt_client *client, uint8_t lun, const char *flags, const uint8_t *cdb, size_t cdb_len,
                    uint32_t edtl, const void *data, size_t len)
{
    uint8_t bhs[RIG_BHS_LEN];
    tt_scsi(client, bhs, flags, edtl, 0, 0, 0);
    rig_set(bhs, RIG_F_LUN, (uint64_t)lun << 48);
    memset(bhs + 32, 0, 16);
    memcpy(bhs + 32, cdb, cdb_len);
    tt_send(client, bhs, data, len);
}

static unsigned status_of(tt_client *client)
{
    tt_pdu pdu = tt_next(client);
    while (pdu.here && pdu.kind == RIG_PDU_NOP_IN)
        pdu = tt_next(client);
    if (pdu.kind == RIG_PDU_DATA_IN)
        memcpy(answer, pdu.data, pdu.len);
    return pdu.here ? (unsigned)rig_get(pdu.bhs, RIG_F_SCSI_STATUS) : 0xffff;
}

static unsigned ready(tt_client *client, uint8_t lun)
{
    static const uint8_t cdb[6] = {0x00};
    command(client, lun, "F", cdb, sizeof cdb, 0, NULL, 0);
    return status_of(client);
}

/* PERSISTENT RESERVE OUT with immediate data. */
static unsigned reserve(tt_client *client, uint8_t lun, uint8_t action, uint8_t type, uint8_t key,
                        uint8_t service_key)
{
    uint8_t list[24] = {0}, cdb[10] = {0x5f, action, type, 0, 0, 0, 0, 0, 24};
    list[7] = key;
    list[15] = service_key;
    command(client, lun, "FW", cdb, sizeof cdb, 24, list, sizeof list);
    return status_of(client);
}

static unsigned read_block(tt_client *client, uint8_t lun)
{
    static const uint8_t cdb[10] = {0x28, 0, 0, 0, 0, 0, 0, 0, 1};
    command(client, lun, "FR", cdb, sizeof cdb, 512, NULL, 0);
    return status_of(client);
}

static void test_sharing(void)
{
    rig_target_node *other, *third;
    tt_world *world = open_shared(&other);
    char name[64];
    CU_ASSERT_EQUAL(rig_target_node_share(other, 6, rig_view_str(TT_TARGET), 0),
                    RIG_E_EXISTS); /* shown already */
    CU_ASSERT_EQUAL(rig_target_node_share(other, 6, rig_view_str(TT_TARGET), 9), RIG_E_NOT_FOUND);
    for (unsigned i = 2; i <= RIG_TARGET_PATHS_MAX; i++) {
        snprintf(name, sizeof name, "iqn.2026-01.example.sim:path%u", i);
        CU_ASSERT_EQUAL_FATAL(rig_target_node_add(world->target, rig_view_str(name), &third, NULL), RIG_OK);
        CU_ASSERT_EQUAL(rig_target_node_share(third, 0, rig_view_str(OTHER), 5),
                        i < RIG_TARGET_PATHS_MAX ? RIG_OK : RIG_E_LIMIT);
    }
    tt_free(world);
}

/* A block written by one way is read by the other, and each node tells its own LUNs. */
static void test_one_medium(void)
{
    static const uint8_t put[10] = {0x2a, 0, 0, 0, 0, 0, 0, 0, 1};
    static const uint8_t luns[12] = {0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0};
    rig_target_node *other;
    tt_world *world = open_shared(&other);
    tt_client a = login_to(world, TT_TARGET, 1), b = login_to(world, OTHER, 1);
    uint8_t data[512];
    memset(data, 0x3c, sizeof data);
    command(&a, 0, "FW", put, sizeof put, 512, data, sizeof data);
    CU_ASSERT_EQUAL(status_of(&a), 0);
    CU_ASSERT_EQUAL(read_block(&b, 5), 0);
    CU_ASSERT_EQUAL(memcmp(answer, data, sizeof data), 0);
    command(&a, 0, "FR", luns, sizeof luns, 256, NULL, 0);
    status_of(&a);
    CU_ASSERT_EQUAL(memcmp(answer, "\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00", 10), 0);
    command(&b, 5, "FR", luns, sizeof luns, 256, NULL, 0);
    status_of(&b);
    CU_ASSERT_EQUAL(memcmp(answer, "\x00\x00\x00\x08\x00\x00\x00\x00\x00\x05", 10), 0);
    tt_free(world);
}

static void test_reservations_over_nodes(void)
{
    rig_target_node *other;
    tt_world *world = open_shared(&other);
    tt_client a = login_to(world, TT_TARGET, 1), b = login_to(world, OTHER, 1);
    CU_ASSERT_EQUAL(reserve(&a, 0, 0, 0, 0, 0x11), 0);
    CU_ASSERT_EQUAL(reserve(&a, 0, 1, 3, 0x11, 0), 0);
    CU_ASSERT_EQUAL(read_block(&a, 0), 0);
    CU_ASSERT_EQUAL(read_block(&b, 5), 0x18); /* the same initiator, through another port */
    CU_ASSERT_EQUAL(reserve(&b, 5, 0, 0, 0, 0x22), 0);
    CU_ASSERT_EQUAL(reserve(&b, 5, 4, 3, 0x22, 0x11), 0);
    CU_ASSERT_EQUAL(ready(&a, 0), 0x02);
    CU_ASSERT_EQUAL(read_block(&a, 0), 0x18);
    CU_ASSERT_EQUAL(read_block(&b, 5), 0);
    tt_free(world);
}

/* Every port of the unit, whichever of them is asked. */
static void test_ports(void)
{
    static const uint8_t groups[12] = {0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 1, 0};
    static const uint8_t page[6] = {0x12, 1, 0x83, 1, 0};
    rig_target_node *other;
    tt_world *world = open_shared(&other);
    rig_address at = tt_address("192.0.2.1", 3261);
    CU_ASSERT_EQUAL(rig_target_portal_add(world->target, &at, 9, NULL), RIG_OK);
    tt_client b = login_to(world, OTHER, 1);
    command(&b, 5, "FR", groups, sizeof groups, 256, NULL, 0);
    CU_ASSERT_EQUAL(status_of(&b), 0);
    unsigned num = answer[11];
    CU_ASSERT_EQUAL(num, 4); /* two nodes on two groups */
    CU_ASSERT_EQUAL(answer[3], 8 + 4 * num);
    for (unsigned i = 0; i < num; i++)
        CU_ASSERT_EQUAL(answer[12 + 4 * i + 3], i + 1);
    command(&b, 5, "FR", page, sizeof page, 256, NULL, 0);
    CU_ASSERT_EQUAL(status_of(&b), 0);
    CU_ASSERT_EQUAL(answer[45], 0x94);
    CU_ASSERT_EQUAL(answer[51], num / 2 + 1); /* its first port comes behind those of the first node */
    tt_free(world);
}

/* A write that waits for data ends without status, and its session is told that others ended it. */
static void test_preempt_and_abort(void)
{
    static const uint8_t put[10] = {0x2a, 0, 0, 0, 0, 0, 0, 0, 1};
    rig_target_node *other;
    tt_world *world = open_shared(&other);
    tt_client a = login_to(world, TT_TARGET, 1), b = login_to(world, OTHER, 1);
    uint8_t bhs[RIG_BHS_LEN], data[512] = {1};
    CU_ASSERT_EQUAL(reserve(&a, 0, 0, 0, 0, 0x11), 0);
    CU_ASSERT_EQUAL(reserve(&b, 5, 0, 0, 0, 0x22), 0);
    command(&a, 0, "FW", put, sizeof put, 512, NULL, 0);
    tt_pdu r2t = tt_expect(&a, RIG_PDU_R2T);
    CU_ASSERT_EQUAL(reserve(&b, 5, 5, 1, 0x22, 0x11), 0);
    tt_data_out(bhs, rig_get32(r2t.bhs, RIG_F_ITT), rig_get32(r2t.bhs, RIG_F_TTT), 0, 0, true);
    tt_send(&a, bhs, data, sizeof data);
    while (!tt_silent(&a))
        CU_ASSERT_EQUAL(tt_next(&a).kind, RIG_PDU_NOP_IN); /* tells of the window, of no status */
    CU_ASSERT_EQUAL(ready(&a, 0), 0x02);                   /* registrations preempted, commands cleared */
    CU_ASSERT_EQUAL(ready(&a, 0), 0x02);
    CU_ASSERT_EQUAL(ready(&a, 0), 0x00);
    CU_ASSERT_EQUAL(read_block(&b, 5), 0);
    CU_ASSERT_EQUAL(answer[0], 0); /* the data went nowhere */
    tt_free(world);
}

/* 4.2.3.2: a reset through one node ends what came through the other. */
static void test_reset_over_nodes(void)
{
    static const uint8_t put[10] = {0x2a, 0, 0, 0, 0, 0, 0, 0, 1};
    rig_target_node *other;
    tt_world *world = open_shared(&other);
    tt_client a = login_to(world, TT_TARGET, 1), b = login_to(world, OTHER, 1);
    uint8_t bhs[RIG_BHS_LEN], data[512] = {1};
    command(&a, 0, "FW", put, sizeof put, 512, NULL, 0);
    tt_pdu r2t = tt_expect(&a, RIG_PDU_R2T);
    tt_request(&b, bhs, RIG_PDU_TMF_REQ, true);
    rig_set(bhs, RIG_F_FUNCTION, 5);
    rig_set(bhs, RIG_F_LUN, UINT64_C(5) << 48);
    rig_set(bhs, RIG_F_REF_TAG, RIG_TAG_NONE);
    tt_send(&b, bhs, NULL, 0);
    tt_expect(&b, RIG_PDU_TMF_RESP);
    tt_data_out(bhs, rig_get32(r2t.bhs, RIG_F_ITT), rig_get32(r2t.bhs, RIG_F_TTT), 0, 0, true);
    tt_send(&a, bhs, data, sizeof data);
    while (!tt_silent(&a))
        CU_ASSERT_EQUAL(tt_next(&a).kind, RIG_PDU_NOP_IN);
    CU_ASSERT_EQUAL(ready(&a, 0), 0x02);
    CU_ASSERT_EQUAL(ready(&b, 5), 0x02);
    CU_ASSERT_EQUAL(read_block(&b, 5), 0);
    CU_ASSERT_EQUAL(answer[0], 0);
    tt_free(world);
}

RIG_SUITE("target paths", {"sharing", test_sharing}, {"one medium", test_one_medium},
          {"reservations over nodes", test_reservations_over_nodes}, {"ports", test_ports},
          {"PREEMPT AND ABORT", test_preempt_and_abort}, {"reset over nodes", test_reset_over_nodes},
          {"serial numbers", test_serial_numbers})
