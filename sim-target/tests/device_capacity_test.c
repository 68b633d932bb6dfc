/* READ CAPACITY, REPORT LUNS and the LUN that is not there. */
#include "device_fixture.h"

static void capacity_10(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    CU_ASSERT_EQUAL(READ(&unit, 0x25), 8);
    CU_ASSERT_EQUAL(memcmp(unit.data, "\x00\x00\x07\xff\x00\x00\x02\x00", 8), 0);
    BEGIN(&unit, 0x25, 0, 0, 0, 0, 1, 0, 0, 0, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0x25, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    fixture_close(&unit);
}

static void capacity_10_says_when_it_is_too_small(void)
{
    fixture unit;
    fixture_open(&unit,
                 "null:2T"); /* 2^32 blocks: the last one still has a 32-bit address, which is the mark */
    CU_ASSERT_EQUAL(READ(&unit, 0x25), 8);
    CU_ASSERT_EQUAL(memcmp(unit.data, "\xff\xff\xff\xff\x00\x00\x02\x00", 8), 0);
    fixture_close(&unit);
    fixture_open(&unit, "null:4T");
    CU_ASSERT_EQUAL(READ(&unit, 0x25), 8);
    CU_ASSERT_EQUAL(memcmp(unit.data, "\xff\xff\xff\xff\x00\x00\x02\x00", 8), 0);
    fixture_close(&unit);
}

static void capacity_16(void)
{
    fixture unit;
    fixture_open_blocks(&unit, "pattern:8P", 4096);
    CU_ASSERT_EQUAL(READ(&unit, 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0), 32);
    CU_ASSERT_EQUAL(memcmp(unit.data, "\x00\x00\x01\xff\xff\xff\xff\xff\x00\x00\x10\x00", 12), 0);
    CU_ASSERT(fixture_all(unit.data + 12, 0, 20));
    CU_ASSERT_EQUAL(READ(&unit, 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0), 12);
    CU_ASSERT_EQUAL(READ(&unit, 0x9e, 0x10), 0);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
    fixture_open(&unit, "ram:1M");
    CU_ASSERT_EQUAL(READ(&unit, 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0), 32);
    CU_ASSERT_EQUAL(unit.data[12], 0);
    CU_ASSERT_EQUAL(unit.data[14], 0xc0); /* LBPME, LBPRZ */
    BEGIN(&unit, 0x9e, 0x11);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00); /* no such service action of a known opcode */
    CU_ASSERT_EQUAL(unit.scsi.sense[17], 1);
    fixture_close(&unit);
}

/* SBC-3 section 5.16.2: the exponent counts logical blocks, not bytes. */
static void physical_blocks_and_what_is_promised_of_holes(void)
{
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,physical=4096,lbprz=0");
    CU_ASSERT_EQUAL(READ(&unit, 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0), 32);
    CU_ASSERT_EQUAL(unit.data[13], 3);
    CU_ASSERT_EQUAL(unit.data[14], 0x80); /* LBPME without LBPRZ */
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 1, 0xb2, 0, 255, 0), 8);
    CU_ASSERT_EQUAL(unit.data[5], 0xe0);
    fixture_close(&unit);
    fixture_open_unit(&unit, "ram:1M,block=2048,physical=4096,lbprz=1");
    CU_ASSERT_EQUAL(READ(&unit, 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0), 32);
    CU_ASSERT_EQUAL(unit.data[13], 1);
    CU_ASSERT_EQUAL(unit.data[14], 0xc0);
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 1, 0xb2, 0, 255, 0), 8);
    CU_ASSERT_EQUAL(unit.data[5], 0xe4);
    fixture_close(&unit);
}

static void luns_without_a_list(void)
{
    fixture unit;
    fixture_open(&unit, "null:1M");
    unit.scsi.lun = UINT64_C(0x0005) << 48;
    CU_ASSERT_EQUAL(READ(&unit, 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0), 16);
    CU_ASSERT_EQUAL(memcmp(unit.data, "\x00\x00\x00\x08\x00\x00\x00\x00\x00\x05\x00\x00\x00\x00\x00\x00", 16),
                    0);
    fixture_close(&unit);
}

