/** @file
 * The initiator's key table (RFC 7143 section 13): one row a key.
 */
#ifndef RIG_KEYS_H
#define RIG_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "rig/status.h"
#include "rig/view.h"

#ifdef __cplusplus
extern "C" {
#endif

/** rig_key_rule is how offer and answer make the result (section 6.2). */
typedef enum rig_key_rule {
    RIG_BY_MIN,     /**< numerical, the smaller counts */
    RIG_BY_MAX,     /**< numerical, the larger counts */
    RIG_BY_AND,     /**< boolean, Yes when both say Yes */
    RIG_BY_OR,      /**< boolean, Yes when one says Yes */
    RIG_BY_LIST,    /**< list, the first the responder supports */
    RIG_BY_DECLARE, /**< declarative number, each side its own */
} rig_key_rule;

/**
 * RIG_KEY_ROWS: identifier, key, rule, lowest, highest, default in force, our value, offered unless told
 * otherwise, leading-only, irrelevant in discovery sessions, section. Lists are bit sets over the names in
 * RIG_KEY_LISTS, first name = bit 0; the default offer of a list names its order of preference by that bit
 * order.
 */
#define RIG_KEY_ROWS(X)                                                                                      \
    X(HEADER_DIGEST, "HeaderDigest", LIST, 1, 3, 1, 1, true, false, false, "13.1")                           \
    X(DATA_DIGEST, "DataDigest", LIST, 1, 3, 1, 1, true, false, false, "13.1")                               \
    X(MAX_CONNECTIONS, "MaxConnections", MIN, 1, 65535, 1, 1, true, true, true, "13.2")                      \
    X(INITIAL_R2T, "InitialR2T", OR, 0, 1, 1, 0, true, true, true, "13.10")                                  \
    X(IMMEDIATE_DATA, "ImmediateData", AND, 0, 1, 1, 1, true, true, true, "13.11")                           \
    X(MAX_RECV_DATA, "MaxRecvDataSegmentLength", DECLARE, 512, 16777215, 8192, 262144, true, false, false,   \
      "13.12")                                                                                               \
    X(MAX_BURST, "MaxBurstLength", MIN, 512, 16777215, 262144, 1048576, true, true, true, "13.13")           \
    X(FIRST_BURST, "FirstBurstLength", MIN, 512, 16777215, 65536, 262144, true, true, true, "13.14")         \
    X(TIME2WAIT, "DefaultTime2Wait", MAX, 0, 3600, 2, 2, true, true, false, "13.15")                         \
    X(TIME2RETAIN, "DefaultTime2Retain", MIN, 0, 3600, 20, 20, true, true, false, "13.16")                   \
    X(MAX_R2T, "MaxOutstandingR2T", MIN, 1, 65535, 1, 1, true, true, true, "13.17")                          \
    X(PDU_IN_ORDER, "DataPDUInOrder", OR, 0, 1, 1, 1, true, true, true, "13.18")                             \
    X(SEQUENCE_IN_ORDER, "DataSequenceInOrder", OR, 0, 1, 1, 1, true, true, true, "13.19")                   \
    X(RECOVERY_LEVEL, "ErrorRecoveryLevel", MIN, 0, 2, 0, 0, true, true, false, "13.20")                     \
    X(TASK_REPORTING, "TaskReporting", LIST, 1, 7, 1, 7, false, true, true, "13.23")                         \
    X(PROTOCOL_LEVEL, "iSCSIProtocolLevel", MIN, 0, 31, 1, 2, false, true, true, "13.24")

/** RIG_KEY_LISTS: the values of each list key, in the order of their bits. */
#define RIG_KEY_LISTS(X)                                                                                     \
    X(HEADER_DIGEST, "None", "CRC32C")                                                                       \
    X(DATA_DIGEST, "None", "CRC32C")                                                                         \
    X(TASK_REPORTING, "RFC3720", "ResponseFence", "FastAbort")

#define RIG_REPORT_FAST_ABORT 4 /**< bit of TaskReporting=FastAbort (section 4.2.3.4) */

/** rig_key_id names a negotiable key of the initiator. */
typedef enum rig_key_id {
#define X(id, name, rule, low, high, in_force, offer, offered, leading, irrelevant, section) RIG_KEY_##id,
    RIG_KEY_ROWS(X)
#undef X
        RIG_KEYS /**< number of keys, not a key */
} rig_key_id;

/** rig_key_value is a value of any key: a number, 0/1 for booleans, a bit set for lists. */
typedef struct rig_key_value {
    uint32_t value; /**< the value; with order for offers of lists */
    uint32_t order; /**< offered lists: up to 8 bit numbers + 1, four bits each, first preference lowest; 0 =
                       bit order */
    bool omit;      /**< offers: do not propose the key, its default stays in force */
} rig_key_value;

/** rig_key_row describes one key. */
typedef struct rig_key_row {
    const char *name;         /**< on the wire */
    const char *section;      /**< of RFC 7143 */
    const char *const *items; /**< LIST: names by bit number, ended by NULL */
    rig_key_rule rule;        /**< result function */
    uint32_t low;             /**< lowest legal value */
    uint32_t high;            /**< highest legal value */
    uint32_t in_force;        /**< value without negotiation */
    uint32_t offer;           /**< what we propose unless told otherwise */
    bool offered;             /**< proposed unless told otherwise */
    bool leading;             /**< only on the leading connection (LO) */
    bool irrelevant;          /**< without meaning in discovery sessions */
} rig_key_row;

/** rig_key_rows is indexed by rig_key_id. */
extern const rig_key_row rig_key_rows[RIG_KEYS];

/** rig_key_find gives the key of that name, RIG_KEYS when the table has none. */
rig_key_id rig_key_find(rig_view name);

/**
 * rig_key_value_parse reads a value as it stands on the wire, lists included ("CRC32C,None"). Errors:
 * RIG_E_SYNTAX or RIG_E_LIMIT with what is allowed.
 */
rig_status rig_key_value_parse(rig_key_id key, rig_view text, rig_key_value *out_value, rig_error *err);

/** rig_key_value_print appends a value as it stands on the wire. */
void rig_key_value_print(rig_text *out, rig_key_id key, const rig_key_value *value);

#ifdef __cplusplus
}
#endif

#endif
