/* Classes of Windows' management instrumentation: how they are declared, what instances show, what methods
 * ask. A service answers what a test says, and remembers what it was asked. */
#include "rig/wmi.h"
#include "suite.h"

#include <stdio.h>

#define NAME "iqn.2001-04.com.example:disk"
#define ANSWERS_MAX 4

static struct {
    struct {
        rig_call_id call;
        rig_code code;
        const char *reply;
    } answers[ANSWERS_MAX];
    size_t num_answers;
    uint32_t calls;
    rig_call_id last;
    char request[4096]; /* of the last call, as JSON with its secrets */
} service;

static rig_code answer(void *ctx, rig_call_id call, const void *request, void *reply, rig_error *err)
{
    char *text = NULL;
    size_t len = 0;
    (void)ctx;
    service.calls++;
    service.last = call;
    CU_ASSERT_EQUAL_FATAL(rig_record_to_json(rig_alloc_libc(), rig_shape_of(rig_call_of(call)->request),
                                             request, RIG_JSON_KEEP, &text, &len),
                          RIG_OK);
    CU_ASSERT_FATAL(len < sizeof service.request);
    memcpy(service.request, text, len + 1);
    rig_delete(rig_alloc_libc(), text, len + 1);
    for (size_t i = 0; i < service.num_answers; i++) {
        if (service.answers[i].call != call)
            continue;
        const char *json = service.answers[i].reply;
        if (json && rig_record_from_json(rig_alloc_libc(), rig_shape_of(rig_call_of(call)->reply),
                                         rig_view_str(json), reply, err))
            CU_FAIL(json);
        return service.answers[i].code;
    }
    return RIG_CODE_SUCCESS;
}

static const rig_caller caller = {answer, NULL};

static void tells(rig_call_id call, rig_code code, const char *reply)
{
    CU_ASSERT_FATAL(service.num_answers < ANSWERS_MAX);
    service.answers[service.num_answers].call = call;
    service.answers[service.num_answers].code = code;
    service.answers[service.num_answers++].reply = reply;
}

static void fresh(void)
{
    memset(&service, 0, sizeof service);
}

/* ---- asking ---- */

static struct {
    rig_gather out;
    rig_code code;
    rig_error err;
    rig_status status;
} got;

static void forget(void)
{
    rig_gather_cleanup(&got.out, rig_alloc_libc());
    memset(&got, 0, sizeof got);
}

static bool says(const char *text)
{
    return memmem(got.out.ptr, got.out.len, text, strlen(text)) != NULL;
}

static bool is(const char *text)
{
    return rig_view_is(rig_view_of(got.out.ptr, got.out.len), text);
}

static void mof(const char *class)
{
    const rig_wmi_class *found = rig_wmi_class_find(rig_view_str(class), NULL);
    forget();
    CU_ASSERT_PTR_NOT_NULL_FATAL(found);
    got.status = rig_wmi_mof(rig_alloc_libc(), found, &got.out);
    CU_ASSERT_EQUAL(got.status, RIG_OK);
}

/* wheres and arguments end with NULL */
static void ask(const char *class, const char *const *wheres, const char *method,
                const char *const *arguments)
{
    rig_view where[8], argument[16];
    rig_wmi_request request = {.caller = &caller,
                               .class = rig_wmi_class_find(rig_view_str(class), NULL),
                               .where = where,
                               .method = rig_view_str(method),
                               .arguments = argument};
    forget();
    CU_ASSERT_PTR_NOT_NULL_FATAL(request.class);
    while (wheres && wheres[request.num_where]) {
        where[request.num_where] = rig_view_str(wheres[request.num_where]);
        request.num_where++;
    }
    while (arguments && arguments[request.num_arguments]) {
        argument[request.num_arguments] = rig_view_str(arguments[request.num_arguments]);
        request.num_arguments++;
    }
    got.status = method ? rig_wmi_invoke(rig_alloc_libc(), &request, &got.out, &got.code, &got.err)
                        : rig_wmi_instances(rig_alloc_libc(), &request, &got.out, &got.code, &got.err);
}

static void instances(const char *class)
{
    ask(class, NULL, NULL, NULL);
    CU_ASSERT_EQUAL(got.status, RIG_OK);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- declarations ---- */

static void class_names(void)
{
    static const char *const names[] = {"InitiatorClass",
                                        "MethodClass",
                                        "SendTargetPortalClass",
                                        "iSNSServerClass",
                                        "PersistentLoginClass",
                                        "PersistentDevices",
                                        "TargetClass",
                                        "SessionClass",
                                        "ConnectionInformation",
                                        "DeviceOnSession",
                                        "Portal",
                                        "PortalGroup",
                                        "TargetLoginOptions",
                                        "TargetMappings",
                                        "LUNList",
                                        "TargetAddress",
                                        "IKEPresharedKeyAuthenticationInfo"};
    CU_ASSERT_EQUAL_FATAL(rig_wmi_classes(), sizeof names / sizeof names[0]);
    for (size_t i = 0; i < rig_wmi_classes(); i++)
        CU_ASSERT_STRING_EQUAL(rig_wmi_class_name(rig_wmi_class_at(i)), names[i]);
    const rig_wmi_class *class = rig_wmi_class_find(rig_view_str("SessionClass"), NULL);
    CU_ASSERT_PTR_EQUAL(class, rig_wmi_class_find(rig_view_str("MSiSCSIInitiator_SESSIONCLASS"), NULL));
    CU_ASSERT_PTR_EQUAL(class, rig_wmi_class_find(rig_view_str(RIG_WMI_PREFIX "SessionClass"), NULL));
    rig_error err = {0};
    CU_ASSERT_PTR_NULL(rig_wmi_class_find(rig_view_str("SesionClass"), &err));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "SessionClass?"));
}

