/* What the three clients of the datapath bench do alike: the same places in the same order, the same data,
 * the same clock and the same line at the end, so that only what lies between them and the target differs. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "rig/draws.h"
#include "rig/iname.h"
#include "rig/run.h"

#define LOAD_DEPTH_MAX 1024
#define LOAD_BLOCK 512
#define LOAD_WARM 1000 /* I/Os after which no pool grows any more */
#define LOAD_IQN "iqn.2026-01.example.host:perf"

typedef struct load {
    bool random, write;
    bool logins;     /* sessions that come and go, depth of them at once, instead of I/Os */
    uint32_t depth;  /* at once */
    uint32_t blocks; /* of LOAD_BLOCK bytes, an I/O */
    double seconds;
    const char *url;
    rig_run_url where;
    char portal[96]; /* address:port, as libiscsi wants it */

    rig_draws draws;
    uint64_t num_places, issued, done, errors;
    double began, cpu_began, took, cpu;
    uint64_t allocations; /* asked for behind the first LOAD_WARM; the client counts */
    bool counted;         /* the client can count them */
} load;

/* load_options reads [-r] [-w] [-l] [-m DEPTH] [-b BLOCKS] [-t SECONDS] URL; false with a word on stderr. */
bool load_options(load *l, int argc, char **argv);

/* load_begin starts the clocks; the disk has num_blocks. */
void load_begin(load *l, uint64_t num_blocks);

/* load_more tells whether time is left. */
bool load_more(const load *l);

/* load_next gives the first block of the next I/O; data gets what belongs there when it is a write. */
uint64_t load_next(load *l, uint8_t *data);

/* load_end stops the clocks and prints the line; the exit status of the program. */
int load_end(load *l);

#endif
