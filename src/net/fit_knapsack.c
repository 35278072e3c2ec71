/* The cheapest way to spend k entries on a trie, for every node and every k of its window.
 *
 *     f(v, k) = the smaller of   one entry for all of v
 *                                f(left, i) + f(right, k - i)   over all i
 *
 * A node of L leaves takes part in at most min(limit, L) numbers, so all nodes together cost
 * O(N * limit) steps: pairs of entries meet at most once, in the node that joins them. The cost is
 * not convex in k, so no greedy choice and no Lagrange multiplier finds the minimum.
 *
 * f never rises with k, so for i from a to b no sum is less than f(left, b) + f(right, k - a).
 * Most blocks of i are passed over for being no better than the best so far: three of four steps.
 *
 * Costs live on a stack, since a walk in postorder needs those of a node only until its parent is
 * done; what is kept is the choice i, in one, two or four bytes as the left child's window needs.
 *
 * The loop over i is nearly all of the time. IPv4 packs both counts into 64 bits; IPv6 takes the
 * same code with four words for a cost (fit_knapsack.inc is read twice). */
#include "net/fit_impl.h"

#include <assert.h>
#include <string.h>

/* ---- choices ---- */

/* i is kept as its place in the window of the left child, and one past that window for "one entry
 * for all". */
static unsigned choice_bytes(const struct fit_node *left)
{
    size_t last = left->hi - left->lo + 1;
    return last <= UINT8_MAX ? 1 : last <= UINT16_MAX ? 2 : 4;
}

static void keep_choices(struct mln_arena *a, struct fit_node *node, const struct fit_node *left,
                         const uint32_t *choices)
{
    size_t count = node->hi - node->lo + 1;
    unsigned bytes = choice_bytes(left);
    node->choices = mln_alloc_array(a, count, bytes);
    uint8_t *narrow = node->choices;
    uint16_t *wide = node->choices;
    if (bytes == 4)
        memcpy(node->choices, choices, count * 4);
    for (size_t i = 0; bytes == 1 && i < count; i++)
        narrow[i] = (uint8_t)choices[i];
    for (size_t i = 0; bytes == 2 && i < count; i++)
        wide[i] = (uint16_t)choices[i];
}

size_t fit_choice(const struct fit_trie *trie, const struct fit_node *node, size_t k)
{
    const struct fit_node *left = &trie->nodes[node->left];
    size_t at = (k < node->hi ? k : node->hi) - node->lo, kept;
    unsigned bytes = choice_bytes(left);
    assert(k >= node->lo);
    if (bytes == 1)
        kept = ((const uint8_t *)node->choices)[at];
    else if (bytes == 2)
        kept = ((const uint16_t *)node->choices)[at];
    else
        kept = ((const uint32_t *)node->choices)[at];
    return kept == left->hi - left->lo + 1 ? 0 : left->lo + kept;
}

static struct fit_cost node_cost(const struct fit_trie *trie, const struct fit_node *node)
{
    struct mln_prefix entry = fit_trie_entry(trie, node);
    struct mln_count covered =
        mln_count_subtract(trie->before[node->last + 1], trie->before[node->first]);
    return fit_job_cost(trie->job, entry.ip, mln_prefix_last(&entry), covered);
}

/* ---- the two kinds of costs ---- */

#define BLOCK 16 /* sums that are passed over together */

/* Strangers and extra addresses of IPv4 are below 2^32 each; sums of either stay there, since the
 * entries of a list are disjoint. */
static uint64_t pack(struct fit_cost cost)
{
    return cost.first.lo << 32 | cost.second.lo;
}

static inline uint64_t packed_add(uint64_t a, uint64_t b)
{
    return a + b;
}

static inline bool packed_less(uint64_t a, uint64_t b)
{
    return a < b;
}

#define COST uint64_t
#define COST_OF pack
#define COST_ADD packed_add
#define COST_LESS packed_less
#define NAME(part) part##_packed
#include "net/fit_knapsack.inc"

static struct fit_cost same(struct fit_cost cost)
{
    return cost;
}

static inline struct fit_cost full_add(struct fit_cost a, struct fit_cost b)
{
    return (struct fit_cost){mln_count_add(a.first, b.first), mln_count_add(a.second, b.second)};
}

static inline bool full_less(struct fit_cost a, struct fit_cost b)
{
    int order = mln_count_cmp(a.first, b.first);
    return order ? order < 0 : mln_count_cmp(a.second, b.second) < 0;
}

#define COST struct fit_cost
#define COST_OF same
#define COST_ADD full_add
#define COST_LESS full_less
#define NAME(part) part##_full
#include "net/fit_knapsack.inc"

void fit_knapsack(struct mln_arena *a, const struct fit_trie *trie)
{
    if (trie->job->family == MLN_IPV4)
        walk_packed(a, trie);
    else
        walk_full(a, trie);
}
