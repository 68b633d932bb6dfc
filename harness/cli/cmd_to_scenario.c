/* iscsirig to-scenario: a capture as a scenario that a peer behaving as captured passes. */
#include "captured.h"

#include "manual.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPT_ROLE 'r'
#define OPT_MINIMISE 'm'
#define OPT_LOGINS 'l'
#define OPT_STORE 's'
#define OPT_FOLD 'f'

typedef struct job {
    cli_captured captured;
    bool smallest;
    const char *store; /* --store */
    const char *fold;  /* --fold */
} job;

static const cli_option options[] = {
    {OPT_ROLE, "role", "both|target|initiator",
     "who does what it did in the capture: target, in front of an initiator under "
     "test; initiator, before a target under test; both (default)",
     0},
    {OPT_LOGINS, "logins", NULL,
     "the sessions of the capture become kept logins of our service, which starts", 0},
    {OPT_STORE, "store", "FILE",
     "with --logins: also a store with that list, for iscsirigd(8); there is none yet", 0},
    {OPT_MINIMISE, "minimise", NULL,
     "leaves out exchanges as long as lint still finds what it finds in the capture", 0},
    {OPT_FOLD, "fold", "FILE.inc", "puts the logins of the plays into an include, as macros", 0},
    {0}};

const cli_manual cmd_to_scenario_manual = {
    .synopsis = "[OPTION…] CAPTURE",
    .about =
        (const char *const[]){
            "CAPTURE is a pcap or pcapng file, or - for standard input. The scenario goes to standard "
            "output. What the "
            "other side draws becomes a $variable. When a side breaks a rule of lint in the capture, the "
            "scenario of "
            "the other role fails until it does so no more: requests become steps of our initiator.",
            NULL},
    .more =
        (const char *const[]){
            "What one side drew (tags, sequence numbers, handles) stands as captured. Before a side that "
            "behaves as "
            "captured the scenario passes, before another one it fails. What stays of the exchanges is "
            "numbered again.",
            "A scenario holds 16 MiB, 65536 variables and plays of 1024 connections each, and what is no "
            "pattern "
            "and no zeros is said literally, so that a capture with about 7 MiB of such data and more is too "
            "long "
            "for one: take a part of it, or --role initiator, which says of the data that a target sends in "
            "large "
            "PDUs their lengths alone. Of a capture, 500000 PDUs and events are read, up to --to.",
            "What is far in front of --from counts for the numbers only, so that its data may be as large as "
            "it "
            "is. A task that began more than 10000 PDUs in front has zeros for what the initiator wrote "
            "there. A "
            "payload that the capture cut off becomes zeros, and a comment says so. Where a secret of CHAP "
            "is not "
            "known, another comment does: --chap gives it.",
            NULL},
    .options = {options, cli_captured_rows},
    .status = (const cli_status[]){{0, "there it is"}, {2, "usage or environment"}, {0}},
    .examples = (const char *const[]){"--role initiator --minimise customer.pcap > customer.scn", NULL},
    .takes = "capture"};

static int take_role(rig_replay *replay, const char *argument)
{
    static const char *const words[] = {
        [RIG_REPLAY_BOTH] = "both", [RIG_REPLAY_TARGET] = "target", [RIG_REPLAY_INITIATOR] = "initiator"};
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(argument, words[i]) == 0) {
            replay->role = (rig_replay_role)i;
            return CLI_OK;
        }
    return cli_complain("--role: wanted target, initiator or both, came \"%s\"", argument);
}

/* What cannot be made smaller stays as it is. */
static int minimise(cli_captured *captured)
{
    const rig_replay *replay = &captured->replay;
    if (replay->num_breaches == 0)
        return cli_complain("--minimise: lint finds nothing in %s that could be kept", captured->path);
    const rig_replay_breach *breach = &replay->breaches[0];
    rig_status status = rig_steps_minimise(&captured->steps, breach->rule, breach->side);
    return status && status != RIG_E_NOT_FOUND ? cli_complain("%s", rig_status_meaning(status)) : CLI_OK;
}

/* The list as the service keeps it. What could not be kept whole is not left behind. */
static int keep(const cli_captured *captured, const char *path, rig_view text)
{
    static rig_scn_problems problems;
    rig_error error = {0};
    cli_pack pack = {.num = 0};
    cli_scenario scenario = {.pack = &pack, .source.path = (char *)(uintptr_t)captured->path};
    rig_store *store = NULL;
    rig_scn *scn = NULL;
    rig_status status =
        access(path, F_OK) ? RIG_OK : rig_fail(&error, RIG_E_BUSY, "%s: is there already", path);
    if (!status)
        status = cli_scenario_read(&scenario, text, &problems);
    if (!status)
        status = rig_scn_case(scenario.file, 0, &scn, &problems);
    bool made = !status;
    if (!status)
        status = rig_store_sqlite_open(rig_alloc_libc(), path, &store, &error);
    if (!status)
        status = rig_run_keep_rows(rig_alloc_libc(), scn, store, &error);
    rig_store_free(store);
    rig_scn_free(scn);
    rig_scn_file_free(scenario.file);
    cli_includes_free(&scenario);
    if (!status)
        return CLI_OK;
    if (made)
        unlink(path);
    return cli_complain("--store: %s", error.text[0] ? error.text : rig_status_meaning(status));
}

