/* What failed the last time, for --rerun-failed. One case a line: absolute path of the scenario, its path as
 * it was named, its sweep values; separated by tabs. */
#ifndef CLI_FAILED_H
#define CLI_FAILED_H

#include "cli.h"

#include <stdio.h>

typedef struct cli_failed {
    char *text; /* the whole list, with tabs and line ends */
    size_t len;
    char *names; /* the files of it, each with its NUL */
    char **paths;
    size_t num_paths, max_paths;
} cli_failed;

int cli_failed_load(cli_failed *failed);
void cli_failed_free(cli_failed *failed);
bool cli_failed_has(const cli_failed *failed, const char *path, const rig_scn *scn);

/* Writing: into a temporary file that takes the list's place at the end, or goes. */
typedef struct cli_failed_writer {
    FILE *file;
    char temporary[CLI_PATH_SIZE];
    char path[CLI_PATH_SIZE];
} cli_failed_writer;

void cli_failed_begin(cli_failed_writer *writer);
void cli_failed_add(cli_failed_writer *writer, const char *path, const rig_scn *scn);
void cli_failed_end(cli_failed_writer *writer, bool replace);

#endif
