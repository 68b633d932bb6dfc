/* The responses that chap(…) in scenarios stands for (RFC 1994 section 4.1): a third computation, of neither
 * side.
 */
#include "world.h"

#include <openssl/evp.h>

typedef const EVP_MD *method_fn(void);

static method_fn *method_of(uint32_t number)
{
    static const struct {
        uint32_t number; /* in CHAP_A */
        method_fn *method;
    } rows[] = {{5, EVP_md5}, {6, EVP_sha1}, {7, EVP_sha256}, {8, EVP_sha3_256}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].number == number)
            return rows[i].method;
    return NULL;
}

static bool feed(EVP_MD_CTX *hash, uint8_t identifier, rig_view secret, rig_view challenge)
{
    return EVP_DigestUpdate(hash, &identifier, 1) == 1 &&
           EVP_DigestUpdate(hash, secret.ptr, secret.len) == 1 &&
           EVP_DigestUpdate(hash, challenge.ptr, challenge.len) == 1;
}

size_t run_chap(void *ctx, uint32_t algorithm, uint8_t identifier, rig_view secret, rig_view challenge,
                uint8_t out[RIG_MATCH_HASH_MAX])
{
    method_fn *method = method_of(algorithm);
    EVP_MD_CTX *hash = method ? EVP_MD_CTX_new() : NULL;
    unsigned len = 0;
    (void)ctx;
    bool right = hash && EVP_DigestInit_ex(hash, method(), NULL) == 1 &&
                 feed(hash, identifier, secret, challenge) && EVP_DigestFinal_ex(hash, out, &len) == 1;
    EVP_MD_CTX_free(hash);
    return right ? len : 0;
}
