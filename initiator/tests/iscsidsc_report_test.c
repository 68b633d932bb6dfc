/* What the functions of Microsoft's API give back, and the rule for buffers, each with its own unit. */
#include "iscsidsc_kit.h"

#define CHARS sizeof(TCHAR)
#define LOGIN_OPTIONS                                                                                        \
    "{\"specified\":97,\"flags\":2,\"auth-type\":1,\"header-digest\":1,\"username\":{\"text\":\"me\"},"      \
    "\"password\":{\"text\":\"secret secret\"}}"
#define MAPPING                                                                                              \
    "{\"initiator\":\"hba\",\"target\":\"" KIT_NAME "\",\"os-device\":\"dev\",\"session\":"                  \
    "{\"adapter\":\"0x1\",\"specific\":\"0x2\"},\"os-bus\":7,\"os-target\":8,\"luns\":"                      \
    "[{\"os-lun\":1,\"target-lun\":\"0x1000000000000\"},{\"os-lun\":2}]}"

#define LABELS "{\"labels\":[{\"text\":\"ab\"},{\"text\":\"c\"}]}"
#define PORTALS                                                                                              \
    "{\"portals\":[{\"initiator\":\"hba\",\"port\":1,\"portal\":" KIT_PORTAL ",\"security-flags\":\"0x3\","  \
    "\"options\":" LOGIN_OPTIONS "},{\"portal\":" KIT_PORTAL "}]}"
#define TARGET_PORTALS "{\"portals\":[" KIT_PORTAL ",{\"address\":\"x\"},{}]}"
#define SESSIONS                                                                                             \
    "{\"sessions\":[{\"id\":{\"adapter\":\"0x1\",\"specific\":\"0x2\"},\"initiator-node\":\"us\","           \
    "\"initiator\":\"hba\",\"target-node\":\"node\",\"target\":\"" KIT_NAME "\",\"isid\":"                   \
    "{\"hex\":\"400001370001\"},\"tsih\":258,\"type\":2,\"initial-r2t\":true,\"immediate-data\":true,"       \
    "\"data-pdu-in-order\":true,\"error-recovery-level\":2,\"max-outstanding-r2t\":3,\"first-burst\":4,"     \
    "\"max-burst\":5,\"max-connections\":6,\"connections\":[{\"id\":{\"adapter\":\"0x1\",\"specific\":"      \
    "\"0x3\"},\"local-address\":\"l\",\"local-port\":49152,\"remote-address\":\"rr\",\"remote-port\":3260,"  \
    "\"cid\":772,\"state\":1,\"protocol\":6,\"header-digest\":1,\"max-recv\":8192,\"auth-type\":2,"          \
    "\"throughput\":\"0x100000001\",\"max-datagram\":9},{\"data-digest\":1}]},"                              \
    "{\"id\":{\"specific\":\"0x4\"}}]}"
#define DEVICES                                                                                              \
    "{\"devices\":[{\"initiator\":\"hba\",\"target\":\"" KIT_NAME "\",\"scsi-port\":1,\"scsi-path\":2,"      \
    "\"scsi-target\":3,\"scsi-lun\":4,\"interface-name\":\"path\",\"legacy-name\":\"old\",\"number\":5,"     \
    "\"partition\":4294967295,\"instance\":6},{\"type\":3},{\"type\":5}]}"
#define MAPPINGS "{\"mappings\":[" MAPPING ",{\"os-bus\":4294967295}]}"
#define LOGINS                                                                                               \
    "{\"logins\":[{\"target\":\"" KIT_NAME "\",\"informational\":true,\"initiator\":\"hba\",\"port\":"       \
    "4294967295,\"has-portal\":true,\"portal\":" KIT_PORTAL ",\"security-flags\":\"0x47\","                  \
    "\"has-mapping\":true,\"mapping\":" MAPPING ",\"has-options\":true,\"options\":" LOGIN_OPTIONS           \
    ",\"key\":{\"text\":\"key\"}},{\"target\":\"b\"}]}"
#define TARGETS                                                                                              \
    "{\"targets\":[{\"target\":\"t\",\"mechanism\":\"Static:\",\"initiator\":\"hba\",\"alias\":\"big\","     \
    "\"flags\":6,\"has-mapping\":true,\"mapping\":" MAPPING                                                  \
    ",\"has-options\":true,\"options\":" LOGIN_OPTIONS ",\"groups\":[{\"tag\":1,\"portals\":[" KIT_PORTAL    \
    ",{\"address\":\"x\"}]},{\"tag\":2,"                                                                     \
    "\"portals\":[{\"address\":\"y\"}]}]},{\"mechanism\":\"Static:\"},{\"mechanism\":\"iSNS:s\"}]}"

/* ---- every function, and one way to call it ---- */

typedef ISDSC_STATUS report(ULONG *size, void *buffer);

static ISCSI_UNIQUE_SESSION_ID session = {1, 2};
static ULONG count; /* of structures that a function counts besides */

static ISDSC_STATUS targets(ULONG *size, void *buffer)
{
    return ReportIScsiTargets(FALSE, size, buffer);
}

static ISDSC_STATUS initiators(ULONG *size, void *buffer)
{
    return ReportIScsiInitiatorList(size, buffer);
}

static ISDSC_STATUS isns_servers(ULONG *size, void *buffer)
{
    return ReportISNSServerList(size, buffer);
}

