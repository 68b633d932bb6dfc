/** @file
 * What a capture has to prove about IPsec: facts, one row each, judged from what rig/ipsec_read.h saw.
 */
#ifndef RIG_IPSEC_CHECK_H
#define RIG_IPSEC_CHECK_H

#include "rig/ipsec_read.h"

#define RIG_IPSEC_MESSAGES_MAX 4096 /**< IKE messages of one capture that are kept */
#define RIG_IPSEC_SPIS_MAX 4096     /**< SPIs of one capture that are kept */
#define RIG_IPSEC_CLEARS_MAX 4096   /**< TCP ends in the clear of one capture that are kept */
#define RIG_IPSEC_SAID_MAX 96       /**< bytes of a finding's wanted and seen values, with the NUL */

/** rig_ipsec_seen collects the events of one capture. */
typedef struct rig_ipsec_seen rig_ipsec_seen;

/** rig_ipsec_seen_new makes an empty collection. RIG_E_NOMEM. */
rig_status rig_ipsec_seen_new(const rig_alloc *alloc, rig_ipsec_seen **out_seen);

/** rig_ipsec_seen_free ends it. NULL is fine. */
void rig_ipsec_seen_free(rig_ipsec_seen *seen);

/** rig_ipsec_seen_event takes the next event. RIG_E_NOMEM; what is more than the limits above is a finding of
 * the fact "all-seen". */
rig_status rig_ipsec_seen_event(rig_ipsec_seen *seen, const rig_ipsec_event *event);

/** rig_ipsec_end says how the negotiation was to end. */
typedef enum rig_ipsec_end {
    RIG_IPSEC_AGREED,         /**< ESP carries the connections */
    RIG_IPSEC_REFUSED_PHASE1, /**< one message, and an informational exchange */
    RIG_IPSEC_REFUSED_QUICK,  /**< one quick mode message, and an informational exchange */
    RIG_IPSEC_BAD_KEY,        /**< phase 1 fails with its authentication */
    RIG_IPSEC_UNDER_WAY       /**< it has not ended: only what is there is judged */
} rig_ipsec_end;

/** rig_ipsec_wanted is what was wished of IPsec between an initiator and a portal. */
typedef struct rig_ipsec_wanted {
    bool ipsec;        /**< false: nothing but plain TCP; then only the addresses and the port count */
    bool aggressive;   /**< aggressive instead of main mode */
    bool pfs;          /**< perfect forward secrecy */
    bool tunnel;       /**< tunnel instead of transport mode */
    bool nat_t;        /**< NAT traversal is in use */
    bool keymat;       /**< the reader was given RIG_IPSEC_KEYS_KEYMAT: hashes and KEYMAT have to be right */
    bool lossy;        /**< packets may be lost, late or out of order on their way to where the capture was
                            made: what only a whole capture shows is not judged */
    rig_ipsec_end end; /**< how it was to end */
    uint16_t notify;   /**< with RIG_IPSEC_REFUSED_QUICK: the notification, 0 = any */
    uint16_t group;    /**< Diffie-Hellman group, 14 */
    rig_ip ends[2];    /**< of the TCP connections: initiator and portal */
    rig_ip outer[2];   /**< of IKE and ESP; version 0: the same */
    uint16_t port;     /**< of the portal */
    uint32_t since;    /**< exchanges that began from this frame on are judged … */
    uint32_t until;    /**< … up to the one before this frame; 0: to the end */
} rig_ipsec_wanted;

/** rig_ipsec_fact is one row. Static storage. */
typedef struct rig_ipsec_fact {
    const char *id;   /**< "quick-messages" */
    const char *what; /**< one sentence for people */
} rig_ipsec_fact;

#define RIG_IPSEC_FACTS_MAX 64 /**< at least rig_ipsec_num_facts */

/** rig_ipsec_fact_at gives a row, NULL behind the last one. */
const rig_ipsec_fact *rig_ipsec_fact_at(size_t index);

/** rig_ipsec_finding is a fact that does not hold, with the first place where it does not. */
typedef struct rig_ipsec_finding {
    const rig_ipsec_fact *fact;      /**< which */
    uint32_t frame;                  /**< of the packet at fault, 0 = of none: something is missing */
    char wanted[RIG_IPSEC_SAID_MAX]; /**< what had to be */
    char seen[RIG_IPSEC_SAID_MAX];   /**< what was */
} rig_ipsec_finding;

/**
 * rig_ipsec_check judges all facts that what was wanted decides; it writes findings to out, in the order of
 * the rows, and returns their number. With several phase 1 or quick mode exchanges (rekeying) each one has to
 * be right.
 */
size_t rig_ipsec_check(const rig_ipsec_wanted *wanted, const rig_ipsec_seen *seen,
                       rig_ipsec_finding out[RIG_IPSEC_FACTS_MAX]);

#endif
