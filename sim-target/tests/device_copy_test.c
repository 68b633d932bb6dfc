/* EXTENDED COPY between two units and within one, its results, and what is refused (SPC-4
 * sections 6.4, 6.20). */
#include "device_fixture.h"

#define SERIAL UINT64_C(0x0123456789abcdef)
#define OTHER_SERIAL UINT64_C(0x0fedcba987654321)
#define HEADER 16
#define UNIT_LEN 32
#define SEGMENT_LEN 28
#define UNITS_MAX 8
#define SEGMENTS_MAX 8

typedef struct pair {
    fixture unit; /* that is asked */
    rig_device *other;
    rig_device *peers[2];
    uint8_t list[1024];
    size_t units, segments; /* descriptors in the list */
} pair;

static bool no_port(void *ctx, size_t i, rig_device_port *out)
{
    (void)ctx, (void)i, (void)out;
    return false;
}

static rig_nexus_id no_nexus(void *ctx, rig_view initiator, rig_view port)
{
    (void)ctx, (void)initiator, (void)port;
    return 0;
}

static void no_abort(void *ctx, const rig_scsi *by, rig_nexus_id nexus)
{
    (void)ctx, (void)by, (void)nexus;
}

static rig_device *peer_at(void *ctx, const rig_scsi *by, size_t i)
{
    const pair *both = ctx;
    CU_ASSERT_EQUAL(by->cdb.ptr[0], 0x83);
    return i < 2 ? both->peers[i] : NULL;
}

static const rig_device_target_ops target_ops = {no_port, no_nexus, no_abort, peer_at};

/* A unit of 16 MiB with 512-byte blocks, and another of as many blocks of other_block bytes. */
static void open_pair(pair *both, uint32_t other_block)
{
    memset(both, 0, sizeof *both);
    fixture_open(&both->unit, "ram:16M");
    rig_device_config config = {.alloc = &both->unit.meter.alloc,
                                .backing = fixture_backing(&both->unit, "ram:16M"),
                                .block_len = other_block,
                                .serial = OTHER_SERIAL};
    CU_ASSERT_EQUAL_FATAL(rig_device_new(&config, &both->other), RIG_OK);
    both->peers[0] = both->unit.device;
    both->peers[1] = both->other;
    rig_device_in_target(both->unit.device, &target_ops, both);
}

static void close_pair(pair *both)
{
    rig_device_free(both->other);
    fixture_close(&both->unit);
}

static void put(uint8_t *at, uint64_t value, unsigned bytes)
{
    while (bytes-- > 0) {
        at[bytes] = (uint8_t)value;
        value >>= 8;
    }
}

static uint8_t *add_unit(pair *both, uint64_t serial, uint32_t block_len)
{
    uint8_t *at = both->list + HEADER + UNIT_LEN * both->units++;
    at[0] = 0xe4;
    at[4] = 0x01;
    at[5] = 0x03;
    at[7] = 8;
    put(at + 8, UINT64_C(3) << 60 | serial, 8);
    put(at + 29, block_len, 3);
    return at;
}

static uint8_t *add_segment(pair *both, unsigned from, uint64_t from_lba, unsigned to, uint64_t to_lba,
                            unsigned blocks)
{
    uint8_t *at = both->list + HEADER + UNIT_LEN * both->units + SEGMENT_LEN * both->segments++;
    at[0] = 0x02;
    at[3] = 0x18;
    put(at + 4, from, 2);
    put(at + 6, to, 2);
    put(at + 10, blocks, 2);
    put(at + 12, from_lba, 8);
    put(at + 20, to_lba, 8);
    return at;
}

/* Starts a list over, with both units in it. */
static void new_list(pair *both)
{
    memset(both->list, 0, sizeof both->list);
    both->units = both->segments = 0;
    add_unit(both, SERIAL, 512);
    add_unit(both, OTHER_SERIAL, 512);
}

static void send(pair *both)
{
    size_t units = UNIT_LEN * both->units, segments = SEGMENT_LEN * both->segments;
    size_t len = HEADER + units + segments;
    put(both->list + 2, units, 2);
    put(both->list + 8, segments, 4);
    BEGIN(&both->unit, 0x83, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (uint8_t)(len >> 8), (uint8_t)len);
    if (both->unit.scsi.status == 0)
        fixture_give(&both->unit, both->list, len);
}

