/* What coverage says: on a screen, as a page, and as JSON. */
#include "coverage.h"

#include <string.h>

#define SHOWN_MAX 3 /* proofs of one requirement on the page */

typedef struct tally {
    size_t covered, num, must_covered, musts;
} tally;

static void count(tally *t, const cli_requirement *row)
{
    bool covered = row->num_by > 0, must = rig_view_is(row->level, "MUST");
    t->num++;
    t->covered += covered;
    t->musts += must;
    t->must_covered += must && covered;
}

static rig_view area_of(const cli_requirement *row)
{
    return rig_view_sub(row->id, 0, rig_view_find(row->id, '-'));
}

/* The rows of an area stand behind each other. */
static tally count_area(const cli_coverage *coverage, char side, size_t from, size_t *out_to)
{
    tally t = {0};
    size_t i = from;
    for (; i < coverage->num && rig_view_eq(area_of(&coverage->rows[i]), area_of(&coverage->rows[from])); i++)
        if (cli_on_side(&coverage->rows[i], side))
            count(&t, &coverage->rows[i]);
    *out_to = i;
    return t;
}

static tally count_all(const cli_coverage *coverage, char side)
{
    tally t = {0};
    for (size_t i = 0; i < coverage->num; i++)
        if (cli_on_side(&coverage->rows[i], side))
            count(&t, &coverage->rows[i]);
    return t;
}

void cli_coverage_summary(const cli_coverage *coverage, char side, FILE *out)
{
    for (size_t from = 0, to; from < coverage->num; from = to) {
        tally t = count_area(coverage, side, from, &to);
        if (t.num)
            fprintf(out, "%-8.*s %3zu of %3zu\n", RIG_VIEW_ARG(area_of(&coverage->rows[from])), t.covered,
                    t.num);
    }
    tally t = count_all(coverage, side);
    fprintf(out, "coverage: %zu of %zu requirements, %zu of %zu MUST\n", t.covered, t.num, t.must_covered,
            t.musts);
}

/* ---- page ---- */

static const char page_head[] = "# Coverage\n\n"
                                "Made by `iscsirig coverage --page docs/coverage.md`; CI fails when it is "
                                "out of date. What is not covered has\n"
                                "its reason in [coverage-reasons.tsv](coverage-reasons.tsv).\n\n"
                                "A requirement is covered when something that carries its id was shown to "
                                "fail by a violation, and to pass\n"
                                "without it. That it is mentioned counts for nothing.\n\n"
                                "* A **lint rule** counts when it fires on a capture of the pack with the "
                                "change of one PDU that its row declares,\n"
                                "  and is silent on the same capture without it.\n"
                                "* A **must or never clause** of a scenario counts when, in a case that "
                                "passes, its situation arose, each of its\n"
                                "  literals was altered and noticed, and evidence that breaks it makes it "
                                "fail: without the PDUs it asks for, with\n"
                                "  the PDU it forbids, with a PDU that lacks what every one must have, with "
                                "another result. Every clause of a file\n"
                                "  that carries the id has to be proved, or none counts. Where a fault of "
                                "the target violates that very id, the\n"
                                "  deviation has to be played, too: some clause with the id changes its "
                                "verdict when the fault is taken out of its\n"
                                "  case, or put into it, or it stands in a case with a player, whose script "
                                "deviates. Lines of plays and traces\n"
                                "  carry no ids; what a player does wrong is judged by such clauses.\n"
                                "* A **unit test** counts when its comment names the id and "
                                "[mutants.tsv](../ci/mutants.tsv) has a change of one\n"
                                "  line of our source that violates it: CI compiles each, and the test has "
                                "to fail with it and pass without.\n\n";

