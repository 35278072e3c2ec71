/* A list under audit. Internal to prove/: redundant.c goes through the rules, redundant_ask.c asks
 * one question about one rule, redundant_explain.c finds the rules to name, redundant_conflict.c
 * the rules whose order matters. */
#ifndef MLN_PROVE_REDUNDANT_IMPL_H
#define MLN_PROVE_REDUNDANT_IMPL_H

#include "prove/first_match.h"
#include "prove/redundant.h"

#include <string.h>

/* One view: a family, and what tags mean for some subnets. */
struct mln_audit_plane {
    struct mln_rules_entry_vec entries; /* those of the list, then Azure's */
    struct mln_space *space;
    size_t words;
    uint64_t *allows, *kept;        /* kept: not found useless so far */
    uint64_t *above, *below, *good; /* of the question under way */
    uint64_t *overlap, *cover;
    const struct mln_tags *tags;
    const struct mln_rules_view *view;
    const struct mln_ipset *private; /* address space */
};

struct mln_audit {
    const struct mln_redundancy_question *question;
    struct mln_arena *arena, *scratch;
    struct mln_redundancy *out;
    struct mln_audit_plane *planes;
    size_t plane_count;
    size_t rule_entries; /* entries that are of the list; the same in every plane */
    size_t *listed;      /* per entry of the list: its listed rule */
};

/* --- redundant_ask.c --- */

static inline void mln_audit_clear(const struct mln_audit_plane *p, uint64_t *set)
{
    memset(set, 0, p->words * sizeof *set);
}
void mln_audit_set_range(uint64_t *set, size_t from, size_t to);
/* The question that the sets of the plane ask, and its answer for the packets of a rule. */
struct mln_first_question mln_audit_question(const struct mln_audit_plane *p, bool none_is_good);
enum mln_found mln_audit_find(struct mln_audit *a, struct mln_audit_plane *p, size_t rule,
                              bool none_is_good, struct mln_packet *packet);
/* Fill a set: with all that stands before the rule; `good` with what has the rule's action. */
void mln_audit_use_earlier(struct mln_audit *a, const struct mln_audit_plane *p, uint64_t *set,
                           size_t rule);
void mln_audit_use_own_action(struct mln_audit *a, struct mln_audit_plane *p, size_t rule);
/* above = all earlier, below = those of `later` behind the rule. */
void mln_audit_ask_behind(struct mln_audit *a, struct mln_audit_plane *p, size_t rule,
                          const uint64_t *later);
/* Is some packet of the rule met by no earlier one? Would one be decided otherwise by `later`? */
enum mln_found mln_audit_find_reached(struct mln_audit *a, struct mln_audit_plane *p, size_t rule,
                                      struct mln_packet *packet);
enum mln_found mln_audit_find_changed(struct mln_audit *a, struct mln_audit_plane *p, size_t rule,
                                      const uint64_t *later, struct mln_packet *packet);
/* The first entry of [from, to) among `set` that matches; `to` when none does. */
size_t mln_audit_first_match(const struct mln_audit_plane *p, const struct mln_packet *packet,
                             const uint64_t *set, size_t from, size_t to);
struct mln_listed mln_audit_listed_at(const struct mln_audit *a, const struct mln_audit_plane *p,
                                      size_t entry);
/* Gives the near end of an example a private address where the same rules meet it. */
void mln_audit_bring_home(const struct mln_audit_plane *p, struct mln_packet *packet);

/* --- redundant_explain.c: fill in the verdict on a rule that does nothing --- */
void mln_audit_explain_shadowed(struct mln_audit *a, size_t rule, struct mln_rule_verdict *v);
void mln_audit_explain_redundant(struct mln_audit *a, size_t rule, struct mln_rule_verdict *v);

/* --- redundant_conflict.c --- */
void mln_audit_look_for_conflict(struct mln_audit *a, struct mln_audit_plane *p, size_t rule,
                                 struct mln_rule_verdict *v);

#endif
