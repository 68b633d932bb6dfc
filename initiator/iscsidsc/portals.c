/* Discovery: portals that are asked for their targets, and iSNS servers. */
#include "internal.h"

static ISDSC_STATUS add_portal(dsc_set set, const void *initiator, ULONG port, const void *options,
                               ISCSI_SECURITY_FLAGS flags, const void *portal)
{
    dsc_args args = {.set = set};
    rig_send_targets_portal request = {.port = port, .security_flags = flags};
    dsc_take_text(&args, initiator, request.initiator, sizeof request.initiator);
    dsc_need(&args, &dsc_portal_layout, portal, &request.portal);
    dsc_take(&args, &dsc_options_layout, options, &request.options);
    return dsc_order(&args, RIG_CALL_ADD_SEND_TARGETS_PORTAL, &request);
}

static ISDSC_STATUS order_portal(dsc_set set, rig_call_id call, const void *initiator, ULONG port,
                                 const void *portal)
{
    dsc_args args = {.set = set};
    rig_portal_ref request = {.port = port};
    dsc_take_text(&args, initiator, request.initiator, sizeof request.initiator);
    dsc_need(&args, &dsc_portal_layout, portal, &request.portal);
    return dsc_order(&args, call, &request);
}

static ISDSC_STATUS report_portals(dsc_set set, ULONG *count, void *portals)
{
    dsc_args args = {.set = set};
    rig_nothing request = {0};
    return dsc_report_elements(&args, RIG_CALL_REPORT_SEND_TARGETS_PORTALS, &request, &dsc_portal_info_layout,
                               portals, count);
}

/* What the caller says that it has room for in structures does not count: the bytes do. */
static ISDSC_STATUS report_portals_ex(dsc_set set, ULONG *count, ULONG *bytes, void *portals)
{
    dsc_args args = {.set = set};
    rig_nothing request = {0};
    return dsc_report_bytes(&args, RIG_CALL_REPORT_SEND_TARGETS_PORTALS, &request, &dsc_portal_info_ex_layout,
                            portals, bytes, count);
}

static ISDSC_STATUS report_servers(dsc_set set, ULONG *size, void *buffer)
{
    dsc_args args = {.set = set};
    rig_nothing request = {0};
    return dsc_report_labels(&args, RIG_CALL_REPORT_ISNS_SERVERS, &request, size, buffer);
}

ISDSC_STATUS WINAPI AddIScsiSendTargetPortalA(PSTR InitiatorInstance, ULONG InitiatorPortNumber,
                                              PISCSI_LOGIN_OPTIONS Options,
                                              ISCSI_SECURITY_FLAGS SecurityFlags,
                                              PISCSI_TARGET_PORTALA Portal)
{
    return add_portal(DSC_A, InitiatorInstance, InitiatorPortNumber, Options, SecurityFlags, Portal);
}

ISDSC_STATUS WINAPI AddIScsiSendTargetPortalW(PWSTR InitiatorInstance, ULONG InitiatorPortNumber,
                                              PISCSI_LOGIN_OPTIONS Options,
                                              ISCSI_SECURITY_FLAGS SecurityFlags,
                                              PISCSI_TARGET_PORTALW Portal)
{
    return add_portal(DSC_W, InitiatorInstance, InitiatorPortNumber, Options, SecurityFlags, Portal);
}

ISDSC_STATUS WINAPI RemoveIScsiSendTargetPortalA(PSTR InitiatorInstance, ULONG InitiatorPortNumber,
                                                 PISCSI_TARGET_PORTALA Portal)
{
    return order_portal(DSC_A, RIG_CALL_REMOVE_SEND_TARGETS_PORTAL, InitiatorInstance, InitiatorPortNumber,
                        Portal);
}

ISDSC_STATUS WINAPI RemoveIScsiSendTargetPortalW(PWSTR InitiatorInstance, ULONG InitiatorPortNumber,
                                                 PISCSI_TARGET_PORTALW Portal)
{
    return order_portal(DSC_W, RIG_CALL_REMOVE_SEND_TARGETS_PORTAL, InitiatorInstance, InitiatorPortNumber,
                        Portal);
}

