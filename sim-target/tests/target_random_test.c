/* Initiators that do anything they like, legal or not, on several connections of several sessions, while the
 * target's owner drops, reloads and asks for logouts. A seed is one run; what happens in it hangs on nothing
 * but the seed. */
#include "target/tgt.h"
#include "target_fixture.h"

#define SEEDS 200
#define TURNS 600  /* of a run */
#define CLIENTS 8  /* connections open at once */
#define SESSIONS 3 /* initiator ports */
#define KNOWN 8    /* R2Ts and writes a client remembers */
#define OUT_MAX 16384
#define OTHER "iqn.2026-01.example.sim:disk1"

/* A sequence of Data-Out PDUs a client may send. */
typedef struct asked {
    uint32_t itt, ttt, offset, len, data_sn;
    uint64_t lun;
} asked;

typedef struct peer {
    tt_stream *stream; /* NULL: not connected */
    unsigned port;
    uint16_t cid;
    bool up, header_digest, data_digest;
    bool hasty; /* it sent more than the login before it was answered, so without digests */
    uint32_t exp_stat_sn, told_max, ttt, text_itt, text_ttt, snack_ttt;
    asked known[KNOWN];
    uint8_t out[OUT_MAX]; /* on its way to the target */
    size_t out_len;
    unsigned answers;
} peer;

typedef struct port {
    uint16_t tsih;
    uint32_t cmd_sn;
} port;

typedef struct world {
    tt_world *w;
    uint64_t seed, state;
    uint32_t level;
    bool wrong_target; /* by faults or rules: what it sends is not looked at */
    peer peers[CLIENTS];
    port ports[SESSIONS];
    unsigned logins, scsi_answers, tmf_answers, wrong;
} world;

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

/* ---- what the target says ---- */

static bool says(const uint8_t *data, uint32_t len, const char *text)
{
    size_t size = strlen(text);
    for (uint32_t i = 0; i + size <= len; i++)
        if (memcmp(data + i, text, size) == 0)
            return true;
    return false;
}

static void logged_in(world *g, peer *p, const uint8_t *bhs, const uint8_t *data, uint32_t len)
{
    if (rig_get(bhs, RIG_F_LOGIN_STATUS) != 0 || !rig_get(bhs, RIG_F_T) || rig_get(bhs, RIG_F_NSG) != 3)
        return;
    g->ports[p->port].tsih = (uint16_t)rig_get(bhs, RIG_F_TSIH);
    g->ports[p->port].cmd_sn = rig_get32(bhs, RIG_F_EXP_CMD_SN);
    p->up = true;
    p->header_digest = says(data, len, "HeaderDigest=CRC32C");
    p->data_digest = says(data, len, "DataDigest=CRC32C");
    g->logins++;
}

static asked *any_known(world *g, peer *p)
{
    return &p->known[below(g, KNOWN)];
}

/* What a conforming target never does, whatever it is sent: numbers that go back, reserved bits. */
static void check_answer(world *g, peer *p, const uint8_t *bhs, rig_pdu_kind kind)
{
    check(g, kind != RIG_PDU_UNKNOWN && !rig_pdu_rows[kind].from_initiator, "no PDU of a target");
    check(g, rig_bhs_reserved(bhs, kind) == RIG_BHS_LEN, "a reserved bit is set");
    uint32_t max = rig_get32(bhs, RIG_F_MAX_CMD_SN);
    if (p->up && p->answers > 0)
        check(g, rig_sn_le(p->told_max, max), "MaxCmdSN goes back");
    p->told_max = max;
    p->answers++;
}

