#include "match_items.h"

#include <stdlib.h>

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
    CU_ASSERT_EQUAL(f->kind, RIG_FINDING_TRACE);
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
    CU_ASSERT_EQUAL(b.result.num_expectations, 2);
    bench_close(&b);
}

static void keys_are_all_listed(void)
{
    CU_ASSERT(fails("trace\n  > Login CSG=0 AuthMethod=None\n  < LoginResp\n", LINES(LOGIN), "SessionType",
                    "key SessionType is not listed (capture frame 2)"));
    CU_ASSERT(holds("trace\n  > Login CSG=0 AuthMethod=None keys _\n  < LoginResp\n", LINES(LOGIN)));
    CU_ASSERT(holds("trace\n  > Login CSG=0 keys _\n  < LoginResp\n", LINES(LOGIN)));
    CU_ASSERT(holds("trace\n  > Login CSG=0\n  < LoginResp\n", LINES(LOGIN)));
    CU_ASSERT(fails("trace\n  > Login AuthMethod=CHAP keys _\n  < LoginResp\n", LINES(LOGIN), "AuthMethod",
                    "key AuthMethod: want CHAP, got None (capture frame 2)"));
    CU_ASSERT(fails("trace\n  > Login HeaderDigest=None keys _\n  < LoginResp\n", LINES(LOGIN),
                    "HeaderDigest", "key HeaderDigest: want None, not there"));
}

#define TARGETS                                                                                              \
    "< TextResp F=1 TargetName=iqn.a TargetAddress=x TargetName=iqn.b TargetAddress=y TargetAddress=z"

static void repeated_keys_are_in_order(void)
{
    CU_ASSERT(holds("trace\n  < TextResp TargetName=iqn.a TargetAddress=x TargetName=iqn.b TargetAddress=y "
                    "TargetAddress=z\n",
                    LINES(TARGETS)));
    CU_ASSERT(fails("trace\n  < TextResp TargetName=iqn.a TargetName=iqn.b TargetAddress=x TargetAddress=y "
                    "TargetAddress=z\n",
                    LINES(TARGETS), "TargetAddress", "want x, got y"));
    CU_ASSERT(holds("trace\n  < TextResp TargetName=iqn.b TargetAddress=z keys _\n", LINES(TARGETS)));
    CU_ASSERT(fails("trace\n  < TextResp TargetName=iqn.b TargetAddress=x keys _\n", LINES(TARGETS),
                    "TargetAddress", "want x, got y"));
}

/* The C bit: the text becomes whole with the last PDU (RFC 7143 section 6.2). */
static void spanning_text_is_whole_at_the_end(void)
{
    bench b;
    bench_open(
        &b, "trace\n  > Login C=1 ITT=$l\n  < LoginResp\n  > Login C=0 ITT=$l AuthMethod=None\n",
        LINES("> Login C=1 ITT=0x5 data=AuthMe", "< LoginResp ITT=0x5", "> Login ITT=0x5 data=thod=None"));
    b.result.items.ptr[2].text = rig_view_of("AuthMethod=None", 16);
    CU_ASSERT(bench_match(&b));
    bench_close(&b);
}

static void serial_numbers_wrap(void)
{
    CU_ASSERT(holds("trace\n  > NopOut CmdSN=$c\n  > NopOut CmdSN=$c+1\n  > NopOut CmdSN=$c+2\n",
                    LINES("> NopOut CmdSN=0xfffffffe", "> NopOut CmdSN=0xffffffff", "> NopOut CmdSN=0")));
    CU_ASSERT(fails("trace\n  > NopOut CmdSN=$c\n  > NopOut CmdSN=$c+1\n",
                    LINES("> NopOut CmdSN=5", "> NopOut CmdSN=7"), "CmdSN",
                    "field CmdSN: want $c+1(6), got 7 (bytes 24-27, capture frame 2)"));
    CU_ASSERT(holds("trace\n  > NopOut CmdSN=0xfffffffe..1\n", LINES("> NopOut CmdSN=0")));
    CU_ASSERT(fails("trace\n  > NopOut CmdSN=0xfffffffe..1\n", LINES("> NopOut CmdSN=2"), "CmdSN", "got 2"));
}

