/* What can be wrong with the two sides of an intent, before any zone is looked at. */
#include "azure/platform.h"
#include "rules/end.h"

/* --- empty sides --- */

static bool hosts_only(const struct mln_leaf *leaf)
{
    return leaf->kind == MLN_LEAF_EXTERNAL && leaf->external->prefixes.len == 0 &&
           leaf->external->hosts.len > 0;
}

static bool leaf_inside(const struct mln_leaf *x, const struct mln_leaf *y);

static bool set_inside(const struct mln_side_set *outer, const struct mln_leaf *leaf)
{
    for (size_t i = 0; i < outer->len; i++)
        if (outer->parts[i].minus_len == 0 && leaf_inside(leaf, &outer->parts[i].leaf))
            return true;
    return false;
}

static const struct mln_ipset *leaf_set(struct mln_arena *a, const struct mln_leaf *leaf, int f)
{
    switch (leaf->kind) {
    case MLN_LEAF_NETWORK:
        return leaf->network->space[f];
    case MLN_LEAF_ZONE:
    case MLN_LEAF_ASG:
        return leaf->zone->addresses[f];
    case MLN_LEAF_EXTERNAL:
        return leaf->external->addresses[f];
    case MLN_LEAF_ENDPOINT:
        return leaf->endpoint->addresses[f];
    case MLN_LEAF_PREFIX:
        return mln_ipset_from_prefixes(a, (enum mln_family)f, &leaf->prefix, 1);
    default:
        return NULL; /* not exact */
    }
}

static bool leaf_inside(const struct mln_leaf *x, const struct mln_leaf *y)
{
    if (y->kind == MLN_LEAF_ANY)
        return true;
    if (x->kind != y->kind)
        return false;
    switch (x->kind) {
    case MLN_LEAF_TAG:
        return x->tag == y->tag || x->tag->parent == y->tag ||
               (x->tag->kind == MLN_TAG_SERVICE && y->tag->kind == MLN_TAG_INTERNET);
    case MLN_LEAF_RESOURCE:
        return x->resource == y->resource;
    case MLN_LEAF_HOSTED_AGENTS:
        return x->geography == y->geography;
    default:
        return false;
    }
}

/* Nothing is left of the part: what is exact is subtracted, what is not is compared by name. */
static bool part_empty(struct mln_arena *a, const struct mln_side_part *part)
{
    for (size_t m = 0; m < part->minus_len; m++)
        if (set_inside(part->minus[m], &part->leaf))
            return true;
    for (int f = 0; f < MLN_FAMILIES; f++) {
        const struct mln_ipset *left = leaf_set(a, &part->leaf, f);
        if (!left)
            return false;
        for (size_t m = 0; m < part->minus_len; m++)
            for (size_t i = 0; i < part->minus[m]->len; i++) {
                const struct mln_side_part *gone = &part->minus[m]->parts[i];
                const struct mln_ipset *set = leaf_set(a, &gone->leaf, f);
                if (set && gone->minus_len == 0 && gone->leaf.kind != MLN_LEAF_ASG)
                    left = mln_ipset_subtract(a, left, set);
            }
        if (left->len)
            return false;
    }
    return true;
}

static bool side_empty(struct mln_ctx *ctx, const struct mln_side_set *side)
{
    for (size_t i = 0; i < side->len; i++) {
        const struct mln_side_part *part = &side->parts[i];
        if (hosts_only(&part->leaf) || !part_empty(ctx->arena, part))
            return false;
    }
    return true;
}

bool mln_check_empty(struct mln_ctx *ctx, const struct mln_intent *intent)
{
    bool from = side_empty(ctx, intent->from), to = !intent->within && side_empty(ctx, intent->to);
    if (from)
        mln_report(ctx->diags, MLN_D_EMPTY_SIDE, intent->from_span, "this side holds no address");
    if (to)
        mln_report(ctx->diags, MLN_D_EMPTY_SIDE, intent->to_span, "this side holds no address");
    return from || to;
}

/* --- paths between ends written by name --- */

