/* Task management (RFC 7143 sections 11.5, 11.6, 4.2.3.3). */
#include "tgt.h"

enum {
    ABORT_TASK = 1,
    ABORT_TASK_SET,
    CLEAR_ACA,
    CLEAR_TASK_SET,
    LOGICAL_UNIT_RESET,
    TARGET_WARM_RESET,
    TARGET_COLD_RESET,
    TASK_REASSIGN,
    QUERY_TASK,
    FUNCTION_LAST = 12
};

enum { COMPLETE = 0, NO_TASK = 1, NO_LUN = 2, NOT_SUPPORTED = 5, REJECTED = 255 };

/* What a function on many tasks waits for, in this order. */
enum { WAIT_COMMANDS, WAIT_DATA, WAIT_ACKS, ANSWER };

#define ASC_CLEARED_BY_OTHER 0x2f

static void answer_with(tgt_task *task, uint8_t response)
{
    task->code = response;
    task->step = ANSWER;
    if (task->waiting)
        task->conn->session->num_tmf_waiting--;
    task->waiting = false;
    tgt_task_ready(task);
}

/* Ends a SCSI task without a response; data on its way is swallowed. */
static void abort_scsi(tgt_task *task)
{
    tgt_scsi *scsi = tgt_scsi_of(task);
    tgt_unit_taken(scsi, 0, true);
    if (tgt_scsi_expects_data(scsi))
        tgt_task_drain(task);
    else
        tgt_task_finish(task);
}

/* ---- ABORT TASK ---- */

/* 11.6.1 b and c: a command that is not here, but could still come. */
static uint8_t abort_missing(tgt_task *task)
{
    tgt_session *session = task->conn->session;
    uint32_t ref = rig_get32(task->bhs, RIG_F_REF_CMD_SN);
    if (!rig_sn_in(ref, session->exp_cmd_sn, tgt_session_max_cmd_sn(session)) ||
        !rig_sn_lt(ref, rig_get32(task->bhs, RIG_F_CMD_SN)))
        return NO_TASK;
    tgt_command_plug(session, task->conn, ref);
    return COMPLETE;
}

/* 11.5.1: a task whose connection was logged out gets the allegiance of its abort; a status that was sent
 * goes out again, and ends it before the response does. */
static bool adopt(tgt_task *other, tgt_conn *conn)
{
    bool answered = other->answered;
    tgt_scsi *scsi = tgt_scsi_of(other);
    tgt_allegiance(scsi, conn);
    scsi->next = scsi->in_len;
    if (answered)
        tgt_task_ready(other);
    return answered;
}

static uint8_t abort_task(tgt_task *task)
{
    tgt_session *session = task->conn->session;
    tgt_task *other = tgt_task_find(session, rig_get32(task->bhs, RIG_F_REF_TAG));
    bool ended = other && tgt_allegiance_free(other) && adopt(other, task->conn);
    if (!other || other->draining || other->answered || ended)
        return abort_missing(task);
    if (other->kind == TGT_TASK_TMF || other->kind == TGT_TASK_LOGOUT || other->conn != task->conn)
        return REJECTED;
    if (rig_get(other->bhs, RIG_F_LUN) != rig_get(task->bhs, RIG_F_LUN))
        return NO_TASK;
    bool missed = other->pending;
    uint32_t cmd_sn = rig_get32(other->bhs, RIG_F_CMD_SN);
    if (other->kind == TGT_TASK_SCSI)
        abort_scsi(other);
    else
        tgt_task_finish(other);
    if (missed)
        tgt_command_plug(session, task->conn, cmd_sn);
    return COMPLETE;
}

/* ---- functions on many tasks ---- */

static bool earlier(const tgt_task *task, const tgt_task *tmf)
{
    uint32_t own = rig_get32(task->bhs, RIG_F_CMD_SN), limit = rig_get32(tmf->bhs, RIG_F_CMD_SN);
    return rig_sn_lt(own, limit) || (own == limit && !task->numbered && !task->pending);
}

