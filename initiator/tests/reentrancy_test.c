/* A host that calls the engine from inside what the engine calls: requests, cancels, logins, drops and frees
 * in events and in done(), while a target answers, refuses, loses and drops as it likes. A seed is one run;
 * what happens in it hangs on nothing but the seed. */
#include "bench.h"

#define SEEDS 500
#define TURNS 1500 /* of a run */
#define JOBS 64    /* open at once */
#define DEPTH 3    /* of calls from inside callbacks */

typedef struct world {
    bench *w;
    uint64_t seed, state;
    const char *agreed;
    job *jobs[JOBS];
    unsigned submitted, ended;
    unsigned depth;  /* callbacks the host stands in */
    unsigned inside; /* calls it made from there */
    bool live;       /* there is a session, and it was not freed */
    bool up, nexus;  /* as its events have it */
    unsigned ups, recovered;
    unsigned wrong;
} world;

static uint8_t disk[8192];
static uint8_t buffer[8192];

static uint32_t below(world *g, uint32_t n)
{
    g->state ^= g->state << 13;
    g->state ^= g->state >> 7;
    g->state ^= g->state << 17;
    return (uint32_t)((g->state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % n;
}

static bool once_in(world *g, uint32_t n)
{
    return below(g, n) == 0;
}

static void check(world *g, bool right, const char *what)
{
    if (!right && !g->wrong) /* the first one tells most */
        fprintf(stderr, "\nseed %llu: %s\n", (unsigned long long)g->seed, what);
    g->wrong += !right;
}

/* ---- the host ---- */

static void host(world *g);

static void host_inside(world *g, uint32_t n)
{
    if (g->depth >= DEPTH || !once_in(g, n))
        return;
    g->depth++;
    g->inside++;
    host(g);
    g->depth--;
}

/* The memory of a request is its owner's again, who gives it away. */
static void ended(rig_task *task, uint64_t now)
{
    job *j = (job *)task;
    world *g = j->w->user;
    uint32_t i = 0;
    (void)now;
    while (i < JOBS && g->jobs[i] != j)
        i++;
    check(g, i < JOBS, "done() for a request that has ended, or was never taken");
    if (i == JOBS)
        return;
    g->jobs[i] = NULL;
    g->ended++;
    memset(j, 0xdd, sizeof *j);
    free(j);
    host_inside(g, 5);
}

static void make_text(world *g, job *j)
{
    static char text[] = "SendTargets=";
    job_init(j, g->w, RIG_TASK_TEXT);
    j->iov = (struct iovec){text, sizeof text};
    j->task.out = &j->iov;
    j->task.num_out = 1;
    j->task.immediate = below(g, 2);
}

static void make_ping(world *g, job *j)
{
    job_init(j, g->w, RIG_TASK_PING);
    j->task.immediate = below(g, 2);
}

static void make_tmf(world *g, job *j)
{
    job *about = g->jobs[below(g, JOBS)];
    bool abort = about && about->task.kind == RIG_TASK_SCSI;
    job_init(j, g->w, RIG_TASK_TMF);
    j->task.immediate = below(g, 4);
    j->task.function = abort ? 1 : 5;
    j->task.reference = abort ? &about->task : NULL;
}

static void make_logout(world *g, job *j)
{
    job_init(j, g->w, RIG_TASK_LOGOUT);
    j->task.reason = (uint8_t)below(g, 3);
    j->task.cid = (uint16_t)below(g, 3);
    j->task.immediate = below(g, 2);
}

static void make_write(world *g, job *j)
{
    job_io(j, g->w, true, disk, 2048);
}

static void make_read(world *g, job *j)
{
    job_io(j, g->w, false, buffer, 1024);
    j->task.immediate = once_in(g, 8);
}

static void submit(world *g)
{
    static void (*const makes[])(world *, job *) = {make_ping,  make_text,  make_tmf,  make_write, make_write,
                                                    make_write, make_write, make_read, make_read,  make_read};
    uint32_t i = below(g, JOBS);
    if (g->jobs[i])
        return;
    job *j = calloc(1, sizeof *j);
    CU_ASSERT_PTR_NOT_NULL_FATAL(j);
    if (once_in(g, 40))
        make_logout(g, j);
    else
        makes[below(g, sizeof makes / sizeof makes[0])](g, j);
    j->task.done = ended;
    g->jobs[i] = j;
    if (rig_session_submit(g->w->session, &j->task, g->w->now) == RIG_OK) {
        g->submitted++;
        return;
    }
    g->jobs[i] = NULL;
    free(j);
}

static void cancel(world *g)
{
    job *j = g->jobs[below(g, JOBS)];
    if (j)
        rig_session_cancel(g->w->session, &j->task, g->w->now);
}

static void drop(world *g)
{
    rig_session_drop(g->w->session, below(g, 2), g->w->now);
}

static void login(world *g)
{
    rig_session_login(g->w->session, g->w->now);
}

static void give_up(world *g)
{
    rig_session_give_up(g->w->session, g->w->now);
}

static void add_connection(world *g)
{
    rig_session_add_connection(g->w->session, &g->w->config.portal, g->w->now);
}

/* From here on its owner hears nothing of it but how its requests end, and that before the call returns. */
static void free_session(world *g)
{
    if (!once_in(g, 6))
        return;
    g->live = false;
    rig_session_free(g->w->session);
    check(g, g->submitted == g->ended, "a request is left of a session that was freed");
}

static void host(world *g)
{
    static void (*const acts[])(world *) = {drop,   login,  login,  give_up, add_connection, add_connection,
                                            cancel, cancel, cancel, submit,  submit,         submit,
                                            submit, submit, submit, submit,  submit,         submit,
                                            submit, submit, submit, submit,  submit,         free_session};
    if (g->live)
        acts[below(g, sizeof acts / sizeof acts[0])](g);
}

static void new_session(world *g)
{
    bench *w = g->w;
    g->up = g->nexus = false;
    w->config.reconnect = below(g, 2);
    w->config.retry_login = below(g, 2);
    w->config.command_timeout = below(g, 2) ? 4 * RIG_SECOND : 0;
    w->config.nop_interval = below(g, 2) ? 3 * RIG_SECOND : 0;
    bench_session(w);
    g->live = true;
    rig_session_login(w->session, w->now);
}

/* ---- what it is told ---- */

static void told_up(world *g, const rig_event *event)
{
    check(g, !g->up, "SESSION_UP twice");
    check(g, !g->nexus, "SESSION_UP without the loss of the nexus there was");
    check(g, rig_session_is_up(event->session), "SESSION_UP of a session that is not up");
    g->up = g->nexus = true;
    g->ups++;
}

static void told_down(world *g, const rig_event *event)
{
    check(g, g->up, "SESSION_DOWN without SESSION_UP");
    check(g, !rig_session_is_up(event->session), "SESSION_DOWN of a session that is up");
    g->up = false;
}

static void told_nexus_loss(world *g)
{
    check(g, g->nexus, "NEXUS_LOSS without a nexus");
    g->nexus = false;
}

static void told(bench *w, const rig_event *event)
{
    world *g = w->user;
    check(g, g->live && event->session == w->session, "an event of a session that was freed");
    if (event->kind == RIG_EVENT_SESSION_UP)
        told_up(g, event);
    if (event->kind == RIG_EVENT_SESSION_DOWN)
        told_down(g, event);
    if (event->kind == RIG_EVENT_NEXUS_LOSS)
        told_nexus_loss(g);
    g->recovered += event->kind == RIG_EVENT_RECOVERED;
    host_inside(g, event->kind == RIG_EVENT_TRANSITION ? 60 : 8);
}

/* ---- the target ---- */

static void answer_login(world *g, link *l, const seen *s)
{
    uint8_t bhs[RIG_BHS_LEN];
    uint8_t text[8192];
    bool keys = rig_get(s->bhs, RIG_F_CSG) == 1 && !rig_get(s->bhs, RIG_F_TSIH);
    bench_first_numbers(l, s);
    bench_login_bhs(l, bhs, s);
    if (once_in(g, 12)) {
        rig_set(bhs, RIG_F_T, 0);
        rig_set(bhs, RIG_F_LOGIN_STATUS, below(g, 2) ? 0x0301 : 0x020a);
        bench_status(l, bhs, NULL, 0);
    } else {
        bench_status(l, bhs, text, bench_answers(s, keys ? g->agreed : NULL, text));
    }
}

/* A status that carries nothing but the value of one field. */
static void answer(link *l, rig_pdu_kind kind, uint32_t itt, rig_field_id field, uint64_t value)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, kind, itt);
    rig_set(bhs, field, value);
    bench_status(l, bhs, NULL, 0);
}

