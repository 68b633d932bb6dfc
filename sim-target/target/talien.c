/*
 * What a target made wrong on purpose puts where it does not belong: PDUs of the other direction, payloads
 * and sizes nobody agreed on, a StatSN used up by what has none.
 */
#include "tgt.h"

#define SENSE_LENGTH 2     /* bytes of the length before the sense data */
#define VENDOR_EVENT 255   /* 11.9.1 */
#define PIECE_MAX 0xfffffc /* of a data segment in whole words */

/* PDUs that show the next StatSN, or have it reserved, use it up. */
void tgt_deviate_count(tgt_task *task, const tgt_answer *answer)
{
    uint32_t bit;
    rig_fault fault = answer->kind == RIG_PDU_R2T      ? RIG_FAULT_R2T_TAKES
                      : answer->kind == RIG_PDU_NOP_IN ? RIG_FAULT_NOP_IN_TAKES
                                                       : RIG_FAULT_DATA_IN_TAKES;
    if (tgt_takes_stat_sn(answer) || !tgt_deviates(task, answer, fault, &bit))
        return;
    tgt_deviated(task->conn, rig_fault_rows[fault].name);
    task->conn->stat_sn++;
    task->conn->held_back = rig_fault_rows[fault].name;
}

/* ---- payloads ---- */

static uint8_t four_bytes[4];
static const struct iovec four = {four_bytes, sizeof four_bytes};

static void carries_four(tgt_answer *answer)
{
    answer->iov = &four;
    answer->num_iov = 1;
    answer->data_len = sizeof four_bytes;
}

void tgt_deviate_payload(tgt_task *task, tgt_answer *answer)
{
    uint32_t bit;
    bool sense = answer->kind == RIG_PDU_SCSI_RESP && answer->owned && answer->data_len >= SENSE_LENGTH;
    if (answer->kind == RIG_PDU_R2T && tgt_deviates_said(task, answer, RIG_FAULT_R2T_WITH_DATA, &bit))
        carries_four(answer);
    if (sense && tgt_deviates_said(task, answer, RIG_FAULT_SENSE_LENGTH_LONG, &bit))
        rig_be_set(answer->owned, SENSE_LENGTH, answer->data_len);
    if (sense && tgt_deviates_said(task, answer, RIG_FAULT_SENSE_MISSING, &bit))
        answer->data_len = 0;
}

/* 7.4.3: nothing but answers belongs into a discovery session; in front of the answer to a text. */
static bool unasked(tgt_task *task, const tgt_answer *answer, tgt_answer *out_alien)
{
    uint32_t bit;
    if (answer->kind != RIG_PDU_TEXT_RESP || !task->conn->session->discovery)
        return false;
    bool event = tgt_deviates(task, answer, RIG_FAULT_ASYNC_DISCOVERY, &bit);
    if (!event && !tgt_deviates(task, answer, RIG_FAULT_NOP_IN_DISCOVERY, &bit))
        return false;
    tgt_answer_init(out_alien, task, event ? RIG_PDU_ASYNC : RIG_PDU_NOP_IN);
    rig_set(out_alien->bhs, RIG_F_ITT, RIG_TAG_NONE);
    if (event)
        rig_set(out_alien->bhs, RIG_F_ASYNC_EVENT, VENDOR_EVENT);
    else
        rig_set(out_alien->bhs, RIG_F_TTT, RIG_TAG_NONE);
    return true;
}

/* What goes the other way than the command moves its data, in front of its first answer. */
bool tgt_deviate_alien(tgt_task *task, const tgt_answer *answer, tgt_answer *out_alien)
{
    uint32_t bit;
    if (unasked(task, answer, out_alien))
        return true;
    bool writes = task->kind == TGT_TASK_SCSI && rig_get(task->bhs, RIG_F_W);
    bool begins = answer->kind == RIG_PDU_DATA_IN && rig_get32(answer->bhs, RIG_F_BUFFER_OFFSET) == 0;
    if (!writes && begins && tgt_deviates(task, answer, RIG_FAULT_R2T_FOR_READ, &bit)) {
        tgt_answer_init(out_alien, task, RIG_PDU_R2T);
        rig_set(out_alien->bhs, RIG_F_TTT, tgt_new_ttt(task->conn->target));
        rig_set(out_alien->bhs, RIG_F_DESIRED_LEN, sizeof four_bytes);
        return true;
    }
    if (!writes || answer->kind != RIG_PDU_SCSI_RESP ||
        !tgt_deviates(task, answer, RIG_FAULT_DATA_IN_FOR_WRITE, &bit))
        return false;
    tgt_answer_init(out_alien, task, RIG_PDU_DATA_IN);
    rig_set(out_alien->bhs, RIG_F_TTT, RIG_TAG_NONE);
    carries_four(out_alien);
    return true;
}

/* How long the Data-In PDUs of a task are, while others follow. */
uint32_t tgt_deviate_piece(const tgt_task *task, uint32_t piece)
{
    if (!task->effects && !task->conn->target->faulty)
        return piece;
    bool is_long = tgt_fault_on(task, RIG_FAULT_DATA_IN_LONG);
    bool odd = tgt_fault_on(task, RIG_FAULT_DATA_IN_ODD);
    if (is_long)
        tgt_deviated(task->conn, rig_fault_rows[RIG_FAULT_DATA_IN_LONG].name);
    if (odd)
        tgt_deviated(task->conn, rig_fault_rows[RIG_FAULT_DATA_IN_ODD].name);
    piece += is_long && piece <= PIECE_MAX / 2 ? piece : 0;
    return odd ? piece - 1 : piece;
}
