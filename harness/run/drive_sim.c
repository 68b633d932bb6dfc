/* Both sides on the simulated network, under virtual time. */
#include "world.h"

/* Each case has its own initiator address, so that captures of many cases can be merged and still be told
 * apart. */
static void host_address(const run_world *world, rig_ip *out_v4, rig_ip *out_v6)
{
    const rig_result *result = world->result;
    uint64_t hash = run_name_hash(result->path, result->case_index);
    *out_v4 = (rig_ip){.bytes = {10}, .version = 4};
    *out_v6 = (rig_ip){.bytes = {0xfd}, .version = 6};
    rig_be_set(out_v4->bytes + 1, 3, hash % 0xfffffd + 1);
    rig_be_set(out_v6->bytes + 8, 8, hash);
}

static rig_status add_target_address(run_world *world, rig_view text, rig_error *err)
{
    rig_ip ip;
    if (!rig_ip_parse(text, &ip))
        return rig_fail(err, RIG_E_SYNTAX, "\"%.*s\" is not a numeric address", RIG_VIEW_ARG(text));
    rig_status status = rig_simhost_address(world->target_host, &ip);
    return status == RIG_E_EXISTS ? RIG_OK : status;
}

static rig_status add_name(run_world *world, const rig_scn_portal *portal)
{
    char name[RIG_HOST_MAX + 1];
    rig_ip ip;
    rig_text text;
    if (portal->name.len == 0 || !rig_ip_parse(portal->address, &ip))
        return RIG_OK;
    rig_text_init(&text, name, sizeof name);
    rig_text_view(&text, portal->name);
    return rig_simnet_name(world->net, name, &ip);
}

/* The ports of the adapters are on the initiator's host. */
static rig_status add_ports(run_world *world, rig_error *err)
{
    rig_status status = RIG_OK;
    for (uint32_t i = 0; i < world->scn->num_adapters; i++)
        for (uint32_t j = 0; j < world->scn->adapters[i].num_ports && !status; j++) {
            rig_ip ip;
            const rig_scn_port *port = &world->scn->adapters[i].ports[j];
            if (!rig_ip_parse(port->address, &ip))
                return rig_fail(err, RIG_E_SYNTAX, "\"%.*s\" is not a numeric address",
                                RIG_VIEW_ARG(port->address));
            status = rig_scn_error(err, port->place, rig_simhost_address(world->host, &ip));
        }
    return status;
}

static rig_status add_isns_address(run_world *world, rig_error *err)
{
    rig_portal portal;
    rig_status status = rig_portal_parse(world->scn->isns.portal, &portal, err);
    return status ? status : add_target_address(world, rig_view_str(portal.host), err);
}

static rig_status add_addresses(run_world *world, rig_error *err)
{
    rig_ip v4, v6;
    host_address(world, &v4, &v6);
    rig_status status = rig_simhost_address(world->host, &v4);
    if (!status)
        status = rig_simhost_address(world->host, &v6);
    const rig_scn_target *target = &world->scn->target;
    if (target->num_portals == 0 && !status)
        status = add_target_address(world, rig_view_str("192.0.2.1"), err);
    for (uint32_t i = 0; i < target->num_portals && !status; i++) {
        status = add_target_address(world, target->portals[i].address, err);
        if (!status)
            status = add_name(world, &target->portals[i]);
    }
    if (!status && world->scn->isns.portal.len)
        status = add_isns_address(world, err);
    if (!status && world->scn->ipsec.gateway.len)
        status = add_target_address(world, world->scn->ipsec.gateway, err);
    return status ? status : add_ports(world, err);
}

static rig_status add_links(run_world *world, rig_error *err)
{
    rig_status status = RIG_OK;
    for (uint32_t i = 0; i < world->scn->num_links && !status; i++)
        status = rig_scn_error(err, world->scn->links[i].place,
                               rig_link_add(world->net, world->scn->links[i].spec, err));
    if (!status && world->config->link && world->config->link[0])
        status = rig_link_add(world->net, rig_view_str(world->config->link), err);
    return status;
}

static rig_status sim_open(run_world *world, rig_error *err)
{
    const rig_simnet_config config = {
        .alloc = world->alloc, .draws = world->draws, .latency = world->scn->latency};
    rig_status status = rig_simnet_new(&config, &world->net);
    if (!status)
        status = rig_simhost_new(world->net, "initiator", &world->host);
    if (!status)
        status = rig_simhost_new(world->net, "target", &world->target_host);
    if (!status)
        status = add_addresses(world, err);
    if (!status)
        status = add_links(world, err);
    if (status)
        return status;
    rig_tap_set(world->net, run_tap, world);
    world->host_transport = rig_simhost_transport(world->host);
    world->target_transport = rig_simhost_transport(world->target_host);
    return RIG_OK;
}

static void sim_close(run_world *world)
{
    rig_simnet_free(world->net);
    world->net = NULL;
}

static uint64_t sim_now(run_world *world)
{
    return rig_simnet_now(world->net);
}

static rig_status sim_advance(run_world *world, uint64_t until)
{
    uint64_t net = rig_simnet_next(world->net);
    uint64_t timer = run_deadline(world);
    if (net <= timer && net <= until) {
        rig_simnet_step(world->net);
        return world->recorder.status;
    }
    uint64_t at = timer < until ? timer : until;
    if (at > RIG_RUN_VIRTUAL_MAX)
        return RIG_E_LIMIT;
    rig_simnet_advance(world->net, at > sim_now(world) ? at : sim_now(world));
    return run_tick(world, sim_now(world));
}

const run_drive run_drive_sim = {"sim", sim_open, sim_close, sim_now, sim_advance};
