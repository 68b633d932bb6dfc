/* Packets: a free list, payloads by reference, and copies for the moments when the reference would dangle. */
#include "sim.h"

static bool add_slab(rig_simnet *net)
{
    sim_slab *slab = rig_new(net->config.alloc, sizeof(*slab));
    if (!slab)
        return false;
    slab->next = net->slabs;
    net->slabs = slab;
    for (int i = SIM_SLAB - 1; i >= 0; i--) {
        slab->packets[i].next = net->free_packets;
        net->free_packets = &slab->packets[i];
    }
    return true;
}

sim_packet *sim_packet_new(rig_simnet *net)
{
    if (net->num_packets >= SIM_PACKETS_MAX || (!net->free_packets && !add_slab(net)))
        return NULL;
    sim_packet *packet = net->free_packets;
    net->free_packets = packet->next;
    net->num_packets++;
    packet->next = NULL;
    packet->wire.num_iov = 0;
    packet->wire.payload_len = 0;
    packet->wire.header_len = 0;
    packet->wire.corrupt_checksum = false;
    packet->wire.to_listener = false;
    packet->wire.id = 0;
    packet->held = false;
    packet->lost = false;
    packet->from = NULL;
    return packet;
}

static void flight_remove(sim_packet *packet)
{
    sim_stream *owner = packet->owner;
    if (!owner)
        return;
    *(packet->flight_prev ? &packet->flight_prev->flight_next : &owner->flight_first) = packet->flight_next;
    *(packet->flight_next ? &packet->flight_next->flight_prev : &owner->flight_last) = packet->flight_prev;
    packet->owner = NULL;
}

void sim_flight_add(sim_stream *stream, sim_packet *packet)
{
    packet->owner = stream;
    packet->flight_next = NULL;
    packet->flight_prev = stream->flight_last;
    *(stream->flight_last ? &stream->flight_last->flight_next : &stream->flight_first) = packet;
    stream->flight_last = packet;
}

static void drop_owned(rig_simnet *net, sim_packet *packet)
{
    rig_delete(net->config.alloc, packet->owned, packet->owned_size);
    packet->owned = NULL;
    packet->owned_size = 0;
}

void sim_packet_free(rig_simnet *net, sim_packet *packet)
{
    flight_remove(packet);
    if (packet->owned)
        drop_owned(net, packet);
    if (packet->timer.armed)
        rig_timerq_disarm(&net->timers, &packet->timer);
    packet->next = net->free_packets;
    net->free_packets = packet;
    net->num_packets--;
}

void sim_packet_cleanup(rig_simnet *net)
{
    while (net->slabs) {
        sim_slab *slab = net->slabs;
        net->slabs = slab->next;
        for (int i = 0; i < SIM_SLAB; i++)
            drop_owned(net, &slab->packets[i]);
        rig_delete(net->config.alloc, slab, sizeof(*slab));
    }
}

static void gather(const rig_packet *packet, uint8_t *out)
{
    for (uint16_t i = 0; i < packet->num_iov; i++) {
        memcpy(out, packet->iov[i].iov_base, packet->iov[i].iov_len);
        out += packet->iov[i].iov_len;
    }
}

static void set_owned(rig_simnet *net, sim_packet *packet, uint8_t *bytes, uint32_t size)
{
    flight_remove(packet);
    if (packet->owned)
        drop_owned(net, packet);
    packet->owned = bytes;
    packet->owned_size = size;
    packet->wire.num_iov = size != 0;
    packet->wire.iov[0] = (struct iovec){bytes, size};
    packet->wire.payload_len = size;
}

bool rig_packet_own(rig_simnet *net, rig_packet *wire)
{
    sim_packet *packet = SIM_OF(sim_packet, wire, wire);
    if (packet->owned || wire->payload_len == 0)
        return true;
    uint32_t size = wire->payload_len;
    uint8_t *bytes = rig_new(net->config.alloc, size);
    if (!bytes)
        return false;
    gather(wire, bytes);
    set_owned(net, packet, bytes, size);
    return true;
}

bool rig_packet_room(rig_simnet *net, rig_packet *wire, uint32_t len)
{
    uint8_t *bytes = len ? rig_new(net->config.alloc, len) : NULL;
    if (len && !bytes)
        return false;
    set_owned(net, SIM_OF(sim_packet, wire, wire), bytes, len);
    return true;
}

/* The sender's memory is about to go: the packet keeps a copy, or counts as lost on the way. */
static void settle(rig_simnet *net, sim_packet *packet)
{
    bool copied = rig_packet_own(net, &packet->wire);
    flight_remove(packet);
    if (copied)
        return;
    packet->wire.num_iov = 0;
    packet->wire.payload_len = 0;
    packet->lost = true;
}

