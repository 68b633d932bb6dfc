/* The three state machines against the tables of RFC 7143 sections 8.1.4, 8.2 and 8.3.2, cell by cell. */
#include <string.h>

#include "suite.h"
#include "target/tfsm.h"

/* Rows: state before; columns: state after; the transition's number as the RFC prints it. */
static const char *const conn_table[TGT_CONN_STATES][TGT_CONN_STATES] = {
    [TGT_S1_FREE] = {[TGT_S3_XPT_UP] = "T3"},
    [TGT_S3_XPT_UP] = {[TGT_S1_FREE] = "T6", [TGT_S4_IN_LOGIN] = "T4"},
    [TGT_S4_IN_LOGIN] = {[TGT_S1_FREE] = "T7", [TGT_S5_LOGGED_IN] = "T5"},
    [TGT_S5_LOGGED_IN] = {[TGT_S1_FREE] = "T8",
                          [TGT_S6_IN_LOGOUT] = "T9",
                          [TGT_S7_LOGOUT_REQUESTED] = "T11",
                          [TGT_S8_CLEANUP_WAIT] = "T15"},
    [TGT_S6_IN_LOGOUT] = {[TGT_S1_FREE] = "T13", [TGT_S8_CLEANUP_WAIT] = "T17"},
    [TGT_S7_LOGOUT_REQUESTED] = {[TGT_S1_FREE] = "T18",
                                 [TGT_S6_IN_LOGOUT] = "T10",
                                 [TGT_S7_LOGOUT_REQUESTED] = "T12",
                                 [TGT_S8_CLEANUP_WAIT] = "T16"},
};

static const char *const cleanup_table[TGT_CLEANUP_STATES][TGT_CLEANUP_STATES] = {
    [TGT_R1_CLEANUP_WAIT] = {[TGT_R2_IN_CLEANUP] = "M2", [TGT_R3_FREE] = "M1"},
    [TGT_R2_IN_CLEANUP] = {[TGT_R1_CLEANUP_WAIT] = "M3", [TGT_R3_FREE] = "M4"},
};

static const char *const session_table[TGT_SESSION_STATES][TGT_SESSION_STATES] = {
    [TGT_Q1_FREE] = {[TGT_Q2_ACTIVE] = "N1"},
    [TGT_Q2_ACTIVE] = {[TGT_Q1_FREE] = "N9", [TGT_Q3_LOGGED_IN] = "N2"},
    [TGT_Q3_LOGGED_IN] = {[TGT_Q1_FREE] = "N3", [TGT_Q4_FAILED] = "N5"},
    [TGT_Q4_FAILED] = {[TGT_Q1_FREE] = "N6", [TGT_Q5_IN_CONTINUE] = "N7"},
    [TGT_Q5_IN_CONTINUE] = {[TGT_Q1_FREE] = "N11", [TGT_Q3_LOGGED_IN] = "N10", [TGT_Q4_FAILED] = "N8"},
};

/* Every event in every state: a listed one lands in its cell, an unlisted one stays and is an error with both
 * names. */
static void walk(const tgt_fsm *fsm, const char *const *table)
{
    for (uint8_t state = 0; state < fsm->num_states; state++) {
        for (uint8_t event = 0; event < fsm->num_events; event++) {
            uint8_t after = state;
            rig_error err = {0};
            const tgt_fsm_row *row = tgt_fsm_find(fsm, state, event);
            rig_status status = tgt_fsm_step(fsm, &after, event, &err);
            if (!row) {
                CU_ASSERT_EQUAL(status, RIG_E_PROTOCOL);
                CU_ASSERT_EQUAL(after, state);
                CU_ASSERT_PTR_NOT_NULL(strstr(err.text, fsm->states[state]));
                CU_ASSERT_PTR_NOT_NULL(strstr(err.text, fsm->events[event]));
                continue;
            }
            const char *cell = table[state * fsm->num_states + after];
            CU_ASSERT_EQUAL(status, RIG_OK);
            CU_ASSERT_PTR_NOT_NULL_FATAL(cell);
            CU_ASSERT_STRING_EQUAL(cell, row->number);
        }
    }
}

