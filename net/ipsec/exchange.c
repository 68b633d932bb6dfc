/* How messages go: built by the steps of their exchange, encrypted, sent again; heard, decrypted, taken
 * apart. */
#include "internal.h"

static uint64_t retransmit_at(const rig_ipsec *ipsec, uint8_t tries)
{
    return ipsec->now + (IKE_RETRANSMIT << tries);
}

bool ike_exchange_begin(rig_ipsec *ipsec, ike_exchange *exchange, uint8_t type, bool initiator)
{
    exchange->type = type;
    exchange->initiator = initiator;
    exchange->sent = rig_new(ipsec->config.alloc, IKE_MESSAGE_MAX);
    return exchange->sent != NULL;
}

void ike_exchange_end(rig_ipsec *ipsec, ike_exchange *exchange)
{
    rig_timerq_disarm(&ipsec->timers, &exchange->timer);
    rig_delete(ipsec->config.alloc, exchange->sent, exchange->sent ? IKE_MESSAGE_MAX : 0);
    exchange->sent = NULL;
}

/* The initiator has the first message, and every second one. */
bool ike_is_ours(const ike_exchange *exchange)
{
    return exchange->at < exchange->num_steps && (exchange->at % 2 == 0) == exchange->initiator;
}

static uint64_t mark(rig_view bytes)
{
    return rig_hash64(bytes.ptr, bytes.len, 1);
}

/* ---- encryption (RFC 2409 appendix B) ---- */

bool ike_iv_of(ike_sa *sa, uint32_t message_id, uint8_t iv[IPC_BLOCK])
{
    uint8_t id[4], digest[IPC_HASH_MAX];
    const uint8_t *last = sa->up ? sa->last_block : sa->exchange.iv; /* a refusal may come before the end */
    const rig_view parts[] = {rig_view_of(last, IPC_BLOCK), rig_view_of(id, 4)};
    rig_put_be32(id, message_id);
    bool right = ipc_digest(sa->ipsec->crypto, sa->suite->hash, parts, 2, digest);
    memcpy(iv, digest, IPC_BLOCK);
    return right;
}

static rig_view cipher_key(const ike_sa *sa)
{
    return rig_view_of(sa->key, sa->suite->key_bits / 8);
}

bool ike_encrypt(ike_sa *sa, uint8_t iv[IPC_BLOCK], uint8_t *bytes, size_t *len)
{
    size_t body = *len - ISA_HEADER, padded = (body + IPC_BLOCK - 1) / IPC_BLOCK * IPC_BLOCK;
    if (ISA_HEADER + padded > IKE_MESSAGE_MAX)
        return false;
    memset(bytes + *len, 0, padded - body);
    *len = ISA_HEADER + padded;
    bytes[19] |= ISA_FLAG_ENCRYPTED;
    rig_put_be32(bytes + 24, (uint32_t)*len);
    return ipc_aes(sa->ipsec->crypto, true, cipher_key(sa), iv, bytes + ISA_HEADER, bytes + ISA_HEADER,
                   padded);
}

bool ike_decrypt(ike_sa *sa, uint8_t iv[IPC_BLOCK], rig_view bytes, uint8_t *out)
{
    size_t len = bytes.len - ISA_HEADER;
    return len % IPC_BLOCK == 0 &&
           ipc_aes(sa->ipsec->crypto, false, cipher_key(sa), iv, bytes.ptr + ISA_HEADER, out, len);
}

/* ---- saying ---- */

void ike_send(ike_sa *sa, rig_view bytes, bool again)
{
    rig_ipsec *ipsec = sa->ipsec;
    const rig_address from = {sa->local, IKE_PORT}, to = {sa->peer, IKE_PORT};
    bool late = ips_deviates(ipsec, RIG_IPSEC_FAULT_LATE_MESSAGES);
    if (!again && (late || ips_deviates(ipsec, RIG_IPSEC_FAULT_LOST_MESSAGES)))
        return;
    rig_simhost_udp_send(ipsec->config.host, &from, &to, bytes);
    if (again && late)
        rig_simhost_udp_send(ipsec->config.host, &from, &to, bytes);
}

/* Who expects an answer sends again; a responder only for the last message, which nobody asks it for. For the
 * others it waits as long, and then gives up. */
static void expect(ike_sa *sa, ike_exchange *exchange)
{
    bool sends = exchange->initiator || exchange->num_steps - exchange->at == 1;
    exchange->tries = sends ? 0 : IKE_TRIES;
    if (exchange->at < exchange->num_steps)
        rig_timerq_arm(&sa->ipsec->timers, &exchange->timer, retransmit_at(sa->ipsec, exchange->tries));
    else
        rig_timerq_disarm(&sa->ipsec->timers, &exchange->timer);
}

static ike_exchange *exchange_of(const ike_party *party)
{
    return party->quick ? &party->quick->exchange : &party->sa->exchange;
}

static rig_status put(ike_party *party, ike_item item, isa_writer *w)
{
    return party->quick ? ike_quick_put(party, item, w) : ike_phase1_put(party, item, w);
}

static rig_status build(ike_party *party, const ike_step *step)
{
    ike_exchange *exchange = exchange_of(party);
    isa_header header = {.exchange = exchange->type, .message_id = exchange->message_id};
    isa_writer w;
    memcpy(header.icookie, party->sa->icookie, ISA_COOKIE);
    memcpy(header.rcookie, party->sa->rcookie, ISA_COOKIE);
    isa_begin(&w, exchange->sent, IKE_MESSAGE_MAX, &header);
    for (unsigned i = 0; i < IKE_STEP_ITEMS && step->items[i]; i++) {
        rig_status status = put(party, step->items[i], &w);
        if (status)
            return status;
    }
    exchange->sent_len = isa_end(&w).len;
    return exchange->sent_len ? RIG_OK : RIG_E_LIMIT;
}

