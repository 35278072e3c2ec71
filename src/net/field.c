/* Cutting a field into atoms.
 *
 * Each range of each distinct set gives two events, "toggle the set" at its first value and behind
 * its last. The events of one set are in order already, so all are ordered by merging runs: E log S
 * for E events of S sets. The sweep keeps the bitset of sets that hold the current segment, and its
 * hash as an exclusive or of one random word a set, so a segment costs one look-up however many
 * sets there are.
 *
 * Example: sets A = 10-19, B = 15-29 on 0..99. Segments: 0-9 {}, 10-14 {A}, 15-19 {A,B}, 20-29 {B},
 * 30-99 {}; atoms: {}, {A}, {A,B}, {B}. Distinct bitsets of sets give distinct columns of matches,
 * because each set belongs to a match: no two atoms are alike. */
#include "net/field.h"
#include "net/space.h"

#include <stdlib.h>
#include <string.h>

/* ---- events in order ---- */

struct event {
    struct mln_ip at;
    uint32_t set;
};

static inline bool event_before(const struct event *a, const struct event *b)
{
    return a->at.hi != b->at.hi ? a->at.hi < b->at.hi : a->at.lo < b->at.lo;
}

static struct event *merge_two(const struct event *a, const struct event *a_end,
                               const struct event *b, const struct event *b_end, struct event *out)
{
    while (a < a_end && b < b_end)
        *out++ = event_before(b, a) ? *b++ : *a++;
    while (a < a_end)
        *out++ = *a++;
    while (b < b_end)
        *out++ = *b++;
    return out;
}

/* Run r is from[start[r]] .. from[start[r + 1] - 1]. Merges neighbours until one is left. */
static struct event *merge_runs(struct event *from, struct event *to, size_t *start, size_t runs)
{
    while (runs > 1) {
        size_t merged = 0;
        for (size_t r = 0; r < runs; r += 2, merged++) {
            size_t lo = start[r], mid = start[r + 1], hi = r + 1 < runs ? start[r + 2] : mid;
            merge_two(from + lo, from + mid, from + mid, from + hi, to + lo);
            start[merged] = lo;
        }
        start[merged] = start[runs];
        runs = merged;
        struct event *swap = from;
        from = to;
        to = swap;
    }
    return from;
}

/* All events but those behind the end of the line; set 0, the whole line, has none. */
static struct event *make_events(const struct mln_collector *c, size_t *count)
{
    size_t most = 0;
    for (size_t s = 1; s < c->sets.len; s++)
        most += 2 * c->sets.data[s].len;
    struct event *events = MLN_NEW_ARRAY(c->scratch, struct event, most);
    struct event *spare = MLN_NEW_ARRAY(c->scratch, struct event, most);
    size_t *start = MLN_NEW_ARRAY(c->scratch, size_t, c->sets.len);
    size_t n = 0;
    for (size_t s = 1; s < c->sets.len; s++) {
        const struct mln_span *set = &c->sets.data[s];
        start[s - 1] = n;
        for (size_t r = 0; r < set->len; r++) {
            events[n++] = (struct event){.at = set->ranges[r].lo, .set = (uint32_t)s};
            if (mln_ip_cmp(set->ranges[r].hi, c->max) != 0)
                events[n++] =
                    (struct event){.at = mln_ip_next(set->ranges[r].hi), .set = (uint32_t)s};
        }
    }
    start[c->sets.len - 1] = n;
    *count = n;
    return merge_runs(events, spare, start, c->sets.len - 1);
}

/* ---- the sweep ---- */

struct atom {
    uint64_t hash;
    struct mln_ip value;
    size_t rating; /* of the value; lower is more typical */
};

struct sweep {
    const struct mln_collector *c;
    const struct mln_taste *taste;
    size_t set_words;
    uint64_t *now; /* the sets that hold the current segment */
    uint64_t hash; /* of `now` */
    struct mln_index index;
    MLN_VEC(struct atom) atoms;
    uint64_t *holders; /* per atom: the sets that hold it */
    size_t holders_cap;
};

static uint64_t *holders_of(const struct sweep *w, size_t atom)
{
    return w->holders + atom * w->set_words;
}

