/* Moves the tap from the receiving end to this place in the chain: in front of a link that loses packets, it
 * shows what the sender sent. */
#include "links.h"

static void tap_pass(rig_link *link, rig_packet *packet)
{
    rig_simnet_show(link->net, packet);
    rig_link_forward(link, packet);
}

static void tap_free(rig_link *link)
{
    link_free(link, sizeof(*link));
}

static bool tap_option(rig_link *link, rig_view key, rig_view value)
{
    (void)link;
    (void)key;
    (void)value;
    return false;
}

rig_status link_tap_make(rig_simnet *net, rig_view options, rig_link **out_link, rig_error *err)
{
    static const rig_link_ops ops = {tap_pass, NULL, tap_free};
    rig_status status =
        link_finish(link_new(net, sizeof(rig_link), &ops), options, tap_option, out_link, err);
    if (status == RIG_OK)
        rig_simnet_tap_moved(net);
    return status;
}
