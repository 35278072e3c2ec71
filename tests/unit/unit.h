/* Unit tests: CUnit with the gaps closed. main.c holds the only main.
 *
 * A file test_X.c has static test functions and
 *
 *     void suite_X(void)
 *     {
 *         UNIT_SUITE("X");
 *         UNIT_TEST(parses_a_prefix);
 *         UNIT_TEST(refuses_host_bits);
 *     }
 *
 * and X is a line of suites.def. In a test use CUnit's CU_ASSERT...; a test that asserts nothing, a suite
 * without tests and a run without suites count as failures. UNIT_SKIP leaves the test, visibly. */
#ifndef MLN_TESTS_UNIT_H
#define MLN_TESTS_UNIT_H

#include <CUnit/CUnit.h>

#define UNIT_ENTRY(name) void suite_##name(void);
#include "suites.def"
#undef UNIT_ENTRY

/* Registers a suite; the tests that follow belong to it. */
void unit_suite(const char *name);
void unit_test(const char *name, void (*test)(void));
/* Marks the running test as skipped; printed with the totals. */
void unit_skip(const char *reason);

#define UNIT_SUITE(name) unit_suite(name)
#define UNIT_TEST(function) unit_test(#function, (function))
#define UNIT_SKIP(reason) \
    do { \
        unit_skip(reason); \
        return; \
    } while (0)

#endif
