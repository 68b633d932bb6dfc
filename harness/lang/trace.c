/* trace and play blocks, and the macros they call. */
#include "lang.h"

typedef struct lines {
    lang_vec vec;
    bool ok;
} lines;

static bool body(lang_parser *p, uint32_t line, uint32_t end_line, uint32_t indent, lines *out);

/* ---- macro calls ---- */

static const lang_macro *find_macro(const lang_parser *p, rig_view name)
{
    for (uint32_t i = 0; i < p->file->num_macros; i++)
        if (rig_view_eq(p->file->macros[i].name, name))
            return &p->file->macros[i];
    return NULL;
}

static bool unknown_line(lang_parser *p, lang_cursor *c)
{
    lang_known known = {.num = 0};
    for (uint32_t i = 0; i < p->file->num_macros; i++) {
        rig_view name = lang_view(p, (const char *)p->file->macros[i].name.ptr, p->file->macros[i].name.len);
        if (name.ptr)
            lang_known_add(&known, (const char *)name.ptr);
    }
    rig_view word = lang_peek(p, c);
    if (rig_scn_event_find(word) || rig_pdu_find(word) != RIG_PDU_UNKNOWN)
        return lang_bad(p, c, RIG_E_SYNTAX, "a line begins with >, < or !, or calls a macro");
    return lang_unknown(p, lang_place(p, c->at), "macro (other lines begin with >, < or !):", word, &known);
}

/* The caller's $name under its full name, so that the macro's own names cannot meet it. */
static rig_view outer_names(lang_parser *p, rig_view text)
{
    if (rig_view_find(text, '$') == text.len)
        return text;
    char buffer[1024];
    rig_text out;
    rig_text_init(&out, buffer, sizeof(buffer));
    for (size_t i = 0; i < text.len; i++) {
        rig_text_view(&out, rig_view_sub(text, i, 1));
        bool name = text.ptr[i] == '$' && lang_name_len(rig_view_sub(text, i + 1, text.len)) > 0;
        if (name) {
            rig_text_add(&out, ":");
            rig_text_view(&out, p->local);
        }
    }
    return out.cut ? (rig_view){NULL, 0} : lang_view(p, buffer, out.len);
}

static bool pass(lang_parser *p, rig_scn_place place, const lang_param *param, rig_view value, lang_sub *sub)
{
    sub->name = param->name;
    sub->value = outer_names(p, value);
    sub->absent = false;
    return sub->value.ptr || value.len == 0 || lang_bad_at(p, place, RIG_E_LIMIT, "the argument is too long");
}

static const lang_param *find_param(const lang_macro *macro, rig_view name, uint32_t *out_index)
{
    for (uint32_t i = 0; i < macro->num_params; i++)
        if (!macro->params[i].positional && rig_view_eq(macro->params[i].name, name)) {
            *out_index = i;
            return &macro->params[i];
        }
    return NULL;
}

static bool unknown_param(lang_parser *p, uint32_t token, rig_view name, const lang_macro *macro)
{
    lang_known known = {.num = 0};
    for (uint32_t i = 0; i < macro->num_params; i++) {
        rig_view copy = lang_view(p, (const char *)macro->params[i].name.ptr, macro->params[i].name.len);
        if (copy.ptr && !macro->params[i].positional)
            lang_known_add(&known, (const char *)copy.ptr);
    }
    return lang_unknown(p, lang_place_in(p, token, name), "parameter of the macro", name, &known);
}

static bool named_args(lang_parser *p, lang_cursor *c, const lang_macro *macro, lang_sub *subs)
{
    while (!lang_end(p, c)) {
        uint32_t token = c->at;
        rig_view text = lang_next(p, c);
        size_t equal = lang_split_pair(text);
        rig_view name = rig_view_sub(text, 0, equal);
        uint32_t index;
        const lang_param *param = find_param(macro, name, &index);
        if (!param)
            return unknown_param(p, token, name, macro);
        if (equal == text.len)
            return lang_bad_at(p, lang_place(p, token), RIG_E_SYNTAX, "write %.*s=PATTERN",
                               RIG_VIEW_ARG(name));
        if (!pass(p, lang_place(p, token), param, rig_view_sub(text, equal + 1, text.len), &subs[index]))
            return false;
    }
    return true;
}

