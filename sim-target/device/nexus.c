#include "nexus.h"

#define SLOTS_MIN 8

/* Ids are often small consecutive numbers: multiply to spread them. */
static size_t home_of(const dev_nexus_table *table, rig_nexus_id id)
{
    return (size_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (table->num_slots - 1);
}

/* The slot of id, or the free one where it belongs. */
static dev_nexus *slot_of(const dev_nexus_table *table, rig_nexus_id id)
{
    size_t at = home_of(table, id);
    while (table->slots[at].id && table->slots[at].id != id)
        at = (at + 1) & (table->num_slots - 1);
    return &table->slots[at];
}

static bool resize_table(dev_nexus_table *table, const rig_alloc *alloc, size_t num_slots)
{
    dev_nexus_table grown = {rig_new(alloc, num_slots * sizeof(dev_nexus)), num_slots, table->num_used};
    if (!grown.slots)
        return false;
    for (size_t i = 0; i < table->num_slots; i++)
        if (table->slots[i].id)
            *slot_of(&grown, table->slots[i].id) = table->slots[i];
    dev_nexus_cleanup(table, alloc);
    *table = grown;
    return true;
}

rig_status dev_nexus_add(dev_nexus_table *table, const rig_alloc *alloc, rig_nexus_id id)
{
    if (id == 0)
        return RIG_E_ARGUMENT;
    if (dev_nexus_find(table, id))
        return RIG_E_EXISTS;
    if ((table->num_used + 1) * 8 > table->num_slots * 7 &&
        !resize_table(table, alloc, table->num_slots ? 2 * table->num_slots : SLOTS_MIN))
        return RIG_E_NOMEM;
    *slot_of(table, id) = (dev_nexus){.id = id};
    table->num_used++;
    return RIG_OK;
}

/* Moves later entries of the probe sequence into the gap, so that no search stops too early. */
static void close_gap(dev_nexus_table *table, size_t gap)
{
    size_t mask = table->num_slots - 1;
    for (size_t at = (gap + 1) & mask; table->slots[at].id; at = (at + 1) & mask) {
        size_t home = home_of(table, table->slots[at].id);
        if (((at - home) & mask) < ((at - gap) & mask))
            continue;
        table->slots[gap] = table->slots[at];
        gap = at;
    }
    table->slots[gap] = (dev_nexus){0};
}

void dev_nexus_remove(dev_nexus_table *table, const rig_alloc *alloc, rig_nexus_id id)
{
    dev_nexus *nexus = dev_nexus_find(table, id);
    if (!nexus)
        return;
    close_gap(table, (size_t)(nexus - table->slots));
    table->num_used--;
    if (table->num_slots > SLOTS_MIN && table->num_used * 4 < table->num_slots)
        resize_table(table, alloc, table->num_slots / 2);
}

dev_nexus *dev_nexus_find(const dev_nexus_table *table, rig_nexus_id id)
{
    if (table->num_slots == 0 || id == 0)
        return NULL;
    dev_nexus *nexus = slot_of(table, id);
    return nexus->id ? nexus : NULL;
}

void dev_nexus_cleanup(dev_nexus_table *table, const rig_alloc *alloc)
{
    rig_delete(alloc, table->slots, table->num_slots * sizeof(dev_nexus));
    *table = (dev_nexus_table){0};
}
