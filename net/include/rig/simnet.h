/** @file
 * The simulated network: IP packets between hosts, a small TCP, UDP, an event queue and a virtual clock.
 *
 * A network has hosts; a host has addresses and a transport (rig/transport.h). Between two hosts packets pass
 * a chain of links (rig/link.h) in each direction, with the tap at the receiving end: what it sees is what
 * the receiver gets.
 */
#ifndef RIG_SIMNET_H
#define RIG_SIMNET_H

#include "rig/alloc.h"
#include "rig/draws.h"
#include "rig/timerq.h"
#include "rig/transport.h"

#define RIG_SIM_MTU 1500          /**< default bytes of an IP packet */
#define RIG_SIM_MTU_MIN 256       /**< least MTU a network may have */
#define RIG_SIM_MTU_MAX 65535     /**< most bytes of an IP packet */
#define RIG_SIM_HOSTS 1024        /**< most hosts of one network */
#define RIG_SIM_HOST_ADDRESSES 16 /**< most addresses of one host */
#define RIG_SIM_PACKET_IOV 16     /**< most pieces of one packet's payload */

/** rig_simnet is a network with its clock. Single-threaded. */
typedef struct rig_simnet rig_simnet;

/** rig_simhost is one host of a network. */
typedef struct rig_simhost rig_simhost;

/** rig_packet is one IP packet on its way. Payload bytes are references into the sender's memory. */
typedef struct rig_packet {
    rig_ip source;                        /**< sender's address */
    rig_ip destination;                   /**< receiver's address */
    uint8_t protocol;                     /**< 6 TCP, 17 UDP, 50 ESP */
    uint8_t header[60];                   /**< transport header without a valid checksum */
    uint8_t header_len;                   /**< its bytes */
    uint16_t num_iov;                     /**< pieces of payload */
    struct iovec iov[RIG_SIM_PACKET_IOV]; /**< payload */
    uint32_t payload_len;                 /**< bytes of payload */
    uint16_t id;                          /**< IPv4 identification */
    bool corrupt_checksum; /**< a link damaged it in a way the checksum shows: the receiver drops it */
    bool to_listener;      /**< it goes from the side that connected to the side that listened */
} rig_packet;

/** rig_packet_bytes writes the packet from the IP header on, with right checksums (wrong ones when
 * corrupt_checksum), into out; returns its bytes, 0 when it does not fit. */
size_t rig_packet_bytes(const rig_packet *packet, uint8_t *out, size_t size);

/** rig_simnet_config is fixed at creation. */
typedef struct rig_simnet_config {
    const rig_alloc *alloc; /**< all memory */
    rig_draws draws;  /**< initial sequence numbers, IP identifications, ephemeral ports, link decisions */
    uint32_t mtu;     /**< RIG_SIM_MTU_MIN to RIG_SIM_MTU_MAX, 0 = RIG_SIM_MTU */
    uint64_t latency; /**< one way, in ns; may be 0 (order is kept by the event queue) */
} rig_simnet_config;

/** rig_simnet_new makes a network at time 0. RIG_E_NOMEM, RIG_E_ARGUMENT. */
rig_status rig_simnet_new(const rig_simnet_config *config, rig_simnet **out_net);

/** rig_simnet_free ends all hosts, streams and packets without telling their users. NULL is fine. */
void rig_simnet_free(rig_simnet *net);

/** rig_simnet_now gives the virtual time. */
uint64_t rig_simnet_now(const rig_simnet *net);

/** rig_simnet_next gives the time of the next event, RIG_NEVER when none waits. */
uint64_t rig_simnet_next(const rig_simnet *net);

/** rig_simnet_advance moves the clock to at (never back) without handling events; at must not pass
 * rig_simnet_next. */
void rig_simnet_advance(rig_simnet *net, uint64_t at);

/** rig_simnet_step handles the earliest event, moving the clock to it; events of one time in the order they
 * were made. False when none waits, and when called from inside a call that a step makes. */
bool rig_simnet_step(rig_simnet *net);

/** rig_simhost_new adds a host; its transport is rig_simhost_transport. The name is for people and is copied.
 * RIG_E_NOMEM, RIG_E_LIMIT beyond RIG_SIM_HOSTS. */
rig_status rig_simhost_new(rig_simnet *net, const char *name, rig_simhost **out_host);

/** rig_simhost_address gives a host one more address; the first of each version is the one it connects from.
 * RIG_E_EXISTS when a host has it already, RIG_E_LIMIT beyond RIG_SIM_HOST_ADDRESSES, RIG_E_ARGUMENT,
 * RIG_E_NOMEM. */
rig_status rig_simhost_address(rig_simhost *host, const rig_ip *ip);

/** rig_simnet_name makes a DNS name (letters in either case) resolve to ip for all hosts of the network; a
 * name given again resolves to the new ip. RIG_E_NOMEM, RIG_E_ARGUMENT. */
rig_status rig_simnet_name(rig_simnet *net, const char *name, const rig_ip *ip);

/** rig_simnet_resolve finds the address of a DNS name, or reads a numeric one. RIG_E_NOT_FOUND. */
rig_status rig_simnet_resolve(const rig_simnet *net, const char *name, rig_ip *out_ip);

/** rig_simhost_source gives the address of an IP version that a host connects from; false: it has none. */
bool rig_simhost_source(const rig_simhost *host, uint8_t version, rig_ip *out_ip);

/** rig_simhost_transport gives the host's TCP. Valid as long as the network. */
const rig_transport *rig_simhost_transport(rig_simhost *host);

/** rig_simhost_down takes the host off the network (true: packets to and from it vanish) or back. */
void rig_simhost_down(rig_simhost *host, bool down);

/** rig_datagram_fn receives a UDP datagram; the view is borrowed for the call. */
typedef void rig_datagram_fn(void *ctx, const rig_address *from, const rig_address *to, rig_view data,
                             uint64_t now);

/** rig_simhost_udp_bind receives datagrams for at (ip version 0: any address of the host; port 0 takes a free
 * one, returned in *at). One user a port: RIG_E_EXISTS. With receive NULL the port is given back.
 * RIG_E_ARGUMENT for an address the host has not, RIG_E_LIMIT, RIG_E_NOMEM. */
rig_status rig_simhost_udp_bind(rig_simhost *host, rig_address *at, rig_datagram_fn *receive, void *ctx);

/** rig_simhost_udp_send sends one datagram from a port of the host (ip version 0: the host's first address of
 * to's version); data is copied. RIG_E_LIMIT when it exceeds the MTU, RIG_E_UNREACHABLE without such an
 * address. */
rig_status rig_simhost_udp_send(rig_simhost *host, const rig_address *from, const rig_address *to,
                                rig_view data);

#endif
