/*
 * IKE and ESP made by hand, with what may be wrong about them: an encoder of its own, so that the reader is
 * not judged by itself. No Diffie-Hellman is computed: whoever reads a capture is given its results.
 */
#ifndef PCAP_IPSEC_TALK_H
#define PCAP_IPSEC_TALK_H

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "frames.h"
#include "rig/capture.h"
#include "rig/ipsec_check.h"

#define MODP_LEN 256
#define PRF_LEN 32
#define SECRETS_MAX 16384
#define TALK_KEPT_MAX 32

typedef enum fault {
    F_NONE,
    F_FLAW,          /* a message that is cut */
    F_MANY,          /* more messages than are kept */
    F_CLEAR,         /* a SYN in the clear */
    F_NO_PHASE1,     /* phase 1 is not in the capture */
    F_DROP,          /* message drop of phase 1 is not in the capture */
    F_CLEAR_ID,      /* an ID in main message 3 */
    F_NO_KEYS,       /* no keys for the reader */
    F_NO_ID,         /* no ID in aggressive message 1 */
    F_CLEAR_LAST,    /* aggressive message 3 in the clear */
    F_NO_QUICK,      /* no quick mode */
    F_DROP_QUICK,    /* no quick message 3 */
    F_CLEAR_QUICK,   /* quick message 1 in the clear */
    F_NO_QUICK_ID,   /* quick mode without identities */
    F_BAD_HASH,      /* HASH(2) is wrong */
    F_NO_KEYMAT,     /* no SKEYIDs for the reader */
    F_PLAIN_KEYS,    /* PFS that the ESP keys do not depend on */
    F_NO_ESP,        /* no ESP */
    F_ESP_EARLY,     /* ESP in front of quick message 3 */
    F_STRANGE_SPI,   /* one packet with another SPI */
    F_SEQUENCE,      /* numbers begin with 2 */
    F_AGAIN,         /* a packet comes twice */
    F_BAD_ICV,       /* one bit */
    F_BAD_PAD,       /* padding of zeros */
    F_MOVED,         /* one packet from another address */
    F_REFUSE_PHASE1, /* the responder says no to message 1 */
    F_REFUSE_QUICK,  /* the responder says no to quick message 1 */
    F_BAD_KEY,       /* the responder answers main message 5 under another key */
    F_MESSAGE_AGAIN, /* every IKE message comes twice */
} fault;

typedef struct talk_plan {
    bool aggressive, pfs, tunnel, nat_t, ip6, null, sha1;
    bool gateways; /* outer addresses of their own */
    fault fault;
    unsigned drop;
} talk_plan;

typedef struct talk {
    talk_plan plan;
    play p; /* what is inside */
    rig_ip outer[2];
    rig_ipsec_reader *reader;
    rig_ipsec_seen *seen;
    rig_pcapng *file; /* may be NULL */
    rig_text lines;
    char line_bytes[16384];
    uint32_t frame;
    uint8_t cookie[2][8];
    uint8_t public[2][MODP_LEN], shared[MODP_LEN], quick_public[2][MODP_LEN], quick_shared[MODP_LEN];
    uint8_t nonce[2][32], quick_nonce[2][32];
    uint8_t skeyid[PRF_LEN], skeyid_d[PRF_LEN], skeyid_a[PRF_LEN], key[16];
    uint8_t iv[16], quick_iv[16], info_iv[16];
    uint8_t sa[256];
    size_t sa_len;
    uint32_t spi[2]; /* [0] towards the initiator */
    uint32_t sequence[2];
    uint8_t esp_key[2][16 + 32];
    uint8_t packet[4096];
    uint8_t kept[TALK_KEPT_MAX][1024]; /* the first packets */
    size_t kept_lens[TALK_KEPT_MAX];
    rig_text keys[3];
    char key_bytes[3][SECRETS_MAX];
} talk;

typedef struct message {
    uint8_t bytes[2048];
    size_t len;
    size_t next_at; /* where the next payload's type stands */
} message;

/* ---- bytes ---- */

static inline void fill(uint8_t *out, size_t len, uint8_t from)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(from + i * 7);
}

typedef struct part {
    const void *ptr;
    size_t len;
} part;

/* Parts end with a NULL pointer. */
static inline size_t join(uint8_t *out, const part *parts)
{
    size_t len = 0;
    for (; parts->ptr; parts++) {
        memcpy(out + len, parts->ptr, parts->len);
        len += parts->len;
    }
    return len;
}

