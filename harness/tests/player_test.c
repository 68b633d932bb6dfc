/* The player: both sides of a connection are scripts here, so that each sends what the other must see. */
#include "player_bench.h"

/* A login on both sides, keys offered and answered, and what follows it. */
static const char *session(const char *offer, const char *answer, const char *target, const char *initiator)
{
    static char text[4096];
    snprintf(text, sizeof text,
             "play target\n"
             "  > Login T=1 CSG=1 NSG=3 ITT=$itt CmdSN=$sn InitiatorName=iqn.2026-01.example:i\n"
             "  < LoginResp T=1 CSG=1 NSG=3 TSIH=5 ITT=$itt StatSN=7 ExpCmdSN=$sn Status=Success %s\n%s"
             "play initiator\n"
             "  > Login T=1 CSG=1 NSG=3 ITT=1 CmdSN=1 InitiatorName=iqn.2026-01.example:i %s\n"
             "  < LoginResp T=1 NSG=3 ITT=1 StatSN=$stat Status=Success\n%s",
             answer, target, offer, initiator);
    return text;
}

static void test_both_sides(void)
{
    CU_ASSERT(plays_through(session("", "",
                                    "  > NopOut ITT=$tag CmdSN=$sn ExpStatSN=8 data \"ping\"\n"
                                    "  < NopIn ITT=$tag StatSN=8 ExpCmdSN=$sn+1 data \"pong\"\n"
                                    "  ! close by initiator\n",
                                    "  > NopOut ITT=9 CmdSN=1 ExpStatSN=$stat+1 data \"ping\"\n"
                                    "  < NopIn ITT=9 TTT=none StatSN=$stat+1 ExpCmdSN=2 data \"pong\"\n"
                                    "  ! close\n")));
}

static void test_something_else(void)
{
    static const char target[] = "play target\n"
                                 "  > NopOut ITT=$t\n"
                                 "  < NopIn ITT=$t StatSN=3\n"
                                 "  ! close by initiator\n";
    char text[1024];
    snprintf(text, sizeof text, "%splay initiator\n  > NopOut ITT=1\n  < NopIn ITT=2\n", target);
    CU_ASSERT(plays_until(text, 2, "ITT", "field ITT: want 2, got 0x1"));
    snprintf(text, sizeof text, "%splay initiator\n  > NopOut ITT=1\n  < TextResp\n", target);
    CU_ASSERT(plays_until(text, 2, "PDU", "want TextResp to the initiator, got NopIn"));
    snprintf(text, sizeof text, "%splay initiator\n  > NopOut ITT=1\n  ! close by target\n", target);
    CU_ASSERT(plays_until(text, 2, "event", "want close, got NopIn"));
    snprintf(text, sizeof text, "%splay initiator\n  > NopOut ITT=1\n", target);
    CU_ASSERT(plays_until(text, 1, "", "this came behind the last line"));
    snprintf(text, sizeof text, "%splay initiator\n  > NopOut ITT=1\n  +2s > NopOut ITT=2\n", target);
    CU_ASSERT(plays_until(text, 2, "", "this came before the play went on"));
    snprintf(text, sizeof text, "%splay initiator\n  > NopOut ITT=1\n  +2s ! close\n", target);
    CU_ASSERT(plays_until(text, 2, "", "this came before the play went on"));
}

static void test_expected_and_actual(void)
{
    stage s;
    stage_init(&s);
    stage_play(&s, "play target\n  > NopOut ITT=$t\n  < NopIn ITT=$t StatSN=3\n"
                   "play initiator\n  > NopOut ITT=1\n  < NopIn ITT=1 StatSN=4\n");
    CU_ASSERT_EQUAL_FATAL(s.result.num_findings, 1);
    const rig_finding *f = &s.result.findings[0];
    CU_ASSERT_PTR_NOT_NULL(strstr(f->expected, "< NopIn     ITT=1   StatSN=4"));
    CU_ASSERT_PTR_NOT_NULL(strstr(f->actual, "< NopIn     ITT=0x1 StatSN=3"));
    CU_ASSERT_EQUAL(f->num_lines, 2);
    CU_ASSERT_EQUAL(f->item, UINT32_MAX); /* nobody recorded */
    CU_ASSERT_TRUE(rig_player_failed(s.players[1]));
    CU_ASSERT_FALSE(rig_player_failed(s.players[0]));
    stage_clear(&s);
}

