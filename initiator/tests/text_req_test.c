/* Text Requests in full feature phase, and the answer to SendTargets (RFC 7143 sections 6.4, 11.10, 11.11,
 * appendix C). */
#include "bench.h"

static uint8_t request[RIG_TEXT_MAX + 1];

static char answer[65536];
static size_t answer_len;

/* done() is the only time the answer can be read. */
static void keep_answer(job *j)
{
    answer_len = j->task.text.len;
    if (answer_len)
        memcpy(answer, j->task.text.ptr, answer_len);
}

static void job_text(job *j, bench *w, const void *text, size_t len)
{
    memcpy(request, text, len);
    job_init(j, w, RIG_TASK_TEXT);
    j->iov = (struct iovec){request, len};
    j->task.out = &j->iov;
    j->task.num_out = 1;
    j->then = keep_answer;
}

static void respond(link *l, uint32_t itt, bool final, bool more, uint32_t ttt, const void *text, size_t len)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_TEXT_RESP, itt);
    rig_set(bhs, RIG_F_F, final);
    rig_set(bhs, RIG_F_C, more);
    rig_set(bhs, RIG_F_TTT, ttt);
    rig_set(bhs, RIG_F_LUN, final ? 0 : 0x0003000000000000);
    bench_status(l, bhs, text, len);
}

/* One request, one answer; a tag in the last answer means nothing (NEG-049). */
static void one_pair(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    job j;
    job_text(&j, w, "SendTargets=All", 16);
    const seen *s = job_sent(&j, l, RIG_PDU_TEXT_REQ);
    CU_ASSERT_EQUAL(s->bhs[0], 0x04);
    CU_ASSERT_EQUAL(s->bhs[1], 0x80);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_TTT), RIG_TAG_NONE);
    CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_LUN), 0);
    CU_ASSERT_EQUAL(s->len, 16);
    CU_ASSERT_EQUAL(memcmp(s->data, "SendTargets=All", 16), 0);
    respond(l, j.task.itt, true, false, 0x77, "TargetName=iqn.2026-01.org.example:a", 37);
    CU_ASSERT(job_ended(&j, RIG_OK));
    CU_ASSERT_EQUAL(answer_len, 37);
    CU_ASSERT_EQUAL(memcmp(answer, "TargetName=iqn.2026-01.org.example:a", 37), 0);
    bench_free(w);
}

/* A long answer: the engine asks on, with the target's tag and LUN, the same ITT and I bit, and a CmdSN each
 * (NEG-048, -055, DISC-015). */
static void long_answer(void)
{
    for (int immediate = 0; immediate < 2; immediate++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        job j;
        job_text(&j, w, "SendTargets=All", 16);
        j.task.immediate = immediate;
        job_sent(&j, l, RIG_PDU_TEXT_REQ);
        for (uint32_t i = 0; i < 5; i++) {
            respond(l, j.task.itt, false, i % 2, 40 + i, "TargetName=iqn.2026-01.org.example:a", 37);
            const seen *s = bench_want(l, RIG_PDU_TEXT_REQ);
            CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_I), immediate ? 1u : 0u);
            CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_ITT), j.task.itt);
            CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_TTT), 40 + i);
            CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_LUN), 0x0003000000000000);
            CU_ASSERT_EQUAL(rig_get(s->bhs, RIG_F_F), 1);
            CU_ASSERT_EQUAL(s->len, 0);
            bench_took(w, s);
        }
        respond(l, j.task.itt, true, false, RIG_TAG_NONE, "TargetName=iqn.2026-01.org.example:a", 37);
        CU_ASSERT(job_ended(&j, RIG_OK));
        CU_ASSERT_EQUAL(answer_len, 6 * 37);
        bench_free(w);
    }
}

/* A long request goes in parts of the target's limit, each but the last with C and answered empty (NEG-056,
 * -057, -058). */
