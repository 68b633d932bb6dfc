/* MODE SENSE and MODE SELECT, and what the changeable bits do. */
#include "device_fixture.h"

static void all_pages_6(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    CU_ASSERT_EQUAL(READ(&unit, 0x1a, 0, 0x3f, 0, 255, 0), 4 + 8 + 12 + 20 + 12 + 12);
    CU_ASSERT_EQUAL(unit.data[0], 67);
    CU_ASSERT_EQUAL(unit.data[1], 0);
    CU_ASSERT_EQUAL(unit.data[2], 0x10); /* DPOFUA */
    CU_ASSERT_EQUAL(unit.data[3], 8);
    CU_ASSERT_EQUAL(memcmp(unit.data + 4, "\x00\x00\x08\x00\x00\x00\x02\x00", 8), 0);
    CU_ASSERT_EQUAL(memcmp(unit.data + 12, "\x01\x0a\xc0", 3), 0); /* AWRE, ARRE */
    CU_ASSERT_EQUAL(memcmp(unit.data + 24, "\x08\x12\x04", 3), 0); /* WCE */
    CU_ASSERT_EQUAL(memcmp(unit.data + 44, "\x0a\x0a\x00\x10\x00\x00", 6), 0);
    CU_ASSERT_EQUAL(memcmp(unit.data + 56, "\x1c\x0a\x08", 3), 0);
    CU_ASSERT_EQUAL(READ(&unit, 0x1a, 0x08, 0x3f, 0xff, 255, 0), 4 + 12 + 20 + 12 + 32 + 12); /* DBD */
    CU_ASSERT_EQUAL(memcmp(unit.data + 48, "\x4a\x01\x00\x1c", 4), 0);
    CU_ASSERT_EQUAL(unit.data[3], 0);
    CU_ASSERT_EQUAL(READ(&unit, 0x1a, 0x08, 0x0a, 0, 3, 0), 3);
    CU_ASSERT_EQUAL(unit.data[0], 15);
    fixture_close(&unit);
}

static void all_pages_10(void)
{
    fixture unit;
    fixture_open(&unit, "null:4T");
    CU_ASSERT_EQUAL(READ(&unit, 0x5a, 0, 0x08, 0, 0, 0, 0, 1, 0, 0), 8 + 8 + 20);
    CU_ASSERT_EQUAL(unit.data[0] << 8 | unit.data[1], 34);
    CU_ASSERT_EQUAL(unit.data[3], 0x10);
    CU_ASSERT_EQUAL(unit.data[7], 8);
    CU_ASSERT_EQUAL(memcmp(unit.data + 8, "\xff\xff\xff\xff\x00\x00\x02\x00", 8), 0);
    CU_ASSERT_EQUAL(READ(&unit, 0x5a, 0x10, 0x08, 0, 0, 0, 0, 1, 0, 0), 8 + 16 + 20); /* LLBAA */
    CU_ASSERT_EQUAL(unit.data[4], 0x01);
    CU_ASSERT_EQUAL(unit.data[7], 16);
    CU_ASSERT_EQUAL(
        memcmp(unit.data + 8, "\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00", 16), 0);
    fixture_close(&unit);
}

