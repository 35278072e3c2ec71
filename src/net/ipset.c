/* Sets of addresses as sorted ranges.
 *
 * Every operation is one merge over its arguments and appends to a result that stays canonical
 * because ranges are appended in order of their first address and touching ones grow together. The
 * one place that sorts is building from unsorted ranges, where a service tag may bring tens of
 * thousands: already sorted input (published lists are) is noticed; IPv4 goes through a radix sort
 * on the first address.
 *
 * Most operations of a policy change nothing (a zone's addresses within its network, a prefix
 * without the platform's), so they look first and then return their argument: nothing is made, and
 * sets stay known by their identity. */
#include "net/ipset.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A set in the making. */
struct building {
    struct mln_ipset set;
    struct mln_range ranges[];
};

static struct building *new_set(struct mln_arena *a, enum mln_family family, size_t capacity)
{
    assert(capacity < SIZE_MAX / 2 / sizeof(struct mln_range));
    struct building *b = mln_alloc(a, sizeof *b + capacity * sizeof *b->ranges);
    b->set.family = family;
    b->set.ranges = b->ranges;
    return b;
}

static inline bool before(struct mln_ip a, struct mln_ip b)
{
    return a.hi != b.hi ? a.hi < b.hi : a.lo < b.lo;
}

/* Appends a range that begins at or after every range before it, growing the last when they touch.
 */
static inline void append(struct building *b, struct mln_ip lo, struct mln_ip hi)
{
    if (b->set.len > 0) {
        struct mln_range *last = &b->ranges[b->set.len - 1];
        bool touches = !before(last->hi, lo) || mln_ip_cmp(mln_ip_next(last->hi), lo) == 0;
        if (touches) {
            if (before(last->hi, hi))
                last->hi = hi;
            return;
        }
    }
    b->ranges[b->set.len++] = (struct mln_range){.lo = lo, .hi = hi};
}

/* The sets that are asked for most are there already. */
static const struct mln_range whole[MLN_FAMILIES] = {
    [MLN_IPV4] = {.hi = {.lo = UINT32_MAX}},
    [MLN_IPV6] = {.hi = {.hi = UINT64_MAX, .lo = UINT64_MAX}},
};
static const struct mln_ipset everything[MLN_FAMILIES] = {
    [MLN_IPV4] = {.family = MLN_IPV4, .len = 1, .ranges = &whole[MLN_IPV4]},
    [MLN_IPV6] = {.family = MLN_IPV6, .len = 1, .ranges = &whole[MLN_IPV6]},
};
static const struct mln_ipset nothing[MLN_FAMILIES] = {
    [MLN_IPV4] = {.family = MLN_IPV4, .ranges = whole},
    [MLN_IPV6] = {.family = MLN_IPV6, .ranges = whole},
};

const struct mln_ipset *mln_ipset_empty(struct mln_arena *a, enum mln_family family)
{
    (void)a;
    return &nothing[family];
}

const struct mln_ipset *mln_ipset_all(struct mln_arena *a, enum mln_family family)
{
    (void)a;
    return &everything[family];
}

/* ---- building ---- */

static int by_lo(const void *x, const void *y)
{
    const struct mln_range *a = x, *b = y;
    return mln_ip_cmp(a->lo, b->lo);
}

static bool is_sorted(const struct mln_range *ranges, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (before(ranges[i].lo, ranges[i - 1].lo))
            return false;
    return true;
}

#define RADIX_BITS 11
#define RADIX (1u << RADIX_BITS)
#define RADIX_FROM 2048 /* below, the passes over the counters cost more than qsort */

/* One stable pass by the digit of `lo` at `shift`. */
static void radix_pass(const uint64_t *from, uint64_t *to, size_t count, unsigned shift)
{
    size_t start[RADIX] = {0}, sum = 0;
    for (size_t i = 0; i < count; i++)
        start[from[i] >> shift & (RADIX - 1)]++;
    for (size_t d = 0; d < RADIX; d++) {
        size_t n = start[d];
        start[d] = sum;
        sum += n;
    }
    for (size_t i = 0; i < count; i++)
        to[start[from[i] >> shift & (RADIX - 1)]++] = from[i];
}

/* IPv4 ranges travel as lo << 32 | hi, so that one word carries both through three passes over lo.
 */
