#include "print.h"

static void print_cdb(rig_text *out, const rig_item *item)
{
    uint8_t cdb[RIG_CDB_MAX];
    size_t len = rig_item_cdb(item, cdb);
    rig_cdb_print(out, rig_view_of(cdb, len));
}

static bool isid_repeated(const trc_context *context, rig_field_id field)
{
    return field == RIG_F_ISID && context->kind == RIG_PDU_LOGIN_RESP &&
           context->session->isid == rig_get(context->item->pdu.bhs, RIG_F_ISID);
}

static bool shown(const trc_context *context, rig_field_id field)
{
    if (!(rig_fields[field].pdus >> context->kind & 1) || isid_repeated(context, field))
        return false;
    if (trc_unbound(context, field) && rig_get(context->item->pdu.bhs, field) == 0)
        return false;
    return trc_field_shown(context->item, context->kind, field);
}

static rig_status print_field(trc_context *context, rig_text *out, rig_field_id field)
{
    rig_status status = RIG_OK;
    rig_text_add(out, " %s=", rig_fields[field].name);
    if (field == RIG_F_CDB)
        print_cdb(out, context->item);
    else if (!trc_symbol(context, out, field, &status))
        rig_field_print(out, context->item->pdu.bhs, field);
    return status;
}

static void print_virtuals(rig_text *out, const rig_item *item, rig_pdu_kind kind)
{
    for (const rig_virtual *row = rig_virtuals; row->name; row++) {
        size_t before = out->len;
        if (!(row->pdus >> kind & 1) || !row->shown(item))
            continue;
        rig_text_add(out, " %s=", row->name);
        if (rig_virtual_print(row, item, out))
            continue;
        out->len = before;
        out->ptr[before] = '\0';
    }
}

static void print_marks(rig_text *out, const rig_item *item)
{
    for (const rig_mark *mark = rig_marks; mark->name; mark++)
        if (mark->is(item))
            rig_text_add(out, " !%s", mark->name);
}

static rig_status print_pdu(rig_trace *trace, rig_text *out, const rig_item *item)
{
    trc_context context = {.trace = trace, .item = item, .kind = rig_pdu_kind_of(item->pdu.bhs)};
    rig_status status = trc_place(trace, item, &context.connection, &context.session);
    if (status != RIG_OK)
        return status;
    rig_text_add(out, "%c %-9s", item->to_target ? '>' : '<', rig_pdu_rows[context.kind].name);
    for (unsigned f = 0; f < RIG_FIELDS && status == RIG_OK; f++)
        if (shown(&context, (rig_field_id)f))
            status = print_field(&context, out, (rig_field_id)f);
    trc_symbols_ended(&context);
    print_virtuals(out, item, context.kind);
    print_marks(out, item);
    trc_keys(out, rig_item_text(item));
    return status ? status : trc_said_take(trace, item, context.connection);
}

static void print_event(rig_text *out, const rig_item *item)
{
    rig_text_add(out, "! ");
    rig_text_view(out, item->event);
    if (item->args.len) {
        rig_text_add(out, " ");
        rig_text_view(out, item->args);
    }
}

rig_status rig_trace_item(rig_trace *trace, rig_text *out, const rig_item *item)
{
    if (item->kind == RIG_ITEM_PDU)
        return print_pdu(trace, out, item);
    print_event(out, item);
    return RIG_OK;
}
