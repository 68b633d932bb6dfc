#include "rig/map.h"

#include "suite.h"

typedef struct thing {
    int number;
    rig_map_link link;
} thing;

static int sum_of(const rig_map *map, uint64_t hash)
{
    int sum = 0;
    for (rig_map_link *link = rig_map_first(map, hash); link; link = rig_map_next(link))
        sum += RIG_MAP_ITEM(link, thing, link)->number;
    return sum;
}

static void members(void)
{
    enum { THINGS = 1000, HASHES = 250 };
    static thing things[THINGS];
    rig_map map;
    CU_ASSERT_EQUAL_FATAL(rig_map_init(&map, rig_alloc_libc()), RIG_OK);
    CU_ASSERT_PTR_NULL(rig_map_first(&map, 7));
    for (int i = 0; i < THINGS; i++) {
        things[i].number = i;
        rig_map_add(&map, &things[i].link, (uint64_t)i % HASHES);
    }
    CU_ASSERT_EQUAL(map.num, THINGS);
    CU_ASSERT(map.num_buckets >= THINGS / 2);
    for (int i = 0; i < HASHES; i++)
        CU_ASSERT_EQUAL(sum_of(&map, (uint64_t)i), 4 * i + 6 * HASHES);
    for (int i = 0; i < THINGS; i += 2)
        rig_map_remove(&map, &things[i].link);
    rig_map_remove(&map, &things[0].link); /* is not there any more */
    CU_ASSERT_EQUAL(map.num, THINGS / 2);
    CU_ASSERT_EQUAL(sum_of(&map, 0), 0);
    CU_ASSERT_EQUAL(sum_of(&map, 1), 1 + 251 + 501 + 751);
    rig_map_cleanup(&map);
    rig_map_cleanup(&(rig_map){0});
}

/* Without memory chains are longer, and nothing is lost. */
static void no_memory(void)
{
    static thing things[500];
    rig_alloc_meter meter;
    rig_map map;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    meter.fail_at = 1;
    CU_ASSERT_EQUAL(rig_map_init(&map, &meter.alloc), RIG_E_NOMEM);
    meter.fail_at = 0;
    CU_ASSERT_EQUAL_FATAL(rig_map_init(&map, &meter.alloc), RIG_OK);
    meter.fail_at = meter.num_calls + 1;
    meter.fail_on = true;
    for (int i = 0; i < 500; i++) {
        things[i].number = i;
        rig_map_add(&map, &things[i].link, (uint64_t)i);
    }
    for (int i = 0; i < 500; i++)
        CU_ASSERT_EQUAL(sum_of(&map, (uint64_t)i), i);
    rig_map_cleanup(&map);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

RIG_SUITE("map", {"members of many hashes", members}, {"without memory", no_memory})