static inline void prf(const uint8_t *key, size_t key_len, const part *parts, uint8_t out[PRF_LEN])
{
    uint8_t bytes[4096];
    size_t len = join(bytes, parts);
    unsigned out_len;
    HMAC(EVP_sha256(), key, (int)key_len, bytes, len, out, &out_len);
}

static inline void cbc(const uint8_t *key, uint8_t iv[16], uint8_t *bytes, size_t len)
{
    int done;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(ctx, EVP_aes_128_cbc(), NULL, key, iv);
    EVP_CIPHER_CTX_set_padding(ctx, 0);
    EVP_EncryptUpdate(ctx, bytes, &done, bytes, (int)len);
    EVP_CIPHER_CTX_free(ctx);
    memcpy(iv, bytes + len - 16, 16);
}

static inline void hex_to(rig_text *out, const void *ptr, size_t len)
{
    rig_text_hex(out, rig_view_of(ptr, len), 0);
}

/* ---- events ---- */

static inline rig_status talk_event(void *ctx, const rig_ipsec_event *event)
{
    talk *t = ctx;
    const rig_ipsec_guard *guard = event->is.guard;
    if (event->kind == RIG_IPSEC_GUARD)
        rig_streams_guard(t->p.streams, &guard->ends[0], &guard->ends[1], guard->port);
    size_t before = t->lines.len;
    rig_ipsec_event_print(event, &t->lines);
    if (t->lines.len > before)
        rig_text_add(&t->lines, "\n");
    return t->seen ? rig_ipsec_seen_event(t->seen, event) : RIG_OK;
}

/* ---- packets ---- */

static inline void talk_packet(talk *t, rig_view packet)
{
    rig_view inner;
    if (t->frame < TALK_KEPT_MAX && packet.len <= sizeof t->kept[0]) {
        memcpy(t->kept[t->frame], packet.ptr, packet.len);
        t->kept_lens[t->frame] = packet.len;
    }
    t->frame++;
    t->p.now += 1000;
    if (t->file)
        CU_ASSERT_EQUAL(rig_pcapng_ip(t->file, t->p.now, packet, (rig_view){NULL, 0}), RIG_OK);
    CU_ASSERT_EQUAL(rig_ipsec_packet(t->reader, t->p.now, RIG_LINK_RAW, packet, (uint32_t)packet.len, &inner),
                    RIG_OK);
    if (inner.len)
        CU_ASSERT_EQUAL(rig_streams_inside(t->p.streams, t->p.now, inner), RIG_OK)
    else
        CU_ASSERT_EQUAL(
            rig_streams_packet(t->p.streams, t->p.now, RIG_LINK_RAW, packet, (uint32_t)packet.len), RIG_OK);
}

static inline size_t put_ip(const talk *t, uint8_t *out, unsigned side, uint8_t protocol, size_t len)
{
    size_t address = t->plan.ip6 ? 16 : 4, header = t->plan.ip6 ? 40 : 20;
    memset(out, 0, header);
    out[0] = t->plan.ip6 ? 0x60 : 0x45;
    rig_be_set(out + (t->plan.ip6 ? 4 : 2), 2, t->plan.ip6 ? len : len + header);
    out[t->plan.ip6 ? 6 : 9] = protocol;
    out[t->plan.ip6 ? 7 : 8] = 64;
    memcpy(out + header - 2 * address, t->outer[side].bytes, address);
    memcpy(out + header - address, t->outer[!side].bytes, address);
    uint32_t sum = 0;
    if (!t->plan.ip6) {
        frames_sum(out, header, &sum);
        rig_be_set(out + 10, 2, (uint16_t)~frames_fold(sum));
    }
    return header;
}

static inline size_t put_udp(uint8_t *out, uint16_t port, size_t len)
{
    memset(out, 0, 8);
    rig_be_set(out, 2, port);
    rig_be_set(out + 2, 2, port);
    rig_be_set(out + 4, 2, len + 8);
    return 8;
}

static inline void talk_udp(talk *t, unsigned side, uint16_t port, rig_view body)
{
    size_t marker = port == 4500 ? 4 : 0;
    size_t at = put_ip(t, t->packet, side, 17, 8 + marker + body.len);
    at += put_udp(t->packet + at, port, marker + body.len);
    memset(t->packet + at, 0, marker);
    memcpy(t->packet + at + marker, body.ptr, body.len);
    talk_packet(t, rig_view_of(t->packet, at + marker + body.len));
}

/* ---- messages ---- */

