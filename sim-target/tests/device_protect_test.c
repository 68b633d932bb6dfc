/* Protection information (SBC-3 section 4.22): guards are the CRC of T10 DIF, computed here bit by bit. */
#include "device_fixture.h"

#define BLOCK 512u
#define GUARDED (BLOCK + 8u)

static uint16_t crc_bit_by_bit(const uint8_t *data, size_t len)
{
    unsigned crc = 0;
    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned)data[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 0x8000u) ? (crc << 1 ^ 0x8bb7u) & 0xffffu : crc << 1;
    }
    return (uint16_t)crc;
}

/* num blocks of fill, each with right tags for lba and application tag 1234h. */
static void make_blocks(uint8_t *out, uint8_t fill, uint32_t lba, unsigned num)
{
    for (unsigned i = 0; i < num; i++, out += GUARDED) {
        memset(out, fill + (int)i, BLOCK);
        uint16_t guard = crc_bit_by_bit(out, BLOCK);
        const uint8_t tags[8] = {(uint8_t)(guard >> 8),     (uint8_t)guard,    0x12, 0x34, 0, 0,
                                 (uint8_t)((lba + i) >> 8), (uint8_t)(lba + i)};
        memcpy(out + BLOCK, tags, sizeof tags);
    }
}

#define WRITE_10(unit, data, flags, lba, blocks) WRITE(unit, data, 0x2a, flags, 0, 0, 0, lba, 0, 0, blocks, 0)
#define READ_10(unit, flags, lba, blocks) READ(unit, 0x28, flags, 0, 0, 0, lba, 0, 0, blocks, 0)

static void what_a_unit_says_of_it(void)
{
    static const struct {
        const char *text;
        uint8_t capacity, extended;
    } rows[] = {{"ram:1M", 0x00, 0x00},
                {"ram:1M,protection=1", 0x01, 0x05},
                {"ram:1M,protection=2", 0x03, 0x17},
                {"ram:1M,protection=3", 0x05, 0x24}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fixture unit;
        fixture_open_unit(&unit, rows[i].text);
        READ(&unit, 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0);
        CU_ASSERT_EQUAL(unit.data[12], rows[i].capacity);
        CU_ASSERT_EQUAL(unit.data[13], 0);
        READ(&unit, 0x12, 0, 0, 0, 255, 0);
        CU_ASSERT_EQUAL(unit.data[5] & 0x01, i ? 0x01 : 0x00);
        CU_ASSERT_EQUAL(READ(&unit, 0x12, 1, 0x86, 0, 255, 0), 64);
        CU_ASSERT_EQUAL(unit.data[4], rows[i].extended);
        READ(&unit, 0x1a, 0x08, 0x0a, 0, 255, 0);
        CU_ASSERT_EQUAL(unit.data[4 + 5], i ? 0x80 : 0x00); /* ATO */
        READ(&unit, 0xa3, 0x0c, 0x01, 0x28, 0, 0, 0, 0, 0, 255, 0, 0);
        CU_ASSERT_EQUAL(unit.data[5], i ? 0xf8 : 0x18); /* RDPROTECT in the usage map */
        fixture_close(&unit);
    }
}

static void without_protection_nobody_asks_for_it(void)
{
    fixture unit;
    fixture_open_unit(&unit, "ram:1M");
    BEGIN(&unit, 0x28, 0x20, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0x2a, 0x80, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0x7f, 0, 0, 0, 0, 0, 0, 0x18, 0, 0x09);
    CHECK_REFUSED(&unit, 0x05, 0x20, 0x00);
    fixture_close(&unit);
}

static void tags_come_back_as_they_were_written(void)
{
    static uint8_t blocks[3 * GUARDED];
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,protection=1");
    make_blocks(blocks, 0x40, 5, 3);
    WRITE_10(&unit, blocks, 0x20, 5, 3);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(READ_10(&unit, 0x20, 5, 3), 3 * GUARDED);
    CU_ASSERT_EQUAL(memcmp(unit.data, blocks, sizeof blocks), 0);
    CU_ASSERT_EQUAL(READ_10(&unit, 0x00, 6, 1), BLOCK);
    CU_ASSERT(fixture_all(unit.data, 0x41, BLOCK));
    CU_ASSERT_EQUAL(READ(&unit, 0x88, 0x20, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0), GUARDED);
    CU_ASSERT_EQUAL(memcmp(unit.data, blocks + 2 * GUARDED, GUARDED), 0);
    CU_ASSERT_EQUAL(READ(&unit, 0xa8, 0x20, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0), GUARDED);
    CU_ASSERT_EQUAL(READ(&unit, 0x08, 0, 0, 7, 1, 0), BLOCK);
    fixture_close(&unit);
}

