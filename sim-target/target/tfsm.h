/* State machines as tables with the transition numbers of RFC 7143 section 8, and the one walker. */
#ifndef TGT_FSM_H
#define TGT_FSM_H

#include <stddef.h>
#include <stdint.h>

#include "rig/status.h"

typedef struct tgt_fsm_row {
    const char *number; /* "T5" */
    uint8_t from;
    uint8_t event;
    uint8_t to;
} tgt_fsm_row;

typedef struct tgt_fsm {
    const char *what; /* "connection" */
    const tgt_fsm_row *rows;
    size_t num_rows;
    const char *const *states; /* names by state */
    uint8_t num_states;
    const char *const *events; /* names by event */
    uint8_t num_events;
} tgt_fsm;

/* The row for an event in a state, NULL for an event that is not listed there. */
const tgt_fsm_row *tgt_fsm_find(const tgt_fsm *fsm, uint8_t state, uint8_t event);

/* Takes the transition; an unlisted event leaves the state and is RIG_E_PROTOCOL with both named in err. */
rig_status tgt_fsm_step(const tgt_fsm *fsm, uint8_t *state, uint8_t event, rig_error *err);

/* 8.1.4; the gap in the numbers is S2, which a target does not have. */
typedef enum tgt_conn_state {
    TGT_S1_FREE,
    TGT_S3_XPT_UP,
    TGT_S4_IN_LOGIN,
    TGT_S5_LOGGED_IN,
    TGT_S6_IN_LOGOUT,
    TGT_S7_LOGOUT_REQUESTED,
    TGT_S8_CLEANUP_WAIT,
    TGT_CONN_STATES
} tgt_conn_state;

typedef enum tgt_conn_event {
    TGT_ACCEPTED,        /* the transport connection stands */
    TGT_LOGIN_STARTED,   /* the first Login Request is here */
    TGT_LOGIN_DONE,      /* the last one is, and is answered with class 0 */
    TGT_LOGIN_FAILED,    /* rejected, timed out, or not a login at all */
    TGT_TRANSPORT_LOST,  /* disconnect, reset, timeout, or an emergency of ours */
    TGT_SESSION_CLOSED,  /* a logout of the session succeeded on another connection */
    TGT_REINSTATED,      /* a reinstatement of the connection or session succeeded */
    TGT_LOGOUT_RECEIVED, /* Logout Request for this connection */
    TGT_LOGOUT_WANTED,   /* we ask for a logout */
    TGT_LOGOUT_DONE,     /* answered with success */
    TGT_LOGOUT_FAILED,   /* answered with failure */
    TGT_CONN_EVENTS
} tgt_conn_event;

/* 8.2.1 */
typedef enum tgt_cleanup_state {
    TGT_R1_CLEANUP_WAIT,
    TGT_R2_IN_CLEANUP,
    TGT_R3_FREE,
    TGT_CLEANUP_STATES
} tgt_cleanup_state;

typedef enum tgt_cleanup_event {
    TGT_CLEANUP_TIMEOUT, /* the connection state timed out, or its session was logged out */
    TGT_CLEANUP_STARTED, /* an implicit or explicit logout for it began */
    TGT_CLEANUP_FAILED,
    TGT_CLEANUP_DONE,
    TGT_CLEANUP_EVENTS
} tgt_cleanup_event;

/* 8.3.3 */
typedef enum tgt_session_state {
    TGT_Q1_FREE,
    TGT_Q2_ACTIVE,
    TGT_Q3_LOGGED_IN,
    TGT_Q4_FAILED,
    TGT_Q5_IN_CONTINUE,
    TGT_SESSION_STATES
} tgt_session_state;

typedef enum tgt_session_event {
    TGT_LEADING_LOGIN,      /* the leading connection is in login */
    TGT_CONN_LOGGED_IN,     /* a connection reached LOGGED_IN */
    TGT_CONN_LOGIN_FAILED,  /* the login of the leading or the continuing connection failed */
    TGT_CLOSURE,            /* closed by logout */
    TGT_FAILURE,            /* the last connection is waiting for cleanup */
    TGT_TIMEOUT,            /* the session state timed out */
    TGT_CONTINUATION,       /* a login wants to continue the failed session */
    TGT_SESSION_REINSTATED, /* a new session took its place */
    TGT_SESSION_EVENTS
} tgt_session_event;

extern const tgt_fsm tgt_conn_fsm;
extern const tgt_fsm tgt_cleanup_fsm;
extern const tgt_fsm tgt_session_fsm;

#endif
