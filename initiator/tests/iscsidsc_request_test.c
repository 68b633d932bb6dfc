/* What the functions of Microsoft's API ask the service for, argument by argument. */
#include "iscsidsc_kit.h"

#define OPTIONS                                                                                              \
    "{\"specified\":255,\"flags\":2,\"auth-type\":1,\"header-digest\":1,\"data-digest\":1,"                  \
    "\"max-connections\":4,\"time2wait\":3,\"time2retain\":5,\"username\":{\"text\":\"me\"},"                \
    "\"password\":{\"hex\":\"00ff\"}}"
#define MAPPING                                                                                              \
    "{\"initiator\":\"hba\",\"target\":\"" KIT_NAME "\",\"os-device\":\"disk\",\"session\":"                 \
    "{\"adapter\":\"0x1\",\"specific\":\"0x2\"},\"os-bus\":7,\"os-target\":8,\"luns\":"                      \
    "[{\"os-lun\":1,\"target-lun\":\"0x1000000000000\"},{\"os-lun\":2,\"target-lun\":\"0x2000000000000\"}]}"

static UCHAR username[] = {'m', 'e'};
static UCHAR password[] = {0x00, 0xff};
static ISCSI_UNIQUE_SESSION_ID session = {0xfedcba9876543210, 0x0123456789abcdef};
static ISCSI_UNIQUE_CONNECTION_ID connection = {0xfedcba9876543210, 2};
#define SESSION "{\"adapter\":\"0xfedcba9876543210\",\"specific\":\"0x123456789abcdef\"}"

static ISCSI_LOGIN_OPTIONS options(void)
{
    return (ISCSI_LOGIN_OPTIONS){.InformationSpecified = 0xff,
                                 .LoginFlags = ISCSI_LOGIN_FLAG_MULTIPATH_ENABLED,
                                 .AuthType = ISCSI_CHAP_AUTH_TYPE,
                                 .HeaderDigest = ISCSI_DIGEST_TYPE_CRC32C,
                                 .DataDigest = ISCSI_DIGEST_TYPE_CRC32C,
                                 .MaximumConnections = 4,
                                 .DefaultTime2Wait = 3,
                                 .DefaultTime2Retain = 5,
                                 .Username = username,
                                 .UsernameLength = sizeof username,
                                 .Password = password,
                                 .PasswordLength = sizeof password};
}

static SCSI_LUN_LIST luns[] = {{1, 0x1000000000000}, {2, 0x2000000000000}};

static ISCSI_TARGET_MAPPING mapping(void)
{
    ISCSI_TARGET_MAPPING map = {
        .SessionId = {1, 2}, .OSBusNumber = 7, .OSTargetNumber = 8, .LUNCount = 2, .LUNList = luns};
    kit_put(map.InitiatorName, TEXT("hba"));
    kit_put(map.TargetName, KIT_NAME_T);
    kit_put(map.OSDeviceName, TEXT("disk"));
    return map;
}

/* ---- discovery ---- */

static void adds_portal(void)
{
    ISCSI_TARGET_PORTAL portal = kit_portal();
    ISCSI_LOGIN_OPTIONS with = options();
    kit_answer(RIG_CODE_SUCCESS, NULL,
               "{\"initiator\":\"hba\",\"port\":1,\"portal\":" KIT_PORTAL
               ",\"security-flags\":\"0x8000000000000027\",\"options\":" OPTIONS "}");
    CU_ASSERT_EQUAL(AddIScsiSendTargetPortal(TEXT("hba"), 1, &with, 0x8000000000000027, &portal), 0);
    KIT_ASKED(RIG_CALL_ADD_SEND_TARGETS_PORTAL);
    kit_answer(KIT_CODE, NULL, "{\"port\":4294967295,\"portal\":" KIT_PORTAL "}");
    CU_ASSERT_EQUAL(AddIScsiSendTargetPortal(NULL, ISCSI_ALL_INITIATOR_PORTS, NULL, 0, &portal),
                    ISDSC_TARGET_NOT_FOUND);
    KIT_ASKED(RIG_CALL_ADD_SEND_TARGETS_PORTAL);
    KIT_REFUSED(AddIScsiSendTargetPortal(NULL, 0, NULL, 0, NULL), ERROR_INVALID_PARAMETER);
}

