/* What people read: progress on a terminal, failure screens, a summary. Nothing for what passed. */
#include "record.h"

#include <time.h>
#include <unistd.h>

#define CONSOLE_REASONS_MAX 32       /* skip reasons told apart; the rest is counted as one */
#define CONSOLE_REASON_LEN 120       /* bytes of a reason that count */
#define CONSOLE_SCREENS_MAX 1000     /* failure screens; later failures are only counted */
#define CONSOLE_REDRAW_NS 100000000u /* least time between two progress lines */

typedef struct skip_reason {
    char text[CONSOLE_REASON_LEN + 1];
    uint64_t num;
} skip_reason;

typedef struct console {
    rep_base base;
    bool terminal;
    bool drawn; /* a progress line stands on the screen */
    uint64_t began, redrawn;
    uint64_t cases, failed, skipped, screens;
    skip_reason reasons[CONSOLE_REASONS_MAX];
    size_t num_reasons;
    uint64_t other_reasons;
} console;

static uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void erase(console *c)
{
    if (c->drawn)
        fputs("\r\033[K", c->base.file);
    c->drawn = false;
}

static void draw(console *c)
{
    uint64_t now;
    if (!c->terminal || (now = clock_ns()) - c->redrawn < CONSOLE_REDRAW_NS)
        return;
    uint64_t spent = now - c->began;
    fprintf(c->base.file, "\r\033[K%llu/%llu  %llu failed, %llu skipped, %llu cases/s",
            (unsigned long long)c->cases, (unsigned long long)c->base.facts.planned,
            (unsigned long long)c->failed, (unsigned long long)c->skipped,
            (unsigned long long)(spent ? (double)c->cases * 1e9 / (double)spent : 0));
    fflush(c->base.file);
    c->drawn = true;
    c->redrawn = now;
}

static void count_reason(console *c, const char *reason)
{
    char text[CONSOLE_REASON_LEN + 1];
    rig_text out;
    rig_text_init(&out, text, sizeof text);
    rep_plain(&out, rig_view_str(reason && reason[0] ? reason : "no reason"));
    for (size_t i = 0; i < c->num_reasons; i++)
        if (strcmp(c->reasons[i].text, text) == 0) {
            c->reasons[i].num++;
            return;
        }
    if (c->num_reasons == CONSOLE_REASONS_MAX) {
        c->other_reasons++;
        return;
    }
    memcpy(c->reasons[c->num_reasons].text, text, sizeof text);
    c->reasons[c->num_reasons++].num = 1;
}

static rig_status screen(console *c, const rig_result *result)
{
    rig_text out;
    if (c->screens++ >= CONSOLE_SCREENS_MAX)
        return RIG_OK;
    char *room = rig_new(c->base.alloc, REP_SCREEN_MAX);
    if (!room)
        return RIG_E_NOMEM;
    rig_text_init(&out, room, REP_SCREEN_MAX);
    rig_failure_print(&out, result, REP_FINDINGS_MAX);
    rep_view(c->base.file, rig_view_of(room, out.len));
    fputs("\n", c->base.file);
    rig_delete(c->base.alloc, room, REP_SCREEN_MAX);
    return RIG_OK;
}

/* What is counted, and drawn, of a case. */
static void count_case(console *c, rig_verdict verdict, const char *reason)
{
    c->cases++;
    c->failed += rig_verdict_failed(verdict);
    if (verdict == RIG_VERDICT_SKIP || verdict == RIG_VERDICT_KNOWN) {
        c->skipped++;
        count_reason(c, reason);
    }
}

/* "loose  scenarios/x.scn flags=1  why" */
static void one_line(console *c, const rig_result *result)
{
    char line[1024];
    rig_text out;
    rig_text_init(&out, line, sizeof line);
    rig_text_add(&out, "%-5s  ", rig_verdict_word(result->verdict));
    rep_plain(&out, rig_view_str(result->path ? result->path : "?"));
    if (result->num_findings && result->findings[0].place.line)
        rig_text_add(&out, ":%u", result->findings[0].place.line);
    if (result->scn && result->scn->num_bindings) {
        rig_text_add(&out, "  ");
        rep_bindings(&out, result);
    }
    rig_view why = result->reason ? rig_view_str(result->reason) : rep_headline(result);
    if (why.len) {
        rig_text_add(&out, "  ");
        rep_plain(&out, why);
    }
    fprintf(c->base.file, "%s\n", line);
}

