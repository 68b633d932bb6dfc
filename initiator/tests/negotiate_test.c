/* The rules of key negotiation, key by key (RFC 7143 sections 6.2 and 13). */
#include "bench.h"

/* Logs in with those answers in the operational stage. */
static bench *try_login(bench *w, const char *answers)
{
    bench_session(w);
    CU_ASSERT_EQUAL_FATAL(rig_session_login(w->session, w->now), RIG_OK);
    bench_login_on(bench_accept(w), answers);
    bench_pump(w);
    return w;
}

static uint32_t agreed(const bench *w, rig_key_id key)
{
    rig_session_facts facts;
    rig_session_describe(w->session, &facts);
    return facts.agreed[key].value;
}

/* The login fails in negotiation, and the text of the error names the key. */
static bool failed_at(const bench *w, const char *key)
{
    bool right = w->events[RIG_EVENT_LOGIN_FAILED] == 1 && w->failed == RIG_E_NEGOTIATION &&
                 strstr(w->text, key) != NULL && w->links[0]->gone;
    if (!right)
        fprintf(stderr, "\nwanted a failure at %s, came %s: %s\n", key, rig_status_name(w->failed), w->text);
    return right;
}

typedef struct row {
    rig_key_id key;
    uint32_t offer;
    const char *answer; /* "KEY=VALUE" and another NUL */
    bool fails;
    uint32_t result;
} row;

static void run_rows(const row *rows, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        bench *w = bench_new();
        w->config.offer[RIG_KEY_FIRST_BURST].value = 512; /* within any MaxBurstLength */
        w->config.offer[rows[i].key].value = rows[i].offer;
        try_login(w, rows[i].answer);
        if (rows[i].fails)
            CU_ASSERT(failed_at(w, rig_key_rows[rows[i].key].name));
        if (!rows[i].fails && (!rig_session_is_up(w->session) || agreed(w, rows[i].key) != rows[i].result))
            fprintf(stderr, "\nrow %zu: %s: %s\n", i, rows[i].answer, w->text);
        CU_ASSERT_EQUAL(rig_session_is_up(w->session), !rows[i].fails);
        CU_ASSERT(rows[i].fails || agreed(w, rows[i].key) == rows[i].result);
        bench_free(w);
    }
}

#define RUN(rows) run_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void minimum(void)
{
    static const row rows[] = {
        {RIG_KEY_MAX_BURST, 4096, "MaxBurstLength=4096\0", false, 4096},
        {RIG_KEY_MAX_BURST, 4096, "MaxBurstLength=1024\0", false, 1024},
        {RIG_KEY_MAX_BURST, 4096, "MaxBurstLength=0x400\0", false, 1024},
        {RIG_KEY_MAX_BURST, 4096, "MaxBurstLength=0X400\0", false, 1024},
        {RIG_KEY_MAX_BURST, 4096, "MaxBurstLength=512\0", false, 512},
        {RIG_KEY_MAX_BURST, 4096, "MaxBurstLength=4097\0", true, 0},
        {RIG_KEY_MAX_BURST, 4096, "MaxBurstLength=511\0", true, 0},
        {RIG_KEY_MAX_BURST, 16777215, "MaxBurstLength=16777215\0", false, 16777215},
        {RIG_KEY_MAX_BURST, 16777215, "MaxBurstLength=16777216\0", true, 0},
        {RIG_KEY_MAX_BURST, 16777215, "MaxBurstLength=18446744073709551616\0", true, 0},
        {RIG_KEY_MAX_BURST, 4096, "MaxBurstLength=01024\0", true, 0},
        {RIG_KEY_MAX_BURST, 4096, "MaxBurstLength=+1024\0", true, 0},
        {RIG_KEY_MAX_BURST, 4096, "MaxBurstLength= 1024\0", true, 0},
        {RIG_KEY_MAX_BURST, 4096, "MaxBurstLength=512~1024\0", true, 0},
        {RIG_KEY_MAX_BURST, 4096, "MaxBurstLength=None\0", true, 0},
        {RIG_KEY_MAX_BURST, 4096, "MaxBurstLength=\0", true, 0},
        {RIG_KEY_FIRST_BURST, 8192, "FirstBurstLength=512\0", false, 512},
        {RIG_KEY_FIRST_BURST, 8192, "FirstBurstLength=8193\0", true, 0},
        {RIG_KEY_MAX_R2T, 4, "MaxOutstandingR2T=4\0", false, 4},
        {RIG_KEY_MAX_R2T, 4, "MaxOutstandingR2T=1\0", false, 1},
        {RIG_KEY_MAX_R2T, 4, "MaxOutstandingR2T=0\0", true, 0},
        {RIG_KEY_MAX_R2T, 4, "MaxOutstandingR2T=5\0", true, 0},
        {RIG_KEY_MAX_R2T, 65535, "MaxOutstandingR2T=65535\0", false, 65535},
        {RIG_KEY_MAX_CONNECTIONS, 8, "MaxConnections=2\0", false, 2},
        {RIG_KEY_MAX_CONNECTIONS, 8, "MaxConnections=9\0", true, 0},
        {RIG_KEY_MAX_CONNECTIONS, 8, "MaxConnections=0\0", true, 0},
        {RIG_KEY_TIME2RETAIN, 20, "DefaultTime2Retain=0\0", false, 0},
        {RIG_KEY_TIME2RETAIN, 20, "DefaultTime2Retain=21\0", true, 0},
        {RIG_KEY_TIME2RETAIN, 3600, "DefaultTime2Retain=3600\0", false, 3600},
        {RIG_KEY_RECOVERY_LEVEL, 0, "ErrorRecoveryLevel=0\0", false, 0},
        {RIG_KEY_RECOVERY_LEVEL, 0, "ErrorRecoveryLevel=1\0", true, 0},
    };
    RUN(rows);
}

