/* The private shapes of IPsec at one host's edge: ISAKMP SAs, quick modes under way, protected connections
 * with their ESP SAs. Index 0 of a pair is the initiator's of that exchange, index 1 the responder's. */
#ifndef IPSEC_INTERNAL_H
#define IPSEC_INTERNAL_H

#include "crypto.h"
#include "isakmp.h"
#include "rig/ipsec.h"
#include "rig/link_ops.h"
#include "rig/map.h"
#include "rig/text.h"

#define IKE_PORT 500
#define IKE_NONCE 16         /* bytes of ours … */
#define IKE_NONCE_MAX 256    /* … and of anybody's (RFC 2409 section 5) */
#define IKE_MESSAGE_MAX 2048 /* bytes of a message */
#define IKE_ID_HEAD 4        /* type, protocol, port */
#define IKE_ID_MAX (IKE_ID_HEAD + RIG_IPSEC_ID_MAX)
#define IKE_SA_MAX 512                     /* bytes of an SA payload's body */
#define IKE_QUICKS_MAX RIG_IPSEC_FLOWS_MAX /* quick modes under way at one host, ours or of others */
#define IKE_LINGERING_MAX 4096             /* quick modes that are over and still answer */
#define IKE_RETRANSMIT (RIG_SECOND / 2)    /* doubled with every try … */
#define IKE_TRIES 4                        /* … of so many */
#define IKE_HALF_OPEN_MAX 256              /* ISAKMP SAs that others have begun and not finished */
#define IKE_LINGER (16 * RIG_SECOND)       /* an exchange that is over answers what comes again */
#define IKE_DRAWS_MAX 64                   /* draws until a number is one that is not in use */
#define ESP_HEADER 8                       /* SPI and sequence number */
#define ESP_ICV_MAX 16
#define ESP_KEY_MAX 32
#define ESP_WINDOW 64            /* packets of the anti-replay window (RFC 4303 section 3.4.3) */
#define ESP_GENERATIONS 4        /* pairs of SAs of a connection that are still taken */
#define ESP_RENEW_AT 0xf0000000u /* sequence number from which on others are negotiated */
#define ESP_ODD_PACKET 16        /* behind so many packets of an SA what the faults do to it is done */
#define FLOW_LINGER                                                                                          \
    (64 * RIG_SECOND) /* SAs outlive their connection by TCP's longest timeout, and wait as long for it */

typedef struct ike_sa ike_sa;
typedef struct ike_quick ike_quick;
typedef struct ips_flow ips_flow;
typedef struct esp_sa esp_sa;

typedef struct ike_octets {
    uint16_t len;
    uint8_t bytes[IKE_SA_MAX];
} ike_octets;

/* ---- suites ---- */

typedef struct ips_suite {
    rig_ipsec_suite bit;
    uint8_t ike_encryption, ike_hash; /* attribute values of phase 1, 0: not for ISAKMP */
    uint8_t esp_id, esp_auth;         /* transform and attribute of ESP, 0: no attribute */
    uint16_t key_bits;                /* 0: no attribute */
    ipc_hash hash;
    uint8_t icv;                         /* bytes that ESP leaves of its HMAC */
    bool refused;                        /* never taken */
    const char *cipher_name, *auth_name; /* as tshark calls them */
} ips_suite;

extern const ips_suite ips_suites[];
extern const unsigned ips_num_suites;

/* The transforms that a profile offers for phase 1, or for ESP with these particulars. */
unsigned ips_offer_ike(const rig_ipsec_profile *profile, uint16_t group, isa_transform *out);
unsigned ips_offer_esp(const rig_ipsec_profile *profile, uint16_t group, bool tunnel, uint32_t spi,
                       isa_transform *out);

/* The first transform that a profile takes, NULL: none, with why. */
const isa_transform *ips_choose_ike(const rig_ipsec_profile *profile, const isa_transform *offered,
                                    unsigned num, const ips_suite **out_suite, rig_error *err);
const isa_transform *ips_choose_esp(const rig_ipsec_profile *profile, const isa_transform *offered,
                                    unsigned num, const ips_suite **out_suite, rig_error *err);

/* Seconds that an SA of this transform lives, also when it has no word about it. */
uint32_t ips_life(const isa_transform *transform);

/* What an answer chose has to be one of what was offered. */
bool ips_is_offered(const isa_transform *chosen, const isa_transform *offered, unsigned num);

