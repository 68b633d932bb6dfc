/* Who may log in to `iscsirig target`: options and the secrets behind them. */
#ifndef CLI_TARGET_AUTH_H
#define CLI_TARGET_AUTH_H

#include "rig/scn.h"
#include "rig/target.h"

#define TARGET_AUTH_MAX 32 /* identities on a command line */

/* A name and its secret. */
typedef struct target_identity {
    rig_view user; /* in the command line */
    size_t len;
    uint8_t secret[RIG_TARGET_SECRET_MAX];
} target_identity;

typedef struct target_auth {
    target_identity identities[TARGET_AUTH_MAX];
    uint32_t num;
    target_identity own; /* mutual CHAP */
    const char *algorithms;
    bool discovery, optional;
} target_auth;

/* A paragraph of --help. cli_auth_rows are the options. */
#define TARGET_AUTH_SECRET                                                                                   \
    "SECRET is a file that only its owner may read (a newline at its end is not part of the secret), or "    \
    "env:NAME for an environment variable; never the secret itself, which every process could see."

#define TARGET_SECRET_MIN 12 /* bytes: the 96 bits of RFC 7143 section 9.2.1 */

/* Options of getopt_long, numbered from here on. */
enum { OPT_CHAP = 256, OPT_CHAP_OWN, OPT_CHAP_ALGORITHMS, OPT_CHAP_DISCOVERY, OPT_CHAP_OPTIONAL };

/* Takes one of them; CLI_OK, or CLI_USAGE after a complaint. */
int target_auth_option(target_auth *auth, int option, const char *argument);

/* Was any of them there? */
bool target_auth_given(const target_auth *auth);

/* Makes the identities known, and wipes the secrets here. */
int target_auth_apply(target_auth *auth, rig_target *target, rig_target_node *node);

void target_auth_wipe(target_auth *auth);

/* A rig_draws.pin: challenges of a target on a real network come from the system, not from a seed. */
uint64_t target_auth_draw(void *ctx, const char *name, uint64_t index, uint64_t drawn);

#endif
