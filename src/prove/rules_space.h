/* Deployed rules as matches of a packet space: what one zone's NSG does with packets in one
 * direction.
 *
 * The list is what decides there: the rules by priority, then what no rule filters (platform
 * addresses as destinations), then Azure's default rules. Service tags and application security
 * groups without known contents are unknown sets, numbered as lowering numbers them, so what is
 * found holds for whatever they hold. */
#ifndef MLN_PROVE_RULES_SPACE_H
#define MLN_PROVE_RULES_SPACE_H

#include "azure/legal.h"
#include "rules/end.h"

/* Where rules are looked at from: tags mean what they mean for this zone's subnet. */
struct mln_rules_view {
    struct mln_ctx *ctx; /* sets are made in its arena */
    const struct mln_model *model;
    const struct mln_zone *zone;
    enum mln_direction direction;
    enum mln_family family;
};

/* One entry of the list. */
struct mln_rules_entry {
    struct mln_match match;
    bool allow;
    const struct mln_rule *rule; /* NULL: none of the NSG's own */
    const struct mln_azure_default_rule
        *azure; /* NULL: a rule, or a platform address that nothing filters */
};
MLN_VEC_TYPE(mln_rules_entry_vec, struct mln_rules_entry);

/* Adds the list to *out, in the order of evaluation. */
void mln_rules_entries(const struct mln_rules_view *view, const struct mln_rule_vec *rules,
                       struct mln_rules_entry_vec *out);

/* The list as bits over the matches of a space. */
struct mln_rules_list {
    size_t first, count;    /* its matches, in order */
    const uint64_t *allows; /* those that allow */
};

/* The verdict on packets that lie in all matches of `sure` and perhaps in those of `alive`. The
 * first rule that is surely met decides, when all that may be met before it say the same. */
enum mln_verdict mln_rules_verdict(const struct mln_rules_list *list, const uint64_t *alive,
                                   const uint64_t *sure);

#endif
