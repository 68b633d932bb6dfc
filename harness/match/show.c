/* What was expected and what came, in columns: one notation, so that eyes can compare. */
#include "matching.h"

#include "rig/text.h"
#include "rig/trace.h"

#define SHOW_TOKEN_MAX 1024 /* bytes of one condition; longer ones are cut */
#define SHOW_COLUMN_MAX 48  /* wider conditions are not put in columns */
#define SHOW_DATA_BYTES 16  /* bytes of data shown */
#define SHOW_HEAD "%-9s"    /* as rig_trace_item prints names */

/* The two lines while they grow. */
typedef struct shower {
    match_run *run;
    const match_look *look;
    const rig_item *item;
    const match_miss *miss;
    rig_text *expected, *actual;
    uint32_t *mark, *mark_len;
} shower;

void match_show_time(rig_text *out, uint64_t ns)
{
    char digits[16];
    rig_text text;
    uint64_t rest = ns % 1000000000;
    rig_text_add(out, "%llu", (unsigned long long)(ns / 1000000000));
    if (rest) {
        rig_text_init(&text, digits, sizeof digits);
        rig_text_add(&text, ".%09llu", (unsigned long long)rest);
        while (text.ptr[text.len - 1] == '0')
            text.ptr[--text.len] = '\0';
        rig_text_add(out, "%s", digits);
    }
    rig_text_add(out, "s");
}

static void show_text(rig_text *out, rig_view value)
{
    rig_trace_word(out, rig_view_sub(value, 0, MATCH_VALUE_MAX));
    rig_text_add(out, "%s", value.len > MATCH_VALUE_MAX ? "..." : "");
}

static void show_data(rig_text *out, const rig_item *item)
{
    rig_view data = item->pdu.data.ptr ? item->pdu.data : (rig_view){NULL, 0};
    rig_text_add(out, "hex:");
    rig_text_hex(out, rig_view_sub(data, 0, SHOW_DATA_BYTES), 0);
    rig_text_add(out, "%s", data.len > SHOW_DATA_BYTES ? "..." : "");
}

static void show_field(rig_text *out, const rig_scn_cond *cond, const rig_item *item, const match_got *got)
{
    rig_field_id id = match_field(cond, rig_pdu_kind_of(item->pdu.bhs));
    if (id < RIG_FIELDS && rig_fields[id].form == RIG_FORM_CDB)
        rig_cdb_print(out, got->bytes);
    else if (id < RIG_FIELDS)
        rig_field_print(out, item->pdu.bhs, id);
}

void match_show_got(rig_text *out, const rig_scn_cond *cond, const rig_item *item, const match_got *got)
{
    if (cond->kind == RIG_SCN_C_FIELD)
        show_field(out, cond, item, got);
    else if (cond->kind == RIG_SCN_C_VIRTUAL)
        rig_virtual_put(cond->fact, out, got->number);
    else if (cond->kind == RIG_SCN_C_DATA)
        show_data(out, item);
    else if (cond->kind == RIG_SCN_C_CONNECTION)
        rig_text_add(out, "%llu", (unsigned long long)got->number);
    else
        show_text(out, got->text);
}

static void show_bound_number(rig_text *out, const rig_scn_cond *cond, uint64_t number)
{
    uint8_t bhs[RIG_BHS_LEN] = {0};
    if (cond->kind == RIG_SCN_C_VIRTUAL && number <= cond->fact->max) {
        rig_virtual_put(cond->fact, out, number);
        return;
    }
    if (cond->kind != RIG_SCN_C_FIELD || cond->field >= RIG_FIELDS) {
        rig_text_add(out, "%llu", (unsigned long long)number);
        return;
    }
    rig_set(bhs, cond->field, number);
    rig_field_print(out, bhs, cond->field);
}

/* "(7)" behind a variable that has a value. */
void match_show_bound(const match_run *run, rig_text *out, const rig_scn_cond *cond)
{
    const rig_scn_value *value = &cond->pattern.low;
    if (cond->kind > RIG_SCN_C_CONNECTION || cond->kind == RIG_SCN_C_DATA || value->var == RIG_SCN_NO_VAR ||
        cond->pattern.match == RIG_SCN_CALL || !run->binds[value->var].set)
        return;
    rig_text_add(out, "(");
    if (run->scn->vars[value->var].is_text)
        show_text(out, run->binds[value->var].text);
    else
        show_bound_number(out, cond, run->binds[value->var].number + (uint64_t)value->offset);
    rig_text_add(out, ")");
}

