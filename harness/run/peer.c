/* Somebody else's product: where it is, or the command that starts it. */
#include "world.h"

#define COMMAND_MAX 4096

static rig_status bad_url(rig_error *err, rig_view text)
{
    return rig_fail(err, RIG_E_SYNTAX, "\"%.*s\": wanted iscsi://host[:port][/iqn[/lun]]",
                    RIG_VIEW_ARG(text));
}

rig_status rig_run_url_parse(rig_view text, rig_run_url *out_url, rig_error *err)
{
    static const char scheme[] = "iscsi://";
    rig_view rest = text;
    *out_url = (rig_run_url){0};
    if (!rig_view_starts(rest, scheme))
        return bad_url(err, text);
    rest = rig_view_sub(rest, sizeof scheme - 1, rest.len);
    rig_view host = rig_view_split(&rest, '/');
    if (host.len == 0 || rig_portal_parse(host, &out_url->portal, err))
        return bad_url(err, text);
    rig_view name = rest.ptr ? rig_view_split(&rest, '/') : (rig_view){0};
    uint64_t lun = 0;
    if (name.len > RIG_NAME_MAX || (rest.len && (!rig_view_u64(rest, &lun) || lun > 16383)))
        return bad_url(err, text);
    if (name.len)
        memcpy(out_url->target, name.ptr, name.len);
    out_url->lun = (uint32_t)lun;
    return RIG_OK;
}

static void put_value(const run_world *world, rig_view name, rig_text *out)
{
    const rig_scn_target *target = &world->scn->target;
    rig_view iqn = target->num_nodes ? target->nodes[0].name : (rig_view){0};
    if (rig_view_is(name, "host"))
        rig_text_add(out, "%s", world->portal.host);
    else if (rig_view_is(name, "port"))
        rig_text_add(out, "%u", world->portal.port);
    else if (rig_view_is(name, "iqn"))
        rig_text_view(out, iqn);
    else if (rig_view_is(name, "lun"))
        rig_text_add(out, "0");
    else if (rig_view_is(name, "url")) {
        rig_text_add(out, "iscsi://");
        rig_portal_print(out, &world->portal);
        rig_text_add(out, "/%.*s/0", RIG_VIEW_ARG(iqn));
    }
}

static void fill_in(const run_world *world, rig_text *out)
{
    for (const char *at = world->config->command; *at; at++) {
        const char *end = *at == '{' ? strchr(at, '}') : NULL;
        if (!end) {
            rig_text_view(out, rig_view_of(at, 1));
            continue;
        }
        put_value(world, rig_view_of(at + 1, (size_t)(end - at - 1)), out);
        at = end;
    }
}

static void child_done(void *ctx, int exit_status)
{
    run_world *world = ctx;
    world->child_done = true;
    world->child_status = exit_status;
}

static bool child_over(void *ctx)
{
    const run_world *world = ctx;
    return world->child_done;
}

/* The product's command takes the place of the steps: the case goes on until it ends. */
bool run_peer_command(run_world *world)
{
    char command[COMMAND_MAX];
    rig_text text;
    rig_error error = {0};
    rig_text_init(&text, command, sizeof command);
    fill_in(world, &text);
    rig_status status =
        text.cut ? RIG_E_LIMIT
                 : rig_child_start(world->loop, command, NULL, child_done, world, &world->child, &error);
    if (!status)
        status = run_pump(world, child_over, world, run_now(world) + world->config->timeout);
    const char *what = status                ? rig_status_meaning(status)
                       : world->child_status ? "it ended with a failure"
                                             : NULL;
    if (!what)
        return true;
    rig_finding *finding =
        rig_result_finding(world->result, RIG_FINDING_STEP, world->scn->target.place, what);
    if (finding)
        rig_result_text(world->result, &finding->expected, rig_view_of(command, text.len));
    return false;
}
