/* iscsirig matrix: scenarios and peers. */
#include "manual.h"
#include "matrix.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile int stop_now;

static void on_signal(int signum)
{
    (void)signum;
    stop_now = 1;
}

static const struct {
    const char *name;
    matrix_page_fn *put;
} pages[] = {{"markdown", matrix_markdown}, {"html", matrix_html}, {"json", matrix_json}};

#define NUM_PAGES (sizeof pages / sizeof pages[0])

static const cli_option options[] = {
    {0, NULL, NULL, "Peers", 0},
    {'p', "peer", "FILE|NAME", "a peer; repeatable (default: every peer there is)", 0},
    {'l', "list", NULL, "say which peers there are, and which can be had here", 0},
    {'D', "D", "NAME=VALUE", "a value for the shell lines of the peers; repeatable", 0},
    {'H', "hold", "DIR", "only start one peer, until SIGTERM; DIR/ready appears when it is ready", 0},
    {'d', "held", "DIR", "play one peer that --hold has started", 0},
    {0, NULL, NULL, "Playing", 0},
    {'t', "timeout", "SECONDS", "real time a case may take (default: 20)", 0},
    {'f', "folder", "DIR", "where records are kept (default: matrix, in the folder of state)", 0},
    {'c', "pcap-dir", "DIR", "keep captures of failed cases here", 0},
    {0, NULL, NULL, "Tables", 0},
    {'o', "pages-only", NULL, "play nothing: make the tables of what is in the folder of records", 0},
    {'0', "markdown", "FILE", "the table as Markdown, - for standard output", 0},
    {'1', "html", "FILE", "the same as one HTML page", 0},
    {'2', "json", "FILE", "the same as JSON, schema iscsirig-matrix/1", 0},
    {0}};

const cli_manual cmd_matrix_manual = {
    .synopsis = "[OPTION…] [FILE|FOLDER…]",
    .about = (const char *const[]){"Starts each peer as its file says, plays scenarios with it, and makes a "
                                   "table of what came of it, with "
                                   "versions. Without FILE or FOLDER: for targets the scenarios tagged live, "
                                   "for initiators those tagged "
                                   "peer-initiator.",
                                   NULL},
    .more = (const char *const[]){"A peer file says what a product needs, how it is started and ended, where "
                                  "it is reached or by which "
                                  "command, what it lacks, and which of its failures are known. FORMAT.md "
                                  "beside the peers that are "
                                  "installed describes it.",
                                  "Records stay in the folder, so that a run that is interrupted is worth "
                                  "something, and the next replaces "
                                  "the columns that it plays. A peer that does not come up, or that ends by "
                                  "itself, is told with the place "
                                  "in its file and its last output, and the others are played.",
                                  NULL},
    .options = {options},
    .status = (const cli_status[]){{0, "all as expected"},
                                   {1, "failures, or a peer that did not start or ended by itself"},
                                   {2, "usage or environment, or it was interrupted"},
                                   {77, "all skipped: no peer can be had here"},
                                   {127, "all skipped, and the peers lack the feature"},
                                   {0}},
    .examples = (const char *const[]){"--list", "--peer tgtd --peer libiscsi --markdown - --html table.html",
                                      "--peer my.peer scenarios/live", NULL},
    .takes = ".scn"};

/* ---- peers ---- */

static void tell_problem(void *ctx, const rig_error *err)
{
    fprintf(stderr, "%s:%u:%u: %s\n", (const char *)ctx, err->line, err->col, err->text);
}

static int read_peer(matrix_options *o, const char *path)
{
    char *bytes = NULL;
    size_t len = 0;
    rig_error err = {0};
    if (cli_read(path, RIG_PEER_FILE_MAX, &bytes, &len, &err))
        return cli_complain("--peer: %s", err.text);
    rig_peer **peer = &o->peers[o->num_peers];
    rig_status status = rig_peer_open(rig_alloc_libc(), path, rig_view_of(bytes, len), tell_problem,
                                      (void *)(uintptr_t)path, peer);
    rig_delete(rig_alloc_libc(), bytes, len + 1);
    for (size_t i = 0; !status && i < o->num_peers; i++)
        if (rig_view_eq(o->peers[i]->name, (*peer)->name)) {
            int bad = cli_complain("%s and %s are both called %.*s", o->peers[i]->path, path,
                                   RIG_VIEW_ARG((*peer)->name));
            rig_peer_free(*peer);
            return bad;
        }
    o->num_peers += status == RIG_OK;
    return status ? CLI_USAGE : CLI_OK;
}

