/* Bodies of trace blocks in the text of a file. */
#include "rig/bless.h"

/* What stands for one PDU or event in the old body: comments in front, its lines, a comment behind. */
typedef struct entry {
    rig_view comments; /* whole lines */
    rig_view kind;     /* "> ScsiCmd", "! close", a macro's name; empty behind the last one */
    rig_view behind;   /* " # why", empty without */
} entry;

static size_t indent_of(rig_view line)
{
    size_t n = 0;
    while (n < line.len && line.ptr[n] == ' ')
        n++;
    return n;
}

static bool is_comment(rig_view line)
{
    size_t n = indent_of(line);
    return n == line.len || line.ptr[n] == '#';
}

/* A # in quotes begins none. */
static rig_view comment_behind(rig_view line)
{
    bool quoted = false;
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] == '\\' && quoted)
            i++;
        else if (line.ptr[i] == '"')
            quoted = !quoted;
        else if (line.ptr[i] == '#' && !quoted && i > 0 && line.ptr[i - 1] == ' ') {
            while (i > 0 && line.ptr[i - 1] == ' ')
                i--;
            return rig_view_sub(line, i, line.len);
        }
    }
    return (rig_view){0};
}

static rig_view word(rig_view *rest)
{
    rig_view out = {rest->ptr, 0};
    while (rest->len && rest->ptr[0] == ' ')
        *rest = rig_view_sub(*rest, 1, rest->len);
    out.ptr = rest->ptr;
    while (out.len < rest->len && rest->ptr[out.len] != ' ')
        out.len++;
    *rest = rig_view_sub(*rest, out.len, rest->len);
    return out;
}

/* "> ScsiCmd" of a line; times in front do not count. */
static rig_view kind_of(rig_view line)
{
    rig_view rest = line;
    rig_view first = word(&rest);
    while (first.len && first.ptr[0] == '+')
        first = word(&rest);
    if (first.len != 1)
        return first;
    rig_view second = word(&rest);
    return rig_view_of(first.ptr, (size_t)(second.ptr + second.len - first.ptr));
}

static rig_view line_of(rig_view *rest)
{
    const uint8_t *begin = rest->ptr;
    rig_view line = rig_view_split(rest, '\n');
    return rig_view_of(begin, line.len);
}

/* The next entry of the old body; base: indent of its lines. */
static bool next_entry(rig_view *body, size_t base, entry *out)
{
    *out = (entry){.comments = {body->ptr, 0}};
    while (body->ptr && body->len) {
        rig_view ahead = *body;
        rig_view line = line_of(&ahead);
        bool comment = is_comment(line);
        bool more = !comment && indent_of(line) > base;
        if (out->kind.len && !more)
            return true;
        if (comment) {
            out->comments.len = (size_t)(line.ptr + line.len - out->comments.ptr);
        } else {
            if (!out->kind.len)
                out->kind = kind_of(line);
            rig_view behind = comment_behind(line);
            if (behind.len)
                out->behind = behind;
        }
        *body = ahead;
    }
    return out->kind.len || out->comments.len;
}

static void put_comments(rig_text *out, const entry *e)
{
    rig_text_view(out, e->comments);
    if (e->comments.len)
        rig_text_add(out, "\n");
}

/* Of an entry that has no counterpart only the comments stay. */
static void put_left_over(rig_text *out, const entry *e, size_t base)
{
    put_comments(out, e);
    if (!e->behind.len)
        return;
    rig_text_add(out, "%*s", (int)base, "");
    rig_text_view(out, rig_view_sub(e->behind, indent_of(e->behind), e->behind.len));
    rig_text_add(out, "\n");
}

/* Whether the rest of the old body has an entry of that kind. */
static bool comes(rig_view body, size_t base, rig_view kind)
{
    entry e;
    while (next_entry(&body, base, &e))
        if (rig_view_eq(e.kind, kind))
            return true;
    return false;
}

static void put_line(rig_text *out, rig_view line, size_t base, rig_view behind)
{
    rig_text_add(out, "%*s", (int)base, "");
    rig_text_view(out, line);
    rig_text_view(out, behind);
    rig_text_add(out, "\n");
}

