/* Markdown for the page of a CI job: the totals, what failed, what changed. Short, whatever the run was like.
 */
#include "record.h"

#include <stdlib.h>

#include "rig/results.h"

#define LISTED_MAX 50  /* cases of a kind that are listed */
#define SCREENS_MAX 10 /* failures that are shown whole, folded */
#define REASONS_MAX 20 /* reasons for skips that are told apart */

/* What is written below a heading of its own. */
typedef struct part {
    char *text;
    size_t len;
    FILE *file;
    uint64_t num;
} part;

typedef struct markdown {
    rep_base base;
    part changes[RIG_CHANGES];
    part failed, screens, loose;
    json_t *reasons; /* skips by reason */
    bool compared;
} markdown;

/* ---- text in Markdown ---- */

/* Nothing that a stranger named begins a link, a tag or a cell. */
static void put_text(FILE *file, const char *text)
{
    uint8_t bytes[4];
    uint32_t code;
    for (rig_view rest = rig_view_str(text); rest.len;) {
        size_t len = rep_next(&rest, bytes, &code);
        if (code < 0x20 || (code >= 0x7f && code < 0xa0))
            fputc(' ', file);
        else if (code < 0x80 && strchr("\\`*_[]<>|#!&~", (int)code))
            fprintf(file, "&#%u;", code);
        else
            fwrite(bytes, 1, len, file);
    }
}

static void put_screen(FILE *file, const char *text)
{
    fputs("<pre>\n", file);
    rep_xml_lines(file, rig_view_str(text));
    fputs("</pre>\n", file);
}

static void put_case(FILE *file, const json_t *record)
{
    char bindings[1024];
    rig_text out;
    rig_text_init(&out, bindings, sizeof bindings);
    rep_record_bindings(&out, record);
    fputs("| ", file);
    put_text(file, rep_str(record, "path"));
    fputs(out.len ? " " : "", file);
    put_text(file, bindings);
    fputs(" | ", file);
    put_text(file, rep_str(record, "peer"));
    fputs(" | ", file);
    put_text(file, rep_record_headline(record));
    fputs(" |\n", file);
}

/* ---- the parts ---- */

static bool part_open(part *p)
{
    p->file = open_memstream(&p->text, &p->len);
    return p->file != NULL;
}

static void part_close(part *p)
{
    if (p->file)
        fclose(p->file);
    free(p->text);
}

static bool each_part(markdown *m, bool (*open)(part *p), void (*close)(part *p))
{
    part *parts[RIG_CHANGES + 3] = {&m->failed, &m->screens, &m->loose};
    bool ok = true;
    for (unsigned c = 0; c < RIG_CHANGES; c++)
        parts[c + 3] = &m->changes[c];
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (open)
            ok = open(parts[i]) && ok;
        else
            close(parts[i]);
    }
    return ok;
}

static void list(part *p, const json_t *record)
{
    if (p->num++ < LISTED_MAX)
        put_case(p->file, record);
}

static void put_part(FILE *file, const part *p, const char *heading)
{
    if (p->num == 0)
        return;
    fprintf(file, "\n### %s (%llu)\n\n| case | peer | what |\n| --- | --- | --- |\n", heading,
            (unsigned long long)p->num);
    fflush(p->file);
    fwrite(p->text, 1, p->len, file);
    if (p->num > LISTED_MAX)
        fprintf(file, "\n%llu more are not listed.\n", (unsigned long long)(p->num - LISTED_MAX));
}

/* ---- the page ---- */

static void put_totals(FILE *file, const rig_summary *summary)
{
    uint64_t failed = 0;
    for (unsigned v = 0; v < RIG_VERDICTS; v++)
        failed += rig_verdict_failed((rig_verdict)v) ? summary->verdicts[v] : 0;
    fprintf(file, "## iscsirig: %llu of %llu cases failed\n\n", (unsigned long long)failed,
            (unsigned long long)summary->cases);
    if (summary->interrupted)
        fputs("**The run did not come to its end.**\n\n", file);
    fputs("| verdict | cases |\n| --- | ---: |\n", file);
    for (unsigned v = 0; v < RIG_VERDICTS; v++)
        if (summary->verdicts[v])
            fprintf(file, "| %s | %llu |\n", rig_verdict_word((rig_verdict)v),
                    (unsigned long long)summary->verdicts[v]);
}

static void put_facts(FILE *file, const rep_base *base, const rig_summary *summary)
{
    char seconds[40];
    rig_text out;
    rig_text_init(&out, seconds, sizeof seconds);
    rep_seconds(&out, summary->real_ns, 2);
    fputs("\nVersion ", file);
    put_text(file, base->facts.version);
    fputs(", against ", file);
    put_text(file, base->facts.mode);
    fprintf(file, ", %llu files, %s s", (unsigned long long)summary->files, seconds);
    if (summary->captures) {
        fputs(", captures in ", file);
        put_text(file, summary->captures);
    }
    fputs(".\n", file);
}

