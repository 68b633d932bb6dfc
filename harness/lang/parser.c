/* The parser's hands: words of the source with sweeps and macro parameters put in, statements by indentation.
 */
#include "lang.h"

static const char *const stops[] = {";",     "->",     "|",   ",",     "before",
                                    "after", "within", "has", "alone", "again"};

#define STOP_MAX 6 /* bytes of the longest */

bool lang_go_on(const lang_parser *p)
{
    return p->report->status != RIG_E_NOMEM && p->report->num < RIG_SCN_PROBLEMS_MAX;
}

rig_view lang_view(lang_parser *p, const char *text, size_t len)
{
    char *copy = lang_take(p->arena, len + 1);
    if (!copy) {
        lang_nomem(p->report);
        return (rig_view){NULL, 0};
    }
    if (len)
        memcpy(copy, text, len);
    return rig_view_of(copy, len);
}

rig_scn_place lang_place(const lang_parser *p, uint32_t token)
{
    const lang_token *t = &p->source->tokens[token];
    return (rig_scn_place){p->source->index, t->line, t->col, (uint32_t)t->text.len};
}

/* Substituted words have no exact inside: then the whole word is the place. */
rig_scn_place lang_place_in(const lang_parser *p, uint32_t token, rig_view part)
{
    rig_scn_place place = lang_place(p, token);
    rig_view raw = p->source->tokens[token].text;
    if (part.ptr && part.ptr >= raw.ptr && part.ptr + part.len <= raw.ptr + raw.len) {
        place.col += (uint32_t)(part.ptr - raw.ptr);
        place.len = (uint32_t)part.len;
    }
    return place;
}

rig_scn_place lang_place_span(const lang_parser *p, uint32_t first, uint32_t end)
{
    rig_scn_place place = lang_place(p, first);
    for (uint32_t i = first; i < end && p->source->tokens[i].line == place.line; i++)
        place.len = p->source->tokens[i].col + (uint32_t)p->source->tokens[i].text.len - place.col;
    return place;
}

/* ---- substitution ---- */

static const lang_sub *find_sub(const lang_parser *p, rig_view name)
{
    for (uint32_t i = p->num_subs; i-- > 0;)
        if ((i >= p->base_subs || i < p->file->num_sweeps) && rig_view_eq(p->subs[i].name, name))
            return &p->subs[i];
    return NULL;
}

static bool plain(rig_view value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] == ' ' || value.ptr[i] == '"' || value.ptr[i] == '\\')
            return false;
    return value.len > 0;
}

/* Puts a value in: between quotes it only needs escapes, outside it is quoted when it is no plain word. */
static void put_value(rig_text *out, rig_view value, bool quoted)
{
    bool wrap = !quoted && !plain(value);
    if (wrap)
        rig_text_add(out, "\"");
    for (size_t i = 0; i < value.len; i++) {
        bool escape = (quoted || wrap) && (value.ptr[i] == '"' || value.ptr[i] == '\\');
        rig_text_add(out, escape ? "\\%c" : "%c", value.ptr[i]);
    }
    if (wrap)
        rig_text_add(out, "\"");
}

typedef struct filler {
    rig_text out;
    bool quoted;
    bool absent;
    bool changed;
} filler;

/* The $name at the beginning of rest; returns how much of it was used. */
static size_t fill_name(lang_parser *p, filler *fill, rig_view rest)
{
    size_t len = lang_name_len(rig_view_sub(rest, 1, rest.len));
    const lang_sub *sub = len ? find_sub(p, rig_view_sub(rest, 1, len)) : NULL;
    if (!sub) {
        rig_text_add(&fill->out, "$");
        return 1;
    }
    fill->changed = true;
    fill->absent = fill->absent || sub->absent;
    rig_view value = sub->value;
    size_t used = 1 + len;
    if (used + 1 < rest.len && rest.ptr[used] == '.') {
        size_t more = lang_name_len(rig_view_sub(rest, used + 1, rest.len));
        rig_view member = lang_flags_member(value, rig_view_sub(rest, used + 1, more));
        if (more && member.ptr) {
            value = member;
            used += 1 + more;
        }
    }
    if (sub >= p->subs + p->file->num_sweeps) /* a macro's argument is a pattern in notation already */
        rig_text_view(&fill->out, value);
    else
        put_value(&fill->out, value, fill->quoted);
    return used;
}

