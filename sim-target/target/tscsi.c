/* SCSI commands: from the PDU to the device, and what moves which way (RFC 7143 section 11.3). */
#include "tgt.h"

#define ATTR_LAST 4
#define CDB_INSIDE 16
#define BIDI_LEN 4
#define ASCQ_UNEXPECTED_DATA 0x0c

/* ---- the header by itself ---- */

static bool ahs_sound(rig_view ahs, bool *out_bidi)
{
    rig_ahs segment;
    rig_status status;
    *out_bidi = false;
    while ((status = rig_ahs_next(&ahs, &segment, NULL)) == RIG_OK) {
        bool bidi = segment.type == RIG_AHS_BIDI && segment.data.len == BIDI_LEN;
        bool spill = segment.type == RIG_AHS_CDB && segment.data.len <= RIG_CDB_MAX - CDB_INSIDE;
        if (!bidi && !spill)
            return false;
        *out_bidi = *out_bidi || bidi;
    }
    return status == RIG_E_NOT_FOUND;
}

uint8_t tgt_scsi_check(tgt_conn *conn, const rig_pdu *pdu)
{
    const uint8_t *bhs = pdu->bhs;
    bool reads = rig_get(bhs, RIG_F_R), writes = rig_get(bhs, RIG_F_W), bidi;
    uint32_t edtl = rig_get32(bhs, RIG_F_EDTL), len = rig_get32(bhs, RIG_F_DATA_LEN);
    if (rig_get(bhs, RIG_F_ATTR) > ATTR_LAST)
        return tgt_blame(conn, RIG_F_ATTR, TGT_REJECT_FIELD);
    if (!writes && !rig_get(bhs, RIG_F_F))
        return tgt_blame(conn, RIG_F_F, TGT_REJECT_FIELD);
    if (edtl > 0 && !reads && !writes)
        return tgt_blame(conn, RIG_F_EDTL, TGT_REJECT_FIELD);
    if (len > (writes ? edtl : 0))
        return tgt_blame(conn, RIG_F_DATA_LEN, TGT_REJECT_FIELD);
    bool sound = ahs_sound(pdu->ahs, &bidi) && (bidi || !reads || !writes);
    return sound ? 0 : tgt_blame(conn, RIG_F_AHS_WORDS, TGT_REJECT_FIELD);
}

/* ---- to the device ---- */

/* Section 11.2.2.3: the CDB goes on in an additional header segment. */
static rig_status long_cdb(tgt_scsi *scsi, rig_view spill)
{
    scsi->cdb_size = CDB_INSIDE + (uint32_t)spill.len;
    scsi->cdb = rig_new(scsi->task.conn->target->alloc, scsi->cdb_size);
    if (!scsi->cdb)
        return RIG_E_NOMEM;
    memcpy(scsi->cdb, scsi->task.bhs + rig_fields[RIG_F_CDB].byte, CDB_INSIDE);
    memcpy(scsi->cdb + CDB_INSIDE, spill.ptr, spill.len);
    scsi->scsi.cdb = rig_view_of(scsi->cdb, scsi->cdb_size);
    return RIG_OK;
}

static rig_status read_ahs(tgt_scsi *scsi, rig_view ahs)
{
    rig_ahs segment;
    while (rig_ahs_next(&ahs, &segment, NULL) == RIG_OK) {
        if (segment.type == RIG_AHS_BIDI)
            scsi->in_edtl = (uint32_t)rig_be_get(segment.data.ptr, BIDI_LEN);
        else if (segment.data.len > 0 && !scsi->cdb && long_cdb(scsi, segment.data) != RIG_OK)
            return RIG_E_NOMEM;
    }
    return RIG_OK;
}

static void give_to_device(tgt_scsi *scsi)
{
    const rig_target_node *node = scsi->task.conn->session->node;
    if (!scsi->unit) {
        rig_device_no_lun(&scsi->scsi, node->sam_luns, node->num_luns);
        return;
    }
    scsi->begun = true;
    scsi->scsi.luns = node->sam_luns; /* only now: another configuration may have come while it waited */
    scsi->scsi.num_luns = node->num_luns;
    scsi->scsi.now = scsi->task.conn->target->now;
    rig_device_begin(scsi->unit->device, &scsi->scsi);
}

static uint32_t lesser(uint64_t a, uint32_t b)
{
    return a < b ? (uint32_t)a : b;
}