/* Puts blocks of one byte each into a unit. */
static void fill(rig_device *device, uint8_t lba, uint8_t blocks, uint8_t byte)
{
    rig_scsi scsi = {.nexus = 1};
    uint8_t cdb[16] = {0x2a, 0, 0, 0, 0, lba, 0, 0, blocks};
    scsi.cdb = rig_view_of(cdb, sizeof cdb);
    rig_device_begin(device, &scsi);
    for (uint32_t i = 0; i < scsi.num_iov; i++)
        memset(scsi.iov[i].iov_base, byte, scsi.iov[i].iov_len);
    rig_device_finish(device, &scsi, scsi.length, false);
    CU_ASSERT_EQUAL(scsi.status, 0);
}

/* Whether a block of a unit has that byte throughout. */
static bool holds(rig_device *device, uint32_t lba, uint8_t byte)
{
    rig_scsi scsi = {.nexus = 1};
    uint8_t cdb[16] = {0x28, 0, 0, 0, (uint8_t)(lba >> 8), (uint8_t)lba, 0, 0, 1};
    bool same = true;
    scsi.cdb = rig_view_of(cdb, sizeof cdb);
    rig_device_begin(device, &scsi);
    for (uint32_t i = 0; i < scsi.num_iov; i++)
        same = same && fixture_all(scsi.iov[i].iov_base, byte, scsi.iov[i].iov_len);
    rig_device_release(device, &scsi);
    return scsi.status == 0 && same;
}

static void copying_between_units_and_within_one(void)
{
    pair both;
    open_pair(&both, 512);
    fill(both.unit.device, 10, 4, 0xa1);
    new_list(&both);
    both.list[0] = 7;
    add_segment(&both, 0, 10, 1, 100, 4);
    add_segment(&both, 1, 101, 0, 200, 2);
    add_segment(&both, 0xffff, 10, 0xffff, 12, 4); /* the unit asked, overlapping itself */
    send(&both);
    CHECK_GOOD(&both.unit);
    CU_ASSERT(!holds(both.other, 99, 0xa1) && holds(both.other, 100, 0xa1) && holds(both.other, 103, 0xa1));
    CU_ASSERT(!holds(both.other, 104, 0xa1));
    CU_ASSERT(holds(both.unit.device, 200, 0xa1) && holds(both.unit.device, 201, 0xa1));
    CU_ASSERT(!holds(both.unit.device, 202, 0xa1));
    CU_ASSERT(holds(both.unit.device, 13, 0xa1) && !holds(both.unit.device, 16, 0xa1));
    CU_ASSERT_EQUAL(READ(&both.unit, 0x84, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64), 12);
    CU_ASSERT_EQUAL(memcmp(both.unit.data, "\x00\x00\x00\x08\x81\x00\x03\x00\x00\x00\x14\x00", 12), 0);
    BEGIN(&both.unit, 0x84, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64); /* told once */
    CHECK_REFUSED(&both.unit, 0x05, 0x24, 0x00);
    close_pair(&both);
}

/* DC counts in blocks of the destination; a segment that does not fill blocks there is inexact. */
static void blocks_of_two_sizes(void)
{
    pair both;
    open_pair(&both, 4096);
    fill(both.unit.device, 0, 16, 0xb2);
    new_list(&both);
    put(both.list + HEADER + UNIT_LEN + 29, 4096, 3);
    add_segment(&both, 0, 0, 1, 5, 8);
    add_segment(&both, 0, 0, 1, 7, 2)[1] = 0x02;
    send(&both);
    CHECK_GOOD(&both.unit);
    CU_ASSERT(holds(both.other, 5, 0xb2) && !holds(both.other, 6, 0xb2));
    CU_ASSERT(holds(both.other, 7, 0xb2) && holds(both.other, 8, 0xb2) && !holds(both.other, 9, 0xb2));
    new_list(&both);
    put(both.list + HEADER + UNIT_LEN + 29, 4096, 3);
    add_segment(&both, 0, 0, 1, 5, 9);
    send(&both);
    CHECK_SENSE(&both.unit, 0x0a, 0x26, 0x0a);
    new_list(&both); /* 512 is not what its blocks have */
    send(&both);
    CHECK_SENSE(&both.unit, 0x05, 0x26, 0x00);
    CU_ASSERT_EQUAL(both.unit.scsi.sense[17], HEADER + UNIT_LEN + 29);
    close_pair(&both);
}

