/* Persistent reservations of a unit with several ports: who is registered where, what is aborted, what
 * outlives a loss of power; and the ports themselves. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device_fixture.h"

#define REGISTER 0
#define RESERVE 1
#define PREEMPT 4
#define PREEMPT_ABORT 5
#define IGNORE_KEY 6
#define MOVE 7

#define SPEC_I_PT 0x08
#define ALL_TG_PT 0x04
#define APTPL 0x01

static const char *const ports[] = {"iqn.2026-01.org.example:t,t,0x0001",
                                    "iqn.2026-01.org.example:t,t,0x0002",
                                    "iqn.2026-01.org.example:u,t,0x0001"};
static const char *const hosts[] = {"iqn.2026-01.org.example:a,i,0x00023d000001",
                                    "iqn.2026-01.org.example:b,i,0x00023d000001",
                                    "iqn.2026-01.org.example:c,i,0x00023d000001"};

/* A target with three ports; nexus 10 * host + port, counted from 1, exists while bit is set in live. */
typedef struct surroundings {
    uint64_t live;
    rig_nexus_id aborted[8];
    unsigned num_aborted;
} surroundings;

static bool port_at(void *ctx, size_t i, rig_device_port *out)
{
    (void)ctx;
    if (i >= 3)
        return false;
    out->id = (uint16_t)(i + 1);
    out->len = (uint16_t)strlen(ports[i]);
    memcpy(out->name, ports[i], out->len);
    return true;
}

static rig_nexus_id nexus_at(void *ctx, rig_view initiator, rig_view port)
{
    const surroundings *around = ctx;
    for (unsigned h = 0; h < 3; h++)
        for (unsigned p = 0; p < 3; p++)
            if (rig_view_is(initiator, hosts[h]) && rig_view_is(port, ports[p]) &&
                (around->live >> (10 * (h + 1) + p + 1) & 1))
                return 10 * (h + 1) + p + 1;
    return 0;
}

static void abort_at(void *ctx, const rig_scsi *by, rig_nexus_id nexus)
{
    surroundings *around = ctx;
    CU_ASSERT_EQUAL(by->cdb.ptr[0], 0x5f);
    around->aborted[around->num_aborted++] = nexus;
}

static rig_device *peer_at(void *ctx, const rig_scsi *by, size_t i)
{
    (void)ctx, (void)by, (void)i;
    return NULL;
}

static const rig_device_target_ops target_ops = {port_at, nexus_at, abort_at, peer_at};

static void come(fixture *unit, surroundings *around, unsigned host, unsigned port)
{
    rig_nexus_id nexus = 10 * host + port;
    around->live |= UINT64_C(1) << nexus;
    CU_ASSERT_EQUAL(rig_device_nexus_new(unit->device, nexus), RIG_OK);
    rig_device_nexus_named(unit->device, nexus, rig_view_str(hosts[host - 1]), rig_view_str(ports[port - 1]));
}

static void as(fixture *unit, unsigned host, unsigned port)
{
    unit->scsi.nexus = 10 * host + port;
    unit->scsi.initiator = rig_view_str(hosts[host - 1]);
    unit->scsi.port = rig_view_str(ports[port - 1]);
}

/* All three hosts on port 1, host 1 also on port 2. */
static void open_shared(fixture *unit, surroundings *around, const char *text)
{
    fixture_open(unit, text);
    memset(around, 0, sizeof *around);
    rig_device_in_target(unit->device, &target_ops, around);
    for (unsigned h = 1; h <= 3; h++)
        come(unit, around, h, 1);
    come(unit, around, 1, 2);
    as(unit, 1, 1);
}

/* PERSISTENT RESERVE OUT with a list of len bytes behind the keys and byte 20 (17 of REGISTER AND MOVE). */
static uint8_t out(fixture *unit, uint8_t action, uint8_t type, uint8_t key, uint8_t service_key,
                   uint8_t flags, const uint8_t *more, uint8_t more_len)
{
    uint8_t list[256] = {0};
    list[7] = key;
    list[15] = service_key;
    list[20] = flags;
    if (more_len)
        memcpy(list + (action == MOVE ? 16 : 24), more, more_len);
    WRITE(unit, list, 0x5f, action, type, 0, 0, 0, 0, 0,
          (uint8_t)(action == MOVE ? 16 + more_len : 24 + more_len), 0);
    return unit->scsi.status;
}

