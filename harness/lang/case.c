/* A case: the scenario's statements read with the values of the sweeps put in. */
#include "lang.h"

typedef bool section_fn(lang_parser *p, lang_stmt stmt, lang_cursor rest);

static bool when_section(lang_parser *p, lang_stmt stmt, lang_cursor rest);

static section_fn *const sections[] = {
    [LANG_NETWORK] = lang_network_section,
    [LANG_TARGET] = lang_target_section,
    [LANG_INITIATOR] = lang_initiator_section,
    [LANG_HBA] = lang_hba_section,
    [LANG_PERSIST] = lang_persist_section,
    [LANG_IPSEC] = lang_ipsec_section,
    [LANG_ISNS] = lang_isns_section,
    [LANG_WHEN] = when_section,
    [LANG_RUN] = lang_run_section,
    [LANG_PLAY] = lang_play_section,
    [LANG_TRACE] = lang_trace_section,
    [LANG_MACRO] = NULL,
};

/* Judging statements are read last: they name results of steps that may stand below them. */
static bool judges(uint32_t id)
{
    return id == LANG_WHEN || id == LANG_MUST || id == LANG_NEVER || id == LANG_TRACE;
}

static bool head_words(lang_parser *p, lang_cursor *c)
{
    while (!lang_end(p, c)) {
        uint32_t token = c->at;
        const rig_scn_word *word = lang_word_take(p, c, RIG_SCN_G_HEAD);
        if (!word || lang_is_section(word->id) || judges(word->id)) {
            c->at = token;
            return lang_no_more(p, c);
        }
        if (!lang_head_stmt(p, c, word, token))
            return false;
    }
    return true;
}

/* ---- when ---- */

static bool judged_stmt(lang_parser *p, lang_stmt stmt)
{
    lang_cursor c = lang_words_on(p, stmt);
    uint32_t token = c.at;
    const rig_scn_word *word = lang_word_take(p, &c, RIG_SCN_G_HEAD);
    if (word && (word->id == LANG_MUST || word->id == LANG_NEVER))
        return lang_must_words(p, lang_words_of(p, stmt));
    if (word && (word->id == LANG_TRACE || word->id == LANG_PLAY || word->id == LANG_WHEN))
        return sections[word->id](p, stmt, c);
    c.at = token;
    return lang_bad(p, &c, RIG_E_SYNTAX, "when guards must, never, trace, play and when");
}

static bool when_section(lang_parser *p, lang_stmt stmt, lang_cursor rest)
{
    bool holds;
    if (!lang_when_read(p, stmt.line, &rest, &holds))
        return false;
    bool inline_clause = lang_peek_is(p, &rest, "must") || lang_peek_is(p, &rest, "never");
    if (!inline_clause && !lang_no_more(p, &rest))
        return false;
    if (!inline_clause && stmt.end_line == stmt.line + 1)
        return lang_bad(p, &rest, RIG_E_SYNTAX, "nothing stands under this when");
    if (!holds)
        return true;
    if (inline_clause) {
        rest.end = lang_words_of(p, stmt).end;
        return lang_must_words(p, rest);
    }
    bool ok = true;
    lang_stmt child;
    uint32_t indent = lang_child_indent(p, stmt);
    for (uint32_t line = stmt.line + 1; lang_next_stmt(p, &line, stmt.end_line, indent, &child);)
        ok = judged_stmt(p, child) && ok;
    return ok;
}

/* ---- the file's statements ---- */

static bool actor_stmt(lang_parser *p, lang_stmt stmt, const rig_scn_word *word, lang_cursor rest)
{
    if (!lang_is_section(word->id)) {
        lang_cursor all = lang_words_of(p, stmt);
        return head_words(p, &all);
    }
    return sections[word->id] ? sections[word->id](p, stmt, rest) : true;
}

static bool top_stmt(lang_parser *p, lang_stmt stmt, bool judging)
{
    lang_cursor c = lang_words_on(p, stmt);
    const rig_scn_word *word = lang_word_take(p, &c, RIG_SCN_G_HEAD);
    if (!word && judging)
        return true; /* said when the actors were read */
    if (!word)
        return lang_unknown_word(p, lang_place(p, c.at), "word at the beginning of a line", lang_peek(p, &c),
                                 RIG_SCN_G_HEAD);
    if (judges(word->id) != judging)
        return true;
    return judging ? judged_stmt(p, stmt) : actor_stmt(p, stmt, word, c);
}

