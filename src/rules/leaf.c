/* Leaves: what one thing that a side names is at one zone. */
#include "rules/leaf.h"
#include "azure/platform.h"

/* --- elementary terms --- */

static struct mln_term exact_term(const struct mln_view *v,
                                  const struct mln_ipset *const set[MLN_FAMILIES], bool by_name)
{
    struct mln_term term = {
        .side = {.kind = MLN_SIDE_PREFIXES}, .sayable = true, .by_name = by_name};
    for (int f = 0; f < MLN_FAMILIES; f++) {
        term.set[f] = set[f];
        if (v->near)
            term.set[f] =
                mln_ipset_intersect(mln_view_arena(v), term.set[f], v->zone->addresses[f]);
        else if (!v->source)
            term.set[f] =
                mln_ipset_subtract(mln_view_arena(v), term.set[f],
                                   mln_azure_platform_space(mln_view_arena(v), (enum mln_family)f));
    }
    return term;
}

static struct mln_term any_term(const struct mln_view *v)
{
    const struct mln_ipset *set[MLN_FAMILIES];
    for (int f = 0; f < MLN_FAMILIES; f++)
        set[f] = mln_ipset_subtract(
            mln_view_arena(v), mln_ipset_all(mln_view_arena(v), (enum mln_family)f),
            v->source ? mln_azure_wire_server(mln_view_arena(v), (enum mln_family)f)
                      : mln_azure_platform_space(mln_view_arena(v), (enum mln_family)f));
    struct mln_term term = exact_term(v, set, false);
    if (!v->near && v->at == v->zone)
        term.side.kind = MLN_SIDE_ANY;
    return term;
}

uint32_t mln_asg_var(const struct mln_model *model, const struct mln_asg *asg)
{
    return (uint32_t)mln_tags_count(model->options->tags) + asg->index;
}

static const struct mln_ipset *virtual_set(const struct mln_view *v, const struct mln_tag *tag,
                                           int f)
{
    enum mln_family family = (enum mln_family)f;
    const struct mln_ipset *set;
    switch (tag->kind) {
    case MLN_TAG_VIRTUAL_NETWORK:
        set = v->zone->virtual_network[f];
        break;
    case MLN_TAG_INTERNET:
        set = v->zone->internet[f];
        break;
    case MLN_TAG_LOAD_BALANCER:
        return v->source ? mln_azure_wire_server(mln_view_arena(v), family)
                         : mln_ipset_empty(mln_view_arena(v), family);
    case MLN_TAG_SERVICE:
        set = v->at->internet[f];
        if (tag->prefixes[f])
            set = mln_ipset_intersect(mln_view_arena(v), set, tag->prefixes[f]);
        break;
    default: /* AzurePlatform*: destinations only */
        return v->source ? mln_ipset_empty(mln_view_arena(v), family)
                         : mln_azure_platform_tag(mln_view_arena(v), tag->kind, family);
    }
    if (!v->source)
        set = mln_ipset_subtract(mln_view_arena(v), set,
                                 mln_azure_platform_space(mln_view_arena(v), family));
    return set;
}

/* --expand-tags: the prefixes of the file instead of the name. The tag stays beside them to name
 * rules by. */
static bool is_expanded(const struct mln_view *v, const struct mln_tag *tag, bool hosted)
{
    enum mln_expand expand = v->model->options->expand;
    return tag->kind == MLN_TAG_SERVICE && (tag->prefixes[MLN_IPV4] || tag->prefixes[MLN_IPV6]) &&
           (expand == MLN_EXPAND_ALWAYS || (expand == MLN_EXPAND_AGENTS && hosted));
}

static struct mln_term tag_term(const struct mln_view *v, const struct mln_tag *tag, bool hosted)
{
    struct mln_term term = {.side = {.kind = MLN_SIDE_TAG, .tag = tag}, .sayable = true};
    for (int f = 0; f < MLN_FAMILIES; f++) {
        term.set[f] = virtual_set(v, tag, f);
        if (v->near)
            term.set[f] =
                mln_ipset_intersect(mln_view_arena(v), term.set[f], v->zone->addresses[f]);
    }
    if (v->near || (v->at != v->zone && tag->kind != MLN_TAG_SERVICE))
        term.side = (struct mln_rule_side){.kind = MLN_SIDE_PREFIXES};
    else if (is_expanded(v, tag, hosted))
        term.side.kind = MLN_SIDE_PREFIXES;
    else if (tag->kind == MLN_TAG_SERVICE && !tag->prefixes[MLN_IPV4] && !tag->prefixes[MLN_IPV6]) {
        if (tag->parent)
            term.vars[term.var_count++] = tag->parent->number;
        term.vars[term.var_count++] = tag->number;
    }
    /* Which private addresses are in the network of an NSG that was read alone is unknown; its own
     * subnet is. */
    if (v->zone->unplaced && !v->near && tag->kind == MLN_TAG_VIRTUAL_NETWORK)
        term.vars[term.var_count++] = tag->number;
    return term;
}

