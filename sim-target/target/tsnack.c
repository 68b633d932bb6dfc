/* SNACK (RFC 7143 section 11.16): what was sent is sent again, or acknowledged. */
#include "tgt.h"

#define ASC_READ_ERROR 0x11
#define ASCQ_SNACK 0x13

enum { DATA_R2T, STATUS, DATA_ACK, R_DATA, TYPES };

typedef struct asked_run {
    uint32_t begin, count;
} asked_run;

static asked_run run_of(const uint8_t *bhs)
{
    return (asked_run){rig_get32(bhs, RIG_F_BEG_RUN), rig_get32(bhs, RIG_F_RUN_LENGTH)};
}

/* 4.2.5.1: a SNACK comes on the connection of the task. */
static tgt_scsi *find_task(const tgt_conn *conn, const uint8_t *bhs)
{
    tgt_task *task = tgt_task_find(conn->session, rig_get32(bhs, RIG_F_ITT));
    bool fits = task && task->kind == TGT_TASK_SCSI && task->conn == conn && !task->draining;
    return fits && tgt_scsi_of(task)->history ? tgt_scsi_of(task) : NULL;
}

static uint8_t resend(tgt_conn *conn, const rig_pdu *pdu, asked_run what)
{
    tgt_task *task = tgt_task_new(conn, TGT_TASK_RESEND, pdu->bhs);
    bool late = tgt_fault_now(conn, RIG_FAULT_SNACK_WRONG_RUN);
    if (!task) {
        tgt_conn_end(conn, TGT_TRANSPORT_LOST, false, RIG_E_NOMEM, "no memory for a SNACK");
        return 0;
    }
    task->number = what.begin + late;
    task->count = what.count - late;
    if (late)
        tgt_deviated(conn, rig_fault_rows[RIG_FAULT_SNACK_WRONG_RUN].name);
    tgt_task_ready(task);
    return 0;
}

/* ---- what a request may ask for ---- */

/* RunLength 0 is "all from there on"; with BegRun 0 "all that is not acknowledged", which may be nothing. */
static asked_run whole_run(asked_run asked, uint32_t acked, uint32_t next)
{
    if (asked.begin == 0 && asked.count == 0)
        return (asked_run){acked, next - acked};
    if (asked.count == 0)
        asked.count = next - asked.begin;
    return asked;
}

static bool all_sent(asked_run what, uint32_t acked, uint32_t next)
{
    uint32_t sent = next - acked;
    return what.begin - acked <= sent && what.count <= sent - (what.begin - acked);
}

/* The data was sent in pieces the initiator takes, and where it lies is still known. */
static bool repeatable(const tgt_scsi *scsi, asked_run what)
{
    for (uint32_t at = what.begin; at - what.begin < what.count;) {
        const tgt_run *run = tgt_retained_run(scsi, at);
        if (!run || run->piece > scsi->task.conn->max_send)
            return false;
        at = run->sn + run->num;
    }
    return true;
}

static uint8_t ask_data(tgt_conn *conn, const rig_pdu *pdu, tgt_scsi *scsi)
{
    uint32_t acked = scsi->history->acked_sn, next = scsi->data_sn;
    asked_run asked = run_of(pdu->bhs), what = whole_run(asked, acked, next);
    bool anything = asked.begin == 0 && asked.count == 0;
    if (!anything && (what.count == 0 || !all_sent(what, acked, next)))
        return TGT_REJECT_PROTOCOL;
    if (what.count == 0)
        return 0;
    return repeatable(scsi, what) ? resend(conn, pdu, what) : TGT_REJECT_SNACK;
}

/* Every number of the run is outstanding, of which there are few. */
static bool all_outstanding(const tgt_scsi *scsi, asked_run what)
{
    for (uint32_t i = 0; i < what.count; i++) {
        const tgt_burst *burst = tgt_recover_r2t(scsi, what.begin + i);
        if (!burst || burst->r2t_sn != what.begin + i)
            return false;
    }
    return true;
}

/* R2Ts are acknowledged by the data that answers them. */
static uint8_t ask_r2ts(tgt_conn *conn, const rig_pdu *pdu, const tgt_scsi *scsi)
{
    asked_run asked = run_of(pdu->bhs), what = whole_run(asked, 0, scsi->r2t_sn);
    bool anything = asked.begin == 0 && asked.count == 0;
    if (!all_sent(what, 0, scsi->r2t_sn) || (asked.count > 0 && !all_outstanding(scsi, what)))
        return TGT_REJECT_PROTOCOL;
    if (!tgt_recover_r2t(scsi, what.begin))
        return anything ? 0 : TGT_REJECT_PROTOCOL;
    return resend(conn, pdu, what);
}

static uint8_t data_r2t(tgt_conn *conn, const rig_pdu *pdu)
{
    tgt_scsi *scsi = find_task(conn, pdu->bhs);
    if (rig_get32(pdu->bhs, RIG_F_SNACK_TAG) != RIG_TAG_NONE)
        return TGT_REJECT_FIELD;
    if (!scsi)
        return TGT_REJECT_PROTOCOL;
    return tgt_scsi_writes(scsi) ? ask_r2ts(conn, pdu, scsi) : ask_data(conn, pdu, scsi);
}

