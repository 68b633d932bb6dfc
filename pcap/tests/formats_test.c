/* Captures written by hand, byte by byte, in every form that is read: sections, interfaces, times,
 * compression, growing files. */
#include <stdlib.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "frames.h"
#include "rig/capture.h"

#define SHB 0x0a0d0d0a
#define FILE_MAX (2u << 20)

/* A file being made, then read. */
typedef struct made {
    uint8_t *bytes; /* FILE_MAX */
    size_t len;
    bool big;
    char path[256];
    rig_alloc_meter meter;
    rig_capture *capture;
    rig_error err;
    uint64_t time;
    rig_link_type link;
    rig_view frame;
    uint32_t wire_len;
    unsigned looks; /* of stop */
} made;

static void made_begin(made *m)
{
    rig_text text;
    const char *folder = getenv("TMPDIR");
    memset(m, 0, sizeof *m);
    m->bytes = malloc(FILE_MAX);
    CU_ASSERT_FATAL(m->bytes != NULL);
    rig_alloc_meter_init(&m->meter, rig_alloc_libc());
    rig_text_init(&text, m->path, sizeof m->path);
    rig_text_add(&text, "%s/rig-formats-XXXXXX", folder ? folder : "/tmp");
    int fd = mkstemp(m->path);
    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
}

static void made_close(made *m)
{
    rig_capture_close(m->capture);
    m->capture = NULL;
    CU_ASSERT_EQUAL(m->meter.num_live, 0);
}

static void made_end(made *m)
{
    made_close(m);
    free(m->bytes);
    CU_ASSERT_EQUAL(unlink(m->path), 0);
}

static void u(made *m, unsigned bytes, uint64_t value)
{
    for (unsigned i = 0; i < bytes; i++)
        m->bytes[m->len++] = (uint8_t)(value >> 8 * (m->big ? bytes - 1 - i : i));
}

static void raw(made *m, const void *bytes, size_t len)
{
    CU_ASSERT_FATAL(m->len + len + 64 < FILE_MAX);
    memcpy(m->bytes + m->len, bytes, len);
    m->len += len;
}

static size_t block_begin(made *m, uint32_t type)
{
    size_t at = m->len;
    u(m, 4, type);
    u(m, 4, 0);
    return at;
}

static void block_end(made *m, size_t at)
{
    while (m->len % 4)
        m->bytes[m->len++] = 0;
    uint32_t len = (uint32_t)(m->len + 4 - at);
    u(m, 4, len);
    size_t behind = m->len;
    m->len = at + 4;
    u(m, 4, len);
    m->len = behind;
}

static void section(made *m, bool big)
{
    m->big = big;
    size_t at = block_begin(m, SHB);
    u(m, 4, 0x1a2b3c4d);
    u(m, 2, 1);
    u(m, 2, 0);
    u(m, 8, UINT64_MAX);
    block_end(m, at);
}

static void interface(made *m, uint16_t link, uint32_t snap, int resolution, int64_t offset)
{
    size_t at = block_begin(m, 1);
    u(m, 2, link);
    u(m, 2, 0);
    u(m, 4, snap);
    if (resolution >= 0) {
        u(m, 2, 9);
        u(m, 2, 1);
        u(m, 4, m->big ? (uint64_t)resolution << 24 : (uint64_t)resolution);
    }
    if (offset) {
        u(m, 2, 14);
        u(m, 2, 8);
        u(m, 8, (uint64_t)offset);
    }
    u(m, 4, 0);
    block_end(m, at);
}

static void packet(made *m, uint32_t number, uint64_t ticks, rig_view frame, uint32_t wire_len)
{
    size_t at = block_begin(m, 6);
    u(m, 4, number);
    u(m, 4, ticks >> 32);
    u(m, 4, ticks & UINT32_MAX);
    u(m, 4, frame.len);
    u(m, 4, wire_len);
    raw(m, frame.ptr, frame.len);
    block_end(m, at);
}

static void store(const made *m, const void *bytes, size_t len)
{
    FILE *file = fopen(m->path, "wb");
    CU_ASSERT_FATAL(file != NULL);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, len, file), len);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

