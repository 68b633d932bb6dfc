/* The logical unit's life, and the way of a command through it. */
#include <inttypes.h>

#include "unit.h"

static bool block_len_is_offered(uint32_t len)
{
    return len == 512 || len == 1024 || len == 2048 || len == 4096;
}

/* SBC-3 section 5.16.2: a power of two of logical blocks. */
static bool physical_is_offered(uint32_t physical, uint32_t block_len)
{
    return physical == 0 || (block_len_is_offered(physical) && physical >= block_len);
}

/* Why there is no unit; ends its backing. */
static rig_status refuse(const rig_device_config *config, rig_status status)
{
    uint64_t size = config->backing->ops->size(config->backing);
    config->backing->ops->free(config->backing);
    if (status == RIG_E_NOMEM)
        return rig_fail(config->err, status, "no memory for a unit");
    if (config->empty && !config->removable)
        return rig_fail(config->err, status, "only a removable unit can be without medium");
    if (config->sanitize_time > RIG_DEVICE_SANITIZE_MAX)
        return rig_fail(config->err, status, "a sanitize operation takes a day at most");
    return rig_fail(config->err, status, "a disk of %" PRIu64 " bytes does not fit its blocks or protection",
                    size);
}

static rig_status fill(rig_device *device, const rig_device_config *config, uint32_t block_len)
{
    rig_backing *backing = config->backing;
    device->alloc = config->alloc;
    device->block_len = block_len;
    device->num_blocks = backing->ops->size(backing) / block_len;
    device->serial = config->serial;
    device->removable = config->removable;
    device->unloaded = config->empty;
    device->read_only = config->read_only;
    device->physical = config->physical ? config->physical : block_len;
    device->reads_anything = config->reads_anything;
    device->always_on = config->always_on;
    device->no_sanitize = config->no_sanitize;
    device->sanitize_time = config->sanitize_time;
    device->no_unmap_same_10 = config->no_unmap_same_10;
    device->protection = config->protection;
    dev_pool_init(&device->pool, config->alloc);
    dev_modes_reset(&device->modes);
    dev_rows_index(device->first_row);
    return dev_protect_new(device);
}

rig_status rig_device_new(const rig_device_config *config, rig_device **out_device)
{
    rig_backing *backing = config->backing;
    uint32_t block_len = config->block_len ? config->block_len : RIG_DEVICE_BLOCK;
    if (!block_len_is_offered(block_len) || !physical_is_offered(config->physical, block_len) ||
        backing->ops->size(backing) < block_len || (config->empty && !config->removable) ||
        config->sanitize_time > RIG_DEVICE_SANITIZE_MAX)
        return refuse(config, RIG_E_ARGUMENT);
    rig_device *device = rig_new(config->alloc, sizeof *device);
    if (!device)
        return refuse(config, RIG_E_NOMEM);
    rig_status status = fill(device, config, block_len);
    if (status != RIG_OK) {
        rig_delete(config->alloc, device, sizeof *device);
        return refuse(config, status);
    }
    device->backing = backing;
    status = dev_persistent_load(device, config->err);
    if (status != RIG_OK)
        rig_device_free(device);
    else
        *out_device = device;
    return status;
}

void rig_device_free(rig_device *device)
{
    if (!device)
        return;
    device->backing->ops->free(device->backing);
    dev_pool_cleanup(&device->pool);
    dev_nexus_cleanup(&device->nexuses, device->alloc);
    dev_persistent_cleanup(&device->persistent, device->alloc);
    dev_inject_cleanup(device);
    dev_protect_cleanup(device);
    rig_delete(device->alloc, device, sizeof *device);
}

uint32_t rig_device_block_len(const rig_device *device)
{
    return device->block_len;
}

void rig_device_in_target(rig_device *device, const rig_device_target_ops *ops, void *ctx)
{
    device->target = ops;
    device->target_ctx = ctx;
}

void rig_device_reset(rig_device *device)
{
    dev_modes_reset(&device->modes);
    device->reserved_by = 0;
    device->copies.num = 0;
    device->stopped = false;
    for (size_t i = 0; i < device->nexuses.num_slots; i++)
        device->nexuses.slots[i].prevents = false;
    rig_device_attention(device, 0, DEV_ASC_RESET >> 8, DEV_ASC_RESET & 0xff);
}

#define VARIABLE_LENGTH 0x7f
#define ADDITIONAL_CDB_LENGTH 7 /* byte of a variable length CDB */

/* The gates a command passes before it is carried out; one that holds it back has set the status. */

