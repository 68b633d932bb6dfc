/* State machines as tables: rows with the RFC's transition numbers, one walker. */
#ifndef ENG_FSM_H
#define ENG_FSM_H

#include <stdbool.h>
#include <stdint.h>

typedef struct eng_move {
    uint8_t from, event, to;
    const char *name; /* of RFC 7143 section 8: "T5" */
} eng_move;

typedef struct eng_fsm {
    const char *what;
    const eng_move *rows;
    uint32_t num_rows;
    const char *const *states;
    uint32_t num_states;
    const char *const *events;
    uint32_t num_events;
} eng_fsm;

/* The row for (state, event), NULL when the table lists none. */
const eng_move *eng_fsm_find(const eng_fsm *fsm, uint8_t state, uint8_t event);

typedef enum eng_conn_state {
    ENG_S1_FREE,
    ENG_S2_XPT_WAIT,
    ENG_S4_IN_LOGIN,
    ENG_S5_LOGGED_IN,
    ENG_S6_IN_LOGOUT,
    ENG_S7_LOGOUT_REQUESTED,
    ENG_S8_CLEANUP_WAIT
} eng_conn_state;

typedef enum eng_conn_event {
    ENG_CONNECT,          /* a transport connect was asked for */
    ENG_CONNECTED,        /* it succeeded */
    ENG_CONNECT_FAILED,   /* it failed or took too long */
    ENG_LOGIN_OK,         /* final login response with class 0 */
    ENG_LOGIN_FAILED,     /* login refused, broken or too late */
    ENG_LOGOUT_SENT,      /* a logout for this connection or its session is on its way */
    ENG_LOGOUT_OK,        /* and was answered with success */
    ENG_LOGOUT_ASKED,     /* Async Message event 1 */
    ENG_CLOSED_ELSEWHERE, /* a logout on another connection closed this one */
    ENG_CONN_FAILED       /* transport failure, protocol error, timeout */
} eng_conn_event;

typedef enum eng_cleanup_state {
    ENG_R0_NONE,
    ENG_R1_CLEANUP_WAIT,
    ENG_R2_IN_CLEANUP,
    ENG_R3_FREE
} eng_cleanup_state;

typedef enum eng_cleanup_event {
    ENG_CLEANUP_BEGIN,   /* the connection entered S8 */
    ENG_CLEANUP_OVER,    /* timeout, or the session ended: nothing to recover */
    ENG_CLEANUP_TAKEN,   /* a logout for recovery or a reinstating login began */
    ENG_CLEANUP_REFUSED, /* and failed */
    ENG_CLEANUP_DONE     /* and succeeded */
} eng_cleanup_event;

typedef enum eng_session_state { ENG_Q1_FREE, ENG_Q3_LOGGED_IN, ENG_Q4_FAILED } eng_session_state;

typedef enum eng_session_event {
    ENG_FIRST_LOGIN,    /* the leading connection is logged in */
    ENG_SESSION_CLOSED, /* the last connection was logged out */
    ENG_SESSION_LOST,   /* the last connection failed */
    ENG_CONTINUED,      /* a failed session has a logged-in connection again, with its TSIH */
    ENG_SESSION_EXPIRED /* Time2Retain passed, or the session is being reinstated */
} eng_session_event;

extern const eng_fsm eng_conn_fsm;    /* 8.1.3 */
extern const eng_fsm eng_cleanup_fsm; /* 8.2 */
extern const eng_fsm eng_session_fsm; /* 8.3.1 */

#endif
