#include "net/count.h"

#include <string.h>

struct mln_count mln_count_of(const struct mln_ipset *set)
{
    struct mln_count sum = {0};
    for (size_t i = 0; i < set->len; i++)
        sum = mln_count_add(sum, mln_count_range(set->ranges[i].lo, set->ranges[i].hi));
    return sum;
}

/* Divides the four 32-bit digits of `count` by ten in place; returns the remainder. */
static unsigned divide_by_ten(uint32_t digits[4])
{
    uint64_t rest = 0;
    for (int i = 0; i < 4; i++) {
        rest = rest << 32 | digits[i];
        digits[i] = (uint32_t)(rest / 10);
        rest %= 10;
    }
    return (unsigned)rest;
}

char *mln_count_text(struct mln_count count, char out[MLN_COUNT_TEXT])
{
    uint32_t digits[4] = {(uint32_t)(count.hi >> 32), (uint32_t)count.hi,
                          (uint32_t)(count.lo >> 32), (uint32_t)count.lo};
    char text[MLN_COUNT_TEXT], *p = text + sizeof text;
    *--p = '\0';
    do
        *--p = (char)('0' + divide_by_ten(digits));
    while (digits[0] | digits[1] | digits[2] | digits[3]);
    return memcpy(out, p, (size_t)(text + sizeof text - p));
}

double mln_count_double(struct mln_count count)
{
    return (double)count.hi * 18446744073709551616.0 + (double)count.lo;
}
