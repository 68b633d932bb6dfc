/* Task management, command timeouts, Reject (RFC 7143 sections 11.5, 11.6, 11.17, 7.3, 7.11). */
#include "bench.h"

#define LUN_A UINT64_C(0x0001000000000000)
#define LUN_B UINT64_C(0x0002000000000000)

static uint8_t buffer[8192];

static void tmf_response(link *l, uint32_t itt, uint8_t response)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_TMF_RESP, itt);
    rig_set(bhs, RIG_F_TMF_RESPONSE, response);
    bench_status(l, bhs, NULL, 0);
}

static void command(job *j, bench *w, link *l, uint64_t lun)
{
    job_io(j, w, false, buffer, 512);
    j->task.lun = lun;
    job_sent(j, l, RIG_PDU_SCSI_CMD);
}

static void tmf_init(job *j, bench *w, uint8_t function, uint64_t lun)
{
    job_init(j, w, RIG_TASK_TMF);
    j->task.function = function;
    j->task.lun = lun;
    j->task.immediate = true;
}

/* ABORT TASK names the task by tag and CmdSN; an immediate one by the CmdSN of the request itself (TMF-005).
 */
static void abort_task(void)
{
    for (int immediate = 0; immediate < 2; immediate++)
        for (uint8_t response = 0; response < 2; response++) {
            bench *w = bench_new();
            link *l = bench_up(w, NULL);
            job first, j, tmf;
            command(&first, w, l, LUN_A);
            job_io(&j, w, false, buffer, 512);
            j.task.lun = LUN_A;
            j.task.immediate = immediate;
            job_sent(&j, l, RIG_PDU_SCSI_CMD);
            tmf_init(&tmf, w, 1, LUN_B); /* the task's LUN counts */
            tmf.task.reference = &j.task;
            const seen *s = job_sent(&tmf, l, RIG_PDU_TMF_REQ);
            CU_ASSERT_EQUAL(s->bhs[0], 0x42);
            CU_ASSERT_EQUAL(s->bhs[1], 0x81);
            CU_ASSERT(s->len == 0 && s->ahs_len == 0);
            CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_LUN), LUN_A);
            CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_REF_TAG), j.task.itt);
            CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_REF_CMD_SN),
                            immediate ? rig_get32(s->bhs, RIG_F_CMD_SN) : 101);
            CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_EXP_DATA_SN), 0);
            tmf_response(l, tmf.task.itt, response);
            CU_ASSERT(job_ended(&tmf, RIG_OK));
            CU_ASSERT_EQUAL(tmf.task.response, response);
            CU_ASSERT(job_ended(&j, RIG_E_ABORTED));
            CU_ASSERT_EQUAL(first.done, 0);
            bench_good(l, first.task.itt, 0);
            CU_ASSERT(job_ended(&first, RIG_OK));
            bench_free(w);
        }
}

/* A function the target refuses ends nothing. */
static void refused_functions(void)
{
    static const uint8_t responses[] = {1, 2, 3, 4, 5, 6, 255};
    for (size_t i = 0; i < sizeof responses; i++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        job j, tmf;
        command(&j, w, l, LUN_A);
        tmf_init(&tmf, w, 5, LUN_A);
        job_sent(&tmf, l, RIG_PDU_TMF_REQ);
        tmf_response(l, tmf.task.itt, responses[i]);
        CU_ASSERT(job_ended(&tmf, RIG_OK));
        CU_ASSERT_EQUAL(tmf.task.response, responses[i]);
        CU_ASSERT_EQUAL(j.done, 0);
        bench_free(w);
    }
}

