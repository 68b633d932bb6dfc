/*
 * Data of a write that was lost, above ErrorRecoveryLevel 0 (RFC 7143 sections 7.1.4.1, 7.8, 7.9): what has
 * not come is remembered as ranges, and asked for with recovery R2Ts once the sequence it was lost from is
 * over. Not before: with DataSequenceInOrder=Yes there is one R2T outstanding at a time (13.17).
 */
#include "tgt.h"

static uint32_t lesser(uint64_t a, uint32_t b)
{
    return a < b ? (uint32_t)a : b;
}

/* ---- ranges ---- */

bool tgt_missing_add(tgt_scsi *scsi, uint32_t offset, uint32_t len)
{
    tgt_history *history = scsi->history;
    if (history->num_missing == TGT_MISSING)
        return false;
    history->missing[history->num_missing++] = (tgt_range){offset, len};
    return true;
}

/* Takes [offset, end) out of one range; false when the second piece of it finds no place. */
static bool cut(tgt_history *history, tgt_range *range, uint32_t offset, uint32_t end)
{
    uint32_t range_end = range->offset + range->len;
    if (offset > range->offset && end < range_end) {
        if (history->num_missing == TGT_MISSING)
            return false;
        history->missing[history->num_missing++] = (tgt_range){end, range_end - end};
    }
    if (offset > range->offset)
        range->len = offset - range->offset;
    else
        *range = (tgt_range){end, end < range_end ? range_end - end : 0};
    return true;
}

bool tgt_missing_remove(tgt_scsi *scsi, uint32_t offset, uint32_t len)
{
    tgt_history *history = scsi->history;
    for (uint8_t i = 0; len > 0 && i < history->num_missing;) {
        tgt_range *range = &history->missing[i];
        if (offset < range->offset + range->len && range->offset < offset + len &&
            !cut(history, range, offset, offset + len))
            return false;
        if (range->len == 0)
            *range = history->missing[--history->num_missing];
        else
            i++;
    }
    return true;
}

bool tgt_missing_all(const tgt_scsi *scsi, uint32_t offset, uint32_t len)
{
    const tgt_history *history = scsi->history;
    for (uint8_t i = 0; i < history->num_missing; i++)
        if (offset >= history->missing[i].offset &&
            offset - history->missing[i].offset + (uint64_t)len <= history->missing[i].len)
            return true;
    return false;
}

static bool asked_for(const tgt_scsi *scsi, uint32_t offset)
{
    if (scsi->first_open && offset - scsi->first.offset < scsi->first.len)
        return true;
    for (uint8_t i = 0; i < scsi->num_bursts; i++)
        if (offset - scsi->bursts[i].offset < scsi->bursts[i].len)
            return true;
    return false;
}

/* The lowest such range, and no more of it than one sequence may hold. */
bool tgt_recover_next(const tgt_scsi *scsi, uint32_t *out_offset, uint32_t *out_len)
{
    const tgt_history *history = scsi->history;
    const tgt_range *lowest = NULL;
    for (uint8_t i = 0; history && i < history->num_missing; i++) {
        const tgt_range *range = &history->missing[i];
        if (range->offset < scsi->out_len && !asked_for(scsi, range->offset) &&
            (!lowest || range->offset < lowest->offset))
            lowest = range;
    }
    if (!lowest || scsi->first_open)
        return false;
    *out_offset = lowest->offset;
    *out_len = lesser(lowest->len, scsi->out_len - lowest->offset);
    *out_len = lesser(*out_len, scsi->task.conn->session->max_burst);
    return true;
}

/* ---- R2Ts that are not in force any more ---- */

/* The initiator may still answer it, or ask for it when it never came. */
static void supersede(tgt_scsi *scsi, const tgt_burst *burst)
{
    tgt_history *history = scsi->history;
    if (history->num_old == TGT_OLD_BURSTS)
        memmove(history->old, history->old + 1, --history->num_old * sizeof(*history->old));
    history->old[history->num_old++] = *burst;
}

tgt_burst *tgt_recover_old(const tgt_scsi *scsi, uint32_t ttt)
{
    tgt_history *history = scsi->history;
    for (uint8_t i = 0; history && i < history->num_old; i++)
        if (history->old[i].ttt == ttt)
            return &history->old[i];
    return NULL;
}

static const tgt_burst *earlier(const tgt_burst *found, const tgt_burst *burst, uint32_t r2t_sn)
{
    return burst->r2t_sn >= r2t_sn && (!found || burst->r2t_sn < found->r2t_sn) ? burst : found;
}

const tgt_burst *tgt_recover_r2t(const tgt_scsi *scsi, uint32_t r2t_sn)
{
    const tgt_history *history = scsi->history;
    const tgt_burst *found = NULL;
    for (uint8_t i = 0; i < scsi->num_bursts; i++)
        found = earlier(found, &scsi->bursts[i], r2t_sn);
    for (uint8_t i = 0; i < history->num_old; i++)
        found = earlier(found, &history->old[i], r2t_sn);
    return found;
}

/* ---- one Data-Out ---- */

