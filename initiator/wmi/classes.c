/* The classes. Properties stand in the order in which the schema has them. */
#include "classes.h"

#define NUM(table) (sizeof(table) / sizeof((table)[0]))
#define P(name_, type_, flags_, path_)                                                                       \
    {                                                                                                        \
        .name = name_, .type = WMI_##type_, .flags = flags_, .path = path_                                   \
    }
#define MADE(name_, type_, flags_, how_, path_)                                                              \
    {                                                                                                        \
        .name = name_, .type = WMI_##type_, .flags = flags_, .how = WMI_##how_, .path = path_                \
    }
#define OBJECT(name_, flags_, path_, class_)                                                                 \
    {                                                                                                        \
        .name = name_, .type = WMI_OBJECT, .flags = flags_, .path = path_, .class = &(class_)                \
    }
#define OPTION(name_, type_, flags_, path_, bit_)                                                            \
    {                                                                                                        \
        .name = name_, .type = WMI_##type_, .flags = flags_, .path = path_, .bit = bit_                      \
    }
#define PRESET(name_, type_, path_, preset_)                                                                 \
    {                                                                                                        \
        .name = name_, .type = WMI_##type_, .path = path_, .preset = preset_                                 \
    }
#define METHOD(name_, call_, parameters_, bindings_)                                                         \
    {                                                                                                        \
        .name = name_, .call = RIG_CALL_##call_, .parameters = parameters_,                                  \
        .num_parameters = NUM(parameters_), .bindings = bindings_, .num_bindings = NUM(bindings_)            \
    }
#define OF_CLASS(name_, call_, parameters_)                                                                  \
    {                                                                                                        \
        .name = name_, .call = RIG_CALL_##call_, .parameters = parameters_,                                  \
        .num_parameters = NUM(parameters_)                                                                   \
    }
#define OF_INSTANCE(name_, call_, bindings_)                                                                 \
    {                                                                                                        \
        .name = name_, .call = RIG_CALL_##call_, .bindings = bindings_, .num_bindings = NUM(bindings_)       \
    }
#define BARE(name_, call_)                                                                                   \
    {                                                                                                        \
        .name = name_, .call = RIG_CALL_##call_                                                              \
    }
#define CLASS(name_, meaning_, record_, call_, list_, properties_)                                           \
    .name = name_, .meaning = meaning_, .record = RIG_RECORD_##record_, .call = call_, .list = list_,        \
    .properties = properties_, .num_properties = NUM(properties_)
#define METHODS(methods_) .methods = methods_, .num_methods = NUM(methods_)

#define ANY_PORT "0xffffffff"

/* ---- classes that occur inside others ---- */

static const wmi_property portal_properties[] = {
    MADE("Index", UINT32, WMI_KEY, INDEX, ""),
    P("SymbolicName", STRING, 0, "symbolic-name"),
    P("Address", STRING, 0, "address"),
    P("Port", UINT16, 0, "socket"),
};
static const rig_wmi_class portal = {
    CLASS("Portal", "an address of a target", target_portal, RIG_CALLS, NULL, portal_properties)};

static const wmi_property portal_group_properties[] = {
    P("Index", UINT32, WMI_KEY, "tag"),
    OBJECT("Portals", WMI_ARRAY, "portals", portal),
};
static const rig_wmi_class portal_group_class = {CLASS("PortalGroup", "the portals of a target portal group",
                                                       portal_group, RIG_CALLS, NULL,
                                                       portal_group_properties)};

static const wmi_property options_properties[] = {
    P("Version", UINT32, WMI_GIVEN, "version"),
    P("InformationSpecified", UINT32, WMI_GIVEN, "specified"),
    P("LoginFlags", UINT32, WMI_WRITE, "flags"),
    OPTION("AuthType", UINT32, WMI_WRITE, "auth-type", RIG_LOGIN_HAS_AUTH_TYPE),
    OPTION("HeaderDigest", UINT32, WMI_WRITE, "header-digest", RIG_LOGIN_HAS_HEADER_DIGEST),
    OPTION("DataDigest", UINT32, WMI_WRITE, "data-digest", RIG_LOGIN_HAS_DATA_DIGEST),
    OPTION("MaximumConnections", UINT32, WMI_WRITE, "max-connections", RIG_LOGIN_HAS_MAX_CONNECTIONS),
    OPTION("DefaultTime2Wait", UINT32, WMI_WRITE, "time2wait", RIG_LOGIN_HAS_TIME2WAIT),
    OPTION("DefaultTime2Retain", UINT32, WMI_WRITE, "time2retain", RIG_LOGIN_HAS_TIME2RETAIN),
    OPTION("Username", UINT8, WMI_ARRAY, "username", RIG_LOGIN_HAS_USERNAME),
    OPTION("Password", UINT8, WMI_ARRAY, "password", RIG_LOGIN_HAS_PASSWORD),
};
static const rig_wmi_class options = {
    CLASS("TargetLoginOptions", "options of a login", login_options, RIG_CALLS, NULL, options_properties)};

