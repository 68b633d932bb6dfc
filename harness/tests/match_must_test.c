#include "match_items.h"

static const char *const session[] = {
    "! connect 192.0.2.10:3260",
    "> Login T=1 CSG=1 NSG=3 ITT=0x1 CmdSN=7 SessionType=Normal AuthMethod=None",
    "< LoginResp T=1 CSG=1 NSG=3 ITT=0x1 TSIH=4",
    "> ScsiCmd F=1 ITT=0x2 CmdSN=7 CDB=test-unit-ready",
    "< ScsiResp ITT=0x2 Status=GOOD",
    "! close reason=header-digest by initiator",
    "> Login T=1 CSG=1 NSG=3 ITT=0x3 CmdSN=9 SessionType=Normal",
    "< LoginResp T=1 CSG=1 NSG=3 ITT=0x3 TSIH=5",
    "> ScsiCmd F=1 ITT=0x4 CmdSN=9 CDB=test-unit-ready",
    "< ScsiResp ITT=0x4 Status=BUSY",
    NULL};

static void seen(void)
{
    CU_ASSERT(holds("must > Login CSG=1 AuthMethod=None\n", session)); /* other keys do not matter */
    CU_ASSERT(
        fails("must > Login CSG=0\n", session, "CSG", "field CSG: want 0, got 1 (byte 1, capture frame 2)"));
    CU_ASSERT(fails("must > Snack\n", session, "PDU", ""));
    CU_ASSERT(fails("must ! session up\n", session, "event", ""));
    CU_ASSERT(fails("must ! close by target\n", session, "by", "argument by: want target, got initiator"));
}

static void quantities(void)
{
    CU_ASSERT(holds("must exactly 2 > Login\n", session));
    CU_ASSERT(holds("must at-least 2 > Login ; must at-most 2 > Login\n", session));
    CU_ASSERT(holds("must exactly 0 > Snack ; must at-most 0 > Snack\n", session));
    CU_ASSERT(fails("must exactly 1 > Login\n", session, "exactly", "want exactly 1, got 2"));
    CU_ASSERT(fails("must exactly 3 > Login\n", session, "exactly", "want exactly 3, got 2"));
    CU_ASSERT(fails("must at-most 1 > Login\n", session, "at-most", "want at most 1, got 2"));
    CU_ASSERT(fails("must at-least 3 > Login\n", session, "at-least", "want at least 3, got 2"));
    CU_ASSERT(fails("must exactly 2 < ScsiResp Status=GOOD\n", session, "Status",
                    "want exactly 2, got 1: field Status: want GOOD, got BUSY"));
    /* the first match binds */
    CU_ASSERT(holds("must exactly 1 > ScsiCmd ITT=$t\n", session));
}

static void after_and_before(void)
{
    CU_ASSERT(holds("must > Login after ! close\n", session));
    CU_ASSERT(holds("must exactly 1 > Login after ! close\n", session));
    CU_ASSERT(holds("must exactly 1 > Login before ! close\n", session));
    CU_ASSERT(holds("must ! close before > Login CmdSN=9\n", session));
    CU_ASSERT(holds("must < LoginResp after ! close before < ScsiResp\n", session));
    CU_ASSERT(holds("must < ScsiResp ITT=$t Status=BUSY after > ScsiCmd ITT=$t\n", session));
    CU_ASSERT(fails("must ! connect after ! close\n", session, "after", "came, but not after"));
    CU_ASSERT(fails("must > ScsiCmd CmdSN=9 before ! close\n", session, "CmdSN",
                    "came, but not before what it has to stand before: field CmdSN: want 9, got 7"));
    CU_ASSERT(fails("must > ScsiCmd before > Login\n", session, "before", "came, but not before"));
    CU_ASSERT(
        fails("must > Login after > Logout\n", session, "PDU", "nothing came that it could stand after"));
    CU_ASSERT(
        fails("must > Login before > Logout\n", session, "PDU", "nothing came that it could stand before"));
    CU_ASSERT(fails("must at-most 5 > Login after > Logout\n", session, "PDU",
                    "nothing came that it could stand after"));
    CU_ASSERT(fails("must > ScsiCmd ITT=$t after < ScsiResp ITT=$t\n", session, "after", "not after"));
}

