/* From the sections of a case to the two sides. */
#include "world.h"

#define DEFAULT_INITIATOR_NAME "iqn.2026-01.example.host:initiator"

static void print_portal(rig_view host, uint16_t port, char text[RIG_PORTAL_TEXT], rig_portal *out_portal)
{
    rig_text out;
    *out_portal = (rig_portal){.port = port, .group = -1};
    rig_text_init(&out, out_portal->host, sizeof out_portal->host);
    rig_text_view(&out, host);
    rig_text_init(&out, text, RIG_PORTAL_TEXT);
    rig_portal_print(&out, out_portal);
}

/* Remembers what a portal of the scenario became. */
static void add_alias(run_world *world, rig_view written, uint16_t port, const rig_address *at)
{
    if (world->num_aliases == RUN_ALIASES_MAX)
        return;
    uint32_t i = world->num_aliases++;
    char host[RIG_HOST_MAX + 1];
    rig_portal unused;
    rig_text text;
    rig_text_init(&text, host, sizeof host);
    rig_ip_print(&text, &at->ip);
    print_portal(written, port, world->alias_texts[i][0], &unused);
    print_portal(rig_view_of(host, text.len), at->port, world->alias_texts[i][1], &world->alias_portals[i]);
    world->aliases[i] =
        (rig_match_alias){rig_view_str(world->alias_texts[i][0]), rig_view_str(world->alias_texts[i][1])};
}

void run_target_keep(run_world *world)
{
    const rig_scn_target *target = &world->scn->target;
    const rig_run_url *url = world->config->url;
    rig_view address = target->num_portals ? target->portals[0].address : rig_view_str(RIG_TARGET_ADDRESS);
    uint16_t port = target->num_portals ? target->portals[0].port : RIG_PORT;
    rig_address at = {.port = url->portal.port};
    if (rig_ip_parse(rig_view_str(url->portal.host), &at.ip))
        add_alias(world, address, port, &at);
    if (target->num_nodes && url->target[0] && world->num_aliases < RUN_ALIASES_MAX)
        world->aliases[world->num_aliases++] =
            (rig_match_alias){target->nodes[0].name, rig_view_str(url->target)};
}

/* All portals of a target that is played for whoever comes are the one it was given. */
static rig_status listen_address(const rig_portal *portal, rig_address *out, rig_error *err)
{
    *out = (rig_address){.port = portal->port};
    if (rig_ip_parse(rig_view_str(portal->host), &out->ip))
        return RIG_OK;
    return rig_fail(err, RIG_E_SYNTAX, "\"%s\" is not a numeric address", portal->host);
}

/* Over sockets every portal is a free port of the loopback address of its family. */
rig_status run_portal_address(const run_world *world, rig_view address, uint16_t port, rig_address *out,
                              rig_error *err)
{
    *out = (rig_address){.port = port};
    if (!rig_ip_parse(address, &out->ip))
        return rig_fail(err, RIG_E_SYNTAX, "\"%.*s\" is not a numeric address", RIG_VIEW_ARG(address));
    if (world->config->listen)
        return listen_address(world->config->listen, out, err);
    if (!world->net) {
        rig_ip_parse(rig_view_str(out->ip.version == 6 ? "::1" : "127.0.0.1"), &out->ip);
        out->port = 0;
    }
    return RIG_OK;
}

void run_portal_keep(run_world *world, rig_view written, uint16_t port, const rig_address *at)
{
    rig_text host;
    if (!world->net)
        add_alias(world, written, port, at);
    if (world->portal.host[0])
        return;
    rig_text_init(&host, world->portal.host, sizeof world->portal.host);
    rig_ip_print(&host, &at->ip);
    world->portal.port = at->port;
    world->portal.group = -1;
}

static rig_status place(void *ctx, const rig_scn_portal *portal, rig_address *out_at, rig_error *err)
{
    return run_portal_address(ctx, portal->address, portal->port, out_at, err);
}

static void placed(void *ctx, const rig_scn_portal *portal, const rig_address *at)
{
    run_portal_keep(ctx, portal->address, portal->port, at);
}

