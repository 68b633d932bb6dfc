/* Tasks: what a request begins, what data and R2Ts add, what an answer ends. */
#include "lint.h"

#include "rig/cdb.h"

/* ---- requests ---- */

static uint32_t bidi_length(const rig_item *item)
{
    rig_view rest = item->pdu.ahs;
    rig_ahs ahs;
    while (rig_ahs_next(&rest, &ahs, NULL) == RIG_OK)
        if (ahs.type == RIG_AHS_BIDI && ahs.data.len >= 4)
            return rig_be_get32(ahs.data.ptr);
    return 0;
}

/* An allocation or parameter list length. */
static uint32_t cdb_bytes(const lint_at *at)
{
    const rig_cdb_field *field = at->cdb ? at->cdb->fields : NULL;
    const uint8_t *cdb = at->bhs + rig_fields[RIG_F_CDB].byte;
    for (unsigned i = 0; field && at->cdb->len <= 16 && i < RIG_CDB_FIELDS_MAX && field[i].name; i++)
        if (field[i].unit == RIG_CDB_BYTES)
            return (uint32_t)rig_cdb_get(cdb, &field[i]);
    return UINT32_MAX;
}

static void begin_scsi(lint_at *at, lint_task *task)
{
    uint32_t edtl = LINT_GET(at, EDTL);
    task->read = LINT_GET(at, R) != 0;
    task->write = LINT_GET(at, W) != 0;
    task->edtl = task->write ? edtl : 0;
    task->read_len = !task->read ? 0 : task->write ? bidi_length(at->item) : edtl;
    task->unsolicited = task->out_bytes = task->write ? at->item->data_len : 0;
    task->cdb_bytes = cdb_bytes(at);
    task->mark = lint_recovers(at) ? lint_retry_mark(at->bhs) : 0;
    if (!LINT_GET(at, F) && task->write)
        lint_task_open(task);
}

static void begin_ping(lint_at *at, lint_task *task)
{
    task->ping_len = at->item->data_len;
    task->ping_hash = lint_hash(LINT_HASH_START, at->item->pdu.data);
    if (at->item->pdu.data.len < at->item->data_len)
        task->sure = false;
}

static bool begins_task(const lint_at *at)
{
    const uint32_t kinds =
        RIG_IN(SCSI_CMD) | RIG_IN(TMF_REQ) | RIG_IN(TEXT_REQ) | RIG_IN(LOGOUT_REQ) | RIG_IN(NOP_OUT);
    return (kinds >> at->kind & 1) && LINT_GET(at, ITT) != RIG_TAG_NONE;
}

static bool goes_on(const lint_at *at)
{
    const lint_task *task = at->task;
    if (!task || task->kind != at->kind)
        return false;
    return at->kind == RIG_PDU_TEXT_REQ || task->cmd_sn == LINT_GET(at, CMD_SN);
}

/* A tag used twice: what comes for it may be of either task, and there may be an answer to each. */
static bool in_use(lint_at *at)
{
    lint_task *task = at->task;
    if (!task || !task->sure || task->aborted || task->refused)
        return false;
    task->sure = false;
    task->lost = task->twin = true;
    return true;
}

static void begin_task(lint_at *at)
{
    if (in_use(at))
        return;
    if (at->task)
        lint_task_end(at->lint, at->session, at->task);
    at->task = NULL;
    lint_task *task = lint_task_new(at->lint, at->conn, LINT_GET(at, ITT));
    if (!task)
        return;
    at->task = task;
    task->kind = at->kind;
    task->immediate = LINT_GET(at, I) != 0;
    task->cmd_sn = LINT_GET(at, CMD_SN);
    task->lun = at->kind == RIG_PDU_LOGOUT_REQ ? 0 : LINT_GET64(at, LUN);
    task->function = at->kind == RIG_PDU_TMF_REQ      ? (uint8_t)LINT_GET(at, FUNCTION)
                     : at->kind == RIG_PDU_LOGOUT_REQ ? (uint8_t)LINT_GET(at, LOGOUT_REASON)
                                                      : 0;
    task->referenced = at->kind == RIG_PDU_TMF_REQ ? LINT_GET(at, REF_TAG) : RIG_TAG_NONE;
    if (at->kind == RIG_PDU_SCSI_CMD)
        begin_scsi(at, task);
    if (at->kind == RIG_PDU_NOP_OUT)
        begin_ping(at, task);
}

/* A retry (7.2.1): the target may have lost the command, and with it what came unsolicited; all of that comes
 * once more. */
static void begin_again(lint_at *at)
{
    if (at->task->open)
        lint_task_shut(at->task);
    begin_scsi(at, at->task);
}

