/* TEST UNIT READY, START STOP UNIT, PREVENT ALLOW MEDIUM REMOVAL, SEND DIAGNOSTIC. */
#include "unit.h"

enum power_condition { /* SBC-3 section 5.25 */
                       POWER_START_VALID = 0x0,
                       POWER_ACTIVE = 0x1,
                       POWER_IDLE = 0x2,
                       POWER_STANDBY = 0x3,
                       POWER_LU_CONTROL = 0x7,
};

void dev_test_ready(dev_command *cmd)
{
    (void)cmd;
}

/* The default self-test finds a memory or a file in order; trouble shows in the commands that move data. */
void dev_self_test(dev_command *cmd)
{
    (void)cmd;
}

static void start_or_stop(dev_command *cmd)
{
    bool loads = (cmd->cdb[4] & 0x02) != 0;
    if (loads)
        dev_fail_cdb(cmd, 4, 1); /* the medium is not removable */
    else if (cmd->cdb[3])
        dev_fail_cdb(cmd, 3, 3);
    else
        cmd->device->stopped = !(cmd->cdb[4] & 0x01);
}

/* A memory or file has one power condition: a change between the others needs nothing but the answer. */
void dev_start_stop(dev_command *cmd)
{
    switch (cmd->cdb[4] >> 4) {
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
