/* Where a target listens. */
#include "target_server.h"

#include <stdio.h>
#include <string.h>

#define LOOPBACK_TRIES 254 /* 127.0.0.1 to 127.0.0.254 */

static const char *why(rig_status status, const rig_error *error)
{
    if (status == RIG_E_ARGUMENT)
        return "no interface has that address";
    if (status == RIG_E_REFUSED)
        return "this user may not listen there; ports below 1024 want privileges";
    return status == RIG_E_EXISTS ? "another program listens there" : error->text;
}

static void portal_text(const rig_address *at, char *out, size_t size)
{
    rig_text text;
    rig_text_init(&text, out, size);
    rig_text_add(&text, "%s", at->ip.version == 6 ? "[" : "");
    rig_ip_print(&text, &at->ip);
    rig_text_add(&text, "%s:%u", at->ip.version == 6 ? "]" : "", at->port);
}

static const rig_scn_target *section(const target_server *server)
{
    return server->served.scn ? &server->served.scn->target : NULL;
}

static rig_status add(target_server *server, rig_address *at, uint16_t group, rig_error *err)
{
    rig_status status = rig_target_portal_add(server->target, at, group, err);
    if (status)
        return status;
    if (server->first.port == 0)
        server->first = *at;
    server->bound[server->num_portals] = *at;
    server->groups[server->num_portals++] = group;
    return RIG_OK;
}

/* A told address is that of the portal added last. */
static rig_status advertise(target_server *server, rig_view told, rig_error *err)
{
    return told.len ? rig_target_portal_advertise(server->target, server->num_portals - 1, told, err)
                    : RIG_OK;
}

static void keep_alias(target_server *server, const rig_scn_portal *portal, const rig_address *at)
{
    rig_address written = {.port = portal->port};
    if (server->num_aliases == RIG_TARGET_PORTALS_MAX || !rig_ip_parse(portal->address, &written.ip))
        return;
    target_alias *alias = &server->aliases[server->num_aliases++];
    portal_text(&written, alias->written, sizeof alias->written);
    portal_text(at, alias->actual, sizeof alias->actual);
}

rig_view target_portal_now(void *ctx, rig_view written)
{
    const target_server *server = ctx;
    for (uint32_t i = 0; i < server->num_aliases; i++)
        if (rig_view_is(written, server->aliases[i].written))
            return rig_view_str(server->aliases[i].actual);
    return written;
}

/* ---- --listen ---- */

/* The portal of the scenario that stands in the i-th place of those that listen. */
static bool replaced(const target_server *server, uint32_t i, rig_scn_portal *out_portal)
{
    const rig_scn_target *from = section(server);
    for (uint32_t p = 0; from && p < rig_target_build_portals(from); p++) {
        *out_portal = rig_target_build_portal(from, p);
        if (!out_portal->absent && i-- == 0)
            return true;
    }
    return false;
}

static int open_listen(target_server *server, uint32_t i)
{
    rig_error error = {0};
    const target_options *options = server->options;
    const target_listen *listen = &options->listens[i];
    rig_scn_portal portal;
    bool stands_for = replaced(server, i, &portal);
    rig_address at = listen->at;
    uint16_t group = stands_for ? portal.group : 1;
    if (listen->group >= 0 || options->portal_group >= 0)
        group = (uint16_t)(listen->group >= 0 ? listen->group : options->portal_group);
    rig_status status = add(server, &at, group, &error);
    if (status)
        return cli_complain("--listen %s: %s", listen->text, why(status, &error));
    if (stands_for)
        keep_alias(server, &portal, &at);
    status = advertise(server, rig_view_str(listen->advertised), &error);
    return status ? cli_complain("--listen %s: %s", listen->text, error.text) : CLI_OK;
}

/* ---- those of a scenario ---- */

static int add_absent(target_server *server, const rig_scn_portal *portal)
{
    rig_error error = {0};
    rig_status status = rig_target_build_absent(server->target, portal, &error);
    if (!status) {
        server->groups[server->num_portals++] = portal->group;
        status = advertise(server, portal->advertised, &error);
    }
    return status ? cli_complain("%s: %s", server->options->scenario, error.text) : CLI_OK;
}

