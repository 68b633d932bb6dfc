/* One seed of the fault run: data written and read back through engine, simulated network and target, while
 * all of them are troubled. */
#ifndef FAULT_RUN_H
#define FAULT_RUN_H

#include "aim.h"
#include "rig/faults.h"

#define FAULT_LEVELS 3 /* ErrorRecoveryLevel 0, 1 and 2 */

typedef struct fault_config {
    uint64_t seed;
    uint32_t level;
    uint32_t mib;                                  /* written, and read back */
    uint32_t rarity;                               /* one PDU in about so many is hit on the wire */
    rig_fault fault;                               /* on all the time; RIG_FAULTS = none */
    void (*trace)(uint64_t now, const char *line); /* sees what happens; may be NULL */
    uint32_t lose;                                 /* the disk forgets its n-th write; 0 = none */
} fault_config;

/* What happened, added up over seeds. */
typedef struct fault_sums {
    aim_counts aim;
    uint64_t outcomes[RIG_STATUS_COUNT]; /* how SCSI commands ended; RIG_OK: with GOOD */
    uint64_t conditions;                 /* … with another SCSI status, to be repeated */
    uint64_t wrong[RIG_FAULTS];          /* PDUs the target made wrong */
    uint64_t commands, repeated, extras; /* SCSI commands, those given once more, other requests */
    uint64_t retries, snacks, recovered, nexus_losses, closed, logins_failed;
} fault_sums;

/* Plays one seed. False when a promise was broken: out_why then says which. */
bool fault_play(const fault_config *config, fault_sums *sums, rig_text *out_why);

#endif