static void long_request(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, "MaxRecvDataSegmentLength=512\0");
    static uint8_t text[1500];
    static uint8_t came[1500];
    job j;
    fill(text, sizeof text, 3);
    job_text(&j, w, text, sizeof text);
    job_submit(&j);
    size_t at = 0;
    for (int part = 0; part < 3; part++) {
        const seen *s = bench_want(l, RIG_PDU_TEXT_REQ);
        CU_ASSERT_EQUAL(s->bhs[1], part < 2 ? 0x40 : 0x80);
        CU_ASSERT_EQUAL_FATAL(s->len, part < 2 ? 512 : 476);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_TTT), part ? 9 : RIG_TAG_NONE);
        memcpy(came + at, s->data, s->len);
        at += s->len;
        bench_took(w, s);
        CU_ASSERT(bench_quiet(l)); /* one at a time (NEG-054) */
        respond(l, j.task.itt, part == 2, false, part < 2 ? 9 : RIG_TAG_NONE, NULL, 0);
    }
    CU_ASSERT_EQUAL(memcmp(came, text, sizeof text), 0);
    CU_ASSERT(job_ended(&j, RIG_OK));
    bench_free(w);
}

/* A second exchange waits for the first, and holds nothing else up (NEG-054). */
static void one_at_a_time(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    job a, b, io;
    job_text(&a, w, "SendTargets=All", 16);
    job_sent(&a, l, RIG_PDU_TEXT_REQ);
    job_text(&b, w, "SendTargets=All", 16);
    job_submit(&b);
    CU_ASSERT(bench_quiet(l));
    job_io(&io, w, false, NULL, 0);
    job_sent(&io, l, RIG_PDU_SCSI_CMD);
    respond(l, a.task.itt, true, false, RIG_TAG_NONE, NULL, 0);
    CU_ASSERT(job_ended(&a, RIG_OK));
    CU_ASSERT_EQUAL(rig_get32(bench_want(l, RIG_PDU_TEXT_REQ)->bhs, RIG_F_ITT), b.task.itt);
    bench_free(w);
    CU_ASSERT(job_ended(&b, RIG_E_ABORTED));
}

static void wrong_answers(void)
{
    static const struct {
        bool final, more, other_itt, long_request;
        uint32_t ttt;
        size_t len;
        const char *field;
    } rows[] = {
        {true, true, false, false, RIG_TAG_NONE, 5, "C"},
        {false, false, false, false, RIG_TAG_NONE, 5, "TTT"},
        {true, false, true, false, RIG_TAG_NONE, 5, "ITT"},
        {true, false, false, true, RIG_TAG_NONE, 0, "F"},
        {false, false, false, true, 9, 5, "DataSegmentLength"},
        {false, true, false, true, 9, 0, "DataSegmentLength"},
    };
    static const uint8_t text[10000];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        job j;
        job_text(&j, w, text, rows[i].long_request ? sizeof text : 16);
        job_submit(&j);
        bench_want(l, RIG_PDU_TEXT_REQ);
        respond(l, j.task.itt + rows[i].other_itt, rows[i].final, rows[i].more, rows[i].ttt, text,
                rows[i].len);
        CU_ASSERT(bench_fell(w, RIG_E_PROTOCOL, rows[i].field));
        CU_ASSERT(job_ended(&j, RIG_E_PROTOCOL));
        bench_free(w);
    }
}

/* Two answers to one request; an answer to none (NEG-066). */
static void answers_to_nothing(void)
{
    for (int twice = 0; twice < 2; twice++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        job j;
        job_text(&j, w, "SendTargets=All", 16);
        if (twice) {
            job_sent(&j, l, RIG_PDU_TEXT_REQ);
            l->connected = false; /* the next request cannot go yet */
            respond(l, j.task.itt, false, false, 1, NULL, 0);
            CU_ASSERT(rig_session_is_up(w->session));
        }
        respond(l, twice ? j.task.itt : 5, false, false, 1, NULL, 0);
        CU_ASSERT(bench_fell(w, RIG_E_PROTOCOL, "ITT"));
        bench_free(w);
    }
}

