/* RESERVE(6) and RELEASE(6) of a whole unit, SPC-2 section 5.5. */
#include "unit.h"

bool dev_reservation_allows(const dev_command *cmd)
{
    rig_nexus_id holder = cmd->device->reserved_by;
    return holder == 0 || holder == cmd->scsi->nexus || (cmd->row->flags & (DEV_ANYTIME | DEV_SHARED));
}

void dev_reserve(dev_command *cmd)
{
    cmd->device->reserved_by = cmd->scsi->nexus;
}

/* Releasing what another holds is no error and no effect. */
void dev_release(dev_command *cmd)
{
    if (cmd->device->reserved_by == cmd->scsi->nexus)
        cmd->device->reserved_by = 0;
}
