/* The login phase (RFC 7143 sections 6.3, 11.12, 11.13). */
#include "tlogin.h"

enum { STAGE_SECURITY = 0, STAGE_OPERATIONAL = 1, STAGE_FULL = 3 };

/* ---- beginning and end ---- */

static tgt_login *open_login(tgt_conn *conn, const uint8_t *bhs)
{
    tgt_login *login = rig_new(conn->target->alloc, sizeof(*login));
    if (!login)
        return NULL;
    conn->login = login;
    login->itt = rig_get32(bhs, RIG_F_ITT);
    login->cmd_sn = rig_get32(bhs, RIG_F_CMD_SN);
    login->exp_stat_sn = rig_get32(bhs, RIG_F_EXP_STAT_SN);
    login->cid = (uint16_t)rig_get(bhs, RIG_F_CID);
    login->tsih = (uint16_t)rig_get(bhs, RIG_F_TSIH);
    rig_be_set(login->isid, sizeof(login->isid), rig_get(bhs, RIG_F_ISID));
    login->csg = (uint8_t)rig_get(bhs, RIG_F_CSG);
    return login;
}

void tgt_login_free(tgt_conn *conn)
{
    tgt_login *login = conn->login;
    if (!login)
        return;
    tgt_login_abandon(conn);
    rig_gather_cleanup(&login->in, conn->target->alloc);
    rig_gather_cleanup(&login->out, conn->target->alloc);
    rig_delete(conn->target->alloc, login, sizeof(*login));
    conn->login = NULL;
}

static rig_status no_memory(tgt_conn *conn)
{
    tgt_conn_end(conn, TGT_LOGIN_FAILED, false, RIG_E_NOMEM, "no memory for a login");
    return RIG_E_ABORTED;
}

static rig_status answer_later(tgt_conn *conn, const uint8_t *bhs)
{
    tgt_task *task = tgt_task_new(conn, TGT_TASK_LOGIN, bhs);
    if (!task)
        return no_memory(conn);
    conn->login->answering = true;
    tgt_task_ready(task);
    return RIG_OK;
}

/* ---- redirection ---- */

static rig_status add_address(tgt_conn *conn, rig_view address)
{
    return rig_gather_pair(&conn->login->out, conn->target->alloc, tgt_key_rows[TGT_KEY_TARGET_ADDRESS].name,
                           address, RIG_LOGIN_DATA_MAX);
}

/* 11.13.5 and 13.8: where else the target is, without the portal group. */
static rig_status add_other_addresses(tgt_conn *conn)
{
    char text[RIG_PORTAL_TEXT];
    rig_status status = RIG_OK;
    const rig_target *target = conn->target;
    for (uint32_t i = 0; i < target->num_portals && status == RIG_OK; i++) {
        const tgt_portal *portal = &target->portals[i];
        if (portal == conn->portal && target->num_portals > 1)
            continue;
        size_t len = tgt_portal_text(conn, portal, false, text);
        status = add_address(conn, rig_view_of(text, len));
    }
    return status;
}

static rig_status add_redirect(tgt_conn *conn)
{
    char text[RIG_PORTAL_TEXT];
    rig_text out;
    if (!conn->login->redirect)
        return add_other_addresses(conn);
    rig_text_init(&out, text, sizeof(text));
    rig_portal_print(&out, &conn->login->redirect->to);
    return add_address(conn, rig_view_of(text, out.len));
}

static void say_refused(tgt_conn *conn, const uint8_t *bhs, uint16_t status)
{
    const tgt_login *login = conn->login;
    rig_target_event event = {.kind = RIG_TARGET_LOGIN_REFUSED, .bhs = bhs, .code = status};
    event.initiator = rig_view_of(login->initiator, login->initiator_len);
    event.text = rig_view_str(login->why);
    event.field = login->blamed[0] ? login->blamed : NULL;
    if (login->node)
        event.target = rig_view_of(login->node->name, login->node->name_len);
    tgt_event(conn->target, &event, conn, conn->session);
}

rig_status tgt_login_refuse(tgt_conn *conn, const uint8_t *bhs, uint16_t status)
{
    tgt_login *login = conn->login;
    login->refused = true;
    login->status = status;
    say_refused(conn, bhs, status);
    rig_gather_cleanup(&login->out, conn->target->alloc);
    login->out_at = 0;
    bool moved = status == TGT_LOGIN_MOVED_TEMPORARILY || status == TGT_LOGIN_MOVED_PERMANENTLY;
    if (moved && add_redirect(conn) != RIG_OK)
        return no_memory(conn);
    return answer_later(conn, bhs);
}

