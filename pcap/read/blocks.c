/* The pcapng format: blocks, each with its length at both ends. */
#include "reading.h"

enum {
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET_OLD = 2,
    BLOCK_SIMPLE = 3,
    BLOCK_STATISTICS = 5,
    BLOCK_PACKET = 6,
    BLOCK_SECTION = 0x0a0d0d0a /* the same in both byte orders */
};

enum { OPTION_END = 0, OPTION_RESOLUTION = 9, OPTION_OFFSET = 14 }; /* of an interface */
enum { OPTION_INTERFACE_DROPS = 5, OPTION_SYSTEM_DROPS = 7 };       /* of its statistics */

#define BYTE_ORDER_MAGIC 0x1a2b3c4d
#define BLOCK_FRAME 12 /* type and length in front, length behind */
#define SECTION_HEAD 28
#define NANO 1000000000u
#define TICKS_MAX_EXPONENT 19 /* a finer tick than 10^-19 s has no room in 64 bits */

typedef struct block {
    uint32_t type, len;
    const uint8_t *body; /* between the lengths */
    size_t body_len;
} block;

static bool is_pcapng(const uint8_t magic[SRC_MAGIC])
{
    return rig_be_get(magic, 4) == BLOCK_SECTION;
}

/* ---- interfaces ---- */

static uint64_t power_of_ten(unsigned exponent)
{
    uint64_t power = 1;
    while (exponent--)
        power *= 10;
    return power;
}

/* if_tsresol: the negative power of 10, or of 2 with the top bit set. */
static bool set_resolution(rdr_interface *interface, uint8_t resolution)
{
    unsigned exponent = resolution & 0x7f;
    interface->binary = resolution & 0x80 ? (uint8_t)exponent : 0;
    interface->scale = interface->divide = 0;
    if (resolution == 0x80)
        interface->scale = NANO;
    if (resolution & 0x80)
        return exponent < 64;
    if (exponent <= 9)
        interface->scale = power_of_ten(9 - exponent);
    else if (exponent <= TICKS_MAX_EXPONENT)
        interface->divide = power_of_ten(exponent - 9);
    return exponent <= TICKS_MAX_EXPONENT;
}

static uint64_t time_of(const rdr_interface *interface, uint64_t ticks)
{
    if (interface->binary) {
        uint64_t part = ticks & ((UINT64_C(1) << interface->binary) - 1);
        /* 34 bits times 10^9 fit */
        unsigned cut = interface->binary > 34 ? interface->binary - 34u : 0;
        return (ticks >> interface->binary) * NANO + (((part >> cut) * NANO) >> (interface->binary - cut)) +
               interface->offset;
    }
    return (interface->divide ? ticks / interface->divide : ticks * interface->scale) + interface->offset;
}

static uint64_t u64(const rig_capture *capture, const uint8_t *bytes)
{
    uint64_t first = rdr_u32(capture, bytes), second = rdr_u32(capture, bytes + 4);
    return capture->big_endian ? first << 32 | second : second << 32 | first;
}

static bool take_option(const rig_capture *capture, rdr_interface *interface, unsigned code, rig_view value)
{
    if (code == OPTION_RESOLUTION && value.len >= 1)
        return set_resolution(interface, value.ptr[0]);
    if (code == OPTION_OFFSET && value.len >= 8)
        interface->offset = u64(capture, value.ptr) * NANO;
    return true;
}

typedef enum next_option { OPTION_NONE, OPTION_THERE, OPTION_BROKEN } next_option;

static next_option take_option_head(const rig_capture *capture, rig_view *rest, unsigned *out_code,
                                    rig_view *out_value)
{
    if (rest->len < 4 || rdr_u16(capture, rest->ptr) == OPTION_END)
        return OPTION_NONE;
    unsigned len = rdr_u16(capture, rest->ptr + 2);
    *out_code = rdr_u16(capture, rest->ptr);
    if (len > rest->len - 4)
        return OPTION_BROKEN;
    *out_value = rig_view_sub(*rest, 4, len);
    *rest = rig_view_sub(*rest, 4 + ((len + 3u) & ~3u), rest->len);
    return OPTION_THERE;
}

static bool take_options(const rig_capture *capture, rdr_interface *interface, rig_view rest)
{
    unsigned code;
    rig_view value;
    next_option next;
    while ((next = take_option_head(capture, &rest, &code, &value)) == OPTION_THERE)
        if (!take_option(capture, interface, code, value))
            return false;
    return next == OPTION_NONE;
}

