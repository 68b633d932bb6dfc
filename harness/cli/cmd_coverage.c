/* iscsirig coverage: every requirement, and what was shown to fail when it is violated. */
#include "coverage.h"
#include "rig/lint.h"

#include "manual.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_MAX (4u << 20)
#define REASONS "docs/coverage-reasons.tsv"

/* ---- rows ---- */

cli_requirement *cli_requirement_find(const cli_coverage *coverage, rig_view id)
{
    for (size_t i = 0; i < coverage->num; i++)
        if (rig_view_eq(coverage->rows[i].id, id))
            return &coverage->rows[i];
    return NULL;
}

rig_status cli_covered_by(cli_requirement *row, const char *format, ...)
{
    char place[CLI_PATH_SIZE];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(place, sizeof place, format, args);
    va_end(args);
    for (size_t i = 0; i < row->num_by; i++)
        if (strcmp(row->by[i], place) == 0)
            return RIG_OK;
    if (row->num_by == COVERAGE_BY_MAX || len < 0 || (size_t)len >= sizeof place)
        return RIG_E_LIMIT;
    char **more =
        rig_resize(rig_alloc_libc(), row->by, row->num_by * sizeof *more, (row->num_by + 1) * sizeof *more);
    if (!more)
        return RIG_E_NOMEM;
    row->by = more;
    more[row->num_by] = rig_copy_text(rig_alloc_libc(), place, strlen(place));
    return more[row->num_by] ? (row->num_by++, RIG_OK) : RIG_E_NOMEM;
}

bool cli_on_side(const cli_requirement *row, char side)
{
    return !side || row->side.ptr[0] == side || row->side.ptr[0] == 'B';
}

static int read_rows(cli_coverage *coverage, rig_view table)
{
    coverage->rows = calloc(COVERAGE_ROWS_MAX, sizeof *coverage->rows);
    if (!coverage->rows)
        return cli_complain("no memory");
    rig_view_split(&table, '\n');
    while (table.ptr && coverage->num < COVERAGE_ROWS_MAX) {
        rig_view line = rig_view_split(&table, '\n');
        cli_requirement *row = &coverage->rows[coverage->num];
        row->id = rig_view_split(&line, '\t');
        row->section = line.ptr ? rig_view_split(&line, '\t') : line;
        row->side = line.ptr ? rig_view_split(&line, '\t') : line;
        row->level = line.ptr ? rig_view_split(&line, '\t') : line;
        coverage->num += row->id.len && row->side.len && row->level.len;
    }
    return coverage->num ? CLI_OK : cli_complain("docs/requirements.tsv was not found");
}

/* ---- scenarios ---- */

static const char *shown_path(const char *path)
{
    const char *folder = "scenarios/";
    for (const char *at = path; (at = strstr(at, folder)); at++)
        if (at == path || at[-1] == '/')
            return at;
    return path;
}

/* Every clause of the file that carries the id has to be proved, or none counts. */
static bool all_proved(const cli_file_proofs *file, const char *id)
{
    for (size_t i = 0; i < file->num_clauses; i++)
        if (!file->clauses[i].proved && strcmp(file->clauses[i].id, id) == 0)
            return false;
    return true;
}

static bool is_flip(const cli_flip *flip, const char *id)
{
    return strcmp(flip->id, id) == 0 && strcmp(rig_fault_rows[flip->fault].requirement, id) == 0;
}

/* An id that faults of the target violate needs a clause that one of them turns around, wherever that is. */
static bool turned_around(const cli_proofs *proofs, const char *id)
{
    bool named = false;
    for (unsigned f = 0; f < RIG_FAULTS; f++)
        named = named || strcmp(rig_fault_rows[f].requirement, id) == 0;
    for (size_t i = 0; i < proofs->pack->num && named; i++)
        for (size_t k = 0; k < proofs->files[i].num_flips; k++)
            if (is_flip(&proofs->files[i].flips[k], id))
                return true;
    return !named;
}

static bool counts(const cli_proofs *proofs, const cli_file_proofs *file, const cli_clause *clause)
{
    return all_proved(file, clause->id) && (clause->played || turned_around(proofs, clause->id));
}

static rig_status cover_file(cli_coverage *coverage, const cli_proofs *proofs, size_t index)
{
    const cli_file_proofs *file = &proofs->files[index];
    const char *path = shown_path(proofs->pack->scenarios[index]->source.path);
    rig_status status = RIG_OK;
    for (size_t i = 0; i < file->num_clauses && !status; i++) {
        const cli_clause *clause = &file->clauses[i];
        cli_requirement *row = cli_requirement_find(coverage, rig_view_str(clause->id));
        if (row && counts(proofs, file, clause))
            status = cli_covered_by(row, "%s:%u", path, clause->place.line);
    }
    return status;
}

