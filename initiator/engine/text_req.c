/* Text Request and Response in the full feature phase (RFC 7143 sections 6.4, 11.10 and 11.11). */
#include "internal.h"

void eng_text_free(rig_session *session, eng_text *text)
{
    const rig_alloc *alloc = eng_alloc(session);
    if (!text)
        return;
    rig_gather_cleanup(&text->request, alloc);
    rig_gather_cleanup(&text->answer, alloc);
    rig_delete(alloc, text, sizeof *text);
}

/* The exchange of a task that ends leaves the connection, whatever the reason. */
eng_text *eng_text_detach(eng_conn *conn, const rig_task *task)
{
    eng_text *text = conn->text;
    if (!text || text->task != task)
        return NULL;
    conn->text = NULL;
    return text;
}

static rig_status put_part(eng_conn *conn, rig_tx *tx)
{
    eng_text *text = conn->text;
    size_t rest = text->request.len - text->sent;
    text->part = text->sent;
    text->more_to_send = rest > conn->max_send;
    size_t len = text->more_to_send ? conn->max_send : rest;
    if (len == 0)
        return RIG_OK;
    tx->owned = rig_new(eng_alloc(conn->session), len);
    if (!tx->owned)
        return RIG_E_NOMEM;
    tx->owned_size = len;
    memcpy(tx->owned, text->request.ptr + text->sent, len);
    tx->flat = (struct iovec){tx->owned, len};
    tx->data_len = (uint32_t)len;
    text->sent += len;
    return RIG_OK;
}

static rig_status send_part(eng_conn *conn, const rig_task *task, uint32_t cmd_sn)
{
    const eng_text *text = conn->text;
    rig_tx *tx = eng_push(conn, RIG_PDU_TEXT_REQ);
    if (!tx)
        return RIG_E_BUSY;
    rig_status status = put_part(conn, tx);
    if (status) {
        eng_push_cancel(conn);
        return status;
    }
    rig_set(tx->bhs, RIG_F_I, task->immediate);
    rig_set(tx->bhs, RIG_F_F, !text->more_to_send);
    rig_set(tx->bhs, RIG_F_C, text->more_to_send);
    rig_set(tx->bhs, RIG_F_LUN, text->lun);
    rig_set(tx->bhs, RIG_F_ITT, task->itt);
    rig_set(tx->bhs, RIG_F_TTT, text->ttt);
    rig_set(tx->bhs, RIG_F_CMD_SN, cmd_sn);
    rig_txq_seal(&conn->txq);
    return RIG_OK;
}

static rig_status gather_request(eng_text *text, const rig_task *task, const rig_alloc *alloc)
{
    rig_status status = RIG_OK;
    for (uint32_t i = 0; i < task->num_out && !status; i++)
        status = rig_gather_add(&text->request, alloc,
                                rig_view_of(task->out[i].iov_base, task->out[i].iov_len), RIG_TEXT_MAX);
    return status;
}

rig_status eng_text_send(eng_conn *conn, rig_task *task)
{
    eng_text *text = rig_new(eng_alloc(conn->session), sizeof *text);
    if (!text)
        return RIG_E_NOMEM;
    text->task = task;
    text->ttt = RIG_TAG_NONE;
    rig_status status = gather_request(text, task, eng_alloc(conn->session));
    conn->text = text;
    if (!status)
        status = send_part(conn, task, task->cmd_sn);
    if (status) {
        conn->text = NULL;
        eng_text_free(conn->session, text);
    }
    return status;
}

/* The target seems not to have received the last part. */
void eng_text_again(eng_conn *conn)
{
    conn->text->sent = conn->text->part;
    conn->text->again = true;
}

static bool may_continue(const eng_conn *conn)
{
    const eng_text *text = conn->text;
    if (!text || conn->state == ENG_S7_LOGOUT_REQUESTED)
        return false;
    bool open = text->task->immediate || eng_window_open(conn->session);
    return text->again || (text->go_on && open && conn->state == ENG_S5_LOGGED_IN);
}

/* The next request of a sequence, after an answer that asked for it; it consumes a CmdSN of its own. Or the
 * last one once more. */
bool eng_text_continue(eng_conn *conn, uint64_t now)
{
    eng_text *text = conn->text;
    rig_session *session = conn->session;
    if (!may_continue(conn))
        return false;
    rig_task *task = text->task;
    rig_status status = send_part(conn, task, text->again ? task->cmd_sn : session->cmd_sn);
    if (status) {
        if (status != RIG_E_BUSY)
            eng_task_done(task, status, now);
        return false;
    }
    if (!text->again) {
        task->cmd_sn = session->cmd_sn;
        session->cmd_sn += !task->immediate;
        task->engine.retries = 0;
    }
    text->go_on = text->again = false;
    eng_recovery_arm(conn, now);
    return true;
}

