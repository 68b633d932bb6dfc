/* RESERVE(6) and RELEASE(6) of a whole unit, SPC-2 section 5.5. */
#include "unit.h"

bool dev_reservation_allows(const dev_command *cmd)
{
    rig_nexus_id holder = cmd->device->reserved_by;
    if ((cmd->row->flags & DEV_LETS_GO) && dev_lets_go(cmd))
        return true;
    if (holder != 0 && holder != cmd->scsi->nexus && !(cmd->row->flags & (DEV_ANYTIME | DEV_SHARED)))
        return false;
    return dev_persistent_allows(cmd);
}

/* The two kinds of reservation do not mix (SPC-4 section 5.13.3, CRH = 0). */
static bool mixes(dev_command *cmd)
{
    if (cmd->device->persistent.num > 0)
        cmd->scsi->status = DEV_RESERVATION_CONFLICT;
    return cmd->device->persistent.num > 0;
}

void dev_reserve(dev_command *cmd)
{
    if (!mixes(cmd))
        cmd->device->reserved_by = cmd->scsi->nexus;
}

/* Releasing what another holds is no error and no effect. */
void dev_release(dev_command *cmd)
{
    if (!mixes(cmd) && cmd->device->reserved_by == cmd->scsi->nexus)
        cmd->device->reserved_by = 0;
}
