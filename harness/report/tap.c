/* Test Anything Protocol, version 14: a test point for each case, the failure as YAML below it. */
#include "reports.h"

typedef struct tap {
    rep_base base;
    uint64_t num;
} tap;

/* In a description # begins a directive and \ escapes it. */
static void put_description(FILE *file, rig_view text)
{
    uint8_t bytes[4];
    uint32_t code;
    while (text.len > 0) {
        size_t len = rep_next(&text, bytes, &code);
        if (code == '#' || code == '\\')
            fputc('\\', file);
        if (code < 0x20 || code == 0x7f)
            fputc('?', file);
        else
            fwrite(bytes, 1, len, file);
    }
}

/* A YAML string in double quotes: the escapes of JSON. */
static void put_quoted(FILE *file, rig_view text)
{
    uint8_t bytes[4];
    uint32_t code;
    fputc('"', file);
    while (text.len > 0) {
        size_t len = rep_next(&text, bytes, &code);
        if (code == '"' || code == '\\')
            fprintf(file, "\\%c", (int)code);
        else if (code < 0x20 || (code >= 0x7f && code < 0xa0))
            fprintf(file, "\\u%04x", code);
        else
            fwrite(bytes, 1, len, file);
    }
    fputc('"', file);
}

static void put_member(FILE *file, const char *indent, const char *name, const char *text)
{
    if (!text)
        return;
    fprintf(file, "%s%s: ", indent, name);
    put_quoted(file, rig_view_str(text));
    fputc('\n', file);
}

static void put_at(FILE *file, const rig_result *result, const rig_finding *finding)
{
    char at[512];
    rig_text out;
    rig_text_init(&out, at, sizeof at);
    rig_text_view(&out, rep_place_path(result, finding->place));
    rig_text_add(&out, ":%u", finding->place.line);
    put_member(file, "    ", "at", at);
}

static void put_finding(FILE *file, const rig_result *result, const rig_finding *finding)
{
    fputs("  -\n", file);
    put_member(file, "    ", "message", finding->text);
    put_at(file, result, finding);
    put_member(file, "    ", "expected", finding->expected);
    put_member(file, "    ", "actual", finding->actual);
    if (finding->frame)
        fprintf(file, "    frame: %u\n", finding->frame);
}

static void put_yaml(FILE *file, const rig_result *result)
{
    fprintf(file, "  ---\n  verdict: %s\n", rig_verdict_word(result->verdict));
    put_member(file, "  ", "reason", result->reason);
    fprintf(file, "  seed: %llu\n", (unsigned long long)result->seed);
    put_member(file, "  ", "capture", result->capture);
    put_member(file, "  ", "again", result->repeat);
    if (result->num_findings)
        fputs("  findings:\n", file);
    for (uint32_t i = 0; i < result->num_findings && i < REP_FINDINGS_MAX; i++)
        put_finding(file, result, &result->findings[i]);
    fputs("  ...\n", file);
}

static void put_directive(FILE *file, const rig_result *result)
{
    bool skip = result->verdict == RIG_VERDICT_SKIP;
    if (!skip && result->verdict != RIG_VERDICT_KNOWN)
        return;
    fputs(skip ? " # SKIP " : " # TODO ", file);
    put_description(file, rig_view_str(result->reason ? result->reason : "no reason"));
}

static rig_status add(rig_report *report, const rig_result *result)
{
    tap *t = (tap *)report;
    FILE *file = t->base.file;
    char bindings[1024];
    rig_text out;
    bool ok = !rig_verdict_failed(result->verdict) && result->verdict != RIG_VERDICT_KNOWN;
    rig_text_init(&out, bindings, sizeof bindings);
    rep_bindings(&out, result);
    fprintf(file, "%s %llu - ", ok ? "ok" : "not ok", (unsigned long long)++t->num);
    put_description(file, rig_view_str(result->path ? result->path : "?"));
    if (out.len)
        fputc(' ', file);
    put_description(file, rig_view_of(bindings, out.len));
    put_directive(file, result);
    fputc('\n', file);
    if (result->verdict != RIG_VERDICT_PASS && result->verdict != RIG_VERDICT_SKIP)
        put_yaml(file, result);
    return RIG_OK;
}

/* The plan stands at the end, where the number is known: --fail-fast may have ended the run early. */
static rig_status finish(rig_report *report, const rig_summary *summary)
{
    tap *t = (tap *)report;
    if (summary->interrupted)
        fputs("Bail out! interrupted\n", t->base.file);
    else
        fprintf(t->base.file, "1..%llu\n", (unsigned long long)t->num);
    return rep_end(&t->base, sizeof *t);
}

static const rig_report_ops ops = {NULL, add, finish};

rig_status rep_tap_open(const rig_alloc *alloc, const char *path, const rig_run_facts *facts,
                        rig_report **out, rig_error *err)
{
    tap *t;
    rig_status status = rep_new(alloc, path, facts, sizeof *t, &ops, &t, err);
    if (status != RIG_OK)
        return status;
    fputs("TAP version 14\n", t->base.file);
    *out = &t->base.report;
    return RIG_OK;
}
