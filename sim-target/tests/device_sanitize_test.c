/* SANITIZE: what it leaves, what it refuses, and what a failed one does (SBC-3 sections 4.11 and 5.25). */
#include "device_fixture.h"

#define OVERWRITE(unit, list, len)                                                                           \
    WRITE(unit, list, 0x48, 0x01, 0, 0, 0, 0, 0, (uint8_t)((len) >> 8), (uint8_t)(len), 0)

static void fill(fixture *unit)
{
    memset(unit->data, 'a', 512);
    WRITE(unit, unit->data, 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    WRITE(unit, unit->data, 0x2a, 0, 0, 0, 0x07, 0xff, 0, 0, 1, 0);
}

/* Reads the first and the last block. */
static bool disk_is(fixture *unit, const uint8_t *pattern, size_t len)
{
    bool same = true;
    READ(unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    for (size_t i = 0; i < 512; i++)
        same = same && unit->data[i] == pattern[i % len];
    READ(unit, 0x28, 0, 0, 0, 0x07, 0xff, 0, 0, 1, 0);
    for (size_t i = 0; i < 512; i++)
        same = same && unit->data[i] == pattern[i % len];
    return same;
}

static void erasing_leaves_zeros(void)
{
    static const uint8_t bytes[] = {0x02, 0x03, 0x82, 0xa3}; /* block, cryptographic; IMMED, AUSE */
    fixture unit;
    fixture_open(&unit, "ram:1M");
    for (size_t i = 0; i < sizeof bytes; i++) {
        fill(&unit);
        BEGIN(&unit, 0x48, bytes[i]);
        CHECK_GOOD(&unit);
        CU_ASSERT_TRUE(disk_is(&unit, (const uint8_t[]){0}, 1));
        READ(&unit, 0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0);
        CU_ASSERT_EQUAL(unit.data[3], 4 + 16); /* one extent of all blocks */
        CU_ASSERT_EQUAL(memcmp(unit.data + 16, "\x00\x00\x08\x00\x01", 5), 0);
    }
    BEGIN(&unit, 0x48, 0x02, 0, 0, 0, 0, 0, 0, 8, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    READ(&unit, 0x12, 1, 0xb1, 0, 255, 0);
    CU_ASSERT_EQUAL(unit.data[7], 0x50); /* WABEREQ, WACEREQ */
    fixture_close(&unit);
}

static void overwriting_leaves_the_pattern(void)
{
    uint8_t list[516] = {0x01, 0, 0x00, 0x04, 1, 2, 3, 4};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    fill(&unit);
    OVERWRITE(&unit, list, 8);
    CHECK_GOOD(&unit);
    CU_ASSERT_TRUE(disk_is(&unit, list + 4, 4));
    list[0] = 0x82; /* INVERT, two passes */
    OVERWRITE(&unit, list, 8);
    CU_ASSERT_TRUE(disk_is(&unit, (const uint8_t[]){0xfe, 0xfd, 0xfc, 0xfb}, 4));
    list[0] = 0x83;
    OVERWRITE(&unit, list, 8);
    CU_ASSERT_TRUE(disk_is(&unit, list + 4, 4));
    memset(list + 4, 0xaa, 512);
    list[0] = 0x01;
    list[2] = 0x02;
    list[3] = 0x00;
    OVERWRITE(&unit, list, 516);
    CHECK_GOOD(&unit);
    CU_ASSERT_TRUE(disk_is(&unit, list + 4, 512));
    fixture_close(&unit);
}

static void lists_that_are_refused(void)
{
    static const struct {
        uint8_t list[6];
        uint8_t byte;
    } rows[] = {{{0x00, 0, 0, 2}, 0},
                {{0x21, 0, 0, 2}, 0},
                {{0x01, 1, 0, 2}, 1},
                {{0x01, 0, 0, 0}, 2},
                {{0x01, 0, 0, 3}, 2}};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        OVERWRITE(&unit, rows[i].list, 6);
        CHECK_SENSE(&unit, 0x05, 0x26, 0x00);
        CU_ASSERT_EQUAL(unit.scsi.sense[17], rows[i].byte);
    }
    for (unsigned len = 0; len < 5; len++) {
        BEGIN(&unit, 0x48, 0x01, 0, 0, 0, 0, 0, 0, (uint8_t)len, 0);
        CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    }
    BEGIN(&unit, 0x48, 0x01, 0, 0, 0, 0, 0, 0x02, 0x05, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0x48, 0x41, 0, 0, 0, 0, 0, 0, 8, 0); /* a reserved bit */
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0x48, 0x04);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    fixture_close(&unit);
}

static void only_what_can_be_done_is_offered(void)
{
    fixture unit;
    fixture_open(&unit, "pattern:1M"); /* nothing can be deallocated */
    BEGIN(&unit, 0x48, 0x02);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    READ(&unit, 0x12, 1, 0xb1, 0, 255, 0);
    CU_ASSERT_EQUAL(unit.data[7], 0);
    fixture_close(&unit);
    fixture_open(&unit, "null:2G"); /* too big to be written over at once */
    BEGIN(&unit, 0x48, 0x01, 0, 0, 0, 0, 0, 0, 6, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    fixture_close(&unit);
    fixture_open_unit(&unit, "ram:1M,read-only");
    BEGIN(&unit, 0x48, 0x02);
    CHECK_REFUSED(&unit, 0x07, 0x27, 0x00);
    fixture_close(&unit);
}

/* A pattern disk takes no other content, so that overwriting it fails. */
static void a_failed_one_closes_the_medium(void)
{
    static const uint8_t list[6] = {0x01, 0, 0, 2, 0x5a, 0x5a};
    fixture unit;
    fixture_open(&unit, "pattern:1M");
    OVERWRITE(&unit, list, 6);
    CHECK_SENSE(&unit, 0x03, 0x0c, 0x00);
    BEGIN(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x03, 0x31, 0x03);
    BEGIN(&unit, 0x00);
    CHECK_REFUSED(&unit, 0x03, 0x31, 0x03);
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 0, 0, 0, 36, 0), 36);
    BEGIN(&unit, 0x48, 0x1f); /* AUSE was not set */
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    WRITE(&unit, list, 0x48, 0x21, 0, 0, 0, 0, 0, 0, 6, 0);
    CHECK_SENSE(&unit, 0x03, 0x0c, 0x00);
    BEGIN(&unit, 0x48, 0x1f, 0, 0, 0, 0, 0, 0, 8, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0x48, 0x1f);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), 512);
    BEGIN(&unit, 0x48, 0x1f); /* nothing to leave: no error */
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

