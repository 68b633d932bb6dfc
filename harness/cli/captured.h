/* A capture as the list of what its sides did: what to-scenario and replay have in common. */
#ifndef CLI_CAPTURED_H
#define CLI_CAPTURED_H

#include "captured_part.h"
#include "cli.h"
#include "rig/replay.h"
#include "target_auth.h"

#define CAPTURED_FINDINGS_MAX                                                                                \
    4096 /* of lint; more are of rules that were found before, or not asked about                            \
          */

typedef struct cli_finding {
    const rig_lint_rule *rule;
    rig_lint_side side;
    uint32_t frame;
} cli_finding;

typedef struct cli_captured {
    const char *path, *keys; /* keys: --keys, NULL without */
    uint16_t port;
    cli_part part;   /* from, to: frames whose PDUs stay, 0 = open */
    rig_items items; /* of it */
    rig_lint *lint;  /* while it is read */
    cli_finding findings[CAPTURED_FINDINGS_MAX];
    size_t num_findings; /* in those frames */
    rig_steps steps;
    rig_replay replay;
    target_auth auth;
    cli_text with;   /* --with; its path is the command line's */
    uint32_t broken; /* events of the capture that hide PDUs: gaps, garbage */
} cli_captured;

/* Options of getopt_long that both commands take; the ones behind TARGET_AUTH_OPTIONS's numbers. */
enum { OPT_TIMING = 300, OPT_FROM, OPT_TO, OPT_WITH, OPT_PORT, OPT_KEYS };

#define CAPTURED_OPTIONS                                                                                     \
    {"timing", required_argument, NULL, OPT_TIMING}, {"from", required_argument, NULL, OPT_FROM},            \
        {"to", required_argument, NULL, OPT_TO}, {"with", required_argument, NULL, OPT_WITH},                \
        {"port", required_argument, NULL, OPT_PORT}, {"keys", required_argument, NULL, OPT_KEYS},            \
    {                                                                                                        \
        "chap", required_argument, NULL, OPT_CHAP                                                            \
    }

#define CAPTURED_HELP                                                                                        \
    "  --timing WHICH  order (default): as captured, one after the other; strict: with its times; loose: "   \
    "the\n"                                                                                                  \
    "               order within a task, numbers of the other side are not compared\n"                       \
    "  --from N, --to N  only exchanges with a PDU in these frames of the capture, and the logins they "     \
    "need\n"                                                                                                 \
    "  --chap USER:SECRET  secret of a CHAP_N of the capture, to answer other challenges (repeatable)\n"     \
    "  --with FILE.scn  the other side is that of this scenario: its target, or its steps\n"                 \
    "  --port N     TCP port of the target when it is not 3260 and the login is not in the capture\n"        \
    "  --keys PATH  keys of IPsec from PATH.ike, PATH.esp, PATH.keymat instead of CAPTURE.ike …\n"

/* Takes one of them; CLI_OK, or CLI_USAGE after a complaint. */
int cli_captured_option(cli_captured *captured, int option, const char *argument);

/* Reads the capture; CLI_OK, or CLI_USAGE after a complaint. */
int cli_captured_read(cli_captured *captured, const char *path);

/* Rules of lint that the capture breaks become what may not happen again. Of one side, or of both; only
 * those of the frames that stay. */
void cli_captured_breaches(cli_captured *captured, rig_lint_side side);

/* The scenario, RIG_SCN_FILE_MAX bytes at out; CLI_OK, or CLI_USAGE after a complaint. */
int cli_captured_text(const cli_captured *captured, char **out_text, size_t *out_len);

void cli_captured_free(cli_captured *captured);

#endif
