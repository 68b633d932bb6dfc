/* What steps leave: operations, and the members of their results. */
#include "world.h"

run_op *run_op_new(run_world *world, const rig_scn_step *step)
{
    run_op *op = rig_new(world->alloc, sizeof *op);
    if (!op)
        return NULL;
    op->world = world;
    op->step = step;
    op->began = run_now(world);
    op->next = world->ops;
    world->ops = op;
    if (step->result != RIG_SCN_NO_VAR)
        world->results[step->result] = op;
    return op;
}

static uint32_t connections_now(const run_op *op)
{
    rig_session_facts facts = {0};
    if (op->session)
        rig_session_describe(op->session, &facts);
    return facts.connections;
}

void run_op_done(run_op *op, const char *outcome, bool failed)
{
    rig_text text;
    if (op->done)
        return;
    op->done = true;
    op->failed = failed;
    op->ended = run_now(op->world);
    op->connections = connections_now(op);
    const run_trouble *trouble = &op->world->trouble;
    bool answered = op->task.done && op->task.status == RIG_OK;
    if (failed && !answered && trouble->session && trouble->session == op->session &&
        trouble->time >= op->began)
        op->trouble = *trouble;
    rig_text_init(&text, op->outcome, sizeof op->outcome);
    rig_text_add(&text, "%s", outcome);
}

void run_ops_free(run_world *world)
{
    for (run_op *op = world->ops, *next; op; op = next) {
        next = op->next;
        rig_delete(world->alloc, op->buffer, op->buffer_len);
        rig_gather_cleanup(&op->text, world->alloc);
        run_answer_free(op);
        rig_delete(world->alloc, op, sizeof *op);
    }
    world->ops = NULL;
}

typedef bool member_fn(const run_op *op, rig_text *out);

static bool put_status(const run_op *op, rig_text *out)
{
    rig_text_add(out, "%s", op->outcome);
    return true;
}

static bool put_response(const run_op *op, rig_text *out)
{
    const rig_names *names = op->task.kind == RIG_TASK_TMF      ? &rig_names_tmf_response
                             : op->task.kind == RIG_TASK_LOGOUT ? &rig_names_logout_response
                             : op->task.status == RIG_E_REFUSED ? &rig_names_reject_reason
                                                                : &rig_names_scsi_response;
    rig_name_print(out, names, op->task.response);
    return true;
}

/* Sense key and codes of fixed (70h, 71h) and descriptor format (72h, 73h); SPC-4 section 4.5. */
static bool put_sense(const run_op *op, rig_text *out)
{
    const uint8_t *sense = op->task.sense;
    bool fixed = op->task.sense_len >= 14 && (sense[0] & 0x7f) < 0x72;
    bool descriptor = op->task.sense_len >= 4 && (sense[0] & 0x7f) >= 0x72;
    if (!fixed && !descriptor) {
        rig_text_add(out, "none");
        return true;
    }
    rig_name_print(out, &rig_names_sense_key, fixed ? sense[2] & 15 : sense[1] & 15);
    rig_text_add(out, "/%02x/%02x", fixed ? sense[12] : sense[2], fixed ? sense[13] : sense[3]);
    return true;
}

static bool put_residual(const run_op *op, rig_text *out)
{
    rig_text_add(out, "%s%u", op->task.overflow ? "-" : "", op->task.residual);
    return true;
}

static bool put_bidi_residual(const run_op *op, rig_text *out)
{
    rig_text_add(out, "%s%u", op->task.bidi_overflow ? "-" : "", op->task.bidi_residual);
    return true;
}

static bool put_status_qualifier(const run_op *op, rig_text *out)
{
    rig_text_add(out, "%u", op->task.status_qualifier);
    return true;
}

static bool put_additional(const run_op *op, rig_text *out)
{
    rig_text_add(out, "%u", op->task.additional);
    return true;
}

static bool put_connections(const run_op *op, rig_text *out)
{
    rig_text_add(out, "%u", op->connections);
    return op->session != NULL;
}

static bool put_data_length(const run_op *op, rig_text *out)
{
    rig_text_add(out, "%u", op->task.received);
    return true;
}

