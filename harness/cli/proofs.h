/* What can be shown to fail: clauses of scenarios, lint rules, faults of the target. */
#ifndef CLI_PROOFS_H
#define CLI_PROOFS_H

#include "rig/noticed.h"
#include "run_options.h"

#include <stdatomic.h>

#define PROVE_EXPECT 1u
#define PROVE_LINT 2u
#define PROVE_FAULTS 4u

#define PROOF_ID_SIZE 16        /* bytes of a requirement id, with the NUL */
#define PROOF_CLAUSES_MAX 20000 /* clauses of a file times their ids: no file has more lines */

/* A clause and one of its ids, over all cases of its file. */
typedef struct cli_clause {
    char id[PROOF_ID_SIZE];
    rig_scn_place place;
    bool proved; /* in one case at least; see rig_prove_expect */
    bool played; /* there by a case with a player, whose script is the deviation */
} cli_clause;

/* A clause held with the fault and not without it, or the other way round. Faults are taken out of cases that
 * have them, and put into those that carry the id they violate. */
typedef struct cli_flip {
    char id[PROOF_ID_SIZE];
    rig_fault fault;
} cli_flip;

typedef struct cli_file_proofs {
    char *said; /* survivors, a line each; NULL nothing */
    size_t said_len;
    uint64_t tried, survived, cases, not_passed, pairs;
    cli_clause *clauses;
    size_t num_clauses;
    cli_flip *flips;
    size_t num_flips;
    rig_noticed_list noticed; /* faults whose judge noticed them here, and by which check */
    rig_status status;
} cli_file_proofs;

typedef struct cli_proofs {
    run_options *options;
    const cli_pack *pack;
    unsigned what;            /* PROVE_ bits */
    cli_file_proofs *files;   /* by scenario of the pack */
    atomic_bool *rule_proved; /* by rule */
    atomic_bool *rule_tried;  /* a PDU was changed for it at least once */
    rig_noticed_list noticed; /* by their judges, in a file or in a made scenario */
    uint64_t pairs;           /* cases played with a fault and without */
} cli_proofs;

/* Plays every selected case of the pack and proves what can be proved of it. CLI_OK even when things survive;
 * CLI_USAGE when it could not be carried out. */
int cli_prove(cli_proofs *proofs, run_options *options, const cli_pack *pack, unsigned what);
void cli_proofs_free(cli_proofs *proofs);

/* ---- faults: prove_faults.c ---- */

/* What a case switches on. */
rig_fault_set cli_faults_of(const rig_scn *scn);
/* Keeps by which check the judge of the fault's row noticed it, if it did: `with` and `without` are the same
 * case. */
rig_status cli_fault_judge(rig_noticed_list *noticed, rig_fault fault, const rig_result *with,
                           const rig_result *without);
/* Plays small scenarios of its own with the fault and without, until its judge notices it. */
rig_status cli_fault_made(const run_options *options, rig_fault fault, rig_noticed_list *noticed,
                          uint64_t *pairs);

#endif
