/* Reject (RFC 7143 section 11.17): the header of the bad PDU goes back. */
#include "tgt.h"

rig_status tgt_reject(tgt_conn *conn, const rig_pdu *pdu, uint8_t reason)
{
    return tgt_reject_snack(conn, pdu, reason, 0);
}

static void say_rejected(tgt_conn *conn, const rig_pdu *pdu, uint8_t reason)
{
    rig_target_event event = {.kind = RIG_TARGET_REJECTED, .bhs = pdu->bhs, .code = reason};
    if (reason == TGT_REJECT_DATA_DIGEST)
        event.field = "DataDigest";
    tgt_event(conn->target, &event, conn, conn->session);
}

rig_status tgt_reject_snack(tgt_conn *conn, const rig_pdu *pdu, uint8_t reason, uint32_t next_sn)
{
    tgt_task *task = tgt_task_new(conn, TGT_TASK_REJECT, pdu->bhs);
    rig_view header = rig_view_of(pdu->bhs, RIG_BHS_LEN);
    if (!task || tgt_task_keep(task, header, pdu->ahs) != RIG_OK) {
        tgt_conn_end(conn, TGT_TRANSPORT_LOST, false, RIG_E_NOMEM, "no memory for a Reject");
        return RIG_E_ABORTED;
    }
    task->code = reason;
    task->number = next_sn;
    say_rejected(conn, pdu, reason);
    tgt_task_ready(task);
    return RIG_OK;
}

bool tgt_reject_answer(tgt_task *task)
{
    tgt_answer answer;
    tgt_answer_init(&answer, task, RIG_PDU_REJECT);
    rig_set(answer.bhs, RIG_F_REJECT_REASON, task->code);
    rig_set(answer.bhs, RIG_F_DATA_SN, task->number);
    task->payload = (struct iovec){task->data, task->ahs_len + task->data_len};
    answer.iov = &task->payload;
    answer.num_iov = 1;
    answer.data_len = (uint32_t)task->payload.iov_len;
    answer.refers = true;
    answer.last = true;
    return tgt_reply(task, &answer) != TGT_FULL;
}
