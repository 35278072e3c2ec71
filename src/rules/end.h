/* Ends: an intent as one governed zone meets it. Internal to lowering.
 *
 * The NEAR side is the zone's own (source when traffic leaves it, destination when it comes in),
 * the FAR side the other. Each side of an intent becomes a list of TERMS; one term is what one side
 * of one security rule can say, so a term on each side and one item of the services make one rule.
 */
#ifndef MLN_RULES_END_H
#define MLN_RULES_END_H

#include "diag/ctx.h"
#include "net/space.h"
#include "policy/model.h"
#include "rules/table.h"

enum {
    MLN_TERM_VARS = 6
}; /* a regional tag is two (itself and its parent); nested exceptions add up */

/* What one term matches: addresses of `set` that also lie in every unknown set of `vars`. */
struct mln_term {
    struct mln_rule_side side; /* how a rule says it; for prefixes of both families, see `set` */
    bool sayable; /* false: an intersection that no rule can say; it only has a meaning */
    const struct mln_ipset *set[MLN_FAMILIES]; /* exact part; never NULL */
    uint32_t vars[MLN_TERM_VARS];
    unsigned var_count;
    struct mln_term *minus; /* exceptions, each a term of its own; none of them has exceptions */
    size_t minus_len;
    const struct mln_services *services; /* cut to what an endpoint speaks; NULL: the intent's */
    bool by_name; /* named by zone, ASG, resource, external or prefix, not through any, network or
                     tag */
};
MLN_VEC_TYPE(mln_term_vec, struct mln_term);

/* One intent at one zone in one direction. */
struct mln_end {
    struct mln_intent *intent;
    struct mln_term_vec near, far;
};
MLN_VEC_TYPE(mln_end_vec, struct mln_end);

/* Everything that names one zone in one direction: the problem that ordering solves. */
struct mln_zone_ends {
    const struct mln_zone *zone; /* near */
    const struct mln_zone
        *at; /* whose subnet the NSG sits on: what its tags and its default mean */
    enum mln_direction direction;
    struct mln_end_vec ends; /* in the order of intents */
    /* Traffic that only passes through an appliance in the governed zone `at`: the near side is the
     * zone it comes from, `through` what that zone's routes send here; NULL for the zone's own
     * traffic, where `at` is `zone`. */
    const struct mln_ipset *through[MLN_FAMILIES];
    struct mln_nsg *nsg;
};
MLN_VEC_TYPE(mln_zone_ends_vec, struct mln_zone_ends *);

/* --- term.c --- */
/* The terms of a side as seen from `zone`; `near`: the zone's own addresses only. `direction` is
 * that of the traffic at the zone. Exact prefixes come as one term. Leaves that no path joins to
 * the zone are left out. */
void mln_terms(struct mln_ctx *ctx, const struct mln_model *model, const struct mln_intent *intent,
               const struct mln_side_set *side, const struct mln_zone *zone,
               enum mln_direction direction, bool near, struct mln_term_vec *out);
/* The same for traffic that leaves `zone` and passes the NSG on the subnet of `at`, cut to
 * `through`. What `at` cannot say as `zone` means it (`*`, VirtualNetwork, Internet) becomes
 * prefixes. */
void mln_transit_terms(struct mln_ctx *ctx, const struct mln_model *model,
                       const struct mln_intent *intent, const struct mln_side_set *side,
                       const struct mln_zone *zone, const struct mln_zone *at,
                       const struct mln_ipset *const through[MLN_FAMILIES], bool near,
                       struct mln_term_vec *out);
/* A term's meaning as a rule's side: the set a rule with this side matches far from the zone (`*`
 * as a source takes in 168.63.129.16, which `any` does not). */
const struct mln_ipset *mln_term_rule_set(struct mln_ctx *ctx, const struct mln_term *term,
                                          enum mln_family family, enum mln_direction direction);
/* Tags: the exact part and the unknown sets of a tag as the far side of `zone`. */
struct mln_term mln_term_of_tag(struct mln_ctx *ctx, const struct mln_model *model,
                                const struct mln_tag *tag, const struct mln_zone *zone,
                                enum mln_direction direction);
/* Everything of x lies in y, whatever the unknown sets hold. */
bool mln_term_inside(const struct mln_term *x, const struct mln_term *y);
uint32_t mln_asg_var(const struct mln_model *model, const struct mln_asg *asg);

