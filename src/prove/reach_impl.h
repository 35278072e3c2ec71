/* What the files of reach share. Internal to prove/. */
#ifndef MLN_PROVE_REACH_IMPL_H
#define MLN_PROVE_REACH_IMPL_H

#include "prove/reach.h"
#include "prove/rules_space.h"

/* The rules of one zone in one direction and family, with the services of each. */
struct mln_reach_list {
    struct mln_rules_entry_vec entries;
    struct mln_traffic *traffic; /* of each entry */
};

enum { MLN_REGION_VARS = 12 };

/* Packets of one family: boxes with the unknown sets they are in and out of. */
struct mln_reach_region {
    const struct mln_ipset *src, *dst;
    const struct mln_portset *sport;
    uint32_t vars[2][MLN_REGION_VARS]; /* of source, destination */
    bool in[2][MLN_REGION_VARS];
    unsigned var_count[2];
};
MLN_VEC_TYPE(mln_reach_region_vec, struct mln_reach_region);

enum mln_overlap { MLN_APART, MLN_MEETS, MLN_COVERED };
/* How much of the region the match holds. */
enum mln_overlap mln_reach_overlap(const struct mln_reach_region *region,
                                   const struct mln_match *match);

/* reach_region.c: which packets of `start` with the service (a protocol and a port) pass all lists?
 * *denied: some do not. false when there are too many boxes. */
bool mln_reach_regions(struct mln_arena *a, const struct mln_reach_list *const *lists,
                       size_t list_count, const struct mln_reach_region *start, unsigned proto,
                       uint16_t port, struct mln_reach_region_vec *out, bool *denied);

#endif