static inline void begin_message(const talk *t, message *m, uint8_t exchange, uint32_t id, bool first)
{
    memset(m, 0, sizeof *m);
    memcpy(m->bytes, t->cookie[0], 8);
    if (!first)
        memcpy(m->bytes + 8, t->cookie[1], 8);
    m->bytes[17] = 0x10;
    m->bytes[18] = exchange;
    rig_be_set(m->bytes + 20, 4, id);
    m->len = 28;
    m->next_at = 16;
}

static inline void put_payload(message *m, uint8_t type, const void *body, size_t len)
{
    m->bytes[m->next_at] = type;
    m->next_at = m->len;
    rig_be_set(m->bytes + m->len + 2, 2, len + 4);
    if (len)
        memcpy(m->bytes + m->len + 4, body, len);
    m->len += len + 4;
}

/* iv NULL: in the clear */
static inline void send_message(talk *t, unsigned side, uint16_t port, message *m, uint8_t *iv)
{
    if (iv) {
        m->len = 28 + (m->len - 28 + 15) / 16 * 16;
        m->bytes[19] |= 1;
    }
    rig_be_set(m->bytes + 24, 4, m->len);
    if (iv)
        cbc(t->key, iv, m->bytes + 28, m->len - 28);
    talk_udp(t, side, port, rig_view_of(m->bytes, m->len));
    if (t->plan.fault == F_MESSAGE_AGAIN)
        talk_udp(t, side, port, rig_view_of(m->bytes, m->len));
}

static inline size_t attribute(uint8_t *out, uint16_t type, uint16_t value)
{
    rig_be_set(out, 2, 0x8000u | type);
    rig_be_set(out + 2, 2, value);
    return 4;
}

/* An SA payload's body with one proposal of one transform. */
static inline size_t put_sa(uint8_t *out, uint8_t protocol, uint32_t spi, uint8_t transform,
                            const uint8_t *attributes, size_t len)
{
    size_t spi_len = spi ? 4 : 0, proposal = 8 + spi_len + 8 + len;
    memset(out, 0, 8 + proposal);
    out[3] = out[7] = 1; /* IPsec DOI, identity only */
    uint8_t *p = out + 8;
    rig_be_set(p + 2, 2, proposal);
    p[4] = 1;
    p[5] = protocol;
    p[6] = (uint8_t)spi_len;
    p[7] = 1;
    if (spi)
        rig_be_set(p + 8, 4, spi);
    p += 8 + spi_len;
    rig_be_set(p + 2, 2, 8 + len);
    p[4] = 1;
    p[5] = transform;
    memcpy(p + 8, attributes, len);
    return 8 + proposal;
}

static inline void make_phase1_sa(talk *t)
{
    uint8_t a[64];
    size_t len = attribute(a, 1, 7);
    len += attribute(a + len, 14, 128);
    len += attribute(a + len, 2, 4);
    len += attribute(a + len, 4, 14);
    len += attribute(a + len, 3, 1);
    len += attribute(a + len, 11, 1);
    len += attribute(a + len, 12, 28800);
    t->sa_len = put_sa(t->sa, 1, 0, 1, a, len);
}

static inline size_t put_id(const talk *t, uint8_t *out, const rig_ip *ip, uint8_t protocol, uint16_t port)
{
    size_t len = t->plan.ip6 ? 16 : 4;
    out[0] = t->plan.ip6 ? 5 : 1;
    out[1] = protocol;
    rig_be_set(out + 2, 2, port);
    memcpy(out + 4, ip->bytes, len);
    return 4 + len;
}

/* ---- phase 1 ---- */

static inline void derive(talk *t)
{
    static const uint8_t psk[] = "correct horse";
    static const uint8_t numbers[] = {0, 1, 2};
    uint8_t e[PRF_LEN];
    unsigned len;
    uint8_t digest[64], both[2 * MODP_LEN];
    prf(psk, 13, (part[]){{t->nonce[0], 32}, {t->nonce[1], 32}, {NULL, 0}}, t->skeyid);
    prf(t->skeyid, 32,
        (part[]){{t->shared, MODP_LEN}, {t->cookie[0], 8}, {t->cookie[1], 8}, {numbers, 1}, {NULL, 0}},
        t->skeyid_d);
    prf(t->skeyid, 32,
        (part[]){{t->skeyid_d, 32},
                 {t->shared, MODP_LEN},
                 {t->cookie[0], 8},
                 {t->cookie[1], 8},
                 {numbers + 1, 1},
                 {NULL, 0}},
        t->skeyid_a);
    prf(t->skeyid, 32,
        (part[]){{t->skeyid_a, 32},
                 {t->shared, MODP_LEN},
                 {t->cookie[0], 8},
                 {t->cookie[1], 8},
                 {numbers + 2, 1},
                 {NULL, 0}},
        e);
    memcpy(t->key, e, 16);
    join(both, (part[]){{t->public[0], MODP_LEN}, {t->public[1], MODP_LEN}, {NULL, 0}});
    EVP_Digest(both, sizeof both, digest, &len, EVP_sha256(), NULL);
    memcpy(t->iv, digest, 16);
}

