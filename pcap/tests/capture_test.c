#include <stdlib.h>
#include <unistd.h>

#include "frames.h"
#include "rig/capture.h"

typedef struct scratch {
    char path[256];
    rig_error err;
    rig_alloc_meter meter;
} scratch;

static void scratch_begin(scratch *s)
{
    rig_text text;
    const char *folder = getenv("TMPDIR");
    memset(s, 0, sizeof *s);
    rig_alloc_meter_init(&s->meter, rig_alloc_libc());
    rig_text_init(&text, s->path, sizeof s->path);
    rig_text_add(&text, "%s/rig-capture-XXXXXX", folder ? folder : "/tmp");
    int fd = mkstemp(s->path);
    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
}

static void scratch_end(scratch *s)
{
    CU_ASSERT_EQUAL(unlink(s->path), 0);
    CU_ASSERT_EQUAL(s->meter.num_live, 0);
}

static void scratch_write(const scratch *s, const void *bytes, size_t len)
{
    FILE *file = fopen(s->path, "wb");
    CU_ASSERT_FATAL(file != NULL);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, len, file), len);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

static size_t scratch_read(const scratch *s, uint8_t *bytes, size_t size)
{
    FILE *file = fopen(s->path, "rb");
    CU_ASSERT_FATAL(file != NULL);
    size_t len = fread(bytes, 1, size, file);
    fclose(file);
    return len;
}

static rig_status open_status(scratch *s)
{
    rig_capture *capture;
    s->err = (rig_error){.status = RIG_OK};
    rig_status status = rig_capture_open(&s->meter.alloc, s->path, &capture, &s->err);
    CU_ASSERT_EQUAL(capture != NULL, status == RIG_OK);
    CU_ASSERT_EQUAL(status == RIG_OK, s->err.text[0] == '\0');
    rig_capture_close(capture);
    return status;
}

static void files_that_are_no_captures(void)
{
    static const uint8_t png[] = {0x89, 'P', 'N', 'G',  '\r', '\n', 0x1a, '\n', 0, 0, 0,  13,  'I',
                                  'H',  'D', 'R', 0,    0,    0,    1,    0,    0, 0, 1,  8,   2,
                                  0,    0,   0,   0x90, 0x77, 0x53, 0xde, 0,    0, 0, 12, 'I', 'D'};
    static const uint8_t half_header[] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0};
    scratch s;
    scratch_begin(&s);
    CU_ASSERT_EQUAL(open_status(&s), RIG_E_TRUNCATED);
    CU_ASSERT_EQUAL(s.err.offset, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.err.text, "empty"));
    scratch_write(&s, png, sizeof png);
    CU_ASSERT_EQUAL(open_status(&s), RIG_E_FORMAT);
    scratch_write(&s, half_header, sizeof half_header);
    CU_ASSERT_EQUAL(open_status(&s), RIG_E_TRUNCATED);
    CU_ASSERT_EQUAL(s.err.offset, sizeof half_header);
    scratch_end(&s);
    rig_capture *capture;
    CU_ASSERT_EQUAL(rig_capture_open(&s.meter.alloc, "/nonexistent/file", &capture, &s.err), RIG_E_IO);
    CU_ASSERT_PTR_NULL(capture);
    CU_ASSERT_EQUAL(s.meter.num_live, 0);
}

/* The classic format by hand: magic, version 2.4, snapshot length, link type; then seconds, fraction, two
 * lengths. */
static size_t classic(uint8_t *out, bool nanoseconds, bool big, uint32_t link, uint32_t fraction)
{
    const uint32_t words[] = {nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4,
                              big ? 0x00020004 : 0x00040002,
                              0,
                              0,
                              65535,
                              link,
                              1700000000,
                              fraction,
                              4,
                              100};
    size_t at = 0;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++, at += 4) {
        rig_be_set(out + at, 4, big ? words[i] : __builtin_bswap32(words[i]));
    }
    memcpy(out + at, "abcd", 4);
    return at + 4;
}

