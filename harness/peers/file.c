/* Reading peer files: words at the beginning of lines, and what is indented below them. */
#include "rig/peers.h"

#include "rig/run.h"
#include "rig/timerq.h"

#define READY_DEFAULT (10 * RIG_SECOND)
#define READY_MOST (600 * RIG_SECOND)
#define NAME_MAX_LEN 32

typedef struct reader {
    rig_peer *peer;
    rig_view rest; /* lines that were not read */
    uint32_t line; /* number of the one that is */
    rig_view whole;
    rig_view words; /* what is left of it */
    rig_status status;
    rig_peer_problem_fn *problem;
    void *ctx;
} reader;

static const struct {
    const char *tag;
    rig_peer_kind kind;
} abilities[RIG_PEER_ABILITIES] = {
    [RIG_PEER_CHAP] = {"chap", RIG_PEER_TARGET},
    [RIG_PEER_DISCOVERY] = {"discovery", RIG_PEER_INITIATOR},
    [RIG_PEER_DIGEST] = {"digest", RIG_PEER_INITIATOR},
};

const char *rig_peer_ability_tag(rig_peer_ability ability)
{
    return abilities[ability].tag;
}

bool rig_peer_ability_of(rig_peer_ability ability, rig_peer_kind kind)
{
    return abilities[ability].kind == kind;
}

const rig_peer_way *rig_peer_way_to(const rig_peer *peer, rig_peer_ability ability)
{
    for (uint32_t i = 0; i < peer->num_ways; i++)
        if (peer->ways[i].ability == ability)
            return &peer->ways[i];
    return NULL;
}

/* ---- places ---- */

static uint32_t column(const reader *r, rig_view at)
{
    return at.ptr ? (uint32_t)(at.ptr - r->whole.ptr) + 1 : (uint32_t)r->whole.len + 1;
}

__attribute__((format(printf, 4, 5))) static void wrong(reader *r, uint32_t line, uint32_t col,
                                                        const char *format, ...)
{
    rig_error err = {.status = RIG_E_SYNTAX, .line = line, .col = col};
    rig_text text;
    va_list args;
    rig_text_init(&text, err.text, sizeof err.text);
    va_start(args, format);
    rig_text_vadd(&text, format, args);
    va_end(args);
    r->status = r->status ? r->status : RIG_E_SYNTAX;
    if (r->problem)
        r->problem(r->ctx, &err);
}

/* ---- words ---- */

static rig_view without_blanks(rig_view v)
{
    while (v.len && v.ptr[0] == ' ')
        v = rig_view_sub(v, 1, v.len);
    while (v.len && v.ptr[v.len - 1] == ' ')
        v.len--;
    return v;
}

/* The next word; empty at the end. Its place stays right there, too. */
static rig_view word(reader *r)
{
    r->words = without_blanks(r->words);
    rig_view all = r->words;
    size_t len = rig_view_find(all, ' ');
    r->words = rig_view_sub(all, len, all.len);
    return len ? rig_view_of(all.ptr, len) : (rig_view){0};
}

/* What stands between quotes; false, told, when it does not. */
static bool quoted(reader *r, const char *what, rig_view *out)
{
    r->words = without_blanks(r->words);
    rig_view all = r->words;
    rig_view inside = all.len ? rig_view_sub(all, 1, all.len) : all;
    size_t len = rig_view_find(inside, '"');
    if (!all.len || all.ptr[0] != '"' || len == inside.len || len == 0) {
        wrong(r, r->line, column(r, all.len ? all : (rig_view){0}), "wanted %s in quotes", what);
        return false;
    }
    *out = rig_view_of(inside.ptr, len);
    r->words = rig_view_sub(inside, len + 1, inside.len);
    return true;
}

static void nothing_more(reader *r)
{
    r->words = without_blanks(r->words);
    if (r->words.len)
        wrong(r, r->line, column(r, r->words), "nothing more was wanted here, came \"%.*s\"",
              RIG_VIEW_ARG(r->words));
}

