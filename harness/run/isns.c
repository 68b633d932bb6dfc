/* The simulated iSNS server of a case, and the steps that act on it. */
#include "world.h"

static void isns_event(void *ctx, const rig_isns_server_event *event)
{
    char word[RUN_WORD_MAX], function[32], status[48];
    rig_text text;
    rig_text_init(&text, function, sizeof function);
    rig_name_print(&text, &rig_names_isns_function, event->function);
    rig_text_init(&text, status, sizeof status);
    rig_name_print(&text, &rig_names_isns_status, event->status);
    run_event(ctx, "isns", "function=%s node=%s status=%s by %s", function, run_word(word, event->node),
              status, event->ours ? "client" : "server");
}

static rig_status address_of(rig_view text, rig_address *out, rig_error *err)
{
    rig_portal portal;
    rig_status status = rig_portal_parse(text, &portal, err);
    if (status)
        return status;
    *out = (rig_address){.port = portal.port};
    return rig_ip_parse(rig_view_str(portal.host), &out->ip) ? RIG_OK : RIG_E_SYNTAX;
}

static rig_status build_node(run_world *world, const rig_scn_isns_node *from, rig_error *err)
{
    uint32_t node = 0;
    rig_isns_server_portal portal = {
        .group = from->group, .has_flags = from->has_flags, .flags = (uint32_t)from->flags};
    rig_status status = rig_isns_server_node(world->isns, from->name, from->alias, &node);
    if (!status && from->portal.len)
        status = address_of(from->portal, &portal.at, err);
    if (!status && from->portal.len)
        status = rig_isns_server_place(world->isns, node, &portal);
    if (!status && from->only.len)
        status = rig_isns_server_only(world->isns, node, from->only);
    if (!status && !from->hidden)
        status = rig_isns_server_show(world->isns, from->name, true, 0);
    if (status && !err->text[0])
        rig_fail(err, status, "iSNS: %s", rig_status_meaning(status));
    return rig_scn_error(err, from->place, status);
}

static rig_status listen_at(run_world *world, const rig_scn_isns *isns, rig_error *err)
{
    rig_address at;
    rig_status status = address_of(isns->portal, &at, err);
    if (!status)
        status = rig_isns_server_listen(world->isns, &at);
    if (status && !err->text[0])
        rig_fail(err, status, "the iSNS server cannot listen: %s", rig_status_meaning(status));
    return rig_scn_error(err, isns->place, status);
}

rig_status run_build_isns(run_world *world, rig_error *err)
{
    const rig_scn_isns *isns = &world->scn->isns;
    if (!isns->portal.len)
        return RIG_OK;
    const rig_isns_server_config config = {.alloc = world->alloc,
                                           .transport = world->target_transport,
                                           .period = isns->period,
                                           .split = isns->split,
                                           .event = isns_event,
                                           .ctx = world};
    world->isns = rig_isns_server_new(&config);
    if (!world->isns)
        return rig_fail(err, RIG_E_NOMEM, "no memory for an iSNS server");
    rig_isns_server_fault(world->isns, (rig_isns_fault)isns->fault);
    for (uint32_t i = 0; i < isns->num_refusals; i++)
        rig_isns_server_refuse(world->isns, isns->refusals[i].function, isns->refusals[i].status);
    rig_status status = listen_at(world, isns, err);
    for (uint32_t i = 0; i < isns->num_nodes && !status; i++)
        status = build_node(world, &isns->nodes[i], err);
    return status;
}

/* ---- steps ---- */

static rig_status our_server(run_op *op, rig_error *err)
{
    run_op_done(op, "ok", false);
    return op->world->isns
               ? RIG_OK
               : rig_fail(err, RIG_E_UNSUPPORTED, "there is no iSNS server: see the section isns");
}

static rig_status show(run_op *op, bool shown, rig_error *err)
{
    rig_status status = our_server(op, err);
    if (status)
        return status;
    status = rig_isns_server_show(op->world->isns, run_arg(op, "IQN")->value.text, shown, run_now(op->world));
    return status ? rig_fail(err, status, "the iSNS server has no node of that name") : RIG_OK;
}

rig_status run_start_isns_show(run_op *op, rig_error *err)
{
    return show(op, true, err);
}

rig_status run_start_isns_hide(run_op *op, rig_error *err)
{
    return show(op, false, err);
}

rig_status run_start_isns_tell(run_op *op, rig_error *err)
{
    rig_status status = our_server(op, err);
    if (!status)
        rig_isns_server_tell(op->world->isns, run_arg(op, "IQN")->value.text, run_now(op->world));
    return status;
}

rig_status run_start_isns_inquire(run_op *op, rig_error *err)
{
    rig_status status = our_server(op, err);
    if (!status)
        rig_isns_server_inquire(op->world->isns, run_now(op->world));
    return status;
}

rig_status run_start_isns_shut(run_op *op, rig_error *err)
{
    rig_status status = our_server(op, err);
    if (!status)
        rig_isns_server_shut(op->world->isns);
    return status;
}

rig_status run_start_isns_open(run_op *op, rig_error *err)
{
    rig_status status = our_server(op, err);
    return status ? status : rig_isns_server_open(op->world->isns);
}

rig_status run_start_isns_refuse(run_op *op, rig_error *err)
{
    rig_status status = our_server(op, err);
    if (!status)
        rig_isns_server_refuse(op->world->isns, (uint16_t)run_number(op, "FUNCTION", 0),
                               (uint32_t)run_number(op, "ISNS-STATUS", 0));
    return status;
}