static ISDSC_STATUS radius_servers(ULONG *size, void *buffer)
{
    return ReportRadiusServerList(size, buffer);
}

static ISDSC_STATUS bound_devices(ULONG *size, void *buffer)
{
    return ReportPersistentIScsiDevices(size, buffer);
}

static ISDSC_STATUS portals(ULONG *size, void *buffer)
{
    return ReportIScsiSendTargetPortals(size, buffer);
}

static ISDSC_STATUS portals_ex(ULONG *size, void *buffer)
{
    return ReportIScsiSendTargetPortalsEx(&count, size, buffer);
}

static ISDSC_STATUS target_portals(ULONG *size, void *buffer)
{
    return ReportIScsiTargetPortals(NULL, KIT_NAME_T, NULL, size, buffer);
}

static ISDSC_STATUS sessions(ULONG *size, void *buffer)
{
    return GetIScsiSessionList(size, &count, buffer);
}

static ISDSC_STATUS sessions_ex(ULONG *size, void *buffer)
{
    return GetIScsiSessionListEx(size, &count, buffer);
}

static ISDSC_STATUS devices(ULONG *size, void *buffer)
{
    return GetDevicesForIScsiSession(&session, size, buffer);
}

static ISDSC_STATUS mappings(ULONG *size, void *buffer)
{
    return ReportActiveIScsiTargetMappings(size, &count, buffer);
}

static ISDSC_STATUS logins(ULONG *size, void *buffer)
{
    return ReportIScsiPersistentLogins(&count, buffer, size);
}

static ISDSC_STATUS information(TARGET_INFORMATION_CLASS class, ULONG *size, void *buffer)
{
    return GetIScsiTargetInformation(KIT_NAME_T, TEXT("Static:"), class, size, buffer);
}

#define INFORMATION(name, class)                                                                             \
    static ISDSC_STATUS name(ULONG *size, void *buffer)                                                      \
    {                                                                                                        \
        return information(class, size, buffer);                                                             \
    }
INFORMATION(protocol, ProtocolType)
INFORMATION(alias, TargetAlias)
INFORMATION(mechanisms, DiscoveryMechanisms)
INFORMATION(groups, PortalGroups)
INFORMATION(kept_mappings, PersistentTargetMappings)
INFORMATION(initiator, InitiatorName)
INFORMATION(flags, TargetFlags)
INFORMATION(default_options, LoginOptions)

/* Units that the answer takes, counted by hand: texts with their NULs, then the bytes of each structure and
 * of what it points to, each kind of it at a multiple of its alignment. */
#define ROUND(n, to) (((n) + (to)-1) / (to) * (to))
#define SESSION_TEXTS (CHARS * (3 + 5 + sizeof KIT_NAME))
#define CONNECTION_TEXTS (CHARS * (2 + 3))
#define OTHER_TEXTS (CHARS * (1 + 1) + CHARS * (1 + 1 + 1))
#define MAPPING_SIZE sizeof(ISCSI_TARGET_MAPPING)

static const struct row {
    const char *name;
    report *function;
    rig_call_id call;
    const char *reply;
    size_t unit;
    ULONG needed;
    ULONG count; /* 0 = it tells none */
} rows[] = {
    {"ReportIScsiTargets", targets, RIG_CALL_REPORT_TARGETS, LABELS, CHARS, 6, 0},
    {"ReportIScsiInitiatorList", initiators, RIG_CALL_REPORT_INITIATORS, LABELS, CHARS, 6, 0},
    {"ReportISNSServerList", isns_servers, RIG_CALL_REPORT_ISNS_SERVERS, LABELS, CHARS, 6, 0},
    {"ReportRadiusServerList", radius_servers, RIG_CALL_REPORT_RADIUS_SERVERS, LABELS, CHARS, 6, 0},
    {"ReportPersistentIScsiDevices", bound_devices, RIG_CALL_REPORT_BOUND_DEVICES, LABELS, CHARS, 6, 0},
    {"ReportIScsiSendTargetPortals", portals, RIG_CALL_REPORT_SEND_TARGETS_PORTALS, PORTALS,
     sizeof(ISCSI_TARGET_PORTAL_INFO), 2, 0},
    {"ReportIScsiSendTargetPortalsEx", portals_ex, RIG_CALL_REPORT_SEND_TARGETS_PORTALS, PORTALS, 1,
     2 * sizeof(ISCSI_TARGET_PORTAL_INFO_EX) + 2, 2},
    {"ReportIScsiTargetPortals", target_portals, RIG_CALL_REPORT_TARGET_PORTALS, TARGET_PORTALS,
     sizeof(ISCSI_TARGET_PORTAL), 3, 0},
    {"GetIScsiSessionList", sessions, RIG_CALL_REPORT_SESSIONS, SESSIONS, 1,
     ROUND(2 * 64 + SESSION_TEXTS, 8) + 2 * 40 + CONNECTION_TEXTS + OTHER_TEXTS, 2},
    {"GetIScsiSessionListEx", sessions_ex, RIG_CALL_REPORT_SESSIONS, SESSIONS, 1, 2 * 56 + 2 * 48, 2},
    {"GetDevicesForIScsiSession", devices, RIG_CALL_REPORT_DEVICES, DEVICES, sizeof(ISCSI_DEVICE_ON_SESSION),
     3, 0},
    {"ReportActiveIScsiTargetMappings", mappings, RIG_CALL_REPORT_MAPPINGS, MAPPINGS, 1,
     2 * MAPPING_SIZE + 2 * 16, 2},
    {"ReportIScsiPersistentLogins", logins, RIG_CALL_REPORT_LOGINS, LOGINS, 1,
     2 * sizeof(PERSISTENT_ISCSI_LOGIN_INFO) + MAPPING_SIZE + 2 * 16 + 2, 2},
    {"ProtocolType", protocol, RIG_CALL_REPORT_TARGET_INSTANCES, TARGETS, 1, 4, 0},
    {"TargetAlias", alias, RIG_CALL_REPORT_TARGET_INSTANCES, TARGETS, 1, 4 * CHARS, 0},
    {"DiscoveryMechanisms", mechanisms, RIG_CALL_REPORT_TARGET_INSTANCES, TARGETS, 1, (8 + 7 + 1) * CHARS, 0},
    {"PortalGroups", groups, RIG_CALL_REPORT_TARGET_INSTANCES, TARGETS, 1,
     4 + ROUND(4 + 2 * sizeof(ISCSI_TARGET_PORTAL), 4) + ROUND(4 + sizeof(ISCSI_TARGET_PORTAL), 4), 0},
    {"PersistentTargetMappings", kept_mappings, RIG_CALL_REPORT_TARGET_INSTANCES, TARGETS, 1,
     ROUND(4 + MAPPING_SIZE, 8) + 2 * 16, 0},
    {"InitiatorName", initiator, RIG_CALL_REPORT_TARGET_INSTANCES, TARGETS, 1, 4 * CHARS, 0},
    {"TargetFlags", flags, RIG_CALL_REPORT_TARGET_INSTANCES, TARGETS, 1, 4, 0},
    {"LoginOptions", default_options, RIG_CALL_REPORT_TARGET_INSTANCES, TARGETS, 1, 64 + 2, 0},
};
#define ROWS (sizeof rows / sizeof rows[0])

