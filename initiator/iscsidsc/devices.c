/* Devices: those of a session, their numbers, and those that the start of the service waits for. */
#include "internal.h"

static ISDSC_STATUS report_devices(dsc_set set, const ISCSI_UNIQUE_SESSION_ID *session, ULONG *count,
                                   void *devices)
{
    dsc_args args = {.set = set};
    rig_session_ref request = {0};
    dsc_need(&args, &dsc_id_layout, session, &request.session);
    return dsc_report_elements(&args, RIG_CALL_REPORT_DEVICES, &request, &dsc_device_layout, devices, count);
}

static ISDSC_STATUS report_mappings(dsc_set set, ULONG *bytes, ULONG *count, void *mappings)
{
    dsc_args args = {.set = set};
    rig_nothing request = {0};
    return dsc_report_bytes(&args, RIG_CALL_REPORT_MAPPINGS, &request, &dsc_mapping_layout, mappings, bytes,
                            count);
}

static ISDSC_STATUS report_bound(dsc_set set, ULONG *size, void *buffer)
{
    dsc_args args = {.set = set};
    rig_nothing request = {0};
    return dsc_report_labels(&args, RIG_CALL_REPORT_BOUND_DEVICES, &request, size, buffer);
}

static ISDSC_STATUS order_nothing(rig_call_id call)
{
    dsc_args args = {0};
    rig_nothing request = {0};
    return dsc_order(&args, call, &request);
}

ISDSC_STATUS WINAPI GetDevicesForIScsiSessionA(PISCSI_UNIQUE_SESSION_ID UniqueSessionId, PULONG DeviceCount,
                                               PISCSI_DEVICE_ON_SESSIONA Devices)
{
    return report_devices(DSC_A, UniqueSessionId, DeviceCount, Devices);
}

ISDSC_STATUS WINAPI GetDevicesForIScsiSessionW(PISCSI_UNIQUE_SESSION_ID UniqueSessionId, PULONG DeviceCount,
                                               PISCSI_DEVICE_ON_SESSIONW Devices)
{
    return report_devices(DSC_W, UniqueSessionId, DeviceCount, Devices);
}

ISDSC_STATUS WINAPI ReportActiveIScsiTargetMappingsA(PULONG BufferSize, PULONG MappingCount,
                                                     PISCSI_TARGET_MAPPINGA Mappings)
{
    return report_mappings(DSC_A, BufferSize, MappingCount, Mappings);
}

ISDSC_STATUS WINAPI ReportActiveIScsiTargetMappingsW(PULONG BufferSize, PULONG MappingCount,
                                                     PISCSI_TARGET_MAPPINGW Mappings)
{
    return report_mappings(DSC_W, BufferSize, MappingCount, Mappings);
}

ISDSC_STATUS WINAPI SetupPersistentIScsiVolumes(VOID)
{
    return order_nothing(RIG_CALL_BIND_DEVICES);
}

ISDSC_STATUS WINAPI SetupPersistentIScsiDevices(VOID)
{
    return order_nothing(RIG_CALL_BIND_DEVICES);
}

ISDSC_STATUS WINAPI ClearPersistentIScsiDevices(VOID)
{
    return order_nothing(RIG_CALL_CLEAR_DEVICES);
}

ISDSC_STATUS WINAPI AddPersistentIScsiDeviceA(PSTR DevicePath)
{
    return dsc_order_label(DSC_A, RIG_CALL_ADD_DEVICE, DevicePath, DSC_LABEL_ROOM);
}

ISDSC_STATUS WINAPI AddPersistentIScsiDeviceW(PWSTR DevicePath)
{
    return dsc_order_label(DSC_W, RIG_CALL_ADD_DEVICE, DevicePath, DSC_LABEL_ROOM);
}

ISDSC_STATUS WINAPI RemovePersistentIScsiDeviceA(PSTR DevicePath)
{
    return dsc_order_label(DSC_A, RIG_CALL_REMOVE_DEVICE, DevicePath, DSC_LABEL_ROOM);
}

ISDSC_STATUS WINAPI RemovePersistentIScsiDeviceW(PWSTR DevicePath)
{
    return dsc_order_label(DSC_W, RIG_CALL_REMOVE_DEVICE, DevicePath, DSC_LABEL_ROOM);
}

ISDSC_STATUS WINAPI ReportPersistentIScsiDevicesA(PULONG BufferSizeInChar, PCHAR Buffer)
{
    return report_bound(DSC_A, BufferSizeInChar, Buffer);
}

ISDSC_STATUS WINAPI ReportPersistentIScsiDevicesW(PULONG BufferSizeInChar, PWCHAR Buffer)
{
    return report_bound(DSC_W, BufferSizeInChar, Buffer);
}
