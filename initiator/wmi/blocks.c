/* Which member of which record stands where in which structure of the driver interface. Offsets are those of
 * 64-bit Windows; no source tells of length prefixes in the arrays, and none are written. */
#include "internal.h"

#define IN_RECORD(T, m) .member = offsetof(T, m), .member_size = sizeof(((T *)0)->m)
#define ROW(name_, kind_, at_, size_, T, m)                                                                  \
    {                                                                                                        \
        .name = name_, .kind = RIG_BLOCK_##kind_, .at = at_, .size = size_, IN_RECORD(T, m)                  \
    }
#define PART(name_, at_, size_, T, m, part_)                                                                 \
    {                                                                                                        \
        .name = name_, .kind = RIG_BLOCK_PART, .at = at_, .size = size_, IN_RECORD(T, m),                    \
        .part = RIG_BLOCK_##part_                                                                            \
    }
#define GIVEN(name_, at_, size_, T, m, given_, part_, absent_)                                               \
    {                                                                                                        \
        .name = name_, .kind = RIG_BLOCK_PART, .at = at_, .size = size_, IN_RECORD(T, m),                    \
        .part = RIG_BLOCK_##part_, .given = offsetof(T, given_), .absent = &(absent_)                        \
    }
#define COUNT(name_, at_)                                                                                    \
    {                                                                                                        \
        .name = name_, .kind = RIG_BLOCK_COUNT, .at = at_, .size = 4                                         \
    }
#define RESERVED(name_, at_, size_)                                                                          \
    {                                                                                                        \
        .name = name_, .kind = RIG_BLOCK_RESERVED, .at = at_, .size = size_                                  \
    }
#define OCTETS(name_, at_, count_, T, m)                                                                     \
    {                                                                                                        \
        name_, at_, 1, count_, offsetof(T, m), RIG_BLOCKS, RIG_OCTETS_MAX                                    \
    }
#define LIST(name_, at_, size_, count_, T, m, element_, most_)                                               \
    {                                                                                                        \
        name_, at_, size_, count_, offsetof(T, m), RIG_BLOCK_##element_, most_                               \
    }

static const rig_target_portal no_portal;
static const rig_login_options no_options;
static const rig_target_mapping any_mapping = {.os_bus = UINT32_MAX, .os_target = UINT32_MAX};

static const rig_block_field address_fields[] = {
    ROW("Type", NUMBER, 0, 4, rig_block_address, type),
    ROW("IpV4Address", BYTES, 4, 4, rig_block_address, v4),
    ROW("IpV6Address", BYTES, 8, 16, rig_block_address, v6),
    RESERVED("IpV6FlowInfo", 24, 4),
    ROW("IpV6ScopeId", NUMBER, 28, 4, rig_block_address, scope),
    ROW("TextAddress", TEXT, 32, 514, rig_block_address, text),
};

static const rig_block_field portal_fields[] = {
    ROW("Address", HOST, 0, 548, rig_target_portal, address),
    RESERVED("Reserved", 548, 4),
    ROW("Socket", NUMBER, 552, 2, rig_target_portal, socket),
};

static const rig_block_field options_fields[] = {
    ROW("InformationSpecified", NUMBER, 0, 4, rig_login_options, specified),
    ROW("HeaderDigest", NUMBER, 4, 4, rig_login_options, header_digest),
    ROW("DataDigest", NUMBER, 8, 4, rig_login_options, data_digest),
    ROW("MaximumConnections", NUMBER, 12, 4, rig_login_options, max_connections),
    ROW("DefaultTime2Wait", NUMBER, 16, 4, rig_login_options, time2wait),
    ROW("DefaultTime2Retain", NUMBER, 20, 4, rig_login_options, time2retain),
    ROW("LoginFlags", NUMBER, 24, 4, rig_login_options, flags),
    ROW("AuthType", NUMBER, 28, 4, rig_login_options, auth_type),
};

static const rig_block_field lun_fields[] = {
    ROW("TargetLUN", NUMBER, 0, 8, rig_lun_mapping, target_lun),
    ROW("OSLUN", NUMBER, 8, 4, rig_lun_mapping, os_lun),
    RESERVED("Reserved", 12, 4),
};

