/* Findings that show the PDU behind them, and what a run that ended early leaves out. */
#include "match_items.h"

static const char *const exchange[] = {
    "> Login T=1 CSG=1 NSG=3 ITT=5 CmdSN=7",
    "< LoginResp T=1 CSG=0 NSG=3 ITT=5 StatSN=100 MaxBurstLength=99",
    NULL,
};

static const rig_finding *blamed(bench *b, const rig_cause *cause)
{
    bench_open(b, "must $r == good\n", exchange);
    rig_finding *finding =
        rig_result_finding(&b->result, RIG_FINDING_STEP, (rig_scn_place){.line = 7}, "ended as protocol");
    CU_ASSERT_PTR_NOT_NULL_FATAL(finding);
    CU_ASSERT(rig_match_blame(&b->result, finding, cause) == RIG_OK);
    return finding;
}

static rig_view marked(const rig_finding *finding)
{
    return rig_view_sub(rig_view_str(finding->actual), finding->mark_at, finding->mark_len);
}

static void the_field_of_a_header(void)
{
    bench b;
    const rig_cause cause = {.item = 1, .field = "CSG", .text = "LoginResp: CSG: not the stage asked for"};
    const rig_finding *finding = blamed(&b, &cause);
    CU_ASSERT_STRING_EQUAL(
        finding->text,
        "ended as protocol: field CSG: not the stage asked for, got 0 (byte 1, capture frame 2)");
    CU_ASSERT(rig_view_is(marked(finding), "CSG=0"));
    CU_ASSERT_EQUAL(finding->frame, 2);
    CU_ASSERT_EQUAL(finding->item, 1);
    CU_ASSERT_STRING_EQUAL(finding->field, "CSG");
    bench_close(&b);
}

static void a_key_of_a_text(void)
{
    bench b;
    const rig_cause cause = {.item = 1, .field = "MaxBurstLength", .text = "MaxBurstLength=99: below 512"};
    const rig_finding *finding = blamed(&b, &cause);
    CU_ASSERT_STRING_EQUAL(finding->text,
                           "ended as protocol: MaxBurstLength=99: below 512 (capture frame 2)");
    CU_ASSERT(rig_view_is(marked(finding), "MaxBurstLength=99"));
    bench_close(&b);
}

static void a_request_without_an_answer(void)
{
    bench b;
    const rig_cause cause = {.item = 0, .text = "nothing came for this"};
    const rig_finding *finding = blamed(&b, &cause);
    CU_ASSERT_STRING_EQUAL(finding->text, "ended as protocol: nothing came for this (capture frame 1)");
    CU_ASSERT(rig_view_is(marked(finding), "Login"));
    bench_close(&b);
}

static void a_pdu_that_did_not_come_whole(void)
{
    bench b;
    const rig_cause cause = {.item = SIZE_MAX,
                             .frame = 9,
                             .field = "DataSegmentLength",
                             .text = "DataSegmentLength of 70000 bytes, at most 8192 allowed"};
    const rig_finding *finding = blamed(&b, &cause);
    CU_ASSERT_STRING_EQUAL(finding->text,
                           "ended as protocol: field DataSegmentLength of 70000 bytes, at most "
                           "8192 allowed (bytes 5-7, capture frame 9)");
    CU_ASSERT(rig_view_is(marked(finding), "(a PDU that did not come whole)"));
    CU_ASSERT_EQUAL(finding->frame, 9);
    CU_ASSERT_EQUAL(finding->item, UINT32_MAX);
    bench_close(&b);
}

static void nothing_at_all(void)
{
    bench b;
    const rig_cause cause = {.item = SIZE_MAX, .text = "no path to the peer"};
    const rig_finding *finding = blamed(&b, &cause);
    CU_ASSERT_STRING_EQUAL(finding->text, "ended as protocol: no path to the peer");
    CU_ASSERT_PTR_NULL(finding->actual);
    bench_close(&b);
}

/* ---- results ---- */

