/*
 * Task management functions on many tasks (RFC 7143 sections 4.2.3.2 to 4.2.3.5, RFC 7144 section 6.5): what
 * they affect, what they wait for, and whom they tell.
 */
#include "tgt.h"
#include "ttmf.h"

/* What a function waits for, in this order. */
enum { WAIT_COMMANDS, WAIT_DATA, WAIT_ACKS };

static uint32_t function_of(const tgt_task *tmf)
{
    return rig_get32(tmf->bhs, RIG_F_FUNCTION);
}

static tgt_scope scope_of(const tgt_task *tmf)
{
    return tgt_tmf_scope(function_of(tmf));
}

static bool fast(const tgt_session *session)
{
    return session->reporting == TGT_REPORTS_FAST_ABORT;
}

/* ---- a task ---- */

void tgt_abort_scsi(tgt_task *task)
{
    tgt_scsi *scsi = tgt_scsi_of(task);
    tgt_unit_taken(scsi, 0, true);
    if (tgt_scsi_expects_data(scsi))
        tgt_task_drain(task);
    else
        tgt_task_finish(task);
}

static bool earlier(const tgt_task *task, const tgt_task *tmf)
{
    uint32_t own = rig_get32(task->bhs, RIG_F_CMD_SN), limit = rig_get32(tmf->bhs, RIG_F_CMD_SN);
    return rig_sn_lt(own, limit) || (own == limit && !task->numbered && !task->pending);
}

/* Section 4.2.3.2: which tasks of a unit a function affects. */
static bool affects(const tgt_task *tmf, const tgt_unit *unit, tgt_task *task)
{
    bool own = task->conn->session == tmf->conn->session;
    if (task->kind != TGT_TASK_SCSI || task->done || task->answered || !task->tagged || task->draining ||
        task->pending || tgt_unit_of(task) != unit)
        return false;
    switch (scope_of(tmf)) {
    case TGT_SCOPE_OWN_SET:
        return own && earlier(task, tmf);
    case TGT_SCOPE_SET:
        return !own || earlier(task, tmf);
    case TGT_SCOPE_NEXUS:
        return own;
    default:
        return true;
    }
}

/* ---- all of them ---- */

/* FastAbort: a transfer tag stays valid until the initiator says that it has stopped (4.2.3.4 c and g); on
 * the issuing connection it stops with the request, so the response's acknowledgment says so. */
static void mark_lazy(const tgt_task *tmf, tgt_conn *conn, tgt_task *task)
{
    if (!fast(conn->session))
        return;
    task->lazy = conn == tmf->conn ? TGT_LAZY_ACK : TGT_LAZY_NOP_OUT;
    task->free_known = false;
    conn->num_lazy++;
}

/* Ends what is affected of a connection; how many that was. */
static uint32_t abort_on(tgt_conn *conn, const tgt_task *tmf, const tgt_unit *unit)
{
    uint32_t num = 0;
    for (tgt_list *at = conn->tasks.next, *next; at != &conn->tasks; at = next) {
        tgt_task *task = TGT_OF(at, tgt_task, in_conn);
        next = at->next;
        if (!affects(tmf, unit, task))
            continue;
        num++;
        uint32_t draining = conn->num_draining;
        tgt_abort_scsi(task);
        if (conn->num_draining > draining)
            mark_lazy(tmf, conn, task);
    }
    return num;
}

static void abort_unit(const tgt_task *tmf, const tgt_unit *unit)
{
    rig_target *target = tmf->conn->target;
    if (tgt_fault_on_said(tmf, RIG_FAULT_RESET_NOT_DONE))
        return;
    for (tgt_list *at = target->conns.next; at != &target->conns; at = at->next) {
        tgt_conn *conn = TGT_OF(at, tgt_conn, in_target);
        if (!conn->session)
            continue;
        uint32_t num = abort_on(conn, tmf, unit);
        if (num > 0 && conn != tmf->conn && conn->closing == TGT_OPEN && fast(conn->session))
            tgt_say_terminated(conn, tgt_unit_lun(conn->session->node, unit));
        if (num > 0 && conn->session != tmf->conn->session)
            tgt_session_tell_window(conn->session);
    }
}

/* 4.2.3.3 b: with a target reset, what is missing of the command stream counts as received. */
static void plug_holes(const tgt_task *tmf)
{
    tgt_session *session = tmf->conn->session;
    uint32_t end = rig_get32(tmf->bhs, RIG_F_CMD_SN);
    while (rig_sn_lt(session->exp_cmd_sn, end) && session->state == TGT_Q3_LOGGED_IN) {
        uint32_t before = session->exp_cmd_sn;
        tgt_command_plug(session, tmf->conn, before);
        if (session->exp_cmd_sn == before)
            return; /* no memory: it goes on waiting */
    }
}

