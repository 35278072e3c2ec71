/* The passes that make a lowered table an NSG that Azure accepts. Each reads one list and gives a new one. */
#ifndef MLN_RULES_PASSES_H
#define MLN_RULES_PASSES_H

#include "diag/ctx.h"
#include "rules/table.h"

/* Merge rules of one stratum: equal rules become one; rules that differ in exactly one of {source prefixes,
 * destination prefixes, source ports, destination ports} become one with the union; a rule that lies inside
 * another of its stratum disappears into it. Tags, ASGs and `*` never merge with anything but themselves; families
 * never mix. The first rule (in table order) gives the name; intents of all are kept. Near-linear: by hashing. */
void mln_pass_merge(struct mln_ctx *ctx, struct mln_table *table);

/* Names (legal, unique in the NSG ignoring case, <= 80) and descriptions (<= 140). */
void mln_pass_names(struct mln_ctx *ctx, struct mln_table *table);

struct mln_priority_options {
    unsigned low, high; /* --priorities=LOW-HIGH; 100 and 4096 by default */
};
struct mln_lock; /* rules/lock.h */

/* Priorities: see rules/pass_priorities.c. `lock` may be NULL. */
void mln_pass_priorities(struct mln_ctx *ctx, struct mln_table *table,
                         const struct mln_priority_options *options, struct mln_lock *lock);

/* Azure's limits on the finished table: errors that name the limit, the count, the intents that weigh most,
 * and Azure's own error code. */
void mln_pass_limits(struct mln_ctx *ctx, struct mln_table *table);

/* All of the above, in order, on every table. */
void mln_passes_run(struct mln_ctx *ctx, struct mln_table_vec *tables,
                    const struct mln_priority_options *options, struct mln_lock *lock);

#endif
