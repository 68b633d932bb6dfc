/*
 * Everything the five source documents state, row by row, with the tests that show it.
 *
 *   seeds TABLE RUN WIDE     plays every test of the table; RUN plays scenarios, WIDE is this program with
 * the tests of a Unicode program seeds --run TEST…        plays tests of this program
 *
 * A row of the table is: number, what must hold, tested or stated, and behind it the tests joined by " + ",
 * or why there is none. A test is "SUITE / TEST", "wide: SUITE / TEST", or the path of a scenario.
 */
#include "suite.h"

#include <CUnit/TestRun.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define ROWS 99       /* rows of the five lists */
#define STATED_MAX 10 /* rows that may do without a test */
#define TESTS_MAX 256 /* different tests of the table */
#define LENGTH_MAX 2048

extern char **environ;

/* How many rows each list has. */
static const unsigned lists[] = {21, 21, 21, 21, 15};

static rig_suite *suites;

void rig_suite_add(rig_suite *suite)
{
    suite->next = suites;
    suites = suite;
}

static struct {
    char *name;
    bool passed;
} played[TESTS_MAX];
static size_t num_played;

/* ---- one test ---- */

static const CU_TestInfo *find(const char *name)
{
    for (const rig_suite *suite = suites; suite; suite = suite->next) {
        const size_t len = strlen(suite->name);
        if (strncmp(name, suite->name, len) || strncmp(name + len, " / ", 3))
            continue;
        for (const CU_TestInfo *test = suite->tests; test->pName; test++)
            if (strcmp(test->pName, name + len + 3) == 0)
                return test;
    }
    return NULL;
}

/* A test that asserts nothing shows nothing. */
static bool run_test(const char *name)
{
    const CU_TestInfo *test = find(name);
    if (!test) {
        printf("seeds: no test \"%s\"\n", name);
        return false;
    }
    if (CU_initialize_registry() != CUE_SUCCESS)
        return false;
    CU_pSuite suite = CU_add_suite(name, NULL, NULL);
    CU_pTest added = suite ? CU_add_test(suite, test->pName, test->pTestFunc) : NULL;
    if (added)
        CU_run_test(suite, added);
    const bool passed = added && CU_get_number_of_tests_run() == 1 && CU_get_number_of_failures() == 0 &&
                        CU_get_number_of_asserts() > 0;
    CU_cleanup_registry();
    if (!passed)
        printf("seeds: \"%s\" fails\n", name);
    return passed;
}

/* ---- others ---- */

static bool run_program(char *const argv[], const char *name)
{
    int status = 0;
    pid_t child;
    fflush(stdout);
    const bool passed = posix_spawn(&child, argv[0], NULL, NULL, argv, environ) == 0 &&
                        waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!passed)
        printf("seeds: \"%s\" fails\n", name);
    return passed;
}

/* One that is not there, or that is skipped, does not end with 0. */
static bool run_scenario(char *program, const char *path)
{
    char full[LENGTH_MAX];
    snprintf(full, sizeof full, RIG_SOURCE_DIR "/%s", path);
    char *const argv[] = {program, (char[]){"run"}, (char[]){"--strict"}, full, NULL};
    return run_program(argv, path);
}

static bool run_wide(char *program, char *name)
{
    char *const argv[] = {program, (char[]){"--run"}, name, NULL};
    return run_program(argv, name);
}

static bool is_scenario(const char *name)
{
    const size_t len = strlen(name);
    return len > 4 && strcmp(name + len - 4, ".scn") == 0;
}

/* Each test is played once, however many rows name it. */
static bool play(char **programs, char *name)
{
    static const char wide[] = "wide: ";
    for (size_t i = 0; i < num_played; i++)
        if (strcmp(played[i].name, name) == 0)
            return played[i].passed;
    if (num_played == TESTS_MAX) {
        printf("seeds: more than %d tests\n", TESTS_MAX);
        return false;
    }
    bool passed;
    if (strncmp(name, wide, strlen(wide)) == 0)
        passed = run_wide(programs[1], name + strlen(wide));
    else
        passed = is_scenario(name) ? run_scenario(programs[0], name) : run_test(name);
    played[num_played].name = strdup(name);
    played[num_played++].passed = passed;
    return passed;
}

/* ---- rows ---- */

typedef struct table {
    char **programs;
    unsigned list, row, tested, stated, wrong;
} table;

static void wrong(table *t, const char *id, const char *why)
{
    printf("seeds: row %s: %s\n", id, why);
    t->wrong++;
}

/* Rows are numbered without a gap, list by list. */
static void check_id(table *t, const char *id)
{
    char wanted[32];
    if (t->list == 0 || t->row == lists[t->list - 1]) {
        t->list++;
        t->row = 0;
    }
    snprintf(wanted, sizeof wanted, "%u.%u", t->list, ++t->row);
    if (t->list > sizeof lists / sizeof lists[0] || strcmp(id, wanted))
        wrong(t, id, "out of its order");
}

static void play_all(table *t, const char *id, char *tests)
{
    bool passed = *tests != '\0';
    for (char *next; tests; tests = next) {
        next = strstr(tests, " + ");
        if (next) {
            *next = '\0';
            next += 3;
        }
        passed = play(t->programs, tests) && passed;
    }
    if (!passed)
        wrong(t, id, "is not shown");
    t->tested++;
}

static void check_row(table *t, char *line)
{
    char *cells[4] = {NULL};
    size_t num = 0;
    line[strcspn(line, "\n")] = '\0';
    for (char *rest = line; rest && num < 4; num++) {
        char *tab = strchr(rest, '\t');
        cells[num] = rest;
        rest = tab ? tab + 1 : NULL;
        if (tab)
            *tab = '\0';
    }
    check_id(t, cells[0]);
    if (num < 4 || !cells[1][0] || !cells[3][0])
        wrong(t, cells[0], "four columns are wanted");
    else if (strcmp(cells[2], "tested") == 0)
        play_all(t, cells[0], cells[3]);
    else if (strcmp(cells[2], "stated") == 0)
        t->stated++;
    else
        wrong(t, cells[0], "tested or stated is wanted");
}

static int check_table(const char *path, char **programs)
{
    char line[LENGTH_MAX];
    table t = {.programs = programs};
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, sizeof line, file)) {
        printf("seeds: %s cannot be read\n", path);
        return 2;
    }
    while (fgets(line, sizeof line, file))
        check_row(&t, line);
    fclose(file);
    printf("seeds: %u rows, %u tested, %u stated, %u wrong, %zu tests\n", t.tested + t.stated, t.tested,
           t.stated, t.wrong, num_played);
    for (size_t i = 0; i < num_played; i++)
        free(played[i].name);
    return t.wrong || t.tested + t.stated != ROWS || t.stated > STATED_MAX;
}

int main(int argc, char **argv)
{
    bool passed = argc > 2;
    if (argc == 4 && strcmp(argv[1], "--run"))
        return check_table(argv[1], argv + 2);
    if (argc < 3 || strcmp(argv[1], "--run")) {
        printf("usage: seeds TABLE RUN WIDE | --run TEST…\n");
        return 2;
    }
    for (int i = 2; i < argc; i++)
        passed = run_test(argv[i]) && passed;
    return passed ? 0 : 1;
}
