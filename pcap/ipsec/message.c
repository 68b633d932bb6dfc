/* One ISAKMP message: header, exchange, decryption (RFC 2408 section 3.1, RFC 2409 section 5 and appendix B).
 */
#include "read.h"

#define FLAG_E 1
#define VERSION 0x10

static void header_flaw(rig_ipsec_reader *reader, uint32_t offset, const char *field, uint64_t wanted,
                        uint64_t came)
{
    const rig_ipsec_flaw flaw = {"IKE", offset, "header", field, wanted, came};
    ipr_flaw(reader, &flaw);
}

static bool is_phase1(uint8_t exchange)
{
    return exchange == RIG_IKE_MAIN || exchange == RIG_IKE_AGGRESSIVE;
}

/* ---- finding ---- */

static ipr_phase1 *phase1_of(rig_ipsec_reader *reader, const rig_ike_message *told)
{
    ipr_phase1 *phase1;
    for (uint64_t i = 0; (phase1 = ipr_ring_at(&reader->phases1, i)); i++)
        if (memcmp(phase1->cookie, told->initiator_cookie, 8) == 0)
            return phase1;
    phase1 = ipr_ring_new(reader, &reader->phases1);
    if (phase1)
        memcpy(phase1->cookie, told->initiator_cookie, 8);
    return phase1;
}

static ipr_exchange *exchange_of(rig_ipsec_reader *reader, const rig_ike_message *told)
{
    ipr_exchange *exchange;
    for (uint64_t i = 0; (exchange = ipr_ring_at(&reader->exchanges, i)); i++)
        if (exchange->id == told->id && exchange->type == told->exchange &&
            memcmp(exchange->cookie, told->initiator_cookie, 8) == 0)
            return exchange;
    exchange = ipr_ring_new(reader, &reader->exchanges);
    if (!exchange)
        return NULL;
    memcpy(exchange->cookie, told->initiator_cookie, 8);
    exchange->id = told->id;
    exchange->type = told->exchange;
    exchange->opener = reader->at.from;
    return exchange;
}

static uint64_t mark_of(rig_view bytes)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ bytes.ptr[i]) * 1099511628211u;
    return hash;
}

/* A retransmission has the bytes of the message it repeats (RFC 2408 section 5.1). */
static void count(ipr_exchange *exchange, rig_view message, rig_ike_message *told)
{
    uint64_t mark = mark_of(message);
    for (uint32_t i = 0; i < exchange->number && i < IPR_SEEN_MAX; i++)
        if (exchange->seen[i] == mark) {
            told->again = true;
            told->number = i + 1;
            return;
        }
    if (exchange->number < IPR_SEEN_MAX)
        exchange->seen[exchange->number] = mark;
    told->number = ++exchange->number;
}

/* ---- what later messages need of this one ---- */

static void keep_bytes(ipr_bytes *out, const ipr_body *body)
{
    if (!body || out->len || body->bytes.len > sizeof out->bytes)
        return;
    memcpy(out->bytes, body->bytes.ptr, body->bytes.len);
    out->len = body->bytes.len;
}

static void keep_sa(ipr_phase1 *phase1, const ipr_body *sa)
{
    if (!sa || phase1->sa_len || sa->bytes.len > sizeof phase1->sa)
        return;
    memcpy(phase1->sa, sa->bytes.ptr, sa->bytes.len);
    phase1->sa_len = sa->bytes.len;
}

static void keep_phase1(ipr_phase1 *phase1, const ipr_chain *chain, const rig_ike_message *told)
{
    if (told->by_initiator)
        keep_sa(phase1, ipr_chain_find(chain, RIG_IKE_P_SA, 0));
    else
        memcpy(phase1->responder, told->responder_cookie, 8);
    if (!told->by_initiator && told->num_transforms)
        phase1->hash = told->transforms[0].hash;
    keep_bytes(&phase1->public[!told->by_initiator], ipr_chain_find(chain, RIG_IKE_P_KE, 0));
    ipr_iv_of_phase1(phase1);
}

static const rig_ike_transform *esp_of(const rig_ike_message *told)
{
    for (uint32_t i = 0; i < told->num_transforms; i++)
        if (told->transforms[i].protocol == 3)
            return &told->transforms[i];
    return NULL;
}

