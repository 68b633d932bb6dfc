/* The call that logs in, or keeps a login for every start (API: LoginIScsiTarget). */
#include "internal.h"

#define ISID_IDS 65536 /* numbers of kept logins, 0 is none */

/* ---- what a login says, and what its target was made known with ---- */

static rig_code fill_mapping(const rig_alloc *alloc, const rig_static_target *known, rig_login *login)
{
    if (login->has_mapping || !known->has_mapping)
        return RIG_CODE_SUCCESS;
    login->has_mapping = true;
    rig_record_clear(alloc, RIG_SHAPE(target_mapping), &login->mapping);
    return rig_record_copy(alloc, RIG_SHAPE(target_mapping), &known->mapping, &login->mapping)
               ? RIG_CODE_WIN32_NOT_ENOUGH_MEMORY
               : RIG_CODE_SUCCESS;
}

rig_code svc_login_defaults(const rig_service *service, const rig_login *login, rig_login *out_login)
{
    const rig_alloc *alloc = service->config.alloc;
    rig_static_target key = {0};
    memcpy(key.target, login->target, sizeof key.target);
    const svc_row *row = svc_find(service, SVC_STATICS, &key);
    if (rig_record_copy(alloc, RIG_SHAPE(login), login, out_login))
        return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    const rig_static_target *known = row ? row->record : &key;
    if (!login->has_options && known->has_options) {
        out_login->has_options = true;
        out_login->options = known->options;
    }
    rig_code code = fill_mapping(alloc, known, out_login);
    if (code != RIG_CODE_SUCCESS)
        rig_record_clear(alloc, RIG_SHAPE(login), out_login);
    return code;
}

/* ---- checks ---- */

static rig_code check_target(const rig_service *service, const rig_login *login, rig_error *err)
{
    if (svc_target_known(service, login->target))
        return RIG_CODE_SUCCESS;
    return rig_iname_check(rig_view_str(login->target), NULL, err) ? RIG_CODE_INVALID_ISCSI_NAME
                                                                   : RIG_CODE_TARGET_NOT_FOUND;
}

static rig_code check_portal(const rig_service *service, const rig_login *login, rig_error *err)
{
    rig_target_portal known;
    rig_portal portal;
    if (login->has_portal)
        return svc_portal_read(&login->portal, &portal, err);
    return login->persistent || svc_target_portal(service, login->target, 0, &known)
               ? RIG_CODE_SUCCESS
               : RIG_CODE_NO_PORTAL_SPECIFIED;
}

static bool contradicts(const char *said, const char *meant)
{
    return said[0] && meant[0] && strcmp(said, meant) != 0;
}

static rig_code check_mapping(const rig_login *login)
{
    const rig_target_mapping *mapping = &login->mapping;
    if (!login->has_mapping || login->informational)
        return RIG_CODE_SUCCESS;
    if (contradicts(mapping->target, login->target) || contradicts(mapping->initiator, login->initiator))
        return RIG_CODE_INVALID_TARGET_MAPPING;
    return rig_lun_map_check(mapping);
}

/* Whether IPsec protects it is decided when it connects; until then what it asks for counts. */
static rig_code check_options(rig_service *service, const rig_login *login, rig_error *err)
{
    rig_session_config config = service->config.session;
    uint64_t both = RIG_SECURITY_VALID | RIG_SECURITY_IKE_IPSEC;
    bool ipsec = (login->options.flags & RIG_LOGIN_FLAG_REQUIRE_IPSEC) || login->key.len ||
                 (login->security_flags & both) == both;
    return login->has_options ? svc_session_options(service, &login->options, ipsec, &config, err)
                              : RIG_CODE_SUCCESS;
}

/* A login that is made now is decided on with all there is. Under a policy in force flags may count for
 * nothing, which shows when it connects. */
static rig_code check_flags(const rig_service *service, const rig_login *login, rig_error *err)
{
    bool later = login->persistent && service->config.hba->policies.num == 0;
    return later ? svc_flags_check(login->security_flags, err) : RIG_CODE_SUCCESS;
}

/* Whoever asks for a second session has to say that it knows of the first, one that is still being made
 * included, and a kept one between two attempts. */
