/* Lowering: every end is ordered by itself, then the ends of one NSG are laid side by side. Zones
 * that share an NSG have no address in common, so their rules never meet and only ranks and strata
 * have to agree. */
#include "rules/lower.h"
#include "azure/legal.h"
#include "rules/end.h"

#include <stdlib.h>
#include <string.h>

/* --- one NSG --- */

/* A rule's near side may be `*` where the NSG governs that zone alone and Azure insists on `*`
 * (Application Gateway: azure-docs#58458, aks-baseline#284; Bastion: bastion-nsg.md). */
static bool near_star(const struct mln_nsg *nsg, const struct mln_zone *zone)
{
    return nsg->zones.len == 1 && !zone->hosts_appliance &&
           (zone->role == MLN_ROLE_BASTION || zone->role == MLN_ROLE_APP_GATEWAY ||
            zone->role == MLN_ROLE_AKS);
}

static int by_order(const void *x, const void *y)
{
    const struct mln_rule *p = *(struct mln_rule *const *)x, *q = *(struct mln_rule *const *)y;
    if (p->rank != q->rank)
        return p->rank < q->rank ? -1 : 1;
    if (p->stratum != q->stratum)
        return p->stratum < q->stratum ? -1 : 1;
    if (p->action != q->action)
        return p->action < q->action ? -1 : 1;
    return 0;
}

/* A stable sort: qsort gives none, so the position is the last key. */
struct placed_rule {
    struct mln_rule *rule;
    size_t position;
};

static int by_order_and_position(const void *x, const void *y)
{
    const struct placed_rule *p = x, *q = y;
    int order = by_order(&p->rule, &q->rule);
    return order ? order : (p->position > q->position) - (p->position < q->position);
}

/* Strata get one numbering for the whole list: 0, 1, 2, ... */
static void number_strata(struct mln_rule_vec *rules)
{
    unsigned number = 0, last = 0;
    for (size_t i = 0; i < rules->len; i++) {
        struct mln_rule *rule = rules->data[i];
        const struct mln_rule *before = i ? rules->data[i - 1] : rule;
        /* The one before has its new number already. */
        if (before->rank != rule->rank || before->action != rule->action || last != rule->stratum)
            number += i > 0;
        last = rule->stratum;
        rule->stratum = number;
    }
}

static bool in_order(const struct mln_rule_vec *rules)
{
    for (size_t i = 1; i < rules->len; i++)
        if (by_order(&rules->data[i - 1], &rules->data[i]) > 0)
            return false;
    return true;
}

static void lay_out(struct mln_rule_vec *rules)
{
    if (!in_order(rules)) {
        struct mln_arena *scratch = mln_arena_new();
        struct placed_rule *placed = MLN_NEW_ARRAY(scratch, struct placed_rule, rules->len);
        for (size_t i = 0; i < rules->len; i++)
            placed[i] = (struct placed_rule){rules->data[i], i};
        qsort(placed, rules->len, sizeof *placed, by_order_and_position);
        for (size_t i = 0; i < rules->len; i++)
            rules->data[i] = placed[i].rule;
        mln_arena_free(scratch);
    }
    number_strata(rules);
}

/* --- defaults --- */

static struct mln_rule *default_rule(struct mln_ctx *ctx, enum mln_direction direction,
                                     enum mln_default_kind kind, const struct mln_zone *zone,
                                     int family)
{
    struct mln_rule *rule = MLN_NEW(ctx->arena, struct mln_rule);
    struct mln_rule_side any = {.kind = MLN_SIDE_ANY}, near = any;
    if (zone)
        near =
            (struct mln_rule_side){.kind = MLN_SIDE_PREFIXES, .prefixes = zone->addresses[family]};
    bool out = direction == MLN_OUTBOUND;
    *rule = (struct mln_rule){
        .direction = direction,
        .action = kind == MLN_DEFAULT_ALLOW ? MLN_ALLOW : MLN_DENY,
        .proto = MLN_PROTO_ANY,
        .src = out ? near : any,
        .dst = out ? any : near,
        .sport = mln_portset_all(ctx->arena),
        .dport = mln_portset_all(ctx->arena),
        .families = zone ? 1u << family : 3,
        .rank = 4,
        .base_name = kind == MLN_DEFAULT_ALLOW ? "default-allow" : "default-deny",
        .piece = out ? "out" : "in",
    };
    if (zone)
        rule->piece = mln_printf(ctx->arena, "%s-%s%s", zone->display, rule->piece,
                                 family == MLN_IPV6 ? "-v6" : "");
    return rule;
}

