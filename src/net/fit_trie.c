/* The compressed binary trie over a list of disjoint prefixes in address order.
 *
 * Neighbouring leaves part at some bit; in a trie, the pair that parts lowest joins first. So one
 * walk from left to right with a stack of what is not joined yet builds it, in postorder: before a
 * leaf that parts from the one before at bit d is pushed, everything on the stack that parts below
 * d is joined. The bits on the stack grow strictly, which bounds it by the width of an address.
 *
 * The window lo..hi of a node holds the numbers of entries that can be part of a best list: no more
 * than the limit or than the leaves below take; no fewer than barred space demands; and no fewer
 * than what is left when all the saving there is to be done is done here. */
#include "net/fit_impl.h"

#include <assert.h>

size_t fit_entries_of(const struct fit_job *job, const struct mln_prefix *prefix)
{
    return prefix->length <= job->longest ? 1 : (size_t)1 << (job->width - prefix->length);
}

/* Clears all but the leading `length` bits. */
static struct mln_ip network_of(struct mln_ip ip, unsigned width, unsigned length)
{
    unsigned host = width - length;
    if (host >= 64) {
        ip.lo = 0;
        ip.hi = host == 128 ? 0 : ip.hi >> (host - 64) << (host - 64);
    } else {
        ip.lo = ip.lo >> host << host;
    }
    return ip;
}

struct mln_prefix fit_trie_entry(const struct fit_trie *trie, const struct fit_node *node)
{
    const struct fit_job *job = trie->job;
    unsigned length = node->length;
    if (length > job->longest && !(node->left == FIT_LEAF && length == job->width))
        length = job->longest;
    struct mln_ip ip = network_of(trie->leaves[node->first].ip, job->width, length);
    return (struct mln_prefix){.family = job->family, .ip = ip, .length = (uint8_t)length};
}

/* Leading bits that two addresses share. */
static unsigned shared_bits(struct mln_ip a, struct mln_ip b, unsigned width)
{
    uint64_t hi = a.hi ^ b.hi, lo = a.lo ^ b.lo;
    if (hi)
        return (unsigned)__builtin_clzll(hi);
    assert(lo);
    return (unsigned)__builtin_clzll(lo) - (width == 32 ? 32 : 0) + (width == 128 ? 64 : 0);
}

static void finish_node(struct fit_trie *trie, struct fit_node *node)
{
    struct mln_prefix entry = fit_trie_entry(trie, node);
    node->open = !fit_job_barred(trie->job, entry.ip, mln_prefix_last(&entry));
    if (node->open)
        node->fewest = 1;
    trie->len++;
}

static void add_leaf(struct fit_trie *trie, uint32_t at)
{
    struct fit_node *node = &trie->nodes[trie->len];
    *node = (struct fit_node){.left = FIT_LEAF, .first = at, .last = at};
    node->length = trie->leaves[at].length;
    node->most = node->fewest = fit_entries_of(trie->job, &trie->leaves[at]);
    finish_node(trie, node);
}

/* Joins `left` and the node made last. */
static void add_inner(struct fit_trie *trie, uint32_t left, unsigned length)
{
    const struct fit_node *l = &trie->nodes[left], *r = &trie->nodes[trie->len - 1];
    struct fit_node *node = &trie->nodes[trie->len];
    *node = (struct fit_node){.left = left, .first = l->first, .last = r->last};
    node->length = (uint8_t)length;
    node->most = l->most + r->most;
    node->fewest = l->fewest + r->fewest;
    finish_node(trie, node);
}

static void join_leaves(struct fit_trie *trie, size_t count)
{
    uint32_t stack[FIT_DEPTH];
    unsigned parts[FIT_DEPTH]; /* where the node parts from the one below it on the stack */
    size_t depth = 0;
    for (size_t i = 0; i <= count; i++) {
        int shared = -1;
        if (i > 0 && i < count)
            shared = (int)shared_bits(trie->leaves[i - 1].ip, trie->leaves[i].ip, trie->job->width);
        for (; depth > 1 && (int)parts[depth - 1] > shared; depth--) {
            add_inner(trie, stack[depth - 2], parts[depth - 1]);
            stack[depth - 2] = (uint32_t)(trie->len - 1);
        }
        if (i < count) {
            assert(depth < FIT_DEPTH);
            add_leaf(trie, (uint32_t)i);
            stack[depth] = (uint32_t)(trie->len - 1);
            parts[depth++] = shared < 0 ? 0 : (unsigned)shared;
        }
    }
    assert(depth == 1);
}

/* How many costs a walk in postorder holds at once. */
static void set_windows(struct fit_trie *trie)
{
    const struct fit_node *root = &trie->nodes[trie->len - 1];
    size_t limit = trie->job->limit, saving = root->most - limit, live = 0;
    for (size_t i = 0; i < trie->len; i++) {
        struct fit_node *node = &trie->nodes[i];
        node->hi = node->most < limit ? node->most : limit;
        node->lo = node->fewest;
        if (node->most > saving && node->most - saving > node->lo)
            node->lo = node->most - saving;
        live += node->hi - node->lo + 1;
        if (live > trie->peak)
            trie->peak = live;
        if (node->left != FIT_LEAF) {
            const struct fit_node *l = &trie->nodes[node->left], *r = node - 1;
            live -= l->hi - l->lo + 1 + r->hi - r->lo + 1;
        }
    }
}

struct fit_trie *fit_trie_build(struct mln_arena *a, const struct fit_job *job,
                                const struct mln_prefix *leaves, size_t count, size_t *fewest)
{
    struct fit_trie *trie = MLN_NEW(a, struct fit_trie);
    assert(count > 0 && count < UINT32_MAX / 2);
    *trie = (struct fit_trie){.job = job, .leaves = leaves};
    trie->nodes = MLN_NEW_ARRAY(a, struct fit_node, 2 * count - 1);
    trie->before = MLN_NEW_ARRAY(a, struct mln_count, count + 1);
    for (size_t i = 0; i < count; i++)
        trie->before[i + 1] = mln_count_add(
            trie->before[i], mln_count_range(leaves[i].ip, mln_prefix_last(&leaves[i])));
    join_leaves(trie, count);
    *fewest = trie->nodes[trie->len - 1].fewest;
    if (*fewest > job->limit)
        return NULL;
    set_windows(trie);
    return trie;
}
