/** @file
 * The HBA model: adapters, and the security policy that decides before any connection is opened.
 */
#ifndef RIG_HBA_H
#define RIG_HBA_H

#include "rig/calls.h"
#include "rig/iname.h"
#include "rig/initiator.h"

/** RIG_SECURITY_ROWS lists the security flags: identifier, word, bit. The values are those of the iSNS portal
 * security bitmap (RFC 4171 section 6.3.9). */
#define RIG_SECURITY_ROWS(X)                                                                                 \
    X(VALID, "VALID", 0x01)                                                                                  \
    X(IKE_IPSEC, "IKE", 0x02)                                                                                \
    X(MAIN_MODE, "MAIN", 0x04)                                                                               \
    X(AGGRESSIVE_MODE, "AGGRESSIVE", 0x08)                                                                   \
    X(PFS, "PFS", 0x10)                                                                                      \
    X(TRANSPORT_MODE, "TRANSPORT", 0x20)                                                                     \
    X(TUNNEL_MODE, "TUNNEL", 0x40)

/** rig_security_flag is one bit of a portal's or login's security flags. */
typedef enum rig_security_flag {
#define X(id, word, bit) RIG_SECURITY_##id = bit,
    RIG_SECURITY_ROWS(X)
#undef X
} rig_security_flag;

/** RIG_SECURITY_KNOWN is every bit with a meaning; the flags are 64 bits wide and the others reserved. */
#define RIG_SECURITY_KNOWN UINT64_C(0x7f)

/** rig_security_parse reads flags: names joined by '+', or a number. RIG_E_SYNTAX with the nearest name. */
rig_status rig_security_parse(rig_view text, uint64_t *out_flags, rig_error *err);

/** rig_security_print appends flags as names joined by '+', "none" for 0. */
void rig_security_print(rig_text *out, uint64_t flags);

/** rig_security_source is where the flags of a request come from. */
typedef enum rig_security_source {
    RIG_SECURITY_CALLER,    /**< an API call or a persistent login */
    RIG_SECURITY_DISCOVERED /**< an advertisement (iSNS) */
} rig_security_source;

/** rig_security_abilities is what an adapter's IPsec engine can do; all false: there is none. */
typedef struct rig_security_abilities {
    bool ipsec;      /**< it has an IPsec engine at all */
    bool aggressive; /**< IKE aggressive mode */
    bool tunnel;     /**< ESP tunnel mode */
} rig_security_abilities;

/** rig_security_bitmap is a bitmap that stands in for one that says nothing. */
typedef struct rig_security_bitmap {
    bool known;     /**< there is one */
    uint64_t flags; /**< it */
} rig_security_bitmap;

/** rig_security_key is where the pre-shared key of a connection comes from. */
typedef enum rig_security_key {
    RIG_SECURITY_KEY_NONE, /**< there is none */
    RIG_SECURITY_KEY_CALL, /**< it was given with the login */
    RIG_SECURITY_KEY_ID,   /**< it is bound to the identity of the port */
    RIG_SECURITY_KEY_GROUP /**< it is the one for all who have none of their own */
} rig_security_key;

/** rig_security_policy is what was negotiated between a port and a portal, or set there by an administrator:
 * it stays in force for every later connection. */
typedef struct rig_security_policy {
    bool ipsec;           /**< only inside IPsec, else plain */
    bool aggressive;      /**< aggressive instead of main mode */
    bool pfs;             /**< perfect forward secrecy in quick mode */
    bool tunnel;          /**< tunnel instead of transport mode */
    bool administered;    /**< by an administrator, not by an earlier connection */
    rig_security_key key; /**< where its key came from */
} rig_security_policy;