/* The new body, with the comments of the old one beside what they stood beside. */
static void put_body(rig_text *out, rig_view old, rig_view body, size_t base)
{
    entry e;
    while (body.ptr && body.len) {
        rig_view line = line_of(&body);
        rig_view behind = {0};
        bool begins = indent_of(line) == 0;
        if (begins && comes(old, base, kind_of(line))) {
            while (next_entry(&old, base, &e) && !rig_view_eq(e.kind, kind_of(line)))
                put_left_over(out, &e, base);
            put_comments(out, &e);
            behind = e.behind;
        }
        put_line(out, line, base, behind);
    }
    while (next_entry(&old, base, &e))
        put_left_over(out, &e, base);
}

static rig_view line_number(rig_view text, uint32_t number)
{
    for (uint32_t i = 1; i < number && text.ptr; i++)
        rig_view_split(&text, '\n');
    return text;
}

/* The lines behind the word trace, up to the newline of the last one. */
static bool body_of(rig_view text, const rig_bless_block *block, rig_view *out_body)
{
    rig_view from = line_number(text, block->first_line + 1);
    rig_view to = line_number(text, block->last_line + 1);
    const uint8_t *end = to.ptr ? to.ptr : text.ptr + text.len;
    if (!from.ptr || block->last_line <= block->first_line || end < from.ptr)
        return false;
    *out_body = rig_view_of(from.ptr, (size_t)(end - from.ptr));
    return true;
}

static size_t base_of(rig_view body)
{
    while (body.ptr && body.len) {
        rig_view line = line_of(&body);
        if (!is_comment(line))
            return indent_of(line);
    }
    return 2;
}

rig_status rig_bless_rewrite(const rig_alloc *alloc, rig_view text, const rig_bless_block *blocks,
                             uint32_t num_blocks, char **out_text, size_t *out_len, size_t *out_size)
{
    rig_text out;
    rig_status status = RIG_OK;
    const uint8_t *at = text.ptr;
    *out_text = rig_new(alloc, 2 * RIG_SCN_FILE_MAX);
    *out_size = 2 * RIG_SCN_FILE_MAX;
    if (!*out_text)
        return RIG_E_NOMEM;
    rig_text_init(&out, *out_text, *out_size);
    for (uint32_t i = 0; i < num_blocks && !status; i++) {
        rig_view body = {0};
        if (!body_of(text, &blocks[i], &body) || body.ptr < at) {
            status = RIG_E_ARGUMENT;
            break;
        }
        rig_text_view(&out, rig_view_of(at, (size_t)(body.ptr - at)));
        put_body(&out, body, blocks[i].body, base_of(body));
        at = body.ptr + body.len;
    }
    rig_text_view(&out, rig_view_of(at, (size_t)(text.ptr + text.len - at)));
    *out_len = out.len;
    if (!status && (out.cut || out.len > RIG_SCN_FILE_MAX))
        status = RIG_E_LIMIT;
    if (status) {
        rig_delete(alloc, *out_text, *out_size);
        *out_text = NULL;
    }
    return status;
}

/* ---- the fence ---- */

/* The next line of a target section that says something, without its blanks and comment. */
static rig_view next_of_target(rig_view *rest, bool *inside)
{
    while (rest->ptr) {
        rig_view line = rig_view_split(rest, '\n');
        rig_view behind = comment_behind(line);
        line.len -= behind.len;
        while (line.len && (line.ptr[line.len - 1] == ' ' || line.ptr[line.len - 1] == '\r'))
            line.len--;
        if (is_comment(line))
            continue;
        if (line.ptr[0] != ' ') {
            rig_view words = line;
            *inside = rig_view_is(word(&words), "target");
        }
        if (*inside)
            return rig_view_sub(line, indent_of(line), line.len);
    }
    return (rig_view){0};
}

bool rig_bless_same_target(rig_view before, rig_view after)
{
    bool in_before = false, in_after = false;
    for (;;) {
        rig_view a = next_of_target(&before, &in_before), b = next_of_target(&after, &in_after);
        if (!rig_view_eq(a, b))
            return false;
        if (a.len == 0)
            return true;
    }
}
