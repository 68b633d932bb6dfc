/* iscsirig run: cases on worker threads, reported in their order. */
#include "known.h"
#include "rig/draws.h"
#include "rig/timerq.h"
#include "run_options.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WINDOW 1024 /* cases that may be finished before the oldest one is reported */

typedef struct run_job {
    const cli_scenario *scenario;
    uint32_t case_index;
    uint64_t round;
} run_job;

typedef struct run_slot {
    rig_result result;
    rig_status status;
    bool done;
} run_slot;

typedef struct run_pool {
    run_options *options;
    cli_pack pack;
    cli_known known;
    run_job *jobs;
    size_t num_jobs, size_jobs;
    run_slot slots[WINDOW];
    size_t next, reported;
    bool halt;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    rig_report *reports[REPORTS_MAX];
    size_t num_reports;
    rig_summary summary;
    uint64_t num_timed_out;
    FILE *failed_list;
} run_pool;

static volatile int stop_now;

static void on_signal(int signum)
{
    (void)signum;
    stop_now = 1;
}

/* ---- which cases ---- */

static bool selected(const run_options *options, const rig_scn *scn)
{
    for (size_t i = 0; i < options->num_addresses; i++)
        if (!rig_scn_selected(scn, rig_view_str(options->addresses[i])))
            return false;
    return true;
}

static bool job_add(run_pool *pool, const cli_scenario *scenario, uint32_t case_index, uint64_t round)
{
    if (pool->num_jobs == pool->size_jobs) {
        size_t more = pool->size_jobs ? pool->size_jobs * 2 : 256;
        run_job *jobs =
            rig_resize(rig_alloc_libc(), pool->jobs, pool->size_jobs * sizeof *jobs, more * sizeof *jobs);
        if (!jobs)
            return false;
        pool->jobs = jobs;
        pool->size_jobs = more;
    }
    pool->jobs[pool->num_jobs++] = (run_job){scenario, case_index, round};
    return true;
}

static void failed_path(char *out, size_t size, bool make)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (state)
        snprintf(out, size, "%s", state);
    else
        snprintf(out, size, "%s/.local/state", home ? home : "/tmp");
    if (make)
        for (char *slash = strchr(out + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
            *slash = 0;
            mkdir(out, 0777);
            *slash = '/';
        }
    if (make)
        mkdir(out, 0777);
    size_t len = strlen(out);
    snprintf(out + len, size - len, "/iscsirig-failed.txt");
}

static bool failed_last_time(const char *list, const cli_scenario *scenario, uint32_t case_index)
{
    char row[4200];
    snprintf(row, sizeof row, "%s\t%u\n", scenario->source.path, case_index);
    return list && strstr(list, row) != NULL;
}

static int collect(run_pool *pool)
{
    run_options *options = pool->options;
    char path[4096], *list = NULL;
    size_t list_len = 0;
    uint64_t count = 0;
    if (options->rerun_failed) {
        failed_path(path, sizeof path, false);
        if (cli_read(path, 16u << 20, &list, &list_len, NULL))
            return cli_complain("--rerun-failed: no run has left a list in %s", path);
    }
    for (uint64_t round = 0; round < options->repeat; round++)
        for (size_t i = 0; i < pool->pack.num; i++) {
            const cli_scenario *scenario = pool->pack.scenarios[i];
            for (uint32_t c = 0; c < rig_scn_cases(scenario->file); c++) {
                rig_scn *scn = NULL;
                if (rig_scn_case(scenario->file, c, &scn, NULL))
                    return cli_complain("%s: no memory", scenario->source.path);
                bool wanted = selected(options, scn) && (!list || failed_last_time(list, scenario, c));
                rig_scn_free(scn);
                if (wanted && count++ % options->shards == options->shard - 1 &&
                    !job_add(pool, scenario, c, round))
                    return cli_complain("no memory");
            }
        }
    rig_delete(rig_alloc_libc(), list, list_len + 1);
    return CLI_OK;
}

/* Everything wrong in a file is found before anything runs. */
static int check_jobs(const run_pool *pool)
{
    for (size_t i = 0; i < pool->num_jobs; i++) {
        const run_job *job = &pool->jobs[i];
        const char *path = job->scenario->source.path;
        rig_error error = {0};
        if (job->round ||
            !rig_run_check(&pool->options->run, job->scenario->file, path, job->case_index, &error))
            continue;
        if (error.line)
            fprintf(stderr, "%s:%u:%u: %s\n", path, error.line, error.col, error.text);
        else if (pool->options->run.link)
            fprintf(stderr, "--link %s: %s\n", pool->options->run.link, error.text);
        else
            fprintf(stderr, "%s: %s\n", path, error.text);
        return CLI_USAGE;
    }
    return CLI_OK;
}

