/* Results read back: what is no report, what was cut, merged and compared. */
#include "report_bench.h"
#include "rig/results.h"

#define HEAD                                                                                                 \
    "{\"schema\":\"iscsirig-results/"                                                                        \
    "1\",\n\"version\":\"1\",\n\"command\":\"c\",\n\"mode\":\"sim\",\n\"cases\":["
#define TAIL                                                                                                 \
    "\n],\n\"summary\":{\"cases\":1,\"planned\":4,\"files\":1,\"real_ns\":5,\"interrupted\":false}}\n"
#define CASE(path, verdict) "\n{\"path\":\"" path "\",\"verdict\":\"" verdict "\"}"

static rig_status read_text(const char *text, rig_results **out, rig_error *err)
{
    *err = (rig_error){.status = RIG_OK};
    *out = NULL;
    return rig_results_read(rig_alloc_libc(), "x.json", rig_view_str(text), out, err);
}

static rig_results *results_of(const char *text)
{
    rig_results *results;
    rig_error err;
    CU_ASSERT_EQUAL_FATAL(read_text(text, &results, &err), RIG_OK);
    return results;
}

static void refused(const char *text, rig_status status, const char *words)
{
    rig_results *results;
    rig_error err;
    CU_ASSERT_EQUAL(read_text(text, &results, &err), status);
    CU_ASSERT_PTR_NULL(results);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, words));
}

static void no_report_is_refused_with_its_place(void)
{
    refused("", RIG_E_SYNTAX, "x.json:1:0: ");
    refused("{}", RIG_E_SYNTAX, "no schema in it");
    refused("[]", RIG_E_SYNTAX, "no schema in it");
    refused("{\"schema\":\"iscsirig-results/2\",\"version\":\"9\"}", RIG_E_UNSUPPORTED,
            "read it with the version that wrote it, \"9\"");
    refused("{\"schema\":\"iscsirig-results/1\"}", RIG_E_SYNTAX, "cases: wanted a list, came nothing");
    refused(HEAD "3" TAIL, RIG_E_SYNTAX, "cases[0]: wanted an object, came a number");
    refused(HEAD CASE("a", "maybe") TAIL, RIG_E_SYNTAX, "cases[0].verdict: wanted pass, fail");
    refused(HEAD "{\"verdict\":\"pass\"}" TAIL, RIG_E_SYNTAX, "cases[0].path: wanted a text, came nothing");
    refused(HEAD "{\"path\":\"a\",\"verdict\":\"pass\",\"tags\":[1]}" TAIL, RIG_E_SYNTAX,
            "cases[0].tags[0]: wanted a text");
    refused(HEAD "{\"path\":\"a\",\"verdict\":\"pass\",\"bindings\":{\"b\":1}}" TAIL, RIG_E_SYNTAX,
            "cases[0].bindings: wanted a text");
    refused(HEAD "{\"path\":\"a\",\"path\":\"a\",\"verdict\":\"pass\"}" TAIL, RIG_E_SYNTAX, "x.json:5:");
    refused(HEAD "{\"path\":\"a\",\"verdict\":\"pass\",\"checks\":[{\"ids\":[],\"line\":1,\"held\":3}]}" TAIL,
            RIG_E_SYNTAX, "cases[0].checks[0].held: wanted true or false, came a number");
}

/* Nesting without end is an error of the text, not of the stack. */
static void deep_text_is_refused(void)
{
    static char text[100000];
    memset(text, '[', sizeof text - 1);
    refused(text, RIG_E_SYNTAX, "x.json:1:");
}

/* Wherever the file ends, what is whole is taken or it is refused; never more than is there. */
static void a_cut_file_gives_whole_cases(void)
{
    static const char text[] = HEAD CASE("a", "pass") "," CASE("b", "fail") "," CASE("c", "skip") TAIL;
    uint64_t most = 0;
    for (size_t len = 0; len < sizeof text - 1; len++) {
        rig_results *results = NULL;
        rig_results_about about;
        rig_summary summary;
        char cut[sizeof text];
        memcpy(cut, text, len);
        cut[len] = '\0';
        rig_error err;
        if (read_text(cut, &results, &err))
            continue;
        rig_results_about_them(results, &about);
        rig_results_summary(results, &summary);
        CU_ASSERT(about.cut || len == sizeof text - 2);
        CU_ASSERT(summary.interrupted || !about.cut);
        CU_ASSERT(summary.cases >= most && summary.cases <= 3);
        most = summary.cases;
        rig_results_free(results);
    }
    CU_ASSERT_EQUAL(most, 3);
}

