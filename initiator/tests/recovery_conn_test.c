/* Connection recovery: a session outlives its connections (RFC 7143
 * sections 6.3.4, 7.1.4.3, 7.2.2, 7.5, 8.2). */
#include "bench.h"

static uint8_t disk[8192];
static uint8_t buffer[8192];

static bench *bench_level_2(void)
{
    bench *w = bench_new();
    fill(disk, sizeof disk, 9);
    memset(buffer, 0xee, sizeof buffer);
    w->config.offer[RIG_KEY_RECOVERY_LEVEL].value = 2;
    w->config.offer[RIG_KEY_MAX_CONNECTIONS].value = 4;
    w->config.offer[RIG_KEY_IMMEDIATE_DATA].value = 0;
    w->config.offer[RIG_KEY_INITIAL_R2T].value = 1;
    return w;
}

static const char agreed[] =
    "ErrorRecoveryLevel=2\0MaxConnections=2\0DefaultTime2Wait=3\0DefaultTime2Retain=9\0";

static link *second(bench *w)
{
    CU_ASSERT_EQUAL_FATAL(rig_session_add_connection(w->session, &w->config.portal, w->now), RIG_OK);
    link *l = bench_accept(w);
    bench_login_on(l, NULL);
    return l;
}

static void lose(link *l)
{
    bench_tell(l, RIG_STREAM_FAILED, RIG_E_RESET);
    bench_pump(l->w);
}

/* The login that takes the place of connection cid. */
static link *begun(bench *w, uint16_t cid)
{
    link *l = bench_accept(w);
    bench_pump(w);
    CU_ASSERT_PTR_NOT_NULL_FATAL(l->first);
    CU_ASSERT_EQUAL(rig_get(l->first->bhs, RIG_F_TSIH), BENCH_TSIH);
    CU_ASSERT_EQUAL(rig_get(l->first->bhs, RIG_F_CID), cid);
    return l;
}

static link *reinstated(bench *w, uint16_t cid)
{
    link *l = begun(w, cid);
    bench_login_on(l, NULL);
    return l;
}

static uint32_t want_reassign(link *l, const job *j, uint32_t exp_data_sn)
{
    const seen *s = bench_want(l, RIG_PDU_TMF_REQ);
    CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_FUNCTION), 8);
    CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_I), 1);
    CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_LUN), j->task.lun);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_REF_TAG), j->task.itt);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_EXP_DATA_SN), exp_data_sn);
    return rig_get32(s->bhs, RIG_F_ITT);
}

static void tmf_response(link *l, uint32_t itt, uint8_t response)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_TMF_RESP, itt);
    rig_set(bhs, RIG_F_TMF_RESPONSE, response);
    bench_status(l, bhs, NULL, 0);
}

static void logout_response(link *l, uint32_t itt, uint8_t response)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_LOGOUT_RESP, itt);
    rig_set(bhs, RIG_F_LOGOUT_RESPONSE, response);
    rig_set(bhs, RIG_F_TIME2RETAIN, 20);
    bench_status(l, bhs, NULL, 0);
}

/* The only connection goes in the middle of a read and a write; both end on the next one as if nothing had
 * been (REC-014, -020, -027, LOGIN-044); the first request tells how far the old one got (SEQ-037). */
static void the_only_connection(void)
{
    bench *w = bench_level_2();
    link *l = bench_up(w, agreed);
    job read, write;
    job_io(&read, w, false, buffer, 4096);
    job_sent(&read, l, RIG_PDU_SCSI_CMD);
    bench_data_in(l, read.task.itt, 0, 0, disk, 1024, false);
    job_io(&write, w, true, disk, 2048);
    job_sent(&write, l, RIG_PDU_SCSI_CMD);
    bench_r2t(l, write.task.itt, 0, 7, 0, 0, 1024);
    uint32_t got = l->stat_sn;
    lose(l);
    CU_ASSERT(read.done == 0 && write.done == 0);
    bench_tick_to(w, w->now + 3 * RIG_SECOND - 1);
    CU_ASSERT_EQUAL(w->num_links, 1);
    bench_tick_to(w, w->now + 1);
    CU_ASSERT_EQUAL_FATAL(w->num_links, 2);
    l = begun(w, 0);
    CU_ASSERT_EQUAL(rig_get32(l->first->bhs, RIG_F_EXP_STAT_SN), got);
    bench_login_on(l, NULL);
    uint32_t first = want_reassign(l, &read, 1);
    uint32_t other = want_reassign(l, &write, 0);
    tmf_response(l, first, 0);
    tmf_response(l, other, 0);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_RECOVERED], 1);
    bench_r2t(l, write.task.itt, 0, 8, 0, 1024, 1024);
    const seen *s = bench_want(l, RIG_PDU_DATA_OUT);
    CU_ASSERT(rig_get32(s->bhs, RIG_F_TTT) == 8 && s->len == 1024 && memcmp(s->data, disk + 1024, 1024) == 0);
    bench_good(l, write.task.itt, 1);
    CU_ASSERT(job_ended(&write, RIG_OK));
    bench_data_in(l, read.task.itt, 1, 1024, disk + 1024, 2048, false);
    bench_data_in(l, read.task.itt, 2, 3072, disk + 3072, 1024, true);
    bench_good(l, read.task.itt, 3);
    CU_ASSERT(job_ended(&read, RIG_OK));
    CU_ASSERT(read.task.received == 4096 && memcmp(buffer, disk, 4096) == 0);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_SESSION_DOWN], 0);
    CU_ASSERT(bench_moved(w, "T15") && bench_moved(w, "N5") && bench_moved(w, "M2") && bench_moved(w, "M4") &&
              bench_moved(w, "N4"));
    bench_free(w);
}

