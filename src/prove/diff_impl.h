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
    struct list *lists[MLN_SIDES]; /* of the side's hops, then of those beside them */
    size_t list_count[MLN_SIDES];  /* 0: the side holds no packet */
    uint64_t *allows;
    struct mln_diff_box_vec found;
};

/* diff.c */
bool mln_diff_same_match(const struct mln_match *x, const struct mln_match *y);
uint64_t mln_diff_hash_match(const struct mln_match *x); /* of the same matches, the same */
/* The boxes of a difference into `found`. */
void mln_diff_take_boxes(struct comparison *c, struct mln_diagrams *d, mln_diagram set, bool added,
                         struct mln_diff *out);

/* diff_changed.c: the same differences from the rules that changed alone, for lists that are too
 * much as a whole. false when that is too much as well, or not an edit of one list. */
bool mln_diff_compare_changed(struct comparison *c, uint64_t limit, struct mln_diff *out);

/* diff_packet.c: one packet of a difference, for lists that are too much even so: a box of that
 * packet, and out->more. Nothing when there is no difference; false when the search gave up. */
bool mln_diff_find_packet(struct comparison *c, uint64_t limit, struct mln_diff *out);

/* diff_cause.c: who decides the packets of each box found, on both sides. */
void mln_diff_find_causes(struct comparison *c);

#endif
