/* The passes that make a lowered table an NSG that Azure accepts. Each reads the rule lists of a
 * table and replaces them or fills in fields that later passes read; the order is that of
 * mln_passes_run. */
#ifndef MLN_RULES_PASSES_H
#define MLN_RULES_PASSES_H

#include "diag/ctx.h"
#include "rules/table.h"

/* Merge rules of one stratum: equal rules become one; rules that differ in exactly one of {source
 * prefixes, destination prefixes, source ports, destination ports} become one with the union; a
 * rule that lies inside another of its stratum disappears into it. Tags, ASGs and `*` never merge
 * with anything but themselves; families and protocols never mix. Intents of all are kept:
 * intents[0] names the rule, the others follow sorted by index. A rule whose intent carries a name
 * of the user's (`as`) unites only with rules of the same intent, unless equal. A library's rule is
 * never absorbed by another intent's: Azure looks for some of them by their exact form. Afterwards
 * a stratum is sorted by index of intents[0], then piece. The lowered rules are not written to.
 * Near-linear: by hashing. */
void mln_pass_merge(struct mln_ctx *ctx, struct mln_table *table);

/* Names and descriptions. A name is legal ([A-Za-z0-9_.-], at most 80, starts with a letter or
 * digit, ends with a letter, digit or '_': Azure's InvalidResourceName), unique in the NSG ignoring
 * case over both directions, and none of Azure's default rules'. A rule in the lock keeps the name
 * it has there. A description is at most 140 UTF-16 units (SecurityRuleDescriptionTooLong). */
void mln_pass_names(struct mln_ctx *ctx, struct mln_table *table);

/* "policy.mlp:8": where the statement behind the intent stands; for an intent of the library, where
 * that was applied. NULL when there is no such file. */
const char *mln_intent_place(struct mln_ctx *ctx, const struct mln_intent *intent);
/* The text without control characters: a run of them or of spaces is one space. */
const char *mln_printable(struct mln_arena *arena, const char *text);

#define MLN_PRIORITY_LOW 100
#define MLN_PRIORITY_HIGH 4096
struct mln_priority_options {
    unsigned low,
        high; /* --priorities=LOW-HIGH, inclusive, within MLN_PRIORITY_LOW..MLN_PRIORITY_HIGH */
};
struct mln_lock; /* rules/lock.h */

/* Priorities: unique in a direction; the order of the list is kept between every two rules of
 * different action that may share a packet, and between all rules when nothing is locked. A rule in
 * the lock keeps its number unless there is no way (warning priority-moved). Afterwards the lists
 * are sorted by priority. More rules than numbers is error priorities-exhausted; the numbers are
 * then meaningless (0). */
void mln_pass_priorities(struct mln_ctx *ctx, struct mln_table *table,
                         const struct mln_priority_options *options);

/* The rules that Azure insists on for the roles of the zones; what is missing is an error, but in
 * an incomplete table. Reads only. */
void mln_pass_roles(struct mln_ctx *ctx, const struct mln_table *table);

/* Azure's limits on the finished table: errors that name the limit, the count, the intents that
 * weigh most, and Azure's own error code. */
void mln_pass_limits(struct mln_ctx *ctx, struct mln_table *table);

/* All of the above, in order, on every table. `options` NULL: the defaults. `lock` may be NULL; it
 * is not changed: mln_lock_write makes the new text from the tables. */
void mln_passes_run(struct mln_ctx *ctx, struct mln_table_vec *tables,
                    const struct mln_priority_options *options, struct mln_lock *lock);

#endif
