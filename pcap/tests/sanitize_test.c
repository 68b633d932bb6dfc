/* Captures that may be shown to others: what is gone, what stays, and that both readings see the same bytes.
 */
#include "frames.h"
#include "rig/crc32c.h"
#include "rig/lint.h"
#include "rig/sanitize.h"

#define TAPE_MAX 600 /* frames of one capture */
#define FOUND_MAX 64 /* findings that are compared */

typedef struct taped {
    rig_link_type link;
    uint8_t *bytes;
    size_t len;
    uint32_t wire_len;
} taped;

/* A capture in memory. */
typedef struct tape {
    taped frames[TAPE_MAX];
    size_t num;
} tape;

static void tape_add(tape *t, rig_link_type link, rig_view bytes, uint32_t wire_len)
{
    CU_ASSERT_FATAL(t->num < TAPE_MAX);
    taped *frame = &t->frames[t->num++];
    *frame = (taped){link, rig_alloc_libc()->resize(NULL, NULL, 0, bytes.len + 1), bytes.len, wire_len};
    CU_ASSERT_PTR_NOT_NULL_FATAL(frame->bytes);
    if (bytes.len)
        memcpy(frame->bytes, bytes.ptr, bytes.len);
}

static void tape_free(tape *t)
{
    for (size_t i = 0; i < t->num; i++)
        rig_delete(rig_alloc_libc(), t->frames[i].bytes, t->frames[i].len + 1);
    t->num = 0;
}

static rig_view view_of(const taped *frame)
{
    return rig_view_of(frame->bytes, frame->len);
}

/* ---- a connection ---- */

static play talk; /* its ends; nothing is fed */

static void begin(uint8_t version)
{
    memset(&talk, 0, sizeof talk);
    talk.version = version;
    talk.ends[INITIATOR] = (end){{10, 11, 12, 13}, 40000, 1000};
    talk.ends[TARGET] = (end){{10, 99, 98, 97}, 3260, 5000};
}

static void put_at(tape *t, unsigned side, uint32_t seq, unsigned flags, rig_view payload)
{
    static uint8_t packet[FRAME_MAX];
    size_t len = frames_packet(&talk, side, seq, talk.ends[!side].seq, flags, payload, packet);
    size_t captured = talk.snap && talk.snap < len ? talk.snap : len;
    tape_add(t, RIG_LINK_RAW, rig_view_of(packet, captured), (uint32_t)len);
}

static void put(tape *t, unsigned side, unsigned flags, rig_view payload)
{
    put_at(t, side, talk.ends[side].seq, flags, payload);
    talk.ends[side].seq += (uint32_t)payload.len + (flags & (SYN | FIN) ? 1 : 0);
}

static void connect_ends(tape *t)
{
    const rig_view none = {NULL, 0};
    put(t, INITIATOR, SYN, none);
    put(t, TARGET, SYN | ACK, none);
    put(t, INITIATOR, ACK, none);
}

/* A PDU, with digests on request. Returns its bytes. */
static size_t pdu_bytes(uint8_t *out, const uint8_t *bhs, rig_view data, bool digests)
{
    uint8_t plain[FRAME_MAX / 2];
    size_t len = frames_pdu(plain, bhs, data), at = RIG_BHS_LEN;
    memcpy(out, plain, RIG_BHS_LEN);
    if (digests) {
        rig_crc32c_store(rig_crc32c_update(RIG_CRC32C_START, plain, RIG_BHS_LEN), out + at);
        at += RIG_DIGEST_LEN;
    }
    memcpy(out + at, plain + RIG_BHS_LEN, len - RIG_BHS_LEN);
    at += len - RIG_BHS_LEN;
    if (digests && data.len) {
        uint32_t crc = rig_crc32c_update(RIG_CRC32C_START, plain + RIG_BHS_LEN, len - RIG_BHS_LEN);
        rig_crc32c_store(crc, out + at);
        at += RIG_DIGEST_LEN;
    }
    return at;
}

