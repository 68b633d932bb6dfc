/* One case from its set-up to its verdict. */
#include "world.h"

#include <unistd.h>

#define DRAIN (5 * RIG_SECOND) /* of virtual time for what is still on its way after the last step */
#define REAL_TIMEOUT (60 * RIG_SECOND)
#define DRAIN_REAL (200 * RIG_MILLISECOND)
#define QUIET_OURS (10 * RIG_MILLISECOND) /* of real time without a packet that end it early */
#define QUIET_PEER (50 * RIG_MILLISECOND)

static const run_drive *const drives[] = {
    [RIG_RUN_SIM] = &run_drive_sim,
    [RIG_RUN_TCP] = &run_drive_tcp,
    [RIG_RUN_TARGET] = &run_drive_target,
    [RIG_RUN_INITIATOR] = &run_drive_initiator,
};

/* ---- set-up ---- */

static rig_status build(run_world *world, rig_error *err)
{
    bool target = world->config->mode != RIG_RUN_TARGET;
    bool initiator = world->config->mode != RIG_RUN_INITIATOR;
    world->results = rig_new(world->alloc, (world->scn->num_results + 1) * sizeof(run_op *));
    world->read_ahead = rig_new(world->alloc, RUN_READ_AHEAD);
    world->target_read_ahead = rig_new(world->alloc, RUN_READ_AHEAD);
    if (!world->results || !world->read_ahead || !world->target_read_ahead)
        return rig_fail(err, RIG_E_NOMEM, "no memory for the run");
    rig_status status = world->drive->open(world, err);
    if (!status && target)
        status =
            run_plays_side(world->scn, true) ? run_plays_listen(world, err) : run_build_target(world, err);
    if (!status)
        status = run_build_isns(world, err);
    if (!status)
        status = run_recorder_open(world, err);
    world->recorder.engine_tells_close = initiator;
    if (!status)
        status = run_build_ipsec(world, err);
    if (!status && initiator)
        status = run_build_initiator(world, err);
    if (!status && initiator)
        status = run_build_service(world, err);
    return status ? status : run_plays_build(world, err);
}

static void tear_down(run_world *world)
{
    if (world->recorder.streams)
        rig_streams_end(world->recorder.streams);
    world->tearing_down = true;
    run_service_free(world);
    run_free_initiators(world);
    run_plays_free(world);
    rig_isns_server_free(world->isns);
    rig_target_free(world->target);
    if (world->recorder.path)
        run_ipsec_keep_keys(world, world->recorder.path);
    run_ipsec_free(world);
    world->drive->close(world);
    run_recorder_close(world);
    run_ops_free(world);
    rig_delete(world->alloc, world->results,
               world->results ? (world->scn->num_results + 1) * sizeof(run_op *) : 0);
    rig_delete(world->alloc, world->wrongs, world->wrongs ? RUN_WRONGS_MAX * sizeof *world->wrongs : 0);
    rig_delete(world->alloc, world->read_ahead, world->read_ahead ? RUN_READ_AHEAD : 0);
    rig_delete(world->alloc, world->target_read_ahead, world->target_read_ahead ? RUN_READ_AHEAD : 0);
}

/* ---- after the last step ---- */

static bool sim_is_quiet(void *ctx)
{
    run_world *world = ctx;
    return rig_simnet_next(world->net) == RIG_NEVER && run_deadline(world) > run_now(world) + DRAIN;
}

static bool go_on(run_world *world, uint64_t until)
{
    bool (*over)(void *ctx) = world->net ? sim_is_quiet : NULL;
    rig_status status = run_pump(world, over, world, until);
    return status == RIG_OK || status == RIG_E_TIMEOUT;
}

/* Until no packet came for a while. Both sides on one machine have had their turn long before that; a product
 * may be further away. What the rehearsal saw come late is waited for. */
static bool drain_sockets(run_world *world)
{
    uint64_t quiet = world->config->mode == RIG_RUN_TCP ? QUIET_OURS : QUIET_PEER;
    uint64_t now = run_now(world), least = now + world->rehearsal.tail, most = least + DRAIN_REAL;
    uint32_t frames = 0;
    bool good = true;
    while (good && now < most && (now < least || frames != world->recorder.frames)) {
        frames = world->recorder.frames;
        good = go_on(world, now + quiet > least ? now + quiet : least);
        now = run_now(world);
    }
    return good;
}

static bool drain(run_world *world)
{
    return world->net ? go_on(world, run_now(world) + DRAIN) : drain_sockets(world);
}

static rig_verdict judge(const run_world *world)
{
    if (world->result->num_findings == 0)
        return RIG_VERDICT_PASS;
    bool own = world->result->findings[0].kind == RIG_FINDING_STEP;
    return world->scn->level == RIG_SCN_MUST || own ? RIG_VERDICT_FAIL : RIG_VERDICT_LOOSE;
}

