/* Hash tables of embedded entries: growing them is the only allocation, and may fail without harm. */
#include "sim.h"

#define TABLE_SLOTS_FIRST 16

static void move_all(const sim_table *table, sim_node **slots, uint32_t num_slots)
{
    for (uint32_t i = 0; i < table->num_slots; i++) {
        sim_node *next;
        for (sim_node *node = table->slots[i]; node; node = next) {
            next = node->next;
            sim_node **slot = &slots[node->hash & (num_slots - 1)];
            node->next = *slot;
            *slot = node;
        }
    }
}

static void grow(sim_table *table, const rig_alloc *alloc)
{
    uint32_t num_slots = table->num_slots ? table->num_slots * 2 : TABLE_SLOTS_FIRST;
    sim_node **slots = rig_new(alloc, num_slots * sizeof(*slots));
    if (!slots)
        return;
    move_all(table, slots, num_slots);
    rig_delete(alloc, table->slots, table->num_slots * sizeof(*slots));
    table->slots = slots;
    table->num_slots = num_slots;
}

bool sim_table_add(sim_table *table, const rig_alloc *alloc, sim_node *node, uint32_t hash)
{
    if (table->num >= table->num_slots)
        grow(table, alloc);
    if (table->num_slots == 0)
        return false;
    sim_node **slot = &table->slots[hash & (table->num_slots - 1)];
    node->hash = hash;
    node->next = *slot;
    *slot = node;
    table->num++;
    return true;
}

void sim_table_remove(sim_table *table, const sim_node *node)
{
    sim_node **slot = &table->slots[node->hash & (table->num_slots - 1)];
    while (*slot != node)
        slot = &(*slot)->next;
    *slot = node->next;
    table->num--;
}

sim_node *sim_table_find(const sim_table *table, uint32_t hash, bool (*same)(const sim_node *, const void *),
                         const void *key)
{
    if (table->num == 0)
        return NULL;
    sim_node *node = table->slots[hash & (table->num_slots - 1)];
    while (node && !(node->hash == hash && same(node, key)))
        node = node->next;
    return node;
}

void sim_table_cleanup(sim_table *table, const rig_alloc *alloc)
{
    rig_delete(alloc, table->slots, table->num_slots * sizeof(*table->slots));
    *table = (sim_table){0};
}

uint64_t sim_ip_hash(const rig_ip *ip)
{
    uint64_t halves[2] = {0, 0};
    memcpy(halves, ip->bytes, ip->version == 4 ? 4 : 16);
    return halves[0] ^ (halves[1] * 31 + ip->version);
}
