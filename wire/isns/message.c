/* Messages of one or several PDUs (RFC 4171 sections 5.1 and 5.2). */
#include "rig/isns_pdu.h"
#include "rig/pdu.h"

void rig_isns_header_put(const rig_isns_header *header, uint8_t out[RIG_ISNS_HEADER_LEN])
{
    const uint16_t fields[] = {header->version, header->function,    header->length,
                               header->flags,   header->transaction, header->sequence};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        rig_be_set(out + 2 * i, 2, fields[i]);
}

rig_isns_header rig_isns_header_get(const uint8_t bytes[RIG_ISNS_HEADER_LEN])
{
    uint16_t fields[RIG_ISNS_HEADER_LEN / 2];
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        fields[i] = (uint16_t)rig_be_get(bytes + 2 * i, 2);
    return (rig_isns_header){fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]};
}

/* An empty message is a PDU, too. */
rig_status rig_isns_pack(const rig_alloc *alloc, const rig_isns_header *like, rig_view message, size_t max,
                         rig_gather *out)
{
    uint8_t head[RIG_ISNS_HEADER_LEN];
    rig_isns_header header = *like;
    size_t limit = SIZE_MAX, most = max && max < RIG_ISNS_PAYLOAD_MAX ? max : RIG_ISNS_PAYLOAD_MAX;
    rig_status status = RIG_OK;
    if (message.len > RIG_ISNS_MESSAGE_MAX || message.len / most > UINT16_MAX)
        return RIG_E_LIMIT;
    header.version = RIG_ISNS_VERSION;
    header.sequence = 0;
    for (size_t at = 0; !status && (at < message.len || at == 0); at += most, header.sequence++) {
        size_t len = message.len - at < most ? message.len - at : most;
        header.length = (uint16_t)len;
        header.flags = like->flags & (uint16_t) ~(RIG_ISNS_FIRST | RIG_ISNS_LAST);
        header.flags |= (uint16_t)((at ? 0 : RIG_ISNS_FIRST) | (at + len == message.len ? RIG_ISNS_LAST : 0));
        rig_isns_header_put(&header, head);
        status = rig_gather_add(out, alloc, rig_view_of(head, sizeof head), limit);
        if (!status && len)
            status = rig_gather_add(out, alloc, rig_view_of(message.ptr + at, len), limit);
    }
    return status;
}

/* ---- from a stream ---- */

void rig_isns_framer_init(rig_isns_framer *framer, const rig_alloc *alloc)
{
    *framer = (rig_isns_framer){.alloc = alloc};
}

struct iovec rig_isns_framer_space(rig_isns_framer *framer)
{
    if (framer->have < RIG_ISNS_HEADER_LEN)
        return (struct iovec){framer->head + framer->have, RIG_ISNS_HEADER_LEN - framer->have};
    return (struct iovec){framer->message + framer->len, framer->left};
}

static rig_status judge_place(const rig_isns_framer *framer, const rig_isns_header *header, rig_error *err)
{
    bool first = header->flags & RIG_ISNS_FIRST;
    const rig_isns_header *before = &framer->header;
    if (first == framer->inside)
        return rig_fail(err, RIG_E_SEQUENCE,
                        first ? "a message begins inside another one"
                              : "a message begins without its first PDU");
    if (framer->inside &&
        (header->function != before->function || header->transaction != before->transaction))
        return rig_fail(err, RIG_E_SEQUENCE, "PDU %u belongs to another message", header->sequence);
    if (header->sequence != framer->next)
        return rig_fail(err, RIG_E_SEQUENCE, "PDU %u comes where %u is due", header->sequence, framer->next);
    return RIG_OK;
}

static rig_status judge(const rig_isns_framer *framer, const rig_isns_header *header, rig_error *err)
{
    if (header->version != RIG_ISNS_VERSION)
        return rig_fail(err, RIG_E_UNSUPPORTED, "version %u, known is %u", header->version, RIG_ISNS_VERSION);
    if (header->flags & RIG_ISNS_AUTH_BLOCK)
        return rig_fail(err, RIG_E_UNSUPPORTED, "an authentication block, which only multicast has");
    if (header->length % 4)
        return rig_fail(err, RIG_E_FORMAT, "a payload of %u bytes, which is not aligned", header->length);
    if (framer->len + header->length > RIG_ISNS_MESSAGE_MAX)
        return rig_fail(err, RIG_E_LIMIT, "a message of more than %u bytes", RIG_ISNS_MESSAGE_MAX);
    return judge_place(framer, header, err);
}

/* At least doubled, so that many small PDUs are copied a few times only. */
static bool make_room(rig_isns_framer *framer, size_t more)
{
    size_t need = framer->len + more, size = framer->size * 2;
    if (need <= framer->size)
        return true;
    if (size < need)
        size = need;
    uint8_t *larger = rig_resize(framer->alloc, framer->message, framer->size, size);
    if (!larger)
        return false;
    framer->message = larger;
    framer->size = size;
    return true;
}

static rig_status take_header(rig_isns_framer *framer, rig_error *err)
{
    rig_isns_header header = rig_isns_header_get(framer->head);
    rig_status status = judge(framer, &header, err);
    if (status)
        return status;
    if (!make_room(framer, header.length))
        return rig_fail(err, RIG_E_NOMEM, "no memory for a message");
    framer->header = header;
    framer->left = header.length;
    framer->inside = true;
    framer->next++;
    return RIG_OK;
}

rig_status rig_isns_framer_commit(rig_isns_framer *framer, size_t len, bool *out_whole, rig_error *err)
{
    rig_status status = RIG_OK;
    *out_whole = false;
    if (framer->have < RIG_ISNS_HEADER_LEN) {
        framer->have += (uint32_t)len;
        if (framer->have < RIG_ISNS_HEADER_LEN)
            return RIG_OK;
        status = take_header(framer, err);
    } else {
        framer->len += len;
        framer->left -= (uint32_t)len;
    }
    if (status || framer->left)
        return status;
    framer->have = 0;
    *out_whole = framer->header.flags & RIG_ISNS_LAST;
    return RIG_OK;
}

void rig_isns_framer_next(rig_isns_framer *framer)
{
    framer->inside = false;
    framer->next = 0;
    framer->len = 0;
}

void rig_isns_framer_cleanup(rig_isns_framer *framer)
{
    rig_delete(framer->alloc, framer->message, framer->size);
    framer->message = NULL;
    framer->size = framer->len = 0;
}