static void reject(link *l, const seen *s)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_REJECT, RIG_TAG_NONE);
    rig_set(bhs, RIG_F_REJECT_REASON, 9);
    bench_status(l, bhs, s->bhs, RIG_BHS_LEN);
}

static void answer_read(world *g, link *l, uint32_t itt)
{
    if (!once_in(g, 10)) /* or lost */
        bench_data_in(l, itt, 0, 0, disk, 512, false);
    bench_data_in(l, itt, 1, 512, disk + 512, 512, true);
    bench_good(l, itt, 2);
}

static void answer_command(world *g, link *l, const seen *s)
{
    uint32_t itt = rig_get32(s->bhs, RIG_F_ITT);
    if (once_in(g, 20))
        reject(l, s);
    else if (!rig_get(s->bhs, RIG_F_W))
        answer_read(g, l, itt);
    else if (once_in(g, 3))
        answer(l, RIG_PDU_SCSI_RESP, itt, RIG_F_SCSI_STATUS, 8);
    else
        bench_r2t(l, itt, 0, 7, 0, 0, 2048);
}

static void answer_text(world *g, link *l, uint32_t itt)
{
    static const char text[] = "TargetName=iqn.x:y\0X-foo=1";
    uint8_t bhs[RIG_BHS_LEN];
    bool final = !once_in(g, 3);
    bench_bhs(l, bhs, RIG_PDU_TEXT_RESP, itt);
    rig_set(bhs, RIG_F_F, final);
    rig_set(bhs, RIG_F_TTT, final ? RIG_TAG_NONE : 5);
    bench_status(l, bhs, text, sizeof text);
}

