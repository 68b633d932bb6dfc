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

/* ---- requests that end, or are to end, while their connection is lost ---- */

/* Shows ExpCmdSN, and nothing else. */
static void acknowledge(link *l)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_NOP_IN, RIG_TAG_NONE);
    rig_set(bhs, RIG_F_TTT, RIG_TAG_NONE);
    bench_send(l, bhs, NULL, 0);
}

/* ABORT TASK for a command of which not even the caller knew whether it was sent; then its connection is
 * lost. It waits until the command has found another one, and goes there. */
static void abort_waits_for_its_command(void)
{
    bench *w = bench_level_2();
    link *l = bench_up(w, agreed);
    static job others[63];
    job j, abort;
    for (int i = 0; i < 63; i++) {
        job_io(&others[i], w, false, NULL, 0);
        job_sent(&others[i], l, RIG_PDU_SCSI_CMD);
    }
    w->max_cmd_sn = 163;
    job_io(&j, w, false, buffer, 512); /* fills the window */
    job_submit(&j);
    job_init(&abort, w, RIG_TASK_TMF);
    abort.task.function = 1;
    abort.task.reference = &j.task;
    job_submit(&abort);
    bench_want(l, RIG_PDU_SCSI_CMD);
    CU_ASSERT(bench_quiet(l));
    w->exp_cmd_sn = 164;
    acknowledge(l);
    for (int i = 0; i < 63; i++)
        bench_good(l, others[i].task.itt, 0);
    lose(l);
    CU_ASSERT(j.done == 0 && abort.done == 0);
    bench_tick_to(w, w->now + 3 * RIG_SECOND);
    w->max_cmd_sn = 200;
    l = reinstated(w, 0);
    uint32_t itt = want_reassign(l, &j, 0);
    CU_ASSERT(bench_quiet(l));
    tmf_response(l, itt, 0);
    const seen *s = bench_want(l, RIG_PDU_TMF_REQ);
    CU_ASSERT(rig_get(s->bhs, RIG_F_FUNCTION) == 1 && rig_get32(s->bhs, RIG_F_REF_TAG) == j.task.itt);
    CU_ASSERT(rig_get32(s->bhs, RIG_F_CMD_SN) == 164 && rig_get32(s->bhs, RIG_F_REF_CMD_SN) == 163);
    bench_took(w, s);
    tmf_response(l, abort.task.itt, 0);
    CU_ASSERT(job_ended(&abort, RIG_OK) && job_ended(&j, RIG_E_ABORTED));
    bench_free(w);
}

/* Puts an end to a command, by the caller's wish or by its time (2 s). */
static void end_it(job *j, bool late)
{
    bench *w = j->w;
    if (late)
        bench_tick_to(w, w->now + 2 * RIG_SECOND);
    else
        CU_ASSERT_EQUAL(rig_session_cancel(w->session, &j->task, w->now), RIG_OK);
}

/* It was being aborted when its connection was lost: nobody wants it elsewhere. Where the target may not have
 * received it, a ping takes its number. */
static void lost_while_aborted(bool late, bool received)
{
    bench *w = bench_level_2();
    link *l = bench_up(w, agreed);
    job j;
    job_io(&j, w, false, buffer, 1024);
    j.task.timeout = late ? 2 * RIG_SECOND : 0;
    job_submit(&j);
    const seen *s = bench_want(l, RIG_PDU_SCSI_CMD);
    if (received) {
        bench_took(w, s);
        acknowledge(l);
    }
    end_it(&j, late);
    bench_want(l, RIG_PDU_TMF_REQ);
    CU_ASSERT_EQUAL(j.done, 0);
    lose(l);
    CU_ASSERT(job_ended(&j, late ? RIG_E_TIMEOUT : RIG_E_ABORTED));
    bench_tick_to(w, w->now + 3 * RIG_SECOND);
    l = reinstated(w, 0);
    if (!received)
        CU_ASSERT_EQUAL(rig_get32(bench_want(l, RIG_PDU_NOP_OUT)->bhs, RIG_F_CMD_SN), 100);
    CU_ASSERT(bench_quiet(l) && rig_session_is_up(w->session));
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_RECOVERED], 1);
    bench_free(w);
}

static void ended_with_its_connection(void)
{
    for (int how = 0; how < 4; how++)
        lost_while_aborted(how & 1, how & 2);
}

