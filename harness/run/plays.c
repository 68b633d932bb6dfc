/* Literal scripts in a case: each initiator's block is played to its end before the steps, or beside them
 * when a step begins it; the targets' blocks stand in for our target while the steps run. */
#include "world.h"

#include "rig/player.h"

#define LISTENERS_MAX 16               /* portals of a played target */
#define PLAY_PATIENCE (4 * RIG_SECOND) /* of real time without a packet that end a play */

struct run_plays {
    rig_player **players;
    uint32_t num;
    rig_listener *listeners[LISTENERS_MAX];
    uint32_t num_listeners;
    uint32_t accepted; /* connections that played targets have taken */
    bool begun;        /* by a step */
    rig_match_config match;
};

bool run_plays_side(const rig_scn *scn, bool target)
{
    for (uint32_t i = 0; i < scn->num_plays; i++)
        if (scn->plays[i].target == target)
            return true;
    return false;
}

/* ---- can this mode play it? ---- */

const char *run_plays_why_not(const rig_run_config *config, const rig_scn *scn)
{
    if (config->mode == RIG_RUN_TARGET && run_plays_side(scn, true))
        return "its script plays the target itself";
    if (config->mode == RIG_RUN_INITIATOR && run_plays_side(scn, false))
        return "its script plays the initiator itself";
    if (config->mode != RIG_RUN_TARGET || config->allow_writes)
        return NULL;
    for (uint32_t i = 0; i < scn->num_plays; i++)
        if (rig_player_writes(&scn->plays[i]))
            return "writes to a real target need --allow-writes";
    return NULL;
}

/* ---- set-up ---- */

static rig_status plays_new(run_world *world)
{
    if (!world->plays)
        world->plays = rig_new(world->alloc, sizeof *world->plays);
    return world->plays ? RIG_OK : RIG_E_NOMEM;
}

static rig_player *player_of(run_world *world, uint32_t connection)
{
    uint32_t first = 0;
    for (uint32_t i = 0; i < world->plays->num; i++) {
        if (!world->scn->plays[i].target)
            continue;
        uint32_t num = rig_player_connections(&world->scn->plays[i]);
        if (connection - first < num)
            return world->plays->players[i];
        first += num;
    }
    return NULL;
}

static bool accept_next(void *ctx, rig_stream *stream, rig_stream_user *out_user, uint64_t now)
{
    run_world *world = ctx;
    rig_player *player = player_of(world, world->plays->accepted);
    if (!player || !rig_player_accept(player, stream, out_user, now))
        return false;
    world->plays->accepted++;
    return true;
}

static rig_status listen_at(run_world *world, rig_view address, uint16_t port, rig_error *err)
{
    rig_address at;
    struct run_plays *plays = world->plays;
    rig_status status = run_portal_address(world, address, port, &at, err);
    if (!status && world->config->listen && plays->num_listeners) {
        rig_bound(plays->listeners[0], &at);
        run_portal_keep(world, address, port, &at);
        return RIG_OK;
    }
    if (!status && plays->num_listeners == LISTENERS_MAX)
        status = rig_fail(err, RIG_E_LIMIT, "a played target has at most %d portals", LISTENERS_MAX);
    if (status)
        return status;
    status =
        rig_listen(world->target_transport, &at, accept_next, world, &plays->listeners[plays->num_listeners]);
    if (status)
        return rig_fail(err, status, "cannot listen: %s", rig_status_meaning(status));
    rig_bound(plays->listeners[plays->num_listeners++], &at);
    run_portal_keep(world, address, port, &at);
    return RIG_OK;
}

rig_status run_plays_listen(run_world *world, rig_error *err)
{
    const rig_scn_target *target = &world->scn->target;
    rig_status status = plays_new(world);
    if (!status && target->num_portals == 0)
        return listen_at(world, rig_view_str(RIG_TARGET_ADDRESS), RIG_PORT, err);
    for (uint32_t i = 0; i < target->num_portals && !status; i++)
        status = listen_at(world, target->portals[i].address, target->portals[i].port, err);
    return status;
}

static rig_status add_player(run_world *world, const rig_scn_play *play, uint32_t first, rig_error *err)
{
    const rig_scn_target *target = &world->scn->target;
    const rig_run_url *url = world->config->url;
    rig_player_config config = {
        .alloc = world->alloc,
        .transport = play->target ? world->target_transport : world->host_transport,
        .portal = world->portal,
        .only_portal = world->config->mode == RIG_RUN_TARGET,
        .read_ahead = {play->target ? world->target_read_ahead : world->read_ahead, RUN_READ_AHEAD},
        .play = play,
        .match = &world->plays->match,
        .result = world->result,
        .first_connection = first,
    };
    if (url && world->config->mode == RIG_RUN_TARGET) {
        config.target = target->num_nodes ? target->nodes[0].name : (rig_view){0};
        config.real_target = rig_view_str(url->target);
        config.real_lun = url->lun;
    }
    rig_status status = rig_player_check(play, first, err);
    if (!status)
        status = rig_player_new(&config, &world->plays->players[world->plays->num]);
    world->plays->num += !status;
    world->result->num_expectations += play->num_lines;
    return status;
}