enum { IKE_ENCRYPTION = 1, IKE_HASH, IKE_AUTH, IKE_GROUP, IKE_LIFE_TYPE = 11, IKE_LIFE, IKE_KEY_BITS = 14 };
enum { ESP_LIFE_TYPE = 1, ESP_LIFE, ESP_GROUP, ESP_ENCAPSULATION, ESP_AUTH, ESP_KEY_BITS, ESP_ESN = 11 };
enum { ESP_TUNNEL = 1, ESP_TRANSPORT };

/* ---- exchanges ---- */

/* What a message is made of, in order. */
typedef enum ike_item {
    IKE_END,
    IKE_ITEM_HASH,
    IKE_ITEM_SA,
    IKE_ITEM_KE,
    IKE_ITEM_NONCE,
    IKE_ITEM_ID,
    IKE_ITEM_IDS,
    IKE_ITEM_PFS, /* KE where there is a group */
    IKE_ITEMS
} ike_item;

#define IKE_STEP_ITEMS 6
#define IKE_STEPS_MAX 6

typedef struct ike_step {
    bool encrypted;
    uint8_t items[IKE_STEP_ITEMS];
} ike_step;

/* An exchange: how it goes, how far it is, and what is sent again. */
typedef struct ike_exchange {
    const ike_step *steps;
    uint8_t num_steps, at; /* messages that have passed */
    uint8_t type;
    bool initiator;
    uint32_t message_id;
    uint8_t iv[IPC_BLOCK];
    uint8_t *sent; /* IKE_MESSAGE_MAX bytes */
    size_t sent_len;
    uint64_t heard;   /* mark of the last message that was taken: again, it gets the last answer again */
    uint8_t answered; /* how often it was given again */
    rig_timer timer;
    uint8_t tries;
} ike_exchange;

typedef enum ips_timer_kind {
    IPS_TIMER_PHASE1,
    IPS_TIMER_QUICK,
    IPS_TIMER_SA_LIFE,
    IPS_TIMER_ESP,
    IPS_TIMER_FLOW
} ips_timer_kind;

struct ike_sa {
    ike_sa *next, *prev;
    rig_map_link by_cookie;
    rig_ipsec *ipsec;
    struct ips_wish *wish; /* the initiator's, else NULL */
    rig_ip local, peer;
    ike_exchange exchange;
    uint8_t icookie[ISA_COOKIE], rcookie[ISA_COOKIE];
    bool up, has_keys;
    bool stale; /* its peer is silent: nothing is begun with it any more */
    const ips_suite *suite;
    uint16_t group;
    uint8_t exponent[IPC_EXPONENT];
    ike_octets ke[2], nonce[2], id[2], offer; /* bodies; offer is the initiator's SA */
    isa_transform offered[ISA_TRANSFORMS_MAX];
    unsigned num_offered;
    isa_transform chosen;
    uint8_t skeyid[IPC_HASH_MAX], skeyid_d[IPC_HASH_MAX], skeyid_a[IPC_HASH_MAX];
    uint8_t key[IPC_HASH_MAX]; /* of the cipher */
    uint8_t last_block[IPC_BLOCK];
    ike_quick *quicks;
    rig_timer life;
};

/* Quick modes that have to go when there are too many, the oldest first. */
typedef struct ike_queue {
    ike_quick *first, *last;
    uint32_t num;
} ike_queue;

struct ike_quick {
    ike_quick *next, *prev;  /* of its SA */
    ike_quick *next_of_flow; /* of its connection */
    ike_queue *queue; /* that it stands in: over, or of others and not finished; NULL: ours, under way */
    ike_quick *before, *behind;
    rig_map_link by_message;
    ike_sa *sa;
    ips_flow *flow;
    ike_exchange exchange;
    uint16_t group; /* 0: without PFS */
    uint8_t exponent[IPC_EXPONENT];
    ike_octets ke[2], nonce[2], ids[2];
    isa_transform offered[ISA_TRANSFORMS_MAX];
    unsigned num_offered;
    isa_transform chosen;
    const ips_suite *suite;
    uint32_t spi[2]; /* of packets to that end */
    bool tunnel;
    uint8_t shared[IPC_KE_MAX];
    size_t shared_len;
};

/* ---- connections ---- */

struct esp_sa {
    rig_map_link by_spi; /* inbound: of ours; outbound: of the peer's */
    ips_flow *flow;
    const ips_suite *suite;
    uint16_t group; /* of its quick mode, 0: without PFS */
    uint32_t spi;
    uint64_t sequence;            /* of the last packet sent, or the highest that came */
    bool esn;                     /* it has 64 bits, of which packets carry the low half (RFC 4304) */
    uint64_t seen;                /* window below it */
    bool tunnel, inbound, renews; /* renews: we negotiate anew before its life ends */
    rig_ip outer[2];              /* of its packets: source, destination */
    uint8_t key[ESP_KEY_MAX], auth[IPC_HASH_MAX];
    uint64_t born;
    uint32_t life;
    rig_timer timer;
    esp_sa *older; /* inbound: the one it took the place of */
};

