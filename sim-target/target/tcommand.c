/* The command window (RFC 7143 section 4.2.2.1): which request runs now, waits, is ignored or rejected. */
#include "tgt.h"

static const struct service {
    tgt_task_kind kind;
    tgt_check_fn *check;
    tgt_begin_fn *begin;
} services[RIG_PDU_KINDS] = {
    [RIG_PDU_NOP_OUT] = {TGT_TASK_NOP, NULL, tgt_nop_begin},
    [RIG_PDU_SCSI_CMD] = {TGT_TASK_SCSI, tgt_scsi_check, tgt_scsi_begin},
    [RIG_PDU_TMF_REQ] = {TGT_TASK_TMF, NULL, tgt_tmf_begin},
    [RIG_PDU_TEXT_REQ] = {TGT_TASK_TEXT, tgt_text_check, tgt_text_begin},
    [RIG_PDU_LOGOUT_REQ] = {TGT_TASK_LOGOUT, tgt_logout_check, tgt_logout_begin},
};

typedef enum verdict { RUN, PARK, IGNORE, REJECT } verdict;

static uint64_t sn_hash(const tgt_session *session, uint32_t cmd_sn)
{
    return tgt_mix((uint64_t)(uintptr_t)session, cmd_sn);
}

static tgt_task *pending_find(const tgt_session *session, uint32_t cmd_sn)
{
    if (session->target->pending.num == 0)
        return NULL;
    rig_map_link *link = rig_map_first(&session->target->pending, sn_hash(session, cmd_sn));
    for (; link; link = rig_map_next(link)) {
        tgt_task *task = TGT_OF(link, tgt_task, by_sn);
        if (task->conn->session == session && rig_get32(task->bhs, RIG_F_CMD_SN) == cmd_sn)
            return task;
    }
    return NULL;
}

static bool too_many_immediate(const tgt_conn *conn, rig_pdu_kind kind)
{
    return (kind == RIG_PDU_TMF_REQ ? conn->num_tmf : conn->num_immediate) >= TGT_IMMEDIATE_MAX;
}

static bool tag_in_use(const tgt_conn *conn, rig_pdu_kind kind, uint32_t itt)
{
    const tgt_task *task = tgt_task_find(conn->session, itt);
    if (task) /* whoever uses a tag again has the status of the task it was for */
        return !task->draining && !task->answered;
    return kind != RIG_PDU_TEXT_REQ && conn->text && tgt_text_itt(conn->text) == itt;
}

/* What a session of this kind accepts at all (section 4.3). */
static bool served(const tgt_conn *conn, rig_pdu_kind kind)
{
    return !conn->session->discovery || kind == RIG_PDU_TEXT_REQ || kind == RIG_PDU_LOGOUT_REQ;
}

static uint8_t flaw_of(tgt_conn *conn, const rig_pdu *pdu, rig_pdu_kind kind, bool immediate)
{
    uint32_t itt = rig_get32(pdu->bhs, RIG_F_ITT);
    if (!served(conn, kind))
        return tgt_blame(conn, RIG_F_OPCODE, TGT_REJECT_UNSUPPORTED);
    if (kind == RIG_PDU_SCSI_CMD && tgt_logout_ignored(conn, pdu))
        return TGT_REJECT_WAITING;
    if (itt == RIG_TAG_NONE)
        return tgt_blame(conn, RIG_F_ITT, TGT_REJECT_FIELD);
    if (tag_in_use(conn, kind, itt))
        return tgt_blame(conn, RIG_F_ITT, TGT_REJECT_IN_PROGRESS);
    if (immediate && too_many_immediate(conn, kind))
        return tgt_blame(conn, RIG_F_I, TGT_REJECT_IMMEDIATE);
    return services[kind].check ? services[kind].check(conn, pdu) : 0;
}

/* A command that comes once more though it was carried out. */
static bool is_late_retry(const tgt_session *session, const rig_pdu *pdu)
{
    tgt_task *task = tgt_task_find(session, rig_get32(pdu->bhs, RIG_F_ITT));
    return task && task->kind == TGT_TASK_SCSI && tgt_scsi_of(task)->responding &&
           rig_get32(task->bhs, RIG_F_CMD_SN) == rig_get32(pdu->bhs, RIG_F_CMD_SN);
}

static verdict judge(tgt_conn *conn, const rig_pdu *pdu, uint8_t *out_reason)
{
    tgt_session *session = conn->session;
    rig_pdu_kind kind = rig_pdu_kind_of(pdu->bhs);
    uint32_t cmd_sn = rig_get32(pdu->bhs, RIG_F_CMD_SN);
    bool immediate = rig_get(pdu->bhs, RIG_F_I);
    if (!immediate && (!rig_sn_in(cmd_sn, session->exp_cmd_sn, tgt_session_max_cmd_sn(session)) ||
                       pending_find(session, cmd_sn)))
        return is_late_retry(session, pdu) && tgt_fault_now(conn, RIG_FAULT_RETRY_TWICE) ? RUN : IGNORE;
    *out_reason = flaw_of(conn, pdu, kind, immediate);
    if (*out_reason)
        return REJECT;
    return immediate || cmd_sn == session->exp_cmd_sn ? RUN : PARK;
}