static uint8_t plain(fixture *unit, uint8_t action, uint8_t type, uint8_t key, uint8_t service_key)
{
    return out(unit, action, type, key, service_key, 0, NULL, 0);
}

static uint8_t put_id(uint8_t *at, const char *name)
{
    size_t len = (strlen(name) + 4) / 4 * 4;
    memset(at, 0, 4 + len);
    at[0] = 0x45;
    at[3] = (uint8_t)len;
    memcpy(at + 4, name, strlen(name));
    return (uint8_t)(4 + len);
}

static unsigned num_keys(fixture *unit)
{
    CU_ASSERT(READ(unit, 0x5e, 0, 0, 0, 0, 0, 0, 0x08, 0, 0) >= 8);
    return (unsigned)(unit->data[6] << 8 | unit->data[7]) / 8;
}

static uint8_t reads(fixture *unit, unsigned host, unsigned port)
{
    as(unit, host, port);
    BEGIN(unit, 0x28);
    rig_device_release(unit->device, &unit->scsi);
    return unit->scsi.status;
}

static void check_attention(fixture *unit, unsigned host, unsigned port, uint8_t asc, uint8_t ascq)
{
    as(unit, host, port);
    BEGIN(unit, 0x00);
    CHECK_REFUSED(unit, 0x06, asc, ascq);
}

static void registering_others(void)
{
    fixture unit;
    surroundings around;
    uint8_t ids[128] = {0};
    open_shared(&unit, &around, "ram:1M");
    uint8_t len = (uint8_t)(4 + put_id(ids + 4, hosts[1]));
    len = (uint8_t)(len + put_id(ids + len, hosts[2]));
    ids[3] = (uint8_t)(len - 4);
    CU_ASSERT_EQUAL(out(&unit, REGISTER, 0, 0, 0x11, SPEC_I_PT, ids, len), 0x00);
    CU_ASSERT_EQUAL(num_keys(&unit), 3);
    CU_ASSERT_EQUAL(unit.data[3], 1); /* one command, one generation */
    CU_ASSERT_EQUAL(plain(&unit, RESERVE, 6, 0x11, 0), 0x00);
    CU_ASSERT_EQUAL(reads(&unit, 2, 1), 0x00);
    CU_ASSERT_EQUAL(reads(&unit, 3, 1), 0x00);
    CU_ASSERT_EQUAL(reads(&unit, 1, 2), 0x18); /* its other port is not registered */
    as(&unit, 1, 1);
    CU_ASSERT_EQUAL(out(&unit, REGISTER, 0, 0x11, 0x12, SPEC_I_PT, ids, len), 0x02); /* registered already */
    CHECK_SENSE(&unit, 0x05, 0x24, 0x00);
    fixture_close(&unit);
}