static bool is_filled(const uint8_t *bytes, size_t len, uint8_t with)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != with)
            return false;
    return true;
}

/* Memory of exactly so many units, which the sanitizers watch. */
static uint8_t *room_of(const struct row *row, ULONG units)
{
    uint8_t *room = malloc(units * row->unit + (units == 0));
    memset(room, 0xee, units * row->unit);
    return room;
}

/* The function with room for so many units: what it needs is told either way, and a buffer that is too small
 * is not touched. */
static bool obeys(const struct row *row, ULONG units)
{
    uint8_t *room = room_of(row, units);
    ULONG size = units;
    count = 99;
    ISDSC_STATUS status = row->function(&size, room);
    bool fits = units >= row->needed;
    bool good = status == (fits ? (ISDSC_STATUS)ERROR_SUCCESS : ERROR_INSUFFICIENT_BUFFER) &&
                size == row->needed && (!row->count || count == row->count);
    if (!fits)
        good = good && is_filled(room, units * row->unit, 0xee);
    else
        good = good && is_filled(room + row->needed * row->unit, (units - row->needed) * row->unit, 0xee);
    free(room);
    return good;
}

#define EACH(expression)                                                                                     \
    for (const struct row *row = rows; row < rows + ROWS; row++)                                             \
        if (!(expression))                                                                                   \
    CU_FAIL(row->name)

static bool asks(const struct row *row)
{
    ULONG size = 0;
    kit_answer(RIG_CODE_SUCCESS, row->reply, NULL);
    row->function(&size, NULL);
    return kit.calls == 1 && kit.call == row->call;
}

static bool at(const struct row *row, ULONG units)
{
    kit_answer(RIG_CODE_SUCCESS, row->reply, NULL);
    return obeys(row, units);
}

static bool without_buffer(const struct row *row)
{
    ULONG size = row->needed;
    kit_answer(RIG_CODE_SUCCESS, row->reply, NULL);
    return row->function(&size, NULL) == ERROR_INSUFFICIENT_BUFFER && size == row->needed;
}

static bool without_size(const struct row *row)
{
    kit_answer(RIG_CODE_SUCCESS, row->reply, NULL);
    return row->function(NULL, NULL) == ERROR_INVALID_PARAMETER && kit.calls == 0;
}

/* What kept the answer from coming is the result, and nothing of the caller's changes. */
static bool fails(const struct row *row)
{
    ULONG size = 3;
    count = 99;
    kit_answer(RIG_CODE_SERVICE_NOT_RUNNING, NULL, NULL);
    return row->function(&size, NULL) == ISDSC_SERVICE_NOT_RUNNING && size == 3 && count == 99;
}

/* A warning comes with its answer. */
static bool warns(const struct row *row)
{
    uint8_t *room = room_of(row, row->needed);
    ULONG size = row->needed;
    kit_answer(RIG_CODE_OPERATION_NOT_ALL_SUCCESS, row->reply, NULL);
    ISDSC_STATUS status = row->function(&size, room);
    bool filled = !is_filled(room, row->needed * row->unit, 0xee);
    free(room);
    return status == ISDSC_OPERATION_NOT_ALL_SUCCESS && size == row->needed && filled;
}

/* The size that is needed is told, whatever there is room for (API-001); a warning comes with its answer
 * (API-002). */