rig_status run_plays_build(run_world *world, rig_error *err)
{
    uint32_t first[2] = {0, 0};
    const rig_scn *scn = world->scn;
    rig_status status = scn->num_plays ? plays_new(world) : RIG_OK;
    if (status || !scn->num_plays)
        return status;
    world->plays->match = run_match_config(world);
    world->plays->players = rig_new(world->alloc, scn->num_plays * sizeof(rig_player *));
    if (!world->plays->players)
        return RIG_E_NOMEM;
    for (uint32_t i = 0; i < scn->num_plays && !status; i++) {
        const rig_scn_play *play = &scn->plays[i];
        status = add_player(world, play, first[play->target], err);
        first[play->target] += rig_player_connections(play);
        if (!status && play->target)
            rig_player_start(world->plays->players[i], run_now(world));
    }
    return status;
}

void run_plays_free(run_world *world)
{
    struct run_plays *plays = world->plays;
    if (!plays)
        return;
    for (uint32_t i = 0; i < plays->num; i++)
        rig_player_free(plays->players[i]);
    for (uint32_t i = 0; i < plays->num_listeners; i++)
        rig_unlisten(plays->listeners[i]);
    rig_delete(world->alloc, plays->players,
               plays->players ? world->scn->num_plays * sizeof(rig_player *) : 0);
    rig_delete(world->alloc, plays, sizeof *plays);
    world->plays = NULL;
}

/* ---- playing ---- */

static bool play_over(void *ctx)
{
    return rig_player_over(ctx);
}

/* In real time a play does not wait as long as it would where waiting is free. */
static rig_status pump_play(run_world *world, rig_player *player)
{
    uint32_t frames;
    rig_status status;
    if (world->net)
        return run_pump(world, play_over, player, RIG_RUN_VIRTUAL_MAX);
    do {
        frames = world->recorder.frames;
        status = run_pump(world, play_over, player, run_now(world) + PLAY_PATIENCE);
    } while (status == RIG_E_TIMEOUT && frames != world->recorder.frames);
    return status;
}

static bool play_initiator(run_world *world, rig_player *player, bool begun)
{
    if (!begun)
        rig_player_start(player, run_now(world));
    rig_status status = pump_play(world, player);
    if (status)
        rig_player_finish(player, rig_status_meaning(status), run_now(world));
    return !rig_player_failed(player);
}

static bool play_initiators(run_world *world)
{
    bool whole = true, begun = world->plays->begun;
    for (uint32_t i = 0; i < world->plays->num && whole; i++) {
        if (world->scn->plays[i].target)
            continue;
        whole = play_initiator(world, world->plays->players[i], begun);
        begun = false;
    }
    return whole;
}

static bool begun_by_a_step(const rig_scn *scn)
{
    for (uint32_t i = 0; i < scn->num_steps; i++)
        if (scn->steps[i].id == RIG_SCN_STEP_BEGIN_PLAY)
            return true;
    return false;
}

rig_status run_start_begin_play(run_op *op, rig_error *err)
{
    run_world *world = op->world;
    (void)err;
    run_op_done(op, "ok", false);
    world->plays->begun = true;
    for (uint32_t i = 0; i < world->plays->num; i++) {
        if (world->scn->plays[i].target)
            continue;
        rig_player_start(world->plays->players[i], run_now(world));
        break;
    }
    return RIG_OK;
}

bool run_plays_rest(run_world *world)
{
    return !world->plays || !world->plays->begun || play_initiators(world);
}

/* Nobody but the capture tells of connections that a player ends. */
bool run_plays(run_world *world)
{
    bool tells = world->recorder.engine_tells_close;
    if (!world->plays || !run_plays_side(world->scn, false))
        return true;
    world->recorder.engine_tells_close = false;
    if (begun_by_a_step(world->scn))
        return true;
    bool whole = play_initiators(world);
    world->recorder.engine_tells_close = tells && world->scn->num_steps;
    return whole;
}

bool run_plays_end(run_world *world)
{
    bool whole = true;
    for (uint32_t i = 0; world->plays && i < world->plays->num; i++) {
        rig_player *player = world->plays->players[i];
        if (world->scn->plays[i].target)
            rig_player_finish(player, "the case ended before it came", run_now(world));
        whole = whole && !rig_player_failed(player);
        if (rig_player_status(player))
            world->recorder.status = rig_player_status(player);
    }
    return whole;
}

static bool served(void *ctx)
{
    run_world *world = ctx;
    for (uint32_t i = 0; i < world->plays->num; i++)
        if (world->scn->plays[i].target && !rig_player_over(world->plays->players[i]))
            return false;
    return true;
}

bool run_plays_serve(run_world *world)
{
    const rig_run_config *config = world->config;
    if (!world->plays || (config->listening && !config->listening(config->listening_ctx, &world->portal)))
        return false;
    return run_pump(world, served, world, RIG_RUN_VIRTUAL_MAX) == RIG_OK;
}

bool run_plays_speak(const run_world *world, bool to_target)
{
    if (!world->plays || world->tearing_down)
        return false;
    return to_target ? !world->recorder.engine_tells_close && run_plays_side(world->scn, false)
                     : run_plays_side(world->scn, true);
}

uint64_t run_plays_deadline(const run_world *world)
{
    uint64_t next = RIG_NEVER;
    for (uint32_t i = 0; world->plays && i < world->plays->num; i++) {
        uint64_t at = rig_player_next_deadline(world->plays->players[i]);
        next = at < next ? at : next;
    }
    return next;
}

void run_plays_tick(run_world *world, uint64_t now)
{
    for (uint32_t i = 0; world->plays && i < world->plays->num; i++)
        rig_player_tick(world->plays->players[i], now);
}
