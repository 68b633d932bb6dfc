/* A report of hand-made results, read back as text. */
#ifndef REPORT_BENCH_H
#define REPORT_BENCH_H

#include "match_items.h"

#include <stdlib.h>
#include <unistd.h>

#include "rig/report.h"

#define SHEET_MAX 262144

typedef struct sheet {
    char path[64];
    rig_report *report;
    rig_summary summary;
    rig_alloc_meter meter;
    char text[SHEET_MAX];
    size_t len;
} sheet;

static inline const rig_report_row *report_row(const char *name)
{
    const rig_report_row *row = rig_report_rows;
    while (row->name && strcmp(row->name, name) != 0)
        row++;
    CU_ASSERT_PTR_NOT_NULL_FATAL(row->name);
    return row;
}

static inline void sheet_open(sheet *s, const char *kind, bool verbose)
{
    rig_error err = {.status = RIG_OK};
    const rig_run_facts facts = {
        .version = "1a2b3c4", .command = "iscsirig run a&b", .mode = "sim", .planned = 9, .verbose = verbose};
    memset(s, 0, sizeof *s);
    rig_alloc_meter_init(&s->meter, rig_alloc_libc());
    rig_text path;
    rig_text_init(&path, s->path, sizeof s->path);
    rig_text_add(&path, "/tmp/iscsirig-report-XXXXXX");
    bool folder = strcmp(kind, "html") == 0;
    if (folder) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(s->path));
    } else {
        int fd = mkstemp(s->path);
        CU_ASSERT_FATAL(fd >= 0);
        close(fd);
    }
    CU_ASSERT_FATAL(report_row(kind)->open(&s->meter.alloc, s->path, &facts, &s->report, &err) == RIG_OK);
    if (folder)
        rig_text_add(&path, "/index.html");
    s->summary.files = 2;
    s->summary.real_ns = 2000000000;
}

static inline void sheet_add(sheet *s, const rig_result *result)
{
    s->summary.cases++;
    s->summary.verdicts[result->verdict]++;
    CU_ASSERT(s->report->ops->add(s->report, result) == RIG_OK);
}

/* Ends the report and reads it. */
static inline const char *sheet_close(sheet *s)
{
    CU_ASSERT(s->report->ops->finish(s->report, &s->summary) == RIG_OK);
    CU_ASSERT_EQUAL(s->meter.num_live, 0);
    FILE *file = fopen(s->path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    s->len = fread(s->text, 1, SHEET_MAX - 1, file);
    fclose(file);
    s->text[s->len] = '\0';
    CU_ASSERT_FATAL(s->len < SHEET_MAX - 1);
    unlink(s->path);
    if (strstr(s->path, "/index.html")) {
        s->path[strlen(s->path) - strlen("/index.html")] = '\0';
        rmdir(s->path);
    }
    return s->text;
}

/* A failed case: a login answer with a TSIH. */
static inline void bench_failed(bench *b, const char *path)
{
    bench_open(b,
               "must every LoginResp has TSIH=0 [LOGIN-900]\n"
               "trace\n"
               "  > Login T=1 ITT=$l keys _\n"
               "  < LoginResp T=1 ITT=$l TSIH=0\n",
               LINES("> Login T=1 CSG=0 NSG=1 ITT=0x5 CmdSN=7 AuthMethod=None",
                     "< LoginResp T=1 CSG=0 NSG=1 ITT=0x5 TSIH=4 StatSN=100 ExpCmdSN=7 AuthMethod=None"));
    CU_ASSERT_FALSE(bench_match(b));
    rig_result *r = &b->result;
    CU_ASSERT(rig_result_text(r, &r->path, rig_view_str(path)) == RIG_OK);
    CU_ASSERT(rig_result_text(r, &r->repeat, rig_view_str("iscsirig run x.scn --seed 7341")) == RIG_OK);
    r->mode = "sim";
    r->seed = 7341;
    r->verdict = RIG_VERDICT_FAIL;
    r->real_ns = 1500000;
}

static inline rig_result plain_result(const char *path, rig_verdict verdict, const char *reason)
{
    rig_result r = {
        .alloc = rig_alloc_libc(), .mode = "sim", .seed = 1, .verdict = verdict, .real_ns = 250000};
    CU_ASSERT(rig_result_text(&r, &r.path, rig_view_str(path)) == RIG_OK);
    if (reason)
        CU_ASSERT(rig_result_text(&r, &r.reason, rig_view_str(reason)) == RIG_OK);
    return r;
}

static inline void sheet_plain(sheet *s, const char *path, rig_verdict verdict, const char *reason)
{
    rig_result r = plain_result(path, verdict, reason);
    sheet_add(s, &r);
    rig_result_cleanup(&r);
}

#define HOSTILE "a/<b>&\"c'\x01\x7f\xff\xc0\xaf\xed\xa0\x80]]>#\\\n\t\x1b[31m.scn"

#endif
