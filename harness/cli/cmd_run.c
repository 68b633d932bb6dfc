/* iscsirig run: cases on worker threads, reported in their order. */
#include "environment.h"
#include "failed.h"
#include "known.h"
#include "list.h"
#include "rig/draws.h"
#include "rig/timerq.h"
#include "selection.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WINDOW 1024 /* cases that may be finished before the oldest one is reported */

typedef struct run_slot {
    rig_result result;
    rig_status status;
    bool done;
    bool cut; /* by a signal, so its verdict says nothing */
} run_slot;

typedef struct run_pool {
    run_options *options;
    cli_pack pack;
    cli_known known;
    cli_failed failed;
    cli_selection selection;
    run_slot slots[WINDOW];
    uint64_t next, reported;
    bool halt;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    rig_report *reports[REPORTS_MAX];
    size_t num_reports;
    rig_summary summary;
    uint64_t num_timed_out;
    uint64_t num_unsupported;
    cli_failed_writer failed_list;
    char captures[CLI_PATH_SIZE]; /* of failed cases when no folder was named, "" none */
    bool has_captures;
} run_pool;

static volatile int stop_now;

static void on_signal(int signum)
{
    (void)signum;
    stop_now = 1;
}

/* ---- before anything is played ---- */

/* Everything wrong in a file is found before anything runs. */
static int check_jobs(const run_pool *pool)
{
    for (size_t i = 0; i < pool->selection.num_picks && !stop_now; i++) {
        const cli_pick *pick = &pool->selection.picks[i];
        const char *path = pick->scenario->source.path;
        rig_error error = {0};
        if (!rig_run_check(&pool->options->run, pick->scenario->file, path, pick->case_index, &error))
            continue;
        if (error.line)
            fprintf(stderr, "%.*s:%u:%u: %s\n", RIG_VIEW_ARG(rig_scn_path(pick->scenario->file, error.file)),
                    error.line, error.col, error.text);
        else if (pool->options->run.link)
            cli_complain("--link %s: %s", pool->options->run.link, error.text);
        else
            fprintf(stderr, "%s: %s\n", path, error.text);
        return CLI_USAGE;
    }
    return CLI_OK;
}

/* --json with --list is where the list goes. */
static int list_jobs(const run_pool *pool)
{
    const char *json = NULL;
    for (size_t i = 0; rig_report_rows[i].name && i < REPORTS_MAX; i++)
        if (pool->options->wanted[i] && strcmp(rig_report_rows[i].name, "json") == 0)
            json = pool->options->reports[i];
    return cli_list(&pool->selection, json);
}

/* ---- playing ---- */

/* Rounds behind the first draw otherwise, and leave their captures elsewhere. */
static void set_round(rig_run_config *config, const cli_job *job, char *folder, size_t size)
{
    const char *path = job->pick.scenario->source.path;
    if (!job->round)
        return;
    config->seed = (config->has_seed ? config->seed : rig_run_seed(path)) + job->round;
    config->has_seed = true;
    if (!config->pcap_dir)
        return;
    int len = snprintf(folder, size, "%s/round-%llu", config->pcap_dir, (unsigned long long)job->round + 1);
    if (len > 0 && (size_t)len < size)
        config->pcap_dir = folder;
}

static rig_status play_job(const run_pool *pool, const cli_job *job, const char *pcap_dir, rig_result *result)
{
    char folder[CLI_PATH_SIZE];
    rig_run_config config = pool->options->run;
    config.pcap_dir = pcap_dir;
    set_round(&config, job, folder, sizeof folder);
    return rig_run_case(&config, job->pick.scenario->file, job->pick.scenario->source.path,
                        job->pick.case_index, result);
}

/* On the simulated network a case repeats itself to the byte, so only those that failed are written. */
static void play_again(const run_pool *pool, const cli_job *job, rig_result *result)
{
    rig_result again;
    rig_status status = play_job(pool, job, pool->captures, &again);
    if (status || again.verdict != result->verdict) {
        rig_result_cleanup(&again);
        return;
    }
    rig_result_cleanup(result);
    *result = again;
}

