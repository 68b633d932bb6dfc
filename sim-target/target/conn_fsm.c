/* The connection state diagram of a target, RFC 7143 section 8.1.4. */
#include "tfsm.h"

static const char *const states[TGT_CONN_STATES] = {
    [TGT_S1_FREE] = "S1 FREE",
    [TGT_S3_XPT_UP] = "S3 XPT_UP",
    [TGT_S4_IN_LOGIN] = "S4 IN_LOGIN",
    [TGT_S5_LOGGED_IN] = "S5 LOGGED_IN",
    [TGT_S6_IN_LOGOUT] = "S6 IN_LOGOUT",
    [TGT_S7_LOGOUT_REQUESTED] = "S7 LOGOUT_REQUESTED",
    [TGT_S8_CLEANUP_WAIT] = "S8 CLEANUP_WAIT",
};

static const char *const events[TGT_CONN_EVENTS] = {
    [TGT_ACCEPTED] = "accepted",
    [TGT_LOGIN_STARTED] = "login-started",
    [TGT_LOGIN_DONE] = "login-done",
    [TGT_LOGIN_FAILED] = "login-failed",
    [TGT_TRANSPORT_LOST] = "transport-lost",
    [TGT_SESSION_CLOSED] = "session-closed",
    [TGT_REINSTATED] = "reinstated",
    [TGT_LOGOUT_RECEIVED] = "logout-received",
    [TGT_LOGOUT_WANTED] = "logout-wanted",
    [TGT_LOGOUT_DONE] = "logout-done",
    [TGT_LOGOUT_FAILED] = "logout-failed",
};

static const tgt_fsm_row rows[] = {
    {"T3", TGT_S1_FREE, TGT_ACCEPTED, TGT_S3_XPT_UP},
    {"T4", TGT_S3_XPT_UP, TGT_LOGIN_STARTED, TGT_S4_IN_LOGIN},
    {"T5", TGT_S4_IN_LOGIN, TGT_LOGIN_DONE, TGT_S5_LOGGED_IN},
    {"T6", TGT_S3_XPT_UP, TGT_LOGIN_FAILED, TGT_S1_FREE},
    {"T6", TGT_S3_XPT_UP, TGT_TRANSPORT_LOST, TGT_S1_FREE},
    {"T7", TGT_S4_IN_LOGIN, TGT_LOGIN_FAILED, TGT_S1_FREE},
    {"T7", TGT_S4_IN_LOGIN, TGT_TRANSPORT_LOST, TGT_S1_FREE},
    {"T7", TGT_S4_IN_LOGIN, TGT_SESSION_CLOSED, TGT_S1_FREE},
    {"T8", TGT_S5_LOGGED_IN, TGT_SESSION_CLOSED, TGT_S1_FREE},
    {"T8", TGT_S5_LOGGED_IN, TGT_REINSTATED, TGT_S1_FREE},
    {"T9", TGT_S5_LOGGED_IN, TGT_LOGOUT_RECEIVED, TGT_S6_IN_LOGOUT},
    {"T10", TGT_S7_LOGOUT_REQUESTED, TGT_LOGOUT_RECEIVED, TGT_S6_IN_LOGOUT},
    {"T11", TGT_S5_LOGGED_IN, TGT_LOGOUT_WANTED, TGT_S7_LOGOUT_REQUESTED},
    {"T12", TGT_S7_LOGOUT_REQUESTED, TGT_LOGOUT_WANTED, TGT_S7_LOGOUT_REQUESTED},
    {"T13", TGT_S6_IN_LOGOUT, TGT_LOGOUT_DONE, TGT_S1_FREE},
    {"T13", TGT_S6_IN_LOGOUT, TGT_SESSION_CLOSED, TGT_S1_FREE},
    {"T13", TGT_S6_IN_LOGOUT, TGT_REINSTATED, TGT_S1_FREE},
    {"T15", TGT_S5_LOGGED_IN, TGT_TRANSPORT_LOST, TGT_S8_CLEANUP_WAIT},
    {"T16", TGT_S7_LOGOUT_REQUESTED, TGT_TRANSPORT_LOST, TGT_S8_CLEANUP_WAIT},
    {"T17", TGT_S6_IN_LOGOUT, TGT_LOGOUT_FAILED, TGT_S8_CLEANUP_WAIT},
    {"T17", TGT_S6_IN_LOGOUT, TGT_TRANSPORT_LOST, TGT_S8_CLEANUP_WAIT},
    {"T18", TGT_S7_LOGOUT_REQUESTED, TGT_SESSION_CLOSED, TGT_S1_FREE},
    {"T18", TGT_S7_LOGOUT_REQUESTED, TGT_REINSTATED, TGT_S1_FREE},
};

const tgt_fsm tgt_conn_fsm = {
    .what = "connection",
    .rows = rows,
    .num_rows = sizeof(rows) / sizeof(rows[0]),
    .states = states,
    .num_states = TGT_CONN_STATES,
    .events = events,
    .num_events = TGT_CONN_EVENTS,
};
