/* iscsirig report: results of --json, merged and compared, as any kind of report. */
#include "cli.h"
#include "ladders.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manual.h"
#include "rig/results.h"

#define KINDS_MAX 16                   /* kinds of reports */
#define FILES_MAX 4096                 /* files that are merged */
#define FILE_BYTES_MAX (1024ull << 20) /* bytes of one */

typedef struct report_job {
    const char *against[FILES_MAX];
    size_t num_against;
    bool quiet;
    const char *paths[KINDS_MAX]; /* by index of rig_report_rows, NULL = not asked for */
    bool wanted[KINDS_MAX];
    char *requirements;
    size_t requirements_len;
} report_job;

/* ---- reading ---- */

static int read_one(const char *path, rig_results **out)
{
    char *text = NULL;
    size_t len = 0;
    rig_error error = {0};
    if (cli_read(path, FILE_BYTES_MAX, &text, &len, &error))
        return cli_complain("%s", error.text);
    rig_status status = rig_results_read(rig_alloc_libc(), path, rig_view_of(text, len), out, &error);
    rig_delete(rig_alloc_libc(), text, len + 1);
    if (status)
        return cli_complain("%s", error.text);
    rig_results_about about;
    rig_results_about_them(*out, &about);
    if (about.cut)
        cli_complain("%s: its end is missing; the cases that are whole were taken", path);
    return CLI_OK;
}

static int read_all(const char *const *paths, size_t num, rig_results **out)
{
    *out = NULL;
    for (size_t i = 0; i < num; i++) {
        rig_results *more = NULL;
        int bad = read_one(paths[i], &more);
        if (bad)
            return bad;
        if (!*out) {
            *out = more;
            continue;
        }
        rig_status status = rig_results_merge(*out, more);
        rig_results_free(more);
        if (status)
            return cli_complain("no memory");
    }
    return CLI_OK;
}

/* ---- telling ---- */

static int print_one(const rig_results *results, size_t row, const char *path)
{
    rig_run_facts facts;
    rig_summary summary;
    rig_report *report;
    rig_error error = {0};
    rig_results_facts(results, &facts);
    rig_results_summary(results, &summary);
    if (rig_report_rows[row].open(rig_alloc_libc(), path, &facts, &report, &error))
        return cli_complain("%s", error.text);
    bool ladders = strcmp(rig_report_rows[row].name, "html") == 0;
    rig_status status = rig_results_print(results, report, ladders ? cli_ladder_read : NULL, NULL);
    rig_status end = report->ops->finish(report, &summary);
    if (status || end)
        return cli_complain("%s: the report could not be written", path ? path : rig_report_rows[row].name);
    return CLI_OK;
}

static int print_all(const report_job *job, const rig_results *results)
{
    int bad = CLI_OK;
    rig_report_requirements(rig_view_of(job->requirements, job->requirements_len));
    for (size_t row = 0; rig_report_rows[row].name && !bad; row++) {
        bool console = strcmp(rig_report_rows[row].name, "console") == 0;
        if (job->wanted[row] || (console && !job->quiet))
            bad = print_one(results, row, job->paths[row]);
    }
    return bad;
}

/* "broke 2, fixed 1, same 411" */
static void print_changes(const rig_results_about *about)
{
    const char *before = "compared: ";
    for (unsigned c = 0; c < RIG_CHANGES; c++)
        if (about->changes[c]) {
            printf("%s%s %llu", before, rig_change_word((rig_change)c),
                   (unsigned long long)about->changes[c]);
            before = ", ";
        }
    printf("\n");
}

static int exit_status(const rig_results *results, const rig_results_about *about)
{
    rig_summary summary;
    rig_results_summary(results, &summary);
    const uint64_t *verdicts = summary.verdicts;
    if (about->compared) {
        for (unsigned c = 0; c < RIG_CHANGES; c++)
            if (about->changes[c] && rig_change_fails((rig_change)c))
                return CLI_FAILED;
        return summary.interrupted ? CLI_USAGE : CLI_OK;
    }
    if (verdicts[RIG_VERDICT_FAIL] || verdicts[RIG_VERDICT_FIXED])
        return CLI_FAILED;
    if (verdicts[RIG_VERDICT_ERROR] || summary.interrupted)
        return CLI_USAGE;
    return summary.cases == verdicts[RIG_VERDICT_SKIP] ? CLI_SKIPPED : CLI_OK;
}

