/* The counters of section 4.2.2: CmdSN, ExpCmdSN, MaxCmdSN, StatSN, ExpStatSN. */
#include "lint.h"

static bool recovery(const lint_at *at)
{
    return !lint_keys_known(at) || lint_of(at, LINT_N_ERL) > 0;
}

/* ---- the initiator's ---- */

/* Whatever the initiator acted on has passed the capture before, so what it sends is compared with all of
 * it; what it has not seen yet proves nothing. */
void lint_cmd_sn_next(lint_at *at)
{
    uint32_t cmd_sn = LINT_GET(at, CMD_SN);
    if (!lint_full(at) || !lint_numbered(at) || lint_several(at) || !at->session->cmd_known)
        return;
    if (cmd_sn == at->session->cmd_sn || (recovery(at) && rig_sn_lt(cmd_sn, at->session->cmd_sn)))
        return;
    lint_field(at, RIG_F_CMD_SN, at->session->cmd_sn);
}

/* It may have gone down with a connection that has ended, and is filled on another one (4.2.2.1). */
static bool is_refilled(const lint_at *at, uint32_t cmd_sn)
{
    const lint_session *session = at->session;
    bool taken = at->conn->exp_known && rig_sn_lt(cmd_sn, at->conn->exp_cmd_sn);
    return session->live < session->joined && at->kind == RIG_PDU_NOP_OUT && !taken;
}

/* On several connections they arrive in any order, but each of them once. */
void lint_cmd_sn_once(lint_at *at)
{
    const lint_session *session = at->session;
    if (!lint_full(at) || !lint_numbered(at) || !lint_several(at) || !session->cmd_known || recovery(at))
        return;
    uint32_t cmd_sn = LINT_GET(at, CMD_SN), distance = cmd_sn - session->cmd_sn;
    bool before = rig_sn_lt(cmd_sn, session->cmd_sn);
    bool again = !before && distance < LINT_AHEAD_MAX && (session->ahead >> distance & 1);
    if ((before || again) && is_refilled(at, cmd_sn))
        return;
    if (before || again)
        lint_field_text(at, RIG_F_CMD_SN, "one that was not used before");
    else if (distance >= LINT_AHEAD_MAX && lint_all_seen(at))
        lint_field(at, RIG_F_CMD_SN, session->cmd_sn);
}

void lint_cmd_sn_ascends(lint_at *at)
{
    if (!lint_full(at) || !lint_numbered(at) || !lint_several(at) || !at->conn->cmd_known || recovery(at))
        return;
    if (rig_sn_le(LINT_GET(at, CMD_SN), at->conn->cmd_sn))
        lint_field_text(at, RIG_F_CMD_SN, "more than %u, the last one on this connection", at->conn->cmd_sn);
}

void lint_cmd_sn_immediate(lint_at *at)
{
    if (!lint_full(at) || !LINT_GET(at, I) || lint_several(at) || !at->session->cmd_known)
        return;
    if (LINT_GET(at, CMD_SN) != at->session->cmd_sn)
        lint_field(at, RIG_F_CMD_SN, at->session->cmd_sn);
}

void lint_cmd_sn_window(lint_at *at)
{
    if (!lint_full(at) || !lint_numbered(at) || !at->session->max_known || at->session->window_lost)
        return;
    if (rig_sn_lt(at->session->max_cmd_sn, LINT_GET(at, CMD_SN)))
        lint_field_text(at, RIG_F_CMD_SN, "at most %u, the largest MaxCmdSN so far", at->session->max_cmd_sn);
}

void lint_cmd_sn_login(lint_at *at)
{
    if (at->conn->phase == LINT_LOGIN && at->conn->login.leading &&
        LINT_GET(at, CMD_SN) != at->conn->login.cmd_sn)
        lint_field(at, RIG_F_CMD_SN, at->conn->login.cmd_sn);
}

static bool tells_of_this(const lint_at *at)
{
    return at->kind != RIG_PDU_LOGOUT_REQ || LINT_GET(at, LOGOUT_REASON) == 0 ||
           LINT_GET(at, CID) == at->conn->login.cid;
}

void lint_ack_ahead(lint_at *at)
{
    const lint_conn *conn = at->conn;
    if (lint_full(at) && conn->stat_known && tells_of_this(at) &&
        rig_sn_lt(conn->stat_sn, LINT_GET(at, EXP_STAT_SN)))
        lint_field_text(at, RIG_F_EXP_STAT_SN, "at most %u, the target's next StatSN", conn->stat_sn);
}