/* What the target never received is sent again, not reassigned; what is asked for meanwhile waits (7.2.1). */
static void unreceived(void)
{
    bench *w = bench_level_2();
    link *l = bench_up(w, agreed);
    job j, later;
    uint8_t first[RIG_BHS_LEN];
    job_io(&j, w, false, buffer, 512);
    job_submit(&j);
    memcpy(first, bench_want(l, RIG_PDU_SCSI_CMD)->bhs, sizeof first);
    lose(l);
    job_io(&later, w, false, buffer, 512);
    job_submit(&later);
    bench_tick_to(w, w->now + 3 * RIG_SECOND);
    l = reinstated(w, 0);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_RECOVERED], 1);
    const seen *s = bench_want(l, RIG_PDU_SCSI_CMD);
    rig_set(first, RIG_F_EXP_STAT_SN, rig_get32(s->bhs, RIG_F_EXP_STAT_SN));
    CU_ASSERT_EQUAL(memcmp(s->bhs, first, sizeof first), 0);
    bench_took(w, s);
    bench_took(w, bench_want(l, RIG_PDU_SCSI_CMD));
    bench_data_in(l, j.task.itt, 0, 0, disk, 512, true);
    bench_good(l, j.task.itt, 1);
    bench_data_in(l, later.task.itt, 0, 0, disk, 512, true);
    bench_good(l, later.task.itt, 1);
    CU_ASSERT(job_ended(&j, RIG_OK) && job_ended(&later, RIG_OK));
    bench_free(w);
}

/* A command ends by its time while there is no connection, and was perhaps never received: without its number
 * nothing behind it would ever run (4.2.2.1). A ping takes it. */
static void hole_of_the_only_connection(void)
{
    bench *w = bench_level_2();
    link *l = bench_up(w, agreed);
    job j, later;
    job_io(&j, w, false, buffer, 512);
    j.task.timeout = 2 * RIG_SECOND;
    job_submit(&j);
    uint32_t cmd_sn = rig_get32(bench_want(l, RIG_PDU_SCSI_CMD)->bhs, RIG_F_CMD_SN);
    lose(l);
    bench_tick_to(w, w->now + 2 * RIG_SECOND);
    CU_ASSERT(job_ended(&j, RIG_E_TIMEOUT));
    bench_tick_to(w, w->now + 1 * RIG_SECOND);
    l = reinstated(w, 0);
    const seen *s = bench_want(l, RIG_PDU_NOP_OUT);
    CU_ASSERT(rig_get(s->bhs, RIG_F_I) == 0 && rig_get32(s->bhs, RIG_F_CMD_SN) == cmd_sn);
    bench_took(w, s);
    job_io(&later, w, false, buffer, 512);
    job_submit(&later);
    s = bench_want(l, RIG_PDU_SCSI_CMD);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_CMD_SN), cmd_sn + 1);
    bench_free(w);
}

