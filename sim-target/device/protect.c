/* Protection information on the medium: made, kept beside the blocks, and checked (SBC-3 section 4.22). */
#include <isa-l/crc.h>

#include "unit.h"

#define SECTOR_LEN 512u /* backings are asked for whole ones */
#define SECTOR_TAGS (SECTOR_LEN / DEV_TAGS_LEN)
#define NO_CHECK_APP 0xffffu
#define NO_CHECK_REF UINT32_MAX
#define FIELD_RESERVED 6

enum check { CHECK_GUARD = 1, CHECK_APP = 2, CHECK_REF = 4, CHECK_ALL = 7 };

/* SBC-3 tables of RDPROTECT and WRPROTECT: what each value has checked. */
static const uint8_t checks[FIELD_RESERVED] = {CHECK_ALL, CHECK_ALL,   CHECK_APP | CHECK_REF,
                                               0,         CHECK_GUARD, CHECK_ALL};

rig_status dev_protect_new(rig_device *device)
{
    uint64_t sectors = (device->num_blocks + SECTOR_TAGS - 1) / SECTOR_TAGS;
    if (!device->protection)
        return RIG_OK;
    if (device->protection > 3 || sectors > RIG_BACKING_RAM_MAX / SECTOR_LEN)
        return RIG_E_ARGUMENT;
    return rig_backing_ram_new(device->alloc, sectors * SECTOR_LEN, &device->tags);
}

void dev_protect_cleanup(rig_device *device)
{
    if (device->tags)
        device->tags->ops->free(device->tags);
}

static bool is_long(const dev_command *cmd)
{
    return cmd->row->len == 32;
}

unsigned dev_protect_field(const dev_command *cmd)
{
    if (!cmd->device->protection || !(cmd->row->flags & DEV_GUARDED))
        return 0;
    return dev_flags(cmd) >> 5;
}

/* Type 2 is for the 32-byte commands, which bring the tags to expect (SBC-3 section 4.22.2.4). */
bool dev_protect_allows(dev_command *cmd)
{
    unsigned field = dev_protect_field(cmd);
    bool unfit = field && cmd->device->protection == 2 && !is_long(cmd);
    if (unfit)
        dev_fail(cmd, DEV_ILLEGAL_REQUEST, DEV_ASC_OPCODE);
    else if (field >= FIELD_RESERVED)
        dev_fail_cdb(cmd, is_long(cmd) ? 10 : 1, 7);
    return !unfit && field < FIELD_RESERVED;
}

uint32_t dev_protect_block(const dev_command *cmd)
{
    return cmd->device->block_len + (dev_protect_field(cmd) ? DEV_TAGS_LEN : 0);
}

/* ---- the store: inverted, so that what was never written is all ones ---- */

/* Maps the sector with a block's tags; NULL with a status set. The store is RAM: it is changed in place. */
static uint8_t *map_tags(dev_command *cmd, uint64_t lba, bool write, struct iovec *iov)
{
    rig_backing *store = cmd->device->tags;
    rig_status status = RIG_OK;
    size_t len;
    int num =
        store->ops->map(store, lba / SECTOR_TAGS * SECTOR_LEN, SECTOR_LEN, write, iov, 1, &len, &status);
    if (num == 0)
        dev_fail_backing(cmd, status, write);
    return num ? (uint8_t *)iov->iov_base + lba % SECTOR_TAGS * DEV_TAGS_LEN : NULL;
}

static bool unmap_tags(dev_command *cmd, uint64_t lba, bool write, const struct iovec *iov)
{
    rig_backing *store = cmd->device->tags;
    store->ops->unmap(store, lba / SECTOR_TAGS * SECTOR_LEN, iov, 1, write ? SECTOR_LEN : 0);
    return true;
}

bool dev_tags_get(dev_command *cmd, uint64_t lba, uint8_t tags[DEV_TAGS_LEN])
{
    struct iovec iov;
    const uint8_t *stored = map_tags(cmd, lba, false, &iov);
    for (size_t i = 0; stored && i < DEV_TAGS_LEN; i++)
        tags[i] = (uint8_t)~stored[i];
    return stored && unmap_tags(cmd, lba, false, &iov);
}

bool dev_tags_put(dev_command *cmd, uint64_t lba, const uint8_t tags[DEV_TAGS_LEN])
{
    struct iovec iov;
    uint8_t *stored = map_tags(cmd, lba, true, &iov);
    for (size_t i = 0; stored && i < DEV_TAGS_LEN; i++)
        stored[i] = (uint8_t)~tags[i];
    return stored && unmap_tags(cmd, lba, true, &iov);
}

/* ---- made ---- */

static uint16_t guard_of(const dev_command *cmd, const uint8_t *data)
{
    return crc16_t10dif(0, data, cmd->device->block_len);
}

