/* The problem at one end: what the policy means there, as bit sets that any packet can be judged
 * by.
 *
 * Every intent becomes pieces (near term x far term x item of services), every piece one match per
 * family, every exception one match more. The verdict on a packet follows from the set of matches
 * it lies in, by the definition of language.md, Meaning 2: a forbid denies; an allow permits when
 * every deny that matches is one it overrides; else any intent that matches denies; else the
 * default decides: see verdict.c.
 *
 * A problem is PLAIN when forbids, denies, allows in this order are right as they stand: nobody
 * overrides, nothing has exceptions, and each rule matches exactly what its intent does. The last
 * fails only for `any` as a source, since a rule's `*` takes in 168.63.129.16 and `any` does not;
 * it does no harm where the default says the same. */
#include "azure/platform.h"
#include "rules/end.h"

#include <string.h>

/* --- matches --- */

static int add_match(struct mln_problem *p, enum mln_family f, const struct mln_match *match)
{
    struct mln_plane *plane = &p->planes[f];
    mln_vec_push(p->ctx->arena, &plane->matches, *match);
    return (int)plane->matches.len - 1;
}

static const uint32_t *keep_vars(struct mln_problem *p, const struct mln_term *term)
{
    if (!term->var_count)
        return NULL;
    uint32_t *vars = MLN_NEW_ARRAY(p->ctx->arena, uint32_t, term->var_count);
    memcpy(vars, term->vars, term->var_count * sizeof *vars);
    return vars;
}

/* near and far as source and destination; `rule`: as a rule matches it. */
static struct mln_match match_of(struct mln_problem *p, enum mln_family f,
                                 const struct mln_term *near, const struct mln_term *far,
                                 const struct mln_service_item *item, bool rule)
{
    bool out = p->ends->direction == MLN_OUTBOUND;
    /* Traffic through an appliance is seen from where it comes from: near is the source in both
     * directions. */
    if (p->ends->through[f])
        out = true;
    const struct mln_ipset *far_set =
        rule ? mln_term_rule_set(p->ctx, far, f, out ? MLN_OUTBOUND : MLN_INBOUND) : far->set[f];
    if (p->ends->through[f])
        far_set = mln_ipset_intersect(p->ctx->arena, far_set, p->ends->through[f]);
    const struct mln_term *src = out ? near : far, *dst = out ? far : near;
    struct mln_match match = {
        .src = out ? near->set[f] : far_set,
        .dst = out ? far_set : near->set[f],
        .src_vars = keep_vars(p, src),
        .dst_vars = keep_vars(p, dst),
        .src_var_count = src->var_count,
        .dst_var_count = dst->var_count,
        .protos = mln_protos_with_ports(item->protos, item->sport, item->dport),
        .sport = item->sport,
        .dport = item->dport,
    };
    if (f == MLN_IPV6 && item->protos == MLN_PROTO_BIT(MLN_PROTO_ICMP))
        match.protos = 0; /* `icmp` is IPv4's; an NSG has no ICMPv6 [ipv6-overview.md] */
    return match;
}

static bool matches_nothing(const struct mln_match *match)
{
    return !match->protos || !match->src->len || !match->dst->len || !match->sport->len ||
           !match->dport->len;
}

/* One exception: the piece's match with the side replaced by what both hold. */
static int minus_match(struct mln_problem *p, enum mln_family f, const struct mln_piece *piece,
                       const struct mln_term *gone, bool near)
{
    struct mln_term side = *gone;
    const struct mln_term *from = near ? piece->near : piece->far;
    side.set[f] = mln_ipset_intersect(p->ctx->arena, gone->set[f], from->set[f]);
    struct mln_match match =
        match_of(p, f, near ? &side : piece->near, near ? piece->far : &side, &piece->item, false);
    return matches_nothing(&match) ? -1 : add_match(p, f, &match);
}

static void add_minus(struct mln_problem *p, struct mln_piece *piece, enum mln_family f)
{
    size_t count = piece->near->minus_len + piece->far->minus_len;
    if (count == 0)
        return;
    piece->minus[f] = MLN_NEW_ARRAY(p->ctx->arena, int, count);
    for (size_t i = 0; i < count; i++) {
        bool near = i < piece->near->minus_len;
        const struct mln_term *gone =
            near ? &piece->near->minus[i] : &piece->far->minus[i - piece->near->minus_len];
        int match = minus_match(p, f, piece, gone, near);
        if (match >= 0)
            piece->minus[f][piece->minus_len[f]++] = match;
    }
}