static inline void auth_hash(const talk *t, unsigned side, const uint8_t *id, size_t id_len, uint8_t *out)
{
    prf(t->skeyid, 32,
        (part[]){{t->public[side], MODP_LEN},
                 {t->public[!side], MODP_LEN},
                 {t->cookie[side], 8},
                 {t->cookie[!side], 8},
                 {t->sa, t->sa_len},
                 {id, id_len},
                 {NULL, 0}},
        out);
}

static inline bool dropped(const talk *t, unsigned number)
{
    return t->plan.fault == F_NO_PHASE1 || (t->plan.fault == F_DROP && t->plan.drop == number);
}

static inline void send_phase1(talk *t, unsigned number, message *m, uint8_t *iv)
{
    unsigned last = t->plan.aggressive ? 3 : 5;
    if (!dropped(t, number))
        send_message(t, number % 2 == 0, t->plan.nat_t && number >= last ? 4500 : 500, m, iv);
    else if (iv) {
        size_t len = 28 + (m->len - 28 + 15) / 16 * 16;
        cbc(t->key, iv, m->bytes + 28, len - 28);
    }
}

static inline void send_notify(talk *t, unsigned side, uint8_t *iv, uint16_t type)
{
    message m;
    uint8_t body[12] = {0, 0, 0, 1, 1, 0};
    begin_message(t, &m, RIG_IKE_INFO, 0x11223344, false);
    rig_be_set(body + 6, 2, type);
    if (iv) {
        uint8_t digest[64], id[4], hash[PRF_LEN], block[20];
        uint8_t whole[12] = {0, 0, 0, 12, 0, 0, 0, 1, 1, 0};
        unsigned len;
        rig_be_set(whole + 10, 2, type);
        rig_be_set(id, 4, 0x11223344);
        memcpy(block, iv, 16);
        memcpy(block + 16, id, 4);
        EVP_Digest(block, 20, digest, &len, EVP_sha256(), NULL);
        memcpy(t->info_iv, digest, 16);
        prf(t->skeyid_a, 32, (part[]){{id, 4}, {whole, 12}, {NULL, 0}}, hash);
        put_payload(&m, RIG_IKE_P_HASH, hash, sizeof hash);
    }
    put_payload(&m, RIG_IKE_P_NOTIFY, body, 8);
    send_message(t, side, 500, &m, iv ? t->info_iv : NULL);
}

static inline void main_mode(talk *t)
{
    message m;
    uint8_t id[20], hash[PRF_LEN];
    for (unsigned n = 1; n <= 2; n++) {
        begin_message(t, &m, RIG_IKE_MAIN, 0, n == 1);
        put_payload(&m, RIG_IKE_P_SA, t->sa, t->sa_len);
        send_phase1(t, n, &m, NULL);
        if (t->plan.fault == F_REFUSE_PHASE1)
            return;
    }
    for (unsigned n = 3; n <= 4; n++) {
        begin_message(t, &m, RIG_IKE_MAIN, 0, false);
        put_payload(&m, RIG_IKE_P_KE, t->public[n - 3], MODP_LEN);
        put_payload(&m, RIG_IKE_P_NONCE, t->nonce[n - 3], 32);
        if (n == 3 && t->plan.fault == F_CLEAR_ID)
            put_payload(&m, RIG_IKE_P_ID, id, put_id(t, id, &t->outer[0], 0, 0));
        send_phase1(t, n, &m, NULL);
    }
    for (unsigned n = 5; n <= 6; n++) {
        begin_message(t, &m, RIG_IKE_MAIN, 0, false);
        size_t len = put_id(t, id, &t->outer[n - 5], 0, 0);
        auth_hash(t, n - 5, id, len, hash);
        put_payload(&m, RIG_IKE_P_ID, id, len);
        put_payload(&m, RIG_IKE_P_HASH, hash, sizeof hash);
        send_phase1(t, n, &m, t->iv);
        if (t->plan.fault == F_BAD_KEY)
            return;
    }
}

