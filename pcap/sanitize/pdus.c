/* What stays of each PDU, and what takes the place of the rest. */
#include "sanitize.h"

#include "rig/crc32c.h"
#include "rig/draws.h"

/* ---- padding and data digest ---- */

static uint32_t crc_zeros(uint32_t running, uint32_t len)
{
    static const uint8_t zeros[4096];
    for (uint32_t part; len; len -= part) {
        part = len < sizeof zeros ? len : sizeof zeros;
        running = rig_crc32c_update(running, zeros, part);
    }
    return running;
}

/* A digest that was wrong stays wrong. */
static void seal(rig_sanitize *s, const san_part *part)
{
    uint8_t *tail = s->kept + part->tail;
    uint32_t pad = -part->all & 3;
    if (pad)
        tail[0] = part->bad_padding;
    if (!part->digest)
        return;
    uint32_t running = rig_crc32c_update(RIG_CRC32C_START, s->kept + part->data, part->len);
    running = crc_zeros(running, part->all - part->len);
    rig_crc32c_store(rig_crc32c_update(running, tail, pad), tail + pad);
    if (part->bad_digest)
        tail[pad] ^= 0xff;
}

/* ---- data segments ---- */

/* SenseLength and sense data of fixed format, which names no device (11.4.7, SPC). */
static rig_status sense_data(rig_sanitize *s, uint8_t *data, size_t len)
{
    (void)s;
    if (len > SAN_SENSE_KEPT)
        memset(data + SAN_SENSE_KEPT, 0, len - SAN_SENSE_KEPT);
    return RIG_OK;
}

/* The header of the PDU that was rejected (11.17). */
static rig_status rejected(rig_sanitize *s, uint8_t *data, size_t len)
{
    (void)s;
    if (len > RIG_BHS_LEN)
        memset(data + RIG_BHS_LEN, 0, len - RIG_BHS_LEN);
    return RIG_OK;
}

/* Whether an answer carries what the ping did (11.19) is still to be seen. */
static rig_status ping(rig_sanitize *s, uint8_t *data, size_t len)
{
    uint64_t mark = rig_hash64(data, len, 0);
    uint32_t number = 0;
    rig_status status = len ? san_number(s, SAN_PING, rig_view_of(&mark, sizeof mark), &number) : RIG_OK;
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(number >> 8 * (i % 4));
    return status;
}

typedef rig_status (*san_change)(rig_sanitize *s, uint8_t *data, size_t len);

/* Data of the other kinds becomes zeros. */
static san_change change_of(rig_pdu_kind kind)
{
    switch (kind) {
    case RIG_PDU_SCSI_RESP:
    case RIG_PDU_ASYNC:
        return sense_data;
    case RIG_PDU_REJECT:
        return rejected;
    case RIG_PDU_NOP_OUT:
    case RIG_PDU_NOP_IN:
        return ping;
    default:
        return NULL;
    }
}

static bool carries_text(rig_pdu_kind kind)
{
    return kind == RIG_PDU_LOGIN_REQ || kind == RIG_PDU_LOGIN_RESP || kind == RIG_PDU_TEXT_REQ ||
           kind == RIG_PDU_TEXT_RESP;
}

/* ---- text ---- */

static bool comes_again(const san_side *side, const uint8_t *bhs)
{
    return rig_pdu_kind_of(bhs) == RIG_PDU_TEXT_REQ && !rig_get(bhs, RIG_F_I) &&
           rig_get32(bhs, RIG_F_CMD_SN) == side->text_cmd_sn;
}

/* Parts of a text (C bit, section 6.2) as pcap/stream joins them. */
static rig_status add_part(rig_sanitize *s, san_side *side, const uint8_t *bhs, const san_part *part)
{
    san_part next = *part;
    const san_part *last = side->num_parts ? &side->parts[side->num_parts - 1] : NULL;
    if (side->num_parts >= SAN_PARTS_MAX || rig_get32(bhs, RIG_F_ITT) != side->text_itt)
        last = NULL;
    if (!last)
        side->num_parts = 0;
    else
        next.text_at = comes_again(side, bhs) ? last->text_at : last->text_at + last->len;
    side->text_itt = rig_get32(bhs, RIG_F_ITT);
    side->text_cmd_sn = rig_get32(bhs, RIG_F_CMD_SN);
    rig_status status =
        san_room(s->alloc, (void **)&side->parts, side->num_parts, &side->size_parts, sizeof *side->parts);
    if (!status)
        side->parts[side->num_parts++] = next;
    return status;
}

static void put_text(rig_sanitize *s, const san_part *part, rig_view text)
{
    rig_view bytes = rig_view_sub(text, part->text_at, part->len);
    if (bytes.len)
        memcpy(s->kept + part->data, bytes.ptr, bytes.len);
    seal(s, part);
}

static rig_status rewrite(rig_sanitize *s, san_side *side, const uint8_t *text, size_t len)
{
    uint8_t *copy = rig_resize(s->alloc, NULL, 0, len);
    if (!copy)
        return RIG_E_NOMEM;
    memcpy(copy, text, len);
    rig_status status = san_text(s, copy, len);
    side->parts[side->num_parts - 1].text_at = len - side->parts[side->num_parts - 1].len;
    for (size_t i = 0; i < side->num_parts && !status; i++)
        put_text(s, &side->parts[i], rig_view_of(copy, len));
    rig_delete(s->alloc, copy, len);
    return status;
}

/* A text of which parts are lost stays empty. */
static rig_status text_part(rig_sanitize *s, san_side *side, const rig_item *item, const san_part *part)
{
    rig_status status = add_part(s, side, item->pdu.bhs, part);
    if (status || rig_get(item->pdu.bhs, RIG_F_C))
        return status;
    if (item->text.len && item->text.len >= part->len)
        status = rewrite(s, side, item->text.ptr, item->text.len);
    side->num_parts = 0;
    return status;
}

