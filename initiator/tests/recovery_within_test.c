/* Error recovery level 1: what is missing is asked for again, nothing is acknowledged before it is there (RFC
 * 7143 sections 7.1.4, 7.8, 7.9, 11.16). */
#include "bench.h"
#include "rig/serial.h"

#define MOST 8192

static uint8_t disk[MOST];
static uint8_t buffer[MOST];

/* A session of level 1, with data digests on what the target sends. */
static link *up(bench *w)
{
    fill(disk, sizeof disk, 5);
    memset(buffer, 0xee, sizeof buffer);
    w->config.offer[RIG_KEY_RECOVERY_LEVEL].value = 1;
    w->config.offer[RIG_KEY_DATA_DIGEST].value = 3;
    w->config.offer[RIG_KEY_DATA_DIGEST].order = 0x12;
    link *l = bench_up(w, "ErrorRecoveryLevel=1\0DataDigest=CRC32C\0");
    rig_framer_digests(&l->framer, false, true);
    l->data_digest = true;
    return l;
}

static void data(link *l, const job *j, uint32_t sn, uint32_t offset, uint32_t len)
{
    bench_data_in(l, j->task.itt, sn, offset, disk + offset, len, false);
}

/* The same, its payload spoilt on the way. */
static void spoilt(link *l, const job *j, uint32_t sn, uint32_t offset, uint32_t len, bool status)
{
    uint8_t bhs[RIG_BHS_LEN];
    size_t size;
    bench_bhs(l, bhs, RIG_PDU_DATA_IN, j->task.itt);
    rig_set(bhs, RIG_F_STAT_SN, status ? l->stat_sn++ : 0);
    rig_set(bhs, RIG_F_F, status);
    rig_set(bhs, RIG_F_S, status);
    rig_set(bhs, RIG_F_DATA_SN, sn);
    rig_set(bhs, RIG_F_BUFFER_OFFSET, offset);
    uint8_t *bytes = bench_encode(l, bhs, disk + offset, len, &size);
    bytes[RIG_BHS_LEN] ^= 1;
    bench_bytes(l, bytes, size);
    free(bytes);
}

static void want_snack(link *l, uint8_t type, uint32_t itt, uint32_t beg, uint32_t run)
{
    const seen *s = bench_want(l, RIG_PDU_SNACK);
    CU_ASSERT_EQUAL(s->bhs[0], 0x10); /* no I bit, no CmdSN (SNACK-029) */
    CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_SNACK_TYPE), type);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_ITT), itt);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_BEG_RUN), beg);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_RUN_LENGTH), run);
    if (type < 2)
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_SNACK_TAG), RIG_TAG_NONE);
}

static uint32_t ack_of(bench *w, link *l)
{
    job ping;
    job_init(&ping, w, RIG_TASK_PING);
    ping.task.immediate = true;
    uint32_t sn = rig_get32(job_sent(&ping, l, RIG_PDU_NOP_OUT)->bhs, RIG_F_EXP_STAT_SN);
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_NOP_IN, ping.task.itt);
    rig_set(bhs, RIG_F_TTT, RIG_TAG_NONE);
    bench_status(l, bhs, NULL, 0);
    CU_ASSERT(job_ended(&ping, RIG_OK));
    return sn;
}

/* Gaps at the beginning, in the middle and at the end, by loss or by a wrong digest; the status waits and is
 * not acknowledged until all is there (SNACK-013, -016, -027, -028). */
static void gaps(void)
{
    static const struct {
        uint32_t lost[3], num;
    } rows[] = {{{0}, 1}, {{1}, 1}, {{1, 2}, 2}, {{3}, 1}, {{0, 2}, 2}, {{2, 3}, 2}, {{0, 1, 2}, 3}};
    for (size_t r = 0; r < sizeof rows / sizeof rows[0] * 2; r++) {
        bool digest = r % 2;
        bench *w = bench_new();
        link *l = up(w);
        job j;
        job_io(&j, w, false, buffer, 4096);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        for (uint32_t sn = 0; sn < 4; sn++) {
            bool lost = false;
            for (uint32_t i = 0; i < rows[r / 2].num; i++)
                lost = lost || rows[r / 2].lost[i] == sn;
            if (!lost)
                data(l, &j, sn, sn * 1024, 1024);
            else if (digest)
                spoilt(l, &j, sn, sn * 1024, 1024, false);
        }
        uint32_t status = l->stat_sn;
        bench_good(l, j.task.itt, 4);
        CU_ASSERT_EQUAL(j.done, 0);
        uint32_t asked = 0;
        for (const seen *s = bench_next(l); s; s = bench_next(l)) {
            CU_ASSERT_EQUAL_FATAL(s->kind, RIG_PDU_SNACK);
            CU_ASSERT(rig_sn_le(rig_get32(s->bhs, RIG_F_EXP_STAT_SN), status));
            asked += rig_get32(s->bhs, RIG_F_RUN_LENGTH);
        }
        CU_ASSERT_EQUAL(asked, rows[r / 2].num);
        CU_ASSERT_EQUAL(ack_of(w, l), status);
        for (uint32_t i = rows[r / 2].num; i-- > 0;) { /* in any order, and twice */
            uint32_t sn = rows[r / 2].lost[i];
            data(l, &j, sn, sn * 1024, 1024);
            if (j.done == 0)
                data(l, &j, sn, sn * 1024, 1024);
        }
        CU_ASSERT(job_ended(&j, RIG_OK));
        CU_ASSERT_EQUAL(j.task.received, 4096);
        CU_ASSERT_EQUAL(memcmp(buffer, disk, 4096), 0);
        CU_ASSERT_EQUAL(ack_of(w, l), l->stat_sn - 1);
        bench_free(w);
    }
}

