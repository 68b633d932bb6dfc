/* What stands before all cases: the words of the scenario and its includes, macros, sweeps. */
#include "lang.h"

void lang_parser_init(lang_parser *p, const rig_scn_file *file, lang_arena *arena, lang_report *report)
{
    memset(p, 0, sizeof(*p));
    p->file = file;
    p->arena = arena;
    p->report = report;
    p->source = file->num_sources ? file->sources[0] : NULL;
}

/* ---- sweeps ---- */

static bool add_value(lang_parser *p, lang_vec *values, rig_scn_place place, rig_view value)
{
    if (values->num >= RIG_SCN_VALUES_MAX)
        return lang_bad_at(p, place, RIG_E_LIMIT, "more than %d values in a sweep", RIG_SCN_VALUES_MAX);
    rig_view *entry = LANG_ADD(p, values, rig_view);
    if (!entry)
        return lang_nomem(p->report);
    *entry = value;
    return true;
}

static rig_view trimmed(rig_view text)
{
    while (text.len > 0 && text.ptr[0] == ' ')
        text = rig_view_sub(text, 1, text.len);
    while (text.len > 0 && text.ptr[text.len - 1] == ' ')
        text.len--;
    return text;
}

static bool range(rig_view text, uint64_t *out_low, uint64_t *out_high)
{
    for (size_t i = 0; i + 1 < text.len; i++)
        if (text.ptr[i] == '.' && text.ptr[i + 1] == '.')
            return rig_view_u64(rig_view_sub(text, 0, i), out_low) &&
                   rig_view_u64(rig_view_sub(text, i + 2, text.len), out_high);
    return false;
}

static bool add_entry(lang_parser *p, lang_vec *values, rig_scn_place place, rig_view text)
{
    uint64_t low, high;
    text = trimmed(text);
    if (text.len == 0)
        return lang_bad_at(p, place, RIG_E_SYNTAX,
                           "a value of the sweep is empty: write \"\" for empty text");
    if (!range(text, &low, &high))
        return add_value(p, values, place, lang_unquote(p, text));
    if (low > high)
        return lang_bad_at(p, place, RIG_E_SYNTAX,
                           "the range is empty: its lower end is above the upper one");
    for (uint64_t n = low;; n++) {
        char buffer[24];
        rig_text out;
        rig_text_init(&out, buffer, sizeof(buffer));
        rig_text_add(&out, "%llu", (unsigned long long)n);
        if (!add_value(p, values, place, lang_view(p, buffer, out.len)))
            return false;
        if (n == high)
            return true;
    }
}

/* The part before the next comma outside quotes. */
static rig_view next_entry(rig_view *rest)
{
    size_t i = 0;
    bool quoted = false;
    for (; i < rest->len && (quoted || rest->ptr[i] != ','); i++) {
        if (quoted && rest->ptr[i] == '\\')
            i++;
        else
            quoted ^= rest->ptr[i] == '"';
    }
    rig_view entry = rig_view_sub(*rest, 0, i);
    *rest = i < rest->len ? rig_view_sub(*rest, i + 1, rest->len) : (rig_view){NULL, 0};
    return entry;
}

static bool read_list(lang_parser *p, lang_cursor *c, lang_vec *values)
{
    rig_scn_place place = c->at < c->end ? lang_place_span(p, c->at, c->end) : lang_place(p, c->at - 1);
    rig_view text = lang_text_of(p, c->at, c->end);
    if (text.len < 2 || text.ptr[0] != '[' || text.ptr[text.len - 1] != ']')
        return lang_bad_at(p, place, RIG_E_SYNTAX, "write sweep NAME in [VALUE, VALUE] or [1..4]");
    for (rig_view rest = rig_view_sub(text, 1, text.len - 2); rest.ptr;)
        if (!add_entry(p, values, place, next_entry(&rest)))
            return false;
    return true;
}

/* -D NAME=VALUE puts its values in the place of the sweep's. */
static bool read_defines(lang_parser *p, const rig_scn_file *file, rig_scn_place place, rig_view name,
                         lang_vec *values)
{
    for (uint32_t i = 0; i < file->config.num_defines; i++) {
        const rig_scn_binding *define = &file->config.defines[i];
        if (!rig_view_eq(define->name, name))
            continue;
        values->num = 0;
        if (define->value.len == 0)
            return add_value(p, values, place, rig_view_of("", 0));
        for (rig_view rest = define->value; rest.ptr;)
            if (!add_entry(p, values, place, next_entry(&rest)))
                return false;
    }
    return true;
}

