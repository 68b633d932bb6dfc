/* The session as the initiator sees it: RFC 7143 section 8.3.1. */
#include "fsm.h"

#define COUNT(a) (uint32_t)(sizeof(a) / sizeof((a)[0]))

static const char *const states[] = {"Q1 FREE", "Q3 LOGGED_IN", "Q4 FAILED"};

static const char *const events[] = {"first-login", "closed", "lost", "continued", "expired"};

static const eng_move rows[] = {
    {ENG_Q1_FREE, ENG_FIRST_LOGIN, ENG_Q3_LOGGED_IN, "N1"},
    {ENG_Q3_LOGGED_IN, ENG_SESSION_CLOSED, ENG_Q1_FREE, "N3"},
    {ENG_Q4_FAILED, ENG_CONTINUED, ENG_Q3_LOGGED_IN, "N4"},
    {ENG_Q3_LOGGED_IN, ENG_SESSION_LOST, ENG_Q4_FAILED, "N5"},
    {ENG_Q4_FAILED, ENG_SESSION_EXPIRED, ENG_Q1_FREE, "N6"},
};

const eng_fsm eng_session_fsm = {"session", rows, COUNT(rows), states, COUNT(states), events, COUNT(events)};
