/* Steps that make management calls, and what is known of their answers. */
#include "world.h"

#define VALUE_MAX 4096 /* bytes of a member's value */

/* ---- answers ---- */

static bool put_list_size(run_op *op, const rig_shape *shape)
{
    for (size_t i = 0; i < shape->num_members; i++)
        if (shape->members[i].kind == RIG_MEMBER_LIST) {
            uint32_t num;
            memcpy(&num, (const uint8_t *)op->reply + shape->members[i].offset, sizeof num);
            op->count = num;
            return true;
        }
    return false;
}

static rig_status keep_reply(run_op *op, const void *reply)
{
    const rig_alloc *alloc = op->world->alloc;
    const rig_shape *shape = rig_shape_of(op->call->reply);
    op->reply = reply ? rig_new(alloc, shape->size) : NULL;
    if (!reply)
        return RIG_OK;
    if (!op->reply || rig_record_copy(alloc, shape, reply, op->reply) != RIG_OK)
        return RIG_E_NOMEM;
    run_portals_swap(op->world, shape, op->reply, false);
    put_list_size(op, shape);
    return RIG_OK;
}

static void answered(void *ctx, rig_code code, const void *reply, const rig_error *why, uint64_t now)
{
    run_op *op = ctx;
    (void)now;
    if (why)
        op->why = *why;
    if (keep_reply(op, reply) != RIG_OK)
        op->world->recorder.status = RIG_E_NOMEM;
    run_op_done(op, rig_code_name(code), code != RIG_CODE_SUCCESS);
}

void run_answer_free(run_op *op)
{
    const rig_shape *shape = op->reply ? rig_shape_of(op->call->reply) : NULL;
    if (!shape)
        return;
    rig_record_clear(op->world->alloc, shape, op->reply);
    rig_delete(op->world->alloc, op->reply, shape->size);
}

bool run_put_answer(const run_op *op, rig_view path, rig_text *out)
{
    if (path.len == 0) {
        rig_text_add(out, "%s", op->outcome);
        return true;
    }
    if (rig_view_is(path, "error")) {
        rig_text_add(out, "%s", op->why.text);
        return op->why.text[0] != 0;
    }
    return op->reply &&
           rig_scn_record_get(rig_shape_of(op->call->reply), op->reply, path, out, NULL) == RIG_OK;
}

rig_session *run_called_session(const run_op *op)
{
    const rig_login_ids *ids = op->call->reply == RIG_RECORD_login_ids ? op->reply : NULL;
    return ids && op->world->service ? rig_service_session(op->world->service, &ids->session) : NULL;
}

/* ---- calls ---- */

/* A value that an earlier step left. */
static rig_status result_value(run_op *op, const rig_scn_member *member, rig_text *out, rig_error *err)
{
    const run_op *from = op->world->results[member->result];
    bool known = from && from->done;
    if (known && from->call)
        known = run_put_answer(from, member->value, out);
    else if (known)
        rig_text_view(out, rig_view_of(from->text.ptr, from->text.len));
    if (!known)
        return rig_fail(err, RIG_E_NOT_FOUND, "$%.*s, which ended as %s, has left no such value",
                        RIG_VIEW_ARG(op->world->scn->results[member->result].name),
                        from && from->done ? from->outcome : "nothing yet");
    return out->cut ? rig_fail(err, RIG_E_LIMIT, "$%.*s is too long for a value",
                               RIG_VIEW_ARG(op->world->scn->results[member->result].name))
                    : RIG_OK;
}

static rig_status set_member(run_op *op, const rig_shape *shape, void *request, const rig_scn_member *member,
                             rig_error *err)
{
    const rig_alloc *alloc = op->world->alloc;
    if (member->result == RIG_SCN_NO_VAR)
        return rig_scn_record_set(alloc, shape, request, member->path, member->value, err);
    rig_text value;
    char *room = rig_new(alloc, VALUE_MAX);
    if (!room)
        return RIG_E_NOMEM;
    rig_text_init(&value, room, VALUE_MAX);
    rig_status status = result_value(op, member, &value, err);
    if (!status)
        status = rig_scn_record_set(alloc, shape, request, member->path, rig_view_of(room, value.len), err);
    rig_delete(alloc, room, VALUE_MAX);
    return status;
}