/* ---- writing ---- */

static int write_all(FILE *file, const char *path, const char *text, size_t len)
{
    bool good = file && fwrite(text, 1, len, file) == len;
    if (file && file != stdout)
        good = fclose(file) == 0 && good;
    return good ? CLI_OK : cli_complain("%s: could not be written", path);
}

/* In canonical form; what has none is no scenario. */
static int write_text(FILE *file, const char *path, rig_view text)
{
    static rig_scn_problems problems;
    char *canonical = NULL;
    size_t len = 0;
    problems.num = 0;
    rig_status status =
        rig_scn_format(rig_alloc_libc(), rig_view_str(path), text, &canonical, &len, &problems);
    if (status)
        return cli_complain("the capture cannot be said as a scenario: %s",
                            problems.num ? problems.list[0].text : rig_status_meaning(status));
    int bad = write_all(file, path, canonical, len);
    rig_delete(rig_alloc_libc(), canonical, len + 1);
    return bad;
}

static int write_folded(const char *path, rig_view text)
{
    rig_text scenario, macros;
    const char *slash = strrchr(path, '/');
    char *room = malloc(2 * (size_t)RIG_SCN_FILE_MAX);
    if (!room)
        return cli_complain("no memory");
    rig_text_init(&scenario, room, RIG_SCN_FILE_MAX);
    rig_text_init(&macros, room + RIG_SCN_FILE_MAX, RIG_SCN_FILE_MAX);
    rig_status status = rig_replay_fold(text, rig_view_str(slash ? slash + 1 : path), &scenario, &macros);
    int bad = status ? cli_complain("--fold: %s", rig_status_meaning(status))
                     : write_text(fopen(path, "w"), path, rig_view_of(macros.ptr, macros.len));
    if (!bad)
        bad = write_text(stdout, "standard output", rig_view_of(scenario.ptr, scenario.len));
    free(room);
    return bad;
}

/* ---- from capture to scenario ---- */

static int find_breaches(job *j)
{
    static const rig_lint_side sides[] = {[RIG_REPLAY_BOTH] = RIG_LINT_BOTH,
                                          [RIG_REPLAY_TARGET] = RIG_LINT_INITIATOR,
                                          [RIG_REPLAY_INITIATOR] = RIG_LINT_TARGET};
    rig_replay *replay = &j->captured.replay;
    if (replay->as_logins || (replay->role == RIG_REPLAY_BOTH && !j->smallest))
        return CLI_OK;
    cli_captured_breaches(&j->captured, sides[replay->role]);
    int bad = j->smallest ? minimise(&j->captured) : CLI_OK;
    replay->as_steps = replay->role == RIG_REPLAY_INITIATOR && replay->num_breaches;
    if (replay->role == RIG_REPLAY_BOTH)
        replay->num_breaches = 0;
    return bad;
}

static int retell(job *j)
{
    char *text = NULL;
    size_t len = 0;
    int bad = find_breaches(j);
    if (!bad)
        bad = cli_captured_text(&j->captured, &text, &len);
    const rig_view whole = rig_view_of(text, len);
    if (!bad && j->store)
        bad = keep(&j->captured, j->store, whole);
    if (!bad)
        bad = j->fold ? write_folded(j->fold, whole) : write_text(stdout, "standard output", whole);
    free(text);
    return bad;
}

static int take_option(job *j, int option, const char *argument)
{
    switch (option) {
    case OPT_ROLE:
        return take_role(&j->captured.replay, argument);
    case OPT_MINIMISE:
        j->smallest = true;
        return CLI_OK;
    case OPT_LOGINS:
        j->captured.replay.as_logins = true;
        return CLI_OK;
    case OPT_STORE:
        j->store = argument;
        return CLI_OK;
    case OPT_FOLD:
        j->fold = argument;
        return CLI_OK;
    default:
        return cli_captured_option(&j->captured, option, argument);
    }
}

int cmd_to_scenario(int argc, char **argv)
{
    cli_args args;
    static job j; /* large */
    int bad = CLI_OK;
    cli_args_begin(&args, "to-scenario", argc, argv);
    for (int c; !bad && (c = cli_args_next(&args)) != 0; bad = take_option(&j, c, optarg))
        if (c < 0)
            return args.end;
    if (!bad && optind + 1 != argc)
        bad = cli_complain("to-scenario: wanted one capture; see `iscsirig to-scenario --help`");
    if (!bad && j.store && !j.captured.replay.as_logins)
        bad = cli_complain("--store wants --logins");
    if (j.captured.replay.as_logins)
        j.captured.replay.role = RIG_REPLAY_INITIATOR;
    if (!bad)
        bad = cli_captured_read(&j.captured, argv[optind]);
    if (!bad)
        bad = retell(&j);
    cli_captured_free(&j.captured);
    return bad;
}
