/* Logout, by us and at the target's wish, and the other Asynchronous Messages (RFC 7143
 * sections 11.9, 11.14, 11.15). */
#include "bench.h"

static uint8_t buffer[4096];

static void logout_response(link *l, uint32_t itt, uint8_t response)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_LOGOUT_RESP, itt);
    rig_set(bhs, RIG_F_LOGOUT_RESPONSE, response);
    bench_status(l, bhs, NULL, 0);
    bench_pump(l->w);
}

static void async(link *l, uint8_t event, uint16_t p1, uint16_t p2, uint16_t p3)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_ASYNC, RIG_TAG_NONE);
    rig_set(bhs, RIG_F_ASYNC_EVENT, event);
    rig_set(bhs, RIG_F_PARAMETER1, p1);
    rig_set(bhs, RIG_F_PARAMETER2, p2);
    rig_set(bhs, RIG_F_PARAMETER3, p3);
    bench_status(l, bhs, NULL, 0);
}

/* A second connection of the session. */
static link *second(bench *w)
{
    CU_ASSERT_EQUAL_FATAL(rig_session_add_connection(w->session, &w->config.portal, w->now), RIG_OK);
    link *l = bench_accept(w);
    bench_login_on(l, NULL);
    return l;
}

static link *up_for_two(bench *w)
{
    w->config.offer[RIG_KEY_MAX_CONNECTIONS].value = 4;
    return bench_up(w, "MaxConnections=2\0");
}

/* A Logout of the session: other tasks end with it, nothing follows it, both sides close (LOGOUT-001 to -003,
 * -010). */
static void close_session(void)
{
    for (int immediate = 0; immediate < 2; immediate++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        job j, out, late, ping;
        job_io(&j, w, false, buffer, 512);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        job_init(&out, w, RIG_TASK_LOGOUT);
        out.task.immediate = immediate;
        const seen *s = job_sent(&out, l, RIG_PDU_LOGOUT_REQ);
        CU_ASSERT_EQUAL(s->bhs[0], immediate ? 0x46 : 0x06);
        CU_ASSERT_EQUAL(s->bhs[1], 0x80);
        CU_ASSERT(s->len == 0 && s->ahs_len == 0);
        CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_CID), 0);
        CU_ASSERT(bench_moved(w, "T9"));
        job_io(&late, w, false, buffer, 512);
        job_submit(&late);
        job_init(&ping, w, RIG_TASK_PING);
        ping.task.immediate = true;
        job_submit(&ping);
        CU_ASSERT(bench_quiet(l));
        logout_response(l, out.task.itt, 0);
        CU_ASSERT(job_ended(&out, RIG_OK));
        CU_ASSERT(job_ended(&j, RIG_E_ABORTED) && job_ended(&late, RIG_E_ABORTED) &&
                  job_ended(&ping, RIG_E_ABORTED));
        CU_ASSERT(bench_moved(w, "T13") && bench_moved(w, "N3"));
        CU_ASSERT_EQUAL(w->events[RIG_EVENT_SESSION_DOWN], 1);
        CU_ASSERT_EQUAL(w->down, RIG_OK);
        CU_ASSERT_EQUAL(w->closed, RIG_OK);
        CU_ASSERT(l->fin && !l->reset);
        CU_ASSERT_EQUAL(rig_session_submit(w->session, &j.task, w->now), RIG_E_STATE);
        bench_login(w, NULL); /* and again, with a session of its own */
        bench_free(w);
    }
}

/* A target that keeps its end open does not keep ours open (LOGOUT-011). */
static void withheld_fin(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    job out;
    job_init(&out, w, RIG_TASK_LOGOUT);
    job_sent(&out, l, RIG_PDU_LOGOUT_REQ);
    w->hold_fin = true;
    logout_response(l, out.task.itt, 0);
    CU_ASSERT(l->fin && !l->gone);
    static const uint8_t rubbish[100];
    bench_bytes(l, rubbish, sizeof rubbish); /* what still comes is of no interest */
    bench_tick_to(w, w->now + 2 * RIG_SECOND);
    CU_ASSERT(l->gone && l->reset);
    bench_free(w);
}