/* Each is refused, and registers nobody. */
static void lists_of_ports_are_checked(void)
{
    fixture unit;
    surroundings around;
    uint8_t ids[128] = {0};
    open_shared(&unit, &around, "ram:1M");
    uint8_t len = (uint8_t)(4 + put_id(ids + 4, hosts[1]));
    ids[3] = (uint8_t)(len - 4 - 1);
    CU_ASSERT_EQUAL(out(&unit, REGISTER, 0, 0, 0x11, SPEC_I_PT, ids, len), 0x02);
    CHECK_SENSE(&unit, 0x05, 0x1a, 0x00);
    ids[3] = (uint8_t)(len - 4);
    ids[4] = 0x05; /* the form without an ISID */
    CU_ASSERT_EQUAL(out(&unit, REGISTER, 0, 0, 0x11, SPEC_I_PT, ids, len), 0x02);
    CHECK_SENSE(&unit, 0x05, 0x26, 0x00);
    CU_ASSERT_EQUAL(unit.scsi.sense[17], 28);
    ids[4] = 0x45;
    memset(ids + 8, 'x', (size_t)(len - 8)); /* no end */
    CU_ASSERT_EQUAL(out(&unit, REGISTER, 0, 0, 0x11, SPEC_I_PT, ids, len), 0x02);
    CHECK_SENSE(&unit, 0x05, 0x26, 0x00);
    put_id(ids + 4, hosts[1]);
    CU_ASSERT_EQUAL(out(&unit, IGNORE_KEY, 0, 0, 0x11, SPEC_I_PT, NULL, 0), 0x02);
    CHECK_SENSE(&unit, 0x05, 0x26, 0x00);
    CU_ASSERT_EQUAL(out(&unit, REGISTER, 0, 0, 0x11, 0, ids, len), 0x02); /* a longer list for nothing */
    CHECK_SENSE(&unit, 0x05, 0x1a, 0x00);
    BEGIN(&unit, 0x5f, RESERVE, 1, 0, 0, 0, 0, 0, 28, 0);
    CHECK_REFUSED(&unit, 0x05, 0x1a, 0x00);
    BEGIN(&unit, 0x5f, REGISTER, 0, 0, 0, 0, 0, 0x0f, 0x9d, 0); /* one past the longest */
    CHECK_REFUSED(&unit, 0x05, 0x1a, 0x00);
    BEGIN(&unit, 0x5f, REGISTER, 0, 0, 0, 0, 0, 0x0f, 0x9c, 0);
    CU_ASSERT_EQUAL(unit.scsi.length, 28 + 16 * 248);
    rig_device_finish(unit.device, &unit.scsi, 0, true);
    CU_ASSERT_EQUAL(num_keys(&unit), 0);
    fixture_close(&unit);
}

static void no_memory_registers_nobody(void)
{
    fixture unit;
    surroundings around;
    uint8_t ids[128] = {0};
    open_shared(&unit, &around, "ram:1M");
    uint8_t len = (uint8_t)(4 + put_id(ids + 4, hosts[1]));
    ids[3] = (uint8_t)(len - 4);
    for (unsigned call = 1; call <= 3; call++) { /* names, the table, names */
        unit.meter.fail_at = unit.meter.num_calls + call;
        CU_ASSERT_EQUAL(out(&unit, REGISTER, 0, 0, 0x11, SPEC_I_PT, ids, len), 0x02);
        CHECK_SENSE(&unit, 0x05, 0x55, 0x04);
        CU_ASSERT_EQUAL(num_keys(&unit), 0);
        if (call == 2)
            call++; /* the table stays */
        CU_ASSERT_EQUAL(unit.data[3], 0);
    }
    unit.meter.fail_at = 0;
    CU_ASSERT_EQUAL(out(&unit, REGISTER, 0, 0, 0x11, SPEC_I_PT, ids, len), 0x00);
    CU_ASSERT_EQUAL(num_keys(&unit), 2);
    fixture_close(&unit);
}

/* The keys there are stay, too, when what is new finds no room. */
static void no_memory_changes_no_key(void)
{
    fixture unit;
    surroundings around;
    open_shared(&unit, &around, "ram:1M");
    CU_ASSERT_EQUAL(plain(&unit, REGISTER, 0, 0, 0x11), 0x00);
    unit.meter.fail_at = unit.meter.num_calls + 2;
    CU_ASSERT_EQUAL(out(&unit, REGISTER, 0, 0x11, 0x12, ALL_TG_PT, NULL, 0), 0x02);
    CHECK_SENSE(&unit, 0x05, 0x55, 0x04);
    unit.meter.fail_at = 0;
    CU_ASSERT_EQUAL(num_keys(&unit), 1);
    CU_ASSERT_EQUAL(unit.data[15], 0x11);
    CU_ASSERT_EQUAL(out(&unit, REGISTER, 0, 0x11, 0x12, ALL_TG_PT, NULL, 0), 0x00);
    CU_ASSERT_EQUAL(num_keys(&unit), 3);
    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(unit.data[8 + 8 * i + 7], 0x12);
    fixture_close(&unit);
}