static bool of_many_units(tgt_scope scope)
{
    return scope == TGT_SCOPE_TARGET || scope == TGT_SCOPE_NEXUS;
}

static tgt_unit *only_unit(const tgt_task *tmf)
{
    return tgt_unit_find(tmf->conn->session->node, rig_get(tmf->bhs, RIG_F_LUN));
}

static void tell_device(const tgt_task *tmf, const tgt_unit *unit)
{
    tgt_scope scope = scope_of(tmf);
    rig_nexus_id nexus = tmf->conn->session->nexus;
    if (scope == TGT_SCOPE_UNIT || scope == TGT_SCOPE_TARGET)
        rig_device_reset(unit->device);
    else if (scope == TGT_SCOPE_SET)
        rig_device_attention(unit->device, nexus, TGT_ASC_CLEARED_BY_OTHER, 0);
}

static void on_units(const tgt_task *tmf, void (*call)(const tgt_task *tmf, const tgt_unit *unit))
{
    const rig_target_node *node = tmf->conn->session->node;
    if (!of_many_units(scope_of(tmf))) {
        if (only_unit(tmf))
            call(tmf, only_unit(tmf));
        return;
    }
    for (uint32_t i = 0; i < node->num_luns; i++)
        call(tmf, node->units[i]);
}

/* 4.2.3.3 a: data for tags of affected tasks of this session is still on its way. */
static bool data_missing(const tgt_task *tmf)
{
    const tgt_session *session = tmf->conn->session;
    bool many = of_many_units(scope_of(tmf));
    for (tgt_list *c = session->conns.next; c != &session->conns; c = c->next) {
        tgt_conn *conn = TGT_OF(c, tgt_conn, in_session);
        for (tgt_list *at = conn->tasks.next; conn->num_draining > 0 && at != &conn->tasks; at = at->next) {
            const tgt_task *task = TGT_OF(at, tgt_task, in_conn);
            if (task->draining && (many || rig_get(task->bhs, RIG_F_LUN) == rig_get(tmf->bhs, RIG_F_LUN)))
                return true;
        }
    }
    return false;
}

/* SPC-4 section 5.13.11.4: the aborted tasks get no status, and their nexus hears that others ended them. */
static bool preempt_on(tgt_conn *conn, const tgt_scsi *by)
{
    bool some = false;
    for (tgt_list *at = conn->tasks.next, *next; at != &conn->tasks; at = next) {
        tgt_task *task = TGT_OF(at, tgt_task, in_conn);
        next = at->next;
        if (task == &by->task || task->kind != TGT_TASK_SCSI || task->done || task->answered ||
            !task->tagged || task->draining || task->pending || tgt_unit_of(task) != by->unit)
            continue;
        tgt_abort_scsi(task);
        some = true;
    }
    return some;
}

void tgt_abort_preempted(tgt_scsi *by, rig_nexus_id nexus)
{
    rig_target *target = by->task.conn->target;
    bool some = false;
    for (tgt_list *at = target->conns.next; at != &target->conns; at = at->next) {
        tgt_conn *conn = TGT_OF(at, tgt_conn, in_target);
        if (!conn->session || conn->session->nexus != nexus)
            continue;
        some = preempt_on(conn, by) || some;
        tgt_session_tell_window(conn->session);
    }
    if (some)
        rig_device_attention_one(by->unit->device, nexus, TGT_ASC_CLEARED_BY_OTHER, 0);
}

/* ---- step by step ---- */

/* 11.6.1: the responses before that of a function on a task set have to be acknowledged; those before any
 * other one when connections could change their order (4.2.2.3). */
static bool wants_acks(const tgt_task *tmf)
{
    const tgt_session *session = tmf->conn->session;
    tgt_scope scope = scope_of(tmf);
    bool set = scope == TGT_SCOPE_OWN_SET || scope == TGT_SCOPE_SET;
    return tgt_session_num_live(session) > 1 || (set && session->reporting == TGT_REPORTS_RFC3720);
}

static bool may_go_on(const tgt_task *tmf)
{
    const tgt_session *session = tmf->conn->session;
    if (tmf->step == WAIT_COMMANDS)
        return !rig_sn_lt(session->exp_cmd_sn, rig_get32(tmf->bhs, RIG_F_CMD_SN));
    if (tmf->step == WAIT_DATA)
        return fast(session) || !data_missing(tmf);
    return tgt_fence_acknowledged(session);
}