/* The Data-In that carries the status is spoilt: one SNACK brings both back. */
static void collapsed_status(void)
{
    bench *w = bench_new();
    link *l = up(w);
    job j;
    uint8_t bhs[RIG_BHS_LEN];
    job_io(&j, w, false, buffer, 1000);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    uint32_t status = l->stat_sn;
    spoilt(l, &j, 0, 0, 1000, true);
    want_snack(l, 0, j.task.itt, 0, 1);
    CU_ASSERT(bench_quiet(l) && j.done == 0);
    CU_ASSERT_EQUAL(ack_of(w, l), status);
    bench_bhs(l, bhs, RIG_PDU_DATA_IN, j.task.itt);
    rig_set(bhs, RIG_F_STAT_SN, status);
    rig_set(bhs, RIG_F_F, 1);
    rig_set(bhs, RIG_F_S, 1);
    bench_send(l, bhs, disk, 1000);
    CU_ASSERT(job_ended(&j, RIG_OK));
    CU_ASSERT_EQUAL(memcmp(buffer, disk, 1000), 0);
    CU_ASSERT_EQUAL(ack_of(w, l), l->stat_sn - 1);
    bench_free(w);
}

/* Responses that did not come are asked for by number, and may come in any order (7.1.4.2, SNACK-004, -032).
 */
static void lost_responses(void)
{
    bench *w = bench_new();
    link *l = up(w);
    job j[4];
    uint32_t first = l->stat_sn;
    for (uint32_t i = 0; i < 4; i++) {
        job_io(&j[i], w, true, NULL, 0);
        job_sent(&j[i], l, RIG_PDU_SCSI_CMD);
    }
    l->stat_sn = first + 3;
    bench_good(l, j[3].task.itt, 0);
    CU_ASSERT(job_ended(&j[3], RIG_OK));
    want_snack(l, 1, RIG_TAG_NONE, first, 3);
    CU_ASSERT_EQUAL(ack_of(w, l), first);
    static const uint32_t order[] = {1, 0, 2};
    uint32_t next = l->stat_sn;
    for (uint32_t i = 0; i < 3; i++) {
        l->stat_sn = first + order[i];
        bench_good(l, j[order[i]].task.itt, 0);
        CU_ASSERT(job_ended(&j[order[i]], RIG_OK));
        l->stat_sn = first + order[i];
        bench_good(l, j[order[i]].task.itt, 0); /* a second time: passed over */
        CU_ASSERT_EQUAL(j[order[i]].done, 1);
    }
    l->stat_sn = next;
    CU_ASSERT_EQUAL(ack_of(w, l), next);
    bench_free(w);
}

/* A target that shows its next StatSN makes a lost response visible (REC-029). */
static void shown_by_a_ping(void)
{
    bench *w = bench_new();
    link *l = up(w);
    job j;
    uint8_t bhs[RIG_BHS_LEN];
    job_io(&j, w, true, NULL, 0);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    uint32_t lost = l->stat_sn++;
    bench_bhs(l, bhs, RIG_PDU_NOP_IN, RIG_TAG_NONE);
    rig_set(bhs, RIG_F_TTT, RIG_TAG_NONE);
    bench_send(l, bhs, NULL, 0);
    want_snack(l, 1, RIG_TAG_NONE, lost, 1);
    l->stat_sn = lost;
    bench_good(l, j.task.itt, 0);
    CU_ASSERT(job_ended(&j, RIG_OK));
    CU_ASSERT_EQUAL(ack_of(w, l), lost + 1);
    bench_free(w);
}

/* R2Ts are asked for by number, too; what came in between is answered. */
static void lost_r2t(void)
{
    bench *w = bench_new();
    w->config.offer[RIG_KEY_MAX_R2T].value = 4;
    w->config.offer[RIG_KEY_IMMEDIATE_DATA].value = 0;
    w->config.offer[RIG_KEY_INITIAL_R2T].value = 1;
    link *l = up(w);
    job j;
    job_io(&j, w, true, disk, 3072);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    bench_r2t(l, j.task.itt, 0, 1, 0, 0, 1024);
    bench_want(l, RIG_PDU_DATA_OUT);
    bench_r2t(l, j.task.itt, 0, 3, 2, 2048, 1024);
    want_snack(l, 0, j.task.itt, 1, 1);
    CU_ASSERT_EQUAL(rig_get32(bench_want(l, RIG_PDU_DATA_OUT)->bhs, RIG_F_TTT), 3);
    bench_r2t(l, j.task.itt, 0, 2, 1, 1024, 1024);
    const seen *s = bench_want(l, RIG_PDU_DATA_OUT);
    CU_ASSERT(rig_get32(s->bhs, RIG_F_TTT) == 2 && rig_get32(s->bhs, RIG_F_BUFFER_OFFSET) == 1024);
    bench_r2t(l, j.task.itt, 0, 2, 1, 1024, 1024); /* twice: passed over */
    CU_ASSERT(bench_quiet(l));
    bench_r2t(l, j.task.itt, 0, 4, 3, 0, 512); /* one that asks for lost data again (13.19) */
    s = bench_want(l, RIG_PDU_DATA_OUT);
    CU_ASSERT(rig_get32(s->bhs, RIG_F_TTT) == 4 && s->len == 512 && memcmp(s->data, disk, 512) == 0);
    bench_good(l, j.task.itt, 4);
    CU_ASSERT(job_ended(&j, RIG_OK));
    bench_free(w);
}

