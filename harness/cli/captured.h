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

/* Options that both commands take, cli_captured_rows; their numbers go on behind TARGET_AUTH_OPTIONS's
 * numbers. */
enum { OPT_TIMING = 300, OPT_FROM, OPT_TO, OPT_WITH, OPT_PORT, OPT_KEYS };

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