/* One of two: the other one logs it out for recovery and takes its commands (MCS-013, -024, LOGOUT-008). */
static void one_of_two(void)
{
    bench *w = bench_level_2();
    link *a = bench_up(w, agreed);
    link *b = second(w);
    job on_a, on_b;
    job_io(&on_a, w, false, buffer, 512);
    b->connected = false;
    job_sent(&on_a, a, RIG_PDU_SCSI_CMD);
    b->connected = true;
    job_io(&on_b, w, false, buffer + 1024, 512);
    a->connected = false;
    job_sent(&on_b, b, RIG_PDU_SCSI_CMD);
    a->connected = true;
    lose(a);
    CU_ASSERT(rig_session_is_up(w->session));
    bench_data_in(b, on_b.task.itt, 0, 0, disk, 512, true);
    bench_good(b, on_b.task.itt, 1);
    CU_ASSERT(job_ended(&on_b, RIG_OK));
    bench_tick_to(w, w->now + 3 * RIG_SECOND);
    const seen *s = bench_want(b, RIG_PDU_LOGOUT_REQ);
    CU_ASSERT(rig_get(s->bhs, RIG_F_LOGOUT_REASON) == 2 && rig_get(s->bhs, RIG_F_CID) == 0);
    logout_response(b, rig_get32(s->bhs, RIG_F_ITT), 0);
    uint32_t itt = want_reassign(b, &on_a, 0);
    tmf_response(b, itt, 0);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_RECOVERED], 1);
    bench_data_in(b, on_a.task.itt, 0, 0, disk, 512, true);
    bench_good(b, on_a.task.itt, 1);
    CU_ASSERT(job_ended(&on_a, RIG_OK));
    CU_ASSERT_EQUAL(w->num_links, 2);
    CU_ASSERT(!bench_moved(w, "N5"));
    bench_free(w);
}

/* Gaps that were being filled are forgotten: the rest comes from the first of them on. */
static void with_a_gap(void)
{
    bench *w = bench_level_2();
    link *l = bench_up(w, agreed);
    job j;
    job_io(&j, w, false, buffer, 3072);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    bench_data_in(l, j.task.itt, 0, 0, disk, 1024, false);
    bench_data_in(l, j.task.itt, 2, 2048, disk + 2048, 1024, true);
    bench_want(l, RIG_PDU_SNACK);
    bench_good(l, j.task.itt, 3);
    CU_ASSERT_EQUAL(j.done, 0);
    lose(l);
    bench_tick_to(w, w->now + 3 * RIG_SECOND);
    l = reinstated(w, 0);
    tmf_response(l, want_reassign(l, &j, 1), 0);
    bench_data_in(l, j.task.itt, 1, 1024, disk + 1024, 512, false); /* cut otherwise than before */
    bench_data_in(l, j.task.itt, 2, 1536, disk + 1536, 1536, true);
    bench_good(l, j.task.itt, 3);
    CU_ASSERT(job_ended(&j, RIG_OK));
    CU_ASSERT(j.task.received == 3072 && memcmp(buffer, disk, 3072) == 0);
    bench_free(w);
}

/* What the target may say to TASK REASSIGN (11.6.1). */
static void answers(void)
{
    static const uint8_t responses[] = {1, 2, 3, 4, 5, 255};
    for (size_t i = 0; i < sizeof responses; i++) {
        bench *w = bench_level_2();
        link *l = bench_up(w, agreed);
        job j;
        job_io(&j, w, false, buffer, 512);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        lose(l);
        bench_tick_to(w, w->now + 3 * RIG_SECOND);
        l = reinstated(w, 0);
        tmf_response(l, want_reassign(l, &j, 0), responses[i]);
        CU_ASSERT(job_ended(&j, RIG_E_RESET));
        CU_ASSERT_EQUAL(rig_session_is_up(w->session), responses[i] == 1);
        CU_ASSERT_EQUAL(w->events[RIG_EVENT_SESSION_DOWN], responses[i] != 1);
        bench_free(w);
    }
}

/* Nothing comes back within Time2Retain: session recovery (REC-021, -024). */
static void too_late(void)
{
    bench *w = bench_level_2();
    w->config.reconnect = false;
    link *l = bench_up(w, agreed);
    job j;
    job_io(&j, w, false, buffer, 512);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    uint64_t began = w->now;
    w->refuse = RIG_E_REFUSED;
    lose(l);
    bench_tick_to(w, began + 12 * RIG_SECOND - 1);
    CU_ASSERT_EQUAL(j.done, 0);
    bench_tick_to(w, began + 13 * RIG_SECOND);
    CU_ASSERT(job_ended(&j, RIG_E_RESET));
    CU_ASSERT(bench_fell(w, RIG_E_RESET, NULL));
    CU_ASSERT(bench_moved(w, "M1") && bench_moved(w, "N6"));
    bench_free(w);
}

/* The target does not know the session any more (class 2, detail 0x0a): there is nothing to recover. */
static void forgotten(void)
{
    bench *w = bench_level_2();
    link *l = bench_up(w, agreed);
    uint8_t bhs[RIG_BHS_LEN];
    job j;
    job_io(&j, w, false, buffer, 512);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    lose(l);
    bench_tick_to(w, w->now + 3 * RIG_SECOND);
    l = bench_accept(w);
    bench_login_bhs(l, bhs, bench_want(l, RIG_PDU_LOGIN_REQ));
    rig_set(bhs, RIG_F_LOGIN_STATUS, 0x020a);
    bench_status(l, bhs, NULL, 0);
    CU_ASSERT(job_ended(&j, RIG_E_RESET));
    CU_ASSERT(bench_fell(w, RIG_E_RESET, NULL));
    bench_free(w);
}

