/* What keys switch on: FastAbort, RFC 7144, and commands that move data both ways (RFC 7143
 * sections 4.2.3.4, 11.2.2.4, 11.4.5, 11.9.1, 13.23, 13.24). */
#include "bench.h"

static uint8_t source[4096];
static uint8_t buffer[4096];

static link *up(bench *w, const char *answers)
{
    fill(source, sizeof source, 3);
    w->config.offer[RIG_KEY_TASK_REPORTING].omit = false;
    w->config.offer[RIG_KEY_PROTOCOL_LEVEL].omit = false;
    w->config.offer[RIG_KEY_IMMEDIATE_DATA].value = 0;
    w->config.offer[RIG_KEY_INITIAL_R2T].value = 1;
    w->config.offer[RIG_KEY_MAX_R2T].value = 4;
    return bench_up(w, answers);
}

static const char fast[] = "TaskReporting=FastAbort\0iSCSIProtocolLevel=2\0";
static const char standard[] = "TaskReporting=ResponseFence\0iSCSIProtocolLevel=1\0";

static void response(link *l, uint32_t itt, uint8_t code, uint32_t info)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_TMF_RESP, itt);
    rig_set(bhs, RIG_F_TMF_RESPONSE, code);
    rig_set(bhs, RIG_F_TMF_INFO, info);
    bench_status(l, bhs, NULL, 0);
}

/* What is offered: at least RFC3720 and ResponseFence (13.23). */
static void offers(void)
{
    bench *w = bench_new();
    w->config.offer[RIG_KEY_TASK_REPORTING].omit = false;
    w->config.offer[RIG_KEY_PROTOCOL_LEVEL].omit = false;
    bench_session(w);
    CU_ASSERT_EQUAL(rig_session_login(w->session, w->now), RIG_OK);
    link *l = bench_accept(w);
    bench_login_answer(l, NULL);
    const seen *s = bench_want(l, RIG_PDU_LOGIN_REQ);
    rig_view text = rig_view_of(s->data, s->len);
    CU_ASSERT(rig_view_is(text_value(text, "TaskReporting"), "RFC3720,ResponseFence,FastAbort"));
    CU_ASSERT(rig_view_is(text_value(text, "iSCSIProtocolLevel"), "2"));
    bench_free(w);
}

/* Once a LOGICAL UNIT RESET is out, no Data-Out follows for its tasks with FastAbort; without it every R2T is
 * answered (TMF-032, 4.2.3.3, 4.2.3.4). */
static void data_behind_a_reset(void)
{
    for (int is_fast = 0; is_fast < 2; is_fast++) {
        bench *w = bench_new();
        link *l = up(w, is_fast ? fast : standard);
        job j, other, tmf;
        job_io(&j, w, true, source, 2048);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        job_io(&other, w, true, source, 1024);
        other.task.lun = 0x0001000000000000;
        job_sent(&other, l, RIG_PDU_SCSI_CMD);
        job_init(&tmf, w, RIG_TASK_TMF);
        tmf.task.function = 5;
        tmf.task.immediate = true;
        job_sent(&tmf, l, RIG_PDU_TMF_REQ);
        bench_r2t(l, j.task.itt, 0, 1, 0, 0, 1024);
        CU_ASSERT_EQUAL(bench_quiet(l), is_fast);
        bench_drain(l);
        bench_r2t(l, other.task.itt, 0x0001000000000000, 2, 0, 0, 1024);
        CU_ASSERT_EQUAL(rig_get32(bench_want(l, RIG_PDU_DATA_OUT)->bhs, RIG_F_TTT), 2);
        response(l, tmf.task.itt, 0, 0);
        CU_ASSERT(job_ended(&j, RIG_E_ABORTED) && job_ended(&tmf, RIG_OK) && other.done == 0);
        bench_free(w);
    }
}

/* Event 5: the LUN's transfers stop, and the message is acknowledged with its LUN (11.9.1). */
static void task_termination(void)
{
    for (int is_fast = 0; is_fast < 2; is_fast++) {
        bench *w = bench_new();
        link *l = up(w, is_fast ? fast : standard);
        uint8_t bhs[RIG_BHS_LEN];
        job j;
        job_io(&j, w, true, source, 2048);
        j.task.lun = 0x0007000000000000;
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        bench_bhs(l, bhs, RIG_PDU_ASYNC, RIG_TAG_NONE);
        rig_set(bhs, RIG_F_ASYNC_EVENT, 5);
        rig_set(bhs, RIG_F_LUN, j.task.lun);
        bench_status(l, bhs, NULL, 0);
        if (is_fast) {
            const seen *s = bench_want(l, RIG_PDU_NOP_OUT);
            CU_ASSERT(rig_get32(s->bhs, RIG_F_ITT) == RIG_TAG_NONE &&
                      rig_get32(s->bhs, RIG_F_TTT) == RIG_TAG_NONE);
            CU_ASSERT(rig_get(s->bhs, RIG_F_LUN) == j.task.lun && rig_get(s->bhs, RIG_F_I) == 1);
            CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_EXP_STAT_SN), l->stat_sn);
        }
        bench_r2t(l, j.task.itt, j.task.lun, 1, 0, 0, 1024);
        CU_ASSERT_EQUAL(bench_quiet(l), is_fast);
        bench_free(w);
    }
}

