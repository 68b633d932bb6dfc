/* Login Request and Response (sections 6.3, 11.12, 11.13). */
#include "lint.h"

static bool logging_in(const lint_at *at)
{
    return at->conn->phase == LINT_LOGIN && !at->conn->muted;
}

static bool is_request(const lint_at *at)
{
    return at->kind == RIG_PDU_LOGIN_REQ;
}

static bool succeeds(const lint_at *at)
{
    return LINT_GET(at, LOGIN_STATUS) >> 8 == 0;
}

static bool is_last(const lint_at *at)
{
    return succeeds(at) && LINT_GET(at, T) && LINT_GET(at, NSG) == 3;
}

void lint_login_first(lint_at *at)
{
    bool early = at->conn->phase == LINT_FRESH || at->conn->phase == LINT_LOGIN;
    if (early && !at->conn->muted)
        lint_part(at, "PDU", 0, "a Login Request, as the login has not ended", rig_pdu_rows[at->kind].name);
}

void lint_login_first_target(lint_at *at)
{
    bool early = at->conn->phase == LINT_FRESH || at->conn->phase == LINT_LOGIN;
    if (early && !at->conn->muted)
        lint_part(at, "PDU", 0, "a Login Response, as the login has not ended", rig_pdu_rows[at->kind].name);
}

void lint_login_once(lint_at *at)
{
    if (lint_full(at))
        lint_part(at, "PDU", 0, "no second login on a connection", "Login");
}

void lint_login_immediate(lint_at *at)
{
    if (!LINT_GET(at, I))
        lint_field(at, RIG_F_I, 1);
}

void lint_login_tag(lint_at *at)
{
    if (logging_in(at) && LINT_GET(at, ITT) != at->conn->login.itt)
        lint_field(at, RIG_F_ITT, at->conn->login.itt);
}

void lint_login_turns(lint_at *at)
{
    if (logging_in(at) && at->conn->login.pending)
        lint_part(at, "PDU", 0, "the response to the last request first", "Login");
}

void lint_login_turns_target(lint_at *at)
{
    bool fresh = at->conn->phase == LINT_FRESH && !at->conn->muted;
    if ((fresh || logging_in(at) || lint_full(at)) && !at->conn->login.pending)
        lint_part(at, "PDU", 0, "a request first", "LoginResp");
}

void lint_login_continues(lint_at *at)
{
    if (LINT_GET(at, C) && LINT_GET(at, T))
        lint_field(at, RIG_F_T, 0);
}

static bool stages_valid(const lint_at *at)
{
    return is_request(at) || succeeds(at);
}

void lint_login_stages(lint_at *at)
{
    if (!stages_valid(at))
        return;
    if (LINT_GET(at, CSG) > 1)
        lint_field_text(at, RIG_F_CSG, "0 or 1");
    else if (LINT_GET(at, T) && LINT_GET(at, NSG) == 2)
        lint_field_text(at, RIG_F_NSG, "1 or 3");
}

void lint_login_transit(lint_at *at)
{
    uint32_t csg = LINT_GET(at, CSG), nsg = LINT_GET(at, NSG);
    if (stages_valid(at) && LINT_GET(at, T) && csg <= 1 && nsg != 2 && nsg <= csg)
        lint_field_text(at, RIG_F_NSG, "a stage behind %u", csg);
}

void lint_login_stage(lint_at *at)
{
    if (logging_in(at) && LINT_GET(at, CSG) <= 1 && LINT_GET(at, CSG) != at->conn->login.stage)
        lint_field(at, RIG_F_CSG, at->conn->login.stage);
}

void lint_login_next_reserved(lint_at *at)
{
    if (stages_valid(at) && !LINT_GET(at, T) && LINT_GET(at, NSG))
        lint_field(at, RIG_F_NSG, 0);
}

void lint_login_transit_asked(lint_at *at)
{
    if (logging_in(at) && succeeds(at) && LINT_GET(at, T) && !at->conn->login.asks_t)
        lint_field(at, RIG_F_T, 0);
}

void lint_login_next_asked(lint_at *at)
{
    const lint_login *login = &at->conn->login;
    if (logging_in(at) && succeeds(at) && LINT_GET(at, T) && login->asks_t && LINT_GET(at, NSG) > login->nsg)
        lint_field_text(at, RIG_F_NSG, "at most %u, as asked for", login->nsg);
}