static void patterns(void)
{
    static const char *const answer[] = {"< LoginResp TSIH=4 Status=Success AuthMethod=CHAP,None", NULL};
    CU_ASSERT(holds("trace\n  < LoginResp TSIH=$h!=0 AuthMethod~None\n", answer));
    CU_ASSERT(holds("trace\n  < LoginResp TSIH!=0 Status=Success\n", answer));
    CU_ASSERT(holds("trace\n  < LoginResp TSIH=4..4\n", answer));
    CU_ASSERT(holds("trace\n  < LoginResp TSIH=4..\n", answer));
    CU_ASSERT(holds("trace\n  < LoginResp TSIH=..4\n", answer));
    CU_ASSERT(holds("trace\n  < LoginResp AuthMethod=_\n", answer));
    CU_ASSERT(fails("trace\n  < LoginResp TSIH=$h!=4\n", answer, "TSIH", "want $h!=4, got 4"));
    CU_ASSERT(fails("trace\n  < LoginResp TSIH!=4\n", answer, "TSIH", "want !=4, got 4"));
    CU_ASSERT(fails("trace\n  < LoginResp TSIH=5..9\n", answer, "TSIH", "want 5..9, got 4"));
    CU_ASSERT(fails("trace\n  < LoginResp TSIH=..3\n", answer, "TSIH", "got 4"));
    CU_ASSERT(
        fails("trace\n  < LoginResp AuthMethod~SRP\n", answer, "AuthMethod", "want ~SRP, got CHAP,None"));
    CU_ASSERT(fails("trace\n  < LoginResp Status=not-found\n", answer, "Status", "got Success"));
}

static void cdb_counts_where_the_mask_says(void)
{
    static const char *const read[] = {"> ScsiCmd R=1 CDB=read-10(lba=64,blocks=8)", NULL};
    CU_ASSERT(holds("trace\n  > ScsiCmd CDB=read-10(lba=64)\n", read));
    CU_ASSERT(holds("trace\n  > ScsiCmd CDB!=read-10(lba=65)\n", read));
    CU_ASSERT(fails("trace\n  > ScsiCmd CDB=read-10(lba=65)\n", read, "CDB",
                    "got read-10(lba=64,blocks=8) (bytes 32-47, capture frame 1)"));
}

static void data_is_compared(void)
{
    static const char *const ping[] = {"> NopOut data=ping", NULL};
    CU_ASSERT(holds("trace\n  > NopOut data \"ping\"\n", ping));
    CU_ASSERT(fails("trace\n  > NopOut data \"pang\"\n", ping, "data", "from byte 1 on"));
    CU_ASSERT(fails("trace\n  > NopOut data \"pingpong\"\n", ping, "data", "from byte 4 on"));
    CU_ASSERT(fails("trace\n  > NopOut data zero\n", ping, "data", "from byte 0 on"));
}

static void digests_and_connections(void)
{
    static const char *const flawed[] = {"< ScsiResp connection=1 !bad-header-digest", NULL};
    CU_ASSERT(holds("trace\n  < ScsiResp connection=1 !bad-header-digest\n", flawed));
    CU_ASSERT(fails("trace\n  < ScsiResp !bad-data-digest\n", flawed, "bad-data-digest", "want it"));
    CU_ASSERT(fails("trace\n  < ScsiResp connection=0\n", flawed, "connection", "connection: want 0, got 1"));
}

static void times_are_exact_or_slack(void)
{
    static const char *const items[] = {"> NopOut @1000", "! close by target @3000", "> Logout @3150", NULL};
    static const char trace[] = "trace\n  > NopOut\n  +2s ! close by target\n  +100ms..200ms > Logout\n";
    bench b;
    CU_ASSERT(holds(trace, items));
    CU_ASSERT(fails("trace\n  > NopOut\n  +1s ! close by target\n  > Logout\n", items, "time",
                    "time: want +1s, got +2s"));
    CU_ASSERT(fails("trace\n  > NopOut\n  +2s > Logout\n", items, "time", "time: want +2s, got +2.15s"));
    bench_open(&b, "trace\n  > NopOut\n  +2s > Logout\n", items);
    b.config.slack_percent = 10;
    CU_ASSERT(bench_match(&b));
    b.config.slack_percent = 1; /* and a tenth of a second */
    CU_ASSERT_FALSE(bench_match(&b));
    CU_ASSERT_STRING_EQUAL(b.result.findings[0].expected, "+2s    > Logout");
    CU_ASSERT(strncmp(b.result.findings[0].actual, "+2.15s > Logout", 15) == 0);
    CU_ASSERT_EQUAL(b.result.findings[0].mark_at, 0);
    CU_ASSERT_EQUAL(b.result.findings[0].mark_len, 6);
    bench_close(&b);
}

