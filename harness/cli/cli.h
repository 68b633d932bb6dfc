/* The command line: one file a command, one row each in commands.def. */
#ifndef CLI_H
#define CLI_H

#include <stdio.h>

#include "rig/report.h"
#include "rig/run.h"

#define CLI_OK 0
#define CLI_FAILED 1
#define CLI_USAGE 2
#define CLI_SKIPPED 77
#define CLI_TIMEOUT 124
#define CLI_UNSUPPORTED 127

#define CLI_PATH_SIZE 4096

/* Prints "iscsirig: …" to standard error and returns CLI_USAGE. */
__attribute__((format(printf, 1, 2))) int cli_complain(const char *format, ...);

/* One line to standard error, or to whom cli_lines_to names. */
void cli_line(const char *line);

/* What is said from now on goes to say instead of to standard error; NULL: as before. */
void cli_lines_to(void (*say)(void *ctx, const char *line), void *ctx);

/* A whole file in memory (rig_delete with size + 1; a NUL behind it). RIG_E_IO, RIG_E_LIMIT with err. */
rig_status cli_read(const char *path, size_t max, char **out_text, size_t *out_len, rig_error *err);

/* Opens a regular file for reading, -1 with err otherwise; never waits, whatever the name leads to. */
int cli_open(const char *path, rig_error *err);

/* Whether a capture can be opened without waiting: a regular file, or - for standard input. */
rig_status cli_check_capture(const char *path, rig_error *err);

/* --port: CLI_OK, or CLI_USAGE (said why). */
int cli_port(const char *text, uint16_t *out_port);

/* Where data of the project lies (docs/requirements.tsv, scenarios/include): $ISCSIRIG_DATA, the working
 * folder, or share/iscsirig beside the program's folder. */
bool cli_data_path(const char *name, char *out, size_t size);

const char *cli_commit(void);

/* The version, and behind it what this program has. */
void cli_version(FILE *out);

/* "$XDG_STATE_HOME/iscsirig/NAME", by default below ~/.local/state. False without either. */
bool cli_state_path(const char *name, char *out, size_t size);

/* Makes a folder and those above it. False with errno unless files can be made in it. */
bool cli_make_folder(const char *path);

/* ---- scenario files ---- */

typedef struct cli_text {
    char *path;
    char *text;
    size_t len;
} cli_text;

typedef struct cli_scenario {
    cli_text source;
    rig_scn_file *file;
    struct cli_pack *pack;
    cli_text *includes;
    size_t num_includes;
} cli_scenario;

typedef struct cli_pack {
    cli_scenario **scenarios; /* sorted by path */
    size_t num;
    cli_text requirements;
    rig_scn_binding *defines;
    uint32_t num_defines;
    size_t num_bad; /* files with problems, which were printed */
} cli_pack;

/* Reads a text as the scenario's file, with includes from where it stands; scenario->file becomes it. */
rig_status cli_scenario_read(cli_scenario *scenario, rig_view text, rig_scn_problems *problems);

/* Frees what the includes of a scenario were read into; its file comes first. */
void cli_includes_free(cli_scenario *scenario);

/* Reads every scenario named by arguments: files, folders (searched for .scn). Problems go to standard error.
 */
int cli_pack_load(cli_pack *pack, char **paths, size_t num_paths);
void cli_pack_free(cli_pack *pack);

/* ---- commands ---- */

#define CLI_COMMAND(identifier, name, what) int cmd_##identifier(int argc, char **argv);
#include "commands.def"
#undef CLI_COMMAND

#endif
