#include "rig/framer.h"

#include "suite.h"
#include "tests/streams.h"

#define SEEN_MAX 32

/* What the framer showed, checked on the spot against the counting payloads of stream_pdu. */
typedef struct seen {
    rig_framer framer;
    rig_alloc_meter meter;
    rig_sink_kind kind;
    unsigned num_headers, num_complete;
    unsigned num_bad_header, num_bad_data, num_bad_padding, num_wrong;
    uint64_t copied_ahead;
    size_t sink_offset;
    uint32_t num_iov;
    struct iovec iov[RIG_SINK_IOV_MAX + 1];
    uint8_t place[STREAM_MAX];
    rig_status header_says, complete_says;
    uint32_t data_len[SEEN_MAX];
    uint64_t offset[SEEN_MAX];
    uint32_t wire_len[SEEN_MAX];
} seen;

static bool counts_up(const uint8_t *bytes, size_t len, uint8_t seed)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != (uint8_t)(seed + i))
            return false;
    return true;
}

static bool ahs_right(const rig_pdu *pdu)
{
    return pdu->ahs.len == pdu->bhs[4] * 4u && counts_up(pdu->ahs.ptr, pdu->ahs.len, 0x55);
}

static rig_status on_header(void *ctx, const rig_pdu *pdu, rig_sink *out_sink)
{
    seen *s = ctx;
    s->num_headers++;
    s->num_wrong += !ahs_right(pdu) || pdu->bhs[0] != 0x20;
    out_sink->kind = s->kind;
    out_sink->iov = s->iov;
    out_sink->num_iov = s->num_iov;
    out_sink->offset = s->sink_offset;
    return s->header_says;
}

static const uint8_t *gather_place(const seen *s, uint8_t *out, size_t len)
{
    size_t at = 0, skip = s->sink_offset;
    for (uint32_t i = 0; i < s->num_iov && at < len; i++)
        for (size_t j = 0; j < s->iov[i].iov_len && at < len; j++) {
            if (skip)
                skip--;
            else
                out[at++] = ((uint8_t *)s->iov[i].iov_base)[j];
        }
    return out;
}

/* The digest shown is the one on the wire: that of the header when it is said to be good, another when not.
 */
static bool header_digest_right(const rig_pdu *pdu)
{
    uint8_t digest[RIG_DIGEST_LEN];
    if (!pdu->has_header_digest)
        return !pdu->bad_header_digest;
    uint32_t crc = rig_crc32c_update(RIG_CRC32C_START, pdu->bhs, RIG_BHS_LEN);
    rig_crc32c_store(rig_crc32c_update(crc, pdu->ahs.ptr, pdu->ahs.len), digest);
    return (memcmp(digest, pdu->header_digest, sizeof digest) == 0) != pdu->bad_header_digest;
}

static rig_status on_complete(void *ctx, const rig_pdu *pdu)
{
    static uint8_t flat[STREAM_MAX];
    seen *s = ctx;
    const uint8_t *data = pdu->data.ptr;
    if (s->num_complete < SEEN_MAX) {
        s->data_len[s->num_complete] = (uint32_t)pdu->data.len;
        s->offset[s->num_complete] = pdu->offset;
        s->wire_len[s->num_complete] = pdu->wire_len;
    }
    s->num_complete++;
    s->num_bad_header += pdu->bad_header_digest;
    s->num_bad_data += pdu->bad_data_digest;
    s->num_bad_padding += pdu->bad_padding;
    if (pdu->data.len && s->kind == RIG_SINK_PLACE)
        data = gather_place(s, flat, pdu->data.len);
    if (pdu->data.len && s->kind != RIG_SINK_DISCARD && !pdu->bad_data_digest)
        s->num_wrong += !counts_up(data, pdu->data.len, pdu->bhs[19]);
    s->num_wrong += (s->kind == RIG_SINK_COLLECT) != (pdu->data.ptr != NULL) && pdu->data.len;
    s->num_wrong += !ahs_right(pdu) || !header_digest_right(pdu);
    return s->complete_says;
}

static const rig_framer_ops seen_ops = {on_header, on_complete};

