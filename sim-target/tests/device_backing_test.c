/* The four backings, and their texts. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device_fixture.h"

#define CHUNK (1u << 20)

static int map(rig_backing *backing, uint64_t offset, size_t len, bool write, struct iovec *iov,
               size_t *out_len)
{
    rig_status status;
    return backing->ops->map(backing, offset, len, write, iov, 8, out_len, &status);
}

static void unmap(rig_backing *backing, uint64_t offset, const struct iovec *iov, int num, size_t written)
{
    CU_ASSERT_EQUAL(backing->ops->unmap(backing, offset, iov, num, written), RIG_OK);
}

static void ram_takes_memory_when_written(void)
{
    fixture unit;
    fixture_open(&unit, "ram:64T");
    uint64_t before = unit.meter.bytes_live;
    CU_ASSERT(before < 16384);
    CU_ASSERT_EQUAL(READ(&unit, 0x88, 0, 0, 0, 0, 0x1f, 0xff, 0xff, 0, 0, 0, 0, 0x10, 0, 0, 0), 4096 * 512);
    CU_ASSERT(fixture_all(unit.data, 0, 4096 * 512));
    CU_ASSERT_EQUAL(unit.meter.bytes_live, before);
    WRITE(&unit, unit.data, 0x2a, 0, 0, 0, 0x07, 0xff, 0, 0, 2, 0); /* two chunks */
    CHECK_GOOD(&unit);
    CU_ASSERT(unit.meter.bytes_live >= before + 2 * CHUNK);
    CU_ASSERT(unit.meter.bytes_live < before + 2 * CHUNK + 128 * 1024);
    fixture_close(&unit);
}

static void ram_data_lands_and_lies_in_place(void)
{
    rig_alloc_meter meter;
    struct iovec landed[8], lies[8];
    size_t len;
    rig_backing *ram;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    CU_ASSERT_EQUAL_FATAL(rig_backing_ram_new(&meter.alloc, 4 * CHUNK, &ram), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(map(ram, CHUNK - 512, 1024, true, landed, &len), 2);
    CU_ASSERT_EQUAL(len, 1024);
    memset(landed[0].iov_base, 1, 512);
    memset(landed[1].iov_base, 2, 512);
    unmap(ram, CHUNK - 512, landed, 2, 1024);
    CU_ASSERT_EQUAL_FATAL(map(ram, CHUNK - 512, 1024, false, lies, &len), 2);
    CU_ASSERT_PTR_EQUAL(lies[0].iov_base, landed[0].iov_base);
    CU_ASSERT_PTR_EQUAL(lies[1].iov_base, landed[1].iov_base);
    unmap(ram, CHUNK - 512, lies, 2, 0);
    ram->ops->free(ram);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

/* A hole and a chunk that are being sent stay readable whatever happens to their range. */
static void ram_holes_and_discards_under_a_reader(void)
{
    rig_alloc_meter meter;
    struct iovec hole[8], reader[8], writer[8];
    size_t len;
    rig_backing *ram;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    CU_ASSERT_EQUAL_FATAL(rig_backing_ram_new(&meter.alloc, 4 * CHUNK, &ram), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(map(ram, 0, 4096, false, hole, &len), 1);
    CU_ASSERT_EQUAL_FATAL(map(ram, 0, 4096, true, writer, &len), 1);
    memset(writer[0].iov_base, 9, 4096);
    unmap(ram, 0, writer, 1, 4096);
    CU_ASSERT(fixture_all(hole[0].iov_base, 0, 4096));
    CU_ASSERT_EQUAL_FATAL(map(ram, 0, 4096, false, reader, &len), 1);
    unmap(ram, 0, hole, 1, 0);
    uint64_t live = meter.bytes_live;
    CU_ASSERT_EQUAL(ram->ops->discard(ram, 0, CHUNK), RIG_OK);
    CU_ASSERT_EQUAL(meter.bytes_live, live);
    CU_ASSERT(fixture_all(reader[0].iov_base, 0, 4096));
    unmap(ram, 0, reader, 1, 0);
    CU_ASSERT_EQUAL(meter.bytes_live, live - CHUNK);
    CU_ASSERT_EQUAL(ram->ops->discard(ram, 0, 4 * CHUNK), RIG_OK);
    ram->ops->free(ram);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static void pattern_words_are_their_offsets(void)
{
    fixture unit;
    fixture_open(&unit, "pattern:1P");
    CU_ASSERT_EQUAL(READ(&unit, 0x88, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 2, 0, 0), 1024);
    CU_ASSERT_EQUAL(memcmp(unit.data, "\x00\x03\xff\xff\xff\xff\xfc\x00\x00\x03\xff\xff\xff\xff\xfc\x08", 16),
                    0);
    CU_ASSERT_EQUAL(memcmp(unit.data + 1016, "\x00\x03\xff\xff\xff\xff\xff\xf8", 8), 0);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0x08, 0, 0),
                    CHUNK); /* several buffers, without a seam */
    for (size_t at = 0; at < CHUNK; at += 8) {
        uint8_t word[8] = {0, 0, 0, 0, 0, (uint8_t)(at >> 16), (uint8_t)(at >> 8), (uint8_t)at};
        if (memcmp(unit.data + at, word, 8) != 0)
            CU_FAIL("a word is not its offset");
    }
    fixture_close(&unit);
}

static void pattern_finds_wrong_writes(void)
{
    fixture unit;
    fixture_open(&unit, "pattern:1M");
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 3, 0, 0, 2, 0), 1024);
    WRITE(&unit, unit.data, 0x2a, 0, 0, 0, 0, 3, 0, 0, 2, 0);
    CHECK_GOOD(&unit);
    WRITE(&unit, unit.data, 0x2a, 0, 0, 0, 0, 4, 0, 0, 2, 0);
    CHECK_SENSE(&unit, 0x03, 0x0c, 0x00);
    unit.data[1023] ^= 1;
    WRITE(&unit, unit.data, 0x2a, 0, 0, 0, 0, 3, 0, 0, 2, 0);
    CHECK_SENSE(&unit, 0x03, 0x0c, 0x00);
    BEGIN(&unit, 0x2a, 0, 0, 0, 0, 3, 0, 0, 2, 0);
    fixture_give(&unit, unit.data, 512); /* the wrong block did not come */
    CHECK_GOOD(&unit);
    fixture_close(&unit);
}

