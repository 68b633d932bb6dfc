/* Sessions and their connections. */
#include "internal.h"

static void give_id(const rig_unique_id *id, ISCSI_UNIQUE_SESSION_ID *out)
{
    if (out)
        *out = (ISCSI_UNIQUE_SESSION_ID){id->adapter, id->specific};
}

typedef struct login_args {
    const void *name, *initiator, *portal, *mapping, *options;
    ISCSI_SECURITY_FLAGS flags;
    ULONG port, key_size;
    const void *key;
    BOOLEAN informational, persistent;
    ISCSI_UNIQUE_SESSION_ID *session;
    ISCSI_UNIQUE_CONNECTION_ID *connection;
} login_args;

static void take_login(dsc_args *args, const login_args *given, rig_login *request)
{
    dsc_need_text(args, given->name, request->target, sizeof request->target);
    dsc_take_text(args, given->initiator, request->initiator, sizeof request->initiator);
    request->has_portal = dsc_take_portal(args, given->portal, &request->portal);
    request->has_mapping = dsc_take(args, &dsc_mapping_layout, given->mapping, &request->mapping);
    request->has_options = dsc_take(args, &dsc_options_layout, given->options, &request->options);
    dsc_take_octets(args, given->key_size, given->key, &request->key, ERROR_INVALID_PARAMETER);
}

/* A login that is kept makes no session: who asks for one needs no room for its name. */
static ISDSC_STATUS log_in(dsc_set set, const login_args *given)
{
    dsc_args args = {.set = set};
    rig_login request = {.informational = given->informational != FALSE,
                         .port = given->port,
                         .security_flags = given->flags,
                         .persistent = given->persistent != FALSE};
    rig_login_ids reply = {0};
    if (!request.persistent) {
        dsc_must(&args, given->session);
        dsc_must(&args, given->connection);
    }
    take_login(&args, given, &request);
    if (dsc_ask(&args, RIG_CALL_LOGIN, &request, &reply)) {
        give_id(&reply.session, given->session);
        give_id(&reply.connection, given->connection);
    }
    return dsc_done(&args, RIG_CALL_LOGIN, &reply, ERROR_SUCCESS);
}

ISDSC_STATUS WINAPI LogoutIScsiTarget(PISCSI_UNIQUE_SESSION_ID UniqueSessionId)
{
    dsc_args args = {0};
    rig_session_ref request = {0};
    dsc_need(&args, &dsc_id_layout, UniqueSessionId, &request.session);
    return dsc_order(&args, RIG_CALL_LOGOUT, &request);
}

typedef struct connection_args {
    const void *session, *reserved, *portal, *options, *key;
    ULONG port, key_size;
    ISCSI_SECURITY_FLAGS flags;
    ISCSI_UNIQUE_CONNECTION_ID *connection;
} connection_args;

static ISDSC_STATUS add_connection(dsc_set set, const connection_args *given)
{
    dsc_args args = {.set = set};
    rig_connection_request request = {.port = given->port, .security_flags = given->flags};
    rig_login_ids reply = {0};
    if (given->reserved)
        dsc_refuse(&args, ERROR_INVALID_PARAMETER);
    dsc_need(&args, &dsc_id_layout, given->session, &request.session);
    dsc_need(&args, &dsc_portal_layout, given->portal, &request.portal);
    request.has_options = dsc_take(&args, &dsc_options_layout, given->options, &request.options);
    dsc_take_octets(&args, given->key_size, given->key, &request.key, ERROR_INVALID_PARAMETER);
    if (dsc_ask(&args, RIG_CALL_ADD_CONNECTION, &request, &reply))
        give_id(&reply.connection, given->connection);
    return dsc_done(&args, RIG_CALL_ADD_CONNECTION, &reply, ERROR_SUCCESS);
}

ISDSC_STATUS WINAPI RemoveIScsiConnection(PISCSI_UNIQUE_SESSION_ID UniqueSessionId,
                                          PISCSI_UNIQUE_SESSION_ID ConnectionId)
{
    dsc_args args = {0};
    rig_connection_ref request = {0};
    dsc_need(&args, &dsc_id_layout, UniqueSessionId, &request.session);
    dsc_need(&args, &dsc_id_layout, ConnectionId, &request.connection);
    return dsc_order(&args, RIG_CALL_REMOVE_CONNECTION, &request);
}

static ISDSC_STATUS report_sessions(dsc_set set, const dsc_layout *layout, ULONG *bytes, ULONG *count,
                                    void *sessions)
{
    dsc_args args = {.set = set};
    rig_nothing request = {0};
    return dsc_report_bytes(&args, RIG_CALL_REPORT_SESSIONS, &request, layout, sessions, bytes, count);
}