static uint8_t status(tgt_conn *conn, const rig_pdu *pdu)
{
    uint32_t acked = conn->exp_stat_sn, next = conn->stat_sn;
    asked_run asked = run_of(pdu->bhs), what = whole_run(asked, acked, next);
    bool anything = asked.begin == 0 && asked.count == 0;
    if (rig_get32(pdu->bhs, RIG_F_ITT) != RIG_TAG_NONE ||
        rig_get32(pdu->bhs, RIG_F_SNACK_TAG) != RIG_TAG_NONE)
        return TGT_REJECT_FIELD;
    if (!anything && (what.count == 0 || !all_sent(what, acked, next)))
        return TGT_REJECT_PROTOCOL;
    if (!anything && (tgt_fault_now_said(conn, RIG_FAULT_STATUS_SNACK_REFUSED) ||
                      !tgt_retained_all(conn, what.begin, what.count)))
        return TGT_REJECT_SNACK;
    if (anything)
        what = (asked_run){tgt_retained_first(conn), next - tgt_retained_first(conn)};
    return what.count > 0 ? resend(conn, pdu, what) : 0;
}

static tgt_scsi *find_asking(const tgt_conn *conn, const uint8_t *bhs)
{
    uint32_t ttt = rig_get32(bhs, RIG_F_SNACK_TAG);
    for (tgt_list *at = conn->tasks.next; at != &conn->tasks; at = at->next) {
        tgt_task *task = TGT_OF(at, tgt_task, in_conn);
        if (task->kind != TGT_TASK_SCSI || task->done || !tgt_scsi_of(task)->history)
            continue;
        const tgt_history *history = tgt_scsi_of(task)->history;
        if (history->asks && history->ack_ttt == ttt &&
            rig_get(task->bhs, RIG_F_LUN) == rig_get(bhs, RIG_F_LUN))
            return tgt_scsi_of(task);
    }
    return NULL;
}

static uint8_t data_ack(tgt_conn *conn, const rig_pdu *pdu)
{
    asked_run what = run_of(pdu->bhs);
    tgt_scsi *scsi = find_asking(conn, pdu->bhs);
    if (rig_get32(pdu->bhs, RIG_F_ITT) != RIG_TAG_NONE || what.count != 0)
        return TGT_REJECT_FIELD;
    return scsi && tgt_retain_data_acknowledged(scsi, what.begin) ? 0 : TGT_REJECT_DATA_ACK;
}

/* Behind a command that waits for its turn nothing was sent yet. */
static void send_anew(tgt_scsi *scsi)
{
    if (!scsi->responding)
        return;
    scsi->task.answered = false;
    tgt_data_in_rewind(scsi);
    tgt_task_ready(&scsi->task);
}

/* 11.16.3: what is not acknowledged is sent anew, in pieces of today's size, and a response with the tag
 * ends it. Where that is nothing the request is empty, not wrong, and its tag counts all the same. */
static uint8_t r_data(tgt_conn *conn, const rig_pdu *pdu)
{
    tgt_scsi *scsi = find_task(conn, pdu->bhs);
    asked_run what = run_of(pdu->bhs);
    uint32_t tag = rig_get32(pdu->bhs, RIG_F_SNACK_TAG);
    if (tag == 0 || tag == RIG_TAG_NONE || what.begin != 0 || what.count != 0)
        return TGT_REJECT_FIELD;
    if (!scsi || tgt_scsi_writes(scsi))
        return TGT_REJECT_PROTOCOL;
    scsi->history->snack_tag = tag;
    scsi->task.effects |= conn->effects;
    send_anew(scsi);
    return 0;
}

/* ---- a request ---- */

typedef uint8_t snack_fn(tgt_conn *conn, const rig_pdu *pdu); /* a reject reason, 0 when it is served */

static snack_fn *const types[TYPES] = {
    [DATA_R2T] = data_r2t, [STATUS] = status, [DATA_ACK] = data_ack, [R_DATA] = r_data};

/* 7.8, a.1: a command whose data cannot be had again ends with a CHECK CONDITION, unless it has ended. */
static void conclude(tgt_conn *conn, const rig_pdu *pdu)
{
    tgt_scsi *scsi = find_task(conn, pdu->bhs);
    if (!scsi || !scsi->responding || scsi->history->status)
        return;
    scsi->in_len = scsi->next;
    rig_device_fail(scsi->unit ? scsi->unit->device : NULL, &scsi->scsi, TGT_KEY_ABORTED_COMMAND,
                    ASC_READ_ERROR, ASCQ_SNACK);
}

