/** @file
 * What those who write a link (net/link, net/ipsec) need of the simulated network: packets, the chain,
 * timers.
 */
#ifndef RIG_LINK_OPS_H
#define RIG_LINK_OPS_H

#include "rig/link.h"

#define RIG_TCP_FIN 0x01    /**< flag bits of byte 13 of a TCP header (RFC 9293 section 3.1) */
#define RIG_TCP_SYN 0x02    /**< see RIG_TCP_FIN */
#define RIG_TCP_RST 0x04    /**< see RIG_TCP_FIN */
#define RIG_TCP_PSH 0x08    /**< see RIG_TCP_FIN */
#define RIG_TCP_ACK 0x10    /**< see RIG_TCP_FIN */
#define RIG_TCP_SEQ_AT 4    /**< offset of the sequence number in a TCP header */
#define RIG_TCP_ACK_AT 8    /**< offset of the acknowledgement number in a TCP header */
#define RIG_TCP_FLAGS_AT 13 /**< offset of the flag bits in a TCP header */
#define RIG_TCP_HEADER 20   /**< bytes of a TCP header without options */
#define RIG_UDP_HEADER 8    /**< bytes of a UDP header */
#define RIG_PROTOCOL_TCP 6  /**< IP protocol number of TCP */
#define RIG_PROTOCOL_UDP 17 /**< IP protocol number of UDP */
#define RIG_PROTOCOL_ESP 50 /**< IP protocol number of ESP */

/** rig_link_ops are the calls into a link. */
typedef struct rig_link_ops {
    /** A packet has come: the link owns it and forwards, keeps or frees it. */
    void (*pass)(rig_link *link, rig_packet *packet);
    /** The time asked for by rig_link_arm has come; may be NULL for a link that never asks. */
    void (*due)(rig_link *link);
    /** The network ends; packets the link still holds are freed by the network. */
    void (*free)(rig_link *link);
} rig_link_ops;

/** rig_link is the part every link begins with. The maker sets ops; the rest is the network's. */
struct rig_link {
    const rig_link_ops *ops; /**< its calls */
    rig_simnet *net;         /**< the network it is in */
    rig_link *next;          /**< the link behind it, NULL for the last */
    rig_timer timer;         /**< its one deadline */
    uint32_t number; /**< 0-based place in the chain: keeps the draws of two links of one kind apart */
};

/** rig_simnet_link puts a link last in the chain; the network owns it from then on. RIG_E_LIMIT:
 * RIG_LINKS_MAX. */
rig_status rig_simnet_link(rig_simnet *net, rig_link *link);

/** rig_link_forward hands a packet to what is behind the link. */
void rig_link_forward(rig_link *link, rig_packet *packet);

/** rig_link_forward_at is rig_link_forward at a later time; packets of one time go in the order of the calls.
 */
void rig_link_forward_at(rig_link *link, rig_packet *packet, uint64_t at);

/** rig_link_arm sets (or moves) the link's deadline. At the present time it comes behind all events made so
 * far. */
void rig_link_arm(rig_link *link, uint64_t at);

/** rig_simnet_alloc gives the network's allocator. */
const rig_alloc *rig_simnet_alloc(const rig_simnet *net);

/** rig_simnet_draws gives the network's draws. */
const rig_draws *rig_simnet_draws(const rig_simnet *net);

/** rig_simnet_tap sets the function that sees packets; see rig_tap_set. */
void rig_simnet_tap(rig_simnet *net, rig_tap_fn *tap, void *ctx);

/** rig_simnet_show gives a packet to the tap, if there is one, from where a link stands. */
void rig_simnet_show(rig_simnet *net, const rig_packet *packet);

/** rig_simnet_tap_moved tells the network that a link shows the packets from now on, not the receiving end.
 */
void rig_simnet_tap_moved(rig_simnet *net);

/** rig_packet_new gives a packet without header, addresses and payload; NULL without memory or at the
 * network's limit. */
rig_packet *rig_packet_new(rig_simnet *net);

/** rig_packet_free gives a packet back. NULL is fine. */
void rig_packet_free(rig_simnet *net, rig_packet *packet);

/** rig_packet_like makes a packet with the addresses, the sender and the transport header of another, no
 * payload and an identification of its own; NULL without memory. */
rig_packet *rig_packet_like(rig_simnet *net, const rig_packet *packet);

/** rig_packet_slice is rig_packet_like with len payload bytes from offset on. The header is not adjusted. */
rig_packet *rig_packet_slice(rig_simnet *net, const rig_packet *packet, uint32_t offset, uint32_t len);

/** rig_packet_join puts the payload of tail behind that of head, of the same sender; tail is left for the
 * caller to free. False without memory (head is then as before). */
bool rig_packet_join(rig_simnet *net, rig_packet *head, const rig_packet *tail);

/** rig_packet_own copies the payload into one piece of the network's memory, which may then be changed. False
 * without memory (the packet is then as before). */
bool rig_packet_own(rig_simnet *net, rig_packet *packet);

/** rig_packet_room drops the payload and gives the packet one piece of len zeroed bytes of its own. False
 * without memory. */
bool rig_packet_room(rig_simnet *net, rig_packet *packet, uint32_t len);

/** rig_packet_filter_fn sees a packet at a host's edge and owns it: passes it on (rig_simhost_leave, _arrive)
 * or frees it. Security associations live here: the tap sees what is between two filters. */
typedef void rig_packet_filter_fn(void *ctx, rig_simhost *host, rig_packet *packet);

/** rig_simhost_filter sets (or with NULL takes away) what sees the packets that leave a host, before all
 * links, and those that arrive, behind the tap. */
void rig_simhost_filter(rig_simhost *host, rig_packet_filter_fn *leaving, rig_packet_filter_fn *arriving,
                        void *ctx);

/** rig_simhost_leave puts a packet on the network behind the leaving filter. */
void rig_simhost_leave(rig_simhost *host, rig_packet *packet);

/** rig_simhost_arrive gives a packet to the host's TCP or UDP behind the arriving filter. */
void rig_simhost_arrive(rig_simhost *host, rig_packet *packet);

/** rig_simhost_connected says whether the host's TCP has a connection between these ends, in any state. */
bool rig_simhost_connected(const rig_simhost *host, const rig_address *local, const rig_address *remote);

/** rig_simhost_refuse has the connection that a packet of the host belongs to fail with why, if it is being
 * made. The packet stays the caller's. */
void rig_simhost_refuse(rig_simhost *host, const rig_packet *packet, rig_status why);

/** rig_be16 reads a 16-bit number in network order. */
static inline uint16_t rig_be16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/** rig_be32 reads a 32-bit number in network order. */
static inline uint32_t rig_be32(const uint8_t *bytes)
{
    return (uint32_t)rig_be16(bytes) << 16 | rig_be16(bytes + 2);
}

/** rig_put_be16 writes a 16-bit number in network order. */
static inline void rig_put_be16(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

/** rig_put_be32 writes a 32-bit number in network order. */
static inline void rig_put_be32(uint8_t *bytes, uint32_t value)
{
    rig_put_be16(bytes, (uint16_t)(value >> 16));
    rig_put_be16(bytes + 2, (uint16_t)value);
}

#endif
