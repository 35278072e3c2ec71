/* Runs the unit tests and prints them as TAP, with CUnit's own summary behind.
 *
 * CUnit alone would call these a success: a run that failed (its return value speaks of CUnit only), a
 * suite whose initialisation failed, a test without an assertion, no test at all. Each is a failure here.
 *
 *     unit            run everything
 *     unit SUITE...   run only these suites */
#include "unit.h"
#include <CUnit/Basic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    const char *name;
    void (*add)(void);
};

static const struct entry entries[] = {
#define UNIT_ENTRY(name) {#name, suite_##name},
#include "suites.def"
#undef UNIT_ENTRY
};

static struct {
    CU_pSuite suite;         /* the one tests are being added to */
    unsigned tests_of_suite; /* added to it so far */
    unsigned number;         /* TAP number of the last test */
    unsigned passed, failed, skipped;
    unsigned asserts_before; /* CUnit's count when the running test began */
    const char *skip;        /* reason given by the running test */
} run;

static void broken(const char *what, const char *name)
{
    printf("Bail out! %s: %s (%s)\n", what, name, CU_get_error_msg());
    exit(EXIT_FAILURE);
}

void unit_suite(const char *name)
{
    run.suite = CU_add_suite(name, NULL, NULL);
    run.tests_of_suite = 0;
    if (!run.suite)
        broken("cannot add suite", name);
}

void unit_test(const char *name, void (*test)(void))
{
    if (!run.suite)
        broken("test outside of a suite", name);
    if (!CU_add_test(run.suite, name, test))
        broken("cannot add test", name);
    run.tests_of_suite++;
}

void unit_skip(const char *reason)
{
    run.skip = reason;
}

static void test_start(const CU_pTest test, const CU_pSuite suite)
{
    (void)test;
    (void)suite;
    run.asserts_before = CU_get_number_of_asserts();
    run.skip = NULL;
}

static void print_failures(const CU_FailureRecord *failure)
{
    for (; failure; failure = failure->pNext)
        printf("# %s:%u: %s\n", failure->strFileName, failure->uiLineNumber,
               failure->strCondition);
}

static void test_complete(const CU_pTest test, const CU_pSuite suite,
                          const CU_pFailureRecord failure)
{
    bool asserted = CU_get_number_of_asserts() > run.asserts_before;
    bool good = !failure && (asserted || run.skip);
    printf("%s %u - %s/%s%s%s\n", good ? "ok" : "not ok", ++run.number, suite->pName,
           test->pName, run.skip ? " # SKIP " : "", run.skip ? run.skip : "");
    print_failures(failure);
    if (!failure && !asserted && !run.skip)
        printf("# the test asserts nothing\n");
    if (good && run.skip)
        run.skipped++;
    else if (good)
        run.passed++;
    else
        run.failed++;
}

static void suite_init_failed(const CU_pSuite suite)
{
    printf("not ok %u - %s: the suite could not be set up\n", ++run.number, suite->pName);
    run.failed++;
}

static void suite_cleanup_failed(const CU_pSuite suite)
{
    printf("not ok %u - %s: the suite could not be cleaned up\n", ++run.number, suite->pName);
    run.failed++;
}

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return argc <= 1;
}

static void add_suites(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        if (!wanted(entries[i].name, argc, argv))
            continue;
        run.suite = NULL;
        run.tests_of_suite = 0;
        entries[i].add();
        if (run.tests_of_suite == 0) {
            printf("not ok %u - %s: no tests\n", ++run.number, entries[i].name);
            run.failed++;
        }
    }
}

int main(int argc, char **argv)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        broken("cannot start", "CUnit");
    add_suites(argc, argv);
    CU_set_test_start_handler(test_start);
    CU_set_test_complete_handler(test_complete);
    CU_set_suite_init_failure_handler(suite_init_failed);
    CU_set_suite_cleanup_failure_handler(suite_cleanup_failed);
    CU_ErrorCode outcome = CU_run_all_tests();
    CU_print_run_results(stdout);
    CU_cleanup_registry();
    printf("\n1..%u\n# %u passed, %u failed, %u skipped\n", run.number, run.passed, run.failed,
           run.skipped);
    bool good = outcome == CUE_SUCCESS && run.failed == 0 && run.passed > 0;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
