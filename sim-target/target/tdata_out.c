/* Data from the initiator: unsolicited, and solicited by R2T (RFC 7143 sections 11.7, 11.8, 4.2.5.2). */
#include "tgt.h"

#define ASC_CRC 0x47
#define ASCQ_CRC 0x05

/* ---- which sequence a PDU belongs to ---- */

static tgt_scsi *find_write(const tgt_conn *conn, const uint8_t *bhs)
{
    tgt_task *task = tgt_task_find(conn->session, rig_get32(bhs, RIG_F_ITT));
    return task && task->kind == TGT_TASK_SCSI && task->conn == conn ? tgt_scsi_of(task) : NULL;
}

static tgt_burst *find_burst(tgt_scsi *scsi, const uint8_t *bhs)
{
    uint32_t ttt = rig_get32(bhs, RIG_F_TTT);
    if (scsi->task.answered)
        return NULL;
    if (ttt == RIG_TAG_NONE)
        return scsi->first_open ? &scsi->first : NULL;
    for (uint8_t i = 0; i < scsi->num_bursts; i++)
        if (scsi->bursts[i].ttt == ttt)
            return &scsi->bursts[i];
    return tgt_recover_old(scsi, ttt);
}

/* Section 11.7.6, and 4.2.5.3 for the LUN, which only counts beside a target transfer tag. */
static bool fits(const tgt_scsi *scsi, const tgt_burst *burst, const uint8_t *bhs)
{
    uint64_t offset = rig_get32(bhs, RIG_F_BUFFER_OFFSET), len = rig_get32(bhs, RIG_F_DATA_LEN);
    if (burst->ttt != RIG_TAG_NONE && rig_get(bhs, RIG_F_LUN) != rig_get(scsi->task.bhs, RIG_F_LUN))
        return false;
    if (len > burst->len - burst->got)
        return false;
    if (scsi->task.conn->session->pdu_in_order)
        return offset == (uint64_t)burst->offset + burst->got;
    return offset >= burst->offset && offset + len <= (uint64_t)burst->offset + burst->len;
}

/* ---- where the bytes go ---- */

/* Is its place in the buffer known, and free? Above ErrorRecoveryLevel 0 nothing is written twice: a late PDU
 * with a bad digest would spoil what has come since. */
static bool has_place(const tgt_scsi *scsi, const tgt_burst *burst, const uint8_t *bhs)
{
    uint32_t sn = rig_get32(bhs, RIG_F_DATA_SN);
    if (!scsi->history)
        return fits(scsi, burst, bhs) && burst->data_sn == sn;
    return tgt_recover_fits(scsi, burst, bhs) && !rig_sn_lt(sn, burst->data_sn) &&
           tgt_missing_all(scsi, rig_get32(bhs, RIG_F_BUFFER_OFFSET), rig_get32(bhs, RIG_F_DATA_LEN));
}

rig_status tgt_data_out_header(tgt_conn *conn, const rig_pdu *pdu, rig_sink *out_sink)
{
    tgt_scsi *scsi = find_write(conn, pdu->bhs);
    tgt_burst *burst = scsi ? find_burst(scsi, pdu->bhs) : NULL;
    uint32_t offset = rig_get32(pdu->bhs, RIG_F_BUFFER_OFFSET);
    out_sink->kind = burst && !scsi->started ? RIG_SINK_COLLECT : RIG_SINK_DISCARD;
    if (!burst || !scsi->taking || !has_place(scsi, burst, pdu->bhs))
        return RIG_OK;
    if (offset >= scsi->out_len)
        return RIG_OK;
    if (rig_get32(pdu->bhs, RIG_F_DATA_LEN) > scsi->out_len - offset) {
        out_sink->kind = RIG_SINK_COLLECT; /* the end is more than the device takes */
        return RIG_OK;
    }
    tgt_scsi_seek(scsi, offset, &out_sink->iov, &out_sink->num_iov, &out_sink->offset);
    out_sink->kind = out_sink->num_iov > RIG_SINK_IOV_MAX ? RIG_SINK_COLLECT : RIG_SINK_PLACE;
    scsi->task.refs++;
    conn->placing = scsi;
    return RIG_OK;
}

