/* Differences in permitted traffic, exactly.
 *
 * A SIDE says what one state of affairs permits between two places: the packets from its sources to
 * its destinations that every NSG they pass permits, Azure's default rules included. Two sides are
 * compared as decision diagrams (net/diagram.h); what is newly permitted and what is newly denied
 * come as disjoint boxes that together are all of it. Service tags and application security groups
 * of unknown contents are the same unknown set on both sides when they have the same name. */
#ifndef MLN_PROVE_DIFF_H
#define MLN_PROVE_DIFF_H

#include "base/map.h"
#include "net/diagram.h"
#include "prove/way.h"

enum { MLN_OLD, MLN_NEW, MLN_SIDES };

/* Unknown sets of both sides under one numbering. */
struct mln_diff_set {
    const char *name; /* of the tag or the ASG */
    bool is_asg;
};
struct mln_diff_sets {
    struct mln_arena *arena;
    struct mln_map *numbers;
    MLN_VEC(struct mln_diff_set) list;
};
void mln_diff_sets_init(struct mln_diff_sets *sets, struct mln_arena *arena);

/* A zone on the way, with its NSG. */
struct mln_diff_hop {
    const struct mln_zone *zone; /* what tags mean */
    const struct mln_nsg *nsg;   /* whose rules */
    enum mln_direction direction;
    const struct mln_rule_vec *rules; /* by priority; NULL: no NSG, all passes */
    /* The addresses the zone holds; NULL: all of the side's. Others pass, to and from what the
     * other zone holds. */
    const struct mln_ipset *own[MLN_FAMILIES];
};

struct mln_diff_side {
    const struct mln_model *model;
    const struct mln_ipset *src[MLN_FAMILIES], *dst[MLN_FAMILIES]; /* NULL: nothing at all */
    struct mln_diff_hop hops[2];
    size_t hop_count; /* 0: everything from src to dst is permitted */
    /* Further NSGs, with rules of `deployed`; only beside hops. */
    MLN_VEC(struct mln_way_hop) more;
    const struct mln_nsg_rules *deployed;
    const struct mln_zone *ends[2]; /* network interfaces tell their ASGs; NULL: nothing known */
};

/* What decided packets of a box on one side: one of the NSG's rules, one of Azure's, or neither (a
 * platform address, which nothing filters). */
struct mln_diff_cause {
    int side; /* MLN_OLD, MLN_NEW */
    size_t hop;
    bool allow;
    const struct mln_zone *zone;
    const struct mln_nsg *nsg; /* NULL: none */
    enum mln_direction direction;
    const struct mln_rule *rule;
    const struct mln_azure_default_rule *azure;
};
MLN_VEC_TYPE(mln_diff_cause_vec, struct mln_diff_cause);

struct mln_diff_box {
    struct mln_box box;
    bool added;                       /* newly permitted; else newly denied */
    struct mln_diff_cause_vec causes; /* none when there were too many boxes to ask for all */
    bool outside[MLN_SIDES]; /* some packet of it is none of that side's sources and destinations */
};
MLN_VEC_TYPE(mln_diff_box_vec, struct mln_diff_box);

struct mln_diff {
    struct mln_diff_box_vec boxes; /* newly permitted ones first */
    bool gave_up;                  /* nothing is known */
    bool more;                     /* there are more boxes than were looked for */
    uint64_t steps;
};

#define MLN_DIFF_BOXES 1000 /* looked for on each side and in each family */

/* Results live in ctx->arena; so do no others. limit: as of diagrams. */
void mln_diff_compare(struct mln_ctx *ctx, struct mln_diff_sets *sets,
                      const struct mln_diff_side sides[MLN_SIDES], uint64_t limit,
                      struct mln_diff *out);

#endif
