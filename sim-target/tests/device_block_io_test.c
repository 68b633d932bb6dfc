/* READ, WRITE, VERIFY and their kin: typed CDBs of each length, ranges, flags, data cut short. */
#include "device_fixture.h"

static void reads_and_writes_every_cdb_length(void)
{
    fixture unit;
    fixture_open(&unit, "ram:4M");
    uint8_t block[512];
    memset(block, 0x5a, sizeof block);
    WRITE(&unit, block, 0x0a, 0, 0, 7, 1, 0);
    CHECK_GOOD(&unit);
    WRITE(&unit, block, 0x2a, 0, 0, 0, 0, 8, 0, 0, 1, 0);
    CHECK_GOOD(&unit);
    WRITE(&unit, block, 0xaa, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0);
    CHECK_GOOD(&unit);
    WRITE(&unit, block, 0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 1, 0, 0);
    CHECK_GOOD(&unit);

    CU_ASSERT_EQUAL(READ(&unit, 0x08, 0, 0, 6, 6, 0), 6 * 512);
    CU_ASSERT(fixture_all(unit.data, 0, 512));
    CU_ASSERT(fixture_all(unit.data + 512, 0x5a, 4 * 512));
    CU_ASSERT(fixture_all(unit.data + 5 * 512, 0, 512));
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 7, 0, 0, 4, 0), 4 * 512);
    CU_ASSERT(fixture_all(unit.data, 0x5a, 4 * 512));
    CU_ASSERT_EQUAL(READ(&unit, 0xa8, 0, 0, 0, 0, 10, 0, 0, 0, 2, 0, 0), 2 * 512);
    CU_ASSERT(fixture_all(unit.data, 0x5a, 512));
    CU_ASSERT_EQUAL(READ(&unit, 0x88, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0), 512);
    CU_ASSERT_EQUAL(unit.scsi.direction, RIG_CDB_IN);
    CU_ASSERT(fixture_all(unit.data, 0x5a, 512));
    fixture_close(&unit);
}

static void read_6_of_zero_blocks_means_256(void)
{
    fixture unit;
    fixture_open(&unit, "null:1M");
    CU_ASSERT_EQUAL(READ(&unit, 0x08, 0, 0, 0, 0, 0), 256 * 512);
    fixture_close(&unit);
}

static void zero_blocks_are_good_without_data(void)
{
    static const uint8_t opcodes[] = {0x28, 0x2a, 0x2e, 0x2f, 0xa8, 0xaa, 0xae,
                                      0xaf, 0x88, 0x8a, 0x8e, 0x8f, 0x89, 0x8b};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    for (size_t i = 0; i < sizeof opcodes; i++) {
        BEGIN(&unit, opcodes[i], 0);
        CHECK_GOOD(&unit);
        CU_ASSERT_EQUAL(unit.scsi.direction, RIG_CDB_NONE);
        CU_ASSERT_EQUAL(unit.scsi.length, 0);
    }
    /* The block behind the last one is the first address that is refused for no blocks only when exceeded. */
    BEGIN(&unit, 0x28, 0, 0, 0, 0x08, 0x00, 0, 0, 0, 0);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x28, 0, 0, 0, 0x08, 0x01, 0, 0, 0, 0);
    CHECK_REFUSED(&unit, 0x05, 0x21, 0x00);
    fixture_close(&unit);
}

static void addresses_beyond_the_end_are_refused(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M"); /* 2048 blocks */
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0x07, 0xff, 0, 0, 1, 0), 512);
    BEGIN(&unit, 0x28, 0, 0, 0, 0x07, 0xff, 0, 0, 2, 0);
    CHECK_REFUSED(&unit, 0x05, 0x21, 0x00);
    BEGIN(&unit, 0x2a, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x05, 0x21, 0x00);
    BEGIN(&unit, 0x88, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0);
    CHECK_REFUSED(&unit, 0x05, 0x21, 0x00);
    BEGIN(&unit, 0x08, 0x1f, 0xff, 0xff, 1, 0);
    CHECK_REFUSED(&unit, 0x05, 0x21, 0x00);
    BEGIN(&unit, 0x91, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x01, 0, 0, 0, 0, 0, 0);
    CHECK_REFUSED(&unit, 0x05, 0x21, 0x00);
    BEGIN(&unit, 0x34, 0, 0, 0, 0x07, 0xff, 0, 0, 2, 0);
    CHECK_REFUSED(&unit, 0x05, 0x21, 0x00);
    fixture_close(&unit);
}

