/* Data to the initiator, sent from where it lies (RFC 7143 section 11.7). */
#include "tgt.h"

#define WORD 3u /* 11.7.7: every PDU but the last of a sequence is whole words */

static uint32_t lesser(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Sequences lie at multiples of MaxBurstLength, so that where a PDU ends follows from where it begins. */
uint32_t tgt_data_in_len(const tgt_scsi *scsi, uint32_t offset, uint32_t piece)
{
    uint32_t burst = scsi->task.conn->session->max_burst;
    return lesser(lesser(scsi->in_len - offset, burst - offset % burst), piece);
}

static uint32_t piece_of(const tgt_scsi *scsi)
{
    return scsi->task.conn->max_send & ~WORD;
}

/*
 * Section 11.7.3: good status may come with the last data, of one-way commands only. Behind an R-Data SNACK
 * it is a response that can carry the tag (11.16.3).
 */
static bool collapses(const tgt_scsi *scsi)
{
    const uint8_t *bhs = scsi->task.bhs;
    bool tagged = scsi->history && (scsi->history->snack_tag || scsi->history->status);
    return !scsi->task.conn->target->config.no_data_in_status && !rig_get(bhs, RIG_F_W) && !tagged;
}

/*
 * 11.7.2 lets the A bit stand once every MaxBurstLength bytes and at the end of the data: it ends each
 * sequence. Where status comes with the data, the acknowledgment of the one is that of the other.
 */
static void ask_acknowledgment(tgt_scsi *scsi, uint8_t *bhs)
{
    tgt_history *history = scsi->history;
    if (!history || (!rig_get(bhs, RIG_F_F) && !tgt_fault_on(&scsi->task, RIG_FAULT_A_BIT_ALWAYS)))
        return;
    if (!history->asks)
        history->ack_ttt = tgt_new_ttt(scsi->task.conn->target);
    history->asks = true;
    rig_set(bhs, RIG_F_A, 1);
    rig_set(bhs, RIG_F_TTT, history->ack_ttt);
    rig_set(bhs, RIG_F_LUN, rig_get(scsi->task.bhs, RIG_F_LUN));
}

void tgt_data_in_fill(tgt_scsi *scsi, tgt_answer *answer, uint32_t sn, uint32_t offset, uint32_t len)
{
    uint32_t end = offset + len;
    rig_set(answer->bhs, RIG_F_DATA_SN, sn);
    rig_set(answer->bhs, RIG_F_BUFFER_OFFSET, offset);
    rig_set(answer->bhs, RIG_F_F, end == scsi->in_len || end % scsi->task.conn->session->max_burst == 0);
    ask_acknowledgment(scsi, answer->bhs);
    answer->data_len = len;
    answer->refers = true;
    tgt_scsi_seek(scsi, offset, &answer->iov, &answer->num_iov, &answer->iov_offset);
}

static void add_status(const tgt_scsi *scsi, tgt_answer *answer)
{
    rig_set(answer->bhs, RIG_F_A, 0);
    rig_set(answer->bhs, RIG_F_TTT, RIG_TAG_NONE);
    rig_set(answer->bhs, RIG_F_LUN, 0);
    rig_set(answer->bhs, RIG_F_S, 1);
    rig_set(answer->bhs, RIG_F_SCSI_STATUS, scsi->scsi.status);
    tgt_residuals(scsi, answer);
    answer->last = true;
}

static tgt_pushed send_piece(tgt_scsi *scsi, uint32_t len, bool with_status)
{
    tgt_answer answer;
    tgt_answer_init(&answer, &scsi->task, RIG_PDU_DATA_IN);
    tgt_data_in_fill(scsi, &answer, scsi->data_sn, scsi->next, len);
    if (with_status)
        add_status(scsi, &answer);
    return tgt_reply(&scsi->task, &answer);
}

bool tgt_data_in_answer(tgt_scsi *scsi)
{
    while (scsi->next < scsi->in_len) {
        uint32_t piece = tgt_deviate_piece(&scsi->task, piece_of(scsi)),
                 len = tgt_data_in_len(scsi, scsi->next, piece);
        bool over = scsi->next + len == scsi->in_len && collapses(scsi), retained = scsi->history != NULL;
        tgt_pushed pushed = send_piece(scsi, len, over);
        if (pushed != TGT_PUSHED || (over && !retained))
            return pushed != TGT_FULL;
        tgt_retain_data(scsi, scsi->data_sn, scsi->next, piece);
        scsi->data_sn++;
        scsi->next += len;
        if (over)
            return true;
    }
    return tgt_response_answer(scsi);
}

void tgt_data_in_rewind(tgt_scsi *scsi)
{
    tgt_history *history = scsi->history;
    scsi->data_sn = history->acked_sn;
    scsi->next = history->acked_offset;
    history->num_runs = 0;
}
