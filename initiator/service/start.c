/* How a session of the service comes to be: the way to its portal, the security decision before anything is
 * connected, its options, its numbers, its engine. */
#include "internal.h"

#define ISID_RANDOM 0x80 /* type 10b (RFC 7143 section 11.12.5) */

/* ---- what the adapter can do ---- */

static rig_code check_limits(const svc_session *session, const rig_adapter *adapter)
{
    const rig_service *service = session->service;
    const uint32_t most = adapter->quirks.max_sessions;
    bool full = most && adapter->num_sessions >= most;
    return full || service->num_sessions >= RIG_SERVICE_SESSIONS_MAX ? RIG_CODE_TOO_MANY_SESSIONS
                                                                     : RIG_CODE_SUCCESS;
}

static void apply_quirks(const rig_adapter_quirks *quirks, rig_session_config *config)
{
    rig_key_value *connections = &config->offer[RIG_KEY_MAX_CONNECTIONS];
    config->max_tasks = quirks->max_tasks;
    config->max_data_out = quirks->max_data_out;
    if (quirks->max_connections && connections->value > quirks->max_connections)
        connections->value = quirks->max_connections;
}

/* ---- numbers for the operating system ---- */

/* Who else has the numbers makes the difference: a session with the same target is a mapping that exists. */
static rig_code taken_code(const svc_session *session, uint32_t bus, uint32_t target)
{
    const rig_service *service = session->service;
    const svc_session *other = svc_session_with(service, session->login.target, NULL);
    for (; other; other = svc_session_with(service, session->login.target, other))
        if (other->mapped && other->route.adapter == session->route.adapter && other->mapping.os_bus == bus &&
            other->mapping.os_target == target)
            return RIG_CODE_TARGET_MAPPING_EXISTS;
    return RIG_CODE_TARGET_MAPPING_UNAVAILABLE;
}

static uint32_t adapter_number(const svc_session *session)
{
    return (uint32_t)(session->route.adapter - session->service->config.hba->adapters);
}

static rig_code take_numbers(svc_session *session)
{
    const rig_login *login = &session->login;
    rig_target_mapping *mapping = &session->mapping;
    rig_adapter *adapter = session->route.adapter;
    if (login->informational || session->mapped)
        return RIG_CODE_SUCCESS;
    rig_code code = login->has_mapping ? rig_lun_map_check(&login->mapping) : RIG_CODE_SUCCESS;
    if (code != RIG_CODE_SUCCESS)
        return code;
    mapping->os_bus = login->has_mapping ? login->mapping.os_bus : RIG_OS_ANY;
    mapping->os_target = login->has_mapping ? login->mapping.os_target : RIG_OS_ANY;
    code = rig_lun_map_take(&adapter->map, &mapping->os_bus, &mapping->os_target);
    if (code == RIG_CODE_TARGET_MAPPING_UNAVAILABLE)
        return taken_code(session, mapping->os_bus, mapping->os_target);
    if (code != RIG_CODE_SUCCESS)
        return code;
    session->mapped = true;
    rig_text text;
    rig_text_init(&text, mapping->initiator, sizeof mapping->initiator);
    rig_text_add(&text, "%s", adapter->name);
    memcpy(mapping->target, login->target, sizeof mapping->target);
    rig_text_init(&text, mapping->os_device, sizeof mapping->os_device);
    rig_text_add(&text, "\\device\\ScsiPort%u", adapter_number(session));
    mapping->session = session->id;
    return RIG_CODE_SUCCESS;
}

/* ---- the engine's session ---- */

/* A kept login has one ISID for ever, so that its next start reinstates the session of the last
 * (RFC 7143 section 6.3.5): random for the adapter, and the number of the login as qualifier. */
static void make_isid(const rig_adapter *adapter, uint16_t id, uint8_t isid[6])
{
    uint64_t random = rig_hash_text(adapter->name);
    isid[0] = ISID_RANDOM;
    for (int i = 1; i < 4; i++)
        isid[i] = (uint8_t)(random >> 8 * i);
    isid[4] = (uint8_t)(id >> 8);
    isid[5] = (uint8_t)id;
}

/* A portal that the target names is decided on as the first one was. */
static bool admit(void *ctx, const rig_session *engine, const rig_portal *portal, uint64_t now)
{
    rig_service *service = ctx;
    const svc_session *session = svc_session_of(service, engine);
    return session && svc_admits(service, session->route.adapter->name, session->login.port, portal,
                                 session->login.security_flags, &session->login.options,
                                 session->login.key.len ? &session->login.key : NULL, now);
}

/* A session that was up once is wanted until somebody logs it out. */
static void fill_config(const svc_session *session, const rig_route *route, const rig_portal *portal,
                        rig_session_config *config)
{
    *config = session->service->config.session;
    config->discovery = false;
    config->target = rig_view_str(session->login.target);
    config->portal = *portal;
    config->local = route->local;
    config->admit = admit;
    config->admit_ctx = session->service;
    config->reconnect = true;
    config->reconnect_max = RIG_RECONNECT_ENDLESS;
    config->reconnect_pause = session->service->config.settings.reconnect_pause;
    config->retry_login = false;
    if (session->login.isid_id && rig_be_get(config->isid, 6) == 0)
        make_isid(route->adapter, session->login.isid_id, config->isid);
}

static rig_code new_code(rig_status status)
{
    if (status == RIG_E_SYNTAX || status == RIG_E_LIMIT)
        return RIG_CODE_INVALID_ISCSI_NAME;
    return svc_login_code(status, 0);
}

static void name_session(svc_session *session)
{
    rig_service *service = session->service;
    session->id.adapter = rig_draw(&service->config.draws, "adapter-id", adapter_number(session));
    session->id.specific = service->next_session++;
}