static bool sweep_name(lang_parser *p, const rig_scn_file *file, lang_cursor *c, rig_view *out)
{
    *out = lang_peek(p, c);
    if (lang_end(p, c) || !lang_name_ok(*out))
        return lang_bad(p, c, RIG_E_SYNTAX, "a sweep's name has letters, digits and _");
    for (uint32_t i = 0; i < file->num_sweeps; i++)
        if (rig_view_eq(file->sweeps[i].name, *out))
            return lang_bad(p, c, RIG_E_EXISTS, "the sweep is there already, in line %u",
                            file->sweeps[i].line);
    if (file->num_sweeps >= RIG_SCN_SWEEPS_MAX)
        return lang_bad(p, c, RIG_E_LIMIT, "more than %d sweeps", RIG_SCN_SWEEPS_MAX);
    c->at++;
    return true;
}

bool lang_sweep_read(lang_parser *p, rig_scn_file *file, lang_stmt stmt)
{
    lang_cursor c = lang_words_of(p, stmt);
    c.at++;
    lang_sweep *sweep = &file->sweeps[file->num_sweeps < RIG_SCN_SWEEPS_MAX ? file->num_sweeps : 0];
    rig_view name;
    if (!sweep_name(p, file, &c, &name))
        return false;
    rig_scn_place place = lang_place(p, c.at - 1);
    if (!lang_take_word(p, &c, "in"))
        return lang_bad(p, &c, RIG_E_SYNTAX, "write sweep NAME in [VALUE, VALUE] or [1..4]");
    lang_vec values = {.num = 0};
    if (!read_list(p, &c, &values) || !read_defines(p, file, place, name, &values))
        return false;
    if ((uint64_t)file->cases * values.num > RIG_SCN_CASES_MAX)
        return lang_bad_at(p, place, RIG_E_LIMIT, "the sweeps make more than %d cases", RIG_SCN_CASES_MAX);
    *sweep = (lang_sweep){name, values.ptr, values.num, place.line, place.col};
    file->num_sweeps++;
    file->cases *= values.num;
    return true;
}

/* ---- macros ---- */

static bool add_param(lang_parser *p, lang_vec *params, const lang_cursor *c, lang_param param)
{
    const lang_param *all = params->ptr;
    if (!lang_name_ok(param.name))
        return lang_bad(p, c, RIG_E_SYNTAX, "a parameter's name has letters, digits and _");
    for (uint32_t i = 0; i < params->num; i++)
        if (rig_view_eq(all[i].name, param.name))
            return lang_bad(p, c, RIG_E_EXISTS, "the parameter is there twice");
    if (params->num >= LANG_SUBS_MAX)
        return lang_bad(p, c, RIG_E_LIMIT, "more than %d parameters", LANG_SUBS_MAX);
    lang_param *entry = LANG_ADD(p, params, lang_param);
    if (!entry)
        return lang_nomem(p->report);
    *entry = param;
    return true;
}

static bool read_params(lang_parser *p, lang_cursor *c, lang_vec *params)
{
    for (; !lang_end(p, c) && !lang_peek_is(p, c, "with"); c->at++) {
        rig_view text = lang_peek(p, c);
        if (text.ptr[0] != '$')
            return lang_bad(p, c, RIG_E_SYNTAX, "write macro NAME $parameter with NAME=PATTERN");
        if (!add_param(p, params, c,
                       (lang_param){.name = rig_view_sub(text, 1, text.len), .positional = true}))
            return false;
    }
    if (!lang_take_word(p, c, "with"))
        return true;
    for (; !lang_end(p, c); c->at++) {
        rig_view text = lang_peek(p, c);
        size_t equal = lang_split_pair(text);
        lang_param param = {.name = rig_view_sub(text, 0, equal), .has_standard = equal < text.len};
        param.standard = rig_view_sub(text, equal + 1, text.len);
        if (!add_param(p, params, c, param))
            return false;
    }
    return true;
}

