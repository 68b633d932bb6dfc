/* A peer that is started, waited for, looked after and ended. Its shell lines are written to files of its
 * folder, so that what they are told, secrets too, is in no list of processes, and so that what the shell
 * complains of has the line of the peer file. */
#include "rig/peers.h"

#include "rig/timerq.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define VARIABLES_MAX (RIG_PEER_SETTINGS_MAX + 16)
#define SLICE (50 * RIG_MILLISECOND)   /* between two looks */
#define SECTION_TIME (20 * RIG_SECOND) /* a section that is to end has this long */
#define HAVE_TIME (300 * RIG_SECOND)   /* it may fetch things */
#define GRACE (2 * RIG_SECOND)         /* between asking to end and insisting */
#define TURNS 3                        /* ports that are tried */
#define SAID_LINES 20
#define SAID_BYTES 8192
#define FIRST_PORT 20000 /* below the ephemeral range, so that no client is given it meanwhile */
#define PORTS 12000

typedef struct process {
    rig_child *child;
    bool done;
    int status;
} process;

typedef struct variable {
    char name[64];
    char value[RIG_PEER_TEXT_MAX];
} variable;

struct rig_peer_run {
    const rig_peer *peer;
    rig_peer_config config;
    rig_loop *loop;
    process main; /* what the start section became */
    variable variables[VARIABLES_MAX];
    uint32_t num_variables;
    char log[RIG_PEER_TEXT_MAX]; /* of the section that went wrong */
};

static const char *const section_names[RIG_PEER_SECTIONS] = {
    [RIG_PEER_COMMON] = "common", [RIG_PEER_HAVE] = "have",   [RIG_PEER_VERSION] = "version",
    [RIG_PEER_START] = "start",   [RIG_PEER_READY] = "ready", [RIG_PEER_SET_UP] = "set-up",
    [RIG_PEER_STOP] = "stop",
};

/* Names and secrets are those of scenarios/live. */
static const rig_peer_setting defaults[] = {
    {"host", "127.0.0.1"},
    {"port", ""},
    {"iqn", "iqn.2026-01.example.ci:disk"},
    {"bytes", "67108864"},
    {"user", "host"},
    {"secret", "a secret of the host"},
    {"own_user", "disk"},
    {"own_secret", "a secret of the disk"},
    {"pid", ""},
};

/* ---- variables ---- */

static variable *find(rig_peer_run *run, const char *name)
{
    for (uint32_t i = 0; i < run->num_variables; i++)
        if (strcmp(run->variables[i].name, name) == 0)
            return &run->variables[i];
    return NULL;
}

static bool set(rig_peer_run *run, const char *name, const char *value)
{
    variable *v = find(run, name);
    if (!v && run->num_variables == VARIABLES_MAX)
        return false;
    v = v ? v : &run->variables[run->num_variables++];
    int len = snprintf(v->name, sizeof v->name, "%s", name);
    int size = snprintf(v->value, sizeof v->value, "%s", value);
    return len > 0 && (size_t)len < sizeof v->name && size >= 0 && (size_t)size < sizeof v->value;
}

const char *rig_peer_value(const rig_peer_run *run, const char *name)
{
    for (uint32_t i = 0; i < run->num_variables; i++)
        if (strcmp(run->variables[i].name, name) == 0)
            return run->variables[i].value;
    return NULL;
}

bool rig_peer_variable(const rig_peer_run *run, uint32_t index, rig_peer_setting *out_variable)
{
    if (index >= run->num_variables)
        return false;
    *out_variable = (rig_peer_setting){run->variables[index].name, run->variables[index].value};
    return true;
}

static bool port_is_given(const rig_peer_run *run)
{
    for (uint32_t i = 0; i < run->config.num_settings; i++)
        if (strcmp(run->config.settings[i].name, "port") == 0)
            return true;
    return false;
}