static void names_portal(void)
{
    ISCSI_TARGET_PORTAL portal = kit_portal();
    const char *wanted = "{\"initiator\":\"hba\",\"port\":2,\"portal\":" KIT_PORTAL "}";
    kit_answer(RIG_CODE_SUCCESS, NULL, wanted);
    CU_ASSERT_EQUAL(RemoveIScsiSendTargetPortal(TEXT("hba"), 2, &portal), 0);
    KIT_ASKED(RIG_CALL_REMOVE_SEND_TARGETS_PORTAL);
    kit_answer(RIG_CODE_PORTAL_NOT_FOUND, NULL, wanted);
    CU_ASSERT_EQUAL(RefreshIScsiSendTargetPortal(TEXT("hba"), 2, &portal), ISDSC_PORTAL_NOT_FOUND);
    KIT_ASKED(RIG_CALL_REFRESH_SEND_TARGETS_PORTAL);
    KIT_REFUSED(RemoveIScsiSendTargetPortal(NULL, 0, NULL), ERROR_INVALID_PARAMETER);
    KIT_REFUSED(RefreshIScsiSendTargetPortal(NULL, 0, NULL), ERROR_INVALID_PARAMETER);
}

/* The portals of a group stand one behind the other, and only those that its count says are looked at. */
static void adds_static_target(void)
{
    ISCSI_TARGET_MAPPING map = mapping();
    ISCSI_LOGIN_OPTIONS with = options();
    ISCSI_TARGET_PORTAL_GROUP *group =
        malloc(offsetof(ISCSI_TARGET_PORTAL_GROUP, Portals) + 2 * sizeof(ISCSI_TARGET_PORTAL) + 2);
    ISCSI_TARGET_PORTAL portal = kit_portal();
    group->Count = 2;
    memcpy((char *)group + offsetof(ISCSI_TARGET_PORTAL_GROUP, Portals), &portal, sizeof portal);
    portal.Socket = 3261;
    memcpy((char *)group + offsetof(ISCSI_TARGET_PORTAL_GROUP, Portals) + sizeof portal, &portal,
           sizeof portal);
    kit_answer(RIG_CODE_SUCCESS, NULL,
               "{\"target\":\"" KIT_NAME "\",\"alias\":\"big\",\"flags\":6,\"persist\":true,"
               "\"has-mapping\":true,\"mapping\":" MAPPING ",\"has-options\":true,\"options\":" OPTIONS
               ",\"portals\":[" KIT_PORTAL
               ",{\"symbolic-name\":\"east\",\"address\":\"192.0.2.1\",\"socket\":3261}]}");
    CU_ASSERT_EQUAL(AddIScsiStaticTarget(KIT_NAME_T, TEXT("big"), 6, 0x80, &map, &with, group), 0);
    KIT_ASKED(RIG_CALL_ADD_STATIC_TARGET);
    group->Count = RIG_LIST_MAX + 1;
    KIT_REFUSED(AddIScsiStaticTarget(KIT_NAME_T, NULL, 0, FALSE, NULL, NULL, group), ERROR_INVALID_PARAMETER);
    free(group);
    kit_answer(KIT_CODE, NULL, "{\"target\":\"" KIT_NAME "\"}");
    CU_ASSERT_EQUAL(AddIScsiStaticTarget(KIT_NAME_T, NULL, 0, FALSE, NULL, NULL, NULL),
                    ISDSC_TARGET_NOT_FOUND);
    KIT_ASKED(RIG_CALL_ADD_STATIC_TARGET);
    KIT_REFUSED(AddIScsiStaticTarget(NULL, NULL, 0, FALSE, NULL, NULL, NULL), ERROR_INVALID_PARAMETER);
}

