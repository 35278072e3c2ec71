/* What the files of reach share. Internal to prove/. */
#ifndef MLN_PROVE_REACH_IMPL_H
#define MLN_PROVE_REACH_IMPL_H

#include "prove/reach.h"
#include "prove/way.h"

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

/* Boxes that are found in one family of a pair, and listed in its cell. More of them nobody reads,
 * and rules within Azure's limits can be made to need a million. */
enum { MLN_REACH_BOXES = 100000 };

/* reach_region.c: which packets of `start` with the service (a protocol and a port) pass all lists?
 * *denied: some do not. false when there are too many boxes, more than `most` for instance. */
bool mln_reach_regions(struct mln_arena *a, const struct mln_reach_list *const *lists,
                       size_t list_count, const struct mln_reach_region *start, unsigned proto,
                       uint16_t port, size_t most, struct mln_reach_region_vec *out, bool *denied);

/* What leaves a zone, up to the end of its way. */
struct mln_reach_way {
    struct mln_way_hop_vec hops;
    const struct mln_reach_list **lists[MLN_FAMILIES]; /* by hop; made when wanted */
};

/* The pairs of one model. */
struct mln_reach {
    const struct mln_assert_world *world;
    struct mln_reach_list **lists; /* by zone, direction, family; NULL: not made yet */
    struct mln_reach_way **ways;   /* by zone; NULL: not made yet */
};

/* Services that part of the packets may use. */
struct mln_reach_split {
    struct mln_traffic traffic;
    const uint64_t *signature; /* which local rules speak of them */
    unsigned proto;            /* one of them */
    uint16_t port;
    struct mln_reach_region_vec regions;
    bool gave_up;
};

/* One family of one pair. */
struct mln_reach_plane {
    struct mln_reach *reach;
    struct mln_arena *a; /* scratch */
    enum mln_family family;
    struct mln_reach_region start;
    struct mln_traffic universe;
    MLN_VEC(const struct mln_reach_list *) lists;
    /* Findings. */
    struct mln_traffic all, none;
    MLN_VEC(struct mln_reach_split) splits;
    MLN_VEC(const struct mln_reach_list *) local; /* the rules that meet the box, list by list */
};

static inline void mln_reach_take(struct mln_arena *a, struct mln_traffic *to,
                                  struct mln_traffic what)
{
    *to = mln_traffic_union(a, to, &what);
}

/* reach.c: a plane without addresses, for the services that the destination speaks. */
struct mln_reach_plane mln_reach_plane_of(struct mln_reach *reach, struct mln_arena *scratch,
                                          enum mln_family family, const struct mln_reach_end *to);
struct mln_traffic mln_reach_universe(struct mln_arena *a, const struct mln_reach_end *to);
bool mln_reach_in_zone(const struct mln_reach_end *end);
/* The box of the pair; false when the ends have no packet of this family. */
bool mln_reach_make_start(struct mln_reach_plane *p, const struct mln_reach_end *from,
                          const struct mln_reach_end *to);
/* The NSGs on the way between the two zones decide too; NULL: outside. */
void mln_reach_add_way(struct mln_reach_plane *p, const struct mln_zone *from,
                       const struct mln_zone *to);

/* reach_plane.c: fills in what is found. */
void mln_reach_decide_plane(struct mln_reach_plane *p);

/* reach_cell.c */
void mln_reach_conclude(struct mln_reach_plane planes[MLN_FAMILIES], struct mln_reach_cell *cell);
struct mln_traffic mln_reach_keep_traffic(struct mln_arena *a, const struct mln_traffic *t);
/* What all may do only a part may, or nobody knows, as the note says. */
void mln_reach_weaken(struct mln_arena *a, struct mln_reach_cell *cell, const char *note);

/* reach_public.c: to a resource by its public side, from a zone, or from an external or a tag. */
void mln_reach_zone_to_public(struct mln_reach *reach, struct mln_arena *scratch,
                              const struct mln_reach_end *from, const struct mln_reach_end *to,
                              struct mln_reach_cell *cell);
void mln_reach_outside_to_public(struct mln_reach *reach, struct mln_arena *scratch,
                                 const struct mln_reach_end *from, const struct mln_reach_end *to,
                                 struct mln_reach_cell *cell);

#endif
