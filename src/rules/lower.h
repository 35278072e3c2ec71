/* Lowering: what the policy means at each NSG, as security rules. */
#ifndef MLN_RULES_LOWER_H
#define MLN_RULES_LOWER_H

#include "policy/model.h"
#include "rules/table.h"

/* The model to rule tables: one per NSG of the model, in its order, rules in evaluation order with strata and
 * ranks, neither merged nor named nor numbered. Reports everything language.md lists under Meaning. */
struct mln_table_vec mln_lower(struct mln_ctx *ctx, struct mln_model *model);

#endif
