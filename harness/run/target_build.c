/* From the target section to a target. */
#include "rig/target_build.h"

#include "rig/text.h"

#include <string.h>

#define NODE_NAME (RIG_NAME_MAX + 16) /* with the number of a counted one */
#define UNIT_TEXT 160                 /* of a unit with every option */

rig_status rig_scn_error(rig_error *err, rig_scn_place place, rig_status status)
{
    if (status && err && err->line == 0) {
        err->file = place.file;
        err->line = place.line;
        err->col = place.col;
    }
    return status;
}

void rig_target_build_config(const rig_scn_target *from, rig_target_config *config)
{
    config->login_timeout = from->login_timeout;
    config->nop_interval = from->nop_interval;
    config->window = from->window;
    config->no_data_in_status = from->no_phase_collapse;
    config->tell_nexus_loss = from->tell_nexus_loss;
}

/* ---- portals ---- */

uint32_t rig_target_build_portals(const rig_scn_target *from)
{
    return from->num_portals ? from->num_portals : 1;
}

rig_scn_portal rig_target_build_portal(const rig_scn_target *from, uint32_t i)
{
    if (from->num_portals)
        return from->portals[i];
    return (rig_scn_portal){.address = rig_view_str(RIG_TARGET_ADDRESS), .port = RIG_PORT, .group = 1};
}

/* A portal where nobody is keeps its address everywhere: nothing is ever sent there unasked. */
rig_status rig_target_build_absent(rig_target *target, const rig_scn_portal *portal, rig_error *err)
{
    rig_address at = {.port = portal->port};
    if (!rig_ip_parse(portal->address, &at.ip))
        return rig_fail(err, RIG_E_SYNTAX, "\"%.*s\" is not a numeric address",
                        RIG_VIEW_ARG(portal->address));
    return rig_target_portal_absent(target, &at, portal->group, err);
}

static rig_status listen_at(rig_target *target, const rig_target_build *build, const rig_scn_portal *portal,
                            rig_error *err)
{
    rig_address at;
    rig_status status = build->place(build->ctx, portal, &at, err);
    if (!status)
        status = rig_target_portal_add(target, &at, portal->group, err);
    if (!status && build->placed)
        build->placed(build->ctx, portal, &at);
    return status;
}

static rig_status add_portal(rig_target *target, const rig_target_build *build, uint32_t i, rig_error *err)
{
    const rig_scn_portal portal = rig_target_build_portal(build->from, i);
    rig_status status = portal.absent ? rig_target_build_absent(target, &portal, err)
                                      : listen_at(target, build, &portal, err);
    if (!status && portal.advertised.len)
        status = rig_target_portal_advertise(target, i, portal.advertised, err);
    return rig_scn_error(err, portal.place, status);
}

static rig_status add_portals(rig_target *target, const rig_target_build *build, rig_error *err)
{
    rig_status status = RIG_OK;
    for (uint32_t i = 0; build->place && i < rig_target_build_portals(build->from) && !status; i++)
        status = add_portal(target, build, i, err);
    return status;
}

static uint32_t num_groups(const rig_target_build *build)
{
    return build->groups ? build->num_groups : rig_target_build_portals(build->from);
}

static uint64_t portal_mask(const rig_target_build *build, const rig_scn_node *node)
{
    uint64_t mask = 0;
    for (uint32_t p = 0; p < num_groups(build) && p < RIG_TARGET_PORTALS_MAX; p++) {
        uint16_t group = build->groups ? build->groups[p] : rig_target_build_portal(build->from, p).group;
        for (uint32_t g = 0; g < node->num_groups; g++)
            if (group == node->groups[g])
                mask |= UINT64_C(1) << p;
    }
    return mask;
}

/* ---- nodes ---- */

static rig_status add_lun(rig_target_node *node, const rig_target_build *build, const rig_scn_lun *lun,
                          rig_error *err)
{
    if (lun->same.len) {
        rig_status shared = rig_target_node_share(node, lun->lun, lun->same, lun->same_lun);
        return shared ? rig_fail(err, shared, "cannot share LUN %u", lun->same_lun) : RIG_OK;
    }
    char text[UNIT_TEXT];
    rig_text spec;
    rig_text_init(&spec, text, sizeof text);
    rig_scn_lun_print(&spec, lun);
    rig_device_config config = {
        .alloc = build->alloc, .serial = rig_target_unit_serial(node, lun->lun), .err = err};
    rig_status status = rig_device_config_read(rig_view_of(text, spec.len), &config, err);
    if (status)
        return status;
    rig_device *device = NULL;
    status = rig_device_new(&config, &device);
    if (status)
        return status;
    for (uint32_t i = 0; i < lun->num_errors && !status; i++)
        status = rig_device_inject(device, &lun->errors[i]);
    if (!status)
        status = rig_target_node_lun(node, lun->lun, device);
    if (status)
        rig_device_free(device);
    return status ? rig_fail(err, status, "cannot add LUN %u", lun->lun) : RIG_OK;
}