static void heard(world *g, peer *p, const uint8_t *bhs, const uint8_t *data, uint32_t len)
{
    rig_pdu_kind kind = rig_pdu_kind_of(bhs);
    uint32_t itt = rig_get32(bhs, RIG_F_ITT);
    if (!g->wrong_target)
        check_answer(g, p, bhs, kind);
    if (kind == RIG_PDU_LOGIN_RESP)
        logged_in(g, p, bhs, data, len);
    if (kind == RIG_PDU_R2T)
        *any_known(g, p) = (asked){itt,
                                   rig_get32(bhs, RIG_F_TTT),
                                   rig_get32(bhs, RIG_F_BUFFER_OFFSET),
                                   rig_get32(bhs, RIG_F_DESIRED_LEN),
                                   0,
                                   rig_get(bhs, RIG_F_LUN)};
    if (kind == RIG_PDU_NOP_IN && rig_get32(bhs, RIG_F_TTT) != RIG_TAG_NONE)
        p->ttt = rig_get32(bhs, RIG_F_TTT);
    if (kind == RIG_PDU_TEXT_RESP) {
        p->text_ttt = rig_get32(bhs, RIG_F_TTT);
        p->text_itt = itt;
    }
    if (kind == RIG_PDU_DATA_IN && rig_get(bhs, RIG_F_A))
        p->snack_ttt = rig_get32(bhs, RIG_F_TTT);
    g->scsi_answers += kind == RIG_PDU_SCSI_RESP;
    g->tmf_answers += kind == RIG_PDU_TMF_RESP;
    if (kind == RIG_PDU_NOP_IN && itt == RIG_TAG_NONE)
        return;
    if (kind != RIG_PDU_R2T && (kind != RIG_PDU_DATA_IN || rig_get(bhs, RIG_F_S)) && !once_in(g, 20))
        p->exp_stat_sn = rig_get32(bhs, RIG_F_STAT_SN) + 1;
}

/* Takes apart what has come; what a target made wrong sends may be anything. */
static void listen_to(world *g, peer *p)
{
    tt_stream *s = p->stream;
    while (s->out_len - s->out_at >= RIG_BHS_LEN) {
        const uint8_t *bhs = s->out + s->out_at;
        uint32_t len = rig_get32(bhs, RIG_F_DATA_LEN), ahs = bhs[4] * 4u;
        size_t head = RIG_BHS_LEN + ahs + (p->header_digest ? 4u : 0u);
        size_t need = head + ((len + 3) & ~3u) + (p->data_digest && len ? 4u : 0u);
        if (s->out_len - s->out_at < need)
            break;
        s->out_at += need;
        heard(g, p, bhs, bhs + head, len);
    }
    if (s->out_at == s->out_len)
        s->out_at = s->out_len = 0;
}

/* ---- connections ---- */

static void gone(peer *p)
{
    p->stream = NULL;
    p->up = p->header_digest = p->data_digest = p->hasty = false;
    p->out_len = 0;
    p->answers = 0;
}

static void look(world *g)
{
    tt_run(g->w);
    for (unsigned i = 0; i < CLIENTS; i++) {
        peer *p = &g->peers[i];
        if (p->stream)
            listen_to(g, p);
        if (p->stream && !p->stream->open)
            gone(p);
    }
}

static uint32_t num_open(const tt_world *w)
{
    uint32_t num = 0;
    for (uint32_t i = 0; i < w->num_streams; i++)
        num += w->streams[i].open;
    return num;
}

static void feed(world *g, peer *p, size_t most)
{
    size_t len = p->out_len < most ? p->out_len : most, at = 0;
    tt_stream *s = p->stream;
    while (at < len && s->open && !s->flushing) {
        struct iovec iov[RIG_STREAM_IOV];
        int num = s->user.ops->space(s->user.ctx, iov, RIG_STREAM_IOV);
        size_t taken = 0;
        for (int i = 0; i < num && at + taken < len; i++) {
            size_t part = iov[i].iov_len < len - at - taken ? iov[i].iov_len : len - at - taken;
            memcpy(iov[i].iov_base, p->out + at + taken, part);
            taken += part;
        }
        if (taken == 0)
            break;
        s->user.ops->received(s->user.ctx, taken, g->w->now);
        at += taken;
    }
    if (!p->stream)
        return;
    memmove(p->out, p->out + at, p->out_len - at);
    p->out_len -= at;
}

/* ---- PDUs ---- */

