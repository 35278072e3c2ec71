/* Rules of a list that do nothing, and rules whose order matters: found exactly, against the union
 * of all other rules and not pair by pair.
 *
 * A list is the rules of one NSG in one direction, by priority, followed by Azure's default rules.
 *
 * SHADOWED: never reached. Every packet of the rule is met by some earlier rule, though perhaps by
 * no single one (two half ranges shadow the whole). When an earlier rule of the other action meets
 * some of them, the rule is also CONTRADICTED: what it was written for does not happen.
 *
 * REDUNDANT: reached, but without it the same packets are permitted: what it decides would be
 * decided alike by later rules or by Azure's default rules. Judged from the last rule to the first
 * against the rules kept so far, so all shadowed and redundant rules may be removed TOGETHER, and
 * then no further one is left (Acharya and Gouda, Firewall Verification and Redundancy Checking are
 * Equivalent, INFOCOM 2011). Two equal rules are never both reported for each other's sake. A rule
 * that may only go together with others names them.
 *
 * CONFLICTING: an earlier rule of the other action meets some packets of the rule, and neither of
 * the two holds the other: for the packets they share their order decides, which a reader of either
 * rule does not see. The usual exception before a broader rule is no conflict.
 *
 * Service tags without known contents and ASGs are unknown sets: shadowed and redundant hold
 * whatever they hold. A conflict is only told where its packet needs no two unrelated sets to
 * overlap.
 *
 * Cost: one packet search a rule (and one or two for a rule that goes), in one space an address
 * family; the covering rules take one search each. */
#ifndef MLN_PROVE_REDUNDANT_H
#define MLN_PROVE_REDUNDANT_H

#include "prove/rules_space.h"

enum mln_useless { MLN_RULE_USEFUL, MLN_RULE_SHADOWED, MLN_RULE_REDUNDANT };

/* One of the list, or one of Azure's default rules behind it. */
struct mln_listed {
    const struct mln_rule *rule; /* NULL: azure */
    const struct mln_azure_default_rule *azure;
    size_t index; /* of the listed rule; SIZE_MAX for azure */
};
MLN_VEC_TYPE(mln_listed_vec, struct mln_listed);

/* What was found about one listed rule. */
struct mln_rule_verdict {
    enum mln_useless useless;
    bool empty;   /* shadowed by nothing: no packet that an NSG filters matches it */
    bool gave_up; /* a search was too long; nothing is claimed */
    /* Shadowed: the fewest earlier rules found that meet all its packets, none of which can be left
     * out. Redundant: the later rules that would decide its packets. In list order. */
    struct mln_listed_vec by;
    bool by_more; /* there are more than MLN_COVER_MOST, which are left out of `by` */
    struct mln_listed_vec together; /* redundant: rules that must go with it */
    bool together_more;
    struct mln_packet packet;       /* of the rule; of a redundant one, that it decides */
    bool contradicted;              /* shadowed, and `against` has the other action */
    struct mln_listed against;      /* of a contradicted or conflicting rule: the earlier one */
    struct mln_packet disputed;     /* a packet that both match and `against` decides */
    bool conflicting;               /* useful, and `against` is set */
};
enum { MLN_COVER_MOST = 24 };

struct mln_redundancy {
    size_t count;                  /* listed rules: those of one name and priority are one */
    const struct mln_rule **rules; /* the first of each */
    size_t *first;                 /* count + 1: where each begins in the vector asked about */
    struct mln_rule_verdict *verdicts;
    uint64_t steps;
};

struct mln_redundancy_view {
    struct mln_rules_view at;
    const struct mln_ipset *near; /* the subnets' own addresses, which alone count at the near end:
                                     destinations inbound, sources outbound; NULL: any count */
};

/* Where the list is looked at from: a rule is shadowed or redundant when it is so for every view.
 * `rules` by priority; rules in a row with one name and priority are one security rule. */
struct mln_redundancy_question {
    struct mln_ctx *ctx; /* results live in its arena */
    const struct mln_rule_vec *rules;
    const struct mln_redundancy_view *views; /* of one direction; at.ctx is not used */
    size_t view_count;
    bool conflicts; /* also look for conflicting rules */
};
struct mln_redundancy *mln_redundancy_find(const struct mln_redundancy_question *question);

#endif
