/* Steps that send commands, pings, texts and task management. */
#include "world.h"

static rig_status make_buffer(run_op *op, uint64_t len, rig_error *err)
{
    if (len > RIG_DEVICE_TRANSFER_MAX)
        return rig_fail(err, RIG_E_LIMIT, "a step moves at most %u bytes", RIG_DEVICE_TRANSFER_MAX);
    op->buffer = len ? rig_new(op->world->alloc, len) : NULL;
    if (len && !op->buffer)
        return rig_fail(err, RIG_E_NOMEM, "no memory for %llu bytes", (unsigned long long)len);
    op->buffer_len = len;
    op->iov = (struct iovec){op->buffer, len};
    return RIG_OK;
}

static void fill_buffer(const run_op *op, const rig_scn_data *data)
{
    if (data->kind == RIG_SCN_DATA_PATTERN)
        rig_scn_pattern_fill(op->buffer, op->buffer_len, data->seed, 0);
    else if (data->kind == RIG_SCN_DATA_BYTES)
        memcpy(op->buffer, data->bytes.ptr,
               data->bytes.len < op->buffer_len ? data->bytes.len : op->buffer_len);
}

static void set_direction(run_op *op, rig_cdb_data direction)
{
    rig_task *task = &op->task;
    task->read = direction == RIG_CDB_IN;
    task->write = direction == RIG_CDB_OUT;
    task->in = task->out = &op->iov;
    task->num_in = task->num_out = 1;
    task->edtl = (uint32_t)op->buffer_len;
}

static uint32_t block_len(const run_op *op)
{
    const rig_scn_target *target = &op->world->scn->target;
    for (uint32_t n = 0; n < target->num_nodes; n++)
        for (uint32_t l = 0; l < target->nodes[n].num_luns; l++)
            if (target->nodes[n].luns[l].block)
                return target->nodes[n].luns[l].block;
    return RIG_DEVICE_BLOCK;
}

static uint64_t run_lun(const run_op *op)
{
    uint32_t lun = (uint32_t)run_number(op, "lun", 0);
    const rig_run_url *url = op->world->config->url;
    return rig_lun_encode(url && lun == 0 ? url->lun : lun);
}

static rig_cdb_data direction_of(const run_op *op, rig_view cdb)
{
    const rig_cdb_row *row = rig_cdb_row_of(cdb);
    if (run_arg(op, "none"))
        return RIG_CDB_NONE;
    if (run_arg(op, "bidi"))
        return RIG_CDB_BIDI;
    if (run_arg(op, "write"))
        return RIG_CDB_OUT;
    return run_arg(op, "read") ? RIG_CDB_IN : row ? row->data : RIG_CDB_NONE;
}

/* One buffer holds what is written, and behind it what is read. */
static void set_both_ways(run_op *op, uint32_t edtl, uint32_t bidi_len)
{
    rig_task *task = &op->task;
    op->iov = (struct iovec){op->buffer, edtl};
    op->bidi_iov = (struct iovec){op->buffer + edtl, bidi_len};
    task->read = task->write = true;
    task->out = &op->iov;
    task->in = &op->bidi_iov;
    task->num_in = task->num_out = 1;
    task->edtl = edtl;
    task->bidi_len = bidi_len;
}

rig_status run_start_scsi(run_op *op, rig_error *err)
{
    const rig_scn_arg *data = run_arg(op, "data");
    rig_view cdb = run_arg(op, "CDB")->value.bytes;
    rig_cdb_data direction = direction_of(op, cdb);
    uint64_t moves = direction == RIG_CDB_NONE ? 0 : rig_cdb_transfer(cdb, block_len(op));
    uint64_t edtl = run_number(op, "edtl", moves);
    uint64_t bidi = direction == RIG_CDB_BIDI ? run_number(op, "bidi", moves) : 0;
    if (edtl > RIG_DEVICE_TRANSFER_MAX || bidi > RIG_DEVICE_TRANSFER_MAX)
        return rig_fail(err, RIG_E_LIMIT, "a step moves at most %u bytes", RIG_DEVICE_TRANSFER_MAX);
    rig_status status = make_buffer(op, edtl + bidi, err);
    if (status)
        return status;
    if (data)
        fill_buffer(op, &data->data);
    op->task.kind = RIG_TASK_SCSI;
    op->task.cdb = cdb;
    op->task.lun = run_lun(op);
    op->task.attr = (uint8_t)run_number(op, "attr", 1);
    op->task.immediate = run_arg(op, "immediate") != NULL;
    op->task.priority = (uint8_t)run_number(op, "priority", 0);
    if (direction == RIG_CDB_BIDI)
        set_both_ways(op, (uint32_t)edtl, (uint32_t)bidi);
    else
        set_direction(op, direction);
    if (direction == RIG_CDB_NONE)
        op->task.edtl = 0;
    return run_submit(op, run_session_of(op, "on"), err);
}

/* READ or WRITE of the smallest usual size that reaches the address. */
static void block_cdb(run_op *op, const char *ten, const char *sixteen, uint64_t lba, uint64_t blocks)
{
    bool small = lba <= UINT32_MAX && blocks <= UINT16_MAX;
    const rig_cdb_row *row = rig_cdb_find(rig_view_str(small ? ten : sixteen));
    rig_cdb_init(op->cdb, row);
    rig_cdb_set(op->cdb, rig_cdb_field_find(row, rig_view_str("lba")), lba);
    rig_cdb_set(op->cdb, rig_cdb_field_find(row, rig_view_str("blocks")), blocks);
    op->task.cdb = rig_view_of(op->cdb, row->len);
}

