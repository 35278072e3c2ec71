/* The harness itself: that assertions are seen and counted. */
#include "unit.h"

static void counts_assertions(void)
{
    unsigned before = CU_get_number_of_asserts();
    CU_ASSERT_TRUE(1);
    CU_ASSERT_EQUAL(CU_get_number_of_asserts(), before + 1);
}

void suite_unit(void)
{
    UNIT_SUITE("unit");
    UNIT_TEST(counts_assertions);
}