/* A Logout Response before our data has left: its memory is given back by a reset, and only then. */
static void hostile_response(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, "InitialR2T=Yes\0ImmediateData=Yes\0");
    job j, out;
    w->hold_sent = true;
    job_io(&j, w, true, buffer, sizeof buffer);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    job_init(&out, w, RIG_TASK_LOGOUT);
    job_sent(&out, l, RIG_PDU_LOGOUT_REQ);
    logout_response(l, out.task.itt, 0);
    CU_ASSERT(job_ended(&out, RIG_OK) && job_ended(&j, RIG_E_ABORTED));
    CU_ASSERT(l->reset);
    bench_free(w);
}

/* A refusal, a Reject and no answer all leave the connection to recovery (T17). */
static void failed_logout(void)
{
    for (int how = 0; how < 3; how++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        uint8_t header[RIG_BHS_LEN];
        uint8_t bhs[RIG_BHS_LEN];
        job out;
        job_init(&out, w, RIG_TASK_LOGOUT);
        out.task.timeout = 4 * RIG_SECOND;
        memcpy(header, job_sent(&out, l, RIG_PDU_LOGOUT_REQ)->bhs, RIG_BHS_LEN);
        if (how == 0)
            logout_response(l, out.task.itt, 3);
        if (how == 1) {
            bench_bhs(l, bhs, RIG_PDU_REJECT, RIG_TAG_NONE);
            rig_set(bhs, RIG_F_REJECT_REASON, 0x04);
            bench_status(l, bhs, header, sizeof header);
        }
        bench_tick_to(w, w->now + 4 * RIG_SECOND);
        CU_ASSERT_EQUAL(out.done, 1);
        CU_ASSERT_EQUAL(out.task.status, how < 2 ? RIG_E_REFUSED : RIG_E_TIMEOUT);
        CU_ASSERT_EQUAL(out.task.response, how == 0 ? 3 : how == 1 ? 4 : 0);
        CU_ASSERT(bench_moved(w, "T17"));
        static const rig_status why[] = {RIG_E_REFUSED, RIG_E_PROTOCOL, RIG_E_TIMEOUT};
        CU_ASSERT(bench_fell(w, why[how], NULL));
        bench_free(w);
    }
}

/* One connection of two, on itself or on the other one; the other goes on (LOGOUT-006, -007, SEQ-051). */
static void close_connection(void)
{
    for (int first = 0; first < 2; first++) {
        bench *w = bench_new();
        link *a = up_for_two(w);
        link *b = second(w);
        link *closed = first ? a : b; /* it carries its own logout (section 11.14) */
        link *open = first ? b : a;
        job out, on_a, on_b, more;
        job_io(&on_a, w, false, NULL, 0);
        job_sent(&on_a, a, RIG_PDU_SCSI_CMD);
        a->connected = false;
        job_io(&on_b, w, false, NULL, 0);
        job_sent(&on_b, b, RIG_PDU_SCSI_CMD);
        job_init(&out, w, RIG_TASK_LOGOUT);
        out.task.reason = 1;
        out.task.cid = first ? 0 : 1;
        a->connected = true;
        const seen *s = job_sent(&out, closed, RIG_PDU_LOGOUT_REQ);
        CU_ASSERT_EQUAL(s->bhs[1], 0x81);
        CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_CID), out.task.cid);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_EXP_STAT_SN), closed->stat_sn);
        logout_response(closed, out.task.itt, 0);
        CU_ASSERT(job_ended(&out, RIG_OK));
        CU_ASSERT(closed->gone && !open->gone && rig_session_is_up(w->session));
        CU_ASSERT_EQUAL(on_a.done, first ? 1u : 0u);
        CU_ASSERT_EQUAL(on_b.done, first ? 0u : 1u);
        job_io(&more, w, false, NULL, 0);
        job_sent(&more, open, RIG_PDU_SCSI_CMD);
        job_init(&out, w, RIG_TASK_LOGOUT); /* the last one takes the session with it */
        out.task.reason = 1;
        out.task.cid = first ? 1 : 0;
        job_sent(&out, open, RIG_PDU_LOGOUT_REQ);
        logout_response(open, out.task.itt, 0);
        CU_ASSERT_EQUAL(w->down, RIG_OK);
        CU_ASSERT(!rig_session_is_up(w->session) && open->gone);
        CU_ASSERT_EQUAL(w->events[RIG_EVENT_SESSION_DOWN], 1);
        bench_free(w);
    }
}