/* Copies made by retransmission still refer to bytes that have just been acknowledged. */
void sim_flight_settle(sim_stream *stream, uint32_t below)
{
    sim_packet *next;
    for (sim_packet *packet = stream->flight_first; packet; packet = next) {
        next = packet->flight_next;
        if (rig_sn_lt(rig_be32(packet->wire.header + RIG_TCP_SEQ_AT), below))
            settle(stream->host->net, packet);
    }
    stream->again = stream->flight_first != NULL;
}

void sim_flight_settle_all(sim_stream *stream)
{
    while (stream->flight_first)
        settle(stream->host->net, stream->flight_first);
}

rig_packet *rig_packet_new(rig_simnet *net)
{
    sim_packet *packet = sim_packet_new(net);
    return packet ? &packet->wire : NULL;
}

void rig_packet_free(rig_simnet *net, rig_packet *packet)
{
    if (packet)
        sim_packet_free(net, SIM_OF(sim_packet, wire, packet));
}

rig_packet *rig_packet_like(rig_simnet *net, const rig_packet *wire)
{
    const sim_packet *packet = SIM_OF(const sim_packet, wire, wire);
    sim_packet *like = sim_packet_new(net);
    if (!like)
        return NULL;
    like->from = packet->from;
    like->wire.source = wire->source;
    like->wire.destination = wire->destination;
    like->wire.protocol = wire->protocol;
    like->wire.to_listener = wire->to_listener;
    like->wire.corrupt_checksum = wire->corrupt_checksum;
    like->wire.id = like->from ? like->from->ip_id++ : wire->id;
    like->wire.header_len = wire->header_len;
    memcpy(like->wire.header, wire->header, wire->header_len);
    return &like->wire;
}

/* Adds a piece, extending the last one when the memory is contiguous. False when the list is full. */
static bool add_piece(rig_packet *packet, void *base, size_t len)
{
    struct iovec *last = packet->num_iov ? &packet->iov[packet->num_iov - 1] : NULL;
    bool extends = last && (uint8_t *)last->iov_base + last->iov_len == base;
    if (!extends && packet->num_iov == RIG_SIM_PACKET_IOV)
        return false;
    if (extends)
        last->iov_len += len;
    else
        packet->iov[packet->num_iov++] = (struct iovec){base, len};
    packet->payload_len += (uint32_t)len;
    return true;
}

static void refer(rig_packet *out, const rig_packet *packet, size_t offset, size_t len)
{
    for (uint16_t i = 0; i < packet->num_iov && len; i++) {
        size_t piece = packet->iov[i].iov_len;
        if (offset >= piece) {
            offset -= piece;
            continue;
        }
        size_t part = piece - offset < len ? piece - offset : len;
        add_piece(out, (uint8_t *)packet->iov[i].iov_base + offset, part);
        len -= part;
        offset = 0;
    }
}

rig_packet *rig_packet_slice(rig_simnet *net, const rig_packet *wire, uint32_t offset, uint32_t len)
{
    rig_packet *slice = rig_packet_like(net, wire);
    if (!slice)
        return NULL;
    sim_stream *owner = SIM_OF(const sim_packet, wire, wire)->owner;
    refer(slice, wire, offset, len);
    if (owner) {
        sim_flight_add(owner, SIM_OF(sim_packet, wire, slice));
    } else if (!rig_packet_own(net, slice)) {
        rig_packet_free(net, slice);
        return NULL;
    }
    return slice;
}

/* Both payloads in one piece of our memory, with room for more of them. */
static bool join_copy(rig_simnet *net, rig_packet *head, const rig_packet *tail)
{
    sim_packet *packet = SIM_OF(sim_packet, wire, head);
    uint32_t len = head->payload_len;
    uint32_t size = len + tail->payload_len;
    if (size > packet->owned_size) {
        uint8_t *bytes = rig_new(net->config.alloc, size * 2);
        if (!bytes)
            return false;
        gather(head, bytes);
        set_owned(net, packet, bytes, size * 2);
    }
    gather(tail, packet->owned + len);
    head->iov[0].iov_len = size;
    head->payload_len = size;
    return true;
}

bool rig_packet_join(rig_simnet *net, rig_packet *head, const rig_packet *tail)
{
    sim_stream *owner = SIM_OF(sim_packet, wire, head)->owner;
    if (!owner || owner != SIM_OF(const sim_packet, wire, tail)->owner)
        return join_copy(net, head, tail);
    uint16_t pieces = head->num_iov;
    size_t last_len = pieces ? head->iov[pieces - 1].iov_len : 0;
    uint32_t len = head->payload_len;
    for (uint16_t i = 0; i < tail->num_iov; i++) {
        if (add_piece(head, tail->iov[i].iov_base, tail->iov[i].iov_len))
            continue;
        head->num_iov = pieces;
        if (pieces)
            head->iov[pieces - 1].iov_len = last_len;
        head->payload_len = len;
        return join_copy(net, head, tail);
    }
    return true;
}