static void answer_ping(lint_at *at)
{
    lint_conn *conn = at->conn;
    uint32_t ttt = LINT_GET(at, TTT);
    for (uint32_t i = 0; i < conn->num_pings; i++)
        if (conn->pings[i].ttt == ttt) {
            conn->pings[i] = conn->pings[--conn->num_pings];
            return;
        }
}

/* What is asked of this connection alone is done; what was asked of others may be. */
static void follow_logout(lint_at *at)
{
    uint32_t reason = LINT_GET(at, LOGOUT_REASON);
    if (reason == 0 || LINT_GET(at, CID) == at->conn->login.cid) {
        at->conn->logging_out = true;
        at->conn->logout_due.set = at->conn->text_due.set = false;
    } else
        at->session->connections_lost = true;
    for (lint_conn *conn = at->lint->oldest; conn && at->session->live > 1; conn = conn->age_next)
        if (conn->session == at->session)
            conn->logout_due.set = conn->text_due.set = false;
}

/* What other SNACKs ask for comes again as it was; data that is cut anew counts anew, too. */
static void follow_snack(lint_at *at)
{
    if (!at->task)
        return;
    at->task->asked = true;
    if (LINT_GET(at, SNACK_TYPE) != 3)
        return;
    at->task->sure = false;
    at->task->r_data++;
    at->task->snack_tag = LINT_GET(at, SNACK_TAG);
}

/* Which tasks a function means; the session cannot tell those of others, and of later commands. */
static bool meant(const lint_task *task, uint32_t function, uint64_t lun, uint32_t referenced)
{
    if (task->kind != RIG_PDU_SCSI_CMD)
        return false;
    if (function == 1)
        return task->itt == referenced;
    if (function == 2 || function == 4 || function == 5)
        return task->lun == lun;
    return function == 6 || function == 7;
}

/* Section 4.2.3.4: of the connection that the function was sent on. */
static bool stops(const lint_at *at, const lint_task *task)
{
    return LINT_GET(at, FUNCTION) != 1 && at->session->fast_abort && task->conn == at->conn && task->sure &&
           rig_sn_lt(task->cmd_sn, LINT_GET(at, CMD_SN));
}

static void follow_function_request(lint_at *at)
{
    uint32_t function = LINT_GET(at, FUNCTION);
    for (unsigned b = 0; b < LINT_BUCKETS; b++)
        for (lint_task *task = at->session->buckets[b]; task; task = task->next)
            if (meant(task, function, LINT_GET64(at, LUN), LINT_GET(at, REF_TAG))) {
                task->ending = true;
                task->stopped |= stops(at, task);
            }
}

/* Reassigned tasks resume wherever the new connection got to (section 7.2.2). */
static void follow_reassign(lint_at *at)
{
    lint_task *task = lint_task_find(at->session, LINT_GET(at, REF_TAG));
    at->session->blind = true;
    if (task && LINT_GET(at, FUNCTION) == 8)
        task->sure = false;
}

void lint_follow_request(lint_at *at)
{
    if (at->side != RIG_LINT_INITIATOR)
        return;
    if (begins_task(at) && !goes_on(at))
        begin_task(at);
    else if (at->kind == RIG_PDU_SCSI_CMD && at->task)
        begin_again(at);
    if (at->kind == RIG_PDU_NOP_OUT)
        answer_ping(at);
    if (at->kind == RIG_PDU_LOGOUT_REQ)
        follow_logout(at);
    if (at->kind == RIG_PDU_SNACK)
        follow_snack(at);
    if (at->kind == RIG_PDU_TMF_REQ)
        follow_function_request(at);
    if (at->kind == RIG_PDU_TMF_REQ && LINT_GET(at, FUNCTION) == 8)
        follow_reassign(at);
}

/* ---- data and R2Ts ---- */

/* Section 11.7.2: once every MaxBurstLength bytes, or in the last Data-In of all. */
static void follow_ack(lint_at *at, lint_task *task)
{
    bool asks = LINT_GET(at, A) != 0;
    task->ack_bytes += at->item->data_len;
    task->ack_early =
        asks && task->ack_asked && lint_keys_known(at) && task->ack_bytes < lint_of(at, LINT_N_MAX_BURST);
    task->ack_asked |= asks;
    if (asks)
        task->ack_bytes = 0;
}

