/** @file
 * Buffers of four sizes that are kept for the next I/O, so that steady traffic allocates nothing.
 */
#ifndef DEV_POOL_H
#define DEV_POOL_H

#include <sys/uio.h>

#include "rig/alloc.h"

#define DEV_POOL_CLASSES 4
#define DEV_POOL_PIECE (256u << 10)   /* biggest buffer */
#define DEV_POOL_IDLE_MAX (32u << 20) /* most unused bytes kept */

typedef struct dev_pool {
    const rig_alloc *alloc;
    void *idle[DEV_POOL_CLASSES]; /* each buffer begins with the pointer to the next */
    size_t idle_bytes;
} dev_pool;

void dev_pool_init(dev_pool *pool, const rig_alloc *alloc);
void dev_pool_cleanup(dev_pool *pool);

/* A buffer of at least len bytes (at most DEV_POOL_PIECE), contents undefined; NULL when there is no memory.
 */
void *dev_pool_take(dev_pool *pool, size_t len);

/* Gives a buffer back; len is that of dev_pool_take. */
void dev_pool_give(dev_pool *pool, void *buffer, size_t len);

/* Cuts len bytes into buffers, at most max; returns how many, covering *out_len bytes. */
int dev_pool_take_pieces(dev_pool *pool, size_t len, struct iovec *iov, int max, size_t *out_len);
void dev_pool_give_pieces(dev_pool *pool, const struct iovec *iov, int num);

#endif
