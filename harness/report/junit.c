/* JUnit XML: a testsuite for each folder. Its counts stand before its cases, so cases wait in memory. */
#include "record.h"

#include <stdlib.h>

#define JUNIT_SUITES_MAX 4096 /* folders told apart; cases of further ones go to the last */

typedef struct suite {
    char *folder;
    char *text; /* testcase elements */
    size_t len, size;
    uint64_t tests, failures, errors, skipped, real_ns;
} suite;

typedef struct junit {
    rep_base base;
    suite *suites; /* JUNIT_SUITES_MAX */
    size_t num_suites;
    size_t last;
} junit;

static rig_view folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? rig_view_of(path, (size_t)(slash - path)) : rig_view_str(".");
}

static bool is_folder(const suite *s, rig_view folder)
{
    return rig_view_is(folder, s->folder);
}

static suite *suite_of(junit *j, rig_view folder)
{
    if (j->num_suites && is_folder(&j->suites[j->last], folder))
        return &j->suites[j->last];
    for (j->last = 0; j->last < j->num_suites; j->last++)
        if (is_folder(&j->suites[j->last], folder))
            return &j->suites[j->last];
    if (j->num_suites == JUNIT_SUITES_MAX)
        return &j->suites[j->last = JUNIT_SUITES_MAX - 1];
    char *name = rig_copy_text(j->base.alloc, folder.ptr, folder.len);
    if (!name)
        return NULL;
    j->suites[j->num_suites].folder = name;
    return &j->suites[j->last = j->num_suites++];
}

static void put_seconds(FILE *file, uint64_t ns)
{
    char text[40];
    rig_text out;
    rig_text_init(&out, text, sizeof text);
    rep_seconds(&out, ns, 6);
    fputs(text, file);
}

static void put_property(FILE *file, const char *name, rig_view value)
{
    if (value.len == 0)
        return;
    fprintf(file, "        <property name=\"%s\" value=\"", name);
    rep_xml(file, value);
    fputs("\"/>\n", file);
}

static void put_texts(FILE *file, const char *name, const json_t *list)
{
    size_t i;
    const json_t *value;
    json_array_foreach(list, i, value)
    {
        put_property(file, name, rig_view_str(json_string_value(value)));
    }
}

/* Members of a record that are properties of its testcase, in this order. */
static const char *const properties[] = {"mode",   "peer",  "link",  "verdict", "was",
                                         "change", "level", "title", "again",   "capture"};

static void put_properties(FILE *file, const json_t *record)
{
    char seed[24];
    rig_text out;
    rig_text_init(&out, seed, sizeof seed);
    rig_text_add(&out, "%llu", (unsigned long long)rep_number(record, "seed"));
    fputs("      <properties>\n", file);
    put_property(file, "seed", rig_view_of(seed, out.len));
    for (size_t i = 0; i < sizeof properties / sizeof properties[0]; i++)
        put_property(file, properties[i], rig_view_str(rep_str(record, properties[i])));
    put_texts(file, "ref", json_object_get(record, "refs"));
    put_texts(file, "tag", json_object_get(record, "tags"));
    put_texts(file, "requirement", json_object_get(record, "requirements"));
    fputs("      </properties>\n", file);
}

static const char *outcome_element(rig_verdict verdict)
{
    switch (verdict) {
    case RIG_VERDICT_FAIL:
    case RIG_VERDICT_FIXED:
        return "failure";
    case RIG_VERDICT_ERROR:
        return "error";
    case RIG_VERDICT_SKIP:
    case RIG_VERDICT_KNOWN:
        return "skipped";
    default:
        return NULL;
    }
}

static void put_outcome(FILE *file, const json_t *record)
{
    rig_verdict verdict = rep_verdict(record);
    const char *element = outcome_element(verdict), *reason = rep_str(record, "reason");
    if (element) {
        fprintf(file, "      <%s message=\"%s", element, verdict == RIG_VERDICT_KNOWN ? "known: " : "");
        rep_xml(file, rig_view_str(reason[0] ? reason : rep_record_headline(record)));
        fputs("\"", file);
    }
    if (element && strcmp(element, "skipped") != 0) {
        fprintf(file, " type=\"%s\">", rig_verdict_word(verdict));
        rep_xml(file, rig_view_str(rep_str(record, "screen")));
        fprintf(file, "</%s>\n", element);
    } else if (element) {
        fputs("/>\n", file);
    } else if (verdict == RIG_VERDICT_LOOSE) {
        fputs("      <system-out>", file);
        rep_xml(file, rig_view_str(rep_str(record, "screen")));
        fputs("</system-out>\n", file);
    }
}

static void put_case(FILE *file, const json_t *record)
{
    const char *path = rep_str(record, "path");
    rig_view folder = folder_of(path);
    const char *slash = strrchr(path, '/');
    char bindings[1024];
    rig_text out;
    rig_text_init(&out, bindings, sizeof bindings);
    rep_record_bindings(&out, record);
    fputs("    <testcase classname=\"", file);
    rep_xml(file, folder);
    fputs("\" name=\"", file);
    rep_xml(file, rig_view_str(slash ? slash + 1 : path));
    fputs(out.len ? " " : "", file);
    rep_xml(file, rig_view_of(bindings, out.len));
    fputs("\" file=\"", file);
    rep_xml(file, rig_view_str(path));
    fputs("\" time=\"", file);
    put_seconds(file, rep_number(record, "real_ns"));
    fputs("\">\n", file);
    put_properties(file, record);
    put_outcome(file, record);
    fputs("    </testcase>\n", file);
}

