/* Task management functions (RFC 7143 section 11.5, RFC 7144 section 6): their table, and those on many
 * tasks. */
#ifndef TTMF_H
#define TTMF_H

#include "tgt.h"

enum {
    TGT_TMF_ABORT_TASK = 1,
    TGT_TMF_ABORT_TASK_SET,
    TGT_TMF_CLEAR_ACA,
    TGT_TMF_CLEAR_TASK_SET,
    TGT_TMF_UNIT_RESET,
    TGT_TMF_WARM_RESET,
    TGT_TMF_COLD_RESET,
    TGT_TMF_REASSIGN,
    TGT_TMF_QUERY_TASK,
    TGT_TMF_QUERY_SET,
    TGT_TMF_NEXUS_RESET,
    TGT_TMF_QUERY_EVENT,
    TGT_TMF_FUNCTIONS
};

enum {
    TGT_TMF_COMPLETE = 0,
    TGT_TMF_NO_TASK = 1,
    TGT_TMF_NO_LUN = 2,
    TGT_TMF_NOT_SUPPORTED = 5,
    TGT_TMF_SUCCEEDED = 7,
    TGT_TMF_REJECTED = 255
};

/* Which tasks a function on many is about (4.2.3.2). */
typedef enum tgt_scope {
    TGT_SCOPE_NONE,
    TGT_SCOPE_OWN_SET, /* earlier ones of the session, of a unit */
    TGT_SCOPE_SET,     /* these, and all of other sessions */
    TGT_SCOPE_UNIT,    /* all of a unit */
    TGT_SCOPE_TARGET,  /* all of all units */
    TGT_SCOPE_NEXUS    /* all of the session */
} tgt_scope;

tgt_scope tgt_tmf_scope(uint32_t function);
/* The function is over: its response is sent. */
void tgt_tmf_answer_with(tgt_task *task, uint8_t response);

/* ---- tabort.c ---- */
/* Ends a SCSI task without a response; data on its way is swallowed. */
void tgt_abort_scsi(tgt_task *task);
void tgt_abort_begin(tgt_task *tmf);
/* The response of a function on many tasks is queued; the connection may be gone behind this. */
void tgt_abort_answered(tgt_task *tmf);

#endif