static void maximum(void)
{
    static const row rows[] = {
        {RIG_KEY_TIME2WAIT, 2, "DefaultTime2Wait=2\0", false, 2},
        {RIG_KEY_TIME2WAIT, 2, "DefaultTime2Wait=3600\0", false, 3600},
        {RIG_KEY_TIME2WAIT, 2, "DefaultTime2Wait=3601\0", true, 0},
        {RIG_KEY_TIME2WAIT, 2, "DefaultTime2Wait=1\0", true, 0},
        {RIG_KEY_TIME2WAIT, 0, "DefaultTime2Wait=0\0", false, 0},
    };
    RUN(rows);
}

/* Yes needs two sides that want it. */
static void and_rule(void)
{
    static const row rows[] = {
        {RIG_KEY_IMMEDIATE_DATA, 1, "ImmediateData=Yes\0", false, 1},
        {RIG_KEY_IMMEDIATE_DATA, 1, "ImmediateData=No\0", false, 0},
        {RIG_KEY_IMMEDIATE_DATA, 0, "ImmediateData=No\0", false, 0},
        {RIG_KEY_IMMEDIATE_DATA, 0, "ImmediateData=Yes\0", true, 0},
        {RIG_KEY_IMMEDIATE_DATA, 1, "ImmediateData=yes\0", true, 0},
        {RIG_KEY_IMMEDIATE_DATA, 1, "ImmediateData=True\0", true, 0},
        {RIG_KEY_IMMEDIATE_DATA, 1, "ImmediateData=1\0", true, 0},
        {RIG_KEY_IMMEDIATE_DATA, 0, "ImmediateData=-\0", false, 0}, /* its result stands without an answer */
        {RIG_KEY_IMMEDIATE_DATA, 1, "ImmediateData=-\0", true, 0},
    };
    RUN(rows);
}

/* Yes needs one side that wants it. */
static void or_rule(void)
{
    static const row rows[] = {
        {RIG_KEY_INITIAL_R2T, 0, "InitialR2T=No\0", false, 0},
        {RIG_KEY_INITIAL_R2T, 0, "InitialR2T=Yes\0", false, 1},
        {RIG_KEY_INITIAL_R2T, 1, "InitialR2T=Yes\0", false, 1},
        {RIG_KEY_INITIAL_R2T, 1, "InitialR2T=No\0", true, 0},
        {RIG_KEY_INITIAL_R2T, 1, "InitialR2T=-\0", false, 1},
        {RIG_KEY_INITIAL_R2T, 0, "InitialR2T=-\0", true, 0},
        {RIG_KEY_PDU_IN_ORDER, 0, "DataPDUInOrder=No\0", false, 0},
        {RIG_KEY_PDU_IN_ORDER, 0, "DataPDUInOrder=-\0", true, 0},
        {RIG_KEY_PDU_IN_ORDER, 1, "DataPDUInOrder=-\0", false, 1},
        {RIG_KEY_SEQUENCE_IN_ORDER, 0, "DataSequenceInOrder=Yes\0", false, 1},
    };
    RUN(rows);
}

