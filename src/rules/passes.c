/* The passes, in order. */
#include "rules/passes.h"
#include "rules/lock.h"

void mln_passes_run(struct mln_ctx *ctx, struct mln_table_vec *tables,
                    const struct mln_priority_options *options, struct mln_lock *lock)
{
    for (size_t i = 0; i < tables->len; i++) {
        struct mln_table *table = tables->data[i];
        if (lock)
            mln_lock_identify(ctx->arena, table);
        mln_pass_merge(ctx, table);
        if (lock)
            mln_lock_match(lock, table);
        mln_pass_names(ctx, table);
        mln_pass_priorities(ctx, table, options);
        mln_pass_roles(ctx, table);
        mln_pass_limits(ctx, table);
    }
}