static seen *watch(rig_sink_kind kind, bool header_digest, bool data_digest)
{
    static seen s;
    static const size_t pieces[] = {1, 0, 3, 5, 4096, 2, 70000, 0, 100000};
    rig_alloc_meter_init(&s.meter, rig_alloc_libc());
    rig_framer_config config = {&s.meter.alloc, &seen_ops, &s, false};
    s.kind = kind;
    s.num_headers = s.num_complete = s.num_bad_header = s.num_bad_data = s.num_bad_padding = s.num_wrong = 0;
    s.header_says = s.complete_says = RIG_OK;
    s.sink_offset = 2;
    s.num_iov = sizeof pieces / sizeof pieces[0];
    size_t at = 0;
    for (uint32_t i = 0; i < s.num_iov; at += pieces[i++])
        s.iov[i] = (struct iovec){s.place + at, pieces[i]};
    memset(s.place, 0xee, sizeof s.place);
    rig_framer_init(&s.framer, &config);
    rig_framer_digests(&s.framer, header_digest, data_digest);
    s.framer.max_data = STREAM_MAX;
    return &s;
}

/* Writes the stream into the places the framer names, at most chunk bytes a time. */
static rig_status drive(seen *s, const stream *in, size_t chunk, size_t ahead_size, rig_error *err)
{
    static uint8_t ahead[65536];
    struct iovec read_ahead = {ahead, ahead_size};
    rig_status status = RIG_OK;
    for (size_t at = 0; at < in->len && status == RIG_OK;) {
        struct iovec iov[RIG_SPACE_IOV];
        int num = rig_framer_space(&s->framer, read_ahead, iov);
        size_t done = 0;
        CU_ASSERT_FATAL(num > 0 && num <= RIG_SPACE_IOV);
        for (int i = 0; i < num && done < chunk && at < in->len; i++) {
            size_t len = iov[i].iov_len;
            len = len < chunk - done ? len : chunk - done;
            len = len < in->len - at ? len : in->len - at;
            memcpy(iov[i].iov_base, in->bytes + at, len);
            at += len;
            done += len;
        }
        CU_ASSERT_FATAL(done > 0);
        status = rig_framer_commit(&s->framer, read_ahead, done, err);
        memset(ahead, 0xdd, ahead_size < 128 ? ahead_size : 128);
    }
    return status;
}

static stream *mixed_stream(bool header_digest, bool data_digest, unsigned *out_num)
{
    static stream s;
    s = (stream){.header_digest = header_digest, .data_digest = data_digest};
    unsigned num = 0;
    for (size_t len = 0; len < 9; len++, num++)
        stream_pdu(&s, len % 3 == 1 ? 4 * len : 0, len, (uint8_t)(7 * len));
    stream_pdu(&s, 0, 0, 1);
    *out_num = num + 1;
    return &s;
}

static void check_all(seen *s, unsigned num, const stream *in)
{
    uint64_t offset, have;
    CU_ASSERT_EQUAL(s->num_complete, num);
    CU_ASSERT_EQUAL(s->num_wrong, 0);
    CU_ASSERT_EQUAL(s->num_bad_header + s->num_bad_data + s->num_bad_padding, 0);
    CU_ASSERT_FALSE(rig_framer_pending(&s->framer, &offset, &have));
    CU_ASSERT_EQUAL(offset, in->len);
    CU_ASSERT_EQUAL(s->meter.num_live, 0);
}

static void every_split(void)
{
    for (unsigned mode = 0; mode < 12; mode++) {
        unsigned num;
        stream *in = mixed_stream(mode & 1, mode & 2, &num);
        for (size_t split = 0; split <= in->len; split++) {
            seen *s = watch((rig_sink_kind)(mode / 4), mode & 1, mode & 2);
            rig_status first = rig_framer_feed(&s->framer, rig_view_of(in->bytes, split), NULL);
            rig_status second =
                rig_framer_feed(&s->framer, rig_view_of(in->bytes + split, in->len - split), NULL);
            CU_ASSERT_EQUAL(first, RIG_OK);
            CU_ASSERT_EQUAL(second, RIG_OK);
            check_all(s, num, in);
            rig_framer_cleanup(&s->framer);
        }
    }
}