#define FLAGS                                                                                                \
    ", BitMap{\"0\", \"1\", \"2\", \"3\", \"4\", \"5\", \"6\"}, BitValues{\"ISCSI_SECURITY_FLAG_VALID\", "   \
    "\"ISCSI_SECURITY_FLAG_IKE_IPSEC_ENABLED\", \"ISCSI_SECURITY_FLAG_MAIN_MODE_ENABLED\", "                 \
    "\"ISCSI_SECURITY_FLAG_AGGRESSIVE_MODE_ENABLED\", \"ISCSI_SECURITY_FLAG_PFS_ENABLED\", "                 \
    "\"ISCSI_SECURITY_FLAG_TRANSPORT_MODE_PREFERRED\", \"ISCSI_SECURITY_FLAG_TUNNEL_MODE_PREFERRED\"}"

/* All properties are read, in this order, none is a key; the one method takes nothing. */
static void send_targets_mof(void)
{
    mof("SendTargetPortalClass");
    CU_ASSERT_TRUE(is("// Iscsidsc.mof\n#pragma namespace(\"\\\\\\\\.\\\\root\\\\WMI\")\n\n"
                      "[Dynamic, Description(\"a portal that is used for discovery\")]\n"
                      "class MSIscsiInitiator_SendTargetPortalClass\n{\n"
                      "    [read] string PortalIdentifierString;\n"
                      "    [read] string InitiatorName;\n"
                      "    [read] uint32 InitiatorPortNumber;\n"
                      "    [read] string PortalSymbolicName;\n"
                      "    [read] string PortalAddress;\n"
                      "    [read] uint16 PortalPort;\n"
                      "    [read] MSIscsiInitiator_TargetLoginOptions LoginOptions;\n"
                      "    [read" FLAGS "] uint64 SecurityFlags;\n"
                      "    [Implemented] uint32 Refresh();\n};\n"));
}

/* The name of the target is the key, and there are no methods. */
static void kept_mof(void)
{
    mof("PersistentLoginClass");
    CU_ASSERT_TRUE(is("// Iscsidsc.mof\n#pragma namespace(\"\\\\\\\\.\\\\root\\\\WMI\")\n\n"
                      "[Dynamic, Description(\"a login that is made at every start by itself\")]\n"
                      "class MSIscsiInitiator_PersistentLoginClass\n{\n"
                      "    [key, read] string TargetName;\n"
                      "    [read] boolean IsInformationalSession;\n"
                      "    [read] string InitiatorInstance;\n"
                      "    [read] uint32 InitiatorPortNumber;\n"
                      "    [read] MSIscsiInitiator_Portal TargetPortal;\n"
                      "    [read" FLAGS "] uint64 SecurityFlags;\n"
                      "    [read] MSIscsiInitiator_TargetMappings Mappings;\n"
                      "    [read] MSIscsiInitiator_TargetLoginOptions LoginOptions;\n};\n"));
}