static bool wants_capture(const run_pool *pool, const run_slot *slot)
{
    const rig_result *result = &slot->result;
    return pool->captures[0] && !slot->status && !result->timed_out && !stop_now &&
           (result->verdict == RIG_VERDICT_FAIL || result->verdict == RIG_VERDICT_LOOSE);
}

static void play(run_pool *pool, uint64_t index)
{
    const cli_job job = cli_selection_job(&pool->selection, index);
    run_slot *slot = &pool->slots[index % WINDOW];
    bool live = pool->options->run.mode != RIG_RUN_SIM && pool->captures[0];
    const char *pcap_dir = live ? pool->captures : pool->options->run.pcap_dir;
    slot->status = play_job(pool, &job, pcap_dir, &slot->result);
    if (!live && wants_capture(pool, slot))
        play_again(pool, &job, &slot->result);
    slot->cut = stop_now && rig_verdict_failed(slot->result.verdict);
}

static bool claim(run_pool *pool, uint64_t *out_index)
{
    while (!pool->halt && pool->next < pool->selection.num_jobs && pool->next >= pool->reported + WINDOW)
        pthread_cond_wait(&pool->changed, &pool->lock);
    if (pool->halt || stop_now || pool->next >= pool->selection.num_jobs)
        return false;
    *out_index = pool->next++;
    return true;
}

static void *work(void *ctx)
{
    run_pool *pool = ctx;
    uint64_t index = 0;
    pthread_mutex_lock(&pool->lock);
    while (claim(pool, &index)) {
        pthread_mutex_unlock(&pool->lock);
        play(pool, index);
        pthread_mutex_lock(&pool->lock);
        pool->slots[index % WINDOW].done = true;
        pthread_cond_broadcast(&pool->changed);
    }
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* ---- reporting ---- */

static const char *peer_name(const run_options *options)
{
    if (options->peer_name)
        return options->peer_name;
    return options->run.mode == RIG_RUN_SIM ? "sim" : options->run.mode == RIG_RUN_TCP ? "tcp" : "peer";
}

static void report(run_pool *pool, run_slot *slot)
{
    rig_result *result = &slot->result;
    if (slot->status) {
        result->verdict = RIG_VERDICT_ERROR;
        rig_result_text(result, &result->reason, rig_view_str(rig_status_meaning(slot->status)));
    }
    cli_known_apply(&pool->known, peer_name(pool->options), result);
    if (result->verdict == RIG_VERDICT_LOOSE && pool->options->strict)
        result->verdict = RIG_VERDICT_FAIL;
    pool->summary.verdicts[result->verdict]++;
    pool->summary.cases++;
    pool->num_timed_out += result->timed_out;
    pool->has_captures = pool->has_captures || result->capture;
    pool->num_unsupported += result->unsupported;
    for (size_t i = 0; i < pool->num_reports; i++)
        pool->reports[i]->ops->add(pool->reports[i], result);
    if (rig_verdict_failed(result->verdict)) {
        cli_failed_add(&pool->failed_list, result->path, result->scn);
        pool->halt = pool->halt || pool->options->fail_fast;
    }
    rig_result_cleanup(result);
}

static void report_all(run_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->reported < pool->selection.num_jobs) {
        run_slot *slot = &pool->slots[pool->reported % WINDOW];
        while (!slot->done && !((pool->halt || stop_now) && pool->reported >= pool->next))
            pthread_cond_wait(&pool->changed, &pool->lock);
        if (!slot->done || slot->cut)
            break;
        pthread_mutex_unlock(&pool->lock);
        report(pool, slot);
        pthread_mutex_lock(&pool->lock);
        slot->done = false;
        pool->reported++;
        pthread_cond_broadcast(&pool->changed);
    }
    pthread_mutex_unlock(&pool->lock);
}

static int open_report(run_pool *pool, size_t row, const char *path, const rig_run_facts *facts)
{
    rig_error error = {0};
    if (rig_report_rows[row].open(rig_alloc_libc(), path, facts, &pool->reports[pool->num_reports], &error))
        return cli_complain("%s", error.text);
    pool->num_reports++;
    return CLI_OK;
}