static void failing_segments_abort_the_copy(void)
{
    pair both;
    open_pair(&both, 512);
    fill(both.unit.device, 0, 1, 0xc3);
    new_list(&both);
    both.list[0] = 3;
    add_segment(&both, 0, 0, 1, 0, 1);
    add_segment(&both, 0, 0, 1, 32768, 1); /* behind the end */
    add_segment(&both, 0, 0, 1, 1, 1);
    send(&both);
    CHECK_SENSE(&both.unit, 0x0a, 0x00, 0x00);
    CU_ASSERT_EQUAL(both.unit.scsi.sense[11], 1); /* the segment, as command-specific information */
    CU_ASSERT(holds(both.other, 0, 0xc3) && !holds(both.other, 1, 0xc3));
    CU_ASSERT_EQUAL(READ(&both.unit, 0x84, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64), 12);
    CU_ASSERT_EQUAL(memcmp(both.unit.data, "\x00\x00\x00\x08\x82\x00\x01\x00\x00\x00\x02\x00", 12), 0);
    new_list(&both);
    add_segment(&both, 0, 0, 2, 0, 1); /* no such descriptor */
    send(&both);
    CHECK_SENSE(&both.unit, 0x0a, 0x08, 0x04);
    new_list(&both);
    put(both.list + HEADER + UNIT_LEN + 8, 0x77, 8); /* nobody has that name */
    add_segment(&both, 0, 0, 1, 0, 1);
    send(&both);
    CHECK_SENSE(&both.unit, 0x0a, 0x0d, 0x02);
    close_pair(&both);
}

/* The other unit's reservation binds the copy as it binds the initiator, and takes none of its attentions. */
static void rights_are_the_initiators(void)
{
    pair both;
    open_pair(&both, 512);
    CU_ASSERT_EQUAL(rig_device_nexus_new(both.other, 1), RIG_OK);
    CU_ASSERT_EQUAL(rig_device_nexus_new(both.other, 2), RIG_OK);
    rig_device_attention_one(both.other, 1, 0x2a, 0x01);
    rig_scsi scsi = {.nexus = 2};
    uint8_t cdb[6] = {0x16};
    scsi.cdb = rig_view_of(cdb, sizeof cdb);
    rig_device_begin(both.other, &scsi);
    CU_ASSERT_EQUAL(scsi.status, 0);
    new_list(&both);
    add_segment(&both, 0, 0, 1, 0, 1);
    send(&both);
    CHECK_SENSE(&both.unit, 0x0a, 0x00, 0x00);
    cdb[0] = 0x17;
    rig_device_begin(both.other, &scsi);
    send(&both);
    CHECK_GOOD(&both.unit);
    cdb[0] = 0x00;
    scsi.nexus = 1;
    rig_device_begin(both.other, &scsi);
    CU_ASSERT_EQUAL(scsi.status, 0x02); /* still to be heard */
    CU_ASSERT_EQUAL(scsi.sense[12], 0x2a);
    close_pair(&both);
}

typedef struct refusal {
    unsigned at; /* byte of the list that is changed */
    uint8_t value;
    uint8_t key, asc, ascq;
} refusal;

static void lists_are_checked(void)
{
    static const refusal rows[] = {
        {1, 0x08, 0x05, 0x26, 0x00},                          /* a reserved use of the identifier */
        {15, 4, 0x05, 0x26, 0x0b},                            /* inline data */
        {HEADER, 0xe0, 0x05, 0x26, 0x07},                     /* a Fibre Channel name */
        {HEADER + 1, 0x20, 0x0a, 0x08, 0x04},                 /* NUL */
        {HEADER + 1, 0x05, 0x0a, 0x0d, 0x03},                 /* a CD-ROM */
        {HEADER + 31, 1, 0x05, 0x26, 0x00},                   /* 513 bytes a block */
        {HEADER + 2 * UNIT_LEN, 0x03, 0x05, 0x26, 0x09},      /* from tape to tape */
        {HEADER + 2 * UNIT_LEN + 3, 0x17, 0x05, 0x26, 0x00},  /* its length */
        {HEADER + 2 * UNIT_LEN + 10, 0x41, 0x0a, 0x26, 0x00}, /* above 8 MiB */
    };
    pair both;
    open_pair(&both, 512);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        new_list(&both);
        add_segment(&both, 0, 0, 1, 0, 1);
        both.list[rows[i].at] = rows[i].value;
        send(&both);
        CHECK_SENSE(&both.unit, rows[i].key, rows[i].asc, rows[i].ascq);
        CU_ASSERT(holds(both.other, 0, 0));
    }
    new_list(&both);
    both.list[0] = 1;
    both.list[1] = 0x18; /* no identifier, and one */
    send(&both);
    CHECK_SENSE(&both.unit, 0x05, 0x26, 0x00);
    BEGIN(&both.unit, 0x83, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    CHECK_GOOD(&both.unit);
    CU_ASSERT_EQUAL(both.unit.scsi.direction, RIG_CDB_NONE);
    BEGIN(&both.unit, 0x83, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 15);
    CHECK_REFUSED(&both.unit, 0x05, 0x1a, 0x00);
    close_pair(&both);
}

