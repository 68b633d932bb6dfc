/* The host's steps: one function a step, started here and ended by an event, a task's end or its deadline. */
#include "world.h"

#include <strings.h>

typedef rig_status start_fn(run_op *op, rig_error *err);

static const rig_scn_arg *arg_of(const run_op *op, const char *name)
{
    return rig_scn_step_arg(op->step, name);
}

static uint64_t number_of(const run_op *op, const char *name, uint64_t otherwise)
{
    const rig_scn_arg *arg = arg_of(op, name);
    return arg ? arg->value.number : otherwise;
}

static rig_session *session_of(const run_op *op, const char *name)
{
    const rig_scn_arg *arg = arg_of(op, name);
    const run_op *from = arg ? op->world->results[arg->value.var] : NULL;
    return arg ? (from ? from->session : NULL) : op->world->session;
}

/* ---- sessions ---- */

/* On sockets the target is where it really listens, whatever the scenario calls it. */
static rig_status portal_arg(run_op *op, const char *name, rig_portal *out_portal, rig_error *err)
{
    const rig_scn_arg *arg = arg_of(op, name);
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

static rig_status start_login(run_op *op, rig_error *err)
{
    rig_session_config config;
    const rig_scn_arg *offer = arg_of(op, "offer");
    rig_status status = run_session_config(op->world, &config, err);
    if (!status)
        status = portal_arg(op, "at", &config.portal, err);
    if (!status && offer)
        status = run_offers(offer->pairs, offer->num_pairs, &config, err);
    if (status)
        return status;
    const rig_run_url *url = op->world->config->url;
    config.target = url && url->target[0] ? rig_view_str(url->target) : arg_of(op, "IQN")->value.text;
    status = start_session(op, &config, err);
    op->world->session = op->session;
    return status;
}

static rig_status start_discover(run_op *op, rig_error *err)
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
    const rig_scn_arg *target = arg_of(op, "target");
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

static void task_done(rig_task *task, uint64_t now)
{
    run_op *op = task->user;
    (void)now;
    bool bad = task->status || task->response || (task->kind == RIG_TASK_SCSI && task->scsi_status);
    if (task->kind == RIG_TASK_SCSI)
        run_event(op->world, "complete", "ITT=0x%08x status=%s", task->itt, run_task_outcome(task));
    if (task->kind == RIG_TASK_TEXT && !task->status)
        rig_gather_add(&op->text, op->world->alloc, task->text, RIG_TEXT_ANSWER_MAX);
    run_op_done(op, run_task_outcome(task), bad);
}

static rig_status submit(run_op *op, rig_session *session, rig_error *err)
{
    op->task.done = task_done;
    op->task.user = op;
    op->session = session;
    if (!session)
        return rig_fail(err, RIG_E_STATE, "no session is open");
    rig_status status = rig_session_submit(session, &op->task, run_now(op->world));
    return status ? rig_fail(err, status, "the request could not be sent: %s", rig_status_meaning(status))
                  : RIG_OK;
}

static rig_status start_logout(run_op *op, rig_error *err)
{
    op->task.kind = RIG_TASK_LOGOUT;
    return submit(op, session_of(op, "$session"), err);
}

/* ---- commands ---- */

static rig_status make_buffer(run_op *op, uint64_t len, rig_error *err)
{
    if (len > RIG_DEVICE_TRANSFER_MAX)
        return rig_fail(err, RIG_E_LIMIT, "a step moves at most %u bytes", RIG_DEVICE_TRANSFER_MAX);
    op->buffer = len ? rig_new(op->world->alloc, len) : NULL;
    if (len && !op->buffer)
        return rig_fail(err, RIG_E_NOMEM, "no memory for %llu bytes", (unsigned long long)len);
    op->buffer_len = len;
    op->iov = (struct iovec){op->buffer, len};
    return RIG_OK;
}

static void fill_buffer(const run_op *op, const rig_scn_data *data)
{
    if (data->kind == RIG_SCN_DATA_PATTERN)
        rig_scn_pattern_fill(op->buffer, op->buffer_len, data->seed, 0);
    else if (data->kind == RIG_SCN_DATA_BYTES)
        memcpy(op->buffer, data->bytes.ptr,
               data->bytes.len < op->buffer_len ? data->bytes.len : op->buffer_len);
}

static void set_direction(run_op *op, rig_cdb_data direction)
{
    rig_task *task = &op->task;
    task->read = direction == RIG_CDB_IN;
    task->write = direction == RIG_CDB_OUT;
    task->in = task->out = &op->iov;
    task->num_in = task->num_out = 1;
    task->edtl = (uint32_t)op->buffer_len;
}

static uint32_t block_len(const run_op *op)
{
    const rig_scn_target *target = &op->world->scn->target;
    for (uint32_t n = 0; n < target->num_nodes; n++)
        for (uint32_t l = 0; l < target->nodes[n].num_luns; l++)
            if (target->nodes[n].luns[l].block)
                return target->nodes[n].luns[l].block;
    return RIG_DEVICE_BLOCK;
}

static uint64_t lun_of(const run_op *op)
{
    uint32_t lun = (uint32_t)number_of(op, "lun", 0);
    const rig_run_url *url = op->world->config->url;
    return rig_lun_encode(url && lun == 0 ? url->lun : lun);
}

static rig_cdb_data direction_of(const run_op *op, rig_view cdb)
{
    const rig_cdb_row *row = rig_cdb_row_of(cdb);
    if (arg_of(op, "none"))
        return RIG_CDB_NONE;
    if (arg_of(op, "write"))
        return RIG_CDB_OUT;
    return arg_of(op, "read") ? RIG_CDB_IN : row ? row->data : RIG_CDB_NONE;
}

static rig_status start_scsi(run_op *op, rig_error *err)
{
    const rig_scn_arg *data = arg_of(op, "data");
    rig_view cdb = arg_of(op, "CDB")->value.bytes;
    rig_cdb_data direction = direction_of(op, cdb);
    uint64_t moves = direction == RIG_CDB_NONE ? 0 : rig_cdb_transfer(cdb, block_len(op));
    rig_status status = make_buffer(op, number_of(op, "edtl", moves), err);
    if (status)
        return status;
    if (data)
        fill_buffer(op, &data->data);
    op->task.kind = RIG_TASK_SCSI;
    op->task.cdb = cdb;
    op->task.lun = lun_of(op);
    op->task.attr = (uint8_t)number_of(op, "attr", 1);
    op->task.immediate = arg_of(op, "immediate") != NULL;
    set_direction(op, direction);
    if (direction == RIG_CDB_NONE)
        op->task.edtl = 0;
    return submit(op, session_of(op, "on"), err);
}

/* READ or WRITE of the smallest usual size that reaches the address. */
static void block_cdb(run_op *op, const char *ten, const char *sixteen, uint64_t lba, uint64_t blocks)
{
    bool small = lba <= UINT32_MAX && blocks <= UINT16_MAX;
    const rig_cdb_row *row = rig_cdb_find(rig_view_str(small ? ten : sixteen));
    rig_cdb_init(op->cdb, row);
    rig_cdb_set(op->cdb, rig_cdb_field_find(row, rig_view_str("lba")), lba);
    rig_cdb_set(op->cdb, rig_cdb_field_find(row, rig_view_str("blocks")), blocks);
    op->task.cdb = rig_view_of(op->cdb, row->len);
}

static rig_status start_blocks(run_op *op, bool write, rig_error *err)
{
    uint64_t lba = number_of(op, "lba", 0);
    uint64_t blocks = number_of(op, "blocks", 0);
    uint64_t offset = lba * block_len(op);
    rig_status status = make_buffer(op, blocks * block_len(op), err);
    if (status)
        return status;
    op->seed = number_of(op, "pattern", 0);
    op->compare = !write;
    if (write)
        rig_scn_pattern_fill(op->buffer, op->buffer_len, op->seed, offset);
    block_cdb(op, write ? "write-10" : "read-10", write ? "write-16" : "read-16", lba, blocks);
    op->task.kind = RIG_TASK_SCSI;
    op->task.lun = lun_of(op);
    op->task.attr = 1;
    set_direction(op, write ? RIG_CDB_OUT : RIG_CDB_IN);
    return submit(op, session_of(op, "on"), err);
}

static rig_status start_write(run_op *op, rig_error *err)
{
    return start_blocks(op, true, err);
}

static rig_status start_verify(run_op *op, rig_error *err)
{
    return start_blocks(op, false, err);
}

/* The pattern of a block depends on where it stands, so a block from elsewhere is told apart. */
static void compare_data(run_op *op)
{
    uint8_t want[4096];
    uint64_t base = number_of(op, "lba", 0) * block_len(op);
    op->data_equal = op->task.received == op->buffer_len;
    for (size_t at = 0; at < op->buffer_len && op->data_equal; at += sizeof want) {
        size_t len = op->buffer_len - at < sizeof want ? op->buffer_len - at : sizeof want;
        rig_scn_pattern_fill(want, len, op->seed, base + at);
        op->data_equal = memcmp(want, op->buffer + at, len) == 0;
    }
    if (!op->data_equal && !op->failed) {
        op->done = false;
        run_op_done(op, "different", true);
    }
}

static rig_status start_ping(run_op *op, rig_error *err)
{
    rig_status status = make_buffer(op, number_of(op, "BYTES", 0), err);
    if (status)
        return status;
    rig_scn_pattern_fill(op->buffer, op->buffer_len, 0, 0);
    op->task.kind = RIG_TASK_PING;
    op->task.out = &op->iov;
    op->task.num_out = 1;
    return submit(op, session_of(op, "on"), err);
}

static rig_status start_text(run_op *op, rig_error *err)
{
    const rig_scn_arg *pairs = rig_scn_step_arg(op->step, "KEY=VALUE…");
    rig_gather text = {0};
    rig_status status = RIG_OK;
    for (uint32_t i = 0; pairs && i < pairs->num_pairs && !status; i++) {
        char key[RIG_KEY_MAX + 1];
        rig_text name;
        rig_text_init(&name, key, sizeof key);
        rig_text_view(&name, pairs->pairs[i].key);
        status = rig_gather_pair(&text, op->world->alloc, key, pairs->pairs[i].value, RIG_TEXT_MAX);
    }
    if (!status)
        status = make_buffer(op, text.len, err);
    if (!status && text.len)
        memcpy(op->buffer, text.ptr, text.len);
    rig_gather_cleanup(&text, op->world->alloc);
    op->task.kind = RIG_TASK_TEXT;
    op->task.out = &op->iov;
    op->task.num_out = 1;
    return status ? status : submit(op, session_of(op, "on"), err);
}

/* ---- task management ---- */

static rig_status start_abort(run_op *op, rig_error *err)
{
    const run_op *victim = op->world->results[arg_of(op, "$task")->value.var];
    if (!victim || victim->done)
        return rig_fail(err, RIG_E_STATE, "the task to abort has ended already");
    op->task.kind = RIG_TASK_TMF;
    op->task.function = 1;
    op->task.immediate = true;
    op->task.lun = victim->task.lun;
    op->task.reference = (rig_task *)(uintptr_t)&victim->task;
    return submit(op, victim->session, err);
}

static rig_status start_tmf(run_op *op, uint8_t function, rig_error *err)
{
    op->task.kind = RIG_TASK_TMF;
    op->task.function = function;
    op->task.immediate = true;
    op->task.lun = lun_of(op);
    return submit(op, session_of(op, "on"), err);
}

static rig_status start_lun_reset(run_op *op, rig_error *err)
{
    return start_tmf(op, 5, err);
}

static rig_status start_task_set(run_op *op, rig_error *err)
{
    bool clear = rig_view_is(arg_of(op, "abort|clear")->value.text, "clear");
    return start_tmf(op, clear ? 4 : 2, err);
}

/* ---- time and events ---- */

static const rig_scn_cond *failing_cond(const rig_scn_line *line, const rig_item *item)
{
    for (uint32_t i = 0; i < line->num_conds; i++) {
        rig_view value;
        const rig_scn_cond *cond = &line->conds[i];
        bool there = rig_scn_event_arg(line->event, cond->arg, item->args, &value);
        bool same = there && (cond->pattern.match == RIG_SCN_ANY ||
                              (cond->pattern.low.text.len == value.len &&
                               strncasecmp((const char *)value.ptr, (const char *)cond->pattern.low.text.ptr,
                                           value.len) == 0));
        if (same == (cond->pattern.match == RIG_SCN_DIFFERS))
            return cond;
    }
    return NULL;
}

static bool event_came(void *ctx)
{
    run_op *op = ctx;
    run_world *world = op->world;
    const rig_items *items = &world->result->items;
    for (; world->taken < items->num; world->taken++) {
        const rig_item *item = &items->ptr[world->taken];
        for (uint32_t e = 0; item->kind == RIG_ITEM_EVENT && e < op->step->num_events; e++) {
            const rig_scn_line *line = &op->step->events[e];
            if (rig_scn_event_find(item->event) == line->event && !failing_cond(line, item)) {
                world->taken++;
                return true;
            }
        }
    }
    return false;
}

static bool op_over(void *ctx)
{
    const run_op *op = ctx;
    return op->done;
}

static rig_status start_pass(run_op *op, rig_error *err)
{
    (void)err;
    rig_status status = run_pump(op->world, NULL, NULL, run_now(op->world) + number_of(op, "T", 0));
    run_op_done(op, "ok", false);
    return status == RIG_E_TIMEOUT ? RIG_OK : status;
}

static rig_status start_await(run_op *op, rig_error *err)
{
    run_op *other = op->world->results[arg_of(op, "$task")->value.var];
    if (!other)
        return rig_fail(err, RIG_E_STATE, "the step to wait for was never started");
    rig_status status = run_pump(op->world, op_over, other, run_now(op->world) + op->step->within);
    if (!status)
        run_op_done(op, other->outcome, false);
    return status == RIG_E_TIMEOUT ? RIG_OK : status;
}

static rig_status start_wait(run_op *op, rig_error *err)
{
    (void)err;
    if (op->step->again)
        op->world->taken = op->world->result->items.num;
    rig_status status = run_pump(op->world, event_came, op, run_now(op->world) + op->step->within);
    if (!status)
        run_op_done(op, "ok", false);
    return status == RIG_E_TIMEOUT ? RIG_OK : status;
}

/* ---- service, target, network ---- */

static rig_status start_hba_load(run_op *op, rig_error *err)
{
    rig_status status = rig_service_boot(op->world->service, run_now(op->world));
    run_op_done(op, rig_status_name(status), status != RIG_OK);
    return status ? rig_fail(err, status, "the service could not start: %s", rig_status_meaning(status))
                  : RIG_OK;
}

static rig_status start_restart(run_op *op, rig_error *err)
{
    run_world *world = op->world;
    rig_service_free(world->service);
    world->service = NULL;
    rig_initiator_free(world->initiator);
    world->initiator = NULL;
    world->session = NULL;
    for (run_op *other = world->ops; other; other = other->next) {
        other->session = NULL;
        if (!other->done && other != op)
            run_op_done(other, "aborted", true);
    }
    rig_status status = run_build_initiator(world, err);
    if (!status && world->store)
        status = run_service_start(world);
    run_op_done(op, "ok", false);
    return status;
}

static rig_status our_target(run_op *op, rig_error *err)
{
    run_op_done(op, "ok", false);
    return op->world->target ? RIG_OK
                             : rig_fail(err, RIG_E_UNSUPPORTED, "there is no simulated target in this mode");
}

static rig_status start_target_ping(run_op *op, rig_error *err)
{
    rig_status status = our_target(op, err);
    if (!status)
        rig_target_ping(op->world->target, run_now(op->world));
    return status;
}

static rig_status start_target_drop(run_op *op, rig_error *err)
{
    rig_status status = our_target(op, err);
    if (!status)
        rig_target_drop(op->world->target, false, run_now(op->world));
    return status;
}

static rig_status start_target_reset(run_op *op, rig_error *err)
{
    rig_status status = our_target(op, err);
    if (!status)
        rig_target_drop(op->world->target, true, run_now(op->world));
    return status;
}

static rig_status start_target_release(run_op *op, rig_error *err)
{
    rig_status status = our_target(op, err);
    if (!status)
        rig_target_release(op->world->target, arg_of(op, "NAME")->value.text, run_now(op->world));
    return status;
}

static rig_status start_target_silence(run_op *op, rig_error *err)
{
    rig_status status = our_target(op, err);
    if (!status)
        rig_target_fault_on(op->world->target, RIG_FAULT_SILENCE);
    return status;
}

static rig_status set_host_down(run_op *op, bool down, rig_error *err)
{
    run_op_done(op, "ok", false);
    if (!op->world->target_host)
        return rig_fail(err, RIG_E_UNSUPPORTED, "there is no simulated network in this mode");
    rig_simhost_down(op->world->target_host, down);
    return RIG_OK;
}

static rig_status start_host_down(run_op *op, rig_error *err)
{
    return set_host_down(op, true, err);
}

static rig_status start_host_up(run_op *op, rig_error *err)
{
    return set_host_down(op, false, err);
}

static start_fn *const starts[RIG_SCN_STEPS] = {
#define RIG_SCN_STEP(id, function, name, who, leaves, needs, what, ...) start_##function,
#include "rig/scn_steps.def"
};

static bool step_failed(run_world *world, const rig_scn_step *step, const char *what, const char *detail)
{
    char text[384];
    rig_text out;
    rig_text_init(&out, text, sizeof text);
    rig_text_add(&out, "%s%s", what, detail);
    rig_finding *finding = rig_result_finding(world->result, RIG_FINDING_STEP, step->place, text);
    if (finding) {
        finding->time = run_now(world);
        finding->item = UINT32_MAX;
        rig_result_text(world->result, &finding->expected, step->text);
    }
    return false;
}

/* A step whose end nobody looks at has to succeed; one with a $variable is judged by must lines. */
static bool settle(run_op *op)
{
    const rig_scn_step *step = op->step;
    if (!op->done)
        return step_failed(op->world, step, "", "did not end before its deadline");
    if (op->compare)
        compare_data(op);
    if (op->failed && step->result == RIG_SCN_NO_VAR)
        return step_failed(op->world, step, "ended, with no $variable to take that, as ", op->outcome);
    return true;
}

static const char *why_stopped(const run_world *world, rig_status status)
{
    if (world->result->timed_out)
        return "the case took more real time than --timeout allows";
    return status == RIG_E_ABORTED ? "the run was interrupted" : rig_status_meaning(status);
}

static bool run_step(run_world *world, const rig_scn_step *step)
{
    rig_error error = {0};
    run_op *op = run_op_new(world, step);
    if (!op)
        return step_failed(world, step, "", "no memory");
    rig_status status = starts[step->id](op, &error);
    if (status)
        return step_failed(world, step, "", error.text[0] ? error.text : why_stopped(world, status));
    if (step->async)
        return true;
    if (!op->done)
        status = run_pump(world, op_over, op, op->began + step->within);
    if (status && status != RIG_E_TIMEOUT)
        return step_failed(world, step, "", why_stopped(world, status));
    return settle(op);
}

bool run_steps(run_world *world)
{
    for (uint32_t i = 0; i < world->scn->num_steps; i++) {
        world->step = i + 1;
        world->result->num_expectations++;
        if (!run_step(world, &world->scn->steps[i]))
            return false;
    }
    return true;
}
