/** @file
 * Text segments: key=value pairs, spanning over PDUs by the C bit, values (RFC 7143 section 6.1).
 */
#ifndef RIG_TEXT_H
#define RIG_TEXT_H

#include "rig/alloc.h"
#include "rig/status.h"
#include "rig/view.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RIG_KEY_MAX 63    /**< most bytes of a key name */
#define RIG_VALUE_MAX 255 /**< most bytes of a simple value */
#define RIG_NAME_MAX 223  /**< most bytes of an iSCSI name */
#define RIG_TEXT_MAX                                                                                         \
    65536 /**< most bytes of one negotiation's text that are accepted (section 6.1 asks 8192/64K) */
#define RIG_TEXT_ANSWER_MAX (16u << 20) /**< most bytes of a SendTargets answer over all its PDUs */

/** rig_pair is one key=value pair, borrowed from the text it was read from. */
typedef struct rig_pair {
    rig_view key;   /**< before the first '=' */
    rig_view value; /**< after it, without the NUL */
    size_t offset;  /**< of the key in the text */
} rig_pair;

/**
 * rig_pair_next takes the next pair off *rest. RIG_E_NOT_FOUND at the end; RIG_E_SYNTAX (err->offset, from
 * the start of the segment given by base) for a missing NUL, '=' or key, or a malformed or overlong key name.
 */
rig_status rig_pair_next(const uint8_t *base, rig_view *rest, rig_pair *out_pair, rig_error *err);

/**
 * rig_key_valid tells whether name is a well-formed key name: capital first, then letters, digits, . - + @ _
 * and the # of X#NodeArchitecture (13.26). iSCSIProtocolLevel (13.24), which breaks that rule, is valid too.
 */
bool rig_key_valid(rig_view name);

/** rig_gather joins the text of a sequence of PDUs; its memory lives only during the exchange.
 * Zero-initialised. */
typedef struct rig_gather {
    uint8_t *ptr; /**< the text so far */
    size_t len;   /**< its bytes */
    size_t size;  /**< allocated bytes */
} rig_gather;

/** rig_gather_add appends; RIG_E_LIMIT (nothing appended) when the text would exceed max bytes, RIG_E_NOMEM.
 */
rig_status rig_gather_add(rig_gather *gather, const rig_alloc *alloc, rig_view text, size_t max);

/** rig_gather_pair appends key=value and the NUL. */
rig_status rig_gather_pair(rig_gather *gather, const rig_alloc *alloc, const char *key, rig_view value,
                           size_t max);

/** rig_gather_cleanup frees the text; the gather is empty and usable again. */
void rig_gather_cleanup(rig_gather *gather, const rig_alloc *alloc);

/** rig_number_parse reads a numeric value: decimal without leading zero, or 0x hex, below 2^64 (section 6.1).
 */
bool rig_number_parse(rig_view value, uint64_t *out_number);

/** rig_bool_parse reads exactly Yes or No. */
bool rig_bool_parse(rig_view value, bool *out_yes);

/** rig_list_has tells whether a comma-separated list holds item, byte for byte. */
bool rig_list_has(rig_view list, rig_view item);

/**
 * rig_binary_parse reads a binary value in hex (0x, an odd digit count counts as (n+1)/2 bytes) or base64
 * (0b), both prefixes in either case. Returns false for a wrong digit, bad padding, or more than size bytes.
 */
bool rig_binary_parse(rig_view value, uint8_t *out, size_t size, size_t *out_len);

/** rig_binary_print appends bytes as 0x hex. */
void rig_binary_print(rig_text *out, rig_view bytes);

#ifdef __cplusplus
}
#endif

#endif
