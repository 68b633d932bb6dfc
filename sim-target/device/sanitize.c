/* SANITIZE, SBC-3 sections 4.11 and 5.25. The medium is changed at once, and nobody sees it until the time is
 * over that the unit was given for it. What was erased reads as zeros, as LBPRZ says of every deallocated
 * block. */
#include "unit.h"

#define OVERWRITE_HEADER 4
#define IMMED 0x80
#define AUSE 0x20
#define PROGRESS_WHOLE 65536 /* SPC-4 section 4.5.2.4.4 */

static uint64_t disk_len(const rig_device *device)
{
    return device->num_blocks * device->block_len;
}

/* Nothing but its time ends an operation (section 4.11.2): the unit alone has it, no task and no nexus. */
bool dev_is_sanitizing(const dev_command *cmd, dev_sense *out_sense)
{
    const rig_device *device = cmd->device;
    if (cmd->scsi->now >= device->sanitize_until)
        return false;
    uint64_t left = device->sanitize_until - cmd->scsi->now;
    uint64_t done = left < device->sanitize_time ? device->sanitize_time - left : 0;
    *out_sense = (dev_sense){.key = DEV_NOT_READY, .asc = DEV_ASC_SANITIZING, .specific = {0x80}};
    dev_put16(out_sense->specific + 1, (uint16_t)(done * PROGRESS_WHOLE / device->sanitize_time));
    return true;
}

/* Section 4.11.3: after a failure nothing but another sanitize operation brings the medium back, unless AUSE
 * allowed to leave it as it is. Protection information becomes all ones. With IMMED the status says no more
 * than that the operation has begun. */
static void go_on(dev_command *cmd, bool done)
{
    rig_device *device = cmd->device;
    done = done && dev_protect_forget(cmd, 0, disk_len(device)) && dev_content_settle(cmd, true);
    device->sanitize_failed = !done;
    device->sanitize_exits = (cmd->cdb[1] & AUSE) != 0;
    device->sanitize_until = cmd->scsi->now + device->sanitize_time;
    if (!(cmd->cdb[1] & IMMED)) {
        cmd->scsi->until = device->sanitize_until;
        return;
    }
    cmd->scsi->status = DEV_GOOD;
    cmd->scsi->sense_len = 0;
}

void dev_sanitize_overwrite(dev_command *cmd)
{
    size_t len = dev_get16(cmd->cdb + 7);
    if (disk_len(cmd->device) > DEV_OVERWRITE_MAX)
        dev_fail_cdb(cmd, 1, 4);
    else if (len <= OVERWRITE_HEADER || len > OVERWRITE_HEADER + cmd->device->block_len)
        dev_fail_cdb(cmd, 7, 7);
    else
        dev_transfer_parameters(cmd, len);
}

/* The byte that is wrong in the parameter list, len when none is. */
static size_t wrong_byte(const rig_device *device, const uint8_t *list, size_t len)
{
    size_t pattern = dev_get16(list + 2);
    if ((list[0] & 0x1f) == 0 || (list[0] & 0x60) != 0) /* OVERWRITE COUNT, TEST */
        return 0;
    if (list[1])
        return 1;
    return pattern == 0 || pattern > device->block_len || pattern > len - OVERWRITE_HEADER ? 2 : len;
}

/* Only the last pass is seen: with INVERT each one turns the bits of the one before. */
static void fill_block(const rig_device *device, const uint8_t *list, uint8_t *block)
{
    bool inverted = (list[0] & 0x80) && (list[0] & 0x1f) % 2 == 0;
    size_t pattern = dev_get16(list + 2);
    for (size_t i = 0; i < device->block_len; i++)
        block[i] = (uint8_t)(list[OVERWRITE_HEADER + i % pattern] ^ (inverted ? 0xff : 0));
}

void dev_sanitize_overwrite_done(dev_command *cmd, uint64_t got)
{
    uint8_t block[DEV_BLOCK_MAX];
    const uint8_t *list = cmd->scsi->iov[0].iov_base;
    size_t len = (size_t)got, wrong = 0;
    if (got < cmd->scsi->length)
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
    else if ((wrong = wrong_byte(cmd->device, list, len)) < len)
        dev_fail_list(cmd, (unsigned)wrong);
    else {
        fill_block(cmd->device, list, block);
        go_on(cmd, dev_content_repeat(cmd, 0, disk_len(cmd->device), block));
    }
}

/* BLOCK ERASE and CRYPTOGRAPHIC ERASE: blocks are as if they had never been written. */
void dev_sanitize_erase(dev_command *cmd)
{
    if (dev_get16(cmd->cdb + 7))
        dev_fail_cdb(cmd, 7, 7);
    else
        go_on(cmd, dev_content_discard(cmd, 0, disk_len(cmd->device)));
}

void dev_sanitize_exit(dev_command *cmd)
{
    if (dev_get16(cmd->cdb + 7))
        dev_fail_cdb(cmd, 7, 7);
    else if (cmd->device->sanitize_failed && !cmd->device->sanitize_exits)
        dev_fail_cdb(cmd, 1, 4);
    else
        cmd->device->sanitize_failed = false;
}
