/* Ordering: the rules of one end, so that the first match decides as the policy does.
 *
 * A plain problem needs no search: forbids, denies, allows. Otherwise we learn a decision list. A candidate (a piece
 * as a rule) may be written next when the policy's verdict is the same on all packets it matches that no
 * rule written so far matches; that verdict becomes its action. Writing such a candidate never hurts: any list that
 * finishes the job without it also finishes it after it. So taking candidates greedily, in any order, finds a list
 * whenever the candidates allow one (Rivest, Learning Decision Lists, Machine Learning 2, 1987). We take the
 * lowest rank first: forbids, overriding allows, denies, allows.
 *
 *     deny ssh from any to web as d      allow ssh from jump to web overrides d
 *     d: verdict differs (jump passes) -> waits; the allow: constant -> written; d: constant now -> written.
 *
 * When nothing can be written, more candidates are made, in three steps: the exceptions (an `except TAG` becomes a
 * rule before its allow), the parts of exact sides, and the intersections of waiting candidates that a rule can say. Exact prefixes and ports
 * always intersect; two tags do not, and then no list may exist: not-expressible.
 *
 * Cost: a candidate is asked about again only when a rule that overlaps it was written. */
#include "rules/end.h"

#include <string.h>

enum { MAX_CANDIDATES = 4000 };

enum status { WAITING, WRITTEN, DROPPED };

struct candidate {
    struct mln_piece *piece;
    unsigned rank;
    enum status status;
    bool stale;            /* not asked about since a rule that overlaps it was written */
    bool has_packet;
    struct mln_packet packet; /* where the policy decides the other way */
    enum mln_action action;   /* once WRITTEN */
    size_t first;             /* the candidate it was made from: sorts before it */
};

struct solver {
    struct mln_problem *p;
    MLN_VEC(struct candidate) all;
    MLN_VEC(size_t) written; /* indices into `all`, in order */
    uint64_t *covered[MLN_FAMILIES]; /* rule matches written so far */
    bool gave_up;
};

/* --- asking --- */

struct question {
    struct mln_plane *plane;
    const uint64_t *covered;
    enum mln_verdict wanted;
};

static bool meets(const uint64_t *x, const uint64_t *y, size_t words)
{
    for (size_t w = 0; w < words; w++)
        if (x[w] & y[w])
            return true;
    return false;
}

/* Is the packet in question and not covered yet, and is the verdict the wanted one? */
static enum mln_answer uncovered_with(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    struct question *q = ctx;
    size_t universe = (size_t)q->plane->universe;
    if (meets(sure, q->covered, q->plane->words) || !mln_bit(alive, universe))
        return MLN_NO;
    enum mln_verdict verdict = mln_plane_verdict(q->plane, alive, sure, NULL);
    if (verdict == MLN_VERDICT_OPEN)
        return MLN_MAYBE;
    if (verdict != q->wanted)
        return MLN_NO;
    bool sure_of_it = mln_bit(sure, universe) && !meets(alive, q->covered, q->plane->words);
    return sure_of_it ? MLN_YES : MLN_MAYBE;
}

static bool exists(struct solver *s, const struct candidate *c, enum mln_verdict wanted,
                   struct mln_packet *packet)
{
    for (int f = 0; f < MLN_FAMILIES; f++) {
        if (!(c->piece->families >> f & 1))
            continue;
        struct question q = {&s->p->planes[f], s->covered[f], wanted};
        enum mln_found found = mln_space_find(q.plane->space, (size_t)c->piece->rule[f], uncovered_with, &q,
                                              packet, &s->p->steps, 0);
        if (found == MLN_GAVE_UP)
            s->gave_up = true;
        if (found != MLN_NONE)
            return true;
    }
    return false;
}

/* --- writing --- */

static void mark_stale(struct solver *s, const struct candidate *written)
{
    for (size_t i = 0; i < s->all.len; i++) {
        struct candidate *c = &s->all.data[i];
        for (int f = 0; c->status == WAITING && !c->stale && f < MLN_FAMILIES; f++)
            if ((c->piece->families & written->piece->families) >> f & 1)
                c->stale = mln_match_overlaps(&s->p->planes[f].matches.data[c->piece->rule[f]],
                                              &s->p->planes[f].matches.data[written->piece->rule[f]]);
    }
}

