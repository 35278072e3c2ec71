/* What the description of a rule says: why it is there, and which statement asks for it. */
#ifndef MLN_RULES_DESCRIBE_H
#define MLN_RULES_DESCRIBE_H

#include "base/buf.h"
#include "diag/ctx.h"
#include "rules/table.h"

/* What is used for one description after the other. Zeroed but for `ctx` and `text`. */
struct mln_describer {
    struct mln_ctx *ctx; /* descriptions live in its arena */
    struct mln_buf text; /* room, initialised by the caller */
    uint32_t file;       /* whose name `file_name` is; 0: none yet */
    const char *file_name;
};

/* At most 140 UTF-16 units, or NULL: the reason, the place in parentheses, or either. */
const char *mln_describe(struct mln_describer *describer, const struct mln_rule *rule);

#endif
