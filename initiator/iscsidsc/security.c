/* Secrets, keys, and what goes with them. */
#include "internal.h"

static ISDSC_STATUS set_secret(rig_call_id call, ULONG length, const void *bytes, bool persist,
                               ISDSC_STATUS refusal)
{
    dsc_args args = {0};
    rig_secret request = {.persist = persist};
    dsc_take_octets(&args, length, bytes, &request.secret, refusal);
    return dsc_order(&args, call, &request);
}

static ISDSC_STATUS set_ike(dsc_set set, const void *initiator, ULONG port, const void *info, BOOLEAN persist)
{
    dsc_args args = {.set = set};
    rig_ike_info request = {.port = port, .persist = persist != FALSE};
    dsc_take_text(&args, initiator, request.initiator, sizeof request.initiator);
    dsc_need(&args, &dsc_ike_layout, info, &request);
    return dsc_order(&args, RIG_CALL_SET_IKE_INFO, &request);
}

/* The identity stays the caller's; the key is never told. */
static ISDSC_STATUS get_ike(dsc_set set, const void *initiator, ULONG port,
                            IKE_AUTHENTICATION_INFORMATION *info)
{
    dsc_args args = {.set = set};
    rig_ike_query request = {.port = port};
    rig_ike_info reply = {0};
    dsc_take_text(&args, initiator, request.initiator, sizeof request.initiator);
    dsc_need(&args, &dsc_ike_query_layout, info, &request);
    if (dsc_ask(&args, RIG_CALL_GET_IKE_INFO, &request, &reply)) {
        info->AuthMethod = (IKE_AUTHENTICATION_METHOD)reply.method;
        info->PsKey.SecurityFlags = reply.security_flags;
        info->PsKey.KeyLengthInBytes = 0;
        info->PsKey.Key = NULL;
    }
    return dsc_done(&args, RIG_CALL_GET_IKE_INFO, &reply, ERROR_SUCCESS);
}

/* Without an outer address the one that is there is forgotten. */
static ISDSC_STATUS set_tunnel(dsc_set set, const void *initiator, ULONG port, const void *destination,
                               const void *outer, BOOLEAN persist)
{
    dsc_args args = {.set = set};
    rig_tunnel_address request = {.port = port, .persist = persist != FALSE};
    dsc_take_text(&args, initiator, request.initiator, sizeof request.initiator);
    dsc_need_text(&args, destination, request.destination, sizeof request.destination);
    dsc_take_text(&args, outer, request.outer, sizeof request.outer);
    return dsc_order(&args, RIG_CALL_SET_TUNNEL_ADDRESS, &request);
}

static ISDSC_STATUS report_radius(dsc_set set, ULONG *size, void *buffer)
{
    dsc_args args = {.set = set};
    rig_nothing request = {0};
    return dsc_report_labels(&args, RIG_CALL_REPORT_RADIUS_SERVERS, &request, size, buffer);
}

ISDSC_STATUS WINAPI SetIScsiInitiatorCHAPSharedSecret(ULONG SharedSecretLength, PUCHAR SharedSecret)
{
    return set_secret(RIG_CALL_SET_CHAP_SECRET, SharedSecretLength, SharedSecret, true,
                      ISDSC_INVALID_INITIATOR_CHAP_SECRET);
}

ISDSC_STATUS WINAPI SetIScsiInitiatorRADIUSSharedSecret(ULONG SharedSecretLength, PUCHAR SharedSecret)
{
    return set_secret(RIG_CALL_SET_RADIUS_SECRET, SharedSecretLength, SharedSecret, true,
                      ERROR_INVALID_PARAMETER);
}

ISDSC_STATUS WINAPI SetIScsiGroupPresharedKey(ULONG KeyLength, PUCHAR Key, BOOLEAN Persist)
{
    return set_secret(RIG_CALL_SET_GROUP_KEY, KeyLength, Key, Persist != FALSE, ERROR_INVALID_PARAMETER);
}

ISDSC_STATUS WINAPI SetIScsiIKEInfoA(PSTR Initiator, ULONG InitiatorPortNumber,
                                     PIKE_AUTHENTICATION_INFORMATION AuthInfo, BOOLEAN Persist)
{
    return set_ike(DSC_A, Initiator, InitiatorPortNumber, AuthInfo, Persist);
}

ISDSC_STATUS WINAPI SetIScsiIKEInfoW(PWSTR Initiator, ULONG InitiatorPortNumber,
                                     PIKE_AUTHENTICATION_INFORMATION AuthInfo, BOOLEAN Persist)
{
    return set_ike(DSC_W, Initiator, InitiatorPortNumber, AuthInfo, Persist);
}

ISDSC_STATUS WINAPI GetIScsiIKEInfoA(PSTR Initiator, ULONG InitiatorPortNumber, PULONG Reserved,
                                     PIKE_AUTHENTICATION_INFORMATION AuthInfo)
{
    (void)Reserved;
    return get_ike(DSC_A, Initiator, InitiatorPortNumber, AuthInfo);
}

ISDSC_STATUS WINAPI GetIScsiIKEInfoW(PWSTR Initiator, ULONG InitiatorPortNumber, PULONG Reserved,
                                     PIKE_AUTHENTICATION_INFORMATION AuthInfo)
{
    (void)Reserved;
    return get_ike(DSC_W, Initiator, InitiatorPortNumber, AuthInfo);
}

ISDSC_STATUS WINAPI SetIScsiTunnelModeOuterAddressA(PSTR Initiator, ULONG InitiatorPortNumber,
                                                    PSTR DestinationAddress, PSTR OuterModeAddress,
                                                    BOOLEAN Persist)
{
    return set_tunnel(DSC_A, Initiator, InitiatorPortNumber, DestinationAddress, OuterModeAddress, Persist);
}

ISDSC_STATUS WINAPI SetIScsiTunnelModeOuterAddressW(PWSTR Initiator, ULONG InitiatorPortNumber,
                                                    PWSTR DestinationAddress, PWSTR OuterModeAddress,
                                                    BOOLEAN Persist)
{
    return set_tunnel(DSC_W, Initiator, InitiatorPortNumber, DestinationAddress, OuterModeAddress, Persist);
}

ISDSC_STATUS WINAPI AddRadiusServerA(PSTR Address)
{
    return dsc_order_label(DSC_A, RIG_CALL_ADD_RADIUS_SERVER, Address, DSC_LABEL_ROOM);
}

ISDSC_STATUS WINAPI AddRadiusServerW(PWSTR Address)
{
    return dsc_order_label(DSC_W, RIG_CALL_ADD_RADIUS_SERVER, Address, DSC_LABEL_ROOM);
}

ISDSC_STATUS WINAPI RemoveRadiusServerA(PSTR Address)
{
    return dsc_order_label(DSC_A, RIG_CALL_REMOVE_RADIUS_SERVER, Address, DSC_LABEL_ROOM);
}

ISDSC_STATUS WINAPI RemoveRadiusServerW(PWSTR Address)
{
    return dsc_order_label(DSC_W, RIG_CALL_REMOVE_RADIUS_SERVER, Address, DSC_LABEL_ROOM);
}

ISDSC_STATUS WINAPI ReportRadiusServerListA(PULONG BufferSizeInChar, PCHAR Buffer)
{
    return report_radius(DSC_A, BufferSizeInChar, Buffer);
}

ISDSC_STATUS WINAPI ReportRadiusServerListW(PULONG BufferSizeInChar, PWCHAR Buffer)
{
    return report_radius(DSC_W, BufferSizeInChar, Buffer);
}