/* QUERY TASK refers like ABORT TASK, ends nothing, and brings its answer (RFC 7144 section 6). */
static void queries(void)
{
    bench *w = bench_new();
    link *l = up(w, fast);
    job j, tmf;
    job_io(&j, w, true, source, 512);
    uint32_t cmd_sn = rig_get32(job_sent(&j, l, RIG_PDU_SCSI_CMD)->bhs, RIG_F_CMD_SN);
    job_init(&tmf, w, RIG_TASK_TMF);
    tmf.task.function = 9;
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &tmf.task, w->now), RIG_E_ARGUMENT);
    tmf.task.reference = &j.task;
    const seen *s = job_sent(&tmf, l, RIG_PDU_TMF_REQ);
    CU_ASSERT(rig_get32(s->bhs, RIG_F_REF_TAG) == j.task.itt &&
              rig_get32(s->bhs, RIG_F_REF_CMD_SN) == cmd_sn);
    response(l, tmf.task.itt, 7, 0x123456);
    CU_ASSERT(job_ended(&tmf, RIG_OK) && tmf.task.response == 7 && tmf.task.additional == 0x123456);
    CU_ASSERT_EQUAL(j.done, 0);
    static const uint8_t functions[] = {10, 12};
    for (size_t i = 0; i < sizeof functions; i++) {
        job_init(&tmf, w, RIG_TASK_TMF);
        tmf.task.function = functions[i];
        tmf.task.lun = 0x0002000000000000;
        s = job_sent(&tmf, l, RIG_PDU_TMF_REQ);
        CU_ASSERT(rig_get(s->bhs, RIG_F_LUN) == tmf.task.lun &&
                  rig_get32(s->bhs, RIG_F_REF_TAG) == RIG_TAG_NONE);
        response(l, tmf.task.itt, 0, 0);
        CU_ASSERT(job_ended(&tmf, RIG_OK) && j.done == 0);
    }
    bench_free(w);
}

/* I_T NEXUS RESET ends everything of the session; none of these goes without iSCSIProtocolLevel 2 (P44-001,
 * KEY-034). */
static void nexus_reset(void)
{
    bench *w = bench_new();
    link *l = up(w, fast);
    job j, tmf;
    job_io(&j, w, true, source, 512);
    j.task.lun = 0x0003000000000000;
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    job_init(&tmf, w, RIG_TASK_TMF);
    tmf.task.function = 11;
    CU_ASSERT_EQUAL(rig_get(job_sent(&tmf, l, RIG_PDU_TMF_REQ)->bhs, RIG_F_LUN), 0);
    response(l, tmf.task.itt, 0, 0);
    CU_ASSERT(job_ended(&j, RIG_E_ABORTED) && job_ended(&tmf, RIG_OK));
    bench_free(w);
    for (uint8_t function = 8; function <= 13; function++) {
        w = bench_new();
        up(w, standard);
        job_init(&tmf, w, RIG_TASK_TMF);
        tmf.task.function = function;
        tmf.task.reference = function == 9 ? &j.task : NULL;
        CU_ASSERT_EQUAL(rig_session_submit(w->session, &tmf.task, w->now),
                        function == 13 ? RIG_E_ARGUMENT : RIG_E_UNSUPPORTED);
        bench_free(w);
    }
}

static void priority_and_qualifier(void)
{
    bench *w = bench_new();
    link *l = up(w, fast);
    uint8_t bhs[RIG_BHS_LEN];
    job j;
    job_io(&j, w, true, NULL, 0);
    j.task.priority = 15;
    CU_ASSERT_EQUAL(rig_get(job_sent(&j, l, RIG_PDU_SCSI_CMD)->bhs, RIG_F_PRIORITY), 15);
    bench_bhs(l, bhs, RIG_PDU_SCSI_RESP, j.task.itt);
    rig_set(bhs, RIG_F_SCSI_STATUS, 0x08);
    rig_set(bhs, RIG_F_STATUS_QUALIFIER, 0x8001);
    bench_status(l, bhs, NULL, 0);
    CU_ASSERT(job_ended(&j, RIG_OK) && j.task.scsi_status == 0x08 && j.task.status_qualifier == 0x8001);
    job_io(&j, w, true, NULL, 0);
    j.task.priority = 16;
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &j.task, w->now), RIG_E_ARGUMENT);
    bench_free(w);
}

/* Both ways: R2Ts and Data-In share one count, each way has its length and residual
 * (4.2.2.4, 11.2.2.4, 11.4.5). */
