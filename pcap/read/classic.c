/* The classic format: a header of 24 bytes, then records. */
#include "reading.h"

#define FILE_HEAD 24
#define RECORD_HEAD 16
#define KUZNETZOV_HEAD 24 /* interface, protocol and packet type stand behind the lengths */

#define MICROSECONDS 0xa1b2c3d4u
#define NANOSECONDS 0xa1b23c4du
#define KUZNETZOV 0xa1b2cd34u

static bool classic_magic(uint64_t magic)
{
    return magic == MICROSECONDS || magic == NANOSECONDS || magic == KUZNETZOV;
}

static bool is_classic(const uint8_t magic[SRC_MAGIC])
{
    uint32_t value = (uint32_t)rig_be_get(magic, 4);
    return classic_magic(value) || classic_magic(__builtin_bswap32(value));
}

static rig_status check_version(const rig_capture *capture, const uint8_t *head, rig_error *err)
{
    unsigned major = rdr_u16(capture, head + 4), minor = rdr_u16(capture, head + 6);
    if (major == 2)
        return RIG_OK;
    return rig_fail(err, RIG_E_FORMAT, "%s has version %u.%u of the pcap format; version 2 is read",
                    capture->config.path, major, minor);
}

/* The upper bits of the link type tell of frame check sequences, which the IP header's length cuts off. */
static rig_status classic_begin(rig_capture *capture, rig_error *err)
{
    rig_status status = src_need(&capture->source, FILE_HEAD, err);
    const uint8_t *head = capture->source.buffer + capture->source.at;
    if (status != RIG_OK)
        return status;
    capture->big_endian = classic_magic(rig_be_get(head, 4));
    uint32_t magic = rdr_u32(capture, head);
    capture->nanoseconds = magic == NANOSECONDS;
    capture->head_len = magic == KUZNETZOV ? KUZNETZOV_HEAD : RECORD_HEAD;
    capture->lengths_swapped = rdr_u16(capture, head + 6) < 3;
    status = check_version(capture, head, err);
    if (status != RIG_OK)
        return status;
    uint32_t number = rdr_u32(capture, head + 20) & 0x03ffffff;
    const rdr_interface interface = {.link = rdr_link(number), .link_number = number};
    src_take(&capture->source, FILE_HEAD);
    if (interface.link == RIG_LINK_OTHER)
        return rdr_unsupported(number, err);
    return rdr_interface_add(capture, &interface, err);
}

static rig_status classic_next(rig_capture *capture, rdr_frame *out, rig_error *err)
{
    src_source *source = &capture->source;
    rig_status status = src_need(source, capture->head_len, err);
    if (status != RIG_OK)
        return status;
    const uint8_t *head = source->buffer + source->at;
    uint32_t seconds = rdr_u32(capture, head), fraction = rdr_u32(capture, head + 4);
    uint32_t len = rdr_u32(capture, head + (capture->lengths_swapped ? 12 : 8));
    uint32_t wire_len = rdr_u32(capture, head + (capture->lengths_swapped ? 8 : 12));
    if (len > RIG_CAPTURE_FRAME_MAX)
        return rdr_nonsense(err, "a frame of %u bytes; at most %u are read", len, RIG_CAPTURE_FRAME_MAX);
    status = src_need(source, capture->head_len + len, err);
    if (status != RIG_OK)
        return status;
    *out = (rdr_frame){.time = (uint64_t)seconds * 1000000000u +
                               (uint64_t)fraction * (capture->nanoseconds ? 1 : 1000),
                       .link = capture->interfaces[0].link,
                       .bytes = {source->buffer + source->at + capture->head_len, len},
                       .wire_len = wire_len};
    src_take(source, capture->head_len + len);
    return RIG_OK;
}

const rdr_format rdr_classic = {"pcap", is_classic, classic_begin, classic_next};
