/* Each key's rule, bounds and place (RFC 7143 sections 6.1, 6.2, 13). */
#include "target/tkeys.h"
#include "target_fixture.h"

/* Negotiates one text in the operational stage with what a target accepts by default; the answer's text. */
static uint16_t ask(tgt_negotiation *negotiation, const char *pairs, rig_gather *answer)
{
    uint8_t text[2048];
    size_t len = tt_pairs(text, pairs);
    return tgt_negotiate(negotiation, rig_view_of(text, len), rig_alloc_libc(), answer, NULL);
}

static void default_own(uint32_t own[TGT_KEYS])
{
    for (unsigned key = 0; key < TGT_KEYS; key++)
        own[key] = tgt_key_rows[key].own;
}

static tgt_negotiation operational(const uint32_t *own)
{
    tgt_negotiation negotiation;
    tgt_negotiation_init(&negotiation, own);
    negotiation.phase = TGT_PHASE_OPERATIONAL;
    return negotiation;
}

static bool answers(const char *pairs, const char *wanted)
{
    uint32_t own[TGT_KEYS];
    rig_gather answer = {0};
    uint8_t text[2048];
    default_own(own);
    tgt_negotiation negotiation = operational(own);
    uint16_t status = ask(&negotiation, pairs, &answer);
    size_t len = tt_pairs(text, wanted);
    bool same = status == 0 && rig_view_eq(rig_view_of(answer.ptr, answer.len), rig_view_of(text, len));
    rig_gather_cleanup(&answer, rig_alloc_libc());
    return same;
}

static uint16_t fails(const char *pairs)
{
    uint32_t own[TGT_KEYS];
    rig_gather answer = {0};
    default_own(own);
    tgt_negotiation negotiation = operational(own);
    uint16_t status = ask(&negotiation, pairs, &answer);
    rig_gather_cleanup(&answer, rig_alloc_libc());
    return status;
}

/* Bounds as section 13 prints them. */
static void test_bounds(void)
{
    static const struct {
        const char *key;
        unsigned low, high;
        bool maximum;
        unsigned own;
    } rows[] = {
        {"MaxConnections", 1, 65535, false, 1},
        {"MaxBurstLength", 512, 16777215, false, 1048576},
        {"FirstBurstLength", 512, 16777215, false, 262144},
        {"DefaultTime2Wait", 0, 3600, true, 2},
        {"DefaultTime2Retain", 0, 3600, false, 20},
        {"MaxOutstandingR2T", 1, 65535, false, 8},
        {"ErrorRecoveryLevel", 0, 2, false, 0},
        {"iSCSIProtocolLevel", 0, 31, false, 2},
    };
    char offer[128], wanted[128];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned offers[] = {rows[i].low, rows[i].high, rows[i].high + 1, rows[i].low - 1};
        for (unsigned j = 0; j < 4; j++) {
            bool inside = offers[j] >= rows[i].low && offers[j] <= rows[i].high;
            unsigned lesser = offers[j] < rows[i].own ? offers[j] : rows[i].own;
            unsigned greater = offers[j] > rows[i].own ? offers[j] : rows[i].own;
            unsigned result = rows[i].maximum ? greater : lesser;
            rig_text text;
            rig_text_init(&text, offer, sizeof(offer));
            rig_text_add(&text, "%s=%u", rows[i].key, offers[j]);
            rig_text_init(&text, wanted, sizeof(wanted));
            if (!strcmp(rows[i].key, "FirstBurstLength") && result > 262144)
                result = 262144; /* never above MaxBurstLength, whose default is in force */
            if (inside)
                rig_text_add(&text, "%s=%u", rows[i].key, result);
            else
                rig_text_add(&text, "%s=Reject", rows[i].key);
            CU_ASSERT_TRUE(answers(offer, wanted));
        }
    }
}

static void test_booleans(void)
{
    CU_ASSERT_TRUE(answers("InitialR2T=No", "InitialR2T=No"));
    CU_ASSERT_TRUE(answers("InitialR2T=Yes", "InitialR2T=Yes"));
    CU_ASSERT_TRUE(answers("ImmediateData=No", "ImmediateData=No"));
    CU_ASSERT_TRUE(answers("ImmediateData=Yes", "ImmediateData=Yes"));
    CU_ASSERT_TRUE(
        answers("DataPDUInOrder=No\nDataSequenceInOrder=No", "DataPDUInOrder=No\nDataSequenceInOrder=No"));
    CU_ASSERT_TRUE(answers("InitialR2T=True", "InitialR2T=Reject"));
    CU_ASSERT_TRUE(answers("InitialR2T=yes", "InitialR2T=Reject"));
}