static void never(void)
{
    CU_ASSERT(holds("never > Snack\n", session));
    CU_ASSERT(fails("never ! close\n", session, "event", "came, and must never"));
    CU_ASSERT(fails("never > Login AuthMethod=None\n", session, "PDU", "came, and must never"));
    CU_ASSERT(holds("never > Login after > ScsiCmd CmdSN=9\n", session));
    CU_ASSERT(fails("never > Login after ! close\n", session, "PDU", "must never"));
    CU_ASSERT(holds("never > Login after > Logout\n", session));
    CU_ASSERT(holds("never > ScsiCmd before > Login\n", session));
    CU_ASSERT(fails("never > Login before ! close\n", session, "PDU", "must never"));
    CU_ASSERT(fails("never > Login before > Logout\n", session, "PDU", "must never"));
    CU_ASSERT(holds("never > ScsiCmd ITT=$t after < ScsiResp ITT=$t\n", session));
    CU_ASSERT(fails("never < ScsiResp ITT=$t after > ScsiCmd ITT=$t\n", session, "PDU", "must never"));
    CU_ASSERT(holds("never > ScsiCmd ITT=$t before > Login ITT=$t\n",
                    LINES("> Login ITT=0x9", "> ScsiCmd ITT=0x9", "> Login ITT=0x9")));
}

/* Of what the engine says, ~ asks for a part; a list it is not. Escapes stand for what they stand for. */
static void what_was_said(void)
{
    const char *const *said =
        LINES("! close reason=protocol by initiator error=\"CSG: want 1, got \\x221\\x22 (6.3)\"",
              "! login-failed status=protocol");
    CU_ASSERT(holds("must ! close reason=protocol error~\"want 1, got\"\n", said));
    CU_ASSERT(holds("must ! close error~CSG by initiator\n", said));
    CU_ASSERT(holds("must ! close error~\"got \\\"1\\\"\"\n", said));
    CU_ASSERT(holds("must ! close error=\"CSG: want 1, got \\\"1\\\" (6.3)\"\n", said));
    CU_ASSERT(holds("never ! close error~\"want 2\"\n", said));
    CU_ASSERT(holds("never ! login-failed error=_\n", said));
    CU_ASSERT(fails("must ! close error=\"CSG\"\n", said, "error", "want CSG, got"));
    CU_ASSERT(fails("must ! close error~\"CSG: want 2\"\n", said, "error", "want ~\"CSG: want 2\", got"));
    CU_ASSERT(fails("must ! close error~\"x22\"\n", said, "error", "want ~x22"));
    CU_ASSERT(fails("must ! login-failed error~CSG\n", said, "error", "not there"));
    CU_ASSERT(fails("never ! close error~CSG\n", said, "event", "must never"));
}

static void every(void)
{
    CU_ASSERT(holds("must every Login has CSG=1 SessionType=Normal\n", session));
    CU_ASSERT(holds("must every Login CmdSN=9 has SessionType=Normal alone\n", session));
    CU_ASSERT(holds("must every ScsiCmd CmdSN=$c has CmdSN=$c\n", session)); /* binds anew for each */
    CU_ASSERT(fails("must every Login has SessionType=Normal alone\n", session, "AuthMethod",
                    "key AuthMethod is not listed"));
    CU_ASSERT(fails("must every Login has CmdSN=7\n", session, "CmdSN", "want 7, got 9"));
    CU_ASSERT(
        fails("must every Login has CmdSN=$c\n", session, "CmdSN", "want $c(7), got 9")); /* equal in all */
    CU_ASSERT(fails("must every Login has AuthMethod\n", session, "AuthMethod", "not there"));
    CU_ASSERT(fails("must every ScsiResp has Status=GOOD\n", session, "Status", "want GOOD, got BUSY"));
}