/* Puts a PDU behind what is on its way; some digests are wrong. */
static void put(world *g, peer *p, uint8_t *bhs, rig_view ahs, const void *data, size_t len)
{
    uint8_t *at = p->out + p->out_len;
    size_t size = RIG_BHS_LEN + ahs.len, padded = (len + 3) & ~(size_t)3;
    if (p->out_len + size + padded + 8 > OUT_MAX)
        return;
    bhs[4] = (uint8_t)(ahs.len / 4);
    rig_set(bhs, RIG_F_DATA_LEN, len);
    rig_set(bhs, RIG_F_EXP_STAT_SN, p->exp_stat_sn);
    memcpy(at, bhs, RIG_BHS_LEN);
    if (ahs.len)
        memcpy(at + RIG_BHS_LEN, ahs.ptr, ahs.len);
    if (p->header_digest)
        size += tt_digest(at + size, at, size);
    if (len > 0) {
        memset(at + size, 0, padded);
        memcpy(at + size, data, len);
        size += padded;
        if (p->data_digest)
            size += tt_digest(at + size, at + size - padded, padded);
        at[size - 1] ^= p->data_digest && once_in(g, 15);
    }
    p->out_len += size;
}

static const rig_view no_ahs = {0};

static uint8_t payload[16384];

/* Tags and numbers are mostly right, so that requests get past the first checks. */
static void request(world *g, peer *p, uint8_t *bhs, rig_pdu_kind kind)
{
    port *at = &g->ports[p->port];
    bool immediate = once_in(g, 4);
    rig_bhs_init(bhs, kind);
    rig_set(bhs, RIG_F_I, immediate);
    rig_set(bhs, RIG_F_ITT, once_in(g, 30) ? RIG_TAG_NONE : below(g, 64));
    rig_set(bhs, RIG_F_CMD_SN, at->cmd_sn + (once_in(g, 12) ? below(g, 4) : 0) - once_in(g, 20));
    at->cmd_sn += !immediate && !once_in(g, 20);
}

static void random_lun(world *g, uint8_t *bhs)
{
    rig_set(bhs, RIG_F_LUN, (uint64_t)(once_in(g, 4) ? below(g, 4) : 0) << 48);
}

static void ping(world *g, peer *p)
{
    uint8_t bhs[RIG_BHS_LEN];
    request(g, p, bhs, RIG_PDU_NOP_OUT);
    rig_set(bhs, RIG_F_TTT, RIG_TAG_NONE);
    if (once_in(g, 2)) {
        rig_set(bhs, RIG_F_I, 1);
        rig_set(bhs, RIG_F_ITT, RIG_TAG_NONE);
        rig_set(bhs, RIG_F_TTT, once_in(g, 2) ? p->ttt : RIG_TAG_NONE);
        random_lun(g, bhs);
    }
    put(g, p, bhs, no_ahs, payload, below(g, 3) ? 0 : below(g, 100));
}

/* READ, WRITE, both at once, reservations and what else takes no more than a CDB. */
static void random_cdb(world *g, uint8_t *bhs, uint32_t blocks)
{
    static const uint8_t opcodes[] = {0x28, 0x28, 0x28, 0x2a, 0x2a, 0x2a, 0x53, 0x5f,
                                      0x5f, 0x00, 0x12, 0xa0, 0x1a, 0x35, 0x83, 0x42};
    uint8_t *cdb = bhs + 32;
    cdb[0] = opcodes[below(g, sizeof opcodes)];
    cdb[5] = (uint8_t)below(g, 8);
    cdb[8] = (uint8_t)blocks;
    if (cdb[0] == 0x5f) {
        cdb[1] = (uint8_t)below(g, 7);
        cdb[2] = (uint8_t)below(g, 9);
        cdb[8] = 24;
    }
    if (cdb[0] == 0x12 || cdb[0] == 0x1a)
        cdb[4] = 200;
}

static size_t random_ahs(world *g, uint8_t *bhs, uint8_t ahs[8])
{
    if (bhs[32] != 0x53 && !once_in(g, 60))
        return 0;
    memset(ahs, 0, 8);
    ahs[1] = 5;
    ahs[2] = RIG_AHS_BIDI;
    rig_be_set(ahs + 4, 4, below(g, 4096));
    return 8;
}