void lint_login_stage_echo(lint_at *at)
{
    bool in_stage = at->conn->login.csg == at->conn->login.stage; /* else the request was wrong already */
    if (logging_in(at) && in_stage && succeeds(at) && LINT_GET(at, CSG) != at->conn->login.csg)
        lint_field(at, RIG_F_CSG, at->conn->login.csg);
}

void lint_login_versions(lint_at *at)
{
    if (LINT_GET(at, VERSION_MAX))
        lint_field(at, RIG_F_VERSION_MAX, 0);
    if (LINT_GET(at, VERSION_MIN))
        lint_field(at, RIG_F_VERSION_MIN, 0);
}

void lint_login_versions_target(lint_at *at)
{
    const lint_login *login = &at->conn->login;
    uint32_t max = LINT_GET(at, VERSION_MAX), active = LINT_GET(at, VERSION_ACTIVE);
    if (max < active)
        lint_field_text(at, RIG_F_VERSION_MAX, "at least VersionActive");
    if (!logging_in(at) || !login->any_response)
        return;
    if (max != login->version_max)
        lint_field(at, RIG_F_VERSION_MAX, login->version_max);
    if (active != login->version_active)
        lint_field(at, RIG_F_VERSION_ACTIVE, login->version_active);
}

void lint_login_handle(lint_at *at)
{
    if (logging_in(at) && LINT_GET(at, TSIH) != at->conn->login.tsih)
        lint_field(at, RIG_F_TSIH, at->conn->login.tsih);
}

void lint_login_cid(lint_at *at)
{
    if (logging_in(at) && LINT_GET(at, CID) != at->conn->login.cid)
        lint_field(at, RIG_F_CID, at->conn->login.cid);
}

void lint_login_isid(lint_at *at)
{
    if (logging_in(at) && LINT_GET64(at, ISID) != at->conn->login.isid)
        lint_field(at, RIG_F_ISID, at->conn->login.isid);
}

void lint_login_new_handle(lint_at *at)
{
    const lint_login *login = &at->conn->login;
    uint32_t tsih = LINT_GET(at, TSIH);
    if (!logging_in(at) || !succeeds(at))
        return;
    if (login->leading && is_last(at) && tsih == 0)
        lint_field_text(at, RIG_F_TSIH, "a handle other than 0");
    if (!(login->leading && is_last(at)) && tsih != login->tsih)
        lint_field(at, RIG_F_TSIH, login->tsih);
}

/* The first request is known in full only when its text has ended. */
static bool first_text(const lint_at *at)
{
    return !at->conn->muted && (at->conn->phase == LINT_FRESH || logging_in(at)) &&
           !at->conn->login.any_text && (at->conn->phase == LINT_FRESH || at->conn->keys_known) &&
           lint_text_complete(at);
}

void lint_login_initiator_name(lint_at *at)
{
    if (first_text(at) && !lint_has_key(lint_text_of(at), "InitiatorName", NULL))
        lint_part(at, "InitiatorName", RIG_BHS_LEN, "the key in the first request", "no such key");
}

void lint_login_target_name(lint_at *at)
{
    rig_view type = {NULL, 0};
    rig_view text = lint_text_of(at);
    if (!first_text(at))
        return;
    bool discovery = lint_has_key(text, "SessionType", &type) && rig_view_is(type, "Discovery");
    if (!discovery && !lint_has_key(text, "TargetName", NULL))
        lint_part(at, "TargetName", RIG_BHS_LEN, "the key in the first request of a Normal session",
                  "no such key");
}

void lint_login_group(lint_at *at)
{
    const lint_login *login = &at->conn->login;
    if (logging_in(at) && at->conn->keys_known && succeeds(at) && login->any_text && login->names_target &&
        !login->group_told && lint_text_complete(at))
        lint_part(at, "TargetPortalGroupTag", RIG_BHS_LEN, "the key in the first response", "no such key");
}

void lint_login_redirect(lint_at *at)
{
    if (LINT_GET(at, LOGIN_STATUS) >> 8 == 1 && lint_text_complete(at) &&
        !lint_has_key(lint_text_of(at), "TargetAddress", NULL))
        lint_part(at, "TargetAddress", RIG_BHS_LEN, "where to go instead", "no such key");
}

