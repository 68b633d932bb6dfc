#include "rig/txq.h"

#include "rig/crc32c.h"
#include "rig/framer.h"
#include "rig/timerq.h"
#include "suite.h"

#define WIRE_MAX 8192

/* Moves at most chunk bytes, in at most max pieces, from the queue to out, as a driver would. */
static size_t pump(rig_txq *queue, uint8_t *out, size_t chunk, int max, rig_txq_sent_fn *sent, void *ctx)
{
    struct iovec iov[64];
    int num = rig_txq_iov(queue, iov, max, 0, NULL);
    size_t done = 0;
    for (int i = 0; i < num && done < chunk; i++) {
        size_t len = iov[i].iov_len < chunk - done ? iov[i].iov_len : chunk - done;
        memcpy(out + done, iov[i].iov_base, len);
        done += len;
    }
    rig_txq_sent(queue, done, sent, ctx);
    return done;
}

static size_t pump_all(rig_txq *queue, uint8_t *out, size_t chunk, int max)
{
    size_t total = 0;
    while (!rig_txq_empty(queue)) {
        size_t done = pump(queue, out + total, chunk, max, NULL, NULL);
        if (done == 0)
            break;
        total += done;
    }
    return total;
}

static rig_tx *push(rig_txq *queue, rig_pdu_kind kind)
{
    static rig_tx spare;
    rig_tx *tx = rig_txq_push(queue, kind, NULL);
    CU_ASSERT_PTR_NOT_NULL(tx);
    return tx ? tx : &spare;
}

static void push_data(rig_txq *queue, const char *text)
{
    rig_tx *tx = push(queue, RIG_PDU_NOP_OUT);
    tx->flat = (struct iovec){(void *)(uintptr_t)text, strlen(text)};
    tx->data_len = (uint32_t)strlen(text);
    rig_txq_seal(queue);
}

/* Appendix A.4 gives the digest of this READ(10) command. */
static void read_command_of_the_appendix(void)
{
    static const uint8_t wire[] = {0x01, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                   0x00, 0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00,
                                   0x04, 0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00, 0x18, 0x28,
                                   0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00,
                                   0x00, 0x00, 0x00, 0x00, 0x56, 0x3a, 0x96, 0xd9};
    uint8_t out[WIRE_MAX];
    rig_txq queue;
    rig_txq_init(&queue, rig_alloc_libc());
    rig_txq_digests(&queue, true, true);
    rig_tx *tx = push(&queue, RIG_PDU_SCSI_CMD);
    rig_set(tx->bhs, RIG_F_F, 1);
    rig_set(tx->bhs, RIG_F_R, 1);
    rig_set(tx->bhs, RIG_F_ITT, 0x14000000);
    rig_set(tx->bhs, RIG_F_EDTL, 0x400);
    rig_set(tx->bhs, RIG_F_CMD_SN, 20);
    rig_set(tx->bhs, RIG_F_EXP_STAT_SN, 24);
    CU_ASSERT_EQUAL(rig_field_parse(tx->bhs, RIG_F_CDB, rig_view_str("read-10(blocks=2)"), NULL), RIG_OK);
    rig_txq_seal(&queue);
    CU_ASSERT_EQUAL_FATAL(pump_all(&queue, out, sizeof out, 64), sizeof wire);
    CU_ASSERT_EQUAL(memcmp(out, wire, sizeof wire), 0);
    rig_txq_cleanup(&queue);
}

/* Section 11.2: header, header segments, header digest, data, padding, data digest. */
static void order_on_the_wire(void)
{
    static const uint8_t ahs[8] = {0, 5, 2, 0, 0, 0, 2, 0};
    uint8_t out[WIRE_MAX], digest[4];
    rig_txq queue;
    rig_txq_init(&queue, rig_alloc_libc());
    rig_txq_digests(&queue, true, true);
    rig_tx *tx = push(&queue, RIG_PDU_SCSI_CMD);
    tx->ahs = rig_view_of(ahs, sizeof ahs);
    tx->flat = (struct iovec){"abcde", 5};
    tx->data_len = 5;
    rig_txq_seal(&queue);
    CU_ASSERT_EQUAL_FATAL(pump_all(&queue, out, sizeof out, 64), 48 + 8 + 4 + 8 + 4);
    CU_ASSERT_EQUAL(out[4], 2);
    CU_ASSERT_EQUAL(out[7], 5);
    CU_ASSERT_EQUAL(memcmp(out + 48, ahs, 8), 0);
    rig_crc32c_store(rig_crc32c_update(RIG_CRC32C_START, out, 56), digest);
    CU_ASSERT_EQUAL(memcmp(out + 56, digest, 4), 0);
    CU_ASSERT_EQUAL(memcmp(out + 60, "abcde\0\0\0", 8), 0);
    rig_crc32c_store(rig_crc32c_update(RIG_CRC32C_START, out + 60, 8), digest);
    CU_ASSERT_EQUAL(memcmp(out + 68, digest, 4), 0);
    rig_txq_cleanup(&queue);
}