static void transfers_above_the_limit_are_refused(void)
{
    fixture unit;
    fixture_open(&unit, "null:1G");
    BEGIN(&unit, 0x88, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0); /* 131072 blocks: 64 MiB */
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.length, RIG_DEVICE_TRANSFER_MAX);
    CU_ASSERT_EQUAL(fixture_total(&unit.scsi), RIG_DEVICE_TRANSFER_MAX);
    rig_device_release(unit.device, &unit.scsi);
    BEGIN(&unit, 0x88, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 1, 0, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    fixture_close(&unit);
}

static void a_write_of_all_that_is_allowed_grows_its_list_outside(void)
{
    fixture unit;
    fixture_open(&unit, "pattern:1G");
    BEGIN(&unit, 0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0x02, 0, 0, 0, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT(unit.scsi.num_iov > RIG_SCSI_IOV);
    CU_ASSERT_EQUAL(fixture_total(&unit.scsi), RIG_DEVICE_TRANSFER_MAX);
    rig_device_finish(unit.device, &unit.scsi, 0, true);
    CU_ASSERT_EQUAL(unit.scsi.num_iov, 0);
    fixture_close(&unit);
}

static void protection_and_reserved_bits_are_refused(void)
{
    static const uint8_t cdbs[][2] = {{0x28, 0x20}, {0x2a, 0xe0}, {0x28, 0x04}, {0xa8, 0x20}, {0x8a, 0x40},
                                      {0x2f, 0x20}, {0x8e, 0x20}, {0x00, 0x01}, {0x41, 0x20}, {0x8b, 0x20}};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    for (size_t i = 0; i < sizeof cdbs / sizeof cdbs[0]; i++) {
        BEGIN(&unit, cdbs[i][0], cdbs[i][1]);
        CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
        CU_ASSERT_EQUAL(unit.scsi.sense[15] & 0xc8, 0xc8); /* SKSV, C/D, BPV */
        CU_ASSERT_EQUAL(unit.scsi.sense[16] << 8 | unit.scsi.sense[17], 1);
    }
    BEGIN(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0x04); /* NACA */
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.sense[15], 0xca);
    CU_ASSERT_EQUAL(unit.scsi.sense[17], 9);
    fixture_close(&unit);
}

static void dpo_and_fua_are_taken(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0x18, 0, 0, 0, 0, 0, 0, 1, 0), 512);
    CHECK_GOOD(&unit);
    WRITE(&unit, unit.data, 0x2a, 0x18, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

static void fill_two_blocks(fixture *unit, uint8_t value)
{
    memset(unit->data, value, 1024);
    WRITE(unit, unit->data, 0x2a, 0, 0, 0, 0, 0, 0, 0, 2, 0);
    CHECK_GOOD(unit);
}

/* What an initiator sees that announces less data than its CDB asks for: only that much changes. */
static void cut_short(const char *backing, uint8_t opcode, uint64_t expected, uint64_t got, size_t changed)
{
    fixture unit;
    fixture_open(&unit, backing);
    fill_two_blocks(&unit, 'a');
    memset(unit.data, 'b', 1024);
    unit.scsi.expected = expected;
    if (opcode < 0x80)
        BEGIN(&unit, opcode, 0, 0, 0, 0, 0, 0, 0, 2, 0);
    else if (opcode >= 0xa0)
        BEGIN(&unit, opcode, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0);
    else
        BEGIN(&unit, opcode, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0);
    CU_ASSERT_EQUAL(unit.scsi.length, 1024);
    fixture_give(&unit, unit.data, got);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.length, 1024);
    unit.scsi.expected = 0;
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0), 1024);
    CU_ASSERT(fixture_all(unit.data, 'b', changed));
    CU_ASSERT(fixture_all(unit.data + changed, 'a', 1024 - changed));
    fixture_close(&unit);
}