/* OR and AND with an own value that decides. */
static void test_own_booleans(void)
{
    uint32_t own[TGT_KEYS];
    rig_gather answer = {0};
    default_own(own);
    own[TGT_KEY_INITIAL_R2T] = 1;
    own[TGT_KEY_IMMEDIATE_DATA] = 0;
    tgt_negotiation negotiation = operational(own);
    CU_ASSERT_EQUAL(ask(&negotiation, "InitialR2T=No\nImmediateData=Yes", &answer), 0);
    CU_ASSERT_TRUE(rig_view_is(rig_view_of(answer.ptr, 14), "InitialR2T=Yes"));
    CU_ASSERT_EQUAL(negotiation.value[TGT_KEY_INITIAL_R2T], 1);
    CU_ASSERT_EQUAL(negotiation.value[TGT_KEY_IMMEDIATE_DATA], 0);
    rig_gather_cleanup(&answer, rig_alloc_libc());
}

static void test_lists(void)
{
    CU_ASSERT_TRUE(answers("HeaderDigest=CRC32C,None", "HeaderDigest=CRC32C"));
    CU_ASSERT_TRUE(answers("HeaderDigest=None,CRC32C", "HeaderDigest=None"));
    CU_ASSERT_TRUE(answers("DataDigest=Y-com.example.x,CRC32C", "DataDigest=CRC32C"));
    CU_ASSERT_TRUE(answers("DataDigest=Y-com.example.x", "DataDigest=Reject"));
    CU_ASSERT_TRUE(answers("HeaderDigest=CRC32C, None", "HeaderDigest=CRC32C"));
    CU_ASSERT_TRUE(answers("HeaderDigest= CRC32C", "HeaderDigest=Reject"));
    CU_ASSERT_TRUE(answers("TaskReporting=FastAbort,ResponseFence,RFC3720", "TaskReporting=FastAbort"));
    CU_ASSERT_TRUE(answers("TaskReporting=X-other,ResponseFence,RFC3720", "TaskReporting=ResponseFence"));
}

static void test_numbers(void)
{
    CU_ASSERT_TRUE(answers("MaxBurstLength=0x1000", "MaxBurstLength=4096"));
    CU_ASSERT_TRUE(answers("MaxBurstLength=0X1fFf", "MaxBurstLength=8191"));
    CU_ASSERT_TRUE(answers("MaxBurstLength=04096", "MaxBurstLength=Reject"));
    CU_ASSERT_TRUE(answers("MaxBurstLength=+4096", "MaxBurstLength=Reject"));
    CU_ASSERT_TRUE(answers("MaxBurstLength= 4096", "MaxBurstLength=Reject"));
    CU_ASSERT_TRUE(answers("MaxBurstLength=", "MaxBurstLength=Reject"));
    CU_ASSERT_TRUE(answers("MaxBurstLength=512~1024", "MaxBurstLength=Reject"));
    CU_ASSERT_TRUE(answers("MaxBurstLength=18446744073709551616", "MaxBurstLength=Reject"));
    CU_ASSERT_TRUE(answers("MaxBurstLength=None", "MaxBurstLength=Reject"));
}

static void test_unknown_and_obsolete(void)
{
    CU_ASSERT_TRUE(answers("X-com.example.foo=a=b", "X-com.example.foo=NotUnderstood"));
    CU_ASSERT_TRUE(answers("Foo=1", "Foo=NotUnderstood"));
    CU_ASSERT_TRUE(answers("OFMarker=No\nIFMarker=Yes\nOFMarkInt=1~2\nIFMarkInt=2048~8192",
                           "OFMarker=Reject\nIFMarker=Reject\nOFMarkInt=Reject\nIFMarkInt=Reject"));
    CU_ASSERT_TRUE(answers("X#NodeArchitecture=OS/1,CPU/2", ""));
    CU_ASSERT_TRUE(answers("InitiatorAlias=a host", ""));
}

static void test_reserved_words(void)
{
    CU_ASSERT_EQUAL(fails("MaxBurstLength=Reject"), 0x0200);
    CU_ASSERT_EQUAL(fails("MaxBurstLength=Irrelevant"), 0x0200);
    CU_ASSERT_EQUAL(fails("HeaderDigest=NotUnderstood"), 0x0200);
}

