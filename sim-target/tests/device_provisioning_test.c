/* WRITE SAME, UNMAP, GET LBA STATUS. */
#include "device_fixture.h"

static void write_same_repeats_a_block(void)
{
    fixture unit;
    fixture_open(&unit, "ram:4M");
    for (size_t i = 0; i < 512; i++)
        unit.data[i] = (uint8_t)(i * 7);
    uint8_t block[512];
    memcpy(block, unit.data, sizeof block);
    WRITE(&unit, block, 0x41, 0, 0, 0, 0x07, 0xfe, 0, 0, 4, 0); /* across a chunk of the backing */
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.length, 512);
    WRITE(&unit, block, 0x93, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x02, 0, 0, 0, 2, 0, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0x07, 0xfd, 0, 0, 8, 0), 8 * 512);
    CU_ASSERT(fixture_all(unit.data, 0, 512));
    for (size_t i = 1; i < 7; i++)
        CU_ASSERT_EQUAL(memcmp(unit.data + 512 * i, block, 512), 0);
    CU_ASSERT(fixture_all(unit.data + 7 * 512, 0, 512));
    fixture_close(&unit);
}

static void write_same_of_no_number_goes_to_the_end(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    memset(unit.data, 0x77, 512);
    WRITE(&unit, unit.data, 0x41, 0, 0, 0, 0x07, 0xf0, 0, 0, 0, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0x07, 0xef, 0, 0, 17, 0), 17 * 512);
    CU_ASSERT(fixture_all(unit.data, 0, 512));
    CU_ASSERT(fixture_all(unit.data + 512, 0x77, 16 * 512));
    BEGIN(&unit, 0x41, 0, 0, 0, 0x08, 0x01, 0, 0, 0, 0);
    CHECK_REFUSED(&unit, 0x05, 0x21, 0x00);
    fixture_close(&unit);
    fixture_open(&unit, "null:1G"); /* the rest of the medium is above MAXIMUM WRITE SAME LENGTH */
    BEGIN(&unit, 0x93, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    fixture_close(&unit);
}

static void write_same_wants_one_block_of_data(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    unit.scsi.expected = 256;
    BEGIN(&unit, 0x41, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x05, 0x1a, 0x00);
    unit.scsi.expected = 1024;
    BEGIN(&unit, 0x93, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0);
    CHECK_REFUSED(&unit, 0x05, 0x1a, 0x00);
    unit.scsi.expected = 0;
    memset(unit.data, 0xee, 512);
    BEGIN(&unit, 0x41, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    fixture_give(&unit, unit.data, 511);
    CHECK_SENSE(&unit, 0x05, 0x1a, 0x00);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), 512);
    CU_ASSERT(fixture_all(unit.data, 0, 512));
    fixture_close(&unit);
}

/* SBC-3 section 6.6.4: LBPWS10 says whether WRITE SAME(10) has the UNMAP bit; WRITE SAME(16) has its own. */
static void lbpws10_says_what_write_same_10_takes(void)
{
    static const char *const texts[] = {"ram:1M,lbpws10=0", "ram:1M,lbpws10=0,protection=1"};
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,lbpws10=1");
    READ(&unit, 0x12, 1, 0xb2, 0, 255, 0);
    CU_ASSERT_EQUAL(unit.data[5], 0xe4); /* LBPU, LBPWS, LBPWS10, LBPRZ */
    fixture_close(&unit);
    for (size_t i = 0; i < 2; i++) {
        fixture_open_unit(&unit, texts[i]);
        READ(&unit, 0x12, 1, 0xb2, 0, 255, 0);
        CU_ASSERT_EQUAL(unit.data[5], 0xc4);
        BEGIN(&unit, 0x41, 0x08, 0, 0, 0, 0, 0, 0, 1, 0);
        CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
        CU_ASSERT_EQUAL(memcmp(unit.scsi.sense + 15, "\xcb\x00\x01", 3), 0); /* byte 1, bit 3 */
        READ(&unit, 0xa3, 0x0c, 1, 0x41, 0, 0, 0, 0, 1, 0, 0, 0);
        CU_ASSERT_EQUAL(unit.data[4 + 1], i == 0 ? 0x00 : 0xe0);
        memset(unit.data, 0, 512);
        WRITE(&unit, unit.data, 0x41, 0, 0, 0, 0, 0, 0, 0, 1, 0);
        CHECK_GOOD(&unit);
        WRITE(&unit, unit.data, 0x93, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0);
        CHECK_GOOD(&unit);
        fixture_close(&unit);
    }
}

