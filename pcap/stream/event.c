#include "follow.h"

static void add_sender(const cap_flow *flow, rig_item *item)
{
    const cap_direction *both = flow->conn->direction;
    item->sender = item->to_target ? flow->flow.initiator : flow->flow.target;
    for (unsigned i = 0; i < 2; i++)
        if (both[i].to_target == item->to_target)
            item->out_of_turn = cap_tcp_out_of_turn(&both[i], &both[!i]);
}

rig_status cap_show(cap_flow *flow, rig_item *item)
{
    const rig_streams_config *config = &flow->streams->config;
    item->time = flow->streams->now;
    item->frame = flow->streams->frames;
    item->connection = flow->flow.index;
    item->leaked = flow->streams->leaked;
    flow->leak_said |= item->leaked;
    if (item->kind == RIG_ITEM_PDU)
        add_sender(flow, item);
    return config->item(config->ctx, &flow->flow, item);
}

static rig_status show_event(cap_flow *flow, const char *event, const rig_text *args)
{
    rig_item item = {
        .kind = RIG_ITEM_EVENT, .event = rig_view_str(event), .args = rig_view_of(args->ptr, args->len)};
    return cap_show(flow, &item);
}

rig_status cap_say(cap_flow *flow, const char *event, const char *format, ...)
{
    char args[160];
    rig_text text;
    va_list list;
    rig_text_init(&text, args, sizeof args);
    va_start(list, format);
    rig_text_vadd(&text, format, list);
    va_end(list);
    return show_event(flow, event, &text);
}

rig_status cap_say_begin(cap_flow *flow)
{
    char args[80];
    rig_text text;
    bool ip6 = flow->flow.target.version == 6;
    rig_text_init(&text, args, sizeof args);
    rig_text_add(&text, ip6 ? "[" : "");
    rig_ip_print(&text, &flow->flow.target);
    rig_text_add(&text, "%s:%u", ip6 ? "]" : "", flow->flow.target_port);
    flow->streams->report.midstream += !flow->syn_seen;
    return show_event(flow, flow->syn_seen ? "connect" : "midstream", &text);
}

rig_status cap_say_fragment(void *ctx, const rig_ip *from, const rig_ip *to)
{
    rig_streams *streams = ctx;
    char args[120];
    rig_text text;
    cap_flow none = {.streams = streams, .flow = {.index = UINT32_MAX}};
    rig_text_init(&text, args, sizeof args);
    rig_ip_print(&text, from);
    rig_text_add(&text, " to ");
    rig_ip_print(&text, to);
    return show_event(&none, "fragment", &text);
}

rig_status cap_say_close(cap_flow *flow, bool by_initiator, bool reset)
{
    if (flow->close_said)
        return RIG_OK;
    flow->close_said = true;
    return cap_say(flow, "close", "by %s%s", by_initiator ? "initiator" : "target",
                   reset ? " reason=reset" : "");
}
