#include "match_items.h"

#define EVIDENCE                                                                                             \
    LINES("! connect 192.0.2.10:3260",                                                                       \
          "> Login T=1 CSG=1 NSG=3 ITT=0x5 CmdSN=7 AuthMethod=None SessionType=Normal",                      \
          "< LoginResp T=1 CSG=1 NSG=3 ITT=0x5 TSIH=4 StatSN=100 ExpCmdSN=7 AuthMethod=None",                \
          "> ScsiCmd F=1 ITT=0x6 CmdSN=7 CDB=read-10(lba=64,blocks=8)", "< DataIn ITT=0x6 DataSN=0",         \
          "< DataIn ITT=0x6 DataSN=1", "< ScsiResp ITT=0x6 Status=GOOD StatSN=101",                          \
          "! close by initiator @2006")

typedef struct proof {
    uint32_t tried, survived;
    rig_survivor last;
} proof;

static bool keep(void *ctx, const rig_survivor *survivor)
{
    proof *p = ctx;
    p->last = *survivor;
    return true;
}

static bool status_member(void *ctx, uint32_t result, rig_view member, rig_text *out)
{
    (void)ctx;
    (void)result;
    rig_text_add(out, member.len ? "12" : "GOOD");
    return true;
}

static bool one_entry(void *ctx, uint32_t result, uint64_t *out_count)
{
    (void)ctx;
    (void)result;
    *out_count = 1;
    return true;
}

static proof prove(const char *text)
{
    bench b;
    proof p = {.tried = 0};
    bench_open(&b, text, EVIDENCE);
    b.facts.member = status_member;
    b.facts.count = one_entry;
    CU_ASSERT(bench_match(&b));
    if (b.result.num_findings)
        printf("\n    does not pass: %s\n", b.result.findings[0].text);
    CU_ASSERT(rig_prove_expect(&b.config, &b.facts, &b.result, keep, &p, &p.tried, &p.survived) == RIG_OK);
    bench_close(&b);
    return p;
}

/* Every literal of the text is tried, and each alteration noticed. */
static bool proved(const char *text, uint32_t tried)
{
    proof p = prove(text);
    if (p.survived || p.tried != tried)
        printf("\n    %u tried, %u survived, last \"%s\" %s: %s\n", p.tried, p.survived, p.last.text,
               p.last.why, text);
    return p.survived == 0 && p.tried == tried;
}

static void trace_literals(void)
{
    CU_ASSERT(proved("trace\n"
                     "  ! connect 192.0.2.10:3260\n"
                     "  > Login T=1 CSG=1 NSG=3 ITT=$l CmdSN=$c AuthMethod=None SessionType=Normal\n"
                     "  < LoginResp T=1 ITT=$l TSIH!=0 ExpCmdSN=$c AuthMethod~None\n"
                     "  > ScsiCmd ITT=$t CmdSN=$c CDB=read-10(lba=64,blocks=8)\n"
                     "  < DataIn ITT=$t DataSN=0..0\n"
                     "  < DataIn ITT=$t DataSN=1\n"
                     "  < ScsiResp ITT=$t Status=GOOD\n"
                     "  +2s ! close by initiator\n",
                     16));
    CU_ASSERT(proved("trace some\n"
                     "  > ScsiCmd CmdSN=7\n"
                     "  +2ms < DataIn DataSN=1\n",
                     3));
}

static void must_literals(void)
{
    CU_ASSERT(proved("must > Login CSG=1 AuthMethod=None\n", 2));
    CU_ASSERT(proved("must exactly 2 < DataIn\n", 1));
    CU_ASSERT(proved("must exactly 1 < DataIn DataSN=1\n", 2));
    CU_ASSERT(proved("must at-least 2 < DataIn ITT=0x6\n", 2));
    CU_ASSERT(proved("must at-most 2 < DataIn ITT=0x6\n", 2));
    CU_ASSERT(proved("must exactly 0 > ScsiCmd CmdSN=9\n", 2));
    CU_ASSERT(proved("must < ScsiResp ITT=$t after > ScsiCmd ITT=$t CmdSN=7\n", 1));
    CU_ASSERT(proved("must > ScsiCmd ITT=$t before < ScsiResp ITT=$t Status=GOOD\n", 1));
    CU_ASSERT(proved("must every LoginResp TSIH=4 has Status=Success\n", 2));
    CU_ASSERT(proved("must every R2T TTT=0x9 has DesiredLength=512\n", 2));
    CU_ASSERT(proved("must every Login has AuthMethod=None\n", 1));
    CU_ASSERT(proved("must $r == good ; must $r.residual <= 12 ; must count $list == 1\n", 3));
}

/* What never came is made from its line, and put in. */
static void never_literals(void)
{
    CU_ASSERT(proved("never > Snack Type=status\n", 1));
    CU_ASSERT(proved("never > Login AuthMethod=CHAP CSG=0\n", 2));
    CU_ASSERT(proved("never ! close reason=header-digest by target\n", 2));
    CU_ASSERT(proved("never > DataOut ITT=$t F=1 after < ScsiResp ITT=$t Status=GOOD\n", 2));
    CU_ASSERT(proved("never > Logout Reason=close-session after < Reject Reason=0x4\n", 2));
    CU_ASSERT(proved("never < ScsiResp Status=BUSY before > ScsiCmd CmdSN=7\n", 2));
    CU_ASSERT(proved("never > TextReq F=1 before < TextResp F=1\n", 2));
    CU_ASSERT(proved("never > ScsiCmd CDB=test-unit-ready\n", 1));
    CU_ASSERT(proved("never > Login TSIH!=0\n", 1));
    CU_ASSERT(proved("never < DataIn DataSN=2..9\n", 2));
    CU_ASSERT(proved("never > _ ITT=0x77\n", 1));
}