static bool all_stmts(lang_parser *p, bool judging)
{
    bool ok = true;
    lang_stmt stmt;
    for (uint32_t line = 0; lang_next_stmt(p, &line, p->source->num_lines, 0, &stmt);)
        ok = top_stmt(p, stmt, judging) && ok;
    return ok;
}

/* The target sections of included files, as if their lines stood above the scenario's own. */
static bool included_targets(lang_parser *p)
{
    bool ok = true;
    lang_source *own = p->source;
    for (uint32_t i = 0; i < p->file->num_included; i++) {
        lang_stmt stmt;
        p->source = p->file->included[i];
        for (uint32_t line = 0; lang_next_stmt(p, &line, p->source->num_lines, 0, &stmt);) {
            lang_cursor c = lang_words_on(p, stmt);
            if (lang_take_word(p, &c, "target"))
                ok = lang_target_section(p, stmt, c) && ok;
        }
    }
    p->source = own;
    return ok;
}

/* ---- what is missing ---- */

static bool missing(lang_parser *p, uint32_t line, const char *what)
{
    return lang_problem(p->report, p->source->path, line, line ? 1 : 0, RIG_E_SYNTAX, "%s", what);
}

static uint32_t first_line(const lang_parser *p)
{
    return p->source->num_tokens ? p->source->tokens[0].line : 0;
}

static bool has_play(const lang_parser *p, bool target)
{
    const rig_scn_play *plays = p->plays.ptr;
    for (uint32_t i = 0; i < p->plays.num; i++)
        if (plays[i].target == target)
            return true;
    return false;
}

static bool check_begin(lang_parser *p)
{
    const rig_scn_step *steps = p->steps.ptr;
    bool begun = false;
    for (uint32_t i = 0; i < p->steps.num; i++) {
        if (steps[i].id != RIG_SCN_STEP_BEGIN_PLAY)
            continue;
        if (begun || !has_play(p, false))
            return lang_bad_at(p, steps[i].place, RIG_E_SYNTAX,
                               begun ? "the play has begun already" : "there is no play initiator to begin");
        begun = true;
    }
    return true;
}

static bool check_actors(lang_parser *p)
{
    bool peer = p->out->needs & RIG_SCN_NEEDS_PEER;
    if (!p->has_run && !p->plays.num && !peer)
        return missing(p, first_line(p), "nobody does anything: a run or play section is missing");
    if (!p->out->target.place.line && !has_play(p, true) && !peer)
        return missing(p, first_line(p),
                       "there is no other side: a target or play target section is missing");
    if (p->has_run && p->steps.num == 0)
        return missing(p, first_line(p), "the run section has no steps");
    return check_begin(p);
}

static bool check_whole(lang_parser *p)
{
    if (!p->out->title.ptr)
        return missing(p, first_line(p), "the title is missing: the first line is scenario \"TITLE\"");
    if (!p->has_level)
        return missing(p, first_line(p), "level is missing: MUST, SHOULD, MAY or CHOICE");
    if (p->out->level == RIG_SCN_MUST && p->musts.num == 0)
        return missing(p, first_line(p), "level MUST wants a must or never line in every case");
    if (p->musts.num == 0 && p->traces.num == 0 && p->plays.num == 0)
        return missing(p, first_line(p), "nothing is checked: no must, never, trace or play line");
    return check_actors(p);
}

/* ---- making ---- */

/* The last sweep varies fastest. */
static bool bind(lang_parser *p, uint32_t index)
{
    const rig_scn_file *file = p->file;
    rig_scn_binding *bindings = lang_take(p->arena, (file->num_sweeps + 1) * sizeof(*bindings));
    if (!bindings)
        return lang_nomem(p->report);
    for (uint32_t i = file->num_sweeps; i-- > 0;) {
        const lang_sweep *sweep = &file->sweeps[i];
        rig_view value = sweep->values[index % sweep->num_values];
        index /= sweep->num_values;
        bindings[i] = (rig_scn_binding){sweep->name, value};
        p->subs[i] = (lang_sub){.name = sweep->name, .value = value};
    }
    p->num_subs = p->base_subs = file->num_sweeps;
    p->out->bindings = bindings;
    p->out->num_bindings = file->num_sweeps;
    return true;
}

