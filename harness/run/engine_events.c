/* What the sides tell becomes events of the evidence, in the words of the scenario language. */
#include "world.h"

#include <strings.h>

static void transition(run_world *world, const rig_event *event)
{
    /* "conn 0: S4 IN_LOGIN --login-ok--> S5 LOGGED_IN (T5)" */
    rig_view rest = event->text;
    if (!world->recorder.wants_transitions)
        return;
    rig_view_split(&rest, ':');
    rest = rig_view_sub(rest, 1, rest.len);
    rig_view from = rig_view_split(&rest, ' ');
    size_t arrow = rig_view_find(rest, '>');
    rest = rig_view_sub(rest, arrow + 2, rest.len);
    rig_view to = rig_view_split(&rest, ' ');
    size_t paren = rig_view_find(rest, '(');
    rig_view name = rig_view_sub(rest, paren + 1, rest.len - paren > 2 ? rest.len - paren - 2 : 0);
    run_event(world, "transition", "%.*s from=%.*s to=%.*s", RIG_VIEW_ARG(name), RIG_VIEW_ARG(from),
              RIG_VIEW_ARG(to));
}

static rig_view target_of(const rig_event *event)
{
    rig_session_facts facts;
    rig_session_describe(event->session, &facts);
    return facts.target;
}

/* A session without a target name (discovery) leaves the argument out. */
static void session_event(run_world *world, const rig_event *event, const char *name, const char *more)
{
    char word[RUN_WORD_MAX];
    rig_view target = target_of(event);
    if (target.len)
        run_event(world, name, "target=%s%s%s", run_word(word, target), more[0] ? " " : "", more);
    else
        run_event(world, name, "%s", more);
}

static const char *login_outcome(const rig_event *event)
{
    const char *name = rig_name(&rig_names_login_status, event->login_status);
    return event->login_status && name ? name : rig_status_name(event->status);
}

static void tell_named(run_world *world, const rig_event *event, const char *what, const char *arg,
                       rig_field_id field, const rig_names *names)
{
    char text[64];
    rig_text out;
    rig_text_init(&out, text, sizeof text);
    rig_name_print(&out, names, rig_get32(event->pdu->bhs, field));
    run_event(world, what, "%s=%s", arg, text);
}

/* The step that is waiting for this session, NULL when none is. */
static run_op *op_of(run_world *world, const rig_session *session)
{
    for (run_op *op = world->ops; op; op = op->next)
        if (op->session == session && !op->done && op->step &&
            (op->step->id == RIG_SCN_STEP_LOGIN || op->step->id == RIG_SCN_STEP_DISCOVER ||
             op->step->id == RIG_SCN_STEP_ADD_CONNECTION))
            return op;
    return NULL;
}

/* A connection that is added raises no event but its way into full feature phase. */
static void connection_moved(run_world *world, const rig_event *event)
{
    size_t paren = rig_view_find(event->text, '(');
    run_op *op = op_of(world, event->session);
    if (op && op->step->id == RIG_SCN_STEP_ADD_CONNECTION &&
        rig_view_is(rig_view_sub(event->text, paren, event->text.len), "(T5)"))
        run_op_done(op, "Success", false);
}

/* A session that the service has made: the user of a step's session is the step. */
static bool of_service(const run_world *world, const rig_session *session)
{
    const void *user = rig_session_user(session);
    for (const run_op *op = world->ops; op; op = op->next)
        if (op == user)
            return false;
    return world->service != NULL;
}

/* The service frees its sessions as it likes, once they are no more. */
static void forget_session(run_world *world, const rig_event *event)
{
    if (event->again || !of_service(world, event->session))
        return;
    if (world->session == event->session)
        world->session = NULL;
    for (run_op *op = world->ops; op; op = op->next)
        if (op->session == event->session)
            op->session = NULL;
}

static void session_up(run_world *world, const rig_event *event)
{
    bool persistent = world->service && rig_service_owns(world->service, event->session);
    run_op *op = op_of(world, event->session);
    session_event(world, event, "session up", persistent ? "persistent=yes" : "persistent=no");
    if (of_service(world, event->session) && target_of(event).len) /* not one that asks for targets */
        world->session = event->session;
    if (op && op->step->id == RIG_SCN_STEP_DISCOVER)
        run_discover_next(op, event->now);
    else if (op)
        run_op_done(op, "Success", false);
}

