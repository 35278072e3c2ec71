/* Questions about a list that the first match decides, as one: is there a packet inside `within`,
 * in no match of ABOVE, whose first match in BELOW is not GOOD? A match in neither set does not
 * exist for the question; which sets ask for what is told where they are filled.
 *
 * The verdict on `below` is three-valued at a node of the search: as long as the alive matches
 * before the first sure one agree, the node is decided. Matches of no set, and those of `below`
 * behind a sure one, are dropped before a node is remembered, so long lists have few states. */
#ifndef MLN_PROVE_FIRST_MATCH_H
#define MLN_PROVE_FIRST_MATCH_H

#include "net/space.h"

struct mln_first_question {
    const uint64_t *above, *below, *good; /* bitsets over the matches of the space; the first two
                                             have none in common */
    bool none_is_good;                    /* what a packet without any match in `below` counts as */
    size_t words;
};

/* The property and the reduction of such a search, for one that asks more besides. */
enum mln_answer mln_first_answer(const struct mln_first_question *question, const uint64_t *alive,
                                 const uint64_t *sure);
void mln_first_reduce(const struct mln_first_question *question, uint64_t *alive,
                      const uint64_t *sure);
/* As mln_space_search. */
enum mln_found mln_first_find(struct mln_space *space, size_t within,
                              const struct mln_first_question *question, struct mln_packet *packet,
                              uint64_t *steps);

#endif
