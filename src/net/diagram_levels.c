/* The levels of diagrams: atoms with their ranges.
 *
 * As in field.c, two values that lie in the same sets are one atom, and the line is swept over the
 * sets' ends. Here every range is kept, since boxes are printed; a space only needs one value. The
 * two are written apart on purpose: tests hold one against the other. */
#include "net/diagram_impl.h"

#include <stdlib.h>
#include <string.h>

/* ---- collecting ---- */

static struct mln_ip line_end(size_t field, enum mln_family family)
{
    switch (field) {
    case MLN_FIELD_PROTO:
        return (struct mln_ip){.lo = MLN_PROTO_COUNT - 1};
    case MLN_FIELD_DPORT:
    case MLN_FIELD_SPORT:
        return (struct mln_ip){.lo = UINT16_MAX};
    default:
        return mln_ip_max(family);
    }
}

static size_t port_ranges(const struct mln_portset *set, struct mln_range *out)
{
    for (size_t i = 0; i < set->len; i++)
        out[i] = (struct mln_range){{.lo = set->ranges[i].lo}, {.lo = set->ranges[i].hi}};
    return set->len;
}

static size_t proto_ranges(unsigned protos, struct mln_range *out)
{
    size_t len = 0;
    for (unsigned p = 0; p < MLN_PROTO_COUNT; p++) {
        if (!(protos & MLN_PROTO_BIT(p)))
            continue;
        if (p > 0 && (protos & MLN_PROTO_BIT(p - 1)))
            out[len - 1].hi.lo = p;
        else
            out[len++] = (struct mln_range){{.lo = p}, {.lo = p}};
    }
    return len;
}

static uint32_t collect_ports(struct mln_collector *c, const struct mln_portset *set)
{
    uint32_t number = set ? mln_collector_find(c, (uintptr_t)set) : MLN_SET_ALL;
    if (number != MLN_INDEX_NONE)
        return number;
    struct mln_range *ranges = MLN_NEW_ARRAY(c->scratch, struct mln_range, set->len);
    return mln_collector_add(c, (uintptr_t)set, ranges, port_ranges(set, ranges));
}

static uint32_t collect_addresses(struct mln_collector *c, const struct mln_ipset *set)
{
    uint32_t number = set ? mln_collector_find(c, (uintptr_t)set) : MLN_SET_ALL;
    return number != MLN_INDEX_NONE ? number
                                    : mln_collector_add(c, (uintptr_t)set, set->ranges, set->len);
}

static uint32_t collect(struct mln_collector *c, size_t field, const struct mln_match *m)
{
    switch (field) {
    case MLN_FIELD_PROTO: {
        unsigned protos = m->protos & MLN_PROTOS_ALL;
        uint32_t number = mln_collector_find(c, protos);
        if (number != MLN_INDEX_NONE)
            return number;
        struct mln_range *ranges = MLN_NEW_ARRAY(c->scratch, struct mln_range, MLN_PROTO_COUNT);
        return mln_collector_add(c, protos, ranges, proto_ranges(protos, ranges));
    }
    case MLN_FIELD_DPORT:
        return collect_ports(c, m->dport);
    case MLN_FIELD_SPORT:
        return collect_ports(c, m->sport);
    case MLN_FIELD_DST:
        return collect_addresses(c, m->dst);
    default:
        return collect_addresses(c, m->src);
    }
}

static bool is_live(const struct mln_match *m)
{
    return (m->protos & MLN_PROTOS_ALL) != 0 && (!m->src || m->src->len > 0) &&
           (!m->dst || m->dst->len > 0) && (!m->sport || m->sport->len > 0) &&
           (!m->dport || m->dport->len > 0);
}

/* ---- sweeping ---- */

struct event {
    struct mln_ip at;
    uint32_t set;
};

static int by_place(const void *x, const void *y)
{
    return mln_ip_cmp(((const struct event *)x)->at, ((const struct event *)y)->at);
}

/* Where sets begin and where they are over, in order; the whole line (set 0) has no events. */
static struct event *list_events(const struct mln_collector *c, size_t *count)
{
    size_t most = 0;
    for (size_t s = 1; s < c->sets.len; s++)
        most += 2 * c->sets.data[s].len;
    struct event *events = MLN_NEW_ARRAY(c->scratch, struct event, most);
    *count = 0;
    for (size_t s = 1; s < c->sets.len; s++)
        for (size_t r = 0; r < c->sets.data[s].len; r++) {
            const struct mln_range *range = &c->sets.data[s].ranges[r];
            events[(*count)++] = (struct event){range->lo, (uint32_t)s};
            if (mln_ip_cmp(range->hi, c->max) != 0)
                events[(*count)++] = (struct event){mln_ip_next(range->hi), (uint32_t)s};
        }
    qsort(events, *count, sizeof *events, by_place);
    return events;
}