static void follow_data_in(lint_at *at, lint_task *task)
{
    uint32_t offset = LINT_GET(at, BUFFER_OFFSET);
    if (lint_data_again(at))
        return;
    follow_ack(at, task);
    task->in_sn = LINT_GET(at, DATA_SN) + 1;
    task->num_in++;
    task->in_bytes += at->item->data_len;
    task->in_next = offset + at->item->data_len;
    task->in_burst = LINT_GET(at, F) ? 0 : task->in_burst + at->item->data_len;
}

static void follow_r2t(lint_at *at, lint_task *task)
{
    lint_r2t *r2t;
    if (lint_data_again(at))
        return;
    task->in_sn = LINT_GET(at, R2T_SN) + 1;
    task->any_r2t = true;
    task->r2t_next = LINT_GET(at, BUFFER_OFFSET) + LINT_GET(at, DESIRED_LEN);
    if (task->num_r2ts == RIG_LINT_R2TS_MAX) {
        task->sure = false;
        return;
    }
    r2t = &task->r2ts[task->num_r2ts++];
    *r2t = (lint_r2t){
        .ttt = LINT_GET(at, TTT), .offset = LINT_GET(at, BUFFER_OFFSET), .len = LINT_GET(at, DESIRED_LEN)};
}

static void follow_unsolicited(lint_at *at, lint_task *task)
{
    task->unsolicited += at->item->data_len;
    task->out_sn = LINT_GET(at, DATA_SN) + 1;
    if (LINT_GET(at, F))
        lint_task_shut(task);
}

static void follow_solicited(lint_at *at, lint_task *task)
{
    uint32_t i = 0, ttt = LINT_GET(at, TTT);
    while (i < task->num_r2ts && task->r2ts[i].ttt != ttt)
        i++;
    if (i == task->num_r2ts)
        return;
    task->r2ts[i].sent += at->item->data_len;
    task->r2ts[i].data_sn = LINT_GET(at, DATA_SN) + 1;
    if (!LINT_GET(at, F))
        return;
    task->num_r2ts--;
    memmove(&task->r2ts[i], &task->r2ts[i + 1], (task->num_r2ts - i) * sizeof task->r2ts[0]);
}

static void follow_data_out(lint_at *at, lint_task *task)
{
    task->out_bytes += at->item->data_len;
    if (LINT_GET(at, TTT) == RIG_TAG_NONE)
        follow_unsolicited(at, task);
    else
        follow_solicited(at, task);
}

void lint_follow_data(lint_at *at)
{
    lint_task *task = at->task;
    if (!task || task->kind != RIG_PDU_SCSI_CMD)
        return;
    if (at->kind == RIG_PDU_DATA_IN)
        follow_data_in(at, task);
    else if (at->kind == RIG_PDU_R2T)
        follow_r2t(at, task);
    else if (at->kind == RIG_PDU_DATA_OUT)
        follow_data_out(at, task);
}

/* ---- answers ---- */

/* A function that was refused has stopped nothing. */
static void go_on(lint_session *session, const lint_task *by)
{
    for (unsigned b = 0; b < LINT_BUCKETS; b++)
        for (lint_task *task = session->buckets[b]; task; task = task->next)
            if (meant(task, by->function, by->lun, by->referenced))
                task->stopped = false;
}

static void follow_function(lint_at *at, const lint_task *by)
{
    bool done = LINT_GET(at, TMF_RESPONSE) == 0;
    if (!done)
        go_on(at->session, by);
    for (unsigned b = 0; b < LINT_BUCKETS && done; b++)
        for (lint_task *task = at->session->buckets[b]; task; task = task->next)
            if (meant(task, by->function, by->lun, by->referenced) &&
                (by->function == 1 || rig_sn_lt(task->cmd_sn, by->cmd_sn))) {
                lint_task_shut(task);
                task->aborted = true;
                task->by_abort = by->function == 1;
            }
}

static void forget_text(lint_conn *conn)
{
    conn->text.pending = false;
    conn->text_lost = true;
}

/* Section 7.3: a command that a Reject quotes may still end with a response. */
static void refuse(lint_task *task)
{
    if (!task)
        return;
    lint_task_shut(task);
    task->refused = true;
}

/* Its task goes on; what the target makes of data it rejected is not known. */
static void refuse_part(lint_task *task, rig_pdu_kind kind)
{
    if (!task || kind == RIG_PDU_SNACK)
        return;
    lint_task_shut(task);
    task->sure = false;
}

/* Section 7.3: the CmdSN of a rejected request counts as not received. */
static bool frees_cmd_sn(const uint8_t *quoted, rig_pdu_kind kind)
{
    bool known = rig_fields[RIG_F_I].pdus >> kind & 1;
    return kind == RIG_PDU_UNKNOWN || (known && !rig_get32(quoted, RIG_F_I));
}

