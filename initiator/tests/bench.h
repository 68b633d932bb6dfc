/* A target made of literal PDUs, and a transport in memory that carries them: what the engine sends is read
 * through a framer of its own, what it gets is typed in by the tests. Nothing of the target's side is shared
 * with a target that knows the protocol. */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "rig/crc32c.h"
#include "rig/framer.h"
#include "rig/initiator.h"
#include "rig/text.h"
#include "suite.h"

#define BENCH_TARGET "iqn.2026-01.org.example:disk"
#define BENCH_TSIH 0x4711
#define BENCH_EVENTS 32  /* kinds of events */
#define BENCH_LINES 256  /* transitions kept */
#define BENCH_LINE 96    /* bytes of each */
#define BENCH_SEES 65536 /* most bytes of output that wait for bench_ack on one connection */

typedef struct bench bench;

/* One PDU the engine has sent. */
typedef struct seen {
    struct seen *next;
    rig_pdu_kind kind;
    uint8_t bhs[RIG_BHS_LEN];
    uint8_t ahs[RIG_AHS_MAX];
    size_t ahs_len;
    size_t len;
    uint8_t *data;
} seen;

/* The target's end of one connection. */
typedef struct link {
    rig_stream base;
    bench *w;
    rig_stream_user user;
    rig_portal to;
    rig_framer framer;
    seen *first, *last;
    uint32_t num_seen;
    bool connected, awake, closing, fin, reset, gone;
    bool header_digest, data_digest; /* of what the target sends */
    uint32_t stat_sn;                /* next one */
    size_t unacked;                  /* bytes of output looked at and not given back yet */
    uint8_t *held;                   /* those bytes */
    bool changed;                    /* the engine offered other bytes the second time */
} link;

struct bench {
    rig_alloc_meter meter;
    rig_transport transport;
    rig_initiator *initiator;
    rig_session *session;
    rig_session_config config;
    rig_draws draws;
    uint64_t now;
    link **links;
    uint32_t num_links;
    rig_status refuse; /* what rig_connect answers */
    size_t chunk;      /* most bytes a delivery brings, 0 = all */
    bool hold_sent;    /* output is not given back until bench_ack */
    bool hold_fin;     /* our FIN is not answered */
    uint32_t exp_cmd_sn, max_cmd_sn;
    uint32_t events[BENCH_EVENTS];
    rig_status down, failed, closed; /* status of the last SESSION_DOWN, LOGIN_FAILED, CLOSED */
    uint16_t login_status;
    bool by_target;
    char field[48]; /* at fault, of the last CLOSED or IGNORED */
    char text[256];
    char lines[BENCH_LINES][BENCH_LINE];
    uint32_t num_lines;
    void (*on_event)(bench *w, const rig_event *event);
    void *user;
    uint8_t read_ahead[16384];
};

/* A request of a test's. */
typedef struct job {
    rig_task task;
    bench *w;
    uint32_t done; /* how often done() was called: once is right */
    struct iovec iov;
    uint8_t cdb[32];
    void (*then)(struct job *job);
} job;

/* ---- the transport ---- */

static inline rig_status see_header(void *ctx, const rig_pdu *pdu, rig_sink *out_sink)
{
    (void)ctx;
    (void)pdu;
    (void)out_sink;
    return RIG_OK;
}

static inline rig_status see_pdu(void *ctx, const rig_pdu *pdu)
{
    link *l = ctx;
    seen *s = calloc(1, sizeof *s);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    s->kind = rig_pdu_kind_of(pdu->bhs);
    memcpy(s->bhs, pdu->bhs, RIG_BHS_LEN);
    s->ahs_len = pdu->ahs.len;
    if (pdu->ahs.len)
        memcpy(s->ahs, pdu->ahs.ptr, pdu->ahs.len);
    s->len = pdu->data.len;
    s->data = malloc(s->len + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s->data);
    if (s->len)
        memcpy(s->data, pdu->data.ptr, s->len);
    CU_ASSERT(!pdu->bad_header_digest && !pdu->bad_data_digest && !pdu->bad_padding);
    CU_ASSERT_EQUAL(rig_bhs_reserved(s->bhs, s->kind), RIG_BHS_LEN);
    if (l->last)
        l->last->next = s;
    else
        l->first = s;
    l->last = s;
    l->num_seen++;
    return RIG_OK;
}

