/* iscsirig replay: one side of a capture does again what it did, before somebody under test. */
#include "captured.h"
#include "divergence.h"
#include "rig/timerq.h"

#include "manual.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_AS = 400, OPT_CASE, OPT_TARGET, OPT_LISTEN, OPT_READY, OPT_WRITES, OPT_TIMEOUT, OPT_PCAP };

typedef struct replay_job {
    cli_captured captured;
    bool has_as;
    rig_run_config run;
    rig_run_url url;
    rig_portal listen;
    const char *ready_file;
    bool has_case;
    uint64_t only; /* case of the scenario of --with */
} replay_job;

static volatile int stop_now;

static void on_signal(int signum)
{
    (void)signum;
    stop_now = 1;
}

static const cli_option options[] = {
    {OPT_AS, "as", "initiator|target",
     "initiator with --target: to a target under test; target with --listen: before an "
     "initiator under test",
     0},
    {OPT_TARGET, "target", "URL",
     "iscsi://host[:port][/iqn]; nothing is sent anywhere else, and what the capture's target is "
     "called becomes the URL's name",
     0},
    {OPT_LISTEN, "listen", "ADDR:PORT", "where the initiator under test connects; port 0: any free one", 0},
    {OPT_READY, "ready-file", "FILE", "gets ADDR:PORT once it accepts", 0},
    {OPT_WRITES, "allow-writes", NULL, "also a capture that writes is sent to a target", 0},
    {OPT_CASE, "case", "N", "only that case of the scenario of --with, from 0", 0},
    {OPT_TIMEOUT, "timeout", "SECONDS", "for the whole of it (default 60)", 0},
    {OPT_PCAP, "pcap-dir", "DIR", "the new capture goes here", 0},
    {0}};

const cli_manual cmd_replay_manual = {
    .synopsis = "[OPTION…] CAPTURE",
    .about = (const char *const[]){"Without an address it happens on the simulated network, before the side "
                                   "that --with gives, or before the "
                                   "other side of the capture. Tags, sequence numbers, ISID, TSIH and CHAP "
                                   "responses are those of this time. "
                                   "Logical units stay as captured.",
                                   TARGET_AUTH_SECRET, NULL},
    .more =
        (const char *const[]){
            "An initiator under test is told the address of --listen wherever the captured target told its "
            "own. Nothing "
            "is sent anywhere but to the address of the URL, and nothing that could write without "
            "--allow-writes. CHAP "
            "is answered by the secrets of --chap; without them the captured response is sent, which fits "
            "the captured "
            "challenge only. Where what comes differs, it is shown beside what the capture has.",
            NULL},
    .options = {options, cli_captured_rows},
    .status = (const cli_status[]){{0, "to the end"},
                                   {1, "it went another way, shown from the first PDU that differs"},
                                   {2, "usage or environment"},
                                   {77, "writes are not allowed"},
                                   {124, "out of time"},
                                   {0}},
    .examples =
        (const char *const[]){
            "--as initiator --target iscsi://192.0.2.1/iqn.2026-01.example:disk customer.pcap",
            "--as target --listen 192.0.2.9:3260 customer.pcap", NULL},
    .takes = "capture"};

/* ---- options ---- */

static int take_as(replay_job *job, const char *argument)
{
    bool target = strcmp(argument, "target") == 0;
    if (!target && strcmp(argument, "initiator") != 0)
        return cli_complain("--as: wanted target or initiator, came \"%s\"", argument);
    job->captured.replay.role = target ? RIG_REPLAY_TARGET : RIG_REPLAY_INITIATOR;
    job->has_as = true;
    return CLI_OK;
}

static int take_target(replay_job *job, const char *argument)
{
    rig_error error = {0};
    if (rig_run_url_parse(rig_view_str(argument), &job->url, &error))
        return cli_complain("--target: %s", error.text);
    job->url.lun = 0; /* logical units stay as captured */
    job->run.url = &job->url;
    return CLI_OK;
}

