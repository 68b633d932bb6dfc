/* Tags, and what belongs to a task: its connection, its logical unit (sections 4.2.5 and 11.2.1.8). */
#include "lint.h"

void lint_tag_reserved(lint_at *at)
{
    if (LINT_GET(at, ITT) == RIG_TAG_NONE)
        lint_field_text(at, RIG_F_ITT, "a tag other than 0xffffffff");
}

/* A Text Request without TTT begins its exchange anew. */
void lint_tag_unique(lint_at *at)
{
    const lint_task *task = at->task;
    if (!lint_full(at) || !task || task->refused || task->aborted || task->lost ||
        LINT_GET(at, ITT) == RIG_TAG_NONE)
        return;
    bool exchange = task->kind == RIG_PDU_TEXT_REQ && at->kind == RIG_PDU_TEXT_REQ;
    if (!lint_retry(at) && !exchange)
        lint_field_text(at, RIG_F_ITT, "a tag that no task of the session has");
}

static rig_pdu_kind request_of(rig_pdu_kind kind)
{
    switch (kind) {
    case RIG_PDU_SCSI_RESP:
    case RIG_PDU_DATA_IN:
    case RIG_PDU_R2T:
        return RIG_PDU_SCSI_CMD;
    case RIG_PDU_TMF_RESP:
        return RIG_PDU_TMF_REQ;
    case RIG_PDU_LOGOUT_RESP:
        return RIG_PDU_LOGOUT_REQ;
    case RIG_PDU_TEXT_RESP:
        return RIG_PDU_TEXT_REQ;
    default:
        return RIG_PDU_NOP_OUT;
    }
}

/* Above level 0 data comes again behind the end of its task, and a status under its old number. */
static bool may_be_again(const lint_at *at)
{
    return lint_recovers(at) && !(lint_carries_status(at) && at->conn->stat_known &&
                                  !rig_sn_lt(LINT_GET(at, STAT_SN), at->conn->stat_sn));
}

/* At level 2 the task may be that of a connection that was not seen (section 7.2.2). */
static bool may_come_from_elsewhere(const lint_at *at)
{
    bool moves = lint_recovers(at) && at->session->numbers[LINT_N_ERL] != 1;
    return at->session->blind || (moves && lint_several(at) && !lint_all_seen(at));
}

void lint_answers_task(lint_at *at)
{
    bool none = LINT_GET(at, ITT) == RIG_TAG_NONE;
    if (none && at->kind != RIG_PDU_NOP_IN) /* the tag of no task, whatever was seen */
        lint_field_text(at, RIG_F_ITT, "the tag of an outstanding request");
    if (!lint_full(at) || may_come_from_elsewhere(at) || may_be_again(at) || none)
        return;
    if (!at->task)
        lint_field_text(at, RIG_F_ITT, "the tag of an outstanding request");
    else if (at->task->sure && at->task->kind != request_of(at->kind))
        lint_field_text(at, RIG_F_ITT, "the tag of a %s", rig_pdu_rows[request_of(at->kind)].name);
}

void lint_allegiance(lint_at *at)
{
    if (lint_full(at) && at->task && at->task->sure && at->task->conn != at->conn)
        lint_part_number(at, "connection", at->conn->index, "%u, where the command was sent",
                         at->task->conn->index);
}

/* A Data-Out without TTT has no LUN (section 11.7.4), and neither has a Data-In without acknowledge bit. */
void lint_lun_of_task(lint_at *at)
{
    if (!lint_scsi(at))
        return;
    if (at->kind == RIG_PDU_DATA_OUT && LINT_GET(at, TTT) == RIG_TAG_NONE)
        return;
    if (LINT_GET64(at, LUN) != at->task->lun)
        lint_field(at, RIG_F_LUN, at->task->lun);
}
