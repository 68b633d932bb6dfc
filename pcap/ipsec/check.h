/* What was collected of a capture, and what the rows of check.c look at it with. */
#ifndef PCAP_IPSEC_CHECK_H
#define PCAP_IPSEC_CHECK_H

#include "rig/ipsec_check.h"

typedef struct chk_message {
    uint32_t frame;
    uint32_t opened; /* frame of the first message of its exchange */
    rig_ip from, to;
    uint16_t udp_port;
    rig_ike_message ike;
} chk_message;

#define CHK_INSIDE_MAX 8 /* of one SPI: next headers and ends inside */

typedef struct chk_inside {
    uint32_t frame; /* of the first such packet */
    rig_esp_packet packet;
} chk_inside;

/* Packets towards one end with one SPI; frames are those of the first such packet, 0 = none. */
typedef struct chk_spi {
    uint32_t spi;
    rig_ip from, to;
    uint32_t frame;
    uint32_t opened; /* frame of the first message of the quick mode that gave it, else its own */
    uint16_t udp_port;
    uint32_t first, last; /* sequence numbers */
    uint64_t window;      /* which of the last 64 came, the highest as bit 0 */
    uint32_t disordered;  /* frame whose number did not rise */
    uint32_t repeated;    /* frame whose number came before, as far back as the window */
    uint32_t unread, bad_icv, bad_pad, stranger, moved;
    uint32_t num_inside;
    chk_inside inside[CHK_INSIDE_MAX];
} chk_spi;

typedef struct chk_clear {
    rig_ip from, to;
    uint16_t from_port, to_port;
    uint32_t frame, syn;
} chk_clear;

typedef struct chk_list {
    void *ptr;
    size_t num, size, item;
} chk_list;

struct rig_ipsec_seen {
    const rig_alloc *alloc;
    chk_list messages, spis, clears;
    uint32_t overflow; /* frame of what was not kept */
    uint32_t flaw;     /* frame of the first one */
    char said[RIG_IPSEC_SAID_MAX];
};

/* One row being judged. */
typedef struct chk {
    const rig_ipsec_wanted *wanted;
    const rig_ipsec_seen *seen;
    rig_ip outer[2];
    uint32_t since, until; /* frames that exchanges began in */
    rig_ipsec_finding *finding;
    bool missed;
} chk;

/* Notes a finding, once; expected and seen are what had to be and what was. */
__attribute__((format(printf, 4, 5))) void chk_miss(chk *c, uint32_t frame, const char *expected,
                                                    const char *seen, ...);

/* The next message between the outer ends, NULL behind the last; begin with *at 0. Copies are left out. */
const chk_message *chk_next_message(const chk *c, size_t *at);
const chk_spi *chk_next_spi(const chk *c, size_t *at);
const chk_clear *chk_next_clear(const chk *c, size_t *at);

/* One of its transforms of ESP has that SPI. */
bool chk_names(const chk_message *message, uint32_t spi);
bool chk_between(const rig_ip ends[2], const rig_ip *from, const rig_ip *to);
bool chk_phase1(const chk_message *message);
/* How many messages its exchange has, whatever their order. */
uint32_t chk_messages_of(const chk *c, const chk_message *message);

/* ---- check_ike.c, check_esp.c: one function a row ---- */