static bool put_data_equal(const run_op *op, rig_text *out)
{
    rig_text_add(out, "%s", op->data_equal ? "yes" : "no");
    return true;
}

static bool put_time(const run_op *op, rig_text *out)
{
    rig_text_add(out, "%llu", (unsigned long long)(op->ended - op->began));
    return true;
}

static bool put_count(const run_op *op, rig_text *out)
{
    rig_text_add(out, "%llu", (unsigned long long)op->count);
    return true;
}

static bool put_text(const run_op *op, rig_text *out)
{
    for (size_t i = 0; i < op->text.len; i++) {
        bool end = op->text.ptr[i] == 0;
        if (end && i + 1 == op->text.len)
            break;
        rig_text_view(out, end ? rig_view_str(" ") : rig_view_of(op->text.ptr + i, 1));
    }
    return true;
}

static bool describe(const run_op *op, rig_session_facts *out_facts)
{
    if (!op->session)
        return false;
    rig_session_describe(op->session, out_facts);
    return true;
}

static bool put_target(const run_op *op, rig_text *out)
{
    rig_session_facts facts;
    bool known = describe(op, &facts);
    if (known)
        rig_text_view(out, facts.target);
    return known;
}

static bool put_portal(const run_op *op, rig_text *out)
{
    rig_portal_print(out, &op->portal);
    return op->session != NULL;
}

static bool put_tsih(const run_op *op, rig_text *out)
{
    rig_session_facts facts;
    bool known = describe(op, &facts);
    rig_text_add(out, "%u", known ? facts.tsih : 0);
    return known;
}

static bool put_group(const run_op *op, rig_text *out)
{
    rig_session_facts facts;
    bool known = describe(op, &facts) && facts.has_portal_group;
    rig_text_add(out, "%u", known ? facts.portal_group : 0);
    return known;
}

static const struct {
    const char *name;
    member_fn *put;
} members[] = {
    {"status", put_status},
    {"response", put_response},
    {"sense", put_sense},
    {"residual", put_residual},
    {"bidi-residual", put_bidi_residual},
    {"status-qualifier", put_status_qualifier},
    {"additional", put_additional},
    {"connections", put_connections},
    {"data-length", put_data_length},
    {"data-equal", put_data_equal},
    {"time", put_time},
    {"count", put_count},
    {"target", put_target},
    {"portal", put_portal},
    {"tsih", put_tsih},
    {"group", put_group},
    {"text", put_text},
    {"login-failure", run_put_login_failure},
    {"login-failure-portal", run_put_login_failure_portal},
    {"ssn-failure", run_put_ssn_failure},
};

static bool put_key(const run_op *op, rig_view name, rig_text *out)
{
    rig_session_facts facts;
    rig_key_id key = rig_key_find(name);
    if (key == RIG_KEYS || !describe(op, &facts))
        return false;
    rig_key_value_print(out, key, &facts.agreed[key]);
    return true;
}

static bool fact_member(void *ctx, uint32_t result, rig_view member, rig_text *out)
{
    run_world *world = ctx;
    const run_op *op = world->results[result];
    if (!op || !op->done)
        return false;
    rig_view name = member.len ? member : rig_view_str("status");
    if (op->call && !rig_view_is(member, "time"))
        return run_put_answer(op, member, out);
    if (op->step->id == RIG_SCN_STEP_ANSWER && member.len == 0)
        return put_text(op, out);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (rig_view_is(name, members[i].name))
            return members[i].put(op, out);
    return run_put_counter(op, name, out) || put_key(op, name, out);
}

static bool fact_count(void *ctx, uint32_t result, uint64_t *out_count)
{
    run_world *world = ctx;
    const run_op *op = world->results[result];
    if (!op || !op->done)
        return false;
    *out_count = op->count;
    return true;
}

/* Only of the status a PDU says it in so many words. */
static bool fact_cause(void *ctx, uint32_t result, rig_view member, rig_cause *out_cause)
{
    run_world *world = ctx;
    const run_op *op = world->results[result];
    bool status = member.len == 0 || rig_view_is(member, "status");
    return op && op->done && status && run_cause(op, out_cause);
}

rig_facts run_facts(run_world *world)
{
    return (rig_facts){fact_member, fact_count, fact_cause, world};
}
