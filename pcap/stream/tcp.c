#include "follow.h"

static rig_alloc const *alloc_of(const cap_direction *direction)
{
    return direction->flow->streams->config.alloc;
}

static bool taken(const cap_direction *direction)
{
    return direction->phase != CAP_DONE && direction->flow->state != CAP_FOREIGN;
}

static void free_held(cap_direction *direction, cap_held *held)
{
    direction->held_bytes -= held->captured;
    direction->flow->streams->held_bytes -= held->captured;
    rig_delete(alloc_of(direction), held, sizeof *held + held->captured);
}

void cap_tcp_cleanup(cap_direction *direction)
{
    for (size_t i = 0; i < direction->num_held; i++)
        free_held(direction, direction->held[i]);
    rig_delete(alloc_of(direction), direction->held, direction->size_held * sizeof(cap_held *));
    direction->held = NULL;
    direction->num_held = direction->size_held = 0;
}

/* Gives the bytes from next on; seq is not behind next. What the receiver has already, the first copy
 * decides. */
static rig_status deliver(cap_direction *direction, uint32_t seq, rig_view captured, uint32_t len)
{
    uint32_t old = direction->next - seq;
    if (old >= len)
        return RIG_OK;
    direction->from = direction->next;
    direction->next = seq + len;
    rig_view bytes = rig_view_sub(captured, old, captured.len);
    uint32_t cut = len - old - (uint32_t)bytes.len;
    rig_status status = cap_bytes(direction, bytes, old == 0);
    return status == RIG_OK && cut ? cap_bytes_gap(direction, cut, false) : status;
}

static rig_status drain(cap_direction *direction)
{
    rig_status status = RIG_OK;
    size_t done = 0;
    while (status == RIG_OK && done < direction->num_held &&
           !rig_sn_lt(direction->next, direction->held[done]->seq)) {
        cap_held *held = direction->held[done++];
        status = deliver(direction, held->seq, rig_view_of(held->bytes, held->captured), held->len);
        free_held(direction, held);
    }
    if (done) {
        direction->num_held -= done;
        memmove(direction->held, direction->held + done, direction->num_held * sizeof(cap_held *));
        direction->hole_acked = false;
    }
    return status;
}

/* Gives the bytes in front of the first held segment up. */
static rig_status jump(cap_direction *direction)
{
    uint32_t len = direction->held[0]->seq - direction->next;
    direction->next += len;
    rig_status status = cap_bytes_gap(direction, len, true);
    return status == RIG_OK ? drain(direction) : status;
}

rig_status cap_tcp_flush(cap_direction *direction)
{
    rig_status status = RIG_OK;
    while (status == RIG_OK && direction->num_held && taken(direction))
        status = jump(direction);
    return status;
}

static rig_status held_room(cap_direction *direction)
{
    size_t size = direction->size_held ? direction->size_held * 2 : 16;
    if (direction->num_held < direction->size_held)
        return RIG_OK;
    cap_held **held = rig_resize(alloc_of(direction), direction->held, direction->size_held * sizeof *held,
                                 size * sizeof *held);
    if (!held)
        return RIG_E_NOMEM;
    direction->held = held;
    direction->size_held = size;
    return RIG_OK;
}

