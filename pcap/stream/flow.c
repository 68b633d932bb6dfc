#include "follow.h"

#include "rig/draws.h"

static int compare_ends(const cap_segment *segment)
{
    size_t len = segment->addresses.len / 2;
    int order = memcmp(segment->addresses.ptr, segment->addresses.ptr + len, len);
    return order ? order : segment->source_port - segment->destination_port;
}

void cap_key_of(const cap_segment *segment, cap_key *out_key, unsigned *out_side)
{
    size_t len = segment->addresses.len / 2;
    unsigned side = compare_ends(segment) > 0;
    memset(out_key, 0, sizeof *out_key);
    memcpy(out_key->address[side], segment->addresses.ptr, len);
    memcpy(out_key->address[!side], segment->addresses.ptr + len, len);
    out_key->port[side] = segment->source_port;
    out_key->port[!side] = segment->destination_port;
    out_key->version = segment->version;
    *out_side = side;
}

static uint32_t bucket_of(const cap_key *key)
{
    return (uint32_t)(rig_hash64(key, sizeof *key, 0) % CAP_BUCKETS);
}

cap_flow *cap_flow_find(rig_streams *streams, const cap_key *key)
{
    if (streams->recent && memcmp(&streams->recent->key, key, sizeof *key) == 0)
        return streams->recent;
    cap_flow *flow = streams->buckets[bucket_of(key)];
    while (flow && memcmp(&flow->key, key, sizeof *key) != 0)
        flow = flow->bucket_next;
    if (flow)
        streams->recent = flow;
    return flow;
}

static cap_list *list_of(cap_flow *flow)
{
    return flow->state == CAP_ISCSI ? &flow->streams->live : &flow->streams->spare;
}

static void list_append(cap_flow *flow)
{
    cap_list *list = list_of(flow);
    flow->prev = list->last;
    flow->next = NULL;
    if (list->last)
        list->last->next = flow;
    else
        list->first = flow;
    list->last = flow;
}

static void list_remove(cap_flow *flow)
{
    cap_list *list = list_of(flow);
    if (flow->prev)
        flow->prev->next = flow->next;
    else
        list->first = flow->next;
    if (flow->next)
        flow->next->prev = flow->prev;
    else
        list->last = flow->prev;
}

/* ---- live ones, by their last segments ---- */

static bool is_aged(const cap_flow *flow)
{
    return flow->state == CAP_ISCSI;
}

static void age_add(cap_flow *flow)
{
    rig_streams *streams = flow->streams;
    flow->newer = NULL;
    flow->older = streams->newest;
    if (streams->newest)
        streams->newest->newer = flow;
    else
        streams->stalest = flow;
    streams->newest = flow;
}

static void age_remove(cap_flow *flow)
{
    rig_streams *streams = flow->streams;
    if (flow->newer)
        flow->newer->older = flow->older;
    else
        streams->newest = flow->older;
    if (flow->older)
        flow->older->newer = flow->newer;
    else
        streams->stalest = flow->newer;
}

void cap_flow_used(cap_flow *flow)
{
    if (!is_aged(flow) || flow == flow->streams->newest)
        return;
    age_remove(flow);
    age_add(flow);
}

cap_flow *cap_flow_spare(const rig_streams *streams)
{
    if (streams->num_flows < RIG_STREAM_CONNECTIONS_MAX)
        return NULL;
    return streams->spare.first ? streams->spare.first : streams->stalest;
}

/* ---- rows ---- */

static void free_conn(cap_flow *flow)
{
    for (int i = 0; flow->conn && i < 2; i++) {
        cap_tcp_cleanup(&flow->conn->direction[i]);
        cap_bytes_cleanup(&flow->conn->direction[i]);
    }
    rig_delete(flow->streams->config.alloc, flow->conn, sizeof *flow->conn);
    flow->conn = NULL;
}

void cap_flow_free(cap_flow *flow)
{
    rig_streams *streams = flow->streams;
    cap_flow **link = &streams->buckets[flow->bucket];
    while (*link != flow)
        link = &(*link)->bucket_next;
    *link = flow->bucket_next;
    list_remove(flow);
    if (is_aged(flow))
        age_remove(flow);
    free_conn(flow);
    if (streams->recent == flow)
        streams->recent = NULL;
    streams->num_flows--;
    rig_delete(streams->config.alloc, flow, sizeof *flow);
}

rig_status cap_flow_new(rig_streams *streams, const cap_key *key, cap_flow **out_flow)
{
    const rig_alloc *alloc = streams->config.alloc;
    cap_flow *flow = rig_new(alloc, sizeof *flow);
    cap_conn *conn = rig_new(alloc, sizeof *conn);
    if (!flow || !conn) {
        rig_delete(alloc, flow, sizeof *flow);
        rig_delete(alloc, conn, sizeof *conn);
        return RIG_E_NOMEM;
    }
    *flow = (cap_flow){.key = *key, .bucket = bucket_of(key), .streams = streams, .conn = conn};
    flow->flow.index = UINT32_MAX;
    flow->bucket_next = streams->buckets[flow->bucket];
    streams->buckets[flow->bucket] = flow;
    for (int i = 0; i < 2; i++) {
        conn->direction[i].flow = flow;
        cap_bytes_init(&conn->direction[i], CAP_SNIFF);
    }
    list_append(flow);
    streams->num_flows++;
    streams->recent = flow;
    *out_flow = flow;
    return RIG_OK;
}

static void set_end(const cap_key *key, unsigned side, rig_ip *ip, uint16_t *port)
{
    *ip = (rig_ip){.version = (uint8_t)key->version};
    memcpy(ip->bytes, key->address[side], sizeof ip->bytes);
    *port = key->port[side];
}

void cap_flow_roles(cap_flow *flow, unsigned initiator_side)
{
    flow->role_known = true;
    flow->initiator_side = (uint8_t)initiator_side;
    set_end(&flow->key, initiator_side, &flow->flow.initiator, &flow->flow.initiator_port);
    set_end(&flow->key, !initiator_side, &flow->flow.target, &flow->flow.target_port);
    flow->conn->direction[initiator_side].to_target = true;
    flow->conn->direction[!initiator_side].to_target = false;
}

void cap_flow_iscsi(cap_flow *flow)
{
    list_remove(flow);
    flow->state = CAP_ISCSI;
    flow->flow.iscsi = true;
    flow->flow.index = flow->streams->num_iscsi++;
    list_append(flow);
    age_add(flow);
}

/* Keeps the row, so that late segments are not taken for a new connection, and frees the rest. */
void cap_flow_retire(cap_flow *flow, cap_state state)
{
    list_remove(flow);
    if (is_aged(flow))
        age_remove(flow);
    flow->state = state;
    list_append(flow);
    free_conn(flow);
}
