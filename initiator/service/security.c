/* What a connection is decided on: the tables of keys, identities and outer addresses, the flags that were
 * stored with the portal, and the policies in force. */
#include "internal.h"

/* What is set for a port, for all ports of its adapter, and for every adapter: the nearest counts. */
typedef struct scope {
    const char *initiator;
    uint32_t port;
} scope;

#define SCOPES 3

static scope scope_at(const rig_route *route, unsigned index)
{
    const scope scopes[SCOPES] = {
        {route->adapter->name, route->port}, {route->adapter->name, RIG_PORT_ANY}, {"", RIG_PORT_ANY}};
    return scopes[index];
}

static void put_text(char *out, size_t size, const char *text)
{
    rig_text to;
    rig_text_init(&to, out, size);
    rig_text_add(&to, "%s", text);
}

/* ---- flags stored with the portal ---- */

static rig_security_bitmap of_portal(const rig_service *service, const rig_route *route,
                                     const rig_portal *portal)
{
    rig_send_targets_portal wanted = {.portal.socket = portal->port};
    if (!svc_ip_text(portal->host, wanted.portal.address, sizeof wanted.portal.address))
        put_text(wanted.portal.address, sizeof wanted.portal.address, portal->host);
    for (unsigned i = 0; i < SCOPES; i++) {
        scope at = scope_at(route, i);
        put_text(wanted.initiator, sizeof wanted.initiator, at.initiator);
        wanted.port = at.port;
        const svc_row *row = svc_find(service, SVC_PORTALS, &wanted);
        const rig_send_targets_portal *found = row ? row->record : NULL;
        if (found && (found->security_flags & RIG_SECURITY_VALID))
            return (rig_security_bitmap){true, found->security_flags};
    }
    return (rig_security_bitmap){0};
}

/* ---- the identity of the port ---- */

bool svc_ike_covers(const rig_ike_info *info, const rig_adapter *adapter)
{
    return info->initiator[0] == 0 || strcmp(info->initiator, adapter->name) == 0;
}

static bool id_is_address(const rig_ike_info *info)
{
    return info->id_type == SVC_ID_IPV4 || info->id_type == SVC_ID_IPV6;
}

/* An address is the identity of the port that has it. What the host's routing decides only shows later: then
 * its family has to be that of the portal. */
static bool id_fits(const rig_ike_info *info, const rig_route *route, const rig_portal *portal)
{
    rig_ip ours = route->local.ip, theirs = {0};
    uint8_t version = info->id_type == SVC_ID_IPV4 ? 4 : 6;
    if (!id_is_address(info))
        return true;
    if (ours.version)
        return ours.version == version && memcmp(ours.bytes, info->id.bytes, info->id.len) == 0;
    return !rig_ip_parse(rig_view_str(portal->host), &theirs) || theirs.version == version;
}

/* 0: set for somebody else; the nearer the higher, addresses before names. */
static unsigned id_rank(const rig_ike_info *info, const rig_route *route)
{
    for (unsigned i = 0; i < SCOPES; i++) {
        scope at = scope_at(route, i);
        if (info->port == at.port && strcmp(info->initiator, at.initiator) == 0)
            return 2 * (SCOPES - i) + id_is_address(info);
    }
    return 0;
}

static const svc_row *identity_of(const rig_service *service, const rig_route *route,
                                  const rig_portal *portal, bool *out_any)
{
    const svc_table *table = &service->tables[SVC_IKE];
    const svc_row *best = NULL;
    unsigned highest = 0;
    for (uint32_t i = 0; i < table->num; i++) {
        unsigned rank = id_rank(table->rows[i]->record, route);
        *out_any = *out_any || rank > 0;
        if (rank > highest && id_fits(table->rows[i]->record, route, portal)) {
            highest = rank;
            best = table->rows[i];
        }
    }
    return best;
}

uint32_t svc_keys_held(const rig_service *service, const rig_adapter *adapter, uint64_t before)
{
    const svc_table *table = &service->tables[SVC_IKE];
    uint32_t held = 0;
    for (uint32_t i = 0; i < table->num && table->rows[i]->id < before; i++) {
        const rig_ike_info *info = table->rows[i]->record;
        held += info->key.len > 0 && svc_ike_covers(info, adapter);
    }
    return held;
}

/* The key of the call comes before the one bound to the identity, as the login says it; the group's is for
 * those without their own. */