static int open_reports(run_pool *pool)
{
    run_options *options = pool->options;
    char command[4096];
    rig_text text;
    rig_text_init(&text, command, sizeof command);
    rig_text_add(&text, "iscsirig");
    for (int i = 0; i < options->argc; i++) {
        rig_text_add(&text, " ");
        rig_run_quote(&text, rig_view_str(options->argv[i]));
    }
    const rig_run_facts facts = {.version = cli_commit(),
                                 .command = command,
                                 .mode = peer_name(options),
                                 .planned = pool->selection.num_jobs,
                                 .strict = options->strict,
                                 .verbose = options->verbose};
    int bad = CLI_OK;
    rig_report_requirements(rig_view_of(pool->pack.requirements.text, pool->pack.requirements.len));
    for (size_t row = 0; rig_report_rows[row].name && !bad; row++)
        if (options->wanted[row] || strcmp(rig_report_rows[row].name, options->screen) == 0)
            bad = open_report(pool, row, options->reports[row], &facts);
    return bad;
}

static int finish_reports(run_pool *pool)
{
    int bad = CLI_OK;
    pool->summary.files = pool->selection.num_files;
    pool->summary.planned = pool->selection.num_jobs;
    pool->summary.interrupted = stop_now != 0;
    pool->summary.captures = pool->options->run.pcap_dir;
    if (pool->captures[0] && pool->has_captures)
        pool->summary.captures = pool->captures;
    for (size_t i = 0; i < pool->num_reports; i++)
        if (pool->reports[i]->ops->finish(pool->reports[i], &pool->summary))
            bad = cli_complain("a report could not be written");
    return bad;
}

static uint64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * RIG_SECOND + (uint64_t)t.tv_nsec;
}