/* It is to end while it is being reassigned: it comes back, and is aborted there; or it is gone. */
static void end_while_reassigned(bool late, bool gone)
{
    bench *w = bench_level_2();
    link *l = bench_up(w, agreed);
    job j;
    job_io(&j, w, false, buffer, 1024);
    j.task.timeout = late ? 5 * RIG_SECOND : 0;
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    acknowledge(l);
    lose(l);
    bench_tick_to(w, w->now + 3 * RIG_SECOND);
    l = reinstated(w, 0);
    uint32_t itt = want_reassign(l, &j, 0);
    end_it(&j, late);
    CU_ASSERT(j.done == 0 && bench_quiet(l));
    tmf_response(l, itt, gone);
    if (!gone) {
        CU_ASSERT_EQUAL(j.done, 0);
        const seen *s = bench_want(l, RIG_PDU_TMF_REQ);
        CU_ASSERT(rig_get(s->bhs, RIG_F_FUNCTION) == 1 && rig_get32(s->bhs, RIG_F_REF_TAG) == j.task.itt);
        tmf_response(l, rig_get32(s->bhs, RIG_F_ITT), 0);
    }
    CU_ASSERT(job_ended(&j, late ? RIG_E_TIMEOUT : RIG_E_ABORTED));
    CU_ASSERT(bench_quiet(l) && rig_session_is_up(w->session) && !l->gone);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_RECOVERED], 1);
    CU_ASSERT(w->events[RIG_EVENT_SESSION_DOWN] == 0 && w->events[RIG_EVENT_CLOSED] == 1);
    bench_free(w);
}

static void ended_while_reassigned(void)
{
    for (int how = 0; how < 4; how++)
        end_while_reassigned(how & 1, how & 2);
}

static void cancel_when_recovered(bench *w, const rig_event *event)
{
    job *j = w->user;
    if (event->kind == RIG_EVENT_RECOVERED)
        CU_ASSERT_EQUAL(rig_session_cancel(w->session, &j->task, w->now), RIG_OK);
}

/* A command waits to go again on the new connection: it is cancelled like one that is under way. */
static void cancelled_before_it_goes_again(void)
{
    bench *w = bench_level_2();
    link *l = bench_up(w, agreed);
    job j;
    job_io(&j, w, false, buffer, 512);
    job_submit(&j);
    bench_want(l, RIG_PDU_SCSI_CMD);
    lose(l);
    bench_tick_to(w, w->now + 3 * RIG_SECOND);
    w->user = &j;
    w->on_event = cancel_when_recovered;
    l = reinstated(w, 0);
    CU_ASSERT(w->events[RIG_EVENT_RECOVERED] == 1 && j.done == 0);
    bench_took(w, bench_want(l, RIG_PDU_SCSI_CMD));
    const seen *s = bench_want(l, RIG_PDU_TMF_REQ);
    CU_ASSERT(rig_get(s->bhs, RIG_F_FUNCTION) == 1 && rig_get32(s->bhs, RIG_F_REF_TAG) == j.task.itt);
    tmf_response(l, rig_get32(s->bhs, RIG_F_ITT), 0);
    CU_ASSERT(job_ended(&j, RIG_E_ABORTED) && rig_session_is_up(w->session));
    bench_free(w);
}

static void cancel_other(job *j)
{
    job *other = j->task.user;
    rig_status status = rig_session_cancel(j->w->session, &other->task, j->w->now);
    CU_ASSERT(status == RIG_OK || status == RIG_E_STATE);
}

/* The ping of a connection that is lost ends; told so, the caller wants no command of it any more. Whether
 * that can still be asked for or not, the command ends with the connection, and does not come back. */
static void cancelled_during_the_loss(void)
{
    for (int saved = 0; saved < 2; saved++) {
        bench *w = saved ? bench_level_2() : bench_new();
        link *l = bench_up(w, saved ? agreed : NULL);
        job ping, j;
        job_init(&ping, w, RIG_TASK_PING);
        ping.task.user = &j;
        ping.then = cancel_other;
        job_submit(&ping);
        job_io(&j, w, false, buffer, 512);
        job_submit(&j);
        bench_drain(l);
        lose(l);
        CU_ASSERT(job_ended(&ping, RIG_E_RESET));
        CU_ASSERT(job_ended(&j, RIG_E_ABORTED) || job_ended(&j, RIG_E_RESET));
        bench_free(w);
    }
}

/* ---- logouts meanwhile ---- */