static void every_chunk(void)
{
    for (unsigned mode = 0; mode < 12; mode++) {
        unsigned num;
        stream *in = mixed_stream(mode & 1, mode & 2, &num);
        for (size_t chunk = 1; chunk <= in->len; chunk++) {
            seen *s = watch((rig_sink_kind)(mode / 4), mode & 1, mode & 2);
            CU_ASSERT_EQUAL(drive(s, in, chunk, chunk % 2 ? RIG_BHS_LEN : 65536, NULL), RIG_OK);
            check_all(s, num, in);
            rig_framer_cleanup(&s->framer);
        }
    }
}

static void large_payloads(void)
{
    static stream in;
    static const size_t lens[] = {100000, 16384, 16385, 3, 150, 40000, 0, 0, 12, 9000};
    const unsigned num = sizeof lens / sizeof lens[0];
    for (unsigned mode = 0; mode < 12; mode++) {
        in = (stream){.header_digest = mode & 1, .data_digest = mode & 2};
        for (unsigned i = 0; i < num; i++)
            stream_pdu(&in, i % 4 == 2 ? 8 : 0, lens[i], (uint8_t)i);
        static const size_t chunks[] = {1, 7, 1000, 65536, STREAM_MAX};
        for (size_t c = 0; c < sizeof chunks / sizeof chunks[0]; c++) {
            seen *s = watch((rig_sink_kind)(mode / 4), mode & 1, mode & 2);
            CU_ASSERT_EQUAL(drive(s, &in, chunks[c], 65536, NULL), RIG_OK);
            check_all(s, num, &in);
            for (unsigned i = 0; i < num; i++)
                CU_ASSERT_EQUAL(s->data_len[i], lens[i]);
            rig_framer_cleanup(&s->framer);
        }
    }
}

/* Whole reads in a stream of large payloads: only headers pass through the read-ahead area. */
static void large_payloads_are_not_copied(void)
{
    static stream in;
    static uint8_t ahead[65536];
    in = (stream){.header_digest = true, .data_digest = true};
    for (unsigned i = 0; i < 5; i++)
        stream_pdu(&in, 0, 32768, (uint8_t)i);
    seen *s = watch(RIG_SINK_PLACE, true, true);
    s->iov[0] = (struct iovec){s->place, sizeof s->place};
    s->num_iov = 1;
    size_t through_ahead = 0, reads = 0;
    for (size_t at = 0; at < in.len; reads++) {
        struct iovec iov[RIG_SPACE_IOV], read_ahead = {ahead, sizeof ahead};
        size_t done = 0;
        int num = rig_framer_space(&s->framer, read_ahead, iov);
        for (int i = 0; i < num; i++) {
            size_t len = iov[i].iov_len < in.len - at ? iov[i].iov_len : in.len - at;
            memcpy(iov[i].iov_base, in.bytes + at, len);
            through_ahead += iov[i].iov_base == ahead ? len : 0;
            at += len;
            done += len;
        }
        CU_ASSERT_EQUAL(rig_framer_commit(&s->framer, read_ahead, done, NULL), RIG_OK);
    }
    check_all(s, 5, &in);
    CU_ASSERT_EQUAL(s->meter.num_calls, 0);
    CU_ASSERT_EQUAL(through_ahead, RIG_COPY_MAX + 4 * (RIG_BHS_LEN + RIG_DIGEST_LEN));
    CU_ASSERT_EQUAL(reads, 6);
}

/* Headers alone are offered room until RIG_SMALL_PDUS PDUs in a row were small. */
static void reading_ahead_again(void)
{
    static stream in;
    static uint8_t ahead[65536];
    static const size_t wanted[] = {RIG_COPY_MAX, RIG_BHS_LEN, RIG_BHS_LEN, RIG_COPY_MAX, RIG_BHS_LEN};
    static const size_t lens[] = {RIG_COPY_MAX + 1, 0, RIG_COPY_MAX, RIG_COPY_MAX + 1};
    struct iovec iov[RIG_SPACE_IOV], read_ahead = {ahead, sizeof ahead};
    seen *s = watch(RIG_SINK_COLLECT, false, false);
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(rig_framer_space(&s->framer, read_ahead, iov), 1);
        CU_ASSERT_EQUAL(iov[0].iov_len, wanted[i]);
        in.len = 0;
        if (i < 4)
            stream_pdu(&in, 0, lens[i], 1);
        CU_ASSERT_EQUAL(rig_framer_feed(&s->framer, rig_view_of(in.bytes, in.len), NULL), RIG_OK);
    }
    CU_ASSERT_EQUAL(s->num_complete, 4);
    read_ahead.iov_len = RIG_BHS_LEN;
    CU_ASSERT_EQUAL(rig_framer_space(&s->framer, read_ahead, iov), 1);
    CU_ASSERT_EQUAL(iov[0].iov_len, RIG_BHS_LEN);
}