/* The A bit is answered at once, or when the gaps before it are filled (11.7.2, SNACK-005 to -007, -017). */
static void acknowledged_data(void)
{
    for (int gap = 0; gap < 2; gap++) {
        bench *w = bench_new();
        link *l = up(w);
        job j;
        uint8_t bhs[RIG_BHS_LEN];
        job_io(&j, w, false, buffer, 2048);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        if (!gap)
            data(l, &j, 0, 0, 512);
        bench_bhs(l, bhs, RIG_PDU_DATA_IN, j.task.itt);
        rig_set(bhs, RIG_F_STAT_SN, 0);
        rig_set(bhs, RIG_F_A, 1);
        rig_set(bhs, RIG_F_F, 1);
        rig_set(bhs, RIG_F_LUN, 0x0005000000000000);
        rig_set(bhs, RIG_F_TTT, 0x77);
        rig_set(bhs, RIG_F_DATA_SN, 1);
        rig_set(bhs, RIG_F_BUFFER_OFFSET, 512);
        bench_send(l, bhs, disk + 512, 512);
        if (gap) {
            want_snack(l, 0, j.task.itt, 0, 1);
            CU_ASSERT(bench_quiet(l));
            data(l, &j, 0, 0, 512);
        }
        const seen *s = bench_want(l, RIG_PDU_SNACK);
        CU_ASSERT(rig_get(s->bhs, RIG_F_SNACK_TYPE) == 2 && rig_get32(s->bhs, RIG_F_ITT) == RIG_TAG_NONE);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_SNACK_TAG), 0x77);
        CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_LUN), 0x0005000000000000);
        CU_ASSERT(rig_get32(s->bhs, RIG_F_BEG_RUN) == 2 && rig_get32(s->bhs, RIG_F_RUN_LENGTH) == 0);
        data(l, &j, 2, 1024, 1024);
        bench_good(l, j.task.itt, 3);
        CU_ASSERT(job_ended(&j, RIG_OK));
        bench_free(w);
    }
}

/* MaxRecvDataSegmentLength was declared anew meanwhile: everything not acknowledged comes again, and only the
 * response with our tag ends the command (11.16.3, SNACK-020, -022, -023). */
static void resegmented(void)
{
    static char declaration[] = "MaxRecvDataSegmentLength=512";
    bench *w = bench_new();
    link *l = up(w);
    job j, text;
    uint8_t bhs[RIG_BHS_LEN];
    struct iovec iov = {declaration, sizeof declaration};
    job_io(&j, w, false, buffer, 2048);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    data(l, &j, 0, 0, 1024);
    job_init(&text, w, RIG_TASK_TEXT);
    text.task.out = &iov;
    text.task.num_out = 1;
    job_sent(&text, l, RIG_PDU_TEXT_REQ);
    bench_bhs(l, bhs, RIG_PDU_TEXT_RESP, text.task.itt);
    rig_set(bhs, RIG_F_F, 1);
    rig_set(bhs, RIG_F_TTT, RIG_TAG_NONE);
    bench_status(l, bhs, NULL, 0);
    CU_ASSERT(job_ended(&text, RIG_OK));
    uint32_t status = l->stat_sn;
    bench_good(l, j.task.itt, 2); /* the second Data-In is missing */
    const seen *s = bench_want(l, RIG_PDU_SNACK);
    uint32_t tag = rig_get32(s->bhs, RIG_F_SNACK_TAG);
    CU_ASSERT(rig_get(s->bhs, RIG_F_SNACK_TYPE) == 3 && rig_get32(s->bhs, RIG_F_ITT) == j.task.itt);
    CU_ASSERT(tag != 0 && tag != RIG_TAG_NONE);
    CU_ASSERT(rig_get32(s->bhs, RIG_F_BEG_RUN) == 0 && rig_get32(s->bhs, RIG_F_RUN_LENGTH) == 0);
    for (uint32_t sn = 0; sn < 4; sn++)
        data(l, &j, sn, sn * 512, 512);
    CU_ASSERT_EQUAL(j.done, 0);
    uint32_t next = l->stat_sn;
    bench_bhs(l, bhs, RIG_PDU_SCSI_RESP, j.task.itt);
    rig_set(bhs, RIG_F_STAT_SN, status);
    rig_set(bhs, RIG_F_EXP_DATA_SN, 4);
    rig_set(bhs, RIG_F_SNACK_TAG, tag + 1); /* not ours */
    bench_send(l, bhs, NULL, 0);
    CU_ASSERT_EQUAL(j.done, 0);
    rig_set(bhs, RIG_F_SNACK_TAG, tag);
    bench_send(l, bhs, NULL, 0);
    CU_ASSERT(job_ended(&j, RIG_OK));
    CU_ASSERT_EQUAL(memcmp(buffer, disk, 2048), 0);
    l->stat_sn = next;
    CU_ASSERT_EQUAL(ack_of(w, l), next);
    bench_free(w);
}

