#include "report_bench.h"

/* ---- XML 1.0: nesting, attributes, entities, characters ---- */

typedef struct xml {
    rig_view rest;
    char open[64][32];
    size_t depth;
    bool bad;
} xml;

static bool xml_char(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0xfffe) || c >= 0x10000;
}

/* Text up to `end`, in which markup must be escaped. */
static void xml_text(xml *x, uint8_t end)
{
    uint32_t code;
    while (x->rest.len && x->rest.ptr[0] != end && !x->bad) {
        if (x->rest.ptr[0] == '&') {
            size_t semicolon = rig_view_find(x->rest, ';');
            rig_view name = rig_view_sub(x->rest, 1, semicolon - 1);
            uint64_t number;
            bool known = rig_view_is(name, "amp") || rig_view_is(name, "lt") || rig_view_is(name, "gt") ||
                         rig_view_is(name, "quot") ||
                         (name.len > 1 && name.ptr[0] == '#' &&
                          rig_view_u64(rig_view_sub(name, 1, name.len), &number));
            x->bad = !known;
            x->rest = rig_view_sub(x->rest, semicolon + 1, x->rest.len);
            continue;
        }
        x->bad = x->rest.ptr[0] == '<' || rig_view_starts(x->rest, "]]>") ||
                 !rig_utf8_next(&x->rest, &code) || !xml_char(code);
    }
}