rig_status ike_say(ike_party *party)
{
    ike_exchange *exchange = exchange_of(party);
    const ike_step *step = &exchange->steps[exchange->at];
    rig_status status = build(party, step);
    if (!status && party->quick)
        status = ike_quick_seal(party, exchange->sent, exchange->sent_len);
    if (!status && step->encrypted &&
        !ike_encrypt(party->sa, exchange->iv, exchange->sent, &exchange->sent_len))
        status = RIG_E_NOMEM;
    if (status)
        return status;
    exchange->at++;
    expect(party->sa, exchange);
    ike_send(party->sa, rig_view_of(exchange->sent, exchange->sent_len), false);
    return RIG_OK;
}

void ike_retransmit(ike_sa *sa, ike_exchange *exchange)
{
    exchange->tries++;
    rig_timerq_arm(&sa->ipsec->timers, &exchange->timer, retransmit_at(sa->ipsec, exchange->tries));
    ike_send(sa, rig_view_of(exchange->sent, exchange->sent_len), true);
}

/* ---- hearing ---- */

/* What came again gets the answer again, as often as anybody asks who tries as we do; the last message has
 * none: two ends that took each other's last words for a question would go on for ever. */
bool ike_heard_before(ike_sa *sa, ike_exchange *exchange, rig_view bytes)
{
    bool ours_is_last = (exchange->at % 2 == 1) == exchange->initiator;
    if (exchange->heard != mark(bytes))
        return false;
    if (ours_is_last && exchange->sent_len && exchange->answered < IKE_TRIES) {
        exchange->answered++;
        ike_send(sa, rig_view_of(exchange->sent, exchange->sent_len), true);
    }
    return true;
}

static unsigned parts_of(const ike_party *party, ike_item item)
{
    static const uint8_t parts[IKE_ITEMS] = {0, 1, 1, 1, 1, 1, 2, 0};
    return item == IKE_ITEM_PFS ? party->quick->group != 0 : parts[item];
}

static rig_status take_all(ike_party *party, const ike_step *step, const isa_message *message,
                           const uint8_t *base, rig_error *err)
{
    unsigned wanted = 0, known = 0;
    for (unsigned i = 0; i < IKE_STEP_ITEMS && step->items[i]; i++) {
        rig_status status = party->quick ? ike_quick_take(party, step->items[i], message, base, err)
                                         : ike_phase1_take(party, step->items[i], message, base, err);
        if (status)
            return status;
        wanted += parts_of(party, step->items[i]);
    }
    for (unsigned i = 0; i < message->num; i++)
        known += message->parts[i].type != ISA_VENDOR && message->parts[i].type != ISA_NOTIFY;
    return known == wanted
               ? RIG_OK
               : rig_fail(err, RIG_E_NEGOTIATION, "%u payloads where the exchange has %u", known, wanted);
}

/* The body in the clear: as it came, or decrypted into the scratch; iv is only moved on by what is taken. */
static rig_status open_body(ike_party *party, const ike_step *step, rig_view bytes, const isa_header *header,
                            uint8_t iv[IPC_BLOCK], rig_view *out, rig_error *err)
{
    bool encrypted = header->flags & ISA_FLAG_ENCRYPTED;
    uint8_t *clear = party->sa->ipsec->scratch[0];
    if (encrypted != step->encrypted)
        return rig_fail_at(err, RIG_E_FORMAT, 19, "flags",
                           encrypted ? "encrypted too early" : "not encrypted");
    *out = rig_view_sub(bytes, ISA_HEADER, bytes.len);
    if (!encrypted)
        return RIG_OK;
    if (!ike_decrypt(party->sa, iv, bytes, clear))
        return rig_fail_at(err, RIG_E_FORMAT, ISA_HEADER, "body", "not a multiple of the cipher's block");
    *out = rig_view_of(clear, bytes.len - ISA_HEADER);
    return RIG_OK;
}

rig_status ike_hear(ike_party *party, rig_view bytes, const isa_header *header, rig_error *err)
{
    ike_exchange *exchange = exchange_of(party);
    const ike_step *step = &exchange->steps[exchange->at];
    isa_message message = {.header = *header};
    uint8_t iv[IPC_BLOCK];
    rig_view body;
    if (exchange->at >= exchange->num_steps || ike_is_ours(exchange))
        return rig_fail_at(err, RIG_E_FORMAT, 18, "exchange type", "not this end's turn to hear");
    if (step->encrypted && !ike_sa_keys(party->sa, err))
        return RIG_E_AUTH;
    memcpy(iv, exchange->iv, IPC_BLOCK);
    rig_status status = open_body(party, step, bytes, header, iv, &body, err);
    if (!status)
        status = isa_read_parts(body, body.ptr - ISA_HEADER, header->next, step->encrypted, &message, err);
    if (!status)
        status = take_all(party, step, &message, body.ptr - ISA_HEADER, err);
    if (status)
        return status;
    if (step->encrypted)
        memcpy(exchange->iv, iv, IPC_BLOCK);
    exchange->heard = mark(bytes);
    exchange->answered = 0;
    exchange->at++;
    rig_timerq_disarm(&party->sa->ipsec->timers, &exchange->timer);
    return RIG_OK;
}
