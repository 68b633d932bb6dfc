#include "crypto.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

/* RFC 2409 section 6.2 and RFC 3526 section 3 */
static const struct {
    uint16_t number;
    size_t len;
    BIGNUM *(*prime)(BIGNUM *);
} groups[] = {
    {2, 128, BN_get_rfc2409_prime_1024},
    {14, 256, BN_get_rfc3526_prime_2048},
};

#define GROUPS (sizeof groups / sizeof groups[0])
#define GENERATOR 2

static const struct {
    const char *name;
    size_t len;
} hashes[IPC_HASHES] = {[IPC_SHA1] = {"SHA1", 20}, [IPC_SHA256] = {"SHA256", 32}};

struct ipc {
    const rig_alloc *alloc;
    EVP_MAC_CTX *macs[IPC_HASHES];
    EVP_MD *digests[IPC_HASHES];
    EVP_MD_CTX *digest;
    EVP_CIPHER *ciphers[2]; /* AES-128, AES-256 */
    EVP_CIPHER_CTX *cipher;
    BN_CTX *bn;
    BIGNUM *primes[GROUPS];
    BN_MONT_CTX *reduced[GROUPS];
};

/* ---- contexts ---- */

static EVP_MAC_CTX *mac_new(ipc_hash hash)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t)hashes[hash].name, 0),
        OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac);
    if (ctx && EVP_MAC_CTX_set_params(ctx, params) == 1)
        return ctx;
    EVP_MAC_CTX_free(ctx);
    return NULL;
}

static bool group_new(ipc *crypto, size_t at)
{
    crypto->primes[at] = groups[at].prime(NULL);
    crypto->reduced[at] = BN_MONT_CTX_new();
    return crypto->primes[at] && crypto->reduced[at] &&
           BN_MONT_CTX_set(crypto->reduced[at], crypto->primes[at], crypto->bn) == 1;
}

static bool fill(ipc *crypto)
{
    crypto->digest = EVP_MD_CTX_new();
    crypto->cipher = EVP_CIPHER_CTX_new();
    crypto->bn = BN_CTX_new();
    crypto->ciphers[0] = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
    crypto->ciphers[1] = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
    bool all = crypto->digest && crypto->cipher && crypto->bn && crypto->ciphers[0] && crypto->ciphers[1];
    for (ipc_hash hash = 0; hash < IPC_HASHES; hash++) {
        crypto->macs[hash] = mac_new(hash);
        crypto->digests[hash] = EVP_MD_fetch(NULL, hashes[hash].name, NULL);
        all = all && crypto->macs[hash] && crypto->digests[hash];
    }
    for (size_t at = 0; at < GROUPS; at++)
        all = all && group_new(crypto, at);
    return all;
}

rig_status ipc_new(const rig_alloc *alloc, ipc **out)
{
    ipc *crypto = rig_new(alloc, sizeof *crypto);
    if (!crypto)
        return RIG_E_NOMEM;
    crypto->alloc = alloc;
    if (fill(crypto)) {
        *out = crypto;
        return RIG_OK;
    }
    ipc_free(crypto);
    return RIG_E_NOMEM;
}

void ipc_free(ipc *crypto)
{
    if (!crypto)
        return;
    for (ipc_hash hash = 0; hash < IPC_HASHES; hash++) {
        EVP_MAC_CTX_free(crypto->macs[hash]);
        EVP_MD_free(crypto->digests[hash]);
    }
    for (size_t at = 0; at < GROUPS; at++) {
        BN_free(crypto->primes[at]);
        BN_MONT_CTX_free(crypto->reduced[at]);
    }
    EVP_MD_CTX_free(crypto->digest);
    EVP_CIPHER_CTX_free(crypto->cipher);
    EVP_CIPHER_free(crypto->ciphers[0]);
    EVP_CIPHER_free(crypto->ciphers[1]);
    BN_CTX_free(crypto->bn);
    rig_delete(crypto->alloc, crypto, sizeof *crypto);
}

/* ---- digests ---- */

size_t ipc_hash_len(ipc_hash hash)
{
    return hashes[hash].len;
}

