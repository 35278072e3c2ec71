/* Service tags that are allowed without what they need. */
#include "cli/lint.h"
#include "prove/tag_needs.h"

static void report(const struct mln_lint *lint, const struct mln_zone *zone,
                   const struct mln_unmet_need *unmet)
{
    const struct mln_tag_need *need = unmet->need;
    const char *who = zone->unplaced
                          ? mln_printf(lint->ctx->arena, "NSG '%s'", lint->nsg->nsg->name)
                          : mln_printf(lint->ctx->arena, "zone '%s'", zone->display);
    struct mln_diag *diag =
        mln_report(lint->ctx->diags, MLN_D_TAG_DEPENDENCY, mln_lint_place(lint, unmet->rule),
                   "%s lets %s out but not %s, which it needs%s%s", who, need->tag, need->needs,
                   need->why ? " for " : "", need->why ? need->why : "");
    if (need->why)
        mln_diag_at_most(diag, MLN_NOTE);
    mln_diag_note(diag, "says %s", need->source);
    mln_diag_help(diag, "allow tcp %u to %s", need->port, need->needs);
}

void mln_lint_needs(const struct mln_lint *lint)
{
    const struct mln_nsg *nsg = lint->nsg->nsg;
    if (lint->nsg->incomplete)
        return; /* the rule that is not known may be the one that is missed */
    for (size_t i = 0; i < nsg->zones.len; i++) {
        const struct mln_rules_view view = {
            .ctx = lint->ctx, .model = lint->subject->model, .zone = nsg->zones.data[i]};
        struct mln_unmet_need_vec unmet = {0};
        mln_unmet_needs_find(lint->ctx, &view, &lint->nsg->rules[MLN_OUTBOUND], &unmet);
        for (size_t k = 0; k < unmet.len; k++)
            report(lint, nsg->zones.data[i], &unmet.data[k]);
    }
}
