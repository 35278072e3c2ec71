/* Sets of addresses of ONE family: sorted, disjoint, non-adjacent inclusive ranges. Values are
 * immutable and live in the arena; every operation returns a canonical set, so equal sets have
 * equal ranges. The empty set has len 0 (never NULL). All operations are linear in the ranges of
 * their arguments (plus a sort where a set is made from unsorted prefixes).
 *
 * A result that equals an argument of union, intersect or subtract IS that argument, so it lives no
 * longer than this does. */
#ifndef MLN_NET_IPSET_H
#define MLN_NET_IPSET_H

#include "base/arena.h"
#include "net/ip.h"

struct mln_range {
    struct mln_ip lo, hi; /* inclusive */
};

struct mln_ipset {
    enum mln_family family;
    size_t len;
    const struct mln_range *ranges;
};

const struct mln_ipset *mln_ipset_empty(struct mln_arena *a, enum mln_family family);
const struct mln_ipset *mln_ipset_all(struct mln_arena *a, enum mln_family family);
const struct mln_ipset *mln_ipset_one(struct mln_arena *a, enum mln_family family,
                                      struct mln_ip ip);
/* Prefixes of other families are skipped. */
const struct mln_ipset *mln_ipset_from_prefixes(struct mln_arena *a, enum mln_family family,
                                                const struct mln_prefix *prefixes, size_t count);
const struct mln_ipset *mln_ipset_from_ranges(struct mln_arena *a, enum mln_family family,
                                              const struct mln_range *ranges, size_t count);
const struct mln_ipset *mln_ipset_union(struct mln_arena *a, const struct mln_ipset *x,
                                        const struct mln_ipset *y);
const struct mln_ipset *mln_ipset_intersect(struct mln_arena *a, const struct mln_ipset *x,
                                            const struct mln_ipset *y);
const struct mln_ipset *mln_ipset_subtract(struct mln_arena *a, const struct mln_ipset *x,
                                           const struct mln_ipset *y);
bool mln_ipset_equal(const struct mln_ipset *x, const struct mln_ipset *y);
bool mln_ipset_contains(const struct mln_ipset *x, struct mln_ip ip);
bool mln_ipset_covers(const struct mln_ipset *x, const struct mln_ipset *y); /* y inside x */
bool mln_ipset_overlaps(const struct mln_ipset *x, const struct mln_ipset *y);
bool mln_ipset_is_all(const struct mln_ipset *x);
/* The fewest prefixes that make up exactly the set, in address order; returns the count. */
size_t mln_ipset_prefixes(struct mln_arena *a, const struct mln_ipset *x, struct mln_prefix **out);
size_t mln_ipset_prefix_count(const struct mln_ipset *x);

#endif