static void as_many_as_it_says(void)
{
    pair both;
    open_pair(&both, 512);
    CU_ASSERT_EQUAL(READ(&both.unit, 0x84, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0), 46);
    CU_ASSERT_EQUAL(
        memcmp(both.unit.data, "\x00\x00\x00\x2a\x01\x00\x00\x00\x00\x08\x00\x08\x00\x00\x01\xe0", 16), 0);
    CU_ASSERT_EQUAL(memcmp(both.unit.data + 16, "\x00\x80\x00\x00", 4), 0);
    CU_ASSERT_EQUAL(memcmp(both.unit.data + 43, "\x02\x02\xe4", 3), 0);
    new_list(&both);
    while (both.units < UNITS_MAX)
        add_unit(&both, OTHER_SERIAL, 512);
    for (unsigned i = 0; i < SEGMENTS_MAX; i++)
        add_segment(&both, 0, 0, UNITS_MAX - 1, 0, 16384); /* 8 MiB */
    send(&both);
    CHECK_GOOD(&both.unit);
    add_segment(&both, 0, 0, 1, 0, 1);
    send(&both);
    CHECK_REFUSED(&both.unit, 0x05, 0x1a, 0x00);
    new_list(&both);
    while (both.segments <= SEGMENTS_MAX)
        add_segment(&both, 0, 0, 1, 0, 1);
    send(&both);
    CHECK_SENSE(&both.unit, 0x05, 0x26, 0x08);
    new_list(&both);
    while (both.units <= UNITS_MAX)
        add_unit(&both, OTHER_SERIAL, 512);
    add_segment(&both, 0, 0, 1, 0, 1);
    send(&both);
    CHECK_SENSE(&both.unit, 0x05, 0x26, 0x06);
    close_pair(&both);
}

static void results_are_kept_for_a_while(void)
{
    pair both;
    open_pair(&both, 512);
    for (uint8_t id = 1; id <= 17; id++) { /* one more than there is room for */
        new_list(&both);
        both.list[0] = id;
        send(&both);
        CHECK_GOOD(&both.unit);
    }
    BEGIN(&both.unit, 0x84, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64);
    CHECK_REFUSED(&both.unit, 0x05, 0x24, 0x00);
    CU_ASSERT_EQUAL(READ(&both.unit, 0x84, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64), 12);
    both.unit.scsi.nexus = 2; /* somebody else's */
    BEGIN(&both.unit, 0x84, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64);
    CHECK_REFUSED(&both.unit, 0x05, 0x24, 0x00);
    both.unit.scsi.nexus = 1;
    new_list(&both);
    both.list[0] = 0;
    both.list[1] = 0x18; /* nothing to remember it by */
    send(&both);
    BEGIN(&both.unit, 0x84, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64);
    CHECK_REFUSED(&both.unit, 0x05, 0x24, 0x00);
    rig_device_nexus_lost(both.unit.device, 1);
    BEGIN(&both.unit, 0x84, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64);
    CHECK_REFUSED(&both.unit, 0x05, 0x24, 0x00);
    close_pair(&both);
}

static void third_party_page(void)
{
    static const uint8_t begin[] = {0x00, 0x8f, 0x00, 96,   0x00, 0x01, 0x00, 0x08,
                                    7,    0x83, 1,    0x00, 0x84, 2,    0x00, 0x03};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 1, 0x8f, 1, 0, 0), 100);
    CU_ASSERT_EQUAL(memcmp(unit.data, begin, sizeof begin), 0);
    CU_ASSERT_EQUAL(
        memcmp(unit.data + 16, "\x00\x04\x00\x1c\x00\x00\x00\x00\x00\x08\x00\x08\x00\x00\x01\xe0", 16), 0);
    CU_ASSERT_EQUAL(memcmp(unit.data + 48, "\x00\x08\x00\x04\x02\x02\xe4\x00", 8), 0);
    CU_ASSERT_EQUAL(memcmp(unit.data + 56, "\x00\x0c\x00\x04\x00\x02\xff\xff", 8), 0);
    CU_ASSERT_EQUAL(memcmp(unit.data + 64, "\x80\x01\x00\x20\x00\x00\x00\x01", 8), 0);
    fixture_close(&unit);
}

RIG_SUITE("device copy", {"copying between units and within one", copying_between_units_and_within_one},
          {"blocks of two sizes", blocks_of_two_sizes},
          {"failing segments abort the copy", failing_segments_abort_the_copy},
          {"rights are the initiator's", rights_are_the_initiators}, {"lists are checked", lists_are_checked},
          {"as many as it says", as_many_as_it_says},
          {"results are kept for a while", results_are_kept_for_a_while},
          {"third party page", third_party_page})
