/*
 * A unit behind hostile commands. The first byte chooses the unit; then come records: what happens, of whom,
 * and for a command the length of its CDB, the bytes it announces and those that come. Commands overlap: each
 * of a few slots keeps what it began until its next record ends it.
 */
#include <stdlib.h>

#include "rig/device.h"

#define SLOTS 3
#define NEXUSES 3
#define CDB_MAX 32
#define RECORD_LEN 4
#define DATA_MAX 8192 /* most bytes of data that a command gets */

enum happening { COMMAND, COMMAND_BOTH, END, ABANDON, LOSE, RESET, ATTENTION, INJECT };

typedef struct fuzz_slot {
    rig_scsi scsi;
    bool busy;
    uint8_t cdb[CDB_MAX];
} fuzz_slot;

typedef struct fuzz_input {
    const uint8_t *at;
    size_t left;
    uint64_t now; /* a nanosecond a record */
} fuzz_input;

static const char *const units[] = {
    "ram:256K",
    "ram:256K,block=4096,removable",
    "ram:256K,protection=1",
    "ram:256K,protection=2",
    "ram:256K,protection=3,block=1024",
    "null:1P",
    "pattern:1M,removable,empty",
    "ram:1P,read-only",
    "ram:256K,sanitize=9ns,lbpws10=0",
};

static const char *const hosts[NEXUSES] = {"iqn.2026-01.example.host:a,i,0x00023d000001",
                                           "iqn.2026-01.example.host:b,i,0x00023d000001", ""};

#define PORT "iqn.2026-01.example.sim:fuzz,t,0x0001"

static uint8_t take(fuzz_input *input)
{
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->at++;
}

static void take_bytes(fuzz_input *input, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        out[i] = take(input);
}

static void come(rig_device *device, rig_nexus_id nexus)
{
    if (rig_device_nexus_new(device, nexus) == RIG_OK)
        rig_device_nexus_named(device, nexus, rig_view_str(hosts[nexus - 1]), rig_view_str(PORT));
}

/* What a command names as its data can be touched, and is as long as it says. */
static void check_data(const rig_scsi *scsi, bool fill, fuzz_input *input)
{
    uint64_t total = 0;
    volatile uint8_t seen = 0;
    for (uint32_t i = 0; i < scsi->num_iov; i++) {
        uint8_t *bytes = scsi->iov[i].iov_base;
        if (fill && total < DATA_MAX)
            take_bytes(input, bytes, scsi->iov[i].iov_len < DATA_MAX ? scsi->iov[i].iov_len : 64);
        else
            seen = (uint8_t)(seen ^ bytes[0] ^ bytes[scsi->iov[i].iov_len - 1]);
        total += scsi->iov[i].iov_len;
    }
    if (total != scsi->length || (scsi->direction == RIG_CDB_NONE && scsi->length > 0))
        abort();
}

/* CHECK CONDITION and sense data come together. */
static void check_status(const rig_scsi *scsi)
{
    if ((scsi->status == 0x02) != (scsi->sense_len > 0))
        abort();
    if (scsi->sense_len > 0 && (scsi->sense[0] & 0x7d) != 0x70)
        abort();
}

static void end(rig_device *device, fuzz_slot *slot, uint8_t how, bool abandon, fuzz_input *input)
{
    if (!slot->busy)
        return;
    uint64_t got = slot->scsi.length;
    bool takes = slot->scsi.direction == RIG_CDB_OUT || slot->scsi.direction == RIG_CDB_BIDI;
    check_data(&slot->scsi, takes && !abandon, input);
    if (how & 0x80)
        got = got * (how & 0x7f) / 0x7f;
    slot->scsi.now = input->now;
    rig_device_finish(device, &slot->scsi, got, abandon);
    check_status(&slot->scsi);
    rig_device_release(device, &slot->scsi);
    slot->busy = false;
}

static void begin(rig_device *device, fuzz_slot *slot, uint8_t who, bool both, fuzz_input *input)
{
    static const uint64_t luns[] = {0, UINT64_C(0x0001000000000000)};
    uint8_t shape = take(input);
    size_t len = shape % (CDB_MAX + 1);
    rig_nexus_id nexus = who % NEXUSES + 1u;
    end(device, slot, 0, true, input);
    take_bytes(input, slot->cdb, len);
    slot->scsi = (rig_scsi){.nexus = nexus, .now = input->now, .both = both};
    slot->scsi.cdb = rig_view_of(slot->cdb, len);
    slot->scsi.initiator = rig_view_str(hosts[nexus - 1]);
    slot->scsi.port = rig_view_str(PORT);
    slot->scsi.luns = shape & 0x80 ? luns : NULL;
    slot->scsi.num_luns = shape & 0x80 ? 2 : 0;
    slot->scsi.expected = shape & 0x40 ? (uint64_t)take(input) << (take(input) % 20) : 0;
    rig_device_begin(device, &slot->scsi);
    check_status(&slot->scsi);
    slot->busy = true;
}

static void inject(rig_device *device, fuzz_input *input)
{
    uint8_t bytes[8];
    take_bytes(input, bytes, sizeof bytes);
    rig_device_error error = {.any = (bytes[0] & 1) != 0,
                              .opcode = bytes[1],
                              .service = (int8_t)bytes[2],
                              .has_lba = (bytes[0] & 2) != 0,
                              .first = bytes[3],
                              .last = bytes[4],
                              .count = 1 + (bytes[5] & 3u),
                              .kind = (rig_device_error_kind)(bytes[6] % 5),
                              .key = bytes[7] & 0x1f};
    rig_device_inject(device, &error);
}

static void play(rig_device *device, fuzz_slot *slots, fuzz_input *input)
{
    uint8_t record[RECORD_LEN];
    input->now++;
    take_bytes(input, record, sizeof record);
    fuzz_slot *slot = &slots[record[1] % SLOTS];
    rig_nexus_id nexus = record[2] % NEXUSES + 1u;
    switch ((enum happening)(record[0] % 8)) {
    case COMMAND:
    case COMMAND_BOTH:
        begin(device, slot, record[2], record[0] % 8 == COMMAND_BOTH, input);
        break;
    case END:
    case ABANDON:
        end(device, slot, record[3], record[0] % 8 == ABANDON, input);
        break;
    case LOSE:
        rig_device_nexus_lost(device, nexus);
        come(device, nexus);
        break;
    case RESET:
        rig_device_reset(device);
        break;
    case ATTENTION:
        rig_device_attention(device, nexus, record[3], record[1]);
        break;
    case INJECT:
        inject(device, input);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static fuzz_slot slots[SLOTS];
    fuzz_input input = {data, size, 0};
    rig_device *device;
    const char *text = units[take(&input) % (sizeof units / sizeof units[0])];
    if (rig_device_open(rig_alloc_libc(), rig_view_str(text), &device, NULL) != RIG_OK)
        abort();
    for (rig_nexus_id nexus = 1; nexus <= NEXUSES; nexus++)
        come(device, nexus);
    while (input.left > 0)
        play(device, slots, &input);
    for (size_t i = 0; i < SLOTS; i++)
        end(device, &slots[i], 0, true, &input);
    rig_device_free(device);
    return 0;
}