/* The default of an appliance's zone for what only passes through it. */
static void add_transit_default(struct mln_ctx *ctx, const struct mln_zone_ends *e,
                                struct mln_rule_vec *rules)
{
    enum mln_default_kind kind = e->at->defaults[e->direction];
    for (int f = 0; kind != MLN_DEFAULT_AZURE && f < MLN_FAMILIES; f++) {
        if (!e->zone->addresses[f]->len || !e->through[f]->len)
            continue;
        struct mln_rule *rule = default_rule(ctx, e->direction, kind, e->zone, f);
        rule->src =
            (struct mln_rule_side){.kind = MLN_SIDE_PREFIXES, .prefixes = e->zone->addresses[f]};
        rule->dst = (struct mln_rule_side){.kind = MLN_SIDE_PREFIXES, .prefixes = e->through[f]};
        rule->piece = mln_printf(ctx->arena, "from-%s", rule->piece);
        mln_vec_push(ctx->arena, rules, rule);
    }
}

/* One rule for all zones where they agree; `azure` is what follows by itself. */
static void add_defaults(struct mln_ctx *ctx, const struct mln_nsg *nsg,
                         enum mln_direction direction, struct mln_zone_ends *const *ends,
                         size_t end_count, struct mln_rule_vec *rules)
{
    bool same = true;
    for (size_t i = 1; i < nsg->zones.len; i++)
        same &= nsg->zones.data[i]->defaults[direction] == nsg->zones.data[0]->defaults[direction];
    unsigned stratum = rules->len ? rules->data[rules->len - 1]->stratum + 1 : 0;
    size_t first = rules->len;
    for (size_t i = 0; i < (same ? 1 : nsg->zones.len); i++) {
        const struct mln_zone *zone = nsg->zones.data[i];
        enum mln_default_kind kind = zone->defaults[direction];
        if (kind == MLN_DEFAULT_AZURE)
            continue;
        if (same)
            mln_vec_push(ctx->arena, rules, default_rule(ctx, direction, kind, NULL, 0));
        for (int f = 0; !same && f < MLN_FAMILIES; f++)
            if (zone->addresses[f]->len)
                mln_vec_push(ctx->arena, rules, default_rule(ctx, direction, kind, zone, f));
    }
    for (size_t i = 0; !same && i < end_count; i++)
        if (ends[i]->at != ends[i]->zone && ends[i]->direction == direction)
            add_transit_default(ctx, ends[i], rules);
    /* Those of different actions never meet, but a stratum has one action. */
    for (size_t i = first; i < rules->len; i++)
        rules->data[i]->stratum = stratum + (rules->data[i]->action == MLN_DENY);
    lay_out(rules);
}

/* Zones that share an NSG must be told apart by their addresses. */
static bool check_apart(struct mln_ctx *ctx, const struct mln_nsg *nsg)
{
    for (size_t i = 0; i < nsg->zones.len; i++)
        for (size_t k = 0; k < i; k++)
            for (int f = 0; f < MLN_FAMILIES; f++) {
                const struct mln_zone *x = nsg->zones.data[i], *y = nsg->zones.data[k];
                if (x->network == y->network ||
                    !mln_ipset_overlaps(x->addresses[f], y->addresses[f]))
                    continue;
                struct mln_diag *diag = mln_report(
                    ctx->diags, MLN_D_OVERLAP, x->span,
                    "zones '%s' and '%s' share the NSG '%s' and have addresses in common",
                    x->display, y->display, nsg->name);
                mln_diag_label(diag, y->span, "'%s' is declared here", y->display);
                return false;
            }
    return true;
}