static void put_pdu(tape *t, unsigned side, const uint8_t *bhs, rig_view data, bool digests)
{
    uint8_t bytes[FRAME_MAX / 2];
    put(t, side, ACK, rig_view_of(bytes, pdu_bytes(bytes, bhs, data, digests)));
}

static void login_pdu(tape *t, unsigned side, unsigned csg, unsigned nsg, uint32_t sn, rig_view text)
{
    uint8_t bhs[RIG_BHS_LEN];
    rig_bhs_init(bhs, side == INITIATOR ? RIG_PDU_LOGIN_REQ : RIG_PDU_LOGIN_RESP);
    rig_set(bhs, RIG_F_ITT, 0x10);
    rig_set(bhs, RIG_F_CSG, csg);
    rig_set(bhs, RIG_F_NSG, nsg);
    rig_set(bhs, RIG_F_T, nsg != 0);
    rig_set(bhs, RIG_F_ISID, UINT64_C(0x800000000001));
    if (side == INITIATOR)
        rig_set(bhs, RIG_F_CMD_SN, 100);
    else {
        rig_set(bhs, RIG_F_STAT_SN, sn);
        rig_set(bhs, RIG_F_EXP_CMD_SN, 100);
        rig_set(bhs, RIG_F_MAX_CMD_SN, 110);
        rig_set(bhs, RIG_F_TSIH, nsg == 3 ? 7 : 0);
    }
    if (side == INITIATOR)
        rig_set(bhs, RIG_F_EXP_STAT_SN, sn);
    put_pdu(t, side, bhs, text, false);
}

/* Everything that is nobody else's business. */
static const char *const secrets[] = {"corp.example.org", "hypervisor",   "vault-of-gold", "Grandma",
                                      "accounting",       "0xfeedface",   "joe.user",      "c0ffee00c0ffee",
                                      "PAYLOAD",          "ping-from-me", "SENSELESS",     "10.99.98.97",
                                      "backup.internal",  "zugangs-wort", "GARBAGE"};

static void login(tape *t, bool digests)
{
    login_pdu(
        t, INITIATOR, 0, 1, 0,
        TEXT_VIEW("InitiatorName=iqn.1999-02.org.example.corp.example.org:hypervisor7\0"
                  "InitiatorAlias=Grandma's box\0TargetName=iqn.1999-02.corp.example.org:vault-of-gold\0"
                  "SessionType=Normal\0AuthMethod=CHAP,None\0X-org.shop.level=zugangs-wort\0"));
    login_pdu(t, TARGET, 0, 0, 1,
              TEXT_VIEW("TargetPortalGroupTag=1\0AuthMethod=CHAP\0TargetAlias=accounting\0"));
    login_pdu(t, INITIATOR, 0, 0, 2, TEXT_VIEW("CHAP_A=5\0"));
    login_pdu(t, TARGET, 0, 0, 2,
              TEXT_VIEW("CHAP_A=5\0CHAP_I=7\0CHAP_C=0xfeedface00112233445566778899aabb\0"));
    login_pdu(t, INITIATOR, 0, 1, 3,
              TEXT_VIEW("CHAP_N=joe.user\0CHAP_R=0xc0ffee00c0ffee00c0ffee00c0ffee00\0"));
    login_pdu(t, TARGET, 0, 1, 3, (rig_view){NULL, 0});
    login_pdu(t, INITIATOR, 1, 3, 4,
              digests ? TEXT_VIEW("HeaderDigest=CRC32C\0DataDigest=CRC32C\0")
                      : TEXT_VIEW("HeaderDigest=None\0DataDigest=None\0"));
    login_pdu(t, TARGET, 1, 3, 4,
              digests ? TEXT_VIEW("HeaderDigest=CRC32C\0DataDigest=CRC32C\0")
                      : TEXT_VIEW("HeaderDigest=None\0DataDigest=None\0"));
}

static void header(uint8_t *bhs, rig_pdu_kind kind, uint32_t itt, uint32_t sn)
{
    rig_bhs_init(bhs, kind);
    rig_set(bhs, RIG_F_ITT, itt);
    if (rig_pdu_rows[kind].from_initiator) {
        rig_set(bhs, RIG_F_CMD_SN, sn);
        return;
    }
    rig_set(bhs, RIG_F_STAT_SN, sn);
    rig_set(bhs, RIG_F_EXP_CMD_SN, 102);
    rig_set(bhs, RIG_F_MAX_CMD_SN, 110);
}