static void an_overflow_changes_whole_blocks_only(void)
{
    static const uint8_t opcodes[] = {0x2a, 0xaa, 0x8a, 0x2e, 0xae, 0x8e};
    for (size_t i = 0; i < sizeof opcodes; i++) {
        cut_short("ram:1M", opcodes[i], 512, 512, 512);
        cut_short("ram:1M", opcodes[i], 0, 512, 512);
        cut_short("ram:1M", opcodes[i], 200, 200, 0);
        cut_short("ram:1M", opcodes[i], 712, 712, 512);
        cut_short("ram:1M", opcodes[i], 0, 0, 0);
    }
}

static void an_abandoned_write_keeps_the_status_and_gives_everything_back(void)
{
    fixture unit;
    fixture_open(&unit, "pattern:1M");
    BEGIN(&unit, 0x2a, 0, 0, 0, 0, 0, 0, 0, 8, 0);
    rig_device_finish(unit.device, &unit.scsi, 0, true);
    CHECK_GOOD(&unit);
    rig_device_fail(unit.device, &unit.scsi, 0x0b, 0x47, 0x05);
    CHECK_SENSE(&unit, 0x0b, 0x47, 0x05);
    rig_device_release(unit.device, &unit.scsi);
    rig_device_release(unit.device, &unit.scsi);
    fixture_close(&unit);
}

static void verify_compares_what_it_is_told_to(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    fill_two_blocks(&unit, 'v');
    BEGIN(&unit, 0x2f, 0, 0, 0, 0, 0, 0, 0, 2, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.direction, RIG_CDB_NONE);
    WRITE(&unit, unit.data, 0x2f, 0x02, 0, 0, 0, 0, 0, 0, 2, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.length, 1024);
    unit.data[1000] ^= 1;
    WRITE(&unit, unit.data, 0x2f, 0x02, 0, 0, 0, 0, 0, 0, 2, 0);
    CHECK_SENSE(&unit, 0x0e, 0x1d, 0x00);
    WRITE(&unit, unit.data, 0xaf, 0x02, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0);
    CHECK_SENSE(&unit, 0x0e, 0x1d, 0x00);
    WRITE(&unit, unit.data, 0x8f, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0);
    CHECK_SENSE(&unit, 0x0e, 0x1d, 0x00);
    /* BYTCHK 3: one block for all; 2 is reserved */
    WRITE(&unit, unit.data, 0x8f, 0x06, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.length, 512);
    WRITE(&unit, unit.data, 0x8f, 0x06, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0);
    CHECK_SENSE(&unit, 0x0e, 0x1d, 0x00);
    BEGIN(&unit, 0x8f, 0x04, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    fixture_close(&unit);
}

static void write_and_verify_writes_and_compares(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    memset(unit.data, 'w', 1024);
    WRITE(&unit, unit.data, 0x2e, 0x02, 0, 0, 0, 1, 3, 0, 2, 0); /* with a group number */
    CHECK_GOOD(&unit);
    WRITE(&unit, unit.data, 0xae, 0x00, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 6, 0), 6 * 512);
    CU_ASSERT(fixture_all(unit.data, 0, 512));
    CU_ASSERT(fixture_all(unit.data + 512, 'w', 1024));
    CU_ASSERT(fixture_all(unit.data + 3 * 512, 0, 512));
    CU_ASSERT(fixture_all(unit.data + 4 * 512, 'w', 512));
    BEGIN(&unit, 0x8e, 0x06, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    fixture_close(&unit);
}

static void compare_and_write_is_all_or_nothing(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    memset(unit.data, 0, 512);
    memset(unit.data + 512, 'n', 512);
    WRITE(&unit, unit.data, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.length, 1024);
    /* now it holds 'n': comparing with zeros fails at byte 0 */
    WRITE(&unit, unit.data, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0);
    CHECK_SENSE(&unit, 0x0e, 0x1d, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.sense[0], 0xf0);
    CU_ASSERT_EQUAL(unit.scsi.sense[6], 0);
    memset(unit.data, 'n', 1024);
    unit.data[300] = 'x';
    WRITE(&unit, unit.data, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0);
    CHECK_SENSE(&unit, 0x0e, 0x1d, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.sense[5] << 8 | unit.scsi.sense[6], 300);
    unit.scsi.expected = 512;
    BEGIN(&unit, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0); /* data for no blocks */
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    unit.scsi.expected = 0;
    BEGIN(&unit, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0);
    fixture_give(&unit, unit.data, 700);
    CHECK_SENSE(&unit, 0x05, 0x24, 0x00);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 5, 0, 0, 1, 0), 512);
    CU_ASSERT(fixture_all(unit.data, 'n', 512));
    fixture_close(&unit);
}

