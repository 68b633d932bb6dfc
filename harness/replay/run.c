/* Requests of the capture as steps of our initiator, which does the rest as the RFC has it. */
#include "rig/cdb.h"
#include "rig/keys.h"
#include "rig/trace.h"

#include "replay.h"

#define DATA_WORD 4000 /* bytes of data that a step says literally */
#define REQUESTS                                                                                             \
    (RIG_IN(SCSI_CMD) | RIG_IN(TMF_REQ) | RIG_IN(TEXT_REQ) | RIG_IN(LOGOUT_REQ) | RIG_IN(NOP_OUT))

typedef struct lifter {
    const rig_replay *replay;
    rig_text *out;
    bool *discovery;   /* by session */
    uint32_t *results; /* by exchange: N of $rN, 0 none */
    bool *awaited;     /* by exchange: its end is waited for */
    size_t *ends;      /* by exchange: the target's last step of it */
    size_t *lasts;     /* by exchange: the last step of it */
    uint32_t num_results;
    char *room; /* DATA_WORD bytes of a command's data */
} lifter;

static bool is_request(const rig_step *step)
{
    rig_pdu_kind kind = rpl_kind(step);
    return kind < RIG_PDU_KINDS && step->to_target && (REQUESTS >> kind & 1);
}

/* ---- the initiator ---- */

static const rig_step *first_login(const rig_steps *steps, uint32_t session)
{
    for (size_t i = 0; i < steps->num; i++)
        if (rpl_kind(&steps->ptr[i]) == RIG_PDU_LOGIN_REQ &&
            (session == UINT32_MAX || steps->ptr[i].session == session))
            return &steps->ptr[i];
    return NULL;
}

static void put_word(rig_text *out, const char *what, rig_view value)
{
    rig_text_add(out, "%s", what);
    rig_trace_word(out, value);
}

static void put_auth(const lifter *l)
{
    const rig_steps *steps = l->replay->steps;
    rig_view name = {0};
    for (size_t i = 0; i < steps->num && !name.len; i++)
        if (rpl_kind(&steps->ptr[i]) == RIG_PDU_LOGIN_REQ)
            name = rpl_key(&steps->ptr[i], "CHAP_N");
    for (uint32_t i = 0; i < l->replay->num_secrets; i++)
        if (name.len && rig_view_eq(l->replay->secrets[i].name, name)) {
            put_word(l->out, "  auth CHAP user=", name);
            rig_text_add(l->out, " secret=");
            rig_trace_quoted(l->out, l->replay->secrets[i].secret);
            rig_text_add(l->out, "\n");
            return;
        }
}

static void put_initiator(const lifter *l)
{
    const rig_step *login = first_login(l->replay->steps, UINT32_MAX);
    rig_text_add(l->out, "initiator\n");
    rig_view name = login ? rpl_key(login, "InitiatorName") : (rig_view){0};
    if (name.len && rig_iname_check(name, NULL, NULL) == RIG_OK)
        rig_text_add(l->out, "  name %.*s\n", RIG_VIEW_ARG(name));
    if (login)
        rig_text_add(l->out, "  isid %012llx\n", (unsigned long long)rig_get(login->bhs, RIG_F_ISID));
    put_auth(l);
    rig_text_add(l->out, "  reconnect no\n");
}

/* ---- logins ---- */

/* The keys of all Login Requests of a connection, as far as our initiator negotiates them. */
static void put_offers(const lifter *l, uint32_t connection)
{
    const rig_steps *steps = l->replay->steps;
    rig_text_add(l->out, " offer *=omit");
    for (size_t i = 0; i < steps->num; i++) {
        const rig_item item = rig_step_item(&steps->ptr[i]);
        rig_pair pair;
        rig_view text = rig_item_text(&item), rest = text;
        if (steps->ptr[i].connection != connection || rpl_kind(&steps->ptr[i]) != RIG_PDU_LOGIN_REQ)
            continue;
        while (rig_pair_next(text.ptr, &rest, &pair, NULL) == RIG_OK)
            if (rig_key_find(pair.key) != RIG_KEYS) {
                rig_text_add(l->out, "\n      %.*s=", RIG_VIEW_ARG(pair.key));
                rig_trace_word(l->out, pair.value);
            }
    }
}

