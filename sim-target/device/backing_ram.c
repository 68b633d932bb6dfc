/* A sparse RAM disk: chunks of 1 MiB in a two-level table, made when first written. Data lands in and is sent
 * from the chunks themselves, so a chunk that is mapped is cleared rather than freed when its range is
 * discarded. */
#include "rig/device.h"
#include "zeros.h"

#define CHUNK_LEN DEV_ZEROS_LEN
#define PAGE_LEN 4096u /* what is known as allocated or not */
#define CHUNK_PAGES (CHUNK_LEN / PAGE_LEN)
#define LEAF_CHUNKS 1024u
#define LEAF_LEN ((uint64_t)CHUNK_LEN * LEAF_CHUNKS)

typedef struct ram_chunk {
    uint8_t *mem; /* NULL: a hole */
    uint32_t maps;
    uint32_t num_pages;               /* bits in pages */
    uint64_t pages[CHUNK_PAGES / 64]; /* written since the last discard */
} ram_chunk;

typedef struct ram_leaf {
    ram_chunk chunks[LEAF_CHUNKS];
} ram_leaf;

typedef struct ram_backing {
    rig_backing base;
    const rig_alloc *alloc;
    uint64_t size;
    ram_leaf **leaves; /* grows to the highest one written */
    size_t num_leaves;
} ram_backing;

static ram_backing *ram_of(rig_backing *backing)
{
    return (ram_backing *)backing;
}

static ram_chunk *find_chunk(const ram_backing *ram, uint64_t offset)
{
    uint64_t leaf = offset / LEAF_LEN;
    if (leaf >= ram->num_leaves || !ram->leaves[leaf])
        return NULL;
    return &ram->leaves[leaf]->chunks[offset % LEAF_LEN / CHUNK_LEN];
}

static ram_leaf *make_leaf(ram_backing *ram, uint64_t index)
{
    if (index >= ram->num_leaves) {
        size_t old = ram->num_leaves * sizeof *ram->leaves;
        ram_leaf **leaves = rig_resize(ram->alloc, ram->leaves, old, (size_t)(index + 1) * sizeof *leaves);
        if (!leaves)
            return NULL;
        ram->leaves = leaves;
        ram->num_leaves = (size_t)index + 1;
    }
    if (!ram->leaves[index])
        ram->leaves[index] = rig_new(ram->alloc, sizeof(ram_leaf));
    return ram->leaves[index];
}

static ram_chunk *make_chunk(ram_backing *ram, uint64_t offset)
{
    ram_leaf *leaf = make_leaf(ram, offset / LEAF_LEN);
    if (!leaf)
        return NULL;
    ram_chunk *chunk = &leaf->chunks[offset % LEAF_LEN / CHUNK_LEN];
    if (!chunk->mem)
        chunk->mem = rig_new(ram->alloc, CHUNK_LEN);
    return chunk->mem ? chunk : NULL;
}

static bool page_is_set(const ram_chunk *chunk, size_t page)
{
    return (chunk->pages[page / 64] >> page % 64 & 1) != 0;
}

static void set_pages(ram_chunk *chunk, size_t first, size_t last)
{
    for (size_t page = first; page <= last; page++) {
        chunk->num_pages += !page_is_set(chunk, page);
        chunk->pages[page / 64] |= UINT64_C(1) << page % 64;
    }
}

static void clear_pages(ram_chunk *chunk, size_t first, size_t end)
{
    for (size_t page = first; page < end; page++) {
        chunk->num_pages -= page_is_set(chunk, page);
        chunk->pages[page / 64] &= ~(UINT64_C(1) << page % 64);
    }
}

static void free_if_unused(ram_backing *ram, ram_chunk *chunk)
{
    if (chunk->maps || chunk->num_pages)
        return;
    rig_delete(ram->alloc, chunk->mem, CHUNK_LEN);
    chunk->mem = NULL;
}

static bool map_piece(ram_backing *ram, uint64_t offset, size_t len, bool write, struct iovec *iov)
{
    size_t at = (size_t)(offset % CHUNK_LEN);
    size_t piece = len < CHUNK_LEN - at ? len : CHUNK_LEN - at;
    ram_chunk *chunk = write ? make_chunk(ram, offset) : find_chunk(ram, offset);
    if (write && !chunk)
        return false;
    if (write)
        set_pages(chunk, at / PAGE_LEN, (at + piece - 1) / PAGE_LEN);
    bool hole = !chunk || !chunk->mem;
    if (!hole)
        chunk->maps++;
    *iov = (struct iovec){hole ? dev_zeros() : chunk->mem + at, piece};
    return true;
}