/* ---- lines ---- */

static bool indented(rig_view line)
{
    return line.len && line.ptr[0] == ' ';
}

static bool is_blank(rig_view line)
{
    return without_blanks(line).len == 0;
}

static rig_view peek(const reader *r)
{
    rig_view rest = r->rest;
    return rest.ptr ? rig_view_split(&rest, '\n') : (rig_view){0};
}

static void next_line(reader *r)
{
    r->whole = rig_view_split(&r->rest, '\n');
    r->line++;
    r->words = r->whole;
}

/* Lines that belong to the one above: indented, or empty with more of them to come. */
static bool more_below(const reader *r)
{
    rig_view rest = r->rest;
    while (rest.ptr) {
        rig_view line = rig_view_split(&rest, '\n');
        if (!is_blank(line))
            return indented(line);
    }
    return false;
}

static rig_view block(reader *r)
{
    const uint8_t *from = r->rest.ptr;
    size_t len = 0;
    while (r->rest.ptr && more_below(r)) {
        next_line(r);
        len = (size_t)(r->whole.ptr + r->whole.len - from);
    }
    return rig_view_of(from, from ? len : 0);
}

/* ---- statements ---- */

static bool name_is_good(rig_view name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", name.ptr[i]) || !name.ptr[i])
            return false;
    return name.len > 0 && name.len <= NAME_MAX_LEN && name.ptr[0] != '-';
}

static void take_peer(reader *r, unsigned which)
{
    rig_view name = word(r);
    (void)which;
    if (r->peer->name.len)
        wrong(r, r->line, 1, "one file is one peer, and this is %.*s already", RIG_VIEW_ARG(r->peer->name));
    if (!name_is_good(name))
        wrong(r, r->line, column(r, name), "wanted a name of a-z, 0-9 and -, at most %d", NAME_MAX_LEN);
    r->peer->name = name;
    if (quoted(r, "what it is", &r->peer->title))
        nothing_more(r);
}

static void take_kind(reader *r, unsigned which)
{
    rig_view kind = word(r);
    (void)which;
    r->peer->kind = rig_view_is(kind, "target")      ? RIG_PEER_TARGET
                    : rig_view_is(kind, "initiator") ? RIG_PEER_INITIATOR
                                                     : RIG_PEER_NO_KIND;
    if (!r->peer->kind)
        wrong(r, r->line, column(r, kind), "wanted target or initiator, came \"%.*s\"", RIG_VIEW_ARG(kind));
    nothing_more(r);
}

static void take_needs(reader *r, unsigned which)
{
    rig_peer *peer = r->peer;
    rig_view name = word(r);
    (void)which;
    if (!name.len)
        wrong(r, r->line, column(r, name), "wanted the names of programs");
    for (; name.len; name = word(r)) {
        if (peer->num_needs == RIG_PEER_NEEDS_MAX) {
            wrong(r, r->line, column(r, name), "more than %d programs", RIG_PEER_NEEDS_MAX);
            return;
        }
        peer->needs[peer->num_needs++] = name;
    }
}

static void take_section(reader *r, unsigned which)
{
    rig_peer *peer = r->peer;
    uint32_t line = r->line;
    rig_view time = which == RIG_PEER_READY ? word(r) : (rig_view){0};
    if (time.len && (!rig_view_time(time, &peer->ready_ns) || !peer->ready_ns || peer->ready_ns > READY_MOST))
        wrong(r, line, column(r, time), "wanted a time up to 10m, came \"%.*s\"", RIG_VIEW_ARG(time));
    nothing_more(r);
    if (peer->lines[which])
        wrong(r, line, 1, "the section is there already, in line %u", peer->lines[which] - 1);
    peer->lines[which] = line + 1;
    peer->sections[which] = block(r);
    if (is_blank(peer->sections[which]))
        wrong(r, line, 1, "wanted shell lines below, indented");
}

