/* What a policy calls things: the names it can use without a qualifier. For reports, which say what
 * they found in the policy's own words. */
#ifndef MLN_POLICY_DECLARED_H
#define MLN_POLICY_DECLARED_H

#include "policy/model.h"

struct mln_declared {
    const char *name;
    bool library;                        /* of the standard library */
    const struct mln_side_set *group;    /* of a group; else NULL */
    const struct mln_services *services; /* of a service; else NULL */
};
MLN_VEC_TYPE(mln_declared_vec, struct mln_declared);

/* Adds the groups, or the services, that were understood: the policy's own first, each file in the
 * order written. A model without a policy behind it has the library's services. */
void mln_declared_groups(const struct mln_model *model, struct mln_arena *arena,
                         struct mln_declared_vec *out);
void mln_declared_services(const struct mln_model *model, struct mln_arena *arena,
                           struct mln_declared_vec *out);

#endif
