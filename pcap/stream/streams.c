#include "follow.h"

rig_status rig_streams_new(const rig_streams_config *config, rig_streams **out_streams)
{
    rig_streams *streams = rig_new(config->alloc, sizeof *streams);
    *out_streams = streams;
    if (!streams)
        return RIG_E_NOMEM;
    streams->config = *config;
    streams->fragments = (cap_fragments){.alloc = config->alloc, .lost = cap_say_fragment, .ctx = streams};
    return RIG_OK;
}

void rig_streams_free(rig_streams *streams)
{
    if (!streams)
        return;
    while (streams->live.first)
        cap_flow_free(streams->live.first);
    while (streams->spare.first)
        cap_flow_free(streams->spare.first);
    cap_fragments_cleanup(&streams->fragments);
    rig_delete(streams->config.alloc, streams, sizeof *streams);
}

void rig_streams_told(const rig_streams *streams, rig_streams_report *out_report)
{
    *out_report = streams->report;
    out_report->unjoined = streams->fragments.unjoined;
    out_report->fragments_crowded = streams->fragments.crowded;
}

void rig_streams_count(const rig_streams *streams, uint32_t *out_connections, uint32_t *out_frames)
{
    *out_connections = streams->num_iscsi;
    *out_frames = streams->frames;
}

/* 860 is the system port, 3260 the user port (RFC 7143 section 15). */
static bool target_port(const rig_streams *streams, uint16_t port)
{
    return port == RIG_PORT || port == 860 || (streams->config.port && port == streams->config.port);
}

/* The side with the target's port, given who sent the first packet; a SYN decides alone, since clients may
 * use any port. */
static bool roles_by_port(const rig_streams *streams, const cap_segment *segment, unsigned side,
                          unsigned *out_initiator)
{
    bool to = target_port(streams, segment->destination_port);
    bool from = target_port(streams, segment->source_port);
    bool syn = (segment->flags & CAP_SYN) != 0;
    bool answer = syn && segment->flags & CAP_ACK;
    *out_initiator = answer || (!syn && !to) ? !side : side;
    return answer ? from : syn ? to : to || from;
}

static rig_status recognise(cap_flow *flow, const cap_segment *segment, unsigned side)
{
    unsigned initiator;
    flow->syn_seen = (segment->flags & CAP_SYN) != 0;
    flow->isn = segment->flags & CAP_ACK ? segment->ack - 1 : segment->seq;
    if (!roles_by_port(flow->streams, segment, side, &initiator))
        return RIG_OK;
    cap_flow_roles(flow, initiator);
    cap_flow_iscsi(flow);
    for (int i = 0; i < 2; i++)
        cap_bytes_init(&flow->conn->direction[i], flow->syn_seen ? CAP_FRAME : CAP_HUNT);
    return cap_say_begin(flow);
}

static rig_status finish(cap_flow *flow)
{
    rig_status status = RIG_OK;
    for (unsigned i = 0; i < 2 && status == RIG_OK && flow->conn; i++) {
        cap_direction *direction = &flow->conn->direction[i ? flow->initiator_side : !flow->initiator_side];
        status = cap_tcp_flush(direction);
        if (status == RIG_OK && flow->state == CAP_ISCSI)
            status = cap_bytes_end(direction);
    }
    return status;
}

static rig_status reset(cap_flow *flow, unsigned side)
{
    rig_status status = finish(flow);
    if (status == RIG_OK && flow->state == CAP_ISCSI)
        status = cap_say_close(flow, side == flow->initiator_side, true);
    cap_flow_retire(flow, CAP_ENDED);
    return status;
}

/* A second SYN with another number on the same ports begins another connection. */
static bool begins_anew(const cap_flow *flow, const cap_segment *segment)
{
    return (segment->flags & (CAP_SYN | CAP_ACK)) == CAP_SYN &&
           (flow->state == CAP_ENDED || !flow->syn_seen || flow->isn != segment->seq);
}

/*
 * The SYN's answer also tells where the initiator's bytes begin. Where the capture lacks that answer, the
 * initiator's first acknowledgement tells it of the target, which says nothing before it is asked.
 */
static void sync_by_answer(const cap_flow *flow, cap_direction *other, const cap_segment *segment)
{
    bool answer = (segment->flags & (CAP_SYN | CAP_ACK)) == (CAP_SYN | CAP_ACK);
    bool first = (segment->flags & (CAP_SYN | CAP_ACK)) == CAP_ACK && flow->syn_seen && !other->to_target &&
                 segment->seq == flow->isn + 1;
    if ((answer || first) && !other->synced) {
        other->synced = true;
        other->next = segment->ack;
    }
}

/*
 * A wrong checksum is damage where the direction has shown right ones, and on the other side of an offloading
 * card it is not. Receiving cards that join segments leave the first one's sum: such giants are believed.
 */