static void nothing_allocated_in_place(void)
{
    unsigned num;
    for (unsigned mode = 0; mode < 4; mode++) {
        stream *in = mixed_stream(mode & 1, mode & 2, &num);
        seen *s = watch(RIG_SINK_COLLECT, mode & 1, mode & 2);
        CU_ASSERT_EQUAL(rig_framer_feed(&s->framer, rig_view_of(in->bytes, in->len), NULL), RIG_OK);
        check_all(s, num, in);
        CU_ASSERT_EQUAL(s->meter.num_calls, 0);
    }
}

static void data_limit(void)
{
    static stream in;
    rig_error err = {0};
    in = (stream){0};
    stream_pdu(&in, 0, 512, 1);
    size_t second = stream_pdu(&in, 0, 513, 2);
    seen *s = watch(RIG_SINK_COLLECT, false, false);
    s->framer.max_data = 512;
    CU_ASSERT_EQUAL(rig_framer_feed(&s->framer, rig_view_of(in.bytes, in.len), &err), RIG_E_FORMAT);
    CU_ASSERT_EQUAL(s->num_complete, 1);
    CU_ASSERT_EQUAL(err.offset, second + 5);
    CU_ASSERT_STRING_EQUAL(err.field, "DataSegmentLength");
    struct iovec iov[RIG_SPACE_IOV];
    CU_ASSERT_EQUAL(rig_framer_space(&s->framer, (struct iovec){in.bytes, 100}, iov), 0);
    CU_ASSERT_EQUAL(rig_framer_feed(&s->framer, rig_view_of(in.bytes, 48), &err), RIG_E_FORMAT);
    rig_framer_cleanup(&s->framer);
}

static void ahs_limit(void)
{
    static stream in;
    for (unsigned digest = 0; digest < 2; digest++) {
        rig_error err = {0};
        in = (stream){.header_digest = digest};
        stream_pdu(&in, RIG_AHS_MAX, 4, 1);
        stream_pdu(&in, 64, 4, 1);
        size_t third = stream_pdu(&in, 68, 4, 2);
        seen *s = watch(RIG_SINK_COLLECT, digest, false);
        CU_ASSERT_EQUAL(rig_framer_feed(&s->framer, rig_view_of(in.bytes, RIG_AHS_MAX + 60), &err), RIG_OK);
        CU_ASSERT_EQUAL(s->num_complete, 1);
        s->framer.max_ahs = 64;
        rig_view rest = rig_view_sub(rig_view_of(in.bytes, in.len), RIG_AHS_MAX + 60, in.len);
        CU_ASSERT_EQUAL(rig_framer_feed(&s->framer, rest, &err), RIG_E_FORMAT);
        CU_ASSERT_EQUAL(s->num_complete, 2);
        CU_ASSERT_EQUAL(err.offset, third + 4);
        CU_ASSERT_STRING_EQUAL(err.field, "TotalAHSLength");
        rig_framer_cleanup(&s->framer);
        CU_ASSERT_EQUAL(s->meter.num_live, 0);
    }
}

