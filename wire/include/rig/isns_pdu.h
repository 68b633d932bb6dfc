/** @file
 * The Internet Storage Name Service as bytes (RFC 4171 sections 5 and 6): PDUs, messages of several PDUs,
 * attributes, names. What they mean is the affair of each side.
 */
#ifndef RIG_ISNS_PDU_H
#define RIG_ISNS_PDU_H

#include <sys/uio.h>

#include "rig/alloc.h"
#include "rig/iname.h"
#include "rig/names.h"
#include "rig/status.h"
#include "rig/text.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RIG_ISNS_PORT 3205               /**< TCP port of a server */
#define RIG_ISNS_VERSION 1               /**< the one version (section 5.1.1) */
#define RIG_ISNS_HEADER_LEN 12           /**< bytes in front of a PDU's payload */
#define RIG_ISNS_PAYLOAD_MAX 65532       /**< most bytes of a PDU's payload: 16 bits, 4-byte aligned */
#define RIG_ISNS_MESSAGE_MAX (16u << 20) /**< most bytes of a message over all its PDUs */
#define RIG_ISNS_RESPONSE 0x8000         /**< bit of the function that makes a response */

#define RIG_ISNS_FROM_CLIENT 0x8000 /**< flag: the sender is the client */
#define RIG_ISNS_FROM_SERVER 0x4000 /**< flag: the sender is the server */
#define RIG_ISNS_AUTH_BLOCK 0x2000  /**< flag: an authentication block follows (multicast alone) */
#define RIG_ISNS_REPLACE 0x1000     /**< flag: a registration replaces what was there */
#define RIG_ISNS_LAST 0x0800        /**< flag: last PDU of its message */
#define RIG_ISNS_FIRST 0x0400       /**< flag: first PDU of its message */

/** RIG_ISNS_FUNCTIONS lists the requests (section 4.1.3): identifier, value, name. */
#define RIG_ISNS_FUNCTIONS(X)                                                                                \
    X(DEV_ATTR_REG, 1, "DevAttrReg")                                                                         \
    X(DEV_ATTR_QRY, 2, "DevAttrQry")                                                                         \
    X(DEV_GET_NEXT, 3, "DevGetNext")                                                                         \
    X(DEV_DEREG, 4, "DevDereg")                                                                              \
    X(SCN_REG, 5, "SCNReg")                                                                                  \
    X(SCN_DEREG, 6, "SCNDereg")                                                                              \
    X(SCN_EVENT, 7, "SCNEvent")                                                                              \
    X(SCN, 8, "SCN")                                                                                         \
    X(DD_REG, 9, "DDReg")                                                                                    \
    X(DD_DEREG, 10, "DDDereg")                                                                               \
    X(DDS_REG, 11, "DDSReg")                                                                                 \
    X(DDS_DEREG, 12, "DDSDereg")                                                                             \
    X(ESI, 13, "ESI")                                                                                        \
    X(HEARTBEAT, 14, "Heartbeat")

/** RIG_ISNS_STATUSES lists the status codes of responses (section 5.4): identifier, value, name. */
#define RIG_ISNS_STATUSES(X)                                                                                 \
    X(SUCCESSFUL, 0, "successful")                                                                           \
    X(UNKNOWN_ERROR, 1, "unknown-error")                                                                     \
    X(FORMAT_ERROR, 2, "message-format-error")                                                               \
    X(INVALID_REGISTRATION, 3, "invalid-registration")                                                       \
    X(INVALID_QUERY, 5, "invalid-query")                                                                     \
    X(SOURCE_UNKNOWN, 6, "source-unknown")                                                                   \
    X(SOURCE_ABSENT, 7, "source-absent")                                                                     \
    X(SOURCE_UNAUTHORIZED, 8, "source-unauthorized")                                                         \
    X(NO_SUCH_ENTRY, 9, "no-such-entry")                                                                     \
    X(VERSION_NOT_SUPPORTED, 10, "version-not-supported")                                                    \
    X(INTERNAL_ERROR, 11, "internal-error")                                                                  \
    X(BUSY, 12, "busy")                                                                                      \
    X(OPTION_NOT_UNDERSTOOD, 13, "option-not-understood")                                                    \
    X(INVALID_UPDATE, 14, "invalid-update")                                                                  \
    X(NOT_SUPPORTED, 15, "message-not-supported")                                                            \
    X(SCN_EVENT_REJECTED, 16, "scn-event-rejected")                                                          \
    X(SCN_REJECTED, 17, "scn-registration-rejected")                                                         \
    X(NOT_IMPLEMENTED, 18, "attribute-not-implemented")                                                      \
    X(ESI_NOT_AVAILABLE, 21, "esi-not-available")                                                            \
    X(INVALID_DEREGISTRATION, 22, "invalid-deregistration")                                                  \
    X(FEATURE_NOT_SUPPORTED, 23, "registration-feature-not-supported")