/* Sets: 1 is None, 2 CRC32C, 3 both. */
static void list_rule(void)
{
    static const row rows[] = {
        {RIG_KEY_HEADER_DIGEST, 1, "HeaderDigest=None\0", false, 1},
        {RIG_KEY_HEADER_DIGEST, 1, "HeaderDigest=CRC32C\0", true, 0},      /* NEG-029 */
        {RIG_KEY_HEADER_DIGEST, 3, "HeaderDigest=CRC32C,None\0", true, 0}, /* one value answers */
        {RIG_KEY_HEADER_DIGEST, 3, "HeaderDigest=None\0", false, 1},
        {RIG_KEY_HEADER_DIGEST, 2, "HeaderDigest=None\0", true, 0}, /* NEG-030 */
        {RIG_KEY_HEADER_DIGEST, 3, "HeaderDigest=none\0", true, 0},
        {RIG_KEY_HEADER_DIGEST, 3, "HeaderDigest=\0", true, 0},
        {RIG_KEY_HEADER_DIGEST, 3, "HeaderDigest=-\0", true, 0},
        {RIG_KEY_HEADER_DIGEST, 3, "HeaderDigest=Reject\0", false, 1},
        {RIG_KEY_HEADER_DIGEST, 2, "HeaderDigest=Reject\0", true,
         0}, /* without None in the offer there is no other */
    };
    RUN(rows);
}

