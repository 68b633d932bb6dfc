/* iscsirig lint: what a capture of any two products does against the RFC. */
#include "cli.h"
#include "evidence.h"
#include "rig/lint.h"

#include "manual.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct lint_job {
    rig_lint *lint;
    bool ids;
    uint16_t port;
    bool *found; /* by rule */
    cli_evidence evidence;
} lint_job;

/* RFC7143/11.3, RFC7144/5.1 */
static void put_section(const char *section)
{
    const char *colon = strchr(section, ':');
    if (colon)
        printf("RFC%.*s/%s", (int)(colon - section), section, colon + 1);
    else
        printf("RFC7143/%s", section);
}

static rig_status on_finding(void *ctx, const rig_lint_finding *finding)
{
    lint_job *job = ctx;
    const rig_lint_rule *rule = finding->rule;
    job->found[rule - rig_lint_rules] = true;
    if (job->ids)
        return RIG_OK;
    printf("frame %u byte %llu %s %s %s %s: expected %s, seen %s; ", finding->frame,
           (unsigned long long)finding->offset, rig_lint_side_word(finding->side), rule->id,
           rig_lint_level_word(rule->level), finding->field, finding->expected, finding->seen);
    put_section(rule->section);
    printf(" %s\n", rule->what);
    return RIG_OK;
}

static rig_status on_item(void *ctx, const rig_flow *flow, const rig_item *item)
{
    lint_job *job = ctx;
    (void)flow;
    return rig_lint_item(job->lint, item);
}

static rig_status read_capture(lint_job *job, rig_error *error)
{
    const rig_lint_config config = {.alloc = rig_alloc_libc(), .finding = on_finding, .ctx = job};
    const rig_streams_config follow = {
        .alloc = rig_alloc_libc(), .port = job->port, .item = on_item, .ctx = job};
    cli_evidence *evidence = &job->evidence;
    rig_status status = rig_lint_new(&config, &job->lint);
    if (!status)
        status = rig_streams_new(&follow, &evidence->streams);
    if (!status)
        status = cli_read_evidence(evidence, error);
    if (!evidence->begun) { /* nothing was judged */
        rig_lint_free(job->lint);
        job->lint = NULL;
    }
    return status;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void put_ids(const lint_job *job, const char **ids)
{
    size_t num = 0;
    for (size_t r = 0; r < rig_lint_num_rules; r++)
        if (job->found[r])
            ids[num++] = rig_lint_rules[r].id;
    qsort(ids, num, sizeof *ids, compare_ids);
    for (size_t i = 0; i < num; i++)
        printf("%s\n", ids[i]);
}

static int verdict(const lint_job *job, rig_status status, const rig_error *error)
{
    rig_lint_totals totals = {0};
    if (job->lint)
        rig_lint_end(job->lint, &totals);
    if (!job->ids && job->lint)
        printf("lint: %llu PDUs on %llu connections, %llu findings, %llu PDUs not judged\n",
               (unsigned long long)totals.pdus, (unsigned long long)totals.connections,
               (unsigned long long)totals.findings, (unsigned long long)totals.unjudged);
    if (!job->ids)
        cli_say_evidence(&job->evidence, status, "lint: ", stdout);
    if (status)
        return cli_complain("%s", error->text[0] ? error->text : rig_status_meaning(status));
    return totals.findings ? CLI_FAILED : CLI_OK;
}

static int lint_capture(lint_job job)
{
    const char **ids = calloc(rig_lint_num_rules, sizeof *ids);
    rig_error error = {0};
    int end = CLI_USAGE;
    job.found = calloc(rig_lint_num_rules, sizeof *job.found);
    if (job.found && ids) {
        rig_status status = read_capture(&job, &error);
        if (job.ids)
            put_ids(&job, ids);
        end = verdict(&job, status, &error);
    } else
        cli_complain("no memory");
    rig_lint_free(job.lint);
    rig_streams_free(job.evidence.streams);
    free(job.found);
    free(ids);
    return end;
}

static void put_rules(void)
{
    for (size_t r = 0; r < rig_lint_num_rules; r++) {
        const rig_lint_rule *rule = &rig_lint_rules[r];
        printf("%s\t%s\t%s\t%s\t", rule->id, rule->name, rig_lint_level_word(rule->level),
               rig_lint_side_word(rule->side));
        put_section(rule->section);
        printf("\t%s\n", rule->what);
    }
}

static const cli_option options[] = {
    {'d', "ids", NULL, "the ids of the rules that were broken, sorted, one a line", 0},
    {'r', "rules", NULL, "every rule: id, name, level, side, section, what it asks for, separated by tabs",
     0},
    {'o', "port", "N", "TCP port of the target when it is not 3260 and the login is not in the capture", 0},
    {0}};

const cli_manual cmd_lint_manual = {
    .synopsis = "[OPTION…] CAPTURE",
    .about =
        (const char *const[]){
            CLI_EVIDENCE_PLACE,
            "A line a finding: frame, byte offset in the connection's stream, side at fault, id, "
            "level, field, expected and seen value, section; then what was read, what the "
            "capture lacks and which limits were reached.",
            NULL},
    .more =
        (const char *const[]){
            "With the keys of IPsec, as for iscsirig-trace(1), also what is inside ESP, and what "
            "should have been. What bytes that the capture lacks could explain is no finding.",
            NULL},
    .options = {options, cli_evidence_rows},
    .status =
        (const cli_status[]){{0, "no finding"}, {1, "findings"}, {2, "the capture cannot be used"}, {0}},
    .examples = (const char *const[]){"capture.pcapng.gz", "--ids capture.pcap", NULL},
    .takes = "capture"};

int cmd_lint(int argc, char **argv)
{
    cli_args args;
    lint_job job = {0};
    cli_args_begin(&args, "lint", argc, argv);
    for (int c; (c = cli_args_next(&args)) != 0;) {
        if (c < 0)
            return args.end;
        if (c == 'r') {
            put_rules();
            return CLI_OK;
        }
        if (c == 'd')
            job.ids = true;
        else if (c == 'o') {
            if (cli_port(optarg, &job.port))
                return CLI_USAGE;
        } else
            cli_evidence_option(&job.evidence, c, optarg);
    }
    return cli_evidence_place(&job.evidence, "lint", argc, argv) ? CLI_USAGE : lint_capture(job);
}