static inline void aggressive_mode(talk *t)
{
    message m;
    uint8_t id[20], hash[PRF_LEN];
    for (unsigned n = 1; n <= 2; n++) {
        begin_message(t, &m, RIG_IKE_AGGRESSIVE, 0, n == 1);
        put_payload(&m, RIG_IKE_P_SA, t->sa, t->sa_len);
        put_payload(&m, RIG_IKE_P_KE, t->public[n - 1], MODP_LEN);
        put_payload(&m, RIG_IKE_P_NONCE, t->nonce[n - 1], 32);
        size_t len = put_id(t, id, &t->outer[n - 1], 0, 0);
        if (t->plan.fault != F_NO_ID)
            put_payload(&m, RIG_IKE_P_ID, id, len);
        auth_hash(t, n - 1, id, len, hash);
        if (n == 2)
            put_payload(&m, RIG_IKE_P_HASH, hash, sizeof hash);
        send_phase1(t, n, &m, NULL);
        if (t->plan.fault == F_REFUSE_PHASE1)
            return;
    }
    begin_message(t, &m, RIG_IKE_AGGRESSIVE, 0, false);
    auth_hash(t, 0, id, put_id(t, id, &t->outer[0], 0, 0), hash);
    put_payload(&m, RIG_IKE_P_HASH, hash, sizeof hash);
    send_phase1(t, 3, &m, t->plan.fault == F_CLEAR_LAST ? NULL : t->iv);
}

/* ---- quick mode ---- */

#define QUICK_ID 0x8f1cbd27u

static inline void keymat(talk *t, unsigned to)
{
    uint8_t where[5] = {3}, k1[PRF_LEN], k2[PRF_LEN];
    bool pfs = t->plan.pfs && t->plan.fault != F_PLAIN_KEYS;
    rig_be_set(where + 1, 4, t->spi[to]);
    size_t shared = pfs ? MODP_LEN : 0;
    prf(t->skeyid_d, 32,
        (part[]){{t->quick_shared, shared},
                 {where, 5},
                 {t->quick_nonce[0], 32},
                 {t->quick_nonce[1], 32},
                 {NULL, 0}},
        k1);
    prf(t->skeyid_d, 32,
        (part[]){{k1, 32},
                 {t->quick_shared, shared},
                 {where, 5},
                 {t->quick_nonce[0], 32},
                 {t->quick_nonce[1], 32},
                 {NULL, 0}},
        k2);
    memcpy(t->esp_key[to], k1, 32);
    memcpy(t->esp_key[to] + 32, k2, 16);
}

static inline size_t quick_sa(const talk *t, uint8_t *out, uint32_t spi)
{
    uint8_t a[64];
    size_t len = attribute(a, 4, (uint16_t)((t->plan.tunnel ? 1 : 2) + (t->plan.nat_t ? 2 : 0)));
    len += attribute(a + len, 5, t->plan.sha1 ? 2 : 5);
    if (!t->plan.null)
        len += attribute(a + len, 6, 128);
    if (t->plan.pfs)
        len += attribute(a + len, 3, 14);
    len += attribute(a + len, 1, 1);
    len += attribute(a + len, 2, 3600);
    return put_sa(out, 3, spi, t->plan.null ? 11 : 12, a, len);
}

/* HASH(1) and HASH(2) cover what stands behind them. */
static inline void quick_offer(talk *t, unsigned side)
{
    message m;
    uint8_t sa[256], id[20], hash[PRF_LEN] = {0}, number[4];
    begin_message(t, &m, RIG_IKE_QUICK, QUICK_ID, false);
    put_payload(&m, RIG_IKE_P_HASH, hash, sizeof hash);
    size_t behind = m.len;
    put_payload(&m, RIG_IKE_P_SA, sa, quick_sa(t, sa, t->spi[side]));
    put_payload(&m, RIG_IKE_P_NONCE, t->quick_nonce[side], 32);
    if (t->plan.pfs)
        put_payload(&m, RIG_IKE_P_KE, t->quick_public[side], MODP_LEN);
    for (unsigned e = 0; e < 2 && t->plan.fault != F_NO_QUICK_ID; e++) {
        rig_ip ip = {.version = t->plan.ip6 ? 6 : 4};
        memcpy(ip.bytes, t->p.ends[e].address, 16);
        put_payload(&m, RIG_IKE_P_ID, id, put_id(t, id, &ip, 6, t->p.ends[e].port));
    }
    rig_be_set(number, 4, QUICK_ID);
    prf(t->skeyid_a, 32,
        (part[]){
            {number, 4}, {t->quick_nonce[0], side ? 32 : 0}, {m.bytes + behind, m.len - behind}, {NULL, 0}},
        m.bytes + 32);
    if (side == 1 && t->plan.fault == F_BAD_HASH)
        m.bytes[32] ^= 1;
    bool clear = side == 0 && t->plan.fault == F_CLEAR_QUICK;
    send_message(t, side, t->plan.nat_t ? 4500 : 500, &m, clear ? NULL : t->quick_iv);
}