static void login_failed(run_world *world, const rig_event *event)
{
    char more[RUN_SAID_MAX + 96], said[RUN_SAID_MAX];
    rig_text text;
    run_op *op = op_of(world, event->session);
    rig_text_init(&text, more, sizeof more);
    rig_text_add(&text, "status=%s again=%s%s", login_outcome(event), event->again ? "yes" : "no",
                 run_said(said, event->error));
    session_event(world, event, "login-failed", more);
    if (op)
        run_op_done(op, login_outcome(event), true);
}

static const char *end_reason(const rig_event *event)
{
    return event->status ? rig_status_name(event->status) : "logout";
}

static void closed(run_world *world, const rig_event *event)
{
    char said[RUN_SAID_MAX];
    const char *by = event->by_target ? "target" : "initiator";
    run_event(world, "close", "reason=%s by %s%s", end_reason(event), by, run_said(said, event->error));
}

static void nexus_loss(run_world *world, const rig_event *event)
{
    char more[96];
    rig_text text;
    rig_text_init(&text, more, sizeof more);
    rig_text_add(&text, "reason=%s", end_reason(event));
    session_event(world, event, "nexus-loss notice", more);
}

static void session_down(run_world *world, const rig_event *event)
{
    char more[96];
    rig_text text;
    run_op *op = op_of(world, event->session);
    rig_text_init(&text, more, sizeof more);
    rig_text_add(&text, "reason=%s again=%s", end_reason(event), event->again ? "yes" : "no");
    session_event(world, event, "session down", more);
    if (op && event->status)
        run_op_done(op, rig_status_name(event->status), true);
}

static void ignored(run_world *world, const rig_event *event)
{
    char said[RUN_SAID_MAX];
    run_event(world, "ignored", "reason=%s%s", rig_status_name(event->status), run_said(said, event->error));
}

void run_engine_event(void *ctx, const rig_event *event)
{
    run_world *world = ctx;
    switch (event->kind) {
    case RIG_EVENT_TRANSITION:
        transition(world, event);
        connection_moved(world, event);
        break;
    case RIG_EVENT_SESSION_UP:
        session_up(world, event);
        break;
    case RIG_EVENT_SESSION_DOWN:
        session_down(world, event);
        forget_session(world, event);
        break;
    case RIG_EVENT_LOGIN_FAILED:
        run_trouble_keep(world, event);
        login_failed(world, event);
        forget_session(world, event);
        break;
    case RIG_EVENT_CLOSED:
        run_trouble_keep(world, event);
        closed(world, event);
        break;
    case RIG_EVENT_NEXUS_LOSS:
        nexus_loss(world, event);
        break;
    case RIG_EVENT_NOP_IN:
        run_event(world, "nop-in", "%s", "");
        break;
    case RIG_EVENT_ASYNC:
        tell_named(world, event, "async", "event", RIG_F_ASYNC_EVENT, &rig_names_async_event);
        break;
    case RIG_EVENT_REJECT:
        tell_named(world, event, "reject", "reason", RIG_F_REJECT_REASON, &rig_names_reject_reason);
        break;
    case RIG_EVENT_RECOVERED:
        session_event(world, event, "recovered", "");
        break;
    case RIG_EVENT_IGNORED:
        ignored(world, event);
        break;
    }
    if (world->service)
        rig_service_engine_event(world->service, event);
}

/* The PDU will be seen on the wire soon: remembered, so that it is told apart there. */
void run_target_event(void *ctx, const rig_target_event *event)
{
    run_world *world = ctx;
    if (event->kind != RIG_TARGET_MADE_WRONG || event->offset == UINT64_MAX ||
        world->num_wrongs == RUN_WRONGS_MAX)
        return;
    if (!world->wrongs)
        world->wrongs = rig_new(world->alloc, RUN_WRONGS_MAX * sizeof *world->wrongs);
    if (world->wrongs)
        world->wrongs[world->num_wrongs++] = (run_wrong){event->offset, event->peer.port};
}

