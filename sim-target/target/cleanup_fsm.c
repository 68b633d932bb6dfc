/* The cleanup of a connection in CLEANUP_WAIT, RFC 7143 section 8.2. */
#include "tfsm.h"

static const char *const states[TGT_CLEANUP_STATES] = {
    [TGT_R1_CLEANUP_WAIT] = "R1 CLEANUP_WAIT",
    [TGT_R2_IN_CLEANUP] = "R2 IN_CLEANUP",
    [TGT_R3_FREE] = "R3 FREE",
};

static const char *const events[TGT_CLEANUP_EVENTS] = {
    [TGT_CLEANUP_TIMEOUT] = "cleanup-timeout",
    [TGT_CLEANUP_STARTED] = "cleanup-started",
    [TGT_CLEANUP_FAILED] = "cleanup-failed",
    [TGT_CLEANUP_DONE] = "cleanup-done",
};

static const tgt_fsm_row rows[] = {
    {"M1", TGT_R1_CLEANUP_WAIT, TGT_CLEANUP_TIMEOUT, TGT_R3_FREE},
    {"M2", TGT_R1_CLEANUP_WAIT, TGT_CLEANUP_STARTED, TGT_R2_IN_CLEANUP},
    {"M3", TGT_R2_IN_CLEANUP, TGT_CLEANUP_FAILED, TGT_R1_CLEANUP_WAIT},
    {"M4", TGT_R2_IN_CLEANUP, TGT_CLEANUP_DONE, TGT_R3_FREE},
};

const tgt_fsm tgt_cleanup_fsm = {
    .what = "connection cleanup",
    .rows = rows,
    .num_rows = sizeof(rows) / sizeof(rows[0]),
    .states = states,
    .num_states = TGT_CLEANUP_STATES,
    .events = events,
    .num_events = TGT_CLEANUP_EVENTS,
};
