/* Which bytes of the streams are shown. */
#include "sanitize.h"

#define KEPT_FIRST 65536 /* bytes asked for at first */

static rig_status make_room(rig_sanitize *s, size_t len)
{
    size_t size = s->size_kept ? s->size_kept : KEPT_FIRST;
    if (len > RIG_SANITIZE_KEPT_MAX - s->num_kept)
        return RIG_E_LIMIT;
    while (size - s->num_kept < len)
        size *= 2;
    if (size == s->size_kept)
        return RIG_OK;
    uint8_t *kept = rig_resize(s->alloc, s->kept, s->size_kept, size);
    if (!kept)
        return RIG_E_NOMEM;
    s->kept = kept;
    s->size_kept = size;
    return RIG_OK;
}

/* bytes may be NULL: zeros. */
rig_status san_keep(rig_sanitize *s, const void *bytes, size_t len, size_t *out_place)
{
    rig_status status = make_room(s, len);
    if (status)
        return status;
    *out_place = s->num_kept;
    if (len && bytes)
        memcpy(s->kept + s->num_kept, bytes, len);
    else if (len)
        memset(s->kept + s->num_kept, 0, len);
    s->num_kept += len;
    return RIG_OK;
}

rig_status san_patch_add(rig_sanitize *s, san_side *side, uint64_t at, size_t place, size_t len)
{
    const san_patch *last = side->num_patches ? &side->patches[side->num_patches - 1] : NULL;
    if (len == 0 || (last && at < last->at + last->len))
        return RIG_OK;
    rig_status status = san_room(s->alloc, (void **)&side->patches, side->num_patches, &side->size_patches,
                                 sizeof *side->patches);
    if (!status)
        side->patches[side->num_patches++] = (san_patch){at, place, (uint32_t)len};
    return status;
}

/* The first patch that ends behind an offset. */
static size_t first_behind(const san_side *side, uint64_t at)
{
    size_t low = 0, high = side->num_patches;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (side->patches[middle].at + side->patches[middle].len <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Writes what takes the place of bytes. Those in front of the stream (a probe to keep the connection alive
 * sends one) become zeros. */
void san_patch_apply(const rig_sanitize *s, const san_side *side, int64_t at, rig_view bytes, uint8_t *out)
{
    size_t before = at < 0 ? (size_t)-at : 0;
    if (bytes.len)
        memset(out, 0, bytes.len);
    if (before >= bytes.len)
        return;
    uint64_t from = (uint64_t)(at + (int64_t)before), to = from + (bytes.len - before);
    for (size_t i = first_behind(side, from); i < side->num_patches && side->patches[i].at < to; i++) {
        const san_patch *patch = &side->patches[i];
        uint64_t begin = patch->at > from ? patch->at : from;
        uint64_t end = patch->at + patch->len < to ? patch->at + patch->len : to;
        size_t place = before + (size_t)(begin - from);
        const uint8_t *source =
            patch->place == SAN_AS_IT_IS ? bytes.ptr + place : s->kept + patch->place + (begin - patch->at);
        memcpy(out + place, source, end - begin);
    }
}
