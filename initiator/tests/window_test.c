/* CmdSN and the command window, tags, StatSN (RFC 7143 section 4.2.2). */
#include "bench.h"

#define JOBS 64

static job jobs[JOBS];

/* A status of the target that changes nothing but the window. */
static void window(link *l, uint32_t exp, uint32_t max)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_NOP_IN, RIG_TAG_NONE);
    rig_set(bhs, RIG_F_EXP_CMD_SN, exp);
    rig_set(bhs, RIG_F_MAX_CMD_SN, max);
    bench_send(l, bhs, NULL, 0);
    bench_pump(l->w);
}

static void submit(bench *w, uint32_t num)
{
    for (uint32_t i = 0; i < num; i++) {
        job_io(&jobs[i], w, false, NULL, 0);
        job_submit(&jobs[i]);
    }
    bench_pump(w);
}

static bool ended(uint32_t num, rig_status status)
{
    bool all = true;
    for (uint32_t i = 0; i < num; i++)
        all = all && job_ended(&jobs[i], status);
    return all;
}

/* CmdSN begins with that of the login, grows by one a command and stops at MaxCmdSN (SEQ-001, -002, -015,
 * -020). */
static void opens_and_closes(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    window(l, 100, 163);
    submit(w, 0);
    bench_drain(l);
    window(l, 100, 99); /* MaxCmdSN only moves forward (SEQ-017): still 64 places */
    submit(w, 64);
    CU_ASSERT_EQUAL(l->num_seen, 64);
    for (uint32_t i = 0; i < 64; i++)
        CU_ASSERT_EQUAL(rig_get32(bench_want(l, RIG_PDU_SCSI_CMD)->bhs, RIG_F_CMD_SN), 100 + i);
    job more;
    job_io(&more, w, false, NULL, 0);
    job_submit(&more);
    CU_ASSERT(bench_quiet(l));
    window(l, 101, 163);
    CU_ASSERT(bench_quiet(l));
    window(l, 101, 164);
    CU_ASSERT_EQUAL(rig_get32(bench_want(l, RIG_PDU_SCSI_CMD)->bhs, RIG_F_CMD_SN), 164);
    rig_session_drop(w->session, true, w->now);
    CU_ASSERT(ended(64, RIG_E_RESET) && job_ended(&more, RIG_E_RESET));
    bench_free(w);
}

/* MaxCmdSN below ExpCmdSN - 1 makes both fields count for nothing (SEQ-016); neither goes back (SEQ-017,
 * -018). */
static void ignored_values(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    rig_session_facts before, after;
    rig_session_describe(w->session, &before);
    CU_ASSERT_EQUAL(before.exp_cmd_sn, 100);
    CU_ASSERT_EQUAL(before.max_cmd_sn, 163);
    window(l, 200, 198);
    window(l, 99, 150);
    window(l, 100, 162);
    rig_session_describe(w->session, &after);
    CU_ASSERT_EQUAL(after.exp_cmd_sn, 100);
    CU_ASSERT_EQUAL(after.max_cmd_sn, 163);
    submit(w, 64);
    bench_drain(l);
    window(l, 164, 163); /* the closed window is a legal one */
    rig_session_describe(w->session, &after);
    CU_ASSERT_EQUAL(after.exp_cmd_sn, 164);
    CU_ASSERT_EQUAL(after.max_cmd_sn, 163);
    bench_free(w);
}

/* A window of one serialises (SEQ-021), and the numbers wrap at 2^32 (SEQ-019). */
static void one_at_a_time_through_wrap(void)
{
    bench *w = bench_new();
    uint8_t bhs[RIG_BHS_LEN];
    w->config.cmd_sn = 0xfffffff0;
    bench_session(w);
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
    link *l = bench_accept(w);
    bench_login_answer(l, NULL);
    w->max_cmd_sn = w->exp_cmd_sn;
    const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
    static uint8_t text[4096];
    size_t len = bench_answers(s, NULL, text);
    bench_login_bhs(l, bhs, s);
    bench_status(l, bhs, text, len);
    /* the first response had opened the window wide: use those places up */
    submit(w, 64);
    for (uint32_t i = 0; i < 64; i++) {
        s = bench_want(l, RIG_PDU_SCSI_CMD);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_CMD_SN), 0xfffffff0 + i);
        w->exp_cmd_sn++;
    }
    CU_ASSERT_EQUAL(w->exp_cmd_sn, 0x30);
    w->max_cmd_sn = 0x2f;
    for (uint32_t i = 0; i < 64; i++)
        bench_good(l, jobs[i].task.itt, 0);
    CU_ASSERT(ended(64, RIG_OK));
    submit(w, 32);
    CU_ASSERT(bench_quiet(l));
    for (uint32_t i = 0; i < 32; i++) {
        window(l, 0x30 + i, 0x30 + i);
        s = bench_want(l, RIG_PDU_SCSI_CMD);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_CMD_SN), 0x30 + i);
        CU_ASSERT(bench_quiet(l));
        bench_good(l, jobs[i].task.itt, 0);
    }
    CU_ASSERT(ended(32, RIG_OK));
    bench_free(w);
}

