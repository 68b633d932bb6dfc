/* What a host does in the middle of what it is told: drops and frees inside events and done(). It hears each
 * thing once, and nothing of a session it has freed. */
#include "bench.h"

static uint8_t buffer[4096];

/* When the host acts: in an event of that kind; in a transition only in that one. */
typedef struct plan {
    rig_event_kind kind;
    const char *transition;
    void (*act)(bench *w);
    uint32_t acted;      /* how often */
    uint32_t told_after; /* events behind it */
} plan;

static void follow(bench *w, const rig_event *event)
{
    plan *p = w->user;
    p->told_after += p->acted;
    if (p->acted || event->kind != p->kind)
        return;
    if (p->transition && !strstr(w->lines[(w->num_lines - 1) % BENCH_LINES], p->transition))
        return;
    p->acted++;
    p->act(w);
}

static void drop(bench *w)
{
    rig_session_drop(w->session, true, w->now);
}

static void free_session(bench *w)
{
    rig_session_free(w->session);
}

/* Connects and logs in as far as that goes. */
static void try_login(bench *w)
{
    uint32_t num = w->num_links;
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
    if (w->num_links == num)
        return;
    link *l = w->links[num];
    l->connected = true;
    bench_tell(l, RIG_STREAM_CONNECTED, RIG_OK);
    for (int i = 0; i < 2 && !l->gone && !l->closing; i++)
        bench_login_answer(l, NULL);
}

/* Every moment of a login: the session has come up and goes down, or its login has failed; never both. */
static const plan moments[] = {
    {.kind = RIG_EVENT_TRANSITION, .transition = "(T4)"},
    {.kind = RIG_EVENT_TRANSITION, .transition = "(T5)"},
    {.kind = RIG_EVENT_TRANSITION, .transition = "(N1)"},
    {.kind = RIG_EVENT_SESSION_UP},
};

static void dropped_in_a_login(void)
{
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        bench *w = bench_new();
        plan p = moments[i];
        p.act = drop;
        w->user = &p;
        w->on_event = follow;
        bench_session(w);
        try_login(w);
        CU_ASSERT_EQUAL(p.acted, 1);
        CU_ASSERT_EQUAL(w->events[RIG_EVENT_SESSION_DOWN], w->events[RIG_EVENT_SESSION_UP]);
        CU_ASSERT_EQUAL(w->events[RIG_EVENT_SESSION_DOWN] + w->events[RIG_EVENT_LOGIN_FAILED], 1);
        CU_ASSERT_EQUAL(w->events[RIG_EVENT_NEXUS_LOSS], w->events[RIG_EVENT_SESSION_UP]);
        CU_ASSERT(!rig_session_is_up(w->session));
        try_login(w); /* nothing of it is left */
        CU_ASSERT(rig_session_is_up(w->session));
        bench_free(w);
    }
}

/* The same in a login that follows a loss: the nexus of before is lost once. */
static void dropped_in_a_reconnect(void)
{
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        bench *w = bench_new();
        plan p = moments[i];
        w->config.reconnect = true;
        link *l = bench_up(w, NULL);
        bench_tell(l, RIG_STREAM_FAILED, RIG_E_RESET);
        p.act = drop;
        w->user = &p;
        w->on_event = follow;
        try_login(w);
        CU_ASSERT_EQUAL(p.acted, 1);
        CU_ASSERT_EQUAL(w->events[RIG_EVENT_SESSION_DOWN], w->events[RIG_EVENT_SESSION_UP]);
        CU_ASSERT_EQUAL(w->events[RIG_EVENT_SESSION_DOWN] + w->events[RIG_EVENT_LOGIN_FAILED], 2);
        rig_session_facts facts;
        rig_session_describe(w->session, &facts);
        if (facts.waits)
            CU_ASSERT_EQUAL(rig_session_give_up(w->session, w->now), RIG_OK);
        CU_ASSERT_EQUAL(w->events[RIG_EVENT_NEXUS_LOSS], w->events[RIG_EVENT_SESSION_UP]);
        bench_free(w);
    }
}

/* A session of level 2 with one connection that failed and one that is up is dropped, and once more in the
 * middle of that. */
