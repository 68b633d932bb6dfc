/* Errors put into a unit: whom they hit, when, and what comes of it. */
#include "device_fixture.h"

#define READ_10(unit, lba, blocks) BEGIN(unit, 0x28, 0, 0, 0, 0, lba, 0, 0, blocks, 0)

static void put(fixture *unit, const rig_device_error *error)
{
    CU_ASSERT_EQUAL(rig_device_inject(unit->device, error), RIG_OK);
}

static void medium_error_names_the_first_bad_block(void)
{
    static const rig_device_error bad = {
        .opcode = 0x28, .service = -1, .has_lba = true, .first = 100, .last = 120};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    put(&unit, &bad);
    READ_10(&unit, 96, 4); /* ends in front of it */
    CHECK_GOOD(&unit);
    rig_device_release(unit.device, &unit.scsi);
    READ_10(&unit, 96, 5);
    CHECK_REFUSED(&unit, 0x03, 0x11, 0x00);
    CU_ASSERT_EQUAL(memcmp(unit.scsi.sense, "\xf0\x00\x03\x00\x00\x00\x64", 7), 0);
    READ_10(&unit, 110, 20);
    CHECK_REFUSED(&unit, 0x03, 0x11, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.sense[6], 110);
    READ_10(&unit, 120, 1);
    CHECK_REFUSED(&unit, 0x03, 0x11, 0x00);
    READ_10(&unit, 121, 8);
    CHECK_GOOD(&unit);
    rig_device_release(unit.device, &unit.scsi);
    READ_10(&unit, 110, 0); /* no block is touched */
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x08, 0, 0, 110, 1, 0); /* another command */
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

static void writes_say_that_they_wrote_not(void)
{
    static const rig_device_error bad = {.any = true, .has_lba = true, .first = 5, .last = 5};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    put(&unit, &bad);
    BEGIN(&unit, 0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0);
    CHECK_REFUSED(&unit, 0x03, 0x0c, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.sense[0], 0xf0);
    CU_ASSERT_EQUAL(unit.scsi.sense[6], 5);
    BEGIN(&unit, 0x41, 0, 0, 0, 0, 0, 0, 0, 0, 0); /* WRITE SAME up to the end */
    CHECK_REFUSED(&unit, 0x03, 0x0c, 0x00);
    BEGIN(&unit, 0x2f, 0, 0, 0, 0, 5, 0, 0, 1, 0); /* VERIFY reads */
    CHECK_REFUSED(&unit, 0x03, 0x11, 0x00);
    BEGIN(&unit, 0x00); /* has no blocks */
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

static void check_turns(const rig_device_error *error, const char *expected)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    put(&unit, error);
    for (size_t i = 0; expected[i]; i++) {
        BEGIN(&unit, 0x00);
        CU_ASSERT_EQUAL(unit.scsi.status, expected[i] == 'B' ? 0x08 : 0x00);
    }
    fixture_close(&unit);
}

static void turns(void)
{
    check_turns(&(rig_device_error){.any = true, .kind = RIG_DEVICE_BUSY}, "BBBB");
    check_turns(&(rig_device_error){.any = true, .kind = RIG_DEVICE_BUSY, .count = 3}, "BBB..");
    check_turns(&(rig_device_error){.any = true, .kind = RIG_DEVICE_BUSY, .nth = 2}, ".B...");
    check_turns(&(rig_device_error){.any = true, .kind = RIG_DEVICE_BUSY, .every = 2}, ".B.B.B");
    check_turns(&(rig_device_error){.any = true, .kind = RIG_DEVICE_BUSY, .after = 2, .count = 1}, "..B..");
    /* private counters of the caller's copy mean nothing */
    check_turns(&(rig_device_error){.any = true, .kind = RIG_DEVICE_BUSY, .nth = 2, .seen = 1}, ".B.");
}

