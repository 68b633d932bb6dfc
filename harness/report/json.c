/* JSON, schema iscsirig-results/1: one object, a line for each case, written as they end. */
#include "reports.h"

#include <jansson.h>

#define JSON_TEXT_MAX (1u << 20) /* bytes of one string; longer ones are cut */

typedef struct json_report {
    rep_base base;
    bool any; /* a case was written */
} json_report;

/* A string value from bytes of any kind; NULL without memory. */
static json_t *text_value(const rig_alloc *alloc, rig_view text)
{
    uint8_t bytes[4];
    uint32_t code;
    text = rig_view_sub(text, 0, JSON_TEXT_MAX);
    size_t size = text.len * 3 + 1, len = 0;
    char *room = rig_new(alloc, size);
    if (!room)
        return NULL;
    while (text.len > 0) {
        size_t more = rep_next(&text, bytes, &code);
        memcpy(room + len, bytes, more);
        len += more;
    }
    json_t *value = json_stringn_nocheck(room, len);
    rig_delete(alloc, room, size);
    return value;
}

/* Setting takes the value, and fails when it is NULL. */
static bool set(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new_nocheck(object, name, value) == 0;
}

static bool set_text(json_t *object, const rig_alloc *alloc, const char *name, const char *text)
{
    return set(object, name, text ? text_value(alloc, rig_view_str(text)) : json_null());
}

static bool set_view(json_t *object, const rig_alloc *alloc, const char *name, rig_view text)
{
    return set(object, name, text_value(alloc, text));
}

static bool set_number(json_t *object, const char *name, uint64_t number)
{
    if (number > INT64_MAX) /* what JSON integers of readers hold; only seeds can be larger */
        return set(object, name, json_real((double)number));
    return set(object, name, json_integer((json_int_t)number));
}

static json_t *ids_value(const rig_alloc *alloc, const rig_scn_must *must)
{
    json_t *ids = json_array();
    for (uint32_t i = 0; must && i < must->num_ids; i++)
        if (json_array_append_new(ids, text_value(alloc, must->ids[i])) != 0) {
            json_decref(ids);
            return NULL;
        }
    return ids;
}

static json_t *mark_value(const rig_finding *finding)
{
    return finding->mark_len ? json_pack("[i,i]", (int)finding->mark_at, (int)finding->mark_len)
                             : json_null();
}

static json_t *finding_value(const rig_alloc *alloc, const rig_result *result, const rig_finding *f)
{
    json_t *o = json_object();
    bool ok = o && set_text(o, alloc, "kind", rep_kind_word(f->kind)) &&
              set_view(o, alloc, "file", rep_place_path(result, f->place)) &&
              set_number(o, "line", f->place.line) && set_number(o, "col", f->place.col) &&
              set(o, "ids", ids_value(alloc, f->must)) && set_text(o, alloc, "text", f->text) &&
              set_text(o, alloc, "field", f->field) && set_text(o, alloc, "expected", f->expected) &&
              set_text(o, alloc, "actual", f->actual) && set(o, "mark", mark_value(f)) &&
              set_number(o, "block_line", f->line_number) && set_number(o, "block_lines", f->num_lines) &&
              set_number(o, "time_ns", f->time) &&
              set(o, "frame", f->frame ? json_integer(f->frame) : json_null()) &&
              set(o, "item", f->item == UINT32_MAX ? json_null() : json_integer(f->item));
    if (ok)
        return o;
    json_decref(o);
    return NULL;
}