static void buffers(void)
{
    EACH(asks(row));
    EACH(at(row, row->needed));
    EACH(at(row, row->needed - 1));
    EACH(at(row, row->needed + 2));
    EACH(at(row, 0));
    EACH(without_buffer(row));
    EACH(without_size(row));
    EACH(fails(row));
    EACH(warns(row));
    CU_ASSERT_EQUAL(ROWS, 21);
}

/* Counts that a function tells besides have to be asked for. */
static void counts_missing(void)
{
    ULONG size = 0;
    KIT_REFUSED(GetIScsiSessionList(&size, NULL, NULL), ERROR_INVALID_PARAMETER);
    KIT_REFUSED(GetIScsiSessionListEx(&size, NULL, NULL), ERROR_INVALID_PARAMETER);
    KIT_REFUSED(ReportActiveIScsiTargetMappings(&size, NULL, NULL), ERROR_INVALID_PARAMETER);
    KIT_REFUSED(ReportIScsiPersistentLogins(NULL, NULL, &size), ERROR_INVALID_PARAMETER);
    KIT_REFUSED(ReportIScsiSendTargetPortalsEx(NULL, &size, NULL), ERROR_INVALID_PARAMETER);
    KIT_REFUSED(GetDevicesForIScsiSession(NULL, &size, NULL), ERROR_INVALID_PARAMETER);
}

/* Nothing to tell: no room is needed; a list of strings ends with two NULs all the same (API-007). */
static void nothing_to_tell(void)
{
    for (const struct row *row = rows; row < rows + 13; row++) {
        bool is_strings = row < rows + 5;
        TCHAR two[2] = {1, 1};
        ULONG size = 2;
        count = 99;
        kit_answer(RIG_CODE_SUCCESS, "{}", NULL);
        if (row->function(&size, is_strings ? two : NULL) != ERROR_SUCCESS)
            CU_FAIL(row->name);
        CU_ASSERT_EQUAL(size, is_strings ? 2 : 0);
        CU_ASSERT_EQUAL(two[0] + two[1], is_strings ? 0 : 2);
        CU_ASSERT_EQUAL(count, row->count ? 0 : 99);
    }
}

/* ---- what stands in the buffers ---- */

/* The function's answer in memory of its own, aligned as malloc does; freed by the caller. */
static void *told(report *function)
{
    for (const struct row *row = rows; row < rows + ROWS; row++) {
        if (row->function != function)
            continue;
        void *room = room_of(row, row->needed);
        ULONG size = row->needed;
        kit_answer(RIG_CODE_SUCCESS, row->reply, NULL);
        CU_ASSERT_EQUAL_FATAL(function(&size, room), ERROR_SUCCESS);
        return room;
    }
    CU_FAIL_FATAL("no such row");
    return NULL;
}

static void strings(void)
{
    TCHAR *list = told(targets);
    CU_ASSERT_EQUAL(memcmp(list, TEXT("ab\0c\0"), 6 * CHARS), 0);
    free(list);
    list = told(mechanisms);
    CU_ASSERT_EQUAL(memcmp(list, TEXT("Static:\0iSNS:s\0"), 16 * CHARS), 0);
    free(list);
}

static bool has_options(const ISCSI_LOGIN_OPTIONS *options)
{
    return options->Version == 0 && options->InformationSpecified == 97 && options->LoginFlags == 2 &&
           options->AuthType == ISCSI_CHAP_AUTH_TYPE && options->HeaderDigest == 1 &&
           options->UsernameLength == 2 && memcmp(options->Username, "me", 2) == 0 &&
           options->PasswordLength == 0 && options->Password == NULL;
}

static void send_targets_portals(void)
{
    ISCSI_TARGET_PORTAL_INFO *info = told(portals);
    CU_ASSERT_TRUE(kit_same(info[0].InitiatorName, TEXT("hba")) && info[0].InitiatorPortNumber == 1);
    CU_ASSERT_TRUE(kit_same(info[0].SymbolicName, TEXT("east")) && info[0].Socket == 3260);
    CU_ASSERT_TRUE(kit_same(info[1].Address, TEXT("192.0.2.1")) && kit_len(info[1].InitiatorName) == 0);
    free(info);
    ISCSI_TARGET_PORTAL_INFO_EX *ex = told(portals_ex);
    CU_ASSERT_TRUE(kit_same(ex[0].InitiatorName, TEXT("hba")) && ex[0].InitiatorPortNumber == 1);
    CU_ASSERT_TRUE(kit_same(ex[0].Address, TEXT("192.0.2.1")) && ex[0].Socket == 3260);
    CU_ASSERT_EQUAL(ex[0].SecurityFlags, 3);
    CU_ASSERT_TRUE(has_options(&ex[0].LoginOptions));
    CU_ASSERT_PTR_EQUAL(ex[0].LoginOptions.Username, &ex[2]);
    CU_ASSERT_TRUE(ex[1].LoginOptions.Username == NULL && ex[1].LoginOptions.UsernameLength == 0);
    free(ex);
    ISCSI_TARGET_PORTAL *of_target = told(target_portals);
    CU_ASSERT_TRUE(kit_same(of_target[0].SymbolicName, TEXT("east")) && of_target[0].Socket == 3260);
    CU_ASSERT_TRUE(kit_same(of_target[1].Address, TEXT("x")) && of_target[2].Socket == 0);
    free(of_target);
}

