/* A peer, and what is played with it: each way of the peer is one `iscsirig run` of its own, so that nothing
 * a peer does to it ends the matrix. */
#include "matrix.h"

#include "rig/timerq.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 32 /* of a run, besides the scenarios */
#define REASON_MAX 1024
#define SAID_MAX 8192

/* One peer while it is played. */
typedef struct playing {
    const matrix_options *options;
    const rig_peer *peer;
    const cli_pack *pack;
    rig_peer_run *run;
    char version[RIG_PEER_VERSION_MAX];
    char folder[CLI_PATH_SIZE]; /* the peer's own */
    char known[CLI_PATH_SIZE];  /* its known failures, "" none */
    char reason[REASON_MAX];
    json_t *lacking, *records;
    matrix_state state;
} playing;

static const char *const state_words[MATRIX_STATES] = {"played", "absent", "not-started", "broken",
                                                       "interrupted"};

const char *matrix_state_word(matrix_state state)
{
    return state_words[state];
}

/* ---- what its records are called ---- */

bool matrix_path(char *out, const char *format, ...)
{
    rig_text text;
    va_list args;
    rig_text_init(&text, out, CLI_PATH_SIZE);
    va_start(args, format);
    rig_text_vadd(&text, format, args);
    va_end(args);
    return !text.cut;
}

static void record_path(const playing *p, rig_peer_ability ability, const char *kind, char *out)
{
    const char *tag = rig_peer_ability_tag(ability);
    matrix_path(out, "%s/%.*s.%s.%s", p->options->folder, RIG_VIEW_ARG(p->peer->name), tag ? tag : "plain",
                kind);
}

static bool set_peer(json_t *o, const playing *p)
{
    const rig_peer *peer = p->peer;
    const char *kind = peer->kind == RIG_PEER_TARGET ? "target" : "initiator";
    return !json_object_set_new(o, "schema", json_string("iscsirig-matrix-peer/1")) &&
           !json_object_set_new(o, "peer", json_stringn((const char *)peer->name.ptr, peer->name.len)) &&
           !json_object_set_new(o, "title", json_stringn((const char *)peer->title.ptr, peer->title.len)) &&
           !json_object_set_new(o, "kind", json_string(kind)) &&
           !json_object_set_new(o, "version", json_string(p->version[0] ? p->version : "?")) &&
           !json_object_set_new(o, "commit", json_string(cli_commit())) &&
           !json_object_set_new(o, "state", json_string(state_words[p->state])) &&
           !json_object_set_new(o, "reason", json_string(p->reason)) &&
           !json_object_set(o, "lacking", p->lacking) && !json_object_set(o, "records", p->records);
}

static json_t *known_value(const playing *p)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < p->peer->num_known; i++) {
        const rig_peer_known *k = &p->peer->known[i];
        if (rig_view_is(k->version, p->version))
            json_array_append_new(list, json_pack("{s:s%,s:s%,s:s%}", "scenario", k->scenario.ptr,
                                                  k->scenario.len, "reason", k->reason.ptr, k->reason.len,
                                                  "seen", k->seen.ptr, k->seen.len));
    }
    return list;
}

/* Beside its old self first, so that nobody reads half of it. */
static void write_record(const playing *p)
{
    char path[CLI_PATH_SIZE], fresh[CLI_PATH_SIZE];
    json_t *o = json_object();
    matrix_path(path, "%s/%.*s.json", p->options->folder, RIG_VIEW_ARG(p->peer->name));
    matrix_path(fresh, "%s.new", path);
    if (!o || !set_peer(o, p) || json_object_set_new(o, "known", known_value(p)) ||
        json_dump_file(o, fresh, JSON_COMPACT) || rename(fresh, path))
        cli_complain("%s: could not be written", path);
    json_decref(o);
}

/* ---- its life ---- */