/* Declarations are taken as they are, and need none from the other side. */
static void declarations(void)
{
    static const struct {
        const char *answer;
        uint32_t result;
        bool fails;
    } rows[] = {{"MaxRecvDataSegmentLength=512\0", 512, false},
                {"MaxRecvDataSegmentLength=16777215\0", 16777215, false},
                {"MaxRecvDataSegmentLength=511\0", 0, true},
                {"MaxRecvDataSegmentLength=16777216\0", 0, true},
                {"", 8192, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench *w = try_login(bench_new(), rows[i].answer);
        CU_ASSERT_EQUAL(rig_session_is_up(w->session), !rows[i].fails);
        CU_ASSERT(!rows[i].fails || failed_at(w, "MaxRecvDataSegmentLength"));
        CU_ASSERT(rows[i].fails || agreed(w, RIG_KEY_MAX_RECV_DATA) == rows[i].result);
        bench_free(w);
    }
}

/* Irrelevant and Reject leave what is in force without negotiation (NEG-021, -022); NotUnderstood cannot be
 * said of a key of this RFC (NEG-017). */
static void answering_words(void)
{
    static const struct {
        const char *key;
        rig_key_id id;
        uint32_t in_force;
    } rows[] = {{"MaxBurstLength", RIG_KEY_MAX_BURST, 262144},
                {"FirstBurstLength", RIG_KEY_FIRST_BURST, 65536},
                {"InitialR2T", RIG_KEY_INITIAL_R2T, 1},
                {"ImmediateData", RIG_KEY_IMMEDIATE_DATA, 1},
                {"MaxOutstandingR2T", RIG_KEY_MAX_R2T, 1},
                {"MaxConnections", RIG_KEY_MAX_CONNECTIONS, 1},
                {"DefaultTime2Wait", RIG_KEY_TIME2WAIT, 2},
                {"DefaultTime2Retain", RIG_KEY_TIME2RETAIN, 20},
                {"DataPDUInOrder", RIG_KEY_PDU_IN_ORDER, 1},
                {"DataSequenceInOrder", RIG_KEY_SEQUENCE_IN_ORDER, 1},
                {"ErrorRecoveryLevel", RIG_KEY_RECOVERY_LEVEL, 0}};
    static const char *const words[] = {"Irrelevant", "Reject", "NotUnderstood"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t word = 0; word < 3; word++) {
            char answer[64] = {0};
            snprintf(answer, sizeof answer - 1, "%s=%s", rows[i].key, words[word]);
            bench *w = bench_new();
            w->config.offer[RIG_KEY_MAX_CONNECTIONS].value = 3;
            try_login(w, answer);
            CU_ASSERT_EQUAL(rig_session_is_up(w->session), word < 2);
            CU_ASSERT(word < 2 || failed_at(w, rows[i].key));
            CU_ASSERT(word == 2 || agreed(w, rows[i].id) == rows[i].in_force);
            bench_free(w);
        }
}

/* Targets that are older than these keys do not know them, and that is no reason to part (4.2.2.3.4, RFC
 * 7144 7.1.1). */
static void younger_keys(void)
{
    static const struct {
        const char *answer;
        rig_key_id id;
    } rows[] = {{"TaskReporting=NotUnderstood\0", RIG_KEY_TASK_REPORTING},
                {"iSCSIProtocolLevel=NotUnderstood\0", RIG_KEY_PROTOCOL_LEVEL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench *w = bench_new();
        w->config.offer[rows[i].id].omit = false;
        try_login(w, rows[i].answer);
        CU_ASSERT(rig_session_is_up(w->session));
        CU_ASSERT_EQUAL(agreed(w, rows[i].id), 1);
        bench_free(w);
    }
}

/* What nobody offered has its default (KEY-039). */
static void nothing_offered(void)
{
    bench *w = bench_new();
    for (unsigned i = 0; i < RIG_KEYS; i++)
        w->config.offer[i].omit = true;
    try_login(w, NULL);
    CU_ASSERT(rig_session_is_up(w->session));
    CU_ASSERT_EQUAL(agreed(w, RIG_KEY_FIRST_BURST), 65536);
    CU_ASSERT_EQUAL(agreed(w, RIG_KEY_MAX_BURST), 262144);
    CU_ASSERT_EQUAL(agreed(w, RIG_KEY_INITIAL_R2T), 1);
    CU_ASSERT_EQUAL(agreed(w, RIG_KEY_IMMEDIATE_DATA), 1);
    CU_ASSERT_EQUAL(agreed(w, RIG_KEY_MAX_R2T), 1);
    CU_ASSERT_EQUAL(agreed(w, RIG_KEY_HEADER_DIGEST), 1);
    bench_free(w);
}

/* FirstBurstLength never exceeds MaxBurstLength, neither as offered nor as agreed (13.14, KEY-018). */
static void bursts(void)
{
    bench *w = bench_new();
    w->config.offer[RIG_KEY_FIRST_BURST].value = 8192;
    w->config.offer[RIG_KEY_MAX_BURST].value = 4096;
    try_login(w, NULL);
    CU_ASSERT_EQUAL(agreed(w, RIG_KEY_FIRST_BURST), 4096);
    bench_free(w);

    w = try_login(bench_new(), "MaxBurstLength=4096\0FirstBurstLength=8192\0");
    CU_ASSERT(failed_at(w, "FirstBurstLength"));
    bench_free(w);

    w = try_login(bench_new(), "MaxBurstLength=4096\0FirstBurstLength=Irrelevant\0");
    CU_ASSERT_EQUAL(agreed(w, RIG_KEY_FIRST_BURST), 4096);
    bench_free(w);
}

/* A response of the operational stage with that text, T as wanted; gives the request that answers it. */
static const seen *respond(bench *w, const char *text, size_t len, bool transit, bool security)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_session(w);
    CU_ASSERT_EQUAL_FATAL(rig_session_login(w->session, w->now), RIG_OK);
    link *l = bench_accept(w);
    if (!security)
        bench_login_answer(l, NULL);
    const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
    bench_first_numbers(l, s);
    bench_login_bhs(l, bhs, s);
    if (!transit) {
        rig_set(bhs, RIG_F_T, 0);
        rig_set(bhs, RIG_F_NSG, 0);
        rig_set(bhs, RIG_F_TSIH, 0);
    }
    bench_status(l, bhs, text, len);
    return bench_next(l);
}

#define RESPOND(w, text, transit, security) respond(w, text, sizeof(text) - 1, transit, security)

static void duplicates(void)
{
    static const struct {
        const char *text;
        size_t len;
        const char *key;
        bool security;
    } rows[] = {
#define ROW(text, key, security) {text, sizeof(text) - 1, key, security}
        ROW("InitialR2T=No\0InitialR2T=No\0", "InitialR2T", false), /* LOGIN-068 */
        ROW("MaxRecvDataSegmentLength=512\0MaxRecvDataSegmentLength=512\0", "MaxRecvDataSegmentLength",
            false),
        ROW("TargetAlias=a\0TargetAlias=a\0", "TargetAlias", false),
        ROW("TargetPortalGroupTag=1\0TargetPortalGroupTag=1\0", "TargetPortalGroupTag", true),
        ROW("AuthMethod=None\0AuthMethod=None\0", "AuthMethod", true),
        ROW("TaskReporting=RFC3720\0TaskReporting=RFC3720\0", "TaskReporting", false),
        /* in a stage where they do not belong (LOGIN-065, -066) */
        ROW("MaxBurstLength=512\0", "MaxBurstLength", true),
        ROW("MaxRecvDataSegmentLength=512\0", "MaxRecvDataSegmentLength", true),
        ROW("AuthMethod=None\0", "AuthMethod", false),
        ROW("CHAP_A=5\0", "CHAP_A", false),
        ROW("CHAP_A=5\0", "CHAP_A", true),
        ROW("IFMarker=No\0", "IFMarker", true),
        /* never a target's to send */
        ROW("InitiatorName=iqn.2026-01.org.example:x\0", "InitiatorName", false),
        ROW("TargetName=iqn.2026-01.org.example:x\0", "TargetName", false),
        ROW("SessionType=Normal\0", "SessionType", true),
        ROW("SendTargets=All\0", "SendTargets", false),
        /* not a value */
        ROW("AuthMethod=CHAP\0", "AuthMethod", true),
        ROW("AuthMethod=Reject\0", "AuthMethod", true),
        ROW("TargetPortalGroupTag=65536\0", "TargetPortalGroupTag", true),
        ROW("TargetPortalGroupTag=x\0", "TargetPortalGroupTag", true),
        ROW("TargetAddress=:x\0", "TargetAddress", true),
        ROW("IFMarker=Reject\0", "IFMarker", false),
        ROW("TaskReporting=NotUnderstood\0", "TaskReporting", false),
        /* no text at all */
        ROW("InitialR2T=No", "NUL", false),
        ROW("InitialR2T\0", "'='", false),
        ROW("initialR2T=No\0", "initialR2T", false),
        ROW("=No\0", "key name", false),
        ROW("Abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01=1\0", "Abcdef", false),
        ROW("\0", "'='", false),
#undef ROW
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench *w = bench_new();
        CU_ASSERT_PTR_NULL(respond(w, rows[i].text, rows[i].len, false, rows[i].security));
        CU_ASSERT(failed_at(w, rows[i].key));
        bench_free(w);
    }
}

/* A key may not come a second time in a later response either (LOGIN-067). */
static void duplicates_later(void)
{
    bench *w = bench_new();
    uint8_t bhs[RIG_BHS_LEN];
    const seen *s = RESPOND(w, "MaxBurstLength=512\0", false, false);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    bench_login_bhs(w->links[0], bhs, s);
    rig_set(bhs, RIG_F_T, 0);
    bench_status(w->links[0], bhs, "MaxBurstLength=512", 19);
    bench_pump(w);
    CU_ASSERT(failed_at(w, "MaxBurstLength"));
    bench_free(w);
}

static void texts_that_may_repeat(void)
{
    bench *w = bench_new();
    const seen *s = RESPOND(w, "TargetAddress=192.0.2.7\0TargetAddress=192.0.2.8:3261,1\0", false, false);
    CU_ASSERT_PTR_NOT_NULL(s); /* LOGIN-070 */
    bench_free(w);
}

/* Every value an offered key can have has to be answered before full feature phase (NEG-025, -035). */
static void unanswered(void)
{
    static const char *const silent[] = {
        "HeaderDigest=-\0",     "MaxConnections=-\0",     "MaxBurstLength=-\0",    "FirstBurstLength=-\0",
        "DefaultTime2Wait=-\0", "DefaultTime2Retain=-\0", "MaxOutstandingR2T=-\0", "ErrorRecoveryLevel=-\0"};
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++) {
        bench *w = try_login(bench_new(), silent[i]);
        char key[64] = {0};
        memcpy(key, silent[i], strlen(silent[i]) - 2);
        CU_ASSERT(failed_at(w, key));
        bench_free(w);
    }
}

