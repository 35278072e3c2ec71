/* Candidates for rules: the pieces of the intents, and what is made of those that wait when nothing
 * can be written: their exceptions, the parts of exact sides, their intersections. See order.c. */
#include "rules/order.h"

#include "base/map.h"

#include <string.h>

enum { MAX_CANDIDATES = 4000 };

unsigned mln_rank_of(const struct mln_intent *intent)
{
    switch (intent->verb) {
    case MLN_VERB_FORBID:
        return 0;
    case MLN_VERB_DENY:
        return 2;
    default:
        return intent->overrides.len ? 1 : 3;
    }
}

static uint64_t hash_ports(uint64_t hash, const struct mln_portset *set)
{
    return hash * 31 + mln_hash_bytes(set->ranges, set->len * sizeof *set->ranges);
}

static uint64_t hash_term(uint64_t hash, const struct mln_term *term)
{
    for (int f = 0; f < MLN_FAMILIES; f++) {
        const struct mln_ipset *set = term->set[f];
        hash = hash * 31 + mln_hash_bytes(set->ranges, set->len * sizeof *set->ranges);
    }
    return hash;
}

/* Equal pieces have equal hashes. */
static uint64_t hash_piece(const struct mln_piece *piece)
{
    uint64_t hash = piece->families << 8 | piece->item.protos;
    hash = hash_ports(hash_ports(hash, piece->item.sport), piece->item.dport);
    return mln_mix(hash_term(hash_term(hash, piece->near), piece->far));
}

static void add_candidate(struct mln_solver *s, struct mln_piece *piece, unsigned rank,
                          size_t first)
{
    struct mln_candidate c = {
        .piece = piece, .hash = hash_piece(piece), .rank = rank, .stale = true, .first = first};
    if (!s->by_hash.slots)
        mln_index_init(&s->by_hash, s->p->scratch, 256);
    mln_index_put(&s->by_hash, c.hash, (uint32_t)s->all.len);
    mln_vec_push(s->p->scratch, &s->all, c);
}

static bool is_literal(const struct mln_problem *p, const struct mln_term *near,
                       const struct mln_term *far)
{
    return (near->side.kind == MLN_SIDE_PREFIXES && !mln_near_star(p, near)) ||
           far->side.kind == MLN_SIDE_PREFIXES;
}

/* A rule without prefixes matches in both families, whatever it was made for. */
static unsigned families_of_rule(const struct mln_problem *p, const struct mln_term *near,
                                 const struct mln_term *far, unsigned families)
{
    return is_literal(p, near, far) ? families : 3;
}

/* A piece of terms that were just made: they are kept as long as the search goes on. */
static struct mln_piece *make_piece(struct mln_problem *p, const struct mln_end *end,
                                    const struct mln_term *near, const struct mln_term *far,
                                    const struct mln_service_item *item, unsigned families)
{
    struct mln_term *kept = MLN_NEW_ARRAY(p->scratch, struct mln_term, 2);
    kept[0] = *near;
    kept[1] = *far;
    return mln_problem_piece(p, end, &kept[0], &kept[1], item, families);
}

bool mln_piece_in_halves(const struct mln_problem *p, const struct mln_piece *piece)
{
    return is_literal(p, piece->near, piece->far) && (piece->families & (piece->families - 1)) != 0;
}

static void add_piece(struct mln_solver *s, struct mln_piece *piece, unsigned rank, size_t first)
{
    if (!piece->near->sayable || !piece->far->sayable)
        return;
    if (!mln_piece_in_halves(s->p, piece)) {
        add_candidate(s, piece, rank, first);
        return;
    }
    for (unsigned f = 0; f < MLN_FAMILIES; f++) {
        struct mln_piece *half = MLN_NEW(s->p->ctx->arena, struct mln_piece);
        *half = *piece;
        half->families = 1u << f;
        add_candidate(s, half, rank, first);
    }
}

void mln_candidates_first(struct mln_solver *s)
{
    for (unsigned rank = 0; rank < 4; rank++)
        for (size_t i = 0; i < s->p->pieces.len; i++)
            if (mln_rank_of(s->p->pieces.data[i]->end->intent) == rank)
                add_piece(s, s->p->pieces.data[i], rank, SIZE_MAX);
}

