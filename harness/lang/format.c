/* fmt: the canonical layout of a file, words and comments kept. */
#include "lang.h"

#define STEP 2          /* blanks a level is indented */
#define CONTINUED 4     /* blanks a continuation is indented more than its line */
#define COMMENT_MAX 100 /* comments of neighbouring lines are aligned up to this column */
#define NAME_WIDTH 9    /* as in print.c */

typedef struct printed {
    rig_view text;
    rig_view comment;
    uint32_t width; /* characters of text */
    bool blank;
    bool alone; /* a comment on its own line */
} printed;

typedef struct formatter {
    lang_arena arena;
    lang_source source;
    lang_report report;
    lang_vec lines;
    bool ok;
} formatter;

typedef enum kind { TOP, SECTION, LINES } kind;

static uint32_t width_of(rig_view text)
{
    uint32_t width = 0;
    for (size_t i = 0; i < text.len; i++)
        width += (text.ptr[i] & 0xc0) != 0x80;
    return width;
}

static rig_view token_at(const formatter *f, const lang_line *line, uint32_t i)
{
    return f->source.tokens[line->first + i].text;
}

static bool is_direction(rig_view text)
{
    return rig_view_is(text, ">") || rig_view_is(text, "<");
}

/* What stands between two words of a line. */
static uint32_t gap(const formatter *f, const lang_line *line, uint32_t i, kind where)
{
    rig_view here = token_at(f, line, i), before = token_at(f, line, i - 1);
    if (rig_view_is(here, ","))
        return 0;
    if (where == LINES && i >= 2 && is_direction(token_at(f, line, i - 2)) && before.len < NAME_WIDTH)
        return NAME_WIDTH + 1 - (uint32_t)before.len;
    if (where == TOP) {
        const rig_scn_word *word = lang_word_find(RIG_SCN_G_HEAD, here);
        bool begins = word && word->id < LANG_INCLUDE && token_at(f, line, 0).ptr != here.ptr;
        bool listed = lang_word_find(RIG_SCN_G_HEAD, token_at(f, line, 0)) &&
                      !lang_is_section(lang_word_find(RIG_SCN_G_HEAD, token_at(f, line, 0))->id);
        return begins && listed ? STEP * 2 : 1;
    }
    return 1;
}

static bool print_line(formatter *f, const lang_line *line, uint32_t indent, kind where)
{
    size_t size = indent + 1;
    for (uint32_t i = 0; i < line->num; i++)
        size += token_at(f, line, i).len + NAME_WIDTH + 1;
    char *buffer = lang_take(&f->arena, size);
    printed *out = lang_vec_add(&f->arena, &f->lines, sizeof(*out));
    if (!buffer || !out)
        return lang_nomem(&f->report);
    rig_text text;
    rig_text_init(&text, buffer, size);
    rig_text_add(&text, "%*s", (int)indent, "");
    for (uint32_t i = 0; i < line->num; i++) {
        if (i > 0)
            rig_text_add(&text, "%*s", (int)gap(f, line, i, where), "");
        rig_text_view(&text, token_at(f, line, i));
    }
    *out = (printed){.text = rig_view_of(buffer, text.len), .comment = line->comment};
    out->alone = line->num == 0 && line->comment.len > 0;
    out->blank = line->num == 0 && line->comment.len == 0;
    out->width = width_of(out->text);
    return true;
}

/* ---- the shape of a file: what each line is, by indentation ---- */

static bool print_block(formatter *f, uint32_t line, uint32_t end, uint32_t indent, kind where);

static kind kind_of(const formatter *f, const lang_line *line)
{
    const rig_scn_word *word = lang_word_find(RIG_SCN_G_HEAD, token_at(f, line, 0));
    bool lines = word && (word->id == LANG_TRACE || word->id == LANG_PLAY || word->id == LANG_MACRO);
    return lines ? LINES : SECTION;
}

static bool opens_block(const formatter *f, const lang_line *line, kind where)
{
    const rig_scn_word *word = lang_word_find(RIG_SCN_G_HEAD, token_at(f, line, 0));
    if (!word || !lang_is_section(word->id))
        return false;
    return where == TOP ||
           (where == SECTION && (word->id == LANG_TRACE || word->id == LANG_PLAY || word->id == LANG_WHEN));
}

/* Lines behind a statement's first: comments keep to the statement, words are indented once more. */
static bool print_rest(formatter *f, uint32_t line, uint32_t end, uint32_t indent, kind where)
{
    for (; line < end; line++)
        if (!print_line(f, &f->source.lines[line], indent + CONTINUED, where == LINES ? SECTION : where))
            return false;
    return true;
}

