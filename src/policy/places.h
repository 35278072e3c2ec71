/* Places that no policy declares: those of a template, and NSGs that were read alone.
 *
 * The model is one like that of a policy without intents, so that questions about packets are asked
 * alike. It begins as the model of an empty policy (mln_policy_build), gets its places, and is
 * finished before anything is asked. Everything lives in the arena of the context. */
#ifndef MLN_POLICY_PLACES_H
#define MLN_POLICY_PLACES_H

#include "policy/model.h"

/* An NSG of which nothing is known but its rules. It governs a zone of its name that stands for the
 * subnets it sits on, wherever they are: see `unplaced` of struct mln_zone. */
struct mln_nsg *mln_places_add_alone(struct mln_ctx *ctx, struct mln_model *model, const char *name,
                                     struct mln_span span);
/* An ASG that a rule of an NSG names, once a name: it may hold any address of the zone. */
const struct mln_asg *mln_places_add_asg(struct mln_ctx *ctx, struct mln_model *model,
                                         const char *name, struct mln_zone *zone);
/* Works out tags and paths. */
void mln_places_finish(struct mln_ctx *ctx, struct mln_model *model);

#endif
