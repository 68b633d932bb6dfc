/* What an adapter asks of a session beyond the RFC: how many requests, how long a Data-Out, how often a lost
 * session is tried, and from where a connection goes. */
#include "bench.h"

static void few_requests(void)
{
    bench *w = bench_new();
    w->config.max_tasks = 2;
    link *l = bench_up(w, NULL);
    job jobs[3];
    for (int i = 0; i < 3; i++) {
        job_init(&jobs[i], w, RIG_TASK_PING);
        rig_status status = rig_session_submit(w->session, &jobs[i].task, w->now);
        CU_ASSERT_EQUAL(status, i < 2 ? RIG_OK : RIG_E_LIMIT);
    }
    job logout;
    job_init(&logout, w, RIG_TASK_LOGOUT); /* there is always room to leave */
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &logout.task, w->now), RIG_OK);
    bench_drain(l);
    bench_free(w);
}

static void short_data_out(void)
{
    static const uint32_t limits[] = {0, 1460, 1462, 1u << 20};
    static const uint32_t first[] = {3000, 1460, 1460, 3000};
    for (int i = 0; i < 4; i++) {
        static uint8_t source[3000];
        bench *w = bench_new();
        w->config.max_data_out = limits[i];
        w->config.offer[RIG_KEY_IMMEDIATE_DATA].value = 0;
        link *l = bench_up(w, NULL);
        job j;
        job_io(&j, w, true, source, sizeof source);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        uint32_t at = 0;
        for (bool more = true; more && at < sizeof source;) {
            const seen *s = bench_want(l, RIG_PDU_DATA_OUT);
            uint32_t rest = (uint32_t)sizeof source - at;
            CU_ASSERT_EQUAL(s->len, rest < first[i] ? rest : first[i]);
            at += (uint32_t)s->len;
            more = !rig_get(s->bhs, RIG_F_F);
        }
        CU_ASSERT_EQUAL(at, sizeof source);
        bench_free(w);
    }
    bench *w = bench_new();
    w->config.max_data_out = RIG_DATA_OUT_MIN - 1;
    CU_ASSERT_EQUAL(rig_session_new(w->initiator, &w->config, &w->session, NULL), RIG_E_ARGUMENT);
    bench_free(w);
}

/* The first attempt comes when Time2Wait is over, the others a pause apart, however many there are. */
static void steady_attempts(void)
{
    bench *w = bench_new();
    w->config.reconnect = true;
    w->config.reconnect_max = RIG_RECONNECT_ENDLESS;
    w->config.reconnect_pause = 5 * RIG_SECOND;
    link *l = bench_up(w, NULL);
    w->refuse = RIG_E_UNREACHABLE;
    bench_tell(l, RIG_STREAM_FAILED, RIG_E_RESET);
    uint64_t at = w->now + 2 * RIG_SECOND;
    for (uint32_t i = 0; i < 40; i++) {
        CU_ASSERT_EQUAL(rig_initiator_next_deadline(w->initiator), at);
        bench_tick_to(w, at);
        CU_ASSERT_EQUAL(w->events[RIG_EVENT_LOGIN_FAILED], i + 1);
        at += 5 * RIG_SECOND;
    }
    bench_free(w);
}

/* Aimed elsewhere while nothing is under way, a session logs in there, with the ISID it has. */
static void aimed_elsewhere(void)
{
    const rig_portal other = {.host = "192.0.2.2", .port = 3261, .group = -1};
    const rig_address local = {0};
    bench *w = bench_new();
    bench_session(w);
    CU_ASSERT_EQUAL_FATAL(rig_session_login(w->session, w->now), RIG_OK);
    CU_ASSERT_EQUAL(rig_session_aim(w->session, &other, &local), RIG_E_STATE);
    bench_tell(w->links[0], RIG_STREAM_FAILED, RIG_E_REFUSED);
    CU_ASSERT_EQUAL(rig_session_aim(w->session, &other, &local), RIG_OK);
    link *l = bench_login(w, NULL);
    CU_ASSERT_STRING_EQUAL(l->to.host, "192.0.2.2");
    CU_ASSERT_EQUAL(l->to.port, 3261);
    CU_ASSERT_EQUAL(rig_session_aim(w->session, &w->config.portal, &local), RIG_E_STATE);
    bench_free(w);
}

RIG_SUITE("what adapters ask of sessions", {"few requests at a time", few_requests},
          {"short Data-Out PDUs", short_data_out}, {"attempts a steady pause apart", steady_attempts},
          {"logged in elsewhere", aimed_elsewhere})