static rig_code make_engine(svc_session *session, const rig_route *route, const rig_portal *portal,
                            bool ipsec, rig_error *err)
{
    rig_session_config config;
    rig_code code = check_limits(session, route->adapter);
    if (code != RIG_CODE_SUCCESS)
        return code;
    fill_config(session, route, portal, &config);
    code = session->login.has_options
               ? svc_session_options(session->service, &session->login.options, ipsec, &config, err)
               : RIG_CODE_SUCCESS;
    if (code != RIG_CODE_SUCCESS)
        return code;
    apply_quirks(&route->adapter->quirks, &config);
    session->route = *route;
    name_session(session);
    code = take_numbers(session);
    if (code != RIG_CODE_SUCCESS)
        return code;
    rig_status status = rig_session_new(route->adapter->initiator, &config, &session->engine, err);
    if (status)
        return new_code(status);
    svc_session_link(session);
    return RIG_CODE_SUCCESS;
}

/* ---- opening it ---- */

static rig_code aim(svc_session *session, const rig_route *route, const rig_portal *portal,
                    const rig_security_decision *decision, rig_error *err)
{
    rig_code code = svc_options_fit(session->service, &session->login.options, decision, err);
    if (code == RIG_CODE_SUCCESS && rig_session_aim(session->engine, portal, &route->local))
        code = RIG_CODE_SESSION_BUSY;
    return code;
}

/* The adapter that was taken first stays: the session's numbers are its. */
static rig_code open_at(svc_session *session, const rig_portal *portal, uint64_t now, rig_error *err)
{
    rig_service *service = session->service;
    const rig_login *login = &session->login;
    const char *instance = session->engine ? session->route.adapter->name : login->initiator;
    rig_route route = {0};
    rig_security_decision decision = {0};
    rig_code code = rig_hba_route(service->config.hba, instance, login->port, portal, &route);
    if (code != RIG_CODE_SUCCESS)
        return code;
    code = svc_secure(service, &route, portal, login->security_flags, RIG_SECURITY_CALLER,
                      login->options.flags, login->key.len ? &login->key : NULL, &decision, err, now);
    if (code != RIG_CODE_SUCCESS)
        return code;
    if (!session->engine)
        code = make_engine(session, &route, portal, decision.outcome == RIG_SECURITY_USE_IPSEC, err);
    else
        code = aim(session, &route, portal, &decision, err);
    if (code != RIG_CODE_SUCCESS)
        return code;
    session->route = route;
    rig_status status = rig_session_login(session->engine, now);
    if (status)
        rig_fail(err, status, "cannot connect: %s", rig_status_meaning(status));
    return status ? svc_login_code(status, 0) : RIG_CODE_SUCCESS;
}

static bool next_portal(svc_session *session, rig_portal *out_portal)
{
    rig_target_portal known;
    while (svc_target_portal(session->service, session->login.target, session->hop, &known)) {
        session->hop++;
        if (svc_portal_read(&known, out_portal, NULL) == RIG_CODE_SUCCESS &&
            !rig_portal_same(out_portal, &session->portal))
            return true;
    }
    return false;
}

/* Where the login allows it, the portals of the target are tried one after the other until one accepts; the
 * next attempt begins with the first again. */
static bool hop(svc_session *session, uint64_t now)
{
    rig_error error = {0};
    rig_portal portal;
    if (!(session->login.options.flags & RIG_LOGIN_FLAG_PORTAL_HOPPING))
        return false;
    while (next_portal(session, &portal))
        if (open_at(session, &portal, now, &error) == RIG_CODE_SUCCESS)
            return true;
    return false;
}

/* Whoever tries again begins with the first portal. */
static void aim_back(svc_session *session)
{
    const rig_service *service = session->service;
    rig_route route = {0};
    if (session->hop == 0 || rig_hba_route(service->config.hba, session->route.adapter->name,
                                           session->login.port, &session->portal, &route))
        return;
    if (rig_session_aim(session->engine, &session->portal, &route.local) == RIG_OK)
        session->route = route;
    session->hop = 0;
}

bool svc_session_hop(svc_session *session, rig_status why, uint16_t login_status, uint64_t now)
{
    if (!rig_login_is_final(why, login_status) && hop(session, now))
        return true;
    aim_back(session);
    return false;
}

rig_code svc_session_open(svc_session *session, uint64_t now, rig_error *err)
{
    session->hop = 0;
    rig_code code = open_at(session, &session->portal, now, err);
    return code == RIG_CODE_CONNECTION_FAILED && hop(session, now) ? RIG_CODE_SUCCESS : code;
}

/* ---- the whole ---- */

static rig_code choose_portal(svc_session *session, rig_error *err)
{
    const rig_login *login = &session->login;
    rig_target_portal known;
    if (login->has_portal)
        return svc_portal_read(&login->portal, &session->portal, err);
    if (!svc_target_portal(session->service, login->target, 0, &known))
        return RIG_CODE_NO_PORTAL_SPECIFIED;
    return svc_portal_read(&known, &session->portal, err);
}

rig_code svc_session_start(rig_service *service, const rig_login *login, svc_row *kept, uint64_t now,
                           svc_session **out_session, rig_error *err)
{
    svc_session *session = rig_new(service->config.alloc, sizeof *session);
    if (!session)
        return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    session->service = service;
    session->kept = kept;
    session->hold_timer.kind = SVC_TIMER_DEVICES;
    rig_code code = svc_login_defaults(service, login, &session->login);
    if (code == RIG_CODE_SUCCESS)
        code = choose_portal(session, err);
    if (code == RIG_CODE_SUCCESS)
        code = svc_session_open(session, now, err);
    if (code == RIG_CODE_SUCCESS)
        *out_session = session;
    else
        svc_session_end(session, now);
    return code;
}