/* Functions whose argument is one string. */
static void one_string(void)
{
    static const struct {
#ifdef UNICODE
        ISDSC_STATUS (*function)(PWSTR);
#else
        ISDSC_STATUS (*function)(PSTR);
#endif
        rig_call_id call;
    } rows[] = {
        {AddISNSServer, RIG_CALL_ADD_ISNS_SERVER},
        {RemoveISNSServer, RIG_CALL_REMOVE_ISNS_SERVER},
        {RefreshISNSServer, RIG_CALL_REFRESH_ISNS_SERVER},
        {AddRadiusServer, RIG_CALL_ADD_RADIUS_SERVER},
        {RemoveRadiusServer, RIG_CALL_REMOVE_RADIUS_SERVER},
        {AddPersistentIScsiDevice, RIG_CALL_ADD_DEVICE},
        {RemovePersistentIScsiDevice, RIG_CALL_REMOVE_DEVICE},
        {RemoveIScsiStaticTarget, RIG_CALL_REMOVE_STATIC_TARGET},
        {SetIScsiInitiatorNodeName, RIG_CALL_SET_NODE_NAME},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kit_answer(RIG_CODE_SUCCESS, NULL, "{\"text\":\"thing\"}");
        CU_ASSERT_EQUAL(rows[i].function(TEXT("thing")), 0);
        KIT_ASKED(rows[i].call);
        kit_answer(RIG_CODE_OPERATION_REQUIRES_REBOOT, NULL, "{\"text\":\"thing\"}");
        CU_ASSERT_EQUAL(rows[i].function(TEXT("thing")), ISDSC_OPERATION_REQUIRES_REBOOT);
        KIT_REFUSED(rows[i].function(TEXT("")), ERROR_INVALID_PARAMETER);
        if (rows[i].call != RIG_CALL_SET_NODE_NAME) {
            KIT_REFUSED(rows[i].function(NULL), ERROR_INVALID_PARAMETER);
        }
    }
    kit_answer(RIG_CODE_SUCCESS, NULL, "{}");
    CU_ASSERT_EQUAL(SetIScsiInitiatorNodeName(NULL), 0);
    KIT_ASKED(RIG_CALL_SET_NODE_NAME);
}

/* ---- sessions ---- */

static ISDSC_STATUS log_in(ISCSI_TARGET_PORTAL *portal, ISCSI_LOGIN_OPTIONS *with, BOOLEAN persistent,
                           ISCSI_UNIQUE_SESSION_ID *out_session, ISCSI_UNIQUE_CONNECTION_ID *out_connection)
{
    return LoginIScsiTarget(KIT_NAME_T, FALSE, NULL, ISCSI_ANY_INITIATOR_PORT, portal, 0, NULL, with, 0, NULL,
                            persistent, out_session, out_connection);
}

#define IDS "{\"session\":" SESSION ",\"connection\":{\"adapter\":\"0x1\",\"specific\":\"0x2\"}}"

static void logs_in(void)
{
    ISCSI_TARGET_PORTAL portal = kit_portal();
    ISCSI_TARGET_MAPPING map = mapping();
    ISCSI_LOGIN_OPTIONS with = options();
    ISCSI_UNIQUE_SESSION_ID made = {0};
    ISCSI_UNIQUE_CONNECTION_ID leading = {0};
    CHAR key[] = {'k', 0, 'y'};
    kit_answer(
        RIG_CODE_SUCCESS, IDS,
        "{\"target\":\"" KIT_NAME "\",\"informational\":true,\"initiator\":\"hba\",\"port\":3,"
        "\"has-portal\":true,\"portal\":" KIT_PORTAL ",\"security-flags\":\"0x3\",\"has-mapping\":true,"
        "\"mapping\":" MAPPING ",\"has-options\":true,\"options\":" OPTIONS ",\"key\":{\"hex\":\"6b0079\"}}");
    CU_ASSERT_EQUAL(LoginIScsiTarget(KIT_NAME_T, TRUE, TEXT("hba"), 3, &portal, 3, &map, &with, sizeof key,
                                     key, FALSE, &made, &leading),
                    0);
    KIT_ASKED(RIG_CALL_LOGIN);
    CU_ASSERT_EQUAL(memcmp(&made, &session, sizeof made), 0);
    CU_ASSERT_TRUE(leading.AdapterUnique == 1 && leading.AdapterSpecific == 2);
}