static bool member(void *ctx, uint32_t result, rig_view name, rig_text *out)
{
    (void)result;
    (void)name;
    rig_text_add(out, "%s", (const char *)ctx);
    return ctx != NULL;
}

static bool cause_of(void *ctx, uint32_t result, rig_view name, rig_cause *out_cause)
{
    (void)ctx;
    (void)result;
    *out_cause = (rig_cause){.item = 1, .field = "NSG", .text = "too far"};
    return name.len == 0;
}

static void a_value_and_the_pdu_that_made_it(void)
{
    bench b;
    bench_open(&b, "must $r == good\n", exchange);
    b.facts = (rig_facts){.member = member, .cause = cause_of, .ctx = (char[]){"delivery-failure"}};
    CU_ASSERT_FALSE(bench_match(&b));
    const rig_finding *finding = b.result.findings;
    CU_ASSERT_STRING_EQUAL(finding->expected, "$r == good");
    CU_ASSERT_STRING_EQUAL(finding->text, "$r: want == good, got delivery-failure: field NSG: too far, got 3 "
                                          "(byte 1, capture frame 2)");
    CU_ASSERT(rig_view_is(marked(finding), "NSG=3"));
    CU_ASSERT_STRING_EQUAL(finding->field, "status");
    bench_close(&b);
}

static uint32_t findings_of(bool partial, uint32_t *out_checks)
{
    bench b;
    bench_open(&b, "must $r == good\nmust count $list == 1\nmust > Login CSG=1\n", exchange);
    b.facts = (rig_facts){.member = member};
    b.config.partial = partial;
    bench_match(&b);
    uint32_t num = b.result.num_findings;
    *out_checks = b.result.num_checks;
    bench_close(&b);
    return num;
}

static void results_of_a_run_that_ended_early(void)
{
    uint32_t checks;
    CU_ASSERT_EQUAL(findings_of(false, &checks), 2);
    CU_ASSERT_EQUAL(checks, 3);
    CU_ASSERT_EQUAL(findings_of(true, &checks), 0);
    CU_ASSERT_EQUAL(checks, 1);
}

/* ---- numbers and times ---- */

static void too_few_shows_the_last(void)
{
    CU_ASSERT(fails("must exactly 3 ! connect\n", LINES("! connect", "> Login", "! connect"), "exactly",
                    "want exactly 3, got 2, this one last (capture frame 3)"));
    CU_ASSERT(fails("must exactly 1 > Login\n", LINES("> Login", "> Login"), "exactly",
                    "want exactly 1, got 2 (capture frame 2)"));
    CU_ASSERT(fails("must exactly 1 > Login\n", LINES("! connect"), "exactly", "want exactly 1, got 0"));
}

static bool in_time(uint64_t percent, const char *second)
{
    bench b;
    bench_open(&b, "trace some\n  > Login\n  +1s < LoginResp\n", LINES("> Login @0", second));
    b.config.slack_percent = percent;
    bool held = bench_match(&b);
    bench_close(&b);
    return held;
}

static void real_time_has_slack(void)
{
    CU_ASSERT(in_time(0, "< LoginResp @1000"));
    CU_ASSERT_FALSE(in_time(0, "< LoginResp @1001"));
    CU_ASSERT(in_time(10, "< LoginResp @1200"));
    CU_ASSERT_FALSE(in_time(10, "< LoginResp @1201"));
    CU_ASSERT(in_time(10, "< LoginResp @800"));
    CU_ASSERT_FALSE(in_time(10, "< LoginResp @799"));
}

RIG_SUITE("match cause", {"the field of a header", the_field_of_a_header},
          {"a key of a text", a_key_of_a_text}, {"a request without an answer", a_request_without_an_answer},
          {"a PDU that did not come whole", a_pdu_that_did_not_come_whole},
          {"nothing at all", nothing_at_all},
          {"a value and the PDU that made it", a_value_and_the_pdu_that_made_it},
          {"results of a run that ended early", results_of_a_run_that_ended_early},
          {"too few shows the last", too_few_shows_the_last}, {"real time has slack", real_time_has_slack})