/* SPC-4 section 6.14: PREEMPT AND ABORT allows the removal of the medium for who is preempted, PREEMPT does
 * not. */
static void preempting_and_aborting_lets_the_medium_go(void)
{
    static const uint8_t actions[] = {PREEMPT, PREEMPT_ABORT};
    for (size_t i = 0; i < 2; i++) {
        fixture unit;
        surroundings around;
        fixture_open_unit(&unit, "ram:1M,removable");
        memset(&around, 0, sizeof around);
        rig_device_in_target(unit.device, &target_ops, &around);
        come(&unit, &around, 1, 1);
        come(&unit, &around, 2, 1);
        as(&unit, 2, 1);
        CU_ASSERT_EQUAL(plain(&unit, REGISTER, 0, 0, 0x22), 0x00);
        BEGIN(&unit, 0x1e, 0, 0, 0, 0x01, 0);
        CHECK_GOOD(&unit);
        as(&unit, 1, 1);
        CU_ASSERT_EQUAL(plain(&unit, REGISTER, 0, 0, 0x11), 0x00);
        CU_ASSERT_EQUAL(plain(&unit, actions[i], 1, 0x11, 0x22), 0x00);
        BEGIN(&unit, 0x1b, 0, 0, 0, 0x02, 0);
        CU_ASSERT_EQUAL(unit.scsi.status, actions[i] == PREEMPT ? 0x02 : 0x00);
        fixture_close(&unit);
    }
}

/* MULTIP of the standard INQUIRY data: more ports than one. */
static void several_ports_are_told(void)
{
    fixture unit;
    surroundings around;
    open_shared(&unit, &around, "ram:1M");
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 0, 0, 0, 96, 0), 96);
    CU_ASSERT_EQUAL(unit.data[6], 0x10);
    rig_device_in_target(unit.device, NULL, NULL);
    CU_ASSERT_EQUAL(READ(&unit, 0x12, 0, 0, 0, 96, 0), 96);
    CU_ASSERT_EQUAL(unit.data[6], 0x00);
    fixture_close(&unit);
}

static void registering_on_all_ports(void)
{
    fixture unit;
    surroundings around;
    open_shared(&unit, &around, "ram:1M");
    CU_ASSERT_EQUAL(out(&unit, REGISTER, 0, 0, 0x11, ALL_TG_PT, NULL, 0), 0x00);
    CU_ASSERT_EQUAL(num_keys(&unit), 3);
    CU_ASSERT_EQUAL(READ(&unit, 0x5e, 3, 0, 0, 0, 0, 0, 0x08, 0, 0), 8 + 3 * (24 + 4 + 44));
    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(unit.data[8 + i * 72 + 19], i + 1); /* RELATIVE TARGET PORT IDENTIFIER */
    CU_ASSERT_EQUAL(plain(&unit, RESERVE, 3, 0x11, 0), 0x00);
    CU_ASSERT_EQUAL(reads(&unit, 1, 2), 0x18); /* registered, but not the holder */
    CU_ASSERT_EQUAL(plain(&unit, PREEMPT, 6, 0x11, 0x11), 0x00);
    CU_ASSERT_EQUAL(num_keys(&unit), 1);
    CU_ASSERT_EQUAL(out(&unit, REGISTER, 0, 0x11, 0x12, ALL_TG_PT, NULL, 0), 0x00);
    CU_ASSERT_EQUAL(num_keys(&unit), 3);
    CU_ASSERT_EQUAL(unit.data[15], 0x12);
    CU_ASSERT_EQUAL(out(&unit, REGISTER, 0, 0x12, 0, ALL_TG_PT, NULL, 0), 0x00);
    CU_ASSERT_EQUAL(num_keys(&unit), 0);
    CU_ASSERT_EQUAL(reads(&unit, 3, 1), 0x00);
    fixture_close(&unit);
}

