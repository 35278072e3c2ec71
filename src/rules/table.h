/* The intermediate representation: tables of security rules, one per network security group.
 * Every front end ends here (a compiled policy, an imported NSG); every back end and every analysis
 * starts here. A rule holds exactly what one Azure security rule can hold: on each side `*`, one
 * service tag, one application security group, or prefixes of one family. */
#ifndef MLN_RULES_TABLE_H
#define MLN_RULES_TABLE_H

#include "base/vec.h"
#include "diag/diag.h"
#include "net/flow.h"
#include "net/ipset.h"
#include "net/port.h"
#include "policy/model.h"

enum mln_side_kind { MLN_SIDE_ANY, MLN_SIDE_PREFIXES, MLN_SIDE_TAG, MLN_SIDE_ASG };

struct mln_rule_side {
    enum mln_side_kind kind;
    const struct mln_ipset
        *prefixes;             /* MLN_SIDE_PREFIXES: not empty, not everything of both families */
    const struct mln_tag *tag; /* MLN_SIDE_TAG */
    const struct mln_asg *asg; /* MLN_SIDE_ASG */
};

/* Any protocol is MLN_PROTO_COUNT. */
#define MLN_PROTO_ANY MLN_PROTO_COUNT

/* What a lowered rule is called across compilations: see rules/lock.h. */
struct mln_rule_key {
    uint64_t id;      /* of what the policy calls it: verb, name, piece, protocol */
    uint32_t content; /* of what it matched when lowered, and its rank */
};
struct mln_lock_entry;

struct mln_rule {
    enum mln_direction direction;
    enum mln_action action;
    unsigned proto; /* enum mln_proto, or MLN_PROTO_ANY; never MLN_PROTO_OTHER */
    struct mln_rule_side src, dst;
    const struct mln_portset *sport, *dport; /* never NULL; all ports for icmp, esp, ah */
    unsigned
        families; /* bit set 1 << MLN_IPV4, 1 << MLN_IPV6: one bit when a side holds prefixes */

    /* Where it comes from. intents[0] names the rule. Empty for the rules of `default`. */
    struct mln_intent *const *intents;
    size_t intent_count;
    const char *base_name; /* from the intent; the piece's own part is in `piece` */
    const char *
        piece; /* what tells the rules of one intent in one NSG apart: "v6", "Storage.WestEurope" */
    const char *because; /* or NULL */

    /* Order: rules of one stratum share an action and may be merged and permuted freely; a lower
     * stratum comes before a higher one. rank says which priority band the stratum belongs to. */
    unsigned stratum;
    unsigned rank; /* 0 forbid, 1 overriding allow and what must precede it, 2 deny, 3 allow, 4
                      default */

    /* Filled by the passes. */
    const struct mln_rule
        *lowered; /* of a united rule: the lowered one that names it; NULL: it is one itself */
    const struct mln_rule_key *keys; /* of all lowered rules in it, keys[0] of the one that names
                                        it; NULL without a lock */
    size_t key_count;
    const struct mln_lock_entry
        *locked; /* rules/lock.h: its line in the lock file; NULL when new */
    const char *name;
    const char *description; /* at most 140 characters, or NULL */
    unsigned priority;       /* 100..4096 */
};

MLN_VEC_TYPE(mln_rule_vec, struct mln_rule *);

struct mln_table {
    const struct mln_nsg *nsg;
    struct mln_rule_vec rules[MLN_DIRECTIONS]; /* in evaluation order */
    bool incomplete; /* an intent could not be understood, which is reported: its rules are not here
                      */
};

MLN_VEC_TYPE(mln_table_vec, struct mln_table *);

#endif
