/* Ready To Transfer (section 11.8). */
#include "lint.h"

void lint_r2t_sn(lint_at *at)
{
    if (lint_scsi(at) && !lint_data_again(at) && LINT_GET(at, R2T_SN) != at->task->in_sn)
        lint_field(at, RIG_F_R2T_SN, at->task->in_sn);
}

void lint_r2t_length(lint_at *at)
{
    uint32_t len = LINT_GET(at, DESIRED_LEN);
    if (len == 0)
        lint_field_text(at, RIG_F_DESIRED_LEN, "more than 0");
    else if (lint_keys_known(at) && len > lint_of(at, LINT_N_MAX_BURST))
        lint_field_text(at, RIG_F_DESIRED_LEN, "at most %u, the MaxBurstLength",
                        (unsigned)lint_of(at, LINT_N_MAX_BURST));
}

void lint_r2t_range(lint_at *at)
{
    uint64_t end = LINT_GET64(at, BUFFER_OFFSET) + LINT_GET(at, DESIRED_LEN);
    if (lint_scsi(at) && at->task->edtl > 0 && end > at->task->edtl)
        lint_part_number(at, "BufferOffset + DesiredLength", end, "at most %u, the EDTL", at->task->edtl);
}

void lint_r2t_write(lint_at *at)
{
    if (lint_scsi(at) && at->task->edtl == 0)
        lint_part(at, "R2T", 0, "none for a command that writes nothing", "one");
}

void lint_r2t_tag(lint_at *at)
{
    uint32_t ttt = LINT_GET(at, TTT);
    if (ttt == RIG_TAG_NONE)
        lint_field_text(at, RIG_F_TTT, "a tag other than 0xffffffff");
    bool judged = lint_scsi(at) && !(at->task->asked && lint_data_again(at));
    for (uint32_t i = 0; judged && i < at->task->num_r2ts; i++)
        if (at->task->r2ts[i].ttt == ttt)
            lint_field_text(at, RIG_F_TTT, "a tag that no outstanding R2T has");
}

static bool in_order(const lint_at *at)
{
    return lint_scsi(at) && lint_keys_known(at) && !lint_recovers(at) && lint_of(at, LINT_N_SEQUENCE_ORDER);
}

void lint_r2t_contiguous(lint_at *at)
{
    if (in_order(at) && at->task->any_r2t && LINT_GET(at, BUFFER_OFFSET) != at->task->r2t_next)
        lint_field(at, RIG_F_BUFFER_OFFSET, at->task->r2t_next);
}

/* An R2T may overtake the unsolicited data, whose amount is known beforehand. */
void lint_r2t_first(lint_at *at)
{
    if (!in_order(at) || at->task->any_r2t)
        return;
    uint32_t expected = at->task->open ? lint_unsolicited_max(at) : at->task->unsolicited;
    if (LINT_GET(at, BUFFER_OFFSET) != expected)
        lint_field(at, RIG_F_BUFFER_OFFSET, expected);
}

void lint_r2t_outstanding(lint_at *at)
{
    if (!lint_scsi(at) || !lint_keys_known(at) || lint_recovers(at))
        return;
    uint64_t most = lint_of(at, LINT_N_MAX_R2T);
    if (at->task->num_r2ts >= most)
        lint_part_number(at, "outstanding R2Ts", at->task->num_r2ts + 1, "at most %u, the MaxOutstandingR2T",
                         (unsigned)most);
}
