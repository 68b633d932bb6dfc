#include "run_options.h"

#include "choose.h"
#include "manual.h"
#include "rig/link.h"
#include "rig/timerq.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 64
#define SHARDS_MAX 1000000

typedef int take_fn(run_options *options, const char *name, char *value);

#define IN_RUN 1u
#define IN_PROVE 2u
#define IN_BOTH (IN_RUN | IN_PROVE)
#define FIRST_CODE 1000 /* of cli_args_next for the first row */
#define AGAIN 4u        /* a repeated case needs it, too */

typedef struct option_row {
    unsigned marks;
    const char *name;
    const char *value; /* name of its value, NULL = none */
    take_fn *take;
    const char *what;
    char letter; /* short form */
} option_row;

static bool number(const char *text, uint64_t *out)
{
    return rig_view_u64(rig_view_str(text), out);
}

static int wants(const char *name, const char *what, const char *value)
{
    return cli_complain("%s%s: wanted %s, came \"%s\"", name[1] ? "--" : "-", name, what, value);
}

static int take_address(run_options *o, const char *name, char *value)
{
    if (o->num_addresses == OPTIONS_MAX)
        return wants(name, "at most 64 of them", value);
    o->addresses[o->num_addresses++] = value;
    return cli_choose_check(value);
}

static int take_exclude(run_options *o, const char *name, char *value)
{
    if (o->num_excluded == OPTIONS_MAX)
        return wants(name, "at most 64 of them", value);
    o->excluded[o->num_excluded++] = value;
    return cli_choose_check(value);
}

/* Nothing on the standard output; what failed shows in the status and in reports. */
static int take_quiet(run_options *o, const char *name, char *value)
{
    (void)name;
    (void)value;
    o->screen = "";
    return CLI_OK;
}

static int take_define(run_options *o, const char *name, char *value)
{
    char *equal = strchr(value, '=');
    if (!equal || equal == value || o->num_defines == OPTIONS_MAX)
        return wants(name, "NAME=VALUE", value);
    o->defines[o->num_defines++] =
        (rig_scn_binding){rig_view_of(value, (size_t)(equal - value)), rig_view_str(equal + 1)};
    return CLI_OK;
}

static int take_jobs(run_options *o, const char *name, char *value)
{
    uint64_t jobs = 0;
    if (!number(value, &jobs) || jobs == 0 || jobs > 256)
        return wants(name, "1 to 256", value);
    o->jobs = (long)jobs;
    return CLI_OK;
}

static int take_seed(run_options *o, const char *name, char *value)
{
    o->run.has_seed = number(value, &o->run.seed);
    return o->run.has_seed ? CLI_OK : wants(name, "a number", value);
}

static int take_repeat(run_options *o, const char *name, char *value)
{
    return number(value, &o->repeat) && o->repeat > 0 && o->repeat <= 1000000
               ? CLI_OK
               : wants(name, "1 to 1000000", value);
}

static int take_timeout(run_options *o, const char *name, char *value)
{
    uint64_t seconds = 0;
    if (!number(value, &seconds) || seconds == 0 || seconds > 86400)
        return wants(name, "seconds, 1 to 86400", value);
    o->run.timeout = seconds * RIG_SECOND;
    return CLI_OK;
}

static int take_link(run_options *o, const char *name, char *value)
{
    size_t len = strcspn(value, " ");
    const char *names[LINKS_MAX] = {0};
    size_t num = 0;
    for (; rig_link_rows[num].name && num < LINKS_MAX; num++) {
        names[num] = rig_link_rows[num].name;
        if (strlen(names[num]) == len && strncmp(names[num], value, len) == 0) {
            o->run.link = value;
            return CLI_OK;
        }
    }
    size_t near = rig_nearest(rig_view_of(value, len), names, num);
    return cli_complain("--%s: unknown link \"%s\"%s%s", name, value,
                        near < num ? ", did you mean " : "; scenarios/FORMAT.md lists them",
                        near < num ? names[near] : "");
}

/* A report without a value takes the place of the console. */
static int take_report(run_options *o, const char *name, char *value)
{
    for (size_t i = 0; rig_report_rows[i].name && i < REPORTS_MAX; i++)
        if (strcmp(rig_report_rows[i].name, name) == 0) {
            o->reports[i] = value;
            o->wanted[i] = true;
            if (!value)
                o->screen = rig_report_rows[i].name;
        }
    return CLI_OK;
}

static int take_pcap_dir(run_options *o, const char *name, char *value)
{
    (void)name;
    o->run.pcap_dir = value;
    return CLI_OK;
}

