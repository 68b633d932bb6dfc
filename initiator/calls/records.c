/* Records in memory: made, copied, compared, wiped. */
#include "internal.h"

static void list_clear(const rig_alloc *alloc, const rig_shape *shape, list *entries)
{
    for (uint32_t i = 0; i < entries->num; i++)
        rig_record_clear(alloc, shape, entries->ptr + i * shape->size);
    rig_delete(alloc, entries->ptr, entries->size * shape->size);
    *entries = (list){0};
}

static void bytes_clear(const rig_alloc *alloc, rig_bytes *bytes)
{
    rig_delete(alloc, bytes->ptr, bytes->len);
    *bytes = (rig_bytes){0};
}

void rig_record_clear(const rig_alloc *alloc, const rig_shape *shape, void *record)
{
    for (size_t i = 0; i < shape->num_members; i++) {
        const rig_member *member = &shape->members[i];
        if (member->kind == RIG_MEMBER_PART)
            rig_record_clear(alloc, rig_shape_of(member->record), at(record, member));
        else if (member->kind == RIG_MEMBER_LIST)
            list_clear(alloc, rig_shape_of(member->record), (list *)(void *)at(record, member));
        else if (member->kind == RIG_MEMBER_BYTES)
            bytes_clear(alloc, (rig_bytes *)(void *)at(record, member));
    }
    rig_secret_wipe(record, shape->size);
}

/* Records may hold secrets: what is left behind is wiped. */
static bool list_resize(const rig_alloc *alloc, const rig_shape *shape, list *entries, uint32_t size)
{
    uint8_t *more = rig_new(alloc, size * shape->size);
    if (!more)
        return false;
    if (entries->num)
        memcpy(more, entries->ptr, entries->num * shape->size);
    rig_secret_wipe(entries->ptr, entries->size * shape->size);
    rig_delete(alloc, entries->ptr, entries->size * shape->size);
    entries->ptr = more;
    entries->size = size;
    return true;
}

static rig_status list_copy(const rig_alloc *alloc, const rig_shape *shape, const list *from, list *out)
{
    *out = (list){0};
    if (from->num && !list_resize(alloc, shape, out, from->num))
        return RIG_E_NOMEM;
    for (uint32_t i = 0; i < from->num; i++) {
        void *entry = rig_list_add(alloc, shape, out);
        rig_status status =
            entry ? rig_record_copy(alloc, shape, from->ptr + i * shape->size, entry) : RIG_E_NOMEM;
        if (status)
            return status;
    }
    return RIG_OK;
}

static rig_status member_copy(const rig_alloc *alloc, const rig_member *member, const void *from, void *out)
{
    switch (member->kind) {
    case RIG_MEMBER_PART:
        return rig_record_copy(alloc, rig_shape_of(member->record), from, out);
    case RIG_MEMBER_LIST:
        return list_copy(alloc, rig_shape_of(member->record), from, out);
    case RIG_MEMBER_BYTES: {
        const rig_bytes *bytes = from;
        *(rig_bytes *)out = (rig_bytes){0};
        return rig_bytes_set(alloc, out, rig_view_of(bytes->ptr, bytes->len));
    }
    case RIG_MEMBER_TEXT:
    case RIG_MEMBER_NUMBER:
    case RIG_MEMBER_BOOL:
    case RIG_MEMBER_OCTETS:
    case RIG_MEMBER_SECRET:
        break;
    }
    memcpy(out, from, member->size);
    return RIG_OK;
}

rig_status rig_record_copy(const rig_alloc *alloc, const rig_shape *shape, const void *record,
                           void *out_record)
{
    rig_status status = RIG_OK;
    memset(out_record, 0, shape->size);
    for (size_t i = 0; i < shape->num_members && !status; i++)
        status = member_copy(alloc, &shape->members[i], at(record, &shape->members[i]),
                             at(out_record, &shape->members[i]));
    if (status)
        rig_record_clear(alloc, shape, out_record);
    return status;
}

static void list_hide(const rig_shape *shape, list *entries)
{
    for (uint32_t i = 0; i < entries->num; i++)
        rig_record_hide(shape, entries->ptr + i * shape->size);
}