/* A session's logout closes the others as well, in whatever state they are (T8, T7, T2, T13 of theirs). */
static void close_session_of_two(void)
{
    bench *w = bench_new();
    w->config.offer[RIG_KEY_MAX_CONNECTIONS].value = 4;
    link *a = bench_up(w, "MaxConnections=4\0");
    link *b = second(w);
    CU_ASSERT_EQUAL(rig_session_add_connection(w->session, &w->config.portal, w->now), RIG_OK);
    link *c = bench_accept(w); /* in login */
    CU_ASSERT_EQUAL(rig_session_add_connection(w->session, &w->config.portal, w->now), RIG_OK);
    link *d = w->links[3]; /* still connecting */
    CU_ASSERT_EQUAL(rig_session_add_connection(w->session, &w->config.portal, w->now), RIG_E_LIMIT);
    job out, on_b;
    a->connected = false;
    job_io(&on_b, w, false, NULL, 0);
    job_sent(&on_b, b, RIG_PDU_SCSI_CMD);
    a->connected = true;
    job_init(&out, w, RIG_TASK_LOGOUT);
    b->connected = false;
    job_sent(&out, a, RIG_PDU_LOGOUT_REQ);
    b->connected = true;
    logout_response(a, out.task.itt, 0);
    CU_ASSERT(a->gone && b->gone && c->gone && d->gone);
    CU_ASSERT(job_ended(&out, RIG_OK) && job_ended(&on_b, RIG_E_ABORTED));
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_SESSION_DOWN], 1);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_CLOSED], 4);
    bench_free(w);
}

/* A connection nobody has: the answer says so, and nothing else happens. */
static void unknown_cid(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    job out;
    job_init(&out, w, RIG_TASK_LOGOUT);
    out.task.reason = 3;
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &out.task, w->now), RIG_E_ARGUMENT);
    out.task.reason = 2;
    out.task.cid = 99;
    const seen *s = job_sent(&out, l, RIG_PDU_LOGOUT_REQ);
    CU_ASSERT_EQUAL(s->bhs[1], 0x82);
    logout_response(l, out.task.itt, 1);
    CU_ASSERT(job_ended(&out, RIG_E_REFUSED));
    CU_ASSERT_EQUAL(out.task.response, 1);
    CU_ASSERT(rig_session_is_up(w->session) && !l->gone);
    bench_free(w);
}

static void response_for_nobody(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    logout_response(l, 5, 0);
    CU_ASSERT(bench_fell(w, RIG_E_PROTOCOL, "ITT"));
    bench_free(w);
}

/* ---- Asynchronous Messages ---- */

/* Event 1: a Logout at once, and nothing new before it; again and again it stays one (ASYNC-005, -006, -010).
 */