static void page_areas(const cli_coverage *coverage, FILE *out)
{
    fprintf(out, "| area | covered | of | MUST | of | initiator | of | target | of |\n"
                 "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (size_t from = 0, to; from < coverage->num; from = to) {
        tally t = count_area(coverage, 0, from, &to);
        tally i = count_area(coverage, 'I', from, &to), g = count_area(coverage, 'T', from, &to);
        fprintf(out, "| %.*s | %zu | %zu | %zu | %zu | %zu | %zu | %zu | %zu |\n",
                RIG_VIEW_ARG(area_of(&coverage->rows[from])), t.covered, t.num, t.must_covered, t.musts,
                i.covered, i.num, g.covered, g.num);
    }
    tally t = count_all(coverage, 0), i = count_all(coverage, 'I'), g = count_all(coverage, 'T');
    fprintf(out, "| all | %zu | %zu | %zu | %zu | %zu | %zu | %zu | %zu |\n\n", t.covered, t.num,
            t.must_covered, t.musts, i.covered, i.num, g.covered, g.num);
    fprintf(out, "What binds both sides counts for each.\n\n");
}

/* Without its line, which moves: what covers a requirement then stays the same. */
static size_t place_len(const char *by)
{
    const char *colon = strrchr(by, ':');
    return strncmp(by, "scenarios/", 10) == 0 && colon ? (size_t)(colon - by) : strlen(by);
}

static void page_proofs(const cli_requirement *row, FILE *out)
{
    size_t shown = 0;
    for (size_t i = 0; i < row->num_by; i++) {
        size_t len = place_len(row->by[i]);
        bool again =
            i > 0 && place_len(row->by[i - 1]) == len && memcmp(row->by[i - 1], row->by[i], len) == 0;
        if (again)
            continue;
        if (shown < SHOWN_MAX)
            fprintf(out, "%s`%.*s`", shown ? ", " : "", (int)len, row->by[i]);
        else if (shown == SHOWN_MAX)
            fprintf(out, " and others");
        shown++;
    }
}

void cli_coverage_page(const cli_coverage *coverage, FILE *out)
{
    fprintf(out, "%s", page_head);
    page_areas(coverage, out);
    fprintf(out,
            "| id | section | side | level | covered by, or why not |\n| --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < coverage->num; i++) {
        const cli_requirement *row = &coverage->rows[i];
        fprintf(out, "| %.*s | %.*s | %.*s | %.*s | ", RIG_VIEW_ARG(row->id), RIG_VIEW_ARG(row->section),
                RIG_VIEW_ARG(row->side), RIG_VIEW_ARG(row->level));
        page_proofs(row, out);
        if (row->num_by == 0)
            fprintf(out, "**no**%s%.*s", row->reason.len ? ": " : "", RIG_VIEW_ARG(row->reason));
        fprintf(out, " |\n");
    }
}

/* ---- JSON ---- */

static void put_string(rig_view text, FILE *out)
{
    fputc('"', out);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < ' ')
            fprintf(out, "\\u%04x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

static void put_row(const cli_requirement *row, FILE *out)
{
    fprintf(out, "{\"id\":");
    put_string(row->id, out);
    fprintf(out, ",\"covered\":%s,\"by\":[", row->num_by ? "true" : "false");
    for (size_t i = 0; i < row->num_by; i++) {
        fprintf(out, "%s", i ? "," : "");
        put_string(rig_view_str(row->by[i]), out);
    }
    fprintf(out, "],\"reason\":");
    if (row->num_by || row->reason.len == 0)
        fprintf(out, "null}");
    else {
        put_string(row->reason, out);
        fprintf(out, "}");
    }
}

void cli_coverage_json(const cli_coverage *coverage, char side, FILE *out)
{
    bool any = false;
    fprintf(out, "{\"requirements\":[");
    for (size_t i = 0; i < coverage->num; i++)
        if (cli_on_side(&coverage->rows[i], side)) {
            fprintf(out, "%s\n", any ? "," : "");
            put_row(&coverage->rows[i], out);
            any = true;
        }
    fprintf(out, "\n]}\n");
}
