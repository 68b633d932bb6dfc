/* Units whose medium can be taken out, and write protected ones (SPC-4 section 6.18, SBC-3 section 5.25). */
#include "device_fixture.h"

#define EJECT(unit) BEGIN(unit, 0x1b, 0, 0, 0, 0x02, 0)
#define LOAD(unit) BEGIN(unit, 0x1b, 0, 0, 0, 0x03, 0)
#define TEST_READY(unit) BEGIN(unit, 0x00)

static void ejects_and_loads(void)
{
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,removable");
    memset(unit.data, 0x5a, 512);
    WRITE(&unit, unit.data, 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    EJECT(&unit);
    CHECK_GOOD(&unit);
    TEST_READY(&unit);
    CHECK_REFUSED(&unit, 0x02, 0x3a, 0x00);
    BEGIN(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x02, 0x3a, 0x00);
    BEGIN(&unit, 0x25);
    CHECK_REFUSED(&unit, 0x02, 0x3a, 0x00);
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 0, 0, 0, 36, 0), 36);
    CU_ASSERT_EQUAL(READ(&unit, 0x03, 0, 0, 0, 18, 0), 18);
    CU_ASSERT_EQUAL(unit.data[2], 0x02);
    CU_ASSERT_EQUAL(unit.data[12], 0x3a);
    BEGIN(&unit, 0x1b, 0, 0, 0, 0x01, 0); /* START alone loads nothing */
    CHECK_REFUSED(&unit, 0x02, 0x3a, 0x00);
    LOAD(&unit);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), 512);
    CU_ASSERT(fixture_all(unit.data, 0x5a, 512)); /* the same medium is back */
    fixture_close(&unit);
}

