/* Who the initiator is. */
#include "internal.h"

ISDSC_STATUS WINAPI GetIScsiVersionInformation(PISCSI_VERSION_INFO VersionInfo)
{
    dsc_args args = {0};
    rig_nothing request = {0};
    rig_version reply = {0};
    dsc_must(&args, VersionInfo);
    if (dsc_ask(&args, RIG_CALL_GET_VERSION, &request, &reply))
        *VersionInfo = (ISCSI_VERSION_INFO){reply.major, reply.minor, reply.build};
    return dsc_done(&args, RIG_CALL_GET_VERSION, &reply, ERROR_SUCCESS);
}

static ISDSC_STATUS report_initiators(dsc_set set, ULONG *size, void *buffer)
{
    dsc_args args = {.set = set};
    rig_nothing request = {0};
    return dsc_report_labels(&args, RIG_CALL_REPORT_INITIATORS, &request, size, buffer);
}

/* The caller's buffer has no size: it holds the longest name there is. */
static ISDSC_STATUS get_name(dsc_set set, void *name)
{
    dsc_args args = {.set = set};
    rig_nothing request = {0};
    rig_label reply = {0};
    ISDSC_STATUS delivered = ERROR_SUCCESS;
    dsc_must(&args, name);
    if (dsc_ask(&args, RIG_CALL_GET_NODE_NAME, &request, &reply)) {
        size_t units = dsc_text_units(set, reply.text);
        if (units && units <= DSC_NAME_ROOM)
            dsc_text_write(set, reply.text, name);
        else
            delivered = ISDSC_INVALID_ISCSI_NAME;
    }
    return dsc_done(&args, RIG_CALL_GET_NODE_NAME, &reply, delivered);
}

/* No name at all asks for the default one. */
static ISDSC_STATUS set_name(dsc_set set, const void *name)
{
    dsc_args args = {.set = set};
    rig_label request = {0};
    if (name)
        return dsc_order_label(set, RIG_CALL_SET_NODE_NAME, name, DSC_NAME_ROOM);
    return dsc_order(&args, RIG_CALL_SET_NODE_NAME, &request);
}

ISDSC_STATUS WINAPI ReportIScsiInitiatorListA(ULONG *BufferSize, PCHAR Buffer)
{
    return report_initiators(DSC_A, BufferSize, Buffer);
}

ISDSC_STATUS WINAPI ReportIScsiInitiatorListW(ULONG *BufferSize, PWCHAR Buffer)
{
    return report_initiators(DSC_W, BufferSize, Buffer);
}

ISDSC_STATUS WINAPI GetIScsiInitiatorNodeNameA(PSTR InitiatorNodeName)
{
    return get_name(DSC_A, InitiatorNodeName);
}

ISDSC_STATUS WINAPI GetIScsiInitiatorNodeNameW(PWSTR InitiatorNodeName)
{
    return get_name(DSC_W, InitiatorNodeName);
}

ISDSC_STATUS WINAPI SetIScsiInitiatorNodeNameA(PSTR InitiatorNodeName)
{
    return set_name(DSC_A, InitiatorNodeName);
}

ISDSC_STATUS WINAPI SetIScsiInitiatorNodeNameW(PWSTR InitiatorNodeName)
{
    return set_name(DSC_W, InitiatorNodeName);
}
