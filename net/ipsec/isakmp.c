#include "isakmp.h"

#include "rig/link_ops.h"

#define GENERIC 4    /* next payload, reserved, length */
#define SA_FIXED 8   /* DOI, situation */
#define PROPOSAL 4   /* number, protocol, size of SPI, number of transforms */
#define TRANSFORM 4  /* number, id, reserved */
#define SHORT 0x8000 /* an attribute whose value stands in it */
#define VERSION 0x10
#define DOI_IPSEC 1
#define SITUATION_IDENTITY 1
#define ESP_SPI 4
#define LIFE_OF_ESP 1 /* type of life; its length is the attribute behind it */
#define LIFE_OF_ISAKMP 11
#define KILOBYTES 2 /* the type */

static rig_status wrong(rig_error *err, const uint8_t *base, const uint8_t *at, const char *field,
                        const char *what)
{
    return rig_fail_at(err, RIG_E_FORMAT, (size_t)(at - base), field, "%s", what);
}

rig_status isa_read_header(rig_view bytes, isa_header *out, rig_error *err)
{
    const uint8_t *at = bytes.ptr;
    if (bytes.len < ISA_HEADER)
        return rig_fail_at(err, RIG_E_TRUNCATED, bytes.len, NULL, "an ISAKMP header has %d bytes, not %zu",
                           ISA_HEADER, bytes.len);
    memcpy(out->icookie, at, ISA_COOKIE);
    memcpy(out->rcookie, at + 8, ISA_COOKIE);
    out->next = at[16];
    out->exchange = at[18];
    out->flags = at[19];
    out->message_id = rig_be32(at + 20);
    if (at[17] != VERSION)
        return wrong(err, at, at + 17, "version", "not version 1.0");
    if (rig_be32(at + 24) != bytes.len)
        return wrong(err, at, at + 24, "length", "not the length of the datagram");
    return RIG_OK;
}

/* One payload off the front of *rest, with its generic header. */
static rig_status take_part(rig_view *rest, const uint8_t *base, uint8_t type, uint8_t *out_next,
                            isa_part *out, rig_error *err)
{
    if (rest->len < GENERIC)
        return wrong(err, base, rest->ptr, "payload", "a payload that is promised is not there");
    size_t len = rig_be16(rest->ptr + 2);
    if (len < GENERIC || len > rest->len)
        return wrong(err, base, rest->ptr + 2, "payload length", "not within what it stands in");
    *out_next = rest->ptr[0];
    *out = (isa_part){type, rig_view_sub(*rest, GENERIC, len - GENERIC), rig_view_sub(*rest, 0, len)};
    *rest = rig_view_sub(*rest, len, rest->len);
    return RIG_OK;
}

rig_status isa_read_parts(rig_view body, const uint8_t *base, uint8_t first, bool padded, isa_message *out,
                          rig_error *err)
{
    uint8_t next = first;
    out->num = 0;
    while (next != ISA_NONE) {
        if (out->num == ISA_PARTS_MAX)
            return wrong(err, base, body.ptr, "payload", "more payloads than any exchange has");
        rig_status status = take_part(&body, base, next, &next, &out->parts[out->num], err);
        if (status)
            return status;
        out->num++;
    }
    return body.len == 0 || padded ? RIG_OK
                                   : wrong(err, base, body.ptr, NULL, "bytes behind the last payload");
}

const isa_part *isa_part_of(const isa_message *message, uint8_t type, unsigned n)
{
    for (unsigned i = 0; i < message->num; i++)
        if (message->parts[i].type == type && n-- == 0)
            return &message->parts[i];
    return NULL;
}

/* ---- SA ---- */

/* Life type and life duration come in pairs, and seconds and kilobytes may both be there (RFC 2407
 * section 4.5). The pair begins with attribute 11 for ISAKMP, with 1 for ESP. */
static uint16_t life_of(const isa_transform *transform)
{
    return transform->protocol == ISA_PROTOCOL_ISAKMP ? LIFE_OF_ISAKMP : LIFE_OF_ESP;
}

