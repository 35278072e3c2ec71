/* Priorities.
 *
 * Ranks have bands, so a reader sees from the number what kind of rule it is; within a band rules
 * stand in steps of ten, closer where the band is crowded; rules of `default` end at the highest
 * number. That gives every rule a natural number; fitting then makes the sequence strictly
 * increasing inside the range while moving as little as it can: forwards past what came before,
 * backwards to leave room for what follows.
 *
 * With a lock most rules have a number already and only must keep it. What has to hold is less than
 * the order of the list: two rules may stand in any order unless they differ in action and share a
 * packet. So:
 *
 * 1. Each new rule has a window: after every rule that must precede it, before every rule that must
 *    follow. New rules are unit jobs with release times and deadlines: going through the free
 *    numbers and giving each to the released rule with the earliest deadline finds an assignment if
 *    there is one. The first try releases no rule before its natural number, the next ones ever
 *    earlier, the last one whenever the order allows.
 * 2. When there is none, locked rules have to move. All rules are put into one sequence that
 *    respects the order and follows the locked numbers where it can. The heaviest subsequence of
 *    locked rules between which there is room for the others stays; fitting places the rest. A rule
 *    that is unchanged outweighs any number of changed ones.
 *
 * Cost: linear without a lock. With one, each pair of an allow and a deny once; step 1 numbers
 * times new rules; step 2, rare, quadratic in the rules. A direction has at most 3,997 rules here.
 */
#include "rules/pass_priorities.h"
#include "rules/passes.h"

#include <assert.h>
#include <stdlib.h>

enum { RANKS = 5, RANK_DEFAULT = 4, STEP = 10 };

/* Where the bands of ranks 0-3 begin in 100..4096; other ranges in proportion. */
static const unsigned band_begin[RANKS] = {100, 500, 1000, 2000, 4090};

/* ---- natural numbers ---- */

static unsigned scaled(const struct mln_numbering *n, unsigned number)
{
    const unsigned span = MLN_PRIORITY_HIGH - MLN_PRIORITY_LOW;
    return n->low + (unsigned)((uint64_t)(number - MLN_PRIORITY_LOW) * (n->high - n->low) / span);
}

/* The list's order is the law: a rule after one of a higher rank counts as of that rank. */
static unsigned *effective_ranks(const struct mln_numbering *n)
{
    unsigned *ranks = MLN_NEW_ARRAY(n->scratch, unsigned, n->count), highest = 0;
    for (size_t i = 0; i < n->count; i++) {
        if (n->rules[i]->rank > highest)
            highest = n->rules[i]->rank < RANKS ? n->rules[i]->rank : RANK_DEFAULT;
        ranks[i] = highest;
    }
    return ranks;
}

static size_t rank_end(const unsigned *ranks, size_t count, size_t begin)
{
    size_t end = begin;
    while (end < count && ranks[end] == ranks[begin])
        end++;
    return end;
}

static void natural_band(struct mln_numbering *n, unsigned rank, size_t begin, size_t end)
{
    unsigned lo = scaled(n, band_begin[rank]), hi = scaled(n, band_begin[rank + 1]);
    unsigned step = (hi - lo) / (unsigned)(end - begin);
    step = step > STEP ? STEP : step < 1 ? 1 : step;
    for (size_t i = begin; i < end; i++)
        n->natural[i] = (int)(lo + step * (unsigned)(i - begin));
}

static void natural_numbers(struct mln_numbering *n)
{
    const unsigned *ranks = effective_ranks(n);
    for (size_t begin = 0, end; begin < n->count; begin = end) {
        end = rank_end(ranks, n->count, begin);
        if (ranks[begin] < RANK_DEFAULT)
            natural_band(n, ranks[begin], begin, end);
        else
            for (size_t i = begin; i < end; i++)
                n->natural[i] = (int)n->high - (int)(end - 1 - i);
        if (n->has_locked)
            mln_numbering_near_locked(n, begin, end);
    }
}