static void defaults(rig_scn *out)
{
    rig_view none = rig_view_of("", 0);
    out->initiator.name = out->initiator.alias = none;
    out->initiator.reconnect = true;
    out->ipsec.gateway = none;
    out->isns.portal = none;
}

static void hand_over(lang_parser *p)
{
    rig_scn *out = p->out;
#define HAND(member) out->member = p->member.ptr, out->num_##member = p->member.num
    HAND(refs);
    HAND(tags);
    HAND(choices);
    HAND(seeds);
    HAND(links);
    HAND(adapters);
    HAND(rows);
    HAND(policies);
    HAND(boots);
    HAND(steps);
    HAND(plays);
    HAND(musts);
    HAND(traces);
    HAND(results);
    HAND(vars);
    HAND(literals);
#undef HAND
    out->ipsec.keys = p->ipsec_keys.ptr;
    out->ipsec.num_keys = p->ipsec_keys.num;
    out->isns.nodes = p->isns_nodes.ptr;
    out->isns.num_nodes = p->isns_nodes.num;
    out->isns.refusals = p->isns_refusals.ptr;
    out->isns.num_refusals = p->isns_refusals.num;
    out->initiator.offers = p->initiator_offers.ptr;
    out->initiator.num_offers = p->initiator_offers.num;
    rig_scn_literal *literals = p->literals.ptr;
    const uint32_t *clauses = p->literal_clauses.ptr;
    for (uint32_t i = 0; i < p->literals.num; i++)
        literals[i].must = clauses[i] ? &out->musts[clauses[i] - 1] : NULL;
}

static bool read_case(lang_parser *p, uint32_t index)
{
    if (!bind(p, index))
        return false;
    defaults(p->out);
    bool ok = included_targets(p);
    ok = all_stmts(p, false) && ok;
    if (!ok || p->report->status != RIG_OK || !all_stmts(p, true) || p->report->status != RIG_OK ||
        !lang_target_finish(p) || !check_whole(p))
        return false;
    hand_over(p);
    return p->report->status == RIG_OK;
}

static rig_scn *new_case(const rig_alloc *alloc)
{
    struct rig_scn_memory *memory = rig_new(alloc, sizeof(*memory));
    if (!memory)
        return NULL;
    memory->arena.alloc = alloc;
    rig_scn *out = lang_take(&memory->arena, sizeof(*out));
    if (!out) {
        rig_delete(alloc, memory, sizeof(*memory));
        return NULL;
    }
    out->memory = memory;
    return out;
}

void rig_scn_free(rig_scn *scn)
{
    if (!scn)
        return;
    struct rig_scn_memory *memory = scn->memory;
    const rig_alloc *alloc = memory->arena.alloc;
    lang_arena_cleanup(&memory->arena);
    rig_delete(alloc, memory, sizeof(*memory));
}

rig_status lang_case_make(const rig_scn_file *file, lang_case *wanted, lang_report *report, rig_scn **out)
{
    const rig_alloc *alloc = file->config.alloc;
    *out = NULL;
    lang_parser *p = rig_new(alloc, sizeof(*p));
    rig_scn *made = p ? new_case(alloc) : NULL;
    if (!made) {
        rig_delete(alloc, p, sizeof(*p));
        report->status = RIG_E_NOMEM;
        return RIG_E_NOMEM;
    }
    lang_parser_init(p, file, &made->memory->arena, report);
    p->out = made;
    p->alter = wanted->alter;
    p->taken = wanted->taken;
    bool ok = read_case(p, wanted->index);
    lang_full(report, p->source->path, &made->memory->arena);
    wanted->altered = p->altered;
    wanted->unalterable = p->unalterable;
    rig_delete(alloc, p, sizeof(*p));
    if (ok)
        *out = made;
    else
        rig_scn_free(made);
    return report->status;
}
