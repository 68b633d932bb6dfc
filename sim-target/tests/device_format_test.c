/* FORMAT UNIT (SBC-3 section 5.2): what it leaves, what its parameter list may say. */
#include "device_fixture.h"

#define FORMAT(unit, list, flags)                                                                            \
    ((unit)->scsi.expected = sizeof(list) - 1, WRITE(unit, list, 0x04, flags, 0, 0, 0, 0),                   \
     (unit)->scsi.expected = 0)

static void write_block(fixture *unit, uint8_t lba, uint8_t value)
{
    uint8_t block[4096];
    memset(block, value, sizeof block);
    WRITE(unit, block, 0x2a, 0, 0, 0, 0, lba, 0, 0, 1, 0);
    CHECK_GOOD(unit);
}

static bool block_is(fixture *unit, uint8_t lba, uint8_t value)
{
    uint64_t len = READ(unit, 0x28, 0, 0, 0, 0, lba, 0, 0, 1, 0);
    return len > 0 && fixture_all(unit->data, value, len);
}

static void without_a_list(void)
{
    fixture unit;
    fixture_open(&unit, "ram:64K");
    write_block(&unit, 0, 'a');
    write_block(&unit, 127, 'b');
    BEGIN(&unit, 0x04, 0, 0, 0, 0, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.direction, RIG_CDB_NONE);
    CU_ASSERT(block_is(&unit, 0, 0));
    CU_ASSERT(block_is(&unit, 127, 0));
    fixture_close(&unit);
    fixture_open(&unit, "pattern:64K"); /* has its content for ever */
    BEGIN(&unit, 0x04, 0, 0, 0, 0, 0);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

static void with_either_header(void)
{
    fixture unit;
    fixture_open(&unit, "ram:64K");
    write_block(&unit, 3, 'a');
    FORMAT(&unit, "\x00\x82\x00\x00", 0x10); /* FOV, IMMED */
    CHECK_GOOD(&unit);
    CU_ASSERT(block_is(&unit, 3, 0));
    write_block(&unit, 3, 'a');
    FORMAT(&unit, "\x00\x00\x00\x00\x00\x00\x00\x00", 0x30);
    CHECK_GOOD(&unit);
    CU_ASSERT(block_is(&unit, 3, 0));
    WRITE(&unit, "\x00\x00\x00\x00", 0x04, 0x10, 0, 0, 0, 0); /* nothing announced: a header */
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.length, 4);
    fixture_close(&unit);
}

static void with_a_pattern(void)
{
    fixture unit;
    fixture_open(&unit, "ram:64K");
    FORMAT(&unit, "\x00\x88\x00\x00\x20\x01\x00\x03xyz", 0x10);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 127, 0, 0, 1, 0), 512);
    CU_ASSERT_EQUAL(memcmp(unit.data, "xyzxyz", 6), 0);
    CU_ASSERT_EQUAL(memcmp(unit.data + 507, "xyzxy", 5), 0);
    FORMAT(&unit, "\x00\x88\x00\x00\x00\x00\x00\x00", 0x10); /* the default one */
    CHECK_GOOD(&unit);
    CU_ASSERT(block_is(&unit, 127, 0));
    fixture_close(&unit);
    fixture_open(&unit, "ram:2G"); /* too much to fill at once */
    FORMAT(&unit, "\x00\x88\x00\x00\x00\x01\x00\x01x", 0x10);
    CHECK_SENSE(&unit, 0x05, 0x26, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.sense[17], 5);
    fixture_close(&unit);
}

/* A pattern as long as a block is the longest. */
static void patterns_have_a_limit(void)
{
    for (uint16_t len = 512; len <= 513; len++) {
        uint8_t list[8 + 513] = {0, 0x88, 0, 0, 0, 1, (uint8_t)(len >> 8), (uint8_t)len};
        fixture unit;
        memset(list + 8, 'p', len);
        fixture_open(&unit, "ram:64K");
        unit.scsi.expected = 8u + len;
        WRITE(&unit, list, 0x04, 0x10, 0, 0, 0, 0);
        CU_ASSERT_EQUAL(unit.scsi.status, len == 512 ? 0x00 : 0x02);
        CU_ASSERT(block_is(&unit, 1, len == 512 ? 'p' : 0));
        fixture_close(&unit);
    }
    fixture unit;
    fixture_open(&unit, "ram:64K");
    unit.scsi.expected = 1u << 20; /* what nobody can mean does not come */
    BEGIN(&unit, 0x04, 0x10, 0, 0, 0, 0);
    CU_ASSERT_EQUAL(unit.scsi.length, 8 + 4 + 4096);
    rig_device_finish(unit.device, &unit.scsi, 0, true);
    fixture_close(&unit);
}

