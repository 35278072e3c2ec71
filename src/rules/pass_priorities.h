/* Shared by the two halves of numbering: bands (pass_priorities.c) and locked rules
 * (pass_priorities_locked.c). */
#ifndef MLN_RULES_PASS_PRIORITIES_H
#define MLN_RULES_PASS_PRIORITIES_H

#include "diag/ctx.h"
#include "rules/table.h"

/* One direction of one NSG at work. Rules are known by their index in the list. */
struct mln_numbering {
    struct mln_arena *scratch; /* freed with the direction */
    unsigned low, high;        /* numbers to give, inclusive; at least `count` of them */
    struct mln_rule **rules;   /* in evaluation order */
    size_t count;
    bool has_locked;
    int *natural; /* the number a rule would have by its band or its neighbours; may repeat */
    int *number;  /* result */
};

/* `numbers`, given in wishes, become strictly increasing along `sequence` and lie in the range;
 * anchored rules keep theirs. There must be room between anchors. */
void mln_numbering_fit(const struct mln_numbering *n, const size_t *sequence, const bool *anchored,
                       int *numbers);
/* Natural numbers of the new rules among begin..end (one band) from those of their locked
 * neighbours. */
void mln_numbering_near_locked(struct mln_numbering *n, size_t begin, size_t end);
/* Fills n->number when some rules are locked; reports priority-moved. */
void mln_numbering_locked(struct mln_ctx *ctx, struct mln_numbering *n);

#endif