/* Ratings: favourites in their order, then ordinary values, then what begins at a shunned 0. */
static size_t rate(const struct mln_taste *taste, struct mln_range segment, struct mln_ip *value)
{
    for (size_t i = 0; i < taste->favourite_count; i++) {
        *value = taste->favourites[i];
        if (mln_ip_cmp(segment.lo, *value) <= 0 && mln_ip_cmp(*value, segment.hi) <= 0)
            return i;
    }
    bool at_zero = taste->shun_zero && segment.lo.hi == 0 && segment.lo.lo == 0;
    bool second = (taste->second || at_zero) && mln_ip_cmp(segment.lo, segment.hi) < 0;
    *value = second ? mln_ip_next(segment.lo) : segment.lo;
    return taste->favourite_count + at_zero;
}

static size_t new_atom(struct sweep *w)
{
    size_t size = w->set_words * sizeof *w->now;
    if (w->atoms.len == w->holders_cap)
        w->holders = mln_vec_grow(w->c->scratch, w->holders, w->atoms.len, &w->holders_cap, size);
    memcpy(holders_of(w, w->atoms.len), w->now, size);
    struct atom atom = {.hash = w->hash, .rating = SIZE_MAX};
    mln_vec_push(w->c->scratch, &w->atoms, atom);
    return w->atoms.len - 1;
}

static size_t atom_of_segment(struct sweep *w)
{
    size_t at = mln_index_start(&w->index, w->hash);
    for (uint32_t id; (id = mln_index_next(&w->index, w->hash, &at)) != MLN_INDEX_NONE;)
        if (memcmp(holders_of(w, id), w->now, w->set_words * sizeof *w->now) == 0)
            return id;
    mln_index_put(&w->index, w->hash, (uint32_t)w->atoms.len);
    return new_atom(w);
}

static void take_segment(struct sweep *w, struct mln_range segment)
{
    size_t number = atom_of_segment(w); /* may move the array */
    struct atom *atom = &w->atoms.data[number];
    struct mln_ip value;
    size_t rating = rate(w->taste, segment, &value);
    if (rating < atom->rating) {
        atom->rating = rating;
        atom->value = value;
    }
}

static void toggle(struct sweep *w, uint32_t set)
{
    w->now[set / 64] ^= UINT64_C(1) << (set % 64);
    w->hash ^= mln_mix(set + UINT64_C(0x9e3779b97f4a7c15));
}

static void run_sweep(struct sweep *w)
{
    size_t count, i = 0;
    const struct event *events = make_events(w->c, &count);
    mln_index_init(&w->index, w->c->scratch, 32);
    struct mln_range segment = {0};
    toggle(w, MLN_SET_ALL);
    for (;;) {
        while (i < count && mln_ip_cmp(events[i].at, segment.lo) == 0)
            toggle(w, events[i++].set);
        segment.hi = i < count ? mln_ip_prev(events[i].at) : w->c->max;
        take_segment(w, segment);
        if (i == count)
            return;
        segment.lo = events[i].at;
    }
}

/* ---- the field ---- */

struct place { /* an atom of the sweep on its way to its place in the trying order */
    struct mln_ip value;
    size_t rank;
    uint32_t atom;
};

static int by_typicality(const void *x, const void *y)
{
    const struct place *a = x, *b = y;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    return mln_ip_cmp(a->value, b->value);
}

static size_t rank_of(const struct mln_taste *taste, size_t rating)
{
    if (rating < taste->favourite_count && !taste->favourites_first)
        return taste->favourite_count;
    return rating;
}

static struct place *trying_order(const struct sweep *w)
{
    struct place *order = MLN_NEW_ARRAY(w->c->scratch, struct place, w->atoms.len);
    for (size_t i = 0; i < w->atoms.len; i++) {
        const struct atom *atom = &w->atoms.data[i];
        order[i] = (struct place){
            .value = atom->value, .rank = rank_of(w->taste, atom->rating), .atom = (uint32_t)i};
    }
    qsort(order, w->atoms.len, sizeof *order, by_typicality);
    return order;
}

