/* The same connections in both readings: told apart as pcap/stream does, so that their offsets are its. */
#include "sanitize.h"

#include "rig/draws.h"

static int compare_ends(const rig_tcp_segment *segment)
{
    int order = memcmp(segment->ip[0].bytes, segment->ip[1].bytes, sizeof segment->ip[0].bytes);
    return order ? order : segment->port[0] - segment->port[1];
}

static void key_of(const rig_tcp_segment *segment, san_key *out_key, unsigned *out_side)
{
    unsigned side = compare_ends(segment) > 0;
    memset(out_key, 0, sizeof *out_key);
    for (unsigned i = 0; i < 2; i++) {
        memcpy(out_key->address[i ^ side], segment->ip[i].bytes, sizeof out_key->address[0]);
        out_key->port[i ^ side] = segment->port[i];
    }
    out_key->version = segment->ip[0].version;
    *out_side = side;
}

static uint64_t hash_of(const san_key *key)
{
    return rig_hash64(key, sizeof *key, 0);
}

static san_conn *find(const rig_sanitize *s, const san_key *key)
{
    for (rig_map_link *link = rig_map_first(&s->map, hash_of(key)); link; link = rig_map_next(link)) {
        san_conn *conn = RIG_MAP_ITEM(link, san_conn, link);
        if (memcmp(&conn->key, key, sizeof *key) == 0)
            return conn;
    }
    return NULL;
}

static bool begins_anew(const san_conn *conn, const rig_tcp_segment *segment)
{
    return (segment->flags & (RIG_TCP_SYN | RIG_TCP_ACK)) == RIG_TCP_SYN &&
           (!conn->syn_seen || conn->isn != segment->seq);
}

static void forget(rig_sanitize *s, san_conn *conn)
{
    if (conn->mapped)
        rig_map_remove(&s->map, &conn->link);
    conn->mapped = false;
}

static rig_status add(rig_sanitize *s, const san_key *key, const rig_tcp_segment *segment,
                      san_conn **out_conn)
{
    if (s->num_conns >= RIG_SANITIZE_CONNECTIONS_MAX)
        return RIG_E_LIMIT;
    if (san_room(s->alloc, (void **)&s->conns, s->num_conns, &s->size_conns, sizeof(san_conn *)))
        return RIG_E_NOMEM;
    san_conn *conn = rig_new(s->alloc, sizeof *conn);
    if (!conn)
        return RIG_E_NOMEM;
    conn->key = *key;
    conn->syn_seen = (segment->flags & RIG_TCP_SYN) != 0;
    conn->isn = segment->flags & RIG_TCP_ACK ? segment->ack - 1 : segment->seq;
    s->conns[s->num_conns++] = conn;
    *out_conn = conn;
    return RIG_OK;
}

static rig_status add_again(rig_sanitize *s, const san_key *key, san_conn **out_conn)
{
    if (s->next_conn == s->num_conns || memcmp(&s->conns[s->next_conn]->key, key, sizeof *key) != 0)
        return RIG_E_ARGUMENT;
    *out_conn = s->conns[s->next_conn++];
    return RIG_OK;
}

static void sync(san_side *side, uint32_t seq)
{
    if (side->synced)
        return;
    side->synced = true;
    side->first = seq;
}

static void sync_sides(san_conn *conn, const rig_tcp_segment *segment, unsigned side)
{
    bool syn = (segment->flags & RIG_TCP_SYN) != 0;
    if (segment->flags & RIG_TCP_RST)
        return;
    if (syn && segment->flags & RIG_TCP_ACK)
        sync(&conn->side[!side], segment->ack);
    if (syn || segment->len)
        sync(&conn->side[side], segment->seq + syn);
}

rig_status san_track(rig_sanitize *s, const rig_tcp_segment *segment, san_conn **out_conn, unsigned *out_side)
{
    san_key key;
    key_of(segment, &key, out_side);
    san_conn *conn = find(s, &key);
    if (conn && begins_anew(conn, segment)) {
        forget(s, conn);
        conn = NULL;
    }
    *out_conn = conn;
    if (!conn) {
        if (!(segment->flags & RIG_TCP_SYN) && segment->len == 0)
            return RIG_OK;
        rig_status status = s->again ? add_again(s, &key, &conn) : add(s, &key, segment, &conn);
        if (status)
            return status;
        rig_map_add(&s->map, &conn->link, hash_of(&key));
        conn->mapped = true;
    }
    sync_sides(conn, segment, *out_side);
    if (!s->again)
        san_offset(&conn->side[*out_side], segment);
    *out_conn = conn;
    return RIG_OK;
}

/* Of the payload's first byte; sequence numbers wrap, so the nearest to the last one is meant. */
int64_t san_offset(san_side *side, const rig_tcp_segment *segment)
{
    uint32_t seq = segment->seq + (segment->flags & RIG_TCP_SYN ? 1 : 0);
    int64_t at = (int64_t)side->top + (int32_t)(seq - (side->first + (uint32_t)side->top));
    if (side->synced && at >= 0 && (uint64_t)at + segment->len > side->top)
        side->top = (uint64_t)at + segment->len;
    return at;
}

/* Addresses are numbered in the order their connections turn out to be iSCSI, since no other ones are shown.
 */
rig_status san_conn_iscsi(rig_sanitize *s, san_conn *conn, const rig_flow *flow)
{
    const san_key *key = &conn->key;
    rig_ip shown[2];
    bool second = key->port[1] == flow->initiator_port &&
                  memcmp(key->address[1], flow->initiator.bytes, sizeof key->address[1]) == 0;
    rig_status status = san_ip(s, &flow->initiator, &shown[0]);
    if (!status)
        status = san_ip(s, &flow->target, &shown[1]);
    conn->initiator_side = second;
    conn->shown[second] = shown[0];
    conn->shown[!second] = shown[1];
    conn->iscsi = true;
    s->report.connections++;
    return status;
}

void san_conns_again(rig_sanitize *s)
{
    for (size_t i = 0; i < s->num_conns; i++) {
        forget(s, s->conns[i]);
        s->conns[i]->side[0].top = s->conns[i]->side[1].top = 0;
    }
}

static void free_side(rig_sanitize *s, san_side *side)
{
    rig_delete(s->alloc, side->patches, side->size_patches * sizeof *side->patches);
    rig_delete(s->alloc, side->parts, side->size_parts * sizeof *side->parts);
}

void san_conns_free(rig_sanitize *s)
{
    for (size_t i = 0; i < s->num_conns; i++) {
        free_side(s, &s->conns[i]->side[0]);
        free_side(s, &s->conns[i]->side[1]);
        rig_delete(s->alloc, s->conns[i], sizeof *s->conns[i]);
    }
    rig_delete(s->alloc, s->conns, s->size_conns * sizeof(san_conn *));
    rig_delete(s->alloc, s->flows, s->size_flows * sizeof(san_conn *));
    rig_map_cleanup(&s->map);
}
