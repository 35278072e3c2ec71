/* What the files that make terms share. Internal to lowering. */
#ifndef MLN_RULES_LEAF_H
#define MLN_RULES_LEAF_H

#include "rules/end.h"

/* From where a side is seen. */
struct mln_view {
    struct mln_ctx *ctx;
    const struct mln_model *model;
    const struct mln_intent *intent;
    const struct mln_zone *zone;
    const struct mln_zone
        *at; /* on whose subnet the NSG sits: another zone where traffic only passes */
    enum mln_direction direction;
    bool near;
    bool source; /* this side is the packets' source */
    bool inside_except;
};

static inline struct mln_arena *mln_view_arena(const struct mln_view *v)
{
    return v->ctx->arena;
}

/* Adds the term unless it is empty in both families. */
void mln_term_add(const struct mln_view *v, struct mln_term_vec *out, struct mln_term term);
/* The terms of one leaf, without what no path joins to the zone. */
void mln_leaf_terms(const struct mln_view *v, const struct mln_leaf *leaf,
                    struct mln_term_vec *out);

#endif