static int take_listen(replay_job *job, const char *argument)
{
    rig_error error = {0};
    if (rig_portal_parse(rig_view_str(argument), &job->listen, &error))
        return cli_complain("--listen: %s", error.text);
    job->run.listen = &job->listen;
    return CLI_OK;
}

static int take_timeout(replay_job *job, const char *argument)
{
    uint64_t seconds;
    if (!rig_view_u64(rig_view_str(argument), &seconds) || seconds == 0 || seconds > 86400)
        return cli_complain("--timeout: wanted seconds, 1 to 86400, came \"%s\"", argument);
    job->run.timeout = seconds * RIG_SECOND;
    return CLI_OK;
}

static int take_case(replay_job *job, const char *argument)
{
    job->has_case = rig_view_u64(rig_view_str(argument), &job->only);
    return job->has_case ? CLI_OK : cli_complain("--case: wanted a number, came \"%s\"", argument);
}

static int take_option(replay_job *job, int option, const char *argument)
{
    switch (option) {
    case OPT_AS:
        return take_as(job, argument);
    case OPT_TARGET:
        return take_target(job, argument);
    case OPT_LISTEN:
        return take_listen(job, argument);
    case OPT_READY:
        job->ready_file = argument;
        return CLI_OK;
    case OPT_WRITES:
        job->run.allow_writes = true;
        return CLI_OK;
    case OPT_CASE:
        return take_case(job, argument);
    case OPT_TIMEOUT:
        return take_timeout(job, argument);
    case OPT_PCAP:
        job->run.pcap_dir = argument;
        return cli_make_folder(argument) ? CLI_OK : cli_complain("%s: no folder to write in", argument);
    default:
        return cli_captured_option(&job->captured, option, argument);
    }
}

static int check_options(replay_job *job)
{
    rig_replay *replay = &job->captured.replay;
    bool target = job->has_as && replay->role == RIG_REPLAY_TARGET;
    if (job->run.url && (!job->has_as || target))
        return cli_complain("replay: --target is for --as initiator");
    if (job->run.listen && !target)
        return cli_complain("replay: --listen is for --as target");
    replay->bare = job->run.url || job->run.listen;
    if (replay->bare && replay->with.len)
        return cli_complain("replay: --with is for the simulated network; an address is somebody else's");
    if (job->has_case && !replay->with.len)
        return cli_complain("replay: --case is one of the scenario of --with");
    if (job->has_as && !replay->bare && !replay->with.len)
        return cli_complain("replay: --as %s wants %s, or --with FILE.scn", target ? "target" : "initiator",
                            target ? "--listen ADDR:PORT" : "--target URL");
    job->run.mode = job->run.url ? RIG_RUN_TARGET : job->run.listen ? RIG_RUN_INITIATOR : RIG_RUN_SIM;
    return CLI_OK;
}

/* ---- playing ---- */

static bool listening(void *ctx, const rig_portal *at)
{
    const replay_job *job = ctx;
    char text[RIG_PORTAL_TEXT];
    rig_text out;
    rig_text_init(&out, text, sizeof text);
    rig_portal_print(&out, at);
    printf("replay: the target listens at %s\n", text);
    fflush(stdout);
    FILE *file = job->ready_file ? fopen(job->ready_file, "w") : NULL;
    bool written = file && fprintf(file, "%s\n", text) > 0;
    if (file)
        written = fclose(file) == 0 && written;
    if (job->ready_file && !written)
        cli_complain("%s: could not be written", job->ready_file);
    return !job->ready_file || written;
}

