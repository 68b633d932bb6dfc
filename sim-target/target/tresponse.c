/* SCSI Response: status, residuals, sense (RFC 7143 section 11.4). */
#include "tgt.h"

#define SENSE_LENGTH 2 /* bytes of the length before the sense data */

typedef struct residual {
    bool over, under;
    uint32_t count;
} residual;

static residual compare(uint64_t presented, uint32_t expected)
{
    uint64_t count = presented > expected ? presented - expected : expected - presented;
    return (residual){.over = presented > expected,
                      .under = presented<expected, .count = count> UINT32_MAX ? UINT32_MAX : (uint32_t)count};
}

static uint64_t presented(const tgt_scsi *scsi, rig_cdb_data direction)
{
    if (scsi->scsi.direction == RIG_CDB_BIDI && direction == RIG_CDB_IN)
        return scsi->scsi.status == 0 ? scsi->scsi.back_length : 0;
    return scsi->scsi.direction == direction || scsi->scsi.direction == RIG_CDB_BIDI ? scsi->presented : 0;
}

static void set_bidi_read(const tgt_scsi *scsi, tgt_answer *answer)
{
    residual in = compare(presented(scsi, RIG_CDB_IN), scsi->in_edtl);
    rig_set(answer->bhs, RIG_F_BIDI_OVERFLOW, in.over);
    rig_set(answer->bhs, RIG_F_BIDI_UNDERFLOW, in.under);
    rig_set(answer->bhs, RIG_F_BIDI_RESIDUAL, in.count);
}

/*
 * Section 11.4.5.2. A command that moves data against the direction its header announces can move none: what
 * it wanted to move is overflow.
 */
void tgt_residuals(const tgt_scsi *scsi, tgt_answer *answer)
{
    bool reads = rig_get(scsi->task.bhs, RIG_F_R), writes = rig_get(scsi->task.bhs, RIG_F_W);
    residual one;
    if (reads && writes) {
        set_bidi_read(scsi, answer);
        one = compare(presented(scsi, RIG_CDB_OUT), scsi->out_edtl);
    } else if ((scsi->scsi.direction == RIG_CDB_IN && writes) ||
               (scsi->scsi.direction == RIG_CDB_OUT && reads)) {
        one =
            scsi->presented ? compare(scsi->presented, 0) : compare(0, rig_get32(scsi->task.bhs, RIG_F_EDTL));
    } else {
        one = compare(scsi->presented, rig_get32(scsi->task.bhs, RIG_F_EDTL));
    }
    rig_set(answer->bhs, RIG_F_OVERFLOW, one.over);
    rig_set(answer->bhs, RIG_F_UNDERFLOW, one.under);
    rig_set(answer->bhs, RIG_F_RESIDUAL, one.count);
}

static bool add_sense(tgt_scsi *scsi, tgt_answer *answer)
{
    size_t len = SENSE_LENGTH + (size_t)scsi->scsi.sense_len;
    uint8_t *block = rig_new(scsi->task.conn->target->alloc, len);
    if (!block)
        return false;
    rig_be_set(block, SENSE_LENGTH, scsi->scsi.sense_len);
    memcpy(block + SENSE_LENGTH, scsi->scsi.sense, scsi->scsi.sense_len);
    answer->owned = block;
    answer->owned_size = len;
    answer->data_len = (uint32_t)len;
    return true;
}

/* 11.16.3: the tag of the last R-Data SNACK, and one StatSN for all responses of a command. */
static void add_tag(const tgt_scsi *scsi, tgt_answer *answer)
{
    const tgt_history *history = scsi->history;
    if (!history)
        return;
    if (history->snack_tag && !tgt_fault_on(&scsi->task, RIG_FAULT_SNACK_TAG_MISSING))
        rig_set(answer->bhs, RIG_F_SNACK_TAG, history->snack_tag);
    if (!history->status)
        return;
    answer->again = true;
    rig_set(answer->bhs, RIG_F_STAT_SN, history->status->stat_sn);
}

bool tgt_response_answer(tgt_scsi *scsi)
{
    tgt_conn *conn = scsi->task.conn;
    tgt_answer answer;
    if (tgt_reply_room(conn) == 0)
        return false;
    tgt_answer_init(&answer, &scsi->task, RIG_PDU_SCSI_RESP);
    rig_set(answer.bhs, RIG_F_SCSI_STATUS, scsi->scsi.status);
    rig_set(answer.bhs, RIG_F_EXP_DATA_SN, scsi->data_sn);
    tgt_residuals(scsi, &answer);
    add_tag(scsi, &answer);
    if (scsi->scsi.sense_len > 0 && !add_sense(scsi, &answer)) {
        tgt_conn_end(conn, TGT_TRANSPORT_LOST, false, RIG_E_NOMEM, "no memory for sense data");
        return true;
    }
    answer.last = true;
    return tgt_reply(&scsi->task, &answer) != TGT_FULL;
}