/* Which functions carry a LUN (TMF-006), and whose tasks they end. */
static void sets_and_resets(void)
{
    static const struct {
        uint8_t function;
        bool lun, ends_a, ends_b;
    } rows[] = {{2, true, true, false}, {3, true, false, false}, {4, true, true, false},
                {5, true, true, false}, {6, false, true, true},  {7, false, true, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        job a, b, later, tmf;
        command(&a, w, l, LUN_A);
        command(&b, w, l, LUN_B);
        tmf_init(&tmf, w, rows[i].function, LUN_A);
        const seen *s = job_sent(&tmf, l, RIG_PDU_TMF_REQ);
        CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_LUN), rows[i].lun ? LUN_A : 0);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_REF_TAG), RIG_TAG_NONE); /* TMF-004 */
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_REF_CMD_SN), 0);
        job_io(&later, w, false, buffer, 512);
        later.task.lun = LUN_A;
        job_submit(&later); /* a newer task is not concerned; behind a reset it waits (4.2.3.2) */
        CU_ASSERT_EQUAL(bench_quiet(l), rows[i].function >= 5);
        tmf_response(l, tmf.task.itt, 0);
        bench_want(l, RIG_PDU_SCSI_CMD);
        CU_ASSERT(job_ended(&tmf, RIG_OK));
        CU_ASSERT_EQUAL(a.done, rows[i].ends_a);
        CU_ASSERT_EQUAL(b.done, rows[i].ends_b);
        CU_ASSERT_EQUAL(later.done, 0);
        bench_free(w);
        CU_ASSERT(a.done == 1 && b.done == 1 && later.done == 1);
    }
}

/* Until the answer is here, data that was asked for goes on to its end (TMF-023, -024). */
static void data_while_waiting(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, "InitialR2T=Yes\0ImmediateData=No\0");
    job j, tmf;
    job_io(&j, w, true, buffer, sizeof buffer);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    tmf_init(&tmf, w, 2, 0);
    job_sent(&tmf, l, RIG_PDU_TMF_REQ);
    bench_r2t(l, j.task.itt, 0, 5, 0, 0, sizeof buffer);
    const seen *s = bench_want(l, RIG_PDU_DATA_OUT);
    CU_ASSERT(s->len == sizeof buffer && rig_get(s->bhs, RIG_F_F) == 1);
    tmf_response(l, tmf.task.itt, 0);
    CU_ASSERT(job_ended(&j, RIG_E_ABORTED));
    bench_free(w);
}

/* Nothing goes for an aborted task any more, but what stands in the queue leaves before its end is told. */
static void aborted_with_data_queued(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, "InitialR2T=Yes\0ImmediateData=No\0MaxRecvDataSegmentLength=512\0");
    job j, tmf;
    job_io(&j, w, true, buffer, sizeof buffer);
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    tmf_init(&tmf, w, 5, 0);
    job_sent(&tmf, l, RIG_PDU_TMF_REQ);
    w->hold_sent = true;
    bench_r2t(l, j.task.itt, 0, 5, 0, 0, sizeof buffer);
    bench_pump(w);
    tmf_response(l, tmf.task.itt, 0);
    CU_ASSERT(job_ended(&tmf, RIG_OK));
    CU_ASSERT_EQUAL(j.done, 0);
    bench_ack(l);
    CU_ASSERT(job_ended(&j, RIG_E_ABORTED));
    CU_ASSERT(!l->changed);
    bench_free(w);
}

/* A task that has not been sent is withdrawn, and the target hears nothing of it. */
static void withdrawn(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    uint8_t bhs[RIG_BHS_LEN];
    job filler[64], j, tmf;
    for (int i = 0; i < 64; i++) {
        job_io(&filler[i], w, false, NULL, 0);
        job_submit(&filler[i]);
    }
    bench_drain(l);
    job_io(&j, w, false, buffer, 512);
    job_submit(&j);
    tmf_init(&tmf, w, 1, 0);
    tmf.task.reference = &j.task;
    job_submit(&tmf);
    CU_ASSERT_EQUAL(tmf.done, 0);
    CU_ASSERT(bench_quiet(l));
    CU_ASSERT(job_ended(&j, RIG_E_ABORTED));
    CU_ASSERT(job_ended(&tmf, RIG_OK));
    CU_ASSERT_EQUAL(tmf.task.response, 0);
    bench_bhs(l, bhs, RIG_PDU_NOP_IN, RIG_TAG_NONE);
    rig_set(bhs, RIG_F_EXP_CMD_SN, 164);
    rig_set(bhs, RIG_F_MAX_CMD_SN, 164);
    bench_send(l, bhs, NULL, 0);
    CU_ASSERT(bench_quiet(l));
    bench_free(w);
}