/** RIG_ISNS_TAGS lists the attributes of iSCSI (section 6.1): identifier, tag, name, how its value reads. */
#define RIG_ISNS_TAGS(X)                                                                                     \
    X(DELIMITER, 0, "delimiter", RIG_ISNS_IS_BYTES)                                                          \
    X(ENTITY, 1, "entity", RIG_ISNS_IS_TEXT)                                                                 \
    X(PROTOCOL, 2, "entity-protocol", RIG_ISNS_IS_NUMBER)                                                    \
    X(TIMESTAMP, 4, "timestamp", RIG_ISNS_IS_BYTES)                                                          \
    X(PERIOD, 6, "registration-period", RIG_ISNS_IS_NUMBER)                                                  \
    X(PORTAL_IP, 16, "portal-ip", RIG_ISNS_IS_IP)                                                            \
    X(PORTAL_PORT, 17, "portal-port", RIG_ISNS_IS_NUMBER)                                                    \
    X(PORTAL_NAME, 18, "portal-name", RIG_ISNS_IS_TEXT)                                                      \
    X(ESI_INTERVAL, 19, "esi-interval", RIG_ISNS_IS_NUMBER)                                                  \
    X(ESI_PORT, 20, "esi-port", RIG_ISNS_IS_NUMBER)                                                          \
    X(SCN_PORT, 23, "scn-port", RIG_ISNS_IS_NUMBER)                                                          \
    X(SECURITY, 27, "portal-security-bitmap", RIG_ISNS_IS_NUMBER)                                            \
    X(NODE, 32, "iscsi-name", RIG_ISNS_IS_TEXT)                                                              \
    X(NODE_TYPE, 33, "node-type", RIG_ISNS_IS_NUMBER)                                                        \
    X(ALIAS, 34, "alias", RIG_ISNS_IS_TEXT)                                                                  \
    X(SCN_BITMAP, 35, "scn-bitmap", RIG_ISNS_IS_NUMBER)                                                      \
    X(GROUP_NODE, 48, "group-iscsi-name", RIG_ISNS_IS_TEXT)                                                  \
    X(GROUP_IP, 49, "group-portal-ip", RIG_ISNS_IS_IP)                                                       \
    X(GROUP_PORT, 50, "group-portal-port", RIG_ISNS_IS_NUMBER)                                               \
    X(GROUP_TAG, 51, "group-tag", RIG_ISNS_IS_NUMBER)

/** rig_isns_function is a request; its response has RIG_ISNS_RESPONSE set. */
typedef enum rig_isns_function {
#define X(id, value, name) RIG_ISNS_##id = value,
    RIG_ISNS_FUNCTIONS(X)
#undef X
} rig_isns_function;

/** rig_isns_status is the status code of a response. */
typedef enum rig_isns_status {
#define X(id, value, name) RIG_ISNS_ST_##id = value,
    RIG_ISNS_STATUSES(X)
#undef X
} rig_isns_status;

/** rig_isns_tag is an attribute's tag. */
typedef enum rig_isns_tag {
#define X(id, value, name, kind) RIG_ISNS_TAG_##id = value,
    RIG_ISNS_TAGS(X)
#undef X
} rig_isns_tag;

/** rig_isns_kind is how the value of an attribute reads. */
typedef enum rig_isns_kind {
    RIG_ISNS_IS_BYTES,  /**< as it is */
    RIG_ISNS_IS_NUMBER, /**< 4 bytes */
    RIG_ISNS_IS_TEXT,   /**< UTF-8 with its NUL, padded with zeros */
    RIG_ISNS_IS_IP      /**< 16 bytes, IPv4 as IPv4-mapped IPv6 */
} rig_isns_kind;

#define RIG_ISNS_TYPE_TARGET 1    /**< node type bit: target */
#define RIG_ISNS_TYPE_INITIATOR 2 /**< node type bit: initiator */
#define RIG_ISNS_PROTOCOL_ISCSI 2 /**< entity protocol (section 6.2.2) */
#define RIG_ISNS_PORT_UDP 0x10000 /**< bit of a port attribute: UDP (section 6.3.2) */
#define RIG_ISNS_SCN_UPDATED 0x04 /**< SCN bitmap: an object was updated (section 6.4.4) */
#define RIG_ISNS_SCN_ADDED 0x08   /**< SCN bitmap: an object was added */
#define RIG_ISNS_SCN_REMOVED 0x10 /**< SCN bitmap: an object was removed */
#define RIG_ISNS_SCN_TARGETS 0x40 /**< SCN bitmap: of targets and of oneself alone */

extern const rig_names
    rig_names_isns_function; /**< DevAttrReg … Heartbeat, and their responses: DevAttrRegRsp */
extern const rig_names rig_names_isns_status; /**< successful, … registration-feature-not-supported */
extern const rig_names rig_names_isns_tag;    /**< entity, portal-ip, … group-tag */

/** rig_isns_header is the header of a PDU (section 5.1). */
typedef struct rig_isns_header {
    uint16_t version;     /**< RIG_ISNS_VERSION */
    uint16_t function;    /**< rig_isns_function, with RIG_ISNS_RESPONSE */
    uint16_t length;      /**< bytes of the payload */
    uint16_t flags;       /**< RIG_ISNS_FROM_CLIENT and so on */
    uint16_t transaction; /**< the same in request and response */
    uint16_t sequence;    /**< number of the PDU in its message, from 0 */
} rig_isns_header;

