/* must and never clauses about items. */
#include "index.h"

/* after LINE, before LINE: the first match, which depends on variables only when the line has some. */
typedef struct anchor {
    match_look look;
    bool fixed;  /* always the same item */
    bool known;  /* first counts */
    size_t from; /* searched from here */
    size_t first;
    match_index index;
} anchor;

typedef struct clause {
    match_run *run;
    const rig_scn_must *must;
    match_look look;
    anchor after, before;
    bool single;  /* the first match decides */
    size_t reach; /* an item that fits but stands on the wrong side of an anchor */
} clause;

static anchor anchor_of(const rig_scn_line *line)
{
    return (anchor){.look = {.line = line}, .fixed = line && !match_line_has_var(line)};
}

/* The first match in [from, to), under the bindings of now. One that is always the same is looked for once.
 */
static size_t anchor_first(match_run *run, anchor *a, size_t from, size_t to)
{
    if (a->fixed && a->known && a->from == from)
        return a->first;
    uint32_t mark = run->num_trail;
    a->first = match_index_find(&a->index, run, &a->look, from, a->fixed ? run->num_items : to);
    a->from = from;
    a->known = true;
    match_undo(run, mark);
    return a->first;
}

/* Where the item stands between its anchors. */
typedef enum stand { STANDS, STANDS_EARLY, STANDS_LATE, STANDS_ALONE } stand;

static stand stands(clause *c, size_t item)
{
    const rig_scn_must *must = c->must;
    size_t from = 0;
    if (must->after) {
        size_t after = anchor_first(c->run, &c->after, 0, item);
        if (after == MATCH_NONE || after >= item)
            return STANDS_EARLY;
        from = after + 1;
    }
    if (!must->before)
        return STANDS;
    size_t before = anchor_first(c->run, &c->before, from, c->run->num_items);
    if (before == MATCH_NONE)
        return must->kind == RIG_SCN_M_NEVER ? STANDS : STANDS_ALONE;
    return item < before ? STANDS : STANDS_LATE;
}

/* The next item that fits and stands where it has to; its bindings stay. */
static size_t next_match(clause *c, size_t from, stand *out_why)
{
    match_run *run = c->run;
    for (size_t i = from; i < run->num_items && run->budget > 0; i++) {
        uint32_t mark = run->num_trail;
        if (!match_line(run, &c->look, &run->items[i]))
            continue;
        stand why = stands(c, i);
        if (why == STANDS)
            return i;
        if (c->reach == MATCH_NONE || why > *out_why) {
            c->reach = i;
            *out_why = why;
        }
        match_undo(run, mark);
        if (why == STANDS_LATE && c->single)
            return MATCH_NONE;
    }
    return MATCH_NONE;
}

static bool fail(clause *c, const match_look *look, size_t item, const match_miss *miss, const char *field,
                 const char *text)
{
    match_report report = {
        .kind = RIG_FINDING_MUST, .must = c->must, .look = look, .item = item, .miss = miss};
    report.field = field;
    report.text = text;
    report.place = c->must->place;
    report.whole = !miss && item != MATCH_NONE;
    match_report_add(c->run, &report);
    return false;
}

static bool fail_budget(clause *c)
{
    return fail(c, &c->look, MATCH_NONE, NULL, "limit",
                "undecided: too many items and variables to compare, narrow the lines");
}

/* Nothing fitted: the nearest item tells why. */
static bool fail_missing(clause *c, const match_look *look, const char *text)
{
    match_miss miss;
    size_t near = match_nearest(c->run, look, 0, c->run->num_items);
    if (near == MATCH_NONE)
        return fail(c, look, MATCH_NONE, NULL, look->line->kind == RIG_SCN_EVENT ? "event" : "PDU", text);
    match_line_why(c->run, look, &c->run->items[near], &miss);
    return fail(c, look, near, &miss, NULL, text);
}

/* Of its kind, and on the right side: how it differs says more than where the fitting one stood. */
static bool fail_wrong_side(clause *c, size_t from, size_t to, const char *field, const char *text)
{
    match_miss miss;
    size_t near = match_nearest_misfit(c->run, &c->look, from, to);
    if (near == MATCH_NONE)
        return fail(c, &c->look, c->reach, NULL, field, text);
    match_line_why(c->run, &c->look, &c->run->items[near], &miss);
    return fail(c, &c->look, near, &miss, NULL, text);
}

static bool fail_stand(clause *c, stand why)
{
    size_t num = c->run->num_items;
    size_t after = c->must->after ? anchor_first(c->run, &c->after, 0, num) : MATCH_NONE;
    size_t from = after == MATCH_NONE ? 0 : after + 1;
    if (why == STANDS_ALONE)
        return fail_missing(c, &c->before.look, "nothing came that it could stand before");
    if (why == STANDS_LATE)
        return fail_wrong_side(c, from, anchor_first(c->run, &c->before, from, num), "before",
                               "came, but not before what it has to stand before");
    if (after == MATCH_NONE)
        return fail_missing(c, &c->after.look, "nothing came that it could stand after");
    return fail_wrong_side(c, from, num, "after", "came, but not after what it has to stand after");
}

static const struct {
    const char *word, *text;
} quantities[] = {
    [RIG_SCN_Q_SOME] = {"", "at least 1"},
    [RIG_SCN_Q_EXACTLY] = {"exactly", "exactly"},
    [RIG_SCN_Q_AT_LEAST] = {"at-least", "at least"},
    [RIG_SCN_Q_AT_MOST] = {"at-most", "at most"},
};