static int take_keep(run_options *o, const char *name, char *value)
{
    static const char *const words[] = {"always", "failed", "never"};
    for (unsigned i = 0; i < 3; i++)
        if (strcmp(value, words[i]) == 0) {
            o->run.keep = (rig_run_keep)i;
            return CLI_OK;
        }
    return wants(name, "always, failed or never", value);
}

static int take_known(run_options *o, const char *name, char *value)
{
    (void)name;
    o->known = value;
    return CLI_OK;
}

static int take_peer_name(run_options *o, const char *name, char *value)
{
    (void)name;
    o->peer_name = value;
    return CLI_OK;
}

static int take_shard(run_options *o, const char *name, char *value)
{
    rig_view rest = rig_view_str(value);
    rig_view first = rig_view_split(&rest, '/');
    bool good = rest.ptr && rig_view_u64(rest, &o->shards) && o->shards > 0 && o->shards <= SHARDS_MAX &&
                rig_view_u64(first, &o->shard) && o->shard >= 1 && o->shard <= o->shards;
    return good ? CLI_OK : wants(name, "i/n with i from 1 to n", value);
}

static int take_tcp(run_options *o, const char *name, char *value)
{
    (void)name;
    (void)value;
    o->run.mode = RIG_RUN_TCP;
    return CLI_OK;
}

static int take_target(run_options *o, const char *name, char *value)
{
    rig_error error = {0};
    (void)name;
    if (rig_run_url_parse(rig_view_str(value), &o->url, &error))
        return cli_complain("--target: %s", error.text);
    o->url_text = value;
    o->run.mode = RIG_RUN_TARGET;
    o->run.url = &o->url;
    return CLI_OK;
}

static int take_command(run_options *o, const char *name, char *value)
{
    rig_error error = {0};
    if (rig_run_command_check(value, &error))
        return cli_complain("--%s: %s", name, error.text);
    o->run.mode = RIG_RUN_INITIATOR;
    o->run.command = value;
    return CLI_OK;
}

#define FLAG(fn, member)                                                                                     \
    static int fn(run_options *o, const char *name, char *value)                                             \
    {                                                                                                        \
        (void)name;                                                                                          \
        (void)value;                                                                                         \
        o->member = true;                                                                                    \
        return CLI_OK;                                                                                       \
    }
FLAG(take_fail_fast, fail_fast)
FLAG(take_strict, strict)
FLAG(take_verbose, verbose)
FLAG(take_list, list)
FLAG(take_dry_run, dry_run)
FLAG(take_rerun, rerun_failed)
FLAG(take_allow_writes, run.allow_writes)
FLAG(take_peer_chap, run.peer_chap)
FLAG(take_expect, only_expect)
FLAG(take_faults, only_faults)
FLAG(take_lint, only_lint)
FLAG(take_mutations, mutations)
FLAG(take_show, show)

static int take_every(run_options *o, const char *name, char *value)
{
    return number(value, &o->every) && o->every > 0 && o->every <= 1000000
               ? CLI_OK
               : wants(name, "1 to 1000000", value);
}

static int take_page(run_options *o, const char *name, char *value)
{
    (void)name;
    o->page = value;
    return CLI_OK;
}

