/* What a run recorded, as a trace block says it. */
#include "rig/bless.h"

static bool listed(const rig_scn_trace *trace, const rig_item *item)
{
    for (uint32_t i = 0; i < trace->num_lines; i++) {
        const rig_scn_line *line = &trace->lines[i];
        if ((line->kind == RIG_SCN_EVENT) != (item->kind == RIG_ITEM_EVENT))
            continue;
        if (line->kind == RIG_SCN_EVENT) {
            if (rig_view_is(item->event, line->event->name))
                return true;
            continue;
        }
        bool any = (unsigned)line->pdu == RIG_SCN_ANY_PDU;
        if ((line->kind == RIG_SCN_TO_TARGET) == item->to_target &&
            (any || line->pdu == rig_pdu_kind_of(item->pdu.bhs)))
            return true;
    }
    return false;
}

static bool belongs(const rig_scn_trace *trace, const rig_item *item)
{
    bool always = item->kind == RIG_ITEM_PDU || rig_view_is(item->event, "connect") ||
                  rig_view_is(item->event, "close");
    return (always && !trace->some) || listed(trace, item);
}

/* What the engine says in its own words stands in a block that asks for it, and in no other. */
static bool asks_for_error(const rig_scn_trace *trace, const rig_item *item)
{
    for (uint32_t i = 0; i < trace->num_lines; i++) {
        const rig_scn_line *line = &trace->lines[i];
        bool same = line->kind == RIG_SCN_EVENT && rig_view_is(item->event, line->event->name);
        for (uint32_t c = 0; same && c < line->num_conds; c++)
            if (rig_view_is(line->conds[c].name, "error"))
                return true;
    }
    return false;
}

static rig_item as_written(const rig_scn_trace *trace, const rig_item *item)
{
    rig_item out = *item;
    if (item->kind == RIG_ITEM_EVENT && !asks_for_error(trace, item))
        out.args = rig_scn_event_plain(item->args);
    return out;
}

rig_status rig_bless_body(const rig_alloc *alloc, const rig_scn_trace *trace, const rig_items *items,
                          char **out_text, size_t *out_len, size_t *out_size)
{
    rig_trace printer;
    rig_text out;
    rig_status status = RIG_OK;
    char *text = rig_new(alloc, RIG_SCN_FILE_MAX);
    if (!text)
        return RIG_E_NOMEM;
    rig_text_init(&out, text, RIG_SCN_FILE_MAX);
    rig_trace_init(&printer, alloc, RIG_TRACE_SYMBOLIC);
    for (size_t i = 0; i < items->num && !status && !out.cut; i++)
        if (belongs(trace, &items->ptr[i])) {
            const rig_item item = as_written(trace, &items->ptr[i]);
            status = rig_trace_item(&printer, &out, &item);
            rig_text_add(&out, "\n");
        }
    rig_trace_cleanup(&printer);
    if (!status && out.cut)
        status = RIG_E_LIMIT;
    if (!status && out.len == 0)
        status = RIG_E_NOT_FOUND;
    if (status)
        rig_delete(alloc, text, RIG_SCN_FILE_MAX);
    *out_text = status ? NULL : text;
    *out_len = out.len;
    *out_size = RIG_SCN_FILE_MAX;
    return status;
}
