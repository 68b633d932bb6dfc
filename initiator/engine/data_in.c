/* SCSI Data-In (RFC 7143 section 11.7): payload straight into the caller's buffer. */
#include "internal.h"

static bool is_ordered(const eng_conn *conn)
{
    const rig_key_value *agreed = conn->session->agreed;
    return agreed[RIG_KEY_PDU_IN_ORDER].value && agreed[RIG_KEY_SEQUENCE_IN_ORDER].value;
}

/* Whether data at offset may come with this number, when all comes in order (13.18, 13.19). */
static bool in_order(const rig_task *task, eng_place place, const eng_hole *hole, uint32_t offset,
                     uint32_t len)
{
    switch (place) {
    case ENG_PLACE_NEXT:
        return offset == task->engine.in_offset;
    case ENG_PLACE_AHEAD:
        return offset >= task->engine.in_offset;
    case ENG_PLACE_FILLS:
        return offset >= hole->from && offset + len <= hole->to;
    case ENG_PLACE_AGAIN:
        break;
    }
    return true;
}

static rig_status check_bounds(eng_conn *conn, const rig_pdu *pdu, const rig_task *task)
{
    uint32_t offset = rig_get32(pdu->bhs, RIG_F_BUFFER_OFFSET);
    uint32_t len = rig_get32(pdu->bhs, RIG_F_DATA_LEN); /* the payload itself is not here yet */
    if ((uint64_t)offset + len > eng_read_len(task))
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_BUFFER_OFFSET,
                              "data beyond the expected length (11.7.6)");
    if ((uint64_t)task->received + len > eng_read_len(task))
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_BUFFER_OFFSET,
                              "more data than expected, so that some came twice (11.7.6)");
    return RIG_OK;
}

/* A PDU that came already is passed over (7.9): nothing of it is checked. */
static rig_status check_place(eng_conn *conn, const rig_pdu *pdu, const rig_task *task, eng_place *out_place)
{
    const eng_hole *hole;
    uint32_t offset = rig_get32(pdu->bhs, RIG_F_BUFFER_OFFSET);
    uint32_t len = rig_get32(pdu->bhs, RIG_F_DATA_LEN);
    if (!task->read)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_ITT,
                              "data for a command that reads nothing (7.13)");
    eng_place place = *out_place = eng_place_of(conn, task, rig_get32(pdu->bhs, RIG_F_DATA_SN), &hole);
    if (place == ENG_PLACE_AHEAD && eng_level(conn->session) == 0)
        return eng_sn_error(conn, pdu, RIG_F_DATA_SN, task->engine.data_sn, "7.9");
    if (len == 0 || place == ENG_PLACE_AGAIN)
        return RIG_OK;
    rig_status status = check_bounds(conn, pdu, task);
    if (!status && is_ordered(conn) && !in_order(task, place, hole, offset, len))
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_BUFFER_OFFSET,
                              "data out of the agreed order (13.18)");
    return status;
}

/* Above level 0 it may be data sent again for a command that has ended meanwhile (7.9). */
static rig_status no_task(eng_conn *conn, const rig_pdu *pdu)
{
    if (eng_level(conn->session) || eng_was_aborted(conn->session, rig_get32(pdu->bhs, RIG_F_ITT)))
        return RIG_OK;
    return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_ITT, "data for no task on this connection (7.13)");
}

/* The header is here: checks it and names the place of the payload. */
rig_status eng_data_in_place(eng_conn *conn, const rig_pdu *pdu, rig_sink *out_sink)
{
    rig_task *task = eng_command_of(conn, pdu);
    eng_place place = ENG_PLACE_AGAIN;
    rig_status status = !task                                ? no_task(conn, pdu)
                        : task->engine.phase == ENG_ANSWERED ? RIG_OK
                                                             : check_place(conn, pdu, task, &place);
    if (status)
        return status;
    if (place == ENG_PLACE_AGAIN) {
        out_sink->kind = RIG_SINK_DISCARD;
        return RIG_OK;
    }
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
    return RIG_OK;
}

static void take_status(rig_task *task, const uint8_t *bhs)
{
    task->scsi_status = (uint8_t)rig_get(bhs, RIG_F_SCSI_STATUS);
    task->overflow = rig_get(bhs, RIG_F_OVERFLOW);
    task->underflow = rig_get(bhs, RIG_F_UNDERFLOW);
    task->residual = task->overflow || task->underflow ? rig_get32(bhs, RIG_F_RESIDUAL) : 0;
}

void eng_data_in_restart(rig_task *task)
{
    task->engine.data_sn = task->engine.ack_sn;
    task->engine.in_offset = task->engine.ack_offset;
    task->received = task->engine.ack_received;
    task->engine.in_burst = 0;
}

