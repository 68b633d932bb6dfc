/* Which requirements are covered, and by what. */
#ifndef CLI_COVERAGE_H
#define CLI_COVERAGE_H

#include "proofs.h"

#include <stdio.h>

#define COVERAGE_ROWS_MAX 4096 /* requirements */
#define COVERAGE_BY_MAX 1000   /* proofs kept of one requirement */

typedef struct cli_requirement {
    rig_view id, section, side, level;
    char **by; /* what covers it: "scenarios/login/x.scn:12", "lint:cmdsn-next",
                  "wire/tests/x_test.c:function" */
    size_t num_by;
    rig_view reason; /* why nothing does; empty when nobody said */
} cli_requirement;

typedef struct cli_coverage {
    cli_requirement *rows; /* in the order of docs/requirements.tsv */
    size_t num;
    cli_text reasons, mutants;
} cli_coverage;

/* The requirement of that id, NULL when there is none. */
cli_requirement *cli_requirement_find(const cli_coverage *coverage, rig_view id);

/* Adds "PLACE" to what covers it, once. RIG_E_NOMEM, RIG_E_LIMIT. */
__attribute__((format(printf, 2, 3))) rig_status cli_covered_by(cli_requirement *row, const char *format,
                                                                ...);

/* Whether --side selects the row: B is everybody's. side 0: all. */
bool cli_on_side(const cli_requirement *row, char side);

/* ---- unit tests: coverage_units.c ---- */

typedef struct cli_unit_id {
    char id[PROOF_ID_SIZE];
    char function[64]; /* the test */
    char shows[128];   /* its name in CUnit's report: "SUITE, TEST" */
} cli_unit_id;

#define UNIT_IDS_MAX 4000 /* of one file; more are not looked at */

typedef struct cli_unit_ids {
    cli_unit_id ids[UNIT_IDS_MAX];
    size_t num;
} cli_unit_ids;

/* The ids in comments of the tests of a file, see CONTRIBUTING.md; each once a test. */
void cli_unit_ids_of(rig_view source, cli_unit_ids *out);

/* Covers what a row of ci/mutants.tsv breaks and a test names. CLI_OK, or CLI_USAGE (said why). */
int cli_cover_units(cli_coverage *coverage);

/* ---- what people and machines read: coverage_show.c ---- */

void cli_coverage_summary(const cli_coverage *coverage, char side, FILE *out);
void cli_coverage_page(const cli_coverage *coverage, FILE *out);
void cli_coverage_json(const cli_coverage *coverage, char side, FILE *out);

#endif
