/** @file
 * The matcher: a case and a list of items in, findings out. A pure function, so that it can be proved.
 */
#ifndef RIG_MATCH_H
#define RIG_MATCH_H

#include "rig/result.h"

/** rig_cause is the PDU behind something that went wrong, and what is wrong with it. */
typedef struct rig_cause {
    size_t item;    /**< index of the PDU in the result's items, SIZE_MAX none */
    uint32_t frame; /**< without an item: capture frame with the beginning of a PDU that did not come whole */
    char field[48]; /**< header field or key at fault, "" the PDU as such */
    char text[256]; /**< what is wrong with it, or what did not come behind it */
} rig_cause;

/** rig_facts is what the steps of a case left in its $variables. */
typedef struct rig_facts {
    /** Appends member ("" = status) of result number `result` as text; false when it is not known. */
    bool (*member)(void *ctx, uint32_t result, rig_view member, rig_text *out);
    /** Gives the entries of a list result; false when the step has not run. */
    bool (*count)(void *ctx, uint32_t result, uint64_t *out_count);
    /** Tells which PDU made that member of a result what it is; false when none did. NULL: never. */
    bool (*cause)(void *ctx, uint32_t result, rig_view member, rig_cause *out_cause);
    void *ctx; /**< first argument */
} rig_facts;

#define RIG_MATCH_HASH_MAX 64 /**< most bytes of a CHAP response that chap() may write */

/**
 * rig_match_alias is an address that a scenario writes and the run could not have: over sockets a portal is a
 * free port of a loopback address. Where `written` stands in an expectation, `actual` is compared.
 */
typedef struct rig_match_alias {
    rig_view written; /**< "192.0.2.10:3260" */
    rig_view actual;  /**< "127.0.0.1:41965" */
} rig_match_alias;

/** rig_match_config says how strictly to compare. */
typedef struct rig_match_config {
    uint64_t slack_percent; /**< of the times of +T lines: 0 under virtual time, else 0.1 s may always be
                                 off, too */
    bool norms_only; /**< must and never only: traces are our own recording and say nothing of a foreign
                        product */
    bool partial;    /**< the run ended early: results that no step left are not looked at */
    /**
     * Computes a CHAP response (RFC 1994 section 4.1) into out by the hash of that CHAP_A number; gives its
     * bytes, 0 for an algorithm it does not know. NULL: a pattern chap(…) fits nothing.
     */
    size_t (*chap)(void *ctx, uint32_t algorithm, uint8_t identifier, rig_view secret, rig_view challenge,
                   uint8_t out[RIG_MATCH_HASH_MAX]);
    void *ctx;                      /**< first argument of chap */
    const rig_match_alias *aliases; /**< addresses to translate; NULL when there are none */
    uint32_t num_aliases;           /**< entries */
} rig_match_config;

/**
 * rig_match compares result->scn with result->items: every must, never and trace. Adds findings and checks to
 * result and counts expectations; leaves the verdict to the caller. RIG_E_NOMEM.
 *
 * Keys: in a trace, text keys that a line does not list are failures, unless it says `keys _` or lists no key
 * at all; in must and never lines other keys may always be there. A key that comes once may be listed at any
 * place, keys that come several times are compared in order.
 *
 * Variables of a clause: those of LINE bind first, then `after` and `before` are looked for, `before` behind
 * `after`. Of `must N LINE` the first match binds and the others have to agree. Of `must every LINE has …`
 * variables of LINE bind anew for each PDU, those that only `has` uses must be equal in all.
 *
 * A clause whose situation did not arise (every LINE without such a PDU, never … after a line that is not
 * there) holds, but is no check.
 */
rig_status rig_match(const rig_match_config *config, const rig_facts *facts, rig_result *result);

/**
 * rig_match_blame shows the cause in a finding of result: the PDU as what came, its field underlined, and
 * behind the finding's sentence what is wrong, with bytes and capture frame. RIG_E_NOMEM.
 */
rig_status rig_match_blame(rig_result *result, rig_finding *finding, const rig_cause *cause);

/** rig_survivor is a literal whose alteration no expectation noticed. */
typedef struct rig_survivor {
    uint32_t literal;    /**< 1-based, in rig_scn.literals */
    rig_scn_place place; /**< where it stands */
    char text[64];       /**< as written, cut */
    char why[128];       /**< "still passes", "fails without naming the field" */
} rig_survivor;

