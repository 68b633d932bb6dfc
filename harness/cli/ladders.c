#include "ladders.h"

#include "cli.h"
#include "evidence.h"

#define ITEMS_MAX 4096 /* items of a capture that a report is shown */

/* What does not fit stands in the capture only. */
static rig_status keep(rig_items *items, const rig_item *item)
{
    rig_status status = rig_items_add(items, item);
    return status == RIG_E_LIMIT ? RIG_OK : status;
}

static rig_status take_item(void *ctx, const rig_flow *flow, const rig_item *item)
{
    (void)flow;
    return keep(ctx, item);
}

/* "> IKE main 1 SA" becomes the event ike with "main 1 SA by initiator". */
static rig_status take_event(void *ctx, const rig_ipsec_event *event)
{
    char line[RIG_IPSEC_EVENT_LINE_MAX], args[RIG_IPSEC_EVENT_LINE_MAX + 16];
    rig_text text, said;
    rig_view rest;
    if (event->kind != RIG_IPSEC_IKE && event->kind != RIG_IPSEC_ESP)
        return RIG_OK;
    rig_text_init(&text, line, sizeof line);
    rig_ipsec_event_print(event, &text);
    rest = rig_view_of(line, text.len);
    rig_view_split(&rest, ' ');
    rig_view_split(&rest, ' ');
    rig_text_init(&said, args, sizeof args);
    rig_text_view(&said, rest);
    rig_text_add(&said, " by %s", event->to_target ? "initiator" : "target");
    const rig_item item = {.kind = RIG_ITEM_EVENT,
                           .time = event->time,
                           .connection = UINT32_MAX,
                           .frame = event->frame,
                           .event = rig_view_str(event->kind == RIG_IPSEC_IKE ? "ike" : "esp"),
                           .args = rig_view_of(args, said.len)};
    return keep(ctx, &item);
}

rig_status cli_ladder_read(void *ctx, const char *capture, rig_items *out_items)
{
    cli_evidence evidence = {.path = capture, .event = take_event, .ctx = out_items};
    const rig_streams_config config = {.alloc = out_items->alloc, .item = take_item, .ctx = out_items};
    rig_error error = {0};
    (void)ctx;
    out_items->max = ITEMS_MAX;
    rig_status status = rig_streams_new(&config, &evidence.streams);
    if (!status)
        status = cli_read_evidence(&evidence, &error);
    rig_streams_free(evidence.streams);
    return status;
}
