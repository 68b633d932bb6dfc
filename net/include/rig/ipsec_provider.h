/** @file
 * Who carries IPsec: the interface between the decision that a connection is made only inside IPsec
 * (rig/hba.h) and those that can do it. There are two: the simulated wire (rig/ipsec.h) and strongSwan's
 * charon (rig/vici.h).
 *
 * It fails closed. From protect on no TCP segment leaves in the clear between that port and that portal; a
 * connection that cannot have its security associations fails with RIG_E_SECURITY, and nothing of it was
 * sent.
 */
#ifndef RIG_IPSEC_PROVIDER_H
#define RIG_IPSEC_PROVIDER_H

#include "rig/transport.h"
#include "rig/view.h"

#define RIG_IPSEC_ID_MAX 256  /**< most bytes of an identity */
#define RIG_IPSEC_KEY_MAX 256 /**< most bytes of a pre-shared key */

/** rig_ipsec_id_type is the kind of an identity, numbered as in the IPsec DOI (RFC 2407 section 4.6.2.1). */
typedef enum rig_ipsec_id_type {
    RIG_IPSEC_ID_NONE,          /**< the address that packets come from */
    RIG_IPSEC_ID_IPV4 = 1,      /**< 4 octets */
    RIG_IPSEC_ID_FQDN = 2,      /**< a host name */
    RIG_IPSEC_ID_USER_FQDN = 3, /**< a user at a host */
    RIG_IPSEC_ID_IPV6 = 5       /**< 16 octets */
} rig_ipsec_id_type;

/** rig_ipsec_wish is what shall protect the connections between an initiator port and a portal. */
typedef struct rig_ipsec_wish {
    rig_address local;         /**< the port's address; ip version 0: that which routing takes */
    rig_portal portal;         /**< where to; a name is resolved once */
    bool aggressive;           /**< aggressive instead of main mode (RFC 2409 sections 5.4 and 5.1) */
    bool pfs;                  /**< perfect forward secrecy in quick mode (RFC 2409 section 5.5) */
    bool tunnel;               /**< tunnel instead of transport mode (RFC 4301 section 3.2) */
    rig_ip outer;              /**< tunnel: where it ends; version 0: at the portal */
    rig_ipsec_id_type id_type; /**< our identity */
    rig_view id;               /**< its octets; borrowed for the call */
    rig_view key;              /**< the pre-shared key; borrowed for the call, copied, wiped in the end */
    bool in_force;             /**< it is that of a policy in force, whose key may be another by now */
} rig_ipsec_wish;

/** rig_ipsec_provider carries IPsec for one machine. */
typedef struct rig_ipsec_provider {
    /** Has every later connection of that port to that portal protected. Again for the same pair: the new
     * wish counts for negotiations to come, but not where another one was negotiated before, which is in
     * force between their addresses. RIG_E_EXISTS: a negotiation with other flags is under way;
     * RIG_E_UNSUPPORTED: it cannot do what is wished;
     * RIG_E_UNREACHABLE: a name that does not resolve; RIG_E_LIMIT, RIG_E_NOMEM, RIG_E_IO. Nothing is
     * negotiated before a connection is made. */
    rig_status (*protect)(void *ctx, const rig_ipsec_wish *wish, rig_error *err);
    /** Forgets a wish that nothing was negotiated for: later connections of the pair are the caller's affair
     * again. Otherwise it stays: whoever else has the same pair may yet come back. */
    void (*release)(void *ctx, const rig_address *local, const rig_portal *portal);
    void *ctx; /**< first argument of both; outlives all who were given the provider */
} rig_ipsec_provider;

#endif
