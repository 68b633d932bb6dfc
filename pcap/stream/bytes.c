#include "follow.h"

/* Payloads of bulk kinds are read over by the framer; their first bytes are kept from the frames themselves.
 */
static void keep_from_chunk(cap_direction *direction)
{
    uint64_t wanted = direction->data_at + direction->keep_have;
    uint64_t end = direction->chunk_at + direction->chunk.len;
    if (!direction->discarding || !direction->chunk.ptr || direction->keep_have >= direction->keep_want ||
        wanted < direction->chunk_at || wanted >= end)
        return;
    size_t len = direction->keep_want - direction->keep_have;
    rig_view part = rig_view_sub(direction->chunk, (size_t)(wanted - direction->chunk_at), len);
    memcpy(direction->keep + direction->keep_have, part.ptr, part.len);
    direction->keep_have += (uint32_t)part.len;
}

static void discard_bulk(cap_direction *direction, uint32_t len, rig_sink *out_sink)
{
    out_sink->kind = RIG_SINK_DISCARD;
    direction->discarding = true;
    direction->keep_want = len < RIG_ITEM_DATA_KEPT ? len : RIG_ITEM_DATA_KEPT;
    direction->keep_have = 0;
    keep_from_chunk(direction);
}

static bool is_garbage(cap_direction *direction, const uint8_t *bhs, uint64_t at)
{
    if (!cap_header_impossible(direction, bhs))
        return false;
    direction->garbage = true;
    direction->garbage_at = at;
    memcpy(direction->keep, bhs, RIG_BHS_LEN);
    return true;
}

static rig_status on_header(void *ctx, const rig_pdu *pdu, rig_sink *out_sink)
{
    cap_direction *direction = ctx;
    uint32_t len = rig_get32(pdu->bhs, RIG_F_DATA_LEN);
    uint64_t start = direction->base + pdu->offset;
    if (is_garbage(direction, pdu->bhs, start))
        return RIG_E_FORMAT;
    direction->data_at = start + RIG_BHS_LEN + pdu->ahs.len + (pdu->has_header_digest ? RIG_DIGEST_LEN : 0);
    direction->pdu_end =
        direction->data_at + ((len + 3u) & ~3u) + (direction->framer.data_digest ? RIG_DIGEST_LEN : 0);
    direction->whole = true;
    direction->intact = len;
    if (!direction->flow->streams->config.whole_data && rig_item_bulk(rig_pdu_kind_of(pdu->bhs)))
        discard_bulk(direction, len, out_sink);
    return RIG_OK;
}

static rig_status on_complete(void *ctx, const rig_pdu *pdu)
{
    return cap_pdu_complete(ctx, pdu);
}

const rig_framer_ops cap_framer_ops = {on_header, on_complete};

void cap_bytes_restart(cap_direction *direction)
{
    const rig_flow *flow = &direction->flow->flow;
    const rig_framer_config config = {
        .alloc = direction->flow->streams->config.alloc,
        .ops = &cap_framer_ops,
        .ctx = direction,
        .trust_bad_header = true,
    };
    rig_framer_cleanup(&direction->framer);
    rig_framer_init(&direction->framer, &config);
    direction->framer.max_data = RIG_DATA_MAX;
    direction->framer.max_ahs = RIG_AHS_MAX;
    if (direction->digests_known)
        rig_framer_digests(&direction->framer, flow->header_digest, flow->data_digest);
    direction->digests_due = false;
    direction->base = direction->offset;
    direction->whole = false;
    direction->missing = 0;
    direction->discarding = false;
    direction->phase = CAP_FRAME;
}

void cap_bytes_init(cap_direction *direction, cap_phase phase)
{
    cap_bytes_restart(direction);
    direction->phase = phase;
}

static void hunt(cap_direction *direction)
{
    direction->phase = CAP_HUNT;
    direction->hunted = 0;
    direction->text_lost |= direction->text.len > 0 && !direction->text_done;
}

static rig_status say_garbage(cap_direction *direction)
{
    char shown[2 * CAP_SHOWN + 1];
    rig_text text;
    rig_text_init(&text, shown, sizeof shown);
    rig_text_hex(&text, rig_view_of(direction->keep, CAP_SHOWN), 0);
    return cap_say(direction->flow, "garbage", "offset=%llu to-target=%s hex:%s",
                   (unsigned long long)direction->garbage_at, direction->to_target ? "yes" : "no", shown);
}

/* The framer shows a header with its additional segments; nonsense can announce a kilobyte of them. */
static void judge_early(cap_direction *direction)
{
    uint64_t offset, have;
    if (!direction->whole && rig_framer_pending(&direction->framer, &offset, &have) && have >= RIG_BHS_LEN)
        is_garbage(direction, direction->framer.head, direction->base + offset);
}

static rig_status feed(cap_direction *direction, rig_view bytes)
{
    direction->chunk = bytes;
    direction->chunk_at = direction->offset;
    keep_from_chunk(direction);
    rig_status status = rig_framer_feed(&direction->framer, bytes, NULL);
    direction->chunk = (rig_view){NULL, 0};
    direction->offset += bytes.len;
    if (status == RIG_OK)
        judge_early(direction);
    if (!direction->garbage)
        return status;
    direction->garbage = false;
    hunt(direction);
    return say_garbage(direction);
}

static rig_status become_iscsi(cap_direction *direction)
{
    uint8_t head[RIG_BHS_LEN];
    cap_flow *flow = direction->flow;
    cap_conn *conn = flow->conn;
    memcpy(head, direction->keep, sizeof head);
    cap_flow_roles(flow, direction == &conn->direction[1]);
    cap_flow_iscsi(flow);
    direction->offset -= sizeof head;
    for (int i = 0; i < 2; i++)
        cap_bytes_init(&conn->direction[i], CAP_FRAME);
    rig_status status = cap_say_begin(flow);
    return status == RIG_OK ? feed(direction, rig_view_of(head, sizeof head)) : status;
}