struct ips_flow {
    ips_flow *next, *prev;
    rig_map_link by_ends;
    rig_ipsec *ipsec;
    struct ips_wish *wish; /* the initiator's, else NULL */
    rig_address local, remote;
    esp_sa *in, *out;
    rig_packet *held;   /* waits for the SAs */
    ike_quick *quicks;  /* all that are for it … */
    ike_quick *quick;   /* … and ours, under way */
    bool wants;         /* waits for an ISAKMP SA */
    bool asked;         /* a quick mode of ours was begun for it */
    uint8_t fins;       /* 1 ours, 2 theirs */
    bool leaked, raced; /* what faults have done to it */
    bool installed;     /* it has had SAs, the last of them … */
    bool pfs, tunnel;   /* … like this … */
    rig_ip outer[2];    /* … from here to there */
    bool again;         /* its quick mode lost its ISAKMP SA, and may begin anew once */
    rig_timer timer;
};

typedef struct ips_wish {
    struct ips_wish *next;
    rig_ip local; /* version 0: any */
    rig_address portal;
    bool aggressive, pfs, tunnel;
    bool kept; /* SAs were negotiated for it: it stays */
    rig_ip outer;
    ike_octets id; /* body of the payload, empty: the address */
    rig_view key;
} ips_wish;

typedef struct ips_key {
    struct ips_key *next;
    rig_ipsec_id_type type;
    rig_view id, key;
} ips_key;

typedef struct ips_portal {
    struct ips_portal *next;
    rig_address at;
    bool only; /* nothing in the clear */
} ips_portal;

struct rig_ipsec {
    rig_ipsec_config config;
    rig_ipsec_provider provider;
    ipc *crypto;
    rig_timerq timers;
    uint64_t now;
    ips_wish *wishes;
    ips_portal *portals;
    ips_key *keys;
    ike_sa *sas;
    ips_flow *flows;
    ike_queue half_open, lingering;
    rig_map by_ends, by_spi, by_peer_spi, by_cookie, by_message;
    uint32_t num_wishes, num_portals, num_keys, num_sas, num_half_open, num_quicks, num_flows;
    uint64_t num_draws;
    uint8_t scratch[2][RIG_SIM_MTU_MAX + 64];
};

