#include "rig/timerq.h"

#include <stddef.h>

#include "rig/draws.h"
#include "suite.h"

#define NUM_TIMERS 200

static void empty(void)
{
    rig_timerq queue = {0};
    rig_timer timer = {0};
    CU_ASSERT_EQUAL(rig_timerq_next(&queue), RIG_NEVER);
    CU_ASSERT_PTR_NULL(rig_timerq_pop(&queue, RIG_NEVER));
    rig_timerq_disarm(&queue, &timer);
    rig_timerq_arm(&queue, &timer, RIG_NEVER);
    CU_ASSERT_FALSE(timer.armed);
    CU_ASSERT_EQUAL(queue.num_armed, 0);
}

static void due_only(void)
{
    rig_timerq queue = {0};
    rig_timer timer = {0};
    rig_timerq_arm(&queue, &timer, 10);
    CU_ASSERT_PTR_NULL(rig_timerq_pop(&queue, 9));
    CU_ASSERT_EQUAL(rig_timerq_next(&queue), 10);
    CU_ASSERT_PTR_EQUAL(rig_timerq_pop(&queue, 10), &timer);
    CU_ASSERT_FALSE(timer.armed);
    CU_ASSERT_EQUAL(rig_timerq_next(&queue), RIG_NEVER);
}

static void ties_in_order(void)
{
    static rig_timer timers[NUM_TIMERS];
    rig_timerq queue = {0};
    for (unsigned i = 0; i < NUM_TIMERS; i++)
        rig_timerq_arm(&queue, &timers[i], 5);
    rig_timerq_arm(&queue, &timers[0], 5);
    for (unsigned i = 1; i <= NUM_TIMERS; i++)
        CU_ASSERT_PTR_EQUAL(rig_timerq_pop(&queue, 5), &timers[i % NUM_TIMERS]);
}

static rig_timer *earliest(rig_timer *timers)
{
    rig_timer *best = NULL;
    for (unsigned i = 0; i < NUM_TIMERS; i++) {
        rig_timer *timer = &timers[i];
        if (timer->armed &&
            (!best || timer->at < best->at || (timer->at == best->at && timer->order < best->order)))
            best = timer;
    }
    return best;
}

/* Arms, moves, disarms and pops at random beside a linear search. */
static void against_a_list(void)
{
    static rig_timer timers[NUM_TIMERS];
    rig_timerq queue = {0};
    rig_draws draws = {.seed = 3};
    uint64_t armed = 0;
    for (uint64_t i = 0; i < 20000; i++) {
        uint64_t drawn = rig_draw(&draws, "timer", i);
        rig_timer *timer = &timers[drawn % NUM_TIMERS];
        if (drawn >> 32 & 3) {
            armed += !timer->armed;
            rig_timerq_arm(&queue, timer, drawn >> 40 & 0xff);
        } else if (drawn >> 34 & 1) {
            armed -= timer->armed;
            rig_timerq_disarm(&queue, timer);
        } else {
            rig_timer *wanted = earliest(timers);
            CU_ASSERT_PTR_EQUAL(rig_timerq_pop(&queue, RIG_NEVER - 1), wanted);
            armed -= wanted != NULL;
        }
        rig_timer *first = earliest(timers);
        CU_ASSERT_EQUAL(rig_timerq_next(&queue), first ? first->at : RIG_NEVER);
        CU_ASSERT_EQUAL(queue.num_armed, armed);
    }
}

RIG_SUITE("timerq", {"an empty queue", empty}, {"only due timers", due_only},
          {"ties fire as armed", ties_in_order}, {"random work against a list", against_a_list})
