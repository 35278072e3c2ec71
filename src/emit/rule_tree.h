/* Security rules as values: the one place that knows which property a rule is written with. */
#ifndef MLN_EMIT_RULE_TREE_H
#define MLN_EMIT_RULE_TREE_H

#include "emit/tree.h"
#include "rules/table.h"

/* How a security group is referred to: a placeholder in a REST body, resourceId() in a template. */
struct mln_asg_namer {
    struct mln_tree *(*id)(const struct mln_asg_namer *namer, const struct mln_asg *asg);
    struct mln_arena *arena;
    void *data;
};

/* One rule: {"name", "properties"}, properties in the order that emit/nsg.h gives. */
struct mln_tree *mln_rule_tree(struct mln_arena *a, const struct mln_rule *rule,
                               const struct mln_asg_namer *namer);
/* All rules of an NSG, ordered by direction, Inbound first, then priority. */
struct mln_rule_vec mln_rules_in_order(struct mln_arena *a, const struct mln_table *table);
/* These as an array. */
struct mln_tree *mln_rules_tree(struct mln_arena *a, const struct mln_table *table,
                                const struct mln_asg_namer *namer);

#endif
