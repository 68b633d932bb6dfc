/* The page around the cases: what of it is fixed stands in page/, and the tables it reads PDUs with are ours.
 */
#include "page.h"

#include <stdlib.h>

#include "rig/pdu.h"

#define NAMES_MAX 32 /* sets of named values */

/* ---- JSON in HTML ---- */

/* No end tag, and no comment, can begin in it. */
static void put_script_text(FILE *file, const char *text)
{
    for (; *text; text++)
        if (*text == '<')
            fputs("\\u003c", file);
        else
            fputc(*text, file);
}

bool page_put_json(FILE *file, const char *attribute, const json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
    if (!text)
        return false;
    fprintf(file, "<script type=\"application/json\" %s>", attribute);
    put_script_text(file, text);
    fputs("</script>\n", file);
    free(text);
    return true;
}

bool page_put_packed(FILE *file, const char *attribute, const json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
    char *packed = text ? page_pack(text, strlen(text)) : NULL;
    free(text);
    if (!packed)
        return false;
    fprintf(file, "<script type=\"text/plain\" %s>%s</script>\n", attribute, packed);
    free(packed);
    return true;
}

/* ---- the tables of PDUs ---- */

static json_t *pdus_value(void)
{
    json_t *list = json_array();
    for (unsigned k = 0; list && k < RIG_PDU_KINDS; k++) {
        const rig_pdu_row *row = &rig_pdu_rows[k];
        int opcode = k == RIG_PDU_UNKNOWN ? -1 : row->opcode;
        if (json_array_append_new(list, json_pack("{s:s,s:i,s:s}", "name", row->name, "opcode", opcode,
                                                  "section", row->section ? row->section : ""))) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static const char *form_word(rig_form form)
{
    static const char *const words[] = {"flag", "dec", "hex", "sn", "tag", "lun", "isid", "cdb", "named"};
    return (unsigned)form < sizeof words / sizeof words[0] ? words[form] : "hex";
}

static json_t *names_value(const rig_names *names)
{
    json_t *o = json_object();
    for (uint32_t i = 0; o && i < names->num_rows; i++) {
        char value[16];
        rig_text text;
        rig_text_init(&text, value, sizeof value);
        rig_text_add(&text, "%u", names->rows[i].value);
        rep_set(o, value, json_string(names->rows[i].name));
    }
    return o;
}

/* Where a set of names stands in the list; it is added when it does not yet. */
static int place_of(const rig_names **sets, json_t *list, const rig_names *names)
{
    int i = 0;
    while (names && i < NAMES_MAX && sets[i] && sets[i] != names)
        i++;
    if (!names || i == NAMES_MAX)
        return -1;
    if (!sets[i]) {
        sets[i] = names;
        json_array_append_new(list, names_value(names));
    }
    return i;
}

static bool set_fields(json_t *o)
{
    const rig_names *sets[NAMES_MAX] = {NULL};
    json_t *fields = json_array(), *names = json_array();
    bool ok = fields && names;
    for (unsigned f = 0; ok && f < RIG_FIELDS; f++) {
        const rig_field *row = &rig_fields[f];
        json_t *field =
            json_pack("{s:s,s:i,s:i,s:i,s:i,s:s,s:i,s:I}", "name", row->name, "byte", row->byte, "bytes",
                      row->bytes, "low", row->low, "bits", row->bits, "form", form_word(row->form), "names",
                      place_of(sets, names, row->names), "pdus", (json_int_t)row->pdus);
        ok = json_array_append_new(fields, field) == 0;
    }
    ok = rep_set(o, "fields", fields) && ok;
    return rep_set(o, "names", names) && ok;
}

static json_t *run_value(const rep_base *base)
{
    const rep_facts *facts = &base->facts;
    json_t *o = json_object();
    bool ok = o && rep_set_text(o, base->alloc, "version", facts->version) &&
              rep_set_text(o, base->alloc, "command", facts->command) &&
              rep_set_text(o, base->alloc, "mode", facts->mode) &&
              rep_set_number(o, "planned", facts->planned) && rep_set(o, "pdus", pdus_value()) &&
              set_fields(o);
    if (ok && facts->runs)
        ok = rep_set(o, "runs", json_deep_copy(facts->runs));
    if (ok && facts->before)
        ok = rep_set(o, "before", json_deep_copy(facts->before));
    if (ok)
        return o;
    json_decref(o);
    return NULL;
}

static bool put_data(FILE *file, const rep_base *base)
{
    json_t *run = run_value(base), *requirements = rep_requirements(base->alloc);
    bool ok = page_put_json(file, "id=\"run\"", run);
    if (json_object_size(requirements))
        ok = page_put_packed(file, "id=\"requirements\"", requirements) && ok;
    json_decref(run);
    json_decref(requirements);
    return ok;
}

/* ---- the template ---- */

typedef struct template
{
    FILE *file;
    const rep_base *base;
    bool ok;
}
template;

static void put_title(template *t)
{
    fputs("iscsirig ", t->file);
    rep_xml(t->file, rig_view_str(t->base->facts.command));
}

static void put_css(template *t)
{
    rep_view(t->file, rig_view_of(page_report_css, page_report_css_len));
}

static void put_js(template *t)
{
    rep_view(t->file, rig_view_of(page_report_js, page_report_js_len));
}

static void put_run(template *t)
{
    t->ok = put_data(t->file, t->base);
}

static const struct {
    const char *name;
    void (*put)(template *t);
} holes[] = {{"title", put_title}, {"css", put_css}, {"js", put_js}, {"data", put_run}};

static void fill(template *t, rig_view name)
{
    for (size_t i = 0; i < sizeof holes / sizeof holes[0]; i++)
        if (rig_view_is(name, holes[i].name))
            holes[i].put(t);
}

/* Up to the hole of the data, the last one; what is behind it ends the page. */
static size_t put_template(template *t, bool behind)
{
    rig_view rest = rig_view_of(page_page_html, page_page_html_len);
    bool over = false;
    while (rest.len) {
        size_t at = rig_view_find(rest, '{');
        bool hole = rig_view_starts(rig_view_sub(rest, at, rest.len), "{{");
        if (over == behind)
            rep_view(t->file, rig_view_sub(rest, 0, hole ? at : at + 1));
        rest = rig_view_sub(rest, hole ? at + 2 : at + 1, rest.len);
        if (!hole)
            continue;
        rig_view name = rig_view_sub(rest, 0, rig_view_find(rest, '}'));
        if (!behind)
            fill(t, name);
        over = rig_view_is(name, "data");
        rest = rig_view_sub(rest, name.len + 2, rest.len);
        if (over && !behind)
            break;
    }
    return rest.len;
}

bool page_begin(FILE *file, const rep_base *base)
{
    template t = {file, base, true};
    put_template(&t, false);
    return t.ok;
}

void page_end(FILE *file)
{
    template t = {file, NULL, true};
    put_template(&t, true);
}