/* The reference had not been sent when its abort was asked for, but is by the time the abort can go. */
static void sent_meanwhile(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    job j, tmf;
    w->links[0]->connected = false; /* the driver has no time */
    job_io(&j, w, false, buffer, 512);
    job_submit(&j);
    tmf_init(&tmf, w, 1, 0);
    tmf.task.immediate = false; /* in the same queue, behind it */
    tmf.task.reference = &j.task;
    job_submit(&tmf);
    l->connected = true;
    bench_wake(&l->base);
    const seen *s = bench_want(l, RIG_PDU_SCSI_CMD);
    bench_took(w, s);
    s = bench_want(l, RIG_PDU_TMF_REQ);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_REF_TAG), j.task.itt);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_REF_CMD_SN), 100);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_CMD_SN), 101);
    bench_took(w, s);
    tmf_response(l, tmf.task.itt, 0);
    CU_ASSERT(job_ended(&j, RIG_E_ABORTED));
    bench_free(w);
}

static void bad_functions(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    job j, tmf, other;
    command(&j, w, l, LUN_A);
    tmf_init(&tmf, w, 0, 0);
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &tmf.task, w->now), RIG_E_ARGUMENT);
    tmf_init(&tmf, w, 1, 0);
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &tmf.task, w->now), RIG_E_ARGUMENT);
    tmf_init(&tmf, w, 5, 0);
    tmf.task.reference = &j.task;
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &tmf.task, w->now), RIG_E_ARGUMENT);
    tmf_init(&tmf, w, 8, 0); /* TASK REASSIGN needs level 2 */
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &tmf.task, w->now), RIG_E_UNSUPPORTED);
    tmf_init(&tmf, w, 12, 0);
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &tmf.task, w->now), RIG_E_UNSUPPORTED);
    tmf_init(&tmf, w, 13, 0);
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &tmf.task, w->now), RIG_E_ARGUMENT);
    job_io(&other, w, false, NULL, 0);
    tmf_init(&tmf, w, 1, 0);
    tmf.task.reference = &other.task; /* not in the engine's hands */
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &tmf.task, w->now), RIG_E_NOT_FOUND);
    job_init(&other, w, RIG_TASK_PING);
    job_sent(&other, l, RIG_PDU_NOP_OUT);
    tmf.task.reference = &other.task;
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &tmf.task, w->now), RIG_E_ARGUMENT);
    bench_free(w);
}

static void response_for_nobody(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    job j;
    command(&j, w, l, LUN_A);
    tmf_response(l, j.task.itt, 0);
    CU_ASSERT(bench_fell(w, RIG_E_PROTOCOL, "ITT"));
    bench_free(w);
}

/* A command without an answer is aborted (TMF-051); it ends with the timeout. */
static void command_timeout(void)
{
    for (uint8_t response = 0; response < 2; response++) {
        bench *w = bench_new();
        w->config.command_timeout = 5 * RIG_SECOND;
        link *l = bench_up(w, NULL);
        job j, patient;
        command(&j, w, l, LUN_A);
        job_io(&patient, w, false, NULL, 0);
        patient.task.timeout = 60 * RIG_SECOND;
        job_sent(&patient, l, RIG_PDU_SCSI_CMD);
        bench_tick_to(w, w->now + 5 * RIG_SECOND - 1);
        CU_ASSERT(bench_quiet(l));
        bench_tick_to(w, w->now + 1);
        const seen *s = bench_want(l, RIG_PDU_TMF_REQ);
        CU_ASSERT_EQUAL(s->bhs[0], 0x42);
        CU_ASSERT_EQUAL(s->bhs[1], 0x81);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_REF_TAG), j.task.itt);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_REF_CMD_SN), 100);
        CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_LUN), LUN_A);
        CU_ASSERT_EQUAL(j.done, 0);
        tmf_response(l, rig_get32(s->bhs, RIG_F_ITT), response);
        CU_ASSERT(job_ended(&j, RIG_E_TIMEOUT));
        CU_ASSERT_EQUAL(patient.done, 0);
        CU_ASSERT(rig_session_is_up(w->session));
        bench_free(w);
    }
}

/* The answer comes while the abort is under way: it counts, and the abort's own answer harms nothing. */
static void answer_after_all(void)
{
    static const uint8_t responses[] = {0, 1, 5, 255};
    for (size_t i = 0; i < 4; i++) {
        bench *w = bench_new();
        w->config.command_timeout = RIG_SECOND;
        link *l = bench_up(w, NULL);
        job j;
        job_io(&j, w, false, NULL, 0);
        job_sent(&j, l, RIG_PDU_SCSI_CMD);
        bench_tick_to(w, w->now + RIG_SECOND);
        uint32_t itt = rig_get32(bench_want(l, RIG_PDU_TMF_REQ)->bhs, RIG_F_ITT);
        bench_good(l, j.task.itt, 0);
        CU_ASSERT(job_ended(&j, RIG_OK));
        tmf_response(l, itt, responses[i]);
        CU_ASSERT(rig_session_is_up(w->session));
        bench_tick_to(w, w->now + 100 * RIG_SECOND);
        CU_ASSERT(rig_session_is_up(w->session));
        bench_free(w);
    }
}