static void no_data_out_means_zeros(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    memset(unit.data, 0xee, 1024);
    WRITE(&unit, unit.data, 0x2a, 0, 0, 0, 0, 0, 0, 0, 2, 0);
    BEGIN(&unit, 0x93, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.direction, RIG_CDB_NONE);
    BEGIN(&unit, 0x41, 0x01, 0, 0, 0, 0, 0, 0, 1, 0); /* only the 16-byte command has the bit */
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0), 1024);
    CU_ASSERT(fixture_all(unit.data, 0, 512));
    CU_ASSERT(fixture_all(unit.data + 512, 0xee, 512));
    fixture_close(&unit);
}

/* Asks GET LBA STATUS for one descriptor; returns its blocks, *out_status its provisioning status. */
static uint32_t lba_status(fixture *unit, uint8_t lba, uint8_t *out_status)
{
    CU_ASSERT_EQUAL(READ(unit, 0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, lba, 0, 0, 0, 24, 0, 0), 24);
    CU_ASSERT_EQUAL(unit->data[8 + 7], lba);
    *out_status = unit->data[8 + 12];
    return (uint32_t)unit->data[16] << 24 | (uint32_t)unit->data[17] << 16 | (uint32_t)unit->data[18] << 8 |
           unit->data[19];
}

static void unmap_makes_holes_that_read_zero(void)
{
    fixture unit;
    uint8_t status;
    uint8_t list[8 + 2 * 16] = {0, 38, 0, 32};
    fixture_open(&unit, "ram:1M");
    CU_ASSERT_EQUAL(lba_status(&unit, 0, &status), 2048);
    CU_ASSERT_EQUAL(status, 1);
    memset(unit.data, 0xdd, 32 * 512);
    WRITE(&unit, unit.data, 0x2a, 0, 0, 0, 0, 0, 0, 0, 32, 0);
    CU_ASSERT_EQUAL(lba_status(&unit, 0, &status), 32);
    CU_ASSERT_EQUAL(status, 0);
    list[8 + 7] = 8, list[8 + 11] = 8;    /* blocks 8 to 15, one page of the backing */
    list[24 + 7] = 20, list[24 + 11] = 3; /* part of a page: zeros, but still there */
    WRITE(&unit, list, 0x42, 0, 0, 0, 0, 0, 0, 0, sizeof list, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 32, 0), 32 * 512);
    CU_ASSERT(fixture_all(unit.data, 0xdd, 8 * 512));
    CU_ASSERT(fixture_all(unit.data + 8 * 512, 0, 8 * 512));
    CU_ASSERT(fixture_all(unit.data + 16 * 512, 0xdd, 4 * 512));
    CU_ASSERT(fixture_all(unit.data + 20 * 512, 0, 3 * 512));
    CU_ASSERT(fixture_all(unit.data + 23 * 512, 0xdd, 9 * 512));
    CU_ASSERT_EQUAL(lba_status(&unit, 8, &status), 8);
    CU_ASSERT_EQUAL(status, 1);
    CU_ASSERT_EQUAL(lba_status(&unit, 20, &status), 12);
    CU_ASSERT_EQUAL(status, 0);
    /* all descriptors: mapped, hole, mapped, hole */
    CU_ASSERT_EQUAL(READ(&unit, 0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0), 8 + 4 * 16);
    CU_ASSERT_EQUAL(unit.data[3], 4 + 4 * 16);
    BEGIN(&unit, 0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0x08, 0x00, 0, 0, 0, 24, 0, 0);
    CHECK_REFUSED(&unit, 0x05, 0x21, 0x00);
    fixture_close(&unit);
}

static void unmap_by_write_same(void)
{
    fixture unit;
    uint8_t status;
    fixture_open(&unit, "ram:1M");
    memset(unit.data, 0xdd, 16 * 512);
    WRITE(&unit, unit.data, 0x2a, 0, 0, 0, 0, 0, 0, 0, 16, 0);
    memset(unit.data, 0, 512);
    WRITE(&unit, unit.data, 0x93, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(lba_status(&unit, 0, &status), 8);
    CU_ASSERT_EQUAL(status, 1);
    BEGIN(&unit, 0x93, 0x09, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0); /* UNMAP, NDOB */
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(lba_status(&unit, 0, &status), 2048);
    CU_ASSERT_EQUAL(status, 1);
    /* what an unmapped block could not read as is written */
    memset(unit.data, 0xcc, 512);
    WRITE(&unit, unit.data, 0x93, 0x08, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 8, 0, 0, 8, 0), 8 * 512);
    CU_ASSERT(fixture_all(unit.data, 0xcc, 8 * 512));
    fixture_close(&unit);
}

