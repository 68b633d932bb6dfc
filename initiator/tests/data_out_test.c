/* Writes: immediate, unsolicited and solicited data under every agreement, and R2Ts that cannot be (RFC 7143
 * sections 4.2.5.2, 11.7, 11.8, 13.10 to 13.19). */
#include "bench.h"

#define LUN UINT64_C(0x0005000000000000)
#define MOST 40000

static uint8_t source[MOST];

/* One agreement. */
typedef struct terms {
    bool immediate_data, initial_r2t;
    uint32_t first_burst, max_burst, mrdsl, max_r2t, edtl;
} terms;

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static link *up_with(bench *w, const terms *t)
{
    char answers[256] = {0};
    uint8_t text[256];
    size_t len = 0;
    const struct {
        const char *key;
        uint32_t value;
    } numbers[] = {{"FirstBurstLength", t->first_burst},
                   {"MaxBurstLength", t->max_burst},
                   {"MaxOutstandingR2T", t->max_r2t},
                   {"MaxRecvDataSegmentLength", t->mrdsl}};
    for (size_t i = 0; i < 4; i++) {
        char value[16];
        snprintf(value, sizeof value, "%u", numbers[i].value);
        text_pair(text, &len, rig_view_str(numbers[i].key), rig_view_str(value));
    }
    text_pair(text, &len, rig_view_str("ImmediateData"), rig_view_str(t->immediate_data ? "Yes" : "No"));
    text_pair(text, &len, rig_view_str("InitialR2T"), rig_view_str(t->initial_r2t ? "Yes" : "No"));
    memcpy(answers, text, len);
    w->config.offer[RIG_KEY_MAX_R2T].value = 16;
    return bench_up(w, answers);
}

/* A write whose buffer is scattered over three pieces of odd lengths. */
static void job_write(job *j, bench *w, uint32_t edtl, struct iovec pieces[3])
{
    size_t a = edtl / 3 | 1;
    size_t b = edtl / 2;
    a = a < edtl ? a : edtl;
    b = b > a ? b : a;
    pieces[0] = (struct iovec){source, a};
    pieces[1] = (struct iovec){source + a, b - a};
    pieces[2] = (struct iovec){source + b, edtl - b};
    job_io(j, w, true, source, edtl);
    j->task.lun = LUN;
    j->task.out = pieces;
    j->task.num_out = 3;
}

/* One sequence of Data-Out: numbers from 0, offsets without a gap, F at its end and nowhere else, whole words
 * but for the last (DATA-010, -011, -019 to -021, -031, SEQ-042, SEQ-045, PDU-037). */
static void take_sequence(link *l, const job *j, uint32_t ttt, uint32_t offset, uint32_t len, uint32_t mrdsl)
{
    uint32_t sn = 0;
    uint32_t at = offset;
    while (at < offset + len) {
        const seen *s = bench_want(l, RIG_PDU_DATA_OUT);
        CU_ASSERT_EQUAL(s->bhs[0], 0x05);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_ITT), j->task.itt);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_TTT), ttt);
        CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_LUN), ttt == RIG_TAG_NONE ? 0 : LUN); /* 11.7.4 */
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_DATA_SN), sn++);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_BUFFER_OFFSET), at);
        CU_ASSERT_EQUAL(rig_be_get(s->bhs + 24, 4), 0); /* no CmdSN (SEQ-045) */
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_EXP_STAT_SN), l->stat_sn);
        CU_ASSERT_FATAL(s->len > 0 && s->len <= mrdsl && at + s->len <= offset + len);
        bool last = at + s->len == offset + len;
        CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_F), last);
        CU_ASSERT(last || s->len == (mrdsl & ~3u));
        CU_ASSERT_EQUAL(memcmp(s->data, source + at, s->len), 0);
        at += (uint32_t)s->len;
    }
}

/* Solicits the rest, as many R2Ts at once as were agreed. */
static uint32_t solicit(link *l, const job *j, const terms *t, uint32_t at)
{
    uint32_t r2tsn = 0;
    while (at < t->edtl) {
        struct {
            uint32_t ttt, offset, len;
        } asked[16];
        uint32_t num = 0;
        while (num < t->max_r2t && at < t->edtl) {
            asked[num].ttt = num % 2 ? 0xfffffffe - r2tsn : r2tsn; /* 0 is as good a tag as any */
            asked[num].offset = at;
            asked[num].len = least(t->max_burst - (num == 1 ? 100 : 0), t->edtl - at);
            bench_r2t(l, j->task.itt, LUN, asked[num].ttt, r2tsn++, at, asked[num].len);
            at += asked[num++].len;
        }
        for (uint32_t i = 0; i < num; i++)
            take_sequence(l, j, asked[i].ttt, asked[i].offset, asked[i].len, t->mrdsl);
        CU_ASSERT(bench_quiet(l));
    }
    return r2tsn;
}

