/** @file
 * Results and error records.
 *
 * Every function that can fail returns a rig_status; the human part (place, what was wanted, what came) goes
 * into a rig_error owned by the caller. Nothing in the libraries prints or exits.
 */
#ifndef RIG_STATUS_H
#define RIG_STATUS_H

#include <stdarg.h>
#include <stdint.h>

#include "rig/view.h"

#ifdef __cplusplus
extern "C" {
#endif

/** RIG_STATUS_ROWS lists every status: identifier, name in text, meaning. One row here is all a new status
 * needs. */
#define RIG_STATUS_ROWS(X)                                                                                   \
    X(RIG_OK, "ok", "done")                                                                                  \
    X(RIG_E_NOMEM, "no-memory", "the allocator gave nothing")                                                \
    X(RIG_E_ARGUMENT, "bad-argument", "the caller passed a value outside the documented range")              \
    X(RIG_E_STATE, "wrong-state", "the object is not in a state that allows the call")                       \
    X(RIG_E_LIMIT, "limit", "a named limit was reached")                                                     \
    X(RIG_E_SYNTAX, "syntax", "text that does not follow its grammar")                                       \
    X(RIG_E_TRUNCATED, "truncated", "the input ended before the thing it began")                             \
    X(RIG_E_FORMAT, "format", "a PDU with inconsistent or illegal header fields (RFC 7143 section 7.7)")     \
    X(RIG_E_PROTOCOL, "protocol",                                                                            \
      "a legal PDU at a place where the protocol does not allow it (section 7.13)")                          \
    X(RIG_E_NEGOTIATION, "negotiation", "a failed text negotiation (section 7.12)")                          \
    X(RIG_E_HEADER_DIGEST, "header-digest", "a header digest that does not match (section 7.8)")             \
    X(RIG_E_DATA_DIGEST, "data-digest", "a data digest that does not match (section 7.8)")                   \
    X(RIG_E_SEQUENCE, "sequence", "a gap in StatSN, DataSN or R2TSN (section 7.9)")                          \
    X(RIG_E_REFUSED, "refused", "the peer said no (login status, reject, connection refused)")               \
    X(RIG_E_AUTH, "authentication",                                                                          \
      "the peer did not prove who it is, or must not be answered (section 9.2)")                             \
    X(RIG_E_TIMEOUT, "timeout", "a deadline passed")                                                         \
    X(RIG_E_CLOSED, "closed", "the peer closed the connection")                                              \
    X(RIG_E_RESET, "reset", "the connection was reset")                                                      \
    X(RIG_E_UNREACHABLE, "unreachable", "no path to the peer, or a name that does not resolve")              \
    X(RIG_E_NOT_FOUND, "not-found", "no object of that name")                                                \
    X(RIG_E_EXISTS, "exists", "an object of that name is there already")                                     \
    X(RIG_E_BUSY, "busy", "try again when something in progress has finished")                               \
    X(RIG_E_UNSUPPORTED, "unsupported", "a known request that this side does not offer")                     \
    X(RIG_E_IO, "io", "the operating system reported an error")                                              \
    X(RIG_E_SECURITY, "security", "IPsec was wanted and could not be had, nothing was sent")                 \
    X(RIG_E_ABORTED, "aborted", "ended by the local side on request")

/** rig_status is the result of a call: RIG_OK is 0, everything else is a failure. */
typedef enum rig_status {
#define X(id, name, meaning) id,
    RIG_STATUS_ROWS(X)
#undef X
        RIG_STATUS_COUNT /**< number of rows, not a status */
} rig_status;

/** rig_status_name gives the short name ("header-digest"), "?" for a value outside the enum. Static storage.
 */
const char *rig_status_name(rig_status status);

/** rig_status_meaning gives one sentence for people. Static storage. */
const char *rig_status_meaning(rig_status status);

/** rig_status_parse is the inverse of rig_status_name. Returns RIG_E_NOT_FOUND for an unknown name. */
rig_status rig_status_parse(rig_view name, rig_status *out_status);

/** rig_error says where and why something failed. Owned by the caller; plain data, no cleanup. Zero it before
 * use. */
typedef struct rig_error {
    rig_status status; /**< RIG_OK when nothing was reported */
    uint32_t file;     /**< number of the text the line is in, where there are several; 0 the first */
    uint32_t line;     /**< 1-based line in a text, 0 when there is none */
    uint32_t col;      /**< 1-based column in bytes, 0 when there is none */
    uint64_t offset;   /**< byte offset in the stream, file or PDU the text names */
    char field[48];    /**< field, key or option at fault, "" when none */
    char text[256];    /**< what was wanted, what came, what to do; no trailing newline */
} rig_error;

/**
 * rig_fail fills err (NULL allowed) with status and a formatted text, and returns status, so that callers can
 * write `return rig_fail(err, RIG_E_SYNTAX, …)`. Place members (line, col, offset, field) are left as they
 * are.
 */
__attribute__((format(printf, 3, 4))) rig_status rig_fail(rig_error *err, rig_status status,
                                                          const char *format, ...);

/** rig_fail_at is rig_fail with the byte offset and the field name set (field may be NULL). */
__attribute__((format(printf, 5, 6))) rig_status
rig_fail_at(rig_error *err, rig_status status, uint64_t offset, const char *field, const char *format, ...);

#ifdef __cplusplus
}
#endif

#endif
