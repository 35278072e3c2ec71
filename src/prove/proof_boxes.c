/* The proof without a search, for the usual policy: what a rule matches is what the intents say
 * that were merged into it, so unions of boxes are shown to be equal box by box.
 *
 * Where nobody overrides and nothing has exceptions, the policy permits
 *
 *     (A + default) - (F + D)
 *
 * with A, F and D what allows, forbids and denies match. A list of rules permits likewise
 *
 *     E - L
 *
 * where L is the denies it begins with and E the allows behind them, when every later deny holds
 * all of an allow behind it, which then counts for nothing, or has no packet in common with it. So
 * F + D = L and A + default = E are enough, among the packets in question. Two unions are equal
 * when each box of either is filled by boxes of the other.
 *
 * Filled is a sufficient test, too: one box holds it; or some span it in all fields but one, and
 * their union holds it in that one; and a slice of it counts as a box when it is filled in turn.
 * That is what merging rules field by field leads to. Whatever is not shown this way is left to the
 * search, so what is answered here is HOLDS or nothing. */
#include "prove/proof_impl.h"

MLN_VEC_TYPE(box_vec, struct mln_match);
MLN_VEC_TYPE(part_vec, const struct mln_match *);

/* Comparisons of two boxes for each box, beside those with all of the other list: where they do not
 * do, the search is the better way. */
enum { PER_BOX = 200 };
enum { MOST_SLICED = 2 }; /* fields that are taken slice by slice */

enum field { FIELD_DPORT, FIELD_DST, FIELD_SRC, FIELD_SPORT, FIELD_PROTO, FIELDS };

struct checker {
    struct mln_arena *arena;
    const struct mln_match *universe;
    const struct mln_ipset *whole[2], *cut[2]; /* the sources and destinations last cut */
    uint64_t steps, limit;
};

/* ---- boxes ---- */

/* A set among the addresses in question; boxes in a row often have the same. */
static const struct mln_ipset *cut_set(struct checker *c, bool dst, const struct mln_ipset *set)
{
    const struct mln_ipset *to = dst ? c->universe->dst : c->universe->src;
    if (!set || set == to)
        return to;
    if (set != c->whole[dst]) {
        c->whole[dst] = set;
        c->cut[dst] = mln_ipset_intersect(c->arena, set, to);
    }
    return c->cut[dst];
}

/* Adds the match, cut to the packets in question, unless nothing is left. */
static void add_box(struct checker *c, struct box_vec *out, const struct mln_match *match)
{
    struct mln_match box = *match;
    box.src = cut_set(c, false, match->src);
    box.dst = cut_set(c, true, match->dst);
    if (!box.sport)
        box.sport = mln_portset_all(c->arena);
    if (!box.dport)
        box.dport = mln_portset_all(c->arena);
    if ((box.protos & MLN_PROTOS_ALL) && box.src->len && box.dst->len && box.sport->len &&
        box.dport->len)
        mln_vec_push(c->arena, out, box);
}

/* Most pairs part at the ends of their destination ports. */
static bool holds_ports(const struct mln_portset *x, const struct mln_portset *y)
{
    if (x == y)
        return true;
    return x->ranges[0].lo <= y->ranges[0].lo &&
           x->ranges[x->len - 1].hi >= y->ranges[y->len - 1].hi && mln_portset_covers(x, y);
}

static bool holds_in(enum field field, const struct mln_match *x, const struct mln_match *y)
{
    switch (field) {
    case FIELD_DPORT:
        return holds_ports(x->dport, y->dport);
    case FIELD_SPORT:
        return holds_ports(x->sport, y->sport);
    case FIELD_DST:
        return x->dst == y->dst || mln_ipset_covers(x->dst, y->dst);
    case FIELD_SRC:
        return x->src == y->src || mln_ipset_covers(x->src, y->src);
    default:
        return (y->protos & ~x->protos) == 0;
    }
}

/* Does x hold all of y in the fields but one? (`but` FIELDS: in all.) */
static bool holds_but(struct checker *c, const struct mln_match *x, const struct mln_match *y,
                      enum field but)
{
    c->steps++;
    for (int f = 0; f < FIELDS; f++)
        if (f != (int)but && !holds_in((enum field)f, x, y))
            return false;
    /* The fewer unknown sets a box must lie in, the larger it is. */
    return mln_vars_name_all(y->src_vars, y->src_var_count, x->src_vars, x->src_var_count) &&
           mln_vars_name_all(y->dst_vars, y->dst_var_count, x->dst_vars, x->dst_var_count);
}

static inline bool ends_apart(const struct mln_ipset *x, const struct mln_ipset *y)
{
    return mln_ip_cmp(x->ranges[0].lo, y->ranges[y->len - 1].hi) > 0 ||
           mln_ip_cmp(y->ranges[0].lo, x->ranges[x->len - 1].hi) > 0;
}

/* ---- filled ---- */