/* A refused or overdue exchange leaves no trace on the connection; the next one is as good as the first. */
static void rejected(void)
{
    for (int later = 0; later < 2; later++) {
        bench *w = bench_new();
        link *l = bench_up(w, NULL);
        uint8_t header[RIG_BHS_LEN];
        uint8_t bhs[RIG_BHS_LEN];
        job j, next;
        job_text(&j, w, "MaxRecvDataSegmentLength=512", 29);
        memcpy(header, job_sent(&j, l, RIG_PDU_TEXT_REQ)->bhs, RIG_BHS_LEN);
        if (later) {
            respond(l, j.task.itt, false, false, 5, "MaxRecvDataSegmentLength=512", 29);
            const seen *s = bench_want(l, RIG_PDU_TEXT_REQ);
            memcpy(header, s->bhs, RIG_BHS_LEN);
            bench_took(w, s);
        }
        bench_bhs(l, bhs, RIG_PDU_REJECT, RIG_TAG_NONE);
        rig_set(bhs, RIG_F_REJECT_REASON, 0x0b); /* REJ-012, NEG-067 */
        bench_status(l, bhs, header, sizeof header);
        CU_ASSERT(job_ended(&j, RIG_E_REFUSED));
        CU_ASSERT_EQUAL(answer_len, 0);
        job_text(&next, w, "SendTargets=All", 16);
        const seen *s = job_sent(&next, l, RIG_PDU_TEXT_REQ);
        CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_TTT), RIG_TAG_NONE);
        respond(l, next.task.itt, true, false, RIG_TAG_NONE, NULL, 0);
        CU_ASSERT(job_ended(&next, RIG_OK));
        static uint8_t data[4096];
        job io; /* what was not agreed to the end has no effect (NEG-037, -061) */
        job_io(&io, w, true, data, sizeof data);
        CU_ASSERT_EQUAL(job_sent(&io, l, RIG_PDU_SCSI_CMD)->len, 4096);
        bench_free(w);
    }
}

/* MaxRecvDataSegmentLength anew: ours and the target's, from the end of the exchange on (NEG-062); nonsense
 * fails the exchange and nothing else (REC-033). */
static void new_lengths(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    static uint8_t data[4096];
    uint8_t bhs[RIG_BHS_LEN];
    job j, io;
    job_text(&j, w, "MaxRecvDataSegmentLength=512", 29);
    job_sent(&j, l, RIG_PDU_TEXT_REQ);
    respond(l, j.task.itt, true, false, RIG_TAG_NONE, "MaxRecvDataSegmentLength=1024", 30);
    CU_ASSERT(job_ended(&j, RIG_OK));
    job_io(&io, w, true, data, sizeof data);
    CU_ASSERT_EQUAL(job_sent(&io, l, RIG_PDU_SCSI_CMD)->len, 1024);
    bench_drain(l);
    job_text(&j, w, "MaxRecvDataSegmentLength=8192", 30);
    job_sent(&j, l, RIG_PDU_TEXT_REQ);
    respond(l, j.task.itt, true, false, RIG_TAG_NONE, "MaxRecvDataSegmentLength=1", 27);
    CU_ASSERT(job_ended(&j, RIG_E_NEGOTIATION));
    CU_ASSERT(rig_session_is_up(w->session));
    bench_bhs(l, bhs, RIG_PDU_NOP_IN, RIG_TAG_NONE);
    bench_send(l, bhs, data, 512);
    CU_ASSERT(rig_session_is_up(w->session));
    bench_send(l, bhs, data, 513); /* ours was 512, the failed exchange did not change it */
    CU_ASSERT(bench_fell(w, RIG_E_FORMAT, "DataSegmentLength"));
    bench_free(w);
}

