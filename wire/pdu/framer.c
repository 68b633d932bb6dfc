#include "rig/framer.h"

#include "rig/crc32c.h"

/* What comes next on the wire (section 11.2: BHS, AHS, header digest, data and padding, data digest). */
enum { PHASE_HEAD, PHASE_AHS, PHASE_HEADER_DIGEST, PHASE_DATA, PHASE_TAIL };

void rig_framer_init(rig_framer *framer, const rig_framer_config *config)
{
    *framer = (rig_framer){.config = *config, .max_data = RIG_LOGIN_DATA_MAX, .max_ahs = RIG_AHS_MAX};
}

static void release(rig_framer *framer)
{
    if (framer->ahs)
        rig_delete(framer->config.alloc, framer->ahs, framer->ahs_len);
    if (framer->gathered)
        rig_delete(framer->config.alloc, framer->gathered, framer->data_len);
    framer->ahs = NULL;
    framer->gathered = NULL;
}

void rig_framer_cleanup(rig_framer *framer)
{
    if (framer->config.alloc)
        release(framer);
    *framer = (rig_framer){.stopped = RIG_E_STATE};
}

void rig_framer_digests(rig_framer *framer, bool header, bool data)
{
    framer->header_digest = header;
    framer->data_digest = data;
}

static bool stop(rig_framer *framer, rig_status status)
{
    framer->stopped = status;
    return false;
}

/* A part of need bytes: where it lies in the input when all of it does, else in store once it is gathered,
 * else NULL. */
static inline const uint8_t *take(rig_framer *framer, rig_view *in, uint32_t need, uint8_t *store)
{
    size_t len = need - framer->have;
    if (len > in->len)
        len = in->len;
    if (len) {
        const uint8_t *part = in->ptr;
        in->ptr += len;
        in->len -= len;
        if (len == need)
            return part;
        memcpy(store + framer->have, part, len);
        framer->have += (uint32_t)len;
    }
    if (framer->have < need)
        return NULL;
    framer->have = 0;
    return store;
}

static bool finish(rig_framer *framer)
{
    rig_status status = framer->config.ops->complete(framer->config.ctx, &framer->pdu);
    release(framer);
    framer->offset += framer->pdu.wire_len;
    framer->phase = PHASE_HEAD;
    framer->have = 0;
    return status == RIG_OK || stop(framer, status);
}

static bool too_long(rig_framer *framer, const char *field, uint64_t at, uint32_t len, uint32_t max,
                     rig_error *err)
{
    if (len <= max)
        return false;
    stop(framer, rig_fail_at(err, RIG_E_FORMAT, framer->offset + at, field,
                             "%s of %u bytes, at most %u allowed", field, len, max));
    return true;
}

/* Skips what lies before the payload, so that the list begins where the next byte goes. */
static void sink_seek(rig_sink *sink)
{
    while (sink->num_iov && sink->offset >= sink->iov->iov_len) {
        sink->offset -= sink->iov->iov_len;
        sink->iov++;
        sink->num_iov--;
    }
}

static bool sink_holds(const rig_sink *sink, size_t len)
{
    size_t wanted = len + sink->offset;
    for (uint32_t i = 0; i < sink->num_iov; i++) {
        if (wanted <= sink->iov[i].iov_len)
            return true;
        wanted -= sink->iov[i].iov_len;
    }
    return false;
}

static bool open_sink(rig_framer *framer, rig_error *err)
{
    framer->sink = (rig_sink){.kind = RIG_SINK_COLLECT};
    rig_status status = framer->config.ops->header(framer->config.ctx, &framer->pdu, &framer->sink);
    if (status != RIG_OK)
        return stop(framer, status);
    if (framer->sink.kind == RIG_SINK_PLACE) {
        bool few = framer->sink.num_iov <= RIG_SINK_IOV_MAX;
        sink_seek(&framer->sink);
        if (!few || !sink_holds(&framer->sink, framer->data_len))
            return stop(framer,
                        rig_fail_at(err, RIG_E_ARGUMENT, framer->offset, NULL,
                                    "the place given does not hold a payload of %u bytes", framer->data_len));
    }
    if (framer->sink.kind != RIG_SINK_COLLECT)
        framer->pdu.data = (rig_view){NULL, framer->data_len};
    framer->crc = RIG_CRC32C_START;
    framer->phase = PHASE_DATA;
    return true;
}

