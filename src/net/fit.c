/* Address sets into lists with a limit: what both forms share, and the way back from the choices.
 *
 * The steps for prefixes: the fewest prefixes of the set (net/ipset.c), the compressed trie over
 * them (fit_trie.c), for each node the cheapest way to spend k entries on what lies below it
 * (fit_knapsack.c), and the entries that the best way of the root consists of (here).
 *
 * Why looking at nodes of the trie is enough: let an entry of a best list hold some leaves. The
 * smallest prefix that holds the same leaves is a node, costs no more, and meets nothing barred
 * that the entry did not meet. An entry that holds no leaf is of no use, one that cuts a leaf is
 * part of a list that covers it with more entries than one. */
#include "net/fit_impl.h"

#include <assert.h>
#include <stdlib.h>

/* ---- counting ---- */

struct fit_rank fit_rank_of(struct mln_arena *a, const struct mln_ipset *set)
{
    struct fit_rank rank = {.set = set, .before = MLN_NEW_ARRAY(a, struct mln_count, set->len + 1)};
    for (size_t i = 0; i < set->len; i++)
        rank.before[i + 1] =
            mln_count_add(rank.before[i], mln_count_range(set->ranges[i].lo, set->ranges[i].hi));
    return rank;
}

/* The first range that ends at ip or behind it; set->len when there is none. */
static size_t range_from(const struct mln_ipset *set, struct mln_ip ip)
{
    size_t lo = 0, hi = set->len;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (mln_ip_cmp(set->ranges[mid].hi, ip) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* Addresses of the set before ip. */
static struct mln_count rank_before(const struct fit_rank *rank, struct mln_ip ip)
{
    size_t i = range_from(rank->set, ip);
    struct mln_count count = rank->before[i];
    if (i < rank->set->len && mln_ip_cmp(rank->set->ranges[i].lo, ip) < 0)
        count = mln_count_add(count, mln_count_range(rank->set->ranges[i].lo, mln_ip_prev(ip)));
    return count;
}

struct mln_count fit_rank_within(const struct fit_rank *rank, struct mln_ip lo, struct mln_ip hi)
{
    struct mln_count upto = rank_before(rank, hi);
    if (mln_ipset_contains(rank->set, hi))
        upto = mln_count_add(upto, (struct mln_count){.lo = 1});
    return mln_count_subtract(upto, rank_before(rank, lo));
}

struct fit_cost fit_job_cost(const struct fit_job *job, struct mln_ip lo, struct mln_ip hi,
                             struct mln_count covered)
{
    struct mln_count size = mln_count_range(lo, hi);
    struct mln_count extra = mln_count_subtract(size, covered), strangers = extra;
    if (job->known.set)
        strangers = mln_count_subtract(size, fit_rank_within(&job->known, lo, hi));
    return job->cost == MLN_FIT_STRANGERS ? (struct fit_cost){strangers, extra}
                                          : (struct fit_cost){extra, strangers};
}

bool fit_job_barred(const struct fit_job *job, struct mln_ip lo, struct mln_ip hi)
{
    if (!job->barred)
        return false;
    size_t i = range_from(job->barred, lo);
    return i < job->barred->len && mln_ip_cmp(job->barred->ranges[i].lo, hi) <= 0;
}

static struct fit_job new_job(struct mln_arena *a, const struct mln_ipset *set,
                              const struct mln_fit_options *options)
{
    struct fit_job job = {.family = set->family, .width = set->family == MLN_IPV4 ? 32 : 128};
    job.longest = options->longest ? options->longest : job.width;
    assert(job.longest <= job.width && job.width - job.longest <= 16);
    job.limit = options->limit ? options->limit : SIZE_MAX;
    job.cost = options->cost;
    job.barred = options->barred;
    assert(!job.barred || job.barred->family == set->family);
    job.source = set;
    if (options->preferred)
        job.known = fit_rank_of(a, mln_ipset_union(a, set, options->preferred));
    return job;
}

static struct mln_fit *new_fit(struct mln_arena *a, const struct fit_job *job)
{
    struct mln_fit *fit = MLN_NEW(a, struct mln_fit);
    fit->family = job->family;
    fit->addresses = mln_count_of(job->source);
    if (job->barred && mln_ipset_overlaps(job->barred, job->source))
        fit->status = MLN_FIT_BARRED;
    return fit;
}

const struct mln_ipset *mln_fit_set(struct mln_arena *a, const struct mln_fit *fit)
{
    return fit->ranges ? mln_ipset_from_ranges(a, fit->family, fit->ranges, fit->len)
                       : mln_ipset_from_prefixes(a, fit->family, fit->prefixes, fit->len);
}

/* Counted on the finished list, so that a fault in the search would show. */
static void count_extra(struct mln_arena *a, struct mln_fit *fit, const struct fit_job *job)
{
    const struct mln_ipset *set = mln_fit_set(a, fit);
    assert(mln_ipset_covers(set, job->source));
    fit->extra = mln_count_subtract(mln_count_of(set), fit->addresses);
    fit->strangers = fit->extra;
    if (job->known.set)
        fit->strangers = mln_count_of(mln_ipset_subtract(a, set, job->known.set));
}

/* ---- prefixes ---- */

static void add_entry(struct mln_fit *fit, const struct fit_job *job, struct mln_prefix prefix)
{
    prefix.is_address = prefix.length == job->width;
    fit->prefixes[fit->len++] = prefix;
}

/* A prefix exactly: itself, or each of its addresses where it is longer than entries may be. */
static void add_exact(struct mln_fit *fit, const struct fit_job *job, struct mln_prefix prefix)
{
    if (prefix.length <= job->longest) {
        add_entry(fit, job, prefix);
        return;
    }
    struct mln_prefix address = prefix;
    address.length = (uint8_t)job->width;
    for (size_t left = fit_entries_of(job, &prefix); left > 0; left--) {
        add_entry(fit, job, address);
        address.ip = mln_ip_next(address.ip);
    }
}

/* From the root to the entries, left before right. A node's depth is at most its length, so the
 * stack is short. */
static void add_chosen(struct mln_fit *fit, const struct fit_trie *trie)
{
    struct {
        size_t node, k;
    } stack[FIT_DEPTH + 1];
    size_t depth = 0;
    stack[depth].node = trie->len - 1;
    stack[depth++].k = trie->job->limit;
    while (depth > 0) {
        size_t at = stack[--depth].node, k = stack[depth].k;
        const struct fit_node *node = &trie->nodes[at];
        if (k >= node->most && node->left == FIT_LEAF) {
            add_exact(fit, trie->job, trie->leaves[node->first]);
            continue;
        }
        size_t left = node->left == FIT_LEAF ? 0 : fit_choice(trie, node, k);
        if (left == 0) {
            add_entry(fit, trie->job, fit_trie_entry(trie, node));
            continue;
        }
        stack[depth].node = at - 1;
        stack[depth++].k = k - left;
        stack[depth].node = node->left;
        stack[depth++].k = left;
    }
}

const struct mln_fit *mln_fit_prefixes(struct mln_arena *a, const struct mln_ipset *set,
                                       const struct mln_fit_options *options)
{
    struct fit_job job = new_job(a, set, options);
    struct mln_fit *fit = new_fit(a, &job);
    struct mln_prefix *leaves;
    size_t count = mln_ipset_prefixes(a, set, &leaves);
    for (size_t i = 0; i < count; i++)
        fit->lossless += fit_entries_of(&job, &leaves[i]);
    fit->fewest = fit->lossless;
    if (fit->status)
        return fit;
    if (fit->lossless <= job.limit) {
        fit->prefixes = MLN_NEW_ARRAY(a, struct mln_prefix, fit->lossless);
        for (size_t i = 0; i < count; i++)
            add_exact(fit, &job, leaves[i]);
        return fit;
    }
    struct fit_trie *trie = fit_trie_build(a, &job, leaves, count, &fit->fewest);
    if (!trie) {
        fit->status = MLN_FIT_TOO_MANY;
        return fit;
    }
    fit_knapsack(a, trie);
    fit->prefixes = MLN_NEW_ARRAY(a, struct mln_prefix, job.limit);
    add_chosen(fit, trie);
    count_extra(a, fit, &job);
    return fit;
}

/* ---- ranges ---- */

/* Between range `at` and the next. */
struct gap {
    struct fit_cost cost;
    size_t at;
};

static int by_cost(const void *x, const void *y)
{
    const struct gap *a = x, *b = y;
    int order = mln_count_cmp(a->cost.first, b->cost.first);
    if (order == 0)
        order = mln_count_cmp(a->cost.second, b->cost.second);
    return order ? order : a->at < b->at ? -1 : a->at > b->at;
}

/* The gaps that may be filled. */
static size_t find_gaps(const struct fit_job *job, struct gap *gaps)
{
    const struct mln_ipset *set = job->source;
    size_t count = 0;
    for (size_t i = 0; i + 1 < set->len; i++) {
        struct mln_ip lo = mln_ip_next(set->ranges[i].hi), hi = mln_ip_prev(set->ranges[i + 1].lo);
        if (!fit_job_barred(job, lo, hi))
            gaps[count++] = (struct gap){fit_job_cost(job, lo, hi, (struct mln_count){0}), i};
    }
    return count;
}

/* What a list of ranges adds is the sum of the gaps it fills, each on its own, so the cheapest gaps
 * make the cheapest list, whichever way they are counted. */
const struct mln_fit *mln_fit_ranges(struct mln_arena *a, const struct mln_ipset *set,
                                     const struct mln_fit_options *options)
{
    struct fit_job job = new_job(a, set, options);
    struct mln_fit *fit = new_fit(a, &job);
    fit->lossless = fit->fewest = set->len;
    if (fit->status)
        return fit;
    size_t fill = set->len > job.limit ? set->len - job.limit : 0;
    bool *filled = MLN_NEW_ARRAY(a, bool, set->len);
    if (fill > 0) {
        struct gap *gaps = MLN_NEW_ARRAY(a, struct gap, set->len);
        size_t count = find_gaps(&job, gaps);
        fit->fewest = set->len - count;
        if (count < fill) {
            fit->status = MLN_FIT_TOO_MANY;
            return fit;
        }
        qsort(gaps, count, sizeof *gaps, by_cost);
        for (size_t i = 0; i < fill; i++)
            filled[gaps[i].at] = true;
    }
    fit->ranges = MLN_NEW_ARRAY(a, struct mln_range, set->len);
    for (size_t i = 0; i < set->len; i++) {
        if (i > 0 && filled[i - 1])
            fit->ranges[fit->len - 1].hi = set->ranges[i].hi;
        else
            fit->ranges[fit->len++] = set->ranges[i];
    }
    count_extra(a, fit, &job);
    return fit;
}
