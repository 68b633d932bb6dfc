/* KNOWN.txt: failures that are expected, each with its reason. One a line: scenario, peer, reason, evidence,
 * separated by tabs; '#' begins a comment. */
#ifndef CLI_KNOWN_H
#define CLI_KNOWN_H

#include "cli.h"

typedef struct cli_known {
    char *text;
    size_t len;
} cli_known;

/* path NULL: beside the scenarios, or in the nearest folder above them. */
int cli_known_load(cli_known *known, const char *path, char **scenario_paths, size_t num_paths);
void cli_known_free(cli_known *known);

/* Turns a failure that is listed into KNOWN, a pass that is listed into FIXED. */
void cli_known_apply(const cli_known *known, const char *peer, rig_result *result);

#endif