static rig_view substitute(lang_parser *p, rig_view raw, bool *out_absent)
{
    char buffer[RIG_SCN_LINE_MAX * 2];
    filler fill = {.quoted = false};
    rig_text_init(&fill.out, buffer, sizeof(buffer));
    for (rig_view rest = raw; rest.len > 0;) {
        size_t used = 1;
        if (rest.ptr[0] == '$') {
            used = fill_name(p, &fill, rest);
        } else if (rest.ptr[0] == '\\' && fill.quoted && rest.len > 1) {
            used = 2;
            rig_text_view(&fill.out, rig_view_sub(rest, 0, 2));
        } else {
            fill.quoted ^= rest.ptr[0] == '"';
            rig_text_view(&fill.out, rig_view_sub(rest, 0, 1));
        }
        rest = rig_view_sub(rest, used, rest.len);
    }
    *out_absent = fill.absent;
    if (fill.out.cut)
        lang_problem(p->report, p->source->path, 0, 0, RIG_E_LIMIT,
                     "a value put in makes a word longer than %d bytes", RIG_SCN_LINE_MAX * 2);
    return fill.changed ? lang_view(p, buffer, fill.out.len) : raw;
}

static rig_view text_at(lang_parser *p, uint32_t at, bool *out_absent)
{
    const lang_token *token = &p->source->tokens[at];
    *out_absent = false;
    if (!token->dollar || p->num_subs == 0)
        return token->text;
    if (p->cached_source != p->source || p->cached != at) {
        p->cache = substitute(p, token->text, &p->cache_absent);
        p->cached_source = p->source;
        p->cached = at;
    }
    *out_absent = p->cache_absent;
    return p->cache;
}

/* ---- cursor ---- */

rig_view lang_peek(lang_parser *p, lang_cursor *c)
{
    for (bool absent; c->at < c->end; c->at++) {
        rig_view text = text_at(p, c->at, &absent);
        if (!absent)
            return text;
    }
    return (rig_view){NULL, 0};
}

bool lang_end(lang_parser *p, lang_cursor *c)
{
    lang_peek(p, c);
    return c->at >= c->end;
}

rig_view lang_next(lang_parser *p, lang_cursor *c)
{
    rig_view text = lang_peek(p, c);
    if (c->at < c->end)
        c->at++;
    return text;
}

bool lang_peek_is(lang_parser *p, lang_cursor *c, const char *word)
{
    return rig_view_is(lang_peek(p, c), word);
}

bool lang_take_word(lang_parser *p, lang_cursor *c, const char *word)
{
    if (lang_end(p, c) || !lang_peek_is(p, c, word))
        return false;
    c->at++;
    return true;
}

/* Requirement ids stand in brackets; so do IPv6 addresses, which have a colon. */
static bool is_ids(rig_view text)
{
    return text.len > 0 && text.ptr[0] == '[' && rig_view_find(text, ':') == text.len;
}

bool lang_at_stop(lang_parser *p, lang_cursor *c)
{
    rig_view text = lang_peek(p, c);
    if (c->at >= c->end || is_ids(text))
        return true;
    if (text.len > STOP_MAX)
        return false;
    for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
        if (rig_view_is(text, stops[i]))
            return true;
    return false;
}

bool lang_no_more(lang_parser *p, lang_cursor *c)
{
    if (lang_end(p, c))
        return true;
    rig_view text = rig_view_sub(lang_peek(p, c), 0, 60);
    return lang_bad(p, c, RIG_E_SYNTAX, "\"%.*s\" is one word too many here", RIG_VIEW_ARG(text));
}

static bool hex_escape(rig_view rest, uint8_t *out)
{
    return rest.len >= 4 && rest.ptr[1] == 'x' && rig_hex_parse(rig_view_sub(rest, 2, 2), out, 1) == 1;
}

