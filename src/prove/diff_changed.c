/* What differs, where the whole lists are too much for diagrams: after an edit of a long list, a
 * packet that lies in no rule that came, went or moved is decided by the same rule as before, since
 * the others are there on both sides in the same order. So only the packets of changed rules are
 * compared, one changed rule after the other, each time with the lists cut to it: a small world,
 * however long the lists are. What an earlier changed rule holds is denied on both sides, so the
 * differences found are disjoint.
 *
 * Which rules count as changed is found by walking along both lists; a worse walk costs time, never
 * exactness. */
#include "prove/diff_impl.h"

enum { WINDOW = 64, MOST_CHANGED = 64 };

MLN_VEC_TYPE(match_vec, struct mln_match);

/* ---- which rules changed ---- */

static bool same_entry(const struct comparison *c, const struct list *old, size_t i,
                       const struct list *new, size_t k)
{
    return old->entries.data[i].allow ==
           new->entries.data[k].allow &&mln_diff_same_match(&c->matches.data[old->first + i],
                                                            &c->matches.data[new->first + k]);
}

static void add_changed(struct comparison *c, const struct list *list, size_t from, size_t to,
                        struct match_vec *changed)
{
    for (size_t i = from; i < to; i++)
        mln_vec_push(c->ctx.arena, changed, c->matches.data[list->first + i]);
}

static void find_changed(struct comparison *c, const struct list *old, const struct list *new,
                         struct match_vec *changed)
{
    size_t next = 0;
    for (size_t i = 0; i < old->count; i++) {
        size_t k = next, end = next + WINDOW < new->count ? next + WINDOW : new->count;
        while (k < end && !same_entry(c, old, i, new, k))
            k++;
        if (k == end) {
            add_changed(c, old, i, i + 1, changed);
            continue;
        }
        add_changed(c, new, next, k, changed);
        next = k + 1;
    }
    add_changed(c, new, next, new->count, changed);
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
        find_changed(c, &c->lists[MLN_OLD][h], &c->lists[MLN_NEW][h], &changed);
    if (changed.len > MOST_CHANGED)
        return false;
    for (size_t i = 0; i < changed.len; i++) {
        struct world w = {.c = c, .changed = &changed, .at = i};
        if (out->steps >= budget || !compare_one(&w, budget - out->steps, out))
            return false;
    }
    return true;
}
