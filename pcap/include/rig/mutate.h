/** @file
 * Mutations of captures: one PDU changed, left out, sent twice or out of its place, and what the RFC has to
 * say of that, by a table that people review. With it lint is measured, without I/O.
 */
#ifndef RIG_MUTATE_H
#define RIG_MUTATE_H

#include "rig/lint.h"

#define RIG_MUTATION_HOW_MAX 24 /**< bytes of a mutation's how, with the NUL */

/** rig_mutation_way is what is done to a PDU. */
typedef enum rig_mutation_way {
    RIG_MUTATE_FIELD,         /**< a field of the table gets another value */
    RIG_MUTATE_BYTE,          /**< a reserved bit of the header is set */
    RIG_MUTATE_PADDING,       /**< a pad byte is not 0 */
    RIG_MUTATE_HEADER_DIGEST, /**< the header digest is wrong */
    RIG_MUTATE_DATA_DIGEST,   /**< the data digest is wrong */
    RIG_MUTATE_DROP,          /**< left out */
    RIG_MUTATE_TWICE,         /**< sent twice */
    RIG_MUTATE_SWAP,          /**< changes places with the sender's next PDU of the connection */
    RIG_MUTATE_CROSS,         /**< changes places with the next PDU when that is the other side's */
    RIG_MUTATE_ELSEWHERE,     /**< sent on another connection of the session */
    RIG_MUTATE_KEY,           /**< a key of its text is left out, said twice, or has another value */
    RIG_MUTATE_SAY,           /**< its text has one more key, which its sender has not said so far */
    RIG_MUTATION_WAYS         /**< number of ways, not a way */
} rig_mutation_way;

/**
 * rig_mutation is one of them. What belongs to a change is put right: digests, and with DataSegmentLength and
 * TotalAHSLength the bytes they count.
 */
typedef struct rig_mutation {
    rig_mutation_way way; /**< what is done */
    size_t item;          /**< index of the PDU */
    size_t
        partner; /**< SWAP, CROSS: index of the other PDU, behind it; ELSEWHERE: of one of that connection */
    rig_pdu_kind kind;              /**< of the PDU, as it was */
    const char *what;               /**< name of the field, or of the way: "drop". Static storage */
    char how[RIG_MUTATION_HOW_MAX]; /**< "+1", "=2", "none", "other", …; "-" for ways that need no word */
    rig_field_id field;             /**< FIELD: which */
    uint64_t value;                 /**< FIELD: the new value; BYTE: number of the byte; SAY: which key */
    uint8_t mask;                   /**< BYTE: the bit */
    rig_view key;                   /**< KEY: which; of the item's memory */
    rig_view said;                  /**< KEY: its value; of the item's memory */
} rig_mutation;

/** rig_mutations walks through all of a list of items; zero it, and set items. */
typedef struct rig_mutations {
    const rig_items *items; /**< whose */
    size_t item;            /**< private: where it is */
    unsigned place;         /**< private */
    unsigned step;          /**< private */
    rig_view rest;          /**< private: of the text */
    rig_view key;           /**< private: likewise */
    rig_view said;          /**< private: likewise */
} rig_mutations;

/** rig_mutations_next gives the next one, always in the same order; false at the end. */
bool rig_mutations_next(rig_mutations *all, rig_mutation *out);

/**
 * rig_mutation_judge has lint judge the items with that mutation (NULL: none). scratch is the caller's.
 * RIG_E_NOMEM, or what finding() returned.
 */
rig_status rig_mutation_judge(const rig_lint_config *config, const rig_items *items,
                              const rig_mutation *mutation, rig_lint_changed *scratch);

/** rig_mutation_fact is what is true of one item of a list, as far as labels ask: bits of no further meaning
 * here. */
typedef struct rig_mutation_fact {
    uint32_t bits;         /**< what holds */
    rig_pdu_kind of;       /**< kind of the request it belongs to, UNKNOWN = none */
    rig_pdu_kind next_own; /**< kind of the sender's next PDU of the connection, UNKNOWN = none */
} rig_mutation_fact;

/** rig_mutation_facts looks at a clean list, without lint; out_facts has one for each item and is the
 * caller's (rig_delete). RIG_E_NOMEM. */
rig_status rig_mutation_facts(const rig_alloc *alloc, const rig_items *items, rig_mutation_fact **out_facts);

/** rig_mutation_label_verdict is what a row says. */
typedef enum rig_mutation_label_verdict {
    RIG_MUTATION_LABEL_BREAKS, /**< it breaks the ids of the row */
    RIG_MUTATION_LABEL_LEGAL,  /**< a conforming peer may do that */
    RIG_MUTATION_LABEL_UNKNOWN /**< a capture cannot tell, or it depends on what nobody sees */
} rig_mutation_label_verdict;

/** rig_mutation_label is one row of the table; views point into its text. */
typedef struct rig_mutation_label {
    rig_view pdus;                      /**< kinds it is for, with commas; "*" = any */
    rig_view what;                      /**< fields or ways, with commas; "*" = any */
    rig_view how;                       /**< hows, with commas; "*" = any */
    rig_view when;                      /**< conditions, with blanks, all of which hold; "-" = none */
    rig_mutation_label_verdict verdict; /**< what it says */
    rig_view ids;  /**< BREAKS: with commas, each of which has to be told; A/B: one of them */
    rig_view why;  /**< the reason */
    uint32_t line; /**< of the text, from 1 */
} rig_mutation_label;

#define RIG_MUTATION_LABELS_MAX 2000 /**< rows of a table */

/** rig_mutation_labels is the table. Zero it before the first use. */
typedef struct rig_mutation_labels {
    rig_mutation_label *rows; /**< first match wins */
    size_t num;               /**< rows */
} rig_mutation_labels;

/**
 * rig_mutation_labels_read reads rows of six columns with tabs between them: PDUs, what, how, when, verdict
 * (ids, "legal" or "unknown"), why. Lines that begin with # are comments. The rows (room for
 * RIG_MUTATION_LABELS_MAX) are the caller's (rig_delete). A condition is FIELD=VALUE or FIELD!=VALUE of the
 * PDU as it was, data>N, data<N, of=KIND (the request it belongs to), next=KIND (the PDU it changes places
 * with, else the sender's next one), or a word of rig_mutation_facts; with a ! in front it must not hold.
 *
 * RIG_E_NOMEM, RIG_E_LIMIT, RIG_E_SYNTAX with the line in err.
 */
rig_status rig_mutation_labels_read(const rig_alloc *alloc, rig_view text, rig_mutation_labels *out_labels,
                                    rig_error *err);

/** rig_mutation_label_of gives the first row that fits, NULL when none does. RIG_E_SYNTAX is told by
 * out_status: a condition that nobody knows. */
const rig_mutation_label *rig_mutation_label_of(const rig_mutation_labels *labels, const rig_items *items,
                                                const rig_mutation_fact *facts, const rig_mutation *mutation,
                                                rig_status *out_status);

#endif