/* Section 4.2.3.2: which tasks a function affects. A LUN belongs to one node, whatever session asks. */
static bool affects(const tgt_task *tmf, uint32_t function, const tgt_task *task)
{
    const tgt_session *session = tmf->conn->session;
    if (task->kind != TGT_TASK_SCSI || task->done || task->answered || !task->tagged ||
        task->conn->session->node != session->node ||
        rig_get(task->bhs, RIG_F_LUN) != rig_get(tmf->bhs, RIG_F_LUN))
        return false;
    if (function == LOGICAL_UNIT_RESET)
        return true;
    if (task->conn->session != session)
        return function == CLEAR_TASK_SET;
    return earlier(task, tmf);
}

static void abort_on(tgt_conn *conn, const tgt_task *tmf, uint32_t function)
{
    for (tgt_list *at = conn->tasks.next, *next; at != &conn->tasks; at = next) {
        tgt_task *task = TGT_OF(at, tgt_task, in_conn);
        next = at->next;
        if (!task->draining && !task->pending && affects(tmf, function, task))
            abort_scsi(task);
    }
}

static void abort_all(const tgt_task *tmf, uint32_t function)
{
    rig_target *target = tmf->conn->target;
    for (tgt_list *at = target->conns.next; at != &target->conns; at = at->next) {
        tgt_conn *conn = TGT_OF(at, tgt_conn, in_target);
        if (!conn->session)
            continue;
        abort_on(conn, tmf, function);
        if (conn->session != tmf->conn->session)
            tgt_session_tell_window(conn->session);
    }
}

static void tell_device(const tgt_task *tmf, uint32_t function)
{
    const tgt_session *session = tmf->conn->session;
    const tgt_unit *unit = tgt_unit_find(session->node, rig_get(tmf->bhs, RIG_F_LUN));
    if (!unit)
        return;
    rig_device *device = unit->device;
    if (function == LOGICAL_UNIT_RESET)
        rig_device_reset(device, session->nexus);
    else if (function == CLEAR_TASK_SET)
        rig_device_attention(device, session->nexus, ASC_CLEARED_BY_OTHER, 0);
}

/* 4.2.3.3 a: data for tags of affected tasks of this session is still on its way. */
static bool data_missing(const tgt_task *tmf)
{
    const tgt_session *session = tmf->conn->session;
    for (tgt_list *c = session->conns.next; c != &session->conns; c = c->next) {
        tgt_conn *conn = TGT_OF(c, tgt_conn, in_session);
        for (tgt_list *at = conn->tasks.next; conn->num_draining > 0 && at != &conn->tasks; at = at->next) {
            const tgt_task *task = TGT_OF(at, tgt_task, in_conn);
            if (task->draining && rig_get(task->bhs, RIG_F_LUN) == rig_get(tmf->bhs, RIG_F_LUN))
                return true;
        }
    }
    return false;
}

/* 11.6.1: every response before has to be acknowledged; a ping asks for it. */
static void ask_acks(const tgt_session *session)
{
    for (tgt_list *c = session->conns.next; c != &session->conns; c = c->next) {
        tgt_conn *conn = TGT_OF(c, tgt_conn, in_session);
        conn->fence_sn = conn->stat_sn;
        if (conn->stream && rig_sn_lt(conn->exp_stat_sn, conn->fence_sn))
            tgt_ping(conn);
    }
}

static bool acks_missing(const tgt_session *session)
{
    for (tgt_list *c = session->conns.next; c != &session->conns; c = c->next) {
        const tgt_conn *conn = TGT_OF(c, tgt_conn, in_session);
        if (conn->stream && rig_sn_lt(conn->exp_stat_sn, conn->fence_sn))
            return true;
    }
    return false;
}

