/* The key schedule of RFC 2409 as far as exported secrets allow: IVs, HASH payloads, KEYMAT. */
#include "read.h"

static rig_view of(const void *ptr, size_t len)
{
    return rig_view_of(ptr, len);
}

/* Appendix B: the IV of phase 1 is the hash of both public values. */
bool ipr_iv_of_phase1(ipr_phase1 *phase1)
{
    ipr_hash_out out;
    const ipr_bytes *public = phase1->public;
    const rig_view parts[] = {of(public[0].bytes, public[0].len), of(public[1].bytes, public[1].len)};
    if (phase1->last_known || !public[0].len || !public[1].len || !phase1->hash ||
        !ipr_hash(phase1->hash, parts, 2, &out))
        return phase1->last_known;
    memcpy(phase1->last, out.bytes, IPR_BLOCK);
    phase1->last_known = true;
    return true;
}

/* Appendix B: that of any other exchange is the hash of the last block of phase 1 and its message ID. */
bool ipr_iv_of_exchange(const ipr_phase1 *phase1, ipr_exchange *exchange)
{
    ipr_hash_out out;
    uint8_t id[4];
    rig_be_set(id, 4, exchange->id);
    const rig_view parts[] = {of(phase1->last, IPR_BLOCK), of(id, sizeof id)};
    if (exchange->iv_known || !phase1->last_known || !ipr_hash(phase1->hash, parts, 2, &out))
        return exchange->iv_known;
    memcpy(exchange->iv, out.bytes, IPR_BLOCK);
    exchange->iv_known = true;
    return true;
}

/* ---- HASH ---- */

static rig_ipsec_verdict compare(const ipr_body *hash, bool made, const ipr_hash_out *out)
{
    if (!made)
        return RIG_IPSEC_UNKNOWN;
    return rig_view_eq(hash->bytes, of(out->bytes, out->len)) ? RIG_IPSEC_RIGHT : RIG_IPSEC_WRONG;
}

/* Section 5: HASH_I covers the public values and cookies with the initiator's first, HASH_R the other way
 * round; both cover the initiator's SA and the sender's identity. */
static rig_ipsec_verdict judge_phase1(const ipr_phase1_secret *secret, const ipr_phase1 *phase1,
                                      const ipr_body *hash, const ipr_body *id, bool by_initiator)
{
    ipr_hash_out out = {0};
    unsigned own = !by_initiator;
    const ipr_bytes *public = phase1->public;
    const uint8_t *cookies[] = {phase1->cookie, phase1->responder};
    if (!secret->len[IPR_SKEYID] || !id || !phase1->sa_len || !public[0].len || !public[1].len)
        return RIG_IPSEC_UNKNOWN;
    const rig_view parts[] = {of(public[own].bytes, public[own].len),
                              of(public[!own].bytes, public[!own].len),
                              of(cookies[own], 8),
                              of(cookies[!own], 8),
                              of(phase1->sa, phase1->sa_len),
                              id->bytes};
    bool made =
        ipr_hmac(phase1->hash, of(secret->skeyid[IPR_SKEYID], secret->len[IPR_SKEYID]), parts, 6, &out);
    return compare(hash, made, &out);
}

/* Section 5.5: HASH(1) covers the message ID and what follows it; HASH(2) also the initiator's nonce; HASH(3)
 * a zero, the message ID and both nonces. */
static rig_ipsec_verdict judge_phase2(const ipr_phase1_secret *secret, const ipr_phase1 *phase1,
                                      const ipr_exchange *exchange, uint32_t number, const ipr_body *hash,
                                      rig_view behind)
{
    static const uint8_t zero;
    uint8_t id[4];
    ipr_hash_out out = {0};
    const rig_view nonces[] = {of(exchange->nonce[0], exchange->nonce_len[0]),
                               of(exchange->nonce[1], exchange->nonce_len[1])};
    bool quick = exchange->type == RIG_IKE_QUICK;
    bool third = quick && number == 3, second = quick && number == 2;
    const rig_view none = {NULL, 0};
    rig_be_set(id, 4, exchange->id);
    const rig_view parts[] = {third ? of(&zero, 1) : none, of(id, 4), second || third ? nonces[0] : none,
                              third ? nonces[1] : behind};
    if (((second || third) && !nonces[0].len) || (third && !nonces[1].len))
        return RIG_IPSEC_UNKNOWN;
    bool made =
        ipr_hmac(phase1->hash, of(secret->skeyid[IPR_SKEYID_A], secret->len[IPR_SKEYID_A]), parts, 4, &out);
    return compare(hash, made, &out);
}