/* More than one pooled buffer: blocks of 520 bytes straddle them. */
static void long_transfers_keep_every_block_together(void)
{
    uint8_t *blocks = calloc(1024, GUARDED);
    fixture unit;
    CU_ASSERT_PTR_NOT_NULL_FATAL(blocks);
    fixture_open_unit(&unit, "ram:1M,protection=1");
    make_blocks(blocks, 0, 0, 1024);
    WRITE(&unit, blocks, 0x2a, 0x20, 0, 0, 0, 0, 0, 0x04, 0x00, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0x20, 0, 0, 0, 0, 0, 0x04, 0x00, 0), 1024u * GUARDED);
    CU_ASSERT_EQUAL(memcmp(unit.data, blocks, 1024u * GUARDED), 0);
    fixture_close(&unit);
    free(blocks);
}

static void what_was_never_written_is_all_ones(void)
{
    static const uint8_t made[8] = {0, 0, 0xff, 0xff, 0, 0, 0, 9};
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,protection=1");
    CU_ASSERT_EQUAL(READ_10(&unit, 0x20, 9, 1), GUARDED);
    CU_ASSERT(fixture_all(unit.data, 0, BLOCK));
    CU_ASSERT(fixture_all(unit.data + BLOCK, 0xff, 8));
    memset(unit.data, 0, BLOCK);
    WRITE_10(&unit, unit.data, 0x00, 9, 1); /* the unit makes them */
    CHECK_GOOD(&unit);
    READ_10(&unit, 0x20, 9, 1);
    CU_ASSERT_EQUAL(memcmp(unit.data + BLOCK, made, sizeof made), 0);
    const uint8_t list[24] = {0, 22, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1};
    WRITE(&unit, list, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0);
    CHECK_GOOD(&unit);
    READ_10(&unit, 0x20, 9, 1);
    CU_ASSERT(fixture_all(unit.data + BLOCK, 0xff, 8));
    fixture_close(&unit);
}

static void the_unit_makes_guards_of_what_it_is_given(void)
{
    uint8_t data[BLOCK];
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,protection=2");
    memset(data, 0xa7, sizeof data);
    uint16_t guard = crc_bit_by_bit(data, sizeof data);
    WRITE_10(&unit, data, 0x00, 9, 1);
    BEGIN(&unit, 0x7f, 0, 0, 0, 0, 0, 0, 0x18, 0, 0x09, 0x60);
    fixture_close(&unit);
    fixture_open_unit(&unit, "ram:1M,protection=3");
    WRITE_10(&unit, data, 0x00, 9, 1);
    READ_10(&unit, 0x20, 9, 1);
    CU_ASSERT_EQUAL(unit.data[BLOCK], guard >> 8);
    CU_ASSERT_EQUAL(unit.data[BLOCK + 1], guard & 0xff);
    CU_ASSERT(fixture_all(unit.data + BLOCK + 2, 0xff, 6)); /* no reference of type 3 */
    fixture_close(&unit);
}

typedef struct check_row {
    uint8_t byte; /* of the tags that is spoilt, 0 = none */
    uint8_t field;
    uint8_t ascq; /* 0 = good */
} check_row;

/* WRPROTECT: which tags are checked (application tags only by 32-byte commands). */
static const check_row written[] = {
    {1, 1, 1}, {1, 2, 0}, {1, 3, 0}, {1, 4, 1}, {1, 5, 1}, {3, 1, 0}, {3, 5, 0},
    {7, 1, 3}, {7, 2, 3}, {7, 3, 0}, {7, 4, 0}, {7, 5, 3}, {4, 1, 3},
};