static rig_status cover_rules(cli_coverage *coverage, const cli_proofs *proofs)
{
    rig_status status = RIG_OK;
    for (size_t r = 0; r < rig_lint_num_rules && !status; r++) {
        cli_requirement *row = cli_requirement_find(coverage, rig_view_str(rig_lint_rules[r].id));
        if (row && atomic_load(&proofs->rule_proved[r]))
            status = cli_covered_by(row, "lint:%s", rig_lint_rules[r].name);
    }
    return status;
}

/* ---- reasons ---- */

static int take_reason(cli_coverage *coverage, rig_view line, unsigned number)
{
    rig_view reason = line;
    rig_view id = rig_view_split(&reason, '\t');
    cli_requirement *row = cli_requirement_find(coverage, id);
    if (!row || !reason.ptr || reason.len == 0)
        fprintf(stderr, REASONS ":%u: %.*s: %s\n", number, RIG_VIEW_ARG(id),
                row ? "no reason" : "no such requirement");
    else if (row->reason.len)
        fprintf(stderr, REASONS ":%u: %.*s stands here twice\n", number, RIG_VIEW_ARG(id));
    else if (row->num_by)
        fprintf(stderr, REASONS ":%u: %.*s is covered, by %s\n", number, RIG_VIEW_ARG(id), row->by[0]);
    else {
        row->reason = reason;
        return CLI_OK;
    }
    return CLI_FAILED;
}

static int read_reasons(cli_coverage *coverage)
{
    char path[CLI_PATH_SIZE];
    rig_error error = {0};
    unsigned number = 1;
    int worst = CLI_OK;
    if (!cli_data_path(REASONS, path, sizeof path))
        return cli_complain(REASONS " was not found");
    if (cli_read(path, TABLE_MAX, &coverage->reasons.text, &coverage->reasons.len, &error))
        return cli_complain("%s", error.text);
    rig_view rest = rig_view_of(coverage->reasons.text, coverage->reasons.len);
    rig_view_split(&rest, '\n');
    while (rest.ptr) {
        rig_view line = rig_view_split(&rest, '\n');
        number++;
        if (line.len && take_reason(coverage, line, number))
            worst = CLI_FAILED;
    }
    return worst;
}

/* Rows that nothing covers and nobody explains. */
static int check_reasons(const cli_coverage *coverage)
{
    int worst = CLI_OK;
    for (size_t i = 0; i < coverage->num; i++)
        if (coverage->rows[i].num_by == 0 && coverage->rows[i].reason.len == 0) {
            fprintf(stderr, "%.*s: not covered, and " REASONS " does not say why\n",
                    RIG_VIEW_ARG(coverage->rows[i].id));
            worst = CLI_FAILED;
        }
    return worst;
}

/* ---- the command ---- */

typedef struct coverage_options {
    char side;
    const char *json, *page, *units;
} coverage_options;

static int write_to(const char *path, const cli_coverage *coverage, const coverage_options *options,
                    bool page)
{
    FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "wb");
    if (!out)
        return cli_complain("%s: could not be written", path);
    if (page)
        cli_coverage_page(coverage, out);
    else
        cli_coverage_json(coverage, options->side, out);
    bool good = !ferror(out);
    good = (out == stdout ? fflush(out) : fclose(out)) == 0 && good;
    return good ? CLI_OK : cli_complain("%s: could not be written", path);
}

static int show(const cli_coverage *coverage, const coverage_options *options)
{
    bool quiet = (options->json && strcmp(options->json, "-") == 0) ||
                 (options->page && strcmp(options->page, "-") == 0);
    int bad = CLI_OK;
    if (options->json)
        bad = write_to(options->json, coverage, options, false);
    if (options->page && !bad)
        bad = write_to(options->page, coverage, options, true);
    if (!quiet)
        cli_coverage_summary(coverage, options->side, stdout);
    return bad;
}

static int cover(cli_coverage *coverage, const cli_proofs *proofs)
{
    rig_status status = RIG_OK;
    int bad =
        read_rows(coverage, rig_view_of(proofs->pack->requirements.text, proofs->pack->requirements.len));
    for (size_t i = 0; i < proofs->pack->num && !bad && !status; i++)
        status = cover_file(coverage, proofs, i);
    if (!bad && !status)
        status = cover_rules(coverage, proofs);
    if (status)
        return cli_complain("%s", rig_status_meaning(status));
    return bad ? bad : cli_cover_units(coverage);
}

