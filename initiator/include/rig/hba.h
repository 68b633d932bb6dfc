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

/** rig_security_request is all the decision rests on. */
typedef struct rig_security_request {
    uint64_t flags;                   /**< requested bitmap */
    rig_security_source source;       /**< who asked */
    bool require_ipsec;               /**< login flag: the session must use IPsec */
    bool has_fallback;                /**< a stored or default bitmap exists for when VALID is clear */
    uint64_t fallback;                /**< that bitmap */
    bool has_key;                     /**< a pre-shared key is known */
    bool has_outer;                   /**< a tunnel outer address is set for the destination */
    rig_security_abilities abilities; /**< of the adapter */
} rig_security_request;

/** rig_security_outcome is what the decision comes to. */
typedef enum rig_security_outcome {
    RIG_SECURITY_PLAIN,       /**< connect without IPsec */
    RIG_SECURITY_USE_IPSEC,   /**< only inside IPsec */
    RIG_SECURITY_INVALID,     /**< contradictory flags: nothing is connected */
    RIG_SECURITY_UNSUPPORTED, /**< the adapter cannot do what is asked: nothing is connected */
    RIG_SECURITY_NO_KEY,      /**< no key for the peer: nothing is connected */
    RIG_SECURITY_REFUSED      /**< IPsec is required and the flags forbid it: nothing is connected */
} rig_security_outcome;

/** rig_security_decision is the outcome with its particulars. */
typedef struct rig_security_decision {
    rig_security_outcome outcome; /**< what to do */
    bool fell_back;               /**< VALID was clear: the fallback, or none, decided */
    bool aggressive;              /**< USE_IPSEC: aggressive instead of main mode */
    bool pfs;                     /**< USE_IPSEC: perfect forward secrecy in quick mode */
    bool tunnel;                  /**< USE_IPSEC: tunnel instead of transport mode */
} rig_security_decision;

/** rig_security_decide is the policy core: a pure function. It fails closed. */
rig_security_decision rig_security_decide(const rig_security_request *request);

/** rig_security_outcome_name gives "plain", "ipsec", "invalid", "unsupported", "no-key", "refused". Static
 * storage. */
const char *rig_security_outcome_name(rig_security_outcome outcome);

#define RIG_ADAPTER_PORTS_MAX 8 /**< most ports of an adapter */
#define RIG_ADAPTERS_MAX 8      /**< most adapters of a machine */

/** rig_adapter_port is one network port of an adapter. */
typedef struct rig_adapter_port {
    rig_address local; /**< its source address; version 0 = the host's routing decides */
    uint8_t prefix;    /**< bits of its network */
    bool down;         /**< it has no link */
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
} rig_adapter;

/** rig_hba is the adapters of a machine, in the order they are reported. */
typedef struct rig_hba {
    rig_adapter adapters[RIG_ADAPTERS_MAX]; /**< they */
    uint32_t num_adapters;                  /**< entries */
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