/* What never arose is no check: coverage must not count it. */
static void only_what_arose_is_checked(void)
{
    bench b;
    bench_open(&b,
               "must every R2T has TTT!=none\nnever > Login after > Logout\nnever > Snack\n"
               "must exactly 2 > Login\nmust > Snack\n",
               session);
    bench_match(&b);
    CU_ASSERT_EQUAL(b.result.num_findings, 1);
    CU_ASSERT_EQUAL_FATAL(b.result.num_checks, 3);
    CU_ASSERT_EQUAL(b.result.checks[0].must->kind, RIG_SCN_M_NEVER);
    CU_ASSERT_TRUE(b.result.checks[0].held);
    CU_ASSERT_TRUE(b.result.checks[1].held);
    CU_ASSERT_FALSE(b.result.checks[2].held);
    CU_ASSERT_PTR_EQUAL(b.result.findings[0].must, b.result.checks[2].must);
    CU_ASSERT_EQUAL(b.result.num_expectations, 5);
    bench_close(&b);
}

static void norms_alone(void)
{
    bench b;
    bench_open(&b, "must > Login\ntrace\n  > Logout\n", session);
    b.config.norms_only = true;
    CU_ASSERT(bench_match(&b));
    CU_ASSERT_EQUAL(b.result.num_expectations, 1);
    bench_close(&b);
}

/* ---- results of steps ---- */

typedef struct left {
    const char *status, *residual, *sense, *time;
    uint64_t count;
} left;

static bool member(void *ctx, uint32_t result, rig_view name, rig_text *out)
{
    const left *l = ctx;
    const char *text = rig_view_is(name, "residual") ? l->residual
                       : rig_view_is(name, "sense")  ? l->sense
                       : rig_view_is(name, "time")   ? l->time
                       : rig_view_is(name, "portal") ? "192.0.2.1:3260"
                                                     : l->status;
    (void)result;
    rig_text_view(out, rig_view_str(text));
    return text != NULL;
}

static bool count(void *ctx, uint32_t result, uint64_t *out)
{
    (void)result;
    *out = ((const left *)ctx)->count;
    return *out < 1000;
}

static bool fact(const char *text, left *l, const char *says)
{
    bench b;
    bench_open(&b, text, NULL);
    b.facts = (rig_facts){.member = member, .count = count, .ctx = l};
    bool held = bench_match(&b);
    bool ok = says ? !held && strstr(b.result.findings[0].text, says) != NULL : held;
    if (!ok)
        printf("\n    %s -> %s\n", text, held ? "held" : b.result.findings[0].text);
    bench_close(&b);
    return ok;
}

static void results(void)
{
    left l = {"good", "-512", "ABORTED-COMMAND/47/05", "2s", 3};
    CU_ASSERT(fact("must count $list == 3 ; must count $list >= 3 ; must count $list < 4\n", &l, NULL));
    CU_ASSERT(fact("must count $list == 4\n", &l, "count $list: want == 4, got 3"));
    CU_ASSERT(fact("must $r == GOOD ; must $r.status != BUSY\n", &l, NULL));
    CU_ASSERT(fact("must $r == delivery-failure\n", &l, "$r: want == delivery-failure, got good"));
    CU_ASSERT(fact("must $r.residual == -512 ; must $r.residual < 0 ; must $r.residual > -513\n", &l, NULL));
    CU_ASSERT(fact("must $r.residual == 512\n", &l, "$r.residual: want == 512, got -512"));
    CU_ASSERT(fact("must $r.sense == ABORTED-COMMAND ; must $r.sense == ABORTED-COMMAND/47/05\n", &l, NULL));
    CU_ASSERT(fact("must $r.sense == ABORTED-COMMAND/47/06\n", &l, "got ABORTED-COMMAND/47/05"));
    CU_ASSERT(fact("must $r.time <= 2000ms ; must $r.time >= 2s\n", &l, NULL));
    CU_ASSERT(fact("must $r.time < 2s\n", &l, "$r.time: want < 2s, got 2s"));
    l.status = NULL;
    l.count = 5000;
    CU_ASSERT(fact("must $r == good\n", &l, "no step left that"));
    CU_ASSERT(fact("must count $list == 3\n", &l, "no step left that"));
}

