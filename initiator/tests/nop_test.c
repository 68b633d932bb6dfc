/* Pings both ways and the keep-alive (RFC 7143 sections 11.18, 11.19). */
#include "bench.h"

static uint8_t payload[9000];

static void nop_in(link *l, uint32_t itt, uint32_t ttt, uint64_t lun, const void *data, size_t len)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_NOP_IN, itt);
    rig_set(bhs, RIG_F_TTT, ttt);
    rig_set(bhs, RIG_F_LUN, lun);
    if (itt == RIG_TAG_NONE)
        bench_send(l, bhs, data, len);
    else
        bench_status(l, bhs, data, len);
}

/* A ping of ours: tag valid, none of the target's, no LUN, data within the target's limit (NOP-003 to -005,
 * -010). */
static void ping(void)
{
    static const size_t lens[] = {0, 1, 100, 8192};
    fill(payload, sizeof payload, 1);
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        struct iovec pieces[2] = {{payload, lens[i] / 3}, {payload + lens[i] / 3, lens[i] - lens[i] / 3}};
        job j;
        job_init(&j, w, RIG_TASK_PING);
        j.task.lun = 5;
        j.task.out = pieces;
        j.task.num_out = 2;
        const seen *s = job_sent(&j, l, RIG_PDU_NOP_OUT);
        CU_ASSERT_EQUAL(s->bhs[1], 0x80);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_TTT), RIG_TAG_NONE);
        CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_LUN), 0);
        CU_ASSERT_EQUAL(s->len, lens[i]);
        CU_ASSERT_EQUAL(memcmp(s->data, payload, s->len), 0);
        nop_in(l, j.task.itt, RIG_TAG_NONE, 0, payload, s->len);
        CU_ASSERT(job_ended(&j, RIG_OK));
        CU_ASSERT_EQUAL(j.task.received, lens[i]);
        bench_free(w);
    }
}

/* One that the target does not take is not sent, and costs no number. */
static void too_long(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    uint32_t first = w->exp_cmd_sn;
    struct iovec data = {payload, 8193};
    job j, next;
    job_init(&j, w, RIG_TASK_PING);
    j.task.out = &data;
    j.task.num_out = 1;
    job_submit(&j);
    CU_ASSERT(bench_quiet(l) && job_ended(&j, RIG_E_LIMIT));
    job_init(&next, w, RIG_TASK_PING);
    CU_ASSERT_EQUAL(rig_get32(job_sent(&next, l, RIG_PDU_NOP_OUT)->bhs, RIG_F_CMD_SN), first);
    bench_free(w);
}

/* The echo may be cut or different: the task tells how much of it was right. */
static void wrong_echo(void)
{
    for (int how = 0; how < 2; how++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        uint8_t echo[64];
        job j;
        fill(payload, 64, 1);
        memcpy(echo, payload, 64);
        echo[20] ^= 1;
        job_init(&j, w, RIG_TASK_PING);
        j.iov = (struct iovec){payload, 64};
        j.task.out = &j.iov;
        j.task.num_out = 1;
        job_sent(&j, l, RIG_PDU_NOP_OUT);
        nop_in(l, j.task.itt, RIG_TAG_NONE, 0, how ? echo : payload, how ? 64 : 10);
        CU_ASSERT(job_ended(&j, RIG_OK));
        CU_ASSERT_EQUAL(j.task.received, how ? 0 : 10);
        bench_free(w);
    }
}

/* A ping of the target's is answered once, with its tag and LUN, immediate, without a tag of ours (NOP-007,
 * -008, -015, -025); one that wants no answer gets none (NOP-009). */
static void answers(void)
{
    static const uint32_t ttts[] = {0, 7, 0xfffffffe};
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    for (uint32_t i = 0; i < 3; i++)
        nop_in(l, RIG_TAG_NONE, ttts[i], (uint64_t)(i + 1) << 48, payload, i * 4);
    nop_in(l, RIG_TAG_NONE, RIG_TAG_NONE, 0, NULL, 0);
    for (uint32_t i = 0; i < 3; i++) {
        const seen *s = bench_want(l, RIG_PDU_NOP_OUT);
        CU_ASSERT_EQUAL(s->bhs[0], 0x40);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_ITT), RIG_TAG_NONE);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_TTT), ttts[i]);
        CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_LUN), (uint64_t)(i + 1) << 48);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_CMD_SN), 100);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_EXP_STAT_SN), l->stat_sn);
        CU_ASSERT_EQUAL(s->len, 0);
    }
    CU_ASSERT(bench_quiet(l));
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_NOP_IN], 4);
    bench_free(w);
}

