/* Each literal altered once: an expectation that does not notice tests nothing. */
#include "craft.h"
#include "literal.h"

#define PROVE_COPIES_MAX 4096 /* items made for one at-most */

typedef struct prover {
    const rig_match_config *config;
    const rig_facts *facts;
    const rig_result *passed;
    const rig_scn *scn;     /* as it is */
    const rig_scn *altered; /* with one literal changed; NULL: the evidence is what changes */
    match_literal at;
    rig_status status;
} prover;

typedef struct outcome {
    bool held;
    bool named;
    uint32_t line; /* of a trace, 1-based */
} outcome;

static bool names(const rig_finding *finding, rig_view name)
{
    rig_view text = rig_view_str(finding->text);
    if (rig_view_is(name, finding->field))
        return true;
    for (size_t i = 0; name.len && i + name.len <= text.len; i++)
        if (memcmp(text.ptr + i, name.ptr, name.len) == 0)
            return true;
    return false;
}

static bool stands_in(rig_scn_place place, rig_scn_place line)
{
    return place.file == line.file && place.line == line.line && place.col >= line.col &&
           place.col < line.col + line.len;
}

/* Several items may be as near to `after LINE`, each with another difference: that this line failed is
 * enough. */
static bool names_anchor(const prover *p, const rig_scn *scn, const rig_finding *finding)
{
    const rig_scn_must *must = finding->must;
    if (scn != p->altered || !must)
        return false;
    const rig_scn_line *line = p->at.role == MATCH_IN_AFTER    ? must->after
                               : p->at.role == MATCH_IN_BEFORE ? must->before
                                                               : NULL;
    return line && stands_in(finding->place, line->place);
}

static bool expectation_holds(match_run *run, const match_literal *at)
{
    bool looked;
    if (at->role == MATCH_IN_TRACE)
        return match_trace(run, &run->scn->traces[at->index]);
    return match_must(run, &run->scn->musts[at->index], &looked);
}

/* The clause or block of the literal, as scn has it, against these items. */
static outcome judge(prover *p, const rig_scn *scn, const rig_items *items)
{
    rig_result scratch = {.alloc = p->passed->alloc};
    match_run run;
    outcome out = {.held = false};
    rig_status status = match_run_init(&run, p->config, p->facts, scn, items, &scratch);
    if (status == RIG_OK) {
        out.held = expectation_holds(&run, &p->at);
        match_run_cleanup(&run);
        status = run.status;
    }
    if (status != RIG_OK)
        p->status = status;
    if (scratch.num_findings) {
        out.named = names(&scratch.findings[0], p->at.name) || names_anchor(p, scn, &scratch.findings[0]);
        out.line = scratch.findings[0].line_number;
    }
    rig_result_cleanup(&scratch);
    return out;
}

/* Whether the literal decides with this evidence; without a literal, whether the evidence is refused. */
static bool decides(prover *p, const rig_items *items)
{
    bool held = judge(p, p->scn, items).held;
    return p->altered ? held != judge(p, p->altered, items).held : !held;
}

/* ---- made evidence ---- */

typedef struct evidence {
    rig_items items; /* shallow: the views are the run's or the crafts' */
    size_t size;
    craft *line, *anchor; /* anchor: for `after` or `before`, when it did not come */
} evidence;

static bool evidence_open(prover *p, evidence *e, size_t more)
{
    const rig_alloc *alloc = p->passed->alloc;
    *e = (evidence){.size = p->passed->items.num + more};
    e->items.alloc = alloc;
    e->items.ptr = rig_new(alloc, e->size * sizeof *e->items.ptr);
    e->line = rig_new(alloc, sizeof *e->line);
    e->anchor = rig_new(alloc, sizeof *e->anchor);
    if (e->items.ptr && e->line && e->anchor)
        return true;
    p->status = RIG_E_NOMEM;
    return false;
}

static void evidence_close(prover *p, evidence *e)
{
    const rig_alloc *alloc = p->passed->alloc;
    rig_delete(alloc, e->items.ptr, e->size * sizeof *e->items.ptr);
    rig_delete(alloc, e->line, sizeof *e->line);
    rig_delete(alloc, e->anchor, sizeof *e->anchor);
}

static void put(evidence *e, size_t at, const rig_item *item)
{
    rig_item *ptr = e->items.ptr;
    if (e->items.num == e->size)
        return;
    memmove(ptr + at + 1, ptr + at, (e->items.num - at) * sizeof *ptr);
    ptr[at] = *item;
    e->items.num++;
}

/* What a proof needs made. */
typedef struct plan {
    const rig_scn_must *must;
    bool alone;    /* without the items of the run */
    bool without;  /* the run's items that fit the line are left out */
    bool outside;  /* behind `before`, where it may stand */
    bool breaks;   /* the item breaks `has` */
    bool fulfills; /* the item fulfills `has` */
    uint64_t copies;
} made_plan;

