/** @file
 * Bytes to PDUs, incrementally, with digests, on the iovec contract: the framer tells where the next bytes
 * belong.
 *
 * Data flow: the owner asks rig_framer_space for up to RIG_SPACE_IOV places, the driver fills them with one
 * readv (or the simulated network copies into them), and rig_framer_commit takes what came. Places are, in
 * order: the rest of the current payload (straight in the owner's memory), its padding and digest, and the
 * read-ahead area, which the framer parses in place. The read-ahead area belongs to the driver and may be
 * shared by all connections of a thread: the framer keeps nothing in it between calls.
 */
#ifndef RIG_FRAMER_H
#define RIG_FRAMER_H

#include <sys/uio.h>

#include "rig/alloc.h"
#include "rig/pdu.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RIG_SPACE_IOV 4       /**< most places rig_framer_space names */
#define RIG_SINK_IOV_MAX 1024 /**< most iovecs of an owner's buffer list */
/**
 * RIG_COPY_MAX is the named size of the data path: at most this many bytes of one payload are ever copied
 * (what of it arrived in the read-ahead area behind its header). After a larger payload the framer offers
 * room for one header only instead of the whole read-ahead area, until RIG_SMALL_PDUS smaller PDUs in a row
 * have come, so that in a stream of large payloads nothing is copied.
 */
#define RIG_COPY_MAX 16384
#define RIG_SMALL_PDUS 2 /**< PDUs without a large payload after which the framer reads ahead again */

/** rig_sink_kind says what becomes of a payload. */
typedef enum rig_sink_kind {
    RIG_SINK_COLLECT, /**< shown whole in rig_pdu.data: in place when possible, else gathered in one
                         allocation */
    RIG_SINK_PLACE,   /**< written into the owner's iovecs; rig_pdu.data is {NULL, len} */
    RIG_SINK_DISCARD  /**< read and dropped (digests still checked); rig_pdu.data is {NULL, len} */
} rig_sink_kind;

/** rig_sink is the owner's answer to a header. The iovecs must stay valid until the PDU is complete. */
typedef struct rig_sink {
    rig_sink_kind kind;      /**< default COLLECT */
    const struct iovec *iov; /**< PLACE: the owner's buffer list */
    uint32_t num_iov;        /**< its entries */
    size_t offset; /**< byte of the list where the payload starts; offset + payload must lie inside */
} rig_sink;

/**
 * rig_framer_ops is how the owner sees PDUs. Of the framer, complete() may change digests, max_data and
 * max_ahs (for the next PDU) and nothing else.
 */
typedef struct rig_framer_ops {
    /**
     * A header is complete (BHS, AHS, header digest checked). Chooses where the payload goes; out_sink starts
     * as COLLECT. Not called for a PDU without data. Any status but RIG_OK stops the framer with it.
     */
    rig_status (*header)(void *ctx, const rig_pdu *pdu, rig_sink *out_sink);
    /** The PDU is complete. Any status but RIG_OK stops the framer with it. */
    rig_status (*complete)(void *ctx, const rig_pdu *pdu);
} rig_framer_ops;

/** rig_framer_config is fixed at rig_framer_init. */
typedef struct rig_framer_config {
    const rig_alloc *alloc;    /**< for gathered payloads and long AHS only */
    const rig_framer_ops *ops; /**< the owner's calls */
    void *ctx;                 /**< their first argument */
    /**
     * Go on after a bad header digest, trusting the lengths: for captures, where the sender's view is what
     * counts. Otherwise the PDU is shown to complete() with bad_header_digest and the framer stops
     * (section 7.8).
     */
    bool trust_bad_header;
} rig_framer_config;

/** rig_framer is one direction of one connection. Zero it, then rig_framer_init. About 300 bytes. */
typedef struct rig_framer {
    rig_framer_config config;  /**< private from here on */
    uint32_t max_data;         /**< limit for DataSegmentLength: the receiver's MaxRecvDataSegmentLength */
    uint32_t max_ahs;          /**< limit for TotalAHSLength in bytes */
    bool header_digest;        /**< headers carry a CRC32C */
    bool data_digest;          /**< data segments carry a CRC32C */
    uint8_t phase;             /**< what comes next */
    uint8_t large;             /**< small PDUs still to come before the framer reads ahead again */
    rig_status stopped;        /**< not RIG_OK: no more input is taken */
    uint64_t offset;           /**< stream offset of the current PDU */
    uint32_t have;             /**< bytes of the current part that are here */
    uint32_t data_len;         /**< of the current PDU */
    uint32_t tail_len;         /**< bytes of padding and data digest of the current PDU */
    uint32_t crc;              /**< running data CRC */
    uint8_t head[RIG_BHS_LEN]; /**< header being gathered */
    uint8_t tail[8];           /**< header digest, or padding and data digest, being gathered */
    uint8_t *ahs;              /**< gathered AHS, allocated while needed */
    uint8_t *gathered;         /**< gathered payload, allocated while needed */
    uint32_t ahs_len;          /**< bytes of AHS of the current PDU */
    rig_sink sink;             /**< where the current payload goes */
    rig_pdu pdu;               /**< being built */
} rig_framer;

/** rig_framer_init prepares a framer: no digests, max_data RIG_LOGIN_DATA_MAX, max_ahs RIG_AHS_MAX. */
void rig_framer_init(rig_framer *framer, const rig_framer_config *config);

/** rig_framer_cleanup frees what a half-read PDU holds. The framer takes no more input until it is
 * initialised again. */
void rig_framer_cleanup(rig_framer *framer);

/** rig_framer_digests switches digests on or off, effective with the next PDU: call it between PDUs or in
 * complete(). */
void rig_framer_digests(rig_framer *framer, bool header, bool data);

/**
 * rig_framer_space fills iov with the places for the next bytes and returns how many there are; 0 when the
 * framer has stopped. read_ahead must hold at least RIG_BHS_LEN bytes; at most RIG_COPY_MAX of it are used in
 * front of a payload.
 */
int rig_framer_space(rig_framer *framer, struct iovec read_ahead, struct iovec iov[RIG_SPACE_IOV]);

/**
 * rig_framer_commit takes len bytes that were written into the places named by the last rig_framer_space
 * (same read_ahead), and calls ops for every header and PDU in them. Returns RIG_OK, or why it stopped:
 * RIG_E_FORMAT (a length beyond a limit; err has offset and field), RIG_E_HEADER_DIGEST, RIG_E_NOMEM,
 * RIG_E_ARGUMENT (a place that does not hold the payload, or len beyond the places), or what a call returned,
 * which leaves err alone.
 */
rig_status rig_framer_commit(rig_framer *framer, struct iovec read_ahead, size_t len, rig_error *err);

/** rig_framer_feed takes bytes from memory of the caller's, with the same results: for captures and tests. */
rig_status rig_framer_feed(rig_framer *framer, rig_view bytes, rig_error *err);

/** rig_framer_pending tells whether the stream ended inside a PDU, and how many bytes of it are here. */
bool rig_framer_pending(const rig_framer *framer, uint64_t *out_offset, uint64_t *out_have);

#ifdef __cplusplus
}
#endif

#endif