/* Atoms as they are found: the sets that hold each. */
struct sweep {
    const struct mln_collector *c;
    struct mln_arena *keep; /* where ranges live */
    size_t words;           /* of a bit set over the sets */
    uint64_t *now, hash;
    struct mln_index index;
    MLN_VEC(uint64_t) holders;
    MLN_VEC(struct mln_atom_ranges) atoms;
};

static void toggle(struct sweep *w, uint32_t set)
{
    w->now[set / 64] ^= UINT64_C(1) << (set % 64);
    w->hash ^= mln_mix(set + UINT64_C(0x9e3779b97f4a7c15));
}

static size_t atom_of_now(struct sweep *w)
{
    size_t at = mln_index_start(&w->index, w->hash);
    for (uint32_t id; (id = mln_index_next(&w->index, w->hash, &at)) != MLN_INDEX_NONE;)
        if (memcmp(w->holders.data + id * w->words, w->now, w->words * sizeof *w->now) == 0)
            return id;
    mln_index_put(&w->index, w->hash, (uint32_t)w->atoms.len);
    for (size_t k = 0; k < w->words; k++)
        mln_vec_push(w->c->scratch, &w->holders, w->now[k]);
    mln_vec_push(w->c->scratch, &w->atoms, (struct mln_atom_ranges){0});
    return w->atoms.len - 1;
}

static void run_sweep(struct sweep *w)
{
    size_t count, i = 0;
    const struct event *events = list_events(w->c, &count);
    mln_index_init(&w->index, w->c->scratch, 64);
    for (struct mln_range part = {0};; part.lo = events[i].at) {
        while (i < count && mln_ip_cmp(events[i].at, part.lo) == 0)
            toggle(w, events[i++].set);
        part.hi = i < count ? mln_ip_prev(events[i].at) : w->c->max;
        size_t atom = atom_of_now(w); /* may move the array */
        mln_vec_push(w->keep, &w->atoms.data[atom], part);
        if (i == count)
            return;
    }
}

/* ---- levels ---- */

/* The matches of each set, so that a column is a union of a few of them. */
static uint64_t *matches_of_sets(const struct mln_diagrams *d, const struct mln_collector *c,
                                 const uint32_t *set_of)
{
    uint64_t *of = MLN_NEW_ARRAY(c->scratch, uint64_t, c->sets.len * d->words);
    for (size_t m = 0; m < d->match_count; m++)
        if (mln_bit(d->live, m))
            mln_bit_set(of + set_of[m] * d->words, m);
    return of;
}

static void fill_columns(struct mln_diagrams *d, struct mln_level *level, const struct sweep *w,
                         const uint64_t *of)
{
    level->columns = MLN_NEW_ARRAY(d->arena, uint64_t, level->atom_count * d->words);
    for (uint32_t a = 0; a < level->atom_count; a++) {
        uint64_t *column = level->columns + a * d->words;
        memcpy(column, of, d->words * sizeof *column); /* the whole line */
        for (size_t s = 1; s < w->c->sets.len; s++)
            if (mln_bit(w->holders.data + a * w->words, s))
                for (size_t k = 0; k < d->words; k++)
                    column[k] |= of[s * d->words + k];
    }
}

/* Turns "sets of an atom" around into "atoms of a set". */
static void list_members(struct mln_diagrams *d, struct mln_level *level, const struct sweep *w)
{
    size_t sets = w->c->sets.len;
    level->first = MLN_NEW_ARRAY(d->arena, uint32_t, sets + 1);
    for (uint32_t a = 0; a < level->atom_count; a++)
        for (size_t s = 0; s < sets; s++)
            level->first[s + 1] += mln_bit(w->holders.data + a * w->words, s);
    for (size_t s = 0; s < sets; s++)
        level->first[s + 1] += level->first[s];
    uint32_t *next = MLN_NEW_ARRAY(w->c->scratch, uint32_t, sets);
    memcpy(next, level->first, sets * sizeof *next);
    level->members = MLN_NEW_ARRAY(d->arena, uint32_t, level->first[sets]);
    for (uint32_t a = 0; a < level->atom_count; a++)
        for (size_t s = 0; s < sets; s++)
            if (mln_bit(w->holders.data + a * w->words, s))
                level->members[next[s]++] = a;
}