static rig_status read_header(tgt_scsi *scsi, rig_view ahs)
{
    if (!tgt_retain_begin(scsi))
        return RIG_E_NOMEM;
    const tgt_session *session = scsi->task.conn->session;
    const uint8_t *bhs = scsi->task.bhs;
    bool reads = rig_get(bhs, RIG_F_R), writes = rig_get(bhs, RIG_F_W);
    uint32_t edtl = rig_get32(bhs, RIG_F_EDTL);
    scsi->out_edtl = writes ? edtl : 0;
    scsi->in_edtl = reads && !writes ? edtl : 0;
    scsi->scsi.nexus = session->nexus;
    scsi->scsi.initiator = rig_view_of(session->ports, session->initiator_port_len);
    scsi->scsi.port = rig_view_of(session->ports + session->initiator_port_len, session->target_port_len);
    scsi->scsi.protocol_level = session->protocol_level;
    scsi->scsi.both =
        reads && writes && session->recovery_level == 0; /* no SNACK tells R2T from Data-In there */
    scsi->scsi.expected = scsi->out_edtl;
    scsi->scsi.lun = rig_get(bhs, RIG_F_LUN);
    scsi->unit = tgt_unit_find(session->node, scsi->scsi.lun);
    scsi->scsi.cdb = rig_view_of(bhs + rig_fields[RIG_F_CDB].byte, CDB_INSIDE);
    return ahs.len > 0 ? read_ahs(scsi, ahs) : RIG_OK;
}

/* Starts the device's part; the first thing that happens to a command in its turn. */
static void begin_device(tgt_scsi *scsi)
{
    scsi->started = true;
    if (scsi->scsi.status == 0)
        give_to_device(scsi);
    if (scsi->scsi.status != 0)
        return;
    if (scsi->scsi.direction == RIG_CDB_OUT || scsi->scsi.direction == RIG_CDB_BIDI)
        tgt_unit_taking(scsi);
    if (scsi->taking)
        scsi->out_len = lesser(scsi->scsi.length, scsi->out_edtl);
    if (scsi->scsi.direction == RIG_CDB_IN)
        scsi->in_len = lesser(scsi->scsi.length, scsi->in_edtl);
    scsi->presented = scsi->scsi.direction == RIG_CDB_NONE ? 0 : scsi->scsi.length;
}

/* Separate unsolicited data follows the command, whether it may or not. */
static bool data_follows(const tgt_scsi *scsi, uint32_t immediate)
{
    return !rig_get(scsi->task.bhs, RIG_F_F) && immediate < scsi->out_edtl;
}

/* Sections 13.10, 13.11, 13.14 and 11.4.7.2: is the unsolicited data of this command allowed? */
static void check_unsolicited(tgt_scsi *scsi, uint32_t immediate)
{
    const tgt_session *session = scsi->task.conn->session;
    if ((immediate > 0 && !session->immediate_data) ||
        (data_follows(scsi, immediate) && session->initial_r2t))
        tgt_scsi_fail(scsi, TGT_KEY_ABORTED_COMMAND, TGT_ASC_WRITE_ERROR, ASCQ_UNEXPECTED_DATA);
    if (immediate > session->first_burst)
        tgt_scsi_fail(scsi, TGT_KEY_ABORTED_COMMAND, TGT_ASC_WRITE_ERROR, TGT_ASCQ_DATA_AMOUNT);
}

/* Immediate data goes straight to the device when nothing makes the command wait. */
bool tgt_scsi_early(tgt_conn *conn, const rig_pdu *pdu, rig_sink *out_sink)
{
    const tgt_unit *unit = tgt_unit_find(conn->session->node, rig_get(pdu->bhs, RIG_F_LUN));
    if (unit && tgt_unit_blocks(unit, pdu->bhs))
        return true; /* collected, and kept */
    tgt_task *task = tgt_task_new(conn, TGT_TASK_SCSI, pdu->bhs);
    if (!task)
        return false;
    tgt_scsi *scsi = tgt_scsi_of(task);
    task->refs = 1;
    conn->early = scsi;
    if (read_header(scsi, pdu->ahs) != RIG_OK)
        return false;
    begin_device(scsi);
    check_unsolicited(scsi, rig_get32(pdu->bhs, RIG_F_DATA_LEN)); /* before a byte of it is written */
    if (!scsi->taking || rig_get32(pdu->bhs, RIG_F_DATA_LEN) > scsi->out_len)
        return scsi->taking;
    out_sink->kind = RIG_SINK_PLACE;
    tgt_scsi_seek(scsi, 0, &out_sink->iov, &out_sink->num_iov, &out_sink->offset);
    if (out_sink->num_iov > RIG_SINK_IOV_MAX)
        out_sink->kind = RIG_SINK_COLLECT;
    return true;
}

/* ---- what follows ---- */

void tgt_scsi_fail(tgt_scsi *scsi, uint8_t key, uint8_t asc, uint8_t ascq)
{
    if (scsi->responding || scsi->scsi.status != 0)
        return;
    tgt_unit_taken(scsi, 0, true);
    scsi->in_len = 0;
    rig_device_fail(scsi->unit ? scsi->unit->device : NULL, &scsi->scsi, key, asc, ascq);
}

/* The data of a bidirectional command is here, and what comes back goes; R2Ts and Data-In PDUs are numbered
 * in one sequence (4.2.2.4). */
static void turn_back(tgt_scsi *scsi)
{
    scsi->data_sn = scsi->r2t_sn;
    scsi->in_len = scsi->scsi.status == 0 ? lesser(scsi->scsi.back_length, scsi->in_edtl) : 0;
    scsi->scsi.iov = scsi->scsi.back_iov;
    scsi->scsi.num_iov = scsi->scsi.num_back;
    scsi->iov_index = 0;
    scsi->iov_base = 0;
}