static bool empty_folder(const char *folder)
{
    char command[] = "rm -rf -- \"$1\" && mkdir -p -m 700 -- \"$1\"", shell[] = "sh", option[] = "-c";
    char *copy = strdup(folder), *argv[] = {shell, option, command, shell, copy, NULL};
    pid_t child = 0;
    int status = 1;
    if (copy && posix_spawn(&child, "/bin/sh", NULL, NULL, argv, environ) == 0)
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
    free(copy);
    return status == 0;
}

rig_peer_run *matrix_prepare(const matrix_options *options, const rig_peer *peer, const char *folder)
{
    rig_peer_run *run = NULL;
    rig_error err = {0};
    const rig_peer_config config = {.alloc = rig_alloc_libc(),
                                    .folder = folder,
                                    .cache = options->cache,
                                    .settings = options->settings,
                                    .num_settings = options->num_settings,
                                    .stop = options->stop};
    if (rig_peer_new(peer, &config, &run, &err))
        cli_complain("%s: %s", peer->path, err.text);
    return run;
}

/* The first line is kept as the reason, the peer's last words are only said. */
static void tell(playing *p, matrix_state state, const rig_error *err)
{
    char said[SAID_MAX];
    rig_text text;
    p->state = *p->options->stop ? MATRIX_INTERRUPTED : state;
    snprintf(p->reason, sizeof p->reason, "%s", err->text);
    if (state == MATRIX_ABSENT) {
        printf("%.*s: cannot be had: %s\n", RIG_VIEW_ARG(p->peer->name), err->text);
        return;
    }
    rig_text_init(&text, said, sizeof said);
    rig_peer_said(p->run, &text);
    fflush(stdout);
    if (err->line)
        fprintf(stderr, "%s:%u:1: %s%s\n", p->peer->path, err->line, err->text,
                text.len ? "; its last output:" : ", and said nothing");
    else
        fprintf(stderr, "%s: %s%s\n", p->peer->path, err->text, text.len ? "; its last output:" : "");
    fputs(said, stderr);
}

static bool come_up(playing *p)
{
    rig_error err = {0};
    if (p->options->held_version) {
        snprintf(p->version, sizeof p->version, "%s", p->options->held_version);
        return true;
    }
    rig_status status = rig_peer_lacking(p->run, &err);
    if (status)
        tell(p, status == RIG_E_NOT_FOUND ? MATRIX_ABSENT : MATRIX_NOT_STARTED, &err);
    if (!status && (status = rig_peer_version(p->run, p->version, sizeof p->version, &err)) != RIG_OK)
        tell(p, MATRIX_NOT_STARTED, &err);
    if (!status && (status = rig_peer_up(p->run, &err)) != RIG_OK)
        tell(p, MATRIX_NOT_STARTED, &err);
    return status == RIG_OK;
}

static void still_there(playing *p)
{
    rig_error err = {0};
    int ended = 0;
    if (rig_peer_runs(p->run, &ended) || *p->options->stop)
        return;
    err.line = p->peer->lines[RIG_PEER_START] - 1;
    rig_fail(&err, RIG_E_CLOSED, "%.*s ended by itself while it was played (status %d)",
             RIG_VIEW_ARG(p->peer->name), ended);
    tell(p, MATRIX_BROKEN, &err);
}

static bool write_known(const rig_peer *peer, const char *version, const char *path)
{
    FILE *file = fopen(path, "w");
    bool any = false;
    for (uint32_t i = 0; file && i < peer->num_known; i++) {
        const rig_peer_known *k = &peer->known[i];
        if (!rig_view_is(k->version, version))
            continue;
        any = true;
        fprintf(file, "%.*s\t%s\t%.*s\t%.*s\n", RIG_VIEW_ARG(k->scenario), version, RIG_VIEW_ARG(k->reason),
                RIG_VIEW_ARG(k->seen));
    }
    return file && fclose(file) == 0 && any;
}

/* ---- which scenarios go which way ---- */

static bool tagged(const cli_scenario *scenario, const char *tag)
{
    rig_scn *scn = NULL;
    bool has =
        rig_scn_case(scenario->file, 0, &scn, NULL) == RIG_OK && rig_scn_selected(scn, rig_view_str(tag));
    rig_scn_free(scn);
    return has;
}

