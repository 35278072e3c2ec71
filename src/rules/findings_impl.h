/* What was found about intents: shared by findings.c, which looks, and findings_report.c, which
 * tells. */
#ifndef MLN_RULES_FINDINGS_IMPL_H
#define MLN_RULES_FINDINGS_IMPL_H

#include "rules/end.h"

/* What is known of one intent, over all ends seen so far. */
struct finding {
    unsigned ends[MLN_DIRECTIONS], swallowed[MLN_DIRECTIONS], forbidden[MLN_DIRECTIONS];
    bool cut, forbid_cut, forbid_cut_by_name;
    const struct mln_intent *cutter, *forbidder;         /* one that cuts */
    const struct mln_packet *cut_packet, *forbid_packet; /* NULL until one is found */
    MLN_VEC(const struct mln_intent *)
    swallowers;    /* denies that meet parts of it that they leave
                      nothing of: up to MLN_MOST_SWALLOWERS */
    bool matters;  /* some verdict changes without it */
    bool kept;     /* some verdict changes without it and the idle ones after it */
    bool *met;     /* by number of what it overrides: some packet of it meets that deny */
    bool repeated; /* an earlier intent says the same: equal intents merge silently */
};

enum { MLN_MOST_SWALLOWERS = 8 };

struct mln_findings {
    struct mln_arena *arena; /* its own, with everything in it */
    struct mln_ctx *ctx;
    const struct mln_model *model;
    struct finding *by_intent;
    size_t *number; /* by intent: its place among what one allow overrides, from 1; scratch */
    uint64_t steps;
    const struct mln_intent
        *gave_up_at; /* the first that a question was left open about, or NULL */
};

#endif
