/** @file
 * IPsec by strongSwan's charon, which this machine's administrator runs: a provider that asks it over its
 * vici socket, and the transport that connects only what charon has shown to be protected.
 *
 * A connect of a pair that was asked to be protected first has its security associations: whether charon can
 * do it is asked, key and connection are loaded, it is initiated, and what charon says it has installed is
 * compared with what was wished. Only then the connection is made, from the address that is protected and, if
 * charon's ESP is in userspace, through its device alone. Whatever stands in the way, or is in doubt, comes
 * to RIG_STREAM_FAILED with RIG_E_SECURITY, and no packet to the portal. Connects of other pairs are those of
 * the transport below.
 *
 * charon's userspace ESP (kernel-libipsec) has tunnel mode alone, always inside UDP port 4500. Its selectors
 * are those of the kernel, TCP to the portal's port; but it leads all that goes to the portal's host to its
 * device, and drops there what no selector fits.
 */
#ifndef RIG_VICI_H
#define RIG_VICI_H

#include "rig/alloc.h"
#include "rig/ipsec_provider.h"
#include "rig/timerq.h"

#define RIG_VICI_PAIRS_MAX 4096    /**< most pairs that are protected at a time, those on their way out too */
#define RIG_VICI_STREAMS_MAX 65536 /**< most connections of protected pairs */
#define RIG_VICI_WAIT (10 * RIG_SECOND) /**< ns a negotiation may take, unless configured otherwise */

/** rig_vici is a provider, with its transport. */
typedef struct rig_vici rig_vici;

/** rig_vici_config is fixed at creation. */
typedef struct rig_vici_config {
    const rig_alloc *alloc; /**< all memory */
    /** Opens charon's vici socket, as rig_connect does a connection; errors as of rig_connect_local. */
    rig_status (*dial)(void *ctx, const rig_stream_user *user, rig_stream **out_stream);
    const rig_transport *below; /**< of what is not protected */
    /** Of what is protected: through the device of userspace ESP alone. NULL: charon's ESP is the kernel's,
     * whose policies keep the packets of a protected pair from leaving otherwise. */
    const rig_transport *device;
    uint64_t wait;                            /**< ns a negotiation may take; 0 = RIG_VICI_WAIT */
    void (*log)(void *ctx, const char *text); /**< one line for people, without newline; may be NULL */
    void *ctx;                                /**< first argument of dial and log */
} rig_vici_config;

/** rig_vici_new makes a provider; nothing is asked before a connection is to be protected. RIG_E_NOMEM. */
rig_status rig_vici_new(const rig_vici_config *config, rig_vici **out_vici);

/** rig_vici_leave releases all pairs, and tells whether charon has nothing of them any more: what is
 * connected keeps its own there. Until then charon is asked as before, by ticks. */
bool rig_vici_leave(rig_vici *vici);

/** rig_vici_free ends what it has connected or is about to, without telling, and wipes the keys; what charon
 * still has stays there until the next provider's first negotiation removes it. NULL is fine. */
void rig_vici_free(rig_vici *vici);

/** rig_vici_provider gives the interface by which pairs are protected. A name can be the host of a portal
 * unless the tunnel ends elsewhere: charon looks it up. RIG_E_UNSUPPORTED: that, transport mode by userspace
 * ESP, an identity with other bytes than printable ASCII. */
const rig_ipsec_provider *rig_vici_provider(const rig_vici *vici);

/** rig_vici_transport gives the transport; each connection it is asked for is looked up among the pairs. A
 * pair with and a connection without a local address, or the other way round, are of the same pair. */
const rig_transport *rig_vici_transport(const rig_vici *vici);

/** rig_vici_next_deadline says when rig_vici_tick is due at the latest, RIG_NEVER when it is not. */
uint64_t rig_vici_next_deadline(const rig_vici *vici);

/** rig_vici_tick does what is due. */
void rig_vici_tick(rig_vici *vici, uint64_t now);

#endif
