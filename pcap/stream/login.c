#include "follow.h"

static const char *const digest_keys[2] = {"HeaderDigest", "DataDigest"};

static bool carries_text(rig_pdu_kind kind)
{
    return kind == RIG_PDU_LOGIN_REQ || kind == RIG_PDU_LOGIN_RESP || kind == RIG_PDU_TEXT_REQ ||
           kind == RIG_PDU_TEXT_RESP;
}

static void forget_text(cap_direction *direction)
{
    rig_gather_cleanup(&direction->text, direction->flow->streams->config.alloc);
    direction->text_lost = direction->text_done = false;
    direction->text_part = 0;
}

/* A Text Request may be sent again (7.2.1): its part takes the place of the one before. */
static bool comes_again(const cap_direction *direction, const uint8_t *bhs)
{
    return rig_pdu_kind_of(bhs) == RIG_PDU_TEXT_REQ && !rig_get(bhs, RIG_F_I) &&
           rig_get32(bhs, RIG_F_CMD_SN) == direction->text_cmd_sn;
}

static void place_part(cap_direction *direction, const uint8_t *bhs)
{
    uint32_t itt = rig_get32(bhs, RIG_F_ITT);
    bool again = itt == direction->text_itt && comes_again(direction, bhs);
    if (again && !direction->text_lost)
        direction->text.len = direction->text_part;
    else if (itt != direction->text_itt || direction->text_done)
        forget_text(direction);
    direction->text_itt = itt;
    direction->text_cmd_sn = rig_get32(bhs, RIG_F_CMD_SN);
    direction->text_part = direction->text.len;
    direction->text_done = !rig_get(bhs, RIG_F_C);
}

/* Joins the parts of a text (C bit, section 6.2); the whole is shown with the PDU that ends it. */
rig_status cap_login_text(cap_direction *direction, rig_item *item)
{
    const uint8_t *bhs = item->pdu.bhs;
    const rig_alloc *alloc = direction->flow->streams->config.alloc;
    if (!carries_text(rig_pdu_kind_of(bhs)))
        return RIG_OK;
    bool more = rig_get(bhs, RIG_F_C) != 0;
    place_part(direction, bhs);
    if (!more && direction->text.len == 0 && !direction->text_lost) {
        item->text = item->pdu.data;
        return RIG_OK;
    }
    rig_status status = rig_gather_add(&direction->text, alloc, item->pdu.data, RIG_TEXT_ANSWER_MAX);
    if (status == RIG_E_NOMEM)
        return status;
    direction->text_lost |= status != RIG_OK || item->missing;
    if (!more && !direction->text_lost)
        item->text = (rig_view){direction->text.ptr, direction->text.len};
    return RIG_OK;
}

/* Either side may name the key first; what comes second is the answer (sections 6.2 and 13.1). */
static void follow_key(cap_conn *conn, unsigned key, bool to_target, rig_view value)
{
    if (conn->offered[key][!to_target])
        conn->agreed[key] = rig_view_is(value, "CRC32C");
    else
        conn->offered[key][to_target] = true;
}

static void follow_keys(cap_conn *conn, bool to_target, rig_view text)
{
    rig_pair pair;
    rig_view rest = text;
    while (rig_pair_next(text.ptr, &rest, &pair, NULL) != RIG_E_NOT_FOUND)
        for (unsigned key = 0; key < 2; key++)
            if (rig_view_is(pair.key, digest_keys[key]))
                follow_key(conn, key, to_target, pair.value);
}

/* Digests begin behind the final Login Response, in both directions (section 13.1). */
static void digests_agreed(cap_flow *flow)
{
    cap_conn *conn = flow->conn;
    flow->flow.header_digest = conn->agreed[0];
    flow->flow.data_digest = conn->agreed[1];
    for (int i = 0; i < 2; i++) {
        conn->direction[i].digests_due = true;
        conn->direction[i].digests_known = true;
    }
}

static bool final_response(const uint8_t *bhs)
{
    return rig_get(bhs, RIG_F_T) && rig_get(bhs, RIG_F_NSG) == 3 &&
           rig_get(bhs, RIG_F_LOGIN_STATUS) >> 8 == 0;
}

void cap_login_follow(cap_direction *direction, const rig_item *item)
{
    const uint8_t *bhs = item->pdu.bhs;
    rig_pdu_kind kind = rig_pdu_kind_of(bhs);
    bool login = kind == RIG_PDU_LOGIN_REQ || kind == RIG_PDU_LOGIN_RESP;
    if (login && !rig_get(bhs, RIG_F_C))
        follow_keys(direction->flow->conn, direction->to_target, item->text);
    if (kind == RIG_PDU_LOGIN_RESP && !direction->to_target && final_response(bhs))
        digests_agreed(direction->flow);
}
