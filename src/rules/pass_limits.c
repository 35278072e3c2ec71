/* Azure's limits [azure-virtual-network-limits; error codes as the service answers them].
 *
 * Addresses and ports are counted as the service's message counts them: the literal prefixes of one
 * side, or the port ranges of one side, summed over all rules of the NSG, both directions. `*`,
 * tags and security groups are no addresses, `*` is no port range. */
#include "rules/passes.h"

#include <assert.h>
#include <stdlib.h>

enum {
    MAX_RULES = 1000,
    MAX_VALUES = 4000, /* addresses or ports of one side, over all rules */
    MAX_ASGS =
        100, /* distinct, over all rules; a rule has one a side by construction (10 allowed) */
    MAX_PRODUCT =
        250000, /* sources x destinations x ports of a rule that guards private endpoints */
    HEAVIEST = 3,
};

struct limit {
    const char *what; /* "source addresses" */
    size_t (*weight)(const struct mln_rule *rule);
    size_t most;
    const char *azure_code;
    enum mln_diag_id id;
};

/* ---- weights ---- */

static size_t one(const struct mln_rule *rule)
{
    (void)rule;
    return 1;
}

static size_t side_weight(const struct mln_rule_side *side)
{
    return side->kind == MLN_SIDE_PREFIXES ? mln_ipset_prefix_count(side->prefixes) : 0;
}

static size_t port_weight(const struct mln_portset *ports)
{
    return mln_portset_is_all(ports) ? 0 : ports->len;
}

static size_t sources(const struct mln_rule *rule)
{
    return side_weight(&rule->src);
}

static size_t destinations(const struct mln_rule *rule)
{
    return side_weight(&rule->dst);
}

static size_t source_ports(const struct mln_rule *rule)
{
    return port_weight(rule->sport);
}

static size_t destination_ports(const struct mln_rule *rule)
{
    return port_weight(rule->dport);
}

static const char too_many_values[] = "SecurityRuleAddressesOrPortsPerSecurityGroupLimitReached";
static const struct limit limits[] = {
    {"security rules", one, MAX_RULES, "SecurityRuleCountLimitReached", MLN_D_TOO_MANY_RULES},
    {"source addresses", sources, MAX_VALUES, too_many_values, MLN_D_TOO_MANY_ADDRESSES},
    {"destination addresses", destinations, MAX_VALUES, too_many_values, MLN_D_TOO_MANY_ADDRESSES},
    {"source port ranges", source_ports, MAX_VALUES, too_many_values, MLN_D_TOO_MANY_PORTS},
    {"destination port ranges", destination_ports, MAX_VALUES, too_many_values,
     MLN_D_TOO_MANY_PORTS},
};

/* ---- who weighs most ---- */

struct share {
    const struct mln_intent *intent; /* NULL: `default` */
    size_t weight;
};
MLN_VEC_TYPE(shares, struct share);

static int by_intent(const void *a, const void *b)
{
    const struct share *x = a, *y = b;
    uint32_t xi = x->intent ? x->intent->index : UINT32_MAX;
    uint32_t yi = y->intent ? y->intent->index : UINT32_MAX;
    return xi < yi ? -1 : xi > yi;
}

static int by_weight(const void *a, const void *b)
{
    const struct share *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return by_intent(a, b);
}

/* Adds up what each intent brings and sorts, heaviest first. */
static void rank_shares(struct shares *all)
{
    size_t kept = 0;
    qsort(all->data, all->len, sizeof(*all->data), by_intent);
    for (size_t i = 0; i < all->len; i++) {
        if (kept > 0 && all->data[kept - 1].intent == all->data[i].intent)
            all->data[kept - 1].weight += all->data[i].weight;
        else
            all->data[kept++] = all->data[i];
    }
    all->len = kept;
    qsort(all->data, all->len, sizeof(*all->data), by_weight);
}

static void report(struct mln_ctx *ctx, const struct mln_table *table, const struct limit *limit,
                   size_t total, struct shares *all)
{
    struct mln_diag *diag =
        mln_report(ctx->diags, limit->id, table->nsg->span,
                   "network security group '%s' has %zu %s; Azure takes at most %zu (%s)",
                   table->nsg->name, total, limit->what, limit->most, limit->azure_code);
    rank_shares(all);
    for (size_t i = 0; i < all->len && i < HEAVIEST; i++) {
        const struct share *share = &all->data[i];
        if (share->intent)
            mln_diag_label(diag, share->intent->span, "'%s' brings %zu of them",
                           share->intent->name, share->weight);
        else
            mln_diag_note(
                diag, "rules that no intent names, such as those of 'default', bring %zu of them",
                share->weight);
    }
    mln_diag_help(diag, "give some of its zones a security group of their own with 'nsg', or say "
                        "the heaviest intents more widely");
}

