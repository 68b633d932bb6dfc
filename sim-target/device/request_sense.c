/* REQUEST SENSE, SPC-4 section 6.39: iSCSI reports sense with the status (RFC 7143 section 11.4.7), so what
 * is left to ask for are unit attentions and the unit's state. */
#include "unit.h"

static dev_sense pending(dev_command *cmd)
{
    uint16_t asc;
    if (dev_attention_take(dev_nexus_find(&cmd->device->nexuses, cmd->scsi->nexus), &asc))
        return (dev_sense){.key = DEV_UNIT_ATTENTION, .asc = asc};
    dev_sense sense;
    if (dev_is_sanitizing(cmd, &sense))
        return sense;
    return dev_is_ready(cmd->device, &sense) ? (dev_sense){.key = DEV_NO_SENSE} : sense;
}

void dev_request_sense_answer(rig_scsi *scsi, const dev_sense *sense)
{
    uint8_t bytes[DEV_SENSE_DESCRIPTOR_MAX];
    size_t len = dev_sense_put(bytes, sense, (scsi->cdb.ptr[1] & 0x01) != 0);
    memcpy(dev_transfer_small(scsi, len, scsi->cdb.ptr[4]), bytes, len);
}

void dev_request_sense(dev_command *cmd)
{
    dev_sense sense = pending(cmd);
    dev_request_sense_answer(cmd->scsi, &sense);
}