/* What is not known makes its transform unacceptable, not the message (RFC 2408 section 5.6). */
static void note_attribute(isa_transform *out, uint16_t type, uint32_t value, uint32_t *unit)
{
    uint16_t life = life_of(out);
    if (type == life)
        *unit = value;
    if ((type == life || type == life + 1) && *unit == KILOBYTES) {
        out->kilobytes = type == life ? out->kilobytes : value;
        return;
    }
    if (type >= ISA_ATTRIBUTES || out->has >> type & 1) {
        out->strange = true;
        return;
    }
    out->has |= (uint16_t)(1u << type);
    out->value[type] = value;
}

static rig_status read_attributes(rig_view rest, const uint8_t *base, isa_transform *out, rig_error *err)
{
    uint32_t unit = 0;
    while (rest.len) {
        if (rest.len < 4)
            return wrong(err, base, rest.ptr, "attribute", "cut off");
        uint16_t type = rig_be16(rest.ptr);
        size_t len = type & SHORT ? 0 : rig_be16(rest.ptr + 2);
        if (len > rest.len - 4)
            return wrong(err, base, rest.ptr + 2, "attribute length", "not within its transform");
        uint32_t value = type & SHORT ? rig_be16(rest.ptr + 2)
                         : len == 4   ? rig_be32(rest.ptr + 4)
                         : len == 2   ? rig_be16(rest.ptr + 4)
                                      : UINT32_MAX;
        note_attribute(out, type & (uint16_t)~SHORT, value, &unit);
        rest = rig_view_sub(rest, 4 + len, rest.len);
    }
    return RIG_OK;
}

static rig_status read_transforms(rig_view rest, const uint8_t *base, const isa_transform *of,
                                  uint8_t promised, isa_transform *out, unsigned *out_num, rig_error *err)
{
    uint8_t next = ISA_TRANSFORM;
    for (; promised; promised--) {
        isa_part part;
        if (next != ISA_TRANSFORM || *out_num == ISA_TRANSFORMS_MAX)
            return wrong(err, base, rest.ptr, "transform", "fewer than promised, or too many");
        rig_status status = take_part(&rest, base, ISA_TRANSFORM, &next, &part, err);
        if (status)
            return status;
        if (part.body.len < TRANSFORM)
            return wrong(err, base, part.body.ptr, "transform", "cut off");
        isa_transform *transform = &out[(*out_num)++];
        *transform = *of;
        transform->number = part.body.ptr[0];
        transform->id = part.body.ptr[1];
        status = read_attributes(rig_view_sub(part.body, TRANSFORM, part.body.len), base, transform, err);
        if (status)
            return status;
    }
    return rest.len ? wrong(err, base, rest.ptr, "proposal", "bytes behind its last transform") : RIG_OK;
}

static rig_status read_proposal(rig_view body, const uint8_t *base, isa_transform *out, unsigned *out_num,
                                rig_error *err)
{
    isa_transform of = {0};
    if (body.len < PROPOSAL || body.len - PROPOSAL < body.ptr[2])
        return wrong(err, base, body.ptr, "proposal", "cut off");
    of.proposal = body.ptr[0];
    of.protocol = body.ptr[1];
    uint8_t size = body.ptr[2];
    if (of.protocol == ISA_PROTOCOL_ESP && size != ESP_SPI)
        return wrong(err, base, body.ptr + 2, "SPI size", "ESP has SPIs of 4 bytes");
    if (size == ESP_SPI)
        of.spi = rig_be32(body.ptr + PROPOSAL);
    return read_transforms(rig_view_sub(body, PROPOSAL + size, body.len), base, &of, body.ptr[3], out,
                           out_num, err);
}

rig_status isa_read_sa(rig_view body, const uint8_t *base, isa_transform *out, unsigned *out_num,
                       rig_error *err)
{
    uint8_t next = ISA_PROPOSAL;
    *out_num = 0;
    if (body.len < SA_FIXED || rig_be32(body.ptr) != DOI_IPSEC ||
        rig_be32(body.ptr + 4) != SITUATION_IDENTITY)
        return wrong(err, base, body.ptr, "SA", "not the IPsec DOI with situation identity-only");
    rig_view rest = rig_view_sub(body, SA_FIXED, body.len);
    while (next == ISA_PROPOSAL) {
        isa_part part;
        rig_status status = take_part(&rest, base, ISA_PROPOSAL, &next, &part, err);
        if (!status)
            status = read_proposal(part.body, base, out, out_num, err);
        if (status)
            return status;
    }
    return rest.len || next ? wrong(err, base, rest.ptr, "SA", "bytes behind its last proposal") : RIG_OK;
}