static void test_loose_order(void)
{
    static const char target[] =
        "play target\n  > NopOut ITT=1\n  > NopOut ITT=2\n  < NopIn ITT=2\n  < NopIn ITT=1\n";
    char text[1024];
    snprintf(text, sizeof text,
             "%splay initiator loose\n  > NopOut ITT=1\n  > NopOut ITT=2\n  < NopIn ITT=1\n  < NopIn ITT=2\n",
             target);
    CU_ASSERT(plays_through(text));
    snprintf(text, sizeof text,
             "%splay initiator\n  > NopOut ITT=1\n  > NopOut ITT=2\n  < NopIn ITT=1\n  < NopIn ITT=2\n",
             target);
    CU_ASSERT(plays_until(text, 3, "ITT", "field ITT: want 1, got 0x2"));
    snprintf(text, sizeof text,
             "%splay initiator loose\n  > NopOut ITT=1\n  > NopOut ITT=2\n  < NopIn ITT=1\n  < NopIn ITT=3\n",
             target);
    CU_ASSERT(plays_until(text, 4, "ITT", "field ITT: want 3, got 0x2"));
}

static void test_close_of_an_earlier_connection(void)
{
    static const char target[] =
        "play target\n  ! connect\n  > NopOut ITT=1\n  ! connect\n  > NopOut ITT=2 connection=1\n"
        "  ! close by %s connection=%d\n  < NopIn ITT=2 connection=1\n";
    static const char initiator[] = "play initiator\n  ! connect\n  > NopOut ITT=1\n  ! connect\n"
                                    "  > NopOut ITT=2 connection=1\n  ! close by %s connection=0\n"
                                    "  < NopIn ITT=2 connection=1\n";
    char text[2048], both[64 + sizeof target + sizeof initiator];
    snprintf(both, sizeof both, "%s%s", target, initiator);
    snprintf(text, sizeof text, both, "target", 0, "target");
    CU_ASSERT(plays_through(text));
    snprintf(text, sizeof text, both, "initiator", 0, "initiator");
    CU_ASSERT(plays_through(text));
    snprintf(text, sizeof text, both, "target", 1, "target");
    CU_ASSERT(plays_until(text, 6, "", "there is no connection for it"));
}

/* A reset overtakes nothing that the play has sent. */
static void test_reset_behind_what_was_sent(void)
{
    CU_ASSERT(plays_through(
        "play target\n  > NopOut ITT=1\n  < NopIn ITT=1\n  ! close reason=reset by target\n"
        "play initiator\n  > NopOut ITT=1\n  < NopIn ITT=1\n  ! close reason=reset by target\n"));
}

static void test_order_is_the_receivers(void)
{
    /* Two answers may wait while the script still sends: only their own order counts. */
    CU_ASSERT(plays_through("play target\n"
                            "  > NopOut ITT=1\n"
                            "  < NopIn ITT=1\n"
                            "  < NopIn ITT=2\n"
                            "  > NopOut ITT=2\n"
                            "play initiator\n"
                            "  > NopOut ITT=1\n"
                            "  < NopIn ITT=1\n"
                            "  > NopOut ITT=2\n"
                            "  < NopIn ITT=2\n"));
}