static void follow_quoted(lint_at *at, const uint8_t *quoted)
{
    rig_pdu_kind kind = rig_pdu_kind_of(quoted);
    lint_task *task = lint_task_find(at->session, rig_get32(quoted, RIG_F_ITT));
    if (frees_cmd_sn(quoted, kind))
        at->session->cmd_known = false;
    if (kind == RIG_PDU_TEXT_REQ || kind == RIG_PDU_UNKNOWN)
        forget_text(at->conn);
    if (kind == RIG_PDU_LOGOUT_REQ)
        at->conn->logging_out = false;
    if (kind == RIG_PDU_SNACK || kind == RIG_PDU_DATA_OUT)
        refuse_part(task, kind);
    else
        refuse(task);
}

static void follow_reject(lint_at *at)
{
    rig_view quoted = at->item->pdu.data;
    if (quoted.len >= RIG_BHS_LEN) {
        follow_quoted(at, quoted.ptr);
        return;
    }
    forget_text(at->conn);
    at->conn->logging_out = false;
    at->session->cmd_known = false;
    at->session->blind = true;
}

static void follow_ping_of_target(lint_at *at)
{
    lint_conn *conn = at->conn;
    if (LINT_GET(at, TTT) == RIG_TAG_NONE)
        return;
    if (conn->num_pings == LINT_PINGS_MAX) {
        conn->pings_lost = true;
        return;
    }
    conn->pings[conn->num_pings].ttt = LINT_GET(at, TTT);
    conn->pings[conn->num_pings++].lun = LINT_GET64(at, LUN);
}

static void follow_async(lint_at *at)
{
    const lint_due due = {.set = true,
                          .stat_sn = LINT_GET(at, STAT_SN),
                          .deadline = at->item->time + LINT_GET64(at, PARAMETER3) * 1000000000};
    uint32_t event = LINT_GET(at, ASYNC_EVENT);
    lint_conn *conn = at->conn;
    if (event == 1 && !conn->logout_due.set && !conn->logging_out)
        conn->logout_due = due;
    if (event == 4 && !conn->text_due.set && !conn->text.pending && !conn->logging_out)
        conn->text_due = due;
    if (event == 2 || event == 3)
        at->session->connections_lost = true;
}

static rig_pdu_kind answered_kind(const lint_at *at)
{
    switch (at->kind) {
    case RIG_PDU_SCSI_RESP:
        return RIG_PDU_SCSI_CMD;
    case RIG_PDU_DATA_IN:
        return LINT_GET(at, S) ? RIG_PDU_SCSI_CMD : RIG_PDU_UNKNOWN;
    case RIG_PDU_TMF_RESP:
        return RIG_PDU_TMF_REQ;
    case RIG_PDU_LOGOUT_RESP:
        return RIG_PDU_LOGOUT_REQ;
    case RIG_PDU_TEXT_RESP:
        return LINT_GET(at, F) ? RIG_PDU_TEXT_REQ : RIG_PDU_UNKNOWN;
    case RIG_PDU_NOP_IN:
        return RIG_PDU_NOP_OUT;
    default:
        return RIG_PDU_UNKNOWN;
    }
}

static void follow_logout_response(lint_at *at)
{
    at->conn->logged_out = at->conn->logging_out && LINT_GET(at, LOGOUT_RESPONSE) == 0;
    at->conn->logging_out = false;
}

static bool tagged(const lint_at *at)
{
    return at->kind == RIG_PDU_SCSI_RESP && LINT_GET(at, SNACK_TAG) == at->task->snack_tag;
}

void lint_follow_answer(lint_at *at)
{
    rig_pdu_kind request = answered_kind(at);
    if (at->side != RIG_LINT_TARGET)
        return;
    if (at->kind == RIG_PDU_REJECT)
        follow_reject(at);
    if (at->kind == RIG_PDU_NOP_IN)
        follow_ping_of_target(at);
    if (at->kind == RIG_PDU_ASYNC)
        follow_async(at);
    if (at->kind == RIG_PDU_LOGOUT_RESP)
        follow_logout_response(at);
    if (at->task && at->task->twin && request != RIG_PDU_UNKNOWN) {
        at->task->twin = false;
        return;
    }
    if (!at->task || request != at->task->kind)
        return;
    if (at->kind == RIG_PDU_TMF_RESP)
        follow_function(at, at->task);
    if (at->task->r_data && !tagged(at)) { /* the response comes again (section 11.16.3) */
        at->task->lost = true;
        return;
    }
    lint_task_end(at->lint, at->session, at->task);
    at->task = NULL;
}