/* Immediate requests need no place in the window and use no number up (SEQ-003). */
static void immediate(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    submit(w, 64);
    bench_drain(l);
    job urgent[2], later;
    job_io(&urgent[0], w, false, NULL, 0);
    urgent[0].task.immediate = true;
    job_init(&urgent[1], w, RIG_TASK_PING);
    urgent[1].task.immediate = true;
    job_io(&later, w, false, NULL, 0);
    job_submit(&later);
    job_submit(&urgent[0]);
    job_submit(&urgent[1]);
    const seen *s = bench_want(l, RIG_PDU_SCSI_CMD);
    CU_ASSERT_EQUAL(s->bhs[0], 0x41);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_CMD_SN), 164);
    s = bench_want(l, RIG_PDU_NOP_OUT);
    CU_ASSERT_EQUAL(s->bhs[0], 0x40);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_CMD_SN), 164);
    CU_ASSERT(bench_quiet(l));
    window(l, 164, 164);
    s = bench_want(l, RIG_PDU_SCSI_CMD);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_CMD_SN), 164);
    rig_session_drop(w->session, true, w->now);
    CU_ASSERT(urgent[0].done == 1 && urgent[1].done == 1 && later.done == 1);
    bench_free(w);
}

/* Every other kind of request takes a number, too, unless it is immediate (SEQ-046). */
static void all_kinds_are_numbered(void)
{
    static const rig_task_kind kinds[] = {RIG_TASK_PING, RIG_TASK_TEXT, RIG_TASK_TMF, RIG_TASK_LOGOUT};
    static const rig_pdu_kind pdus[] = {RIG_PDU_NOP_OUT, RIG_PDU_TEXT_REQ, RIG_PDU_TMF_REQ,
                                        RIG_PDU_LOGOUT_REQ};
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    for (uint32_t i = 0; i < 4; i++) {
        job_init(&jobs[i], w, kinds[i]);
        jobs[i].task.function = 5;
        const seen *s = job_sent(&jobs[i], l, pdus[i]);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_CMD_SN), 100 + i);
        CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_I), 0);
    }
    bench_free(w);
    CU_ASSERT(ended(4, RIG_E_ABORTED));
}

/* No two living tasks share a tag, and none has the reserved one, through many generations (PDU-022, -023).
 */
static void tags(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    job j;
    uint32_t before = RIG_TAG_NONE;
    for (uint32_t i = 0; i < 3000; i++) {
        job_io(&j, w, false, NULL, 0);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        CU_ASSERT(j.task.itt != before && j.task.itt != RIG_TAG_NONE);
        before = j.task.itt;
        bench_good(l, j.task.itt, 0);
        CU_ASSERT(job_ended(&j, RIG_OK));
    }
    submit(w, 64);
    for (uint32_t a = 0; a < 64; a++)
        for (uint32_t b = 0; b < a; b++)
            CU_ASSERT_NOT_EQUAL(jobs[a].task.itt, jobs[b].task.itt);
    bench_free(w);
}