static bool set_all(rig_peer_run *run)
{
    char here[RIG_PEER_TEXT_MAX], *whole = realpath(run->peer->path, NULL);
    bool good = whole && set(run, "folder", run->config.folder) && set(run, "cache", run->config.cache);
    snprintf(here, sizeof here, "%s", whole ? whole : "");
    free(whole);
    char *slash = strrchr(here, '/');
    if (slash)
        *slash = 0;
    good = good && set(run, "here", here);
    for (size_t i = 0; good && i < sizeof defaults / sizeof defaults[0]; i++)
        good = set(run, defaults[i].name, defaults[i].value);
    for (uint32_t i = 0; good && i < run->config.num_settings; i++)
        good = set(run, run->config.settings[i].name, run->config.settings[i].value);
    return good;
}

static bool port_is_free(uint16_t port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0)
        return false;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    bool good = bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 1) == 0;
    close(fd);
    return good;
}

static bool choose_port(rig_peer_run *run)
{
    char text[16];
    uint32_t from = (uint32_t)getpid() * 7919u + (uint32_t)(rig_loop_now(run->loop) >> 10);
    for (uint32_t turn = 0; turn < 200; turn++) {
        uint16_t port = (uint16_t)(FIRST_PORT + (from + turn * 31u) % PORTS);
        snprintf(text, sizeof text, "%u", port);
        if (port_is_free(port))
            return set(run, "port", text);
    }
    return false;
}

/* ---- processes ---- */

static void ended(void *ctx, int exit_status)
{
    process *p = ctx;
    p->done = true;
    p->child = NULL;
    p->status = exit_status;
}

static bool stopped(const rig_peer_run *run)
{
    return run->config.stop && *run->config.stop;
}

static void pump(rig_peer_run *run, uint64_t until)
{
    uint64_t now = rig_loop_now(run->loop);
    while (now < until) {
        uint64_t slice = now + SLICE < until ? now + SLICE : until;
        rig_loop_run_once(run->loop, slice);
        now = rig_loop_now(run->loop);
    }
}

/* Waits for its end; false when there was none in time. */
static bool await(rig_peer_run *run, process *p, uint64_t ns)
{
    uint64_t until = rig_loop_now(run->loop) + ns;
    while (!p->done && rig_loop_now(run->loop) < until && !stopped(run))
        rig_loop_run_once(run->loop, rig_loop_now(run->loop) + SLICE);
    return p->done;
}

static void end(rig_peer_run *run, process *p, int signum)
{
    if (p->child && !p->done)
        rig_child_kill(p->child, signum);
    uint64_t until = rig_loop_now(run->loop) + GRACE;
    while (p->child && !p->done && rig_loop_now(run->loop) < until)
        rig_loop_run_once(run->loop, rig_loop_now(run->loop) + SLICE);
}

static void finish(rig_peer_run *run, process *p)
{
    end(run, p, SIGTERM);
    end(run, p, SIGKILL);
}

/* ---- shell lines ---- */

static void put_quoted(FILE *file, const char *text)
{
    fputc('\'', file);
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", file);
        else
            fputc(*text, file);
    fputc('\'', file);
}

static size_t indent_of(rig_view line)
{
    size_t blanks = 0;
    while (blanks < line.len && line.ptr[blanks] == ' ')
        blanks++;
    return blanks;
}

/* Lines of the peer file stay in their lines where the common ones stand above; what all are indented by
 * goes, as the ends of here-documents want it. */
static uint32_t put_lines(FILE *file, rig_view lines, uint32_t from, uint32_t at)
{
    size_t indent = SIZE_MAX;
    for (rig_view rest = lines; rest.ptr;) {
        rig_view line = rig_view_split(&rest, '\n');
        size_t blanks = indent_of(line);
        indent = blanks < line.len && blanks < indent ? blanks : indent;
    }
    for (; at < from; at++)
        fputc('\n', file);
    for (rig_view rest = lines; rest.ptr; at++) {
        rig_view line = rig_view_sub(rig_view_split(&rest, '\n'), indent, SIZE_MAX);
        fprintf(file, "%.*s\n", RIG_VIEW_ARG(line));
    }
    return at;
}