/* A second Data-In makes up for the altered one: the expectation does not test which came. */
static void weak_expectation_is_found(void)
{
    proof p = prove("must < DataIn DataSN=0\n");
    CU_ASSERT_EQUAL(p.tried, 1);
    CU_ASSERT_EQUAL(p.survived, 1);
    CU_ASSERT_STRING_EQUAL(p.last.text, "0");
    CU_ASSERT_STRING_EQUAL(p.last.why, "still passes");
    CU_ASSERT_EQUAL(p.last.literal, 1);
    CU_ASSERT(p.last.place.line > 0);
}

/* As many clauses of the text are shown to be able to fail. */
static uint32_t clauses(const char *text)
{
    bench b;
    uint32_t tried, survived, num = 0;
    bench_open(&b, text, EVIDENCE);
    b.facts.member = status_member;
    b.facts.count = one_entry;
    CU_ASSERT(bench_match(&b));
    CU_ASSERT(rig_prove_expect(&b.config, &b.facts, &b.result, NULL, NULL, &tried, &survived) == RIG_OK);
    for (uint32_t i = 0; i < b.result.num_checks; i++)
        num += b.result.checks[i].proved;
    bench_close(&b);
    return num;
}

static void clauses_are_broken(void)
{
    CU_ASSERT_EQUAL(clauses("must ! close\n"), 1);
    CU_ASSERT_EQUAL(clauses("must exactly 2 < DataIn\n"), 1);
    CU_ASSERT_EQUAL(clauses("must > ScsiCmd ITT=$t before < ScsiResp ITT=$t\n"), 1);
    CU_ASSERT_EQUAL(clauses("never > Snack\n"), 1);
    CU_ASSERT_EQUAL(clauses("never > Logout after > ScsiCmd\n"), 1);
    CU_ASSERT_EQUAL(clauses("must at-most 2 < DataIn\nmust exactly 0 < R2T\n"), 2);
    CU_ASSERT_EQUAL(clauses("must every LoginResp has Status=Success\n"), 1);
    CU_ASSERT_EQUAL(clauses("must every DataIn has ITT\n"), 0); /* a header field is always there */
    CU_ASSERT_EQUAL(clauses("must every ScsiResp has data \"\"\n"), 1);
    CU_ASSERT_EQUAL(clauses("must $r == good ; must count $list == 1\n"), 2);
}

/* A literal that decides nothing, and a situation that did not arise, prove nothing. */
static void weak_clauses_are_not_proved(void)
{
    CU_ASSERT_EQUAL(clauses("must < DataIn DataSN=0\n"), 0);
    CU_ASSERT_EQUAL(clauses("must < DataIn DataSN=0\nmust < ScsiResp Status=GOOD\n"), 1);
    CU_ASSERT_EQUAL(clauses("must every R2T has DesiredLength=512\n"), 0);
    CU_ASSERT_EQUAL(clauses("never > Logout after < Reject\n"), 0);
}

static bool stop(void *ctx, const rig_survivor *survivor)
{
    (void)survivor;
    ++*(uint32_t *)ctx;
    return false;
}

static void survivors_can_stop_it(void)
{
    bench b;
    uint32_t seen = 0, tried, survived;
    bench_open(&b, "must < DataIn DataSN=0\nmust < DataIn DataSN=0\n", EVIDENCE);
    CU_ASSERT(bench_match(&b));
    CU_ASSERT(rig_prove_expect(&b.config, &b.facts, &b.result, stop, &seen, &tried, &survived) == RIG_OK);
    CU_ASSERT_EQUAL(seen, 1);
    CU_ASSERT_EQUAL(tried, 1);
    bench_close(&b);
}

/* The n-th allocation fails, for every n: no leak, no crash. */
static void memory_runs_out(void)
{
    for (uint64_t n = 1;; n++) {
        bench b;
        uint32_t tried, survived;
        bench_open(&b, "must > Login CSG=1\nnever > Snack Type=status\ntrace some\n  > Login CSG=1 keys _\n",
                   EVIDENCE);
        b.meter.fail_at = b.meter.num_calls + n;
        b.meter.fail_on = true;
        rig_status status = rig_prove_expect(&b.config, &b.facts, &b.result, NULL, NULL, &tried, &survived);
        bool failed = b.meter.num_calls >= b.meter.fail_at;
        CU_ASSERT(status == (failed ? RIG_E_NOMEM : RIG_OK));
        b.meter.fail_at = 0;
        b.meter.fail_on = false;
        bench_close(&b);
        if (!failed || n > 5000)
            break;
    }
}

RIG_SUITE("match: prove", {"literals of traces", trace_literals}, {"literals of must", must_literals},
          {"literals of never", never_literals}, {"a weak expectation is found", weak_expectation_is_found},
          {"clauses are broken", clauses_are_broken},
          {"weak clauses are not proved", weak_clauses_are_not_proved},
          {"a survivor can stop it", survivors_can_stop_it}, {"memory runs out", memory_runs_out})