static void logout_asked(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    job j, ping;
    job_io(&j, w, false, NULL, 0);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    l->connected = false;
    job_init(&ping, w, RIG_TASK_PING);
    ping.task.immediate = true;
    job_submit(&ping);
    async(l, 1, 0, 0, 5);
    async(l, 1, 0, 0, 5);
    CU_ASSERT(bench_moved(w, "T11") && bench_moved(w, "T12"));
    l->connected = true;
    bench_wake(&l->base);
    const seen *s = bench_want(l, RIG_PDU_LOGOUT_REQ);
    CU_ASSERT_EQUAL(s->bhs[0], 0x46);
    CU_ASSERT_EQUAL(s->bhs[1], 0x80);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_EXP_STAT_SN), l->stat_sn); /* ASYNC-002 */
    uint32_t itt = rig_get32(s->bhs, RIG_F_ITT);
    CU_ASSERT(bench_moved(w, "T10"));
    async(l, 1, 0, 0, 5);
    CU_ASSERT(bench_moved(w, "T14"));
    CU_ASSERT(bench_quiet(l));
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_ASYNC], 3);
    logout_response(l, itt, 0);
    CU_ASSERT(job_ended(&j, RIG_E_ABORTED) && job_ended(&ping, RIG_E_ABORTED));
    CU_ASSERT_EQUAL(w->down, RIG_OK);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_SESSION_DOWN], 1);
    bench_free(w);
}

/* One of two: that connection, on itself; the other one goes on. */
static void logout_asked_of_one(void)
{
    bench *w = bench_new();
    link *a = up_for_two(w);
    link *b = second(w);
    async(b, 1, 0, 0, 5);
    const seen *s = bench_want(b, RIG_PDU_LOGOUT_REQ);
    CU_ASSERT_EQUAL(s->bhs[1], 0x81);
    CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_CID), 1);
    CU_ASSERT(bench_quiet(a));
    logout_response(b, rig_get32(s->bhs, RIG_F_ITT), 0);
    CU_ASSERT(b->gone && !a->gone && rig_session_is_up(w->session));
    bench_free(w);
}

/* A failure while the target waits for our Logout (T16). */
static void lost_while_asked(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    l->connected = false;
    async(l, 1, 0, 0, 5);
    bench_tell(l, RIG_STREAM_FAILED, RIG_E_RESET);
    CU_ASSERT(bench_moved(w, "T16"));
    CU_ASSERT(bench_fell(w, RIG_E_RESET, NULL));
    bench_free(w);
}

static uint64_t wait_after(uint8_t event, uint16_t p1, uint16_t p2, uint64_t agreed)
{
    bench *w = bench_new();
    char answer[64] = {0};
    w->config.reconnect = true;
    snprintf(answer, sizeof answer - 1, "DefaultTime2Wait=%llu", (unsigned long long)agreed);
    link *l = bench_up(w, answer);
    if (event)
        async(l, event, p1, p2, 30);
    else
        bench_tell(l, RIG_STREAM_FAILED, RIG_E_RESET);
    bench_pump(w);
    CU_ASSERT(event == 0 || (!w->by_target && w->down == RIG_E_CLOSED));
    CU_ASSERT(l->gone);
    uint64_t wait = rig_initiator_next_deadline(w->initiator) - w->now;
    bench_tick_to(w, w->now + wait);
    CU_ASSERT_EQUAL(w->num_links, 2);
    bench_login_on(bench_accept(w), answer);
    CU_ASSERT(rig_session_is_up(w->session));
    bench_free(w);
    return wait;
}

/* Events 2 and 3: the target's own time to wait counts, this once (ASYNC-011 to -015, -028, REC-022). */
static void drops_announced(void)
{
    CU_ASSERT_EQUAL(wait_after(0, 0, 0, 7), 7 * RIG_SECOND);
    CU_ASSERT_EQUAL(wait_after(2, 0, 5, 7), 5 * RIG_SECOND);
    CU_ASSERT_EQUAL(wait_after(2, 0, 0, 7), 0);
    CU_ASSERT_EQUAL(wait_after(3, 0, 9, 2), 9 * RIG_SECOND);
    CU_ASSERT_EQUAL(wait_after(3, 0, 0, 2), 0);
}

/* Event 2 for the other connection: it is closed by a logout on this one once its time to wait is over, and
 * the session goes on; for none of ours the event is just told (MCS-013, MCS-014, REC-025). */
