/* Logins that every start of the service repeats. */
#include "internal.h"

static ISDSC_STATUS report_logins(dsc_set set, ULONG *count, void *logins, ULONG *bytes)
{
    dsc_args args = {.set = set};
    rig_nothing request = {0};
    return dsc_report_bytes(&args, RIG_CALL_REPORT_LOGINS, &request, &dsc_login_layout, logins, bytes, count);
}

/* No portal, or one without an address: whichever it was kept with. */
static ISDSC_STATUS remove_login(dsc_set set, const void *initiator, ULONG port, const void *name,
                                 const void *portal)
{
    dsc_args args = {.set = set};
    rig_login_ref request = {.port = port};
    dsc_take_text(&args, initiator, request.initiator, sizeof request.initiator);
    dsc_need_text(&args, name, request.target, sizeof request.target);
    request.has_portal = dsc_take_portal(&args, portal, &request.portal);
    return dsc_order(&args, RIG_CALL_REMOVE_LOGIN, &request);
}

ISDSC_STATUS WINAPI ReportIScsiPersistentLoginsA(ULONG *Count,
                                                 PPERSISTENT_ISCSI_LOGIN_INFOA PersistentLoginInfo,
                                                 PULONG BufferSizeInBytes)
{
    return report_logins(DSC_A, Count, PersistentLoginInfo, BufferSizeInBytes);
}

ISDSC_STATUS WINAPI ReportIScsiPersistentLoginsW(ULONG *Count,
                                                 PPERSISTENT_ISCSI_LOGIN_INFOW PersistentLoginInfo,
                                                 PULONG BufferSizeInBytes)
{
    return report_logins(DSC_W, Count, PersistentLoginInfo, BufferSizeInBytes);
}

ISDSC_STATUS WINAPI RemoveIScsiPersistentTargetA(PSTR InitiatorInstance, ULONG InitiatorPortNumber,
                                                 PSTR TargetName, PISCSI_TARGET_PORTALA Portal)
{
    return remove_login(DSC_A, InitiatorInstance, InitiatorPortNumber, TargetName, Portal);
}

ISDSC_STATUS WINAPI RemoveIScsiPersistentTargetW(PWSTR InitiatorInstance, ULONG InitiatorPortNumber,
                                                 PWSTR TargetName, PISCSI_TARGET_PORTALW Portal)
{
    return remove_login(DSC_W, InitiatorInstance, InitiatorPortNumber, TargetName, Portal);
}