/* ---- writing ---- */

static uint8_t *room(isa_writer *w, size_t len)
{
    if (w->full || w->size - w->len < len) {
        w->full = true;
        return NULL;
    }
    uint8_t *at = w->bytes + w->len;
    memset(at, 0, len);
    w->len += len;
    return at;
}

void isa_begin(isa_writer *w, uint8_t *bytes, size_t size, const isa_header *header)
{
    *w = (isa_writer){.bytes = bytes, .size = size, .next_at = 16};
    uint8_t *at = room(w, ISA_HEADER);
    if (!at)
        return;
    memcpy(at, header->icookie, ISA_COOKIE);
    memcpy(at + 8, header->rcookie, ISA_COOKIE);
    at[17] = VERSION;
    at[18] = header->exchange;
    at[19] = header->flags;
    rig_put_be32(at + 20, header->message_id);
}

/* Begins a payload whose length is known later; where it begins. */
static size_t open_part(isa_writer *w, uint8_t type)
{
    size_t at = w->len;
    if (!room(w, GENERIC))
        return at;
    w->bytes[w->next_at] = type;
    w->next_at = at;
    return at;
}

static void close_part(isa_writer *w, size_t at)
{
    if (!w->full)
        rig_put_be16(w->bytes + at + 2, (uint16_t)(w->len - at));
}

void isa_put(isa_writer *w, uint8_t type, rig_view body)
{
    size_t at = open_part(w, type);
    uint8_t *to = room(w, body.len);
    if (to && body.len)
        memcpy(to, body.ptr, body.len);
    close_part(w, at);
}

static void put_attribute(isa_writer *w, uint16_t type, uint32_t value)
{
    bool is_short = value <= UINT16_MAX;
    uint8_t *at = room(w, is_short ? 4 : 8);
    if (!at)
        return;
    rig_put_be16(at, is_short ? (uint16_t)(type | SHORT) : type);
    rig_put_be16(at + 2, is_short ? (uint16_t)value : 4);
    if (!is_short)
        rig_put_be32(at + 4, value);
}

static void put_transform(isa_writer *w, const isa_transform *transform, bool last)
{
    size_t at = w->len;
    uint8_t *fixed = room(w, GENERIC + TRANSFORM);
    if (!fixed)
        return;
    fixed[0] = last ? ISA_NONE : ISA_TRANSFORM;
    fixed[GENERIC] = transform->number;
    fixed[GENERIC + 1] = transform->id;
    for (uint16_t type = 0; type < ISA_ATTRIBUTES; type++)
        if (transform->has >> type & 1)
            put_attribute(w, type, transform->value[type]);
    if (transform->kilobytes) {
        put_attribute(w, life_of(transform), KILOBYTES);
        put_attribute(w, (uint16_t)(life_of(transform) + 1), transform->kilobytes);
    }
    close_part(w, at);
}

rig_view isa_put_sa(isa_writer *w, const isa_transform *transforms, unsigned num)
{
    size_t sa = open_part(w, ISA_SA);
    uint8_t *fixed = room(w, SA_FIXED);
    size_t spi = transforms[0].protocol == ISA_PROTOCOL_ESP ? ESP_SPI : 0;
    size_t proposal = w->len;
    uint8_t *head = room(w, GENERIC + PROPOSAL + spi);
    if (!head)
        return (rig_view){0};
    rig_put_be32(fixed, DOI_IPSEC);
    rig_put_be32(fixed + 4, SITUATION_IDENTITY);
    head[GENERIC] = transforms[0].proposal;
    head[GENERIC + 1] = transforms[0].protocol;
    head[GENERIC + 2] = (uint8_t)spi;
    head[GENERIC + 3] = (uint8_t)num;
    if (spi)
        rig_put_be32(head + GENERIC + PROPOSAL, transforms[0].spi);
    for (unsigned i = 0; i < num; i++)
        put_transform(w, &transforms[i], i + 1 == num);
    close_part(w, proposal);
    close_part(w, sa);
    return w->full ? (rig_view){0} : rig_view_of(w->bytes + sa + GENERIC, w->len - sa - GENERIC);
}

rig_view isa_end(isa_writer *w)
{
    if (w->full)
        return (rig_view){0};
    rig_put_be32(w->bytes + 24, (uint32_t)w->len);
    return rig_view_of(w->bytes, w->len);
}