/* A write with immediate data, a ping with its answer, sense data. */
static void full_feature(tape *t, bool digests)
{
    uint8_t bhs[RIG_BHS_LEN];
    header(bhs, RIG_PDU_SCSI_CMD, 0x11, 100);
    rig_set(bhs, RIG_F_F, 1);
    rig_set(bhs, RIG_F_W, 1);
    rig_set(bhs, RIG_F_EDTL, 512);
    put_pdu(t, INITIATOR, bhs, TEXT_VIEW("PAYLOAD of odd length, "), digests);
    header(bhs, RIG_PDU_SCSI_RESP, 0x11, 5);
    rig_set(bhs, RIG_F_SCSI_STATUS, 2);
    put_pdu(t, TARGET, bhs, TEXT_VIEW("\0\x1e\x70\0\x05\0\0\0\0\x16\0\0\0\0\x24\0\0\0\0\0\0\0\0SENSELESS"),
            digests);
    header(bhs, RIG_PDU_NOP_OUT, 0x12, 101);
    put_pdu(t, INITIATOR, bhs, TEXT_VIEW("ping-from-me"), digests);
    header(bhs, RIG_PDU_NOP_IN, 0x12, 6);
    put_pdu(t, TARGET, bhs, TEXT_VIEW("ping-from-me"), digests);
}

static void whole_talk(tape *t, bool digests)
{
    connect_ends(t);
    login(t, digests);
    full_feature(t, digests);
    put(t, INITIATOR, FIN | ACK, (rig_view){NULL, 0});
    put(t, TARGET, FIN | ACK, (rig_view){NULL, 0});
}

/* ---- both readings ---- */

static rig_status sanitize_with(const rig_alloc *alloc, const tape *from, tape *to)
{
    rig_sanitize *s;
    rig_view frame;
    uint32_t wire_len;
    rig_status status = rig_sanitize_new(alloc, 0, &s);
    for (size_t i = 0; i < from->num && !status; i++)
        status = rig_sanitize_read(s, i, from->frames[i].link, view_of(&from->frames[i]),
                                   from->frames[i].wire_len);
    if (!status)
        status = rig_sanitize_turn(s);
    for (size_t i = 0; i < from->num && !status; i++) {
        const taped *f = &from->frames[i];
        status = rig_sanitize_packet(s, i, f->link, view_of(f), f->wire_len, &frame, &wire_len);
        if (!status)
            tape_add(to, RIG_LINK_ETHERNET, frame, wire_len);
    }
    rig_sanitize_free(s);
    return status;
}

/* What a capture says: its items, and what lint finds. */
typedef struct seen {
    rig_items items;
    rig_lint *lint;
    rig_lint_finding found[FOUND_MAX];
    size_t num_found;
} seen;

static rig_status on_finding(void *ctx, const rig_lint_finding *finding)
{
    seen *s = ctx;
    if (s->num_found < FOUND_MAX)
        s->found[s->num_found] = *finding;
    s->num_found++;
    return RIG_OK;
}

static rig_status on_item(void *ctx, const rig_flow *flow, const rig_item *item)
{
    seen *s = ctx;
    (void)flow;
    rig_status status = rig_lint_item(s->lint, item);
    return status ? status : rig_items_add(&s->items, item);
}

