/* Questions in the words of the language, asked after a model was built. */
#ifndef MLN_POLICY_QUESTION_H
#define MLN_POLICY_QUESTION_H

#include "policy/model.h"

/* What stands in `assert allow SERVICES from FROM to TO`. */
struct mln_question_words {
    const char *services, *from, *to;
};

/* The assertion those words make, with every name looked up as the policy's own file would, or
 * among the places of a model that no policy declares (policy/places.h). A side that is one
 * declared name need not be a NAME of the grammar: subnets may be called "default" or "1-front".
 * The assertion is not part of the model. NULL after reporting; in messages the words are sources
 * called like the options they come from: "--proto", "--from", "--to". */
struct mln_intent *mln_question_build(struct mln_ctx *ctx, struct mln_model *model,
                                      const struct mln_question_words *words);

/* A service that has a name, for people to be told. */
struct mln_named_service {
    const char *name;
    struct mln_services services;
    bool own; /* declared in the policy, not in the standard library */
};
MLN_VEC_TYPE(mln_named_service_vec, struct mln_named_service);
/* Those that the policy's own file knows without an alias, its own first, each in the order
 * declared. Services with a source port are left out. */
void mln_question_services(struct mln_ctx *ctx, struct mln_model *model,
                           struct mln_named_service_vec *out);

/* The names of the parameters that the policy's own file declares. */
MLN_VEC_TYPE(mln_param_names, const char *);
void mln_question_params(struct mln_ctx *ctx, const struct mln_model *model,
                         struct mln_param_names *out);

#endif