static void count(suite *s, const json_t *record)
{
    const char *element = outcome_element(rep_verdict(record));
    s->tests++;
    s->real_ns += rep_number(record, "real_ns");
    s->failures += element && strcmp(element, "failure") == 0;
    s->errors += element && strcmp(element, "error") == 0;
    s->skipped += element && strcmp(element, "skipped") == 0;
}

static rig_status append(junit *j, suite *s, const char *text, size_t len)
{
    if (s->size - s->len < len) {
        size_t size = 2 * s->size + len;
        char *more = rig_resize(j->base.alloc, s->text, s->size, size);
        if (!more)
            return RIG_E_NOMEM;
        s->text = more;
        s->size = size;
    }
    memcpy(s->text + s->len, text, len);
    s->len += len;
    return RIG_OK;
}

static void put_counts(FILE *file, const suite *s)
{
    fprintf(file, " tests=\"%llu\" failures=\"%llu\" errors=\"%llu\" skipped=\"%llu\" time=\"",
            (unsigned long long)s->tests, (unsigned long long)s->failures, (unsigned long long)s->errors,
            (unsigned long long)s->skipped);
    put_seconds(file, s->real_ns);
    fputs("\"", file);
}

static void put_suite(const junit *j, FILE *file, const suite *s)
{
    fputs("  <testsuite name=\"", file);
    rep_xml(file, rig_view_str(s->folder));
    fputs("\"", file);
    put_counts(file, s);
    fputs(">\n    <properties>\n", file);
    put_property(file, "version", rig_view_str(j->base.facts.version));
    put_property(file, "command", rig_view_str(j->base.facts.command));
    put_property(file, "peer", rig_view_str(j->base.facts.mode));
    fputs("    </properties>\n", file);
    rep_view(file, rig_view_of(s->text, s->len));
    fputs("  </testsuite>\n", file);
}

static suite total(const junit *j)
{
    suite all = {.tests = 0};
    for (size_t i = 0; i < j->num_suites; i++) {
        all.tests += j->suites[i].tests;
        all.failures += j->suites[i].failures;
        all.errors += j->suites[i].errors;
        all.skipped += j->suites[i].skipped;
    }
    return all;
}

static void write_all(rep_base *base, FILE *file, const rig_summary *summary)
{
    const junit *j = (const junit *)base;
    suite all = total(j);
    all.real_ns = summary->real_ns;
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"iscsirig\"", file);
    put_counts(file, &all);
    fputs(">\n", file);
    for (size_t i = 0; i < j->num_suites; i++)
        put_suite(j, file, &j->suites[i]);
    fputs("</testsuites>\n", file);
}

static rig_status take(rig_report *report, const json_t *record)
{
    junit *j = (junit *)report;
    suite *s = suite_of(j, folder_of(rep_str(record, "path")));
    char *text = NULL;
    size_t len = 0;
    FILE *file = s ? open_memstream(&text, &len) : NULL;
    if (!file)
        return RIG_E_NOMEM;
    put_case(file, record);
    bool bad = ferror(file) != 0;
    bad |= fclose(file) != 0;
    rig_status status = bad ? RIG_E_NOMEM : append(j, s, text, len);
    if (status == RIG_OK)
        count(s, record);
    free(text);
    return status ? status : rep_taken(&j->base, record, write_all);
}

static rig_status finish(rig_report *report, const rig_summary *summary)
{
    junit *j = (junit *)report;
    const rig_alloc *alloc = j->base.alloc;
    rig_status status = rep_write_last(&j->base, summary, write_all);
    for (size_t i = 0; i < j->num_suites; i++) {
        rig_delete(alloc, j->suites[i].folder, strlen(j->suites[i].folder) + 1);
        rig_delete(alloc, j->suites[i].text, j->suites[i].size);
    }
    rig_delete(alloc, j->suites, JUNIT_SUITES_MAX * sizeof *j->suites);
    rig_status end = rep_end(&j->base, sizeof *j);
    return status ? status : end;
}

static const rig_report_ops ops = {NULL, rep_add_record, take, finish};

rig_status rep_junit_open(const rig_alloc *alloc, const char *path, const rig_run_facts *facts,
                          rig_report **out, rig_error *err)
{
    junit *j;
    rig_status status = rep_new_whole(alloc, path, facts, sizeof *j, &ops, write_all, &j, err);
    if (status != RIG_OK)
        return status;
    j->suites = rig_new(alloc, JUNIT_SUITES_MAX * sizeof *j->suites);
    if (!j->suites) {
        rep_end(&j->base, sizeof *j);
        return rig_fail(err, RIG_E_NOMEM, "no memory for a report");
    }
    *out = &j->base.report;
    return RIG_OK;
}
