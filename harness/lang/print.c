/* Lines and clauses in canonical notation. */
#include "lang.h"

#define NAME_WIDTH 9 /* PDU names are padded so that fields stand in columns */

static void print_value(rig_text *out, const rig_scn_value *value)
{
    if (value->var == RIG_SCN_NO_VAR) {
        if (value->bytes.len || value->is_number) /* its notation has nothing to protect */
            rig_text_view(out, value->text);
        else
            rig_trace_word(out, value->text);
        return;
    }
    rig_view text = value->text; /* names inside a macro lose the mark of the caller's */
    rig_text_add(out, "$");
    text = rig_view_sub(text, text.len > 1 && text.ptr[1] == ':' ? 2 : 1, text.len);
    rig_text_view(out, text);
}

static void print_call(rig_text *out, const rig_scn_call *call)
{
    rig_text_add(out, "chap(");
    for (uint32_t i = 0; i < call->num_args; i++) {
        rig_text_add(out, "%s", i ? "," : "");
        if (call->args[i].var != RIG_SCN_NO_VAR) {
            print_value(out, &call->args[i]);
            continue;
        }
        rig_text_add(out, "\"");
        rig_text_escaped(out, call->args[i].text);
        rig_text_add(out, "\"");
    }
    rig_text_add(out, ")");
}

static void print_end(rig_text *out, const rig_scn_value *value)
{
    if (value->text.len > 0)
        print_value(out, value);
}

/* The pattern without the operator that joins it to its name. */
static void print_bare(rig_text *out, const rig_scn_pattern *pattern)
{
    switch (pattern->match) {
    case RIG_SCN_ANY:
        rig_text_add(out, "_");
        return;
    case RIG_SCN_CALL:
        print_call(out, pattern->call);
        return;
    case RIG_SCN_RANGE:
        print_end(out, &pattern->low);
        rig_text_add(out, "..");
        print_end(out, &pattern->high);
        return;
    case RIG_SCN_BIND_DIFFERS:
        print_value(out, &pattern->low);
        rig_text_add(out, "!=");
        print_value(out, &pattern->high);
        return;
    default:
        print_value(out, &pattern->low);
    }
}

void rig_scn_pattern_print(rig_text *out, const rig_scn_pattern *pattern)
{
    if (pattern->match == RIG_SCN_DIFFERS)
        rig_text_add(out, "!=");
    if (pattern->match == RIG_SCN_HAS)
        rig_text_add(out, "~");
    print_bare(out, pattern);
}

static void print_data(rig_text *out, const rig_scn_data *data)
{
    rig_text_add(out, "data ");
    if (data->kind == RIG_SCN_DATA_ZERO)
        rig_text_add(out, "zero");
    else if (data->kind == RIG_SCN_DATA_PATTERN)
        rig_text_add(out, "pattern %llu", (unsigned long long)data->seed);
    else if (data->bytes.len == 0)
        rig_text_add(out, "\"\"");
    else
        rig_text_add(out, "hex:");
    if (data->kind == RIG_SCN_DATA_BYTES)
        rig_text_hex(out, data->bytes, 0);
    else if (data->len)
        rig_text_add(out, " %llu", (unsigned long long)data->len);
}

static void print_name(rig_text *out, const rig_scn_cond *cond)
{
    if (cond->kind != RIG_SCN_C_KEY || rig_key_known(cond->name)) {
        rig_text_view(out, cond->name);
        return;
    }
    rig_text_add(out, "\"");
    rig_text_escaped(out, cond->name);
    rig_text_add(out, "\"");
}

void rig_scn_cond_print(rig_text *out, const rig_scn_cond *cond)
{
    if (cond->kind == RIG_SCN_C_DATA) {
        print_data(out, &cond->data);
        return;
    }
    if (cond->kind == RIG_SCN_C_MARK) {
        rig_text_add(out, "!");
        rig_text_view(out, cond->name);
        return;
    }
    bool bare = cond->kind == RIG_SCN_C_ARG && cond->arg->form != RIG_SCN_EQUAL;
    rig_scn_match match = cond->pattern.match;
    if (bare && cond->arg->form == RIG_SCN_WORD)
        rig_text_add(out, "%s ", cond->arg->name);
    if (bare) {
        rig_scn_pattern_print(out, &cond->pattern);
        return;
    }
    print_name(out, cond);
    rig_text_add(out, match == RIG_SCN_DIFFERS ? "!=" : match == RIG_SCN_HAS ? "~" : "=");
    print_bare(out, &cond->pattern);
}