typedef struct seen {
    unsigned num, num_bad_header, num_bad_data;
    size_t ahs_len;
    uint8_t data[WIRE_MAX];
    size_t len;
} seen;

static rig_status collect(void *ctx, const rig_pdu *pdu, rig_sink *out_sink)
{
    (void)ctx;
    (void)pdu;
    (void)out_sink;
    return RIG_OK;
}

static rig_status complete(void *ctx, const rig_pdu *pdu)
{
    seen *s = ctx;
    s->num++;
    s->num_bad_header += pdu->bad_header_digest;
    s->num_bad_data += pdu->bad_data_digest;
    s->ahs_len += pdu->ahs.len;
    if (pdu->data.len)
        memcpy(s->data + s->len, pdu->data.ptr, pdu->data.len);
    s->len += pdu->data.len;
    return RIG_OK;
}

static const rig_framer_ops ops = {collect, complete};

static rig_status frame(seen *s, const uint8_t *wire, size_t len, bool header_digest, bool data_digest)
{
    rig_framer framer;
    rig_framer_config config = {rig_alloc_libc(), &ops, s, true};
    *s = (seen){0};
    rig_framer_init(&framer, &config);
    rig_framer_digests(&framer, header_digest, data_digest);
    rig_status status = rig_framer_feed(&framer, rig_view_of(wire, len), NULL);
    rig_framer_cleanup(&framer);
    return status;
}

/* Every chunk and piece count gives the same bytes, and the framer reads them back. */
static void round_trip(void)
{
    static const char text[] = "the quick brown fox jumps over the lazy dog";
    static const uint8_t ahs[4] = {0, 1, 9, 0};
    static seen s;
    for (unsigned mode = 0; mode < 4; mode++) {
        for (size_t chunk = 1; chunk < 200; chunk++) {
            struct iovec list[] = {{(void *)(uintptr_t)text, 3},
                                   {(void *)(uintptr_t)(text + 3), 0},
                                   {(void *)(uintptr_t)(text + 3), 10},
                                   {(void *)(uintptr_t)(text + 13), sizeof text - 13}};
            uint8_t out[WIRE_MAX];
            rig_txq queue;
            rig_txq_init(&queue, rig_alloc_libc());
            rig_txq_digests(&queue, mode & 1, mode & 2);
            for (uint32_t i = 0; i < 10; i++) {
                rig_tx *tx = push(&queue, RIG_PDU_DATA_OUT);
                tx->iov = list;
                tx->num_iov = 4;
                tx->iov_offset = i;
                tx->data_len = 2 * i;
                if (i % 3 == 0)
                    tx->ahs = rig_view_of(ahs, 4);
                rig_txq_seal(&queue);
            }
            size_t len = pump_all(&queue, out, chunk, 1 + (int)chunk % 20);
            CU_ASSERT_EQUAL(frame(&s, out, len, mode & 1, mode & 2), RIG_OK);
            CU_ASSERT_EQUAL(s.num, 10);
            CU_ASSERT_EQUAL(s.num_bad_header + s.num_bad_data, 0);
            CU_ASSERT_EQUAL(s.ahs_len, 16);
            size_t at = 0;
            for (size_t i = 0; i < 10; at += 2 * i++)
                CU_ASSERT_EQUAL(memcmp(s.data + at, text + i, 2 * i), 0);
            CU_ASSERT_EQUAL(s.len, at);
            rig_txq_cleanup(&queue);
        }
    }
}