/** rig_security_request is all the decision rests on. */
typedef struct rig_security_request {
    uint64_t flags;                    /**< requested bitmap */
    rig_security_source source;        /**< who asked */
    bool require_ipsec;                /**< login flag: the session must use IPsec */
    const rig_security_policy *policy; /**< in force between port and portal, NULL = none */
    rig_security_bitmap of_portal;     /**< stored with the portal */
    rig_security_bitmap of_ike_info;   /**< stored with the IKE identity of the port */
    rig_security_bitmap of_default;    /**< for when nothing else says one */
    rig_security_key key;              /**< which pre-shared key there is */
    bool has_identity;                 /**< the port has an IKE identity, with a key or without */
    bool id_is_name;                   /**< that identity is no address */
    bool has_outer;                    /**< a tunnel outer address is set for the destination */
    bool strict_gateway;               /**< tunnels of the port end at a gateway, nowhere else */
    bool strict_flags;                 /**< flags that contradict are refused without IPsec, too */
    rig_security_abilities abilities;  /**< of the adapter */
} rig_security_request;

/** rig_security_outcome is what the decision comes to. */
typedef enum rig_security_outcome {
    RIG_SECURITY_PLAIN,       /**< connect without IPsec */
    RIG_SECURITY_USE_IPSEC,   /**< only inside IPsec */
    RIG_SECURITY_INVALID,     /**< contradictory flags: nothing is connected */
    RIG_SECURITY_UNSUPPORTED, /**< the adapter cannot do what is asked: nothing is connected */
    RIG_SECURITY_NO_KEY,      /**< no key for the peer: nothing is connected */
    RIG_SECURITY_REFUSED,     /**< IPsec is required and the flags forbid it: nothing is connected */
    RIG_SECURITY_NO_OUTER     /**< a gateway is wanted and none is known: nothing is connected */
} rig_security_outcome;

/** RIG_SECURITY_STEP_ROWS lists what the steps of a decision can find: identifier, word, meaning. */
#define RIG_SECURITY_STEP_ROWS(X)                                                                            \
    X(NO_POLICY, "no-policy", "nothing is in force between port and portal yet")                             \
    X(BITMAP_IGNORED, "bitmap-ignored", "a policy is in force, flags and key count for nothing")             \
    X(NO_RESERVED_BITS, "no-reserved-bits", "every bit has a meaning")                                       \
    X(RESERVED_MASKED, "reserved-bits-masked", "an advertisement has bits without a meaning")                \
    X(RESERVED_REFUSED, "reserved-bits-refused", "a caller gave bits without a meaning")                     \
    X(BITMAP_OF_REQUEST, "bitmap-of-request", "VALID is set, the flags count")                               \
    X(BITMAP_OF_PORTAL, "bitmap-of-portal", "the flags stored with the portal count")                        \
    X(BITMAP_OF_IKE_INFO, "bitmap-of-ike-info", "the flags set with the IKE identity count")                 \
    X(BITMAP_OF_DEFAULT, "bitmap-of-default", "the flags of the default count")                              \
    X(NO_BITMAP, "no-bitmap", "nothing says anything about security")                                        \
    X(IPSEC_WANTED, "ipsec-wanted", "only inside IPsec")                                                     \
    X(IPSEC_NOT_WANTED, "ipsec-not-wanted", "the connection is a plain one")                                 \
    X(REQUIRED_BUT_OFF, "required-but-off", "the login requires IPsec, the flags have none")                 \
    X(CONTRADICTION_IGNORED, "contradiction-ignored", "the flags contradict, without IPsec to qualify")      \
    X(CONTRADICTION_REFUSED, "contradiction-refused", "the flags contradict")                                \
    X(MAIN_MODE_GIVEN, "main-mode", "main mode alone is enabled")                                            \
    X(AGGRESSIVE_MODE_GIVEN, "aggressive-mode", "aggressive mode alone is enabled")                          \
    X(MAIN_MODE_CHOSEN, "main-mode-chosen", "both modes are advertised, main mode protects identities")      \
    X(NO_EXCHANGE, "no-exchange", "both modes are disabled")                                                 \
    X(BOTH_EXCHANGES, "both-exchanges", "a caller enabled both modes")                                       \
    X(TRANSPORT_GIVEN, "transport-mode", "transport mode alone is preferred")                                \
    X(TUNNEL_GIVEN, "tunnel-mode", "tunnel mode alone is preferred")                                         \
    X(TRANSPORT_CHOSEN, "transport-mode-chosen", "nothing is preferred, and there is no outer address")      \
    X(TUNNEL_CHOSEN, "tunnel-mode-chosen", "nothing is preferred, and there is an outer address")            \
    X(BOTH_ENCAPSULATIONS, "both-encapsulations", "a caller prefers both encapsulations")                    \
    X(ABLE, "able", "the adapter can do it")                                                                 \
    X(NO_ENGINE, "no-ipsec-engine", "the adapter has no IPsec")                                              \
    X(NO_AGGRESSIVE_MODE, "no-aggressive-mode", "the adapter has no aggressive mode")                        \
    X(NO_TUNNEL_MODE, "no-tunnel-mode", "the adapter has no tunnel mode")                                    \
    X(KEY_OF_CALL, "key-of-call", "the login brought its key")                                               \
    X(KEY_OF_ID, "key-of-id", "the key is bound to the identity of the port")                                \
    X(KEY_OF_GROUP, "key-of-group", "the key is that of the group")                                          \
    X(NO_KEY_FOUND, "no-key", "there is no key")                                                             \
    X(ID_IS_NO_ADDRESS, "id-is-no-address", "in main mode the peer finds a key by address only")             \
    X(OUTER_ADDRESS, "outer-address", "the tunnel ends at the outer address of the destination")             \
    X(HOST_TO_HOST, "host-to-host", "the tunnel ends at the portal itself")                                  \
    X(NO_OUTER_ADDRESS, "no-outer-address", "the port wants a gateway, and none is known")                   \
    X(NO_PROVIDER, "no-provider", "nothing carries IPsec to that portal")