static rig_status made_open(made *m)
{
    m->err = (rig_error){.status = RIG_OK};
    store(m, m->bytes, m->len);
    return rig_capture_open(&m->meter.alloc, m->path, &m->capture, &m->err);
}

static rig_status next(made *m)
{
    return rig_capture_next(m->capture, &m->time, &m->link, &m->frame, &m->wire_len, &m->err);
}

static bool next_is(made *m, rig_link_type link, const char *frame, uint64_t time)
{
    return next(m) == RIG_OK && m->link == link && rig_view_is(m->frame, frame) && m->time == time;
}

/* ---- pcapng ---- */

/* Sections in both byte orders, each with interfaces of its own numbering; blocks of other types between. */
static void sections_and_interfaces(void)
{
    made m;
    rig_capture_report report;
    made_begin(&m);
    for (unsigned i = 0; i < 2; i++) {
        section(&m, i == 1);
        interface(&m, i ? 276 : 1, 0, -1, 0);
        interface(&m, i ? 101 : 105, 0, -1, 0);
        size_t at = block_begin(&m, 0xbad);
        raw(&m, "what nobody knows", 17);
        block_end(&m, at);
        packet(&m, 0, 1, TEXT_VIEW("first"), 5);
        packet(&m, 1, 2, TEXT_VIEW("second"), 60);
    }
    CU_ASSERT_EQUAL_FATAL(made_open(&m), RIG_OK);
    CU_ASSERT(next_is(&m, RIG_LINK_ETHERNET, "first", 1000));
    CU_ASSERT(next_is(&m, RIG_LINK_OTHER, "second", 2000));
    CU_ASSERT_EQUAL(m.wire_len, 60);
    CU_ASSERT(next_is(&m, RIG_LINK_SLL2, "first", 1000));
    CU_ASSERT(next_is(&m, RIG_LINK_RAW, "second", 2000));
    CU_ASSERT_EQUAL(next(&m), RIG_E_NOT_FOUND);
    rig_capture_told(m.capture, &report);
    CU_ASSERT_STRING_EQUAL(report.format, "pcapng");
    CU_ASSERT_PTR_NULL(report.packing);
    CU_ASSERT_EQUAL(report.frames, 4);
    CU_ASSERT_EQUAL(report.cut_frames, 2);
    CU_ASSERT_EQUAL(report.other_frames, 1);
    CU_ASSERT_EQUAL(report.bytes, m.len);
    CU_ASSERT_FALSE(report.stopped);
    made_end(&m);
}

static void only_link_types_that_are_not_read(void)
{
    made m;
    made_begin(&m);
    section(&m, false);
    interface(&m, 105, 0, -1, 0);
    interface(&m, 147, 0, -1, 0);
    packet(&m, 0, 1, TEXT_VIEW("x"), 1);
    CU_ASSERT_EQUAL(made_open(&m), RIG_E_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(m.err.text, "105 (IEEE802_11)"));
    made_end(&m);
}

