/* What the reader remembers of a capture: phase 1 SAs, exchanges, ESP SAs, and the keys it was given. */
#ifndef PCAP_IPSEC_READ_H
#define PCAP_IPSEC_READ_H

#include "rig/ipsec_read.h"

#define IPR_BLOCK 16      /* of AES */
#define IPR_HASH_MAX 64   /* SHA-512 */
#define IPR_NONCE_MAX 256 /* RFC 2409 section 5: 8 to 256 bytes */
#define IPR_SA_MAX 2048   /* bytes of a phase 1 SA payload that are kept for HASH_I and HASH_R */
#define IPR_SEEN_MAX 16   /* messages of an exchange that are known again */
#define IPR_IP_HEADERS 16 /* most extension headers of an IPv6 packet */
#define IPR_HEADER 28     /* of an ISAKMP message */
#define IPR_IP_ROOM 40    /* for an IP header in front of what was inside ESP */
#define IPR_CIPHER_MAX 32 /* bytes of a key of AES */
#define IPR_PORTS_MAX 64  /* ports that are told of one pair of ends */

/* ---- what is kept: the newest RIG_IPSEC_FOLLOWED_MAX of each ---- */

typedef struct ipr_ring {
    size_t size;  /* of one */
    uint64_t num; /* that ever were put in */
    void *slots[RIG_IPSEC_FOLLOWED_MAX];
} ipr_ring;

typedef struct ipr_bytes {
    size_t len; /* SIZE_MAX = too many */
    uint8_t bytes[RIG_IPSEC_SECRET_MAX];
} ipr_bytes;

typedef struct ipr_ike_key {
    uint8_t cookie[8];
    size_t len;
    uint8_t key[IPR_CIPHER_MAX];
} ipr_ike_key;

typedef struct ipr_esp_key {
    uint8_t version;
    uint32_t spi;
    bool null; /* no encryption */
    uint16_t hash;
    size_t icv_len;
    size_t cipher_len, auth_len;
    uint8_t cipher[IPR_CIPHER_MAX];
    uint8_t auth[IPR_HASH_MAX];
} ipr_esp_key;

typedef struct ipr_phase1_secret {
    uint8_t cookie[8];
    size_t len[3];
    uint8_t skeyid[3][IPR_HASH_MAX]; /* a, d, SKEYID itself */
} ipr_phase1_secret;

enum { IPR_SKEYID_A, IPR_SKEYID_D, IPR_SKEYID };

typedef struct ipr_quick_secret {
    uint8_t cookie[8];
    uint32_t id;
    ipr_bytes shared;
} ipr_quick_secret;

/* By the initiator's cookie. Index 0 is the initiator's, 1 the responder's. */
typedef struct ipr_phase1 {
    uint8_t cookie[8], responder[8];
    uint16_t hash;       /* attribute value, 0 = not known */
    ipr_bytes public[2]; /* g^xi, g^xr */
    size_t sa_len;
    uint8_t sa[IPR_SA_MAX]; /* body of the initiator's SA payload */
    bool last_known;
    uint8_t last[IPR_BLOCK]; /* last block of phase 1, or its IV before there is one */
} ipr_phase1;

typedef struct ipr_exchange {
    uint8_t cookie[8];
    uint32_t id;
    uint8_t type;
    rig_ip opener;
    uint32_t number;
    uint64_t seen[IPR_SEEN_MAX]; /* by number of the message - 1, as far as there is room */
    uint32_t unread;             /* bits of those whose payloads were not to be had */
    bool iv_known;
    uint8_t iv[IPR_BLOCK];
    size_t nonce_len[2]; /* 0 = not seen */
    uint8_t nonce[2][IPR_NONCE_MAX];
    uint32_t spi[2]; /* SPI that each side chose: of the SA towards it */
} ipr_exchange;

typedef struct ipr_spi { /* one SA as packets show it */
    uint32_t spi;
    rig_ip to;
} ipr_spi;

typedef struct ipr_pair {
    rig_ip first, second; /* first spoke first */
    uint16_t ports[IPR_PORTS_MAX];
    uint32_t num_ports; /* that were told as guards */
} ipr_pair;

struct rig_ipsec_reader {
    rig_ipsec_reader_config config;
    rig_status status;  /* of the first failure in the current frame */
    rig_ipsec_event at; /* what every event of the current frame says */
    ipr_ring ike_keys, esp_keys, phase1_secrets, quick_secrets;
    ipr_ring phases1, exchanges, spis, pairs;
    uint8_t plain[IPR_IP_ROOM + RIG_IPSEC_MESSAGE_MAX]; /* decrypted; of ESP behind room for an IP header */
};

