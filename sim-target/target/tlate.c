/* Answers that are wrong because of when they come: what is sent again is not what it was, or comes when
 * nobody waits any more. */
#include "tgt.h"

static const struct {
    rig_fault fault;
    rig_pdu_kind pdu;
    rig_field_id field;
    uint32_t add;
} changed[] = {
    {RIG_FAULT_RESENT_DATA_MOVED, RIG_PDU_DATA_IN, RIG_F_BUFFER_OFFSET, 4},
    {RIG_FAULT_RESENT_R2T_LONGER, RIG_PDU_R2T, RIG_F_DESIRED_LEN, 4},
    {RIG_FAULT_RESENT_STATUS_BIT, RIG_PDU_SCSI_RESP, RIG_F_F, 1},
};

/* 11.16: what a SNACK asks for is what it was, but for the numbers of today. */
void tgt_deviate_again(tgt_task *task, tgt_answer *answer)
{
    uint32_t bit;
    for (size_t i = 0; answer->again && i < sizeof changed / sizeof changed[0]; i++)
        if (changed[i].pdu == answer->kind && tgt_deviates_said(task, answer, changed[i].fault, &bit))
            rig_set(answer->bhs, changed[i].field, rig_get32(answer->bhs, changed[i].field) + changed[i].add);
}

static rig_fault lateness_of(const tgt_task *task)
{
    switch (task->kind) {
    case TGT_TASK_LOGIN:
        return RIG_FAULT_LOGIN_LATE;
    case TGT_TASK_NOP:
        return RIG_FAULT_PING_LATE;
    case TGT_TASK_LOGOUT:
        return RIG_FAULT_LOGOUT_LATE;
    default:
        return RIG_FAULTS;
    }
}

/* Holds an answer back, once, for longer than anybody waits. */
bool tgt_made_late(tgt_task *task)
{
    rig_target *target = task->conn->target;
    rig_fault fault = lateness_of(task);
    if (fault == RIG_FAULTS || task->late || !tgt_fault_on_said(task, fault))
        return false;
    task->late = true;
    rig_timerq_arm(&target->timers, &task->timer, target->now + TGT_LATENESS);
    return true;
}
