/* iscsirig bless: what a run recorded becomes the trace of its scenario, behind a fence. */
#include "cli.h"
#include "rig/bless.h"

#include "manual.h"
#include <errno.h>
#include <fcntl.h>

#include <getopt.h>
#include <libgen.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONTEXT 3 /* unchanged lines shown around a change */

typedef struct bless_job {
    const char *path;
    bool yes;
    cli_pack pack;
    rig_bless_block blocks[RIG_BLESS_BLOCKS_MAX];
    size_t sizes[RIG_BLESS_BLOCKS_MAX];
    uint32_t of_case[RIG_BLESS_BLOCKS_MAX]; /* that was recorded */
    uint32_t num_blocks;
    char *text; /* the new file */
    size_t len, size;
} bless_job;

static int refuse(const bless_job *job, const char *why)
{
    fprintf(stderr, "%s: not blessed: %s\n", job->path, why);
    return CLI_FAILED;
}

/* ---- playing ---- */

static rig_run_config config_of(void)
{
    return (rig_run_config){.alloc = rig_alloc_libc(), .keep = RIG_RUN_KEEP_NEVER, .keep_items = true};
}

static bool only_traces(const rig_result *result)
{
    for (uint32_t i = 0; i < result->num_findings; i++)
        if (result->findings[i].kind != RIG_FINDING_TRACE)
            return false;
    return true;
}

static int refuse_result(const bless_job *job, const rig_result *result)
{
    char why[512];
    for (uint32_t i = 0; i < result->num_findings; i++)
        if (result->findings[i].kind != RIG_FINDING_TRACE) {
            snprintf(why, sizeof why, "line %u, which bless must not touch, failed: %s",
                     result->findings[i].place.line, result->findings[i].text);
            return refuse(job, why);
        }
    snprintf(why, sizeof why, "case %u ended with %s%s%s", result->case_index,
             rig_verdict_word(result->verdict), result->reason ? ": " : "",
             result->reason ? result->reason : "");
    return refuse(job, why);
}

/* ---- recording ---- */

static bool has_failed(const rig_result *result, const rig_scn_trace *trace)
{
    for (uint32_t i = 0; i < result->num_findings; i++) {
        rig_scn_place place = result->findings[i].place;
        if (place.file == trace->place.file && place.line >= trace->first_line &&
            place.line <= trace->last_line)
            return true;
    }
    /* the lines of a macro stand elsewhere: one block, one finding */
    return result->num_findings && result->scn->num_traces == 1;
}

static rig_bless_block *block_of(bless_job *job, const rig_scn_trace *trace)
{
    for (uint32_t i = 0; i < job->num_blocks; i++)
        if (job->blocks[i].first_line == trace->first_line)
            return &job->blocks[i];
    return NULL;
}

static int add_block(bless_job *job, const rig_result *result, const rig_scn_trace *trace)
{
    char *text = NULL;
    size_t len = 0, size = 0;
    if (job->num_blocks == RIG_BLESS_BLOCKS_MAX)
        return refuse(job, "too many blocks at a time");
    rig_status status = rig_bless_body(rig_alloc_libc(), trace, &result->items, &text, &len, &size);
    if (status == RIG_E_NOT_FOUND)
        return refuse(job, "nothing of what the trace lists was seen");
    if (status)
        return refuse(job, rig_status_meaning(status));
    job->of_case[job->num_blocks] = result->case_index;
    job->sizes[job->num_blocks] = size;
    job->blocks[job->num_blocks++] =
        (rig_bless_block){trace->first_line, trace->last_line, rig_view_of(text, len)};
    return CLI_OK;
}

static int record_case(bless_job *job, const rig_result *result)
{
    int bad = CLI_OK;
    for (uint32_t t = 0; t < result->scn->num_traces && !bad; t++) {
        const rig_scn_trace *trace = &result->scn->traces[t];
        if (has_failed(result, trace) && !block_of(job, trace))
            bad = add_block(job, result, trace);
    }
    return bad;
}

static int play_all(bless_job *job, const cli_scenario *scenario)
{
    const rig_run_config config = config_of();
    int bad = CLI_OK;
    for (uint32_t c = 0; c < rig_scn_cases(scenario->file) && !bad; c++) {
        rig_result result;
        if (rig_run_case(&config, scenario->file, job->path, c, &result))
            bad = cli_complain("%s: could not be played", job->path);
        else if (result.verdict == RIG_VERDICT_SKIP || result.verdict == RIG_VERDICT_ERROR ||
                 !only_traces(&result))
            bad = refuse_result(job, &result);
        else
            bad = record_case(job, &result);
        rig_result_cleanup(&result);
    }
    return bad;
}

