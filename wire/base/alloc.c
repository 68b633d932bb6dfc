#include "rig/alloc.h"

#include <stdlib.h>
#include <string.h>

static void *libc_resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    (void)ctx;
    (void)old_size;
    if (new_size)
        return realloc(ptr, new_size);
    free(ptr);
    return NULL;
}

const rig_alloc *rig_alloc_libc(void)
{
    static const rig_alloc libc = {libc_resize, NULL};
    return &libc;
}

void *rig_new(const rig_alloc *alloc, size_t size)
{
    return rig_resize(alloc, NULL, 0, size);
}

void *rig_resize(const rig_alloc *alloc, void *ptr, size_t old_size, size_t new_size)
{
    uint8_t *block = alloc->resize(alloc->ctx, ptr, old_size, new_size);
    if (block && new_size > old_size)
        memset(block + old_size, 0, new_size - old_size);
    return block;
}

void rig_delete(const rig_alloc *alloc, void *ptr, size_t size)
{
    if (ptr)
        alloc->resize(alloc->ctx, ptr, size, 0);
}

char *rig_copy_text(const rig_alloc *alloc, const void *text, size_t len)
{
    char *copy = len < SIZE_MAX ? alloc->resize(alloc->ctx, NULL, 0, len + 1) : NULL;
    if (!copy)
        return NULL;
    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

static bool meter_refuses(rig_alloc_meter *meter)
{
    meter->num_calls++;
    if (meter->fail_at == 0)
        return false;
    return meter->num_calls == meter->fail_at || (meter->fail_on && meter->num_calls > meter->fail_at);
}

static void *meter_resize(void *ctx, void *ptr, size_t old_size, size_t new_size)
{
    rig_alloc_meter *meter = ctx;
    if (new_size && meter_refuses(meter))
        return NULL;
    void *block = meter->below->resize(meter->below->ctx, ptr, old_size, new_size);
    if (new_size && !block)
        return NULL;
    if (!ptr && block)
        meter->num_live++;
    if (ptr && new_size == 0)
        meter->num_live--;
    meter->bytes_live += new_size - old_size;
    if (meter->bytes_live > meter->bytes_peak)
        meter->bytes_peak = meter->bytes_live;
    return block;
}

void rig_alloc_meter_init(rig_alloc_meter *meter, const rig_alloc *below)
{
    *meter = (rig_alloc_meter){.alloc = {meter_resize, meter}, .below = below};
}

void rig_secret_wipe(void *secret, size_t len)
{
    if (secret)
        explicit_bzero(secret, len);
}