static void test_what_may_be_left_out(void)
{
    static const char maybe[] =
        "play initiator\n  > NopOut ITT=1\n  maybe < Async StatSN=$n\n  maybe < NopIn ITT=5 StatSN=$n\n"
        "  +1s..3s < NopIn ITT=1 StatSN=$n\n";
    char text[1024];
    snprintf(text, sizeof text, "play target\n  > NopOut ITT=1\n  +2s < NopIn ITT=1 StatSN=3\n%s", maybe);
    CU_ASSERT(plays_through(text));
    snprintf(text, sizeof text,
             "play target\n  > NopOut ITT=1\n  < NopIn ITT=5 StatSN=3\n  +2s < NopIn ITT=1 StatSN=3\n%s",
             maybe);
    CU_ASSERT(plays_through(text));
    snprintf(text, sizeof text,
             "play target\n  > NopOut ITT=1\n  < NopIn ITT=5 StatSN=3\n  < NopIn ITT=5 StatSN=3\n%s", maybe);
    CU_ASSERT(plays_until(text, 4, "ITT", "want 1, got 0x5"));
    snprintf(text, sizeof text, "play target\n  > NopOut ITT=1\n%s", maybe);
    CU_ASSERT(plays_until(text, 2, "", "nothing came in time"));
    snprintf(text, sizeof text, "play target\n  > NopOut ITT=1\n  ! close\n%s", maybe);
    CU_ASSERT(plays_until(text, 4, "PDU", "got close"));
}

static void test_time(void)
{
    stage s;
    CU_ASSERT(plays_until("play target\n  ! connect\nplay initiator\n  ! connect\n  < NopIn within 3s\n", 2,
                          "", "nothing came in time"));
    CU_ASSERT(plays_through("play target\n  ! connect\n  +2s < NopIn\n"
                            "play initiator\n  ! connect\n  +1s..3s < NopIn\n"));
    CU_ASSERT(plays_until("play target\n  ! connect\n  +2s < NopIn\n"
                          "play initiator\n  ! connect\n  +3s..4s < NopIn\n",
                          2, "time", "want +3s..4s"));
    stage_init(&s);
    stage_play(&s, "play target\n  ! connect\nplay initiator\n  ! connect\n  < NopIn\n");
    CU_ASSERT_EQUAL_FATAL(s.result.num_findings, 1);
    CU_ASSERT(s.result.findings[0].time >= 30 * RIG_SECOND && s.result.findings[0].time < 31 * RIG_SECOND);
    stage_clear(&s);
}

static void test_a_target_waits_for_its_initiator(void)
{
    stage s;
    stage_init(&s);
    stage_play(&s, "play target\n  > NopOut\n");
    CU_ASSERT_FALSE(rig_player_over(s.players[0]));
    CU_ASSERT_EQUAL(rig_player_next_deadline(s.players[0]), RIG_NEVER);
    rig_player_finish(s.players[0], "the case ended before it came", 5);
    CU_ASSERT_EQUAL_FATAL(s.result.num_findings, 1);
    CU_ASSERT_STRING_EQUAL(s.result.findings[0].text, "the case ended before it came");
    CU_ASSERT_EQUAL(s.result.findings[0].line_number, 1);
    CU_ASSERT_TRUE(rig_player_over(s.players[0]));
    stage_clear(&s);
    CU_ASSERT(plays_until("play target\n  ! connect within 2s\n", 1, "", "nothing came in time"));
}

static void test_closing(void)
{
    CU_ASSERT(plays_through("play target\n  ! connect\n  ! close\n"
                            "play initiator\n  ! connect\n  ! close by target\n"));
    CU_ASSERT(plays_through("play target\n  ! connect\n  ! close reason=reset\n"
                            "play initiator\n  ! connect\n  ! close reason=reset by target\n"));
    CU_ASSERT(plays_through("play target\n  ! connect\n  ! close by initiator\n"
                            "play initiator\n  ! connect\n  ! close by initiator\n"));
    CU_ASSERT(plays_until("play target\n  ! connect\n  ! close\n"
                          "play initiator\n  ! connect\n  ! close reason=reset by target\n",
                          2, "reason", "argument reason: want reset, not there"));
    CU_ASSERT(plays_until("play target\n  ! connect\n  ! close\n"
                          "play initiator\n  ! connect\n  < NopIn\n",
                          2, "PDU", "got close"));
    CU_ASSERT(plays_until("play target\n  ! connect\nplay initiator\n  ! connect\n  ! close\n  > NopOut\n", 3,
                          "", "there is no connection for it"));
}