static const struct mln_ipset *from_packed(struct mln_arena *a, uint64_t *x, size_t count)
{
    bool sorted = true;
    for (size_t i = 1; sorted && i < count; i++)
        sorted = x[i - 1] <= x[i];
    if (!sorted) {
        uint64_t *y = MLN_NEW_ARRAY(a, uint64_t, count);
        radix_pass(x, y, count, 32);
        radix_pass(y, x, count, 32 + RADIX_BITS);
        radix_pass(x, y, count, 32 + 2 * RADIX_BITS);
        x = y;
    }
    struct building *b = new_set(a, MLN_IPV4, count);
    for (size_t i = 0; i < count; i++)
        append(b, (struct mln_ip){.lo = x[i] >> 32}, (struct mln_ip){.lo = x[i] & UINT32_MAX});
    return &b->set;
}

static const struct mln_ipset *pack_ranges(struct mln_arena *a, const struct mln_range *ranges,
                                           size_t count)
{
    uint64_t *x = MLN_NEW_ARRAY(a, uint64_t, count);
    for (size_t i = 0; i < count; i++)
        x[i] = ranges[i].lo.lo << 32 | ranges[i].hi.lo;
    return from_packed(a, x, count);
}

static const struct mln_ipset *pack_prefixes(struct mln_arena *a, const struct mln_prefix *prefixes,
                                             size_t count)
{
    uint64_t *x = MLN_NEW_ARRAY(a, uint64_t, count);
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t lo = prefixes[i].ip.lo;
        if (prefixes[i].family == MLN_IPV4)
            x[n++] = lo << 32 | lo | UINT64_C(0xffffffff) >> prefixes[i].length;
    }
    return from_packed(a, x, n);
}

const struct mln_ipset *mln_ipset_from_ranges(struct mln_arena *a, enum mln_family family,
                                              const struct mln_range *ranges, size_t count)
{
    bool sorted = is_sorted(ranges, count);
    if (!sorted && family == MLN_IPV4 && count >= RADIX_FROM)
        return pack_ranges(a, ranges, count);
    struct building *b = new_set(a, family, count);
    if (!sorted) {
        struct mln_range *copy = MLN_NEW_ARRAY(a, struct mln_range, count);
        memcpy(copy, ranges, count * sizeof *ranges);
        qsort(copy, count, sizeof *copy, by_lo);
        ranges = copy;
    }
    for (size_t i = 0; i < count; i++) {
        assert(!before(ranges[i].hi, ranges[i].lo));
        append(b, ranges[i].lo, ranges[i].hi);
    }
    return &b->set;
}

const struct mln_ipset *mln_ipset_from_prefixes(struct mln_arena *a, enum mln_family family,
                                                const struct mln_prefix *prefixes, size_t count)
{
    if (family == MLN_IPV4 && count >= RADIX_FROM)
        return pack_prefixes(a, prefixes, count);
    struct mln_range *ranges = MLN_NEW_ARRAY(a, struct mln_range, count);
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (prefixes[i].family == family)
            ranges[n++] =
                (struct mln_range){.lo = prefixes[i].ip, .hi = mln_prefix_last(&prefixes[i])};
    return mln_ipset_from_ranges(a, family, ranges, n);
}

const struct mln_ipset *mln_ipset_one(struct mln_arena *a, enum mln_family family, struct mln_ip ip)
{
    const struct mln_range range = {ip, ip};
    return mln_ipset_from_ranges(a, family, &range, 1);
}

/* ---- algebra ---- */

const struct mln_ipset *mln_ipset_union(struct mln_arena *a, const struct mln_ipset *x,
                                        const struct mln_ipset *y)
{
    assert(x->family == y->family);
    if (mln_ipset_covers(x, y))
        return x;
    if (mln_ipset_covers(y, x))
        return y;
    struct building *b = new_set(a, x->family, x->len + y->len);
    size_t i = 0, j = 0;
    while (i < x->len || j < y->len) {
        bool take_x = j == y->len || (i < x->len && !before(y->ranges[j].lo, x->ranges[i].lo));
        const struct mln_range *r = take_x ? &x->ranges[i++] : &y->ranges[j++];
        append(b, r->lo, r->hi);
    }
    return &b->set;
}