static void dropped_twice(void)
{
    static const char *const middles[] = {"(T15)", "(S8)", "(M1)", "(N5)"};
    for (size_t i = 0; i < sizeof middles / sizeof middles[0]; i++) {
        bench *w = bench_new();
        w->config.reconnect = true;
        w->config.offer[RIG_KEY_RECOVERY_LEVEL].value = 2;
        w->config.offer[RIG_KEY_MAX_CONNECTIONS].value = 2;
        link *a = bench_up(w, "ErrorRecoveryLevel=2\0MaxConnections=2\0DefaultTime2Wait=3\0");
        CU_ASSERT_EQUAL_FATAL(rig_session_add_connection(w->session, &w->config.portal, w->now), RIG_OK);
        bench_login_on(bench_accept(w), NULL);
        bench_tell(a, RIG_STREAM_FAILED, RIG_E_RESET);
        plan p = {.kind = RIG_EVENT_TRANSITION, .transition = middles[i], .act = drop};
        w->user = &p;
        w->on_event = follow;
        drop(w);
        CU_ASSERT_EQUAL(p.acted, 1);
        CU_ASSERT(w->events[RIG_EVENT_SESSION_DOWN] == 1 && w->down == RIG_E_RESET);
        bench_tick_to(w, w->now + 5 * RIG_SECOND);
        CU_ASSERT(w->num_links == 3 && w->events[RIG_EVENT_SESSION_DOWN] == 1);
        bench_free(w);
    }
}

static void free_in_done(job *j)
{
    plan *p = j->w->user;
    p->acted++;
    free_session(j->w);
}

/* A request of the lost connection ends; told so, the host frees the session. */
static void freed_in_done(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    job j, other;
    plan p = {.kind = RIG_EVENT_IGNORED};
    job_io(&j, w, false, buffer, 512);
    j.then = free_in_done;
    job_submit(&j);
    job_io(&other, w, false, buffer, 512);
    job_submit(&other);
    bench_drain(l);
    w->user = &p;
    w->on_event = follow;
    bench_tell(l, RIG_STREAM_FAILED, RIG_E_RESET);
    CU_ASSERT(job_ended(&j, RIG_E_RESET) && other.done == 1);
    CU_ASSERT(p.acted == 1 && p.told_after == 0);
    bench_free(w);
}

static void freed_at(const plan *point, uint32_t level)
{
    static const char *const agreed[] = {NULL, "ErrorRecoveryLevel=1\0", "ErrorRecoveryLevel=2\0"};
    bench *w = bench_new();
    w->config.offer[RIG_KEY_RECOVERY_LEVEL].value = level;
    link *l = bench_up(w, agreed[level]);
    job j;
    plan p = *point;
    job_io(&j, w, false, buffer, 512);
    job_submit(&j);
    bench_drain(l);
    p.act = free_session;
    w->user = &p;
    w->on_event = follow;
    bench_tell(l, RIG_STREAM_FAILED, RIG_E_RESET);
    bench_tick_to(w, w->now + 100 * RIG_SECOND); /* what is recovered is given up by then */
    CU_ASSERT(p.acted == 1 && p.told_after == 0 && j.done == 1);
    bench_free(w);
}

/* It is freed in any event of a loss, be that the end of the session or one that could be recovered. */
static void freed_in_a_loss(void)
{
    static const plan points[] = {
        {.kind = RIG_EVENT_TRANSITION, .transition = "(T15)"},
        {.kind = RIG_EVENT_TRANSITION, .transition = "(S8)"},
        {.kind = RIG_EVENT_CLOSED},
        {.kind = RIG_EVENT_TRANSITION, .transition = "(N5)"},
        {.kind = RIG_EVENT_TRANSITION, .transition = "(M1)"},
        {.kind = RIG_EVENT_TRANSITION, .transition = "(N6)"},
        {.kind = RIG_EVENT_SESSION_DOWN},
        {.kind = RIG_EVENT_NEXUS_LOSS},
    };
    for (uint32_t level = 0; level < 3; level++)
        for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
            freed_at(&points[i], level);
}

static void freed_in_a_login(void)
{
    static const plan points[] = {
        {.kind = RIG_EVENT_TRANSITION, .transition = "(T2)"},
        {.kind = RIG_EVENT_CLOSED},
        {.kind = RIG_EVENT_LOGIN_FAILED},
    };
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        bench *w = bench_new();
        plan p = points[i];
        p.act = free_session;
        w->user = &p;
        w->on_event = follow;
        bench_session(w);
        CU_ASSERT_EQUAL_FATAL(rig_session_login(w->session, w->now), RIG_OK);
        bench_tell(w->links[0], RIG_STREAM_FAILED, RIG_E_REFUSED);
        CU_ASSERT(p.acted == 1 && p.told_after == 0);
        bench_free(w);
    }
}

RIG_SUITE("initiator: drops and frees inside callbacks", {"dropped in a login", dropped_in_a_login},
          {"dropped in a reconnect", dropped_in_a_reconnect}, {"dropped twice", dropped_twice},
          {"freed in done()", freed_in_done}, {"freed in a loss", freed_in_a_loss},
          {"freed in a login", freed_in_a_login})