static void cut_level(struct mln_diagrams *d, struct mln_arena *scratch, size_t field,
                      const struct mln_match *matches)
{
    struct mln_collector c;
    mln_collector_init(&c, scratch, line_end(field, d->family));
    uint32_t *set_of = MLN_NEW_ARRAY(d->arena, uint32_t, d->match_count);
    for (size_t m = 0; m < d->match_count; m++)
        if (mln_bit(d->live, m))
            set_of[m] = collect(&c, field, &matches[m]);
    struct sweep w = {.c = &c, .keep = d->arena, .words = (c.sets.len + 63) / 64};
    w.now = MLN_NEW_ARRAY(scratch, uint64_t, w.words);
    run_sweep(&w);
    struct mln_level *level = &d->levels[field];
    level->atom_count = (uint32_t)w.atoms.len;
    level->ranges = MLN_NEW_ARRAY(d->arena, struct mln_atom_ranges, w.atoms.len);
    memcpy(level->ranges, w.atoms.data, w.atoms.len * sizeof *level->ranges);
    level->set_of = set_of;
    list_members(d, level, &w);
    fill_columns(d, level, &w, matches_of_sets(d, &c, set_of));
}

static void add_variable(struct mln_diagrams *d, size_t match, bool is_src, uint32_t number)
{
    size_t i = MLN_FIELD_COUNT;
    while (i < d->level_count && (d->levels[i].number != number || d->levels[i].is_src != is_src))
        i++;
    struct mln_level *level = &d->levels[i];
    if (i == d->level_count) {
        d->level_count++;
        *level = (struct mln_level){.atom_count = 2, .number = number, .is_src = is_src};
        level->columns = MLN_NEW_ARRAY(d->arena, uint64_t, 2 * d->words);
        memcpy(level->columns, d->live, d->words * sizeof *level->columns);
        memcpy(level->columns + d->words, d->live, d->words * sizeof *level->columns);
    }
    mln_bit_clear(level->columns, match);
}

/* In the order of their names in the matches: a regional tag comes behind its global tag, and what
 * is out of that needs no further question. */
static void list_variables(struct mln_diagrams *d, const struct mln_match *matches)
{
    for (size_t m = 0; m < d->match_count; m++) {
        if (!mln_bit(d->live, m))
            continue;
        for (size_t v = 0; v < matches[m].dst_var_count; v++)
            add_variable(d, m, false, matches[m].dst_vars[v]);
        for (size_t v = 0; v < matches[m].src_var_count; v++)
            add_variable(d, m, true, matches[m].src_vars[v]);
    }
}

static void find_full(struct mln_diagrams *d)
{
    for (size_t l = d->level_count; l-- > 0;) {
        struct mln_level *level = &d->levels[l];
        level->cover = MLN_NEW_ARRAY(d->arena, uint64_t, d->words);
        level->full = MLN_NEW_ARRAY(d->arena, uint64_t, d->words);
        memset(level->cover, 0xff, d->words * sizeof *level->cover);
        for (uint32_t a = 0; a < level->atom_count; a++)
            for (size_t k = 0; k < d->words; k++)
                level->cover[k] &= mln_level_column(d, level, a)[k];
        for (size_t k = 0; k < d->words; k++)
            level->full[k] =
                level->cover[k] & (l + 1 < d->level_count ? d->levels[l + 1].full[k] : UINT64_MAX);
    }
}

static size_t most_levels(const struct mln_diagrams *d, const struct mln_match *matches)
{
    size_t most = MLN_FIELD_COUNT;
    for (size_t m = 0; m < d->match_count; m++)
        most += matches[m].src_var_count + matches[m].dst_var_count;
    return most;
}

void mln_diagram_cut(struct mln_diagrams *d, const struct mln_match *matches)
{
    struct mln_arena *scratch = mln_arena_new();
    d->live = MLN_NEW_ARRAY(d->arena, uint64_t, d->words);
    for (size_t m = 0; m < d->match_count; m++)
        if (is_live(&matches[m]))
            mln_bit_set(d->live, m);
    d->levels = MLN_NEW_ARRAY(d->arena, struct mln_level, most_levels(d, matches));
    d->level_count = MLN_FIELD_COUNT;
    for (size_t f = 0; f < MLN_FIELD_COUNT; f++)
        cut_level(d, scratch, f, matches);
    list_variables(d, matches);
    find_full(d);
    mln_arena_free(scratch);
}
