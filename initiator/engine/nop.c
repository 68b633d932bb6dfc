/* NOP-Out and NOP-In both ways, and the keep-alive (RFC 7143 sections 11.18 and 11.19). */
#include "internal.h"

#define LUN_NOT_SPECIFIED UINT64_MAX /* the one LUN that is none (SAM-5) */

static size_t ping_len(const rig_task *task)
{
    size_t sum = 0;
    for (uint32_t i = 0; i < task->num_out; i++)
        sum += task->out[i].iov_len;
    return sum;
}

/* The LUN is the target's, and goes with its tag only (section 11.18.2). */
rig_status eng_ping_send(eng_conn *conn, rig_task *task)
{
    size_t len = ping_len(task);
    if (len > conn->max_send)
        return RIG_E_LIMIT;
    rig_tx *tx = eng_push(conn, RIG_PDU_NOP_OUT);
    if (!tx)
        return RIG_E_BUSY;
    rig_set(tx->bhs, RIG_F_I, task->immediate);
    rig_set(tx->bhs, RIG_F_ITT, task->itt);
    rig_set(tx->bhs, RIG_F_CMD_SN, task->cmd_sn);
    eng_lend(conn, tx, task, 0, (uint32_t)len);
    rig_txq_seal(&conn->txq);
    return RIG_OK;
}

/* Answers one waiting ping of the target: immediate, ITT none, its tag and LUN copied (section 11.18). */
bool eng_ping_answers(eng_conn *conn)
{
    rig_tx *tx = conn->num_pings ? eng_push(conn, RIG_PDU_NOP_OUT) : NULL;
    if (!tx)
        return false;
    const eng_ping *ping = &conn->pings[conn->ping_first];
    rig_set(tx->bhs, RIG_F_I, 1);
    rig_set(tx->bhs, RIG_F_LUN, ping->lun);
    rig_set(tx->bhs, RIG_F_TTT, ping->ttt);
    rig_set(tx->bhs, RIG_F_CMD_SN, conn->session->cmd_sn);
    rig_txq_seal(&conn->txq);
    conn->ping_first = (conn->ping_first + 1) % conn->ping_size;
    if (conn->num_pings-- == ENG_NOP_ANSWERS_MAX)
        eng_conn_wake(conn); /* it reads again */
    return true;
}

/* What is read at once may hold that many more. */
static rig_status grow_pings(eng_conn *conn, const rig_pdu *pdu)
{
    const rig_session *session = conn->session;
    size_t most = ENG_NOP_ANSWERS_MAX + session->initiator->config.read_ahead.iov_len / RIG_BHS_LEN + 1;
    if (conn->ping_size >= most)
        return eng_conn_error(conn, RIG_E_LIMIT, pdu, RIG_F_TTT, "more pings than can wait for an answer");
    uint32_t size = conn->ping_size ? conn->ping_size * 2 : ENG_NOP_ANSWERS_MAX;
    eng_ping *pings = rig_new(eng_alloc(session), size * sizeof *pings);
    if (!pings)
        return RIG_E_NOMEM;
    for (uint32_t i = 0; i < conn->ping_size; i++) /* it is full */
        pings[i] = conn->pings[(conn->ping_first + i) % conn->ping_size];
    rig_delete(eng_alloc(session), conn->pings, conn->ping_size * sizeof *pings);
    conn->pings = pings;
    conn->ping_size = size;
    conn->ping_first = 0;
    return RIG_OK;
}

/* A NOP-Out that wants no answer, with the LUN of that PDU; none behind a Logout (section 11.14). */
rig_status eng_nop_answer(eng_conn *conn, const rig_pdu *pdu, uint32_t ttt)
{
    if (conn->state == ENG_S6_IN_LOGOUT)
        return RIG_OK;
    rig_status status = conn->num_pings == conn->ping_size ? grow_pings(conn, pdu) : RIG_OK;
    if (status)
        return status;
    uint32_t at = (conn->ping_first + conn->num_pings++) % conn->ping_size;
    conn->pings[at] = (eng_ping){rig_get(pdu->bhs, RIG_F_LUN), ttt};
    return RIG_OK;
}

