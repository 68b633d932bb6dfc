/** @file
 * iSCSI names and portal addresses (RFC 7143 sections 4.2.7 and 13.8).
 */
#ifndef RIG_INAME_H
#define RIG_INAME_H

#include "rig/status.h"
#include "rig/view.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RIG_HOST_MAX 255                    /**< most bytes of a host name or address in a portal */
#define RIG_INAME_TEXT 224                  /**< buffer size that holds any iSCSI name with its NUL */
#define RIG_PORTAL_TEXT (RIG_HOST_MAX + 24) /**< buffer size that holds any printed portal with its NUL */

/** rig_iname_type is the naming format. */
typedef enum rig_iname_type {
    RIG_INAME_IQN, /**< iqn.yyyy-mm.reversed-domain[:rest] */
    RIG_INAME_EUI, /**< eui. and 16 hex digits */
    RIG_INAME_NAA  /**< naa. and 16 or 32 hex digits */
} rig_iname_type;

/**
 * rig_iname_check validates a name as it must stand on the wire: format, length (at most 223 bytes), UTF-8,
 * and the characters stringprep leaves (of ASCII lower-case letters, digits, '-', '.', ':'). Errors:
 * RIG_E_SYNTAX or RIG_E_LIMIT with err->offset at the byte at fault. out_type may be NULL.
 */
rig_status rig_iname_check(rig_view name, rig_iname_type *out_type, rig_error *err);

/**
 * rig_iname_prepare brings a name as people write it into the form it has on the wire, by the iSCSI profile
 * of stringprep (RFC 3722): case folded, compatibility characters replaced, the rest refused. eui. and naa.
 * names, whose digits may have either case, stay as they are. Only the characters are looked at, not the
 * format: that is rig_iname_check's. out is NUL-terminated. Errors: RIG_E_SYNTAX with the reason, RIG_E_LIMIT
 * when the name or its prepared form is too long, RIG_E_NOMEM.
 */
rig_status rig_iname_prepare(rig_view name, char out[RIG_INAME_TEXT], rig_error *err);

/** rig_portal is one address of a network portal. */
typedef struct rig_portal {
    char host[RIG_HOST_MAX + 1]; /**< IPv4, IPv6 without brackets, or a DNS name */
    uint16_t port;               /**< TCP port; RIG_PORT when the text gave none */
    int32_t group;               /**< portal group tag 0..65535, -1 when the text gave none */
} rig_portal;

/**
 * rig_portal_parse reads host[:port][,group] with IPv6 in brackets (a bare IPv6 address without port is taken
 * too). Errors: RIG_E_SYNTAX, RIG_E_LIMIT with err->offset.
 */
rig_status rig_portal_parse(rig_view text, rig_portal *out_portal, rig_error *err);

/** rig_portal_print appends host:port with brackets where needed, and ,group when group >= 0. */
void rig_portal_print(rig_text *out, const rig_portal *portal);

/** rig_ip is a numeric address. */
typedef struct rig_ip {
    uint8_t bytes[16]; /**< network order; the first 4 for IPv4 */
    uint8_t version;   /**< 4 or 6, 0 = unset */
} rig_ip;

/** rig_ip_parse reads a numeric IPv4 or IPv6 address (no brackets, no zone). */
bool rig_ip_parse(rig_view text, rig_ip *out_ip);

/** rig_ip_print appends the canonical text (RFC 5952 for IPv6). */
void rig_ip_print(rig_text *out, const rig_ip *ip);

/** rig_ip_eq compares two addresses. */
bool rig_ip_eq(const rig_ip *a, const rig_ip *b);

/** rig_portal_same tells whether two portals are one place however they are written: the same TCP port, and
 * the same address (RFC 4291 section 2.2) or DNS name (RFC 4343). Group tags do not count. */
bool rig_portal_same(const rig_portal *a, const rig_portal *b);

#ifdef __cplusplus
}
#endif

#endif
