/* Looking for the LUNs of a session: REPORT LUNS, then INQUIRY for each, one command at a time. */
#include "internal.h"

#define LUNS_MAX                                                                                             \
    256 /* LUNs of a target that are looked at: as many as the operating system has numbers for */
#define LIST_HEADER 8
#define LUN_BYTES 8
#define LIST_BYTES (LIST_HEADER + LUNS_MAX * LUN_BYTES)
#define INQUIRY_BYTES 96
#define INQUIRY_MIN 36 /* bytes of standard INQUIRY data (SPC-4) */
#define TRIES_MAX 3    /* of a command that ends with a unit attention */

#define REPORT_LUNS 0xa0
#define SIMPLE 1 /* task attribute (RFC 7143 section 11.3.1.1) */
#define INQUIRY 0x12

#define CHECK_CONDITION 2
#define UNIT_ATTENTION 6
#define ILLEGAL_REQUEST 5
#define ASYNC_SCSI_EVENT 0       /* RFC 7143 section 11.9.1 */
#define LUNS_HAVE_CHANGED 0x3f0e /* REPORTED LUNS DATA HAS CHANGED (SPC-4) */

struct svc_scan {
    rig_task task; /* first: done() is given it */
    svc_session *session;
    struct iovec in;
    uint64_t luns[LUNS_MAX];
    uint32_t num, at; /* at: the one that is asked; num of them while the list is */
    uint32_t tries;
    bool listing; /* REPORT LUNS is under way */
    bool again;   /* something has changed meanwhile */
    uint8_t cdb[12];
    uint8_t data[LIST_BYTES];
};

/* ---- sense data ---- */

/* Key, and additional code with its qualifier, of fixed and descriptor format (SPC-4 section 4.5). */
static bool read_sense(rig_view sense, uint8_t *out_key, uint16_t *out_code)
{
    if (sense.len < 4)
        return false;
    uint8_t format = sense.ptr[0] & 0x7f;
    bool fixed = format == 0x70 || format == 0x71, described = format == 0x72 || format == 0x73;
    if (described) {
        *out_key = sense.ptr[1] & 0x0f;
        *out_code = (uint16_t)rig_be_get(sense.ptr + 2, 2);
    } else if (fixed) {
        *out_key = sense.ptr[2] & 0x0f;
        *out_code = sense.len >= 14 ? (uint16_t)rig_be_get(sense.ptr + 12, 2) : 0;
    }
    return fixed || described;
}

void svc_devices_sense(svc_session *session, rig_view sense, uint64_t now)
{
    uint8_t key;
    uint16_t code;
    if (read_sense(sense, &key, &code) && key == UNIT_ATTENTION && code == LUNS_HAVE_CHANGED)
        svc_devices_scan(session, now);
}

void svc_devices_event(svc_session *session, const rig_event *event)
{
    const rig_pdu *pdu = event->pdu;
    if (!pdu || rig_get(pdu->bhs, RIG_F_ASYNC_EVENT) != ASYNC_SCSI_EVENT || pdu->data.len < 2)
        return;
    size_t len = (size_t)rig_be_get(pdu->data.ptr, 2); /* SenseLength (section 11.9.4) */
    svc_devices_sense(session, rig_view_sub(pdu->data, 2, len), event->now);
}

/* ---- one command after the other ---- */

static void scan_end(svc_scan *scan, uint64_t now)
{
    svc_session *session = scan->session;
    bool again = scan->again && !session->ending && !scan->task.status;
    session->scan = NULL;
    rig_delete(session->service->config.alloc, scan, sizeof *scan);
    if (again)
        svc_devices_scan(session, now);
}

static void scan_send(svc_scan *scan, uint64_t now)
{
    svc_session *session = scan->session;
    size_t cdb_len = scan->listing ? 12 : 6;
    uint32_t bytes = scan->listing ? LIST_BYTES : INQUIRY_BYTES;
    memset(scan->cdb, 0, sizeof scan->cdb);
    scan->cdb[0] = scan->listing ? REPORT_LUNS : INQUIRY;
    if (scan->listing)
        rig_be_set(scan->cdb + 6, 4, bytes);
    else
        rig_be_set(scan->cdb + 3, 2, bytes);
    scan->in = (struct iovec){scan->data, bytes};
    scan->task.cdb = rig_view_of(scan->cdb, cdb_len);
    scan->task.lun = scan->listing ? 0 : scan->luns[scan->at];
    scan->task.edtl = bytes;
    rig_status status = session->leaving || session->ending
                            ? RIG_E_ABORTED
                            : rig_session_submit(session->engine, &scan->task, now);
    if (!status)
        return;
    scan->task.status = status;
    scan_end(scan, now);
}