static void take_items(match_run *run, const made_plan *plan, const rig_items *from, evidence *e)
{
    const match_look look = {.line = plan->must->line};
    for (size_t i = 0; i < from->num && !plan->alone; i++) {
        bool fits = plan->without && match_line(run, &look, &from->ptr[i]);
        match_undo(run, 0);
        if (!fits)
            e->items.ptr[e->items.num++] = from->ptr[i];
    }
}

/* Finds the anchor, or makes it and puts it at the end; its bindings stay. */
static bool place_anchor(match_run *run, const rig_scn_line *line, evidence *e, size_t *out_at)
{
    const match_look look = {.line = line};
    run->items = e->items.ptr;
    run->num_items = e->items.num;
    *out_at = match_find(run, &look, 0, e->items.num);
    if (*out_at != MATCH_NONE)
        return true;
    if (!match_craft(run, line, e->anchor))
        return false;
    *out_at = e->items.num;
    put(e, e->items.num, &e->anchor->item);
    run->num_items = e->items.num;
    return true;
}

static rig_scn_line has_line(const rig_scn_must *must)
{
    rig_scn_line line = *must->line;
    line.conds = must->has;
    line.num_conds = must->num_has;
    line.has_keys = must->alone;
    return line;
}

/* The line and what `has` asks, as one line. */
static bool craft_both(match_run *run, const rig_scn_must *must, craft *out)
{
    rig_scn_line line = *must->line;
    const size_t size = ((size_t)line.num_conds + must->num_has) * sizeof(rig_scn_cond);
    rig_scn_cond *conds = rig_new(run->out->alloc, size);
    if (!conds) {
        run->status = RIG_E_NOMEM;
        return false;
    }
    if (line.num_conds)
        memcpy(conds, line.conds, line.num_conds * sizeof *conds);
    memcpy(conds + line.num_conds, must->has, must->num_has * sizeof *conds);
    line.num_conds += must->num_has;
    line.conds = conds;
    bool made = match_craft(run, &line, out);
    rig_delete(run->out->alloc, conds, size);
    return made;
}

static bool make_item(match_run *run, const made_plan *plan, craft *out)
{
    const rig_scn_line has = plan->must->kind == RIG_SCN_M_EVERY ? has_line(plan->must) : *plan->must->line;
    if (plan->fulfills)
        return craft_both(run, plan->must, out);
    return match_craft(run, plan->must->line, out) && (!plan->breaks || match_craft_break(run, &has, out));
}

/* Just behind `after`, before everything without one; or at the end, behind `before`. */
static bool place_items(match_run *run, const made_plan *plan, evidence *e)
{
    const rig_scn_must *must = plan->must;
    size_t at = 0, anchor;
    if (must->after && place_anchor(run, must->after, e, &anchor))
        at = anchor + 1;
    else if (must->after)
        return false;
    if (plan->outside) {
        if (!must->before || !place_anchor(run, must->before, e, &anchor))
            return false;
        at = e->items.num;
    }
    if (plan->copies && !make_item(run, plan, e->line))
        return false;
    if (at > 0)
        e->line->item.time = e->items.ptr[at - 1].time;
    for (uint64_t i = 0; i < plan->copies; i++)
        put(e, at, &e->line->item);
    return true;
}

static bool plan_decides(prover *p, const made_plan *plan)
{
    evidence e;
    match_run run;
    rig_result scratch = {.alloc = p->passed->alloc};
    bool decided = false;
    if (plan->copies > PROVE_COPIES_MAX || p->status != RIG_OK)
        return false;
    if (evidence_open(p, &e, plan->copies + 1)) {
        p->status = match_run_init(&run, p->config, p->facts, p->scn, &p->passed->items, &scratch);
        if (p->status == RIG_OK) {
            take_items(&run, plan, &p->passed->items, &e);
            bool made = place_items(&run, plan, &e);
            match_run_cleanup(&run);
            p->status = run.status;
            decided = made && decides(p, &e.items);
        }
    }
    evidence_close(p, &e);
    rig_result_cleanup(&scratch);
    return decided;
}

/* With the run's items first; when those blur it, alone. */
static bool tried_plan(prover *p, made_plan plan)
{
    if (plan_decides(p, &plan))
        return true;
    plan.alone = true;
    return plan_decides(p, &plan);
}

/* ---- which proof ---- */

static bool forbids(const rig_scn_must *must)
{
    return must->kind == RIG_SCN_M_NEVER ||
           (must->kind == RIG_SCN_M_SEEN &&
            (must->quantity == RIG_SCN_Q_AT_MOST ||
             (must->quantity == RIG_SCN_Q_EXACTLY && must->number.number == 0)));
}

