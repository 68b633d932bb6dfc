/* Calls that wait, over a driver whose turns are the target's script; and the counters (RFC 7147). */
#include "bench.h"
#include "rig/blocking.h"

typedef struct script {
    bench *w;
    void (*const *turns)(struct script *s);
    uint32_t at, num;
    link *l;
    uint64_t deadline;
} script;

static uint64_t script_now(void *ctx)
{
    const script *s = ctx;
    return s->w->now;
}

static rig_status script_turn(void *ctx, uint64_t deadline)
{
    script *s = ctx;
    s->deadline = deadline;
    bench_pump(s->w);
    if (s->at < s->num) {
        s->turns[s->at++](s);
        return RIG_OK;
    }
    if (deadline == RIG_NEVER)
        return RIG_E_IO;
    bench_tick_to(s->w, deadline);
    return RIG_OK;
}

static void log_in(script *s)
{
    s->l = bench_accept(s->w);
    bench_login_on(s->l, NULL);
}

static void refuse(script *s)
{
    uint8_t bhs[RIG_BHS_LEN];
    link *l = bench_accept(s->w);
    bench_login_bhs(l, bhs, bench_want(l, RIG_PDU_LOGIN_REQ));
    rig_set(bhs, RIG_F_LOGIN_STATUS, 0x0203);
    bench_status(l, bhs, NULL, 0);
}

static void answer(script *s)
{
    const seen *request = bench_next(s->l);
    CU_ASSERT_PTR_NOT_NULL_FATAL(request);
    bench_took(s->w, request);
    uint8_t bhs[RIG_BHS_LEN];
    uint32_t itt = rig_get32(request->bhs, RIG_F_ITT);
    if (request->kind == RIG_PDU_SCSI_CMD) {
        bench_good(s->l, itt, 0);
        return;
    }
    bench_bhs(s->l, bhs, RIG_PDU_LOGOUT_RESP, itt);
    bench_status(s->l, bhs, NULL, 0);
}

static script script_of(bench *w, void (*const *turns)(script *s), uint32_t num)
{
    return (script){.w = w, .turns = turns, .num = num};
}

static void login_command_logout(void)
{
    static void (*const turns[])(script *) = {log_in, answer, answer};
    bench *w = bench_new();
    script s = script_of(w, turns, 3);
    const rig_driver driver = {script_now, script_turn, &s};
    rig_session_counters count;
    rig_node_counters node;
    job j;
    bench_session(w);
    CU_ASSERT_EQUAL(rig_wait_login(&driver, w->session, RIG_SECOND), RIG_OK);
    CU_ASSERT_EQUAL(s.deadline, w->now + RIG_SECOND);
    job_io(&j, w, true, NULL, 0);
    void (*done)(rig_task *, uint64_t) = j.task.done;
    CU_ASSERT_EQUAL(rig_wait_task(&driver, w->session, &j.task, 0), RIG_OK);
    CU_ASSERT(j.done == 0 && j.task.done == done && j.task.user == NULL);
    CU_ASSERT_EQUAL(rig_wait_logout(&driver, w->session, RIG_SECOND), RIG_OK);
    CU_ASSERT_FALSE(rig_session_is_up(w->session));
    rig_session_count(w->session, &count);
    CU_ASSERT(count.cmd_pdus == 1 && count.rsp_pdus == 1 && count.connection_failures == 0);
    rig_initiator_count(w->initiator, &node);
    CU_ASSERT(node.login_accepts == 1 && node.logout_normals == 1 && node.session_failures == 0);
    bench_free(w);
}

static void what_ends_a_login(void)
{
    static void (*const turns[])(script *) = {refuse};
    bench *w = bench_new();
    script s = script_of(w, turns, 1);
    const rig_driver driver = {script_now, script_turn, &s};
    rig_session_facts facts;
    rig_node_counters node;
    bench_session(w);
    CU_ASSERT_EQUAL(rig_wait_login(&driver, w->session, RIG_SECOND), RIG_E_REFUSED);
    rig_session_describe(w->session, &facts);
    CU_ASSERT(facts.login_result == RIG_E_REFUSED && facts.login_status == 0x0203);
    rig_initiator_count(w->initiator, &node);
    CU_ASSERT(node.login_other_fails == 1 && node.login_accepts == 0);
    CU_ASSERT_EQUAL(rig_wait_login(&driver, w->session, RIG_SECOND), RIG_E_TIMEOUT);
    bench_free(w);
}

/* A task that is given up comes back all the same; a driver that fails ends the call. */
static void given_up(void)
{
    static void (*const turns[])(script *) = {log_in};
    bench *w = bench_new();
    script s = script_of(w, turns, 1);
    const rig_driver driver = {script_now, script_turn, &s};
    rig_session_counters count;
    job j;
    bench_session(w);
    CU_ASSERT_EQUAL(rig_wait_login(&driver, w->session, 0), RIG_OK);
    job_io(&j, w, true, NULL, 0);
    CU_ASSERT_EQUAL(rig_wait_task(&driver, w->session, &j.task, RIG_SECOND), RIG_E_TIMEOUT);
    CU_ASSERT(!rig_session_is_up(w->session) && j.task.status == RIG_E_RESET);
    rig_session_count(w->session, &count);
    CU_ASSERT_EQUAL(count.connection_failures, 1);
    CU_ASSERT_EQUAL(rig_wait_task(&driver, w->session, &j.task, 0), RIG_E_STATE);
    CU_ASSERT_EQUAL(rig_wait_up(&driver, w->session, 0), RIG_E_STATE);
    bench_free(w);
    w = bench_new();
    s = script_of(w, turns, 1);
    bench_session(w);
    CU_ASSERT_EQUAL(rig_wait_login(&driver, w->session, 0), RIG_OK);
    job_io(&j, w, true, NULL, 0);
    CU_ASSERT_EQUAL(rig_wait_task(&driver, w->session, &j.task, 0), RIG_E_IO);
    bench_free(w);
}

/* A session that lost its connection is waited for until it has logged in again. */
static void up_again(void)
{
    static void (*const turns[])(script *) = {log_in, log_in};
    bench *w = bench_new();
    w->config.reconnect = true;
    script s = script_of(w, turns, 1);
    const rig_driver driver = {script_now, script_turn, &s};
    bench_session(w);
    CU_ASSERT_EQUAL(rig_wait_login(&driver, w->session, 0), RIG_OK);
    bench_tell(s.l, RIG_STREAM_FAILED, RIG_E_RESET);
    CU_ASSERT_FALSE(rig_session_is_up(w->session));
    bench_tick_to(w, w->now + 2 * RIG_SECOND);
    s.num = 2;
    CU_ASSERT_EQUAL(rig_wait_up(&driver, w->session, RIG_SECOND), RIG_OK);
    CU_ASSERT(rig_session_is_up(w->session));
    bench_free(w);
}

RIG_SUITE("initiator: calls that wait", {"login, command, logout", login_command_logout},
          {"what ends a login", what_ends_a_login}, {"given up", given_up}, {"up again", up_again})
