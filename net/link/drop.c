/* Loses packets. */
#include "links.h"

typedef struct drop_link {
    rig_link base;
    link_choice choice;
} drop_link;

static void drop_pass(rig_link *base, rig_packet *packet)
{
    if (link_choice_hits(base, &((drop_link *)base)->choice, "link.drop", packet))
        rig_packet_free(base->net, packet);
    else
        rig_link_forward(base, packet);
}

static void drop_free(rig_link *base)
{
    link_free(base, sizeof(drop_link));
}

static bool drop_option(rig_link *base, rig_view key, rig_view value)
{
    return link_choice_option(&((drop_link *)base)->choice, key, value);
}

rig_status link_drop_make(rig_simnet *net, rig_view options, rig_link **out_link, rig_error *err)
{
    static const rig_link_ops ops = {drop_pass, NULL, drop_free};
    drop_link *link = link_new(net, sizeof(*link), &ops);
    return link_finish(link, options, drop_option, out_link, err);
}
