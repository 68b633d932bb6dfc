/* Error recovery level 0 (RFC 7143 section 7.1.4.4): close everything, end the tasks ourselves, log in again.
 */
#include "internal.h"

#define RETRY_WAIT (1 * RIG_SECOND)  /* at least this long between attempts to log in again */
#define RETRY_SLOW (32 * RIG_SECOND) /* what the pauses of an endless wish grow to */

#define CLASS_INITIATOR 2
#define MOVED_FOR_GOOD 0x0102
#define NOT_FOUND 0x0203

/* The same request would be refused again (11.13.5), but for a target that is not there yet: portals come up
 * before what they show. Whoever failed to prove itself is not given further challenges and responses to work
 * with. */
bool rig_login_is_final(rig_status why, uint16_t login_status)
{
    return why == RIG_E_AUTH || (login_status >> 8 == CLASS_INITIATOR && login_status != NOT_FOUND);
}

/* Only who never gives up asks again for a target that is not there. */
static bool may_retry(const rig_session *session, uint16_t login_status, rig_status why)
{
    uint32_t most = session->config.reconnect_max ? session->config.reconnect_max : RIG_RECONNECT_DEFAULT;
    bool endless = most == RIG_RECONNECT_ENDLESS;
    bool wanted = session->was_up ? session->config.reconnect : session->config.retry_login;
    return wanted && !session->leaving && !session->doomed && (endless || session->attempts < most) &&
           (endless || login_status != NOT_FOUND) && !rig_login_is_final(why, login_status);
}

uint64_t rig_retry_pause(uint32_t attempts, uint64_t least)
{
    uint64_t pause = least;
    for (uint32_t i = RIG_RECONNECT_DEFAULT; i < attempts && pause < RETRY_SLOW; i++)
        pause = pause * 2 < RETRY_SLOW ? pause * 2 : RETRY_SLOW;
    return pause;
}

/* A session that falls as soon as it is up must not be logged in without a pause, whatever Time2Wait says. */
static void retry_later(rig_session *session, uint64_t now)
{
    uint64_t wait = session->agreed[RIG_KEY_TIME2WAIT].value * RIG_SECOND;
    if (session->has_wait)
        wait = session->not_before > now ? session->not_before - now : 0;
    if (session->attempts > 0 && wait < RETRY_WAIT)
        wait = RETRY_WAIT;
    uint64_t at = now + rig_retry_pause(session->attempts, wait);
    if (session->config.reconnect_pause && session->tried && session->attempts > 0 && !session->has_wait)
        at = now + session->config.reconnect_pause;
    if (session->tried && at < session->last_try + RETRY_WAIT)
        at = session->last_try + RETRY_WAIT;
    session->timer.kind = ENG_TIMER_RECONNECT;
    rig_timerq_arm(&session->initiator->timers, &session->timer, at);
}

void eng_note_wait(rig_session *session, uint16_t wait, uint16_t retain, uint64_t now)
{
    session->has_wait = true;
    session->wait = wait;
    session->retain = retain;
    session->not_before = now + wait * RIG_SECOND;
}

void eng_nexus_lost(rig_session *session, uint64_t now)
{
    rig_event event = {.status = session->lost};
    if (!session->nexus || session->doomed)
        return;
    session->nexus = false;
    eng_emit(session, &event, RIG_EVENT_NEXUS_LOSS, now);
}

void eng_nexus_over(rig_session *session, uint64_t now)
{
    if (session->state == ENG_Q1_FREE && eng_is_idle(session) && !session->recovering)
        eng_nexus_lost(session, now);
}

/* A callback may have begun something new meanwhile. */
bool eng_is_idle(const rig_session *session)
{
    return session->state != ENG_Q3_LOGGED_IN && !eng_session_any(session) && !session->timer.armed;
}

/* A host that ends a session before it was told of it hears of a login that failed. */
static void tell_down(rig_session *session, rig_status why, uint64_t now)
{
    rig_event event = {.status = why, .again = session->timer.armed};
    rig_event_kind kind = session->told_up ? RIG_EVENT_SESSION_DOWN : RIG_EVENT_LOGIN_FAILED;
    session->told_up = false;
    eng_emit(session, &event, kind, now);
}

/* A failed connection at level 0 takes the whole session with it. */
void eng_recover(rig_session *session, rig_status why, uint64_t now)
{
    if (!rig_session_is_up(session) || session->falling)
        return;
    session->falling = true;
    eng_note_leaving(session);
    session->attempts = session->redirects = 0;
    session->lost = why;
    eng_count_session(session, why, now);
    if (session->state == ENG_Q3_LOGGED_IN)
        eng_session_fire(session, ENG_SESSION_LOST, now);
    for (eng_conn *conn = session->conns; conn; conn = conn->next) {
        conn->saves = false;
        eng_save_end(conn);
    }
    for (eng_conn *conn = session->conns; conn; conn = conn->next)
        eng_conn_lose(conn, why, now);
    eng_tasks_abort(session, NULL, why, now);
    if (may_retry(session, 0, why) && eng_is_idle(session)) {
        session->recovering = true;
        retry_later(session, now);
    } else if (session->state == ENG_Q4_FAILED) {
        eng_session_fire(session, ENG_SESSION_EXPIRED, now);
    }
    session->falling = false;
    tell_down(session, why, now);
    eng_nexus_over(session, now);
}

