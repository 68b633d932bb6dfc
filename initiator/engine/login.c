/* The login phase (RFC 7143 section 6.3): one request out, one response in, stage after stage. */
#include "internal.h"

#define STAGE_SECURITY 0
#define STAGE_OPERATIONAL 1
#define STAGE_FULL_FEATURE 3

void eng_login_free(eng_conn *conn)
{
    const rig_alloc *alloc = eng_alloc(conn->session);
    if (!conn->login)
        return;
    rig_gather_cleanup(&conn->login->tx, alloc);
    rig_gather_cleanup(&conn->login->rx, alloc);
    rig_delete(alloc, conn->login->alias, conn->login->alias ? conn->login->alias_len + 1 : 0);
    eng_chap_free(conn);
    rig_delete(alloc, conn->login, sizeof *conn->login);
    conn->login = NULL;
}

static void default_results(eng_login *login, const rig_session *session, bool leading)
{
    for (unsigned i = 0; i < RIG_KEYS; i++) {
        login->result[i].value = rig_key_rows[i].in_force;
        if (!leading && rig_key_rows[i].leading)
            login->result[i] = session->agreed[i];
    }
}

rig_status eng_login_start(eng_conn *conn, uint64_t now)
{
    rig_session *session = conn->session;
    rig_initiator *initiator = session->initiator;
    eng_login *login = rig_new(eng_alloc(session), sizeof *login);
    if (!login)
        return RIG_E_NOMEM;
    conn->login = login;
    conn->heard = now;
    login->itt = (uint32_t)rig_draw(&initiator->config.draws, "login-tag", initiator->num_tags++);
    if (login->itt == RIG_TAG_NONE)
        login->itt = 0;
    login->stage = session->config.start_operational ? STAGE_OPERATIONAL : STAGE_SECURITY;
    default_results(login, session, conn->leading);
    rig_status status = eng_keys_first(conn);
    return status ? status : eng_login_send(conn);
}

/* The first request of a connection that restarts another tells how far that one got (11.12.9). */
static uint32_t first_exp_stat_sn(const eng_conn *conn)
{
    const eng_conn *failed = conn->leading ? NULL : eng_session_failed(conn->session, conn->cid);
    return failed ? eng_ack_sn(failed) : 0;
}

static void fill_request(const eng_conn *conn, uint8_t *bhs)
{
    const rig_session *session = conn->session;
    const eng_login *login = conn->login;
    rig_set(bhs, RIG_F_I, 1);
    rig_set(bhs, RIG_F_CSG, login->stage);
    rig_set(bhs, RIG_F_ISID, rig_be_get(session->config.isid, 6));
    rig_set(bhs, RIG_F_TSIH, conn->leading ? 0 : session->tsih);
    rig_set(bhs, RIG_F_ITT, login->itt);
    rig_set(bhs, RIG_F_CID, conn->cid);
    rig_set(bhs, RIG_F_CMD_SN, session->cmd_sn);
    rig_set(bhs, RIG_F_EXP_STAT_SN, login->first_response ? conn->exp_stat_sn : first_exp_stat_sn(conn));
}

static uint8_t wanted_stage(const eng_conn *conn)
{
    bool shortcut = conn->login->stage == STAGE_SECURITY && !conn->session->config.ask_full_feature;
    return shortcut ? STAGE_OPERATIONAL : STAGE_FULL_FEATURE;
}

static rig_status count_exchange(eng_conn *conn)
{
    if (++conn->login->exchanges > RIG_LOGIN_EXCHANGES_MAX)
        return rig_fail(&conn->error, RIG_E_NEGOTIATION, "no agreement after %u login exchanges",
                        RIG_LOGIN_EXCHANGES_MAX);
    return RIG_OK;
}

static rig_status put_part(eng_conn *conn, rig_tx *tx, size_t len)
{
    const eng_login *login = conn->login;
    if (len == 0)
        return RIG_OK;
    tx->owned = rig_new(eng_alloc(conn->session), len);
    if (!tx->owned)
        return RIG_E_NOMEM;
    tx->owned_size = len;
    memcpy(tx->owned, login->tx.ptr + login->tx_sent, len);
    tx->flat = (struct iovec){tx->owned, len};
    tx->data_len = (uint32_t)len;
    return RIG_OK;
}

