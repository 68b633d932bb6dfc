/** @file
 * Unit tests are found, not registered: each *_test.c ends with one RIG_SUITE, which main.c runs.
 */
#ifndef RIG_SUITE_H
#define RIG_SUITE_H

#include <CUnit/CUnit.h>

/** rig_suite is one file's tests. */
typedef struct rig_suite {
    const char *name;         /**< shown by CUnit */
    const CU_TestInfo *tests; /**< ended by CU_TEST_INFO_NULL */
    struct rig_suite *next;   /**< private */
} rig_suite;

/** rig_suite_add puts a suite on the list; called before main by RIG_SUITE. */
void rig_suite_add(rig_suite *suite);

/** RIG_SUITE(name, {"what it shows", function}, …) declares the tests of a file. */
#define RIG_SUITE(suite_name, ...)                                                                           \
    static const CU_TestInfo rig_tests_[] = {__VA_ARGS__, CU_TEST_INFO_NULL};                                \
    static rig_suite rig_suite_ = {suite_name, rig_tests_, NULL};                                            \
    __attribute__((constructor)) static void rig_suite_register_(void)                                       \
    {                                                                                                        \
        rig_suite_add(&rig_suite_);                                                                          \
    }

#endif
