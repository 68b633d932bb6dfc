/* iscsirig sanitize: a capture that may be shown to others, with the same verdict of lint. */
#include "cli.h"
#include "evidence.h"
#include "rig/lint.h"
#include "rig/sanitize.h"

#include "manual.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FINDINGS_MAX (1u << 20) /* findings of one capture that are compared */

typedef struct told {
    const rig_lint_rule *rule;
    rig_lint_side side;
    uint32_t connection, frame;
    uint64_t offset;
} told;

/* What lint says of a capture. */
typedef struct verdict {
    rig_lint *lint;
    rig_lint_totals totals;
    told *findings;
    size_t num, size;
    bool ipsec; /* IKE or ESP was seen */
} verdict;

typedef struct sanitize_job {
    const char *from, *to;
    uint16_t port;
    rig_sanitize *sanitize;
    rig_sanitize_report report;
    verdict before, after;
} sanitize_job;

/* ---- verdicts ---- */

static rig_status on_finding(void *ctx, const rig_lint_finding *finding)
{
    verdict *v = ctx;
    if (v->num == v->size) {
        size_t size = v->size ? v->size * 2 : 64;
        told *larger = v->size < FINDINGS_MAX ? realloc(v->findings, size * sizeof *larger) : NULL;
        if (!larger)
            return v->size < FINDINGS_MAX ? RIG_E_NOMEM : RIG_E_LIMIT;
        v->findings = larger;
        v->size = size;
    }
    v->findings[v->num++] =
        (told){finding->rule, finding->side, finding->connection, finding->frame, finding->offset};
    return RIG_OK;
}

static rig_status on_item(void *ctx, const rig_flow *flow, const rig_item *item)
{
    verdict *v = ctx;
    (void)flow;
    return rig_lint_item(v->lint, item);
}

static rig_status on_ipsec(void *ctx, const rig_ipsec_event *event)
{
    verdict *v = ctx;
    v->ipsec |= event->kind == RIG_IPSEC_IKE || event->kind == RIG_IPSEC_ESP;
    return RIG_OK;
}

static rig_status judge(verdict *v, const char *path, uint16_t port, rig_error *err)
{
    const rig_lint_config config = {.alloc = rig_alloc_libc(), .finding = on_finding, .ctx = v};
    const rig_streams_config follow = {.alloc = rig_alloc_libc(), .port = port, .item = on_item, .ctx = v};
    cli_evidence evidence = {.path = path, .event = on_ipsec, .ctx = v};
    rig_status status = rig_lint_new(&config, &v->lint);
    if (!status)
        status = rig_streams_new(&follow, &evidence.streams);
    if (!status)
        status = cli_read_evidence(&evidence, err);
    if (v->lint)
        rig_lint_end(v->lint, &v->totals);
    rig_streams_free(evidence.streams);
    rig_lint_free(v->lint);
    v->lint = NULL;
    return status;
}

static bool same_finding(const told *a, const told *b)
{
    return a->rule == b->rule && a->side == b->side && a->connection == b->connection &&
           a->frame == b->frame && a->offset == b->offset;
}

static const char *name_of(const verdict *v, size_t i)
{
    return i < v->num ? v->findings[i].rule->id : "nothing";
}

static int compare(const sanitize_job *job)
{
    const verdict *before = &job->before, *after = &job->after;
    const rig_lint_totals *a = &before->totals, *b = &after->totals;
    size_t i = 0;
    while (i < before->num && i < after->num && same_finding(&before->findings[i], &after->findings[i]))
        i++;
    if (i < before->num || i < after->num)
        return cli_complain(
            "sanitize: lint would say something else of %s, as finding %zu %s instead of %s; it was "
            "not written",
            job->to, i + 1, name_of(after, i), name_of(before, i));
    if (a->pdus != b->pdus || a->unjudged != b->unjudged || a->connections != b->connections)
        return cli_complain("sanitize: lint would see %llu PDUs in %s instead of %llu; it was not written",
                            (unsigned long long)b->pdus, job->to, (unsigned long long)a->pdus);
    return CLI_OK;
}

/* ---- packets ---- */

typedef rig_status (*take_frame)(sanitize_job *job, rig_pcapng *out, uint64_t time, rig_link_type link,
                                 rig_view bytes, uint32_t wire_len);

static rig_status read_frame(sanitize_job *job, rig_pcapng *out, uint64_t time, rig_link_type link,
                             rig_view bytes, uint32_t wire_len)
{
    (void)out;
    return rig_sanitize_read(job->sanitize, time, link, bytes, wire_len);
}

static rig_status write_frame(sanitize_job *job, rig_pcapng *out, uint64_t time, rig_link_type link,
                              rig_view bytes, uint32_t wire_len)
{
    rig_view frame;
    rig_status status = rig_sanitize_packet(job->sanitize, time, link, bytes, wire_len, &frame, &wire_len);
    return status ? status : rig_pcapng_cut(out, time, frame, wire_len);
}

static rig_status each_frame(sanitize_job *job, rig_pcapng *out, take_frame take, rig_error *err)
{
    rig_capture *capture;
    uint64_t time;
    rig_link_type link;
    rig_view bytes;
    uint32_t wire_len;
    rig_status status = rig_capture_open(rig_alloc_libc(), job->from, &capture, err);
    if (status)
        return status;
    while (!status) {
        status = rig_capture_next(capture, &time, &link, &bytes, &wire_len, err);
        if (!status)
            status = take(job, out, time, link, bytes, wire_len);
    }
    rig_capture_close(capture);
    return status == RIG_E_NOT_FOUND ? RIG_OK : status;
}