/* An abort that is refused, rejected or not answered leaves nothing but to give the connection up (7.11). */
static void abort_fails(void)
{
    for (int how = 0; how < 3; how++) {
        bench *w = bench_new();
        w->config.command_timeout = RIG_SECOND;
        w->config.tmf_timeout = 2 * RIG_SECOND;
        link *l = bench_up(w, NULL);
        job j;
        command(&j, w, l, LUN_A);
        bench_tick_to(w, w->now + RIG_SECOND);
        const seen *s = bench_want(l, RIG_PDU_TMF_REQ);
        uint8_t header[RIG_BHS_LEN];
        memcpy(header, s->bhs, RIG_BHS_LEN);
        if (how == 0)
            tmf_response(l, rig_get32(s->bhs, RIG_F_ITT), 5);
        if (how == 1) {
            uint8_t bhs[RIG_BHS_LEN];
            bench_bhs(l, bhs, RIG_PDU_REJECT, RIG_TAG_NONE);
            rig_set(bhs, RIG_F_REJECT_REASON, 0x05);
            bench_status(l, bhs, header, sizeof header);
        }
        CU_ASSERT_EQUAL(rig_session_is_up(w->session), how == 2);
        bench_tick_to(w, w->now + 2 * RIG_SECOND);
        CU_ASSERT(bench_fell(w, how == 1 ? RIG_E_PROTOCOL : RIG_E_TIMEOUT, NULL));
        CU_ASSERT_EQUAL(j.done, 1);
        bench_free(w);
    }
}

/* A command that waits for the window just ends. */
static void timeout_while_waiting(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    job filler[64], j;
    for (int i = 0; i < 64; i++) {
        job_io(&filler[i], w, false, NULL, 0);
        job_submit(&filler[i]);
    }
    bench_drain(l);
    job_io(&j, w, false, buffer, 512);
    j.task.timeout = RIG_SECOND;
    job_submit(&j);
    bench_tick_to(w, w->now + RIG_SECOND);
    CU_ASSERT(job_ended(&j, RIG_E_TIMEOUT));
    CU_ASSERT(bench_quiet(l) && rig_session_is_up(w->session));
    bench_free(w);
}

/* The caller's own requests without an answer show that the connection is dead. */
static void request_timeouts(void)
{
    static const rig_task_kind kinds[] = {RIG_TASK_TMF, RIG_TASK_TEXT, RIG_TASK_PING, RIG_TASK_LOGOUT};
    for (size_t i = 0; i < 4; i++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        job j;
        job_init(&j, w, kinds[i]);
        j.task.function = 5;
        job_submit(&j);
        bench_drain(l);
        bench_tick_to(w, w->now + 15 * RIG_SECOND - 1);
        CU_ASSERT_EQUAL(j.done, 0);
        bench_tick_to(w, w->now + 1);
        CU_ASSERT(job_ended(&j, RIG_E_TIMEOUT));
        CU_ASSERT(bench_fell(w, RIG_E_TIMEOUT, NULL));
        CU_ASSERT(bench_moved(w, kinds[i] == RIG_TASK_LOGOUT ? "T17" : "T15"));
        bench_free(w);
    }
}

/* ---- Reject ---- */

static void reject(link *l, const uint8_t *header, size_t len, uint8_t reason)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_REJECT, RIG_TAG_NONE);
    rig_set(bhs, RIG_F_REJECT_REASON, reason);
    bench_status(l, bhs, header, len);
}