static void missing_and_extra_pdus(void)
{
    static const char *const two[] = {"> NopOut ITT=0x1", "< ScsiResp ITT=0x2", NULL};
    CU_ASSERT(fails("trace\n  > NopOut\n", two, "PDU", "extra: 1 more PDU came than listed"));
    CU_ASSERT(fails("trace\n  > NopOut\n  < NopIn\n  < ScsiResp\n", two, "PDU",
                    "the PDU of line 2 is missing; line 3 fits what came instead"));
    CU_ASSERT(
        fails("trace\n  < ScsiResp\n", two, "PDU",
              "a PDU that is not listed stands before the one line 1 wants: want ScsiResp to the initiator, "
              "got NopOut (capture frame 1)"));
    CU_ASSERT(
        fails("trace\n  > NopOut\n  < ScsiResp\n  > NopOut ITT=0x7\n", two, "ITT",
              "missing: no PDU came any more; the nearest before differs: field ITT: want 0x7, got 0x1"));
    CU_ASSERT(
        fails("trace\n  > NopOut\n  < ScsiResp\n  > Logout\n", two, "PDU", "missing: no PDU came any more"));
    CU_ASSERT(fails("trace\n  > NopOut\n  < DataIn DataSN=1\n",
                    LINES("> NopOut", "< DataIn DataSN=0", "< DataIn DataSN=1"), "DataSN",
                    "the PDU after this one would fit: this one may be extra"));
    CU_ASSERT(fails("trace\n  < DataIn DataSN=0\n  < DataIn DataSN=1\n", LINES("< DataIn DataSN=1"), "DataSN",
                    "line 2 would fit: the PDU of line 1 may be missing"));
}

static void events_stand_between_their_neighbours(void)
{
    static const char *const items[] = {"> NopOut", "! transition C from=S1 to=S2", "! close by target",
                                        "< NopIn",  "! close by initiator",         NULL};
    CU_ASSERT(holds("trace\n  > NopOut\n  ! close by target\n  < NopIn\n  ! close by initiator\n", items));
    CU_ASSERT(fails("trace\n  ! close by target\n  > NopOut\n  < NopIn\n", items, "event",
                    "did not happen before the next PDU, only later"));
    CU_ASSERT(fails("trace\n  > NopOut\n  ! close by initiator\n  < NopIn\n", items, "by",
                    "argument by: want initiator, got target"));
    CU_ASSERT(fails("trace\n  > NopOut\n  < NopIn\n  ! session up\n", items, "event", "did not happen"));
}

static void some_allows_gaps(void)
{
    static const char *const items[] = {"> Login ITT=0x1",   "< LoginResp ITT=0x1", "> ScsiCmd ITT=0x2",
                                        "> ScsiCmd ITT=0x3", "< ScsiResp ITT=0x3",  NULL};
    CU_ASSERT(holds("trace some\n  > Login\n  < ScsiResp\n", items));
    /* the first command has no answer: the choice is taken back */
    CU_ASSERT(holds("trace some\n  > ScsiCmd ITT=$t\n  < ScsiResp ITT=$t\n", items));
    CU_ASSERT(fails("trace some\n  > ScsiCmd ITT=$t\n  < ScsiResp ITT=$t Status=BUSY\n", items, "ITT",
                    "want $t(0x2)"));
    CU_ASSERT(fails("trace some\n  < ScsiResp\n  > Login\n", items, "PDU",
                    "nothing that fits came after the line above"));
}

/* Hard for a search without a limit: every command fits every line, no answer fits the last. */
static void some_is_limited(void)
{
    bench b;
    char line[64];
    bench_open(&b,
               "trace some\n  > ScsiCmd ITT=$a\n  > ScsiCmd ITT=$b\n  > ScsiCmd ITT=$c\n  > ScsiCmd ITT=$d\n"
               "  < ScsiResp ITT=$a\n",
               NULL);
    for (unsigned i = 0; i < 400; i++) {
        rig_text text;
        rig_text_init(&text, line, sizeof line);
        rig_text_add(&text, "> ScsiCmd ITT=0x%x", i);
        add_item(&b.result.items, line);
    }
    CU_ASSERT_FALSE(bench_match(&b));
    CU_ASSERT_EQUAL(b.result.findings[0].line_number, 5);
    bench_close(&b);
}

static size_t fake_chap(void *ctx, uint32_t algorithm, uint8_t identifier, rig_view secret,
                        rig_view challenge, uint8_t out[RIG_MATCH_HASH_MAX])
{
    (void)ctx;
    CU_ASSERT_EQUAL(algorithm, 5);
    CU_ASSERT(rig_view_is(secret, "a-long-secret"));
    CU_ASSERT_EQUAL(challenge.len, 2);
    out[0] = identifier;
    out[1] = challenge.ptr[0];
    out[2] = challenge.ptr[1];
    return 3;
}