static void luns_of_a_list_and_allocation_lengths(void)
{
    static uint64_t luns[RIG_DEVICE_LUNS_MAX];
    fixture unit;
    fixture_open(&unit, "null:1M");
    for (uint64_t i = 0; i < RIG_DEVICE_LUNS_MAX; i++)
        luns[i] = i << 48;
    unit.scsi.luns = luns;
    unit.scsi.num_luns = 3;
    CU_ASSERT_EQUAL(READ(&unit, 0xa0, 0, 2, 0, 0, 0, 0, 0, 1, 0, 0, 0), 32);
    CU_ASSERT_EQUAL(unit.data[3], 24);
    CU_ASSERT_EQUAL(memcmp(unit.data + 24, "\x00\x02\x00\x00\x00\x00\x00\x00", 8), 0);
    /* The list length is not changed by what the allocation length cuts off (RFC 7143 section 11.4.5.3). */
    CU_ASSERT_EQUAL(READ(&unit, 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0), 16);
    CU_ASSERT_EQUAL(unit.data[3], 24);
    CU_ASSERT_EQUAL(READ(&unit, 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0), 4);
    CU_ASSERT_EQUAL(READ(&unit, 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(READ(&unit, 0xa0, 0, 1, 0, 0, 0, 0, 0, 0, 64, 0, 0), 8); /* well-known ones: none */
    CU_ASSERT_EQUAL(unit.data[3], 0);
    BEGIN(&unit, 0xa0, 0, 3, 0, 0, 0, 0, 0, 0, 64, 0, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    unit.scsi.luns = luns;
    unit.scsi.num_luns = RIG_DEVICE_LUNS_MAX;
    CU_ASSERT_EQUAL(READ(&unit, 0xa0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0), 8 + 8 * RIG_DEVICE_LUNS_MAX);
    CU_ASSERT_EQUAL(memcmp(unit.data + 8 * RIG_DEVICE_LUNS_MAX, "\x00\xff\x00\x00", 4), 0);
    fixture_close(&unit);
}

static void ask_no_lun(rig_scsi *scsi, const uint8_t *cdb, const uint64_t *luns, size_t num_luns)
{
    memset(scsi, 0, sizeof *scsi);
    scsi->cdb = rig_view_of(cdb, 16);
    rig_device_no_lun(scsi, luns, num_luns);
}

static void a_lun_without_a_unit(void)
{
    static const uint64_t luns[] = {0, UINT64_C(1) << 48};
    static const uint8_t inquiry[16] = {0x12, 0, 0, 0, 255, 0};
    static const uint8_t page[16] = {0x12, 1, 0x80, 0, 255, 0};
    static const uint8_t report[16] = {0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0};
    static const uint8_t sense[16] = {0x03, 0, 0, 0, 252, 0};
    static const uint8_t read[16] = {0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0};
    rig_scsi scsi;
    ask_no_lun(&scsi, inquiry, luns, 2);
    CU_ASSERT_EQUAL(scsi.status, 0);
    CU_ASSERT_EQUAL(scsi.length, 96);
    CU_ASSERT_EQUAL(((const uint8_t *)scsi.iov[0].iov_base)[0], 0x7f);
    ask_no_lun(&scsi, report, luns, 2);
    CU_ASSERT_EQUAL(scsi.length, 24);
    CU_ASSERT_EQUAL(memcmp(scsi.iov[0].iov_base, "\x00\x00\x00\x10\x00\x00\x00\x00", 8), 0);
    ask_no_lun(&scsi, sense, luns, 2);
    CU_ASSERT_EQUAL(scsi.status, 0);
    CU_ASSERT_EQUAL(scsi.length, 18);
    CU_ASSERT_EQUAL(((const uint8_t *)scsi.iov[0].iov_base)[2], 0x05);
    CU_ASSERT_EQUAL(((const uint8_t *)scsi.iov[0].iov_base)[12], 0x25);
    const uint8_t *refused[] = {read, page};
    for (size_t i = 0; i < 2; i++) {
        ask_no_lun(&scsi, refused[i], luns, 2);
        CU_ASSERT_EQUAL(scsi.status, 0x02);
        CU_ASSERT_EQUAL(scsi.sense[2], 0x05);
        CU_ASSERT_EQUAL(scsi.sense[12], 0x25);
        CU_ASSERT_EQUAL(scsi.length, 0);
    }
}

static void short_cdbs_for_no_lun(void)
{
    static const uint8_t opcodes[] = {0x12, 0xa0, 0x03};
    for (size_t i = 0; i < sizeof opcodes; i++)
        for (size_t len = 0; len < 6; len++) {
            uint8_t cdb[6] = {opcodes[i]};
            rig_scsi scsi = {.cdb = rig_view_of(cdb, len)};
            rig_device_no_lun(&scsi, NULL, 0);
            CU_ASSERT_EQUAL(scsi.status, 0x02);
        }
}

RIG_SUITE("device capacity and LUNs", {"READ CAPACITY(10)", capacity_10},
          {"READ CAPACITY(10) says when 32 bits are too few", capacity_10_says_when_it_is_too_small},
          {"READ CAPACITY(16)", capacity_16},
          {"physical blocks, and what is promised of holes", physical_blocks_and_what_is_promised_of_holes},
          {"REPORT LUNS without a list", luns_without_a_list},
          {"REPORT LUNS and allocation lengths", luns_of_a_list_and_allocation_lengths},
          {"a LUN without a unit", a_lun_without_a_unit}, {"short CDBs for no LUN", short_cdbs_for_no_lun})