/* RIG_SESSION_TASKS_MAX tasks fit, one more does not. */
static void task_limit(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    static job many[RIG_SESSION_TASKS_MAX];
    for (uint32_t i = 0; i < RIG_SESSION_TASKS_MAX; i++) {
        job_io(&many[i], w, false, NULL, 0);
        job_submit(&many[i]);
    }
    job one;
    job_io(&one, w, false, NULL, 0);
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &one.task, w->now), RIG_E_LIMIT);
    bench_drain(l);
    CU_ASSERT_EQUAL(rig_session_cancel(w->session, &many[3].task, w->now),
                    RIG_OK); /* there is room for that */
    bench_want(l, RIG_PDU_TMF_REQ);
    job end;
    job_init(&end, w, RIG_TASK_LOGOUT);
    job_submit(&end);
    window(l, 164, 163);
    bench_good(l, many[7].task.itt, 0);
    CU_ASSERT(job_ended(&many[7], RIG_OK));
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &one.task, w->now), RIG_OK);
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &one.task, w->now), RIG_E_BUSY);
    bench_free(w);
    uint32_t lost = 0;
    for (uint32_t i = 0; i < RIG_SESSION_TASKS_MAX; i++)
        lost += many[i].done != 1;
    CU_ASSERT_EQUAL(lost, 0);
    CU_ASSERT(job_ended(&one, RIG_E_ABORTED) && job_ended(&end, RIG_E_ABORTED));
}

/* ExpStatSN acknowledges every status (SEQ-033), through the wrap (SEQ-035). */
static void stat_sn(void)
{
    bench *w = bench_new();
    bench_session(w);
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
    link *l = bench_accept(w);
    l->stat_sn = 0xfffffffe;
    bench_login_on(l, NULL);
    for (uint32_t i = 0; i < 4; i++) {
        job_io(&jobs[i], w, false, NULL, 0);
        const seen *s = job_sent(&jobs[i], l, RIG_PDU_SCSI_CMD);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_EXP_STAT_SN), i);
        bench_good(l, jobs[i].task.itt, 0);
    }
    CU_ASSERT(ended(4, RIG_OK));
    bench_free(w);
}

/* A gap, and a number a second time, end the session at level 0 (SEQ-034, REC-040). */
static void stat_sn_gaps(void)
{
    static const int32_t steps[] = {1, -1, 100, 0x7fffffff};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        job_io(&jobs[0], w, false, NULL, 0);
        job_sent(&jobs[0], l, RIG_PDU_SCSI_CMD);
        l->stat_sn += (uint32_t)steps[i];
        bench_good(l, jobs[0].task.itt, 0);
        CU_ASSERT(bench_fell(w, RIG_E_SEQUENCE, "StatSN"));
        CU_ASSERT(job_ended(&jobs[0], RIG_E_SEQUENCE));
        bench_free(w);
    }
}

/* A NOP-In that wants nothing shows the next StatSN without using it; a lost status becomes visible. */
static void stat_sn_in_nop(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    window(l, 100, 163);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_NOP_IN], 1);
    l->stat_sn++;
    window(l, 100, 163);
    CU_ASSERT(bench_fell(w, RIG_E_SEQUENCE, "StatSN"));
    bench_free(w);
}

/* ExpCmdSN cannot lie beyond what was sent: a target that has it there acknowledges what it never got. */
static void acknowledges_too_much(void)
{
    for (uint32_t level = 0; level < 2; level++)
        for (uint32_t over = 0; over < 2; over++) {
            bench *w = bench_new();
            w->config.offer[RIG_KEY_RECOVERY_LEVEL].value = level;
            link *l = bench_up(w, level ? "ErrorRecoveryLevel=1\0" : NULL);
            job_io(&jobs[0], w, false, NULL, 0);
            job_sent(&jobs[0], l, RIG_PDU_SCSI_CMD);
            window(l, 101 + over, 200);
            CU_ASSERT_EQUAL(rig_session_is_up(w->session), !over);
            CU_ASSERT(!over || bench_fell(w, RIG_E_SEQUENCE, "ExpCmdSN"));
            bench_free(w);
        }
}

RIG_SUITE("initiator: command window and numbers", {"the window closes and opens again", opens_and_closes},
          {"values that go back are ignored", ignored_values},
          {"one at a time, through the wrap", one_at_a_time_through_wrap},
          {"immediate requests need no window", immediate},
          {"all kinds of requests have numbers", all_kinds_are_numbered},
          {"tags are unique and never the reserved one", tags}, {"the task limit", task_limit},
          {"every status is acknowledged", stat_sn}, {"gaps in StatSN end the session", stat_sn_gaps},
          {"a NOP-In shows a lost status", stat_sn_in_nop},
          {"more is acknowledged than was sent", acknowledges_too_much})