/* The new connection fails while commands are being reassigned: all of it begins anew. */
static void fails_again(void)
{
    bench *w = bench_level_2();
    link *l = bench_up(w, agreed);
    job j[2];
    for (int i = 0; i < 2; i++) {
        job_io(&j[i], w, false, buffer, 512);
        job_sent(&j[i], l, RIG_PDU_SCSI_CMD);
    }
    lose(l);
    bench_tick_to(w, w->now + 3 * RIG_SECOND);
    l = reinstated(w, 0);
    uint32_t first = want_reassign(l, &j[0], 0);
    want_reassign(l, &j[1], 0);
    tmf_response(l, first, 0);
    lose(l);
    CU_ASSERT(j[0].done == 0 && j[1].done == 0);
    for (int i = 0; i < 4 && w->num_links < 3; i++)
        bench_tick_to(w, w->now + 1 * RIG_SECOND);
    CU_ASSERT_EQUAL_FATAL(w->num_links, 3);
    l = reinstated(w, 0);
    for (int i = 0; i < 2; i++) {
        const seen *s = bench_want(l, RIG_PDU_TMF_REQ);
        tmf_response(l, rig_get32(s->bhs, RIG_F_ITT), 0);
    }
    for (int i = 0; i < 2; i++) {
        bench_data_in(l, j[i].task.itt, 0, 0, disk, 512, true);
        bench_good(l, j[i].task.itt, 1);
        CU_ASSERT(job_ended(&j[i], RIG_OK));
    }
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_SESSION_DOWN], 0);
    bench_free(w);
}

/* Below level 2 the other connection closes it; its commands end, the hole they leave is plugged (REC-025).
 */
static void closed_by_another(void)
{
    bench *w = bench_new();
    w->config.offer[RIG_KEY_MAX_CONNECTIONS].value = 2;
    link *a = bench_up(w, "MaxConnections=2\0");
    link *b = second(w);
    job j;
    job_io(&j, w, false, buffer, 512);
    a->connected = false;
    job_submit(&j);
    bench_want(b, RIG_PDU_SCSI_CMD); /* which the target does not acknowledge */
    a->connected = true;
    lose(b);
    CU_ASSERT(job_ended(&j, RIG_E_RESET));
    const seen *s = bench_want(a, RIG_PDU_NOP_OUT);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_CMD_SN), j.task.cmd_sn);
    bench_took(w, s);
    bench_tick_to(w, w->now + 2 * RIG_SECOND);
    s = bench_want(a, RIG_PDU_LOGOUT_REQ);
    CU_ASSERT(rig_get(s->bhs, RIG_F_LOGOUT_REASON) == 1 && rig_get(s->bhs, RIG_F_CID) == 1);
    logout_response(a, rig_get32(s->bhs, RIG_F_ITT), 0);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_RECOVERED], 1);
    CU_ASSERT(rig_session_is_up(w->session) && w->events[RIG_EVENT_SESSION_DOWN] == 0);
    bench_free(w);
}

/* A command whose time is over meanwhile ends; freeing the session meanwhile leaves nothing. */
static void ended_meanwhile(void)
{
    for (int freed = 0; freed < 2; freed++) {
        bench *w = bench_level_2();
        w->config.command_timeout = 2 * RIG_SECOND;
        link *l = bench_up(w, agreed);
        job j, tmf;
        job_io(&j, w, false, buffer, 512);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        lose(l);
        job_init(&tmf, w, RIG_TASK_TMF);
        tmf.task.function = 1;
        tmf.task.reference = &j.task;
        CU_ASSERT_EQUAL(rig_session_submit(w->session, &tmf.task, w->now), RIG_E_BUSY);
        if (freed) {
            rig_session_free(w->session);
            CU_ASSERT(job_ended(&j, RIG_E_ABORTED));
        } else {
            bench_tick_to(w, w->now + 2 * RIG_SECOND);
            CU_ASSERT(job_ended(&j, RIG_E_TIMEOUT));
            bench_tick_to(w, w->now + 1 * RIG_SECOND);
            reinstated(w, 0);
            CU_ASSERT_EQUAL(w->events[RIG_EVENT_RECOVERED], 1);
        }
        bench_free(w);
    }
}

RIG_SUITE("initiator: connection recovery", {"the only connection", the_only_connection},
          {"unreceived", unreceived}, {"a hole in CmdSN", hole_of_the_only_connection},
          {"one of two", one_of_two}, {"with a gap", with_a_gap}, {"answers", answers},
          {"too late", too_late}, {"forgotten", forgotten}, {"fails again", fails_again},
          {"closed by another", closed_by_another}, {"ended meanwhile", ended_meanwhile})
