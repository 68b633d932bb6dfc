/* Unit attentions, reservations and the states that hang on I_T nexuses. */
#include "device_fixture.h"

static void as(fixture *unit, rig_nexus_id nexus)
{
    unit->scsi.nexus = nexus;
}

static void open_with_nexuses(fixture *unit, unsigned num)
{
    fixture_open(unit, "ram:1M");
    for (rig_nexus_id id = 1; id <= num; id++)
        CU_ASSERT_EQUAL(rig_device_nexus_new(unit->device, id), RIG_OK);
}

static void a_new_nexus_hears_nothing(void)
{
    fixture unit;
    open_with_nexuses(&unit, 1);
    BEGIN(&unit, 0x00);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(rig_device_nexus_new(unit.device, 1), RIG_E_EXISTS);
    CU_ASSERT_EQUAL(rig_device_nexus_new(unit.device, 0), RIG_E_ARGUMENT);
    fixture_close(&unit);
}

static void attentions_come_once_in_order(void)
{
    fixture unit;
    open_with_nexuses(&unit, 3);
    rig_device_attention(unit.device, 2, 0x2a, 0x09);
    rig_device_attention_one(unit.device, 1, 0x47, 0x7f);
    rig_device_attention_one(unit.device, 1, 0x2a, 0x09); /* there already */
    rig_device_attention_one(unit.device, 9, 0x2a, 0x09); /* nobody */
    as(&unit, 1);
    BEGIN(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x06, 0x2a, 0x09);
    BEGIN(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x06, 0x47, 0x7f);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), 512);
    as(&unit, 2);
    BEGIN(&unit, 0x00);
    CHECK_GOOD(&unit);
    as(&unit, 3);
    BEGIN(&unit, 0x00);
    CHECK_REFUSED(&unit, 0x06, 0x2a, 0x09);
    fixture_close(&unit);
}

static void three_commands_do_not_report_attentions(void)
{
    fixture unit;
    open_with_nexuses(&unit, 1);
    rig_device_attention(unit.device, 0, 0x29, 0x00);
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 0, 0, 0, 36, 0), 36);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(READ(&unit, 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0), 16);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0xee); /* an unknown command does */
    CHECK_REFUSED(&unit, 0x06, 0x29, 0x00);
    rig_device_attention(unit.device, 0, 0x29, 0x00);
    CU_ASSERT_EQUAL(READ(&unit, 0x03, 0, 0, 0, 252, 0), 18); /* REQUEST SENSE brings it as data */
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.data[2], 0x06);
    CU_ASSERT_EQUAL(unit.data[12], 0x29);
    CU_ASSERT_EQUAL(READ(&unit, 0x03, 1, 0, 0, 252, 0), 8); /* and then nothing, in descriptor format */
    CU_ASSERT_EQUAL(memcmp(unit.data, "\x72\x00\x00\x00\x00\x00\x00\x00", 8), 0);
    BEGIN(&unit, 0x00);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

static void the_queue_has_an_end_and_a_reset_clears_it(void)
{
    fixture unit;
    open_with_nexuses(&unit, 1);
    for (uint8_t i = 0; i < 20; i++)
        rig_device_attention(unit.device, 0, 0x3f, i);
    unsigned heard = 0;
    for (BEGIN(&unit, 0x00); unit.scsi.status == 0x02; BEGIN(&unit, 0x00))
        CU_ASSERT_EQUAL(unit.scsi.sense[13], heard++);
    CU_ASSERT_EQUAL(heard, 6);
    rig_device_attention(unit.device, 0, 0x2a, 0x01);
    rig_device_reset(unit.device);
    BEGIN(&unit, 0x00);
    CHECK_REFUSED(&unit, 0x06, 0x29, 0x03);
    BEGIN(&unit, 0x00);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

static void a_reservation_keeps_others_out(void)
{
    fixture unit;
    open_with_nexuses(&unit, 2);
    BEGIN(&unit, 0x16);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x16);
    CHECK_GOOD(&unit);
    as(&unit, 2);
    static const uint8_t kept_out[] = {0x00, 0x28, 0x2a, 0x16, 0x1a, 0x25, 0x35};
    for (size_t i = 0; i < sizeof kept_out; i++) {
        BEGIN(&unit, kept_out[i]);
        CU_ASSERT_EQUAL(unit.scsi.status, 0x18);
        CU_ASSERT_EQUAL(unit.scsi.sense_len, 0);
        CU_ASSERT_EQUAL(unit.scsi.direction, RIG_CDB_NONE);
    }
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 0, 0, 0, 36, 0), 36);
    CU_ASSERT_EQUAL(READ(&unit, 0x03, 0, 0, 0, 18, 0), 18);
    BEGIN(&unit, 0x17); /* of no effect */
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.status, 0x18);
    as(&unit, 1);
    BEGIN(&unit, 0x00);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x17);
    CHECK_GOOD(&unit);
    as(&unit, 2);
    BEGIN(&unit, 0x00);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