/* What the target proposes by itself is answered under the same rules (NEG-027, -033, -041, -042, -068). */
static void proposals(void)
{
    static const struct {
        rig_key_id key;
        uint32_t ours; /* what we would have offered */
        const char *proposal;
        const char *answer;
    } rows[] = {
        {RIG_KEY_MAX_BURST, 4096, "MaxBurstLength=1024", "1024"},
        {RIG_KEY_MAX_BURST, 4096, "MaxBurstLength=8192", "4096"},
        {RIG_KEY_MAX_BURST, 4096, "MaxBurstLength=511", "Reject"},
        {RIG_KEY_MAX_BURST, 4096, "MaxBurstLength=16777216", "Reject"},
        {RIG_KEY_MAX_BURST, 4096, "MaxBurstLength=many", "Reject"},
        {RIG_KEY_TIME2WAIT, 5, "DefaultTime2Wait=0", "5"},
        {RIG_KEY_TIME2WAIT, 5, "DefaultTime2Wait=9", "9"},
        {RIG_KEY_TIME2WAIT, 5, "DefaultTime2Wait=3601", "Reject"},
        {RIG_KEY_INITIAL_R2T, 0, "InitialR2T=No", "No"},
        {RIG_KEY_INITIAL_R2T, 0, "InitialR2T=Yes", "Yes"},
        {RIG_KEY_INITIAL_R2T, 1, "InitialR2T=No", "Yes"},
        {RIG_KEY_IMMEDIATE_DATA, 1, "ImmediateData=Yes", "Yes"},
        {RIG_KEY_IMMEDIATE_DATA, 1, "ImmediateData=No", "No"},
        {RIG_KEY_IMMEDIATE_DATA, 0, "ImmediateData=Yes", "No"},
        {RIG_KEY_HEADER_DIGEST, 3, "HeaderDigest=CRC32C,None", "CRC32C"}, /* the first we support (NEG-028) */
        {RIG_KEY_HEADER_DIGEST, 3, "HeaderDigest=None,CRC32C", "None"},
        {RIG_KEY_HEADER_DIGEST, 1, "HeaderDigest=CRC32C,None", "None"},
        {RIG_KEY_HEADER_DIGEST, 1, "HeaderDigest=CRC32C", "Reject"},
        {RIG_KEY_RECOVERY_LEVEL, 0, "ErrorRecoveryLevel=2", "0"},
        {RIG_KEY_MAX_R2T, 8, "MaxOutstandingR2T=65535", "8"},
        {RIG_KEYS, 0, "IFMarker=Yes", "Reject"},
        {RIG_KEYS, 0, "OFMarker=No", "Reject"},
        {RIG_KEYS, 0, "IFMarkInt=2048~8192", "Reject"},
        {RIG_KEYS, 0, "OFMarkInt=1", "Reject"},
        {RIG_KEY_TASK_REPORTING, 7, "TaskReporting=FastAbort,RFC3720", "FastAbort"},
        {RIG_KEY_TASK_REPORTING, 1, "TaskReporting=FastAbort,RFC3720", "RFC3720"},
        {RIG_KEY_TASK_REPORTING, 3, "TaskReporting=FastAbort", "Reject"},
        {RIG_KEYS, 0, "iSCSIProtocolLevel=0", "0"},
        {RIG_KEYS, 0, "iSCSIProtocolLevel=1", "1"},
        {RIG_KEYS, 0, "iSCSIProtocolLevel=31", "2"},
        {RIG_KEY_PROTOCOL_LEVEL, 1, "iSCSIProtocolLevel=31", "1"},
        {RIG_KEYS, 0, "iSCSIProtocolLevel=32", "Reject"},
        {RIG_KEYS, 0, "X-org.example.key=a=b", "NotUnderstood"},
        {RIG_KEYS, 0, "Foo=1", "NotUnderstood"},
        {RIG_KEYS, 0, "Headerdigest=None", "NotUnderstood"}, /* NEG-001 */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench *w = bench_new();
        char key[64] = {0};
        memcpy(key, rows[i].proposal, rig_view_find(rig_view_str(rows[i].proposal), '='));
        if (rows[i].key != RIG_KEYS)
            w->config.offer[rows[i].key] = (rig_key_value){.value = rows[i].ours, .omit = true};
        const seen *s = respond(w, rows[i].proposal, strlen(rows[i].proposal) + 1, false, false);
        CU_ASSERT_PTR_NOT_NULL_FATAL(s);
        rig_view value = text_value(rig_view_of(s->data, s->len), key);
        if (!rig_view_is(value, rows[i].answer))
            fprintf(stderr, "\n%s: answered %.*s\n", rows[i].proposal, RIG_VIEW_ARG(value));
        CU_ASSERT(rig_view_is(value, rows[i].answer));
        bench_free(w);
    }
}

