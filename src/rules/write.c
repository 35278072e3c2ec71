/* A piece as a rule of the IR. */
#include "rules/order.h"

bool mln_near_star(const struct mln_problem *p, const struct mln_term *near)
{
    const struct mln_zone *zone = p->ends->zone;
    return p->star && near->side.kind == MLN_SIDE_PREFIXES &&
           mln_ipset_equal(near->set[MLN_IPV4], zone->addresses[MLN_IPV4]) &&
           mln_ipset_equal(near->set[MLN_IPV6], zone->addresses[MLN_IPV6]);
}

static const char *because_of(const struct mln_piece *piece)
{
    return piece->end ? piece->end->intent->because : NULL;
}

static struct mln_rule_side rule_side(const struct mln_term *term, enum mln_family f)
{
    struct mln_rule_side side = term->side;
    if (side.kind == MLN_SIDE_PREFIXES)
        side.prefixes = term->set[f];
    return side;
}

static enum mln_family first_family(unsigned families)
{
    return families & 1u << MLN_IPV4 ? MLN_IPV4 : MLN_IPV6;
}

void mln_write_rule(struct mln_problem *p, const struct mln_piece *piece, enum mln_action action,
                    unsigned rank, struct mln_rule_vec *out)
{
    struct mln_ctx *ctx = p->ctx;
    struct mln_rule *rule = MLN_NEW(ctx->arena, struct mln_rule);
    enum mln_family f = first_family(piece->families);
    bool near_is_source = p->ends->direction == MLN_OUTBOUND || p->ends->through[f];
    struct mln_rule_side near = rule_side(piece->near, f), far = rule_side(piece->far, f);
    if (mln_near_star(p, piece->near))
        near = (struct mln_rule_side){.kind = MLN_SIDE_ANY};
    unsigned proto = MLN_PROTO_ANY;
    for (unsigned i = 0; i < MLN_PROTO_COUNT; i++)
        if (piece->item.protos == MLN_PROTO_BIT(i))
            proto = i;
    *rule = (struct mln_rule){.direction = p->ends->direction,
                              .action = action,
                              .proto = proto,
                              .src = near_is_source ? near : far,
                              .dst = near_is_source ? far : near,
                              .sport = piece->item.sport,
                              .dport = piece->item.dport,
                              .families = piece->families,
                              .because = because_of(piece),
                              .rank = rank};
    if (piece->end) {
        rule->intents = &piece->end->intent;
        rule->intent_count = 1;
        bool natural = (piece->end->intent->verb == MLN_VERB_ALLOW) == (action == MLN_ALLOW);
        rule->base_name = natural ? piece->end->intent->name
                                  : mln_printf(ctx->arena, "%s-%s", piece->end->intent->name,
                                               action == MLN_ALLOW ? "unless" : "except");
    } else
        rule->base_name =
            action == MLN_ALLOW ? "allow-load-balancer-probes" : "deny-load-balancer-probes";
    rule->piece = mln_piece_name(p, piece);
    mln_vec_push(ctx->arena, out, rule);
}