/* Whatever one read brings is answered, in order; meanwhile nothing more is read. */
static void burst(void)
{
    enum { NUM = 300 };
    static uint8_t bytes[NUM * RIG_BHS_LEN];
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    struct iovec iov[RIG_SPACE_IOV];
    for (uint32_t i = 0; i < NUM; i++) {
        uint8_t *bhs = bytes + i * RIG_BHS_LEN;
        bench_bhs(l, bhs, RIG_PDU_NOP_IN, RIG_TAG_NONE);
        rig_set(bhs, RIG_F_TTT, i);
    }
    l->connected = false; /* nothing leaves */
    bench_bytes(l, bytes, sizeof bytes);
    CU_ASSERT(rig_session_is_up(w->session) && w->events[RIG_EVENT_NOP_IN] == NUM);
    CU_ASSERT_EQUAL(l->user.ops->space(l->user.ctx, iov, RIG_SPACE_IOV), 0);
    l->connected = l->awake = true;
    for (uint32_t i = 0; i < NUM; i++)
        CU_ASSERT_EQUAL(rig_get32(bench_want(l, RIG_PDU_NOP_OUT)->bhs, RIG_F_TTT), i);
    CU_ASSERT(l->user.ops->space(l->user.ctx, iov, RIG_SPACE_IOV) > 0);
    bench_free(w);
}

/* Both tags at once, a tag without a LUN, an echo of nothing (PDU-043, PDU-044). */
static void bad_nops(void)
{
    for (int how = 0; how < 4; how++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        job j;
        job_init(&j, w, how == 3 ? RIG_TASK_TEXT : RIG_TASK_PING);
        job_sent(&j, l, how == 3 ? RIG_PDU_TEXT_REQ : RIG_PDU_NOP_OUT);
        if (how == 0)
            nop_in(l, j.task.itt, 5, 0, NULL, 0);
        if (how == 1)
            nop_in(l, RIG_TAG_NONE, 5, UINT64_MAX, NULL, 0);
        if (how == 2)
            nop_in(l, 0x00345678, RIG_TAG_NONE, 0, NULL, 0);
        if (how == 3)
            nop_in(l, j.task.itt, RIG_TAG_NONE, 0, NULL, 0);
        static const char *const fields[] = {"TTT", "LUN", "ITT", "ITT"};
        CU_ASSERT(bench_fell(w, how < 2 ? RIG_E_FORMAT : RIG_E_PROTOCOL, fields[how]));
        CU_ASSERT_EQUAL(j.done, 1);
        bench_free(w);
    }
}

/* After silence the target is pinged; any word of it starts the time anew; without an answer the connection
 * is given up (NOP-016). */
static void keep_alive(void)
{
    bench *w = bench_new();
    w->config.nop_interval = 10 * RIG_SECOND;
    w->config.nop_timeout = 3 * RIG_SECOND;
    link *l = bench_up(w, NULL);
    bench_tick_to(w, w->now + 6 * RIG_SECOND);
    nop_in(l, RIG_TAG_NONE, RIG_TAG_NONE, 0, NULL, 0);
    bench_tick_to(w, w->now + 10 * RIG_SECOND - 1);
    CU_ASSERT(bench_quiet(l));
    bench_tick_to(w, w->now + 1);
    const seen *s = bench_want(l, RIG_PDU_NOP_OUT);
    CU_ASSERT_EQUAL(s->bhs[0], 0x40);
    CU_ASSERT_NOT_EQUAL(rig_get32(s->bhs, RIG_F_ITT), RIG_TAG_NONE);
    nop_in(l, rig_get32(s->bhs, RIG_F_ITT), RIG_TAG_NONE, 0, NULL, 0);
    for (int i = 0; i < 3; i++) { /* again and again */
        bench_tick_to(w, w->now + 10 * RIG_SECOND);
        s = bench_want(l, RIG_PDU_NOP_OUT);
        nop_in(l, rig_get32(s->bhs, RIG_F_ITT), RIG_TAG_NONE, 0, NULL, 0);
    }
    bench_tick_to(w, w->now + 13 * RIG_SECOND - 1);
    CU_ASSERT(rig_session_is_up(w->session));
    bench_tick_to(w, w->now + 1);
    CU_ASSERT(bench_fell(w, RIG_E_TIMEOUT, NULL));
    CU_ASSERT_EQUAL(rig_initiator_next_deadline(w->initiator), RIG_NEVER);
    bench_free(w);
}