ISDSC_STATUS WINAPI LoginIScsiTargetA(PSTR TargetName, BOOLEAN IsInformationalSession, PSTR InitiatorInstance,
                                      ULONG InitiatorPortNumber, PISCSI_TARGET_PORTALA TargetPortal,
                                      ISCSI_SECURITY_FLAGS SecurityFlags, PISCSI_TARGET_MAPPINGA Mappings,
                                      PISCSI_LOGIN_OPTIONS Options, ULONG KeySize, PCHAR Key,
                                      BOOLEAN IsPersistent, PISCSI_UNIQUE_SESSION_ID UniqueSessionId,
                                      PISCSI_UNIQUE_CONNECTION_ID UniqueConnectionId)
{
    return log_in(DSC_A,
                  &(login_args){TargetName, InitiatorInstance, TargetPortal, Mappings, Options, SecurityFlags,
                                InitiatorPortNumber, KeySize, Key, IsInformationalSession, IsPersistent,
                                UniqueSessionId, UniqueConnectionId});
}

ISDSC_STATUS WINAPI LoginIScsiTargetW(PWSTR TargetName, BOOLEAN IsInformationalSession,
                                      PWSTR InitiatorInstance, ULONG InitiatorPortNumber,
                                      PISCSI_TARGET_PORTALW TargetPortal, ISCSI_SECURITY_FLAGS SecurityFlags,
                                      PISCSI_TARGET_MAPPINGW Mappings, PISCSI_LOGIN_OPTIONS Options,
                                      ULONG KeySize, PCHAR Key, BOOLEAN IsPersistent,
                                      PISCSI_UNIQUE_SESSION_ID UniqueSessionId,
                                      PISCSI_UNIQUE_CONNECTION_ID UniqueConnectionId)
{
    return log_in(DSC_W,
                  &(login_args){TargetName, InitiatorInstance, TargetPortal, Mappings, Options, SecurityFlags,
                                InitiatorPortNumber, KeySize, Key, IsInformationalSession, IsPersistent,
                                UniqueSessionId, UniqueConnectionId});
}

ISDSC_STATUS WINAPI AddIScsiConnectionA(PISCSI_UNIQUE_SESSION_ID UniqueSessionId, PVOID Reserved,
                                        ULONG InitiatorPortNumber, PISCSI_TARGET_PORTALA TargetPortal,
                                        ISCSI_SECURITY_FLAGS SecurityFlags, PISCSI_LOGIN_OPTIONS Options,
                                        ULONG KeySize, PCHAR Key, PISCSI_UNIQUE_SESSION_ID ConnectionId)
{
    return add_connection(DSC_A,
                          &(connection_args){UniqueSessionId, Reserved, TargetPortal, Options, Key,
                                             InitiatorPortNumber, KeySize, SecurityFlags, ConnectionId});
}

ISDSC_STATUS WINAPI AddIScsiConnectionW(PISCSI_UNIQUE_SESSION_ID UniqueSessionId, PVOID Reserved,
                                        ULONG InitiatorPortNumber, PISCSI_TARGET_PORTALW TargetPortal,
                                        ISCSI_SECURITY_FLAGS SecurityFlags, PISCSI_LOGIN_OPTIONS Options,
                                        ULONG KeySize, PCHAR Key, PISCSI_UNIQUE_SESSION_ID ConnectionId)
{
    return add_connection(DSC_W,
                          &(connection_args){UniqueSessionId, Reserved, TargetPortal, Options, Key,
                                             InitiatorPortNumber, KeySize, SecurityFlags, ConnectionId});
}

ISDSC_STATUS WINAPI GetIScsiSessionListA(PULONG BufferSize, PULONG SessionCount,
                                         PISCSI_SESSION_INFOA SessionInfo)
{
    return report_sessions(DSC_A, &dsc_session_layout, BufferSize, SessionCount, SessionInfo);
}

ISDSC_STATUS WINAPI GetIScsiSessionListW(PULONG BufferSize, PULONG SessionCount,
                                         PISCSI_SESSION_INFOW SessionInfo)
{
    return report_sessions(DSC_W, &dsc_session_layout, BufferSize, SessionCount, SessionInfo);
}

ISDSC_STATUS WINAPI GetIScsiSessionListEx(PULONG BufferSize, PULONG SessionCountPtr,
                                          PISCSI_SESSION_INFO_EX SessionInfo)
{
    return report_sessions(DSC_A, &dsc_session_ex_layout, BufferSize, SessionCountPtr, SessionInfo);
}