static bool name_char(uint8_t c)
{
    return c == '-' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static rig_view xml_name(xml *x)
{
    size_t len = 0;
    while (len < x->rest.len && name_char(x->rest.ptr[len]))
        len++;
    rig_view name = rig_view_sub(x->rest, 0, len);
    x->rest = rig_view_sub(x->rest, len, x->rest.len);
    x->bad = x->bad || len == 0 || len > 31;
    return name;
}

static bool xml_take(xml *x, const char *text)
{
    bool there = rig_view_starts(x->rest, text);
    if (there)
        x->rest = rig_view_sub(x->rest, strlen(text), x->rest.len);
    return there;
}

static void xml_attributes(xml *x)
{
    while (!x->bad && xml_take(x, " ")) {
        xml_name(x);
        x->bad = x->bad || !xml_take(x, "=\"");
        xml_text(x, '"');
        x->bad = x->bad || !xml_take(x, "\"");
    }
}

static void xml_tag(xml *x)
{
    bool ends = xml_take(x, "/");
    rig_view name = xml_name(x);
    if (x->bad || x->depth == 64) {
        x->bad = true;
        return;
    }
    if (ends) {
        x->bad = x->depth == 0 || !rig_view_is(name, x->open[--x->depth]) || !xml_take(x, ">");
        return;
    }
    xml_attributes(x);
    if (xml_take(x, "/>"))
        return;
    x->bad = x->bad || !xml_take(x, ">");
    memcpy(x->open[x->depth], name.ptr, name.len);
    x->open[x->depth++][name.len] = '\0';
}

static bool well_formed(const char *text)
{
    xml x = {.rest = rig_view_str(text)};
    if (xml_take(&x, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
        x.bad = !rig_view_starts(x.rest, "<");
    while (x.rest.len && !x.bad) {
        if (xml_take(&x, "<"))
            xml_tag(&x);
        else
            xml_text(&x, '<');
    }
    return !x.bad && x.depth == 0;
}

static void checker_can_fail(void)
{
    CU_ASSERT_TRUE(well_formed("<a b=\"&lt;\"><c/>x&amp;</a>"));
    CU_ASSERT_FALSE(well_formed("<a></b>"));
    CU_ASSERT_FALSE(well_formed("<a>&x;</a>"));
    CU_ASSERT_FALSE(well_formed("<a b=\"<\"></a>"));
    CU_ASSERT_FALSE(well_formed("<a>\x01</a>"));
    CU_ASSERT_FALSE(well_formed("<a>\xff</a>"));
    CU_ASSERT_FALSE(well_formed("<a>"));
}

/* ---- JUnit ---- */

static void junit_groups_by_folder(void)
{
    static sheet s;
    bench b;
    sheet_open(&s, "junit", false);
    sheet_plain(&s, "scn/login/a.scn", RIG_VERDICT_PASS, NULL);
    sheet_plain(&s, "scn/data/b.scn", RIG_VERDICT_SKIP, "needs peer");
    sheet_plain(&s, "scn/login/c.scn", RIG_VERDICT_KNOWN, "firmware 3");
    sheet_plain(&s, "scn/login/d.scn", RIG_VERDICT_ERROR, "no socket");
    bench_failed(&b, "scn/data/x.scn");
    sheet_add(&s, &b.result);
    bench_close(&b);
    const char *text = sheet_close(&s);
    CU_ASSERT(well_formed(text));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "<testsuites name=\"iscsirig\" tests=\"5\" failures=\"1\" errors=\"1\" skipped=\"2\" "
                     "time=\"2.000000\">"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text,
                                  "<testsuite name=\"scn/login\" tests=\"3\" failures=\"0\" errors=\"1\" "
                                  "skipped=\"1\" time=\"0.000750\">"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<skipped message=\"needs peer\"/>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<skipped message=\"known: firmware 3\"/>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<error message=\"no socket\" type=\"error\">"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text,
                                  "<failure message=\"field TSIH: want 0, got 4 (bytes 14-15, capture frame "
                                  "2)\" type=\"fail\">FAIL scn/data/x.scn:10"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<property name=\"seed\" value=\"7341\"/>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<property name=\"ref\" value=\"RFC7143/11.12\"/>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<property name=\"level\" value=\"CHOICE\"/>"));
}

static void hostile_text_is_escaped(void)
{
    static sheet s;
    sheet_open(&s, "junit", false);
    for (unsigned v = 0; v < RIG_VERDICTS; v++)
        sheet_plain(&s, HOSTILE, (rig_verdict)v, HOSTILE);
    const char *text = sheet_close(&s);
    CU_ASSERT_PTR_NULL(strstr(text, "<b>"));
    CU_ASSERT(well_formed(text));
    for (const char *p = text; *p; p++)
        CU_ASSERT(*p == '\n' || (unsigned char)*p >= 0x20);
}

/* ---- HTML ---- */

/* A page is a script with data; that it shows them is for a browser to say (ci/stages/46-report.sh). */
static void html_has_its_data(void)
{
    static sheet s;
    bench b;
    sheet_open(&s, "html", false);
    bench_failed(&b, "scn/data/x.scn");
    b.result.items.ptr[1].made_wrong = true;
    sheet_add(&s, &b.result);
    bench_close(&b);
    sheet_plain(&s, "scn/login/a.scn", RIG_VERDICT_PASS, NULL);
    const char *text = sheet_close(&s);
    CU_ASSERT_PTR_EQUAL(strstr(text, "<!DOCTYPE html>\n"), text);
    CU_ASSERT_PTR_NULL(strstr(text, "http://"));
    CU_ASSERT_PTR_NULL(strstr(text, "https://"));
    CU_ASSERT_PTR_NULL(strstr(text, " src="));
    CU_ASSERT_PTR_NULL(strstr(text, "{{"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<title>iscsirig iscsirig run a&amp;b</title>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "field TSIH: want 0, got 4"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "</script>\n<script type=\"text/plain\" class=\"ladder\">eJ"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "id=\"end\">{\"cases\":2,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "</html>\n"));
}

static void html_data_end_no_script(void)
{
    static sheet s;
    sheet_open(&s, "html", false);
    sheet_plain(&s, HOSTILE "</script><script>alert(1)</script><!--", RIG_VERDICT_FAIL, HOSTILE);
    const char *data = strstr(sheet_close(&s), "class=\"case\">");
    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    CU_ASSERT_PTR_NULL(strstr(data, "<script>"));
    CU_ASSERT_PTR_NULL(strstr(data, "<!--"));
    CU_ASSERT_PTR_NULL(strstr(data, "<b>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(data, "\\u003c/script>\\u003cscript>alert(1)"));
}

/* What proves a secret stands in no report; the capture has it. */
static void no_answer_of_chap_is_told(void)
{
    static const char *const kinds[] = {"json", "html", "junit", "markdown"};
    static sheet s;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        bench b;
        bench_open(&b, "must every LoginResp has TSIH=0\n",
                   LINES("> Login T=1 CSG=0 NSG=1 ITT=0x5 CmdSN=7 CHAP_N=host CHAP_R=0x7365637265747365",
                         "< LoginResp T=1 CSG=0 NSG=1 ITT=0x5 TSIH=4 StatSN=100 ExpCmdSN=7 AuthMethod=None"));
        CU_ASSERT_FALSE(bench_match(&b));
        b.result.verdict = RIG_VERDICT_FAIL;
        b.result.mode = "sim";
        sheet_open(&s, kinds[i], false);
        sheet_add(&s, &b.result);
        bench_close(&b);
        const char *text = sheet_close(&s);
        CU_ASSERT_PTR_NULL(strstr(text, "7365637265747365"));
        if (i == 0) {
            CU_ASSERT_PTR_NOT_NULL(strstr(text, "434841505f523d____________________________________00"));
        }
    }
}

/* ---- Markdown ---- */

static void markdown_is_short(void)
{
    static sheet s;
    bench b;
    sheet_open(&s, "markdown", false);
    bench_failed(&b, "scn/data/x.scn");
    sheet_add(&s, &b.result);
    bench_close(&b);
    for (unsigned i = 0; i < 60; i++)
        sheet_plain(&s, HOSTILE, RIG_VERDICT_ERROR, HOSTILE);
    sheet_plain(&s, "a/b.scn", RIG_VERDICT_SKIP, "needs [peer](x)");
    sheet_plain(&s, "a/c.scn", RIG_VERDICT_SKIP, "needs [peer](x)");
    const char *text = sheet_close(&s);
    CU_ASSERT_PTR_EQUAL(strstr(text, "## iscsirig: 61 of 63 cases failed\n"), text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "### Failed (61)\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(
        text, "| scn/data/x.scn | sim | field TSIH: want 0, got 4 (bytes 14-15, capture frame 2) |\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n11 more are not listed.\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "<pre>\nFAIL scn/data/x.scn:10"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n* 2: needs &#91;peer&#93;(x)\n"));
    CU_ASSERT_PTR_NULL(strstr(text, "<b>"));
}

/* ---- TAP ---- */

static void tap_counts_and_explains(void)
{
    static sheet s;
    sheet_open(&s, "tap", false);
    sheet_plain(&s, "a/b.scn", RIG_VERDICT_PASS, NULL);
    sheet_plain(&s, "a/c #1.scn", RIG_VERDICT_SKIP, "needs peer");
    sheet_plain(&s, "a/d.scn", RIG_VERDICT_KNOWN, "firmware \"3\"");
    const char *text = sheet_close(&s);
    CU_ASSERT_STRING_EQUAL(text, "TAP version 14\n"
                                 "ok 1 - a/b.scn\n"
                                 "ok 2 - a/c \\#1.scn # SKIP needs peer\n"
                                 "not ok 3 - a/d.scn # TODO firmware \"3\"\n"
                                 "  ---\n"
                                 "  verdict: known\n"
                                 "  reason: \"firmware \\\"3\\\"\"\n"
                                 "  seed: 1\n"
                                 "  ...\n"
                                 "1..3\n");
}

static void tap_failure_in_yaml(void)
{
    static sheet s;
    bench b;
    sheet_open(&s, "tap", false);
    bench_failed(&b, "scn/data/x.scn");
    sheet_add(&s, &b.result);
    bench_close(&b);
    sheet_plain(&s, HOSTILE, RIG_VERDICT_FAIL, HOSTILE);
    s.summary.interrupted = true;
    const char *text = sheet_close(&s);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "not ok 1 - scn/data/x.scn\n  ---\n  verdict: fail\n  seed: 7341\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "    at: \"scn/data/x.scn:10\"\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "    frame: 2\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "Bail out! interrupted\n"));
    for (size_t i = 0; i < s.len; i++)
        CU_ASSERT(text[i] == '\n' || (unsigned char)text[i] >= 0x20);
}

/* ---- JSON ---- */

static void json_of_a_case(void)
{
    static sheet s;
    sheet_open(&s, "json", false);
    sheet_plain(&s, "a/b.scn", RIG_VERDICT_SKIP, "needs peer");
    CU_ASSERT_STRING_EQUAL(
        sheet_close(&s),
        "{\"schema\":\"iscsirig-results/1\",\n\"version\":\"1a2b3c4\",\n\"command\":\"iscsirig run a&b\",\n"
        "\"mode\":\"sim\",\n\"cases\":[\n"
        "{\"path\":\"a/b.scn\",\"case\":0,\"title\":\"\",\"level\":null,\"refs\":[],\"bindings\":{},"
        "\"tags\":[],\"requirements\":[],\"verdict\":\"skip\",\"reason\":\"needs peer\",\"seed\":1,"
        "\"mode\":\"sim\",\"peer\":\"sim\",\"link\":\"\","
        "\"expectations\":0,\"findings\":[],\"checks\":[],\"made_wrong\":[],\"capture\":null,\"virtual_ns\":"
        "0,"
        "\"real_ns\":250000,\"timed_out\":false,\"again\":null}\n],\n"
        "\"summary\":{\"cases\":1,\"planned\":0,\"files\":2,\"real_ns\":2000000000,\"interrupted\":false,"
        "\"captures\":null,\"verdicts\":{"
        "\"pass\":0,"
        "\"fail\":0,\"loose\":0,\"skip\":1,\"error\":0,\"known\":0,\"fixed\":0}}}\n");
}

static void json_of_a_failure(void)
{
    static sheet s;
    bench b;
    sheet_open(&s, "json", false);
    bench_failed(&b, "scn/data/x.scn");
    b.result.items.ptr[1].made_wrong = true;
    sheet_add(&s, &b.result);
    bench_close(&b);
    sheet_plain(&s, HOSTILE, RIG_VERDICT_FAIL, HOSTILE);
    const char *text = sheet_close(&s);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"checks\":[{\"ids\":[\"LOGIN-900\"],\"line\":10,\"clause\":\"must "
                                        "every < LoginResp has TSIH=0 [LOGIN-900]\",\"held\":false}]"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"made_wrong\":[2]"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "{\"kind\":\"must\",\"file\":\"scn/data/x.scn\",\"line\":10,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"field\":\"TSIH\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"mark\":[12,6]"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"frame\":2,\"item\":1}"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "a/<b>&\\\"c'\\u0001\x7f\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"));
    rig_view rest = rig_view_of(text, s.len);
    uint32_t code;
    while (rig_utf8_next(&rest, &code))
        CU_ASSERT(code == '\n' || code >= 0x20);
    CU_ASSERT_EQUAL(rest.len, 0);
}