static rig_status add_identity(rig_target *target, rig_target_node *node, rig_view initiator,
                               const rig_scn_auth *auth, rig_error *err)
{
    const rig_target_chap chap = {initiator, auth->user, auth->secret, auth->target_user,
                                  auth->target_secret};
    return auth->method.len ? rig_target_chap_add(target, node, &chap, err) : RIG_OK;
}

static rig_status add_identities(rig_target *target, rig_target_node *node, const rig_scn_node *from,
                                 rig_error *err)
{
    rig_status status = add_identity(target, node, (rig_view){0}, &from->auth, err);
    for (uint32_t i = 0; i < from->num_hosts && !status; i++)
        status = rig_scn_error(err, from->hosts[i].place,
                               add_identity(target, node, from->hosts[i].name, &from->hosts[i].auth, err));
    return status;
}

static rig_status add_offers(rig_target *target, rig_target_node *node, const rig_scn_pair *pairs,
                             uint32_t num, rig_error *err)
{
    rig_status status = RIG_OK;
    for (uint32_t i = 0; i < num && !status; i++)
        status = rig_scn_error(err, pairs[i].place,
                               rig_target_offer(target, node, pairs[i].key, pairs[i].value, err));
    return status;
}

static rig_status add_admission(rig_target_node *node, const rig_target_build *build,
                                const rig_scn_node *from, rig_error *err)
{
    rig_status status = RIG_OK;
    for (uint32_t i = 0; i < from->num_allows && !status; i++)
        status = rig_target_node_allow(node, from->allows[i], err);
    if (from->max_initiators)
        rig_target_node_limit(node, from->max_initiators, from->full_status);
    for (uint32_t i = 0; i < from->num_redirects && !status; i++) {
        const rig_scn_redirect *redirect = &from->redirects[i];
        rig_view to = build->became ? build->became(build->ctx, redirect->to) : redirect->to;
        status = rig_scn_error(err, redirect->place,
                               rig_target_node_redirect(node, to, redirect->group, redirect->permanent, err));
    }
    return status;
}

static rig_status fill_node(rig_target *target, const rig_target_build *build, rig_target_node *node,
                            const rig_scn_node *from, rig_error *err)
{
    rig_status status = from->alias.len ? rig_target_node_alias(node, from->alias) : RIG_OK;
    if (!status)
        status = add_identities(target, node, from, err);
    for (uint32_t i = 0; i < from->num_luns && !status; i++)
        status = rig_scn_error(err, from->luns[i].place, add_lun(node, build, &from->luns[i], err));
    if (!status)
        status = add_offers(target, node, from->offers, from->num_offers, err);
    if (!status)
        status = add_offers(target, node, build->more, build->num_more, err);
    if (from->num_groups)
        rig_target_node_portals(node, portal_mask(build, from));
    if (from->refuse)
        rig_target_node_refuse(node, from->refuse);
    return status ? status : add_admission(node, build, from, err);
}

static rig_view node_name(const rig_scn_node *from, uint32_t i, char name[NODE_NAME])
{
    rig_text text;
    rig_text_init(&text, name, NODE_NAME);
    rig_text_view(&text, from->name);
    if (from->numbered)
        rig_text_add(&text, "%u", i);
    return rig_view_of(name, text.len);
}

static rig_status add_node(rig_target *target, const rig_target_build *build, const rig_scn_node *from,
                           rig_error *err)
{
    for (uint32_t i = 0; i < from->count; i++) {
        char name[NODE_NAME];
        rig_target_node *node = NULL;
        rig_status status = rig_target_node_add(target, node_name(from, i, name), &node, err);
        if (!status)
            status = fill_node(target, build, node, from, err);
        if (status)
            return rig_scn_error(err, from->place, status);
    }
    return RIG_OK;
}

/* ---- faults and rules ---- */

static bool is_left_out(const rig_target_build *build, rig_fault fault)
{
    return build->without && rig_fault_has(build->without, fault);
}

