/* Findings as diagnostics. An intent is wholly gone when it is so at all ends of one side, and
 * every packet of it passes such an end. */
#include "rules/findings_impl.h"

static struct mln_diag *report(struct mln_findings *findings, enum mln_diag_id id,
                               const struct mln_intent *intent, const char *message,
                               const struct mln_intent *other, const char *label,
                               const struct mln_packet *packet)
{
    struct mln_diag *diag = mln_report(findings->ctx->diags, id, intent->span, "%s", message);
    if (other)
        mln_diag_label(diag, other->span, "%s", label);
    if (packet)
        mln_diag_note(diag, "for example %s", mln_packet_text(findings->arena, packet));
    mln_diag_applied(diag, intent->frame);
    if (mln_tags_have_prefixes(findings->model->options->tags) && mln_rests_on_tags(intent, other))
        mln_diag_at_most(diag, MLN_WARNING);
    return diag;
}

/* Do governed zones hold all of the side's addresses? Then every packet of the intent passes an end
 * there. */
static bool leaf_governed(struct mln_arena *a, const struct mln_leaf *leaf)
{
    switch (leaf->kind) {
    case MLN_LEAF_ZONE:
    case MLN_LEAF_ASG:
        return leaf->zone->nsg != NULL;
    case MLN_LEAF_ENDPOINT:
        return leaf->endpoint->zone->nsg != NULL;
    case MLN_LEAF_RESOURCE:
        for (size_t i = 0; i < leaf->resource->endpoints.len; i++)
            if (!leaf->resource->endpoints.data[i]->zone->nsg)
                return false;
        return leaf->resource->endpoints.len > 0;
    case MLN_LEAF_NETWORK:
        for (int f = 0; f < MLN_FAMILIES; f++) {
            const struct mln_ipset *left = leaf->network->space[f];
            for (size_t i = 0; i < leaf->network->zones.len; i++)
                if (leaf->network->zones.data[i]->nsg)
                    left = mln_ipset_subtract(a, left, leaf->network->zones.data[i]->addresses[f]);
            if (left->len)
                return false;
        }
        return true;
    default:
        return false;
    }
}

static bool side_governed(struct mln_arena *a, const struct mln_side_set *side)
{
    for (size_t i = 0; i < side->len; i++)
        if (!leaf_governed(a, &side->parts[i].leaf))
            return false;
    return true;
}

/* Is the intent gone at all ends of one side, and does every packet of it pass an end of that side?
 */
static bool wholly(struct mln_arena *a, const struct mln_intent *intent, const struct finding *f,
                   const unsigned gone[MLN_DIRECTIONS])
{
    for (int d = 0; d < MLN_DIRECTIONS; d++)
        if (f->ends[d] && gone[d] == f->ends[d] &&
            side_governed(a, d == MLN_OUTBOUND ? intent->from : intent->to))
            return true;
    return false;
}

static bool report_forbid(struct mln_findings *findings, const struct mln_intent *intent,
                          const struct finding *f)
{
    if (!f->forbid_cut)
        return false;
    bool whole = wholly(findings->arena, intent, f, f->forbidden);
    enum mln_diag_id id = whole                   ? MLN_D_FORBIDDEN
                          : f->forbid_cut_by_name ? MLN_D_PARTLY_FORBIDDEN
                                                  : MLN_D_TOUCHES_FORBID;
    struct mln_diag *diag = report(findings, id, intent,
                                   whole ? "this allow lies wholly inside a forbid"
                                         : "part of this allow lies inside a forbid",
                                   f->forbidder, "the forbid is here", f->forbid_packet);
    if (!whole)
        mln_diag_help(diag, "a forbid cannot be overridden; narrow the allow with 'except'");
    return whole;
}

/* "a, b"; NULL when one of them has no name. */
static const char *swallower_names(struct mln_findings *findings, const struct finding *f)
{
    struct mln_buf out;
    mln_buf_init(&out, findings->arena);
    for (size_t i = 0; i < f->swallowers.len; i++) {
        if (!f->swallowers.data[i]->named)
            return NULL;
        mln_buf_printf(&out, "%s%s", i ? ", " : "", f->swallowers.data[i]->name);
    }
    return out.data;
}