static void reject(link *l, uint8_t reason, const uint8_t *about)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_REJECT, RIG_TAG_NONE);
    rig_set(bhs, RIG_F_REJECT_REASON, reason);
    bench_status(l, bhs, about, RIG_BHS_LEN);
}

/* A refused SNACK: the command ends with an error once its status is here (SNACK-025). */
static void snack_rejected(void)
{
    for (int early = 0; early < 2; early++) {
        bench *w = bench_new();
        link *l = up(w);
        job j;
        uint8_t about[RIG_BHS_LEN];
        job_io(&j, w, false, buffer, 2048);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        data(l, &j, 1, 1024, 1024);
        memcpy(about, bench_want(l, RIG_PDU_SNACK)->bhs, sizeof about);
        if (early)
            bench_good(l, j.task.itt, 2);
        reject(l, 3, about);
        CU_ASSERT_EQUAL(j.done, early ? 1u : 0u);
        if (!early)
            bench_good(l, j.task.itt, 2);
        CU_ASSERT(job_ended(&j, RIG_E_DATA_DIGEST));
        CU_ASSERT(rig_session_is_up(w->session));
        CU_ASSERT_EQUAL(ack_of(w, l), l->stat_sn - 1);
        bench_free(w);
    }
}

/* A refused Status SNACK, and one that brings nothing, cannot be lived with (7.9). */
static void nothing_comes(void)
{
    for (int refused = 0; refused < 2; refused++) {
        bench *w = bench_new();
        w->config.recovery_timeout = 3 * RIG_SECOND;
        link *l = up(w);
        job j;
        uint8_t about[RIG_BHS_LEN];
        job_io(&j, w, true, NULL, 0);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        l->stat_sn++;
        bench_good(l, j.task.itt, 0);
        memcpy(about, bench_want(l, RIG_PDU_SNACK)->bhs, sizeof about);
        if (refused)
            reject(l, 4, about);
        else
            bench_tick_to(w, w->now + 6 * RIG_SECOND);
        CU_ASSERT(bench_fell(w, refused ? RIG_E_SEQUENCE : RIG_E_TIMEOUT, NULL));
        bench_free(w);
    }
}

/* A command that is not acknowledged goes again as it was (7.2.1, REC-008, -009, -028). */
static void retried(void)
{
    bench *w = bench_new();
    w->config.recovery_timeout = 2 * RIG_SECOND;
    link *l = up(w);
    job j;
    uint8_t first[RIG_BHS_LEN];
    job_io(&j, w, true, disk, 1024);
    job_submit(&j);
    memcpy(first, bench_want(l, RIG_PDU_SCSI_CMD)->bhs, sizeof first);
    bench_tick_to(w, w->now + 2 * RIG_SECOND - 1);
    CU_ASSERT(bench_quiet(l));
    bench_tick_to(w, w->now + 1);
    const seen *s = bench_want(l, RIG_PDU_SCSI_CMD);
    rig_set(first, RIG_F_EXP_STAT_SN, rig_get32(s->bhs, RIG_F_EXP_STAT_SN));
    CU_ASSERT_EQUAL(memcmp(s->bhs, first, sizeof first), 0);
    CU_ASSERT(s->len == 1024 && memcmp(s->data, disk, 1024) == 0);
    bench_took(w, s);
    bench_good(l, j.task.itt, 0);
    CU_ASSERT(job_ended(&j, RIG_OK));
    bench_tick_to(w, w->now + 60 * RIG_SECOND);
    CU_ASSERT(bench_quiet(l));
    bench_free(w);
}

/* Immediate data was spoilt: the command was not received, and goes again at once; not for ever (7.3). */
static void rejected_for_its_digest(void)
{
    bench *w = bench_new();
    link *l = up(w);
    job j;
    uint8_t about[RIG_BHS_LEN];
    job_io(&j, w, true, disk, 1024);
    job_submit(&j);
    for (int i = 0; i < 4; i++) {
        memcpy(about, bench_want(l, RIG_PDU_SCSI_CMD)->bhs, sizeof about);
        CU_ASSERT_EQUAL(j.done, 0);
        reject(l, 2, about);
    }
    CU_ASSERT(job_ended(&j, RIG_E_REFUSED));
    CU_ASSERT_EQUAL(rig_get32(bench_want(l, RIG_PDU_NOP_OUT)->bhs, RIG_F_CMD_SN),
                    100); /* the hole is plugged */
    bench_free(w);
}

