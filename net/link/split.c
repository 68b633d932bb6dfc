/* Cuts TCP segments into small ones: what a receiver sees when every read ends in the middle of something. */
#include "links.h"

typedef struct split_link {
    rig_link base;
    uint64_t bytes;
    link_dir dir;
} split_link;

static void forward_slice(rig_link *link, const rig_packet *packet, uint32_t offset, uint32_t len)
{
    rig_packet *slice = rig_packet_slice(link->net, packet, offset, len);
    if (!slice)
        return; /* lost: it will come again */
    uint8_t *seq = slice->header + RIG_TCP_SEQ_AT;
    rig_put_be32(seq, rig_be32(seq) + offset);
    if (offset + len < packet->payload_len)
        slice->header[RIG_TCP_FLAGS_AT] &= (uint8_t) ~(RIG_TCP_PSH | RIG_TCP_FIN);
    rig_link_forward(link, slice);
}

static void split_pass(rig_link *base, rig_packet *packet)
{
    const split_link *link = (split_link *)base;
    if (!link_is_segment(packet) || packet->payload_len <= link->bytes ||
        !link_dir_matches(link->dir, packet)) {
        rig_link_forward(base, packet);
        return;
    }
    uint32_t bytes = (uint32_t)link->bytes;
    for (uint32_t offset = 0; offset < packet->payload_len; offset += bytes) {
        uint32_t rest = packet->payload_len - offset;
        forward_slice(base, packet, offset, rest < bytes ? rest : bytes);
    }
    rig_packet_free(base->net, packet);
}

static void split_free(rig_link *base)
{
    link_free(base, sizeof(split_link));
}

static bool split_option(rig_link *base, rig_view key, rig_view value)
{
    split_link *link = (split_link *)base;
    if (rig_view_is(key, "bytes"))
        return rig_view_u64(value, &link->bytes) && link->bytes > 0;
    return link_dir_option(&link->dir, key, value);
}

rig_status link_split_make(rig_simnet *net, rig_view options, rig_link **out_link, rig_error *err)
{
    static const rig_link_ops ops = {split_pass, NULL, split_free};
    split_link *link = link_new(net, sizeof(*link), &ops);
    if (link)
        link->bytes = 1;
    return link_finish(link, options, split_option, out_link, err);
}
