/** @file
 * A client of one iSNS server (RFC 4171): registers an initiator node, asks for the targets it may see, is
 * told of changes, and takes the registration back. It does no I/O of its own: TCP comes from a transport,
 * time from the owner's timers. Single-threaded.
 *
 * A question is one connection: registration, registration for notifications, query, close. Between
 * questions a listening address takes the server's notifications and status inquiries. What the server says
 * is judged as hostile: lengths, limits and order are checked, and nothing it says can start another question
 * by itself.
 */
#ifndef RIG_ISNS_CLIENT_H
#define RIG_ISNS_CLIENT_H

#include "rig/isns_pdu.h"
#include "rig/timerq.h"
#include "rig/transport.h"

#define RIG_ISNS_NOTICES_MAX 4             /**< most connections of a server for notifications at a time */
#define RIG_ISNS_REPLIES_MAX 65536         /**< most bytes of answers to a server that does not read them */
#define RIG_ISNS_TIMEOUT (10 * RIG_SECOND) /**< ns a step of a question may take */

/** rig_isns_client is the client of one server. */
typedef struct rig_isns_client rig_isns_client;

/** rig_isns_answer is how a question ended. */
typedef struct rig_isns_answer {
    rig_status status; /**< RIG_OK; RIG_E_UNSUPPORTED: another version; RIG_E_REFUSED: code says why;
                          RIG_E_TIMEOUT, RIG_E_CLOSED and so on: there is no server; RIG_E_PROTOCOL,
                          RIG_E_FORMAT, RIG_E_SEQUENCE, RIG_E_TRUNCATED, RIG_E_LIMIT: what it said is none */
    uint32_t code;     /**< rig_isns_status of a server that said no, or of a registration it did not want */
    rig_view objects;  /**< RIG_OK: as rig_isns_object_next reads them; borrowed for the call */
    uint32_t period;   /**< seconds the registration lasts without a word from us, 0 = not told */
    bool registered;   /**< the server knows our node */
    bool notified;     /**< the server will tell of changes */
    const rig_error *error; /**< why not, else NULL */
} rig_isns_answer;

/** rig_isns_client_config is fixed at creation. */
typedef struct rig_isns_client_config {
    const rig_alloc *alloc;         /**< all memory */
    const rig_transport *transport; /**< borrowed */
    rig_timerq *timers; /**< of the owner, who passes what is due to rig_isns_client_tick; borrowed */
    uint8_t timer_kind; /**< kind of the client's timers */
    rig_portal server;  /**< where it is */
    uint64_t timeout;   /**< ns a step may take, 0 = RIG_ISNS_TIMEOUT */
    /** A question ended; exactly once for each rig_isns_ask. May ask, leave, or free the client, but not when
     * it was rig_isns_leave that ended it. */
    void (*answered)(void *ctx, const rig_isns_answer *answer, uint64_t now);
    /** The server tells of a change. May do the same. */
    void (*changed)(void *ctx, uint64_t now);
    /** What rig_isns_leave began is over. May do the same. */
    void (*left)(void *ctx, uint64_t now);
    void *ctx; /**< their first argument */
} rig_isns_client_config;

/** rig_isns_client_new makes a client; nothing is sent yet. NULL without memory. */
rig_isns_client *rig_isns_client_new(const rig_isns_client_config *config);

/** rig_isns_client_free closes everything at once; nothing is told. NULL is fine. */
void rig_isns_client_free(rig_isns_client *client);

/** rig_isns_ask begins a question as a node of that name. A node that was registered under another name is
 * deregistered first. RIG_E_BUSY while one is under way; RIG_E_LIMIT for a name that is too long;
 * RIG_E_NOMEM, and what rig_connect gives: then nothing is told. */
rig_status rig_isns_ask(rig_isns_client *client, rig_view node, uint64_t now);

/** rig_isns_leave ends a question (RIG_E_ABORTED) and deregisters our node; left is told, before this returns
 * when there is nothing to deregister or nobody to tell it. */
void rig_isns_leave(rig_isns_client *client, uint64_t now);

/** rig_isns_client_tick takes a timer that is due; false when it is not the client's. */
bool rig_isns_client_tick(rig_isns_client *client, const rig_timer *timer, uint64_t now);

/** rig_isns_object_kind is what an answer consists of. */
typedef enum rig_isns_object_kind {
    RIG_ISNS_OBJECT_NODE,   /**< a storage node: name, alias, type */
    RIG_ISNS_OBJECT_PORTAL, /**< a portal: address, its security bitmap */
    RIG_ISNS_OBJECT_GROUP,  /**< node and portal together, with their portal group tag */
    RIG_ISNS_OBJECT_OTHER   /**< anything else */
} rig_isns_object_kind;

/** rig_isns_object is one object of an answer; texts are borrowed. */
typedef struct rig_isns_object {
    rig_isns_object_kind kind; /**< which */
    rig_view name;             /**< NODE, GROUP: iSCSI name; empty = not told, or none that can be */
    rig_view alias;            /**< NODE */
    uint32_t type;             /**< NODE: RIG_ISNS_TYPE_ bits, 0 = not told */
    rig_address at;            /**< PORTAL, GROUP: address; version 0 = not told, or not TCP */
    bool has_flags;            /**< PORTAL: there is a security bitmap */
    uint32_t flags;            /**< PORTAL: it */
    bool has_tag; /**< GROUP: there is a tag; without one node and portal do not belong together */
    uint16_t tag; /**< GROUP: it */
} rig_isns_object;

/** rig_isns_object_next takes the next object off rest. RIG_E_NOT_FOUND at the end; RIG_E_TRUNCATED,
 * RIG_E_FORMAT. */
rig_status rig_isns_object_next(rig_view *rest, rig_isns_object *out_object, rig_error *err);

#endif