/* The whole with one field as the part has it. */
static struct mln_match narrowed(const struct mln_match *whole, const struct mln_match *part,
                                 enum field field)
{
    struct mln_match m = *whole;
    switch (field) {
    case FIELD_DPORT:
        m.dport = part->dport;
        break;
    case FIELD_SPORT:
        m.sport = part->sport;
        break;
    case FIELD_DST:
        m.dst = part->dst;
        break;
    case FIELD_SRC:
        m.src = part->src;
        break;
    default:
        m.protos = part->protos;
    }
    return m;
}

static const struct mln_portset *ports_of(const struct mln_match *m, enum field field)
{
    return field == FIELD_DPORT ? m->dport : m->sport;
}

static bool ports_fill(struct checker *c, enum field field, const struct mln_match *whole,
                       const struct part_vec *parts)
{
    MLN_VEC(struct mln_port_range) all = {0};
    for (size_t i = 0; i < parts->len; i++) {
        const struct mln_portset *set = ports_of(parts->data[i], field);
        for (size_t k = 0; k < set->len; k++)
            mln_vec_push(c->arena, &all, set->ranges[k]);
    }
    return mln_portset_covers(mln_portset_from_ranges(c->arena, all.data, all.len),
                              ports_of(whole, field));
}

static const struct mln_ipset *addresses_of(const struct mln_match *m, enum field field)
{
    return field == FIELD_DST ? m->dst : m->src;
}

static bool addresses_fill(struct checker *c, enum field field, const struct mln_match *whole,
                           const struct part_vec *parts)
{
    MLN_VEC(struct mln_range) all = {0};
    const struct mln_ipset *wanted = addresses_of(whole, field);
    for (size_t i = 0; i < parts->len; i++) {
        const struct mln_ipset *set = addresses_of(parts->data[i], field);
        for (size_t k = 0; k < set->len; k++)
            mln_vec_push(c->arena, &all, set->ranges[k]);
    }
    return mln_ipset_covers(mln_ipset_from_ranges(c->arena, wanted->family, all.data, all.len),
                            wanted);
}

/* Is the whole, in this field, the union of the parts? */
static bool union_fills(struct checker *c, enum field field, const struct mln_match *whole,
                        const struct part_vec *parts)
{
    unsigned protos = 0;
    switch (field) {
    case FIELD_DPORT:
    case FIELD_SPORT:
        return ports_fill(c, field, whole, parts);
    case FIELD_DST:
    case FIELD_SRC:
        return addresses_fill(c, field, whole, parts);
    default:
        for (size_t i = 0; i < parts->len; i++)
            protos |= parts->data[i]->protos;
        return (whole->protos & ~protos) == 0;
    }
}

static bool filled(struct checker *c, const struct mln_match *whole, const struct part_vec *parts,
                   unsigned depth);

/* One field at last: parts that span the whole in all others. */
static bool filled_at_once(struct checker *c, const struct mln_match *whole,
                           const struct part_vec *parts, enum field field)
{
    struct part_vec span = {0};
    for (size_t i = 0; i < parts->len; i++)
        if (holds_but(c, parts->data[i], whole, field))
            mln_vec_push(c->arena, &span, parts->data[i]);
    return span.len > 0 && union_fills(c, field, whole, &span);
}

/* Slices of the whole, as wide in this field as some part is: those that other parts fill count. */
static bool filled_in_slices(struct checker *c, const struct mln_match *whole,
                             const struct part_vec *parts, enum field field, unsigned depth)
{
    struct part_vec good = {0};
    for (size_t i = 0; i < parts->len && c->steps < c->limit; i++) {
        const struct mln_match *part = parts->data[i];
        bool known = holds_in(field, part, whole); /* no narrower */
        for (size_t k = 0; k < good.len && !known; k++, c->steps++)
            known = holds_in(field, good.data[k], part);
        if (known)
            continue;
        struct mln_match slice = narrowed(whole, part, field);
        struct part_vec within = {0};
        for (size_t k = 0; k < parts->len; k++, c->steps++)
            if (holds_in(field, parts->data[k], &slice))
                mln_vec_push(c->arena, &within, parts->data[k]);
        if (filled(c, &slice, &within, depth + 1))
            mln_vec_push(c->arena, &good, part);
    }
    return good.len > 0 && union_fills(c, field, whole, &good);
}

static bool filled(struct checker *c, const struct mln_match *whole, const struct part_vec *parts,
                   unsigned depth)
{
    for (size_t i = 0; i < parts->len; i++)
        if (holds_but(c, parts->data[i], whole, FIELDS))
            return true;
    if (parts->len < 2)
        return false;
    for (int f = 0; f < FIELDS; f++)
        if (filled_at_once(c, whole, parts, (enum field)f))
            return true;
    for (int f = 0; f < FIELDS && depth < MOST_SLICED && c->steps < c->limit; f++)
        if (filled_in_slices(c, whole, parts, (enum field)f, depth))
            return true;
    return false;
}