static void what_is_written_is_checked(void)
{
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++) {
        uint8_t blocks[2 * GUARDED];
        fixture unit;
        fixture_open_unit(&unit, "ram:1M,protection=1");
        make_blocks(blocks, 0x11, 5, 2);
        blocks[GUARDED + BLOCK + written[i].byte] ^= 0x01; /* of the second one */
        WRITE_10(&unit, blocks, (uint8_t)(written[i].field << 5), 5, 2);
        if (written[i].ascq) {
            CHECK_SENSE(&unit, 0x0b, 0x10, written[i].ascq);
            CU_ASSERT_EQUAL(unit.scsi.sense[6], 6);
            READ_10(&unit, 0x00, 5, 1);
            CU_ASSERT(fixture_all(unit.data, 0, BLOCK)); /* nothing of it was written */
        } else {
            CHECK_GOOD(&unit);
        }
        fixture_close(&unit);
    }
}

/* RDPROTECT, of what WRPROTECT 011b let in. */
static void what_is_read_is_checked(void)
{
    static const check_row rows[] = {
        {1, 0, 1}, {1, 1, 1}, {1, 2, 0}, {1, 3, 0}, {1, 4, 1}, {1, 5, 1}, {7, 0, 3},
        {7, 1, 3}, {7, 2, 3}, {7, 3, 0}, {7, 4, 0}, {7, 5, 3}, {3, 1, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t block[GUARDED];
        fixture unit;
        fixture_open_unit(&unit, "ram:1M,protection=1");
        make_blocks(block, 0x11, 5, 1);
        block[BLOCK + rows[i].byte] ^= 0x01;
        WRITE_10(&unit, block, 0x60, 5, 1);
        CHECK_GOOD(&unit);
        BEGIN(&unit, 0x28, (uint8_t)(rows[i].field << 5), 0, 0, 0, 4, 0, 0, 2, 0);
        if (rows[i].ascq) {
            CHECK_REFUSED(&unit, 0x0b, 0x10, rows[i].ascq);
            CU_ASSERT_EQUAL(unit.scsi.sense[6], 5);
        } else {
            CHECK_GOOD(&unit);
            CU_ASSERT_EQUAL(unit.scsi.length, 2 * (rows[i].field ? GUARDED : BLOCK));
        }
        fixture_close(&unit);
    }
}

static void all_ones_stop_the_checks_of_a_read(void)
{
    uint8_t block[GUARDED];
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,protection=1");
    memset(block, 0, sizeof block);
    memset(block + BLOCK, 0xff, 4); /* guard and application tag */
    WRITE_10(&unit, block, 0x60, 5, 1);
    READ_10(&unit, 0x20, 5, 1);
    CHECK_GOOD(&unit);
    WRITE_10(&unit, block, 0x20, 5, 1); /* but not of a write */
    CHECK_SENSE(&unit, 0x0b, 0x10, 0x01);
    fixture_close(&unit);
    fixture_open_unit(&unit, "ram:1M,protection=3"); /* type 3 wants the reference tag all ones, too */
    WRITE_10(&unit, block, 0x60, 5, 1);
    BEGIN(&unit, 0x28, 0x20, 0, 0, 0, 5, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x0b, 0x10, 0x01);
    fixture_close(&unit);
}

static void reserved_values_are_refused(void)
{
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,protection=1");
    BEGIN(&unit, 0x28, 0xc0, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0x2a, 0xe0, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.sense[15], 0xcf); /* byte 1, from bit 7 on */
    fixture_close(&unit);
}

static void verify_and_its_kin(void)
{
    uint8_t block[GUARDED], other[GUARDED];
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,protection=1");
    make_blocks(block, 0x33, 5, 1);
    WRITE(&unit, block, 0x2e, 0x22, 0, 0, 0, 5, 0, 0, 1, 0); /* WRITE AND VERIFY, BYTCHK 1 */
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x2f, 0x20, 0, 0, 0, 5, 0, 0, 1, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(unit.scsi.length, 0);
    WRITE(&unit, block, 0x2f, 0x22, 0, 0, 0, 5, 0, 0, 1, 0);
    CHECK_GOOD(&unit);
    memcpy(other, block, sizeof other);
    other[BLOCK + 3] ^= 1; /* application tag: compared, not checked */
    WRITE(&unit, other, 0x2f, 0x22, 0, 0, 0, 5, 0, 0, 1, 0);
    CHECK_SENSE(&unit, 0x0e, 0x1d, 0x00);
    WRITE(&unit, other, 0x2f, 0x82, 0, 0, 0, 5, 0, 0, 1, 0); /* 100b: only guards */
    CHECK_GOOD(&unit);
    make_blocks(other, 0x34, 5, 1);
    WRITE(&unit, other, 0x2f, 0x22, 0, 0, 0, 5, 0, 0, 1, 0);
    CHECK_SENSE(&unit, 0x0e, 0x1d, 0x00);
    block[BLOCK] ^= 1;
    WRITE_10(&unit, block, 0x60, 5, 1);
    BEGIN(&unit, 0x2f, 0x00, 0, 0, 0, 5, 0, 0, 1, 0); /* the medium is checked without it, too */
    CHECK_REFUSED(&unit, 0x0b, 0x10, 0x01);
    fixture_close(&unit);
}

static void write_same_counts_references_up(void)
{
    uint8_t block[GUARDED];
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,protection=1");
    make_blocks(block, 0x21, 0xfe, 1);
    WRITE(&unit, block, 0x41, 0x20, 0, 0, 0, 0xfe, 0, 0, 4, 0);
    CHECK_GOOD(&unit);
    READ_10(&unit, 0x20, 0xfe, 4);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(memcmp(unit.data + 3 * GUARDED + BLOCK + 2, "\x12\x34\x00\x00\x01\x01", 6), 0);
    WRITE(&unit, block, 0x93, 0x20, 0, 0, 0, 0, 0, 0, 0, 0xfd, 0, 0, 0, 2, 0, 0);
    CHECK_SENSE(&unit, 0x0b, 0x10, 0x03);
    fixture_close(&unit);
    fixture_open_unit(&unit, "ram:1M,protection=3");
    WRITE(&unit, block, 0x41, 0x20, 0, 0, 0, 0x10, 0, 0, 2, 0);
    READ_10(&unit, 0x20, 0x10, 2);
    CU_ASSERT_EQUAL(memcmp(unit.data, unit.data + GUARDED, GUARDED), 0);
    fixture_close(&unit);
}

#define LONG_CDB(service, flags, lba, ref, app, mask, blocks)                                                \
    0x7f, 0, 0, 0, 0, 0, 0, 0x18, 0, service, flags, 0, 0, 0, 0, 0, 0, 0, 0, lba, 0, 0, 0, ref, 0x12, app,   \
        0xff, mask, 0, 0, 0, blocks

static void fixture_long(fixture *unit, const uint8_t cdb[32], const uint8_t *data)
{
    unit->scsi.cdb = rig_view_of(cdb, 32);
    rig_device_begin(unit->device, &unit->scsi);
    if (data)
        fixture_give(unit, data, unit->scsi.length);
}

#define LONG(unit, data, ...) fixture_long(unit, (const uint8_t[32]){LONG_CDB(__VA_ARGS__)}, data)

static void type_2_expects_what_the_command_brings(void)
{
    uint8_t blocks[2 * GUARDED];
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,protection=2");
    BEGIN(&unit, 0x28, 0x20, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x05, 0x20, 0x00);
    make_blocks(blocks, 0x55, 0x70, 2); /* references have nothing to do with addresses */
    LONG(&unit, blocks, 0x0b, 0x20, 5, 0x70, 0x34, 0xff, 2);
    CHECK_GOOD(&unit);
    LONG(&unit, NULL, 0x09, 0x20, 5, 0x70, 0x34, 0xff, 2);
    CHECK_GOOD(&unit);
    fixture_take(&unit);
    CU_ASSERT_EQUAL(memcmp(unit.data, blocks, sizeof blocks), 0);
    LONG(&unit, NULL, 0x09, 0x20, 5, 0x71, 0x34, 0xff, 2);
    CHECK_REFUSED(&unit, 0x0b, 0x10, 0x03);
    LONG(&unit, NULL, 0x09, 0x20, 5, 0x70, 0x35, 0xff, 1);
    CHECK_REFUSED(&unit, 0x0b, 0x10, 0x02);
    LONG(&unit, NULL, 0x09, 0x20, 5, 0x70, 0x35, 0xfe, 1); /* that bit is masked */
    CHECK_GOOD(&unit);
    rig_device_release(unit.device, &unit.scsi);
    LONG(&unit, blocks, 0x0a, 0x22, 5, 0x70, 0x34, 0xff, 2);
    CHECK_GOOD(&unit);
    LONG(&unit, blocks, 0x0c, 0x22, 9, 0x70, 0x34, 0xff, 2);
    CHECK_GOOD(&unit);
    LONG(&unit, NULL, 0x09, 0x01, 5, 0x70, 0x34, 0xff, 1);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.sense[17], 10);
    CU_ASSERT_EQUAL(READ_10(&unit, 0x00, 5, 1), BLOCK);
    READ(&unit, 0xa3, 0x0c, 0x02, 0x7f, 0, 0x09, 0, 0, 0, 255, 0, 0);
    CU_ASSERT_EQUAL(
        memcmp(unit.data, "\x00\x03\x00\x20\x7f\x00\x00\x00\x00\x00\x1f\x18\x00\x09\xf8\x00\xff", 17), 0);
    fixture_close(&unit);
}

