/* iscsirig to-scenario: a capture as a scenario that a peer behaving as captured passes. */
#include "captured.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPT_ROLE 'r'
#define OPT_MINIMISE 'm'
#define OPT_LOGINS 'l'
#define OPT_STORE 's'

static void usage(void)
{
    printf(
        "usage: iscsirig to-scenario [OPTION…] CAPTURE\n\n"
        "  --role WHO   who does what it did in the capture: target, in front of an initiator under test;\n"
        "               initiator, before a target under test; both (default)\n"
        "  --logins     the sessions of the capture become kept logins of our service, which starts\n"
        "  --store FILE  with --logins: also a store with that list, for iscsirigd; there is none yet\n"
        "  --minimise   leaves out exchanges as long as lint still finds what it finds in the "
        "capture\n" CAPTURED_HELP
        "\nCAPTURE is a pcap or pcapng file, or - for standard input. The scenario goes to standard output. "
        "What the other\n"
        "side draws becomes a $variable. When a side breaks a rule of lint in the capture, the scenario of "
        "the other\n"
        "role fails until it does so no more: requests become steps of our initiator.\n"
        "Status 0: there it is, 2: usage or environment.\n");
}

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

static int retell(cli_captured *captured, bool smallest, const char *store)
{
    static const rig_lint_side sides[] = {[RIG_REPLAY_BOTH] = RIG_LINT_BOTH,
                                          [RIG_REPLAY_TARGET] = RIG_LINT_INITIATOR,
                                          [RIG_REPLAY_INITIATOR] = RIG_LINT_TARGET};
    char *text = NULL;
    size_t len = 0;
    rig_replay *replay = &captured->replay;
    int bad = (replay->role == RIG_REPLAY_BOTH && !smallest) || replay->as_logins
                  ? CLI_OK
                  : cli_captured_breaches(captured, sides[replay->role]);
    if (!bad && smallest)
        bad = minimise(captured);
    replay->as_steps = replay->role == RIG_REPLAY_INITIATOR && replay->num_breaches;
    if (replay->role == RIG_REPLAY_BOTH)
        replay->num_breaches = 0;
    if (!bad)
        bad = cli_captured_text(captured, &text, &len);
    if (!bad && store)
        bad = keep(captured, store, rig_view_of(text, len));
    if (!bad && fwrite(text, 1, len, stdout) != len)
        bad = cli_complain("the scenario could not be written");
    free(text);
    return bad;
}

int cmd_to_scenario(int argc, char **argv)
{
    static const struct option options[] = {CAPTURED_OPTIONS,
                                            {"role", required_argument, NULL, OPT_ROLE},
                                            {"minimise", no_argument, NULL, OPT_MINIMISE},
                                            {"logins", no_argument, NULL, OPT_LOGINS},
                                            {"store", required_argument, NULL, OPT_STORE},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    static cli_captured captured; /* large */
    bool smallest = false;
    const char *store = NULL;
    int bad = CLI_OK;
    opterr = 0;
    optind = 1;
    for (int c; !bad && (c = getopt_long(argc, argv, ":h", options, NULL)) != -1;) {
        if (c == 'h') {
            usage();
            return CLI_OK;
        }
        if (c == OPT_ROLE)
            bad = take_role(&captured.replay, optarg);
        else if (c == OPT_MINIMISE)
            smallest = true;
        else if (c == OPT_LOGINS)
            captured.replay.as_logins = true;
        else if (c == OPT_STORE)
            store = optarg;
        else if (c == '?' || c == ':')
            bad = cli_bad_option(c, argv);
        else
            bad = cli_captured_option(&captured, c, optarg);
    }
    if (!bad && optind + 1 != argc)
        bad = cli_complain("to-scenario: wanted one capture; see `iscsirig to-scenario --help`");
    if (!bad && store && !captured.replay.as_logins)
        bad = cli_complain("--store wants --logins");
    if (captured.replay.as_logins)
        captured.replay.role = RIG_REPLAY_INITIATOR;
    if (!bad)
        bad = cli_captured_read(&captured, argv[optind]);
    if (!bad)
        bad = retell(&captured, smallest, store);
    cli_captured_free(&captured);
    return bad;
}