/* Those nobody named are the ones made for such peers; another kind of peer has no use for the others'. */
static bool is_for(const playing *p, const cli_scenario *scenario)
{
    bool target = p->peer->kind == RIG_PEER_TARGET;
    bool for_initiators = tagged(scenario, "peer-initiator");
    if (target == for_initiators)
        return false;
    return p->options->any_paths || for_initiators || tagged(scenario, "live");
}

/* Scenarios that are not made for products bring credentials that no product knows. */
static rig_peer_ability ability_of(const playing *p, const cli_scenario *scenario)
{
    if (p->peer->kind == RIG_PEER_TARGET && !tagged(scenario, "live"))
        return RIG_PEER_PLAIN;
    for (unsigned i = 1; i < RIG_PEER_ABILITIES; i++)
        if (rig_peer_ability_of((rig_peer_ability)i, p->peer->kind) &&
            tagged(scenario, rig_peer_ability_tag((rig_peer_ability)i)))
            return (rig_peer_ability)i;
    return RIG_PEER_PLAIN;
}

static void note_lacking(playing *p, const cli_scenario *scenario, const rig_peer_way *way,
                         rig_peer_ability ability)
{
    char reason[REASON_MAX];
    rig_scn *scn = NULL;
    if (way)
        snprintf(reason, sizeof reason, "%.*s", RIG_VIEW_ARG(way->text));
    else
        snprintf(reason, sizeof reason, "its file names no way for %s", rig_peer_ability_tag(ability));
    if (rig_scn_case(scenario->file, 0, &scn, NULL) == RIG_OK)
        json_array_append_new(p->lacking, json_pack("{s:s,s:s%,s:s}", "path", scenario->source.path, "title",
                                                    scn->title.ptr, scn->title.len, "reason", reason));
    rig_scn_free(scn);
}

/* ---- one run ---- */

typedef struct words {
    char **ptr;
    size_t num;
    char text[4][CLI_PATH_SIZE]; /* those that were made */
} words;

static void add(words *w, const char *word)
{
    w->ptr[w->num++] = (char *)(uintptr_t)word;
}

static void add_common(words *w, const playing *p)
{
    static const char *const always[] = {"iscsirig", "run", "--peer-name"};
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        add(w, always[i]);
    add(w, p->version);
    add(w, "--timeout");
    add(w, p->options->timeout);
    if (p->known[0]) {
        add(w, "--known-failures");
        add(w, p->known);
    }
    if (p->options->pcap_dir) {
        add(w, "--pcap-dir");
        add(w, p->options->pcap_dir);
    }
}

static bool add_way(words *w, const playing *p, const rig_peer_way *way)
{
    char *filled = w->text[0];
    if (p->peer->kind == RIG_PEER_INITIATOR) {
        snprintf(filled, CLI_PATH_SIZE, "%.*s", RIG_VIEW_ARG(way->text));
        add(w, "--initiator-command");
    } else {
        if (rig_peer_fill(p->run, way, filled, CLI_PATH_SIZE))
            return false;
        add(w, "--allow-writes");
        if (way->ability == RIG_PEER_CHAP)
            add(w, "--peer-chap");
        add(w, "--target");
    }
    add(w, filled);
    return true;
}