/* An initiator that only listens acknowledges every now and then. */
static void acknowledges_unasked(void)
{
    bench *w = bench_new();
    link *l = up(w);
    uint8_t bhs[RIG_BHS_LEN];
    bench_drain(l);
    for (uint32_t i = 0; i < 32; i++) {
        bench_bhs(l, bhs, RIG_PDU_ASYNC, RIG_TAG_NONE);
        rig_set(bhs, RIG_F_ASYNC_EVENT, 255);
        bench_status(l, bhs, NULL, 0);
        bench_pump(w);
    }
    for (uint32_t i = 0; i < 2; i++) {
        const seen *s = bench_want(l, RIG_PDU_NOP_OUT);
        CU_ASSERT(rig_get32(s->bhs, RIG_F_ITT) == RIG_TAG_NONE &&
                  rig_get32(s->bhs, RIG_F_TTT) == RIG_TAG_NONE);
        CU_ASSERT(rig_get(s->bhs, RIG_F_I) == 1 && s->len == 0);
    }
    CU_ASSERT(bench_quiet(l));
    bench_free(w);
}

/* More open responses than can be kept end the connection, one less does not. */
static void limits(void)
{
    for (uint32_t over = 0; over < 2; over++) {
        bench *w = bench_new();
        link *l = up(w);
        uint8_t bhs[RIG_BHS_LEN];
        l->stat_sn += 64 + over;
        bench_bhs(l, bhs, RIG_PDU_ASYNC, RIG_TAG_NONE);
        rig_set(bhs, RIG_F_ASYNC_EVENT, 255);
        bench_status(l, bhs, NULL, 0);
        CU_ASSERT_EQUAL(rig_session_is_up(w->session), !over);
        if (!over)
            want_snack(l, 1, RIG_TAG_NONE, l->stat_sn - 65, 64);
        bench_free(w);
    }
}

/* More A bits than SNACKs may wait while nothing can be sent: the last answer says what those left out would
 * have said (11.16.2). */
static void many_acknowledgments(void)
{
    bench *w = bench_new();
    link *l = up(w);
    job j;
    job_io(&j, w, false, buffer, 2048);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    l->connected = false;
    for (uint32_t sn = 0; sn < 200; sn++) {
        uint8_t bhs[RIG_BHS_LEN];
        bench_bhs(l, bhs, RIG_PDU_DATA_IN, j.task.itt);
        rig_set(bhs, RIG_F_STAT_SN, 0);
        rig_set(bhs, RIG_F_A, 1);
        rig_set(bhs, RIG_F_TTT, 0x77);
        rig_set(bhs, RIG_F_DATA_SN, sn);
        rig_set(bhs, RIG_F_BUFFER_OFFSET, 4 * sn);
        bench_send(l, bhs, disk + (size_t)4 * sn, 4);
    }
    l->connected = true;
    CU_ASSERT(rig_session_is_up(w->session));
    bench_pump(w);
    uint32_t num = 0, last = 0;
    for (; !bench_quiet(l); num++) {
        const seen *s = bench_want(l, RIG_PDU_SNACK);
        CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_SNACK_TYPE), 2);
        CU_ASSERT(rig_get32(s->bhs, RIG_F_BEG_RUN) > last);
        last = rig_get32(s->bhs, RIG_F_BEG_RUN);
    }
    CU_ASSERT(num > 0 && num < 200 && last == 200);
    bench_free(w);
}

/* The header of a Data-In comes while its command waits to be sent once more, the payload when that has gone:
 * it had no place, and is asked for again. */
/* Its data, of which a part is here before or behind the time for a retry, shows that it was received: no
 * further copy goes. */
static void retried_while(bool data_first)
{
    rig_session_counters counters;
    bench *w = bench_new();
    w->config.recovery_timeout = 2 * RIG_SECOND;
    link *l = up(w);
    job j;
    uint8_t bhs[RIG_BHS_LEN];
    size_t len;
    job_io(&j, w, false, buffer, 1024);
    job_submit(&j);
    bench_want(l, RIG_PDU_SCSI_CMD);
    bench_bhs(l, bhs, RIG_PDU_DATA_IN, j.task.itt);
    rig_set(bhs, RIG_F_STAT_SN, 0);
    uint8_t *bytes = bench_encode(l, bhs, disk, 512, &len);
    if (data_first)
        bench_bytes(l, bytes, 100);
    l->connected = false;
    bench_tick_to(w, w->now + 2 * RIG_SECOND);
    rig_session_count(w->session, &counters);
    CU_ASSERT_EQUAL(counters.retries, !data_first);
    if (!data_first)
        bench_bytes(l, bytes, 100);
    l->connected = l->awake = true;
    CU_ASSERT(bench_quiet(l));
    bench_bytes(l, bytes + 100, len - 100);
    free(bytes);
    data(l, &j, 1, 512, 512);
    bench_good(l, j.task.itt, 2);
    CU_ASSERT(job_ended(&j, RIG_OK) && memcmp(buffer, disk, 1024) == 0);
    bench_free(w);
}

static void retried_meanwhile(void)
{
    retried_while(false);
    retried_while(true);
}

/* ---- what comes late, or while a copy waits ---- */

/* Puts a status PDU where out points, for several of them that come in one read. */
static size_t put_status(link *l, uint8_t *out, uint8_t *bhs, const void *data, size_t data_len)
{
    size_t len;
    rig_set(bhs, RIG_F_STAT_SN, l->stat_sn++);
    uint8_t *bytes = bench_encode(l, bhs, data, data_len, &len);
    memcpy(out, bytes, len);
    free(bytes);
    return len;
}

