/* SCSI Data-In (RFC 7143 section 11.7): payload straight into the caller's buffer. */
#include "internal.h"

static rig_task *task_of(eng_conn *conn, const rig_pdu *pdu)
{
    rig_task *task = eng_task_find(conn->session, rig_get32(pdu->bhs, RIG_F_ITT));
    bool ours =
        task && task->kind == RIG_TASK_SCSI && task->engine.conn == conn && task->engine.phase >= ENG_SENT;
    return ours ? task : NULL;
}

static rig_status check_place(eng_conn *conn, const rig_pdu *pdu, const rig_task *task)
{
    const rig_key_value *agreed = conn->session->agreed;
    uint32_t offset = rig_get32(pdu->bhs, RIG_F_BUFFER_OFFSET);
    uint32_t len = rig_get32(pdu->bhs, RIG_F_DATA_LEN); /* the payload itself is not here yet */
    bool ordered = agreed[RIG_KEY_PDU_IN_ORDER].value && agreed[RIG_KEY_SEQUENCE_IN_ORDER].value;
    if (!task->read)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_ITT,
                              "data for a command that reads nothing (7.13)");
    if (rig_get32(pdu->bhs, RIG_F_DATA_SN) != task->engine.data_sn)
        return eng_conn_error(conn, RIG_E_SEQUENCE, pdu, RIG_F_DATA_SN,
                              "Data-In counts by one within a command (7.9)");
    if (len == 0)
        return RIG_OK;
    if ((uint64_t)offset + len > task->edtl)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_BUFFER_OFFSET,
                              "data beyond the expected length (11.7.6)");
    if ((uint64_t)task->received + len > task->edtl)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_BUFFER_OFFSET,
                              "more data than expected, so that some came twice (11.7.6)");
    if (ordered && offset != task->engine.in_offset)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_BUFFER_OFFSET,
                              "data out of the agreed order (13.18)");
    return RIG_OK;
}

/* The header is here: checks it and names the place of the payload. */
rig_status eng_data_in_place(eng_conn *conn, const rig_pdu *pdu, rig_sink *out_sink)
{
    rig_task *task = task_of(conn, pdu);
    if (!task)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_ITT,
                              "data for no task on this connection (7.13)");
    if (task->engine.phase == ENG_ANSWERED) {
        out_sink->kind = RIG_SINK_DISCARD;
        return RIG_OK;
    }
    rig_status status = check_place(conn, pdu, task);
    if (status)
        return status;
    *out_sink = (rig_sink){RIG_SINK_PLACE, task->in, task->num_in, rig_get32(pdu->bhs, RIG_F_BUFFER_OFFSET)};
    conn->placing = task;
    return RIG_OK;
}

/* GOOD, CONDITION MET and the two INTERMEDIATE ones; all others need a SCSI Response (11.7.3). */
static bool may_collapse(uint64_t scsi_status)
{
    return scsi_status == 0x00 || scsi_status == 0x04 || scsi_status == 0x10 || scsi_status == 0x14;
}

static rig_status check_status(eng_conn *conn, const rig_pdu *pdu)
{
    if (!rig_get(pdu->bhs, RIG_F_F))
        return eng_conn_error(conn, RIG_E_FORMAT, pdu, RIG_F_S,
                              "status comes with the last PDU only: S needs F (11.7.3)");
    if (rig_get(pdu->bhs, RIG_F_OVERFLOW) && rig_get(pdu->bhs, RIG_F_UNDERFLOW))
        return eng_conn_error(conn, RIG_E_FORMAT, pdu, RIG_F_OVERFLOW, "O and U exclude each other (11.4.1)");
    if (!may_collapse(rig_get(pdu->bhs, RIG_F_SCSI_STATUS)))
        return eng_conn_error(conn, RIG_E_FORMAT, pdu, RIG_F_SCSI_STATUS,
                              "an exception needs a SCSI Response (11.7.3)");
    return eng_stat_sn(conn, pdu);
}

static void take_status(rig_task *task, const uint8_t *bhs)
{
    task->scsi_status = (uint8_t)rig_get(bhs, RIG_F_SCSI_STATUS);
    task->overflow = rig_get(bhs, RIG_F_OVERFLOW);
    task->underflow = rig_get(bhs, RIG_F_UNDERFLOW);
    task->residual = task->overflow || task->underflow ? rig_get32(bhs, RIG_F_RESIDUAL) : 0;
}

rig_status eng_data_in(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    rig_task *task = task_of(conn, pdu);
    bool with_status = rig_get(pdu->bhs, RIG_F_S);
    rig_status status = with_status ? check_status(conn, pdu) : RIG_OK;
    if (status || conn->cut)
        return status;
    if (!task)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_ITT,
                              "data for no task on this connection (7.13)");
    if (task->engine.phase == ENG_ANSWERED)
        return RIG_OK;
    status = pdu->data.len ? RIG_OK : check_place(conn, pdu, task);
    if (status)
        return status;
    task->engine.data_sn++;
    if (pdu->data.len)
        task->engine.in_offset = rig_get32(pdu->bhs, RIG_F_BUFFER_OFFSET) + (uint32_t)pdu->data.len;
    task->received += (uint32_t)pdu->data.len;
    if (with_status) {
        take_status(task, pdu->bhs);
        eng_task_done(task, RIG_OK, now);
    }
    return RIG_OK;
}