static inline rig_status bench_connect(void *ctx, const rig_address *local, const rig_portal *remote,
                                       const rig_stream_user *user, rig_stream **out_stream)
{
    static const rig_framer_ops ops = {see_header, see_pdu};
    bench *w = ctx;
    (void)local;
    if (w->refuse)
        return w->refuse;
    link *l = calloc(1, sizeof *l);
    link **links = realloc(w->links, (w->num_links + 1) * sizeof *links);
    CU_ASSERT_FATAL(l != NULL && links != NULL);
    const rig_framer_config config = {.alloc = rig_alloc_libc(), .ops = &ops, .ctx = l};
    rig_framer_init(&l->framer, &config);
    l->framer.max_data = RIG_DATA_MAX;
    l->base.ops = w->transport.ops;
    l->w = w;
    l->user = *user;
    l->to = *remote;
    l->stat_sn = 1;
    w->links = links;
    w->links[w->num_links++] = l;
    *out_stream = &l->base;
    return RIG_OK;
}

static inline void bench_wake(rig_stream *base)
{
    link *l = (link *)base;
    CU_ASSERT(!l->gone);
    l->awake = true;
}

static inline void bench_close(rig_stream *base, rig_close_how how)
{
    link *l = (link *)base;
    CU_ASSERT(!l->gone);
    if (how == RIG_CLOSE_RESET)
        l->reset = l->gone = true;
    l->closing = l->awake = true;
}

static inline void bench_ends(const rig_stream *base, rig_address *out_local, rig_address *out_remote)
{
    const link *l = (const link *)base;
    *out_local = (rig_address){.ip = {{192, 0, 2, 77}, 4}, .port = 50000};
    *out_remote = (rig_address){.ip = {{192, 0, 2, 9}, 4}, .port = l->to.port};
    rig_ip_parse(rig_view_str(l->to.host), &out_remote->ip);
}

static const rig_transport_ops bench_ops = {
    .connect = bench_connect, .wake = bench_wake, .close = bench_close, .ends = bench_ends};

/* ---- output of the engine ---- */

static inline void bench_tell(link *l, rig_stream_event event, rig_status why)
{
    if (l->gone)
        return;
    l->gone = event == RIG_STREAM_CLOSED || event == RIG_STREAM_FAILED;
    l->user.ops->event(l->user.ctx, event, why, l->w->now);
}

static inline size_t bench_offer(link *l, uint8_t *out, size_t size)
{
    struct iovec iov[RIG_STREAM_IOV];
    size_t len = 0;
    int num = l->user.ops->output(l->user.ctx, iov, RIG_STREAM_IOV, l->w->now);
    for (int i = 0; i < num && !l->gone; i++) {
        size_t part = iov[i].iov_len < size - len ? iov[i].iov_len : size - len;
        memcpy(out + len, iov[i].iov_base, part);
        len += part;
    }
    return l->gone ? 0 : len;
}

/* Gives back what was looked at; the engine has to offer the same bytes again until then. */
static inline void bench_ack(link *l)
{
    uint8_t *again = malloc(BENCH_SEES);
    CU_ASSERT_PTR_NOT_NULL_FATAL(again);
    size_t len = l->unacked && !l->gone ? bench_offer(l, again, BENCH_SEES) : 0;
    if (!l->gone && l->unacked) {
        l->changed |= len < l->unacked || memcmp(again, l->held, l->unacked) != 0;
        len = l->unacked;
        l->unacked = 0;
        l->user.ops->sent(l->user.ctx, len, l->w->now);
    }
    free(again);
}