rig_status tgt_snack(tgt_conn *conn, const rig_pdu *pdu)
{
    uint32_t type = rig_get32(pdu->bhs, RIG_F_SNACK_TYPE), next = 0;
    if (tgt_fault_now(conn, RIG_FAULT_SNACK_IGNORED)) {
        tgt_deviated(conn, rig_fault_rows[RIG_FAULT_SNACK_IGNORED].name);
        return RIG_OK;
    }
    bool refused = tgt_fault_now(conn, RIG_FAULT_SNACK_REFUSED);
    if (refused)
        tgt_deviated(conn, rig_fault_rows[RIG_FAULT_SNACK_REFUSED].name);
    uint8_t reason = TGT_REJECT_PROTOCOL;
    tgt_blame(conn, type < TYPES ? RIG_F_BEG_RUN : RIG_F_SNACK_TYPE, 0);
    if (type < TYPES)
        reason = refused ? TGT_REJECT_SNACK : types[type](conn, pdu);
    if (conn->closing != TGT_OPEN)
        return RIG_E_ABORTED;
    if (reason == TGT_REJECT_SNACK)
        conclude(conn, pdu);
    const tgt_scsi *scsi =
        type == DATA_R2T && reason == TGT_REJECT_PROTOCOL ? find_task(conn, pdu->bhs) : NULL;
    if (scsi)
        next = tgt_scsi_writes(scsi) ? scsi->r2t_sn : scsi->data_sn;
    return reason ? tgt_reject_snack(conn, pdu, reason, next) : RIG_OK;
}

/* ---- sending again ---- */

/* A status as it was, but for the numbers that are today's (11.16). */
static tgt_pushed send_status(tgt_task *task)
{
    tgt_status *kept = tgt_retained(task->conn, task->number);
    tgt_answer answer;
    if (!kept)
        return TGT_PUSHED; /* acknowledged since */
    tgt_answer_init(&answer, task, rig_pdu_kind_of(kept->bhs));
    memcpy(answer.bhs, kept->bhs, RIG_BHS_LEN);
    if (answer.kind == RIG_PDU_SCSI_RESP && kept->task)
        rig_set(answer.bhs, RIG_F_EXP_DATA_SN, tgt_scsi_of(kept->task)->data_sn);
    answer.again = !tgt_fault_on(task, RIG_FAULT_RESENT_STAT_SN);
    answer.data_len = kept->data_len;
    answer.iov = kept->iov;
    answer.num_iov = kept->num_iov;
    answer.iov_offset = kept->iov_offset;
    answer.holder = kept->task;
    answer.refers = answer.kind == RIG_PDU_DATA_IN;
    if (kept->own) {
        answer.owned = rig_new(task->conn->target->alloc, kept->data_len);
        answer.owned_size = kept->data_len;
        if (!answer.owned) {
            tgt_conn_end(task->conn, TGT_TRANSPORT_LOST, false, RIG_E_NOMEM, "no memory for a status");
            return TGT_OVER;
        }
        memcpy(answer.owned, kept->own, kept->data_len);
    }
    return tgt_reply(task, &answer);
}

static tgt_pushed send_data(tgt_task *task, tgt_scsi *scsi)
{
    tgt_answer answer;
    uint32_t offset, piece;
    const tgt_status *kept = scsi->history->status;
    bool last = task->number + 1 == scsi->data_sn;
    if (task->number < scsi->history->acked_sn || !tgt_retained_data(scsi, task->number, &offset, &piece))
        return TGT_PUSHED; /* acknowledged since, or replaced by an R-Data SNACK */
    tgt_answer_init(&answer, &scsi->task, RIG_PDU_DATA_IN);
    tgt_data_in_fill(scsi, &answer, task->number, offset, tgt_data_in_len(scsi, offset, piece));
    if (last && kept && rig_pdu_kind_of(kept->bhs) == RIG_PDU_DATA_IN)
        memcpy(answer.bhs, kept->bhs, RIG_BHS_LEN);
    answer.holder = &scsi->task;
    answer.again = true;
    return tgt_reply(task, &answer);
}

/* Numbers that were answered are passed over. */
static tgt_pushed send_r2t(tgt_task *task, const tgt_scsi *scsi)
{
    const tgt_burst *burst = tgt_recover_r2t(scsi, task->number);
    tgt_answer answer;
    if (!burst || burst->r2t_sn - task->number >= task->count) {
        task->number += task->count - 1;
        task->count = 1;
        return TGT_PUSHED;
    }
    task->count -= burst->r2t_sn - task->number;
    task->number = burst->r2t_sn;
    tgt_answer_init(&answer, &scsi->task, RIG_PDU_R2T);
    tgt_r2t_fill(scsi, burst, &answer);
    answer.again = true;
    return tgt_reply(task, &answer);
}

static tgt_pushed send_one(tgt_task *task)
{
    if (rig_get32(task->bhs, RIG_F_SNACK_TYPE) == STATUS)
        return send_status(task);
    tgt_scsi *scsi = find_task(task->conn, task->bhs);
    if (!scsi)
        return TGT_PUSHED;
    return tgt_scsi_writes(scsi) ? send_r2t(task, scsi) : send_data(task, scsi);
}

bool tgt_resend_answer(tgt_task *task)
{
    for (; task->count > 0; task->count--, task->number++) {
        tgt_pushed pushed = send_one(task);
        if (pushed != TGT_PUSHED)
            return pushed == TGT_OVER;
    }
    tgt_task_finish(task);
    return true;
}
