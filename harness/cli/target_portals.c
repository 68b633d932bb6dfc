/* Where a target listens. */
#include "target_server.h"

#include <stdio.h>
#include <string.h>

#define LOOPBACK_TRIES 254 /* 127.0.0.1 to 127.0.0.254 */

static const char *why(rig_status status, const rig_error *error)
{
    if (status == RIG_E_ARGUMENT)
        return "no interface has that address";
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

static rig_status add(target_server *server, rig_address *at, uint16_t group, rig_error *err)
{
    char text[RIG_PORTAL_TEXT];
    rig_status status = rig_target_portal_add(server->target, at, group, err);
    if (status)
        return status;
    if (server->num_portals == 0)
        server->first = *at;
    server->groups[server->num_portals++] = group;
    portal_text(at, text, sizeof text);
    target_log_say(&server->log, "listening", "listening on %s, portal group %u", text, group);
    return RIG_OK;
}

/* ---- --listen ---- */

static uint16_t group_of(const target_server *server, uint32_t i)
{
    const target_options *options = server->options;
    const rig_scn *scn = server->served.scn;
    if (options->listens[i].group >= 0)
        return (uint16_t)options->listens[i].group;
    if (options->portal_group >= 0)
        return (uint16_t)options->portal_group;
    return scn && i < rig_target_build_portals(&scn->target) ? rig_target_build_portal(&scn->target, i).group
                                                             : 1;
}

static int open_listen(target_server *server, uint32_t i)
{
    rig_error error = {0};
    const target_listen *listen = &server->options->listens[i];
    rig_address at = listen->at;
    rig_status status = add(server, &at, group_of(server, i), &error);
    if (status)
        return cli_complain("--listen %s: %s", listen->text, why(status, &error));
    if (listen->advertised)
        status = rig_target_portal_advertise(server->target, i, rig_view_str(listen->advertised), &error);
    return status ? cli_complain("--listen %s: %s", listen->text, error.text) : CLI_OK;
}

/* ---- those of a scenario ---- */

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

static int open_portal(target_server *server, uint32_t i, rig_address *taken)
{
    rig_error error = {0};
    const rig_scn_portal portal = rig_target_build_portal(&server->served.scn->target, i);
    rig_address at = {.port = portal.port};
    if (!rig_ip_parse(portal.address, &at.ip))
        return cli_complain("%s: a portal wants a numeric address", server->options->scenario);
    rig_status status = add(server, &at, portal.group, &error);
    if (status == RIG_E_ARGUMENT) {
        at = stand_in(taken, i, &at);
        status = add(server, &at, portal.group, &error);
    }
    taken[i] = at;
    return status
               ? cli_complain("%s: port %u: %s", server->options->scenario, portal.port, why(status, &error))
               : CLI_OK;
}

int target_portals_open(target_server *server)
{
    static char standard[] = "127.0.0.1:3260";
    target_options *options = server->options;
    rig_address taken[RIG_TARGET_PORTALS_MAX];
    int bad = CLI_OK;
    if (options->num_listens == 0 && server->served.scn) {
        uint32_t num = rig_target_build_portals(&server->served.scn->target);
        if (num > RIG_TARGET_PORTALS_MAX)
            return cli_complain("%s: a target has at most %d portals", options->scenario,
                                RIG_TARGET_PORTALS_MAX);
        for (uint32_t i = 0; i < num && !bad; i++)
            bad = open_portal(server, i, taken);
        return bad;
    }
    if (options->num_listens == 0) {
        target_listen *listen = &options->listens[options->num_listens++];
        *listen = (target_listen){.text = standard, .at.port = RIG_PORT, .group = -1};
        rig_ip_parse(rig_view_str("127.0.0.1"), &listen->at.ip);
    }
    for (uint32_t i = 0; i < options->num_listens && !bad; i++)
        bad = open_listen(server, i);
    return bad;
}
