/* Findings: one sentence that says what differs, and where it stands. */
#include "matching.h"

static void say_frame(rig_text *out, const rig_item *item)
{
    if (item->frame)
        rig_text_add(out, " (capture frame %u)", item->frame);
}

void match_say_place(rig_text *out, rig_field_id id, const rig_item *item)
{
    if (id >= RIG_FIELDS) {
        say_frame(out, item);
        return;
    }
    const rig_field *field = &rig_fields[id];
    if (field->bytes == 1)
        rig_text_add(out, " (byte %u", field->byte);
    else
        rig_text_add(out, " (bytes %u-%u", field->byte, field->byte + field->bytes - 1u);
    if (item->frame)
        rig_text_add(out, ", capture frame %u", item->frame);
    rig_text_add(out, ")");
}

static const char *cond_what(const rig_scn_cond *cond)
{
    static const char *const words[] = {[RIG_SCN_C_FIELD] = "field ",
                                        [RIG_SCN_C_VIRTUAL] = "field ",
                                        [RIG_SCN_C_KEY] = "key ",
                                        [RIG_SCN_C_ARG] = "argument "};
    return cond->kind < sizeof words / sizeof words[0] ? words[cond->kind] : "";
}

static void say_data(const rig_scn_cond *cond, const rig_item *item, rig_text *out)
{
    uint64_t differs = 0;
    match_data(&cond->data, item, &differs);
    rig_text_add(out, "data: %u bytes came, which differ from what is wanted from byte %llu on",
                 item->data_len, (unsigned long long)differs);
    say_frame(out, item);
}

/* Bindings of the conditions before are in place. */
static void say_cond(match_run *run, const match_look *look, const rig_scn_cond *cond, const rig_item *item,
                     match_keys *keys, rig_text *out)
{
    match_got got;
    if (cond->kind == RIG_SCN_C_DATA) {
        say_data(cond, item, out);
        return;
    }
    if (cond->kind == RIG_SCN_C_MARK) {
        rig_text_add(out, "!%s: want it, but %s", cond->mark->name, cond->mark->without);
        say_frame(out, item);
        return;
    }
    rig_text_add(out, "%s%.*s: want ", cond_what(cond), RIG_VIEW_ARG(cond->name));
    rig_scn_pattern_print(out, &cond->pattern);
    match_show_bound(run, out, cond);
    match_cond(run, look->line, cond, item, keys, &got);
    rig_text_add(out, got.there ? ", got " : ", not there");
    if (got.there)
        match_show_got(out, cond, item, &got);
    rig_field_id id =
        cond->kind == RIG_SCN_C_FIELD ? match_field(cond, rig_pdu_kind_of(item->pdu.bhs)) : RIG_FIELDS;
    match_say_place(out, id, item);
}

static void say_conds(match_run *run, const match_look *look, const rig_item *item, const match_miss *miss,
                      rig_text *out)
{
    const rig_scn_cond *conds = look->line->conds;
    uint32_t mark = run->num_trail;
    match_keys keys;
    match_got got;
    match_keys_begin(&keys, item, !match_strict(look));
    for (uint32_t i = 0; i < miss->cond; i++)
        match_cond(run, look->line, &conds[i], item, &keys, &got);
    say_cond(run, look, &conds[miss->cond], item, &keys, out);
    match_undo(run, mark);
}

static void say_time(const match_look *look, const rig_item *item, rig_text *out)
{
    rig_text_add(out, "time: want +");
    match_show_time(out, look->line->time_low);
    if (look->line->time_high != look->line->time_low) {
        rig_text_add(out, "..");
        match_show_time(out, look->line->time_high);
    }
    rig_text_add(out, ", got +");
    match_show_time(out, item->time < look->since ? 0 : item->time - look->since);
    say_frame(out, item);
}

static void say_name(rig_text *out, const rig_item *item)
{
    if (item->kind == RIG_ITEM_EVENT)
        rig_text_escaped(out, rig_view_sub(item->event, 0, MATCH_VALUE_MAX));
    else
        rig_text_add(out, "%s", rig_pdu_rows[rig_pdu_kind_of(item->pdu.bhs)].name);
}

static void say_other(const match_look *look, const rig_item *item, rig_text *out)
{
    const rig_scn_line *line = look->line;
    bool any = line->kind != RIG_SCN_EVENT && (unsigned)line->pdu == RIG_SCN_ANY_PDU;
    const char *name = line->kind == RIG_SCN_EVENT ? line->event->name
                       : any                       ? "any PDU"
                                                   : rig_pdu_rows[line->pdu].name;
    rig_text_add(out, "want %s%s, got ", name,
                 line->kind == RIG_SCN_EVENT       ? ""
                 : line->kind == RIG_SCN_TO_TARGET ? " to the target"
                                                   : " to the initiator");
    say_name(out, item);
    say_frame(out, item);
}