static void command(world *g, peer *p)
{
    uint8_t bhs[RIG_BHS_LEN], ahs[8];
    uint32_t blocks = below(g, 9), edtl = blocks * 512, immediate = 0;
    request(g, p, bhs, RIG_PDU_SCSI_CMD);
    random_lun(g, bhs);
    random_cdb(g, bhs, blocks);
    uint8_t op = bhs[32];
    bool writes = op == 0x2a || op == 0x53 || op == 0x5f || once_in(g, 30);
    if (op == 0x5f)
        edtl = 24;
    if (once_in(g, 10))
        edtl = below(g, 5000);
    rig_set(bhs, RIG_F_W, writes);
    rig_set(bhs, RIG_F_R, op == 0x53 || (!writes && edtl > 0));
    rig_set(bhs, RIG_F_F, !writes || below(g, 2));
    rig_set(bhs, RIG_F_EDTL, edtl);
    rig_set(bhs, RIG_F_ATTR, once_in(g, 3) ? below(g, 5) : 1);
    if (writes && edtl > 0 && once_in(g, 2))
        immediate = once_in(g, 2) ? edtl : below(g, edtl);
    if (writes && !rig_get(bhs, RIG_F_F))
        *any_known(g, p) = (asked){rig_get32(bhs, RIG_F_ITT), RIG_TAG_NONE, immediate, edtl - immediate, 0,
                                   rig_get(bhs, RIG_F_LUN)};
    payload[7] = payload[15] = (uint8_t)below(g, 3);
    put(g, p, bhs, rig_view_of(ahs, random_ahs(g, bhs, ahs)), payload, immediate);
}

/* The next piece of a sequence; now and then something is left out, twice, or not where it belongs. */
static void data_out(world *g, peer *p)
{
    uint8_t bhs[RIG_BHS_LEN];
    asked *a = any_known(g, p);
    uint32_t len = a->len < 2048 && once_in(g, 2) ? a->len : below(g, 2048);
    len = len < a->len ? len : a->len;
    if (a->len == 0 && !once_in(g, 20))
        return;
    tt_data_out(bhs, a->itt, a->ttt, a->data_sn + once_in(g, 15), a->offset + once_in(g, 30) * 4,
                len == a->len ? !once_in(g, 10) : once_in(g, 20));
    rig_set(bhs, RIG_F_LUN, a->lun);
    a->data_sn++;
    a->offset += len;
    a->len -= len;
    if (!once_in(g, 15))
        put(g, p, bhs, no_ahs, payload, len);
}

static void manage(world *g, peer *p)
{
    uint8_t bhs[RIG_BHS_LEN];
    uint32_t cmd_sn = g->ports[p->port].cmd_sn;
    request(g, p, bhs, RIG_PDU_TMF_REQ);
    if (below(g, 3))
        rig_set(bhs, RIG_F_I, 1);
    rig_set(bhs, RIG_F_FUNCTION,
            once_in(g, 3)   ? below(g, 14)
            : once_in(g, 2) ? 1 + below(g, 2)
                            : 8 + below(g, 3));
    if (rig_get(bhs, RIG_F_FUNCTION) == 7 && below(g, 3))
        rig_set(bhs, RIG_F_FUNCTION, 6);
    random_lun(g, bhs);
    rig_set(bhs, RIG_F_REF_TAG, below(g, 64));
    rig_set(bhs, RIG_F_REF_CMD_SN, cmd_sn - below(g, 6));
    rig_set(bhs, RIG_F_EXP_DATA_SN, once_in(g, 3) ? below(g, 8) : 0);
    if (once_in(g, 40))
        rig_set(bhs, RIG_F_CMD_SN, cmd_sn + 0x7ffffff0);
    put(g, p, bhs, no_ahs, NULL, 0);
}

static void snack(world *g, peer *p)
{
    uint8_t bhs[RIG_BHS_LEN];
    uint32_t type = below(g, 5);
    rig_bhs_init(bhs, RIG_PDU_SNACK);
    rig_set(bhs, RIG_F_SNACK_TYPE, type);
    rig_set(bhs, RIG_F_ITT, type == 1 || type == 2 ? RIG_TAG_NONE : below(g, 64));
    rig_set(bhs, RIG_F_SNACK_TAG, type == 2 ? p->snack_ttt : type == 3 ? 1 + below(g, 9) : RIG_TAG_NONE);
    if (type != 3 && below(g, 3)) {
        rig_set(bhs, RIG_F_BEG_RUN, type == 1 ? p->exp_stat_sn - below(g, 3) : below(g, 6));
        rig_set(bhs, RIG_F_RUN_LENGTH, type == 2 ? 0 : below(g, 4));
    }
    put(g, p, bhs, no_ahs, NULL, 0);
}

