/* What is told of sessions and their connections (API: GetIScsiSessionList, GetIScsiSessionListEx). */
#include "internal.h"

#define PROTOCOL_TCP 6

enum { TYPE_INFORMATIONAL = 1, TYPE_DATA, TYPE_BOOT };
enum { STATE_LOGIN, STATE_FULL, STATE_LOGOUT };

static const uint8_t states[] = {
    [RIG_CONNECTION_OPENING] = STATE_LOGIN,
    [RIG_CONNECTION_LOGIN] = STATE_LOGIN,
    [RIG_CONNECTION_FULL] = STATE_FULL,
    [RIG_CONNECTION_LOGOUT] = STATE_LOGOUT,
};

static void put_view(char *out, size_t size, rig_view view)
{
    rig_text text;
    rig_text_init(&text, out, size);
    rig_text_view(&text, view);
}

static void put_address(char *out, size_t size, const rig_address *address)
{
    rig_text text;
    rig_text_init(&text, out, size);
    if (address->ip.version)
        rig_ip_print(&text, &address->ip);
}

static void put_connection(const svc_session *session, const rig_session_facts *of,
                           const rig_connection_facts *facts, rig_connection_info *out)
{
    out->id = svc_connection_id(session, facts->cid);
    put_address(out->local_address, sizeof out->local_address, &facts->local);
    out->local_port = facts->local.port;
    put_address(out->remote_address, sizeof out->remote_address, &facts->remote);
    out->remote_port = facts->remote.port;
    out->cid = facts->cid;
    out->state = states[facts->phase];
    out->protocol = PROTOCOL_TCP;
    out->header_digest = facts->header_digest;
    out->data_digest = facts->data_digest;
    out->max_recv = facts->max_recv;
    out->auth_type = of->method != RIG_AUTH_CHAP ? 0 : of->peer.len ? 2 : 1;
}

static void put_agreed(const rig_key_value *agreed, rig_session_info *out)
{
    out->initial_r2t = agreed[RIG_KEY_INITIAL_R2T].value;
    out->immediate_data = agreed[RIG_KEY_IMMEDIATE_DATA].value;
    out->data_sequence_in_order = agreed[RIG_KEY_SEQUENCE_IN_ORDER].value;
    out->data_pdu_in_order = agreed[RIG_KEY_PDU_IN_ORDER].value;
    out->error_recovery_level = (uint8_t)agreed[RIG_KEY_RECOVERY_LEVEL].value;
    out->max_outstanding_r2t = agreed[RIG_KEY_MAX_R2T].value;
    out->first_burst = agreed[RIG_KEY_FIRST_BURST].value;
    out->max_burst = agreed[RIG_KEY_MAX_BURST].value;
    out->max_connections = agreed[RIG_KEY_MAX_CONNECTIONS].value;
}

static bool put_session(const rig_alloc *alloc, const svc_session *session, rig_session_info *out)
{
    rig_session_facts facts;
    rig_connection_facts connection;
    rig_session_describe(session->engine, &facts);
    out->id = session->id;
    put_view(out->initiator_node, sizeof out->initiator_node, facts.node);
    put_view(out->initiator, sizeof out->initiator, rig_view_str(session->route.adapter->name));
    put_view(out->target_node, sizeof out->target_node, facts.target);
    memcpy(out->target, session->login.target, sizeof out->target);
    rig_octets_set(&out->isid, rig_view_of(facts.isid, sizeof facts.isid));
    out->tsih = facts.tsih;
    out->type = session->alone ? TYPE_BOOT : session->login.informational ? TYPE_INFORMATIONAL : TYPE_DATA;
    out->persistent = session->kept != NULL;
    put_agreed(facts.agreed, out);
    bool is_up = rig_session_is_up(session->engine);
    for (uint32_t i = 0; is_up && rig_session_connection(session->engine, i, &connection) == RIG_OK; i++) {
        rig_connection_info *info = rig_list_add(alloc, RIG_SHAPE(connection_info), &out->connections);
        if (!info)
            return false;
        put_connection(session, &facts, &connection, info);
    }
    return true;
}

/* One that is being logged in for the first time is no session yet. */
rig_code svc_report_sessions(rig_service *service, svc_call *call)
{
    rig_sessions *reply = call->reply;
    for (const svc_session *session = service->sessions; session; session = session->next) {
        if (!session->up)
            continue;
        rig_session_info *info =
            rig_list_add(service->config.alloc, RIG_SHAPE(session_info), &reply->sessions);
        if (!info || !put_session(service->config.alloc, session, info))
            return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    }
    return RIG_CODE_SUCCESS;
}
