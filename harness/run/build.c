/* From the sections of a case to the two sides. */
#include "world.h"

#define DEFAULT_INITIATOR_NAME "iqn.2026-01.example.host:initiator"

rig_status run_scn_error(rig_error *err, rig_scn_place place, rig_status status)
{
    if (status && err && err->line == 0) {
        err->line = place.line;
        err->col = place.col;
    }
    return status;
}

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
    rig_view address = target->num_portals ? target->portals[0].address : rig_view_str(RUN_TARGET_ADDRESS);
    uint16_t port = target->num_portals ? target->portals[0].port : RIG_PORT;
    rig_address at = {.port = url->portal.port};
    if (rig_ip_parse(rig_view_str(url->portal.host), &at.ip))
        add_alias(world, address, port, &at);
    if (target->num_nodes && url->target[0] && world->num_aliases < RUN_ALIASES_MAX)
        world->aliases[world->num_aliases++] =
            (rig_match_alias){target->nodes[0].name, rig_view_str(url->target)};
}

/* Over sockets every portal is a free port of the loopback address of its family. */
rig_status run_portal_address(const run_world *world, rig_view address, uint16_t port, rig_address *out,
                              rig_error *err)
{
    *out = (rig_address){.port = port};
    if (!rig_ip_parse(address, &out->ip))
        return rig_fail(err, RIG_E_SYNTAX, "\"%.*s\" is not a numeric address", RIG_VIEW_ARG(address));
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

static rig_status add_portal(run_world *world, rig_view address, uint16_t port, uint16_t group,
                             rig_error *err)
{
    rig_address at;
    rig_status status = run_portal_address(world, address, port, &at, err);
    if (!status)
        status = rig_target_portal_add(world->target, &at, group, err);
    if (!status)
        run_portal_keep(world, address, port, &at);
    return status;
}

/* A portal where nobody is keeps its address over sockets, too: nothing is ever sent there unasked. */
static rig_status add_absent(run_world *world, const rig_scn_portal *portal, rig_error *err)
{
    rig_address at = {.port = portal->port};
    if (!rig_ip_parse(portal->address, &at.ip))
        return rig_fail(err, RIG_E_SYNTAX, "\"%.*s\" is not a numeric address",
                        RIG_VIEW_ARG(portal->address));
    return rig_target_portal_absent(world->target, &at, portal->group, err);
}

static rig_status add_scn_portal(run_world *world, uint32_t i, rig_error *err)
{
    const rig_scn_portal *portal = &world->scn->target.portals[i];
    rig_status status = portal->absent ? add_absent(world, portal, err)
                                       : add_portal(world, portal->address, portal->port, portal->group, err);
    if (!status && portal->advertised.len)
        status = rig_target_portal_advertise(world->target, i, portal->advertised, err);
    return run_scn_error(err, portal->place, status);
}

static rig_status add_portals(run_world *world, rig_error *err)
{
    const rig_scn_target *target = &world->scn->target;
    if (target->num_portals == 0)
        return add_portal(world, rig_view_str(RUN_TARGET_ADDRESS), RIG_PORT, 1, err);
    rig_status status = RIG_OK;
    for (uint32_t i = 0; i < target->num_portals && !status; i++)
        status = add_scn_portal(world, i, err);
    return status;
}

static rig_status add_lun(run_world *world, rig_target_node *node, const rig_scn_lun *lun, rig_error *err)
{
    char text[64];
    rig_text spec;
    rig_text_init(&spec, text, sizeof text);
    rig_text_add(&spec, "%.*s:%llu", RIG_VIEW_ARG(lun->kind), (unsigned long long)lun->size);
    rig_device_config config = {.alloc = world->alloc, .block_len = lun->block, .serial = lun->lun + 1};
    rig_status status = rig_backing_open(world->alloc, rig_view_of(text, spec.len), &config.backing, err);
    if (status)
        return status;
    rig_device *device = NULL;
    status = rig_device_new(&config, &device);
    if (status)
        return rig_fail(err, status, "cannot make LUN %u", lun->lun);
    status = rig_target_node_lun(node, lun->lun, device);
    if (status)
        rig_device_free(device);
    return status ? rig_fail(err, status, "cannot add LUN %u", lun->lun) : RIG_OK;
}

static uint64_t portal_mask(const run_world *world, const rig_scn_node *node)
{
    const rig_scn_target *target = &world->scn->target;
    uint64_t mask = 0;
    for (uint32_t p = 0; p < target->num_portals && p < 64; p++)
        for (uint32_t g = 0; g < node->num_groups; g++)
            if (target->portals[p].group == node->groups[g])
                mask |= UINT64_C(1) << p;
    return mask;
}

static rig_status add_identity(run_world *world, rig_target_node *node, rig_view initiator,
                               const rig_scn_auth *auth, rig_error *err)
{
    const rig_target_chap chap = {initiator, auth->user, auth->secret, auth->target_user,
                                  auth->target_secret};
    return auth->method.len ? rig_target_chap_add(world->target, node, &chap, err) : RIG_OK;
}

static rig_status add_identities(run_world *world, rig_target_node *node, const rig_scn_node *from,
                                 rig_error *err)
{
    rig_status status = add_identity(world, node, (rig_view){0}, &from->auth, err);
    for (uint32_t i = 0; i < from->num_hosts && !status; i++)
        status = add_identity(world, node, from->hosts[i].name, &from->hosts[i].auth, err);
    return status;
}

/* Over sockets a portal of the scenario is another address; what is no portal of it stays as it is. */
static rig_view portal_now(const run_world *world, rig_view written)
{
    for (uint32_t i = 0; i < world->num_aliases; i++)
        if (rig_view_eq(world->aliases[i].written, written))
            return world->aliases[i].actual;
    return written;
}

static rig_status fill_admission(const run_world *world, rig_target_node *node, const rig_scn_node *from,
                                 rig_error *err)
{
    rig_status status = RIG_OK;
    for (uint32_t i = 0; i < from->num_allows && !status; i++)
        status = rig_target_node_allow(node, from->allows[i], err);
    if (from->max_initiators)
        rig_target_node_limit(node, from->max_initiators, from->full_status);
    for (uint32_t i = 0; i < from->num_redirects && !status; i++) {
        const rig_scn_redirect *redirect = &from->redirects[i];
        status = run_scn_error(err, redirect->place,
                               rig_target_node_redirect(node, portal_now(world, redirect->to),
                                                        redirect->group, redirect->permanent, err));
    }
    return status;
}

static rig_status fill_node(run_world *world, rig_target_node *node, const rig_scn_node *from, rig_error *err)
{
    rig_status status = from->alias.len ? rig_target_node_alias(node, from->alias) : RIG_OK;
    if (!status)
        status = add_identities(world, node, from, err);
    for (uint32_t i = 0; i < from->num_luns && !status; i++)
        status = run_scn_error(err, from->luns[i].place, add_lun(world, node, &from->luns[i], err));
    for (uint32_t i = 0; i < from->num_offers && !status; i++)
        status = run_scn_error(
            err, from->offers[i].place,
            rig_target_offer(world->target, node, from->offers[i].key, from->offers[i].value, err));
    if (from->num_groups)
        rig_target_node_portals(node, portal_mask(world, from));
    if (from->refuse)
        rig_target_node_refuse(node, from->refuse);
    return status ? status : fill_admission(world, node, from, err);
}

static rig_status add_node(run_world *world, const rig_scn_node *from, rig_error *err)
{
    for (uint32_t i = 0; i < from->count; i++) {
        char name[RIG_NAME_MAX + 16];
        rig_text text;
        rig_text_init(&text, name, sizeof name);
        rig_text_view(&text, from->name);
        if (from->numbered)
            rig_text_add(&text, "%u", i);
        rig_target_node *node = NULL;
        rig_status status = rig_target_node_add(world->target, rig_view_of(name, text.len), &node, err);
        if (!status)
            status = fill_node(world, node, from, err);
        if (status)
            return run_scn_error(err, from->place, status);
    }
    return RIG_OK;
}

static bool is_put_in(const run_world *world, rig_fault fault)
{
    return world->config->with && rig_fault_has(world->config->with, fault);
}

static bool is_left_out(const run_world *world, rig_fault fault)
{
    return world->config->without && rig_fault_has(world->config->without, fault);
}

/* The rule without the faults that stay off; what else it does stays. */
static rig_status add_rule(run_world *world, const rig_rule *from)
{
    rig_rule rule = *from;
    rule.num_actions = 0;
    for (uint32_t i = 0; i < from->num_actions; i++)
        if (from->actions[i].verb != RIG_DO_FAULT || !is_left_out(world, from->actions[i].fault))
            rule.actions[rule.num_actions++] = from->actions[i];
    return rule.num_actions ? rig_target_rule_add(world->target, &rule) : RIG_OK;
}

static rig_status add_behaviour(run_world *world, rig_error *err)
{
    const rig_scn_target *from = &world->scn->target;
    for (unsigned fault = 0; fault < RIG_FAULTS; fault++)
        if (is_put_in(world, (rig_fault)fault) ||
            (rig_fault_has(&from->faults, (rig_fault)fault) && !is_left_out(world, (rig_fault)fault)))
            rig_target_fault_on(world->target, (rig_fault)fault);
    rig_status status = add_identity(world, NULL, (rig_view){0}, &from->discovery, err);
    for (uint32_t i = 0; i < from->num_offers && !status; i++)
        status = run_scn_error(
            err, from->offers[i].place,
            rig_target_offer(world->target, NULL, from->offers[i].key, from->offers[i].value, err));
    for (uint32_t i = 0; i < from->num_rules && !status; i++)
        status = run_scn_error(err, from->rule_places[i], add_rule(world, &from->rules[i]));
    return status;
}

rig_status run_build_target(run_world *world, rig_error *err)
{
    const rig_scn_target *from = &world->scn->target;
    const rig_target_config config = {
        .alloc = world->alloc,
        .draws = world->draws,
        .transport = world->target_transport,
        .read_ahead = {world->target_read_ahead, RUN_READ_AHEAD},
        .event = run_target_event,
        .ctx = world,
        .login_timeout = from->login_timeout,
        .nop_interval = from->nop_interval,
        .window = from->window,
        .no_data_in_status = from->no_phase_collapse,
        .tell_nexus_loss = from->tell_nexus_loss,
    };
    rig_status status = rig_target_new(&config, &world->target);
    if (!status)
        status = add_behaviour(world, err);
    if (!status)
        status = add_portals(world, err);
    for (uint32_t i = 0; i < from->num_nodes && !status; i++)
        status = add_node(world, &from->nodes[i], err);
    return status;
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
            return run_scn_error(err, pairs[i].place, status);
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
    return status ? run_scn_error(err, from->place, status)
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