/** rig_prove_fn takes a survivor; returns false to stop. */
typedef bool rig_prove_fn(void *ctx, const rig_survivor *survivor);

/**
 * rig_prove_expect alters every literal of every must, never and trace line of the case once and matches
 * again with the items of a passed run; each must make the clause or block it stands in fail, and the finding
 * must name the field, key or word. A never (and a must with at-most) is proved the other way round: an item
 * made from its line is put into the evidence, which must make it fail, and altering the literal must make it
 * hold again. out_tried and out_survived count; a result with findings did not pass, and nothing is tried.
 *
 * Each clause that was looked at is then held against evidence that breaks it: without the items that must
 * come, with one that must never come, with a PDU that lacks what each must have. passed->checks tell which
 * clauses are proved: none of their literals survived and that evidence made them fail; of a result, its
 * literal did.
 */
rig_status rig_prove_expect(const rig_match_config *config, const rig_facts *facts, rig_result *passed,
                            rig_prove_fn *survivor, void *ctx, uint32_t *out_tried, uint32_t *out_survived);

/* ---- one line at a time: what plays are made of ---------------------------------------------------------
 */

#define RIG_LINES_MAX 100000       /**< most items one rig_lines keeps */
#define RIG_LINES_NOTHING SIZE_MAX /**< no item */

/** rig_lines compares single lines with single items and keeps the $variables they bind. */
typedef struct rig_lines rig_lines;

/** rig_lines_new makes one for result->scn; findings go to result. Memory from result's allocator.
 * RIG_E_NOMEM, RIG_E_ARGUMENT without a case. */
rig_status rig_lines_new(const rig_match_config *config, rig_result *result, rig_lines **out_lines);

/** rig_lines_free frees it. NULL is fine. */
void rig_lines_free(rig_lines *lines);

/** rig_lines_take keeps a copy of an item, to which variables may point; *out_index names it from now on.
 * RIG_E_NOMEM, RIG_E_LIMIT behind RIG_LINES_MAX. */
rig_status rig_lines_take(rig_lines *lines, const rig_item *item, size_t *out_index);

/** rig_lines_item gives item number index as kept; valid until the next rig_lines_take. */
const rig_item *rig_lines_item(const rig_lines *lines, size_t index);

/** rig_lines_fits tells whether the item is what the line says, and binds the line's variables when it is.
 * Keys that the line does not list may be there. since: ns when the line above was done, for +T. */
bool rig_lines_fits(rig_lines *lines, const rig_scn_line *line, size_t index, uint64_t since);

/** rig_lines_number gives the number a value stands for, its variable's offset added; false while the
 * variable has none. */
bool rig_lines_number(const rig_lines *lines, const rig_scn_value *value, uint64_t *out_number);

/** rig_lines_text gives the text a value stands for; false while its variable has none. */
bool rig_lines_text(const rig_lines *lines, const rig_scn_value *value, rig_view *out_text);

/** rig_lines_chap computes what chap(…) stands for, by the algorithm agreed among the items of the connection
 * so far; gives its bytes, 0 while something is not known. */
size_t rig_lines_chap(const rig_lines *lines, const rig_scn_call *call, uint32_t connection,
                      uint8_t out[RIG_MATCH_HASH_MAX]);

/** rig_lines_failure is a line of a play that did not come true. */
typedef struct rig_lines_failure {
    const rig_scn_play *play; /**< the block */
    uint32_t line;            /**< index of the line in it that was next; num_lines behind the last one */
    bool expected;            /**< that line says what should have come; else nothing should have */
    size_t item;              /**< what came instead, RIG_LINES_NOTHING nothing */
    uint64_t since;           /**< ns when the line above was done */
    uint64_t now;             /**< ns */
    const char *text;         /**< one sentence; how line and item differ is put behind it */
} rig_lines_failure;

/** rig_lines_fail adds a finding of kind PLAY. Names the place of the item in the result's evidence when it
 * is there. RIG_E_NOMEM. */
rig_status rig_lines_fail(rig_lines *lines, const rig_lines_failure *failure);

#endif
