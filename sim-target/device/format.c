/* FORMAT UNIT, SBC-3 section 5.2. It takes no time, so IMMED changes nothing. The unit keeps its block length
 * and its type of protection information; there are no defects, and none can be given to it. */
#include "unit.h"

#define FMTDATA 0x10
#define LONGLIST 0x20
#define SHORT_HEADER 4
#define LONG_HEADER 8
#define FOV 0x80
#define NEEDS_FOV 0x78 /* DPRY, DCRT, STPF, IP */
#define IP 0x08
#define UNKNOWN_FLAGS 0x05 /* obsolete and vendor specific */
#define PATTERN_HEADER 4
#define PATTERN_DEFAULT 0x00
#define PATTERN_REPEAT 0x01
#define SECURITY_INITIALIZE 0x20
#define LIST_MAX (LONG_HEADER + PATTERN_HEADER + DEV_BLOCK_MAX)

static uint64_t disk_len(const rig_device *device)
{
    return device->num_blocks * device->block_len;
}

static size_t header_len(const dev_command *cmd)
{
    return cmd->cdb[1] & LONGLIST ? LONG_HEADER : SHORT_HEADER;
}

/* Table 35: FMTPINFO and PROTECTION FIELD USAGE are to say the type there is. */
static bool protection_agrees(dev_command *cmd, uint8_t usage)
{
    static const uint8_t infos[] = {0, 2, 3, 3}; /* by type */
    uint8_t type = cmd->device->protection;
    if (cmd->cdb[1] >> 6 != infos[type])
        dev_fail_cdb(cmd, 1, 7);
    else if (usage == (type == 3))
        return true;
    else if (cmd->cdb[1] & FMTDATA)
        dev_fail_list(cmd, 0);
    else
        dev_fail_cdb(cmd, 1, 4);
    return false;
}

/* The default pattern is what a deallocated block reads as; other backings have content of their own. */
static bool fill_default(dev_command *cmd)
{
    return !cmd->device->backing->ops->discard || dev_content_discard(cmd, 0, disk_len(cmd->device));
}

static bool fill_pattern(dev_command *cmd, const uint8_t *pattern, size_t len)
{
    uint8_t block[DEV_BLOCK_MAX];
    for (size_t i = 0; i < cmd->device->block_len; i++)
        block[i] = pattern[i % len];
    return dev_content_repeat(cmd, 0, disk_len(cmd->device), block);
}

/* Protection information becomes all ones (section 4.22.2). */
static void end_format(dev_command *cmd, bool done)
{
    if (done && dev_protect_forget(cmd, 0, disk_len(cmd->device)))
        dev_content_settle(cmd, true);
}

/* No CDB says how long the list is: what is announced counts, or else a header. */
void dev_format(dev_command *cmd)
{
    uint64_t expected = cmd->scsi->expected ? cmd->scsi->expected : header_len(cmd);
    if (!(cmd->cdb[1] & FMTDATA)) {
        if (protection_agrees(cmd, 0))
            end_format(cmd, fill_default(cmd));
    } else if (expected < header_len(cmd)) {
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
    } else {
        dev_transfer_parameters(cmd, expected < LIST_MAX ? (size_t)expected : LIST_MAX);
    }
}

/* The byte of the header that is wrong, len when none is. */
static size_t wrong_byte(const uint8_t *list, size_t len)
{
    bool is_long = len == LONG_HEADER;
    if (list[0] & 0xf8)
        return 0;
    if ((list[1] & UNKNOWN_FLAGS) || (!(list[1] & FOV) && (list[1] & NEEDS_FOV)))
        return 1;
    if (is_long && (list[2] || list[3])) /* reserved; P_I_INFORMATION, PROTECTION INTERVAL EXPONENT */
        return list[2] ? 2 : 3;
    if (is_long ? dev_get32(list + 4) : dev_get16(list + 2)) /* DEFECT LIST LENGTH */
        return is_long ? 4 : 2;
    return len;
}

/* The initialization pattern descriptor: the byte that is wrong, len when none is. */
static size_t wrong_pattern_byte(const rig_device *device, const uint8_t *row, size_t len)
{
    size_t pattern = dev_get16(row + 2);
    if (row[0] & ~SECURITY_INITIALIZE)
        return 0;
    if (row[1] > PATTERN_REPEAT || (row[1] == PATTERN_REPEAT && disk_len(device) > DEV_OVERWRITE_MAX))
        return 1;
    return (row[1] == PATTERN_DEFAULT) != (pattern == 0) || pattern > device->block_len ? 2 : len;
}

static void fill_as_told(dev_command *cmd, const uint8_t *list, size_t at, size_t len)
{
    const uint8_t *row = list + at;
    if (len - at < PATTERN_HEADER) {
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
        return;
    }
    size_t wrong = wrong_pattern_byte(cmd->device, row, PATTERN_HEADER), pattern = dev_get16(row + 2);
    if (wrong < PATTERN_HEADER)
        dev_fail_list(cmd, (unsigned)(at + wrong));
    else if (len - at - PATTERN_HEADER < pattern)
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
    else
        end_format(cmd, pattern ? fill_pattern(cmd, row + PATTERN_HEADER, pattern) : fill_default(cmd));
}

void dev_format_done(dev_command *cmd, uint64_t got)
{
    const uint8_t *list = cmd->scsi->iov[0].iov_base;
    size_t header = header_len(cmd), wrong;
    if (got < cmd->scsi->length)
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
    else if ((wrong = wrong_byte(list, header)) < header)
        dev_fail_list(cmd, (unsigned)wrong);
    else if (!protection_agrees(cmd, list[0]))
        return;
    else if (list[1] & IP)
        fill_as_told(cmd, list, header, (size_t)got);
    else
        end_format(cmd, fill_default(cmd));
}
