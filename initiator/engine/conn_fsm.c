/* The connection as the initiator sees it: RFC 7143 section 8.1.3. */
#include "fsm.h"

#define COUNT(a) (uint32_t)(sizeof(a) / sizeof((a)[0]))

static const char *const states[] = {"S1 FREE",      "S2 XPT_WAIT",         "S4 IN_LOGIN",    "S5 LOGGED_IN",
                                     "S6 IN_LOGOUT", "S7 LOGOUT_REQUESTED", "S8 CLEANUP_WAIT"};

static const char *const events[] = {"connect",          "connected",   "connect-failed", "login-ok",
                                     "login-failed",     "logout-sent", "logout-ok",      "logout-requested",
                                     "closed-elsewhere", "failed"};

static const eng_move rows[] = {
    {ENG_S1_FREE, ENG_CONNECT, ENG_S2_XPT_WAIT, "T1"},
    {ENG_S2_XPT_WAIT, ENG_CONNECT_FAILED, ENG_S1_FREE, "T2"},
    {ENG_S2_XPT_WAIT, ENG_CLOSED_ELSEWHERE, ENG_S1_FREE, "T2"},
    {ENG_S2_XPT_WAIT, ENG_CONNECTED, ENG_S4_IN_LOGIN, "T4"},
    {ENG_S4_IN_LOGIN, ENG_LOGIN_OK, ENG_S5_LOGGED_IN, "T5"},
    {ENG_S4_IN_LOGIN, ENG_LOGIN_FAILED, ENG_S1_FREE, "T7"},
    {ENG_S4_IN_LOGIN, ENG_CLOSED_ELSEWHERE, ENG_S1_FREE, "T7"},
    {ENG_S5_LOGGED_IN, ENG_CLOSED_ELSEWHERE, ENG_S1_FREE, "T8"},
    {ENG_S5_LOGGED_IN, ENG_LOGOUT_SENT, ENG_S6_IN_LOGOUT, "T9"},
    {ENG_S7_LOGOUT_REQUESTED, ENG_LOGOUT_SENT, ENG_S6_IN_LOGOUT, "T10"},
    {ENG_S5_LOGGED_IN, ENG_LOGOUT_ASKED, ENG_S7_LOGOUT_REQUESTED, "T11"},
    {ENG_S7_LOGOUT_REQUESTED, ENG_LOGOUT_ASKED, ENG_S7_LOGOUT_REQUESTED, "T12"},
    {ENG_S6_IN_LOGOUT, ENG_LOGOUT_OK, ENG_S1_FREE, "T13"},
    {ENG_S6_IN_LOGOUT, ENG_CLOSED_ELSEWHERE, ENG_S1_FREE, "T13"},
    {ENG_S6_IN_LOGOUT, ENG_LOGOUT_ASKED, ENG_S6_IN_LOGOUT, "T14"},
    {ENG_S5_LOGGED_IN, ENG_CONN_FAILED, ENG_S8_CLEANUP_WAIT, "T15"},
    {ENG_S7_LOGOUT_REQUESTED, ENG_CONN_FAILED, ENG_S8_CLEANUP_WAIT, "T16"},
    {ENG_S6_IN_LOGOUT, ENG_CONN_FAILED, ENG_S8_CLEANUP_WAIT, "T17"},
    {ENG_S7_LOGOUT_REQUESTED, ENG_CLOSED_ELSEWHERE, ENG_S1_FREE, "T18"},
};

const eng_fsm eng_conn_fsm = {"conn", rows, COUNT(rows), states, COUNT(states), events, COUNT(events)};
