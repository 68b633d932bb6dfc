/* HTML: one page, written as cases end; the summary stands at the end of the file and at the top of the page.
 */
#include "reports.h"

#include <errno.h>
#include <sys/stat.h>

#include "html_page.h"
#include "rig/trace.h"

#define HTML_PATH_MAX 4096   /* bytes of DIR/index.html */
#define HTML_LADDER_MAX 2000 /* items of a case that are shown */
#define HTML_LINE_MAX 16384  /* bytes of an item that are shown */

typedef struct html {
    rep_base base;
    char *line; /* HTML_LINE_MAX */
} html;

static void put(html *h, rig_view text)
{
    rep_xml(h->base.file, text);
}

static void put_summary_line(html *h, const rig_result *result)
{
    FILE *file = h->base.file;
    char bindings[1024];
    rig_text out;
    const char *word = rig_verdict_word(result->verdict);
    rig_view why = result->reason ? rig_view_str(result->reason) : rep_headline(result);
    rig_text_init(&out, bindings, sizeof bindings);
    rep_bindings(&out, result);
    fprintf(file, "<details class=\"%s\"><summary><span class=\"v\">%s</span> ", word, word);
    put(h, rig_view_str(result->path ? result->path : "?"));
    if (out.len) {
        fputs(" <code>", file);
        put(h, rig_view_of(bindings, out.len));
        fputs("</code>", file);
    }
    if (result->scn) {
        fputs(" <span class=\"why\">", file);
        put(h, result->scn->title);
        fputs("</span>", file);
    }
    if (why.len) {
        fputs("<br/><span class=\"why\">", file);
        put(h, why);
        fputs("</span>", file);
    }
    fputs("</summary>\n", file);
}

static rig_status put_screen(html *h, const rig_result *result)
{
    rig_text out;
    char *room = rig_new(h->base.alloc, REP_SCREEN_MAX);
    if (!room)
        return RIG_E_NOMEM;
    rig_text_init(&out, room, REP_SCREEN_MAX);
    rig_failure_print(&out, result, REP_FINDINGS_MAX);
    fputs("<pre>", h->base.file);
    put(h, rig_view_of(room, out.len));
    fputs("</pre>\n", h->base.file);
    rig_delete(h->base.alloc, room, REP_SCREEN_MAX);
    return RIG_OK;
}

static void put_checks(html *h, const rig_result *result)
{
    FILE *file = h->base.file;
    if (result->num_checks == 0)
        return;
    fputs("<table><tr><th>line</th><th>clause</th><th></th></tr>\n", file);
    for (uint32_t i = 0; i < result->num_checks; i++) {
        const rig_check *check = &result->checks[i];
        rig_text out;
        rig_text_init(&out, h->line, HTML_LINE_MAX);
        rig_scn_must_print(&out, check->must, result->scn);
        fprintf(file, "<tr%s><td>%u</td><td>", check->held ? "" : " class=\"bad\"", check->must->place.line);
        put(h, rig_view_of(h->line, out.len));
        fprintf(file, "</td><td>%s</td></tr>\n", check->held ? "held" : "failed");
    }
    fputs("</table>\n", file);
}

/* ---- the ladder ---- */

static bool at_fault(const rig_result *result, size_t item)
{
    for (uint32_t i = 0; i < result->num_findings; i++)
        if (result->findings[i].item == item)
            return true;
    return false;
}

static const char *item_class(const rig_item *item)
{
    if (item->kind == RIG_ITEM_EVENT)
        return "e";
    return item->to_target ? "i" : "t";
}

static rig_status put_item(html *h, rig_trace *trace, const rig_result *result, size_t index)
{
    const rig_item *item = &result->items.ptr[index];
    FILE *file = h->base.file;
    char time[40];
    rig_text out;
    rig_text_init(&out, time, sizeof time);
    rep_seconds(&out, item->time, 6);
    fprintf(file, "<tr%s><td>%s</td><td>",
            at_fault(result, index) ? " class=\"bad\""
            : item->made_wrong      ? " class=\"wrong\""
                                    : "",
            time);
    if (item->connection != UINT32_MAX)
        fprintf(file, "%u", item->connection);
    fputs("</td><td>", file);
    if (item->frame)
        fprintf(file, "%u", item->frame);
    rig_text_init(&out, h->line, HTML_LINE_MAX);
    rig_status status = rig_trace_item(trace, &out, item);
    fprintf(file, "</td><td class=\"%s\">", item_class(item));
    put(h, rig_view_of(h->line, out.len));
    fprintf(file, "%s</td></tr>\n", item->made_wrong ? " (wrong on purpose)" : "");
    return status;
}