static const rig_block_field mapping_fields[] = {
    ROW("OSBus", NUMBER, 0, 4, rig_target_mapping, os_bus),
    ROW("OSTarget", NUMBER, 4, 4, rig_target_mapping, os_target),
    ROW("UniqueSessionId", NUMBER, 8, 8, rig_target_mapping, session.specific),
    COUNT("LUNCount", 16),
    ROW("TargetName", TEXT, 20, 448, rig_target_mapping, target),
    RESERVED("FromPersistentLogin", 468, 1),
    RESERVED("Reserved", 472, 8),
};
static const rig_block_tail mapping_tails[] = {
    LIST("LUNList", 480, 16, 16, rig_target_mapping, luns, LUN, RIG_BLOCK_LUNS_MAX),
};

static const rig_block_field kept_fields[] = {
    ROW("TargetName", TEXT, 0, 448, rig_login, target),
    ROW("SecurityFlags", NUMBER, 448, 8, rig_login, security_flags),
    ROW("InitiatorPortNumber", NUMBER, 456, 4, rig_login, port),
    COUNT("UsernameSize", 460),
    ROW("IsInformationalSession", BOOL, 464, 1, rig_login, informational),
    ROW("UniqueIdForISID", NUMBER, 466, 2, rig_login, isid_id),
    GIVEN("TargetPortal", 468, 556, rig_login, portal, has_portal, PORTAL, no_portal),
    GIVEN("LoginOptions", 1024, 32, rig_login, options, has_options, OPTIONS, no_options),
    GIVEN("TargetMapping", 1056, 496, rig_login, mapping, has_mapping, MAPPING, any_mapping),
};
static const rig_block_tail kept_tails[] = {
    LIST("TargetMapping.LUNList", 1536, 16, 1072, rig_login, mapping.luns, LUN, RIG_BLOCK_LUNS_MAX),
    OCTETS("Username", 1552, 460, rig_login, options.username),
};

static const rig_block_field logins_fields[] = {
    COUNT("PersistentLoginCount", 0),
    RESERVED("Reserved", 4, 4),
};
static const rig_block_tail logins_tails[] = {
    LIST("PersistentLogins", 8, 1560, 0, rig_logins, logins, PERSISTENT_LOGIN, RIG_BLOCK_LOGINS_MAX),
};

static const rig_block_field mappings_fields[] = {
    ROW("UniqueAdapterId", NUMBER, 0, 8, rig_block_mappings, adapter),
    COUNT("TargetMappingCount", 8),
    RESERVED("Reserved", 12, 4),
};
static const rig_block_tail mappings_tails[] = {
    LIST("TargetMappings", 16, 496, 8, rig_block_mappings, mappings.mappings, MAPPING, RIG_BLOCK_LOGINS_MAX),
};

static const rig_block_field login_fields[] = {
    ROW("PortNumber", NUMBER, 0, 4, rig_block_login, login.port),
    GIVEN("LoginOptions", 4, 32, rig_block_login, login.options, login.has_options, OPTIONS, no_options),
    ROW("SessionType", SESSION, 36, 4, rig_block_login, login.informational),
    ROW("SecurityFlags", NUMBER, 40, 8, rig_block_login, login.security_flags),
    GIVEN("TargetPortal", 48, 556, rig_block_login, login.portal, login.has_portal, PORTAL, no_portal),
    COUNT("UsernameSize", 604),
    COUNT("PasswordSize", 608),
    COUNT("KeySize", 612),
    ROW("UniqueIdForISID", NUMBER, 616, 2, rig_block_login, login.isid_id),
    ROW("PersistentLogin", BOOL, 618, 1, rig_block_login, login.persistent),
    ROW("InitiatorNode", TEXT, 620, 448, rig_block_login, node),
    ROW("InitiatorAlias", TEXT, 1068, 512, rig_block_login, alias),
    ROW("TargetName", TEXT, 1580, 448, rig_block_login, login.target),
    GIVEN("Mappings", 2032, 496, rig_block_login, login.mapping, login.has_mapping, MAPPING, any_mapping),
};
static const rig_block_tail login_tails[] = {
    LIST("Mappings.LUNList", 2512, 16, 2048, rig_block_login, login.mapping.luns, LUN, RIG_BLOCK_LUNS_MAX),
    OCTETS("Key", 2528, 612, rig_block_login, login.key),
    OCTETS("Username", 2529, 604, rig_block_login, login.options.username),
    OCTETS("Password", 2530, 608, rig_block_login, login.options.password),
};

