/* Data-Out (sections 4.2.5.2 and 11.7). */
#include "lint.h"

static bool unsolicited(const lint_at *at)
{
    return LINT_GET(at, TTT) == RIG_TAG_NONE;
}

/* Where the R2T that a PDU answers stands among the outstanding ones; num_r2ts = it answers none. */
static uint32_t answered(const lint_at *at)
{
    uint32_t i = 0;
    while (i < at->task->num_r2ts && at->task->r2ts[i].ttt != LINT_GET(at, TTT))
        i++;
    return i;
}

static const lint_r2t *answered_r2t(const lint_at *at)
{
    uint32_t i = lint_scsi(at) && !unsolicited(at) ? answered(at) : RIG_LINT_R2TS_MAX;
    return lint_scsi(at) && i < at->task->num_r2ts ? &at->task->r2ts[i] : NULL;
}

static uint64_t end_of(const lint_at *at)
{
    return LINT_GET64(at, BUFFER_OFFSET) + at->item->data_len;
}

static bool inside(const lint_at *at, const lint_r2t *r2t)
{
    return LINT_GET(at, BUFFER_OFFSET) >= r2t->offset && end_of(at) <= (uint64_t)r2t->offset + r2t->len;
}

void lint_unsolicited_allowed(lint_at *at)
{
    if (lint_scsi(at) && lint_keys_known(at) && unsolicited(at) && lint_of(at, LINT_N_INITIAL_R2T))
        lint_field_text(at, RIG_F_TTT, "the tag of an R2T, as InitialR2T=Yes");
}

void lint_unsolicited_over(lint_at *at)
{
    if (lint_scsi(at) && lint_keys_known(at) && unsolicited(at) && !lint_of(at, LINT_N_INITIAL_R2T) &&
        !at->task->open)
        lint_field_text(at, RIG_F_TTT, "the tag of an R2T, as F=1 ended the unsolicited data");
}

void lint_unsolicited_order(lint_at *at)
{
    const lint_task *first = at->conn->open_first;
    if (lint_scsi(at) && unsolicited(at) && at->task->open && at->task->conn == at->conn && first != at->task)
        lint_field(at, RIG_F_ITT, first->itt);
}

void lint_unsolicited_sum(lint_at *at)
{
    if (!lint_scsi(at) || !lint_keys_known(at) || !unsolicited(at) || !at->task->open)
        return;
    uint64_t sum = (uint64_t)at->task->unsolicited + at->item->data_len;
    if (sum > lint_of(at, LINT_N_FIRST_BURST))
        lint_part_number(at, "unsolicited bytes", sum, "at most %u, the FirstBurstLength",
                         (unsigned)lint_of(at, LINT_N_FIRST_BURST));
}

void lint_unsolicited_exact(lint_at *at)
{
    if (!lint_scsi(at) || !lint_keys_known(at) || !unsolicited(at) || !at->task->open || !LINT_GET(at, F) ||
        at->task->ending)
        return;
    uint64_t sum = (uint64_t)at->task->unsolicited + at->item->data_len;
    if (sum < lint_unsolicited_max(at))
        lint_part_number(at, "unsolicited bytes", sum, "%u, the FirstBurstLength or all there is",
                         lint_unsolicited_max(at));
}

/* Its data may still be on its way when a command has ended early. */
static bool of_no_task(const lint_at *at)
{
    const lint_session *session = at->session;
    return lint_keys_known(at) && !at->task && !session->blind && !session->loose && !lint_recovers(at) &&
           LINT_GET(at, ITT) != RIG_TAG_NONE;
}

void lint_data_out_stopped(lint_at *at)
{
    if (lint_keys_known(at) && at->task && at->task->stopped)
        lint_part(at, "PDU", 0, "none, as a function has ended the task", "DataOut");
}

void lint_data_out_task(lint_at *at)
{
    if (unsolicited(at) && of_no_task(at))
        lint_field_text(at, RIG_F_ITT, "the tag of a command that writes");
}

void lint_data_out_tag(lint_at *at)
{
    if (!unsolicited(at) && of_no_task(at))
        lint_field_text(at, RIG_F_TTT, "the tag of an outstanding R2T of this task");
    if (lint_scsi(at) && !unsolicited(at) && !at->task->aborted && answered(at) == at->task->num_r2ts)
        lint_field_text(at, RIG_F_TTT, "the tag of an outstanding R2T of this task");
}

void lint_r2t_order(lint_at *at)
{
    uint32_t i = lint_scsi(at) && !unsolicited(at) ? answered(at) : 0;
    if (i > 0 && i < at->task->num_r2ts)
        lint_field(at, RIG_F_TTT, at->task->r2ts[0].ttt);
}

void lint_data_out_sn(lint_at *at)
{
    const lint_r2t *r2t = answered_r2t(at);
    bool due = lint_scsi(at) && unsolicited(at) && at->task->open;
    uint32_t expected = r2t ? r2t->data_sn : due ? at->task->out_sn : LINT_GET(at, DATA_SN);
    if (LINT_GET(at, DATA_SN) != expected)
        lint_field(at, RIG_F_DATA_SN, expected);
}

void lint_data_out_inside(lint_at *at)
{
    const lint_r2t *r2t = answered_r2t(at);
    if (r2t && !inside(at, r2t))
        lint_field_text(at, RIG_F_BUFFER_OFFSET, "%u bytes from %u on, as the R2T asks", r2t->len,
                        r2t->offset);
}

void lint_data_out_order(lint_at *at)
{
    const lint_r2t *r2t = answered_r2t(at);
    bool due = lint_scsi(at) && unsolicited(at) && at->task->open;
    if (!lint_keys_known(at) || !lint_of(at, LINT_N_PDU_ORDER) || (!due && !(r2t && inside(at, r2t))))
        return;
    uint32_t expected = due ? at->task->unsolicited : r2t->offset + r2t->sent;
    if (LINT_GET(at, BUFFER_OFFSET) != expected)
        lint_field(at, RIG_F_BUFFER_OFFSET, expected);
}

void lint_data_out_range(lint_at *at)
{
    if (lint_scsi(at) && unsolicited(at) && end_of(at) > at->task->edtl)
        lint_part_number(at, "BufferOffset + DataSegmentLength", end_of(at),
                         "at most %u, what the command writes", at->task->edtl);
}

/* While the target is told of an abort the initiator ends its sequences early (section 11.5.1). */
void lint_data_out_total(lint_at *at)
{
    const lint_r2t *r2t = answered_r2t(at);
    if (r2t && inside(at, r2t) && LINT_GET(at, F) && !at->task->ending &&
        r2t->sent + at->item->data_len < r2t->len)
        lint_part_number(at, "bytes for the R2T", r2t->sent + at->item->data_len, "%u", r2t->len);
}

void lint_data_out_final(lint_at *at)
{
    const lint_r2t *r2t = answered_r2t(at);
    bool due = lint_scsi(at) && lint_keys_known(at) && unsolicited(at) && at->task->open;
    if (due && !LINT_GET(at, F) && at->task->unsolicited + at->item->data_len == lint_unsolicited_max(at))
        lint_field(at, RIG_F_F, 1);
    if (r2t && inside(at, r2t) && !LINT_GET(at, F) && r2t->sent + at->item->data_len == r2t->len)
        lint_field(at, RIG_F_F, 1);
}
