/* From a diagram to boxes.
 *
 * Each way from the top to ALL is a box: at a node, the atoms with one child go together, and
 * levels that are not met are open. Ways differ in some node, so boxes are disjoint. Then two boxes
 * that agree in all levels but one become one, level after level until nothing changes; the union
 * of two such boxes is a box and holds what the two held, so the boxes stay disjoint and complete.
 *
 * A box is a bit set of atoms for each level, all in one row of words. */
#include "net/diagram_impl.h"

#include <string.h>

/* The one way that a walk is on, and the rows of the boxes found. */
struct walk {
    struct mln_diagrams *d;
    struct mln_arena *scratch;
    size_t *at;    /* per level: its first word in a row; one more: the words of a row */
    uint64_t *way; /* a row */
    uint64_t *everything;
    MLN_VEC(uint64_t *) rows;
    size_t most;
    bool complete;
};

static size_t row_words(const struct walk *w)
{
    return w->at[w->d->level_count];
}

static void lay_out(struct walk *w)
{
    const struct mln_diagrams *d = w->d;
    w->at = MLN_NEW_ARRAY(w->scratch, size_t, d->level_count + 1);
    for (size_t l = 0; l < d->level_count; l++)
        w->at[l + 1] = w->at[l] + (d->levels[l].atom_count + 63) / 64;
    w->everything = MLN_NEW_ARRAY(w->scratch, uint64_t, row_words(w));
    for (size_t l = 0; l < d->level_count; l++)
        for (uint32_t a = 0; a < d->levels[l].atom_count; a++)
            mln_bit_set(w->everything + w->at[l], a);
    w->way = MLN_NEW_ARRAY(w->scratch, uint64_t, row_words(w));
    memcpy(w->way, w->everything, row_words(w) * sizeof *w->way);
}

static void take_way(struct walk *w)
{
    if (w->rows.len == w->most) {
        w->complete = false;
        return;
    }
    uint64_t *row = MLN_NEW_ARRAY(w->scratch, uint64_t, row_words(w));
    memcpy(row, w->way, row_words(w) * sizeof *row);
    mln_vec_push(w->scratch, &w->rows, row);
}

/* Recurses once a level at most. */
static void follow(struct walk *w, mln_diagram node)
{
    if (node == MLN_DIAGRAM_NONE || !w->complete)
        return;
    if (node == MLN_DIAGRAM_ALL) {
        take_way(w);
        return;
    }
    uint32_t level = w->d->nodes.data[node].level, count = w->d->levels[level].atom_count;
    size_t words = w->at[level + 1] - w->at[level];
    const uint32_t *children = mln_diagram_children(w->d, node);
    uint64_t *chosen = w->way + w->at[level];
    uint64_t *done = MLN_NEW_ARRAY(w->scratch, uint64_t, words);
    for (uint32_t a = 0; a < count; a++) {
        if (mln_bit(done, a) || children[a] == MLN_DIAGRAM_NONE)
            continue;
        memset(chosen, 0, words * sizeof *chosen);
        for (uint32_t b = a; b < count; b++)
            if (children[b] == children[a]) {
                mln_bit_set(chosen, b);
                mln_bit_set(done, b);
            }
        follow(w, children[a]);
    }
    memcpy(chosen, w->everything + w->at[level], words * sizeof *chosen);
}

/* ---- merging ---- */

static uint64_t hash_without(const struct walk *w, const uint64_t *row, size_t level)
{
    uint64_t hash = level;
    for (size_t k = 0; k < row_words(w); k++)
        if (k < w->at[level] || k >= w->at[level + 1])
            hash = mln_hash_word(hash, row[k]);
    return mln_mix(hash);
}

static bool alike_without(const struct walk *w, const uint64_t *x, const uint64_t *y, size_t level)
{
    size_t from = w->at[level], to = w->at[level + 1];
    return memcmp(x, y, from * sizeof *x) == 0 &&
           memcmp(x + to, y + to, (row_words(w) - to) * sizeof *x) == 0;
}

/* Unites rows that differ in this level alone; true when some did. */
static bool merge_level(struct walk *w, size_t level)
{
    struct mln_index index;
    mln_index_init(&index, w->scratch, 64);
    size_t kept = 0;
    for (size_t i = 0; i < w->rows.len; i++) {
        uint64_t *row = w->rows.data[i], *into = NULL;
        uint64_t hash = hash_without(w, row, level);
        size_t at = mln_index_start(&index, hash);
        for (uint32_t id; !into && (id = mln_index_next(&index, hash, &at)) != MLN_INDEX_NONE;)
            if (alike_without(w, w->rows.data[id], row, level))
                into = w->rows.data[id];
        for (size_t k = w->at[level]; into && k < w->at[level + 1]; k++)
            into[k] |= row[k];
        if (into)
            continue;
        mln_index_put(&index, hash, (uint32_t)kept);
        w->rows.data[kept++] = row;
    }
    bool changed = kept < w->rows.len;
    w->rows.len = kept;
    return changed;
}

