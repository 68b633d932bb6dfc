/* What a target is made of: the target section of a scenario, which may be read again while it serves. */
#include "target_server.h"

#include <stdio.h>
#include <sys/stat.h>

/* ---- reading ---- */

static int check_defines(const target_options *options, const rig_scn_file *file)
{
    for (uint32_t i = 0; i < options->num_defines; i++)
        if (!rig_scn_sweeps(file, options->defines[i].name))
            return cli_complain("-D %.*s=%.*s: %s has no sweep of that name",
                                RIG_VIEW_ARG(options->defines[i].name),
                                RIG_VIEW_ARG(options->defines[i].value), options->scenario);
    return CLI_OK;
}

/* A script has no mind of its own: it serves the one conversation that it was written for. */
static int check_actor(const target_options *options, const rig_scn *scn)
{
    for (uint32_t i = 0; i < scn->num_plays; i++)
        if (scn->plays[i].target)
            return cli_complain("%s plays the target by a script; "
                                "`iscsirig run --initiator-command COMMAND` plays it before an initiator",
                                options->scenario);
    if (!scn->target.place.line)
        return cli_complain("%s has no target section", options->scenario);
    return CLI_OK;
}

int target_case_read(const target_options *options, target_case *out)
{
    char *paths[] = {(char *)(uintptr_t)options->scenario};
    *out = (target_case){.pack = {.num_defines = options->num_defines}};
    out->pack.defines = (rig_scn_binding *)(uintptr_t)options->defines;
    struct stat about;
    if (stat(options->scenario, &about) == 0 && S_ISDIR(about.st_mode))
        return cli_complain("%s: wanted a scenario file, came a folder", options->scenario);
    int bad = cli_pack_load(&out->pack, paths, 1);
    if (bad)
        return bad;
    const rig_scn_file *file = out->pack.scenarios[0]->file;
    bad = check_defines(options, file);
    if (!bad && rig_scn_case(file, 0, &out->scn, NULL))
        bad = cli_complain("%s: no memory", options->scenario);
    return bad ? bad : check_actor(options, out->scn);
}

void target_case_free(target_case *from)
{
    rig_scn_free(from->scn);
    from->scn = NULL;
    cli_pack_free(&from->pack);
}

/* ---- building ---- */

/* The first StatSN is the target's choice (RFC 7143 section 4.2.2.2). libiscsi up to 1.19 begins at 0 and
 * compares serial numbers, so that it acknowledges none of the upper half, and what waits for acknowledgments
 * (11.6.1: functions on task sets) would wait for good. A real network gets the lower half. */
static uint64_t draw(void *ctx, const char *name, uint64_t index, uint64_t drawn)
{
    if (strcmp(name, "target.statsn") == 0)
        return drawn & INT32_MAX;
    return target_auth_draw(ctx, name, index, drawn);
}

void target_case_config(const target_server *server, const target_case *from, rig_target_config *out_config)
{
    const target_options *options = server->options;
    *out_config = (rig_target_config){.alloc = rig_alloc_libc(),
                                      .draws = {.pin = draw},
                                      .event = target_log_event,
                                      .ctx = (void *)(uintptr_t)&server->log,
                                      .transport = rig_loop_transport(server->loop),
                                      .read_ahead = {server->read_ahead, TARGET_READ_AHEAD},
                                      .tell_nexus_loss = true};
    if (from->scn)
        rig_target_build_config(&from->scn->target, out_config);
    if (options->window)
        out_config->window = (uint32_t)options->window;
    if (options->nop_interval != RIG_NEVER)
        out_config->nop_interval = options->nop_interval;
    if (options->login_timeout)
        out_config->login_timeout = options->login_timeout;
}

static int fail(const char *what, rig_status status, const rig_error *error)
{
    return cli_complain("%s: %s", what, error->text[0] ? error->text : rig_status_meaning(status));
}

static int fail_at(const target_options *options, const target_case *from, rig_status status,
                   const rig_error *error)
{
    rig_view path = rig_scn_path(from->pack.scenarios[0]->file, error->file);
    if (!error->line)
        return fail(options->scenario, status, error);
    char line[CLI_PATH_SIZE];
    snprintf(line, sizeof line, "%.*s:%u:%u: %s", RIG_VIEW_ARG(path), error->line, error->col,
             error->text[0] ? error->text : rig_status_meaning(status));
    cli_line(line);
    return CLI_USAGE;
}

static int build_case(const target_server *server, const target_case *from, rig_target *target)
{
    const target_options *options = server->options;
    rig_error error = {0};
    const rig_target_build build = {.alloc = rig_alloc_libc(),
                                    .from = &from->scn->target,
                                    .with = &options->faults,
                                    .became = target_portal_now,
                                    .ctx = (void *)(uintptr_t)server,
                                    .groups = server->groups,
                                    .num_groups = server->num_portals,
                                    .more = options->offers,
                                    .num_more = options->num_offers};
    rig_status status = rig_target_build_all(target, &build, &error);
    return status ? fail_at(options, from, status, &error) : CLI_OK;
}