struct mln_piece *mln_problem_piece(struct mln_problem *p, const struct mln_end *end,
                                    const struct mln_term *near, const struct mln_term *far,
                                    const struct mln_service_item *item, unsigned families)
{
    struct mln_piece *piece = MLN_NEW(p->ctx->arena, struct mln_piece);
    *piece = (struct mln_piece){.end = end, .near = near, .far = far, .item = *item};
    bool inbound_any = far->side.kind == MLN_SIDE_ANY && p->ends->direction == MLN_INBOUND;
    for (int i = 0; i < MLN_FAMILIES; i++) {
        enum mln_family f = (enum mln_family)i;
        piece->match[f] = piece->rule[f] = -1;
        if (!(families >> f & 1) || p->planes[f].universe < 0)
            continue;
        struct mln_match meaning = match_of(p, f, near, far, item, false);
        if (matches_nothing(&meaning))
            continue;
        piece->families |= 1u << f;
        piece->match[f] = piece->rule[f] = add_match(p, f, &meaning);
        if (inbound_any) {
            struct mln_match rule = match_of(p, f, near, far, item, true);
            piece->rule[f] = add_match(p, f, &rule);
        }
        add_minus(p, piece, f);
    }
    return piece->families ? piece : NULL;
}

/* --- the default --- */

static void default_match(struct mln_problem *p, enum mln_family f, const struct mln_ipset *near,
                          const struct mln_ipset *far)
{
    bool out = p->ends->direction == MLN_OUTBOUND || p->ends->through[f];
    struct mln_match match = {
        .src = out ? near : far, .dst = out ? far : near, .protos = MLN_PROTOS_ALL};
    if (!near->len || !far->len)
        return;
    int index = add_match(p, f, &match);
    mln_vec_push(p->ctx->arena, &p->planes[f].default_matches, index);
}

/* What passes where no intent matches: for `azure`, Azure's own default rules (AllowVnetInBound,
 * AllowVnetOutBound, AllowAzureLoadBalancerInBound, AllowInternetOutBound); platform addresses pass
 * whatever the default. */
static void add_defaults(struct mln_problem *p, enum mln_family f)
{
    const struct mln_zone *zone = p->ends->zone;
    struct mln_arena *a = p->ctx->arena;
    enum mln_direction d = p->ends->direction;
    enum mln_default_kind kind = p->ends->at->defaults[d];
    const struct mln_ipset *near = zone->addresses[f];
    zone = p->ends->at;
    if (d == MLN_OUTBOUND)
        default_match(p, f, near, mln_azure_platform_space(a, f));
    if (kind == MLN_DEFAULT_ALLOW)
        default_match(p, f, near, mln_ipset_all(a, f));
    if (kind != MLN_DEFAULT_AZURE)
        return;
    default_match(p, f, mln_ipset_intersect(a, near, zone->virtual_network[f]),
                  zone->virtual_network[f]);
    default_match(p, f, near, d == MLN_OUTBOUND ? zone->internet[f] : mln_azure_wire_server(a, f));
}

/* The packets in question: those of the zone and of far addresses that a path joins it with. What
 * lies beyond may be decided either way, which leaves more orders. */
static const struct mln_ipset *far_universe(struct mln_problem *p, enum mln_family f)
{
    const struct mln_zone *zone = p->ends->zone;
    struct mln_arena *a = p->ctx->arena;
    if (p->ends->through[f])
        return p->ends->through[f];
    enum mln_direction d = p->ends->direction;
    return mln_ipset_union(a, zone->joined[d][f],
                           d == MLN_OUTBOUND ? mln_azure_platform_space(a, f)
                                             : mln_azure_wire_server(a, f));
}

static void add_universe(struct mln_problem *p, enum mln_family f)
{
    const struct mln_zone *zone = p->ends->zone;
    const struct mln_ipset *far = far_universe(p, f);
    p->planes[f].family = f;
    p->planes[f].universe = -1;
    if (!zone->addresses[f]->len || !far->len)
        return;
    bool out = p->ends->direction == MLN_OUTBOUND || p->ends->through[f];
    struct mln_match match = {.src = out ? zone->addresses[f] : far,
                              .dst = out ? far : zone->addresses[f],
                              .protos = MLN_PROTOS_ALL};
    p->planes[f].universe = add_match(p, f, &match);
    add_defaults(p, f);
}

/* --- pieces of intents --- */

