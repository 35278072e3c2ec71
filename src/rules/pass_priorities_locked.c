/* Numbering when some rules have a number already: see pass_priorities.c for the method. */
#include "rules/lock.h"
#include "rules/pass_priorities.h"
#include "rules/passes.h"

#include <limits.h>
#include <stdlib.h>

enum { STEP = 10 };

struct order {
    struct mln_numbering *n;
    bool *before;   /* count x count: i must precede j; only for i < j */
    bool *fixed;    /* has its number for good */
    int *lo, *hi;   /* window of a rule, inclusive */
    bool *anchored; /* step 2: stays */
};

static bool in_range(const struct mln_numbering *n, size_t i)
{
    const struct mln_lock_entry *entry = n->rules[i]->locked;
    return entry && entry->priority >= n->low && entry->priority <= n->high;
}

static int locked_number(const struct mln_numbering *n, size_t i)
{
    return (int)n->rules[i]->locked->priority;
}

/* ---- natural numbers beside locked rules ---- */

static int clamped(const struct mln_numbering *n, int number)
{
    return number < (int)n->low ? (int)n->low : number > (int)n->high ? (int)n->high : number;
}

/* New rules first..last-1 after a locked one; `next` is the locked one that follows in the list, or
 * INT_MAX. */
static void spread(struct mln_numbering *n, size_t first, size_t last, int previous, int next)
{
    int count = (int)(last - first);
    bool tight = next > previous && next - previous <= STEP * (count + 1);
    for (size_t i = first; i < last; i++) {
        int k = (int)(i - first) + 1;
        n->natural[i] = tight ? previous + (next - previous) * k / (count + 1)
                              : clamped(n, previous + STEP * k);
    }
}

/* New rules before the first locked one of the band go before it where the band has room, else
 * after all. */
static void spread_first(struct mln_numbering *n, size_t begin, size_t first_locked, size_t end)
{
    int low = n->natural[begin], next = locked_number(n, first_locked), highest = next;
    int count = (int)(first_locked - begin);
    for (size_t i = first_locked; i < end; i++)
        if (in_range(n, i) && locked_number(n, i) > highest)
            highest = locked_number(n, i);
    if (next - low >= count)
        spread(n, begin, first_locked, low - 1, next);
    else
        spread(n, begin, first_locked, highest, INT_MAX);
}

void mln_numbering_near_locked(struct mln_numbering *n, size_t begin, size_t end)
{
    size_t first = begin;
    while (first < end && !in_range(n, first))
        first++;
    if (first == end)
        return;
    if (first > begin)
        spread_first(n, begin, first, end);
    for (size_t i = first, next; i < end; i = next) {
        n->natural[i] = locked_number(n, i);
        for (next = i + 1; next < end && !in_range(n, next);)
            next++;
        spread(n, i + 1, next, n->natural[i], next < end ? locked_number(n, next) : INT_MAX);
    }
}

/* ---- which rules may not change places ---- */

static bool sides_overlap(const struct mln_rule_side *a, const struct mln_rule_side *b)
{
    if (a->kind != MLN_SIDE_PREFIXES || b->kind != MLN_SIDE_PREFIXES)
        return true;
    return a->prefixes->family == b->prefixes->family &&
           mln_ipset_overlaps(a->prefixes, b->prefixes);
}

/* Tags, security groups and `*` may share addresses with anything. */
static bool may_overlap(const struct mln_rule *a, const struct mln_rule *b)
{
    bool protos = a->proto == b->proto || a->proto == MLN_PROTO_ANY || b->proto == MLN_PROTO_ANY;
    return protos && (a->families & b->families) && sides_overlap(&a->src, &b->src) &&
           sides_overlap(&a->dst, &b->dst) && mln_portset_overlaps(a->dport, b->dport) &&
           mln_portset_overlaps(a->sport, b->sport);
}

static bool before(const struct order *o, size_t i, size_t j)
{
    return o->before[i * o->n->count + j];
}

static void find_order(struct order *o)
{
    struct mln_numbering *n = o->n;
    for (size_t j = 0; j < n->count; j++)
        for (size_t i = 0; i < j; i++)
            if (n->rules[i]->action != n->rules[j]->action)
                o->before[i * n->count + j] = may_overlap(n->rules[i], n->rules[j]);
}

/* ---- step 1: free numbers for the new rules ---- */