struct mln_term mln_term_of_tag(struct mln_ctx *ctx, const struct mln_model *model,
                                const struct mln_tag *tag, const struct mln_zone *zone,
                                enum mln_direction direction)
{
    struct mln_view v = {.ctx = ctx,
                         .model = model,
                         .zone = zone,
                         .at = zone,
                         .direction = direction,
                         .source = direction == MLN_INBOUND};
    return tag_term(&v, tag, false);
}

/* --- leaves --- */

static bool zones_joined(const struct mln_view *v, const struct mln_zone *other)
{
    return v->direction == MLN_OUTBOUND ? mln_zones_joined(v->zone, other)
                                        : mln_zones_joined(other, v->zone);
}

void mln_term_add(const struct mln_view *v, struct mln_term_vec *out, struct mln_term term)
{
    if (term.set[MLN_IPV4]->len || term.set[MLN_IPV6]->len)
        mln_vec_push(mln_view_arena(v), out, term);
}

static void add_network(const struct mln_view *v, const struct mln_network *network,
                        struct mln_term_vec *out)
{
    if (v->near || mln_networks_joined(v->zone->network, network)) {
        mln_term_add(v, out, exact_term(v, network->space, false));
        return;
    }
    for (size_t i = 0; i < network->zones.len; i++)
        if (zones_joined(v, network->zones.data[i]))
            mln_term_add(v, out, exact_term(v, network->zones.data[i]->addresses, false));
}

/* One report for all zones that meet the ASG: they come one after the other. */
static bool said(const struct mln_view *v, enum mln_diag_id id, struct mln_span span)
{
    const struct mln_diags *diags = v->ctx->diags;
    for (size_t i = diags->list.len; i > 0 && i + 16 > diags->list.len; i--) {
        const struct mln_diag *diag = diags->list.data[i - 1];
        if (diag->id == id && diag->span.file == span.file && diag->span.lo == span.lo)
            return true;
    }
    return false;
}

static void report_asg(const struct mln_view *v, const struct mln_leaf *leaf)
{
    bool exact = v->inside_except || v->intent->verb != MLN_VERB_ALLOW;
    if (said(v, exact ? MLN_D_ASG_NOT_EXACT : MLN_D_ASG_ELSEWHERE, leaf->span))
        return;
    if (exact)
        mln_report(
            v->ctx->diags, MLN_D_ASG_NOT_EXACT, leaf->span,
            "the ASG '%s' cannot be named by the NSG of zone '%s', which lies in another network",
            leaf->asg->name, v->at->display);
    else
        mln_report(v->ctx->diags, MLN_D_ASG_ELSEWHERE, leaf->span,
                   "at zone '%s' of another network the ASG '%s' is written as the whole zone '%s'",
                   v->at->display, leaf->asg->name, leaf->asg->zone->display);
}

static void add_asg(const struct mln_view *v, const struct mln_leaf *leaf, struct mln_term_vec *out)
{
    const struct mln_asg *asg = leaf->asg;
    if (v->near ? asg->zone != v->zone : !zones_joined(v, asg->zone))
        return;
    /* Members are network interfaces: the overlay behind them is not in the group. */
    const struct mln_ipset *set[MLN_FAMILIES];
    for (int f = 0; f < MLN_FAMILIES; f++)
        set[f] = mln_ipset_from_prefixes(mln_view_arena(v), (enum mln_family)f,
                                         asg->zone->prefixes.data, asg->zone->prefixes.len);
    struct mln_term term = exact_term(v, set, true);
    if (asg->zone->network == v->at->network) {
        term.side = (struct mln_rule_side){.kind = MLN_SIDE_ASG, .asg = asg};
        term.vars[term.var_count++] = mln_asg_var(v->model, asg);
    } else
        report_asg(v, leaf);
    mln_term_add(v, out, term);
}

static void add_joined(const struct mln_view *v, const struct mln_ipset *const set[MLN_FAMILIES],
                       bool whole, struct mln_term_vec *out)
{
    if (v->near) {
        mln_term_add(v, out, exact_term(v, set, true));
        return;
    }
    const struct mln_ipset *reached[MLN_FAMILIES];
    for (int f = 0; f < MLN_FAMILIES; f++) {
        reached[f] =
            mln_ipset_intersect(mln_view_arena(v), set[f], v->zone->joined[v->direction][f]);
        if (whole && reached[f]->len)
            reached[f] = set[f];
    }
    mln_term_add(v, out, exact_term(v, reached, true));
}