static void flipped_digests(void)
{
    static seen s;
    for (uint8_t bit = 1; bit <= 32; bit++) {
        uint8_t out[WIRE_MAX];
        rig_txq queue;
        rig_txq_init(&queue, rig_alloc_libc());
        rig_txq_digests(&queue, true, true);
        for (unsigned i = 0; i < 2; i++) {
            rig_tx *tx = push(&queue, RIG_PDU_NOP_OUT);
            tx->flat = (struct iovec){"x", 1};
            tx->data_len = 1;
            tx->flip_header = i == 0 ? bit : 0;
            tx->flip_data = i == 1 ? bit : 0;
            rig_txq_seal(&queue);
        }
        size_t len = pump_all(&queue, out, sizeof out, 64);
        CU_ASSERT_EQUAL(frame(&s, out, len, true, true), RIG_OK);
        CU_ASSERT_EQUAL(s.num_bad_header, 1);
        CU_ASSERT_EQUAL(s.num_bad_data, 1);
        rig_txq_cleanup(&queue);
    }
}

/* One PDU of three bytes with both digests, and one of its bits of rig_tx_wrong. */
static size_t made_wrong(uint8_t *out, uint8_t wrong, uint32_t len)
{
    rig_txq queue;
    rig_txq_init(&queue, rig_alloc_libc());
    rig_txq_digests(&queue, true, true);
    rig_tx *tx = push(&queue, RIG_PDU_NOP_OUT);
    tx->wrong = wrong;
    tx->flat = (struct iovec){"abc", len};
    tx->data_len = len;
    rig_txq_seal(&queue);
    size_t sent = pump_all(&queue, out, WIRE_MAX, 64);
    rig_txq_cleanup(&queue);
    return sent;
}