/* A proposal decides as much as an offer does. */
static void proposal_counts(void)
{
    bench *w = bench_new();
    uint8_t bhs[RIG_BHS_LEN];
    uint8_t text[4096];
    w->config.offer[RIG_KEY_MAX_BURST].omit = true;
    w->config.offer[RIG_KEY_FIRST_BURST].omit = true;
    bench_session(w);
    CU_ASSERT_EQUAL_FATAL(rig_session_login(w->session, w->now), RIG_OK);
    link *l = bench_accept(w);
    bench_login_answer(l, NULL);
    const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
    size_t len = bench_answers(s, "MaxBurstLength=65536\0FirstBurstLength=1024\0", text);
    bench_login_bhs(l, bhs, s);
    rig_set(bhs, RIG_F_T, 0);
    rig_set(bhs, RIG_F_NSG, 0);
    bench_status(l, bhs, text, len);
    bench_login_answer(l, "MaxBurstLength=-\0FirstBurstLength=-\0");
    CU_ASSERT_EQUAL(agreed(w, RIG_KEY_MAX_BURST), 65536);
    CU_ASSERT_EQUAL(agreed(w, RIG_KEY_FIRST_BURST), 1024);
    bench_free(w);
}

/* Words that only answer cannot be proposed (NEG-019), and what wants an answer cannot come with T (6.3). */
static void bad_proposals(void)
{
    static const char *const words[] = {"MaxBurstLength=Reject", "MaxBurstLength=Irrelevant",
                                        "MaxBurstLength=NotUnderstood"};
    for (size_t i = 0; i < 3; i++) {
        bench *w = bench_new();
        w->config.offer[RIG_KEY_MAX_BURST].omit = true;
        CU_ASSERT_PTR_NULL(respond(w, words[i], strlen(words[i]) + 1, false, false));
        CU_ASSERT(failed_at(w, "MaxBurstLength"));
        bench_free(w);
    }
    bench *w = bench_new();
    w->config.offer[RIG_KEY_MAX_BURST].omit = true;
    try_login(w, "MaxBurstLength=1024\0");
    CU_ASSERT_EQUAL(w->failed, RIG_E_NEGOTIATION);
    CU_ASSERT_STRING_EQUAL(w->field, "T");
    bench_free(w);
}