/* A login that fails leaves the caller's ids alone; the code goes through as it is. */
static void login_fails(void)
{
    ISCSI_UNIQUE_SESSION_ID made = {5, 6};
    ISCSI_UNIQUE_CONNECTION_ID leading = {7, 8};
    kit_answer(RIG_CODE_TARGET_ALREADY_LOGGED_IN, NULL, "{\"target\":\"" KIT_NAME "\",\"port\":4294967295}");
    CU_ASSERT_EQUAL(log_in(NULL, NULL, FALSE, &made, &leading), ISDSC_TARGET_ALREADY_LOGGED_IN);
    KIT_ASKED(RIG_CALL_LOGIN);
    CU_ASSERT_TRUE(made.AdapterUnique == 5 && leading.AdapterSpecific == 8);
    KIT_REFUSED(log_in(NULL, NULL, FALSE, NULL, &leading), ERROR_INVALID_PARAMETER);
    KIT_REFUSED(log_in(NULL, NULL, FALSE, &made, NULL), ERROR_INVALID_PARAMETER);
    KIT_REFUSED(LoginIScsiTarget(NULL, FALSE, NULL, 0, NULL, 0, NULL, NULL, 0, NULL, FALSE, &made, &leading),
                ERROR_INVALID_PARAMETER);
    KIT_REFUSED(
        LoginIScsiTarget(KIT_NAME_T, FALSE, NULL, 0, NULL, 0, NULL, NULL, 1, NULL, FALSE, &made, &leading),
        ERROR_INVALID_PARAMETER);
}

/* A login to be kept makes no session; a portal without an address is none, as ReportIScsiPersistentLogins
 * gives a login that was kept without (API-010). */
static void keeps_login(void)
{
    ISCSI_TARGET_PORTAL none = {0};
    kit_answer(RIG_CODE_SUCCESS, NULL,
               "{\"target\":\"" KIT_NAME "\",\"port\":4294967295,\"persistent\":true}");
    CU_ASSERT_EQUAL(log_in(&none, NULL, TRUE, NULL, NULL), 0);
    KIT_ASKED(RIG_CALL_LOGIN);
}

static void session_and_connection(void)
{
    kit_answer(RIG_CODE_DEVICE_BUSY_ON_SESSION, NULL, "{\"session\":" SESSION "}");
    CU_ASSERT_EQUAL(LogoutIScsiTarget(&session), ISDSC_DEVICE_BUSY_ON_SESSION);
    KIT_ASKED(RIG_CALL_LOGOUT);
    KIT_REFUSED(LogoutIScsiTarget(NULL), ERROR_INVALID_PARAMETER);
    kit_answer(RIG_CODE_SUCCESS, NULL,
               "{\"session\":" SESSION
               ",\"connection\":{\"adapter\":\"0xfedcba9876543210\",\"specific\":\"0x2\"}}");
    CU_ASSERT_EQUAL(RemoveIScsiConnection(&session, &connection), 0);
    KIT_ASKED(RIG_CALL_REMOVE_CONNECTION);
    KIT_REFUSED(RemoveIScsiConnection(NULL, &connection), ERROR_INVALID_PARAMETER);
    KIT_REFUSED(RemoveIScsiConnection(&session, NULL), ERROR_INVALID_PARAMETER);
}

