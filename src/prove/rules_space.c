/* A rule's side is a set of addresses and the unknown sets it must also lie in; how lowering sees a
 * tag from a zone (rules/term.c) is how a rule that names it is read. */
#include "prove/rules_space.h"

#include "azure/platform.h"

#include <string.h>
#include <strings.h>

/* --- rules as matches --- */

struct side {
    const struct mln_ipset *set;
    uint32_t vars[MLN_TERM_VARS];
    unsigned var_count;
};

/* Read back from JSON, an ASG is a name; the model knows which it is. */
static const struct mln_asg *find_asg(const struct mln_model *model, const char *name)
{
    for (size_t i = 0; i < model->asgs.len; i++)
        if (strcasecmp(model->asgs.data[i]->name, name) == 0)
            return model->asgs.data[i];
    return NULL;
}

/* At its own end the subnet of an NSG that was read alone is part of its virtual network. */
static struct side own_side(const struct mln_rules_view *r, const struct mln_tag *tag)
{
    bool inside = tag->kind == MLN_TAG_VIRTUAL_NETWORK;
    return (struct side){.set = inside ? r->zone->addresses[r->family]
                                       : mln_ipset_empty(r->ctx->arena, r->family)};
}

static struct side tag_side(const struct mln_rules_view *r, const struct mln_tag *tag, bool source)
{
    struct side side = {0};
    if (r->zone->unplaced && source == (r->direction == MLN_OUTBOUND))
        return own_side(r, tag);
    struct mln_term term =
        mln_term_of_tag(r->ctx, r->model, tag, r->zone, source ? MLN_INBOUND : MLN_OUTBOUND);
    side.set = term.set[r->family];
    side.var_count = term.var_count;
    memcpy(side.vars, term.vars, sizeof side.vars);
    return side;
}

static struct side side_of(const struct mln_rules_view *r, const struct mln_rule_side *rule_side,
                           bool source)
{
    struct mln_arena *a = r->ctx->arena;
    struct side side = {.set = mln_ipset_all(a, r->family)};
    switch (rule_side->kind) {
    case MLN_SIDE_TAG:
        return tag_side(r, rule_side->tag, source);
    case MLN_SIDE_ANY:
        break;
    case MLN_SIDE_PREFIXES:
        side.set = rule_side->prefixes->family == r->family ? rule_side->prefixes
                                                            : mln_ipset_empty(a, r->family);
        break;
    case MLN_SIDE_ASG: {
        const struct mln_asg *asg = find_asg(r->model, rule_side->asg->name);
        side.set = mln_ipset_from_prefixes(a, r->family, asg ? asg->zone->prefixes.data : NULL,
                                           asg ? asg->zone->prefixes.len : 0);
        if (asg)
            side.vars[side.var_count++] = mln_asg_var(r->model, asg);
        break;
    }
    }
    if (!source) /* platform addresses are reached by their tags only */
        side.set = mln_ipset_subtract(a, side.set, mln_azure_platform_space(a, r->family));
    return side;
}

static const uint32_t *keep(const struct mln_rules_view *r, const struct side *side)
{
    uint32_t *vars = MLN_NEW_ARRAY(r->ctx->arena, uint32_t, side->var_count);
    memcpy(vars, side->vars, side->var_count * sizeof *vars);
    return vars;
}

static struct mln_match rule_match(const struct mln_rules_view *r, const struct mln_rule *rule)
{
    struct side src = side_of(r, &rule->src, true), dst = side_of(r, &rule->dst, false);
    unsigned protos = rule->proto == MLN_PROTO_ANY ? MLN_PROTOS_ALL : MLN_PROTO_BIT(rule->proto);
    protos = mln_protos_with_ports(protos, rule->sport, rule->dport);
    if (r->family == MLN_IPV6) /* an NSG has no ICMPv6 [ipv6-overview.md] */
        protos &= rule->proto == MLN_PROTO_ICMP ? 0 : MLN_PROTOS_ALL;
    if (!(rule->families >> r->family & 1))
        protos = 0;
    return (struct mln_match){.src = src.set,
                              .dst = dst.set,
                              .src_vars = keep(r, &src),
                              .dst_vars = keep(r, &dst),
                              .src_var_count = src.var_count,
                              .dst_var_count = dst.var_count,
                              .protos = protos,
                              .sport = rule->sport,
                              .dport = rule->dport};
}

/* --- the list --- */

static struct mln_match default_match(const struct mln_rules_view *r,
                                      const struct mln_azure_default_rule *d)
{
    const struct mln_tags *tags = r->model->options->tags;
    struct mln_rule_side any = {.kind = MLN_SIDE_ANY}, src = any, dst = any;
    if (strcmp(d->src, "*") != 0)
        src = (struct mln_rule_side){.kind = MLN_SIDE_TAG, .tag = mln_tags_find(tags, d->src)};
    if (strcmp(d->dst, "*") != 0)
        dst = (struct mln_rule_side){.kind = MLN_SIDE_TAG, .tag = mln_tags_find(tags, d->dst)};
    const struct mln_rule rule = {.proto = MLN_PROTO_ANY,
                                  .src = src,
                                  .dst = dst,
                                  .families = 3,
                                  .sport = mln_portset_all(r->ctx->arena),
                                  .dport = mln_portset_all(r->ctx->arena)};
    return rule_match(r, &rule);
}

void mln_rules_entries(const struct mln_rules_view *view, const struct mln_rule_vec *rules,
                       struct mln_rules_entry_vec *out)
{
    struct mln_arena *a = view->ctx->arena;
    for (size_t i = 0; i < rules->len; i++) {
        struct mln_rules_entry entry = {.match = rule_match(view, rules->data[i]),
                                        .allow = rules->data[i]->action == MLN_ALLOW,
                                        .rule = rules->data[i]};
        mln_vec_push(a, out, entry);
    }
    if (view->direction == MLN_OUTBOUND) {
        struct mln_rules_entry pass = {
            .match = {.dst = mln_azure_platform_space(a, view->family), .protos = MLN_PROTOS_ALL},
            .allow = true};
        mln_vec_push(a, out, pass);
    }
    for (size_t i = 0; i < MLN_AZURE_DEFAULT_RULES; i++) {
        const struct mln_azure_default_rule *d = &mln_azure_default_rules[i];
        struct mln_rules_entry entry = {.allow = d->action == MLN_ALLOW, .azure = d};
        if (d->direction != view->direction)
            continue;
        entry.match = default_match(view, d);
        mln_vec_push(a, out, entry);
    }
}

enum mln_verdict mln_rules_verdict(const struct mln_rules_list *list, const uint64_t *alive,
                                   const uint64_t *sure)
{
    enum mln_verdict so_far = MLN_VERDICT_OPEN;
    size_t end = list->first + list->count;
    for (size_t w = list->first / 64; w * 64 < end; w++) {
        uint64_t bits = alive[w];
        if (w == list->first / 64)
            bits &= ~UINT64_C(0) << list->first % 64;
        for (; bits; bits &= bits - 1) {
            size_t i = w * 64 + (size_t)__builtin_ctzll(bits);
            if (i >= end)
                break;
            enum mln_verdict says = mln_bit(list->allows, i) ? MLN_VERDICT_ALLOW : MLN_VERDICT_DENY;
            if (so_far != MLN_VERDICT_OPEN && says != so_far)
                return MLN_VERDICT_OPEN;
            so_far = says;
            if (mln_bit(sure, i))
                return says;
        }
    }
    return so_far == MLN_VERDICT_OPEN ? MLN_VERDICT_DENY : so_far;
}
