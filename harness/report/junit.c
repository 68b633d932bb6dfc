/* JUnit XML: a testsuite for each folder. Its counts stand before its cases, so cases wait in memory. */
#include "reports.h"

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

static void put_refs(FILE *file, const rig_scn *scn)
{
    for (uint32_t i = 0; i < scn->num_refs; i++) {
        char ref[128];
        rig_text out;
        rig_text_init(&out, ref, sizeof ref);
        rig_text_view(&out, scn->refs[i].document);
        rig_text_add(&out, "/");
        rig_text_view(&out, scn->refs[i].section);
        put_property(file, "ref", rig_view_of(ref, out.len));
    }
}

static void put_properties(FILE *file, const rig_result *result)
{
    char seed[24];
    rig_text out;
    rig_text_init(&out, seed, sizeof seed);
    rig_text_add(&out, "%llu", (unsigned long long)result->seed);
    fputs("      <properties>\n", file);
    put_property(file, "seed", rig_view_of(seed, out.len));
    put_property(file, "mode", rig_view_str(result->mode));
    put_property(file, "link", rig_view_str(result->link));
    put_property(file, "verdict", rig_view_str(rig_verdict_word(result->verdict)));
    if (result->scn) {
        put_property(file, "level", rig_view_str(rep_level_word(result->scn->level)));
        put_property(file, "title", result->scn->title);
        put_refs(file, result->scn);
    }
    put_property(file, "again", rig_view_str(result->repeat));
    put_property(file, "capture", rig_view_str(result->capture));
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

static rig_status put_screen(FILE *file, const rig_alloc *alloc, const rig_result *result)
{
    rig_text out;
    char *room = rig_new(alloc, REP_SCREEN_MAX);
    if (!room)
        return RIG_E_NOMEM;
    rig_text_init(&out, room, REP_SCREEN_MAX);
    rig_failure_print(&out, result, REP_FINDINGS_MAX);
    rep_xml(file, rig_view_of(room, out.len));
    rig_delete(alloc, room, REP_SCREEN_MAX);
    return RIG_OK;
}

static rig_status put_outcome(FILE *file, const rig_alloc *alloc, const rig_result *result)
{
    const char *element = outcome_element(result->verdict);
    rig_status status = RIG_OK;
    rig_view message = result->reason ? rig_view_str(result->reason) : rep_headline(result);
    if (element) {
        fprintf(file, "      <%s message=\"%s", element,
                result->verdict == RIG_VERDICT_KNOWN ? "known: " : "");
        rep_xml(file, message);
        fputs("\"", file);
    }
    if (element && strcmp(element, "skipped") != 0) {
        fprintf(file, " type=\"%s\">", rig_verdict_word(result->verdict));
        status = put_screen(file, alloc, result);
        fprintf(file, "</%s>\n", element);
    } else if (element) {
        fputs("/>\n", file);
    } else if (result->verdict == RIG_VERDICT_LOOSE) {
        fputs("      <system-out>", file);
        status = put_screen(file, alloc, result);
        fputs("</system-out>\n", file);
    }
    return status;
}

static rig_status put_case(FILE *file, const rig_alloc *alloc, const rig_result *result)
{
    const char *path = result->path ? result->path : "?";
    rig_view folder = folder_of(path);
    const char *slash = strrchr(path, '/');
    char bindings[1024];
    rig_text out;
    rig_text_init(&out, bindings, sizeof bindings);
    rep_bindings(&out, result);
    fputs("    <testcase classname=\"", file);
    rep_xml(file, folder);
    fputs("\" name=\"", file);
    rep_xml(file, rig_view_str(slash ? slash + 1 : path));
    fputs(out.len ? " " : "", file);
    rep_xml(file, rig_view_of(bindings, out.len));
    fputs("\" file=\"", file);
    rep_xml(file, rig_view_str(path));
    fputs("\" time=\"", file);
    put_seconds(file, result->real_ns);
    fputs("\">\n", file);
    put_properties(file, result);
    rig_status status = put_outcome(file, alloc, result);
    fputs("    </testcase>\n", file);
    return status;
}

static void count(suite *s, const rig_result *result)
{
    const char *element = outcome_element(result->verdict);
    s->tests++;
    s->real_ns += result->real_ns;
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

static rig_status add(rig_report *report, const rig_result *result)
{
    junit *j = (junit *)report;
    suite *s = suite_of(j, folder_of(result->path ? result->path : "?"));
    char *text = NULL;
    size_t len = 0;
    FILE *file = s ? open_memstream(&text, &len) : NULL;
    if (!file)
        return RIG_E_NOMEM;
    rig_status status = put_case(file, j->base.alloc, result);
    bool bad = ferror(file) != 0;
    bad |= fclose(file) != 0;
    if (bad)
        status = RIG_E_NOMEM;
    if (status == RIG_OK)
        status = append(j, s, text, len);
    if (status == RIG_OK)
        count(s, result);
    free(text);
    return status;
}

static void put_counts(FILE *file, const suite *s)
{
    fprintf(file, " tests=\"%llu\" failures=\"%llu\" errors=\"%llu\" skipped=\"%llu\" time=\"",
            (unsigned long long)s->tests, (unsigned long long)s->failures, (unsigned long long)s->errors,
            (unsigned long long)s->skipped);
    put_seconds(file, s->real_ns);
    fputs("\"", file);
}

static void put_suite(junit *j, const suite *s)
{
    FILE *file = j->base.file;
    fputs("  <testsuite name=\"", file);
    rep_xml(file, rig_view_str(s->folder));
    fputs("\"", file);
    put_counts(file, s);
    fputs(">\n    <properties>\n", file);
    put_property(file, "version", rig_view_str(j->base.facts.version));
    put_property(file, "command", rig_view_str(j->base.facts.command));
    fputs("    </properties>\n", file);
    rep_view(&j->base, rig_view_of(s->text, s->len));
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

static rig_status finish(rig_report *report, const rig_summary *summary)
{
    junit *j = (junit *)report;
    const rig_alloc *alloc = j->base.alloc;
    suite all = total(j);
    all.real_ns = summary->real_ns;
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"iscsirig\"", j->base.file);
    put_counts(j->base.file, &all);
    fputs(">\n", j->base.file);
    for (size_t i = 0; i < j->num_suites; i++) {
        suite *s = &j->suites[i];
        put_suite(j, s);
        rig_delete(alloc, s->folder, strlen(s->folder) + 1);
        rig_delete(alloc, s->text, s->size);
    }
    fputs("</testsuites>\n", j->base.file);
    rig_delete(alloc, j->suites, JUNIT_SUITES_MAX * sizeof *j->suites);
    return rep_end(&j->base, sizeof *j);
}

static const rig_report_ops ops = {NULL, add, finish};

rig_status rep_junit_open(const rig_alloc *alloc, const char *path, const rig_run_facts *facts,
                          rig_report **out, rig_error *err)
{
    junit *j;
    rig_status status = rep_new(alloc, path, facts, sizeof *j, &ops, &j, err);
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