/* ---- fitting a sequence ---- */

void mln_numbering_fit(const struct mln_numbering *n, const size_t *sequence, const bool *anchored,
                       int *numbers)
{
    int last = (int)n->low - 1, next = (int)n->high + 1;
    for (size_t k = 0; k < n->count; k++) {
        int *number = &numbers[sequence[k]];
        if (!anchored[sequence[k]] && *number <= last)
            *number = last + 1;
        last = *number;
    }
    for (size_t k = n->count; k-- > 0;) {
        int *number = &numbers[sequence[k]];
        if (!anchored[sequence[k]] && *number >= next)
            *number = next - 1;
        next = *number;
    }
}

static void number_unlocked(struct mln_numbering *n)
{
    size_t *sequence = MLN_NEW_ARRAY(n->scratch, size_t, n->count);
    bool *anchored = MLN_NEW_ARRAY(n->scratch, bool, n->count);
    for (size_t i = 0; i < n->count; i++) {
        sequence[i] = i;
        n->number[i] = n->natural[i];
    }
    mln_numbering_fit(n, sequence, anchored, n->number);
}

/* ---- the pass ---- */

static int by_priority(const void *a, const void *b)
{
    const struct mln_rule *x = *(struct mln_rule *const *)a, *y = *(struct mln_rule *const *)b;
    return x->priority < y->priority ? -1 : x->priority > y->priority;
}

static void exhausted(struct mln_ctx *ctx, const struct mln_table *table,
                      enum mln_direction direction, const struct mln_numbering *n)
{
    struct mln_diag *diag = mln_report(
        ctx->diags, MLN_D_PRIORITIES_EXHAUSTED, table->nsg->span,
        "network security group '%s' has %zu %s rules, but only %u priorities from %u to %u",
        table->nsg->name, n->count, direction == MLN_INBOUND ? "inbound" : "outbound",
        n->high - n->low + 1, n->low, n->high);
    if (n->high - n->low < MLN_PRIORITY_HIGH - MLN_PRIORITY_LOW)
        mln_diag_help(diag, "widen the range: Azure takes %u to %u", MLN_PRIORITY_LOW,
                      MLN_PRIORITY_HIGH);
}

static void number_direction(struct mln_ctx *ctx, struct mln_table *table,
                             enum mln_direction direction, struct mln_numbering *n)
{
    struct mln_rule_vec *rules = &table->rules[direction];
    n->rules = rules->data;
    n->count = rules->len;
    for (size_t i = 0; i < n->count; i++) {
        n->rules[i]->priority = 0;
        n->has_locked = n->has_locked || n->rules[i]->locked;
    }
    if (n->count > n->high - n->low + 1) {
        exhausted(ctx, table, direction, n);
        return;
    }
    n->natural = MLN_NEW_ARRAY(n->scratch, int, n->count);
    n->number = MLN_NEW_ARRAY(n->scratch, int, n->count);
    natural_numbers(n);
    if (n->has_locked)
        mln_numbering_locked(ctx, n);
    else
        number_unlocked(n);
    for (size_t i = 0; i < n->count; i++)
        n->rules[i]->priority = (unsigned)n->number[i];
    if (n->has_locked) /* else they are in order */
        qsort(rules->data, rules->len, sizeof(*rules->data), by_priority);
}

void mln_pass_priorities(struct mln_ctx *ctx, struct mln_table *table,
                         const struct mln_priority_options *options)
{
    for (enum mln_direction direction = 0; direction < MLN_DIRECTIONS; direction++) {
        struct mln_numbering n = {.scratch = mln_arena_new(),
                                  .low = options ? options->low : MLN_PRIORITY_LOW,
                                  .high = options ? options->high : MLN_PRIORITY_HIGH};
        assert(n.low >= MLN_PRIORITY_LOW && n.low <= n.high && n.high <= MLN_PRIORITY_HIGH);
        number_direction(ctx, table, direction, &n);
        mln_arena_free(n.scratch);
    }
}
