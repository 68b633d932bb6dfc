/** @file
 * A hash table whose members hold their own links: adding one takes no memory that could be missing. What a
 * hash was made of is the owner's: it compares that by itself.
 */
#ifndef RIG_MAP_H
#define RIG_MAP_H

#include "rig/alloc.h"
#include "rig/status.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** RIG_MAP_ITEM is what a link is embedded in: link not NULL, of a type, under a member's name. */
#define RIG_MAP_ITEM(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/** rig_map_link makes what it is embedded in a member of one map, in which it must stay at its address. */
typedef struct rig_map_link {
    struct rig_map_link *next; /**< private to the map */
    uint64_t hash;             /**< as it was added with */
} rig_map_link;

/** rig_map is the table: chained buckets, doubled when full; a doubling that fails only makes chains longer.
 */
typedef struct rig_map {
    const rig_alloc *alloc; /**< of the buckets; outlives the map */
    rig_map_link **buckets; /**< private */
    size_t num_buckets;     /**< a power of two */
    size_t num;             /**< members */
} rig_map;

/** rig_map_init makes an empty map. RIG_E_NOMEM: nothing to clean up. */
rig_status rig_map_init(rig_map *map, const rig_alloc *alloc);

/** rig_map_cleanup frees the buckets, never the members. Fine for a zeroed map. */
void rig_map_cleanup(rig_map *map);

/** rig_map_add adds a member that is in no map, under a hash. */
void rig_map_add(rig_map *map, rig_map_link *link, uint64_t hash);

/** rig_map_remove takes a member out; fine when it is not in the map. */
void rig_map_remove(rig_map *map, rig_map_link *link);

/** rig_map_first gives a member with that hash, the last one added first; NULL: none. */
rig_map_link *rig_map_first(const rig_map *map, uint64_t hash);

/** rig_map_next gives the next member with the hash of link; NULL: none. */
rig_map_link *rig_map_next(const rig_map_link *link);

#ifdef __cplusplus
}
#endif

#endif
