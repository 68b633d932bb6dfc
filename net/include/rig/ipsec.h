/** @file
 * IPsec on the simulated network: IKEv1 (RFC 2407, 2408, 2409) in both roles and ESP (RFC 4303) at the edge
 * of a host, one quick mode for each TCP connection (RFC 7146 section 3.2).
 *
 * Made for simulation and evidence, not for protecting data: exponents are short and everything random is
 * drawn by name, so that captures are the same at every run. IKEv2, certificates, AH, IPComp and NAT
 * traversal are not part of it.
 */
#ifndef RIG_IPSEC_H
#define RIG_IPSEC_H

#include "rig/ipsec_provider.h"
#include "rig/simnet.h"

#define RIG_IPSEC_WISHES_MAX 1024 /**< pairs of a port and a portal that one host protects */
#define RIG_IPSEC_FLOWS_MAX 16384 /**< TCP connections that one host protects at a time */
#define RIG_IPSEC_PEERS_MAX 4096  /**< ISAKMP SAs of one host */
#define RIG_IPSEC_KEYS_MAX 256    /**< pre-shared keys of one host */

/** rig_ipsec is the IPsec of one simulated host. */
typedef struct rig_ipsec rig_ipsec;

/** RIG_IPSEC_NOTICE_ROWS lists what can happen: identifier, word, meaning. */
#define RIG_IPSEC_NOTICE_ROWS(X)                                                                             \
    X(REQUEST, "ipsec-request", "a connection asks for its security associations")                           \
    X(PHASE1, "ike-up", "the ISAKMP SA is there")                                                            \
    X(INSTALLED, "ipsec-up", "both ESP SAs of a connection are there")                                       \
    X(FAILED, "ipsec-failed", "a negotiation came to nothing")                                               \
    X(DELETED, "ipsec-deleted", "an SA is over, because the peer said so or its life is")                    \
    X(REFUSED, "ipsec-refused", "a message, or a packet, was not taken")

/** rig_ipsec_notice_kind is what can happen. */
typedef enum rig_ipsec_notice_kind {
#define X(id, word, meaning) RIG_IPSEC_##id,
    RIG_IPSEC_NOTICE_ROWS(X)
#undef X
} rig_ipsec_notice_kind;

/** rig_ipsec_notice tells one thing; pointers are good for the call. */
typedef struct rig_ipsec_notice {
    rig_ipsec_notice_kind kind; /**< what */
    rig_address local;          /**< our end */
    rig_address remote;         /**< the other end: the peer's for PHASE1, else that of the connection */
    bool aggressive;            /**< REQUEST, PHASE1, INSTALLED: the exchange of phase 1 */
    bool pfs;                   /**< REQUEST, INSTALLED */
    bool tunnel;                /**< REQUEST, INSTALLED */
    rig_ip outer;               /**< REQUEST: where a tunnel is to end; version 0: at the other end itself */
    bool phase1;                /**< FAILED: a quick mode had been begun, so that phase 1 was there */
    uint32_t spi_in;            /**< INSTALLED, DELETED: of packets to us */
    uint32_t spi_out;           /**< INSTALLED: of packets from us */
    const rig_error *error;     /**< FAILED, REFUSED: why, with the place */
    uint64_t now;               /**< time */
} rig_ipsec_notice;

/** rig_ipsec_tell_fn gets the events of a host, from inside of what happens: it may not call into the host's
 * IPsec, nor free it. */
typedef void rig_ipsec_tell_fn(void *ctx, const rig_ipsec_notice *event);

/** rig_ipsec_shown is the file that keys belong to, beside a capture. */
typedef enum rig_ipsec_shown {
    RIG_IPSEC_SHOWN_IKE,    /**< lines of tshark's ikev1_decryption_table */
    RIG_IPSEC_SHOWN_ESP,    /**< lines of tshark's esp_sa */
    RIG_IPSEC_SHOWN_KEYMAT, /**< phase1,COOKIE,SKEYID_a,SKEYID_d,SKEYID and quick,COOKIE,MESSAGE-ID,g(qm)^xy
                             */
    RIG_IPSEC_SHOWN_KINDS
} rig_ipsec_shown;