static void null_reads_zeros_and_drops_writes(void)
{
    fixture unit;
    fixture_open(&unit, "null:1P");
    memset(unit.data, 7, 4 * CHUNK);
    WRITE(&unit, unit.data, 0x2a, 0, 0, 0, 0, 0, 0, 0x20, 0, 0); /* more than the sink at once */
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0x20, 0, 0), 4 * CHUNK);
    CU_ASSERT(fixture_all(unit.data, 0, 4 * CHUNK));
    CU_ASSERT(unit.meter.bytes_peak < 2 * CHUNK);
    fixture_close(&unit);
}

/* A scratch file of size bytes; its path, for unlink and free. */
static char *scratch_file(off_t size)
{
    static const char name[] = "/rig-device-test-XXXXXX";
    const char *dir = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    char *path = calloc(1, strlen(dir) + sizeof name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(path);
    memcpy(path, dir, strlen(dir));
    memcpy(path + strlen(dir), name, sizeof name);
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(ftruncate(fd, size), 0);
    close(fd);
    return path;
}

static void open_file_unit(fixture *unit, const char *path)
{
    char text[512];
    rig_text out;
    rig_text_init(&out, text, sizeof text);
    rig_text_add(&out, "file:%s", path);
    fixture_open(unit, text);
}

static void file_keeps_what_is_written(void)
{
    char *path = scratch_file(CHUNK + 700); /* rounded down to blocks */
    fixture unit;
    open_file_unit(&unit, path);
    CU_ASSERT_EQUAL(READ(&unit, 0x25), 8);
    CU_ASSERT_EQUAL(memcmp(unit.data, "\x00\x00\x08\x00\x00\x00\x02\x00", 8), 0);
    memset(unit.data, 0x66, CHUNK);
    WRITE(&unit, unit.data, 0x2a, 0x08, 0, 0, 0, 1, 0, 0x04, 0, 0); /* 512 KiB with FUA */
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x35);
    CHECK_GOOD(&unit);
    fixture_close(&unit);
    open_file_unit(&unit, path);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0x04, 2, 0), 512 * 1026);
    CU_ASSERT(fixture_all(unit.data, 0, 512));
    CU_ASSERT(fixture_all(unit.data + 512, 0x66, 512 * 1024));
    CU_ASSERT(fixture_all(unit.data + 512 * 1025, 0, 512));
    WRITE(&unit, unit.data, 0x2e, 0x02, 0, 0, 0, 0, 0, 0, 2, 0);
    CHECK_GOOD(&unit);
    BEGIN(&unit, 0x2a, 0, 0, 0, 0, 0, 0, 0, 2, 0);
    memset(unit.data, 0x11, 1024);
    fixture_give(&unit, unit.data, 600); /* one whole block */
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0), 1024);
    CU_ASSERT(fixture_all(unit.data, 0x11, 512));
    CU_ASSERT(fixture_all(unit.data + 512, 0x66, 512));
    fixture_close(&unit);
    unlink(path);
    free(path);
}