/* A refused command ends; as it counts as not received, something else takes its CmdSN (REJ-020, CMD-046). */
static void rejected_command(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    uint8_t header[RIG_BHS_LEN];
    uint8_t bhs[RIG_BHS_LEN];
    job j, next;
    job_io(&j, w, false, buffer, 512);
    job_submit(&j);
    memcpy(header, bench_want(l, RIG_PDU_SCSI_CMD)->bhs, RIG_BHS_LEN);
    job_io(&next, w, false, buffer, 512);
    job_submit(&next);
    CU_ASSERT_EQUAL(rig_get32(bench_want(l, RIG_PDU_SCSI_CMD)->bhs, RIG_F_CMD_SN), 101);
    reject(l, header, sizeof header, 0x09);
    CU_ASSERT(job_ended(&j, RIG_E_REFUSED));
    CU_ASSERT_EQUAL(j.task.response, 0x09);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_REJECT], 1);
    const seen *s = bench_want(l, RIG_PDU_NOP_OUT);
    CU_ASSERT_EQUAL(s->bhs[0], 0x00);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_CMD_SN), 100);
    CU_ASSERT_NOT_EQUAL(rig_get32(s->bhs, RIG_F_ITT), RIG_TAG_NONE);
    uint32_t itt = rig_get32(s->bhs, RIG_F_ITT);
    w->exp_cmd_sn = 102;
    bench_bhs(l, bhs, RIG_PDU_NOP_IN, itt);
    bench_status(l, bhs, NULL, 0);
    bench_good(l, next.task.itt, 0);
    bench_drain(l);
    job_io(&j, w, false, buffer, 512);
    job_submit(&j);
    CU_ASSERT_EQUAL(rig_get32(bench_want(l, RIG_PDU_SCSI_CMD)->bhs, RIG_F_CMD_SN), 102);
    CU_ASSERT(rig_session_is_up(w->session));
    bench_free(w);
}

/* Not when the target shows that it took the number; not for immediate requests. */
static void rejected_without_a_hole(void)
{
    for (int immediate = 0; immediate < 2; immediate++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        uint8_t header[RIG_BHS_LEN];
        job j;
        job_io(&j, w, false, buffer, 512);
        j.task.immediate = immediate;
        const seen *s = job_sent(&j, l, RIG_PDU_SCSI_CMD);
        memcpy(header, s->bhs, RIG_BHS_LEN);
        reject(l, header, sizeof header, 0x06);
        CU_ASSERT(job_ended(&j, RIG_E_REFUSED));
        CU_ASSERT(bench_quiet(l));
        bench_free(w);
    }
}

/* The plug is refused, too, or gets no answer: then the session cannot go on; unless the number was taken. */
static void plug_fails(void)
{
    for (int how = 0; how < 3; how++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        uint8_t header[RIG_BHS_LEN];
        uint8_t bhs[RIG_BHS_LEN];
        job j;
        job_io(&j, w, false, buffer, 512);
        job_submit(&j);
        memcpy(header, bench_want(l, RIG_PDU_SCSI_CMD)->bhs, RIG_BHS_LEN);
        reject(l, header, sizeof header, 0x09);
        memcpy(header, bench_want(l, RIG_PDU_NOP_OUT)->bhs, RIG_BHS_LEN);
        if (how == 0)
            reject(l, header, sizeof header, 0x09);
        if (how == 2) {
            w->exp_cmd_sn = 101;
            bench_bhs(l, bhs, RIG_PDU_NOP_IN, RIG_TAG_NONE);
            bench_send(l, bhs, NULL, 0);
        }
        bench_tick_to(w, w->now + 60 * RIG_SECOND);
        CU_ASSERT_EQUAL(rig_session_is_up(w->session), how == 2);
        CU_ASSERT(how == 2 || bench_fell(w, how ? RIG_E_TIMEOUT : RIG_E_PROTOCOL, NULL));
        bench_free(w);
    }
}

/* A Reject that names no request of ours is told and survived (REJ-014, REJ-023). */
static void survived_rejects(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    uint8_t header[RIG_BHS_LEN];
    job j;
    const seen *s;
    job_io(&j, w, true, buffer, 512);
    s = job_sent(&j, l, RIG_PDU_SCSI_CMD);
    memcpy(header, s->bhs, RIG_BHS_LEN);
    reject(l, NULL, 0, 0x04);
    reject(l, header, 47, 0x04);
    reject(l, header, 1, 0x01);
    rig_bhs_init(header, RIG_PDU_DATA_OUT); /* about data: the task will get its response */
    rig_set(header, RIG_F_ITT, j.task.itt);
    reject(l, header, sizeof header, 0x02);
    rig_bhs_init(header, RIG_PDU_NOP_OUT);
    reject(l, header, sizeof header, 0x40);
    rig_set(header, RIG_F_ITT, 0x00123456);
    reject(l, header, sizeof header, 0xff);
    header[0] = 0x3f;
    rig_set(header, RIG_F_ITT, j.task.itt);
    reject(l, header, sizeof header, 0x0b);
    CU_ASSERT_EQUAL(w->events[RIG_EVENT_REJECT], 7);
    CU_ASSERT_EQUAL(j.done, 0);
    CU_ASSERT(rig_session_is_up(w->session));
    bench_drain(l);
    bench_good(l, j.task.itt, 0);
    CU_ASSERT(job_ended(&j, RIG_OK));
    bench_free(w);
}