/* A ping that cannot even be sent finds the dead connection, too; one that is refused shows that it lives. */
static void keep_alive_stuck(void)
{
    for (int refused = 0; refused < 2; refused++) {
        bench *w = bench_new();
        w->config.nop_interval = 10 * RIG_SECOND;
        link *l = bench_up(w, NULL);
        l->connected = refused;
        bench_tick_to(w, w->now + 10 * RIG_SECOND);
        if (refused) {
            uint8_t bhs[RIG_BHS_LEN];
            uint8_t header[RIG_BHS_LEN];
            memcpy(header, bench_want(l, RIG_PDU_NOP_OUT)->bhs, RIG_BHS_LEN);
            bench_bhs(l, bhs, RIG_PDU_REJECT, RIG_TAG_NONE);
            rig_set(bhs, RIG_F_REJECT_REASON, 0x06);
            bench_status(l, bhs, header, sizeof header);
        }
        bench_tick_to(w, w->now + 9 * RIG_SECOND);
        CU_ASSERT_EQUAL(rig_session_is_up(w->session), refused);
        if (refused) {
            bench_tick_to(w, w->now + RIG_SECOND);
            bench_want(l, RIG_PDU_NOP_OUT); /* the next one goes */
        }
        bench_free(w);
    }
}

/* Nothing may follow a Logout, answers to pings included: they are told, and never stop the reading of the
 * response that is to come (11.14). */
static void behind_a_logout(void)
{
    enum { NUM = 200 };
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    struct iovec iov[RIG_SPACE_IOV];
    uint8_t bhs[RIG_BHS_LEN];
    job out;
    job_init(&out, w, RIG_TASK_LOGOUT);
    job_sent(&out, l, RIG_PDU_LOGOUT_REQ);
    for (uint32_t i = 0; i < NUM; i++) {
        CU_ASSERT_FATAL(l->user.ops->space(l->user.ctx, iov, RIG_SPACE_IOV) > 0);
        nop_in(l, RIG_TAG_NONE, i, 0, NULL, 0);
    }
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_NOP_IN], NUM);
    CU_ASSERT(bench_quiet(l));
    bench_bhs(l, bhs, RIG_PDU_LOGOUT_RESP, out.task.itt);
    bench_status(l, bhs, NULL, 0);
    CU_ASSERT(job_ended(&out, RIG_OK) && w->down == RIG_OK);
    bench_free(w);
}

/* They waited for an answer when the Logout went, which they did not get in time. */
static void before_a_logout(void)
{
    enum { NUM = 64 };
    static uint8_t bytes[NUM * RIG_BHS_LEN];
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    struct iovec iov[RIG_SPACE_IOV];
    uint8_t bhs[RIG_BHS_LEN];
    job out;
    for (uint32_t i = 0; i < NUM; i++) {
        bench_bhs(l, bytes + i * RIG_BHS_LEN, RIG_PDU_NOP_IN, RIG_TAG_NONE);
        rig_set(bytes + i * RIG_BHS_LEN, RIG_F_TTT, i);
    }
    l->connected = false;
    bench_bytes(l, bytes, sizeof bytes);
    job_init(&out, w, RIG_TASK_LOGOUT);
    job_submit(&out);
    l->connected = true;
    const seen *s = bench_next(l);
    while (s && s->kind == RIG_PDU_NOP_OUT)
        s = bench_next(l);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_EQUAL_FATAL(s->kind, RIG_PDU_LOGOUT_REQ);
    CU_ASSERT(bench_quiet(l) && l->user.ops->space(l->user.ctx, iov, RIG_SPACE_IOV) > 0);
    bench_took(w, s);
    bench_bhs(l, bhs, RIG_PDU_LOGOUT_RESP, out.task.itt);
    bench_status(l, bhs, NULL, 0);
    CU_ASSERT(job_ended(&out, RIG_OK));
    bench_free(w);
}

RIG_SUITE("initiator: NOP", {"a ping and its echo", ping}, {"a ping longer than the target takes", too_long},
          {"an echo that is not right", wrong_echo}, {"pings of the target are answered", answers},
          {"a burst of pings", burst}, {"NOP-Ins that cannot be", bad_nops},
          {"silence is asked about", keep_alive}, {"pings that cannot go, or are refused", keep_alive_stuck},
          {"pings behind a Logout", behind_a_logout}, {"pings before a Logout", before_a_logout})