static rig_status start_blocks(run_op *op, bool write, rig_error *err)
{
    uint64_t lba = run_number(op, "lba", 0);
    uint64_t blocks = run_number(op, "blocks", 0);
    uint64_t offset = lba * block_len(op);
    rig_status status = make_buffer(op, blocks * block_len(op), err);
    if (status)
        return status;
    op->seed = run_number(op, "pattern", 0);
    op->compare = !write;
    if (write)
        rig_scn_pattern_fill(op->buffer, op->buffer_len, op->seed, offset);
    block_cdb(op, write ? "write-10" : "read-10", write ? "write-16" : "read-16", lba, blocks);
    op->task.kind = RIG_TASK_SCSI;
    op->task.lun = run_lun(op);
    op->task.attr = 1;
    set_direction(op, write ? RIG_CDB_OUT : RIG_CDB_IN);
    return run_submit(op, run_session_of(op, "on"), err);
}

rig_status run_start_write(run_op *op, rig_error *err)
{
    return start_blocks(op, true, err);
}

rig_status run_start_verify(run_op *op, rig_error *err)
{
    return start_blocks(op, false, err);
}

/* The pattern of a block depends on where it stands, so a block from elsewhere is told apart. */
void run_compare_data(run_op *op)
{
    uint8_t want[4096];
    uint64_t base = run_number(op, "lba", 0) * block_len(op);
    op->data_equal = op->task.received == op->buffer_len;
    for (size_t at = 0; at < op->buffer_len && op->data_equal; at += sizeof want) {
        size_t len = op->buffer_len - at < sizeof want ? op->buffer_len - at : sizeof want;
        rig_scn_pattern_fill(want, len, op->seed, base + at);
        op->data_equal = memcmp(want, op->buffer + at, len) == 0;
    }
}

rig_status run_start_ping(run_op *op, rig_error *err)
{
    rig_status status = make_buffer(op, run_number(op, "BYTES", 0), err);
    if (status)
        return status;
    rig_scn_pattern_fill(op->buffer, op->buffer_len, 0, 0);
    op->task.kind = RIG_TASK_PING;
    op->task.out = &op->iov;
    op->task.num_out = 1;
    return run_submit(op, run_session_of(op, "on"), err);
}

rig_status run_start_text(run_op *op, rig_error *err)
{
    const rig_scn_arg *pairs = rig_scn_step_arg(op->step, "KEY=VALUE…");
    rig_gather text = {0};
    rig_status status = RIG_OK;
    for (uint32_t i = 0; pairs && i < pairs->num_pairs && !status; i++) {
        char key[RIG_KEY_MAX + 1];
        rig_text name;
        rig_text_init(&name, key, sizeof key);
        rig_text_view(&name, pairs->pairs[i].key);
        status = rig_gather_pair(&text, op->world->alloc, key, pairs->pairs[i].value, RIG_TEXT_MAX);
    }
    if (!status)
        status = make_buffer(op, text.len, err);
    if (!status && text.len)
        memcpy(op->buffer, text.ptr, text.len);
    rig_gather_cleanup(&text, op->world->alloc);
    op->task.kind = RIG_TASK_TEXT;
    op->task.out = &op->iov;
    op->task.num_out = 1;
    return status ? status : run_submit(op, run_session_of(op, "on"), err);
}

rig_status run_start_abort(run_op *op, rig_error *err)
{
    const run_op *victim = op->world->results[run_arg(op, "$task")->value.var];
    if (!victim || victim->done)
        return rig_fail(err, RIG_E_STATE, "the task to abort has ended already");
    op->task.kind = RIG_TASK_TMF;
    op->task.function = 1;
    op->task.immediate = true;
    op->task.lun = victim->task.lun;
    op->task.reference = (rig_task *)(uintptr_t)&victim->task;
    return run_submit(op, victim->session, err);
}

static rig_status start_tmf(run_op *op, uint8_t function, rig_error *err)
{
    op->task.kind = RIG_TASK_TMF;
    op->task.function = function;
    op->task.immediate = true;
    op->task.lun = run_lun(op);
    return run_submit(op, run_session_of(op, "on"), err);
}

rig_status run_start_lun_reset(run_op *op, rig_error *err)
{
    return start_tmf(op, 5, err);
}

rig_status run_start_task_set(run_op *op, rig_error *err)
{
    bool clear = rig_view_is(run_arg(op, "abort|clear")->value.text, "clear");
    return start_tmf(op, clear ? 4 : 2, err);
}

rig_status run_start_tmf(run_op *op, rig_error *err)
{
    const rig_scn_arg *about = run_arg(op, "task");
    const run_op *other = about ? op->world->results[about->value.var] : NULL;
    if (about && (!other || other->done))
        return rig_fail(err, RIG_E_STATE, "the task it is about has ended already");
    if (other)
        op->task.reference = (rig_task *)(uintptr_t)&other->task;
    return start_tmf(op, (uint8_t)run_number(op, "FUNCTION", 0), err);
}
