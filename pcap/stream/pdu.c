#include "follow.h"

static void remember_numbers(cap_conn *conn, const uint8_t *bhs, rig_pdu_kind kind, bool to_target)
{
    if (kind == RIG_PDU_UNKNOWN || rig_pdu_rows[kind].from_initiator != to_target)
        return;
    if (!to_target) {
        conn->cmd_sn = rig_get32(bhs, RIG_F_EXP_CMD_SN);
        conn->cmd_sn_known = true;
    } else if (kind != RIG_PDU_LOGIN_REQ) {
        conn->stat_sn = rig_get32(bhs, RIG_F_EXP_STAT_SN);
        conn->stat_sn_known = true;
    }
}

/* What the capture lacks cannot be judged. */
static void forgive_missing(cap_direction *direction, rig_item *item)
{
    item->missing = direction->missing;
    if (!item->missing)
        return;
    item->pdu.bad_data_digest = false;
    item->pdu.bad_padding = false;
    if (item->pdu.data.len > direction->intact)
        item->pdu.data.len = direction->intact;
}

static rig_item make_item(cap_direction *direction, const rig_pdu *pdu)
{
    rig_item item = {.kind = RIG_ITEM_PDU, .to_target = direction->to_target, .pdu = *pdu};
    item.data_len = rig_get32(pdu->bhs, RIG_F_DATA_LEN);
    item.pdu.offset += direction->base;
    if (direction->discarding)
        item.pdu.data = (rig_view){direction->keep, direction->keep_have};
    forgive_missing(direction, &item);
    return item;
}

static void start_digests(cap_direction *direction)
{
    const rig_flow *flow = &direction->flow->flow;
    rig_framer_digests(&direction->framer, flow->header_digest, flow->data_digest);
    direction->digests_due = false;
}

/* The other direction is between two PDUs, unless it did not wait for the login to end: then behind the
 * current one. */
static void start_other_digests(cap_direction *direction)
{
    cap_conn *conn = direction->flow->conn;
    cap_direction *other = &conn->direction[direction == &conn->direction[0]];
    uint64_t offset, have;
    if (other->digests_due &&
        !(other->phase == CAP_FRAME && rig_framer_pending(&other->framer, &offset, &have)))
        start_digests(other);
}

rig_status cap_pdu_complete(cap_direction *direction, const rig_pdu *pdu)
{
    rig_item item = make_item(direction, pdu);
    cap_flow *flow = direction->flow;
    direction->whole = false;
    direction->missing = 0;
    direction->discarding = false;
    rig_status status = cap_login_text(direction, &item);
    if (status != RIG_OK)
        return status;
    remember_numbers(flow->conn, pdu->bhs, rig_pdu_kind_of(pdu->bhs), direction->to_target);
    status = cap_show(flow, &item);
    cap_login_follow(direction, &item);
    if (direction->digests_due) {
        start_digests(direction);
        start_other_digests(direction);
    }
    return status;
}
