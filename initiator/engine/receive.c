/* Input: where a payload goes when its header is here, and who takes the PDU when it is complete. */
#include "internal.h"

typedef rig_status take_fn(eng_conn *conn, const rig_pdu *pdu, uint64_t now);

static take_fn *const takers[RIG_PDU_KINDS] = {
    [RIG_PDU_NOP_IN] = eng_nop_in,         [RIG_PDU_SCSI_RESP] = eng_scsi_response,
    [RIG_PDU_TMF_RESP] = eng_tmf_response, [RIG_PDU_TEXT_RESP] = eng_text_response,
    [RIG_PDU_DATA_IN] = eng_data_in,       [RIG_PDU_LOGOUT_RESP] = eng_logout_response,
    [RIG_PDU_R2T] = eng_r2t_take,          [RIG_PDU_ASYNC] = eng_async,
    [RIG_PDU_REJECT] = eng_reject,
};

rig_status eng_header(void *ctx, const rig_pdu *pdu, rig_sink *out_sink)
{
    eng_conn *conn = ctx;
    if (conn->state >= ENG_S5_LOGGED_IN && rig_pdu_kind_of(pdu->bhs) == RIG_PDU_DATA_IN)
        return eng_data_in_place(conn, pdu, out_sink);
    return RIG_OK;
}

/* A wrong header digest ends the connection at every level: where the next header begins is not known (7.8).
 */
static rig_status check_digests(eng_conn *conn, const rig_pdu *pdu)
{
    if (pdu->bad_header_digest)
        return eng_conn_error(conn, RIG_E_HEADER_DIGEST, pdu, RIG_F_OPCODE,
                              "the header digest does not match (7.8)");
    if (pdu->bad_data_digest && (eng_level(conn->session) == 0 || conn->state == ENG_S4_IN_LOGIN))
        return eng_conn_error(conn, RIG_E_DATA_DIGEST, pdu, RIG_F_DATA_LEN,
                              "the data digest does not match (7.8)");
    return RIG_OK;
}

static rig_status take(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    rig_status status = check_digests(conn, pdu);
    eng_count_received(conn, pdu);
    if (status)
        return status;
    if (conn->state == ENG_S4_IN_LOGIN)
        return eng_login_response(conn, pdu, now);
    if (pdu->ahs.len)
        return eng_conn_error(conn, RIG_E_FORMAT, pdu, RIG_F_AHS_WORDS,
                              "a target sends no additional header (11.2.1.5)");
    take_fn *fn = takers[rig_pdu_kind_of(pdu->bhs)];
    if (!fn)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_OPCODE,
                              "not a PDU a target sends in this phase");
    if (pdu->bad_data_digest)
        return eng_digest_error(conn, pdu, now);
    bool again;
    status = eng_window_take(conn, pdu);
    if (!status)
        status = eng_stat_sn(conn, pdu, &again);
    eng_recovery_arm(conn, now);
    return status || again ? status : fn(conn, pdu, now);
}

rig_status eng_complete(void *ctx, const rig_pdu *pdu)
{
    eng_conn *conn = ctx;
    uint64_t now = conn->session->initiator->now;
    rig_status status = take(conn, pdu, now);
    conn->placing = NULL;
    conn->cut = false;
    if (!status && conn->over)
        return RIG_E_ABORTED;
    if (!status && rig_session_is_up(conn->session))
        eng_session_wake(conn->session);
    return status;
}