/* Does what a target has to until nothing is due within 30 s: logs in what connects, and answers Logouts. */
static void serve(bench *w)
{
    for (int i = 0; i < 60; i++) {
        link *newest = w->links[w->num_links - 1];
        if (!newest->connected && !newest->gone) {
            bench_accept(w);
            bench_login_on(newest, NULL);
        }
        for (uint32_t k = 0; k < w->num_links; k++) {
            const seen *s = w->links[k]->gone ? NULL : bench_next(w->links[k]);
            if (s && s->kind == RIG_PDU_LOGOUT_REQ)
                logout_response(w->links[k], rig_get32(s->bhs, RIG_F_ITT), 0);
        }
        bench_tick_to(w, w->now + RIG_SECOND / 2);
    }
}

/* A logout of the session on one connection, before or behind the loss of the other one. */
static void session_logout_by_the_other(void)
{
    for (int behind = 0; behind < 2; behind++) {
        bench *w = bench_level_2();
        w->config.reconnect = true;
        link *a = bench_up(w, agreed);
        link *b = second(w);
        job out;
        if (behind)
            lose(a);
        job_init(&out, w, RIG_TASK_LOGOUT);
        out.task.immediate = true;
        job_submit(&out);
        a->awake = false; /* B is asked for output first */
        CU_ASSERT_EQUAL(rig_get(bench_want(b, RIG_PDU_LOGOUT_REQ)->bhs, RIG_F_LOGOUT_REASON), 0);
        if (!behind)
            lose(a);
        logout_response(b, out.task.itt, 0);
        bench_pump(w);
        CU_ASSERT(job_ended(&out, RIG_OK));
        CU_ASSERT(bench_fell(w, RIG_OK, NULL) && w->events[RIG_EVENT_NEXUS_LOSS] == 1);
        bench_tick_to(w, w->now + 100 * RIG_SECOND);
        CU_ASSERT(w->num_links == 2 && b->gone && w->events[RIG_EVENT_SESSION_DOWN] == 1);
        bench_free(w);
    }
}

/* A is lost while B, the only one left, is being logged out, by the host or at the target's wish: B is closed
 * in order, and its session with it (6.3.6). Where the host still wants that, it logs in again. */
static void other_logged_out(void)
{
    for (int asked = 0; asked < 2; asked++) {
        bench *w = bench_level_2();
        w->config.reconnect = true;
        link *a = bench_up(w, agreed);
        link *b = second(w);
        job out;
        uint8_t bhs[RIG_BHS_LEN];
        job_init(&out, w, RIG_TASK_LOGOUT);
        out.task.reason = 1;
        out.task.cid = 1;
        out.task.immediate = true;
        bench_bhs(b, bhs, RIG_PDU_ASYNC, RIG_TAG_NONE);
        rig_set(bhs, RIG_F_ASYNC_EVENT, 1);
        rig_set(bhs, RIG_F_PARAMETER3, 5);
        if (asked)
            bench_status(b, bhs, NULL, 0);
        else
            job_submit(&out);
        a->awake = false;
        uint32_t itt = rig_get32(bench_want(b, RIG_PDU_LOGOUT_REQ)->bhs, RIG_F_ITT);
        lose(a);
        logout_response(b, itt, 0);
        bench_pump(w);
        CU_ASSERT(asked || job_ended(&out, RIG_OK));
        CU_ASSERT(b->gone && !b->reset && w->closed == RIG_OK && w->events[RIG_EVENT_CLOSED] == 2);
        CU_ASSERT(bench_fell(w, RIG_OK, NULL) && w->events[RIG_EVENT_NEXUS_LOSS] == 1);
        bench_tick_to(w, w->now + 10 * RIG_SECOND);
        CU_ASSERT_EQUAL(w->num_links, asked ? 3u : 2u);
        bench_free(w);
    }
}

/* A carries the logout of B and is lost: nobody knows what became of B, which is therefore failed as well.
 * Both are cleaned up. */
static void carrier_lost(void)
{
    bench *w = bench_level_2();
    link *a = bench_up(w, agreed);
    link *b = second(w);
    job out, j;
    job_init(&out, w, RIG_TASK_LOGOUT);
    out.task.reason = 1;
    out.task.cid = 1;
    job_sent(&out, b, RIG_PDU_LOGOUT_REQ); /* as long as it lives it carries its own (11.14) */
    lose(b);
    CU_ASSERT(job_ended(&out, RIG_E_RESET));
    serve(w);
    CU_ASSERT(rig_session_is_up(w->session) && w->events[RIG_EVENT_SESSION_DOWN] == 0);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_RECOVERED], 1);
    job_io(&j, w, false, NULL, 0);
    job_sent(&j, a, RIG_PDU_SCSI_CMD);
    bench_free(w);
}

