/* Which cases of a pack are played, and in which order. */
#ifndef CLI_SELECTION_H
#define CLI_SELECTION_H

#include "failed.h"
#include "run_options.h"

typedef struct cli_pick {
    const cli_scenario *scenario;
    uint32_t case_index;
} cli_pick;

typedef struct cli_job {
    cli_pick pick;
    uint64_t round;
} cli_job;

typedef struct cli_selection {
    cli_pick *picks; /* of one round */
    size_t num_picks, size;
    size_t num_files;  /* they come from */
    uint64_t num_jobs; /* of all rounds, in this shard */
    uint64_t shard, shards;
    bool fitted[OPTIONS_MAX];   /* by index of the addresses: some case has it */
    bool excluded[OPTIONS_MAX]; /* the same of what is excluded */
} cli_selection;

/* Ends early, and is good all the same, once *stop is not 0. failed: only what is in it, NULL everything.
 * CLI_USAGE for every word and every -D that nothing here answers to. */
int cli_select(cli_selection *selection, const run_options *options, const cli_pack *pack,
               const cli_failed *failed, const volatile int *stop);
cli_job cli_selection_job(const cli_selection *selection, uint64_t index);
void cli_selection_free(cli_selection *selection);

#endif