static size_t put_reject(link *l, uint8_t *out, const uint8_t *about)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_REJECT, RIG_TAG_NONE);
    rig_set(bhs, RIG_F_REJECT_REASON, 2);
    return put_status(l, out, bhs, about, RIG_BHS_LEN);
}

/* A bounded number of looks: a queue that has become a ring would never be empty. */
static uint32_t commands_sent(link *l)
{
    uint32_t num = 0;
    for (int i = 0; i < 8 && !l->gone; i++)
        bench_look(l);
    for (const seen *s = l->first; s; s = s->next)
        num += s->kind == RIG_PDU_SCSI_CMD;
    return num;
}

/* Two Rejects of one command: its copy waits already when the second one is read, and goes once (7.3). */
static void rejected_twice(void)
{
    bench *w = bench_new();
    link *l = up(w);
    job j;
    uint8_t about[RIG_BHS_LEN], both[512];
    job_io(&j, w, true, disk, 1024);
    job_submit(&j);
    memcpy(about, bench_want(l, RIG_PDU_SCSI_CMD)->bhs, sizeof about);
    size_t len = put_reject(l, both, about);
    len += put_reject(l, both + len, about);
    bench_bytes(l, both, len);
    CU_ASSERT_EQUAL_FATAL(commands_sent(l), 1);
    bench_took(w, bench_want(l, RIG_PDU_SCSI_CMD));
    bench_good(l, j.task.itt, 0);
    CU_ASSERT(job_ended(&j, RIG_OK) && bench_quiet(l));
    bench_free(w);
}

static void free_job(job *j)
{
    free(j);
}

/* And its answer behind them: no copy goes, nor is looked for in memory that is its owner's again. */
static void rejected_and_answered(void)
{
    bench *w = bench_new();
    link *l = up(w);
    job *j = calloc(1, sizeof *j);
    uint8_t about[RIG_BHS_LEN], bhs[RIG_BHS_LEN], all[1024];
    CU_ASSERT_PTR_NOT_NULL_FATAL(j);
    job_io(j, w, true, disk, 1024);
    j->then = free_job;
    job_submit(j);
    memcpy(about, bench_want(l, RIG_PDU_SCSI_CMD)->bhs, sizeof about);
    size_t len = put_reject(l, all, about);
    len += put_reject(l, all + len, about);
    w->exp_cmd_sn++;
    w->max_cmd_sn++;
    bench_bhs(l, bhs, RIG_PDU_SCSI_RESP, rig_get32(about, RIG_F_ITT));
    len += put_status(l, all + len, bhs, NULL, 0);
    bench_bytes(l, all, len);
    CU_ASSERT_EQUAL(commands_sent(l), 0);
    CU_ASSERT(rig_session_is_up(w->session));
    rig_session_facts facts;
    rig_session_describe(w->session, &facts);
    CU_ASSERT_EQUAL(facts.tasks, 0);
    bench_free(w);
}

/* Copies of two commands wait, by the clock, when the first one's Reject comes: both go, once each, in order.
 */
static void rejected_behind_the_timer(void)
{
    bench *w = bench_new();
    w->config.recovery_timeout = 2 * RIG_SECOND;
    link *l = up(w);
    job j[2];
    uint8_t about[RIG_BHS_LEN];
    for (int i = 0; i < 2; i++) {
        job_io(&j[i], w, true, NULL, 0);
        job_submit(&j[i]);
        const seen *s = bench_want(l, RIG_PDU_SCSI_CMD);
        if (i == 0)
            memcpy(about, s->bhs, sizeof about);
    }
    l->connected = false; /* nothing leaves */
    bench_tick_to(w, w->now + 2 * RIG_SECOND);
    reject(l, 2, about);
    l->connected = l->awake = true;
    CU_ASSERT_EQUAL_FATAL(commands_sent(l), 2);
    for (int i = 0; i < 2; i++) {
        bench_took(w, bench_want(l, RIG_PDU_SCSI_CMD));
        bench_good(l, j[i].task.itt, 0);
        CU_ASSERT(job_ended(&j[i], RIG_OK));
    }
    CU_ASSERT(bench_quiet(l));
    bench_free(w);
}

static void tmf_response(link *l, uint32_t itt, uint8_t response)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_TMF_RESP, itt);
    rig_set(bhs, RIG_F_TMF_RESPONSE, response);
    bench_status(l, bhs, NULL, 0);
}

/* A status waits for data that the command, being aborted, needs no more: it holds no acknowledgment back. */
static void held_and_aborted(void)
{
    for (int late = 0; late < 2; late++) {
        bench *w = bench_new();
        w->config.command_timeout = late ? 3 * RIG_SECOND : 0;
        link *l = up(w);
        job j;
        job_io(&j, w, false, buffer, 1024);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        data(l, &j, 1, 512, 512);
        bench_good(l, j.task.itt, 2);
        want_snack(l, 0, j.task.itt, 0, 1);
        if (late)
            bench_tick_to(w, w->now + 3 * RIG_SECOND);
        else
            CU_ASSERT_EQUAL(rig_session_cancel(w->session, &j.task, w->now), RIG_OK);
        tmf_response(l, rig_get32(bench_want(l, RIG_PDU_TMF_REQ)->bhs, RIG_F_ITT), 1);
        CU_ASSERT(job_ended(&j, late ? RIG_E_TIMEOUT : RIG_E_ABORTED));
        CU_ASSERT_EQUAL(ack_of(w, l), l->stat_sn - 1);
        bench_tick_to(w, w->now + 30 * RIG_SECOND); /* nothing is waited for */
        CU_ASSERT(rig_session_is_up(w->session));
        bench_free(w);
    }
}