static bool tell_attention(dev_command *cmd, bool only_resets)
{
    uint16_t asc;
    if (cmd->scsi->inner || (cmd->row && (cmd->row->flags & DEV_ANYTIME)))
        return true;
    dev_nexus *nexus = dev_nexus_find(&cmd->device->nexuses, cmd->scsi->nexus);
    if ((only_resets && !dev_attention_is_reset(nexus)) || !dev_attention_take(nexus, &asc))
        return true;
    dev_fail(cmd, DEV_UNIT_ATTENTION, asc);
    return false;
}

/* SAM-5 section 5.3.3: a RESERVATION CONFLICT goes before unit attentions, but not before those of resets and
 * of a lost nexus. */
static bool gate_reset(dev_command *cmd)
{
    return tell_attention(cmd, cmd->row != NULL);
}

static bool gate_attention(dev_command *cmd)
{
    return tell_attention(cmd, false);
}

static bool gate_known(dev_command *cmd)
{
    bool unfit = cmd->row && (cmd->row->flags & DEV_BOTH) && !cmd->scsi->both;
    if (cmd->row && !unfit)
        return true;
    if (!unfit && dev_opcode_known(cmd->device, cmd->cdb[0]))
        dev_fail_cdb(cmd, cmd->cdb[0] == VARIABLE_LENGTH ? 8 : 1, cmd->cdb[0] == VARIABLE_LENGTH ? 7 : 4);
    else
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_OPCODE);
    return false;
}

static bool gate_reservation(dev_command *cmd)
{
    if (dev_reservation_allows(cmd))
        return true;
    cmd->scsi->status = DEV_RESERVATION_CONFLICT;
    return false;
}

static unsigned top_bit(uint8_t bits)
{
    unsigned bit = 7;
    while (bit > 0 && !(bits >> bit & 1))
        bit--;
    return bit;
}

static bool gate_fields(dev_command *cmd)
{
    if (cmd->scsi->cdb.len < cmd->row->len) {
        dev_fail_cdb(cmd, (unsigned)cmd->scsi->cdb.len, 7);
        return false;
    }
    if (cmd->cdb[0] == VARIABLE_LENGTH && cmd->cdb[ADDITIONAL_CDB_LENGTH] != cmd->row->len - 8) {
        dev_fail_cdb(cmd, ADDITIONAL_CDB_LENGTH, 7);
        return false;
    }
    for (unsigned i = 1; i < cmd->row->len; i++) {
        uint8_t wrong = cmd->cdb[i] & (uint8_t)~dev_row_usage(cmd->device, cmd->row, i);
        if (wrong) {
            dev_fail_cdb(cmd, i, top_bit(wrong));
            return false;
        }
    }
    return true;
}

static bool gate_ready(dev_command *cmd)
{
    dev_sense sense;
    if (!(cmd->row->flags & DEV_MEDIUM) || dev_is_ready(cmd->device, &sense))
        return true;
    dev_fail_sense(cmd, &sense);
    return false;
}

/* SBC-3 section 4.11.2: INQUIRY, REPORT LUNS and REQUEST SENSE go on meanwhile. */
static bool gate_sanitizing(dev_command *cmd)
{
    dev_sense sense;
    if ((cmd->row->flags & DEV_ANYTIME) || !dev_is_sanitizing(cmd, &sense))
        return true;
    dev_fail_sense(cmd, &sense);
    return false;
}

static bool gate_sanitized(dev_command *cmd)
{
    if (!(cmd->row->flags & DEV_MEDIUM) || (cmd->row->flags & DEV_SANITIZES) || !cmd->device->sanitize_failed)
        return true;
    dev_fail(cmd, DEV_MEDIUM_ERROR, DEV_ASC_SANITIZE_FAILED);
    return false;
}

static bool gate_protected(dev_command *cmd)
{
    bool read_only = dev_is_read_only(cmd->device);
    if (!(cmd->row->flags & DEV_WRITES) || (!read_only && !cmd->device->modes.write_protect))
        return true;
    dev_fail(cmd, DEV_DATA_PROTECT, read_only ? DEV_ASC_WRITE_PROTECTED : DEV_ASC_SOFTWARE_PROTECTED);
    return false;
}

#define WRITE_ATOMIC_16 0x9c