/* One look at the output; true when there was any. */
static inline bool bench_look(link *l)
{
    uint8_t *bytes = malloc(BENCH_SEES);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    size_t len = bench_offer(l, bytes, BENCH_SEES);
    size_t fresh = len > l->unacked ? len - l->unacked : 0;
    if (fresh) {
        if (!l->held)
            l->held = malloc(BENCH_SEES);
        memcpy(l->held, bytes, len);
        rig_framer_feed(&l->framer, rig_view_of(bytes + l->unacked, fresh), NULL);
        l->unacked = len;
        if (!l->w->hold_sent) {
            l->unacked = 0;
            l->user.ops->sent(l->user.ctx, len, l->w->now);
        }
    }
    free(bytes);
    return fresh > 0;
}

static inline void bench_turn(link *l)
{
    l->awake = false;
    while (!l->gone && l->connected && bench_look(l))
        continue;
    if (l->gone || !l->closing || l->fin || l->unacked)
        return;
    l->fin = true;
    if (!l->w->hold_fin)
        bench_tell(l, RIG_STREAM_CLOSED, RIG_OK);
}

/* Lets the engine send until it has no more to say. */
static inline void bench_pump(bench *w)
{
    for (bool more = true; more;) {
        more = false;
        for (uint32_t i = 0; i < w->num_links; i++)
            if (w->links[i]->awake && !w->links[i]->gone) {
                bench_turn(w->links[i]);
                more = true;
            }
    }
}

static inline void seen_free(seen *s)
{
    if (s)
        free(s->data);
    free(s);
}

/* The next PDU the engine has sent on a connection, NULL when there is none; it goes with the next call. */
static inline const seen *bench_next(link *l)
{
    static seen *last;
    bench_pump(l->w);
    seen_free(last);
    last = l->first;
    if (!last)
        return NULL;
    l->first = last->next;
    if (!l->first)
        l->last = NULL;
    l->num_seen--;
    return last;
}

/* The next PDU, which has to be of that kind. */
static inline const seen *bench_want(link *l, rig_pdu_kind kind)
{
    const seen *s = bench_next(l);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    if (s->kind != kind)
        fprintf(stderr, "\nwanted %s, came %s\n", rig_pdu_rows[kind].name, rig_pdu_rows[s->kind].name);
    CU_ASSERT_EQUAL_FATAL(s->kind, kind);
    return s;
}

static inline bool bench_quiet(link *l)
{
    bench_pump(l->w);
    return l->first == NULL;
}

static inline void bench_drain(link *l)
{
    while (bench_next(l))
        continue;
}

/* ---- input of the engine ---- */

/* Delivers bytes into the places the engine names, at most chunk at a time. */
static inline void bench_bytes(link *l, const uint8_t *bytes, size_t len)
{
    while (len > 0 && !l->gone) {
        struct iovec iov[RIG_SPACE_IOV];
        size_t most = l->w->chunk && l->w->chunk < len ? l->w->chunk : len;
        size_t got = 0;
        int num = l->user.ops->space(l->user.ctx, iov, RIG_SPACE_IOV);
        CU_ASSERT(num > 0);
        for (int i = 0; i < num && got < most; i++) {
            size_t part = iov[i].iov_len < most - got ? iov[i].iov_len : most - got;
            memcpy(iov[i].iov_base, bytes + got, part);
            got += part;
        }
        if (got == 0)
            return;
        bytes += got;
        len -= got;
        l->user.ops->received(l->user.ctx, got, l->w->now);
    }
}

static inline size_t bench_digest(uint8_t *bytes, size_t from, size_t to)
{
    rig_crc32c_store(rig_crc32c_update(RIG_CRC32C_START, bytes + from, to - from), bytes + to);
    return to + RIG_DIGEST_LEN;
}

