/* The failure screen: which line, which requirement, expected against actual, and how to see it again. */
#include "reports.h"

#define LABEL_WIDTH 12   /* columns before what is expected and what came */
#define MARK_FAR_MAX 120 /* columns up to which the sentence stands behind the mark */

static char version[REP_VERSION_MAX]; /* of the report opened last */

void rep_remember_version(const char *text)
{
    rig_text out;
    rig_text_init(&out, version, sizeof version);
    rig_text_view(&out, rig_view_str(text));
}

const char *rep_level_word(rig_scn_level level)
{
    static const char *const words[] = {"MUST", "SHOULD", "MAY", "CHOICE"};
    return (unsigned)level < sizeof words / sizeof words[0] ? words[level] : "?";
}

const char *rep_kind_word(rig_finding_kind kind)
{
    static const char *const words[] = {"step", "must", "trace", "play", "setup"};
    return (unsigned)kind < sizeof words / sizeof words[0] ? words[kind] : "?";
}

void rep_bindings(rig_text *out, const rig_result *result)
{
    for (uint32_t i = 0; result->scn && i < result->scn->num_bindings; i++) {
        rig_text_add(out, "%s", i ? " " : "");
        rep_plain(out, result->scn->bindings[i].name);
        rig_text_add(out, "=");
        rep_plain(out, result->scn->bindings[i].value);
    }
}

rig_view rep_place_path(const rig_result *result, rig_scn_place place)
{
    if (place.file == 0 || !result->file)
        return rig_view_str(result->path ? result->path : "?");
    return rig_scn_path(result->file, place.file);
}

void rep_seconds(rig_text *out, uint64_t ns, unsigned decimals)
{
    uint64_t unit = 1000000000;
    for (unsigned i = 0; i < decimals; i++)
        unit /= 10;
    uint64_t parts = (ns + unit / 2) / unit, scale = 1000000000 / unit;
    rig_text_add(out, "%llu.%0*llu", (unsigned long long)(parts / scale), (int)decimals,
                 (unsigned long long)(parts % scale));
}

rig_view rep_headline(const rig_result *result)
{
    if (result->num_findings && result->findings[0].text)
        return rig_view_str(result->findings[0].text);
    return rig_view_str(result->reason ? result->reason : "");
}

/* ---- the requirement ---- */

static bool finding_requirement(const rig_finding *finding, rep_requirement *out)
{
    for (uint32_t i = 0; finding && finding->must && i < finding->must->num_ids; i++)
        if (rep_requirement_find(finding->must->ids[i], out))
            return true;
    return false;
}

static const rig_scn_ref *first_ref(const rig_result *result)
{
    return result->scn && result->scn->num_refs ? &result->scn->refs[0] : NULL;
}

void rep_section(rig_text *out, const rig_result *result, const rig_finding *finding)
{
    rep_requirement requirement;
    const rig_scn_ref *ref = first_ref(result);
    if (finding_requirement(finding, &requirement)) {
        rig_text_add(out, "RFC7143/");
        rep_plain(out, requirement.section);
    } else if (ref) {
        rep_plain(out, ref->document);
        rig_text_add(out, "/");
        rep_plain(out, ref->section);
    }
}

static void put_requirement(rig_text *out, const rig_result *result, const rig_finding *finding)
{
    char section[128];
    rig_text text;
    rep_requirement requirement;
    rig_text_init(&text, section, sizeof section);
    rep_section(&text, result, finding);
    rig_view rest = rig_view_of(section, text.len);
    if (rest.len) {
        rig_view document = rig_view_split(&rest, '/');
        rig_text_add(out, "  %.*s %.*s", RIG_VIEW_ARG(document), RIG_VIEW_ARG(rest));
    }
    for (uint32_t i = 0; finding && finding->must && i < finding->must->num_ids; i++)
        rig_text_add(out, " %.*s", RIG_VIEW_ARG(finding->must->ids[i]));
    if (finding_requirement(finding, &requirement) && requirement.level.len)
        rig_text_add(out, " (%.*s)", RIG_VIEW_ARG(requirement.level));
    else if (result->scn)
        rig_text_add(out, " (%s)", rep_level_word(result->scn->level));
}

/* ---- the screen ---- */

/* Outside a repository only the version is known. */
static bool is_commit(const char *text)
{
    size_t digits = strspn(text, "0123456789abcdef");
    return digits >= 7 && (text[digits] == '\0' || text[digits] == '-' || text[digits] == '+');
}

static void put_run(rig_text *out, const rig_result *result)
{
    rig_text_add(out, "  [%s, seed %llu", result->mode ? result->mode : "sim",
                 (unsigned long long)result->seed);
    if (result->link[0]) {
        rig_text_add(out, ", link ");
        rep_plain(out, rig_view_str(result->link));
    }
    if (version[0]) {
        rig_text_add(out, is_commit(version) ? ", commit " : ", version ");
        rep_plain(out, rig_view_str(version));
    }
    rig_text_add(out, "]\n");
}

