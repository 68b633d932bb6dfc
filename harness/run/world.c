/* Time: the earliest of the network's events, both sides' deadlines and the step's own. */
#include "world.h"

#include <time.h>

#define TURNS_PER_LOOK 256 /* at the real clock, which guards against cases that never end */

uint64_t run_real_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * RIG_SECOND + (uint64_t)t.tv_nsec;
}

uint64_t run_now(run_world *world)
{
    return world->drive->now(world);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t run_deadline(const run_world *world)
{
    uint64_t next = run_plays_deadline(world);
    for (uint32_t i = 0; i < world->num_initiators; i++)
        next = earlier(next, rig_initiator_next_deadline(world->initiators[i]));
    if (world->target)
        next = earlier(next, rig_target_next_deadline(world->target));
    if (world->service)
        next = earlier(next, rig_service_next_deadline(world->service));
    return next;
}

rig_status run_tick(run_world *world, uint64_t now)
{
    if (world->target && rig_target_next_deadline(world->target) <= now)
        rig_target_tick(world->target, now);
    for (uint32_t i = 0; i < world->num_initiators; i++)
        if (rig_initiator_next_deadline(world->initiators[i]) <= now)
            rig_initiator_tick(world->initiators[i], now);
    if (world->service && rig_service_next_deadline(world->service) <= now)
        rig_service_tick(world->service, now);
    run_plays_tick(world, now);
    return world->recorder.status;
}

/* Lets the case go on until it is over, or virtual or real time is. RIG_E_TIMEOUT at the deadline. */
rig_status run_pump(run_world *world, bool (*over)(void *ctx), void *ctx, uint64_t deadline)
{
    while (!over || !over(ctx)) {
        uint64_t now = run_now(world);
        if (world->config->stop && *world->config->stop)
            return RIG_E_ABORTED;
        bool look = ++world->turns % TURNS_PER_LOOK == 0;
        world->result->timed_out |= look && run_real_now() > world->real_limit;
        if (world->result->timed_out)
            return RIG_E_LIMIT;
        if (now >= deadline)
            return RIG_E_TIMEOUT;
        rig_status status = world->drive->advance(world, deadline);
        if (status)
            return status;
    }
    return RIG_OK;
}
