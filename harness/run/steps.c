/* The host's steps: one function a step (steps_*.c), started here and ended by an event, a task's end or its
 * deadline. */
#include "world.h"

const rig_scn_arg *run_arg(const run_op *op, const char *name)
{
    return rig_scn_step_arg(op->step, name);
}

uint64_t run_number(const run_op *op, const char *name, uint64_t otherwise)
{
    const rig_scn_arg *arg = run_arg(op, name);
    return arg ? arg->value.number : otherwise;
}

rig_session *run_session_of(const run_op *op, const char *name)
{
    const rig_scn_arg *arg = run_arg(op, name);
    const run_op *from = arg ? op->world->results[arg->value.var] : NULL;
    if (from && from->call)
        return run_called_session(from);
    return arg ? (from ? from->session : NULL) : op->world->session;
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
    if (op->compare && !bad)
        run_compare_data(op);
    bool differs = op->compare && !bad && !op->data_equal;
    run_op_done(op, differs ? "different" : run_task_outcome(task), bad || differs);
}

rig_status run_submit(run_op *op, rig_session *session, rig_error *err)
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

typedef rig_status start_fn(run_op *op, rig_error *err);

static start_fn *const starts[RIG_SCN_STEPS] = {
#define RIG_SCN_STEP(id, function, name, who, leaves, needs, what, ...) run_start_##function,
#include "rig/scn_steps.def"
};

static void blame(run_world *world, const run_op *op, rig_finding *finding)
{
    rig_cause cause;
    if (op && run_cause(op, &cause) && rig_match_blame(world->result, finding, &cause))
        world->recorder.status = RIG_E_NOMEM;
}

/* op: NULL when no PDU can be behind it. */
static bool step_failed(run_world *world, const rig_scn_step *step, const run_op *op, const char *what,
                        const char *detail)
{
    char text[384];
    rig_text out;
    rig_text_init(&out, text, sizeof text);
    rig_text_add(&out, "%s%s", what, detail);
    rig_finding *finding = rig_result_finding(world->result, RIG_FINDING_STEP, step->place, text);
    if (finding) {
        finding->time = run_now(world);
        rig_result_text(world->result, &finding->expected, step->text);
        blame(world, op, finding);
    }
    return false;
}

/* A step whose end nobody looks at has to succeed; one with a $variable is judged by must lines. */
static bool settle(run_op *op)
{
    const rig_scn_step *step = op->step;
    if (!op->done)
        return step_failed(op->world, step, op, "", "did not end before its deadline");
    if (op->failed && step->result == RIG_SCN_NO_VAR)
        return step_failed(op->world, step, op, "ended, with no $variable to take that, as ", op->outcome);
    return true;
}

const char *run_why_stopped(const run_world *world, rig_status status)
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
        return step_failed(world, step, NULL, "", "no memory");
    rig_status status = starts[step->id](op, &error);
    bool refused =
        status == RIG_E_STATE || status == RIG_E_UNSUPPORTED; /* by the engine, which sent nothing */
    if (refused && step->result != RIG_SCN_NO_VAR) {
        run_op_done(op, rig_status_name(status), true);
        return true;
    }
    if (status)
        return step_failed(world, step, NULL, "",
                           error.text[0] ? error.text : run_why_stopped(world, status));
    if (step->async)
        return true;
    if (!op->done)
        status = run_pump(world, run_op_over, op, op->began + step->within);
    if (status && status != RIG_E_TIMEOUT)
        return step_failed(world, step, op, "", run_why_stopped(world, status));
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