static void adds_connection(void)
{
    ISCSI_TARGET_PORTAL portal = kit_portal();
    ISCSI_LOGIN_OPTIONS with = options();
    ISCSI_UNIQUE_CONNECTION_ID made = {0};
    CHAR key[] = {'k'};
    kit_answer(RIG_CODE_SUCCESS, IDS,
               "{\"session\":" SESSION ",\"port\":1,\"portal\":" KIT_PORTAL ",\"security-flags\":\"0x2\","
               "\"has-options\":true,\"options\":" OPTIONS ",\"key\":{\"text\":\"k\"}}");
    CU_ASSERT_EQUAL(AddIScsiConnection(&session, NULL, 1, &portal, 2, &with, 1, key, &made), 0);
    KIT_ASKED(RIG_CALL_ADD_CONNECTION);
    CU_ASSERT_EQUAL(made.AdapterSpecific, 2);
    kit_answer(RIG_CODE_TOO_MANY_CONNECTIONS, NULL, "{\"session\":" SESSION ",\"portal\":" KIT_PORTAL "}");
    CU_ASSERT_EQUAL(AddIScsiConnection(&session, NULL, 0, &portal, 0, NULL, 0, NULL, NULL),
                    ISDSC_TOO_MANY_CONNECTIONS);
    KIT_ASKED(RIG_CALL_ADD_CONNECTION);
    KIT_REFUSED(AddIScsiConnection(&session, key, 0, &portal, 0, NULL, 0, NULL, NULL),
                ERROR_INVALID_PARAMETER);
    KIT_REFUSED(AddIScsiConnection(NULL, NULL, 0, &portal, 0, NULL, 0, NULL, NULL), ERROR_INVALID_PARAMETER);
    KIT_REFUSED(AddIScsiConnection(&session, NULL, 0, NULL, 0, NULL, 0, NULL, NULL), ERROR_INVALID_PARAMETER);
}

static void removes_kept_login(void)
{
    ISCSI_TARGET_PORTAL portal = kit_portal(), none = {0};
    kit_answer(RIG_CODE_SUCCESS, NULL,
               "{\"initiator\":\"hba\",\"port\":4294967295,\"target\":\"" KIT_NAME
               "\",\"has-portal\":true,\"portal\":" KIT_PORTAL "}");
    CU_ASSERT_EQUAL(RemoveIScsiPersistentTarget(TEXT("hba"), ISCSI_ALL_INITIATOR_PORTS, KIT_NAME_T, &portal),
                    0);
    KIT_ASKED(RIG_CALL_REMOVE_LOGIN);
    kit_answer(RIG_CODE_SUCCESS, NULL, "{\"target\":\"" KIT_NAME "\"}");
    CU_ASSERT_EQUAL(RemoveIScsiPersistentTarget(NULL, 0, KIT_NAME_T, &none), 0);
    KIT_ASKED(RIG_CALL_REMOVE_LOGIN);
    CU_ASSERT_EQUAL(RemoveIScsiPersistentTarget(NULL, 0, KIT_NAME_T, NULL), 0);
    KIT_REFUSED(RemoveIScsiPersistentTarget(TEXT("hba"), 0, NULL, &portal), ERROR_INVALID_PARAMETER);
}

static void binds_devices(void)
{
    kit_answer(RIG_CODE_SUCCESS, NULL, "{}");
    CU_ASSERT_EQUAL(SetupPersistentIScsiVolumes(), 0);
    KIT_ASKED(RIG_CALL_BIND_DEVICES);
    kit_answer(KIT_CODE, NULL, "{}");
    CU_ASSERT_EQUAL(SetupPersistentIScsiDevices(), ISDSC_TARGET_NOT_FOUND);
    KIT_ASKED(RIG_CALL_BIND_DEVICES);
    kit_answer(RIG_CODE_SUCCESS, NULL, "{}");
    CU_ASSERT_EQUAL(ClearPersistentIScsiDevices(), 0);
    KIT_ASKED(RIG_CALL_CLEAR_DEVICES);
}

/* ---- secrets ---- */