/* A stranger's NotUnderstood to what we never said harms nobody (NEG-018). */
static void not_understood_answer(void)
{
    bench *w = try_login(bench_new(), "X-org.example.key=NotUnderstood\0");
    CU_ASSERT(rig_session_is_up(w->session));
    bench_free(w);
}

/* 64 KiB of text are taken, one byte more is too much (NEG limit RIG_TEXT_MAX). */
static void text_limit(void)
{
    for (int over = 0; over < 2; over++) {
        bench *w = bench_new();
        uint8_t bhs[RIG_BHS_LEN];
        static uint8_t text[RIG_TEXT_MAX + 1];
        memset(text, 'x', sizeof text);
        for (size_t at = 0; at < RIG_TEXT_MAX; at += 64)
            memcpy(text + at, "TargetAddress=a", 16), text[at + 63] = 0;
        for (size_t at = 0; at < RIG_TEXT_MAX; at += 64)
            memset(text + at + 15, 'a', 48);
        bench_session(w);
        CU_ASSERT_EQUAL_FATAL(rig_session_login(w->session, w->now), RIG_OK);
        link *l = bench_accept(w);
        size_t len = RIG_TEXT_MAX + (over ? 1u : 0u);
        for (size_t at = 0; at < len && !l->gone; at += 8192) {
            size_t part = len - at < 8192 ? len - at : 8192;
            const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
            bench_first_numbers(l, s);
            bench_login_bhs(l, bhs, s);
            rig_set(bhs, RIG_F_T, 0);
            rig_set(bhs, RIG_F_NSG, 0);
            rig_set(bhs, RIG_F_C, at + part < len);
            bench_status(l, bhs, text + at, part);
        }
        bench_pump(w);
        CU_ASSERT_EQUAL(w->events[RIG_EVENT_LOGIN_FAILED], over ? 1u : 0u);
        CU_ASSERT(!over || w->failed == RIG_E_LIMIT);
        bench_free(w);
    }
}

