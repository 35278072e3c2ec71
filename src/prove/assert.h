/* Assertions, decided end to end on rules that are deployed or will be.
 *
 * Every packet of an assertion whose ends a path joins, and of which at least one end is governed,
 * passes the NSG of its source zone outbound, those at appliances that routes send it through, and
 * that of its destination zone inbound (prove/way.h), each followed by Azure's default rules.
 * `assert allow` holds when every such packet passes all of them (and there is one), `assert deny`
 * when none does. What an appliance itself does is not asked. What the firewall of a PaaS resource
 * without a private endpoint lets in is decided from what the model records about it.
 *
 * Service tags without known contents are unknown sets. A counterexample that is none for some
 * contents leaves the assertion UNDECIDED; it names the tags. A tag is taken to hold some address.
 * An application security group may hold any part of its zone: an assertion has to hold for all of
 * them. Which address of its subnet a network interface has may be unknown; that too leaves a
 * counterexample UNDECIDED which is none for some choice. So does an NSG that is deployed but of
 * which no rule is known, unless another one denies. */
#ifndef MLN_PROVE_ASSERT_H
#define MLN_PROVE_ASSERT_H

#include "azure/legal.h"
#include "diag/ctx.h"
#include "net/space.h"
#include "policy/model.h"
#include "rules/table.h"

/* The rules that are asked, by index of their NSG: per direction, by priority. */
struct mln_nsg_rules {
    struct mln_rule_vec rules[MLN_DIRECTIONS];
};

struct mln_assert_world {
    struct mln_ctx *ctx; /* results live in its arena */
    const struct mln_model *model;
    const struct mln_nsg_rules *deployed;
    size_t witnesses; /* how many counterexamples to look for; at least 1 */
    /* Not an assertion but a question (prove/query.h): pairs that no NSG governs count too, and
     * ends that no path joins are left out in silence. */
    bool question;
};

enum mln_assert_result { MLN_ASSERT_HOLDS, MLN_ASSERT_FAILS, MLN_ASSERT_UNDECIDED };

/* What one NSG does with a packet. */
struct mln_assert_hop {
    const struct mln_zone *zone;
    const struct mln_nsg *nsg;
    enum mln_direction direction;
    bool transit;                   /* at an appliance on the way */
    const struct mln_zone *ends[2]; /* of the way; NULL: outside of every zone */
    enum mln_action action;
    const struct mln_rule *rule; /* of struct mln_nsg_rules; NULL: not one of the NSG's */
    const struct mln_azure_default_rule
        *azure; /* NULL with rule NULL: a platform address, never filtered */
};

struct mln_counterexample {
    struct mln_packet packet;
    const struct mln_zone *zones[2]; /* of source and destination; NULL: outside of every zone */
    struct mln_assert_hop *hops;     /* in the order in which it meets them */
    size_t hop_count;
    bool undecided; /* only for some contents of `tags`, some addresses of `nics`, or some rules of
                       `unread` */
    MLN_VEC(const struct mln_tag *) tags;
    MLN_VEC(const struct mln_zone *) nics[2]; /* whose the source or the destination may be */
    MLN_VEC(const char *) unread;             /* NSGs of which no rule is known */
    /* Sets the packet's ends were put into: tags, and ASGs by name; NULL when none. */
    const char *source_in, *destination_in;
    /* Sets that its ends were left out of where that decides: see mln_query_outside; else NULL. */
    const char *source_out, *destination_out;
};

struct mln_assert_outcome {
    enum mln_assert_result result;
    MLN_VEC(struct mln_counterexample)
    counterexamples;               /* disjoint: decided by different rules or zones */
    MLN_VEC(const char *) reasons; /* why it fails where no packet shows it; why it is undecided */
    bool no_path;                  /* a deny that holds since no path joins its ends */
};

struct mln_assert_outcome mln_assert_decide(const struct mln_assert_world *world,
                                            const struct mln_intent *assertion);

/* Sets covered[intent index] for each intent behind a rule that decides some packet of the
 * assertion at one of its governed ends. */
void mln_assert_cover(const struct mln_assert_world *world, const struct mln_intent *assertion,
                      bool *covered);

/* Unknown sets by name, "AzureCloud and the ASG web"; NULL when there are none. */
const char *mln_assert_sets_text(struct mln_arena *a, const struct mln_model *model,
                                 const uint32_t *vars, size_t count);

#endif
