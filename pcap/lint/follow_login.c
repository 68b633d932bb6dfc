/* The login phase, and what it makes: a session, or one more connection of one. */
#include "lint.h"

/* Before the first request is judged: its keys already need something to count for. */
void lint_begin_login(lint_at *at)
{
    lint_conn *conn = at->conn;
    lint_session *session;
    conn->keys_known = true;
    conn->limit[0] = conn->limit[1] = RIG_LOGIN_DATA_MAX;
    conn->login.group = LINT_NO_GROUP;
    conn->login.leading = LINT_GET(at, TSIH) == 0;
    conn->login.stage = (uint8_t)LINT_GET(at, CSG);
    conn->login.itt = LINT_GET(at, ITT);
    conn->login.cmd_sn = LINT_GET(at, CMD_SN);
    conn->login.tsih = (uint16_t)LINT_GET(at, TSIH);
    conn->login.cid = (uint16_t)LINT_GET(at, CID);
    conn->login.isid = LINT_GET64(at, ISID);
    conn->text.ttt = RIG_TAG_NONE;
    if (!conn->login.leading)
        return;
    session = lint_session_new(at->lint);
    if (!session)
        return;
    lint_defaults(session);
    session->cmd_sn = session->sent_sn = conn->login.cmd_sn;
    session->cmd_known = session->sent_known = true;
    lint_session_join(conn, session);
}

static void follow_request(lint_at *at)
{
    lint_login *login = &at->conn->login;
    if (at->conn->phase == LINT_FRESH)
        at->conn->phase = LINT_LOGIN;
    if (at->conn->phase != LINT_LOGIN)
        return;
    login->pending = true;
    login->requests++;
    login->asks_t = LINT_GET(at, T) != 0;
    login->asks_c = LINT_GET(at, C) != 0;
    login->csg = (uint8_t)LINT_GET(at, CSG);
    login->nsg = (uint8_t)LINT_GET(at, NSG);
    if (lint_text_complete(at))
        login->any_text = true;
    else if (!login->asks_c)
        at->conn->keys_known = false; /* its text is not in the capture */
}

/* A login of the same nexus takes the place of a session (section 6.3.5). */
static void lead(lint_at *at)
{
    lint_login *login = &at->conn->login;
    lint_session *old = lint_session_find(at->lint, login, true);
    login->tsih = (uint16_t)LINT_GET(at, TSIH);
    /* discovery sessions without a target may be many */
    if (old && (login->names_target || !at->conn->keys_known || !old->target))
        lint_session_end(at->lint, old);
    lint_session_list(at->lint, at->session, login);
    at->session->group = login->group;
    at->session->exp_cmd_sn = LINT_GET(at, EXP_CMD_SN);
    at->session->exp_at = at->lint->totals.pdus;
    at->session->folded = login->folded;
    at->session->keys_known = at->session->keys_known && at->conn->keys_known;
}

static void follow_up(lint_at *at)
{
    const lint_login *login = &at->conn->login;
    lint_session *session = lint_session_find(at->lint, login, false);
    if (!session) {
        session = lint_session_new(at->lint);
        if (!session)
            return;
        session->blind = true;
        session->joined = 1;
        session->window_lost = true;
        session->group = LINT_NO_GROUP;
    }
    lint_session_join(at->conn, session);
    if (session->joined == 2)
        session->ahead = 0;
    at->session = session;
}

static void finish(lint_at *at)
{
    at->conn->phase = LINT_FULL;
    if (at->conn->login.leading && at->session)
        lead(at);
    else if (!at->session)
        follow_up(at);
    lint_forget_keys(at->lint, at->conn);
}

static void follow_response(lint_at *at)
{
    lint_conn *conn = at->conn;
    lint_login *login = &conn->login;
    uint32_t max = LINT_GET(at, MAX_CMD_SN);
    login->disturbed |= !login->pending;
    login->pending = false;
    login->says_c = LINT_GET(at, C) != 0;
    login->version_max = (uint8_t)LINT_GET(at, VERSION_MAX);
    login->version_active = (uint8_t)LINT_GET(at, VERSION_ACTIVE);
    login->any_response = true;
    if (!lint_text_complete(at) && !login->says_c)
        conn->keys_known = false;
    if (LINT_GET(at, LOGIN_STATUS) >> 8 != 0) {
        conn->muted = login->refused = true; /* the login is over (section 11.13.5) */
        return;
    }
    conn->stat_sn = LINT_GET(at, STAT_SN) + 1;
    conn->stat_known = true;
    if (at->session && (!at->session->max_known || rig_sn_lt(at->session->max_cmd_sn, max))) {
        at->session->max_cmd_sn = max;
        at->session->max_known = true;
    }
    if (!LINT_GET(at, T) || !login->asks_t)
        return;
    login->stage = (uint8_t)LINT_GET(at, NSG);
    if (login->stage > login->nsg) /* not beyond what was asked for (section 6.3) */
        login->stage = login->nsg;
    if (login->stage == 3)
        finish(at);
}

void lint_follow_login(lint_at *at)
{
    if (at->conn->muted)
        return;
    if (at->kind == RIG_PDU_LOGIN_REQ)
        follow_request(at);
    else if (at->conn->phase == LINT_LOGIN)
        follow_response(at);
}