static void lists_are_checked(void)
{
    static const struct wrong_list {
        uint8_t flags, list[12], len, byte; /* byte 0xff: its length is wrong */
    } rows[] = {
        {0x10, {0x08}, 4, 0},
        {0x10, {0x01}, 4, 0}, /* PROTECTION FIELD USAGE */
        {0x10, {0, 0x01}, 4, 1},
        {0x10, {0, 0x04}, 4, 1},
        {0x10, {0, 0x08, 0, 0, 0, 0, 0, 0}, 8, 1}, /* IP without FOV */
        {0x10, {0, 0x40}, 4, 1},
        {0x10, {0, 0, 0, 4, 0, 0, 0, 0}, 8, 2}, /* a defect list */
        {0x30, {0, 0, 1}, 8, 2},
        {0x30, {0, 0, 0, 1}, 8, 3},
        {0x30, {0, 0, 0, 0, 0, 0, 0, 8}, 8, 4},
        {0x10, {0, 0x88, 0, 0, 0x40, 0, 0, 0}, 8, 4},
        {0x10, {0, 0x88, 0, 0, 0, 0x02, 0, 0}, 8, 5},
        {0x10, {0, 0x88, 0, 0, 0, 0x01, 0, 0}, 8, 6},
        {0x10, {0, 0x88, 0, 0, 0, 0x00, 0, 1, 1}, 9, 6},
        {0x10, {0, 0x88, 0, 0, 0, 0x01, 0}, 7, 0xff},
        {0x10, {0, 0x88, 0, 0, 0, 0x01, 0, 2, 1}, 9, 0xff},
        {0x10, {0}, 3, 0xff},
        {0x30, {0}, 7, 0xff},
    };
    fixture unit;
    fixture_open(&unit, "ram:64K");
    write_block(&unit, 9, 'k');
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unit.scsi.expected = rows[i].len;
        WRITE(&unit, rows[i].list, 0x04, rows[i].flags, 0, 0, 0, 0);
        CHECK_SENSE(&unit, 0x05, rows[i].byte == 0xff ? 0x1a : 0x26, 0x00);
        CU_ASSERT_EQUAL(unit.scsi.sense[17], rows[i].byte == 0xff ? 0 : rows[i].byte);
    }
    unit.scsi.expected = 4;
    BEGIN(&unit, 0x04, 0x10, 0, 0, 0, 0);
    fixture_give(&unit, (const uint8_t *)"\x00\x00", 2); /* cut short */
    CHECK_SENSE(&unit, 0x05, 0x1a, 0x00);
    unit.scsi.expected = 0;
    CU_ASSERT(block_is(&unit, 9, 'k'));
    fixture_close(&unit);
}

/* Table 35: FMTPINFO and PROTECTION FIELD USAGE by type; a unit is not formatted with another one. */
static void protection_stays(void)
{
    static const char *const units[] = {"ram:64K", "ram:64K,protection=1", "ram:64K,protection=2",
                                        "ram:64K,protection=3"};
    static const uint8_t infos[] = {0x00, 0x80, 0xc0, 0xc0};
    for (unsigned type = 0; type < 4; type++) {
        fixture unit;
        fixture_open_unit(&unit, units[type]);
        for (unsigned info = 0; info < 0x100; info += 0x40)
            for (uint8_t usage = 0; usage < 2; usage++) {
                uint8_t list[4] = {usage};
                unit.scsi.expected = 4;
                WRITE(&unit, list, 0x04, (uint8_t)(0x10 | info), 0, 0, 0, 0);
                bool right = info == infos[type] && usage == (type == 3);
                CU_ASSERT_EQUAL(unit.scsi.status, right ? 0x00 : 0x02);
            }
        BEGIN(&unit, 0x04, infos[type], 0, 0, 0, 0);
        CU_ASSERT_EQUAL(unit.scsi.status, type == 3 ? 0x02 : 0x00);
        fixture_close(&unit);
    }
}

/* Section 4.22.2: all ones behind every block. */
static void protection_information_is_fresh(void)
{
    fixture unit;
    fixture_open_unit(&unit, "ram:64K,protection=1");
    write_block(&unit, 2, 'a');
    BEGIN(&unit, 0x04, 0x80, 0, 0, 0, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0x20, 0, 0, 0, 2, 0, 0, 1, 0), 520);
    CU_ASSERT(fixture_all(unit.data, 0, 512));
    CU_ASSERT(fixture_all(unit.data + 512, 0xff, 8));
    fixture_close(&unit);
}

static void formatting_is_writing(void)
{
    fixture unit;
    fixture_open_unit(&unit, "ram:64K,read-only");
    BEGIN(&unit, 0x04, 0, 0, 0, 0, 0);
    CHECK_REFUSED(&unit, 0x07, 0x27, 0x00);
    fixture_close(&unit);
    fixture_open_unit(&unit, "ram:64K,removable,empty");
    BEGIN(&unit, 0x04, 0, 0, 0, 0, 0);
    CHECK_REFUSED(&unit, 0x02, 0x3a, 0x00);
    fixture_close(&unit);
    fixture_open(&unit, "ram:64K");
    BEGIN(&unit, 0x16);
    unit.scsi.nexus = 2;
    BEGIN(&unit, 0x04, 0, 0, 0, 0, 0);
    CU_ASSERT_EQUAL(unit.scsi.status, 0x18);
    fixture_close(&unit);
}

RIG_SUITE("device format", {"without a list", without_a_list}, {"with either header", with_either_header},
          {"with a pattern", with_a_pattern}, {"patterns have a limit", patterns_have_a_limit},
          {"lists are checked", lists_are_checked}, {"protection stays", protection_stays},
          {"protection information is fresh", protection_information_is_fresh},
          {"formatting is writing", formatting_is_writing})