static bool header_done(rig_framer *framer, rig_error *err)
{
    rig_pdu *pdu = &framer->pdu;
    if (too_long(framer, "TotalAHSLength", 4, framer->ahs_len, framer->max_ahs, err) ||
        too_long(framer, "DataSegmentLength", 5, framer->data_len, framer->max_data, err))
        return false;
    if (framer->data_len > RIG_COPY_MAX)
        framer->large = RIG_SMALL_PDUS;
    else if (framer->large)
        framer->large--;
    pdu->wire_len = RIG_BHS_LEN + framer->ahs_len + (pdu->has_header_digest ? RIG_DIGEST_LEN : 0);
    if (framer->data_len == 0)
        return finish(framer);
    pdu->has_data_digest = framer->data_digest;
    framer->tail_len = (-framer->data_len & 3) + (framer->data_digest ? RIG_DIGEST_LEN : 0);
    pdu->wire_len += framer->data_len + framer->tail_len;
    return open_sink(framer, err);
}

static bool ahs_done(rig_framer *framer, rig_error *err)
{
    framer->phase = PHASE_HEADER_DIGEST;
    return framer->pdu.has_header_digest || header_done(framer, err);
}

static bool take_head(rig_framer *framer, rig_view *in, rig_error *err)
{
    const uint8_t *bhs = take(framer, in, RIG_BHS_LEN, framer->head);
    if (!bhs)
        return false;
    framer->pdu = (rig_pdu){.bhs = bhs, .offset = framer->offset, .has_header_digest = framer->header_digest};
    framer->ahs_len = bhs[4] * 4u;
    framer->data_len = rig_get32(bhs, RIG_F_DATA_LEN);
    if (framer->ahs_len == 0)
        return ahs_done(framer, err);
    /* Under a header digest a corrupt length shall be found by the digest (section 7.8), so it is judged
     * later. */
    if (!framer->header_digest &&
        too_long(framer, "TotalAHSLength", 4, framer->ahs_len, framer->max_ahs, err))
        return false;
    framer->phase = PHASE_AHS;
    return true;
}

/* Not rig_new: every byte is written before it is shown, and clearing megabytes would cost more than reading
 * them. */
static void *block(const rig_framer *framer, uint32_t size)
{
    const rig_alloc *alloc = framer->config.alloc;
    return alloc->resize(alloc->ctx, NULL, 0, size);
}

static bool own_ahs(rig_framer *framer, rig_error *err)
{
    if (!framer->ahs)
        framer->ahs = block(framer, framer->ahs_len);
    if (!framer->ahs)
        return stop(framer, rig_fail(err, RIG_E_NOMEM, "no memory for %u bytes of AHS", framer->ahs_len));
    return true;
}

static bool take_ahs(rig_framer *framer, rig_view *in, rig_error *err)
{
    if (in->len == 0 || (in->len < framer->ahs_len && !own_ahs(framer, err)))
        return false;
    const uint8_t *ahs = take(framer, in, framer->ahs_len, framer->ahs);
    if (!ahs)
        return false;
    framer->pdu.ahs = rig_view_of(ahs, framer->ahs_len);
    return ahs_done(framer, err);
}

static bool digest_differs(uint32_t crc, const uint8_t *digest)
{
    uint8_t wanted[RIG_DIGEST_LEN];
    rig_crc32c_store(crc, wanted);
    return memcmp(digest, wanted, sizeof wanted) != 0;
}

/* Nothing behind a bad header digest can be found without trusting the header, so the stream ends here
 * (section 7.8). */
static bool end_at_bad_header(rig_framer *framer, rig_error *err)
{
    framer->pdu.wire_len = RIG_BHS_LEN + framer->ahs_len + RIG_DIGEST_LEN;
    if (!finish(framer))
        return false;
    return stop(framer, rig_fail_at(err, RIG_E_HEADER_DIGEST, framer->pdu.offset, "HeaderDigest",
                                    "a header digest that does not match"));
}

static bool take_header_digest(rig_framer *framer, rig_view *in, rig_error *err)
{
    const uint8_t *digest = take(framer, in, RIG_DIGEST_LEN, framer->tail);
    rig_pdu *pdu = &framer->pdu;
    if (!digest)
        return false;
    uint32_t crc = rig_crc32c_update(RIG_CRC32C_START, pdu->bhs, RIG_BHS_LEN);
    if (pdu->ahs.len)
        crc = rig_crc32c_update(crc, pdu->ahs.ptr, pdu->ahs.len);
    memcpy(pdu->header_digest, digest, RIG_DIGEST_LEN);
    pdu->bad_header_digest = digest_differs(crc, digest);
    if (pdu->bad_header_digest && !framer->config.trust_bad_header)
        return end_at_bad_header(framer, err);
    return header_done(framer, err);
}

/* Counts payload bytes that have reached their place. */
static void payload_came(rig_framer *framer, const uint8_t *bytes, size_t len)
{
    if (framer->pdu.has_data_digest)
        framer->crc = rig_crc32c_update(framer->crc, bytes, len);
    if (framer->sink.kind == RIG_SINK_PLACE) {
        framer->sink.offset += len;
        sink_seek(&framer->sink);
    }
    framer->have += (uint32_t)len;
    if (framer->have == framer->data_len) {
        framer->phase = PHASE_TAIL;
        framer->have = 0;
    }
}