/* ---- PDUs ---- */

static rig_status keep_head(rig_sanitize *s, const rig_pdu *pdu, size_t *out_place)
{
    size_t place;
    rig_status status = san_keep(s, pdu->bhs, RIG_BHS_LEN, out_place);
    if (!status)
        status = san_keep(s, pdu->ahs.ptr, pdu->ahs.len, &place);
    if (!status && pdu->has_header_digest)
        status = san_keep(s, pdu->header_digest, RIG_DIGEST_LEN, &place);
    return status;
}

static rig_status keep_data(rig_sanitize *s, const rig_item *item, san_part *out_part)
{
    const rig_pdu *pdu = &item->pdu;
    rig_pdu_kind kind = rig_pdu_kind_of(pdu->bhs);
    san_change change = change_of(kind);
    bool shown = pdu->data.ptr && pdu->data.len && (change || carries_text(kind));
    *out_part = (san_part){.len = shown ? (uint32_t)pdu->data.len : 0,
                           .all = item->data_len,
                           .bad_padding = pdu->bad_padding,
                           .digest = pdu->has_data_digest,
                           .bad_digest = pdu->bad_data_digest};
    rig_status status = san_keep(s, change ? pdu->data.ptr : NULL, out_part->len, &out_part->data);
    if (!status && shown && change)
        status = change(s, s->kept + out_part->data, out_part->len);
    return status;
}

static rig_status take_pdu(rig_sanitize *s, san_side *side, const rig_item *item)
{
    const rig_pdu *pdu = &item->pdu;
    size_t head, head_len = 0;
    san_part part;
    rig_status status = keep_head(s, pdu, &head);
    if (!status) {
        head_len = s->num_kept - head;
        status = keep_data(s, item, &part);
    }
    if (status)
        return status;
    size_t tail_len = (-item->data_len & 3) + (part.digest ? RIG_DIGEST_LEN : 0u);
    uint64_t tail_at = pdu->offset + head_len + item->data_len;
    status = san_keep(s, NULL, tail_len, &part.tail);
    if (!status)
        status = san_patch_add(s, side, pdu->offset, head, head_len + part.len);
    if (!status)
        status = san_patch_add(s, side, tail_at, part.tail, tail_len);
    if (status)
        return status;
    s->report.pdus++;
    seal(s, &part);
    return carries_text(rig_pdu_kind_of(pdu->bhs)) ? text_part(s, side, item, &part) : RIG_OK;
}

/* ---- events ---- */

static rig_view word_in(rig_view args, const char *name)
{
    for (rig_view rest = args; rest.ptr;) {
        rig_view word = rig_view_split(&rest, ' ');
        if (rig_view_starts(word, name))
            return rig_view_sub(word, strlen(name), word.len);
    }
    return (rig_view){NULL, 0};
}

/* An unknown opcode with the largest data segment there is: garbage again. */
static rig_status take_garbage(rig_sanitize *s, san_side *side, uint64_t at)
{
    uint8_t head[RIG_BHS_LEN];
    size_t place;
    memset(head, 0xff, sizeof head);
    rig_status status = san_keep(s, head, sizeof head, &place);
    return status ? status : san_patch_add(s, side, at, place, sizeof head);
}

static san_side *side_of(rig_sanitize *s, const rig_item *item, bool to_target)
{
    san_conn *conn = item->connection < s->num_flows ? s->flows[item->connection] : NULL;
    return conn ? &conn->side[to_target ? conn->initiator_side : !conn->initiator_side] : NULL;
}

static rig_status bind(rig_sanitize *s, const rig_flow *flow)
{
    while (s->num_flows <= flow->index) {
        if (san_room(s->alloc, (void **)&s->flows, s->num_flows, &s->size_flows, sizeof(san_conn *)))
            return RIG_E_NOMEM;
        s->flows[s->num_flows++] = NULL;
    }
    s->flows[flow->index] = s->current;
    return s->current && !s->current->iscsi ? san_conn_iscsi(s, s->current, flow) : RIG_OK;
}

/* Of a PDU that the stream ends in, the header stays as the packets have it. */
static rig_status take_truncated(rig_sanitize *s, san_side *side, const rig_flow *flow, uint64_t at)
{
    return san_patch_add(s, side, at, SAN_AS_IT_IS, RIG_BHS_LEN + (flow->header_digest ? RIG_DIGEST_LEN : 0));
}

static rig_status take_event(rig_sanitize *s, const rig_flow *flow, const rig_item *item)
{
    uint64_t at;
    if (rig_view_is(item->event, "connect") || rig_view_is(item->event, "midstream"))
        return bind(s, flow);
    san_side *side = side_of(s, item, rig_view_is(word_in(item->args, "to-target="), "yes"));
    if (!side || !rig_view_u64(word_in(item->args, "offset="), &at))
        return RIG_OK;
    if (rig_view_is(item->event, "garbage"))
        return take_garbage(s, side, at);
    return rig_view_is(item->event, "truncated") ? take_truncated(s, side, flow, at) : RIG_OK;
}

rig_status san_item(void *ctx, const rig_flow *flow, const rig_item *item)
{
    rig_sanitize *s = ctx;
    if (item->connection == UINT32_MAX)
        return RIG_OK;
    if (item->kind == RIG_ITEM_EVENT)
        return take_event(s, flow, item);
    san_side *side = side_of(s, item, item->to_target);
    return side ? take_pdu(s, side, item) : RIG_OK;
}