/* ---- one request against those before it (11.12) ---- */

static bool same_login(const tgt_login *login, const uint8_t *bhs)
{
    return rig_get32(bhs, RIG_F_ITT) == login->itt && rig_get(bhs, RIG_F_TSIH) == login->tsih &&
           rig_get(bhs, RIG_F_CID) == login->cid && rig_get(bhs, RIG_F_ISID) == rig_be_get(login->isid, 6);
}

/* The table of allowed moves in 6.3; NSG means nothing without T. */
static bool stage_sound(const tgt_login *login, const uint8_t *bhs)
{
    uint64_t csg = rig_get(bhs, RIG_F_CSG), nsg = rig_get(bhs, RIG_F_NSG);
    if (csg != login->csg || csg > STAGE_OPERATIONAL)
        return false;
    if (!rig_get(bhs, RIG_F_T))
        return true;
    return !rig_get(bhs, RIG_F_C) && nsg > csg && (nsg == STAGE_OPERATIONAL || nsg == STAGE_FULL);
}

static rig_field_id changed_field(const tgt_login *login, const uint8_t *bhs)
{
    if (rig_get32(bhs, RIG_F_ITT) != login->itt)
        return RIG_F_ITT;
    if (rig_get(bhs, RIG_F_TSIH) != login->tsih)
        return RIG_F_TSIH;
    return rig_get(bhs, RIG_F_CID) != login->cid ? RIG_F_CID : RIG_F_ISID;
}

static rig_field_id unsound_field(const tgt_login *login, const uint8_t *bhs)
{
    uint64_t csg = rig_get(bhs, RIG_F_CSG);
    if (csg != login->csg || csg > STAGE_OPERATIONAL)
        return RIG_F_CSG;
    return rig_get(bhs, RIG_F_C) ? RIG_F_C : RIG_F_NSG;
}

static uint16_t check_header(tgt_conn *conn, const uint8_t *bhs)
{
    tgt_login *login = conn->login;
    login->num_pdus++;
    if (login->num_pdus == 1 && rig_get(bhs, RIG_F_VERSION_MIN) > 0) {
        tgt_blame(conn, RIG_F_VERSION_MIN, 0);
        return TGT_LOGIN_VERSION;
    }
    if (!same_login(login, bhs)) {
        tgt_blame(conn, changed_field(login, bhs), 0);
        return TGT_LOGIN_INITIATOR_ERROR;
    }
    if (!stage_sound(login, bhs)) {
        tgt_blame(conn, unsound_field(login, bhs), 0);
        return TGT_LOGIN_INITIATOR_ERROR;
    }
    return login->num_pdus > TGT_LOGIN_PDUS ? TGT_LOGIN_INITIATOR_ERROR : TGT_LOGIN_OK;
}

/* ---- the first complete text ---- */

static bool find_value(rig_view text, tgt_key key, rig_view *out_value)
{
    rig_pair pair;
    for (rig_view rest = text; rig_pair_next(text.ptr, &rest, &pair, NULL) == RIG_OK;) {
        if (!rig_view_eq(pair.key, tgt_key_name(key)))
            continue;
        *out_value = pair.value;
        return true;
    }
    return false;
}

/* Keeps for those who read the events which key a refusal is about. Returns status. */
static uint16_t blame_key(tgt_login *login, rig_view key, rig_view why, uint16_t status)
{
    rig_text text;
    rig_text_init(&text, login->blamed, sizeof(login->blamed));
    rig_text_view(&text, key);
    rig_text_init(&text, login->why, sizeof(login->why));
    rig_text_view(&text, why);
    return status;
}

static uint16_t blame_name(tgt_login *login, tgt_key key, rig_view value, uint16_t status)
{
    return blame_key(login, rig_view_str(tgt_key_rows[key].name), value, status);
}