static void drop_of_another(void)
{
    bench *w = bench_new();
    link *a = up_for_two(w);
    link *b = second(w);
    async(a, 2, 77, 0, 0);
    CU_ASSERT(rig_session_is_up(w->session));
    async(a, 2, 1, 3, 0);
    bench_pump(w);
    CU_ASSERT(!a->gone && b->gone && rig_session_is_up(w->session));
    bench_tick_to(w, w->now + 3 * RIG_SECOND - 1);
    CU_ASSERT_PTR_NULL(a->first);
    bench_tick_to(w, w->now + 1);
    const seen *s = bench_want(a, RIG_PDU_LOGOUT_REQ);
    CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_LOGOUT_REASON), 1);
    CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_CID), 1);
    logout_response(a, rig_get32(s->bhs, RIG_F_ITT), 0);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_RECOVERED], 1);
    CU_ASSERT(!a->gone && rig_session_is_up(w->session));
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_SESSION_DOWN], 0);
    bench_free(w);
}

/* Event 4 gets an empty Text Request, unless one is under way (ASYNC-016, -017). */
static void negotiation_asked(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    uint8_t bhs[RIG_BHS_LEN];
    async(l, 4, 0, 0, 3);
    const seen *s = bench_want(l, RIG_PDU_TEXT_REQ);
    CU_ASSERT_EQUAL(s->bhs[1], 0x80);
    CU_ASSERT_EQUAL(s->len, 0);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_TTT), RIG_TAG_NONE);
    uint32_t itt = rig_get32(s->bhs, RIG_F_ITT);
    bench_took(w, s);
    async(l, 4, 0, 0, 3);
    CU_ASSERT(bench_quiet(l));
    bench_bhs(l, bhs, RIG_PDU_TEXT_RESP, itt);
    rig_set(bhs, RIG_F_F, 1);
    bench_status(l, bhs, "MaxRecvDataSegmentLength=1024", 30);
    job j;
    job_io(&j, w, true, buffer, sizeof buffer); /* the new limit holds (NEG-062) */
    CU_ASSERT_EQUAL(job_sent(&j, l, RIG_PDU_SCSI_CMD)->len, 1024);
    bench_free(w);
}

/* All other events are told and harm nothing (ASYNC-003, -021, -022, -023). */
static void other_events(void)
{
    static const uint8_t events[] = {0, 5, 6, 100, 247, 248, 255};
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    for (size_t i = 0; i < sizeof events; i++)
        async(l, events[i], 0xffff, 0xffff, 0xffff);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_ASYNC], sizeof events);
    CU_ASSERT(rig_session_is_up(w->session));
    CU_ASSERT(bench_quiet(l));
    bench_free(w);
}

/* ---- who still wants the session ---- */

static void note_again(bench *w, const rig_event *event)
{
    bool *again = w->user;
    if (event->kind == RIG_EVENT_SESSION_DOWN)
        *again = event->again;
}

/* The connection is lost now: whether the engine logs in again by itself. */
static bool comes_back(bench *w, link *l)
{
    bool again = false;
    w->user = &again;
    w->on_event = note_again;
    bench_tell(l, RIG_STREAM_FAILED, RIG_E_RESET);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_SESSION_DOWN], 1);
    bench_tick_to(w, w->now + 10 * RIG_SECOND);
    CU_ASSERT_EQUAL(w->num_links > 1, again);
    w->on_event = NULL;
    return again;
}

static link *up_for_good(bench *w)
{
    w->config.reconnect = true;
    return bench_up(w, NULL);
}

/* Two logouts, of which one is taken back: the session is not wanted any more, as the other one says. */
static void one_of_two_taken_back(void)
{
    bench *w = bench_new();
    link *l = up_for_good(w);
    job out, back;
    job_init(&out, w, RIG_TASK_LOGOUT);
    job_sent(&out, l, RIG_PDU_LOGOUT_REQ);
    job_init(&back, w, RIG_TASK_LOGOUT);
    job_submit(&back);
    CU_ASSERT_EQUAL(rig_session_cancel(w->session, &back.task, w->now), RIG_OK);
    CU_ASSERT(job_ended(&back, RIG_E_ABORTED));
    CU_ASSERT(!comes_back(w, l));
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_NEXUS_LOSS], 1);
    bench_free(w);
}

