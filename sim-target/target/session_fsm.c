/* The session state diagram of a target, RFC 7143 section 8.3.2. */
#include "tfsm.h"

static const char *const states[TGT_SESSION_STATES] = {
    [TGT_Q1_FREE] = "Q1 FREE",
    [TGT_Q2_ACTIVE] = "Q2 ACTIVE",
    [TGT_Q3_LOGGED_IN] = "Q3 LOGGED_IN",
    [TGT_Q4_FAILED] = "Q4 FAILED",
    [TGT_Q5_IN_CONTINUE] = "Q5 IN_CONTINUE",
};

static const char *const events[TGT_SESSION_EVENTS] = {
    [TGT_LEADING_LOGIN] = "leading-login",
    [TGT_CONN_LOGGED_IN] = "connection-logged-in",
    [TGT_CONN_LOGIN_FAILED] = "connection-login-failed",
    [TGT_CLOSURE] = "closure",
    [TGT_FAILURE] = "failure",
    [TGT_TIMEOUT] = "timeout",
    [TGT_CONTINUATION] = "continuation",
    [TGT_SESSION_REINSTATED] = "reinstated",
};

/* The text of N6 and the table differ about a reinstatement while FAILED only in words: both end in FREE. */
static const tgt_fsm_row rows[] = {
    {"N1", TGT_Q1_FREE, TGT_LEADING_LOGIN, TGT_Q2_ACTIVE},
    {"N2", TGT_Q2_ACTIVE, TGT_CONN_LOGGED_IN, TGT_Q3_LOGGED_IN},
    {"N3", TGT_Q3_LOGGED_IN, TGT_CLOSURE, TGT_Q1_FREE},
    {"N3", TGT_Q3_LOGGED_IN, TGT_SESSION_REINSTATED, TGT_Q1_FREE},
    {"N5", TGT_Q3_LOGGED_IN, TGT_FAILURE, TGT_Q4_FAILED},
    {"N6", TGT_Q4_FAILED, TGT_TIMEOUT, TGT_Q1_FREE},
    {"N6", TGT_Q4_FAILED, TGT_SESSION_REINSTATED, TGT_Q1_FREE},
    {"N7", TGT_Q4_FAILED, TGT_CONTINUATION, TGT_Q5_IN_CONTINUE},
    {"N8", TGT_Q5_IN_CONTINUE, TGT_CONN_LOGIN_FAILED, TGT_Q4_FAILED},
    {"N9", TGT_Q2_ACTIVE, TGT_CONN_LOGIN_FAILED, TGT_Q1_FREE},
    {"N10", TGT_Q5_IN_CONTINUE, TGT_CONN_LOGGED_IN, TGT_Q3_LOGGED_IN},
    {"N11", TGT_Q5_IN_CONTINUE, TGT_SESSION_REINSTATED, TGT_Q1_FREE},
};

const tgt_fsm tgt_session_fsm = {
    .what = "session",
    .rows = rows,
    .num_rows = sizeof(rows) / sizeof(rows[0]),
    .states = states,
    .num_states = TGT_SESSION_STATES,
    .events = events,
    .num_events = TGT_SESSION_EVENTS,
};