static void test_twice(void)
{
    uint32_t own[TGT_KEYS];
    rig_gather answer = {0};
    default_own(own);
    tgt_negotiation negotiation = operational(own);
    CU_ASSERT_EQUAL(ask(&negotiation, "MaxBurstLength=512", &answer), 0);
    CU_ASSERT_EQUAL(ask(&negotiation, "MaxBurstLength=512", &answer), 0x0200);
    CU_ASSERT_EQUAL(fails("InitialR2T=No\nInitialR2T=No"), 0x0200);
    rig_gather_cleanup(&answer, rig_alloc_libc());
}

/* 13.14: FirstBurstLength never exceeds MaxBurstLength, in whatever order they come. */
static void test_first_burst(void)
{
    uint32_t own[TGT_KEYS];
    rig_gather answer = {0};
    CU_ASSERT_TRUE(
        answers("FirstBurstLength=8192\nMaxBurstLength=4096", "FirstBurstLength=4096\nMaxBurstLength=4096"));
    CU_ASSERT_TRUE(
        answers("MaxBurstLength=4096\nFirstBurstLength=8192", "MaxBurstLength=4096\nFirstBurstLength=4096"));
    default_own(own);
    tgt_negotiation negotiation = operational(own);
    CU_ASSERT_EQUAL(ask(&negotiation, "MaxBurstLength=4096", &answer), 0);
    CU_ASSERT_EQUAL(negotiation.value[TGT_KEY_FIRST_BURST], 4096);
    negotiation = operational(own);
    CU_ASSERT_EQUAL(ask(&negotiation, "FirstBurstLength=8192", &answer), 0);
    CU_ASSERT_EQUAL(ask(&negotiation, "MaxBurstLength=4096", &answer), 0x0200);
    rig_gather_cleanup(&answer, rig_alloc_libc());
}

/* 13.19: above level 0 with sequences in order there is one R2T. */
static void test_recovery_level(void)
{
    uint32_t own[TGT_KEYS];
    rig_gather answer = {0};
    default_own(own);
    own[TGT_KEY_RECOVERY_LEVEL] = 2;
    tgt_negotiation negotiation = operational(own);
    CU_ASSERT_EQUAL(ask(&negotiation, "MaxOutstandingR2T=4\nErrorRecoveryLevel=1", &answer), 0);
    CU_ASSERT_EQUAL(negotiation.value[TGT_KEY_MAX_R2T], 1);
    negotiation = operational(own);
    CU_ASSERT_EQUAL(
        ask(&negotiation, "MaxOutstandingR2T=4\nErrorRecoveryLevel=1\nDataSequenceInOrder=No", &answer), 0);
    CU_ASSERT_EQUAL(negotiation.value[TGT_KEY_MAX_R2T], 4);
    rig_gather_cleanup(&answer, rig_alloc_libc());
}

static void test_places(void)
{
    uint32_t own[TGT_KEYS];
    rig_gather answer = {0};
    default_own(own);
    tgt_negotiation negotiation = operational(own);
    negotiation.leading = false;
    CU_ASSERT_EQUAL(ask(&negotiation, "HeaderDigest=None\nMaxRecvDataSegmentLength=512", &answer), 0);
    CU_ASSERT_EQUAL(ask(&negotiation, "MaxConnections=2", &answer), 0x0200);
    negotiation = operational(own);
    negotiation.phase = TGT_PHASE_FULL;
    CU_ASSERT_EQUAL(ask(&negotiation, "MaxRecvDataSegmentLength=4096\nInitiatorAlias=x\nX-a.b=1", &answer),
                    0);
    CU_ASSERT_EQUAL(negotiation.value[TGT_KEY_MAX_RECV], 4096);
    CU_ASSERT_EQUAL(ask(&negotiation, "InitialR2T=No", &answer), 0x0200);
    CU_ASSERT_EQUAL(ask(&negotiation, "HeaderDigest=None", &answer), 0x0200);
    CU_ASSERT_EQUAL(ask(&negotiation, "TargetAddress=1.2.3.4", &answer), 0x0200);
    rig_gather_cleanup(&answer, rig_alloc_libc());
}