static void every_kind(void)
{
    static const struct {
        rig_device_error_kind kind;
        uint8_t status;
    } rows[] = {
        {RIG_DEVICE_BUSY, 0x08}, {RIG_DEVICE_RESERVATION_CONFLICT, 0x18}, {RIG_DEVICE_TASK_SET_FULL, 0x28}};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        put(&unit, &(rig_device_error){.any = true, .kind = rows[i].kind, .count = 1});
    put(&unit,
        &(rig_device_error){
            .any = true, .kind = RIG_DEVICE_SENSE, .key = 0x0b, .asc = 0x47, .ascq = 0x03, .count = 1});
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        READ_10(&unit, 0, 1);
        CU_ASSERT_EQUAL(unit.scsi.status, rows[i].status);
        CU_ASSERT_EQUAL(unit.scsi.sense_len, 0);
        CU_ASSERT_EQUAL(unit.scsi.length, 0);
    }
    READ_10(&unit, 0, 1);
    CHECK_REFUSED(&unit, 0x0b, 0x47, 0x03);
    READ_10(&unit, 0, 1);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

static void service_actions_are_told_apart(void)
{
    static const rig_device_error only = {.opcode = 0x9e, .service = 0x10, .kind = RIG_DEVICE_BUSY};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    put(&unit, &only);
    BEGIN(&unit, 0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 24, 0, 0);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0);
    CU_ASSERT_EQUAL(unit.scsi.status, 0x08);
    fixture_close(&unit);
}

static void the_unit_speaks_first(void)
{
    static const rig_device_error once = {.any = true, .kind = RIG_DEVICE_BUSY, .count = 1};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    CU_ASSERT_EQUAL(rig_device_nexus_new(unit.device, 1), RIG_OK);
    put(&unit, &once);
    rig_device_attention_one(unit.device, 1, 0x29, 0x07);
    BEGIN(&unit, 0x00);
    CHECK_REFUSED(&unit, 0x06, 0x29, 0x07);
    BEGIN(&unit, 0x28, 0x01);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0x28, 0, 0xff, 0, 0, 0, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x05, 0x21, 0x00);
    BEGIN(&unit, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.status, 0x08);
    fixture_close(&unit);
}

static void limits(void)
{
    static const rig_device_error any = {.any = true, .kind = RIG_DEVICE_BUSY, .nth = 1000};
    static const rig_device_error empty = {.any = true, .has_lba = true, .first = 2, .last = 1};
    static const rig_device_error key = {.any = true, .kind = RIG_DEVICE_SENSE, .key = 16};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    CU_ASSERT_EQUAL(rig_device_inject(unit.device, &empty), RIG_E_ARGUMENT);
    CU_ASSERT_EQUAL(rig_device_inject(unit.device, &key), RIG_E_ARGUMENT);
    for (size_t i = 0; i < RIG_DEVICE_ERRORS_MAX; i++)
        put(&unit, &any);
    CU_ASSERT_EQUAL(rig_device_inject(unit.device, &any), RIG_E_LIMIT);
    fixture_close(&unit);
}

/* WRITE ATOMIC has its count at another place. */
static void atomic_writes_touch_blocks(void)
{
    static const rig_device_error bad = {
        .opcode = 0x9c, .service = -1, .has_lba = true, .first = 5, .last = 5};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    put(&unit, &bad);
    BEGIN(&unit, 0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0);
    CHECK_GOOD(&unit);
    rig_device_finish(unit.device, &unit.scsi, 0, true);
    BEGIN(&unit, 0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0);
    CHECK_REFUSED(&unit, 0x03, 0x0c, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.sense[6], 5);
    BEGIN(&unit, 0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 1, 0, 0); /* a boundary is another matter */
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.sense[17], 10);
    fixture_close(&unit);
}

RIG_SUITE("device errors", {"medium errors", medium_error_names_the_first_bad_block},
          {"errors of writes", writes_say_that_they_wrote_not}, {"turns", turns}, {"every kind", every_kind},
          {"service actions", service_actions_are_told_apart},
          {"the unit speaks first", the_unit_speaks_first}, {"limits", limits},
          {"atomic writes", atomic_writes_touch_blocks})
