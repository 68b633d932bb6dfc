/* What is counted, and where it is asked for. */
#include "internal.h"

#define CLASS_REDIRECT 1
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

static bool is_digest(rig_status why)
{
    return why == RIG_E_HEADER_DIGEST || why == RIG_E_DATA_DIGEST;
}

static bool is_format(rig_status why)
{
    return why == RIG_E_FORMAT || why == RIG_E_PROTOCOL || why == RIG_E_SEQUENCE;
}

void eng_count_connection(rig_session *session, rig_status why)
{
    session->counters.connection_failures++;
    session->counters.cxn_timeout_errors += why == RIG_E_TIMEOUT;
    session->counters.format_errors += is_format(why);
}

void eng_count_session(rig_session *session, rig_status why)
{
    rig_node_counters *node = &session->initiator->counters;
    node->session_failures++;
    node->session_digest += is_digest(why);
    node->session_timeout += why == RIG_E_TIMEOUT;
    node->session_format += is_format(why);
}

void eng_count_login(rig_session *session, rig_status why, uint16_t login_status)
{
    rig_node_counters *node = &session->initiator->counters;
    if (why == RIG_OK)
        node->login_accepts++;
    else if (login_status >> 8 == CLASS_REDIRECT)
        node->login_redirects++;
    else if (login_status == AUTHENTICATION || login_status == AUTHORIZATION)
        node->login_auth_fails++;
    else if (login_status)
        node->login_other_fails++;
    else if (why == RIG_E_AUTH)
        node->login_authenticate++;
    else if (why == RIG_E_NEGOTIATION)
        node->login_negotiate++;
}