static bool may_go_on(const tgt_task *tmf)
{
    const tgt_session *session = tmf->conn->session;
    if (tmf->step == WAIT_COMMANDS)
        return !rig_sn_lt(session->exp_cmd_sn, rig_get32(tmf->bhs, RIG_F_CMD_SN));
    return tmf->step == WAIT_DATA ? !data_missing(tmf) : !acks_missing(session);
}

static void go_on(tgt_task *tmf)
{
    uint32_t function = rig_get32(tmf->bhs, RIG_F_FUNCTION);
    while (tmf->waiting && may_go_on(tmf)) {
        if (tmf->step == WAIT_COMMANDS) {
            abort_all(tmf, function);
        } else if (tmf->step == WAIT_DATA) {
            tell_device(tmf, function);
            ask_acks(tmf->conn->session);
        }
        if (tmf->step == WAIT_ACKS || (tmf->step == WAIT_DATA && function == LOGICAL_UNIT_RESET))
            answer_with(tmf, COMPLETE);
        else
            tmf->step++;
    }
}

/* Going on may end any SCSI task, so the search starts anew after each. */
static tgt_task *find_free_tmf(const tgt_session *session)
{
    for (tgt_list *c = session->conns.next; c != &session->conns; c = c->next) {
        tgt_conn *conn = TGT_OF(c, tgt_conn, in_session);
        for (tgt_list *at = conn->tasks.next; at != &conn->tasks; at = at->next) {
            tgt_task *task = TGT_OF(at, tgt_task, in_conn);
            if (task->waiting && may_go_on(task))
                return task;
        }
    }
    return NULL;
}

void tgt_tmf_progress(tgt_session *session)
{
    tgt_task *task;
    while (session->num_tmf_waiting > 0 && (task = find_free_tmf(session)))
        go_on(task);
}

static void many_tasks(tgt_task *task)
{
    tgt_session *session = task->conn->session;
    if (!tgt_unit_find(session->node, rig_get(task->bhs, RIG_F_LUN))) {
        answer_with(task, NO_LUN);
        return;
    }
    task->step = WAIT_COMMANDS;
    task->waiting = true;
    session->num_tmf_waiting++;
    go_on(task);
}

void tgt_tmf_begin(tgt_task *task, rig_view ahs, rig_view data)
{
    uint32_t function = rig_get32(task->bhs, RIG_F_FUNCTION);
    (void)ahs;
    (void)data;
    switch (function) {
    case ABORT_TASK:
        if (!tgt_unit_find(task->conn->session->node, rig_get(task->bhs, RIG_F_LUN)))
            answer_with(task, NO_LUN);
        else
            answer_with(task, abort_task(task));
        return;
    case ABORT_TASK_SET:
    case CLEAR_TASK_SET:
    case LOGICAL_UNIT_RESET:
        many_tasks(task);
        return;
    case TASK_REASSIGN: /* decided when it is answered: the task may still end */
        tgt_task_ready(task);
        return;
    default:
        answer_with(task, function == 0 || function > FUNCTION_LAST ? REJECTED : NOT_SUPPORTED);
    }
}

/* 7.2.2: the reassignment becomes effective behind its response. */
bool tgt_tmf_answer(tgt_task *task)
{
    tgt_answer answer;
    bool reassign = rig_get32(task->bhs, RIG_F_FUNCTION) == TASK_REASSIGN;
    if (reassign)
        task->code = tgt_reassign_verdict(task);
    bool moves = reassign && task->code == COMPLETE;
    tgt_answer_init(&answer, task, RIG_PDU_TMF_RESP);
    rig_set(answer.bhs, RIG_F_TMF_RESPONSE, task->code);
    answer.last = true;
    task->refs++;
    tgt_pushed pushed = tgt_reply(task, &answer);
    if (pushed == TGT_PUSHED && moves)
        tgt_reassign(task);
    tgt_task_unref(task);
    return pushed != TGT_FULL;
}
