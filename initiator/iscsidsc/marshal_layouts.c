/* Which member of which record stands where in which structure. */
#include "internal.h"

/* Structures without texts are the same in both character sets. */
typedef ISCSI_UNIQUE_SESSION_ID ISCSI_UNIQUE_SESSION_IDA, ISCSI_UNIQUE_SESSION_IDW;
typedef ISCSI_LOGIN_OPTIONS ISCSI_LOGIN_OPTIONSA, ISCSI_LOGIN_OPTIONSW;
typedef SCSI_LUN_LIST SCSI_LUN_LISTA, SCSI_LUN_LISTW;
typedef ISCSI_CONNECTION_INFO_EX ISCSI_CONNECTION_INFO_EXA, ISCSI_CONNECTION_INFO_EXW;
typedef ISCSI_SESSION_INFO_EX ISCSI_SESSION_INFO_EXA, ISCSI_SESSION_INFO_EXW;
typedef IKE_AUTHENTICATION_INFORMATION IKE_AUTHENTICATION_INFORMATIONA, IKE_AUTHENTICATION_INFORMATIONW;
typedef ISCSI_VERSION_INFO ISCSI_VERSION_INFOA, ISCSI_VERSION_INFOW;

#define IN_RECORD(R, r) .member = offsetof(rig_##R, r), .member_size = sizeof(((rig_##R *)0)->r)
#define BOTH(S, s)                                                                                           \
    {                                                                                                        \
        offsetof(S##A, s), offsetof(S##W, s)                                                                 \
    }
#define PLAIN(kind_, R, r, S, s)                                                                             \
    {                                                                                                        \
        .kind = kind_, IN_RECORD(R, r), .at = BOTH(S, s), .size = sizeof(((S##A *)0)->s)                     \
    }
#define NUMBER(R, r, S, s) PLAIN(DSC_NUMBER, R, r, S, s)
#define YES_NO(R, r, S, s) PLAIN(DSC_YES_NO, R, r, S, s)
#define NETWORK(R, r, S, s) PLAIN(DSC_NETWORK, R, r, S, s)
#define BYTES(R, r, S, s) PLAIN(DSC_BYTES, R, r, S, s)
#define POINTED_TEXT(R, r, S, s) PLAIN(DSC_POINTED_TEXT, R, r, S, s)
#define REFUSED_TEXT(R, r, S, s, code)                                                                       \
    {                                                                                                        \
        .kind = DSC_TEXT, IN_RECORD(R, r), .at = BOTH(S, s), .size = sizeof(((S##A *)0)->s), .refusal = code \
    }
#define TEXT_IN(R, r, S, s) REFUSED_TEXT(R, r, S, s, ERROR_INVALID_PARAMETER)
#define NAME_IN(R, r, S, s) REFUSED_TEXT(R, r, S, s, ISDSC_INVALID_ISCSI_NAME)
#define COUNTED(kind_, R, r, S, s, count, code)                                                              \
    .kind = kind_, IN_RECORD(R, r), .at = BOTH(S, s), .count_at = BOTH(S, count), .refusal = code
#define BLOB(kind_, R, r, S, s, count, code)                                                                 \
    {                                                                                                        \
        COUNTED(kind_, R, r, S, s, count, code)                                                              \
    }
#define OPTION_BLOB(kind_, r, s, bit_, code)                                                                 \
    {                                                                                                        \
        COUNTED(kind_, login_options, r, ISCSI_LOGIN_OPTIONS, s, s##Length, code),                           \
            .bit = bit_, .given = offsetof(rig_login_options, specified)                                     \
    }
#define LIST(R, r, S, s, count, part_, code)                                                                 \
    {                                                                                                        \
        COUNTED(DSC_LIST, R, r, S, s, count, code), .part = &(part_)                                         \
    }
#define PART(R, r, S, s, part_)                                                                              \
    {                                                                                                        \
        .kind = DSC_PART, IN_RECORD(R, r), .at = BOTH(S, s), .part = &(part_)                                \
    }
#define POINTED_PART(R, r, S, s, part_)                                                                      \
    {                                                                                                        \
        .kind = DSC_POINTED_PART, IN_RECORD(R, r), .at = BOTH(S, s), .given = offsetof(rig_##R, has_##r),    \
        .part = &(part_)                                                                                     \
    }
#define FINISHED_LAYOUT(R, S, rows, finish_)                                                                 \
    {                                                                                                        \
        .record = RIG_RECORD_##R, .size = {sizeof(S##A), sizeof(S##W)}, .align = _Alignof(S##A),             \
        .fields = rows, .num_fields = sizeof(rows) / sizeof((rows)[0]), .finish = finish_                    \
    }
#define LAYOUT(R, S, rows) FINISHED_LAYOUT(R, S, rows, NULL)

static const dsc_field id_fields[] = {
    NUMBER(unique_id, adapter, ISCSI_UNIQUE_SESSION_ID, AdapterUnique),
    NUMBER(unique_id, specific, ISCSI_UNIQUE_SESSION_ID, AdapterSpecific),
};
const dsc_layout dsc_id_layout = LAYOUT(unique_id, ISCSI_UNIQUE_SESSION_ID, id_fields);

static const dsc_field portal_fields[] = {
    TEXT_IN(target_portal, symbolic_name, ISCSI_TARGET_PORTAL, SymbolicName),
    TEXT_IN(target_portal, address, ISCSI_TARGET_PORTAL, Address),
    NUMBER(target_portal, socket, ISCSI_TARGET_PORTAL, Socket),
};
const dsc_layout dsc_portal_layout = LAYOUT(target_portal, ISCSI_TARGET_PORTAL, portal_fields);

static const dsc_field options_fields[] = {
    PLAIN(DSC_VERSION, login_options, version, ISCSI_LOGIN_OPTIONS, Version),
    NUMBER(login_options, specified, ISCSI_LOGIN_OPTIONS, InformationSpecified),
    NUMBER(login_options, flags, ISCSI_LOGIN_OPTIONS, LoginFlags),
    NUMBER(login_options, auth_type, ISCSI_LOGIN_OPTIONS, AuthType),
    NUMBER(login_options, header_digest, ISCSI_LOGIN_OPTIONS, HeaderDigest),
    NUMBER(login_options, data_digest, ISCSI_LOGIN_OPTIONS, DataDigest),
    NUMBER(login_options, max_connections, ISCSI_LOGIN_OPTIONS, MaximumConnections),
    NUMBER(login_options, time2wait, ISCSI_LOGIN_OPTIONS, DefaultTime2Wait),
    NUMBER(login_options, time2retain, ISCSI_LOGIN_OPTIONS, DefaultTime2Retain),
    OPTION_BLOB(DSC_BLOB, username, Username, ISCSI_LOGIN_OPTIONS_USERNAME, ISDSC_INVALID_CHAP_USER_NAME),
    OPTION_BLOB(DSC_SECRET, password, Password, ISCSI_LOGIN_OPTIONS_PASSWORD, ISDSC_INVALID_CHAP_SECRET),
};
const dsc_layout dsc_options_layout = LAYOUT(login_options, ISCSI_LOGIN_OPTIONS, options_fields);

static const dsc_field lun_fields[] = {
    NUMBER(lun_mapping, os_lun, SCSI_LUN_LIST, OSLUN),
    NUMBER(lun_mapping, target_lun, SCSI_LUN_LIST, TargetLUN),
};
static const dsc_layout lun_layout = LAYOUT(lun_mapping, SCSI_LUN_LIST, lun_fields);

static const dsc_field mapping_fields[] = {
    TEXT_IN(target_mapping, initiator, ISCSI_TARGET_MAPPING, InitiatorName),
    NAME_IN(target_mapping, target, ISCSI_TARGET_MAPPING, TargetName),
    TEXT_IN(target_mapping, os_device, ISCSI_TARGET_MAPPING, OSDeviceName),
    PART(target_mapping, session, ISCSI_TARGET_MAPPING, SessionId, dsc_id_layout),
    NUMBER(target_mapping, os_bus, ISCSI_TARGET_MAPPING, OSBusNumber),
    NUMBER(target_mapping, os_target, ISCSI_TARGET_MAPPING, OSTargetNumber),
    LIST(target_mapping, luns, ISCSI_TARGET_MAPPING, LUNList, LUNCount, lun_layout,
         ISDSC_INVALID_TARGET_MAPPING),
};
const dsc_layout dsc_mapping_layout = LAYOUT(target_mapping, ISCSI_TARGET_MAPPING, mapping_fields);

static const dsc_field portal_info_fields[] = {
    TEXT_IN(send_targets_portal, initiator, ISCSI_TARGET_PORTAL_INFO, InitiatorName),
    NUMBER(send_targets_portal, port, ISCSI_TARGET_PORTAL_INFO, InitiatorPortNumber),
    TEXT_IN(send_targets_portal, portal.symbolic_name, ISCSI_TARGET_PORTAL_INFO, SymbolicName),
    TEXT_IN(send_targets_portal, portal.address, ISCSI_TARGET_PORTAL_INFO, Address),
    NUMBER(send_targets_portal, portal.socket, ISCSI_TARGET_PORTAL_INFO, Socket),
};
const dsc_layout dsc_portal_info_layout =
    LAYOUT(send_targets_portal, ISCSI_TARGET_PORTAL_INFO, portal_info_fields);

static const dsc_field portal_info_ex_fields[] = {
    TEXT_IN(send_targets_portal, initiator, ISCSI_TARGET_PORTAL_INFO_EX, InitiatorName),
    NUMBER(send_targets_portal, port, ISCSI_TARGET_PORTAL_INFO_EX, InitiatorPortNumber),
    TEXT_IN(send_targets_portal, portal.symbolic_name, ISCSI_TARGET_PORTAL_INFO_EX, SymbolicName),
    TEXT_IN(send_targets_portal, portal.address, ISCSI_TARGET_PORTAL_INFO_EX, Address),
    NUMBER(send_targets_portal, portal.socket, ISCSI_TARGET_PORTAL_INFO_EX, Socket),
    NUMBER(send_targets_portal, security_flags, ISCSI_TARGET_PORTAL_INFO_EX, SecurityFlags),
    PART(send_targets_portal, options, ISCSI_TARGET_PORTAL_INFO_EX, LoginOptions, dsc_options_layout),
};
const dsc_layout dsc_portal_info_ex_layout =
    LAYOUT(send_targets_portal, ISCSI_TARGET_PORTAL_INFO_EX, portal_info_ex_fields);

static const dsc_field connection_fields[] = {
    PART(connection_info, id, ISCSI_CONNECTION_INFO, ConnectionId, dsc_id_layout),
    POINTED_TEXT(connection_info, local_address, ISCSI_CONNECTION_INFO, InitiatorAddress),
    POINTED_TEXT(connection_info, remote_address, ISCSI_CONNECTION_INFO, TargetAddress),
    NUMBER(connection_info, local_port, ISCSI_CONNECTION_INFO, InitiatorSocket),
    NUMBER(connection_info, remote_port, ISCSI_CONNECTION_INFO, TargetSocket),
    NETWORK(connection_info, cid, ISCSI_CONNECTION_INFO, CID),
};
static const dsc_layout connection_layout = LAYOUT(connection_info, ISCSI_CONNECTION_INFO, connection_fields);

/* InitiatorName is the node name here, not the instance. */
static const dsc_field session_fields[] = {
    PART(session_info, id, ISCSI_SESSION_INFO, SessionId, dsc_id_layout),
    POINTED_TEXT(session_info, initiator_node, ISCSI_SESSION_INFO, InitiatorName),
    POINTED_TEXT(session_info, target_node, ISCSI_SESSION_INFO, TargetNodeName),
    POINTED_TEXT(session_info, target, ISCSI_SESSION_INFO, TargetName),
    BYTES(session_info, isid, ISCSI_SESSION_INFO, ISID),
    NETWORK(session_info, tsih, ISCSI_SESSION_INFO, TSID),
    LIST(session_info, connections, ISCSI_SESSION_INFO, Connections, ConnectionCount, connection_layout,
         ERROR_INVALID_PARAMETER),
};
const dsc_layout dsc_session_layout = LAYOUT(session_info, ISCSI_SESSION_INFO, session_fields);

static const dsc_field connection_ex_fields[] = {
    PART(connection_info, id, ISCSI_CONNECTION_INFO_EX, ConnectionId, dsc_id_layout),
    NUMBER(connection_info, state, ISCSI_CONNECTION_INFO_EX, State),
    NUMBER(connection_info, protocol, ISCSI_CONNECTION_INFO_EX, Protocol),
    NUMBER(connection_info, header_digest, ISCSI_CONNECTION_INFO_EX, HeaderDigest),
    NUMBER(connection_info, data_digest, ISCSI_CONNECTION_INFO_EX, DataDigest),
    NUMBER(connection_info, max_recv, ISCSI_CONNECTION_INFO_EX, MaxRecvDataSegmentLength),
    NUMBER(connection_info, auth_type, ISCSI_CONNECTION_INFO_EX, AuthType),
    NUMBER(connection_info, throughput, ISCSI_CONNECTION_INFO_EX, EstimatedThroughput),
    NUMBER(connection_info, max_datagram, ISCSI_CONNECTION_INFO_EX, MaxDatagramSize),
};
static const dsc_layout connection_ex_layout =
    LAYOUT(connection_info, ISCSI_CONNECTION_INFO_EX, connection_ex_fields);

static const dsc_field session_ex_fields[] = {
    PART(session_info, id, ISCSI_SESSION_INFO_EX, SessionId, dsc_id_layout),
    YES_NO(session_info, initial_r2t, ISCSI_SESSION_INFO_EX, InitialR2t),
    YES_NO(session_info, immediate_data, ISCSI_SESSION_INFO_EX, ImmediateData),
    NUMBER(session_info, type, ISCSI_SESSION_INFO_EX, Type),
    YES_NO(session_info, data_sequence_in_order, ISCSI_SESSION_INFO_EX, DataSequenceInOrder),
    YES_NO(session_info, data_pdu_in_order, ISCSI_SESSION_INFO_EX, DataPduInOrder),
    NUMBER(session_info, error_recovery_level, ISCSI_SESSION_INFO_EX, ErrorRecoveryLevel),
    NUMBER(session_info, max_outstanding_r2t, ISCSI_SESSION_INFO_EX, MaxOutstandingR2t),
    NUMBER(session_info, first_burst, ISCSI_SESSION_INFO_EX, FirstBurstLength),
    NUMBER(session_info, max_burst, ISCSI_SESSION_INFO_EX, MaxBurstLength),
    NUMBER(session_info, max_connections, ISCSI_SESSION_INFO_EX, MaximumConnections),
    LIST(session_info, connections, ISCSI_SESSION_INFO_EX, Connections, ConnectionCount, connection_ex_layout,
         ERROR_INVALID_PARAMETER),
};
const dsc_layout dsc_session_ex_layout = LAYOUT(session_info, ISCSI_SESSION_INFO_EX, session_ex_fields);

/* Windows' classes of devices by the peripheral device type of SPC-4 table 139. */
static const struct {
    uint32_t peripheral;
    ULONG type; /* FILE_DEVICE_* */
    GUID interface;
} device_classes[] = {
    {0, 0x07, {0x53f56307, 0xb6bf, 0x11d0, {0x94, 0xf2, 0x00, 0xa0, 0xc9, 0x1e, 0xfb, 0x8b}}},
    {1, 0x1f, {0x53f5630b, 0xb6bf, 0x11d0, {0x94, 0xf2, 0x00, 0xa0, 0xc9, 0x1e, 0xfb, 0x8b}}},
    {5, 0x02, {0x53f56308, 0xb6bf, 0x11d0, {0x94, 0xf2, 0x00, 0xa0, 0xc9, 0x1e, 0xfb, 0x8b}}},
    {8, 0x30, {0x53f56310, 0xb6bf, 0x11d0, {0x94, 0xf2, 0x00, 0xa0, 0xc9, 0x1e, 0xfb, 0x8b}}},
};
#define FILE_DEVICE_UNKNOWN 0x22u

static void device_finish(dsc_set set, const void *record, void *to)
{
    static const size_t address[] = BOTH(ISCSI_DEVICE_ON_SESSION, ScsiAddress.Length);
    static const size_t interface[] = BOTH(ISCSI_DEVICE_ON_SESSION, DeviceInterfaceType);
    static const size_t type[] = BOTH(ISCSI_DEVICE_ON_SESSION, StorageDeviceNumber.DeviceType);
    const rig_device *device = record;
    uint8_t *at = to;
    dsc_put(at + address[set], sizeof(ULONG), sizeof(SCSI_ADDRESS));
    dsc_put(at + type[set], sizeof(ULONG), FILE_DEVICE_UNKNOWN);
    for (size_t i = 0; i < sizeof device_classes / sizeof device_classes[0]; i++) {
        if (device_classes[i].peripheral != device->type)
            continue;
        dsc_put(at + type[set], sizeof(ULONG), device_classes[i].type);
        memcpy(at + interface[set], &device_classes[i].interface, sizeof(GUID));
    }
}

static const dsc_field device_fields[] = {
    TEXT_IN(device, initiator, ISCSI_DEVICE_ON_SESSION, InitiatorName),
    NAME_IN(device, target, ISCSI_DEVICE_ON_SESSION, TargetName),
    NUMBER(device, scsi_port, ISCSI_DEVICE_ON_SESSION, ScsiAddress.PortNumber),
    NUMBER(device, scsi_path, ISCSI_DEVICE_ON_SESSION, ScsiAddress.PathId),
    NUMBER(device, scsi_target, ISCSI_DEVICE_ON_SESSION, ScsiAddress.TargetId),
    NUMBER(device, scsi_lun, ISCSI_DEVICE_ON_SESSION, ScsiAddress.Lun),
    TEXT_IN(device, interface_name, ISCSI_DEVICE_ON_SESSION, DeviceInterfaceName),
    TEXT_IN(device, legacy_name, ISCSI_DEVICE_ON_SESSION, LegacyName),
    NUMBER(device, number, ISCSI_DEVICE_ON_SESSION, StorageDeviceNumber.DeviceNumber),
    NUMBER(device, partition, ISCSI_DEVICE_ON_SESSION, StorageDeviceNumber.PartitionNumber),
    NUMBER(device, instance, ISCSI_DEVICE_ON_SESSION, DeviceInstance),
};
const dsc_layout dsc_device_layout =
    FINISHED_LAYOUT(device, ISCSI_DEVICE_ON_SESSION, device_fields, device_finish);

static const dsc_field login_fields[] = {
    NAME_IN(login, target, PERSISTENT_ISCSI_LOGIN_INFO, TargetName),
    YES_NO(login, informational, PERSISTENT_ISCSI_LOGIN_INFO, IsInformationalSession),
    TEXT_IN(login, initiator, PERSISTENT_ISCSI_LOGIN_INFO, InitiatorInstance),
    NUMBER(login, port, PERSISTENT_ISCSI_LOGIN_INFO, InitiatorPortNumber),
    PART(login, portal, PERSISTENT_ISCSI_LOGIN_INFO, TargetPortal, dsc_portal_layout),
    NUMBER(login, security_flags, PERSISTENT_ISCSI_LOGIN_INFO, SecurityFlags),
    POINTED_PART(login, mapping, PERSISTENT_ISCSI_LOGIN_INFO, Mappings, dsc_mapping_layout),
    PART(login, options, PERSISTENT_ISCSI_LOGIN_INFO, LoginOptions, dsc_options_layout),
};
const dsc_layout dsc_login_layout = LAYOUT(login, PERSISTENT_ISCSI_LOGIN_INFO, login_fields);

static const dsc_field ike_fields[] = {
    NUMBER(ike_info, method, IKE_AUTHENTICATION_INFORMATION, AuthMethod),
    NUMBER(ike_info, security_flags, IKE_AUTHENTICATION_INFORMATION, PsKey.SecurityFlags),
    NUMBER(ike_info, id_type, IKE_AUTHENTICATION_INFORMATION, PsKey.IdType),
    BLOB(DSC_BLOB, ike_info, id, IKE_AUTHENTICATION_INFORMATION, PsKey.Id, PsKey.IdLengthInBytes,
         ISDSC_IKE_ID_PAYLOAD_INCORRECT_SIZE),
    BLOB(DSC_SECRET, ike_info, key, IKE_AUTHENTICATION_INFORMATION, PsKey.Key, PsKey.KeyLengthInBytes,
         ERROR_INVALID_PARAMETER),
};
const dsc_layout dsc_ike_layout = LAYOUT(ike_info, IKE_AUTHENTICATION_INFORMATION, ike_fields);

/* Of what is asked for by its identity, only that counts. */
static const dsc_field ike_query_fields[] = {
    NUMBER(ike_query, id_type, IKE_AUTHENTICATION_INFORMATION, PsKey.IdType),
    BLOB(DSC_BLOB, ike_query, id, IKE_AUTHENTICATION_INFORMATION, PsKey.Id, PsKey.IdLengthInBytes,
         ISDSC_IKE_ID_PAYLOAD_INCORRECT_SIZE),
};
const dsc_layout dsc_ike_query_layout = LAYOUT(ike_query, IKE_AUTHENTICATION_INFORMATION, ike_query_fields);

static const dsc_field version_fields[] = {
    NUMBER(version, major, ISCSI_VERSION_INFO, MajorVersion),
    NUMBER(version, minor, ISCSI_VERSION_INFO, MinorVersion),
    NUMBER(version, build, ISCSI_VERSION_INFO, BuildNumber),
};
const dsc_layout dsc_version_layout = LAYOUT(version, ISCSI_VERSION_INFO, version_fields);