/* A command that waits for its turn keeps its data in memory of its own, behind the immediate data. */
static rig_status keep(tgt_task *task, uint32_t offset, rig_view data)
{
    size_t old = task->ahs_len + task->data_len, size = task->ahs_len + offset + data.len;
    if (size > old) {
        uint8_t *grown = rig_resize(task->conn->target->alloc, task->data, old, size);
        if (!grown)
            return RIG_E_NOMEM;
        task->data = grown;
        task->data_len = offset + data.len;
    }
    memcpy(task->data + task->ahs_len + offset, data.ptr, data.len);
    return RIG_OK;
}

/* The rare way in: bytes that could not be received in place. */
rig_status tgt_data_out_store(tgt_scsi *scsi, uint32_t offset, rig_view data)
{
    const struct iovec *iov;
    uint32_t num;
    size_t skip;
    if (!scsi->started && data.ptr)
        return keep(&scsi->task, offset, data);
    if (!scsi->taking || !data.ptr || offset >= scsi->out_len)
        return RIG_OK;
    data = rig_view_sub(data, 0, scsi->out_len - offset);
    tgt_scsi_seek(scsi, offset, &iov, &num, &skip);
    for (; num > 0 && data.len > 0; num--, iov++, skip = 0) {
        size_t room = iov->iov_len - skip;
        size_t len = data.len < room ? data.len : room;
        memcpy((uint8_t *)iov->iov_base + skip, data.ptr, len);
        data = rig_view_sub(data, len, data.len);
    }
    return RIG_OK;
}

/* ---- a PDU is complete ---- */

/* Section 11.4.7.2: too little unsolicited data is an error only when there was more to send than the first
 * burst. */
static bool short_first(const tgt_scsi *scsi)
{
    return scsi->first.got != scsi->first.len && scsi->out_edtl > scsi->task.conn->session->first_burst;
}

/* The same at ErrorRecoveryLevel 0; true when the sequence was too short. */
static bool end_burst(tgt_scsi *scsi, tgt_burst *burst)
{
    bool is_short = burst == &scsi->first ? short_first(scsi) : burst->got != burst->len;
    if (burst == &scsi->first) {
        uint32_t sent = burst->offset + burst->got;
        scsi->first_open = false;
        scsi->got = scsi->next = sent < scsi->out_len ? sent : scsi->out_len;
    } else {
        scsi->got += burst->got;
        *burst = scsi->bursts[--scsi->num_bursts];
    }
    return is_short;
}

static void close_burst(tgt_scsi *scsi, tgt_burst *burst)
{
    if (scsi->history ? tgt_recover_close(scsi, burst) : end_burst(scsi, burst))
        tgt_scsi_fail(scsi, TGT_KEY_ABORTED_COMMAND, TGT_ASC_WRITE_ERROR, TGT_ASCQ_DATA_AMOUNT);
    if (scsi->task.draining && !tgt_scsi_expects_data(scsi)) {
        tgt_session *session = scsi->task.conn->session;
        tgt_task_finish(&scsi->task);
        tgt_tmf_progress(session);
        return;
    }
    if (!scsi->task.draining && scsi->started)
        tgt_data_out_next(scsi);
}