static void decode_blocks(dev_command *cmd)
{
    const uint8_t *cdb = cmd->cdb;
    switch (cmd->row->len) {
    case 6:
        cmd->lba = dev_get32(cdb) & 0x1fffff;
        cmd->blocks = cdb[4] ? cdb[4] : 256;
        break;
    case 10:
        cmd->lba = dev_get32(cdb + 2);
        cmd->blocks = dev_get16(cdb + 7);
        break;
    case 12:
        cmd->lba = dev_get32(cdb + 2);
        cmd->blocks = dev_get32(cdb + 6);
        break;
    case 32:
        cmd->lba = dev_get64(cdb + 12);
        cmd->blocks = dev_get32(cdb + 28);
        break;
    default: /* WRITE ATOMIC has its boundary in front of a shorter count */
        cmd->lba = dev_get64(cdb + 2);
        cmd->blocks = cdb[0] == WRITE_ATOMIC_16 ? dev_get16(cdb + 12) : dev_get32(cdb + 10);
        break;
    }
}

unsigned dev_count_byte(const dev_command *cmd)
{
    switch (cmd->row->len) {
    case 6:
        return 4;
    case 10:
        return 7;
    case 12:
        return 6;
    case 32:
        return 28;
    default:
        return 10;
    }
}

uint8_t dev_flags(const dev_command *cmd)
{
    return cmd->cdb[cmd->row->len == 32 ? 10 : 1];
}

static bool gate_range(dev_command *cmd)
{
    const rig_device *device = cmd->device;
    if (!(cmd->row->flags & DEV_BLOCKS))
        return true;
    decode_blocks(cmd);
    if (cmd->lba > device->num_blocks || cmd->blocks > device->num_blocks - cmd->lba) {
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_RANGE);
        return false;
    }
    if ((cmd->row->flags & DEV_TRANSFER) && cmd->blocks > RIG_DEVICE_TRANSFER_MAX / device->block_len) {
        dev_fail_cdb(cmd, dev_count_byte(cmd), 7);
        return false;
    }
    return true;
}

static bool (*const gates[])(dev_command *cmd) = {
    gate_reset,         gate_known, gate_reservation, gate_attention, gate_sanitizing, gate_fields,
    dev_protect_allows, gate_ready, gate_sanitized,   gate_protected, gate_range,      dev_inject_allows,
};

static bool pass_gates(dev_command *cmd)
{
    bool on = true;
    for (size_t i = 0; i < sizeof gates / sizeof gates[0] && on; i++)
        on = gates[i](cmd);
    return on;
}

void dev_scsi_clear(rig_scsi *scsi)
{
    scsi->direction = RIG_CDB_NONE;
    scsi->length = 0;
    scsi->iov = NULL;
    scsi->num_iov = 0;
    scsi->back_length = 0;
    scsi->back_iov = NULL;
    scsi->num_back = 0;
    scsi->status = DEV_GOOD;
    scsi->until = 0;
    scsi->sense_len = 0;
    scsi->step = 0;
    scsi->held = NULL;
    scsi->held_size = 0;
    scsi->offset = 0;
    scsi->row = NULL;
}

/* SPC-4 section 4.2: of variable length CDBs it is in bytes 8 and 9. */
static uint16_t service_of(rig_view cdb)
{
    if (cdb.len > 9 && cdb.ptr[0] == VARIABLE_LENGTH)
        return dev_get16(cdb.ptr + 8);
    return cdb.len > 1 ? cdb.ptr[1] & 0x1f : 0;
}

void rig_device_begin(rig_device *device, rig_scsi *scsi)
{
    static const uint8_t nothing[1] = {0xff};
    dev_command cmd = {.device = device, .scsi = scsi, .cdb = scsi->cdb.len ? scsi->cdb.ptr : nothing};
    dev_scsi_clear(scsi);
    cmd.row = dev_row_find(device, cmd.cdb[0], service_of(scsi->cdb));
    scsi->row = cmd.row;
    if (pass_gates(&cmd))
        cmd.row->begin(&cmd);
}

void rig_device_finish(rig_device *device, rig_scsi *scsi, uint64_t got, bool abandon)
{
    dev_command cmd = {.device = device, .scsi = scsi, .row = scsi->row, .cdb = scsi->cdb.ptr};
    bool both = scsi->direction == RIG_CDB_BIDI;
    bool takes = (both || scsi->direction == RIG_CDB_OUT) && scsi->num_iov > 0 && !abandon;
    if (takes && gate_sanitizing(&cmd)) { /* which may have begun while the data was on its way */
        if (cmd.row->flags & DEV_BLOCKS)
            decode_blocks(&cmd);
        cmd.row->finish(&cmd, got < scsi->length ? got : scsi->length);
    }
    if (scsi->num_back == 0)
        rig_device_release(device, scsi);
}