static const rig_block_field logout_fields[] = {
    ROW("UniqueSessionId", NUMBER, 0, 8, rig_session_ref, session.specific),
};

static const rig_block_field connection_fields[] = {
    ROW("UniqueAdapterId", NUMBER, 0, 8, rig_connection_request, session.adapter),
    ROW("UniqueSessionId", NUMBER, 8, 8, rig_connection_request, session.specific),
    ROW("SecurityFlags", NUMBER, 16, 8, rig_connection_request, security_flags),
    ROW("PortNumber", NUMBER, 24, 4, rig_connection_request, port),
    GIVEN("LoginOptions", 28, 32, rig_connection_request, options, has_options, OPTIONS, no_options),
    PART("TargetPortal", 60, 556, rig_connection_request, portal, PORTAL),
    COUNT("UsernameSize", 616),
    COUNT("PasswordSize", 620),
    COUNT("KeySize", 624),
};
static const rig_block_tail connection_tails[] = {
    OCTETS("Key", 628, 624, rig_connection_request, key),
    OCTETS("Username", 629, 616, rig_connection_request, options.username),
    OCTETS("Password", 630, 620, rig_connection_request, options.password),
};

static const rig_block_field remove_connection_fields[] = {
    ROW("UniqueSessionId", NUMBER, 0, 8, rig_connection_ref, session.specific),
    ROW("UniqueConnectionId", NUMBER, 8, 8, rig_connection_ref, connection.specific),
};

static const rig_block_field remove_login_fields[] = {
    ROW("PortNumber", NUMBER, 0, 4, rig_login_ref, port),
    ROW("TargetName", TEXT, 4, 448, rig_login_ref, target),
    GIVEN("TargetPortal", 452, 556, rig_login_ref, portal, has_portal, PORTAL, no_portal),
};

static const rig_block_field key_for_id_fields[] = {
    ROW("PortNumber", NUMBER, 0, 4, rig_ike_info, port),
    ROW("SecurityFlags", NUMBER, 8, 8, rig_ike_info, security_flags),
    ROW("IdType", NUMBER, 16, 1, rig_ike_info, id_type),
    COUNT("IdSize", 20),
    COUNT("KeySize", 24),
};
static const rig_block_tail key_for_id_tails[] = {
    OCTETS("Id", 28, 20, rig_ike_info, id),
    OCTETS("Key", 29, 24, rig_ike_info, key),
};

static const rig_block_field group_key_fields[] = {
    COUNT("KeySize", 0),
};
static const rig_block_tail group_key_tails[] = {
    OCTETS("Key", 4, 0, rig_secret, secret),
};

#define NUM(table) (sizeof(table) / sizeof((table)[0]))
#define PLAIN(name_, R, T, size_, align_, fields_)                                                           \
    {                                                                                                        \
        .name = name_, .record = RIG_RECORD_##R, .record_size = sizeof(T), .size = size_, .align = align_,   \
        .fields = fields_, .num_fields = NUM(fields_)                                                        \
    }
#define TAILED(name_, R, T, size_, align_, fields_, tails_at_, tails_)                                       \
    {                                                                                                        \
        .name = name_, .record = RIG_RECORD_##R, .record_size = sizeof(T), .size = size_, .align = align_,   \
        .fields = fields_, .num_fields = NUM(fields_), .tails_at = tails_at_, .tails = tails_,               \
        .num_tails = NUM(tails_)                                                                             \
    }

