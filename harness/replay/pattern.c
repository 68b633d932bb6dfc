/* Data that scenarios write and verify. */
#include "replay.h"

#define SEEDS 4096 /* tried; scenarios use small ones */
#define WORD 8     /* bytes that tell most seeds apart */

bool rpl_pattern(rig_view bytes, uint64_t offset, uint64_t *out_seed)
{
    uint8_t room[512];
    bool same = false;
    if (bytes.len < 4 * WORD)
        return false;
    for (uint64_t seed = 0; seed < SEEDS && !same; seed++) {
        rig_scn_pattern_fill(room, WORD, seed, offset);
        same = memcmp(room, bytes.ptr, WORD) == 0;
        for (size_t at = 0; at < bytes.len && same; at += sizeof room) {
            size_t part = bytes.len - at < sizeof room ? bytes.len - at : sizeof room;
            rig_scn_pattern_fill(room, part, seed, offset + at);
            same = memcmp(room, bytes.ptr + at, part) == 0;
        }
        *out_seed = seed;
    }
    return same;
}
