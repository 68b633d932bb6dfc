/* The one door to libcrypto. */
#include <openssl/evp.h>
#include <openssl/params.h>

#include "read.h"

/* Values of the hash attribute (RFC 2409 appendix A, and IANA's registry for SHA-2). */
static const struct {
    uint16_t hash;
    const char *name;
} rows[] = {{2, "SHA1"}, {4, "SHA256"}, {5, "SHA384"}, {6, "SHA512"}};

static const char *name_of(uint16_t hash)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].hash == hash)
            return rows[i].name;
    return NULL;
}

static bool digest(EVP_MD_CTX *ctx, const char *name, const rig_view *parts, size_t num, ipr_hash_out *out)
{
    unsigned len = 0;
    bool right = EVP_DigestInit_ex(ctx, EVP_get_digestbyname(name), NULL) == 1;
    for (size_t i = 0; i < num && right; i++)
        right = EVP_DigestUpdate(ctx, parts[i].ptr, parts[i].len) == 1;
    right = right && EVP_DigestFinal_ex(ctx, out->bytes, &len) == 1;
    out->len = len;
    return right;
}

bool ipr_hash(uint16_t hash, const rig_view *parts, size_t num, ipr_hash_out *out)
{
    const char *name = name_of(hash);
    EVP_MD_CTX *ctx = name ? EVP_MD_CTX_new() : NULL;
    bool right = ctx && digest(ctx, name, parts, num, out);
    EVP_MD_CTX_free(ctx);
    return right;
}

static bool mac(EVP_MAC_CTX *ctx, const char *name, rig_view key, const rig_view *parts, size_t num,
                ipr_hash_out *out)
{
    char digest_name[16];
    rig_text text;
    rig_text_init(&text, digest_name, sizeof digest_name);
    rig_text_add(&text, "%s", name);
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", digest_name, 0),
                                 OSSL_PARAM_construct_end()};
    bool right = EVP_MAC_init(ctx, key.ptr, key.len, params) == 1;
    for (size_t i = 0; i < num && right; i++)
        right = EVP_MAC_update(ctx, parts[i].ptr, parts[i].len) == 1;
    return right && EVP_MAC_final(ctx, out->bytes, &out->len, sizeof out->bytes) == 1;
}

bool ipr_hmac(uint16_t hash, rig_view key, const rig_view *parts, size_t num, ipr_hash_out *out)
{
    const char *name = name_of(hash);
    EVP_MAC *hmac = name ? EVP_MAC_fetch(NULL, "HMAC", NULL) : NULL;
    EVP_MAC_CTX *ctx = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
    bool right = ctx && mac(ctx, name, key, parts, num, out);
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(hmac);
    return right;
}

bool ipr_decrypt(rig_view key, const uint8_t iv[IPR_BLOCK], rig_view in, uint8_t *out)
{
    const EVP_CIPHER *cipher = key.len == 16   ? EVP_aes_128_cbc()
                               : key.len == 24 ? EVP_aes_192_cbc()
                               : key.len == 32 ? EVP_aes_256_cbc()
                                               : NULL;
    EVP_CIPHER_CTX *ctx = cipher ? EVP_CIPHER_CTX_new() : NULL;
    int len = 0;
    bool right = ctx && in.len % IPR_BLOCK == 0 && in.len <= RIG_IPSEC_MESSAGE_MAX &&
                 EVP_DecryptInit_ex(ctx, cipher, NULL, key.ptr, iv) == 1 &&
                 EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
                 EVP_DecryptUpdate(ctx, out, &len, in.ptr, (int)in.len) == 1 && (size_t)len == in.len;
    EVP_CIPHER_CTX_free(ctx);
    return right;
}