/* The text of the format: if_tsresol is a power of 10, or of 2 with its top bit set; if_tsoffset seconds. */
static void resolutions_of_times(void)
{
    static const struct {
        int resolution;
        int64_t offset;
        uint64_t ticks, time;
    } rows[] = {
        {-1, 0, 1500000, 1500000000},
        {6, 0, 1500000, 1500000000},
        {0, 0, 7, 7000000000},
        {3, 0, 1500, 1500000000},
        {9, 0, 1700000000123456789, 1700000000123456789},
        {12, 0, 1500000001999, 1500000001},
        {19, 0, 10000000000, 1},
        {0x80, 0, 3, 3000000000},
        {0x80 | 1, 0, 3, 1500000000},
        {0x80 | 20, 0, (5 << 20) + (1 << 18), 5250000000},
        {0x80 | 34, 0, UINT64_C(3) << 33, 1500000000},
        {0x80 | 63, 0, UINT64_C(3) << 62, 1500000000},
        {6, 100, 1, 100000001000},
        {6, -1, 2500000, 1500000000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (unsigned big = 0; big < 2; big++) {
            made m;
            made_begin(&m);
            section(&m, big);
            interface(&m, 101, 0, rows[i].resolution, rows[i].offset);
            packet(&m, 0, rows[i].ticks, TEXT_VIEW("x"), 1);
            CU_ASSERT_EQUAL_FATAL(made_open(&m), RIG_OK);
            CU_ASSERT(next_is(&m, RIG_LINK_RAW, "x", rows[i].time));
            made_end(&m);
        }
}

static void resolutions_that_do_not_fit(void)
{
    static const int rows[] = {20, 0x80 | 64};
    for (size_t i = 0; i < 2; i++) {
        made m;
        made_begin(&m);
        section(&m, false);
        interface(&m, 101, 0, rows[i], 0);
        CU_ASSERT_EQUAL(made_open(&m), RIG_E_FORMAT);
        made_end(&m);
    }
}

/* Simple blocks have what block, wire and snapshot leave; old ones a number of 16 bits in front of drops. */
static void older_blocks(void)
{
    made m;
    made_begin(&m);
    section(&m, false);
    interface(&m, 101, 4, -1, 0);
    size_t at = block_begin(&m, 3);
    u(&m, 4, 3);
    raw(&m, "abc", 3);
    block_end(&m, at);
    at = block_begin(&m, 3);
    u(&m, 4, 100);
    raw(&m, "abcdefgh", 8);
    block_end(&m, at);
    at = block_begin(&m, 2);
    u(&m, 2, 0);
    u(&m, 2, 9);
    u(&m, 8, UINT64_C(5) << 32);
    u(&m, 4, 2);
    u(&m, 4, 2);
    raw(&m, "hi", 2);
    block_end(&m, at);
    CU_ASSERT_EQUAL_FATAL(made_open(&m), RIG_OK);
    CU_ASSERT(next_is(&m, RIG_LINK_RAW, "abc", 0));
    CU_ASSERT_EQUAL(m.wire_len, 3);
    CU_ASSERT(next_is(&m, RIG_LINK_RAW, "abcd", 0));
    CU_ASSERT_EQUAL(m.wire_len, 100);
    CU_ASSERT(next_is(&m, RIG_LINK_RAW, "hi", 5000));
    made_end(&m);
}

static void statistics(made *m, uint32_t number, uint64_t interface_drops, uint64_t system_drops)
{
    size_t at = block_begin(m, 5);
    u(m, 4, number);
    u(m, 8, 0);
    u(m, 2, 5);
    u(m, 2, 8);
    u(m, 8, interface_drops);
    u(m, 2, 4);
    u(m, 2, 8);
    u(m, 8, 1000); /* frames received */
    u(m, 2, 7);
    u(m, 2, 8);
    u(m, 8, system_drops);
    u(m, 4, 0);
    block_end(m, at);
}

/* Counters go on within a section, and begin anew in the next. */
static void dropped_frames_are_told(void)
{
    for (unsigned big = 0; big < 2; big++) {
        made m;
        rig_capture_report report;
        made_begin(&m);
        section(&m, big);
        interface(&m, 101, 0, -1, 0);
        interface(&m, 101, 0, -1, 0);
        statistics(&m, 0, 3, 2);
        statistics(&m, 1, 0, 10);
        packet(&m, 0, 1, TEXT_VIEW("x"), 1);
        statistics(&m, 0, 4, 2);
        section(&m, big);
        interface(&m, 101, 0, -1, 0);
        statistics(&m, 0, 100, 0);
        CU_ASSERT_EQUAL_FATAL(made_open(&m), RIG_OK);
        CU_ASSERT_EQUAL(next(&m), RIG_OK);
        rig_capture_told(m.capture, &report);
        CU_ASSERT_EQUAL(report.dropped, 15);
        CU_ASSERT_EQUAL(next(&m), RIG_E_NOT_FOUND);
        rig_capture_told(m.capture, &report);
        CU_ASSERT_EQUAL(report.dropped, 116);
        made_end(&m);
    }
}

/* ---- nonsense ---- */

/* What stands behind one good frame, and what is said of it. */
static void blocks_that_make_no_sense(void)
{
    static const struct {
        uint32_t words[8];
        rig_status status;
    } rows[] = {
        {{5, 8, 0, 0}, RIG_E_FORMAT},                       /* shorter than its frame */
        {{5, 14, 0, 0}, RIG_E_FORMAT},                      /* no multiple of 4 */
        {{5, 16, 0, 20}, RIG_E_FORMAT},                     /* another length behind */
        {{6, 32, 7, 0, 0, 0, 0, 32}, RIG_E_FORMAT},         /* no such interface */
        {{6, 32, 0, 0, 0, 1, 1, 32}, RIG_E_FORMAT},         /* more bytes than the block has */
        {{6, 28, 0, 0, 0, 0, 28, 0}, RIG_E_FORMAT},         /* no room for its lengths */
        {{3, 12, 12, 0}, RIG_E_FORMAT},                     /* not even a length */
        {{5, 24, 7, 0, 0, 24}, RIG_E_FORMAT},               /* statistics of no interface */
        {{1, 16, 1, 16}, RIG_E_FORMAT},                     /* an interface without its link type */
        {{SHB, 28, 0x11223344, 0, 0, 0, 28}, RIG_E_FORMAT}, /* no byte order */
        {{SHB, 28, 0x1a2b3c4d, 2, 0, 0, 28}, RIG_E_FORMAT}, /* version 2 */
        {{6, 524292, 0, 0}, RIG_E_LIMIT},                   /* larger than what is looked at */
        {{5, 16, 0}, RIG_E_TRUNCATED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        made m;
        size_t num = i + 1 == sizeof rows / sizeof rows[0] ? 3 : 8;
        made_begin(&m);
        section(&m, false);
        interface(&m, 101, 0, -1, 0);
        packet(&m, 0, 1, TEXT_VIEW("good"), 4);
        size_t at = m.len;
        for (size_t w = 0; w < num; w++)
            u(&m, 4, rows[i].words[w]);
        CU_ASSERT_EQUAL_FATAL(made_open(&m), RIG_OK);
        CU_ASSERT(next_is(&m, RIG_LINK_RAW, "good", 1000));
        CU_ASSERT_EQUAL(next(&m), rows[i].status);
        CU_ASSERT_EQUAL(m.err.offset, 1);
        char byte[64];
        snprintf(byte, sizeof byte, "behind frame 1 (byte %zu of the capture): ", at);
        CU_ASSERT_EQUAL(strncmp(m.err.text, byte, strlen(byte)), 0);
        made_end(&m);
    }
}

/* Name resolution and secrets may be of any size; they are passed over without being held. */
static void large_blocks_of_no_use_are_passed_over(void)
{
    made m;
    made_begin(&m);
    section(&m, false);
    interface(&m, 101, 0, -1, 0);
    for (uint32_t len = RIG_CAPTURE_BLOCK_MAX; len <= RIG_CAPTURE_BLOCK_MAX + 4; len += 4) {
        size_t at = block_begin(&m, 10);
        memset(m.bytes + m.len, 0xee, len - 12);
        m.len += len - 12;
        block_end(&m, at);
    }
    packet(&m, 0, 1, TEXT_VIEW("behind"), 6);
    CU_ASSERT_EQUAL_FATAL(made_open(&m), RIG_OK);
    CU_ASSERT(next_is(&m, RIG_LINK_RAW, "behind", 1000));
    CU_ASSERT(m.meter.bytes_peak < 1u << 20);
    made_end(&m);
}

static void interfaces_are_limited(void)
{
    for (uint32_t more = 0; more < 2; more++) {
        made m;
        made_begin(&m);
        section(&m, false);
        for (uint32_t i = 0; i < RIG_CAPTURE_INTERFACES_MAX + more; i++)
            interface(&m, 101, 0, -1, 0);
        packet(&m, RIG_CAPTURE_INTERFACES_MAX - 1, 1, TEXT_VIEW("x"), 1);
        CU_ASSERT_EQUAL(made_open(&m), more ? RIG_E_LIMIT : RIG_OK);
        if (!more)
            CU_ASSERT(next_is(&m, RIG_LINK_RAW, "x", 1000));
        made_end(&m);
    }
}

/* ---- the classic format ---- */

static void classic_head(made *m, uint32_t magic, uint16_t minor, uint32_t link)
{
    u(m, 4, magic);
    u(m, 2, 2);
    u(m, 2, minor);
    u(m, 8, 0);
    u(m, 4, 65535);
    u(m, 4, link);
}

static void classic_frame(made *m, uint32_t len, uint32_t wire_len)
{
    u(m, 4, 1);
    u(m, 4, 2);
    u(m, 4, len);
    u(m, 4, wire_len);
}

/* Kuznetzov's records have 8 bytes more; version 2.2 had the lengths the other way round; upper bits of the
 * link type tell of check sequences. */
static void variants_of_the_classic_format(void)
{
    for (unsigned big = 0; big < 2; big++)
        for (unsigned variant = 0; variant < 3; variant++) {
            made m;
            made_begin(&m);
            m.big = big;
            classic_head(&m, variant == 0 ? 0xa1b2cd34 : 0xa1b2c3d4, variant == 1 ? 2 : 4,
                         variant == 2 ? 0x44000001 : 1);
            classic_frame(&m, variant == 1 ? 60 : 4, variant == 1 ? 4 : 60);
            if (variant == 0)
                u(&m, 8, 0x1122334455667788);
            raw(&m, "abcd", 4);
            CU_ASSERT_EQUAL_FATAL(made_open(&m), RIG_OK);
            CU_ASSERT(next_is(&m, RIG_LINK_ETHERNET, "abcd", 1000002000));
            CU_ASSERT_EQUAL(m.wire_len, 60);
            CU_ASSERT_EQUAL(next(&m), RIG_E_NOT_FOUND);
            made_end(&m);
        }
}

static void frames_are_limited(void)
{
    for (uint32_t more = 0; more < 2; more++) {
        made m;
        made_begin(&m);
        classic_head(&m, 0xa1b2c3d4, 4, 1);
        classic_frame(&m, RIG_CAPTURE_FRAME_MAX + more, 1);
        memset(m.bytes + m.len, 7, RIG_CAPTURE_FRAME_MAX + more);
        m.len += RIG_CAPTURE_FRAME_MAX + more;
        CU_ASSERT_EQUAL_FATAL(made_open(&m), RIG_OK);
        CU_ASSERT_EQUAL(next(&m), more ? RIG_E_FORMAT : RIG_OK);
        if (!more)
            CU_ASSERT_EQUAL(m.wire_len, RIG_CAPTURE_FRAME_MAX);
        made_end(&m);
    }
}

static void other_versions_of_the_classic_format(void)
{
    made m;
    made_begin(&m);
    classic_head(&m, 0xa1b2c3d4, 4, 1);
    m.bytes[4] = 3;
    CU_ASSERT_EQUAL(made_open(&m), RIG_E_FORMAT);
    CU_ASSERT_PTR_NOT_NULL(strstr(m.err.text, "version 3.4"));
    made_end(&m);
}

/* ---- compression ---- */

static size_t gzip_of(const uint8_t *bytes, size_t len, uint8_t *out)
{
    z_stream stream = {0};
    CU_ASSERT_EQUAL_FATAL(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (uint8_t *)(uintptr_t)bytes;
    stream.avail_in = (uInt)len;
    stream.next_out = out;
    stream.avail_out = FILE_MAX / 2;
    CU_ASSERT_EQUAL(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t packed = FILE_MAX / 2 - stream.avail_out;
    deflateEnd(&stream);
    return packed;
}

static size_t zstd_of(const uint8_t *bytes, size_t len, uint8_t *out)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    CU_ASSERT_FATAL(context != NULL);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    size_t packed = ZSTD_compress2(context, out, FILE_MAX / 2, bytes, len);
    CU_ASSERT_FALSE(ZSTD_isError(packed));
    ZSTD_freeCCtx(context);
    return packed;
}

static const struct packer {
    const char *name;
    size_t (*pack)(const uint8_t *bytes, size_t len, uint8_t *out);
} packers[] = {{"gzip", gzip_of}, {"zstd", zstd_of}};

/* Three frames, the middle one of bytes that do not compress. */
static void three_frames(made *m)
{
    static uint8_t noise[200000];
    uint32_t state = 1;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)((state = state * 1664525 + 1013904223) >> 24);
    section(m, false);
    interface(m, 101, 0, -1, 0);
    packet(m, 0, 1, TEXT_VIEW("first"), 5);
    packet(m, 0, 2, rig_view_of(noise, sizeof noise), sizeof noise);
    packet(m, 0, 3, TEXT_VIEW("last"), 4);
}

static void expect_three(made *m, const char *packing)
{
    rig_capture_report report;
    CU_ASSERT(next_is(m, RIG_LINK_RAW, "first", 1000));
    CU_ASSERT_EQUAL(next(m), RIG_OK);
    CU_ASSERT_EQUAL(m->frame.len, 200000);
    CU_ASSERT(next_is(m, RIG_LINK_RAW, "last", 3000));
    CU_ASSERT_EQUAL(next(m), RIG_E_NOT_FOUND);
    rig_capture_told(m->capture, &report);
    CU_ASSERT_STRING_EQUAL(report.packing, packing);
}

/* In one piece, and in two behind each other, as `cat` makes it. */
static void compressed_captures(void)
{
    for (size_t p = 0; p < 2; p++)
        for (unsigned parts = 1; parts <= 2; parts++) {
            made m;
            made_begin(&m);
            three_frames(&m);
            uint8_t *packed = malloc(FILE_MAX);
            CU_ASSERT_FATAL(packed != NULL);
            size_t first = parts == 1 ? m.len : 1000;
            size_t len = packers[p].pack(m.bytes, first, packed);
            if (parts == 2)
                len += packers[p].pack(m.bytes + first, m.len - first, packed + len);
            store(&m, packed, len);
            CU_ASSERT_EQUAL_FATAL(rig_capture_open(&m.meter.alloc, m.path, &m.capture, &m.err), RIG_OK);
            expect_three(&m, packers[p].name);
            free(packed);
            made_end(&m);
        }
}

static void read_to_the_end(made *m, rig_status *out_status, uint64_t *out_frames)
{
    m->err = (rig_error){.status = RIG_OK};
    *out_frames = 0;
    *out_status = rig_capture_open(&m->meter.alloc, m->path, &m->capture, &m->err);
    while (*out_status == RIG_OK && (*out_status = next(m)) == RIG_OK)
        ++*out_frames;
    CU_ASSERT(*out_status == RIG_E_NOT_FOUND || m->err.text[0]);
    made_close(m);
}

static void cut_and_damaged_compressed_captures(void)
{
    for (size_t p = 0; p < 2; p++) {
        made m;
        rig_status status;
        uint64_t frames, most = 0;
        made_begin(&m);
        three_frames(&m);
        uint8_t *packed = malloc(FILE_MAX);
        CU_ASSERT_FATAL(packed != NULL);
        size_t len = packers[p].pack(m.bytes, m.len, packed);
        for (size_t cut = 5; cut<len; cut += cut + 40> len || cut < 60 ? 1 : 7919) {
            store(&m, packed, cut);
            read_to_the_end(&m, &status, &frames);
            CU_ASSERT_EQUAL(status, RIG_E_TRUNCATED);
            CU_ASSERT(frames <= 3 && frames >= most);
            most = frames;
        }
        memset(packed + len / 2, 0xff, 40);
        memset(packed + len / 2 + 40, 0, 40);
        store(&m, packed, len);
        read_to_the_end(&m, &status, &frames);
        CU_ASSERT_EQUAL(status, RIG_E_FORMAT);
        memcpy(packed + packers[p].pack(m.bytes, m.len, packed), "junk", 4);
        store(&m, packed, len + 4);
        read_to_the_end(&m, &status, &frames);
        CU_ASSERT_EQUAL(status, RIG_E_FORMAT);
        CU_ASSERT_EQUAL(frames, 3);
        free(packed);
        made_end(&m);
    }
}

/* ---- growing files ---- */

static void append(const made *m, size_t from, size_t to)
{
    FILE *file = fopen(m->path, "ab");
    CU_ASSERT_FATAL(file != NULL);
    CU_ASSERT_EQUAL(fwrite(m->bytes + from, 1, to - from, file), to - from);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

/* With each look some more is there, cut anywhere; behind the last one it ends. */
static bool grow(void *ctx)
{
    made *m = ctx;
    size_t at = m->looks * m->len / 8;
    if (m->looks == 8)
        return true;
    append(m, at, ++m->looks * m->len / 8);
    return false;
}

static void growing_files_are_followed(void)
{
    made m;
    rig_capture_report report;
    made_begin(&m);
    section(&m, false);
    interface(&m, 101, 0, -1, 0);
    packet(&m, 0, 1, TEXT_VIEW("first"), 5);
    packet(&m, 0, 2, TEXT_VIEW("second"), 6);
    const rig_capture_config config = {
        .alloc = &m.meter.alloc, .path = m.path, .follow = true, .stop = grow, .ctx = &m};
    CU_ASSERT_EQUAL_FATAL(rig_capture_begin(&config, &m.capture, &m.err), RIG_OK);
    CU_ASSERT(next_is(&m, RIG_LINK_RAW, "first", 1000));
    CU_ASSERT(next_is(&m, RIG_LINK_RAW, "second", 2000));
    CU_ASSERT_EQUAL(next(&m), RIG_E_NOT_FOUND);
    rig_capture_told(m.capture, &report);
    CU_ASSERT(report.stopped);
    CU_ASSERT_EQUAL(report.bytes, m.len);
    made_end(&m);
}

static bool shorten(void *ctx)
{
    made *m = ctx;
    if (m->looks++ == 1)
        CU_ASSERT_EQUAL(truncate(m->path, 10), 0);
    return false;
}

static void files_that_become_shorter(void)
{
    made m;
    made_begin(&m);
    section(&m, false);
    interface(&m, 101, 0, -1, 0);
    store(&m, m.bytes, m.len);
    const rig_capture_config config = {
        .alloc = &m.meter.alloc, .path = m.path, .follow = true, .stop = shorten, .ctx = &m};
    CU_ASSERT_EQUAL(rig_capture_begin(&config, &m.capture, &m.err), RIG_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(m.err.text, "became shorter"));
    made_end(&m);
}

static void interfaces_that_are_not_there(void)
{
    rig_capture *capture;
    rig_error err = {.status = RIG_OK};
    const rig_capture_config config = {.alloc = rig_alloc_libc(), .path = "no-such-interface", .live = true};
    rig_status status = rig_capture_begin(&config, &capture, &err);
    CU_ASSERT(status == RIG_E_NOT_FOUND || status == RIG_E_REFUSED); /* a plain user is not even told */
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "no-such-interface"));
    CU_ASSERT_PTR_NULL(capture);
}

static void no_memory_to_read(void)
{
    made m;
    rig_status status = RIG_E_NOMEM;
    made_begin(&m);
    three_frames(&m);
    uint8_t *packed = malloc(FILE_MAX);
    CU_ASSERT_FATAL(packed != NULL);
    store(&m, packed, zstd_of(m.bytes, m.len, packed));
    for (uint64_t fail = 1; status == RIG_E_NOMEM; fail++) {
        m.meter.fail_at = m.meter.num_calls + fail;
        m.err = (rig_error){.status = RIG_OK};
        status = rig_capture_open(&m.meter.alloc, m.path, &m.capture, &m.err);
        CU_ASSERT_EQUAL(m.err.status, status);
        CU_ASSERT_EQUAL(status == RIG_OK, fail > 4); /* capture, buffer, packed bytes, interfaces */
        CU_ASSERT_FATAL(fail < 10);
    }
    CU_ASSERT_EQUAL(status, RIG_OK);
    free(packed);
    made_end(&m);
}

RIG_SUITE("pcap formats", {"sections and interfaces", sections_and_interfaces},
          {"only link types that are not read", only_link_types_that_are_not_read},
          {"resolutions of times", resolutions_of_times},
          {"resolutions that do not fit", resolutions_that_do_not_fit}, {"older blocks", older_blocks},
          {"dropped frames are told", dropped_frames_are_told},
          {"blocks that make no sense", blocks_that_make_no_sense},
          {"large blocks of no use are passed over", large_blocks_of_no_use_are_passed_over},
          {"interfaces are limited", interfaces_are_limited},
          {"variants of the classic format", variants_of_the_classic_format},
          {"frames are limited", frames_are_limited},
          {"other versions of the classic format", other_versions_of_the_classic_format},
          {"compressed captures", compressed_captures},
          {"cut and damaged compressed captures", cut_and_damaged_compressed_captures},
          {"growing files are followed", growing_files_are_followed},
          {"files that become shorter", files_that_become_shorter},
          {"interfaces that are not there", interfaces_that_are_not_there},
          {"no memory to read", no_memory_to_read})