bool lang_macro_read(lang_parser *p, rig_scn_file *file, lang_stmt stmt)
{
    lang_cursor c = lang_words_on(p, stmt);
    c.at++;
    lang_macro macro = {.source = p->source, .token = c.at, .name = lang_peek(p, &c)};
    if (lang_end(p, &c))
        return lang_bad(p, &c, RIG_E_SYNTAX, "the macro wants a name");
    if (macro.name.len > LANG_NAME_MAX || rig_scn_event_find(macro.name))
        return lang_bad(p, &c, RIG_E_SYNTAX, "no name for a macro: too long, or an event's");
    for (uint32_t i = 0; i < file->num_macros; i++)
        if (rig_view_eq(file->macros[i].name, macro.name))
            return lang_bad(p, &c, RIG_E_EXISTS, "the macro is there already, in line %u of %.*s",
                            file->macros[i].source->tokens[file->macros[i].token].line,
                            RIG_VIEW_ARG(rig_view_sub(file->macros[i].source->path, 0, 100)));
    if (file->num_macros >= LANG_MACROS_MAX)
        return lang_bad(p, &c, RIG_E_LIMIT, "more than %d macros", LANG_MACROS_MAX);
    c.at++;
    lang_vec params = {.num = 0};
    if (!read_params(p, &c, &params))
        return false;
    macro.params = params.ptr;
    macro.num_params = params.num;
    macro.first_line = stmt.line + 1;
    macro.last_line = stmt.end_line;
    if (stmt.end_line == stmt.line + 1)
        return lang_bad(p, &c, RIG_E_SYNTAX, "the macro has no lines");
    file->macros[file->num_macros++] = macro;
    return true;
}

/* ---- files ---- */

typedef struct loader {
    rig_scn_file *file;
    lang_report *report;
    uint32_t stack[RIG_SCN_INCLUDE_DEPTH + 1]; /* files being read, the scenario first */
    uint32_t depth;
} loader;

static bool load_source(loader *ld, rig_view path, rig_view text);

static bool on_stack(const loader *ld, rig_view path)
{
    for (uint32_t i = 0; i < ld->depth; i++)
        if (rig_view_eq(ld->file->sources[ld->stack[i]]->path, path))
            return true;
    return false;
}

/* "a.inc includes b.inc, which includes a.inc": from where the circle is entered. */
static bool in_a_circle(loader *ld, lang_parser *p, lang_cursor *c, rig_view path)
{
    char chain[200];
    rig_text out;
    uint32_t i = 0;
    rig_text_init(&out, chain, sizeof chain);
    while (i + 1 < ld->depth && !rig_view_eq(ld->file->sources[ld->stack[i]]->path, path))
        i++;
    for (uint32_t from = i; i < ld->depth; i++)
        rig_text_add(&out, "%.*s %s ", RIG_VIEW_ARG(ld->file->sources[ld->stack[i]]->path),
                     i == from ? "includes" : "which includes");
    rig_text_view(&out, path);
    return lang_bad(p, c, RIG_E_SYNTAX, "the file includes itself: %s", chain);
}

static bool known_source(const loader *ld, rig_view path)
{
    for (uint32_t i = 0; i < ld->file->num_sources; i++)
        if (rig_view_eq(ld->file->sources[i]->path, path))
            return true;
    return false;
}

static bool include(loader *ld, lang_parser *p, lang_stmt stmt)
{
    lang_cursor c = lang_words_of(p, stmt);
    c.at++;
    const rig_scn_config *config = &ld->file->config;
    if (lang_end(p, &c))
        return lang_bad(p, &c, RIG_E_SYNTAX, "include what? write include \"login.inc\"");
    rig_view name = lang_unquote(p, lang_peek(p, &c)), path = {NULL, 0}, text = {NULL, 0};
    rig_status status = RIG_E_NOT_FOUND;
    if (config->load)
        status = config->load(config->ctx, name, p->source->path, &path, &text);
    if (status != RIG_OK)
        return lang_bad(p, &c, status, "the file cannot be read: %s", rig_status_name(status));
    if (on_stack(ld, path))
        return in_a_circle(ld, p, &c, path);
    if (ld->depth > RIG_SCN_INCLUDE_DEPTH)
        return lang_bad(p, &c, RIG_E_LIMIT, "includes are nested more than %d deep", RIG_SCN_INCLUDE_DEPTH);
    if (ld->file->num_sources >= RIG_SCN_INCLUDES_MAX)
        return lang_bad(p, &c, RIG_E_LIMIT, "more than %d files", RIG_SCN_INCLUDES_MAX);
    c.at++;
    return lang_no_more(p, &c) && (known_source(ld, path) || load_source(ld, path, text));
}