/* What may go unasked (13.10, 13.11): how much with the command, how much behind it. */
static void one_write(bench *w, link *l, const terms *t)
{
    struct iovec pieces[3];
    job j;
    uint32_t burst = least(t->first_burst, t->edtl);
    job_write(&j, w, t->edtl, pieces);
    const seen *s = job_sent(&j, l, RIG_PDU_SCSI_CMD);
    uint32_t with = (uint32_t)s->len;
    bool follows = !t->initial_r2t && with < burst;
    CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_W), 1);
    CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_R), 0);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_EDTL), t->edtl);
    CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_F), !follows);
    CU_ASSERT_EQUAL(with, !t->immediate_data ? 0 : burst <= t->mrdsl ? burst : (t->mrdsl & ~3u));
    CU_ASSERT_EQUAL(memcmp(s->data, source, with), 0);
    if (follows) /* exactly up to min(FirstBurstLength, EDTL) (DATA-008) */
        take_sequence(l, &j, RIG_TAG_NONE, with, burst - with, t->mrdsl);
    CU_ASSERT(bench_quiet(l));
    solicit(l, &j, t, follows ? burst : with);
    CU_ASSERT_EQUAL(j.done, 0);
    bench_good(l, j.task.itt, 0);
    CU_ASSERT(job_ended(&j, RIG_OK));
    CU_ASSERT_EQUAL(j.task.scsi_status, 0);
}

static void every_agreement(void)
{
    static const uint32_t firsts[] = {512, 1000, 4096};
    static const uint32_t bursts[] = {512, 1536, 8192};
    static const uint32_t mrdsls[] = {512, 513, 1024, 8192};
    static const uint32_t r2ts[] = {1, 2, 4};
    static const uint32_t edtls[] = {0, 1, 511, 512, 513, 999, 1000, 1001, 4096, 5000, 20001};
    fill(source, sizeof source, 3);
    uint32_t runs = 0;
    for (uint32_t i = 0; i < 3 * 3 * 4 * 3 * 4; i++) {
        terms t = {.first_burst = firsts[i % 3],
                   .max_burst = bursts[i / 3 % 3],
                   .mrdsl = mrdsls[i / 9 % 4],
                   .max_r2t = r2ts[i / 36 % 3],
                   .immediate_data = i / 108 & 1,
                   .initial_r2t = i / 216};
        if (t.first_burst > t.max_burst)
            continue;
        bench *w = bench_new();
        link *l = up_with(w, &t);
        for (size_t e = 0; e < sizeof edtls / sizeof edtls[0]; e++, runs++) {
            t.edtl = edtls[e];
            one_write(w, l, &t);
        }
        bench_free(w);
    }
    CU_ASSERT_EQUAL(runs, 6u * 4 * 3 * 4 * 11);
}

/* Unsolicited data of a command goes before that of the next (DATA-013); none of it has a CmdSN (SEQ-045). */
static void order_of_commands(void)
{
    const terms t = {.first_burst = 2048, .max_burst = 4096, .mrdsl = 512, .max_r2t = 1, .edtl = 2048};
    bench *w = bench_new();
    link *l = up_with(w, &t);
    struct iovec pieces[4][3];
    job jobs[4];
    for (int i = 0; i < 4; i++) {
        job_write(&jobs[i], w, t.edtl, pieces[i]);
        job_submit(&jobs[i]);
    }
    for (int i = 0; i < 4; i++) {
        const seen *s = bench_want(l, RIG_PDU_SCSI_CMD);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_ITT), jobs[i].task.itt);
        bench_took(w, s);
        take_sequence(l, &jobs[i], RIG_TAG_NONE, 0, 2048, 512);
    }
    bench_free(w);
    for (int i = 0; i < 4; i++)
        CU_ASSERT(job_ended(&jobs[i], RIG_E_ABORTED));
}

/* The implied first R2T of InitialR2T=No does not count (DATA-064): one may come while unsolicited data still
 * goes. */
