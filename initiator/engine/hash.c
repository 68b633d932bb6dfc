/* The one door to libcrypto: digests of CHAP (RFC 1994 section 4.1), comparing in constant time, wiping. */
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "internal.h"

typedef struct hash_row {
    uint8_t algorithm; /* as CHAP_A names it: IANA, PPP authentication algorithms */
    uint8_t len;
    const EVP_MD *(*md)(void);
} hash_row;

static const hash_row rows[] = {
    {RIG_CHAP_MD5, 16, EVP_md5},
    {RIG_CHAP_SHA1, 20, EVP_sha1},
    {RIG_CHAP_SHA256, 32, EVP_sha256},
    {RIG_CHAP_SHA3_256, 32, EVP_sha3_256},
};

static const hash_row *row_of(uint8_t algorithm)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].algorithm == algorithm)
            return &rows[i];
    return NULL;
}

size_t eng_hash_len(uint8_t algorithm)
{
    const hash_row *row = row_of(algorithm);
    return row ? row->len : 0;
}

static bool digest(EVP_MD_CTX *ctx, const hash_row *row, const rig_view *parts, unsigned num, uint8_t *out)
{
    bool right = EVP_DigestInit_ex(ctx, row->md(), NULL) == 1;
    for (unsigned i = 0; i < num && right; i++)
        right = EVP_DigestUpdate(ctx, parts[i].ptr, parts[i].len) == 1;
    return right && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
}

/* A libcrypto that was set up without an algorithm (FIPS and MD5) has no digest for it. */
rig_status eng_hash(uint8_t algorithm, const rig_view *parts, unsigned num, uint8_t out[ENG_HASH_MAX])
{
    const hash_row *row = row_of(algorithm);
    if (!row)
        return RIG_E_UNSUPPORTED;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx)
        return RIG_E_NOMEM;
    bool right = digest(ctx, row, parts, num, out);
    EVP_MD_CTX_free(ctx);
    return right ? RIG_OK : RIG_E_UNSUPPORTED;
}

bool eng_hash_same(rig_view a, rig_view b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}