static bool write_script(const rig_peer_run *run, rig_peer_section section, const char *path)
{
    const rig_peer *peer = run->peer;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!file)
        return false;
    fputs("set -eu; PATH=$PATH:/usr/sbin:/sbin; export PATH", file);
    for (uint32_t i = 0; i < run->num_variables; i++) {
        fprintf(file, "; export %s=", run->variables[i].name);
        put_quoted(file, run->variables[i].value);
    }
    fputc('\n', file);
    uint32_t at = 2;
    if (peer->lines[RIG_PEER_COMMON])
        at = put_lines(file, peer->sections[RIG_PEER_COMMON], peer->lines[RIG_PEER_COMMON], at);
    put_lines(file, peer->sections[section], peer->lines[section], at);
    return fclose(file) == 0;
}

static rig_status start_section(rig_peer_run *run, rig_peer_section section, process *p, rig_error *err)
{
    char script[RIG_PEER_TEXT_MAX], command[RIG_PEER_TEXT_MAX + 64];
    const char *name = section_names[section];
    *p = (process){0};
    int len = snprintf(script, sizeof script, "%s/%.*s.peer.%s", run->config.folder,
                       RIG_VIEW_ARG(run->peer->name), name);
    snprintf(run->log, sizeof run->log, "%s/%s.log", run->config.folder, name);
    if (len < 0 || (size_t)len >= sizeof script || strchr(script, '\''))
        return rig_fail(err, RIG_E_LIMIT, "%s: too long a name, or one with a quote", run->config.folder);
    if (!write_script(run, section, script))
        return rig_fail(err, RIG_E_IO, "%s: %s", script, strerror(errno));
    snprintf(command, sizeof command, "exec sh '%s'", script);
    return rig_child_start(run->loop, command, run->log, ended, p, &p->child, err);
}

static rig_status failed(rig_peer_run *run, rig_peer_section section, rig_error *err, const char *how)
{
    const rig_peer *peer = run->peer;
    if (err)
        err->line = peer->lines[section] - 1;
    return rig_fail(err, RIG_E_IO, "%.*s did not %s: its section %s %s", RIG_VIEW_ARG(peer->name),
                    section == RIG_PEER_VERSION ? "say its version" : "come up", section_names[section], how);
}

static const char *end_words(char out[64], int status)
{
    if (status > 128)
        snprintf(out, 64, "was ended by signal %d", status - 128);
    else
        snprintf(out, 64, "ended with exit status %d", status);
    return out;
}

/* A section that is to come to its end; *out_status is what it said there. */
static rig_status run_section(rig_peer_run *run, rig_peer_section section, uint64_t ns, int *out_status,
                              rig_error *err)
{
    process p;
    *out_status = 0;
    if (!run->peer->lines[section])
        return RIG_OK;
    rig_status status = start_section(run, section, &p, err);
    if (status)
        return status;
    if (!await(run, &p, ns)) {
        finish(run, &p);
        return failed(run, section, err, stopped(run) ? "was interrupted" : "did not end in time");
    }
    *out_status = p.status;
    return RIG_OK;
}

/* ---- what is here ---- */

rig_status rig_peer_new(const rig_peer *peer, const rig_peer_config *config, rig_peer_run **out_run,
                        rig_error *err)
{
    rig_peer_run *run = rig_new(config->alloc, sizeof *run);
    if (!run)
        return rig_fail(err, RIG_E_NOMEM, "no memory for a peer");
    run->peer = peer;
    run->config = *config;
    rig_status status = rig_loop_new(config->alloc, &run->loop);
    if (!status && !set_all(run))
        status = rig_fail(err, RIG_E_LIMIT, "%s: a value for it is too long", peer->path);
    if (!status && !port_is_given(run) && !choose_port(run))
        status = rig_fail(err, RIG_E_IO, "no free port");
    if (status) {
        rig_loop_free(run->loop);
        rig_delete(config->alloc, run, sizeof *run);
        return status;
    }
    *out_run = run;
    return RIG_OK;
}