static void look(const tape *t, seen *s)
{
    rig_streams *streams;
    memset(s, 0, sizeof *s);
    s->items.alloc = rig_alloc_libc();
    const rig_lint_config judge = {.alloc = rig_alloc_libc(), .finding = on_finding, .ctx = s};
    const rig_streams_config config = {.alloc = rig_alloc_libc(), .item = on_item, .ctx = s};
    CU_ASSERT_EQUAL_FATAL(rig_lint_new(&judge, &s->lint), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(rig_streams_new(&config, &streams), RIG_OK);
    for (size_t i = 0; i < t->num; i++)
        CU_ASSERT_EQUAL(
            rig_streams_packet(streams, i, t->frames[i].link, view_of(&t->frames[i]), t->frames[i].wire_len),
            RIG_OK);
    CU_ASSERT_EQUAL(rig_streams_end(streams), RIG_OK);
    rig_streams_free(streams);
    rig_lint_free(s->lint);
}

static bool same_item(const rig_item *a, const rig_item *b)
{
    if (a->kind != b->kind || a->frame != b->frame || a->connection != b->connection)
        return false;
    if (a->kind == RIG_ITEM_EVENT)
        return rig_view_eq(a->event, b->event);
    return a->to_target == b->to_target && memcmp(a->pdu.bhs, b->pdu.bhs, RIG_BHS_LEN) == 0 &&
           a->pdu.offset == b->pdu.offset && a->data_len == b->data_len && a->missing == b->missing &&
           a->pdu.bad_header_digest == b->pdu.bad_header_digest &&
           a->pdu.bad_data_digest == b->pdu.bad_data_digest &&
           a->pdu.has_data_digest == b->pdu.has_data_digest && a->pdu.bad_padding == b->pdu.bad_padding &&
           a->text.len == b->text.len;
}

static void same_evidence(const tape *before, const tape *after)
{
    seen a, b;
    look(before, &a);
    look(after, &b);
    CU_ASSERT(a.items.num > 0);
    CU_ASSERT_EQUAL_FATAL(a.items.num, b.items.num);
    for (size_t i = 0; i < a.items.num; i++)
        CU_ASSERT(same_item(&a.items.ptr[i], &b.items.ptr[i]));
    CU_ASSERT_EQUAL(a.num_found, b.num_found);
    for (size_t i = 0; i < a.num_found && i < b.num_found && i < FOUND_MAX; i++)
        CU_ASSERT(a.found[i].rule == b.found[i].rule && a.found[i].frame == b.found[i].frame &&
                  a.found[i].offset == b.found[i].offset);
    rig_items_cleanup(&a.items);
    rig_items_cleanup(&b.items);
}

static bool holds(const tape *t, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i < t->num; i++)
        for (size_t at = 0; at + len <= t->frames[i].len; at++)
            if (memcmp(t->frames[i].bytes + at, word, len) == 0)
                return true;
    return false;
}

static bool same_tape(const tape *a, const tape *b)
{
    bool same = a->num == b->num;
    for (size_t i = 0; same && i < a->num; i++)
        same = rig_view_eq(view_of(&a->frames[i]), view_of(&b->frames[i])) &&
               a->frames[i].wire_len == b->frames[i].wire_len;
    return same;
}

/* Sanitizes, and what holds for every capture does. */
static void sanitize(const tape *from, tape *to)
{
    static tape again;
    CU_ASSERT_EQUAL(sanitize_with(rig_alloc_libc(), from, to), RIG_OK);
    CU_ASSERT_EQUAL(from->num, to->num);
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        CU_ASSERT_FALSE(holds(to, secrets[i]));
    same_evidence(from, to);
    CU_ASSERT_EQUAL(sanitize_with(rig_alloc_libc(), to, &again), RIG_OK);
    CU_ASSERT(same_tape(to, &again));
    tape_free(&again);
}

static tape from, to;

static void done(void)
{
    tape_free(&from);
    tape_free(&to);
}

/* ---- tests ---- */

static void nothing_of_a_secret_stays(void)
{
    begin(4);
    whole_talk(&from, false);
    unsigned held = 0;
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        held += holds(&from, secrets[i]);
    CU_ASSERT_EQUAL(held, 12); /* all but those of other tests */
    sanitize(&from, &to);
    CU_ASSERT(holds(&to, "iqn.2001-04.com.example:"));
    CU_ASSERT(holds(&to, "SessionType=Normal"));
    CU_ASSERT(holds(&to, "CHAP_I=7"));
    CU_ASSERT(holds(&to, "CHAP_C=0x00000000000000000000000000000001"));
    for (size_t i = 0; i < to.num; i++)
        CU_ASSERT_EQUAL(to.frames[i].len, from.frames[i].len + 14);
    done();
}

