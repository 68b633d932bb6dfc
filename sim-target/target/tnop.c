/* NOP-Out and NOP-In, both ways (RFC 7143 sections 11.18, 11.19). */
#include "tgt.h"

#define SENSE_LENGTH 2 /* bytes, in front of event data (11.9.4) */

void tgt_nop_begin(tgt_task *task, rig_view ahs, rig_view data)
{
    (void)ahs;
    if (!task->data && data.ptr && tgt_task_keep(task, (rig_view){0}, data) != RIG_OK) {
        tgt_conn_end(task->conn, TGT_TRANSPORT_LOST, false, RIG_E_NOMEM, "no memory for ping data");
        return;
    }
    tgt_task_ready(task);
}

bool tgt_nop_answer(tgt_task *task)
{
    rig_view data = rig_view_sub(tgt_task_data(task), 0, task->conn->max_send);
    tgt_answer answer;
    tgt_answer_init(&answer, task, RIG_PDU_NOP_IN);
    if (data.len > 0) {
        task->payload = (struct iovec){task->data + task->ahs_len, data.len};
        answer.iov = &task->payload;
        answer.num_iov = 1;
        answer.data_len = (uint32_t)data.len;
        answer.refers = true;
    }
    answer.last = true;
    return tgt_reply(task, &answer) != TGT_FULL;
}

rig_status tgt_nop_reply(tgt_conn *conn, const rig_pdu *pdu)
{
    if (rig_get32(pdu->bhs, RIG_F_TTT) == RIG_TAG_NONE) {
        tgt_lazy_acknowledged(conn, TGT_LAZY_NOP_OUT, rig_get(pdu->bhs, RIG_F_LUN));
        return RIG_OK;
    }
    if (conn->num_pings == 0)
        return tgt_reject(conn, pdu, tgt_blame(conn, RIG_F_TTT, TGT_REJECT_FIELD));
    conn->num_pings--;
    return RIG_OK;
}

/* Section 11.19.3: the LUN beside a valid target transfer tag must be a right one. */
static uint64_t any_lun(const tgt_session *session)
{
    return session->node && session->node->num_luns > 0 ? session->node->sam_luns[0] : 0;
}

tgt_task *tgt_notice_new(tgt_conn *conn, rig_pdu_kind kind)
{
    tgt_task *task = tgt_task_new(conn, TGT_TASK_NOTICE, NULL);
    if (!task)
        return NULL;
    task->effects = task->waits = 0;
    rig_bhs_init(task->bhs, kind);
    return task;
}

tgt_task *tgt_event_new(tgt_conn *conn, uint32_t event)
{
    tgt_task *task = tgt_notice_new(conn, RIG_PDU_ASYNC);
    if (task)
        rig_set(task->bhs, RIG_F_ASYNC_EVENT, event);
    return task;
}

static void announce(tgt_conn *conn, uint32_t ttt)
{
    tgt_task *task = tgt_notice_new(conn, RIG_PDU_NOP_IN);
    if (!task)
        return; /* it only serves the initiator's convenience; the next PDU carries the numbers too */
    rig_set(task->bhs, RIG_F_TTT, ttt);
    if (ttt != RIG_TAG_NONE)
        rig_set(task->bhs, RIG_F_LUN, any_lun(conn->session));
    tgt_task_ready(task);
}

/* Section 7.4.3: a discovery session gets nothing unasked. */
static bool may_announce(const tgt_conn *conn)
{
    return tgt_conn_full_feature(conn) && !conn->login && !conn->session->discovery;
}

void tgt_ping(tgt_conn *conn)
{
    if (!may_announce(conn))
        return;
    conn->num_pings++;
    announce(conn, tgt_new_ttt(conn->target));
}

void tgt_notice(tgt_conn *conn)
{
    if (may_announce(conn))
        announce(conn, RIG_TAG_NONE);
}