static bool program_is_here(const rig_peer_run *run, rig_view name)
{
    char path[RIG_PEER_TEXT_MAX];
    const char *folders = getenv("PATH");
    if (rig_view_find(name, '/') < name.len) {
        snprintf(path, sizeof path, "%.*s", RIG_VIEW_ARG(name));
        return access(path, R_OK) == 0;
    }
    (void)run;
    for (int own = 0; own < 2; own++)
        for (rig_view rest = rig_view_str(own       ? "/usr/sbin:/sbin"
                                          : folders ? folders
                                                    : "/usr/bin:/bin");
             rest.ptr;) {
            rig_view folder = rig_view_split(&rest, ':');
            snprintf(path, sizeof path, "%.*s/%.*s", RIG_VIEW_ARG(folder), RIG_VIEW_ARG(name));
            if (access(path, X_OK) == 0)
                return true;
        }
    return false;
}

static void last_line(const rig_peer_run *run, char *out, size_t size)
{
    char said[SAID_BYTES];
    rig_text text;
    rig_text_init(&text, said, sizeof said);
    rig_peer_said(run, &text);
    while (text.len && (said[text.len - 1] == '\n' || said[text.len - 1] == ' '))
        said[--text.len] = 0;
    const char *line = strrchr(said, '\n');
    snprintf(out, size, "%s", line ? line + 1 + strspn(line + 1, " ") : said + strspn(said, " "));
}

rig_status rig_peer_lacking(rig_peer_run *run, rig_error *err)
{
    const rig_peer *peer = run->peer;
    int ended_with = 0;
    char why[160];
    for (uint32_t i = 0; i < peer->num_needs; i++)
        if (!program_is_here(run, peer->needs[i]))
            return rig_fail(err, RIG_E_NOT_FOUND, "no %.*s here", RIG_VIEW_ARG(peer->needs[i]));
    rig_status status = run_section(run, RIG_PEER_HAVE, HAVE_TIME, &ended_with, err);
    if (status || ended_with == 0)
        return status;
    last_line(run, why, sizeof why);
    return rig_fail(err, RIG_E_NOT_FOUND, "%s", why[0] ? why : "its section have failed, and said nothing");
}

rig_status rig_peer_version(rig_peer_run *run, char *out, size_t size, rig_error *err)
{
    char how[64];
    int ended_with = 0;
    rig_status status = run_section(run, RIG_PEER_VERSION, SECTION_TIME, &ended_with, err);
    if (status)
        return status;
    if (ended_with)
        return failed(run, RIG_PEER_VERSION, err, end_words(how, ended_with));
    last_line(run, out, size);
    return out[0] ? RIG_OK : failed(run, RIG_PEER_VERSION, err, "printed nothing");
}

/* ---- its life ---- */

/* Until its ready section succeeds. */
static rig_status wait_ready(rig_peer_run *run, rig_error *err)
{
    char how[64], number[16];
    uint64_t until = rig_loop_now(run->loop) + run->peer->ready_ns;
    int not_ready = 1;
    snprintf(number, sizeof number, "%d", rig_peer_pid(run));
    if (!set(run, "pid", number))
        return RIG_E_LIMIT;
    while (not_ready) {
        if (run->main.done)
            return failed(run, RIG_PEER_START, err, end_words(how, run->main.status));
        if (stopped(run) || rig_loop_now(run->loop) >= until)
            return failed(run, RIG_PEER_READY, err,
                          stopped(run) ? "was interrupted" : "did not succeed in time");
        rig_status status =
            run_section(run, RIG_PEER_READY, until - rig_loop_now(run->loop), &not_ready, err);
        if (status)
            return status;
        if (not_ready)
            pump(run, rig_loop_now(run->loop) + SLICE);
    }
    return RIG_OK;
}

static rig_status up_once(rig_peer_run *run, rig_error *err)
{
    char how[64];
    int ended_with = 0;
    rig_status status = start_section(run, RIG_PEER_START, &run->main, err);
    if (!status)
        status = wait_ready(run, err);
    if (!status)
        status = run_section(run, RIG_PEER_SET_UP, SECTION_TIME, &ended_with, err);
    if (!status && ended_with)
        status = failed(run, RIG_PEER_SET_UP, err, end_words(how, ended_with));
    return status;
}