/* The bytes of a PDU, to be freed; header and data length are completed here. */
static inline uint8_t *bench_encode(const link *l, uint8_t *bhs, const void *data, size_t data_len,
                                    size_t *out_len)
{
    uint8_t *bytes = calloc(1, RIG_BHS_LEN + data_len + 16);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    rig_set(bhs, RIG_F_DATA_LEN, data_len);
    memcpy(bytes, bhs, RIG_BHS_LEN);
    size_t len = RIG_BHS_LEN;
    if (l->header_digest)
        len = bench_digest(bytes, 0, len);
    size_t from = len;
    if (data_len)
        memcpy(bytes + len, data, data_len);
    len += (data_len + 3) & ~(size_t)3;
    if (l->data_digest && data_len)
        len = bench_digest(bytes, from, len);
    *out_len = len;
    return bytes;
}

static inline void bench_send(link *l, uint8_t *bhs, const void *data, size_t data_len)
{
    size_t len;
    uint8_t *bytes = bench_encode(l, bhs, data, data_len, &len);
    bench_bytes(l, bytes, len);
    free(bytes);
}

/* A header of the target's with the numbers of the moment; StatSN is the next one, and not used up. */
static inline void bench_bhs(link *l, uint8_t *bhs, rig_pdu_kind kind, uint32_t itt)
{
    rig_bhs_init(bhs, kind);
    rig_set(bhs, RIG_F_ITT, itt);
    rig_set(bhs, RIG_F_STAT_SN, l->stat_sn);
    rig_set(bhs, RIG_F_EXP_CMD_SN, l->w->exp_cmd_sn);
    rig_set(bhs, RIG_F_MAX_CMD_SN, l->w->max_cmd_sn);
}

/* Acknowledges a command and opens the window for 64 more. */
static inline void bench_took(bench *w, const seen *s)
{
    bool numbered = s->kind != RIG_PDU_DATA_OUT && s->kind != RIG_PDU_SNACK && !rig_get(s->bhs, RIG_F_I);
    if (!numbered)
        return;
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_CMD_SN), w->exp_cmd_sn);
    w->exp_cmd_sn++;
    w->max_cmd_sn = w->exp_cmd_sn + 63;
}

/* A status PDU: uses a StatSN up. */
static inline void bench_status(link *l, uint8_t *bhs, const void *data, size_t data_len)
{
    rig_set(bhs, RIG_F_STAT_SN, l->stat_sn++);
    bench_send(l, bhs, data, data_len);
}

static inline void bench_good(link *l, uint32_t itt, uint32_t exp_data_sn)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_SCSI_RESP, itt);
    rig_set(bhs, RIG_F_EXP_DATA_SN, exp_data_sn);
    bench_status(l, bhs, NULL, 0);
}

static inline void bench_r2t(link *l, uint32_t itt, uint64_t lun, uint32_t ttt, uint32_t sn, uint32_t offset,
                             uint32_t len)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_R2T, itt);
    rig_set(bhs, RIG_F_LUN, lun);
    rig_set(bhs, RIG_F_TTT, ttt);
    rig_set(bhs, RIG_F_R2T_SN, sn);
    rig_set(bhs, RIG_F_BUFFER_OFFSET, offset);
    rig_set(bhs, RIG_F_DESIRED_LEN, len);
    bench_send(l, bhs, NULL, 0);
}

static inline void bench_data_in(link *l, uint32_t itt, uint32_t sn, uint32_t offset, const void *data,
                                 size_t len, bool final)
{
    uint8_t bhs[RIG_BHS_LEN];
    bench_bhs(l, bhs, RIG_PDU_DATA_IN, itt);
    rig_set(bhs, RIG_F_STAT_SN, 0);
    rig_set(bhs, RIG_F_F, final);
    rig_set(bhs, RIG_F_DATA_SN, sn);
    rig_set(bhs, RIG_F_BUFFER_OFFSET, offset);
    bench_send(l, bhs, data, len);
}

/* ---- login ---- */

/* The link of the newest connect; its connection is made. */
static inline link *bench_accept(bench *w)
{
    CU_ASSERT_FATAL(w->num_links > 0);
    link *l = w->links[w->num_links - 1];
    CU_ASSERT_FATAL(!l->connected && !l->gone);
    l->connected = true;
    bench_tell(l, RIG_STREAM_CONNECTED, RIG_OK);
    return l;
}

