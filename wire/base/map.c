#include "rig/map.h"

#define MAP_FIRST 64 /* buckets at the start, a power of two */

rig_status rig_map_init(rig_map *map, const rig_alloc *alloc)
{
    map->alloc = alloc;
    map->num = 0;
    map->num_buckets = MAP_FIRST;
    map->buckets = rig_new(alloc, MAP_FIRST * sizeof(*map->buckets));
    return map->buckets ? RIG_OK : RIG_E_NOMEM;
}

void rig_map_cleanup(rig_map *map)
{
    if (map->buckets)
        rig_delete(map->alloc, map->buckets, map->num_buckets * sizeof(*map->buckets));
    map->buckets = NULL;
}

static void put(rig_map_link **buckets, size_t num, rig_map_link *link)
{
    rig_map_link **bucket = &buckets[link->hash & (num - 1)];
    link->next = *bucket;
    *bucket = link;
}

static void grow(rig_map *map)
{
    size_t num = map->num_buckets * 2;
    rig_map_link **buckets = rig_new(map->alloc, num * sizeof(*buckets));
    if (!buckets)
        return;
    for (size_t i = 0; i < map->num_buckets; i++) {
        for (rig_map_link *link = map->buckets[i], *next; link; link = next) {
            next = link->next;
            put(buckets, num, link);
        }
    }
    rig_delete(map->alloc, map->buckets, map->num_buckets * sizeof(*buckets));
    map->buckets = buckets;
    map->num_buckets = num;
}

void rig_map_add(rig_map *map, rig_map_link *link, uint64_t hash)
{
    if (map->num >= map->num_buckets)
        grow(map);
    link->hash = hash;
    put(map->buckets, map->num_buckets, link);
    map->num++;
}

void rig_map_remove(rig_map *map, rig_map_link *link)
{
    rig_map_link **at = &map->buckets[link->hash & (map->num_buckets - 1)];
    while (*at && *at != link)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = link->next;
    map->num--;
}

rig_map_link *rig_map_first(const rig_map *map, uint64_t hash)
{
    rig_map_link *link = map->buckets[hash & (map->num_buckets - 1)];
    while (link && link->hash != hash)
        link = link->next;
    return link;
}

rig_map_link *rig_map_next(const rig_map_link *link)
{
    uint64_t hash = link->hash;
    rig_map_link *next = link->next;
    while (next && next->hash != hash)
        next = next->next;
    return next;
}