/* The status that a SNACK brings again is that of a command which was aborted meanwhile: it is acknowledged,
 * and harms nobody. */
static void replayed_behind_the_abort(void)
{
    static const uint8_t sense[20] = {0, 18, 0x70};
    bench *w = bench_new();
    link *l = up(w);
    job j;
    uint8_t bhs[RIG_BHS_LEN];
    size_t size;
    job_io(&j, w, false, buffer, 1024);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    CU_ASSERT_EQUAL(rig_session_cancel(w->session, &j.task, w->now), RIG_OK);
    uint32_t itt = rig_get32(bench_want(l, RIG_PDU_TMF_REQ)->bhs, RIG_F_ITT);
    bench_bhs(l, bhs, RIG_PDU_SCSI_RESP, j.task.itt);
    rig_set(bhs, RIG_F_SCSI_STATUS, 2);
    rig_set(bhs, RIG_F_STAT_SN, l->stat_sn++);
    uint8_t *bytes = bench_encode(l, bhs, sense, sizeof sense, &size);
    bytes[RIG_BHS_LEN + 5] ^= 1;
    bench_bytes(l, bytes, size);
    want_snack(l, 1, RIG_TAG_NONE, l->stat_sn - 1, 1);
    tmf_response(l, itt, 1);
    CU_ASSERT(job_ended(&j, RIG_E_ABORTED));
    bytes[RIG_BHS_LEN + 5] ^= 1;
    bench_bytes(l, bytes, size);
    free(bytes);
    CU_ASSERT_FATAL(rig_session_is_up(w->session));
    CU_ASSERT_EQUAL(ack_of(w, l), l->stat_sn - 1);
    CU_ASSERT(j.done == 1 && w->events[RIG_EVENT_CLOSED] == 0);
    bench_free(w);
}

static void echo(link *l, uint32_t itt)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_NOP_IN, itt);
    rig_set(bhs, RIG_F_TTT, RIG_TAG_NONE);
    bench_status(l, bhs, NULL, 0);
}

/* Two commands are sent in vain; asked about it, the target has the first one now. That is progress: the
 * second one gets its own question, and with that it has arrived, too. */
static void asked_about_each(void)
{
    bench *w = bench_new();
    link *l = up(w);
    job j[2];
    uint32_t asked = 0;
    for (int i = 0; i < 2; i++) {
        job_io(&j[i], w, true, NULL, 0);
        job_submit(&j[i]);
    }
    for (int i = 0; i < 120 && asked < 2 && !l->gone; i++) {
        bench_tick_to(w, w->now + RIG_SECOND / 2);
        for (const seen *s = bench_next(l); s; s = bench_next(l))
            if (s->kind == RIG_PDU_NOP_OUT) {
                w->exp_cmd_sn++;
                w->max_cmd_sn++;
                asked++;
                echo(l, rig_get32(s->bhs, RIG_F_ITT));
            }
    }
    CU_ASSERT_EQUAL(asked, 2);
    CU_ASSERT_FATAL(rig_session_is_up(w->session));
    for (int i = 0; i < 2; i++) {
        bench_good(l, j[i].task.itt, 0);
        CU_ASSERT(job_ended(&j[i], RIG_OK));
    }
    bench_free(w);
}

/* As long as data is missing nobody can tell how much came: the status says nothing wrong (11.4.5). */
static void amount_with_a_gap(void)
{
    bench *w = bench_new();
    link *l = up(w);
    job j;
    uint8_t bhs[RIG_BHS_LEN];
    job_io(&j, w, false, buffer, 1024);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    bench_bhs(l, bhs, RIG_PDU_DATA_IN, j.task.itt);
    rig_set(bhs, RIG_F_F, 1);
    rig_set(bhs, RIG_F_S, 1);
    rig_set(bhs, RIG_F_DATA_SN, 1);
    rig_set(bhs, RIG_F_BUFFER_OFFSET, 512);
    bench_status(l, bhs, disk + 512, 512);
    CU_ASSERT(j.done == 0 && w->events[RIG_EVENT_IGNORED] == 0);
    data(l, &j, 0, 0, 512);
    CU_ASSERT(job_ended(&j, RIG_OK) && j.task.received == 1024);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_IGNORED], 0);
    bench_free(w);
}