void eng_data_in_rewind(const eng_conn *conn, rig_task *task)
{
    const eng_hole *first = eng_gap_first(conn, task);
    if (!task->read || !first)
        return;
    if (!is_ordered(conn)) {
        eng_data_in_restart(task);
        return;
    }
    task->engine.data_sn = first->first;
    task->engine.in_offset = task->received = first->from;
}

static rig_status count(eng_conn *conn, rig_task *task, const rig_pdu *pdu, eng_place place, uint64_t now)
{
    uint32_t sn = rig_get32(pdu->bhs, RIG_F_DATA_SN);
    uint32_t offset = rig_get32(pdu->bhs, RIG_F_BUFFER_OFFSET);
    uint32_t len = (uint32_t)pdu->data.len;
    uint32_t tag = task->engine.snack_tag;
    rig_status status = place == ENG_PLACE_AHEAD ? eng_gap(conn, task, sn, offset, now) : RIG_OK;
    if (tag != task->engine.snack_tag) /* all of it comes anew */
        return status;
    task->received += len;
    eng_count_data_in(conn, len);
    if (status || place == ENG_PLACE_FILLS)
        return status ? status : eng_gap_filled(conn, task, sn, offset, len);
    task->engine.data_sn = sn + 1;
    if (len)
        task->engine.in_offset = offset + len;
    return RIG_OK;
}

/* A sequence ends at MaxBurstLength at the latest, with F (11.7.1). Going on without does no harm, and is
 * told. */
static void check_burst(eng_conn *conn, rig_task *task, const rig_pdu *pdu, uint64_t now)
{
    uint32_t most = conn->session->agreed[RIG_KEY_MAX_BURST].value;
    uint32_t before = task->engine.in_burst;
    task->engine.in_burst += (uint32_t)pdu->data.len;
    bool told = before > most || task->engine.in_burst <= most;
    if (rig_get(pdu->bhs, RIG_F_F))
        task->engine.in_burst = 0;
    if (told)
        return;
    rig_error error = {0};
    rig_fail_at(&error, RIG_E_PROTOCOL, pdu->offset, "F", "more than MaxBurstLength=%u without F (11.7.1)",
                most);
    rig_event event = {.cid = conn->cid, .status = RIG_E_PROTOCOL, .pdu = pdu, .error = &error};
    eng_emit(conn->session, &event, RIG_EVENT_IGNORED, now);
}

/* A status that is not the last response of a command whose data was asked for anew does not count (11.16.3).
 */
static rig_status take_end(eng_conn *conn, rig_task *task, const rig_pdu *pdu, uint64_t now)
{
    uint32_t stat_sn = rig_get32(pdu->bhs, RIG_F_STAT_SN);
    if (task->engine.snack_tag)
        return eng_status_hold(conn, task, stat_sn, true);
    eng_count_response(conn);
    take_status(task, pdu->bhs);
    if (task->engine.num_holes == 0)
        eng_check_amount(conn, pdu, task, now);
    eng_status_came(conn, task, stat_sn, now);
    return RIG_OK;
}

static rig_status take(eng_conn *conn, rig_task *task, const rig_pdu *pdu, uint64_t now)
{
    eng_place place = ENG_PLACE_AGAIN;
    bool with_status = rig_get(pdu->bhs, RIG_F_S);
    if (with_status && task->write)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_S,
                              "the status of a bidirectional command comes in a SCSI Response (11.7.3)");
    uint32_t itt = task->itt, tag = task->engine.snack_tag;
    rig_status status = check_place(conn, pdu, task, &place);
    if (!status && place == ENG_PLACE_AGAIN && with_status && task->engine.spoilt)
        return take_end(conn, task, pdu, now); /* its status was all that was asked for */
    if (status || place == ENG_PLACE_AGAIN)
        return status;
    status = count(conn, task, pdu, place, now);
    bool anew = tag != task->engine.snack_tag; /* it will come again, and then ask for its acknowledgment */
    if (place == ENG_PLACE_NEXT)
        check_burst(conn, task, pdu, now);
    if (!status && !with_status && !anew && rig_get(pdu->bhs, RIG_F_A) && eng_level(conn->session))
        status = eng_data_ack(conn, task, pdu);
    if (!status && with_status)
        status = take_end(conn, task, pdu, now);
    task = eng_task_find(conn->session, itt);
    if (!status && task && place == ENG_PLACE_FILLS)
        status = eng_data_whole(conn, task, now);
    return status;
}

/* The payload is where it belongs, so that its place is not checked a second time when there was one. */
rig_status eng_data_in(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    rig_task *task = eng_command_of(conn, pdu);
    rig_status status = rig_get(pdu->bhs, RIG_F_S) ? check_status(conn, pdu) : RIG_OK;
    if (status || conn->cut)
        return status;
    if (!task)
        return no_task(conn, pdu);
    return task->engine.phase == ENG_ANSWERED ? RIG_OK : take(conn, task, pdu, now);
}