static void bad_header_digest(void)
{
    static stream in;
    rig_error err = {0};
    for (unsigned ahs = 0; ahs < 16; ahs += 8)
        for (size_t byte = 0; byte < 52 + ahs; byte++) {
            in = (stream){.header_digest = true, .data_digest = true};
            stream_pdu(&in, ahs, 5, 1);
            size_t second = stream_pdu(&in, ahs, 5, 2);
            stream_pdu(&in, 0, 5, 3);
            in.bytes[second + byte] ^= 0x10;
            seen *s = watch(RIG_SINK_DISCARD, true, true);
            s->framer.max_data = 8;
            rig_status status = drive(s, &in, 10, 65536, &err);
            if (byte == 4)
                continue; /* another TotalAHSLength moves the digest: see corrupt_ahs_length */
            CU_ASSERT_EQUAL(status, RIG_E_HEADER_DIGEST);
            CU_ASSERT_EQUAL(s->num_complete, 2);
            CU_ASSERT_EQUAL(s->num_headers, 1);
            CU_ASSERT_EQUAL(s->num_bad_header, 1);
            CU_ASSERT_EQUAL(err.offset, second);
            rig_framer_cleanup(&s->framer);
            CU_ASSERT_EQUAL(s->meter.num_live, 0);
        }
}

static void corrupt_ahs_length(void)
{
    static stream in;
    rig_error err = {0};
    in = (stream){.header_digest = true};
    stream_pdu(&in, 0, 0, 1);
    in.bytes[4] = 255;
    for (unsigned i = 0; i < 40; i++)
        stream_pdu(&in, 0, 0, 1);
    seen *s = watch(RIG_SINK_COLLECT, true, false);
    s->framer.max_ahs = 64;
    CU_ASSERT_EQUAL(drive(s, &in, 100, 65536, &err), RIG_E_HEADER_DIGEST);
    CU_ASSERT_EQUAL(s->num_bad_header, 1);
    rig_framer_cleanup(&s->framer);
    CU_ASSERT_EQUAL(s->meter.num_live, 0);
}

static void trusted_bad_header(void)
{
    static stream in;
    in = (stream){.header_digest = true};
    stream_pdu(&in, 0, 5, 1);
    size_t second = stream_pdu(&in, 0, 5, 2);
    stream_pdu(&in, 0, 5, 3);
    in.bytes[second + 49] ^= 1;
    seen *s = watch(RIG_SINK_COLLECT, true, false);
    s->framer.config.trust_bad_header = true;
    CU_ASSERT_EQUAL(rig_framer_feed(&s->framer, rig_view_of(in.bytes, in.len), NULL), RIG_OK);
    CU_ASSERT_EQUAL(s->num_complete, 3);
    CU_ASSERT_EQUAL(s->num_bad_header, 1);
    CU_ASSERT_EQUAL(s->num_wrong, 0);
}

static void bad_data_digest(void)
{
    static stream in;
    for (unsigned kind = 0; kind < 3; kind++)
        for (size_t byte = 0; byte < 12; byte++) {
            in = (stream){.data_digest = true};
            stream_pdu(&in, 0, 5, 1);
            size_t second = stream_pdu(&in, 0, 5, 2);
            stream_pdu(&in, 0, 5, 3);
            in.bytes[second + 48 + byte] ^= 0x80;
            seen *s = watch((rig_sink_kind)kind, false, true);
            CU_ASSERT_EQUAL(drive(s, &in, 1 + byte, 65536, NULL), RIG_OK);
            CU_ASSERT_EQUAL(s->num_complete, 3);
            CU_ASSERT_EQUAL(s->num_bad_data, 1);
            CU_ASSERT_EQUAL(s->num_bad_padding, byte >= 5 && byte < 8);
            CU_ASSERT_EQUAL(s->num_wrong, 0);
        }
}

static void bad_padding(void)
{
    static stream in;
    in = (stream){0};
    stream_pdu(&in, 0, 6, 1);
    in.bytes[55] = 0xaa;
    seen *s = watch(RIG_SINK_COLLECT, false, false);
    CU_ASSERT_EQUAL(rig_framer_feed(&s->framer, rig_view_of(in.bytes, in.len), NULL), RIG_OK);
    CU_ASSERT_EQUAL(s->num_complete, 1);
    CU_ASSERT_EQUAL(s->num_bad_padding, 1);
    CU_ASSERT_EQUAL(s->num_wrong, 0);
}

