/* Access-Request, and its answers: authentic by MD5 over answer, request and secret (RFC 2865 section 3), and
 * by a Message-Authenticator (RFC 3579 section 3.2), which stands first so that nothing foreign can stand
 * before it. */
#include "radius_packet.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "rig/alloc.h"

#define ACCESS_REQUEST 1
#define ACCESS_ACCEPT 2
#define ACCESS_REJECT 3
#define ACCESS_CHALLENGE 11

#define USER_NAME 1
#define CHAP_PASSWORD 3
#define NAS_IDENTIFIER 32
#define CHAP_CHALLENGE 60
#define MESSAGE_AUTHENTICATOR 80

#define HEADER 20
#define LENGTH_AT 2
#define AUTHENTICATOR_AT 4
#define DIGEST 16 /* octets of MD5 */
#define SECRET_MAX 255

static bool sign(rig_view secret, const uint8_t *bytes, size_t len, uint8_t out[DIGEST])
{
    unsigned made = 0;
    return HMAC(EVP_md5(), secret.ptr, (int)secret.len, bytes, len, out, &made) && made == DIGEST;
}

/* ---- requests ---- */

static bool put(uint8_t *packet, size_t *len, uint8_t type, rig_view value)
{
    if (value.len == 0 || value.len > RIG_RADIUS_VALUE_MAX || *len + 2 + value.len > RADIUS_REQUEST_MAX)
        return false;
    packet[(*len)++] = type;
    packet[(*len)++] = (uint8_t)(2 + value.len);
    memcpy(packet + *len, value.ptr, value.len);
    *len += value.len;
    return true;
}

size_t radius_request_make(const radius_request *request, uint8_t out[RADIUS_REQUEST_MAX])
{
    static const uint8_t zeros[DIGEST] = {0};
    const struct {
        uint8_t type;
        rig_view value;
    } attributes[] = {{MESSAGE_AUTHENTICATOR, {zeros, DIGEST}},
                      {USER_NAME, request->user},
                      {CHAP_PASSWORD, request->password},
                      {CHAP_CHALLENGE, request->challenge},
                      {NAS_IDENTIFIER, request->client}};
    size_t len = HEADER;
    out[0] = ACCESS_REQUEST;
    out[1] = request->identifier;
    memcpy(out + AUTHENTICATOR_AT, request->authenticator, RADIUS_AUTHENTICATOR);
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
        if (!put(out, &len, attributes[i].type, attributes[i].value))
            return 0;
    out[LENGTH_AT] = (uint8_t)(len >> 8);
    out[LENGTH_AT + 1] = (uint8_t)len;
    return sign(request->secret, out, len, out + HEADER + 2) ? len : 0;
}

/* ---- answers ---- */

/* The attributes fill the packet, and *out_mark is where the value of a Message-Authenticator is, 0 without.
 */
static bool walk(const uint8_t *packet, size_t len, size_t *out_mark)
{
    size_t at = HEADER;
    *out_mark = 0;
    while (at < len) {
        if (len - at < 2 || packet[at + 1] < 2 || packet[at + 1] > len - at)
            return false;
        bool mark = packet[at] == MESSAGE_AUTHENTICATOR;
        if (mark && (*out_mark || packet[at + 1] != 2 + DIGEST))
            return false;
        *out_mark = mark ? at + 2 : *out_mark;
        at += packet[at + 1];
    }
    return true;
}

/* It is made over the answer with the authenticator of the request and without itself. */
static bool is_signed(const radius_request *request, const uint8_t *packet, size_t len, size_t mark)
{
    uint8_t bytes[RADIUS_PACKET_MAX], digest[DIGEST];
    memcpy(bytes, packet, len);
    memcpy(bytes + AUTHENTICATOR_AT, request->authenticator, RADIUS_AUTHENTICATOR);
    memset(bytes + mark, 0, DIGEST);
    return sign(request->secret, bytes, len, digest) && CRYPTO_memcmp(digest, packet + mark, DIGEST) == 0;
}

static bool is_authentic(const radius_request *request, const uint8_t *packet, size_t len)
{
    uint8_t bytes[RADIUS_PACKET_MAX + SECRET_MAX], digest[EVP_MAX_MD_SIZE];
    unsigned made = 0;
    if (request->secret.len > SECRET_MAX)
        return false;
    memcpy(bytes, packet, len);
    memcpy(bytes + AUTHENTICATOR_AT, request->authenticator, RADIUS_AUTHENTICATOR);
    memcpy(bytes + len, request->secret.ptr, request->secret.len);
    bool right = EVP_Digest(bytes, len + request->secret.len, digest, &made, EVP_md5(), NULL) == 1 &&
                 CRYPTO_memcmp(digest, packet + AUTHENTICATOR_AT, DIGEST) == 0;
    rig_secret_wipe(bytes, sizeof bytes);
    return right;
}

/* Octets behind the length are padding (section 3). */
static size_t length_of(rig_view packet)
{
    size_t len = packet.len < HEADER ? 0 : (size_t)packet.ptr[LENGTH_AT] << 8 | packet.ptr[LENGTH_AT + 1];
    return len < HEADER || len > packet.len || len > RADIUS_PACKET_MAX ? 0 : len;
}

rig_status radius_verdict(const radius_request *request, rig_view packet)
{
    size_t mark, len = length_of(packet);
    if (!len || packet.ptr[1] != request->identifier || !walk(packet.ptr, len, &mark) ||
        !is_authentic(request, packet.ptr, len))
        return RIG_E_FORMAT;
    if (mark && !is_signed(request, packet.ptr, len, mark))
        return RIG_E_FORMAT;
    switch (packet.ptr[0]) {
    case ACCESS_ACCEPT:
        return RIG_OK;
    case ACCESS_REJECT:
    case ACCESS_CHALLENGE:
        return RIG_E_AUTH;
    default:
        return RIG_E_FORMAT;
    }
}