static rig_peer_ability ability_named(rig_view name)
{
    for (unsigned i = 1; i < RIG_PEER_ABILITIES; i++)
        if (rig_view_is(name, abilities[i].tag))
            return (rig_peer_ability)i;
    return RIG_PEER_PLAIN;
}

/* An ability in front of the rest of the line, which then loses it. */
static rig_peer_ability ability_word(reader *r)
{
    rig_view before = r->words;
    rig_peer_ability ability = ability_named(word(r));
    if (!ability)
        r->words = before;
    return ability;
}

static void add_way(reader *r, rig_peer_ability ability, rig_view text, bool lacks)
{
    rig_peer *peer = r->peer;
    const rig_peer_way *before = rig_peer_way_to(peer, ability);
    if (before)
        wrong(r, r->line, 1, "line %u says that already", before->line);
    else if (peer->num_ways == RIG_PEER_WAYS_MAX)
        wrong(r, r->line, 1, "more than %d of them", RIG_PEER_WAYS_MAX);
    else
        peer->ways[peer->num_ways++] = (rig_peer_way){ability, lacks, text, r->line};
}

static void check_names(reader *r, rig_view text, const char *const *names)
{
    for (size_t i = 0; i < text.len; i++) {
        rig_view name = rig_view_sub(text, i + 1, text.len);
        size_t end = rig_view_find(name, '}'), known = 0;
        if (text.ptr[i] != '{' || end == name.len)
            continue;
        name.len = end;
        while (names[known] && !rig_view_is(name, names[known]))
            known++;
        if (!names[known])
            wrong(r, r->line, column(r, rig_view_sub(text, i, 1)), "{%.*s} is not filled in",
                  RIG_VIEW_ARG(name));
    }
}

static void take_url(reader *r, unsigned which)
{
    static const char *const names[] = {"host", "port", "iqn", NULL};
    rig_peer_ability ability = ability_word(r);
    rig_view url = word(r);
    (void)which;
    if (!rig_view_starts(url, "iscsi://"))
        wrong(r, r->line, column(r, url), "wanted iscsi://HOST:PORT/IQN/LUN, with {host}, {port} and {iqn}");
    check_names(r, url, names);
    add_way(r, ability, url, false);
    nothing_more(r);
}

/* Braces that are the shell's stay; rig_run_command_check knows which. */
static void take_command(reader *r, unsigned which)
{
    char copy[RIG_PEER_TEXT_MAX];
    rig_text text;
    rig_error err = {0};
    rig_peer_ability ability = ability_word(r);
    rig_view command = without_blanks(r->words);
    (void)which;
    rig_text_init(&text, copy, sizeof copy);
    rig_text_view(&text, command);
    if (!command.len || text.cut)
        wrong(r, r->line, column(r, command), "wanted a command of at most %zu bytes", sizeof copy - 1);
    else if (rig_run_command_check(copy, &err))
        wrong(r, r->line, column(r, command), "%s", err.text);
    add_way(r, ability, command, false);
}

static void take_lacks(reader *r, unsigned which)
{
    rig_view at = without_blanks(r->words), reason;
    rig_peer_ability ability = ability_word(r);
    (void)which;
    if (!ability)
        wrong(r, r->line, column(r, at), "wanted chap, discovery or digest");
    else if (quoted(r, "the reason", &reason)) {
        add_way(r, ability, reason, true);
        nothing_more(r);
    }
}

static bool known_line(reader *r, rig_peer_known *known)
{
    rig_view all = without_blanks(r->words);
    size_t len = rig_view_find(all, '"');
    known->scenario = without_blanks(rig_view_sub(all, 0, len));
    r->words = rig_view_sub(all, len, all.len);
    if (!known->scenario.len || rig_view_find(known->scenario, '\t') < known->scenario.len) {
        wrong(r, r->line, column(r, all), "wanted the path of a scenario, its reason in quotes, and seen");
        return false;
    }
    if (!quoted(r, "the reason", &known->reason))
        return false;
    rig_view seen = word(r);
    if (!rig_view_is(seen, "seen")) {
        wrong(r, r->line, column(r, seen), "wanted seen, and what was seen in quotes");
        return false;
    }
    if (!quoted(r, "what was seen", &known->seen))
        return false;
    nothing_more(r);
    return true;
}

