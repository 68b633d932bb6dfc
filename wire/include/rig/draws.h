/** @file
 * Named random draws: the only source of randomness.
 *
 * A draw is a pure function of seed, name and index, so adding a draw somewhere never changes the others, and
 * a replay can pin single draws (an ISID, a tag) by name.
 */
#ifndef RIG_DRAWS_H
#define RIG_DRAWS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** rig_draws is the injected source. Copy it freely; ctx must outlive the copies. */
typedef struct rig_draws {
    uint64_t seed; /**< everything follows from it */
    /** Optional: sees each draw and returns the value to use instead; drawn is what the seed gives. */
    uint64_t (*pin)(void *ctx, const char *name, uint64_t index, uint64_t drawn);
    void *ctx; /**< first argument of pin */
} rig_draws;

/** rig_draw gives 64 uniform bits for (seed, name, index). */
uint64_t rig_draw(const rig_draws *draws, const char *name, uint64_t index);

/** rig_draw_bytes fills out with len bytes made from draws index, index+1, … of the same name. */
void rig_draw_bytes(const rig_draws *draws, const char *name, uint64_t index, uint8_t *out, size_t len);

/** rig_hash64 hashes bytes (FNV-1a, then mixed): seeds from paths, table keys. Not cryptographic. */
uint64_t rig_hash64(const void *data, size_t len, uint64_t start);

/** rig_hash_text is rig_hash64 of a text without its NUL, from 0 on. */
uint64_t rig_hash_text(const char *text);

#ifdef __cplusplus
}
#endif

#endif
