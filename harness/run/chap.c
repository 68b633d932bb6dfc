/* The responses that chap(…) in scenarios stands for (RFC 1994 section 4.1): a third computation, of neither
 * side.
 */
#include "world.h"

#include <openssl/evp.h>

static const struct {
    uint32_t number; /* in CHAP_A */
    const char *name;
} algorithms[] = {{5, "MD5"}, {6, "SHA1"}, {7, "SHA256"}, {8, "SHA3-256"}};

static const char *name_of(uint32_t number)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
        if (algorithms[i].number == number)
            return algorithms[i].name;
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
    const char *name = name_of(algorithm);
    EVP_MD *method = name ? EVP_MD_fetch(NULL, name, NULL) : NULL;
    EVP_MD_CTX *hash = method ? EVP_MD_CTX_new() : NULL;
    unsigned len = 0;
    (void)ctx;
    bool right = hash && EVP_DigestInit_ex2(hash, method, NULL) == 1 &&
                 feed(hash, identifier, secret, challenge) && EVP_DigestFinal_ex(hash, out, &len) == 1;
    EVP_MD_CTX_free(hash);
    EVP_MD_free(method);
    return right ? len : 0;
}