static inline void quick_last(talk *t)
{
    message m;
    uint8_t hash[PRF_LEN], number[5] = {0};
    rig_be_set(number + 1, 4, QUICK_ID);
    begin_message(t, &m, RIG_IKE_QUICK, QUICK_ID, false);
    prf(t->skeyid_a, 32, (part[]){{number, 5}, {t->quick_nonce[0], 32}, {t->quick_nonce[1], 32}, {NULL, 0}},
        hash);
    put_payload(&m, RIG_IKE_P_HASH, hash, sizeof hash);
    send_message(t, 0, t->plan.nat_t ? 4500 : 500, &m, t->quick_iv);
}

static inline void begin_quick(talk *t)
{
    uint8_t block[20], digest[64];
    unsigned len;
    memcpy(block, t->iv, 16);
    rig_be_set(block + 16, 4, QUICK_ID);
    EVP_Digest(block, 20, digest, &len, EVP_sha256(), NULL);
    memcpy(t->quick_iv, digest, 16);
}

/* ---- ESP ---- */

/* What is to be sent, from behind the outer IP header or from the inner one on. Returns its length. */
static inline size_t seal(talk *t, unsigned to, uint8_t next_header, rig_view inside, uint8_t *out)
{
    const uint8_t *key = t->esp_key[to];
    size_t cipher_len = t->plan.null ? 0 : 16, iv_len = cipher_len, block = cipher_len ? 16 : 4;
    size_t pad = (block - (inside.len + 2) % block) % block;
    uint8_t *plain = out + 8 + iv_len, mac[64], iv[16];
    unsigned mac_len;
    rig_be_set(out, 4, t->spi[to]);
    rig_be_set(out + 4, 4, ++t->sequence[to] + (t->plan.fault == F_SEQUENCE));
    memcpy(plain, inside.ptr, inside.len);
    for (size_t i = 0; i < pad; i++)
        plain[inside.len + i] = t->plan.fault == F_BAD_PAD ? 0 : (uint8_t)(i + 1);
    plain[inside.len + pad] = (uint8_t)pad;
    plain[inside.len + pad + 1] = next_header;
    size_t len = inside.len + pad + 2;
    if (!t->plan.null) {
        fill(iv, 16, (uint8_t)t->sequence[to]);
        memcpy(out + 8, iv, 16);
        cbc(key, iv, plain, len);
    }
    len += 8 + iv_len;
    HMAC(t->plan.sha1 ? EVP_sha1() : EVP_sha256(), key + cipher_len, t->plan.sha1 ? 20 : 32, out, len, mac,
         &mac_len);
    memcpy(out + len, mac, t->plan.sha1 ? 12 : 16);
    return len + (t->plan.sha1 ? 12 : 16);
}

static inline void send_esp(talk *t, unsigned side, rig_view esp)
{
    rig_ip own = t->outer[side];
    size_t udp = t->plan.nat_t ? 8 : 0;
    if (t->plan.fault == F_MOVED && t->sequence[!side] == 2)
        t->outer[side].bytes[3] ^= 8;
    size_t at = put_ip(t, t->packet, side, udp ? 17 : 50, udp + esp.len);
    t->outer[side] = own;
    if (udp)
        at += put_udp(t->packet + at, 4500, esp.len);
    memcpy(t->packet + at, esp.ptr, esp.len);
    talk_packet(t, rig_view_of(t->packet, at + esp.len));
}

static inline void talk_segment(talk *t, unsigned side, unsigned flags, rig_view payload)
{
    uint8_t inner[2048], esp[2048];
    play *p = &t->p;
    size_t ip = t->plan.ip6 ? 40 : 20;
    size_t len = frames_packet(p, side, p->ends[side].seq, p->ends[!side].seq, flags, payload, inner);
    size_t from = t->plan.tunnel ? 0 : ip;
    uint8_t next = !t->plan.tunnel ? 6 : t->plan.ip6 ? 41 : 4;
    size_t sealed = seal(t, !side, next, rig_view_of(inner + from, len - from), esp);
    if (t->plan.fault == F_STRANGE_SPI && t->sequence[!side] == 2)
        esp[0] ^= 1;
    if (t->plan.fault == F_BAD_ICV && t->sequence[!side] == 2)
        esp[sealed - 1] ^= 1;
    send_esp(t, side, rig_view_of(esp, sealed));
    if (t->plan.fault == F_AGAIN)
        send_esp(t, side, rig_view_of(esp, sealed));
    p->ends[side].seq += (uint32_t)payload.len + (flags & (SYN | FIN) ? 1 : 0);
}

