/* What a command ends in when several things are against it, and what passes reservations all the same. */
#include "device_fixture.h"

#define TEST_READY(unit) BEGIN(unit, 0x00)
#define WRITE_ONE(unit) BEGIN(unit, 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0)
#define RESERVE(unit) BEGIN(unit, 0x16)

static void open_two(fixture *unit, const char *text)
{
    fixture_open_unit(unit, text);
    CU_ASSERT_EQUAL(rig_device_nexus_new(unit->device, 1), RIG_OK);
    CU_ASSERT_EQUAL(rig_device_nexus_new(unit->device, 2), RIG_OK);
}

static uint8_t persistent_out(fixture *unit, uint8_t action, uint8_t type, uint8_t key, uint8_t service_key)
{
    uint8_t list[24] = {0};
    list[7] = key;
    list[15] = service_key;
    WRITE(unit, list, 0x5f, action, type, 0, 0, 0, 0, 0, 24, 0);
    return unit->scsi.status;
}

/* SAM-5 section 5.3.3: a reservation conflict goes before unit attentions that are not of resets, which then
 * still wait. */
static void conflicts_go_before_attentions(void)
{
    fixture unit;
    open_two(&unit, "ram:1M");
    RESERVE(&unit);
    CHECK_GOOD(&unit);
    rig_device_attention(unit.device, 1, 0x2a, 0x01);
    unit.scsi.nexus = 2;
    WRITE_ONE(&unit);
    CU_ASSERT_EQUAL(unit.scsi.status, 0x18);
    BEGIN(&unit, 0x17); /* RELEASE(6) passes */
    CHECK_REFUSED(&unit, 0x06, 0x2a, 0x01);
    WRITE_ONE(&unit);
    CU_ASSERT_EQUAL(unit.scsi.status, 0x18);
    fixture_close(&unit);
}

static void attentions_of_resets_go_before_conflicts(void)
{
    fixture unit;
    open_two(&unit, "ram:1M");
    RESERVE(&unit);
    rig_device_attention(unit.device, 1, 0x29, 0x07);
    rig_device_attention(unit.device, 1, 0x2a, 0x01);
    unit.scsi.nexus = 2;
    WRITE_ONE(&unit);
    CHECK_REFUSED(&unit, 0x06, 0x29, 0x07);
    WRITE_ONE(&unit);
    CU_ASSERT_EQUAL(unit.scsi.status, 0x18);
    fixture_close(&unit);
}

/* Attentions go before what the command itself has wrong, and before a unit that is not ready. */
static void attentions_go_before_the_rest(void)
{
    fixture unit;
    open_two(&unit, "ram:1M,removable,empty");
    rig_device_attention(unit.device, 0, 0x28, 0x00);
    rig_device_attention(unit.device, 0, 0x2a, 0x01);
    rig_device_attention(unit.device, 0, 0x2a, 0x09);
    BEGIN(&unit, 0xc0);
    CHECK_REFUSED(&unit, 0x06, 0x28, 0x00);
    BEGIN(&unit, 0x28, 0xff);
    CHECK_REFUSED(&unit, 0x06, 0x2a, 0x01);
    TEST_READY(&unit);
    CHECK_REFUSED(&unit, 0x06, 0x2a, 0x09);
    TEST_READY(&unit);
    CHECK_REFUSED(&unit, 0x02, 0x3a, 0x00);
    fixture_close(&unit);
}