/* ---- what the host is told ---- */

static void note_again(bench *w, const rig_event *event)
{
    bool *again = w->user;
    if (event->kind == RIG_EVENT_LOGIN_FAILED)
        *again = event->again;
}

/* The login that was to take the lost connection's place fails, and is tried again: the host is told so. */
static void told_of_the_next_attempt(void)
{
    bench *w = bench_level_2();
    link *l = bench_up(w, agreed);
    bool again = false;
    w->user = &again;
    w->on_event = note_again;
    lose(l);
    bench_tick_to(w, w->now + 3 * RIG_SECOND);
    bench_tell(w->links[1], RIG_STREAM_FAILED, RIG_E_REFUSED);
    CU_ASSERT(w->events[RIG_EVENT_LOGIN_FAILED] == 1 && again);
    bench_tick_to(w, w->now + 1 * RIG_SECOND);
    CU_ASSERT_EQUAL(w->num_links, 3);
    bench_free(w);
}

/* The target drops a connection that is still being logged in: the time it names is about that one, and what
 * is lost much later waits as agreed (11.9.1). */
static void wait_of_a_login(void)
{
    bench *w = bench_level_2();
    link *a = bench_up(w, agreed);
    uint8_t bhs[RIG_BHS_LEN];
    CU_ASSERT_EQUAL_FATAL(rig_session_add_connection(w->session, &w->config.portal, w->now), RIG_OK);
    bench_accept(w);
    bench_bhs(a, bhs, RIG_PDU_ASYNC, RIG_TAG_NONE);
    rig_set(bhs, RIG_F_ASYNC_EVENT, 2);
    rig_set(bhs, RIG_F_PARAMETER1, 1);
    rig_set(bhs, RIG_F_PARAMETER2, 500);
    bench_status(a, bhs, NULL, 0);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_LOGIN_FAILED], 1);
    bench_tick_to(w, w->now + 5000 * RIG_SECOND);
    lose(a);
    CU_ASSERT_EQUAL(rig_initiator_next_deadline(w->initiator), w->now + 3 * RIG_SECOND);
    bench_free(w);
}

/* ---- requests that find no room ---- */

static void refuse_for_room(link *l, const uint8_t *about)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_REJECT, RIG_TAG_NONE);
    rig_set(bhs, RIG_F_REJECT_REASON, 6);
    bench_status(l, bhs, about, RIG_BHS_LEN);
}

/* One TASK REASSIGN is refused while another one is out: it goes again behind the answer of that, immediate
 * as before (11.5.1). */
static void reassign_refused_for_room(void)
{
    bench *w = bench_level_2();
    link *l = bench_up(w, agreed);
    job j[2];
    uint8_t about[RIG_BHS_LEN];
    for (int i = 0; i < 2; i++) {
        job_io(&j[i], w, false, buffer + i * 512, 512);
        job_sent(&j[i], l, RIG_PDU_SCSI_CMD);
    }
    lose(l);
    bench_tick_to(w, w->now + 3 * RIG_SECOND);
    l = reinstated(w, 0);
    uint32_t first = want_reassign(l, &j[0], 0);
    const seen *s = bench_want(l, RIG_PDU_TMF_REQ);
    memcpy(about, s->bhs, sizeof about);
    CU_ASSERT_EQUAL(rig_get32(about, RIG_F_REF_TAG), j[1].task.itt);
    refuse_for_room(l, about);
    CU_ASSERT(bench_quiet(l) && j[0].done == 0 && j[1].done == 0 && rig_session_is_up(w->session));
    tmf_response(l, first, 0);
    tmf_response(l, want_reassign(l, &j[1], 0), 0);
    CU_ASSERT(w->events[RIG_EVENT_RECOVERED] == 1 && w->events[RIG_EVENT_SESSION_DOWN] == 0);
    for (int i = 0; i < 2; i++) {
        bench_data_in(l, j[i].task.itt, 0, 0, disk, 512, true);
        bench_good(l, j[i].task.itt, 1);
        CU_ASSERT(job_ended(&j[i], RIG_OK));
    }
    bench_free(w);
}

/* The Logout that cleans up for a lost connection is refused for the same reason: it goes again, with a
 * number.
 */