static rig_security_key key_of(const rig_service *service, const rig_route *route, const svc_row *identity,
                               const rig_octets *given)
{
    const rig_ike_info *info = identity ? identity->record : NULL;
    if (given && given->len)
        return RIG_SECURITY_KEY_CALL;
    if (info && info->key.len &&
        rig_adapter_key_room(route->adapter, svc_keys_held(service, route->adapter, identity->id)) ==
            RIG_CODE_SUCCESS)
        return RIG_SECURITY_KEY_ID;
    const rig_octets *group = svc_setting(service, SVC_SETTING_GROUP_KEY);
    return group && group->len ? RIG_SECURITY_KEY_GROUP : RIG_SECURITY_KEY_NONE;
}

/* ---- outer addresses ---- */

static const rig_tunnel_address *outer_of(const rig_service *service, const rig_route *route,
                                          const rig_portal *portal)
{
    rig_tunnel_address wanted = {0};
    const svc_row *row = NULL;
    if (!svc_ip_text(portal->host, wanted.destination, sizeof wanted.destination))
        return NULL;
    for (unsigned i = 0; i < SCOPES && !row; i++) {
        scope at = scope_at(route, i);
        put_text(wanted.initiator, sizeof wanted.initiator, at.initiator);
        wanted.port = at.port;
        row = svc_find(service, SVC_TUNNELS, &wanted);
    }
    return row ? row->record : NULL;
}

/* ---- the decision ---- */

/* What cannot be whatever the adapters are able to do, or which keys there are: reserved bits, and behind
 * VALID and IKE no exchange, or both of a pair. */
rig_code svc_flags_check(uint64_t flags, rig_error *err)
{
    const rig_security_request request = {.flags = flags,
                                          .source = RIG_SECURITY_CALLER,
                                          .key = RIG_SECURITY_KEY_GROUP,
                                          .abilities = {.ipsec = true, .aggressive = true, .tunnel = true}};
    if (rig_security_decide(&request).outcome != RIG_SECURITY_INVALID)
        return RIG_CODE_SUCCESS;
    rig_fail(err, RIG_E_ARGUMENT, "security flags that contradict each other");
    return RIG_CODE_INVALID_PARAMETER;
}

static svc_protection **place_of(rig_service *service, const rig_route *route, const rig_portal *portal)
{
    svc_protection **place = &service->asked;
    while (*place && ((*place)->route.adapter != route->adapter || (*place)->route.port != route->port ||
                      !rig_portal_same(&(*place)->portal, portal)))
        place = &(*place)->next;
    return place;
}

/* What was negotiated, or set by an administrator. */
static const rig_security_policy *policy_of(rig_service *service, const rig_route *route,
                                            const rig_portal *portal)
{
    const rig_security_policy *policy =
        rig_policy_db_find(&service->config.hba->policies, route->adapter->name, route->port, portal);
    const svc_protection *asked = *place_of(service, route, portal);
    return !policy && asked && asked->in_force ? &asked->policy : policy;
}

static void gather(rig_service *service, const rig_route *route, const rig_portal *portal,
                   const rig_octets *key, rig_security_request *out)
{
    const rig_adapter *adapter = route->adapter;
    const svc_row *identity = identity_of(service, route, portal, &out->has_identity);
    const rig_ike_info *info = identity ? identity->record : NULL;
    out->policy = policy_of(service, route, portal);
    out->of_portal = of_portal(service, route, portal);
    if (info)
        out->of_ike_info = (rig_security_bitmap){true, info->security_flags};
    out->of_default = (rig_security_bitmap){true, service->config.settings.default_security};
    out->key = key_of(service, route, identity, key);
    out->id_is_name = info && !id_is_address(info);
    out->has_outer = outer_of(service, route, portal) != NULL;
    out->strict_gateway = route->port < adapter->num_ports && adapter->ports[route->port].strict_gateway;
    out->strict_flags = service->config.settings.strict_security;
    out->abilities = adapter->abilities;
}

static void tell_step(rig_service *service, const rig_portal *portal, rig_security_step step, bool last,
                      uint64_t now)
{
    svc_tell(service, &(rig_service_event){.kind = RIG_SERVICE_SECURITY,
                                           .text = rig_security_step_name(step),
                                           .portal = portal,
                                           .last = last,
                                           .now = now});
}

static rig_code refuse(rig_code code, rig_security_step why, const rig_portal *portal, rig_error *err)
{
    rig_fail(err, RIG_E_REFUSED, "%s:%u is not connected to: %s (%s)", portal->host, portal->port,
             rig_security_step_meaning(why), rig_security_step_name(why));
    return code;
}

/* What was told of a portal, by an iSNS server or by being told of inside IPsec, stands where its caller, and
 * who added it, have said nothing. */
static rig_status ask_who_told(rig_service *service, const rig_portal *portal, rig_security_request *request)
{
    uint64_t flags;
    if ((request->flags & RIG_SECURITY_VALID) || request->of_portal.known)
        return RIG_OK;
    rig_status status = svc_told_flags(service, portal, &flags);
    if (status)
        return status == RIG_E_NOT_FOUND ? RIG_OK : status;
    request->flags = flags;
    request->source = RIG_SECURITY_DISCOVERED;
    return RIG_OK;
}