static int ram_map(rig_backing *backing, uint64_t offset, size_t len, bool write, struct iovec *iov, int max,
                   size_t *out_len, rig_status *out_status)
{
    int num = 0;
    *out_status = RIG_OK;
    for (*out_len = 0; num < max && *out_len < len; num++) {
        if (!map_piece(ram_of(backing), offset + *out_len, len - *out_len, write, &iov[num]))
            break;
        *out_len += iov[num].iov_len;
    }
    if (num == 0)
        *out_status = RIG_E_LIMIT;
    return num;
}

static rig_status ram_unmap(rig_backing *backing, uint64_t offset, const struct iovec *iov, int num,
                            size_t written)
{
    ram_backing *ram = ram_of(backing);
    (void)written;
    for (int i = 0; i < num; i++) {
        ram_chunk *chunk = find_chunk(ram, offset);
        if (iov[i].iov_base != dev_zeros() && chunk && chunk->maps > 0) {
            chunk->maps--;
            free_if_unused(ram, chunk);
        }
        offset += iov[i].iov_len;
    }
    return RIG_OK;
}

static rig_status ram_flush(rig_backing *backing)
{
    (void)backing;
    return RIG_OK;
}

static void discard_in_chunk(ram_backing *ram, ram_chunk *chunk, size_t at, size_t len)
{
    clear_pages(chunk, (at + PAGE_LEN - 1) / PAGE_LEN, (at + len) / PAGE_LEN);
    if (chunk->maps || chunk->num_pages)
        memset(chunk->mem + at, 0, len);
    free_if_unused(ram, chunk);
}

static rig_status ram_discard(rig_backing *backing, uint64_t offset, uint64_t len)
{
    ram_backing *ram = ram_of(backing);
    uint64_t end = offset + len;
    while (offset < end) {
        ram_chunk *chunk = find_chunk(ram, offset);
        uint64_t step = chunk ? CHUNK_LEN - offset % CHUNK_LEN : LEAF_LEN - offset % LEAF_LEN;
        step = step < end - offset ? step : end - offset;
        if (chunk && chunk->mem)
            discard_in_chunk(ram, chunk, (size_t)(offset % CHUNK_LEN), (size_t)step);
        offset += step;
    }
    return RIG_OK;
}

static bool ram_allocated(rig_backing *backing, uint64_t offset, uint64_t len, uint64_t *out_len)
{
    const ram_chunk *chunk = find_chunk(ram_of(backing), offset);
    uint64_t run = chunk ? CHUNK_LEN - offset % CHUNK_LEN : LEAF_LEN - offset % LEAF_LEN;
    bool set = false;
    if (chunk && chunk->mem) {
        size_t page = (size_t)(offset % CHUNK_LEN / PAGE_LEN);
        size_t end = page + 1;
        set = page_is_set(chunk, page);
        while (end < CHUNK_PAGES && page_is_set(chunk, end) == set)
            end++;
        run = end * PAGE_LEN - offset % CHUNK_LEN;
    }
    *out_len = run < len ? run : len;
    return set;
}

static uint64_t ram_size(const rig_backing *backing)
{
    return ((const ram_backing *)backing)->size;
}

static void free_leaf(ram_backing *ram, ram_leaf *leaf)
{
    for (size_t i = 0; leaf && i < LEAF_CHUNKS; i++)
        rig_delete(ram->alloc, leaf->chunks[i].mem, CHUNK_LEN);
    rig_delete(ram->alloc, leaf, sizeof *leaf);
}

static void ram_free(rig_backing *backing)
{
    ram_backing *ram = ram_of(backing);
    for (size_t i = 0; i < ram->num_leaves; i++)
        free_leaf(ram, ram->leaves[i]);
    rig_delete(ram->alloc, ram->leaves, ram->num_leaves * sizeof *ram->leaves);
    rig_delete(ram->alloc, ram, sizeof *ram);
}

static const rig_backing_ops ram_ops = {
    .kind = "ram",
    .map = ram_map,
    .unmap = ram_unmap,
    .flush = ram_flush,
    .discard = ram_discard,
    .allocated = ram_allocated,
    .size = ram_size,
    .free = ram_free,
};

rig_status rig_backing_ram_new(const rig_alloc *alloc, uint64_t size, rig_backing **out_backing)
{
    if (size == 0 || size % RIG_DEVICE_BLOCK != 0 || size > RIG_BACKING_RAM_MAX)
        return RIG_E_ARGUMENT;
    ram_backing *ram = rig_new(alloc, sizeof *ram);
    if (!ram)
        return RIG_E_NOMEM;
    ram->base.ops = &ram_ops;
    ram->alloc = alloc;
    ram->size = size;
    *out_backing = &ram->base;
    return RIG_OK;
}