static void test_discovery(void)
{
    uint32_t own[TGT_KEYS];
    rig_gather answer = {0};
    default_own(own);
    own[TGT_KEY_RECOVERY_LEVEL] = 2;
    tgt_negotiation negotiation = operational(own);
    negotiation.discovery = true;
    CU_ASSERT_EQUAL(ask(&negotiation, "MaxBurstLength=512\nErrorRecoveryLevel=2\nHeaderDigest=None", &answer),
                    0);
    static const char wanted[] = "MaxBurstLength=Irrelevant\0ErrorRecoveryLevel=0\0HeaderDigest=None";
    CU_ASSERT_EQUAL(answer.len, sizeof(wanted));
    CU_ASSERT_EQUAL(memcmp(answer.ptr, wanted, sizeof(wanted)), 0);
    rig_gather_cleanup(&answer, rig_alloc_libc());
}

/* 13: a declaration out of bounds cannot be taken; the longest names and aliases can. */
static void test_declarations(void)
{
    char long_alias[400];
    rig_text text;
    CU_ASSERT_EQUAL(fails("MaxRecvDataSegmentLength=511"), 0x0200);
    CU_ASSERT_EQUAL(fails("MaxRecvDataSegmentLength=16777216"), 0x0200);
    CU_ASSERT_EQUAL(fails("MaxRecvDataSegmentLength=16777215"), 0);
    CU_ASSERT_EQUAL(fails("MaxRecvDataSegmentLength=512"), 0);
    for (unsigned len = 255; len <= 256; len++) {
        rig_text_init(&text, long_alias, sizeof(long_alias));
        rig_text_add(&text, "InitiatorAlias=%0*d", (int)len, 7);
        CU_ASSERT_EQUAL(fails(long_alias), len <= 255 ? 0 : 0x0200);
    }
}

static void test_offer(void)
{
    tt_world *world = tt_new();
    rig_error err = {0};
    rig_target *target = world->target;
    CU_ASSERT_EQUAL(rig_target_offer(target, NULL, rig_view_str("MaxBurstLenght"), rig_view_str("512"), &err),
                    RIG_E_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "MaxBurstLength"));
    CU_ASSERT_EQUAL(rig_target_offer(target, NULL, rig_view_str("MaxBurstLength"), rig_view_str("511"), &err),
                    RIG_E_LIMIT);
    CU_ASSERT_EQUAL(rig_target_offer(target, NULL, rig_view_str("MaxBurstLength"), rig_view_str("x"), &err),
                    RIG_E_SYNTAX);
    CU_ASSERT_EQUAL(rig_target_offer(target, NULL, rig_view_str("InitialR2T"), rig_view_str("x"), &err),
                    RIG_E_SYNTAX);
    CU_ASSERT_EQUAL(rig_target_offer(target, NULL, rig_view_str("HeaderDigest"), rig_view_str("MD5"), &err),
                    RIG_E_SYNTAX);
    CU_ASSERT_EQUAL(
        rig_target_offer(target, NULL, rig_view_str("ErrorRecoveryLevel"), rig_view_str("3"), &err),
        RIG_E_LIMIT);
    CU_ASSERT_EQUAL(rig_target_offer(target, NULL, rig_view_str("MaxConnections"), rig_view_str("33"), &err),
                    RIG_E_LIMIT);
    tt_offer(world, "MaxBurstLength", "16384");
    tt_offer(world, "HeaderDigest", "CRC32C");
    tt_client client = tt_client_at(world, 0);
    tt_pdu pdu = tt_login_step(&client, true, 1, 3,
                               "InitiatorName=" TT_INITIATOR "\nTargetName=" TT_TARGET
                               "\nMaxBurstLength=65536\nHeaderDigest=None");
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "MaxBurstLength"), "16384"));
    CU_ASSERT_TRUE(rig_view_is(tt_value(&pdu, "HeaderDigest"), "Reject"));
    tt_free(world);
}

RIG_SUITE("target negotiation", {"numbers at their bounds and one past", test_bounds},
          {"booleans", test_booleans}, {"booleans that we decide", test_own_booleans}, {"lists", test_lists},
          {"how numbers are written", test_numbers}, {"unknown and obsolete keys", test_unknown_and_obsolete},
          {"reserved words", test_reserved_words}, {"a key sent twice", test_twice},
          {"first burst below max burst", test_first_burst}, {"recovery level and R2Ts", test_recovery_level},
          {"keys out of place", test_places}, {"keys of a discovery session", test_discovery},
          {"declarations", test_declarations}, {"what the owner offers", test_offer})