static void r2t_during_unsolicited(void)
{
    const terms t = {.first_burst = 4096, .max_burst = 4096, .mrdsl = 512, .max_r2t = 1, .edtl = 8192};
    bench *w = bench_new();
    link *l = up_with(w, &t);
    struct iovec pieces[3];
    job j;
    w->hold_sent = true;
    job_write(&j, w, t.edtl, pieces);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    bench_r2t(l, j.task.itt, LUN, 9, 0, 4096, 4096);
    CU_ASSERT(rig_session_is_up(w->session));
    w->hold_sent = false;
    bench_ack(l);
    take_sequence(l, &j, RIG_TAG_NONE, 0, 4096, 512);
    take_sequence(l, &j, 9, 4096, 4096, 512);
    bench_free(w);
}

/* Without DataSequenceInOrder the target asks for the sequences in any order. */
static void sequences_out_of_order(void)
{
    bench *w = bench_new();
    w->config.offer[RIG_KEY_SEQUENCE_IN_ORDER].value = 0;
    w->config.offer[RIG_KEY_MAX_R2T].value = 8;
    link *l =
        bench_up(w, "DataSequenceInOrder=No\0InitialR2T=Yes\0ImmediateData=No\0MaxRecvDataSegmentLength=512\0"
                    "MaxBurstLength=1024\0FirstBurstLength=512\0");
    struct iovec pieces[3];
    job j;
    job_write(&j, w, 3072, pieces);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    bench_r2t(l, j.task.itt, LUN, 1, 0, 2048, 1024);
    bench_r2t(l, j.task.itt, LUN, 2, 1, 0, 1024);
    bench_r2t(l, j.task.itt, LUN, 3, 2, 1024, 1024);
    take_sequence(l, &j, 1, 2048, 1024, 512);
    take_sequence(l, &j, 2, 0, 1024, 512);
    take_sequence(l, &j, 3, 1024, 1024, 512);
    bench_good(l, j.task.itt, 0);
    CU_ASSERT(job_ended(&j, RIG_OK));
    bench_free(w);
}

typedef struct bad_r2t {
    const char *field;
    rig_status status;
    rig_field_id which;
    uint64_t value;
    uint32_t data;
} bad_r2t;

/* Each R2T that cannot be ends the connection, and with it the session, at the field that is wrong (DATA-027,
 * -037, PDU-034, PDU-040). */