static const wmi_property lun_properties[] = {
    P("OSLunNumber", UINT32, 0, "os-lun"),
    P("TargetLun", UINT64, 0, "target-lun"),
};
static const rig_wmi_class lun = {
    CLASS("LUNList", "a LUN under two numbers", lun_mapping, RIG_CALLS, NULL, lun_properties)};

static const wmi_property mappings_properties[] = {
    P("InitiatorName", STRING, 0, "initiator"),  P("TargetName", STRING, 0, "target"),
    P("OSDeviceName", STRING, 0, "os-device"),   P("OSBusNumber", UINT32, 0, "os-bus"),
    P("OSTargetNumber", UINT32, 0, "os-target"), OBJECT("LUNList", WMI_ARRAY, "luns", lun),
};
static const rig_wmi_class mappings = {CLASS("TargetMappings", "the numbers that LUNs of a target have",
                                             target_mapping, RIG_CALLS, NULL, mappings_properties)};

static const wmi_property address_properties[] = {
    P("OSDeviceName", STRING, 0, "legacy-name"),
    P("OSBusNumber", UINT32, 0, "scsi-path"),
    P("OSTargetNumber", UINT32, 0, "scsi-target"),
    P("OSLunNumber", UINT32, 0, "scsi-lun"),
};
static const rig_wmi_class address = {CLASS("TargetAddress", "the operating system's address of a LUN",
                                            device, RIG_CALLS, NULL, address_properties)};

static const wmi_property ike_properties[] = {
    P("AuthMethod", UINT32, 0, "method"), P("SecurityFlags", UINT64, WMI_BITMAP, "security-flags"),
    P("IdType", UINT32, 0, "id-type"),    P("Id", UINT8, WMI_ARRAY, "id"),
    P("Key", UINT8, WMI_ARRAY, "key"),
};
static const rig_wmi_class ike = {CLASS("IKEPresharedKeyAuthenticationInfo",
                                        "an IKE identity and its pre-shared key", ike_info, RIG_CALLS, NULL,
                                        ike_properties)};

static const wmi_property connection_properties[] = {
    MADE("ConnectionID", STRING, 0, ID, "id"),       P("InitiatorAddress", STRING, 0, "local-address"),
    P("TargetAddress", STRING, 0, "remote-address"), P("InitiatorPort", UINT16, 0, "local-port"),
    P("TargetPort", UINT16, 0, "remote-port"),       MADE("CID", UINT8, WMI_ARRAY, NETWORK, "cid"),
};
static const rig_wmi_class connection = {CLASS("ConnectionInformation", "a connection of a session",
                                               connection_info, RIG_CALLS, NULL, connection_properties)};

static const wmi_property device_properties[] = {
    P("InitiatorName", STRING, 0, "initiator"),
    P("TargetName", STRING, 0, "target"),
    P("ScsiPortNumber", UINT8, 0, "scsi-port"),
    P("ScsiPathId", UINT8, 0, "scsi-path"),
    P("ScsiTargetId", UINT8, 0, "scsi-target"),
    P("ScsiLun", UINT8, 0, "scsi-lun"),
    MADE("DeviceInterfaceGuid", STRING, 0, DEVICE_GUID, "type"),
    P("DeviceInterfaceName", STRING, 0, "interface-name"),
    P("LegacyName", STRING, 0, "legacy-name"),
    MADE("DeviceType", UINT32, 0, DEVICE_TYPE, "type"),
    P("DeviceNumber", UINT32, 0, "number"),
    P("PartitionNumber", UINT32, 0, "partition"),
};
static const rig_wmi_class device_class = {
    CLASS("DeviceOnSession", "a device that a session shows", device, RIG_CALLS, NULL, device_properties)};

/* ---- the initiator itself ---- */

static const wmi_property initiator_properties[] = {P("InitiatorName", STRING, 0, "text")};
static const rig_wmi_class initiator_class = {CLASS("InitiatorClass", "an initiator instance", label,
                                                    RIG_CALL_REPORT_INITIATORS, "labels",
                                                    initiator_properties)};

