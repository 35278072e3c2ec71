/* The packets that pass decision lists, as boxes.
 *
 * A list is applied to a set of disjoint boxes rule by rule: what a rule holds of a box is decided,
 * the rest goes on in at most one box a field. Only rules that cut the box split it, so there are
 * few in practice; their number is bounded all the same. Boxes that differ in one field alone are
 * united at the end, for readers. */
#include "prove/reach_impl.h"

enum { MAX_REGIONS = 4000, MAX_UNITE = 200 };

/* --- one match --- */

static int find_var(const struct mln_reach_region *r, int side, uint32_t var)
{
    for (unsigned i = 0; i < r->var_count[side]; i++)
        if (r->vars[side][i] == var)
            return (int)i;
    return -1;
}

static enum mln_overlap vars_overlap(const struct mln_reach_region *r, int side,
                                     const uint32_t *vars, size_t count)
{
    enum mln_overlap overlap = MLN_COVERED;
    for (size_t i = 0; i < count; i++) {
        int at = find_var(r, side, vars[i]);
        if (at >= 0 && !r->in[side][at])
            return MLN_APART;
        if (at < 0)
            overlap = MLN_MEETS;
    }
    return overlap;
}

static enum mln_overlap set_overlap(const struct mln_ipset *region, const struct mln_ipset *match)
{
    if (!match || mln_ipset_covers(match, region))
        return MLN_COVERED;
    return mln_ipset_overlaps(match, region) ? MLN_MEETS : MLN_APART;
}

static enum mln_overlap port_overlap(const struct mln_portset *region,
                                     const struct mln_portset *match)
{
    if (!match || mln_portset_covers(match, region))
        return MLN_COVERED;
    return mln_portset_overlaps(match, region) ? MLN_MEETS : MLN_APART;
}

enum mln_overlap mln_reach_overlap(const struct mln_reach_region *region,
                                   const struct mln_match *match)
{
    enum mln_overlap least = set_overlap(region->dst, match->dst), next;
    if (least == MLN_APART || (next = set_overlap(region->src, match->src)) == MLN_APART)
        return MLN_APART;
    least = next < least ? next : least;
    next = port_overlap(region->sport, match->sport);
    least = next < least ? next : least;
    next = vars_overlap(region, 0, match->src_vars, match->src_var_count);
    least = next < least ? next : least;
    next = vars_overlap(region, 1, match->dst_vars, match->dst_var_count);
    return next < least ? next : least;
}

/* --- splitting --- */

static bool add_var(struct mln_reach_region *r, int side, uint32_t var, bool in)
{
    if (r->var_count[side] == MLN_REGION_VARS)
        return false;
    r->vars[side][r->var_count[side]] = var;
    r->in[side][r->var_count[side]++] = in;
    return true;
}

static void keep(struct mln_arena *a, struct mln_reach_region_vec *out,
                 const struct mln_reach_region *r)
{
    if (r->src->len && r->dst->len && r->sport->len)
        mln_vec_push(a, out, *r);
}

/* What of the region the match holds; the rest goes to `rest`. The two must meet. */
static bool split(struct mln_arena *a, struct mln_reach_region r, const struct mln_match *m,
                  struct mln_reach_region_vec *rest, struct mln_reach_region *inside)
{
    struct mln_reach_region other = r;
    if (m->dst) {
        other.dst = mln_ipset_subtract(a, r.dst, m->dst);
        keep(a, rest, &other);
        r.dst = mln_ipset_intersect(a, r.dst, m->dst);
    }
    other = r;
    if (m->src) {
        other.src = mln_ipset_subtract(a, r.src, m->src);
        keep(a, rest, &other);
        r.src = mln_ipset_intersect(a, r.src, m->src);
    }
    other = r;
    if (m->sport) {
        other.sport = mln_portset_subtract(a, r.sport, m->sport);
        keep(a, rest, &other);
        r.sport = mln_portset_intersect(a, r.sport, m->sport);
    }
    for (int side = 0; side < 2; side++) {
        const uint32_t *vars = side ? m->dst_vars : m->src_vars;
        size_t count = side ? m->dst_var_count : m->src_var_count;
        for (size_t i = 0; i < count; i++) {
            if (find_var(&r, side, vars[i]) >= 0)
                continue;
            other = r;
            if (!add_var(&other, side, vars[i], false) || !add_var(&r, side, vars[i], true))
                return false;
            keep(a, rest, &other);
        }
    }
    *inside = r;
    return true;
}

/* --- lists --- */

struct pass {
    struct mln_arena *a;
    unsigned proto;
    uint16_t port;
    bool denied;
    struct mln_reach_region_vec spare; /* its room is used again for each rule */
};

static bool speaks(const struct pass *p, const struct mln_traffic *traffic)
{
    return mln_portset_contains(traffic->ports[p->proto], p->port);
}

