/* Numbers of addresses: 128 bits, the sums and comparisons that counting needs. The one number that
 * does not fit, all 2^128 addresses of IPv6, wraps to 0. */
#ifndef MLN_NET_COUNT_H
#define MLN_NET_COUNT_H

#include "net/ipset.h"

struct mln_count {
    uint64_t hi, lo;
};

static inline struct mln_count mln_count_add(struct mln_count a, struct mln_count b)
{
    struct mln_count sum = {.hi = a.hi + b.hi, .lo = a.lo + b.lo};
    sum.hi += sum.lo < a.lo;
    return sum;
}

static inline struct mln_count mln_count_subtract(struct mln_count a, struct mln_count b)
{
    return (struct mln_count){.hi = a.hi - b.hi - (a.lo < b.lo), .lo = a.lo - b.lo};
}

static inline int mln_count_cmp(struct mln_count a, struct mln_count b)
{
    if (a.hi != b.hi)
        return a.hi < b.hi ? -1 : 1;
    return a.lo < b.lo ? -1 : a.lo > b.lo;
}

/* Of the inclusive range lo..hi. */
static inline struct mln_count mln_count_range(struct mln_ip lo, struct mln_ip hi)
{
    struct mln_count first = {lo.hi, lo.lo}, last = {hi.hi, hi.lo};
    return mln_count_add(mln_count_subtract(last, first), (struct mln_count){.lo = 1});
}

struct mln_count mln_count_of(const struct mln_ipset *set);

#define MLN_COUNT_TEXT 40
/* Decimal, without separators. Returns out. */
char *mln_count_text(struct mln_count count, char out[MLN_COUNT_TEXT]);
/* As a floating-point number, for shares and ratios. */
double mln_count_double(struct mln_count count);

#endif