static void test_refused_connection(void)
{
    CU_ASSERT(
        plays_until("play initiator\n  ! connect 192.0.2.1:3261\n", 1, "", "the connection was not made"));
    CU_ASSERT(plays_until("play initiator\n  ! connect 192.0.2.77\n", 1, "", "no path to the peer"));
}

static void test_several_connections(void)
{
    CU_ASSERT(plays_through("play target\n"
                            "  > NopOut ITT=1\n"
                            "  ! connect\n"
                            "  > NopOut ITT=2 connection=1\n"
                            "  < NopIn ITT=1 connection=0\n"
                            "  < NopIn ITT=2 connection=1\n"
                            "  ! close\n"
                            "play initiator\n"
                            "  > NopOut ITT=1\n"
                            "  ! connect\n"
                            "  > NopOut ITT=2\n"
                            "  < NopIn ITT=2\n"
                            "  < NopIn ITT=1 connection=0\n"
                            "  ! close by target\n"));
    CU_ASSERT(plays_through("play target\n  > NopOut\n  ! close\n  ! connect\n  > TextReq\n"
                            "play initiator\n  > NopOut\n  ! close by target\n"
                            "play initiator\n  > TextReq\n"));
}

/* ---- what is sent ---- */

static void test_fields_not_given(void)
{
    /* As rig_bhs_init: fixed bits, tags that are none, right lengths. */
    CU_ASSERT(plays_through("play target\n"
                            "  > NopOut F=1 I=0 ITT=none TTT=none CmdSN=0 TotalAHSLength=0 "
                            "DataSegmentLength=5 data hex:0102030405\n"
                            "  > Login I=1 T=0 DataSegmentLength=20\n"
                            "  > ScsiCmd F=1 CDB=read-10(lba=5, blocks=1) LUN=3 ITT=4\n"
                            "play initiator\n"
                            "  > NopOut data hex:0102030405\n"
                            "  > Login ITT=3 HeaderDigest=CRC32C\n"
                            "  > ScsiCmd F=1 CDB=read-10(lba=5, blocks=1) LUN=3 ITT=4\n"));
}

static void test_wrong_lengths(void)
{
    /* The header says 8, the 8 bytes behind it are the next PDU's: nothing but bytes. */
    CU_ASSERT(plays_through("play target\n"
                            "  > NopOut ITT=1 data hex:0102030405060708\n"
                            "  > NopOut ITT=2\n"
                            "play initiator\n"
                            "  > NopOut ITT=1 DataSegmentLength=8\n"
                            "  raw 0102030405060708\n"
                            "  > NopOut ITT=2\n"));
    CU_ASSERT(
        plays_through("play target\n"
                      "  > NopOut ITT=1 TotalAHSLength=1 data hex:0102\n"
                      "play initiator\n"
                      "  > NopOut ITT=1 TotalAHSLength=1 DataSegmentLength=2 data hex:ffffffff01020000\n"));
}

static void test_raw(void)
{
    CU_ASSERT(plays_through("play target\n"
                            "  > Unknown Opcode=0x1e ITT=0x01020304 data \"abc\"\n"
                            "play initiator\n"
                            "  raw 1e00000000000003000000000000000001020304\n"
                            "  raw 00000000000000000000000000000000000000000000000000000000\n"
                            "  raw 61626300\n"));
}