static rig_status check_answer(eng_conn *conn, const rig_pdu *pdu)
{
    const eng_text *text = conn->text;
    bool final = rig_get(pdu->bhs, RIG_F_F);
    uint32_t ttt = rig_get32(pdu->bhs, RIG_F_TTT);
    if (!text || text->go_on || text->task->itt != rig_get32(pdu->bhs, RIG_F_ITT))
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_ITT, "no such text request (11.11)");
    if (final && rig_get(pdu->bhs, RIG_F_C))
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_C, "C and F together (11.11.2)");
    if (final && text->more_to_send)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_F, "an end nobody asked for (6.4)");
    if (text->more_to_send && (pdu->data.len || rig_get(pdu->bhs, RIG_F_C)))
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_DATA_LEN,
                              "an unfinished request needs an empty answer (6.2)");
    if (!final && ttt == RIG_TAG_NONE)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_TTT,
                              "an unfinished answer needs a tag (11.11.4)");
    return RIG_OK;
}

/* The value of MaxRecvDataSegmentLength in a text, 0 when there is none; false when it cannot be, or stands
 * there twice (6.4). */
static bool declared_length(const rig_gather *text, uint32_t *out_length)
{
    rig_view rest = rig_view_of(text->ptr, text->len);
    rig_pair pair;
    *out_length = 0;
    while (rig_pair_next(text->ptr, &rest, &pair, NULL) == RIG_OK) {
        rig_key_value value;
        if (rig_key_find(pair.key) != RIG_KEY_MAX_RECV_DATA || eng_reserved_word(pair.value))
            continue;
        if (*out_length || rig_key_value_parse(RIG_KEY_MAX_RECV_DATA, pair.value, &value, NULL))
            return false;
        *out_length = value.value;
    }
    return true;
}

/* The one key that can be declared anew in full feature phase, by either side; it counts from the end of the
 * exchange on (sections 6.4 and 13.12). A value that cannot be fails the exchange and nothing else (7.12). */
static rig_status take_lengths(eng_conn *conn)
{
    uint32_t ours;
    uint32_t theirs;
    if (!declared_length(&conn->text->answer, &theirs))
        return RIG_E_NEGOTIATION;
    if (declared_length(&conn->text->request, &ours) && ours) {
        conn->lengths += conn->framer.max_data != ours;
        conn->framer.max_data = ours;
    }
    if (theirs)
        conn->max_send = theirs;
    if (theirs && conn->leading)
        conn->session->agreed[RIG_KEY_MAX_RECV_DATA].value = theirs;
    return RIG_OK;
}

static bool asked_for(const eng_text *text, rig_view key)
{
    rig_view rest = rig_view_of(text->request.ptr, text->request.len);
    rig_pair pair;
    while (rig_pair_next(text->request.ptr, &rest, &pair, NULL) == RIG_OK)
        if (rig_view_eq(pair.key, key))
            return true;
    return false;
}

/* What the target brings up by itself wants an answer in the next request (6.2, 6.4). */
static rig_status answer_proposals(eng_conn *conn)
{
    eng_text *text = conn->text;
    char name[RIG_KEY_MAX + 1];
    rig_view rest = rig_view_sub(rig_view_of(text->answer.ptr, text->answer.len), text->read, SIZE_MAX);
    rig_pair pair;
    text->read = text->answer.len;
    while (rig_pair_next(text->answer.ptr, &rest, &pair, NULL) == RIG_OK) {
        const char *word = eng_key_word(&pair);
        if (!word)
            continue;
        if (++text->looked_up > ENG_LOOKED_UP_MAX)
            return RIG_E_LIMIT;
        if (asked_for(text, pair.key))
            continue;
        memcpy(name, pair.key.ptr, pair.key.len);
        name[pair.key.len] = 0;
        rig_status status =
            rig_gather_pair(&text->request, eng_alloc(conn->session), name, rig_view_str(word), RIG_TEXT_MAX);
        if (status)
            return status;
    }
    return RIG_OK;
}

rig_status eng_text_response(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    rig_status status = check_answer(conn, pdu);
    if (status)
        return status;
    eng_text *text = conn->text;
    text->again = false;
    status = rig_gather_add(&text->answer, eng_alloc(conn->session), pdu->data, RIG_TEXT_ANSWER_MAX);
    if (status)
        return rig_fail(&conn->error, status, "an answer of %zu and %zu bytes more", text->answer.len,
                        pdu->data.len);
    if (!rig_get(pdu->bhs, RIG_F_F)) {
        text->ttt = rig_get32(pdu->bhs, RIG_F_TTT);
        text->lun = rig_get(pdu->bhs, RIG_F_LUN);
        text->go_on = true;
        status = rig_get(pdu->bhs, RIG_F_C) ? RIG_OK : answer_proposals(conn);
        if (status)
            eng_task_done(text->task, status, now);
        return RIG_OK;
    }
    eng_task_done(text->task, take_lengths(conn), now);
    return RIG_OK;
}

/* The target wants to negotiate: it needs a Text Request to answer, which may be empty (section 11.9.1). */
rig_status eng_text_wanted(eng_conn *conn, uint64_t now)
{
    if (conn->text || conn->text_wanted || conn->state != ENG_S5_LOGGED_IN)
        return RIG_OK;
    rig_task *task = eng_own_task(conn->session, RIG_TASK_TEXT);
    if (task) /* it has to go within a time that a closed window may outlast */
        task->immediate = true;
    rig_status status = eng_own_submit(conn, task, now);
    conn->text_wanted = !status;
    return status;
}