/* The condition as the item fulfils it. */
static void show_actual(rig_text *out, const rig_scn_cond *cond, const rig_item *item, const match_got *got)
{
    if (cond->kind == RIG_SCN_C_MARK) {
        rig_text_add(out, cond->mark->is(item) ? "!%s" : "(no !%s)", cond->mark->name);
        return;
    }
    if (!got->there && cond->kind != RIG_SCN_C_DATA) {
        rig_text_add(out, "(no %.*s)", RIG_VIEW_ARG(cond->name));
        return;
    }
    bool word =
        cond->kind == RIG_SCN_C_DATA || (cond->kind == RIG_SCN_C_ARG && cond->arg->form == RIG_SCN_WORD);
    bool bare = cond->kind == RIG_SCN_C_ARG && cond->arg->form == RIG_SCN_BARE;
    if (!bare)
        rig_text_add(out, "%.*s%c", RIG_VIEW_ARG(cond->name), word ? ' ' : '=');
    match_show_got(out, cond, item, got);
}

static void pad(rig_text *out, size_t from, size_t width)
{
    while (!out->cut && out->len - from < width)
        rig_text_add(out, " ");
}

/* Blanks that only a column behind would need are taken back. */
static void trim(rig_text *out)
{
    while (out->len > 0 && out->ptr[out->len - 1] == ' ')
        out->ptr[--out->len] = '\0';
}

static void set_mark(shower *s, size_t from)
{
    *s->mark = (uint32_t)from;
    *s->mark_len = (uint32_t)(s->actual->len - from);
}

static void show_times(shower *s)
{
    const rig_scn_line *line = s->look->line;
    if (!line->timed || !s->look->has_since)
        return;
    rig_text_add(s->expected, "+");
    match_show_time(s->expected, line->time_low);
    if (line->time_high != line->time_low) {
        rig_text_add(s->expected, "..");
        match_show_time(s->expected, line->time_high);
    }
    rig_text_add(s->actual, "+");
    match_show_time(s->actual, s->item->time < s->look->since ? 0 : s->item->time - s->look->since);
    if (s->miss && s->miss->fault == MATCH_TIME)
        set_mark(s, 0);
    size_t width = s->expected->len > s->actual->len ? s->expected->len : s->actual->len;
    pad(s->expected, 0, width + 1);
    pad(s->actual, 0, width + 1);
}

static void show_head(shower *s)
{
    const rig_scn_line *line = s->look->line;
    const rig_item *item = s->item;
    if (item->kind == RIG_ITEM_EVENT) {
        rig_text_add(s->expected, "! %s", line->event->name);
        rig_text_add(s->actual, "! %s", line->event->name);
        return;
    }
    bool any = (unsigned)line->pdu == RIG_SCN_ANY_PDU;
    const char *name = rig_pdu_rows[rig_pdu_kind_of(item->pdu.bhs)].name;
    rig_text_add(s->expected, "%c " SHOW_HEAD, item->to_target ? '>' : '<', any ? "_" : name);
    rig_text_add(s->actual, "%c " SHOW_HEAD, item->to_target ? '>' : '<', name);
}

static void show_cond(shower *s, uint32_t index, match_keys *keys)
{
    const rig_scn_cond *cond = &s->look->line->conds[index];
    char want[SHOW_TOKEN_MAX], came[SHOW_TOKEN_MAX];
    rig_text want_text, came_text;
    match_got got;
    rig_text_init(&want_text, want, sizeof want);
    rig_text_init(&came_text, came, sizeof came);
    rig_scn_cond_print(&want_text, cond);
    match_show_bound(s->run, &want_text, cond);
    match_cond(s->run, s->look->line, cond, s->item, keys, &got);
    show_actual(&came_text, cond, s->item, &got);
    size_t width = want_text.len > came_text.len ? want_text.len : came_text.len;
    if (width > SHOW_COLUMN_MAX)
        width = 0;
    rig_text_add(s->expected, " ");
    rig_text_add(s->actual, " ");
    size_t want_at = s->expected->len, came_at = s->actual->len;
    rig_text_add(s->expected, "%s", want);
    rig_text_add(s->actual, "%s", came);
    pad(s->expected, want_at, width);
    pad(s->actual, came_at, width);
    if (s->miss && s->miss->fault == MATCH_COND && s->miss->cond == index) {
        *s->mark = (uint32_t)came_at;
        *s->mark_len = (uint32_t)came_text.len;
    }
}

/* ---- the rest of the item: what no condition names ---- */

static bool is_listed(const rig_scn_line *line, rig_view name)
{
    for (uint32_t i = 0; i < line->num_conds; i++)
        if (rig_view_eq(line->conds[i].name, name))
            return true;
    return false;
}

