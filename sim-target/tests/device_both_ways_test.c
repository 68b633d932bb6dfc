/* XDWRITEREAD(10): the command that takes data and sends some back (SBC-3 section 5.56). */
#include "device_fixture.h"

/* Starts it at block 4 and gives all of `got` bytes; returns what came back in unit->data. */
static void xor_blocks(fixture *unit, uint8_t flags, uint8_t blocks, const uint8_t *data, uint64_t got)
{
    uint64_t at = 0;
    unit->scsi.both = true;
    BEGIN(unit, 0x53, flags, 0, 0, 0, 4, 0, 0, blocks, 0);
    CU_ASSERT_EQUAL(unit->scsi.direction, RIG_CDB_BIDI);
    CU_ASSERT_EQUAL(unit->scsi.length, blocks * 512u);
    CU_ASSERT_EQUAL(unit->scsi.back_length, blocks * 512u);
    fixture_give(unit, data, got);
    for (uint32_t i = 0; i < unit->scsi.num_back; i++) {
        memcpy(unit->data + at, unit->scsi.back_iov[i].iov_base, unit->scsi.back_iov[i].iov_len);
        at += unit->scsi.back_iov[i].iov_len;
    }
    CU_ASSERT(at >= unit->scsi.back_length);
    rig_device_release(unit->device, &unit->scsi);
    CU_ASSERT_EQUAL(unit->scsi.num_back, 0);
}

static void what_differs_comes_back(void)
{
    static uint8_t first[1024], second[1024];
    fixture unit;
    memset(first, 0x0f, sizeof first);
    memset(second, 0xf0, 512);
    memset(second + 512, 0x3c, 512);
    fixture_open(&unit, "ram:1M");
    xor_blocks(&unit, 0, 2, first, 1024);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.back_length, 1024);
    CU_ASSERT(fixture_all(unit.data, 0x0f, 1024));
    xor_blocks(&unit, 0, 2, second, 1024);
    CU_ASSERT(fixture_all(unit.data, 0xff, 512));
    CU_ASSERT(fixture_all(unit.data + 512, 0x33, 512));
    READ(&unit, 0x28, 0, 0, 0, 0, 4, 0, 0, 2, 0);
    CU_ASSERT_EQUAL(memcmp(unit.data, second, 1024), 0);
    fixture_close(&unit);
}

static void disable_write_only_compares(void)
{
    static uint8_t data[512];
    fixture unit;
    memset(data, 0x55, sizeof data);
    fixture_open(&unit, "ram:1M");
    xor_blocks(&unit, 0x04, 1, data, 512);
    CHECK_GOOD(&unit);
    CU_ASSERT(fixture_all(unit.data, 0x55, 512));
    READ(&unit, 0x28, 0, 0, 0, 0, 4, 0, 0, 1, 0);
    CU_ASSERT(fixture_all(unit.data, 0, 512));
    fixture_close(&unit);
}

static void whole_blocks_that_came_count(void)
{
    static uint8_t data[1024];
    fixture unit;
    memset(data, 0x55, sizeof data);
    fixture_open(&unit, "ram:1M");
    xor_blocks(&unit, 0, 2, data, 1000);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.back_length, 512);
    READ(&unit, 0x28, 0, 0, 0, 0, 4, 0, 0, 2, 0);
    CU_ASSERT(fixture_all(unit.data, 0x55, 512));
    CU_ASSERT(fixture_all(unit.data + 512, 0, 512));
    fixture_close(&unit);
}

static void failures_send_nothing_back(void)
{
    static uint8_t data[512];
    fixture unit;
    fixture_open(&unit, "pattern:1M");
    memset(data, 0xa5, sizeof data);
    xor_blocks(&unit, 0, 1, data, 512); /* not what a pattern disk can hold */
    CHECK_SENSE(&unit, 0x03, 0x0c, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.back_length, 0);
    BEGIN(&unit, 0x53, 0, 0, 0, 0, 4, 0, 0, 1, 0);
    rig_device_finish(unit.device, &unit.scsi, 0, true);
    CU_ASSERT_EQUAL(unit.scsi.num_back, 0);
    BEGIN(&unit, 0x53, 0, 0, 0, 0, 4, 0, 0, 0, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.direction, RIG_CDB_NONE);
    CU_ASSERT_EQUAL(unit.scsi.back_length, 0);
    BEGIN(&unit, 0x53, 0, 0, 0, 0x08, 0, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x05, 0x21, 0x00);
    unit.scsi.both = false;
    BEGIN(&unit, 0x53, 0, 0, 0, 0, 4, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x05, 0x20, 0x00);
    fixture_close(&unit);
}

RIG_SUITE("device both ways", {"what differs comes back", what_differs_comes_back},
          {"disable write", disable_write_only_compares}, {"whole blocks", whole_blocks_that_came_count},
          {"failures", failures_send_nothing_back})