void tgt_scsi_respond(tgt_scsi *scsi)
{
    if (scsi->scsi.direction == RIG_CDB_BIDI && !scsi->responding)
        turn_back(scsi);
    scsi->responding = true;
    scsi->next = 0;
    tgt_task_ready(&scsi->task);
}

static void open_first_burst(tgt_scsi *scsi, uint32_t immediate)
{
    uint32_t limit = lesser(scsi->out_edtl, scsi->task.conn->session->first_burst);
    scsi->first = (tgt_burst){.ttt = RIG_TAG_NONE, .offset = immediate};
    scsi->first.len = limit > immediate ? limit - immediate : 0;
    scsi->first_open = data_follows(scsi, immediate);
    scsi->waits_since = scsi->task.conn->target->now;
    if (scsi->first_open && scsi->history && scsi->first.len > 0)
        tgt_missing_add(scsi, scsi->first.offset, scsi->first.len);
}

rig_status tgt_scsi_park(tgt_scsi *scsi, rig_view ahs)
{
    if (read_header(scsi, ahs) != RIG_OK)
        return RIG_E_NOMEM;
    open_first_burst(scsi, rig_get32(scsi->task.bhs, RIG_F_DATA_LEN));
    scsi->parked = true;
    return RIG_OK;
}

/* Starts a command whose header was read. */
static void start(tgt_scsi *scsi, rig_view data)
{
    uint32_t immediate = rig_get32(scsi->task.bhs, RIG_F_DATA_LEN);
    if (!scsi->started)
        begin_device(scsi);
    if (!scsi->parked)
        open_first_burst(scsi, immediate);
    check_unsolicited(scsi, immediate);
    if (data.ptr)
        tgt_data_out_store(scsi, 0, data);
    scsi->got = scsi->next = lesser((uint64_t)immediate + scsi->first.got, scsi->out_len);
    tgt_data_out_next(scsi);
}

void tgt_scsi_go_on(tgt_scsi *scsi)
{
    start(scsi, tgt_task_data(&scsi->task));
}

static rig_status wait_for_unit(tgt_scsi *scsi, rig_view data)
{
    rig_status status = RIG_OK;
    if (!scsi->parked) {
        status = tgt_task_keep(&scsi->task, (rig_view){0}, data);
        open_first_burst(scsi, rig_get32(scsi->task.bhs, RIG_F_DATA_LEN));
        scsi->parked = true;
    }
    tgt_unit_wait(scsi->unit, &scsi->task);
    return status;
}

void tgt_scsi_begin(tgt_task *task, rig_view ahs, rig_view data)
{
    tgt_scsi *scsi = tgt_scsi_of(task);
    rig_status status = scsi->started || scsi->parked ? RIG_OK : read_header(scsi, ahs);
    bool waits = status == RIG_OK && !scsi->started && scsi->unit && tgt_unit_blocks(scsi->unit, task->bhs);
    if (waits)
        status = wait_for_unit(scsi, data);
    if (status != RIG_OK)
        tgt_conn_end(task->conn, TGT_TRANSPORT_LOST, false, RIG_E_NOMEM, "no memory for a command");
    else if (!waits)
        start(scsi, data);
}

bool tgt_scsi_expects_data(const tgt_scsi *scsi)
{
    return scsi->first_open || scsi->num_bursts > 0;
}

bool tgt_scsi_answer(tgt_task *task)
{
    tgt_scsi *scsi = tgt_scsi_of(task);
    if (!scsi->responding)
        return tgt_r2t_answer(scsi);
    if (task->conn->session->reporting != TGT_REPORTS_RFC3720 && tgt_fence_stops(task))
        return true;
    if (scsi->next < scsi->in_len)
        return tgt_data_in_answer(scsi);
    return tgt_response_answer(scsi);
}

/* Data mostly moves forward: the search goes on where the last one ended. */
void tgt_scsi_seek(tgt_scsi *scsi, uint32_t offset, const struct iovec **out_iov, uint32_t *out_num,
                   size_t *out_offset)
{
    if (offset < scsi->iov_base) {
        scsi->iov_base = 0;
        scsi->iov_index = 0;
    }
    while (scsi->iov_index + 1 < scsi->scsi.num_iov &&
           offset - scsi->iov_base >= scsi->scsi.iov[scsi->iov_index].iov_len) {
        scsi->iov_base += scsi->scsi.iov[scsi->iov_index].iov_len;
        scsi->iov_index++;
    }
    *out_iov = scsi->scsi.iov + scsi->iov_index;
    *out_num = scsi->scsi.num_iov - scsi->iov_index;
    *out_offset = (size_t)(offset - scsi->iov_base);
}

void tgt_scsi_free(tgt_scsi *scsi)
{
    tgt_unit_taken(scsi, 0, true);
    if (scsi->begun)
        rig_device_release(scsi->unit->device, &scsi->scsi);
    rig_delete(scsi->task.conn->target->alloc, scsi->cdb, scsi->cdb_size);
    rig_delete(scsi->task.conn->target->alloc, scsi->history, sizeof(*scsi->history));
}