#define IPS_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* ---- ipsec.c ---- */
bool ips_deviates(const rig_ipsec *ipsec, rig_ipsec_fault fault);
void ips_draw(rig_ipsec *ipsec, const char *name, uint8_t *out, size_t len);
void ips_tell(rig_ipsec *ipsec, const rig_ipsec_notice *event);
void ips_refused(rig_ipsec *ipsec, const rig_address *remote, const rig_error *why);
void ips_show_key(rig_ipsec *ipsec, rig_ipsec_shown kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
rig_view ips_key_for(const rig_ipsec *ipsec, const ike_sa *sa);
const ips_portal *ips_serves(const rig_ipsec *ipsec, const rig_address *portal);
bool ips_seals(const rig_ipsec *ipsec, const rig_address *portal);
ips_wish *ips_wish_for(const rig_ipsec *ipsec, const rig_address *local, const rig_address *portal);
void ips_id_of_address(const rig_ip *ip, uint8_t protocol, uint16_t port, ike_octets *out);
bool ips_id_read(rig_view body, rig_address *out);
rig_view ips_view(const ike_octets *octets);
bool ips_keep(ike_octets *out, rig_view from);

/* ---- exchange.c ---- */
/* What an exchange is of: either an SA's first phase or a quick mode. */
typedef struct ike_party {
    ike_sa *sa;
    ike_quick *quick; /* NULL in phase 1 */
} ike_party;

bool ike_exchange_begin(rig_ipsec *ipsec, ike_exchange *exchange, uint8_t type, bool initiator);
void ike_exchange_end(rig_ipsec *ipsec, ike_exchange *exchange);
bool ike_is_ours(const ike_exchange *exchange);
rig_status ike_say(ike_party *party);
rig_status ike_hear(ike_party *party, rig_view bytes, const isa_header *header, rig_error *err);
bool ike_heard_before(ike_sa *sa, ike_exchange *exchange, rig_view bytes);
void ike_retransmit(ike_sa *sa, ike_exchange *exchange);
void ike_send(ike_sa *sa, rig_view bytes, bool again);
bool ike_encrypt(ike_sa *sa, uint8_t iv[IPC_BLOCK], uint8_t *bytes, size_t *len);
bool ike_decrypt(ike_sa *sa, uint8_t iv[IPC_BLOCK], rig_view bytes, uint8_t *out);
bool ike_iv_of(ike_sa *sa, uint32_t message_id, uint8_t iv[IPC_BLOCK]);

/* ---- phase1.c ---- */
ike_sa *ike_phase1_start(rig_ipsec *ipsec, ips_wish *wish, const rig_ip *local);
void ike_phase1_heard(rig_ipsec *ipsec, const rig_address *from, const rig_address *to, rig_view bytes,
                      const isa_header *header);
ike_sa *ike_sa_find(const rig_ipsec *ipsec, const isa_header *header, const rig_ip *peer);
ike_sa *ike_sa_for(const rig_ipsec *ipsec, const ips_wish *wish, const rig_ip *local);
ike_sa *ike_sa_between(const rig_ipsec *ipsec, const rig_ip *local, const rig_ip *peer);
void ike_sa_end(ike_sa *sa, const rig_error *why);
void ike_sa_deleted(ike_sa *sa);
void ike_sa_free(ike_sa *sa);
bool ike_sa_keys(ike_sa *sa, rig_error *err);
rig_status ike_phase1_put(ike_party *party, ike_item item, isa_writer *w);
rig_status ike_phase1_take(ike_party *party, ike_item item, const isa_message *message, const uint8_t *base,
                           rig_error *err);

/* ---- quick.c ---- */
void ike_quick_start(ike_sa *sa, ips_flow *flow);
void ike_quick_heard(ike_sa *sa, rig_view bytes, const isa_header *header);
void ike_quick_fail(ike_quick *quick, const rig_error *why);
void ike_quick_free(ike_quick *quick);
bool ike_quick_asks(const ike_quick *quick);
void ike_quick_drop(ike_quick *quick);
bool ike_quick_make_room(rig_ipsec *ipsec, const ike_quick *but);
rig_status ike_quick_put(ike_party *party, ike_item item, isa_writer *w);
rig_status ike_quick_take(ike_party *party, ike_item item, const isa_message *message, const uint8_t *base,
                          rig_error *err);
rig_status ike_quick_seal(ike_party *party, uint8_t *bytes, size_t len);

/* ---- info.c ---- */
enum {
    NOTIFY_INVALID_EXCHANGE = 7,
    NOTIFY_NO_PROPOSAL = 14,
    NOTIFY_MALFORMED = 16,
    NOTIFY_INVALID_ID = 18,
    NOTIFY_INVALID_HASH = 23,
    NOTIFY_AUTH_FAILED = 24
};
void ike_notify(ike_sa *sa, uint16_t type, uint8_t protocol, uint32_t spi);
void ike_notify_clear(rig_ipsec *ipsec, const rig_ip *local, const rig_ip *peer, const isa_header *about,
                      uint16_t type);
void ike_delete(ike_sa *sa, uint32_t spi);
void ike_delete_isakmp(ike_sa *sa);
void ike_info_heard(ike_sa *sa, rig_view bytes, const isa_header *header);
uint16_t ike_notify_for(rig_status status, const char *field);

/* ---- flow.c ---- */
ips_flow *ips_flow_find(const rig_ipsec *ipsec, const rig_address *local, const rig_address *remote);
ips_flow *ips_flow_new(rig_ipsec *ipsec, const rig_address *local, const rig_address *remote, ips_wish *wish);
void ips_flow_free(ips_flow *flow);
void ips_flow_want(ips_flow *flow);
void ips_flow_fail(ips_flow *flow, const rig_error *why);
void ips_flow_installed(ips_flow *flow);
void ips_flow_deleted(ips_flow *flow);
void ips_flow_expired(ips_flow *flow);
void ips_flow_settle(ips_flow *flow);
void ips_flow_touch(ips_flow *flow);
void ips_flow_due(ips_flow *flow);
void ips_leaving(void *ctx, rig_simhost *host, rig_packet *packet);
void ips_arriving(void *ctx, rig_simhost *host, rig_packet *packet);

/* ---- esp.c ---- */
bool esp_install(ike_quick *quick);
void esp_sa_free(esp_sa *sa);
void esp_sa_timer(esp_sa *sa);
esp_sa *esp_find(const rig_ipsec *ipsec, uint32_t spi);
esp_sa *esp_find_theirs(const rig_ipsec *ipsec, uint32_t spi, const rig_ip *peer);
bool esp_is_spent(const esp_sa *sa);
bool esp_seal(esp_sa *sa, rig_packet *packet);
rig_status esp_open(esp_sa *sa, rig_packet *packet, rig_error *err);

#endif
