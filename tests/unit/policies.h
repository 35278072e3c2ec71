/* Policies for tests: a text compiled in memory, and an evaluator that decides packets by the text
 * of the language reference and knows nothing of pieces, spaces or orders. */
#ifndef MLN_TESTS_POLICIES_H
#define MLN_TESTS_POLICIES_H

#include "policy/model.h"
#include "rules/lower.h"

struct policy {
    struct mln_ctx ctx;
    struct mln_module_vec modules;
    struct mln_policy_options options;
    struct mln_model *model;     /* NULL when a module could not be parsed */
    struct mln_lowered *lowered; /* policy_compile, when nothing is wrong */
};

/* A module beside the policy: `import "NAME"`. */
struct policy_module {
    const char *name, *text; /* an array ends with a name that is NULL */
};

/* Builds the model. `params` is "NAME=TEXT" separated by blanks; modules and params may be NULL.
 * Today is 2026-11-01; tags come from the catalogue. The caller frees. */
struct policy *policy_build(const char *text, const struct policy_module *modules,
                            const char *params);
/* The model of the text alone, lowered (tables without passes). */
struct policy *policy_compile(const char *text);
/* The same with the passes run: names, priorities, everything merged. */
struct policy *policy_finish(const char *text);
/* The same with the tags of a service-tag file, given as its text; NULL: those of the catalogue. */
struct policy *policy_finish_with(const char *text, const char *tagfile);
void policy_free(struct policy *policy);

/* NULL when there is none of the name (zones: the displayed one). */
struct mln_zone *policy_zone(const struct policy *policy, const char *name);
struct mln_intent *policy_intent(const struct policy *policy, const char *name);
/* How often the diagnostic was reported. */
unsigned policy_reports(const struct policy *policy, enum mln_diag_id id);
/* No error at all; prints those there are. */
bool policy_good(const struct policy *policy);

/* --- packets, one by one --- */

enum { POINT_TAGS = 6 };

/* An address and what it may unknowably lie in. */
struct point {
    enum mln_family family;
    struct mln_ip ip;
    const struct mln_tag *tags[POINT_TAGS]; /* service tags it lies in; NULL behind the last */
    unsigned asgs;                          /* by index of the model */
};
struct speech {
    unsigned proto;
    uint16_t sport, dport;
};

/* Is the packet one of the zone, with a far end that a path joins? All others are outside every
 * question. */
bool oracle_asks(const struct mln_zone *zone, enum mln_direction direction, const struct point *src,
                 const struct point *dst);
/* Meaning 2: what the intents that name the zone, and its default, decide. The near point lies in
 * the zone. An intent about which an error was reported counts for nothing. */
bool oracle_permits(const struct policy *policy, const struct mln_zone *zone,
                    enum mln_direction direction, const struct point *src, const struct point *dst,
                    struct speech speech);
/* One side of a security rule, one field each: a rule matches when all three do. */
bool oracle_side_holds(const struct policy *policy, const struct mln_rule_side *side,
                       const struct mln_zone *zone, const struct point *point, bool source);
bool oracle_rule_speaks(const struct mln_rule *rule, enum mln_family family, struct speech speech);
/* What Azure's own rules say of a packet that no other rule matches. */
bool oracle_azure_permits(const struct mln_zone *zone, enum mln_direction direction,
                          const struct point *src, const struct point *dst);
/* First match, then Azure's rules; *decider (may be NULL) is the rule, NULL when it is one of
 * Azure's. */
bool oracle_rules_permit(const struct policy *policy, const struct mln_rule_vec *rules,
                         const struct mln_zone *zone, enum mln_direction direction,
                         const struct point *src, const struct point *dst, struct speech speech,
                         const struct mln_rule **decider);

/* 168.63.129.16, 169.254.169.254 and what stands for the licensing servers. */
bool oracle_is_platform(const struct point *point);

/* --- all packets that can differ --- */

MLN_VEC_TYPE(point_vec, struct point);
MLN_VEC_TYPE(ip_vec, struct mln_ip);
MLN_VEC_TYPE(tag_vec, const struct mln_tag *);

/* One address of each class that no set of the model, nor any boundary of `more`, can tell apart,
 * in all fillings of the tags and of the model's ASGs that can be. A boundary is the first address
 * of a class. */
void oracle_points(const struct policy *policy, enum mln_family family, const struct ip_vec *more,
                   const struct tag_vec *tags, struct point_vec *out);
/* The service tags of unknown contents that the rules name, with their global ones. */
void oracle_add_tags(struct mln_arena *arena, const struct mln_rule_vec *rules,
                     struct tag_vec *out);

#endif