static void unmap_lists_are_checked(void)
{
    fixture unit;
    uint8_t list[8 + 257 * 16] = {0};
    fixture_open(&unit, "ram:1G");
    BEGIN(&unit, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x42, 0, 0, 0, 0, 0, 0, 0, 7, 0);
    CHECK_REFUSED(&unit, 0x05, 0x1a, 0x00);
    BEGIN(&unit, 0x42, 1, 0, 0, 0, 0, 0, 0, 8, 0); /* ANCHOR */
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    WRITE(&unit, list, 0x42, 0, 0, 0, 0, 0, 0, 0, 8, 0); /* no descriptors */
    CHECK_GOOD(&unit);
    list[3] = 16;
    WRITE(&unit, list, 0x42, 0, 0, 0, 0, 0, 0, 0, 20, 0); /* half a descriptor does not count */
    CHECK_GOOD(&unit);
    list[8 + 5] = 0x20; /* LBA 2 MiB blocks: one past the end, no blocks */
    WRITE(&unit, list, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0);
    CHECK_GOOD(&unit);
    list[8 + 11] = 1;
    WRITE(&unit, list, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0);
    CHECK_SENSE(&unit, 0x05, 0x21, 0x00);
    memset(list + 8, 0xff, 12);
    WRITE(&unit, list, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0);
    CHECK_SENSE(&unit, 0x05, 0x21, 0x00);
    memset(list + 8, 0, 12);
    list[8 + 9] = 0x10; /* as many blocks as MAXIMUM UNMAP LBA COUNT, then one more */
    WRITE(&unit, list, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0);
    CHECK_GOOD(&unit);
    list[8 + 11] = 1;
    WRITE(&unit, list, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0);
    CHECK_SENSE(&unit, 0x05, 0x26, 0x00);
    BEGIN(&unit, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0);
    fixture_give(&unit, list, 23);
    CHECK_SENSE(&unit, 0x05, 0x1a, 0x00);
    memset(list, 0, sizeof list);
    list[2] = 0x10; /* 256 descriptors, then 257 */
    WRITE(&unit, list, 0x42, 0, 0, 0, 0, 0, 0, 0x10, 0x08, 0);
    CHECK_GOOD(&unit);
    list[3] = 0x10;
    WRITE(&unit, list, 0x42, 0, 0, 0, 0, 0, 0, 0x10, 0x18, 0);
    CHECK_SENSE(&unit, 0x05, 0x26, 0x00);
    fixture_close(&unit);
}

static void a_thick_unit_knows_no_unmap(void)
{
    fixture unit;
    uint8_t status;
    fixture_open(&unit, "null:1M");
    BEGIN(&unit, 0x42, 0, 0, 0, 0, 0, 0, 0, 8, 0);
    CHECK_REFUSED(&unit, 0x05, 0x20, 0x00);
    BEGIN(&unit, 0x41, 0x08, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    CU_ASSERT_EQUAL(lba_status(&unit, 0, &status), 2048);
    CU_ASSERT_EQUAL(status, 0);
    fixture_close(&unit);
    fixture_open(&unit, "null:1P"); /* more blocks than one descriptor can count */
    CU_ASSERT_EQUAL(lba_status(&unit, 0, &status), UINT32_MAX);
    fixture_close(&unit);
}

RIG_SUITE("device provisioning",
          {"LBPWS10 says what WRITE SAME(10) takes", lbpws10_says_what_write_same_10_takes},
          {"WRITE SAME repeats a block", write_same_repeats_a_block},
          {"WRITE SAME of no number goes to the end", write_same_of_no_number_goes_to_the_end},
          {"WRITE SAME wants one block of data", write_same_wants_one_block_of_data},
          {"NDOB means zeros", no_data_out_means_zeros},
          {"UNMAP makes holes that read zero", unmap_makes_holes_that_read_zero},
          {"WRITE SAME with UNMAP", unmap_by_write_same},
          {"UNMAP lists are checked", unmap_lists_are_checked},
          {"a thick unit knows no UNMAP", a_thick_unit_knows_no_unmap})