static void begins_empty(void)
{
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,removable,empty");
    TEST_READY(&unit);
    CHECK_REFUSED(&unit, 0x02, 0x3a, 0x00);
    CU_ASSERT_EQUAL(READ(&unit, 0x1a, 0, 0x08, 0, 255, 0), 4 + 8 + 20);
    CU_ASSERT_EQUAL(memcmp(unit.data + 4, "\x00\x00\x00\x00\x00\x00\x02\x00", 8), 0); /* no block */
    EJECT(&unit);
    CHECK_GOOD(&unit);
    LOAD(&unit);
    TEST_READY(&unit);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

static void others_learn_of_a_new_medium(void)
{
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,removable");
    CU_ASSERT_EQUAL(rig_device_nexus_new(unit.device, 1), RIG_OK);
    CU_ASSERT_EQUAL(rig_device_nexus_new(unit.device, 2), RIG_OK);
    LOAD(&unit); /* it is in already: nothing changes */
    unit.scsi.nexus = 2;
    TEST_READY(&unit);
    CHECK_GOOD(&unit);
    unit.scsi.nexus = 1;
    EJECT(&unit);
    LOAD(&unit);
    TEST_READY(&unit);
    CHECK_GOOD(&unit);
    unit.scsi.nexus = 2;
    TEST_READY(&unit);
    CHECK_REFUSED(&unit, 0x06, 0x28, 0x00);
    TEST_READY(&unit);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

static void prevent(fixture *unit, rig_nexus_id nexus, uint8_t how)
{
    unit->scsi.nexus = nexus;
    BEGIN(unit, 0x1e, 0, 0, 0, how, 0);
    CHECK_GOOD(unit);
}

static void what_keeps_a_medium_in_keeps_one_out(void)
{
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,removable");
    CU_ASSERT_EQUAL(rig_device_nexus_new(unit.device, 1), RIG_OK);
    prevent(&unit, 1, 1);
    LOAD(&unit); /* it is in already */
    CHECK_GOOD(&unit);
    prevent(&unit, 1, 0);
    EJECT(&unit);
    prevent(&unit, 1, 1);
    LOAD(&unit);
    CHECK_REFUSED(&unit, 0x05, 0x53, 0x02);
    TEST_READY(&unit);
    CHECK_REFUSED(&unit, 0x02, 0x3a, 0x00);
    prevent(&unit, 1, 0);
    LOAD(&unit);
    CHECK_GOOD(&unit);
    TEST_READY(&unit);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

static void always_on_is_never_stopped(void)
{
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,removable,always-on");
    for (uint8_t condition = 0; condition < 16; condition++) {
        BEGIN(&unit, 0x1b, 0, 0, 0, (uint8_t)(condition << 4), 0);
        CHECK_GOOD(&unit);
        TEST_READY(&unit);
        CHECK_GOOD(&unit);
    }
    EJECT(&unit);
    TEST_READY(&unit);
    CHECK_REFUSED(&unit, 0x02, 0x3a, 0x00);
    fixture_close(&unit);
}

static void any_nexus_keeps_the_medium_in(void)
{
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,removable");
    CU_ASSERT_EQUAL(rig_device_nexus_new(unit.device, 1), RIG_OK);
    CU_ASSERT_EQUAL(rig_device_nexus_new(unit.device, 2), RIG_OK);
    prevent(&unit, 1, 1);
    prevent(&unit, 2, 1);
    EJECT(&unit);
    CHECK_REFUSED(&unit, 0x05, 0x53, 0x02);
    prevent(&unit, 2, 0);
    EJECT(&unit);
    CHECK_REFUSED(&unit, 0x05, 0x53, 0x02);
    TEST_READY(&unit);
    CHECK_GOOD(&unit);
    rig_device_nexus_lost(unit.device, 1);
    EJECT(&unit);
    CHECK_GOOD(&unit);
    LOAD(&unit);
    prevent(&unit, 2, 1);
    rig_device_reset(unit.device);
    TEST_READY(&unit);
    CHECK_REFUSED(&unit, 0x06, 0x29, 0x03);
    EJECT(&unit);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x1e, 0, 0, 0, 0x03, 0); /* persistent prevention is obsolete */
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    fixture_close(&unit);
}

static void a_fixed_medium_stays(void)
{
    fixture unit;
    fixture_open_unit(&unit, "ram:1M");
    EJECT(&unit);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    LOAD(&unit);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    TEST_READY(&unit);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

static void write_protected(void)
{
    static const uint8_t writes[] = {0x0a, 0x2a, 0xaa, 0x8a, 0x2e, 0x41, 0x42, 0x89, 0x8b, 0x93};
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,read-only");
    for (size_t i = 0; i < sizeof writes; i++) {
        BEGIN(&unit, writes[i]);
        CHECK_REFUSED(&unit, 0x07, 0x27, 0x00);
    }
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), 512);
    CU_ASSERT_EQUAL(READ(&unit, 0x1a, 0x08, 0x08, 0, 255, 0), 24);
    CU_ASSERT_EQUAL(unit.data[2], 0x90); /* WP, DPOFUA */
    CU_ASSERT_EQUAL(READ(&unit, 0x5a, 0x08, 0x08, 0, 0, 0, 0, 0, 255, 0), 28);
    CU_ASSERT_EQUAL(unit.data[3], 0x90);
    fixture_close(&unit);
}

static rig_backing_ops counting;
static unsigned num_flushes;

static rig_status count_flush(rig_backing *backing)
{
    (void)backing;
    num_flushes++;
    return num_flushes == 3 ? RIG_E_IO : RIG_OK;
}

static unsigned flushes_of(fixture *unit, uint8_t how)
{
    unsigned before = num_flushes;
    BEGIN(unit, 0x1b, 0, 0, 0, how, 0);
    return num_flushes - before;
}

/* SBC-3 section 5.25: what was written is on the medium before it stops or goes, but with NO_FLUSH. */
static void stopping_flushes(void)
{
    fixture unit = {0};
    rig_alloc_meter_init(&unit.meter, rig_alloc_libc());
    rig_device_config config = {
        .alloc = &unit.meter.alloc, .backing = fixture_backing(&unit, "ram:1M"), .removable = true};
    counting = *config.backing->ops;
    counting.flush = count_flush;
    config.backing->ops = &counting;
    num_flushes = 0;
    CU_ASSERT_EQUAL_FATAL(rig_device_new(&config, &unit.device), RIG_OK);
    CU_ASSERT_EQUAL(flushes_of(&unit, 0x00), 1);
    CU_ASSERT_EQUAL(flushes_of(&unit, 0x01), 0);
    CU_ASSERT_EQUAL(flushes_of(&unit, 0x04), 0); /* NO_FLUSH */
    CU_ASSERT_EQUAL(flushes_of(&unit, 0x03), 0);
    CU_ASSERT_EQUAL(flushes_of(&unit, 0x02), 1);
    CU_ASSERT_EQUAL(flushes_of(&unit, 0x03), 0);
    CU_ASSERT_EQUAL(flushes_of(&unit, 0x02), 1); /* fails: the medium stays */
    CHECK_SENSE(&unit, 0x03, 0x0c, 0x00);
    TEST_READY(&unit);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

/* SBC-3 section 6.5.5: without a write cache UNMAP is durable when it ends. */
static void unmapping_without_a_cache_flushes(void)
{
    static const uint8_t range[24] = {0, 22, 0, 16, [19] = 1};
    uint8_t no_cache[24] = {0, 0, 0, 0, 0x08, 18};
    fixture unit = {0};
    rig_alloc_meter_init(&unit.meter, rig_alloc_libc());
    rig_device_config config = {.alloc = &unit.meter.alloc, .backing = fixture_backing(&unit, "ram:1M")};
    counting = *config.backing->ops;
    counting.flush = count_flush;
    config.backing->ops = &counting;
    num_flushes = 0;
    CU_ASSERT_EQUAL_FATAL(rig_device_new(&config, &unit.device), RIG_OK);
    WRITE(&unit, range, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(num_flushes, 0);
    WRITE(&unit, no_cache, 0x15, 0x10, 0, 0, 24, 0);
    CHECK_GOOD(&unit);
    WRITE(&unit, range, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(num_flushes, 1);
    fixture_close(&unit);
}

RIG_SUITE("device media", {"ejects and loads", ejects_and_loads}, {"begins empty", begins_empty},
          {"others learn of a new medium", others_learn_of_a_new_medium},
          {"what keeps a medium in keeps one out", what_keeps_a_medium_in_keeps_one_out},
          {"a unit that is always on is never stopped", always_on_is_never_stopped},
          {"any nexus keeps the medium in", any_nexus_keeps_the_medium_in},
          {"a fixed medium stays", a_fixed_medium_stays}, {"write protected", write_protected},
          {"stopping flushes", stopping_flushes},
          {"unmapping without a cache flushes", unmapping_without_a_cache_flushes})