static rig_status take_interface(rig_capture *capture, const block *b, rig_error *err)
{
    rdr_interface interface = {.scale = 1000};
    if (b->body_len < 8)
        return rdr_nonsense(err, "an interface description of %u bytes", b->len);
    interface.link_number = rdr_u16(capture, b->body);
    interface.link = rdr_link(interface.link_number);
    interface.snap = rdr_u32(capture, b->body + 4);
    if (!take_options(capture, &interface, rig_view_of(b->body + 8, b->body_len - 8)))
        return rdr_nonsense(err, "options of interface %u", capture->num_interfaces);
    return rdr_interface_add(capture, &interface, err);
}

/* What whoever captured had no room for, counted anew in each of these blocks. */
static rig_status take_statistics(rig_capture *capture, const block *b, rig_error *err)
{
    uint32_t number = b->body_len < 12 ? UINT32_MAX : rdr_u32(capture, b->body);
    uint64_t dropped = 0;
    unsigned code;
    rig_view value, rest = rig_view_sub(rig_view_of(b->body, b->body_len), 12, b->body_len);
    if (number >= capture->num_interfaces)
        return rdr_nonsense(err, "statistics of no interface");
    rdr_interface *interface = &capture->interfaces[number];
    while (take_option_head(capture, &rest, &code, &value) == OPTION_THERE)
        if ((code == OPTION_INTERFACE_DROPS || code == OPTION_SYSTEM_DROPS) && value.len >= 8)
            dropped += u64(capture, value.ptr);
    capture->report.dropped += dropped - interface->dropped;
    interface->dropped = dropped;
    return RIG_OK;
}

/* ---- blocks ---- */

/* The section header tells the byte order of its own length. */
static rig_status find_order(rig_capture *capture, rig_error *err)
{
    src_source *source = &capture->source;
    rig_status status = src_need(source, BLOCK_FRAME, err);
    if (status != RIG_OK)
        return status;
    const uint8_t *magic = source->buffer + source->at + 8;
    capture->big_endian = rig_be_get(magic, 4) == BYTE_ORDER_MAGIC;
    capture->num_interfaces = 0;
    if (rdr_u32(capture, magic) != BYTE_ORDER_MAGIC)
        return rdr_nonsense(err, "a section header without byte order");
    return RIG_OK;
}

static bool carries_frame(uint32_t type)
{
    return type == BLOCK_PACKET || type == BLOCK_SIMPLE || type == BLOCK_PACKET_OLD;
}

/* Of a block too large to look at: comments, name resolution, secrets of other protocols. */
static rig_status pass_over(rig_capture *capture, const block *b, rig_error *err)
{
    if (carries_frame(b->type) || b->type == BLOCK_SECTION || b->type == BLOCK_INTERFACE)
        return rig_fail(err, RIG_E_LIMIT, "a block of %u bytes; at most %u are read", b->len,
                        RIG_CAPTURE_BLOCK_MAX);
    return src_skip(&capture->source, b->len, err);
}

static rig_status have_block(rig_capture *capture, block *b, rig_error *err)
{
    src_source *source = &capture->source;
    rig_status status = src_need(source, b->len, err);
    if (status != RIG_OK)
        return status;
    const uint8_t *bytes = source->buffer + source->at;
    uint32_t behind = rdr_u32(capture, bytes + b->len - 4);
    if (behind != b->len)
        return rdr_nonsense(err, "a block has %u bytes by the length in front and %u by that behind", b->len,
                            behind);
    b->body = bytes + 8;
    b->body_len = b->len - BLOCK_FRAME;
    return RIG_OK;
}

/* Shows the next block without taking it; what is too large, and of no use, is gone: body stays NULL. */
static rig_status look(rig_capture *capture, block *b, rig_error *err)
{
    src_source *source = &capture->source;
    rig_status status = src_need(source, 8, err);
    if (status == RIG_OK && rdr_u32(capture, source->buffer + source->at) == BLOCK_SECTION)
        status = find_order(capture, err);
    if (status != RIG_OK)
        return status;
    *b = (block){.type = rdr_u32(capture, source->buffer + source->at),
                 .len = rdr_u32(capture, source->buffer + source->at + 4)};
    if (b->len < BLOCK_FRAME || b->len % 4 || (b->type == BLOCK_SECTION && b->len < SECTION_HEAD))
        return rdr_nonsense(err, "a block of %u bytes", b->len);
    return b->len > RIG_CAPTURE_BLOCK_MAX ? pass_over(capture, b, err) : have_block(capture, b, err);
}

static rig_status check_section(const rig_capture *capture, const block *b, rig_error *err)
{
    unsigned major = rdr_u16(capture, b->body + 4);
    return major == 1 ? RIG_OK
                      : rdr_nonsense(err, "version %u of the pcapng format; version 1 is read", major);
}