static void put_login(lifter *l, const rig_step *step)
{
    rig_view name = rpl_key(step, "TargetName");
    bool first = l->results[step->exchange] == 0;
    if (!first)
        return;
    l->results[step->exchange] = UINT32_MAX;
    l->discovery[step->session] |= rig_view_is(rpl_key(step, "SessionType"), "Discovery");
    if (l->discovery[step->session] || (name.len == 0 && rig_get32(step->bhs, RIG_F_TSIH) == 0))
        return;
    if (rig_get32(step->bhs, RIG_F_TSIH)) {
        rig_text_add(l->out, "  add-connection on $s%u\n", step->session + 1);
        return;
    }
    rig_text_add(l->out, "  login ");
    rig_trace_word(l->out, name);
    put_offers(l, step->connection);
    rig_text_add(l->out, "\n      -> $s%u\n", step->session + 1);
}

/* ---- whether the next request waits for this one's end ---- */

static void find_ends(lifter *l)
{
    const rig_steps *steps = l->replay->steps;
    for (size_t i = 0; i < steps->num; i++) {
        uint32_t exchange = steps->ptr[i].exchange;
        if (exchange >= steps->num_exchanges)
            continue;
        l->lasts[exchange] = i;
        if (!steps->ptr[i].to_target)
            l->ends[exchange] = i;
    }
}

/* 0: there is none behind that step. */
static size_t end_of(const lifter *l, size_t at)
{
    uint32_t exchange = l->replay->steps->ptr[at].exchange;
    size_t end = exchange < l->replay->steps->num_exchanges ? l->ends[exchange] : 0;
    return end > at ? end : 0;
}

static bool goes_on_before(const rig_steps *steps, size_t at, size_t end)
{
    for (size_t i = at + 1; i < end; i++)
        if (is_request(&steps->ptr[i]) && steps->ptr[i].exchange != steps->ptr[at].exchange &&
            rig_get32(steps->ptr[i].bhs, RIG_F_ITT) != RIG_TAG_NONE)
            return true;
    return false;
}

static void begin_step(lifter *l, size_t at)
{
    const rig_steps *steps = l->replay->steps;
    size_t end = end_of(l, at);
    uint32_t exchange = steps->ptr[at].exchange;
    bool async = end == 0 || goes_on_before(steps, at, end);
    l->awaited[exchange] = async && end;
    rig_text_add(l->out, "  %s", async ? "async " : "");
}

static void end_step(lifter *l, const rig_step *step)
{
    l->results[step->exchange] = ++l->num_results;
    rig_text_add(l->out, " -> $r%u\n", l->num_results);
}

static void put_on(const lifter *l, const rig_step *step)
{
    if (first_login(l->replay->steps, step->session))
        rig_text_add(l->out, " on $s%u", step->session + 1);
}

/* ---- commands ---- */

/* What the initiator sent of a command's data, wherever it stands. */
static size_t gather(const lifter *l, size_t at, bool *out_zero)
{
    const rig_steps *steps = l->replay->steps;
    size_t len = 0, last = l->lasts[steps->ptr[at].exchange];
    *out_zero = true;
    memset(l->room, 0, DATA_WORD);
    for (size_t i = at; i <= last; i++) {
        const rig_step *step = &steps->ptr[i];
        rig_pdu_kind kind = rpl_kind(step);
        if (step->exchange != steps->ptr[at].exchange ||
            (kind != RIG_PDU_SCSI_CMD && kind != RIG_PDU_DATA_OUT))
            continue;
        size_t from = kind == RIG_PDU_DATA_OUT ? rig_get32(step->bhs, RIG_F_BUFFER_OFFSET) : 0;
        rig_view data = step->item.pdu.data;
        for (size_t b = 0; b < data.len; b++)
            *out_zero &= data.ptr[b] == 0;
        if (from + data.len <= DATA_WORD && data.len)
            memcpy(l->room + from, data.ptr, data.len);
        len = from + data.len > len ? from + data.len : len;
    }
    return len;
}