/* Every cell of the RFC's table is reached by some event. */
static void cover(const tgt_fsm *fsm, const char *const *table)
{
    for (unsigned cell = 0; cell < (unsigned)fsm->num_states * fsm->num_states; cell++) {
        unsigned found = 0;
        for (size_t i = 0; i < fsm->num_rows; i++)
            found += (unsigned)fsm->rows[i].from * fsm->num_states + fsm->rows[i].to == cell;
        CU_ASSERT_EQUAL(found > 0, table[cell] != NULL);
    }
}

/* What makes each transition happen (8.1.2, 8.2.2, 8.3.4): every pair of state and event that is here, and no
 * other. */
typedef struct move {
    uint8_t from, event, to;
} move;

static const move conn_moves[] = {
    {TGT_S1_FREE, TGT_ACCEPTED, TGT_S3_XPT_UP},                            /* T3: a connect request came */
    {TGT_S3_XPT_UP, TGT_LOGIN_STARTED, TGT_S4_IN_LOGIN},                   /* T4: initial Login Request */
    {TGT_S3_XPT_UP, TGT_LOGIN_FAILED, TGT_S1_FREE},                        /* T6: timed out waiting for it */
    {TGT_S3_XPT_UP, TGT_TRANSPORT_LOST, TGT_S1_FREE},                      /* T6: reset, disconnect */
    {TGT_S4_IN_LOGIN, TGT_LOGIN_DONE, TGT_S5_LOGGED_IN},                   /* T5 */
    {TGT_S4_IN_LOGIN, TGT_LOGIN_FAILED, TGT_S1_FREE},                      /* T7: answered with failure */
    {TGT_S4_IN_LOGIN, TGT_TRANSPORT_LOST, TGT_S1_FREE},                    /* T7: disconnect, reset */
    {TGT_S4_IN_LOGIN, TGT_SESSION_CLOSED, TGT_S1_FREE},                    /* T7: session logout elsewhere */
    {TGT_S5_LOGGED_IN, TGT_SESSION_CLOSED, TGT_S1_FREE},                   /* T8 */
    {TGT_S5_LOGGED_IN, TGT_REINSTATED, TGT_S1_FREE},                       /* T8 */
    {TGT_S5_LOGGED_IN, TGT_LOGOUT_RECEIVED, TGT_S6_IN_LOGOUT},             /* T9 */
    {TGT_S5_LOGGED_IN, TGT_LOGOUT_WANTED, TGT_S7_LOGOUT_REQUESTED},        /* T11 */
    {TGT_S5_LOGGED_IN, TGT_TRANSPORT_LOST, TGT_S8_CLEANUP_WAIT},           /* T15 */
    {TGT_S6_IN_LOGOUT, TGT_LOGOUT_DONE, TGT_S1_FREE},                      /* T13 */
    {TGT_S6_IN_LOGOUT, TGT_SESSION_CLOSED, TGT_S1_FREE},                   /* T13 */
    {TGT_S6_IN_LOGOUT, TGT_REINSTATED, TGT_S1_FREE},                       /* T13 */
    {TGT_S6_IN_LOGOUT, TGT_TRANSPORT_LOST, TGT_S8_CLEANUP_WAIT},           /* T17 */
    {TGT_S6_IN_LOGOUT, TGT_LOGOUT_FAILED, TGT_S8_CLEANUP_WAIT},            /* T17 */
    {TGT_S7_LOGOUT_REQUESTED, TGT_LOGOUT_RECEIVED, TGT_S6_IN_LOGOUT},      /* T10 */
    {TGT_S7_LOGOUT_REQUESTED, TGT_LOGOUT_WANTED, TGT_S7_LOGOUT_REQUESTED}, /* T12 */
    {TGT_S7_LOGOUT_REQUESTED, TGT_TRANSPORT_LOST, TGT_S8_CLEANUP_WAIT},    /* T16 */
    {TGT_S7_LOGOUT_REQUESTED, TGT_SESSION_CLOSED, TGT_S1_FREE},            /* T18 */
    {TGT_S7_LOGOUT_REQUESTED, TGT_REINSTATED, TGT_S1_FREE},                /* T18 */
};