/* Takes blocks until one with a frame stands there. */
static rig_status find_frame(rig_capture *capture, block *b, rig_error *err)
{
    rig_status status = look(capture, b, err);
    while (status == RIG_OK && !carries_frame(b->type)) {
        if (b->type == BLOCK_INTERFACE)
            status = take_interface(capture, b, err);
        else if (b->type == BLOCK_SECTION)
            status = check_section(capture, b, err);
        else if (b->type == BLOCK_STATISTICS && b->body)
            status = take_statistics(capture, b, err);
        if (status != RIG_OK)
            return status;
        if (b->body)
            src_take(&capture->source, b->len);
        status = look(capture, b, err);
    }
    return status;
}

static rig_status check_links(const rig_capture *capture, rig_error *err)
{
    for (uint32_t i = 0; i < capture->num_interfaces; i++)
        if (capture->interfaces[i].link != RIG_LINK_OTHER)
            return RIG_OK;
    return capture->num_interfaces ? rdr_unsupported(capture->interfaces[0].link_number, err) : RIG_OK;
}

/* Other interfaces may come with their first frame: only where none comes before the first frame that can be
 * read, the file is refused. */
static rig_status pcapng_begin(rig_capture *capture, rig_error *err)
{
    block b;
    rig_status status = find_frame(capture, &b, err);
    return status == RIG_OK || status == RIG_E_NOT_FOUND ? check_links(capture, err) : status;
}

/* ---- frames ---- */

static rig_status place_frame(rig_capture *capture, rdr_frame *out, uint32_t number, rig_error *err)
{
    if (number >= capture->num_interfaces)
        return rdr_nonsense(err, "a frame of interface %u, of which there are %u", number,
                            capture->num_interfaces);
    out->link = capture->interfaces[number].link;
    return RIG_OK;
}

/* Where captured length, length on the wire and bytes stand: the old block has its number in 16 bits. */
static rig_status read_packet(rig_capture *capture, const block *b, rdr_frame *out, rig_error *err)
{
    if (b->body_len < 20)
        return rdr_nonsense(err, "a packet block of %u bytes", b->len);
    bool old = b->type == BLOCK_PACKET_OLD;
    uint32_t number = old ? rdr_u16(capture, b->body) : rdr_u32(capture, b->body);
    uint64_t ticks = (uint64_t)rdr_u32(capture, b->body + 4) << 32 | rdr_u32(capture, b->body + 8);
    uint32_t len = rdr_u32(capture, b->body + 12);
    rig_status status = place_frame(capture, out, number, err);
    if (status != RIG_OK)
        return status;
    if (len > b->body_len - 20 || len > RIG_CAPTURE_FRAME_MAX)
        return rdr_nonsense(err, "a frame of %u bytes in a block of %u", len, b->len);
    out->time = time_of(&capture->interfaces[number], ticks);
    out->bytes = rig_view_of(b->body + 20, len);
    out->wire_len = rdr_u32(capture, b->body + 16);
    return RIG_OK;
}

/* It has neither time nor captured length: what the block and the snapshot length leave. */
static rig_status read_simple(rig_capture *capture, const block *b, rdr_frame *out, rig_error *err)
{
    if (b->body_len < 4)
        return rdr_nonsense(err, "a packet block of %u bytes", b->len);
    rig_status status = place_frame(capture, out, 0, err);
    if (status != RIG_OK)
        return status;
    uint32_t snap = capture->interfaces[0].snap;
    out->wire_len = rdr_u32(capture, b->body);
    out->time = 0;
    out->bytes = rig_view_sub(rig_view_of(b->body + 4, b->body_len - 4), 0, out->wire_len);
    if (snap)
        out->bytes = rig_view_sub(out->bytes, 0, snap);
    if (out->bytes.len > RIG_CAPTURE_FRAME_MAX)
        return rdr_nonsense(err, "a frame of %zu bytes", out->bytes.len);
    return RIG_OK;
}

static rig_status pcapng_next(rig_capture *capture, rdr_frame *out, rig_error *err)
{
    block b;
    rig_status status = find_frame(capture, &b, err);
    if (status != RIG_OK)
        return status;
    status = b.type == BLOCK_SIMPLE ? read_simple(capture, &b, out, err) : read_packet(capture, &b, out, err);
    if (status == RIG_OK)
        src_take(&capture->source, b.len);
    return status;
}

const rdr_format rdr_pcapng = {"pcapng", is_pcapng, pcapng_begin, pcapng_next};