static void test_data_forms(void)
{
    CU_ASSERT(plays_through("play target\n"
                            "  > DataOut BufferOffset=512 data pattern 9 600\n"
                            "  > NopOut data zero 1000\n"
                            "  > NopOut data zero 300\n"
                            "play initiator\n"
                            "  > DataOut BufferOffset=512 data pattern 9 600\n"
                            "  > NopOut data zero 1000\n"
                            "  > NopOut DataSegmentLength=300 data zero\n"));
    CU_ASSERT(plays_until("play initiator\n  > NopOut data zero\n", 1, "", "its data has no length"));
}

static void test_text_in_parts(void)
{
    CU_ASSERT(plays_through("play target\n"
                            "  > Login C=1 ITT=1\n"
                            "  < LoginResp ITT=1\n"
                            "  > Login C=0 ITT=1 InitiatorName=iqn.2026-01.example:i InitialR2T=Yes\n"
                            "  < LoginResp ITT=1 C=1 data \"InitialR\"\n"
                            "  < LoginResp ITT=1 data \"2T=Yes\\x00\"\n"
                            "play initiator\n"
                            "  > Login C=1 ITT=1 data \"InitiatorName=iqn.2026-01.ex\"\n"
                            "  < LoginResp ITT=1 data \"\"\n"
                            "  > Login ITT=1 data \"ample:i\\x00InitialR2T=Yes\\x00\"\n"
                            "  < LoginResp C=1\n"
                            "  < LoginResp InitialR2T=Yes\n"));
}

static void test_variables(void)
{
    CU_ASSERT(plays_through("play target\n"
                            "  > NopOut ITT=$t CmdSN=$n\n"
                            "  < NopIn ITT=$t+1 StatSN=$n-1 TTT=0xfffffffe\n"
                            "  > TextReq SendTargets=$what\n"
                            "  < TextResp TargetName=$what\n"
                            "play initiator\n"
                            "  > NopOut ITT=0xffffffff CmdSN=0\n"
                            "  < NopIn ITT=0 StatSN=0xffffffff TTT=$ttt\n"
                            "  > TextReq SendTargets=All TTT=$ttt+1\n"
                            "  < TextResp TargetName=All\n"));
    CU_ASSERT(plays_until("play initiator\n  > NopOut ITT=$t\n", 1, "", "$t has no value"));
    CU_ASSERT(plays_until("play initiator\n  > TextReq SendTargets=$t\n", 1, "", "$t has no value"));
}

static void test_a_stranger_has_other_names(void)
{
    stage s;
    stage_init(&s);
    s.target = rig_view_str("iqn.2026-01.example:t");
    s.real_target = rig_view_str("iqn.1999-01.org.other:x");
    s.real_lun = 4;
    stage_play(&s, "play target\n"
                   "  > Login TargetName=iqn.1999-01.org.other:x\n"
                   "  > Login TargetName=iqn.2026-01.example:nobody\n"
                   "  > ScsiCmd F=1 LUN=4 CDB=test-unit-ready()\n"
                   "  > ScsiCmd F=1 LUN=2 CDB=test-unit-ready()\n"
                   "play initiator\n"
                   "  > Login TargetName=iqn.2026-01.example:t\n"
                   "  > Login TargetName=iqn.2026-01.example:nobody\n"
                   "  > ScsiCmd F=1 CDB=test-unit-ready()\n"
                   "  > ScsiCmd F=1 LUN=2 CDB=test-unit-ready()\n");
    CU_ASSERT_TRUE(stage_over(&s));
    CU_ASSERT_EQUAL(s.result.num_findings, 0);
    stage_clear(&s);
}

/* ---- digests ---- */

#define CRC_HEADER "HeaderDigest=CRC32C"

static void test_digests(void)
{
    static const char lines[] = "  > NopOut ITT=2 data \"a\"\n"
                                "  < NopIn ITT=2 data \"b\"\n"
                                "  > NopOut ITT=3 data \"c\" !bad-data-digest\n"
                                "  > NopOut ITT=4 !bad-header-digest\n"
                                "  < NopIn ITT=4 data \"d\" !bad-header-digest !bad-data-digest\n";
    CU_ASSERT(plays_through(session("HeaderDigest=CRC32C,None DataDigest=None,CRC32C",
                                    "HeaderDigest=CRC32C DataDigest=CRC32C", lines, lines)));
}

