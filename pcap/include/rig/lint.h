/** @file
 * Lint: what the RFC asks of both sides, judged from any list of items, without I/O.
 *
 * Each rule is one row of pcap/lint/rules.def and one function. A rule speaks only of what it saw: where a
 * capture has gaps, begins midstream or was cut, the state behind it is unknown until PDUs tell it again, and
 * rules that need it are silent.
 */
#ifndef RIG_LINT_H
#define RIG_LINT_H

#include "rig/item.h"

#define RIG_LINT_CONNECTIONS_MAX 65536 /**< connections followed at a time; the oldest one makes room */
#define RIG_LINT_TASKS_MAX 262144      /**< tasks followed at a time; more are not judged */
#define RIG_LINT_R2TS_MAX 16 /**< R2Ts of one task followed at a time; a task with more is not judged */
#define RIG_LINT_CHALLENGES_MAX                                                                              \
    1024 /**< CHAP challenges remembered of a capture; one that is older may come again unnoticed */
#define RIG_LINT_VALUE_MAX 120 /**< bytes of a finding's expected and seen values, with the NUL */

/** rig_lint_level says how binding a rule is. */
typedef enum rig_lint_level {
    RIG_LINT_MUST,   /**< MUST of the text */
    RIG_LINT_SHOULD, /**< SHOULD of the text */
    RIG_LINT_POLICY  /**< the text does not forbid it, yet it has broken real products */
} rig_lint_level;

/** rig_lint_side says whose duty a rule is. */
typedef enum rig_lint_side {
    RIG_LINT_INITIATOR, /**< the initiator's */
    RIG_LINT_TARGET,    /**< the target's */
    RIG_LINT_BOTH       /**< that of whoever sends such a PDU */
} rig_lint_side;

/** rig_lint_rule is one row. Static storage. */
typedef struct rig_lint_rule {
    const char *id;       /**< of docs/requirements.tsv; own rules have the prefix LINT- */
    const char *name;     /**< the rule in two or three words: "cmdsn-next" */
    rig_lint_level level; /**< how binding */
    rig_lint_side side;   /**< whose duty */
    const char *section;  /**< of RFC 7143, or "7144:…", "1994:…" */
    uint32_t pdus;    /**< RIG_IN bits of the PDUs that are looked at; the bits behind them: events; rarely */
    bool keys;        /**< looked at once for each key of the text */
    bool breaks;      /**< behind a breach nothing of the task is judged any more */
    const char *what; /**< one sentence for people */
    const char *change; /**< a change of one PDU that breaks it, see rig_lint_change */
} rig_lint_rule;

/** rig_lint_rules holds the rows; rig_lint_num_rules counts them. */
extern const rig_lint_rule rig_lint_rules[];
extern const size_t rig_lint_num_rules; /**< rows of rig_lint_rules */

/** rig_lint_level_word gives "MUST", "SHOULD" or "policy". Static storage. */
const char *rig_lint_level_word(rig_lint_level level);

/** rig_lint_side_word gives "initiator", "target" or "both". Static storage. */
const char *rig_lint_side_word(rig_lint_side side);

/** rig_lint_finding is one breach of a rule. All of it is borrowed for the call that shows it. */
typedef struct rig_lint_finding {
    const rig_lint_rule *rule;         /**< which */
    rig_lint_side side;                /**< who sent the PDU at fault, never both */
    uint32_t connection;               /**< its connection */
    uint32_t frame;                    /**< its frame, 0 = none */
    uint64_t offset;                   /**< of the byte at fault in the connection's stream */
    const char *field;                 /**< field, key or part at fault */
    char expected[RIG_LINT_VALUE_MAX]; /**< what it had to be */
    char seen[RIG_LINT_VALUE_MAX];     /**< what it was */
} rig_lint_finding;

/** rig_lint_totals counts what was looked at. */
typedef struct rig_lint_totals {
    uint64_t pdus;        /**< PDUs that were judged */
    uint64_t unjudged;    /**< PDUs of connections whose beginning was not seen, or behind a gap */
    uint64_t connections; /**< connections seen */
    uint64_t findings;    /**< findings told */
} rig_lint_totals;

/** rig_lint judges one list of items. */
typedef struct rig_lint rig_lint;