static const move cleanup_moves[] = {
    {TGT_R1_CLEANUP_WAIT, TGT_CLEANUP_TIMEOUT, TGT_R3_FREE},
    {TGT_R1_CLEANUP_WAIT, TGT_CLEANUP_STARTED, TGT_R2_IN_CLEANUP},
    {TGT_R2_IN_CLEANUP, TGT_CLEANUP_FAILED, TGT_R1_CLEANUP_WAIT},
    {TGT_R2_IN_CLEANUP, TGT_CLEANUP_DONE, TGT_R3_FREE},
};

static const move session_moves[] = {
    {TGT_Q1_FREE, TGT_LEADING_LOGIN, TGT_Q2_ACTIVE},
    {TGT_Q2_ACTIVE, TGT_CONN_LOGGED_IN, TGT_Q3_LOGGED_IN},
    {TGT_Q2_ACTIVE, TGT_CONN_LOGIN_FAILED, TGT_Q1_FREE},
    {TGT_Q3_LOGGED_IN, TGT_CLOSURE, TGT_Q1_FREE},
    {TGT_Q3_LOGGED_IN, TGT_SESSION_REINSTATED, TGT_Q1_FREE},
    {TGT_Q3_LOGGED_IN, TGT_FAILURE, TGT_Q4_FAILED},
    {TGT_Q4_FAILED, TGT_TIMEOUT, TGT_Q1_FREE},
    {TGT_Q4_FAILED, TGT_SESSION_REINSTATED, TGT_Q1_FREE},
    {TGT_Q4_FAILED, TGT_CONTINUATION, TGT_Q5_IN_CONTINUE},
    {TGT_Q5_IN_CONTINUE, TGT_CONN_LOGIN_FAILED, TGT_Q4_FAILED},
    {TGT_Q5_IN_CONTINUE, TGT_CONN_LOGGED_IN, TGT_Q3_LOGGED_IN},
    {TGT_Q5_IN_CONTINUE, TGT_SESSION_REINSTATED, TGT_Q1_FREE},
};

static void product(const tgt_fsm *fsm, const move *moves, size_t num)
{
    for (unsigned state = 0; state < fsm->num_states; state++)
        for (unsigned event = 0; event < fsm->num_events; event++) {
            const tgt_fsm_row *row = tgt_fsm_find(fsm, (uint8_t)state, (uint8_t)event);
            const move *want = NULL;
            for (size_t i = 0; i < num && !want; i++)
                want = moves[i].from == state && moves[i].event == event ? &moves[i] : NULL;
            CU_ASSERT_EQUAL(row != NULL, want != NULL);
            if (row && want)
                CU_ASSERT_EQUAL(row->to, want->to);
        }
    CU_ASSERT_EQUAL(fsm->num_rows, num);
}

#define PRODUCT(fsm, moves) product(fsm, moves, sizeof(moves) / sizeof((moves)[0]))

static void test_connection(void)
{
    PRODUCT(&tgt_conn_fsm, conn_moves);
    walk(&tgt_conn_fsm, conn_table[0]);
    cover(&tgt_conn_fsm, conn_table[0]);
}

static void test_cleanup(void)
{
    PRODUCT(&tgt_cleanup_fsm, cleanup_moves);
    walk(&tgt_cleanup_fsm, cleanup_table[0]);
    cover(&tgt_cleanup_fsm, cleanup_table[0]);
}

static void test_session(void)
{
    PRODUCT(&tgt_session_fsm, session_moves);
    walk(&tgt_session_fsm, session_table[0]);
    cover(&tgt_session_fsm, session_table[0]);
}

RIG_SUITE("target state machines", {"connection: every state and event as in 8.1.4", test_connection},
          {"cleanup: every state and event as in 8.2", test_cleanup},
          {"session: every state and event as in 8.3.2", test_session})
