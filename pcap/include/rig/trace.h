/** @file
 * Items as people read them: the notation of the scenarios.
 */
#ifndef RIG_TRACE_H
#define RIG_TRACE_H

#include "rig/item.h"

#define RIG_TRACE_LINE_MAX 65536 /**< bytes that hold any printed item; longer values are cut and say so */

/** rig_trace_style chooses how numbers are written. */
typedef enum rig_trace_style {
    RIG_TRACE_PLAIN,    /**< the values of the wire */
    RIG_TRACE_SYMBOLIC  /**< $names: what a scenario's trace block would say */
} rig_trace_style;

/** rig_trace turns items into lines, remembering names it gave. Zero it, then rig_trace_init. */
typedef struct rig_trace {
    const rig_alloc *alloc;  /**< memory of the names */
    rig_trace_style style;   /**< how */
    struct rig_trace_names *names; /**< private */
} rig_trace;

/** rig_trace_init prepares a printer. */
void rig_trace_init(rig_trace *trace, const rig_alloc *alloc, rig_trace_style style);

/** rig_trace_cleanup frees the names. */
void rig_trace_cleanup(rig_trace *trace);

/**
 * rig_trace_item appends one item as a line without newline: "> ScsiCmd   F=1 LUN=0 ITT=$t1 CmdSN=$c1 CDB=…", text keys
 * as KEY=VALUE on continuation lines of six blanks, "!bad-header-digest" and the like at the end. Fields with the value
 * a conforming sender has to send anyway (reserved, zero lengths) are left out. RIG_E_NOMEM.
 */
rig_status rig_trace_item(rig_trace *trace, rig_text *out, const rig_item *item);

/** rig_trace_reads tells whether a PDU kind carries text keys in its data segment (Login, TextReq and their answers). */
bool rig_trace_reads(rig_pdu_kind kind);

#endif