static inline void talk_clear(talk *t, unsigned side, unsigned flags)
{
    uint8_t packet[128];
    play *p = &t->p;
    size_t len =
        frames_packet(p, side, p->ends[side].seq, p->ends[!side].seq, flags, (rig_view){NULL, 0}, packet);
    talk_packet(t, rig_view_of(packet, len));
}

/* A connection with a Login Request and its end. */
static inline void talk_tcp(talk *t)
{
    static const char text[] = "InitiatorName=iqn.2026-01.example:a\0SessionType=Discovery\0AuthMethod=None";
    uint8_t bhs[RIG_BHS_LEN], pdu[256];
    rig_bhs_init(bhs, RIG_PDU_LOGIN_REQ);
    rig_set(bhs, RIG_F_T, 1);
    rig_set(bhs, RIG_F_NSG, 1);
    talk_segment(t, INITIATOR, SYN, (rig_view){NULL, 0});
    talk_segment(t, TARGET, SYN | ACK, (rig_view){NULL, 0});
    talk_segment(t, INITIATOR, ACK, (rig_view){NULL, 0});
    talk_segment(t, INITIATOR, ACK, rig_view_of(pdu, frames_pdu(pdu, bhs, rig_view_of(text, sizeof text))));
    talk_segment(t, TARGET, ACK, (rig_view){NULL, 0});
}

/* ---- keys ---- */

static inline void make_keys(talk *t)
{
    for (unsigned i = 0; i < 3; i++)
        rig_text_init(&t->keys[i], t->key_bytes[i], sizeof t->key_bytes[i]);
    hex_to(&t->keys[0], t->cookie[0], 8);
    rig_text_add(&t->keys[0], ",");
    hex_to(&t->keys[0], t->key, 16);
    rig_text_add(&t->keys[0], "\n");
    for (unsigned to = 0; to < 2; to++) {
        size_t cipher = t->plan.null ? 0 : 16;
        rig_text_add(&t->keys[1], "\"IPv%d\",\"*\",\"*\",\"0x%08x\",\"%s\",\"0x", t->plan.ip6 ? 6 : 4,
                     t->spi[to], t->plan.null ? "NULL" : "AES-CBC [RFC3602]");
        hex_to(&t->keys[1], t->esp_key[to], cipher);
        rig_text_add(&t->keys[1], "\",\"%s\",\"0x",
                     t->plan.sha1 ? "HMAC-SHA-1-96 [RFC2404]" : "HMAC-SHA-256-128 [RFC4868]");
        hex_to(&t->keys[1], t->esp_key[to] + cipher, t->plan.sha1 ? 20 : 32);
        rig_text_add(&t->keys[1], "\"\n");
    }
    rig_text_add(&t->keys[2], "# secrets\n\nphase1,");
    hex_to(&t->keys[2], t->cookie[0], 8);
    const uint8_t *const skeyids[] = {t->skeyid_a, t->skeyid_d, t->skeyid};
    for (unsigned i = 0; i < 3; i++) {
        rig_text_add(&t->keys[2], ",");
        hex_to(&t->keys[2], skeyids[i], PRF_LEN);
    }
    rig_text_add(&t->keys[2], "\nquick,");
    hex_to(&t->keys[2], t->cookie[0], 8);
    rig_text_add(&t->keys[2], ",%08x,", QUICK_ID);
    hex_to(&t->keys[2], t->quick_shared, t->plan.pfs ? MODP_LEN : 0);
    rig_text_add(&t->keys[2], "\n");
}

static inline void give_keys(talk *t)
{
    rig_error err = {0};
    for (unsigned i = 0; i < 3; i++) {
        if (t->plan.fault == F_NO_KEYS || (i == 2 && t->plan.fault == F_NO_KEYMAT))
            continue;
        rig_view text = rig_view_of(t->keys[i].ptr, t->keys[i].len);
        CU_ASSERT_EQUAL(rig_ipsec_keys_add(t->reader, (rig_ipsec_keys)i, text, &err), RIG_OK);
        CU_ASSERT_STRING_EQUAL(err.text, "");
    }
}

/* ---- all of it ---- */

