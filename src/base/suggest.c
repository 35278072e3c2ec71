/* Restricted Damerau-Levenshtein distance (a swap of neighbours costs one) by three rows of the
 * classic table. A row whose least value exceeds the limit ends the comparison, and the limit falls
 * to what the best candidate so far needs, so thousands of names cost little. */
#include "base/map.h"

#include <string.h>

#define LONGEST 255 /* longer names get no suggestion: nobody mistypes them by hand */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* The distance, or any number above `limit` when it is larger. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len, unsigned limit)
{
    unsigned rows[3][LONGEST + 1];
    unsigned *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_len; j++)
        above[j] = (unsigned)j;
    unsigned smallest_above = 0;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned smallest = row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned differs = lower(a[i - 1]) != lower(b[j - 1]);
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + differs);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
            smallest = least(smallest, row[j]);
        }
        /* A swap reaches two rows back, so one bad row is no proof: both must be. */
        if (smallest > limit && smallest_above > limit)
            return limit + 1;
        smallest_above = smallest;
        unsigned *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[b_len];
}

const char *mln_closest(const char *name, const char *const *names, size_t count)
{
    size_t length = strlen(name);
    if (length == 0 || length > LONGEST)
        return NULL;
    const char *best = NULL;
    unsigned limit = (unsigned)(1 + length / 4); /* the largest distance still of interest */
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(names[i]);
        size_t gap = other > length ? other - length : length - other;
        if (other > LONGEST || gap > limit)
            continue;
        unsigned found = distance(name, length, names[i], other, limit);
        if (found > limit || found >= (other > length ? other : length))
            continue; /* too far, or nothing in common at all */
        best = names[i];
        if (found == 0)
            break;
        limit = found - 1;
    }
    return best;
}