static void pages_and_their_subpages(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    CU_ASSERT_EQUAL(READ(&unit, 0x1a, 0x08, 0x0a, 0x01, 255, 0), 4 + 32);
    CU_ASSERT_EQUAL(memcmp(unit.data + 4, "\x4a\x01\x00\x1c", 4), 0);
    CU_ASSERT(fixture_all(unit.data + 8, 0, 28));
    CU_ASSERT_EQUAL(READ(&unit, 0x1a, 0x08, 0x0a, 0xff, 255, 0), 4 + 12 + 32);
    CU_ASSERT_EQUAL(READ(&unit, 0x1a, 0x08, 0x08, 0xff, 255, 0), 4 + 20);
    BEGIN(&unit, 0x1a, 0x08, 0x0a, 0x02, 255, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.sense[17], 3);
    BEGIN(&unit, 0x1a, 0x08, 0x08, 0x01, 255, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0x1a, 0x08, 0x3f, 0x01, 255, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    fixture_close(&unit);
}

/* MODE SELECT(6) of len bytes behind an empty header. */
static void select_6(fixture *unit, const uint8_t *page, size_t len)
{
    uint8_t list[64] = {0};
    memcpy(list + 4, page, len);
    WRITE(unit, list, 0x15, 0x10, 0, 0, (uint8_t)(4 + len), 0);
}

static void subpages_are_selected_in_their_format(void)
{
    uint8_t page[32] = {0x4a, 0x01, 0x00, 0x1c};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    select_6(&unit, page, 32);
    CHECK_GOOD(&unit);
    page[5] = 1; /* initial priority */
    select_6(&unit, page, 32);
    CHECK_SENSE(&unit, 0x05, 0x26, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.sense[17], 4 + 5);
    page[5] = 0;
    page[3] = 0x1b;
    select_6(&unit, page, 32);
    CHECK_SENSE(&unit, 0x05, 0x26, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.sense[17], 4 + 2);
    page[3] = 0x1c;
    select_6(&unit, page, 31);
    CHECK_SENSE(&unit, 0x05, 0x1a, 0x00);
    select_6(&unit, page, 3);
    CHECK_SENSE(&unit, 0x05, 0x1a, 0x00);
    page[1] = 0; /* page 0Ah has no subpage 0 in that format */
    select_6(&unit, page, 32);
    CHECK_SENSE(&unit, 0x05, 0x26, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.sense[17], 4);
    fixture_close(&unit);
}

static void others_learn_of_new_modes(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    CU_ASSERT_EQUAL(rig_device_nexus_new(unit.device, 1), RIG_OK);
    CU_ASSERT_EQUAL(rig_device_nexus_new(unit.device, 2), RIG_OK);
    select_6(&unit, (const uint8_t[12]){0x0a, 0x0a, 0x04, 0x10}, 12);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x00);
    CHECK_GOOD(&unit);
    select_6(&unit, (const uint8_t[12]){0x0a, 0x0a, 0, 0x10}, 12);
    unit.scsi.nexus = 2;
    BEGIN(&unit, 0x00);
    CHECK_REFUSED(&unit, 0x06, 0x2a, 0x01);
    BEGIN(&unit, 0x00);
    CHECK_GOOD(&unit);
    select_6(&unit, (const uint8_t[12]){0x0a, 0x0a, 0, 0x10}, 12); /* changes nothing */
    unit.scsi.nexus = 1;
    BEGIN(&unit, 0x00);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

static void changeable_default_and_saved_values(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    CU_ASSERT_EQUAL(READ(&unit, 0x1a, 0x08, 0x40 | 0x0a, 0, 255, 0), 16);
    CU_ASSERT_EQUAL(memcmp(unit.data + 4, "\x0a\x0a\x04\x00\x08", 5), 0);
    CU_ASSERT_EQUAL(READ(&unit, 0x1a, 0x08, 0x80 | 0x08, 0, 255, 0), 24);
    CU_ASSERT_EQUAL(unit.data[6], 0x04);
    BEGIN(&unit, 0x1a, 0x08, 0xc0 | 0x08, 0, 255, 0);
    CHECK_REFUSED(&unit, 0x05, 0x39, 0x00);
    BEGIN(&unit, 0x1a, 0x08, 0x19, 0, 255, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0x5a, 0x08, 0x0a, 0x03, 0, 0, 0, 0, 255, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    fixture_close(&unit);
}

/* MODE SELECT(6) of the control page with byte 2 and byte 4 as given. */
static void select_control(fixture *unit, uint8_t byte2, uint8_t byte4)
{
    const uint8_t list[16] = {0, 0, 0, 0, 0x0a, 0x0a, byte2, 0x10, byte4};
    WRITE(unit, list, 0x15, 0x10, 0, 0, sizeof list, 0);
}

static void software_write_protect(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    select_control(&unit, 0, 0x08);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x07, 0x27, 0x02);
    BEGIN(&unit, 0x42, 0, 0, 0, 0, 0, 0, 0, 8, 0);
    CHECK_REFUSED(&unit, 0x07, 0x27, 0x02);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), 512);
    CU_ASSERT_EQUAL(READ(&unit, 0x1a, 0x08, 0x0a, 0, 255, 0), 16);
    CU_ASSERT_EQUAL(unit.data[2], 0x90); /* WP */
    CU_ASSERT_EQUAL(unit.data[8], 0x08);
    select_control(&unit, 0, 0);
    BEGIN(&unit, 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

static void descriptor_format_sense(void)
{
    static const uint8_t expected[] = {0x72, 0x05, 0x24, 0x00, 0, 0, 0, 8, 0x02, 0x06, 0, 0, 0xcd, 0, 1, 0};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    select_control(&unit, 0x04, 0);
    BEGIN(&unit, 0x28, 0x20);
    CU_ASSERT_EQUAL(unit.scsi.status, 0x02);
    CU_ASSERT_EQUAL(unit.scsi.sense_len, sizeof expected);
    CU_ASSERT_EQUAL(memcmp(unit.scsi.sense, expected, sizeof expected), 0);
    /* the offset of a miscompare is an information descriptor */
    memset(unit.data, 1, 1024);
    WRITE(&unit, unit.data, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0);
    CU_ASSERT_EQUAL(unit.scsi.sense_len, 20);
    CU_ASSERT_EQUAL(memcmp(unit.scsi.sense, "\x72\x0e\x1d\x00\x00\x00\x00\x0c\x00\x0a\x80\x00", 12), 0);
    rig_device_reset(unit.device);
    BEGIN(&unit, 0x28, 0x20);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    fixture_close(&unit);
}

static void select_10_with_descriptor(void)
{
    uint8_t list[36] = {0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 8, 0, 0, 0, 2, 0, 0x08, 0x12, 0x00};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    WRITE(&unit, list, 0x55, 0x10, 0, 0, 0, 0, 0, 0, sizeof list, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(READ(&unit, 0x1a, 0x08, 0x08, 0, 255, 0), 24);
    CU_ASSERT_EQUAL(unit.data[6], 0x00); /* WCE off */
    WRITE(&unit, unit.data, 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_GOOD(&unit);
    list[15] = 1; /* another block length */
    WRITE(&unit, list, 0x55, 0x10, 0, 0, 0, 0, 0, 0, sizeof list, 0);
    CHECK_SENSE(&unit, 0x05, 0x26, 0x00);
    fixture_close(&unit);
}

static void wrong_lists_are_refused(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    select_control(&unit, 0x06, 0); /* GLTSD cannot be changed */
    CHECK_SENSE(&unit, 0x05, 0x26, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.sense[15], 0x80);
    CU_ASSERT_EQUAL(unit.scsi.sense[17], 6);
    const uint8_t unknown[8] = {0, 0, 0, 0, 0x19, 2};
    WRITE(&unit, unknown, 0x15, 0x10, 0, 0, 8, 0);
    CHECK_SENSE(&unit, 0x05, 0x26, 0x00);
    const uint8_t length[16] = {0, 0, 0, 0, 0x0a, 0x09};
    WRITE(&unit, length, 0x15, 0x10, 0, 0, 16, 0);
    CHECK_SENSE(&unit, 0x05, 0x26, 0x00);
    const uint8_t cut[10] = {0, 0, 0, 0, 0x0a, 0x0a, 0, 0x10};
    WRITE(&unit, cut, 0x15, 0x10, 0, 0, 10, 0);
    CHECK_SENSE(&unit, 0x05, 0x1a, 0x00);
    const uint8_t descriptor[4] = {0, 0, 0, 8};
    WRITE(&unit, descriptor, 0x15, 0x10, 0, 0, 4, 0);
    CHECK_SENSE(&unit, 0x05, 0x1a, 0x00);
    BEGIN(&unit, 0x15, 0x10, 0, 0, 3, 0);
    CHECK_REFUSED(&unit, 0x05, 0x1a, 0x00);
    BEGIN(&unit, 0x15, 0x11, 0, 0, 16, 0); /* SP */
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0x15, 0x00, 0, 0, 16, 0); /* not PF */
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0x15, 0x10, 0, 0, 0, 0);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x15, 0x10, 0, 0, 16, 0);
    fixture_give(&unit, unknown, 7);
    CHECK_SENSE(&unit, 0x05, 0x1a, 0x00);
    fixture_close(&unit);
}