/* Section 13.1: a right digest is that of other data now, a wrong one stays wrong. */
static void digests_are_made_anew(void)
{
    seen s;
    unsigned right = 0, wrong = 0;
    begin(4);
    whole_talk(&from, true);
    taped *ping = &from.frames[from.num - 3];
    ping->bytes[ping->len - 1] ^= 1; /* and its checksum is that of a card that does them later */
    rig_be_set(ping->bytes + 36, 2, 0);
    uint32_t sum = 6 + (uint32_t)ping->len - 20;
    frames_sum(ping->bytes + 12, 8, &sum);
    rig_be_set(ping->bytes + 36, 2, frames_fold(sum));
    sanitize(&from, &to);
    look(&to, &s);
    for (size_t i = 0; i < s.items.num; i++) {
        const rig_pdu *pdu = &s.items.ptr[i].pdu;
        right += pdu->has_header_digest && pdu->has_data_digest && !pdu->bad_header_digest &&
                 !pdu->bad_data_digest;
        wrong += pdu->bad_data_digest;
    }
    CU_ASSERT_EQUAL(right, 3);
    CU_ASSERT_EQUAL(wrong, 1);
    rig_items_cleanup(&s.items);
    done();
}

/* The bytes of each direction of a talk, its payloads joined. */
static size_t joined(const tape *t, unsigned side, uint8_t *out)
{
    size_t len = 0;
    for (size_t i = 0; i < t->num; i++) {
        size_t head = t->frames[i].link == RIG_LINK_RAW ? 0 : 14;
        const uint8_t *tcp = t->frames[i].bytes + head + 20;
        if (rig_be_get(tcp, 2) != talk.ends[side].port)
            continue;
        memcpy(out + len, tcp + 20, t->frames[i].len - head - 40);
        len += t->frames[i].len - head - 40;
    }
    return len;
}

/* One direction cut into segments of so many bytes, each sent twice, with four bytes of the one before, the
 * second of each pair first. */
static void cut_talk(tape *t, rig_view stream, size_t segment)
{
    connect_ends(t);
    uint32_t start = talk.ends[INITIATOR].seq;
    for (size_t pair = 0; pair < stream.len; pair += 2 * segment)
        for (int i = 3; i >= 0; i--) {
            size_t at = pair + (size_t)(i & 1) * segment;
            size_t back = at >= 4 ? 4 : 0;
            if (at < stream.len)
                put_at(t, INITIATOR, start + (uint32_t)(at - back), ACK,
                       rig_view_sub(stream, at - back, segment + back));
        }
}

static void segments_may_be_cut_anywhere(void)
{
    static uint8_t stream[FRAME_MAX], shown[FRAME_MAX], one[FRAME_MAX];
    begin(4);
    whole_talk(&from, false);
    size_t len = joined(&from, INITIATOR, stream);
    sanitize(&from, &to);
    CU_ASSERT_EQUAL(joined(&to, INITIATOR, shown), len);
    done();
    for (size_t segment = 9; segment < 200; segment += 13) {
        begin(4);
        cut_talk(&from, rig_view_of(stream, len), segment);
        sanitize(&from, &to);
        for (size_t i = 3; i < to.num; i++) {
            const uint8_t *tcp = to.frames[i].bytes + 34;
            size_t at = (size_t)rig_be_get(tcp + 4, 4) - 1001, part = to.frames[i].len - 54;
            memcpy(one, tcp + 20, part);
            CU_ASSERT_FATAL(at + part <= len);
            /* numbers of values differ, since one side is all there is; what stays and what is emptied does
             * not */
            for (size_t b = 0; b < part; b++)
                CU_ASSERT_EQUAL(one[b] == 0, shown[at + b] == 0);
        }
        done();
    }
}

