/* Text Requests in full feature phase (RFC 7143 sections 6.4, 11.10, 11.11). One exchange a connection at a
 * time. */
#include "tgt.h"

#define PIECE_MAX 65536u /* most text of one response, whatever the initiator takes */

struct tgt_text {
    uint32_t itt;
    uint32_t ttt;
    uint32_t num_pdus;
    bool complete; /* the text of the request is all here */
    bool lists;    /* a SendTargets answer is being sent */
    rig_gather in;
    rig_gather out; /* answers of a negotiation */
    size_t out_at;
    tgt_listing listing;
    tgt_negotiation negotiation;
};

uint32_t tgt_text_itt(const tgt_text *text)
{
    return text->itt;
}

void tgt_text_free(tgt_conn *conn)
{
    if (!conn->text)
        return;
    rig_gather_cleanup(&conn->text->in, conn->target->alloc);
    rig_gather_cleanup(&conn->text->out, conn->target->alloc);
    rig_delete(conn->target->alloc, conn->text, sizeof(*conn->text));
    conn->text = NULL;
}

uint8_t tgt_text_check(tgt_conn *conn, const rig_pdu *pdu)
{
    uint32_t ttt = rig_get32(pdu->bhs, RIG_F_TTT), itt = rig_get32(pdu->bhs, RIG_F_ITT);
    if (rig_get(pdu->bhs, RIG_F_C) && rig_get(pdu->bhs, RIG_F_F))
        return tgt_blame(conn, RIG_F_C, TGT_REJECT_PROTOCOL);
    if (ttt != RIG_TAG_NONE && (!conn->text || conn->text->itt != itt || conn->text->ttt != ttt))
        return tgt_blame(conn, RIG_F_TTT, TGT_REJECT_FIELD);
    return 0;
}

/* Section 7.3: a rejected command counts as never received. */
static void refuse(tgt_task *task, uint8_t reason)
{
    tgt_conn *conn = task->conn;
    rig_pdu pdu = {.bhs = task->bhs};
    if (task->numbered) {
        conn->session->exp_cmd_sn--;
        conn->session->num_active--;
        task->numbered = false;
    }
    tgt_text_free(conn);
    if (tgt_reject(conn, &pdu, reason) == RIG_OK)
        tgt_task_finish(task);
}

static tgt_text *open_exchange(tgt_task *task)
{
    tgt_conn *conn = task->conn;
    tgt_text_free(conn); /* 11.10.4: a request without a tag of ours starts anew */
    tgt_text *text = rig_new(conn->target->alloc, sizeof(*text));
    if (!text)
        return NULL;
    text->itt = tgt_task_itt(task);
    text->ttt = tgt_new_ttt(conn->target);
    tgt_negotiation_init(&text->negotiation, conn->session->node && conn->session->node->own
                                                 ? conn->session->node->own
                                                 : conn->target->own);
    text->negotiation.phase = TGT_PHASE_FULL;
    text->negotiation.value[TGT_KEY_MAX_RECV] = conn->max_send;
    conn->text = text;
    return text;
}

/* ---- SendTargets ---- */

static bool find_send_targets(rig_view text, rig_view *out_value, unsigned *out_pairs)
{
    rig_pair pair;
    bool found = false;
    *out_pairs = 0;
    for (rig_view rest = text; rig_pair_next(text.ptr, &rest, &pair, NULL) == RIG_OK; ++*out_pairs) {
        if (!rig_view_is(pair.key, tgt_key_rows[TGT_KEY_SEND_TARGETS].name))
            continue;
        found = true;
        *out_value = pair.value;
    }
    return found;
}

/* Appendix C: which values a session of which kind takes. */
static uint8_t open_listing(tgt_conn *conn, rig_view value)
{
    tgt_text *text = conn->text;
    const tgt_session *session = conn->session;
    text->lists = true;
    if (rig_view_is(value, "All")) {
        text->listing.all = true;
        return session->discovery ? 0 : TGT_REJECT_PROTOCOL;
    }
    if (value.len == 0) {
        text->listing.only = session->node;
        return 0;
    }
    const rig_target_node *node = tgt_node_find(conn->target, value);
    text->listing.only = session->discovery || node == session->node ? node : NULL;
    return 0;
}

/* ---- a request ---- */

static uint8_t serve(tgt_conn *conn, rig_view all, rig_error *err)
{
    tgt_text *text = conn->text;
    unsigned num_pairs;
    rig_view value;
    if (text->lists)
        return all.len > 0 ? tgt_blame(conn, RIG_F_DATA_LEN, TGT_REJECT_PROTOCOL) : 0;
    bool lists = find_send_targets(all, &value, &num_pairs);
    if (!lists && !conn->session->discovery)
        return tgt_negotiate(&text->negotiation, all, conn->target->alloc, &text->out, err)
                   ? TGT_REJECT_PROTOCOL
                   : 0;
    tgt_blame_key(conn, TGT_KEY_SEND_TARGETS, 0);
    return lists && num_pairs == 1 ? open_listing(conn, value) : TGT_REJECT_PROTOCOL;
}

