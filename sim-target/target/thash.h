/* The hashes of CHAP, and what handles secrets with care; libcrypto behind it. */
#ifndef TGT_HASH_H
#define TGT_HASH_H

#include "rig/view.h"

#define TGT_HASH_MAX 64 /* most bytes of a digest */

/* Digest bytes of a CHAP_A number (IANA's PPP authentication algorithms), 0 for one that is not known. */
size_t tgt_hash_len(uint64_t algorithm);

/* Response of RFC 1994 section 4.1: the hash of identifier, secret and challenge. Gives its bytes, 0 when
 * libcrypto cannot. */
size_t tgt_hash_response(uint64_t algorithm, uint8_t identifier, rig_view secret, rig_view challenge,
                         uint8_t out[TGT_HASH_MAX]);

/* Do both hold the same bytes? Takes as long wherever they differ. */
bool tgt_hash_equal(rig_view a, rig_view b);

/* Overwrites what nobody may read any more. */
void tgt_wipe(void *bytes, size_t len);

#endif