/* The first bytes of a connection on any other port: a Login Request, or nothing for us. */
static rig_status sniff(cap_direction *direction, rig_view bytes)
{
    cap_conn *conn = direction->flow->conn;
    const cap_direction *other = &conn->direction[direction == &conn->direction[0]];
    size_t want = RIG_BHS_LEN - direction->keep_have;
    rig_view part = rig_view_sub(bytes, 0, want);
    memcpy(direction->keep + direction->keep_have, part.ptr, part.len);
    direction->keep_have += (uint32_t)part.len;
    direction->offset += part.len;
    bool odd = direction->keep[0] != (0x40 | rig_pdu_rows[RIG_PDU_LOGIN_REQ].opcode) || other->keep_have;
    if (odd || (direction->keep_have == RIG_BHS_LEN && !cap_login_like(direction->keep))) {
        direction->flow->state = CAP_FOREIGN;
        return RIG_OK;
    }
    if (direction->keep_have < RIG_BHS_LEN)
        return RIG_OK;
    rig_status status = become_iscsi(direction);
    return status == RIG_OK ? cap_bytes(direction, rig_view_sub(bytes, part.len, bytes.len), false) : status;
}

static rig_status look_for_pdu(cap_direction *direction, rig_view bytes, bool segment_start)
{
    if (!segment_start || !cap_header_likely(direction, bytes)) {
        direction->offset += bytes.len;
        direction->hunted += bytes.len;
        return RIG_OK;
    }
    if (!direction->digests_known && rig_pdu_kind_of(bytes.ptr) != RIG_PDU_LOGIN_REQ)
        cap_find_digests(direction, bytes);
    cap_bytes_restart(direction);
    if (direction->hunted) {
        rig_status status =
            cap_say(direction->flow, "resync", "offset=%llu skipped=%llu to-target=%s",
                    (unsigned long long)direction->offset, (unsigned long long)direction->hunted,
                    direction->to_target ? "yes" : "no");
        if (status != RIG_OK)
            return status;
    }
    return feed(direction, bytes);
}

rig_status cap_bytes(cap_direction *direction, rig_view bytes, bool segment_start)
{
    if (bytes.len == 0)
        return RIG_OK;
    switch (direction->phase) {
    case CAP_FRAME:
        return feed(direction, bytes);
    case CAP_SNIFF:
        return sniff(direction, bytes);
    case CAP_HUNT:
        return look_for_pdu(direction, bytes, segment_start);
    case CAP_DONE:
        break;
    }
    return RIG_OK;
}

/* Stands in for bytes of a payload that the capture lacks, so that the PDU behind it is found. */
static rig_status fill(cap_direction *direction, uint64_t len)
{
    static const uint8_t zeros[65536];
    uint64_t intact = direction->offset > direction->data_at ? direction->offset - direction->data_at : 0;
    rig_status status = RIG_OK;
    if (intact < direction->intact)
        direction->intact = (uint32_t)intact;
    direction->keep_want = direction->keep_have;
    direction->missing += (uint32_t)len;
    while (len && status == RIG_OK) {
        size_t part = len < sizeof zeros ? (size_t)len : sizeof zeros;
        direction->offset += part;
        status = rig_framer_feed(&direction->framer, rig_view_of(zeros, part), NULL);
        len -= part;
    }
    return status;
}

static rig_status say_gap(cap_direction *direction, uint64_t len)
{
    rig_streams_report *report = &direction->flow->streams->report;
    report->gaps++;
    report->gap_bytes += len;
    return cap_say(direction->flow, "gap", "bytes=%llu to-target=%s", (unsigned long long)len,
                   direction->to_target ? "yes" : "no");
}

static rig_status lose_framing(cap_direction *direction, uint64_t len)
{
    direction->offset += len;
    if (direction->phase == CAP_FRAME)
        hunt(direction);
    direction->hunted += len;
    return RIG_OK;
}

rig_status cap_bytes_gap(cap_direction *direction, uint32_t len, bool lost)
{
    rig_status status = RIG_OK;
    uint64_t fits = direction->whole && direction->pdu_end > direction->offset
                        ? direction->pdu_end - direction->offset
                        : 0;
    if (direction->phase == CAP_SNIFF)
        direction->flow->state = CAP_FOREIGN;
    if (direction->phase == CAP_SNIFF || direction->phase == CAP_DONE)
        return RIG_OK;
    if (direction->phase != CAP_FRAME)
        fits = 0;
    if (fits > len)
        fits = len;
    if (lost || (direction->phase == CAP_FRAME && fits < len))
        status = say_gap(direction, lost ? len : len - fits);
    if (status == RIG_OK && fits)
        status = fill(direction, fits);
    return status == RIG_OK && fits < len ? lose_framing(direction, len - fits) : status;
}

rig_status cap_bytes_end(cap_direction *direction)
{
    uint64_t offset, have;
    cap_phase phase = direction->phase;
    direction->phase = CAP_DONE;
    if (phase != CAP_FRAME || !rig_framer_pending(&direction->framer, &offset, &have))
        return RIG_OK;
    return cap_say(direction->flow, "truncated", "offset=%llu have=%llu to-target=%s",
                   (unsigned long long)(direction->base + offset), (unsigned long long)have,
                   direction->to_target ? "yes" : "no");
}

void cap_bytes_cleanup(cap_direction *direction)
{
    rig_framer_cleanup(&direction->framer);
    rig_gather_cleanup(&direction->text, direction->flow->streams->config.alloc);
}