static rig_code check_only(const rig_service *service, const rig_login *login)
{
    bool multipath = login->options.flags & RIG_LOGIN_FLAG_MULTIPATH;
    if (multipath && service->config.settings.no_multipath_policy)
        return RIG_CODE_RESTRICTED_BY_GROUP_POLICY;
    if (multipath || login->persistent)
        return RIG_CODE_SUCCESS;
    if (svc_session_with(service, login->target, NULL))
        return RIG_CODE_TARGET_ALREADY_LOGGED_IN;
    return svc_boot_tries(service, login->target) ? RIG_CODE_TARGET_ALREADY_LOGGED_IN : RIG_CODE_SUCCESS;
}

static rig_code check(rig_service *service, const rig_login *login, rig_error *err)
{
    rig_code code = check_target(service, login, err);
    if (code == RIG_CODE_SUCCESS)
        code = rig_hba_port(service->config.hba, login->initiator, login->port);
    if (code == RIG_CODE_SUCCESS)
        code = check_portal(service, login, err);
    if (code == RIG_CODE_SUCCESS)
        code = check_flags(service, login, err);
    if (code == RIG_CODE_SUCCESS)
        code = check_options(service, login, err);
    if (code == RIG_CODE_SUCCESS)
        code = check_mapping(login);
    return code == RIG_CODE_SUCCESS ? check_only(service, login) : code;
}

/* ---- keeping ---- */

static void mark_isid_ids(const rig_service *service, uint8_t used[ISID_IDS / 8])
{
    const svc_table *table = &service->tables[SVC_LOGINS];
    for (uint32_t i = 0; i < table->num; i++) {
        uint16_t id = ((const rig_login *)table->rows[i]->record)->isid_id;
        used[id / 8] |= (uint8_t)(1u << id % 8);
    }
}

/* The longest run of numbers that are not in use. The limit of kept logins leaves runs of three at least. */
static void find_isid_ids(rig_service *service)
{
    uint8_t used[ISID_IDS / 8] = {1};
    uint32_t from = 0;
    mark_isid_ids(service, used);
    service->next_isid_id = service->end_isid_id = 0;
    for (uint32_t id = 0; id <= ISID_IDS; id++) {
        if (id < ISID_IDS && !(used[id / 8] >> id % 8 & 1))
            continue;
        if (id - from > service->end_isid_id - service->next_isid_id) {
            service->next_isid_id = from;
            service->end_isid_id = id;
        }
        from = id + 1;
    }
}

/* Numbers are taken one after the other: a session of a login that was forgotten may still have the ISID that
 * is made of one that is free again. */
static uint16_t free_isid_id(rig_service *service)
{
    if (service->next_isid_id == service->end_isid_id)
        find_isid_ids(service);
    return (uint16_t)service->next_isid_id++;
}

/* A login that is kept already is replaced, and keeps its place and its ISID. */
static rig_code keep(rig_service *service, const rig_login *login)
{
    rig_login entry = *login;
    const svc_row *old = svc_find(service, SVC_LOGINS, login);
    entry.isid_id = old ? ((const rig_login *)old->record)->isid_id : free_isid_id(service);
    rig_code code = svc_put(service, SVC_LOGINS, &entry, true);
    rig_secret_wipe(&entry, sizeof entry);
    return code;
}

static rig_code start(rig_service *service, svc_call *call, const rig_login *login)
{
    svc_session *session = NULL;
    rig_code code = svc_session_start(service, login, NULL, call->now, &session, &call->error);
    if (code != RIG_CODE_SUCCESS)
        return code;
    session->call = call;
    return SVC_PENDING;
}

/* What is not given counts for nothing, whatever stands in its place. The number of an ISID is ours to give:
 * with that of a kept login a session would take the place of its session. */
static void tidy(const rig_alloc *alloc, rig_login *login)
{
    login->isid_id = 0;
    if (!login->has_options)
        rig_record_clear(alloc, RIG_SHAPE(login_options), &login->options);
    if (!login->has_mapping)
        rig_record_clear(alloc, RIG_SHAPE(target_mapping), &login->mapping);
}

rig_code svc_login(rig_service *service, svc_call *call)
{
    rig_login full;
    tidy(service->config.alloc, call->request);
    rig_code code = svc_login_defaults(service, call->request, &full);
    if (code != RIG_CODE_SUCCESS)
        return code;
    code = check(service, &full, &call->error);
    if (code == RIG_CODE_SUCCESS)
        code = full.persistent ? keep(service, call->request) : start(service, call, &full);
    rig_record_clear(service->config.alloc, RIG_SHAPE(login), &full);
    return code;
}
