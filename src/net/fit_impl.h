/* What the files of the fitting share: the trie, and the cost of one entry. */
#ifndef MLN_NET_FIT_IMPL_H
#define MLN_NET_FIT_IMPL_H

#include "net/fit.h"

/* What a list costs: the one that is asked for first, then the other. */
struct fit_cost {
    struct mln_count first, second;
};

/* A set with the number of its addresses before each of its ranges. */
struct fit_rank {
    const struct mln_ipset *set;
    struct mln_count *before; /* set->len + 1 */
};
struct fit_rank fit_rank_of(struct mln_arena *a, const struct mln_ipset *set);
/* How many addresses of the set lie in lo..hi. */
struct mln_count fit_rank_within(const struct fit_rank *rank, struct mln_ip lo, struct mln_ip hi);

/* The question: what the options say, made ready. */
struct fit_job {
    enum mln_family family;
    unsigned width;   /* 32 or 128 */
    unsigned longest; /* never 0 */
    size_t limit;     /* never 0 */
    enum mln_fit_cost cost;
    const struct mln_ipset *barred; /* or NULL */
    const struct mln_ipset *source;
    struct fit_rank known; /* source and preferred; set NULL when nothing is preferred */
};
/* Of an entry lo..hi that stands for `covered` addresses of the source. */
struct fit_cost fit_job_cost(const struct fit_job *job, struct mln_ip lo, struct mln_ip hi,
                             struct mln_count covered);
bool fit_job_barred(const struct fit_job *job, struct mln_ip lo, struct mln_ip hi);

#define FIT_LEAF UINT32_MAX
#define FIT_DEPTH 129 /* of a trie, at most */

/* Nodes stand in postorder: the right child of a node is the one before it. */
struct fit_node {
    uint32_t left;  /* FIT_LEAF: none */
    uint32_t first; /* the leftmost leaf below, as an index into `leaves` */
    uint32_t last;
    uint8_t length; /* of the smallest prefix that holds all leaves below */
    bool open;      /* one entry may stand for all of it: nothing barred lies in that */
    size_t most;    /* entries that all leaves below take exactly */
    size_t fewest;  /* entries when every one is as wide as it may be */
    size_t lo, hi;  /* the numbers of entries that are looked at */
    void *choices;  /* of an inner node, one for each: entries of the left child */
};

struct fit_trie {
    const struct fit_job *job;
    const struct mln_prefix *leaves; /* the lossless list */
    struct mln_count *before;        /* addresses of the leaves before each */
    struct fit_node *nodes;
    size_t len;
    size_t peak; /* most costs that are live at once in a walk in postorder */
};

/* NULL when the list cannot be brought down to the limit; *fewest tells how far it can. */
struct fit_trie *fit_trie_build(struct mln_arena *a, const struct fit_job *job,
                                const struct mln_prefix *leaves, size_t count, size_t *fewest);
/* The entry that stands for all of a node. */
struct mln_prefix fit_trie_entry(const struct fit_trie *trie, const struct fit_node *node);
/* Entries that a prefix takes exactly. */
size_t fit_entries_of(const struct fit_job *job, const struct mln_prefix *prefix);

/* Fills in the choices of every inner node. */
void fit_knapsack(struct mln_arena *a, const struct fit_trie *trie);
/* The choice at `node` for k entries: how many go to the left child; 0: one entry for all of it. */
size_t fit_choice(const struct fit_trie *trie, const struct fit_node *node, size_t k);

#endif
