/* The same case over real sockets, under real time: both sides ours, or one of them somebody else's. */
#include "world.h"

#include <signal.h>

static rig_status socket_open(run_world *world, bool tee_at_target, rig_error *err)
{
    rig_status status = rig_loop_new(world->alloc, &world->loop);
    if (status)
        return rig_fail(err, status, "no event loop");
    const rig_transport *sockets = rig_loop_transport(world->loop);
    status = run_tee_new(world, sockets, tee_at_target, &world->tee);
    if (status)
        return rig_fail(err, status, "no memory for the run");
    world->host_transport = tee_at_target ? sockets : run_tee_transport(world->tee);
    world->target_transport = tee_at_target ? run_tee_transport(world->tee) : sockets;
    return RIG_OK;
}

static rig_status tcp_open(run_world *world, rig_error *err)
{
    return socket_open(world, false, err);
}

static rig_status target_open(run_world *world, rig_error *err)
{
    world->portal = world->config->url->portal;
    run_target_keep(world);
    return socket_open(world, false, err);
}

static rig_status initiator_open(run_world *world, rig_error *err)
{
    return socket_open(world, true, err);
}

static void socket_close(run_world *world)
{
    if (world->child && !world->child_done)
        rig_child_kill(world->child, SIGKILL);
    rig_loop_free(world->loop);
    run_tee_free(world->tee);
    world->loop = NULL;
    world->tee = NULL;
}

static uint64_t socket_now(run_world *world)
{
    return world->loop ? rig_loop_now(world->loop) : 0;
}

static rig_status socket_advance(run_world *world, uint64_t until)
{
    uint64_t deadline = run_deadline(world);
    rig_status status = rig_loop_run_once(world->loop, deadline < until ? deadline : until);
    return status ? status : run_tick(world, socket_now(world));
}

const run_drive run_drive_tcp = {"tcp", tcp_open, socket_close, socket_now, socket_advance};
const run_drive run_drive_target = {"peer", target_open, socket_close, socket_now, socket_advance};
const run_drive run_drive_initiator = {"peer", initiator_open, socket_close, socket_now, socket_advance};