static uint32_t same_bytes(const rig_task *task, rig_view echo)
{
    uint32_t same = 0;
    for (uint32_t i = 0; i < task->num_out && same < echo.len; i++) {
        rig_view part = rig_view_sub(echo, same, task->out[i].iov_len);
        if (part.len && memcmp(part.ptr, task->out[i].iov_base, part.len) != 0)
            break;
        same += (uint32_t)part.len;
    }
    return same;
}

static rig_status take_echo(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    rig_task *task = eng_task_answered(conn, pdu, RIG_TASK_PING);
    if (!task && eng_is_replay(conn, pdu))
        return RIG_OK;
    if (!task)
        return eng_conn_error(conn, RIG_E_PROTOCOL, pdu, RIG_F_ITT, "no such ping on this connection (7.13)");
    if (rig_get32(pdu->bhs, RIG_F_TTT) != RIG_TAG_NONE)
        return eng_conn_error(conn, RIG_E_FORMAT, pdu, RIG_F_TTT, "valid ITT and valid TTT together (7.7)");
    task->received = same_bytes(task, pdu->data);
    eng_task_done(task, RIG_OK, now);
    return RIG_OK;
}

rig_status eng_nop_in(eng_conn *conn, const rig_pdu *pdu, uint64_t now)
{
    if (rig_get32(pdu->bhs, RIG_F_ITT) != RIG_TAG_NONE)
        return take_echo(conn, pdu, now);
    if (rig_get32(pdu->bhs, RIG_F_TTT) != RIG_TAG_NONE && rig_get(pdu->bhs, RIG_F_LUN) == LUN_NOT_SPECIFIED)
        return eng_conn_error(conn, RIG_E_FORMAT, pdu, RIG_F_LUN, "a tag needs a LUN (7.7)");
    uint32_t ttt = rig_get32(pdu->bhs, RIG_F_TTT);
    rig_status status = ttt != RIG_TAG_NONE ? eng_nop_answer(conn, pdu, ttt) : RIG_OK;
    if (status)
        return status;
    rig_event event = {.cid = conn->cid, .pdu = pdu};
    eng_emit(conn->session, &event, RIG_EVENT_NOP_IN, now);
    return RIG_OK;
}

void eng_nop_arm(eng_conn *conn, uint64_t now)
{
    const rig_session_config *config = &conn->session->config;
    uint64_t interval = config->discovery ? 0 : config->nop_interval; /* no pings there (4.3) */
    rig_timerq_arm(&conn->session->initiator->timers, &conn->nop_timer,
                   interval ? eng_after(now, interval) : RIG_NEVER);
}

static uint64_t ping_timeout(const rig_session *session)
{
    return session->config.nop_timeout ? session->config.nop_timeout : ENG_NOP_TIMEOUT;
}

static void keep_alive_ping(eng_conn *conn, uint64_t now)
{
    rig_task *task = eng_own_task(conn->session, RIG_TASK_PING);
    if (task) {
        task->immediate = true;
        task->timeout = ping_timeout(conn->session);
    }
    conn->pinging = eng_own_submit(conn, task, now) == RIG_OK;
}

/* Whether the target lives, and how far it got; the ping's own timeout ends the connection. */
void eng_nop_ask(eng_conn *conn, uint64_t now)
{
    if (conn->state == ENG_S5_LOGGED_IN && !conn->pinging)
        keep_alive_ping(conn, now);
}

/* A refused request left a hole in CmdSN; a ping with that number fills it (section 7.3). */
rig_status eng_plug(eng_conn *conn, uint32_t cmd_sn, uint64_t now)
{
    rig_task *task = eng_own_task(conn->session, RIG_TASK_PING);
    if (task) {
        /* above level 0 it is sent again like others, and judged by that */
        task->timeout = eng_level(conn->session) ? RIG_NEVER : 0;
        task->cmd_sn = cmd_sn;
        task->engine.plug = task->engine.numbered = true;
    }
    return eng_own_submit(conn, task, now);
}

/* The target said nothing for a while: ask. */
void eng_nop_due(eng_conn *conn, uint64_t now)
{
    uint64_t interval = conn->session->config.nop_interval;
    if (conn->state != ENG_S5_LOGGED_IN)
        return;
    if (now - conn->heard < interval) {
        rig_timerq_arm(&conn->session->initiator->timers, &conn->nop_timer, conn->heard + interval);
        return;
    }
    eng_nop_ask(conn, now);
    eng_nop_arm(conn, now);
}
