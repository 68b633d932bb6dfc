/* iscsirig target: the simulated target on real sockets. */
#include "cli.h"
#include "rig/socket.h"
#include "target_auth.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_AHEAD (256u << 10)
#define LUNS_MAX 64

typedef struct target_options {
    char *listens[16];
    int num_listens;
    const char *name;
    char *luns[LUNS_MAX];
    int num_luns;
    char *faults[64];
    int num_faults;
    const char *ready_file;
    const char *scenario;
    bool quiet;
    target_auth auth;
} target_options;

typedef struct target_server {
    rig_loop *loop;
    rig_target *target;
    uint8_t *read_ahead;
    rig_address first;
    bool stop;
    bool quiet;
    cli_pack pack;
    rig_scn *scn;
} target_server;

static int list_faults(void)
{
    for (unsigned i = 0; i < RIG_FAULTS; i++)
        printf("%s\t%s\t%s\t%s\n", rig_fault_rows[i].name, rig_fault_rows[i].what,
               rig_fault_rows[i].requirement, rig_fault_rows[i].judge);
    return CLI_OK;
}

static void on_event(void *ctx, const rig_target_event *event)
{
    static const char *const words[] = {"accepted", "session up", "session down", "closed", "made wrong"};
    const target_server *server = ctx;
    if (server->quiet)
        return;
    fprintf(stderr, "%10.6f %s", (double)event->now / (double)RIG_SECOND, words[event->kind]);
    if (event->initiator.len)
        fprintf(stderr, " initiator=%.*s", RIG_VIEW_ARG(event->initiator));
    if (event->why)
        fprintf(stderr, " reason=%s", rig_status_name(event->why));
    if (event->error && event->error->text[0])
        fprintf(stderr, " (%s)", event->error->text);
    if (event->text.len)
        fprintf(stderr, " %.*s", RIG_VIEW_ARG(event->text));
    fprintf(stderr, "\n");
}

static void on_signal(void *ctx, int signum)
{
    target_server *server = ctx;
    (void)signum;
    server->stop = true;
}

static int fail(const char *what, rig_status status, const rig_error *error)
{
    return cli_complain("%s: %s", what, error->text[0] ? error->text : rig_status_meaning(status));
}

static int add_lun(rig_target_node *node, uint32_t number, rig_view text)
{
    rig_error error = {0};
    rig_device_config config = {.alloc = rig_alloc_libc(), .serial = number + 1};
    rig_device *device = NULL;
    rig_status status = rig_backing_open(rig_alloc_libc(), text, &config.backing, &error);
    if (!status)
        status = rig_device_new(&config, &device);
    if (!status)
        status = rig_target_node_lun(node, number, device);
    return status ? fail("--lun", status, &error) : CLI_OK;
}

static int add_listens(target_server *server, const target_options *options)
{
    static char any[] = "127.0.0.1:3260";
    char *only[] = {any};
    char *const *listens = options->num_listens ? options->listens : only;
    int num = options->num_listens ? options->num_listens : 1;
    for (int i = 0; i < num; i++) {
        rig_error error = {0};
        rig_portal portal;
        rig_address at = {0};
        rig_status status = rig_portal_parse(rig_view_str(listens[i]), &portal, &error);
        if (!status && !rig_ip_parse(rig_view_str(portal.host), &at.ip))
            status = rig_fail(&error, RIG_E_SYNTAX, "\"%s\" is not ADDR:PORT", listens[i]);
        at.port = portal.port;
        if (!status)
            status = rig_target_portal_add(server->target, &at, portal.group < 0 ? 1 : (uint16_t)portal.group,
                                           &error);
        if (status)
            return cli_complain("--listen %s: %s", listens[i],
                                status == RIG_E_ARGUMENT ? "no interface has that address"
                                : status == RIG_E_EXISTS ? "another program listens there"
                                                         : error.text);
        if (i == 0)
            server->first = at;
    }
    return CLI_OK;
}

static int add_node(target_server *server, target_options *options)
{
    rig_error error = {0};
    rig_target_node *node = NULL;
    const char *name = options->name ? options->name : "iqn.2026-01.example.sim:disk0";
    rig_status status = rig_target_node_add(server->target, rig_view_str(name), &node, &error);
    if (status)
        return fail("--name", status, &error);
    int bad = options->num_luns ? CLI_OK : add_lun(node, 0, rig_view_str("ram:64MiB"));
    for (int i = 0; i < options->num_luns && !bad; i++)
        bad = add_lun(node, (uint32_t)i, rig_view_str(options->luns[i]));
    return bad ? bad : target_auth_apply(&options->auth, server->target, node);
}

/* ---- the target section of a scenario ---- */