static const wmi_property method_properties[] = {P("IscsiNodeName", STRING, 0, "text")};
static const wmi_property key_parameters[] = {
    P("Key", UINT8, WMI_ARRAY, "secret"),
    P("Persist", BOOLEAN, 0, "persist"),
};
static const wmi_property ike_parameters[] = {
    P("InitiatorName", STRING, 0, "initiator"),
    PRESET("InitiatorPortNumber", UINT32, "port", ANY_PORT),
    OBJECT("AuthInfo", 0, "", ike),
    P("Persist", BOOLEAN, 0, "persist"),
};
static const wmi_property secret_parameters[] = {P("SharedSecret", UINT8, WMI_ARRAY, "secret")};
static const wmi_property name_parameters[] = {P("InitiatorNodeName", STRING, 0, "text")};
static const wmi_property tunnel_parameters[] = {
    P("InitiatorName", STRING, 0, "initiator"),
    PRESET("InitiatorPortNumber", UINT32, "port", ANY_PORT),
    P("DestinationAddress", STRING, 0, "destination"),
    P("OuterModeAddress", STRING, 0, "outer"),
    P("Persist", BOOLEAN, 0, "persist"),
};
static const wmi_binding forced[] = {{NULL, "force-update", "yes"}};
static const wmi_method method_methods[] = {
    BARE("ClearPersistentIscsiVolumes", CLEAR_DEVICES),
    OF_INSTANCE("RefreshTargetList", REPORT_TARGETS, forced),
    BARE("SetupPersistentIscsiVolumes", BIND_DEVICES),
    OF_CLASS("SetIscsiGroupPresharedKey", SET_GROUP_KEY, key_parameters),
    OF_CLASS("SetIscsiIKEInfo", SET_IKE_INFO, ike_parameters),
    OF_CLASS("SetIscsiInitiatorCHAPSharedSecret", SET_CHAP_SECRET, secret_parameters),
    OF_CLASS("SetIscsiInitiatorNodeName", SET_NODE_NAME, name_parameters),
    OF_CLASS("SetIscsiInitiatorRADIUSSharedSecret", SET_RADIUS_SECRET, secret_parameters),
    OF_CLASS("SetIscsiTunnelModeOuterAddress", SET_TUNNEL_ADDRESS, tunnel_parameters),
};
static const rig_wmi_class method_class = {
    CLASS("MethodClass", "the initiator as a whole", label, RIG_CALL_GET_NODE_NAME, NULL, method_properties),
    METHODS(method_methods)};

/* ---- discovery ---- */

static const wmi_property send_targets_properties[] = {
    MADE("PortalIdentifierString", STRING, 0, MECHANISM, ""),
    P("InitiatorName", STRING, 0, "initiator"),
    P("InitiatorPortNumber", UINT32, 0, "port"),
    P("PortalSymbolicName", STRING, 0, "portal.symbolic-name"),
    P("PortalAddress", STRING, 0, "portal.address"),
    P("PortalPort", UINT16, 0, "portal.socket"),
    OBJECT("LoginOptions", 0, "options", options),
    P("SecurityFlags", UINT64, WMI_BITMAP, "security-flags"),
};
static const wmi_binding of_portal[] = {
    {"initiator", "initiator", NULL},
    {"port", "port", NULL},
    {"portal.symbolic-name", "portal.symbolic-name", NULL},
    {"portal.address", "portal.address", NULL},
    {"portal.socket", "portal.socket", NULL},
};
static const wmi_method send_targets_methods[] = {
    OF_INSTANCE("Refresh", REFRESH_SEND_TARGETS_PORTAL, of_portal)};
static const rig_wmi_class send_targets_class = {
    CLASS("SendTargetPortalClass", "a portal that is used for discovery", send_targets_portal,
          RIG_CALL_REPORT_SEND_TARGETS_PORTALS, "portals", send_targets_properties),
    METHODS(send_targets_methods)};

static const wmi_property isns_properties[] = {P("IsnsServerAddress", STRING, 0, "text")};
static const wmi_binding of_label[] = {{"text", "text", NULL}};
static const wmi_method isns_methods[] = {OF_INSTANCE("Refresh", REFRESH_ISNS_SERVER, of_label)};
static const rig_wmi_class isns_class = {CLASS("iSNSServerClass", "an iSNS server that is used for discovery",
                                               label, RIG_CALL_REPORT_ISNS_SERVERS, "labels",
                                               isns_properties),
                                         METHODS(isns_methods)};