/* Over sockets a portal of the scenario is another address; what is no portal of it stays as it is. */
static rig_view portal_now(void *ctx, rig_view written)
{
    const run_world *world = ctx;
    for (uint32_t i = 0; i < world->num_aliases; i++)
        if (rig_view_eq(world->aliases[i].written, written))
            return world->aliases[i].actual;
    return written;
}

rig_status run_build_target(run_world *world, rig_error *err)
{
    rig_target_config config = {
        .alloc = world->alloc,
        .draws = world->draws,
        .transport = world->target_transport,
        .read_ahead = {world->target_read_ahead, RUN_READ_AHEAD},
        .event = run_target_event,
        .ctx = world,
    };
    const rig_target_build build = {
        .alloc = world->alloc,
        .from = &world->scn->target,
        .with = world->config->with,
        .without = world->config->without,
        .place = place,
        .placed = placed,
        .became = portal_now,
        .ctx = world,
    };
    rig_target_build_config(build.from, &config);
    rig_status status = rig_target_new(&config, &world->target);
    return status ? status : rig_target_build_all(world->target, &build, err);
}

/* `*=omit`: no key but those that are named behind it. */
static bool omits_all(const rig_scn_pair *pair, rig_session_config *config)
{
    if (!rig_view_is(pair->key, "*") || !rig_view_is(pair->value, "omit"))
        return false;
    for (unsigned key = 0; key < RIG_KEYS; key++)
        config->offer[key].omit = true;
    return true;
}

static rig_status add_method(rig_auth_config *auth, rig_view name, rig_error *err)
{
    static const char *const names[RIG_AUTH_METHODS] = {[RIG_AUTH_NONE] = "None", [RIG_AUTH_CHAP] = "CHAP"};
    unsigned method = 0;
    while (method < RIG_AUTH_METHODS && !rig_view_is(name, names[method]))
        method++;
    if (method == RIG_AUTH_METHODS || auth->num_methods == RIG_AUTH_METHODS)
        return rig_fail(err, RIG_E_SYNTAX, "AuthMethod: CHAP, None, or both in order of preference");
    auth->methods[auth->num_methods++] = (rig_auth_method)method;
    return RIG_OK;
}

/* The methods of a session stand in its list of offers, as on the wire. */
static rig_status offer_methods(rig_auth_config *auth, rig_view list, rig_error *err)
{
    auth->target_proposes = rig_view_is(list, "omit");
    if (auth->target_proposes)
        return RIG_OK;
    rig_status status = RIG_OK;
    auth->num_methods = 0;
    for (rig_view rest = list; rest.ptr && !status;)
        status = add_method(auth, rig_view_split(&rest, ','), err);
    return status;
}

static rig_status offer_algorithms(rig_auth_config *auth, rig_view list, rig_error *err)
{
    auth->num_algorithms = 0;
    for (rig_view rest = list; rest.len;) {
        uint64_t number;
        if (!rig_view_u64(rig_view_split(&rest, ','), &number) || number > UINT8_MAX ||
            auth->num_algorithms == RIG_CHAP_ALGORITHMS)
            return rig_fail(err, RIG_E_SYNTAX, "algorithms: up to 4 numbers of hashes, as in CHAP_A");
        auth->algorithms[auth->num_algorithms++] = (uint8_t)number;
    }
    return RIG_OK;
}

rig_status run_auth(const rig_scn_auth *from, rig_auth_config *out_auth, rig_error *err)
{
    if (from->method.len == 0)
        return RIG_OK;
    out_auth->user = from->user;
    out_auth->secret = from->secret;
    out_auth->target_user = from->target_user;
    out_auth->target_secret = from->target_secret;
    out_auth->challenge_len = from->challenge_len;
    out_auth->hold_transit = from->hold_transit;
    out_auth->ipsec = from->ipsec;
    return offer_algorithms(out_auth, from->algorithms, err);
}