static bool damaged(cap_direction *direction, const cap_segment *segment)
{
    cap_sum sum = cap_checksum(segment);
    uint32_t single = direction->right_len > CAP_PAYLOAD_USUAL ? direction->right_len : CAP_PAYLOAD_USUAL;
    if (sum == CAP_SUM_RIGHT) {
        direction->sums_right = true;
        if (direction->right_len < segment->len)
            direction->right_len = segment->len;
    }
    return sum == CAP_SUM_WRONG && direction->sums_right && segment->len <= single;
}

static rig_status follow(cap_flow *flow, const cap_segment *segment, unsigned side)
{
    cap_direction *direction = &flow->conn->direction[side];
    cap_direction *other = &flow->conn->direction[!side];
    if (damaged(direction, segment))
        return RIG_OK;
    if (segment->flags & CAP_RST)
        return reset(flow, side);
    sync_by_answer(flow, other, segment);
    rig_status status = cap_tcp_segment(direction, segment);
    if (status == RIG_OK && segment->flags & CAP_ACK)
        status = cap_tcp_acked(other, segment->ack);
    if (flow->state == CAP_FOREIGN)
        cap_flow_retire(flow, CAP_FOREIGN);
    else if (direction->phase == CAP_DONE && other->phase == CAP_DONE)
        cap_flow_retire(flow, CAP_ENDED);
    return status;
}

/* Of a connection that goes on elsewhere, what is waited for is given up first. */
static rig_status make_room(rig_streams *streams)
{
    cap_flow *flow = cap_flow_spare(streams);
    if (!flow)
        return RIG_OK;
    bool live = flow->state == CAP_ISCSI;
    rig_status status = live ? finish(flow) : RIG_OK;
    cap_flow_free(flow);
    streams->report.forgotten++;
    streams->report.displaced += live;
    return status;
}

static rig_status take_segment(rig_streams *streams, const cap_segment *segment)
{
    cap_key key;
    unsigned side;
    bool begins = false;
    rig_status status = RIG_OK;
    cap_key_of(segment, &key, &side);
    cap_flow *flow = cap_flow_find(streams, &key);
    if (flow && begins_anew(flow, segment)) {
        status = finish(flow);
        cap_flow_free(flow);
        flow = NULL;
    }
    if (status == RIG_OK && !flow) {
        if (!(segment->flags & CAP_SYN) && segment->len == 0)
            return RIG_OK;
        status = make_room(streams);
        if (status == RIG_OK)
            status = cap_flow_new(streams, &key, &flow);
        begins = true;
    }
    if (status == RIG_OK)
        cap_guard_judge(flow, segment, begins);
    if (status == RIG_OK && begins)
        status = recognise(flow, segment, side);
    if (status == RIG_OK && flow->conn)
        status = follow(flow, segment, side);
    if (flow)
        cap_flow_used(flow);
    return status == RIG_OK ? cap_guard_say(flow, side) : status;
}

static rig_status take_fragment(rig_streams *streams, cap_segment *segment, cap_packet *out_kind)
{
    bool whole;
    cap_fragments *fragments = &streams->fragments;
    rig_status status = cap_fragment_take(fragments, streams->now, segment, &whole);
    *out_kind = CAP_PACKET_OTHER;
    if (status == RIG_OK && whole)
        *out_kind =
            cap_ip_rest(fragments->joined.protocol, rig_view_of(fragments->joined.bytes, fragments->captured),
                        fragments->joined.len, segment);
    return status;
}

static rig_status take_packet(rig_streams *streams, rig_view packet, uint32_t wire_len)
{
    cap_segment segment;
    rig_status status = RIG_OK;
    streams->leaked = false;
    cap_packet kind = cap_ip_read(packet, wire_len, &segment);
    if (kind == CAP_PACKET_FRAGMENT)
        status = take_fragment(streams, &segment, &kind);
    return status == RIG_OK && kind == CAP_PACKET_TCP ? take_segment(streams, &segment) : status;
}

rig_status rig_streams_packet(rig_streams *streams, uint64_t time, rig_link_type link, rig_view captured,
                              uint32_t wire_len)
{
    streams->frames++;
    streams->now = time;
    streams->inside = false;
    return rig_link_strip(link, &captured, &wire_len) ? take_packet(streams, captured, wire_len) : RIG_OK;
}

rig_status rig_streams_inside(rig_streams *streams, uint64_t time, rig_view packet)
{
    streams->frames++;
    streams->now = time;
    streams->inside = true;
    return take_packet(streams, packet, (uint32_t)packet.len);
}

rig_status rig_streams_end(rig_streams *streams)
{
    streams->leaked = false;
    rig_status status = cap_fragments_end(&streams->fragments);
    while (status == RIG_OK && streams->live.first) {
        status = finish(streams->live.first);
        cap_flow_retire(streams->live.first, CAP_ENDED);
    }
    return status;
}