static void text(world *g, peer *p)
{
    static const char *const texts[] = {"SendTargets=",
                                        "SendTargets=All",
                                        "MaxRecvDataSegmentLength=512",
                                        "MaxRecvDataSegmentLength=8192",
                                        "X-foo=1",
                                        "IFMarker=No",
                                        "="};
    uint8_t bhs[RIG_BHS_LEN], pairs[64];
    request(g, p, bhs, RIG_PDU_TEXT_REQ);
    rig_set(bhs, RIG_F_F, !once_in(g, 4));
    rig_set(bhs, RIG_F_C, once_in(g, 8));
    rig_set(bhs, RIG_F_TTT, RIG_TAG_NONE);
    if (once_in(g, 3)) {
        rig_set(bhs, RIG_F_TTT, p->text_ttt);
        rig_set(bhs, RIG_F_ITT, p->text_itt);
    }
    put(g, p, bhs, no_ahs, pairs, tt_pairs(pairs, texts[below(g, sizeof texts / sizeof texts[0])]));
}

static void logout(world *g, peer *p)
{
    uint8_t bhs[RIG_BHS_LEN];
    if (!once_in(g, 8))
        return;
    request(g, p, bhs, RIG_PDU_LOGOUT_REQ);
    rig_set(bhs, RIG_F_LOGOUT_REASON, once_in(g, 3) ? below(g, 4) : 2);
    rig_set(bhs, RIG_F_CID, below(g, 4));
    put(g, p, bhs, no_ahs, NULL, 0);
}

static void noise(world *g, peer *p)
{
    uint8_t bhs[RIG_BHS_LEN];
    if (!once_in(g, 60))
        return;
    for (unsigned i = 0; i < RIG_BHS_LEN; i++)
        bhs[i] = (uint8_t)below(g, 256);
    put(g, p, bhs, no_ahs, payload, below(g, 40));
}

/* ---- logins ---- */

static const char *any_of(world *g, const char *const *texts, uint32_t num)
{
    return texts[below(g, num)];
}

static void log_in(world *g, peer *p)
{
    static const char *const reports[] = {"RFC3720", "ResponseFence", "FastAbort"};
    static const char *const yes_no[] = {"Yes", "No"}, *const digests[] = {"None", "CRC32C,None"};
    static const char *const nodes[] = {TT_TARGET, TT_TARGET, TT_TARGET, OTHER};
    char keys[1024];
    uint8_t bhs[RIG_BHS_LEN];
    rig_text out;
    port *at = &g->ports[p->port];
    bool joins = at->tsih && below(g, 10), discovery = once_in(g, 20);
    rig_text_init(&out, keys, sizeof keys);
    rig_text_add(&out, "InitiatorName=%s\nHeaderDigest=%s\nDataDigest=%s\nMaxRecvDataSegmentLength=%u\n",
                 TT_INITIATOR, any_of(g, digests, 2), any_of(g, digests, 2), 512u << below(g, 4));
    rig_text_add(&out, discovery ? "SessionType=Discovery" : "TargetName=%s",
                 p->port == 0 ? TT_TARGET : any_of(g, nodes, 4));
    if (!joins && !discovery)
        rig_text_add(
            &out,
            "\nErrorRecoveryLevel=%u\nMaxConnections=4\nInitialR2T=%s\nImmediateData=Yes\nTaskReporting=%s\n"
            "iSCSIProtocolLevel=%u\nMaxBurstLength=1024\nFirstBurstLength=1024\nMaxOutstandingR2T=%u\n"
            "DataPDUInOrder=%s\nDataSequenceInOrder=%s\nDefaultTime2Retain=%u",
            g->level, any_of(g, yes_no, 2), any_of(g, reports, 3), 1 + below(g, 2), 1 + below(g, 9),
            any_of(g, yes_no, 2), any_of(g, yes_no, 2), below(g, 3) * 10);
    rig_bhs_init(bhs, RIG_PDU_LOGIN_REQ);
    rig_set(bhs, RIG_F_I, 1);
    rig_set(bhs, RIG_F_T, 1);
    rig_set(bhs, RIG_F_CSG, 1);
    rig_set(bhs, RIG_F_NSG, 3);
    rig_set(bhs, RIG_F_ISID, 0x800000010000u | p->port);
    rig_set(bhs, RIG_F_TSIH, joins ? at->tsih : 0);
    rig_set(bhs, RIG_F_CID, p->cid);
    rig_set(bhs, RIG_F_CMD_SN, at->cmd_sn);
    size_t len = tt_pairs(payload, keys);
    put(g, p, bhs, no_ahs, payload, len);
}

