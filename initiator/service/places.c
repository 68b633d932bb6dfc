/* Entries of an array, found by what they hold: answers with thousands of records are read once over. */
#include "discovery.h"

#define FIRST_SLOTS 16

static svc_place *slot_of(const svc_places *places, uint64_t hash, svc_same *same, const void *entries,
                          const void *key)
{
    for (uint64_t at = hash;; at++) {
        svc_place *slot = &places->slots[at & (places->num_slots - 1)];
        bool taken = slot->entry && slot->hash == hash;
        if (!slot->entry || (taken && same(entries, slot->entry - 1, key)))
            return slot;
    }
}

static bool never_same(const void *entries, uint32_t index, const void *key)
{
    (void)entries;
    (void)index;
    (void)key;
    return false;
}

static bool places_grow(svc_places *places, const rig_alloc *alloc)
{
    if (places->num < places->num_slots / 2)
        return true;
    svc_places more = {.num = places->num};
    more.num_slots = places->num_slots ? places->num_slots * 2 : FIRST_SLOTS;
    more.slots = rig_new(alloc, more.num_slots * sizeof *more.slots);
    if (!more.slots)
        return false;
    for (uint32_t i = 0; i < places->num_slots; i++)
        if (places->slots[i].entry)
            *slot_of(&more, places->slots[i].hash, never_same, NULL, NULL) = places->slots[i];
    svc_places_free(places, alloc);
    *places = more;
    return true;
}

uint32_t svc_places_take(svc_places *places, const rig_alloc *alloc, uint64_t hash, svc_same *same,
                         const void *entries, const void *key, uint32_t fresh)
{
    if (!places_grow(places, alloc))
        return UINT32_MAX;
    svc_place *slot = slot_of(places, hash, same, entries, key);
    if (slot->entry)
        return slot->entry - 1;
    *slot = (svc_place){hash, fresh + 1};
    places->num++;
    return fresh;
}

uint32_t svc_places_find(const svc_places *places, uint64_t hash, svc_same *same, const void *entries,
                         const void *key)
{
    const svc_place *slot = places->num ? slot_of(places, hash, same, entries, key) : NULL;
    return slot && slot->entry ? slot->entry - 1 : UINT32_MAX;
}

void svc_places_free(svc_places *places, const rig_alloc *alloc)
{
    rig_delete(alloc, places->slots, places->num_slots * sizeof *places->slots);
    *places = (svc_places){0};
}

/* ---- names that answers tell ---- */

/* Names go into JSON and onto terminals; their format is the target's affair. */
bool svc_is_printable(rig_view name)
{
    uint32_t code;
    while (name.len)
        if (!rig_utf8_next(&name, &code) || code < 0x20 || code == 0x7f)
            return false;
    return true;
}

bool svc_same_name(const void *entries, uint32_t index, const void *key)
{
    const rig_view *name = key;
    return rig_view_is(*name, ((const rig_target_instance *)entries)[index].target);
}

uint32_t svc_count_portals(const rig_target_instance *instance)
{
    uint32_t num = 0;
    for (uint32_t i = 0; i < instance->groups.num; i++)
        num += instance->groups.ptr[i].portals.num;
    return num;
}