static void play_all(run_pool *pool)
{
    pthread_t threads[256];
    long started = 0;
    uint64_t began = clock_ns();
    while (started < pool->options->jobs && (uint64_t)started < pool->selection.num_jobs &&
           pthread_create(&threads[started], NULL, work, pool) == 0)
        started++;
    if (started == 0)
        work(pool);
    report_all(pool);
    for (long i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pool->summary.real_ns = clock_ns() - began;
}

static int exit_status(const run_pool *pool)
{
    const uint64_t *verdicts = pool->summary.verdicts;
    if (pool->num_timed_out)
        return CLI_TIMEOUT;
    if (verdicts[RIG_VERDICT_FAIL] || verdicts[RIG_VERDICT_FIXED])
        return CLI_FAILED;
    if (verdicts[RIG_VERDICT_ERROR] || stop_now)
        return CLI_USAGE;
    if (pool->summary.cases != verdicts[RIG_VERDICT_SKIP])
        return CLI_OK;
    return pool->num_unsupported ? CLI_UNSUPPORTED : CLI_SKIPPED;
}

static void pool_free(run_pool *pool)
{
    for (size_t i = 0; i < WINDOW; i++)
        if (pool->slots[i].done)
            rig_result_cleanup(&pool->slots[i].result);
    cli_selection_free(&pool->selection);
    cli_failed_free(&pool->failed);
    cli_known_free(&pool->known);
    cli_pack_free(&pool->pack);
    free(pool);
}

/* A run nobody gave a folder leaves captures of what failed below the folder of state, and nothing else. */
static void choose_captures(run_pool *pool)
{
    const run_options *options = pool->options;
    bool wanted = !options->run.pcap_dir && options->run.keep != RIG_RUN_KEEP_NEVER;
    bool live = options->run.mode != RIG_RUN_SIM;
    if (!wanted || !cli_state_path("captures", pool->captures, sizeof pool->captures) ||
        (live && !cli_make_folder(pool->captures)))
        pool->captures[0] = 0;
}

static int run_pool_all(run_pool *pool)
{
    cli_failed_begin(&pool->failed_list);
    choose_captures(pool);
    int bad = open_reports(pool);
    if (!bad)
        play_all(pool);
    int worse = finish_reports(pool);
    cli_failed_end(&pool->failed_list, !bad && (!stop_now || pool->reported));
    return bad ? bad : worse ? worse : exit_status(pool);
}

static int load(run_pool *pool)
{
    run_options *options = pool->options;
    char **paths = options->paths;
    size_t num_paths = options->num_paths;
    pool->pack.defines = options->defines;
    pool->pack.num_defines = options->num_defines;
    int bad = options->rerun_failed ? cli_failed_load(&pool->failed) : CLI_OK;
    if (options->rerun_failed && num_paths == 0) {
        paths = pool->failed.paths;
        num_paths = pool->failed.num_paths;
    }
    if (!bad)
        bad = cli_pack_load(&pool->pack, paths, num_paths);
    if (!bad)
        bad = cli_known_load(&pool->known, options->known, paths, num_paths);
    const cli_failed *failed = options->rerun_failed ? &pool->failed : NULL;
    return bad ? bad : cli_select(&pool->selection, options, &pool->pack, failed, &stop_now);
}

/* Those that this mode cannot play, each with its reason; what shows only in playing is not known. */
static int list_hindered(const run_pool *pool)
{
    for (uint64_t i = 0; i < pool->selection.num_jobs; i++) {
        rig_scn *scn = NULL;
        const cli_pick pick = cli_selection_job(&pool->selection, i).pick;
        if (rig_scn_case(pick.scenario->file, pick.case_index, &scn, NULL))
            return cli_complain("no memory");
        const char *reason = rig_run_why_not(&pool->options->run, scn);
        if (reason)
            printf("%s: would be skipped: %s\n", pick.scenario->source.path, reason);
        rig_scn_free(scn);
    }
    return CLI_OK;
}

static int dry_run(const run_pool *pool)
{
    const cli_selection *selection = &pool->selection;
    bool one = selection->num_jobs == 1;
    if (list_hindered(pool))
        return CLI_USAGE;
    printf("%llu case%s of %zu file%s %s ready to be played\n", (unsigned long long)selection->num_jobs,
           one ? "" : "s", selection->num_files, selection->num_files == 1 ? "" : "s", one ? "is" : "are");
    return CLI_OK;
}

/* Nothing to do is no failure. The list stays; a report that was asked for says that nothing was played. */
static int rerun_nothing(run_pool *pool)
{
    run_options *options = pool->options;
    bool console = strcmp(options->screen, "console") == 0;
    fprintf(console ? stdout : stderr, "%s failed the last time, so there is nothing to play again\n",
            pool->failed.len ? "nothing of what was selected" : "nothing");
    if (console)
        options->screen = "";
    int bad = open_reports(pool);
    int worse = finish_reports(pool);
    return bad ? bad : worse;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static int run_with(run_pool *pool)
{
    run_options *options = pool->options;
    catch_signals();
    int bad = load(pool);
    if (!bad)
        bad = check_jobs(pool);
    if (bad)
        return bad;
    if (options->list)
        return list_jobs(pool);
    if (options->dry_run)
        return dry_run(pool);
    if (pool->selection.num_picks == 0 && !stop_now)
        return options->rerun_failed ? rerun_nothing(pool) : cli_complain("no scenario was selected");
    bad = cli_check_environment(options, &pool->selection);
    return bad ? bad : run_pool_all(pool);
}

int cmd_run(int argc, char **argv)
{
    static run_options options;
    int bad = run_options_parse(&options, argc, argv, "run");
    if (bad)
        return bad < 0 ? CLI_OK : bad;
    run_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return cli_complain("no memory");
    pool->options = &options;
    options.run.stop = &stop_now;
    options.run.keep_items = false;
    for (size_t i = 0; rig_report_rows[i].name && i < REPORTS_MAX; i++)
        if (options.wanted[i] && rig_report_rows[i].evidence)
            options.run.keep_items = true;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->changed, NULL);
    bad = run_with(pool);
    pool_free(pool);
    return bad;
}
