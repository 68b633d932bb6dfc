#include "rig/txq.h"

#include "rig/crc32c.h"
#include "rig/timerq.h"

#define TXQ_FIRST_SLOTS 4 /* an idle connection keeps no more */
#define DIGEST ((size_t)RIG_DIGEST_LEN)

void rig_txq_init(rig_txq *queue, const rig_alloc *alloc)
{
    *queue = (rig_txq){.alloc = alloc};
}

static rig_tx *slot(const rig_txq *queue, uint32_t i)
{
    return &queue->ring->slots[(queue->first + i) & (queue->ring->num_slots - 1)];
}

static void free_owned(const rig_txq *queue, rig_tx *tx)
{
    rig_delete(queue->alloc, tx->owned, tx->owned_size);
    tx->owned = NULL;
}

static void free_ring(const rig_txq *queue, rig_txq_ring *ring)
{
    if (ring)
        rig_delete(queue->alloc, ring, sizeof *ring + ring->num_slots * sizeof *ring->slots);
}

/* The rings it has outgrown, whose last bytes have left. */
static void free_outgrown(rig_txq *queue, uint64_t left)
{
    while (queue->ring && queue->ring->older && queue->ring->older->until <= left) {
        rig_txq_ring *ring = queue->ring->older;
        queue->ring->older = ring->older;
        free_ring(queue, ring);
    }
}

void rig_txq_cleanup(rig_txq *queue)
{
    for (uint32_t i = 0; i < queue->num; i++)
        free_owned(queue, slot(queue, i));
    free_outgrown(queue, UINT64_MAX);
    free_ring(queue, queue->ring);
    rig_txq_init(queue, queue->alloc);
}

void rig_txq_digests(rig_txq *queue, bool header, bool data)
{
    queue->header_digest = header;
    queue->data_digest = data;
}

/* What was offered is on its way, perhaps not for the last time: its ring stays until all of it has left, and
 * with it the ones before. */
static bool grow(rig_txq *queue)
{
    rig_txq_ring *old = queue->ring;
    uint32_t num_slots = old ? old->num_slots * 2 : TXQ_FIRST_SLOTS;
    rig_txq_ring *ring = rig_new(queue->alloc, sizeof *ring + num_slots * sizeof *ring->slots);
    if (!ring)
        return false;
    for (uint32_t i = 0; old && i < queue->num; i++)
        ring->slots[i] = *slot(queue, i);
    if (old)
        old->until = queue->sealed;
    ring->num_slots = num_slots;
    ring->older = old;
    queue->ring = ring;
    queue->first = 0;
    return true;
}

static rig_status make_room(rig_txq *queue)
{
    if (queue->filling)
        return RIG_E_STATE;
    if (queue->num == RIG_TXQ_MAX)
        return RIG_E_BUSY;
    return (queue->ring && queue->num < queue->ring->num_slots) || grow(queue) ? RIG_OK : RIG_E_NOMEM;
}

rig_tx *rig_txq_push(rig_txq *queue, rig_pdu_kind kind, rig_status *out_status)
{
    rig_status status = make_room(queue);
    if (out_status)
        *out_status = status;
    if (status != RIG_OK)
        return NULL;
    rig_tx *tx = slot(queue, queue->num++);
    *tx = (rig_tx){0};
    rig_bhs_init(tx->bhs, kind);
    queue->filling = true;
    queue->newest = queue->sealed;
    return tx;
}

void rig_txq_cancel(rig_txq *queue)
{
    if (!queue->filling)
        return;
    free_owned(queue, slot(queue, --queue->num));
    queue->filling = false;
}

/* Where a payload's i-th piece lies, cut to what is left of it; NULL base at the list's end. */
static struct iovec piece(const rig_tx *tx, uint32_t i, size_t *offset, size_t left)
{
    struct iovec whole = {NULL, 0};
    if (i < (tx->iov ? tx->num_iov : 1))
        whole = tx->iov ? tx->iov[i] : tx->flat;
    if (*offset >= whole.iov_len) {
        *offset -= whole.iov_len;
        return (struct iovec){whole.iov_base, 0};
    }
    whole.iov_base = (uint8_t *)whole.iov_base + *offset;
    whole.iov_len -= *offset;
    *offset = 0;
    if (whole.iov_len > left)
        whole.iov_len = left;
    return whole;
}

static uint32_t num_pieces(const rig_tx *tx)
{
    return tx->iov ? tx->num_iov : 1;
}

static uint32_t payload_crc(const rig_tx *tx)
{
    uint32_t crc = RIG_CRC32C_START;
    size_t offset = tx->iov_offset, left = tx->data_len;
    for (uint32_t i = 0; i < num_pieces(tx) && left; i++) {
        struct iovec part = piece(tx, i, &offset, left);
        if (part.iov_len)
            crc = rig_crc32c_update(crc, part.iov_base, part.iov_len);
        left -= part.iov_len;
    }
    return crc;
}

static void flip(uint8_t digest[RIG_DIGEST_LEN], uint8_t bit)
{
    if (bit)
        digest[(bit - 1) / 8 % RIG_DIGEST_LEN] ^= (uint8_t)(1u << (bit - 1) % 8);
}

static void turn(uint8_t digest[RIG_DIGEST_LEN])
{
    for (size_t i = 0; i < DIGEST / 2; i++) {
        uint8_t byte = digest[i];
        digest[i] = digest[DIGEST - 1 - i];
        digest[DIGEST - 1 - i] = byte;
    }
}

static void invert(uint8_t digest[RIG_DIGEST_LEN])
{
    for (size_t i = 0; i < DIGEST; i++)
        digest[i] = (uint8_t)~digest[i];
}