#define SECOND UINT64_C(1000000000)

/* NOT READY, SANITIZE IN PROGRESS, with how far it is in 65536ths. */
static void check_progress(const uint8_t *sense, uint16_t progress)
{
    CU_ASSERT_EQUAL(sense[2], 0x02);
    CU_ASSERT_EQUAL(memcmp(sense + 12, "\x04\x1b\x00\x80", 4), 0);
    CU_ASSERT_EQUAL(sense[16] << 8 | sense[17], progress);
}

static void progress_grows(void)
{
    static const struct {
        uint64_t now;
        uint16_t progress;
    } rows[] = {{100 * SECOND, 0},
                {101 * SECOND, 0x2000},
                {104 * SECOND, 0x8000},
                {108 * SECOND - 1, 0xffff},
                {99 * SECOND, 0}}; /* a clock that went back */
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,sanitize=8s");
    fill(&unit);
    unit.scsi.now = 100 * SECOND;
    BEGIN(&unit, 0x48, 0x82);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.until, 0); /* IMMED: answered at once */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unit.scsi.now = rows[i].now;
        BEGIN(&unit, 0x00);
        CHECK_REFUSED(&unit, 0x02, 0x04, 0x1b);
        check_progress(unit.scsi.sense, rows[i].progress);
        CU_ASSERT_EQUAL(READ(&unit, 0x03, 0, 0, 0, 252, 0), 18);
        CHECK_GOOD(&unit);
        CU_ASSERT_EQUAL(unit.data[0], 0x70);
        check_progress(unit.data, rows[i].progress);
    }
    unit.scsi.now = 108 * SECOND;
    READ(&unit, 0x03, 0, 0, 0, 252, 0);
    CU_ASSERT_EQUAL(unit.data[2], 0x00);
    CU_ASSERT_TRUE(disk_is(&unit, (const uint8_t[]){0}, 1));
    fixture_close(&unit);
}

static void without_immed_the_status_waits(void)
{
    static const uint8_t list[6] = {0x01, 0, 0, 2, 0x12, 0x34};
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,sanitize=1500ms");
    fill(&unit);
    unit.scsi.now = SECOND;
    BEGIN(&unit, 0x48, 0x01, 0, 0, 0, 0, 0, 0, 6, 0);
    unit.scsi.now = 3 * SECOND; /* when its data is there */
    fixture_give(&unit, list, 6);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.until, 4500 * SECOND / 1000);
    unit.scsi.now = 4500 * SECOND / 1000 - 1;
    BEGIN(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x02, 0x04, 0x1b);
    CU_ASSERT_EQUAL(unit.scsi.until, 0);
    unit.scsi.now++;
    CU_ASSERT_TRUE(disk_is(&unit, list + 4, 2));
    fixture_close(&unit);
    fixture_open_unit(&unit, "ram:1M,sanitize=0");
    unit.scsi.now = SECOND;
    BEGIN(&unit, 0x48, 0x02);
    CU_ASSERT_TRUE(unit.scsi.until <= unit.scsi.now);
    BEGIN(&unit, 0x00);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