static void file_gives_space_back(void)
{
    char *path = scratch_file(CHUNK);
    uint8_t list[24] = {0, 22, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 8};
    fixture unit;
    open_file_unit(&unit, path);
    memset(unit.data, 0x66, 32 * 512);
    WRITE(&unit, unit.data, 0x2a, 0, 0, 0, 0, 0, 0, 0, 32, 0);
    WRITE(&unit, list, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0);
    CHECK_GOOD(&unit);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 32, 0), 32 * 512);
    CU_ASSERT(fixture_all(unit.data, 0x66, 8 * 512));
    CU_ASSERT(fixture_all(unit.data + 8 * 512, 0, 8 * 512));
    CU_ASSERT(fixture_all(unit.data + 16 * 512, 0x66, 16 * 512));
    CU_ASSERT(READ(&unit, 0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 24, 0, 0) >= 24);
    CU_ASSERT_EQUAL(unit.data[20], 0);
    fixture_close(&unit);
    unlink(path);
    free(path);
}

static void a_file_that_shrank_is_an_error_of_the_command(void)
{
    char *path = scratch_file(CHUNK);
    fixture unit;
    open_file_unit(&unit, path);
    CU_ASSERT_EQUAL(truncate(path, 4096), 0);
    CU_ASSERT_EQUAL(READ(&unit, 0x28, 0, 0, 0, 0, 0, 0, 0, 8, 0), 4096);
    BEGIN(&unit, 0x28, 0, 0, 0, 0, 8, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x03, 0x11, 0x00);
    BEGIN(&unit, 0x2f, 0, 0, 0, 0, 0, 0, 0, 9, 0);
    CHECK_SENSE(&unit, 0x03, 0x11, 0x00);
    fixture_close(&unit);
    unlink(path);
    free(path);
}

static void a_read_only_unit_is_write_protected(void)
{
    fixture unit = {0};
    rig_alloc_meter_init(&unit.meter, rig_alloc_libc());
    rig_device_config config = {.alloc = &unit.meter.alloc, .backing = fixture_backing(&unit, "ram:1M")};
    config.backing->read_only = true;
    CU_ASSERT_EQUAL_FATAL(rig_device_new(&config, &unit.device), RIG_OK);
    unit.data = calloc(1, FIXTURE_DATA);
    BEGIN(&unit, 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    CHECK_REFUSED(&unit, 0x07, 0x27, 0x00);
    CU_ASSERT_EQUAL(READ(&unit, 0x1a, 0x08, 0x08, 0, 255, 0), 24);
    CU_ASSERT_EQUAL(unit.data[2], 0x90);
    fixture_close(&unit);
}

static void files_that_cannot_be_disks(void)
{
    char *path = scratch_file(511);
    rig_alloc_meter meter;
    rig_backing *backing = NULL;
    rig_error err = {0};
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    CU_ASSERT_EQUAL(rig_backing_file_new(&meter.alloc, path, &backing, &err), RIG_E_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, path));
    CU_ASSERT_EQUAL(rig_backing_file_new(&meter.alloc, "/nonexistent/disk", &backing, &err), RIG_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "No such file"));
    CU_ASSERT_EQUAL(rig_backing_file_new(&meter.alloc, "/dev/null", &backing, NULL), RIG_E_ARGUMENT);
    CU_ASSERT_EQUAL(rig_backing_file_new(&meter.alloc, "/", &backing, NULL), RIG_E_IO);
    CU_ASSERT_EQUAL(truncate(path, 4096), 0);
    meter.fail_at = 1;
    CU_ASSERT_EQUAL(rig_backing_file_new(&meter.alloc, path, &backing, &err), RIG_E_NOMEM);
    CU_ASSERT_EQUAL(meter.num_live, 0);
    unlink(path);
    free(path);
}

typedef struct text_row {
    const char *text;
    rig_status status;
    uint64_t size; /* of RIG_OK */
    const char *says;
} text_row;

