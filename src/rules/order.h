/* What the files that learn a decision list share: see order.c. Internal to lowering. */
#ifndef MLN_RULES_ORDER_H
#define MLN_RULES_ORDER_H

#include "net/index.h"
#include "rules/end.h"

enum mln_candidate_status { MLN_WAITING, MLN_WRITTEN, MLN_DROPPED };

struct mln_candidate {
    struct mln_piece *piece;
    uint64_t hash; /* of what its packets speak; pieces with another one differ */
    unsigned rank;
    enum mln_candidate_status status;
    bool stale; /* not asked about since a rule that overlaps it was written */
    bool has_packet;
    struct mln_packet packet; /* where the policy decides the other way */
    enum mln_action action;   /* once WRITTEN */
    size_t first;             /* the candidate it was made from: sorts before it */
};

struct mln_solver {
    struct mln_problem *p;
    MLN_VEC(struct mln_candidate) all;
    struct mln_index by_hash;        /* of `all` */
    MLN_VEC(size_t) written;         /* indices into `all`, in order */
    uint64_t *covered[MLN_FAMILIES]; /* rule matches written so far */
    bool gave_up;
};

/* --- candidates.c --- */
void mln_candidates_first(struct mln_solver *s); /* the pieces of the intents, by rank */
void mln_candidates_probes(struct mln_solver *s);
/* The band of an intent's rules, as in table.h. */
unsigned mln_rank_of(const struct mln_intent *intent);
/* A rule holds prefixes of one family: does the piece make one a family? */
bool mln_piece_in_halves(const struct mln_problem *p, const struct mln_piece *piece);
/* Each of these makes more of the candidates that wait, and says whether
 * it made any. */
bool mln_candidates_exceptions(struct mln_solver *s);
bool mln_candidates_parts(struct mln_solver *s);
bool mln_candidates_intersections(struct mln_solver *s);
/* After new candidates: their matches become part of the spaces, and the questions start anew. */
void mln_candidates_seal(struct mln_solver *s);

/* --- write.c: a piece as a rule of the IR --- */
/* Is the near side written `*`? Only where it is the whole zone: a private endpoint in it is not.
 */
bool mln_near_star(const struct mln_problem *p, const struct mln_term *near);
void mln_write_rule(struct mln_problem *p, const struct mln_piece *piece, enum mln_action action,
                    unsigned rank, struct mln_rule_vec *out);

#endif