/* Neither a reset nor another nexus gets past it; INQUIRY and REPORT LUNS do. */
static void what_goes_on_meanwhile(void)
{
    static const uint8_t refused[][2] = {{0x00, 0},    {0x08, 0}, {0x15, 0},   {0x1a, 0},
                                         {0x1b, 0},    {0x25, 0}, {0x28, 0},   {0x48, 0x02},
                                         {0x48, 0x1f}, {0x5e, 0}, {0xa3, 0x0c}};
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,sanitize=1m");
    CU_ASSERT_EQUAL(rig_device_nexus_new(unit.device, 1), RIG_OK);
    CU_ASSERT_EQUAL(rig_device_nexus_new(unit.device, 2), RIG_OK);
    BEGIN(&unit, 0x48, 0x02);
    CU_ASSERT_EQUAL(unit.scsi.until, 60 * SECOND);
    rig_device_reset(unit.device);
    rig_device_nexus_lost(unit.device, 1);
    unit.scsi.nexus = 2;
    BEGIN(&unit, 0x00);
    CHECK_REFUSED(&unit, 0x06, 0x29, 0x03); /* of the reset */
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        BEGIN(&unit, refused[i][0], refused[i][1]);
        CHECK_REFUSED(&unit, 0x02, 0x04, 0x1b);
    }
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 0, 0, 0, 36, 0), 36);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(READ(&unit, 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0), 16);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

/* A command whose data comes while an operation has begun is refused as a whole. */
static void data_that_comes_meanwhile(void)
{
    static const uint8_t list[6] = {0x01, 0, 0, 2, 0x12, 0x34};
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,sanitize=1m");
    rig_scsi other = {.nexus = 2, .cdb = rig_view_str("\x48\x82\0\0\0\0\0\0\0\0")};
    other.cdb.len = 10;
    BEGIN(&unit, 0x48, 0x01, 0, 0, 0, 0, 0, 0, 6, 0);
    rig_device_begin(unit.device, &other);
    CU_ASSERT_EQUAL(other.status, 0x00);
    fixture_give(&unit, list, 6);
    CHECK_SENSE(&unit, 0x02, 0x04, 0x1b);
    unit.scsi.now = 60 * SECOND;
    CU_ASSERT_TRUE(disk_is(&unit, (const uint8_t[]){0}, 1));
    fixture_close(&unit);
}

/* It is known to have failed once it has ended; with IMMED only what follows hears of it. */
static void failing_takes_time_too(void)
{
    static const uint8_t list[6] = {0x01, 0, 0, 2, 0x5a, 0x5a};
    fixture unit;
    fixture_open_unit(&unit, "pattern:1M,sanitize=1s");
    WRITE(&unit, list, 0x48, 0x01, 0, 0, 0, 0, 0, 0, 6, 0);
    CHECK_SENSE(&unit, 0x03, 0x0c, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.until, SECOND);
    BEGIN(&unit, 0x00);
    CHECK_REFUSED(&unit, 0x02, 0x04, 0x1b);
    unit.scsi.now = SECOND;
    BEGIN(&unit, 0x00);
    CHECK_REFUSED(&unit, 0x03, 0x31, 0x03);
    WRITE(&unit, list, 0x48, 0xa1, 0, 0, 0, 0, 0, 0, 6, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.sense_len, 0);
    BEGIN(&unit, 0x48, 0x1f);
    CHECK_REFUSED(&unit, 0x02, 0x04, 0x1b);
    unit.scsi.now = 2 * SECOND;
    BEGIN(&unit, 0x00);
    CHECK_REFUSED(&unit, 0x03, 0x31, 0x03);
    BEGIN(&unit, 0x48, 0x1f);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.until, 0);
    fixture_close(&unit);
}

static void a_unit_without_it(void)
{
    static const uint8_t services[] = {0x01, 0x02, 0x03, 0x1f};
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,sanitize=none");
    for (size_t i = 0; i < sizeof services; i++) {
        BEGIN(&unit, 0x48, services[i]);
        CHECK_REFUSED(&unit, 0x05, 0x20, 0x00);
        CU_ASSERT_EQUAL(READ(&unit, 0xa3, 0x0c, 2, 0x48, 0, services[i], 0, 0, 1, 0, 0, 0), 4);
        CU_ASSERT_EQUAL(unit.data[1], 0x01);
    }
    READ(&unit, 0x12, 1, 0xb1, 0, 255, 0);
    CU_ASSERT_EQUAL(unit.data[7], 0); /* WABEREQ, WACEREQ */
    fixture_close(&unit);
}

RIG_SUITE("device sanitize", {"erasing leaves zeros", erasing_leaves_zeros},
          {"progress grows", progress_grows},
          {"without IMMED the status waits", without_immed_the_status_waits},
          {"what goes on meanwhile", what_goes_on_meanwhile},
          {"data that comes meanwhile", data_that_comes_meanwhile},
          {"failing takes time too", failing_takes_time_too}, {"a unit without it", a_unit_without_it},
          {"overwriting leaves the pattern", overwriting_leaves_the_pattern},
          {"lists that are refused", lists_that_are_refused},
          {"only what can be done is offered", only_what_can_be_done_is_offered},
          {"a failed one closes the medium", a_failed_one_closes_the_medium})