const struct mln_ipset *mln_ipset_intersect(struct mln_arena *a, const struct mln_ipset *x,
                                            const struct mln_ipset *y)
{
    assert(x->family == y->family);
    if (mln_ipset_covers(x, y))
        return y;
    if (mln_ipset_covers(y, x))
        return x;
    if (!mln_ipset_overlaps(x, y))
        return &nothing[x->family];
    struct building *b = new_set(a, x->family, x->len + y->len);
    size_t i = 0, j = 0;
    while (i < x->len && j < y->len) {
        const struct mln_range *p = &x->ranges[i], *q = &y->ranges[j];
        struct mln_ip lo = before(p->lo, q->lo) ? q->lo : p->lo;
        struct mln_ip hi = before(p->hi, q->hi) ? p->hi : q->hi;
        if (!before(hi, lo))
            append(b, lo, hi);
        if (before(p->hi, q->hi))
            i++;
        else
            j++;
    }
    return &b->set;
}

/* Appends what y's ranges from *at on leave of `r`; *at moves past ranges that end before r. */
static void subtract_from(struct building *b, struct mln_range r, const struct mln_ipset *y,
                          size_t *at)
{
    while (*at < y->len && before(y->ranges[*at].hi, r.lo))
        ++*at;
    for (size_t k = *at; k < y->len && !before(r.hi, y->ranges[k].lo); k++) {
        if (before(r.lo, y->ranges[k].lo))
            append(b, r.lo, mln_ip_prev(y->ranges[k].lo));
        if (!before(y->ranges[k].hi, r.hi))
            return; /* also the only case in which next() below would wrap */
        r.lo = mln_ip_next(y->ranges[k].hi);
    }
    append(b, r.lo, r.hi);
}

const struct mln_ipset *mln_ipset_subtract(struct mln_arena *a, const struct mln_ipset *x,
                                           const struct mln_ipset *y)
{
    assert(x->family == y->family);
    if (!mln_ipset_overlaps(x, y))
        return x;
    struct building *b = new_set(a, x->family, x->len + y->len);
    size_t at = 0;
    for (size_t i = 0; i < x->len; i++)
        subtract_from(b, x->ranges[i], y, &at);
    return &b->set;
}

/* ---- questions ---- */

bool mln_ipset_equal(const struct mln_ipset *x, const struct mln_ipset *y)
{
    if (x == y)
        return true;
    if (x->family != y->family || x->len != y->len)
        return false;
    return x->len == 0 || memcmp(x->ranges, y->ranges, x->len * sizeof *x->ranges) == 0;
}

/* The first range from `i` on that does not end before `ip`: most sets are short, and in long ones
 * (all that is joined with a zone, a service tag) steps are doubled. */
static size_t seek(const struct mln_ipset *x, size_t i, struct mln_ip ip)
{
    size_t step = 1;
    while (i + step < x->len && before(x->ranges[i + step].hi, ip)) {
        i += step;
        step *= 2;
    }
    for (; step > 0; step /= 2)
        while (i + step < x->len && before(x->ranges[i + step].hi, ip))
            i += step;
    return i < x->len && before(x->ranges[i].hi, ip) ? i + 1 : i;
}

bool mln_ipset_contains(const struct mln_ipset *x, struct mln_ip ip)
{
    size_t lo = 0, hi = x->len;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (before(x->ranges[mid].hi, ip))
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < x->len && !before(ip, x->ranges[lo].lo);
}

bool mln_ipset_covers(const struct mln_ipset *x, const struct mln_ipset *y)
{
    size_t i = 0;
    if (x->family != y->family)
        return y->len == 0;
    /* Most pairs that are asked about part at their ends. */
    if (x->len > 0 && y->len > 0 &&
        (before(y->ranges[0].lo, x->ranges[0].lo) ||
         before(x->ranges[x->len - 1].hi, y->ranges[y->len - 1].hi)))
        return false;
    for (size_t j = 0; j < y->len; j++) {
        i = seek(x, i, y->ranges[j].hi);
        if (i == x->len || before(y->ranges[j].lo, x->ranges[i].lo))
            return false;
    }
    return true;
}

bool mln_ipset_overlaps(const struct mln_ipset *x, const struct mln_ipset *y)
{
    size_t i = 0, j = 0;
    if (x->family != y->family)
        return false;
    while (i < x->len && j < y->len) {
        if (before(x->ranges[i].hi, y->ranges[j].lo))
            i = seek(x, i, y->ranges[j].lo);
        else if (before(y->ranges[j].hi, x->ranges[i].lo))
            j = seek(y, j, x->ranges[i].lo);
        else
            return true;
    }
    return false;
}

bool mln_ipset_is_all(const struct mln_ipset *x)
{
    return x->len == 1 && x->ranges[0].lo.hi == 0 && x->ranges[0].lo.lo == 0 &&
           mln_ip_cmp(x->ranges[0].hi, mln_ip_max(x->family)) == 0;
}