/** rig_ipsec_show_fn gets keys as one line without its end, when they come into being: simulated secrets, for
 * those who read the capture. */
typedef void rig_ipsec_show_fn(void *ctx, rig_ipsec_shown kind, rig_view line);

/** rig_ipsec_will is what a host wants of something that has two sides. */
typedef enum rig_ipsec_will {
    RIG_IPSEC_EITHER, /**< takes it as it comes */
    RIG_IPSEC_ALWAYS, /**< refuses it without */
    RIG_IPSEC_NEVER   /**< refuses it with */
} rig_ipsec_will;

/** rig_ipsec_suite is an encryption with its integrity, as a set bit. */
typedef enum rig_ipsec_suite {
    RIG_IPSEC_AES128_SHA256 = 1, /**< AES-CBC-128, HMAC-SHA-256-128: the one preferred */
    RIG_IPSEC_AES128_SHA1 = 2,   /**< AES-CBC-128, HMAC-SHA1-96 */
    RIG_IPSEC_AES256_SHA256 = 4, /**< AES-CBC-256, HMAC-SHA-256-128 */
    RIG_IPSEC_NULL_SHA256 = 8,   /**< ESP alone: no encryption, HMAC-SHA-256-128 */
    RIG_IPSEC_DES3_SHA1 = 16,    /**< never taken, offered only to be refused: triple DES */
    RIG_IPSEC_AES128_NONE = 32,  /**< ESP alone, never taken: no integrity (RFC 7146 section 3.1) */
    RIG_IPSEC_DES_SHA1 = 64      /**< never taken: single DES */
} rig_ipsec_suite;

/** rig_ipsec_profile is how a host negotiates. */
typedef struct rig_ipsec_profile {
    bool refuses;              /**< a responder that takes no proposal at all */
    rig_ipsec_will aggressive; /**< as responder: aggressive mode, main mode without */
    rig_ipsec_will pfs;        /**< as responder: perfect forward secrecy */
    rig_ipsec_will esn;        /**< 64-bit sequence numbers (RFC 4304): ALWAYS offers them, too */
    rig_ipsec_will tunnel;     /**< as responder: tunnel mode, transport mode without */
    unsigned suites;           /**< set of rig_ipsec_suite for ESP, 0 = the two that are required */
    unsigned ike_suites;       /**< set of rig_ipsec_suite for ISAKMP, 0 = the same */
    uint16_t group;            /**< Diffie-Hellman group that is offered: 14, or 2 to be refused; 0 = 14 */
    uint32_t life;             /**< s of an ESP SA that are offered; 0 = 3600 */
    uint32_t ike_life;         /**< s of an ISAKMP SA that are offered; 0 = 86400 */
} rig_ipsec_profile;

/** rig_ipsec_config is fixed at creation. */
typedef struct rig_ipsec_config {
    const rig_alloc *alloc; /**< all memory */
    rig_draws
        draws; /**< cookies, nonces, exponents, message ids, SPIs, IVs: names begin with "ike-" and "esp-" */
    rig_simnet *net;   /**< the network */
    rig_simhost *host; /**< whose edge it stands at; it takes its UDP port 500 and its packet filter */
    uint32_t number;   /**< of the host among those of the network: keeps their draws apart */
    uint32_t mtu;      /**< of the network, 0 = RIG_SIM_MTU: segments are kept small enough for ESP */
    rig_ipsec_profile profile; /**< how it negotiates */
    uint64_t faults;           /**< set of 1 << rig_ipsec_fault */
    rig_ipsec_tell_fn *tell;   /**< NULL: nobody is told */
    rig_ipsec_show_fn *show;   /**< NULL: keys are for nobody */
    bool all_keys; /**< ESP keys also of quick modes that the peer began, as it shows none itself */
    void *ctx;     /**< first argument of both */
} rig_ipsec_config;

/** RIG_IPSEC_FAULT_ROWS lists the deviations: identifier, name, what is done, which facts of
 * rig/ipsec_check.h do not hold then; none where the peer alone notices, or nobody has to. */