static void results_underline_the_value(void)
{
    bench b;
    left l = {"busy", "0", "", "", 0};
    bench_open(&b, "must $r == good\n", NULL);
    b.facts = (rig_facts){.member = member, .count = count, .ctx = &l};
    CU_ASSERT_FALSE(bench_match(&b));
    CU_ASSERT_STRING_EQUAL(b.result.findings[0].expected, "$r == good");
    CU_ASSERT_STRING_EQUAL(b.result.findings[0].actual, "$r == busy");
    CU_ASSERT_EQUAL(b.result.findings[0].mark_at, 6);
    CU_ASSERT_EQUAL(b.result.findings[0].mark_len, 4);
    CU_ASSERT_STRING_EQUAL(b.result.findings[0].field, "status");
    bench_close(&b);
}

static void add_numbered(bench *b, const char *before, unsigned number)
{
    char line[96];
    rig_text text;
    rig_text_init(&text, line, sizeof line);
    rig_text_add(&text, "%s0x%x", before, number);
    add_item(&b->result.items, line);
}

/* Each candidate needs its own look for `after`: what cannot be decided in time is no pass. */
static void comparisons_are_limited(void)
{
    bench b;
    bench_open(&b, "never > Login InitiatorName=$n after < LoginResp TargetAlias=$n\n", NULL);
    for (unsigned i = 0; i < 4000; i++)
        add_numbered(&b, "> Login InitiatorName=", i);
    CU_ASSERT_FALSE(bench_match(&b));
    CU_ASSERT_STRING_EQUAL(b.result.findings[0].field, "limit");
    bench_close(&b);
}

/* Many tasks, each with its own `after`: the one at fault is found, and no other. */
static void many_tasks(void)
{
    bench b;
    bench_open(&b,
               "never > DataOut ITT=$t after < ScsiResp ITT=$t\nmust exactly 2000 < ScsiResp\n"
               "must > ScsiCmd ITT=$t before < ScsiResp ITT=$t+1\n",
               NULL);
    for (unsigned i = 0; i < 2000; i++) {
        add_numbered(&b, "> ScsiCmd ITT=", i);
        add_numbered(&b, "> DataOut ITT=", i);
        add_numbered(&b, "< ScsiResp ITT=", i);
    }
    CU_ASSERT(bench_match(&b));
    add_numbered(&b, "> DataOut ITT=", 1234);
    CU_ASSERT_FALSE(bench_match(&b));
    CU_ASSERT_EQUAL(b.result.num_findings, 1);
    CU_ASSERT_EQUAL(b.result.findings[0].item, 6000);
    bench_close(&b);
}

static void verdicts(void)
{
    CU_ASSERT_STRING_EQUAL(rig_verdict_word(RIG_VERDICT_LOOSE), "loose");
    CU_ASSERT_STRING_EQUAL(rig_verdict_word(RIG_VERDICTS), "?");
    CU_ASSERT_TRUE(rig_verdict_failed(RIG_VERDICT_FIXED));
    CU_ASSERT_FALSE(rig_verdict_failed(RIG_VERDICT_KNOWN));
}

RIG_SUITE("match: must", {"must LINE", seen}, {"quantities", quantities},
          {"after and before", after_and_before}, {"never", never}, {"what was said", what_was_said},
          {"must every", every}, {"only what arose is checked", only_what_arose_is_checked},
          {"norms alone", norms_alone}, {"results of steps", results},
          {"results underline the value", results_underline_the_value},
          {"comparisons are limited", comparisons_are_limited}, {"many tasks", many_tasks},
          {"verdicts", verdicts})