rig_status run_start_call(run_op *op, rig_error *err)
{
    run_world *world = op->world;
    const rig_scn_arg *given = run_arg(op, "PATH=VALUE…");
    op->call = rig_call_of((rig_call_id)run_number(op, "CALL", 0));
    const rig_shape *shape = rig_shape_of(op->call->request);
    void *request = rig_new(world->alloc, shape->size);
    if (!request)
        return RIG_E_NOMEM;
    rig_scn_record_init(shape, request);
    rig_status status = RIG_OK;
    for (uint32_t i = 0; given && i < given->num_members && !status; i++)
        status = set_member(op, shape, request, &given->members[i], err);
    run_portals_swap(world, shape, request, true);
    if (!status) {
        world->called = op;
        rig_service_call(world->service, op->call->id, request, run_now(world), answered, op);
    }
    rig_record_clear(world->alloc, shape, request);
    rig_delete(world->alloc, request, shape->size);
    return status;
}

rig_status run_start_answer(run_op *op, rig_error *err)
{
    const rig_scn_arg *of = run_arg(op, "of");
    const run_op *from = of ? op->world->results[of->value.var] : op->world->called;
    rig_view path = run_arg(op, "PATH")->value.text;
    rig_text value;
    char *room = rig_new(op->world->alloc, VALUE_MAX);
    if (!room)
        return RIG_E_NOMEM;
    rig_text_init(&value, room, VALUE_MAX);
    bool known = from && from->done && run_put_answer(from, path, &value);
    rig_status status =
        known ? rig_gather_add(&op->text, op->world->alloc, rig_view_of(room, value.len), VALUE_MAX) : RIG_OK;
    rig_delete(op->world->alloc, room, VALUE_MAX);
    if (!known)
        return rig_fail(err, RIG_E_NOT_FOUND, "the call, which ended as %s, has left no %.*s",
                        from && from->done ? from->outcome : "nothing yet", RIG_VIEW_ARG(path));
    run_op_done(op, "ok", false);
    return status;
}

/* ---- devices ---- */

static rig_status hold(run_op *op, bool held, rig_error *err)
{
    char room[sizeof((rig_device *)0)->interface_name];
    rig_text path;
    const rig_scn_member *given = run_arg(op, "DEVICE")->members;
    rig_text_init(&path, room, sizeof room);
    rig_text_view(&path, given->value);
    if (given->result != RIG_SCN_NO_VAR) {
        rig_text_init(&path, room, sizeof room);
        rig_status status = result_value(op, given, &path, err);
        if (status)
            return status;
    }
    rig_status status = rig_service_hold_device(op->world->service, room, held);
    run_op_done(op, "ok", false);
    return status ? rig_fail(err, status, "the operating system has no device \"%s\"", room) : RIG_OK;
}

rig_status run_start_hba_hold(run_op *op, rig_error *err)
{
    return hold(op, true, err);
}

rig_status run_start_hba_release(run_op *op, rig_error *err)
{
    return hold(op, false, err);
}

/* ---- links ---- */

rig_status run_start_hba_link(run_op *op, rig_error *err)
{
    run_world *world = op->world;
    const rig_scn_arg *name = run_arg(op, "ADAPTER");
    uint64_t port = run_number(op, "PORT", 0);
    bool up = run_number(op, "up|down", 0) == 0;
    run_op_done(op, "ok", false);
    for (uint32_t i = 0; i < world->hba.num_adapters; i++) {
        rig_adapter *adapter = &world->hba.adapters[i];
        if (!rig_view_is(name->value.text, adapter->name) || port >= adapter->num_ports)
            continue;
        rig_service_link(world->service, adapter->name, (uint32_t)port, up, run_now(world));
        return RIG_OK;
    }
    return rig_fail(err, RIG_E_NOT_FOUND, "no adapter %.*s has a port %llu", RIG_VIEW_ARG(name->value.text),
                    (unsigned long long)port);
}