static void put_data(const lifter *l, size_t at)
{
    bool zero;
    uint64_t seed;
    size_t len = gather(l, at, &zero);
    if (len == 0)
        return;
    if (zero)
        rig_text_add(l->out, " data zero %zu", len);
    else if (len <= DATA_WORD && rpl_pattern(rig_view_of(l->room, len), 0, &seed))
        rig_text_add(l->out, " data pattern %llu %zu", (unsigned long long)seed, len);
    else if (len > DATA_WORD) /* other bytes do as well */
        rig_text_add(l->out, " data pattern 1 %zu", len);
    else {
        rig_text_add(l->out, "\n      data hex:");
        rig_text_hex(l->out, rig_view_of(l->room, len), 0);
    }
}

static void put_transfer(const lifter *l, const rig_step *step)
{
    bool reads = rig_get(step->bhs, RIG_F_R), writes = rig_get(step->bhs, RIG_F_W);
    if (reads || writes)
        rig_text_add(l->out, " edtl %u", rig_get32(step->bhs, RIG_F_EDTL));
    rig_text_add(l->out, "%s%s%s", reads ? " read" : "", writes ? " write" : "",
                 reads || writes ? "" : " none");
    if (rig_get(step->bhs, RIG_F_I))
        rig_text_add(l->out, " immediate");
}

static void put_scsi(lifter *l, size_t at)
{
    uint8_t cdb[RIG_CDB_MAX];
    const rig_step *step = &l->replay->steps->ptr[at];
    const rig_item item = rig_step_item(step);
    uint64_t lun = rig_get(step->bhs, RIG_F_LUN);
    if (step->item.pdu.ahs.len || lun << 16 || lun >> 48 > RIG_LUN_MAX || l->results[step->exchange]) {
        rig_text_add(l->out, "  # a command that no step says\n");
        return;
    }
    begin_step(l, at);
    rig_text_add(l->out, "scsi lun %llu ", (unsigned long long)(lun >> 48));
    rig_cdb_print(l->out, rig_view_of(cdb, rig_item_cdb(&item, cdb)));
    put_transfer(l, step);
    put_data(l, at);
    put_on(l, step);
    end_step(l, step);
}

/* ---- other requests ---- */

static void put_ping(lifter *l, size_t at)
{
    const rig_step *step = &l->replay->steps->ptr[at];
    if (rig_get32(step->bhs, RIG_F_ITT) == RIG_TAG_NONE) /* an answer, which our initiator gives by itself */
        return;
    begin_step(l, at);
    rig_text_add(l->out, "ping %u", step->item.data_len);
    put_on(l, step);
    end_step(l, step);
}

static void put_text(lifter *l, size_t at)
{
    const rig_step *step = &l->replay->steps->ptr[at];
    const rig_item item = rig_step_item(step);
    rig_pair pair;
    rig_view text = rig_item_text(&item), rest = text;
    if (l->results[step->exchange] || text.len == 0)
        return;
    if (l->discovery[step->session]) {
        rig_text_add(l->out, "  discover");
        end_step(l, step);
        return;
    }
    begin_step(l, at);
    rig_text_add(l->out, "text");
    while (rig_pair_next(text.ptr, &rest, &pair, NULL) == RIG_OK) {
        rig_text_add(l->out, " ");
        rig_text_escaped(l->out, pair.key);
        put_word(l->out, "=", pair.value);
    }
    put_on(l, step);
    end_step(l, step);
}

