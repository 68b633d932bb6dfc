#include "sense.h"

#include <string.h>

#include "unit.h"

#define FIXED_INFO_MAX UINT32_MAX /* the fixed format has 4 bytes for it */

/* SPC-4 section 4.5.3 */
static size_t put_fixed(uint8_t *out, const dev_sense *sense)
{
    memset(out, 0, DEV_SENSE_FIXED_LEN);
    out[0] = 0x70;
    out[2] = sense->key;
    out[7] = DEV_SENSE_FIXED_LEN - 8;
    dev_put32(out + 8, sense->command);
    dev_put16(out + 12, sense->asc);
    memcpy(out + 15, sense->specific, sizeof sense->specific);
    if (sense->has_info && sense->info <= FIXED_INFO_MAX) {
        out[0] |= 0x80;
        dev_put32(out + 3, (uint32_t)sense->info);
    }
    return DEV_SENSE_FIXED_LEN;
}

/* SPC-4 section 4.5.2 */
static size_t put_descriptors(uint8_t *out, const dev_sense *sense)
{
    size_t len = 8;
    memset(out, 0, DEV_SENSE_DESCRIPTOR_MAX);
    out[0] = 0x72;
    out[1] = sense->key;
    dev_put16(out + 2, sense->asc);
    if (sense->has_info) {
        memcpy(out + len, (uint8_t[]){0x00, 0x0a, 0x80}, 3);
        dev_put64(out + len + 4, sense->info);
        len += 12;
    }
    if (sense->command) {
        memcpy(out + len, (uint8_t[]){0x01, 0x0a}, 2);
        dev_put32(out + len + 8, sense->command);
        len += 12;
    }
    if (sense->specific[0]) {
        memcpy(out + len, (uint8_t[]){0x02, 0x06}, 2);
        memcpy(out + len + 4, sense->specific, sizeof sense->specific);
        len += 8;
    }
    out[7] = (uint8_t)(len - 8);
    return len;
}

size_t dev_sense_put(uint8_t *out, const dev_sense *sense, bool descriptor)
{
    return descriptor ? put_descriptors(out, sense) : put_fixed(out, sense);
}

static void fail_scsi(rig_scsi *scsi, const dev_sense *sense, bool descriptor)
{
    scsi->status = DEV_CHECK_CONDITION;
    scsi->sense_len = (uint8_t)dev_sense_put(scsi->sense, sense, descriptor);
}

void rig_device_fail(const rig_device *device, rig_scsi *scsi, uint8_t key, uint8_t asc, uint8_t ascq)
{
    dev_sense sense = {.key = key, .asc = (uint16_t)(asc << 8 | ascq)};
    fail_scsi(scsi, &sense, device && device->modes.descriptor_sense);
}

void dev_fail_sense(dev_command *cmd, const dev_sense *sense)
{
    fail_scsi(cmd->scsi, sense, cmd->device->modes.descriptor_sense);
}

void dev_fail(dev_command *cmd, uint8_t key, uint16_t asc)
{
    dev_fail_sense(cmd, &(dev_sense){.key = key, .asc = asc});
}

/* Field pointer, SPC-4 section 4.5.2.4.2: SKSV, C/D for a CDB, BPV with the bit, the byte. */
void dev_fail_cdb(dev_command *cmd, unsigned byte, unsigned bit)
{
    dev_sense sense = {.key = DEV_ILLEGAL_REQUEST, .asc = DEV_ASC_CDB_FIELD};
    sense.specific[0] = (uint8_t)(0x80 | 0x40 | 0x08 | (bit & 7));
    dev_put16(sense.specific + 1, (uint16_t)byte);
    dev_fail_sense(cmd, &sense);
}

void dev_fail_list(dev_command *cmd, unsigned byte)
{
    dev_sense sense = {.key = DEV_ILLEGAL_REQUEST, .asc = DEV_ASC_LIST_FIELD, .specific = {0x80}};
    dev_put16(sense.specific + 1, (uint16_t)byte);
    dev_fail_sense(cmd, &sense);
}

void dev_fail_backing(dev_command *cmd, rig_status status, bool write)
{
    if (status == RIG_E_NOMEM)
        cmd->scsi->status = DEV_BUSY;
    else if (status == RIG_E_LIMIT)
        dev_fail(cmd, DEV_DATA_PROTECT, DEV_ASC_SPACE);
    else
        dev_fail(cmd, DEV_MEDIUM_ERROR, write ? DEV_ASC_WRITE_ERROR : DEV_ASC_READ_ERROR);
}