bool ipc_digest(ipc *crypto, ipc_hash hash, const rig_view *parts, unsigned num, uint8_t *out)
{
    bool right = EVP_DigestInit_ex2(crypto->digest, crypto->digests[hash], NULL) == 1;
    for (unsigned i = 0; right && i < num; i++)
        right = EVP_DigestUpdate(crypto->digest, parts[i].ptr, parts[i].len) == 1;
    return right && EVP_DigestFinal_ex(crypto->digest, out, NULL) == 1;
}

bool ipc_prf(ipc *crypto, ipc_hash hash, rig_view key, const rig_view *parts, unsigned num, uint8_t *out)
{
    EVP_MAC_CTX *mac = crypto->macs[hash];
    size_t len;
    bool right = EVP_MAC_init(mac, key.ptr, key.len, NULL) == 1;
    for (unsigned i = 0; right && i < num; i++)
        right = EVP_MAC_update(mac, parts[i].ptr, parts[i].len) == 1;
    return right && EVP_MAC_final(mac, out, &len, hashes[hash].len) == 1;
}

/* ---- AES ---- */

bool ipc_aes(ipc *crypto, bool encrypt, rig_view key, uint8_t iv[IPC_BLOCK], const uint8_t *in, uint8_t *out,
             size_t len)
{
    uint8_t next[IPC_BLOCK];
    int done;
    if (len == 0 || len % IPC_BLOCK != 0 || len > INT32_MAX)
        return false;
    memcpy(next, in + len - IPC_BLOCK, IPC_BLOCK);
    const EVP_CIPHER *cipher = crypto->ciphers[key.len == 32];
    if (EVP_CipherInit_ex2(crypto->cipher, cipher, key.ptr, iv, encrypt, NULL) != 1 ||
        EVP_CIPHER_CTX_set_padding(crypto->cipher, 0) != 1 ||
        EVP_CipherUpdate(crypto->cipher, out, &done, in, (int)len) != 1)
        return false;
    memcpy(iv, encrypt ? out + len - IPC_BLOCK : next, IPC_BLOCK);
    return true;
}

/* ---- Diffie-Hellman ---- */

static size_t group_at(uint16_t number)
{
    size_t at = 0;
    while (at < GROUPS && groups[at].number != number)
        at++;
    return at;
}

size_t ipc_group_len(uint16_t group)
{
    size_t at = group_at(group);
    return at < GROUPS ? groups[at].len : 0;
}

bool ipc_public(ipc *crypto, uint16_t group, const uint8_t exponent[IPC_EXPONENT], uint8_t *out)
{
    size_t at = group_at(group);
    BIGNUM *x = BN_bin2bn(exponent, IPC_EXPONENT, NULL), *y = BN_new();
    bool right =
        at < GROUPS && x && y &&
        BN_mod_exp_mont_word(y, GENERATOR, x, crypto->primes[at], crypto->bn, crypto->reduced[at]) == 1 &&
        BN_bn2binpad(y, out, (int)groups[at].len) > 0;
    BN_clear_free(x);
    BN_free(y);
    return right;
}

static bool is_fit(const BIGNUM *peer, const BIGNUM *prime)
{
    BIGNUM *least = BN_dup(prime);
    bool fit = least && BN_sub_word(least, 1) == 1 && BN_cmp(peer, least) < 0 && !BN_is_zero(peer) &&
               !BN_is_one(peer);
    BN_free(least);
    return fit;
}

bool ipc_shared(ipc *crypto, uint16_t group, const uint8_t exponent[IPC_EXPONENT], rig_view peer,
                uint8_t *out)
{
    size_t at = group_at(group);
    if (at == GROUPS || peer.len != groups[at].len)
        return false;
    BIGNUM *x = BN_bin2bn(exponent, IPC_EXPONENT, NULL), *theirs = BN_bin2bn(peer.ptr, (int)peer.len, NULL);
    BIGNUM *y = BN_new();
    bool right = x && theirs && y && is_fit(theirs, crypto->primes[at]) &&
                 BN_mod_exp_mont(y, theirs, x, crypto->primes[at], crypto->bn, crypto->reduced[at]) == 1 &&
                 BN_bn2binpad(y, out, (int)groups[at].len) > 0;
    BN_clear_free(x);
    BN_free(theirs);
    BN_clear_free(y);
    return right;
}
