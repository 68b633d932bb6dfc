/** @file
 * PDUs to bytes: a queue of outgoing PDUs offered as one iovec list, without copying payloads.
 */
#ifndef RIG_TXQ_H
#define RIG_TXQ_H

#include <sys/uio.h>

#include "rig/alloc.h"
#include "rig/pdu.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RIG_TXQ_MAX 64 /**< most PDUs waiting in one queue; a full queue is the producer's back pressure */

/** rig_tx_wrong are deviations of padding and digests, for simulated faults; they may be combined. */
typedef enum rig_tx_wrong {
    RIG_TX_HEADER_TURNED = 1, /**< the header digest's bytes in the other order */
    RIG_TX_DATA_PLAIN = 2,    /**< the data digest without its final inversion */
    RIG_TX_PAD_LEFT_OUT = 4,  /**< the data digest without the padding */
    RIG_TX_PAD_SET = 8,       /**< pad bytes 0xff */
    RIG_TX_EMPTY_DIGEST = 16, /**< a data digest without data */
    RIG_TX_NO_DIGESTS = 32,   /**< none at all */
} rig_tx_wrong;

/** rig_tx is one outgoing PDU. Filled by the producer between rig_txq_push and rig_txq_seal. */
typedef struct rig_tx {
    uint8_t bhs[RIG_BHS_LEN +
                RIG_DIGEST_LEN]; /**< header; the digest is put behind it at seal when there is no AHS */
    uint8_t tail[3 + RIG_DIGEST_LEN +
                 RIG_DIGEST_LEN]; /**< private: header digest when AHS; padding, data digest */
    rig_view ahs;                 /**< whole words as rig_ahs_put makes them, borrowed until sent */
    const struct iovec *iov;      /**< payload list, borrowed until sent; NULL with flat set */
    struct iovec flat;            /**< payload in one piece, used when iov is NULL */
    uint32_t num_iov;             /**< entries of iov */
    size_t iov_offset;            /**< byte of the list where the payload starts */
    uint32_t data_len;            /**< payload bytes; becomes DataSegmentLength */
    void *cookie;                 /**< given to the sent call; NULL calls nothing */
    void *owned;                  /**< a block of the queue's allocator freed after sending, NULL when none */
    size_t owned_size;            /**< its size */
    uint64_t
        hold_until; /**< not offered before this time; 0 = at once. Holds back everything behind it too. */
    uint8_t
        flip_header; /**< 1 + bit number to flip in the header digest at seal, 0 = none (simulated faults) */
    uint8_t flip_data; /**< 1 + bit number to flip in the data digest at seal, 0 = none (simulated faults) */
    uint8_t wrong;     /**< rig_tx_wrong, 0 = nothing */
    bool keep_lengths; /**< leave TotalAHSLength and DataSegmentLength as they stand in bhs (simulated faults)
                        */
    bool raw; /**< send the payload bytes, at least one, alone: no header, padding, digest (faults) */
    bool header_digest; /**< private: set at seal */
    bool data_digest;   /**< private: set at seal */
    uint8_t pad;        /**< private: padding bytes */
    size_t wire_len;    /**< private: bytes on the wire, set at seal */
} rig_tx;

/** rig_txq_sent_fn tells a producer that all bytes of a PDU with a cookie have left. */
typedef void rig_txq_sent_fn(void *ctx, void *cookie);

/** rig_txq_ring holds the slots of a queue; private. */
typedef struct rig_txq_ring {
    struct rig_txq_ring *older; /**< the one it took the place of, until all it had offered has left */
    uint64_t until;             /**< stream offset behind the last byte of it */
    uint32_t num_slots;         /**< a power of two */
    rig_tx slots[];             /**< the PDUs */
} rig_txq_ring;

/** rig_txq is the queue of one connection. Zero it, then rig_txq_init. Its ring starts empty and grows to
 * RIG_TXQ_MAX. */
typedef struct rig_txq {
    const rig_alloc *alloc; /**< private from here on */
    rig_txq_ring *ring;     /**< the present slots, NULL before the first PDU */
    uint32_t first;         /**< oldest PDU */
    uint32_t num;           /**< PDUs in the ring, the one being filled included */
    uint64_t sealed;        /**< wire bytes of all PDUs sealed so far */
    uint64_t left;          /**< of them, those that have left */
    uint64_t newest;        /**< stream offset of the newest PDU */
    size_t first_sent;      /**< bytes of the oldest that have left */
    bool header_digest;     /**< for PDUs sealed from now on */
    bool data_digest;       /**< for PDUs sealed from now on */
    bool filling;           /**< the newest is not sealed yet */
} rig_txq;

/** rig_txq_init prepares an empty queue without memory. */
void rig_txq_init(rig_txq *queue, const rig_alloc *alloc);

/** rig_txq_cleanup frees the ring and what waiting PDUs own. */
void rig_txq_cleanup(rig_txq *queue);

/** rig_txq_digests switches digests on or off for PDUs sealed from now on. */
void rig_txq_digests(rig_txq *queue, bool header, bool data);

/**
 * rig_txq_push gives a new PDU of that kind to fill, its header made by rig_bhs_init; valid until the next
 * push. NULL when RIG_TXQ_MAX PDUs wait, there is no memory or the newest is not sealed (then *out_status,
 * may be NULL, is RIG_E_BUSY, RIG_E_NOMEM or RIG_E_STATE).
 */
rig_tx *rig_txq_push(rig_txq *queue, rig_pdu_kind kind, rig_status *out_status);

/**
 * rig_txq_seal finishes the newest PDU: lengths, padding, digests. It is offered from now on; its payload
 * must stay as it is until sent.
 */
void rig_txq_seal(rig_txq *queue);

/** rig_txq_cancel takes the newest PDU out again and frees what it owns; only between rig_txq_push and
 * rig_txq_seal. */
void rig_txq_cancel(rig_txq *queue);

/** rig_txq_room gives how many more PDUs fit. */
uint32_t rig_txq_room(const rig_txq *queue);

/** rig_txq_empty tells whether nothing waits. */
bool rig_txq_empty(const rig_txq *queue);

/**
 * rig_txq_iov offers waiting bytes in order, at most max pieces; returns the pieces, whose bytes stay
 * where they are until rig_txq_sent has covered them. Stops at a PDU held beyond now; out_wake (may be NULL)
 * then gets that time, else RIG_NEVER.
 */
int rig_txq_iov(const rig_txq *queue, struct iovec *iov, int max, uint64_t now, uint64_t *out_wake);

/**
 * rig_txq_sent takes len bytes off the front; sent (may be NULL) is called for each finished PDU with a
 * cookie, when it has left the queue, so that it may push.
 */
void rig_txq_sent(rig_txq *queue, size_t len, rig_txq_sent_fn *sent, void *ctx);

#ifdef __cplusplus
}
#endif

#endif