static void print_time(rig_text *out, uint64_t ns)
{
    static const struct {
        uint64_t factor;
        const char *name;
    } units[] = {{1000000000, "s"}, {1000000, "ms"}, {1000, "us"}, {1, "ns"}};
    size_t i = 0;
    while (ns % units[i].factor)
        i++;
    rig_text_add(out, "%llu%s", (unsigned long long)(ns / units[i].factor), units[i].name);
}

static void print_pdu(rig_text *out, const rig_scn_line *line, int width)
{
    rig_text_add(out, line->kind == RIG_SCN_TO_TARGET ? "> " : "< ");
    if (line->is_raw) {
        rig_text_add(out, "raw ");
        rig_text_hex(out, line->raw, 0);
        return;
    }
    const char *name = (unsigned)line->pdu == RIG_SCN_ANY_PDU ? "_" : rig_pdu_rows[line->pdu].name;
    bool alone = line->num_conds == 0 && !line->keys_open;
    rig_text_add(out, "%-*s", alone ? 0 : width, name);
}

static void print_line(rig_text *out, const rig_scn_line *line, int width)
{
    rig_text_add(out, "%s", line->maybe ? "maybe " : "");
    if (line->timed) {
        rig_text_add(out, "+");
        print_time(out, line->time_low);
        if (line->time_high != line->time_low) {
            rig_text_add(out, "..");
            print_time(out, line->time_high);
        }
        rig_text_add(out, " ");
    }
    if (line->kind == RIG_SCN_EVENT)
        rig_text_add(out, "! %s", line->event->name);
    else
        print_pdu(out, line, width);
    for (uint32_t i = 0; i < line->num_conds; i++) {
        rig_text_add(out, " ");
        rig_scn_cond_print(out, &line->conds[i]);
    }
    rig_text_add(out, "%s", line->keys_open ? " keys _" : "");
    if (line->within) {
        rig_text_add(out, " within ");
        print_time(out, line->within);
    }
}

void rig_scn_line_print(rig_text *out, const rig_scn_line *line)
{
    print_line(out, line, NAME_WIDTH);
}

/* ---- clauses ---- */

static void print_seen(rig_text *out, const rig_scn_must *must)
{
    static const char *const quantities[] = {"", "exactly", "at-least", "at-most"};
    if (must->quantity != RIG_SCN_Q_SOME)
        rig_text_add(out, "%s %llu ", quantities[must->quantity], (unsigned long long)must->number.number);
    print_line(out, must->line, 0);
    if (must->after) {
        rig_text_add(out, " after ");
        print_line(out, must->after, 0);
    }
    if (must->before) {
        rig_text_add(out, " before ");
        print_line(out, must->before, 0);
    }
}

static void print_every(rig_text *out, const rig_scn_must *must)
{
    rig_text_add(out, "every ");
    print_line(out, must->line, 0);
    rig_text_add(out, " has");
    for (uint32_t i = 0; i < must->num_has; i++) {
        rig_text_add(out, " ");
        if (must->has[i].pattern.match == RIG_SCN_ANY)
            print_name(out, &must->has[i]);
        else
            rig_scn_cond_print(out, &must->has[i]);
    }
    rig_text_add(out, "%s", must->alone ? " alone" : "");
}

static void print_comparison(rig_text *out, const rig_scn_must *must, const rig_scn *scn)
{
    rig_text_add(out, "%s$", must->kind == RIG_SCN_M_COUNT ? "count " : "");
    rig_text_view(out, scn->results[must->result].name);
    if (must->member.len) {
        rig_text_add(out, ".");
        rig_text_view(out, must->member);
    }
    rig_text_add(out, " %s ", rig_scn_op_text(must->op));
    rig_trace_word(out, must->value.text);
}

void rig_scn_must_print(rig_text *out, const rig_scn_must *must, const rig_scn *scn)
{
    rig_text_add(out, must->kind == RIG_SCN_M_NEVER ? "never " : "must ");
    if (must->kind == RIG_SCN_M_EVERY)
        print_every(out, must);
    else if (must->kind == RIG_SCN_M_COUNT || must->kind == RIG_SCN_M_RESULT)
        print_comparison(out, must, scn);
    else
        print_seen(out, must);
    for (uint32_t i = 0; i < must->num_ids; i++) {
        rig_text_add(out, i ? " " : " [");
        rig_text_view(out, must->ids[i]);
    }
    rig_text_add(out, "%s", must->num_ids ? "]" : "");
}
