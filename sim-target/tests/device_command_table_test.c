/* The command set itself: what it reports of itself is what it does, and nothing typed at it breaks it. */
#include "device_fixture.h"

static void unknown_commands(void)
{
    static const uint8_t unknown[] = {0x01, 0x07, 0x2b, 0x7f, 0x9f, 0xc0, 0xff};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    for (size_t i = 0; i < sizeof unknown; i++) {
        BEGIN(&unit, unknown[i]);
        CHECK_REFUSED(&unit, 0x05, 0x20, 0x00);
    }
    BEGIN(&unit, 0xa3, 0x0b); /* a known opcode with another service action */
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    unit.scsi.cdb = (rig_view){NULL, 0};
    rig_device_begin(unit.device, &unit.scsi);
    CHECK_REFUSED(&unit, 0x05, 0x20, 0x00);
    fixture_close(&unit);
}

static void short_cdbs_are_refused(void)
{
    static const uint8_t opcodes[] = {0x00, 0x12, 0x28, 0x88, 0x9e, 0xa0, 0xa3};
    fixture unit;
    fixture_open(&unit, "ram:1M");
    for (size_t i = 0; i < sizeof opcodes; i++)
        for (size_t len = 1; len < 6; len++) {
            uint8_t *exact = calloc(1, len); /* so that a sanitizer sees a read behind it */
            CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
            exact[0] = opcodes[i];
            unit.scsi.cdb = rig_view_of(exact, len);
            rig_device_begin(unit.device, &unit.scsi);
            CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
            free(exact);
        }
    fixture_close(&unit);
}

static void report_of_one_command(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    CU_ASSERT_EQUAL(READ(&unit, 0xa3, 0x0c, 1, 0x28, 0, 0, 0, 0, 1, 0, 0, 0), 14);
    CU_ASSERT_EQUAL(memcmp(unit.data, "\x00\x03\x00\x0a\x28\x18\xff\xff\xff\xff\x1f\xff\xff\x00", 14), 0);
    CU_ASSERT_EQUAL(READ(&unit, 0xa3, 0x0c, 0x82, 0x9e, 0, 0x10, 0, 0, 1, 0, 0, 0), 4 + 16 + 12); /* RCTD */
    CU_ASSERT_EQUAL(memcmp(unit.data, "\x00\x83\x00\x10\x9e\x10\x00", 7), 0);
    CU_ASSERT_EQUAL(memcmp(unit.data + 20, "\x00\x0a\x00\x00", 4), 0);
    CU_ASSERT_EQUAL(READ(&unit, 0xa3, 0x0c, 1, 0x07, 0, 0, 0, 0, 1, 0, 0, 0),
                    4); /* REASSIGN BLOCKS is not there */
    CU_ASSERT_EQUAL(memcmp(unit.data, "\x00\x01\x00\x00", 4), 0);
    CU_ASSERT_EQUAL(READ(&unit, 0xa3, 0x0c, 2, 0x9e, 0, 0x13, 0, 0, 1, 0, 0, 0), 4);
    CU_ASSERT_EQUAL(unit.data[1], 0x01);
    CU_ASSERT_EQUAL(READ(&unit, 0xa3, 0x0c, 3, 0x2a, 0, 0, 0, 0, 1, 0, 0, 0), 14);
    CU_ASSERT_EQUAL(READ(&unit, 0xa3, 0x0c, 3, 0x2a, 0, 1, 0, 0, 1, 0, 0, 0), 4);
    CU_ASSERT_EQUAL(unit.data[1], 0x01);
    CU_ASSERT_EQUAL(READ(&unit, 0xa3, 0x0c, 1, 0x28, 0, 0, 0, 0, 0, 6, 0, 0), 6);
    BEGIN(&unit, 0xa3, 0x0c, 1, 0x9e, 0, 0, 0, 0, 1, 0, 0, 0); /* has service actions */
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0xa3, 0x0c, 2, 0x28, 0, 0, 0, 0, 1, 0, 0, 0); /* has none */
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    BEGIN(&unit, 0xa3, 0x0c, 4, 0x28, 0, 0, 0, 0, 1, 0, 0, 0);
    CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
    fixture_close(&unit);
}

/* Asks for the list of all commands; returns the number of rows in unit->data + 4. */
static size_t report_all(fixture *unit, uint8_t options, size_t row_len)
{
    uint64_t len = READ(unit, 0xa3, 0x0c, options, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0);
    size_t said = (size_t)unit->data[2] << 8 | unit->data[3];
    CU_ASSERT_EQUAL(len, 4 + said);
    CU_ASSERT_EQUAL(said % row_len, 0);
    return said / row_len;
}

static void report_of_all_commands(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    size_t thin = report_all(&unit, 0, 8);
    CU_ASSERT(thin >= 40);
    CU_ASSERT_EQUAL(memcmp(unit.data + 4, "\x00\x00\x00\x00\x00\x00\x00\x06", 8), 0);
    CU_ASSERT_EQUAL(report_all(&unit, 0x80, 20), thin);
    CU_ASSERT_EQUAL(unit.data[4 + 5], 0x02); /* CTDP */
    CU_ASSERT_EQUAL(unit.data[4 + 9], 0x0a);
    fixture_close(&unit);
    fixture_open(&unit, "null:1M");
    CU_ASSERT_EQUAL(report_all(&unit, 0, 8), thin - 3); /* without UNMAP and erasing */
    fixture_close(&unit);
}

