/* Terms: what one side of an intent is at one zone.
 *
 * A side is a union of parts, each a leaf minus the `except` sides round it. Exact addresses of
 * many leaves become one term; `any`, each tag and each ASG is a term of its own, since a rule's
 * side holds one of them. Exceptions from exact addresses are subtracted at once. Exceptions from
 * `any` or a tag stay with the term: ordering turns them into rules before it. A nested exception,
 * t minus (c minus d), is (t minus c) and (t and d). */
#include "azure/platform.h"
#include "rules/end.h"

#include <string.h>

struct view {
    struct mln_ctx *ctx;
    const struct mln_model *model;
    const struct mln_intent *intent;
    const struct mln_zone *zone;
    const struct mln_zone
        *at; /* on whose subnet the NSG sits: another zone where traffic only passes */
    enum mln_direction direction;
    bool near;
    bool source; /* this side is the packets' source */
    bool inside_except;
};

static struct mln_arena *arena(const struct view *v)
{
    return v->ctx->arena;
}

/* --- elementary terms --- */

static struct mln_term exact_term(const struct view *v,
                                  const struct mln_ipset *const set[MLN_FAMILIES], bool by_name)
{
    struct mln_term term = {
        .side = {.kind = MLN_SIDE_PREFIXES}, .sayable = true, .by_name = by_name};
    for (int f = 0; f < MLN_FAMILIES; f++) {
        term.set[f] = set[f];
        if (v->near)
            term.set[f] = mln_ipset_intersect(arena(v), term.set[f], v->zone->addresses[f]);
        else if (!v->source)
            term.set[f] = mln_ipset_subtract(
                arena(v), term.set[f], mln_azure_platform_space(arena(v), (enum mln_family)f));
    }
    return term;
}

static struct mln_term any_term(const struct view *v)
{
    const struct mln_ipset *set[MLN_FAMILIES];
    for (int f = 0; f < MLN_FAMILIES; f++)
        set[f] =
            mln_ipset_subtract(arena(v), mln_ipset_all(arena(v), (enum mln_family)f),
                               v->source ? mln_azure_wire_server(arena(v), (enum mln_family)f)
                                         : mln_azure_platform_space(arena(v), (enum mln_family)f));
    struct mln_term term = exact_term(v, set, false);
    if (!v->near && v->at == v->zone)
        term.side.kind = MLN_SIDE_ANY;
    return term;
}

uint32_t mln_asg_var(const struct mln_model *model, const struct mln_asg *asg)
{
    return (uint32_t)mln_tags_count(model->options->tags) + asg->index;
}

static const struct mln_ipset *virtual_set(const struct view *v, const struct mln_tag *tag, int f)
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
        return v->source ? mln_azure_wire_server(arena(v), family)
                         : mln_ipset_empty(arena(v), family);
    case MLN_TAG_SERVICE:
        set = v->at->internet[f];
        if (tag->prefixes[f])
            set = mln_ipset_intersect(arena(v), set, tag->prefixes[f]);
        break;
    default: /* AzurePlatform*: destinations only */
        return v->source ? mln_ipset_empty(arena(v), family)
                         : mln_azure_platform_tag(arena(v), tag->kind, family);
    }
    if (!v->source)
        set = mln_ipset_subtract(arena(v), set, mln_azure_platform_space(arena(v), family));
    return set;
}

/* --expand-tags: the prefixes of the file instead of the name. The tag stays beside them to name
 * rules by. */
static bool is_expanded(const struct view *v, const struct mln_tag *tag, bool hosted)
{
    enum mln_expand expand = v->model->options->expand;
    return tag->kind == MLN_TAG_SERVICE && (tag->prefixes[MLN_IPV4] || tag->prefixes[MLN_IPV6]) &&
           (expand == MLN_EXPAND_ALWAYS || (expand == MLN_EXPAND_AGENTS && hosted));
}

