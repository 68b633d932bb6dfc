/* Runs every suite linked into this program and ends 0 only when something ran and nothing failed. */
#include "suite.h"

#include <stdbool.h>
#include <string.h>

#include <CUnit/Basic.h>

static rig_suite *suites;

void rig_suite_add(rig_suite *suite)
{
    suite->next = suites;
    suites = suite;
}

static bool add_suite(const rig_suite *suite)
{
    CU_pSuite added = CU_add_suite(suite->name, NULL, NULL);
    for (const CU_TestInfo *test = suite->tests; added && test->pName; test++)
        if (!CU_add_test(added, test->pName, test->pTestFunc))
            return false;
    return added != NULL;
}

/* main SUITE…: only those suites. */
static bool is_wanted(const rig_suite *suite, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], suite->name) == 0)
            return true;
    return argc < 2;
}

int main(int argc, char **argv)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 2;
    for (const rig_suite *suite = suites; suite; suite = suite->next)
        if (is_wanted(suite, argc, argv) && !add_suite(suite))
            return 2;
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_tests_run() == 0);
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