static job dying[2];
static rig_status said; /* what cancelling the second one was answered */

static void cancel_the_other(job *j)
{
    said = rig_session_cancel(j->w->session, &dying[1].task, j->w->now);
}

/* A done() of a connection that is going down asks for the end of another task of it: that one ends with the
 * connection, and nothing is sent or kept on it any more. */
static void cancel_on_a_dying_connection(void)
{
    static uint8_t data[2][512];
    bench *w = bench_new();
    w->config.offer[RIG_KEY_MAX_CONNECTIONS].value = 2;
    link *l = bench_up(w, "MaxConnections=2\0DefaultTime2Wait=2\0");
    CU_ASSERT_EQUAL(rig_session_add_connection(w->session, &w->config.portal, w->now), RIG_OK);
    bench_login_on(bench_accept(w), NULL);
    for (size_t i = 0; i < 2; i++) {
        job_io(&dying[i], w, false, data[i], sizeof data[i]);
        job_sent(&dying[i], l, RIG_PDU_SCSI_CMD);
    }
    dying[0].then = cancel_the_other;
    bench_tell(l, RIG_STREAM_FAILED, RIG_E_RESET);
    bench_pump(w);
    CU_ASSERT_EQUAL(said, RIG_OK);
    CU_ASSERT(job_ended(&dying[0], RIG_E_RESET));
    CU_ASSERT(job_ended(&dying[1], RIG_E_ABORTED));
    bench_tick_to(w, w->now + 60 * RIG_SECOND);
    CU_ASSERT_EQUAL(dying[1].done, 1);
    bench_free(w);
}

/* What is sent behind a LUN RESET for immediate delivery does not end with it (section 11.5.1). */
static void immediate_behind_a_reset(void)
{
    static uint8_t data[512];
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    job reset, behind;
    job_init(&reset, w, RIG_TASK_TMF);
    reset.task.function = 5;
    job_sent(&reset, l, RIG_PDU_TMF_REQ);
    job_io(&behind, w, false, data, sizeof data);
    behind.task.immediate = true;
    job_submit(&behind);
    CU_ASSERT(bench_quiet(l));
    tmf_response(l, reset.task.itt, 0);
    CU_ASSERT_EQUAL(behind.done, 0);
    bench_want(l, RIG_PDU_SCSI_CMD);
    bench_good(l, behind.task.itt, 0);
    CU_ASSERT(job_ended(&behind, RIG_OK));
    bench_free(w);
}

/* RIG_NEVER is a time limit like any other. */
static void no_time_limit(void)
{
    static uint8_t data[512];
    bench *w = bench_new();
    w->config.command_timeout = RIG_SECOND;
    w->config.nop_interval = w->config.login_timeout = RIG_NEVER;
    link *l = bench_up(w, NULL);
    job j;
    job_io(&j, w, false, data, sizeof data);
    j.task.timeout = RIG_NEVER;
    job_sent(&j, l, RIG_PDU_SCSI_CMD);
    bench_tick_to(w, w->now + 3600 * RIG_SECOND);
    CU_ASSERT_EQUAL(bench_next(l), NULL);
    CU_ASSERT_EQUAL(j.done, 0);
    bench_free(w);
}

/* An ABORT TASK that is refused for want of room for immediate requests goes again, with a number (11.17.1).
 */