/* Applies one rule to the boxes that are open; those it permits go to `permitted`. */
static bool apply(struct pass *p, const struct mln_rules_entry *entry,
                  struct mln_reach_region_vec *open, struct mln_reach_region_vec *permitted)
{
    size_t first = 0;
    while (first < open->len && mln_reach_overlap(&open->data[first], &entry->match) == MLN_APART)
        first++;
    if (first == open->len) /* most rules, for most services */
        return true;
    struct mln_reach_region_vec left = p->spare;
    left.len = 0;
    for (size_t i = 0; i < open->len; i++) {
        const struct mln_reach_region *r = &open->data[i];
        struct mln_reach_region inside = *r;
        enum mln_overlap overlap = i < first ? MLN_APART : mln_reach_overlap(r, &entry->match);
        if (overlap == MLN_APART) {
            mln_vec_push(p->a, &left, *r);
            continue;
        }
        if (overlap == MLN_MEETS && !split(p->a, *r, &entry->match, &left, &inside))
            return false;
        if (entry->allow)
            mln_vec_push(p->a, permitted, inside);
        else
            p->denied = true;
    }
    p->spare = *open;
    *open = left;
    return left.len + permitted->len <= MAX_REGIONS;
}

static bool apply_list(struct pass *p, const struct mln_reach_list *list,
                       struct mln_reach_region_vec *regions)
{
    struct mln_reach_region_vec permitted = {0}, open = {0};
    for (size_t i = 0; i < regions->len; i++)
        mln_vec_push(p->a, &open, regions->data[i]);
    for (size_t i = 0; i < list->entries.len && open.len; i++)
        if (speaks(p, &list->traffic[i]) && !apply(p, &list->entries.data[i], &open, &permitted))
            return false;
    p->denied |= open.len > 0;
    *regions = permitted;
    return true;
}

/* --- uniting --- */

static bool same_vars_but(const struct mln_reach_region *x, const struct mln_reach_region *y,
                          int *side, unsigned *odd, unsigned *differ)
{
    *differ = 0;
    for (int s = 0; s < 2; s++) {
        if (x->var_count[s] != y->var_count[s])
            return false;
        for (unsigned i = 0; i < x->var_count[s]; i++) {
            int at = find_var(y, s, x->vars[s][i]);
            if (at < 0)
                return false;
            if (y->in[s][at] != x->in[s][i]) {
                *side = s;
                *odd = i;
                ++*differ;
            }
        }
    }
    return true;
}

/* y into x, when they differ in one field. */
static bool unite(struct mln_arena *a, struct mln_reach_region *x, const struct mln_reach_region *y)
{
    bool src = mln_ipset_equal(x->src, y->src), dst = mln_ipset_equal(x->dst, y->dst);
    bool sport = mln_portset_equal(x->sport, y->sport);
    int side = 0;
    unsigned odd = 0, differ;
    if (!same_vars_but(x, y, &side, &odd, &differ) || !src + !dst + !sport + (int)differ > 1)
        return false;
    if (differ) {
        unsigned last = --x->var_count[side];
        x->vars[side][odd] = x->vars[side][last];
        x->in[side][odd] = x->in[side][last];
    }
    x->src = src ? x->src : mln_ipset_union(a, x->src, y->src);
    x->dst = dst ? x->dst : mln_ipset_union(a, x->dst, y->dst);
    x->sport = sport ? x->sport : mln_portset_union(a, x->sport, y->sport);
    return true;
}

static void unite_all(struct mln_arena *a, struct mln_reach_region_vec *regions)
{
    bool again = regions->len <= MAX_UNITE;
    while (again) {
        again = false;
        for (size_t i = 0; i < regions->len; i++)
            for (size_t k = i + 1; k < regions->len;) {
                if (!unite(a, &regions->data[i], &regions->data[k])) {
                    k++;
                    continue;
                }
                regions->data[k] = regions->data[--regions->len];
                again = true;
            }
    }
}

/* --- what is kept --- */

static const struct mln_ipset *keep_set(struct mln_arena *a, const struct mln_ipset *set,
                                        const struct mln_ipset *whole)
{
    return set == whole ? set : mln_ipset_from_ranges(a, set->family, set->ranges, set->len);
}

static void keep_all(struct mln_arena *a, const struct mln_reach_region_vec *regions,
                     const struct mln_reach_region *start, struct mln_reach_region_vec *out)
{
    *out = (struct mln_reach_region_vec){
        .data = MLN_NEW_ARRAY(a, struct mln_reach_region, regions->len), .cap = regions->len};
    for (size_t i = 0; i < regions->len; i++) {
        struct mln_reach_region r = regions->data[i];
        r.src = keep_set(a, r.src, start->src);
        r.dst = keep_set(a, r.dst, start->dst);
        if (r.sport != start->sport)
            r.sport = mln_portset_from_ranges(a, r.sport->ranges, r.sport->len);
        mln_vec_push(a, out, r);
    }
}

/* Splitting leaves many times what is kept of it: it has an arena of its own. */
bool mln_reach_regions(struct mln_arena *a, const struct mln_reach_list *const *lists,
                       size_t list_count, const struct mln_reach_region *start, unsigned proto,
                       uint16_t port, size_t most, struct mln_reach_region_vec *out, bool *denied)
{
    struct mln_arena *scratch = mln_arena_new();
    struct pass p = {.a = scratch, .proto = proto, .port = port};
    struct mln_reach_region_vec regions = {0};
    bool good = true;
    mln_vec_push(scratch, &regions, *start);
    for (size_t i = 0; good && i < list_count; i++)
        good = apply_list(&p, lists[i], &regions);
    if (good)
        unite_all(scratch, &regions);
    good = good && regions.len <= most;
    if (good) {
        keep_all(a, &regions, start, out);
        *denied = p.denied;
    }
    mln_arena_free(scratch);
    return good;
}