static void write_atomic_is_all_or_nothing(void)
{
    fixture unit;
    fixture_open(&unit, "ram:4M");
    memset(unit.data, 0x21, 1024);
    BEGIN(&unit, 0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0);
    fixture_give(&unit, unit.data, 512);
    CHECK_SENSE(&unit, 0x05, 0x1a, 0x00);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 3, 0, 0, 2, 0), 1024);
    CU_ASSERT(fixture_all(unit.data, 0, 1024));
    memset(unit.data, 0x21, 1024);
    WRITE(&unit, unit.data, 0x9c, 0x18, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 2, 0, 0, 4, 0), 2048);
    CU_ASSERT(fixture_all(unit.data, 0, 512));
    CU_ASSERT(fixture_all(unit.data + 512, 0x21, 1024));
    CU_ASSERT(fixture_all(unit.data + 1536, 0, 512));
    BEGIN(&unit, 0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 2, 0, 0); /* boundaries are not offered */
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x01, 0, 0); /* one above 1 MiB */
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0x9c, 0, 0, 0, 0, 0, 0, 0, 0x1f, 0xff, 0, 0, 0, 2, 0, 0);
    CHECK_REFUSED(&unit, 0x05, 0x21, 0x00);
    BEGIN(&unit, 0x9c, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.direction, RIG_CDB_NONE);
    fixture_close(&unit);
}

static void write_atomic_keeps_to_physical_blocks(void)
{
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,physical=1024");
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 1, 0xb0, 0, 255, 0), 64);
    CU_ASSERT_EQUAL(memcmp(unit.data + 48, "\x00\x00\x00\x02\x00\x00\x00\x02", 8), 0);
    BEGIN(&unit, 0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    memset(unit.data, 0x21, 1024);
    WRITE(&unit, unit.data, 0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

static void defect_lists_are_empty(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    CU_ASSERT_EQUAL(READ(&unit, 0x37, 0, 0x1d, 0, 0, 0, 0, 1, 0, 0), 4);
    CU_ASSERT_EQUAL(memcmp(unit.data, "\x00\x1d\x00\x00", 4), 0);
    CU_ASSERT_EQUAL(READ(&unit, 0xb7, 0x0d, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0), 8);
    CU_ASSERT_EQUAL(memcmp(unit.data, "\x00\x0d\x00\x00\x00\x00\x00\x00", 8), 0);
    fixture_close(&unit);
}

static void or_write_keeps_set_bits(void)
{
    fixture unit;
    fixture_open(&unit, "ram:4M");
    fill_two_blocks(&unit, 0x0f);
    memset(unit.data, 0x30, 1536);
    WRITE(&unit, unit.data, 0x8b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 4, 0), 2048);
    CU_ASSERT(fixture_all(unit.data, 0x3f, 1024));
    CU_ASSERT(fixture_all(unit.data + 1024, 0x30, 512));
    CU_ASSERT(fixture_all(unit.data + 1536, 0, 512));
    fixture_close(&unit);
}

static void prefetch_and_synchronize_move_nothing(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    BEGIN(&unit, 0x34, 0x02, 0, 0, 0, 0, 0, 0, 9, 0);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x35, 0x02, 0, 0, 0, 0, 0, 0, 0, 0);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x91, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.direction, RIG_CDB_NONE);
    fixture_close(&unit);
}