static void sets_secrets(void)
{
    UCHAR secret[RIG_OCTETS_MAX + 1] = {0x01, 0x02};
    kit_answer(RIG_CODE_SHORT_CHAP_SECRET, NULL, "{\"secret\":{\"hex\":\"0102\"},\"persist\":true}");
    CU_ASSERT_EQUAL(SetIScsiInitiatorCHAPSharedSecret(2, secret), ISDSC_SHORT_CHAP_SECRET);
    KIT_ASKED(RIG_CALL_SET_CHAP_SECRET);
    CU_ASSERT_EQUAL(SetIScsiInitiatorRADIUSSharedSecret(2, secret), ISDSC_SHORT_CHAP_SECRET);
    CU_ASSERT_TRUE(kit.call == RIG_CALL_SET_RADIUS_SECRET && kit.equal);
    kit_answer(RIG_CODE_SUCCESS, NULL, "{\"persist\":true}");
    CU_ASSERT_EQUAL(SetIScsiInitiatorCHAPSharedSecret(0, NULL), 0);
    KIT_ASKED(RIG_CALL_SET_CHAP_SECRET);
    kit_answer(RIG_CODE_SUCCESS, NULL, "{\"secret\":{\"hex\":\"0102\"}}");
    CU_ASSERT_EQUAL(SetIScsiGroupPresharedKey(2, secret, FALSE), 0);
    KIT_ASKED(RIG_CALL_SET_GROUP_KEY);
    KIT_REFUSED(SetIScsiInitiatorCHAPSharedSecret(sizeof secret, secret),
                ISDSC_INVALID_INITIATOR_CHAP_SECRET);
    KIT_REFUSED(SetIScsiInitiatorRADIUSSharedSecret(sizeof secret, secret), ERROR_INVALID_PARAMETER);
    KIT_REFUSED(SetIScsiGroupPresharedKey(sizeof secret, secret, TRUE), ERROR_INVALID_PARAMETER);
    KIT_REFUSED(SetIScsiInitiatorCHAPSharedSecret(2, NULL), ERROR_INVALID_PARAMETER);
    kit_answer(RIG_CODE_SUCCESS, NULL, NULL);
    CU_ASSERT_EQUAL(SetIScsiInitiatorCHAPSharedSecret(RIG_OCTETS_MAX, secret), 0);
}

/* The key goes in, and never comes out. */
static void ike_info(void)
{
    UCHAR id[RIG_OCTETS_MAX + 1] = {192, 0, 2, 1}, key[] = {'k'};
    IKE_AUTHENTICATION_INFORMATION info = {IKE_AUTHENTICATION_PRESHARED_KEY_METHOD,
                                           {3, ID_IPV4_ADDR, 4, id, 1, key}};
    kit_answer(RIG_CODE_SUCCESS, NULL,
               "{\"initiator\":\"hba\",\"port\":1,\"method\":1,\"security-flags\":\"0x3\",\"id-type\":1,"
               "\"id\":{\"hex\":\"c0000201\"},\"key\":{\"text\":\"k\"},\"persist\":true}");
    CU_ASSERT_EQUAL(SetIScsiIKEInfo(TEXT("hba"), 1, &info, TRUE), 0);
    KIT_ASKED(RIG_CALL_SET_IKE_INFO);
    KIT_REFUSED(SetIScsiIKEInfo(NULL, 0, NULL, TRUE), ERROR_INVALID_PARAMETER);
    info.AuthMethod = (IKE_AUTHENTICATION_METHOD)0;
    kit_answer(RIG_CODE_SUCCESS, "{\"method\":1,\"security-flags\":\"0x5\",\"key\":{\"text\":\"k\"}}",
               "{\"port\":1,\"id-type\":1,\"id\":{\"hex\":\"c0000201\"}}");
    CU_ASSERT_EQUAL(GetIScsiIKEInfo(NULL, 1, NULL, &info), 0);
    KIT_ASKED(RIG_CALL_GET_IKE_INFO);
    CU_ASSERT_EQUAL(info.AuthMethod, IKE_AUTHENTICATION_PRESHARED_KEY_METHOD);
    CU_ASSERT_EQUAL(info.PsKey.SecurityFlags, 5);
    CU_ASSERT_TRUE(info.PsKey.Key == NULL && info.PsKey.KeyLengthInBytes == 0);
    CU_ASSERT_TRUE(info.PsKey.Id == id && info.PsKey.IdLengthInBytes == 4);
    kit_answer(RIG_CODE_NO_AUTH_INFO_AVAILABLE, NULL, NULL);
    CU_ASSERT_EQUAL(GetIScsiIKEInfo(NULL, 1, NULL, &info), ISDSC_NO_AUTH_INFO_AVAILABLE);
    CU_ASSERT_EQUAL(info.PsKey.SecurityFlags, 5);
    KIT_REFUSED(GetIScsiIKEInfo(NULL, 1, NULL, NULL), ERROR_INVALID_PARAMETER);
    info.PsKey.IdLengthInBytes = sizeof id;
    KIT_REFUSED(GetIScsiIKEInfo(NULL, 1, NULL, &info), ISDSC_IKE_ID_PAYLOAD_INCORRECT_SIZE);
    KIT_REFUSED(SetIScsiIKEInfo(NULL, 1, &info, TRUE), ISDSC_IKE_ID_PAYLOAD_INCORRECT_SIZE);
}