void lint_ack_back(lint_at *at)
{
    const lint_conn *conn = at->conn;
    if (lint_full(at) && conn->ack_known && tells_of_this(at) &&
        rig_sn_lt(LINT_GET(at, EXP_STAT_SN), conn->ack))
        lint_field_text(at, RIG_F_EXP_STAT_SN, "at least %u, as acknowledged before", conn->ack);
}

void lint_ack_login(lint_at *at)
{
    const lint_conn *conn = at->conn;
    if (conn->phase == LINT_LOGIN && !conn->login.pending && !conn->login.disturbed && conn->stat_known &&
        LINT_GET(at, EXP_STAT_SN) != conn->stat_sn)
        lint_field(at, RIG_F_EXP_STAT_SN, conn->stat_sn);
}

/* ---- the target's ---- */

/* The numbers of a Login Response count only when it says success (section 11.13.5). */
static bool numbers_valid(const lint_at *at)
{
    return (at->conn->phase == LINT_FULL || at->conn->phase == LINT_LOGIN) && !at->conn->muted &&
           (at->kind != RIG_PDU_LOGIN_RESP || LINT_GET(at, LOGIN_STATUS) >> 8 == 0);
}

void lint_window_below(lint_at *at)
{
    uint32_t expected = LINT_GET(at, EXP_CMD_SN);
    if (numbers_valid(at) && rig_sn_lt(LINT_GET(at, MAX_CMD_SN), expected - 1))
        lint_field_text(at, RIG_F_MAX_CMD_SN, "at least %u, ExpCmdSN - 1", expected - 1);
}

/* What the capture has lost of one connection is known only when that one goes on: another one may be told of
 * it first. */
void lint_exp_cmd_ahead(lint_at *at)
{
    const lint_session *session = at->session;
    uint32_t unseen = session && session->joined > 1 ? LINT_AHEAD_MAX : 0;
    if (session && numbers_valid(at) && lint_all_seen(at) && session->sent_known &&
        rig_sn_lt(session->sent_sn + unseen, LINT_GET(at, EXP_CMD_SN)))
        lint_field_text(at, RIG_F_EXP_CMD_SN, "at most %u, the first CmdSN not sent yet", session->sent_sn);
}

void lint_exp_cmd_back(lint_at *at)
{
    const lint_conn *conn = at->conn;
    if (lint_full(at) && conn->exp_known && rig_sn_lt(LINT_GET(at, EXP_CMD_SN), conn->exp_cmd_sn))
        lint_field_text(at, RIG_F_EXP_CMD_SN, "at least %u, as acknowledged before", conn->exp_cmd_sn);
}

void lint_exp_cmd_first(lint_at *at)
{
    const lint_login *login = &at->conn->login;
    if (at->conn->phase == LINT_LOGIN && numbers_valid(at) && login->leading &&
        LINT_GET(at, EXP_CMD_SN) != login->cmd_sn)
        lint_field(at, RIG_F_EXP_CMD_SN, login->cmd_sn);
}

void lint_stat_sn(lint_at *at)
{
    uint32_t stat_sn = LINT_GET(at, STAT_SN);
    if (!lint_full(at) || !at->conn->stat_known || !lint_carries_status(at) || stat_sn == at->conn->stat_sn)
        return;
    if (recovery(at) && rig_sn_lt(stat_sn, at->conn->stat_sn)) /* sent again (section 11.4.9) */
        return;
    lint_field(at, RIG_F_STAT_SN, at->conn->stat_sn);
}

void lint_stat_sn_login(lint_at *at)
{
    const lint_conn *conn = at->conn;
    if (conn->phase == LINT_LOGIN && conn->login.pending && numbers_valid(at) && conn->stat_known &&
        LINT_GET(at, STAT_SN) != conn->stat_sn)
        lint_field(at, RIG_F_STAT_SN, conn->stat_sn);
}

/* R2T, and NOP-In that answers nothing: the next number, which they do not use up. */
void lint_stat_sn_told(lint_at *at)
{
    if (lint_full(at) && at->conn->stat_known && !lint_carries_status(at) && !recovery(at) &&
        LINT_GET(at, STAT_SN) != at->conn->stat_sn)
        lint_field(at, RIG_F_STAT_SN, at->conn->stat_sn);
}

void lint_status_acks(lint_at *at)
{
    uint32_t expected = LINT_GET(at, EXP_CMD_SN);
    if (!lint_scsi(at) || !lint_carries_status(at) || at->task->immediate)
        return;
    if (!rig_sn_lt(at->task->cmd_sn, expected))
        lint_field_text(at, RIG_F_EXP_CMD_SN, "more than %u, the CmdSN of the command", at->task->cmd_sn);
}