static void blocks_of_4096_bytes_count_as_such(void)
{
    fixture unit;
    fixture_open_blocks(&unit, "ram:1M", 4096);
    CU_ASSERT_EQUAL(rig_device_block_len(unit.device), 4096);
    memset(unit.data, 0x44, 8192);
    WRITE(&unit, unit.data, 0x2a, 0, 0, 0, 0, 0xfe, 0, 0, 2, 0);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x28, 0, 0, 0, 0, 0xff, 0, 0, 2, 0);
    CHECK_REFUSED(&unit, 0x05, 0x21, 0x00);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 0xfd, 0, 0, 2, 0), 8192);
    CU_ASSERT(fixture_all(unit.data, 0, 4096));
    CU_ASSERT(fixture_all(unit.data + 4096, 0x44, 4096));
    fixture_close(&unit);
}

static void odd_block_lengths_are_refused(void)
{
    static const uint32_t wrong[] = {1, 511, 513, 520, 8192};
    rig_alloc_meter meter;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        rig_device *device = NULL;
        rig_device_config config = {.alloc = &meter.alloc, .block_len = wrong[i]};
        CU_ASSERT_EQUAL(rig_backing_null_new(&meter.alloc, 1 << 20, &config.backing), RIG_OK);
        CU_ASSERT_EQUAL(rig_device_new(&config, &device), RIG_E_ARGUMENT);
    }
    rig_device *device = NULL;
    rig_device_config config = {.alloc = &meter.alloc, .block_len = 4096};
    CU_ASSERT_EQUAL(rig_backing_null_new(&meter.alloc, 2048, &config.backing), RIG_OK);
    CU_ASSERT_EQUAL(rig_device_new(&config, &device), RIG_E_ARGUMENT);
    rig_device_free(NULL);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

RIG_SUITE("device block I/O",
          {"reads and writes with 6, 10, 12, 16 byte CDBs", reads_and_writes_every_cdb_length},
          {"READ(6) of 0 blocks means 256", read_6_of_zero_blocks_means_256},
          {"0 blocks are GOOD without data", zero_blocks_are_good_without_data},
          {"addresses beyond the end are refused", addresses_beyond_the_end_are_refused},
          {"transfers above the limit are refused", transfers_above_the_limit_are_refused},
          {"the biggest transfer needs more pieces than fit inside",
           a_write_of_all_that_is_allowed_grows_its_list_outside},
          {"protection and reserved bits are refused", protection_and_reserved_bits_are_refused},
          {"DPO and FUA are taken", dpo_and_fua_are_taken},
          {"data cut short changes whole blocks only", an_overflow_changes_whole_blocks_only},
          {"an abandoned write gives everything back",
           an_abandoned_write_keeps_the_status_and_gives_everything_back},
          {"VERIFY compares what it is told to", verify_compares_what_it_is_told_to},
          {"WRITE AND VERIFY writes and compares", write_and_verify_writes_and_compares},
          {"COMPARE AND WRITE is all or nothing", compare_and_write_is_all_or_nothing},
          {"WRITE ATOMIC is all or nothing", write_atomic_is_all_or_nothing},
          {"WRITE ATOMIC keeps to physical blocks", write_atomic_keeps_to_physical_blocks},
          {"defect lists are empty", defect_lists_are_empty},
          {"ORWRITE keeps set bits", or_write_keeps_set_bits},
          {"PRE-FETCH and SYNCHRONIZE CACHE move nothing", prefetch_and_synchronize_move_nothing},
          {"4096-byte blocks", blocks_of_4096_bytes_count_as_such},
          {"odd block lengths are refused", odd_block_lengths_are_refused})
