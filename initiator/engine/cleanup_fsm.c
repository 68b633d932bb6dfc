/* A failed connection that is being cleaned up: RFC 7143 section 8.2. At error recovery level 0 it only takes
 * M1. */
#include "fsm.h"

#define COUNT(a) (uint32_t)(sizeof(a) / sizeof((a)[0]))

static const char *const states[] = {"none", "R1 CLEANUP_WAIT", "R2 IN_CLEANUP", "R3 FREE"};

static const char *const events[] = {"begin", "over", "taken", "refused", "done"};

static const eng_move rows[] = {
    {ENG_R0_NONE, ENG_CLEANUP_BEGIN, ENG_R1_CLEANUP_WAIT, "S8"},
    {ENG_R1_CLEANUP_WAIT, ENG_CLEANUP_OVER, ENG_R3_FREE, "M1"},
    {ENG_R1_CLEANUP_WAIT, ENG_CLEANUP_TAKEN, ENG_R2_IN_CLEANUP, "M2"},
    {ENG_R2_IN_CLEANUP, ENG_CLEANUP_REFUSED, ENG_R1_CLEANUP_WAIT, "M3"},
    {ENG_R2_IN_CLEANUP, ENG_CLEANUP_DONE, ENG_R3_FREE, "M4"},
};

const eng_fsm eng_cleanup_fsm = {"cleanup", rows, COUNT(rows), states, COUNT(states), events, COUNT(events)};