static void merge(struct walk *w)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t level = w->d->level_count; level-- > 0;)
            changed |= merge_level(w, level);
    }
}

/* ---- boxes ---- */

static struct mln_atom_ranges ranges_of(const struct walk *w, const uint64_t *row, size_t level)
{
    const struct mln_level *l = &w->d->levels[level];
    struct mln_atom_ranges all = {0};
    for (uint32_t a = 0; a < l->atom_count; a++)
        for (size_t r = 0; mln_bit(row + w->at[level], a) && r < l->ranges[a].len; r++)
            mln_vec_push(w->scratch, &all, l->ranges[a].data[r]);
    return all;
}

static const struct mln_ipset *addresses_of(const struct walk *w, const uint64_t *row, size_t level)
{
    struct mln_atom_ranges all = ranges_of(w, row, level);
    return mln_ipset_from_ranges(w->d->arena, w->d->family, all.data, all.len);
}

static const struct mln_portset *ports_of(const struct walk *w, const uint64_t *row, size_t level)
{
    struct mln_atom_ranges all = ranges_of(w, row, level);
    struct mln_port_range *ports = MLN_NEW_ARRAY(w->scratch, struct mln_port_range, all.len);
    for (size_t i = 0; i < all.len; i++)
        ports[i] =
            (struct mln_port_range){(uint16_t)all.data[i].lo.lo, (uint16_t)all.data[i].hi.lo};
    return mln_portset_from_ranges(w->d->arena, ports, all.len);
}

static unsigned protos_of(const struct walk *w, const uint64_t *row)
{
    struct mln_atom_ranges all = ranges_of(w, row, MLN_FIELD_PROTO);
    unsigned protos = 0;
    for (size_t i = 0; i < all.len; i++)
        for (uint64_t p = all.data[i].lo.lo; p <= all.data[i].hi.lo; p++)
            protos |= MLN_PROTO_BIT(p);
    return protos;
}

static void add_box(const struct walk *w, const uint64_t *row, struct mln_box_vec *out)
{
    const struct mln_diagrams *d = w->d;
    MLN_VEC(struct mln_box_var) vars = {0};
    for (size_t l = MLN_FIELD_COUNT; l < d->level_count; l++) {
        uint64_t choice = row[w->at[l]];
        struct mln_box_var var = {d->levels[l].number, d->levels[l].is_src, choice == 2};
        if (choice != 3)
            mln_vec_push(d->arena, &vars, var);
    }
    struct mln_box box = {.family = d->family,
                          .protos = protos_of(w, row),
                          .src = addresses_of(w, row, MLN_FIELD_SRC),
                          .dst = addresses_of(w, row, MLN_FIELD_DST),
                          .sport = ports_of(w, row, MLN_FIELD_SPORT),
                          .dport = ports_of(w, row, MLN_FIELD_DPORT),
                          .vars = vars.data,
                          .var_count = vars.len};
    mln_vec_push(d->arena, out, box);
}

bool mln_diagram_boxes(struct mln_diagrams *d, mln_diagram a, size_t most, struct mln_box_vec *out)
{
    struct walk w = {.d = d, .scratch = mln_arena_new(), .most = most, .complete = true};
    lay_out(&w);
    follow(&w, a);
    merge(&w);
    for (size_t i = 0; i < w.rows.len; i++)
        add_box(&w, w.rows.data[i], out);
    mln_arena_free(w.scratch);
    return w.complete;
}

struct mln_match mln_box_match(struct mln_arena *arena, const struct mln_box *box)
{
    uint32_t *vars[2] = {MLN_NEW_ARRAY(arena, uint32_t, box->var_count),
                         MLN_NEW_ARRAY(arena, uint32_t, box->var_count)};
    size_t count[2] = {0, 0};
    for (size_t i = 0; i < box->var_count; i++)
        if (box->vars[i].in)
            vars[box->vars[i].is_src][count[box->vars[i].is_src]++] = box->vars[i].number;
    return (struct mln_match){.src = box->src,
                              .dst = box->dst,
                              .src_vars = vars[1],
                              .dst_vars = vars[0],
                              .src_var_count = count[1],
                              .dst_var_count = count[0],
                              .protos = box->protos,
                              .sport = box->sport,
                              .dport = box->dport};
}