static void text_in_parts_is_one(void)
{
    uint8_t bhs[RIG_BHS_LEN];
    seen s;
    begin(4);
    connect_ends(&from);
    login(&from, false);
    header(bhs, RIG_PDU_TEXT_REQ, 0x13, 100);
    rig_set(bhs, RIG_F_F, 1);
    put_pdu(&from, INITIATOR, bhs, TEXT_VIEW("SendTargets=All\0"), false);
    header(bhs, RIG_PDU_TEXT_RESP, 0x13, 5);
    rig_set(bhs, RIG_F_C, 1);
    put_pdu(&from, TARGET, bhs, TEXT_VIEW("TargetName=iqn.1999-02.corp.example.org:vau"), false);
    header(bhs, RIG_PDU_TEXT_RESP, 0x13, 6);
    rig_set(bhs, RIG_F_F, 1);
    put_pdu(&from, TARGET, bhs,
            TEXT_VIEW("lt-of-gold\0TargetAddress=10.99.98.97:3260,1\0TargetAddress=backup.internal,1\0"),
            false);
    sanitize(&from, &to);
    look(&to, &s);
    const rig_item *last = &s.items.ptr[s.items.num - 1];
    const char *const said = "TargetName=iqn.2001-04.com.example:aaaaaaaaaaaaaaaaac";
    CU_ASSERT(rig_view_starts(last->text, said));
    /* the target's address is what its packets say */
    rig_view address = rig_view_sub(last->text, strlen(said) + 1, last->text.len);
    CU_ASSERT(rig_view_starts(address, "TargetAddress=192.0.2.101:3260,1"));
    char print[64];
    rig_text text;
    rig_text_init(&text, print, sizeof print);
    rig_ip_print(&text, &last->sender);
    CU_ASSERT(rig_view_eq(rig_view_sub(address, 14, text.len), rig_view_of(print, text.len)));
    CU_ASSERT_EQUAL(text.len, strlen("10.99.98.97"));
    rig_items_cleanup(&s.items);
    done();
}

/* TCP checksums of what was damaged, and of what a card was to finish, stay so. */
static void checksums_stay_what_they_were(void)
{
    begin(4);
    whole_talk(&from, false);
    taped *damaged = &from.frames[from.num - 4];
    tape_add(&from, RIG_LINK_RAW, view_of(damaged), damaged->wire_len);
    damaged->bytes[damaged->len - 3] ^= 0x55;
    sanitize(&from, &to);
    for (size_t i = 0; i < to.num; i++) {
        const taped *f = &to.frames[i];
        uint32_t sum = 6 + (uint32_t)f->len - 34;
        frames_sum(f->bytes + 26, 8, &sum);
        frames_sum(f->bytes + 34, f->len - 34, &sum);
        CU_ASSERT_EQUAL(frames_fold(sum) == 0xffff, i != to.num - 5);
        sum = 0;
        frames_sum(f->bytes + 14, 20, &sum);
        CU_ASSERT_EQUAL(frames_fold(sum), 0xffff);
    }
    done();
}

/* Nothing stands for what is no iSCSI, but its place. */
static void other_frames_are_emptied(void)
{
    static const uint8_t udp[] =
        "\x45\0\0\x2b\0\0\0\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2\0\1\0\2\0\x17\0\0PAYLOAD";
    const uint8_t unread[] = "PAYLOAD of a link that is not read";
    begin(4);
    tape_add(&from, RIG_LINK_RAW, rig_view_of(udp, sizeof udp - 1), sizeof udp - 1);
    tape_add(&from, RIG_LINK_OTHER, rig_view_of(unread, sizeof unread), sizeof unread);
    talk.ends[TARGET].port = 443;
    connect_ends(&from);
    put(&from, INITIATOR, ACK, TEXT_VIEW("PAYLOAD"));
    begin(4);
    talk.ends[INITIATOR].port = 40001;
    whole_talk(&from, false);
    sanitize(&from, &to);
    for (size_t i = 0; i < 6; i++) {
        CU_ASSERT_EQUAL(to.frames[i].len, 14);
        CU_ASSERT_EQUAL(to.frames[i].wire_len, 14);
    }
    CU_ASSERT(to.frames[6].len > 14);
    done();
}