static void report_swallowers(struct mln_findings *findings, const struct mln_intent *intent,
                              const struct finding *f)
{
    struct mln_diag *diag =
        report(findings, MLN_D_SWALLOWED, intent,
               "denies swallow this allow together: it permits nothing", NULL, NULL, NULL);
    for (size_t i = 0; i < f->swallowers.len; i++)
        mln_diag_label(diag, f->swallowers.data[i]->span,
                       i ? "another one is here" : "one of the denies is here");
    mln_diag_note(diag, "for example %s", mln_packet_text(findings->arena, f->cut_packet));
    const char *names = swallower_names(findings, f);
    if (names)
        mln_diag_help(diag, "if the allow is the exception, write 'overrides %s'", names);
    else
        mln_diag_help(diag, "if the allow is the exception, name each deny ('as NAME') and write "
                            "'overrides NAME, NAME'; or drop denies that the default makes anyway");
}

static void report_cut(struct mln_findings *findings, const struct mln_intent *intent,
                       const struct finding *f)
{
    if (!f->cut)
        return;
    bool whole = wholly(findings->arena, intent, f, f->swallowed);
    if (whole && f->swallowers.len > 1) {
        report_swallowers(findings, intent, f);
        return;
    }
    struct mln_diag *diag = report(findings, whole ? MLN_D_SWALLOWED : MLN_D_PARTLY_CUT, intent,
                                   whole ? "a deny swallows this allow: it permits nothing"
                                         : "a deny cuts part of this allow",
                                   f->cutter, "the deny is here", f->cut_packet);
    if (!f->cutter)
        return;
    if (f->cutter->named)
        mln_diag_help(diag, "if the allow is the exception, write 'overrides %s'", f->cutter->name);
    else
        mln_diag_help(diag, "if the allow is the exception, name the deny ('as NAME') and write "
                            "'overrides NAME'; or drop a deny that the default makes anyway");
}

static void report_useless(struct mln_findings *findings, const struct mln_intent *intent,
                           const struct finding *f)
{
    if (findings->model->intents_missing || intent->library || f->matters || f->kept ||
        f->repeated || intent->verb == MLN_VERB_FORBID)
        return;
    struct mln_diag *diag = report(findings, MLN_D_ADDS_NOTHING, intent,
                                   intent->verb == MLN_VERB_ALLOW ? "this allow adds nothing"
                                                                  : "this deny adds nothing",
                                   NULL, NULL, NULL);
    mln_diag_note(diag, "every packet is decided the same without it");
    if (intent->verb == MLN_VERB_DENY)
        mln_diag_help(diag, "to guard against future allows, write 'forbid' or 'assert deny'");
}

static void report_unmet(struct mln_findings *findings, const struct mln_intent *intent,
                         const struct mln_intent *deny)
{
    struct mln_diag *diag =
        mln_report(findings->ctx->diags, MLN_D_OVERRIDES_NOTHING, intent->overrides_span,
                   "no packet of this allow meets '%s'", deny->name);
    mln_diag_label(diag, deny->span, "the deny is here");
}

static void report_gave_up(struct mln_findings *findings)
{
    const struct mln_intent *intent = findings->gave_up_at;
    if (intent)
        mln_report(findings->ctx->diags, MLN_D_FINDINGS_GAVE_UP, intent->span,
                   "gave up looking for intents that are cut or add nothing, from this one on");
}

void mln_findings_report(struct mln_findings *findings)
{
    report_gave_up(findings);
    for (size_t i = 0; i < findings->model->intents.len; i++) {
        const struct mln_intent *intent = findings->model->intents.data[i];
        const struct finding *f = &findings->by_intent[i];
        if (intent->broken || f->ends[MLN_INBOUND] + f->ends[MLN_OUTBOUND] == 0)
            continue; /* reported when its ends were collected */
        bool forbidden = report_forbid(findings, intent, f);
        if (!forbidden)
            report_cut(findings, intent, f);
        bool swallowed = wholly(findings->arena, intent, f, f->swallowed);
        for (size_t k = 0; k < intent->overrides.len && !forbidden; k++)
            if (!f->met[k] && !findings->model->intents_missing &&
                !intent->overrides.data[k]->broken)
                report_unmet(findings, intent, intent->overrides.data[k]);
        bool error = forbidden || swallowed || (f->forbid_cut && f->forbid_cut_by_name);
        if (!error)
            report_useless(findings, intent, f);
    }
    mln_arena_free(findings->arena);
}