void tgt_text_begin(tgt_task *task, rig_view ahs, rig_view data)
{
    tgt_conn *conn = task->conn;
    tgt_text *text = conn->text;
    uint8_t reason = 0;
    rig_error err = {0};
    (void)ahs;
    if (rig_get32(task->bhs, RIG_F_TTT) == RIG_TAG_NONE)
        text = open_exchange(task);
    if (!text || ++text->num_pdus > TGT_TEXT_PDUS ||
        rig_gather_add(&text->in, conn->target->alloc, data, RIG_TEXT_MAX) != RIG_OK) {
        tgt_blame(conn, RIG_F_DATA_LEN, 0);
        refuse(task, TGT_REJECT_LONG);
        return;
    }
    text->complete = !rig_get(task->bhs, RIG_F_C);
    if (text->complete && text->out_at < text->out.len)
        reason = text->in.len > 0 ? TGT_REJECT_PROTOCOL : 0; /* 6.2: our cut text goes on first */
    else if (text->complete)
        reason = serve(conn, rig_view_of(text->in.ptr, text->in.len), &err);
    if (reason) {
        if (err.status)
            conn->blame = err.field[0] ? err.field : rig_fields[RIG_F_DATA_LEN].name;
        refuse(task, reason);
        conn->blame = NULL; /* it may stand in err */
        return;
    }
    if (text->complete)
        rig_gather_cleanup(&text->in, conn->target->alloc);
    tgt_task_ready(task);
}

/* ---- the response ---- */

/* Fills the next part of the text; true when nothing is left. */
static bool next_part(tgt_conn *conn, uint8_t *out, size_t size, tgt_answer *answer)
{
    tgt_text *text = conn->text;
    size_t len = 0;
    bool all = true;
    if (text->lists) {
        all = tgt_listing_fill(conn, &text->listing, out, size, &len);
    } else if (text->out_at < text->out.len) {
        len = text->out.len - text->out_at;
        all = len <= size;
        len = all ? len : size;
        memcpy(out, text->out.ptr + text->out_at, len);
        text->out_at += len;
        rig_set(answer->bhs, RIG_F_C, !all);
    }
    answer->data_len = (uint32_t)len;
    return all;
}

/* 6.4: what was agreed counts from the end of the sequence on. */
static void conclude(tgt_conn *conn)
{
    conn->max_send = conn->text->negotiation.value[TGT_KEY_MAX_RECV];
    tgt_text_free(conn);
}

/* A deviation: where there is nothing left to say, one more request is asked for. */
static bool goes_on(const tgt_task *task)
{
    bool on = tgt_fault_on(task, RIG_FAULT_TEXT_NEVER_FINAL);
    if (on)
        tgt_deviated(task->conn, rig_fault_rows[RIG_FAULT_TEXT_NEVER_FINAL].name);
    return on;
}

static bool build(tgt_task *task, tgt_answer *answer, bool *out_final)
{
    tgt_conn *conn = task->conn;
    tgt_text *text = conn->text;
    bool all = false;
    tgt_answer_init(answer, task, RIG_PDU_TEXT_RESP);
    if (text->complete) {
        answer->owned_size = conn->max_send < PIECE_MAX ? conn->max_send : PIECE_MAX;
        answer->owned = rig_new(conn->target->alloc, answer->owned_size);
        if (!answer->owned)
            return false;
        all = next_part(conn, answer->owned, answer->owned_size, answer);
    }
    *out_final = all && rig_get(task->bhs, RIG_F_F) && !goes_on(task);
    rig_set(answer->bhs, RIG_F_F, *out_final);
    if (!*out_final)
        rig_set(answer->bhs, RIG_F_TTT, text->ttt);
    answer->last = true;
    return true;
}

bool tgt_text_answer(tgt_task *task)
{
    tgt_conn *conn = task->conn;
    tgt_text *text = conn->text;
    tgt_answer answer;
    bool final;
    if (!text) {
        tgt_task_finish(task); /* the exchange was started anew while this answer was held */
        return true;
    }
    tgt_listing listing = text->listing;
    size_t out_at = text->out_at;
    if (!build(task, &answer, &final)) {
        tgt_conn_end(conn, TGT_TRANSPORT_LOST, false, RIG_E_NOMEM, "no memory for text");
        return true;
    }
    tgt_pushed pushed = tgt_reply(task, &answer);
    if (pushed == TGT_FULL) {
        text->listing = listing;
        text->out_at = out_at;
    } else if (pushed == TGT_PUSHED && final) {
        conclude(conn);
    }
    return pushed != TGT_FULL;
}