static size_t total_weight(const struct mln_table *table, const struct limit *limit)
{
    size_t total = 0;
    for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++)
        for (size_t i = 0; i < table->rules[direction].len; i++)
            total += limit->weight(table->rules[direction].data[i]);
    return total;
}

static void check_limit(struct mln_ctx *ctx, const struct mln_table *table,
                        const struct limit *limit)
{
    size_t total = total_weight(table, limit);
    if (total <= limit->most)
        return;
    struct mln_arena *scratch = mln_arena_new();
    struct shares all = {0};
    for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++)
        for (size_t i = 0; i < table->rules[direction].len; i++) {
            const struct mln_rule *rule = table->rules[direction].data[i];
            struct share share = {.intent = rule->intent_count > 0 ? rule->intents[0] : NULL,
                                  .weight = limit->weight(rule)};
            if (share.weight > 0)
                mln_vec_push(scratch, &all, share);
        }
    report(ctx, table, limit, total, &all);
    mln_arena_free(scratch);
}

/* ---- security groups of rules ---- */

static int by_pointer(const void *a, const void *b)
{
    const struct mln_asg *x = *(const struct mln_asg *const *)a,
                         *y = *(const struct mln_asg *const *)b;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void check_asgs(struct mln_ctx *ctx, const struct mln_table *table)
{
    struct mln_arena *scratch = mln_arena_new();
    MLN_VEC(const struct mln_asg *) all = {0};
    size_t distinct = 0;
    for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++)
        for (size_t i = 0; i < table->rules[direction].len; i++) {
            const struct mln_rule *rule = table->rules[direction].data[i];
            if (rule->src.kind == MLN_SIDE_ASG)
                mln_vec_push(scratch, &all, rule->src.asg);
            if (rule->dst.kind == MLN_SIDE_ASG)
                mln_vec_push(scratch, &all, rule->dst.asg);
        }
    if (all.len > 0)
        qsort(all.data, all.len, sizeof(*all.data), by_pointer);
    for (size_t i = 0; i < all.len; i++)
        distinct += i == 0 || all.data[i] != all.data[i - 1];
    if (distinct > MAX_ASGS)
        mln_report(ctx->diags, MLN_D_TOO_MANY_ASGS, table->nsg->span,
                   "the rules of network security group '%s' name %zu application security groups; "
                   "Azure takes at most %d",
                   table->nsg->name, distinct, MAX_ASGS);
    mln_arena_free(scratch);
}

/* ---- rules over private endpoints ---- */

static bool guards_endpoints(const struct mln_nsg *nsg)
{
    for (size_t i = 0; i < nsg->zones.len; i++)
        if (nsg->zones.data[i]->holds_endpoint)
            return true;
    return false;
}

static size_t at_least_one(size_t count)
{
    return count > 0 ? count : 1;
}

/* [private-endpoint-overview: "NSG has too many sources/destinations/ports"] */
static void check_product(struct mln_ctx *ctx, const struct mln_table *table,
                          const struct mln_rule *rule)
{
    size_t src = at_least_one(sources(rule)), dst = at_least_one(destinations(rule));
    size_t ports = at_least_one(port_weight(rule->dport));
    if (src * dst * ports > MAX_PRODUCT)
        mln_report(ctx->diags, MLN_D_ENDPOINT_PRODUCT,
                   rule->intent_count > 0 ? rule->intents[0]->span : table->nsg->span,
                   "rule '%s' of '%s' has %zu sources x %zu destinations x %zu port ranges; over "
                   "private endpoints Azure takes at most %d combinations",
                   rule->name, table->nsg->name, src, dst, ports, MAX_PRODUCT);
}

/* What lowering and merging guarantee. */
static void assert_legal(const struct mln_rule *rule)
{
    bool has_ports = rule->proto == MLN_PROTO_TCP || rule->proto == MLN_PROTO_UDP ||
                     rule->proto == MLN_PROTO_ANY;
    const struct mln_rule_side *sides[] = {&rule->src, &rule->dst};
    assert(has_ports || (mln_portset_is_all(rule->sport) && mln_portset_is_all(rule->dport)));
    assert(rule->sport->len > 0 && rule->dport->len > 0 && rule->proto != MLN_PROTO_OTHER);
    for (size_t i = 0; i < 2; i++)
        assert(sides[i]->kind != MLN_SIDE_PREFIXES ||
               (sides[i]->prefixes->len > 0 && rule->families == 1u << sides[i]->prefixes->family));
    (void)has_ports;
    (void)sides;
}

void mln_pass_limits(struct mln_ctx *ctx, struct mln_table *table)
{
    bool endpoints = guards_endpoints(table->nsg);
    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
        check_limit(ctx, table, &limits[i]);
    check_asgs(ctx, table);
    for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++)
        for (size_t i = 0; i < table->rules[direction].len; i++) {
            assert_legal(table->rules[direction].data[i]);
            if (endpoints)
                check_product(ctx, table, table->rules[direction].data[i]);
        }
}