rig_view lang_unquote(lang_parser *p, rig_view raw)
{
    if (rig_view_find(raw, '"') == raw.len)
        return raw;
    char *out = lang_take(p->arena, raw.len + 1);
    if (!out) {
        lang_nomem(p->report);
        return (rig_view){NULL, 0};
    }
    size_t len = 0;
    bool quoted = false;
    for (rig_view rest = raw; rest.len > 0;) {
        size_t used = 1;
        uint8_t byte = rest.ptr[0];
        if (byte == '\\' && quoted && rest.len > 1) {
            used = hex_escape(rest, &byte) ? 4 : 2;
            if (used == 2)
                byte = rest.ptr[1] == 'n' ? '\n' : rest.ptr[1];
        }
        if (byte == '"' && used == 1)
            quoted = !quoted;
        else
            out[len++] = (char)byte;
        rest = rig_view_sub(rest, used, rest.len);
    }
    return rig_view_of(out, len);
}

rig_view lang_text_of(lang_parser *p, uint32_t first, uint32_t end)
{
    size_t size = 1;
    bool absent;
    for (uint32_t i = first; i < end; i++)
        size += text_at(p, i, &absent).len + 1;
    char *buffer = lang_take(p->arena, size);
    if (!buffer) {
        lang_nomem(p->report);
        return (rig_view){NULL, 0};
    }
    rig_text text;
    rig_text_init(&text, buffer, size);
    for (uint32_t i = first; i < end; i++) {
        rig_text_add(&text, "%s", i > first ? " " : "");
        rig_text_view(&text, text_at(p, i, &absent));
    }
    return rig_view_of(buffer, text.len);
}

/* ---- statements ---- */

lang_stmt lang_stmt_at(const lang_source *source, uint32_t line, uint32_t end_line)
{
    lang_stmt stmt = {line, line + 1};
    for (uint32_t i = line + 1; i < end_line; i++) {
        if (source->lines[i].num == 0)
            continue;
        if (source->lines[i].indent <= source->lines[line].indent)
            break;
        stmt.end_line = i + 1;
    }
    return stmt;
}

lang_cursor lang_words_on(const lang_parser *p, lang_stmt stmt)
{
    const lang_line *line = &p->source->lines[stmt.line];
    return (lang_cursor){line->first, line->first + line->num};
}

lang_cursor lang_words_of(const lang_parser *p, lang_stmt stmt)
{
    const lang_line *last = &p->source->lines[stmt.end_line - 1];
    return (lang_cursor){p->source->lines[stmt.line].first, last->first + last->num};
}

uint32_t lang_child_indent(const lang_parser *p, lang_stmt stmt)
{
    for (uint32_t i = stmt.line + 1; i < stmt.end_line; i++)
        if (p->source->lines[i].num > 0)
            return p->source->lines[i].indent;
    return 0;
}

bool lang_next_stmt(lang_parser *p, uint32_t *line, uint32_t end_line, uint32_t indent, lang_stmt *out)
{
    while (*line < end_line && p->source->lines[*line].num == 0)
        ++*line;
    if (*line >= end_line)
        return false;
    *out = lang_stmt_at(p->source, *line, end_line);
    *line = out->end_line;
    const lang_line *first = &p->source->lines[out->line];
    if (first->indent != indent) {
        lang_cursor c = lang_words_on(p, *out);
        lang_bad(p, &c, RIG_E_SYNTAX, "the indent of %u blanks fits no line above; %u would", first->indent,
                 indent);
    }
    return lang_go_on(p);
}

bool lang_section_each(lang_parser *p, lang_stmt stmt, lang_cursor rest, lang_each_fn *each)
{
    bool ok = true;
    if (!lang_end(p, &rest)) {
        lang_stmt on_line = {stmt.line, stmt.line + 1};
        ok = each(p, on_line, &rest) && lang_no_more(p, &rest);
    }
    uint32_t indent = lang_child_indent(p, stmt);
    lang_stmt child;
    for (uint32_t line = stmt.line + 1; lang_next_stmt(p, &line, stmt.end_line, indent, &child);) {
        lang_cursor c = lang_words_of(p, child);
        ok = each(p, child, &c) && lang_no_more(p, &c) && ok;
    }
    return ok;
}