/* Beside --listen, too. */
static int add_all_absent(target_server *server)
{
    const rig_scn_target *from = section(server);
    int bad = CLI_OK;
    for (uint32_t i = 0; from && i < from->num_portals && !bad; i++)
        if (from->portals[i].absent)
            bad = add_absent(server, &from->portals[i]);
    return bad;
}

/* Did another portal of the scenario take it? */
static bool ours(const rig_address *taken, uint32_t num, const rig_address *at)
{
    for (uint32_t i = 0; i < num; i++)
        if (taken[i].port == at->port && memcmp(&taken[i].ip, &at->ip, sizeof at->ip) == 0)
            return true;
    return false;
}

/* The address that stands for one this machine does not have. */
static rig_address stand_in(const rig_address *taken, uint32_t num, const rig_address *wanted)
{
    rig_address at = {.port = wanted->port};
    rig_ip_parse(rig_view_str(wanted->ip.version == 6 ? "::1" : "127.0.0.1"), &at.ip);
    for (int turn = 1; at.ip.version == 4 && turn < LOOPBACK_TRIES && ours(taken, num, &at); turn++)
        at.ip.bytes[3]++;
    if (at.ip.version == 6 && ours(taken, num, &at))
        at.port = 0;
    return at;
}

static int open_portal(target_server *server, const rig_scn_portal *portal, rig_address *taken, uint32_t num)
{
    rig_error error = {0};
    const char *path = server->options->scenario;
    rig_address at = {.port = portal->port};
    if (!rig_ip_parse(portal->address, &at.ip))
        return cli_complain("%s: a portal wants a numeric address", path);
    rig_status status = add(server, &at, portal->group, &error);
    if (status == RIG_E_ARGUMENT) {
        at = stand_in(taken, num, &at);
        status = add(server, &at, portal->group, &error);
    }
    if (status)
        return cli_complain("%s: port %u: %s", path, portal->port, why(status, &error));
    taken[num] = at;
    keep_alias(server, portal, &at);
    status = advertise(server, portal->advertised, &error);
    return status ? cli_complain("%s: %s", path, error.text) : CLI_OK;
}

static int open_section(target_server *server, const rig_scn_target *from)
{
    rig_address taken[RIG_TARGET_PORTALS_MAX];
    uint32_t num = rig_target_build_portals(from);
    int bad = CLI_OK;
    if (num > RIG_TARGET_PORTALS_MAX)
        return cli_complain("%s: a target has at most %d portals", server->options->scenario,
                            RIG_TARGET_PORTALS_MAX);
    for (uint32_t i = 0; i < num && !bad; i++) {
        const rig_scn_portal portal = rig_target_build_portal(from, i);
        taken[i] = (rig_address){.port = 0};
        bad = portal.absent ? add_absent(server, &portal) : open_portal(server, &portal, taken, i);
    }
    return bad;
}

static void listen_as_ever(target_options *options)
{
    static const char standard[] = "127.0.0.1:3260";
    target_listen *listen = &options->listens[options->num_listens++];
    *listen = (target_listen){.text = standard, .at.port = RIG_PORT, .group = -1};
    rig_ip_parse(rig_view_str("127.0.0.1"), &listen->at.ip);
}

int target_portals_open(target_server *server)
{
    target_options *options = server->options;
    int bad = CLI_OK;
    if (options->num_listens == 0 && section(server))
        return open_section(server, section(server));
    if (options->num_listens == 0)
        listen_as_ever(options);
    for (uint32_t i = 0; i < options->num_listens && !bad; i++)
        bad = open_listen(server, i);
    return bad ? bad : add_all_absent(server);
}

void target_portals_tell(target_server *server)
{
    for (uint32_t i = 0; i < server->num_portals; i++) {
        char text[RIG_PORTAL_TEXT];
        if (server->bound[i].port == 0)
            continue;
        portal_text(&server->bound[i], text, sizeof text);
        target_log_say(&server->log, "listening", "listening on %s, portal group %u", text,
                       server->groups[i]);
    }
}