static void tunnel_address(void)
{
    kit_answer(RIG_CODE_SUCCESS, NULL,
               "{\"initiator\":\"hba\",\"port\":1,\"destination\":\"d\",\"outer\":\"o\",\"persist\":true}");
    CU_ASSERT_EQUAL(SetIScsiTunnelModeOuterAddress(TEXT("hba"), 1, TEXT("d"), TEXT("o"), TRUE), 0);
    KIT_ASKED(RIG_CALL_SET_TUNNEL_ADDRESS);
    kit_answer(RIG_CODE_SUCCESS, NULL, "{\"destination\":\"d\"}");
    CU_ASSERT_EQUAL(SetIScsiTunnelModeOuterAddress(NULL, 0, TEXT("d"), NULL, FALSE), 0);
    KIT_ASKED(RIG_CALL_SET_TUNNEL_ADDRESS);
    KIT_REFUSED(SetIScsiTunnelModeOuterAddress(NULL, 0, NULL, TEXT("o"), FALSE), ERROR_INVALID_PARAMETER);
}

/* ---- what cannot be ---- */

static ISDSC_STATUS login_with(ISCSI_LOGIN_OPTIONS *with)
{
    return log_in(NULL, with, TRUE, NULL, NULL);
}

/* A member whose bit is clear may be anything, its pointer into nowhere included (API-008). */
static void options_not_specified(void)
{
    ISCSI_LOGIN_OPTIONS with = options();
    with.InformationSpecified = 0xff ^ ISCSI_LOGIN_OPTIONS_USERNAME ^ ISCSI_LOGIN_OPTIONS_PASSWORD;
    with.Username = (UCHAR *)(uintptr_t)1;
    with.Password = NULL;
    with.UsernameLength = with.PasswordLength = 0xffffffff;
    kit_answer(RIG_CODE_SUCCESS, NULL,
               "{\"target\":\"" KIT_NAME "\",\"port\":4294967295,\"persistent\":true,\"has-options\":true,"
               "\"options\":{\"specified\":159,\"flags\":2,\"auth-type\":1,\"header-digest\":1,"
               "\"data-digest\":1,\"max-connections\":4,\"time2wait\":3,\"time2retain\":5}}");
    CU_ASSERT_EQUAL(login_with(&with), 0);
    KIT_ASKED(RIG_CALL_LOGIN);
}