/* ---- the fence ---- */

/* What git has of the file, in a temporary file that goes away with its descriptor. False: git knows none. */
static bool last_version(const char *path, FILE *out)
{
    char folder[CLI_PATH_SIZE], base[CLI_PATH_SIZE], object[CLI_PATH_SIZE + 8];
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status = 0;
    snprintf(folder, sizeof folder, "%s", path);
    snprintf(base, sizeof base, "%s", path);
    snprintf(object, sizeof object, "HEAD:./%s", basename(base));
    char *const arguments[] = {(char[]){"git"},  (char[]){"-C"}, dirname(folder),
                               (char[]){"show"}, object,         NULL};
    if (posix_spawn_file_actions_init(&actions))
        return false;
    posix_spawn_file_actions_adddup2(&actions, fileno(out), STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    bool spawned = posix_spawnp(&pid, "git", &actions, NULL, arguments, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    while (spawned && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return spawned && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int check_target(const bless_job *job, rig_view text)
{
    char *before = calloc(1, RIG_SCN_FILE_MAX);
    FILE *out = tmpfile();
    bool same = true;
    if (before && out && last_version(job->path, out)) {
        rewind(out);
        size_t len = fread(before, 1, RIG_SCN_FILE_MAX, out);
        same = rig_bless_same_target(rig_view_of(before, len), text);
    }
    if (out)
        fclose(out);
    free(before);
    return same || job->yes
               ? CLI_OK
               : refuse(job, "its target section differs from the last commit, too; --yes if both "
                             "changes are meant");
}

/* ---- the diff ---- */

static size_t count_lines(rig_view text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == '\n';
    return n;
}

static void put_lines(const char *mark, rig_view text, size_t skip, size_t num)
{
    for (size_t i = 0; i < skip; i++)
        rig_view_split(&text, '\n');
    for (size_t i = 0; i < num; i++) {
        rig_view line = rig_view_split(&text, '\n');
        printf("%s%.*s\n", mark, RIG_VIEW_ARG(line));
    }
}

static size_t same_ahead(rig_view a, rig_view b)
{
    size_t n = 0;
    while (a.ptr && b.ptr && rig_view_eq(rig_view_split(&a, '\n'), rig_view_split(&b, '\n')))
        n++;
    return n;
}

/* One hunk: from the first line that differs to the last one. */
static void show_diff(const char *path, rig_view old, rig_view new)
{
    size_t num_old = count_lines(old), num_new = count_lines(new), ahead = same_ahead(old, new), behind = 0;
    size_t i = old.len, j = new.len;
    while (i > 0 && j > 0 && old.ptr[i - 1] == new.ptr[j - 1]) {
        i--;
        j--;
        behind += old.ptr[i] == '\n';
    }
    behind -= behind > 0; /* the line they differ in ends alike */
    size_t least = num_old < num_new ? num_old : num_new;
    if (ahead + behind > least)
        behind = least > ahead ? least - ahead : 0;
    size_t before = ahead < CONTEXT ? ahead : CONTEXT, after = behind < CONTEXT ? behind : CONTEXT;
    printf("--- %s\n+++ %s\n@@ -%zu,%zu +%zu,%zu @@\n", path, path, ahead - before + 1,
           num_old - ahead - behind + before + after, ahead - before + 1,
           num_new - ahead - behind + before + after);
    put_lines(" ", old, ahead - before, before);
    put_lines("-", old, ahead, num_old - ahead - behind);
    put_lines("+", new, ahead, num_new - ahead - behind);
    put_lines(" ", old, num_old - behind, after);
}

/* ---- writing ---- */

/* The new text has to pass before it takes the place of the old one. */
static int try_new(bless_job *job, cli_scenario *scenario)
{
    static rig_scn_problems problems;
    const rig_run_config config = config_of();
    cli_scenario trial = *scenario;
    char why[512];
    int bad = CLI_OK;
    trial.file = NULL;
    problems.num = 0;
    rig_status read = cli_scenario_read(&trial, rig_view_of(job->text, job->len), &problems);
    scenario->includes = trial.includes; /* as many more as the new text includes */
    scenario->num_includes = trial.num_includes;
    if (read) {
        snprintf(why, sizeof why, "what was recorded cannot be read: %s", problems.list[0].text);
        return refuse(job, why);
    }
    for (uint32_t c = 0; c < rig_scn_cases(trial.file) && !bad; c++) {
        rig_result result;
        rig_status status = rig_run_case(&config, trial.file, job->path, c, &result);
        if (status || result.verdict != RIG_VERDICT_PASS) {
            snprintf(why, sizeof why, "what case %u recorded does not hold for case %u%s%s", job->of_case[0],
                     c, result.num_findings ? ": " : "", result.num_findings ? result.findings[0].text : "");
            bad = refuse(job, why);
        }
        rig_result_cleanup(&result);
    }
    rig_scn_file_free(trial.file);
    return bad;
}

static int by_line(const void *a, const void *b)
{
    const rig_bless_block *left = a, *right = b;
    return (left->first_line > right->first_line) - (left->first_line < right->first_line);
}

static int put_back(const bless_job *job)
{
    FILE *file = fopen(job->path, "wb");
    bool good = file && fwrite(job->text, 1, job->len, file) == job->len;
    good = (!file || fclose(file) == 0) && good;
    return good ? CLI_OK : cli_complain("%s: could not be written", job->path);
}

static int rewrite(bless_job *job, cli_scenario *scenario)
{
    rig_view old = rig_view_of(scenario->source.text, scenario->source.len);
    if (job->num_blocks == 0) {
        printf("%s: its traces hold\n", job->path);
        return CLI_OK;
    }
    int bad = check_target(job, old);
    if (bad)
        return bad;
    qsort(job->blocks, job->num_blocks, sizeof job->blocks[0], by_line);
    rig_status status = rig_bless_rewrite(rig_alloc_libc(), old, job->blocks, job->num_blocks, &job->text,
                                          &job->len, &job->size);
    if (status)
        return refuse(job, rig_status_meaning(status));
    show_diff(job->path, old, rig_view_of(job->text, job->len));
    bad = try_new(job, scenario);
    return bad ? bad : put_back(job);
}

static int bless_file(char *path, bool yes)
{
    bless_job *job = calloc(1, sizeof *job);
    if (!job)
        return cli_complain("no memory");
    job->path = path;
    job->yes = yes;
    int bad = cli_pack_load(&job->pack, &path, 1);
    if (!bad && job->pack.num != 1)
        bad = cli_complain("%s: wanted a scenario file", path);
    if (!bad)
        bad = play_all(job, job->pack.scenarios[0]);
    if (!bad)
        bad = rewrite(job, job->pack.scenarios[0]);
    for (uint32_t i = 0; i < job->num_blocks; i++)
        rig_delete(rig_alloc_libc(), (char *)(uintptr_t)job->blocks[i].body.ptr, job->sizes[i]);
    rig_delete(rig_alloc_libc(), job->text, job->size);
    cli_pack_free(&job->pack);
    free(job);
    return bad;
}

static const cli_option options[] = {
    {'y', "yes", NULL, "although the target section differs from the last commit", 0}, {0}};

const cli_manual cmd_bless_manual = {
    .synopsis = "[--yes] FILE…",
    .about =
        (const char *const[]){
            "Plays each scenario and rewrites its trace blocks that failed from what was recorded, after "
            "showing the "
            "difference; everything else of the file stays as it is. Refuses when a must, never, play or "
            "step fails, "
            "when CI is set, when what was recorded would not pass, and, without --yes, when the target "
            "section of "
            "the file differs from the last commit: then nobody could say which change made the difference.",
            NULL},
    .options = {options},
    .status =
        (const cli_status[]){{0, "the traces hold now"}, {1, "refused"}, {2, "usage or environment"}, {0}},
    .examples = (const char *const[]){"scenarios/login/moved.scn", NULL},
    .takes = ".scn"};

int cmd_bless(int argc, char **argv)
{
    cli_args args;
    bool yes = false;
    cli_args_begin(&args, "bless", argc, argv);
    for (int c; (c = cli_args_next(&args)) != 0; yes = true)
        if (c < 0)
            return args.end;
    const char *ci = getenv("CI");
    if (ci && ci[0])
        return cli_complain("bless: CI is set; what passes there is decided before");
    int worst = optind < argc ? CLI_OK : cli_complain("bless: wanted scenario files");
    for (int i = optind; i < argc; i++) {
        int end = bless_file(argv[i], yes);
        worst = end > worst ? end : worst;
    }
    return worst;
}