static rig_status put_ladder(html *h, const rig_result *result)
{
    rig_trace trace;
    rig_status status = RIG_OK;
    size_t num = result->items.num;
    if (num == 0)
        return RIG_OK;
    rig_trace_init(&trace, h->base.alloc, RIG_TRACE_SYMBOLIC);
    fputs("<table class=\"ladder\"><tr><th>time</th><th>conn</th><th>frame</th><th>&gt; initiator to target, "
          "&lt; target to initiator, ! event</th></tr>\n",
          h->base.file);
    for (size_t i = 0; i < num && i < HTML_LADDER_MAX && status == RIG_OK; i++)
        status = put_item(h, &trace, result, i);
    rig_trace_cleanup(&trace);
    fputs("</table>\n", h->base.file);
    if (num > HTML_LADDER_MAX)
        fprintf(h->base.file, "<p>%zu more items stand in the capture only.</p>\n", num - HTML_LADDER_MAX);
    return status;
}

static void put_again(html *h, const rig_result *result)
{
    if (result->capture) {
        fputs("<p>capture: <code>", h->base.file);
        put(h, rig_view_str(result->capture));
        fputs("</code></p>\n", h->base.file);
    }
    fputs("<p>again: <code>", h->base.file);
    put(h, rig_view_str(result->repeat ? result->repeat : "-"));
    fputs("</code></p>\n", h->base.file);
}

static rig_status add(rig_report *report, const rig_result *result)
{
    html *h = (html *)report;
    rig_status status = RIG_OK;
    put_summary_line(h, result);
    if (result->num_findings || rig_verdict_failed(result->verdict))
        status = put_screen(h, result);
    else
        put_again(h, result);
    if (result->scn)
        put_checks(h, result);
    if (status == RIG_OK)
        status = put_ladder(h, result);
    fputs("</details>\n", h->base.file);
    return status;
}

static void put_row(html *h, const char *name, const char *value)
{
    fprintf(h->base.file, "<tr><th>%s</th><td>", name);
    put(h, rig_view_str(value));
    fputs("</td></tr>\n", h->base.file);
}

static void put_totals(html *h, const rig_summary *summary)
{
    FILE *file = h->base.file;
    char text[64];
    rig_text out;
    for (unsigned v = 0; v < RIG_VERDICTS; v++)
        if (summary->verdicts[v]) {
            const char *word = rig_verdict_word((rig_verdict)v);
            fprintf(file, "<span class=\"%s\"><span class=\"v\">%llu %s</span></span> ", word,
                    (unsigned long long)summary->verdicts[v], word);
        }
    rig_text_init(&out, text, sizeof text);
    rep_seconds(&out, summary->real_ns, 2);
    fprintf(file, "<table>\n<tr><th>cases</th><td>%llu of %llu files in %s s%s</td></tr>\n",
            (unsigned long long)summary->cases, (unsigned long long)summary->files, text,
            summary->interrupted ? ", interrupted" : "");
}

static rig_status finish(rig_report *report, const rig_summary *summary)
{
    html *h = (html *)report;
    FILE *file = h->base.file;
    fputs("</main>\n<header id=\"summary\"><h1>iscsirig run</h1>\n", file);
    put_totals(h, summary);
    put_row(h, "command", h->base.facts.command);
    put_row(h, "version", h->base.facts.version);
    put_row(h, "mode", h->base.facts.mode);
    if (summary->captures)
        put_row(h, "captures", summary->captures);
    fputs("</table></header>\n", file);
    fputs(rep_html_tail, file);
    rig_delete(h->base.alloc, h->line, HTML_LINE_MAX);
    return rep_end(&h->base, sizeof *h);
}

static const rig_report_ops ops = {NULL, add, NULL, finish};

static rig_status make_path(rig_text *out, const char *folder, rig_error *err)
{
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return rig_fail(err, RIG_E_IO, "%s: %s", folder, strerror(errno));
    rig_text_add(out, "%s/index.html", folder);
    return out->cut ? rig_fail(err, RIG_E_LIMIT, "the name of the folder is too long") : RIG_OK;
}

static void put_begin(html *h)
{
    fputs(rep_html_head, h->base.file);
    fputs("iscsirig ", h->base.file);
    put(h, rig_view_str(h->base.facts.command));
    fputs(rep_html_body, h->base.file);
}

rig_status rep_html_open(const rig_alloc *alloc, const char *path, const rig_run_facts *facts,
                         rig_report **out, rig_error *err)
{
    html *h;
    char file[HTML_PATH_MAX];
    rig_text name;
    bool stream = !path || strcmp(path, "-") == 0;
    rig_text_init(&name, file, sizeof file);
    rig_status status = stream ? RIG_OK : make_path(&name, path, err);
    if (status == RIG_OK)
        status = rep_new(alloc, stream ? NULL : file, facts, sizeof *h, &ops, &h, err);
    if (status != RIG_OK)
        return status;
    h->line = rig_new(alloc, HTML_LINE_MAX);
    if (!h->line) {
        rep_end(&h->base, sizeof *h);
        return rig_fail(err, RIG_E_NOMEM, "no memory for a report");
    }
    put_begin(h);
    *out = &h->base.report;
    return RIG_OK;
}
