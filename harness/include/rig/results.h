/** @file
 * Results that were written by --json, read back: merged, compared, and given to reports.
 */
#ifndef RIG_RESULTS_H
#define RIG_RESULTS_H

#include "rig/report.h"

/** RIG_RESULTS_SCHEMA names the form of --json; what is added to it keeps the number, what changes it does
 * not. docs/results.md describes it. */
#define RIG_RESULTS_SCHEMA "iscsirig-results/1"

/** RIG_CHANGE_ROWS: identifier, word, heading for people, whether a comparison fails by it. */
#define RIG_CHANGE_ROWS(X)                                                                                   \
    X(SAME, "same", "As before", false)                                                                      \
    X(BROKE, "broke", "Broke", true)                                                                         \
    X(FIXED, "fixed", "Got fixed", false)                                                                    \
    X(STILL, "still", "Still failing", false)                                                                \
    X(NEW, "new", "New", false)                                                                              \
    X(NEW_FAILING, "new-failing", "New and failing", true)                                                   \
    X(GONE, "gone", "Gone", false)                                                                           \
    X(SKIPPED, "skipped", "Not played any more", false)                                                      \
    X(PLAYED, "played", "Played now", false)

/** rig_change is what became of a case from one run to a later one. */
typedef enum rig_change {
#define X(id, word, heading, fails) RIG_CHANGE_##id,
    RIG_CHANGE_ROWS(X)
#undef X
        RIG_CHANGES /**< number of changes, not a change */
} rig_change;

/** rig_change_word gives "broke", "fixed" … Static storage. */
const char *rig_change_word(rig_change change);

/** rig_change_heading gives "Broke", "Got fixed" … Static storage. */
const char *rig_change_heading(rig_change change);

/** rig_change_fails tells whether a comparison fails by it. */
bool rig_change_fails(rig_change change);

/** rig_results is a report that was read, or several that were merged. */
typedef struct rig_results rig_results;

/** rig_results_about is what is said of results beside their cases. */
typedef struct rig_results_about {
    uint64_t replaced;             /**< cases that stood in several files; the last one counts */
    bool cut;                      /**< a file ended early: what stands before its end was taken */
    bool compared;                 /**< rig_results_compare was called */
    uint64_t changes[RIG_CHANGES]; /**< cases by change */
} rig_results_about;

/**
 * rig_results_read reads what --json wrote; name stands in messages. A file whose end is missing (its run was
 * killed while it wrote, or its disk was full) gives the cases that are whole. RIG_E_SYNTAX with the place,
 * RIG_E_UNSUPPORTED for another schema, RIG_E_NOMEM.
 */
rig_status rig_results_read(const rig_alloc *alloc, const char *name, rig_view text, rig_results **out,
                            rig_error *err);

/** rig_results_free frees results; NULL is fine. */
void rig_results_free(rig_results *results);

/** rig_results_merge adds the cases of `more` behind those of `results`: shards of one run, or runs against
 * several peers. Of cases that are the same in path, sweep values, peer, link and seed the later one stays,
 * where the earlier stood. RIG_E_NOMEM. */
rig_status rig_results_merge(rig_results *results, const rig_results *more);

/** rig_results_compare says of each case of `results` what it was in `before`, and adds those that are gone.
 * Cases are the same when path, sweep values, peer and link are; the n-th of the same is compared with the
 * n-th. RIG_E_NOMEM. */
rig_status rig_results_compare(rig_results *results, const rig_results *before);

/** rig_results_about_them gives what is said beside the cases. */
void rig_results_about_them(const rig_results *results, rig_results_about *out);

/** rig_results_facts gives what a report of them opens with; borrowed from results. */
void rig_results_facts(const rig_results *results, rig_run_facts *out);

/** rig_results_summary counts them. Cases that are gone do not count; `captures` is borrowed. */
void rig_results_summary(const rig_results *results, rig_summary *out);

/** rig_results_evidence reads what a capture has of a case into an empty list. Any status but RIG_OK: it has
 * nothing. */
typedef rig_status rig_results_evidence(void *ctx, const char *capture, rig_items *out_items);

/** rig_results_print gives each case to an open report. With read, cases that have a capture and no ladder
 * get one of it for the while; NULL: they stay without. */
rig_status rig_results_print(const rig_results *results, rig_report *report, rig_results_evidence *read,
                             void *ctx);

#endif
