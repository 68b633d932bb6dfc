/* A connection as its transport sees it: places for bytes, bytes, and PDUs by the framer. */
#include "tlogin.h"

/* ---- PDUs ---- */

static bool initiator_pdu(rig_pdu_kind kind)
{
    return kind != RIG_PDU_UNKNOWN && rig_pdu_rows[kind].from_initiator;
}

static bool wants_answer(const uint8_t *bhs)
{
    return rig_pdu_kind_of(bhs) != RIG_PDU_NOP_OUT || rig_get32(bhs, RIG_F_ITT) != RIG_TAG_NONE;
}

static rig_status on_header(void *ctx, const rig_pdu *pdu, rig_sink *out_sink)
{
    tgt_conn *conn = ctx;
    rig_pdu_kind kind = rig_pdu_kind_of(pdu->bhs);
    conn->reading = pdu->bhs;
    tgt_rules_receive(conn, pdu->bhs);
    conn->reading = NULL;
    if (!conn->dropped && !tgt_conn_full_feature(conn))
        return RIG_OK;
    if (!conn->dropped && kind == RIG_PDU_DATA_OUT && !conn->session->discovery)
        return tgt_data_out_header(conn, pdu, out_sink);
    if (!conn->dropped && kind == RIG_PDU_SCSI_CMD)
        return tgt_command_header(conn, pdu, out_sink);
    if (conn->dropped || (kind != RIG_PDU_TEXT_REQ && (kind != RIG_PDU_NOP_OUT || !wants_answer(pdu->bhs))))
        out_sink->kind = RIG_SINK_DISCARD;
    return RIG_OK;
}

/* Section 4.2.4. */
static rig_status in_login(tgt_conn *conn, const rig_pdu *pdu)
{
    if (rig_pdu_kind_of(pdu->bhs) == RIG_PDU_LOGIN_REQ)
        return tgt_login_request(conn, pdu);
    if (conn->login && conn->login->refused)
        return RIG_OK;
    tgt_blame(conn, RIG_F_OPCODE, 0);
    if (conn->state == TGT_S4_IN_LOGIN)
        return tgt_login_refuse(conn, pdu->bhs, TGT_LOGIN_INVALID_REQUEST);
    tgt_conn_end(conn, TGT_LOGIN_FAILED, false, RIG_E_PROTOCOL, "the first PDU is no Login Request");
    return RIG_E_ABORTED;
}

/* 11.14.4: ExpStatSN of a Logout Request is that of the connection it closes. */
static tgt_conn *spoken_of(tgt_conn *conn, const uint8_t *bhs)
{
    if (rig_pdu_kind_of(bhs) != RIG_PDU_LOGOUT_REQ || rig_get(bhs, RIG_F_LOGOUT_REASON) == 0)
        return conn;
    return tgt_session_conn(conn->session, (uint16_t)rig_get(bhs, RIG_F_CID));
}

static void acknowledge(tgt_conn *conn, const uint8_t *bhs)
{
    tgt_conn *about = spoken_of(conn, bhs);
    if (about)
        tgt_conn_acknowledged(about, rig_get32(bhs, RIG_F_EXP_STAT_SN));
}

static rig_status in_full_feature(tgt_conn *conn, const rig_pdu *pdu)
{
    rig_pdu_kind kind = rig_pdu_kind_of(pdu->bhs);
    if (!initiator_pdu(kind))
        return tgt_reject(conn, pdu, tgt_blame(conn, RIG_F_OPCODE, TGT_REJECT_UNSUPPORTED));
    if (kind == RIG_PDU_LOGIN_REQ) /* 4.2.4: one login phase a connection */
        return tgt_reject(conn, pdu, tgt_blame(conn, RIG_F_OPCODE, TGT_REJECT_PROTOCOL));
    acknowledge(conn, pdu->bhs);
    if ((kind == RIG_PDU_SNACK || kind == RIG_PDU_DATA_OUT) && conn->session->discovery)
        return tgt_reject(conn, pdu, tgt_blame(conn, RIG_F_OPCODE, TGT_REJECT_UNSUPPORTED));
    if (kind == RIG_PDU_SNACK && !conn->retention)
        return tgt_reject(conn, pdu, tgt_blame(conn, RIG_F_OPCODE, TGT_REJECT_PROTOCOL));
    if (kind == RIG_PDU_SNACK)
        return tgt_snack(conn, pdu);
    if (kind == RIG_PDU_DATA_OUT)
        return tgt_data_out(conn, pdu);
    if (!wants_answer(pdu->bhs) && !conn->session->discovery)
        return tgt_nop_reply(conn, pdu);
    return tgt_command(conn, pdu);
}

static rig_status on_whole(tgt_conn *conn, const rig_pdu *pdu)
{
    rig_status status = RIG_OK;
    conn->reading = pdu->bhs;
    conn->blame = NULL;
    tgt_rules_receive(conn, pdu->bhs);
    if (!conn->dropped && tgt_conn_full_feature(conn))
        status = in_full_feature(conn, pdu);
    else if (!conn->dropped)
        status = in_login(conn, pdu);
    tgt_rules_received(conn);
    conn->reading = NULL;
    return status;
}

