/* Places that no policy declares: those of a template, and NSGs that were read alone.
 *
 * The model is one like that of a policy without intents, so that questions about packets are asked
 * alike. It begins as the model of an empty policy (mln_policy_build), gets its places, and is
 * finished before anything is asked. Everything lives in the arena of the context. */
#ifndef MLN_POLICY_PLACES_H
#define MLN_POLICY_PLACES_H

#include "policy/model.h"

/* A network, and a subnet of it as a zone; the prefixes are copied. */
struct mln_network *mln_places_add_network(struct mln_ctx *ctx, struct mln_model *model,
                                           const char *name, struct mln_span span,
                                           const struct mln_prefix *prefixes, size_t count);
struct mln_zone *mln_places_add_zone(struct mln_ctx *ctx, struct mln_model *model,
                                     struct mln_network *network, const char *name,
                                     struct mln_span span, const struct mln_prefix *prefixes,
                                     size_t count);
/* A network interface in the zone of a subnet, made after every subnet. `prefixes`: its known
 * addresses, inside the subnet's. Its routes and NSGs are the subnet's, which must have them
 * already; `like` is copied. */
struct mln_zone *mln_places_add_nic(struct mln_ctx *ctx, struct mln_model *model,
                                    struct mln_zone *subnet, const char *name, struct mln_span span,
                                    const struct mln_prefix *prefixes, size_t count,
                                    const struct mln_nic *like);
/* What it holds when these are its known addresses. */
struct mln_prefix_list mln_places_nic_prefixes(struct mln_ctx *ctx, const struct mln_nic *nic,
                                               const struct mln_prefix *prefixes, size_t count,
                                               struct mln_span span);
/* Both ways; a pair may be given twice. */
void mln_places_peer(struct mln_ctx *ctx, struct mln_network *x, struct mln_network *y);
/* An NSG that governs no zone yet, and one more zone for it. */
struct mln_nsg *mln_places_add_nsg(struct mln_ctx *ctx, struct mln_model *model, const char *name,
                                   struct mln_span span);
void mln_places_govern(struct mln_ctx *ctx, struct mln_nsg *nsg, struct mln_zone *zone);
/* The same for an interface's own NSG. */
void mln_places_govern_nic(struct mln_ctx *ctx, struct mln_nsg *nsg, struct mln_zone *nic);
/* An NSG of which nothing is known but its rules. It governs a zone of its name that stands for the
 * subnets it sits on, wherever they are: see `unplaced` of struct mln_zone. */
struct mln_nsg *mln_places_add_alone(struct mln_ctx *ctx, struct mln_model *model, const char *name,
                                     struct mln_span span);
/* An ASG that a rule of an NSG names, once a name: it may hold any address of the zone's network.
 */
const struct mln_asg *mln_places_add_asg(struct mln_ctx *ctx, struct mln_model *model,
                                         const char *name, struct mln_zone *zone);

/* places_like.c: what a policy knows of the places, for a text that does not tell it. */

/* All networks, zones and ASGs of `like`, in its order; the zones are governed by nothing yet. The
 * model must have none of its own. */
void mln_places_mirror(struct mln_ctx *ctx, struct mln_model *model, const struct mln_model *like);

/* A thing that was taken from the policy. */
struct mln_taken {
    const char *what; /* "network", "zone", "external", "overlay", "asg" */
    const char *name;
    const char *text; /* "the overlay of 'nodes'" */
};
MLN_VEC_TYPE(mln_taken_vec, struct mln_taken);

/* To the networks and subnets of the model, what no text tells: what gateways connect, overlays,
 * and the networks and zones that are there already. Places are taken for one another by the names
 * of network and subnet. Before NSGs are bound and interfaces added. */
void mln_places_complete(struct mln_ctx *ctx, struct mln_model *model,
                         const struct mln_model *known, struct mln_taken_vec *taken);
/* In which zone an ASG is, if `known` says so and the model has the zone. */
void mln_places_know_asg(struct mln_ctx *ctx, struct mln_model *model,
                         const struct mln_model *known, const char *name,
                         struct mln_taken_vec *taken);
/* A gateway of `owner` serves `user`, too; does the policy say so of the networks of these names?
 */
void mln_places_lend(struct mln_ctx *ctx, struct mln_network *owner, struct mln_network *user);
bool mln_places_lends(const struct mln_model *known, const char *owner, const char *user);
/* By names as Azure has them, without regard to case; NULL: there is none. */
struct mln_network *mln_places_network(const struct mln_model *model, const char *name);
struct mln_zone *mln_places_zone(const struct mln_network *network, const char *subnet);

/* Works out tags and paths, and lets questions name the places. */
void mln_places_finish(struct mln_ctx *ctx, struct mln_model *model);

#endif