/* Pointers lead into the caller's own buffer (API-003); CID and TSID have their high byte first (API-004). */
static void session_list(void)
{
    ISCSI_SESSION_INFO *info = told(sessions);
    const UCHAR isid[] = {0x40, 0, 1, 0x37, 0, 1};
    CU_ASSERT_TRUE(info[0].SessionId.AdapterUnique == 1 && info[0].SessionId.AdapterSpecific == 2);
    CU_ASSERT_TRUE(kit_same(info[0].InitiatorName, TEXT("us")) &&
                   kit_same(info[0].TargetNodeName, TEXT("node")));
    CU_ASSERT_TRUE(kit_same(info[0].TargetName, KIT_NAME_T));
    CU_ASSERT_PTR_EQUAL(info[0].InitiatorName, &info[2]);
    CU_ASSERT_EQUAL(memcmp(info[0].ISID, isid, sizeof isid), 0);
    CU_ASSERT_TRUE(info[0].TSID[0] == 1 && info[0].TSID[1] == 2);
    CU_ASSERT_EQUAL_FATAL(info[0].ConnectionCount, 2);
    CU_ASSERT_PTR_EQUAL_FATAL(info[0].Connections, (char *)info + ROUND(2 * 64 + SESSION_TEXTS, 8));
    const ISCSI_CONNECTION_INFO *connection = info[0].Connections;
    CU_ASSERT_EQUAL(connection->ConnectionId.AdapterSpecific, 3);
    CU_ASSERT_TRUE(kit_same(connection->InitiatorAddress, TEXT("l")) && connection->InitiatorSocket == 49152);
    CU_ASSERT_TRUE(kit_same(connection->TargetAddress, TEXT("rr")) && connection->TargetSocket == 3260);
    CU_ASSERT_TRUE(connection->CID[0] == 3 && connection->CID[1] == 4);
    CU_ASSERT_TRUE(kit_same(connection[1].TargetAddress, TEXT("")));
    CU_ASSERT_TRUE(info[1].ConnectionCount == 0 && info[1].Connections == NULL);
    CU_ASSERT_EQUAL(info[1].SessionId.AdapterSpecific, 4);
    free(info);
}

static void session_list_ex(void)
{
    ISCSI_SESSION_INFO_EX *info = told(sessions_ex);
    CU_ASSERT_TRUE(info[0].InitialR2t == TRUE && info[0].ImmediateData == TRUE && info[0].Type == 2);
    CU_ASSERT_TRUE(info[0].DataSequenceInOrder == FALSE && info[0].DataPduInOrder == TRUE);
    CU_ASSERT_TRUE(info[0].ErrorRecoveryLevel == 2 && info[0].MaxOutstandingR2t == 3);
    CU_ASSERT_TRUE(info[0].FirstBurstLength == 4 && info[0].MaxBurstLength == 5);
    CU_ASSERT_TRUE(info[0].MaximumConnections == 6 && info[0].ConnectionCount == 2);
    const ISCSI_CONNECTION_INFO_EX *connection = info[0].Connections;
    CU_ASSERT_PTR_EQUAL(connection, &info[2]);
    CU_ASSERT_TRUE(connection->ConnectionId.AdapterSpecific == 3 && connection->State == 1);
    CU_ASSERT_TRUE(connection->Protocol == 6 && connection->HeaderDigest == 1 && connection->DataDigest == 0);
    CU_ASSERT_TRUE(connection->MaxRecvDataSegmentLength == 8192 && connection->MaxDatagramSize == 9);
    CU_ASSERT_TRUE(connection->AuthType == ISCSI_MUTUAL_CHAP_AUTH_TYPE);
    CU_ASSERT_EQUAL(connection->EstimatedThroughput, 0x100000001);
    CU_ASSERT_EQUAL(connection[1].DataDigest, 1);
    free(info);
}

/* Classes of devices go by what their INQUIRY data says; nobody gives a processor (type 3) a class. */
static void device_list(void)
{
    const GUID disk = {0x53f56307, 0xb6bf, 0x11d0, {0x94, 0xf2, 0x00, 0xa0, 0xc9, 0x1e, 0xfb, 0x8b}};
    const GUID none = {0};
    ISCSI_DEVICE_ON_SESSION *info = told(devices);
    CU_ASSERT_TRUE(kit_same(info->InitiatorName, TEXT("hba")) && kit_same(info->TargetName, KIT_NAME_T));
    CU_ASSERT_TRUE(info->ScsiAddress.Length == 8 && info->ScsiAddress.PortNumber == 1);
    CU_ASSERT_TRUE(info->ScsiAddress.PathId == 2 && info->ScsiAddress.TargetId == 3);
    CU_ASSERT_TRUE(info->ScsiAddress.Lun == 4 && info->DeviceInstance == 6);
    CU_ASSERT_TRUE(kit_same(info->DeviceInterfaceName, TEXT("path")) &&
                   kit_same(info->LegacyName, TEXT("old")));
    CU_ASSERT_EQUAL(memcmp(&info->DeviceInterfaceType, &disk, sizeof disk), 0);
    CU_ASSERT_EQUAL(info->StorageDeviceNumber.DeviceType, 7);
    CU_ASSERT_EQUAL(info->StorageDeviceNumber.DeviceNumber, 5);
    CU_ASSERT_EQUAL(info->StorageDeviceNumber.PartitionNumber, 0xffffffff);
    CU_ASSERT_EQUAL(info[1].StorageDeviceNumber.DeviceType, 0x22);
    CU_ASSERT_EQUAL(memcmp(&info[1].DeviceInterfaceType, &none, sizeof none), 0);
    CU_ASSERT_EQUAL(info[2].StorageDeviceNumber.DeviceType, 2);
    free(info);
}