/* --- side_terms.c --- */
struct mln_side_terms;
/* Lives in `scratch`; the terms it gives live in ctx->arena. */
struct mln_side_terms *mln_side_terms_new(struct mln_ctx *ctx, struct mln_arena *scratch,
                                          const struct mln_model *model);
/* As mln_terms, into an empty list; equal sides share their terms, which are never written to. */
void mln_side_terms_find(struct mln_side_terms *seen, const struct mln_intent *intent,
                         const struct mln_side_set *side, const struct mln_zone *zone,
                         enum mln_direction direction, bool near, struct mln_term_vec *out);

/* As mln_transit_terms, into an empty list. One `through` is one way: it is known by its address.
 */
void mln_side_terms_cross(struct mln_side_terms *seen, const struct mln_intent *intent,
                          const struct mln_side_set *side, const struct mln_zone *zone,
                          const struct mln_zone *at,
                          const struct mln_ipset *const through[MLN_FAMILIES], bool near,
                          struct mln_term_vec *out);

/* --- ends.c --- */
/* All ends of all intents; reports what has to do with single intents: no path, no family, empty
 * sides, nothing to enforce, resources. */
void mln_collect_ends(struct mln_ctx *ctx, struct mln_model *model, struct mln_zone_ends_vec *out);

/* --- ends_check.c: each reports what is wrong --- */
bool mln_check_empty(struct mln_ctx *ctx, const struct mln_intent *intent); /* true: a side is */
/* No path between two ends that are written by name: false. */
bool mln_check_named_paths(struct mln_ctx *ctx, const struct mln_intent *intent);
/* A destination that no security rule can name: false. */
bool mln_check_nameable(struct mln_ctx *ctx, const struct mln_intent *intent);

/* --- transit.c --- */
struct mln_transits;
/* The ways through appliances in governed zones, with nothing in them yet. */
struct mln_transits *mln_transits_new(struct mln_ctx *ctx, const struct mln_model *model);
/* Adds the intent where its packets cross; true when they cross somewhere. */
bool mln_transits_add(struct mln_ctx *ctx, struct mln_side_terms *sides,
                      struct mln_transits *transits, struct mln_intent *intent);
void mln_transits_finish(struct mln_ctx *ctx, const struct mln_transits *transits,
                         struct mln_zone_ends_vec *out);

/* --- resources.c --- */
/* Everything an intent asks of resources; false after reporting. *firewall: some resource's
 * firewall enforces it. */
bool mln_check_resources(struct mln_ctx *ctx, struct mln_model *model, struct mln_intent *intent,
                         bool *firewall);
/* After the last intent: puts together what they asked of each firewall. */
void mln_finish_resources(struct mln_ctx *ctx, struct mln_model *model);
/* Does the zone reach the resource from outside its endpoints: by service endpoint, by its public
 * egress addresses, or because the resource is open to all? */
bool mln_zone_goes_public(const struct mln_zone *zone, const struct mln_resource *resource);

/* --- problem.c --- */

/* Three-valued verdict of the policy at an end. */
enum mln_verdict { MLN_VERDICT_DENY, MLN_VERDICT_ALLOW, MLN_VERDICT_OPEN };

/* One candidate for a rule: a near term, a far term, one item of services, in the families given.
 */
struct mln_piece {
    const struct mln_end *end; /* NULL: not of an intent (a default, a cut) */
    const struct mln_term *near, *far;
    struct mln_service_item item;
    unsigned families;       /* bits 1 << family: where it matches anything */
    int match[MLN_FAMILIES]; /* its meaning, as a match of the family's plane; -1: none */
    int rule[MLN_FAMILIES];  /* what a rule made from it matches: the same but for `any` as a source
                              */
    int *minus[MLN_FAMILIES]; /* matches of its exceptions */
    size_t minus_len[MLN_FAMILIES];
};
MLN_VEC_TYPE(mln_piece_vec, struct mln_piece *);

/* Allows that override the same denies. */
struct mln_override_group {
    const struct mln_intent *intent; /* one of them */
    uint64_t *allows;                /* their matches */
    uint64_t *denies;                /* matches of the denies they do NOT override */
};