static bool call_args(lang_parser *p, lang_cursor *c, const lang_macro *macro, lang_sub *subs)
{
    for (uint32_t i = 0; i < macro->num_params; i++) {
        const lang_param *param = &macro->params[i];
        subs[i] = (lang_sub){param->name, param->standard, !param->has_standard};
        if (!param->positional)
            continue;
        if (lang_end(p, c) || lang_peek_is(p, c, "with"))
            return lang_bad(p, c, RIG_E_SYNTAX, "the macro wants %.*s here", RIG_VIEW_ARG(param->name));
        rig_scn_place place = lang_place(p, c->at);
        if (!pass(p, place, param, lang_next(p, c), &subs[i]))
            return false;
    }
    if (lang_take_word(p, c, "with"))
        return named_args(p, c, macro, subs);
    return lang_no_more(p, c);
}

typedef struct saved {
    lang_source *source;
    uint32_t num_subs, base_subs;
    rig_view local;
    rig_scn_place call;
} saved;

static saved enter(lang_parser *p, const lang_macro *macro, rig_scn_place place)
{
    saved old = {p->source, p->num_subs, p->base_subs, p->local, p->call};
    char buffer[LANG_NAME_MAX + 24];
    rig_text text;
    rig_text_init(&text, buffer, sizeof(buffer));
    for (size_t i = 0; i < macro->name.len; i++)
        rig_text_add(&text, "%c", macro->name.ptr[i] == '-' ? '_' : macro->name.ptr[i]);
    rig_text_add(&text, ".%u.", ++p->serial);
    p->local = lang_view(p, buffer, text.len);
    p->source = macro->source;
    p->base_subs = p->num_subs;
    if (p->depth++ == 0)
        p->call = place;
    p->cached_source = NULL;
    return old;
}

static void leave(lang_parser *p, const saved *old)
{
    p->source = old->source;
    p->num_subs = old->num_subs;
    p->base_subs = old->base_subs;
    p->local = old->local;
    p->call = old->call;
    p->depth--;
    p->cached_source = NULL;
}

static uint32_t first_indent(const lang_macro *macro)
{
    for (uint32_t i = macro->first_line; i < macro->last_line; i++)
        if (macro->source->lines[i].num > 0)
            return macro->source->lines[i].indent;
    return 0;
}

static bool expand(lang_parser *p, const lang_macro *macro, rig_scn_place place, const lang_sub *subs,
                   lines *out)
{
    if (p->depth >= RIG_SCN_MACRO_DEPTH)
        return lang_bad_at(p, place, RIG_E_LIMIT, "macros call each other more than %d deep",
                           RIG_SCN_MACRO_DEPTH);
    if (p->num_subs + macro->num_params > LANG_SUBS_MAX)
        return lang_bad_at(p, place, RIG_E_LIMIT, "too many macro parameters at once");
    saved old = enter(p, macro, place);
    for (uint32_t i = 0; i < macro->num_params; i++)
        p->subs[p->num_subs++] = subs[i];
    bool ok = body(p, macro->first_line, macro->last_line, first_indent(macro), out);
    leave(p, &old);
    return ok;
}

static bool call(lang_parser *p, lang_cursor *c, lines *out)
{
    rig_scn_place place = lang_place_span(p, c->at, c->end);
    const lang_macro *macro = find_macro(p, lang_peek(p, c));
    if (!macro)
        return unknown_line(p, c);
    c->at++;
    lang_sub subs[LANG_SUBS_MAX];
    return call_args(p, c, macro, subs) && expand(p, macro, place, subs, out);
}

/* Positional parameters are variables of the caller's: each its own, because some hold numbers and some text.
 */
static rig_view check_variable(lang_parser *p, rig_view name)
{
    char buffer[LANG_NAME_MAX + 3];
    rig_text text;
    rig_text_init(&text, buffer, sizeof buffer);
    rig_text_add(&text, "$:%.*s", RIG_VIEW_ARG(name));
    return lang_view(p, buffer, text.len);
}

/* A macro nobody calls is read too, so that its mistakes show. */
bool lang_macro_check(lang_parser *p, const lang_macro *macro)
{
    lang_sub subs[LANG_SUBS_MAX];
    lines out = {.ok = true};
    for (uint32_t i = 0; i < macro->num_params; i++) {
        const lang_param *param = &macro->params[i];
        subs[i] = (lang_sub){param->name, param->has_standard ? param->standard : rig_view_str("_"), false};
        if (param->positional)
            subs[i].value = check_variable(p, param->name);
    }
    lang_scope_begin(p);
    return expand(p, macro, (rig_scn_place){.line = 0}, subs, &out);
}

/* ---- lines of a block ---- */