static int list_jobs(const run_pool *pool)
{
    for (size_t i = 0; i < pool->num_jobs; i++) {
        rig_scn *scn = NULL;
        const run_job *job = &pool->jobs[i];
        if (rig_scn_case(job->scenario->file, job->case_index, &scn, NULL))
            return cli_complain("no memory");
        printf("%s", job->scenario->source.path);
        for (uint32_t b = 0; b < scn->num_bindings; b++)
            printf(" %.*s=%.*s", RIG_VIEW_ARG(scn->bindings[b].name), RIG_VIEW_ARG(scn->bindings[b].value));
        printf("\t%.*s\n", RIG_VIEW_ARG(scn->title));
        rig_scn_free(scn);
    }
    return CLI_OK;
}

/* ---- playing ---- */

static void play(run_pool *pool, size_t index)
{
    const run_job *job = &pool->jobs[index];
    run_slot *slot = &pool->slots[index % WINDOW];
    rig_run_config config = pool->options->run;
    config.stop = &stop_now;
    if (job->round) {
        const char *path = job->scenario->source.path;
        config.seed =
            (config.has_seed ? config.seed : rig_hash64(path, strlen(path), 0) & 0xffffffff) + job->round;
        config.has_seed = true;
    }
    slot->status = rig_run_case(&config, job->scenario->file, job->scenario->source.path, job->case_index,
                                &slot->result);
}

static bool claim(run_pool *pool, size_t *out_index)
{
    while (!pool->halt && pool->next < pool->num_jobs && pool->next >= pool->reported + WINDOW)
        pthread_cond_wait(&pool->changed, &pool->lock);
    if (pool->halt || stop_now || pool->next >= pool->num_jobs)
        return false;
    *out_index = pool->next++;
    return true;
}

static void *work(void *ctx)
{
    run_pool *pool = ctx;
    size_t index = 0;
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

static void report(run_pool *pool, const run_job *job, run_slot *slot)
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
    for (size_t i = 0; i < pool->num_reports; i++)
        pool->reports[i]->ops->add(pool->reports[i], result);
    if (rig_verdict_failed(result->verdict)) {
        if (pool->failed_list)
            fprintf(pool->failed_list, "%s\t%u\n", job->scenario->source.path, job->case_index);
        pool->halt = pool->halt || pool->options->fail_fast;
    }
    rig_result_cleanup(result);
}

static void report_all(run_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->reported < pool->num_jobs) {
        run_slot *slot = &pool->slots[pool->reported % WINDOW];
        while (!slot->done && !((pool->halt || stop_now) && pool->reported >= pool->next))
            pthread_cond_wait(&pool->changed, &pool->lock);
        if (!slot->done)
            break;
        pthread_mutex_unlock(&pool->lock);
        report(pool, &pool->jobs[pool->reported], slot);
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
    for (int i = 0; i < options->argc; i++)
        rig_text_add(&text, " %s", options->argv[i]);
    const rig_run_facts facts = {.version = cli_commit(),
                                 .command = command,
                                 .mode = peer_name(options),
                                 .planned = pool->num_jobs,
                                 .strict = options->strict};
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
    pool->summary.files = pool->pack.num;
    pool->summary.interrupted = stop_now != 0;
    pool->summary.captures = pool->options->run.pcap_dir;
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
    while (started < pool->options->jobs && (size_t)started < pool->num_jobs &&
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
    return pool->summary.cases == verdicts[RIG_VERDICT_SKIP] ? CLI_SKIPPED : CLI_OK;
}

static void pool_free(run_pool *pool)
{
    if (pool->failed_list)
        fclose(pool->failed_list);
    rig_delete(rig_alloc_libc(), pool->jobs, pool->size_jobs * sizeof *pool->jobs);
    cli_known_free(&pool->known);
    cli_pack_free(&pool->pack);
    free(pool);
}

static int run_pool_all(run_pool *pool)
{
    struct sigaction action = {.sa_handler = on_signal};
    char path[4096];
    failed_path(path, sizeof path, true);
    pool->failed_list = fopen(path, "w");
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    int bad = open_reports(pool);
    if (!bad)
        play_all(pool);
    int worse = finish_reports(pool);
    return bad ? bad : worse ? worse : exit_status(pool);
}

static int run_with(run_pool *pool)
{
    run_options *options = pool->options;
    pool->pack.defines = options->defines;
    pool->pack.num_defines = options->num_defines;
    int bad = cli_pack_load(&pool->pack, options->paths, options->num_paths);
    if (!bad)
        bad = cli_known_load(&pool->known, options->known, options->paths, options->num_paths);
    if (!bad)
        bad = collect(pool);
    if (!bad)
        bad = check_jobs(pool);
    if (bad)
        return bad;
    if (options->list)
        return list_jobs(pool);
    if (options->dry_run) {
        printf("%zu cases of %zu files are ready to be played\n", pool->num_jobs, pool->pack.num);
        return CLI_OK;
    }
    if (pool->num_jobs == 0)
        return cli_complain("no scenario was selected");
    return run_pool_all(pool);
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