/* ---- without a scenario ---- */

static int add_lun(rig_target_node *node, uint32_t number, const char *text)
{
    rig_error error = {0};
    rig_device_config config = {
        .alloc = rig_alloc_libc(), .serial = rig_target_unit_serial(node, number), .err = &error};
    rig_device *device = NULL;
    rig_status status = rig_device_config_read(rig_view_str(text), &config, &error);
    if (!status && (status = rig_device_new(&config, &device)) == RIG_E_ARGUMENT)
        rig_fail(&error, status, "a disk of this size does not fit its blocks or protection");
    if (!status && (status = rig_target_node_lun(node, number, device)))
        rig_device_free(device);
    if (!status)
        return CLI_OK;
    return cli_complain("--lun %s: %s", text, error.text[0] ? error.text : rig_status_meaning(status));
}

static int add_offers(const target_options *options, rig_target *target, rig_target_node *node)
{
    for (uint32_t i = 0; i < options->num_offers; i++) {
        const rig_scn_pair *pair = &options->offers[i];
        rig_error error = {0};
        rig_status status = rig_target_offer(target, node, pair->key, pair->value, &error);
        if (status)
            return fail("--offer", status, &error);
    }
    return CLI_OK;
}

static int build_node(const target_server *server, rig_target *target)
{
    target_options *options = server->options;
    rig_error error = {0};
    rig_target_node *node = NULL;
    const char *name = options->name ? options->name : "iqn.2026-01.example.sim:disk0";
    rig_status status = rig_target_node_add(target, rig_view_str(name), &node, &error);
    if (status)
        return fail("--name", status, &error);
    if (options->alias && (status = rig_target_node_alias(node, rig_view_str(options->alias))))
        return fail("--alias", status, &error);
    for (unsigned fault = 0; fault < RIG_FAULTS; fault++)
        if (rig_fault_has(&options->faults, (rig_fault)fault))
            rig_target_fault_on(target, (rig_fault)fault);
    int bad = options->num_luns ? CLI_OK : add_lun(node, 0, "ram:64MiB");
    for (uint32_t i = 0; i < options->num_luns && !bad; i++)
        bad = add_lun(node, i, options->luns[i]);
    if (!bad)
        bad = add_offers(options, target, NULL);
    if (!bad)
        bad = add_offers(options, target, node);
    return bad ? bad : target_auth_apply(&options->auth, target, node);
}

int target_case_build(const target_server *server, const target_case *from, rig_target *target)
{
    return from->scn ? build_case(server, from, target) : build_node(server, target);
}

/* ---- reading it again ---- */

typedef struct sections {
    const rig_scn_target *old, *fresh;
} sections;

static bool keeps(void *ctx, rig_view node, uint32_t lun)
{
    const sections *both = ctx;
    return rig_target_lun_same(both->old, both->fresh, node, lun);
}

static bool same_portals(const rig_scn_target *a, const rig_scn_target *b)
{
    bool same = rig_target_build_portals(a) == rig_target_build_portals(b);
    for (uint32_t i = 0; same && i < rig_target_build_portals(a); i++) {
        const rig_scn_portal first = rig_target_build_portal(a, i), second = rig_target_build_portal(b, i);
        same = rig_view_eq(first.address, second.address) && first.port == second.port &&
               first.group == second.group;
    }
    return same;
}

static int take(target_server *server, target_case *fresh)
{
    rig_target_config config;
    rig_target *made = NULL;
    target_case_config(server, fresh, &config);
    if (rig_target_new(&config, &made))
        return cli_complain("%s: no memory", server->options->scenario);
    sections both = {&server->served.scn->target, &fresh->scn->target};
    int bad = target_case_build(server, fresh, made);
    if (!bad && rig_target_reload(server->target, made, keeps, &both, rig_loop_now(server->loop)))
        bad = cli_complain("%s: no memory", server->options->scenario);
    if (bad) {
        rig_target_free(made);
        return bad;
    }
    if (!server->options->num_listens && !same_portals(both.old, both.fresh))
        target_log_say(&server->log, "reload",
                       "the portals stay as they are until the target is started anew");
    return CLI_OK;
}

static void say_problem(void *ctx, const char *line)
{
    target_log_say(ctx, "problem", "%s", line);
}

static int read_again(target_server *server, target_case *fresh)
{
    if (server->log.json) /* programs read one notation */
        cli_lines_to(say_problem, &server->log);
    int bad = target_case_read(server->options, fresh);
    if (!bad)
        bad = take(server, fresh);
    cli_lines_to(NULL, NULL);
    return bad;
}

void target_case_reload(target_server *server)
{
    const char *path = server->options->scenario;
    target_case fresh;
    if (!path) {
        target_log_say(&server->log, "reload", "there is no file to read again");
        return;
    }
    if (read_again(server, &fresh)) {
        target_case_free(&fresh);
        target_log_say(&server->log, "reload", "%s: what was in force stays in force", path);
        return;
    }
    target_case_free(&server->served);
    server->served = fresh;
    target_log_say(&server->log, "reload", "%s was read again", path);
}