/* The target asked for the logout (11.9.1), not the host: that still wants its session. */
static void come_back(rig_session *session, uint64_t now)
{
    if (session->doomed || session->leaving || !session->config.reconnect || !eng_is_idle(session))
        return;
    session->was_up = session->recovering = true;
    session->attempts = session->redirects = 0;
    retry_later(session, now);
}

static void give_up_or_retry(rig_session *session, uint16_t login_status, rig_status why, uint64_t now)
{
    if (!eng_is_idle(session))
        return;
    if (may_retry(session, login_status, why))
        retry_later(session, now);
    else
        session->recovering = false;
}

/* Session reinstatement: same ISID, TSIH 0 (section 6.3.5). */
void eng_reconnect(rig_session *session, uint64_t now)
{
    if (session->state == ENG_Q4_FAILED)
        eng_session_fire(session, ENG_SESSION_EXPIRED, now);
    if (session->doomed || !eng_is_idle(session))
        return;
    session->attempts += session->attempts < UINT32_MAX;
    session->tried = true;
    session->last_try = now;
    session->redirects = 0;
    session->tsih = 0;
    bool busy = !session->config.take_over && eng_isid_busy(session);
    rig_status status = busy ? RIG_E_EXISTS : eng_conn_new(session, &session->config.portal, true, now);
    if (!status)
        return;
    session->last_status = status;
    session->last_login_status = 0;
    give_up_or_retry(session, 0, status, now);
    rig_event event = {.status = status, .again = session->timer.armed};
    eng_emit(session, &event, RIG_EVENT_LOGIN_FAILED, now);
    eng_nexus_over(session, now);
}

/* What the transport refuses at once is tried again like what fails later; and a session that may not come
 * back yet waits (11.15.3). */
rig_status eng_first_login(rig_session *session, uint64_t now)
{
    if (session->has_wait && now < session->not_before) {
        session->timer.kind = ENG_TIMER_RECONNECT;
        rig_timerq_arm(&session->initiator->timers, &session->timer, session->not_before);
        return RIG_OK;
    }
    rig_status status = eng_conn_new(session, &session->config.portal, true, now);
    if (!status)
        return RIG_OK;
    session->last_status = status;
    session->last_login_status = 0;
    if (!may_retry(session, 0, status))
        return status;
    retry_later(session, now);
    rig_event event = {.status = status, .again = true};
    eng_emit(session, &event, RIG_EVENT_LOGIN_FAILED, now);
    return RIG_OK;
}

/* A redirection is followed at once, to the same target at another address; only a permanent one is kept for
 * later logins (section 11.13.5). */
static bool follow(rig_session *session, const eng_conn *conn, uint16_t login_status, uint64_t now)
{
    if (login_status >> 8 != ENG_CLASS_REDIRECT || !conn->login->redirected || session->config.no_redirect)
        return false;
    if (session->doomed || session->redirects >= ENG_REDIRECTS_MAX)
        return false;
    if (!conn->leading && eng_session_failed(session, conn->cid))
        return false; /* a failed connection can only be taken up again where its session is */
    if (conn->leading ? !eng_is_idle(session) : session->state != ENG_Q3_LOGGED_IN)
        return false;
    if (session->config.admit &&
        !session->config.admit(session->config.admit_ctx, session, &conn->portal, now))
        return false;
    session->redirects++;
    if (login_status == MOVED_FOR_GOOD && conn->leading)
        session->config.portal = conn->portal;
    return eng_conn_new(session, &conn->portal, conn->leading, now) == RIG_OK;
}

/* An attempt to log in ended before full feature phase. */
void eng_login_failed(eng_conn *conn, rig_status why, uint64_t now)
{
    rig_session *session = conn->session;
    uint16_t login_status = conn->login ? conn->login->login_status : 0;
    session->last_status = why;
    session->last_login_status = login_status;
    eng_count_login(conn, why, now);
    eng_conn_lose(conn, why, now);
    if (follow(session, conn, login_status, now))
        return;
    bool saved = eng_save_login_failed(conn, login_status, now);
    bool again = !conn->leading && eng_session_failed(session, conn->cid);
    if (conn->leading)
        give_up_or_retry(session, login_status, why, now);
    rig_event event = {.cid = conn->cid,
                       .status = why,
                       .login_status = login_status,
                       .by_target = conn->by_target,
                       .again = again || (conn->leading && session->timer.armed),
                       .error = &conn->error};
    eng_emit(session, &event, RIG_EVENT_LOGIN_FAILED, now);
    eng_nexus_over(session, now);
    if (!saved && !conn->leading && !eng_session_any(session))
        eng_session_end(session, false, now);
}

/* An orderly end: logout answered with success (N3). */
void eng_session_end(rig_session *session, bool comes_back, uint64_t now)
{
    if (session->state != ENG_Q3_LOGGED_IN)
        return;
    session->was_up = false;
    session->tsih = 0;
    session->lost = RIG_OK;
    eng_note_leaving(session);
    eng_session_fire(session, ENG_SESSION_CLOSED, now);
    eng_tasks_abort(session, NULL, RIG_E_ABORTED, now);
    if (comes_back)
        come_back(session, now);
    tell_down(session, RIG_OK, now);
    eng_nexus_lost(session, now);
}