static bool peers_folder(char *out)
{
    return cli_data_path("harness/peers/tgtd.peer", out, CLI_PATH_SIZE) ||
           cli_data_path("peers/tgtd.peer", out, CLI_PATH_SIZE);
}

static int take_peer(matrix_options *o, const char *word)
{
    char path[CLI_PATH_SIZE], inside[128];
    if (o->num_peers == MATRIX_PEERS_MAX)
        return cli_complain("more than %d peers", MATRIX_PEERS_MAX);
    bool is_path = strchr(word, '/') || access(word, R_OK) == 0;
    int len = snprintf(inside, sizeof inside, "harness/peers/%s.peer", word);
    bool fits = len > 0 && (size_t)len < sizeof inside;
    if (is_path)
        return read_peer(o, word);
    if (fits && (cli_data_path(inside, path, sizeof path) ||
                 cli_data_path(inside + strlen("harness/"), path, sizeof path)))
        return read_peer(o, path);
    return cli_complain("--peer %s: no such file, and no peer of that name; --list shows those there are",
                        word);
}

static int peer_files(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 5 && strcmp(entry->d_name + len - 5, ".peer") == 0;
}

static int take_every_peer(matrix_options *o)
{
    char folder[CLI_PATH_SIZE], path[2 * CLI_PATH_SIZE];
    struct dirent **files = NULL;
    if (!peers_folder(folder))
        return cli_complain("no peer files here; ISCSIRIG_DATA names the folder of the project's data");
    *strrchr(folder, '/') = 0;
    int num = scandir(folder, &files, peer_files, alphasort), bad = CLI_OK;
    for (int i = 0; i < num; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]->d_name);
        if (o->num_peers == MATRIX_PEERS_MAX || read_peer(o, path))
            bad = CLI_USAGE;
        free(files[i]);
    }
    free(files);
    return bad;
}

/* ---- options ---- */

static int take_setting(matrix_options *o, char *word)
{
    char *equal = strchr(word, '=');
    size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyz_");
    if (!equal || equal == word || word + len != equal || o->num_settings == RIG_PEER_SETTINGS_MAX)
        return cli_complain("-D: wanted NAME=VALUE with a name of a-z and _, came \"%s\"", word);
    *equal = 0;
    o->settings[o->num_settings++] = (rig_peer_setting){word, equal + 1};
    return CLI_OK;
}

static int take_timeout(matrix_options *o, const char *word)
{
    uint64_t seconds = 0;
    if (!rig_view_u64(rig_view_str(word), &seconds) || !seconds || seconds > 86400)
        return cli_complain("--timeout: wanted seconds, 1 to 86400, came \"%s\"", word);
    o->timeout = word;
    return CLI_OK;
}

static int take_folder(matrix_options *o, const char *word)
{
    int len = snprintf(o->folder, sizeof o->folder, "%s", word);
    return len > 0 && len < CLI_PATH_SIZE / 2 ? CLI_OK : cli_complain("--folder: too long, or empty");
}

/* What --hold has written: where its peer is, and what it calls itself. */
static int take_held(matrix_options *o, const char *folder)
{
    static const char *const names[] = {"host", "port", "iqn"};
    char path[CLI_PATH_SIZE];
    size_t len = 0;
    rig_error err = {0};
    if (!matrix_path(path, "%s/ready", folder) || cli_read(path, 1u << 16, &o->held, &len, &err))
        return cli_complain("--held: %s", err.text[0] ? err.text : "too long a name");
    for (char *line = o->held, *end; line && *line; line = end) {
        end = strchr(line, '\n');
        if (end)
            *end++ = 0;
        char *equal = strchr(line, '=');
        if (!equal)
            return cli_complain("%s: wanted NAME=VALUE, came \"%s\"", path, line);
        *equal = 0;
        for (size_t i = 0; i < sizeof names / sizeof names[0] && o->num_settings < RIG_PEER_SETTINGS_MAX; i++)
            if (strcmp(line, names[i]) == 0)
                o->settings[o->num_settings++] = (rig_peer_setting){line, equal + 1};
        if (strcmp(line, "version") == 0)
            o->held_version = equal + 1;
    }
    o->held_len = len;
    return o->held_version ? CLI_OK : cli_complain("%s: no version in it", path);
}