static int scn_node(target_server *server, const rig_scn_node *from)
{
    rig_error error = {0};
    for (uint32_t i = 0; i < from->count; i++) {
        char name[RIG_NAME_MAX + 16];
        rig_target_node *node = NULL;
        snprintf(name, sizeof name, from->numbered ? "%.*s%u" : "%.*s", RIG_VIEW_ARG(from->name), i);
        rig_status status = rig_target_node_add(server->target, rig_view_str(name), &node, &error);
        if (!status && from->alias.len)
            status = rig_target_node_alias(node, from->alias);
        if (!status)
            status = target_auth_node(server->target, node, from, &error);
        for (uint32_t k = 0; k < from->num_offers && !status; k++)
            status =
                rig_target_offer(server->target, node, from->offers[k].key, from->offers[k].value, &error);
        if (status)
            return fail(name, status, &error);
        rig_target_node_refuse(node, from->refuse);
        for (uint32_t l = 0; l < from->num_luns; l++) {
            char text[64];
            snprintf(text, sizeof text, "%.*s:%llu", RIG_VIEW_ARG(from->luns[l].kind),
                     (unsigned long long)from->luns[l].size);
            if (add_lun(node, from->luns[l].lun, rig_view_str(text)))
                return CLI_USAGE;
        }
    }
    return CLI_OK;
}

static int add_scenario(target_server *server, const char *path)
{
    char *paths[] = {(char *)(uintptr_t)path};
    int bad = cli_pack_load(&server->pack, paths, 1);
    if (bad)
        return bad;
    if (server->pack.num != 1)
        return cli_complain("%s: wanted one scenario file, not a folder of %zu", path, server->pack.num);
    if (rig_scn_case(server->pack.scenarios[0]->file, 0, &server->scn, NULL))
        return cli_complain("no memory");
    const rig_scn_target *from = &server->scn->target;
    rig_error error = {0};
    rig_status status = target_auth_scn(server->target, NULL, rig_view_of(NULL, 0), &from->discovery, &error);
    for (unsigned f = 0; f < RIG_FAULTS; f++)
        if (rig_fault_has(&from->faults, (rig_fault)f))
            rig_target_fault_on(server->target, (rig_fault)f);
    for (uint32_t i = 0; i < from->num_offers && !status; i++)
        status = rig_target_offer(server->target, NULL, from->offers[i].key, from->offers[i].value, &error);
    for (uint32_t i = 0; i < from->num_rules && !status; i++)
        status = rig_target_rule_add(server->target, &from->rules[i]);
    if (status)
        return fail(path, status, &error);
    for (uint32_t i = 0; i < from->num_nodes && !bad; i++)
        bad = scn_node(server, &from->nodes[i]);
    return bad;
}

/* ---- serving ---- */

static int add_faults(target_server *server, const target_options *options)
{
    for (int i = 0; i < options->num_faults; i++) {
        rig_fault fault = rig_fault_find(rig_view_str(options->faults[i]));
        if (fault == RIG_FAULTS)
            return cli_complain("--fault %s: no such fault; --faults lists them", options->faults[i]);
        rig_target_fault_on(server->target, fault);
    }
    return CLI_OK;
}

static int tell_ready(const target_server *server, const target_options *options)
{
    char address[128], temporary[4096];
    rig_text text;
    const rig_ip *ip = &server->first.ip;
    rig_text_init(&text, address, sizeof address);
    rig_text_add(&text, ip->version == 6 ? "[" : "");
    rig_ip_print(&text, ip);
    rig_text_add(&text, "%s:%u", ip->version == 6 ? "]" : "", server->first.port);
    if (!options->quiet)
        fprintf(stderr, "listening on %s\n", address);
    if (!options->ready_file)
        return CLI_OK;
    snprintf(temporary, sizeof temporary, "%s.new", options->ready_file);
    FILE *file = fopen(temporary, "w");
    bool good = file && fprintf(file, "%s\n", address) > 0;
    good = (!file || fclose(file) == 0) && good && rename(temporary, options->ready_file) == 0;
    return good ? CLI_OK : cli_complain("--ready-file %s: %s", options->ready_file, strerror(errno));
}

static int serve(target_server *server)
{
    while (!server->stop) {
        rig_status status = rig_loop_run_once(server->loop, rig_target_next_deadline(server->target));
        if (status)
            return cli_complain("%s", rig_status_meaning(status));
        uint64_t now = rig_loop_now(server->loop);
        if (rig_target_next_deadline(server->target) <= now)
            rig_target_tick(server->target, now);
    }
    return CLI_OK;
}

