/** @file
 * A simulated iSNS server (RFC 4171) without I/O: nodes it hands out, clients that register, notifications
 * and inquiries it sends them; wrong only by named faults. Single-threaded.
 */
#ifndef RIG_ISNS_SERVER_H
#define RIG_ISNS_SERVER_H

#include "rig/isns_pdu.h"
#include "rig/timerq.h"
#include "rig/transport.h"

#define RIG_ISNS_SERVER_NODES_MAX 65536           /**< most nodes that it hands out */
#define RIG_ISNS_SERVER_PORTALS_MAX 64            /**< most portals of a node */
#define RIG_ISNS_SERVER_CLIENTS_MAX 64            /**< most nodes that may be registered by clients */
#define RIG_ISNS_SERVER_LINKS_MAX 256             /**< most connections at a time */
#define RIG_ISNS_SERVER_PERIOD 3600               /**< seconds a registration lasts unless it is set */
#define RIG_ISNS_SERVER_PATIENCE (5 * RIG_SECOND) /**< ns a client has for the answer to an inquiry */

/** RIG_ISNS_FAULT_ROWS lists how the answers to queries can be wrong: identifier, word, meaning. */
#define RIG_ISNS_FAULT_ROWS(X)                                                                               \
    X(NONE, "none", "they are right")                                                                        \
    X(SILENCE, "silence", "there is none")                                                                   \
    X(CLOSE, "close", "the connection ends instead")                                                         \
    X(RESET, "reset", "the connection is reset instead")                                                     \
    X(VERSION, "version", "their version is 2")                                                              \
    X(TRANSACTION, "transaction", "their transaction is another one")                                        \
    X(FUNCTION, "function", "they answer another function")                                                  \
    X(UNALIGNED, "unaligned", "the length of their PDU is not 4-byte aligned")                               \
    X(TRUNCATED, "truncated", "their last attribute is longer than they are")                                \
    X(ODD_LENGTH, "odd-length", "the length of their first attribute is not 4-byte aligned")                 \
    X(SEQUENCE, "sequence", "their first PDU has number 1")                                                  \
    X(NO_FIRST, "no-first", "their first PDU does not say that it is the first")                             \
    X(NO_LAST, "no-last", "their last PDU does not say that it is the last")                                 \
    X(NO_STATUS, "no-status", "they have no status")                                                         \
    X(AUTH_BLOCK, "auth-block", "they say that they have an authentication block")                           \
    X(GARBAGE, "garbage", "they are no iSNS at all")

/** rig_isns_fault is one of them. */
typedef enum rig_isns_fault {
#define X(id, word, meaning) RIG_ISNS_FAULT_##id,
    RIG_ISNS_FAULT_ROWS(X)
#undef X
        RIG_ISNS_FAULTS /**< number of rows, no fault */
} rig_isns_fault;

/** rig_isns_fault_name gives the word of a fault, "?" for an unknown one. Static storage. */
const char *rig_isns_fault_name(rig_isns_fault fault);

/** rig_isns_server is a server. */
typedef struct rig_isns_server rig_isns_server;

/** rig_isns_server_event is a message that was answered, by the server or by a client. */
typedef struct rig_isns_server_event {
    uint16_t function; /**< rig_isns_function of the request */
    bool ours;         /**< it was the server's request, and status is the client's answer */
    rig_view node;     /**< the node that asked, or that was asked */
    uint32_t status;   /**< rig_isns_status */
    rig_view message;  /**< payload of the request */
    uint64_t now;      /**< when */
} rig_isns_server_event;

/** rig_isns_server_config is fixed at creation. */
typedef struct rig_isns_server_config {
    const rig_alloc *alloc;         /**< all memory */
    const rig_transport *transport; /**< borrowed */
    uint32_t period;                /**< seconds a registration lasts, 0 = usual */
    uint32_t split;                 /**< most payload of a PDU, 0 = no limit of its own */
    void (*event)(void *ctx,
                  const rig_isns_server_event *event); /**< may be NULL; must not call the server */
    void *ctx;                                         /**< its first argument */
} rig_isns_server_config;

/** rig_isns_server_portal is where a node is. */
typedef struct rig_isns_server_portal {
    rig_address at; /**< address and TCP port */
    int32_t group;  /**< portal group tag, -1 = null: node and portal do not belong together */
    bool has_flags; /**< there is a security bitmap */
    uint32_t flags; /**< it */
} rig_isns_server_portal;

/** rig_isns_server_new makes a server that listens nowhere yet. NULL without memory. */
rig_isns_server *rig_isns_server_new(const rig_isns_server_config *config);

/** rig_isns_server_free ends its connections at once. NULL is fine. */
void rig_isns_server_free(rig_isns_server *server);

/** rig_isns_server_listen listens at an address, and tells where it is when the port was 0. As rig_listen. */
rig_status rig_isns_server_listen(rig_isns_server *server, rig_address *at);

/** rig_isns_server_shut listens no more, and resets all connections. */
void rig_isns_server_shut(rig_isns_server *server);

/** rig_isns_server_open listens again where it did. As rig_listen. */
rig_status rig_isns_server_open(rig_isns_server *server);

/** rig_isns_server_node makes a target node, hidden until it is shown; one that is there already is given.
 * RIG_E_LIMIT, RIG_E_NOMEM. */
rig_status rig_isns_server_node(rig_isns_server *server, rig_view name, rig_view alias, uint32_t *out_node);

/** rig_isns_server_place gives a node a portal. RIG_E_LIMIT, RIG_E_NOMEM. */
rig_status rig_isns_server_place(rig_isns_server *server, uint32_t node,
                                 const rig_isns_server_portal *portal);

/** rig_isns_server_only keeps a node in a discovery domain with one initiator: others do not see it.
 * RIG_E_LIMIT for a name that is too long. */
rig_status rig_isns_server_only(rig_isns_server *server, uint32_t node, rig_view initiator);

/** rig_isns_server_show shows or hides a node, and tells those who want to know. RIG_E_NOT_FOUND. */
rig_status rig_isns_server_show(rig_isns_server *server, rig_view name, bool shown, uint64_t now);

/** rig_isns_server_tell sends everybody who is registered for it a notification that a node of that name was
 * updated, whether there is one or not. */
void rig_isns_server_tell(rig_isns_server *server, rig_view name, uint64_t now);

/** rig_isns_server_inquire asks all registered clients with an ESI port whether they are there; who does not
 * answer is forgotten. */
void rig_isns_server_inquire(rig_isns_server *server, uint64_t now);

/** rig_isns_server_refuse answers a function with a status from now on, 0 = rightly. */
void rig_isns_server_refuse(rig_isns_server *server, uint16_t function, uint32_t status);

/** rig_isns_server_fault makes the answers to queries wrong from now on. */
void rig_isns_server_fault(rig_isns_server *server, rig_isns_fault fault);

/** rig_isns_server_clients counts the clients that are registered. */
uint32_t rig_isns_server_clients(const rig_isns_server *server);

/** rig_isns_server_next_deadline gives the time of the next tick, RIG_NEVER when none is needed. */
uint64_t rig_isns_server_next_deadline(const rig_isns_server *server);

/** rig_isns_server_tick does what is due at now. */
void rig_isns_server_tick(rig_isns_server *server, uint64_t now);

#endif
