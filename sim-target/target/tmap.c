#include "tbase.h"

#define MAP_FIRST 64 /* buckets at the start, a power of two */

rig_status tgt_map_init(tgt_map *map, const rig_alloc *alloc)
{
    map->alloc = alloc;
    map->num = 0;
    map->num_buckets = MAP_FIRST;
    map->buckets = rig_new(alloc, MAP_FIRST * sizeof(*map->buckets));
    return map->buckets ? RIG_OK : RIG_E_NOMEM;
}

void tgt_map_cleanup(tgt_map *map)
{
    if (map->buckets)
        rig_delete(map->alloc, map->buckets, map->num_buckets * sizeof(*map->buckets));
    map->buckets = NULL;
}

static void put(tgt_link **buckets, size_t num, tgt_link *link)
{
    tgt_link **bucket = &buckets[link->hash & (num - 1)];
    link->next = *bucket;
    *bucket = link;
}

static void grow(tgt_map *map)
{
    size_t num = map->num_buckets * 2;
    tgt_link **buckets = rig_new(map->alloc, num * sizeof(*buckets));
    if (!buckets)
        return;
    for (size_t i = 0; i < map->num_buckets; i++) {
        for (tgt_link *link = map->buckets[i], *next; link; link = next) {
            next = link->next;
            put(buckets, num, link);
        }
    }
    rig_delete(map->alloc, map->buckets, map->num_buckets * sizeof(*buckets));
    map->buckets = buckets;
    map->num_buckets = num;
}

void tgt_map_add(tgt_map *map, tgt_link *link, uint64_t hash)
{
    if (map->num >= map->num_buckets)
        grow(map);
    link->hash = hash;
    put(map->buckets, map->num_buckets, link);
    map->num++;
}

void tgt_map_remove(tgt_map *map, tgt_link *link)
{
    tgt_link **at = &map->buckets[link->hash & (map->num_buckets - 1)];
    while (*at && *at != link)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = link->next;
    map->num--;
}

tgt_link *tgt_map_first(const tgt_map *map, uint64_t hash)
{
    tgt_link *link = map->buckets[hash & (map->num_buckets - 1)];
    while (link && link->hash != hash)
        link = link->next;
    return link;
}

tgt_link *tgt_map_next(const tgt_link *link)
{
    uint64_t hash = link->hash;
    tgt_link *next = link->next;
    while (next && next->hash != hash)
        next = next->next;
    return next;
}