static void put_tmf(lifter *l, size_t at)
{
    const rig_step *step = &l->replay->steps->ptr[at];
    uint32_t tag = rig_get32(step->bhs, RIG_F_REF_TAG), task = 0;
    for (size_t i = 0; i < at; i++) {
        const rig_step *other = &l->replay->steps->ptr[i];
        if (rpl_kind(other) == RIG_PDU_SCSI_CMD && rig_get32(other->bhs, RIG_F_ITT) == tag)
            task = l->results[other->exchange];
    }
    begin_step(l, at);
    rig_text_add(l->out, "tmf ");
    rig_field_print(l->out, step->bhs, RIG_F_FUNCTION);
    rig_text_add(l->out, " lun %llu", (unsigned long long)(rig_get(step->bhs, RIG_F_LUN) >> 48));
    if (task)
        rig_text_add(l->out, " task $r%u", task);
    put_on(l, step);
    end_step(l, step);
}

static void put_logout(lifter *l, size_t at)
{
    const rig_step *step = &l->replay->steps->ptr[at];
    if (l->discovery[step->session] || !first_login(l->replay->steps, step->session))
        return;
    if (rig_get(step->bhs, RIG_F_LOGOUT_REASON) == 0)
        rig_text_add(l->out, "  logout $s%u\n", step->session + 1);
    else if (rig_get(step->bhs, RIG_F_LOGOUT_REASON) == 1)
        rig_text_add(l->out, "  close-connection %u on $s%u\n", rig_get32(step->bhs, RIG_F_CID),
                     step->session + 1);
}

/* ---- all of it ---- */

static void put_step(lifter *l, size_t at)
{
    static const struct {
        rig_pdu_kind kind;
        void (*put)(lifter *l, size_t at);
    } rows[] = {{RIG_PDU_SCSI_CMD, put_scsi},
                {RIG_PDU_NOP_OUT, put_ping},
                {RIG_PDU_TEXT_REQ, put_text},
                {RIG_PDU_TMF_REQ, put_tmf},
                {RIG_PDU_LOGOUT_REQ, put_logout}};
    const rig_steps *steps = l->replay->steps;
    const rig_step *step = &steps->ptr[at];
    if (step->kind != RIG_STEP_PDU)
        return;
    if (rpl_kind(step) == RIG_PDU_LOGIN_REQ && step->to_target)
        put_login(l, step);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (step->to_target && rpl_kind(step) == rows[i].kind)
            rows[i].put(l, at);
    if (!step->to_target && l->awaited[step->exchange] && end_of(l, at) == 0) {
        l->awaited[step->exchange] = false;
        rig_text_add(l->out, "  await $r%u\n", l->results[step->exchange]);
    }
}

static void put_all(lifter *l)
{
    put_initiator(l);
    rig_text_add(l->out, "run\n");
    for (size_t i = 0; i < l->replay->steps->num; i++)
        put_step(l, i);
    rig_text_add(l->out, "  pass 1s\n");
}

rig_status rpl_run(const rig_replay *replay, rig_text *out)
{
    const rig_alloc *alloc = replay->alloc;
    size_t sessions = replay->steps->num_sessions + 1, exchanges = replay->steps->num_exchanges + 1;
    lifter l = {.replay = replay, .out = out};
    l.discovery = rig_new(alloc, sessions);
    l.results = rig_new(alloc, exchanges * sizeof *l.results);
    l.awaited = rig_new(alloc, exchanges);
    l.ends = rig_new(alloc, exchanges * sizeof *l.ends);
    l.lasts = rig_new(alloc, exchanges * sizeof *l.lasts);
    l.room = rig_new(alloc, DATA_WORD);
    bool whole = l.discovery && l.results && l.awaited && l.ends && l.lasts && l.room;
    if (whole) {
        find_ends(&l);
        put_all(&l);
    }
    rig_delete(alloc, l.discovery, l.discovery ? sessions : 0);
    rig_delete(alloc, l.results, l.results ? exchanges * sizeof *l.results : 0);
    rig_delete(alloc, l.awaited, l.awaited ? exchanges : 0);
    rig_delete(alloc, l.ends, l.ends ? exchanges * sizeof *l.ends : 0);
    rig_delete(alloc, l.lasts, l.lasts ? exchanges * sizeof *l.lasts : 0);
    rig_delete(alloc, l.room, l.room ? DATA_WORD : 0);
    return whole ? RIG_OK : RIG_E_NOMEM;
}