static void bad_r2ts(void)
{
    static const bad_r2t rows[] = {
        {"ITT", RIG_E_PROTOCOL, RIG_F_ITT, 0x12345678, 0},
        {"LUN", RIG_E_PROTOCOL, RIG_F_LUN, 0x0006000000000000, 0},
        {"TTT", RIG_E_PROTOCOL, RIG_F_TTT, 0xffffffff, 0},
        {"R2TSN", RIG_E_SEQUENCE, RIG_F_R2T_SN, 1, 0},
        {"DesiredLength", RIG_E_PROTOCOL, RIG_F_DESIRED_LEN, 0, 0},
        {"DesiredLength", RIG_E_PROTOCOL, RIG_F_DESIRED_LEN, 1025, 0},
        {"DesiredLength", RIG_E_PROTOCOL, RIG_F_DESIRED_LEN, 0xffffffff, 0},
        {"BufferOffset", RIG_E_PROTOCOL, RIG_F_BUFFER_OFFSET, 2049, 0},
        {"BufferOffset", RIG_E_PROTOCOL, RIG_F_BUFFER_OFFSET, 0xffffff00, 0},
        {"BufferOffset", RIG_E_PROTOCOL, RIG_F_BUFFER_OFFSET, 4, 0},
        {"TotalAHSLength", RIG_E_FORMAT, RIG_F_AHS_WORDS, 1, 0},
        {"DataSegmentLength", RIG_E_FORMAT, RIG_F_DATA_LEN, 4, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const terms t = {
            .first_burst = 512, .max_burst = 1024, .mrdsl = 512, .max_r2t = 1, .initial_r2t = true};
        bench *w = bench_new();
        link *l = up_with(w, &t);
        struct iovec pieces[3];
        uint8_t bhs[RIG_BHS_LEN + 8];
        job j;
        job_write(&j, w, 3072, pieces);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        bench_bhs(l, bhs, RIG_PDU_R2T, j.task.itt);
        rig_set(bhs, RIG_F_LUN, LUN);
        rig_set(bhs, RIG_F_TTT, 1);
        rig_set(bhs, RIG_F_DESIRED_LEN, 1024);
        rig_set(bhs, rows[i].which, rows[i].value);
        memset(bhs + RIG_BHS_LEN, 0, 8);
        bench_bytes(l, bhs, rows[i].which == RIG_F_AHS_WORDS ? 52 : RIG_BHS_LEN + rows[i].data);
        CU_ASSERT(bench_fell(w, rows[i].status, rows[i].field));
        CU_ASSERT(job_ended(&j, rows[i].status));
        CU_ASSERT(bench_moved(w, "T15") && bench_moved(w, "N5"));
        bench_free(w);
    }
}

static void too_many_r2ts(void)
{
    static const uint32_t agreed[] = {1, 3};
    for (int i = 0; i < 2; i++) {
        const terms t = {
            .first_burst = 512, .max_burst = 1024, .mrdsl = 512, .max_r2t = agreed[i], .initial_r2t = true};
        bench *w = bench_new();
        link *l = up_with(w, &t);
        struct iovec pieces[3];
        job j;
        w->hold_sent = true;
        job_write(&j, w, 20480, pieces);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        for (uint32_t n = 0; n < agreed[i]; n++)
            bench_r2t(l, j.task.itt, LUN, n, n, n * 1024, 1024);
        CU_ASSERT(rig_session_is_up(w->session));
        bench_r2t(l, j.task.itt, LUN, agreed[i], agreed[i], agreed[i] * 1024, 1024);
        CU_ASSERT(bench_fell(w, RIG_E_PROTOCOL, "R2TSN"));
        CU_ASSERT(job_ended(&j, RIG_E_PROTOCOL));
        CU_ASSERT(l->reset); /* its memory is on its way out: only a reset gives it back */
        bench_free(w);
    }
}

/* An R2T for a read, for a command of another kind, for a task that is over. */
static void r2ts_for_others(void)
{
    for (int kind = 0; kind < 3; kind++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        job j;
        job_io(&j, w, false, source, 512);
        if (kind == 1)
            job_init(&j, w, RIG_TASK_PING);
        job_sent(&j, l, kind == 1 ? RIG_PDU_NOP_OUT : RIG_PDU_SCSI_CMD);
        if (kind == 2) {
            bench_data_in(l, j.task.itt, 0, 0, source, 512, true);
            bench_good(l, j.task.itt, 1);
        }
        bench_r2t(l, j.task.itt, 0, 1, 0, 0, 512);
        CU_ASSERT(bench_fell(w, RIG_E_PROTOCOL, "ITT"));
        CU_ASSERT_EQUAL(j.done, 1);
        bench_free(w);
    }
}

/* All R2Ts of many writes at once wait in a pool that grows; each is honoured in full (DATA-016, -023). */
static void many_r2ts(void)
{
    const terms t = {.first_burst = 512, .max_burst = 512, .mrdsl = 8192, .max_r2t = 16, .initial_r2t = true};
    bench *w = bench_new();
    link *l = up_with(w, &t);
    enum { WRITES = 32 };
    static struct iovec pieces[WRITES][3];
    static job jobs[WRITES];
    uint32_t next[WRITES] = {0};
    fill(source, sizeof source, 9);
    for (int i = 0; i < WRITES; i++) {
        job_write(&jobs[i], w, 16 * 512, pieces[i]);
        job_sent(&jobs[i], l, RIG_PDU_SCSI_CMD);
    }
    w->hold_sent = true;
    for (uint32_t n = 0; n < 16; n++)
        for (int i = 0; i < WRITES; i++)
            bench_r2t(l, jobs[i].task.itt, LUN, n, n, n * 512, 512);
    w->hold_sent = false;
    for (int total = 0; total < WRITES * 16; total++) {
        bench_ack(l);
        const seen *s = bench_want(l, RIG_PDU_DATA_OUT);
        int i = 0;
        while (i < WRITES && jobs[i].task.itt != rig_get32(s->bhs, RIG_F_ITT))
            i++;
        CU_ASSERT_FATAL(i < WRITES);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_TTT), next[i]);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_BUFFER_OFFSET), next[i]++ * 512);
        CU_ASSERT_EQUAL(s->len, 512);
    }
    for (int i = 0; i < WRITES; i++) {
        bench_good(l, jobs[i].task.itt, 0);
        CU_ASSERT(job_ended(&jobs[i], RIG_OK));
    }
    bench_free(w);
}

/* A response that comes early: done() waits until the caller's memory has left (and stays the same till
 * then). */