static void texts(void)
{
    static const text_row rows[] = {
        {"ram:1M", RIG_OK, UINT64_C(1) << 20, NULL},
        {"ram:1MiB", RIG_OK, UINT64_C(1) << 20, NULL},
        {"ram:512", RIG_OK, 512, NULL},
        {"ram:1K", RIG_OK, 1024, NULL},
        {"null:0x200", RIG_OK, 512, NULL},
        {"ram:3G", RIG_OK, UINT64_C(3) << 30, NULL},
        {"ram:1024T", RIG_OK, UINT64_C(1) << 50, NULL},
        {"pattern:1024PiB", RIG_OK, UINT64_C(1) << 60, NULL},
        {"null:1P", RIG_OK, UINT64_C(1) << 50, NULL},
        {"ram:1025T", RIG_E_LIMIT, 0, "above the limit"},
        {"pattern:1025P", RIG_E_LIMIT, 0, "above the limit"},
        {"null:18446744073709551615", RIG_E_LIMIT, 0, "above the limit"},
        {"null:18446744073709551616", RIG_E_SYNTAX, 0, "not a size"},
        {"ram:0", RIG_E_SYNTAX, 0, "multiple of 512"},
        {"ram:513", RIG_E_SYNTAX, 0, "multiple of 512"},
        {"ram:", RIG_E_SYNTAX, 0, "not a size"},
        {"ram:M", RIG_E_SYNTAX, 0, "not a size"},
        {"ram:-1M", RIG_E_SYNTAX, 0, "not a size"},
        {"ram:1m", RIG_E_SYNTAX, 0, "not a size"},
        {"ram:1MB", RIG_E_SYNTAX, 0, "not a size"},
        {"ram:1iB", RIG_E_SYNTAX, 0, "not a size"},
        {"ram:iB", RIG_E_SYNTAX, 0, "not a size"},
        {"ram:1 M", RIG_E_SYNTAX, 0, "not a size"},
        {"ram:1MM", RIG_E_SYNTAX, 0, "not a size"},
        {"patern:1M", RIG_E_SYNTAX, 0, "did you mean 'pattern'"},
        {"disk", RIG_E_SYNTAX, 0, "unknown backing"},
        {"", RIG_E_SYNTAX, 0, "unknown backing"},
        {"file:", RIG_E_SYNTAX, 0, "path"},
        {"file:/nonexistent/disk", RIG_E_IO, 0, "/nonexistent/disk"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_backing *backing = NULL;
        rig_error err = {0};
        CU_ASSERT_EQUAL(rig_backing_open(rig_alloc_libc(), rig_view_str(rows[i].text), &backing, &err),
                        rows[i].status);
        CU_ASSERT((rows[i].says == NULL) == (backing != NULL));
        if (rows[i].says && !strstr(err.text, rows[i].says))
            CU_assertImplementation(CU_FALSE, __LINE__, err.text, rows[i].text, "", CU_FALSE);
        if (backing) {
            CU_ASSERT_EQUAL(backing->ops->size(backing), rows[i].size);
            backing->ops->free(backing);
        }
    }
}

static void sizes_given_as_numbers_are_checked_too(void)
{
    rig_backing *backing = NULL;
    CU_ASSERT_EQUAL(rig_backing_ram_new(rig_alloc_libc(), 0, &backing), RIG_E_ARGUMENT);
    CU_ASSERT_EQUAL(rig_backing_ram_new(rig_alloc_libc(), RIG_BACKING_RAM_MAX + 512, &backing),
                    RIG_E_ARGUMENT);
    CU_ASSERT_EQUAL(rig_backing_null_new(rig_alloc_libc(), 1000, &backing), RIG_E_ARGUMENT);
    CU_ASSERT_EQUAL(rig_backing_pattern_new(rig_alloc_libc(), RIG_BACKING_SIZE_MAX + 512, &backing),
                    RIG_E_ARGUMENT);
    CU_ASSERT_PTR_NULL(backing);
}

RIG_SUITE("device backings", {"RAM takes memory when written", ram_takes_memory_when_written},
          {"RAM data lands and lies in place", ram_data_lands_and_lies_in_place},
          {"RAM under a reader", ram_holes_and_discards_under_a_reader},
          {"pattern words are their offsets", pattern_words_are_their_offsets},
          {"pattern finds wrong writes", pattern_finds_wrong_writes},
          {"null reads zeros and drops writes", null_reads_zeros_and_drops_writes},
          {"a file keeps what is written", file_keeps_what_is_written},
          {"a file gives space back", file_gives_space_back},
          {"a file that shrank is an error of the command", a_file_that_shrank_is_an_error_of_the_command},
          {"a read-only unit is write protected", a_read_only_unit_is_write_protected},
          {"files that cannot be disks", files_that_cannot_be_disks}, {"texts", texts},
          {"sizes given as numbers", sizes_given_as_numbers_are_checked_too})
