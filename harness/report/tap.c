/* Test Anything Protocol, version 14: a test point for each case, the failure as YAML below it. */
#include "record.h"

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

static void put_text(FILE *file, const char *indent, const json_t *object, const char *name)
{
    put_member(file, indent, name, json_string_value(json_object_get(object, name)));
}

static void put_finding(FILE *file, const json_t *finding)
{
    char at[512];
    rig_text out;
    rig_text_init(&out, at, sizeof at);
    rig_text_add(&out, "%s:%llu", rep_str(finding, "file"), (unsigned long long)rep_number(finding, "line"));
    fputs("  -\n", file);
    put_member(file, "    ", "message", json_string_value(json_object_get(finding, "text")));
    put_member(file, "    ", "at", at);
    put_text(file, "    ", finding, "expected");
    put_text(file, "    ", finding, "actual");
    if (rep_number(finding, "frame"))
        fprintf(file, "    frame: %llu\n", (unsigned long long)rep_number(finding, "frame"));
}

static void put_yaml(FILE *file, const json_t *record)
{
    size_t i;
    const json_t *finding, *findings = json_object_get(record, "findings");
    fprintf(file, "  ---\n  verdict: %s\n", rig_verdict_word(rep_verdict(record)));
    put_text(file, "  ", record, "reason");
    fprintf(file, "  seed: %llu\n", (unsigned long long)rep_number(record, "seed"));
    put_text(file, "  ", record, "capture");
    put_text(file, "  ", record, "again");
    if (json_array_size(findings))
        fputs("  findings:\n", file);
    json_array_foreach(findings, i, finding)
    {
        if (i < REP_FINDINGS_MAX)
            put_finding(file, finding);
    }
    fputs("  ...\n", file);
}

static void put_directive(FILE *file, const json_t *record)
{
    const char *reason = rep_str(record, "reason");
    bool skip = rep_verdict(record) == RIG_VERDICT_SKIP;
    if (!skip && rep_verdict(record) != RIG_VERDICT_KNOWN)
        return;
    fputs(skip ? " # SKIP " : " # TODO ", file);
    put_description(file, rig_view_str(reason[0] ? reason : "no reason"));
}

static rig_status take(rig_report *report, const json_t *record)
{
    tap *t = (tap *)report;
    FILE *file = t->base.file;
    char bindings[1024];
    rig_text out;
    rig_verdict verdict = rep_verdict(record);
    bool ok = !rig_verdict_failed(verdict) && verdict != RIG_VERDICT_KNOWN;
    rig_text_init(&out, bindings, sizeof bindings);
    rep_record_bindings(&out, record);
    fprintf(file, "%s %llu - ", ok ? "ok" : "not ok", (unsigned long long)++t->num);
    put_description(file, rig_view_str(rep_str(record, "path")));
    if (out.len)
        fputc(' ', file);
    put_description(file, rig_view_of(bindings, out.len));
    put_directive(file, record);
    fputc('\n', file);
    if (verdict != RIG_VERDICT_PASS && verdict != RIG_VERDICT_SKIP)
        put_yaml(file, record);
    fflush(file); /* a harness reads along, and a run that is killed told what it did */
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

static const rig_report_ops ops = {NULL, rep_add_record, take, finish};

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