/* Waits for it, and passes on what ends us: the run then still writes its record. */
static int await_run(const playing *p, pid_t child)
{
    int status = 0;
    bool told = false;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        if (*p->options->stop && !told) {
            kill(child, SIGINT);
            told = true;
        }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Commands of initiators find the variables of the peer's other shell lines. Freed with free_environment. */
static char **make_environment(const playing *p)
{
    size_t num = 0, at = 0;
    rig_peer_setting variable;
    while (environ[num])
        num++;
    for (uint32_t i = 0; rig_peer_variable(p->run, i, &variable); i++)
        num++;
    char **list = calloc(num + 1, sizeof *list);
    for (size_t i = 0; list && environ[i]; i++)
        list[at++] = strdup(environ[i]);
    for (uint32_t i = 0; list && rig_peer_variable(p->run, i, &variable); i++)
        if (asprintf(&list[at], "%s=%s", variable.name, variable.value) >= 0)
            at++;
    return list;
}

static void free_environment(char **list)
{
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}

static int spawn_run(const playing *p, char **argv, const char *log)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t child = 0;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP); /* Ctrl-C is ours to pass on */
    char **environment = make_environment(p);
    int bad = environment ? posix_spawn(&child, "/proc/self/exe", &actions, &attributes, argv, environment)
                          : ENOMEM;
    free_environment(environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return bad ? cli_complain("a run could not be started: %s", strerror(bad)) : await_run(p, child);
}

static void last_line_of(const char *path, char *out, size_t size)
{
    char *text = NULL;
    size_t len = 0;
    rig_error err = {0};
    out[0] = 0;
    if (cli_read(path, 1u << 24, &text, &len, &err))
        return;
    size_t end = len;
    while (end && (text[end - 1] == '\n' || text[end - 1] == ' '))
        end--;
    size_t from = end;
    while (from && text[from - 1] != '\n')
        from--;
    snprintf(out, size, "%.*s", (int)(end - from), text + from);
    rig_delete(rig_alloc_libc(), text, len + 1);
}

static void judge_run(playing *p, int status, const char *record, const char *log)
{
    rig_error err = {0};
    if (access(record, R_OK) == 0) {
        const char *slash = strrchr(record, '/');
        json_array_append_new(p->records, json_string(slash ? slash + 1 : record));
        return;
    }
    char last[160];
    last_line_of(log, last, sizeof last);
    rig_fail(&err, RIG_E_IO, "the run left no record (status %d): %s", status, last);
    if (!*p->options->stop)
        tell(p, MATRIX_BROKEN, &err);
}

static void play_way(playing *p, const rig_peer_way *way, rig_peer_ability ability, char **paths, size_t num)
{
    char record[CLI_PATH_SIZE], log[CLI_PATH_SIZE];
    words *w = calloc(1, sizeof *w);
    record_path(p, ability, "json", record);
    record_path(p, ability, "log", log);
    unlink(record);
    if (!w || !(w->ptr = calloc(num + ARGUMENTS_MAX, sizeof *w->ptr)) || *p->options->stop) {
        free(w ? (void *)w->ptr : NULL);
        free(w);
        return;
    }
    add_common(w, p);
    bool good = add_way(w, p, way);
    add(w, "--json");
    add(w, record);
    add(w, "--");
    for (size_t i = 0; i < num; i++)
        add(w, paths[i]);
    if (good)
        judge_run(p, spawn_run(p, w->ptr, log), record, log);
    free(w->ptr);
    free(w);
}

static void play_ability(playing *p, rig_peer_ability ability)
{
    const rig_peer_way *way = rig_peer_way_to(p->peer, ability);
    char **paths = calloc(p->pack->num + 1, sizeof *paths);
    size_t num = 0;
    for (size_t i = 0; paths && i < p->pack->num; i++) {
        const cli_scenario *scenario = p->pack->scenarios[i];
        if (!is_for(p, scenario) || ability_of(p, scenario) != ability)
            continue;
        if (!way || way->lacks)
            note_lacking(p, scenario, way, ability);
        else
            paths[num++] = scenario->source.path;
    }
    if (num)
        play_way(p, way, ability, paths, num);
    free(paths);
}

static void play_all(playing *p)
{
    matrix_path(p->known, "%s/known", p->folder);
    if (!write_known(p->peer, p->version, p->known))
        p->known[0] = 0;
    printf("%.*s: %s\n", RIG_VIEW_ARG(p->peer->name), p->version);
    fflush(stdout);
    for (unsigned i = 0; i < RIG_PEER_ABILITIES && !*p->options->stop; i++)
        play_ability(p, (rig_peer_ability)i);
    if (*p->options->stop) {
        p->state = MATRIX_INTERRUPTED;
        snprintf(p->reason, sizeof p->reason, "not every scenario was played");
    } else {
        still_there(p);
    }
}