/* The next word of a printed item; quotes protect blanks, and hold no others. */
static rig_view next_word(rig_view *rest)
{
    size_t end = 0;
    bool quoted = false;
    while (rest->len > 0 && (rest->ptr[0] == ' ' || rest->ptr[0] == '\n'))
        *rest = rig_view_sub(*rest, 1, rest->len);
    for (; end < rest->len && (quoted || (rest->ptr[end] != ' ' && rest->ptr[end] != '\n')); end++)
        quoted ^= rest->ptr[end] == '"';
    rig_view word = rig_view_sub(*rest, 0, end);
    *rest = rig_view_sub(*rest, end, rest->len);
    return word;
}

static void show_rest(shower *s, rig_view printed)
{
    next_word(&printed);
    next_word(&printed);
    for (rig_view word; (word = next_word(&printed)).len > 0;) {
        bool mark = word.ptr[0] == '!';
        rig_view name = rig_view_sub(word, mark, rig_view_find(word, '=') - (mark ? 1 : 0));
        bool extra = s->miss && s->miss->fault == MATCH_EXTRA_KEY && rig_view_eq(name, s->miss->extra);
        if (!extra && is_listed(s->look->line, name))
            continue;
        rig_text_add(s->actual, " ");
        size_t at = s->actual->len;
        rig_text_view(s->actual, word);
        if (extra)
            set_mark(s, at);
    }
}

static void show_other_args(shower *s)
{
    const rig_scn_line *line = s->look->line;
    const rig_scn_arg_row *rows = line->event->args;
    rig_view value;
    for (size_t i = 0; i < RIG_SCN_ARGS_MAX && rows[i].name; i++) {
        if (is_listed(line, rig_view_str(rows[i].name)) ||
            !rig_scn_event_arg(line->event, &rows[i], s->item->args, &value))
            continue;
        rig_text_add(s->actual, " ");
        if (rows[i].form != RIG_SCN_BARE)
            rig_text_add(s->actual, "%s%c", rows[i].name, rows[i].form == RIG_SCN_EQUAL ? '=' : ' ');
        show_text(s->actual, value);
    }
}

/* An item as the trace prints it, on one line. */
void match_show_item(match_run *run, const rig_item *item, rig_text *out)
{
    rig_trace trace;
    size_t from = out->len;
    rig_trace_init(&trace, run->out->alloc, RIG_TRACE_PLAIN);
    if (rig_trace_item(&trace, out, item) != RIG_OK)
        run->status = RIG_E_NOMEM;
    rig_trace_cleanup(&trace);
    size_t to = from;
    for (size_t i = from; i < out->len; i++)
        if (out->ptr[i] != '\n')
            out->ptr[to++] = out->ptr[i];
        else
            for (out->ptr[to++] = ' '; i + 1 < out->len && out->ptr[i + 1] == ' ';)
                i++;
    out->len = to;
    out->ptr[to] = '\0';
}

static void show_pdu_rest(shower *s)
{
    char *room = rig_new(s->run->out->alloc, MATCH_SHOWN_MAX);
    rig_text text;
    if (!room) {
        s->run->status = RIG_E_NOMEM;
        return;
    }
    rig_text_init(&text, room, MATCH_SHOWN_MAX);
    match_show_item(s->run, s->item, &text);
    show_rest(s, rig_view_of(room, text.len));
    rig_delete(s->run->out->alloc, room, MATCH_SHOWN_MAX);
}

static void show_columns(shower *s)
{
    const rig_scn_line *line = s->look->line;
    match_keys keys;
    uint32_t mark = s->run->num_trail;
    show_times(s);
    show_head(s);
    match_keys_begin(&keys, s->item, !match_strict(s->look));
    for (uint32_t i = 0; i < line->num_conds; i++)
        show_cond(s, i, &keys);
    match_undo(s->run, mark);
    if (line->keys_open)
        rig_text_add(s->expected, " keys _");
    if (s->item->kind == RIG_ITEM_PDU)
        show_pdu_rest(s);
    else
        show_other_args(s);
    trim(s->expected);
    trim(s->actual);
}

void match_show(match_run *run, const match_look *look, const rig_item *item, const match_miss *miss,
                rig_text *expected, rig_text *actual, uint32_t *out_mark, uint32_t *out_mark_len)
{
    shower s = {run, look, item, miss, expected, actual, out_mark, out_mark_len};
    *out_mark = *out_mark_len = 0;
    if (!match_other(look->line, item)) {
        show_columns(&s);
        return;
    }
    rig_scn_line_print(expected, look->line);
    match_show_item(run, item, actual);
    size_t name = item->kind == RIG_ITEM_EVENT ? item->event.len
                                               : strlen(rig_pdu_rows[rig_pdu_kind_of(item->pdu.bhs)].name);
    *out_mark = 2;
    *out_mark_len = (uint32_t)(actual->len > 2 + name ? name : actual->len - 2);
}
