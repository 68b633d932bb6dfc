/* TEST UNIT READY, START STOP UNIT, PREVENT ALLOW MEDIUM REMOVAL, SEND DIAGNOSTIC. */
#include "unit.h"

enum power_condition { /* SBC-3 section 5.25 */
                       POWER_START_VALID = 0x0,
                       POWER_ACTIVE = 0x1,
                       POWER_IDLE = 0x2,
                       POWER_STANDBY = 0x3,
                       POWER_LU_CONTROL = 0x7,
};

bool dev_is_ready(const rig_device *device, dev_sense *out_sense)
{
    uint16_t asc = device->unloaded ? DEV_ASC_NO_MEDIUM : DEV_ASC_STOPPED;
    *out_sense = (dev_sense){.key = DEV_NOT_READY, .asc = asc};
    return !device->unloaded && !device->stopped;
}

bool dev_is_read_only(const rig_device *device)
{
    return device->read_only || device->backing->read_only;
}

void dev_test_ready(dev_command *cmd)
{
    (void)cmd;
}

/* The default self-test finds a memory or a file in order; trouble shows in the commands that move data. */
void dev_self_test(dev_command *cmd)
{
    (void)cmd;
}

#define START_STOP 0x1b

/* SPC-4 table 66 and SBC-3 table 13. */
bool dev_lets_go(const dev_command *cmd)
{
    if (cmd->scsi->cdb.len < cmd->row->len)
        return false;
    uint8_t how = cmd->cdb[4];
    return cmd->row->opcode == START_STOP ? (how & 0xf1) == 0x01 : how == 0;
}

/* Any nexus can keep the medium in (SPC-4 section 6.18). */
static bool removal_is_prevented(const rig_device *device)
{
    for (size_t i = 0; i < device->nexuses.num_slots; i++)
        if (device->nexuses.slots[i].id && device->nexuses.slots[i].prevents)
            return true;
    return false;
}

/* SBC-3 section 5.25: without NO_FLUSH what was written is on the medium before it stops. */
static bool settle(dev_command *cmd)
{
    return (cmd->cdb[4] & 0x04) || dev_is_read_only(cmd->device) || dev_content_settle(cmd, true);
}

static void eject(dev_command *cmd)
{
    if (removal_is_prevented(cmd->device)) {
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_REMOVAL_PREVENTED);
        return;
    }
    if (!settle(cmd))
        return;
    cmd->device->unloaded = true;
    cmd->device->stopped = true;
}

/* Whoever loads it knows; the others have to be told that it may be another one. What keeps a medium in keeps
 * one out as well: SPC-4 section 6.18 leaves it open, and hosts count on a locked drive being locked. */
static void load(dev_command *cmd)
{
    if (cmd->device->unloaded && removal_is_prevented(cmd->device)) {
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_REMOVAL_PREVENTED);
        return;
    }
    if (cmd->device->unloaded)
        rig_device_attention(cmd->device, cmd->scsi->nexus, DEV_ASC_MEDIUM_CHANGED >> 8,
                             DEV_ASC_MEDIUM_CHANGED & 0xff);
    cmd->device->unloaded = false;
    cmd->device->stopped = false;
}

/* SBC-3 section 5.25: LOEJ with START loads and starts, without it stops and ejects. */
static void start_or_stop(dev_command *cmd)
{
    bool start = (cmd->cdb[4] & 0x01) != 0, loads = (cmd->cdb[4] & 0x02) != 0;
    if (loads && !cmd->device->removable)
        dev_fail_cdb(cmd, 4, 1);
    else if (cmd->cdb[3])
        dev_fail_cdb(cmd, 3, 3);
    else if (loads)
        (start ? load : eject)(cmd);
    else if (start && cmd->device->unloaded)
        dev_fail(cmd, DEV_NOT_READY, DEV_ASC_NO_MEDIUM);
    else if (start || settle(cmd))
        cmd->device->stopped = !start && !cmd->device->always_on;
}

/* A memory or file has one power condition: a change between the others needs nothing but the answer. */
void dev_start_stop(dev_command *cmd)
{
    unsigned condition = cmd->cdb[4] >> 4;
    if (cmd->device->always_on && condition != POWER_START_VALID)
        return; /* what it does not have, it does not look at */
    switch (condition) {
    case POWER_START_VALID:
        start_or_stop(cmd);
        break;
    case POWER_ACTIVE:
    case POWER_IDLE:
    case POWER_STANDBY:
        cmd->device->stopped = false;
        break;
    case POWER_LU_CONTROL:
        break;
    default:
        dev_fail_cdb(cmd, 4, 7);
        break;
    }
}

void dev_prevent_allow(dev_command *cmd)
{
    dev_nexus *nexus = dev_nexus_find(&cmd->device->nexuses, cmd->scsi->nexus);
    if (cmd->cdb[4] & 0x02)
        dev_fail_cdb(cmd, 4, 1);
    else if (nexus)
        nexus->prevents = (cmd->cdb[4] & 0x01) != 0;
}