static void coverage_free(cli_coverage *coverage)
{
    const rig_alloc *alloc = rig_alloc_libc();
    for (size_t i = 0; i < coverage->num; i++) {
        cli_requirement *row = &coverage->rows[i];
        for (size_t k = 0; k < row->num_by; k++)
            rig_delete(alloc, row->by[k], strlen(row->by[k]) + 1);
        rig_delete(alloc, row->by, row->num_by * sizeof *row->by);
    }
    free(coverage->rows);
    rig_delete(alloc, coverage->reasons.text, coverage->reasons.text ? coverage->reasons.len + 1 : 0);
    rig_delete(alloc, coverage->mutants.text, coverage->mutants.text ? coverage->mutants.len + 1 : 0);
}

static int coverage_of(const coverage_options *options, run_options *run)
{
    cli_coverage coverage = {0};
    cli_proofs proofs = {0};
    cli_pack pack = {0};
    int bad = cli_pack_load(&pack, run->paths, run->num_paths);
    if (!bad)
        bad = cli_prove(&proofs, run, &pack, PROVE_EXPECT | PROVE_LINT | PROVE_FAULTS);
    if (!bad)
        bad = cover(&coverage, &proofs);
    int reasons = bad ? CLI_OK : read_reasons(&coverage);
    if (!bad && reasons != CLI_USAGE) {
        int missing = check_reasons(&coverage);
        bad = show(&coverage, options);
        bad = bad ? bad : missing;
    }
    cli_proofs_free(&proofs);
    coverage_free(&coverage);
    cli_pack_free(&pack);
    return bad ? bad : reasons;
}

/* Each id that a test's comment names: id, file, the test as CUnit reports it. */
static int list_units(const char *path)
{
    rig_error error = {0};
    char *text = NULL;
    size_t len = 0;
    cli_unit_ids *ids = calloc(1, sizeof *ids);
    int bad =
        ids && !cli_read(path, TABLE_MAX, &text, &len, &error) ? CLI_OK : cli_complain("%s", error.text);
    if (!bad)
        cli_unit_ids_of(rig_view_of(text, len), ids);
    for (size_t i = 0; ids && !bad && i < ids->num; i++)
        printf("%s\t%s\t%s\n", ids->ids[i].id, path, ids->ids[i].shows);
    rig_delete(rig_alloc_libc(), text, text ? len + 1 : 0);
    free(ids);
    return bad;
}

static const cli_option option_rows[] = {
    {'s', "side", "I|T", "only what binds the initiator, or the target; what binds both counts for each", 0},
    {'j', "json", "FILE", "the requirements, what covers each, or why nothing does; - is standard output", 0},
    {'p', "page", "FILE", "the same as a page: docs/coverage.md is made with it", 0},
    {'u', "units", "FILE", "only the ids that comments of that unit test name, with the tests", 0},
    {0}};

const cli_manual cmd_coverage_manual = {
    .synopsis = "[OPTION…]",
    .about =
        (const char *const[]){
            "Plays the pack and proves what can be proved of it. A requirement is covered when "
            "something that carries its id was shown to fail; docs/coverage.md says what that "
            "means.",
            NULL},
    .options = {option_rows},
    .status = (const cli_status[]){{0, "each requirement is covered or explained"},
                                   {1, "one is neither covered nor explained in " REASONS
                                       ", or explained there and covered"},
                                   {2, "usage or environment"},
                                   {0}},
    .examples = (const char *const[]){"--side I", "--json coverage.json", NULL}};

static int parse(coverage_options *out, int argc, char **argv)
{
    cli_args args;
    cli_args_begin(&args, "coverage", argc, argv);
    for (int c; (c = cli_args_next(&args)) != 0;) {
        if (c < 0)
            return args.end ? args.end : -1;
        if (c == 's' && strcmp(optarg, "I") != 0 && strcmp(optarg, "T") != 0)
            return cli_complain("--side: wanted I or T, came \"%s\"", optarg);
        if (c == 's')
            out->side = optarg[0];
        else
            *(c == 'j' ? &out->json : c == 'p' ? &out->page : &out->units) = optarg;
    }
    return optind == argc ? CLI_OK : cli_complain("coverage: \"%s\" is no option", argv[optind]);
}

int cmd_coverage(int argc, char **argv)
{
    static run_options run;
    static char name[] = "coverage";
    char *none[] = {name, NULL};
    coverage_options options = {0};
    int bad = parse(&options, argc, argv);
    if (!bad && options.units)
        return list_units(options.units);
    if (!bad)
        bad = run_options_parse(&run, 1, none, "prove");
    return bad ? (bad < 0 ? CLI_OK : bad) : coverage_of(&options, &run);
}