static bool has_mapping(const ISCSI_TARGET_MAPPING *from)
{
    ISCSI_TARGET_MAPPING map; /* the page lets mappings stand at multiples of 4 */
    memcpy(&map, from, sizeof map);
    return kit_same(map.InitiatorName, TEXT("hba")) && kit_same(map.TargetName, KIT_NAME_T) &&
           kit_same(map.OSDeviceName, TEXT("dev")) && map.SessionId.AdapterSpecific == 2 &&
           map.OSBusNumber == 7 && map.OSTargetNumber == 8 && map.LUNCount == 2 &&
           map.LUNList[0].OSLUN == 1 && map.LUNList[0].TargetLUN == 0x1000000000000 &&
           map.LUNList[1].OSLUN == 2;
}

static void mapping_list(void)
{
    ISCSI_TARGET_MAPPING *info = told(mappings);
    CU_ASSERT_TRUE(has_mapping(info));
    CU_ASSERT_PTR_EQUAL(info[0].LUNList, &info[2]);
    CU_ASSERT_TRUE(info[1].LUNCount == 0 && info[1].LUNList == NULL && info[1].OSBusNumber == 0xffffffff);
    free(info);
}

/* A secret is not given back (API-005). */
static void login_list(void)
{
    PERSISTENT_ISCSI_LOGIN_INFO *info = told(logins);
    CU_ASSERT_TRUE(kit_same(info[0].TargetName, KIT_NAME_T) && info[0].IsInformationalSession == TRUE);
    CU_ASSERT_TRUE(kit_same(info[0].InitiatorInstance, TEXT("hba")));
    CU_ASSERT_EQUAL(info[0].InitiatorPortNumber, ISCSI_ANY_INITIATOR_PORT);
    CU_ASSERT_TRUE(kit_same(info[0].TargetPortal.Address, TEXT("192.0.2.1")));
    CU_ASSERT_EQUAL(info[0].SecurityFlags, 0x47);
    CU_ASSERT_TRUE(has_mapping(info[0].Mappings));
    CU_ASSERT_PTR_EQUAL(info[0].Mappings, &info[2]);
    CU_ASSERT_TRUE(has_options(&info[0].LoginOptions));
    CU_ASSERT_TRUE(info[1].Mappings == NULL && info[1].IsInformationalSession == FALSE);
    CU_ASSERT_EQUAL(kit_len(info[1].TargetPortal.Address), 0);
    free(info);
}

static ULONG number_at(const void *from)
{
    ULONG number;
    memcpy(&number, from, sizeof number);
    return number;
}

static void target_information(void)
{
    void *told_flags = told(flags), *told_protocol = told(protocol);
    TCHAR *told_alias = told(alias), *told_initiator = told(initiator);
    ISCSI_LOGIN_OPTIONS *told_options = told(default_options);
    CU_ASSERT_TRUE(number_at(told_flags) == 6 && number_at(told_protocol) == 0);
    CU_ASSERT_TRUE(kit_same(told_alias, TEXT("big")) && kit_same(told_initiator, TEXT("hba")));
    CU_ASSERT_TRUE(has_options(told_options));
    free(told_flags);
    free(told_protocol);
    free(told_alias);
    free(told_initiator);
    free(told_options);
    uint8_t *told_mappings = told(kept_mappings);
    CU_ASSERT_EQUAL(number_at(told_mappings), 1);
    CU_ASSERT_TRUE(has_mapping((const ISCSI_TARGET_MAPPING *)(const void *)(told_mappings + 4)));
    free(told_mappings);
}

/* A count, and groups behind each other at multiples of 4. */
static void portal_groups(void)
{
    const size_t first = offsetof(ISCSI_TARGET_PORTAL_GROUP, Portals), size = sizeof(ISCSI_TARGET_PORTAL);
    uint8_t *told_groups = told(groups);
    const uint8_t *group = told_groups + 4;
    ISCSI_TARGET_PORTAL portal;
    CU_ASSERT_TRUE(number_at(told_groups) == 2 && number_at(group) == 2);
    memcpy(&portal, group + first, size);
    CU_ASSERT_TRUE(kit_same(portal.Address, TEXT("192.0.2.1")) && portal.Socket == 3260);
    memcpy(&portal, group + first + size, size);
    CU_ASSERT_TRUE(kit_same(portal.Address, TEXT("x")));
    group += ROUND(first + 2 * size, 4);
    CU_ASSERT_EQUAL(number_at(group), 1);
    memcpy(&portal, group + first, size);
    CU_ASSERT_TRUE(kit_same(portal.Address, TEXT("y")));
    free(told_groups);
}

