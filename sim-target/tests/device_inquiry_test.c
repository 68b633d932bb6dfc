/* INQUIRY, byte by byte (SPC-4 tables 175 and 595 on; SBC-3 section 6.6). */
#include "device_fixture.h"

static void standard_data(void)
{
    static const uint8_t versions[] = {0x00, 0xa0, 0x04, 0x60, 0x04, 0xc0, 0x09, 0x60, 0x00, 0x00};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 0, 0, 0x01, 0x04, 0), 96);
    CU_ASSERT_EQUAL(unit.data[0], 0x00);
    CU_ASSERT_EQUAL(unit.data[1], 0x00);
    CU_ASSERT_EQUAL(unit.data[2], 0x06);
    CU_ASSERT_EQUAL(unit.data[3], 0x12);
    CU_ASSERT_EQUAL(unit.data[4], 96 - 5);
    CU_ASSERT_EQUAL(unit.data[5], 0x18); /* TPGS implicit, 3PC */
    CU_ASSERT_EQUAL(unit.data[7], 0x02);
    CU_ASSERT_EQUAL(memcmp(unit.data + 8, "ISCSIRIGram disk        1   ", 28), 0);
    CU_ASSERT_EQUAL(memcmp(unit.data + 58, versions, sizeof versions), 0);
    fixture_close(&unit);
}

static void allocation_length_cuts(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 0, 0, 0, 36, 0), 36);
    CU_ASSERT_EQUAL(unit.data[4], 91);
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 0, 0, 0, 1, 0), 1);
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 0, 0, 0, 0, 0), 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.direction, RIG_CDB_NONE);
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 0, 0, 0xff, 0xff, 0), 96);
    fixture_close(&unit);
}

static void supported_pages(void)
{
    static const uint8_t expected[] = {0x00, 0x00, 0x00, 0x08, 0x00, 0x80,
                                       0x83, 0x86, 0x8f, 0xb0, 0xb1, 0xb2};
    fixture unit;
    fixture_open(&unit, "null:1M");
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 1, 0x00, 0, 255, 0), sizeof expected);
    CU_ASSERT_EQUAL(memcmp(unit.data, expected, sizeof expected), 0);
    for (size_t i = 4; i < sizeof expected; i++) {
        uint8_t code = expected[i];
        uint64_t len = READ(&unit, 0x12, 1, code, 0, 255, 0);
        CU_ASSERT_EQUAL(unit.data[1], code);
        CU_ASSERT_EQUAL(unit.data[2] << 8 | unit.data[3], (int)len - 4);
    }
    fixture_close(&unit);
}

static void serial_number(void)
{
    fixture unit;
    fixture_open(&unit, "null:1M");
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 1, 0x80, 0, 255, 0), 20);
    CU_ASSERT_EQUAL(memcmp(unit.data,
                           "\x00\x80\x00\x10"
                           "0123456789abcdef",
                           20),
                    0);
    fixture_close(&unit);
}

static void designators(void)
{
    static const uint8_t naa[] = {0x01, 0x03, 0x00, 0x08, 0x31, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
    static const uint8_t port_and_group[] = {0x51, 0x94, 0, 4, 0, 0, 0, 1, 0x51, 0x95, 0, 4, 0, 0, 0, 1};
    fixture unit;
    fixture_open(&unit, "null:1M");
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 1, 0x83, 0, 255, 0), 4 + 28 + 12 + 16);
    CU_ASSERT_EQUAL(memcmp(unit.data,
                           "\x00\x83\x00\x38\x02\x01\x00\x18"
                           "ISCSIRIG0123456789abcdef",
                           32),
                    0);
    CU_ASSERT_EQUAL(memcmp(unit.data + 32, naa, sizeof naa), 0);
    CU_ASSERT_EQUAL(memcmp(unit.data + 44, port_and_group, sizeof port_and_group), 0);
    fixture_close(&unit);
}

/* SCSI name strings are NUL-terminated and padded to four bytes; the device's name is the port's up to ",t,"
 * (NAME-010). */