/* The n-th allocation fails: a status, no leak, no crash. */
static void memory_runs_out(void)
{
    const rig_run_facts facts = {.mode = "sim"};
    bench b;
    bench_failed(&b, "scn/data/x.scn");
    for (const rig_report_row *row = rig_report_rows; row->name; row++)
        for (uint64_t n = 1; n < 100; n++) {
            char path[] = "/tmp/iscsirig-report-XXXXXX";
            rig_alloc_meter meter;
            rig_report *report;
            rig_summary summary = {.cases = 1};
            CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(path));
            char file[sizeof path + 16];
            rig_text text;
            rig_text_init(&text, file, sizeof file);
            rig_text_add(&text, "%s/%s", path, strcmp(row->name, "html") == 0 ? "h" : "index.html");
            rig_alloc_meter_init(&meter, rig_alloc_libc());
            meter.fail_at = n;
            meter.fail_on = true;
            rig_status status = row->open(&meter.alloc, file, &facts, &report, NULL);
            if (status == RIG_OK) {
                status = report->ops->add(report, &b.result);
                rig_status end = report->ops->finish(report, &summary);
                status = status != RIG_OK ? status : end;
            }
            CU_ASSERT_EQUAL(meter.num_live, 0);
            CU_ASSERT(status == RIG_OK || status == RIG_E_NOMEM);
            CU_ASSERT(status == RIG_OK || meter.num_calls >= n);
            unlink(file);
            rig_text_add(&text, "/index.html");
            unlink(file);
            file[strlen(file) - strlen("/index.html")] = '\0';
            rmdir(file);
            rmdir(path);
        }
    bench_close(&b);
}

RIG_SUITE("report: files", {"the XML checker can fail", checker_can_fail},
          {"JUnit: a testsuite for each folder", junit_groups_by_folder},
          {"hostile text is escaped in XML", hostile_text_is_escaped},
          {"HTML has its data in itself", html_has_its_data},
          {"HTML: data end no script", html_data_end_no_script},
          {"no answer of CHAP is told", no_answer_of_chap_is_told}, {"Markdown is short", markdown_is_short},
          {"TAP counts, skips and known failures", tap_counts_and_explains},
          {"TAP explains failures in YAML", tap_failure_in_yaml}, {"JSON of a case", json_of_a_case},
          {"JSON of a failure, and of hostile text", json_of_a_failure}, {"memory runs out", memory_runs_out})