static void place_must_hold_payload(void)
{
    static stream in;
    in = (stream){0};
    stream_pdu(&in, 0, 10, 1);
    for (size_t room = 11; room < 14; room++) {
        rig_error err = {0};
        seen *s = watch(RIG_SINK_PLACE, false, false);
        s->iov[0].iov_len = 4;
        s->iov[1] = (struct iovec){s->place + 4, room - 4};
        s->num_iov = 2;
        s->sink_offset = 3;
        rig_status status = rig_framer_feed(&s->framer, rig_view_of(in.bytes, in.len), &err);
        CU_ASSERT_EQUAL(status, room < 13 ? RIG_E_ARGUMENT : RIG_OK);
        CU_ASSERT_EQUAL(s->place[room < 13 ? 3 : 13], room < 13 ? 0xee : 0xee);
        CU_ASSERT_EQUAL(s->num_wrong, 0);
    }
}

static void place_list_limit(void)
{
    static stream in;
    in = (stream){0};
    stream_pdu(&in, 0, RIG_SINK_IOV_MAX - 2, 1);
    for (uint32_t num = RIG_SINK_IOV_MAX; num <= RIG_SINK_IOV_MAX + 1; num++) {
        seen *s = watch(RIG_SINK_PLACE, false, false);
        for (uint32_t i = 0; i < num; i++)
            s->iov[i] = (struct iovec){s->place + 2 * i, 1};
        s->num_iov = num;
        CU_ASSERT_EQUAL(drive(s, &in, 100000, 64, NULL), num > RIG_SINK_IOV_MAX ? RIG_E_ARGUMENT : RIG_OK);
        CU_ASSERT_EQUAL(s->num_complete, num > RIG_SINK_IOV_MAX ? 0 : 1);
        CU_ASSERT_EQUAL(s->num_wrong, 0);
    }
}

static void owner_stops(void)
{
    unsigned num;
    stream *in = mixed_stream(false, false, &num);
    seen *s = watch(RIG_SINK_COLLECT, false, false);
    s->complete_says = RIG_E_PROTOCOL;
    CU_ASSERT_EQUAL(rig_framer_feed(&s->framer, rig_view_of(in->bytes, in->len), NULL), RIG_E_PROTOCOL);
    CU_ASSERT_EQUAL(s->num_complete, 1);
    s = watch(RIG_SINK_COLLECT, false, false);
    s->header_says = RIG_E_SEQUENCE;
    CU_ASSERT_EQUAL(rig_framer_feed(&s->framer, rig_view_of(in->bytes, in->len), NULL), RIG_E_SEQUENCE);
    CU_ASSERT_EQUAL(s->num_complete, 1);
    CU_ASSERT_EQUAL(rig_framer_commit(&s->framer, (struct iovec){in->bytes, 1}, 1, NULL), RIG_E_SEQUENCE);
}

static void commit_beyond_places(void)
{
    uint8_t ahead[64] = {0};
    struct iovec iov[RIG_SPACE_IOV], read_ahead = {ahead, sizeof ahead};
    seen *s = watch(RIG_SINK_COLLECT, false, false);
    CU_ASSERT_EQUAL(rig_framer_space(&s->framer, read_ahead, iov), 1);
    CU_ASSERT_EQUAL(rig_framer_commit(&s->framer, read_ahead, 65, NULL), RIG_E_ARGUMENT);
}

/* The end of every prefix: what is pending is exactly what was fed since the last PDU boundary. */
static void pending(void)
{
    static stream in;
    in = (stream){.header_digest = true, .data_digest = true};
    stream_pdu(&in, 8, 6, 1);
    size_t second = stream_pdu(&in, 8, 6, 2);
    for (size_t len = 0; len < in.len; len++) {
        uint64_t offset, have;
        seen *s = watch(RIG_SINK_COLLECT, true, true);
        CU_ASSERT_EQUAL(rig_framer_feed(&s->framer, rig_view_of(in.bytes, len), NULL), RIG_OK);
        bool inside = rig_framer_pending(&s->framer, &offset, &have);
        CU_ASSERT_EQUAL(offset, len < second ? 0 : second);
        CU_ASSERT_EQUAL(have, len - offset);
        CU_ASSERT_EQUAL(inside, have != 0);
        rig_framer_cleanup(&s->framer);
        CU_ASSERT_EQUAL(s->meter.num_live, 0);
    }
}