/* The limits of a request and of an answer. */
static void limits(void)
{
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    static uint8_t part[262144];
    job j;
    job_text(&j, w, request, 0);
    j.iov.iov_len = RIG_TEXT_MAX + 1;
    CU_ASSERT_EQUAL(rig_session_submit(w->session, &j.task, w->now), RIG_E_LIMIT);
    j.then = NULL;
    j.iov.iov_len = 16;
    job_sent(&j, l, RIG_PDU_TEXT_REQ);
    for (size_t len = 0; len < RIG_TEXT_ANSWER_MAX; len += sizeof part) {
        respond(l, j.task.itt, false, true, 1, part, sizeof part);
        bench_took(w, bench_want(l, RIG_PDU_TEXT_REQ));
    }
    CU_ASSERT(rig_session_is_up(w->session));
    respond(l, j.task.itt, false, true, 1, part, 1);
    CU_ASSERT(bench_fell(w, RIG_E_LIMIT, NULL));
    CU_ASSERT(job_ended(&j, RIG_E_LIMIT));
    bench_free(w);
}

/* ---- the answer to SendTargets ---- */

typedef struct record {
    const char *name, *host;
    uint16_t port;
    int32_t group;
} record;

static rig_status walk(const char *text, size_t len, const record *wanted, size_t num)
{
    rig_view rest = rig_view_of(text, len);
    rig_view name = {0};
    rig_target_record r;
    rig_error err = {0};
    rig_status status;
    size_t i = 0;
    while ((status = rig_sendtargets_next(&rest, &name, &r, &err)) == RIG_OK) {
        CU_ASSERT_FATAL(i < num);
        CU_ASSERT(rig_view_is(r.name, wanted[i].name));
        CU_ASSERT_EQUAL(r.has_portal, wanted[i].host != NULL);
        CU_ASSERT(!r.has_portal || (strcmp(r.portal.host, wanted[i].host) == 0 &&
                                    r.portal.port == wanted[i].port && r.portal.group == wanted[i].group));
        i++;
    }
    CU_ASSERT_EQUAL(i, num);
    CU_ASSERT(status == RIG_E_NOT_FOUND || err.text[0] != 0);
    return status;
}

#define WALK(text, wanted, num) walk(text, sizeof(text) - 1, wanted, num)

static void good_records(void)
{
    static const record wanted[] = {
        {"iqn.a", "192.0.2.1", 3260, 1}, {"iqn.a", "2001:db8::1", 3261, 2},
        {"iqn.b", NULL, 0, 0},           {"iqn.c", "host.example", 3260, -1},
        {"iqn.d", NULL, 0, 0},
    };
    CU_ASSERT_EQUAL(WALK("TargetName=iqn.a\0TargetAddress=192.0.2.1,1\0TargetAddress=[2001:db8::1]:3261,2\0"
                         "TargetName=iqn.b\0TargetName=iqn.c\0TargetAddress=host.example\0TargetName=iqn.d\0",
                         wanted, 5),
                    RIG_E_NOT_FOUND); /* DISC-012, -016 */
    CU_ASSERT_EQUAL(walk("", 0, NULL, 0), RIG_E_NOT_FOUND);
}