/** rig_lint_config is fixed at creation. */
typedef struct rig_lint_config {
    const rig_alloc *alloc; /**< all memory */
    /** Sees each finding in order. Any status but RIG_OK stops rig_lint_item with it. */
    rig_status (*finding)(void *ctx, const rig_lint_finding *finding);
    void *ctx;                    /**< its first argument */
    const rig_lint_rule *without; /**< a rule that is not asked; NULL = all are */
} rig_lint_config;

/** rig_lint_new makes a judge. RIG_E_NOMEM. */
rig_status rig_lint_new(const rig_lint_config *config, rig_lint **out_lint);

/** rig_lint_free ends it. NULL is fine. */
void rig_lint_free(rig_lint *lint);

/**
 * rig_lint_item takes the next item, in the order of the capture. Events that belong to no connection are
 * skipped. Linear in the number of items; memory is bounded by the limits above. RIG_E_NOMEM, or what
 * finding() returned.
 */
rig_status rig_lint_item(rig_lint *lint, const rig_item *item);

/** rig_lint_end gives the totals so far. */
void rig_lint_end(const rig_lint *lint, rig_lint_totals *out_totals);

#define RIG_LINT_CHANGED_MAX 65536 /**< most bytes of a changed PDU's data segment */

/** rig_lint_changed is a copy of a PDU with one change. Zero it before the first use. */
typedef struct rig_lint_changed {
    rig_item item;                      /**< the copy; its views point into this record */
    bool drop;                          /**< the change is to leave the PDU out */
    bool twice;                         /**< the change is to send it twice */
    bool earlier;                       /**< the change is to send it before the sender's last PDU */
    bool joined;                        /**< the session gets a second connection first */
    bool other;                         /**< the change is to send it on that connection */
    uint8_t bhs[RIG_BHS_LEN];           /**< the header */
    uint8_t ahs[RIG_AHS_MAX];           /**< its additional segments */
    uint8_t data[RIG_LINT_CHANGED_MAX]; /**< its data segment */
} rig_lint_changed;

/**
 * rig_lint_change makes the change that a rule's row declares, when item is a PDU it is declared for;
 * RIG_E_NOT_FOUND otherwise, RIG_E_SYNTAX for a change that cannot be read. A change is
 * "PDU [CONDITION…] -> STEP…".
 *
 * | condition | holds when |
 * | --- | --- |
 * | FIELD=VALUE, FIELD!=VALUE | the field has, or has not, that value |
 * | data>N, data<N | the data segment has more, or fewer, bytes |
 * | has:KEY | the text has that key |
 *
 * | step | what it does |
 * | --- | --- |
 * | FIELD=VALUE, FIELD+=N | sets a field, or adds to it modulo its width; N may be negative |
 * | \@BYTE=N, data\@BYTE=N | sets a byte of the header, or of the data |
 * | len=N, len+=N | the data segment's length, data included as far as there is some |
 * | ahs=HEX | the additional header segments |
 * | ++KEY=VALUE, --KEY, ~~KEY=VALUE | one more key, without that key, with another value |
 * | cut | the data without its last byte |
 * | snack | a SNACK in the place of the PDU |
 * | bad-padding, bad-header-digest, bad-data-digest | as received |
 * | in-the-clear | IPsec is between its ends, and it came outside |
 * | late | seen a day later |
 * | drop, twice, earlier | left out, sent twice, sent before the sender's last PDU |
 * | joined, other-connection | the session has a second connection; the PDU is sent there |
 */
rig_status rig_lint_change(const char *change, const rig_item *item, rig_lint_changed *out);

/** rig_lint_proof says what came of trying a change. */
typedef enum rig_lint_proof {
    RIG_LINT_NO_PLACE, /**< no PDU of the list is one the change is declared for */
    RIG_LINT_UNCLEAN,  /**< the rule fires without any change */
    RIG_LINT_SURVIVED, /**< the changes tried did not make it fire */
    RIG_LINT_SHARED,   /**< with the change and without the rule another finding has its id */
    RIG_LINT_PROVED    /**< it fires with the change and not without */
} rig_lint_proof;

#define RIG_LINT_TRIES_MAX 8 /**< most PDUs of one list that rig_lint_prove changes, one at a time */

/**
 * rig_lint_prove judges a list of items with one PDU changed as the rule's row declares, and tells whether
 * the rule fires; out_item (may be NULL) gets the index of the changed PDU. RIG_E_NOMEM, RIG_E_SYNTAX.
 */
rig_status rig_lint_prove(const rig_alloc *alloc, const rig_lint_rule *rule, const rig_items *items,
                          rig_lint_proof *out_proof, size_t *out_item);

#endif