matrix_state matrix_play(const matrix_options *options, const rig_peer *peer, const cli_pack *pack)
{
    playing *p = calloc(1, sizeof *p);
    matrix_state state = MATRIX_NOT_STARTED;
    if (!p)
        return state;
    *p = (playing){
        .options = options, .peer = peer, .pack = pack, .lacking = json_array(), .records = json_array()};
    int len =
        snprintf(p->folder, sizeof p->folder, "%s/%.*s.folder", options->folder, RIG_VIEW_ARG(peer->name));
    bool made = len > 0 && (size_t)len < sizeof p->folder && empty_folder(p->folder);
    if (!made)
        cli_complain("%s: %s", p->folder, "the folder cannot be made");
    p->run = made ? matrix_prepare(options, peer, p->folder) : NULL;
    if (!p->run)
        snprintf(p->reason, sizeof p->reason, "its folder could not be made");
    p->state = p->run ? MATRIX_PLAYED : MATRIX_NOT_STARTED;
    if (p->run && come_up(p))
        play_all(p);
    rig_peer_down(p->run);
    write_record(p);
    state = p->state;
    json_decref(p->lacking);
    json_decref(p->records);
    free(p);
    return state;
}

/* ---- for others ---- */

static bool put_ready(const playing *p)
{
    static const char *const values[] = {"host", "port", "iqn"};
    char path[CLI_PATH_SIZE], fresh[CLI_PATH_SIZE], url[RIG_PEER_TEXT_MAX];
    matrix_path(path, "%s/ready", p->options->hold);
    matrix_path(fresh, "%s/ready.new", p->options->hold);
    FILE *file = fopen(fresh, "w");
    if (!file)
        return false;
    fprintf(file, "version=%s\npid=%d\n", p->version, rig_peer_pid(p->run));
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        fprintf(file, "%s=%s\n", values[i], rig_peer_value(p->run, values[i]));
    for (uint32_t i = 0; i < p->peer->num_ways; i++) {
        const rig_peer_way *way = &p->peer->ways[i];
        const char *tag = rig_peer_ability_tag(way->ability);
        if (!way->lacks && !rig_peer_fill(p->run, way, url, sizeof url))
            fprintf(file, "%surl=%s\n", tag ? "chap_" : "", url);
    }
    return fclose(file) == 0 && rename(fresh, path) == 0;
}

static int hold(playing *p)
{
    int ended = 0;
    if (!come_up(p))
        return p->state == MATRIX_ABSENT ? CLI_SKIPPED : p->state == MATRIX_INTERRUPTED ? CLI_OK : CLI_FAILED;
    matrix_path(p->known, "%s/known", p->options->hold);
    write_known(p->peer, p->version, p->known);
    if (!put_ready(p))
        return cli_complain("%s/ready: %s", p->options->hold, strerror(errno));
    while (!*p->options->stop && rig_peer_runs(p->run, &ended))
        rig_peer_wait(p->run, RIG_SECOND);
    still_there(p);
    return p->state == MATRIX_PLAYED ? CLI_OK : CLI_FAILED;
}

int matrix_hold(const matrix_options *options, const rig_peer *peer)
{
    playing *p = calloc(1, sizeof *p);
    if (!p)
        return cli_complain("no memory");
    *p = (playing){.options = options, .peer = peer};
    if (peer->kind != RIG_PEER_TARGET || !cli_make_folder(options->hold)) {
        int bad = peer->kind != RIG_PEER_TARGET
                      ? cli_complain("--hold: %s is no target", peer->path)
                      : cli_complain("--hold %s: %s", options->hold, strerror(errno));
        free(p);
        return bad;
    }
    p->run = matrix_prepare(options, peer, options->hold);
    int status = p->run ? hold(p) : CLI_USAGE;
    rig_peer_down(p->run);
    free(p);
    return status;
}