static void connect_one(world *g, peer *p)
{
    if (num_open(g->w) >= TT_STREAMS)
        return;
    gone(p);
    p->stream = tt_connect(g->w, 0);
    p->port = below(g, SESSIONS);
    p->cid = (uint16_t)below(g, 4);
    if (p->stream->open)
        log_in(g, p);
    else
        p->stream = NULL;
}

static void disconnect(world *g, peer *p)
{
    tt_stream *s = p->stream;
    if (!once_in(g, 40))
        return;
    if (once_in(g, 2)) {
        s->user.ops->event(s->user.ctx, RIG_STREAM_PEER_CLOSED, RIG_OK, g->w->now);
        return;
    }
    s->open = false;
    s->user.ops->event(s->user.ctx, RIG_STREAM_FAILED, RIG_E_RESET, g->w->now);
}

static void act(world *g, peer *p)
{
    static void (*const acts[])(world *, peer *) = {command,  command,  command, command, data_out,
                                                    data_out, data_out, ping,    manage,  manage,
                                                    snack,    text,     logout,  noise,   disconnect};
    if (!p->stream)
        connect_one(g, p);
    else if (p->up)
        acts[below(g, sizeof acts / sizeof acts[0])](g, p);
    else if ((p->hasty = p->hasty || once_in(g, 10)))
        acts[below(g, sizeof acts / sizeof acts[0])](g, p);
    if (p->stream && p->stream->open)
        feed(g, p, once_in(g, 3) ? below(g, 200) : OUT_MAX);
    look(g);
}

/* ---- the target's owner ---- */

