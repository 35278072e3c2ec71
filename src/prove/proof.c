/* One search per zone, direction and family: is there a packet on which policy and rules differ? Both verdicts are
 * functions of the matches a packet lies in, and both are three-valued on the nodes of the search, so
 * a subtree in which they agree is left at once. */
#include "prove/proof.h"

#include "azure/legal.h"
#include "azure/platform.h"
#include "rules/end.h"

#include <string.h>
#include <strings.h>

/* --- rules as matches --- */

struct reader {
    struct mln_ctx *ctx;
    const struct mln_model *model;
    const struct mln_zone *zone;
    enum mln_direction direction;
    enum mln_family family;
};

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

static struct side tag_side(const struct reader *r, const struct mln_tag *tag, bool source)
{
    struct side side = {0};
    struct mln_term term = mln_term_of_tag(r->ctx, r->model, tag, r->zone,
                                           source ? MLN_INBOUND : MLN_OUTBOUND);
    side.set = term.set[r->family];
    side.var_count = term.var_count;
    memcpy(side.vars, term.vars, sizeof side.vars);
    return side;
}

static struct side side_of(const struct reader *r, const struct mln_rule_side *rule_side, bool source)
{
    struct mln_arena *a = r->ctx->arena;
    struct side side = {.set = mln_ipset_all(a, r->family)};
    switch (rule_side->kind) {
    case MLN_SIDE_TAG: return tag_side(r, rule_side->tag, source);
    case MLN_SIDE_ANY: break;
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

static const uint32_t *keep(const struct reader *r, const struct side *side)
{
    uint32_t *vars = MLN_NEW_ARRAY(r->ctx->arena, uint32_t, side->var_count);
    memcpy(vars, side->vars, side->var_count * sizeof *vars);
    return vars;
}

static struct mln_match rule_match(const struct reader *r, const struct mln_rule *rule)
{
    struct side src = side_of(r, &rule->src, true), dst = side_of(r, &rule->dst, false);
    unsigned protos = rule->proto == MLN_PROTO_ANY ? MLN_PROTOS_ALL : MLN_PROTO_BIT(rule->proto);
    protos = mln_protos_with_ports(protos, rule->sport, rule->dport);
    if (r->family == MLN_IPV6) /* an NSG has no ICMPv6 [ipv6-overview.md] */
        protos &= rule->proto == MLN_PROTO_ICMP ? 0 : MLN_PROTOS_ALL;
    if (!(rule->families >> r->family & 1))
        protos = 0;
    return (struct mln_match){.src = src.set, .dst = dst.set, .src_vars = keep(r, &src),
                              .dst_vars = keep(r, &dst), .src_var_count = src.var_count,
                              .dst_var_count = dst.var_count, .protos = protos, .sport = rule->sport,
                              .dport = rule->dport};
}

/* --- the list of rules as a verdict --- */

struct list {
    size_t first, count; /* bits of its matches, in order */
    uint64_t *allows;    /* those that allow */
};

static void add_rule(struct mln_problem *p, struct mln_plane *plane, struct list *list,
                     const struct mln_match *match, bool allow, bool *actions)
{
    actions[list->count++] = allow;
    mln_vec_push(p->scratch, &plane->matches, *match);
}

/* Azure's own rules close the list; before them, what no rule filters at all. */
static void add_default_rules(struct mln_problem *p, struct mln_plane *plane, const struct reader *r,
                              struct list *list, bool *actions)
{
    const struct mln_ipset *platform = mln_azure_platform_space(p->scratch, plane->family);
    if (r->direction == MLN_OUTBOUND) {
        struct mln_match pass = {.dst = platform, .protos = MLN_PROTOS_ALL};
        add_rule(p, plane, list, &pass, true, actions);
    }
    for (size_t i = 0; i < MLN_AZURE_DEFAULT_RULES; i++) {
        const struct mln_azure_default_rule *d = &mln_azure_default_rules[i];
        if (d->direction != r->direction)
            continue;
        struct mln_rule_side any = {.kind = MLN_SIDE_ANY}, src = any, dst = any;
        const struct mln_tags *tags = r->model->options->tags;
        if (strcmp(d->src, "*") != 0)
            src = (struct mln_rule_side){.kind = MLN_SIDE_TAG, .tag = mln_tags_find(tags, d->src)};
        if (strcmp(d->dst, "*") != 0)
            dst = (struct mln_rule_side){.kind = MLN_SIDE_TAG, .tag = mln_tags_find(tags, d->dst)};
        const struct mln_rule rule = {.proto = MLN_PROTO_ANY, .src = src, .dst = dst, .families = 3,
                                      .sport = mln_portset_all(p->scratch),
                                      .dport = mln_portset_all(p->scratch)};
        struct mln_match match = rule_match(r, &rule);
        add_rule(p, plane, list, &match, d->action == MLN_ALLOW, actions);
    }
}

static struct list add_list(struct mln_problem *p, struct mln_plane *plane, const struct reader *r,
                            const struct mln_rule_vec *rules, bool *actions)
{
    struct list list = {.first = plane->matches.len};
    for (size_t i = 0; i < rules->len; i++) {
        struct mln_match match = rule_match(r, rules->data[i]);
        add_rule(p, plane, &list, &match, rules->data[i]->action == MLN_ALLOW, actions);
    }
    add_default_rules(p, plane, r, &list, actions);
    return list;
}

/* The first rule that is surely met decides, when all that may be met before it say the same. */
static enum mln_verdict list_verdict(const struct list *list, const uint64_t *alive, const uint64_t *sure)
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

struct comparison {
    struct mln_plane *plane;
    const struct list *list;
};

static enum mln_answer differ(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    const struct comparison *c = ctx;
    enum mln_verdict policy = mln_plane_verdict(c->plane, alive, sure, NULL);
    if (policy == MLN_VERDICT_OPEN)
        return MLN_MAYBE;
    enum mln_verdict rules = list_verdict(c->list, alive, sure);
    if (rules == MLN_VERDICT_OPEN)
        return MLN_MAYBE;
    return policy == rules ? MLN_NO : MLN_YES;
}

/* --- one zone --- */

/* Who decides the packet, and how the policy does. */
static void explain(struct mln_problem *p, struct mln_plane *plane, const struct list *list,
                    const struct mln_rule_vec *rules, struct mln_proof *proof)
{
    uint64_t *in = MLN_NEW_ARRAY(p->scratch, uint64_t, plane->words);
    for (size_t i = 0; i < plane->matches.len; i++)
        if (mln_packet_matches(&proof->packet, &plane->matches.data[i]))
            mln_bit_set(in, i);
    proof->policy_permits = mln_plane_verdict(plane, in, in, NULL) == MLN_VERDICT_ALLOW;
    proof->rule = NULL;
    for (size_t i = 0; i < rules->len && !proof->rule; i++)
        if (mln_bit(in, list->first + i))
            proof->rule = rules->data[i];
    proof->zone = p->ends->zone;
    proof->direction = p->ends->direction;
}

static enum mln_proof_result prove_plane(struct mln_ctx *ctx, struct mln_problem *p, struct mln_plane *plane,
                                         const struct mln_rule_vec *rules, struct mln_proof *proof)
{
    const struct reader r = {ctx, p->model, p->ends->at, p->ends->direction, plane->family};
    const struct mln_plane before = *plane; /* the matches of the rules are for this proof only */
    bool *actions = MLN_NEW_ARRAY(p->scratch, bool, rules->len + MLN_AZURE_DEFAULT_RULES + 1);
    struct list list = add_list(p, plane, &r, rules, actions);
    mln_problem_seal_plane(p, plane);
    list.allows = MLN_NEW_ARRAY(p->scratch, uint64_t, plane->words);
    for (size_t i = 0; i < list.count; i++)
        if (actions[i])
            mln_bit_set(list.allows, list.first + i);
    struct comparison c = {plane, &list};
    enum mln_found found = mln_space_find(plane->space, (size_t)plane->universe, differ, &c, &proof->packet,
                                          &proof->steps, 0);
    if (found == MLN_FOUND)
        explain(p, plane, &list, rules, proof);
    *plane = before;
    return found == MLN_FOUND ? MLN_PROOF_FAILS : found == MLN_GAVE_UP ? MLN_PROOF_GAVE_UP : MLN_PROOF_HOLDS;
}

enum mln_proof_result mln_prove_nsg(struct mln_ctx *ctx, const struct mln_lowered *lowered,
                                    const struct mln_nsg *nsg,
                                    const struct mln_rule_vec rules[MLN_DIRECTIONS],
                                    struct mln_proof *proof)
{
    *proof = (struct mln_proof){0};
    for (size_t i = lowered->first[nsg->index]; i < lowered->first[nsg->index + 1]; i++) {
        struct mln_problem *p = lowered->problems.data[i];
        p->scratch = ctx->arena;
        for (int f = 0; f < MLN_FAMILIES; f++) {
            if (p->planes[f].universe < 0)
                continue;
            enum mln_proof_result result =
                prove_plane(ctx, p, &p->planes[f], &rules[p->ends->direction], proof);
            if (result != MLN_PROOF_HOLDS)
                return result;
        }
    }
    return MLN_PROOF_HOLDS;
}
