/* Who can reach what: the services permitted from one end to another, exactly.
 *
 * A service is a protocol with a destination port. For a pair of ends each service is permitted for
 * ALL packets between them (any source port, any address of both, whatever unknown service tags and
 * ASGs hold), for none, or for a PART, which is told as boxes: sets of addresses and memberships.
 */
#ifndef MLN_PROVE_REACH_H
#define MLN_PROVE_REACH_H

#include "net/traffic.h"
#include "prove/assert.h"

enum mln_reach_kind {
    MLN_REACH_ZONE,
    MLN_REACH_ASG, /* the part of its zone that is in it */
    MLN_REACH_EXTERNAL,
    MLN_REACH_TAG,      /* what the tag is for the zone at the other end */
    MLN_REACH_ENDPOINT, /* destination: a private endpoint, for the ports it speaks */
    MLN_REACH_PUBLIC,   /* destination: a resource by its public side, past its firewall */
};

struct mln_reach_end {
    enum mln_reach_kind kind;
    const char *name;
    const struct mln_zone *zone; /* ZONE; of an ASG and an endpoint: where it lies */
    const struct mln_asg *asg;
    const struct mln_external *external;
    const struct mln_tag *tag;
    const struct mln_endpoint *endpoint;
    const struct mln_resource *resource; /* PUBLIC */
};

/* One unknown set that the source or the destination must be in, or must not be in. */
struct mln_reach_member {
    bool source, in;
    const struct mln_tag *tag; /* or */
    const struct mln_asg *asg;
};

/* Part of the packets between two ends; what is NULL is not restricted. */
struct mln_reach_box {
    enum mln_family family;
    const struct mln_ipset *src, *dst;
    const struct mln_portset *sport;
    MLN_VEC(struct mln_reach_member) members;
};

struct mln_reach_part {
    struct mln_traffic traffic;
    MLN_VEC(struct mln_reach_box) boxes; /* disjoint; none: which part cannot be told */
    const char *note;                    /* what cannot be told, or what a firewall lets in; NULL */
};

struct mln_reach_cell {
    bool path;                            /* else nothing can be said; the rest is empty */
    bool family[MLN_FAMILIES];            /* the ends have addresses of it in common */
    struct mln_traffic all;               /* permitted for all packets */
    MLN_VEC(struct mln_reach_part) parts; /* disjoint services, none of them of `all` */
    size_t boxes;                         /* of all parts */
};

struct mln_reach;
/* `world` must outlive it; what all cells share is worked out once, in the arena of its context. */
struct mln_reach *mln_reach_new(const struct mln_assert_world *world);
/* The cell's sets live in that arena; the work is done in one of its own. */
void mln_reach_decide(struct mln_reach *reach, const struct mln_reach_end *from,
                      const struct mln_reach_end *to, struct mln_reach_cell *cell);

#endif