/** rig_security_step is what one step of a decision found. */
typedef enum rig_security_step {
#define X(id, word, meaning) RIG_SECURITY_STEP_##id,
    RIG_SECURITY_STEP_ROWS(X)
#undef X
} rig_security_step;

#define RIG_SECURITY_STEPS_MAX 12 /**< most steps of a decision */

/** rig_security_decision is the outcome with its particulars. */
typedef struct rig_security_decision {
    rig_security_outcome outcome;          /**< what to do */
    rig_code code;                         /**< what it comes to for the caller */
    bool fell_back;                        /**< VALID was clear: the fallback, or none, decided */
    bool by_policy;                        /**< the policy in force decided */
    bool aggressive;                       /**< USE_IPSEC: aggressive instead of main mode */
    bool pfs;                              /**< USE_IPSEC: perfect forward secrecy in quick mode */
    bool tunnel;                           /**< USE_IPSEC: tunnel instead of transport mode */
    rig_security_key key;                  /**< USE_IPSEC: whose key */
    uint8_t num_steps;                     /**< entries of steps */
    uint8_t steps[RIG_SECURITY_STEPS_MAX]; /**< rig_security_step, in the order they were taken */
} rig_security_decision;

/** rig_security_decide is the policy core: a pure function. It fails closed. */
rig_security_decision rig_security_decide(const rig_security_request *request);

/** rig_security_outcome_name gives "plain", "ipsec", "invalid", "unsupported", "no-key", "refused",
 * "no-outer-address". Static storage. */
const char *rig_security_outcome_name(rig_security_outcome outcome);

/** rig_security_step_name gives a step's word ("bitmap-ignored"), "?" for an unknown one. Static storage. */
const char *rig_security_step_name(rig_security_step step);

/** rig_security_step_meaning says it for people. Static storage. */
const char *rig_security_step_meaning(rig_security_step step);

#define RIG_SECURITY_POLICIES_MAX 4096 /**< most policies of a machine */

/** rig_policy_db keeps the policies of a machine, one for each pair of a port and a portal. All zero it is
 * empty. */