static void early_response(void)
{
    const terms t = {
        .first_burst = 4096, .max_burst = 4096, .mrdsl = 512, .max_r2t = 1, .immediate_data = true};
    bench *w = bench_new();
    link *l = up_with(w, &t);
    struct iovec pieces[3];
    job j;
    w->hold_sent = true;
    job_write(&j, w, 8192, pieces);
    const seen *s = job_sent(&j, l, RIG_PDU_SCSI_CMD);
    CU_ASSERT_EQUAL(s->len, 512);
    bench_r2t(l, j.task.itt, LUN, 1, 0, 4096, 4096);
    bench_good(l, j.task.itt, 0);
    CU_ASSERT_EQUAL(j.done, 0);
    bench_r2t(l, j.task.itt, LUN, 2, 1, 0, 512); /* too late to matter, and no harm */
    CU_ASSERT_EQUAL(j.done, 0);
    bench_ack(l);
    CU_ASSERT(job_ended(&j, RIG_OK));
    CU_ASSERT(!l->changed);
    w->hold_sent = false;
    bench_drain(l);
    rig_session_facts facts;
    rig_session_describe(w->session, &facts);
    CU_ASSERT_EQUAL(facts.tasks, 0);
    CU_ASSERT(rig_session_is_up(w->session));
    bench_free(w);
}

/* The same with a connection that is lost before the memory has left: once, and at once. */
static void early_response_and_loss(void)
{
    const terms t = {
        .first_burst = 4096, .max_burst = 4096, .mrdsl = 512, .max_r2t = 1, .immediate_data = true};
    bench *w = bench_new();
    link *l = up_with(w, &t);
    struct iovec pieces[3];
    job j;
    w->hold_sent = true;
    job_write(&j, w, 8192, pieces);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    bench_good(l, j.task.itt, 0);
    CU_ASSERT_EQUAL(j.done, 0);
    bench_tell(l, RIG_STREAM_FAILED, RIG_E_RESET);
    CU_ASSERT_EQUAL(j.done, 1);
    CU_ASSERT_EQUAL(j.task.status, RIG_OK); /* the target's word came first */
    bench_free(w);
}

/* A longer CDB spills into an additional header, under the header digest, too (PDU-009, -027, DIG-004). */
static void long_cdb(void)
{
    static const size_t lens[] = {6, 10, 12, 16, 17, 20, 32, 260};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++)
        for (int digest = 0; digest < 2; digest++) {
            bench *w = bench_new();
            uint8_t cdb[260];
            job j;
            w->config.offer[RIG_KEY_HEADER_DIGEST].value = 3;
            link *l = bench_up(w, digest ? "HeaderDigest=CRC32C\0" : "HeaderDigest=None\0");
            bench_digests(l, digest, false);
            fill(cdb, sizeof cdb, 1);
            job_io(&j, w, false, NULL, 0);
            j.task.cdb = rig_view_of(cdb, lens[i]);
            const seen *s = job_sent(&j, l, RIG_PDU_SCSI_CMD);
            uint8_t head[16] = {0};
            memcpy(head, cdb, lens[i] < 16 ? lens[i] : 16);
            CU_ASSERT_EQUAL(memcmp(s->bhs + 32, head, 16), 0); /* zeros behind a short one (CMD-010) */
            size_t rest = lens[i] > 16 ? lens[i] - 16 : 0;
            CU_ASSERT_EQUAL(s->ahs_len, rest ? (4 + rest + 3) / 4 * 4 : 0);
            if (rest) {
                CU_ASSERT_EQUAL(rig_be_get(s->ahs, 2),
                                rest + 1); /* AHSLength counts the reserved byte (PDU-026) */
                CU_ASSERT_EQUAL(s->ahs[2], 1);
                CU_ASSERT_EQUAL(s->ahs[3], 0);
                CU_ASSERT_EQUAL(memcmp(s->ahs + 4, cdb + 16, rest), 0);
            }
            bench_free(w);
        }
}