/* Judges the PDU at ErrorRecoveryLevel 0; a reject reason, 0 when its bytes count. */
static uint8_t take_strictly(tgt_scsi *scsi, tgt_burst *burst, const rig_pdu *pdu)
{
    bool in_place = fits(scsi, burst, pdu->bhs);
    if (pdu->bad_data_digest || rig_get32(pdu->bhs, RIG_F_DATA_SN) != burst->data_sn)
        tgt_scsi_fail(scsi, TGT_KEY_ABORTED_COMMAND, ASC_CRC,
                      ASCQ_CRC); /* 7.9: a gap is a digest error on an earlier PDU */
    if (!in_place)
        tgt_scsi_fail(scsi, TGT_KEY_ABORTED_COMMAND, TGT_ASC_WRITE_ERROR, TGT_ASCQ_DATA_AMOUNT);
    burst->data_sn = rig_get32(pdu->bhs, RIG_F_DATA_SN) + 1;
    if (in_place)
        burst->got += rig_get32(pdu->bhs, RIG_F_DATA_LEN);
    if (pdu->bad_data_digest)
        return TGT_REJECT_DATA_DIGEST;
    return in_place ? 0 : tgt_blame(scsi->task.conn, RIG_F_BUFFER_OFFSET, TGT_REJECT_FIELD);
}

static rig_status take(tgt_scsi *scsi, tgt_burst *burst, const rig_pdu *pdu)
{
    tgt_conn *conn = scsi->task.conn;
    uint32_t offset = rig_get32(pdu->bhs, RIG_F_BUFFER_OFFSET);
    bool stale = scsi->history && rig_sn_lt(rig_get32(pdu->bhs, RIG_F_DATA_SN), burst->data_sn);
    bool fresh = !scsi->history || tgt_missing_all(scsi, offset, rig_get32(pdu->bhs, RIG_F_DATA_LEN));
    uint8_t reason = scsi->history ? tgt_recover_take(scsi, burst, pdu) : take_strictly(scsi, burst, pdu);
    scsi->task.effects |= conn->effects;
    scsi->task.waits |= conn->effects & conn->target->wait_rules;
    scsi->waits_since = conn->target->now;
    if (!reason && fresh && tgt_data_out_store(scsi, offset, pdu->data) != RIG_OK) {
        tgt_conn_end(conn, TGT_TRANSPORT_LOST, false, RIG_E_NOMEM, "no memory for early data");
        return RIG_E_ABORTED;
    }
    if (reason && !scsi->task.draining && tgt_reject(conn, pdu, reason) != RIG_OK)
        return RIG_E_ABORTED;
    if (rig_get(pdu->bhs, RIG_F_F) && !stale)
        close_burst(scsi, burst);
    return RIG_OK;
}

rig_status tgt_data_out(tgt_conn *conn, const rig_pdu *pdu)
{
    tgt_scsi *scsi = find_write(conn, pdu->bhs);
    tgt_burst *burst = scsi ? find_burst(scsi, pdu->bhs) : NULL;
    tgt_scsi *placed = conn->placing;
    rig_status status = RIG_OK;
    conn->placing = NULL;
    tgt_blame(conn, scsi ? RIG_F_TTT : RIG_F_ITT, 0);
    if (burst)
        status = take(scsi, burst, pdu);
    else if (!scsi || (!scsi->task.draining && !scsi->task.answered))
        status = tgt_reject(conn, pdu, pdu->bad_data_digest ? TGT_REJECT_DATA_DIGEST : TGT_REJECT_FIELD);
    if (placed)
        tgt_task_unref(&placed->task);
    return status;
}

/* ---- what a write does next ---- */

void tgt_data_out_next(tgt_scsi *scsi)
{
    uint32_t offset, len;
    bool asks = scsi->next < scsi->out_len || tgt_recover_next(scsi, &offset, &len);
    if (tgt_scsi_expects_data(scsi) && (!scsi->taking || scsi->first_open || !asks)) {
        scsi->waits_since = scsi->task.conn->target->now;
        tgt_conn_watch_data(scsi->task.conn);
        return;
    }
    if (scsi->taking && asks) {
        tgt_task_ready(&scsi->task);
        return;
    }
    tgt_unit_taken(scsi, scsi->history ? scsi->next : scsi->got, false);
    tgt_scsi_respond(scsi);
}

/* ---- R2T ---- */