static void abort_refused_for_room(void)
{
    for (int late = 0; late < 2; late++) {
        bench *w = bench_new();
        w->config.command_timeout = late ? 5 * RIG_SECOND : 0;
        link *l = bench_up(w, NULL);
        job j;
        uint8_t bhs[RIG_BHS_LEN], about[RIG_BHS_LEN];
        command(&j, w, l, LUN_A);
        if (late)
            bench_tick_to(w, w->now + 5 * RIG_SECOND);
        else
            CU_ASSERT_EQUAL(rig_session_cancel(w->session, &j.task, w->now), RIG_OK);
        memcpy(about, bench_want(l, RIG_PDU_TMF_REQ)->bhs, sizeof about);
        CU_ASSERT_EQUAL(rig_get(about, RIG_F_I), 1);
        bench_bhs(l, bhs, RIG_PDU_REJECT, RIG_TAG_NONE);
        rig_set(bhs, RIG_F_REJECT_REASON, 6);
        bench_status(l, bhs, about, sizeof about);
        CU_ASSERT_FATAL(rig_session_is_up(w->session));
        const seen *s = bench_want(l, RIG_PDU_TMF_REQ);
        CU_ASSERT(rig_get(s->bhs, RIG_F_I) == 0 && rig_get(s->bhs, RIG_F_FUNCTION) == 1);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_REF_TAG), j.task.itt);
        bench_took(w, s);
        CU_ASSERT_EQUAL(j.done, 0);
        tmf_response(l, rig_get32(s->bhs, RIG_F_ITT), 0);
        CU_ASSERT(job_ended(&j, late ? RIG_E_TIMEOUT : RIG_E_ABORTED) && bench_quiet(l));
        bench_free(w);
    }
}

/* The time of a command is over while it is being cancelled: it is aborted already. */
static void late_while_cancelled(void)
{
    bench *w = bench_new();
    w->config.command_timeout = 5 * RIG_SECOND;
    link *l = bench_up(w, NULL);
    job j;
    command(&j, w, l, LUN_A);
    bench_tick_to(w, w->now + 4 * RIG_SECOND);
    CU_ASSERT_EQUAL(rig_session_cancel(w->session, &j.task, w->now), RIG_OK);
    uint32_t itt = rig_get32(bench_want(l, RIG_PDU_TMF_REQ)->bhs, RIG_F_ITT);
    bench_tick_to(w, w->now + 2 * RIG_SECOND);
    CU_ASSERT(bench_quiet(l) && j.done == 0);
    tmf_response(l, itt, 0);
    CU_ASSERT(j.done == 1 && bench_quiet(l) && rig_session_is_up(w->session));
    CU_ASSERT(j.task.status == RIG_E_ABORTED || j.task.status == RIG_E_TIMEOUT);
    bench_free(w);
}

/* A cancel that the target cannot do changes nothing, and can be asked for once more. */
static void cancel_refused(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    job j;
    command(&j, w, l, LUN_A);
    CU_ASSERT_EQUAL(rig_session_cancel(w->session, &j.task, w->now), RIG_OK);
    tmf_response(l, rig_get32(bench_want(l, RIG_PDU_TMF_REQ)->bhs, RIG_F_ITT), 5);
    CU_ASSERT(j.done == 0 && rig_session_is_up(w->session));
    CU_ASSERT_EQUAL(rig_session_cancel(w->session, &j.task, w->now), RIG_OK);
    tmf_response(l, rig_get32(bench_want(l, RIG_PDU_TMF_REQ)->bhs, RIG_F_ITT), 0);
    CU_ASSERT(job_ended(&j, RIG_E_ABORTED));
    bench_free(w);
}

/* Commands for what is being reset wait for the answer: whether the reset ends them would be the target's
 * choice (4.2.3.2). Those for another unit go on, unless all units are reset. */
static void behind_a_reset(void)
{
    for (uint8_t function = 5; function <= 7; function++)
        for (int refused = 0; refused < 2; refused++) {
            bool all = function > 5;
            bench *w = bench_new();
            link *l = bench_up(w, NULL);
            job reset, same, other;
            tmf_init(&reset, w, function, LUN_A);
            job_sent(&reset, l, RIG_PDU_TMF_REQ);
            job_io(&same, w, false, buffer, 512);
            same.task.lun = LUN_A;
            job_submit(&same);
            CU_ASSERT(bench_quiet(l));
            job_io(&other, w, false, buffer, 512);
            other.task.lun = LUN_B;
            job_submit(&other);
            bench_pump(w);
            CU_ASSERT_EQUAL(l->num_seen, all ? 0 : 1);
            if (!all)
                CU_ASSERT_EQUAL(rig_get(bench_want(l, RIG_PDU_SCSI_CMD)->bhs, RIG_F_LUN), LUN_B);
            w->exp_cmd_sn += !all;
            tmf_response(l, reset.task.itt, refused ? 5 : 0);
            CU_ASSERT(job_ended(&reset, RIG_OK) && same.done == 0 && other.done == 0);
            CU_ASSERT_EQUAL(rig_get(bench_want(l, RIG_PDU_SCSI_CMD)->bhs, RIG_F_LUN), LUN_A);
            if (all)
                CU_ASSERT_EQUAL(rig_get(bench_want(l, RIG_PDU_SCSI_CMD)->bhs, RIG_F_LUN), LUN_B);
            w->exp_cmd_sn += all ? 2 : 1;
            bench_good(l, same.task.itt, 0);
            bench_good(l, other.task.itt, 0);
            CU_ASSERT(job_ended(&same, RIG_OK) && job_ended(&other, RIG_OK));
            bench_free(w);
        }
}