static void offsets_and_lengths(void)
{
    static stream in;
    in = (stream){.header_digest = true, .data_digest = true};
    stream_pdu(&in, 0, 0, 1);
    stream_pdu(&in, 8, 6, 1);
    stream_pdu(&in, 0, 4, 1);
    seen *s = watch(RIG_SINK_DISCARD, true, true);
    CU_ASSERT_EQUAL(rig_framer_feed(&s->framer, rig_view_of(in.bytes, in.len), NULL), RIG_OK);
    CU_ASSERT_EQUAL(s->wire_len[0], 48 + 4);
    CU_ASSERT_EQUAL(s->wire_len[1], 48 + 8 + 4 + 6 + 2 + 4);
    CU_ASSERT_EQUAL(s->wire_len[2], 48 + 4 + 4 + 4);
    CU_ASSERT_EQUAL(s->offset[1], 52);
    CU_ASSERT_EQUAL(s->offset[2], 52 + 72);
}

static rig_status switch_on(void *ctx, const rig_pdu *pdu)
{
    seen *s = ctx;
    rig_status status = on_complete(ctx, pdu);
    if (s->num_complete == 2)
        rig_framer_digests(&s->framer, true, true);
    return status;
}

/* Section 13.1: digests begin with the PDU after the last one of the login. */
static void digests_begin_between_pdus(void)
{
    static const rig_framer_ops ops = {on_header, switch_on};
    static stream in;
    in = (stream){0};
    stream_pdu(&in, 0, 5, 1);
    stream_pdu(&in, 0, 5, 2);
    in.header_digest = in.data_digest = true;
    stream_pdu(&in, 0, 5, 3);
    for (size_t chunk = 1; chunk <= in.len; chunk++) {
        seen *s = watch(RIG_SINK_COLLECT, false, false);
        s->framer.config.ops = &ops;
        CU_ASSERT_EQUAL(drive(s, &in, chunk, 65536, NULL), RIG_OK);
        check_all(s, 3, &in);
    }
}

static void allocation_failures(void)
{
    unsigned num;
    stream *in = mixed_stream(true, true, &num);
    for (uint64_t fail_at = 1;; fail_at++) {
        rig_error err = {0};
        seen *s = watch(RIG_SINK_COLLECT, true, true);
        s->meter.fail_at = fail_at;
        rig_status status = drive(s, in, 3, 65536, &err);
        rig_framer_cleanup(&s->framer);
        CU_ASSERT_EQUAL(s->meter.num_live, 0);
        if (status == RIG_OK) {
            CU_ASSERT(fail_at > 4);
            break;
        }
        CU_ASSERT_EQUAL(status, RIG_E_NOMEM);
        CU_ASSERT_EQUAL(err.status, RIG_E_NOMEM);
    }
}

RIG_SUITE("framer", {"PDUs split in two at every byte, every sink, every digest", every_split},
          {"reads of every size into the named places", every_chunk},
          {"payloads around and above the copy limit", large_payloads},
          {"large payloads go straight to their place", large_payloads_are_not_copied},
          {"reading ahead begins again after small PDUs", reading_ahead_again},
          {"whole PDUs in one buffer need no memory", nothing_allocated_in_place},
          {"a data segment at the limit and one past it", data_limit},
          {"header segments at the limit and one past it", ahs_limit},
          {"a bad header digest, any byte, stops the stream", bad_header_digest},
          {"a corrupt TotalAHSLength is found by the digest", corrupt_ahs_length},
          {"a capture goes on after a bad header digest", trusted_bad_header},
          {"a bad data digest, any byte, is shown", bad_data_digest},
          {"non-zero padding is shown", bad_padding},
          {"a place that is too small is refused", place_must_hold_payload},
          {"a place of too many pieces is refused", place_list_limit}, {"the owner can stop", owner_stops},
          {"more bytes than places are refused", commit_beyond_places},
          {"what is pending at every end of stream", pending},
          {"offsets and wire lengths", offsets_and_lengths},
          {"digests begin with the next PDU", digests_begin_between_pdus},
          {"every failing allocation", allocation_failures})
