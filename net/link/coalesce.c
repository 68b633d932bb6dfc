/* Glues TCP segments of one instant together: what a receiver sees when one read brings many PDUs. */
#include "links.h"

#define COALESCE_MOST 65495 /* payload that fits the largest IP packet behind both headers */

typedef struct coalesce_link {
    rig_link base;
    rig_packet *held; /* waits for more of its flow */
    link_dir dir;
} coalesce_link;

static void flush(coalesce_link *link)
{
    rig_packet *packet = link->held;
    link->held = NULL;
    if (packet)
        rig_link_forward(&link->base, packet);
}

static bool same_flow(const rig_packet *a, const rig_packet *b)
{
    return memcmp(a->header, b->header, RIG_TCP_SEQ_AT) == 0 && rig_ip_eq(&a->source, &b->source) &&
           rig_ip_eq(&a->destination, &b->destination);
}

static bool plain(const rig_packet *packet)
{
    return link_is_segment(packet) && !packet->corrupt_checksum && packet->header_len == RIG_TCP_HEADER &&
           !(packet->header[RIG_TCP_FLAGS_AT] & (RIG_TCP_SYN | RIG_TCP_FIN | RIG_TCP_RST));
}

/* The segment continues the held one: its newer acknowledgement, window and flags count for both. */
static bool merge(coalesce_link *link, rig_packet *packet)
{
    rig_packet *held = link->held;
    uint8_t seq[4];
    if (!held || !same_flow(held, packet) || held->payload_len + packet->payload_len > COALESCE_MOST)
        return false;
    memcpy(seq, held->header + RIG_TCP_SEQ_AT, sizeof(seq));
    if (rig_be32(seq) + held->payload_len != rig_be32(packet->header + RIG_TCP_SEQ_AT))
        return false;
    if (!rig_packet_join(link->base.net, held, packet))
        return false;
    uint8_t flags = held->header[RIG_TCP_FLAGS_AT] | packet->header[RIG_TCP_FLAGS_AT];
    memcpy(held->header, packet->header, RIG_TCP_HEADER);
    memcpy(held->header + RIG_TCP_SEQ_AT, seq, sizeof(seq));
    held->header[RIG_TCP_FLAGS_AT] = flags;
    rig_packet_free(link->base.net, packet);
    return true;
}

static void coalesce_pass(rig_link *base, rig_packet *packet)
{
    coalesce_link *link = (coalesce_link *)base;
    bool holds = plain(packet) && link_dir_matches(link->dir, packet);
    if (holds && merge(link, packet))
        return;
    flush(link);
    if (!holds) {
        rig_link_forward(base, packet);
        return;
    }
    link->held = packet;
    rig_link_arm(base, rig_simnet_now(base->net));
}

static void coalesce_due(rig_link *base)
{
    flush((coalesce_link *)base);
}

static void coalesce_free(rig_link *base)
{
    link_free(base, sizeof(coalesce_link));
}

static bool coalesce_option(rig_link *base, rig_view key, rig_view value)
{
    return link_dir_option(&((coalesce_link *)base)->dir, key, value);
}

rig_status link_coalesce_make(rig_simnet *net, rig_view options, rig_link **out_link, rig_error *err)
{
    static const rig_link_ops ops = {coalesce_pass, coalesce_due, coalesce_free};
    coalesce_link *link = link_new(net, sizeof(*link), &ops);
    return link_finish(link, options, coalesce_option, out_link, err);
}
