/* Commands that move logical blocks, SBC-3 section 5. */
#include "unit.h"

#define BYTCHK_NONE 0
#define BYTCHK_ALL 1
#define BYTCHK_RESERVED 2
#define BYTCHK_ONE_BLOCK 3

static uint64_t start_of(const dev_command *cmd)
{
    return cmd->lba * cmd->device->block_len;
}

static uint64_t length_of(const dev_command *cmd)
{
    return cmd->blocks * cmd->device->block_len;
}

static bool wants_fua(const dev_command *cmd)
{
    return cmd->row->len > 6 && (dev_flags(cmd) & 0x08) != 0;
}

static unsigned flags_byte(const dev_command *cmd)
{
    return cmd->row->len == 32 ? 10 : 1;
}

static unsigned byte_check(const dev_command *cmd)
{
    return dev_flags(cmd) >> 1 & 3;
}

/* One run of received bytes, `at` bytes behind the first that counts. */
typedef bool (*received_fn)(dev_command *cmd, uint64_t at, uint8_t *data, size_t len);

/* Visits bytes [from, from + len) of what landed. */
static bool each_received(dev_command *cmd, uint64_t from, uint64_t len, received_fn fn)
{
    uint64_t begin = 0;
    bool on = true;
    for (uint32_t i = 0; i < cmd->scsi->num_iov && on; i++) {
        const struct iovec *piece = &cmd->scsi->iov[i];
        uint64_t end = begin + piece->iov_len;
        uint64_t first = begin > from ? begin : from;
        uint64_t last = end < from + len ? end : from + len;
        if (first < last)
            on = fn(cmd, first - from, (uint8_t *)piece->iov_base + (first - begin), (size_t)(last - first));
        begin = end;
    }
    return on;
}

static bool write_received(dev_command *cmd, uint64_t at, uint8_t *data, size_t len)
{
    return dev_content_write(cmd, start_of(cmd) + at, data, len);
}

static bool or_received(dev_command *cmd, uint64_t at, uint8_t *data, size_t len)
{
    return dev_content_or(cmd, start_of(cmd) + at, data, len);
}

static void miscompare(dev_command *cmd, bool has_info, uint64_t info)
{
    dev_sense sense = {.key = DEV_MISCOMPARE, .asc = DEV_ASC_MISCOMPARE, .has_info = has_info, .info = info};
    dev_fail_sense(cmd, &sense);
}

static bool compare_received(dev_command *cmd, uint64_t at, uint8_t *data, size_t len)
{
    uint64_t same = 0;
    if (!dev_content_compare(cmd, start_of(cmd) + at, len, data, false, &same))
        return false;
    if (same < len)
        miscompare(cmd, cmd->row->finish == dev_compare_done, at + same);
    return same == len;
}

void dev_read(dev_command *cmd)
{
    if (cmd->blocks == 0)
        return;
    if (dev_protect_field(cmd))
        dev_protect_read(cmd);
    else if (dev_protect_check(cmd))
        dev_transfer_map(cmd, start_of(cmd), length_of(cmd), false);
}

/* The whole blocks among got bytes: the rest of a block that came in part stays as it was. */
static uint64_t whole_blocks(const dev_command *cmd, uint64_t got)
{
    return got - got % cmd->device->block_len;
}

/* Data lands in place unless the initiator announced that the last block will be cut short. */
static void take_blocks(dev_command *cmd, bool in_place)
{
    uint64_t expected = cmd->scsi->expected;
    bool cut = expected > 0 && expected < length_of(cmd) && expected % cmd->device->block_len != 0;
    if (cmd->blocks == 0)
        return;
    if (dev_protect_field(cmd))
        dev_transfer_landing(cmd, cmd->blocks * dev_protect_block(cmd));
    else if (in_place && !cut)
        dev_transfer_map(cmd, start_of(cmd), length_of(cmd), true);
    else
        dev_transfer_landing(cmd, length_of(cmd));
}

static bool store(dev_command *cmd, uint64_t got)
{
    uint64_t len = whole_blocks(cmd, got);
    if (dev_protect_field(cmd))
        return dev_protect_store(cmd, got);
    if (!dev_transfer_mapped(cmd->scsi))
        return each_received(cmd, 0, len, write_received);
    rig_status status = dev_transfer_unmap(cmd->device, cmd->scsi, (size_t)len);
    if (status != RIG_OK)
        dev_fail_backing(cmd, status, true);
    return status == RIG_OK && dev_protect_renew(cmd, start_of(cmd), len);
}

void dev_write(dev_command *cmd)
{
    take_blocks(cmd, true);
}

void dev_write_done(dev_command *cmd, uint64_t got)
{
    if (store(cmd, got))
        dev_content_settle(cmd, wants_fua(cmd));
}

void dev_write_verify(dev_command *cmd)
{
    if (byte_check(cmd) > BYTCHK_ALL)
        dev_fail_cdb(cmd, flags_byte(cmd), 2);
    else
        take_blocks(cmd, byte_check(cmd) == BYTCHK_NONE);
}

void dev_write_verify_done(dev_command *cmd, uint64_t got)
{
    uint64_t len = whole_blocks(cmd, got);
    if (!store(cmd, got) || !dev_content_settle(cmd, true))
        return;
    if (byte_check(cmd) == BYTCHK_NONE)
        dev_content_read(cmd, start_of(cmd), len);
    else if (dev_protect_field(cmd))
        dev_protect_compare(cmd, got);
    else
        each_received(cmd, 0, len, compare_received);
}