static int take(matrix_options *o, int c, char *value)
{
    switch (c) {
    case 'p':
        return take_peer(o, value);
    case 'D':
        return take_setting(o, value);
    case 't':
        return take_timeout(o, value);
    case 'f':
        return take_folder(o, value);
    case 'l':
        o->list = true;
        return CLI_OK;
    case 'o':
        o->replay = true;
        return CLI_OK;
    case 'c':
        o->pcap_dir = value;
        return CLI_OK;
    case 'd':
        return take_held(o, value);
    case 'H':
        o->hold = value;
        return CLI_OK;
    default:
        o->pages[c - '0'] = value;
        return CLI_OK;
    }
}

static int take_paths(matrix_options *o, int num, char **paths)
{
    static char folder[CLI_PATH_SIZE];
    if (num > MATRIX_PATHS_MAX)
        return cli_complain("more than %d files and folders", MATRIX_PATHS_MAX);
    o->any_paths = num > 0;
    for (int i = 0; i < num; i++)
        o->paths[o->num_paths++] = paths[i];
    if (!num && cli_data_path("scenarios", folder, sizeof folder))
        o->paths[o->num_paths++] = folder;
    return CLI_OK;
}

static int parse(matrix_options *o, int argc, char **argv)
{
    cli_args args;
    int bad = CLI_OK;
    cli_args_begin(&args, "matrix", argc, argv);
    for (int c; (c = cli_args_next(&args)) != 0;) {
        if (c < 0)
            return args.end ? args.end : -1;
        bad = take(o, c, optarg) ? CLI_USAGE : bad;
    }
    return bad ? bad : take_paths(o, argc - optind, argv + optind);
}

static int folders(matrix_options *o)
{
    if (!o->folder[0] && !cli_state_path("matrix", o->folder, CLI_PATH_SIZE / 2))
        return cli_complain("no folder for records; --folder names one");
    if (!cli_state_path("peers", o->cache, sizeof o->cache))
        matrix_path(o->cache, "%s/cache", o->folder);
    if (!o->replay && !cli_make_folder(o->folder))
        return cli_complain("%s: %s", o->folder, strerror(errno));
    if (!cli_make_folder(o->cache))
        return cli_complain("%s: %s", o->cache, strerror(errno));
    char *whole = realpath(o->folder, NULL);
    if (whole)
        snprintf(o->folder, sizeof o->folder, "%s", whole);
    free(whole);
    return CLI_OK;
}

/* ---- what is asked for ---- */

static int list_peers(const matrix_options *o)
{
    char folder[CLI_PATH_SIZE];
    for (size_t i = 0; i < o->num_peers && !stop_now; i++) {
        const rig_peer *peer = o->peers[i];
        char version[RIG_PEER_VERSION_MAX] = "";
        rig_error err = {0};
        if (!matrix_path(folder, "%s/list", o->folder) || !cli_make_folder(folder))
            return cli_complain("%s: %s", folder, strerror(errno));
        rig_peer_run *run = matrix_prepare(o, peer, folder);
        if (run && !rig_peer_lacking(run, &err))
            rig_peer_version(run, version, sizeof version, &err);
        printf("%-18.*s %-10s %-24s %.*s%s%s\n", RIG_VIEW_ARG(peer->name),
               peer->kind == RIG_PEER_TARGET ? "target" : "initiator", version[0] ? version : "-",
               RIG_VIEW_ARG(peer->title), err.text[0] ? "; cannot be had: " : "", err.text);
        rig_peer_down(run);
    }
    return CLI_OK;
}

static int put_page(const matrix_options *o, size_t page, const json_t *table)
{
    const char *path = o->pages[page];
    bool screen = strcmp(path, "-") == 0;
    FILE *file = screen ? stdout : fopen(path, "w");
    if (!file)
        return cli_complain("%s: %s", path, strerror(errno));
    pages[page].put(file, table);
    bool bad = fflush(file) != 0;
    bad |= !screen && fclose(file) != 0;
    return bad ? cli_complain("%s: could not be written", path) : CLI_OK;
}