/** rig_isns_header_put writes a header. */
void rig_isns_header_put(const rig_isns_header *header, uint8_t out[RIG_ISNS_HEADER_LEN]);

/** rig_isns_header_get reads one; nothing in it is judged. */
rig_isns_header rig_isns_header_get(const uint8_t bytes[RIG_ISNS_HEADER_LEN]);

/** rig_isns_attr is one attribute; its value is borrowed. */
typedef struct rig_isns_attr {
    uint32_t tag;   /**< rig_isns_tag, or one that is not known here */
    rig_view value; /**< with its padding */
} rig_isns_attr;

/** rig_isns_attr_next takes the next attribute off rest. RIG_E_NOT_FOUND at the end, RIG_E_TRUNCATED when the
 * bytes end in it, RIG_E_FORMAT for a length that is not 4-byte aligned (section 5.3.1). */
rig_status rig_isns_attr_next(rig_view *rest, rig_isns_attr *out_attr, rig_error *err);

/** rig_isns_number reads a value of 4 bytes; false for any other length. */
bool rig_isns_number(rig_view value, uint32_t *out_number);

/** rig_isns_text reads a text up to its NUL; false when there is no NUL, nothing in front of it, or something
 * but zeros behind it. */
bool rig_isns_text(rig_view value, rig_view *out_text);

/** rig_isns_ip reads an address of 16 bytes; false for any other length. */
bool rig_isns_ip(rig_view value, rig_ip *out_ip);

/** rig_isns_add appends an attribute to a message, padded. RIG_E_NOMEM, RIG_E_LIMIT. */
rig_status rig_isns_add(rig_gather *message, const rig_alloc *alloc, uint32_t tag, rig_view value);

/** rig_isns_add_number appends an attribute of 4 bytes. */
rig_status rig_isns_add_number(rig_gather *message, const rig_alloc *alloc, uint32_t tag, uint32_t number);

/** rig_isns_add_text appends a text with its NUL. */
rig_status rig_isns_add_text(rig_gather *message, const rig_alloc *alloc, uint32_t tag, rig_view text);

/** rig_isns_add_ip appends an address. */
rig_status rig_isns_add_ip(rig_gather *message, const rig_alloc *alloc, uint32_t tag, const rig_ip *ip);

/** rig_isns_pack appends the PDUs of a message to out: with function, flags and transaction of like, first
 * and last flag and sequence of their own, max bytes of payload each at most (0 = as many as there may be;
 * else a multiple of 4). RIG_E_NOMEM, RIG_E_LIMIT. */
rig_status rig_isns_pack(const rig_alloc *alloc, const rig_isns_header *like, rig_view message, size_t max,
                         rig_gather *out);

/** rig_isns_framer makes messages out of a stream of bytes. */
typedef struct rig_isns_framer {
    const rig_alloc *alloc;            /**< its memory */
    uint8_t head[RIG_ISNS_HEADER_LEN]; /**< of the present PDU */
    uint32_t have;                     /**< bytes of it */
    uint32_t left;                     /**< bytes of its payload that are still to come */
    uint8_t *message;                  /**< payload so far, over all PDUs */
    size_t len;                        /**< bytes of it */
    size_t size;                       /**< allocated */
    rig_isns_header header;            /**< of the present PDU, behind its header; the message's at its end */
    uint32_t next;                     /**< sequence of the next PDU; 65536 = there can be none */
    bool inside;                       /**< a message has begun */
} rig_isns_framer;

/** rig_isns_framer_init begins in front of a message. */
void rig_isns_framer_init(rig_isns_framer *framer, const rig_alloc *alloc);

/** rig_isns_framer_space names the place for the next bytes; never empty. */
struct iovec rig_isns_framer_space(rig_isns_framer *framer);

/** rig_isns_framer_commit takes len bytes that were put there. out_whole: a message is complete; header and
 * message are its own until rig_isns_framer_next. RIG_E_UNSUPPORTED (another version, an authentication
 * block), RIG_E_FORMAT (a length that is not aligned), RIG_E_SEQUENCE (PDUs that make no message),
 * RIG_E_LIMIT, RIG_E_NOMEM: nothing that follows can be read. */
rig_status rig_isns_framer_commit(rig_isns_framer *framer, size_t len, bool *out_whole, rig_error *err);

/** rig_isns_framer_next is ready for the next message. */
void rig_isns_framer_next(rig_isns_framer *framer);

/** rig_isns_framer_cleanup frees its memory. */
void rig_isns_framer_cleanup(rig_isns_framer *framer);

/** rig_isns_print says a message in one line: "DevAttrQryRsp transaction=3 status=successful iscsi-name=…".
 */
void rig_isns_print(rig_text *out, const rig_isns_header *header, rig_view message);

#ifdef __cplusplus
}
#endif

#endif