static rig_status one_offer(const rig_scn_pair *pair, rig_session_config *config, rig_error *err)
{
    rig_key_id key = rig_key_find(pair->key);
    if (omits_all(pair, config))
        return RIG_OK;
    if (rig_view_is(pair->key, "AuthMethod"))
        return offer_methods(&config->auth, pair->value, err);
    if (key == RIG_KEYS)
        return rig_fail(err, RIG_E_NOT_FOUND, "the initiator does not negotiate %.*s",
                        RIG_VIEW_ARG(pair->key));
    config->offer[key].omit = rig_view_is(pair->value, "omit");
    return config->offer[key].omit ? RIG_OK : rig_key_value_parse(key, pair->value, &config->offer[key], err);
}

rig_status run_offers(const rig_scn_pair *pairs, uint32_t num, rig_session_config *config, rig_error *err)
{
    for (uint32_t i = 0; i < num; i++) {
        rig_status status = one_offer(&pairs[i], config, err);
        if (status)
            return rig_scn_error(err, pairs[i].place, status);
    }
    return RIG_OK;
}

rig_status run_session_config(run_world *world, rig_session_config *out_config, rig_error *err)
{
    const rig_scn_initiator *from = &world->scn->initiator;
    rig_session_config_init(out_config);
    out_config->portal = world->portal;
    out_config->reconnect = from->reconnect;
    out_config->login_timeout = from->login_timeout;
    out_config->command_timeout = from->command_timeout;
    out_config->nop_interval = from->has_noop_interval ? from->noop_interval : 0;
    out_config->nop_timeout = from->noop_timeout;
    out_config->recovery_timeout = from->recovery_timeout;
    out_config->start_operational = from->stage == RIG_SCN_STAGE_OPERATIONAL;
    out_config->has_cmd_sn = from->has_cmdsn;
    out_config->cmd_sn = from->cmdsn;
    out_config->take_over = from->has_isid; /* a scenario says what it wants */
    if (from->has_isid)
        rig_be_set(out_config->isid, 6, from->isid);
    rig_status status = run_auth(&from->auth, &out_config->auth, err);
    return status ? rig_scn_error(err, from->place, status)
                  : run_offers(from->offers, from->num_offers, out_config, err);
}

static rig_status add_initiator(run_world *world, rig_view name, rig_view alias, rig_error *err)
{
    const rig_initiator_config config = {
        .alloc = world->alloc,
        .draws = world->draws,
        .transport = world->host_transport,
        .read_ahead = {world->read_ahead, RUN_READ_AHEAD},
        .name = name,
        .alias = alias,
        .tell_architecture = world->scn->initiator.tell_architecture,
        .event = run_engine_event,
        .ctx = world,
    };
    uint32_t at = world->num_initiators;
    if (at == RUN_INITIATORS_MAX)
        return rig_fail(err, RIG_E_LIMIT, "a case has at most %d initiators", RUN_INITIATORS_MAX);
    rig_status status = rig_initiator_new(&config, &world->initiators[at], err);
    if (status)
        return status;
    world->initiator_names[at] = name;
    world->num_initiators++;
    return RIG_OK;
}

rig_status run_build_initiator(run_world *world, rig_error *err)
{
    const rig_scn_initiator *from = &world->scn->initiator;
    rig_view name = from->name.len ? from->name : rig_view_str(DEFAULT_INITIATOR_NAME);
    rig_status status = add_initiator(world, name, from->alias, err);
    world->initiator = world->initiators[0];
    return status;
}

rig_status run_initiator_named(run_world *world, rig_view name, rig_initiator **out_initiator, rig_error *err)
{
    uint32_t i = 0;
    while (i < world->num_initiators && !rig_view_eq(world->initiator_names[i], name))
        i++;
    rig_status status = i < world->num_initiators ? RIG_OK : add_initiator(world, name, (rig_view){0}, err);
    *out_initiator = status ? NULL : world->initiators[i];
    return status;
}

void run_free_initiators(run_world *world)
{
    while (world->num_initiators > 0)
        rig_initiator_free(world->initiators[--world->num_initiators]);
    world->initiator = NULL;
}