static void make_nodes(world *g, rig_target *target)
{
    rig_target_node *node, *other;
    CU_ASSERT_EQUAL_FATAL(rig_target_node_add(target, rig_view_str(TT_TARGET), &node, NULL), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(rig_target_node_add(target, rig_view_str(OTHER), &other, NULL), RIG_OK);
    CU_ASSERT_EQUAL(rig_target_node_lun(node, 0, tt_ram(g->w, 1 << 16)), RIG_OK);
    CU_ASSERT_EQUAL(rig_target_node_lun(node, 1, tt_ram(g->w, 1 << 16)), RIG_OK);
    CU_ASSERT_EQUAL(rig_target_node_share(other, 2, rig_view_str(TT_TARGET), 0), RIG_OK);
    rig_target_offer(target, NULL, rig_view_str("ErrorRecoveryLevel"), rig_view_str("2"), NULL);
    rig_target_offer(target, NULL, rig_view_str("MaxConnections"), rig_view_str("4"), NULL);
}

static void random_action(world *g, rig_rule_action *action)
{
    static const rig_rule_verb verbs[] = {
        RIG_DO_DROP,  RIG_DO_DELAY, RIG_DO_HOLD, RIG_DO_FAULT, RIG_DO_FAULT, RIG_DO_RAW,     RIG_DO_CLOSE,
        RIG_DO_RESET, RIG_DO_REPLY, RIG_DO_SEND, RIG_DO_SET,   RIG_DO_DELAY, RIG_DO_CORRUPT, RIG_DO_HOLD};
    *action = (rig_rule_action){.verb = verbs[below(g, sizeof verbs / sizeof verbs[0])],
                                .time = below(g, 5) * RIG_SECOND,
                                .text = rig_view_str("now"),
                                .fault = (rig_fault)below(g, RIG_FAULTS),
                                .pdu = below(g, 2) ? RIG_PDU_NOP_IN : RIG_PDU_SCSI_RESP,
                                .field = RIG_F_STAT_SN,
                                .value = below(g, 9),
                                .data = rig_view_of(payload, below(g, 60))};
    rig_bhs_init(action->bhs, action->pdu);
}

static void make_rules(world *g, rig_target *target)
{
    static const rig_pdu_kind kinds[] = {RIG_PDU_SCSI_CMD,  RIG_PDU_DATA_OUT,  RIG_PDU_TMF_REQ,
                                         RIG_PDU_NOP_OUT,   RIG_PDU_SNACK,     RIG_PDU_TEXT_REQ,
                                         RIG_PDU_LOGIN_REQ, RIG_PDU_LOGOUT_REQ};
    if (!g->wrong_target)
        return;
    for (uint32_t n = below(g, 6); n > 0; n--) {
        rig_rule rule = {.on = kinds[below(g, sizeof kinds / sizeof kinds[0])], .every = 1 + below(g, 9)};
        rule.num_actions = 1 + below(g, 2);
        for (uint32_t i = 0; i < rule.num_actions; i++)
            random_action(g, &rule.actions[i]);
        CU_ASSERT_EQUAL(rig_target_rule_add(target, &rule), RIG_OK);
    }
    for (uint32_t n = below(g, 3); n > 0; n--)
        rig_target_fault_on(target, (rig_fault)below(g, RIG_FAULTS));
}

static bool keeps(void *ctx, rig_view node, uint32_t lun)
{
    const uint32_t *kept = ctx;
    (void)node;
    return *kept >> lun & 1;
}

static void reload(world *g)
{
    rig_target *from = NULL;
    uint32_t kept = below(g, 8);
    const rig_target_config config = {.alloc = &g->w->meter.alloc,
                                      .transport = &g->w->transport,
                                      .read_ahead = {g->w->read_ahead, sizeof g->w->read_ahead},
                                      .nop_interval = below(g, 2) * 15 * RIG_SECOND,
                                      .window = 1 + below(g, 40)};
    if (!once_in(g, 4))
        return;
    CU_ASSERT_EQUAL_FATAL(rig_target_new(&config, &from), RIG_OK);
    make_nodes(g, from);
    make_rules(g, from);
    CU_ASSERT_EQUAL(rig_target_reload(g->w->target, from, keeps, &kept, g->w->now), RIG_OK);
}

static void owner(world *g)
{
    rig_target *target = g->w->target;
    switch (below(g, 8)) {
    case 0:
        rig_target_ask_logout(target, 5, g->w->now);
        break;
    case 1:
        rig_target_ping(target, g->w->now);
        break;
    case 2:
        rig_target_drop_connection(target, (uint16_t)below(g, 4), below(g, 2), g->w->now);
        break;
    case 3:
        if (once_in(g, 40))
            rig_target_drop(target, below(g, 2), g->w->now);
        break;
    case 4:
        reload(g);
        break;
    case 5:
        g->w->stuck = once_in(g, 3);
        break;
    case 6:
        rig_target_release(target, rig_view_str("now"), g->w->now);
        break;
    default:
        tt_pass(g->w, below(g, 4000) * (RIG_SECOND / 500));
    }
    look(g);
}

/* ---- a run ---- */

static void begin(world *g, uint64_t seed)
{
    const rig_target_config config = {.nop_interval = seed % 4 ? 0 : 20 * RIG_SECOND,
                                      .window = seed % 3 ? 0 : 8,
                                      .tell_nexus_loss = seed % 5 == 0};
    *g = (world){.seed = seed, .state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15), .w = tt_bare(&config)};
    rig_address at = tt_address("192.0.2.10", 3260);
    CU_ASSERT_EQUAL_FATAL(rig_target_portal_add(g->w->target, &at, 1, NULL), RIG_OK);
    g->w->now = 1000 * RIG_SECOND;
    g->level = (uint32_t)(seed % 3);
    g->wrong_target = seed / 3 % 2;
    make_nodes(g, g->w->target);
    make_rules(g, g->w->target);
    for (unsigned i = 0; i < SESSIONS; i++)
        g->ports[i].cmd_sn = 1;
}

