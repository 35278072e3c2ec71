/* Addresses that are a zone's and do not stand for it: an intent is decided at the ends it names,
 * and a prefix or an external only describes the far end. */
#include "cli/lint.h"

/* What a leaf is of one family; NULL: nothing, or no addresses at all. */
static const struct mln_ipset *addresses(struct mln_arena *a, const struct mln_leaf *leaf,
                                         enum mln_family family)
{
    if (leaf->kind == MLN_LEAF_EXTERNAL)
        return leaf->external->addresses[family];
    if (leaf->kind == MLN_LEAF_PREFIX && leaf->prefix.family == family)
        return mln_ipset_from_prefixes(a, family, &leaf->prefix, 1);
    return NULL;
}

static void report(struct mln_cli *cli, const struct mln_intent *intent,
                   const struct mln_leaf *leaf, const struct mln_zone *zone, bool wider)
{
    bool allow = intent->verb == MLN_VERB_ALLOW;
    struct mln_diag *diag =
        mln_report(cli->ctx.diags, MLN_D_COVERS_ZONE, leaf->span,
                   "these addresses %s zone '%s', whose NSG gets no rule from this %s",
                   wider ? "hold some of" : "are those of", zone->display,
                   allow                             ? "allow"
                   : intent->verb == MLN_VERB_FORBID ? "forbid"
                                                     : "deny");
    mln_diag_label(diag, zone->span, "'%s' is declared here", zone->display);
    if (!allow)
        mln_diag_note(diag,
                      "what no other zone's NSG sees is not stopped: packets between them and "
                      "the Internet, for instance");
    mln_diag_help(diag,
                  allow ? "name '%s'%s, so that both ends let the packets pass"
                        : "name '%s'%s, less the rest with 'except', so that its own NSG stops "
                          "them",
                  zone->display, wider ? " too, if it is meant" : "");
    if (wider || !allow)
        mln_diag_at_most(diag, MLN_NOTE);
}

/* What holds a whole network is hardly about a zone of it. */
static void check_leaf(struct mln_cli *cli, const struct mln_model *model,
                       const struct mln_intent *intent, const struct mln_side_set *side,
                       const struct mln_leaf *leaf)
{
    for (int f = 0; f < MLN_FAMILIES; f++) {
        const struct mln_ipset *given = addresses(cli->ctx.arena, leaf, (enum mln_family)f);
        for (size_t z = 0; given && z < model->zones.len; z++) {
            const struct mln_zone *zone = model->zones.data[z];
            if (!zone->nsg || !mln_ipset_overlaps(given, zone->addresses[f]) ||
                mln_ipset_covers(given, zone->network->space[f]) || mln_side_names_zone(side, zone))
                continue;
            report(cli, intent, leaf, zone, !mln_ipset_covers(zone->addresses[f], given));
            return;
        }
    }
}

static void check_side(struct mln_cli *cli, const struct mln_model *model,
                       const struct mln_intent *intent, const struct mln_side_set *side)
{
    for (size_t i = 0; side && i < side->len; i++) {
        const struct mln_leaf *leaf = &side->parts[i].leaf;
        if (leaf->kind == MLN_LEAF_PREFIX || leaf->kind == MLN_LEAF_EXTERNAL)
            check_leaf(cli, model, intent, side, leaf);
    }
}

/* Does the side hold addresses that no zone's NSG guards? Where it names zones alone, a deny is
 * enforced there. */
static bool reaches_outside(const struct mln_side_set *side)
{
    for (size_t i = 0; i < side->len; i++)
        if (side->parts[i].leaf.kind == MLN_LEAF_ANY || side->parts[i].leaf.kind == MLN_LEAF_TAG ||
            side->parts[i].leaf.kind == MLN_LEAF_EXTERNAL)
            return true;
    return false;
}

void mln_lint_places(struct mln_cli *cli, const struct mln_model *model)
{
    for (size_t i = 0; i < model->intents.len; i++) {
        const struct mln_intent *intent = model->intents.data[i];
        bool allow = intent->verb == MLN_VERB_ALLOW;
        if (intent->library || intent->broken)
            continue;
        if (allow || (!intent->within && reaches_outside(intent->to)))
            check_side(cli, model, intent, intent->from);
        if (!intent->within && (allow || reaches_outside(intent->from)))
            check_side(cli, model, intent, intent->to);
    }
}