/* The identities say which TCP port is guarded: that of the portal, which alone is fixed in both. */
static void keep_selectors(rig_ipsec_reader *reader, const rig_ike_message *told)
{
    rig_ip ends[2] = {reader->at.from, reader->at.to};
    if (told->num_ids != 2)
        return;
    for (unsigned i = 0; i < 2; i++) {
        const rig_ike_id *id = &told->ids[i];
        if (id->type == 1 || id->type == 5) {
            ends[i] = (rig_ip){.version = id->type == 1 ? 4 : 6};
            memcpy(ends[i].bytes, id->bytes, id->len);
        }
    }
    bool target = reader->at.to_target;
    uint16_t port = told->ids[target].port ? told->ids[target].port : told->ids[!target].port;
    ipr_guard(reader, &ends[0], &ends[1], port);
}

static void keep_quick(rig_ipsec_reader *reader, ipr_exchange *exchange, const ipr_chain *chain,
                       const rig_ike_message *told)
{
    unsigned side = !told->by_initiator;
    const ipr_body *nonce = ipr_chain_find(chain, RIG_IKE_P_NONCE, 0);
    const rig_ike_transform *esp = esp_of(told);
    if (nonce && !exchange->nonce_len[side] && nonce->bytes.len <= IPR_NONCE_MAX) {
        memcpy(exchange->nonce[side], nonce->bytes.ptr, nonce->bytes.len);
        exchange->nonce_len[side] = nonce->bytes.len;
    }
    if (esp && !exchange->spi[side]) {
        ipr_spi *spi = ipr_ring_new(reader, &reader->spis);
        exchange->spi[side] = esp->spi;
        if (spi)
            *spi = (ipr_spi){esp->spi, reader->at.from};
    }
    if (told->number == 1)
        keep_selectors(reader, told);
}

static void judge_keymat(const rig_ipsec_reader *reader, const ipr_phase1 *phase1,
                         const ipr_exchange *exchange, rig_ike_message *told)
{
    for (unsigned side = 0; side < 2; side++)
        if (exchange->spi[side])
            told->keymat[side] = ipr_keymat(reader, phase1, exchange, exchange->spi[side]);
}

/* ---- reading ---- */

static bool iv_of(const ipr_phase1 *phase1, ipr_exchange *exchange, const uint8_t **out_iv)
{
    if (is_phase1(exchange->type)) {
        *out_iv = phase1->last;
        return phase1->last_known;
    }
    *out_iv = exchange->iv;
    return ipr_iv_of_exchange(phase1, exchange);
}

/* The next message's IV is this one's last block. */
static void chain_iv(ipr_phase1 *phase1, ipr_exchange *exchange, rig_view message)
{
    uint8_t *iv = is_phase1(exchange->type) ? phase1->last : exchange->iv;
    memcpy(iv, message.ptr + message.len - IPR_BLOCK, IPR_BLOCK);
}

/* The message as it was before encryption, in reader->plain; empty when it cannot be had. */
static rig_view decrypted(rig_ipsec_reader *reader, const ipr_phase1 *phase1, ipr_exchange *exchange,
                          rig_view message)
{
    const ipr_ike_key *key = ipr_ike_key_find(reader, phase1->cookie);
    rig_view cipher = rig_view_sub(message, IPR_HEADER, message.len);
    const rig_view none = {NULL, 0};
    const uint8_t *iv;
    if (cipher.len == 0 || cipher.len % IPR_BLOCK) {
        header_flaw(reader, 24, "length", message.len - cipher.len % IPR_BLOCK, message.len);
        return none;
    }
    if (!key || !iv_of(phase1, exchange, &iv) ||
        !ipr_decrypt(rig_view_of(key->key, key->len), iv, cipher, reader->plain + IPR_HEADER))
        return none;
    memcpy(reader->plain, message.ptr, IPR_HEADER);
    return rig_view_of(reader->plain, message.len);
}

/* Behind the payloads there is padding to a whole block where it is encrypted, and nothing else. */
static void judge_rest(rig_ipsec_reader *reader, rig_view message, ipr_chain *chain, bool encrypted)
{
    size_t rest = message.len - chain->end, most = encrypted ? IPR_BLOCK : 0;
    if (!chain->right || rest <= most)
        return;
    header_flaw(reader, 24, "length", chain->end + most, message.len);
    chain->right = false;
}