static bool locked_agree(const struct order *o)
{
    for (size_t j = 0; j < o->n->count; j++)
        for (size_t i = 0; i < j && o->fixed[j]; i++)
            if (o->fixed[i] && before(o, i, j) && o->n->number[i] >= o->n->number[j])
                return false;
    return true;
}

/* Windows of the new rules, consistent along the order. False when one is empty. A window begins at
 * most `slack` before the natural number. */
static bool find_windows(struct order *o, int slack)
{
    struct mln_numbering *n = o->n;
    bool good = true;
    for (size_t i = n->count; i-- > 0;) {
        o->hi[i] = o->fixed[i] ? n->number[i] : (int)n->high;
        for (size_t j = i + 1; j < n->count && !o->fixed[i]; j++)
            if (before(o, i, j) && o->hi[j] <= o->hi[i])
                o->hi[i] = o->hi[j] - 1;
    }
    for (size_t j = 0; j < n->count; j++) {
        int wish = n->natural[j] < o->hi[j] ? n->natural[j] : o->hi[j];
        wish = wish - slack > (int)n->low ? wish - slack : (int)n->low;
        o->lo[j] = o->fixed[j] ? n->number[j] : wish;
        for (size_t i = 0; i < j && !o->fixed[j]; i++)
            if (before(o, i, j) && o->lo[i] >= o->lo[j])
                o->lo[j] = o->lo[i] + 1;
        good = good && o->lo[j] <= o->hi[j];
    }
    return good;
}

/* The new rule, released at `number` and still without one, whose deadline is the earliest. */
static size_t most_urgent(const struct order *o, int number)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < o->n->count; i++)
        if (!o->fixed[i] && !o->n->number[i] && o->lo[i] <= number &&
            (best == SIZE_MAX || o->hi[i] < o->hi[best]))
            best = i;
    return best;
}

static bool assign_free(struct order *o, size_t new_rules)
{
    struct mln_numbering *n = o->n;
    bool *used = MLN_NEW_ARRAY(n->scratch, bool, n->high + 1);
    for (size_t i = 0; i < n->count; i++) {
        if (o->fixed[i])
            used[n->number[i]] = true;
        else
            n->number[i] = 0;
    }
    for (int number = (int)n->low; number <= (int)n->high && new_rules > 0; number++) {
        size_t rule = used[number] ? SIZE_MAX : most_urgent(o, number);
        if (rule == SIZE_MAX)
            continue;
        if (o->hi[rule] < number)
            return false;
        n->number[rule] = number;
        new_rules--;
    }
    return new_rules == 0;
}

static bool place_new(struct order *o)
{
    size_t new_rules = 0;
    for (size_t i = 0; i < o->n->count; i++)
        new_rules += !o->fixed[i];
    if (!locked_agree(o))
        return false;
    if (new_rules == 0)
        return true;
    static const int slacks[] = {0, 10, 100, 1000, MLN_PRIORITY_HIGH};
    for (size_t i = 0; i < sizeof(slacks) / sizeof(*slacks); i++)
        if (find_windows(o, slacks[i]) && assign_free(o, new_rules))
            return true;
    return false;
}

/* ---- step 2: moving locked rules ---- */

struct place {
    int number;   /* where it would stand */
    size_t index; /* in the list */
};

static int by_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* All rules in one sequence: by locked number, new ones by their natural number inside their
 * window, and none before one that must precede it. */
static size_t *find_sequence(const struct order *o)
{
    struct mln_numbering *n = o->n;
    struct place *places = MLN_NEW_ARRAY(n->scratch, struct place, n->count);
    size_t *sequence = MLN_NEW_ARRAY(n->scratch, size_t, n->count);
    for (size_t j = 0; j < n->count; j++) {
        int number = n->natural[j];
        if (!o->fixed[j] && number > o->hi[j])
            number = o->hi[j];
        for (size_t i = 0; i < j; i++)
            if (before(o, i, j) && places[i].number > number)
                number = places[i].number;
        places[j] = (struct place){.number = number, .index = j};
    }
    qsort(places, n->count, sizeof(*places), by_place);
    for (size_t k = 0; k < n->count; k++)
        sequence[k] = places[k].index;
    return sequence;
}

/* An unchanged rule outweighs all changed ones together. */
static uint64_t weight_of(const struct mln_rule *rule)
{
    const struct mln_lock_entry *entry = rule->locked;
    for (size_t i = 0; i < rule->key_count; i++)
        if (rule->keys[i].id == entry->key.id && rule->keys[i].content == entry->key.content)
            return 1 << 16;
    return 1;
}

