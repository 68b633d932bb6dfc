/* The options of `run`, `prove` and what they mean together. */
#ifndef CLI_RUN_OPTIONS_H
#define CLI_RUN_OPTIONS_H

#include "cli.h"

#define OPTIONS_MAX 64 /* of each repeatable option */
#define PATHS_MAX 4096 /* of files and folders */
#define REPORTS_MAX 16 /* kinds of reports */
#define AGAIN_MAX 8192 /* bytes of the options that repeat a case */

typedef struct run_options {
    rig_run_config run;
    rig_run_url url;
    char *paths[PATHS_MAX];
    size_t num_paths;
    char *addresses[OPTIONS_MAX]; /* SECTION, --tag, --id: all must select */
    size_t num_addresses;
    char *excluded[OPTIONS_MAX]; /* --exclude: none may select */
    size_t num_excluded;
    rig_scn_binding defines[OPTIONS_MAX];
    uint32_t num_defines;
    long jobs;
    uint64_t repeat;
    uint64_t shard, shards;
    bool fail_fast, strict, list, dry_run, rerun_failed;
    bool verbose;
    const char *screen; /* report on standard output */
    bool only_faults, only_lint, only_expect;
    bool mutations, show; /* of prove */
    uint64_t every;
    const char *page;
    const char *reports[REPORTS_MAX]; /* path by index of rig_report_rows, NULL = not asked for */
    bool wanted[REPORTS_MAX];
    const char *url_text;  /* --target as it was typed */
    char again[AGAIN_MAX]; /* the options a repeated case needs, quoted */
    const char *known;
    const char *peer_name; /* in KNOWN.txt, NULL = by the mode */
    int argc;
    char **argv;
} run_options;

/* Reads the command line. CLI_OK, CLI_USAGE (said why), or -1 when help was printed. */
int run_options_parse(run_options *options, int argc, char **argv, const char *command);

#endif