/* What a PDU may bring: some of the burst, and in order nothing twice; behind a gap in DataSN it may leave
 * data out. */
bool tgt_recover_fits(const tgt_scsi *scsi, const tgt_burst *burst, const uint8_t *bhs)
{
    uint64_t offset = rig_get32(bhs, RIG_F_BUFFER_OFFSET), len = rig_get32(bhs, RIG_F_DATA_LEN);
    uint64_t position = (uint64_t)burst->offset + burst->got;
    bool gap = rig_get32(bhs, RIG_F_DATA_SN) != burst->data_sn;
    if (burst->ttt != RIG_TAG_NONE && rig_get(bhs, RIG_F_LUN) != rig_get(scsi->task.bhs, RIG_F_LUN))
        return false;
    if (offset < burst->offset || offset + len > (uint64_t)burst->offset + burst->len)
        return false;
    return !scsi->task.conn->session->pdu_in_order || offset == position || (gap && offset > position);
}

static void advance(const tgt_scsi *scsi, tgt_burst *burst, const uint8_t *bhs)
{
    uint32_t len = rig_get32(bhs, RIG_F_DATA_LEN);
    burst->data_sn = rig_get32(bhs, RIG_F_DATA_SN) + 1;
    if (scsi->task.conn->session->pdu_in_order)
        burst->got = rig_get32(bhs, RIG_F_BUFFER_OFFSET) + len - burst->offset;
    else
        burst->got += len;
}

/*
 * A DataSN from before is no loss but a mistake, as is data outside the burst; a DataSN that leaves numbers
 * out means that a PDU was lost (7.9). 7.3: the DataSN that is expected moves on over a rejected PDU.
 */
uint8_t tgt_recover_take(tgt_scsi *scsi, tgt_burst *burst, const rig_pdu *pdu)
{
    uint32_t sn = rig_get32(pdu->bhs, RIG_F_DATA_SN);
    if (rig_sn_lt(sn, burst->data_sn))
        return pdu->bad_data_digest ? TGT_REJECT_DATA_DIGEST : TGT_REJECT_FIELD;
    if (!tgt_recover_fits(scsi, burst, pdu->bhs)) {
        tgt_scsi_fail(scsi, TGT_KEY_ABORTED_COMMAND, TGT_ASC_WRITE_ERROR, TGT_ASCQ_DATA_AMOUNT);
        return pdu->bad_data_digest ? TGT_REJECT_DATA_DIGEST : TGT_REJECT_FIELD;
    }
    burst->lossy = burst->lossy || sn != burst->data_sn || pdu->bad_data_digest;
    advance(scsi, burst, pdu->bhs);
    if (pdu->bad_data_digest)
        return TGT_REJECT_DATA_DIGEST;
    if (!tgt_missing_remove(scsi, rig_get32(pdu->bhs, RIG_F_BUFFER_OFFSET),
                            rig_get32(pdu->bhs, RIG_F_DATA_LEN)))
        burst->lossy = true;
    return 0;
}

/* ---- the end of a sequence ---- */

/* Unsolicited data ends where the initiator ended it; where that was is not known when the last PDU was lost,
 * or may have been. */
static void close_first(tgt_scsi *scsi)
{
    tgt_burst *first = &scsi->first;
    uint32_t end = first->offset + first->len;
    bool known = !first->lossy || scsi->task.conn->session->pdu_in_order;
    if (known) {
        end = first->offset + first->got;
        tgt_missing_remove(scsi, end, first->len - first->got);
    }
    first->got = end - first->offset;
    scsi->first_open = false;
    scsi->next = lesser(end, scsi->out_len);
}

bool tgt_recover_close(tgt_scsi *scsi, tgt_burst *burst)
{
    bool is_first = burst == &scsi->first, is_short = burst->got != burst->len && !burst->lossy;
    if (is_first) {
        is_short = is_short && scsi->out_edtl > scsi->task.conn->session->first_burst;
        close_first(scsi);
        return is_short;
    }
    if (burst >= scsi->history->old && burst < scsi->history->old + TGT_OLD_BURSTS) {
        *burst = scsi->history->old[--scsi->history->num_old];
        return false; /* what it left out, its successor asks for */
    }
    *burst = scsi->bursts[--scsi->num_bursts];
    return is_short;
}

void tgt_recover_abandon(tgt_scsi *scsi, bool keep)
{
    if (scsi->first_open) {
        scsi->first.got = scsi->first.len;
        scsi->first.lossy = true;
        close_first(scsi);
    }
    for (uint8_t i = 0; keep && i < scsi->num_bursts; i++)
        supersede(scsi, &scsi->bursts[i]);
    scsi->num_bursts = 0;
    if (!keep)
        scsi->history->num_old = 0;
}

/* A task that has failed only waited for the end of its sequences (7.8). */
bool tgt_recover_timeout(tgt_scsi *scsi)
{
    if (scsi->taking && ++scsi->history->attempts > TGT_RECOVERY_ATTEMPTS)
        return false;
    tgt_recover_abandon(scsi, true);
    scsi->waits_since = scsi->task.conn->target->now;
    if (scsi->started)
        tgt_data_out_next(scsi);
    return true;
}