static void classic_format_in_both_orders_and_units(void)
{
    for (unsigned bits = 0; bits < 4; bits++) {
        scratch s;
        uint8_t bytes[64];
        uint64_t time;
        uint32_t wire_len;
        rig_link_type link;
        rig_view frame;
        rig_capture *capture;
        scratch_begin(&s);
        scratch_write(&s, bytes, classic(bytes, bits & 1, bits & 2, 101, 123456));
        CU_ASSERT_EQUAL_FATAL(rig_capture_open(&s.meter.alloc, s.path, &capture, &s.err), RIG_OK);
        CU_ASSERT_EQUAL(rig_capture_next(capture, &time, &link, &frame, &wire_len, &s.err), RIG_OK);
        CU_ASSERT_EQUAL(time, UINT64_C(1700000000000000000) + (bits & 1 ? 123456 : 123456000));
        CU_ASSERT_EQUAL(link, RIG_LINK_RAW);
        CU_ASSERT(rig_view_is(frame, "abcd"));
        CU_ASSERT_EQUAL(wire_len, 100);
        CU_ASSERT_EQUAL(rig_capture_next(capture, &time, &link, &frame, &wire_len, &s.err), RIG_E_NOT_FOUND);
        rig_capture_close(capture);
        scratch_end(&s);
    }
}

static void unknown_link_type_is_named(void)
{
    scratch s;
    uint8_t bytes[64];
    scratch_begin(&s);
    scratch_write(&s, bytes, classic(bytes, false, false, 105, 0));
    CU_ASSERT_EQUAL(open_status(&s), RIG_E_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.err.text, "105 (IEEE802_11)"));
    scratch_end(&s);
}

static void write_three(scratch *s, rig_view file_comment, rig_view comment)
{
    static uint8_t frame[2000];
    rig_pcapng *file;
    for (size_t i = 0; i < sizeof frame; i++)
        frame[i] = (uint8_t)i;
    CU_ASSERT_EQUAL_FATAL(rig_pcapng_open(&s->meter.alloc, s->path, file_comment, &file, &s->err), RIG_OK);
    CU_ASSERT_EQUAL(rig_pcapng_frame(file, 1, rig_view_of(frame, 60), comment), RIG_OK);
    CU_ASSERT_EQUAL(
        rig_pcapng_frame(file, UINT64_C(5000000000), rig_view_of(frame, 61), rig_view_of(NULL, 0)), RIG_OK);
    CU_ASSERT_EQUAL(rig_pcapng_frame(file, UINT64_C(1700000000123456789), rig_view_of(frame, 1999), comment),
                    RIG_OK);
    CU_ASSERT_EQUAL(rig_pcapng_close(file), RIG_OK);
}

static void written_files_are_read_back(void)
{
    static const uint64_t times[] = {1, 5000000000, 1700000000123456789};
    static const size_t lens[] = {60, 61, 1999};
    scratch s;
    uint64_t time;
    uint32_t wire_len;
    rig_link_type link;
    rig_view frame;
    rig_capture *capture;
    scratch_begin(&s);
    write_three(&s, TEXT_VIEW("scenario x, seed 7"), TEXT_VIEW("step 1"));
    CU_ASSERT_EQUAL_FATAL(rig_capture_open(&s.meter.alloc, s.path, &capture, &s.err), RIG_OK);
    for (size_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL_FATAL(rig_capture_next(capture, &time, &link, &frame, &wire_len, &s.err), RIG_OK);
        CU_ASSERT_EQUAL(time, times[i]);
        CU_ASSERT_EQUAL(link, RIG_LINK_ETHERNET);
        CU_ASSERT_EQUAL(frame.len, lens[i]);
        CU_ASSERT_EQUAL(wire_len, lens[i]);
        for (size_t b = 0; b < frame.len; b++)
            CU_ASSERT_EQUAL(frame.ptr[b], (uint8_t)b);
    }
    CU_ASSERT_EQUAL(rig_capture_next(capture, &time, &link, &frame, &wire_len, &s.err), RIG_E_NOT_FOUND);
    rig_capture_close(capture);
    scratch_end(&s);
}

