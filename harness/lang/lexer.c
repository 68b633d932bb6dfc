/* Text to lines and words. Everything that depends on a meaning is left to the parsers. */
#include "lang.h"

typedef struct lexer {
    lang_arena *arena;
    lang_report *report;
    lang_source *source;
    lang_vec tokens;
    lang_vec lines;
    rig_view line; /* the line being cut */
    uint32_t number;
} lexer;

static bool complain(lexer *lx, size_t at, rig_status status, const char *what)
{
    return lang_problem(lx->report, lx->source->path, lx->number, (uint32_t)at + 1, status, "%s", what);
}

/* A line must be UTF-8 without control characters, so that every message can show it. */
static bool check_line(lexer *lx)
{
    if (lx->line.len > RIG_SCN_LINE_MAX)
        return complain(lx, RIG_SCN_LINE_MAX, RIG_E_LIMIT, "the line is longer than 8192 bytes");
    const uint8_t *bytes = lx->line.ptr;
    for (size_t at = 0; at < lx->line.len;) {
        uint32_t code = bytes[at];
        if (code == '\t')
            return complain(lx, at, RIG_E_SYNTAX, "a tab: indent and separate with blanks");
        if (code < 0x20 || code == 0x7f)
            return complain(lx, at, RIG_E_SYNTAX, "a control character: write it as \\xNN in quotes");
        rig_view rest = {bytes + at, lx->line.len - at};
        if (code < 0x80)
            at++;
        else if (rig_utf8_next(&rest, &code))
            at = lx->line.len - rest.len;
        else
            return complain(lx, at, RIG_E_SYNTAX, "no valid UTF-8");
    }
    return true;
}

/* The end of the word that begins at `at`: blanks in quotes and parentheses belong to it. */
static bool word_end(lexer *lx, size_t at, size_t *out_end)
{
    const uint8_t *s = lx->line.ptr;
    size_t start = at, quote = SIZE_MAX, open = SIZE_MAX;
    uint32_t depth = 0;
    for (; at < lx->line.len; at++) {
        if (quote != SIZE_MAX) {
            if (s[at] == '\\')
                at++;
            else if (s[at] == '"')
                quote = SIZE_MAX;
            continue;
        }
        if (s[at] == ' ' && depth == 0)
            break;
        if (s[at] == '"')
            quote = at;
        if (s[at] == '(' && at > start && depth++ == 0)
            open = at;
        if (s[at] == ')' && depth > 0)
            depth--;
    }
    if (quote != SIZE_MAX)
        return complain(lx, quote, RIG_E_SYNTAX, "the quote is never closed");
    if (depth > 0)
        return complain(lx, open, RIG_E_SYNTAX, "the parenthesis is never closed");
    *out_end = at < lx->line.len ? at : lx->line.len;
    return true;
}

static bool add_token(lexer *lx, size_t at, size_t end)
{
    if (lx->tokens.num >= RIG_SCN_TOKENS_MAX)
        return complain(lx, at, RIG_E_LIMIT, "more than 4000000 words in one file");
    lang_token *token = lang_vec_add(lx->arena, &lx->tokens, sizeof(*token));
    if (!token)
        return lang_nomem(lx->report);
    token->text = rig_view_of(lx->line.ptr + at, end - at);
    token->line = lx->number;
    token->col = (uint32_t)at + 1;
    token->dollar = rig_view_find(token->text, '$') < token->text.len;
    return true;
}

static bool separates(uint8_t byte)
{
    return byte == ',' || byte == ';';
}

/* A comma or semicolon at a word's end is a word of its own. */
static bool add_word(lexer *lx, size_t at, size_t end)
{
    size_t core = end;
    while (core > at && separates(lx->line.ptr[core - 1]))
        core--;
    if (core > at && !add_token(lx, at, core))
        return false;
    for (; core < end; core++)
        if (!add_token(lx, core, core + 1))
            return false;
    return true;
}

static bool cut_line(lexer *lx, lang_line *line)
{
    const uint8_t *s = lx->line.ptr;
    size_t len = lx->line.len, at = 0;
    while (at < len && s[at] == ' ')
        at++;
    line->indent = (uint32_t)at;
    while (at < len) {
        if (s[at] == ' ') {
            at++;
            continue;
        }
        if (s[at] == '#') {
            while (s[len - 1] == ' ')
                len--;
            line->comment = rig_view_of(s + at, len - at);
            return true;
        }
        size_t end = at;
        if (!word_end(lx, at, &end) || !add_word(lx, at, end))
            return false;
        at = end;
    }
    return true;
}

static bool lex_line(lexer *lx, rig_view text)
{
    lx->number++;
    if (text.len > 0 && text.ptr[text.len - 1] == '\r')
        text.len--;
    lx->line = text;
    if (lx->number > RIG_SCN_LINES_MAX)
        return complain(lx, 0, RIG_E_LIMIT, "more than 400000 lines");
    if (!check_line(lx))
        return false;
    lang_line *line = lang_vec_add(lx->arena, &lx->lines, sizeof(*line));
    if (!line)
        return lang_nomem(lx->report);
    line->number = lx->number;
    line->first = lx->tokens.num;
    bool ok = cut_line(lx, line);
    line->num = lx->tokens.num - line->first;
    return ok;
}

bool lang_lex(lang_arena *arena, rig_view path, rig_view text, lang_source *out, lang_report *report)
{
    out->path = path;
    out->text = text;
    lexer lx = {.arena = arena, .report = report, .source = out};
    if (text.len > RIG_SCN_FILE_MAX)
        return lang_problem(report, path, 0, 0, RIG_E_LIMIT, "the file is larger than 16 MiB");
    bool ok = true;
    for (rig_view rest = text; rest.ptr && report->status != RIG_E_NOMEM && lx.number <= RIG_SCN_LINES_MAX;) {
        if (rest.len == 0)
            break;
        ok = lex_line(&lx, rig_view_split(&rest, '\n')) && ok;
        if (report->num >= RIG_SCN_PROBLEMS_MAX)
            break;
    }
    out->tokens = lx.tokens.ptr;
    out->num_tokens = lx.tokens.num;
    out->lines = lx.lines.ptr;
    out->num_lines = lx.lines.num;
    return ok && report->status == RIG_OK;
}
