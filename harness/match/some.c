/* trace some: the lines in order, other items between. Earliest match first; a choice that leads nowhere is
 * taken back, as long as the budget lasts. */
#include "matching.h"

typedef struct choice {
    size_t item;
    uint32_t mark; /* of the trail before it */
} choice;

typedef struct search {
    match_run *run;
    const rig_scn_trace *trace;
    choice *choices; /* a line each */
    uint32_t line;
    uint32_t deepest; /* furthest line that nothing fitted */
    uint32_t stop;    /* the search ends when nothing fits this line */
    match_look look;
} search;

static void look_at_line(search *s)
{
    const match_run *run = s->run;
    s->look.line = &s->trace->lines[s->line];
    s->look.has_since = run->num_items > 0;
    if (run->num_items)
        s->look.since = run->items[s->line ? s->choices[s->line - 1].item : 0].time;
}

/* Takes the choice before back; the next item to try for it. False when there is none. */
static bool step_back(search *s, size_t *from)
{
    if (s->line == 0 || s->run->budget == 0)
        return false;
    s->line--;
    match_undo(s->run, s->choices[s->line].mark);
    *from = s->choices[s->line].item + 1;
    return true;
}

/* False with `line` where it ended, and the bindings of the lines before it. */
static bool run_search(search *s)
{
    size_t from = 0;
    match_budget_begin(s->run);
    match_undo(s->run, 0);
    for (s->line = 0; s->line < s->trace->num_lines;) {
        uint32_t mark = s->run->num_trail;
        look_at_line(s);
        size_t hit = match_find(s->run, &s->look, from, s->run->num_items);
        if (hit != MATCH_NONE) {
            s->choices[s->line++] = (choice){hit, mark};
            from = hit + 1;
            continue;
        }
        if (s->line > s->deepest)
            s->deepest = s->line;
        if (s->line == s->stop || !step_back(s, &from))
            return false;
    }
    return true;
}

static void report_line(search *s)
{
    match_run *run = s->run;
    size_t from = s->line ? s->choices[s->line - 1].item + 1 : 0;
    size_t near = match_nearest(run, &s->look, from, run->num_items);
    match_miss miss;
    match_report report = {.kind = RIG_FINDING_TRACE, .look = &s->look, .item = near};
    report.text = s->line ? "nothing that fits came after the line above" : "nothing that fits came";
    if (near != MATCH_NONE) {
        match_line_why(run, &s->look, &run->items[near], &miss);
        report.miss = &miss;
        report.text = "";
    }
    if (near == MATCH_NONE)
        report.field = s->look.line->kind == RIG_SCN_EVENT ? "event" : "PDU";
    report.place = s->look.line->place;
    report.line_number = s->line + 1;
    report.num_lines = s->trace->num_lines;
    match_report_add(run, &report);
}

bool match_some(match_run *run, const rig_scn_trace *trace)
{
    const rig_alloc *alloc = run->out->alloc;
    if (trace->num_lines == 0)
        return true;
    search s = {.run = run, .trace = trace, .stop = UINT32_MAX, .look = {.strict = true}};
    s.choices = rig_new(alloc, trace->num_lines * sizeof *s.choices);
    if (!s.choices) {
        run->status = RIG_E_NOMEM;
        return false;
    }
    bool held = run_search(&s);
    if (!held) {
        s.stop = s.deepest;
        run_search(&s);
        report_line(&s);
    }
    rig_delete(alloc, s.choices, trace->num_lines * sizeof *s.choices);
    return held;
}
