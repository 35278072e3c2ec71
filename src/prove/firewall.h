/* What the firewall of a PaaS resource lets in by its public side. */
#ifndef MLN_PROVE_FIREWALL_H
#define MLN_PROVE_FIREWALL_H

#include "policy/model.h"

enum mln_way { MLN_WAY_NONE, MLN_WAY_SOME, MLN_WAY_OPEN, MLN_WAY_UNSURE };

/* Nobody at all. */
bool mln_way_is_closed(const struct mln_resource *r);

/* The public IPv4 addresses that are let in, as far as they are known. */
struct mln_let_in {
    const struct mln_ipset *set;
    bool exact; /* all of them are known */
};
struct mln_let_in mln_let_in(struct mln_arena *a, const struct mln_tags *tags,
                             const struct mln_resource *r);

/* Adds a tag's addresses; without a file they are not known. */
void mln_let_in_tag(struct mln_arena *a, struct mln_let_in *entry, const struct mln_tag *tag);

/* Does it let in all, some or none of these public addresses; or a zone, by a service endpoint or
 * by its egress addresses? */
enum mln_way mln_way_of_addresses(struct mln_arena *a, const struct mln_tags *tags,
                                  const struct mln_resource *r, const struct mln_ipset *set);
enum mln_way mln_way_of_zone(struct mln_arena *a, const struct mln_tags *tags,
                             const struct mln_resource *r, const struct mln_zone *zone);

#endif