static const wmi_property target_properties[] = {
    P("TargetName", STRING, 0, "target"),
    P("DiscoveryMechanism", STRING, 0, "mechanism"),
    P("InitiatorName", STRING, 0, "initiator"),
    P("ProtocolType", UINT32, 0, "protocol"),
    P("TargetAlias", STRING, 0, "alias"),
    OBJECT("PortalGroups", WMI_ARRAY, "groups", portal_group_class),
    OBJECT("Mappings", 0, "mapping", mappings),
    P("TargetFlags", UINT32, 0, "flags"),
    OBJECT("LoginOptions", 0, "options", options),
};
static const wmi_property login_parameters[] = {
    P("IsInformationalSession", BOOLEAN, 0, "informational"),
    PRESET("InitiatorPortNumber", UINT32, "port", ANY_PORT),
    OBJECT("TargetPortal", 0, "portal", portal),
    P("SecurityFlags", UINT64, 0, "security-flags"),
    OBJECT("Mappings", WMI_ARRAY | WMI_ONE, "mapping", mappings),
    OBJECT("LoginOptions", 0, "options", options),
    P("Key", UINT8, WMI_ARRAY, "key"),
    P("IsPersistent", BOOLEAN, 0, "persistent"),
    MADE("UniqueSessionId", STRING, WMI_OUT, ID, "session"),
    MADE("UniqueConnectionId", STRING, WMI_OUT, ID, "connection"),
};
static const wmi_binding of_target[] = {{"target", "target", NULL}, {"initiator", "initiator", NULL}};
static const wmi_method target_methods[] = {METHOD("Login", LOGIN, login_parameters, of_target)};
static const rig_wmi_class target_class = {CLASS("TargetClass", "a target as a discovery mechanism knows it",
                                                 target_instance, RIG_CALL_REPORT_TARGET_INSTANCES, "targets",
                                                 target_properties),
                                           METHODS(target_methods)};

/* ---- sessions ---- */

static const wmi_property session_properties[] = {
    MADE("SessionId", STRING, WMI_KEY, ID, "id"),
    P("InitiatorName", STRING, 0, "initiator-node"),
    P("TargetNodeName", STRING, 0, "target-node"),
    P("TargetName", STRING, 0, "target"),
    P("ISID", UINT8, WMI_ARRAY, "isid"),
    MADE("TSID", UINT8, WMI_ARRAY, NETWORK, "tsih"),
    OBJECT("ConnectionInformation", WMI_ARRAY, "connections", connection),
    {.name = "Devices", .type = WMI_OBJECT, .flags = WMI_ARRAY, .how = WMI_DEVICES, .class = &device_class},
};
static const wmi_property connection_parameters[] = {
    PRESET("InitiatorPortNumber", UINT32, "port", ANY_PORT),
    OBJECT("TargetPortal", 0, "portal", portal),
    P("SecurityFlags", UINT64, 0, "security-flags"),
    OBJECT("LoginOptions", 0, "options", options),
    P("Key", UINT8, WMI_ARRAY, "key"),
    MADE("UniqueConnectionId", STRING, WMI_OUT, ID, "connection"),
};
static const wmi_property which_connection[] = {MADE("UniqueConnectionId", STRING, 0, ID, "connection")};
#define SCSI_OUTPUT                                                                                          \
    P("ScsiStatus", UINT8, WMI_OUT, "status"), P("ResponseBuffer", UINT8, WMI_OUT | WMI_ARRAY, "data"),      \
        P("SenseBuffer", UINT8, WMI_OUT | WMI_ARRAY, "sense")
static const wmi_property inquiry_parameters[] = {
    P("Lun", UINT64, 0, "lun"),
    P("EvpdCmddt", UINT8, 0, "evpd"),
    P("PageCode", UINT8, 0, "page"),
    SCSI_OUTPUT,
};
static const wmi_property capacity_parameters[] = {P("Lun", UINT64, 0, "lun"), SCSI_OUTPUT};
static const wmi_property luns_parameters[] = {SCSI_OUTPUT};
static const wmi_binding of_session[] = {{"id.adapter", "session.adapter", NULL},
                                         {"id.specific", "session.specific", NULL}};
