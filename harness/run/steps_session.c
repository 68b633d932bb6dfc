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
    const rig_scn_arg *as = run_arg(op, "as");
    rig_initiator *initiator = op->world->initiator;
    rig_status status = as ? run_initiator_named(op->world, as->value.text, &initiator, err) : RIG_OK;
    config->user = op;
    op->portal = config->portal;
    op->initiator = initiator;
    if (!status)
        status = rig_session_new(initiator, config, &op->session, err);
    if (!status)
        status = rig_session_login(op->session, run_now(op->world));
    bool refused = status == RIG_E_ARGUMENT || status == RIG_E_LIMIT || status == RIG_E_UNREACHABLE;
    if (!refused || op->step->result == RIG_SCN_NO_VAR)
        return status;
    run_op_done(op, rig_status_name(status), true); /* before anything was sent */
    return RIG_OK;
}

/* A product's target takes the place of the one that the scenario has; a name it does not have stays as it
 * is. */
static rig_view target_name(const run_op *op)
{
    const run_world *world = op->world;
    const rig_run_url *url = world->config->url;
    const rig_scn_target *target = &world->scn->target;
    rig_view name = run_arg(op, "IQN")->value.text;
    bool ours = target->num_nodes == 0 || rig_view_eq(name, target->nodes[0].name);
    return url && url->target[0] && ours ? rig_view_str(url->target) : name;
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
    config.target = target_name(op);
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

/* What was told already, by hash: an answer may name a target or an address twice (appendix C). */
typedef struct seen_set {
    const rig_alloc *alloc;
    uint64_t *slots;
    size_t num_slots; /* a power of two, at least twice what is put in */
} seen_set;

static bool seen_open(seen_set *seen, rig_view text)
{
    size_t pairs = 1;
    for (size_t i = 0; i < text.len; i++)
        pairs += text.ptr[i] == 0;
    seen->num_slots = 16;
    while (seen->num_slots < pairs * 4)
        seen->num_slots *= 2;
    seen->slots = rig_new(seen->alloc, seen->num_slots * sizeof *seen->slots);
    return seen->slots != NULL;
}

static bool seen_before(seen_set *seen, uint64_t hash)
{
    hash += hash == 0;
    for (size_t at = hash & (seen->num_slots - 1);; at = (at + 1) & (seen->num_slots - 1)) {
        if (seen->slots[at] == hash)
            return true;
        if (seen->slots[at] == 0) {
            seen->slots[at] = hash;
            return false;
        }
    }
}

/* One event a record; the address is missing where the answer gave none. */
static void tell_target(run_op *op, seen_set *seen, const rig_target_record *record)
{
    char address[RIG_PORTAL_TEXT] = "";
    rig_text out;
    uint64_t name_hash = rig_hash64(record->name.ptr, record->name.len, 0);
    rig_text_init(&out, address, sizeof address);
    if (record->has_portal)
        rig_portal_print(&out, &record->portal);
    op->count += !seen_before(seen, name_hash);
    if (!seen_before(seen, rig_hash64(address, out.len, name_hash)))
        run_event(op->world, "target-found", "name=%.*s%s%s", RIG_VIEW_ARG(record->name),
                  record->has_portal ? " address=" : "", address);
}

/* RIG_OK at the end of an answer that keeps to appendix C. */
static rig_status tell_targets(run_op *op, rig_view text)
{
    rig_view name = {0};
    rig_target_record record;
    seen_set seen = {.alloc = op->world->alloc};
    if (!seen_open(&seen, text))
        return RIG_E_NOMEM;
    rig_status status = RIG_OK;
    while (status == RIG_OK || status == RIG_E_UNSUPPORTED) {
        status = rig_sendtargets_next(&text, &name, &record, NULL);
        if (status == RIG_OK)
            tell_target(op, &seen, &record);
        else if (status == RIG_E_UNSUPPORTED)
            run_event(op->world, "ignored", "reason=%s", rig_status_name(status));
    }
    rig_delete(seen.alloc, seen.slots, seen.num_slots * sizeof *seen.slots);
    return status == RIG_E_NOT_FOUND ? RIG_OK : status;
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
        op->answer = tell_targets(op, task->text);
        run_discover_next(op, now);
        return;
    }
    run_op_done(op, rig_status_name(op->answer), op->answer != RIG_OK);
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

/* The attempt is begun; an event tells its end. */
rig_status run_start_login_again(run_op *op, rig_error *err)
{
    op->session = run_session_of(op, "$session");
    if (!op->session)
        return rig_fail(err, RIG_E_STATE, "no session is open");
    rig_status status = rig_session_login(op->session, run_now(op->world));
    if (!status)
        run_op_done(op, "ok", false);
    return status;
}

rig_status run_start_logout(run_op *op, rig_error *err)
{
    op->task.kind = RIG_TASK_LOGOUT;
    return run_submit(op, run_session_of(op, "$session"), err);
}

rig_status run_start_add_connection(run_op *op, rig_error *err)
{
    rig_status status = portal_arg(op, "ADDR:PORT", &op->portal, err);
    op->session = run_session_of(op, "on");
    if (!status && !op->session)
        return rig_fail(err, RIG_E_STATE, "no session is open");
    if (!status)
        status = rig_session_add_connection(op->session, &op->portal, run_now(op->world));
    if (status != RIG_E_LIMIT)
        return status;
    run_op_done(op, rig_status_name(status), true); /* MaxConnections: nothing is to be seen on the wire */
    return RIG_OK;
}

rig_status run_start_close_connection(run_op *op, rig_error *err)
{
    op->task.kind = RIG_TASK_LOGOUT;
    op->task.reason = 1;
    op->task.cid = (uint16_t)run_number(op, "CID", 0);
    return run_submit(op, run_session_of(op, "on"), err);
}