/* Whatever one byte becomes, it is read or refused. */
static void a_wrong_byte_is_borne(void)
{
    static const char text[] = HEAD "{\"path\":\"a\",\"verdict\":\"fail\",\"bindings\":{\"n\":\"1\"},"
                                    "\"seed\":7,\"findings\":[{\"ids\":[\"A-1\"],"
                                    "\"mark\":[1,2],\"item\":0}],\"ladder\":[{\"t\":1,\"way\":\">\",\"line\":"
                                    "\"> Login\",\"bhs\":\"43\"}]}" TAIL;
    static const char bytes[] = "\"{}[]0-\\\xff\n,";
    for (size_t at = 0; at < sizeof text - 1; at++)
        for (size_t b = 0; b < sizeof bytes; b++) { /* with the NUL */
            char wrong[sizeof text];
            rig_results *results = NULL;
            rig_error err = {.status = RIG_OK};
            memcpy(wrong, text, sizeof text);
            wrong[at] = bytes[b];
            rig_status status = rig_results_read(rig_alloc_libc(), "x.json",
                                                 rig_view_of(wrong, sizeof text - 1), &results, &err);
            CU_ASSERT((status == RIG_OK) == (results != NULL));
            CU_ASSERT(status == RIG_OK || err.text[0] != '\0');
            rig_results_free(results);
        }
}

static void merging_counts_a_case_once(void)
{
    rig_results *a = results_of(HEAD CASE("a", "pass") "," CASE("b", "fail") TAIL);
    rig_results *b = results_of(HEAD CASE("b", "pass") "," CASE("c", "error") TAIL);
    rig_results_about about;
    rig_summary summary;
    rig_run_facts facts;
    CU_ASSERT_EQUAL(rig_results_merge(a, b), RIG_OK);
    rig_results_free(b);
    rig_results_about_them(a, &about);
    rig_results_summary(a, &summary);
    rig_results_facts(a, &facts);
    CU_ASSERT_EQUAL(about.replaced, 1);
    CU_ASSERT_EQUAL(summary.cases, 3);
    CU_ASSERT_EQUAL(summary.files, 3);
    CU_ASSERT_EQUAL(summary.planned, 8);
    CU_ASSERT_EQUAL(summary.real_ns, 10);
    CU_ASSERT_EQUAL(summary.verdicts[RIG_VERDICT_PASS], 2);
    CU_ASSERT_EQUAL(summary.verdicts[RIG_VERDICT_FAIL], 0);
    CU_ASSERT_STRING_EQUAL(facts.version, "1");
    CU_ASSERT_PTR_NOT_NULL(facts.runs);
    rig_results_free(a);
}

/* Another peer, other values, another seed: another case. */
static void what_tells_cases_apart(void)
{
    rig_results *a =
        results_of(HEAD "{\"path\":\"a\",\"verdict\":\"pass\",\"peer\":\"p/1\"},"
                        "{\"path\":\"a\",\"verdict\":\"pass\",\"peer\":\"p/2\"},"
                        "{\"path\":\"a\",\"verdict\":\"pass\",\"bindings\":{\"n\":\"1\"}},"
                        "{\"path\":\"a\",\"verdict\":\"pass\",\"link\":\"split\"},"
                        "{\"path\":\"a\",\"verdict\":\"pass\",\"seed\":\"18446744073709551615\"},"
                        "{\"path\":\"a\",\"verdict\":\"pass\",\"seed\":7}" TAIL);
    rig_results *b =
        results_of(HEAD "{\"path\":\"a\",\"verdict\":\"fail\",\"seed\":\"18446744073709551615\"}" TAIL);
    rig_summary summary;
    CU_ASSERT_EQUAL(rig_results_merge(a, b), RIG_OK);
    rig_results_summary(a, &summary);
    CU_ASSERT_EQUAL(summary.cases, 6);
    CU_ASSERT_EQUAL(summary.verdicts[RIG_VERDICT_FAIL], 1);
    rig_results_free(a);
    rig_results_free(b);
}

static void every_change_is_told(void)
{
    rig_results *before =
        results_of(HEAD CASE("good", "pass") "," CASE("breaks", "loose") "," CASE("bad", "fail") "," CASE(
            "mended", "error") "," CASE("left", "pass") "," CASE("back",
                                                                 "skip") "," CASE("gone",
                                                                                  "pass") "," CASE("known",
                                                                                                   "known")
                       TAIL);
    rig_results *now =
        results_of(HEAD CASE("good", "loose") "," CASE("breaks", "fail") "," CASE("bad", "fixed") "," CASE(
            "mended",
            "pass") "," CASE("left",
                             "skip") "," CASE("back",
                                              "pass") "," CASE("new",
                                                               "pass") "," CASE("worse",
                                                                                "fail") "," CASE("known",
                                                                                                 "fail")
                       TAIL);
    static const uint64_t wanted[RIG_CHANGES] = {
        [RIG_CHANGE_SAME] = 1,  [RIG_CHANGE_BROKE] = 2,   [RIG_CHANGE_FIXED] = 1,
        [RIG_CHANGE_STILL] = 1, [RIG_CHANGE_NEW] = 1,     [RIG_CHANGE_NEW_FAILING] = 1,
        [RIG_CHANGE_GONE] = 1,  [RIG_CHANGE_SKIPPED] = 1, [RIG_CHANGE_PLAYED] = 1};
    rig_results_about about;
    rig_summary summary;
    CU_ASSERT_EQUAL(rig_results_compare(now, before), RIG_OK);
    rig_results_free(before);
    rig_results_about_them(now, &about);
    rig_results_summary(now, &summary);
    CU_ASSERT(about.compared);
    for (unsigned c = 0; c < RIG_CHANGES; c++)
        CU_ASSERT_EQUAL(about.changes[c], wanted[c]);
    CU_ASSERT_EQUAL(summary.cases, 9);
    rig_results_free(now);
}

