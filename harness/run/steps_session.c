/* Steps that open, use and end sessions. */
#include "world.h"

/* On sockets the target is where it really listens, whatever the scenario calls it. */
static rig_status portal_arg(run_op *op, const char *name, rig_portal *out_portal, rig_error *err)
{
    const rig_scn_arg *arg = run_arg(op, name);
    const run_world *world = op->world;
    *out_portal = world->portal;
    if (!arg || world->config->mode == RIG_RUN_TARGET)
        return RIG_OK;
    for (uint32_t i = 0; i < world->num_aliases; i++)
        if (rig_view_eq(world->aliases[i].written, arg->value.text)) {
            *out_portal = world->alias_portals[i];
            return RIG_OK;
        }
    return rig_portal_parse(arg->value.text, out_portal, err);
}

static rig_status start_session(run_op *op, rig_session_config *config, rig_error *err)
{
    config->user = op;
    op->portal = config->portal;
    rig_status status = rig_session_new(op->world->initiator, config, &op->session, err);
    if (!status)
        status = rig_session_login(op->session, run_now(op->world));
    return status;
}

rig_status run_start_login(run_op *op, rig_error *err)
{
    rig_session_config config;
    const rig_scn_arg *offer = run_arg(op, "offer");
    rig_status status = run_session_config(op->world, &config, err);
    if (!status)
        status = portal_arg(op, "at", &config.portal, err);
    if (!status && offer)
        status = run_offers(offer->pairs, offer->num_pairs, &config, err);
    if (status)
        return status;
    const rig_run_url *url = op->world->config->url;
    config.target = url && url->target[0] ? rig_view_str(url->target) : run_arg(op, "IQN")->value.text;
    status = start_session(op, &config, err);
    op->world->session = op->session;
    return status;
}

rig_status run_start_discover(run_op *op, rig_error *err)
{
    rig_session_config config;
    rig_status status = run_session_config(op->world, &config, err);
    config.discovery = true;
    config.reconnect = false;
    if (!status)
        status = portal_arg(op, "ADDR:PORT", &config.portal, err);
    return status ? status : start_session(op, &config, err);
}

/* One event a record; the address is missing where the answer gave none. */
static void tell_targets(run_op *op, rig_view text)
{
    rig_view name = {0};
    rig_target_record record;
    char last[RIG_NAME_MAX + 1] = "";
    while (rig_sendtargets_next(&text, &name, &record, NULL) == RIG_OK) {
        char address[RIG_PORTAL_TEXT];
        rig_text out;
        rig_text_init(&out, address, sizeof address);
        if (record.has_portal)
            rig_portal_print(&out, &record.portal);
        op->count += !rig_view_is(record.name, last);
        rig_text_init(&out, last, sizeof last);
        rig_text_view(&out, record.name);
        run_event(op->world, "target-found", "name=%.*s%s%s", RIG_VIEW_ARG(record.name),
                  record.has_portal ? " address=" : "", record.has_portal ? address : "");
    }
}

static void discover_task_done(rig_task *task, uint64_t now)
{
    run_op *op = task->user;
    if (op->done)
        return;
    if (task->status) {
        run_op_done(op, run_task_outcome(task), true);
        return;
    }
    if (task->kind == RIG_TASK_TEXT) {
        rig_gather_add(&op->text, op->world->alloc, task->text, RIG_TEXT_ANSWER_MAX);
        tell_targets(op, task->text);
        run_discover_next(op, now);
        return;
    }
    run_op_done(op, "ok", false);
}

/* Logged in: ask; answered: log out (RFC 7143 section 4.3). */
void run_discover_next(run_op *op, uint64_t now)
{
    static const rig_task_kind kinds[] = {RIG_TASK_TEXT, RIG_TASK_LOGOUT};
    const rig_scn_arg *target = run_arg(op, "target");
    rig_task *task = &op->task;
    *task = (rig_task){.kind = kinds[op->stage++], .done = discover_task_done, .user = op};
    if (task->kind == RIG_TASK_TEXT) {
        rig_text key;
        rig_text_init(&key, (char *)op->cdb, sizeof op->cdb);
        rig_text_add(&key, "SendTargets=%.*s", target ? (int)target->value.text.len : 3,
                     target ? (const char *)target->value.text.ptr : "All");
        op->iov = (struct iovec){op->cdb, key.len + 1};
        task->out = &op->iov;
        task->num_out = 1;
    }
    rig_status status = rig_session_submit(op->session, task, now);
    if (status)
        run_op_done(op, rig_status_name(status), true);
}

rig_status run_start_logout(run_op *op, rig_error *err)
{
    op->task.kind = RIG_TASK_LOGOUT;
    return run_submit(op, run_session_of(op, "$session"), err);
}
