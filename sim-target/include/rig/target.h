/** @file
 * The simulated target: a conforming iSCSI target (RFC 7143) without I/O, wrong only by named faults and
 * rules.
 */
#ifndef RIG_TARGET_H
#define RIG_TARGET_H

#include "rig/alloc.h"
#include "rig/device.h"
#include "rig/draws.h"
#include "rig/faults.h"
#include "rig/rules.h"
#include "rig/timerq.h"
#include "rig/transport.h"

#define RIG_TARGET_NODES_MAX 65536    /**< most target nodes */
#define RIG_TARGET_PORTALS_MAX 64     /**< most portals */
#define RIG_TARGET_LUNS_MAX 256       /**< most LUNs of a node */
#define RIG_TARGET_PATHS_MAX 8        /**< most nodes that show one logical unit */
#define RIG_TARGET_WINDOW_MAX 4096    /**< most queued commands of a session */
#define RIG_TARGET_CONNECTIONS_MAX 32 /**< most connections of a session */
#define RIG_TARGET_SESSIONS_MAX 65535 /**< most sessions: TSIH has 16 bits, 0 is none */
#define RIG_TARGET_ACCOUNTS_MAX 1024  /**< most CHAP names of a node */
#define RIG_TARGET_SECRET_MAX 255     /**< most bytes of a CHAP secret */
#define RIG_TARGET_REDIRECTS_MAX 64   /**< most addresses a node redirects to */
#define RIG_TARGET_NOTICE_MAX 510     /**< most event data: what fits the smallest segment (13.12) */

/** rig_target is a target device: nodes, portals, sessions. Single-threaded. */
typedef struct rig_target rig_target;

/** rig_target_node is one iSCSI target node. */
typedef struct rig_target_node rig_target_node;

/** rig_target_event_kind is what a target tells its owner. */
typedef enum rig_target_event_kind {
    RIG_TARGET_ACCEPTED,      /**< a connection came */
    RIG_TARGET_SESSION_UP,    /**< a session reached full feature phase */
    RIG_TARGET_SESSION_DOWN,  /**< a session ended; why tells how */
    RIG_TARGET_CLOSED,        /**< a connection ended; why and error tell how */
    RIG_TARGET_MADE_WRONG,    /**< a PDU was sent wrong on purpose: fault or rule name in text */
    RIG_TARGET_REJECTED,      /**< a PDU got a Reject: header, field, code as its reason */
    RIG_TARGET_LOGIN_REFUSED, /**< a login got another status than 0: header, field, code */
} rig_target_event_kind;

/** rig_target_event is one event; everything in it is borrowed for the call. */
typedef struct rig_target_event {
    rig_target_event_kind kind; /**< which */
    uint64_t now;               /**< when */
    rig_view initiator;         /**< initiator name when known */
    rig_view target;            /**< target name when known */
    uint16_t tsih;              /**< session handle when known */
    uint16_t cid;               /**< connection id when known */
    rig_status why;             /**< reason of an end */
    const rig_error *error;     /**< details, may be NULL */
    rig_view text;              /**< MADE_WRONG: what */
    const uint8_t *bhs;         /**< header of the PDU it is about, NULL when it is about none */
    const char *field;          /**< field or key of it that was wrong, NULL when none is to blame */
    uint32_t code;    /**< REJECTED: reason (11.17.1); LOGIN_REFUSED: class << 8 | detail (11.13.5) */
    rig_address peer; /**< initiator's address */
    uint64_t
        offset; /**< MADE_WRONG: where the PDU starts in the stream to the initiator, UINT64_MAX = no PDU */
} rig_target_event;

/** rig_target_config is fixed at creation; zeroes take defaults. */
typedef struct rig_target_config {
    const rig_alloc *alloc;         /**< all memory */
    rig_draws draws;                /**< TSIH, first StatSN, TTT */
    const rig_transport *transport; /**< where to listen */
    struct iovec read_ahead; /**< scratch shared by all connections of the thread, at least 4096 bytes */
    void (*event)(void *ctx, const rig_target_event *event); /**< may be NULL */
    void *ctx;                                               /**< its first argument */
    uint64_t login_timeout;                                  /**< ns a login may take, 0 = 30 s */
    uint64_t nop_interval;  /**< ns of silence after which a session is pinged, 0 = never */
    uint32_t window;        /**< commands a session may queue (MaxCmdSN - ExpCmdSN + 1 at rest), 0 = 128 */
    bool no_data_in_status; /**< never collapse status into the last Data-In */
    /** Raise a unit attention 29h/07h (I_T nexus loss occurred) for the session that reinstates another one,
     * as SAM has it; else the loss only ends what hung on the nexus (6.3.5.1). */
    bool tell_nexus_loss;
} rig_target_config;

/** rig_target_new makes a target without nodes and portals. RIG_E_NOMEM, RIG_E_ARGUMENT. */
rig_status rig_target_new(const rig_target_config *config, rig_target **out_target);

/** rig_target_free resets all connections and frees everything, devices included. NULL is fine. */
void rig_target_free(rig_target *target);

