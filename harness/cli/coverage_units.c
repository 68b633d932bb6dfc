/* Unit tests: the ids in their comments, and the mutants that make them fail. */
#include "coverage.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SOURCE_MAX (4u << 20)
#define COMMENT_MAX 4096
#define MUTANTS "ci/mutants.tsv"

typedef struct unit_scan {
    rig_view rest;
    cli_unit_ids *out;
    size_t num;
    size_t pending;    /* from this one on they wait for the test below their comment */
    char function[64]; /* we are in, "" none or no test */
} unit_scan;

/* ---- ids of a comment ---- */

static void add_id(unit_scan *s, rig_view area, uint64_t number)
{
    if (s->num == UNIT_IDS_MAX)
        return;
    cli_unit_id *id = &s->out->ids[s->num++];
    *id = (cli_unit_id){0};
    snprintf(id->id, sizeof id->id, "%.*s-%03llu", RIG_VIEW_ARG(area), (unsigned long long)number);
    memcpy(id->function, s->function, sizeof id->function);
}

static rig_view trim(rig_view v)
{
    while (v.len && isspace(v.ptr[0]))
        v = rig_view_sub(v, 1, v.len);
    while (v.len && isspace(v.ptr[v.len - 1]))
        v.len--;
    return v;
}

/* An area and three digits, or -001 of the area before it. */
static bool one_id(rig_view part, rig_view *area, uint64_t *out_number)
{
    size_t dash = rig_view_find(part, '-');
    if (dash >= part.len || part.len - dash != 4 || (dash == 0 && area->len == 0))
        return false;
    for (size_t i = 0; i < dash; i++)
        if (!isupper(part.ptr[i]) && !isdigit(part.ptr[i]))
            return false;
    for (size_t i = dash + 1; i < part.len; i++)
        if (!isdigit(part.ptr[i]))
            return false;
    if (dash)
        *area = rig_view_sub(part, 0, dash);
    *out_number = (uint64_t)(part.ptr[dash + 1] - '0') * 100 + (uint64_t)(part.ptr[dash + 2] - '0') * 10 +
                  (uint64_t)(part.ptr[dash + 3] - '0');
    return true;
}

/* Ids separated by commas, "-001 to -003" for a run of them; other words between commas count for nothing. */
static void list_of_ids(unit_scan *s, rig_view list)
{
    rig_view area = {0};
    while (list.ptr) {
        rig_view part = trim(rig_view_split(&list, ','));
        size_t len = part.len > 9 ? part.len - 8 : 0;
        bool run = len && memcmp(part.ptr + len, " to -", 5) == 0;
        uint64_t from, to;
        if (!one_id(run ? rig_view_sub(part, 0, len) : part, &area, &from))
            continue;
        to = from;
        if (run && !one_id(rig_view_sub(part, part.len - 4, 4), &area, &to))
            continue;
        for (uint64_t n = from; n <= to; n++)
            add_id(s, area, n);
    }
}

/* In parentheses, or in front of a colon, or the comment holds nothing else. */
static void ids_of_comment(unit_scan *s, rig_view comment)
{
    char flat[COMMENT_MAX];
    size_t len = 0;
    uint64_t number;
    rig_view area = {0};
    for (size_t i = 0; i < comment.len && len < sizeof flat; i++) {
        bool star = comment.ptr[i] == '*' && len && flat[len - 1] == ' ';
        if (!star)
            flat[len++] = comment.ptr[i] == '\n' ? ' ' : (char)comment.ptr[i];
    }
    rig_view text = trim(rig_view_of(flat, len));
    rig_view begin = text;
    rig_view list = rig_view_split(&begin, ':');
    begin = list;
    if (one_id(trim(rig_view_split(&begin, ',')), &area, &number))
        list_of_ids(s, list);
    while (text.ptr) {
        rig_view_split(&text, '(');
        if (text.ptr && rig_view_find(text, ')') < text.len)
            list_of_ids(s, rig_view_split(&text, ')'));
    }
}

/* ---- tests ---- */

/* "static void NAME(void)" at the beginning of a line: everything below it up to } is this test's. */
static bool begins_test(unit_scan *s, rig_view line)
{
    if (!rig_view_starts(line, "static void ") || line.len < 18 ||
        memcmp(line.ptr + line.len - 6, "(void)", 6) != 0)
        return false;
    rig_view rest = rig_view_sub(line, 12, line.len - 18);
    if (rest.len >= sizeof s->function)
        return false;
    memcpy(s->function, rest.ptr, rest.len);
    s->function[rest.len] = 0;
    return true;
}

static void take_code(unit_scan *s, rig_view line)
{
    if (line.len == 0 || isspace(line.ptr[0]) || line.ptr[0] == '#')
        return;
    if (line.ptr[0] == '{')
        return;
    s->function[0] = 0;
    bool test = begins_test(s, line);
    for (size_t i = s->pending; i < s->num && test; i++)
        memcpy(s->out->ids[i].function, s->function, sizeof s->function);
    s->pending = s->num;
}

/* The comment that begins in the line, over as many lines as it has. False when there is none. */
static bool take_comment(unit_scan *s, rig_view line)
{
    for (size_t i = 0; i + 1 < line.len; i++) {
        if (line.ptr[i] != '/' || line.ptr[i + 1] != '*')
            continue;
        const uint8_t *begin = line.ptr + i + 2;
        const uint8_t *end = begin;
        const uint8_t *stop = s->rest.ptr ? s->rest.ptr + s->rest.len : line.ptr + line.len;
        while (end + 1 < stop && !(end[0] == '*' && end[1] == '/'))
            end++;
        ids_of_comment(s, rig_view_of(begin, (size_t)(end - begin)));
        while (s->rest.ptr && s->rest.ptr <= end)
            rig_view_split(&s->rest, '\n');
        return i == 0;
    }
    return false;
}

