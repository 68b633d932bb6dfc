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

#define TARGET_AUTH_HELP                                                                                     \
    "  --chap USER:SECRET  initiators log in by CHAP under this name (repeatable)\n"                         \
    "  --chap-own USER:SECRET  the target's own name and secret, for initiators that ask (mutual CHAP)\n"    \
    "  --chap-algorithms LIST  hashes it takes, as in CHAP_A: of 5 MD5, 6 SHA-1, 7 SHA-256, 8 SHA3-256\n"    \
    "  --chap-discovery    discovery sessions log in the same way\n"                                         \
    "  --chap-optional     logins without authentication are taken as well\n"

#define TARGET_AUTH_HELP_SECRET                                                                              \
    "SECRET is a file that only its owner may read (a newline at its end is not part of the secret), or\n"   \
    "env:NAME for an environment variable; never the secret itself, which every process could see.\n"

#define TARGET_SECRET_MIN 12 /* bytes: the 96 bits of RFC 7143 section 9.2.1 */

/* Options of getopt_long, numbered from here on. */
enum { OPT_CHAP = 256, OPT_CHAP_OWN, OPT_CHAP_ALGORITHMS, OPT_CHAP_DISCOVERY, OPT_CHAP_OPTIONAL };

#define TARGET_AUTH_OPTIONS                                                                                  \
    {"chap", required_argument, NULL, OPT_CHAP}, {"chap-own", required_argument, NULL, OPT_CHAP_OWN},        \
        {"chap-algorithms", required_argument, NULL, OPT_CHAP_ALGORITHMS},                                   \
        {"chap-discovery", no_argument, NULL, OPT_CHAP_DISCOVERY},                                           \
    {                                                                                                        \
        "chap-optional", no_argument, NULL, OPT_CHAP_OPTIONAL                                                \
    }

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