/* A Login Response to a request: stages copied, ISID copied, TSIH when full feature phase begins. */
static inline void bench_login_bhs(link *l, uint8_t *bhs, const seen *request)
{
    bench_bhs(l, bhs, RIG_PDU_LOGIN_RESP, rig_get32(request->bhs, RIG_F_ITT));
    bool transit = rig_get(request->bhs, RIG_F_T);
    rig_set(bhs, RIG_F_T, transit);
    rig_set(bhs, RIG_F_CSG, rig_get(request->bhs, RIG_F_CSG));
    rig_set(bhs, RIG_F_NSG, transit ? rig_get(request->bhs, RIG_F_NSG) : 0);
    rig_set(bhs, RIG_F_ISID, rig_get(request->bhs, RIG_F_ISID));
    rig_set(bhs, RIG_F_TSIH, transit && rig_get(bhs, RIG_F_NSG) == 3 ? BENCH_TSIH : 0);
}

static inline void bench_first_numbers(link *l, const seen *request)
{
    bench *w = l->w;
    if (rig_get(request->bhs, RIG_F_TSIH))
        return;
    w->exp_cmd_sn = rig_get32(request->bhs, RIG_F_CMD_SN);
    w->max_cmd_sn = w->exp_cmd_sn + 63;
}

/* The value of a key in a text, {NULL, 0} when it is not there. */
static inline rig_view text_value(rig_view text, const char *key)
{
    rig_view rest = text;
    rig_pair pair;
    while (rig_pair_next(text.ptr, &rest, &pair, NULL) == RIG_OK)
        if (rig_view_is(pair.key, key))
            return pair.value;
    return (rig_view){0};
}

static inline void text_pair(uint8_t *out, size_t *len, rig_view key, rig_view value)
{
    memcpy(out + *len, key.ptr, key.len);
    out[*len + key.len] = '=';
    memcpy(out + *len + key.len + 1, value.ptr, value.len);
    out[*len + key.len + 1 + value.len] = 0;
    *len += key.len + value.len + 2;
}

static inline bool is_declared(rig_view key)
{
    return rig_view_is(key, "InitiatorName") || rig_view_is(key, "InitiatorAlias") ||
           rig_view_is(key, "TargetName") || rig_view_is(key, "SessionType") ||
           rig_view_is(key, "MaxRecvDataSegmentLength");
}

/* Answers each proposal of a request: with the value of answers (a text of pairs, the last one followed by
 * another NUL), the key left out where that is "-", else with the first item of the offer. Pairs of answers
 * that were not offered stand at the end. Returns the bytes. */
static inline size_t bench_answers(const seen *request, const char *answers, uint8_t *out)
{
    rig_view text = rig_view_of(request->data, request->len);
    rig_view rest = text;
    rig_pair pair;
    size_t len = 0;
    rig_view mine = {0};
    for (const char *at = answers; at && *at; at += strlen(at) + 1)
        mine = rig_view_of(answers, (size_t)(at - answers) + strlen(at) + 1);
    while (rig_pair_next(text.ptr, &rest, &pair, NULL) == RIG_OK) {
        char key[RIG_KEY_MAX + 1] = {0};
        memcpy(key, pair.key.ptr, pair.key.len);
        rig_view value = text_value(mine, key);
        if (is_declared(pair.key) || rig_view_is(value, "-"))
            continue;
        text_pair(out, &len, pair.key,
                  value.ptr ? value : rig_view_sub(pair.value, 0, rig_view_find(pair.value, ',')));
    }
    rest = mine;
    while (mine.len && rig_pair_next(mine.ptr, &rest, &pair, NULL) == RIG_OK) {
        char key[RIG_KEY_MAX + 1] = {0};
        memcpy(key, pair.key.ptr, pair.key.len);
        if (!rig_view_is(pair.value, "-") && (is_declared(pair.key) || !text_value(text, key).ptr))
            text_pair(out, &len, pair.key, pair.value);
    }
    return len;
}

