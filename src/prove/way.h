/* The network security groups that packets from one place to another meet, in order.
 *
 * They leave by the NSG of their source's zone and enter by that of their destination's; at a
 * network interface with an NSG of its own that one comes first going out, last coming in. Where a
 * route of the source's subnet sends them to an appliance, the NSG on the appliance's subnet meets
 * them on the way, coming in and going out, with their addresses unchanged; and so on by the routes
 * of that subnet. Packets from an external that a gateway connects go by the routes of the
 * gateway's zone. Azure takes the route with the longest prefix that holds the destination; of
 * equal ones the user's, then the system's, which are the address spaces of the network and its
 * peers and what its gateway connects [virtual-networks-udr-overview.md]. A route to a service tag
 * without known contents holds an unknown set; its prefixes are taken to be longer than /8 and
 * shorter than those of other routes that are longer than that.
 *
 * An appliance in the zone of either end is none of the way: packets to that zone end there,
 * packets from it begin there. What an appliance itself does with a packet is not asked. */
#ifndef MLN_PROVE_WAY_H
#define MLN_PROVE_WAY_H

#include "prove/rules_space.h"

struct mln_nsg_rules;

/* One NSG. It decides packets from `src` to `dst`, NULL: from or to anywhere; others pass it by. Of
 * unknown sets: those the destination must be in, and those it must not be in. */
struct mln_way_hop {
    const struct mln_zone *zone; /* what tags mean */
    const struct mln_nsg *nsg;   /* never NULL */
    enum mln_direction direction;
    bool transit; /* on the way; else at one of the ends */
    bool at_nic;  /* an interface's own NSG */
    bool partial; /* packets that it does not decide pass it; else it decides all */
    const struct mln_zone *ends[2]; /* of the way, as given */
    const struct mln_ipset *src[MLN_FAMILIES], *dst[MLN_FAMILIES];
    const struct mln_tag *to_tag;
    MLN_VEC(const struct mln_tag *) not_to;
};
MLN_VEC_TYPE(mln_way_hop_vec, struct mln_way_hop);

/* from, to: zones, NULL: outside of every zone. Sets are made in the arena. */
void mln_way_hops(struct mln_arena *arena, const struct mln_model *model,
                  const struct mln_zone *from, const struct mln_zone *to,
                  struct mln_way_hop_vec *out);
/* The names of NSGs on the way of which no rule is known, as far as it can be told. */
MLN_VEC_TYPE(mln_way_name_vec, const char *);
void mln_way_unread(struct mln_arena *arena, const struct mln_model *model,
                    const struct mln_zone *from, const struct mln_zone *to,
                    struct mln_way_name_vec *out);
/* Is there an appliance's NSG on the way? Quick. */
bool mln_way_crosses(const struct mln_model *model, const struct mln_zone *from,
                     const struct mln_zone *to);

/* Takes what is known of the ASGs of network interfaces at the ends (NULL: none) out of the match;
 * false: it holds no packet between them. */
bool mln_way_settle(struct mln_arena *arena, const struct mln_model *model,
                    const struct mln_zone *const ends[2], struct mln_match *match);
/* Does the list of the hop depend on nothing but its NSG and zone? */
bool mln_way_is_plain(const struct mln_way_hop *hop);

/* What the hop does with packets of one family as a list: its rules as mln_rules_entries gives
 * them, cut to what it decides, and entries that let the others pass, which have neither rule nor
 * `azure` and are `by`. */
struct mln_way_list {
    struct mln_rules_entry_vec entries;
    bool *by; /* of each entry: passes the NSG by */
};
void mln_way_entries(struct mln_ctx *ctx, const struct mln_model *model,
                     const struct mln_nsg_rules *deployed, const struct mln_way_hop *hop,
                     enum mln_family family, struct mln_way_list *out);

#endif