static const option_row own_rows[] = {
    {IN_BOTH, "tag", "EXPR", take_address,
     "only what this is so of: login and not (chap or live); repeated: all of them", 0},
    {IN_BOTH, "id", "ID", take_address,
     "only scenarios that test this requirement, or one of a pattern such as LOGIN-*", 0},
    {IN_BOTH, "exclude", "EXPR", take_exclude, "without what this is so of (repeatable)", 0},
    {IN_BOTH, "D", "NAME=VALUE", take_define, "values of a sweep, comma-separated", 0},
    {IN_BOTH, "j", "N", take_jobs, "cases at once (default: the processors)", 0},
    {IN_BOTH, "seed", "N", take_seed, "seed of all draws (default: follows from the scenario's path)", 0},
    {IN_RUN, "repeat", "N", take_repeat, "play everything N times, with seed, seed+1 …", 0},
    {IN_BOTH | AGAIN, "timeout", "SECONDS", take_timeout, "real time one case may take (default 60)", 0},
    {IN_RUN, "fail-fast", NULL, take_fail_fast, "stop at the first failure", 0},
    {IN_RUN | AGAIN, "strict", NULL, take_strict, "SHOULD, MAY and CHOICE scenarios fail, too", 0},
    {IN_BOTH, "link", "LINK", take_link, "one more link for every case: split, coalesce, \"drop every=5\" …",
     0},
    {IN_RUN | AGAIN, "pcap-dir", "DIR", take_pcap_dir,
     "captures go here (default: those of failed cases, below the folder of state)", 0},
    {IN_RUN | AGAIN, "keep", "always|failed|never", take_keep, "which captures stay (default failed)", 0},
    {IN_RUN | AGAIN, "known-failures", "FILE", take_known, "KNOWN.txt to use (default: beside the scenarios)",
     0},
    {IN_RUN, "rerun-failed", NULL, take_rerun, "only what failed the last time", 0},
    {IN_RUN, "verbose", NULL, take_verbose, "a line for each case, also for what passed", 'v'},
    {IN_RUN, "quiet", NULL, take_quiet, "nothing but the status, and what reports say", 'q'},
    {IN_RUN, "list", NULL, take_list,
     "list the cases that would be played; with --json as JSON, into its FILE", 0},
    {IN_RUN, "dry-run", NULL, take_dry_run,
     "read and check everything, play nothing; tells what would be skipped", 0},
    {IN_RUN, "shard", "i/n", take_shard, "every n-th case, beginning with the i-th", 0},
    {IN_RUN, "tcp", NULL, take_tcp, "over loopback sockets, in real time", 0},
    {IN_RUN | AGAIN, "target", "URL", take_target, "against a real target: iscsi://host[:port][/iqn[/lun]]",
     0},
    {IN_RUN | AGAIN, "allow-writes", NULL, take_allow_writes, "with --target: scenarios that write may run",
     0},
    {IN_RUN | AGAIN, "peer-chap", NULL, take_peer_chap,
     "with --target: it wants CHAP, with the names and secrets of the scenarios", 0},
    {IN_RUN | AGAIN, "initiator-command", "CMD", take_command,
     "in front of a real initiator; {host} {port} {iqn} {lun} {url} are filled in", 0},
    {IN_RUN | AGAIN, "peer-name", "NAME/VERSION", take_peer_name,
     "what the peer is called in KNOWN.txt (default: peer)", 0},
    {IN_PROVE, "expect", NULL, take_expect, "alter every literal of every expectation", 0},
    {IN_PROVE, "faults", NULL, take_faults,
     "take each fault out of a case that has it: its judge has to notice", 0},
    {IN_PROVE, "lint", NULL, take_lint, "change PDUs of captures until each lint rule fired", 0},
    {IN_PROVE, "mutations", NULL, take_mutations,
     "instead: measure lint by mutations of clean captures, see docs/lint.md", 0},
    {IN_PROVE, "every", "N", take_every, "with --mutations: only each N-th of them", 0},
    {IN_PROVE, "page", "FILE", take_page, "with --mutations: docs/lint.md is made with it", 0},
    {IN_PROVE, "show", NULL, take_show, "with --mutations: each one that was missed, or told of in vain", 0},
};

#define NUM_OWN (sizeof own_rows / sizeof own_rows[0])

static option_row rows[NUM_OWN + REPORTS_MAX];
static size_t num_rows;

/* Every report brings its own option: a new report is a row of rig_report_rows and nothing here. */
static void make_rows(unsigned command)
{
    num_rows = 0;
    for (size_t i = 0; i < NUM_OWN; i++)
        if (own_rows[i].marks & command)
            rows[num_rows++] = own_rows[i];
    for (size_t i = 0; (command & IN_RUN) && rig_report_rows[i].name && i < REPORTS_MAX; i++) {
        const char *option = rig_report_rows[i].option;
        const char *value = strchr(option, ' ');
        if (option[0])
            rows[num_rows++] = (option_row){IN_RUN,      rig_report_rows[i].name, value ? value + 1 : NULL,
                                            take_report, rig_report_rows[i].what, 0};
    }
}

static const cli_option *table_of(unsigned command)
{
    static cli_option table[NUM_OWN + REPORTS_MAX + 1];
    make_rows(command);
    for (size_t i = 0; i < num_rows; i++)
        table[i] =
            (cli_option){FIRST_CODE + (int)i, rows[i].name, rows[i].value, rows[i].what, rows[i].letter};
    table[num_rows] = (cli_option){0};
    return table;
}

static const cli_option *run_table(void)
{
    return table_of(IN_RUN);
}

static const cli_option *prove_table(void)
{
    return table_of(IN_PROVE);
}

#define SECTIONS "SECTION is an address such as RFC7143/7.8, a tag, or a requirement id."

const cli_manual cmd_run_manual = {
    .synopsis = "[OPTION…] [FILE|FOLDER|SECTION…]",
    .about = (const char *const[]){SECTIONS " Everything is played when none is named.",
                                   "What failed, and captures of it, are kept in $XDG_STATE_HOME/iscsirig "
                                   "(~/.local/state/iscsirig).",
                                   NULL},
    .more =
        (const char *const[]){
            "The page of --html has a ladder of each case that failed, or whose capture stays. "
            "All reports are there while the run goes on, and when it is killed; "
            "docs/results.md says what --json writes.",
            NULL},
    .own = run_table,
    .status =
        (const cli_status[]){{0, "as expected (and when nothing failed that --rerun-failed could play)"},
                             {1, "failures"},
                             {2, "usage or environment"},
                             {77, "all skipped"},
                             {124, "timeout"},
                             {127,
                              "all skipped, and the peer lacks the feature (the initiator's command ended "
                              "with 127)"},
                             {0}},
    .examples = (const char *const[]){"scenarios/login", "RFC7143/7.8", "--tag \"login and not chap\" --list",
                                      "scenarios/live --target iscsi://192.0.2.1/iqn.2026-01.example:disk/0",
                                      "--rerun-failed --pcap-dir out --keep always", NULL},
    .takes = ".scn"};

