/* What is counted, and where it is asked for. The objects are those of RFC 7147 section 7. */
#include "internal.h"

#define AUTHENTICATION 0x0201
#define AUTHORIZATION 0x0202

void rig_session_count(const rig_session *session, rig_session_counters *out_counters)
{
    *out_counters = session->counters;
}

void rig_initiator_count(const rig_initiator *initiator, rig_node_counters *out_counters)
{
    *out_counters = initiator->counters;
}

void rig_initiator_last_failures(const rig_initiator *initiator, rig_last_failures *out_failures)
{
    *out_failures = initiator->last;
}

/* ---- PDUs ---- */

void eng_count_sent(eng_conn *conn, rig_pdu_kind kind)
{
    rig_session_counters *all = &conn->session->counters;
    bool snack = kind == RIG_PDU_SNACK;
    conn->counters.tx_pdus++;
    conn->counters.snacks += snack;
    all->snacks += snack;
    all->nop_sent += kind == RIG_PDU_NOP_OUT;
}

/* Only PDUs that are counted by nothing but their number are taken back. */
void eng_count_unsent(eng_conn *conn)
{
    conn->counters.tx_pdus--;
}

/* iscsiInitiatorLogoutStatsTable speaks of the responses, the two objects in it of the requests and their
 * reasons; we follow the objects. */
void eng_count_request(eng_conn *conn, const rig_task *task)
{
    rig_node_counters *node = &conn->session->initiator->counters;
    bool command = task->kind == RIG_TASK_SCSI;
    conn->counters.cmd_pdus += command;
    conn->session->counters.cmd_pdus += command;
    if (task->kind != RIG_TASK_LOGOUT)
        return;
    node->logout_normals += task->reason == ENG_CLOSE_SESSION;
    node->logout_others += task->reason != ENG_CLOSE_SESSION;
}

/* Behind a wrong header digest nobody knows what it was. */
void eng_count_received(eng_conn *conn, const rig_pdu *pdu)
{
    rig_session_counters *all = &conn->session->counters;
    bool spoilt = pdu->bad_header_digest || pdu->bad_data_digest;
    conn->counters.rx_pdus++;
    conn->counters.digest_errors += spoilt;
    all->digest_errors += spoilt;
    all->nop_received += !pdu->bad_header_digest && rig_pdu_kind_of(pdu->bhs) == RIG_PDU_NOP_IN;
}

void eng_count_response(eng_conn *conn)
{
    conn->counters.rsp_pdus++;
    conn->session->counters.rsp_pdus++;
}

void eng_count_data_out(eng_conn *conn, uint32_t len)
{
    conn->counters.tx_data_octets += len;
    conn->session->counters.tx_data_octets += len;
}

void eng_count_data_in(eng_conn *conn, uint32_t len)
{
    conn->counters.rx_data_octets += len;
    conn->session->counters.rx_data_octets += len;
}

/* ---- ends ---- */

static bool is_format(rig_status why)
{
    return why == RIG_E_FORMAT || why == RIG_E_PROTOCOL || why == RIG_E_SEQUENCE;
}

static rig_session_failure_type session_failure_of(rig_status why)
{
    if (why == RIG_E_HEADER_DIGEST || why == RIG_E_DATA_DIGEST)
        return RIG_SESSION_FAILURE_DIGEST;
    if (why == RIG_E_TIMEOUT)
        return RIG_SESSION_FAILURE_TIMEOUT;
    return is_format(why) ? RIG_SESSION_FAILURE_FORMAT : RIG_SESSION_FAILURE_NONE;
}

void eng_count_connection(rig_session *session, rig_status why)
{
    session->counters.connection_failures++;
    session->counters.cxn_timeout_errors += why == RIG_E_TIMEOUT;
    session->counters.format_errors += is_format(why);
}

/* A name is at most RIG_NAME_MAX bytes long (rig_session_new). */
static void keep_target(char out[RIG_NAME_MAX + 1], const rig_session *session)
{
    rig_text text;
    rig_text_init(&text, out, RIG_NAME_MAX + 1);
    rig_text_view(&text, rig_view_str(session->target));
}

void eng_count_session(rig_session *session, rig_status why, uint64_t now)
{
    rig_node_counters *node = &session->initiator->counters;
    rig_session_failure *last = &session->initiator->last.session;
    *last = (rig_session_failure){.time = now, .type = session_failure_of(why), .status = why};
    keep_target(last->target, session);
    node->session_failures++;
    node->session_digest += last->type == RIG_SESSION_FAILURE_DIGEST;
    node->session_timeout += last->type == RIG_SESSION_FAILURE_TIMEOUT;
    node->session_format += last->type == RIG_SESSION_FAILURE_FORMAT;
}

/* ---- logins ---- */

static rig_login_failure_type login_failure_of(rig_status why, uint16_t login_status)
{
    if (login_status >> 8 == ENG_CLASS_REDIRECT)
        return RIG_LOGIN_FAILURE_REDIRECT;
    if (login_status == AUTHENTICATION)
        return RIG_LOGIN_FAILURE_AUTH;
    if (login_status == AUTHORIZATION)
        return RIG_LOGIN_FAILURE_AUTHORIZE;
    if (login_status)
        return RIG_LOGIN_FAILURE_OTHER;
    if (why == RIG_E_AUTH)
        return RIG_LOGIN_FAILURE_AUTHENTICATE;
    return why == RIG_E_NEGOTIATION ? RIG_LOGIN_FAILURE_NEGOTIATE : RIG_LOGIN_FAILURE_NONE;
}

/* A redirection has put another address into the connection's portal. */
static rig_portal portal_of(const eng_conn *conn)
{
    rig_portal portal = conn->portal;
    if (conn->remote.ip.version == 0)
        return portal;
    rig_text text;
    rig_text_init(&text, portal.host, sizeof portal.host);
    rig_ip_print(&text, &conn->remote.ip);
    portal.port = conn->remote.port;
    return portal;
}

static void login_failed(const eng_conn *conn, rig_status why, uint64_t now)
{
    rig_node_counters *node = &conn->session->initiator->counters;
    rig_login_failure *last = &conn->session->initiator->last.login;
    uint32_t *const counters[] = {
        [RIG_LOGIN_FAILURE_OTHER] = &node->login_other_fails,
        [RIG_LOGIN_FAILURE_REDIRECT] = &node->login_redirects,
        [RIG_LOGIN_FAILURE_AUTH] = &node->login_auth_fails,
        [RIG_LOGIN_FAILURE_AUTHENTICATE] = &node->login_authenticate,
        [RIG_LOGIN_FAILURE_NEGOTIATE] = &node->login_negotiate,
        [RIG_LOGIN_FAILURE_AUTHORIZE] = &node->login_authorize,
    };
    uint16_t login_status = conn->login ? conn->login->login_status : 0;
    *last = (rig_login_failure){.time = now, .status = why, .login_status = login_status};
    last->type = login_failure_of(why, login_status);
    last->portal = portal_of(conn);
    keep_target(last->target, conn->session);
    node->login_failures++;
    if (counters[last->type])
        ++*counters[last->type];
}

void eng_count_login(const eng_conn *conn, rig_status why, uint64_t now)
{
    if (why) {
        login_failed(conn, why, now);
        return;
    }
    conn->session->initiator->counters.login_accepts++;
    if (conn->leading)
        conn->session->established = now;
}
