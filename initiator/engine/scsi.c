/* SCSI Command and SCSI Response (RFC 7143 sections 11.3 and 11.4). */
#include "internal.h"

#define AHS_CDB_MAX 260 /* bytes of the longest extended-CDB segment, rounded up */
#define AHS_BIDI_LEN 8
#define AHS_MAX (AHS_CDB_MAX + AHS_BIDI_LEN)

static uint32_t min32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* How much goes with the command (ImmediateData), and up to where data may follow unasked
 * (InitialR2T, 13.10, 13.11). */
static uint32_t immediate_len(const eng_conn *conn, const rig_task *task)
{
    const rig_key_value *agreed = conn->session->agreed;
    if (!task->write || !agreed[RIG_KEY_IMMEDIATE_DATA].value)
        return 0;
    uint32_t burst = min32(task->edtl, agreed[RIG_KEY_FIRST_BURST].value);
    /* Where more follows, payloads are whole words (section 11.7.7). */
    return burst <= conn->max_send ? burst : conn->max_send & ~UINT32_C(3);
}

static uint32_t unsolicited_end(const eng_conn *conn, const rig_task *task, uint32_t immediate)
{
    const rig_key_value *agreed = conn->session->agreed;
    if (!task->write || agreed[RIG_KEY_INITIAL_R2T].value)
        return immediate;
    return min32(task->edtl, agreed[RIG_KEY_FIRST_BURST].value);
}

/* What the header has no room for: a CDB of more than 16 bytes, and the second length of a bidirectional
 * command (sections 11.2.2.3 and 11.2.2.4). */
static rig_status put_segments(rig_tx *tx, const rig_task *task, const rig_alloc *alloc)
{
    bool bidi = task->read && task->write;
    uint8_t read_len[4];
    size_t len = 0;
    if (task->cdb.len <= 16 && !bidi)
        return RIG_OK;
    uint8_t *ahs = rig_new(alloc, AHS_MAX);
    if (!ahs)
        return RIG_E_NOMEM;
    if (task->cdb.len > 16)
        len = rig_ahs_put(ahs, AHS_MAX, RIG_AHS_CDB, rig_view_sub(task->cdb, 16, task->cdb.len - 16));
    rig_be_set(read_len, 4, task->bidi_len);
    if (bidi)
        len += rig_ahs_put(ahs + len, AHS_MAX - len, RIG_AHS_BIDI, rig_view_of(read_len, 4));
    tx->owned = ahs;
    tx->owned_size = AHS_MAX;
    tx->ahs = rig_view_of(ahs, len);
    return RIG_OK;
}

static void fill_command(uint8_t *bhs, const rig_task *task, bool final)
{
    rig_set(bhs, RIG_F_I, task->immediate);
    rig_set(bhs, RIG_F_F, final);
    rig_set(bhs, RIG_F_R, task->read);
    rig_set(bhs, RIG_F_W, task->write);
    rig_set(bhs, RIG_F_ATTR, task->attr);
    rig_set(bhs, RIG_F_PRIORITY, task->priority);
    rig_set(bhs, RIG_F_LUN, task->lun);
    rig_set(bhs, RIG_F_ITT, task->itt);
    rig_set(bhs, RIG_F_EDTL, task->edtl);
    rig_set(bhs, RIG_F_CMD_SN, task->cmd_sn);
    rig_view head = rig_view_sub(task->cdb, 0, 16);
    memcpy(bhs + rig_fields[RIG_F_CDB].byte, head.ptr, head.len);
}