static void login_event(run_world *world, const rig_service_event *event, const char *name, const char *more)
{
    char word[RUN_WORD_MAX], said[RUN_SAID_MAX];
    run_event(world, name, "target=%s %s%s", run_word(word, rig_view_str(event->login->target)), more,
              event->error ? run_said(said, event->error) : "");
}

static void login_ended(run_world *world, const rig_service_event *event, const char *name)
{
    char code[RUN_OUTCOME_LEN + 8];
    rig_text text;
    rig_text_init(&text, code, sizeof code);
    rig_text_add(&text, "code=%s", rig_code_name(event->code));
    login_event(world, event, name, code);
}

/* Of an attempt that was never made the engine has nothing to tell. */
static void login_given_up(run_world *world, const rig_service_event *event)
{
    char status[RUN_OUTCOME_LEN + 8];
    rig_text text;
    rig_text_init(&text, status, sizeof status);
    rig_text_add(&text, "status=%s", rig_status_name(event->error ? event->error->status : RIG_E_REFUSED));
    if (!event->session)
        login_event(world, event, "login-failed", status);
    login_ended(world, event, "login-given-up");
}

static void device_event(run_world *world, const rig_device *device, const char *name)
{
    char target[RUN_WORD_MAX], path[RUN_WORD_MAX];
    uint32_t lun;
    bool plain = rig_lun_decode(device->target_lun, &lun);
    run_event(world, name, "target=%s lun=%llu device=%s", run_word(target, rig_view_str(device->target)),
              plain ? (unsigned long long)lun : (unsigned long long)device->target_lun,
              run_word(path, rig_view_str(device->legacy_name)));
}

void run_service_event(void *ctx, const rig_service_event *event)
{
    run_world *world = ctx;
    char word[RUN_WORD_MAX];
    switch (event->kind) {
    case RIG_SERVICE_LOGIN_STARTED:
        break;
    case RIG_SERVICE_REFUSED:
        login_event(world, event, "refused", "reason=security");
        break;
    case RIG_SERVICE_LATE:
        login_ended(world, event, "login-late");
        break;
    case RIG_SERVICE_GIVEN_UP:
        login_given_up(world, event);
        break;
    case RIG_SERVICE_READY:
        run_event(world, "service ready", "code=%s", rig_code_name(event->code));
        break;
    case RIG_SERVICE_ARRIVED:
        device_event(world, event->device, "device arrived");
        break;
    case RIG_SERVICE_REMOVED:
        device_event(world, event->device, "device removed");
        break;
    case RIG_SERVICE_TARGETS_CHANGED:
        run_event(world, "targets-changed", "%s", "");
        break;
    case RIG_SERVICE_SECURITY:
        if (strcmp(event->text, rig_security_step_name(RIG_SECURITY_STEP_IPSEC_NOT_WANTED)) == 0)
            run_ipsec_plain(world, event->portal);
        run_event(world, "security", "step=%s", run_word(word, rig_view_str(event->text)));
        break;
    }
}

/* How a task ended, in the words of the outcome rows. */
const char *run_task_outcome(const rig_task *task)
{
    static const struct {
        rig_task_kind kind;
        const rig_names *names;
    } sets[] = {{RIG_TASK_TMF, &rig_names_tmf_response}, {RIG_TASK_LOGOUT, &rig_names_logout_response}};
    static const rig_status own[] = {RIG_E_ABORTED, RIG_E_TIMEOUT, RIG_E_REFUSED, RIG_E_NOMEM, RIG_E_STATE};
    for (size_t i = 0; task->status && i < sizeof own / sizeof own[0]; i++)
        if (task->status == own[i])
            return rig_status_name(own[i]);
    if (task->status)
        return "delivery-failure";
    const char *name = "ok";
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        if (task->kind == sets[i].kind)
            name = rig_name(sets[i].names, task->response);
    if (task->kind == RIG_TASK_SCSI)
        name = task->response ? rig_name(&rig_names_scsi_response, task->response)
                              : rig_name(&rig_names_scsi_status, task->scsi_status);
    return name ? name : "unknown";
}