/* Calls for each set that holds the i-th atom in order. */
#define FOR_EACH_HOLDER(w, order, i, s) \
    for (size_t word_ = 0; word_ < (w)->set_words; word_++) \
        for (uint64_t left_ = holders_of((w), (order)[i].atom)[word_]; \
             left_ != 0 && ((s) = word_ * 64 + (size_t)__builtin_ctzll(left_), true); \
             left_ &= left_ - 1)

/* Turns "sets of an atom" around into "atoms of a set": count, add up, fill. */
static void list_members(struct mln_field *f, const struct sweep *w, const struct place *order)
{
    size_t s;
    f->first = MLN_NEW_ARRAY(f->arena, uint32_t, f->set_count + 1);
    for (size_t i = 0; i < f->atom_count; i++)
        FOR_EACH_HOLDER(w, order, i, s)
    f->first[s + 1]++;
    for (s = 0; s < f->set_count; s++)
        f->first[s + 1] += f->first[s];
    f->members = MLN_NEW_ARRAY(f->arena, uint32_t, f->first[f->set_count]);
    uint32_t *next = MLN_NEW_ARRAY(w->c->scratch, uint32_t, f->set_count);
    memcpy(next, f->first, f->set_count * sizeof *next);
    for (size_t i = 0; i < f->atom_count; i++)
        FOR_EACH_HOLDER(w, order, i, s)
    f->members[next[s]++] = (uint32_t)i;
}

/* Matches that hold the whole line are put into every column at once; the others atom by atom. */
static void fill_columns(struct mln_field *f, struct mln_arena *scratch, const uint32_t *set_of,
                         size_t match_count)
{
    uint64_t *everywhere = MLN_NEW_ARRAY(scratch, uint64_t, f->words);
    for (size_t m = 0; m < match_count; m++)
        if (set_of[m] == MLN_SET_ALL)
            mln_bit_set(everywhere, m);
    f->columns = MLN_NEW_ARRAY(f->arena, uint64_t, f->atom_count * f->words);
    for (size_t i = 0; i < f->atom_count; i++)
        memcpy(f->columns + i * f->words, everywhere, f->words * sizeof *everywhere);
    for (size_t m = 0; m < match_count; m++) {
        uint32_t set = set_of[m];
        if (set == MLN_SET_ALL || set == MLN_INDEX_NONE)
            continue;
        for (uint32_t i = f->first[set]; i < f->first[set + 1]; i++)
            mln_bit_set(f->columns + f->members[i] * f->words, m);
    }
}

void mln_field_cut(struct mln_field *f, struct mln_arena *arena, const struct mln_collector *c,
                   const struct mln_taste *taste, const uint32_t *set_of, size_t match_count)
{
    struct sweep w = {.c = c, .taste = taste, .set_words = (c->sets.len + 63) / 64};
    w.now = MLN_NEW_ARRAY(c->scratch, uint64_t, w.set_words);
    run_sweep(&w);
    const struct place *order = trying_order(&w);
    f->arena = arena;
    f->words = (match_count + 63) / 64;
    f->atom_count = w.atoms.len;
    f->set_count = c->sets.len;
    f->typical = MLN_NEW_ARRAY(arena, struct mln_ip, f->atom_count);
    for (size_t i = 0; i < f->atom_count; i++)
        f->typical[i] = order[i].value;
    f->summaries = MLN_NEW_ARRAY(arena, struct mln_summary, f->set_count);
    list_members(f, &w, order);
    fill_columns(f, c->scratch, set_of, match_count);
}

const struct mln_summary *mln_field_summary(struct mln_field *f, uint32_t set)
{
    struct mln_summary *summary = &f->summaries[set];
    if (summary->overlap)
        return summary;
    summary->overlap = MLN_NEW_ARRAY(f->arena, uint64_t, 2 * f->words);
    summary->cover = summary->overlap + f->words;
    memset(summary->cover, 0xff, f->words * sizeof *summary->cover);
    for (uint32_t i = f->first[set]; i < f->first[set + 1]; i++) {
        const uint64_t *column = mln_field_column(f, f->members[i]);
        for (size_t k = 0; k < f->words; k++) {
            summary->overlap[k] |= column[k];
            summary->cover[k] &= column[k];
        }
    }
    return summary;
}