static bool enough(const rig_scn_must *must, uint64_t num)
{
    switch (must->quantity) {
    case RIG_SCN_Q_SOME:
        return num > 0;
    case RIG_SCN_Q_EXACTLY:
        return num == must->number.number;
    case RIG_SCN_Q_AT_LEAST:
        return num >= must->number.number;
    case RIG_SCN_Q_AT_MOST:
        return num <= must->number.number;
    }
    return false;
}

/* last: the one that makes it too many, else the last one that counted. */
static bool fail_count(clause *c, uint64_t num, size_t last, stand why)
{
    const rig_scn_must *must = c->must;
    char text[96];
    rig_text out;
    match_miss miss;
    rig_text_init(&out, text, sizeof text);
    rig_text_add(&out, "want %s %llu, got %llu", quantities[must->quantity].text,
                 (unsigned long long)must->number.number, (unsigned long long)num);
    const char *word = quantities[must->quantity].word;
    if (num > must->number.number)
        return fail(c, &c->look, last, NULL, word, text);
    if (num == 0 && c->reach != MATCH_NONE)
        return fail_stand(c, why);
    size_t near = match_nearest_misfit(c->run, &c->look, 0, c->run->num_items);
    if (near == MATCH_NONE) {
        if (num > 0)
            rig_text_add(&out, ", this one last");
        return fail(c, &c->look, last, NULL, word, text);
    }
    match_line_why(c->run, &c->look, &c->run->items[near], &miss);
    return fail(c, &c->look, near, &miss, NULL, text);
}

/* What it stands after or before has to be there, whatever the number. */
static bool anchors_there(clause *c, stand *out_why)
{
    size_t from = 0;
    if (c->must->after) {
        size_t after = anchor_first(c->run, &c->after, 0, c->run->num_items);
        *out_why = STANDS_EARLY;
        if (after == MATCH_NONE)
            return false;
        from = after + 1;
    }
    *out_why = STANDS_ALONE;
    return !c->must->before || anchor_first(c->run, &c->before, from, c->run->num_items) != MATCH_NONE;
}

static bool check_seen(clause *c)
{
    const rig_scn_must *must = c->must;
    stand why = STANDS;
    uint64_t num = 0;
    size_t last = MATCH_NONE;
    c->single = must->quantity == RIG_SCN_Q_SOME;
    for (size_t i = 0; (i = next_match(c, i, &why)) != MATCH_NONE; i++) {
        num++;
        if (must->quantity == RIG_SCN_Q_SOME)
            return true;
        if (num <= must->number.number + 1)
            last = i;
    }
    if (c->run->budget == 0)
        return fail_budget(c);
    stand missing;
    if (num == 0 && !anchors_there(c, &missing))
        return fail_stand(c, missing);
    if (enough(must, num))
        return true;
    if (must->quantity != RIG_SCN_Q_SOME)
        return fail_count(c, num, last, why);
    return c->reach == MATCH_NONE ? fail_missing(c, &c->look, "") : fail_stand(c, why);
}

static bool check_never(clause *c, bool *out_looked)
{
    stand why = STANDS;
    size_t hit = next_match(c, 0, &why);
    if (hit != MATCH_NONE)
        return fail(c, &c->look, hit, NULL, c->look.line->kind == RIG_SCN_EVENT ? "event" : "PDU",
                    "came, and must never");
    if (c->run->budget == 0)
        return fail_budget(c);
    *out_looked = !c->must->after || anchor_first(c->run, &c->after, 0, c->run->num_items) != MATCH_NONE;
    return true;
}

static bool check_between(clause *c, bool *out_looked)
{
    c->after = anchor_of(c->must->after);
    c->before = anchor_of(c->must->before);
    bool held = c->must->kind == RIG_SCN_M_SEEN ? check_seen(c) : check_never(c, out_looked);
    match_index_cleanup(&c->after.index, c->run->out->alloc);
    match_index_cleanup(&c->before.index, c->run->out->alloc);
    return held;
}

/* ---- every ---- */

/* The conditions of `has` as a line of their own. */
static rig_scn_line has_line(const rig_scn_must *must)
{
    rig_scn_line line = *must->line;
    line.conds = must->has;
    line.num_conds = must->num_has;
    line.timed = false;
    line.keys_open = false;
    line.has_keys = must->alone;
    return line;
}

static bool fail_has(clause *c, const match_look *has, size_t item)
{
    match_miss miss;
    match_line_why(c->run, has, &c->run->items[item], &miss);
    return fail(c, has, item, &miss, NULL, "");
}

static bool check_every(clause *c, bool *out_looked)
{
    match_run *run = c->run;
    rig_scn_line line = has_line(c->must);
    match_look has = {.line = &line, .strict = true};
    *out_looked = false;
    for (size_t i = 0; i < run->num_items; i++) {
        uint32_t mark = run->num_trail;
        if (!match_line(run, &c->look, &run->items[i]))
            continue;
        uint32_t own = run->num_trail;
        *out_looked = true;
        if (!match_line(run, &has, &run->items[i]))
            return fail_has(c, &has, i);
        match_forget(run, mark, own);
    }
    return true;
}

bool match_must(match_run *run, const rig_scn_must *must, bool *out_looked)
{
    clause c = {.run = run, .must = must, .look = {.line = must->line}, .reach = MATCH_NONE};
    *out_looked = true;
    match_budget_begin(run);
    switch (must->kind) {
    case RIG_SCN_M_SEEN:
    case RIG_SCN_M_NEVER:
        return check_between(&c, out_looked);
    case RIG_SCN_M_EVERY:
        return check_every(&c, out_looked);
    case RIG_SCN_M_COUNT:
    case RIG_SCN_M_RESULT:
        return match_fact(run, must, out_looked);
    }
    return false;
}