static void write_rule(struct solver *s, size_t index, enum mln_action action)
{
    struct candidate *c = &s->all.data[index];
    c->status = WRITTEN;
    c->action = action;
    for (int f = 0; f < MLN_FAMILIES; f++)
        if (c->piece->families >> f & 1)
            mln_bit_set(s->covered[f], (size_t)c->piece->rule[f]);
    mln_vec_push(s->p->ctx->arena, &s->written, index);
    mark_stale(s, c);
}

/* true when the candidate was written or dropped */
static bool try_candidate(struct solver *s, size_t index)
{
    struct candidate *c = &s->all.data[index];
    struct mln_packet permitted, denied;
    c->stale = false;
    bool some_allowed = exists(s, c, MLN_VERDICT_ALLOW, &permitted);
    bool some_denied = exists(s, c, MLN_VERDICT_DENY, &denied);
    if (s->gave_up)
        return false;
    if (some_allowed && some_denied) {
        bool allow = c->piece->end && c->piece->end->intent->verb == MLN_VERB_ALLOW;
        c->packet = allow ? denied : permitted;
        c->packet.src_var_count = c->packet.dst_var_count = 0; /* they live as long as the space */
        c->has_packet = true;
        return false;
    }
    if (!some_allowed && !some_denied)
        c->status = DROPPED;
    else
        write_rule(s, index, some_allowed ? MLN_ALLOW : MLN_DENY);
    return true;
}

/* Lowest rank first; after every step from the lowest candidate that may have changed. */
static void run(struct solver *s)
{
    for (size_t i = 0; i < s->all.len && !s->gave_up;) {
        struct candidate *c = &s->all.data[i];
        if (c->status != WAITING || !c->stale || !try_candidate(s, i)) {
            i++;
            continue;
        }
        size_t lowest = 0;
        while (lowest < s->all.len && !(s->all.data[lowest].status == WAITING && s->all.data[lowest].stale))
            lowest++;
        i = lowest;
    }
}

static bool finished(const struct solver *s)
{
    for (size_t i = 0; i < s->all.len; i++)
        if (s->all.data[i].status == WAITING)
            return false;
    return true;
}

/* What no rule covers is left to the default. It may be more than the default's share only where a piece of an intent
 * is in no rule's words (an intersection of two unknown sets). */
static enum mln_answer not_by_default(void *ctx, const uint64_t *alive, const uint64_t *sure)
{
    struct question *q = ctx;
    if (meets(sure, q->covered, q->plane->words))
        return MLN_NO;
    enum mln_verdict verdict = mln_plane_verdict(q->plane, alive, sure, NULL);
    bool passes = meets(sure, q->plane->defaults, q->plane->words);
    bool may_pass = meets(alive, q->plane->defaults, q->plane->words);
    if (verdict == MLN_VERDICT_OPEN || passes != may_pass)
        return MLN_MAYBE;
    if ((verdict == MLN_VERDICT_ALLOW) == passes)
        return MLN_NO;
    return meets(alive, q->covered, q->plane->words) ? MLN_MAYBE : MLN_YES;
}

static const struct mln_piece *unsayable_piece(const struct mln_problem *p)
{
    for (size_t i = 0; i < p->pieces.len; i++)
        if (!p->pieces.data[i]->near.sayable || !p->pieces.data[i]->far.sayable)
            return p->pieces.data[i];
    return NULL;
}

/* NULL when the default does the rest; else the piece that no rule can say, and a packet. */
static const struct mln_piece *left_over(struct solver *s, struct mln_packet *packet)
{
    const struct mln_piece *piece = unsayable_piece(s->p);
    for (int f = 0; piece && f < MLN_FAMILIES; f++) {
        struct question q = {&s->p->planes[f], s->covered[f], MLN_VERDICT_OPEN};
        if (q.plane->universe >= 0 &&
            mln_space_find(q.plane->space, (size_t)q.plane->universe, not_by_default, &q, packet, &s->p->steps,
                           0) != MLN_NONE)
            return piece;
    }
    return NULL;
}

/* --- candidates --- */

static unsigned rank_of(const struct mln_intent *intent)
{
    switch (intent->verb) {
    case MLN_VERB_FORBID: return 0;
    case MLN_VERB_DENY: return 2;
    default: return intent->overrides.len ? 1 : 3;
    }
}

static void add_candidate(struct solver *s, struct mln_piece *piece, unsigned rank, size_t first)
{
    struct candidate c = {.piece = piece, .rank = rank, .stale = true, .first = first};
    mln_vec_push(s->p->ctx->arena, &s->all, c);
}

