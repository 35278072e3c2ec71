/* The problem at one end: what the policy means there, as bit sets that any packet can be judged
 * by.
 *
 * Every intent becomes pieces (near term x far term x item of services), every piece one match per
 * family, every exception one match more. The verdict on a packet follows from the set of matches
 * it lies in, by the definition of language.md, Meaning 2: a forbid denies; an allow permits when
 * every deny that matches is one it overrides; else any intent that matches denies; else the
 * default decides. It is computed on a pair of sets, ALIVE (may match) and SURE (do match), so that
 * whole subtrees of a search are decided at once.
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

/* --- bit sets --- */

static bool overrides(const struct mln_intent *allow, const struct mln_intent *deny)
{
    for (size_t i = 0; i < allow->overrides.len; i++)
        if (allow->overrides.data[i] == deny)
            return true;
    return false;
}

bool mln_same_overrides(const struct mln_intent *x, const struct mln_intent *y)
{
    if (x->overrides.len != y->overrides.len)
        return false;
    for (size_t i = 0; i < x->overrides.len; i++)
        if (!overrides(y, x->overrides.data[i]))
            return false;
    return true;
}

static struct mln_override_group *group_of(struct mln_problem *p, struct mln_plane *plane,
                                           const struct mln_intent *intent)
{
    for (size_t i = 0; i < plane->groups.len; i++)
        if (mln_same_overrides(plane->groups.data[i].intent, intent))
            return &plane->groups.data[i];
    struct mln_override_group group = {.intent = intent,
                                       .allows = MLN_NEW_ARRAY(p->scratch, uint64_t, plane->words),
                                       .denies = MLN_NEW_ARRAY(p->scratch, uint64_t, plane->words)};
    mln_vec_push(p->scratch, &plane->groups, group);
    return &plane->groups.data[plane->groups.len - 1];
}

static void seal_exceptions(struct mln_problem *p, struct mln_plane *plane,
                            const struct mln_piece *piece)
{
    size_t match = (size_t)piece->match[plane->family];
    if (!plane->cut) {
        plane->cut = MLN_NEW_ARRAY(p->scratch, uint64_t, plane->words);
        plane->piece_of = MLN_NEW_ARRAY(p->scratch, const struct mln_piece *, plane->matches.len);
    }
    mln_bit_set(plane->cut, match);
    plane->piece_of[match] = piece;
}

static void seal_piece(struct mln_problem *p, struct mln_plane *plane,
                       const struct mln_piece *piece)
{
    int match = piece->match[plane->family];
    if (match < 0)
        return;
    switch (piece->end->intent->verb) {
    case MLN_VERB_FORBID:
        mln_bit_set(plane->forbids, (size_t)match);
        break;
    case MLN_VERB_DENY:
        mln_bit_set(plane->denies, (size_t)match);
        break;
    default:
        mln_bit_set(plane->allows, (size_t)match);
        struct mln_override_group *group = group_of(p, plane, piece->end->intent);
        mln_bit_set(group->allows, (size_t)match);
        plane->group_of[match] = (uint32_t)(group - plane->groups.data);
        break;
    }
    if (piece->minus_len[plane->family])
        seal_exceptions(p, plane, piece);
}

static void seal_groups(struct mln_problem *p, struct mln_plane *plane)
{
    for (size_t g = 0; g < plane->groups.len; g++)
        memcpy(plane->groups.data[g].denies, plane->denies, plane->words * sizeof(uint64_t));
    for (size_t i = 0; i < p->pieces.len; i++) {
        const struct mln_piece *piece = p->pieces.data[i];
        int match = piece->match[plane->family];
        if (match < 0 || piece->end->intent->verb != MLN_VERB_DENY)
            continue;
        for (size_t g = 0; g < plane->groups.len; g++)
            if (overrides(plane->groups.data[g].intent, piece->end->intent))
                mln_bit_clear(plane->groups.data[g].denies, (size_t)match);
    }
}

void mln_problem_seal_plane(struct mln_problem *p, struct mln_plane *plane)
{
    struct mln_arena *a = p->scratch;
    plane->space = mln_space_new(a, plane->family, plane->matches.data, plane->matches.len);
    plane->words = mln_space_words(plane->space);
    uint64_t **sets[] = {&plane->forbids,  &plane->denies, &plane->allows,
                         &plane->defaults, &plane->alive,  &plane->sure};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        *sets[i] = MLN_NEW_ARRAY(a, uint64_t, plane->words);
    memset(&plane->groups, 0, sizeof plane->groups);
    plane->cut = NULL;
    plane->group_of = MLN_NEW_ARRAY(a, uint32_t, plane->matches.len + 1);
    for (size_t i = 0; i < p->pieces.len; i++)
        seal_piece(p, plane, p->pieces.data[i]);
    seal_groups(p, plane);
    for (size_t i = 0; i < plane->default_matches.len; i++)
        mln_bit_set(plane->defaults, (size_t)plane->default_matches.data[i]);
}

void mln_problem_seal(struct mln_problem *p)
{
    for (int f = 0; f < MLN_FAMILIES; f++)
        if (p->planes[f].universe >= 0)
            mln_problem_seal_plane(p, &p->planes[f]);
}