void match_say_miss(match_run *run, const match_look *look, const rig_item *item, const match_miss *miss,
                    rig_text *out)
{
    switch (miss->fault) {
    case MATCH_FITS:
        break;
    case MATCH_OTHER:
        say_other(look, item, out);
        break;
    case MATCH_TIME:
        say_time(look, item, out);
        break;
    case MATCH_COND:
        say_conds(run, look, item, miss, out);
        break;
    case MATCH_EXTRA_KEY:
        rig_text_add(out, "key ");
        rig_text_escaped(out, rig_view_sub(miss->extra, 0, MATCH_VALUE_MAX));
        rig_text_add(out, " is not listed");
        say_frame(out, item);
        break;
    }
}

void match_miss_field(const match_look *look, const match_miss *miss, rig_text *out)
{
    switch (miss->fault) {
    case MATCH_FITS:
        break;
    case MATCH_OTHER:
        rig_text_add(out, look->line->kind == RIG_SCN_EVENT ? "event" : "PDU");
        break;
    case MATCH_TIME:
        rig_text_add(out, "time");
        break;
    case MATCH_COND:
        rig_text_view(out, look->line->conds[miss->cond].name);
        break;
    case MATCH_EXTRA_KEY:
        rig_text_escaped(out, miss->extra);
        break;
    }
}

static rig_scn_place fault_place(const match_report *report)
{
    if (report->look && report->miss && report->miss->fault == MATCH_COND)
        return report->look->line->conds[report->miss->cond].place;
    return report->place;
}

static void say(match_run *run, const match_report *report, rig_text *out)
{
    rig_text_add(out, "%s", report->text ? report->text : "");
    if (report->look && report->miss && report->item != MATCH_NONE) {
        rig_text_add(out, "%s", out->len ? ": " : "");
        match_say_miss(run, report->look, &run->items[report->item], report->miss, out);
    } else if (report->item != MATCH_NONE) {
        say_frame(out, &run->items[report->item]);
    }
    if (report->look && report->look->line->call.line)
        rig_text_add(out, " (in the macro called in line %u)", report->look->line->call.line);
}

static void fill_lines(match_run *run, const match_report *report, rig_finding *finding, char *room)
{
    rig_text expected, actual;
    const rig_item *item = report->item == MATCH_NONE ? NULL : &run->items[report->item];
    rig_text_init(&expected, room, MATCH_SHOWN_MAX);
    rig_text_init(&actual, room + MATCH_SHOWN_MAX, MATCH_SHOWN_MAX);
    if (report->look && item)
        match_show(run, report->look, item, report->miss, &expected, &actual, &finding->mark_at,
                   &finding->mark_len);
    else if (report->look)
        rig_scn_line_print(&expected, report->look->line);
    else if (item)
        match_show_item(run, item, &actual);
    if (report->whole && actual.len) {
        finding->mark_at = 0;
        finding->mark_len = (uint32_t)actual.len;
    }
    if (expected.len &&
        rig_result_text(run->out, &finding->expected, rig_view_of(room, expected.len)) != RIG_OK)
        run->status = RIG_E_NOMEM;
    if (actual.len &&
        rig_result_text(run->out, &finding->actual, rig_view_of(actual.ptr, actual.len)) != RIG_OK)
        run->status = RIG_E_NOMEM;
}

static void fill_place(match_run *run, const match_report *report, rig_finding *finding)
{
    rig_text field;
    rig_text_init(&field, finding->field, sizeof finding->field);
    if (report->field)
        rig_text_add(&field, "%s", report->field);
    else if (report->look && report->miss)
        match_miss_field(report->look, report->miss, &field);
    finding->must = report->must;
    finding->line_number = report->line_number;
    finding->num_lines = report->num_lines;
    if (report->item == MATCH_NONE)
        return;
    finding->item = (uint32_t)report->item;
    finding->time = run->items[report->item].time;
    finding->frame = run->items[report->item].frame;
}

void match_report_add(match_run *run, const match_report *report)
{
    char text[MATCH_SAID_MAX];
    rig_text out;
    rig_text_init(&out, text, sizeof text);
    say(run, report, &out);
    rig_finding *finding = rig_result_finding(run->out, report->kind, fault_place(report), text);
    char *room = finding ? rig_new(run->out->alloc, 2 * (size_t)MATCH_SHOWN_MAX) : NULL;
    if (!room) {
        run->status = RIG_E_NOMEM;
        return;
    }
    fill_place(run, report, finding);
    fill_lines(run, report, finding, room);
    rig_delete(run->out->alloc, room, 2 * (size_t)MATCH_SHOWN_MAX);
}