static void answer_logout(world *g, link *l, uint32_t itt)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_LOGOUT_RESP, itt);
    rig_set(bhs, RIG_F_LOGOUT_RESPONSE, once_in(g, 4) ? below(g, 4) : 0);
    rig_set(bhs, RIG_F_TIME2WAIT, below(g, 3));
    rig_set(bhs, RIG_F_TIME2RETAIN, below(g, 5));
    bench_status(l, bhs, NULL, 0);
}

static void answer_request(world *g, link *l, const seen *s)
{
    static const uint8_t functions[] = {0, 0, 0, 1, 1, 5};
    uint32_t itt = rig_get32(s->bhs, RIG_F_ITT);
    if (s->kind == RIG_PDU_SCSI_CMD)
        answer_command(g, l, s);
    else if (s->kind == RIG_PDU_DATA_OUT && rig_get(s->bhs, RIG_F_F))
        answer(l, RIG_PDU_SCSI_RESP, itt, RIG_F_EXP_DATA_SN, 1);
    else if (s->kind == RIG_PDU_TMF_REQ)
        answer(l, RIG_PDU_TMF_RESP, itt, RIG_F_TMF_RESPONSE, functions[below(g, 6)]);
    else if (s->kind == RIG_PDU_TEXT_REQ)
        answer_text(g, l, itt);
    else if (s->kind == RIG_PDU_NOP_OUT && itt != RIG_TAG_NONE)
        answer(l, RIG_PDU_NOP_IN, itt, RIG_F_TTT, RIG_TAG_NONE);
    else if (s->kind == RIG_PDU_LOGOUT_REQ)
        answer_logout(g, l, itt);
}

/* What has a number is taken in order; one in ten never arrives. */
static bool takes(world *g, const seen *s)
{
    bench *w = g->w;
    if (s->kind == RIG_PDU_DATA_OUT || s->kind == RIG_PDU_SNACK || rig_get(s->bhs, RIG_F_I))
        return true;
    if (rig_get32(s->bhs, RIG_F_CMD_SN) != w->exp_cmd_sn || once_in(g, 10))
        return false;
    w->exp_cmd_sn++;
    w->max_cmd_sn = w->exp_cmd_sn + below(g, 20);
    return true;
}

static void answer_next(world *g, link *l)
{
    const seen *next = bench_next(l);
    if (!next)
        return;
    seen s = *next; /* the answer may make room for the next one */
    uint8_t *data = malloc(s.len + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    if (s.len)
        memcpy(data, s.data, s.len);
    s.data = data;
    if (s.kind == RIG_PDU_LOGIN_REQ)
        answer_login(g, l, &s);
    else if (takes(g, &s) && !once_in(g, 12))
        answer_request(g, l, &s);
    free(data);
}

static void async(world *g, link *l)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_ASYNC, RIG_TAG_NONE);
    rig_set(bhs, RIG_F_ASYNC_EVENT, 1 + below(g, 5));
    rig_set(bhs, RIG_F_PARAMETER1, below(g, 3));
    rig_set(bhs, RIG_F_PARAMETER2, below(g, 3));
    rig_set(bhs, RIG_F_PARAMETER3, below(g, 5));
    bench_status(l, bhs, NULL, 0);
}