static void wrong_on_purpose(void)
{
    uint8_t right[WIRE_MAX], out[WIRE_MAX], digest[4];
    CU_ASSERT_EQUAL(made_wrong(right, 0, 3), 60);
    CU_ASSERT_EQUAL(made_wrong(out, RIG_TX_HEADER_TURNED, 3), 60);
    for (unsigned i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(out[48 + i], right[51 - i]);
    CU_ASSERT_EQUAL(memcmp(out + 52, right + 52, 8), 0);
    CU_ASSERT_EQUAL(made_wrong(out, RIG_TX_DATA_PLAIN, 3), 60);
    for (unsigned i = 56; i < 60; i++)
        CU_ASSERT_EQUAL(out[i], (uint8_t)~right[i]);
    CU_ASSERT_EQUAL(made_wrong(out, RIG_TX_PAD_LEFT_OUT, 3), 60);
    rig_crc32c_store(rig_crc32c_update(RIG_CRC32C_START, "abc", 3), digest);
    CU_ASSERT_EQUAL(memcmp(out + 56, digest, 4), 0);
    CU_ASSERT_EQUAL(made_wrong(out, RIG_TX_PAD_SET, 3), 60);
    rig_crc32c_store(rig_crc32c_update(RIG_CRC32C_START, "abc\xff", 4), digest);
    CU_ASSERT_EQUAL(memcmp(out + 52, "abc\xff", 4), 0);
    CU_ASSERT_EQUAL(memcmp(out + 56, digest, 4), 0);
    CU_ASSERT_EQUAL(made_wrong(out, RIG_TX_EMPTY_DIGEST, 0), 56);
    CU_ASSERT_EQUAL(made_wrong(out, 0, 0), 52);
    CU_ASSERT_EQUAL(made_wrong(out, RIG_TX_NO_DIGESTS, 3), 52);
}

static void raw_bytes_and_kept_lengths(void)
{
    uint8_t out[WIRE_MAX];
    rig_txq queue;
    rig_txq_init(&queue, rig_alloc_libc());
    rig_txq_digests(&queue, true, true);
    rig_tx *tx = push(&queue, RIG_PDU_NOP_OUT);
    tx->raw = true;
    tx->flat = (struct iovec){"\x43\x00zz!", 5};
    tx->data_len = 5;
    rig_txq_seal(&queue);
    CU_ASSERT_EQUAL(pump_all(&queue, out, sizeof out, 64), 5);
    CU_ASSERT_EQUAL(memcmp(out, "\x43\x00zz!", 5), 0);
    rig_txq_digests(&queue, false, false);
    tx = push(&queue, RIG_PDU_NOP_OUT);
    tx->keep_lengths = true;
    rig_set(tx->bhs, RIG_F_DATA_LEN, 0xffffff);
    tx->flat = (struct iovec){"abcd", 4};
    tx->data_len = 4;
    rig_txq_seal(&queue);
    CU_ASSERT_EQUAL(pump_all(&queue, out, sizeof out, 64), 52);
    CU_ASSERT_EQUAL(memcmp(out + 5, "\xff\xff\xff", 3), 0);
    rig_txq_cleanup(&queue);
}

static void full_queue(void)
{
    uint8_t out[WIRE_MAX];
    rig_status status;
    rig_txq queue;
    rig_txq_init(&queue, rig_alloc_libc());
    CU_ASSERT_EQUAL(rig_txq_room(&queue), RIG_TXQ_MAX);
    for (unsigned i = 0; i < RIG_TXQ_MAX; i++)
        push_data(&queue, "x");
    CU_ASSERT_EQUAL(rig_txq_room(&queue), 0);
    CU_ASSERT_PTR_NULL(rig_txq_push(&queue, RIG_PDU_NOP_OUT, &status));
    CU_ASSERT_EQUAL(status, RIG_E_BUSY);
    CU_ASSERT_EQUAL(pump(&queue, out, 51, 64, NULL, NULL), 51);
    CU_ASSERT_EQUAL(rig_txq_room(&queue), 0);
    CU_ASSERT_EQUAL(pump(&queue, out, 1, 64, NULL, NULL), 1);
    CU_ASSERT_EQUAL(rig_txq_room(&queue), 1);
    push_data(&queue, "y");
    rig_txq_cleanup(&queue);
}

static void unsealed_is_not_offered(void)
{
    struct iovec iov[4];
    rig_status status;
    rig_txq queue;
    rig_alloc_meter meter;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    rig_txq_init(&queue, &meter.alloc);
    CU_ASSERT_EQUAL(rig_txq_iov(&queue, iov, 4, 0, NULL), 0);
    rig_tx *tx = push(&queue, RIG_PDU_NOP_OUT);
    CU_ASSERT_EQUAL(rig_txq_iov(&queue, iov, 4, 0, NULL), 0);
    CU_ASSERT_PTR_NULL(rig_txq_push(&queue, RIG_PDU_NOP_OUT, &status));
    CU_ASSERT_EQUAL(status, RIG_E_STATE);
    tx->owned = rig_new(&meter.alloc, 10);
    tx->owned_size = 10;
    rig_txq_cancel(&queue);
    CU_ASSERT_EQUAL(meter.num_live, 1);
    CU_ASSERT(rig_txq_empty(&queue));
    rig_txq_seal(&queue);
    CU_ASSERT_EQUAL(rig_txq_iov(&queue, iov, 4, 0, NULL), 0);
    rig_txq_cleanup(&queue);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static void held_pdus_wait(void)
{
    struct iovec iov[8];
    uint64_t wake;
    rig_txq queue;
    rig_txq_init(&queue, rig_alloc_libc());
    push_data(&queue, "abcd");
    rig_tx *tx = push(&queue, RIG_PDU_NOP_OUT);
    tx->hold_until = 1000;
    rig_txq_seal(&queue);
    push_data(&queue, "efgh");
    CU_ASSERT_EQUAL(rig_txq_iov(&queue, iov, 8, 999, &wake), 2);
    CU_ASSERT_EQUAL(wake, 1000);
    CU_ASSERT_EQUAL(rig_txq_iov(&queue, iov, 8, 1000, &wake), 5);
    CU_ASSERT_EQUAL(wake, RIG_NEVER);
    rig_txq_cleanup(&queue);
}

static void note_sent(void *ctx, void *cookie)
{
    uint32_t *order = ctx;
    const uint32_t *name = cookie;
    *order = *order * 10 + *name;
}

static void sent_in_order(void)
{
    static uint32_t names[] = {1, 2, 3};
    uint8_t out[WIRE_MAX];
    uint32_t order = 0;
    rig_alloc_meter meter;
    rig_txq queue;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    rig_txq_init(&queue, &meter.alloc);
    for (unsigned i = 0; i < 6; i++) {
        rig_tx *tx = push(&queue, RIG_PDU_NOP_OUT);
        tx->cookie = i % 2 ? NULL : &names[i / 2];
        tx->owned = rig_new(&meter.alloc, 8);
        tx->owned_size = 8;
        tx->flat = (struct iovec){tx->owned, 8};
        tx->data_len = 8;
        rig_txq_seal(&queue);
    }
    CU_ASSERT_EQUAL(pump(&queue, out, 56 + 55, 64, note_sent, &order), 111);
    CU_ASSERT_EQUAL(order, 1);
    CU_ASSERT_EQUAL(pump(&queue, out, 1000, 64, note_sent, &order), 6 * 56 - 111);
    CU_ASSERT_EQUAL(order, 123);
    CU_ASSERT_EQUAL(meter.num_live, 1);
    rig_txq_cleanup(&queue);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static void steady_state_needs_no_memory(void)
{
    uint8_t out[WIRE_MAX];
    rig_alloc_meter meter;
    rig_txq queue;
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    rig_txq_init(&queue, &meter.alloc);
    CU_ASSERT_EQUAL(meter.num_calls, 0);
    for (unsigned i = 0; i < 1000; i++) {
        push_data(&queue, "a");
        push_data(&queue, "bc");
        CU_ASSERT_EQUAL(pump_all(&queue, out, sizeof out, 64), 104);
    }
    CU_ASSERT_EQUAL(meter.num_calls, 1);
    rig_txq_cleanup(&queue);
}

/* Bytes that were offered stay where they are while the queue grows, and until they have left. */
static void offered_bytes_stay(void)
{
    rig_alloc_meter meter;
    rig_txq queue;
    struct iovec iov[4];
    uint8_t before[4][RIG_BHS_LEN], out[WIRE_MAX];
    rig_alloc_meter_init(&meter, rig_alloc_libc());
    rig_txq_init(&queue, &meter.alloc);
    for (uint32_t i = 0; i < 4; i++) {
        rig_set(push(&queue, RIG_PDU_NOP_OUT)->bhs, RIG_F_ITT, i);
        rig_txq_seal(&queue);
    }
    CU_ASSERT_EQUAL_FATAL(rig_txq_iov(&queue, iov, 4, 0, NULL), 4);
    for (size_t i = 0; i < 4; i++)
        memcpy(before[i], iov[i].iov_base, RIG_BHS_LEN);
    while (rig_txq_room(&queue) > 0) {
        push(&queue, RIG_PDU_NOP_OUT);
        rig_txq_seal(&queue);
    }
    for (size_t i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(memcmp(before[i], iov[i].iov_base, RIG_BHS_LEN), 0);
    CU_ASSERT_EQUAL(meter.num_live, 5); /* rings of 4, 8, 16, 32 and 64 */
    pump_all(&queue, out, sizeof out, 64);
    CU_ASSERT_EQUAL(meter.num_live, 1);
    rig_txq_cleanup(&queue);
    CU_ASSERT_EQUAL(meter.num_live, 0);
}

static void allocation_failures(void)
{
    uint8_t out[WIRE_MAX];
    for (uint64_t fail_at = 1; fail_at <= 3; fail_at++) {
        rig_status status = RIG_OK;
        rig_alloc_meter meter;
        rig_txq queue;
        rig_alloc_meter_init(&meter, rig_alloc_libc());
        meter.fail_at = fail_at;
        meter.fail_on = true;
        rig_txq_init(&queue, &meter.alloc);
        unsigned num = 0;
        while (rig_txq_push(&queue, RIG_PDU_NOP_OUT, &status)) {
            rig_txq_seal(&queue);
            num++;
        }
        CU_ASSERT_EQUAL(status, RIG_E_NOMEM);
        CU_ASSERT_EQUAL(pump_all(&queue, out, sizeof out, 64), num * 48u);
        rig_txq_cleanup(&queue);
        CU_ASSERT_EQUAL(meter.num_live, 0);
    }
}

RIG_SUITE("txq", {"the READ(10) command of appendix A.4, digest included", read_command_of_the_appendix},
          {"segments, digests and padding in order", order_on_the_wire},
          {"every chunk through the framer and back", round_trip},
          {"every bit of a digest can be flipped", flipped_digests},
          {"padding and digests made wrong on purpose", wrong_on_purpose},
          {"raw bytes, and lengths left wrong", raw_bytes_and_kept_lengths},
          {"64 PDUs fit, one more does not", full_queue},
          {"what is not sealed is not sent", unsealed_is_not_offered},
          {"a held PDU holds back what follows", held_pdus_wait},
          {"cookies come back in order", sent_in_order},
          {"what was offered stays where it is", offered_bytes_stay},
          {"no memory in steady state", steady_state_needs_no_memory},
          {"every failing allocation", allocation_failures})
