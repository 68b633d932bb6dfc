/** @file
 * IKEv1 and ESP in captures, without I/O: a reading of RFC 2407 to 2409 and RFC 4303 that shares nothing with
 * whoever spoke. Packets go in, IKE messages, ESP packets and TCP in the clear come out; an IP packet that
 * was inside ESP is given back, so that rig/stream.h reads it like any other.
 */
#ifndef RIG_IPSEC_READ_H
#define RIG_IPSEC_READ_H

#include "rig/stream.h"

#define RIG_IPSEC_FOLLOWED_MAX                                                                               \
    1024 /**< phase 1 SAs, exchanges, SPIs, pairs of ends and keys of each kind followed at a time; the      \
            oldest makes room */
#define RIG_IPSEC_MESSAGE_MAX 65535  /**< most bytes of an IKE message, and of what was inside ESP */
#define RIG_IPSEC_PAYLOADS_MAX 24    /**< payloads of one message that are told */
#define RIG_IPSEC_TRANSFORMS_MAX 16  /**< transforms of one message that are told */
#define RIG_IPSEC_IDS_MAX 2          /**< identities of one message that are told */
#define RIG_IPSEC_DELETED_MAX 8      /**< SPIs of one Delete payload that are told */
#define RIG_IPSEC_ID_KEPT 64         /**< bytes of an identity that are kept */
#define RIG_IPSEC_SECRET_MAX 1024    /**< most bytes of a key or shared secret: group 18 has that many */
#define RIG_IPSEC_LINE_MAX 8192      /**< most bytes of a line of keys */
#define RIG_IPSEC_EVENT_LINE_MAX 512 /**< bytes that hold any event as a line */

/** Exchange types (RFC 2408 section 3.1, RFC 2409 section 5). */
enum {
    RIG_IKE_MAIN = 2,       /**< identity protection: main mode */
    RIG_IKE_AGGRESSIVE = 4, /**< aggressive mode */
    RIG_IKE_INFO = 5,       /**< informational */
    RIG_IKE_QUICK = 32      /**< quick mode */
};

/** Payload types (RFC 2408 section 3.1) that something is asked about. */
enum {
    RIG_IKE_P_SA = 1,      /**< security association */
    RIG_IKE_P_KE = 4,      /**< key exchange */
    RIG_IKE_P_ID = 5,      /**< identification */
    RIG_IKE_P_HASH = 8,    /**< hash */
    RIG_IKE_P_NONCE = 10,  /**< nonce */
    RIG_IKE_P_NOTIFY = 11, /**< notification */
    RIG_IKE_P_DELETE = 12  /**< delete */
};

/** rig_ipsec_verdict says what came of a check. */
typedef enum rig_ipsec_verdict {
    RIG_IPSEC_UNKNOWN, /**< nothing to check, or no key to check it with */
    RIG_IPSEC_RIGHT,   /**< as it has to be */
    RIG_IPSEC_WRONG    /**< something else */
} rig_ipsec_verdict;

/** rig_ipsec_keymat says where the keys of an ESP SA come from (RFC 2409 section 5.5). */
typedef enum rig_ipsec_keymat {
    RIG_KEYMAT_UNKNOWN, /**< the keys, or what they are made of, are not known */
    RIG_KEYMAT_PLAIN,   /**< from SKEYID_d and the nonces alone */
    RIG_KEYMAT_PFS,     /**< also from the quick mode's own g(qm)^xy */
    RIG_KEYMAT_OTHER    /**< neither gives the keys that are in use */
} rig_ipsec_keymat;

/** rig_ike_transform is one transform of an SA payload. A value that was not said is 0. */
typedef struct rig_ike_transform {
    uint8_t protocol;        /**< 1 ISAKMP, 2 AH, 3 ESP */
    uint8_t id;              /**< transform: 1 KEY_IKE; ESP: 11 NULL, 12 AES-CBC */
    uint32_t spi;            /**< of its proposal; ISAKMP: 0 */
    uint16_t cipher;         /**< phase 1: 7 AES-CBC */
    uint16_t hash;           /**< phase 1: 2 SHA-1, 4 SHA-256; phase 2, as authentication: 2 HMAC-SHA-1, 5
                                HMAC-SHA-256 */
    uint16_t auth_method;    /**< phase 1: 1 pre-shared key */
    uint16_t group;          /**< phase 1, and phase 2 with PFS: 14 = 2048-bit MODP */
    uint16_t encapsulation;  /**< phase 2: 1 tunnel, 2 transport, 3 and 4 the same in UDP (RFC 3947) */
    uint16_t key_bits;       /**< length of the cipher's key */
    uint32_t life_seconds;   /**< lifetime */
    uint32_t life_kilobytes; /**< lifetime */
    bool esn;                /**< phase 2: 64-bit sequence numbers (RFC 4304) */
} rig_ike_transform;