/** rig_target_portal_add listens on at (port 0 takes a free one, returned in *at) as a portal of group. */
rig_status rig_target_portal_add(rig_target *target, rig_address *at, uint16_t group, rig_error *err);

/** rig_target_portal_absent tells initiators of a portal where nobody listens. RIG_E_LIMIT. */
rig_status rig_target_portal_absent(rig_target *target, const rig_address *at, uint16_t group,
                                    rig_error *err);

/**
 * rig_target_portal_advertise tells initiators another address (HOST:PORT, a name is fine) of a portal, by
 * its number in the order they were added, than the one it is bound to. RIG_E_NOT_FOUND, RIG_E_SYNTAX,
 * RIG_E_NOMEM.
 */
rig_status rig_target_portal_advertise(rig_target *target, uint32_t portal, rig_view address, rig_error *err);

/** rig_target_shut closes the portals to new connections, as a target does that ends; those there are live
 * on.
 */
void rig_target_shut(rig_target *target);

/** rig_target_open opens them again. What rig_listen may return. */
rig_status rig_target_open(rig_target *target);

/**
 * rig_target_node_add makes a node reachable through all portals. RIG_E_EXISTS, RIG_E_LIMIT, RIG_E_SYNTAX
 * (the name is not an iSCSI name). The pointer is valid until rig_target_free.
 */
rig_status rig_target_node_add(rig_target *target, rig_view name, rig_target_node **out_node, rig_error *err);

/** rig_target_node_find gives the node of that name, NULL when there is none. */
rig_target_node *rig_target_node_find(const rig_target *target, rig_view name);

/** rig_target_node_alias sets the TargetAlias a node declares. */
rig_status rig_target_node_alias(rig_target_node *node, rig_view alias);

/** rig_target_node_portals limits a node to portal groups (a bit a portal index in the order they were
 * added). */
void rig_target_node_portals(rig_target_node *node, uint64_t portal_mask);

/** rig_target_unit_serial gives the serial number of a unit that was given none: the same for the same node
 * and LUN, another one for others, as designators of units are to be worldwide unique (SPC-4 section 7.8.6).
 */
uint64_t rig_target_unit_serial(const rig_target_node *node, uint32_t lun);

/** rig_target_node_lun gives the node a LUN; the device is taken over. RIG_E_EXISTS, RIG_E_LIMIT. */
rig_status rig_target_node_lun(rig_target_node *node, uint32_t lun, rig_device *device);

/**
 * rig_target_node_share shows a logical unit of the node of that name at a LUN of this one too: one medium,
 * one queue, one set of reservations, whatever the way. RIG_E_NOT_FOUND, RIG_E_EXISTS (the LUN is taken, or
 * the node shows the unit already), RIG_E_LIMIT, RIG_E_NOMEM.
 */
rig_status rig_target_node_share(rig_target_node *node, uint32_t lun, rig_view owner, uint32_t owner_lun);

/**
 * rig_target_offer sets what the node accepts for a key ("MaxBurstLength", "16384"), replacing its default.
 * Also taken for keys of discovery sessions when node is NULL. RIG_E_NOT_FOUND, RIG_E_SYNTAX, RIG_E_LIMIT
 * with err.
 */
rig_status rig_target_offer(rig_target *target, rig_target_node *node, rig_view key, rig_view value,
                            rig_error *err);

/** rig_target_chap is one CHAP identity of initiators, and the target's own towards them. */
typedef struct rig_target_chap {
    rig_view initiator;     /**< the iSCSI name the identity is bound to (RFC 7143 9.2), "" = any */
    rig_view user;          /**< name in the initiator's CHAP_N */
    rig_view secret;        /**< its secret: any bytes */
    rig_view target_user;   /**< mutual CHAP: the target's own name, "" none */
    rig_view target_secret; /**< mutual CHAP: its secret; 9.2.1 wants 96 bits, and never the other one's */
} rig_target_chap;

/**
 * rig_target_chap_add makes an identity known to a node, or to discovery sessions that name no target when
 * node is NULL; everything is copied, and wiped when it is freed. From the first one on CHAP is the only
 * method, unless rig_target_offer says otherwise (AuthMethod "CHAP,None"; CHAP_A "5,7" limits algorithms).
 * One secret in both directions is taken, and every login with it then fails. RIG_E_ARGUMENT, RIG_E_SYNTAX,
 * RIG_E_EXISTS, RIG_E_LIMIT with err; no secret is ever in it.
 */
rig_status rig_target_chap_add(rig_target *target, rig_target_node *node, const rig_target_chap *chap,
                               rig_error *err);

/** rig_target_node_refuse makes logins to the node fail with a status (class << 8 | detail); 0 accepts again.
 */
void rig_target_node_refuse(rig_target_node *node, uint16_t login_status);

/** rig_target_node_allow lets an initiator use the node. From the first one on all others are turned away
 * with 02/02 and do not see the node in discovery. RIG_E_SYNTAX, RIG_E_LIMIT, RIG_E_NOMEM. */