/* ---- ring.c ---- */

void ipr_ring_init(ipr_ring *ring, size_t size);
/* A zeroed one; NULL without memory, which reader->status then says. */
void *ipr_ring_new(rig_ipsec_reader *reader, ipr_ring *ring);
/* The newest is 0; NULL behind the last. */
void *ipr_ring_at(const ipr_ring *ring, uint64_t index);
void ipr_ring_free(rig_ipsec_reader *reader, ipr_ring *ring);

/* ---- packet.c ---- */

typedef struct ipr_packet {
    rig_ip from, to;
    uint8_t protocol;
    bool fragment; /* the first one of several */
    rig_view body;
    uint32_t body_len; /* on the wire */
} ipr_packet;

/* False: no IP packet, or a later fragment. */
bool ipr_ip_read(rig_view packet, uint32_t wire_len, ipr_packet *out);

/* ---- crypto.c: the one door to libcrypto. False: it would not. ---- */

typedef struct ipr_hash_out {
    size_t len;
    uint8_t bytes[IPR_HASH_MAX];
} ipr_hash_out;

/* hash: 2 SHA-1, 4 SHA-256, 5 SHA-384, 6 SHA-512, as the phase 1 attribute has it. */
bool ipr_hash(uint16_t hash, const rig_view *parts, size_t num, ipr_hash_out *out);
bool ipr_hmac(uint16_t hash, rig_view key, const rig_view *parts, size_t num, ipr_hash_out *out);
bool ipr_decrypt(rig_view key, const uint8_t iv[IPR_BLOCK], rig_view in, uint8_t *out);

/* ---- read.c ---- */

void ipr_tell(rig_ipsec_reader *reader, rig_ipsec_event *event);
void ipr_flaw(rig_ipsec_reader *reader, const rig_ipsec_flaw *flaw);
/* The ends of the current frame, and what a quick mode or an inner packet says of them. */
void ipr_guard(rig_ipsec_reader *reader, const rig_ip *a, const rig_ip *b, uint16_t port);

/* ---- keys.c ---- */

const ipr_ike_key *ipr_ike_key_find(const rig_ipsec_reader *reader, const uint8_t cookie[8]);
const ipr_esp_key *ipr_esp_key_find(const rig_ipsec_reader *reader, uint8_t version, uint32_t spi);
const ipr_phase1_secret *ipr_phase1_secret_find(const rig_ipsec_reader *reader, const uint8_t cookie[8]);
const ipr_quick_secret *ipr_quick_secret_find(const rig_ipsec_reader *reader, const uint8_t cookie[8],
                                              uint32_t id);

/* ---- payloads.c: a chain of payloads ---- */

typedef struct ipr_body { /* a payload without its generic header */
    uint8_t type;
    uint32_t offset; /* of its generic header in the message */
    rig_view bytes;
} ipr_body;

typedef struct ipr_chain {
    uint32_t num;
    ipr_body bodies[RIG_IPSEC_PAYLOADS_MAX];
    uint32_t end; /* offset behind the last payload */
    bool right;   /* nothing was malformed */
} ipr_chain;

/* Noise is what another key would have given: of that no flaw is told, as far as the first payload shows it.
 */
void ipr_chain_read(rig_ipsec_reader *reader, rig_view message, uint8_t first, ipr_chain *out,
                    rig_ike_message *told);
/* The index-th of that type, NULL = none. */
const ipr_body *ipr_chain_find(const ipr_chain *chain, uint8_t type, unsigned index);

/* ---- names.c ---- */

const char *ipr_payload_name(uint8_t type);

/* ---- message.c ---- */

void ipr_ike_message(rig_ipsec_reader *reader, rig_view message);

/* ---- schedule.c: what the key schedule of RFC 2409 says ---- */

bool ipr_iv_of_phase1(ipr_phase1 *phase1);
bool ipr_iv_of_exchange(const ipr_phase1 *phase1, ipr_exchange *exchange);
void ipr_judge(const rig_ipsec_reader *reader, const ipr_phase1 *phase1, const ipr_exchange *exchange,
               rig_view message, const ipr_chain *chain, rig_ike_message *told);
rig_ipsec_keymat ipr_keymat(const rig_ipsec_reader *reader, const ipr_phase1 *phase1,
                            const ipr_exchange *exchange, uint32_t spi);

/* ---- esp.c ---- */

/* inner is what was inside, with an IP header; empty when it could not be read. */
void ipr_esp(rig_ipsec_reader *reader, const ipr_packet *outer, rig_view esp, uint32_t wire_len,
             rig_view *out_inner);

#endif