static bool print_stmt(formatter *f, lang_stmt stmt, uint32_t indent, kind where)
{
    const lang_line *first = &f->source.lines[stmt.line];
    if (!print_line(f, first, indent, where))
        return false;
    if (opens_block(f, first, where))
        return print_block(f, stmt.line + 1, stmt.end_line, indent + STEP, kind_of(f, first));
    return print_rest(f, stmt.line + 1, stmt.end_line, indent, where);
}

static bool bad_indent(formatter *f, const lang_line *line, uint32_t wanted)
{
    return lang_problem(&f->report, f->source.path, line->number, line->indent + 1, RIG_E_SYNTAX,
                        "the indent of %u blanks fits no line above; %u would", line->indent, wanted);
}

/* Comment lines in front of a block's first statement or between two are at the block's level. */
static bool print_block(formatter *f, uint32_t line, uint32_t end, uint32_t indent, kind where)
{
    bool known = where == TOP;
    uint32_t wanted = 0;
    while (line < end) {
        const lang_line *here = &f->source.lines[line];
        if (here->num == 0) {
            if (!print_line(f, here, here->comment.len ? indent : 0, where))
                return false;
            line++;
            continue;
        }
        if (!known)
            wanted = here->indent;
        known = true;
        if (here->indent != wanted)
            return bad_indent(f, here, wanted);
        lang_stmt stmt = lang_stmt_at(&f->source, line, end);
        if (!print_stmt(f, stmt, indent, where))
            return false;
        line = stmt.end_line;
    }
    return true;
}

/* ---- writing ---- */

static bool has_tail(const printed *line)
{
    return !line->alone && !line->blank && line->comment.len > 0;
}

/* The column of the comments behind neighbouring lines. */
static uint32_t comment_column(const printed *lines, uint32_t num, uint32_t at)
{
    uint32_t first = at, column = 0;
    while (first > 0 && has_tail(&lines[first - 1]))
        first--;
    for (uint32_t i = first; i < num && has_tail(&lines[i]); i++)
        if (lines[i].width + 2 > column && lines[i].width + 2 <= COMMENT_MAX)
            column = lines[i].width + 2;
    return column;
}

static void write_lines(const formatter *f, rig_text *out)
{
    const printed *lines = f->lines.ptr;
    bool blank = true; /* blank lines at the beginning, the end and behind others go */
    bool pending = false;
    for (uint32_t i = 0; i < f->lines.num; i++) {
        if (lines[i].blank) {
            pending = !blank;
            continue;
        }
        rig_text_add(out, "%s", pending ? "\n" : "");
        pending = blank = false;
        rig_text_view(out, lines[i].text);
        if (has_tail(&lines[i])) {
            uint32_t column = comment_column(lines, f->lines.num, i);
            rig_text_add(out, "%*s", column > lines[i].width + 2 ? (int)(column - lines[i].width) : 2, "");
        }
        rig_text_view(out, lines[i].comment);
        rig_text_add(out, "\n");
    }
}

static size_t room(const formatter *f)
{
    const printed *lines = f->lines.ptr;
    size_t size = 1;
    for (uint32_t i = 0; i < f->lines.num; i++)
        size += lines[i].text.len + lines[i].comment.len + COMMENT_MAX + 4;
    return size;
}

static bool finish(formatter *f, const rig_alloc *alloc, char **out_text, size_t *out_len)
{
    size_t size = room(f);
    char *buffer = lang_take(&f->arena, size);
    if (!buffer)
        return lang_nomem(&f->report);
    rig_text text;
    rig_text_init(&text, buffer, size);
    write_lines(f, &text);
    *out_text = rig_copy_text(alloc, buffer, text.len);
    *out_len = text.len;
    return *out_text || lang_nomem(&f->report);
}

rig_status rig_scn_format(const rig_alloc *alloc, rig_view path, rig_view text, char **out_text,
                          size_t *out_len, rig_scn_problems *problems)
{
    formatter f = {.report = {.problems = problems}, .arena = {.alloc = alloc}};
    *out_text = NULL;
    *out_len = 0;
    if (lang_lex(&f.arena, path, text, &f.source, &f.report) &&
        print_block(&f, 0, f.source.num_lines, 0, TOP))
        finish(&f, alloc, out_text, out_len);
    lang_arena_cleanup(&f.arena);
    return f.report.status;
}