static uint16_t find_node(tgt_conn *conn, rig_view text)
{
    tgt_login *login = conn->login;
    rig_view name = {0};
    if (!find_value(text, TGT_KEY_TARGET_NAME, &name))
        return login->discovery ? TGT_LOGIN_OK
                                : blame_name(login, TGT_KEY_TARGET_NAME, name, TGT_LOGIN_MISSING);
    login->node = tgt_node_find(conn->target, name);
    if (!login->node || !tgt_node_at(login->node, conn->portal))
        return blame_name(login, TGT_KEY_TARGET_NAME, name, TGT_LOGIN_NOT_FOUND);
    return tgt_admit(conn, login->node);
}

static uint16_t take_names(tgt_conn *conn, rig_view text)
{
    tgt_login *login = conn->login;
    rig_view value = {0};
    if (!find_value(text, TGT_KEY_INITIATOR_NAME, &value) || value.len == 0)
        return blame_name(login, TGT_KEY_INITIATOR_NAME, value, TGT_LOGIN_MISSING);
    if (value.len > RIG_NAME_MAX || rig_iname_check(value, NULL, NULL) != RIG_OK)
        return blame_name(login, TGT_KEY_INITIATOR_NAME, value, TGT_LOGIN_INITIATOR_ERROR);
    memcpy(login->initiator, value.ptr, value.len);
    login->initiator_len = (uint16_t)value.len;
    if (find_value(text, TGT_KEY_SESSION_TYPE, &value)) {
        int type = tgt_key_position(TGT_KEY_SESSION_TYPE, value);
        if (type < 0)
            return blame_name(login, TGT_KEY_SESSION_TYPE, value, TGT_LOGIN_SESSION_TYPE);
        login->discovery = type == 1;
    }
    return find_node(conn, text);
}

/* A session may be made, and a place for it is there: a failed one gives way to a new one. */
static uint16_t prepare_session(tgt_conn *conn)
{
    tgt_login *login = conn->login;
    login->session = tgt_session_new(conn->target);
    if (!login->session)
        return TGT_LOGIN_RESOURCES;
    tgt_session *session = login->session;
    session->initiator = rig_copy_text(conn->target->alloc, login->initiator, login->initiator_len);
    if (!session->initiator)
        return TGT_LOGIN_RESOURCES;
    session->initiator_len = login->initiator_len;
    memcpy(session->isid, login->isid, sizeof(session->isid));
    session->node = login->node;
    session->portal = conn->portal;
    session->discovery = login->discovery;
    session->exp_cmd_sn = login->cmd_sn;
    return TGT_LOGIN_OK;
}

static uint16_t identify(tgt_conn *conn, rig_view text)
{
    tgt_login *login = conn->login;
    tgt_session *session;
    uint16_t status = take_names(conn, text);
    if (status)
        return status;
    tgt_login_action action = tgt_login_decide(conn, login, &session, &status);
    if (action == TGT_LOGIN_FAIL) {
        tgt_blame(conn, RIG_F_TSIH, 0);
        return status;
    }
    login->identified = true;
    if (login->tsih == 0)
        status = prepare_session(conn);
    else
        tgt_login_continue(conn, action, session);
    tgt_negotiation_init(&login->negotiation,
                         login->node && login->node->own ? login->node->own : conn->target->own);
    login->negotiation.discovery = login->discovery;
    login->negotiation.leading = login->tsih == 0;
    login->negotiation.methods = tgt_auth_methods(conn);
    if (!status && login->csg != STAGE_SECURITY && !tgt_auth_optional(login)) {
        tgt_blame(conn, RIG_F_CSG, 0);
        status = TGT_LOGIN_AUTHENTICATION; /* 6.3.1: not without the security stage */
    }
    return status;
}

/* ---- our own declarations ---- */

static rig_status declare_number(tgt_conn *conn, tgt_key key, uint32_t value)
{
    char number[16];
    rig_text text;
    rig_text_init(&text, number, sizeof(number));
    rig_text_number(&text, value);
    return rig_gather_pair(&conn->login->out, conn->target->alloc, tgt_key_rows[key].name,
                           rig_view_of(number, text.len), RIG_TEXT_ANSWER_MAX);
}

/* 13.9 and 6.3.1: the portal group with the first response that may carry it; 13.6: the alias. */
static rig_status declare_target(tgt_conn *conn)
{
    tgt_login *login = conn->login;
    if (!login->node)
        return RIG_OK;
    rig_status status = declare_number(conn, TGT_KEY_PORTAL_GROUP, conn->portal->group);
    if (status != RIG_OK || !login->node->alias || login->discovery)
        return status;
    return rig_gather_pair(&login->out, conn->target->alloc, tgt_key_rows[TGT_KEY_TARGET_ALIAS].name,
                           rig_view_of(login->node->alias, login->node->alias_len), RIG_TEXT_ANSWER_MAX);
}