static bool other_way(prover *p)
{
    if (p->at.role == MATCH_IN_TRACE || p->at.role == MATCH_IN_VALUE)
        return false;
    const rig_scn_must *must = &p->scn->musts[p->at.index];
    made_plan plan = {.must = must, .copies = 1};
    if (must->kind == RIG_SCN_M_EVERY) {
        plan.breaks = p->at.role == MATCH_IN_LINE;
        plan.fulfills = p->at.role == MATCH_IN_HAS;
        return tried_plan(p, plan);
    }
    if (!forbids(must))
        return false;
    plan.outside = p->at.role == MATCH_IN_BEFORE;
    if (must->kind == RIG_SCN_M_SEEN) {
        plan.copies = must->number.number + 1;
        plan.without = true;
    }
    return tried_plan(p, plan);
}

/* Why the alteration went unnoticed; NULL when it was noticed. */
static const char *unnoticed(prover *p)
{
    outcome out = judge(p, p->altered, &p->passed->items);
    if (out.held)
        return other_way(p) ? NULL : "still passes";
    bool some = p->at.role == MATCH_IN_TRACE && p->scn->traces[p->at.index].some;
    if (out.named || (some && out.line > p->at.line))
        return NULL;
    return other_way(p) ? NULL : "fails without naming the field";
}

static rig_survivor survivor_of(const rig_scn_literal *literal, uint32_t index, const char *why)
{
    rig_survivor out = {.literal = index, .place = literal->place};
    rig_text text;
    rig_text_init(&text, out.text, sizeof out.text);
    rig_text_escaped(&text, literal->text);
    rig_text_init(&text, out.why, sizeof out.why);
    rig_text_view(&text, rig_view_str(why));
    return out;
}

/* A literal without another value, or in a play, is not tried. */
static const char *prove_literal(prover *p, uint32_t literal, bool *out_tried)
{
    rig_scn *altered = NULL;
    const char *why = NULL;
    *out_tried = false;
    rig_status status = rig_scn_case_altered(p->passed->file, p->passed->case_index, literal, &altered, NULL);
    if (status == RIG_E_NOMEM)
        p->status = status;
    if (status != RIG_OK)
        return NULL;
    p->altered = altered;
    match_literal_find(p->scn, altered, literal, &p->at);
    *out_tried = p->at.role != MATCH_NOWHERE && !(p->at.role == MATCH_IN_TRACE && p->config->norms_only);
    if (*out_tried)
        why = unnoticed(p);
    rig_scn_free(altered);
    return why;
}

/* ---- clauses ---- */

/* Evidence that breaks the clause: without what must come, with what must never come, or with a PDU that
 * lacks what each must have. */
static bool breach_decides(prover *p, const rig_scn_must *must)
{
    made_plan plan = {.must = must, .copies = 1};
    if (must->kind == RIG_SCN_M_EVERY) {
        plan.breaks = true;
    } else if (must->kind == RIG_SCN_M_SEEN) {
        plan.without = true;
        plan.copies = forbids(must) ? must->number.number + 1 : 0;
    }
    return plan.copies ? tried_plan(p, plan) : plan_decides(p, &plan);
}

static rig_check *check_of(rig_result *result, const rig_scn_must *must)
{
    for (uint32_t i = 0; i < result->num_checks; i++)
        if (result->checks[i].must == must)
            return &result->checks[i];
    return NULL;
}

/* A result has nothing but its literal, which stands for every other value the step might have left. */
static void prove_clause(prover *p, rig_check *check)
{
    const rig_scn_must *must = check->must;
    bool by_literal = must->kind == RIG_SCN_M_COUNT || must->kind == RIG_SCN_M_RESULT;
    p->altered = NULL;
    p->at = (match_literal){.role = MATCH_IN_LINE, .index = (uint32_t)(must - p->scn->musts)};
    check->proved = check->held && !check->survived && (by_literal ? check->tried : breach_decides(p, must));
}

rig_status rig_prove_expect(const rig_match_config *config, const rig_facts *facts, rig_result *passed,
                            rig_prove_fn *survivor, void *ctx, uint32_t *out_tried, uint32_t *out_survived)
{
    prover p = {.config = config, .facts = facts, .passed = passed, .scn = passed->scn};
    bool go_on = true;
    *out_tried = *out_survived = 0;
    if (!passed->scn || !passed->file)
        return RIG_E_ARGUMENT;
    if (passed->num_findings)
        return RIG_OK;
    for (uint32_t i = 1; i <= p.scn->num_literals && go_on && p.status == RIG_OK; i++) {
        bool tried;
        const char *why = prove_literal(&p, i, &tried);
        rig_check *check = check_of(passed, p.scn->literals[i - 1].must);
        *out_tried += tried;
        if (check) {
            check->tried = check->tried || tried;
            check->survived = check->survived || why;
        }
        if (!why || p.status != RIG_OK)
            continue;
        ++*out_survived;
        const rig_survivor found = survivor_of(&p.scn->literals[i - 1], i, why);
        go_on = !survivor || survivor(ctx, &found);
    }
    for (uint32_t i = 0; i < passed->num_checks && go_on && p.status == RIG_OK; i++)
        prove_clause(&p, &passed->checks[i]);
    return p.status;
}
