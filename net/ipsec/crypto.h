/* What IKE and ESP need of libcrypto: MODP groups, HMAC, AES-CBC. A failure of any is a lack of memory. */
#ifndef IPSEC_CRYPTO_H
#define IPSEC_CRYPTO_H

#include "rig/alloc.h"
#include "rig/status.h"
#include "rig/view.h"

#define IPC_KE_MAX 256  /* bytes of a public value: group 14 */
#define IPC_HASH_MAX 32 /* bytes of a digest */
#define IPC_BLOCK 16    /* of AES */
#define IPC_EXPONENT 16 /* bytes of a private exponent: enough to see that it counts */

typedef enum ipc_hash { IPC_SHA1, IPC_SHA256, IPC_HASHES } ipc_hash;

typedef struct ipc ipc; /* contexts that are made once */

rig_status ipc_new(const rig_alloc *alloc, ipc **out);
void ipc_free(ipc *crypto);

size_t ipc_hash_len(ipc_hash hash);
bool ipc_digest(ipc *crypto, ipc_hash hash, const rig_view *parts, unsigned num, uint8_t *out);

/* HMAC, the pseudo-random function of IKE (RFC 2409 section 4). */
bool ipc_prf(ipc *crypto, ipc_hash hash, rig_view key, const rig_view *parts, unsigned num, uint8_t *out);

/* CBC over whole blocks, in place too; iv is left as the next one. */
bool ipc_aes(ipc *crypto, bool encrypt, rig_view key, uint8_t iv[IPC_BLOCK], const uint8_t *in, uint8_t *out,
             size_t len);

/* Bytes of a group's public values; 0: a group that is not known. */
size_t ipc_group_len(uint16_t group);

/* g^exponent, and peer^exponent; each has ipc_group_len bytes. A peer's value that is 0, 1, p-1 or not below
 * p is refused (RFC 2412 section 5). */
bool ipc_public(ipc *crypto, uint16_t group, const uint8_t exponent[IPC_EXPONENT], uint8_t *out);
bool ipc_shared(ipc *crypto, uint16_t group, const uint8_t exponent[IPC_EXPONENT], rig_view peer,
                uint8_t *out);

#endif
