/* The record of a case: what reports say of it, as one JSON object. */
#include "record.h"

#define CLAUSE_MAX 4096 /* bytes of a clause that are told */

/* ---- lists: NULL once a value of them could not be had ---- */

static json_t *append(json_t *list, json_t *value)
{
    if (list && json_array_append_new(list, value) == 0)
        return list;
    if (!list)
        json_decref(value);
    json_decref(list);
    return NULL;
}

static json_t *keep_if(bool ok, json_t *object)
{
    if (ok)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *views_value(const rig_alloc *alloc, const rig_view *views, uint32_t num)
{
    json_t *list = json_array();
    for (uint32_t i = 0; list && i < num; i++)
        list = append(list, rep_text(alloc, views[i]));
    return list;
}

static json_t *ids_value(const rig_alloc *alloc, const rig_scn_must *must)
{
    return views_value(alloc, must ? must->ids : NULL, must ? must->num_ids : 0);
}

/* ---- what is checked ---- */

static json_t *clause_value(const rig_alloc *alloc, const rig_result *result, const rig_scn_must *must)
{
    char text[CLAUSE_MAX];
    rig_text out;
    if (!must || !result->scn)
        return json_null();
    rig_text_init(&out, text, sizeof text);
    rig_scn_must_print(&out, must, result->scn);
    return rep_text(alloc, rig_view_of(text, out.len));
}

static json_t *mark_value(const rig_finding *finding)
{
    return finding->mark_len ? json_pack("[i,i]", (int)finding->mark_at, (int)finding->mark_len)
                             : json_null();
}

static json_t *finding_value(const rig_alloc *alloc, const rig_result *result, const rig_finding *f)
{
    json_t *o = json_object();
    bool ok = o && rep_set_text(o, alloc, "kind", rep_kind_word(f->kind)) &&
              rep_set_view(o, alloc, "file", rep_place_path(result, f->place)) &&
              rep_set_number(o, "line", f->place.line) && rep_set_number(o, "col", f->place.col) &&
              rep_set(o, "ids", ids_value(alloc, f->must)) &&
              rep_set(o, "clause", clause_value(alloc, result, f->must)) &&
              rep_set_text(o, alloc, "text", f->text) && rep_set_text(o, alloc, "field", f->field) &&
              rep_set_text(o, alloc, "expected", f->expected) &&
              rep_set_text(o, alloc, "actual", f->actual) && rep_set(o, "mark", mark_value(f)) &&
              rep_set_number(o, "block_line", f->line_number) &&
              rep_set_number(o, "block_lines", f->num_lines) && rep_set_number(o, "time_ns", f->time) &&
              rep_set(o, "frame", f->frame ? json_integer(f->frame) : json_null()) &&
              rep_set(o, "item", f->item == UINT32_MAX ? json_null() : json_integer(f->item));
    return keep_if(ok, o);
}

static json_t *findings_value(const rig_alloc *alloc, const rig_result *result)
{
    json_t *list = json_array();
    for (uint32_t i = 0; list && i < result->num_findings; i++)
        list = append(list, finding_value(alloc, result, &result->findings[i]));
    return list;
}

static json_t *check_value(const rig_alloc *alloc, const rig_result *result, const rig_check *check)
{
    json_t *o = json_object();
    bool ok = o && rep_set(o, "ids", ids_value(alloc, check->must)) &&
              rep_set_number(o, "line", check->must->place.line) &&
              rep_set(o, "clause", clause_value(alloc, result, check->must)) &&
              rep_set(o, "held", json_boolean(check->held));
    return keep_if(ok, o);
}

static json_t *checks_value(const rig_alloc *alloc, const rig_result *result)
{
    json_t *list = json_array();
    for (uint32_t i = 0; list && i < result->num_checks; i++)
        list = append(list, check_value(alloc, result, &result->checks[i]));
    return list;
}

/* ---- what the scenario says of itself ---- */

static json_t *bindings_value(const rig_alloc *alloc, const rig_scn *scn)
{
    json_t *o = json_object();
    for (uint32_t i = 0; o && scn && i < scn->num_bindings; i++) {
        char name[64];
        rig_text out;
        rig_text_init(&out, name, sizeof name);
        rep_plain(&out, scn->bindings[i].name);
        o = keep_if(rep_set_view(o, alloc, name, scn->bindings[i].value), o);
    }
    return o;
}

static json_t *refs_value(const rig_alloc *alloc, const rig_scn *scn)
{
    json_t *list = json_array();
    for (uint32_t i = 0; list && scn && i < scn->num_refs; i++) {
        char ref[128];
        rig_text out;
        rig_text_init(&out, ref, sizeof ref);
        rig_text_view(&out, scn->refs[i].document);
        rig_text_add(&out, "/");
        rig_text_view(&out, scn->refs[i].section);
        list = append(list, rep_text(alloc, rig_view_of(ref, out.len)));
    }
    return list;
}

static bool listed(const json_t *list, rig_view text)
{
    size_t i;
    const json_t *value;
    json_array_foreach(list, i, value)
    {
        if (rig_view_is(text, json_string_value(value)))
            return true;
    }
    return false;
}

/* Each requirement that a clause names, looked at or not. */
static json_t *requirements_value(const rig_alloc *alloc, const rig_scn *scn)
{
    json_t *list = json_array();
    for (uint32_t m = 0; scn && m < scn->num_musts; m++)
        for (uint32_t i = 0; list && i < scn->musts[m].num_ids; i++)
            if (!listed(list, scn->musts[m].ids[i]))
                list = append(list, rep_text(alloc, scn->musts[m].ids[i]));
    return list;
}

/* ---- the evidence ---- */

/* Capture frames of PDUs that were sent wrong on purpose. */
static json_t *made_wrong_value(const rig_items *items)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < items->num; i++)
        if (items->ptr[i].made_wrong)
            list = append(list, json_integer(items->ptr[i].frame));
    return list;
}