static uint32_t le(const uint8_t *bytes, unsigned num)
{
    uint32_t value = 0;
    for (unsigned i = num; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

/* The option of a block with that code; empty when it is not there. */
static rig_view option(const uint8_t *block, size_t options_at, uint32_t code)
{
    size_t stop = le(block + 4, 4) - 4;
    for (size_t at = options_at; at + 4 <= stop;) {
        uint32_t len = le(block + at + 2, 2);
        if (le(block + at, 2) == code)
            return rig_view_of(block + at + 4, len);
        at += 4 + ((len + 3u) & ~3u);
    }
    return (rig_view){NULL, 0};
}

/* Block by block as the format's text says: types, lengths at both ends, options. */
static void blocks_of_a_written_file(void)
{
    static const uint32_t types[] = {0x0a0d0d0a, 1, 6, 6, 6};
    static uint8_t bytes[8192];
    const uint8_t *blocks[5];
    scratch s;
    scratch_begin(&s);
    write_three(&s, TEXT_VIEW("scenario x"), TEXT_VIEW("step 1: login"));
    size_t len = scratch_read(&s, bytes, sizeof bytes), at = 0;
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_FATAL(at + 12 <= len);
        blocks[i] = bytes + at;
        uint32_t block_len = le(bytes + at + 4, 4);
        CU_ASSERT_EQUAL(le(bytes + at, 4), types[i]);
        CU_ASSERT_EQUAL_FATAL(block_len % 4, 0);
        CU_ASSERT_FATAL(at + block_len <= len);
        CU_ASSERT_EQUAL(le(bytes + at + block_len - 4, 4), block_len);
        at += block_len;
    }
    CU_ASSERT_EQUAL(at, len);
    CU_ASSERT_EQUAL(le(blocks[0] + 8, 4), 0x1a2b3c4d);
    CU_ASSERT(rig_view_is(option(blocks[0], 24, 1), "scenario x"));
    CU_ASSERT(option(blocks[0], 24, 2).len > 0);
    CU_ASSERT(option(blocks[0], 24, 3).len > 0);
    CU_ASSERT(rig_view_is(option(blocks[0], 24, 4), "iscsirig"));
    CU_ASSERT_EQUAL(le(blocks[1] + 8, 2), 1);
    CU_ASSERT(rig_view_eq(option(blocks[1], 16, 9), TEXT_VIEW("\x09")));
    CU_ASSERT(rig_view_is(option(blocks[2], 28 + 60, 1), "step 1: login"));
    CU_ASSERT_EQUAL(le(blocks[3] + 4, 4), 32 + 64);
    scratch_end(&s);
}

static void long_comments_are_cut_between_characters(void)
{
    static char comment[70001];
    static uint8_t bytes[300000];
    scratch s;
    for (size_t i = 0; i + 1 < sizeof comment; i += 2)
        memcpy(comment + 1 + i, "\xc3\xa4", 2);
    comment[0] = 'x';
    scratch_begin(&s);
    write_three(&s, rig_view_of(comment, sizeof comment), (rig_view){NULL, 0});
    CU_ASSERT(scratch_read(&s, bytes, sizeof bytes) > 60000);
    rig_view shown = option(bytes, 24, 1);
    CU_ASSERT_EQUAL(shown.len, 65531);
    CU_ASSERT(rig_view_eq(shown, rig_view_of(comment, shown.len)));
    CU_ASSERT_EQUAL(open_status(&s), RIG_OK);
    scratch_end(&s);
}

static void equal_calls_make_equal_files(void)
{
    static uint8_t first[8192], second[8192];
    scratch s;
    scratch_begin(&s);
    write_three(&s, TEXT_VIEW("a"), TEXT_VIEW("b"));
    size_t first_len = scratch_read(&s, first, sizeof first);
    write_three(&s, TEXT_VIEW("a"), TEXT_VIEW("b"));
    CU_ASSERT(rig_view_eq(rig_view_of(first, first_len),
                          rig_view_of(second, scratch_read(&s, second, sizeof second))));
    scratch_end(&s);
}

/* Cut at every byte: a named status each time, and all whole frames before it. */
static void truncated_files(void)
{
    static uint8_t bytes[8192];
    scratch s;
    scratch_begin(&s);
    write_three(&s, TEXT_VIEW("a"), TEXT_VIEW("b"));
    size_t len = scratch_read(&s, bytes, sizeof bytes);
    for (size_t cut = 1; cut < len; cut += cut < 400 ? 1 : 97) {
        rig_capture *capture;
        uint64_t time, frames = 0;
        uint32_t wire_len;
        rig_link_type link;
        rig_view frame;
        scratch_write(&s, bytes, cut);
        rig_status status = rig_capture_open(&s.meter.alloc, s.path, &capture, &s.err);
        if (status != RIG_OK) {
            CU_ASSERT_EQUAL(status, RIG_E_TRUNCATED);
            continue;
        }
        while ((status = rig_capture_next(capture, &time, &link, &frame, &wire_len, &s.err)) == RIG_OK)
            frames++;
        CU_ASSERT(status == RIG_E_NOT_FOUND || status == RIG_E_TRUNCATED);
        CU_ASSERT(status == RIG_E_NOT_FOUND || s.err.offset == frames);
        CU_ASSERT(frames < 3);
        rig_capture_close(capture);
    }
    scratch_end(&s);
}

static void ip_packets_get_ethernet_headers(void)
{
    scratch s;
    play p;
    uint8_t bhs[RIG_BHS_LEN], packet[200];
    uint64_t time;
    uint32_t wire_len;
    rig_link_type link;
    rig_view frame;
    rig_pcapng *file;
    rig_capture *capture;
    scratch_begin(&s);
    play_begin(&p, RIG_PORT);
    nop_out(bhs, 1, 1);
    CU_ASSERT_EQUAL_FATAL(rig_pcapng_open(&s.meter.alloc, s.path, (rig_view){NULL, 0}, &file, &s.err),
                          RIG_OK);
    for (uint8_t version = 4; version <= 6; version += 2) {
        p.version = version;
        size_t len = frames_packet(&p, INITIATOR, 1, 0, ACK, rig_view_of(bhs, 48), packet);
        CU_ASSERT_EQUAL(rig_pcapng_ip(file, 1, rig_view_of(packet, len), TEXT_VIEW("x")), RIG_OK);
    }
    CU_ASSERT_EQUAL(rig_pcapng_ip(file, 1, rig_view_of(packet, 39), TEXT_VIEW("")), RIG_E_ARGUMENT);
    CU_ASSERT_EQUAL(rig_pcapng_close(file), RIG_OK);
    CU_ASSERT_EQUAL_FATAL(rig_capture_open(&s.meter.alloc, s.path, &capture, &s.err), RIG_OK);
    while (rig_capture_next(capture, &time, &link, &frame, &wire_len, &s.err) == RIG_OK)
        CU_ASSERT_EQUAL(rig_streams_packet(p.streams, time, link, frame, wire_len), RIG_OK);
    rig_capture_close(capture);
    CU_ASSERT_EQUAL(p.items.num, 4);
    CU_ASSERT(is_pdu(&p, 1, RIG_PDU_NOP_OUT, true));
    CU_ASSERT(is_pdu(&p, 3, RIG_PDU_NOP_OUT, true));
    play_end(&p);
    scratch_end(&s);
}

static void errors_of_writing_are_told(void)
{
    scratch s;
    rig_pcapng *file;
    static uint8_t big[262145];
    scratch_begin(&s);
    CU_ASSERT_EQUAL(
        rig_pcapng_open(&s.meter.alloc, "/nonexistent/x.pcapng", (rig_view){NULL, 0}, &file, &s.err),
        RIG_E_IO);
    CU_ASSERT_PTR_NULL(file);
    CU_ASSERT_EQUAL_FATAL(rig_pcapng_open(&s.meter.alloc, s.path, (rig_view){NULL, 0}, &file, &s.err),
                          RIG_OK);
    CU_ASSERT_EQUAL(rig_pcapng_frame(file, 1, rig_view_of(big, 262145), (rig_view){NULL, 0}), RIG_E_LIMIT);
    CU_ASSERT_EQUAL(rig_pcapng_frame(file, 1, rig_view_of(big, 262144), (rig_view){NULL, 0}), RIG_OK);
    CU_ASSERT_EQUAL(rig_pcapng_close(file), RIG_OK);
    CU_ASSERT_EQUAL(open_status(&s), RIG_OK);
    if (access("/dev/full", W_OK) == 0) {
        CU_ASSERT_EQUAL(rig_pcapng_open(&s.meter.alloc, "/dev/full", (rig_view){NULL, 0}, &file, &s.err),
                        RIG_OK);
        CU_ASSERT_EQUAL(rig_pcapng_close(file), RIG_E_IO);
    }
    s.meter.fail_at = s.meter.num_calls + 1;
    CU_ASSERT_EQUAL(rig_pcapng_open(&s.meter.alloc, s.path, (rig_view){NULL, 0}, &file, &s.err), RIG_E_NOMEM);
    scratch_end(&s);
}

RIG_SUITE("pcap files", {"files that are no captures", files_that_are_no_captures},
          {"the classic format in both orders and units", classic_format_in_both_orders_and_units},
          {"an unknown link type is named", unknown_link_type_is_named},
          {"written files are read back", written_files_are_read_back},
          {"blocks of a written file", blocks_of_a_written_file},
          {"long comments are cut between characters", long_comments_are_cut_between_characters},
          {"equal calls make equal files", equal_calls_make_equal_files},
          {"truncated files", truncated_files},
          {"IP packets get Ethernet headers", ip_packets_get_ethernet_headers},
          {"errors of writing are told", errors_of_writing_are_told})