rig_match_config run_match_config(const run_world *world)
{
    return (rig_match_config){.slack_percent = world->net ? 0 : 10,
                              .norms_only = world->config->mode >= RIG_RUN_TARGET,
                              .chap = run_chap,
                              .partial = world->result->num_findings > 0,
                              .aliases = world->aliases,
                              .num_aliases = world->num_aliases};
}

static rig_status match(run_world *world)
{
    const rig_match_config config = run_match_config(world);
    const rig_facts facts = run_facts(world);
    rig_status status = rig_match(&config, &facts, world->result);
    if (!status && world->prove)
        status = rig_prove_expect(&config, &facts, world->result, world->prove, world->prove_ctx,
                                  world->tried, world->survived);
    return status;
}

/* The host's part is steps, a product's command, or whoever comes. */
static bool host_acts(run_world *world)
{
    if (world->config->mode != RIG_RUN_INITIATOR)
        return run_steps(world);
    return world->config->command ? run_peer_command(world) : run_plays_serve(world);
}

static rig_status play(run_world *world)
{
    rig_error error = {0};
    rig_status status = build(world, &error);
    if (status) {
        rig_scn_place place = {.file = error.file, .line = error.line, .col = error.col};
        rig_finding *finding = rig_result_finding(world->result, RIG_FINDING_SETUP, place,
                                                  error.text[0] ? error.text : rig_status_meaning(status));
        world->result->verdict = RIG_VERDICT_ERROR;
        return finding ? rig_result_text(world->result, &world->result->reason, rig_view_str(finding->text))
                       : RIG_E_NOMEM;
    }
    bool whole = run_plays(world) && host_acts(world) && run_program(world) && run_plays_rest(world);
    world->steps_ns = run_now(world);
    whole = whole && drain(world);
    whole = run_plays_end(world) && whole;
    if (run_breaches(world))
        world->recorder.status = RIG_E_NOMEM;
    world->result->virtual_ns = run_now(world);
    run_ipsec_judge(world);
    status = !world->settled && (whole || world->result->num_findings) ? match(world) : RIG_OK;
    if (world->recorder.status)
        status = world->recorder.status;
    if (!world->settled)
        world->result->verdict = judge(world);
    return status;
}

/* ---- the result's own facts ---- */

static const char *mode_word(rig_run_mode mode)
{
    return mode == RIG_RUN_SIM ? "sim" : mode == RIG_RUN_TCP ? "tcp" : "peer";
}

static rig_status prepare(const rig_run_config *config, const rig_scn_file *file, const char *path,
                          uint32_t index, rig_result *result)
{
    *result = (rig_result){
        .alloc = config->alloc, .file = file, .case_index = index, .mode = mode_word(config->mode)};
    result->items.alloc = config->alloc;
    result->items.max = RIG_RUN_ITEMS_MAX;
    result->seed = config->has_seed ? config->seed : rig_run_seed(path);
    rig_text link;
    rig_text_init(&link, result->link, sizeof result->link);
    rig_text_add(&link, "%s", config->link ? config->link : "");
    rig_status status = rig_result_text(result, &result->path, rig_view_str(path));
    if (!status)
        status = rig_scn_case(file, index, &result->scn, NULL);
    return status ? status : run_again(config, result);
}

static void drop_evidence(const rig_run_config *config, rig_result *result)
{
    bool failed = rig_verdict_failed(result->verdict) || result->verdict == RIG_VERDICT_LOOSE;
    if (result->capture && config->keep == RIG_RUN_KEEP_FAILED && !failed) {
        unlink(result->capture);
        run_ipsec_drop_keys(result->capture);
        rig_delete(config->alloc, result->capture, strlen(result->capture) + 1);
        result->capture = NULL;
    }
    if (!failed && !config->keep_items)
        rig_items_cleanup(&result->items);
}

/* What is left to be set before a case is built. */
static void begin(run_world *world)
{
    const rig_result *result = world->result;
    uint64_t timeout = world->config->timeout ? world->config->timeout : REAL_TIMEOUT;
    world->scn = result->scn;
    world->draws.seed = run_draws_seed(result);
    world->real_limit = run_real_now() + timeout;
}