static void add_known(reader *r, const rig_peer_known *known)
{
    rig_peer *peer = r->peer;
    if (peer->num_known == RIG_PEER_KNOWN_MAX)
        wrong(r, r->line, 1, "more than %d known failures", RIG_PEER_KNOWN_MAX);
    else
        peer->known[peer->num_known++] = *known;
}

static void take_known(reader *r, unsigned which)
{
    rig_view version = word(r);
    (void)which;
    if (!version.len)
        wrong(r, r->line, column(r, version), "wanted what the version section prints, as tgt/1.0.85");
    nothing_more(r);
    while (more_below(r)) {
        rig_peer_known known = {.version = version};
        next_line(r);
        rig_view line = without_blanks(r->whole);
        if (line.len && line.ptr[0] != '#' && known_line(r, &known))
            add_known(r, &known);
    }
}

static const struct {
    const char *name;
    void (*take)(reader *r, unsigned which);
    unsigned which;
} statements[] = {
    {"peer", take_peer, 0},
    {"kind", take_kind, 0},
    {"needs", take_needs, 0},
    {"common", take_section, RIG_PEER_COMMON},
    {"have", take_section, RIG_PEER_HAVE},
    {"version", take_section, RIG_PEER_VERSION},
    {"start", take_section, RIG_PEER_START},
    {"ready", take_section, RIG_PEER_READY},
    {"set-up", take_section, RIG_PEER_SET_UP},
    {"stop", take_section, RIG_PEER_STOP},
    {"url", take_url, 0},
    {"command", take_command, 0},
    {"lacks", take_lacks, 0},
    {"known", take_known, 0},
};

#define NUM_STATEMENTS (sizeof statements / sizeof statements[0])

static void unknown(reader *r, rig_view name)
{
    const char *names[NUM_STATEMENTS];
    for (size_t i = 0; i < NUM_STATEMENTS; i++)
        names[i] = statements[i].name;
    size_t near = rig_nearest(name, names, NUM_STATEMENTS);
    if (near < NUM_STATEMENTS)
        wrong(r, r->line, 1, "unknown word \"%.*s\", did you mean %s?", RIG_VIEW_ARG(name), names[near]);
    else
        wrong(r, r->line, 1, "unknown word \"%.*s\"", RIG_VIEW_ARG(name));
    block(r);
}

static void take_line(reader *r)
{
    next_line(r);
    if (is_blank(r->whole) || r->whole.ptr[0] == '#')
        return;
    if (indented(r->whole)) {
        wrong(r, r->line, 1, "indented, but no section stands above it");
        return;
    }
    rig_view name = word(r);
    for (size_t i = 0; i < NUM_STATEMENTS; i++)
        if (rig_view_is(name, statements[i].name)) {
            statements[i].take(r, statements[i].which);
            return;
        }
    unknown(r, name);
}

/* ---- the file as a whole ---- */

static void check_ways(reader *r)
{
    const rig_peer *peer = r->peer;
    for (uint32_t i = 0; i < peer->num_ways; i++) {
        const rig_peer_way *way = &peer->ways[i];
        bool url = rig_view_starts(way->text, "iscsi://");
        if (way->ability && abilities[way->ability].kind != peer->kind)
            wrong(r, way->line, 1, "%s is asked of the other side only", abilities[way->ability].tag);
        else if (!way->lacks && url != (peer->kind == RIG_PEER_TARGET))
            wrong(r, way->line, 1, "a target has url lines, an initiator command lines");
    }
}