static uint32_t burst_limit(const tgt_scsi *scsi)
{
    uint32_t most = scsi->task.conn->session->max_r2t + tgt_fault_on(&scsi->task, RIG_FAULT_R2T_MANY);
    return most < TGT_BURSTS ? most : TGT_BURSTS;
}

void tgt_r2t_fill(const tgt_scsi *scsi, const tgt_burst *burst, tgt_answer *answer)
{
    rig_set(answer->bhs, RIG_F_LUN, rig_get(scsi->task.bhs, RIG_F_LUN));
    rig_set(answer->bhs, RIG_F_TTT, burst->ttt);
    rig_set(answer->bhs, RIG_F_R2T_SN, burst->r2t_sn);
    rig_set(answer->bhs, RIG_F_BUFFER_OFFSET, burst->offset);
    rig_set(answer->bhs, RIG_F_DESIRED_LEN, burst->len);
}

/* What was lost goes first; a fresh range counts as missing from its R2T on. */
static tgt_burst next_burst(const tgt_scsi *scsi, bool *out_fresh)
{
    const tgt_session *session = scsi->task.conn->session;
    uint32_t rest = scsi->out_len - scsi->next;
    tgt_burst burst = {.ttt = tgt_new_ttt(session->target), .r2t_sn = scsi->r2t_sn, .offset = scsi->next};
    if (scsi->num_bursts > 0 && tgt_fault_on(&scsi->task, RIG_FAULT_R2T_TAG_AGAIN))
        burst.ttt = scsi->bursts[0].ttt;
    burst.len = rest < session->max_burst ? rest : session->max_burst;
    *out_fresh = !tgt_recover_next(scsi, &burst.offset, &burst.len);
    return burst;
}

/* Of an R2T that breaks a rule only beside those that are outstanding. */
static void say_wrong(const tgt_scsi *scsi, const tgt_burst *burst)
{
    tgt_conn *conn = scsi->task.conn;
    if (scsi->num_bursts >= conn->session->max_r2t)
        tgt_made_wrong(conn, rig_fault_rows[RIG_FAULT_R2T_MANY].name);
    if (scsi->num_bursts > 0 && burst->ttt == scsi->bursts[0].ttt)
        tgt_made_wrong(conn, rig_fault_rows[RIG_FAULT_R2T_TAG_AGAIN].name);
}

static tgt_pushed ask(tgt_scsi *scsi)
{
    bool fresh;
    tgt_burst burst = next_burst(scsi, &fresh);
    tgt_answer answer;
    tgt_answer_init(&answer, &scsi->task, RIG_PDU_R2T);
    tgt_r2t_fill(scsi, &burst, &answer);
    tgt_pushed pushed = tgt_reply(&scsi->task, &answer);
    if (pushed != TGT_PUSHED)
        return pushed;
    say_wrong(scsi, &burst);
    scsi->bursts[scsi->num_bursts++] = burst;
    scsi->r2t_sn++;
    if (fresh)
        scsi->next += burst.len;
    if (fresh && scsi->history)
        tgt_missing_add(scsi, burst.offset, burst.len);
    return TGT_PUSHED;
}

static bool may_ask(const tgt_scsi *scsi)
{
    const tgt_history *history = scsi->history;
    uint32_t offset, len;
    if (!scsi->taking || scsi->num_bursts >= burst_limit(scsi))
        return false;
    if (tgt_recover_next(scsi, &offset, &len))
        return true;
    return scsi->next < scsi->out_len && (!history || history->num_missing < TGT_MISSING);
}

bool tgt_r2t_answer(tgt_scsi *scsi)
{
    while (may_ask(scsi)) {
        tgt_pushed pushed = ask(scsi);
        if (pushed != TGT_PUSHED)
            return pushed == TGT_OVER;
    }
    scsi->waits_since = scsi->task.conn->target->now;
    tgt_conn_watch_data(scsi->task.conn);
    tgt_task_unready(&scsi->task);
    return true;
}
