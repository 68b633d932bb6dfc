/* Protection information on the way: eight bytes behind each block of a command (SBC-3 section 4.22.3). */
#include "unit.h"

#define GUARDED_MAX (DEV_BLOCK_MAX + DEV_TAGS_LEN)

static uint64_t offset_of(const dev_command *cmd, uint64_t i)
{
    return (cmd->lba + i) * cmd->device->block_len;
}

/* The i-th block with its tags into the command's buffers. */
static bool fetch_block(dev_command *cmd, uint64_t i)
{
    uint8_t block[GUARDED_MAX];
    uint32_t len = cmd->device->block_len;
    if (!dev_content_copy(cmd, offset_of(cmd, i), len, block) ||
        !dev_tags_get(cmd, cmd->lba + i, block + len))
        return false;
    dev_transfer_put(cmd->scsi, i * (len + DEV_TAGS_LEN), block, len + DEV_TAGS_LEN);
    return true;
}

void dev_protect_read(dev_command *cmd)
{
    bool on = dev_protect_check(cmd) && dev_transfer_staged(cmd, cmd->blocks * dev_protect_block(cmd));
    for (uint64_t i = 0; i < cmd->blocks && on; i++)
        on = fetch_block(cmd, i);
    if (!on)
        dev_transfer_drop(cmd);
}

/* The i-th block that came, with its tags behind it. */
static void take_block(const dev_command *cmd, uint64_t i, uint8_t *block)
{
    uint32_t len = dev_protect_block(cmd);
    dev_transfer_get(cmd->scsi, i * len, block, len);
}

/* What came is checked as a whole before any of it is written. */
static bool check_received(dev_command *cmd, uint64_t blocks)
{
    uint8_t block[GUARDED_MAX];
    uint16_t wrong = 0;
    for (uint64_t i = 0; i < blocks && !wrong; i++) {
        take_block(cmd, i, block);
        wrong = dev_tags_wrong(cmd, block, block + cmd->device->block_len, i, false);
        if (wrong)
            dev_tags_fail(cmd, wrong, i);
    }
    return !wrong;
}

static bool store_block(dev_command *cmd, uint64_t i)
{
    uint8_t block[GUARDED_MAX];
    uint32_t len = cmd->device->block_len;
    take_block(cmd, i, block);
    return dev_content_write(cmd, offset_of(cmd, i), block, len) &&
           dev_tags_put(cmd, cmd->lba + i, block + len);
}

bool dev_protect_store(dev_command *cmd, uint64_t got)
{
    uint64_t blocks = got / dev_protect_block(cmd);
    bool on = check_received(cmd, blocks);
    for (uint64_t i = 0; i < blocks && on; i++)
        on = store_block(cmd, i);
    return on;
}

/* SBC-3 section 5.29: with VRPROTECT 010b the guard is not compared, with 100b nothing else is. */
static bool tags_agree(const dev_command *cmd, const uint8_t *a, const uint8_t *b)
{
    unsigned field = dev_protect_field(cmd);
    bool guard = field == 2 || memcmp(a, b, 2) == 0;
    return guard && (field == 4 || memcmp(a + 2, b + 2, DEV_TAGS_LEN - 2) == 0);
}

static bool compare_block(dev_command *cmd, uint64_t i)
{
    uint8_t block[GUARDED_MAX], tags[DEV_TAGS_LEN];
    uint64_t same = 0;
    uint32_t len = cmd->device->block_len;
    take_block(cmd, i, block);
    if (!dev_content_compare(cmd, offset_of(cmd, i), len, block, false, &same) ||
        !dev_tags_get(cmd, cmd->lba + i, tags))
        return false;
    if (same == len && tags_agree(cmd, tags, block + len))
        return true;
    dev_fail(cmd, DEV_MISCOMPARE, DEV_ASC_MISCOMPARE);
    return false;
}

bool dev_protect_compare(dev_command *cmd, uint64_t got)
{
    uint64_t blocks = got / dev_protect_block(cmd);
    bool on = check_received(cmd, blocks);
    for (uint64_t i = 0; i < blocks && on; i++)
        on = compare_block(cmd, i);
    return on;
}

/* SBC-3 section 5.44: the reference tag goes up from block to block, but with type 3. */
bool dev_protect_repeat(dev_command *cmd, const uint8_t *block, uint64_t blocks)
{
    uint32_t len = cmd->device->block_len;
    uint8_t tags[DEV_TAGS_LEN];
    uint16_t wrong = dev_tags_wrong(cmd, block, block + len, 0, false);
    if (wrong)
        dev_tags_fail(cmd, wrong, 0);
    bool on = !wrong && dev_content_repeat(cmd, offset_of(cmd, 0), blocks * len, block);
    memcpy(tags, block + len, DEV_TAGS_LEN);
    for (uint64_t i = 0; i < blocks && on; i++) {
        if (cmd->device->protection != 3)
            dev_put32(tags + 4, (uint32_t)(dev_get32(block + len + 4) + i));
        on = dev_tags_put(cmd, cmd->lba + i, tags);
    }
    return on;
}