static void preempting_ends_tasks_when_asked_to(void)
{
    fixture unit;
    surroundings around;
    open_shared(&unit, &around, "ram:1M");
    for (unsigned h = 1; h <= 3; h++) {
        as(&unit, h, 1);
        CU_ASSERT_EQUAL(plain(&unit, REGISTER, 0, 0, h == 1 ? 0x11 : 0x22), 0x00);
    }
    as(&unit, 1, 1);
    CU_ASSERT_EQUAL(plain(&unit, PREEMPT, 1, 0x11, 0x22), 0x00);
    CU_ASSERT_EQUAL(around.num_aborted, 0);
    CU_ASSERT_EQUAL(num_keys(&unit), 1);
    check_attention(&unit, 2, 1, 0x2a, 0x05);
    check_attention(&unit, 3, 1, 0x2a, 0x05);
    for (unsigned h = 2; h <= 3; h++) {
        as(&unit, h, 1);
        CU_ASSERT_EQUAL(plain(&unit, REGISTER, 0, 0, 0x11), 0x00);
    }
    as(&unit, 2, 1);
    CU_ASSERT_EQUAL(plain(&unit, RESERVE, 3, 0x11, 0), 0x00);
    as(&unit, 1, 1); /* all have one key: who asks is left out */
    CU_ASSERT_EQUAL(plain(&unit, PREEMPT_ABORT, 3, 0x11, 0x11), 0x00);
    CU_ASSERT_EQUAL(around.num_aborted, 2);
    CU_ASSERT_EQUAL(around.aborted[0] + around.aborted[1], 21 + 31);
    CU_ASSERT_EQUAL(reads(&unit, 1, 1), 0x00);
    check_attention(&unit, 2, 1, 0x2a, 0x05);
    CU_ASSERT_EQUAL(reads(&unit, 2, 1), 0x18);
    fixture_close(&unit);
}

/* What moves where: 4 bytes (flags, port), the length of the TransportID, and it. */
static uint8_t put_move(uint8_t *out_list, uint8_t flags, uint8_t port, const char *name)
{
    memset(out_list, 0, 8);
    out_list[1] = flags;
    out_list[3] = port;
    uint8_t len = put_id(out_list + 8, name);
    out_list[7] = len;
    return (uint8_t)(8 + len);
}

static void moving(void)
{
    fixture unit;
    surroundings around;
    uint8_t to[128];
    open_shared(&unit, &around, "ram:1M");
    uint8_t len = put_move(to, 0, 1, hosts[1]);
    CU_ASSERT_EQUAL(plain(&unit, REGISTER, 0, 0, 0x11), 0x00);
    CU_ASSERT_EQUAL(out(&unit, MOVE, 0, 0x11, 0x22, 0, to, len), 0x18); /* there is no reservation */
    CU_ASSERT_EQUAL(plain(&unit, RESERVE, 3, 0x11, 0), 0x00);
    CU_ASSERT_EQUAL(out(&unit, MOVE, 0, 0x11, 0x22, 0, to, len), 0x00);
    CU_ASSERT_EQUAL(num_keys(&unit), 2);
    CU_ASSERT_EQUAL(reads(&unit, 1, 1), 0x18);
    CU_ASSERT_EQUAL(reads(&unit, 2, 1), 0x00);
    len = put_move(to, 0x02, 2, hosts[0]); /* back by the other port, and unregistered */
    CU_ASSERT_EQUAL(out(&unit, MOVE, 0, 0x22, 0x33, 0, to, len), 0x00);
    CU_ASSERT_EQUAL(num_keys(&unit), 2);
    CU_ASSERT_EQUAL(reads(&unit, 2, 1), 0x18);
    CU_ASSERT_EQUAL(reads(&unit, 1, 1), 0x18);
    CU_ASSERT_EQUAL(reads(&unit, 1, 2), 0x00);
    CU_ASSERT_EQUAL(READ(&unit, 0x5e, 1, 0, 0, 0, 0, 0, 1, 0, 0), 24);
    CU_ASSERT_EQUAL(unit.data[15], 0x33);
    CU_ASSERT_EQUAL(unit.data[3], 3); /* one registration, two moves */
    CU_ASSERT_EQUAL(unit.data[21], 3);
    fixture_close(&unit);
}

