/** @file
 * One unit on a counting allocator, commands from typed CDB bytes, and what came of them.
 */
#ifndef DEVICE_FIXTURE_H
#define DEVICE_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "rig/device.h"
#include "suite.h"

#define FIXTURE_DATA (8u << 20)

typedef struct fixture {
    rig_alloc_meter meter;
    rig_device *device;
    rig_scsi scsi;
    uint8_t cdb[16];
    uint8_t *data; /* FIXTURE_DATA bytes: what a read brought, or what a write sends */
} fixture;

static inline rig_backing *fixture_backing(fixture *unit, const char *text)
{
    rig_backing *backing = NULL;
    rig_error err = {0};
    CU_ASSERT_EQUAL_FATAL(rig_backing_open(&unit->meter.alloc, rig_view_str(text), &backing, &err), RIG_OK);
    return backing;
}

static inline void fixture_open_blocks(fixture *unit, const char *text, uint32_t block_len)
{
    memset(unit, 0, sizeof *unit);
    rig_alloc_meter_init(&unit->meter, rig_alloc_libc());
    rig_device_config config = {.alloc = &unit->meter.alloc,
                                .backing = fixture_backing(unit, text),
                                .block_len = block_len,
                                .serial = UINT64_C(0x0123456789abcdef)};
    CU_ASSERT_EQUAL_FATAL(rig_device_new(&config, &unit->device), RIG_OK);
    unit->scsi.nexus = 1;
    unit->data = calloc(1, FIXTURE_DATA);
    CU_ASSERT_PTR_NOT_NULL_FATAL(unit->data);
}

/* A unit from its text, as people write it. */
static inline void fixture_open_unit(fixture *unit, const char *text)
{
    rig_error err = {0};
    memset(unit, 0, sizeof *unit);
    rig_alloc_meter_init(&unit->meter, rig_alloc_libc());
    CU_ASSERT_EQUAL_FATAL(rig_device_open(&unit->meter.alloc, rig_view_str(text), &unit->device, &err),
                          RIG_OK);
    unit->scsi.nexus = 1;
    unit->data = calloc(1, FIXTURE_DATA);
    CU_ASSERT_PTR_NOT_NULL_FATAL(unit->data);
}

static inline void fixture_open(fixture *unit, const char *text)
{
    fixture_open_blocks(unit, text, 512);
}

/* Everything is given back: nothing may be left with the allocator. */
static inline void fixture_close(fixture *unit)
{
    rig_device_release(unit->device, &unit->scsi);
    rig_device_free(unit->device);
    CU_ASSERT_EQUAL(unit->meter.num_live, 0);
    CU_ASSERT_EQUAL(unit->meter.bytes_live, 0);
    free(unit->data);
}

static inline void fixture_begin(fixture *unit, const uint8_t *cdb, size_t len)
{
    memset(unit->cdb, 0, sizeof unit->cdb);
    memcpy(unit->cdb, cdb, len);
    unit->scsi.cdb = rig_view_of(unit->cdb, sizeof unit->cdb);
    rig_device_begin(unit->device, &unit->scsi);
}

/* BEGIN(unit, bytes…): starts a command. */
#define BEGIN(unit, ...)                                                                                     \
    fixture_begin(unit, (const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__})

static inline uint64_t fixture_total(const rig_scsi *scsi)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < scsi->num_iov; i++)
        total += scsi->iov[i].iov_len;
    return total;
}

/* Takes the data of a read into unit->data and ends it; returns its bytes. */
static inline uint64_t fixture_take(fixture *unit)
{
    uint64_t at = 0;
    CU_ASSERT_EQUAL(fixture_total(&unit->scsi), unit->scsi.length);
    for (uint32_t i = 0; i < unit->scsi.num_iov; i++) {
        CU_ASSERT_FATAL(at + unit->scsi.iov[i].iov_len <= FIXTURE_DATA);
        memcpy(unit->data + at, unit->scsi.iov[i].iov_base, unit->scsi.iov[i].iov_len);
        at += unit->scsi.iov[i].iov_len;
    }
    rig_device_release(unit->device, &unit->scsi);
    return at;
}

/* READ(unit, bytes…): a command that brings data; gives their number. */
#define READ(unit, ...) (BEGIN(unit, __VA_ARGS__), fixture_take(unit))

/* Lands got bytes of data and ends the command. */
static inline void fixture_give(fixture *unit, const uint8_t *data, uint64_t got)
{
    uint64_t at = 0;
    for (uint32_t i = 0; i < unit->scsi.num_iov && at < got; i++) {
        size_t len = unit->scsi.iov[i].iov_len < got - at ? unit->scsi.iov[i].iov_len : (size_t)(got - at);
        memcpy(unit->scsi.iov[i].iov_base, data + at, len);
        at += len;
    }
    CU_ASSERT_EQUAL(at, got);
    rig_device_finish(unit->device, &unit->scsi, got, false);
}

/* WRITE(unit, data, bytes…): a command whose whole data comes. */
#define WRITE(unit, source, ...)                                                                             \
    (BEGIN(unit, __VA_ARGS__), fixture_give(unit, (const uint8_t *)(source), (unit)->scsi.length))

#define CHECK_GOOD(unit) CU_ASSERT_EQUAL((unit)->scsi.status, 0x00)

/* CHECK CONDITION with fixed-format sense of that key and code. */
#define CHECK_SENSE(unit, key, asc, ascq)                                                                    \
    do {                                                                                                     \
        CU_ASSERT_EQUAL((unit)->scsi.status, 0x02);                                                          \
        CU_ASSERT_EQUAL((unit)->scsi.sense_len, 18);                                                         \
        CU_ASSERT_EQUAL((unit)->scsi.sense[0] & 0x7f, 0x70);                                                 \
        CU_ASSERT_EQUAL((unit)->scsi.sense[2], (key));                                                       \
        CU_ASSERT_EQUAL((unit)->scsi.sense[7], 10);                                                          \
        CU_ASSERT_EQUAL((unit)->scsi.sense[12], (asc));                                                      \
        CU_ASSERT_EQUAL((unit)->scsi.sense[13], (ascq));                                                     \
    } while (0)

/* Refused before any data: nothing is to be moved either. */
#define CHECK_REFUSED(unit, key, asc, ascq)                                                                  \
    do {                                                                                                     \
        CHECK_SENSE(unit, key, asc, ascq);                                                                   \
        CU_ASSERT_EQUAL((unit)->scsi.direction, RIG_CDB_NONE);                                               \
        CU_ASSERT_EQUAL((unit)->scsi.length, 0);                                                             \
        CU_ASSERT_EQUAL((unit)->scsi.num_iov, 0);                                                            \
    } while (0)

/* Whether len bytes all have that value. */
static inline bool fixture_all(const uint8_t *data, uint8_t value, size_t len)
{
    size_t i = 0;
    while (i < len && data[i] == value)
        i++;
    return i == len;
}

#endif
