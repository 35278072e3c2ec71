/* What the firewall of a PaaS resource lets in by its public side. */
#ifndef MLN_PROVE_FIREWALL_H
#define MLN_PROVE_FIREWALL_H

#include "policy/model.h"

enum mln_way { MLN_WAY_NONE, MLN_WAY_SOME, MLN_WAY_OPEN, MLN_WAY_UNSURE };

/* Nobody at all. */
bool mln_firewall_is_closed(const struct mln_resource *r);

/* The public IPv4 addresses that are let in, as far as they are known. */
struct mln_firewall_entry {
    const struct mln_ipset *set;
    bool exact; /* all of them are known */
};
struct mln_firewall_entry mln_firewall_entry(struct mln_arena *a, const struct mln_tags *tags,
                                             const struct mln_resource *r);

/* Does it let in all, some or none of these public addresses; or a zone, by a service endpoint or
 * by its egress addresses? */
enum mln_way mln_firewall_addresses(struct mln_arena *a, const struct mln_tags *tags,
                                    const struct mln_resource *r, const struct mln_ipset *set);
enum mln_way mln_firewall_zone(struct mln_arena *a, const struct mln_tags *tags,
                               const struct mln_resource *r, const struct mln_zone *zone);

#endif