static void names_of_port_and_device(void)
{
    static const char port[] = "iqn.2026-01.org.example:d,t,0x0001"; /* 34 bytes, 36 with padding */
    fixture unit;
    fixture_open(&unit, "null:1M");
    unit.scsi.port = rig_view_str(port);
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 1, 0x83, 0x02, 0, 0), 60 + 4 + 36 + 4 + 28);
    CU_ASSERT_EQUAL(unit.data[3], 56 + 40 + 32);
    CU_ASSERT_EQUAL(memcmp(unit.data + 60, "\x53\x98\x00\x24", 4), 0);
    CU_ASSERT_EQUAL(memcmp(unit.data + 64, "iqn.2026-01.org.example:d,t,0x0001\0\0", 36), 0);
    CU_ASSERT_EQUAL(memcmp(unit.data + 100, "\x53\xa8\x00\x1c", 4), 0);
    CU_ASSERT_EQUAL(memcmp(unit.data + 104, "iqn.2026-01.org.example:d\0\0\0", 28), 0);
    fixture_close(&unit);
}

static void overlong_names_are_left_out(void)
{
    fixture unit;
    char port[400];
    memset(port, 'x', sizeof port);
    fixture_open(&unit, "null:1M");
    unit.scsi.port = rig_view_of(port, sizeof port);
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 1, 0x83, 0xff, 0xff, 0), 60);
    unit.scsi.port = rig_view_of(port, 240);
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 1, 0x83, 0xff, 0xff, 0), 60 + 2 * 248);
    fixture_close(&unit);
}

static void block_limits_of_a_thin_unit(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 1, 0xb0, 0, 64, 0), 64);
    CU_ASSERT_EQUAL(unit.data[3], 0x3c);
    CU_ASSERT_EQUAL(unit.data[4], 0);
    CU_ASSERT_EQUAL(unit.data[5], 255);
    CU_ASSERT_EQUAL(memcmp(unit.data + 8, "\x00\x02\x00\x00", 4), 0);  /* 64 MiB of 512-byte blocks */
    CU_ASSERT_EQUAL(memcmp(unit.data + 20, "\x00\x10\x00\x00", 4), 0); /* MAXIMUM UNMAP LBA COUNT */
    CU_ASSERT_EQUAL(memcmp(unit.data + 24, "\x00\x00\x01\x00", 4),
                    0); /* MAXIMUM UNMAP BLOCK DESCRIPTOR COUNT */
    CU_ASSERT_EQUAL(memcmp(unit.data + 28, "\x00\x00\x00\x08", 4), 0); /* OPTIMAL UNMAP GRANULARITY */
    CU_ASSERT_EQUAL(memcmp(unit.data + 32, "\x80\x00\x00\x00", 4), 0);
    CU_ASSERT_EQUAL(memcmp(unit.data + 36, "\x00\x00\x00\x00\x00\x02\x00\x00", 8), 0);
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 1, 0xb2, 0, 255, 0), 8);
    CU_ASSERT_EQUAL(memcmp(unit.data, "\x00\xb2\x00\x04\x00\xe4\x02\x00", 8), 0);
    fixture_close(&unit);
}

static void a_thick_unit_promises_no_unmap(void)
{
    fixture unit;
    fixture_open_blocks(&unit, "pattern:1M", 4096);
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 1, 0xb0, 0, 64, 0), 64);
    CU_ASSERT_EQUAL(memcmp(unit.data + 8, "\x00\x00\x40\x00", 4), 0);
    CU_ASSERT(fixture_all(unit.data + 20, 0, 16));
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 1, 0xb2, 0, 255, 0), 8);
    CU_ASSERT_EQUAL(memcmp(unit.data, "\x00\xb2\x00\x04\x00\x00\x00\x00", 8), 0);
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 1, 0xb1, 0, 255, 0), 64);
    CU_ASSERT_EQUAL(memcmp(unit.data, "\x00\xb1\x00\x3c\x00\x01\x00\x00", 8), 0);
    fixture_close(&unit);
}

static void wrong_pages_and_bits_are_refused(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    BEGIN(&unit, 0x12, 1, 0x42, 0, 255, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.sense[17], 2);
    BEGIN(&unit, 0x12, 0, 0x80, 0, 255, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0x12, 2, 0, 0, 255, 0); /* CMDDT is gone since SPC-3 */
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    fixture_close(&unit);
}

RIG_SUITE("device inquiry", {"standard data", standard_data},
          {"the allocation length cuts", allocation_length_cuts},
          {"supported pages are all there", supported_pages}, {"serial number page", serial_number},
          {"device identification page", designators}, {"names of port and device", names_of_port_and_device},
          {"overlong names are left out", overlong_names_are_left_out},
          {"limits of a thin unit", block_limits_of_a_thin_unit},
          {"a thick unit promises no UNMAP", a_thick_unit_promises_no_unmap},
          {"wrong pages and bits are refused", wrong_pages_and_bits_are_refused})