static void a_reservation_ends_with_its_nexus_or_a_reset(void)
{
    fixture unit;
    open_with_nexuses(&unit, 2);
    BEGIN(&unit, 0x16);
    rig_device_nexus_lost(unit.device, 1);
    as(&unit, 2);
    BEGIN(&unit, 0x00);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(rig_device_nexus_new(unit.device, 1), RIG_OK);
    as(&unit, 1);
    BEGIN(&unit, 0x16);
    rig_device_reset(unit.device);
    as(&unit, 2);
    BEGIN(&unit, 0x00);
    CHECK_REFUSED(&unit, 0x06, 0x29, 0x03);
    BEGIN(&unit, 0x00);
    CHECK_GOOD(&unit);
    as(&unit, 1);
    BEGIN(&unit, 0x00);
    CHECK_REFUSED(&unit, 0x06, 0x29, 0x03);
    fixture_close(&unit);
}

static void stop_and_start(void)
{
    fixture unit;
    open_with_nexuses(&unit, 1);
    BEGIN(&unit, 0x1b, 0, 0, 0, 0x00, 0);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x00);
    CHECK_REFUSED(&unit, 0x02, 0x04, 0x02);
    BEGIN(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x02, 0x04, 0x02);
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 0, 0, 0, 36, 0), 36);
    CU_ASSERT_EQUAL(READ(&unit, 0x03, 0, 0, 0, 18, 0), 18);
    CU_ASSERT_EQUAL(unit.data[2], 0x02);
    BEGIN(&unit, 0x1b, 1, 0, 0, 0x01, 0);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x00);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x1b, 0, 0, 0, 0x30, 0); /* standby, and back by itself */
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x00);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x1b, 0, 0, 0, 0x02, 0); /* nothing to eject */
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0x1b, 0, 0, 0, 0x50, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0x1b, 0, 0, 0, 0x00, 0);
    rig_device_reset(unit.device);
    BEGIN(&unit, 0x00);
    CHECK_REFUSED(&unit, 0x06, 0x29, 0x03);
    BEGIN(&unit, 0x00);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

static void prevent_and_allow(void)
{
    fixture unit;
    open_with_nexuses(&unit, 1);
    BEGIN(&unit, 0x1e, 0, 0, 0, 1, 0);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x1e, 0, 0, 0, 0, 0);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x1e, 0, 0, 0, 2, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0x1d, 0x04, 0, 0, 0, 0);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x1d, 0x04, 0, 0, 4, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    fixture_close(&unit);
}

static void ten_thousand_nexuses_are_small_and_found(void)
{
    enum { NUM = 10000 };
    fixture unit;
    fixture_open(&unit, "null:1M");
    uint64_t before = unit.meter.bytes_live;
    for (rig_nexus_id id = 1; id <= NUM; id++)
        CU_ASSERT_EQUAL(rig_device_nexus_new(unit.device, id << 16 | 1), RIG_OK);
    CU_ASSERT(unit.meter.bytes_live - before <= 64 * NUM);
    rig_device_attention(unit.device, 5000 << 16 | 1, 0x3f, 0x0e);
    for (rig_nexus_id id = 1; id <= NUM; id += 2)
        rig_device_nexus_lost(unit.device, id << 16 | 1);
    for (rig_nexus_id id = 1; id <= NUM; id++) {
        as(&unit, id << 16 | 1);
        BEGIN(&unit, 0x00);
        CU_ASSERT_EQUAL(unit.scsi.status, id % 2 || id == 5000 ? 0x00 : 0x02);
    }
    for (rig_nexus_id id = 2; id <= NUM; id += 2)
        rig_device_nexus_lost(unit.device, id << 16 | 1);
    CU_ASSERT(unit.meter.bytes_live - before <= 1024);
    rig_device_nexus_lost(unit.device, 77);
    fixture_close(&unit);
}

RIG_SUITE("device nexuses", {"a new nexus hears nothing", a_new_nexus_hears_nothing},
          {"attentions come once, in order", attentions_come_once_in_order},
          {"INQUIRY, REPORT LUNS and REQUEST SENSE pass", three_commands_do_not_report_attentions},
          {"the queue has an end, a reset clears it", the_queue_has_an_end_and_a_reset_clears_it},
          {"RESERVE(6) keeps others out", a_reservation_keeps_others_out},
          {"a reservation ends with its nexus or a reset", a_reservation_ends_with_its_nexus_or_a_reset},
          {"STOP and START", stop_and_start}, {"PREVENT ALLOW and SEND DIAGNOSTIC", prevent_and_allow},
          {"10,000 nexuses", ten_thousand_nexuses_are_small_and_found})