static const rig_block blocks[RIG_BLOCKS] = {
    [RIG_BLOCK_ADDRESS] = PLAIN("ISCSI_IP_Address", nothing, rig_block_address, 548, 4, address_fields),
    [RIG_BLOCK_PORTAL] = PLAIN("ISCSI_TargetPortal", target_portal, rig_target_portal, 556, 4, portal_fields),
    [RIG_BLOCK_OPTIONS] =
        PLAIN("ISCSI_LoginOptions", login_options, rig_login_options, 32, 4, options_fields),
    [RIG_BLOCK_LUN] = PLAIN("ISCSI_LUNList", lun_mapping, rig_lun_mapping, 16, 8, lun_fields),
    [RIG_BLOCK_MAPPING] = TAILED("ISCSI_TargetMapping", target_mapping, rig_target_mapping, 496, 8,
                                 mapping_fields, 480, mapping_tails),
    [RIG_BLOCK_PERSISTENT_LOGIN] =
        TAILED("ISCSI_Persistent_Login", login, rig_login, 1560, 8, kept_fields, 1536, kept_tails),
    [RIG_BLOCK_LOGINS] =
        TAILED("MSiSCSI_PersistentLogins", logins, rig_logins, 1568, 8, logins_fields, 8, logins_tails),
    [RIG_BLOCK_MAPPINGS] = TAILED("MSiSCSI_TargetMappings", mappings, rig_block_mappings, 512, 8,
                                  mappings_fields, 16, mappings_tails),
    [RIG_BLOCK_LOGIN] =
        TAILED("LoginToTarget_IN", login, rig_block_login, 2536, 8, login_fields, 2512, login_tails),
    [RIG_BLOCK_LOGOUT] = PLAIN("LogoutFromTarget_IN", session_ref, rig_session_ref, 8, 8, logout_fields),
    [RIG_BLOCK_ADD_CONNECTION] =
        TAILED("AddConnectionToSession_IN", connection_request, rig_connection_request, 632, 8,
               connection_fields, 628, connection_tails),
    [RIG_BLOCK_REMOVE_CONNECTION] = PLAIN("RemoveConnectionFromSession_IN", connection_ref,
                                          rig_connection_ref, 16, 8, remove_connection_fields),
    [RIG_BLOCK_REMOVE_LOGIN] =
        PLAIN("RemovePersistentLogin_IN", login_ref, rig_login_ref, 1008, 4, remove_login_fields),
    [RIG_BLOCK_KEY_FOR_ID] = TAILED("SetPresharedKeyForId_IN", ike_info, rig_ike_info, 32, 8,
                                    key_for_id_fields, 28, key_for_id_tails),
    [RIG_BLOCK_GROUP_KEY] =
        TAILED("SetGroupPresharedKey_IN", secret, rig_secret, 8, 4, group_key_fields, 4, group_key_tails),
};

const rig_block *rig_block_of(rig_block_id id)
{
    return &blocks[id];
}

/* ---- what members say of each other ---- */

/* A mapping that asks for no numbers and lists no LUN is none: taken at its word it would hide every LUN. */
static void login_taken(const rig_alloc *alloc, rig_login *login)
{
    const rig_target_mapping *mapping = &login->mapping;
    login->has_portal = !rig_record_equal(RIG_SHAPE(target_portal), &login->portal, &no_portal);
    login->has_options = !rig_record_equal(RIG_SHAPE(login_options), &login->options, &no_options);
    login->has_mapping =
        mapping->luns.num || mapping->os_bus != UINT32_MAX || mapping->os_target != UINT32_MAX;
    if (!login->has_mapping)
        rig_record_clear(alloc, RIG_SHAPE(target_mapping), &login->mapping);
}

static void mappings_taken(rig_block_mappings *all)
{
    for (uint32_t i = 0; i < all->mappings.mappings.num; i++)
        all->mappings.mappings.ptr[i].session.adapter = all->adapter;
}

void wmi_block_taken(const rig_alloc *alloc, rig_block_id id, void *record)
{
    rig_connection_request *connection = record;
    rig_login_ref *ref = record;
    if (id == RIG_BLOCK_PERSISTENT_LOGIN)
        ((rig_login *)record)->persistent = true;
    if (id == RIG_BLOCK_PERSISTENT_LOGIN || id == RIG_BLOCK_LOGIN)
        login_taken(alloc, record);
    else if (id == RIG_BLOCK_MAPPINGS)
        mappings_taken(record);
    else if (id == RIG_BLOCK_ADD_CONNECTION)
        connection->has_options =
            !rig_record_equal(RIG_SHAPE(login_options), &connection->options, &no_options);
    else if (id == RIG_BLOCK_REMOVE_LOGIN)
        ref->has_portal = !rig_record_equal(RIG_SHAPE(target_portal), &ref->portal, &no_portal);
    else if (id == RIG_BLOCK_KEY_FOR_ID)
        ((rig_ike_info *)record)->method = 1;
}

/* FromPersistentLogin: the mapping of a kept login is one. */
void wmi_block_written(rig_block_id id, const void *record, uint8_t *block)
{
    if (id == RIG_BLOCK_PERSISTENT_LOGIN)
        block[1056 + 468] = 1;
    else if (id == RIG_BLOCK_LOGIN)
        block[2032 + 468] = ((const rig_block_login *)record)->login.persistent;
}
