/* Which service tags a zone may reach without what they need (azure/tag_needs.h).
 *
 * Decided on the packets that are permitted outbound, Azure's default rules included: a need is met
 * when some packet to it passes, also to one of its regions, or to a private endpoint of such a
 * service. Different service tags are taken to have no address in common, since which they share
 * changes every week; AzureCloud counts as holding them all where it is allowed. With a service-tag
 * file the prefixes decide. */
#ifndef MLN_PROVE_TAG_NEEDS_H
#define MLN_PROVE_TAG_NEEDS_H

#include "azure/tag_needs.h"
#include "prove/rules_space.h"

struct mln_unmet_need {
    const struct mln_tag_need *need;
    const struct mln_rule *rule; /* that permits the tag */
};
MLN_VEC_TYPE(mln_unmet_need_vec, struct mln_unmet_need);

/* Adds the unmet needs at the zone of `view`, in the order of rules, then of the table. `rules`:
 * the outbound rules of its NSG. */
void mln_unmet_needs_find(struct mln_ctx *ctx, const struct mln_rules_view *view,
                          const struct mln_rule_vec *rules, struct mln_unmet_need_vec *out);

#endif