rig_status rig_target_node_allow(rig_target_node *node, rig_view initiator, rig_error *err);

/** rig_target_node_limit lets at most so many initiators have sessions with the node at the same time (0 =
 * any number); another one gets login_status, 0 = 03/02. */
void rig_target_node_limit(rig_target_node *node, uint32_t initiators, uint16_t login_status);

/**
 * rig_target_node_redirect sends new sessions elsewhere (01/01, permanent: 01/02): to HOST:PORT, of several
 * in turn. group names the portal group whose portals do that, -1 all of them. RIG_E_SYNTAX, RIG_E_LIMIT,
 * RIG_E_NOMEM.
 */
rig_status rig_target_node_redirect(rig_target_node *node, rig_view address, int32_t group, bool permanent,
                                    rig_error *err);

/** rig_target_rule_add adds a rule, behind the ones there. The rule is copied, the views in it are borrowed.
 */
rig_status rig_target_rule_add(rig_target *target, const rig_rule *rule);

/** rig_target_fault_on switches a fault on for everything the target does from now on. */
void rig_target_fault_on(rig_target *target, rig_fault fault);

/** rig_target_keep_fn tells whether a LUN that stands in both configurations is the same, so that its device
 * stays. */
typedef bool rig_target_keep_fn(void *ctx, rig_view node, uint32_t lun);

/**
 * rig_target_reload puts the configuration of another target in the place of target's: nodes, LUNs, offers,
 * identities, rules, faults, window and times. Portals stay target's own. `from` comes from the same
 * allocator, has no portals and was never used; it is freed on success, and only then.
 *
 * Sessions live on. They keep their identity, and the LUNs they had, even those that are gone or that are
 * another now; a node that is gone lives until its last session ends, while new logins to it are refused
 * with 0203h. A login that is under way is ended, as it would begin by one configuration and end by the
 * other. New logins meet the new nodes; rules and faults count for every PDU from now on, and answers that a
 * former rule held or delayed go. A device stays when keep says so for its LUN, else its contents go with the
 * last session that sees it. RIG_E_NOMEM, RIG_E_ARGUMENT: then nothing has changed.
 */
rig_status rig_target_reload(rig_target *target, rig_target *from, rig_target_keep_fn *keep, void *ctx,
                             uint64_t now);

/**
 * rig_target_ask_logout asks every connection of a session for its logout (Asynchronous Message, event 1,
 * section 11.9.1), to come within that many seconds. SCSI commands that acknowledge the request are rejected
 * from then on (Waiting for Logout); a connection whose logout does not come is told so (event 2) and ended.
 * Discovery sessions, which get no such message, end at once (7.4.3).
 */
void rig_target_ask_logout(rig_target *target, uint16_t seconds, uint64_t now);

/** rig_target_notice is an Asynchronous Message that no state of the target stands behind. */
typedef struct rig_target_notice {
    uint8_t event;       /**< 4, or 248 to 255 (11.9.1) */
    uint8_t vendor_code; /**< AsyncVCode of a vendor's event */
    uint16_t seconds;    /**< Parameter3 of event 4: time there is for the Text Request */
    rig_view data;       /**< iSCSI event data (11.9.4) */
} rig_target_notice;

/**
 * rig_target_notify sends a notice on every connection in full feature phase, but in no discovery session
 * (7.4.3). RIG_E_ARGUMENT for another event, or a detail that is reserved in this one; RIG_E_LIMIT for more
 * than RIG_TARGET_NOTICE_MAX bytes; RIG_E_NOMEM when it did not go out everywhere.
 */
rig_status rig_target_notify(rig_target *target, const rig_target_notice *notice, uint64_t now);

/** rig_target_release lets answers go that a rule holds for the event of that name. */
void rig_target_release(rig_target *target, rig_view event, uint64_t now);

/** rig_target_ping sends a NOP-In that asks for an answer on every connection in full feature phase. */
void rig_target_ping(rig_target *target, uint64_t now);

/** rig_target_drop closes (reset false: FIN, true: RST) all connections, as a failing target does. */
void rig_target_drop(rig_target *target, bool reset, uint64_t now);

/** rig_target_drop_connection does that to the connections of that CID in full feature phase, of every
 * session. False when there are none. */
bool rig_target_drop_connection(rig_target *target, uint16_t cid, bool reset, uint64_t now);

/** rig_target_next_deadline gives the time of the next tick, RIG_NEVER when none is needed. */
uint64_t rig_target_next_deadline(const rig_target *target);

/** rig_target_tick does what is due at now. */
void rig_target_tick(rig_target *target, uint64_t now);

/** rig_target_counts tells how much lives in a target. */
typedef struct rig_target_counts {
    uint32_t sessions;    /**< in full feature phase */
    uint32_t connections; /**< open, in any phase */
    uint64_t commands;    /**< SCSI commands taken so far */
} rig_target_counts;

/** rig_target_count fills counts. */
void rig_target_count(const rig_target *target, rig_target_counts *out_counts);

#endif