static void seal_header(rig_tx *tx)
{
    if (!tx->keep_lengths) {
        rig_set(tx->bhs, RIG_F_AHS_WORDS, tx->ahs.len / 4);
        rig_set(tx->bhs, RIG_F_DATA_LEN, tx->data_len);
    }
    if (!tx->header_digest)
        return;
    uint8_t *digest = tx->ahs.len ? tx->tail : tx->bhs + RIG_BHS_LEN;
    uint32_t crc = rig_crc32c_update(RIG_CRC32C_START, tx->bhs, RIG_BHS_LEN);
    rig_crc32c_store(rig_crc32c_update(crc, tx->ahs.ptr, tx->ahs.len), digest);
    flip(digest, tx->flip_header);
    if (tx->wrong & RIG_TX_HEADER_TURNED)
        turn(digest);
}

static void seal_data(rig_tx *tx)
{
    uint8_t *pad = tx->tail + RIG_DIGEST_LEN;
    tx->pad = -tx->data_len & 3;
    memset(pad, tx->wrong & RIG_TX_PAD_SET ? 0xff : 0, tx->pad);
    if (!tx->data_digest)
        return;
    size_t covered = tx->wrong & RIG_TX_PAD_LEFT_OUT ? 0 : tx->pad;
    rig_crc32c_store(rig_crc32c_update(payload_crc(tx), pad, covered), pad + tx->pad);
    flip(pad + tx->pad, tx->flip_data);
    if (tx->wrong & RIG_TX_DATA_PLAIN)
        invert(pad + tx->pad);
}

void rig_txq_seal(rig_txq *queue)
{
    if (!queue->filling)
        return;
    rig_tx *tx = slot(queue, queue->num - 1);
    queue->filling = false;
    tx->wire_len = tx->data_len;
    if (tx->raw) {
        queue->sealed += tx->wire_len;
        return;
    }
    bool digests = !(tx->wrong & RIG_TX_NO_DIGESTS), empty = tx->wrong & RIG_TX_EMPTY_DIGEST;
    tx->header_digest = queue->header_digest && digests;
    tx->data_digest = queue->data_digest && digests && (tx->data_len || empty);
    seal_header(tx);
    seal_data(tx);
    tx->wire_len += RIG_BHS_LEN + tx->ahs.len + tx->pad;
    tx->wire_len += (tx->header_digest ? DIGEST : 0) + (tx->data_digest ? DIGEST : 0);
    queue->sealed += tx->wire_len;
}

uint32_t rig_txq_room(const rig_txq *queue)
{
    return RIG_TXQ_MAX - queue->num;
}

bool rig_txq_empty(const rig_txq *queue)
{
    return queue->num == 0;
}

/* An iovec list being filled; skip bytes in front have left already. */
typedef struct offers {
    struct iovec *iov;
    int num, max;
    size_t skip;
} offers;

static inline bool offer(offers *list, const void *base, size_t len)
{
    if (len <= list->skip) {
        list->skip -= len;
        return true;
    }
    if (list->num == list->max)
        return false;
    list->iov[list->num++] = (struct iovec){(uint8_t *)(uintptr_t)base + list->skip, len - list->skip};
    list->skip = 0;
    return true;
}

static bool offer_payload(offers *list, const rig_tx *tx)
{
    size_t offset = tx->iov_offset, left = tx->data_len;
    for (uint32_t i = 0; i < num_pieces(tx) && left; i++) {
        struct iovec part = piece(tx, i, &offset, left);
        if (!offer(list, part.iov_base, part.iov_len))
            return false;
        left -= part.iov_len;
    }
    return true;
}

static bool offer_pdu(offers *list, const rig_tx *tx)
{
    if (tx->raw)
        return offer_payload(list, tx);
    size_t header_digest = tx->header_digest ? DIGEST : 0;
    size_t data_digest = tx->data_digest ? DIGEST : 0;
    return offer(list, tx->bhs, RIG_BHS_LEN + (tx->ahs.len ? 0 : header_digest)) &&
           offer(list, tx->ahs.ptr, tx->ahs.len) && offer(list, tx->tail, tx->ahs.len ? header_digest : 0) &&
           offer_payload(list, tx) && offer(list, tx->tail + RIG_DIGEST_LEN, tx->pad + data_digest);
}

int rig_txq_iov(const rig_txq *queue, struct iovec *iov, int max, uint64_t now, uint64_t *out_wake)
{
    offers list = {iov, 0, max, queue->first_sent};
    uint32_t sealed = queue->num - (queue->filling ? 1 : 0);
    if (out_wake)
        *out_wake = RIG_NEVER;
    for (uint32_t i = 0; i < sealed; i++) {
        const rig_tx *tx = slot(queue, i);
        if (tx->hold_until > now) {
            if (out_wake)
                *out_wake = tx->hold_until;
            break;
        }
        if (!offer_pdu(&list, tx))
            break;
    }
    return list.num;
}

static void pop(rig_txq *queue, rig_txq_sent_fn *sent, void *ctx)
{
    rig_tx *tx = slot(queue, 0);
    void *cookie = tx->cookie;
    free_owned(queue, tx);
    queue->first = (queue->first + 1) & (queue->ring->num_slots - 1);
    queue->num--;
    queue->first_sent = 0;
    if (cookie && sent)
        sent(ctx, cookie);
}

void rig_txq_sent(rig_txq *queue, size_t len, rig_txq_sent_fn *sent, void *ctx)
{
    queue->left += len;
    free_outgrown(queue, queue->left);
    while (queue->num > (queue->filling ? 1u : 0u)) {
        size_t left = slot(queue, 0)->wire_len - queue->first_sent;
        if (len < left) {
            queue->first_sent += len;
            return;
        }
        len -= left;
        pop(queue, sent, ctx);
    }
}
