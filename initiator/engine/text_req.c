/* Text Request and Response in the full feature phase (RFC 7143 sections 6.4, 11.10 and 11.11). */
#include "internal.h"

static uint32_t request_len(const rig_task *task)
{
    size_t sum = 0;
    for (uint32_t i = 0; i < task->num_out; i++)
        sum += task->out[i].iov_len;
    return sum > RIG_TEXT_MAX ? RIG_TEXT_MAX : (uint32_t)sum;
}

void eng_text_free(eng_conn *conn)
{
    const rig_alloc *alloc = eng_alloc(conn->session);
    if (!conn->text)
        return;
    rig_gather_cleanup(&conn->text->answer, alloc);
    rig_delete(alloc, conn->text, sizeof *conn->text);
    conn->text = NULL;
}

static bool send_part(eng_conn *conn, rig_task *task)
{
    eng_text *text = conn->text;
    rig_tx *tx = eng_push(conn, RIG_PDU_TEXT_REQ);
    if (!tx)
        return false;
    uint32_t rest = request_len(task) - text->sent;
    text->more_to_send = rest > conn->max_send;
    uint32_t len = text->more_to_send ? conn->max_send : rest;
    rig_set(tx->bhs, RIG_F_I, task->immediate);
    rig_set(tx->bhs, RIG_F_F, !text->more_to_send);
    rig_set(tx->bhs, RIG_F_C, text->more_to_send);
    rig_set(tx->bhs, RIG_F_LUN, text->lun);
    rig_set(tx->bhs, RIG_F_ITT, task->itt);
    rig_set(tx->bhs, RIG_F_TTT, text->ttt);
    rig_set(tx->bhs, RIG_F_CMD_SN, task->cmd_sn);
    if (len) {
        tx->iov = task->out;
        tx->num_iov = task->num_out;
        tx->iov_offset = text->sent;
        tx->data_len = len;
        tx->cookie = task;
        task->engine.num_tx++;
    }
    rig_txq_seal(&conn->txq);
    text->sent += len;
    return true;
}

bool eng_text_send(eng_conn *conn, rig_task *task)
{
    eng_text *text = rig_new(eng_alloc(conn->session), sizeof *text);
    if (!text)
        return false;
    text->task = task;
    text->ttt = RIG_TAG_NONE;
    conn->text = text;
    if (send_part(conn, task))
        return true;
    eng_text_free(conn);
    return false;
}

/* The next request of a sequence, after an answer that asked for it; it consumes a CmdSN of its own. */
bool eng_text_continue(eng_conn *conn)
{
    eng_text *text = conn->text;
    rig_session *session = conn->session;
    if (!text || !text->go_on || conn->state != ENG_S5_LOGGED_IN)
        return false;
    rig_task *task = text->task;
    if (!task->immediate && !eng_window_open(session))
        return false;
    task->cmd_sn = session->cmd_sn;
    if (!send_part(conn, task))
        return false;
    session->cmd_sn += !task->immediate;
    text->go_on = false;
    return true;
}

static rig_status check_answer(eng_conn *conn, const rig_pdu *pdu)
{
    const eng_text *text = conn->text;
    bool final = rig_get(pdu->bhs, RIG_F_F);
    uint32_t ttt = rig_get32(pdu->bhs, RIG_F_TTT);
    if (!text || text->task->itt != rig_get32(pdu->bhs, RIG_F_ITT))
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_ITT, "no such text request (11.11)");
    if (final && rig_get(pdu->bhs, RIG_F_C))
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_C, "C and F together (11.11.2)");
    if (final && text->more_to_send)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_F, "an end nobody asked for (6.4)");
    if (!final && ttt == RIG_TAG_NONE)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_TTT,
                              "an unfinished answer needs a tag (11.11.4)");
    return RIG_OK;
}

rig_status eng_text_response(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    rig_status status = eng_stat_sn(conn, pdu);
    if (!status)
        status = check_answer(conn, pdu);
    if (status)
        return status;
    eng_text *text = conn->text;
    rig_task *task = text->task;
    status = rig_gather_add(&text->answer, eng_alloc(conn->session), pdu->data, RIG_TEXT_ANSWER_MAX);
    if (status)
        return rig_fail(&conn->error, status, "an answer of more than %u bytes", RIG_TEXT_ANSWER_MAX);
    if (!rig_get(pdu->bhs, RIG_F_F)) {
        text->ttt = rig_get32(pdu->bhs, RIG_F_TTT);
        text->lun = rig_get(pdu->bhs, RIG_F_LUN);
        text->go_on = true;
        return RIG_OK;
    }
    task->text = rig_view_of(text->answer.ptr, text->answer.len);
    task->engine.num_tx = 0; /* an answered request is out in full */
    eng_task_done(task, RIG_OK, now);
    eng_text_free(conn);
    return RIG_OK;
}