/* ---- RIG_SUITE("suite", {"what it shows", function}, …) ---- */

static rig_view quoted(rig_view *rest)
{
    rig_view_split(rest, '"');
    return rest->ptr ? rig_view_split(rest, '"') : *rest;
}

static void name_tests(unit_scan *s, rig_view rest)
{
    rig_view suite = quoted(&rest);
    while (rest.ptr) {
        rig_view shows = quoted(&rest);
        if (!rest.ptr)
            break;
        rig_view row = rest;
        rig_view_split(&row, ',');
        rig_view function = row.ptr ? trim(rig_view_split(&row, '}')) : row;
        for (size_t i = 0; i < s->num && function.ptr; i++)
            if (rig_view_is(function, s->out->ids[i].function))
                snprintf(s->out->ids[i].shows, sizeof s->out->ids[i].shows, "%.*s, %.*s", RIG_VIEW_ARG(suite),
                         RIG_VIEW_ARG(shows));
    }
}

/* What is in no test, and what a test says twice. */
static void drop_others(unit_scan *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->num; i++) {
        bool twin = false;
        for (size_t k = 0; k < kept; k++)
            twin = twin || (strcmp(s->out->ids[k].id, s->out->ids[i].id) == 0 &&
                            strcmp(s->out->ids[k].function, s->out->ids[i].function) == 0);
        if (s->out->ids[i].shows[0] && !twin)
            s->out->ids[kept++] = s->out->ids[i];
    }
    s->num = kept;
}

void cli_unit_ids_of(rig_view source, cli_unit_ids *out)
{
    unit_scan s = {.rest = source, .out = out};
    while (s.rest.ptr) {
        rig_view line = rig_view_split(&s.rest, '\n');
        if (rig_view_starts(line, "RIG_SUITE(")) {
            name_tests(&s, rig_view_of(line.ptr, (size_t)(source.ptr + source.len - line.ptr)));
            break;
        }
        if (!take_comment(&s, line))
            take_code(&s, line);
    }
    drop_others(&s);
    out->num = s.num;
}

/* ---- mutants ---- */

typedef struct unit_row {
    rig_view id, test, source;
} unit_row;

/* The side that is bound has to be the one that is changed; what both share may be either's. */
static bool on_its_side(const cli_requirement *requirement, rig_view source)
{
    char side = (char)requirement->side.ptr[0];
    return (side != 'I' || !rig_view_starts(source, "sim-target/")) &&
           (side != 'T' || !rig_view_starts(source, "initiator/"));
}

static int cover_unit(cli_coverage *coverage, const unit_row *row, cli_unit_ids *ids, unsigned number)
{
    cli_requirement *requirement = cli_requirement_find(coverage, row->id);
    rig_status status = RIG_OK;
    bool found = false;
    if (requirement && !on_its_side(requirement, row->source))
        return cli_complain(MUTANTS ":%u: %.*s does not bind that side", number, RIG_VIEW_ARG(row->id));
    /* the rules of docs/iscsidsc.md are no requirements of an RFC, and not counted as such */
    bool known = requirement || rig_view_starts(row->id, "API-");
    for (size_t i = 0; i < ids->num && known && !status; i++)
        if (rig_view_is(row->id, ids->ids[i].id)) {
            found = true;
            if (requirement)
                status =
                    cli_covered_by(requirement, "%.*s:%s", RIG_VIEW_ARG(row->test), ids->ids[i].function);
        }
    if (status)
        return cli_complain("%s", rig_status_meaning(status));
    return found ? CLI_OK
                 : cli_complain(MUTANTS ":%u: no test of %.*s names %.*s", number, RIG_VIEW_ARG(row->test),
                                RIG_VIEW_ARG(row->id));
}

static int cover_row(cli_coverage *coverage, const unit_row *row, cli_unit_ids *ids, unsigned number)
{
    char name[256], path[CLI_PATH_SIZE];
    rig_error error = {0};
    char *text = NULL;
    size_t len = 0;
    snprintf(name, sizeof name, "%.*s", RIG_VIEW_ARG(row->test));
    if (!cli_data_path(name, path, sizeof path) || cli_read(path, SOURCE_MAX, &text, &len, &error))
        return cli_complain(MUTANTS ":%u: no file %s", number, name);
    cli_unit_ids_of(rig_view_of(text, len), ids);
    rig_delete(rig_alloc_libc(), text, len + 1);
    return cover_unit(coverage, row, ids, number);
}

int cli_cover_units(cli_coverage *coverage)
{
    char path[CLI_PATH_SIZE];
    rig_error error = {0};
    unsigned number = 0;
    int bad = CLI_OK;
    cli_unit_ids *ids = calloc(1, sizeof *ids);
    if (!ids || !cli_data_path(MUTANTS, path, sizeof path) ||
        cli_read(path, SOURCE_MAX, &coverage->mutants.text, &coverage->mutants.len, &error)) {
        free(ids);
        return cli_complain("%s", error.text[0] ? error.text : MUTANTS " was not found");
    }
    for (rig_view rest = rig_view_of(coverage->mutants.text, coverage->mutants.len); rest.ptr && !bad;) {
        rig_view line = rig_view_split(&rest, '\n');
        unit_row row = {.id = rig_view_split(&line, '\t')};
        number++;
        if (number == 1 || !line.ptr)
            continue;
        row.test = rig_view_split(&line, '\t');
        row.source = rig_view_split(&line, '\t');
        bad = cover_row(coverage, &row, ids, number);
    }
    free(ids);
    return bad;
}