static rig_status write_all(sanitize_job *job, rig_error *err)
{
    rig_pcapng *out;
    rig_status status = rig_sanitize_turn(job->sanitize);
    if (!status)
        status = rig_pcapng_open(rig_alloc_libc(), job->to, rig_view_str("sanitized"), &out, err);
    if (status)
        return status;
    status = each_frame(job, out, write_frame, err);
    rig_status end = rig_pcapng_close(out);
    return status ? status : end;
}

static rig_status rewrite(sanitize_job *job, rig_error *err)
{
    rig_status status = rig_sanitize_new(rig_alloc_libc(), job->port, &job->sanitize);
    if (!status)
        status = each_frame(job, NULL, read_frame, err);
    if (!status)
        status = write_all(job, err);
    if (job->sanitize)
        rig_sanitize_told(job->sanitize, &job->report);
    rig_sanitize_free(job->sanitize);
    return status;
}

/* ---- command ---- */

static bool same_file(const char *a, const char *b)
{
    struct stat first, second;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

static int complain(rig_status status, const rig_error *error)
{
    if (status == RIG_E_LIMIT && !error->text[0])
        return cli_complain("sanitize: too much for one capture: at most %u connections at a time and %u in "
                            "all, %u MiB of headers and "
                            "texts, and %u different values of one kind; cut the file first (editcap -r)",
                            RIG_STREAM_CONNECTIONS_MAX, RIG_SANITIZE_CONNECTIONS_MAX,
                            RIG_SANITIZE_KEPT_MAX >> 20, RIG_SANITIZE_WORDS_MAX);
    return cli_complain("sanitize: %s", error->text[0] ? error->text : rig_status_meaning(status));
}

static int write_and_compare(sanitize_job *job)
{
    rig_error error = {0};
    rig_status status = rewrite(job, &error);
    if (!status)
        status = judge(&job->after, job->to, job->port, &error);
    int end = status ? complain(status, &error) : compare(job);
    if (end) {
        unlink(job->to);
        return end;
    }
    printf("sanitized: %llu frames, %llu of them emptied, %u connections, %llu PDUs; lint: %llu findings, as "
           "before\n",
           (unsigned long long)job->report.frames, (unsigned long long)job->report.emptied,
           job->report.connections, (unsigned long long)job->report.pdus,
           (unsigned long long)job->after.totals.findings);
    return CLI_OK;
}

static int sanitize(sanitize_job *job)
{
    rig_error error = {0};
    int end;
    rig_status status = judge(&job->before, job->from, job->port, &error);
    if (status)
        end = complain(status, &error);
    else if (job->before.ipsec)
        end = cli_complain("sanitize: %s has IPsec in it, which is not rewritten", job->from);
    else
        end = write_and_compare(job);
    free(job->before.findings);
    free(job->after.findings);
    return end;
}

static const cli_option options[] = {
    {'o', "port", "N", "TCP port of the target when it is not 3260 and the login is not in the capture", 0},
    {0}};

const cli_manual cmd_sanitize_manual = {
    .synopsis = "[OPTION…] CAPTURE OUT",
    .about = (const char *const[]){"Writes the packets of a file to OUT (pcapng), fit to be shown to others: "
                                   "no payload, no other protocols, "
                                   "other names, aliases, addresses, CHAP names, challenges and responses, "
                                   "of the same lengths, the same for "
                                   "the same; digests and checksums made anew, wrong ones stay wrong. "
                                   "Sequence numbers, ports, times, CDBs "
                                   "and ISIDs stay. When lint would say anything else of OUT than of "
                                   "CAPTURE, OUT is removed, and that is an "
                                   "error.",
                                   NULL},
    .more =
        (const char *const[]){
            "Of a TCP stream only PDUs are shown, all else in it becomes zeros; frames of anything "
            "else become empty ones, so that the others keep their numbers. Captures with IPsec "
            "in them are refused.",
            NULL},
    .options = {options},
    .status = (const cli_status[]){{0, "written"}, {2, "not"}, {0}},
    .examples = (const char *const[]){"customer.pcap shown.pcapng", NULL},
    .takes = "capture"};

int cmd_sanitize(int argc, char **argv)
{
    cli_args args;
    sanitize_job job = {0};
    cli_args_begin(&args, "sanitize", argc, argv);
    for (int c; (c = cli_args_next(&args)) != 0;) {
        if (c < 0)
            return args.end;
        if (cli_port(optarg, &job.port))
            return CLI_USAGE;
    }
    if (argc - optind != 2)
        return cli_complain("sanitize: wanted a capture and what to write; see `iscsirig sanitize --help`");
    job.from = argv[optind];
    job.to = argv[optind + 1];
    if (strcmp(job.from, "-") == 0 || strcmp(job.to, "-") == 0)
        return cli_complain("sanitize: both have to be files, which are read more than once");
    if (same_file(job.from, job.to))
        return cli_complain("sanitize: %s is the capture itself", job.to);
    return sanitize(&job);
}