static void moves_are_checked(void)
{
    fixture unit;
    surroundings around;
    uint8_t to[128];
    open_shared(&unit, &around, "ram:1M");
    uint8_t len = put_move(to, 0, 1, hosts[1]);
    CU_ASSERT_EQUAL(plain(&unit, REGISTER, 0, 0, 0x11), 0x00);
    CU_ASSERT_EQUAL(plain(&unit, RESERVE, 7, 0x11, 0), 0x00);
    CU_ASSERT_EQUAL(out(&unit, MOVE, 0, 0x11, 0x22, 0, to, len), 0x18); /* everybody's */
    CU_ASSERT_EQUAL(plain(&unit, PREEMPT, 3, 0x11, 0), 0x00);
    CU_ASSERT_EQUAL(out(&unit, MOVE, 0, 0x11, 0, 0, to, len), 0x02);
    CU_ASSERT_EQUAL(unit.scsi.sense[17], 8);
    to[3] = 4; /* no such port */
    CU_ASSERT_EQUAL(out(&unit, MOVE, 0, 0x11, 0x22, 0, to, len), 0x02);
    CU_ASSERT_EQUAL(unit.scsi.sense[17], 18);
    len = put_move(to, 0, 1, hosts[0]); /* where it is */
    CU_ASSERT_EQUAL(out(&unit, MOVE, 0, 0x11, 0x22, 0, to, len), 0x02);
    CU_ASSERT_EQUAL(unit.scsi.sense[17], 24);
    len = put_move(to, 0, 1, hosts[1]);
    to[7]++;
    CU_ASSERT_EQUAL(out(&unit, MOVE, 0, 0x11, 0x22, 0, to, len), 0x02);
    CHECK_SENSE(&unit, 0x05, 0x26, 0x00);
    to[7]--;
    to[1] = 0x04; /* reserved */
    CU_ASSERT_EQUAL(out(&unit, MOVE, 0, 0x11, 0x22, 0, to, len), 0x02);
    CU_ASSERT_EQUAL(unit.scsi.sense[17], 17);
    CU_ASSERT_EQUAL(num_keys(&unit), 1);
    fixture_close(&unit);
}

/* REC-038: a registration waits for its ports, and hears what happens as soon as they are back. */
static void who_comes_back_hears(void)
{
    fixture unit;
    surroundings around;
    open_shared(&unit, &around, "ram:1M");
    as(&unit, 2, 1);
    CU_ASSERT_EQUAL(plain(&unit, REGISTER, 0, 0, 0x22), 0x00);
    rig_device_nexus_lost(unit.device, 21);
    come(&unit, &around, 2, 1);
    as(&unit, 1, 1);
    CU_ASSERT_EQUAL(plain(&unit, REGISTER, 0, 0, 0x11), 0x00);
    CU_ASSERT_EQUAL(plain(&unit, PREEMPT, 1, 0x11, 0x22), 0x00);
    check_attention(&unit, 2, 1, 0x2a, 0x05);
    fixture_close(&unit);
}

static void port_groups(void)
{
    static const uint8_t expected[] = {0, 0, 0, 20, 0, 1, 0, 1, 0, 0, 0, 3,
                                       0, 0, 0, 1,  0, 0, 0, 2, 0, 0, 0, 3};
    fixture unit;
    surroundings around;
    open_shared(&unit, &around, "ram:1M");
    CU_ASSERT_EQUAL(READ(&unit, 0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0), sizeof expected);
    CU_ASSERT_EQUAL(memcmp(unit.data, expected, sizeof expected), 0);
    CU_ASSERT_EQUAL(READ(&unit, 0xa3, 0x2a, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0), sizeof expected + 4);
    CU_ASSERT_EQUAL(memcmp(unit.data, "\x00\x00\x00\x18\x10\x00\x00\x00", 8), 0);
    CU_ASSERT_EQUAL(memcmp(unit.data + 8, expected + 4, sizeof expected - 4), 0);
    CU_ASSERT_EQUAL(READ(&unit, 0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0), 4);
    as(&unit, 1, 2);
    CU_ASSERT(READ(&unit, 0x12, 1, 0x83, 0, 255, 0) > 60);
    CU_ASSERT_EQUAL(memcmp(unit.data + 44, "\x51\x94\x00\x04\x00\x00\x00\x02", 8), 0);
    fixture_close(&unit);
}

