/* The backing of any size that needs no storage: each 8-byte word is its own byte offset, so that a reader
 * can tell where every byte came from and a writer of anything else is found out. */
#include <endian.h>

#include "pool.h"
#include "rig/device.h"

typedef struct pattern_backing {
    rig_backing base;
    const rig_alloc *alloc;
    uint64_t size;
    dev_pool pool;
} pattern_backing;

static pattern_backing *pattern_of(rig_backing *backing)
{
    return (pattern_backing *)backing;
}

static void generate(uint8_t *out, uint64_t offset, size_t len)
{
    for (size_t at = 0; at < len; at += sizeof(uint64_t)) {
        uint64_t word = htobe64(offset + at);
        memcpy(out + at, &word, sizeof word);
    }
}

static bool holds(const uint8_t *data, uint64_t offset, size_t len)
{
    uint64_t wrong = 0;
    for (size_t at = 0; at + sizeof(uint64_t) <= len; at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, data + at, sizeof word);
        wrong |= word ^ htobe64(offset + at);
    }
    return wrong == 0;
}

static int pattern_map(rig_backing *backing, uint64_t offset, size_t len, bool write, struct iovec *iov,
                       int max, size_t *out_len, rig_status *out_status)
{
    int num = dev_pool_take_pieces(&pattern_of(backing)->pool, len, iov, max, out_len);
    *out_status = num ? RIG_OK : RIG_E_NOMEM;
    for (int i = 0; i < num && !write; i++) {
        generate(iov[i].iov_base, offset, iov[i].iov_len);
        offset += iov[i].iov_len;
    }
    return num;
}

static rig_status pattern_unmap(rig_backing *backing, uint64_t offset, const struct iovec *iov, int num,
                                size_t written)
{
    rig_status status = RIG_OK;
    for (int i = 0; i < num && written > 0; i++) {
        size_t len = iov[i].iov_len < written ? iov[i].iov_len : written;
        if (!holds(iov[i].iov_base, offset, len))
            status = RIG_E_IO;
        offset += len;
        written -= len;
    }
    dev_pool_give_pieces(&pattern_of(backing)->pool, iov, num);
    return status;
}

static rig_status pattern_flush(rig_backing *backing)
{
    (void)backing;
    return RIG_OK;
}

static uint64_t pattern_size(const rig_backing *backing)
{
    return ((const pattern_backing *)backing)->size;
}

static void pattern_free(rig_backing *backing)
{
    pattern_backing *pattern = pattern_of(backing);
    dev_pool_cleanup(&pattern->pool);
    rig_delete(pattern->alloc, pattern, sizeof *pattern);
}

static const rig_backing_ops pattern_ops = {
    .kind = "pattern",
    .map = pattern_map,
    .unmap = pattern_unmap,
    .flush = pattern_flush,
    .size = pattern_size,
    .free = pattern_free,
};

rig_status rig_backing_pattern_new(const rig_alloc *alloc, uint64_t size, rig_backing **out_backing)
{
    if (size == 0 || size % RIG_DEVICE_BLOCK != 0 || size > RIG_BACKING_SIZE_MAX)
        return RIG_E_ARGUMENT;
    pattern_backing *pattern = rig_new(alloc, sizeof *pattern);
    if (!pattern)
        return RIG_E_NOMEM;
    pattern->base.ops = &pattern_ops;
    pattern->alloc = alloc;
    pattern->size = size;
    dev_pool_init(&pattern->pool, alloc);
    *out_backing = &pattern->base;
    return RIG_OK;
}
