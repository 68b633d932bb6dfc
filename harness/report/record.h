/* A case as reports see it: the object that --json writes and `iscsirig report` reads (docs/results.md). */
#ifndef REPORT_RECORD_H
#define REPORT_RECORD_H

#include <jansson.h>

#include "reports.h"

#define REP_NAME_MAX 4096 /* bytes of a case's name */

/* ---- making: value.c, record.c, ladder.c ---- */

/* A string value from bytes of any kind, what is no UTF-8 replaced; NULL without memory. */
json_t *rep_text(const rig_alloc *alloc, rig_view text);
/* Setting takes the value, and fails when it is NULL. */
bool rep_set(json_t *object, const char *name, json_t *value);
bool rep_set_text(json_t *object, const rig_alloc *alloc, const char *name,
                  const char *text); /* NULL: null */
bool rep_set_view(json_t *object, const rig_alloc *alloc, const char *name, rig_view text);
/* What no reader's integer holds becomes a text of digits. */
bool rep_set_number(json_t *object, const char *name, uint64_t number);

/* Of which cases a record tells what went over the wire. */
typedef enum rep_ladders { REP_LADDER_NEVER, REP_LADDER_FAILED, REP_LADDER_KEPT } rep_ladders;

/* The record of a case. NULL without memory. */
json_t *rep_record(const rep_base *base, const rig_result *result, rep_ladders ladders);
/* What came in which order, as a list of objects. */
json_t *rep_ladder(const rig_alloc *alloc, const rig_items *items);

/* add of those reports that take records. */
rig_status rep_add_record(rig_report *report, const rig_result *result);
rig_status rep_add_failed_ladder(rig_report *report, const rig_result *result);
rig_status rep_add_kept_ladder(rig_report *report, const rig_result *result);

/* ---- looking at one ---- */

/* The text of a member; empty, ending in NUL, when it is none. */
const char *rep_str(const json_t *object, const char *name);
uint64_t rep_number(const json_t *object, const char *name);
rig_verdict rep_verdict(const json_t *record);
bool rep_verdict_find(const char *word, rig_verdict *out);
/* "flags=VALID policy=grants" */
void rep_record_bindings(rig_text *out, const json_t *record);
/* A finding's sentence, or the reason. */
const char *rep_record_headline(const json_t *record);

/* ---- beside records ---- */

/* The totals as reports have them. NULL without memory. */
json_t *rep_summary(const rig_summary *summary, const rig_alloc *alloc);
/* The requirement table: id to section, level and statement. NULL without memory. */
json_t *rep_requirements(const rig_alloc *alloc);
void rep_count(rig_summary *summary, const json_t *record);

#endif
