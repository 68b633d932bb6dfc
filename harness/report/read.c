/* A report of --json read back. */
#include "results.h"

#define END "\n]}" /* what takes the place of an end that is missing */
#define MEND_LINES 4

static json_t *parse(const char *text, size_t len, json_error_t *error)
{
    return json_loadb(text, len, JSON_REJECT_DUPLICATES, error);
}

/* ---- a file whose end is missing ---- */

static size_t last_line_end(const char *text, size_t len)
{
    while (len > 0 && text[len - 1] != '\n')
        len--;
    return len;
}

/* Whole lines are whole cases: what is behind the last of them is what was being written. */
static json_t *parse_up_to(const char *text, size_t len, char *room)
{
    json_error_t error;
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ','))
        len--;
    memcpy(room, text, len);
    memcpy(room + len, END, sizeof END);
    return parse(room, len + strlen(END), &error);
}

static json_t *mend(const rig_alloc *alloc, rig_view text)
{
    json_t *root = NULL;
    const char *bytes = (const char *)text.ptr;
    size_t len = text.len, size = text.len + sizeof END;
    char *room = rig_new(alloc, size);
    for (unsigned i = 0; room && !root && i < MEND_LINES && len > 0; i++) {
        root = parse_up_to(bytes, len, room);
        len = last_line_end(bytes, len - 1);
    }
    rig_delete(alloc, room, size);
    /* the summary is what was cut */
    if (root && json_is_array(json_object_get(root, "cases")) && !json_object_get(root, "summary") &&
        json_object_set_new(root, "summary", json_object()) == 0)
        return root;
    json_decref(root);
    return NULL;
}

/* ---- taking it ---- */

static bool take_run(rig_results *results, const json_t *root, const char *name)
{
    json_t *o = json_object();
    static const char *const members[] = {"version", "command", "mode"};
    bool ok = o && rep_set_text(o, results->alloc, "file", name);
    for (size_t i = 0; ok && i < sizeof members / sizeof members[0]; i++)
        ok = rep_set_text(o, results->alloc, members[i], rep_str(root, members[i]));
    ok = ok && rep_set_number(o, "cases", json_array_size(results->cases)) &&
         rep_set(o, "interrupted", json_boolean(results->interrupted));
    ok = ok && json_array_append(results->runs, o) == 0;
    json_decref(o);
    return ok;
}

/* What an older iscsirig did not say of each case: whom it was played with. */
static bool name_peers(const json_t *cases, const char *peer)
{
    size_t i;
    json_t *one;
    json_array_foreach(cases, i, one)
    {
        if (!json_object_get(one, "peer") && !rep_set(one, "peer", json_string_nocheck(peer)))
            return false;
    }
    return true;
}

static rig_status take(rig_results *results, const json_t *root, const char *name, bool cut)
{
    const json_t *summary = json_object_get(root, "summary");
    json_t *cases = json_object_get(root, "cases"), *runs = json_object_get(root, "runs");
    results->cut = cut;
    results->interrupted = cut || json_is_true(json_object_get(summary, "interrupted"));
    results->planned = rep_number(summary, "planned");
    results->files = rep_number(summary, "files");
    results->real_ns = rep_number(summary, "real_ns");
    bool ok = name_peers(cases, rep_str(root, "mode")) && json_array_extend(results->cases, cases) == 0;
    if (ok && json_array_size(runs))
        ok = json_array_extend(results->runs, runs) == 0;
    else
        ok = ok && take_run(results, root, name);
    if (json_array_size(json_object_get(root, "before")))
        results->before = json_incref(json_object_get(root, "before"));
    return ok ? RIG_OK : RIG_E_NOMEM;
}

static rig_status take_root(const rig_alloc *alloc, const json_t *root, const char *name, bool cut,
                            rig_results **out, rig_error *err)
{
    rig_status status = rep_shape_check(root, name, err);
    if (status)
        return status;
    rig_results *results = rep_results_new(alloc);
    status = results ? take(results, root, name, cut) : RIG_E_NOMEM;
    if (status) {
        rig_results_free(results);
        return rig_fail(err, status, "%s: no memory to read it", name);
    }
    *out = results;
    return RIG_OK;
}

rig_status rig_results_read(const rig_alloc *alloc, const char *name, rig_view text, rig_results **out,
                            rig_error *err)
{
    json_error_t error;
    json_t *root = parse((const char *)text.ptr, text.len, &error);
    bool cut = !root;
    if (cut)
        root = mend(alloc, text);
    if (!root)
        return rig_fail(err, RIG_E_SYNTAX, "%s:%d:%d: %s; no whole case can be read from it", name,
                        error.line, error.column, error.text);
    rig_status status = take_root(alloc, root, name, cut, out, err);
    json_decref(root);
    return status;
}
