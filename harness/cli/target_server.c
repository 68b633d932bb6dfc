#include "target_server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define STARVED_PAUSE (10 * RIG_SECOND)    /* between two lines that say so */
#define CLOSE_TIME (500 * RIG_MILLISECOND) /* for the last bytes of connections that are being closed */

static void on_signal(void *ctx, int signum)
{
    target_server *server = ctx;
    if (signum == SIGHUP)
        server->wants_reload = true;
    else
        server->num_ends++;
}

/* ---- the ready file ---- */

static int tell_ready(const target_server *server)
{
    const char *path = server->options->ready_file;
    char address[RIG_PORTAL_TEXT], temporary[CLI_PATH_SIZE];
    rig_text text;
    const rig_ip *ip = &server->first.ip;
    if (!path)
        return CLI_OK;
    rig_text_init(&text, address, sizeof address);
    rig_text_add(&text, ip->version == 6 ? "[" : "");
    rig_ip_print(&text, ip);
    rig_text_add(&text, "%s:%u", ip->version == 6 ? "]" : "", server->first.port);
    snprintf(temporary, sizeof temporary, "%s.new", path);
    FILE *file = fopen(temporary, "w");
    bool good = file && fprintf(file, "%s\n", address) > 0;
    good = (!file || fclose(file) == 0) && good && rename(temporary, path) == 0;
    if (good)
        return CLI_OK;
    int bad = cli_complain("--ready-file %s: %s", path, strerror(errno));
    if (file)
        unlink(temporary);
    return bad;
}

static void not_ready(const target_server *server)
{
    if (server->options->ready_file)
        unlink(server->options->ready_file);
}

/* ---- the end ---- */

static uint32_t connections(const target_server *server)
{
    rig_target_counts counts;
    rig_target_count(server->target, &counts);
    return counts.connections;
}

/* Section 11.9.1: whole seconds, and at least one. */
static uint16_t seconds_of(uint64_t time)
{
    return (uint16_t)((time + RIG_SECOND - 1) / RIG_SECOND);
}

static void begin_end(target_server *server, uint64_t now)
{
    server->ending = true;
    server->end = now + server->options->grace;
    rig_target_shut(server->target);
    not_ready(server);
    target_log_say(&server->log, "ending", "ending: %u connections", connections(server));
    if (server->options->grace)
        rig_target_ask_logout(server->target, seconds_of(server->options->grace), now);
}

static void close_all(target_server *server, uint64_t now)
{
    server->closing = true;
    server->end = now + CLOSE_TIME;
    rig_target_drop(server->target, false, now);
}

/* One step towards the end, when it is due; false when it is reached. */
static bool goes_on(target_server *server, uint64_t now)
{
    if (server->num_ends == 0)
        return true;
    if (!server->ending)
        begin_end(server, now);
    if (server->num_ends > 1 || connections(server) == 0)
        return false;
    if (now < server->end)
        return true;
    if (server->closing)
        return false;
    close_all(server, now);
    return true;
}

/* ---- serving ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void tell_starved(target_server *server, uint64_t now)
{
    uint64_t starved = rig_loop_starved(server->loop);
    if (starved == server->starved || now < server->next_starved)
        return;
    server->starved = starved;
    server->next_starved = now + STARVED_PAUSE;
    target_log_say(&server->log, "starved",
                   "%u connections: new ones wait, for want of descriptors (ulimit -n) or memory",
                   connections(server));
}

static rig_status turn(target_server *server, uint64_t now)
{
    uint64_t until = earlier(rig_target_next_deadline(server->target), target_log_tick(&server->log, now));
    if (server->ending)
        until = earlier(until, server->end);
    rig_status status = rig_loop_run_once(server->loop, until);
    now = rig_loop_now(server->loop);
    tell_starved(server, now);
    if (rig_target_next_deadline(server->target) <= now)
        rig_target_tick(server->target, now);
    return status;
}

int target_server_run(target_server *server)
{
    rig_status status = RIG_OK;
    while (!status && goes_on(server, rig_loop_now(server->loop))) {
        if (server->wants_reload && !server->ending)
            target_case_reload(server);
        server->wants_reload = false;
        status = turn(server, rig_loop_now(server->loop));
    }
    not_ready(server);
    target_log_end(&server->log);
    return status ? cli_complain("%s", rig_status_meaning(status)) : CLI_OK;
}

/* Each session holds a descriptor, and what the system gives by default would end them at a thousand. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int open_loop(target_server *server)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    rig_status status = rig_loop_new(rig_alloc_libc(), &server->loop);
    server->read_ahead = malloc(TARGET_READ_AHEAD);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0] && !status; i++)
        status = rig_loop_on_signal(server->loop, signals[i], on_signal, server);
    signal(SIGPIPE, SIG_IGN);
    raise_descriptors();
    return status || !server->read_ahead ? cli_complain("no event loop") : CLI_OK;
}

static void tell_weak(target_server *server, const target_identity *identity)
{
    if (identity->user.len && identity->len < TARGET_SECRET_MIN)
        target_log_say(&server->log, "weak secret", "the secret of %.*s has less than 96 bits",
                       RIG_VIEW_ARG(identity->user));
}

static void tell_secrets(target_server *server)
{
    const target_auth *auth = &server->options->auth;
    for (uint32_t i = 0; i < auth->num; i++)
        tell_weak(server, &auth->identities[i]);
    tell_weak(server, &auth->own);
}

int target_server_open(target_server *server, target_options *options)
{
    rig_target_config config;
    server->options = options;
    server->log.quiet = options->quiet;
    server->log.json = options->json;
    tell_secrets(server);
    int bad = options->scenario ? target_case_read(options, &server->served) : CLI_OK;
    if (!bad)
        bad = open_loop(server);
    if (bad)
        return bad;
    target_case_config(server, &server->served, &config);
    rig_status status = rig_target_new(&config, &server->target);
    if (status)
        return cli_complain("%s", rig_status_meaning(status));
    bad = target_portals_open(server);
    if (!bad)
        bad = target_case_build(server, &server->served, server->target);
    if (bad)
        return bad;
    target_portals_tell(server);
    return tell_ready(server);
}

void target_server_close(target_server *server)
{
    server->log.quiet = true; /* what ends now ends with the program */
    rig_target_free(server->target);
    rig_loop_free(server->loop);
    free(server->read_ahead);
    target_case_free(&server->served);
}
