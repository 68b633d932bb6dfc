#include "match_items.h"

#define LOGIN                                                                                                \
    "! connect 192.0.2.10:3260",                                                                             \
        "> Login T=1 CSG=0 NSG=1 ITT=0x5 CmdSN=7 AuthMethod=None SessionType=Normal",                        \
        "< LoginResp T=1 CSG=0 NSG=1 ITT=0x5 StatSN=100 ExpCmdSN=7 AuthMethod=None"

static void exact_trace_fits(void)
{
    CU_ASSERT(holds("trace\n"
                    "  ! connect 192.0.2.10:3260\n"
                    "  > Login T=1 CSG=0 NSG=1 ITT=$l CmdSN=$c AuthMethod=None SessionType=Normal\n"
                    "  < LoginResp T=1 CSG=0 ITT=$l StatSN=$s ExpCmdSN=$c AuthMethod=_\n",
                    LINES(LOGIN)));
    /* unlisted events may stand anywhere, keys may come in another order */
    CU_ASSERT(holds("trace\n"
                    "  > Login CSG=0 SessionType=Normal AuthMethod=None\n"
                    "  < LoginResp\n",
                    LINES(LOGIN, "! close by target")));
}

static void field_mismatch_is_named(void)
{
    bench b;
    bench_open(&b,
               "trace\n"
               "  > Login T=1 CSG=0 NSG=1 ITT=$l keys _\n"
               "  < LoginResp T=1 ITT=$l TSIH=4 keys _\n",
               LINES(LOGIN));
    CU_ASSERT_FALSE(bench_match(&b));
    CU_ASSERT_EQUAL_FATAL(b.result.num_findings, 1);
    const rig_finding *f = b.result.findings;
    CU_ASSERT_STRING_EQUAL(f->field, "TSIH");
    CU_ASSERT_STRING_EQUAL(f->text, "field TSIH: want 4, got 0 (bytes 14-15, capture frame 3)");
    CU_ASSERT_STRING_EQUAL(f->expected, "< LoginResp T=1 ITT=$l(0x5) TSIH=4 keys _");
    CU_ASSERT(strncmp(f->actual, "< LoginResp T=1 ITT=0x5     TSIH=0 ", 35) == 0);
    CU_ASSERT_EQUAL(f->mark_at, 28);
    CU_ASSERT_EQUAL(f->mark_len, 6);
    CU_ASSERT_EQUAL(f->line_number, 2);
    CU_ASSERT_EQUAL(f->num_lines, 2);
    CU_ASSERT_EQUAL(f->item, 2);
    CU_ASSERT_EQUAL(f->frame, 3);
    CU_ASSERT_EQUAL(f->place.line, 12);
    CU_ASSERT_EQUAL(f->place.col, 26);
    bench_close(&b);
}

RIG_SUITE("match: trace", {"an exact trace fits", exact_trace_fits},
          {"a mismatch names field, place, bytes and frame", field_mismatch_is_named})