static void next_lun(svc_scan *scan, uint64_t now)
{
    scan->listing = false;
    scan->tries = 0;
    if (scan->at < scan->num)
        scan_send(scan, now);
    else
        scan_end(scan, now);
}

static bool is_listed(const svc_scan *scan, uint64_t lun)
{
    for (uint32_t i = 0; i < scan->num; i++)
        if (scan->luns[i] == lun)
            return true;
    return false;
}

static void read_list(svc_scan *scan)
{
    uint32_t got = scan->task.received < LIST_BYTES ? scan->task.received : LIST_BYTES;
    uint64_t len = got >= LIST_HEADER ? rig_be_get(scan->data, 4) : 0;
    for (uint32_t at = LIST_HEADER; at + LUN_BYTES <= got && at + LUN_BYTES <= LIST_HEADER + len;
         at += LUN_BYTES)
        if (!is_listed(scan, rig_be_get(scan->data + at, LUN_BYTES)))
            scan->luns[scan->num++] = rig_be_get(scan->data + at, LUN_BYTES);
}

static void hide_unlisted(svc_scan *scan, uint64_t now)
{
    const rig_device_list *devices = &scan->session->devices;
    for (uint32_t i = devices->num; i-- > 0;)
        if (!is_listed(scan, devices->ptr[i].target_lun))
            svc_device_hide(scan->session, devices->ptr[i].target_lun, now);
}

/* A target that does not know REPORT LUNS has LUN 0. */
static void list_done(svc_scan *scan, uint8_t key, uint64_t now)
{
    if (scan->task.scsi_status == 0)
        read_list(scan);
    else if (scan->task.scsi_status == CHECK_CONDITION && key == ILLEGAL_REQUEST)
        scan->luns[scan->num++] = 0;
    else {
        scan_end(scan, now);
        return;
    }
    hide_unlisted(scan, now);
    next_lun(scan, now);
}

/* Only what is there: peripheral qualifier 0 (SPC-4 table 173). */
static void inquiry_done(svc_scan *scan, uint64_t now)
{
    uint64_t lun = scan->luns[scan->at++];
    bool right = scan->task.scsi_status == 0 && scan->task.received >= INQUIRY_MIN;
    uint32_t len = scan->task.received < INQUIRY_BYTES ? scan->task.received : INQUIRY_BYTES;
    if (right && scan->data[0] >> 5 == 0)
        svc_device_show(scan->session, lun, rig_view_of(scan->data, len), now);
    else if (right)
        svc_device_hide(scan->session, lun, now);
    next_lun(scan, now);
}

static void scan_done(rig_task *task, uint64_t now)
{
    svc_scan *scan = (svc_scan *)(void *)task;
    uint8_t key = 0;
    uint16_t code = 0;
    if (task->status || task->response || scan->session->ending) {
        scan_end(scan, now);
        return;
    }
    bool has_sense = task->scsi_status == CHECK_CONDITION &&
                     read_sense(rig_view_of(task->sense, task->sense_len), &key, &code);
    if (has_sense && key == UNIT_ATTENTION && ++scan->tries < TRIES_MAX)
        scan_send(scan, now);
    else if (scan->listing)
        list_done(scan, key, now);
    else
        inquiry_done(scan, now);
}

/* An informational session shows nothing. */
void svc_devices_scan(svc_session *session, uint64_t now)
{
    if (session->login.informational || session->ending || session->leaving)
        return;
    if (session->scan) {
        session->scan->again = true;
        return;
    }
    svc_scan *scan = rig_new(session->service->config.alloc, sizeof *scan);
    if (!scan)
        return;
    session->scan = scan;
    scan->session = session;
    scan->listing = true;
    scan->task.kind = RIG_TASK_SCSI;
    scan->task.attr = SIMPLE;
    scan->task.read = true;
    scan->task.in = &scan->in;
    scan->task.num_in = 1;
    scan->task.timeout = session->service->config.settings.scsi_timeout;
    scan->task.done = scan_done;
    scan_send(scan, now);
}