/* Both are taken back, before they went: it is wanted again. */
static void both_taken_back(void)
{
    bench *w = bench_new();
    link *l = up_for_good(w);
    job out[2];
    l->connected = false; /* nothing leaves */
    for (int i = 0; i < 2; i++) {
        job_init(&out[i], w, RIG_TASK_LOGOUT);
        job_submit(&out[i]);
    }
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(rig_session_cancel(w->session, &out[i].task, w->now), RIG_OK);
    l->connected = true;
    CU_ASSERT(comes_back(w, l));
    bench_free(w);
}

/* A logout that never went by its time has failed, and the session is as it was. */
static void never_went(void)
{
    bench *w = bench_new();
    link *l = up_for_good(w);
    job out;
    l->connected = false;
    job_init(&out, w, RIG_TASK_LOGOUT);
    job_submit(&out);
    bench_tick_to(w, w->now + 31 * RIG_SECOND);
    CU_ASSERT(job_ended(&out, RIG_E_TIMEOUT) && rig_session_is_up(w->session));
    l->connected = true;
    CU_ASSERT(comes_back(w, l));
    bench_free(w);
}

/* To close the only connection is to close the session (11.14.1). */
static void only_connection(void)
{
    bench *w = bench_new();
    link *l = up_for_good(w);
    job out;
    job_init(&out, w, RIG_TASK_LOGOUT);
    out.task.reason = 1;
    job_sent(&out, l, RIG_PDU_LOGOUT_REQ);
    CU_ASSERT(!comes_back(w, l));
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_NEXUS_LOSS], 1);
    bench_free(w);
}

/* CmdSN n has gone on A, n+1 on B, which is logged out before A's command is there: the target discards n+1
 * with B (section 11.14.1). Something else takes the number, or nothing behind it would ever run (4.2.2.1).
 */
static void hole_behind_a_closed_one(void)
{
    bench *w = bench_new();
    link *a = up_for_two(w);
    link *b = second(w);
    job on_a, on_b, next;
    uint8_t bhs[RIG_BHS_LEN];
    b->connected = false;
    job_io(&on_a, w, false, NULL, 0);
    job_submit(&on_a);
    uint32_t first = rig_get32(bench_want(a, RIG_PDU_SCSI_CMD)->bhs, RIG_F_CMD_SN);
    b->connected = true;
    a->connected = false;
    job_io(&on_b, w, false, NULL, 0);
    job_submit(&on_b);
    CU_ASSERT_EQUAL(rig_get32(bench_want(b, RIG_PDU_SCSI_CMD)->bhs, RIG_F_CMD_SN), first + 1);
    a->connected = true;
    async(b, 1, 0, 0, 10);
    logout_response(b, rig_get32(bench_want(b, RIG_PDU_LOGOUT_REQ)->bhs, RIG_F_ITT), 0);
    CU_ASSERT(job_ended(&on_b, RIG_E_ABORTED));
    w->exp_cmd_sn++; /* on A's has come */
    bench_good(a, on_a.task.itt, 0);
    const seen *s = bench_want(a, RIG_PDU_NOP_OUT);
    CU_ASSERT(rig_get(s->bhs, RIG_F_I) == 0 && rig_get32(s->bhs, RIG_F_CMD_SN) == first + 1);
    uint32_t itt = rig_get32(s->bhs, RIG_F_ITT);
    bench_took(w, s);
    bench_bhs(a, bhs, RIG_PDU_NOP_IN, itt);
    bench_status(a, bhs, NULL, 0);
    job_io(&next, w, false, NULL, 0);
    CU_ASSERT_EQUAL(rig_get32(job_sent(&next, a, RIG_PDU_SCSI_CMD)->bhs, RIG_F_CMD_SN), first + 2);
    bench_good(a, next.task.itt, 0);
    CU_ASSERT(job_ended(&on_a, RIG_OK) && job_ended(&next, RIG_OK) && rig_session_is_up(w->session));
    bench_free(w);
}

