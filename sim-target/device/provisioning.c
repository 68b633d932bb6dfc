/* WRITE SAME, UNMAP and GET LBA STATUS: SBC-3 sections 4.7 and 5. */
#include "unit.h"
#include "zeros.h"

#define UNMAP_HEADER 8
#define UNMAP_DESCRIPTOR 16
#define STATUS_HEADER 8
#define STATUS_DESCRIPTOR 16
#define STATUS_DESCRIPTORS_MAX 64
#define STATUS_STEPS_MAX 4096 /* questions to the backing for one answer */

static uint64_t same_blocks(const dev_command *cmd)
{
    return cmd->blocks ? cmd->blocks : cmd->device->num_blocks - cmd->lba;
}

static bool asks_unmap(const dev_command *cmd)
{
    return (dev_flags(cmd) & 0x08) != 0;
}

/* With LBPRZ a block of zeros is what a deallocated block reads as; other data has to be written. */
static void write_blocks(dev_command *cmd, const uint8_t *block)
{
    rig_device *device = cmd->device;
    uint64_t offset = cmd->lba * device->block_len;
    uint64_t len = same_blocks(cmd) * device->block_len;
    bool zero = memcmp(block, dev_zeros(), device->block_len) == 0;
    bool done;
    if (asks_unmap(cmd) && zero)
        done = dev_content_discard(cmd, offset, len);
    else if (dev_protect_field(cmd) && block != dev_zeros())
        done = dev_protect_repeat(cmd, block, same_blocks(cmd));
    else
        done = dev_content_repeat(cmd, offset, len, block);
    if (done)
        dev_content_settle(cmd, false);
}

void dev_write_same(dev_command *cmd)
{
    uint32_t block_len = dev_protect_block(cmd);
    bool no_data = cmd->row->len > 10 && (dev_flags(cmd) & 0x01);
    if (same_blocks(cmd) > RIG_DEVICE_TRANSFER_MAX / cmd->device->block_len)
        dev_fail_cdb(cmd, dev_count_byte(cmd), 7);
    else if (no_data)
        write_blocks(cmd, dev_zeros());
    else if (cmd->scsi->expected > 0 && cmd->scsi->expected != block_len)
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
    else
        dev_transfer_parameters(cmd, block_len);
}

void dev_write_same_done(dev_command *cmd, uint64_t got)
{
    if (got < dev_protect_block(cmd))
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
    else
        write_blocks(cmd, cmd->scsi->iov[0].iov_base);
}

void dev_unmap(dev_command *cmd)
{
    size_t len = dev_get16(cmd->cdb + 7);
    if (len == 0)
        return;
    if (len < UNMAP_HEADER)
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
    else
        dev_transfer_parameters(cmd, len);
}

/* The number of whole descriptors; those cut off by the list's end do not count. */
static size_t count_descriptors(const uint8_t *list, size_t len)
{
    size_t said = dev_get16(list + 2);
    size_t there = len - UNMAP_HEADER;
    return (said < there ? said : there) / UNMAP_DESCRIPTOR;
}

static bool check_descriptors(dev_command *cmd, const uint8_t *list, size_t num)
{
    uint64_t total = 0;
    for (size_t i = 0; i < num; i++) {
        const uint8_t *row = list + UNMAP_HEADER + i * UNMAP_DESCRIPTOR;
        uint64_t lba = dev_get64(row), blocks = dev_get32(row + 8);
        if (lba > cmd->device->num_blocks || blocks > cmd->device->num_blocks - lba) {
            dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_RANGE);
            return false;
        }
        total += blocks;
    }
    if (num <= DEV_UNMAP_DESCRIPTORS_MAX && total <= DEV_UNMAP_BLOCKS_MAX)
        return true;
    dev_fail_list(cmd, 2);
    return false;
}

void dev_unmap_done(dev_command *cmd, uint64_t got)
{
    const uint8_t *list = cmd->scsi->iov[0].iov_base;
    uint32_t block_len = cmd->device->block_len;
    if (got < cmd->scsi->length) {
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_LIST_LENGTH);
        return;
    }
    size_t num = count_descriptors(list, (size_t)got);
    bool on = check_descriptors(cmd, list, num);
    for (size_t i = 0; i < num && on; i++) {
        const uint8_t *row = list + UNMAP_HEADER + i * UNMAP_DESCRIPTOR;
        uint64_t blocks = dev_get32(row + 8);
        if (blocks > 0)
            on = dev_content_discard(cmd, dev_get64(row) * block_len, blocks * block_len);
    }
    if (on)
        dev_content_settle(cmd, false);
}

typedef struct extent {
    uint64_t lba;
    uint64_t blocks;
    bool allocated;
} extent;

/* The extent at lba, as far as the backing tells in one question. */
static extent ask(const rig_device *device, uint64_t lba)
{
    rig_backing *backing = device->backing;
    uint64_t left = (device->num_blocks - lba) * device->block_len, run = left;
    bool allocated = !backing->ops->allocated;
    if (backing->ops->allocated)
        allocated = backing->ops->allocated(backing, lba * device->block_len, left, &run);
    /* A run that ends inside a block leaves that block to what comes next, but one block is told at least. */
    uint64_t blocks = run / device->block_len;
    blocks = blocks < UINT32_MAX ? blocks : UINT32_MAX;
    return (extent){lba, blocks ? blocks : 1, allocated};
}

static size_t list_extents(const rig_device *device, uint64_t lba, extent *out, size_t max)
{
    size_t num = 0;
    for (unsigned steps = 0; lba < device->num_blocks && steps < STATUS_STEPS_MAX; steps++) {
        extent next = ask(device, lba);
        extent *last = num > 0 ? &out[num - 1] : NULL;
        if (last && last->allocated == next.allocated && last->blocks + next.blocks <= UINT32_MAX)
            last->blocks += next.blocks;
        else if (num < max)
            out[num++] = next;
        else
            break;
        lba += next.blocks;
    }
    return num;
}

void dev_lba_status(dev_command *cmd)
{
    extent extents[STATUS_DESCRIPTORS_MAX];
    uint64_t lba = dev_get64(cmd->cdb + 2);
    if (lba >= cmd->device->num_blocks) {
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_RANGE);
        return;
    }
    uint32_t allocation = dev_get32(cmd->cdb + 10);
    size_t max = allocation / STATUS_DESCRIPTOR < STATUS_DESCRIPTORS_MAX ? allocation / STATUS_DESCRIPTOR + 1
                                                                         : STATUS_DESCRIPTORS_MAX;
    size_t num = list_extents(cmd->device, lba, extents, max);
    uint8_t *answer = dev_transfer_answer(cmd, STATUS_HEADER + num * STATUS_DESCRIPTOR, allocation);
    if (!answer)
        return;
    dev_put32(answer, (uint32_t)(4 + num * STATUS_DESCRIPTOR));
    for (size_t i = 0; i < num; i++) {
        uint8_t *row = answer + STATUS_HEADER + i * STATUS_DESCRIPTOR;
        dev_put64(row, extents[i].lba);
        dev_put32(row + 8, (uint32_t)extents[i].blocks);
        row[12] = extents[i].allocated ? 0 : 1;
    }
}
