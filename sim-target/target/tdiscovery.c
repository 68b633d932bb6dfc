/*
 * SendTargets (RFC 7143 appendix C): target records, made as they are sent, so that any number of nodes costs
 * no memory. A long answer is cut between pairs, with C=0; a record stays whole when it fits in one PDU.
 */
#include "tgt.h"

#define RECORD_PAIR (sizeof("TargetAddress=") + RIG_PORTAL_TEXT)

static size_t put(uint8_t *out, const char *key, rig_view value)
{
    size_t len = strlen(key);
    memcpy(out, key, len);
    memcpy(out + len, value.ptr, value.len);
    out[len + value.len] = 0;
    return len + value.len + 1;
}

static size_t pair_of(const tgt_conn *conn, const rig_target_node *node, uint32_t portal, uint8_t *out)
{
    char text[RIG_PORTAL_TEXT];
    if (!tgt_node_at(node, &conn->target->portals[portal]))
        return 0;
    size_t len = tgt_portal_text(conn, &conn->target->portals[portal], true, text);
    return put(out, "TargetAddress=", rig_view_of(text, len));
}

/* The bytes of a whole record. */
static size_t record_len(const tgt_conn *conn, const rig_target_node *node)
{
    uint8_t pair[RECORD_PAIR];
    size_t len = strlen("TargetName=") + node->name_len + 1;
    for (uint32_t i = 0; i < conn->target->num_portals; i++)
        len += pair_of(conn, node, i, pair);
    return len;
}

/* Appends the record of one node from where the listing stands; false when the room ends first. */
static bool put_record(const tgt_conn *conn, const rig_target_node *node, tgt_listing *listing, uint8_t *out,
                       size_t size, size_t *len)
{
    uint8_t pair[RECORD_PAIR];
    if (!listing->named) {
        size_t whole = record_len(conn, node);
        bool better_next = *len > 0 && whole > size - *len && whole <= size;
        if (better_next || strlen("TargetName=") + node->name_len + 1 > size - *len)
            return false;
        *len += put(out + *len, "TargetName=", rig_view_of(node->name, node->name_len));
        listing->named = true;
    }
    for (; listing->portal < conn->target->num_portals; listing->portal++) {
        size_t pair_len = pair_of(conn, node, listing->portal, pair);
        if (pair_len > size - *len)
            return false;
        memcpy(out + *len, pair, pair_len);
        *len += pair_len;
    }
    listing->named = false;
    listing->portal = 0;
    return true;
}

static const rig_target_node *node_of(const tgt_conn *conn, const tgt_listing *listing)
{
    if (listing->all)
        return listing->node < conn->target->num_nodes ? conn->target->nodes[listing->node] : NULL;
    return listing->node == 0 ? listing->only : NULL;
}

bool tgt_listing_fill(const tgt_conn *conn, tgt_listing *listing, uint8_t *out, size_t size, size_t *out_len)
{
    const rig_target_node *node;
    rig_view initiator = rig_view_of(conn->session->initiator, conn->session->initiator_len);
    *out_len = 0;
    while ((node = node_of(conn, listing))) {
        if (tgt_listed(node, initiator) && !put_record(conn, node, listing, out, size, out_len))
            return false;
        listing->node++;
    }
    return true;
}