/* Data, an R2T or a response, by how. */
static void send_late(link *l, uint32_t itt, int how)
{
    if (how == 0)
        bench_good(l, itt, 0);
    else if (how == 1)
        bench_data_in(l, itt, 0, 0, buffer, 512, true);
    else
        bench_r2t(l, itt, LUN_A, 7, 0, 0, 512);
}

/* What still comes for a task that a function has ended is thrown away (4.2.3.4), here and on another
 * connection; for a tag that no task ever had it stays an error (7.13). */
static void late_for_an_ended_task(void)
{
    static const uint8_t functions[] = {1, 2, 5, 6};
    for (size_t i = 0; i < sizeof functions; i++)
        for (int how = 0; how < 3; how++) {
            bench *w = bench_new();
            link *l = bench_up(w, "InitialR2T=Yes\0ImmediateData=No\0");
            job j, tmf, next;
            job_io(&j, w, how == 2, buffer, 512);
            j.task.lun = LUN_A;
            job_sent(&j, l, RIG_PDU_SCSI_CMD);
            tmf_init(&tmf, w, functions[i], LUN_A);
            tmf.task.reference = functions[i] == 1 ? &j.task : NULL;
            job_sent(&tmf, l, RIG_PDU_TMF_REQ);
            uint32_t itt = j.task.itt;
            tmf_response(l, tmf.task.itt, 0);
            CU_ASSERT(job_ended(&j, RIG_E_ABORTED));
            send_late(l, itt, how);
            CU_ASSERT(bench_quiet(l) && j.done == 1);
            CU_ASSERT_FATAL(rig_session_is_up(w->session));
            command(&next, w, l, LUN_A);
            CU_ASSERT_NOT_EQUAL(next.task.itt, itt);
            bench_good(l, next.task.itt, 0);
            CU_ASSERT(job_ended(&next, RIG_OK));
            send_late(l, itt + 0x00100000, how);
            CU_ASSERT(bench_fell(w, RIG_E_PROTOCOL, "ITT"));
            bench_free(w);
        }
}

RIG_SUITE(
    "initiator: task management and Reject", {"ABORT TASK", abort_task},
    {"refused functions end nothing", refused_functions}, {"task sets and resets", sets_and_resets},
    {"data goes on until the answer", data_while_waiting},
    {"aborted with data queued", aborted_with_data_queued},
    {"a task that was not sent is withdrawn", withdrawn}, {"a task that was sent meanwhile", sent_meanwhile},
    {"functions that cannot be", bad_functions}, {"a response for nobody", response_for_nobody},
    {"a command without an answer is aborted", command_timeout}, {"an answer after all", answer_after_all},
    {"an abort that fails", abort_fails}, {"a timeout while waiting for the window", timeout_while_waiting},
    {"requests without an answer", request_timeouts},
    {"a refused command leaves a hole to plug", rejected_command},
    {"a refused command without a hole", rejected_without_a_hole}, {"a plug that fails", plug_fails},
    {"Rejects that name no request", survived_rejects},
    {"a cancel on a dying connection", cancel_on_a_dying_connection},
    {"an immediate command behind a reset", immediate_behind_a_reset},
    {"a limit of RIG_NEVER", no_time_limit}, {"an abort refused for want of room", abort_refused_for_room},
    {"late while it is cancelled", late_while_cancelled}, {"a cancel that is refused", cancel_refused},
    {"commands behind a reset", behind_a_reset}, {"late for a task that was ended", late_for_an_ended_task})
