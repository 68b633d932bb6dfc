/* Error recovery level 0 (RFC 7143 section 7.1.4.4): close everything, end the tasks ourselves, log in again.
 */
#include "internal.h"

#define RETRY_WAIT (1 * RIG_SECOND) /* at least this long between attempts to log in again */

static void drop_connections(rig_session *session, rig_status why, uint64_t now)
{
    for (eng_conn *conn = session->conns, *next; conn; conn = next) {
        next = conn->next;
        conn->busy++;
        if (!conn->announced)
            eng_conn_reset(conn, why, now);
        conn->busy--;
        eng_conn_put(conn);
    }
}

static bool may_retry(const rig_session *session, uint16_t login_status)
{
    uint32_t most = session->config.reconnect_max ? session->config.reconnect_max : ENG_RECONNECT_MAX;
    bool wanted = session->was_up ? session->config.reconnect : session->config.retry_login;
    return wanted && session->attempts < most && login_status >> 8 != 2;
}

static void retry_later(rig_session *session, uint64_t now)
{
    uint64_t wait = session->agreed[RIG_KEY_TIME2WAIT].value * RIG_SECOND;
    if (session->attempts > 0 && wait < RETRY_WAIT)
        wait = RETRY_WAIT;
    session->timer.kind = ENG_TIMER_RECONNECT;
    rig_timerq_arm(&session->initiator->timers, &session->timer, now + wait);
}

/* A failed connection at level 0 takes the whole session with it. */
void eng_recover(rig_session *session, rig_status why, uint64_t now)
{
    if (session->state != ENG_Q3_LOGGED_IN)
        return;
    eng_session_fire(session, ENG_SESSION_LOST, now);
    drop_connections(session, why, now);
    eng_tasks_abort(session, why, now);
    session->attempts = 0;
    bool again = may_retry(session, 0);
    rig_event event = {.status = why};
    eng_emit(session, &event, RIG_EVENT_SESSION_DOWN, now);
    if (!again)
        eng_session_fire(session, ENG_SESSION_EXPIRED, now);
    else if (session->state == ENG_Q4_FAILED)
        retry_later(session, now);
    session->recovering = again;
}

/* Session reinstatement: same ISID, TSIH 0 (section 6.3.5). */
void eng_reconnect(rig_session *session, uint64_t now)
{
    eng_conn *conn = NULL;
    if (session->state == ENG_Q4_FAILED)
        eng_session_fire(session, ENG_SESSION_EXPIRED, now);
    session->attempts++;
    session->tsih = 0;
    rig_status status = eng_conn_new(session, &session->config.portal, true, now, &conn);
    if (status) {
        rig_event event = {.status = status};
        eng_emit(session, &event, RIG_EVENT_LOGIN_FAILED, now);
    }
    if (status && may_retry(session, 0))
        retry_later(session, now);
}

/* An attempt to log in ended before full feature phase. */
void eng_login_failed(eng_conn *conn, rig_status why, uint64_t now)
{
    rig_session *session = conn->session;
    rig_event event = {.cid = conn->cid, .status = why, .error = &conn->error, .by_target = conn->by_target};
    event.login_status = conn->login ? conn->login->login_status : 0;
    bool leading = conn->leading;
    eng_conn_reset(conn, why, now);
    bool again = leading && may_retry(session, event.login_status);
    eng_emit(session, &event, RIG_EVENT_LOGIN_FAILED, now);
    if (again)
        retry_later(session, now);
    else if (leading)
        session->recovering = false;
}

/* An orderly end: logout answered with success (N3). */
void eng_session_end(rig_session *session, rig_status why, uint64_t now)
{
    if (session->state != ENG_Q3_LOGGED_IN)
        return;
    eng_session_fire(session, ENG_SESSION_CLOSED, now);
    eng_tasks_abort(session, RIG_E_ABORTED, now);
    session->was_up = false;
    session->tsih = 0;
    rig_event event = {.status = why};
    eng_emit(session, &event, RIG_EVENT_SESSION_DOWN, now);
}
