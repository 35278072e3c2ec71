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
 * The assertion is not part of the model. NULL after reporting; in messages the words are a source
 * of the name "question". */
struct mln_intent *mln_question_build(struct mln_ctx *ctx, struct mln_model *model,
                                      const struct mln_question_words *words);

#endif
