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

static void test_connection(void)
{
    walk(&tgt_conn_fsm, conn_table[0]);
    cover(&tgt_conn_fsm, conn_table[0]);
}

static void test_cleanup(void)
{
    walk(&tgt_cleanup_fsm, cleanup_table[0]);
    cover(&tgt_cleanup_fsm, cleanup_table[0]);
}

static void test_session(void)
{
    walk(&tgt_session_fsm, session_table[0]);
    cover(&tgt_session_fsm, session_table[0]);
}

RIG_SUITE("target state machines", {"connection: every state and event as in 8.1.4", test_connection},
          {"cleanup: every state and event as in 8.2", test_cleanup},
          {"session: every state and event as in 8.3.2", test_session})