static rig_status on_complete(void *ctx, const rig_pdu *pdu)
{
    tgt_conn *conn = ctx;
    if (pdu->bad_header_digest)
        return RIG_OK; /* 7.8: nothing of it is looked at; the framer stops */
    rig_status status = on_whole(conn, pdu);
    if (conn->closing != TGT_OPEN)
        return RIG_E_ABORTED;
    if (conn->num_waiting > TGT_WAITING_MAX) {
        tgt_conn_end(conn, TGT_TRANSPORT_LOST, false, RIG_E_LIMIT,
                     "too many requests without an answer taken");
        return RIG_E_ABORTED;
    }
    return status;
}

const rig_framer_ops tgt_framer_ops = {.header = on_header, .complete = on_complete};

/* ---- bytes ---- */

static int on_space(void *ctx, struct iovec *iov, int max)
{
    tgt_conn *conn = ctx;
    struct iovec places[RIG_SPACE_IOV];
    if (max < 1)
        return 0;
    if (conn->closing != TGT_OPEN) {
        iov[0] = conn->target->config.read_ahead;
        return 1;
    }
    if (conn->num_waiting >= TGT_WAITING_STOP || conn->raw.len > 0)
        return 0;
    int num = rig_framer_space(&conn->framer, conn->target->config.read_ahead, places);
    num = num < max ? num : max;
    for (int i = 0; i < num; i++)
        iov[i] = places[i];
    return num;
}

static void framer_stopped(tgt_conn *conn, rig_status status, const rig_error *err)
{
    conn->reading = conn->framer.pdu.bhs; /* in the read-ahead area, or gathered */
    conn->blame = err->field[0] ? err->field : NULL;
    switch (status) {
    case RIG_E_HEADER_DIGEST:
        tgt_conn_end(conn, TGT_TRANSPORT_LOST, false, status, "header digest error");
        return;
    case RIG_E_NOMEM:
        tgt_conn_end(conn, TGT_TRANSPORT_LOST, false, status, "no memory for a PDU");
        return;
    default:
        tgt_conn_fail(conn, status, err->text[0] ? err->text : "format error");
    }
}

static void on_received(void *ctx, size_t len, uint64_t now)
{
    tgt_conn *conn = ctx;
    rig_target *target = conn->target;
    if (conn->closing != TGT_OPEN)
        return;
    tgt_enter(target, now);
    conn->last_rx = now;
    rig_error err = {0};
    rig_status status = rig_framer_commit(&conn->framer, target->config.read_ahead, len, &err);
    if (status != RIG_OK && conn->closing == TGT_OPEN)
        framer_stopped(conn, status, &err);
    conn->reading = NULL;
    conn->blame = NULL;
    tgt_conn_kick(conn);
    tgt_leave(target);
}

static int on_output(void *ctx, struct iovec *iov, int max, uint64_t now)
{
    tgt_conn *conn = ctx;
    if (!rig_txq_empty(&conn->txq))
        return tgt_cut_output(conn, iov, rig_txq_iov(&conn->txq, iov, max, now, NULL));
    if (conn->raw.len == 0 || max < 1)
        return 0;
    iov[0] = (struct iovec){(void *)(uintptr_t)conn->raw.ptr, conn->raw.len};
    return 1;
}

static void sent_one(void *ctx, void *cookie)
{
    (void)ctx;
    tgt_task_unref(cookie);
}

static void on_sent(void *ctx, size_t len, uint64_t now)
{
    tgt_conn *conn = ctx;
    rig_target *target = conn->target;
    bool raw = conn->raw.len > 0;
    tgt_enter(target, now);
    if (!rig_txq_empty(&conn->txq))
        rig_txq_sent(&conn->txq, len, sent_one, conn);
    else
        conn->raw = rig_view_sub(conn->raw, len, conn->raw.len);
    tgt_cut_sent(conn);
    if (conn->num_waiting > 0 || raw)
        tgt_conn_kick(conn);
    tgt_leave(target);
}

static void on_event(void *ctx, rig_stream_event event, rig_status why, uint64_t now)
{
    tgt_conn *conn = ctx;
    rig_target *target = conn->target;
    tgt_enter(target, now);
    if (event == RIG_STREAM_PEER_CLOSED) {
        conn->peer_closed = true;
        bool quiet = rig_txq_empty(&conn->txq) && tgt_list_empty(&conn->ready) && conn->raw.len == 0;
        tgt_conn_end(conn, TGT_TRANSPORT_LOST, quiet, RIG_E_CLOSED, "the initiator closed the connection");
    } else if (event == RIG_STREAM_CLOSED || event == RIG_STREAM_FAILED) {
        conn->stream = NULL;
        if (conn->closing == TGT_OPEN)
            tgt_conn_end(conn, TGT_TRANSPORT_LOST, false, why == RIG_OK ? RIG_E_CLOSED : why,
                         "the connection was lost");
        else
            tgt_conn_stream_gone(conn);
    }
    tgt_leave(target);
}

const rig_stream_user_ops tgt_stream_ops = {
    .space = on_space,
    .received = on_received,
    .output = on_output,
    .sent = on_sent,
    .event = on_event,
};