/* Bytes of which nobody knows what they are do not stay, whatever they look like. */
static void what_is_no_pdu_is_emptied(void)
{
    uint8_t bhs[RIG_BHS_LEN], bytes[2048];
    begin(4);
    header(bhs, RIG_PDU_NOP_OUT, 0x12, 101); /* midstream */
    put(&from, INITIATOR, ACK,
        TEXT_VIEW("PAYLOAD of a PDU whose header nobody saw, at least that many bytes"));
    put_pdu(&from, INITIATOR, bhs, TEXT_VIEW("ping-from-me"), false);
    memset(bytes, 'G', sizeof bytes);
    memcpy(bytes, "?GARBAGE", 8);
    put(&from, INITIATOR, ACK, rig_view_of(bytes, sizeof bytes));
    header(bhs, RIG_PDU_NOP_OUT, 0x13, 102);
    put_pdu(&from, INITIATOR, bhs, TEXT_VIEW("ping-from-me"), false);
    header(bhs, RIG_PDU_DATA_OUT, 0x14, 0);
    rig_set(bhs, RIG_F_DATA_LEN, 4096);
    memcpy(bytes, bhs, RIG_BHS_LEN);
    memcpy(bytes + RIG_BHS_LEN, "PAYLOAD", 7);
    put(&from, INITIATOR, ACK, rig_view_of(bytes, RIG_BHS_LEN + 7));
    sanitize(&from, &to);
    seen s;
    look(&to, &s);
    CU_ASSERT_EQUAL_FATAL(s.items.num, 6);
    CU_ASSERT(rig_view_is(s.items.ptr[0].event, "midstream"));
    CU_ASSERT(rig_view_is(s.items.ptr[3].event, "garbage"));
    CU_ASSERT(rig_view_is(s.items.ptr[5].event, "truncated"));
    rig_items_cleanup(&s.items);
    done();
}

/* Frames cut by the capture, IPv6, a gap, and a port that is used again. */
static void captures_may_lack_bytes(void)
{
    for (uint8_t version = 4; version <= 6; version += 2) {
        begin(version);
        talk.snap = 120;
        whole_talk(&from, true);
        talk.snap = 0;
        talk.ends[INITIATOR].seq += 70000;
        talk.ends[TARGET].seq += 70000;
        whole_talk(&from, true);
        CU_ASSERT_EQUAL(from.num, 2 * 17);
        rig_delete(rig_alloc_libc(), from.frames[24].bytes, from.frames[24].len + 1);
        memmove(from.frames + 24, from.frames + 25, (--from.num - 24) * sizeof from.frames[0]);
        sanitize(&from, &to);
        CU_ASSERT(to.frames[4].len < to.frames[4].wire_len);
        done();
    }
}

/* A packet in fragments stands in the place of the last one. */
static void fragments_are_joined(void)
{
    uint8_t piece[FRAME_MAX], whole[FRAME_MAX];
    begin(4);
    whole_talk(&from, false);
    size_t len = from.frames[from.num - 3].len, half = (len - 20) / 16 * 8;
    memcpy(whole, from.frames[from.num - 3].bytes, len);
    for (unsigned i = 0; i < 3; i++) {
        from.num--;
        rig_delete(rig_alloc_libc(), from.frames[from.num].bytes, from.frames[from.num].len + 1);
    }
    for (unsigned i = 0; i < 2; i++) {
        size_t at = i ? half : 0, part = i ? len - 20 - half : half;
        memcpy(piece, whole, 20);
        rig_be_set(piece + 2, 2, 20 + part);
        rig_be_set(piece + 4, 2, 77);
        rig_be_set(piece + 6, 2, at / 8 | (i ? 0 : 0x2000));
        memcpy(piece + 20, whole + 20 + at, part);
        tape_add(&from, RIG_LINK_RAW, rig_view_of(piece, 20 + part), (uint32_t)(20 + part));
    }
    sanitize(&from, &to);
    CU_ASSERT_EQUAL(to.frames[to.num - 2].len, 14);
    CU_ASSERT_EQUAL(to.frames[to.num - 1].len, len + 14);
    done();
}