rig_status eng_scsi_send(eng_conn *conn, rig_task *task)
{
    rig_tx *tx = eng_push(conn, RIG_PDU_SCSI_CMD);
    if (!tx)
        return RIG_E_BUSY;
    uint32_t immediate = immediate_len(conn, task);
    uint32_t end = unsolicited_end(conn, task, immediate);
    rig_status status = put_segments(tx, task, eng_alloc(conn->session));
    if (status) {
        eng_push_cancel(conn);
        return status;
    }
    fill_command(tx->bhs, task, end <= immediate);
    eng_lend(conn, tx, task, 0, immediate);
    rig_txq_seal(&conn->txq);
    task->engine.r2t_offset = end;
    task->engine.r2t_first = task->engine.r2t_last = ENG_R2T_NONE;
    task->engine.out_offset = immediate;
    task->engine.out_end = end;
    task->engine.out_ttt = RIG_TAG_NONE;
    if (end > immediate)
        eng_data_out_start(conn, task);
    return RIG_OK;
}

static void take_sense(rig_task *task, rig_view data)
{
    if (data.len < 2)
        return;
    size_t len = rig_be_get(data.ptr, 2);
    rig_view sense = rig_view_sub(data, 2, len);
    task->sense_len = (uint8_t)(sense.len < RIG_SENSE_KEPT ? sense.len : RIG_SENSE_KEPT);
    memcpy(task->sense, sense.ptr ? sense.ptr : data.ptr, task->sense_len);
}

static rig_status check_response(eng_conn *conn, const rig_pdu *pdu, const rig_task *task)
{
    const uint8_t *bhs = pdu->bhs;
    bool both = rig_get(bhs, RIG_F_OVERFLOW) && rig_get(bhs, RIG_F_UNDERFLOW);
    bool completed = rig_get(bhs, RIG_F_SCSI_RESPONSE) == 0;
    if (!rig_get(bhs, RIG_F_F))
        return eng_conn_error(conn, RIG_E_FORMAT, pdu, RIG_F_F, "the first bit of byte 1 is 1 (11.4.1)");
    if (completed && both)
        return eng_conn_error(conn, RIG_E_FORMAT, pdu, RIG_F_OVERFLOW, "O and U exclude each other (11.4.1)");
    if (completed && rig_get(bhs, RIG_F_BIDI_OVERFLOW) && rig_get(bhs, RIG_F_BIDI_UNDERFLOW))
        return eng_conn_error(conn, RIG_E_FORMAT, pdu, RIG_F_BIDI_OVERFLOW,
                              "o and u exclude each other (11.4.1)");
    /* 0 though data came: a target that does not count, as tgt does with a failed read; nothing can be lost
     * by it. */
    uint32_t exp_data_sn = rig_get32(bhs, RIG_F_EXP_DATA_SN);
    bool beyond = rig_sn_lt(task->engine.data_sn, exp_data_sn) && eng_level(conn->session);
    if (completed && task->read && exp_data_sn != 0 && !beyond && exp_data_sn != task->engine.data_sn)
        return eng_conn_error(conn, RIG_E_SEQUENCE, pdu, RIG_F_EXP_DATA_SN,
                              "not the number of Data-In PDUs that came (7.9)");
    if (completed && rig_get(bhs, RIG_F_SCSI_STATUS) == 0x02 && pdu->data.len < 2)
        return eng_conn_error(conn, RIG_E_FORMAT, pdu, RIG_F_DATA_LEN,
                              "CHECK CONDITION comes with sense data (7.7)");
    return RIG_OK;
}

/* A read that ended GOOD has all its bytes, less an underflow; anything else is told, the data is what it is.
 */
uint32_t eng_read_len(const rig_task *task)
{
    return task->write ? task->bidi_len : task->edtl;
}

/* What the read lacks by the target's own word. */
static uint32_t read_underflow(const rig_task *task)
{
    if (task->write)
        return task->bidi_underflow ? task->bidi_residual : 0;
    return task->underflow ? task->residual : 0;
}