/* A connection whose login ends behind the Logout of the session begins nothing (section 11.14), and its end
 * is no loss. */
static void login_behind_a_logout(void)
{
    for (int end = 0; end < 2; end++) {
        bench *w = bench_new();
        link *a = up_for_two(w);
        job out, late;
        CU_ASSERT_EQUAL_FATAL(rig_session_add_connection(w->session, &w->config.portal, w->now), RIG_OK);
        link *b = bench_accept(w);
        bench_login_answer(b, NULL);
        job_init(&out, w, RIG_TASK_LOGOUT);
        job_sent(&out, a, RIG_PDU_LOGOUT_REQ);
        bench_login_answer(b, NULL);
        job_io(&late, w, false, NULL, 0);
        job_submit(&late);
        CU_ASSERT(bench_quiet(a) && bench_quiet(b));
        if (end)
            bench_tell(b, RIG_STREAM_PEER_CLOSED, RIG_OK);
        CU_ASSERT_EQUAL(w->events[RIG_EVENT_SESSION_DOWN], 0);
        logout_response(a, out.task.itt, 0);
        CU_ASSERT(job_ended(&out, RIG_OK) && job_ended(&late, RIG_E_ABORTED));
        CU_ASSERT(w->events[RIG_EVENT_SESSION_DOWN] == 1 && w->down == RIG_OK && a->gone && b->gone);
        bench_free(w);
    }
}

/* The Logout a target has asked for is refused for want of room for immediate requests: it goes again, with a
 * number (11.17.1). */
static void refused_for_room(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    uint8_t bhs[RIG_BHS_LEN], about[RIG_BHS_LEN];
    async(l, 1, 0, 0, 10);
    memcpy(about, bench_want(l, RIG_PDU_LOGOUT_REQ)->bhs, sizeof about);
    CU_ASSERT_EQUAL(rig_get(about, RIG_F_I), 1);
    bench_bhs(l, bhs, RIG_PDU_REJECT, RIG_TAG_NONE);
    rig_set(bhs, RIG_F_REJECT_REASON, 6);
    bench_status(l, bhs, about, sizeof about);
    CU_ASSERT_FATAL(rig_session_is_up(w->session));
    const seen *s = bench_want(l, RIG_PDU_LOGOUT_REQ);
    CU_ASSERT(rig_get(s->bhs, RIG_F_I) == 0 && rig_get32(s->bhs, RIG_F_CMD_SN) == 100);
    CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_LOGOUT_REASON), rig_get(about, RIG_F_LOGOUT_REASON));
    uint32_t itt = rig_get32(s->bhs, RIG_F_ITT);
    bench_took(w, s);
    CU_ASSERT(bench_quiet(l));
    logout_response(l, itt, 0);
    CU_ASSERT(w->down == RIG_OK && w->events[RIG_EVENT_SESSION_DOWN] == 1 && l->gone);
    bench_free(w);
}

RIG_SUITE("initiator: Logout and Asynchronous Messages", {"a session is closed", close_session},
          {"a FIN that does not come", withheld_fin},
          {"an answer before our data has left", hostile_response}, {"logouts that fail", failed_logout},
          {"one connection of two is closed", close_connection},
          {"a session closes all its connections", close_session_of_two},
          {"a connection nobody has", unknown_cid}, {"a response for nobody", response_for_nobody},
          {"the target asks for a Logout", logout_asked}, {"of one connection of two", logout_asked_of_one},
          {"a loss meanwhile", lost_while_asked}, {"drops that are announced", drops_announced},
          {"the drop of another connection", drop_of_another},
          {"the target asks for a negotiation", negotiation_asked}, {"all other events", other_events},
          {"one of two logouts taken back", one_of_two_taken_back}, {"both taken back", both_taken_back},
          {"a logout that never went", never_went}, {"a logout of the only connection", only_connection},
          {"a hole behind a closed connection", hole_behind_a_closed_one},
          {"a login that ends behind a Logout", login_behind_a_logout},
          {"a Logout refused for want of room", refused_for_room})