static json_t *findings_value(const rig_alloc *alloc, const rig_result *result)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < result->num_findings; i++)
        if (json_array_append_new(list, finding_value(alloc, result, &result->findings[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *check_value(const rig_alloc *alloc, const rig_check *check)
{
    json_t *o = json_object();
    if (o && set(o, "ids", ids_value(alloc, check->must)) && set_number(o, "line", check->must->place.line) &&
        set(o, "held", json_boolean(check->held)))
        return o;
    json_decref(o);
    return NULL;
}

static json_t *checks_value(const rig_alloc *alloc, const rig_result *result)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < result->num_checks; i++)
        if (json_array_append_new(list, check_value(alloc, &result->checks[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *bindings_value(const rig_alloc *alloc, const rig_scn *scn)
{
    json_t *o = json_object();
    for (uint32_t i = 0; o && scn && i < scn->num_bindings; i++) {
        char name[64];
        rig_text out;
        rig_text_init(&out, name, sizeof name);
        rep_plain(&out, scn->bindings[i].name);
        if (!set_view(o, alloc, name, scn->bindings[i].value)) {
            json_decref(o);
            return NULL;
        }
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
        if (json_array_append_new(list, text_value(alloc, rig_view_of(ref, out.len))) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* Capture frames of PDUs that were sent wrong on purpose. */
static json_t *made_wrong_value(const rig_items *items)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < items->num; i++)
        if (items->ptr[i].made_wrong && json_array_append_new(list, json_integer(items->ptr[i].frame)) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static bool set_head(json_t *o, const rig_alloc *alloc, const rig_result *result)
{
    const rig_scn *scn = result->scn;
    return set_text(o, alloc, "path", result->path ? result->path : "?") &&
           set_number(o, "case", result->case_index) &&
           set_view(o, alloc, "title", scn ? scn->title : (rig_view){NULL, 0}) &&
           set_text(o, alloc, "level", scn ? rep_level_word(scn->level) : NULL) &&
           set(o, "refs", refs_value(alloc, scn)) && set(o, "bindings", bindings_value(alloc, scn)) &&
           set_text(o, alloc, "verdict", rig_verdict_word(result->verdict)) &&
           set_text(o, alloc, "reason", result->reason) && set_number(o, "seed", result->seed) &&
           set_text(o, alloc, "mode", result->mode) && set_text(o, alloc, "link", result->link);
}

static bool set_rest(json_t *o, const rig_alloc *alloc, const rig_result *result)
{
    return set_number(o, "expectations", result->num_expectations) &&
           set(o, "findings", findings_value(alloc, result)) &&
           set(o, "checks", checks_value(alloc, result)) &&
           set(o, "made_wrong", made_wrong_value(&result->items)) &&
           set_text(o, alloc, "capture", result->capture) &&
           set_number(o, "virtual_ns", result->virtual_ns) && set_number(o, "real_ns", result->real_ns) &&
           set(o, "timed_out", json_boolean(result->timed_out)) &&
           set_text(o, alloc, "again", result->repeat);
}

static rig_status add(rig_report *report, const rig_result *result)
{
    json_report *j = (json_report *)report;
    json_t *o = json_object();
    bool ok = o && set_head(o, j->base.alloc, result) && set_rest(o, j->base.alloc, result);
    if (ok) {
        fputs(j->any ? ",\n" : "\n", j->base.file);
        ok = json_dumpf(o, j->base.file, JSON_COMPACT) == 0;
        j->any = true;
    }
    json_decref(o);
    return ok ? RIG_OK : RIG_E_NOMEM;
}

static json_t *summary_value(const rig_summary *summary)
{
    json_t *o = json_object(), *verdicts = json_object();
    bool ok = o && verdicts;
    for (unsigned v = 0; ok && v < RIG_VERDICTS; v++)
        ok = set_number(verdicts, rig_verdict_word((rig_verdict)v), summary->verdicts[v]);
    ok = ok && set_number(o, "cases", summary->cases) && set_number(o, "files", summary->files) &&
         set_number(o, "real_ns", summary->real_ns) &&
         set(o, "interrupted", json_boolean(summary->interrupted)) &&
         set(o, "verdicts", json_incref(verdicts));
    json_decref(verdicts);
    if (ok)
        return o;
    json_decref(o);
    return NULL;
}

static rig_status finish(rig_report *report, const rig_summary *summary)
{
    json_report *j = (json_report *)report;
    json_t *o = summary_value(summary);
    fputs("\n],\n\"summary\":", j->base.file);
    bool ok = o && json_dumpf(o, j->base.file, JSON_COMPACT) == 0;
    fputs("}\n", j->base.file);
    json_decref(o);
    rig_status status = rep_end(&j->base, sizeof *j);
    return ok ? status : RIG_E_NOMEM;
}

static const rig_report_ops ops = {NULL, add, finish};

static rig_status put_facts(json_report *j)
{
    const rep_facts *facts = &j->base.facts;
    const struct {
        const char *name, *text;
    } rows[] = {{"schema", "iscsirig-results/1"},
                {"version", facts->version},
                {"command", facts->command},
                {"mode", facts->mode}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *text = text_value(j->base.alloc, rig_view_str(rows[i].text));
        if (!text)
            return RIG_E_NOMEM;
        fprintf(j->base.file, "%s\"%s\":", i ? ",\n" : "{", rows[i].name);
        json_dumpf(text, j->base.file, JSON_ENCODE_ANY);
        json_decref(text);
    }
    fputs(",\n\"cases\":[", j->base.file);
    return RIG_OK;
}

rig_status rep_json_open(const rig_alloc *alloc, const char *path, const rig_run_facts *facts,
                         rig_report **out, rig_error *err)
{
    json_report *j;
    rig_status status = rep_new(alloc, path, facts, sizeof *j, &ops, &j, err);
    if (status != RIG_OK)
        return status;
    status = put_facts(j);
    if (status != RIG_OK) {
        rep_end(&j->base, sizeof *j);
        return rig_fail(err, status, "no memory for a report");
    }
    *out = &j->base.report;
    return RIG_OK;
}