static void bad_records(void)
{
    static const record a[] = {{"iqn.a", NULL, 0, 0}};
    CU_ASSERT_EQUAL(WALK("TargetAddress=192.0.2.1,1\0", NULL, 0), RIG_E_PROTOCOL);
    CU_ASSERT_EQUAL(WALK("TargetAlias=x\0", NULL, 0), RIG_E_PROTOCOL);
    CU_ASSERT_EQUAL(WALK("TargetName=\0", NULL, 0), RIG_E_SYNTAX);
    CU_ASSERT_EQUAL(WALK("TargetName=iqn.a", NULL, 0), RIG_E_SYNTAX);
    CU_ASSERT_EQUAL(WALK("TargetName\0", NULL, 0), RIG_E_SYNTAX);
    CU_ASSERT_EQUAL(WALK("TargetName=iqn.a\0TargetAddress=:1\0", NULL, 0), RIG_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(WALK("TargetName=iqn.a\0TargetAddress=192.0.2.1:65536\0", NULL, 0), RIG_E_UNSUPPORTED);
    CU_ASSERT_EQUAL(WALK("TargetName=iqn.a\0junk", a, 1), RIG_E_SYNTAX);
    char text[512] = "TargetName=";
    memset(text + 11, 'a', RIG_NAME_MAX + 1);
    CU_ASSERT_EQUAL(walk(text, 11 + RIG_NAME_MAX + 2, NULL, 0), RIG_E_UNSUPPORTED);
}

/* Behind an address or a name that cannot be used the list goes on. */
static void unusable_records(void)
{
    static const char text[] =
        "TargetName=iqn.a\0TargetAddress=[fe80::1%en0]:3260,1\0TargetAddress=192.0.2.1,-1\0"
        "TargetAddress=192.0.2.2,1\0TargetName=iqn.b\0TargetAddress=192.0.2.3,\0";
    static const struct {
        rig_status status;
        const char *name, *host;
    } steps[] = {{RIG_E_UNSUPPORTED, "iqn.a", ""},
                 {RIG_E_UNSUPPORTED, "iqn.a", ""},
                 {RIG_OK, "iqn.a", "192.0.2.2"},
                 {RIG_E_UNSUPPORTED, "iqn.b", ""},
                 {RIG_E_NOT_FOUND, "", ""}};
    rig_view rest = rig_view_of(text, sizeof text - 1), name = {0};
    rig_target_record r;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        rig_error err = {0};
        CU_ASSERT_EQUAL(rig_sendtargets_next(&rest, &name, &r, &err), steps[i].status);
        CU_ASSERT(rig_view_is(r.name, steps[i].name));
        CU_ASSERT(r.has_portal == (steps[i].status == RIG_OK));
        CU_ASSERT(!r.has_portal || strcmp(r.portal.host, steps[i].host) == 0);
        CU_ASSERT(steps[i].status != RIG_E_UNSUPPORTED || (err.status == RIG_E_UNSUPPORTED && err.text[0]));
    }
}

/* The addresses behind a name that is too long are its own, and nobody else's. */
static void name_too_long(void)
{
    static const char tail[] = "\0TargetAddress=192.0.2.9,1\0TargetName=iqn.b\0TargetAddress=192.0.2.1,1";
    char text[512] = "TargetName=iqn.a\0TargetAddress=192.0.2.2,1\0TargetName=";
    size_t at = sizeof "TargetName=iqn.a\0TargetAddress=192.0.2.2,1\0TargetName=" - 1;
    memset(text + at, 'x', RIG_NAME_MAX + 1);
    memcpy(text + at + RIG_NAME_MAX + 1, tail, sizeof tail);
    rig_view rest = rig_view_of(text, at + RIG_NAME_MAX + 1 + sizeof tail), name = {0};
    rig_target_record r;
    CU_ASSERT(rig_sendtargets_next(&rest, &name, &r, NULL) == RIG_OK && rig_view_is(r.name, "iqn.a"));
    CU_ASSERT_EQUAL(rig_sendtargets_next(&rest, &name, &r, NULL), RIG_E_UNSUPPORTED);
    CU_ASSERT(rig_sendtargets_next(&rest, &name, &r, NULL) == RIG_OK && rig_view_is(r.name, "iqn.b"));
    CU_ASSERT_STRING_EQUAL(r.portal.host, "192.0.2.1");
    CU_ASSERT_EQUAL(rig_sendtargets_next(&rest, &name, &r, NULL), RIG_E_NOT_FOUND);
}

/* Every cut and every changed byte of an answer ends in a status. */
static void broken_records(void)
{
    static const char good[] = "TargetName=iqn.a\0TargetAddress=192.0.2.1,1\0TargetName=iqn.b\0";
    for (size_t len = 0; len < sizeof good; len++)
        for (unsigned byte = 0; byte < 256; byte += 5) {
            char text[sizeof good];
            memcpy(text, good, sizeof good);
            text[len] = (char)byte;
            for (int cut = 0; cut < 2; cut++) {
                rig_view rest = rig_view_of(text, cut ? len : sizeof good - 1);
                rig_view name = {0};
                rig_target_record r;
                unsigned num = 0;
                rig_status status;
                while ((status = rig_sendtargets_next(&rest, &name, &r, NULL)) == RIG_OK)
                    num++;
                CU_ASSERT(num <= 3);
            }
        }
}