static size_t copy_payload(rig_framer *framer, const uint8_t *bytes, size_t len)
{
    const rig_sink *sink = &framer->sink;
    if (sink->kind == RIG_SINK_PLACE) {
        size_t room = sink->iov->iov_len - sink->offset;
        if (len > room)
            len = room;
        memcpy((uint8_t *)sink->iov->iov_base + sink->offset, bytes, len);
    } else if (sink->kind == RIG_SINK_COLLECT) {
        memcpy(framer->gathered + framer->have, bytes, len);
    }
    return len;
}

static bool own_payload(rig_framer *framer, rig_error *err)
{
    framer->gathered = block(framer, framer->data_len);
    if (!framer->gathered)
        return stop(framer,
                    rig_fail(err, RIG_E_NOMEM, "no memory for a payload of %u bytes", framer->data_len));
    framer->pdu.data = rig_view_of(framer->gathered, framer->data_len);
    return true;
}

static bool take_data(rig_framer *framer, rig_view *in, rig_error *err)
{
    if (framer->sink.kind == RIG_SINK_COLLECT && !framer->gathered) {
        if (in->len >= (size_t)framer->data_len + framer->tail_len) {
            framer->pdu.data = rig_view_of(in->ptr, framer->data_len);
            *in = rig_view_sub(*in, framer->data_len, in->len);
            payload_came(framer, framer->pdu.data.ptr, framer->data_len);
            return true;
        }
        if (!own_payload(framer, err))
            return false;
    }
    while (framer->phase == PHASE_DATA && in->len) {
        size_t len = framer->data_len - framer->have;
        len = copy_payload(framer, in->ptr, len < in->len ? len : in->len);
        payload_came(framer, in->ptr, len);
        in->ptr += len;
        in->len -= len;
    }
    return framer->phase == PHASE_TAIL;
}

static bool take_tail(rig_framer *framer, rig_view *in)
{
    rig_pdu *pdu = &framer->pdu;
    if (framer->tail_len == 0)
        return finish(framer);
    const uint8_t *tail = take(framer, in, framer->tail_len, framer->tail);
    if (!tail)
        return false;
    uint32_t pad = -framer->data_len & 3;
    for (uint32_t i = 0; i < pad; i++)
        pdu->bad_padding |= tail[i] != 0;
    if (pdu->has_data_digest) {
        memcpy(pdu->data_digest, tail + pad, RIG_DIGEST_LEN);
        pdu->bad_data_digest = digest_differs(rig_crc32c_update(framer->crc, tail, pad), tail + pad);
    }
    return finish(framer);
}

static bool step(rig_framer *framer, rig_view *in, rig_error *err)
{
    switch (framer->phase) {
    case PHASE_HEAD:
        return take_head(framer, in, err);
    case PHASE_AHS:
        return take_ahs(framer, in, err);
    case PHASE_HEADER_DIGEST:
        return take_header_digest(framer, in, err);
    case PHASE_DATA:
        return take_data(framer, in, err);
    default:
        return take_tail(framer, in);
    }
}

/* The input goes back to its owner: a header that lay in it is copied while its PDU is not complete. */
static rig_status keep_header(rig_framer *framer, rig_error *err)
{
    rig_pdu *pdu = &framer->pdu;
    if (framer->phase == PHASE_HEAD)
        return RIG_OK;
    if (pdu->bhs != framer->head)
        memcpy(framer->head, pdu->bhs, RIG_BHS_LEN);
    if (pdu->ahs.len && pdu->ahs.ptr != framer->ahs) {
        if (!own_ahs(framer, err))
            return framer->stopped;
        memcpy(framer->ahs, pdu->ahs.ptr, pdu->ahs.len);
        pdu->ahs.ptr = framer->ahs;
    }
    return RIG_OK;
}

static rig_status parse(rig_framer *framer, rig_view in, rig_error *err)
{
    framer->pdu.bhs = framer->head;
    while (step(framer, &in, err))
        continue;
    return framer->stopped == RIG_OK ? keep_header(framer, err) : framer->stopped;
}

/* Names the rest of the payload's place; *left becomes the bytes that found no entry. */
static int payload_places(const rig_framer *framer, struct iovec iov[RIG_SPACE_IOV], size_t *left)
{
    const rig_sink *sink = &framer->sink;
    int num = 0;
    if (sink->kind == RIG_SINK_COLLECT) {
        iov[num++] = (struct iovec){framer->gathered + framer->have, *left};
        *left = 0;
        return num;
    }
    size_t offset = sink->offset;
    for (uint32_t i = 0; i < sink->num_iov && *left && num < RIG_SPACE_IOV; i++) {
        size_t len = sink->iov[i].iov_len - offset;
        if (len > *left)
            len = *left;
        if (len)
            iov[num++] = (struct iovec){(uint8_t *)sink->iov[i].iov_base + offset, len};
        *left -= len;
        offset = 0;
    }
    return num;
}