static rig_status add(rig_report *report, const rig_result *result)
{
    console *c = (console *)report;
    bool failed = rig_verdict_failed(result->verdict);
    count_case(c, result->verdict, result->reason);
    rig_status status = RIG_OK;
    bool line = result->verdict == RIG_VERDICT_LOOSE || c->base.facts.verbose;
    if (failed || line)
        erase(c);
    if (failed)
        status = screen(c, result);
    else if (line)
        one_line(c, result);
    draw(c);
    return status;
}

/* Of results that were read: the screens of what failed. In a comparison that failed before is no news. */
static rig_status take(rig_report *report, const json_t *record)
{
    console *c = (console *)report;
    rig_verdict verdict = rep_verdict(record);
    const char *change = rep_str(record, "change");
    bool news = strcmp(change, "still") != 0;
    if (strcmp(change, "gone") == 0)
        return RIG_OK;
    count_case(c, verdict, rep_str(record, "reason"));
    if (rig_verdict_failed(verdict) && news && c->screens++ < CONSOLE_SCREENS_MAX)
        fprintf(c->base.file, "%s\n", rep_str(record, "screen"));
    return RIG_OK;
}

static void finish_time(console *c, const rig_summary *summary)
{
    char text[96];
    rig_text out;
    rig_text_init(&out, text, sizeof text);
    rep_seconds(&out, summary->real_ns, 2);
    double rate = summary->real_ns ? (double)summary->cases * 1e9 / (double)summary->real_ns : 0;
    fprintf(c->base.file, "%llu case%s of %llu file%s in %s s, %.0f cases/s\n",
            (unsigned long long)summary->cases, summary->cases == 1 ? "" : "s",
            (unsigned long long)summary->files, summary->files == 1 ? "" : "s", text, rate);
    if (summary->interrupted && c->base.facts.planned)
        fprintf(c->base.file, "interrupted: %llu of %llu cases ran\n", (unsigned long long)summary->cases,
                (unsigned long long)c->base.facts.planned);
    else if (summary->interrupted)
        fputs("interrupted: how many cases were to run is not known\n", c->base.file);
}

static void finish_verdicts(console *c, const rig_summary *summary)
{
    const char *before = "";
    for (unsigned v = 0; v < RIG_VERDICTS; v++) {
        if (summary->verdicts[v] == 0)
            continue;
        fprintf(c->base.file, "%s%s %llu", before, rig_verdict_word((rig_verdict)v),
                (unsigned long long)summary->verdicts[v]);
        before = ", ";
    }
    fputs(before[0] ? "\n" : "", c->base.file);
    for (size_t i = 0; i < c->num_reasons; i++)
        fprintf(c->base.file, "  skipped %llu: %s\n", (unsigned long long)c->reasons[i].num,
                c->reasons[i].text);
    if (c->other_reasons)
        fprintf(c->base.file, "  skipped %llu: other reasons\n", (unsigned long long)c->other_reasons);
    if (c->screens > CONSOLE_SCREENS_MAX)
        fprintf(c->base.file, "  %llu more failures are not shown\n",
                (unsigned long long)(c->screens - CONSOLE_SCREENS_MAX));
}

static rig_status finish(rig_report *report, const rig_summary *summary)
{
    console *c = (console *)report;
    const uint64_t *verdicts = summary->verdicts;
    uint64_t failed = 0;
    erase(c);
    finish_time(c, summary);
    finish_verdicts(c, summary);
    if (summary->captures)
        fprintf(c->base.file, "captures: %s\n", summary->captures);
    for (unsigned v = 0; v < RIG_VERDICTS; v++)
        failed += rig_verdict_failed((rig_verdict)v) ? verdicts[v] : 0;
    fprintf(c->base.file, "%llu passed, %llu failed, %llu skipped\n",
            (unsigned long long)(verdicts[RIG_VERDICT_PASS] + verdicts[RIG_VERDICT_LOOSE]),
            (unsigned long long)failed,
            (unsigned long long)(verdicts[RIG_VERDICT_SKIP] + verdicts[RIG_VERDICT_KNOWN]));
    return rep_end(&c->base, sizeof *c);
}

static const rig_report_ops ops = {NULL, add, take, finish};

rig_status rep_console_open(const rig_alloc *alloc, const char *path, const rig_run_facts *facts,
                            rig_report **out, rig_error *err)
{
    console *c;
    rig_status status = rep_new(alloc, path, facts, sizeof *c, &ops, &c, err);
    if (status != RIG_OK)
        return status;
    c->terminal = isatty(fileno(c->base.file)) == 1;
    c->began = c->terminal ? clock_ns() : 0;
    *out = &c->base.report;
    return RIG_OK;
}