void ipr_judge(const rig_ipsec_reader *reader, const ipr_phase1 *phase1, const ipr_exchange *exchange,
               rig_view message, const ipr_chain *chain, rig_ike_message *told)
{
    const ipr_phase1_secret *secret = ipr_phase1_secret_find(reader, phase1->cookie);
    const ipr_body *hash = ipr_chain_find(chain, RIG_IKE_P_HASH, 0);
    if (!secret || !hash || !phase1->hash)
        return;
    uint32_t behind = hash->offset + 4 + (uint32_t)hash->bytes.len;
    if (exchange->type == RIG_IKE_MAIN || exchange->type == RIG_IKE_AGGRESSIVE)
        told->hash =
            judge_phase1(secret, phase1, hash, ipr_chain_find(chain, RIG_IKE_P_ID, 0), told->by_initiator);
    else
        told->hash = judge_phase2(secret, phase1, exchange, told->number, hash,
                                  rig_view_sub(message, behind, chain->end - behind));
}

/* ---- KEYMAT ---- */

#define KEYMAT_MAX (IPR_CIPHER_MAX + IPR_HASH_MAX + IPR_HASH_MAX)

/* Section 5.5: K1 | K2 | …, each over the one before it, [g(qm)^xy], protocol, SPI and nonces. */
static bool make_keymat(const ipr_phase1_secret *secret, uint16_t hash, const ipr_exchange *exchange,
                        uint32_t spi, rig_view shared, uint8_t out[KEYMAT_MAX], size_t want)
{
    uint8_t where[5] = {3};
    ipr_hash_out k = {0};
    rig_be_set(where + 1, 4, spi);
    for (size_t have = 0; have < want; have += k.len) {
        const rig_view parts[] = {of(k.bytes, k.len), shared, of(where, sizeof where),
                                  of(exchange->nonce[0], exchange->nonce_len[0]),
                                  of(exchange->nonce[1], exchange->nonce_len[1])};
        ipr_hash_out next = {0};
        bool made =
            ipr_hmac(hash, of(secret->skeyid[IPR_SKEYID_D], secret->len[IPR_SKEYID_D]), parts, 5, &next);
        if (!made || !next.len || have + next.len > KEYMAT_MAX)
            return false;
        memcpy(out + have, next.bytes, next.len);
        k = next;
    }
    return true;
}

/* The cipher's key comes first (RFC 2407 section 4.5 with RFC 4301 section 4.5.2). */
static bool same_keys(const ipr_esp_key *key, const uint8_t *keymat)
{
    return memcmp(keymat, key->cipher, key->cipher_len) == 0 &&
           memcmp(keymat + key->cipher_len, key->auth, key->auth_len) == 0;
}

rig_ipsec_keymat ipr_keymat(const rig_ipsec_reader *reader, const ipr_phase1 *phase1,
                            const ipr_exchange *exchange, uint32_t spi)
{
    const rig_view none = {NULL, 0};
    const ipr_phase1_secret *secret = ipr_phase1_secret_find(reader, exchange->cookie);
    const ipr_quick_secret *quick = ipr_quick_secret_find(reader, exchange->cookie, exchange->id);
    const ipr_esp_key *key = ipr_esp_key_find(reader, reader->at.from.version, spi);
    uint8_t plain[KEYMAT_MAX], pfs[KEYMAT_MAX];
    if (!secret || !quick || !key || !exchange->nonce_len[0] || !exchange->nonce_len[1])
        return RIG_KEYMAT_UNKNOWN;
    size_t want = key->cipher_len + key->auth_len;
    rig_view shared = of(quick->shared.bytes, quick->shared.len);
    if (!make_keymat(secret, phase1->hash, exchange, spi, none, plain, want) ||
        !make_keymat(secret, phase1->hash, exchange, spi, shared, pfs, want))
        return RIG_KEYMAT_UNKNOWN;
    rig_ipsec_keymat out = same_keys(key, plain)               ? RIG_KEYMAT_PLAIN
                           : shared.len && same_keys(key, pfs) ? RIG_KEYMAT_PFS
                                                               : RIG_KEYMAT_OTHER;
    rig_secret_wipe(plain, sizeof plain);
    rig_secret_wipe(pfs, sizeof pfs);
    return out;
}