/* How many sessions and tasks live is bounded by what the initiators may have open. */
static void check_bounds(world *g)
{
    const rig_target *target = g->w->target;
    check(g, target->num_sessions <= 3 * SESSIONS, "too many sessions");
    check(g, target->pending.num <= 3 * SESSIONS * TGT_WINDOW, "too many commands that wait");
    check(g, target->tasks.num <= 4096, "too many tasks");
    check(g, tgt_list_empty(&target->stirred), "a unit is stirred behind a call");
    for (const tgt_list *at = target->sessions.next; at != &target->sessions; at = at->next) {
        const tgt_session *s = TGT_OF(at, tgt_session, in_target);
        check(g, s->num_active <= s->window, "more active commands than the window has");
        check(g, (tgt_session_live(s) != NULL) == (s->state == TGT_Q3_LOGGED_IN),
              "the state of a session is not that of its connections");
    }
}

/* Whatever came before, a connection that is open answers. */
static void check_alive(world *g, peer *p)
{
    uint8_t bhs[RIG_BHS_LEN];
    for (unsigned i = 0; i < 100 && p->stream && p->out_len > 0; i++) {
        feed(g, p, OUT_MAX);
        look(g);
    }
    if (!p->stream || !p->up || p->hasty)
        return;
    unsigned before = p->answers;
    rig_bhs_init(bhs, RIG_PDU_NOP_OUT);
    rig_set(bhs, RIG_F_I, 1);
    rig_set(bhs, RIG_F_ITT, 1000);
    rig_set(bhs, RIG_F_TTT, RIG_TAG_NONE);
    rig_set(bhs, RIG_F_CMD_SN, g->ports[p->port].cmd_sn);
    put(g, p, bhs, no_ahs, NULL, 0);
    feed(g, p, OUT_MAX);
    look(g);
    check(g, !p->stream || p->answers > before, "a connection is open and does not answer");
}

/* All connections are lost, and time passes: nothing may be left. */
static void end(world *g)
{
    rig_target *target = g->w->target;
    g->w->stuck = false;
    look(g);
    for (unsigned i = 0; i < CLIENTS && !g->wrong_target; i++)
        check_alive(g, &g->peers[i]);
    for (unsigned i = 0; i < CLIENTS; i++) {
        tt_stream *s = g->peers[i].stream;
        if (!s || !s->open)
            continue;
        s->open = false;
        s->user.ops->event(s->user.ctx, RIG_STREAM_FAILED, RIG_E_RESET, g->w->now);
    }
    for (unsigned i = 0; i < 200 && rig_target_next_deadline(target) != RIG_NEVER; i++)
        tt_pass(g->w, 20 * RIG_SECOND);
    check(g, rig_target_next_deadline(target) == RIG_NEVER, "a timer is left");
    check(g, target->num_sessions == 0 && target->num_up == 0, "a session is left");
    check(g, target->num_conns == 0, "a connection is left");
    check(g, target->tasks.num == 0 && target->pending.num == 0, "a task is left");
    tt_free(g->w);
}

static void anything_goes(void)
{
    unsigned logins = 0, scsi_answers = 0, tmf_answers = 0, wrong = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        static world g;
        begin(&g, seed);
        for (unsigned i = 0; i < TURNS; i++) {
            if (once_in(&g, 12))
                owner(&g);
            else
                act(&g, &g.peers[below(&g, CLIENTS)]);
            check_bounds(&g);
        }
        end(&g);
        logins += g.logins;
        scsi_answers += g.scsi_answers;
        tmf_answers += g.tmf_answers;
        wrong += g.wrong;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    /* the runs do get somewhere */
    CU_ASSERT(logins > SEEDS && scsi_answers > 10 * SEEDS && tmf_answers > SEEDS);
}

RIG_SUITE("target: initiators that do anything", {"anything goes", anything_goes})