/* Rounds of --repeat: the n-th is compared with the n-th. */
static void rounds_are_compared_in_turn(void)
{
    rig_results *before = results_of(HEAD CASE("a", "pass") "," CASE("a", "fail") TAIL);
    rig_results *now = results_of(HEAD CASE("a", "fail") "," CASE("a", "pass") "," CASE("a", "pass") TAIL);
    rig_results_about about;
    CU_ASSERT_EQUAL(rig_results_compare(now, before), RIG_OK);
    rig_results_about_them(now, &about);
    CU_ASSERT_EQUAL(about.changes[RIG_CHANGE_BROKE], 1);
    CU_ASSERT_EQUAL(about.changes[RIG_CHANGE_FIXED], 1);
    CU_ASSERT_EQUAL(about.changes[RIG_CHANGE_NEW], 1);
    rig_results_free(before);
    rig_results_free(now);
}

static rig_status one_item(void *ctx, const char *capture, rig_items *out_items)
{
    const rig_item item = {
        .kind = RIG_ITEM_EVENT, .event = rig_view_str("connect"), .args = rig_view_str(capture)};
    (*(unsigned *)ctx)++;
    return rig_items_add(out_items, &item);
}

/* A report of what was read is what was read; captures fill in for ladders. */
static void what_was_read_is_written(void)
{
    static sheet s;
    unsigned asked = 0;
    rig_results *results = results_of(
        HEAD
        "{\"path\":\"a\",\"verdict\":\"pass\",\"capture\":\"a.pcapng\",\"peer\":\"sim\"}," CASE("b", "skip")
            TAIL);
    for (const rig_report_row *row = rig_report_rows; row->name; row++) {
        rig_summary summary;
        sheet_open(&s, row->name, false);
        rig_results_summary(results, &summary);
        CU_ASSERT_EQUAL(
            rig_results_print(results, s.report, strcmp(row->name, "json") == 0 ? one_item : NULL, &asked),
            RIG_OK);
        s.summary = summary;
        const char *text = sheet_close(&s);
        CU_ASSERT(text[0] != '\0');
        if (strcmp(row->name, "json") == 0) {
            CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n{\"path\":\"a\",\"verdict\":\"pass\",\"capture\":\"a."
                                                "pcapng\",\"peer\":\"sim\",\"ladder\":[{\"t\":0,"));
            CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"line\":\"! connect a.pcapng\""));
        }
    }
    CU_ASSERT_EQUAL(asked, 1);
    rig_results_free(results);
}

/* After each case the file is a report, which says that the run has not ended. */
static void json_is_whole_at_any_time(void)
{
    static sheet s;
    sheet_open(&s, "json", false);
    for (uint64_t num = 0; num < 4; num++) {
        static char text[SHEET_MAX];
        rig_results *results;
        rig_summary summary;
        FILE *file = fopen(s.path, "rb");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
        results = results_of(text);
        rig_results_summary(results, &summary);
        CU_ASSERT_EQUAL(summary.cases, num);
        CU_ASSERT_EQUAL(summary.planned, 9);
        CU_ASSERT(summary.interrupted);
        rig_results_free(results);
        char path[] = "a/0.scn";
        path[2] = (char)('0' + num);
        sheet_plain(&s, path, RIG_VERDICT_PASS, NULL);
    }
    s.summary.planned = 9;
    rig_results *results = results_of(sheet_close(&s));
    rig_summary summary;
    rig_results_summary(results, &summary);
    CU_ASSERT(summary.cases == 4 && !summary.interrupted);
    rig_results_free(results);
}

RIG_SUITE("report: results", {"no report is refused with its place", no_report_is_refused_with_its_place},
          {"deep text is refused", deep_text_is_refused},
          {"a cut file gives whole cases", a_cut_file_gives_whole_cases},
          {"a wrong byte is borne", a_wrong_byte_is_borne},
          {"merging counts a case once", merging_counts_a_case_once},
          {"what tells cases apart", what_tells_cases_apart}, {"every change is told", every_change_is_told},
          {"rounds are compared in turn", rounds_are_compared_in_turn},
          {"what was read is written", what_was_read_is_written},
          {"JSON is whole at any time", json_is_whole_at_any_time})