static void add_prefix(const struct mln_view *v, const struct mln_prefix *prefix,
                       struct mln_term_vec *out)
{
    const struct mln_ipset *set[MLN_FAMILIES];
    for (int f = 0; f < MLN_FAMILIES; f++)
        set[f] = mln_ipset_from_prefixes(mln_view_arena(v), (enum mln_family)f, prefix, 1);
    add_joined(v, set, true, out);
}

static void cut(const struct mln_view *v, struct mln_term *term, const struct mln_services *spoken)
{
    struct mln_services *cut_to = MLN_NEW(mln_view_arena(v), struct mln_services);
    *cut_to = mln_services_intersect(mln_view_arena(v), &v->intent->services, spoken);
    term->services = cut_to;
}

static void add_endpoint(const struct mln_view *v, const struct mln_endpoint *endpoint,
                         struct mln_term_vec *out)
{
    if (v->near ? endpoint->zone != v->zone : !zones_joined(v, endpoint->zone))
        return;
    struct mln_term term = exact_term(v, endpoint->addresses, true);
    if (!v->inside_except)
        cut(v, &term, &endpoint->sub->ports);
    if (!term.services || term.services->len)
        mln_term_add(v, out, term);
}

/* A resource reached by its public side: the kind's service tag, regional where that exists for
 * NSGs. */
static void add_public_side(const struct mln_view *v, const struct mln_resource *resource,
                            struct mln_term_vec *out)
{
    const struct mln_tags *tags = v->model->options->tags;
    const struct mln_tag *tag =
        resource->kind->tag ? mln_tags_find(tags, resource->kind->tag) : NULL;
    if (!tag || v->near)
        return;
    const struct mln_tag *regional =
        resource->region ? mln_tags_regional(tags, tag, resource->region) : NULL;
    struct mln_term term =
        tag_term(v, regional && regional->features & MLN_FEATURE_NSG ? regional : tag, false);
    struct mln_services *spoken = MLN_NEW(mln_view_arena(v), struct mln_services);
    for (size_t i = 0; i < resource->kind->endpoints.len; i++)
        *spoken = mln_services_union(mln_view_arena(v), spoken,
                                     &resource->kind->endpoints.data[i]->ports);
    if (resource->kind->endpoints.len && !v->inside_except)
        cut(v, &term, spoken);
    if (!term.services || term.services->len)
        mln_term_add(v, out, term);
}

static void add_resource(const struct mln_view *v, const struct mln_resource *resource,
                         struct mln_term_vec *out)
{
    size_t before = out->len;
    bool joined = false;
    for (size_t i = 0; i < resource->endpoints.len; i++) {
        joined |= v->near || zones_joined(v, resource->endpoints.data[i]->zone);
        add_endpoint(v, resource->endpoints.data[i], out);
    }
    if (out->len == before && !joined &&
        (v->inside_except || mln_zone_goes_public(v->zone, resource)))
        add_public_side(v, resource, out);
}

static void add_hosted(const struct mln_view *v, const struct mln_geography *geography,
                       struct mln_term_vec *out)
{
    const struct mln_tag *cloud = mln_tags_find(v->model->options->tags, "AzureCloud");
    for (size_t i = 0; cloud && i < geography->regions.len; i++) {
        const struct mln_tag *tag =
            mln_tags_regional(v->model->options->tags, cloud, geography->regions.data[i]);
        if (tag)
            mln_term_add(v, out, tag_term(v, tag, true));
    }
}

void mln_leaf_terms(const struct mln_view *v, const struct mln_leaf *leaf, struct mln_term_vec *out)
{
    switch (leaf->kind) {
    case MLN_LEAF_ANY:
        mln_term_add(v, out, any_term(v));
        break;
    case MLN_LEAF_NETWORK:
        add_network(v, leaf->network, out);
        break;
    case MLN_LEAF_ZONE:
        if (v->near ? mln_zone_holds(leaf->zone, v->zone) : zones_joined(v, leaf->zone))
            mln_term_add(v, out, exact_term(v, leaf->zone->addresses, !leaf->through_group));
        break;
    case MLN_LEAF_ASG:
        add_asg(v, leaf, out);
        break;
    case MLN_LEAF_EXTERNAL:
        add_joined(v, leaf->external->addresses, false, out);
        break;
    case MLN_LEAF_PREFIX:
        add_prefix(v, &leaf->prefix, out);
        break;
    case MLN_LEAF_TAG:
        mln_term_add(v, out, tag_term(v, leaf->tag, false));
        break;
    case MLN_LEAF_RESOURCE:
        add_resource(v, leaf->resource, out);
        break;
    case MLN_LEAF_ENDPOINT:
        add_endpoint(v, leaf->endpoint, out);
        break;
    case MLN_LEAF_HOSTED_AGENTS:
        add_hosted(v, leaf->geography, out);
        break;
    }
}