static void one_wrong_page_spoils_the_whole_list(void)
{
    const uint8_t list[28] = {0, 0, 0, 0, 0x0a, 0x0a, 0, 0x10, 0x08, 0, 0, 0, 0, 0, 0, 0, 0x1c, 0x0a, 0x00};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    WRITE(&unit, list, 0x15, 0x10, 0, 0, sizeof list, 0);
    CHECK_SENSE(&unit, 0x05, 0x26, 0x00);
    BEGIN(&unit, 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

static void others_are_told_of_a_change_once(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    CU_ASSERT_EQUAL(rig_device_nexus_new(unit.device, 1), RIG_OK);
    CU_ASSERT_EQUAL(rig_device_nexus_new(unit.device, 2), RIG_OK);
    select_control(&unit, 0, 0); /* no change */
    unit.scsi.nexus = 2;
    BEGIN(&unit, 0x00);
    CHECK_GOOD(&unit);
    unit.scsi.nexus = 1;
    select_control(&unit, 0, 0x08);
    BEGIN(&unit, 0x00);
    CHECK_GOOD(&unit);
    unit.scsi.nexus = 2;
    BEGIN(&unit, 0x00);
    CHECK_REFUSED(&unit, 0x06, 0x2a, 0x01);
    BEGIN(&unit, 0x00);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

RIG_SUITE("device modes", {"MODE SENSE(6) of all pages", all_pages_6},
          {"MODE SENSE(10) and the long block descriptor", all_pages_10},
          {"pages and subpages", pages_and_their_subpages},
          {"subpages selected", subpages_are_selected_in_their_format},
          {"others learn of new modes", others_learn_of_new_modes},
          {"changeable, default and saved values", changeable_default_and_saved_values},
          {"SWP protects from writes", software_write_protect},
          {"D_SENSE changes the format", descriptor_format_sense},
          {"MODE SELECT(10) with a block descriptor", select_10_with_descriptor},
          {"wrong lists are refused", wrong_lists_are_refused},
          {"one wrong page spoils the whole list", one_wrong_page_spoils_the_whole_list},
          {"the others are told of a change, once", others_are_told_of_a_change_once})