/* Answers one login request in order, with those keys. */
static inline void bench_login_answer(link *l, const char *answers)
{
    uint8_t bhs[RIG_BHS_LEN];
    uint8_t text[8192];
    const seen *request = bench_want(l, RIG_PDU_LOGIN_REQ);
    bench_first_numbers(l, request);
    bench_login_bhs(l, bhs, request);
    size_t len = bench_answers(request, answers, text);
    bench_status(l, bhs, text, len);
}

/* The rest of a login on a connection that was accepted, digests switched on where they were agreed. */
static inline void bench_login_on(link *l, const char *answers)
{
    if (!l->w->config.start_operational)
        bench_login_answer(l, NULL);
    if (!l->w->config.ask_full_feature)
        bench_login_answer(l, answers);
}

static inline void bench_digests(link *l, bool header, bool data)
{
    l->header_digest = header;
    l->data_digest = data;
    rig_framer_digests(&l->framer, header, data);
}

static inline link *bench_login(bench *w, const char *answers)
{
    CU_ASSERT_EQUAL_FATAL(rig_session_login(w->session, w->now), RIG_OK);
    link *l = bench_accept(w);
    bench_login_on(l, answers);
    CU_ASSERT_FATAL(rig_session_is_up(w->session));
    return l;
}

/* ---- the whole ---- */

static inline void bench_event(void *ctx, const rig_event *event)
{
    bench *w = ctx;
    w->events[event->kind]++;
    if (event->kind == RIG_EVENT_SESSION_DOWN)
        w->down = event->status;
    if (event->kind == RIG_EVENT_LOGIN_FAILED) {
        w->failed = event->status;
        w->login_status = event->login_status;
    }
    if (event->kind == RIG_EVENT_CLOSED) {
        w->closed = event->status;
        w->by_target = event->by_target;
    }
    if (event->error && (event->kind == RIG_EVENT_CLOSED || event->kind == RIG_EVENT_IGNORED)) {
        memcpy(w->field, event->error->field, sizeof w->field);
        memcpy(w->text, event->error->text, sizeof w->text);
    }
    if (event->kind == RIG_EVENT_TRANSITION) {
        char *line = w->lines[w->num_lines++ % BENCH_LINES];
        size_t len = event->text.len < BENCH_LINE - 1 ? event->text.len : BENCH_LINE - 1;
        memcpy(line, event->text.ptr, len);
        line[len] = 0;
    }
    if (w->on_event)
        w->on_event(w, event);
}

/* Whether a state machine has moved that way, by the RFC's name: "T5". */
static inline bool bench_moved(const bench *w, const char *name)
{
    char mark[16];
    snprintf(mark, sizeof mark, "(%s)", name);
    for (uint32_t i = 0; i < w->num_lines && i < BENCH_LINES; i++)
        if (strstr(w->lines[i], mark))
            return true;
    return false;
}

/* A bench with a node and a configuration; sessions are made by bench_session. */
static inline bench *bench_new_over(const rig_alloc *below)
{
    bench *w = calloc(1, sizeof *w);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    rig_alloc_meter_init(&w->meter, below);
    w->transport = (rig_transport){&bench_ops, w};
    w->now = 1000 * RIG_SECOND;
    w->draws.seed = 7;
    rig_session_config_init(&w->config);
    w->config.target = rig_view_str(BENCH_TARGET);
    w->config.portal = (rig_portal){.host = "192.0.2.1", .port = RIG_PORT, .group = -1};
    w->config.has_cmd_sn = true;
    w->config.cmd_sn = 100;
    return w;
}

static inline rig_status bench_node(bench *w)
{
    const rig_initiator_config config = {.alloc = &w->meter.alloc,
                                         .draws = w->draws,
                                         .transport = &w->transport,
                                         .read_ahead = {w->read_ahead, sizeof w->read_ahead},
                                         .name = rig_view_str("iqn.2026-01.org.example:host"),
                                         .event = bench_event,
                                         .ctx = w};
    return rig_initiator_new(&config, &w->initiator, NULL);
}

static inline bench *bench_new(void)
{
    bench *w = bench_new_over(rig_alloc_libc());
    CU_ASSERT_EQUAL_FATAL(bench_node(w), RIG_OK);
    return w;
}

