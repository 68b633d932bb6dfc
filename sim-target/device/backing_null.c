/* The backing that costs nothing: reads come from one area of zeros, writes fall into one sink. */
#include "rig/device.h"
#include "zeros.h"

#define SINK_LEN (256u << 10)

typedef struct null_backing {
    rig_backing base;
    const rig_alloc *alloc;
    uint64_t size;
    void *sink; /* made when first written */
} null_backing;

static null_backing *null_of(rig_backing *backing)
{
    return (null_backing *)backing;
}

static int repeat(void *area, size_t area_len, size_t len, struct iovec *iov, int max, size_t *out_len)
{
    int num = 0;
    for (*out_len = 0; *out_len < len && num < max; *out_len += iov[num++].iov_len)
        iov[num] = (struct iovec){area, len - *out_len < area_len ? len - *out_len : area_len};
    return num;
}

static int null_map(rig_backing *backing, uint64_t offset, size_t len, bool write, struct iovec *iov, int max,
                    size_t *out_len, rig_status *out_status)
{
    null_backing *null = null_of(backing);
    (void)offset;
    *out_status = RIG_OK;
    if (!write)
        return repeat(dev_zeros(), DEV_ZEROS_LEN, len, iov, max, out_len);
    if (!null->sink && !(null->sink = rig_new(null->alloc, SINK_LEN))) {
        *out_status = RIG_E_NOMEM;
        return 0;
    }
    return repeat(null->sink, SINK_LEN, len, iov, max, out_len);
}

static rig_status null_unmap(rig_backing *backing, uint64_t offset, const struct iovec *iov, int num,
                             size_t written)
{
    (void)backing, (void)offset, (void)iov, (void)num, (void)written;
    return RIG_OK;
}

static rig_status null_flush(rig_backing *backing)
{
    (void)backing;
    return RIG_OK;
}

static uint64_t null_size(const rig_backing *backing)
{
    return ((const null_backing *)backing)->size;
}

static void null_free(rig_backing *backing)
{
    null_backing *null = null_of(backing);
    rig_delete(null->alloc, null->sink, SINK_LEN);
    rig_delete(null->alloc, null, sizeof *null);
}

static const rig_backing_ops null_ops = {
    .kind = "null",
    .map = null_map,
    .unmap = null_unmap,
    .flush = null_flush,
    .size = null_size,
    .free = null_free,
};

rig_status rig_backing_null_new(const rig_alloc *alloc, uint64_t size, rig_backing **out_backing)
{
    if (size == 0 || size % RIG_DEVICE_BLOCK != 0 || size > RIG_BACKING_SIZE_MAX)
        return RIG_E_ARGUMENT;
    null_backing *null = rig_new(alloc, sizeof *null);
    if (!null)
        return RIG_E_NOMEM;
    null->base.ops = &null_ops;
    null->alloc = alloc;
    null->size = size;
    *out_backing = &null->base;
    return RIG_OK;
}