static int open_server(target_server *server, target_options *options)
{
    rig_target_config config = {.alloc = rig_alloc_libc(),
                                .draws = {.pin = target_auth_draw},
                                .event = on_event,
                                .ctx = server,
                                .tell_nexus_loss = true};
    if (options->scenario && target_auth_given(&options->auth))
        return cli_complain("%s says who may log in, so --chap does not", options->scenario);
    server->quiet = options->quiet;
    rig_status status = rig_loop_new(rig_alloc_libc(), &server->loop);
    server->read_ahead = malloc(READ_AHEAD);
    if (status || !server->read_ahead)
        return cli_complain("no event loop");
    config.transport = rig_loop_transport(server->loop);
    config.read_ahead = (struct iovec){server->read_ahead, READ_AHEAD};
    status = rig_target_new(&config, &server->target);
    if (status)
        return cli_complain("%s", rig_status_meaning(status));
    signal(SIGPIPE, SIG_IGN);
    rig_loop_on_signal(server->loop, SIGINT, on_signal, server);
    rig_loop_on_signal(server->loop, SIGTERM, on_signal, server);
    int bad = options->scenario ? add_scenario(server, options->scenario) : add_node(server, options);
    if (!bad)
        bad = add_faults(server, options);
    if (!bad)
        bad = add_listens(server, options);
    return bad ? bad : tell_ready(server, options);
}

static void close_server(target_server *server)
{
    rig_target_free(server->target);
    rig_loop_free(server->loop);
    free(server->read_ahead);
    rig_scn_free(server->scn);
    cli_pack_free(&server->pack);
}

static void usage(void)
{
    printf("usage: iscsirig target [OPTION…] [FILE.scn]\n\n"
           "  --listen ADDR:PORT  where to listen (default 127.0.0.1:3260; port 0 = any free; repeatable)\n"
           "  --name IQN          name of the target node\n"
           "  --lun BACKING       ram:SIZE, file:PATH, pattern:SIZE or null:SIZE (repeatable: LUN 0, 1 …)\n"
           "  --fault NAME        a deviation (repeatable)\n"
           "  --ready-file FILE   gets ADDR:PORT once connections are accepted\n"
           "  --faults            one row a fault: name, deviation, requirement, judge\n"
           "  --quiet             no log on standard error\n" TARGET_AUTH_HELP "\n" TARGET_AUTH_HELP_SECRET
           "With FILE.scn its target section is served; --listen still says where.\n");
}

static int take_option(target_options *o, int c)
{
    switch (c) {
    case 'l':
        if (o->num_listens == 16)
            return cli_complain("at most 16 addresses");
        o->listens[o->num_listens++] = optarg;
        return CLI_OK;
    case 'n':
        o->name = optarg;
        return CLI_OK;
    case 'u':
        if (o->num_luns == LUNS_MAX)
            return cli_complain("at most %d LUNs", LUNS_MAX);
        o->luns[o->num_luns++] = optarg;
        return CLI_OK;
    case 'f':
        if (o->num_faults == 64)
            return cli_complain("at most 64 faults");
        o->faults[o->num_faults++] = optarg;
        return CLI_OK;
    case 'r':
        o->ready_file = optarg;
        return CLI_OK;
    case 'q':
        o->quiet = true;
        return CLI_OK;
    default:
        return target_auth_option(&o->auth, c, optarg);
    }
}

int cmd_target(int argc, char **argv)
{
    static const struct option options[] = {
        {"listen", required_argument, NULL, 'l'}, {"name", required_argument, NULL, 'n'},
        {"lun", required_argument, NULL, 'u'},    {"fault", required_argument, NULL, 'f'},
        {"faults", no_argument, NULL, 'F'},       {"ready-file", required_argument, NULL, 'r'},
        {"quiet", no_argument, NULL, 'q'},        TARGET_AUTH_OPTIONS,
        {"help", no_argument, NULL, 'h'},         {0}};
    target_options chosen = {0};
    target_server server = {0};
    opterr = 0;
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, ":hq", options, NULL)) != -1;) {
        if (c == 'h') {
            usage();
            return CLI_OK;
        }
        if (c == 'F')
            return list_faults();
        int bad = c == '?' || c == ':' ? cli_bad_option(c, argv) : take_option(&chosen, c);
        if (bad) {
            target_auth_wipe(&chosen.auth);
            return bad;
        }
    }
    if (optind + 1 < argc)
        return cli_complain("target: wanted one scenario file, came %d", argc - optind);
    chosen.scenario = argv[optind];
    int bad = open_server(&server, &chosen);
    if (!bad) {
        bad = serve(&server);
        if (chosen.ready_file)
            unlink(chosen.ready_file);
    }
    close_server(&server);
    target_auth_wipe(&chosen.auth);
    return bad;
}