static const struct mln_service_item *every_service(struct mln_ctx *ctx)
{
    struct mln_service_item *item = MLN_NEW(ctx->arena, struct mln_service_item);
    *item = (struct mln_service_item){MLN_PROTOS_ALL, mln_portset_all(ctx->arena),
                                      mln_portset_all(ctx->arena)};
    return item;
}

static struct mln_term whole_zone(const struct mln_zone *zone)
{
    struct mln_term term = {.side = {.kind = MLN_SIDE_PREFIXES}, .sayable = true};
    for (int f = 0; f < MLN_FAMILIES; f++)
        term.set[f] = zone->addresses[f];
    return term;
}

/* `any` as a source does not hold 168.63.129.16, `*` does: the load balancer's probes are decided
 * first. */
static struct mln_piece *probe_piece(struct mln_solver *s)
{
    struct mln_problem *p = s->p;
    if (p->ends->direction != MLN_INBOUND || p->ends->through[MLN_IPV4])
        return NULL;
    bool wider = false;
    for (size_t i = 0; i < p->pieces.len; i++)
        wider |= p->pieces.data[i]->match[MLN_IPV4] != p->pieces.data[i]->rule[MLN_IPV4];
    const struct mln_tag *tag = mln_tags_find(p->model->options->tags, "AzureLoadBalancer");
    if (!wider || !tag)
        return NULL;
    struct mln_term far = mln_term_of_tag(p->ctx, p->model, tag, p->ends->zone, p->ends->direction);
    struct mln_term near = whole_zone(p->ends->zone);
    return make_piece(p, NULL, &near, &far, every_service(p->ctx), 1u << MLN_IPV4);
}

void mln_candidates_probes(struct mln_solver *s)
{
    struct mln_piece *probes = probe_piece(s);
    if (probes)
        add_candidate(s, probes, 1, 0);
}

/* The order of questions: by rank, then exceptions and intersections before what they were made
 * from. */
static void sort_candidates(struct mln_solver *s)
{
    MLN_VEC(struct mln_candidate) sorted = {0};
    for (unsigned rank = 0; rank < 4; rank++)
        for (int made = 1; made >= 0; made--)
            for (size_t i = 0; i < s->all.len; i++)
                if (s->all.data[i].rank == rank && (s->all.data[i].first != SIZE_MAX) == made &&
                    s->all.data[i].status == MLN_WAITING)
                    mln_vec_push(s->p->scratch, &sorted, s->all.data[i]);
    MLN_VEC(struct mln_candidate) all = {0};
    for (size_t i = 0; i < s->written.len; i++) {
        mln_vec_push(s->p->scratch, &all, s->all.data[s->written.data[i]]);
        s->written.data[i] = i;
    }
    for (size_t i = 0; i < sorted.len; i++) {
        sorted.data[i].stale = true;
        mln_vec_push(s->p->scratch, &all, sorted.data[i]);
    }
    memcpy(&s->all, &all, sizeof s->all);
    mln_index_init(&s->by_hash, s->p->scratch, 256);
    for (size_t i = 0; i < all.len; i++)
        mln_index_put(&s->by_hash, all.data[i].hash, (uint32_t)i);
}

/* The spaces are made anew with the matches of new candidates; what was written keeps its bits. */
void mln_candidates_seal(struct mln_solver *s)
{
    mln_problem_seal(s->p);
    for (int f = 0; f < MLN_FAMILIES; f++) {
        if (s->p->planes[f].universe < 0)
            continue;
        s->covered[f] = MLN_NEW_ARRAY(s->p->scratch, uint64_t, s->p->planes[f].words);
        for (size_t i = 0; i < s->written.len; i++) {
            const struct mln_piece *piece = s->all.data[s->written.data[i]].piece;
            if (piece->families >> f & 1)
                mln_bit_set(s->covered[f], (size_t)piece->rule[f]);
        }
    }
    sort_candidates(s);
}

static bool same_term(const struct mln_term *x, const struct mln_term *y)
{
    return mln_term_inside(x, y) && mln_term_inside(y, x);
}

static bool same_piece(const struct mln_piece *x, const struct mln_piece *y)
{
    return x->families == y->families && x->item.protos == y->item.protos &&
           mln_portset_equal(x->item.sport, y->item.sport) &&
           mln_portset_equal(x->item.dport, y->item.dport) && same_term(x->near, y->near) &&
           same_term(x->far, y->far);
}