/* Index of the first held segment that does not begin before seq. */
static size_t held_place(const cap_direction *direction, uint32_t seq)
{
    size_t low = 0, high = direction->num_held;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (direction->held[middle]->seq - direction->next < seq - direction->next)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static rig_status hold(cap_direction *direction, uint32_t seq, rig_view captured, uint32_t len)
{
    size_t place = held_place(direction, seq);
    bool same = place < direction->num_held && direction->held[place]->seq == seq;
    if (same && direction->held[place]->captured >= captured.len)
        return RIG_OK;
    if (!same && held_room(direction) != RIG_OK)
        return RIG_E_NOMEM;
    cap_held *held =
        alloc_of(direction)->resize(alloc_of(direction)->ctx, NULL, 0, sizeof *held + captured.len);
    if (!held)
        return RIG_E_NOMEM;
    *held = (cap_held){.seq = seq, .len = len, .captured = (uint32_t)captured.len};
    if (captured.len)
        memcpy(held->bytes, captured.ptr, captured.len);
    direction->held_bytes += captured.len;
    direction->flow->streams->held_bytes += captured.len;
    if (same) {
        free_held(direction, direction->held[place]);
    } else {
        memmove(direction->held + place + 1, direction->held + place,
                (direction->num_held - place) * sizeof(cap_held *));
        direction->num_held++;
    }
    direction->held[place] = held;
    return RIG_OK;
}

static bool held_full(const cap_direction *direction, size_t more)
{
    return direction->num_held >= RIG_STREAM_SEGMENTS_MAX ||
           direction->held_bytes + more > RIG_STREAM_BUFFER_MAX ||
           direction->flow->streams->held_bytes + more > RIG_STREAM_HELD_MAX;
}

static rig_status take_payload(cap_direction *direction, uint32_t seq, const cap_segment *segment)
{
    rig_status status = RIG_OK;
    while (status == RIG_OK && direction->num_held && taken(direction) &&
           held_full(direction, segment->payload.len)) {
        direction->flow->streams->report.held_full++;
        status = jump(direction);
    }
    if (status != RIG_OK || !taken(direction))
        return status;
    if (seq != direction->next && !rig_sn_lt(seq, direction->next))
        return hold(direction, seq, segment->payload, segment->len);
    status = deliver(direction, seq, segment->payload, segment->len);
    return status == RIG_OK && direction->num_held ? drain(direction) : status;
}

/* The FIN counts when everything in front of it is here. */
static rig_status take_fin(cap_direction *direction)
{
    if (!direction->fin_known || direction->next != direction->fin_seq || !taken(direction))
        return RIG_OK;
    rig_status status = cap_bytes_end(direction);
    if (status != RIG_OK || direction->flow->state != CAP_ISCSI)
        return status;
    return cap_say_close(direction->flow, direction->to_target, false);
}

static bool has_acknowledged(const cap_direction *direction, uint32_t seq)
{
    return direction->acks && rig_sn_lt(seq, direction->ack);
}

/*
 * Around bytes that the capture lacks, or has late, the two directions are not shown in the order they were
 * sent: the sender has acknowledged what was not seen yet (a FIN counts as a byte), or the other side what
 * only comes now.
 */
bool cap_tcp_out_of_turn(const cap_direction *direction, const cap_direction *other)
{
    uint32_t seen = other->next + (other->fin_known && other->fin_seq == other->next);
    return (other->synced && has_acknowledged(direction, seen)) || has_acknowledged(other, direction->from);
}

rig_status cap_tcp_segment(cap_direction *direction, const cap_segment *segment)
{
    rig_status status = RIG_OK;
    uint32_t seq = segment->seq + (segment->flags & CAP_SYN ? 1 : 0);
    if (segment->flags & CAP_ACK && (!direction->acks || rig_sn_lt(direction->ack, segment->ack))) {
        direction->acks = true;
        direction->ack = segment->ack;
    }
    if (!direction->synced && (segment->flags & CAP_SYN || segment->len)) {
        direction->synced = true;
        direction->next = seq;
    }
    if (!direction->synced || !taken(direction))
        return RIG_OK;
    if (segment->len)
        status = take_payload(direction, seq, segment);
    if (segment->flags & CAP_FIN && !direction->fin_known) {
        direction->fin_known = true;
        direction->fin_seq = seq + segment->len;
    }
    return status == RIG_OK ? take_fin(direction) : status;
}

/*
 * The receiver acknowledged bytes that were never seen: the capture lost them. Captures of several queues
 * show a segment behind its acknowledgement, hence the patience.
 */
rig_status cap_tcp_acked(cap_direction *direction, uint32_t ack)
{
    if (direction->num_held == 0)
        return RIG_OK;
    if (!direction->hole_acked && !rig_sn_lt(ack, direction->held[0]->seq)) {
        direction->hole_acked = true;
        direction->patience = 0;
    }
    if (!direction->hole_acked || direction->patience++ < CAP_ACKED_PATIENCE)
        return RIG_OK;
    rig_status status = jump(direction);
    return status == RIG_OK ? take_fin(direction) : status;
}