/* SBC-3 section 5.32, WRPROTECT 000b: the reference tag of type 1 is the address, the other tags are such
 * that nobody checks them, as the application client owns them (ATO = 1). */
static bool renew_block(dev_command *cmd, uint64_t lba)
{
    uint8_t data[DEV_BLOCK_MAX], tags[DEV_TAGS_LEN];
    if (!dev_content_copy(cmd, lba * cmd->device->block_len, cmd->device->block_len, data))
        return false;
    dev_put16(tags, guard_of(cmd, data));
    dev_put16(tags + 2, NO_CHECK_APP);
    dev_put32(tags + 4, cmd->device->protection == 1 ? (uint32_t)lba : NO_CHECK_REF);
    return dev_tags_put(cmd, lba, tags);
}

static uint64_t end_block(const dev_command *cmd, uint64_t offset, uint64_t len)
{
    return (offset + len + cmd->device->block_len - 1) / cmd->device->block_len;
}

bool dev_protect_renew(dev_command *cmd, uint64_t offset, uint64_t len)
{
    bool on = true;
    if (!cmd->device->tags)
        return true;
    for (uint64_t lba = offset / cmd->device->block_len; lba < end_block(cmd, offset, len) && on; lba++)
        on = renew_block(cmd, lba);
    return on;
}

bool dev_protect_forget(dev_command *cmd, uint64_t offset, uint64_t len)
{
    rig_backing *store = cmd->device->tags;
    if (!store || len == 0)
        return true;
    uint64_t first = offset / cmd->device->block_len, end = end_block(cmd, offset, len);
    rig_status status = store->ops->discard(store, first * DEV_TAGS_LEN, (end - first) * DEV_TAGS_LEN);
    if (status != RIG_OK)
        dev_fail_backing(cmd, status, true);
    return status == RIG_OK;
}

/* ---- checked ---- */

static bool nothing_to_check(const dev_command *cmd, const uint8_t *tags)
{
    bool app = dev_get16(tags + 2) == NO_CHECK_APP, ref = dev_get32(tags + 4) == NO_CHECK_REF;
    return app && (ref || cmd->device->protection != 3);
}

/* Type 3 has no reference to compare with, type 2 only what a 32-byte command brings. */
static bool ref_is_wrong(const dev_command *cmd, const uint8_t *tags, uint64_t i)
{
    bool brought = is_long(cmd) && dev_protect_field(cmd);
    uint32_t first = brought ? dev_get32(cmd->cdb + 20) : (uint32_t)cmd->lba;
    return (brought || cmd->device->protection == 1) && dev_get32(tags + 4) != (uint32_t)(first + i);
}

static bool app_is_wrong(const dev_command *cmd, const uint8_t *tags)
{
    if (!is_long(cmd) || !dev_protect_field(cmd))
        return false;
    return ((dev_get16(tags + 2) ^ dev_get16(cmd->cdb + 24)) & dev_get16(cmd->cdb + 26)) != 0;
}

uint16_t dev_tags_wrong(const dev_command *cmd, const uint8_t *data, const uint8_t *tags, uint64_t i,
                        bool on_medium)
{
    unsigned wanted = checks[dev_protect_field(cmd)];
    if (on_medium && nothing_to_check(cmd, tags))
        return 0;
    if ((wanted & CHECK_GUARD) && dev_get16(tags) != guard_of(cmd, data))
        return DEV_ASC_GUARD;
    if ((wanted & CHECK_APP) && app_is_wrong(cmd, tags))
        return DEV_ASC_APP_TAG;
    return (wanted & CHECK_REF) && ref_is_wrong(cmd, tags, i) ? DEV_ASC_REF_TAG : 0;
}

void dev_tags_fail(dev_command *cmd, uint16_t asc, uint64_t i)
{
    dev_sense sense = {.key = DEV_ABORTED_COMMAND, .asc = asc, .has_info = true, .info = cmd->lba + i};
    dev_fail_sense(cmd, &sense);
}

static bool check_block(dev_command *cmd, uint64_t i)
{
    uint8_t data[DEV_BLOCK_MAX], tags[DEV_TAGS_LEN];
    uint64_t lba = cmd->lba + i;
    if (!dev_tags_get(cmd, lba, tags) ||
        !dev_content_copy(cmd, lba * cmd->device->block_len, cmd->device->block_len, data))
        return false;
    uint16_t wrong = dev_tags_wrong(cmd, data, tags, i, true);
    if (wrong)
        dev_tags_fail(cmd, wrong, i);
    return !wrong;
}

bool dev_protect_check(dev_command *cmd)
{
    bool on = true;
    if (!cmd->device->tags)
        return true;
    for (uint64_t i = 0; i < cmd->blocks && on; i++)
        on = check_block(cmd, i);
    return on;
}