typedef struct rig_policy_db {
    struct rig_policy_row *rows; /**< in the order they were made */
    uint32_t num;                /**< entries */
    uint32_t size;               /**< room */
} rig_policy_db;

/** rig_policy_db_put keeps a policy; what is in force between the two already stays, unless the new one is
 * administered. RIG_E_LIMIT beyond RIG_SECURITY_POLICIES_MAX, RIG_E_NOMEM. */
rig_status rig_policy_db_put(rig_policy_db *db, const rig_alloc *alloc, const char *instance, uint32_t port,
                             const rig_portal *portal, const rig_security_policy *policy);

/** rig_policy_db_find gives what is in force between a port and a portal, NULL when nothing is; good until
 * the next change. */
const rig_security_policy *rig_policy_db_find(const rig_policy_db *db, const char *instance, uint32_t port,
                                              const rig_portal *portal);

/** rig_policy_db_remove forgets a policy; false when there was none. */
bool rig_policy_db_remove(rig_policy_db *db, const char *instance, uint32_t port, const rig_portal *portal);

/** rig_policy_db_clear forgets all, and frees its memory. */
void rig_policy_db_clear(rig_policy_db *db, const rig_alloc *alloc);

#define RIG_ADAPTER_PORTS_MAX 8 /**< most ports of an adapter */
#define RIG_ADAPTERS_MAX 8      /**< most adapters of a machine */

/** rig_adapter_port is one network port of an adapter. */
typedef struct rig_adapter_port {
    rig_address local;   /**< its source address; version 0 = the host's routing decides */
    uint8_t prefix;      /**< bits of its network */
    bool down;           /**< it has no link */
    bool strict_gateway; /**< its tunnels end at the outer address set for a destination, nowhere else */
} rig_adapter_port;

/** rig_adapter_quirks is how a product differs from the model; zeroes are the model. */
typedef struct rig_adapter_quirks {
    const char *name;         /**< of the row in the table of quirks, or NULL */
    uint32_t max_sessions;    /**< sessions at a time, 0 = no limit of its own */
    uint32_t max_connections; /**< connections of a session, 0 = no limit of its own */
    uint32_t max_tasks;       /**< commands of a session at a time, 0 = no limit of its own */
    uint32_t max_data_out;    /**< largest payload of its Data-Out PDUs, 0 = as negotiated */
    uint32_t security_cache;  /**< pre-shared keys it can hold, 0 = it has no such cache */
    bool boots_alone;         /**< it carries out its own table of logins before the service starts */
} rig_adapter_quirks;

/** rig_quirks_find gives the quirks of a product by the name of its row: "few-tags", "one-connection",
 * "odd-data-out", "few-sessions", "own-boot", "small-security-cache". NULL when there is none. Static
 * storage. */
const rig_adapter_quirks *rig_quirks_find(rig_view name);

/** rig_quirks_at gives row index of the table of quirks, NULL behind the last. Static storage. */
const rig_adapter_quirks *rig_quirks_at(size_t index);

#define RIG_OS_BUSES 16       /**< buses an adapter has for the operating system */
#define RIG_OS_TARGETS 256    /**< targets of a bus */
#define RIG_OS_LUNS 256       /**< LUNs of a target */
#define RIG_OS_ANY UINT32_MAX /**< any bus or target number */

/** rig_lun_map is which bus and target numbers of an adapter are in use. Zero-initialised. */
typedef struct rig_lun_map {
    uint64_t used[RIG_OS_BUSES * RIG_OS_TARGETS / 64]; /**< a bit each, by bus, then by target */
} rig_lun_map;

/** rig_lun_map_check looks at a mapping as a login gives it: RIG_CODE_TARGET_MAPPING_OUT_OF_RANGE for numbers
 * an adapter does not have, RIG_CODE_INVALID_TARGET_MAPPING for a LUN that stands in it twice. */
rig_code rig_lun_map_check(const rig_target_mapping *mapping);