/* Can the k-th of the sequence keep its number with the ends of the range in view? */
static bool may_stay(const struct order *o, const size_t *sequence, size_t k)
{
    const struct mln_numbering *n = o->n;
    size_t i = sequence[k];
    if (!o->fixed[i])
        return false;
    int number = locked_number(n, i);
    return number >= (int)(n->low + k) && number <= (int)n->high - (int)(n->count - 1 - k);
}

/* Anchors the heaviest subsequence of locked rules with room between every two of them: number
 * minus position must not fall. */
static void choose_anchors(struct order *o, const size_t *sequence)
{
    struct mln_numbering *n = o->n;
    uint64_t *best = MLN_NEW_ARRAY(n->scratch, uint64_t, n->count);
    size_t *previous = MLN_NEW_ARRAY(n->scratch, size_t, n->count), last = SIZE_MAX;
    for (size_t k = 0; k < n->count; k++) {
        previous[k] = SIZE_MAX;
        if (!may_stay(o, sequence, k))
            continue;
        int room = locked_number(n, sequence[k]) - (int)k;
        for (size_t p = 0; p < k; p++)
            if (best[p] > (previous[k] == SIZE_MAX ? 0 : best[previous[k]]) &&
                locked_number(n, sequence[p]) - (int)p <= room)
                previous[k] = p;
        best[k] =
            weight_of(n->rules[sequence[k]]) + (previous[k] == SIZE_MAX ? 0 : best[previous[k]]);
        if (last == SIZE_MAX || best[k] > best[last])
            last = k;
    }
    for (; last != SIZE_MAX; last = previous[last])
        o->anchored[sequence[last]] = true;
}

static void move_locked(struct order *o)
{
    struct mln_numbering *n = o->n;
    find_windows(o, MLN_PRIORITY_HIGH);
    const size_t *sequence = find_sequence(o);
    choose_anchors(o, sequence);
    for (size_t i = 0; i < n->count; i++)
        n->number[i] = o->anchored[i] ? locked_number(n, i) : n->natural[i];
    mln_numbering_fit(n, sequence, o->anchored, n->number);
}

/* ---- saying so ---- */

static const char *why_moved(const struct order *o, size_t i)
{
    const struct mln_numbering *n = o->n;
    if (!in_range(n, i))
        return "its number lies outside the range of priorities";
    for (size_t j = 0; j < n->count; j++) {
        bool earlier = j < i && before(o, j, i), later = j > i && before(o, i, j);
        if (o->fixed[j] && earlier && locked_number(n, j) >= locked_number(n, i))
            return "a rule that must come before it has a higher number";
        if (o->fixed[j] && later && locked_number(n, j) <= locked_number(n, i))
            return "a rule that must come after it has a lower number";
    }
    return "there is no free number left where a new rule must stand";
}

static void report_moved(struct mln_ctx *ctx, const struct order *o)
{
    const struct mln_numbering *n = o->n;
    for (size_t i = 0; i < n->count; i++) {
        const struct mln_rule *rule = n->rules[i];
        if (!rule->locked || locked_number(n, i) == n->number[i])
            continue;
        struct mln_span span = rule->intent_count > 0 ? rule->intents[0]->span : rule->locked->span;
        struct mln_diag *diag =
            mln_report(ctx->diags, MLN_D_PRIORITY_MOVED, span,
                       "%s rule '%s' of '%s' moves from priority %d to %d",
                       rule->direction == MLN_INBOUND ? "inbound" : "outbound", rule->locked->name,
                       rule->locked->nsg, locked_number(n, i), n->number[i]);
        mln_diag_note(diag, "%s", why_moved(o, i));
    }
}

void mln_numbering_locked(struct mln_ctx *ctx, struct mln_numbering *n)
{
    struct order o = {.n = n,
                      .before = MLN_NEW_ARRAY(n->scratch, bool, n->count * n->count),
                      .fixed = MLN_NEW_ARRAY(n->scratch, bool, n->count),
                      .lo = MLN_NEW_ARRAY(n->scratch, int, n->count),
                      .hi = MLN_NEW_ARRAY(n->scratch, int, n->count),
                      .anchored = MLN_NEW_ARRAY(n->scratch, bool, n->count)};
    find_order(&o);
    for (size_t i = 0; i < n->count; i++) {
        o.fixed[i] = in_range(n, i);
        n->number[i] = o.fixed[i] ? locked_number(n, i) : 0;
    }
    if (!place_new(&o))
        move_locked(&o);
    report_moved(ctx, &o);
}