/* Each row that is reported is carried out: never "invalid command operation code"; bits outside its usage
 * map are refused one by one. */
static void what_is_reported_is_what_is_done(void)
{
    fixture unit;
    fixture_open(&unit, "ram:1M");
    unit.scsi.both = true;
    uint8_t list[1024];
    size_t num = report_all(&unit, 0, 8);
    CU_ASSERT_FATAL(8 * num <= sizeof list);
    memcpy(list, unit.data + 4, 8 * num);
    for (size_t i = 0; i < num; i++) {
        const uint8_t *row = list + 8 * i;
        uint8_t options = row[5] & 1 ? 2 : 1;
        CU_ASSERT_EQUAL(READ(&unit, 0xa3, 0x0c, options, row[0], row[2], row[3], 0, 0, 1, 0, 0, 0),
                        4u + row[7]);
        uint8_t usage[16];
        memcpy(usage, unit.data + 4, row[7]);
        CU_ASSERT_EQUAL(usage[0], row[0]);
        for (unsigned bit = 8; bit < 8u * row[7]; bit++) {
            if (usage[bit / 8] >> bit % 8 & 1 || (bit / 8 == 1 && (row[5] & 1)))
                continue;
            uint8_t cdb[16] = {row[0], row[3]};
            cdb[bit / 8] |= (uint8_t)(1 << bit % 8);
            fixture_begin(&unit, cdb, row[7]);
            CHECK_REFUSED(&unit, 0x05, 0x24, 0x00);
            CU_ASSERT_EQUAL(unit.scsi.sense[17], bit / 8);
            CU_ASSERT_EQUAL(unit.scsi.sense[15], 0xc8 | bit % 8);
        }
    }
    fixture_close(&unit);
}

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* What must hold of any command whatever its bytes. */
static void check_hostile(fixture *unit, uint32_t *state)
{
    rig_scsi *scsi = &unit->scsi;
    CU_ASSERT(scsi->length <= 2 * RIG_DEVICE_TRANSFER_MAX);
    CU_ASSERT_EQUAL(fixture_total(scsi), scsi->length);
    CU_ASSERT((scsi->direction == RIG_CDB_NONE) == (scsi->length == 0));
    if (scsi->direction == RIG_CDB_OUT || scsi->direction == RIG_CDB_BIDI) {
        uint64_t got = next_random(state) % (scsi->length + 1);
        for (uint32_t i = 0; i < scsi->num_iov; i++)
            memset(scsi->iov[i].iov_base, (int)next_random(state) & 0xff,
                   scsi->iov[i].iov_len < 64 ? scsi->iov[i].iov_len : 64);
        rig_device_finish(unit->device, scsi, next_random(state) % 2 ? scsi->length : got,
                          next_random(state) % 8 == 0);
    }
    rig_device_release(unit->device, scsi);
    CU_ASSERT_EQUAL(scsi->num_iov, 0);
    CU_ASSERT((scsi->status == 0x02) == (scsi->sense_len > 0));
    CU_ASSERT(scsi->status == 0x00 || scsi->status == 0x02 || scsi->status == 0x18);
}

static void hostile_bytes(const char *text, uint32_t seed)
{
    enum { ROUNDS = 24 };
    fixture unit;
    uint32_t state = seed;
    fixture_open_unit(&unit, text);
    unit.scsi.both = true;
    for (rig_nexus_id id = 1; id <= 3; id++)
        CU_ASSERT_EQUAL(rig_device_nexus_new(unit.device, id), RIG_OK);
    for (unsigned i = 0; i < 256 * ROUNDS; i++) {
        uint8_t cdb[32] = {(uint8_t)i};
        /* mostly small numbers, so that many commands get past the checks */
        for (size_t byte = 1; byte < sizeof cdb; byte++)
            cdb[byte] = next_random(&state) % 4 ? 0 : (uint8_t)next_random(&state);
        unit.scsi.nexus = 1 + next_random(&state) % 4;
        unit.scsi.expected = next_random(&state) % 3 ? 0 : next_random(&state) % 4096;
        if (cdb[0] == 0x7f) /* variable length: a service action that there may be */
            cdb[7] = 0x18, cdb[8] = 0, cdb[9] = (uint8_t)(8 + next_random(&state) % 6);
        unit.scsi.cdb = rig_view_of(cdb, sizeof cdb);
        rig_device_begin(unit.device, &unit.scsi);
        check_hostile(&unit, &state);
        if (next_random(&state) % 64 == 0)
            rig_device_reset(unit.device);
    }
    fixture_close(&unit);
}