static bool top_stmt(loader *ld, lang_parser *p, lang_stmt stmt)
{
    lang_cursor c = lang_words_on(p, stmt);
    rig_view word = lang_peek(p, &c);
    if (rig_view_is(word, "include"))
        return include(ld, p, stmt);
    if (rig_view_is(word, "macro"))
        return lang_macro_read(p, ld->file, stmt);
    if (p->source->index > 0 && !rig_view_is(word, "target"))
        return lang_bad(p, &c, RIG_E_SYNTAX,
                        "an included file holds macros, a target section and includes only");
    return !rig_view_is(word, "sweep") || lang_sweep_read(p, ld->file, stmt);
}

static bool load_source(loader *ld, rig_view path, rig_view text)
{
    rig_scn_file *file = ld->file;
    lang_source *source = lang_take(&file->arena, sizeof(*source));
    if (!source)
        return lang_nomem(ld->report);
    source->index = file->num_sources;
    source->path = path;
    file->sources[file->num_sources++] = source;
    if (!lang_lex(&file->arena, path, text, source, ld->report))
        return false;
    lang_parser *p = rig_new(file->config.alloc, sizeof(*p));
    if (!p)
        return lang_nomem(ld->report);
    lang_parser_init(p, file, &file->arena, ld->report);
    p->source = source;
    ld->stack[ld->depth++] = source->index;
    bool ok = true;
    lang_stmt stmt;
    for (uint32_t line = 0; lang_next_stmt(p, &line, source->num_lines, 0, &stmt);)
        ok = top_stmt(ld, p, stmt) && ok;
    ld->depth--;
    if (source->index > 0)
        file->included[file->num_included++] = source;
    rig_delete(file->config.alloc, p, sizeof(*p));
    return ok && ld->report->status == RIG_OK;
}

/* A line under trace or play that begins with none of the marks of a line calls a macro. */
static bool calls_macro(rig_view text)
{
    static const char *const others[] = {">", "<", "!", "raw", "maybe", "keys", "data"};
    if (rig_view_find(text, '=') < text.len || text.ptr[0] == '+' || text.ptr[0] == '!')
        return false;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (rig_view_is(text, others[i]))
            return false;
    return true;
}

static bool wants_standard(const lang_source *source)
{
    uint32_t block = UINT32_MAX; /* indent of the trace or play being passed */
    for (uint32_t i = 0; i < source->num_lines; i++) {
        const lang_line *line = &source->lines[i];
        if (line->num == 0)
            continue;
        rig_view text = source->tokens[line->first].text;
        if (line->indent <= block)
            block = UINT32_MAX;
        if (block != UINT32_MAX && calls_macro(text))
            return true;
        if (rig_view_is(text, "trace") || rig_view_is(text, "play"))
            block = line->indent;
    }
    return false;
}

/* A scenario that calls macros and includes none gets the standard ones. */
static bool load_standard(loader *ld)
{
    const rig_scn_config *config = &ld->file->config;
    rig_view path, text;
    if (ld->file->num_macros > 0 || ld->file->num_sources == RIG_SCN_INCLUDES_MAX || !config->load ||
        !wants_standard(ld->file->sources[0]))
        return true;
    rig_view from = ld->file->sources[0]->path;
    if (config->load(config->ctx, rig_view_str(RIG_SCN_STANDARD), from, &path, &text) != RIG_OK)
        return true; /* then the call is an unknown macro, with its place */
    return load_source(ld, path, text);
}

bool lang_load(rig_scn_file *file, rig_view path, rig_view text, lang_report *report)
{
    loader ld = {.file = file, .report = report};
    file->cases = 1;
    return load_source(&ld, path, text) && load_standard(&ld);
}