static void keep(rig_ipsec_reader *reader, ipr_phase1 *phase1, ipr_exchange *exchange, rig_view message,
                 const ipr_chain *chain, rig_ike_message *told)
{
    if (is_phase1(told->exchange) && told->id == 0)
        keep_phase1(phase1, chain, told);
    if (told->exchange == RIG_IKE_QUICK)
        keep_quick(reader, exchange, chain, told);
    ipr_judge(reader, phase1, exchange, message, chain, told);
    if (told->exchange == RIG_IKE_QUICK && told->number == 3)
        judge_keymat(reader, phase1, exchange, told);
}

/* Of what cannot be read the header tells the first payload. */
static void tell_unread(rig_view message, rig_ike_message *told)
{
    told->num_transforms = told->num_ids = told->num_deleted = 0;
    told->notify = told->delete_protocol = 0;
    told->payloads[0] = message.ptr[16];
    told->num_payloads = told->payloads[0] != 0;
}

static void read_payloads(rig_ipsec_reader *reader, ipr_phase1 *phase1, ipr_exchange *exchange,
                          rig_view message, rig_ike_message *told)
{
    ipr_chain chain;
    rig_view plain = told->encrypted ? decrypted(reader, phase1, exchange, message) : message;
    if (plain.len == 0) {
        tell_unread(message, told);
        return;
    }
    ipr_chain_read(reader, plain, plain.ptr[16], &chain, told);
    judge_rest(reader, plain, &chain, told->encrypted);
    if (!chain.right && told->encrypted) { /* noise under this key says nothing */
        tell_unread(message, told);
        return;
    }
    told->read = true;
    if (told->encrypted)
        chain_iv(phase1, exchange, message);
    if (chain.right)
        keep(reader, phase1, exchange, plain, &chain, told);
}

static bool read_header(rig_ipsec_reader *reader, rig_view *message, rig_ike_message *told)
{
    if (message->len < IPR_HEADER) {
        header_flaw(reader, 0, "length", IPR_HEADER, message->len);
        return false;
    }
    const uint8_t *bytes = message->ptr;
    uint64_t len = rig_be_get(bytes + 24, 4);
    memcpy(told->initiator_cookie, bytes, 8);
    memcpy(told->responder_cookie, bytes + 8, 8);
    told->exchange = bytes[18];
    told->flags = bytes[19];
    told->encrypted = bytes[19] & FLAG_E;
    told->id = (uint32_t)rig_be_get(bytes + 20, 4);
    if (bytes[17] != VERSION)
        header_flaw(reader, 17, "version", VERSION, bytes[17]);
    else if (len != message->len)
        header_flaw(reader, 24, "length", message->len, len);
    return bytes[17] == VERSION && len == message->len;
}

static bool was_unread(const ipr_exchange *exchange, const rig_ike_message *told)
{
    return told->number <= IPR_SEEN_MAX && exchange->unread >> (told->number - 1) & 1;
}

static void note_read(ipr_exchange *exchange, const rig_ike_message *told)
{
    if (told->number > IPR_SEEN_MAX)
        return;
    uint32_t bit = UINT32_C(1) << (told->number - 1);
    exchange->unread = told->read ? exchange->unread & ~bit : exchange->unread | bit;
}

/* What came again was read the first time, unless the keys of its IV came between the two: a quick mode may
 * overtake the last message of its phase 1. Of a damaged header nothing more is known. */
static void read_whole(rig_ipsec_reader *reader, rig_view message, rig_ike_message *told)
{
    ipr_phase1 *phase1 = phase1_of(reader, told);
    ipr_exchange *exchange = phase1 ? exchange_of(reader, told) : NULL;
    if (!exchange)
        return;
    told->by_initiator = rig_ip_eq(&exchange->opener, &reader->at.from);
    count(exchange, message, told);
    if (told->again && !was_unread(exchange, told))
        return;
    read_payloads(reader, phase1, exchange, message, told);
    if (told->number == 1 && !told->read && !is_phase1(told->exchange))
        exchange->iv_known = false; /* it is made of the end of phase 1, which may not have been there */
    note_read(exchange, told);
}

void ipr_ike_message(rig_ipsec_reader *reader, rig_view message)
{
    rig_ike_message told = {0};
    rig_ipsec_event event = reader->at;
    event.kind = RIG_IPSEC_IKE;
    event.is.ike = &told;
    ipr_guard(reader, &reader->at.from, &reader->at.to, 0);
    if (!read_header(reader, &message, &told))
        return;
    read_whole(reader, message, &told);
    ipr_tell(reader, &event);
}
