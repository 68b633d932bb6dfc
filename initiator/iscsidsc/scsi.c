/* SCSI commands of a program on a session. */
#include "internal.h"

#define SENSE_LEAST 18u /* bytes of fixed-format sense data (SPC-4 section 4.5.3): no answer names fewer */

typedef struct scsi_out {
    UCHAR *status;
    ULONG *size;
    void *response;
    ULONG *sense_size;
    void *sense;
} scsi_out;

static void fill_bytes(dsc_block *block, const void *what)
{
    const rig_bytes *bytes = what;
    uint8_t *to = dsc_block_take(block, bytes->len, 1);
    if (to && bytes->len)
        memcpy(to, bytes->ptr, bytes->len);
}

/* Sense data is given as far as there is room, so that the command's own failure stays the result. */
static ISDSC_STATUS deliver(const rig_scsi_answer *answer, const scsi_out *out)
{
    ULONG sense = answer->sense.len, room = out->sense ? *out->sense_size : 0;
    *out->status = answer->status;
    if (sense && room)
        memcpy(out->sense, answer->sense.ptr, sense < room ? sense : room);
    *out->sense_size = sense > SENSE_LEAST ? sense : SENSE_LEAST;
    return dsc_deliver(DSC_A, fill_bytes, &answer->data, out->response, out->size, 1);
}

static ISDSC_STATUS send_command(dsc_args *args, rig_call_id call, void *request, const scsi_out *out)
{
    rig_scsi_answer reply = {0};
    ISDSC_STATUS delivered = ERROR_SUCCESS;
    dsc_must(args, out->status);
    dsc_must(args, out->size);
    dsc_must(args, out->sense_size);
    if (dsc_ask(args, call, request, &reply))
        delivered = deliver(&reply, out);
    if (args->status == ISDSC_SCSI_REQUEST_FAILED)
        delivered = ERROR_SUCCESS;
    return dsc_done(args, call, &reply, delivered);
}

ISDSC_STATUS WINAPI SendScsiInquiry(PISCSI_UNIQUE_SESSION_ID UniqueSessionId, ULONGLONG Lun, UCHAR EvpdCmddt,
                                    UCHAR PageCode, PUCHAR ScsiStatus, PULONG ResponseSize,
                                    PUCHAR ResponseBuffer, PULONG SenseSize, PUCHAR SenseBuffer)
{
    dsc_args args = {0};
    rig_inquiry_request request = {.lun = Lun, .evpd = EvpdCmddt, .page = PageCode};
    dsc_need(&args, &dsc_id_layout, UniqueSessionId, &request.session);
    return send_command(&args, RIG_CALL_SEND_INQUIRY, &request,
                        &(scsi_out){ScsiStatus, ResponseSize, ResponseBuffer, SenseSize, SenseBuffer});
}

ISDSC_STATUS WINAPI SendScsiReadCapacity(PISCSI_UNIQUE_SESSION_ID UniqueSessionId, ULONGLONG Lun,
                                         PUCHAR ScsiStatus, PULONG ResponseSize, PUCHAR ResponseBuffer,
                                         PULONG SenseSize, PUCHAR SenseBuffer)
{
    dsc_args args = {0};
    rig_lun_ref request = {.lun = Lun};
    dsc_need(&args, &dsc_id_layout, UniqueSessionId, &request.session);
    return send_command(&args, RIG_CALL_SEND_READ_CAPACITY, &request,
                        &(scsi_out){ScsiStatus, ResponseSize, ResponseBuffer, SenseSize, SenseBuffer});
}

ISDSC_STATUS WINAPI SendScsiReportLuns(PISCSI_UNIQUE_SESSION_ID UniqueSessionId, PUCHAR ScsiStatus,
                                       PULONG ResponseSize, PUCHAR ResponseBuffer, PULONG SenseSize,
                                       PUCHAR SenseBuffer)
{
    dsc_args args = {0};
    rig_session_ref request = {0};
    dsc_need(&args, &dsc_id_layout, UniqueSessionId, &request.session);
    return send_command(&args, RIG_CALL_SEND_REPORT_LUNS, &request,
                        &(scsi_out){ScsiStatus, ResponseSize, ResponseBuffer, SenseSize, SenseBuffer});
}