/* An unfinished answer with num keys nobody asked for. */
static rig_status brings_up(uint32_t num, uint32_t parts)
{
    static char text[16384];
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    job j;
    job_text(&j, w, "SendTargets=All", 16);
    const seen *s = job_sent(&j, l, RIG_PDU_TEXT_REQ);
    for (uint32_t part = 0, key = 0; part < parts && j.done == 0; part++) {
        size_t len = 0;
        for (; key < num * (part + 1) / parts; key++)
            len += (size_t)snprintf(text + len, sizeof text - len, "K%03x=1", key) + 1;
        respond(l, j.task.itt, false, false, 5, text, len);
        bench_pump(w);
        if (j.done == 0) {
            s = bench_want(l, RIG_PDU_TEXT_REQ);
            bench_took(w, s);
            while (rig_get(s->bhs, RIG_F_C)) { /* its answers need several PDUs */
                respond(l, j.task.itt, false, false, 5, NULL, 0);
                s = bench_want(l, RIG_PDU_TEXT_REQ);
                bench_took(w, s);
            }
        }
    }
    if (j.done == 0)
        respond(l, j.task.itt, true, false, RIG_TAG_NONE, NULL, 0);
    CU_ASSERT_EQUAL(j.done, 1);
    bench_free(w);
    return j.task.status;
}

/* Each of them is looked up in what was asked for: there is a limit to that. */
static void keys_brought_up(void)
{
    CU_ASSERT_EQUAL(brings_up(1024, 1), RIG_OK);
    CU_ASSERT_EQUAL(brings_up(1025, 1), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(brings_up(1024, 2), RIG_OK);
    CU_ASSERT_EQUAL(brings_up(1025, 2), RIG_E_LIMIT);
}

/* However often the target asks for a negotiation while no request can go, it gets one (11.9.1). */
static void wanted_again_and_again(void)
{
    static job jobs[64];
    bench *w = bench_new();
    link *l = bench_up(w, NULL);
    uint8_t bhs[RIG_BHS_LEN];
    rig_session_facts facts;
    for (int i = 0; i < 64; i++) {
        job_io(&jobs[i], w, false, NULL, 0);
        job_submit(&jobs[i]);
    }
    bench_drain(l);
    for (int i = 0; i < 100; i++) {
        bench_bhs(l, bhs, RIG_PDU_ASYNC, RIG_TAG_NONE);
        rig_set(bhs, RIG_F_ASYNC_EVENT, 4);
        rig_set(bhs, RIG_F_PARAMETER3, 3);
        bench_status(l, bhs, NULL, 0);
    }
    rig_session_describe(w->session, &facts);
    CU_ASSERT_EQUAL(facts.tasks, 64 + 1);
    w->exp_cmd_sn += 64;
    w->max_cmd_sn += 64;
    bench_good(l, jobs[0].task.itt, 0);
    bench_took(w, bench_want(l, RIG_PDU_TEXT_REQ));
    CU_ASSERT(bench_quiet(l));
    bench_free(w);
}

RIG_SUITE("initiator: Text and SendTargets", {"a request and its answer", one_pair},
          {"a long answer", long_answer}, {"a long request", long_request},
          {"one exchange at a time", one_at_a_time}, {"answers that cannot be", wrong_answers},
          {"answers to nothing", answers_to_nothing}, {"a refused exchange leaves no trace", rejected},
          {"new segment lengths", new_lengths}, {"limits of request and answer", limits},
          {"records of targets", good_records}, {"records that cannot be", bad_records},
          {"addresses nobody can use", unusable_records}, {"a name nobody can have", name_too_long},
          {"records cut and changed", broken_records}, {"keys that are brought up", keys_brought_up},
          {"a negotiation wanted again and again", wanted_again_and_again})