/* Six unit attentions wait for a nexus; a seventh finds no room, and none is told twice. */
static void attentions_have_a_limit(void)
{
    fixture unit;
    uint16_t first = 0;
    open_two(&unit, "ram:1M");
    for (uint8_t ascq = 1; ascq <= 7; ascq++) {
        rig_device_attention_one(unit.device, 1, 0x3f, ascq);
        rig_device_attention_one(unit.device, 1, 0x3f, ascq);
        CU_ASSERT_EQUAL(rig_device_attentions(unit.device, 1, &first), ascq < 7 ? ascq : 6);
    }
    for (uint8_t ascq = 1; ascq <= 6; ascq++) {
        TEST_READY(&unit);
        CHECK_REFUSED(&unit, 0x06, 0x3f, ascq);
    }
    TEST_READY(&unit);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

/* SPC-4 table 66, SBC-3 table 13: starting and allowing take nothing from who holds the unit. */
static void check_what_lets_go(fixture *unit)
{
    BEGIN(unit, 0x1b, 0, 0, 0, 0x01, 0);
    CHECK_GOOD(unit);
    BEGIN(unit, 0x1e, 0, 0, 0, 0x00, 0);
    CHECK_GOOD(unit);
    BEGIN(unit, 0x1b, 0, 0, 0, 0x00, 0);
    CU_ASSERT_EQUAL(unit->scsi.status, 0x18);
    BEGIN(unit, 0x1b, 0, 0, 0, 0x11, 0); /* a power condition */
    CU_ASSERT_EQUAL(unit->scsi.status, 0x18);
    BEGIN(unit, 0x1e, 0, 0, 0, 0x01, 0);
    CU_ASSERT_EQUAL(unit->scsi.status, 0x18);
    TEST_READY(unit);
    uint8_t *exact = calloc(1, 2);
    CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
    exact[0] = 0x1b;
    unit->scsi.cdb = rig_view_of(exact, 2);
    rig_device_begin(unit->device, &unit->scsi);
    CU_ASSERT_EQUAL(unit->scsi.status, 0x18);
    free(exact);
}

static void starting_and_allowing_pass_reservations(void)
{
    fixture unit;
    open_two(&unit, "ram:1M,removable");
    RESERVE(&unit);
    unit.scsi.nexus = 2;
    check_what_lets_go(&unit);
    unit.scsi.nexus = 1;
    BEGIN(&unit, 0x17);
    CU_ASSERT_EQUAL(persistent_out(&unit, 0, 0, 0, 0x11), 0x00);
    CU_ASSERT_EQUAL(persistent_out(&unit, 1, 3, 0x11, 0), 0x00);
    unit.scsi.nexus = 2;
    check_what_lets_go(&unit);
    fixture_close(&unit);
}

/* SPC-4 table 66: what the unit can do may be asked under Write Exclusive, not under Exclusive Access. */
static void supported_commands_are_not_for_everybody(void)
{
    for (uint8_t type = 1; type <= 3; type = (uint8_t)(type + 2)) {
        fixture unit;
        open_two(&unit, "ram:1M");
        CU_ASSERT_EQUAL(persistent_out(&unit, 0, 0, 0, 0x11), 0x00);
        CU_ASSERT_EQUAL(persistent_out(&unit, 1, type, 0x11, 0), 0x00);
        unit.scsi.nexus = 2;
        BEGIN(&unit, 0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0);
        CU_ASSERT_EQUAL(unit.scsi.status, type == 1 ? 0x00 : 0x18);
        rig_device_release(unit.device, &unit.scsi);
        BEGIN(&unit, 0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0);
        CHECK_GOOD(&unit);
        fixture_close(&unit);
    }
}

static void others_failures_have_the_format_asked_for(void)
{
    static const uint8_t descriptor_sense[] = {0, 0, 0, 0, 0x0a, 10, 0x04, 0x10};
    uint8_t list[16] = {0};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    memcpy(list, descriptor_sense, sizeof descriptor_sense);
    WRITE(&unit, list, 0x15, 0x10, 0, 0, 16, 0);
    CHECK_GOOD(&unit);
    rig_device_fail(unit.device, &unit.scsi, 0x0b, 0x0c, 0x0d);
    CU_ASSERT_EQUAL(unit.scsi.sense_len, 8);
    CU_ASSERT_EQUAL(memcmp(unit.scsi.sense, "\x72\x0b\x0c\x0d\x00\x00\x00\x00", 8), 0);
    rig_device_fail(NULL, &unit.scsi, 0x0b, 0x0c, 0x0d);
    CHECK_SENSE(&unit, 0x0b, 0x0c, 0x0d);
    fixture_close(&unit);
}

/* SPC-4 section 4.2.3: byte 7 of a CDB of 32 bytes is 18h; an unknown service action is pointed at. */
static void long_cdbs_say_how_long_they_are(void)
{
    uint8_t cdb[32] = {0x7f, [7] = 0x18, [9] = 0x09, [31] = 1};
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,protection=2");
    unit.scsi.cdb = rig_view_of(cdb, sizeof cdb);
    rig_device_begin(unit.device, &unit.scsi);
    CHECK_GOOD(&unit);
    rig_device_release(unit.device, &unit.scsi);
    for (uint8_t len = 0; len < 0x18; len = (uint8_t)(len + 8)) {
        cdb[7] = len;
        rig_device_begin(unit.device, &unit.scsi);
        CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
        CU_ASSERT_EQUAL(unit.scsi.sense[17], 7);
    }
    cdb[9] = 0x77;
    rig_device_begin(unit.device, &unit.scsi);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.sense[17], 8);
    fixture_close(&unit);
}

RIG_SUITE("device precedence", {"conflicts go before attentions", conflicts_go_before_attentions},
          {"attentions of resets go before conflicts", attentions_of_resets_go_before_conflicts},
          {"attentions go before the rest", attentions_go_before_the_rest},
          {"attentions have a limit", attentions_have_a_limit},
          {"starting and allowing pass reservations", starting_and_allowing_pass_reservations},
          {"supported commands are not for everybody", supported_commands_are_not_for_everybody},
          {"others' failures have the format asked for", others_failures_have_the_format_asked_for},
          {"long CDBs say how long they are", long_cdbs_say_how_long_they_are})