static inline rig_session *bench_session(bench *w)
{
    rig_error err = {0};
    rig_status status = rig_session_new(w->initiator, &w->config, &w->session, &err);
    if (status)
        fprintf(stderr, "\n%s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(status, RIG_OK);
    return w->session;
}

/* A logged-in session with that agreement. */
static inline link *bench_up(bench *w, const char *answers)
{
    bench_session(w);
    return bench_login(w, answers);
}

static inline void link_free(link *l)
{
    while (l->first) {
        seen *s = l->first;
        l->first = s->next;
        seen_free(s);
    }
    rig_framer_cleanup(&l->framer);
    free(l->held);
    free(l);
}

/* Ends the node; nothing of it may be left, neither memory nor an open stream. */
static inline void bench_free(bench *w)
{
    rig_initiator_free(w->initiator);
    CU_ASSERT_EQUAL(w->meter.num_live, 0);
    CU_ASSERT_EQUAL(w->meter.bytes_live, 0);
    for (uint32_t i = 0; i < w->num_links; i++) {
        CU_ASSERT(w->links[i]->gone);
        link_free(w->links[i]);
    }
    free(w->links);
    free(w);
}

/* Moves the clock to the engine's next deadline, or to at when that is earlier, and ticks. */
static inline void bench_tick_to(bench *w, uint64_t at)
{
    while (rig_initiator_next_deadline(w->initiator) <= at) {
        w->now = rig_initiator_next_deadline(w->initiator);
        rig_initiator_tick(w->initiator, w->now);
        bench_pump(w);
    }
    w->now = at;
}

/* ---- requests ---- */

static inline void job_done(rig_task *task, uint64_t now)
{
    job *j = (job *)task;
    (void)now;
    j->done++;
    if (j->then)
        j->then(j);
}

static inline void job_init(job *j, bench *w, rig_task_kind kind)
{
    *j = (job){.task = {.kind = kind, .done = job_done}, .w = w};
}

/* A READ(10) or WRITE(10) over len bytes of buffer. */
static inline void job_io(job *j, bench *w, bool write, void *buffer, size_t len)
{
    job_init(j, w, RIG_TASK_SCSI);
    j->iov = (struct iovec){buffer, len};
    j->cdb[0] = write ? 0x2a : 0x28;
    j->task.cdb = rig_view_of(j->cdb, 10);
    j->task.read = !write;
    j->task.write = write;
    j->task.edtl = (uint32_t)len;
    j->task.in = j->task.out = &j->iov;
    j->task.num_in = j->task.num_out = 1;
}

static inline void job_submit(job *j)
{
    CU_ASSERT_EQUAL_FATAL(rig_session_submit(j->w->session, &j->task, j->w->now), RIG_OK);
}

/* Submits and gives what goes out for it; the target has taken it. */
static inline const seen *job_sent(job *j, link *l, rig_pdu_kind kind)
{
    job_submit(j);
    const seen *s = bench_want(l, kind);
    CU_ASSERT_EQUAL(rig_get32(s->bhs, RIG_F_ITT), j->task.itt);
    bench_took(j->w, s);
    return s;
}

static inline bool job_ended(const job *j, rig_status status)
{
    return j->done == 1 && j->task.status == status;
}

/* The session went down for that reason, at that field; nothing is left of its tasks. */
static inline bool bench_fell(const bench *w, rig_status why, const char *field)
{
    bool right = !rig_session_is_up(w->session) && w->events[RIG_EVENT_SESSION_DOWN] == 1 && w->down == why &&
                 (!field || strcmp(w->field, field) == 0);
    if (!right)
        fprintf(stderr, "\nwanted %s at %s; came %s at \"%s\": %s\n", rig_status_name(why),
                field ? field : "-", rig_status_name(w->down), w->field, w->text);
    return right;
}

static inline void fill(uint8_t *bytes, size_t len, uint8_t seed)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(seed + i * 7 + i / 251);
}

#endif