static const wmi_method session_methods[] = {
    METHOD("AddConnection", ADD_CONNECTION, connection_parameters, of_session),
    OF_INSTANCE("Logout", LOGOUT, of_session),
    METHOD("RemoveConnection", REMOVE_CONNECTION, which_connection, of_session),
    METHOD("SendScsiInquiry", SEND_INQUIRY, inquiry_parameters, of_session),
    METHOD("SendScsiReadCapacity", SEND_READ_CAPACITY, capacity_parameters, of_session),
    METHOD("SendScsiReportLuns", SEND_REPORT_LUNS, luns_parameters, of_session),
};
static const rig_wmi_class session_class = {CLASS("SessionClass", "a session", session_info,
                                                  RIG_CALL_REPORT_SESSIONS, "sessions", session_properties),
                                            METHODS(session_methods)};

/* ---- what comes back at the next start ---- */

static const wmi_property kept_properties[] = {
    P("TargetName", STRING, WMI_KEY, "target"),     P("IsInformationalSession", BOOLEAN, 0, "informational"),
    P("InitiatorInstance", STRING, 0, "initiator"), P("InitiatorPortNumber", UINT32, 0, "port"),
    OBJECT("TargetPortal", 0, "portal", portal),    P("SecurityFlags", UINT64, WMI_BITMAP, "security-flags"),
    OBJECT("Mappings", 0, "mapping", mappings),     OBJECT("LoginOptions", 0, "options", options),
};
static const rig_wmi_class kept_class = {CLASS("PersistentLoginClass",
                                               "a login that is made at every start by itself", login,
                                               RIG_CALL_REPORT_LOGINS, "logins", kept_properties)};

static const wmi_property bound_properties[] = {P("DevicePath", STRING, WMI_KEY, "text")};
static const rig_wmi_class bound_class = {CLASS("PersistentDevices", "a device that every start waits for",
                                                label, RIG_CALL_REPORT_BOUND_DEVICES, "labels",
                                                bound_properties)};

static const rig_wmi_class *const classes[] = {
    &initiator_class, &method_class,  &send_targets_class,
    &isns_class,      &kept_class,    &bound_class,
    &target_class,    &session_class, &connection,
    &device_class,    &portal,        &portal_group_class,
    &options,         &mappings,      &lun,
    &address,         &ike,
};

size_t rig_wmi_classes(void)
{
    return NUM(classes);
}

const rig_wmi_class *rig_wmi_class_at(size_t index)
{
    return classes[index];
}

const char *rig_wmi_class_name(const rig_wmi_class *class)
{
    return class->name;
}

const char *rig_wmi_class_meaning(const rig_wmi_class *class)
{
    return class->meaning;
}

bool rig_wmi_class_has_instances(const rig_wmi_class *class)
{
    return class->call != RIG_CALLS;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

bool wmi_same(rig_view a, const char *b)
{
    size_t i = 0;
    while (i < a.len && b[i] && lower((char)a.ptr[i]) == lower(b[i]))
        i++;
    return i == a.len && b[i] == '\0';
}

const rig_wmi_class *rig_wmi_class_find(rig_view name, rig_error *err)
{
    const rig_view prefix = rig_view_sub(name, 0, strlen(RIG_WMI_PREFIX));
    const char *names[NUM(classes)] = {NULL};
    if (wmi_same(prefix, RIG_WMI_PREFIX))
        name = rig_view_sub(name, prefix.len, name.len);
    for (size_t i = 0; i < NUM(classes); i++)
        if (wmi_same(name, names[i] = classes[i]->name))
            return classes[i];
    const size_t near = rig_nearest(name, names, NUM(classes));
    rig_fail(err, RIG_E_NOT_FOUND, "no class \"%.*s\"%s%s%s", RIG_VIEW_ARG(name),
             near < NUM(classes) ? ", did you mean " : "", near < NUM(classes) ? names[near] : "",
             near < NUM(classes) ? "?" : "");
    return NULL;
}

#define PROPERTIES_MAX 32 /* most properties of a class that "did you mean" looks at */

const wmi_property *wmi_property_find(const wmi_property *properties, size_t num, rig_view name,
                                      rig_error *err)
{
    const char *names[PROPERTIES_MAX] = {NULL};
    size_t known = 0;
    for (size_t i = 0; i < num; i++) {
        if (wmi_same(name, properties[i].name))
            return &properties[i];
        if (known < PROPERTIES_MAX)
            names[known++] = properties[i].name;
    }
    const size_t near = rig_nearest(name, names, known);
    rig_fail(err, RIG_E_NOT_FOUND, "no \"%.*s\"%s%s%s", RIG_VIEW_ARG(name),
             near < known ? ", did you mean " : "", near < known ? names[near] : "", near < known ? "?" : "");
    return NULL;
}
