/* Task management: what each function does (RFC 7143 sections 11.5, 11.6; RFC 7144 section 6). */
#include "ttmf.h"

#define LEVEL_7144 2 /* iSCSIProtocolLevel (RFC 7144 section 7.1.1) */

void tgt_tmf_answer_with(tgt_task *task, uint8_t response)
{
    task->code = response;
    if (task->waiting)
        task->conn->session->num_tmf_waiting--;
    task->waiting = false;
    tgt_task_ready(task);
}

/* ---- ABORT TASK ---- */

/* 11.6.1 b and c: a command that is not here, but could still come. */
static uint8_t abort_missing(tgt_task *task)
{
    tgt_session *session = task->conn->session;
    uint32_t ref = rig_get32(task->bhs, RIG_F_REF_CMD_SN);
    if (!rig_sn_in(ref, session->exp_cmd_sn, tgt_session_max_cmd_sn(session)) ||
        !rig_sn_lt(ref, rig_get32(task->bhs, RIG_F_CMD_SN)))
        return TGT_TMF_NO_TASK;
    tgt_command_plug(session, task->conn, ref);
    return TGT_TMF_COMPLETE;
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

static bool same_lun(const tgt_task *task, const tgt_task *tmf)
{
    return rig_get(task->bhs, RIG_F_LUN) == rig_get(tmf->bhs, RIG_F_LUN);
}

static uint8_t abort_task(tgt_task *task)
{
    tgt_session *session = task->conn->session;
    tgt_task *other = tgt_task_find(session, rig_get32(task->bhs, RIG_F_REF_TAG));
    bool ended = other && same_lun(other, task) && tgt_allegiance_free(other) && adopt(other, task->conn);
    if (!other || other->draining || other->answered || ended)
        return abort_missing(task);
    if (other->kind == TGT_TASK_TMF || other->kind == TGT_TASK_LOGOUT || other->conn != task->conn)
        return TGT_TMF_REJECTED;
    if (!same_lun(other, task))
        return TGT_TMF_NO_TASK;
    if (tgt_fault_on_said(task, RIG_FAULT_ABORT_NOT_DONE))
        return TGT_TMF_COMPLETE;
    bool missed = other->pending;
    uint32_t cmd_sn = rig_get32(other->bhs, RIG_F_CMD_SN);
    if (other->kind == TGT_TASK_SCSI)
        tgt_abort_scsi(other);
    else
        tgt_task_finish(other);
    if (missed)
        tgt_command_plug(session, task->conn, cmd_sn);
    return TGT_TMF_COMPLETE;
}

static void begin_abort_task(tgt_task *task)
{
    tgt_tmf_answer_with(task, abort_task(task));
}

/* ---- queries (RFC 7144 section 6.4.2): they abort nothing ---- */

static uint8_t query_task(tgt_task *task)
{
    tgt_session *session = task->conn->session;
    tgt_task *other = tgt_task_find(session, rig_get32(task->bhs, RIG_F_REF_TAG));
    if (!other || other->draining || other->answered) {
        abort_missing(
            task); /* RFC 7144 section 6.3.3: what has not come counts as received, as for an abort */
        return TGT_TMF_COMPLETE;
    }
    if (other->kind == TGT_TASK_TMF || (other->conn != task->conn && !tgt_allegiance_free(other)))
        return TGT_TMF_REJECTED;
    bool there = other->kind == TGT_TASK_SCSI && !other->pending && same_lun(other, task);
    return there ? TGT_TMF_SUCCEEDED : TGT_TMF_COMPLETE;
}

static void begin_query_task(tgt_task *task)
{
    tgt_tmf_answer_with(task, query_task(task));
}

static bool in_set(const tgt_task *task, const tgt_task *tmf)
{
    return task->kind == TGT_TASK_SCSI && !task->done && !task->answered && !task->draining &&
           !task->pending && same_lun(task, tmf);
}

static bool any_in_set(const tgt_list *conns, const tgt_task *tmf)
{
    for (const tgt_list *c = conns->next; c != conns; c = c->next) {
        const tgt_conn *conn = TGT_OF(c, tgt_conn, in_session);
        for (const tgt_list *at = conn->tasks.next; at != &conn->tasks; at = at->next)
            if (in_set(TGT_OF(at, tgt_task, in_conn), tmf))
                return true;
    }
    return false;
}

static void begin_query_set(tgt_task *tmf)
{
    const tgt_session *session = tmf->conn->session;
    bool any = any_in_set(&session->conns, tmf) || any_in_set(&session->ghosts, tmf);
    tgt_tmf_answer_with(tmf, any ? TGT_TMF_SUCCEEDED : TGT_TMF_COMPLETE);
}

/* SAM-5 section 7.9: how many there are, and the sense key and codes of the first. */
static uint32_t event_info(const tgt_task *task)
{
    const tgt_session *session = task->conn->session;
    const tgt_unit *unit = tgt_unit_find(session->node, rig_get(task->bhs, RIG_F_LUN));
    uint16_t first = 0;
    unsigned num = unit ? rig_device_attentions(unit->device, session->nexus, &first) : 0;
    uint32_t depth = num > 1 ? 2 : 1;
    return num ? depth << 20 | UINT32_C(6) << 16 | first : 0;
}

static void begin_query_event(tgt_task *task)
{
    tgt_tmf_answer_with(task, event_info(task) ? TGT_TMF_SUCCEEDED : TGT_TMF_COMPLETE);
}

/* ---- the table ---- */

/* Decided when it is answered: the task may still end. */
static void begin_reassign(tgt_task *task)
{
    tgt_task_ready(task);
}

static void not_supported(tgt_task *task)
{
    tgt_tmf_answer_with(task, TGT_TMF_NOT_SUPPORTED);
}

static const struct row {
    void (*begin)(tgt_task *task); /* NULL: malformed (11.6.1) */
    tgt_scope scope;
    bool unit;     /* LUN has to be one that exists */
    uint8_t level; /* iSCSIProtocolLevel from which on it is known */
} rows[TGT_TMF_FUNCTIONS] = {
    [TGT_TMF_ABORT_TASK] = {begin_abort_task, TGT_SCOPE_NONE, true, 0},
    [TGT_TMF_ABORT_TASK_SET] = {tgt_abort_begin, TGT_SCOPE_OWN_SET, true, 0},
    [TGT_TMF_CLEAR_ACA] = {not_supported, TGT_SCOPE_NONE, false, 0}, /* there is no ACA */
    [TGT_TMF_CLEAR_TASK_SET] = {tgt_abort_begin, TGT_SCOPE_SET, true, 0},
    [TGT_TMF_UNIT_RESET] = {tgt_abort_begin, TGT_SCOPE_UNIT, true, 0},
    [TGT_TMF_WARM_RESET] = {tgt_abort_begin, TGT_SCOPE_TARGET, false, 0},
    [TGT_TMF_COLD_RESET] = {tgt_abort_begin, TGT_SCOPE_TARGET, false, 0},
    [TGT_TMF_REASSIGN] = {begin_reassign, TGT_SCOPE_NONE, false, 0},
    [TGT_TMF_QUERY_TASK] = {begin_query_task, TGT_SCOPE_NONE, true, LEVEL_7144},
    [TGT_TMF_QUERY_SET] = {begin_query_set, TGT_SCOPE_NONE, true, LEVEL_7144},
    [TGT_TMF_NEXUS_RESET] = {tgt_abort_begin, TGT_SCOPE_NEXUS, false, LEVEL_7144},
    [TGT_TMF_QUERY_EVENT] = {begin_query_event, TGT_SCOPE_NONE, true, LEVEL_7144},
};

tgt_scope tgt_tmf_scope(uint32_t function)
{
    return function < TGT_TMF_FUNCTIONS ? rows[function].scope : TGT_SCOPE_NONE;
}

static uint32_t function_of(const tgt_task *task)
{
    return rig_get32(task->bhs, RIG_F_FUNCTION);
}

void tgt_tmf_begin(tgt_task *task, rig_view ahs, rig_view data)
{
    const tgt_session *session = task->conn->session;
    uint32_t function = function_of(task);
    const struct row *row = function < TGT_TMF_FUNCTIONS ? &rows[function] : &rows[0];
    (void)ahs;
    (void)data;
    if (!row->begin)
        tgt_tmf_answer_with(task, TGT_TMF_REJECTED);
    else if (session->protocol_level < row->level)
        not_supported(task);
    else if (row->unit && !tgt_unit_find(session->node, rig_get(task->bhs, RIG_F_LUN)))
        tgt_tmf_answer_with(task, TGT_TMF_NO_LUN);
    else
        row->begin(task);
}

/* What becomes true behind the response (7.2.2 for a reassignment). */
static void carry_out(tgt_task *task)
{
    if (function_of(task) == TGT_TMF_QUERY_TASK && task->code == TGT_TMF_SUCCEEDED)
        tgt_take_over(task);
    if (task->code != TGT_TMF_COMPLETE)
        return;
    if (function_of(task) == TGT_TMF_REASSIGN)
        tgt_reassign(task);
    else if (tgt_tmf_scope(function_of(task)) != TGT_SCOPE_NONE)
        tgt_abort_answered(task);
}

bool tgt_tmf_answer(tgt_task *task)
{
    tgt_answer answer;
    if (function_of(task) == TGT_TMF_REASSIGN)
        task->code = tgt_reassign_verdict(task);
    tgt_answer_init(&answer, task, RIG_PDU_TMF_RESP);
    rig_set(answer.bhs, RIG_F_TMF_RESPONSE, task->code);
    if (function_of(task) == TGT_TMF_QUERY_EVENT && task->code == TGT_TMF_SUCCEEDED)
        rig_set(answer.bhs, RIG_F_TMF_INFO, event_info(task));
    answer.last = true;
    task->refs++;
    tgt_pushed pushed = tgt_reply(task, &answer);
    if (pushed == TGT_PUSHED)
        carry_out(task);
    tgt_task_unref(task);
    return pushed != TGT_FULL;
}