static void both_ways(void)
{
    bench *w = bench_new();
    link *l = up(w, standard);
    uint8_t bhs[RIG_BHS_LEN];
    uint8_t cdb[32] = {0x7f, [7] = 24};
    struct iovec in = {buffer, 2048};
    job j;
    job_io(&j, w, true, source, 1024);
    j.task.cdb = rig_view_of(cdb, sizeof cdb);
    j.task.read = true;
    j.task.in = &in;
    j.task.bidi_len = 2048;
    const seen *s = job_sent(&j, l, RIG_PDU_SCSI_CMD);
    CU_ASSERT_EQUAL(s->bhs[1], 0xe0);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_EDTL), 1024);
    rig_view rest = rig_view_of(s->ahs, s->ahs_len);
    rig_ahs ahs;
    CU_ASSERT(rig_ahs_next(&rest, &ahs, NULL) == RIG_OK && ahs.type == RIG_AHS_CDB && ahs.data.len == 16);
    CU_ASSERT(rig_ahs_next(&rest, &ahs, NULL) == RIG_OK && ahs.type == RIG_AHS_BIDI);
    CU_ASSERT_EQUAL(rig_be_get(ahs.data.ptr, 4), 2048);
    bench_data_in(l, j.task.itt, 0, 0, source, 512, false);
    bench_r2t(l, j.task.itt, 0, 9, 1, 0, 1024);
    CU_ASSERT_EQUAL(bench_want(l, RIG_PDU_DATA_OUT)->len, 1024);
    bench_data_in(l, j.task.itt, 2, 512, source + 512, 1000, true);
    bench_bhs(l, bhs, RIG_PDU_SCSI_RESP, j.task.itt);
    rig_set(bhs, RIG_F_EXP_DATA_SN, 3);
    rig_set(bhs, RIG_F_BIDI_UNDERFLOW, 1);
    rig_set(bhs, RIG_F_BIDI_RESIDUAL, 536);
    rig_set(bhs, RIG_F_OVERFLOW, 1);
    rig_set(bhs, RIG_F_RESIDUAL, 7);
    bench_status(l, bhs, NULL, 0);
    CU_ASSERT(job_ended(&j, RIG_OK) && j.task.received == 1512 && memcmp(buffer, source, 1512) == 0);
    CU_ASSERT(j.task.bidi_underflow && !j.task.bidi_overflow && j.task.bidi_residual == 536);
    CU_ASSERT(j.task.overflow && j.task.residual == 7);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_IGNORED], 0);
    bench_free(w);
}

/* A task the caller wants no more: withdrawn when it has not gone, aborted when it has; a refusal leaves it.
 */
static void cancelled(void)
{
    bench *w = bench_new();
    link *l = up(w, standard);
    job j, stays, waits, ping;
    l->connected = false;
    job_io(&waits, w, true, source, 512);
    job_submit(&waits);
    CU_ASSERT_EQUAL(rig_session_cancel(w->session, &waits.task, w->now), RIG_OK);
    CU_ASSERT(job_ended(&waits, RIG_E_ABORTED));
    CU_ASSERT_EQUAL(rig_session_cancel(w->session, &waits.task, w->now), RIG_E_NOT_FOUND);
    l->connected = true;
    job_io(&j, w, true, source, 512);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    job_io(&stays, w, true, source, 512);
    job_sent(&stays, l, RIG_PDU_SCSI_CMD);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(rig_session_cancel(w->session, i ? &stays.task : &j.task, w->now), RIG_OK);
        const seen *s = bench_want(l, RIG_PDU_TMF_REQ);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_REF_TAG), i ? stays.task.itt : j.task.itt);
        CU_ASSERT_EQUAL(rig_session_cancel(w->session, i ? &stays.task : &j.task, w->now), RIG_OK);
        CU_ASSERT(bench_quiet(l)); /* asked once */
        response(l, rig_get32(s->bhs, RIG_F_ITT), i ? 5 : 0, 0);
    }
    CU_ASSERT(job_ended(&j, RIG_E_ABORTED) && stays.done == 0 && rig_session_is_up(w->session));
    CU_ASSERT_EQUAL(rig_session_cancel(w->session, &stays.task, w->now), RIG_OK);
    bench_want(l, RIG_PDU_TMF_REQ); /* the first one failed */
    bench_good(l, stays.task.itt, 0);
    CU_ASSERT(job_ended(&stays, RIG_OK));
    job_init(&ping, w, RIG_TASK_PING);
    job_sent(&ping, l, RIG_PDU_NOP_OUT);
    CU_ASSERT_EQUAL(rig_session_cancel(w->session, &ping.task, w->now), RIG_E_UNSUPPORTED);
    bench_free(w);
}

RIG_SUITE("initiator: features by key", {"offers", offers}, {"data behind a reset", data_behind_a_reset},
          {"task termination", task_termination}, {"queries", queries}, {"nexus reset", nexus_reset},
          {"priority and qualifier", priority_and_qualifier}, {"both ways", both_ways},
          {"cancelled", cancelled})