/* Which instance of the target is meant has to be said, but for the list of mechanisms. */
static void which_instance(void)
{
    ULONG size = 0;
    kit_answer(RIG_CODE_SUCCESS, TARGETS, "{\"target\":\"" KIT_NAME "\",\"mechanism\":\"Static:\"}");
    CU_ASSERT_EQUAL(flags(&size, NULL), ERROR_INSUFFICIENT_BUFFER);
    CU_ASSERT_TRUE(kit.equal);
    kit_answer(RIG_CODE_SUCCESS, TARGETS, "{\"target\":\"" KIT_NAME "\"}");
    CU_ASSERT_EQUAL(mechanisms(&size, NULL), ERROR_INSUFFICIENT_BUFFER);
    CU_ASSERT_TRUE(kit.equal);
    size = 0;
    CU_ASSERT_EQUAL(GetIScsiTargetInformation(KIT_NAME_T, NULL, DiscoveryMechanisms, &size, NULL),
                    ERROR_INSUFFICIENT_BUFFER);
    KIT_REFUSED(GetIScsiTargetInformation(KIT_NAME_T, NULL, TargetFlags, &size, NULL),
                ERROR_INVALID_PARAMETER);
    KIT_REFUSED(GetIScsiTargetInformation(NULL, TEXT("Static:"), TargetFlags, &size, NULL),
                ERROR_INVALID_PARAMETER);
    KIT_REFUSED(information((TARGET_INFORMATION_CLASS)8, &size, NULL), ERROR_INVALID_PARAMETER);
    kit_answer(RIG_CODE_SUCCESS, "{}", NULL);
    CU_ASSERT_EQUAL(flags(&size, NULL), ISDSC_DISCOVERY_MECHANISM_NOT_FOUND);
}

/* Questions of the functions that have some. */
static void questions(void)
{
    USHORT tag = 7;
    ULONG size = 0;
    kit_answer(RIG_CODE_SUCCESS, "{}",
               "{\"initiator\":\"hba\",\"target\":\"" KIT_NAME "\",\"has-tag\":true,\"tag\":7}");
    CU_ASSERT_EQUAL(ReportIScsiTargetPortals(TEXT("hba"), KIT_NAME_T, &tag, &size, NULL), 0);
    KIT_ASKED(RIG_CALL_REPORT_TARGET_PORTALS);
    kit_answer(RIG_CODE_SUCCESS, "{}", "{\"target\":\"" KIT_NAME "\"}");
    CU_ASSERT_EQUAL(target_portals(&size, NULL), 0);
    KIT_ASKED(RIG_CALL_REPORT_TARGET_PORTALS);
    kit_answer(RIG_CODE_SUCCESS, "{}", "{\"session\":{\"adapter\":\"0x1\",\"specific\":\"0x2\"}}");
    CU_ASSERT_EQUAL(devices(&size, NULL), 0);
    KIT_ASKED(RIG_CALL_REPORT_DEVICES);
    kit_answer(RIG_CODE_SUCCESS, LABELS, "{\"force-update\":true}");
    CU_ASSERT_EQUAL(ReportIScsiTargets(TRUE, &size, NULL), ERROR_INSUFFICIENT_BUFFER);
    KIT_ASKED(RIG_CALL_REPORT_TARGETS);
}

static void version_and_name(void)
{
    ISCSI_VERSION_INFO version = {0};
    TCHAR name[MAX_ISCSI_NAME_LEN + 1] = {0};
    char longest[RIG_NAME_MAX + 32] = "{\"text\":\"";
    kit_answer(RIG_CODE_SUCCESS, "{\"major\":1,\"minor\":2,\"build\":3}", NULL);
    CU_ASSERT_EQUAL(GetIScsiVersionInformation(&version), 0);
    CU_ASSERT_TRUE(version.MajorVersion == 1 && version.MinorVersion == 2 && version.BuildNumber == 3);
    KIT_REFUSED(GetIScsiVersionInformation(NULL), ERROR_INVALID_PARAMETER);
    memset(longest + 9, 'a', RIG_NAME_MAX);
    memcpy(longest + 9 + RIG_NAME_MAX, "\"}", 3);
    kit_answer(RIG_CODE_SUCCESS, longest, NULL);
    CU_ASSERT_EQUAL(GetIScsiInitiatorNodeName(name), 0);
    CU_ASSERT_EQUAL(kit_len(name), MAX_ISCSI_NAME_LEN);
    memcpy(longest + 9 + RIG_NAME_MAX, "a\"}", 4);
    kit_answer(RIG_CODE_SUCCESS, longest, NULL);
    CU_ASSERT_EQUAL(GetIScsiInitiatorNodeName(name), ISDSC_INVALID_ISCSI_NAME);
    KIT_REFUSED(GetIScsiInitiatorNodeName(NULL), ERROR_INVALID_PARAMETER);
}

/* ---- SCSI commands ---- */

#define GOOD "{\"data\":{\"hex\":\"00010203\"}}"
#define CHECK_CONDITION "{\"status\":2,\"data\":{\"hex\":\"0001\"},\"sense\":{\"hex\":\"7000050000000018\"}}"

static struct {
    UCHAR status, data[4], sense[20];
    ULONG size, sense_size;
} got;

static ISDSC_STATUS inquiry(rig_code code, const char *reply, ULONG room, ULONG sense_room)
{
    memset(&got, 0xee, sizeof got);
    got.size = room;
    got.sense_size = sense_room;
    kit_answer(code, reply,
               "{\"session\":{\"adapter\":\"0x1\",\"specific\":\"0x2\"},\"lun\":\"0x4001000000000000\","
               "\"evpd\":1,\"page\":131}");
    return SendScsiInquiry(&session, 0x4001000000000000, 1, 0x83, &got.status, &got.size, got.data,
                           &got.sense_size, got.sense);
}