static void cleanup_refused_for_room(void)
{
    bench *w = bench_level_2();
    link *a = bench_up(w, agreed);
    link *b = second(w);
    job j;
    uint8_t about[RIG_BHS_LEN];
    lose(a);
    bench_tick_to(w, w->now + 3 * RIG_SECOND);
    memcpy(about, bench_want(b, RIG_PDU_LOGOUT_REQ)->bhs, sizeof about);
    CU_ASSERT_EQUAL(rig_get(about, RIG_F_I), 1);
    refuse_for_room(b, about);
    const seen *s = bench_want(b, RIG_PDU_LOGOUT_REQ);
    CU_ASSERT(rig_get(s->bhs, RIG_F_I) == 0 && rig_get(s->bhs, RIG_F_CID) == 0);
    CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_LOGOUT_REASON), rig_get(about, RIG_F_LOGOUT_REASON));
    uint32_t itt = rig_get32(s->bhs, RIG_F_ITT);
    bench_took(w, s);
    logout_response(b, itt, 0);
    CU_ASSERT(w->events[RIG_EVENT_RECOVERED] == 1 && w->events[RIG_EVENT_SESSION_DOWN] == 0);
    job_io(&j, w, false, buffer, 512);
    job_sent(&j, b, RIG_PDU_SCSI_CMD);
    bench_free(w);
}

/* ---- what no recovery follows ---- */

/* A CHECK CONDITION without sense data, or a NOP-In whose LUN cannot be. */
static void send_broken(link *l, const job *j, bool nop)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, nop ? RIG_PDU_NOP_IN : RIG_PDU_SCSI_RESP, nop ? RIG_TAG_NONE : j->task.itt);
    if (nop) {
        rig_set(bhs, RIG_F_TTT, 7);
        rig_set(bhs, RIG_F_LUN, UINT64_MAX);
        bench_send(l, bhs, NULL, 0);
        return;
    }
    rig_set(bhs, RIG_F_SCSI_STATUS, 2);
    bench_status(l, bhs, NULL, 0);
}

/* A format error ends the session (7.7), whatever other connections it has and whatever level was agreed. */
static void format_errors(void)
{
    for (int how = 0; how < 8; how++) {
        bool two = how & 1, nop = how & 2, high = how & 4;
        bench *w = bench_level_2();
        w->config.offer[RIG_KEY_RECOVERY_LEVEL].value = high ? 2 : 0;
        link *a = bench_up(w, high ? agreed : "MaxConnections=2\0");
        link *b = two ? second(w) : NULL;
        job j;
        if (two)
            b->connected = false;
        job_io(&j, w, false, buffer, 512);
        job_sent(&j, a, RIG_PDU_SCSI_CMD);
        if (two)
            b->connected = true;
        send_broken(a, &j, nop);
        bench_pump(w);
        CU_ASSERT(bench_fell(w, RIG_E_FORMAT, NULL));
        CU_ASSERT(job_ended(&j, RIG_E_FORMAT) && a->gone && (!two || b->gone));
        CU_ASSERT_EQUAL(w->events[RIG_EVENT_RECOVERED], 0);
        bench_free(w);
    }
}

RIG_SUITE("initiator: connection recovery", {"the only connection", the_only_connection},
          {"unreceived", unreceived}, {"a hole in CmdSN", hole_of_the_only_connection},
          {"one of two", one_of_two}, {"with a gap", with_a_gap}, {"answers", answers},
          {"too late", too_late}, {"forgotten", forgotten}, {"fails again", fails_again},
          {"closed by another", closed_by_another}, {"ended meanwhile", ended_meanwhile},
          {"an abort waits for its command", abort_waits_for_its_command},
          {"aborted when the connection is lost", ended_with_its_connection},
          {"ended while it is reassigned", ended_while_reassigned},
          {"cancelled before it goes again", cancelled_before_it_goes_again},
          {"cancelled during the loss", cancelled_during_the_loss},
          {"the session is logged out meanwhile", session_logout_by_the_other},
          {"the other connection is logged out meanwhile", other_logged_out},
          {"lost in its own logout", carrier_lost}, {"told of the next attempt", told_of_the_next_attempt},
          {"a wait that was for a login", wait_of_a_login},
          {"a reassignment refused for want of room", reassign_refused_for_room},
          {"a clean-up refused for want of room", cleanup_refused_for_room},
          {"format errors end the session", format_errors})