void mln_problem_unseal(struct mln_problem *p)
{
    for (int f = 0; f < MLN_FAMILIES; f++) {
        struct mln_plane *plane = &p->planes[f];
        plane->space = NULL;
        plane->forbids = plane->denies = plane->allows = plane->defaults = plane->alive =
            plane->sure = NULL;
        memset(&plane->groups, 0, sizeof plane->groups);
        plane->cut = NULL;
    }
    p->scratch = NULL;
}

/* --- the verdict --- */

/* alive and sure with the exceptions taken out: a piece dies where an exception is sure, and is not
 * sure where one is alive. Few pieces match one packet, so the bits lead to those that do. */
static void apply_cuts(struct mln_plane *plane, const uint64_t *alive, const uint64_t *sure)
{
    memcpy(plane->alive, alive, plane->words * sizeof *alive);
    memcpy(plane->sure, sure, plane->words * sizeof *sure);
    for (size_t w = 0; w < plane->words; w++)
        for (uint64_t bits = alive[w] & plane->cut[w]; bits; bits &= bits - 1) {
            size_t match = w * 64 + (size_t)__builtin_ctzll(bits);
            const struct mln_piece *piece = plane->piece_of[match];
            for (size_t k = 0; k < piece->minus_len[plane->family]; k++) {
                size_t gone = (size_t)piece->minus[plane->family][k];
                if (mln_bit(alive, gone))
                    mln_bit_clear(plane->sure, match);
                if (mln_bit(sure, gone))
                    mln_bit_clear(plane->alive, match);
            }
        }
}

void mln_plane_effective(struct mln_plane *plane, const uint64_t **alive, const uint64_t **sure)
{
    if (!plane->cut || !mln_bits_meet(*alive, plane->cut, plane->words))
        return;
    apply_cuts(plane, *alive, *sure);
    *alive = plane->alive;
    *sure = plane->sure;
}

static bool meets(const uint64_t *x, const uint64_t *y, const uint64_t *without, size_t words)
{
    for (size_t w = 0; w < words; w++)
        if (x[w] & y[w] & (without ? ~without[w] : ~UINT64_C(0)))
            return true;
    return false;
}

/* Is there an allow in `in` with no deny against it in `denies`? Few allows match one packet,
 * however many groups there are: the bits lead to the groups. */
static bool unopposed(const struct mln_plane *plane, const uint64_t *in, const uint64_t *denies,
                      const uint64_t *without)
{
    size_t last = SIZE_MAX;
    for (size_t w = 0; w < plane->words; w++) {
        uint64_t bits = in[w] & plane->allows[w] & (without ? ~without[w] : ~UINT64_C(0));
        for (; bits; bits &= bits - 1) {
            size_t g = plane->group_of[w * 64 + (size_t)__builtin_ctzll(bits)];
            if (g == last)
                continue;
            if (!meets(denies, plane->groups.data[g].denies, without, plane->words))
                return true;
            last = g;
        }
    }
    return false;
}

/* Which kinds of matches the packets lie in, and which they may lie in. */
struct kinds {
    uint64_t forbids, denies, allows, defaults; /* 0: none */
};

static void look_at(const struct mln_plane *plane, const uint64_t *alive, const uint64_t *sure,
                    const uint64_t *without, struct kinds *is, struct kinds *may)
{
    for (size_t w = 0; w < plane->words; w++) {
        uint64_t with = without ? ~without[w] : ~UINT64_C(0), a = alive[w], s = sure[w];
        is->forbids |= s & plane->forbids[w] & with;
        may->forbids |= a & plane->forbids[w] & with;
        is->denies |= s & plane->denies[w] & with;
        may->denies |= a & plane->denies[w] & with;
        is->allows |= s & plane->allows[w] & with;
        may->allows |= a & plane->allows[w] & with;
        is->defaults |= s & plane->defaults[w];
        may->defaults |= a & plane->defaults[w];
    }
}

enum mln_verdict mln_plane_verdict(struct mln_plane *plane, const uint64_t *alive,
                                   const uint64_t *sure, const uint64_t *without)
{
    struct kinds is = {0}, may = {0};
    mln_plane_effective(plane, &alive, &sure);
    look_at(plane, alive, sure, without, &is, &may);
    if (is.forbids)
        return MLN_VERDICT_DENY;
    if (!may.forbids && is.allows && unopposed(plane, sure, alive, without))
        return MLN_VERDICT_ALLOW;
    /* One whose denies are not sure? */
    bool allow_alive = may.allows && unopposed(plane, alive, sure, without);
    if (!allow_alive && (is.denies || is.allows))
        return MLN_VERDICT_DENY;
    if (!allow_alive && !may.forbids && !may.denies && !may.allows)
        return is.defaults ? MLN_VERDICT_ALLOW : may.defaults ? MLN_VERDICT_OPEN : MLN_VERDICT_DENY;
    /* Nothing left that could permit. */
    if (!allow_alive && !may.defaults)
        return MLN_VERDICT_DENY;
    return MLN_VERDICT_OPEN;
}