const cli_manual cmd_prove_manual = {
    .synopsis = "[OPTION…] [FILE|FOLDER|SECTION…]",
    .about =
        (const char *const[]){
            SECTIONS, "Without --expect, --faults or --lint all three are proved.",
            "--mutations measures lint instead: clean captures are changed one PDU at a time, and "
            "what lint says of each is held against a table of what the RFC has to say of it.",
            NULL},
    .own = prove_table,
    .status = (const cli_status[]){{0, "everything was shown to be able to fail"},
                                   {1, "not everything"},
                                   {2, "usage or environment"},
                                   {0}},
    .examples = (const char *const[]){"--faults", "--expect scenarios/login", NULL},
    .takes = ".scn"};

static int take_argument(run_options *o, char *argument)
{
    struct stat about;
    if (stat(argument, &about) == 0) {
        if (o->num_paths == PATHS_MAX)
            return cli_complain("more than %d files and folders", PATHS_MAX);
        o->paths[o->num_paths++] = argument;
        return CLI_OK;
    }
    bool address = strncmp(argument, "RFC", 3) == 0 || strchr(argument, '/') == NULL;
    size_t len = strlen(argument);
    if (!address || (len > 4 && strcmp(argument + len - 4, ".scn") == 0))
        return cli_complain("%s: no such file or folder", argument);
    return take_address(o, "section", argument);
}

/* Each that is wrong is told, not just the first. */
static int take_arguments(run_options *o, int num, char **arguments)
{
    int bad = CLI_OK;
    for (int i = 0; i < num; i++)
        if (take_argument(o, arguments[i]))
            bad = CLI_USAGE;
    return bad;
}

static void defaults(run_options *o)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    o->jobs = processors > 0 ? processors : 1;
    o->screen = "console";
    o->repeat = 1;
    o->shard = o->shards = 1;
    o->every = 1;
    o->run.alloc = rig_alloc_libc();
    o->run.program = "iscsirig";
    o->run.keep = RIG_RUN_KEEP_FAILED;
}

/* What was taken, as the shell has to see it the next time. */
static void remember(run_options *o, const option_row *row, const char *value)
{
    rig_text text;
    size_t len = strlen(o->again);
    rig_text_init(&text, o->again + len, sizeof o->again - len);
    rig_text_add(&text, " --%s", row->name);
    if (row->value) {
        rig_text_add(&text, " ");
        rig_run_quote(&text, rig_view_str(value));
    }
}

static int take(run_options *o, const option_row *row, char *value)
{
    if (row->marks & AGAIN)
        remember(o, row, value);
    return row->take(o, row->name, value);
}

static int parse_options(run_options *o, int argc, char **argv, const char *command)
{
    cli_args args;
    cli_args_begin(&args, command, argc, argv);
    for (int c; (c = cli_args_next(&args)) != 0;) {
        if (c < 0)
            return args.end ? args.end : -1;
        int bad = take(o, &rows[c - FIRST_CODE], optarg);
        if (bad)
            return bad;
    }
    return CLI_OK;
}

static int check_together(const run_options *o)
{
    if (o->run.link && o->run.mode != RIG_RUN_SIM)
        return cli_complain("--link: links need the simulated network");
    return CLI_OK;
}

int run_options_parse(run_options *o, int argc, char **argv, const char *command)
{
    *o = (run_options){.argc = argc, .argv = argv};
    defaults(o);
    int bad = parse_options(o, argc, argv, command);
    if (!bad)
        bad = take_arguments(o, argc - optind, argv + optind);
    if (!bad)
        bad = check_together(o);
    if (!bad && o->num_paths == 0 && !o->rerun_failed && !o->mutations) {
        static char folder[CLI_PATH_SIZE];
        bool found = cli_data_path("scenarios", folder, sizeof folder);
        o->paths[o->num_paths++] = found ? folder : (char *)(uintptr_t) "scenarios";
    }
    o->run.again = o->again;
    if (o->run.mode == RIG_RUN_TARGET || o->run.mode == RIG_RUN_INITIATOR)
        o->jobs = 1;
    return bad;
}
