/* Decision diagrams: sets of packets in a form that is equal when the sets are equal.
 *
 * The second engine over the same atoms as net/space.h. A space answers "is there a packet such
 * that"; a diagram holds the whole set, so two rule lists permit the same packets exactly when
 * their diagrams are one number, and the difference of two is again a diagram, whose paths are
 * disjoint boxes. Unknown sets are fields with two values, as in a space: what is equal is equal
 * for every filling of them.
 *
 * Cost: a list costs in proportion to the (field, list of rules still alive) states that differ, a
 * product in proportion to the pairs of nodes where the two differ. The general problem is NP-hard
 * in the number of fields, so memory and work are counted, and everything answers
 * MLN_DIAGRAM_GAVE_UP once a limit is reached. */
#ifndef MLN_NET_DIAGRAM_H
#define MLN_NET_DIAGRAM_H

#include "base/vec.h"
#include "net/space.h"

struct mln_diagrams; /* diagrams over one list of matches */
typedef uint32_t mln_diagram;
enum { MLN_DIAGRAM_NONE = 0, MLN_DIAGRAM_ALL = 1 };
#define MLN_DIAGRAM_GAVE_UP UINT32_MAX

/* Lives in the arena, like everything made from it; the sets of the matches must, too. `limit`
 * bounds the work (a step is some 10-50 ns); 0 = MLN_DIAGRAM_LIMIT, about a second and 300 MB. */
struct mln_diagrams *mln_diagrams_new(struct mln_arena *arena, enum mln_family family,
                                      const struct mln_match *matches, size_t count,
                                      uint64_t limit);
#define MLN_DIAGRAM_LIMIT 30000000u

/* What the list of matches [first, first + count) permits: the first one that a packet lies in
 * decides, allows[i] (by match, as all bit sets) says how; a packet in none is denied. */
mln_diagram mln_diagram_of_list(struct mln_diagrams *d, size_t first, size_t count,
                                const uint64_t *allows);
/* The same for those of the matches that are in `members`. */
mln_diagram mln_diagram_of_members(struct mln_diagrams *d, size_t first, size_t count,
                                   const uint64_t *members, const uint64_t *allows);
mln_diagram mln_diagram_and(struct mln_diagrams *d, mln_diagram a, mln_diagram b);
mln_diagram mln_diagram_without(struct mln_diagrams *d, mln_diagram a, mln_diagram b);
uint64_t mln_diagrams_steps(const struct mln_diagrams *d);

/* An unknown set that all addresses of a side of a box lie in, or none does. */
struct mln_box_var {
    uint32_t number;
    bool is_src, in;
};

/* A product of sets, one a field. */
struct mln_box {
    enum mln_family family;
    unsigned protos;                         /* set of MLN_PROTO_BIT */
    const struct mln_ipset *src, *dst;       /* never NULL */
    const struct mln_portset *sport, *dport; /* never NULL */
    const struct mln_box_var *vars;
    size_t var_count;
};
MLN_VEC_TYPE(mln_box_vec, struct mln_box);

/* Adds disjoint boxes that together are the diagram, as few as merging in one field at a time
 * gives, in a fixed order. false when there are more than `most` before merging: then those that
 * were found first are added, and they are not all. Not for MLN_DIAGRAM_GAVE_UP. */
bool mln_diagram_boxes(struct mln_diagrams *d, mln_diagram a, size_t most, struct mln_box_vec *out);
/* The match whose packets are those of the box in all its unknown sets that are `in`; those that
 * are out are left open. */
struct mln_match mln_box_match(struct mln_arena *arena, const struct mln_box *box);

#endif