static int by_nsg(const void *x, const void *y)
{
    const struct mln_zone_ends *p = *(struct mln_zone_ends *const *)x,
                               *q = *(struct mln_zone_ends *const *)y;
    if (p->nsg != q->nsg)
        return p->nsg->index < q->nsg->index ? -1 : 1;
    if (p->direction != q->direction)
        return p->direction < q->direction ? -1 : 1;
    if (p->zone != q->zone)
        return p->zone->index < q->zone->index ? -1 : 1;
    return 0;
}

/* What the tables stand on beside the zones that have ends: ends of zones without an NSG are only
 * there for the appliances they go through. */
static void group_by_nsg(struct mln_zone_ends_vec *ends)
{
    size_t kept = 0;
    for (size_t i = 0; i < ends->len; i++)
        if (ends->data[i]->nsg)
            ends->data[kept++] = ends->data[i];
    ends->len = kept;
    if (ends->len > 1)
        qsort(ends->data, ends->len, sizeof *ends->data, by_nsg);
}

static void find_idle(struct mln_findings *findings, const struct mln_lowered *lowered,
                      struct mln_arena *scratch)
{
    mln_findings_find_repeated(findings);
    for (size_t i = 0; i < lowered->problems.len; i++) {
        struct mln_problem *p = lowered->problems.data[i];
        if (p->ends->at != p->ends->zone || !mln_findings_wants_again(findings, p))
            continue;
        p->scratch = scratch;
        mln_problem_seal(p);
        mln_findings_again(findings, p);
        mln_problem_unseal(p);
        mln_arena_reset(scratch);
    }
}

/* Steps of the searches for orders: what all ends may take together, some seconds at the very
 * worst, and what is left to each even then. */
enum { MOST_STEPS = 20000000, MOST_STEPS_AN_INTENT = 500, LEAST_STEPS = 20000 };

static uint64_t steps_left(const struct mln_model *model, uint64_t used)
{
    uint64_t most = MOST_STEPS + MOST_STEPS_AN_INTENT * (uint64_t)model->intents.len;
    return used + LEAST_STEPS < most ? most - used : LEAST_STEPS;
}

struct mln_lowered *mln_lower(struct mln_ctx *ctx, struct mln_model *model)
{
    struct mln_lowered *lowered = MLN_NEW(ctx->arena, struct mln_lowered);
    lowered->first = MLN_NEW_ARRAY(ctx->arena, size_t, model->nsgs.len + 1);
    struct mln_zone_ends_vec ends = {0};
    mln_collect_ends(ctx, model, &ends);
    group_by_nsg(&ends);
    struct mln_findings *findings = mln_findings_new(ctx, model);
    struct mln_arena *scratch = mln_arena_new(); /* of one problem after the other */
    size_t next = 0;
    uint64_t steps = 0;
    for (size_t i = 0; i < model->nsgs.len; i++) {
        struct mln_nsg *nsg = model->nsgs.data[i];
        struct mln_table *table = MLN_NEW(ctx->arena, struct mln_table);
        table->nsg = nsg;
        table->incomplete = model->intents_missing;
        bool apart = check_apart(ctx, nsg);
        size_t before = next;
        for (; next < ends.len && ends.data[next]->nsg == nsg; next++) {
            struct mln_zone_ends *e = ends.data[next];
            struct mln_problem *p = mln_problem_new(ctx, model, e, near_star(nsg, e->zone));
            if (!apart)
                continue;
            p->scratch = scratch;
            bool own = e->at == e->zone;
            if (!own || !mln_findings_simple(findings, p)) {
                mln_problem_seal(p);
                if (own)
                    mln_findings_add(findings, p);
            }
            p->most_steps = steps_left(model, steps);
            mln_order(p, &table->rules[e->direction]);
            steps += p->steps;
            mln_problem_unseal(p);
            mln_arena_reset(scratch);
            mln_vec_push(ctx->arena, &lowered->problems, p);
        }
        lowered->first[i + 1] = lowered->problems.len;
        for (int d = 0; d < MLN_DIRECTIONS; d++) {
            lay_out(&table->rules[d]);
            add_defaults(ctx, nsg, (enum mln_direction)d, &ends.data[before], next - before,
                         &table->rules[d]);
        }
        mln_vec_push(ctx->arena, &lowered->tables, table);
    }
    find_idle(findings, lowered, scratch);
    mln_findings_report(findings);
    mln_arena_free(scratch);
    return lowered;
}