static void go_on(tgt_task *tmf)
{
    while (tmf->waiting && may_go_on(tmf)) {
        bool over = tmf->step == WAIT_ACKS;
        if (tmf->step == WAIT_COMMANDS) {
            on_units(tmf, abort_unit);
        } else if (tmf->step == WAIT_DATA) {
            on_units(tmf, tell_device);
            over = !wants_acks(tmf);
            if (!over)
                tgt_fence_ask(tmf->conn->session);
        }
        if (over)
            tgt_tmf_answer_with(tmf, TGT_TMF_COMPLETE);
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
    tgt_fence_progress(session);
}

/* 4.2.2.1: no initiator has numbers to give beyond the one behind MaxCmdSN; what such a request waits for
 * would never come. */
static bool beyond_window(const tgt_task *tmf)
{
    uint32_t limit = tgt_session_max_cmd_sn(tmf->conn->session) + 1;
    return rig_sn_lt(limit, rig_get32(tmf->bhs, RIG_F_CMD_SN));
}

void tgt_abort_begin(tgt_task *tmf)
{
    tgt_session *session = tmf->conn->session;
    if (beyond_window(tmf)) {
        tgt_tmf_answer_with(tmf, TGT_TMF_REJECTED);
        return;
    }
    tmf->step = WAIT_COMMANDS;
    tmf->waiting = true;
    session->num_tmf_waiting++;
    if (of_many_units(scope_of(tmf)))
        plug_holes(tmf);
    if (tmf->waiting)
        go_on(tmf);
}

/* ---- behind the response ---- */

/* 4.2.3.4 d: what its connections have to be told goes out before they end. */
static void end_session(tgt_session *session)
{
    tgt_conn *conn;
    while ((conn = tgt_session_live(session))) {
        tgt_conn_pump(conn);
        tgt_conn_end(conn, TGT_SESSION_CLOSED, true, RIG_E_ABORTED, "reset by a task management function");
    }
    tgt_session_end(session, TGT_TIMEOUT, RIG_E_ABORTED);
}

static tgt_session *find_session(const rig_target *target, const rig_target_node *node)
{
    for (tgt_list *at = target->sessions.next; at != &target->sessions; at = at->next) {
        tgt_session *session = TGT_OF(at, tgt_session, in_target);
        if (session->state != TGT_Q1_FREE && tgt_node_head(session->node) == tgt_node_head(node))
            return session;
    }
    return NULL;
}

/* 11.5.1: a cold reset is a power on, which ends every session. What one still sends may be the response of
 * another reset, so the search starts anew after each. */
static void end_sessions(rig_target *target, const rig_target_node *node)
{
    tgt_session *session;
    while ((session = find_session(target, node)))
        end_session(session);
}

void tgt_abort_answered(tgt_task *tmf)
{
    tgt_conn *conn = tmf->conn;
    tgt_session *session = conn->session;
    uint32_t function = function_of(tmf);
    tgt_lazy_said(conn, TGT_LAZY_ACK, 0);
    tgt_fence_behind(conn, rig_get(tmf->bhs, RIG_F_LUN), of_many_units(scope_of(tmf)));
    if (function != TGT_TMF_COLD_RESET && function != TGT_TMF_NEXUS_RESET)
        return;
    rig_target_node *node = session->node;
    tgt_conn_end(conn, TGT_SESSION_CLOSED, true, RIG_E_ABORTED, "reset by a task management function");
    if (function == TGT_TMF_COLD_RESET)
        end_sessions(conn->target, node);
    else
        end_session(session);
}

/* ---- transfer tags that stay valid (4.2.3.4 g) ---- */

void tgt_lazy_said(tgt_conn *conn, tgt_lazy how, uint64_t lun)
{
    for (tgt_list *at = conn->tasks.next; conn->num_lazy > 0 && at != &conn->tasks; at = at->next) {
        tgt_task *task = TGT_OF(at, tgt_task, in_conn);
        if (task->lazy != how || task->free_known ||
            (how == TGT_LAZY_NOP_OUT && rig_get(task->bhs, RIG_F_LUN) != lun))
            continue;
        task->free_known = true;
        task->free_sn = conn->stat_sn;
    }
}

void tgt_lazy_acknowledged(tgt_conn *conn, tgt_lazy how, uint64_t lun)
{
    for (tgt_list *at = conn->tasks.next, *next; conn->num_lazy > 0 && at != &conn->tasks; at = next) {
        tgt_task *task = TGT_OF(at, tgt_task, in_conn);
        next = at->next;
        if (task->lazy == how && task->free_known && rig_sn_le(task->free_sn, conn->exp_stat_sn) &&
            (how == TGT_LAZY_ACK || rig_get(task->bhs, RIG_F_LUN) == lun))
            tgt_task_finish(task);
    }
}
