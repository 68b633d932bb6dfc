/* Lets packets take longer, by a fixed time and by a drawn one. */
#include "links.h"

typedef struct delay_link {
    rig_link base;
    uint64_t time;
    uint64_t jitter;
    uint64_t count;
    uint64_t last[2]; /* when the last packet of each direction leaves */
    link_dir dir;
    bool reorder;
} delay_link;

static void delay_pass(rig_link *base, rig_packet *packet)
{
    delay_link *link = (delay_link *)base;
    if (!link_dir_matches(link->dir, packet)) {
        rig_link_forward(base, packet);
        return;
    }
    uint64_t at = rig_simnet_now(base->net) + link->time;
    if (link->jitter)
        at += link_draw(base, "link.delay", link->count++) % (link->jitter + 1);
    uint64_t *last = &link->last[packet->to_listener];
    if (!link->reorder && at < *last)
        at = *last;
    *last = at;
    rig_link_forward_at(base, packet, at);
}

static void delay_free(rig_link *base)
{
    link_free(base, sizeof(delay_link));
}

static bool delay_option(rig_link *base, rig_view key, rig_view value)
{
    delay_link *link = (delay_link *)base;
    if (key.len == 0)
        return link_time_parse(value, &link->time);
    if (rig_view_is(key, "jitter"))
        return link_time_parse(value, &link->jitter);
    if (rig_view_is(key, "reorder")) {
        link->reorder = rig_view_is(value, "yes");
        return link->reorder || rig_view_is(value, "no");
    }
    return link_dir_option(&link->dir, key, value);
}

rig_status link_delay_make(rig_simnet *net, rig_view options, rig_link **out_link, rig_error *err)
{
    static const rig_link_ops ops = {delay_pass, NULL, delay_free};
    delay_link *link = link_new(net, sizeof(*link), &ops);
    return link_finish(link, options, delay_option, out_link, err);
}