/* A command that never arrived ends by a reset of its unit: its number is left, which a ping has to take. */
static void leave_a_hole(bench *w, link *l)
{
    job j, reset;
    job_io(&j, w, false, buffer, 512);
    job_submit(&j);
    bench_want(l, RIG_PDU_SCSI_CMD);
    job_init(&reset, w, RIG_TASK_TMF);
    reset.task.function = 5;
    reset.task.immediate = true;
    job_submit(&reset);
    bench_want(l, RIG_PDU_TMF_REQ);
    tmf_response(l, reset.task.itt, 0);
    CU_ASSERT(job_ended(&j, RIG_E_ABORTED) && job_ended(&reset, RIG_OK));
}

/* The next PDU that goes within 15 s, NULL when there is none. */
static const seen *in_time(link *l)
{
    const seen *s = bench_next(l);
    for (int i = 0; i < 30 && !s && !l->gone; i++) {
        bench_tick_to(l->w, l->w->now + RIG_SECOND / 2);
        s = bench_next(l);
    }
    return s;
}

static const seen *want_in_time(link *l, rig_pdu_kind kind, uint32_t cmd_sn)
{
    const seen *s = in_time(l);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_EQUAL_FATAL(s->kind, kind);
    CU_ASSERT(rig_get(s->bhs, RIG_F_I) == 0 && rig_get32(s->bhs, RIG_F_CMD_SN) == cmd_sn);
    return s;
}

/* The ping that fills a hole is lost like any other request: it goes again. */
static void lost_plug(void)
{
    bench *w = bench_new();
    link *l = up(w);
    job j;
    leave_a_hole(w, l);
    uint32_t itt = rig_get32(want_in_time(l, RIG_PDU_NOP_OUT, 100)->bhs, RIG_F_ITT);
    const seen *s = want_in_time(l, RIG_PDU_NOP_OUT, 100);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_ITT), itt);
    bench_took(w, s);
    echo(l, itt);
    job_io(&j, w, true, NULL, 0);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    bench_good(l, j.task.itt, 0);
    CU_ASSERT(job_ended(&j, RIG_OK) && rig_session_is_up(w->session));
    bench_free(w);
}

static void logout_response(link *l, uint32_t itt)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_LOGOUT_RESP, itt);
    bench_status(l, bhs, NULL, 0);
    bench_pump(l->w);
}

/* A target takes no Logout either as long as a number in front of it is missing. */
static void hole_before_logout(void)
{
    bench *w = bench_new();
    link *l = up(w);
    job out;
    bool plugged = false, asked = false;
    leave_a_hole(w, l);
    job_init(&out, w, RIG_TASK_LOGOUT);
    job_submit(&out);
    for (const seen *s = in_time(l); s && !(plugged && asked); s = plugged && asked ? s : in_time(l)) {
        plugged = plugged || (s->kind == RIG_PDU_NOP_OUT && rig_get32(s->bhs, RIG_F_CMD_SN) == 100);
        asked = asked || (s->kind == RIG_PDU_LOGOUT_REQ && rig_get32(s->bhs, RIG_F_CMD_SN) == 101);
    }
    CU_ASSERT_FATAL(plugged && asked);
    w->exp_cmd_sn += 2;
    w->max_cmd_sn += 2;
    logout_response(l, out.task.itt);
    CU_ASSERT(job_ended(&out, RIG_OK) && w->down == RIG_OK);
    bench_free(w);
}

/* Nothing new may follow a Logout, and a command whose copy would have to ends with it anyway (11.14): a ping
 * takes its number, so that the Logout is taken. */
static void retry_behind_logout(void)
{
    bench *w = bench_new();
    link *l = up(w);
    job j, out;
    job_io(&j, w, true, disk, 4096);
    job_submit(&j);
    bench_drain(l);
    job_init(&out, w, RIG_TASK_LOGOUT);
    job_submit(&out);
    bench_want(l, RIG_PDU_LOGOUT_REQ);
    bench_took(w, want_in_time(l, RIG_PDU_NOP_OUT, 100));
    CU_ASSERT(job_ended(&j, RIG_E_ABORTED));
    w->exp_cmd_sn++;
    w->max_cmd_sn++;
    logout_response(l, out.task.itt);
    CU_ASSERT(job_ended(&out, RIG_OK) && w->down == RIG_OK);
    bench_free(w);
}

RIG_SUITE("initiator: recovery within a command and a connection", {"gaps", gaps},
          {"collapsed status", collapsed_status}, {"lost responses", lost_responses},
          {"shown by a ping", shown_by_a_ping}, {"lost R2T", lost_r2t},
          {"acknowledged data", acknowledged_data}, {"resegmented", resegmented},
          {"SNACK rejected", snack_rejected}, {"nothing comes", nothing_comes}, {"retried", retried},
          {"rejected for its digest", rejected_for_its_digest},
          {"acknowledges unasked", acknowledges_unasked}, {"limits", limits},
          {"many acknowledgments", many_acknowledgments}, {"retried while data arrives", retried_meanwhile},
          {"rejected twice", rejected_twice}, {"rejected twice and answered", rejected_and_answered},
          {"rejected behind the timer", rejected_behind_the_timer},
          {"aborted with its status held", held_and_aborted},
          {"a status replayed behind the abort", replayed_behind_the_abort},
          {"asked about each", asked_about_each}, {"amounts with a gap", amount_with_a_gap},
          {"a plug that is lost", lost_plug}, {"a hole before a Logout", hole_before_logout},
          {"a retry behind a Logout", retry_behind_logout})
