/** @file
 * Items as people read them: the notation of the scenarios.
 */
#ifndef RIG_TRACE_H
#define RIG_TRACE_H

#include "rig/item.h"

#define RIG_TRACE_LINE_MAX 65536 /**< bytes that hold any printed item; longer values are cut and say so */

/** rig_trace_style chooses how numbers are written. */
typedef enum rig_trace_style {
    RIG_TRACE_PLAIN,   /**< the values of the wire */
    RIG_TRACE_SYMBOLIC /**< $names: what a scenario's trace block would say */
} rig_trace_style;

/** rig_trace turns items into lines, remembering names it gave. Zero it, then rig_trace_init. */
typedef struct rig_trace {
    const rig_alloc *alloc;        /**< memory of the names */
    rig_trace_style style;         /**< how */
    struct rig_trace_names *names; /**< private */
} rig_trace;

/** rig_trace_init prepares a printer. */
void rig_trace_init(rig_trace *trace, const rig_alloc *alloc, rig_trace_style style);

/** rig_trace_cleanup frees the names. */
void rig_trace_cleanup(rig_trace *trace);

/**
 * rig_trace_item appends one item as a line without newline at its end: "> ScsiCmd   F=1 LUN=0 ITT=$t1
 * CmdSN=$c1 CDB=…", text keys as KEY=VALUE on continuation lines of six blanks (values that are not plain
 * words in quotes with hex escapes),
 * "!bad-header-digest" and the like behind the fields. Fields with the value a conforming sender has to send
 * anyway (reserved, zero lengths) are left out; CHAP_R is always _. What does not fit is left out and "!cut"
 * says so.
 *
 * Symbolic names are $t task tags, $r target tags, $c CmdSN of a session (first one seen), $s StatSN of a
 * connection (first one seen), $h TSIH, each numbered from 1 in order of appearance; a tag used again for
 * another task gets another name. RIG_E_NOMEM.
 */
rig_status rig_trace_item(rig_trace *trace, rig_text *out, const rig_item *item);

/** rig_trace_reads tells whether a PDU kind carries text keys in its data segment (Login, TextReq and their
 * answers). */
bool rig_trace_reads(rig_pdu_kind kind);

/**
 * rig_item_text gives the text that ends with this PDU: item->text, else (in items made by hand) the data
 * segment. Empty for other kinds and while C=1. Trace and matcher read keys from it alone.
 */
rig_view rig_item_text(const rig_item *item);

/**
 * rig_virtual is a fact of a PDU that no header field holds, under the name it has in traces and scenarios.
 * Trace and matcher read the same rows. Exactly one of number and print is set.
 */
typedef struct rig_virtual {
    const char *name; /**< "DataLen" */
    const char *what; /**< one sentence for people */
    uint32_t pdus;    /**< RIG_IN bits of the kinds that may have it */
    /** Gives the value; false when the PDU has none. */
    bool (*number)(const rig_item *item, uint64_t *out_number);
    /** Appends the value; false, appending nothing, when the PDU has none. */
    bool (*print)(const rig_item *item, rig_text *out);
    /** Tells whether a trace prints it; matching does not care. */
    bool (*shown)(const rig_item *item);
} rig_virtual;

/**
 * rig_virtuals lists them, ended by a NULL name: DataLen (bytes of the data segment), sense (KEY/ASC/ASCQ as
 * "UNIT-ATTENTION/29/00"), Rejected (name of the rejected PDU), BidiEDTL (read length of a bidirectional
 * command), text-bytes (bytes of a text PDU), bad-text (offset in the text where it stops following the
 * grammar), missing (bytes of the PDU that the capture lacks).
 */
extern const rig_virtual rig_virtuals[];

/** rig_virtual_find gives the row of that name for that kind, NULL when there is none. */
const rig_virtual *rig_virtual_find(rig_pdu_kind kind, rig_view name);

/** rig_virtual_print appends the value as a trace shows it; false, appending nothing, when the PDU has none.
 */
bool rig_virtual_print(const rig_virtual *row, const rig_item *item, rig_text *out);

/** rig_mark is a flaw of a PDU that a trace shows as !name at the end of its line. */
typedef struct rig_mark {
    const char *name;                 /**< "bad-header-digest" */
    bool (*is)(const rig_item *item); /**< whether the PDU has it */
} rig_mark;

/** rig_marks lists them, ended by a NULL name: bad-header-digest, bad-data-digest, bad-padding. */
extern const rig_mark rig_marks[];

#endif