static void test_digest_is_right(void)
{
    CU_ASSERT(plays_until(session(CRC_HEADER, CRC_HEADER, "  > NopOut !bad-header-digest\n", "  > NopOut\n"),
                          3, "bad-header-digest", "the digest is right or was not sent"));
    CU_ASSERT(plays_until("play target\n  ! connect\n"
                          "play initiator\n  > NopOut !bad-header-digest\n",
                          1, "", "there is no header digest to be wrong"));
    CU_ASSERT(plays_until("play target\n  ! connect\n"
                          "play initiator\n  > NopOut data \"x\" !bad-data-digest\n",
                          1, "", "there is no data digest to be wrong"));
}

/* Offered and not answered, or answered None. */
static void test_no_digest_without_agreement(void)
{
    static const char line[] = "  > NopOut ITT=2 data \"a\"\n";
    CU_ASSERT(plays_through(session(CRC_HEADER, "", line, line)));
    CU_ASSERT(plays_through(session(CRC_HEADER, "HeaderDigest=None", line, line)));
}

/* ---- what cannot be played ---- */

static bool refuses(const char *text, uint32_t line, const char *says)
{
    stage s;
    rig_error err = {0};
    stage_init(&s);
    rig_status status = stage_case(&s, text, &err);
    bool as_said = status && err.line == line + 4 && strstr(err.text, says);
    if (!as_said)
        printf("\n%s%u: %s\n", text, err.line, err.text);
    stage_clear(&s);
    return as_said;
}

static void test_scripts_refused(void)
{
    CU_ASSERT(refuses("play initiator\n  > NopOut ITT=1..2\n", 2, "ITT is sent"));
    CU_ASSERT(refuses("play initiator\n  > NopOut ITT=_\n", 2, "ITT is sent"));
    CU_ASSERT(refuses("play initiator\n  > Login HeaderDigest~None\n", 2, "HeaderDigest is sent"));
    CU_ASSERT(refuses("play initiator\n  > Login\n  > _\n", 3, "has to be named"));
    CU_ASSERT(refuses("play initiator\n  > Login\n  ! session up\n", 3, "not session up"));
    CU_ASSERT(refuses("play initiator\n  > Login\n  ! close reason=timeout\n", 3, "closed in order"));
    CU_ASSERT(refuses("play initiator\n  > Login connection=1\n", 2, "connection=N"));
    CU_ASSERT(refuses("play initiator\n  > Login connection=0..1\n", 2, "connection=N"));
    CU_ASSERT(refuses("play initiator\n  ! connect nowhere:port\n", 2, "no address"));
    CU_ASSERT(refuses("play target\n  < NopIn ITT!=1\n", 2, "ITT is sent"));
    CU_ASSERT(refuses("play initiator\n  < raw 00\n", 2, "not expected"));
    CU_ASSERT(refuses("play initiator\n  > NopOut\n  maybe < NopIn\n", 3, "comes next"));
    CU_ASSERT(refuses("play initiator\n  maybe < NopIn\n  > NopOut\n", 2, "comes next"));
    CU_ASSERT(refuses("play initiator\n  maybe > NopOut\n  < NopIn\n", 2, "comes next"));
    CU_ASSERT(refuses("play initiator\n  > NopOut\n  maybe ! close by target\n  < NopIn\n", 3, "comes next"));
}

