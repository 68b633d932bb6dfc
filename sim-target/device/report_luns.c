/* REPORT LUNS, SPC-4 section 6.33, and the commands a LUN without a unit answers. */
#include "unit.h"

enum select_report {
    SELECT_ADDRESSED = 0x00, /* logical units that are not well-known ones */
    SELECT_WELL_KNOWN = 0x01,
    SELECT_ALL = 0x02,
};

static void list_luns(rig_scsi *scsi, const uint64_t *luns, size_t num_luns)
{
    size_t num = num_luns < RIG_DEVICE_LUNS_MAX ? num_luns : RIG_DEVICE_LUNS_MAX;
    if (scsi->cdb.ptr[2] == SELECT_WELL_KNOWN)
        num = 0;
    uint8_t *answer = dev_transfer_small(scsi, 8 + 8 * num, dev_get32(scsi->cdb.ptr + 6));
    dev_put32(answer, (uint32_t)(8 * num));
    for (size_t i = 0; i < num; i++)
        dev_put64(answer + 8 + 8 * i, luns[i]);
}

void dev_report_luns(dev_command *cmd)
{
    const rig_scsi *scsi = cmd->scsi;
    if (cmd->cdb[2] > SELECT_ALL)
        dev_fail_cdb(cmd, 2, 7);
    else if (scsi->luns)
        list_luns(cmd->scsi, scsi->luns, scsi->num_luns);
    else
        list_luns(cmd->scsi, &scsi->lun, 1);
}

static void absent_inquiry(rig_scsi *scsi)
{
    uint8_t *answer = dev_transfer_small(scsi, DEV_INQUIRY_LEN, dev_get16(scsi->cdb.ptr + 3));
    dev_inquiry_fill(answer, "no unit", scsi->protocol_level);
    answer[0] = 0x7f; /* qualifier 3, no device type: no unit can be there */
}

void rig_device_no_lun(rig_scsi *scsi, const uint64_t *luns, size_t num_luns)
{
    static const dev_sense no_unit = {.key = DEV_ILLEGAL_REQUEST, .asc = DEV_ASC_NO_UNIT};
    uint8_t opcode = scsi->cdb.len ? scsi->cdb.ptr[0] : 0;
    dev_scsi_clear(scsi);
    if (opcode == 0x12 && scsi->cdb.len >= 6 && !(scsi->cdb.ptr[1] & 0x03))
        absent_inquiry(scsi);
    else if (opcode == 0xa0 && scsi->cdb.len >= 12 && scsi->cdb.ptr[2] <= SELECT_ALL)
        list_luns(scsi, luns, num_luns);
    else if (opcode == 0x03 && scsi->cdb.len >= 6)
        dev_request_sense_answer(scsi, &no_unit);
    else
        rig_device_fail(NULL, scsi, DEV_ILLEGAL_REQUEST, DEV_ASC_NO_UNIT >> 8, DEV_ASC_NO_UNIT & 0xff);
}