/* ---- what outlives a loss of power ---- */

typedef struct side_file {
    char path[64], state[80], text[80];
} side_file;

static void make_disk(side_file *out_disk)
{
    snprintf(out_disk->path, sizeof out_disk->path, "/tmp/device_sharing_test.XXXXXX");
    int fd = mkstemp(out_disk->path);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(ftruncate(fd, 1 << 20), 0);
    close(fd);
    snprintf(out_disk->state, sizeof out_disk->state, "%s.pr", out_disk->path);
    snprintf(out_disk->text, sizeof out_disk->text, "file:%s", out_disk->path);
}

static void remove_disk(const side_file *disk)
{
    unlink(disk->path);
    unlink(disk->state);
}

static void registrations_outlive_power(void)
{
    fixture unit;
    surroundings around;
    side_file disk;
    struct stat st;
    make_disk(&disk);
    open_shared(&unit, &around, disk.text);
    CU_ASSERT_EQUAL(READ(&unit, 0x5e, 2, 0, 0, 0, 0, 0, 1, 0, 0), 8);
    CU_ASSERT_EQUAL(memcmp(unit.data + 2, "\x0d\x80", 2), 0); /* PTPL_C, not PTPL_A */
    CU_ASSERT_EQUAL(out(&unit, REGISTER, 0, 0, 0x11, APTPL, NULL, 0), 0x00);
    as(&unit, 2, 1);
    CU_ASSERT_EQUAL(out(&unit, REGISTER, 0, 0, 0x22, APTPL, NULL, 0), 0x00);
    CU_ASSERT_EQUAL(plain(&unit, RESERVE, 3, 0x22, 0), 0x00);
    CU_ASSERT_EQUAL(stat(disk.state, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 0777, 0600);
    fixture_close(&unit);

    open_shared(&unit, &around, disk.text);
    CU_ASSERT_EQUAL(num_keys(&unit), 2);
    CU_ASSERT_EQUAL(unit.data[3], 0); /* PRgeneration begins anew */
    CU_ASSERT_EQUAL(READ(&unit, 0x5e, 2, 0, 0, 0, 0, 0, 1, 0, 0), 8);
    CU_ASSERT_EQUAL(unit.data[3], 0x81);
    CU_ASSERT_EQUAL(reads(&unit, 1, 1), 0x18);
    CU_ASSERT_EQUAL(reads(&unit, 2, 1), 0x00);
    CU_ASSERT_EQUAL(out(&unit, IGNORE_KEY, 0, 0, 0x22, 0, NULL, 0), 0x00); /* no longer */
    CU_ASSERT_EQUAL(stat(disk.state, &st), -1);
    fixture_close(&unit);

    open_shared(&unit, &around, disk.text);
    CU_ASSERT_EQUAL(num_keys(&unit), 0);
    fixture_close(&unit);
    remove_disk(&disk);
}

/* Opens the disk as a unit with that serial number; the error is in *err. */
static rig_status try_open(const side_file *disk, uint64_t serial, rig_error *err)
{
    rig_device *device = NULL;
    rig_device_config config = {.alloc = rig_alloc_libc(), .serial = serial, .err = err};
    CU_ASSERT_EQUAL_FATAL(rig_backing_open(config.alloc, rig_view_str(disk->text), &config.backing, err),
                          RIG_OK);
    rig_status status = rig_device_new(&config, &device);
    rig_device_free(device);
    return status;
}

/* Changes one byte of the file, or cuts it there. */
static void spoil(const side_file *disk, long at, bool cut)
{
    FILE *file = fopen(disk->state, "r+");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fseek(file, at, SEEK_SET);
    int byte = fgetc(file);
    fseek(file, at, SEEK_SET);
    if (!cut)
        fputc(byte ^ 1, file);
    CU_ASSERT_EQUAL(cut ? ftruncate(fileno(file), at) : 0, 0);
    fclose(file);
}

static void damaged_state_is_refused_and_left_alone(void)
{
    fixture unit;
    surroundings around;
    side_file disk;
    struct stat before, after;
    rig_error err = {0};
    make_disk(&disk);
    open_shared(&unit, &around, disk.text);
    CU_ASSERT_EQUAL(out(&unit, REGISTER, 0, 0, 0x11, APTPL, NULL, 0), 0x00);
    fixture_close(&unit);
    CU_ASSERT_EQUAL(try_open(&disk, UINT64_C(0x0123456789abcdef), &err), RIG_OK);
    CU_ASSERT_EQUAL(try_open(&disk, 7, &err), RIG_E_SYNTAX);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "0123456789abcdef"));
    static const long wrong[] = {0, 9, 13, 16, 40};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        spoil(&disk, wrong[i], false);
        CU_ASSERT_EQUAL(stat(disk.state, &before), 0);
        CU_ASSERT_EQUAL(try_open(&disk, UINT64_C(0x0123456789abcdef), &err), RIG_E_SYNTAX);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, disk.state));
        CU_ASSERT_EQUAL(stat(disk.state, &after), 0);
        CU_ASSERT_EQUAL(before.st_ino, after.st_ino);
        spoil(&disk, wrong[i], false);
    }
    CU_ASSERT_EQUAL(try_open(&disk, UINT64_C(0x0123456789abcdef), &err), RIG_OK);
    spoil(&disk, 30, true);
    CU_ASSERT_EQUAL(try_open(&disk, UINT64_C(0x0123456789abcdef), &err), RIG_E_SYNTAX);
    spoil(&disk, 3, true);
    CU_ASSERT_EQUAL(try_open(&disk, UINT64_C(0x0123456789abcdef), &err), RIG_E_SYNTAX);
    remove_disk(&disk);
}

