#include "rig/tcp_segment.h"

#include "fragments.h"

struct rig_tcp_segments {
    cap_fragments fragments;
};

rig_status rig_tcp_segments_new(const rig_alloc *alloc, rig_tcp_segments **out_segments)
{
    rig_tcp_segments *segments = rig_new(alloc, sizeof *segments);
    *out_segments = segments;
    if (!segments)
        return RIG_E_NOMEM;
    segments->fragments.alloc = alloc;
    return RIG_OK;
}

void rig_tcp_segments_free(rig_tcp_segments *segments)
{
    if (!segments)
        return;
    const rig_alloc *alloc = segments->fragments.alloc;
    cap_fragments_cleanup(&segments->fragments);
    rig_delete(alloc, segments, sizeof *segments);
}

static rig_status join(cap_fragments *fragments, uint64_t time, cap_segment *segment, cap_packet *out_kind)
{
    bool whole;
    rig_status status = cap_fragment_take(fragments, time, segment, &whole);
    *out_kind = CAP_PACKET_OTHER;
    if (!status && whole)
        *out_kind =
            cap_ip_rest(fragments->joined.protocol, rig_view_of(fragments->joined.bytes, fragments->captured),
                        fragments->joined.len, segment);
    return status;
}

rig_status rig_tcp_segments_frame(rig_tcp_segments *segments, uint64_t time, rig_link_type link,
                                  rig_view captured, uint32_t wire_len, rig_tcp_segment *out_segment)
{
    cap_segment segment;
    if (!rig_link_strip(link, &captured, &wire_len))
        return RIG_E_NOT_FOUND;
    cap_packet kind = cap_ip_read(captured, wire_len, &segment);
    if (kind == CAP_PACKET_FRAGMENT) {
        rig_status status = join(&segments->fragments, time, &segment, &kind);
        if (status)
            return status;
    }
    if (kind != CAP_PACKET_TCP)
        return RIG_E_NOT_FOUND;
    *out_segment = (rig_tcp_segment){.ip = {cap_segment_ip(&segment, 0), cap_segment_ip(&segment, 1)},
                                     .port = {segment.source_port, segment.destination_port},
                                     .flags = segment.flags,
                                     .seq = segment.seq,
                                     .ack = segment.ack,
                                     .tcp = segment.tcp,
                                     .tcp_len = segment.tcp_len,
                                     .payload = segment.payload,
                                     .len = segment.len};
    return RIG_OK;
}