static inline void talk_ends(talk *t)
{
    t->p.version = t->plan.ip6 ? 6 : 4;
    for (unsigned e = 0; e < 2; e++) {
        if (t->plan.ip6) {
            memset(t->p.ends[e].address, 0, 16);
            memcpy(t->p.ends[e].address, "\x20\x01\x0d\xb8", 4);
            t->p.ends[e].address[15] = (uint8_t)(e + 1);
        }
        t->outer[e].version = t->p.version;
        memcpy(t->outer[e].bytes, t->p.ends[e].address, 16);
        if (t->plan.gateways)
            t->outer[e].bytes[2] ^= 0x40;
    }
}

static inline void talk_begin(talk *t, talk_plan plan)
{
    memset(t, 0, sizeof *t);
    t->plan = plan;
    play_begin(&t->p, 3260);
    talk_ends(t);
    const rig_ipsec_reader_config config = {.alloc = &t->p.meter.alloc, .event = talk_event, .ctx = t};
    CU_ASSERT_EQUAL_FATAL(rig_ipsec_reader_new(&config, &t->reader), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(rig_ipsec_seen_new(&t->p.meter.alloc, &t->seen), RIG_OK);
    rig_text_init(&t->lines, t->line_bytes, sizeof t->line_bytes);
    for (unsigned i = 0; i < 2; i++) {
        fill(t->cookie[i], 8, (uint8_t)(0x10 + i));
        fill(t->public[i], MODP_LEN, (uint8_t)(0x20 + i));
        fill(t->quick_public[i], MODP_LEN, (uint8_t)(0x30 + i));
        fill(t->nonce[i], 32, (uint8_t)(0x40 + i));
        fill(t->quick_nonce[i], 32, (uint8_t)(0x50 + i));
        t->spi[i] = 0x51a93c00u + i;
    }
    fill(t->shared, MODP_LEN, 0x60);
    fill(t->quick_shared, MODP_LEN, 0x70);
    make_phase1_sa(t);
    derive(t);
    for (unsigned to = 0; to < 2; to++)
        keymat(t, to);
    make_keys(t);
    give_keys(t);
}

static inline void talk_quick(talk *t)
{
    begin_quick(t);
    quick_offer(t, 0);
    if (t->plan.fault == F_REFUSE_QUICK) {
        send_notify(t, 1, t->iv, 14);
        return;
    }
    quick_offer(t, 1);
    if (t->plan.fault == F_ESP_EARLY)
        talk_segment(t, INITIATOR, ACK, (rig_view){NULL, 0});
    if (t->plan.fault != F_DROP_QUICK)
        quick_last(t);
    if (t->plan.fault != F_NO_ESP)
        talk_tcp(t);
}

static inline void talk_extra(talk *t)
{
    if (t->plan.fault == F_FLAW)
        talk_udp(t, 0, 500, rig_view_of(t->cookie, 16));
    if (t->plan.fault == F_CLEAR)
        talk_clear(t, INITIATOR, SYN);
    for (uint32_t i = 0; t->plan.fault == F_MANY && i <= RIG_IPSEC_MESSAGES_MAX; i++) {
        message m;
        begin_message(t, &m, RIG_IKE_INFO, i + 1, false);
        send_message(t, 0, 500, &m, NULL);
    }
}

static inline void talk_all(talk *t)
{
    if (t->plan.aggressive)
        aggressive_mode(t);
    else
        main_mode(t);
    if (t->plan.fault == F_REFUSE_PHASE1)
        send_notify(t, 1, NULL, 14);
    else if (t->plan.fault == F_BAD_KEY) {
        t->key[0] ^= 1;
        send_notify(t, 1, t->iv, 24);
    } else if (t->plan.fault != F_NO_QUICK)
        talk_quick(t);
    talk_extra(t);
    CU_ASSERT_EQUAL(rig_streams_end(t->p.streams), RIG_OK);
}

static inline void talk_end(talk *t)
{
    rig_ipsec_reader_free(t->reader);
    rig_ipsec_seen_free(t->seen);
    play_end(&t->p);
}

static inline rig_ipsec_wanted wanted_of(const talk *t)
{
    rig_ipsec_wanted wanted = {.ipsec = true,
                               .aggressive = t->plan.aggressive,
                               .pfs = t->plan.pfs,
                               .tunnel = t->plan.tunnel,
                               .nat_t = t->plan.nat_t,
                               .keymat = true,
                               .group = 14,
                               .port = 3260};
    for (unsigned e = 0; e < 2; e++) {
        wanted.ends[e] = (rig_ip){.version = t->p.version};
        memcpy(wanted.ends[e].bytes, t->p.ends[e].address, t->plan.ip6 ? 16 : 4);
        wanted.outer[e] = t->plan.gateways ? t->outer[e] : (rig_ip){.version = 0};
    }
    return wanted;
}

#endif
