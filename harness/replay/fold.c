/* Logins of plays as macros of another file: what a reader wants to see of a session begins behind them. */
#include "replay.h"

#define NAMES_MAX 24 /* variables of one login */
#define INDENT 2     /* of a line of a play */

typedef struct folder {
    rig_view include; /* its name */
    rig_text *scenario, *macros;
    bool target;   /* side of the play that is read */
    uint32_t next; /* number of the next macro */
} folder;

static size_t indent_of(rig_view line)
{
    size_t n = 0;
    while (n < line.len && line.ptr[n] == ' ')
        n++;
    return n;
}

static bool is_login(rig_view line)
{
    rig_view text = rig_view_sub(line, INDENT, line.len);
    return indent_of(line) == INDENT &&
           (rig_view_starts(text, "> Login ") || rig_view_starts(text, "< LoginResp "));
}

/* The lines from the first on that tell of a login, with what continues them. */
static rig_view login_at(rig_view text)
{
    rig_view rest = text;
    size_t len = 0;
    while (rest.ptr && rest.len) {
        rig_view line = rig_view_split(&rest, '\n');
        if (!is_login(line) && (len == 0 || indent_of(line) <= INDENT))
            break;
        len = (size_t)(line.ptr + line.len - text.ptr) + 1;
    }
    return rig_view_sub(text, 0, len);
}

static void put(rig_text *out, rig_view bytes)
{
    rig_text_view(out, bytes);
}

/* ---- variables ---- */

static bool is_name(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Whether the variable may be bound there: a macro stands for itself, and knows of nothing above its call. */
static bool binds(rig_view text, size_t at, size_t end)
{
    bool whole = end == text.len || (text.ptr[end] != '+' && text.ptr[end] != '-');
    return whole && at > 0 && text.ptr[at - 1] == '=';
}

/* NAMES_MAX: too many, or one that was bound before. */
static uint32_t names_of(rig_view text, rig_view names[NAMES_MAX])
{
    uint32_t num = 0;
    for (size_t i = 0; i < text.len; i++) {
        size_t end = i + 1;
        if (text.ptr[i] != '$')
            continue;
        while (end < text.len && is_name(text.ptr[end]))
            end++;
        rig_view name = rig_view_sub(text, i, end - i);
        uint32_t at = 0;
        while (at < num && !rig_view_eq(names[at], name))
            at++;
        if (at == num && (num == NAMES_MAX || !binds(text, i, end)))
            return NAMES_MAX;
        if (at == num)
            names[num++] = name;
    }
    return num;
}

/* ---- macros ---- */

static void put_call(rig_text *out, uint32_t number, bool target, const rig_view *names, uint32_t num)
{
    rig_text_add(out, "login-%u-%s", number, target ? "target" : "initiator");
    for (uint32_t i = 0; i < num; i++) {
        rig_text_add(out, " ");
        put(out, names[i]);
    }
    rig_text_add(out, "\n");
}

static void fold(folder *f, rig_view lines)
{
    rig_view names[NAMES_MAX];
    uint32_t num = names_of(lines, names);
    if (num == NAMES_MAX) {
        put(f->scenario, lines);
        return;
    }
    rig_text_add(f->scenario, "  ");
    put_call(f->scenario, ++f->next, f->target, names, num);
    rig_text_add(f->macros, "\nmacro ");
    put_call(f->macros, f->next, f->target, names, num);
    put(f->macros, lines);
}

static void take_line(folder *f, rig_view line)
{
    if (rig_view_starts(line, "play "))
        f->target = rig_view_starts(rig_view_sub(line, sizeof "play " - 1, line.len), "target");
    put(f->scenario, line);
    rig_text_add(f->scenario, "\n");
    if (rig_view_starts(line, "level ")) {
        rig_text_add(f->scenario, "include \"");
        put(f->scenario, f->include);
        rig_text_add(f->scenario, "\"\n");
    }
}

rig_status rig_replay_fold(rig_view text, rig_view include, rig_text *scenario, rig_text *macros)
{
    folder f = {.include = include, .scenario = scenario, .macros = macros};
    rig_text_add(macros, "# Logins of a capture, a macro each.\n");
    while (text.ptr && text.len) {
        rig_view login = login_at(text);
        if (login.len) {
            fold(&f, login);
            text = rig_view_sub(text, login.len, text.len);
        } else {
            take_line(&f, rig_view_split(&text, '\n'));
        }
    }
    return scenario->cut || macros->cut ? RIG_E_LIMIT : RIG_OK;
}