/* Requests that cannot be are refused at the door. */
static void bad_requests(void)
{
    bench *w = bench_new();
    bench_up(w, NULL);
    static struct iovec pieces[RIG_SINK_IOV_MAX + 1];
    job j;
    job_io(&j, w, true, source, 512);
    j.task.read = true; /* bidirectional, and no room for what comes */
    j.task.bidi_len = 513;
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &j.task, w->now), RIG_E_ARGUMENT);
    job_io(&j, w, true, source, 512);
    j.task.priority = 1; /* needs iSCSIProtocolLevel 2 */
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &j.task, w->now), RIG_E_UNSUPPORTED);
    job_io(&j, w, true, source, 512);
    j.task.edtl = 513;
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &j.task, w->now), RIG_E_ARGUMENT);
    job_io(&j, w, false, source, 512);
    j.task.edtl = 513;
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &j.task, w->now), RIG_E_ARGUMENT);
    job_io(&j, w, false, source, 512);
    j.task.read = false; /* an expected length without a direction (CMD-003) */
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &j.task, w->now), RIG_E_ARGUMENT);
    job_io(&j, w, false, source, 0);
    j.task.cdb.len = 5;
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &j.task, w->now), RIG_E_ARGUMENT);
    job_io(&j, w, false, source, 0);
    j.task.cdb.len = 261;
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &j.task, w->now), RIG_E_ARGUMENT);
    job_io(&j, w, false, source, 512);
    j.task.in = pieces;
    pieces[0] = (struct iovec){source, 512};
    j.task.num_in = RIG_SINK_IOV_MAX + 1;
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &j.task, w->now), RIG_E_LIMIT);
    j.task.num_in = RIG_SINK_IOV_MAX;
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &j.task, w->now), RIG_OK);
    bench_free(w);
    CU_ASSERT(job_ended(&j, RIG_E_ABORTED));
    CU_ASSERT_EQUAL(j.done, 1);
}

/* With FastAbort nothing is sent for what a function is to end (4.2.3.4). Where the target refuses it, or
 * rejects it, all that was asked for meanwhile is sent, in order, as if nothing had been. */
static void goes_on_when_refused(void)
{
    const terms t = {.mrdsl = 512, .edtl = 6000};
    for (int rejected = 0; rejected < 2; rejected++) {
        bench *w = bench_new();
        w->config.offer[RIG_KEY_TASK_REPORTING].omit = false;
        w->config.offer[RIG_KEY_MAX_R2T].value = 2;
        link *l =
            bench_up(w, "TaskReporting=FastAbort\0InitialR2T=Yes\0ImmediateData=No\0MaxOutstandingR2T=2\0"
                        "MaxRecvDataSegmentLength=512\0MaxBurstLength=2000\0FirstBurstLength=512\0");
        struct iovec pieces[3];
        uint8_t bhs[RIG_BHS_LEN], about[RIG_BHS_LEN];
        job j, tmf;
        job_write(&j, w, t.edtl, pieces);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        bench_r2t(l, j.task.itt, LUN, 5, 0, 0, 2000);
        take_sequence(l, &j, 5, 0, 2000, t.mrdsl);
        job_init(&tmf, w, RIG_TASK_TMF);
        tmf.task.function = 2;
        tmf.task.lun = LUN;
        tmf.task.immediate = true;
        memcpy(about, job_sent(&tmf, l, RIG_PDU_TMF_REQ)->bhs, sizeof about);
        bench_r2t(l, j.task.itt, LUN, 6, 1, 2000, 2000);
        bench_r2t(l, j.task.itt, LUN, 7, 2, 4000, 2000);
        CU_ASSERT(bench_quiet(l));
        bench_bhs(l, bhs, rejected ? RIG_PDU_REJECT : RIG_PDU_TMF_RESP,
                  rejected ? RIG_TAG_NONE : tmf.task.itt);
        rig_set(bhs, rejected ? RIG_F_REJECT_REASON : RIG_F_TMF_RESPONSE, 5);
        bench_status(l, bhs, about, rejected ? sizeof about : 0);
        CU_ASSERT(job_ended(&tmf, rejected ? RIG_E_REFUSED : RIG_OK));
        take_sequence(l, &j, 6, 2000, 2000, t.mrdsl);
        take_sequence(l, &j, 7, 4000, 2000, t.mrdsl);
        CU_ASSERT(bench_quiet(l));
        bench_good(l, j.task.itt, 0);
        CU_ASSERT(job_ended(&j, RIG_OK));
        bench_free(w);
    }
}

RIG_SUITE("initiator: writes", {"data under every agreement", every_agreement},
          {"unsolicited data in the order of commands", order_of_commands},
          {"an R2T while unsolicited data goes", r2t_during_unsolicited},
          {"sequences in the target's order", sequences_out_of_order}, {"R2Ts that cannot be", bad_r2ts},
          {"more R2Ts than were agreed", too_many_r2ts}, {"R2Ts for no write", r2ts_for_others},
          {"hundreds of R2Ts wait and are honoured", many_r2ts},
          {"an early response waits for the memory", early_response},
          {"an early response and a loss", early_response_and_loss}, {"long CDBs", long_cdb},
          {"requests that cannot be", bad_requests},
          {"data goes on when the function that stopped it is refused", goes_on_when_refused})