/* The policy at one end in one family, as bit sets over the matches of a space. */
struct mln_plane {
    enum mln_family family;
    MLN_VEC(struct mln_match) matches;
    struct mln_space *space; /* NULL: the zone has no address of this family */
    size_t words;
    uint64_t *forbids, *denies, *allows;
    uint64_t *defaults; /* what the zone's default permits */
    MLN_VEC(struct mln_override_group) groups;
    uint32_t *group_of;                /* by match of an allow: its group */
    uint64_t *cut;                     /* matches of pieces with exceptions; NULL: there are none */
    const struct mln_piece **piece_of; /* by match in `cut` */
    uint64_t *alive, *sure;            /* scratch */
    int universe;                      /* match: every packet of this end; -1: none */
    MLN_VEC(int) default_matches;
};

struct mln_problem {
    struct mln_ctx *ctx;
    struct mln_arena *scratch; /* where spaces and bit sets live: freed by whoever seals, who then
                                  clears the spaces (mln_problem_unseal) */
    const struct mln_model *model;
    const struct mln_zone_ends *ends;
    struct mln_piece_vec pieces; /* of intents, in their order */
    struct mln_plane planes[MLN_FAMILIES];
    bool star;  /* the near side of a rule is written `*` */
    bool plain; /* forbids, denies, allows, default in this order is right: see problem.c */
    uint64_t steps, most_steps; /* of the searches for an order; what they may come to */
};

struct mln_problem *mln_problem_new(struct mln_ctx *ctx, const struct mln_model *model,
                                    const struct mln_zone_ends *ends, bool star);
/* The two terms are not copied: they live as long as the problem, or as its scratch when the piece
 * does.
 *
 * A piece with its matches, added to the planes; mln_problem_seal must follow before the next
 * question. NULL when it matches nothing in any of `families`. */
struct mln_piece *mln_problem_piece(struct mln_problem *p, const struct mln_end *end,
                                    const struct mln_term *near, const struct mln_term *far,
                                    const struct mln_service_item *item, unsigned families);
void mln_problem_seal(struct mln_problem *p);
void mln_problem_seal_plane(struct mln_problem *p, struct mln_plane *plane);
void mln_problem_unseal(struct mln_problem *p);
/* The verdict of the policy on packets that lie in all of `sure` and perhaps in those of `alive`,
 * with the matches of `without` (NULL: none) left out. Never OPEN when the two sets are equal. */
enum mln_verdict mln_plane_verdict(struct mln_plane *plane, const uint64_t *alive,
                                   const uint64_t *sure, const uint64_t *without);

/* Do the two allows override the same denies? */
bool mln_same_overrides(const struct mln_intent *x, const struct mln_intent *y);

/* The two sets with exceptions taken out; they then point to scratch sets of the plane. */
void mln_plane_effective(struct mln_plane *plane, const uint64_t **alive, const uint64_t **sure);

/* --- order.c --- */
/* The rules of one zone and direction without those of its default, in order, with rank and stratum
 * (both local to the zone). Reports not-expressible. */
void mln_order(struct mln_problem *p, struct mln_rule_vec *out);

/* --- piece.c --- */
const char *mln_piece_name(const struct mln_problem *p, const struct mln_piece *piece);

/* --- findings.c --- */
/* Does either intent (NULL: none) name a service tag? */
bool mln_rests_on_tags(const struct mln_intent *x, const struct mln_intent *y);
struct mln_findings;
struct mln_findings *mln_findings_new(struct mln_ctx *ctx, const struct mln_model *model);
void mln_findings_add(struct mln_findings *findings, struct mln_problem *p);
/* The same without any question, and so without spaces, where all is allows that have nothing in
 * common under a default that denies. false when it is not so simple; then nothing was done. */
bool mln_findings_simple(struct mln_findings *findings, const struct mln_problem *p);
/* After all ends were added: which intents are written twice, then, for each end that wants it,
 * which of the idle ones are idle together. The problem must be sealed. */
void mln_findings_find_repeated(struct mln_findings *findings);
bool mln_findings_wants_again(const struct mln_findings *findings, const struct mln_problem *p);
void mln_findings_again(struct mln_findings *findings, struct mln_problem *p);
/* Reports and frees. */
void mln_findings_report(struct mln_findings *findings);

#endif