/* ---- who carries it ---- */

static rig_view key_octets(const rig_service *service, rig_security_key source, const rig_ike_info *identity,
                           const rig_octets *given)
{
    const rig_octets *group = svc_setting(service, SVC_SETTING_GROUP_KEY);
    const rig_octets *const keys[] = {[RIG_SECURITY_KEY_NONE] = NULL,
                                      [RIG_SECURITY_KEY_CALL] = given,
                                      [RIG_SECURITY_KEY_ID] = identity ? &identity->key : NULL,
                                      [RIG_SECURITY_KEY_GROUP] = group};
    const rig_octets *key = keys[source];
    return key ? rig_view_of(key->bytes, key->len) : (rig_view){0};
}

static void make_wish(const rig_service *service, const rig_route *route, const rig_portal *portal,
                      const rig_security_decision *decision, const rig_octets *key, rig_ipsec_wish *out)
{
    bool any = false;
    const svc_row *row = identity_of(service, route, portal, &any);
    const rig_ike_info *identity = row ? row->record : NULL;
    const rig_tunnel_address *outer = decision->tunnel ? outer_of(service, route, portal) : NULL;
    rig_security_key source = decision->key;
    if (decision->by_policy && source == RIG_SECURITY_KEY_NONE) /* set by an administrator, who named none */
        source = key_of(service, route, row, NULL);
    *out = (rig_ipsec_wish){.local = route->local,
                            .portal = *portal,
                            .aggressive = decision->aggressive,
                            .pfs = decision->pfs,
                            .tunnel = decision->tunnel,
                            .in_force = decision->by_policy,
                            .key = key_octets(service, source, identity, key)};
    if (outer)
        rig_ip_parse(rig_view_str(outer->outer), &out->outer);
    if (!identity)
        return;
    out->id_type = (rig_ipsec_id_type)identity->id_type;
    out->id = rig_view_of(identity->id.bytes, identity->id.len);
}

/* What is negotiated now has to be in force for every later connection: where there is no room to keep that,
 * nothing is connected. */
static bool has_room(rig_service *service, const rig_route *route, const rig_portal *portal, rig_error *err)
{
    uint32_t num = service->config.hba->policies.num + service->num_asked;
    if (num < RIG_SECURITY_POLICIES_MAX || *place_of(service, route, portal))
        return true;
    rig_fail(err, RIG_E_LIMIT,
             "%s:%u is not connected to: no more than %d pairs of a port and a portal have a policy of IPsec",
             portal->host, portal->port, RIG_SECURITY_POLICIES_MAX);
    return false;
}

/* What was negotiated before has its key with who carries it. */
static rig_code protect(rig_service *service, const rig_route *route, const rig_portal *portal,
                        const rig_security_decision *decision, const rig_octets *key, rig_error *err)
{
    const rig_ipsec_provider *ipsec = service->config.ipsec;
    rig_ipsec_wish wish;
    make_wish(service, route, portal, decision, key, &wish);
    if (wish.key.len == 0 && decision->by_policy && decision->key == RIG_SECURITY_KEY_CALL)
        return RIG_CODE_SUCCESS;
    if (wish.key.len == 0) {
        rig_fail(err, RIG_E_REFUSED, "no pre-shared key for %s:%u", portal->host, portal->port);
        return RIG_CODE_TARGET_PRESHAREDKEY_UNAVAILABLE;
    }
    if (!decision->by_policy && !has_room(service, route, portal, err))
        return RIG_CODE_OUT_OF_RESOURCES;
    rig_status status = ipsec->protect(ipsec->ctx, &wish, err);
    if (status == RIG_E_NOMEM)
        return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    if (status)
        return status == RIG_E_UNSUPPORTED ? RIG_CODE_REQUEST_NOT_SUPPORTED
                                           : RIG_CODE_FAILED_TO_CONFIGURE_IPSEC;
    return decision->by_policy ? RIG_CODE_SUCCESS : svc_protection_begin(service, route, portal, decision);
}

/* It fails closed: whatever wants IPsec and cannot have it is not connected, whether the flags, the adapter
 * or the lack of somebody who carries it stand in the way. */