/* So many initiators whose addresses have 7 characters, as only 90 of those that stand for others do. */
static rig_status many_short_addresses(unsigned num)
{
    rig_sanitize *s;
    begin(4);
    talk.ends[TARGET] = (end){{9, 9, 9, 9}, 3260, 5000};
    for (unsigned i = 0; i < num; i++) {
        talk.ends[INITIATOR] = (end){{1, 1, (uint8_t)(1 + i / 9 % 9), (uint8_t)(1 + i % 9)}, 40000, 1000};
        talk.ends[INITIATOR].address[1] = (uint8_t)(1 + i / 81);
        put(&from, INITIATOR, SYN, (rig_view){NULL, 0});
    }
    rig_status status = rig_sanitize_new(rig_alloc_libc(), 0, &s);
    for (size_t i = 0; i < from.num && !status; i++)
        status = rig_sanitize_read(s, i, RIG_LINK_RAW, view_of(&from.frames[i]), from.frames[i].wire_len);
    rig_sanitize_free(s);
    done();
    return status;
}

static void addresses_are_limited(void)
{
    CU_ASSERT_EQUAL(many_short_addresses(89), RIG_OK);
    CU_ASSERT_EQUAL(many_short_addresses(90), RIG_E_LIMIT);
}

static void the_second_reading_has_to_be_of_the_same_frames(void)
{
    rig_sanitize *s;
    rig_view frame;
    uint32_t len;
    begin(4);
    whole_talk(&from, false);
    CU_ASSERT_EQUAL_FATAL(rig_sanitize_new(rig_alloc_libc(), 0, &s), RIG_OK);
    CU_ASSERT_EQUAL(rig_sanitize_packet(s, 0, RIG_LINK_RAW, view_of(&from.frames[0]), 40, &frame, &len),
                    RIG_E_ARGUMENT);
    CU_ASSERT_EQUAL(rig_sanitize_turn(s), RIG_OK);
    CU_ASSERT_EQUAL(rig_sanitize_turn(s), RIG_E_ARGUMENT);
    CU_ASSERT_EQUAL(rig_sanitize_read(s, 0, RIG_LINK_RAW, view_of(&from.frames[0]), 40), RIG_E_ARGUMENT);
    CU_ASSERT_EQUAL(rig_sanitize_packet(s, 0, RIG_LINK_RAW, view_of(&from.frames[0]), 40, &frame, &len),
                    RIG_E_ARGUMENT);
    rig_sanitize_free(s);
    done();
}

static void memory_may_be_missing(void)
{
    rig_alloc_meter meter;
    rig_status status = RIG_E_NOMEM;
    begin(4);
    whole_talk(&from, true);
    uint64_t call = 0;
    while (status == RIG_E_NOMEM && call < 1000) {
        rig_alloc_meter_init(&meter, rig_alloc_libc());
        meter.fail_at = ++call;
        status = sanitize_with(&meter.alloc, &from, &to);
        CU_ASSERT_EQUAL(meter.num_live, 0);
        CU_ASSERT_EQUAL(meter.bytes_live, 0);
        tape_free(&to);
    }
    CU_ASSERT_EQUAL(status, RIG_OK);
    CU_ASSERT(call > 20);
    done();
}

RIG_SUITE("sanitize", {"nothing of a secret stays", nothing_of_a_secret_stays},
          {"digests are made anew", digests_are_made_anew},
          {"segments may be cut anywhere", segments_may_be_cut_anywhere},
          {"text in parts is one", text_in_parts_is_one},
          {"checksums stay what they were", checksums_stay_what_they_were},
          {"other frames are emptied", other_frames_are_emptied},
          {"what is no PDU is emptied", what_is_no_pdu_is_emptied},
          {"captures may lack bytes", captures_may_lack_bytes},
          {"fragments are joined", fragments_are_joined},
          {"the second reading has to be of the same frames",
           the_second_reading_has_to_be_of_the_same_frames},
          {"addresses are limited", addresses_are_limited}, {"memory may be missing", memory_may_be_missing})
