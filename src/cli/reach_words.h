/* Parts of the packets between two ends, in words: "from office to web", "to Storage.WestEurope
 * over IPv6". Names are those of the policy where it has one for exactly the addresses. */
#ifndef MLN_CLI_REACH_WORDS_H
#define MLN_CLI_REACH_WORDS_H

#include "cli/reach.h"

struct mln_reach_words;
/* What is said lives in the arena. */
struct mln_reach_words *mln_reach_words_new(struct mln_arena *arena,
                                            const struct mln_reach_table *table);

struct mln_reach_pair {
    const struct mln_reach_end *from, *to;
    const struct mln_reach_cell *cell;
};

/* Services and which of the packets may use them. */
struct mln_reach_phrase {
    struct mln_traffic traffic;
    bool only; /* else which part cannot be told */
    const char *where;
};
MLN_VEC_TYPE(mln_reach_phrase_vec, struct mln_reach_phrase);

/* The cell's parts; those that read alike are one. */
void mln_reach_phrases(struct mln_reach_words *words, const struct mln_reach_pair *pair,
                       struct mln_reach_phrase_vec *out);

#endif
