/* One comparison in one family. Internal to prove/diff*.c. */
#ifndef MLN_PROVE_DIFF_IMPL_H
#define MLN_PROVE_DIFF_IMPL_H

#include "prove/diff.h"

/* The rules of one hop that meet the side's packets, in order. */
struct list {
    size_t first, count; /* matches */
    struct mln_rules_entry_vec entries;
};

struct comparison {
    struct mln_ctx ctx; /* its arena is scratch */
    struct mln_diff_sets *sets;
    const struct mln_diff_side *sides;
    enum mln_family family;
    MLN_VEC(struct mln_match) matches;
    struct list lists[MLN_SIDES][2];
    size_t list_count[MLN_SIDES]; /* 0: the side holds no packet */
    uint64_t *allows;
    struct mln_diff_box_vec found;
};

/* diff_cause.c: who decides the packets of each box found, on both sides. */
void mln_diff_find_causes(struct comparison *c);

#endif