void eng_check_amount(eng_conn *conn, const rig_pdu *pdu, const rig_task *task, uint64_t now)
{
    uint64_t came = (uint64_t)task->received + read_underflow(task);
    if (!task->read || task->response || task->scsi_status || came == eng_read_len(task))
        return;
    rig_error error = {0};
    rig_fail_at(&error, RIG_E_PROTOCOL, pdu->offset, "Residual",
                "%u bytes came, residual %u, of %u expected (11.4.5)", task->received, read_underflow(task),
                eng_read_len(task));
    rig_event event = {.cid = conn->cid, .status = RIG_E_PROTOCOL, .pdu = pdu, .error = &error};
    eng_emit(conn->session, &event, RIG_EVENT_IGNORED, now);
}

static void take_response(rig_task *task, const rig_pdu *pdu)
{
    const uint8_t *bhs = pdu->bhs;
    task->response = (uint8_t)rig_get(bhs, RIG_F_SCSI_RESPONSE);
    if (task->response)
        return;
    task->scsi_status = (uint8_t)rig_get(bhs, RIG_F_SCSI_STATUS);
    task->overflow = rig_get(bhs, RIG_F_OVERFLOW);
    task->underflow = rig_get(bhs, RIG_F_UNDERFLOW);
    task->residual = task->overflow || task->underflow ? rig_get32(bhs, RIG_F_RESIDUAL) : 0;
    task->bidi_overflow = rig_get(bhs, RIG_F_BIDI_OVERFLOW);
    task->bidi_underflow = rig_get(bhs, RIG_F_BIDI_UNDERFLOW);
    task->bidi_residual =
        task->bidi_overflow || task->bidi_underflow ? rig_get32(bhs, RIG_F_BIDI_RESIDUAL) : 0;
    if (task->engine.session->agreed[RIG_KEY_PROTOCOL_LEVEL].value >= 2) /* RFC 7144 section 5.2.1 */
        task->status_qualifier = (uint16_t)rig_get(bhs, RIG_F_STATUS_QUALIFIER);
    take_sense(task, pdu->data);
}

/* Data-In PDUs behind the last one that came are missing, too (11.4.8). */
static rig_status check_tail(eng_conn *conn, const rig_pdu *pdu, rig_task *task, uint64_t now)
{
    uint32_t exp_data_sn = rig_get32(pdu->bhs, RIG_F_EXP_DATA_SN);
    bool completed = rig_get(pdu->bhs, RIG_F_SCSI_RESPONSE) == 0;
    if (!completed || !task->read || task->engine.spoilt || eng_level(conn->session) == 0 ||
        !rig_sn_lt(task->engine.data_sn, exp_data_sn))
        return RIG_OK;
    return eng_gap(conn, task, exp_data_sn, eng_read_len(task), now);
}

/* The last response of a command whose data was asked for anew carries the tag of that SNACK (11.16.3). */
static bool is_last(const rig_pdu *pdu, const rig_task *task)
{
    return task->engine.snack_tag == 0 || rig_get32(pdu->bhs, RIG_F_SNACK_TAG) == task->engine.snack_tag;
}

rig_status eng_scsi_response(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    uint32_t stat_sn = rig_get32(pdu->bhs, RIG_F_STAT_SN);
    rig_task *task = eng_command_of(conn, pdu);
    if (!task && (eng_is_replay(conn, pdu) || eng_was_aborted(conn->session, rig_get32(pdu->bhs, RIG_F_ITT))))
        return RIG_OK;
    if (!task)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_ITT, "no such task on this connection (7.13)");
    if (task->engine.phase == ENG_ANSWERED)
        return RIG_OK;
    rig_status status = is_last(pdu, task) ? check_response(conn, pdu, task) : RIG_OK;
    if (!status && is_last(pdu, task))
        status = check_tail(conn, pdu, task, now);
    if (status)
        return status;
    if (!is_last(pdu, task))
        return eng_status_hold(conn, task, stat_sn, true);
    eng_count_response(conn);
    take_response(task, pdu);
    if (task->engine.num_holes == 0)
        eng_check_amount(conn, pdu, task, now);
    eng_status_came(conn, task, stat_sn, now);
    return RIG_OK;
}
