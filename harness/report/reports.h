/* What the kinds of reports share: output, escaping, what is said of a case. */
#ifndef REPORT_REPORTS_H
#define REPORT_REPORTS_H

#include <stdio.h>

#include "rig/report.h"

#define REP_FINDINGS_MAX 20  /* findings of a case that a report tells */
#define REP_SCREEN_MAX 65536 /* bytes of a failure screen */
#define REP_VERSION_MAX 96   /* bytes of the version */
#define REP_COMMAND_MAX 2048 /* bytes of the command line */

/* ---- output: output.c ---- */

/* A copy of rig_run_facts that lives as long as the report. */
typedef struct rep_facts {
    char version[REP_VERSION_MAX];
    char command[REP_COMMAND_MAX];
    char mode[16];
    uint64_t planned;
    bool strict, verbose;
    const struct json_t *runs, *before;
} rep_facts;

/* What every report begins with. */
typedef struct rep_base {
    rig_report report; /* first: the public part */
    const rig_alloc *alloc;
    FILE *file;
    bool own; /* the file is closed at the end */
    rep_facts facts;
    /* of reports that are written whole, again and again */
    char *path;        /* NULL: only at the end, into file */
    uint64_t written;  /* when it was the last time */
    rig_summary sofar; /* what an unfinished report says */
} rep_base;

/* Writes all of a report. */
typedef void rep_write(rep_base *base, FILE *file, const rig_summary *summary);

/* Makes a report of `size` bytes, beginning with a rep_base, that writes to path. NULL and "-" are standard
 * output. */
rig_status rep_new(const rig_alloc *alloc, const char *path, const rig_run_facts *facts, size_t size,
                   const rig_report_ops *ops, void *out_report, rig_error *err);
/* The same for a report that needs all cases before it can be written: a run that is killed leaves what it
 * had written a second before, whole, because a file beside it takes its place. What is no file (a pipe,
 * standard output) is written at the end only. */
rig_status rep_new_whole(const rig_alloc *alloc, const char *path, const rig_run_facts *facts, size_t size,
                         const rig_report_ops *ops, rep_write *write, void *out_report, rig_error *err);
/* A case was taken: counts it, and writes the report unless that was done within the last second. */
rig_status rep_taken(rep_base *base, const struct json_t *record, rep_write *write);
/* Writes it for the last time; rep_end comes next. */
rig_status rep_write_last(rep_base *base, const rig_summary *summary, rep_write *write);
/* Closes and frees; RIG_E_IO when anything could not be written. */
rig_status rep_end(rep_base *base, size_t size);
void rep_view(FILE *file, rig_view text);

/* ---- escaping: escape.c ---- */

/* The next character of text as UTF-8, U+FFFD for each byte that is none. out has room for 4 bytes. */
size_t rep_next(rig_view *rest, uint8_t out[4], uint32_t *out_code);
/* Text of an element or of an attribute in double quotes, XML and HTML. */
void rep_xml(FILE *file, rig_view text);
/* The same with its lines left as they are. */
void rep_xml_lines(FILE *file, rig_view text);
/* For a line of a terminal: control bytes become '?'. One column for each byte that is no character. */
void rep_plain(rig_text *out, rig_view text);
size_t rep_columns(rig_view text);

/* ---- what is said of a case: failure.c, requirement.c ---- */

/* "flags=VALID policy=grants" */
void rep_bindings(rig_text *out, const rig_result *result);
rig_view rep_place_path(const rig_result *result, rig_scn_place place);
/* "RFC7143/6.3.5" of the finding, else of the case; empty without. */
void rep_section(rig_text *out, const rig_result *result, const rig_finding *finding);
void rep_seconds(rig_text *out, uint64_t ns, unsigned decimals);
/* The first line people need: a finding's sentence or the reason. */
rig_view rep_headline(const rig_result *result);
const char *rep_level_word(rig_scn_level level);
const char *rep_kind_word(rig_finding_kind kind);
void rep_remember_version(const char *version);

/* One row of the requirement table. */
typedef struct rep_requirement {
    rig_view id, section, level, statement;
} rep_requirement;

bool rep_requirement_find(rig_view id, rep_requirement *out);

/* ---- the kinds ---- */

#define RIG_REPORT(name, option, what, evidence)                                                             \
    rig_status rep_##name##_open(const rig_alloc *alloc, const char *path, const rig_run_facts *facts,       \
                                 rig_report **out, rig_error *err);
#include "reports.def"

#endif