static void hostile_bytes_are_answered(void)
{
    hostile_bytes("ram:1M", 1);
    hostile_bytes("pattern:8M", 2);
    hostile_bytes("null:1P", 3);
    hostile_bytes("ram:1M,protection=1,removable", 4);
    hostile_bytes("ram:1M,protection=2,block=4096", 5);
    hostile_bytes("null:1M,protection=3", 6);
}

/* Every allocation of a little of everything fails once: the command ends BUSY or in sense, and nothing is
 * lost. */
static bool try_with_failure(uint64_t fail_at, const char *backing)
{
    static const uint8_t list[24] = {0, 22, 0, 16};
    fixture unit;
    fixture_open(&unit, backing);
    unit.meter.fail_at = unit.meter.num_calls + fail_at;
    bool added = rig_device_nexus_new(unit.device, 1) == RIG_OK;
    READ(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 8, 0);
    bool read = unit.scsi.status == 0x00;
    CU_ASSERT(read || unit.scsi.status == 0x08);
    WRITE(&unit, unit.data, 0x2a, 0, 0, 0, 0, 0, 0, 0, 8, 0);
    CU_ASSERT(unit.scsi.status == 0x00 || unit.scsi.status == 0x08 ||
              unit.scsi.sense[2] == (read ? 0x07 : 0x03));
    BEGIN(&unit, 0x88, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0);
    CU_ASSERT(unit.scsi.status == 0x00 || unit.scsi.status == 0x08);
    rig_device_release(unit.device, &unit.scsi);
    WRITE(&unit, unit.data, 0x8f, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x08, 0, 0, 0);
    CU_ASSERT(unit.scsi.status == 0x00 || unit.scsi.status == 0x08 || unit.scsi.sense[2] == 0x0e);
    WRITE(&unit, list, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0);
    BEGIN(&unit, 0xa3, 0x0c, 0x80, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0);
    CU_ASSERT(unit.scsi.status == 0x00 || unit.scsi.status == 0x08);
    rig_device_release(unit.device, &unit.scsi);
    bool failed = unit.meter.num_calls >= unit.meter.fail_at;
    CU_ASSERT(added || failed);
    fixture_close(&unit);
    return failed;
}

static void every_allocation_may_fail(void)
{
    static const char *const backings[] = {"ram:1G", "pattern:1G", "null:1G"};
    for (size_t i = 0; i < 3; i++) {
        uint64_t at = 1;
        while (at < 10000 && try_with_failure(at, backings[i]))
            at += at < 12 ? 1 : 29; /* a big transfer has hundreds of buffers: some of them will do */
        CU_ASSERT(at > 2);
        CU_ASSERT(at < 10000);
    }
}

static void creation_may_fail_too(void)
{
    for (uint64_t at = 1; at <= 2; at++) {
        rig_alloc_meter meter;
        rig_alloc_meter_init(&meter, rig_alloc_libc());
        meter.fail_at = at;
        rig_device_config config = {.alloc = &meter.alloc};
        rig_device *device = NULL;
        rig_status status = rig_backing_ram_new(&meter.alloc, 1 << 20, &config.backing);
        CU_ASSERT_EQUAL(status, at == 1 ? RIG_E_NOMEM : RIG_OK);
        if (status == RIG_OK)
            CU_ASSERT_EQUAL(rig_device_new(&config, &device), RIG_E_NOMEM);
        CU_ASSERT_EQUAL(meter.num_live, 0);
    }
}

static void steady_traffic_allocates_nothing(const char *backing)
{
    fixture unit;
    uint64_t calls = 0;
    fixture_open(&unit, backing);
    for (unsigned round = 0; round < 6; round++) {
        if (round == 2)
            calls = unit.meter.num_calls;
        for (uint8_t at = 0; at < 16; at++) {
            CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0x10, at, 0, 0x08, at, 0), 512u * (0x800u + at));
            WRITE(&unit, unit.data, 0x2a, 0, 0, 0, 0x10, at, 0, 0x08, at, 0);
            CHECK_GOOD(&unit);
            WRITE(&unit, unit.data, 0x2f, 0x02, 0, 0, 0x10, at, 0, 0x08, at, 0);
            CHECK_GOOD(&unit);
        }
        CU_ASSERT(READ(&unit, 0xa3, 0x0c, 0x80, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0) > 0);
    }
    CU_ASSERT_EQUAL(unit.meter.num_calls, calls);
    fixture_close(&unit);
}

static void steady_traffic(void)
{
    steady_traffic_allocates_nothing("ram:16M");
    steady_traffic_allocates_nothing("pattern:16M");
    steady_traffic_allocates_nothing("null:16M");
}

RIG_SUITE("device command table", {"unknown commands", unknown_commands},
          {"CDBs shorter than their command", short_cdbs_are_refused},
          {"REPORT SUPPORTED OPERATION CODES of one", report_of_one_command},
          {"REPORT SUPPORTED OPERATION CODES of all", report_of_all_commands},
          {"what is reported is what is done", what_is_reported_is_what_is_done},
          {"hostile bytes are answered", hostile_bytes_are_answered},
          {"every allocation may fail", every_allocation_may_fail},
          {"creation may fail too", creation_may_fail_too},
          {"steady traffic allocates nothing", steady_traffic})