static void check_whole(reader *r)
{
    const rig_peer *peer = r->peer;
    if (!peer->name.len)
        wrong(r, 1, 1, "wanted a line: peer NAME \"WHAT IT IS\"");
    if (!peer->kind) {
        wrong(r, 1, 1, "wanted a line: kind target, or kind initiator");
        return;
    }
    if (!rig_peer_way_to(peer, RIG_PEER_PLAIN))
        wrong(r, 1, 1, "wanted a line: %s",
              peer->kind == RIG_PEER_TARGET ? "url iscsi://…" : "command PROGRAM {url}");
    if (!peer->lines[RIG_PEER_VERSION])
        wrong(r, 1, 1, "wanted a section: version");
    if (peer->kind == RIG_PEER_INITIATOR && peer->lines[RIG_PEER_START])
        wrong(r, peer->lines[RIG_PEER_START] - 1, 1, "an initiator is started by its command, for each case");
    if (peer->lines[RIG_PEER_START] && !peer->lines[RIG_PEER_READY])
        wrong(r, peer->lines[RIG_PEER_START] - 1, 1, "what is started needs a section: ready");
    check_ways(r);
}

static bool printable(reader *r)
{
    rig_view rest = rig_view_of(r->peer->text, r->peer->len);
    for (uint32_t line = 1; rest.ptr; line++) {
        rig_view text = rig_view_split(&rest, '\n');
        for (size_t i = 0; i < text.len; i++)
            if (text.ptr[i] < ' ' || text.ptr[i] == 127) {
                wrong(r, line, (uint32_t)i + 1, "a control character, 0x%02x; blanks indent", text.ptr[i]);
                return false;
            }
        rig_view left = text;
        for (uint32_t code; rig_utf8_next(&left, &code);) {
        }
        if (left.len) {
            wrong(r, line, (uint32_t)(text.len - left.len) + 1, "no UTF-8, 0x%02x", left.ptr[0]);
            return false;
        }
    }
    return true;
}

static rig_status read_all(reader *r)
{
    rig_peer *peer = r->peer;
    r->rest = rig_view_of(peer->text, peer->len);
    if (!printable(r))
        return r->status;
    while (r->rest.ptr && (r->rest.len || peek(r).len))
        take_line(r);
    check_whole(r);
    return r->status;
}

rig_status rig_peer_open(const rig_alloc *alloc, const char *path, rig_view text,
                         rig_peer_problem_fn *problem, void *ctx, rig_peer **out_peer)
{
    rig_peer *peer = text.len <= RIG_PEER_FILE_MAX ? rig_new(alloc, sizeof *peer) : NULL;
    reader r = {.peer = peer, .problem = problem, .ctx = ctx};
    *out_peer = NULL;
    if (text.len > RIG_PEER_FILE_MAX)
        wrong(&r, 1, 1, "larger than %u bytes", RIG_PEER_FILE_MAX);
    if (!peer)
        return r.status ? RIG_E_LIMIT : RIG_E_NOMEM;
    peer->alloc = alloc;
    peer->ready_ns = READY_DEFAULT;
    peer->len = text.len;
    peer->text = rig_copy_text(alloc, text.ptr, text.len);
    peer->known = rig_new(alloc, RIG_PEER_KNOWN_MAX * sizeof *peer->known);
    rig_text name;
    rig_text_init(&name, peer->path, sizeof peer->path);
    rig_text_add(&name, "%s", path);
    rig_status status = peer->text && peer->known ? read_all(&r) : RIG_E_NOMEM;
    if (status)
        rig_peer_free(peer);
    else
        *out_peer = peer;
    return status;
}

void rig_peer_free(rig_peer *peer)
{
    if (!peer)
        return;
    rig_delete(peer->alloc, peer->text, peer->text ? peer->len + 1 : 0);
    rig_delete(peer->alloc, peer->known, RIG_PEER_KNOWN_MAX * sizeof *peer->known);
    rig_delete(peer->alloc, peer, sizeof *peer);
}
