/* Terms: what one side of an intent is at one zone.
 *
 * A side is a union of parts, each a leaf minus the `except` sides round it. Exact addresses of
 * many leaves become one term; `any`, each tag and each ASG is a term of its own, since a rule's
 * side holds one of them. Exceptions from exact addresses are subtracted at once. Exceptions from
 * `any` or a tag stay with the term: ordering turns them into rules before it. A nested exception,
 * t minus (c minus d), is (t minus c) and (t and d). */
#include "azure/platform.h"
#include "rules/leaf.h"

#include <string.h>

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

bool mln_term_inside(const struct mln_term *x, const struct mln_term *y)
{
    return inside_where(x, y, x);
}

static bool is_exact(const struct mln_term *term)
{
    return term->var_count == 0;
}

/* x and y together; unsayable where no rule can say it. */
static struct mln_term both(const struct mln_view *v, const struct mln_term *x,
                            const struct mln_term *y)
{
    struct mln_term term = *x;
    for (int f = 0; f < MLN_FAMILIES; f++)
        term.set[f] = mln_ipset_intersect(mln_view_arena(v), x->set[f], y->set[f]);
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

static void subtract_one(const struct mln_view *v, struct mln_term term,
                         const struct mln_term *gone, struct mln_term_vec *out);

/* The part, without what was excepted already from the term it is of: those exceptions have none of
 * their own. */
static void add_without(const struct mln_view *v, struct mln_term part, const struct mln_term *of,
                        struct mln_term_vec *out)
{
    struct mln_term_vec parts = {0};
    mln_term_add(v, &parts, part);
    for (size_t i = 0; i < of->minus_len; i++) {
        struct mln_term_vec left = {0};
        for (size_t k = 0; k < parts.len; k++)
            subtract_one(v, parts.data[k], &of->minus[i], &left);
        parts = left;
    }
    for (size_t k = 0; k < parts.len; k++)
        mln_vec_push(mln_view_arena(v), out, parts.data[k]);
}

static void subtract_one(const struct mln_view *v, struct mln_term term,
                         const struct mln_term *gone, struct mln_term_vec *out)
{
    for (size_t i = 0; i < gone->minus_len; i++) {
        struct mln_term back = both(v, &term, &gone->minus[i]);
        struct mln_term inside_gone = both(v, &back, gone);
        inside_gone.minus = NULL, inside_gone.minus_len = 0;
        add_without(v, inside_gone, &term, out);
    }
    if (!overlap(&term, gone)) {
        mln_term_add(v, out, term);
        return;
    }
    if (mln_term_inside(&term, gone))
        return;
    if (term.side.kind == MLN_SIDE_PREFIXES && is_exact(gone)) {
        for (int f = 0; f < MLN_FAMILIES; f++)
            term.set[f] = mln_ipset_subtract(mln_view_arena(v), term.set[f], gone->set[f]);
        mln_term_add(v, out, term);
        return;
    }
    struct mln_term *minus = MLN_NEW_ARRAY(mln_view_arena(v), struct mln_term, term.minus_len + 1);
    if (term.minus_len)
        memcpy(minus, term.minus, term.minus_len * sizeof *minus);
    minus[term.minus_len] = *gone;
    minus[term.minus_len].minus = NULL;
    minus[term.minus_len].minus_len = 0;
    term.minus = minus;
    term.minus_len++;
    mln_term_add(v, out, term);
}

static void side_terms(const struct mln_view *v, const struct mln_side_set *side,
                       struct mln_term_vec *out);

static void part_terms(const struct mln_view *v, const struct mln_side_part *part,
                       struct mln_term_vec *out)
{
    struct mln_term_vec terms = {0};
    if (part->minus_len == 0) { /* the usual case, without a list of its own */
        mln_leaf_terms(v, &part->leaf, out);
        return;
    }
    mln_leaf_terms(v, &part->leaf, &terms);
    struct mln_view inner = *v;
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
        mln_vec_push(mln_view_arena(v), out, terms.data[i]);
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
static void union_from(const struct mln_view *v, struct mln_term_vec *terms, size_t first,
                       bool *taken)
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
                mln_vec_push(mln_view_arena(v), &ranges[f], term->set[f]->ranges[k]);
    }
    for (int f = 0; count > 1 && f < MLN_FAMILIES; f++)
        lead->set[f] = mln_ipset_from_ranges(mln_view_arena(v), (enum mln_family)f, ranges[f].data,
                                             ranges[f].len);
}

static void unite(const struct mln_view *v, struct mln_term_vec *terms)
{
    if (terms->len < 2)
        return;
    bool *taken = MLN_NEW_ARRAY(mln_view_arena(v), bool, terms->len);
    for (size_t i = 0; i < terms->len; i++)
        if (!taken[i] && mergeable(&terms->data[i]))
            union_from(v, terms, i, taken);
    size_t kept = 0;
    for (size_t i = 0; i < terms->len; i++)
        if (!taken[i])
            terms->data[kept++] = terms->data[i];
    terms->len = kept;
}

static void side_terms(const struct mln_view *v, const struct mln_side_set *side,
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
    struct mln_view v = {.ctx = ctx,
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
    struct mln_view v = {.ctx = ctx,
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
            term.set[f] = mln_ipset_intersect(mln_view_arena(&v), term.set[f], through[f]);
        mln_term_add(&v, out, term);
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