static json_t *screen_value(const rig_alloc *alloc, const rig_result *result)
{
    rig_text out;
    char *room = rig_new(alloc, REP_SCREEN_MAX);
    if (!room)
        return NULL;
    rig_text_init(&out, room, REP_SCREEN_MAX);
    rig_failure_print(&out, result, REP_FINDINGS_MAX);
    json_t *value = rep_text(alloc, rig_view_of(room, out.len));
    rig_delete(alloc, room, REP_SCREEN_MAX);
    return value;
}

static bool set_head(json_t *o, const rep_base *base, const rig_result *result)
{
    const rig_alloc *alloc = base->alloc;
    const rig_scn *scn = result->scn;
    return rep_set_text(o, alloc, "path", result->path ? result->path : "?") &&
           rep_set_number(o, "case", result->case_index) &&
           rep_set_view(o, alloc, "title", scn ? scn->title : (rig_view){NULL, 0}) &&
           rep_set_text(o, alloc, "level", scn ? rep_level_word(scn->level) : NULL) &&
           rep_set(o, "refs", refs_value(alloc, scn)) && rep_set(o, "bindings", bindings_value(alloc, scn)) &&
           rep_set(o, "tags", views_value(alloc, scn ? scn->tags : NULL, scn ? scn->num_tags : 0)) &&
           rep_set(o, "requirements", requirements_value(alloc, scn)) &&
           rep_set_text(o, alloc, "verdict", rig_verdict_word(result->verdict)) &&
           rep_set_text(o, alloc, "reason", result->reason) && rep_set_number(o, "seed", result->seed) &&
           rep_set_text(o, alloc, "mode", result->mode) && rep_set_text(o, alloc, "peer", base->facts.mode) &&
           rep_set_text(o, alloc, "link", result->link);
}

static bool set_rest(json_t *o, const rig_alloc *alloc, const rig_result *result)
{
    return rep_set_number(o, "expectations", result->num_expectations) &&
           rep_set(o, "findings", findings_value(alloc, result)) &&
           rep_set(o, "checks", checks_value(alloc, result)) &&
           rep_set(o, "made_wrong", made_wrong_value(&result->items)) &&
           rep_set_text(o, alloc, "capture", result->capture) &&
           rep_set_number(o, "virtual_ns", result->virtual_ns) &&
           rep_set_number(o, "real_ns", result->real_ns) &&
           rep_set(o, "timed_out", json_boolean(result->timed_out)) &&
           rep_set_text(o, alloc, "again", result->repeat);
}

/* Only where somebody will want to know. A capture that was kept has what a ladder shows; a page wants both.
 */
static bool set_evidence(json_t *o, const rig_alloc *alloc, const rig_result *result, rep_ladders ladders)
{
    bool failed = rig_verdict_failed(result->verdict) || result->num_findings;
    bool wanted = (failed && ladders != REP_LADDER_NEVER) || (result->capture && ladders == REP_LADDER_KEPT);
    if (failed && !rep_set(o, "screen", screen_value(alloc, result)))
        return false;
    if (!wanted || result->items.num == 0)
        return true;
    return rep_set(o, "ladder", rep_ladder(alloc, &result->items));
}

json_t *rep_record(const rep_base *base, const rig_result *result, rep_ladders ladders)
{
    json_t *o = json_object();
    bool ok = o && set_head(o, base, result) && set_rest(o, base->alloc, result) &&
              set_evidence(o, base->alloc, result, ladders);
    return keep_if(ok, o);
}

static rig_status add(rig_report *report, const rig_result *result, rep_ladders ladders)
{
    json_t *record = rep_record((rep_base *)report, result, ladders);
    rig_status status = record ? report->ops->take(report, record) : RIG_E_NOMEM;
    json_decref(record);
    return status;
}

rig_status rep_add_record(rig_report *report, const rig_result *result)
{
    return add(report, result, REP_LADDER_NEVER);
}

rig_status rep_add_failed_ladder(rig_report *report, const rig_result *result)
{
    return add(report, result, REP_LADDER_FAILED);
}

rig_status rep_add_kept_ladder(rig_report *report, const rig_result *result)
{
    return add(report, result, REP_LADDER_KEPT);
}