static struct mln_term tag_term(const struct view *v, const struct mln_tag *tag, bool hosted)
{
    struct mln_term term = {.side = {.kind = MLN_SIDE_TAG, .tag = tag}, .sayable = true};
    for (int f = 0; f < MLN_FAMILIES; f++) {
        term.set[f] = virtual_set(v, tag, f);
        if (v->near)
            term.set[f] = mln_ipset_intersect(arena(v), term.set[f], v->zone->addresses[f]);
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
    return term;
}

struct mln_term mln_term_of_tag(struct mln_ctx *ctx, const struct mln_model *model,
                                const struct mln_tag *tag, const struct mln_zone *zone,
                                enum mln_direction direction)
{
    struct view v = {.ctx = ctx,
                     .model = model,
                     .zone = zone,
                     .at = zone,
                     .direction = direction,
                     .source = direction == MLN_INBOUND};
    return tag_term(&v, tag, false);
}

/* --- leaves --- */

static bool zones_joined(const struct view *v, const struct mln_zone *other)
{
    return v->direction == MLN_OUTBOUND ? mln_zones_joined(v->zone, other)
                                        : mln_zones_joined(other, v->zone);
}

static void add(const struct view *v, struct mln_term_vec *out, struct mln_term term)
{
    if (term.set[MLN_IPV4]->len || term.set[MLN_IPV6]->len)
        mln_vec_push(arena(v), out, term);
}

static void add_network(const struct view *v, const struct mln_network *network,
                        struct mln_term_vec *out)
{
    if (v->near || mln_networks_joined(v->zone->network, network)) {
        add(v, out, exact_term(v, network->space, false));
        return;
    }
    for (size_t i = 0; i < network->zones.len; i++)
        if (zones_joined(v, network->zones.data[i]))
            add(v, out, exact_term(v, network->zones.data[i]->addresses, false));
}

/* One report for all zones that meet the ASG: they come one after the other. */
static bool said(const struct view *v, enum mln_diag_id id, struct mln_span span)
{
    const struct mln_diags *diags = v->ctx->diags;
    for (size_t i = diags->list.len; i > 0 && i + 16 > diags->list.len; i--) {
        const struct mln_diag *diag = diags->list.data[i - 1];
        if (diag->id == id && diag->span.file == span.file && diag->span.lo == span.lo)
            return true;
    }
    return false;
}

static void report_asg(const struct view *v, const struct mln_leaf *leaf)
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

static void add_asg(const struct view *v, const struct mln_leaf *leaf, struct mln_term_vec *out)
{
    const struct mln_asg *asg = leaf->asg;
    if (v->near ? asg->zone != v->zone : !zones_joined(v, asg->zone))
        return;
    /* Members are network interfaces: the overlay behind them is not in the group. */
    const struct mln_ipset *set[MLN_FAMILIES];
    for (int f = 0; f < MLN_FAMILIES; f++)
        set[f] = mln_ipset_from_prefixes(arena(v), (enum mln_family)f, asg->zone->prefixes.data,
                                         asg->zone->prefixes.len);
    struct mln_term term = exact_term(v, set, true);
    if (asg->zone->network == v->at->network) {
        term.side = (struct mln_rule_side){.kind = MLN_SIDE_ASG, .asg = asg};
        term.vars[term.var_count++] = mln_asg_var(v->model, asg);
    } else
        report_asg(v, leaf);
    add(v, out, term);
}

static void add_joined(const struct view *v, const struct mln_ipset *const set[MLN_FAMILIES],
                       bool whole, struct mln_term_vec *out)
{
    if (v->near) {
        add(v, out, exact_term(v, set, true));
        return;
    }
    const struct mln_ipset *reached[MLN_FAMILIES];
    for (int f = 0; f < MLN_FAMILIES; f++) {
        reached[f] = mln_ipset_intersect(arena(v), set[f], v->zone->joined[v->direction][f]);
        if (whole && reached[f]->len)
            reached[f] = set[f];
    }
    add(v, out, exact_term(v, reached, true));
}

static void add_prefix(const struct view *v, const struct mln_prefix *prefix,
                       struct mln_term_vec *out)
{
    const struct mln_ipset *set[MLN_FAMILIES];
    for (int f = 0; f < MLN_FAMILIES; f++)
        set[f] = mln_ipset_from_prefixes(arena(v), (enum mln_family)f, prefix, 1);
    add_joined(v, set, true, out);
}

static void cut(const struct view *v, struct mln_term *term, const struct mln_services *spoken)
{
    struct mln_services *cut_to = MLN_NEW(arena(v), struct mln_services);
    *cut_to = mln_services_intersect(arena(v), &v->intent->services, spoken);
    term->services = cut_to;
}

static void add_endpoint(const struct view *v, const struct mln_endpoint *endpoint,
                         struct mln_term_vec *out)
{
    if (v->near ? endpoint->zone != v->zone : !zones_joined(v, endpoint->zone))
        return;
    struct mln_term term = exact_term(v, endpoint->addresses, true);
    if (!v->inside_except)
        cut(v, &term, &endpoint->sub->ports);
    if (!term.services || term.services->len)
        add(v, out, term);
}

/* A resource reached by its public side: the kind's service tag, regional where that exists for
 * NSGs. */
static void add_public_side(const struct view *v, const struct mln_resource *resource,
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
    struct mln_services *spoken = MLN_NEW(arena(v), struct mln_services);
    for (size_t i = 0; i < resource->kind->endpoints.len; i++)
        *spoken = mln_services_union(arena(v), spoken, &resource->kind->endpoints.data[i]->ports);
    if (resource->kind->endpoints.len && !v->inside_except)
        cut(v, &term, spoken);
    if (!term.services || term.services->len)
        add(v, out, term);
}

static void add_resource(const struct view *v, const struct mln_resource *resource,
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

static void add_hosted(const struct view *v, const struct mln_geography *geography,
                       struct mln_term_vec *out)
{
    const struct mln_tag *cloud = mln_tags_find(v->model->options->tags, "AzureCloud");
    for (size_t i = 0; cloud && i < geography->regions.len; i++) {
        const struct mln_tag *tag =
            mln_tags_regional(v->model->options->tags, cloud, geography->regions.data[i]);
        if (tag)
            add(v, out, tag_term(v, tag, true));
    }
}

static void add_leaf(const struct view *v, const struct mln_leaf *leaf, struct mln_term_vec *out)
{
    switch (leaf->kind) {
    case MLN_LEAF_ANY:
        add(v, out, any_term(v));
        break;
    case MLN_LEAF_NETWORK:
        add_network(v, leaf->network, out);
        break;
    case MLN_LEAF_ZONE:
        if (v->near ? leaf->zone == v->zone : zones_joined(v, leaf->zone))
            add(v, out, exact_term(v, leaf->zone->addresses, !leaf->through_group));
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
        add(v, out, tag_term(v, leaf->tag, false));
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

/* --- exceptions --- */

static bool overlap(const struct mln_term *x, const struct mln_term *y)
{
    return mln_ipset_overlaps(x->set[MLN_IPV4], y->set[MLN_IPV4]) ||
           mln_ipset_overlaps(x->set[MLN_IPV6], y->set[MLN_IPV6]);
}

static bool has_var(const struct mln_term *term, uint32_t var)
{
    for (unsigned i = 0; i < term->var_count; i++)
        if (term->vars[i] == var)
            return true;
    return false;
}

/* Is one of y's unknown sets not among x's? */
static bool lacks_vars(const struct mln_term *x, const struct mln_term *y)
{
    for (unsigned i = 0; i < y->var_count; i++)
        if (!has_var(x, y->vars[i]))
            return true;
    return false;
}

/* Everything of x, in the families where `among` has any address, lies in y, whatever the unknown
 * sets hold. */
static bool inside_where(const struct mln_term *x, const struct mln_term *y,
                         const struct mln_term *among)
{
    if (lacks_vars(x, y))
        return false;
    for (int f = 0; f < MLN_FAMILIES; f++)
        if (among->set[f]->len && !mln_ipset_covers(y->set[f], x->set[f]))
            return false;
    return true;
}

static bool inside(const struct mln_term *x, const struct mln_term *y)
{
    return inside_where(x, y, x);
}

static bool is_exact(const struct mln_term *term)
{
    return term->var_count == 0;
}

/* x and y together; unsayable where no rule can say it. */
static struct mln_term both(const struct view *v, const struct mln_term *x,
                            const struct mln_term *y)
{
    struct mln_term term = *x;
    for (int f = 0; f < MLN_FAMILIES; f++)
        term.set[f] = mln_ipset_intersect(arena(v), x->set[f], y->set[f]);
    for (unsigned i = 0; i < y->var_count; i++) {
        if (has_var(&term, y->vars[i]))
            continue;
        if (term.var_count == MLN_TERM_VARS) {
            mln_report(
                v->ctx->diags, MLN_D_NOT_EXPRESSIBLE, v->intent->span,
                "the exceptions of this intent nest more service tags than can be told apart");
            break;
        }
        term.vars[term.var_count++] = y->vars[i];
    }
    if (inside_where(x, y, &term))
        return term;
    if (inside_where(y, x, &term))
        term.side = y->side;
    else if (is_exact(x) && is_exact(y))
        term.side = (struct mln_rule_side){.kind = MLN_SIDE_PREFIXES};
    else
        term.sayable = false;
    return term;
}

static void subtract_one(const struct view *v, struct mln_term term, const struct mln_term *gone,
                         struct mln_term_vec *out);

/* The part, without what was excepted already from the term it is of: those exceptions have none of
 * their own. */
static void add_without(const struct view *v, struct mln_term part, const struct mln_term *of,
                        struct mln_term_vec *out)
{
    struct mln_term_vec parts = {0};
    add(v, &parts, part);
    for (size_t i = 0; i < of->minus_len; i++) {
        struct mln_term_vec left = {0};
        for (size_t k = 0; k < parts.len; k++)
            subtract_one(v, parts.data[k], &of->minus[i], &left);
        parts = left;
    }
    for (size_t k = 0; k < parts.len; k++)
        mln_vec_push(arena(v), out, parts.data[k]);
}

static void subtract_one(const struct view *v, struct mln_term term, const struct mln_term *gone,
                         struct mln_term_vec *out)
{
    for (size_t i = 0; i < gone->minus_len; i++) {
        struct mln_term back = both(v, &term, &gone->minus[i]);
        struct mln_term inside_gone = both(v, &back, gone);
        inside_gone.minus = NULL, inside_gone.minus_len = 0;
        add_without(v, inside_gone, &term, out);
    }
    if (!overlap(&term, gone)) {
        add(v, out, term);
        return;
    }
    if (inside(&term, gone))
        return;
    if (term.side.kind == MLN_SIDE_PREFIXES && is_exact(gone)) {
        for (int f = 0; f < MLN_FAMILIES; f++)
            term.set[f] = mln_ipset_subtract(arena(v), term.set[f], gone->set[f]);
        add(v, out, term);
        return;
    }
    struct mln_term *minus = MLN_NEW_ARRAY(arena(v), struct mln_term, term.minus_len + 1);
    if (term.minus_len)
        memcpy(minus, term.minus, term.minus_len * sizeof *minus);
    minus[term.minus_len] = *gone;
    minus[term.minus_len].minus = NULL;
    minus[term.minus_len].minus_len = 0;
    term.minus = minus;
    term.minus_len++;
    add(v, out, term);
}

static void side_terms(const struct view *v, const struct mln_side_set *side,
                       struct mln_term_vec *out);

static void part_terms(const struct view *v, const struct mln_side_part *part,
                       struct mln_term_vec *out)
{
    struct mln_term_vec terms = {0};
    if (part->minus_len == 0) { /* the usual case, without a list of its own */
        add_leaf(v, &part->leaf, out);
        return;
    }
    add_leaf(v, &part->leaf, &terms);
    struct view inner = *v;
    inner.inside_except = true;
    for (size_t m = 0; m < part->minus_len && terms.len; m++) {
        struct mln_term_vec gone = {0};
        side_terms(&inner, part->minus[m], &gone);
        for (size_t g = 0; g < gone.len; g++) {
            struct mln_term_vec left = {0};
            for (size_t i = 0; i < terms.len; i++)
                subtract_one(v, terms.data[i], &gone.data[g], &left);
            terms = left;
        }
    }
    for (size_t i = 0; i < terms.len; i++)
        mln_vec_push(arena(v), out, terms.data[i]);
}

/* --- unions --- */

static bool mergeable(const struct mln_term *term)
{
    return term->side.kind == MLN_SIDE_PREFIXES && is_exact(term) && term->minus_len == 0 &&
           term->sayable;
}

static bool same_services(const struct mln_services *x, const struct mln_services *y)
{
    if (x == y)
        return true;
    if (!x || !y || x->len != y->len)
        return false;
    for (size_t i = 0; i < x->len; i++)
        if (x->items[i].protos != y->items[i].protos ||
            !mln_portset_equal(x->items[i].sport, y->items[i].sport) ||
            !mln_portset_equal(x->items[i].dport, y->items[i].dport))
            return false;
    return true;
}

/* All exact terms of one kind of naming and one cut of services become one, by one sort of their
 * ranges. */
static void union_from(const struct view *v, struct mln_term_vec *terms, size_t first, bool *taken)
{
    struct mln_term *lead = &terms->data[first];
    MLN_VEC(struct mln_range) ranges[MLN_FAMILIES] = {0};
    size_t count = 0;
    for (size_t i = first; i < terms->len; i++) {
        struct mln_term *term = &terms->data[i];
        if (taken[i] || !mergeable(term) || term->by_name != lead->by_name ||
            !same_services(term->services, lead->services))
            continue;
        taken[i] = i != first;
        count++;
        for (int f = 0; f < MLN_FAMILIES; f++)
            for (size_t k = 0; k < term->set[f]->len; k++)
                mln_vec_push(arena(v), &ranges[f], term->set[f]->ranges[k]);
    }
    for (int f = 0; count > 1 && f < MLN_FAMILIES; f++)
        lead->set[f] =
            mln_ipset_from_ranges(arena(v), (enum mln_family)f, ranges[f].data, ranges[f].len);
}

static void unite(const struct view *v, struct mln_term_vec *terms)
{
    if (terms->len < 2)
        return;
    bool *taken = MLN_NEW_ARRAY(arena(v), bool, terms->len);
    for (size_t i = 0; i < terms->len; i++)
        if (!taken[i] && mergeable(&terms->data[i]))
            union_from(v, terms, i, taken);
    size_t kept = 0;
    for (size_t i = 0; i < terms->len; i++)
        if (!taken[i])
            terms->data[kept++] = terms->data[i];
    terms->len = kept;
}

static void side_terms(const struct view *v, const struct mln_side_set *side,
                       struct mln_term_vec *out)
{
    for (size_t i = 0; i < side->len; i++)
        part_terms(v, &side->parts[i], out);
    unite(v, out);
}

void mln_terms(struct mln_ctx *ctx, const struct mln_model *model, const struct mln_intent *intent,
               const struct mln_side_set *side, const struct mln_zone *zone,
               enum mln_direction direction, bool near, struct mln_term_vec *out)
{
    struct view v = {.ctx = ctx,
                     .model = model,
                     .intent = intent,
                     .zone = zone,
                     .at = zone,
                     .direction = direction,
                     .near = near,
                     .source = near == (direction == MLN_OUTBOUND)};
    side_terms(&v, side, out);
}

void mln_transit_terms(struct mln_ctx *ctx, const struct mln_model *model,
                       const struct mln_intent *intent, const struct mln_side_set *side,
                       const struct mln_zone *zone, const struct mln_zone *at,
                       const struct mln_ipset *const through[MLN_FAMILIES], bool near,
                       struct mln_term_vec *out)
{
    struct view v = {.ctx = ctx,
                     .model = model,
                     .intent = intent,
                     .zone = zone,
                     .at = at,
                     .direction = MLN_OUTBOUND,
                     .near = near,
                     .source = near};
    struct mln_term_vec terms = {0};
    side_terms(&v, side, &terms);
    for (size_t i = 0; i < terms.len; i++) {
        struct mln_term term = terms.data[i];
        for (int f = 0; !near && f < MLN_FAMILIES; f++)
            term.set[f] = mln_ipset_intersect(arena(&v), term.set[f], through[f]);
        add(&v, out, term);
    }
}

const struct mln_ipset *mln_term_rule_set(struct mln_ctx *ctx, const struct mln_term *term,
                                          enum mln_family family, enum mln_direction direction)
{
    if (term->side.kind != MLN_SIDE_ANY)
        return term->set[family];
    const struct mln_ipset *all = mln_ipset_all(ctx->arena, family);
    if (direction == MLN_INBOUND)
        return all;
    return mln_ipset_subtract(ctx->arena, all, mln_azure_platform_space(ctx->arena, family));
}
