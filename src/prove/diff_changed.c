/* What differs, where the whole lists are too much for diagrams: after an edit of a long list, only
 * packets of changed rules need to be compared, one changed rule after the other, each time with
 * the lists cut to it: a small world, however long the lists are. What an earlier changed rule
 * holds is denied on both sides, so the differences found are disjoint.
 *
 * Rules of both lists that match and do the same are pairs. A packet in none but pairs is decided
 * by the first rule of each list that it lies in. If the two decide otherwise, they are two pairs
 * of different actions that overlap, and their order is not the same in both lists. So changed are
 * the rules without a partner, and enough rules that every two such pairs have one of them: rules
 * of one action may be permuted as they like, and a rule that moved counts, not those that it
 * passed. Which ones are taken is a matter of cost, never of exactness. */
#include "prove/diff_impl.h"

#include <stdlib.h>

enum { MOST_CHANGED = 64, MOST_CROSSED = 1 << 16, MOST_RULES = 1 << 14 };

MLN_VEC_TYPE(match_vec, struct mln_match);

/* ---- pairs ---- */

/* A rule of a list: its place there, and a hash of what it matches and does. */
struct key {
    uint64_t hash;
    size_t at;
};

static int by_hash(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static struct key *sorted_keys(struct comparison *c, const struct list *list)
{
    struct key *keys = MLN_NEW_ARRAY(c->ctx.arena, struct key, list->count);
    for (size_t i = 0; i < list->count; i++)
        keys[i] = (struct key){mln_diff_hash_match(&c->matches.data[list->first + i]) * 2 +
                                   list->entries.data[i].allow,
                               i};
    if (list->count > 1)
        qsort(keys, list->count, sizeof *keys, by_hash);
    return keys;
}

static bool same_entry(const struct comparison *c, const struct list *old, size_t i,
                       const struct list *new, size_t k)
{
    return old->entries.data[i].allow ==
           new->entries.data[k].allow &&mln_diff_same_match(&c->matches.data[old->first + i],
                                                            &c->matches.data[new->first + k]);
}

#define NO_PARTNER SIZE_MAX
struct lists {
    struct comparison *c;
    const struct list *old, *new;
    size_t *partner[MLN_SIDES]; /* by place; NO_PARTNER: none */
};

/* Equal rules are paired in their order. */
static void find_partners(struct lists *l)
{
    const struct key *old = sorted_keys(l->c, l->old), *new = sorted_keys(l->c, l->new);
    for (int s = 0; s < MLN_SIDES; s++) {
        const struct list *list = s == MLN_OLD ? l->old : l->new;
        l->partner[s] = MLN_NEW_ARRAY(l->c->ctx.arena, size_t, list->count + 1);
        for (size_t i = 0; i < list->count; i++)
            l->partner[s][i] = NO_PARTNER;
    }
    for (size_t i = 0, k = 0; i < l->old->count && k < l->new->count;) {
        if (old[i].hash != new[k].hash) {
            *(old[i].hash < new[k].hash ? &i : &k) += 1;
            continue;
        }
        if (same_entry(l->c, l->old, old[i].at, l->new, new[k].at)) {
            l->partner[MLN_OLD][old[i].at] = new[k].at;
            l->partner[MLN_NEW][new[k].at] = old[i].at;
        }
        i++;
        k++;
    }
}

/* ---- pairs whose order changed ---- */

struct crossing {
    size_t a, b; /* places in the old list */
};
MLN_VEC_TYPE(crossing_vec, struct crossing);

/* false when there are too many. */
static bool find_crossings(const struct lists *l, struct crossing_vec *out)
{
    const size_t *partner = l->partner[MLN_OLD];
    const struct mln_rules_entry *entries = l->old->entries.data;
    const struct mln_match *matches = &l->c->matches.data[l->old->first];
    for (size_t b = 1; b < l->old->count; b++)
        for (size_t a = 0; partner[b] != NO_PARTNER && a < b; a++) {
            if (partner[a] == NO_PARTNER || partner[a] < partner[b] ||
                entries[a].allow == entries[b].allow ||
                !mln_match_overlaps(&matches[a], &matches[b]))
                continue;
            if (out->len == MOST_CROSSED)
                return false;
            mln_vec_push(l->c->ctx.arena, out, ((struct crossing){a, b}));
        }
    return true;
}

/* The rule with the most crossings first, until none is left. */
static bool cover_crossings(const struct lists *l, struct crossing_vec *crossings,
                            struct match_vec *changed)
{
    size_t *count = MLN_NEW_ARRAY(l->c->ctx.arena, size_t, l->old->count + 1);
    for (size_t i = 0; i < crossings->len; i++) {
        count[crossings->data[i].a]++;
        count[crossings->data[i].b]++;
    }
    while (crossings->len > 0 && changed->len <= MOST_CHANGED) {
        size_t most = 0, kept = 0;
        for (size_t i = 1; i < l->old->count; i++)
            if (count[i] > count[most])
                most = i;
        mln_vec_push(l->c->ctx.arena, changed, l->c->matches.data[l->old->first + most]);
        for (size_t i = 0; i < crossings->len; i++) {
            struct crossing x = crossings->data[i];
            if (x.a != most && x.b != most) {
                crossings->data[kept++] = x;
                continue;
            }
            count[x.a]--;
            count[x.b]--;
        }
        crossings->len = kept;
    }
    return crossings->len == 0;
}

static void add_alone(const struct lists *l, int side, struct match_vec *changed)
{
    const struct list *list = side == MLN_OLD ? l->old : l->new;
    for (size_t i = 0; i < list->count; i++)
        if (l->partner[side][i] == NO_PARTNER)
            mln_vec_push(l->c->ctx.arena, changed, l->c->matches.data[list->first + i]);
}

static bool find_changed(struct comparison *c, const struct list *old, const struct list *new,
                         struct match_vec *changed)
{
    struct lists l = {.c = c, .old = old, .new = new};
    struct crossing_vec crossings = {0};
    if (old->count > MOST_RULES || new->count > MOST_RULES)
        return false;
    find_partners(&l);
    add_alone(&l, MLN_OLD, changed);
    add_alone(&l, MLN_NEW, changed);
    return changed->len <= MOST_CHANGED && find_crossings(&l, &crossings) &&
           cover_crossings(&l, &crossings, changed);
}

/* ---- matches cut to one ---- */

static const struct mln_portset *common_ports(struct mln_arena *a, const struct mln_portset *x,
                                              const struct mln_portset *y)
{
    return !x ? y : !y ? x : mln_portset_intersect(a, x, y);
}

static const uint32_t *all_vars(struct mln_arena *a, const uint32_t *x, size_t *count,
                                const uint32_t *y, size_t y_count)
{
    uint32_t *out = MLN_NEW_ARRAY(a, uint32_t, *count + y_count + 1);
    size_t len = 0;
    for (size_t i = 0; i < *count + y_count; i++) {
        uint32_t var = i < *count ? x[i] : y[i - *count];
        bool known = false;
        for (size_t k = 0; k < len; k++)
            known |= out[k] == var;
        if (!known)
            out[len++] = var;
    }
    *count = len;
    return out;
}

static struct mln_match common(struct mln_arena *a, const struct mln_match *x,
                               const struct mln_match *y)
{
    struct mln_match m = *x;
    m.protos &= y->protos;
    m.src = mln_ipset_intersect(a, x->src, y->src);
    m.dst = mln_ipset_intersect(a, x->dst, y->dst);
    m.sport = common_ports(a, x->sport, y->sport);
    m.dport = common_ports(a, x->dport, y->dport);
    m.src_vars = all_vars(a, x->src_vars, &m.src_var_count, y->src_vars, y->src_var_count);
    m.dst_vars = all_vars(a, x->dst_vars, &m.dst_var_count, y->dst_vars, y->dst_var_count);
    return m;
}

/* ---- one changed rule ---- */

/* Both sides' lists, cut to one match. */
struct world {
    struct comparison *c;
    const struct match_vec *changed;
    size_t at; /* the changed rule */
    struct match_vec matches;
    MLN_VEC(bool) allows;
};

static void add_cut(struct world *w, const struct mln_match *match, bool allow)
{
    const struct mln_match *to = &w->changed->data[w->at];
    if (!mln_match_overlaps(match, to))
        return;
    struct mln_match cut = common(w->c->ctx.arena, match, to);
    mln_vec_push(w->c->ctx.arena, &w->matches, cut);
    mln_vec_push(w->c->ctx.arena, &w->allows, allow);
}

static struct list add_list(struct world *w, const struct list *list)
{
    struct list cut = {.first = w->matches.len};
    for (size_t i = 0; i < w->at; i++)
        add_cut(w, &w->changed->data[i], false);
    for (size_t i = 0; i < list->count; i++)
        add_cut(w, &w->c->matches.data[list->first + i], list->entries.data[i].allow);
    cut.count = w->matches.len - cut.first;
    return cut;
}

static const uint64_t *allow_bits(const struct world *w)
{
    uint64_t *bits = MLN_NEW_ARRAY(w->c->ctx.arena, uint64_t, w->matches.len / 64 + 1);
    for (size_t i = 0; i < w->allows.len; i++)
        if (w->allows.data[i])
            mln_bit_set(bits, i);
    return bits;
}

static bool compare_one(struct world *w, uint64_t limit, struct mln_diff *out)
{
    struct comparison *c = w->c;
    struct list *lists[MLN_SIDES];
    for (int s = 0; s < MLN_SIDES; s++) {
        lists[s] = MLN_NEW_ARRAY(c->ctx.arena, struct list, c->list_count[s] + 1);
        for (size_t h = 0; h < c->list_count[s]; h++)
            lists[s][h] = add_list(w, &c->lists[s][h]);
    }
    struct mln_diagrams *d =
        mln_diagrams_new(c->ctx.arena, c->family, w->matches.data, w->matches.len, limit);
    const uint64_t *bits = allow_bits(w);
    mln_diagram permitted[MLN_SIDES] = {MLN_DIAGRAM_ALL, MLN_DIAGRAM_ALL};
    for (int s = 0; s < MLN_SIDES; s++)
        for (size_t h = 0; h < c->list_count[s]; h++)
            permitted[s] =
                mln_diagram_and(d, permitted[s],
                                mln_diagram_of_list(d, lists[s][h].first, lists[s][h].count, bits));
    mln_diagram added = mln_diagram_without(d, permitted[MLN_NEW], permitted[MLN_OLD]),
                gone = mln_diagram_without(d, permitted[MLN_OLD], permitted[MLN_NEW]);
    out->steps += mln_diagrams_steps(d);
    if (added == MLN_DIAGRAM_GAVE_UP || gone == MLN_DIAGRAM_GAVE_UP)
        return false;
    mln_diff_take_boxes(c, d, added, true, out);
    mln_diff_take_boxes(c, d, gone, false, out);
    return true;
}

bool mln_diff_compare_changed(struct comparison *c, uint64_t limit, struct mln_diff *out)
{
    struct match_vec changed = {0};
    uint64_t budget = out->steps + 2 * (limit ? limit : MLN_DIAGRAM_LIMIT);
    if (c->list_count[MLN_OLD] != c->list_count[MLN_NEW])
        return false;
    for (size_t h = 0; h < c->list_count[MLN_OLD]; h++)
        if (!find_changed(c, &c->lists[MLN_OLD][h], &c->lists[MLN_NEW][h], &changed))
            return false;
    if (changed.len > MOST_CHANGED)
        return false;
    for (size_t i = 0; i < changed.len; i++) {
        struct world w = {.c = c, .changed = &changed, .at = i};
        if (out->steps >= budget || !compare_one(&w, budget - out->steps, out))
            return false;
    }
    return true;
}
