/* Two states of affairs compared as a whole: what traffic each permits, and the rules.
 *
 * A subject is a policy with its rules read back, NSGs that were read from JSON, or a template.
 * Zones of the two are taken for one another by network and name, then by their addresses (a zone
 * that was renamed), then by the name of their NSG; where one subject tells no subnets, NSGs are
 * taken for one another by name, and looked at from the zones of the other.
 *
 * DRIFT is the comparison of a policy with what is deployed: the zones of the new side are the
 * policy's, with NSGs that go by their names. NSGs are compared one by one, as if they told no
 * places; end to end only what network interfaces and appliances, which the policy does not have,
 * do with packets.
 *
 * Traffic is compared twice. At EACH NSG, in each direction: what the NSG permits between its zone
 * and all that a path joins it with; exact by itself. And END TO END, where both subjects have
 * places: a packet is permitted when the outbound NSG of its source's zone, those at appliances
 * that routes send it through (prove/way.h) and the inbound NSG of its destination's zone all
 * permit it; ends without an NSG, and everything outside of zones, permit. Both are exact for every
 * filling of unknown sets. */
#ifndef MLN_PROVE_CHANGE_H
#define MLN_PROVE_CHANGE_H

#include "prove/assert.h"
#include "prove/diff.h"

/* A network interface with an NSG of its own that lies in none of the places. */
struct mln_change_nic {
    const char *name, *nsg;
    const char *where; /* "'network/subnet' at 10.0.0.4"; NULL: not known */
};
MLN_VEC_TYPE(mln_change_nic_vec, struct mln_change_nic);

struct mln_change_subject {
    const struct mln_model *model;
    const struct mln_nsg_rules *deployed;       /* by index of the NSG in the model */
    const struct mln_change_nic_vec *elsewhere; /* NULL: none */
    bool is_policy;                             /* it has names for things */
};

/* A place of the comparison: a zone on one side or on both. */
struct mln_change_place {
    const struct mln_zone *zone[MLN_SIDES];
};

/* Who is responsible for a flow on one side: what permits it where it is permitted, what denies it
 * where it is denied. An intent of a policy; else a rule of an NSG; else one of Azure's rules; else
 * (all NULL) Azure itself, which filters no platform address. */
struct mln_change_reason {
    int side;
    bool allow;
    const struct mln_intent *intent;
    bool by_default;             /* no intent of the policy speaks of it */
    const struct mln_rule *rule; /* the first one that was met */
    const struct mln_azure_default_rule *azure;
    const struct mln_zone *zone; /* at whose NSG */
    const struct mln_nsg *nsg;   /* NULL: none */
    enum mln_direction direction;
};
MLN_VEC_TYPE(mln_change_reason_vec, struct mln_change_reason);

/* Some boxes that read alike: the same words for services and ends, the same reasons. */
struct mln_change_flow {
    bool added;
    const char *services, *from, *to;
    const char *over;          /* "IPv6": of that family alone, which the ends do not tell; NULL */
    const struct mln_nsg *nsg; /* at this NSG alone; NULL: end to end */
    enum mln_direction direction; /* at the NSG */
    MLN_VEC(const struct mln_diff_box *) boxes;
    struct mln_change_reason_vec reasons;
    bool outside[MLN_SIDES]; /* partly no place or path on that side */
    bool alone;              /* at an NSG: without effect end to end */
    bool unplaced;           /* at an NSG of which some side does not tell where it stands */
    bool of_either;          /* packets of the other family would read alike */
    MLN_VEC(const struct mln_zone *)
    hangs_on; /* interfaces: whether it is so hangs on addresses
                 of theirs that are not known */
};
MLN_VEC_TYPE(mln_change_flow_vec, struct mln_change_flow);

enum mln_change_kind { MLN_CHANGE_ADDED, MLN_CHANGE_REMOVED, MLN_CHANGE_CHANGED };

/* What differs in rules: a rule of one side only, or one of both that says something else. */
struct mln_change_rule {
    enum mln_change_kind kind;
    const char *nsg; /* the new side's name of it, where it has one */
    enum mln_direction direction;
    const char *name;            /* of the rule; on the old side for one that is removed */
    const char *old_name;        /* of one that is called otherwise now; else NULL */
    const char *text[MLN_SIDES]; /* what it says; NULL: not there */
    const struct mln_rule *rule[MLN_SIDES];
    MLN_VEC(const char *) details; /* of a changed one: "priority 100 -> 110" */
};

/* A zone, an NSG or a resource that only one side has, or that is called otherwise, or governed
 * otherwise. Each is a sentence without an end. */
struct mln_change_note {
    enum mln_change_kind kind;
    const char *what; /* "zone", "nsg", "resource" */
    const char *name, *text;
    bool traffic; /* it is a difference in permitted traffic by itself */
};

/* What the firewall of a resource lets in beside: addresses of one side only. */
struct mln_change_firewall {
    const char *resource;
    const struct mln_ipset *only[MLN_SIDES][MLN_FAMILIES];
    double count[MLN_SIDES];                  /* addresses in them */
    MLN_VEC(const char *) sources[MLN_SIDES]; /* whose they are: "office", "hosted-agents.europe" */
    MLN_VEC(const char *) openings;           /* other differences: "is open to everybody now" */
};

struct mln_change {
    const struct mln_change_subject *subjects;
    struct mln_diff_sets sets;
    MLN_VEC(struct mln_change_place) places;
    struct mln_change_flow_vec flows;   /* end to end */
    struct mln_change_flow_vec at_nsgs; /* every difference at a single NSG */
    MLN_VEC(struct mln_change_rule) rules;
    MLN_VEC(struct mln_change_note) notes;
    MLN_VEC(struct mln_change_firewall) firewalls;
    MLN_VEC(const char *) gave_up; /* where: "NSG nsg-x, inbound" */
    bool end_to_end;               /* flows were looked for */
    bool more;                     /* not all differences are listed */
    bool traffic;                  /* traffic differs */
};

/* `ignored`: names of NSGs and rules that do not count, with wildcards; matching rules are left out
 * of both sides before anything is compared. limit: of each comparison, 0 for the usual one. */
struct mln_change_options {
    const char *const *ignored;
    size_t ignored_count;
    size_t prefixes; /* written out in words before they are counted; 0: all */
    bool drift;      /* the sides are what should be deployed, and what is */
    uint64_t limit;
};
/* Is the name, of an NSG or a rule, like one of those that are ignored? */
bool mln_change_ignores(const struct mln_change_options *options, const char *name);

void mln_change_find(struct mln_ctx *ctx, const struct mln_change_subject subjects[MLN_SIDES],
                     const struct mln_change_options *options, struct mln_change *out);

#endif