static void ping(world *g, link *l)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_NOP_IN, RIG_TAG_NONE);
    rig_set(bhs, RIG_F_TTT, below(g, 2) ? 9 : RIG_TAG_NONE);
    bench_send(l, bhs, NULL, 0);
}

static void disturb(world *g, link *l)
{
    uint32_t what = below(g, 5);
    if (what == 0)
        bench_tell(l, RIG_STREAM_FAILED, RIG_E_RESET);
    else if (what == 1 && !l->fin && !l->closing)
        bench_tell(l, RIG_STREAM_PEER_CLOSED, RIG_OK);
    else if (what == 2)
        async(g, l);
    else if (what > 2)
        ping(g, l);
}

static void accept(world *g, link *l)
{
    l->connected = !once_in(g, 6);
    bench_tell(l, l->connected ? RIG_STREAM_CONNECTED : RIG_STREAM_FAILED,
               l->connected ? RIG_OK : RIG_E_REFUSED);
}

static void target(world *g)
{
    bench *w = g->w;
    uint32_t num = w->num_links < 4 ? w->num_links : 4; /* the newest ones */
    link *l = num ? w->links[w->num_links - 1 - below(g, num)] : NULL;
    if (!l || l->gone)
        return;
    if (!l->connected)
        accept(g, l);
    else if (g->live && rig_session_is_up(w->session) && once_in(g, 8))
        disturb(g, l);
    else
        answer_next(g, l);
}

/* ---- a run ---- */

static void turn(world *g)
{
    bench *w = g->w;
    if (!g->live)
        new_session(g);
    w->refuse = once_in(g, 30) ? RIG_E_UNREACHABLE : RIG_OK;
    if (below(g, 3))
        target(g);
    else if (below(g, 2))
        host(g);
    else if (once_in(g, 3))
        bench_tick_to(w, w->now + below(g, 3000) * (RIG_SECOND / 1000));
    else
        bench_pump(w);
}

static void begin(world *g, uint64_t seed)
{
    static const char *const agreed[] = {
        "ErrorRecoveryLevel=0\0MaxConnections=4\0DefaultTime2Wait=3\0",
        "ErrorRecoveryLevel=1\0MaxConnections=4\0DefaultTime2Wait=3\0",
        "ErrorRecoveryLevel=2\0MaxConnections=4\0DefaultTime2Wait=3\0DefaultTime2Retain=9\0"};
    *g = (world){.w = bench_new(), .seed = seed, .state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15)};
    uint32_t level = (uint32_t)(seed % 3);
    g->agreed = agreed[level];
    g->w->user = g;
    g->w->on_event = told;
    g->w->config.offer[RIG_KEY_RECOVERY_LEVEL].value = level;
    g->w->config.offer[RIG_KEY_MAX_CONNECTIONS].value = 4;
    g->w->config.offer[RIG_KEY_IMMEDIATE_DATA].value = 0;
    g->w->config.offer[RIG_KEY_INITIAL_R2T].value = 1;
}

/* Its node goes while the session is as it is: everything of it ends, and nothing is told but that. */
static void end(world *g)
{
    g->live = false;
    bench_free(g->w);
    check(g, g->submitted == g->ended, "a request that never ended");
    for (uint32_t i = 0; i < JOBS; i++)
        free(g->jobs[i]);
}

static void any_call_anywhere(void)
{
    unsigned ups = 0, recovered = 0, inside = 0, requests = 0, wrong = 0;
    fill(disk, sizeof disk, 9);
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        world g;
        begin(&g, seed);
        for (unsigned i = 0; i < TURNS; i++)
            turn(&g);
        end(&g);
        ups += g.ups;
        recovered += g.recovered;
        inside += g.inside;
        requests += g.ended;
        wrong += g.wrong;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    /* the runs do get somewhere */
    CU_ASSERT(ups > SEEDS && recovered > SEEDS / 10 && inside > 10 * SEEDS && requests > 10 * SEEDS);
}

RIG_SUITE("initiator: calls from inside callbacks", {"any call anywhere", any_call_anywhere})