static void chap_is_computed(void)
{
    static const char *const items[] = {"> Login CSG=0 CHAP_A=5,7",
                                        "< LoginResp CSG=0 CHAP_A=5 CHAP_I=9 CHAP_C=0x0102",
                                        "> Login CSG=0 CHAP_N=host CHAP_R=0x090102", NULL};
    static const char trace[] = "trace\n  > Login CHAP_A=5,7\n  < LoginResp CHAP_A=5 CHAP_I=$i CHAP_C=$c\n"
                                "  > Login CHAP_N=host CHAP_R=chap($i,\"a-long-secret\",$c)\n";
    bench b;
    bench_open(&b, trace, items);
    b.config.chap = fake_chap;
    CU_ASSERT(bench_match(&b));
    b.result.items.ptr[2].pdu.data = b.result.items.ptr[2].text =
        (rig_view){(const uint8_t *)"CHAP_N=host\0CHAP_R=0x090103", 28};
    CU_ASSERT_FALSE(bench_match(&b));
    CU_ASSERT_STRING_EQUAL(b.result.findings[0].field, "CHAP_R");
    bench_close(&b);
    CU_ASSERT_FALSE(holds(trace, items)); /* nobody to compute it */
}

/* Over sockets a portal of the scenario is another address. */
static void written_addresses_are_translated(void)
{
    static const rig_match_alias alias = {{(const uint8_t *)"192.0.2.10:3260", 15},
                                          {(const uint8_t *)"127.0.0.1:41965", 15}};
    bench b;
    bench_open(&b, "must ! connect 192.0.2.10:3260\nmust < TextResp TargetAddress=192.0.2.10:3260,1\n",
               LINES("! connect 127.0.0.1:41965", "< TextResp F=1 TargetAddress=127.0.0.1:41965,1"));
    CU_ASSERT_FALSE(bench_match(&b));
    b.config.aliases = &alias;
    b.config.num_aliases = 1;
    uint32_t before = b.result.num_findings;
    bench_match(&b);
    CU_ASSERT_EQUAL(b.result.num_findings, before);
    bench_close(&b);
}

static void hostile_items(void)
{
    bench b;
    bench_open(&b, "trace\n  > Login CSG=3 AuthMethod=None\n", LINES("> Login CSG=0 CHAP_N=\xff\x01"));
    rig_item *item = b.result.items.ptr;
    item->pdu.data = item->text = rig_view_of("=\0\0no-equals\0AuthMethod=None", 29);
    CU_ASSERT_FALSE(bench_match(&b));
    item->pdu.data = item->text = rig_view_of("\xff\xfe=\x1b[31m\0AuthMethod", 19);
    CU_ASSERT_FALSE(bench_match(&b));
    item->pdu.data = (rig_view){NULL, 70000};
    item->text = (rig_view){NULL, 0};
    CU_ASSERT_FALSE(bench_match(&b));
    bench_close(&b);
}

static void memory_runs_out(void)
{
    for (uint64_t n = 1;; n++) {
        bench b;
        bench_open(&b,
                   "must > Login CSG=3\nmust every Login has CSG=2\ntrace\n  > Login ITT=$l TSIH=9 keys _\n",
                   LINES(LOGIN));
        b.meter.fail_at = b.meter.num_calls + n;
        b.meter.fail_on = true;
        rig_status status = rig_match(&b.config, &b.facts, &b.result);
        bool failed = b.meter.num_calls >= b.meter.fail_at;
        CU_ASSERT(status == (failed ? RIG_E_NOMEM : RIG_OK));
        b.meter.fail_at = 0;
        b.meter.fail_on = false;
        bench_close(&b);
        if (!failed || n > 1000)
            break;
    }
}

RIG_SUITE("match: trace", {"an exact trace fits", exact_trace_fits},
          {"a mismatch names field, place, bytes and frame", field_mismatch_is_named},
          {"all keys are listed, or said to be open", keys_are_all_listed},
          {"repeated keys are compared in order", repeated_keys_are_in_order},
          {"text over several PDUs", spanning_text_is_whole_at_the_end},
          {"serial numbers wrap", serial_numbers_wrap}, {"each pattern fits and fails", patterns},
          {"CDBs under their mask", cdb_counts_where_the_mask_says}, {"data", data_is_compared},
          {"digests and connections", digests_and_connections},
          {"times, exact and with slack", times_are_exact_or_slack},
          {"missing and extra PDUs", missing_and_extra_pdus},
          {"events stand between their neighbours", events_stand_between_their_neighbours},
          {"trace some allows gaps", some_allows_gaps}, {"trace some is limited", some_is_limited},
          {"chap(…) is computed", chap_is_computed},
          {"written addresses are translated", written_addresses_are_translated},
          {"hostile items", hostile_items}, {"memory runs out", memory_runs_out})