static const struct mln_services *services_of(const struct mln_end *end, size_t near, size_t far)
{
    const struct mln_services *n = end->near.data[near].services, *f = end->far.data[far].services;
    return n ? n : f ? f : &end->intent->services;
}

static void end_pieces(struct mln_problem *p, const struct mln_end *end)
{
    for (size_t n = 0; n < end->near.len; n++)
        for (size_t k = 0; k < end->far.len; k++) {
            const struct mln_term *near = &end->near.data[n], *far = &end->far.data[k];
            const struct mln_services *services = services_of(end, n, k);
            for (size_t s = 0; s < services->len; s++) {
                struct mln_piece *piece =
                    mln_problem_piece(p, end, near, far, &services->items[s], 3);
                if (piece)
                    mln_vec_push(p->ctx->arena, &p->pieces, piece);
            }
        }
}

enum { MOST_OWN = 4 }; /* matches of the universe and the default */

/* Room for what the pieces need when nothing has exceptions. */
static void make_room(struct mln_problem *p)
{
    size_t count = 0;
    for (size_t i = 0; i < p->ends->ends.len; i++) {
        const struct mln_end *end = &p->ends->ends.data[i];
        for (size_t n = 0; n < end->near.len; n++)
            for (size_t k = 0; k < end->far.len; k++)
                count += services_of(end, n, k)->len;
    }
    p->pieces.data = MLN_NEW_ARRAY(p->ctx->arena, struct mln_piece *, count);
    p->pieces.cap = count;
    for (int f = 0; f < MLN_FAMILIES; f++) {
        struct mln_plane *plane = &p->planes[f];
        if (!p->ends->zone->addresses[f]->len)
            continue;
        plane->matches.cap = count + MOST_OWN;
        plane->matches.data = MLN_NEW_ARRAY(p->ctx->arena, struct mln_match, plane->matches.cap);
    }
}

static bool has_exceptions(const struct mln_piece *piece)
{
    return piece->minus_len[MLN_IPV4] + piece->minus_len[MLN_IPV6] > 0 || !piece->near->sayable ||
           !piece->far->sayable;
}

static bool rule_is_wider(const struct mln_piece *piece)
{
    return piece->match[MLN_IPV4] != piece->rule[MLN_IPV4];
}

/* Is there an allow of 168.63.129.16, through VirtualNetwork for instance? `any` has it not, but
 * the `*` of a deny would stop it. */
static bool allows_wire_server(const struct mln_problem *p)
{
    const struct mln_ipset *wire = mln_azure_wire_server(p->ctx->arena, MLN_IPV4);
    for (size_t i = 0; i < p->pieces.len; i++) {
        const struct mln_piece *piece = p->pieces.data[i];
        if (piece->end->intent->verb != MLN_VERB_ALLOW || piece->match[MLN_IPV4] < 0)
            continue;
        const struct mln_match *match = &p->planes[MLN_IPV4].matches.data[piece->match[MLN_IPV4]];
        if (!match->src || mln_ipset_overlaps(match->src, wire))
            return true;
    }
    return false;
}

static bool is_plain(const struct mln_problem *p)
{
    bool denies = p->ends->at->defaults[p->ends->direction] == MLN_DEFAULT_DENY;
    bool inbound = p->ends->direction == MLN_INBOUND, wide_deny = false;
    if (p->ends->through[MLN_IPV4])
        return false;
    for (size_t i = 0; i < p->pieces.len; i++) {
        const struct mln_piece *piece = p->pieces.data[i];
        bool allow = piece->end->intent->verb == MLN_VERB_ALLOW;
        if (piece->end->intent->overrides.len || has_exceptions(piece) ||
            (rule_is_wider(piece) && allow == denies))
            return false;
        wide_deny |= rule_is_wider(piece) && !allow;
    }
    return !inbound || !wide_deny || !allows_wire_server(p);
}

struct mln_problem *mln_problem_new(struct mln_ctx *ctx, const struct mln_model *model,
                                    const struct mln_zone_ends *ends, bool star)
{
    struct mln_problem *p = MLN_NEW(ctx->arena, struct mln_problem);
    *p = (struct mln_problem){.ctx = ctx, .model = model, .ends = ends, .star = star};
    make_room(p);
    add_universe(p, MLN_IPV4);
    add_universe(p, MLN_IPV6);
    for (size_t i = 0; i < ends->ends.len; i++)
        end_pieces(p, &ends->ends.data[i]);
    p->plain = is_plain(p);
    return p;
}
