/* The three state tables against the RFC's own, typed in by hand: each transition, and nothing else. */
#include "engine/fsm.h"

#include <string.h>

#include "suite.h"

#define NUM(a) (sizeof(a) / sizeof((a)[0]))

/* The tables of 8.1.3, 8.2 and 8.3.1 as the RFC prints them: a row for the state before, a column for the one
 * behind; each cell names the transition. */
typedef struct cell {
    const char *from, *to, *name;
} cell;

static const cell conn_cells[] = {
    {"S1", "S2", "T1"},  {"S2", "S1", "T2"},  {"S2", "S4", "T4"},  {"S4", "S1", "T7"},
    {"S4", "S5", "T5"},  {"S5", "S1", "T8"},  {"S5", "S6", "T9"},  {"S5", "S7", "T11"},
    {"S5", "S8", "T15"}, {"S6", "S1", "T13"}, {"S6", "S6", "T14"}, {"S6", "S8", "T17"},
    {"S7", "S1", "T18"}, {"S7", "S6", "T10"}, {"S7", "S7", "T12"}, {"S7", "S8", "T16"},
};

static const cell cleanup_cells[] = {
    {"none", "R1", "S8"}, {"R1", "R2", "M2"}, {"R1", "R3", "M1"}, {"R2", "R1", "M3"}, {"R2", "R3", "M4"},
};

static const cell session_cells[] = {
    {"Q1", "Q3", "N1"}, {"Q3", "Q1", "N3"}, {"Q3", "Q4", "N5"}, {"Q4", "Q1", "N6"}, {"Q4", "Q3", "N4"},
};

/* What makes each transition happen (8.1.2, 8.2.2, 8.3.4), state and event by name. */
typedef struct move {
    const char *from, *event, *to, *name;
} move;

static const move conn_moves[] = {
    {"S1", "connect", "S2", "T1"},           {"S2", "connect-failed", "S1", "T2"},
    {"S2", "closed-elsewhere", "S1", "T2"},  {"S2", "connected", "S4", "T4"},
    {"S4", "login-ok", "S5", "T5"},          {"S4", "login-failed", "S1", "T7"},
    {"S4", "closed-elsewhere", "S1", "T7"},  {"S5", "closed-elsewhere", "S1", "T8"},
    {"S5", "logout-sent", "S6", "T9"},       {"S7", "logout-sent", "S6", "T10"},
    {"S5", "logout-requested", "S7", "T11"}, {"S7", "logout-requested", "S7", "T12"},
    {"S6", "logout-ok", "S1", "T13"},        {"S6", "closed-elsewhere", "S1", "T13"},
    {"S6", "logout-requested", "S6", "T14"}, {"S5", "failed", "S8", "T15"},
    {"S7", "failed", "S8", "T16"},           {"S6", "failed", "S8", "T17"},
    {"S7", "closed-elsewhere", "S1", "T18"},
};

static const move cleanup_moves[] = {
    {"none", "begin", "R1", "S8"}, {"R1", "over", "R3", "M1"}, {"R1", "taken", "R2", "M2"},
    {"R2", "refused", "R1", "M3"}, {"R2", "done", "R3", "M4"},
};

static const move session_moves[] = {
    {"Q1", "first-login", "Q3", "N1"}, {"Q3", "closed", "Q1", "N3"},  {"Q4", "continued", "Q3", "N4"},
    {"Q3", "lost", "Q4", "N5"},        {"Q4", "expired", "Q1", "N6"},
};

static bool named(const char *state, const char *mark)
{
    size_t len = strlen(mark);
    return strncmp(state, mark, len) == 0 && (state[len] == ' ' || state[len] == 0);
}

static const move *wanted(const move *moves, size_t num, const char *state, const char *event)
{
    for (size_t i = 0; i < num; i++)
        if (named(state, moves[i].from) && strcmp(event, moves[i].event) == 0)
            return &moves[i];
    return NULL;
}

/* Every pair of state and event: the listed ones go where the RFC says, all others go nowhere. */
static void compare(const eng_fsm *fsm, const move *moves, size_t num)
{
    size_t found = 0;
    for (uint8_t state = 0; state < fsm->num_states; state++)
        for (uint8_t event = 0; event < fsm->num_events; event++) {
            const move *want = wanted(moves, num, fsm->states[state], fsm->events[event]);
            const eng_move *has = eng_fsm_find(fsm, state, event);
            CU_ASSERT_EQUAL(has != NULL, want != NULL);
            if (!has || !want)
                continue;
            found++;
            CU_ASSERT(named(fsm->states[has->to], want->to));
            CU_ASSERT_STRING_EQUAL(has->name, want->name);
        }
    CU_ASSERT_EQUAL(found, num);
    CU_ASSERT_EQUAL(fsm->num_rows, num);
    CU_ASSERT_PTR_NULL(eng_fsm_find(fsm, 200, 0));
    CU_ASSERT_PTR_NULL(eng_fsm_find(fsm, 0, 200));
}

/* Every cell of the RFC's matrix is reached by some row of that name, and no row lies in an empty cell. */
static void cover(const eng_fsm *fsm, const cell *cells, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        bool found = false;
        for (uint32_t r = 0; r < fsm->num_rows; r++)
            found |= named(fsm->states[fsm->rows[r].from], cells[i].from) &&
                     named(fsm->states[fsm->rows[r].to], cells[i].to) &&
                     strcmp(fsm->rows[r].name, cells[i].name) == 0;
        CU_ASSERT(found);
    }
    for (uint32_t r = 0; r < fsm->num_rows; r++) {
        bool found = false;
        for (size_t i = 0; i < num; i++)
            found |= named(fsm->states[fsm->rows[r].from], cells[i].from) &&
                     named(fsm->states[fsm->rows[r].to], cells[i].to) &&
                     strcmp(fsm->rows[r].name, cells[i].name) == 0;
        CU_ASSERT(found);
    }
}

/* T18 among them: logged out by another connection while its own logout is asked for (STATE-008). */
static void connection(void)
{
    CU_ASSERT_EQUAL(eng_conn_fsm.num_states, 7);
    compare(&eng_conn_fsm, conn_moves, NUM(conn_moves));
    cover(&eng_conn_fsm, conn_cells, NUM(conn_cells));
}

static void cleanup(void)
{
    compare(&eng_cleanup_fsm, cleanup_moves, NUM(cleanup_moves));
    cover(&eng_cleanup_fsm, cleanup_cells, NUM(cleanup_cells));
}

static void session(void)
{
    CU_ASSERT_EQUAL(eng_session_fsm.num_states, 3);
    compare(&eng_session_fsm, session_moves, NUM(session_moves));
    cover(&eng_session_fsm, session_cells, NUM(session_cells));
}

RIG_SUITE("initiator: state tables", {"the connection moves as in 8.1.3", connection},
          {"a connection in cleanup moves as in 8.2", cleanup}, {"the session moves as in 8.3.1", session})