/* What all cells of the table come to. */
static int judge(const json_t *table)
{
    const char *path, *name;
    json_t *row, *cell;
    bool failed = false, good = false, lacks = false;
    json_object_foreach(json_object_get(table, "rows"), path, row)
        json_object_foreach(json_object_get(row, "cells"), name, cell)
    {
        failed = failed || json_object_get(cell, "failed");
        good = good || json_object_get(cell, "pass") || json_object_get(cell, "known");
        lacks = lacks || json_object_get(cell, "lacks");
    }
    return failed ? CLI_FAILED : good ? CLI_OK : lacks ? CLI_UNSUPPORTED : CLI_SKIPPED;
}

static void put_summary(const json_t *table)
{
    size_t i;
    json_t *peer, *row;
    const char *path;
    uint64_t sums[3] = {0};
    static const char *const words[3][2] = {{"pass", "pass"}, {"failed", "failed"}, {"known", "lacks"}};
    json_object_foreach(json_object_get(table, "rows"), path, row)
        json_array_foreach(json_object_get(table, "peers"), i, peer)
    {
        const json_t *name = json_object_get(peer, "peer");
        const json_t *cell = json_object_get(json_object_get(row, "cells"), json_string_value(name));
        for (size_t s = 0; s < 3; s++) {
            sums[s] += (uint64_t)json_integer_value(json_object_get(cell, words[s][0]));
            sums[s] += s == 2 ? (uint64_t)json_integer_value(json_object_get(cell, words[s][1])) : 0;
            sums[s] += s == 2 ? (uint64_t)json_integer_value(json_object_get(cell, "skipped")) : 0;
        }
    }
    fprintf(stderr, "%llu passed, %llu failed, %llu skipped\n", (unsigned long long)sums[0],
            (unsigned long long)sums[1], (unsigned long long)sums[2]);
}

static int make_pages(const matrix_options *o)
{
    json_t *table = matrix_table(o);
    if (!table)
        return CLI_USAGE;
    int bad = CLI_OK;
    for (size_t i = 0; i < NUM_PAGES; i++)
        if (o->pages[i] && put_page(o, i, table))
            bad = CLI_USAGE;
    put_summary(table);
    bad = bad ? bad : judge(table);
    json_decref(table);
    return bad;
}

static int play_peers(const matrix_options *o)
{
    cli_pack pack = {0};
    uint64_t states[MATRIX_STATES] = {0};
    int bad = o->num_paths ? cli_pack_load(&pack, (char **)(uintptr_t)o->paths, o->num_paths)
                           : cli_complain("no scenarios here");
    for (size_t i = 0; !bad && i < o->num_peers && !stop_now; i++)
        states[matrix_play(o, o->peers[i], &pack)]++;
    cli_pack_free(&pack);
    if (bad)
        return bad;
    int status = make_pages(o);
    bool broken = states[MATRIX_NOT_STARTED] || states[MATRIX_BROKEN];
    if (status == CLI_USAGE || stop_now)
        return CLI_USAGE;
    return broken ? CLI_FAILED : status;
}

static int matrix(matrix_options *o)
{
    int bad = o->num_peers ? CLI_OK : take_every_peer(o);
    if (!bad)
        bad = folders(o);
    if (bad)
        return bad;
    if (o->list)
        return list_peers(o);
    if ((o->hold || o->held) && o->num_peers != 1)
        return cli_complain("%s: wanted one --peer", o->hold ? "--hold" : "--held");
    return o->hold ? matrix_hold(o, o->peers[0]) : o->replay ? make_pages(o) : play_peers(o);
}

int cmd_matrix(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = on_signal};
    matrix_options *o = calloc(1, sizeof *o);
    if (!o)
        return cli_complain("no memory");
    o->timeout = "20";
    o->stop = &stop_now;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    int bad = parse(o, argc, argv);
    bad = bad < 0 ? CLI_OK : bad ? bad : matrix(o);
    for (size_t i = 0; i < o->num_peers; i++)
        rig_peer_free(o->peers[i]);
    rig_delete(rig_alloc_libc(), o->held, o->held ? o->held_len + 1 : 0);
    free(o);
    return bad;
}