static bool is_on(const rig_target_build *build, rig_fault fault)
{
    if (build->with && rig_fault_has(build->with, fault))
        return true;
    return rig_fault_has(&build->from->faults, fault) && !is_left_out(build, fault);
}

/* The rule without the faults that stay off; what else it does stays. */
static rig_status add_rule(rig_target *target, const rig_target_build *build, const rig_rule *from)
{
    rig_rule rule = *from;
    rule.num_actions = 0;
    for (uint32_t i = 0; i < from->num_actions; i++)
        if (from->actions[i].verb != RIG_DO_FAULT || !is_left_out(build, from->actions[i].fault))
            rule.actions[rule.num_actions++] = from->actions[i];
    return rule.num_actions ? rig_target_rule_add(target, &rule) : RIG_OK;
}

static rig_status add_behaviour(rig_target *target, const rig_target_build *build, rig_error *err)
{
    const rig_scn_target *from = build->from;
    for (unsigned fault = 0; fault < RIG_FAULTS; fault++)
        if (is_on(build, (rig_fault)fault))
            rig_target_fault_on(target, (rig_fault)fault);
    rig_status status = add_identity(target, NULL, (rig_view){0}, &from->discovery, err);
    if (!status)
        status = add_offers(target, NULL, from->offers, from->num_offers, err);
    if (!status)
        status = add_offers(target, NULL, build->more, build->num_more, err);
    for (uint32_t i = 0; i < from->num_rules && !status; i++)
        status = rig_scn_error(err, from->rule_places[i], add_rule(target, build, &from->rules[i]));
    return status;
}

rig_status rig_target_build_all(rig_target *target, const rig_target_build *build, rig_error *err)
{
    rig_status status = add_behaviour(target, build, err);
    if (!status)
        status = add_portals(target, build, err);
    for (uint32_t i = 0; i < build->from->num_nodes && !status; i++)
        status = add_node(target, build, &build->from->nodes[i], err);
    return status;
}

/* ---- two sections ---- */

static bool names(const rig_scn_node *node, rig_view name)
{
    char text[NODE_NAME];
    uint64_t number = 0;
    rig_view rest = rig_view_sub(name, node->name.len, name.len);
    if (node->numbered && (name.len <= node->name.len || !rig_view_u64(rest, &number)))
        return false;
    return number < node->count && rig_view_eq(node_name(node, (uint32_t)number, text), name);
}

static const rig_scn_lun *find_lun(const rig_scn_target *from, rig_view name, uint32_t lun)
{
    for (uint32_t i = 0; i < from->num_nodes; i++) {
        const rig_scn_node *node = &from->nodes[i];
        for (uint32_t l = 0; l < node->num_luns; l++)
            if (node->luns[l].lun == lun && names(node, name))
                return &node->luns[l];
    }
    return NULL;
}

static bool same_error(const rig_device_error *a, const rig_device_error *b)
{
    bool who = a->any == b->any && a->opcode == b->opcode && a->service == b->service;
    bool where = a->has_lba == b->has_lba && a->first == b->first && a->last == b->last;
    bool when = a->nth == b->nth && a->every == b->every && a->after == b->after && a->count == b->count;
    return who && where && when && a->kind == b->kind && a->key == b->key && a->asc == b->asc &&
           a->ascq == b->ascq;
}

static bool same_errors(const rig_scn_lun *a, const rig_scn_lun *b)
{
    bool same = a->num_errors == b->num_errors;
    for (uint32_t i = 0; i < a->num_errors && same; i++)
        same = same_error(&a->errors[i], &b->errors[i]);
    return same;
}

/* The text says all that a unit is made of. */
static bool same_unit(const rig_scn_lun *a, const rig_scn_lun *b)
{
    char texts[2][UNIT_TEXT];
    rig_text first, second;
    rig_text_init(&first, texts[0], sizeof texts[0]);
    rig_text_init(&second, texts[1], sizeof texts[1]);
    rig_scn_lun_print(&first, a);
    rig_scn_lun_print(&second, b);
    return strcmp(texts[0], texts[1]) == 0 && same_errors(a, b);
}

bool rig_target_lun_same(const rig_scn_target *a, const rig_scn_target *b, rig_view node, uint32_t lun)
{
    const rig_scn_lun *first = find_lun(a, node, lun), *second = find_lun(b, node, lun);
    return first && second && same_unit(first, second) && rig_view_eq(first->same, second->same) &&
           first->same_lun == second->same_lun;
}
