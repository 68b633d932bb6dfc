#include "thash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

static const struct row {
    uint8_t algorithm;
    uint8_t len;
    const EVP_MD *(*md)(void);
} rows[] = {
    {5, 16, EVP_md5},
    {6, 20, EVP_sha1},
    {7, 32, EVP_sha256},
    {8, 32, EVP_sha3_256},
};

static const struct row *find(uint64_t algorithm)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].algorithm == algorithm)
            return &rows[i];
    return NULL;
}

size_t tgt_hash_len(uint64_t algorithm)
{
    const struct row *row = find(algorithm);
    return row ? row->len : 0;
}

size_t tgt_hash_response(uint64_t algorithm, uint8_t identifier, rig_view secret, rig_view challenge,
                         uint8_t out[TGT_HASH_MAX])
{
    const struct row *row = find(algorithm);
    EVP_MD_CTX *ctx = row ? EVP_MD_CTX_new() : NULL;
    unsigned len = 0;
    bool good = ctx && EVP_DigestInit_ex(ctx, row->md(), NULL) && EVP_DigestUpdate(ctx, &identifier, 1) &&
                EVP_DigestUpdate(ctx, secret.ptr, secret.len) &&
                EVP_DigestUpdate(ctx, challenge.ptr, challenge.len) && EVP_DigestFinal_ex(ctx, out, &len);
    EVP_MD_CTX_free(ctx);
    return good ? len : 0;
}

bool tgt_hash_equal(rig_view a, rig_view b)
{
    return a.len == b.len && CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0;
}

void tgt_wipe(void *bytes, size_t len)
{
    OPENSSL_cleanse(bytes, len);
}
