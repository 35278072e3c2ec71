/* Lowering: what the policy means at each NSG, as security rules. */
#ifndef MLN_RULES_LOWER_H
#define MLN_RULES_LOWER_H

#include "policy/model.h"
#include "rules/table.h"

struct mln_problem; /* rules/end.h: what the policy means for one zone and direction */
MLN_VEC_TYPE(mln_problem_vec, struct mln_problem *);

struct mln_lowered {
    struct mln_table_vec tables; /* one per NSG of the model, in its order */
    struct mln_problem_vec problems;
    size_t *first; /* problems of NSG i: first[i] up to first[i + 1] */
};

/* The model to rule tables, rules in evaluation order with strata and ranks, neither merged nor
 * named nor numbered. Reports everything language.md lists under Meaning. */
struct mln_lowered *mln_lower(struct mln_ctx *ctx, struct mln_model *model);

#endif