static rig_status declare_limits(tgt_conn *conn)
{
    tgt_login *login = conn->login;
    if (login->csg != STAGE_OPERATIONAL || login->declared)
        return RIG_OK;
    login->declared = true;
    return declare_number(conn, TGT_KEY_MAX_RECV, login->negotiation.own[TGT_KEY_MAX_RECV]);
}

/* ---- one complete text ---- */

bool tgt_login_fault(tgt_conn *conn, rig_fault fault)
{
    uint32_t bit;
    if (!tgt_rules_fault(conn->target, conn->effects, fault, &bit))
        return false;
    conn->login->wrong = rig_fault_rows[fault].name;
    return true;
}

static uint16_t take_text(tgt_conn *conn, rig_view text)
{
    tgt_login *login = conn->login;
    uint16_t status = TGT_LOGIN_OK;
    rig_error err = {0};
    if (++login->num_texts > TGT_LOGIN_EXCHANGES)
        return TGT_LOGIN_INITIATOR_ERROR;
    bool first = !login->identified;
    if (first)
        status = identify(conn, text);
    if (status)
        return status;
    if (first && declare_target(conn) != RIG_OK)
        return TGT_LOGIN_RESOURCES;
    login->negotiation.phase = login->csg == STAGE_SECURITY ? TGT_PHASE_SECURITY : TGT_PHASE_OPERATIONAL;
    status = tgt_negotiate(&login->negotiation, text, conn->target->alloc, &login->out, &err);
    if (status) {
        const char *field = err.field[0] ? err.field : rig_fields[RIG_F_DATA_LEN].name;
        blame_key(login, rig_view_str(field), rig_view_str(err.text), status);
    }
    if (!status && login->csg == STAGE_SECURITY)
        status = tgt_auth_step(conn, text, login->asks);
    if (!status && declare_limits(conn) != RIG_OK)
        status = TGT_LOGIN_RESOURCES;
    return status;
}

/* May the transition that is asked for be granted with this answer? */
static bool may_move(tgt_conn *conn)
{
    const tgt_login *login = conn->login;
    if (!login->asks || login->out.len - login->out_at > RIG_LOGIN_DATA_MAX)
        return false;
    if (login->csg == STAGE_SECURITY && !tgt_auth_done(login))
        return tgt_login_fault(conn, RIG_FAULT_AUTH_TRANSIT_EARLY);
    return !tgt_login_fault(conn, RIG_FAULT_TRANSIT_NEVER);
}

static uint16_t take_request(tgt_conn *conn, const rig_pdu *pdu)
{
    tgt_login *login = conn->login;
    bool sending = login->out_at < login->out.len;
    uint16_t status = check_header(conn, pdu->bhs);
    if (status)
        return status;
    if (login->answering) /* 6.3: one request at a time */
        return TGT_LOGIN_INITIATOR_ERROR;
    if (sending && pdu->data.len > 0)
        return TGT_LOGIN_INITIATOR_ERROR; /* 6.2: our cut text goes on first */
    rig_status gathered = rig_gather_add(&login->in, conn->target->alloc, pdu->data, RIG_TEXT_MAX);
    if (gathered != RIG_OK)
        return gathered == RIG_E_NOMEM ? TGT_LOGIN_RESOURCES : TGT_LOGIN_INITIATOR_ERROR;
    login->complete = !rig_get(pdu->bhs, RIG_F_C);
    login->moves = false;
    login->asks = rig_get(pdu->bhs, RIG_F_T);
    if (!login->complete)
        return TGT_LOGIN_OK;
    if (!sending)
        status = take_text(conn, rig_view_of(login->in.ptr, login->in.len));
    rig_gather_cleanup(&login->in, conn->target->alloc);
    if (status)
        return status;
    login->moves = may_move(conn);
    return login->moves && rig_get(pdu->bhs, RIG_F_NSG) == STAGE_FULL ? tgt_login_establish(conn)
                                                                      : TGT_LOGIN_OK;
}