/* Surely no packet in common: judged by the ends of their sets. */
static inline bool are_apart(const struct mln_match *x, const struct mln_match *y)
{
    return x->dport->ranges[0].lo > y->dport->ranges[y->dport->len - 1].hi ||
           y->dport->ranges[0].lo > x->dport->ranges[x->dport->len - 1].hi ||
           !(x->protos & y->protos) || ends_apart(x->dst, y->dst) || ends_apart(x->src, y->src);
}

/* Is each box of xs filled by those of ys? */
static bool all_filled(struct checker *c, const struct box_vec *xs, const struct box_vec *ys)
{
    struct part_vec near = {.data = MLN_NEW_ARRAY(c->arena, const struct mln_match *, ys->len),
                            .cap = ys->len};
    for (size_t i = 0; i < xs->len; i++) {
        const struct mln_match *x = &xs->data[i];
        bool held = false;
        near.len = 0;
        for (size_t k = 0; k < ys->len && !held; k++) {
            if (are_apart(x, &ys->data[k]))
                continue;
            held = holds_but(c, &ys->data[k], x, FIELDS);
            near.data[near.len++] = &ys->data[k];
        }
        c->steps += ys->len / 8;
        if (c->steps > c->limit || (!held && !filled(c, x, &near, 0)))
            return false;
    }
    return true;
}

static bool equal_unions(struct checker *c, const struct box_vec *x, const struct box_vec *y)
{
    c->limit = c->steps + x->len * y->len + PER_BOX * (x->len + y->len);
    return all_filled(c, x, y) && all_filled(c, y, x);
}

/* ---- the policy and the list ---- */

struct boxes {
    struct box_vec denies, allows;
};

static struct box_vec room_for(struct checker *c, size_t count)
{
    return (struct box_vec){.data = MLN_NEW_ARRAY(c->arena, struct mln_match, count), .cap = count};
}

static bool policy_boxes(struct checker *c, const struct mln_problem *p,
                         const struct mln_plane *plane, struct boxes *out)
{
    out->allows = room_for(c, p->pieces.len + plane->default_matches.len);
    for (size_t i = 0; i < p->pieces.len; i++) {
        const struct mln_piece *piece = p->pieces.data[i];
        int match = piece->match[plane->family];
        if (piece->end->intent->overrides.len || piece->minus_len[plane->family])
            return false;
        if (match >= 0)
            add_box(c, piece->end->intent->verb == MLN_VERB_ALLOW ? &out->allows : &out->denies,
                    &plane->matches.data[match]);
    }
    for (size_t i = 0; i < plane->default_matches.len; i++)
        add_box(c, &out->allows, &plane->matches.data[plane->default_matches.data[i]]);
    return true;
}

/* What denies in front of it leave of an allow: all, nothing (*gone), or false: a part. */
static bool is_whole(const struct mln_match *allow, const struct box_vec *denies, size_t from,
                     bool *gone)
{
    bool apart = true;
    *gone = false;
    for (size_t i = from; i < denies->len && !*gone; i++) {
        *gone = mln_match_covers(&denies->data[i], allow);
        apart &= !mln_match_overlaps(&denies->data[i], allow);
    }
    return *gone || apart;
}

static bool list_boxes(struct checker *c, const struct mln_rules_entry_vec *entries,
                       struct boxes *out)
{
    struct box_vec denies = {0}, one = room_for(c, 1);
    out->allows = room_for(c, entries->len);
    size_t leading = SIZE_MAX;
    for (size_t i = 0; i < entries->len; i++) {
        const struct mln_rules_entry *entry = &entries->data[i];
        one.len = 0;
        add_box(c, entry->allow ? &one : &denies, &entry->match);
        if (!one.len)
            continue;
        if (leading == SIZE_MAX)
            leading = denies.len;
        bool gone;
        c->steps += (denies.len - leading) / 8;
        if (!is_whole(&one.data[0], &denies, leading, &gone))
            return false;
        if (!gone)
            mln_vec_push(c->arena, &out->allows, one.data[0]);
    }
    for (size_t i = 0; i < denies.len && i < leading && leading != SIZE_MAX; i++)
        mln_vec_push(c->arena, &out->denies, denies.data[i]);
    return leading != SIZE_MAX;
}

bool mln_prove_by_boxes(struct mln_ctx *ctx, const struct mln_problem *p,
                        const struct mln_plane *plane, const struct mln_rules_entry_vec *entries,
                        uint64_t *steps)
{
    struct checker c = {.arena = ctx->arena, .universe = &plane->matches.data[plane->universe]};
    struct boxes policy = {0}, list = {0};
    bool equal = policy_boxes(&c, p, plane, &policy) && list_boxes(&c, entries, &list) &&
                 equal_unions(&c, &policy.denies, &list.denies) &&
                 equal_unions(&c, &policy.allows, &list.allows);
    *steps += c.steps;
    return equal;
}
