/* What the soak is told and what came of it. */
#ifndef SOAK_H
#define SOAK_H

#include "rig/run.h"
#include "rig/text.h"

#include <stdbool.h>
#include <stdint.h>

#define SOAK_SESSIONS_MAX 1000
#define SOAK_SAMPLES_MAX 100000
#define SOAK_GROWTH_KIB 512 /* a session: what the last quarter may need beyond the three before it, as … */
#define SOAK_GROWTH_MAX_KIB 8192 /* … data under way comes and goes, but never more than this */

typedef struct soak_config {
    rig_run_url where; /* the disk; its first SOAK_SESSIONS_MAX regions are written */
    uint32_t sessions;
    uint64_t seconds, seed;
    uint64_t watched; /* a process, 0 = none */
} soak_config;

/* Resident memory in KiB, once a second. */
typedef struct soak_memory {
    uint64_t samples[SOAK_SAMPLES_MAX];
    size_t num;
} soak_memory;

typedef struct soak_sums {
    uint64_t commands, written, compared; /* …, bytes */
    uint64_t repeated, retries, snacks, closed, recovered, nexus_losses;
    soak_memory *memory;
    char why[256]; /* the first failure */
} soak_sums;

/* soak_sample takes one sample of a process; pid 0: none. */
void soak_sample(soak_memory *m, uint64_t pid);

/* soak_play plays it; false with the reason in sums->why. */
bool soak_play(const soak_config *config, soak_sums *sums);

#endif