ISDSC_STATUS WINAPI RefreshIScsiSendTargetPortalA(PSTR InitiatorInstance, ULONG InitiatorPortNumber,
                                                  PISCSI_TARGET_PORTALA Portal)
{
    return order_portal(DSC_A, RIG_CALL_REFRESH_SEND_TARGETS_PORTAL, InitiatorInstance, InitiatorPortNumber,
                        Portal);
}

ISDSC_STATUS WINAPI RefreshIScsiSendTargetPortalW(PWSTR InitiatorInstance, ULONG InitiatorPortNumber,
                                                  PISCSI_TARGET_PORTALW Portal)
{
    return order_portal(DSC_W, RIG_CALL_REFRESH_SEND_TARGETS_PORTAL, InitiatorInstance, InitiatorPortNumber,
                        Portal);
}

ISDSC_STATUS WINAPI ReportIScsiSendTargetPortalsA(PULONG PortalCount, PISCSI_TARGET_PORTAL_INFOA PortalInfo)
{
    return report_portals(DSC_A, PortalCount, PortalInfo);
}

ISDSC_STATUS WINAPI ReportIScsiSendTargetPortalsW(PULONG PortalCount, PISCSI_TARGET_PORTAL_INFOW PortalInfo)
{
    return report_portals(DSC_W, PortalCount, PortalInfo);
}

ISDSC_STATUS WINAPI ReportIScsiSendTargetPortalsExA(PULONG PortalCount, PULONG PortalInfoSize,
                                                    PISCSI_TARGET_PORTAL_INFO_EXA PortalInfo)
{
    return report_portals_ex(DSC_A, PortalCount, PortalInfoSize, PortalInfo);
}

ISDSC_STATUS WINAPI ReportIScsiSendTargetPortalsExW(PULONG PortalCount, PULONG PortalInfoSize,
                                                    PISCSI_TARGET_PORTAL_INFO_EXW PortalInfo)
{
    return report_portals_ex(DSC_W, PortalCount, PortalInfoSize, PortalInfo);
}

ISDSC_STATUS WINAPI AddISNSServerA(PSTR Address)
{
    return dsc_order_label(DSC_A, RIG_CALL_ADD_ISNS_SERVER, Address, DSC_LABEL_ROOM);
}

ISDSC_STATUS WINAPI AddISNSServerW(PWSTR Address)
{
    return dsc_order_label(DSC_W, RIG_CALL_ADD_ISNS_SERVER, Address, DSC_LABEL_ROOM);
}

ISDSC_STATUS WINAPI RemoveISNSServerA(PSTR Address)
{
    return dsc_order_label(DSC_A, RIG_CALL_REMOVE_ISNS_SERVER, Address, DSC_LABEL_ROOM);
}

ISDSC_STATUS WINAPI RemoveISNSServerW(PWSTR Address)
{
    return dsc_order_label(DSC_W, RIG_CALL_REMOVE_ISNS_SERVER, Address, DSC_LABEL_ROOM);
}

ISDSC_STATUS WINAPI RefreshISNSServerA(PSTR Address)
{
    return dsc_order_label(DSC_A, RIG_CALL_REFRESH_ISNS_SERVER, Address, DSC_LABEL_ROOM);
}

ISDSC_STATUS WINAPI RefreshISNSServerW(PWSTR Address)
{
    return dsc_order_label(DSC_W, RIG_CALL_REFRESH_ISNS_SERVER, Address, DSC_LABEL_ROOM);
}

ISDSC_STATUS WINAPI ReportISNSServerListA(PULONG BufferSizeInChar, PCHAR Buffer)
{
    return report_servers(DSC_A, BufferSizeInChar, Buffer);
}

ISDSC_STATUS WINAPI ReportISNSServerListW(PULONG BufferSizeInChar, PWCHAR Buffer)
{
    return report_servers(DSC_W, BufferSizeInChar, Buffer);
}