static void put_head(rig_text *out, const rig_result *result, const rig_finding *finding, bool first)
{
    static const char *const words[RIG_VERDICTS] = {"PASS",  "FAIL",  "LOOSE", "SKIP",
                                                    "ERROR", "KNOWN", "FIXED"};
    const char *word = (unsigned)result->verdict < RIG_VERDICTS ? words[result->verdict] : "?";
    rig_text_add(out, "%s ", first ? word : "also");
    rep_plain(out, finding ? rep_place_path(result, finding->place)
                           : rig_view_str(result->path ? result->path : "?"));
    if (finding && finding->place.line)
        rig_text_add(out, ":%u", finding->place.line);
    put_requirement(out, result, finding);
    if (first)
        put_run(out, result);
    else
        rig_text_add(out, "\n");
}

static const rig_item *finding_item(const rig_result *result, const rig_finding *finding)
{
    return finding->item < result->items.num ? &result->items.ptr[finding->item] : NULL;
}

/* "  line 11 of 14, step 2 of 3, virtual time 2.004 s, connection 1" */
static void put_where(rig_text *out, const rig_result *result, const rig_finding *finding)
{
    const rig_item *item = finding_item(result, finding);
    bool virtual_time = !result->mode || strcmp(result->mode, "sim") == 0;
    rig_text_add(out, "  ");
    if (finding->line_number)
        rig_text_add(out, "line %u of %u, ", finding->line_number, finding->num_lines);
    if (item && item->step && result->scn)
        rig_text_add(out, "step %u of %u, ", item->step, result->scn->num_steps);
    rig_text_add(out, "%stime ", virtual_time ? "virtual " : "");
    rep_seconds(out, item || finding->time ? finding->time : result->virtual_ns, 3);
    rig_text_add(out, " s");
    if (item && item->connection != UINT32_MAX)
        rig_text_add(out, ", connection %u", item->connection);
    rig_text_add(out, "\n");
}

static void put_labelled(rig_text *out, const char *label, const char *text)
{
    rig_text_add(out, "  %-*s", LABEL_WIDTH - 2, label);
    rep_plain(out, rig_view_str(text));
    rig_text_add(out, "\n");
}

/* Carets below what is at fault, and the sentence behind them. */
static bool put_mark(rig_text *out, const rig_finding *finding)
{
    rig_view actual = rig_view_str(finding->actual);
    size_t before = rep_columns(rig_view_sub(actual, 0, finding->mark_at));
    size_t len = rep_columns(rig_view_sub(actual, finding->mark_at, finding->mark_len));
    if (len == 0)
        return false;
    rig_text_add(out, "%*s", (int)(LABEL_WIDTH + before), "");
    for (size_t i = 0; i < len && !out->cut; i++)
        rig_text_add(out, "^");
    bool near = before + len <= MARK_FAR_MAX;
    if (near) {
        rig_text_add(out, " ");
        rep_plain(out, rig_view_str(finding->text));
    }
    rig_text_add(out, "\n");
    return near;
}

/* An expectation about the wire that nothing came near to. */
static void put_nothing(rig_text *out, const rig_result *result, const rig_finding *finding)
{
    size_t num = 0;
    if (!finding->expected || finding->kind == RIG_FINDING_STEP)
        return;
    for (size_t i = 0; i < result->items.num; i++)
        num += result->items.ptr[i].kind == RIG_ITEM_PDU;
    rig_text_add(out, "  %-*s(nothing like it came; %zu PDU%s seen)\n", LABEL_WIDTH - 2, "actual", num,
                 num == 1 ? " was" : "s were");
}

static void put_finding(rig_text *out, const rig_result *result, const rig_finding *finding, bool first)
{
    char section[128];
    rig_text text;
    rep_requirement requirement;
    put_head(out, result, finding, first);
    if (first && result->scn && result->scn->num_bindings) {
        rig_text_add(out, "  case ");
        rep_bindings(out, result);
        rig_text_add(out, "\n");
    }
    put_where(out, result, finding);
    if (finding->expected)
        put_labelled(out, "expected", finding->expected);
    if (finding->actual)
        put_labelled(out, "actual", finding->actual);
    else
        put_nothing(out, result, finding);
    bool told = finding->actual && put_mark(out, finding);
    if (!told && finding->text && finding->text[0])
        put_labelled(out, "", finding->text);
    rig_text_init(&text, section, sizeof section);
    if (finding_requirement(finding, &requirement)) {
        rig_text_add(out, "  why it matters: ");
        rep_plain(out, requirement.statement);
        rig_text_add(out, "\n");
    }
}

static void put_again(rig_text *out, const rig_result *result)
{
    char section[128];
    rig_text text;
    rig_text_init(&text, section, sizeof section);
    rep_section(&text, result, result->num_findings ? &result->findings[0] : NULL);
    if (result->capture)
        put_labelled(out, "capture", result->capture);
    rig_text_add(out, "  again: ");
    rep_plain(out, rig_view_str(result->repeat ? result->repeat : "-"));
    if (text.len)
        rig_text_add(out, "      see: iscsirig explain %s", section);
    rig_text_add(out, "\n");
}

void rig_failure_print(rig_text *out, const rig_result *result, uint32_t most)
{
    for (uint32_t i = 0; i < result->num_findings && i < most; i++)
        put_finding(out, result, &result->findings[i], i == 0);
    if (result->num_findings == 0 || most == 0)
        put_head(out, result, NULL, true);
    if (result->num_findings > most)
        rig_text_add(out, "  and %u more finding%s\n", result->num_findings - most,
                     result->num_findings - most == 1 ? "" : "s");
    if (result->reason)
        put_labelled(out, "reason", result->reason);
    put_again(out, result);
}