/* The places in front of the read-ahead area; *out_ahead tells whether that area follows them. */
static int own_places(rig_framer *framer, struct iovec iov[RIG_SPACE_IOV], bool *out_ahead)
{
    uint32_t done = framer->phase == PHASE_TAIL ? framer->have : 0;
    size_t left = framer->data_len - framer->have;
    int num = 0;
    *out_ahead = true;
    if (framer->phase < PHASE_DATA || (framer->phase == PHASE_DATA && framer->sink.kind == RIG_SINK_DISCARD))
        return 0;
    if (framer->phase == PHASE_DATA)
        num = payload_places(framer, iov, &left);
    else
        left = 0;
    if (left == 0 && num < RIG_SPACE_IOV && framer->tail_len > done)
        iov[num++] = (struct iovec){framer->tail + done, framer->tail_len - done};
    else if (left || framer->tail_len > done)
        *out_ahead = false;
    *out_ahead = *out_ahead && num < RIG_SPACE_IOV;
    return num;
}

static size_t ahead_len(const rig_framer *framer, size_t size)
{
    size_t max = RIG_COPY_MAX;
    if (framer->phase == PHASE_DATA && framer->sink.kind == RIG_SINK_DISCARD)
        max = framer->data_len - framer->have + (size_t)framer->tail_len + RIG_BHS_LEN;
    else if (framer->phase == PHASE_AHS)
        max = framer->large ? framer->ahs_len - framer->have : max;
    else if (framer->phase == PHASE_HEADER_DIGEST)
        max = framer->large ? RIG_DIGEST_LEN - framer->have : max;
    else if (framer->large)
        max = RIG_BHS_LEN - (framer->phase == PHASE_HEAD ? framer->have : 0) +
              (framer->header_digest ? RIG_DIGEST_LEN : 0);
    return size < max ? size : max;
}

int rig_framer_space(rig_framer *framer, struct iovec read_ahead, struct iovec iov[RIG_SPACE_IOV])
{
    bool ahead;
    if (framer->stopped != RIG_OK)
        return 0;
    int num = own_places(framer, iov, &ahead);
    if (ahead)
        iov[num++] = (struct iovec){read_ahead.iov_base, ahead_len(framer, read_ahead.iov_len)};
    return num;
}

/* Books bytes that were written into own_places. */
static size_t places_filled(rig_framer *framer, const struct iovec *iov, int num, size_t len)
{
    for (int i = 0; i < num && len; i++) {
        size_t got = len < iov[i].iov_len ? len : iov[i].iov_len;
        if (framer->phase == PHASE_DATA)
            payload_came(framer, iov[i].iov_base, got);
        else
            framer->have += (uint32_t)got;
        len -= got;
    }
    return len;
}

rig_status rig_framer_commit(rig_framer *framer, struct iovec read_ahead, size_t len, rig_error *err)
{
    struct iovec iov[RIG_SPACE_IOV];
    bool ahead;
    if (framer->stopped != RIG_OK)
        return framer->stopped;
    int num = own_places(framer, iov, &ahead);
    size_t left = places_filled(framer, iov, num, len);
    if (left > (ahead ? read_ahead.iov_len : 0)) {
        stop(framer,
             rig_fail(err, RIG_E_ARGUMENT, "%zu bytes are more than the framer named places for", len));
        return framer->stopped;
    }
    return parse(framer, rig_view_of(read_ahead.iov_base, left), err);
}

rig_status rig_framer_feed(rig_framer *framer, rig_view bytes, rig_error *err)
{
    return framer->stopped == RIG_OK ? parse(framer, bytes, err) : framer->stopped;
}

bool rig_framer_pending(const rig_framer *framer, uint64_t *out_offset, uint64_t *out_have)
{
    static const uint8_t head_before[] = {0, RIG_BHS_LEN, RIG_BHS_LEN, RIG_BHS_LEN, RIG_BHS_LEN};
    uint64_t have = (uint64_t)framer->have + head_before[framer->phase];
    if (framer->phase > PHASE_AHS)
        have += framer->ahs_len;
    if (framer->phase > PHASE_HEADER_DIGEST && framer->pdu.has_header_digest)
        have += RIG_DIGEST_LEN;
    if (framer->phase > PHASE_DATA)
        have += framer->data_len;
    *out_offset = framer->offset;
    *out_have = have;
    return have != 0;
}