/** rig_lun_map_take takes a bus and a target number, RIG_OS_ANY = the lowest that are free.
 * RIG_CODE_TARGET_MAPPING_OUT_OF_RANGE, RIG_CODE_TARGET_MAPPING_UNAVAILABLE (in use, or none is free). */
rig_code rig_lun_map_take(rig_lun_map *map, uint32_t *bus, uint32_t *target);

/** rig_lun_map_give gives them back. */
void rig_lun_map_give(rig_lun_map *map, uint32_t bus, uint32_t target);

/** rig_lun_map_number gives the operating system's number of a target's LUN: as wanted lists it (NULL: no
 * list), else the LUN's own where it is single-level, below RIG_OS_LUNS and not in taken, else the lowest
 * that is not. False when it has none: it is not listed, or all are taken. */
bool rig_lun_map_number(const rig_lun_mapping_list *wanted, const rig_lun_mapping_list *taken, uint64_t lun,
                        uint32_t *out_number);

/** rig_adapter is one initiator instance: software, or a hardware one with its own abilities. */
typedef struct rig_adapter {
    const char *name;                              /**< initiator instance name; borrowed */
    bool hardware;                                 /**< hardware initiator */
    rig_security_abilities abilities;              /**< of its IPsec engine */
    rig_adapter_quirks quirks;                     /**< what is odd about it */
    rig_adapter_port ports[RIG_ADAPTER_PORTS_MAX]; /**< its ports */
    uint32_t num_ports;                            /**< 0 = one, without an address of its own */
    rig_initiator *initiator;                      /**< the engine behind it; borrowed */
    rig_lun_map map;                               /**< numbers in use; zero at first */
    uint32_t num_sessions;                         /**< of the service through it; zero at first */
} rig_adapter;

/** rig_adapter_key_room tells whether an adapter takes one more pre-shared key besides those it holds:
 * RIG_CODE_HBA_SECURITY_CACHE_NOT_SUPPORTED for hardware without a cache, RIG_CODE_HBA_SECURITY_CACHE_FULL.
 * The keys of a software initiator are the service's affair. */
rig_code rig_adapter_key_room(const rig_adapter *adapter, uint32_t held);

/** rig_hba is the adapters of a machine, in the order they are reported. */
typedef struct rig_hba {
    rig_adapter adapters[RIG_ADAPTERS_MAX]; /**< they */
    uint32_t num_adapters;                  /**< entries */
    rig_policy_db policies;                 /**< in force; rig_policy_db_clear when any were put */
} rig_hba;

/** rig_route is the way to a portal. */
typedef struct rig_route {
    rig_adapter *adapter; /**< the adapter to use */
    uint32_t port;        /**< number of its port, counted from 0 */
    rig_address local;    /**< source address; version 0 = any */
} rig_route;

/** rig_hba_find gives the adapter of that name, NULL when there is none. */
rig_adapter *rig_hba_find(rig_hba *hba, const char *instance);

/** rig_hba_port tells whether an instance ("": any) and a port of it (RIG_PORT_ANY: any) can be meant:
 * RIG_CODE_INITIATOR_INSTANCE_NOT_FOUND, RIG_CODE_INVALID_PORT_NUMBER. */
rig_code rig_hba_port(const rig_hba *hba, const char *instance, uint32_t port);

/**
 * rig_hba_route picks adapter and port for a portal: the instance and port named, where they are ("" and
 * RIG_PORT_ANY: by routing; the port whose network has the longest prefix of the portal's address, then the
 * first port of the same family with a link). RIG_CODE_INITIATOR_INSTANCE_NOT_FOUND,
 * RIG_CODE_INVALID_PORT_NUMBER (no such port, or a port of no named instance), RIG_CODE_CONNECTION_FAILED (no
 * port with a link leads there).
 */
rig_code rig_hba_route(rig_hba *hba, const char *instance, uint32_t port, const rig_portal *portal,
                       rig_route *out_route);

#endif