static bool by_name(const struct mln_leaf *leaf)
{
    return !leaf->through_group && (leaf->kind == MLN_LEAF_ZONE || leaf->kind == MLN_LEAF_ASG ||
                                    leaf->kind == MLN_LEAF_EXTERNAL);
}

static bool external_joined(const struct mln_external *external, const struct mln_zone *zone,
                            enum mln_direction direction)
{
    for (int f = 0; f < MLN_FAMILIES; f++)
        if (mln_ipset_overlaps(external->addresses[f], zone->joined[direction][f]))
            return true;
    return external->prefixes.len == 0;
}

static bool pair_joined(const struct mln_leaf *from, const struct mln_leaf *to)
{
    bool from_zone = from->kind != MLN_LEAF_EXTERNAL, to_zone = to->kind != MLN_LEAF_EXTERNAL;
    if (from_zone && to_zone)
        return mln_zones_joined(from->zone, to->zone);
    if (from_zone)
        return external_joined(to->external, from->zone, MLN_OUTBOUND);
    if (to_zone)
        return external_joined(from->external, to->zone, MLN_INBOUND);
    return true;
}

static const char *leaf_name(const struct mln_leaf *leaf)
{
    return leaf->kind == MLN_LEAF_ASG    ? leaf->asg->name
           : leaf->kind == MLN_LEAF_ZONE ? leaf->zone->display
                                         : leaf->external->name;
}

static void help_path(struct mln_diag *diag, const struct mln_leaf *from, const struct mln_leaf *to)
{
    if (from->kind != MLN_LEAF_EXTERNAL && to->kind != MLN_LEAF_EXTERNAL)
        mln_diag_help(diag, "peer %s with %s", from->zone->network->name, to->zone->network->name);
    else {
        bool out = to->kind == MLN_LEAF_EXTERNAL;
        mln_diag_help(diag,
                      "connect %s to a network, and lend its gateway to '%s' where they differ",
                      leaf_name(out ? to : from), (out ? from : to)->zone->network->name);
    }
}

bool mln_check_named_paths(struct mln_ctx *ctx, const struct mln_intent *intent)
{
    for (size_t i = 0; !intent->within && i < intent->from->len; i++)
        for (size_t k = 0; k < intent->to->len; k++) {
            const struct mln_leaf *from = &intent->from->parts[i].leaf,
                                  *to = &intent->to->parts[k].leaf;
            if (!by_name(from) || !by_name(to) || pair_joined(from, to))
                continue;
            struct mln_diag *diag =
                mln_report(ctx->diags, MLN_D_NO_PATH, to->span, "no path joins '%s' and '%s'",
                           leaf_name(from), leaf_name(to));
            help_path(diag, from, to);
            return false;
        }
    return true;
}

/* --- what no security rule can name --- */

static bool on_platform(struct mln_arena *a, const struct mln_leaf *leaf)
{
    enum mln_family f = leaf->prefix.family;
    return leaf->kind == MLN_LEAF_PREFIX &&
           mln_ipset_covers(mln_azure_platform_space(a, f),
                            mln_ipset_from_prefixes(a, f, &leaf->prefix, 1));
}

/* Host names need a firewall; the platform's addresses are filtered by their tags only, so a deny
 * of the address would be a false comfort [what-is-ip-address-168-63-129-16.md]. */
bool mln_check_nameable(struct mln_ctx *ctx, const struct mln_intent *intent)
{
    for (size_t i = 0; i < intent->to->len; i++) {
        const struct mln_leaf *leaf = &intent->to->parts[i].leaf;
        if (hosts_only(leaf)) {
            mln_report(ctx->diags, MLN_D_NOT_ENFORCEABLE, leaf->span,
                       "'%s' is host names only, which no security rule can name",
                       leaf->external->name);
            return false;
        }
        if (!on_platform(ctx->arena, leaf))
            continue;
        struct mln_diag *diag = mln_report(ctx->diags, MLN_D_NOT_ENFORCEABLE, leaf->span,
                                           "no security rule filters an address of the platform");
        mln_diag_help(diag, "name the tag AzurePlatformDNS, AzurePlatformIMDS or AzurePlatformLKM");
        return false;
    }
    return true;
}