rig_status eng_login_send(eng_conn *conn)
{
    eng_login *login = conn->login;
    rig_status status = eng_keys_stage(conn);
    if (!status)
        status = count_exchange(conn);
    rig_tx *tx = status ? NULL : rig_txq_push(&conn->txq, RIG_PDU_LOGIN_REQ, &status);
    if (!tx)
        return status;
    size_t rest = login->tx.len - login->tx_sent;
    login->more_to_send = rest > RIG_LOGIN_DATA_MAX;
    size_t len = login->more_to_send ? RIG_LOGIN_DATA_MAX : rest;
    fill_request(conn, tx->bhs);
    login->asked_transit =
        !login->more_to_send && (login->stage != STAGE_SECURITY || eng_security_ready(conn));
    login->next_stage = wanted_stage(conn);
    rig_set(tx->bhs, RIG_F_C, login->more_to_send);
    rig_set(tx->bhs, RIG_F_T, login->asked_transit);
    rig_set(tx->bhs, RIG_F_NSG, login->asked_transit ? login->next_stage : 0);
    status = put_part(conn, tx, len);
    if (status) {
        rig_txq_cancel(&conn->txq);
        return status;
    }
    rig_txq_seal(&conn->txq);
    eng_count_sent(conn, RIG_PDU_LOGIN_REQ);
    login->tx_sent += len;
    if (!login->more_to_send) {
        rig_gather_cleanup(&login->tx, eng_alloc(conn->session));
        login->tx_sent = 0;
    }
    eng_conn_wake(conn);
    return RIG_OK;
}

/* An empty request asks for the next part of a response that is spread over PDUs (section 6.2). */
static rig_status ask_for_more(eng_conn *conn, const rig_pdu *pdu)
{
    /* Parts with text end with the limit of the text, empty ones with that of the exchanges. */
    rig_status status = pdu->data.len ? RIG_OK : count_exchange(conn);
    rig_tx *tx = status ? NULL : rig_txq_push(&conn->txq, RIG_PDU_LOGIN_REQ, &status);
    if (!tx)
        return status;
    fill_request(conn, tx->bhs);
    conn->login->asked_transit = false;
    rig_txq_seal(&conn->txq);
    eng_count_sent(conn, RIG_PDU_LOGIN_REQ);
    eng_conn_wake(conn);
    return RIG_OK;
}

static rig_status check_header(eng_conn *conn, const rig_pdu *pdu)
{
    const uint8_t *bhs = pdu->bhs;
    const eng_login *login = conn->login;
    if (rig_pdu_kind_of(bhs) != RIG_PDU_LOGIN_RESP)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_OPCODE,
                              "only Login Responses may come during login (4.2.4)");
    if (eng_chap_waits(conn))
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_OPCODE,
                              "a response that no request was sent for (6.3)");
    if (rig_get32(bhs, RIG_F_ITT) != login->itt)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_ITT, "not the tag of this login (6.3)");
    return RIG_OK;
}

static rig_status check_stages(eng_conn *conn, const rig_pdu *pdu)
{
    const uint8_t *bhs = pdu->bhs;
    const eng_login *login = conn->login;
    bool transit = rig_get(bhs, RIG_F_T);
    if (rig_get(bhs, RIG_F_ISID) != rig_be_get(conn->session->config.isid, 6))
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_ISID, "not the ISID of the request (11.13)");
    if (rig_get(bhs, RIG_F_CSG) != login->stage)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_CSG, "not the stage of the request (6.3)");
    if (transit && !login->asked_transit)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_T, "a transition nobody asked for (6.3)");
    if (transit && rig_get(bhs, RIG_F_C))
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_C, "C and T together (11.13.1)");
    uint64_t next = rig_get(bhs, RIG_F_NSG);
    if (transit && (next > login->next_stage || next <= login->stage || next == 2))
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_NSG, "a stage beyond the one asked for (6.3)");
    if (login->more_to_send && (transit || pdu->data.len || rig_get(bhs, RIG_F_C)))
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_DATA_LEN,
                              "an unfinished request needs an empty answer (6.2)");
    if (rig_get(bhs, RIG_F_VERSION_ACTIVE) != 0)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_VERSION_ACTIVE,
                              "only version 0 was offered (11.13.2)");
    return RIG_OK;
}

/* The numbers of a session begin where its login says (11.12.8). */
static bool begins_with_ours(const eng_conn *conn, const rig_pdu *pdu)
{
    return rig_get32(pdu->bhs, RIG_F_EXP_CMD_SN) == conn->session->cmd_sn;
}

/* StatSN and the window count only in responses with class 0 (section 11.13.4). */
static rig_status take_numbers(eng_conn *conn, const rig_pdu *pdu)
{
    uint32_t stat_sn = rig_get32(pdu->bhs, RIG_F_STAT_SN);
    if (conn->login->first_response && stat_sn != conn->exp_stat_sn)
        return eng_conn_error(conn, RIG_E_SEQUENCE, pdu, RIG_F_STAT_SN,
                              "login responses count by one (11.13.4)");
    rig_session *session = conn->session;
    if (!conn->login->first_response && conn->leading) {
        session->exp_cmd_sn = session->cmd_sn;
        session->max_cmd_sn = session->cmd_sn - 1; /* closed, until the target says otherwise */
    }
    conn->login->first_response = true;
    conn->exp_stat_sn = stat_sn + 1;
    if (!conn->leading || begins_with_ours(conn, pdu))
        return eng_window_take(conn, pdu);
    return RIG_OK;
}