/** rig_ike_id is an identification payload (RFC 2407 section 4.6.2). */
typedef struct rig_ike_id {
    uint8_t type;                     /**< 1 IPv4, 2 FQDN, 3 user FQDN, 4 IPv4 subnet, 5 IPv6 … */
    uint8_t protocol;                 /**< 6 TCP, 0 any */
    uint16_t port;                    /**< 0 any */
    uint16_t len;                     /**< bytes of the identity */
    uint8_t bytes[RIG_IPSEC_ID_KEPT]; /**< the first of them */
} rig_ike_id;

/** rig_ike_message is one ISAKMP message. */
typedef struct rig_ike_message {
    uint8_t initiator_cookie[8]; /**< of the header */
    uint8_t responder_cookie[8]; /**< of the header */
    uint8_t exchange;            /**< RIG_IKE_… */
    uint8_t flags;               /**< bit 0 E, bit 1 C, bit 2 A */
    uint32_t id;                 /**< message ID, 0 in phase 1 */
    uint32_t number;             /**< in its exchange, from 1; of a message that comes again, the old one */
    bool again;                  /**< the same bytes came before */
    bool by_initiator;           /**< by whoever began the exchange */
    bool encrypted;              /**< flag E */
    bool read;                   /**< its payloads could be read: in the clear, or decrypted */
    uint32_t num_payloads;       /**< payloads told */
    uint8_t
        payloads[RIG_IPSEC_PAYLOADS_MAX]; /**< their types, in order; of what was not read only the first */
    uint32_t num_transforms;              /**< transforms told */
    rig_ike_transform transforms[RIG_IPSEC_TRANSFORMS_MAX]; /**< in order */
    uint32_t num_ids;                                       /**< identities told */
    rig_ike_id ids[RIG_IPSEC_IDS_MAX];                      /**< in order */
    uint16_t notify;                                        /**< type of its last notification, 0 = none */
    uint8_t delete_protocol;                                /**< whose SPIs are deleted, 0 = none */
    uint32_t num_deleted;                                   /**< SPIs told */
    uint32_t deleted[RIG_IPSEC_DELETED_MAX];                /**< of ESP; of ISAKMP: 0 for its cookies */
    rig_ipsec_verdict hash; /**< HASH(1) to (3), of informational exchanges, with SKEYID HASH_I and HASH_R */
    rig_ipsec_keymat keymat[2]; /**< of quick message 3: SA towards the exchange's initiator, its responder */
} rig_ike_message;

/** rig_esp_packet is one ESP packet. */
typedef struct rig_esp_packet {
    uint32_t spi;          /**< security parameters index */
    uint32_t sequence;     /**< low 32 bits of its number */
    bool negotiated;       /**< a quick mode that was read gave this SPI to whom the packet goes to */
    rig_ipsec_verdict icv; /**< integrity check value */
    bool read;             /**< the ICV is right and what is inside was read */
    bool esn;              /**< the ICV covers a high half of the number */
    rig_ipsec_verdict pad; /**< padding is 1, 2, 3 … (RFC 4303 section 2.4) */
    uint8_t next_header;   /**< 6 TCP: transport; 4 IPv4, 41 IPv6: tunnel */
    rig_ip from;           /**< of the packet inside; version 0 = not known */
    rig_ip to;             /**< likewise */
    uint16_t from_port;    /**< TCP port inside, 0 = none */
    uint16_t to_port;      /**< likewise */
} rig_esp_packet;

/** rig_ipsec_clear is a TCP segment outside ESP. */
typedef struct rig_ipsec_clear {
    uint16_t from_port; /**< TCP port */
    uint16_t to_port;   /**< TCP port */
    uint8_t flags;      /**< of its header */
} rig_ipsec_clear;

/** rig_ipsec_guard tells that two ends have, or negotiate, IPsec between them. */
typedef struct rig_ipsec_guard {
    rig_ip ends[2]; /**< in any order */
    uint16_t port;  /**< TCP port of one of them that it is about, 0 = not known */
} rig_ipsec_guard;

/** rig_ipsec_flaw is something malformed. Its texts are static or borrowed for the call. */
typedef struct rig_ipsec_flaw {
    const char *what;    /**< "IKE" or "ESP" */
    uint32_t offset;     /**< of the byte at fault, from the first of the message or packet on */
    const char *payload; /**< payload it stands in, "header" */
    const char *field;   /**< of it */
    uint64_t wanted;     /**< what it had to be; a least or greatest value where the field is a length */
    uint64_t came;       /**< what it was */
} rig_ipsec_flaw;

/** rig_ipsec_kind says what an event is. */
typedef enum rig_ipsec_kind {
    RIG_IPSEC_IKE,   /**< an IKE message */
    RIG_IPSEC_ESP,   /**< an ESP packet */
    RIG_IPSEC_CLEAR, /**< a TCP segment in the clear */
    RIG_IPSEC_GUARD, /**< news of two ends; comes before the event it was seen in */
    RIG_IPSEC_FLAW   /**< something malformed; the message follows as far as it could be read */
} rig_ipsec_kind;