static void put_before(FILE *file, const json_t *before)
{
    size_t i;
    const json_t *run;
    const char *between = "\nCompared with ";
    json_array_foreach(before, i, run)
    {
        fputs(between, file);
        put_text(file, rep_str(run, "file"));
        fputs(" of version ", file);
        put_text(file, rep_str(run, "version"));
        between = ", ";
    }
    fputs(before ? ".\n" : "", file);
}

static void put_reasons(FILE *file, const json_t *reasons)
{
    const char *reason;
    const json_t *num;
    unsigned told = 0;
    if (json_object_size(reasons) == 0)
        return;
    fputs("\n### Left out\n\n", file);
    json_object_foreach((json_t *)(uintptr_t)reasons, reason, num)
    {
        if (told++ == REASONS_MAX)
            break;
        fprintf(file, "* %lld: ", (long long)json_integer_value(num));
        put_text(file, reason);
        fputc('\n', file);
    }
}

static void put_changes(FILE *file, const markdown *m)
{
    for (unsigned c = 0; c < RIG_CHANGES; c++)
        if (c != RIG_CHANGE_SAME)
            put_part(file, &m->changes[c], rig_change_heading((rig_change)c));
}

static void write_all(rep_base *base, FILE *file, const rig_summary *summary)
{
    markdown *m = (markdown *)base;
    put_totals(file, summary);
    put_facts(file, base, summary);
    put_before(file, base->facts.before);
    if (!m->failed.file)
        return; /* at the opening */
    if (m->compared)
        put_changes(file, m);
    else
        put_part(file, &m->failed, "Failed");
    if (m->screens.num) {
        fflush(m->screens.file);
        fputc('\n', file);
        fwrite(m->screens.text, 1, m->screens.len, file);
    }
    if (!m->compared)
        put_part(file, &m->loose, "Loose: not a MUST");
    put_reasons(file, m->reasons);
}

/* ---- the report ---- */

static bool count_reason(markdown *m, const json_t *record)
{
    const char *reason = rep_str(record, "reason");
    const char *word = reason[0] ? reason : "no reason";
    json_int_t num = json_integer_value(json_object_get(m->reasons, word));
    return rep_set(m->reasons, word, json_integer(num + 1));
}

static void take_failure(markdown *m, const json_t *record)
{
    list(&m->failed, record);
    if (strcmp(rep_str(record, "change"), "still") == 0 || m->screens.num++ >= SCREENS_MAX)
        return;
    fputs("<details><summary>", m->screens.file);
    put_text(m->screens.file, rep_str(record, "path"));
    fputs("</summary>\n\n", m->screens.file);
    put_screen(m->screens.file, rep_str(record, "screen"));
    fputs("\n</details>\n", m->screens.file);
}

static rig_status take(rig_report *report, const json_t *record)
{
    markdown *m = (markdown *)report;
    rig_verdict verdict = rep_verdict(record);
    const char *change = rep_str(record, "change");
    bool ok = true;
    for (unsigned c = 0; change[0] && c < RIG_CHANGES; c++)
        if (strcmp(change, rig_change_word((rig_change)c)) == 0)
            list(&m->changes[c], record);
    m->compared = m->compared || change[0];
    if (rig_verdict_failed(verdict))
        take_failure(m, record);
    else if (verdict == RIG_VERDICT_LOOSE)
        list(&m->loose, record);
    else if (verdict != RIG_VERDICT_PASS && strcmp(change, "gone") != 0)
        ok = count_reason(m, record);
    return ok ? rep_taken(&m->base, record, write_all) : RIG_E_NOMEM;
}

static rig_status finish(rig_report *report, const rig_summary *summary)
{
    markdown *m = (markdown *)report;
    rig_status status = rep_write_last(&m->base, summary, write_all);
    each_part(m, NULL, part_close);
    json_decref(m->reasons);
    rig_status end = rep_end(&m->base, sizeof *m);
    return status ? status : end;
}

static const rig_report_ops ops = {NULL, rep_add_record, take, finish};

rig_status rep_markdown_open(const rig_alloc *alloc, const char *path, const rig_run_facts *facts,
                             rig_report **out, rig_error *err)
{
    markdown *m;
    rig_status status = rep_new_whole(alloc, path, facts, sizeof *m, &ops, write_all, &m, err);
    if (status != RIG_OK)
        return status;
    m->reasons = json_object();
    if (!each_part(m, part_open, NULL) || !m->reasons) {
        each_part(m, NULL, part_close);
        json_decref(m->reasons);
        rep_end(&m->base, sizeof *m);
        return rig_fail(err, RIG_E_NOMEM, "no memory for a report");
    }
    *out = &m->base.report;
    return RIG_OK;
}
