/* Ends connections in the middle: in place of a payload segment both ends get a RST, each as if from the
 * other. */
#include "links.h"

typedef struct reset_link {
    rig_link base;
    link_choice choice;
} reset_link;

static rig_packet *make_reset(rig_simnet *net, const rig_packet *packet, uint32_t seq, uint32_t ack)
{
    rig_packet *reset = rig_packet_like(net, packet);
    if (!reset)
        return NULL;
    reset->header_len = RIG_TCP_HEADER;
    reset->header[12] = (RIG_TCP_HEADER / 4) << 4;
    reset->header[RIG_TCP_FLAGS_AT] = RIG_TCP_RST | RIG_TCP_ACK;
    rig_put_be32(reset->header + RIG_TCP_SEQ_AT, seq);
    rig_put_be32(reset->header + RIG_TCP_ACK_AT, ack);
    return reset;
}

static void turn_round(rig_packet *reset, const rig_packet *packet)
{
    reset->source = packet->destination;
    reset->destination = packet->source;
    reset->to_listener = !packet->to_listener;
    memcpy(reset->header, packet->header + 2, 2);
    memcpy(reset->header + 2, packet->header, 2);
}

static void reset_both(rig_link *base, const rig_packet *packet)
{
    uint32_t seq = rig_be32(packet->header + RIG_TCP_SEQ_AT);
    uint32_t ack = rig_be32(packet->header + RIG_TCP_ACK_AT);
    rig_packet *onward = make_reset(base->net, packet, seq, ack);
    rig_packet *back = make_reset(base->net, packet, ack, seq);
    if (back)
        turn_round(back, packet);
    if (onward)
        rig_link_forward(base, onward);
    if (back)
        rig_link_forward(base, back);
}

static void reset_pass(rig_link *base, rig_packet *packet)
{
    reset_link *link = (reset_link *)base;
    if (!link_is_segment(packet) || !link_choice_hits(base, &link->choice, "link.reset", packet)) {
        rig_link_forward(base, packet);
        return;
    }
    reset_both(base, packet);
    rig_packet_free(base->net, packet);
}

static void reset_free(rig_link *base)
{
    link_free(base, sizeof(reset_link));
}

static bool reset_option(rig_link *base, rig_view key, rig_view value)
{
    return link_choice_option(&((reset_link *)base)->choice, key, value);
}

rig_status link_reset_make(rig_simnet *net, rig_view options, rig_link **out_link, rig_error *err)
{
    static const rig_link_ops ops = {reset_pass, NULL, reset_free};
    reset_link *link = link_new(net, sizeof(*link), &ops);
    return link_finish(link, options, reset_option, out_link, err);
}