static bool known_piece(const struct mln_solver *s, const struct mln_piece *piece)
{
    uint64_t hash = hash_piece(piece);
    if (!s->by_hash.slots)
        return false;
    size_t at = mln_index_start(&s->by_hash, hash);
    for (uint32_t i; (i = mln_index_next(&s->by_hash, hash, &at)) != MLN_INDEX_NONE;)
        if (s->all.data[i].status != MLN_DROPPED && same_piece(s->all.data[i].piece, piece))
            return true;
    return false;
}

/* A piece that nobody wants: its matches, the last of the planes, must not weigh on the spaces. */
static void forget_piece(struct mln_problem *p, const struct mln_piece *piece)
{
    for (int f = 0; f < MLN_FAMILIES; f++)
        if (piece->match[f] >= 0)
            p->planes[f].matches.len = (size_t)piece->match[f];
}

/* Adds the piece that was made last, unless there is none or it is there already. */
static void add_new_piece(struct mln_solver *s, struct mln_piece *piece, unsigned rank,
                          size_t first)
{
    if (!piece)
        return;
    if (known_piece(s, piece))
        forget_piece(s->p, piece);
    else
        add_piece(s, piece, rank, first);
}

static void add_exceptions_of(struct mln_solver *s, size_t index)
{
    const struct mln_piece *piece = s->all.data[index].piece;
    unsigned rank = s->all.data[index].rank;
    size_t count = piece->near->minus_len + piece->far->minus_len;
    for (size_t i = 0; i < count; i++) {
        bool is_near = i < piece->near->minus_len;
        struct mln_term near = *piece->near, far = *piece->far;
        if (is_near)
            near = piece->near->minus[i];
        else
            far = piece->far->minus[i - piece->near->minus_len];
        near.minus_len = far.minus_len = 0;
        struct mln_piece *cut = make_piece(s->p, piece->end, &near, &far, &piece->item,
                                           families_of_rule(s->p, &near, &far, piece->families));
        add_new_piece(s, cut, rank, index);
    }
}

bool mln_candidates_exceptions(struct mln_solver *s)
{
    size_t before = s->all.len;
    for (size_t i = 0; i < before; i++)
        if (s->all.data[i].status == MLN_WAITING)
            add_exceptions_of(s, i);
    return s->all.len > before;
}

/* --- splits: exact addresses part by part --- */

enum { MAX_PARTS = 512 };

static void add_part(struct mln_solver *s, size_t index, enum mln_family f,
                     const struct mln_ipset *near_set, struct mln_range range)
{
    const struct mln_candidate *c = &s->all.data[index];
    struct mln_term near = *c->piece->near, far = *c->piece->far;
    near.minus_len = far.minus_len = 0;
    near.set[f] = near_set;
    for (int i = 0; i < MLN_FAMILIES; i++)
        far.set[i] =
            mln_ipset_from_ranges(s->p->ctx->arena, (enum mln_family)i, &range, i == (int)f);
    unsigned rank = c->rank;
    struct mln_piece *part = make_piece(s->p, c->piece->end, &near, &far, &c->piece->item, 1u << f);
    add_new_piece(s, part, rank, index);
}

/* Pods behind the zone are not of the virtual network: the near side ends where it does as well. */
static size_t near_parts(struct mln_solver *s, const struct mln_term *near, enum mln_family f,
                         const struct mln_ipset *parts[2])
{
    const struct mln_ipset *network = s->p->ends->zone->virtual_network[f];
    parts[0] = near->set[f];
    if (near->side.kind != MLN_SIDE_PREFIXES || near->var_count ||
        mln_ipset_covers(network, parts[0]) || !mln_ipset_overlaps(network, parts[0]))
        return 1;
    parts[0] = mln_ipset_intersect(s->p->ctx->arena, near->set[f], network);
    parts[1] = mln_ipset_subtract(s->p->ctx->arena, near->set[f], network);
    return 2;
}

/* A union of addresses may hold some that pass and some that do not: each range by itself, and
 * apart where the virtual network ends, since Azure's own rules end there too. */