/* Members of the other classes, in their order. */
static void other_mof(void)
{
    static const struct {
        const char *class, *members;
    } rows[] = {
        {"InitiatorClass", "    [read] string InitiatorName;\n};\n"},
        {"iSNSServerClass",
         "    [read] string IsnsServerAddress;\n    [Implemented] uint32 Refresh();\n};\n"},
        {"PersistentDevices", "    [key, read] string DevicePath;\n};\n"},
        {"Portal", "    [key, read] uint32 Index;\n    [read] string SymbolicName;\n"
                   "    [read] string Address;\n    [read] uint16 Port;\n};\n"},
        {"PortalGroup", "    [key, read] uint32 Index;\n    [read] MSIscsiInitiator_Portal Portals[];\n};\n"},
        {"LUNList", "    [read] uint32 OSLunNumber;\n    [read] uint64 TargetLun;\n};\n"},
        {"TargetAddress", "    [read] string OSDeviceName;\n    [read] uint32 OSBusNumber;\n"
                          "    [read] uint32 OSTargetNumber;\n    [read] uint32 OSLunNumber;\n};\n"},
        {"TargetMappings",
         "    [read] string InitiatorName;\n    [read] string TargetName;\n    [read] string OSDeviceName;\n"
         "    [read] uint32 OSBusNumber;\n    [read] uint32 OSTargetNumber;\n"
         "    [read] MSIscsiInitiator_LUNList LUNList[];\n};\n"},
        {"TargetLoginOptions",
         "    [read] uint32 Version;\n    [read] uint32 InformationSpecified;\n"
         "    [read, write] uint32 LoginFlags;\n    [read, write] uint32 AuthType;\n"
         "    [read, write] uint32 HeaderDigest;\n    [read, write] uint32 DataDigest;\n"
         "    [read, write] uint32 MaximumConnections;\n    [read, write] uint32 DefaultTime2Wait;\n"
         "    [read, write] uint32 DefaultTime2Retain;\n    [read] uint8 Username[];\n"
         "    [read] uint8 Password[];\n};\n"},
        {"ConnectionInformation", "    [read] string ConnectionID;\n    [read] string InitiatorAddress;\n"
                                  "    [read] string TargetAddress;\n    [read] uint16 InitiatorPort;\n"
                                  "    [read] uint16 TargetPort;\n    [read] uint8 CID[];\n};\n"},
        {"TargetClass",
         "    [Implemented] uint32 Login([in] boolean IsInformationalSession, [in] uint32 "
         "InitiatorPortNumber, [in] MSIscsiInitiator_Portal TargetPortal, [in] uint64 "
         "SecurityFlags, [in] MSIscsiInitiator_TargetMappings Mappings[], [in] "
         "MSIscsiInitiator_TargetLoginOptions LoginOptions, [in] uint8 Key[], [in] boolean "
         "IsPersistent, [out] string UniqueSessionId, [out] string UniqueConnectionId);\n};\n"},
        {"SessionClass", "    [key, read] string SessionId;\n    [read] string InitiatorName;\n"
                         "    [read] string TargetNodeName;\n    [read] string TargetName;\n"
                         "    [read] uint8 ISID[];\n    [read] uint8 TSID[];\n"
                         "    [read] MSIscsiInitiator_ConnectionInformation ConnectionInformation[];\n"
                         "    [read] MSIscsiInitiator_DeviceOnSession Devices[];\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mof(rows[i].class);
        if (!says(rows[i].members))
            CU_FAIL(rows[i].class);
    }
    forget();
}

/* ---- instances ---- */

#define OPTIONS                                                                                              \
    "{\"specified\":161,\"flags\":2,\"auth-type\":1,\"header-digest\":1,\"username\":{\"text\":\"me\"},"     \
    "\"password\":{\"text\":\"hidden secret\"}}"
#define OPTIONS_SHOWN                                                                                        \
    "{\"Version\":0,\"InformationSpecified\":161,\"LoginFlags\":2,\"AuthType\":1,\"HeaderDigest\":1,"        \
    "\"DataDigest\":0,\"MaximumConnections\":0,\"DefaultTime2Wait\":0,\"DefaultTime2Retain\":0,"             \
    "\"Username\":[109,101],\"Password\":null}"
#define NO_OPTIONS                                                                                           \
    "{\"Version\":0,\"InformationSpecified\":0,\"LoginFlags\":0,\"AuthType\":0,\"HeaderDigest\":0,"          \
    "\"DataDigest\":0,\"MaximumConnections\":0,\"DefaultTime2Wait\":0,\"DefaultTime2Retain\":0,"             \
    "\"Username\":null,\"Password\":null}"

#define PORTALS                                                                                              \
    "{\"portals\":[{\"initiator\":\"hba\",\"port\":1,\"portal\":{\"symbolic-name\":\"east\",\"address\":"    \
    "\"192.0.2.1\",\"socket\":3260},\"security-flags\":\"0x43\",\"options\":" OPTIONS "},"                   \
    "{\"port\":4294967295,\"portal\":{\"address\":\"2001:db8::1\",\"socket\":3261}}]}"

/* No name: any initiator that reaches the portal; all ones: by routing. */
static void send_targets_instances(void)
{
    fresh();
    tells(RIG_CALL_REPORT_SEND_TARGETS_PORTALS, RIG_CODE_SUCCESS, PORTALS);
    instances("SendTargetPortalClass");
    CU_ASSERT_TRUE(is("[\n{\"PortalIdentifierString\":\"SendTargets:192.0.2.1 3260 1 hba\","
                      "\"InitiatorName\":\"hba\",\"InitiatorPortNumber\":1,\"PortalSymbolicName\":\"east\","
                      "\"PortalAddress\":\"192.0.2.1\",\"PortalPort\":3260,\"LoginOptions\":" OPTIONS_SHOWN
                      ",\"SecurityFlags\":\"67\"},\n"
                      "{\"PortalIdentifierString\":\"SendTargets:2001:db8::1 3261\",\"InitiatorName\":null,"
                      "\"InitiatorPortNumber\":4294967295,\"PortalSymbolicName\":null,"
                      "\"PortalAddress\":\"2001:db8::1\",\"PortalPort\":3261,\"LoginOptions\":" NO_OPTIONS
                      ",\"SecurityFlags\":\"0\"}\n]\n"));
    forget();
}

#define LOGINS                                                                                               \
    "{\"logins\":[{\"target\":\"" NAME "\",\"informational\":true,\"initiator\":\"hba\",\"port\":2,"         \
    "\"has-portal\":true,\"portal\":{\"symbolic-name\":\"east\",\"address\":\"192.0.2.1\",\"socket\":3260}," \
    "\"security-flags\":\"0x7\",\"has-mapping\":true,\"mapping\":{\"initiator\":\"hba\",\"target\":"         \
    "\"t\",\"os-device\":\"d\",\"os-bus\":1,\"os-target\":2,\"luns\":[{\"os-lun\":3,\"target-lun\":"         \
    "\"0x1000000000000\"}]},\"has-options\":true,\"options\":" OPTIONS ",\"key\":{\"text\":\"hidden key\"}," \
    "\"persistent\":true},{\"target\":\"b\",\"port\":4294967295}]}"

static void kept_instances(void)
{
    fresh();
    tells(RIG_CALL_REPORT_LOGINS, RIG_CODE_SUCCESS, LOGINS);
    instances("PersistentLoginClass");
    CU_ASSERT_TRUE(
        is("[\n{\"TargetName\":\"" NAME "\",\"IsInformationalSession\":true,\"InitiatorInstance\":\"hba\","
           "\"InitiatorPortNumber\":2,\"TargetPortal\":{\"Index\":0,\"SymbolicName\":\"east\",\"Address\":"
           "\"192.0.2.1\",\"Port\":3260},\"SecurityFlags\":\"7\",\"Mappings\":{\"InitiatorName\":\"hba\","
           "\"TargetName\":\"t\",\"OSDeviceName\":\"d\",\"OSBusNumber\":1,\"OSTargetNumber\":2,\"LUNList\":"
           "[{\"OSLunNumber\":3,\"TargetLun\":\"281474976710656\"}]},\"LoginOptions\":" OPTIONS_SHOWN "},\n"
           "{\"TargetName\":\"b\",\"IsInformationalSession\":false,\"InitiatorInstance\":null,"
           "\"InitiatorPortNumber\":4294967295,\"TargetPortal\":null,\"SecurityFlags\":\"0\","
           "\"Mappings\":null,\"LoginOptions\":null}\n]\n"));
    CU_ASSERT_FALSE(says("hidden"));
    forget();
}

/* The key of the class is the target's name, and a target may have been kept with several portals. */
static void kept_under_one_key(void)
{
    fresh();
    tells(RIG_CALL_REPORT_LOGINS, RIG_CODE_SUCCESS,
          "{\"logins\":[{\"target\":\"" NAME "\",\"port\":1},{\"target\":\"b\",\"port\":3},"
          "{\"target\":\"" NAME "\",\"port\":2}]}");
    ask("PersistentLoginClass", WORDS("TargetName=" NAME), NULL, NULL);
#define INSTANCE(port)                                                                                       \
    "{\"TargetName\":\"" NAME                                                                                \
    "\",\"IsInformationalSession\":false,\"InitiatorInstance\":null,\"InitiatorPortNumber\":" port           \
    ",\"TargetPortal\":null,\"SecurityFlags\":\"0\",\"Mappings\":null,\"LoginOptions\":null}"
    CU_ASSERT_TRUE(is("[\n" INSTANCE("1") ",\n" INSTANCE("2") "\n]\n"));
#undef INSTANCE
    forget();
}

#define SESSIONS                                                                                             \
    "{\"sessions\":[{\"id\":{\"adapter\":\"0x1\",\"specific\":\"0xabc\"},\"initiator-node\":\"us\","         \
    "\"target-node\":\"n\",\"target\":\"" NAME "\",\"isid\":{\"hex\":\"400001370001\"},\"tsih\":258,"        \
    "\"connections\":[{\"id\":{\"adapter\":\"0x1\",\"specific\":\"0x3\"},\"local-address\":\"l\","           \
    "\"local-port\":49152,\"remote-address\":\"r\",\"remote-port\":3260,\"cid\":772}]}]}"

static void session_instances(void)
{
    fresh();
    tells(RIG_CALL_REPORT_SESSIONS, RIG_CODE_SUCCESS, SESSIONS);
    tells(RIG_CALL_REPORT_DEVICES, RIG_CODE_SUCCESS,
          "{\"devices\":[{\"initiator\":\"hba\",\"target\":\"" NAME "\",\"scsi-port\":1,\"scsi-path\":2,"
          "\"scsi-target\":3,\"scsi-lun\":4,\"interface-name\":\"p\",\"legacy-name\":\"o\",\"number\":5,"
          "\"partition\":4294967295},{\"type\":3}]}");
    instances("SessionClass");
    CU_ASSERT_TRUE(is(
        "[\n{\"SessionId\":\"0000000000000001-0000000000000abc\",\"InitiatorName\":\"us\",\"TargetNodeName\":"
        "\"n\",\"TargetName\":\"" NAME "\",\"ISID\":[64,0,1,55,0,1],\"TSID\":[1,2],\"ConnectionInformation\":"
        "[{\"ConnectionID\":\"0000000000000001-0000000000000003\",\"InitiatorAddress\":\"l\","
        "\"TargetAddress\":\"r\",\"InitiatorPort\":49152,\"TargetPort\":3260,\"CID\":[3,4]}],\"Devices\":"
        "[{\"InitiatorName\":\"hba\",\"TargetName\":\"" NAME "\",\"ScsiPortNumber\":1,\"ScsiPathId\":2,"
        "\"ScsiTargetId\":3,\"ScsiLun\":4,\"DeviceInterfaceGuid\":"
        "\"{53f56307-b6bf-11d0-94f2-00a0c91efb8b}\",\"DeviceInterfaceName\":\"p\",\"LegacyName\":\"o\","
        "\"DeviceType\":7,\"DeviceNumber\":5,\"PartitionNumber\":4294967295},"
        "{\"InitiatorName\":null,\"TargetName\":null,\"ScsiPortNumber\":0,\"ScsiPathId\":0,"
        "\"ScsiTargetId\":0,\"ScsiLun\":0,\"DeviceInterfaceGuid\":null,\"DeviceInterfaceName\":null,"
        "\"LegacyName\":null,\"DeviceType\":34,\"DeviceNumber\":0,\"PartitionNumber\":0}]}\n]\n"));
    CU_ASSERT_STRING_EQUAL(service.request, "{\"session\":{\"adapter\":\"0x1\",\"specific\":\"0xabc\"}}");
    fresh();
    tells(RIG_CALL_REPORT_SESSIONS, RIG_CODE_SUCCESS, SESSIONS);
    tells(RIG_CALL_REPORT_DEVICES, RIG_CODE_INVALID_SESSION_ID, NULL);
    instances("SessionClass");
    CU_ASSERT_TRUE(says("\"Devices\":null}"));
    forget();
}

#define TARGETS                                                                                              \
    "{\"targets\":[{\"target\":\"" NAME "\",\"mechanism\":\"Static:\",\"alias\":\"big\",\"flags\":2,"        \
    "\"groups\":[{\"tag\":7,\"portals\":[{\"address\":\"a\",\"socket\":1},{\"address\":\"b\",\"socket\":2}]" \
    "}]},{\"target\":\"" NAME "\",\"mechanism\":\"iSNS:s\",\"initiator\":\"hba\"}]}"

static void target_instances(void)
{
    fresh();
    tells(RIG_CALL_REPORT_TARGET_INSTANCES, RIG_CODE_SUCCESS, TARGETS);
    instances("TargetClass");
    CU_ASSERT_TRUE(says("[\n{\"TargetName\":\"" NAME
                        "\",\"DiscoveryMechanism\":\"Static:\",\"InitiatorName\":"
                        "null,\"ProtocolType\":0,\"TargetAlias\":\"big\",\"PortalGroups\":[{\"Index\":7,"
                        "\"Portals\":[{\"Index\":0,\"SymbolicName\":null,\"Address\":\"a\",\"Port\":1},"
                        "{\"Index\":1,\"SymbolicName\":null,\"Address\":\"b\",\"Port\":2}]}],\"Mappings\":"
                        "null,\"TargetFlags\":2,\"LoginOptions\":null},\n"));
    CU_ASSERT_STRING_EQUAL(service.request, "{}");
    forget();
}

static void simple_instances(void)
{
    static const struct {
        const char *class;
        rig_call_id call;
        const char *reply, *wanted;
    } rows[] = {
        {"InitiatorClass", RIG_CALL_REPORT_INITIATORS,
         "{\"labels\":[{\"text\":\"hba\"},{\"text\":\"b\\\"\\\\\\u0001\"}]}",
         "[\n{\"InitiatorName\":\"hba\"},\n{\"InitiatorName\":\"b\\\"\\\\\\u0001\"}\n]\n"},
        {"iSNSServerClass", RIG_CALL_REPORT_ISNS_SERVERS, "{\"labels\":[{\"text\":\"s\"}]}",
         "[\n{\"IsnsServerAddress\":\"s\"}\n]\n"},
        {"PersistentDevices", RIG_CALL_REPORT_BOUND_DEVICES, "{}", "[]\n"},
        {"MethodClass", RIG_CALL_GET_NODE_NAME, "{\"text\":\"iqn.us\"}",
         "[\n{\"IscsiNodeName\":\"iqn.us\"}\n]\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fresh();
        tells(rows[i].call, RIG_CODE_SUCCESS, rows[i].reply);
        instances(rows[i].class);
        if (!is(rows[i].wanted) || service.calls != 1)
            CU_FAIL(rows[i].class);
    }
    forget();
}

/* A value is said as it is, or as JSON has it. */
static void chosen_instances(void)
{
    fresh();
    tells(RIG_CALL_REPORT_SEND_TARGETS_PORTALS, RIG_CODE_SUCCESS, PORTALS);
    ask("SendTargetPortalClass", WORDS("portalport=3261", "InitiatorName=null"), NULL, NULL);
    CU_ASSERT_TRUE(says("2001:db8::1") && !says("192.0.2.1"));
    ask("SendTargetPortalClass", WORDS("SecurityFlags=67", "InitiatorName=hba"), NULL, NULL);
    CU_ASSERT_TRUE(!says("2001:db8::1") && says("192.0.2.1"));
    ask("SendTargetPortalClass", WORDS("InitiatorName=\"hba\"", "PortalPort=1"), NULL, NULL);
    CU_ASSERT_TRUE(got.status == RIG_OK && is("[]\n"));
    ask("SendTargetPortalClass", WORDS("PortalPrt=1"), NULL, NULL);
    CU_ASSERT_TRUE(got.status == RIG_E_NOT_FOUND && strstr(got.err.text, "PortalPort?"));
    forget();
}

static void instances_refused(void)
{
    fresh();
    tells(RIG_CALL_REPORT_LOGINS, RIG_CODE_SERVICE_NOT_RUNNING, NULL);
    ask("PersistentLoginClass", NULL, NULL, NULL);
    CU_ASSERT_TRUE(got.status == RIG_E_REFUSED && got.code == RIG_CODE_SERVICE_NOT_RUNNING);
    CU_ASSERT_PTR_NOT_NULL(strstr(got.err.text, "not running"));
    CU_ASSERT_EQUAL(got.out.len, 0);
    ask("Portal", NULL, NULL, NULL);
    CU_ASSERT_TRUE(got.status == RIG_E_UNSUPPORTED && service.calls == 1);
    fresh();
    tells(RIG_CALL_REPORT_TARGET_INSTANCES, RIG_CODE_OPERATION_NOT_ALL_SUCCESS, TARGETS);
    instances("TargetClass");
    CU_ASSERT_TRUE(says("Static:") && got.code == RIG_CODE_OPERATION_NOT_ALL_SUCCESS);
    forget();
}

/* ---- methods ---- */

static void invoked(const char *class, const char *const *where, const char *method,
                    const char *const *arguments, rig_call_id call, const char *request)
{
    ask(class, where, method, arguments);
    CU_ASSERT_EQUAL(got.status, RIG_OK);
    CU_ASSERT_EQUAL(service.last, call);
    if (strcmp(service.request, request)) {
        CU_FAIL("another request than");
        CU_FAIL(request);
        puts(service.request);
    }
}

/* The list of the one portal that is meant is made anew. */
static void refresh(void)
{
    fresh();
    tells(RIG_CALL_REPORT_SEND_TARGETS_PORTALS, RIG_CODE_SUCCESS, PORTALS);
    tells(RIG_CALL_REFRESH_SEND_TARGETS_PORTAL, RIG_CODE_CONNECTION_FAILED, NULL);
    tells(RIG_CALL_REPORT_ISNS_SERVERS, RIG_CODE_SUCCESS, "{\"labels\":[{\"text\":\"s\"}]}");
    invoked(
        "SendTargetPortalClass", WORDS("PortalPort=3260"), "Refresh", NULL,
        RIG_CALL_REFRESH_SEND_TARGETS_PORTAL,
        "{\"initiator\":\"hba\",\"port\":1,\"portal\":{\"symbolic-name\":\"east\",\"address\":\"192.0.2.1\","
        "\"socket\":3260}}");
    CU_ASSERT_TRUE(is("{\"ReturnValue\":4026466307}\n") && got.code == RIG_CODE_CONNECTION_FAILED);
    ask("SendTargetPortalClass", NULL, "Refresh", NULL);
    CU_ASSERT_EQUAL(got.status, RIG_E_BUSY);
    ask("SendTargetPortalClass", WORDS("PortalPort=1"), "Refresh", NULL);
    CU_ASSERT_EQUAL(got.status, RIG_E_NOT_FOUND);
    invoked("iSNSServerClass", NULL, "refresh", NULL, RIG_CALL_REFRESH_ISNS_SERVER, "{\"text\":\"s\"}");
    CU_ASSERT_TRUE(is("{\"ReturnValue\":0}\n"));
    forget();
}

static void login(void)
{
    fresh();
    tells(RIG_CALL_REPORT_TARGET_INSTANCES, RIG_CODE_SUCCESS, TARGETS);
    tells(RIG_CALL_LOGIN, RIG_CODE_SUCCESS,
          "{\"session\":{\"adapter\":\"0x1\",\"specific\":\"0x2\"},\"connection\":{\"adapter\":\"0x1\","
          "\"specific\":\"0x3\"}}");
    invoked("TargetClass", WORDS("DiscoveryMechanism=iSNS:s"), "Login", NULL, RIG_CALL_LOGIN,
            "{\"target\":\"" NAME "\",\"initiator\":\"hba\",\"port\":4294967295}");
    CU_ASSERT_TRUE(is("{\"ReturnValue\":0,\"UniqueSessionId\":\"0000000000000001-0000000000000002\","
                      "\"UniqueConnectionId\":\"0000000000000001-0000000000000003\"}\n"));
    invoked("TargetClass", WORDS("DiscoveryMechanism=Static:"), "Login",
            WORDS("IsInformationalSession=TRUE", "InitiatorPortNumber=2", "TargetPortal.Address=192.0.2.1",
                  "TargetPortal.Port=3260", "SecurityFlags=0x7", "Mappings.0.OSBusNumber=1",
                  "Mappings.0.LUNList.0.TargetLun=5", "LoginOptions.AuthType=1", "LoginOptions.Username=me",
                  "LoginOptions.Password=twelve bytes", "LoginOptions.LoginFlags=2", "Key=0x6b6579",
                  "IsPersistent=true"),
            RIG_CALL_LOGIN,
            "{\"target\":\"" NAME "\",\"informational\":true,\"port\":2,\"has-portal\":true,\"portal\":"
            "{\"address\":\"192.0.2.1\",\"socket\":3260},\"security-flags\":\"0x7\",\"has-mapping\":true,"
            "\"mapping\":{\"os-bus\":1,\"luns\":[{\"target-lun\":\"0x5\"}]},\"has-options\":true,\"options\":"
            "{\"specified\":224,\"flags\":2,\"auth-type\":1,\"username\":{\"text\":\"me\"},\"password\":"
            "{\"text\":\"twelve bytes\"}},\"key\":{\"text\":\"key\"},\"persistent\":true}");
    forget();
}

/* Nothing is asked but the list of instances. */
static void refused(const char *argument, rig_status status, const char *why)
{
    ask("TargetClass", WORDS("DiscoveryMechanism=Static:"), "Login", WORDS(argument));
    CU_ASSERT_EQUAL(got.status, status);
    CU_ASSERT_EQUAL(service.last, RIG_CALL_REPORT_TARGET_INSTANCES);
    if (!strstr(got.err.text, why)) {
        CU_FAIL("another reason");
        puts(got.err.text);
    }
}

static void arguments_refused(void)
{
    fresh();
    tells(RIG_CALL_REPORT_TARGET_INSTANCES, RIG_CODE_SUCCESS, TARGETS);
    refused("IsPersistant=true", RIG_E_NOT_FOUND, "IsPersistent?");
    refused("IsPersistent=maybe", RIG_E_SYNTAX, "yes or no");
    refused("IsPersistent", RIG_E_SYNTAX, "PARAMETER=VALUE");
    refused("=true", RIG_E_NOT_FOUND, "a parameter");
    refused("TargetPortal=x", RIG_E_SYNTAX, "TargetPortal.PROPERTY");
    refused("TargetPortal.Adress=x", RIG_E_NOT_FOUND, "Address?");
    refused("TargetPortal.Index=1", RIG_E_SYNTAX, "only read");
    refused("TargetPortal.Port=65536", RIG_E_LIMIT, "16 bits");
    refused("IsPersistent.Address=x", RIG_E_NOT_FOUND, "Address");
    refused("LoginOptions.InformationSpecified=1", RIG_E_SYNTAX, "only read");
    refused("LoginOptions.Version=0", RIG_E_SYNTAX, "only read");
    refused("UniqueSessionId=1", RIG_E_SYNTAX, "only read");
    refused("Mappings.1.OSBusNumber=1", RIG_E_LIMIT, "one is taken");
    refused("Mappings.OSBusNumber=1", RIG_E_SYNTAX, "is an array");
    refused("Mappings.0.LUNList.1.TargetLun=1", RIG_E_NOT_FOUND, "0 entries");
    ask("TargetClass", NULL, "Logout", NULL);
    CU_ASSERT_EQUAL(got.status, RIG_E_NOT_FOUND);
    forget();
}

#define SESSION "{\"session\":{\"adapter\":\"0x1\",\"specific\":\"0xabc\"}"

static void session_methods(void)
{
    fresh();
    tells(RIG_CALL_REPORT_SESSIONS, RIG_CODE_SUCCESS, SESSIONS);
    tells(RIG_CALL_ADD_CONNECTION, RIG_CODE_SUCCESS,
          "{\"connection\":{\"adapter\":\"0x1\",\"specific\":\"0x4\"}}");
    invoked("SessionClass", NULL, "AddConnection",
            WORDS("TargetPortal.Address=a", "LoginOptions.DataDigest=1"), RIG_CALL_ADD_CONNECTION,
            SESSION ",\"port\":4294967295,\"portal\":{\"address\":\"a\"},\"has-options\":true,\"options\":"
                    "{\"specified\":2,\"data-digest\":1}}");
    CU_ASSERT_TRUE(is("{\"ReturnValue\":0,\"UniqueConnectionId\":\"0000000000000001-0000000000000004\"}\n"));
    invoked("SessionClass", WORDS("SessionId=0000000000000001-0000000000000abc"), "Logout", NULL,
            RIG_CALL_LOGOUT, SESSION "}");
    invoked("SessionClass", NULL, "RemoveConnection",
            WORDS("UniqueConnectionId=0000000000000001-00000000000000F4"), RIG_CALL_REMOVE_CONNECTION,
            SESSION ",\"connection\":{\"adapter\":\"0x1\",\"specific\":\"0xf4\"}}");
    static const char *const arguments[] = {"UniqueConnectionId=1-2", "UniqueConnectionId=0000000000000001",
                                            "UniqueConnectionId=0000000000000001-0000000000000002-",
                                            "UniqueConnectionId=000000000000000x-0000000000000002"};
    for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++) {
        ask("SessionClass", NULL, "RemoveConnection", WORDS(arguments[i]));
        CU_ASSERT_EQUAL(got.status, RIG_E_SYNTAX);
    }
    forget();
}

/* What the commands answer comes back, with the status and the sense data of those that fail. */
static void scsi_methods(void)
{
    fresh();
    tells(RIG_CALL_REPORT_SESSIONS, RIG_CODE_SUCCESS, SESSIONS);
    tells(RIG_CALL_SEND_INQUIRY, RIG_CODE_SUCCESS, "{\"data\":{\"hex\":\"0001ff\"}}");
    tells(RIG_CALL_SEND_READ_CAPACITY, RIG_CODE_SCSI_REQUEST_FAILED,
          "{\"status\":2,\"sense\":{\"hex\":\"70\"}}");
    tells(RIG_CALL_SEND_REPORT_LUNS, RIG_CODE_SUCCESS, "{\"data\":{\"hex\":\"00\"}}");
    invoked("SessionClass", NULL, "SendScsiInquiry",
            WORDS("Lun=0x1000000000000", "EvpdCmddt=1", "PageCode=0x83"), RIG_CALL_SEND_INQUIRY,
            SESSION ",\"lun\":\"0x1000000000000\",\"evpd\":1,\"page\":131}");
    CU_ASSERT_TRUE(
        is("{\"ReturnValue\":0,\"ScsiStatus\":0,\"ResponseBuffer\":[0,1,255],\"SenseBuffer\":null}\n"));
    invoked("SessionClass", NULL, "SendScsiReadCapacity", WORDS("Lun=1"), RIG_CALL_SEND_READ_CAPACITY,
            SESSION ",\"lun\":\"0x1\"}");
    CU_ASSERT_TRUE(
        is("{\"ReturnValue\":4026466333,\"ScsiStatus\":2,\"ResponseBuffer\":null,\"SenseBuffer\":[112]}\n"));
    invoked("SessionClass", NULL, "SendScsiReportLuns", NULL, RIG_CALL_SEND_REPORT_LUNS, SESSION "}");
    CU_ASSERT_TRUE(says("\"ResponseBuffer\":[0]"));
    forget();
}

static void initiator_methods(void)
{
    static const struct {
        const char *method;
        const char *arguments[6];
        rig_call_id call;
        const char *request;
    } rows[] = {
        {"ClearPersistentIscsiVolumes", {NULL}, RIG_CALL_CLEAR_DEVICES, "{}"},
        {"RefreshTargetList", {NULL}, RIG_CALL_REPORT_TARGETS, "{\"force-update\":true}"},
        {"SetupPersistentIscsiVolumes", {NULL}, RIG_CALL_BIND_DEVICES, "{}"},
        {"SetIscsiGroupPresharedKey",
         {"Key=k", "Persist=true"},
         RIG_CALL_SET_GROUP_KEY,
         "{\"secret\":{\"text\":\"k\"},\"persist\":true}"},
        {"SetIscsiIKEInfo",
         {"InitiatorName=hba", "AuthInfo.AuthMethod=1", "AuthInfo.IdType=2", "AuthInfo.Id=me",
          "AuthInfo.Key=k"},
         RIG_CALL_SET_IKE_INFO,
         "{\"initiator\":\"hba\",\"port\":4294967295,\"method\":1,\"id-type\":2,\"id\":{\"text\":\"me\"},"
         "\"key\":{\"text\":\"k\"}}"},
        {"SetIscsiInitiatorCHAPSharedSecret",
         {"SharedSecret=s"},
         RIG_CALL_SET_CHAP_SECRET,
         "{\"secret\":{\"text\":\"s\"}}"},
        {"SetIscsiInitiatorNodeName",
         {"InitiatorNodeName=iqn.x"},
         RIG_CALL_SET_NODE_NAME,
         "{\"text\":\"iqn.x\"}"},
        {"SetIscsiInitiatorRADIUSSharedSecret",
         {"SharedSecret=s"},
         RIG_CALL_SET_RADIUS_SECRET,
         "{\"secret\":{\"text\":\"s\"}}"},
        {"SetIscsiTunnelModeOuterAddress",
         {"InitiatorPortNumber=1", "DestinationAddress=d", "OuterModeAddress=o", "Persist=false"},
         RIG_CALL_SET_TUNNEL_ADDRESS,
         "{\"port\":1,\"destination\":\"d\",\"outer\":\"o\"}"},
    };
    fresh();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        invoked("MethodClass", NULL, rows[i].method, rows[i].arguments, rows[i].call, rows[i].request);
    forget();
}

/* Whichever allocation fails, it is said, and nothing is lost. */
static void without_memory(void)
{
    rig_wmi_request request = {.caller = &caller, .method = rig_view_str("Logout")};
    request.class = rig_wmi_class_find(rig_view_str("SessionClass"), NULL);
    fresh();
    tells(RIG_CALL_REPORT_SESSIONS, RIG_CODE_SUCCESS, SESSIONS);
    for (int method = 0; method < 2; method++) {
        rig_status status = RIG_E_NOMEM;
        uint64_t at = 1;
        for (; status && at < 100; at++) {
            rig_alloc_meter meter;
            rig_gather out = {0};
            rig_code code = RIG_CODE_SUCCESS;
            rig_error err = {0};
            rig_alloc_meter_init(&meter, rig_alloc_libc());
            meter.fail_at = at;
            status = method ? rig_wmi_invoke(&meter.alloc, &request, &out, &code, &err)
                            : rig_wmi_instances(&meter.alloc, &request, &out, &code, &err);
            rig_gather_cleanup(&out, &meter.alloc);
            CU_ASSERT_EQUAL(meter.num_live, 0);
        }
        CU_ASSERT_TRUE(status == RIG_OK && at > 3);
    }
}

RIG_SUITE("wmi classes", {"names of the classes", class_names},
          {"declaration of discovery portals", send_targets_mof}, {"declaration of kept logins", kept_mof},
          {"declarations of the others", other_mof}, {"discovery portals", send_targets_instances},
          {"kept logins", kept_instances},
          {"kept logins of one target are an instance each", kept_under_one_key},
          {"sessions", session_instances}, {"targets", target_instances},
          {"classes of one property", simple_instances}, {"instances are chosen", chosen_instances},
          {"instances that cannot be had", instances_refused}, {"lists are refreshed", refresh},
          {"a target is logged in to", login}, {"arguments that cannot be", arguments_refused},
          {"methods of a session", session_methods}, {"SCSI commands of a session", scsi_methods},
          {"methods of the initiator", initiator_methods}, {"without memory", without_memory})