/* Is the near side written `*`? Only where it is the whole zone: a private endpoint in it is not. */
static bool near_star(const struct mln_problem *p, const struct mln_term *near)
{
    const struct mln_zone *zone = p->ends->zone;
    return p->star && near->side.kind == MLN_SIDE_PREFIXES &&
           mln_ipset_equal(near->set[MLN_IPV4], zone->addresses[MLN_IPV4]) &&
           mln_ipset_equal(near->set[MLN_IPV6], zone->addresses[MLN_IPV6]);
}

static bool is_literal(const struct mln_problem *p, const struct mln_term *near, const struct mln_term *far)
{
    return (near->side.kind == MLN_SIDE_PREFIXES && !near_star(p, near)) || far->side.kind == MLN_SIDE_PREFIXES;
}

/* A rule without prefixes matches in both families, whatever it was made for. */
static unsigned families_of_rule(const struct mln_problem *p, const struct mln_term *near,
                                 const struct mln_term *far, unsigned families)
{
    return is_literal(p, near, far) ? families : 3;
}

/* A rule holds prefixes of one family: such a piece is a candidate per family. */
static void add_piece(struct solver *s, struct mln_piece *piece, unsigned rank, size_t first)
{
    if (!piece->near.sayable || !piece->far.sayable)
        return;
    if (!is_literal(s->p, &piece->near, &piece->far) || (piece->families & (piece->families - 1)) == 0) {
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

static void add_pieces(struct solver *s)
{
    for (unsigned rank = 0; rank < 4; rank++)
        for (size_t i = 0; i < s->p->pieces.len; i++)
            if (rank_of(s->p->pieces.data[i]->end->intent) == rank)
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

/* `any` as a source does not hold 168.63.129.16, `*` does: the load balancer's probes are decided first. */
static struct mln_piece *probe_piece(struct solver *s)
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
    return mln_problem_piece(p, NULL, &near, &far, every_service(p->ctx), 1u << MLN_IPV4);
}

/* The order of questions: by rank, then exceptions and intersections before what they were made from. */
static void sort_candidates(struct solver *s)
{
    MLN_VEC(struct candidate) sorted = {0};
    for (unsigned rank = 0; rank < 4; rank++)
        for (int made = 1; made >= 0; made--)
            for (size_t i = 0; i < s->all.len; i++)
                if (s->all.data[i].rank == rank && (s->all.data[i].first != SIZE_MAX) == made &&
                    s->all.data[i].status == WAITING)
                    mln_vec_push(s->p->ctx->arena, &sorted, s->all.data[i]);
    MLN_VEC(struct candidate) all = {0};
    for (size_t i = 0; i < s->written.len; i++) {
        mln_vec_push(s->p->ctx->arena, &all, s->all.data[s->written.data[i]]);
        s->written.data[i] = i;
    }
    for (size_t i = 0; i < sorted.len; i++) {
        sorted.data[i].stale = true;
        mln_vec_push(s->p->ctx->arena, &all, sorted.data[i]);
    }
    memcpy(&s->all, &all, sizeof s->all);
}

/* The spaces are made anew with the matches of new candidates; what was written keeps its bits. */
static void reseal(struct solver *s)
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

static bool vars_inside(const struct mln_term *x, const struct mln_term *y)
{
    for (unsigned i = 0; i < y->var_count; i++) {
        bool has = false;
        for (unsigned k = 0; k < x->var_count; k++)
            has |= x->vars[k] == y->vars[i];
        if (!has)
            return false;
    }
    return true;
}

static bool term_inside(const struct mln_term *x, const struct mln_term *y)
{
    return vars_inside(x, y) && mln_ipset_covers(y->set[MLN_IPV4], x->set[MLN_IPV4]) &&
           mln_ipset_covers(y->set[MLN_IPV6], x->set[MLN_IPV6]);
}

static bool same_term(const struct mln_term *x, const struct mln_term *y)
{
    return term_inside(x, y) && term_inside(y, x);
}

static bool same_piece(const struct mln_piece *x, const struct mln_piece *y)
{
    return x->families == y->families && x->item.protos == y->item.protos &&
           mln_portset_equal(x->item.sport, y->item.sport) &&
           mln_portset_equal(x->item.dport, y->item.dport) && same_term(&x->near, &y->near) &&
           same_term(&x->far, &y->far);
}

static bool known_piece(const struct solver *s, const struct mln_piece *piece)
{
    for (size_t i = 0; i < s->all.len; i++)
        if (s->all.data[i].status != DROPPED && same_piece(s->all.data[i].piece, piece))
            return true;
    return false;
}

static void add_exceptions_of(struct solver *s, size_t index)
{
    const struct mln_piece *piece = s->all.data[index].piece;
    unsigned rank = s->all.data[index].rank;
    size_t count = piece->near.minus_len + piece->far.minus_len;
    for (size_t i = 0; i < count; i++) {
        bool is_near = i < piece->near.minus_len;
        struct mln_term near = piece->near, far = piece->far;
        if (is_near)
            near = piece->near.minus[i];
        else
            far = piece->far.minus[i - piece->near.minus_len];
        near.minus_len = far.minus_len = 0;
        struct mln_piece *cut =
            mln_problem_piece(s->p, piece->end, &near, &far, &piece->item,
                              families_of_rule(s->p, &near, &far, piece->families));
        if (cut && !known_piece(s, cut))
            add_piece(s, cut, rank, index);
    }
}

static bool add_exceptions(struct solver *s)
{
    size_t before = s->all.len;
    for (size_t i = 0; i < before; i++)
        if (s->all.data[i].status == WAITING)
            add_exceptions_of(s, i);
    return s->all.len > before;
}

/* --- splits: exact addresses part by part --- */

enum { MAX_PARTS = 512 };

static void add_part(struct solver *s, size_t index, enum mln_family f, const struct mln_ipset *near_set,
                     struct mln_range range)
{
    const struct candidate *c = &s->all.data[index];
    struct mln_term near = c->piece->near, far = c->piece->far;
    near.minus_len = far.minus_len = 0;
    near.set[f] = near_set;
    for (int i = 0; i < MLN_FAMILIES; i++)
        far.set[i] = mln_ipset_from_ranges(s->p->ctx->arena, (enum mln_family)i, &range, i == (int)f);
    unsigned rank = c->rank;
    struct mln_piece *part =
        mln_problem_piece(s->p, c->piece->end, &near, &far, &c->piece->item, 1u << f);
    if (part && !known_piece(s, part))
        add_piece(s, part, rank, index);
}

/* Pods behind the zone are not of the virtual network: the near side ends where it does as well. */
static size_t near_parts(struct solver *s, const struct mln_term *near, enum mln_family f,
                         const struct mln_ipset *parts[2])
{
    const struct mln_ipset *network = s->p->ends->zone->virtual_network[f];
    parts[0] = near->set[f];
    if (near->side.kind != MLN_SIDE_PREFIXES || near->var_count || mln_ipset_covers(network, parts[0]) ||
        !mln_ipset_overlaps(network, parts[0]))
        return 1;
    parts[0] = mln_ipset_intersect(s->p->ctx->arena, near->set[f], network);
    parts[1] = mln_ipset_subtract(s->p->ctx->arena, near->set[f], network);
    return 2;
}

/* A union of addresses may hold some that pass and some that do not: each range by itself, and apart where the
 * virtual network ends, since Azure's own rules end there too. */
static void add_parts_of(struct solver *s, size_t index)
{
    struct mln_arena *a = s->p->ctx->arena;
    const struct mln_term near = s->all.data[index].piece->near, far = s->all.data[index].piece->far;
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

static bool add_parts(struct solver *s)
{
    size_t before = s->all.len;
    for (size_t i = 0; i < before && s->all.len < MAX_CANDIDATES; i++)
        if (s->all.data[i].status == WAITING)
            add_parts_of(s, i);
    return s->all.len > before;
}

/* --- intersections --- */

/* What two terms share, when a rule can say it. */
static bool intersect_terms(struct solver *s, const struct mln_term *x, const struct mln_term *y,
                            struct mln_term *out)
{
    bool exact = !x->var_count && !y->var_count;
    *out = term_inside(x, y) ? *x : *y;
    out->minus_len = 0;
    if (term_inside(x, y) || term_inside(y, x))
        return true;
    if (!exact)
        return false;
    out->side = (struct mln_rule_side){.kind = MLN_SIDE_PREFIXES};
    for (int f = 0; f < MLN_FAMILIES; f++)
        out->set[f] = mln_ipset_intersect(s->p->ctx->arena, x->set[f], y->set[f]);
    return out->set[MLN_IPV4]->len || out->set[MLN_IPV6]->len;
}

static void add_intersection(struct solver *s, size_t i, size_t k)
{
    const struct candidate *x = &s->all.data[i], *y = &s->all.data[k];
    struct mln_term near, far;
    struct mln_service_item item = {
        x->piece->item.protos & y->piece->item.protos,
        mln_portset_intersect(s->p->ctx->arena, x->piece->item.sport, y->piece->item.sport),
        mln_portset_intersect(s->p->ctx->arena, x->piece->item.dport, y->piece->item.dport)};
    unsigned families = x->piece->families & y->piece->families;
    if (!families || !item.protos || !item.sport->len || !item.dport->len ||
        !intersect_terms(s, &x->piece->near, &y->piece->near, &near) ||
        !intersect_terms(s, &x->piece->far, &y->piece->far, &far))
        return;
    bool x_leads = x->rank < y->rank || (x->rank == y->rank && i < k);
    const struct candidate *lead = x_leads ? x : y;
    struct mln_piece *piece = mln_problem_piece(s->p, lead->piece->end, &near, &far, &item,
                                                families_of_rule(s->p, &near, &far, families));
    if (!piece || known_piece(s, piece))
        return;
    add_piece(s, piece, lead->rank, x_leads ? i : k);
}

/* All pairs of waiting candidates, and pairs of what that gives, until nothing new comes. */
static bool add_intersections(struct solver *s)
{
    size_t before = s->all.len;
    for (size_t i = 0; i < s->all.len && s->all.len < MAX_CANDIDATES; i++)
        for (size_t k = 0; k < i && s->all.len < MAX_CANDIDATES; k++)
            if (s->all.data[i].status == WAITING && s->all.data[k].status == WAITING)
                add_intersection(s, i, k);
    return s->all.len > before;
}

/* --- not expressible --- */

static void describe(struct solver *s, struct mln_diag *diag, const struct candidate *c)
{
    const struct mln_intent *intent = c->piece->end->intent;
    mln_diag_label(diag, intent->span, "this %s waits for the others",
                   intent->verb == MLN_VERB_ALLOW ? "allow" : "deny");
    const struct mln_term *const far = &c->piece->far;
    if (far->side.kind == MLN_SIDE_TAG)
        mln_diag_note(diag, "the service tag %s cannot be split", far->side.tag->name);
    for (size_t i = 0; i < far->minus_len; i++)
        if (far->minus[i].side.kind == MLN_SIDE_TAG)
            mln_diag_note(diag, "the service tag %s cannot be split", far->minus[i].side.tag->name);
    (void)s;
}

static void report_stuck(struct solver *s)
{
    const struct candidate *lead = NULL;
    for (size_t i = 0; i < s->all.len && !lead; i++)
        if (s->all.data[i].status == WAITING && s->all.data[i].piece->end)
            lead = &s->all.data[i];
    if (!lead)
        return;
    struct mln_diag *diag = mln_report(
        s->p->ctx->diags, MLN_D_NOT_EXPRESSIBLE, lead->piece->end->intent->span,
        s->gave_up ? "gave up looking for an order of the %s rules of zone '%s' after %d steps"
                   : "no order of the %s rules of zone '%s' means what these intents mean",
        s->p->ends->direction == MLN_INBOUND ? "inbound" : "outbound", s->p->ends->zone->display,
        (int)MLN_SPACE_LIMIT);
    if (lead->has_packet)
        mln_diag_note(diag, "for example %s", mln_packet_text(s->p->ctx->arena, &lead->packet));
    const struct mln_intent *last = lead->piece->end->intent;
    unsigned shown = 0;
    for (size_t i = 0; i < s->all.len && shown < 4; i++) {
        const struct candidate *c = &s->all.data[i];
        if (c->status != WAITING || !c->piece->end || c->piece->end->intent == last)
            continue;
        describe(s, diag, c);
        last = c->piece->end->intent;
        shown++;
    }
    mln_diag_help(diag, "rewrite one of them, or compile with --tags=FILE --expand-tags=always");
}

/* --- rules --- */

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

static void emit(struct mln_problem *p, const struct mln_piece *piece, enum mln_action action, unsigned rank,
                 struct mln_rule_vec *out)
{
    struct mln_ctx *ctx = p->ctx;
    struct mln_rule *rule = MLN_NEW(ctx->arena, struct mln_rule);
    enum mln_family f = first_family(piece->families);
    bool near_is_source = p->ends->direction == MLN_OUTBOUND || p->ends->through[f];
    struct mln_rule_side near = rule_side(&piece->near, f), far = rule_side(&piece->far, f);
    if (near_star(p, &piece->near))
        near = (struct mln_rule_side){.kind = MLN_SIDE_ANY};
    unsigned proto = MLN_PROTO_ANY;
    for (unsigned i = 0; i < MLN_PROTO_COUNT; i++)
        if (piece->item.protos == MLN_PROTO_BIT(i))
            proto = i;
    *rule = (struct mln_rule){.direction = p->ends->direction, .action = action, .proto = proto,
                              .src = near_is_source ? near : far, .dst = near_is_source ? far : near,
                              .sport = piece->item.sport, .dport = piece->item.dport,
                              .families = piece->families, .because = because_of(piece), .rank = rank};
    if (piece->end) {
        struct mln_intent **intent = MLN_NEW(ctx->arena, struct mln_intent *);
        *intent = piece->end->intent;
        rule->intents = intent;
        rule->intent_count = 1;
        bool natural = (piece->end->intent->verb == MLN_VERB_ALLOW) == (action == MLN_ALLOW);
        rule->base_name = natural ? piece->end->intent->name
                                  : mln_printf(ctx->arena, "%s-%s", piece->end->intent->name,
                                               action == MLN_ALLOW ? "unless" : "except");
    } else
        rule->base_name = action == MLN_ALLOW ? "allow-load-balancer-probes" : "deny-load-balancer-probes";
    rule->piece = mln_piece_name(p, piece);
    mln_vec_push(ctx->arena, out, rule);
}

/* Ranks must not fall along the list: what stands before an overriding allow belongs to its band. A stratum is a run
 * of one rank and one action. */
static void number_strata(struct mln_rule_vec *rules, size_t first)
{
    unsigned least = 3;
    for (size_t i = rules->len; i-- > first;) {
        if (rules->data[i]->rank < least)
            least = rules->data[i]->rank;
        rules->data[i]->rank = least;
    }
    unsigned stratum = 0;
    for (size_t i = first; i < rules->len; i++) {
        if (i > first && rules->data[i]->rank != rules->data[i - 1]->rank)
            stratum = 0;
        else if (i > first && rules->data[i]->action != rules->data[i - 1]->action)
            stratum++;
        rules->data[i]->stratum = stratum;
    }
}

static void order_plain(struct mln_problem *p, struct mln_rule_vec *out)
{
    struct solver s = {.p = p};
    add_pieces(&s);
    for (size_t i = 0; i < s.all.len; i++) {
        const struct candidate *c = &s.all.data[i];
        bool allow = c->piece->end->intent->verb == MLN_VERB_ALLOW;
        emit(p, c->piece, allow ? MLN_ALLOW : MLN_DENY, c->rank, out);
    }
}

static void order_search(struct mln_problem *p, struct mln_rule_vec *out)
{
    struct solver s = {.p = p};
    struct mln_piece *probes = probe_piece(&s);
    if (probes)
        add_candidate(&s, probes, 1, 0);
    add_pieces(&s);
    reseal(&s);
    run(&s);
    if (!finished(&s) && !s.gave_up && add_exceptions(&s)) {
        reseal(&s);
        run(&s);
    }
    if (!finished(&s) && !s.gave_up && add_parts(&s)) {
        reseal(&s);
        run(&s);
    }
    if (!finished(&s) && !s.gave_up && add_intersections(&s)) {
        reseal(&s);
        run(&s);
    }
    if (!finished(&s)) {
        report_stuck(&s);
        return;
    }
    struct mln_packet packet;
    const struct mln_piece *left = left_over(&s, &packet);
    if (left) {
        struct mln_diag *diag = mln_report(p->ctx->diags, MLN_D_NOT_EXPRESSIBLE, left->end->intent->span,
                                           "no rule can say a part of this intent: it is in two unknown sets at once");
        mln_diag_note(diag, "for example %s", mln_packet_text(p->ctx->arena, &packet));
        mln_diag_help(diag, "rewrite it, or compile with --tags=FILE --expand-tags=always");
        return;
    }
    for (size_t i = 0; i < s.written.len; i++) {
        const struct candidate *c = &s.all.data[s.written.data[i]];
        emit(p, c->piece, c->action, c->rank, out);
    }
}

void mln_order(struct mln_problem *p, struct mln_rule_vec *out)
{
    size_t first = out->len;
    if (p->plain)
        order_plain(p, out);
    else
        order_search(p, out);
    number_strata(out, first);
}
