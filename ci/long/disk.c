#include "disk.h"

#define STEP UINT64_C(0x9e3779b97f4a7c15)

struct disk {
    rig_backing base;
    const rig_alloc *alloc;
    uint64_t seed, blocks;
    uint8_t *bytes;
    uint64_t *generations;
    uint32_t lose, num_writes;
    char broken[128];
};

void disk_fill(uint64_t words[DISK_WORDS], uint64_t seed, uint64_t lba, uint64_t generation)
{
    uint64_t base = (seed ^ lba * STEP) + (generation << 40);
    words[0] = lba;
    words[1] = generation;
    for (uint64_t i = 2; i < DISK_WORDS; i++)
        words[i] = base + i * STEP;
}

static void break_promise(disk *d, const char *what, uint64_t lba, uint64_t came, uint64_t had)
{
    rig_text text;
    if (d->broken[0])
        return;
    rig_text_init(&text, d->broken, sizeof d->broken);
    rig_text_add(&text, "%s: block %llu, generation %llu, had %llu", what, (unsigned long long)lba,
                 (unsigned long long)came, (unsigned long long)had);
}

/* A generation lands once, and never behind a later one. */
static void land(disk *d, uint64_t lba, const uint8_t *data)
{
    uint64_t words[DISK_WORDS], right[DISK_WORDS];
    memcpy(words, data, sizeof words);
    disk_fill(right, d->seed, lba, words[1]);
    if (memcmp(words, right, sizeof words) != 0)
        break_promise(d, "written with something else", lba, words[1], d->generations[lba]);
    else if (words[1] == d->generations[lba])
        break_promise(d, "written twice", lba, words[1], words[1]);
    else if (words[1] < d->generations[lba])
        break_promise(d, "written too late", lba, words[1], d->generations[lba]);
    memcpy(d->bytes + lba * DISK_BLOCK, data, DISK_BLOCK);
    d->generations[lba] = words[1];
}

static int map(rig_backing *backing, uint64_t offset, size_t len, bool write, struct iovec *iov, int max,
               size_t *out_len, rig_status *out_status)
{
    disk *d = (disk *)backing;
    (void)max;
    *out_status = RIG_OK;
    *out_len = len;
    *iov = (struct iovec){d->bytes + offset, len};
    if (write)
        iov->iov_base = d->alloc->resize(d->alloc->ctx, NULL, 0, len);
    if (!iov->iov_base)
        *out_status = RIG_E_NOMEM;
    return iov->iov_base != NULL;
}

static bool is_inside(const disk *d, const struct iovec *iov)
{
    const uint8_t *at = iov->iov_base;
    return at >= d->bytes && at < d->bytes + d->blocks * DISK_BLOCK;
}

static rig_status unmap(rig_backing *backing, uint64_t offset, const struct iovec *iov, int num,
                        size_t written)
{
    disk *d = (disk *)backing;
    for (int i = 0; i < num; i++) {
        if (is_inside(d, &iov[i]))
            continue;
        bool keeps = written > 0 && ++d->num_writes != d->lose;
        for (size_t at = 0; keeps && at + DISK_BLOCK <= written; at += DISK_BLOCK)
            land(d, (offset + at) / DISK_BLOCK, (const uint8_t *)iov[i].iov_base + at);
        rig_delete(d->alloc, iov[i].iov_base, iov[i].iov_len);
    }
    return RIG_OK;
}

static rig_status flush(rig_backing *backing)
{
    (void)backing;
    return RIG_OK;
}

static uint64_t size_of(const rig_backing *backing)
{
    return ((const disk *)backing)->blocks * DISK_BLOCK;
}

static void delete (rig_backing *backing)
{
    disk *d = (disk *)backing;
    rig_delete(d->alloc, d->bytes, d->blocks * DISK_BLOCK);
    rig_delete(d->alloc, d->generations, d->blocks * sizeof *d->generations);
    rig_delete(d->alloc, d, sizeof *d);
}

rig_status disk_new(const rig_alloc *alloc, uint64_t seed, uint64_t blocks, uint32_t lose, disk **out_disk,
                    rig_backing **out_backing)
{
    static const rig_backing_ops ops = {
        .kind = "books", .map = map, .unmap = unmap, .flush = flush, .size = size_of, .free = delete};
    disk *d = rig_new(alloc, sizeof *d);
    if (!d)
        return RIG_E_NOMEM;
    *d = (disk){.base = {.ops = &ops}, .alloc = alloc, .seed = seed, .blocks = blocks, .lose = lose};
    d->bytes = rig_new(alloc, blocks * DISK_BLOCK);
    d->generations = rig_new(alloc, blocks * sizeof *d->generations);
    if (!d->bytes || !d->generations) {
        delete (&d->base);
        return RIG_E_NOMEM;
    }
    *out_disk = d;
    *out_backing = &d->base;
    return RIG_OK;
}

uint64_t disk_generation(const disk *d, uint64_t lba)
{
    return d->generations[lba];
}

const char *disk_broken(const disk *d)
{
    return d->broken;
}