static void scsi_good(void)
{
    const UCHAR data[] = {0, 1, 2, 3};
    CU_ASSERT_EQUAL(inquiry(RIG_CODE_SUCCESS, GOOD, 4, 18), 0);
    KIT_ASKED(RIG_CALL_SEND_INQUIRY);
    CU_ASSERT_TRUE(got.status == 0 && got.size == 4 && got.sense_size == 18);
    CU_ASSERT_EQUAL(memcmp(got.data, data, sizeof data), 0);
    CU_ASSERT_EQUAL(inquiry(RIG_CODE_SUCCESS, GOOD, 3, 0), ERROR_INSUFFICIENT_BUFFER);
    CU_ASSERT_TRUE(got.size == 4 && got.status == 0 && got.sense_size == 18);
    CU_ASSERT_TRUE(is_filled(got.data, sizeof got.data, 0xee));
    CU_ASSERT_EQUAL(inquiry(RIG_CODE_INVALID_SESSION_ID, NULL, 4, 1), ISDSC_INVALID_SESSION_ID);
    CU_ASSERT_TRUE(got.status == 0xee && got.size == 4 && got.sense_size == 1);
}

/* A command that failed says so, however small the buffers; sense data comes as far as there is room
 * (API-006). */
static void scsi_failed(void)
{
    const UCHAR sense[] = {0x70, 0, 5, 0, 0, 0, 0, 0x18};
    CU_ASSERT_EQUAL(inquiry(RIG_CODE_SCSI_REQUEST_FAILED, CHECK_CONDITION, 4, 8), ISDSC_SCSI_REQUEST_FAILED);
    CU_ASSERT_TRUE(got.status == 2 && got.size == 2 && got.sense_size == 18);
    CU_ASSERT_EQUAL(memcmp(got.sense, sense, sizeof sense), 0);
    CU_ASSERT_EQUAL(got.sense[8], 0xee);
    CU_ASSERT_EQUAL(inquiry(RIG_CODE_SCSI_REQUEST_FAILED, CHECK_CONDITION, 1, 3), ISDSC_SCSI_REQUEST_FAILED);
    CU_ASSERT_TRUE(got.size == 2 && got.sense_size == 18 && got.sense[2] == 5 && got.sense[3] == 0xee);
    CU_ASSERT_EQUAL(inquiry(RIG_CODE_SCSI_REQUEST_FAILED,
                            "{\"status\":2,\"sense\":{\"hex\":\"7000050000000018000000000000000000000000\"}}",
                            0, 20),
                    ISDSC_SCSI_REQUEST_FAILED);
    CU_ASSERT_TRUE(got.sense_size == 20 && got.sense[0] == 0x70 && got.sense[19] == 0);
}

static void scsi_others(void)
{
    UCHAR status = 0xee;
    ULONG size = 0, sense_size = 0;
    kit_answer(RIG_CODE_SUCCESS, GOOD,
               "{\"session\":{\"adapter\":\"0x1\",\"specific\":\"0x2\"},\"lun\":\"0x5\"}");
    CU_ASSERT_EQUAL(SendScsiReadCapacity(&session, 5, &status, &size, NULL, &sense_size, NULL),
                    ERROR_INSUFFICIENT_BUFFER);
    KIT_ASKED(RIG_CALL_SEND_READ_CAPACITY);
    CU_ASSERT_TRUE(size == 4 && sense_size == 18);
    kit_answer(RIG_CODE_SUCCESS, GOOD, "{\"session\":{\"adapter\":\"0x1\",\"specific\":\"0x2\"}}");
    CU_ASSERT_EQUAL(SendScsiReportLuns(&session, &status, &size, NULL, &sense_size, NULL),
                    ERROR_INSUFFICIENT_BUFFER);
    KIT_ASKED(RIG_CALL_SEND_REPORT_LUNS);
    KIT_REFUSED(SendScsiReportLuns(NULL, &status, &size, NULL, &sense_size, NULL), ERROR_INVALID_PARAMETER);
    KIT_REFUSED(SendScsiReportLuns(&session, NULL, &size, NULL, &sense_size, NULL), ERROR_INVALID_PARAMETER);
    KIT_REFUSED(SendScsiReportLuns(&session, &status, NULL, NULL, &sense_size, NULL),
                ERROR_INVALID_PARAMETER);
    KIT_REFUSED(SendScsiReadCapacity(&session, 0, &status, &size, NULL, NULL, NULL), ERROR_INVALID_PARAMETER);
    KIT_REFUSED(SendScsiInquiry(NULL, 0, 0, 0, &status, &size, NULL, &sense_size, NULL),
                ERROR_INVALID_PARAMETER);
}

RIG_SUITE("iscsidsc reports", {"buffers of every size", buffers},
          {"counts that nobody takes", counts_missing}, {"nothing to tell", nothing_to_tell},
          {"lists of strings", strings}, {"portals", send_targets_portals}, {"sessions", session_list},
          {"what sessions negotiated", session_list_ex}, {"devices", device_list}, {"mappings", mapping_list},
          {"kept logins", login_list}, {"what is known of a target", target_information},
          {"portal groups", portal_groups}, {"which instance of a target", which_instance},
          {"what is asked for", questions}, {"version and node name", version_and_name},
          {"a SCSI command", scsi_good}, {"a SCSI command that fails", scsi_failed},
          {"the other SCSI commands", scsi_others})