static void memory_may_be_short(void)
{
    static const char text[] = "ram:1M,protection=1";
    for (uint64_t fail = 1; fail < 8; fail++) {
        rig_alloc_meter meter;
        rig_device *device = NULL;
        rig_error err = {0};
        rig_alloc_meter_init(&meter, rig_alloc_libc());
        meter.fail_at = fail;
        if (rig_device_open(&meter.alloc, rig_view_str(text), &device, &err) != RIG_OK)
            CU_ASSERT_EQUAL(err.status, RIG_E_NOMEM);
        rig_device_free(device);
        CU_ASSERT_EQUAL(meter.num_live, 0);
    }
}

/* SBC-3 sections 5.3 and 5.12: what ORWRITE and COMPARE AND WRITE read is checked as by READ, and nothing is
 * written when it is wrong. */
static void commands_that_read_and_write_check(void)
{
    uint8_t blocks[2 * GUARDED], data[2 * BLOCK];
    fixture unit;
    fixture_open_unit(&unit, "ram:1M,protection=1");
    make_blocks(blocks, 0x40, 5, 1);
    blocks[BLOCK] ^= 0xff; /* a wrong guard */
    WRITE_10(&unit, blocks, 0x60, 5, 1);
    CHECK_GOOD(&unit);
    memset(data, 0x40, BLOCK);
    memset(data + BLOCK, 0x99, BLOCK);
    WRITE(&unit, data, 0x8b, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0);
    CHECK_SENSE(&unit, 0x0b, 0x10, 0x01);
    CU_ASSERT_EQUAL(unit.scsi.sense[6], 5);
    WRITE(&unit, data, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0);
    CHECK_SENSE(&unit, 0x0b, 0x10, 0x01);
    CU_ASSERT_EQUAL(READ_10(&unit, 0x60, 5, 1), GUARDED);
    CU_ASSERT_EQUAL(memcmp(unit.data, blocks, GUARDED), 0);
    make_blocks(blocks, 0x40, 5, 1);
    WRITE_10(&unit, blocks, 0x20, 5, 1);
    WRITE(&unit, data, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(READ_10(&unit, 0, 5, 1), BLOCK);
    CU_ASSERT_EQUAL(unit.data[0], 0x99);
    fixture_close(&unit);
}

RIG_SUITE("device protection", {"what a unit says of it", what_a_unit_says_of_it},
          {"without protection", without_protection_nobody_asks_for_it},
          {"tags come back", tags_come_back_as_they_were_written},
          {"long transfers", long_transfers_keep_every_block_together},
          {"all ones", what_was_never_written_is_all_ones},
          {"guards are made", the_unit_makes_guards_of_what_it_is_given},
          {"writes are checked", what_is_written_is_checked}, {"reads are checked", what_is_read_is_checked},
          {"unchecked blocks", all_ones_stop_the_checks_of_a_read},
          {"reserved values", reserved_values_are_refused}, {"verify", verify_and_its_kin},
          {"write same", write_same_counts_references_up}, {"type 2", type_2_expects_what_the_command_brings},
          {"commands that read and write", commands_that_read_and_write_check},
          {"memory may be short", memory_may_be_short})