static int tell(const report_job *job, rig_results *results, const rig_results *before)
{
    rig_results_about about;
    if (before && rig_results_compare(results, before))
        return cli_complain("no memory");
    rig_results_about_them(results, &about);
    int bad = print_all(job, results);
    if (bad)
        return bad;
    if (about.replaced)
        fprintf(job->quiet ? stderr : stdout, "%llu case%s stood in several files; the last one counts\n",
                (unsigned long long)about.replaced, about.replaced == 1 ? "" : "s");
    if (about.compared && !job->quiet)
        print_changes(&about);
    return exit_status(results, &about);
}

static int report_on(report_job *job, const char *const *paths, size_t num)
{
    char path[CLI_PATH_SIZE];
    rig_results *results = NULL, *before = NULL;
    rig_error error = {0};
    int end = read_all(paths, num, &results);
    if (!end)
        end = read_all(job->against, job->num_against, &before);
    if (!end && cli_data_path("docs/requirements.tsv", path, sizeof path))
        cli_read(path, FILE_BYTES_MAX, &job->requirements, &job->requirements_len, &error);
    if (!end)
        end = tell(job, results, before);
    rig_delete(rig_alloc_libc(), job->requirements, job->requirements ? job->requirements_len + 1 : 0);
    rig_results_free(results);
    rig_results_free(before);
    return end;
}

/* ---- the command line ---- */

#define FIRST_CODE 1000 /* of cli_args_next for the first kind of report */

/* Every kind of report brings its own option. */
static const cli_option *report_table(void)
{
    static cli_option table[KINDS_MAX + 3];
    size_t num = 0;
    table[num++] = (cli_option){'a', "against", "FILE",
                                "compare with this earlier run; repeated: with all its shards", 0};
    table[num++] = (cli_option){'q', "quiet", NULL, "nothing but the status, and what reports say", 'q'};
    for (int i = 0; rig_report_rows[i].name && i < KINDS_MAX; i++) {
        const rig_report_row *row = &rig_report_rows[i];
        const char *value = strchr(row->option, ' ');
        if (row->option[0])
            table[num++] = (cli_option){FIRST_CODE + i, row->name, value ? value + 1 : NULL, row->what, 0};
    }
    return table;
}

const cli_manual cmd_report_manual = {
    .synopsis = "[OPTION…] FILE.json…",
    .about =
        (const char *const[]){
            "Takes files that iscsirig run --json wrote, merges them (the shards of a run, or runs against "
            "several peers) and gives them again, for people and as any report that run knows. A case that "
            "stands in several files counts as the last one says.",
            "With --against it compares: what broke, got fixed, still fails, is new, is gone; then only what "
            "broke, or is new and fails, is a failure.",
            NULL},
    .more = (const char *const[]){"A file whose end is missing, because its run was killed while it wrote, "
                                  "gives the cases that are whole, and status 2.",
                                  NULL},
    .own = report_table,
    .status = (const cli_status[]){{0, "as expected, or with --against no worse than before"},
                                   {1, "failures"},
                                   {2, "usage, a file that cannot be read, or a run that did not end"},
                                   {77, "all skipped"},
                                   {0}},
    .examples = (const char *const[]){"shard-1.json shard-2.json --html out --junit all.xml",
                                      "now.json --against before.json --markdown changes.md", NULL}};

static int take_option(report_job *job, int c)
{
    if (c == 'q') {
        job->quiet = true;
    } else if (c == 'a') {
        if (job->num_against == FILES_MAX)
            return cli_complain("--against: more than %d files", FILES_MAX);
        job->against[job->num_against++] = optarg;
    } else {
        job->wanted[c - FIRST_CODE] = true;
        job->paths[c - FIRST_CODE] = optarg;
        /* what has no file takes the place of the console */
        job->quiet = job->quiet || !optarg || strcmp(optarg, "-") == 0;
    }
    return CLI_OK;
}

int cmd_report(int argc, char **argv)
{
    static report_job job;
    cli_args args;
    cli_args_begin(&args, "report", argc, argv);
    for (int c; (c = cli_args_next(&args)) != 0;) {
        if (c < 0)
            return args.end;
        if (take_option(&job, c))
            return CLI_USAGE;
    }
    if (optind == argc)
        return cli_complain("report: which files? (FILE.json of iscsirig run --json)");
    if (argc - optind > FILES_MAX)
        return cli_complain("report: more than %d files", FILES_MAX);
    return report_on(&job, (const char *const *)(argv + optind), (size_t)(argc - optind));
}