static rig_status finish(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    rig_session *session = conn->session;
    uint16_t tsih = (uint16_t)rig_get(pdu->bhs, RIG_F_TSIH);
    if (tsih == 0 || (!conn->leading && tsih != session->tsih))
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_TSIH,
                              "the final response names the session (11.13.3)");
    if (conn->leading && !begins_with_ours(conn, pdu))
        return eng_conn_error(conn, RIG_E_SEQUENCE, pdu, RIG_F_EXP_CMD_SN,
                              "the target expects another CmdSN than that of the login (11.12.8)");
    rig_status status = eng_keys_finish(conn);
    if (status)
        return status;
    session->tsih = tsih;
    eng_security_finish(conn);
    session->last_status = RIG_OK;
    session->last_login_status = 0;
    eng_count_login(conn, RIG_OK, now);
    rig_timerq_disarm(&session->initiator->timers, &conn->timer);
    eng_login_free(conn);
    if (!eng_conn_fire(conn, ENG_LOGIN_OK, now))
        return RIG_E_ABORTED;
    eng_nop_arm(conn, now);
    if (eng_logout_of_all(session) && !eng_conn_fire(conn, ENG_LOGOUT_SENT, now))
        return RIG_E_ABORTED; /* nothing new goes on any connection (section 11.14) */
    if (conn->leading && !eng_session_up(conn, now))
        return RIG_E_ABORTED;
    if (!conn->leading)
        eng_save_login(conn, now);
    if (conn->over)
        return RIG_E_ABORTED;
    eng_session_wake(session);
    return RIG_OK;
}

static rig_status advance(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    eng_login *login = conn->login;
    bool transit = rig_get(pdu->bhs, RIG_F_T);
    if (transit && login->tx.len == login->optional)
        rig_gather_cleanup(&login->tx, eng_alloc(conn->session));
    login->optional = 0;
    if (transit && login->tx.len)
        return eng_conn_error(conn, RIG_E_NEGOTIATION, pdu, RIG_F_T,
                              "a transition with a key that wants an answer (6.3)");
    if (transit && rig_get(pdu->bhs, RIG_F_NSG) == STAGE_FULL_FEATURE)
        return finish(conn, pdu, now);
    if (transit) {
        login->stage = (uint8_t)rig_get(pdu->bhs, RIG_F_NSG);
        login->offered = false;
    }
    return eng_login_send(conn);
}

/* Nothing but the status counts in such a response, and for redirections the address (11.13.4, 11.13.5): tgt,
 * for one, fills in no ISID. */
static rig_status refused(eng_conn *conn, const rig_pdu *pdu)
{
    eng_login *login = conn->login;
    if (rig_gather_add(&login->rx, eng_alloc(conn->session), pdu->data, RIG_TEXT_MAX) == RIG_OK)
        login->redirected = eng_keys_redirect(conn, rig_view_of(login->rx.ptr, login->rx.len));
    return eng_conn_error(conn, RIG_E_REFUSED, pdu, RIG_F_LOGIN_STATUS,
                          "the target refused the login (11.13.5)");
}

rig_status eng_login_response(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    eng_login *login = conn->login;
    rig_status status = check_header(conn, pdu);
    if (status)
        return status;
    login->login_status = (uint16_t)rig_get(pdu->bhs, RIG_F_LOGIN_STATUS);
    if (login->login_status >> 8)
        return refused(conn, pdu);
    status = check_stages(conn, pdu);
    if (!status)
        status = take_numbers(conn, pdu);
    if (!status)
        status = rig_gather_add(&login->rx, eng_alloc(conn->session), pdu->data, RIG_TEXT_MAX);
    if (status)
        return status;
    if (rig_get(pdu->bhs, RIG_F_C))
        return ask_for_more(conn, pdu);
    if (login->more_to_send)
        return eng_login_send(conn);
    status = eng_keys_take(conn, pdu);
    rig_gather_cleanup(&login->rx, eng_alloc(conn->session));
    if (status || !eng_chap_waits(conn))
        return status ? status : advance(conn, pdu, now);
    memcpy(login->held, pdu->bhs, sizeof login->held);
    login->held_at = pdu->offset;
    return RIG_OK;
}

rig_status eng_login_verified(eng_conn *conn, uint64_t now)
{
    const rig_pdu held = {.bhs = conn->login->held, .offset = conn->login->held_at};
    return advance(conn, &held, now);
}
