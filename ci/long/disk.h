/* A disk that keeps books: what a write brings lies apart until the command is carried out, and each block
 * knows the generation it was last written with. */
#ifndef DISK_H
#define DISK_H

#include "rig/device.h"
#include "rig/text.h"

#define DISK_BLOCK 512
#define DISK_WORDS (DISK_BLOCK / 8)

typedef struct disk disk;

/* Fills a block with what generation `generation` of block lba of this seed is. */
void disk_fill(uint64_t words[DISK_WORDS], uint64_t seed, uint64_t lba, uint64_t generation);

/* The backing is taken over by its device. `lose` as in fault_config. */
rig_status disk_new(const rig_alloc *alloc, uint64_t seed, uint64_t blocks, uint32_t lose, disk **out_disk,
                    rig_backing **out_backing);

/* The generation that was written last, 0 = none. */
uint64_t disk_generation(const disk *d, uint64_t lba);

/* The first promise that was broken; empty when none was. */
const char *disk_broken(const disk *d);

#endif
