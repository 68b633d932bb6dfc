#include "pool.h"

#include <string.h>

static const size_t class_size[DEV_POOL_CLASSES] = {4u << 10, 16u << 10, 64u << 10, DEV_POOL_PIECE};

static size_t class_of(size_t len)
{
    size_t class = 0;
    while (class + 1 < DEV_POOL_CLASSES && class_size[class] < len)
        class ++;
    return class;
}

void dev_pool_init(dev_pool *pool, const rig_alloc *alloc)
{
    *pool = (dev_pool){.alloc = alloc};
}

static void *pop(dev_pool *pool, size_t class)
{
    void *buffer = pool->idle[class];
    if (buffer) {
        memcpy(&pool->idle[class], buffer, sizeof(void *));
        pool->idle_bytes -= class_size[class];
    }
    return buffer;
}

void dev_pool_cleanup(dev_pool *pool)
{
    for (size_t class = 0; class < DEV_POOL_CLASSES; class ++)
        for (void *buffer; (buffer = pop(pool, class));)
            rig_delete(pool->alloc, buffer, class_size[class]);
}

void *dev_pool_take(dev_pool *pool, size_t len)
{
    size_t class = class_of(len);
    if (len > class_size[class])
        return NULL;
    void *buffer = pop(pool, class);
    return buffer ? buffer : pool->alloc->resize(pool->alloc->ctx, NULL, 0, class_size[class]);
}

void dev_pool_give(dev_pool *pool, void *buffer, size_t len)
{
    size_t class = class_of(len);
    if (pool->idle_bytes + class_size[class] > DEV_POOL_IDLE_MAX) {
        rig_delete(pool->alloc, buffer, class_size[class]);
        return;
    }
    memcpy(buffer, &pool->idle[class], sizeof(void *));
    pool->idle[class] = buffer;
    pool->idle_bytes += class_size[class];
}

int dev_pool_take_pieces(dev_pool *pool, size_t len, struct iovec *iov, int max, size_t *out_len)
{
    int num = 0;
    *out_len = 0;
    while (num < max && *out_len < len) {
        size_t piece = len - *out_len < DEV_POOL_PIECE ? len - *out_len : DEV_POOL_PIECE;
        void *buffer = dev_pool_take(pool, piece);
        if (!buffer)
            break;
        iov[num++] = (struct iovec){buffer, piece};
        *out_len += piece;
    }
    return num;
}

void dev_pool_give_pieces(dev_pool *pool, const struct iovec *iov, int num)
{
    for (int i = 0; i < num; i++)
        dev_pool_give(pool, iov[i].iov_base, iov[i].iov_len);
}
