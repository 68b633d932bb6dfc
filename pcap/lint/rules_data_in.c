/* Data-In (section 11.7). */
#include "lint.h"

void lint_data_in_sn(lint_at *at)
{
    if (lint_scsi(at) && !lint_data_again(at) && LINT_GET(at, DATA_SN) != at->task->in_sn)
        lint_field(at, RIG_F_DATA_SN, at->task->in_sn);
}

static bool in_order(const lint_at *at)
{
    return lint_scsi(at) && lint_keys_known(at) && !lint_data_again(at) && lint_of(at, LINT_N_PDU_ORDER) &&
           lint_of(at, LINT_N_SEQUENCE_ORDER);
}

static uint64_t end_of(const lint_at *at)
{
    return LINT_GET64(at, BUFFER_OFFSET) + at->item->data_len;
}

/* What is beyond the read has its own rule, and so has an empty one at its end. */
void lint_data_in_hole(lint_at *at)
{
    if (in_order(at) && !lint_recovers(at) && end_of(at) <= at->task->read_len &&
        LINT_GET(at, BUFFER_OFFSET) > at->task->in_next)
        lint_field(at, RIG_F_BUFFER_OFFSET, at->task->in_next);
}

void lint_data_in_order(lint_at *at)
{
    if (!in_order(at))
        return;
    if (LINT_GET(at, BUFFER_OFFSET) < at->task->in_next)
        lint_field(at, RIG_F_BUFFER_OFFSET, at->task->in_next);
}

void lint_data_in_range(lint_at *at)
{
    if (!lint_scsi(at))
        return;
    if (end_of(at) > at->task->read_len)
        lint_part_number(at, "BufferOffset + DataSegmentLength", end_of(at),
                         "at most %u, what the command reads", at->task->read_len);
}

void lint_data_in_burst(lint_at *at)
{
    if (!lint_scsi(at) || !lint_keys_known(at) || lint_data_again(at))
        return;
    uint64_t sum = (uint64_t)at->task->in_burst + at->item->data_len;
    if (sum > lint_of(at, LINT_N_MAX_BURST))
        lint_part_number(at, "bytes of the sequence", sum, "at most %u, the MaxBurstLength",
                         (unsigned)lint_of(at, LINT_N_MAX_BURST));
    else if (in_order(at) && end_of(at) == at->task->read_len && !LINT_GET(at, F) && !LINT_GET(at, S))
        lint_field(at, RIG_F_F, 1);
}

void lint_status_final(lint_at *at)
{
    if (LINT_GET(at, S) && !LINT_GET(at, F))
        lint_field(at, RIG_F_F, 1);
}

/* GOOD, CONDITION MET, INTERMEDIATE, INTERMEDIATE-CONDITION MET (section 11.7.3) */
void lint_status_good(lint_at *at)
{
    uint32_t status = LINT_GET(at, SCSI_STATUS);
    if (LINT_GET(at, S) && status != 0x00 && status != 0x04 && status != 0x10 && status != 0x14)
        lint_field_text(at, RIG_F_SCSI_STATUS, "a status that is no exception");
    else if (LINT_GET(at, S) && lint_scsi(at) && at->task->read && at->task->write)
        lint_field_text(at, RIG_F_S, "0 in a bidirectional command");
}

void lint_ack_bit(lint_at *at)
{
    if (lint_keys_known(at) && LINT_GET(at, A) && lint_of(at, LINT_N_ERL) == 0)
        lint_field(at, RIG_F_A, 0);
}

void lint_ack_tag(lint_at *at)
{
    if (!LINT_GET(at, A))
        return;
    if (LINT_GET(at, TTT) == RIG_TAG_NONE)
        lint_field_text(at, RIG_F_TTT, "a tag, as A=1");
    else if (lint_scsi(at) && LINT_GET64(at, LUN) != at->task->lun)
        lint_field(at, RIG_F_LUN, at->task->lun);
}

/* Reserved here: a sender that says "none", and one that says 0, both mean it. */
void lint_no_ack_tag(lint_at *at)
{
    if (!LINT_GET(at, A) && LINT_GET(at, TTT) != RIG_TAG_NONE && LINT_GET(at, TTT) != 0)
        lint_field(at, RIG_F_TTT, RIG_TAG_NONE);
}

/* Told behind the PDU, which may have been the last one of all. */
void lint_ack_often(lint_at *at)
{
    if (lint_scsi(at) && at->task->ack_early && !lint_data_again(at) && at->item->data_len > 0)
        lint_part(at, "A", 1,
                  "0 in the last Data-In, which is less than MaxBurstLength behind the one before", "1");
}
