/* Time: the earliest of the network's events, both sides' deadlines and the step's own. */
#include "world.h"

#include <time.h>

#define TURNS_PER_LOOK 256         /* at the real clock, which guards against cases that never end */
#define NAP (50 * RIG_MILLISECOND) /* longest wait for sockets before the stop flag is looked at again */

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
    if (world->isns)
        next = earlier(next, rig_isns_server_next_deadline(world->isns));
    next = earlier(next, run_ipsec_deadline(world));
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
    if (world->isns && rig_isns_server_next_deadline(world->isns) <= now)
        rig_isns_server_tick(world->isns, now);
    run_ipsec_tick(world, now);
    if (world->service && rig_service_next_deadline(world->service) <= now)
        rig_service_tick(world->service, now);
    run_plays_tick(world, now);
    return world->recorder.status;
}

/* Under virtual time a turn takes microseconds, and a look at the clock as long as many of them. */
static bool out_of_real_time(run_world *world)
{
    bool look = !world->net || ++world->turns % TURNS_PER_LOOK == 0;
    world->result->timed_out |= look && run_real_now() >= world->real_limit;
    return world->result->timed_out;
}

/* How far one turn may go. Sockets are waited for in naps: a signal's handler only sets the stop flag,
 * because a loop that took the signal over would leave its default behind when the case ends. */
static uint64_t turn_end(const run_world *world, uint64_t now, uint64_t deadline)
{
    if (world->net)
        return deadline;
    uint64_t real = run_real_now();
    uint64_t left = world->real_limit > real ? world->real_limit - real : 0;
    return earlier(deadline, now + earlier(left, NAP));
}

/* Lets the case go on until it is over, or virtual or real time is. RIG_E_TIMEOUT at the deadline,
 * RIG_E_LIMIT when real time is over, RIG_E_ABORTED when it was stopped. */
rig_status run_pump(run_world *world, bool (*over)(void *ctx), void *ctx, uint64_t deadline)
{
    while (!over || !over(ctx)) {
        uint64_t now = run_now(world);
        if (world->config->stop && *world->config->stop)
            return RIG_E_ABORTED;
        if (out_of_real_time(world))
            return RIG_E_LIMIT;
        if (now >= deadline)
            return RIG_E_TIMEOUT;
        rig_status status = world->drive->advance(world, turn_end(world, now, deadline));
        if (status)
            return status;
    }
    return RIG_OK;
}