static void test_too_many_connections(void)
{
    char text[64 + 12 * (RIG_PLAYER_CONNECTIONS_MAX + 1)];
    rig_text out;
    rig_text_init(&out, text, sizeof text);
    rig_text_add(&out, "play initiator\n");
    for (int i = 0; i < RIG_PLAYER_CONNECTIONS_MAX; i++)
        rig_text_add(&out, "  ! connect\n");
    stage s;
    rig_error err = {0};
    stage_init(&s);
    CU_ASSERT_EQUAL(stage_case(&s, text, &err), RIG_OK);
    CU_ASSERT_EQUAL(rig_player_connections(&s.result.scn->plays[0]), RIG_PLAYER_CONNECTIONS_MAX);
    stage_clear(&s);
    rig_text_add(&out, "  ! connect\n");
    CU_ASSERT(refuses(text, 1, "too many connections"));
}

static bool writes(const char *line)
{
    char text[256];
    rig_error err = {0};
    stage s;
    stage_init(&s);
    snprintf(text, sizeof text, "play initiator\n  %s\n", line);
    CU_ASSERT(stage_case(&s, text, &err) == RIG_OK);
    bool does = rig_player_writes(&s.result.scn->plays[0]);
    stage_clear(&s);
    return does;
}

static void test_what_writes(void)
{
    static const char *const harmless[] = {
        "> Login",
        "> NopOut",
        "> ScsiCmd CDB=test-unit-ready()",
        "> ScsiCmd R=1 CDB=read-10(lba=0, blocks=1)",
        "> ScsiCmd W=0",
        "< R2T",
    };
    static const char *const harmful[] = {
        "> ScsiCmd CDB=write-10(lba=0, blocks=1)",
        "> ScsiCmd W=1",
        "> ScsiCmd CDB=format-unit()",
        "> ScsiCmd CDB=hex:ff",
        "> DataOut",
        "> TmfReq Function=lun-reset",
        "raw 01",
    };
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
        CU_ASSERT_FALSE(writes(harmless[i]));
    for (size_t i = 0; i < sizeof harmful / sizeof harmful[0]; i++)
        CU_ASSERT_TRUE(writes(harmful[i]));
}

/* ---- limits and failing memory ---- */

static void test_many_sends(void)
{
    static char text[16000];
    rig_text out;
    rig_text_init(&out, text, sizeof text);
    rig_text_add(&out, "play target\n");
    for (int i = 0; i < 200; i++)
        rig_text_add(&out, "  > NopOut ITT=%d\n", i);
    rig_text_add(&out, "play initiator\n");
    for (int i = 0; i < 200; i++)
        rig_text_add(&out, "  > NopOut ITT=%d\n", i);
    CU_ASSERT_FALSE(out.cut);
    CU_ASSERT(plays_through(text));
}

static void one_failing_run(uint64_t fail_at, bool *out_done)
{
    stage s;
    rig_error err = {0};
    const char *text = session(CRC_HEADER, CRC_HEADER,
                               "  > TextReq C=1 ITT=1 data \"SendTa\"\n"
                               "  > TextReq ITT=1 SendTargets=$x\n"
                               "  < NopIn ITT=2 data zero 20000\n",
                               "  > TextReq C=1 ITT=1 data \"SendTa\"\n"
                               "  > TextReq ITT=1 data \"rgets=All\\x00\"\n"
                               "  < NopIn ITT=3\n");
    stage_init(&s);
    CU_ASSERT_FATAL(stage_case(&s, text, &err) == RIG_OK);
    s.meter.fail_at = fail_at;
    rig_status status = stage_network(&s);
    if (!status)
        status = stage_players(&s);
    if (!status)
        stage_run(&s);
    *out_done = s.meter.num_calls < fail_at;
    CU_ASSERT(status || s.result.num_findings || !stage_over(&s) || s.meter.num_calls >= fail_at);
    stage_clear(&s);
}

static void test_failing_memory(void)
{
    bool done = false;
    uint64_t at = 0;
    while (!done && at < 10000)
        one_failing_run(++at, &done);
    CU_ASSERT(done && at > 20);
}