void dev_verify(dev_command *cmd)
{
    unsigned check = byte_check(cmd);
    bool one = check == BYTCHK_ONE_BLOCK;
    if (check == BYTCHK_RESERVED || (one && dev_protect_field(cmd)))
        dev_fail_cdb(cmd, flags_byte(cmd), 2);
    else if (check != BYTCHK_NONE && cmd->blocks > 0)
        dev_transfer_landing(cmd, (one ? 1 : cmd->blocks) * dev_protect_block(cmd));
    else if (dev_protect_check(cmd))
        dev_content_read(cmd, start_of(cmd), length_of(cmd));
}

void dev_verify_done(dev_command *cmd, uint64_t got)
{
    uint64_t same = 0;
    uint64_t whole = whole_blocks(cmd, got);
    if (dev_protect_field(cmd))
        dev_protect_compare(cmd, got);
    else if (!dev_protect_check(cmd))
        return;
    else if (byte_check(cmd) == BYTCHK_ALL)
        each_received(cmd, 0, whole, compare_received);
    else if (whole > 0 &&
             dev_content_compare(cmd, start_of(cmd), length_of(cmd), cmd->scsi->iov[0].iov_base, true,
                                 &same) &&
             same < length_of(cmd))
        miscompare(cmd, false, 0);
}

void dev_or_write(dev_command *cmd)
{
    take_blocks(cmd, false);
}

void dev_or_write_done(dev_command *cmd, uint64_t got)
{
    if (dev_protect_check(cmd) && each_received(cmd, 0, whole_blocks(cmd, got), or_received))
        dev_content_settle(cmd, wants_fua(cmd));
}

/* SBC-4 section 5.49. All or nothing: the data wait in buffers until the last byte came. */
void dev_write_atomic(dev_command *cmd)
{
    uint32_t boundary = dev_get16(cmd->cdb + 10), physical = dev_physical_blocks(cmd->device);
    if (boundary)
        dev_fail_cdb(cmd, 10, 7);
    else if (cmd->lba % physical)
        dev_fail_cdb(cmd, 2, 7);
    else if (length_of(cmd) > DEV_ATOMIC_MAX || cmd->blocks % physical)
        dev_fail_cdb(cmd, 12, 7);
    else if (cmd->blocks > 0)
        dev_transfer_landing(cmd, length_of(cmd));
}

void dev_write_atomic_done(dev_command *cmd, uint64_t got)
{
    if (got < cmd->scsi->length)
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
    else if (each_received(cmd, 0, got, write_received))
        dev_content_settle(cmd, wants_fua(cmd));
}

/* SBC-3 section 5.56: what goes back is what is new against what was there. */
void dev_xor_write_read(dev_command *cmd)
{
    if (cmd->blocks == 0)
        return;
    if (dev_transfer_both(cmd, length_of(cmd)))
        cmd->scsi->back_length = length_of(cmd);
}

static bool xor_received(dev_command *cmd, uint64_t at, uint8_t *data, size_t len)
{
    uint8_t old[DEV_BLOCK_MAX];
    bool on = true, disable_write = (cmd->cdb[1] & 0x04) != 0;
    for (size_t done = 0, part; done < len && on; done += part) {
        uint64_t offset = start_of(cmd) + at + done;
        part = len - done < sizeof old ? len - done : sizeof old;
        on = dev_content_copy(cmd, offset, part, old) &&
             (disable_write || dev_content_write(cmd, offset, data + done, part));
        for (size_t i = 0; i < part && on; i++)
            data[done + i] ^= old[i];
    }
    return on;
}

void dev_xor_write_read_done(dev_command *cmd, uint64_t got)
{
    rig_scsi *scsi = cmd->scsi;
    scsi->back_length = 0;
    if (!dev_protect_check(cmd) || !each_received(cmd, 0, whole_blocks(cmd, got), xor_received) ||
        !dev_content_settle(cmd, wants_fua(cmd)))
        return;
    scsi->back_length = whole_blocks(cmd, got);
    scsi->back_iov = scsi->iov;
    scsi->num_back = scsi->num_iov;
}

/* The verify instance and the write instance of the blocks, one behind the other. */
void dev_compare(dev_command *cmd)
{
    uint64_t len = 2 * length_of(cmd);
    if (cmd->scsi->expected > 0 && cmd->scsi->expected != len)
        dev_fail_cdb(cmd, 13, 7);
    else if (len > 0)
        dev_transfer_landing(cmd, len);
}

void dev_compare_done(dev_command *cmd, uint64_t got)
{
    uint64_t len = length_of(cmd);
    if (got < 2 * len)
        dev_fail_cdb(cmd, 13, 7);
    else if (dev_protect_check(cmd) && each_received(cmd, 0, len, compare_received) &&
             each_received(cmd, len, len, write_received))
        dev_content_settle(cmd, wants_fua(cmd));
}

/* There is no cache of blocks in front of the backing: GOOD, not CONDITION MET, says that nothing more is
 * cached. */
void dev_prefetch(dev_command *cmd)
{
    (void)cmd;
}

void dev_synchronize(dev_command *cmd)
{
    dev_content_settle(cmd, true);
}
