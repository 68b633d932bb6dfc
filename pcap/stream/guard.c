/* TCP in the clear between ends that have IPsec between them: it left its guard. */
#include "follow.h"

static bool same_ends(const cap_guard *guard, const rig_ip *a, const rig_ip *b)
{
    return (rig_ip_eq(&guard->ends[0], a) && rig_ip_eq(&guard->ends[1], b)) ||
           (rig_ip_eq(&guard->ends[0], b) && rig_ip_eq(&guard->ends[1], a));
}

void rig_streams_guard(rig_streams *streams, const rig_ip *a, const rig_ip *b, uint16_t port)
{
    streams->guards[streams->num_guards++ % RIG_STREAM_GUARDS_MAX] =
        (cap_guard){.ends = {*a, *b}, .port = port};
}

/* While no port of the two is known, all of them count. */
static bool guarded(const rig_streams *streams, const cap_segment *segment)
{
    rig_ip from = cap_segment_ip(segment, 0), to = cap_segment_ip(segment, 1);
    uint64_t num = streams->num_guards < RIG_STREAM_GUARDS_MAX ? streams->num_guards : RIG_STREAM_GUARDS_MAX;
    bool any = false, port_known = false;
    for (uint64_t i = 0; i < num; i++) {
        const cap_guard *guard = &streams->guards[i];
        if (!same_ends(guard, &from, &to))
            continue;
        if (guard->port && (guard->port == segment->source_port || guard->port == segment->destination_port))
            return true;
        port_known |= guard->port != 0;
        any = true;
    }
    return any && !port_known;
}

void cap_guard_judge(cap_flow *flow, const cap_segment *segment, bool begins)
{
    rig_streams *streams = flow->streams;
    if (streams->inside) {
        flow->inside = true;
        return;
    }
    if (begins)
        flow->guarded = guarded(streams, segment);
    streams->leaked = flow->inside || flow->guarded;
}

/* Where neither a PDU nor the connection's beginning tells of the leak: also when its segment came before
 * anything of IPsec, which only what came inside ESP since shows to have been one. */
rig_status cap_guard_say(cap_flow *flow, unsigned side)
{
    rig_streams *streams = flow->streams;
    bool early = streams->inside && flow->bare;
    if (!streams->inside && !streams->leaked) {
        flow->bare = true;
        flow->bare_side = (uint8_t)side;
    }
    if ((!streams->leaked && !early) || flow->leak_said || !flow->flow.iscsi)
        return RIG_OK;
    streams->leaked = true;
    side = early ? flow->bare_side : side;
    return cap_say(flow, "clear", "to-target=%s", side == flow->initiator_side ? "yes" : "no");
}
