/** @file
 * What came of a case: verdict, findings, evidence. Matcher and runner write it, reports read it.
 */
#ifndef RIG_RESULT_H
#define RIG_RESULT_H

#include "rig/item.h"
#include "rig/scn.h"

/** RIG_VERDICT_ROWS: identifier, word, counts as failed. */
#define RIG_VERDICT_ROWS(X)                                                                                  \
    X(PASS, "pass", false)                                                                                   \
    X(FAIL, "fail", true)                                                                                    \
    X(LOOSE, "loose", false)                                                                                 \
    X(SKIP, "skip", false)                                                                                   \
    X(ERROR, "error", true)                                                                                  \
    X(KNOWN, "known", false)                                                                                 \
    X(FIXED, "fixed", true)

/**
 * rig_verdict is how a case ended: pass; fail (a MUST expectation or a step); loose (a SHOULD, MAY or CHOICE
 * scenario whose expectation did not hold: counted, and failed with --strict); skip (with its reason); error
 * (could not run); known (failed as KNOWN.txt says); fixed (listed in KNOWN.txt and yet passed: the list has
 * to shrink).
 */
typedef enum rig_verdict {
#define X(id, word, failed) RIG_VERDICT_##id,
    RIG_VERDICT_ROWS(X)
#undef X
        RIG_VERDICTS /**< number of verdicts, not a verdict */
} rig_verdict;

/** rig_verdict_word gives "pass", "fail" … Static storage. */
const char *rig_verdict_word(rig_verdict verdict);

/** rig_verdict_failed tells whether the verdict makes a run fail. */
bool rig_verdict_failed(rig_verdict verdict);

/** rig_finding_kind says which expectation a finding is about. */
typedef enum rig_finding_kind {
    RIG_FINDING_STEP,  /**< a step of `run` that did not end as it has to (deadline, refused request) */
    RIG_FINDING_MUST,  /**< a must or never clause */
    RIG_FINDING_TRACE, /**< a trace block */
    RIG_FINDING_PLAY,  /**< a literal script */
    RIG_FINDING_SETUP  /**< the case could not be set up */
} rig_finding_kind;

/** rig_finding is one expectation that did not hold. Owned by its rig_result; plain text ends in NUL. */
typedef struct rig_finding {
    rig_finding_kind kind;    /**< which */
    rig_scn_place place;      /**< of the expectation, or of the word in it that failed */
    const rig_scn_must *must; /**< MUST: the clause, valid as long as the case; else NULL */
    char *expected;           /**< in the notation of the scenario, NULL when nothing fits */
    char *actual;             /**< the same for what came, NULL when nothing came */
    uint32_t mark_at;         /**< first byte of `actual` to underline, mark_len 0 = none */
    uint32_t mark_len;        /**< bytes to underline */
    char field[48];           /**< field, key or member at fault, "" none */
    char *text;           /**< one sentence: "field TSIH: want 0, got 4 (bytes 14-15, capture frame 23)" */
    uint32_t line_number; /**< TRACE, PLAY: 1-based line of the block that failed, 0 none */
    uint32_t num_lines;   /**< TRACE, PLAY: lines of the block */
    uint32_t item;        /**< index of the item at fault in the result's items, UINT32_MAX none */
    uint64_t time;        /**< ns of virtual or real time */
    uint32_t frame;       /**< capture frame, 0 none */
} rig_finding;

/** rig_check is one clause that was looked at: what coverage counts. */
typedef struct rig_check {
    const rig_scn_must *must; /**< the clause */
    bool held;                /**< it held */
    bool tried;               /**< rig_prove_expect: a literal of it was altered */
    bool survived;            /**< an alteration went unnoticed */
    bool proved;              /**< it can fail: see rig_prove_expect */
} rig_check;

/** rig_result is what came of one case. */
typedef struct rig_result {
    const rig_alloc *alloc;    /**< all memory */
    const rig_scn_file *file;  /**< the scenario; borrowed */
    rig_scn *scn;              /**< the case; owned */
    char *path;                /**< of the scenario file, as it is printed: "scenarios/discovery/all.scn" */
    uint32_t case_index;       /**< among the cases of the file */
    uint64_t seed;             /**< that was used */
    char link[32];             /**< extra link of the run (--link), "" none */
    const char *mode;          /**< "sim", "tcp", "peer"; static */
    rig_verdict verdict;       /**< how it ended */
    char *reason;              /**< SKIP, ERROR, KNOWN: why; else NULL */
    rig_finding *findings;     /**< expectations that did not hold */
    uint32_t num_findings;     /**< entries */
    rig_check *checks;         /**< clauses looked at */
    uint32_t num_checks;       /**< entries */
    uint32_t num_expectations; /**< clauses, trace lines and steps that were looked at */
    rig_items items;           /**< the evidence; emptied for cases that passed unless it is kept */
    char *capture;             /**< path of the capture, NULL when none was kept */
    uint64_t virtual_ns;       /**< time that passed in the case */
    bool unsupported;          /**< SKIP: somebody else's product lacks the feature */
    bool timed_out;            /**< it took more real time than it may */
    uint64_t real_ns;          /**< time it took */
    char *repeat;              /**< the command that repeats it */
} rig_result;

/** rig_result_finding adds a finding; strings are copied. NULL when there is no memory. */
rig_finding *rig_result_finding(rig_result *result, rig_finding_kind kind, rig_scn_place place,
                                const char *text);

/** rig_result_check adds a clause that was looked at. RIG_E_NOMEM. */
rig_status rig_result_check(rig_result *result, const rig_scn_must *must, bool held);

/** rig_result_text replaces an owned string of a result or finding. RIG_E_NOMEM. */
rig_status rig_result_text(rig_result *result, char **text, rig_view value);

/** rig_result_cleanup frees what a result owns, the case included. */
void rig_result_cleanup(rig_result *result);

#endif