static bool begins_line(lang_parser *p, lang_cursor *c)
{
    rig_view text = lang_peek(p, c);
    bool timed = text.len > 1 && text.ptr[0] == '+';
    return timed || rig_view_is(text, ">") || rig_view_is(text, "<") || rig_view_is(text, "!");
}

static bool play_tail(lang_parser *p, lang_cursor *c, rig_scn_line *line)
{
    if (!p->playing || !lang_take_word(p, c, "within"))
        return true;
    static const rig_scn_arg_row row = {"a time", RIG_SCN_T_TIME, RIG_SCN_BARE, true, NULL, NULL};
    rig_scn_value value;
    if (!lang_value_read(p, c, &row, &value))
        return false;
    line->within = value.number;
    return true;
}

static bool one_line(lang_parser *p, lang_cursor *c, lines *out)
{
    bool maybe = p->playing && lang_take_word(p, c, "maybe");
    bool raw = p->playing && lang_peek_is(p, c, "raw");
    if (!maybe && !raw && !begins_line(p, c))
        return call(p, c, out);
    if (out->vec.num >= RIG_SCN_TRACE_MAX)
        return lang_bad(p, c, RIG_E_LIMIT, "more than %d lines in one block", RIG_SCN_TRACE_MAX);
    rig_scn_line line;
    if (raw ? !lang_raw_read(p, c, &line) : !lang_line_read(p, c, &line))
        return false;
    rig_scn_line *entry = LANG_ADD(p, &out->vec, rig_scn_line);
    if (!entry)
        return lang_nomem(p->report);
    *entry = line;
    entry->maybe = maybe;
    return play_tail(p, c, entry) && lang_no_more(p, c);
}

static bool body(lang_parser *p, uint32_t line, uint32_t end_line, uint32_t indent, lines *out)
{
    bool ok = true;
    lang_stmt stmt;
    while (lang_next_stmt(p, &line, end_line, indent, &stmt)) {
        lang_cursor c = lang_words_of(p, stmt);
        ok = one_line(p, &c, out) && ok;
    }
    return ok;
}

/* ---- sections ---- */

static bool block(lang_parser *p, lang_stmt stmt, const rig_scn_line **out_lines, uint32_t *out_num)
{
    lines out = {.ok = true};
    lang_scope_begin(p);
    p->literal_on = true;
    bool ok = body(p, stmt.line + 1, stmt.end_line, lang_child_indent(p, stmt), &out);
    p->literal_on = false;
    *out_lines = out.vec.ptr;
    *out_num = out.vec.num;
    return ok;
}

bool lang_trace_section(lang_parser *p, lang_stmt stmt, lang_cursor rest)
{
    rig_scn_trace trace = {.place = lang_place(p, lang_words_on(p, stmt).at)};
    trace.some = lang_take_word(p, &rest, "some");
    if (lang_take_word(p, &rest, "when")) {
        bool holds;
        if (!lang_when_read(p, stmt.line, &rest, &holds))
            return false;
        if (!holds)
            return lang_no_more(p, &rest);
    }
    if (!lang_no_more(p, &rest))
        return false;
    trace.first_line = p->source->lines[stmt.line].number;
    trace.last_line = p->source->lines[stmt.end_line - 1].number;
    if (!block(p, stmt, &trace.lines, &trace.num_lines))
        return false;
    if (trace.num_lines == 0)
        return lang_bad_at(p, trace.place, RIG_E_SYNTAX, "the trace has no lines");
    rig_scn_trace *entry = LANG_ADD(p, &p->traces, rig_scn_trace);
    if (!entry)
        return lang_nomem(p->report);
    *entry = trace;
    return true;
}

bool lang_play_section(lang_parser *p, lang_stmt stmt, lang_cursor rest)
{
    rig_scn_play play = {.place = lang_place(p, lang_words_on(p, stmt).at)};
    play.target = lang_take_word(p, &rest, "target");
    if (!play.target && !lang_take_word(p, &rest, "initiator"))
        return lang_bad(p, &rest, RIG_E_SYNTAX, "play who? initiator or target");
    play.loose = lang_take_word(p, &rest, "loose");
    if (!lang_no_more(p, &rest))
        return false;
    p->playing = true;
    p->player_is_target = play.target;
    bool ok = block(p, stmt, &play.lines, &play.num_lines);
    p->playing = false;
    if (!ok)
        return false;
    if (play.num_lines == 0)
        return lang_bad_at(p, play.place, RIG_E_SYNTAX, "the play has no lines");
    rig_scn_play *entry = LANG_ADD(p, &p->plays, rig_scn_play);
    if (!entry)
        return lang_nomem(p->report);
    *entry = play;
    return true;
}