void lint_login_redirect_group(lint_at *at)
{
    if (LINT_GET(at, LOGIN_STATUS) >> 8 == 1 && rig_view_is(at->pair.key, "TargetAddress") &&
        rig_view_find(at->pair.value, ',') < at->pair.value.len)
        lint_value(at, "an address without portal group");
}

/* 6.3.1: in a reject of a login T, CSG and NSG are reserved. */
void lint_login_refusal_stages(lint_at *at)
{
    static const rig_field_id reserved[] = {RIG_F_T, RIG_F_CSG, RIG_F_NSG};
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0] && !succeeds(at); i++)
        if (rig_get(at->item->pdu.bhs, reserved[i]))
            lint_field(at, reserved[i], 0);
}

void lint_login_part_answer(lint_at *at)
{
    if (logging_in(at) && succeeds(at) && at->conn->login.asks_c && at->item->data_len > 0)
        lint_field(at, RIG_F_DATA_LEN, 0);
}

void lint_login_part_request(lint_at *at)
{
    if (logging_in(at) && at->conn->login.says_c && at->item->data_len > 0)
        lint_field(at, RIG_F_DATA_LEN, 0);
}

/* An offer that decides by itself needs no answer (section 6.2.2). */
static bool wants_answer(const lint_key *key, const lint_said *said)
{
    if (!lint_key_has_result(key) || said->answered)
        return false;
    return !(said->number_known && ((key->kind == LINT_KEY_AND && said->number == 0) ||
                                    (key->kind == LINT_KEY_OR && said->number == 1)));
}

static void unanswered(lint_at *at, rig_lint_side by)
{
    if (!logging_in(at) || !is_last(at) || !at->conn->keys_known || !at->conn->said ||
        !lint_text_complete(at))
        return;
    for (size_t k = 0; k < lint_num_keys; k++) {
        const lint_said *said = &at->conn->said[k];
        if (said->said[by] && !said->said[!by] && wants_answer(&lint_keys[k], said))
            lint_part(at, lint_keys[k].name, RIG_BHS_LEN, "an answer before the login ends", "none");
    }
}

void lint_login_answers(lint_at *at)
{
    unanswered(at, RIG_LINT_INITIATOR);
}

void lint_login_no_offers(lint_at *at)
{
    unanswered(at, RIG_LINT_TARGET);
}

/* What the initiator offered, or leaves at its default. */
static uint64_t offered(const lint_at *at, const char *key, uint64_t otherwise)
{
    for (size_t k = 0; k < lint_num_keys && at->conn->said; k++)
        if (strcmp(lint_keys[k].name, key) == 0 && at->conn->said[k].said[RIG_LINT_INITIATOR] &&
            at->conn->said[k].by == RIG_LINT_INITIATOR && at->conn->said[k].number_known)
            return at->conn->said[k].number;
    return otherwise;
}

/* Who made it so: the initiator by its offer, or the target by its answer. */
void lint_login_bursts(lint_at *at)
{
    if (!logging_in(at) || !at->session || !at->session->keys_known || !at->conn->login.leading ||
        !LINT_GET(at, T) || LINT_GET(at, NSG) != 3 || !lint_text_complete(at))
        return;
    uint64_t first = offered(at, "FirstBurstLength", 65536), max = offered(at, "MaxBurstLength", 262144);
    bool by_offer = first > max;
    if (!is_request(at)) {
        first = lint_of(at, LINT_N_FIRST_BURST);
        max = lint_of(at, LINT_N_MAX_BURST);
    }
    if (first > max && by_offer == is_request(at))
        lint_part_number(at, "FirstBurstLength", first, "at most %u, the MaxBurstLength", (unsigned)max);
}

/* 13.19: data of a sequence that is asked for again would not be in order among several. */
void lint_login_one_r2t(lint_at *at)
{
    if (!logging_in(at) || !is_last(at) || !at->session || !at->session->keys_known ||
        !at->conn->login.leading || !lint_text_complete(at))
        return;
    uint64_t most = lint_of(at, LINT_N_MAX_R2T);
    if (lint_of(at, LINT_N_ERL) > 0 && lint_of(at, LINT_N_SEQUENCE_ORDER) && most > 1)
        lint_part_number(at, "MaxOutstandingR2T", most, "1, as data sequences are in order with recovery");
}

