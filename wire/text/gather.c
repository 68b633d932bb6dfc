#include "rig/text.h"

#define GATHER_FIRST 512 /* first block; doubles from there, so long answers cost few copies */

static rig_status gather_room(rig_gather *gather, const rig_alloc *alloc, size_t len, size_t max)
{
    if (len > max || gather->len > max - len)
        return RIG_E_LIMIT;
    size_t wanted = gather->len + len;
    if (wanted <= gather->size)
        return RIG_OK;
    size_t size = gather->size ? gather->size : GATHER_FIRST;
    while (size < wanted)
        size = size > SIZE_MAX / 2 ? wanted : size * 2;
    uint8_t *grown = rig_resize(alloc, gather->ptr, gather->size, size);
    if (!grown)
        return RIG_E_NOMEM;
    gather->ptr = grown;
    gather->size = size;
    return RIG_OK;
}

static void gather_put(rig_gather *gather, const void *bytes, size_t len)
{
    if (len)
        memcpy(gather->ptr + gather->len, bytes, len);
    gather->len += len;
}

rig_status rig_gather_add(rig_gather *gather, const rig_alloc *alloc, rig_view text, size_t max)
{
    rig_status status = gather_room(gather, alloc, text.len, max);
    if (status == RIG_OK)
        gather_put(gather, text.ptr, text.len);
    return status;
}

rig_status rig_gather_pair(rig_gather *gather, const rig_alloc *alloc, const char *key, rig_view value,
                           size_t max)
{
    size_t key_len = strlen(key);
    if (value.len > max)
        return RIG_E_LIMIT;
    rig_status status = gather_room(gather, alloc, key_len + value.len + 2, max);
    if (status != RIG_OK)
        return status;
    gather_put(gather, key, key_len);
    gather_put(gather, "=", 1);
    gather_put(gather, value.ptr, value.len);
    gather_put(gather, "", 1);
    return RIG_OK;
}

void rig_gather_cleanup(rig_gather *gather, const rig_alloc *alloc)
{
    rig_delete(alloc, gather->ptr, gather->size);
    *gather = (rig_gather){0};
}
