/** @file
 * Reports: each is one file and one row of rig_report_rows.
 */
#ifndef RIG_REPORT_H
#define RIG_REPORT_H

#include "rig/result.h"

struct json_t;

/** rig_summary is what a whole run came to. */
typedef struct rig_summary {
    uint64_t verdicts[RIG_VERDICTS]; /**< cases by verdict */
    uint64_t cases;                  /**< all cases */
    uint64_t files;                  /**< scenario files */
    uint64_t real_ns;                /**< time of the whole run */
    bool interrupted;                /**< SIGINT ended it early: not all cases ran */
    const char *captures;            /**< folder of captures, NULL none */
    uint64_t planned;                /**< cases that were to run, 0 when that is not known */
} rig_summary;

/** rig_run_facts describes the run for report headers. Copied when a report opens. */
typedef struct rig_run_facts {
    const char *version;         /**< of iscsirig, with the commit when known */
    const char *command;         /**< the command line, secrets left out */
    const char *mode;            /**< "sim", "tcp", "peer" */
    uint64_t planned;            /**< cases that are to run */
    bool strict;                 /**< loose counts as failed */
    bool verbose;                /**< console: a line for each case, passed ones too */
    const struct json_t *runs;   /**< of results that were read: an object for each file, NULL none */
    const struct json_t *before; /**< the same of those they are compared with, NULL none */
} rig_run_facts;

/** rig_report is an open report. */
typedef struct rig_report rig_report;

/** rig_report_row describes a kind of report. */
typedef struct rig_report_row {
    const char *name;   /**< "console", "tap", "junit", "json", "html" */
    const char *option; /**< command line: "--junit FILE" … */
    const char *what;   /**< one sentence */
    /** Opens the report at path (NULL or "-" = standard output). RIG_E_IO with err. */
    rig_status (*open)(const rig_alloc *alloc, const char *path, const rig_run_facts *facts,
                       rig_report **out_report, rig_error *err);
    bool evidence; /**< reads the items of passed cases, too */
} rig_report_row;

/** rig_report_rows lists the kinds, ended by a NULL name. */
extern const rig_report_row rig_report_rows[];

/** rig_report_ops are the calls of an open report; its first member points to them. */
typedef struct rig_report_ops {
    void (*begin_case)(rig_report *report, const char *path, uint32_t case_index); /**< may be NULL */
    rig_status (*add)(rig_report *report, const rig_result *result);               /**< one case ended */
    rig_status (*take)(rig_report *report, const struct json_t *record); /**< one case of results that were
                                                                            read: see docs/results.md */
    rig_status (*finish)(rig_report *report,
                         const rig_summary *summary); /**< writes the rest, closes, frees */
} rig_report_ops;

/** rig_report is what every kind of report begins with. */
struct rig_report {
    const rig_report_ops *ops; /**< its calls */
};

/**
 * rig_report_requirements gives all reports the text of the requirement table (docs/requirements.tsv: id,
 * section, side, level, inferred, statement), from which they quote. Borrowed until the last report is
 * finished; empty takes it away.
 */
void rig_report_requirements(rig_view table);

/**
 * rig_failure_print appends the failure screen of a result: file:line, the requirement and its level, run
 * mode, seed and commit; step, virtual time, connection; expected and actual with the field underlined; why
 * it matters; the command that repeats it and what explains it. Every finding, at most `most`. The commit is
 * the version of the report that was opened last.
 */
void rig_failure_print(rig_text *out, const rig_result *result, uint32_t most);

#endif
