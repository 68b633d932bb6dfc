#include "rig/draws.h"

#include <string.h>

/* The finaliser of SplitMix64: every input bit reaches every output bit. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

uint64_t rig_hash64(const void *data, size_t len, uint64_t start)
{
    const uint8_t *bytes = data;
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ mix(start);
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return mix(hash);
}

uint64_t rig_hash_text(const char *text)
{
    return rig_hash64(text, strlen(text), 0);
}

uint64_t rig_draw(const rig_draws *draws, const char *name, uint64_t index)
{
    uint64_t stream = rig_hash64(name, strlen(name), draws->seed);
    uint64_t drawn = mix(stream + (index + 1) * UINT64_C(0x9e3779b97f4a7c15));
    return draws->pin ? draws->pin(draws->ctx, name, index, drawn) : drawn;
}

void rig_draw_bytes(const rig_draws *draws, const char *name, uint64_t index, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i += 8) {
        uint64_t drawn = rig_draw(draws, name, index++);
        for (size_t j = i; j < len && j < i + 8; j++) {
            out[j] = (uint8_t)(drawn >> 56);
            drawn <<= 8;
        }
    }
}