#define RIG_IPSEC_FAULT_ROWS(X)                                                                              \
    X(WRONG_EXCHANGE, "wrong-exchange", "phase 1 goes by the exchange that was not asked for",               \
      "phase1-type")                                                                                         \
    X(KE_LEFT_OUT, "ke-left-out", "quick mode has neither KE nor group though PFS was asked for", "pfs-ke")  \
    X(KE_ADDED, "ke-added", "quick mode has KE and group though none was asked for", "no-pfs-ke")            \
    X(WRONG_GROUP, "wrong-group", "group 2 is offered", "phase1-group")                                      \
    X(BAD_HASH, "bad-hash", "a bit of each HASH of phase 1 is wrong", "hashes")                              \
    X(BAD_KEY, "bad-key", "the pre-shared key is another one", "")                                           \
    X(ENCAPSULATION, "encapsulation", "packets are encapsulated otherwise than was agreed",                  \
      "next-transport, next-tunnel")                                                                         \
    X(CLEAR_LEAK, "clear-leak", "the first segment of a connection goes out in the clear", "no-clear")       \
    X(REPLAYED_ESP, "replayed-esp", "every eighth ESP packet is sent twice", "esp-sequence")                 \
    X(WRONG_SPI, "wrong-spi", "ESP packets have an SPI that nobody has agreed on", "esp-spi")                \
    X(LATE_MESSAGES, "late-messages", "each IKE message goes out behind its first retransmission's time",    \
      "")                                                                                                    \
    X(LOST_MESSAGES, "lost-messages", "the first copy of each IKE message is lost", "")                      \
    X(DELETE_UNDER_LOAD, "delete-under-load", "an ESP SA is deleted behind its sixteenth packet", "")        \
    X(REKEY_RACE, "rekey-race", "both ends negotiate anew at the same time", "")

/** rig_ipsec_fault is a deviation. */
typedef enum rig_ipsec_fault {
#define X(id, name, meaning, check) RIG_IPSEC_FAULT_##id,
    RIG_IPSEC_FAULT_ROWS(X)
#undef X
        RIG_IPSEC_FAULTS
} rig_ipsec_fault;

/** rig_ipsec_fault_name gives "wrong-exchange"; rig_ipsec_fault_find the fault of a name, RIG_IPSEC_FAULTS
 * when there is none. Static storage. */
const char *rig_ipsec_fault_name(rig_ipsec_fault fault);
rig_ipsec_fault rig_ipsec_fault_find(rig_view name); /**< see rig_ipsec_fault_name */

/** rig_ipsec_notice_word gives the word of an event ("ipsec-up"). Static storage. */
const char *rig_ipsec_notice_word(rig_ipsec_notice_kind kind);

/** rig_ipsec_new puts IPsec at the edge of a host. RIG_E_NOMEM, RIG_E_EXISTS when UDP port 500 is in use. */
rig_status rig_ipsec_new(const rig_ipsec_config *config, rig_ipsec **out_ipsec);

/** rig_ipsec_free takes it away: held packets are freed, nobody is told, keys are wiped. NULL is fine. Before
 * the network. */
void rig_ipsec_free(rig_ipsec *ipsec);

/** rig_ipsec_provide gives the host's side of an initiator. The provider is the ipsec's. */
const rig_ipsec_provider *rig_ipsec_provide(rig_ipsec *ipsec);

/** rig_ipsec_serve has the host answer negotiations about one of its portals; only: what comes to it in the
 * clear is dropped. RIG_E_LIMIT, RIG_E_NOMEM. */
rig_status rig_ipsec_serve(rig_ipsec *ipsec, const rig_address *portal, bool only);

/** rig_ipsec_key gives the host a pre-shared key for a peer's identity (RIG_IPSEC_ID_NONE with an empty id:
 * for all who have none of their own). Main mode finds a key by the peer's address only (RFC 2409
 * section 5.4). RIG_E_LIMIT, RIG_E_NOMEM. */
rig_status rig_ipsec_key(rig_ipsec *ipsec, rig_ipsec_id_type type, rig_view id, rig_view key);

/** rig_ipsec_next_deadline gives the time rig_ipsec_tick is wanted at, RIG_NEVER for none. */
uint64_t rig_ipsec_next_deadline(const rig_ipsec *ipsec);

/** rig_ipsec_tick does what is due: retransmissions, lives that end. */
void rig_ipsec_tick(rig_ipsec *ipsec, uint64_t now);

#endif
