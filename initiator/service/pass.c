/* SCSI commands that go through a session (API: SendScsiInquiry, SendScsiReadCapacity, SendScsiReportLuns).
 */
#include "internal.h"

#define INQUIRY_BYTES 4095 /* old devices read the low byte alone, and find as much as that holds */
#define CAPACITY_BYTES 8
#define CAPACITY_16_BYTES 32
#define REPORT_LUNS_BYTES 16392 /* 2048 of them */
#define SENSE_MIN 18            /* bytes of sense the API always has room for */

#define INQUIRY 0x12
#define READ_CAPACITY 0x25
#define SERVICE_ACTION_IN 0x9e
#define SERVICE_READ_CAPACITY_16 0x10
#define REPORT_LUNS 0xa0
#define SIMPLE 1 /* task attribute (RFC 7143 section 11.3.1.1) */

typedef struct pass_op {
    rig_task task; /* first: done() is given it */
    svc_call *call;
    svc_session *session;
    struct iovec in;
    uint32_t size; /* of data */
    uint8_t cdb[16];
    uint8_t data[];
} pass_op;

/* ---- the answer ---- */

static rig_code code_of(const pass_op *op)
{
    const rig_task *task = &op->task;
    if (task->status)
        return svc_task_code(op->session->service, task->status);
    if (task->response)
        return RIG_CODE_TARGET_ERROR;
    return task->scsi_status ? RIG_CODE_SCSI_REQUEST_FAILED : RIG_CODE_SUCCESS;
}

static rig_status put_answer(const pass_op *op, rig_scsi_answer *out)
{
    const rig_alloc *alloc = op->session->service->config.alloc;
    const rig_task *task = &op->task;
    uint8_t sense[RIG_SENSE_KEPT] = {0};
    uint32_t len = task->received < op->size ? task->received : op->size;
    memcpy(sense, task->sense, task->sense_len);
    size_t sense_len = task->sense_len < SENSE_MIN ? SENSE_MIN : task->sense_len;
    out->status = task->scsi_status;
    rig_status status = rig_bytes_set(alloc, &out->data, rig_view_of(op->data, len));
    if (!status && task->scsi_status)
        status = rig_bytes_set(alloc, &out->sense, rig_view_of(sense, sense_len));
    return status;
}

static void answer(pass_op *op, rig_code code, uint64_t now)
{
    svc_session *session = op->session;
    svc_call *call = op->call;
    bool has_reply = code == RIG_CODE_SUCCESS || code == RIG_CODE_SCSI_REQUEST_FAILED;
    if (has_reply && put_answer(op, call->reply))
        code = RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    session->busy--;
    if (code == RIG_CODE_SCSI_REQUEST_FAILED)
        svc_devices_sense(session, rig_view_of(op->task.sense, op->task.sense_len), now);
    rig_delete(session->service->config.alloc, op, sizeof *op + op->size);
    svc_answer(call, code, now);
}

/* ---- the request ---- */

static rig_status submit(pass_op *op, size_t cdb_len, uint32_t bytes, uint64_t now)
{
    op->in = (struct iovec){op->data, bytes};
    op->task.cdb = rig_view_of(op->cdb, cdb_len);
    op->task.edtl = bytes;
    return rig_session_submit(op->session->engine, &op->task, now);
}

/* READ CAPACITY(10) can say at most 2^32 - 1 blocks; all ones are what it says of more (SBC-3). */
static bool says_too_little(const pass_op *op)
{
    return op->cdb[0] == READ_CAPACITY && op->task.received >= 4 && rig_be_get(op->data, 4) == UINT32_MAX;
}

static rig_status ask_again(pass_op *op, uint64_t now)
{
    memset(op->cdb, 0, sizeof op->cdb);
    op->cdb[0] = SERVICE_ACTION_IN;
    op->cdb[1] = SERVICE_READ_CAPACITY_16;
    op->cdb[13] = CAPACITY_16_BYTES;
    return submit(op, 16, CAPACITY_16_BYTES, now);
}

static void pass_done(rig_task *task, uint64_t now)
{
    pass_op *op = (pass_op *)(void *)task;
    rig_code code = code_of(op);
    if (code == RIG_CODE_SUCCESS && says_too_little(op)) {
        rig_status status = ask_again(op, now);
        if (!status)
            return;
        code = svc_task_code(op->session->service, status);
    }
    answer(op, code, now);
}

static rig_code pass_new(rig_service *service, svc_call *call, const rig_unique_id *id, uint32_t size,
                         pass_op **out_op)
{
    svc_session *session = NULL;
    rig_code code = svc_session_use(service, id, &session);
    if (code != RIG_CODE_SUCCESS)
        return code;
    pass_op *op = rig_new(service->config.alloc, sizeof *op + size);
    if (!op)
        return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    op->call = call;
    op->session = session;
    op->size = size;
    op->task.kind = RIG_TASK_SCSI;
    op->task.attr = SIMPLE;
    op->task.read = true;
    op->task.in = &op->in;
    op->task.num_in = 1;
    op->task.timeout = service->config.settings.scsi_timeout;
    op->task.done = pass_done;
    *out_op = op;
    return RIG_CODE_SUCCESS;
}

static rig_code pass_send(pass_op *op, size_t cdb_len, uint32_t bytes)
{
    rig_service *service = op->session->service;
    rig_status status = submit(op, cdb_len, bytes, op->call->now);
    if (status) {
        rig_delete(service->config.alloc, op, sizeof *op + op->size);
        return svc_task_code(service, status);
    }
    op->session->busy++;
    return SVC_PENDING;
}

/* ---- the calls ---- */

rig_code svc_send_inquiry(rig_service *service, svc_call *call)
{
    const rig_inquiry_request *request = call->request;
    pass_op *op = NULL;
    if (request->evpd > 3)
        return RIG_CODE_INVALID_PARAMETER;
    rig_code code = pass_new(service, call, &request->session, INQUIRY_BYTES, &op);
    if (code != RIG_CODE_SUCCESS)
        return code;
    op->task.lun = request->lun;
    op->cdb[0] = INQUIRY;
    op->cdb[1] = request->evpd;
    op->cdb[2] = request->page;
    rig_be_set(op->cdb + 3, 2, INQUIRY_BYTES);
    return pass_send(op, 6, INQUIRY_BYTES);
}

rig_code svc_send_capacity(rig_service *service, svc_call *call)
{
    const rig_lun_ref *request = call->request;
    pass_op *op = NULL;
    rig_code code = pass_new(service, call, &request->session, CAPACITY_16_BYTES, &op);
    if (code != RIG_CODE_SUCCESS)
        return code;
    op->task.lun = request->lun;
    op->cdb[0] = READ_CAPACITY;
    return pass_send(op, 10, CAPACITY_BYTES);
}

rig_code svc_send_luns(rig_service *service, svc_call *call)
{
    const rig_session_ref *request = call->request;
    pass_op *op = NULL;
    rig_code code = pass_new(service, call, &request->session, REPORT_LUNS_BYTES, &op);
    if (code != RIG_CODE_SUCCESS)
        return code;
    op->cdb[0] = REPORT_LUNS;
    rig_be_set(op->cdb + 6, 4, REPORT_LUNS_BYTES);
    return pass_send(op, 12, REPORT_LUNS_BYTES);
}