static void what_cannot_be_kept_is_told(void)
{
    fixture unit;
    surroundings around;
    side_file disk;
    make_disk(&disk);
    open_shared(&unit, &around, disk.text);
    CU_ASSERT_EQUAL(mkdir(disk.state, 0700), 0); /* nothing can take its place */
    CU_ASSERT_EQUAL(out(&unit, REGISTER, 0, 0, 0x11, APTPL, NULL, 0), 0x02);
    CHECK_SENSE(&unit, 0x03, 0x0c, 0x00);
    CU_ASSERT_EQUAL(rmdir(disk.state), 0);
    CU_ASSERT_EQUAL(plain(&unit, RESERVE, 1, 0x11, 0), 0x00); /* and the next one can */
    fixture_close(&unit);
    open_shared(&unit, &around, disk.text);
    CU_ASSERT_EQUAL(num_keys(&unit), 1);
    fixture_close(&unit);
    remove_disk(&disk);
}

RIG_SUITE("device sharing", {"registering others", registering_others},
          {"lists of ports are checked", lists_of_ports_are_checked},
          {"no memory registers nobody", no_memory_registers_nobody},
          {"no memory changes no key", no_memory_changes_no_key},
          {"preempting and aborting lets the medium go", preempting_and_aborting_lets_the_medium_go},
          {"several ports are told", several_ports_are_told},
          {"registering on all ports", registering_on_all_ports},
          {"preempting ends tasks when asked to", preempting_ends_tasks_when_asked_to}, {"moving", moving},
          {"moves are checked", moves_are_checked}, {"who comes back hears", who_comes_back_hears},
          {"port groups", port_groups}, {"registrations outlive power", registrations_outlive_power},
          {"damaged state is refused and left alone", damaged_state_is_refused_and_left_alone},
          {"what cannot be kept is told", what_cannot_be_kept_is_told})
