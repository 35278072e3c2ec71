/* What every stage of one compilation shares. */
#ifndef MLN_DIAG_CTX_H
#define MLN_DIAG_CTX_H

#include "base/names.h"
#include "diag/diag.h"

struct mln_ctx {
    struct mln_arena *arena;
    struct mln_names *names;
    struct mln_diags *diags;
};

#endif