/* A tag that an aborted write still holds is the initiator's to use again. */
static void take_tag(tgt_task *task)
{
    tgt_task *old = tgt_task_find(task->conn->session, tgt_task_itt(task));
    if (old && old->answered)
        tgt_task_untag(old);
    else if (old)
        tgt_task_finish(old);
    tgt_task_tag(task);
}

static void acknowledge(tgt_session *session, tgt_task *task)
{
    session->exp_cmd_sn++;
    session->num_active++;
    task->numbered = true;
}

static void run(tgt_task *task, rig_view ahs, rig_view data)
{
    rig_pdu_kind kind = rig_pdu_kind_of(task->bhs);
    if (!task->immediate && rig_get32(task->bhs, RIG_F_CMD_SN) == task->conn->session->exp_cmd_sn)
        acknowledge(task->conn->session, task);
    if (kind == RIG_PDU_SCSI_CMD)
        task->conn->target->num_commands++;
    services[kind].begin(task, ahs, data);
}

static rig_status start(tgt_conn *conn, const rig_pdu *pdu, tgt_task *task, verdict what)
{
    tgt_session *session = conn->session;
    task->immediate = rig_get(pdu->bhs, RIG_F_I);
    tgt_task_count(task);
    take_tag(task);
    if (what == RUN) {
        run(task, pdu->ahs, pdu->data);
        if (!rig_get(pdu->bhs, RIG_F_I))
            tgt_command_advance(session);
        return RIG_OK;
    }
    task->pending = true;
    rig_map_add(&conn->target->pending, &task->by_sn, sn_hash(session, rig_get32(pdu->bhs, RIG_F_CMD_SN)));
    rig_status status = tgt_task_keep(task, pdu->ahs, pdu->data);
    return status == RIG_OK && task->kind == TGT_TASK_SCSI ? tgt_scsi_park(tgt_scsi_of(task), pdu->ahs)
                                                           : status;
}

static rig_status no_memory(tgt_conn *conn)
{
    tgt_conn_end(conn, TGT_TRANSPORT_LOST, false, RIG_E_NOMEM, "no memory for a request");
    return RIG_E_ABORTED;
}

rig_status tgt_command(tgt_conn *conn, const rig_pdu *pdu)
{
    uint8_t reason = 0;
    verdict what = judge(conn, pdu, &reason);
    tgt_task *task = conn->early ? &conn->early->task : NULL;
    conn->early = NULL;
    if (pdu->bad_data_digest && what != IGNORE) {
        what = REJECT;
        reason = TGT_REJECT_DATA_DIGEST;
    }
    if (task)
        task->refs--;
    if (task && what != RUN) {
        tgt_task_free(task);
        task = NULL;
    }
    if (what == IGNORE)
        return RIG_OK;
    if (what == REJECT)
        return tgt_reject(conn, pdu, reason);
    if (!task)
        task = tgt_task_new(conn, services[rig_pdu_kind_of(pdu->bhs)].kind, pdu->bhs);
    if (!task || start(conn, pdu, task, what) != RIG_OK)
        return no_memory(conn);
    return RIG_OK;
}

rig_status tgt_command_header(tgt_conn *conn, const rig_pdu *pdu, rig_sink *out_sink)
{
    uint8_t reason;
    verdict what = judge(conn, pdu, &reason);
    if (what == PARK)
        return RIG_OK;
    if (what == RUN && tgt_scsi_early(conn, pdu, out_sink))
        return RIG_OK;
    out_sink->kind = RIG_SINK_DISCARD;
    return RIG_OK;
}

void tgt_command_advance(tgt_session *session)
{
    tgt_task *task;
    while (session->state == TGT_Q3_LOGGED_IN && (task = pending_find(session, session->exp_cmd_sn))) {
        rig_map_remove(&session->target->pending, &task->by_sn);
        task->pending = false;
        if (task->kind != TGT_TASK_PLUG) {
            run(task, tgt_task_ahs(task), tgt_task_data(task));
            continue;
        }
        session->exp_cmd_sn++;
        tgt_task_finish(task);
    }
    tgt_tmf_progress(session);
}

void tgt_command_keep_plugs(tgt_conn *conn)
{
    tgt_conn *other = conn->session ? tgt_session_live(conn->session) : NULL;
    for (tgt_list *at = conn->tasks.next, *next; other && at != &conn->tasks; at = next) {
        tgt_task *task = TGT_OF(at, tgt_task, in_conn);
        next = at->next;
        if (task->kind == TGT_TASK_PLUG && !task->done)
            tgt_task_move(task, other);
    }
}

/* Section 7.11: a command that never came counts as received when its abort says so. */
void tgt_command_plug(tgt_session *session, tgt_conn *conn, uint32_t cmd_sn)
{
    if (pending_find(session, cmd_sn))
        return; /* it has come, or was declared received before */
    tgt_task *task = tgt_task_new(conn, TGT_TASK_PLUG, NULL);
    if (!task)
        return;
    task->effects = task->waits = 0;
    rig_set(task->bhs, RIG_F_CMD_SN, cmd_sn);
    task->pending = true;
    rig_map_add(&session->target->pending, &task->by_sn, sn_hash(session, cmd_sn));
    tgt_command_advance(session);
}