#define CHK_ROWS(X)                                                                                          \
    X(well_formed, "well-formed", 0, "Nothing of IKE or ESP is malformed.")                                  \
    X(all_seen, "all-seen", 0, "No more was seen than is kept.")                                             \
    X(off_ike, "off-ike", CHK_OFF, "Without IPsec there is no IKE.")                                         \
    X(off_esp, "off-esp", CHK_OFF, "Without IPsec there is no ESP.")                                         \
    X(off_tcp, "off-tcp", CHK_OFF, "Without IPsec a SYN goes to the portal.")                                \
    X(no_clear, "no-clear", CHK_ON, "No TCP segment to or from the portal is outside ESP.")                  \
    X(phase1_type, "phase1-type", CHK_ON, "Phase 1 has the wanted exchange type and no other.")              \
    X(phase1_seen, "phase1-seen", CHK_ON, "There is a phase 1.")                                             \
    X(phase1_group, "phase1-group", CHK_ON, "Phase 1 offers and chooses the wanted group alone.")            \
    X(main_count, "main-messages", CHK_AGREED | CHK_MAIN, "Main mode has 6 messages.")                       \
    X(main_order, "main-order", CHK_MAIN, "Main mode: SA; KE and nonce; encrypted; each from both sides.")   \
    X(main_identity, "main-identity", CHK_MAIN, "Main mode shows no identity in the clear.")                 \
    X(main_auth, "main-authentication", CHK_AGREED | CHK_MAIN, "Main messages 5 and 6 have ID and HASH.")    \
    X(aggressive_count, "aggressive-messages", CHK_AGREED | CHK_AGGRESSIVE,                                  \
      "Aggressive mode has 3 messages.")                                                                     \
    X(aggressive_order, "aggressive-order", CHK_AGGRESSIVE,                                                  \
      "Aggressive mode: SA KE nonce; the same and HASH; HASH.")                                              \
    X(aggressive_identity, "aggressive-identity", CHK_AGGRESSIVE,                                            \
      "Aggressive messages 1 and 2 have their identity in the clear.")                                       \
    X(aggressive_last, "aggressive-last", CHK_AGREED | CHK_AGGRESSIVE, "Aggressive message 3 is encrypted.") \
    X(quick_seen, "quick-seen", CHK_AGREED, "There is a quick mode.")                                        \
    X(quick_count, "quick-messages", CHK_AGREED, "Quick mode has 3 messages under one message ID.")          \
    X(quick_encrypted, "quick-encrypted", CHK_ON,                                                            \
      "Every quick mode message is encrypted, with a message ID.")                                           \
    X(quick_payloads, "quick-payloads", CHK_ON, "Quick mode: HASH SA nonce ID ID; the same; HASH.")          \
    X(pfs_ke, "pfs-ke", CHK_PFS, "With PFS quick messages 1 and 2 have KE.")                                 \
    X(pfs_group, "pfs-group", CHK_PFS, "With PFS both SAs of quick mode have the wanted group.")             \
    X(no_pfs_ke, "no-pfs-ke", CHK_NO_PFS, "Without PFS quick mode has no KE.")                               \
    X(no_pfs_group, "no-pfs-group", CHK_NO_PFS, "Without PFS no SA of quick mode has a group.")              \
    X(encapsulation, "encapsulation", CHK_ON, "Both SAs of quick mode have the wanted encapsulation mode.")  \
    X(identities, "identities", CHK_ON, "Quick mode is about TCP between the ends and the portal's port.")   \
    X(hashes, "hashes", CHK_ON, "No HASH is wrong.")                                                         \
    X(hashes_known, "hashes-known", CHK_KEYMAT, "Every HASH of quick mode and behind it is right.")          \
    X(keymat_pfs, "keymat-pfs", CHK_AGREED | CHK_KEYMAT | CHK_PFS, "ESP keys depend on g(qm)^xy.")           \
    X(keymat_plain, "keymat-plain", CHK_AGREED | CHK_KEYMAT | CHK_NO_PFS,                                    \
      "ESP keys come from phase 1 alone.")                                                                   \
    X(ike_port, "ike-port", CHK_ON,                                                                          \
      "IKE is on port 500, with NAT traversal from its last messages on 4500.")                              \
    X(esp_seen, "esp-seen", CHK_AGREED, "ESP goes both ways.")                                               \
    X(ike_first, "ike-first", CHK_AGREED, "The first packet of an SPI comes behind its quick mode.")         \
    X(esp_spi, "esp-spi", CHK_AGREED, "Every SPI is one that was negotiated.")                               \
    X(esp_sequence, "esp-sequence", CHK_AGREED, "Sequence numbers begin with 1 and rise.")                   \
    X(esp_icv, "esp-icv", CHK_AGREED, "Every ICV is right, and what is inside could be read.")               \
    X(esp_padding, "esp-padding", CHK_AGREED, "Padding is 1, 2, 3 ….")                                       \
    X(next_transport, "next-transport", CHK_AGREED | CHK_TRANSPORT, "Next header is TCP, never IP.")         \
    X(next_tunnel, "next-tunnel", CHK_AGREED | CHK_TUNNEL, "Next header is IP of the ends, never TCP.")      \
    X(esp_inner, "esp-inner", CHK_AGREED, "Inside is TCP between initiator and portal.")                     \
    X(esp_outer, "esp-outer", CHK_AGREED, "Outside are the ends of the SA.")                                 \
    X(esp_carrier, "esp-carrier", CHK_AGREED, "ESP is IP protocol 50, with NAT traversal UDP port 4500.")    \
    X(refused_phase1, "refused-phase1", CHK_REFUSED_PHASE1,                                                  \
      "One phase 1 message, then an informational exchange.")                                                \
    X(refused_quick, "refused-quick", CHK_REFUSED_QUICK, "One quick mode message, then the notification.")   \
    X(refused_no_quick, "refused-no-quick", CHK_NO_PHASE2, "No quick mode without a phase 1.")               \
    X(refused_no_esp, "refused-no-esp", CHK_REFUSED, "No ESP without an agreement.")

enum {
    CHK_OFF = 1 << 0,
    CHK_ON = 1 << 1,
    CHK_AGREED = 1 << 2,
    CHK_REFUSED = 1 << 3,
    CHK_REFUSED_PHASE1 = 1 << 4,
    CHK_REFUSED_QUICK = 1 << 5,
    CHK_NO_PHASE2 = 1 << 6,
    CHK_MAIN = 1 << 7,
    CHK_AGGRESSIVE = 1 << 8,
    CHK_PFS = 1 << 9,
    CHK_NO_PFS = 1 << 10,
    CHK_TUNNEL = 1 << 11,
    CHK_TRANSPORT = 1 << 12,
    CHK_KEYMAT = 1 << 13
};

#define X(function, id, when, what) void chk_##function(chk *c);
CHK_ROWS(X)
#undef X

#endif
