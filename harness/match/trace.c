/* A trace block where every PDU is listed: lines and PDUs side by side. */
#include "matching.h"

/* Where the comparison stands. */
typedef struct walk {
    match_run *run;
    const rig_scn_trace *trace;
    uint32_t line;
    size_t at; /* next item */
    match_look look;
} walk;

static match_look look_at(const walk *w, uint32_t line)
{
    match_look look = w->look;
    look.line = &w->trace->lines[line];
    return look;
}

static size_t next_pdu(const match_run *run, size_t at)
{
    while (at < run->num_items && run->items[at].kind != RIG_ITEM_PDU)
        at++;
    return at;
}

static bool fail(walk *w, size_t item, const match_miss *miss, const char *text)
{
    match_report report = {
        .kind = RIG_FINDING_TRACE, .look = &w->look, .item = item, .miss = miss, .text = text};
    if (!miss || miss->fault == MATCH_FITS)
        report.field = w->look.line->kind == RIG_SCN_EVENT ? "event" : "PDU";
    report.place = w->look.line->place;
    report.line_number = w->line + 1;
    report.num_lines = w->trace->num_lines;
    match_report_add(w->run, &report);
    return false;
}

/* The nearest next PDU of the line's kind: number of PDUs on, 0 none. */
static uint32_t line_comes_in(walk *w, size_t item)
{
    for (uint32_t ahead = 1; ahead <= MATCH_NEAR_LINES; ahead++) {
        item = next_pdu(w->run, item + 1);
        if (item >= w->run->num_items)
            return 0;
        if (!match_other(w->look.line, &w->run->items[item]))
            return ahead;
    }
    return 0;
}

/* The nearest next line of the item's kind: number of PDU lines on, 0 none. */
static uint32_t item_listed_in(const walk *w, size_t item, uint32_t *out_line)
{
    uint32_t ahead = 0;
    for (uint32_t i = w->line + 1; i < w->trace->num_lines && ahead < MATCH_NEAR_LINES; i++) {
        if (w->trace->lines[i].kind == RIG_SCN_EVENT)
            continue;
        ahead++;
        *out_line = i + 1;
        if (!match_other(&w->trace->lines[i], &w->run->items[item]))
            return ahead;
    }
    return 0;
}

static bool other_pdu(walk *w, size_t item, const match_miss *miss)
{
    char text[160];
    rig_text out;
    uint32_t line = 0, extra = line_comes_in(w, item), missing = item_listed_in(w, item, &line);
    rig_text_init(&out, text, sizeof text);
    if (extra && (!missing || extra <= missing))
        rig_text_add(&out, "a PDU that is not listed stands before the one line %u wants", w->line + 1);
    else if (missing)
        rig_text_add(&out, "the PDU of line %u is missing; line %u fits what came instead", w->line + 1,
                     line);
    else
        rig_text_add(&out, "line %u has another PDU", w->line + 1);
    return fail(w, item, miss, text);
}

/* Same PDU, other values: what else it might be is only a hint. */
static bool other_values(walk *w, size_t item, const match_miss *miss)
{
    char text[160] = "";
    rig_text out;
    uint32_t line = 0;
    match_miss other;
    size_t next = next_pdu(w->run, item + 1);
    rig_text_init(&out, text, sizeof text);
    if (next < w->run->num_items && match_line_why(w->run, &w->look, &w->run->items[next], &other))
        rig_text_add(&out, "the PDU after this one would fit: this one may be extra");
    else if (item_listed_in(w, item, &line) == 1) {
        match_look look = look_at(w, line - 1);
        if (match_line_why(w->run, &look, &w->run->items[item], &other))
            rig_text_add(&out, "line %u would fit: the PDU of line %u may be missing", line, w->line + 1);
    }
    return fail(w, item, miss, text);
}

static bool pdu_missing(walk *w)
{
    match_run *run = w->run;
    match_miss miss;
    size_t from = run->num_items > MATCH_NEAR_ITEMS ? run->num_items - MATCH_NEAR_ITEMS : 0;
    size_t near = match_nearest(run, &w->look, from, run->num_items);
    if (near == MATCH_NONE)
        return fail(w, MATCH_NONE, NULL, "missing: no PDU came any more, and none like it before");
    match_line_why(run, &w->look, &run->items[near], &miss);
    return fail(w, near, &miss, "missing: no PDU came any more; the nearest before differs");
}

static bool walk_pdu(walk *w)
{
    match_run *run = w->run;
    match_miss miss;
    size_t item = next_pdu(run, w->at);
    if (item >= run->num_items)
        return pdu_missing(w);
    if (match_line(run, &w->look, &run->items[item])) {
        w->at = item + 1;
        w->look.since = run->items[item].time;
        return true;
    }
    match_line_why(run, &w->look, &run->items[item], &miss);
    return miss.fault == MATCH_OTHER ? other_pdu(w, item, &miss) : other_values(w, item, &miss);
}

static bool event_missing(walk *w, size_t to)
{
    match_run *run = w->run;
    match_miss miss;
    size_t near = match_nearest(run, &w->look, w->at, to);
    const char *text = to < run->num_items ? "did not happen before the next PDU" : "did not happen";
    if (near == MATCH_NONE) {
        size_t later = match_nearest(run, &w->look, to, run->num_items);
        if (later == MATCH_NONE)
            return fail(w, MATCH_NONE, NULL, text);
        match_line_why(run, &w->look, &run->items[later], &miss);
        return fail(w, later, &miss, "did not happen before the next PDU, only later");
    }
    match_line_why(run, &w->look, &run->items[near], &miss);
    return fail(w, near, &miss, "");
}

static bool walk_event(walk *w)
{
    size_t to = next_pdu(w->run, w->at);
    size_t hit = match_find(w->run, &w->look, w->at, to);
    if (hit == MATCH_NONE)
        return event_missing(w, to);
    w->at = hit + 1;
    w->look.since = w->run->items[hit].time;
    return true;
}

static bool nothing_left(walk *w)
{
    char text[96];
    rig_text out;
    size_t first = next_pdu(w->run, w->at), num = 0;
    for (size_t i = first; i < w->run->num_items; i = next_pdu(w->run, i + 1))
        num++;
    if (num == 0)
        return true;
    rig_text_init(&out, text, sizeof text);
    rig_text_add(&out, "extra: %zu more PDU%s came than listed, first this", num, num == 1 ? "" : "s");
    match_report report = {
        .kind = RIG_FINDING_TRACE, .item = first, .text = text, .whole = true, .field = "PDU"};
    report.place = w->trace->num_lines ? w->trace->lines[w->trace->num_lines - 1].place : w->trace->place;
    report.line_number = report.num_lines = w->trace->num_lines;
    match_report_add(w->run, &report);
    return false;
}

bool match_trace(match_run *run, const rig_scn_trace *trace)
{
    walk w = {.run = run, .trace = trace, .look = {.strict = true, .has_since = run->num_items > 0}};
    match_budget_begin(run);
    if (trace->some)
        return match_some(run, trace);
    w.look.since = run->num_items ? run->items[0].time : 0;
    for (; w.line < trace->num_lines; w.line++) {
        w.look.line = &trace->lines[w.line];
        if (!(w.look.line->kind == RIG_SCN_EVENT ? walk_event(&w) : walk_pdu(&w)))
            return false;
    }
    return nothing_left(&w);
}