static int tell(const replay_job *job, const rig_result *result)
{
    const char *name = job->captured.path;
    if (result->capture)
        printf("replay: captured in %s\n", result->capture);
    if (result->verdict == RIG_VERDICT_PASS) {
        printf("replay: %s: to the end, %zu steps\n", name, job->captured.steps.num);
        return CLI_OK;
    }
    if (result->verdict == RIG_VERDICT_SKIP) {
        fprintf(stderr, "iscsirig: replay: %s\n", result->reason ? result->reason : "skipped");
        return CLI_SKIPPED;
    }
    if (result->verdict == RIG_VERDICT_ERROR)
        return cli_complain("replay: %s", result->reason ? result->reason : "it could not be set up");
    for (uint32_t i = 0; i < result->num_findings; i++)
        if (i == 0 || result->findings[i].kind == RIG_FINDING_PLAY)
            printf("replay: %s: %s\n", name, result->findings[i].text);
    if (cli_divergence(result, stdout))
        return cli_complain("no memory");
    return result->timed_out ? CLI_TIMEOUT : CLI_FAILED;
}

static void explain(const rig_scn_problems *problems)
{
    char line[RIG_SCN_LINE_MAX];
    rig_text text;
    for (uint32_t i = 0; i < problems->num; i++) {
        rig_text_init(&text, line, sizeof line);
        rig_scn_problem_print(&text, &problems->list[i]);
        cli_line(line);
    }
}

static int play_case(replay_job *job, const cli_scenario *scenario, uint32_t index)
{
    rig_result result = {0};
    rig_status status = rig_run_case(&job->run, scenario->file, scenario->source.path, index, &result);
    int end = status ? cli_complain("replay: %s", rig_status_meaning(status)) : tell(job, &result);
    rig_result_cleanup(&result);
    return end;
}

static int play_text(replay_job *job, const char *path, rig_view text)
{
    static rig_scn_problems problems;
    cli_pack pack = {.num = 0};
    cli_scenario scenario = {.pack = &pack, .source.path = (char *)(uintptr_t)path};
    rig_status status = cli_scenario_read(&scenario, text, &problems);
    int worst = CLI_OK;
    if (status) {
        explain(&problems);
        worst = cli_complain("replay: the capture cannot be said as a scenario");
    }
    for (uint32_t i = 0; !status && i < rig_scn_cases(scenario.file); i++) {
        int end = !job->has_case || job->only == i ? play_case(job, &scenario, i) : CLI_OK;
        worst = end > worst ? end : worst;
    }
    rig_scn_file_free(scenario.file);
    cli_includes_free(&scenario);
    return worst;
}

static int replay_capture(replay_job *job)
{
    char *text = NULL;
    size_t len = 0;
    int bad = cli_captured_text(&job->captured, &text, &len);
    const char *path = job->captured.with.path ? job->captured.with.path : job->captured.path;
    job->run.alloc = rig_alloc_libc();
    job->run.keep = job->run.pcap_dir ? RIG_RUN_KEEP_ALWAYS : RIG_RUN_KEEP_NEVER;
    job->run.keep_items = true;
    job->run.at_length = true;
    job->run.stop = &stop_now;
    job->run.listening = listening;
    job->run.listening_ctx = job;
    if (!bad)
        bad = play_text(job, path, rig_view_of(text, len));
    if (text)
        explicit_bzero(text, len);
    free(text);
    return bad;
}

int cmd_replay(int argc, char **argv)
{
    cli_args args;
    static replay_job job; /* large */
    int bad = CLI_OK;
    cli_args_begin(&args, "replay", argc, argv);
    for (int c; !bad && (c = cli_args_next(&args)) != 0; bad = take_option(&job, c, optarg))
        if (c < 0)
            return args.end;
    if (!bad && optind + 1 != argc)
        bad = cli_complain("replay: wanted one capture; see `iscsirig replay --help`");
    if (!bad)
        bad = check_options(&job);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    if (!bad)
        bad = cli_captured_read(&job.captured, argv[optind]);
    if (!bad)
        bad = replay_capture(&job);
    cli_captured_free(&job.captured);
    return bad;
}
