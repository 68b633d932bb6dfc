/* Data to the initiator, sent from where it lies (RFC 7143 section 11.7). */
#include "tgt.h"

#define WORD 3u /* 11.7.7: every PDU but the last of a sequence is whole words */

static uint32_t piece_of(const tgt_scsi *scsi)
{
    uint32_t rest = scsi->in_len - scsi->next;
    uint32_t limit = rest < scsi->burst_left ? rest : scsi->burst_left;
    uint32_t most = scsi->task.conn->max_send & ~WORD;
    return limit < most ? limit : most;
}

/* Section 11.7.3: good status may come with the last data, of one-way commands only. */
static bool collapses(const tgt_scsi *scsi)
{
    const uint8_t *bhs = scsi->task.bhs;
    return !scsi->task.conn->target->config.no_data_in_status && !rig_get(bhs, RIG_F_W);
}

static tgt_pushed send_piece(tgt_scsi *scsi)
{
    tgt_answer answer;
    uint32_t len = piece_of(scsi), offset = scsi->next;
    bool end = offset + len == scsi->in_len;
    tgt_answer_init(&answer, &scsi->task, RIG_PDU_DATA_IN);
    rig_set(answer.bhs, RIG_F_DATA_SN, scsi->data_sn);
    rig_set(answer.bhs, RIG_F_BUFFER_OFFSET, offset);
    rig_set(answer.bhs, RIG_F_F, end || len == scsi->burst_left);
    answer.data_len = len;
    answer.refers = true;
    tgt_scsi_seek(scsi, offset, &answer.iov, &answer.num_iov, &answer.iov_offset);
    if (end && collapses(scsi)) {
        rig_set(answer.bhs, RIG_F_S, 1);
        rig_set(answer.bhs, RIG_F_SCSI_STATUS, scsi->scsi.status);
        tgt_residuals(scsi, &answer);
        answer.last = true;
    }
    return tgt_reply(&scsi->task, &answer);
}

bool tgt_data_in_answer(tgt_scsi *scsi)
{
    const tgt_session *session = scsi->task.conn->session;
    while (scsi->next < scsi->in_len) {
        uint32_t len = piece_of(scsi);
        bool over = scsi->next + len == scsi->in_len && collapses(scsi);
        tgt_pushed pushed = send_piece(scsi);
        if (pushed != TGT_PUSHED || over)
            return pushed != TGT_FULL;
        if (scsi->task.conn->retention)
            scsi->task.conn->retention->data(scsi, scsi->data_sn, scsi->next, len);
        scsi->data_sn++;
        scsi->next += len;
        scsi->burst_left -= len;
        if (scsi->burst_left == 0)
            scsi->burst_left = session->max_burst;
    }
    return tgt_response_answer(scsi);
}