rig_status tgt_login_request(tgt_conn *conn, const rig_pdu *pdu)
{
    if (conn->state == TGT_S3_XPT_UP) {
        if (!open_login(conn, pdu->bhs))
            return no_memory(conn);
        tgt_fsm_step(&tgt_conn_fsm, &conn->state, TGT_LOGIN_STARTED, NULL);
    }
    if (conn->login->refused)
        return RIG_OK;
    uint16_t status = take_request(conn, pdu);
    if (status)
        return tgt_login_refuse(conn, pdu->bhs, status);
    return answer_later(conn, pdu->bhs);
}

/* ---- the response ---- */

static rig_status next_part(tgt_conn *conn, tgt_answer *answer, bool *out_cut)
{
    tgt_login *login = conn->login;
    size_t len = login->complete || login->refused ? login->out.len - login->out_at : 0;
    *out_cut = len > RIG_LOGIN_DATA_MAX;
    len = *out_cut ? RIG_LOGIN_DATA_MAX : len;
    if (len == 0)
        return RIG_OK;
    answer->owned = rig_new(conn->target->alloc, len);
    if (!answer->owned)
        return RIG_E_NOMEM;
    memcpy(answer->owned, login->out.ptr + login->out_at, len);
    answer->owned_size = len;
    answer->data_len = (uint32_t)len;
    return RIG_OK;
}

static void fill_accept(const tgt_conn *conn, const tgt_task *task, bool cut, uint8_t *bhs)
{
    const tgt_login *login = conn->login;
    rig_set(bhs, RIG_F_C, cut);
    rig_set(bhs, RIG_F_CSG, rig_get(task->bhs, RIG_F_CSG));
    rig_set(bhs, RIG_F_TSIH, login->up ? conn->session->tsih : login->tsih);
    if (!login->moves)
        return;
    rig_set(bhs, RIG_F_T, 1);
    rig_set(bhs, RIG_F_NSG, rig_get(task->bhs, RIG_F_NSG));
}

/* What the queued response announces comes true behind it; digests start with the next PDU (13.1). */
static void follow(tgt_conn *conn, uint8_t nsg)
{
    tgt_login *login = conn->login;
    login->answering = false;
    if (login->refused) {
        tgt_conn_end(conn, TGT_LOGIN_FAILED, true, RIG_E_REFUSED, "the login was refused");
        return;
    }
    if (login->out_at >= login->out.len) {
        rig_gather_cleanup(&login->out, conn->target->alloc);
        login->out_at = 0;
    }
    if (!login->moves)
        return;
    login->csg = nsg;
    if (!login->up)
        return;
    const uint32_t *value = login->negotiation.value;
    rig_txq_digests(&conn->txq, value[TGT_KEY_HEADER_DIGEST], value[TGT_KEY_DATA_DIGEST]);
    tgt_login_free(conn);
    tgt_conn_alive(conn);
    if (tgt_fault_now_said(conn, RIG_FAULT_CLOSED_UNTOLD))
        tgt_conn_end(conn, TGT_TRANSPORT_LOST, true, RIG_E_ABORTED, "closed behind the login");
}

static void say_wrong(tgt_conn *conn)
{
    if (conn->login->wrong)
        tgt_made_wrong(conn, conn->login->wrong);
    conn->login->wrong = NULL;
}

bool tgt_login_answer(tgt_task *task)
{
    tgt_conn *conn = task->conn;
    tgt_login *login = conn->login;
    tgt_answer answer;
    bool cut;
    uint8_t nsg = (uint8_t)rig_get(task->bhs, RIG_F_NSG);
    tgt_answer_init(&answer, task, RIG_PDU_LOGIN_RESP);
    if (next_part(conn, &answer, &cut) != RIG_OK) {
        no_memory(conn);
        return true;
    }
    rig_set(answer.bhs, RIG_F_ISID, rig_be_get(login->isid, sizeof(login->isid)));
    if (login->refused) {
        rig_set(answer.bhs, RIG_F_ITT, login->itt);
        rig_set(answer.bhs, RIG_F_TSIH, login->tsih);
        rig_set(answer.bhs, RIG_F_LOGIN_STATUS, login->status);
    } else {
        fill_accept(conn, task, cut, answer.bhs);
    }
    answer.last = true;
    size_t len = answer.data_len;
    tgt_pushed pushed = tgt_reply(task, &answer);
    if (pushed == TGT_PUSHED) {
        login->out_at += len;
        say_wrong(conn);
        follow(conn, nsg);
    }
    return pushed != TGT_FULL;
}
