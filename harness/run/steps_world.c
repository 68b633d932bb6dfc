/* Steps that act on the service, the target and the network. */
#include "world.h"

rig_status run_start_hba_load(run_op *op, rig_error *err)
{
    rig_status status = rig_service_boot(op->world->service, run_now(op->world));
    run_op_done(op, rig_status_name(status), status != RIG_OK);
    return status ? rig_fail(err, status, "the service could not start: %s", rig_status_meaning(status))
                  : RIG_OK;
}

/* Another process draws other numbers: no challenge of CHAP may come again (RFC 1994 section 2.3). */
static void draw_anew(run_world *world)
{
    world->draws.seed = rig_hash64("restart", 7, world->draws.seed);
}

rig_status run_start_restart(run_op *op, rig_error *err)
{
    run_world *world = op->world;
    draw_anew(world);
    rig_service_free(world->service);
    world->service = NULL;
    run_free_initiators(world);
    world->session = NULL;
    for (run_op *other = world->ops; other; other = other->next) {
        other->session = NULL;
        if (!other->done && other != op)
            run_op_done(other, "aborted", true);
    }
    rig_status status = run_build_initiator(world, err);
    if (!status && world->store)
        status = run_service_start(world, err);
    run_op_done(op, "ok", false);
    return status;
}

static rig_status our_target(run_op *op, rig_error *err)
{
    run_op_done(op, "ok", false);
    return op->world->target ? RIG_OK
                             : rig_fail(err, RIG_E_UNSUPPORTED, "there is no simulated target in this mode");
}

rig_status run_start_target_ping(run_op *op, rig_error *err)
{
    rig_status status = our_target(op, err);
    if (!status)
        rig_target_ping(op->world->target, run_now(op->world));
    return status;
}

rig_status run_start_target_drop(run_op *op, rig_error *err)
{
    rig_status status = our_target(op, err);
    if (!status)
        rig_target_drop(op->world->target, false, run_now(op->world));
    return status;
}

rig_status run_start_target_reset(run_op *op, rig_error *err)
{
    rig_status status = our_target(op, err);
    if (!status)
        rig_target_drop(op->world->target, true, run_now(op->world));
    return status;
}

static rig_status drop_connection(run_op *op, bool reset, rig_error *err)
{
    rig_status status = our_target(op, err);
    uint64_t cid = run_number(op, "CID", 0);
    if (!status && (cid > UINT16_MAX ||
                    !rig_target_drop_connection(op->world->target, (uint16_t)cid, reset, run_now(op->world))))
        return rig_fail(err, RIG_E_NOT_FOUND, "the target has no connection with that CID");
    return status;
}

rig_status run_start_target_drop_connection(run_op *op, rig_error *err)
{
    return drop_connection(op, false, err);
}

rig_status run_start_target_reset_connection(run_op *op, rig_error *err)
{
    return drop_connection(op, true, err);
}

rig_status run_start_target_release(run_op *op, rig_error *err)
{
    rig_status status = our_target(op, err);
    if (!status)
        rig_target_release(op->world->target, run_arg(op, "NAME")->value.text, run_now(op->world));
    return status;
}

rig_status run_start_target_silence(run_op *op, rig_error *err)
{
    rig_status status = our_target(op, err);
    if (!status)
        rig_target_fault_on(op->world->target, RIG_FAULT_SILENCE);
    return status;
}

rig_status run_start_target_shut(run_op *op, rig_error *err)
{
    rig_status status = our_target(op, err);
    if (!status)
        rig_target_shut(op->world->target);
    return status;
}

rig_status run_start_target_open(run_op *op, rig_error *err)
{
    rig_status status = our_target(op, err);
    return status ? status : rig_target_open(op->world->target);
}

rig_status run_start_target_ask_logout(run_op *op, rig_error *err)
{
    rig_status status = our_target(op, err);
    uint64_t seconds = run_number(op, "T", 0) / RIG_SECOND;
    if (status)
        return status;
    if (seconds > UINT16_MAX || seconds * RIG_SECOND != run_number(op, "T", 0))
        return rig_fail(err, RIG_E_ARGUMENT, "a logout has 0 to %d seconds, and no parts of one", UINT16_MAX);
    rig_target_ask_logout(op->world->target, (uint16_t)seconds, run_now(op->world));
    return RIG_OK;
}

static rig_view notice_data(const run_op *op, uint8_t room[RIG_TARGET_NOTICE_MAX])
{
    const rig_scn_arg *arg = run_arg(op, "data");
    if (!arg || arg->data.kind == RIG_SCN_DATA_BYTES)
        return arg ? arg->data.bytes : (rig_view){0};
    size_t len = arg->data.len < RIG_TARGET_NOTICE_MAX ? arg->data.len : RIG_TARGET_NOTICE_MAX;
    memset(room, 0, len);
    if (arg->data.kind == RIG_SCN_DATA_PATTERN)
        rig_scn_pattern_fill(room, len, arg->data.seed, 0);
    return rig_view_of(room, len);
}

rig_status run_start_target_notify(run_op *op, rig_error *err)
{
    uint8_t room[RIG_TARGET_NOTICE_MAX];
    rig_status status = our_target(op, err);
    if (status)
        return status;
    rig_target_notice notice = {
        .event = (uint8_t)run_number(op, "EVENT", 0),
        .vendor_code = (uint8_t)run_number(op, "vcode", 0),
        .seconds = (uint16_t)(run_number(op, "limit", 0) / RIG_SECOND),
        .data = notice_data(op, room),
    };
    status = rig_target_notify(op->world->target, &notice, run_now(op->world));
    return status ? rig_fail(err, status,
                             "a target tells of negotiation-request with a limit, or of 248 to 255 with a "
                             "vcode, and at most %d bytes of data",
                             RIG_TARGET_NOTICE_MAX)
                  : RIG_OK;
}

static rig_status node_of(run_op *op, rig_target_node **out_node, rig_error *err)
{
    rig_status status = our_target(op, err);
    if (status)
        return status;
    *out_node = rig_target_node_find(op->world->target, run_arg(op, "IQN")->value.text);
    return *out_node ? RIG_OK : rig_fail(err, RIG_E_NOT_FOUND, "the target has no node of that name");
}

rig_status run_start_target_refuse(run_op *op, rig_error *err)
{
    rig_target_node *node = NULL;
    rig_status status = node_of(op, &node, err);
    if (!status)
        rig_target_node_refuse(node, (uint16_t)run_number(op, "LOGIN-STATUS", 0));
    return status;
}

rig_status run_start_target_admit(run_op *op, rig_error *err)
{
    rig_target_node *node = NULL;
    rig_status status = node_of(op, &node, err);
    if (!status)
        rig_target_node_refuse(node, 0);
    return status;
}

rig_status run_start_target_redirect(run_op *op, rig_error *err)
{
    rig_target_node *node = NULL;
    rig_status status = node_of(op, &node, err);
    return status ? status
                  : rig_target_node_redirect(node, run_arg(op, "HOST:PORT")->value.text, -1,
                                             run_arg(op, "permanent") != NULL, err);
}

static rig_status set_host_down(run_op *op, bool down, rig_error *err)
{
    run_op_done(op, "ok", false);
    if (!op->world->target_host)
        return rig_fail(err, RIG_E_UNSUPPORTED, "there is no simulated network in this mode");
    rig_simhost_down(op->world->target_host, down);
    return RIG_OK;
}

rig_status run_start_host_down(run_op *op, rig_error *err)
{
    return set_host_down(op, true, err);
}

rig_status run_start_host_up(run_op *op, rig_error *err)
{
    return set_host_down(op, false, err);
}