/* Another version of the structure is none that we know (API-009). */
static void options_refused(void)
{
    UCHAR large[RIG_OCTETS_MAX + 1] = {0};
    ISCSI_LOGIN_OPTIONS with = options();
    with.Username = large;
    with.UsernameLength = sizeof large;
    KIT_REFUSED(login_with(&with), ISDSC_INVALID_CHAP_USER_NAME);
    with = options();
    with.Password = large;
    with.PasswordLength = sizeof large;
    KIT_REFUSED(login_with(&with), ISDSC_INVALID_CHAP_SECRET);
    with.Password = NULL;
    with.PasswordLength = 1;
    KIT_REFUSED(login_with(&with), ERROR_INVALID_PARAMETER);
    with = options();
    with.Version = 1;
    KIT_REFUSED(login_with(&with), ERROR_INVALID_PARAMETER);
}

static ISDSC_STATUS login_mapped(ISCSI_TARGET_MAPPING *map)
{
    return LoginIScsiTarget(KIT_NAME_T, FALSE, NULL, 0, NULL, 0, map, NULL, 0, NULL, TRUE, NULL, NULL);
}

static void mapping_refused(void)
{
    ISCSI_TARGET_MAPPING map = mapping();
    map.LUNList = NULL;
    KIT_REFUSED(login_mapped(&map), ISDSC_INVALID_TARGET_MAPPING);
    map = mapping();
    map.LUNCount = RIG_LIST_MAX + 1;
    KIT_REFUSED(login_mapped(&map), ISDSC_INVALID_TARGET_MAPPING);
    map = mapping();
    memset(map.TargetName, 'a', sizeof map.TargetName);
    KIT_REFUSED(login_mapped(&map), ISDSC_INVALID_ISCSI_NAME);
    map = mapping();
    memset(map.OSDeviceName, 'a', sizeof map.OSDeviceName);
    KIT_REFUSED(login_mapped(&map), ERROR_INVALID_PARAMETER);
}

/* Every allocation of a request fails once: the function says so, keeps nothing, and asks nothing. */
static void without_memory(void)
{
    ISCSI_TARGET_MAPPING map = mapping();
    ISCSI_TARGET_PORTAL portal = kit_portal();
    ISCSI_TARGET_PORTAL_GROUP group = {.Count = 1};
    memcpy(group.Portals, &portal, sizeof portal);
    uint64_t at = 1;
    ISDSC_STATUS status;
    do {
        rig_alloc_meter meter;
        rig_alloc_meter_init(&meter, rig_alloc_libc());
        meter.fail_at = at++;
        kit_answer(RIG_CODE_SUCCESS, NULL, NULL);
        rig_iscsidsc_use_alloc(&meter.alloc);
        status = AddIScsiStaticTarget(KIT_NAME_T, NULL, 0, FALSE, &map, NULL, &group);
        rig_iscsidsc_use_alloc(NULL);
        CU_ASSERT_EQUAL(kit.calls, status == ERROR_SUCCESS ? 1 : 0);
        CU_ASSERT_TRUE(status == ERROR_SUCCESS || status == ERROR_NOT_ENOUGH_MEMORY);
        CU_ASSERT_EQUAL(meter.num_live, 0);
    } while (status && at < 100);
    CU_ASSERT_EQUAL(status, ERROR_SUCCESS);
    CU_ASSERT(at > 2);
}

RIG_SUITE("iscsidsc requests", {"a discovery portal", adds_portal},
          {"a portal by what it was added with", names_portal}, {"a static target", adds_static_target},
          {"functions of one string", one_string}, {"a login", logs_in}, {"a login that fails", login_fails},
          {"a login to be kept", keeps_login}, {"logout, and a connection less", session_and_connection},
          {"a connection more", adds_connection}, {"a kept login to be forgotten", removes_kept_login},
          {"bound devices", binds_devices}, {"secrets", sets_secrets}, {"IKE identities", ike_info},
          {"tunnels", tunnel_address}, {"options that are not specified", options_not_specified},
          {"options that cannot be", options_refused}, {"mappings that cannot be", mapping_refused},
          {"no memory", without_memory})
