/* Errors that a test puts into a unit: which commands end in them, and how. */
#include "unit.h"

#define SENSE_KEY_MAX 15

rig_status rig_device_inject(rig_device *device, const rig_device_error *error)
{
    if ((error->has_lba && error->last < error->first) || error->key > SENSE_KEY_MAX)
        return RIG_E_ARGUMENT;
    if (device->num_errors == RIG_DEVICE_ERRORS_MAX)
        return RIG_E_LIMIT;
    if (!device->errors)
        device->errors = rig_new(device->alloc, RIG_DEVICE_ERRORS_MAX * sizeof *device->errors);
    if (!device->errors)
        return RIG_E_NOMEM;
    rig_device_error *added = &device->errors[device->num_errors++];
    *added = *error;
    added->seen = 0;
    added->used = 0;
    return RIG_OK;
}

void dev_inject_cleanup(rig_device *device)
{
    if (device->errors)
        rig_delete(device->alloc, device->errors, RIG_DEVICE_ERRORS_MAX * sizeof *device->errors);
}

/* WRITE SAME of no blocks goes on to the end; of other commands none are touched. */
static uint64_t touched_blocks(const dev_command *cmd)
{
    if (cmd->row->begin == dev_write_same && cmd->blocks == 0)
        return cmd->device->num_blocks - cmd->lba;
    return cmd->blocks;
}

static bool touches(const dev_command *cmd, const rig_device_error *error)
{
    if (!error->has_lba)
        return true;
    if (!(cmd->row->flags & DEV_BLOCKS))
        return false;
    uint64_t blocks = touched_blocks(cmd);
    uint64_t low = error->first > cmd->lba ? error->first : cmd->lba;
    return blocks > 0 && low <= error->last && low - cmd->lba < blocks;
}

static bool is_about(const dev_command *cmd, const rig_device_error *error)
{
    bool same = cmd->row->opcode == error->opcode &&
                (error->service < 0 || cmd->row->service < 0 || cmd->row->service == error->service);
    return (error->any || same) && touches(cmd, error);
}

/* Whether it is this command's turn. */
static bool fires(rig_device_error *error)
{
    uint32_t seen = ++error->seen;
    if ((error->nth && seen != error->nth) || (error->every && seen % error->every != 0) ||
        seen <= error->after)
        return false;
    if (error->count && error->used == error->count)
        return false;
    error->used++;
    return true;
}

/* SBC-3 section 4.18: INFORMATION is the first LBA that could not be read or written. */
static void fail_medium(dev_command *cmd, const rig_device_error *error)
{
    bool write = (cmd->row->flags & DEV_WRITES) != 0, blocks = (cmd->row->flags & DEV_BLOCKS) != 0;
    dev_sense sense = {.key = DEV_MEDIUM_ERROR, .asc = write ? DEV_ASC_WRITE_ERROR : DEV_ASC_READ_ERROR};
    sense.has_info = blocks;
    sense.info = error->has_lba && error->first > cmd->lba ? error->first : cmd->lba;
    dev_fail_sense(cmd, &sense);
}

static void end_in(dev_command *cmd, const rig_device_error *error)
{
    static const uint8_t statuses[] = {
        [RIG_DEVICE_BUSY] = DEV_BUSY,
        [RIG_DEVICE_TASK_SET_FULL] = DEV_TASK_SET_FULL,
        [RIG_DEVICE_RESERVATION_CONFLICT] = DEV_RESERVATION_CONFLICT,
    };
    if (error->kind == RIG_DEVICE_MEDIUM_ERROR)
        fail_medium(cmd, error);
    else if (error->kind == RIG_DEVICE_SENSE)
        dev_fail(cmd, error->key, (uint16_t)(error->asc << 8 | error->ascq));
    else
        cmd->scsi->status = statuses[error->kind];
}

bool dev_inject_allows(dev_command *cmd)
{
    for (size_t i = 0; i < cmd->device->num_errors; i++) {
        rig_device_error *error = &cmd->device->errors[i];
        if (is_about(cmd, error) && fires(error)) {
            end_in(cmd, error);
            return false;
        }
    }
    return true;
}