static void add_parts_of(struct mln_solver *s, size_t index)
{
    struct mln_arena *a = s->p->ctx->arena;
    const struct mln_term near = *s->all.data[index].piece->near,
                          far = *s->all.data[index].piece->far;
    unsigned families = s->all.data[index].piece->families;
    if (far.side.kind != MLN_SIDE_PREFIXES || far.var_count)
        return;
    for (int i = 0; i < MLN_FAMILIES; i++) {
        enum mln_family f = (enum mln_family)i;
        if (!(families >> f & 1))
            continue;
        const struct mln_ipset *network = s->p->ends->zone->virtual_network[f];
        const struct mln_ipset *const parts[] = {mln_ipset_intersect(a, far.set[f], network),
                                                 mln_ipset_subtract(a, far.set[f], network)};
        const struct mln_ipset *nears[2];
        size_t near_count = near_parts(s, &near, f, nears), count = parts[0]->len + parts[1]->len;
        if (near_count * count < 2 || count > MAX_PARTS)
            continue;
        for (size_t p = 0; p < 2; p++)
            for (size_t k = 0; k < near_count * parts[p]->len; k++)
                add_part(s, index, f, nears[k % near_count], parts[p]->ranges[k / near_count]);
    }
}

bool mln_candidates_parts(struct mln_solver *s)
{
    size_t before = s->all.len;
    for (size_t i = 0; i < before && s->all.len < MAX_CANDIDATES; i++)
        if (s->all.data[i].status == MLN_WAITING)
            add_parts_of(s, i);
    return s->all.len > before;
}

/* --- intersections --- */

/* What two terms share, when a rule can say it. */
static bool intersect_terms(struct mln_solver *s, const struct mln_term *x,
                            const struct mln_term *y, struct mln_term *out)
{
    bool exact = !x->var_count && !y->var_count;
    *out = mln_term_inside(x, y) ? *x : *y;
    out->minus_len = 0;
    if (mln_term_inside(x, y) || mln_term_inside(y, x))
        return true;
    if (!exact)
        return false;
    if (!mln_ipset_overlaps(x->set[MLN_IPV4], y->set[MLN_IPV4]) &&
        !mln_ipset_overlaps(x->set[MLN_IPV6], y->set[MLN_IPV6]))
        return false;
    out->side = (struct mln_rule_side){.kind = MLN_SIDE_PREFIXES};
    for (int f = 0; f < MLN_FAMILIES; f++)
        out->set[f] = mln_ipset_intersect(s->p->ctx->arena, x->set[f], y->set[f]);
    return true;
}

static bool items_meet(const struct mln_service_item *x, const struct mln_service_item *y)
{
    return (x->protos & y->protos) && mln_portset_overlaps(x->sport, y->sport) &&
           mln_portset_overlaps(x->dport, y->dport);
}

static void add_intersection(struct mln_solver *s, size_t i, size_t k)
{
    const struct mln_candidate *x = &s->all.data[i], *y = &s->all.data[k];
    struct mln_term near, far;
    unsigned families = x->piece->families & y->piece->families;
    if (!families || !items_meet(&x->piece->item, &y->piece->item))
        return;
    struct mln_service_item item = {
        x->piece->item.protos & y->piece->item.protos,
        mln_portset_intersect(s->p->ctx->arena, x->piece->item.sport, y->piece->item.sport),
        mln_portset_intersect(s->p->ctx->arena, x->piece->item.dport, y->piece->item.dport)};
    if (!intersect_terms(s, x->piece->near, y->piece->near, &near) ||
        !intersect_terms(s, x->piece->far, y->piece->far, &far))
        return;
    bool x_leads = x->rank < y->rank || (x->rank == y->rank && i < k);
    const struct mln_candidate *lead = x_leads ? x : y;
    struct mln_piece *piece = make_piece(s->p, lead->piece->end, &near, &far, &item,
                                         families_of_rule(s->p, &near, &far, families));
    add_new_piece(s, piece, lead->rank, x_leads ? i : k);
}

/* All pairs of waiting candidates, and pairs of what that gives, until nothing new comes. */
bool mln_candidates_intersections(struct mln_solver *s)
{
    size_t before = s->all.len;
    for (size_t i = 0; i < s->all.len && s->all.len < MAX_CANDIDATES; i++)
        for (size_t k = 0; k < i && s->all.len < MAX_CANDIDATES; k++)
            if (s->all.data[i].status == MLN_WAITING && s->all.data[k].status == MLN_WAITING)
                add_intersection(s, i, k);
    return s->all.len > before;
}