/* Parser and printer of values are each other's inverse, in the order of preference. */
static void values(void)
{
    static const struct {
        rig_key_id key;
        const char *text;
        uint32_t value;
        rig_status status;
    } rows[] = {
        {RIG_KEY_HEADER_DIGEST, "CRC32C,None", 3, RIG_OK},
        {RIG_KEY_HEADER_DIGEST, "None,CRC32C", 3, RIG_OK},
        {RIG_KEY_HEADER_DIGEST, "CRC32C", 2, RIG_OK},
        {RIG_KEY_HEADER_DIGEST, "CRC32C,CRC32C", 0, RIG_E_SYNTAX},
        {RIG_KEY_HEADER_DIGEST, "CRC32C, None", 0, RIG_E_SYNTAX},
        {RIG_KEY_HEADER_DIGEST, "", 0, RIG_E_SYNTAX},
        {RIG_KEY_INITIAL_R2T, "Yes", 1, RIG_OK},
        {RIG_KEY_INITIAL_R2T, "No", 0, RIG_OK},
        {RIG_KEY_INITIAL_R2T, "YES", 0, RIG_E_SYNTAX},
        {RIG_KEY_MAX_BURST, "512", 512, RIG_OK},
        {RIG_KEY_MAX_BURST, "511", 0, RIG_E_LIMIT},
        {RIG_KEY_MAX_BURST, "x", 0, RIG_E_SYNTAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char buffer[64];
        rig_text out;
        rig_key_value value;
        rig_status status = rig_key_value_parse(rows[i].key, rig_view_str(rows[i].text), &value, NULL);
        CU_ASSERT_EQUAL(status, rows[i].status);
        if (status)
            continue;
        CU_ASSERT_EQUAL(value.value, rows[i].value);
        rig_text_init(&out, buffer, sizeof buffer);
        rig_key_value_print(&out, rows[i].key, &value);
        CU_ASSERT_STRING_EQUAL(buffer, rows[i].text);
    }
    CU_ASSERT_EQUAL(rig_key_find(rig_view_str("MaxBurstLength")), RIG_KEY_MAX_BURST);
    CU_ASSERT_EQUAL(rig_key_find(rig_view_str("maxburstlength")), RIG_KEYS);
}

/* Lists are offered in the order of preference. */
static void offered_order(void)
{
    static const char *const orders[] = {"CRC32C,None", "None,CRC32C", "CRC32C", "None"};
    for (size_t i = 0; i < 4; i++) {
        bench *w = bench_new();
        CU_ASSERT_EQUAL(rig_key_value_parse(RIG_KEY_DATA_DIGEST, rig_view_str(orders[i]),
                                            &w->config.offer[RIG_KEY_DATA_DIGEST], NULL),
                        RIG_OK);
        bench_session(w);
        CU_ASSERT_EQUAL_FATAL(rig_session_login(w->session, w->now), RIG_OK);
        link *l = bench_accept(w);
        bench_login_answer(l, NULL);
        const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
        CU_ASSERT(rig_view_is(text_value(rig_view_of(s->data, s->len), "DataDigest"), orders[i]));
        bench_free(w);
    }
}

RIG_SUITE("initiator: negotiation", {"minimum keys", minimum}, {"maximum keys", maximum},
          {"AND keys", and_rule}, {"OR keys", or_rule}, {"list keys", list_rule},
          {"declarations", declarations},
          {"Irrelevant, Reject and NotUnderstood as answers", answering_words},
          {"keys younger than RFC 3720 may be unknown", younger_keys},
          {"keys nobody offers have their defaults", nothing_offered},
          {"FirstBurstLength within MaxBurstLength", bursts},
          {"keys twice, in the wrong stage, from the wrong side, malformed", duplicates},
          {"keys twice in different responses", duplicates_later},
          {"TargetAddress may repeat", texts_that_may_repeat}, {"offers without an answer", unanswered},
          {"proposals of the target are answered", proposals}, {"and count", proposal_counts},
          {"proposals that cannot be", bad_proposals},
          {"NotUnderstood to what nobody said", not_understood_answer},
          {"64 KiB of text are the limit", text_limit}, {"values read and print", values},
          {"lists keep their order", offered_order})