static void down(rig_peer_run *run)
{
    int ignored = 0;
    char kept[RIG_PEER_TEXT_MAX];
    memcpy(kept, run->log, sizeof kept);
    if (run->main.child) {
        run->config.stop = NULL; /* whoever is interrupted still cleans up */
        run_section(run, RIG_PEER_STOP, SECTION_TIME, &ignored, NULL);
    }
    finish(run, &run->main);
    memcpy(run->log, kept, sizeof kept);
}

rig_status rig_peer_up(rig_peer_run *run, rig_error *err)
{
    rig_status status = RIG_OK;
    for (unsigned turn = 0; turn < TURNS && run->peer->lines[RIG_PEER_START]; turn++) {
        status = up_once(run, err);
        bool by_itself = run->main.done;
        if (!status)
            return RIG_OK;
        bool last = !by_itself || port_is_given(run) || stopped(run) || turn + 1 == TURNS;
        const volatile int *stop = run->config.stop;
        down(run);
        run->config.stop = stop;
        if (last || !choose_port(run))
            return status;
    }
    return status;
}

bool rig_peer_runs(rig_peer_run *run, int *out_status)
{
    pump(run, rig_loop_now(run->loop) + RIG_MILLISECOND);
    *out_status = run->main.status;
    return !run->main.done;
}

int rig_peer_pid(const rig_peer_run *run)
{
    return run->main.child ? rig_child_pid(run->main.child) : 0;
}

void rig_peer_wait(rig_peer_run *run, uint64_t ns)
{
    uint64_t until = rig_loop_now(run->loop) + ns;
    while (!run->main.done && !stopped(run) && rig_loop_now(run->loop) < until)
        rig_loop_run_once(run->loop, rig_loop_now(run->loop) + SLICE);
}

void rig_peer_down(rig_peer_run *run)
{
    if (!run)
        return;
    down(run);
    rig_loop_free(run->loop);
    rig_delete(run->config.alloc, run, sizeof *run);
}

/* ---- what is told of it ---- */

static void add_tail(rig_text *out, const char *path)
{
    char bytes[SAID_BYTES];
    FILE *file = fopen(path, "r");
    if (!file)
        return;
    if (fseek(file, -(long)sizeof bytes, SEEK_END))
        rewind(file);
    size_t len = fread(bytes, 1, sizeof bytes, file), from = len, lines = 0;
    fclose(file);
    while (from && lines <= SAID_LINES)
        lines += bytes[--from] == '\n' && from + 1 < len;
    from += lines > SAID_LINES;
    for (rig_view rest = rig_view_of(bytes + from, len - from); rest.len;) {
        rig_text_add(out, "  ");
        rig_view line = rig_view_split(&rest, '\n');
        for (size_t i = 0; i < line.len; i++)
            rig_text_add(out, "%c", line.ptr[i] >= ' ' && line.ptr[i] != 127 ? line.ptr[i] : '?');
        rig_text_add(out, "\n");
    }
}

void rig_peer_said(const rig_peer_run *run, rig_text *out)
{
    char main_log[RIG_PEER_TEXT_MAX];
    add_tail(out, run->log);
    snprintf(main_log, sizeof main_log, "%s/%s.log", run->config.folder, section_names[RIG_PEER_START]);
    if (strcmp(main_log, run->log) != 0 && run->peer->lines[RIG_PEER_START])
        add_tail(out, main_log);
}

rig_status rig_peer_fill(const rig_peer_run *run, const rig_peer_way *way, char *out, size_t size)
{
    static const char *const names[] = {"host", "port", "iqn"};
    rig_text text;
    rig_text_init(&text, out, size);
    for (rig_view rest = way->text; rest.len;) {
        size_t i = 0, num = sizeof names / sizeof names[0];
        rig_view inside = rig_view_sub(rest, 1, rest.len);
        size_t end = rig_view_find(inside, '}');
        while (i < num && !(rest.ptr[0] == '{' && rig_view_is(rig_view_sub(inside, 0, end), names[i])))
            i++;
        if (i < num)
            rig_text_add(&text, "%s", rig_peer_value(run, names[i]));
        else
            rig_text_view(&text, rig_view_sub(rest, 0, 1));
        rest = rig_view_sub(rest, i < num ? end + 2 : 1, rest.len);
    }
    return text.cut ? RIG_E_LIMIT : RIG_OK;
}