rig_code svc_secure(rig_service *service, const rig_route *route, const rig_portal *portal, uint64_t flags,
                    rig_security_source source, uint32_t login_flags, const rig_octets *key,
                    rig_security_decision *out_decision, rig_error *err, uint64_t now)
{
    rig_security_request request = {
        .flags = flags, .source = source, .require_ipsec = (login_flags & RIG_LOGIN_FLAG_REQUIRE_IPSEC) != 0};
    gather(service, route, portal, key, &request);
    if (ask_who_told(service, portal, &request)) { /* nobody knows whether IPsec is wanted */
        rig_fail(err, RIG_E_NOMEM, "no memory for what was told of %s:%u", portal->host, portal->port);
        return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
    }
    rig_security_decision decision = rig_security_decide(&request);
    *out_decision = decision;
    bool provider_is_next = decision.outcome == RIG_SECURITY_USE_IPSEC && !service->config.ipsec;
    for (uint8_t i = 0; i < decision.num_steps; i++)
        tell_step(service, portal, decision.steps[i], i + 1 == decision.num_steps && !provider_is_next, now);
    const rig_ipsec_provider *ipsec = service->config.ipsec;
    if (decision.outcome == RIG_SECURITY_PLAIN) {
        if (ipsec)
            ipsec->release(ipsec->ctx, &route->local, portal); /* what came to nothing before */
        return RIG_CODE_SUCCESS;
    }
    if (decision.outcome != RIG_SECURITY_USE_IPSEC)
        return refuse(decision.code, decision.steps[decision.num_steps - 1], portal, err);
    if (ipsec)
        return protect(service, route, portal, &decision, key, err);
    tell_step(service, portal, RIG_SECURITY_STEP_NO_PROVIDER, true, now);
    return refuse(RIG_CODE_IPSEC_NOT_SUPPORTED_ON_OS, RIG_SECURITY_STEP_NO_PROVIDER, portal, err);
}

/* What is there already stays. */
static rig_status settle(rig_service *service, const svc_protection *asked)
{
    return rig_policy_db_put(&service->config.hba->policies, service->config.alloc,
                             asked->route.adapter->name, asked->route.port, &asked->portal, &asked->policy);
}

rig_code svc_protection_begin(rig_service *service, const rig_route *route, const rig_portal *portal,
                              const rig_security_decision *decision)
{
    svc_protection **place = place_of(service, route, portal);
    if (!*place) {
        *place = rig_new(service->config.alloc, sizeof **place);
        if (!*place)
            return RIG_CODE_WIN32_NOT_ENOUGH_MEMORY;
        service->num_asked++;
    }
    if ((*place)->in_force)
        return RIG_CODE_SUCCESS;
    (*place)->route = *route;
    (*place)->portal = *portal;
    (*place)->policy = (rig_security_policy){.ipsec = true,
                                             .aggressive = decision->aggressive,
                                             .pfs = decision->pfs,
                                             .tunnel = decision->tunnel,
                                             .key = decision->key};
    return RIG_CODE_SUCCESS;
}

static void forget(rig_service *service, svc_protection **place)
{
    svc_protection *asked = *place;
    *place = asked->next;
    service->num_asked--;
    rig_delete(service->config.alloc, asked, sizeof *asked);
}

static bool leads_there(const rig_session *engine, const rig_portal *portal)
{
    rig_connection_facts facts;
    for (uint32_t i = 0; rig_session_connection(engine, i, &facts) == RIG_OK; i++)
        if (facts.phase != RIG_CONNECTION_OPENING && rig_portal_same(&facts.portal, portal))
            return true;
    return false;
}

void svc_protection_settle(rig_service *service, const rig_session *engine)
{
    for (svc_protection **place = &service->asked; *place;) {
        if (!(*place)->in_force && !leads_there(engine, &(*place)->portal)) {
            place = &(*place)->next;
            continue;
        }
        (*place)->in_force = true;
        if (settle(service, *place))
            place = &(*place)->next; /* no room there: it stays here, in force */
        else
            forget(service, place);
    }
}

void svc_protection_free(rig_service *service)
{
    while (service->asked)
        forget(service, &service->asked);
}

rig_code svc_options_fit(rig_service *service, const rig_login_options *options,
                         const rig_security_decision *decision, rig_error *err)
{
    rig_session_config config = service->config.session;
    return svc_session_options(service, options, decision->outcome == RIG_SECURITY_USE_IPSEC, &config, err);
}

bool svc_admits(rig_service *service, const char *instance, uint32_t port, const rig_portal *portal,
                uint64_t flags, const rig_login_options *options, const rig_octets *key, uint64_t now)
{
    rig_route route = {0};
    rig_security_decision decision = {0};
    return rig_hba_route(service->config.hba, instance, port, portal, &route) == RIG_CODE_SUCCESS &&
           svc_secure(service, &route, portal, flags, RIG_SECURITY_CALLER, options->flags, key, &decision,
                      NULL, now) == RIG_CODE_SUCCESS &&
           svc_options_fit(service, options, &decision, NULL) == RIG_CODE_SUCCESS;
}