void rig_record_hide(const rig_shape *shape, void *record)
{
    for (size_t i = 0; i < shape->num_members; i++) {
        const rig_member *member = &shape->members[i];
        if (member->kind == RIG_MEMBER_SECRET)
            rig_secret_wipe(at(record, member), member->size);
        else if (member->kind == RIG_MEMBER_PART)
            rig_record_hide(rig_shape_of(member->record), at(record, member));
        else if (member->kind == RIG_MEMBER_LIST)
            list_hide(rig_shape_of(member->record), (list *)(void *)at(record, member));
    }
}

static bool list_equal(const rig_shape *shape, const list *a, const list *b)
{
    bool equal = a->num == b->num;
    for (uint32_t i = 0; i < a->num && equal; i++)
        equal = rig_record_equal(shape, a->ptr + i * shape->size, b->ptr + i * shape->size);
    return equal;
}

static bool member_equal(const rig_member *member, const void *a, const void *b)
{
    switch (member->kind) {
    case RIG_MEMBER_PART:
        return rig_record_equal(rig_shape_of(member->record), a, b);
    case RIG_MEMBER_LIST:
        return list_equal(rig_shape_of(member->record), a, b);
    case RIG_MEMBER_TEXT:
        return strcmp(a, b) == 0;
    case RIG_MEMBER_OCTETS:
    case RIG_MEMBER_SECRET:
        return rig_view_eq(rig_octets_view(a), rig_octets_view(b));
    case RIG_MEMBER_BYTES: {
        const rig_bytes *left = a, *right = b;
        return rig_view_eq(rig_view_of(left->ptr, left->len), rig_view_of(right->ptr, right->len));
    }
    case RIG_MEMBER_NUMBER:
    case RIG_MEMBER_BOOL:
        break;
    }
    return memcmp(a, b, member->size) == 0;
}

bool rig_record_equal(const rig_shape *shape, const void *a, const void *b)
{
    for (size_t i = 0; i < shape->num_members; i++)
        if (!member_equal(&shape->members[i], at(a, &shape->members[i]), at(b, &shape->members[i])))
            return false;
    return true;
}

static bool list_grow(const rig_alloc *alloc, const rig_shape *shape, list *entries)
{
    return list_resize(alloc, shape, entries, entries->size ? entries->size * 2 : 1);
}

rig_status rig_list_reserve(const rig_alloc *alloc, const rig_shape *shape, void *entries, uint32_t more)
{
    list *all = entries;
    if (more > RIG_LIST_MAX - all->num)
        return RIG_E_LIMIT;
    bool room = all->num + more <= all->size || list_resize(alloc, shape, all, all->num + more);
    return room ? RIG_OK : RIG_E_NOMEM;
}

void *rig_list_add(const rig_alloc *alloc, const rig_shape *shape, void *entries)
{
    list *all = entries;
    if (all->num >= RIG_LIST_MAX || (all->num == all->size && !list_grow(alloc, shape, all)))
        return NULL;
    return memset(all->ptr + all->num++ * shape->size, 0, shape->size);
}

void rig_list_remove(const rig_alloc *alloc, const rig_shape *shape, void *entries, uint32_t index)
{
    list *all = entries;
    uint8_t *entry = all->ptr + index * shape->size;
    rig_record_clear(alloc, shape, entry);
    memmove(entry, entry + shape->size, (all->num - index - 1) * shape->size);
    all->num--;
    rig_secret_wipe(all->ptr + all->num * shape->size, shape->size);
}

rig_status rig_bytes_set(const rig_alloc *alloc, rig_bytes *bytes, rig_view view)
{
    if (view.len > RIG_BYTES_MAX)
        return RIG_E_LIMIT;
    uint8_t *copy = view.len ? rig_new(alloc, view.len) : NULL;
    if (view.len && !copy)
        return RIG_E_NOMEM;
    if (view.len)
        memcpy(copy, view.ptr, view.len);
    bytes_clear(alloc, bytes);
    *bytes = (rig_bytes){(uint32_t)view.len, copy};
    return RIG_OK;
}

rig_status rig_octets_set(rig_octets *octets, rig_view view)
{
    if (view.len > RIG_OCTETS_MAX)
        return RIG_E_LIMIT;
    *octets = (rig_octets){.len = (uint16_t)view.len};
    if (view.len)
        memcpy(octets->bytes, view.ptr, view.len);
    return RIG_OK;
}