/* Nobody waits for anything any more: the login goes by turns. */
void lint_login_over(lint_at *at)
{
    if (at->conn->phase == LINT_LOGIN && at->conn->login.refused)
        lint_part(at, "PDU", 0, "none, as the login was refused", rig_pdu_rows[at->kind].name);
}

/* The session that a further connection joins, when all of it is known. */
static const lint_session *joins(const lint_at *at)
{
    const lint_login *login = &at->conn->login;
    const lint_session *session =
        logging_in(at) && !login->leading && login->tsih ? lint_session_find(at->lint, login, false) : NULL;
    return session && session->keys_known ? session : NULL;
}

static bool counts(const lint_conn *conn, const lint_session *session)
{
    return conn->session == session && !conn->logging_out && !conn->logged_out;
}

/* Connections that the session has beside this one; UINT64_MAX when it takes the place of one of them. */
static uint64_t others(const lint_at *at, const lint_session *session)
{
    uint64_t num = 0;
    for (const lint_conn *conn = at->lint->oldest; conn; conn = conn->age_next) {
        if (counts(conn, session) && conn->login.cid == at->conn->login.cid)
            return UINT64_MAX;
        num += counts(conn, session);
    }
    return num;
}

void lint_login_too_many(lint_at *at)
{
    const lint_session *session = is_last(at) ? joins(at) : NULL;
    if (!session || session->connections_lost || !at->conn->login.asks_t)
        return;
    uint64_t most = session->discovery ? 1 : session->numbers[LINT_N_CONNECTIONS];
    uint64_t num = session->live >= most ? others(at, session) : 0;
    if (num >= most && num < UINT64_MAX)
        lint_field_text(at, RIG_F_LOGIN_STATUS, "too-many-connections, as the session has %u of %u",
                        (unsigned)num, (unsigned)most);
}

void lint_login_same_group(lint_at *at)
{
    const lint_session *session = is_last(at) ? joins(at) : NULL;
    uint32_t group = at->conn->login.group;
    if (session && session->group != LINT_NO_GROUP && group != LINT_NO_GROUP && group != session->group)
        lint_part_number(at, "TargetPortalGroupTag", group, "%u, as the session's first connection",
                         session->group);
}

/* Section 11.12.8: the session's current CmdSN. What other connections are told meanwhile may overtake it, so
 * that only what was told before its first packet is a lower bound. */
void lint_login_cmd_sn(lint_at *at)
{
    const lint_session *session = at->conn->phase == LINT_FRESH ? NULL : joins(at);
    uint32_t cmd_sn = LINT_GET(at, CMD_SN);
    if (at->conn->phase == LINT_FRESH && !at->conn->muted && at->conn->login.tsih)
        session = lint_session_find(at->lint, &at->conn->login, false);
    if (!session)
        return;
    if (session->max_known && !session->window_lost && rig_sn_lt(session->max_cmd_sn + 1, cmd_sn))
        lint_field_text(at, RIG_F_CMD_SN, "at most %u, behind the largest MaxCmdSN so far",
                        session->max_cmd_sn + 1);
    if (session->exp_at && session->exp_at <= at->conn->born && rig_sn_lt(cmd_sn, session->exp_cmd_sn))
        lint_field_text(at, RIG_F_CMD_SN, "at least %u, the session's ExpCmdSN", session->exp_cmd_sn);
}

/* Whoever accepts the login takes an initiator without a name. */
void lint_login_no_name(lint_at *at)
{
    if (logging_in(at) && is_last(at) && at->conn->keys_known && at->conn->login.initiator == LINT_HASH_START)
        lint_part(at, "Status", rig_fields[RIG_F_LOGIN_STATUS].byte, "a refusal, as InitiatorName is empty",
                  "success");
}

void lint_login_isid_type(lint_at *at)
{
    if (at->bhs[rig_fields[RIG_F_ISID].byte] >> 6 == 3)
        lint_part_number(at, "ISID type", 3, "0 to 2");
}