/** rig_ipsec_event is one thing seen. All of it is borrowed for the call that shows it. */
typedef struct rig_ipsec_event {
    rig_ipsec_kind kind; /**< which member of the union counts */
    uint32_t frame;      /**< 1-based */
    uint64_t time;       /**< ns */
    rig_ip from;         /**< of the outer IP header */
    rig_ip to;           /**< of the outer IP header */
    uint16_t udp_port;   /**< 500 or 4500; 0 = not in UDP */
    bool to_target;      /**< from the end that spoke first in IKE, ESP or by a SYN, to the other */
    union {
        const rig_ike_message *ike;   /**< RIG_IPSEC_IKE */
        const rig_esp_packet *esp;    /**< RIG_IPSEC_ESP */
        const rig_ipsec_clear *clear; /**< RIG_IPSEC_CLEAR */
        const rig_ipsec_guard *guard; /**< RIG_IPSEC_GUARD */
        const rig_ipsec_flaw *flaw;   /**< RIG_IPSEC_FLAW */
    } is;                             /**< what was seen */
} rig_ipsec_event;

/** rig_ipsec_reader follows all IPsec of a capture. */
typedef struct rig_ipsec_reader rig_ipsec_reader;

/** rig_ipsec_reader_config is fixed at creation. */
typedef struct rig_ipsec_reader_config {
    const rig_alloc *alloc; /**< all memory but what libcrypto takes for the time of a call */
    /** Sees each event in order. Any status but RIG_OK stops rig_ipsec_packet with it. */
    rig_status (*event)(void *ctx, const rig_ipsec_event *event);
    void *ctx; /**< its first argument */
} rig_ipsec_reader_config;

/** rig_ipsec_reader_new makes a reader. RIG_E_NOMEM. */
rig_status rig_ipsec_reader_new(const rig_ipsec_reader_config *config, rig_ipsec_reader **out_reader);

/** rig_ipsec_reader_free ends it and wipes the keys. NULL is fine. */
void rig_ipsec_reader_free(rig_ipsec_reader *reader);

/** rig_ipsec_keys says what a text of keys is made of; empty lines and those that begin with # are skipped.
 */
typedef enum rig_ipsec_keys {
    RIG_IPSEC_KEYS_IKE,   /**< tshark's ikev1_decryption_table: COOKIE,KEY in hex */
    RIG_IPSEC_KEYS_ESP,   /**< tshark's esp_sa: "IPv4","FROM","TO","0xSPI","CIPHER","0xKEY","ICV","0xKEY" */
    RIG_IPSEC_KEYS_KEYMAT /**< phase1,COOKIE,SKEYID_a,SKEYID_d[,SKEYID] and quick,COOKIE,MESSAGE-ID,g(qm)^xy
                           */
} rig_ipsec_keys;

/**
 * rig_ipsec_keys_add takes keys, at any time before the packets they are for. RIG_E_SYNTAX,
 * RIG_E_UNSUPPORTED (an algorithm this reader has not) with err->line and err->col; RIG_E_NOMEM.
 */
rig_status rig_ipsec_keys_add(rig_ipsec_reader *reader, rig_ipsec_keys kind, rig_view text, rig_error *err);

/**
 * rig_ipsec_packet takes the next frame. out_inner is the IP packet that was inside ESP (a transport mode one
 * gets an IP header made from the outer one), valid until the next call, else empty. Whatever the frame holds
 * is normal input; errors: RIG_E_NOMEM, or what event() returned.
 */
rig_status rig_ipsec_packet(rig_ipsec_reader *reader, uint64_t time, rig_link_type link, rig_view captured,
                            uint32_t wire_len, rig_view *out_inner);

/**
 * rig_ipsec_event_print appends an event as a line of a trace without newline at its end:
 *
 * | line | means |
 * | --- | --- |
 * | > IKE main 1 SA VID | exchange, number of the message, payloads |
 * | < IKE quick 2 E id=0x8f1cbd27 HASH SA NONCE ID ID spi=0x51a93c02 encap=tunnel group=14 | of phase 2 |
 * | < IKE info 1 E id=0x11223344 HASH N NO-PROPOSAL-CHOSEN | a notification |
 * | > IKE main 5 E ID ? | encrypted, and not read: the header tells the first payload |
 * | > ESP spi=0x51a93c02 seq=1 TCP | next header; ? where it was not read |
 * | ! malformed IKE byte=40 KE length wanted=12 came=9999 | a flaw |
 *
 * !bad-hash, !bad-icv, !bad-padding, !not-negotiated and !again stand behind it where they are so. Events of
 * other kinds append nothing.
 */
void rig_ipsec_event_print(const rig_ipsec_event *event, rig_text *out);

#endif