static rig_status rehearse(run_world *world, const rig_scn_file *file, const char *path, uint32_t index)
{
    const rig_run_config scratch = {.alloc = world->alloc, .keep = RIG_RUN_KEEP_NEVER};
    rig_result result;
    run_world trial = {
        .config = &scratch, .drive = drives[RIG_RUN_SIM], .result = &result, .alloc = scratch.alloc};
    run_rehearsal *rehearsal = &world->rehearsal;
    rig_status status = prepare(&scratch, file, path, index, &result);
    rehearsal->steps = run_passes(world->result->scn);
    if (!status && !rig_run_why_not(&scratch, result.scn)) {
        begin(&trial);
        status = play(&trial);
        uint64_t last = result.items.num ? result.items.ptr[result.items.num - 1].time : 0;
        rehearsal->steps = trial.steps_ns;
        rehearsal->tail = last > trial.steps_ns ? last - trial.steps_ns : 0;
        tear_down(&trial);
    }
    rig_result_cleanup(&result);
    return status;
}

/* Real time is not spent on waiting: the simulated network has told how much there would be. */
static rig_status why_skip(run_world *world, const rig_scn_file *file, const char *path, uint32_t index,
                           rig_text *out_reason)
{
    const rig_run_config *config = world->config;
    const char *reason = rig_run_why_not(config, world->result->scn);
    if (reason)
        rig_text_add(out_reason, "%s", reason);
    if (reason || config->at_length || (config->mode != RIG_RUN_TCP && config->mode != RIG_RUN_TARGET))
        return RIG_OK;
    rig_status status = rehearse(world, file, path, index);
    run_waits_too_long(world->rehearsal.steps + world->rehearsal.tail, out_reason);
    return status;
}

static rig_status run(run_world *world, const rig_scn_file *file, const char *path, uint32_t index)
{
    const rig_run_config *config = world->config;
    rig_result *result = world->result;
    char reason[128] = "";
    rig_text text;
    rig_text_init(&text, reason, sizeof reason);
    rig_status status = prepare(config, file, path, index, result);
    if (!status)
        status = why_skip(world, file, path, index, &text);
    if (status)
        return status;
    if (reason[0]) {
        result->verdict = RIG_VERDICT_SKIP;
        return rig_result_text(result, &result->reason, rig_view_str(reason));
    }
    uint64_t began = run_real_now();
    begin(world);
    status = play(world);
    tear_down(world);
    result->real_ns = run_real_now() - began;
    drop_evidence(config, result);
    return status;
}

rig_status rig_run_case(const rig_run_config *config, const rig_scn_file *file, const char *path,
                        uint32_t case_index, rig_result *out_result)
{
    run_world world = {
        .config = config, .drive = drives[config->mode], .result = out_result, .alloc = config->alloc};
    return run(&world, file, path, case_index);
}

/* What only building a case can tell: links, keys and their ranges, names, sizes. */
/* A case may be about just that: a login whose configuration is refused, as its result then says. */
static bool expects_refusal(const rig_scn *scn, rig_status status)
{
    for (uint32_t i = 0; i < scn->num_musts; i++) {
        const rig_scn_must *must = &scn->musts[i];
        bool outcome = must->kind == RIG_SCN_M_RESULT && must->op == RIG_SCN_OP_EQ && must->member.len == 0;
        if (outcome && rig_view_is(must->value.text, rig_status_name(status)))
            return true;
    }
    return false;
}

static rig_status try_to_build(run_world *world, rig_error *err)
{
    rig_session_config config;
    rig_session *session = NULL;
    rig_status status = build(world, err);
    if (!status)
        status = run_session_config(world, &config, err);
    if (status)
        return status;
    config.discovery = true;
    status = rig_session_new(world->initiator, &config, &session, err);
    return status && expects_refusal(world->scn, status) ? RIG_OK : status;
}

rig_status rig_run_check(const rig_run_config *config, const rig_scn_file *file, const char *path,
                         uint32_t case_index, rig_error *err)
{
    const rig_run_config scratch = {.alloc = config->alloc, .keep = RIG_RUN_KEEP_NEVER, .link = config->link};
    rig_result result;
    run_world world = {
        .config = &scratch, .drive = drives[RIG_RUN_SIM], .result = &result, .alloc = scratch.alloc};
    rig_status status = prepare(&scratch, file, path, case_index, &result);
    if (!status && !rig_run_why_not(&scratch, result.scn)) {
        world.scn = result.scn;
        status = try_to_build(&world, err);
        tear_down(&world);
    }
    rig_result_cleanup(&result);
    return status;
}

rig_status rig_run_prove(const rig_run_config *config, const rig_scn_file *file, const char *path,
                         uint32_t case_index, rig_prove_fn *survivor, void *ctx, uint32_t *out_tried,
                         uint32_t *out_survived, rig_result *out_result)
{
    run_world world = {.config = config,
                       .drive = drives[config->mode],
                       .result = out_result,
                       .alloc = config->alloc,
                       .prove = survivor,
                       .prove_ctx = ctx,
                       .tried = out_tried,
                       .survived = out_survived};
    return run(&world, file, path, case_index);
}