static size_t fake_chap(void *ctx, uint32_t algorithm, uint8_t identifier, rig_view secret,
                        rig_view challenge, uint8_t out[RIG_MATCH_HASH_MAX])
{
    (void)ctx;
    out[0] = (uint8_t)algorithm;
    out[1] = identifier;
    out[2] = secret.ptr[0];
    out[3] = challenge.ptr[challenge.len - 1];
    return algorithm == 7 ? 4 : 0;
}

/* What is sent for chap(…) is the response by the algorithm that was agreed, to the challenge that came. */
static void chap_responses_are_sent(void)
{
    static const char text[] =
        "play target\n  > Login CHAP_A=_\n  < LoginResp CHAP_A=$a CHAP_I=9 CHAP_C=0xab00ff\n"
        "  > Login CHAP_R=0x070973ff CHAP_I=1 CHAP_C=0b/w==\n  < LoginResp CHAP_R=chap(1,\"t\",0b/w==)\n"
        "play initiator\n  > Login CHAP_A=7,5\n  < LoginResp CHAP_A=_ CHAP_I=$i CHAP_C=$c\n"
        "  > Login CHAP_R=chap($i,\"s\",$c) CHAP_I=1 CHAP_C=0b/w==\n  < LoginResp CHAP_R=0x070174ff\n";
    static const char *const algorithms[] = {"7", "5"};
    for (size_t i = 0; i < 2; i++) {
        char whole[sizeof text + 64];
        rig_text out;
        stage s;
        rig_text_init(&out, whole, sizeof whole);
        rig_text_add(&out, "sweep a in [%s]\n%s", algorithms[i], text);
        stage_init(&s);
        s.match.chap = fake_chap;
        stage_play(&s, whole);
        CU_ASSERT_EQUAL(s.result.num_findings == 0 && stage_over(&s), i == 0);
        if (i == 1) /* nobody knows that algorithm */
            CU_ASSERT(s.result.num_findings > 0 &&
                      strstr(s.result.findings[0].text, "nothing computes CHAP_R") != NULL);
        stage_clear(&s);
    }
}

RIG_SUITE("player", {"two scripts play a session against each other", test_both_sides},
          {"another PDU than the next line's ends the play", test_something_else},
          {"findings show what was wanted and what came", test_expected_and_actual},
          {"loose order", test_loose_order},
          {"close of an earlier connection", test_close_of_an_earlier_connection},
          {"reset behind what was sent", test_reset_behind_what_was_sent},
          {"only the order of what comes counts", test_order_is_the_receivers},
          {"what may be left out is taken when it comes, and only then", test_what_may_be_left_out},
          {"lines wait for their time and not longer than they say", test_time},
          {"a target waits for its initiator without limit", test_a_target_waits_for_its_initiator},
          {"connections end in order or by reset, by either side", test_closing},
          {"a connection that is not made fails its line", test_refused_connection},
          {"several connections, in one block and in several", test_several_connections},
          {"fields that are not given are those of a PDU without flaw", test_fields_not_given},
          {"lengths that are given are sent, right or wrong", test_wrong_lengths},
          {"raw bytes are sent as they are", test_raw},
          {"data is text, zeros or a pattern at its place in the transfer", test_data_forms},
          {"text is joined over PDUs", test_text_in_parts},
          {"variables carry values from what came to what is sent", test_variables},
          {"a stranger's target name and logical unit replace the scenario's",
           test_a_stranger_has_other_names},
          {"digests begin when the login agreed on them", test_digests},
          {"a digest that is right is not wrong", test_digest_is_right},
          {"no digest without agreement", test_no_digest_without_agreement},
          {"scripts that cannot be played are refused with their place", test_scripts_refused},
          {"as many connections as the limit says, and one more", test_too_many_connections},
          {"what could change a stranger's data is known", test_what_writes},
          {"more PDUs than the queue holds", test_many_sends},
          {"memory that fails anywhere is an end without leak", test_failing_memory},
          {"CHAP responses are computed and sent", chap_responses_are_sent})
