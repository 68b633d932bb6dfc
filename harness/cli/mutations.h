/* prove --mutations: lint measured by mutations of clean captures. */
#ifndef CLI_MUTATIONS_H
#define CLI_MUTATIONS_H

#include "rig/mutate.h"
#include "run_options.h"

#include <stdatomic.h>
#include <stdio.h>

#define MUTATION_IDS_MAX 512    /* ids that labels name */
#define MUTATION_GROUPS_MAX 400 /* of misses: an id and a reason */
#define MUTATION_ID_SIZE 32     /* bytes of an id, with the NUL */
#define MUTATION_SAID_MAX 20000 /* lines that one capture may say */

/* An id that labels name, and how often lint told it. */
typedef struct mutation_id {
    char id[MUTATION_ID_SIZE];
    bool must; /* counts for the score */
    uint64_t broken, found;
} mutation_id;

/* Mutations that break an id and were missed, for one reason. */
typedef struct mutation_miss {
    char id[MUTATION_ID_SIZE];
    size_t reason; /* row of the table of reasons */
    uint64_t num;
} mutation_miss;

typedef struct mutation_tally {
    uint64_t pdus, mutations, breaking, legal, unknown, unlabelled;
    uint64_t false_alarms; /* legal ones that were told of */
    uint64_t unexplained;  /* misses without a reason */
    uint64_t both_blamed;  /* of one side's breaches: the other side is told of as well */
    uint64_t musts, musts_found;
    uint64_t by_way[RIG_MUTATION_WAYS];
    mutation_id ids[MUTATION_IDS_MAX];
    size_t num_ids;
    mutation_miss misses[MUTATION_GROUPS_MAX];
    size_t num_misses;
    bool full; /* a list had no room */
} mutation_tally;

/* One clean capture. */
typedef struct mutation_capture {
    char *path; /* of the scenario */
    mutation_tally tally;
    char *said;
    size_t said_len;
    bool unclean; /* not passed, a side made wrong, or lint finds something */
    rig_status status;
} mutation_capture;

typedef struct mutation_proof {
    run_options *options;
    const cli_pack *pack;
    uint32_t cases[OPTIONS_MAX]; /* by path of the options: which case of the file */
    rig_mutation_labels labels, reasons;
    mutation_capture *captures; /* by scenario of the pack */
    mutation_tally total;
    atomic_bool *used, *used_reasons; /* by row of the tables */
} mutation_proof;

int cli_prove_mutations(run_options *options);

/* ---- counting: mutations_count.c ---- */

/* The entry of that id; NULL when there is no room. */
mutation_id *cli_mutation_id(mutation_tally *tally, rig_view id);
void cli_mutation_missed(mutation_tally *tally, rig_view id, size_t reason, uint64_t num);
/* In hundredths, rounded down. */
unsigned cli_mutation_percent(uint64_t part, uint64_t whole);
void cli_mutation_add(mutation_tally *total, const mutation_tally *part);

/* ---- docs/lint.md: mutations_page.c ---- */

void cli_mutation_page(const mutation_proof *proof, FILE *out);

#endif