void tgt_say_dropped(tgt_conn *conn, const tgt_conn *dropped)
{
    tgt_task *task = tgt_event_new(conn, TGT_EVENT_CONNECTION_DROPPED);
    if (!task)
        return; /* 7.1.4.3: it should be told; the initiator sees the end of the connection as well */
    rig_set(task->bhs, RIG_F_PARAMETER1, dropped->cid);
    rig_set(task->bhs, RIG_F_PARAMETER2, conn->session->time2wait);
    rig_set(task->bhs, RIG_F_PARAMETER3, conn->session->time2retain);
    tgt_task_ready(task);
}

void tgt_say_terminated(tgt_conn *conn, uint64_t lun)
{
    tgt_task *task = tgt_event_new(conn, TGT_EVENT_TASKS_TERMINATED);
    if (!task)
        return; /* late data is swallowed until the connection ends */
    rig_set(task->bhs, RIG_F_LUN, lun);
    tgt_task_ready(task);
}

/* What follows from an Asynchronous Message begins when it has its StatSN. */
static void said(tgt_conn *conn, const uint8_t *bhs)
{
    if (rig_get(bhs, RIG_F_ASYNC_EVENT) == TGT_EVENT_TASKS_TERMINATED)
        tgt_lazy_said(conn, TGT_LAZY_NOP_OUT, rig_get(bhs, RIG_F_LUN));
    else if (rig_get(bhs, RIG_F_ASYNC_EVENT) == TGT_EVENT_LOGOUT_REQUEST)
        tgt_logout_asked(conn);
}

bool tgt_notice_answer(tgt_task *task)
{
    tgt_conn *conn = task->conn;
    uint8_t bhs[RIG_BHS_LEN];
    tgt_answer answer;
    memcpy(bhs, task->bhs, RIG_BHS_LEN);
    tgt_answer_init(&answer, task, rig_pdu_kind_of(bhs));
    memcpy(answer.bhs, bhs, RIG_BHS_LEN);
    if (task->data) {
        task->payload = (struct iovec){task->data, task->ahs_len + task->data_len};
        answer.iov = &task->payload;
        answer.num_iov = 1;
        answer.data_len = (uint32_t)task->payload.iov_len;
        answer.refers = true;
    }
    answer.last = true;
    tgt_pushed pushed = tgt_reply(task, &answer);
    if (pushed == TGT_PUSHED && rig_pdu_kind_of(bhs) == RIG_PDU_ASYNC)
        said(conn, bhs);
    return pushed != TGT_FULL;
}

/* ---- what the owner of the target has to say ---- */

static rig_status notify(tgt_conn *conn, const rig_target_notice *notice)
{
    static const uint8_t no_sense[SENSE_LENGTH] = {0};
    tgt_task *task = tgt_event_new(conn, notice->event);
    if (!task)
        return RIG_E_NOMEM;
    if (notice->data.len > 0 &&
        tgt_task_keep(task, rig_view_of(no_sense, sizeof(no_sense)), notice->data) != RIG_OK) {
        tgt_task_free(task);
        return RIG_E_NOMEM;
    }
    rig_set(task->bhs, RIG_F_ASYNC_VCODE, notice->vendor_code);
    rig_set(task->bhs, RIG_F_PARAMETER3, notice->seconds);
    tgt_task_ready(task);
    return RIG_OK;
}

static bool valid(const rig_target_notice *notice)
{
    if (notice->event == TGT_EVENT_NEGOTIATION)
        return notice->vendor_code == 0;
    return notice->event >= TGT_EVENT_VENDOR && notice->seconds == 0;
}

rig_status rig_target_notify(rig_target *target, const rig_target_notice *notice, uint64_t now)
{
    rig_status status = RIG_OK;
    if (!valid(notice))
        return RIG_E_ARGUMENT;
    if (notice->data.len > RIG_TARGET_NOTICE_MAX)
        return RIG_E_LIMIT;
    tgt_enter(target, now);
    for (tgt_list *at = target->conns.next; at != &target->conns; at = at->next) {
        tgt_conn *conn = TGT_OF(at, tgt_conn, in_target);
        if (may_announce(conn) && notify(conn, notice) != RIG_OK)
            status = RIG_E_NOMEM;
    }
    tgt_leave(target);
    return status;
}
