#include "report_bench.h"

static const char table[] =
    "id\tsection\tside\tlevel\tinferred\tstatement\tprobe\n"
    "LOGIN-900\t6.3.5\tT\tMUST\t\ta reinstating login is answered with TSIH 0\tlook\n";

static void failure_screen(void)
{
    static char screen[8192];
    static sheet s;
    bench b;
    rig_text out;
    rig_report_requirements(rig_view_str(table));
    sheet_open(&s, "console", false);
    bench_failed(&b, "scenarios/login/x.scn");
    rig_text_init(&out, screen, sizeof screen);
    rig_failure_print(&out, &b.result, 1);
    CU_ASSERT_STRING_EQUAL(
        screen,
        "FAIL scenarios/login/x.scn:10  RFC7143 6.3.5 LOGIN-900 (MUST)  [sim, seed 7341, commit 1a2b3c4]\n"
        "  virtual time 0.001 s, connection 0\n"
        "  expected  < LoginResp TSIH=0\n"
        "  actual    < LoginResp TSIH=4 T=1 CSG=0 NSG=1 ITT=0x5 StatSN=100 ExpCmdSN=7 MaxCmdSN=0 "
        "Status=Success AuthMethod=None\n"
        "                        ^^^^^^ field TSIH: want 0, got 4 (bytes 14-15, capture frame 2)\n"
        "  why it matters: a reinstating login is answered with TSIH 0\n"
        "  and 1 more finding\n"
        "  again: iscsirig run x.scn --seed 7341      see: iscsirig explain RFC7143/6.3.5\n");
    rig_report_requirements((rig_view){NULL, 0});
    bench_close(&b);
    sheet_close(&s);
}

/* Without a requirement there is nothing to quote, and what did not come is said. */
static void nothing_like_it(void)
{
    static char screen[8192];
    bench b;
    rig_text out;
    bench_open(&b, "must < Snack\n", LINES("> Login", "! connect", "> NopOut"));
    CU_ASSERT_FALSE(bench_match(&b));
    b.result.verdict = RIG_VERDICT_FAIL;
    rig_text_init(&out, screen, sizeof screen);
    rig_failure_print(&out, &b.result, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(screen, "  expected  < Snack\n"
                                          "  actual    (nothing like it came; 2 PDUs were seen)\n"
                                          "  again: "));
    CU_ASSERT_PTR_NULL(strstr(screen, "why it matters"));
    bench_close(&b);
}

static void quiet_for_what_passed(void)
{
    static sheet s;
    sheet_open(&s, "console", false);
    sheet_plain(&s, "a/b.scn", RIG_VERDICT_PASS, NULL);
    sheet_plain(&s, "a/c.scn", RIG_VERDICT_SKIP, "needs peer");
    sheet_plain(&s, "a/d.scn", RIG_VERDICT_SKIP, "needs peer");
    sheet_plain(&s, "a/e.scn", RIG_VERDICT_SKIP, "writes");
    sheet_plain(&s, "a/f.scn", RIG_VERDICT_KNOWN, "firmware 3");
    s.summary.captures = "caps";
    CU_ASSERT_STRING_EQUAL(sheet_close(&s), "5 cases of 2 files in 2.00 s, 2 cases/s\n"
                                            "pass 1, skip 3, known 1\n"
                                            "  skipped 2: needs peer\n"
                                            "  skipped 1: writes\n"
                                            "  skipped 1: firmware 3\n"
                                            "captures: caps\n"
                                            "1 passed, 0 failed, 4 skipped\n");
}

static void verbose_names_every_case(void)
{
    static sheet s;
    sheet_open(&s, "console", true);
    sheet_plain(&s, "a/b.scn", RIG_VERDICT_PASS, NULL);
    sheet_plain(&s, "a/f.scn", RIG_VERDICT_KNOWN, "firmware 3");
    const char *text = sheet_close(&s);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "pass   a/b.scn\nknown  a/f.scn  firmware 3\n"));
}

static void failures_are_shown_and_counted(void)
{
    static sheet s;
    bench b;
    sheet_open(&s, "console", false);
    bench_failed(&b, "scenarios/login/x.scn");
    sheet_add(&s, &b.result);
    bench_close(&b);
    sheet_plain(&s, "a/b.scn", RIG_VERDICT_FIXED, "listed as known and yet passed");
    sheet_plain(&s, "a/c.scn", RIG_VERDICT_LOOSE, NULL);
    s.summary.interrupted = true;
    const char *text = sheet_close(&s);
    CU_ASSERT_PTR_EQUAL(strstr(text, "FAIL scenarios/login/x.scn:10"), text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nalso scenarios/login/x.scn:13"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nFIXED a/b.scn"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nloose  a/c.scn\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "interrupted: 3 of 9 cases ran\n"));
    CU_ASSERT_STRING_EQUAL(text + s.len - strlen("\n1 passed, 2 failed, 0 skipped\n"),
                           "\n1 passed, 2 failed, 0 skipped\n");
}

/* Escape sequences of a stranger must not reach the terminal. */
static void hostile_text_is_plain(void)
{
    static sheet s;
    sheet_open(&s, "console", true);
    sheet_plain(&s, HOSTILE, RIG_VERDICT_FAIL, HOSTILE);
    sheet_plain(&s, HOSTILE, RIG_VERDICT_SKIP, HOSTILE);
    const char *text = sheet_close(&s);
    for (size_t i = 0; i < s.len; i++)
        CU_ASSERT(text[i] == '\n' || ((unsigned char)text[i] >= 0x20 && (unsigned char)text[i] < 0x7f));
}

static void open_says_what_is_wrong(void)
{
    rig_report *report;
    rig_error err = {.status = RIG_OK};
    const rig_run_facts facts = {.mode = "sim"};
    for (const rig_report_row *row = rig_report_rows; row->name; row++) {
        CU_ASSERT_EQUAL(row->open(rig_alloc_libc(), "/nonexistent/folder/x", &facts, &report, &err),
                        RIG_E_IO);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "/nonexistent/folder/x"));
    }
}

RIG_SUITE("report: console", {"the failure screen", failure_screen}, {"nothing like it", nothing_like_it},
          {"nothing for what passed, skips with reasons", quiet_for_what_passed},
          {"verbose names every case", verbose_names_every_case},
          {"failures are shown and counted", failures_are_shown_and_counted},
          {"hostile text stays plain", hostile_text_is_plain},
          {"a report that cannot be opened says why", open_says_what_is_wrong})
